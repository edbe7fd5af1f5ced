// jrun-probe: a static program that the privileged tests run inside the sandbox. Each verb asks the kernel one
// question from where the program stands and prints the answer as one line of JSON; the test judges, the probe never
// does. It is C on purpose: no runtime that opens descriptors, starts threads or changes signal handlers beforehand.
//
// Exit codes: 0 the question was answered (a refusal by the kernel is an answer), 2 it was not a question.
#ifndef PROBE_H
#define PROBE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNUSED __attribute__((unused))

enum { ANSWERED = 0, BAD_USAGE = 2 };

#define ANY_NUMBER 1000000

struct verb {
    const char *name;
    int minimum, maximum;   // how many arguments; main() has checked before `run` is called
    const char *arguments;  // for help
    const char *question;   // for help
    int (*run)(char **arguments);  // a NULL-terminated list, without the verb
};

// Each ends with an entry without a name.
extern const struct verb identity_verbs[], inherited_verbs[], view_verbs[], limit_verbs[], file_verbs[], litter_verbs[];
extern const struct verb network_verbs[], namespace_attacks[], process_attacks[], kernel_attacks[];
extern const struct verb file_attacks[], change_attacks[], proc_attacks[], ipc_attacks[], watch_attacks[];
extern const struct verb memory_attacks[], signal_attacks[], mount_attacks[], cgroup_attacks[], machine_attacks[];
extern const struct verb privilege_attacks[], lifetime_attacks[], network_attacks[], image_attacks[];
extern const struct verb load_verbs[], output_verbs[], ending_verbs[];

extern char **probe_argv;  // as the kernel handed it over

// For whichever verb reads a large file. All variables together have to stay below 2 MiB or so: where they hold a whole huge
// page, the kernel gives one for the first byte that is written, and no memory of a run is as large as it should be.
extern char scratch[1 << 20];

#endif
