// Attempts to look into another process, or to change what it holds. All of them pass the same check of the kernel,
// ptrace_may_access(); a filter or a namespace may answer before it.
#include "probe.h"

#include "json.h"
#include "kernel.h"
#include "words.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

// A victim: keeps a text in memory, says where, and waits. It lets no one trace it who could not anyhow.
static int hold(char **arguments) {
    static char text[256];
    snprintf(text, sizeof text, "%s", arguments[0]);
    json_begin();
    json_text("state", "ready");
    json_hex("address", (uintptr_t)text);
    json_end();
    while (pause() < 0 && text[0]) {}
    return ANSWERED;
}

static bool parse_place(char **arguments, pid_t *process, void **address) {
    long long target, place;
    if (!parse_number(arguments[0], &target) || !parse_number(arguments[1], &place)) return false;
    *process = (pid_t)target;
    *address = (void *)(uintptr_t)place;
    return true;
}

static int answer_bytes(const char *step, ssize_t count, const char *bytes) {
    int number = count < 0 ? errno : 0;
    json_begin();
    json_result(number);
    json_text("step", step);
    json_bytes("bytes", bytes, number ? 0 : strnlen(bytes, (size_t)count));
    json_end();
    return ANSWERED;
}

static int read_memory(char **arguments) {
    pid_t process;
    char bytes[64] = "";
    struct iovec here = {bytes, sizeof bytes}, there = {NULL, sizeof bytes};
    if (!parse_place(arguments, &process, &there.iov_base)) return BAD_USAGE;
    return answer_bytes("process_vm_readv", process_vm_readv(process, &here, 1, &there, 1, 0), bytes);
}

static int write_memory(char **arguments) {
    pid_t process;
    struct iovec here = {"changed", 8}, there = {NULL, 8};
    if (!parse_place(arguments, &process, &there.iov_base)) return BAD_USAGE;
    return answer(process_vm_writev(process, &here, 1, &there, 1, 0));
}

static int read_memory_file(char **arguments) {
    pid_t process;
    void *address;
    char path[64], bytes[64] = "";
    if (!parse_place(arguments, &process, &address)) return BAD_USAGE;
    snprintf(path, sizeof path, "/proc/%d/mem", (int)process);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return answer_at("open", -1);
    return answer_bytes("read", pread(file, bytes, sizeof bytes, (off_t)(uintptr_t)address), bytes);
}

// Which kernel objects two processes share; the order betrays addresses in the kernel (kcmp(2)).
static int compare(char **arguments) {
    long long target;
    if (!parse_number(arguments[0], &target)) return BAD_USAGE;
    return answer(syscall(SYS_kcmp, getpid(), (pid_t)target, 1 /* KCMP_VM */, 0, 0));
}

// Where the pages of a process lie, and moving them: move_pages(2), migrate_pages(2). No pages are named, so nothing moves.
static int move_memory(char **arguments) {
    long long target;
    unsigned long nodes = 1;
    if (!parse_number(arguments[1], &target)) return BAD_USAGE;
    if (strcmp(arguments[0], "migrate") == 0)
        return answer(syscall(SYS_migrate_pages, (pid_t)target, 8 * sizeof nodes, &nodes, &nodes));
    return answer(syscall(SYS_move_pages, (pid_t)target, 0, NULL, NULL, NULL, 0));
}

// The flow of CVE-2019-5736: keep a descriptor of the executable, leave the executable so that it is no longer busy, then
// open the descriptor again to write. Meant for a copy of the probe; appends one byte.
static int overwrite_own_executable(char **arguments) {
    if (arguments[0]) {
        int file = open(arguments[0], O_WRONLY | O_APPEND | O_CLOEXEC);
        if (file < 0) return answer_at("open", -1);
        return answer_at("write", write(file, "", 1));
    }
    int kept = open("/proc/self/exe", O_RDONLY);
    int copy = (int)syscall(SYS_memfd_create, "probe", 0);
    if (kept < 0 || copy < 0) return answer_at("/proc/self/exe", -1);
    static char bytes[1 << 16];
    ssize_t count;
    while ((count = read(kept, bytes, sizeof bytes)) > 0)
        if (write(copy, bytes, (size_t)count) != count) return answer_at("copy", -1);
    char name[32], again[32];
    snprintf(name, sizeof name, "/proc/self/fd/%d", copy);
    snprintf(again, sizeof again, "/proc/self/fd/%d", kept);
    execl(name, "probe", "overwrite-exe", again, NULL);
    return answer_at("exec", -1);
}

const struct verb memory_attacks[] = {
    {"hold", 1, 1, "TEXT", "keep it in memory, say where, wait for ever", hold},
    {"vm-read", 2, 2, "PID ADDRESS", "process_vm_readv", read_memory},
    {"vm-write", 2, 2, "PID ADDRESS", "process_vm_writev, eight bytes", write_memory},
    {"mem-read", 2, 2, "PID ADDRESS", "/proc/PID/mem", read_memory_file},
    {"kcmp", 1, 1, "PID", "compare kernel objects with those of a process", compare},
    {"pages", 2, 2, "move|migrate PID", "where the pages of a process lie", move_memory},
    {"overwrite-exe", 0, 1, "[PATH]", "append a byte to our own executable, as CVE-2019-5736 did", overwrite_own_executable},
    {0},
};
