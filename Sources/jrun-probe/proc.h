// Reading /proc. It may be missing or masked: every reader says so by -1 and errno.
#ifndef PROC_H
#define PROC_H

#include <stdbool.h>
#include <stddef.h>

// The whole file as text, at most `size` - 1 bytes. Answers its length.
long read_text(const char *path, char *text, size_t size);

// One field of /proc/self/status ("CapEff") without name, blanks and newline.
long read_status(const char *field, char *value, size_t size);

// Calls `look` with "/proc/PID" for every process but this one until it answers true, and answers whether it did.
// Each number is tried, listed or not: hidepid hides a process from the list.
bool each_process(bool (*look)(const char *process, void *context), void *context);

// Undoes the \040 of mountinfo in place.
void undo_octal(char *text);

#endif
