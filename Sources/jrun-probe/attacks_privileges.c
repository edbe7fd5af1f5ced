// Attempts to gain by execve(2), and to take a restriction off again.
#include "probe.h"

#include "json.h"
#include "kernel.h"
#include "words.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static int refuse(void) {
    errno = EPERM;
    return answer(-1);
}

// For a setuid or setgid copy of the probe: did the execve give us another id than our own?
static int is_elevated(char **arguments UNUSED) {
    return geteuid() != getuid() || getegid() != getgid() ? answer(0) : refuse();
}

static int get_capabilities(struct __user_cap_data_struct sets[2]) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    return (int)syscall(SYS_capget, &header, sets);
}

static int has_capability(char **arguments UNUSED) {
    struct __user_cap_data_struct sets[2];
    if (get_capabilities(sets) < 0) return answer_at("capget", -1);
    return sets[0].effective & 1u << CAP_NET_RAW ? answer(0) : refuse();
}

// For the one who prepares: cap_net_raw as a file capability, effective from the start (capabilities(7)).
static int grant_capability(char **arguments) {
    struct vfs_cap_data data = {.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE};
    data.data[0].permitted = 1u << CAP_NET_RAW;
    return answer(setxattr(arguments[0], "security.capability", &data, sizeof data, 0));
}

// CAP_SYS_ADMIN into the permitted and effective sets.
static int take_capability(char **arguments UNUSED) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[2];
    if (get_capabilities(sets) < 0) return answer_at("capget", -1);
    sets[0].effective |= 1u << CAP_SYS_ADMIN;
    sets[0].permitted |= 1u << CAP_SYS_ADMIN;
    return answer(syscall(SYS_capset, &header, sets));
}

static int set_securebits(char **arguments UNUSED) { return answer(prctl(PR_SET_SECUREBITS, 0, 0, 0, 0)); }

// A filter that allows everything, then what the first one refused: filters only add up (seccomp(2)).
static int replace_filter(char **arguments UNUSED) {
    struct sock_filter allow[] = {{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
    struct sock_fprog program = {1, allow};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return answer_at("no_new_privs", -1);
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0) return answer_at("seccomp", -1);
    return answer_at("unshare", unshare(CLONE_NEWUSER));
}

// PTRACE_O_SUSPEND_SECCOMP (ptrace(2), Linux 4.3) switches a tracee's filter off.
static int suspend_filter(char **arguments UNUSED) {
    pid_t child = fork();
    if (child == 0) {
        while (pause() < 0) {}
    }
    long outcome = ptrace(PTRACE_SEIZE, child, 0, PTRACE_O_SUSPEND_SECCOMP);
    int status = answer(outcome);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    return status;
}

// A Landlock domain that allows everything, then a file that the first one refused: domains only add up (landlock(7)).
static int widen_landlock(char **arguments) {
    static char text[4096];
    uint64_t handled = 0x1fff;  // every access right of the first ABI
    int rules = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0);
    if (rules < 0) return answer_at("landlock_create_ruleset", -1);
    struct __attribute__((packed)) {
        uint64_t allowed;
        int32_t directory;
    } everything = {handled, open("/", O_PATH | O_CLOEXEC)};
    if (syscall(445 /* landlock_add_rule */, rules, 1 /* PATH_BENEATH */, &everything, 0) < 0)
        return answer_at("landlock_add_rule", -1);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return answer_at("no_new_privs", -1);
    if (syscall(446 /* landlock_restrict_self */, rules, 0) < 0) return answer_at("landlock_restrict_self", -1);
    int file = open(arguments[0], O_RDONLY | O_CLOEXEC);
    ssize_t count = file < 0 ? -1 : read(file, text, sizeof text);
    int number = count < 0 ? errno : 0;
    json_begin();
    json_result(number);
    json_bytes("text", text, number ? 0 : (size_t)count);
    json_end();
    return ANSWERED;
}

// Above the hard limit.
static int raise_limit(char **arguments UNUSED) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_max += 1;
    limit.rlim_cur = limit.rlim_max;
    return answer(setrlimit(RLIMIT_NOFILE, &limit));
}

// IOPRIO_CLASS_RT starves every other reader of the disk.
static int first_at_the_disk(char **arguments UNUSED) {
    return answer(syscall(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, 0, 1 << 13));
}

const struct verb privilege_attacks[] = {
    {"is-elevated", 0, 0, "", "do the effective ids differ from the real ones", is_elevated},
    {"has-capability", 0, 0, "", "is cap_net_raw effective", has_capability},
    {"grant-capability", 1, 1, "PATH", "give a file cap_net_raw", grant_capability},
    {"take-capability", 0, 0, "", "cap_sys_admin by capset", take_capability},
    {"securebits", 0, 0, "", "clear the secure bits", set_securebits},
    {"seccomp-replace", 0, 0, "", "a filter that allows everything, then unshare", replace_filter},
    {"seccomp-suspend", 0, 0, "", "PTRACE_O_SUSPEND_SECCOMP", suspend_filter},
    {"landlock-widen", 1, 1, "PATH", "a domain that allows everything, then read PATH", widen_landlock},
    {"raise-limit", 0, 0, "", "a hard limit, by one", raise_limit},
    {"ioprio", 0, 0, "", "the realtime class of disk access", first_at_the_disk},
    {0},
};
