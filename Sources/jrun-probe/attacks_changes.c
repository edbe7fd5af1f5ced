// Attempts to link, change and execute files of the host in other ways than by the plain calls of files.c. What is changed
// is changed to what it is already, or undone.
#include "probe.h"

#include "json.h"
#include "kernel.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

// By descriptor: AT_EMPTY_PATH, then the form that needs no capability.
static int link_descriptor(char **arguments) {
    char place[64];
    int file = open(arguments[0], O_PATH | O_CLOEXEC);
    if (file < 0) return answer_at("open", -1);
    snprintf(place, sizeof place, "/proc/self/fd/%d", file);
    int linked = linkat(file, "", AT_FDCWD, arguments[1], AT_EMPTY_PATH);
    if (linked < 0) linked = linkat(AT_FDCWD, place, AT_FDCWD, arguments[1], AT_SYMLINK_FOLLOW);
    return answer_at("linkat", linked);
}

// A file without a name gets one in a directory of the host.
static int link_temporary(char **arguments) {
    char place[64];
    int file = open(arguments[0], O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (file < 0) return answer_at("open", -1);
    int directory = open(arguments[0], O_PATH | O_DIRECTORY | O_CLOEXEC);
    snprintf(place, sizeof place, "/proc/self/fd/%d", file);
    int linked = linkat(AT_FDCWD, place, directory, "jrun-probe-linked", AT_SYMLINK_FOLLOW);
    int status = answer_at("linkat", linked);
    if (linked == 0) unlinkat(directory, "jrun-probe-linked", 0);
    return status;
}

static int set_times(char **arguments) { return answer(utimensat(AT_FDCWD, arguments[0], NULL, 0)); }

static int set_attribute(char **arguments) {
    return answer(setxattr(arguments[0], arguments[1] ? arguments[1] : "user.jrun-probe", "x", 1, 0));
}

// "ok" when the kernel has executed it: the pipe closes then, and carries errno otherwise.
static int answer_execution(int program, const char *path, int flags) {
    int ends[2], number = 0;
    if (program < 0 && flags) return answer_at("open", -1);
    if (pipe2(ends, O_CLOEXEC) < 0) return answer_at("pipe", -1);
    pid_t child = fork();
    if (child == 0) {
        char *words[] = {(char *)"jrun-probe", (char *)"exit", (char *)"0", NULL}, *none[] = {NULL};
        syscall(SYS_execveat, program, path, words, none, flags);
        (void)!write(ends[1], &errno, sizeof errno);
        _exit(0);
    }
    close(ends[1]);
    if (read(ends[0], &number, sizeof number) != sizeof number) number = 0;
    waitpid(child, NULL, 0);
    errno = number;
    return answer_at("execveat", number ? -1 : 0);
}

static int run_path(char **arguments) { return answer_execution(AT_FDCWD, arguments[0], 0); }

static int run_descriptor(char **arguments) {
    return answer_execution(open(arguments[0], O_PATH | O_CLOEXEC), "", AT_EMPTY_PATH);
}

// Copies itself to where it may or may not execute: PATH, or memory that has no path at all.
static int run_copy(char **arguments) {
    static char block[65536];
    int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    int to = arguments[0] ? open(arguments[0], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0700)
                          : memfd_create("jrun-probe", MFD_CLOEXEC);
    if (from < 0 || to < 0) return answer_at(arguments[0] ? "open" : "memfd_create", -1);
    for (ssize_t count; (count = read(from, block, sizeof block)) > 0;)
        if (write(to, block, (size_t)count) != count) return answer_at("write", -1);
    if (!arguments[0]) return answer_execution(to, "", AT_EMPTY_PATH);
    close(to);  // a file that is open for writing is not executed (ETXTBSY)
    int status = answer_execution(AT_FDCWD, arguments[0], 0);
    unlink(arguments[0]);
    return status;
}

const struct verb change_attacks[] = {
    {"link-fd", 2, 2, "OLD NEW", "hard link to a file held with O_PATH", link_descriptor},
    {"link-tmpfile", 1, 1, "DIR", "O_TMPFILE, then linkat into DIR", link_temporary},
    {"utimes", 1, 1, "PATH", "set the times to now", set_times},
    {"setxattr", 1, 2, "PATH [NAME]", "set an extended attribute, of the user", set_attribute},
    {"run", 1, 1, "PATH", "execute PATH, a jrun-probe, in a child", run_path},
    {"run-fd", 1, 1, "PATH", "the same by execveat on an O_PATH descriptor", run_descriptor},
    {"run-copy", 0, 1, "[PATH]", "execute a copy of this program at PATH, or in a memfd", run_copy},
    {0},
};
