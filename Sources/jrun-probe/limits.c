// What the program may use, and whether it can give itself more.
#include "probe.h"

#include "json.h"
#include "proc.h"
#include "words.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const struct word resources[] = {
    {"as", RLIMIT_AS}, {"core", RLIMIT_CORE}, {"cpu", RLIMIT_CPU}, {"data", RLIMIT_DATA}, {"fsize", RLIMIT_FSIZE},
    {"locks", RLIMIT_LOCKS}, {"memlock", RLIMIT_MEMLOCK}, {"msgqueue", RLIMIT_MSGQUEUE}, {"nice", RLIMIT_NICE},
    {"nofile", RLIMIT_NOFILE}, {"nproc", RLIMIT_NPROC}, {"rss", RLIMIT_RSS}, {"rtprio", RLIMIT_RTPRIO},
    {"rttime", RLIMIT_RTTIME}, {"sigpending", RLIMIT_SIGPENDING}, {"stack", RLIMIT_STACK}, {0},
};

static void limit_value(const char *key, rlim_t value) {
    json_number(key, value == RLIM_INFINITY ? -1 : (long long)value);
}

static int rlimits(char **arguments UNUSED) {
    json_begin();
    json_open("limits", '{');
    for (const struct word *resource = resources; resource->name; resource++) {
        struct rlimit limit = {0};
        getrlimit((int)resource->value, &limit);
        json_open(resource->name, '{');
        limit_value("soft", limit.rlim_cur);
        limit_value("hard", limit.rlim_max);
        json_close('}');
    }
    json_close('}');
    json_end();
    return ANSWERED;
}

static int set_rlimit(char **arguments) {
    unsigned long long resource;
    long long value;
    if (!parse_word(resources, arguments[0], &resource) || !parse_number(arguments[1], &value)) return BAD_USAGE;
    struct rlimit limit = {(rlim_t)value, (rlim_t)value};  // -1 is RLIM_INFINITY
    return answer(setrlimit((int)resource, &limit));
}

static int affinity(char **arguments UNUSED) {
    cpu_set_t set;
    CPU_ZERO(&set);
    int number = sched_getaffinity(0, sizeof set, &set) < 0 ? errno : 0;
    json_begin();
    json_result(number);
    json_open("cpus", '[');
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &set)) json_number(NULL, cpu);
    json_close(']');
    json_end();
    return ANSWERED;
}

static int set_affinity(char **arguments) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (; *arguments; arguments++) {
        long long cpu;
        if (!parse_number(*arguments, &cpu) || cpu < 0 || cpu >= CPU_SETSIZE) return BAD_USAGE;
        CPU_SET((size_t)cpu, &set);
    }
    return answer(sched_setaffinity(0, sizeof set, &set));
}

static int oom(char **arguments UNUSED) {
    char text[64];
    int adjustment = 0;
    int number = read_text("/proc/self/oom_score_adj", text, sizeof text) < 0 ? errno : 0;
    if (!number) sscanf(text, "%d", &adjustment);
    json_begin();
    json_result(number);
    json_number("oom_score_adj", adjustment);
    json_end();
    return ANSWERED;
}

static int niceness(char **arguments UNUSED) {
    static const char *const policies[] = {"other", "fifo", "rr", "batch", "iso", "idle", "deadline", "ext"};
    int policy = sched_getscheduler(0);
    json_begin();
    json_number("nice", getpriority(PRIO_PROCESS, 0));
    json_text("policy", policy >= 0 && policy < 8 ? policies[policy] : errno_name(errno));
    json_end();
    return ANSWERED;
}

static int set_nice(char **arguments) {
    long long value;
    if (!parse_number(arguments[0], &value)) return BAD_USAGE;
    return answer(setpriority(PRIO_PROCESS, 0, (int)value));
}

static int real_time(char **arguments UNUSED) {
    struct sched_param priority = {.sched_priority = 1};
    return answer(sched_setscheduler(0, SCHED_FIFO, &priority));
}

const struct verb limit_verbs[] = {
    {"rlimits", 0, 0, "", "every rlimit; -1 is unlimited", rlimits},
    {"set-rlimit", 2, 2, "NAME VALUE", "can soft and hard limit be set to VALUE", set_rlimit},
    {"affinity", 0, 0, "", "the processors it may run on", affinity},
    {"set-affinity", 1, ANY_NUMBER, "CPU…", "can it move to these processors", set_affinity},
    {"oom", 0, 0, "", "oom_score_adj", oom},
    {"nice", 0, 0, "", "nice value and scheduling policy", niceness},
    {"set-nice", 1, 1, "VALUE", "can the nice value be set", set_nice},
    {"realtime", 0, 0, "", "can it become SCHED_FIFO", real_time},
    {0},
};
