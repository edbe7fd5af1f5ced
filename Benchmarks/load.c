// What the runs of the benchmarks execute: one program that writes, reads, sleeps, forks or makes files, and does it about as
// fast as the kernel allows, so that what is measured is what lies around it.
//
//     load write BYTES       zeros to stdout, a mebibyte at a time
//     load read              stdin to nothing, to its end; then says how many bytes
//     load first             the time (CLOCK_MONOTONIC, nanoseconds) to stdout, and ends
//     load sleep             until it is killed
//     load fork N            N processes that sleep, itself among them; says so once they are there
//     load files N BYTES     N files of so many bytes, 100 in a directory, below the working directory

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PIECE (1 << 20)
#define FILES_IN_DIRECTORY 100

static char piece[PIECE];

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void write_all(int target, long long bytes) {
    while (bytes > 0) {
        ssize_t n = write(target, piece, bytes < PIECE ? (size_t)bytes : PIECE);
        if (n < 0 && errno != EINTR) fail("write");
        if (n > 0) bytes -= n;
    }
}

static void read_all(void) {
    long long bytes = 0;
    ssize_t n;
    while ((n = read(0, piece, PIECE)) != 0) {
        if (n < 0 && errno != EINTR) fail("read");
        if (n > 0) bytes += n;
    }
    printf("%lld\n", bytes);
}

static void say_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    char text[32];
    int length = snprintf(text, sizeof text, "%lld\n", now.tv_sec * 1000000000LL + now.tv_nsec);
    if (write(1, text, (size_t)length) != length) fail("write");
}

static void sleep_for_ever(void) {
    for (;;) pause();
}

static void fork_many(long long count) {
    for (long long i = 1; i < count; i++) {
        pid_t pid = fork();
        if (pid < 0) fail("fork");
        if (pid == 0) sleep_for_ever();
    }
    if (write(1, "ready\n", 6) != 6) fail("write");
    sleep_for_ever();
}

static void make_files(long long count, long long bytes) {
    char name[64];
    memset(piece, 'x', sizeof piece);
    for (long long i = 0; i < count; i++) {
        snprintf(name, sizeof name, "d%lld", i / FILES_IN_DIRECTORY);
        if (i % FILES_IN_DIRECTORY == 0 && mkdir(name, 0755) < 0) fail(name);
        snprintf(name, sizeof name, "d%lld/f%lld", i / FILES_IN_DIRECTORY, i);
        int file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        if (file < 0) fail(name);
        write_all(file, bytes);
        close(file);
    }
}

static long long number(const char *text) {
    char *end;
    long long value = strtoll(text, &end, 10);
    if (*text == 0 || *end != 0 || value < 0) {
        fprintf(stderr, "'%s' is not a number\n", text);
        exit(1);
    }
    return value;
}

int main(int count, char **words) {
    const char *verb = count > 1 ? words[1] : "";
    if (!strcmp(verb, "write") && count == 3) write_all(1, number(words[2]));
    else if (!strcmp(verb, "read") && count == 2) read_all();
    else if (!strcmp(verb, "first") && count == 2) say_now();
    else if (!strcmp(verb, "sleep") && count == 2) sleep_for_ever();
    else if (!strcmp(verb, "fork") && count == 3) fork_many(number(words[2]));
    else if (!strcmp(verb, "files") && count == 4) make_files(number(words[2]), number(words[3]));
    else {
        fprintf(stderr, "load write BYTES | read | first | sleep | fork N | files N BYTES\n");
        return 2;
    }
    return 0;
}
