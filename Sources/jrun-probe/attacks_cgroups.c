// Attempts to leave the cgroup, or to change what bounds it or its neighbours.
#include "probe.h"

#include "json.h"
#include "kernel.h"
#include "proc.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static int put(const char *path, const char *text) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) return -1;
    return write(file, text, strlen(text)) < 0 ? -1 : 0;
}

static int write_there(char **arguments) { return answer_at(arguments[0], put(arguments[0], arguments[1])); }

// What is there already is written again: allowed or not is all that we want to know.
static int rewrite(char **arguments) {
    static char text[4096];
    if (read_text(arguments[0], text, sizeof text) < 0) return answer_at("read", -1);
    return answer_at("write", put(arguments[0], text));
}

// A file of the cgroup that /proc/self/cgroup names, in the unified tree or in the one beside the old hierarchies.
static int change_own(char **arguments) {
    static const char *const trees[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
    static char lines[4096];
    char path[4400];
    if (read_text("/proc/self/cgroup", lines, sizeof lines) < 0) return answer_at("/proc/self/cgroup", -1);
    char *own = strstr(lines, "0::");
    if (!own) return answer_at("/proc/self/cgroup", -1);
    own += 3;
    own[strcspn(own, "\n")] = 0;
    int outcome = -1;
    for (size_t index = 0; index < sizeof trees / sizeof *trees && outcome < 0; index++) {
        snprintf(path, sizeof path, "%s%s/%s", trees[index], own, arguments[0]);
        outcome = put(path, arguments[1]);
    }
    return answer_at("write", outcome);
}

// A fresh mount of the tree shows more than the one that was taken away; then out of our own cgroup.
static int mount_and_join(char **arguments) {
    char path[4096];
    if (mount("jrun-probe", arguments[0], "cgroup2", 0, NULL) < 0) return answer_at("mount", -1);
    snprintf(path, sizeof path, "%s/cgroup.procs", arguments[0]);
    int outcome = put(path, "0");
    int status = answer_at("join", outcome);
    umount2(arguments[0], MNT_DETACH);
    return status;
}

// CVE-2022-0492: the kernel starts a program of our choice, as root and in the first namespaces, when a cgroup of an old
// hierarchy becomes empty. The hierarchy has no controllers and goes with its mount; the program does not exist.
static int set_release_agent(char **arguments) {
    char path[4096];
    if (mount("jrun-probe", arguments[0], "cgroup", 0, "none,name=jrun-probe") < 0) return answer_at("mount", -1);
    snprintf(path, sizeof path, "%s/release_agent", arguments[0]);
    int status = answer_at("release_agent", put(path, "/nonexistent/jrun-probe"));
    umount2(arguments[0], MNT_DETACH);
    return status;
}

const struct verb cgroup_attacks[] = {
    {"put", 2, 2, "PATH TEXT", "write into a file that is there", write_there},
    {"rewrite", 1, 1, "PATH", "write what a file holds into it again", rewrite},
    {"cgroup-own", 2, 2, "FILE TEXT", "write into a file of our own cgroup", change_own},
    {"cgroup-mount", 1, 1, "DIR", "mount cgroup2 and join its root", mount_and_join},
    {"release-agent", 1, 1, "DIR", "mount an old hierarchy and set its release agent", set_release_agent},
    {0},
};
