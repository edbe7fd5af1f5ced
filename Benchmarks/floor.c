// The floor: what one isolated run costs when it is written down by hand, in C, for one program.
//
// It is the yardstick of docs/performance.md. One process does for each run what jrun's launch plan for profiles/true.yaml
// says (`jrun plan true`), step by step in the same order and with the same system calls, and nothing else:
//
//     floor                 work directory, copies of the node's mounts, cgroup leaf
//       │ clone3(NEWNS|NEWPID|NEWIPC|NEWUTS|NEWNET, INTO_CGROUP)
//       ▼
//     pid 1                 the root from scratch, pivot_root, host name, loopback, Landlock rules, pipes
//       │ clone3(INTO_CGROUP, VM|VFORK|FILES)
//       ▼
//     the program           session, cgroup namespace, keyring, limits, own uid, no capabilities, no_new_privs, Landlock,
//                           seccomp, execveat
//
// then pid 1 reads the streams, holds the seccomp listener and the wall time, reaps, kills what is left and goes; floor
// waits for it and removes the leaf.
//
// What it leaves out, so that whoever compares knows: reading a program file and checking a request, a plan as a value, an
// executable of its own for pid 1 (it forks itself), a run's directory with records, events, spools and a report, the lock on
// the uid, results, the limits of CPU time, output and disk, and surviving the death of whoever started the run.
//
// System calls and their constants are those of jrun (Sources/CLinux), so that both mean the same.
//
//     cc -O2 -static -Wall -Wextra -I Sources/CLinux/include -o floor Benchmarks/floor.c
//     floor --cgroup DIR --filter FILE [--no-net] [--runs N | --seconds S | --serve] [--json] [--show] -- COMMAND…
//
// DIR is a cgroup subtree as jrun makes it, with `init` and `runs`; FILE is a filter as jrun keeps it
// ($JRUN_STATE/cache/seccomp-*): 32 bytes of digest, then the instructions. --serve does one run for each line on stdin and
// answers with its nanoseconds, so that a harness can let others have their turn in between. --show passes on what the
// program prints, on stderr: a way to compare what it sees with what it sees under jrun.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CLinux.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))
#define RUNS_AT_MOST 1000000
#define WORK_OPTIONS "size=1048576,nr_inodes=16k,mode=1777"
#define FIRST_UID 1500000000U
#define WALL_SECONDS 10

// CLOCK_MONOTONIC nanoseconds. Written by two processes, so in memory that both see.
struct times {
    uint64_t begin, made, entered, viewed, executed, ended, left, clean;
};

static const char *const phase_names[] = {
    "work directory, mounts copied, cgroup leaf",
    "clone3 with namespaces",
    "root, file systems, loopback, Landlock rules",
    "the program's process, up to execve",
    "execve and the program, until reaped",
    "kill, pid 1 leaves, namespaces go",
    "cgroup leaf and work directory removed",
};

// What is the same for every run.
static struct {
    const char *cgroup, *filter_file;
    char *const *command;
    int network, json, serve, show;
    long runs, seconds;
    int init_cgroup, runs_cgroup;
    int errors;  // where complaints go, also when stderr has become the program's
    struct k_sock_fprog filter;
    int landlock_abi;
    struct {
        char name[8], target[64];
    } links[6];
    size_t link_count;
} settings = {.network = 1, .runs = 500, .errors = 2};

// What belongs to one run.
struct run {
    unsigned uid;
    char name[32], passwd[128], group[64];
    int leaf, work, usr, loader_cache, alternatives;
    int stdout_pipe[2], stderr_pipe[2], ruleset, listener;
    volatile int failed;
};

static struct times *times;

