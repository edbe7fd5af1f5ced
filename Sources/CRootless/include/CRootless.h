// An ordinary user's process becomes the ruler of a user namespace and a mount namespace of its own: the only privilege
// that a run needs then is one that every user has. docs/rootless.md tells the whole.
//
// The caller has one thread: unshare(CLONE_NEWUSER) of a process with more is EINVAL. Source: unshare(2).
#pragma once
#include <stdint.h>

// Where it failed.
#define JRUN_ROOTLESS_PREPARE 1  // a pipe, a process
#define JRUN_ROOTLESS_UNSHARE 2  // the namespaces
#define JRUN_ROOTLESS_MAP 3      // the ids, written here
#define JRUN_ROOTLESS_HELPER 4   // the ids, written by newuidmap and newgidmap; `words` is what they said
#define JRUN_ROOTLESS_CAPABILITY 5 // keeping the capabilities over an execve
#define JRUN_ROOTLESS_MOUNT 6    // the first use of them

struct jrun_rootless {
    // Single id: the one line of each map.
    const char *uid_map, *gid_map;
    // Subordinate ids: the helpers with their arguments, argv[0] being the path; null for a single id.
    char *const *uid_helper;
    char *const *gid_helper;
    int failed_step; // out: JRUN_ROOTLESS_*, when the result is an error
    char words[512]; // out: what a helper said
};

// Returns 0, or -errno of what failed; the process is of no use for runs then.
int jrun_rootless_enter(struct jrun_rootless *r);

// Executes; -errno when that is not possible.
int jrun_execute(const char *path, char *const *arguments);

// Whether somebody listens on a Unix stream socket.
int jrun_is_served(const char *socket);
