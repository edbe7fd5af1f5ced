#include "probe.h"

#include "json.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *json_verb = "";
int json_descriptor = 1;

static char buffer[65536];
static size_t used;
static bool needs_comma;  // one flag is enough: opening a bracket clears it, closing one sets it

static void flush(void) {
    for (size_t done = 0; done < used;) {
        ssize_t count = write(json_descriptor, buffer + done, used - done);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) break;  // nobody to tell
        done += (size_t)count;
    }
    used = 0;
}

static void put(const char *bytes, size_t length) {
    for (size_t index = 0; index < length; index++) {
        if (used == sizeof buffer) flush();
        buffer[used++] = bytes[index];
    }
}

static void put_text(const char *text) { put(text, strlen(text)); }

// The length of the UTF-8 sequence at `bytes` by RFC 3629 (no overlong form, no surrogate), or 0.
static size_t sequence_length(const unsigned char *bytes, size_t left) {
    size_t length = bytes[0] < 0x80 ? 1 : bytes[0] < 0xC2 ? 0 : bytes[0] < 0xE0 ? 2 : bytes[0] < 0xF0 ? 3 : 4;
    if (length == 0 || bytes[0] > 0xF4 || length > left) return 0;
    for (size_t index = 1; index < length; index++)
        if ((bytes[index] & 0xC0) != 0x80) return 0;
    if (bytes[0] == 0xE0 && bytes[1] < 0xA0) return 0;
    if (bytes[0] == 0xED && bytes[1] > 0x9F) return 0;
    if (bytes[0] == 0xF0 && bytes[1] < 0x90) return 0;
    if (bytes[0] == 0xF4 && bytes[1] > 0x8F) return 0;
    return length;
}

static void put_quoted(const char *value, size_t length) {
    put_text("\"");
    for (size_t index = 0; index < length;) {
        const unsigned char *bytes = (const unsigned char *)value + index;
        size_t step = sequence_length(bytes, length - index);
        char escape[8];
        if (step == 0) {
            put_text("\\ufffd");
            step = 1;
        } else if (bytes[0] == '"' || bytes[0] == '\\') {
            snprintf(escape, sizeof escape, "\\%c", bytes[0]);
            put_text(escape);
        } else if (bytes[0] < 0x20 || bytes[0] == 0x7F) {
            snprintf(escape, sizeof escape, "\\u%04x", bytes[0]);
            put_text(escape);
        } else {
            put(value + index, step);
        }
        index += step;
    }
    put_text("\"");
}

static void put_key(const char *key) {
    if (needs_comma) put_text(",");
    needs_comma = true;
    if (!key) return;
    put_quoted(key, strlen(key));
    put_text(":");
}

void json_begin(void) {
    needs_comma = false;
    json_open(NULL, '{');
    json_text("verb", json_verb);
}

void json_end(void) {
    json_close('}');
    put_text("\n");
    flush();
}

void json_bytes(const char *key, const char *value, size_t length) {
    put_key(key);
    put_quoted(value, length);
}

void json_text(const char *key, const char *value) {
    if (value)
        json_bytes(key, value, strlen(value));
    else
        json_null(key);
}

void json_number(const char *key, long long value) {
    char digits[32];
    snprintf(digits, sizeof digits, "%lld", value);
    put_key(key);
    put_text(digits);
}

void json_number_or_errno(const char *key, long long value) {
    if (value < 0)
        json_text(key, errno_name(errno));
    else
        json_number(key, value);
}

void json_hex(const char *key, unsigned long long value) {
    char digits[32];
    snprintf(digits, sizeof digits, "0x%llx", value);
    json_text(key, digits);
}

void json_octal(const char *key, unsigned value) {
    char digits[32];
    snprintf(digits, sizeof digits, "%04o", value);
    json_text(key, digits);
}

void json_flag(const char *key, bool value) {
    put_key(key);
    put_text(value ? "true" : "false");
}

void json_null(const char *key) {
    put_key(key);
    put_text("null");
}

void json_open(const char *key, char bracket) {
    put_key(key);
    put(&bracket, 1);
    needs_comma = false;
}

void json_close(char bracket) {
    put(&bracket, 1);
    needs_comma = true;
}

const char *errno_name(int number) {
    static char digits[16];
    const char *name = strerrorname_np(number);
    if (name) return name;
    snprintf(digits, sizeof digits, "%d", number);  // a filter may answer any number
    return digits;
}

void json_result(int number) {
    json_text("result", number ? "denied" : "ok");
    json_text("errno", number ? errno_name(number) : NULL);
}

void json_outcome(const char *key, int number) {
    json_open(key, '{');
    json_result(number);
    json_close('}');
}

int answer(long outcome) {
    int number = outcome < 0 ? errno : 0;
    json_begin();
    json_result(number);
    json_end();
    return ANSWERED;
}

int answer_at(const char *step, long outcome) {
    int number = outcome < 0 ? errno : 0;
    json_begin();
    json_result(number);
    json_text("step", step);
    json_end();
    return ANSWERED;
}

int answer_state(const char *state) {
    json_begin();
    json_text("state", state);
    json_end();
    return ANSWERED;
}
