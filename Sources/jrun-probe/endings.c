// The ways to end, and the ways not to. Verbs that wait print "state":"ready" first: no test has to sleep.
#include "probe.h"

#include "json.h"
#include "words.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static _Noreturn void pause_forever(void) {
    for (;;) pause();
}

static int sleep_for(char **arguments) {
    char *end;
    double seconds = strtod(arguments[0], &end);
    bool forever = strcmp(arguments[0], "forever") == 0;
    if (!forever && (end == arguments[0] || *end || seconds < 0)) return BAD_USAGE;
    answer_state("ready");
    if (forever) pause_forever();
    struct timespec left = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    while (nanosleep(&left, &left) < 0 && errno == EINTR) continue;
    return ANSWERED;
}

static int ignore_term(char **arguments UNUSED) {
    signal(SIGTERM, SIG_IGN);
    answer_state("ready");
    pause_forever();
}

static volatile sig_atomic_t terminated;

static void on_term(int number UNUSED) { terminated = 1; }

static int trap_term(char **arguments) {
    long long code;
    sigset_t term, before;
    if (!parse_number(arguments[0], &code)) return BAD_USAGE;
    // Blocked but inside sigsuspend, or a signal between the check and the wait would be slept through.
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, &before);
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = on_term}, NULL);
    answer_state("ready");
    sigdelset(&before, SIGTERM);
    while (!terminated) sigsuspend(&before);
    answer_state("terminated");
    return (int)code;
}

static int leave(char **arguments) {
    long long code;
    if (!parse_number(arguments[0], &code)) return BAD_USAGE;
    _exit((int)code);
}

static int raise_signal(char **arguments) {
    int number;
    if (!parse_signal(arguments[0], &number)) return BAD_USAGE;
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_UNBLOCK, &all, NULL);
    signal(number, SIG_DFL);
    return answer(kill(getpid(), number));  // a line is printed only by who survives it
}

static int segv(char **arguments UNUSED) {
    volatile int *volatile nowhere = NULL;
    *nowhere = 1;
    return ANSWERED;
}

// The grandchild keeps stdout and stderr: a runner that waits for end of file would wait for it.
static int daemonize(char **arguments UNUSED) {
    int channel[2];
    pid_t daemon = 0;
    if (pipe(channel) < 0) return answer_at("pipe", -1);
    pid_t child = fork();
    if (child < 0) return answer_at("fork", -1);
    if (child == 0) {
        setsid();
        daemon = fork();
        if (daemon == 0) {
            close(channel[0]);
            close(channel[1]);
            pause_forever();
        }
        _exit(write(channel[1], &daemon, sizeof daemon) < 0);
    }
    close(channel[1]);
    bool told = read(channel[0], &daemon, sizeof daemon) == sizeof daemon && daemon > 0;
    json_begin();
    json_result(told ? 0 : EAGAIN);
    json_number("pid", daemon);
    json_end();
    return ANSWERED;
}

const struct verb ending_verbs[] = {
    {"sleep", 1, 1, "SECONDS|forever", "wait", sleep_for},
    {"ignore-term", 0, 0, "", "ignore SIGTERM, wait for ever", ignore_term},
    {"trap-term", 1, 1, "CODE", "on SIGTERM say \"terminated\" and exit with CODE", trap_term},
    {"exit", 1, 1, "CODE", "exit, silently", leave},
    {"raise", 1, 1, "SIGNAL", "end by a signal", raise_signal},
    {"segv", 0, 0, "", "write to address 0", segv},
    {"daemon", 0, 0, "", "fork twice, setsid; the grandchild waits for ever, we exit 0", daemonize},
    {0},
};
