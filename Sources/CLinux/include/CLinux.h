// Thin system call wrappers and kernel constants, usable without a C library.
//
// Every `sys_` function is one system call and returns what the kernel returned: a value, or -errno. Nothing here
// reads or writes `errno`, allocates, or keeps state, so the same code serves the CLI, the daemon, the child between
// clone and exec, and jrun-init (Embedded Swift, no libc).
//
// Debian 12's kernel headers are older than the kernels it meets, so constants stand here with the kernel's own names
// and values. A file that imports this module does not import Glibc as well: the names would be ambiguous.
#pragma once

#include "constants.h"
#include "structs.h"
#include "syscalls.h"
