// From the words of a command line to the kernel's numbers. Every table also takes a plain number (0x… and 0… too).
#ifndef WORDS_H
#define WORDS_H

#include <stdbool.h>
#include <sys/types.h>

struct word {
    const char *name;
    unsigned long long value;
};

extern const struct word socket_families[], socket_types[], namespace_flags[], open_flags[], syscall_numbers[];

bool parse_number(const char *text, long long *value);
bool parse_bytes(const char *text, long long *value);             // 10, 10KiB, 10MiB, 10GiB, forever (LLONG_MAX)
bool parse_word(const struct word *table, const char *text, unsigned long long *value);
bool parse_words(const struct word *table, char **words, unsigned long long *value);  // all of them, or-ed
bool parse_signal(const char *text, int *number);                 // 15, TERM, SIGTERM

const char *signal_name(int number);     // "SIGTERM"; "SIG34" for the real-time ones
const char *file_type(mode_t mode);      // "file", "directory", "link", "character", "block", "fifo", "socket"

#endif
