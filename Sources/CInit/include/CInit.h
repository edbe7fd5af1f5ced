// What jrun-init cannot say in Embedded Swift: its entry point, the mem* functions the compiler calls, and static
// buffers (there is no heap).
#pragma once
#include <stdint.h>

#define JRUN_BUFFER_BYTES 65536
// One buffer serves everybody: there is one thread, and each user is done with the bytes before the next call.
extern uint8_t *const jrun_buffer;

// For the program's process while it holds: jrun-init does not sleep on the same stack then.
#define JRUN_STACK_BYTES 65536
extern uint8_t *const jrun_stack;
