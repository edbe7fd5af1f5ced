// Awkward things left in the run's directory, for whoever harvests or removes it.
#include "probe.h"

#include "json.h"
#include "kernel.h"
#include "words.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int answer_count(const char *key, long long count, int number) {
    json_begin();
    json_result(number);
    json_number(key, count);
    json_end();
    return ANSWERED;
}

static int many_files(char **arguments) {
    long long wanted, made = 0;
    char name[32];
    if (!parse_number(arguments[1], &wanted)) return BAD_USAGE;
    int directory = open(arguments[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC), number = 0;
    if (directory < 0) return answer_count("files", 0, errno);
    for (; made < wanted && !number; made += !number) {
        snprintf(name, sizeof name, "%lld", made);
        int file = openat(directory, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
        number = file < 0 ? errno : 0;
        if (file >= 0) close(file);
    }
    return answer_count("files", made, number);
}

// By descriptor, one level at a time: the whole path soon exceeds PATH_MAX, and that is the point.
static int deep(char **arguments) {
    long long wanted, made = 0;
    if (!parse_number(arguments[1], &wanted)) return BAD_USAGE;
    int directory = open(arguments[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC), number = directory < 0 ? errno : 0;
    while (made < wanted && !number) {
        int below = mkdirat(directory, "d", 0777) < 0 ? -1 : openat(directory, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        number = below < 0 ? errno : 0;
        close(directory);
        directory = below;
        made += !number;
    }
    return answer_count("depth", made, number);
}

// One byte at either end, nothing on the disk between them.
static int sparse(char **arguments) {
    long long size;
    if (!parse_bytes(arguments[1], &size) || size < 2) return BAD_USAGE;
    int file = open(arguments[0], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool written = file >= 0 && pwrite(file, "a", 1, 0) == 1 && pwrite(file, "z", 1, size - 1) == 1;
    int number = written ? 0 : errno;
    struct stat facts = {0};
    if (file >= 0) fstat(file, &facts);
    json_begin();
    json_result(number);
    json_number("size", facts.st_size);
    json_number("disk_bytes", facts.st_blocks * 512LL);
    json_end();
    return ANSWERED;
}

static int socket_file(char **arguments) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(arguments[0]) >= sizeof address.sun_path) return BAD_USAGE;
    strcpy(address.sun_path, arguments[0]);
    int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (file < 0) return answer_at("socket", -1);
    return answer_at("bind", bind(file, (struct sockaddr *)&address, sizeof address));
}

static int odd_names(char **arguments) {
    static char longest[256];
    memset(longest, 'n', 255);
    const char *const names[] = {
        "new\nline", "\xff\xfe", "-rf", " ", "a b", "\x1b[31m", "quote\"'", "back\\slash", "...", "~", "*", longest,
    };
    int directory = open(arguments[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC), number = directory < 0 ? errno : 0;
    long long made = 0;
    for (size_t index = 0; index < sizeof names / sizeof *names && !number; index++) {
        int file = openat(directory, names[index], O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
        number = file < 0 ? errno : 0;
        if (file >= 0) close(file);
        made += !number;
    }
    return answer_count("files", made, number);
}

// Links to TARGET, to each other in a ring and to the directory above, under names that a rule for files takes.
static int link_farm(char **arguments) {
    long long wanted, made = 0;
    char name[64], next[64];
    if (!parse_number(arguments[1], &wanted)) return BAD_USAGE;
    int directory = open(arguments[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC), number = directory < 0 ? errno : 0;
    for (; made < wanted && !number; made += !number) {
        const char *targets[] = {arguments[2], "..", next};
        snprintf(name, sizeof name, "%lld.txt", made);
        snprintf(next, sizeof next, "%lld.txt", (made + 3) % wanted);
        number = symlinkat(targets[made % 3], directory, name) < 0 ? errno : 0;
    }
    return answer_count("links", made, number);
}

// A path far longer than PATH_MAX, with a file at its end.
static int long_path(char **arguments UNUSED) {
    static char longest[256];
    memset(longest, 'n', 255);
    long long levels = 0;
    int directory = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), number = 0;
    for (; levels < 30 && !number; levels += !number) {
        int below = mkdirat(directory, longest, 0777) < 0 ? -1 : openat(directory, longest, O_RDONLY | O_DIRECTORY);
        number = below < 0 ? errno : 0;
        close(directory);
        directory = below;
        if (!number) close(openat(directory, "a.txt", O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
    }
    return answer_count("depth", levels, number);
}

// A process that outlives us and does not stop; only the end of the run ends it.
static bool is_left_behind(void) {
    if (fork() != 0) return false;
    setsid();
    return true;
}

static int grow(char **arguments) {
    int file = open(arguments[0], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file < 0 || write(file, "first", 5) != 5) return answer(-1);
    if (is_left_behind())
        for (off_t size = 5;; size++)
            if (write(file, "x", 1) != 1 || size == 1 << 20) size = ftruncate(file, 5) + 5;
    return answer(0);
}

static int swap(char **arguments) {
    if (is_left_behind())
        for (;;) syscall(SYS_renameat2, AT_FDCWD, arguments[0], AT_FDCWD, arguments[1], 2 /* RENAME_EXCHANGE */);
    return answer(0);
}

const struct verb litter_verbs[] = {
    {"many-files", 2, 2, "DIR N", "N empty files named 0, 1, …", many_files},
    {"deep", 2, 2, "DIR N", "N directories, each in the one before", deep},
    {"sparse", 2, 2, "PATH BYTES", "a file of that size with two bytes in it", sparse},
    {"sock", 1, 1, "PATH", "a unix socket's file", socket_file},
    {"link-farm", 3, 3, "DIR N TARGET", "N links named 0.txt, 1.txt, …: to TARGET, upwards, to each other", link_farm},
    {"long-path", 0, 0, "", "30 directories with names of 255 bytes, each in the one before, a file in each", long_path},
    {"grow", 1, 1, "PATH", "leave a process behind that lets the file grow and shrink", grow},
    {"swap", 2, 2, "A B", "leave a process behind that exchanges the two names for ever", swap},
    {"odd-names", 1, 1, "DIR", "12 files with newline, broken UTF-8, escape, 255 bytes … in their names", odd_names},
    {0},
};
