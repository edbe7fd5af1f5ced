#include "CLaunch.h"

#include "CLinux.h"

#define STEP_CLONE 0xfffffff0U
#define STEP_EXEC_INIT 0xfffffff1U
#define STEP_NETWORK 0xfffffff3U
#define LAST_SIGNAL 64

struct child {
    struct jrun_launch *launch;
    volatile int error;
};

// Ignored signals survive exec, so an ignored SIGPIPE of the daemon would reach the program.
static void reset_signal_handlers(void) {
    struct k_sigaction standard = {0};
    for (int signal = 1; signal <= LAST_SIGNAL; signal++) sys_rt_sigaction(signal, &standard, 0);
}

// A source may sit on another's target, so everything moves above all targets first and then down.
static long place_descriptors(struct jrun_launch *l) {
    int moved[JRUN_LAUNCH_MAX_FDS];
    int above = 3 + l->fd_count + 1;
    long null = sys_fcntl(l->null, F_DUPFD_CLOEXEC, above);
    long init = sys_fcntl(l->init, F_DUPFD_CLOEXEC, above);
    if (null < 0) return null;
    if (init < 0) return init;
    for (int i = 0; i < l->fd_count; i++) {
        long fd = sys_fcntl(l->fds[i], F_DUPFD_CLOEXEC, above);
        if (fd < 0) return fd;
        moved[i] = (int)fd;
    }
    for (int i = 0; i < 3; i++) {
        long r = sys_dup3((int)null, i, 0);
        if (r < 0) return r;
    }
    for (int i = 0; i < l->fd_count; i++) {
        long r = sys_dup3(moved[i], 3 + i, 0);
        if (r < 0) return r;
    }
    long r = sys_dup3((int)init, 3 + l->fd_count, O_CLOEXEC);
    return r < 0 ? r : sys_close_range((unsigned)above, ~0U, 0);
}

static void become_init(void *context) {
    struct child *child = context;
    struct jrun_launch *l = child->launch;
    static char *const no_environment[] = {0};
    char *const arguments[] = {"jrun-init", (char *)l->run, 0};
    uint64_t no_signals = 0;

    reset_signal_handlers();
    sys_setsid();  // the terminal's Ctrl-C is for jrun, which decides what it means
    long r = 0;
    if (l->network >= 0) {
        l->failed_step = STEP_NETWORK;
        r = sys_setns(l->network, CLONE_NEWNET);
    }
    if (r >= 0) {
        l->failed_step = STEP_CLONE;
        r = place_descriptors(l);
    }
    if (r >= 0) {
        sys_rt_sigprocmask(SIG_SETMASK, &no_signals, 0);
        l->failed_step = STEP_EXEC_INIT;
        r = sys_execveat(3 + l->fd_count, "", arguments, no_environment, AT_EMPTY_PATH);
    }
    child->error = (int)r;
    sys_exit_group(127);
}

int jrun_launch(struct jrun_launch *l) {
    struct child child = {.launch = l, .error = 0};
    struct k_clone_args args = {
        .flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | l->namespaces | (l->cgroup >= 0 ? CLONE_INTO_CGROUP : 0),
        .pidfd = (uint64_t)(uintptr_t)&l->pidfd,
        .exit_signal = SIGCHLD,
        .cgroup = l->cgroup >= 0 ? (uint64_t)l->cgroup : 0,
    };
    if (l->fd_count > JRUN_LAUNCH_MAX_FDS) return -EMFILE;

    // While memory is shared no handler of the parent may run in the child.
    uint64_t all_signals = ~0ULL, before;
    sys_rt_sigprocmask(SIG_SETMASK, &all_signals, &before);
    l->failed_step = STEP_CLONE;
    long pid = sys_clone3_vfork(&args, become_init, &child);
    sys_rt_sigprocmask(SIG_SETMASK, &before, 0);

    if (pid < 0) return (int)pid;
    l->pid = (int)pid;
    if (child.error == 0) return 0;
    sys_wait4((int)pid, 0, WALL, 0);
    sys_close(l->pidfd);
    return child.error;
}
