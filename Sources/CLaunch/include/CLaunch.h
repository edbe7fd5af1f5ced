// From clone3 to the execution of jrun-init: the only code that runs in the child of a possibly threaded process.
//
// The child shares the parent's memory and the parent sleeps until it has executed (CLONE_VM|CLONE_VFORK), so the
// child may do system calls and nothing else: no allocation, no locks, no Swift. It resets signals, places the
// descriptors, closes all others and executes jrun-init by descriptor.
#pragma once
#include <stdint.h>

struct jrun_launch {
    uint64_t namespaces;  // CLONE_NEW*
    int cgroup;           // directory of the cgroup that jrun-init starts in, or -1
    int init;             // jrun-init's executable
    int null;             // /dev/null, for 0, 1 and 2
    int network;          // network namespace to enter, or -1
    const int *fds;       // placed at 3, 4, …
    int fd_count;         // at most JRUN_LAUNCH_MAX_FDS
    const char *run;      // shown in `ps` beside jrun-init
    int pidfd;            // out: the child, valid when the result is 0
    int pid;              // out
    uint32_t failed_step; // out: JRUN_STEP_*, when the result is an error
};

#define JRUN_LAUNCH_MAX_FDS 128

// A user namespace in which 0 stands for the uid and gid `id` out here, for the owners on an ID-mapped mount: such a
// namespace takes a process for a moment. Returns a descriptor, or -errno.
int jrun_owner_namespace(unsigned id);

// A network namespace that is made while the caller does something else: a third of what the kernel does for a run. Stays
// where it is from `begin` to `end`, which must follow; between them `take`, once, waits and gives a descriptor, or -errno.
struct jrun_network {
    int maker;
    int ends[2];
    _Alignas(16) char stack[4096];
};
void jrun_network_begin(struct jrun_network *network);
int jrun_network_take(struct jrun_network *network);
void jrun_network_end(struct jrun_network *network);

// Returns 0, or -errno of what failed; then no child is left.
int jrun_launch(struct jrun_launch *launch);