static uint64_t now(void) {
    struct k_timespec t;
    sys_clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

// Also used between clone3 and execve, so it calls nothing of the C library but what only looks at memory.
static long must(const char *step, long result) {
    if (result >= 0) return result;
    char text[160] = "floor: ";
    size_t n = strlen(text);
    for (const char *c = step; *c && n < 140; c++) text[n++] = *c;
    memcpy(text + n, ": error ", 8);
    n += 8;
    long error = -result;
    if (error >= 100) text[n++] = (char)('0' + error / 100 % 10);
    if (error >= 10) text[n++] = (char)('0' + error / 10 % 10);
    text[n++] = (char)('0' + error % 10);
    text[n++] = '\n';
    sys_write(settings.errors, text, n);
    sys_exit_group(125);
    return result;
}

static long write_file(int directory, const char *name, const char *text) {
    long file = sys_openat(directory, name, O_WRONLY | O_CLOEXEC, 0);
    if (file < 0) return file;
    long n = sys_write((int)file, text, strlen(text));
    sys_close((int)file);
    return n;
}

static int has_file(int directory, const char *name) { return sys_faccessat(directory, name, 0) >= 0; }

// -- before the clone: what the parent makes -------------------------------------------------------------------------

// A tmpfs as large as the disk limit, attached nowhere until the run attaches it.
static int make_work_directory(unsigned uid) {
    int context = (int)must("fsopen", sys_fsopen("tmpfs", FSOPEN_CLOEXEC));
    char owner[16];
    snprintf(owner, sizeof owner, "%u", uid);
    const char *const options[][2] = {
        {"source", "jrun-work"}, {"size", "1048576"}, {"nr_inodes", "65536"},
        {"mode", "0700"},        {"uid", owner},      {"gid", owner},
    };
    for (size_t i = 0; i < LENGTH(options); i++)
        must("fsconfig", sys_fsconfig(context, FSCONFIG_SET_STRING, options[i][0], options[i][1], 0));
    must("create a tmpfs", sys_fsconfig(context, FSCONFIG_CMD_CREATE, 0, 0, 0));
    long mount = must("fsmount", sys_fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
    sys_close(context);
    return (int)mount;
}

static int copy_mount(const char *path) {
    return (int)must(path, sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE));
}

// A fresh leaf with the limits that the node has controllers for.
static int make_leaf(const char *name) {
    must("make the cgroup leaf", sys_mkdirat(settings.runs_cgroup, name, 0755));
    int leaf = (int)must("open the leaf", sys_openat(settings.runs_cgroup, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
    if (has_file(leaf, "memory.max")) {
        must("memory.max", write_file(leaf, "memory.max", "67108864"));
        must("memory.oom.group", write_file(leaf, "memory.oom.group", "1"));
        write_file(leaf, "memory.swap.max", "0");
    }
    if (has_file(leaf, "pids.max")) must("pids.max", write_file(leaf, "pids.max", "1"));
    if (has_file(leaf, "cpu.max")) must("cpu.max", write_file(leaf, "cpu.max", "100000 100000"));
    return leaf;
}

// -- pid 1: the view -------------------------------------------------------------------------------------------------

// Attributes are set while the mount is detached, so that nobody ever sees it without them. Its number is free afterwards:
// what the program's process opens later has to fit under the program's own RLIMIT_NOFILE.
static void attach(int mount, const char *path, uint64_t attributes) {
    struct k_mount_attr attr = {.attr_set = attributes};
    must(path, sys_mount_setattr(mount, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr));
    must(path, sys_move_mount(mount, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH));
    sys_close(mount);
}

static void make_file(const char *path, const char *text) {
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int file = (int)must(path, sys_openat(AT_FDCWD, path, flags, 0644));
    must(path, sys_write(file, text, strlen(text)));
    sys_close(file);
}

static void make_tree(const struct run *run) {
    const uint64_t read_only = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
    must("mkdir usr", sys_mkdirat(AT_FDCWD, "usr", 0755));
    attach(run->usr, "usr", read_only);
    for (size_t i = 0; i < settings.link_count; i++)
        must("link", sys_symlinkat(settings.links[i].target, AT_FDCWD, settings.links[i].name));
    must("mkdir etc", sys_mkdirat(AT_FDCWD, "etc", 0755));
    make_file("etc/passwd", run->passwd);
    make_file("etc/group", run->group);
    make_file("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n");
    make_file("etc/ld.so.cache", "");
    attach(run->loader_cache, "etc/ld.so.cache", read_only);
    must("mkdir etc/alternatives", sys_mkdirat(AT_FDCWD, "etc/alternatives", 0755));
    attach(run->alternatives, "etc/alternatives", read_only);
}

static void make_devices(void) {
    static const struct {
        const char *path;
        unsigned minor;
    } devices[] = {{"dev/null", 3}, {"dev/zero", 5}, {"dev/full", 7}, {"dev/random", 8}, {"dev/urandom", 9}};
    static const char *const links[][2] = {
        {"/proc/self/fd", "dev/fd"}, {"fd/0", "dev/stdin"}, {"fd/1", "dev/stdout"}, {"fd/2", "dev/stderr"}};
    must("mkdir dev", sys_mkdirat(AT_FDCWD, "dev", 0755));
    must("mkdir dev/shm", sys_mkdirat(AT_FDCWD, "dev/shm", 0755));
    for (size_t i = 0; i < LENGTH(devices); i++)
        must("mknod", sys_mknodat(AT_FDCWD, devices[i].path, S_IFCHR | 0666, 1 << 8 | devices[i].minor));
    for (size_t i = 0; i < LENGTH(links); i++) must("link", sys_symlinkat(links[i][0], AT_FDCWD, links[i][1]));
}

static void mount_file_systems(const struct run *run) {
    static const char *const directories[] = {"proc", "tmp", "work"};
    for (size_t i = 0; i < LENGTH(directories); i++) must("mkdir", sys_mkdirat(AT_FDCWD, directories[i], 0755));
    const unsigned long no = MS_NOSUID | MS_NODEV;
    must("mount proc", sys_mount("proc", "proc", "proc", no | MS_NOEXEC, "subset=pid,hidepid=ptraceable"));
    must("mount tmp", sys_mount("tmpfs", "tmp", "tmpfs", no, WORK_OPTIONS));
    must("mount dev/shm", sys_mount("tmpfs", "dev/shm", "tmpfs", no | MS_NOEXEC, WORK_OPTIONS));
    attach(run->work, "work", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
}

// pivot_root(".", ".") puts the old root on top of the new one; detaching "." leaves only the new one.
// Source: pivot_root(2)
static void enter_root(void) {
    must("pivot_root", sys_pivot_root(".", "."));
    must("detach the old root", sys_umount2(".", MNT_DETACH));
    must("chdir", sys_chdir("/"));
    struct k_mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC};
    must("make the root read-only", sys_mount_setattr(AT_FDCWD, "/", 0, &attr));
}

static void raise_loopback(void) {
    int socket = (int)must("socket", sys_socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    struct k_ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    must("raise the loopback", sys_ioctl(socket, SIOCSIFFLAGS, &request));
    sys_close(socket);
}

// Every right that this kernel's Landlock knows is handled; device nodes may be made nowhere.
static int make_landlock_rules(void) {
    const uint64_t read = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
    const uint64_t devices = LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK;
    const uint64_t device = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_IOCTL_DEV;
    const uint64_t work = ((1 << 15) - 1) & ~devices;
    const struct {
        const char *path;
        uint64_t access;
    } rules[] = {
        {"/usr", read | LANDLOCK_ACCESS_FS_EXECUTE}, {"/etc", read}, {"/proc", read | LANDLOCK_ACCESS_FS_WRITE_FILE},
        {"/work", work}, {"/tmp", work}, {"/dev/shm", work}, {"/dev", LANDLOCK_ACCESS_FS_READ_DIR},
        {"/dev/null", device}, {"/dev/zero", device}, {"/dev/full", device}, {"/dev/random", device},
        {"/dev/urandom", device},
    };
    uint64_t handled = (1 << 13) - 1;
    if (settings.landlock_abi >= 2) handled |= LANDLOCK_ACCESS_FS_REFER;
    if (settings.landlock_abi >= 3) handled |= LANDLOCK_ACCESS_FS_TRUNCATE;
    if (settings.landlock_abi >= 5) handled |= LANDLOCK_ACCESS_FS_IOCTL_DEV;
    struct k_landlock_ruleset_attr attr = {.handled_access_fs = handled, .scoped = settings.landlock_abi >= 6 ? 3 : 0};
    int ruleset = (int)must("Landlock ruleset", sys_landlock_create_ruleset(&attr, sizeof attr, 0));
    for (size_t i = 0; i < LENGTH(rules); i++) {
        int parent = (int)must(rules[i].path, sys_openat(AT_FDCWD, rules[i].path, O_PATH | O_CLOEXEC, 0));
        struct k_landlock_path_beneath_attr rule = {.allowed_access = rules[i].access & handled, .parent_fd = parent};
        must(rules[i].path, sys_landlock_add_rule(ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule));
        sys_close(parent);
    }
    return ruleset;
}

static void make_pipe(int ends[2], unsigned uid) {
    must("pipe", sys_pipe2(ends, O_CLOEXEC));
    sys_fcntl(ends[0], F_SETFL, O_NONBLOCK);
    sys_fchown(ends[1], uid, uid);
}

static void make_view(struct run *run) {
    must("make / private", sys_mount(0, "/", 0, MS_REC | MS_PRIVATE, 0));
    must("mount the new root", sys_mount("jrun", "/usr", "tmpfs", MS_NOSUID, "size=1m,nr_inodes=4k,mode=0755"));
    must("chdir", sys_chdir("/usr"));
    make_tree(run);
    make_devices();
    mount_file_systems(run);
    enter_root();
    must("host name", sys_sethostname("jrun", 4));
    if (settings.network) raise_loopback();
    run->ruleset = settings.landlock_abi >= 1 ? make_landlock_rules() : -1;
    make_pipe(run->stdout_pipe, run->uid);
    make_pipe(run->stderr_pipe, run->uid);
}

// -- the program's process -------------------------------------------------------------------------------------------

static void set_limits(const struct run *run) {
    struct {
        int resource;
        uint64_t value;
    } limits[] = {
        {RLIMIT_CORE, 1}, {RLIMIT_NOFILE, 16}, {RLIMIT_FSIZE, 1 << 20}, {RLIMIT_MEMLOCK, 65536}, {RLIMIT_MSGQUEUE, 0},
        {RLIMIT_SIGPENDING, 256}, {RLIMIT_NICE, 0}, {RLIMIT_RTPRIO, 0}, {RLIMIT_NPROC, 2}, {RLIMIT_AS, 64 << 20},
    };
    for (size_t i = 0; i < LENGTH(limits); i++) {
        // What a controller holds needs no next best mechanism.
        if (limits[i].resource == RLIMIT_NPROC && has_file(run->leaf, "pids.max")) continue;
        if (limits[i].resource == RLIMIT_AS && has_file(run->leaf, "memory.max")) continue;
        struct k_rlimit limit = {limits[i].value, limits[i].value};
        must("limit", sys_prlimit(0, limits[i].resource, &limit, 0));
    }
}

static void drop_privileges(unsigned uid) {
    must("groups", sys_setgroups(0, 0));
    must("gid", sys_setresgid(uid));
    for (unsigned long capability = 0; sys_prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
        must("bounding set", sys_prctl(PR_CAPBSET_DROP, capability, 0, 0, 0));
    must("securebits", sys_prctl(PR_SET_SECUREBITS, SECUREBITS_ALL_LOCKED, 0, 0, 0));
    must("uid", sys_setresuid(uid));
    must("ambient set", sys_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
    struct k_cap_header header = {.version = LINUX_CAPABILITY_VERSION_3};
    struct k_cap_data none[2] = {{0}};
    must("capabilities", sys_capset(&header, none));
}

// Shares memory and descriptors with pid 1 until it executes, so the listener's number is pid 1's too.
static void become_program(void *context) {
    struct run *run = context;
    int priority = 0;
    char *const environment[] = {"LC_ALL=C", 0};
    must("session", sys_setsid());
    must("cgroup namespace", sys_unshare(CLONE_NEWCGROUP));
    must("keyring", sys_keyctl(KEYCTL_JOIN_SESSION_KEYRING, 0));
    must("stdout", sys_dup3(run->stdout_pipe[1], 1, 0));
    must("stderr", sys_dup3(run->stderr_pipe[1], 2, 0));
    sys_umask(077);
    must("scheduling", sys_sched_setscheduler(0, SCHED_OTHER, &priority));
    if (sys_getpriority(0, 0) > 20) must("niceness", sys_setpriority(0, 0, 0));
    must("personality", sys_personality(0));
    set_limits(run);
    must("OOM score", write_file(AT_FDCWD, "/proc/self/oom_score_adj", "500"));
    drop_privileges(run->uid);
    must("working directory", sys_chdir("/work"));
    int null = (int)must("/dev/null", sys_openat(AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC, 0));
    must("stdin", sys_dup3(null, 0, 0));
    sys_close(null);
    must("no_new_privs", sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    if (run->ruleset >= 0) must("Landlock", sys_landlock_restrict_self(run->ruleset));
    long listener = sys_seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &settings.filter);
    run->listener = (int)must("seccomp", listener);
    times->executed = now();
    long result = sys_execveat(AT_FDCWD, settings.command[0], settings.command, environment, 0);
    run->failed = (int)-result;
    sys_exit_group(127);
}

// -- pid 1: the end --------------------------------------------------------------------------------------------------

// Forgets a descriptor that has nothing more to say: poll would report its end again and again.
static void let_go(int *fd) {
    sys_close(*fd);
    *fd = -1;
}

// Whatever is there, so that the program never waits for a reader.
static void drain(int *pipe) {
    char bytes[4096];
    long n = -EAGAIN;
    while (*pipe >= 0 && (n = sys_read(*pipe, bytes, sizeof bytes)) > 0)
        if (settings.show) sys_write(settings.errors, bytes, (size_t)n);
    if (n == 0) let_go(pipe);
}

static int supervise(struct run *run, int program, int child_signals) {
    struct k_timespec wall = {.tv_sec = WALL_SECONDS};
    for (;;) {
        struct k_pollfd polls[] = {
            {child_signals, POLLIN, 0}, {run->stdout_pipe[0], POLLIN, 0}, {run->stderr_pipe[0], POLLIN, 0},
            {run->listener, POLLIN, 0},
        };
        long ready = sys_ppoll(polls, LENGTH(polls), &wall);
        // The wall time is over, or a forbidden system call waits for an answer: either ends the run.
        if (ready == 0 || polls[3].revents & POLLIN) must("kill", write_file(run->leaf, "cgroup.kill", "1"));
        // Nobody has the filter any more: the program is on its way out.
        if (polls[3].revents & POLLHUP) let_go(&run->listener);
        if (polls[1].revents) drain(&run->stdout_pipe[0]);
        if (polls[2].revents) drain(&run->stderr_pipe[0]);
        if (polls[0].revents) {
            char information[128];
            sys_read(child_signals, information, sizeof information);
        }
        int status;
        for (long pid; (pid = sys_wait4(-1, &status, WNOHANG | WALL, 0)) > 0;)
            if (pid == program) return status;
    }
}

static void be_pid_1(struct run *run) {
    uint64_t child_signal = 1ULL << (SIGCHLD - 1);
    times->entered = now();
    make_view(run);
    times->viewed = now();
    struct k_clone_args args = {
        .flags = CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_INTO_CGROUP,
        .exit_signal = SIGCHLD,
        .cgroup = (uint64_t)run->leaf,
    };
    int program = (int)must("clone3 into the leaf", sys_clone3_vfork(&args, become_program, run));
    if (run->failed) must("execve", -run->failed);
    sys_close(run->stdout_pipe[1]);
    sys_close(run->stderr_pipe[1]);
    sys_rt_sigprocmask(SIG_BLOCK, &child_signal, 0);
    int child_signals = (int)must("signalfd", sys_signalfd(-1, &child_signal, SFD_CLOEXEC | SFD_NONBLOCK));

    int status = supervise(run, program, child_signals);
    times->ended = now();
    // What the program left running goes too; then nobody writes any more.
    must("kill what is left", write_file(run->leaf, "cgroup.kill", "1"));
    while (sys_wait4(-1, 0, WALL, 0) > 0) {}
    drain(&run->stdout_pipe[0]);
    drain(&run->stderr_pipe[0]);
    sys_exit_group(status & 0x7f ? 128 + (status & 0x7f) : status >> 8 & 0xff);
}

// -- one run ---------------------------------------------------------------------------------------------------------

// A reaped task can still be on its way out of its cgroup; rmdir says EBUSY then, and `populated` tells when it has gone.
static void remove_leaf(const struct run *run) {
    while (sys_unlinkat(settings.runs_cgroup, run->name, AT_REMOVEDIR) < 0) {
        int events = (int)must("cgroup.events", sys_openat(run->leaf, "cgroup.events", O_RDONLY | O_CLOEXEC, 0));
        char text[128] = "";
        must("cgroup.events", sys_read(events, text, sizeof text - 1));
        struct k_pollfd poll = {events, POLLPRI, 0};
        if (strstr(text, "populated 1")) sys_ppoll(&poll, 1, 0);
        sys_close(events);
    }
}

static uint64_t run_once(long number) {
    // Its number makes the uid the run's own among those of this process.
    struct run run = {.uid = FIRST_UID + (unsigned)((sys_getpid() & 1023) * 64 + number % 64), .listener = -1};
    snprintf(run.name, sizeof run.name, "floor-%ld-%ld", sys_getpid(), number);
    const char *user = "root:x:0:0:root:/:/sbin/nologin\nrun:x:%u:%u:run:/work:/sbin/nologin\n";
    snprintf(run.passwd, sizeof run.passwd, user, run.uid, run.uid);
    snprintf(run.group, sizeof run.group, "root:x:0:\nrun:x:%u:\n", run.uid);

    times->begin = now();
    run.work = make_work_directory(run.uid);
    run.usr = copy_mount("/usr");
    run.loader_cache = copy_mount("/etc/ld.so.cache");
    run.alternatives = copy_mount("/etc/alternatives");
    run.leaf = make_leaf(run.name);
    times->made = now();

    unsigned long long spaces = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;
    if (settings.network) spaces |= CLONE_NEWNET;
    struct k_clone_args args = {
        .flags = spaces | CLONE_INTO_CGROUP,
        .exit_signal = SIGCHLD,
        .cgroup = (uint64_t)settings.init_cgroup,
    };
    long pid = must("clone3", SYS2(__NR_clone3, &args, sizeof args));
    if (pid == 0) be_pid_1(&run);
    sys_close(run.usr);
    sys_close(run.loader_cache);
    sys_close(run.alternatives);
    int status;
    must("wait", sys_wait4((int)pid, &status, WALL, 0));
    times->left = now();

    remove_leaf(&run);
    sys_close(run.leaf);
    sys_close(run.work);
    times->clean = now();
    if (status != 0) {
        fprintf(stderr, "floor: '%s' ended with %d\n", settings.command[0], status >> 8);
        exit(1);
    }
    return times->clean - times->begin;
}

// -- many runs, and what they took -----------------------------------------------------------------------------------

static int by_size(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

// The nearest-rank percentile, in milliseconds.
static double percentile(const uint64_t *sorted, long count, double fraction) {
    long rank = (long)(fraction * (double)count + 0.999999);
    return (double)sorted[rank < 1 ? 0 : rank - 1] / 1e6;
}

static void print_row(const char *name, uint64_t *values, long count, const char *separator) {
    qsort(values, (size_t)count, sizeof *values, by_size);
    double p5 = percentile(values, count, 0.05), p50 = percentile(values, count, 0.5);
    double p95 = percentile(values, count, 0.95), p99 = percentile(values, count, 0.99);
    const char *json = "%s\n  \"%s\": {\"p5\": %.4f, \"p50\": %.4f, \"p95\": %.4f, \"p99\": %.4f}";
    if (settings.json)
        printf(json, separator, name, p5, p50, p95, p99);
    else
        printf("%-46s%9.3f%9.3f%9.3f%9.3f\n", name, p5, p50, p95, p99);
}

static void measure(void) {
    long most = settings.seconds ? RUNS_AT_MOST : settings.runs, count = 0;
    uint64_t *values[1 + LENGTH(phase_names)];
    for (size_t i = 0; i < LENGTH(values); i++)
        if (!(values[i] = malloc((size_t)most * sizeof **values))) must("memory", -ENOMEM);
    uint64_t begin = now(), end = begin + (uint64_t)settings.seconds * 1000000000U;
    for (; count < most && (!settings.seconds || now() < end); count++) {
        values[0][count] = run_once(count);
        const uint64_t *at = &times->begin;
        for (size_t i = 0; i < LENGTH(phase_names); i++) values[1 + i][count] = at[i + 1] - at[i];
    }
    double elapsed = (double)(now() - begin) / 1e9;
    if (settings.json)
        printf("{\"runs\": %ld, \"seconds\": %.4f, \"milliseconds\": {", count, elapsed);
    else
        printf("%ld runs, %.0f a second\n\n%-46s%9s%9s%9s%9s\n", count, (double)count / elapsed, "milliseconds", "p5",
            "p50", "p95", "p99");
    print_row("a run", values[0], count, "");
    for (size_t i = 0; i < LENGTH(phase_names); i++) print_row(phase_names[i], values[1 + i], count, ",");
    if (settings.json) printf("}}\n");
}

static void serve(void) {
    char line[64];
    for (long number = 0; fgets(line, sizeof line, stdin); number++) {
        printf("%llu\n", (unsigned long long)run_once(number));
        fflush(stdout);
    }
}

// -- the beginning ---------------------------------------------------------------------------------------------------

static void usage(void) {
    fputs("usage: floor --cgroup DIR --filter FILE [--no-net] [--runs N | --seconds S | --serve] [--json] [--show] -- COMMAND…\n",
        stderr);
    exit(2);
}

static void read_arguments(int count, char **arguments) {
    int i = 1;
    for (; i < count && strcmp(arguments[i], "--") != 0; i++) {
        const char *word = arguments[i], *value = i + 1 < count ? arguments[i + 1] : "";
        if (!strcmp(word, "--no-net")) settings.network = 0;
        else if (!strcmp(word, "--json")) settings.json = 1;
        else if (!strcmp(word, "--serve")) settings.serve = 1;
        else if (!strcmp(word, "--show")) settings.show = 1;
        else if (!strcmp(word, "--cgroup")) settings.cgroup = value, i++;
        else if (!strcmp(word, "--filter")) settings.filter_file = value, i++;
        else if (!strcmp(word, "--runs")) settings.runs = atol(value), i++;
        else if (!strcmp(word, "--seconds")) settings.seconds = atol(value), i++;
        else usage();
    }
    if (!settings.cgroup || !settings.filter_file || i + 1 >= count) usage();
    if (settings.runs < 1 || settings.runs > RUNS_AT_MOST || settings.seconds < 0) usage();
    settings.command = arguments + i + 1;
}

static void read_filter(void) {
    static struct k_sock_filter instructions[BPF_MAXINSNS];
    char digest[32];
    int file = (int)must(settings.filter_file, sys_openat(AT_FDCWD, settings.filter_file, O_RDONLY | O_CLOEXEC, 0));
    must("read the filter's digest", sys_read(file, digest, sizeof digest));
    long bytes = must("read the filter", sys_read(file, instructions, sizeof instructions));
    sys_close(file);
    if (bytes == 0 || bytes % (long)sizeof *instructions) must("the filter's length", -EINVAL);
    settings.filter.len = (uint16_t)((size_t)bytes / sizeof *instructions);
    settings.filter.filter = instructions;
}

static void read_links(void) {
    static const char *const names[] = {"bin", "lib", "lib32", "lib64", "libx32", "sbin"};
    for (size_t i = 0; i < LENGTH(names); i++) {
        char path[16];
        snprintf(path, sizeof path, "/%s", names[i]);
        char *target = settings.links[settings.link_count].target;
        long n = sys_readlinkat(AT_FDCWD, path, target, sizeof settings.links->target - 1);
        if (n > 0) strcpy(settings.links[settings.link_count++].name, names[i]);
    }
}

static int open_cgroup(const char *name) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", settings.cgroup, name);
    return (int)must(path, sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
}

int main(int count, char **arguments) {
    read_arguments(count, arguments);
    settings.errors = (int)must("stderr", sys_fcntl(2, F_DUPFD_CLOEXEC, 3));
    read_filter();
    read_links();
    settings.init_cgroup = open_cgroup("init");
    settings.runs_cgroup = open_cgroup("runs");
    long abi = sys_landlock_create_ruleset(0, 0, LANDLOCK_CREATE_RULESET_VERSION);
    settings.landlock_abi = abi < 0 ? 0 : (int)abi;
    long shared = sys_mmap(sizeof *times, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
    times = (struct times *)must("memory", shared);
    if (settings.serve) serve();
    else measure();
    return 0;
}
