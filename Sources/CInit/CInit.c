#include "CInit.h"

#include <stddef.h>

static uint8_t bytes[JRUN_BUFFER_BYTES] __attribute__((aligned(16)));
uint8_t *const jrun_buffer = bytes;

static uint8_t stack[JRUN_STACK_BYTES] __attribute__((aligned(16)));
uint8_t *const jrun_stack = stack;

#if defined(__x86_64__)
__asm__(".globl _start\n"
        "_start:\n"
        "    xor %ebp, %ebp\n"
        "    and $-16, %rsp\n"
        "    call jrun_init_main\n"
        "    hlt\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n"
        "_start:\n"
        "    mov x29, #0\n"
        "    mov x30, #0\n"
        "    bl jrun_init_main\n"
        "    brk #0\n");
#endif

void *memset(void *to, int value, size_t n) {
    unsigned char *p = to;
    while (n--) *p++ = (unsigned char)value;
    return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t n) {
    unsigned char *p = to;
    const unsigned char *q = from;
    while (n--) *p++ = *q++;
    return to;
}

void *memmove(void *to, const void *from, size_t n) {
    unsigned char *p = to;
    const unsigned char *q = from;
    if (p < q)
        while (n--) *p++ = *q++;
    else
        while (n--) p[n] = q[n];
    return to;
}
