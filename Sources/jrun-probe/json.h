// Writes one JSON object a line, without heap and without stdio, so that a line survives any rlimit and a fork never
// duplicates half of one. A line of up to 64 KiB leaves in a single write.
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>

extern const char *json_verb;  // the value of "verb" on every line
extern int json_descriptor;    // where lines go; 1 unless the verb floods it

void json_begin(void);
void json_end(void);

// `key` is NULL inside an array.
void json_text(const char *key, const char *value);  // NULL becomes null
void json_bytes(const char *key, const char *value, size_t length);  // what is not UTF-8 becomes U+FFFD
void json_number(const char *key, long long value);
void json_number_or_errno(const char *key, long long value);  // below zero: the name of errno, as text
void json_hex(const char *key, unsigned long long value);     // text, "0x2f"
void json_octal(const char *key, unsigned value);             // text, "0644"
void json_flag(const char *key, bool value);
void json_null(const char *key);
void json_open(const char *key, char bracket);  // '{' or '['
void json_close(char bracket);                  // '}' or ']'

// The one shape of every attempt: "result":"ok","errno":null or "result":"denied","errno":"EPERM".
void json_result(int number);
void json_outcome(const char *key, int number);  // the same as an object of its own

const char *errno_name(int number);

// A whole line for an attempt whose system call answered `outcome` (below zero: errno says why).
// `step` names which of several calls was the last one.
int answer(long outcome);
int answer_at(const char *step, long outcome);
int answer_state(const char *state);  // "state":"ready", so that a test can wait for it instead of sleeping

#endif
