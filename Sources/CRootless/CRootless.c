#define _GNU_SOURCE
#include "CRootless.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int write_file(const char *path, const char *text) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) return -errno;
    int result = write(file, text, strlen(text)) < 0 ? -errno : 0;
    close(file);
    return result;
}

// Without setgroups(2), or giving up a group could give access that the group's members are denied.
// Source: user_namespaces(7), CVE-2014-8989.
static int write_single_maps(const struct jrun_rootless *r) {
    int result = write_file("/proc/self/setgroups", "deny");
    if (result == 0) result = write_file("/proc/self/uid_map", r->uid_map);
    return result < 0 ? result : write_file("/proc/self/gid_map", r->gid_map);
}

static int run_to_its_end(char *const *arguments) {
    pid_t pid = fork();
    if (pid == 0) {
        execve(arguments[0], arguments, (char *[]){0});
        _exit(127);
    }
    int status = 0;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    return pid > 0 && status == 0 ? 0 : 1;
}

// Stays in the old user namespace, where the helpers have their privilege; begins when the parent has left it.
static pid_t start_mapper(const struct jrun_rootless *r, const int go[2], const int words[2]) {
    pid_t pid = fork();
    if (pid != 0) return pid;
    char byte;
    close(go[1]);
    if (read(go[0], &byte, 1) != 1) _exit(1);
    dup2(words[1], 1);
    dup2(words[1], 2);
    _exit(run_to_its_end(r->uid_helper) || run_to_its_end(r->gid_helper));
}

static int leave(struct jrun_rootless *r) {
    r->failed_step = JRUN_ROOTLESS_UNSHARE;
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 ? -errno : 0;
}

static int leave_and_map_by_helpers(struct jrun_rootless *r) {
    int go[2], words[2], status = 0;
    r->failed_step = JRUN_ROOTLESS_PREPARE;
    if (pipe2(go, O_CLOEXEC) < 0 || pipe2(words, O_CLOEXEC | O_NONBLOCK) < 0) return -errno;
    // A caller that ignores SIGCHLD would never learn how its child ended. Source: wait(2).
    struct sigaction standard = {.sa_handler = SIG_DFL}, before;
    sigaction(SIGCHLD, &standard, &before);
    pid_t mapper = start_mapper(r, go, words);
    int result = mapper < 0 ? -errno : leave(r);
    close(words[1]);
    if (result == 0 && write(go[1], "", 1) < 0) result = -errno;
    close(go[1]);
    close(go[0]);
    while (mapper > 0 && waitpid(mapper, &status, 0) < 0 && errno == EINTR) {}
    sigaction(SIGCHLD, &before, 0);
    if (result == 0 && status != 0) {
        r->failed_step = JRUN_ROOTLESS_HELPER;
        ssize_t n = read(words[0], r->words, sizeof r->words - 1);
        r->words[n > 0 ? n : 0] = 0;
        result = -EPERM;
    }
    close(words[0]);
    return result;
}

// jrun-init is executed, and an execve by anybody but uid 0 drops what is not ambient. Source: capabilities(7).
static int keep_capabilities(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data) < 0) return -errno;
    for (int i = 0; i < 2; i++) data[i].inheritable = data[i].permitted;
    if (syscall(SYS_capset, &header, data) < 0) return -errno;
    for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) < 0 && errno != EPERM) return -errno;
    return 0;
}

int jrun_rootless_enter(struct jrun_rootless *r) {
    int result;
    if (r->uid_helper) {
        result = leave_and_map_by_helpers(r);
    } else if ((result = leave(r)) == 0) {
        r->failed_step = JRUN_ROOTLESS_MAP;
        result = write_single_maps(r);
        if (result == 0) {
            r->failed_step = JRUN_ROOTLESS_CAPABILITY;
            result = keep_capabilities();
        }
    }
    if (result < 0) return result;
    // The first thing that an AppArmor that restricts user namespaces forbids; and nothing mounted here is the node's.
    r->failed_step = JRUN_ROOTLESS_MOUNT;
    return mount(0, "/", 0, MS_REC | MS_SLAVE, 0) < 0 ? -errno : 0;
}

int jrun_execute(const char *path, char *const *arguments) {
    execv(path, arguments);
    return -errno;
}

int jrun_is_served(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) return 0;
    strcpy(address.sun_path, path);
    int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (file < 0) return 0;
    int result = connect(file, (struct sockaddr *)&address, sizeof address);
    close(file);
    return result == 0;
}
