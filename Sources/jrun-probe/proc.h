// Reading /proc. It may be missing or masked: every reader says so by -1 and errno.
#ifndef PROC_H
#define PROC_H

#include <stddef.h>

// The whole file as text, at most `size` - 1 bytes. Answers its length.
long read_text(const char *path, char *text, size_t size);

// One field of /proc/self/status ("CapEff") without name, blanks and newline.
long read_status(const char *field, char *value, size_t size);

// Undoes the \040 of mountinfo in place.
void undo_octal(char *text);

#endif
