// Attempts to be there when the run is over. Each of these processes carries the words of its command line, by which it is
// found; outside of a sandbox all end after a minute, or as soon as STOP exists.
#include "probe.h"

#include "json.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LIFETIME_SECONDS = 60 };

static time_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

// Keeps nothing that anybody waits for.
static void let_go(void) {
    setsid();
    for (int file = 0; file < 64; file++) close(file);
    for (int number = 1; number < 32; number++)
        if (number != SIGALRM && number != SIGCHLD) signal(number, SIG_IGN);
}

static void stay(void) {
    alarm(LIFETIME_SECONDS);
    while (pause() < 0) {}
}

// Never the same process for long, so that whoever lists processes and kills them comes too late. Each lives a
// millisecond, or outside, where a slow init reaps them, its dead would fill RLIMIT_NPROC for whatever comes next.
static void hop(const char *stop) {
    const struct timespec moment = {.tv_nsec = 1000000};
    time_t end = now() + LIFETIME_SECONDS;
    while (now() < end && access(stop, F_OK) < 0) {
        pid_t child = fork();
        if (child > 0) _exit(0);
        if (child == 0) nanosleep(&moment, NULL);
    }
}

// The parent's answer comes when the last generation stands, which closing the pipe tells.
static int outlive(char **arguments) {
    int ends[2];
    char byte;
    if (pipe2(ends, O_CLOEXEC) < 0) return answer_at("pipe", -1);
    pid_t child = fork();
    if (child < 0) return answer_at("fork", -1);
    if (child == 0) {
        if (fork() > 0) _exit(0);
        let_go();  // the pipe with it
        if (strcmp(arguments[0], "hop") == 0) hop(arguments[1]);
        if (strcmp(arguments[0], "stop") == 0) raise(SIGSTOP);
        stay();
        _exit(0);
    }
    close(ends[1]);
    while (read(ends[0], &byte, 1) > 0) {}
    return answer(0);
}

const struct verb lifetime_attacks[] = {
    {"outlive", 3, 3, "stay|hop|stop STOP MARK", "a daemon deaf to signals, one that forks without end, one that is stopped",
     outlive},
    {0},
};
