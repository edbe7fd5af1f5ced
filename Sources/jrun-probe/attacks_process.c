// Attempts on other processes, on the terminal, and on the program's own identity.
#include "probe.h"

#include "json.h"
#include "kernel.h"
#include "words.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <unistd.h>

extern char **environ;

static int send_signal(char **arguments) {
    long long target;
    int number;
    if (!parse_number(arguments[0], &target) || !parse_signal(arguments[1], &number)) return BAD_USAGE;
    // Signalling everybody is a fair test in a pid namespace and a disaster outside: no_new_privs tells them apart.
    if (target == -1 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return BAD_USAGE;
    return answer(kill((pid_t)target, number));
}

static int trace(char **arguments) {
    long long target;
    if (!arguments[0]) return answer(ptrace(PTRACE_TRACEME, 0, 0, 0));
    if (!parse_number(arguments[0], &target)) return BAD_USAGE;
    return answer(ptrace(PTRACE_SEIZE, (pid_t)target, 0, 0));  // does not stop the target; our exit lets go
}

static int process_memory(char **arguments) {
    char path[64], byte;
    long long target;
    if (!parse_number(arguments[0], &target)) return BAD_USAGE;
    snprintf(path, sizeof path, "/proc/%lld/mem", target);
    int opened = open(path, O_RDWR | O_CLOEXEC) < 0 ? errno : 0;
    struct iovec here = {&byte, 1}, there = {&byte, 1};  // EFAULT instead of EPERM would mean that we may look
    int looked = process_vm_readv((pid_t)target, &here, 1, &there, 1, 0) < 0 ? errno : 0;
    json_begin();
    json_result(opened);
    json_outcome("process_vm_readv", looked);
    json_end();
    return ANSWERED;
}

static int steal_descriptor(char **arguments) {
    long long target, descriptor;
    if (!parse_number(arguments[0], &target) || !parse_number(arguments[1], &descriptor)) return BAD_USAGE;
    int process = (int)syscall(SYS_pidfd_open, (pid_t)target, 0);
    if (process < 0) return answer_at("pidfd_open", -1);
    return answer_at("pidfd_getfd", syscall(SYS_pidfd_getfd, process, (int)descriptor, 0));
}

static int set_user(char **arguments) {
    long long id;
    if (!parse_number(arguments[0], &id)) return BAD_USAGE;
    return answer(syscall(SYS_setresuid, (uid_t)id, (uid_t)id, (uid_t)id));
}

static int set_group(char **arguments) {
    long long id;
    if (!parse_number(arguments[0], &id)) return BAD_USAGE;
    return answer(syscall(SYS_setresgid, (gid_t)id, (gid_t)id, (gid_t)id));
}

static int set_groups(char **arguments) {
    long long id;
    gid_t group;
    if (!parse_number(arguments[0], &id)) return BAD_USAGE;
    group = (gid_t)id;
    return answer(syscall(SYS_setgroups, 1, &group));
}

static int raise_capabilities(char **arguments UNUSED) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[2];
    memset(sets, 0xff, sizeof sets);
    sets[1].effective = sets[1].permitted = sets[1].inheritable = 0x1ff;  // 41 capabilities as of Linux 5.9
    return answer(syscall(SYS_capset, &header, sets));
}

// By the controlling terminal, then by every descriptor that could be one; the first that lets it through counts.
static int terminal_request(unsigned long request, const void *argument) {
    static const char *const names[] = {"stdin", "stdout", "stderr"};
    const char *through = "/dev/tty";
    int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);
    int tty_number = terminal < 0 || syscall(SYS_ioctl, terminal, request, argument) < 0 ? errno : 0;
    int number = tty_number;
    for (int descriptor = 0; descriptor <= 2 && number; descriptor++) {
        through = names[descriptor];
        number = syscall(SYS_ioctl, descriptor, request, argument) < 0 ? errno : 0;
    }
    json_begin();
    json_result(number);
    json_text("through", through);
    json_text("tty_errno", tty_number ? errno_name(tty_number) : NULL);
    json_end();
    return ANSWERED;
}

// CVE-2017-5226; "high" is CVE-2019-10063: the kernel reads 32 bits of a request that the filter compares as 64.
static int push_input(char **arguments) {
    return terminal_request(arguments[0] ? 0x100000000UL | TIOCSTI : TIOCSTI, "\n");
}

static int paste_selection(char **arguments UNUSED) {
    return terminal_request(0x541C /* TIOCLINUX */, &(char){3} /* TIOCL_PASTESEL */);
}

static int execute(char **arguments) {
    return answer(execve(arguments[0], arguments, environ));  // only a refusal comes back
}

// For the parent of a run: a session keyring that the run must not see.
static int execute_in_keyring(char **arguments) {
    long id = syscall(SYS_keyctl, PROBE_KEYCTL_JOIN_SESSION_KEYRING, NULL);
    if (id < 0) return answer(-1);
    json_begin();
    json_result(0);
    json_number("id", id);
    json_end();
    return execute(arguments);
}

const struct verb process_attacks[] = {
    {"kill", 2, 2, "PID SIGNAL", "send a signal (-1 only under no_new_privs)", send_signal},
    {"ptrace", 0, 1, "[PID]", "seize PID; without, PTRACE_TRACEME", trace},
    {"proc-mem", 1, 1, "PID", "open /proc/PID/mem to write; process_vm_readv", process_memory},
    {"pidfd-getfd", 2, 2, "PID FD", "take a descriptor out of a process", steal_descriptor},
    {"setuid", 1, 1, "UID", "setresuid", set_user},
    {"setgid", 1, 1, "GID", "setresgid", set_group},
    {"setgroups", 1, 1, "GID", "setgroups", set_groups},
    {"capset", 0, 0, "", "raise every capability", raise_capabilities},
    {"tiocsti", 0, 1, "[high]", "type a newline into the terminal; high: with the upper request bits set", push_input},
    {"tioclinux", 0, 0, "", "paste the console's selection", paste_selection},
    {"exec", 1, ANY_NUMBER, "PATH ARG…", "become another program; a line is printed only when refused", execute},
    {"exec-keyring", 1, ANY_NUMBER, "PATH ARG…", "become another program, in a new session keyring", execute_in_keyring},
    {0},
};
