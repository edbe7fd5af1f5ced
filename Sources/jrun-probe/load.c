// Takes processor, memory, processes and threads, until a limit says no.
#include "probe.h"

#include "json.h"
#include "words.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static _Noreturn void pause_forever(void) {
    for (;;) pause();
}

static long long cpu_milliseconds(void) {
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return used.tv_sec * 1000LL + used.tv_nsec / 1000000;
}

static void spin_for(long long milliseconds) {
    while (milliseconds < 0 || cpu_milliseconds() < milliseconds)
        for (volatile int count = 0; count < 100000; count++) continue;
}

static bool parse_seconds(const char *text, long long *milliseconds) {
    char *end;
    *milliseconds = -1;
    if (!text || strcmp(text, "forever") == 0) return true;
    *milliseconds = (long long)(strtod(text, &end) * 1000);
    return end != text && *end == 0 && *milliseconds >= 0;
}

static int spin(char **arguments) {
    long long milliseconds, processes = 1;
    if (!parse_seconds(arguments[0], &milliseconds)) return BAD_USAGE;
    if (arguments[0] && arguments[1] && !parse_number(arguments[1], &processes)) return BAD_USAGE;
    answer_state("ready");
    for (long long index = 1; index < processes; index++) {
        if (fork() != 0) continue;
        spin_for(milliseconds);
        _exit(0);
    }
    spin_for(milliseconds);
    while (wait(NULL) > 0) continue;
    json_begin();
    json_text("state", "done");
    json_number("cpu_ms", cpu_milliseconds());
    json_end();
    return ANSWERED;
}

// Exactly that much by the process's own clock, as far as it can be read.
static void burn_for(long long microseconds) {
    for (struct timespec used = {0}; used.tv_sec * 1000000LL + used.tv_nsec / 1000 < microseconds;)
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
}

static long long used_microseconds(int who) {
    struct rusage usage;
    getrusage(who, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000LL + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static long long used_by_all(void) { return used_microseconds(RUSAGE_SELF) + used_microseconds(RUSAGE_CHILDREN); }

static int report_used(long long processes, int number) {
    json_begin();
    json_result(number);
    json_number("processes", processes);
    json_number("cpu_us", used_by_all());
    json_end();
    return ANSWERED;
}

static int burn(char **arguments) {
    long long each, wanted, started = 1;
    if (!parse_number(arguments[0], &each) || !parse_number(arguments[1], &wanted)) return BAD_USAGE;
    int number = 0;
    while (started < wanted && !number) {
        pid_t child = fork();
        if (child == 0) {
            burn_for(each);
            _exit(0);
        }
        number = child < 0 ? errno : 0;
        started += child > 0;
    }
    while (wait(NULL) > 0) continue;
    // What is left of the sum is this process's part; forking has taken some of it already.
    burn_for(each * started - used_microseconds(RUSAGE_CHILDREN));
    return report_used(started, number);
}

static int churn(char **arguments) {
    long long wanted, ended = 0;
    if (!parse_number(arguments[0], &wanted)) return BAD_USAGE;
    int number = 0;
    for (; ended < wanted && !number; ended += !number) {
        pid_t child = fork();
        if (child == 0) _exit(0);
        number = child < 0 || wait(NULL) < 0 ? errno : 0;
    }
    return report_used(ended, number);
}

static int allocate(char **arguments) {
    long long bytes, seconds = 0;
    bool hold = arguments[1] && strcmp(arguments[1], "hold") == 0;
    if (!parse_bytes(arguments[0], &bytes)) return BAD_USAGE;
    if (arguments[1] && !hold && !parse_number(arguments[1], &seconds)) return BAD_USAGE;
    char *memory = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int number = memory == MAP_FAILED ? errno : 0;
    // A huge page would be counted whole at either end.
    if (!number) madvise(memory, (size_t)bytes, MADV_NOHUGEPAGE);
    for (long long index = 0; index < bytes && !number; index += 4096) ((volatile char *)memory)[index] = 1;
    json_begin();
    json_result(number);
    json_number("bytes", number ? 0 : bytes);
    json_end();
    if (hold) pause_forever();
    sleep((unsigned)seconds);
    return ANSWERED;
}

static int open_descriptors(char **arguments) {
    long long wanted, opened = 0;
    if (!parse_number(arguments[0], &wanted)) return BAD_USAGE;
    int number = 0;
    for (; opened < wanted && !number; opened += !number) number = dup(1) < 0 ? errno : 0;
    json_begin();
    json_result(number);
    json_number("opened", opened);
    json_end();
    return ANSWERED;
}

enum { LISTED = 65536 };
static pid_t children[LISTED];

static int report_children(long long count, int number) {
    json_begin();
    json_result(number);
    json_number("started", count);
    json_open("pids", '[');
    for (long long index = 0; index < count; index++) json_number(NULL, children[index]);
    json_close(']');
    json_end();
    return ANSWERED;
}

static int fork_children(char **arguments) {
    long long wanted, started = 0;
    if (!parse_number(arguments[0], &wanted) || wanted < 0 || wanted > LISTED) return BAD_USAGE;
    bool hold = arguments[1] && strcmp(arguments[1], "hold") == 0;
    bool leave = arguments[1] && strcmp(arguments[1], "leave") == 0;
    if (arguments[1] && !hold && !leave) return BAD_USAGE;
    int number = 0;
    while (started < wanted && !number) {
        pid_t child = fork();
        if (child == 0) pause_forever();
        number = child < 0 ? errno : 0;
        if (child > 0) children[started++] = child;
    }
    report_children(started, number);
    if (hold) pause_forever();
    if (leave) return ANSWERED;  // leave: whoever runs us has to end them
    for (long long index = 0; index < started; index++) kill(children[index], SIGKILL);
    while (wait(NULL) > 0) continue;
    return ANSWERED;
}

static int fork_bomb(char **arguments UNUSED) {
    // Typed by mistake outside of a sandbox this would take the node down; there no_new_privs is not set.
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return BAD_USAGE;
    answer_state("ready");
    for (;;)
        if (fork() < 0) sched_yield();
}

static void *thread_body(void *unused UNUSED) {
    pause_forever();
}

static int start_threads(char **arguments) {
    long long wanted, started = 0;
    if (!parse_number(arguments[0], &wanted)) return BAD_USAGE;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 65536);  // so that processes, not memory, are what runs out
    int number = 0;
    for (pthread_t thread; started < wanted && !number; started += !number)
        number = pthread_create(&thread, &attributes, thread_body, NULL);
    json_begin();
    json_result(number);
    json_number("started", started);
    json_end();
    if (arguments[1]) pause_forever();
    return ANSWERED;
}

const struct verb load_verbs[] = {
    {"spin", 0, 2, "[SECONDS|forever [PROCESSES]]", "use that much processor time, in each process", spin},
    {"burn", 2, 2, "MICROSECONDS N", "N processes, itself among them, that together use N times that processor time",
     burn},
    {"churn", 1, 1, "N", "N children that end at once, one after the other, and what all used", churn},
    {"alloc", 1, 2, "BYTES [hold|SECONDS]", "map and touch memory; keep it for ever, or for so long", allocate},
    {"descriptors", 1, 1, "N", "open so many", open_descriptors},
    {"fork", 1, 2, "N [hold|leave]", "N children that pause; hold waits with them, leave exits before them",
     fork_children},
    {"forkbomb", 0, 0, "", "fork without end, every child too (only under no_new_privs)", fork_bomb},
    {"threads", 1, 2, "N [hold]", "N threads that pause", start_threads},
    {0},
};
