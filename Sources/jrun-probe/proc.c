#include "probe.h"

#include "proc.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

long read_text(const char *path, char *text, size_t size) {
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0) return -1;
    size_t length = 0;
    ssize_t count;
    // /proc hands out a page at a time, so one read is not the whole.
    while ((count = read(file, text + length, size - 1 - length)) > 0) length += (size_t)count;
    int number = errno;
    close(file);
    errno = number;
    text[length] = 0;
    return count < 0 ? -1 : (long)length;
}

long read_status(const char *field, char *value, size_t size) {
    static char status[16384];
    value[0] = 0;
    if (read_text("/proc/self/status", status, sizeof status) < 0) return -1;
    size_t length = strlen(field);
    for (char *rest = status, *line; (line = strsep(&rest, "\n"));) {
        if (strncmp(line, field, length) != 0 || line[length] != ':') continue;
        line += length + 1;
        snprintf(value, size, "%s", line + strspn(line, " \t"));
        return (long)strlen(value);
    }
    errno = ENODATA;
    return -1;
}

bool each_process(bool (*look)(const char *process, void *context), void *context) {
    char text[32], path[32];
    long last = 32768;
    if (read_text("/proc/sys/kernel/pid_max", text, sizeof text) > 0) sscanf(text, "%ld", &last);
    if (last > 65536) last = 65536;  // beyond, a busy node's processes are enough to look at
    for (long process = 1; process <= last; process++) {
        snprintf(path, sizeof path, "/proc/%ld", process);
        if (process != getpid() && access(path, F_OK) == 0 && look(path, context)) return true;
    }
    return false;
}

void undo_octal(char *text) {
    char *to = text;
    for (const char *from = text; *from; to++) {
        unsigned value;
        if (from[0] == '\\' && sscanf(from + 1, "%3o", &value) == 1) {
            *to = (char)value;
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = 0;
}
