// What the program got from whoever started it: descriptors, environment, signals, session.
#include "probe.h"

#include "json.h"
#include "kernel.h"
#include "words.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

static void link_target(const char *key, const char *path) {
    char target[4096];
    ssize_t length = readlink(path, target, sizeof target);
    if (length < 0)
        json_null(key);
    else
        json_bytes(key, target, (size_t)length);
}

static const char *access_mode(int descriptor) {
    int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0) return NULL;
    if (flags & O_PATH) return "path";
    return (flags & O_ACCMODE) == O_RDONLY ? "read" : (flags & O_ACCMODE) == O_WRONLY ? "write" : "rdwr";
}

static void describe_descriptor(int descriptor) {
    struct stat facts;
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    json_text("type", fstat(descriptor, &facts) < 0 ? NULL : file_type(facts.st_mode));
    link_target("target", path);
    json_text("mode", access_mode(descriptor));
}

static void list_proc_descriptors(void) {
    DIR *directory = opendir("/proc/self/fd");
    if (!directory) {
        json_null("proc");
        return;
    }
    json_open("proc", '[');
    for (struct dirent *entry; (entry = readdir(directory));) {
        int descriptor = atoi(entry->d_name);
        if (entry->d_name[0] == '.' || descriptor == dirfd(directory)) continue;
        json_number(NULL, descriptor);
    }
    json_close(']');
    closedir(directory);
}

// Asks twice: /proc could be masked, and numbers above the sweep would be missed.
static int fds(char **arguments UNUSED) {
    json_begin();
    json_open("fds", '[');
    for (int descriptor = 0; descriptor < 65536; descriptor++) {
        int flags = fcntl(descriptor, F_GETFD);
        if (flags < 0) continue;
        json_open(NULL, '{');
        json_number("fd", descriptor);
        describe_descriptor(descriptor);
        json_flag("cloexec", flags & FD_CLOEXEC);
        json_close('}');
    }
    json_close(']');
    list_proc_descriptors();
    json_end();
    return ANSWERED;
}

static void text_list(const char *key, char **texts) {
    json_open(key, '[');
    for (; *texts; texts++) json_text(NULL, *texts);
    json_close(']');
}

static int env(char **arguments UNUSED) {
    json_begin();
    text_list("env", environ);
    json_end();
    return ANSWERED;
}

static int argv(char **arguments UNUSED) {
    json_begin();
    text_list("argv", probe_argv);
    json_text("execfn", (const char *)getauxval(AT_EXECFN));  // a path of the host would show here
    json_number("secure", (long long)getauxval(AT_SECURE));
    json_end();
    return ANSWERED;
}

static int cwd(char **arguments UNUSED) {
    char path[4096];
    char *found = getcwd(path, sizeof path);
    int number = found ? 0 : errno;
    json_begin();
    json_result(number);
    json_text("cwd", found);
    json_flag("writable", access(".", W_OK) == 0);
    json_end();
    return ANSWERED;
}

static int file_mask(char **arguments UNUSED) {
    json_begin();
    json_octal("umask", umask(0));
    json_end();
    return ANSWERED;
}

static int sid(char **arguments UNUSED) {
    int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);
    int number = terminal < 0 ? errno : 0;
    json_begin();
    json_number("pid", getpid());
    json_number("ppid", getppid());
    json_number("pgid", getpgrp());
    json_number("sid", getsid(0));
    json_flag("has_tty", number == 0);
    json_text("tty_errno", number ? errno_name(number) : NULL);
    json_end();
    return ANSWERED;
}

// The kernel's own structure: glibc hides signals 32 and 33, which a parent may well have left blocked.
struct kernel_action {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
};

static void list_handled(const char *key, bool ignored) {
    json_open(key, '[');
    for (int number = 1; number <= 64; number++) {
        struct kernel_action action = {0};
        if (syscall(SYS_rt_sigaction, number, NULL, &action, 8) < 0 || action.handler == SIG_DFL) continue;
        if ((action.handler == SIG_IGN) == ignored) json_text(NULL, signal_name(number));
    }
    json_close(']');
}

static void list_signals(const char *key, uint64_t set) {
    json_open(key, '[');
    for (int number = 1; number <= 64; number++)
        if (set >> (number - 1) & 1) json_text(NULL, signal_name(number));
    json_close(']');
}

static int signals(char **arguments UNUSED) {
    uint64_t blocked = 0, pending = 0;
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &blocked, 8);
    syscall(SYS_rt_sigpending, &pending, 8);
    json_begin();
    list_signals("blocked", blocked);
    list_signals("pending", pending);
    list_handled("ignored", true);
    list_handled("caught", false);
    json_end();
    return ANSWERED;
}

// Drains stdin when asked to, otherwise tells what is there without waiting.
static int stdin_info(char **arguments) {
    struct pollfd wait = {.fd = 0, .events = POLLIN};
    static char bytes[65536];
    long long total = 0;
    ssize_t count = 0;
    int waiting = 0;
    if (arguments[0])
        while ((count = read(0, bytes, sizeof bytes)) > 0) total += count;
    else if (poll(&wait, 1, 0) > 0)
        ioctl(0, FIONREAD, &waiting);
    int number = count < 0 ? errno : 0;
    json_begin();
    json_result(number);
    describe_descriptor(0);
    json_flag("terminal", isatty(0));
    json_flag("hangup", wait.revents & POLLHUP);
    json_number("waiting", waiting);
    json_number("bytes", total);
    json_end();
    return ANSWERED;
}

const struct verb inherited_verbs[] = {
    {"fds", 0, 0, "", "every open descriptor below 65536, and what /proc/self/fd lists", fds},
    {"env", 0, 0, "", "the environment, in order", env},
    {"argv", 0, ANY_NUMBER, "[ARG…]", "the arguments, and the path that was executed", argv},
    {"cwd", 0, 0, "", "the current directory", cwd},
    {"umask", 0, 0, "", "the file mode creation mask", file_mask},
    {"sid", 0, 0, "", "process, group and session ids, controlling terminal", sid},
    {"sigmask", 0, 0, "", "blocked, pending, ignored and caught signals", signals},
    {"stdin-info", 0, 1, "[drain]", "what stdin is; with drain, how many bytes it held", stdin_info},
    {0},
};
