// Attempts to signal, slow down or bound other processes: each way that the kernel has, because each has a check of its own.
#include "probe.h"

#include "json.h"
#include "kernel.h"
#include "words.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static int by_thread(pid_t process, int number) { return (int)syscall(SYS_tgkill, process, process, number); }

static int by_queue(pid_t process, int number) {
    return sigqueue(process, number, (union sigval){.sival_int = 1});
}

static int by_thread_queue(pid_t process, int number) {
    siginfo_t information = {.si_signo = number, .si_code = SI_QUEUE};
    return (int)syscall(SYS_rt_tgsigqueueinfo, process, process, number, &information);
}

static int by_pidfd(pid_t process, int number) {
    int file = (int)syscall(SYS_pidfd_open, process, 0);
    return file < 0 ? -1 : (int)syscall(SYS_pidfd_send_signal, file, number, NULL, 0);
}

// A directory of /proc serves as a pidfd too (pidfd_send_signal(2)).
static int by_directory(pid_t process, int number) {
    char path[32];
    snprintf(path, sizeof path, "/proc/%d", (int)process);
    int file = open(path, O_DIRECTORY | O_CLOEXEC);
    return file < 0 ? -1 : (int)syscall(SYS_pidfd_send_signal, file, number, NULL, 0);
}

// The owner of a socket gets SIGIO, or what F_SETSIG says, when something comes in. Fails silently where it may not.
static int by_owner(pid_t process, int number) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) return -1;
    if (fcntl(ends[0], F_SETOWN, process) < 0 || fcntl(ends[0], F_SETSIG, number) < 0) return -1;
    if (fcntl(ends[0], F_SETFL, O_ASYNC | O_NONBLOCK) < 0) return -1;
    return write(ends[1], "x", 1) == 1 ? 0 : -1;
}

static const struct way {
    const char *name;
    int (*send)(pid_t process, int number);
} ways[] = {
    {"tgkill", by_thread}, {"sigqueue", by_queue}, {"tgsigqueue", by_thread_queue}, {"pidfd", by_pidfd},
    {"proc-pidfd", by_directory}, {"setown", by_owner}, {0},
};

static int signal_by(char **arguments) {
    long long target;
    int number;
    if (!parse_number(arguments[1], &target) || !parse_signal(arguments[2], &number)) return BAD_USAGE;
    for (const struct way *way = ways; way->name; way++)
        if (strcmp(way->name, arguments[0]) == 0) return answer(way->send((pid_t)target, number));
    return BAD_USAGE;
}

// Everybody that we may signal, ourselves too: the line comes before. Outside of a sandbox only for a user who has
// nothing to lose: root is refused.
static int signal_everybody(char **arguments) {
    pid_t target = strcmp(arguments[0], "group") == 0 ? 0 : -1;
    if (geteuid() == 0) return BAD_USAGE;
    int status = answer_state("trying");
    signal(SIGTERM, SIG_IGN);
    kill(target, SIGTERM);
    return status;
}

// setpriority, sched_setaffinity and prlimit on others.
static int slow_down(char **arguments) {
    long long target;
    cpu_set_t first;
    struct rlimit second = {1, 1};
    if (!parse_number(arguments[1], &target)) return BAD_USAGE;
    CPU_ZERO(&first);
    CPU_SET(0, &first);
    if (strcmp(arguments[0], "nice") == 0) return answer(setpriority(PRIO_PROCESS, (id_t)target, 19));
    if (strcmp(arguments[0], "nice-user") == 0) return answer(setpriority(PRIO_USER, (id_t)target, 19));
    if (strcmp(arguments[0], "affinity") == 0) return answer(sched_setaffinity((pid_t)target, sizeof first, &first));
    if (strcmp(arguments[0], "prlimit") == 0) return answer(prlimit((pid_t)target, RLIMIT_CPU, &second, NULL));
    return BAD_USAGE;
}

const struct verb signal_attacks[] = {
    {"signal-by", 3, 3, "tgkill|sigqueue|tgsigqueue|pidfd|proc-pidfd|setown PID SIGNAL", "send a signal this way", signal_by},
    {"signal-all", 1, 1, "group|everybody", "SIGTERM to our process group or to all (not for root)", signal_everybody},
    {"slow", 2, 2, "nice|nice-user|affinity|prlimit PID|UID", "lower what others may use", slow_down},
    {0},
};
