// Attempts on the kernel's wide interfaces, and system calls by number through each of its doors.
#include "probe.h"

#include "json.h"
#include "kernel.h"
#include "words.h"

#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/personality.h>
#include <time.h>
#include <unistd.h>

static int answer_value(long value, int number) {
    json_begin();
    json_result(number);
    if (number)
        json_null("value");
    else
        json_number("value", value);
    json_end();
    return ANSWERED;
}

// An argument that is not a number is passed as the address of its text.
static bool parse_call(char **arguments, long numbers[7]) {
    unsigned long long call;
    long long value;
    if (!parse_word(syscall_numbers, arguments[0], &call)) return false;
    numbers[0] = (long)call;
    for (int index = 1; index < 7; index++) numbers[index] = 0;
    for (int index = 1; arguments[index]; index++)
        numbers[index] = parse_number(arguments[index], &value) ? (long)value : (long)arguments[index];
    return true;
}

static int call_with_bits(char **arguments, long bits) {
    long a[7];
    if (!parse_call(arguments, a)) return BAD_USAGE;
    long value = syscall(a[0] | bits, a[1], a[2], a[3], a[4], a[5], a[6]);
    return answer_value(value, value == -1 ? errno : 0);
}

static int call_native(char **arguments) { return call_with_bits(arguments, 0); }

#ifdef __x86_64__
static int call_x32(char **arguments) { return call_with_bits(arguments, X32_SYSCALL_BIT); }

// The i386 table has other numbers: 20 is getpid there. Without CONFIG_IA32_EMULATION this ends in SIGSEGV.
static int call_i386(char **arguments) {
    long a[7];
    int value;
    if (!parse_call(arguments, a)) return BAD_USAGE;
    __asm__ volatile("int $0x80"
                     : "=a"(value)
                     : "a"((int)a[0]), "b"((int)a[1]), "c"((int)a[2]), "d"((int)a[3]), "S"((int)a[4]), "D"((int)a[5])
                     : "memory", "r8", "r9", "r10", "r11");
    return value < 0 && value >= -4095 ? answer_value(-1, -value) : answer_value(value, 0);
}
#else
static int call_x32(char **arguments UNUSED) { return BAD_USAGE; }
static int call_i386(char **arguments UNUSED) { return BAD_USAGE; }
#endif

static int set_personality(char **arguments) {
    long long wanted = ADDR_NO_RANDOMIZE;
    if (arguments[0] && !parse_number(arguments[0], &wanted)) return BAD_USAGE;
    return answer(personality((unsigned long)wanted));
}

// Into the process keyring unless told otherwise: it disappears with us.
static int add_key(char **arguments) {
    static const struct word keyrings[] = {
        {"process", (unsigned long long)PROBE_KEY_PROCESS_KEYRING},
        {"session", (unsigned long long)PROBE_KEY_SESSION_KEYRING},
        {"user", (unsigned long long)PROBE_KEY_USER_KEYRING},
        {0},
    };
    unsigned long long keyring = keyrings[0].value;
    if (arguments[0] && !parse_word(keyrings, arguments[0], &keyring)) return BAD_USAGE;
    return answer(syscall(SYS_add_key, "user", "jrun-probe", "x", 1, (int)keyring));
}

// A request that would succeed if it were allowed: an invalid one is EINVAL either way and proves nothing.
static int make_map(char **arguments UNUSED) {
    union bpf_attr map;
    memset(&map, 0, sizeof map);
    map.map_type = BPF_MAP_TYPE_ARRAY;
    map.key_size = map.value_size = 4;
    map.max_entries = 1;
    return answer(syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof map));
}

static int count_events(char **arguments UNUSED) {
    struct perf_event_attr event = {
        .type = PERF_TYPE_SOFTWARE, .size = sizeof event, .config = PERF_COUNT_SW_TASK_CLOCK, .exclude_kernel = 1,
    };
    return answer(syscall(SYS_perf_event_open, &event, 0, -1, -1, 0));
}

static int handle_faults(char **arguments UNUSED) {
    return answer(syscall(SYS_userfaultfd, UFFD_USER_MODE_ONLY | 02000000 /* O_CLOEXEC */));
}

static int make_ring(char **arguments UNUSED) {
    unsigned char parameters[256] = {0};  // struct io_uring_params, 120 bytes so far
    return answer(syscall(SYS_io_uring_setup, 1, parameters));
}

static int set_clock(char **arguments UNUSED) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return answer(clock_settime(CLOCK_REALTIME, &now));  // to what it is already
}

const struct verb kernel_attacks[] = {
    {"syscall", 1, 7, "NR|NAME [ARG…]", "a system call; text arguments are passed by address", call_native},
    {"syscall32", 1, 6, "NR [ARG…]", "the same by int $0x80, with i386 numbers (x86-64 only)", call_i386},
    {"syscallx32", 1, 7, "NR|NAME [ARG…]", "the same with the x32 bit (x86-64 only)", call_x32},
    {"personality", 0, 1, "[VALUE]", "switch address randomisation off", set_personality},
    {"keyctl-add", 0, 1, "[process|session|user]", "add a key", add_key},
    {"bpf", 0, 0, "", "make a BPF map", make_map},
    {"perf", 0, 0, "", "open a performance counter", count_events},
    {"userfaultfd", 0, 0, "", "handle page faults", handle_faults},
    {"io_uring", 0, 0, "", "set up a ring", make_ring},
    {"clock-set", 0, 0, "", "set the clock", set_clock},
    {0},
};
