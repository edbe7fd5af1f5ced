#include "CLaunch.h"
#include "CLinux.h"

// Body of the holder; ends with us at the latest.
static void hold(void *context) {
    const int *ends = context;
    char byte;
    sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    // Descriptors of ours, and locks with them, would outlive us.
    sys_dup3(ends[0], 0, 0);
    sys_close_range(1, ~0U, 0);
    sys_read(0, &byte, 1);
    sys_exit_group(0);
}

// A process that does nothing but be in the namespace. It shares our memory, which a copy would take milliseconds for where
// that is large, and has a stack of its own, so it may do system calls alone; and no handler of ours may run there.
static long start_holder(int ends[2], void *stack, size_t stack_bytes) {
    struct k_clone_args args = {
        .flags = CLONE_NEWUSER | CLONE_VM,
        .stack = (uintptr_t)stack,
        .stack_size = stack_bytes,
    };
    uint64_t all = ~0ULL, old;
    sys_rt_sigprocmask(SIG_SETMASK, &all, &old);
    long pid = sys_clone3_vfork(&args, hold, ends);
    sys_rt_sigprocmask(SIG_SETMASK, &old, 0);
    return pid;
}

static char *put_text(char *at, const char *text) {
    while (*text) *at++ = *text++;
    *at = 0;
    return at;
}

static char *put_number(char *at, unsigned long number) {
    char digits[20];
    int count = 0;
    do digits[count++] = (char)('0' + number % 10);
    while (number /= 10);
    while (count > 0) *at++ = digits[--count];
    *at = 0;
    return at;
}

static void put_path(char *path, long pid, const char *name) {
    put_text(put_number(put_text(path, "/proc/"), (unsigned long)pid), name);
}

static long write_map(long pid, const char *map, unsigned id) {
    char path[64], line[64];
    put_path(path, pid, map);
    char *end = put_text(put_number(put_text(line, "0 "), id), " 1\n");
    long file = sys_openat(AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
    if (file < 0) return file;
    long result = sys_write((int)file, line, (size_t)(end - line));
    sys_close((int)file);
    return result;
}

int jrun_owner_namespace(unsigned id) {
    // In use until the holder has been waited for.
    _Alignas(16) char stack[8192];
    int ends[2];
    long result = sys_pipe2(ends, O_CLOEXEC);
    if (result < 0) return (int)result;
    long pid = start_holder(ends, stack, sizeof stack);
    if (pid > 0) {
        char path[64];
        put_path(path, pid, "/ns/user");
        result = write_map(pid, "/uid_map", id);
        if (result >= 0) result = write_map(pid, "/gid_map", id);
        if (result >= 0) result = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
        sys_kill((int)pid, SIGKILL);
        while (sys_wait4((int)pid, 0, WALL, 0) == -EINTR) {}
    } else {
        result = pid;
    }
    sys_close(ends[0]);
    sys_close(ends[1]);
    return (int)result;
}
