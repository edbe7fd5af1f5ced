// Attempts to learn about the host and about other runs from /proc, and from what a runtime forgot to clean up.
#include "probe.h"

#include "json.h"
#include "proc.h"
#include "words.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

// "ok" when `found`; otherwise the reason, or that it is not there.
static int answer_found(bool found, int number) {
    errno = number ? number : ENODATA;
    return answer(found ? 0 : -1);
}

static bool file_holds(const char *path, const char *text) {
    long length = read_text(path, scratch, sizeof scratch);
    return length > 0 && memmem(scratch, (size_t)length, text, strlen(text));
}

struct search {
    const char *file, *text;
};

static bool process_holds(const char *process, void *context) {
    const struct search *search = context;
    char path[128];
    snprintf(path, sizeof path, "%s/%s", process, search->file);
    return file_holds(path, search->text);
}

// In two halves, or the arguments of whoever started us would hold the text.
static int search_processes(char **arguments) {
    char text[256];
    snprintf(text, sizeof text, "%s%s", arguments[1], arguments[2]);
    struct search search = {arguments[0], text};
    return answer_found(each_process(process_holds, &search), 0);
}

static int search_file(char **arguments) {
    bool found = file_holds(arguments[0], arguments[1]);
    return answer_found(found, found || access(arguments[0], R_OK) == 0 ? 0 : errno);
}

// A descriptor of somebody else, told by what its link says: a file's path, "/memfd:NAME", "pipe:[…]".
static bool process_has_open(const char *process, void *context) {
    const struct search *search = context;
    char path[128], target[4096], byte;
    for (int descriptor = 0; descriptor < 256; descriptor++) {
        snprintf(path, sizeof path, "%s/fd/%d", process, descriptor);
        ssize_t length = readlink(path, target, sizeof target - 1);
        if (length < 0) continue;
        target[length] = 0;
        if (!strstr(target, search->text)) continue;
        int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        bool is_read = file >= 0 && read(file, &byte, 1) >= 0;
        if (file >= 0) close(file);
        if (is_read) return true;
    }
    return false;
}

static int take_open_file(char **arguments) {
    struct search search = {NULL, arguments[0]};
    return answer_found(each_process(process_has_open, &search), 0);
}

// The addresses are zeros for whom the kernel does not trust (kptr_restrict), which tells nothing.
static int kernel_addresses(char **arguments UNUSED) {
    unsigned long long address = 0;
    char line[256];
    FILE *symbols = fopen("/proc/kallsyms", "re");
    if (!symbols) return answer_at("open", -1);
    while (!address && fgets(line, sizeof line, symbols)) sscanf(line, "%llx", &address);
    fclose(symbols);
    return answer_found(address != 0, 0);
}

static int inherited_descriptor(char **arguments UNUSED) {
    for (int descriptor = 3; descriptor < 65536; descriptor++)
        if (fcntl(descriptor, F_GETFD) >= 0) return answer(0);
    return answer_found(false, EBADF);
}

static int inherited_variable(char **arguments) {
    for (char **variable = environ; *variable; variable++)
        if (strstr(*variable, arguments[0])) return answer(0);
    return answer_found(false, 0);
}

static int inherited_signals(char **arguments UNUSED) {
    sigset_t blocked;
    struct sigaction action;
    sigprocmask(SIG_SETMASK, NULL, &blocked);
    bool found = false;
    for (int number = 1; number <= 64 && !found; number++) {
        found = sigismember(&blocked, number) == 1;
        if (sigaction(number, NULL, &action) == 0) found |= action.sa_handler == SIG_IGN;
    }
    return answer_found(found, 0);
}

const struct verb proc_attacks[] = {
    {"search-processes", 3, 3, "FILE TE XT", "does /proc/PID/FILE of another process hold TEXT", search_processes},
    {"search-file", 2, 2, "PATH TEXT", "does the file hold TEXT", search_file},
    {"take-open-file", 1, 1, "TEXT", "read what another process has open, by /proc/PID/fd and TEXT in its link",
     take_open_file},
    {"kernel-addresses", 0, 0, "", "an address in /proc/kallsyms that is not zero", kernel_addresses},
    {"inherited-descriptor", 0, 0, "", "a descriptor above 2 left open", inherited_descriptor},
    {"inherited-variable", 1, 1, "TEXT", "an environment variable with TEXT", inherited_variable},
    {"inherited-signals", 0, 0, "", "a signal blocked or ignored before the start", inherited_signals},
    {0},
};
