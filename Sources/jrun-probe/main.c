// The verb table, help, and `batch`, which asks many questions in one run.
#include "probe.h"

#include "json.h"
#include "words.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

char **probe_argv;
char scratch[1 << 20];

static int batch(char **arguments);
static int help(char **arguments);

static const struct verb own_verbs[] = {
    {"batch", 1, ANY_NUMBER, "VERB ARG… [-- VERB ARG…]…",
     "each in a child of its own, so that a killed one is an answer", batch},
    {"help", 0, 0, "", "this list", help},
    {0},
};

static const struct verb *const tables[] = {
    own_verbs, identity_verbs, inherited_verbs, view_verbs, limit_verbs, file_verbs, litter_verbs, network_verbs,
    namespace_attacks, process_attacks, kernel_attacks, memory_attacks, signal_attacks, mount_attacks, cgroup_attacks,
    machine_attacks, privilege_attacks, lifetime_attacks, network_attacks, file_attacks, change_attacks, proc_attacks,
    ipc_attacks, watch_attacks, image_attacks, load_verbs, output_verbs, ending_verbs, NULL,
};

static const struct verb *find(const char *name) {
    for (const struct verb *const *table = tables; *table; table++)
        for (const struct verb *verb = *table; verb->name; verb++)
            if (strcmp(verb->name, name) == 0) return verb;
    return NULL;
}

static int help(char **arguments UNUSED) {
    for (const struct verb *const *table = tables; *table; table++) {
        for (const struct verb *verb = *table; verb->name; verb++) {
            printf("%s %s\n        %s\n", verb->name, verb->arguments, verb->question);
        }
        printf("\n");
    }
    fflush(stdout);
    return ANSWERED;
}

static int ask(char **question) {
    const struct verb *verb = question[0] ? find(question[0]) : NULL;
    if (!verb) {
        fprintf(stderr, "jrun-probe: no verb '%s'; `jrun-probe help` lists them\n", question[0] ? question[0] : "");
        return BAD_USAGE;
    }
    int count = 0;
    while (question[count + 1]) count++;
    json_verb = verb->name;
    int status = BAD_USAGE;
    if (count >= verb->minimum && count <= verb->maximum) status = verb->run(question + 1);
    if (status == BAD_USAGE) fprintf(stderr, "usage: jrun-probe %s %s\n", verb->name, verb->arguments);
    return status;
}

// What the child could not say itself: a filter that kills leaves no line behind.
static int report_end(const char *verb, int status) {
    bool killed = WIFSIGNALED(status);
    if (!killed && WEXITSTATUS(status) == ANSWERED) return ANSWERED;
    json_verb = verb;
    json_begin();
    json_text("result", killed ? "killed" : "failed");
    json_null("errno");
    if (killed)
        json_text("signal", signal_name(WTERMSIG(status)));
    else
        json_number("exit", WEXITSTATUS(status));
    json_end();
    return !killed && WEXITSTATUS(status) == BAD_USAGE ? BAD_USAGE : ANSWERED;
}

static int ask_in_child(char **question) {
    pid_t child = fork();
    if (child == 0) _exit(ask(question));
    int status;
    if (child < 0 || waitpid(child, &status, 0) < 0) return answer_at("fork", -1);
    return report_end(question[0], status);
}

static int batch(char **arguments) {
    int worst = ANSWERED;
    while (*arguments) {
        char **end = arguments;
        while (*end && strcmp(*end, "--") != 0) end++;
        char **next = *end ? end + 1 : end;
        *end = NULL;
        int status = ask_in_child(arguments);
        if (status > worst) worst = status;
        arguments = next;
    }
    return worst;
}

int main(int count, char **arguments) {
    probe_argv = arguments;
    if (count < 2) {
        fprintf(stderr, "usage: jrun-probe VERB [ARG…]; `jrun-probe help` lists the verbs\n");
        return BAD_USAGE;
    }
    return ask(arguments + 1);
}
