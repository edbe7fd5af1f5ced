// Writes to the streams and to the disk, plainly: these verbs print no JSON but where an error has to be told.
#include "probe.h"

#include "json.h"
#include "words.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// Writes `bytes` bytes in lines of 16; answers errno, and in `written` how far it came.
static int pour(int file, long long bytes, long long *written) {
    static char block[65536];
    for (size_t index = 0; index < sizeof block; index += 16) memcpy(block + index, "0123456789abcde\n", 16);
    for (*written = 0; *written < bytes;) {
        long long left = bytes - *written;
        // Where the line was cut off by a short write it goes on, so that a reader can check every byte.
        size_t start = (size_t)(*written % 16), room = sizeof block - start;
        ssize_t count = write(file, block + start, left < (long long)room ? (size_t)left : room);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno;
        *written += count;
    }
    return 0;
}

static int flood(int file, int other, char **arguments) {
    long long bytes, written;
    if (!parse_bytes(arguments[0], &bytes)) return BAD_USAGE;
    int number = pour(file, bytes, &written);
    if (!number) return ANSWERED;
    json_descriptor = other;
    json_begin();
    json_result(number);
    json_number("bytes", written);
    json_end();
    return ANSWERED;
}

static int write_stdout(char **arguments) { return flood(1, 2, arguments); }

static int write_stderr(char **arguments) { return flood(2, 1, arguments); }

static int fill(char **arguments) {
    long long bytes, written = 0;
    if (!parse_bytes(arguments[1], &bytes)) return BAD_USAGE;
    if (!arguments[2]) signal(SIGXFSZ, SIG_IGN);  // then the file size limit answers EFBIG
    int file = open(arguments[0], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    int number = file < 0 ? errno : pour(file, bytes, &written);
    json_begin();
    json_result(number);
    json_number("bytes", written);
    json_end();
    return ANSWERED;
}

static int copy_input(char **arguments UNUSED) {
    static char block[65536];
    ssize_t count;
    while ((count = read(0, block, sizeof block)) > 0)
        for (ssize_t done = 0, step; done < count; done += step)
            if ((step = write(1, block + done, (size_t)(count - done))) < 0) return 1;
    return count < 0;
}

static int lines(char **arguments) {
    long long wanted;
    if (!parse_bytes(arguments[0], &wanted)) return BAD_USAGE;
    for (long long index = 1; index <= wanted; index++)
        if (printf("line %lld\n", index) < 0) return 1;
    return fflush(stdout) ? 1 : ANSWERED;
}

const struct verb output_verbs[] = {
    {"write-stdout", 1, 1, "BYTES|forever", "lines of 16 bytes; an error is told on stderr", write_stdout},
    {"write-stderr", 1, 1, "BYTES|forever", "the same on stderr; an error is told on stdout", write_stderr},
    {"fill", 2, 3, "PATH BYTES|forever [die]", "write a file until it stops; die: leave SIGXFSZ alone", fill},
    {"cat", 0, 0, "", "stdin to stdout", copy_input},
    {"lines", 1, 1, "N|forever", "\"line 1\", \"line 2\", …", lines},
    {0},
};
