// Who the program is to the kernel: ids, capabilities, filters, keyrings, namespaces.
#include "probe.h"

#include "json.h"
#include "kernel.h"
#include "proc.h"

#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static void group_list(void) {
    static gid_t groups[65536];  // the kernel's NGROUPS_MAX
    int count = getgroups(65536, groups);
    json_open("groups", '[');
    for (int index = 0; index < count; index++) json_number(NULL, groups[index]);
    json_close(']');
}

static int groups(char **arguments UNUSED) {
    json_begin();
    group_list();
    json_end();
    return ANSWERED;
}

// The fourth number of "Uid:" and "Gid:": setfsuid() could tell too, but a filter may refuse it.
static void filesystem_id(const char *key, const char *field) {
    char line[128];
    long long id;
    if (read_status(field, line, sizeof line) >= 0 && sscanf(line, "%*d %*d %*d %lld", &id) == 1)
        json_number(key, id);
    else
        json_null(key);
}

static int ids(char **arguments UNUSED) {
    uid_t real, effective, saved;
    gid_t real_group, effective_group, saved_group;
    getresuid(&real, &effective, &saved);
    getresgid(&real_group, &effective_group, &saved_group);
    json_begin();
    json_number("ruid", real);
    json_number("euid", effective);
    json_number("suid", saved);
    filesystem_id("fsuid", "Uid");
    json_number("rgid", real_group);
    json_number("egid", effective_group);
    json_number("sgid", saved_group);
    filesystem_id("fsgid", "Gid");
    group_list();
    json_end();
    return ANSWERED;
}

static void status_text(const char *key, const char *field) {
    char value[128];
    json_text(key, read_status(field, value, sizeof value) < 0 ? NULL : value);
}

static int caps(char **arguments UNUSED) {
    json_begin();
    status_text("effective", "CapEff");
    status_text("permitted", "CapPrm");
    status_text("inheritable", "CapInh");
    status_text("bounding", "CapBnd");
    status_text("ambient", "CapAmb");
    int bits = prctl(PR_GET_SECUREBITS);
    if (bits < 0)
        json_text("securebits", errno_name(errno));
    else
        json_hex("securebits", (unsigned)bits);
    json_number_or_errno("no_new_privs", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    json_number_or_errno("dumpable", prctl(PR_GET_DUMPABLE));
    json_end();
    return ANSWERED;
}

static void status_number(const char *key, const char *field) {
    char value[128];
    long long number;
    if (read_status(field, value, sizeof value) >= 0 && sscanf(value, "%lld", &number) == 1)
        json_number(key, number);
    else
        json_null(key);
}

static int seccomp(char **arguments UNUSED) {
    json_begin();
    status_number("mode", "Seccomp");
    status_number("filters", "Seccomp_filters");
    json_end();
    return ANSWERED;
}

// The kernel does not tell whether a domain is in force: that shows in what open and connect answer.
static int landlock(char **arguments UNUSED) {
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    int number = version < 0 ? errno : 0;
    json_begin();
    json_result(number);
    if (number)
        json_null("abi");
    else
        json_number("abi", version);
    json_end();
    return ANSWERED;
}

static int keyring(char **arguments UNUSED) {
    char description[256] = "";
    // Where the session has no keyring of its own the kernel answers the user's default one, "_uid_ses.N".
    long id = syscall(SYS_keyctl, PROBE_KEYCTL_GET_KEYRING_ID, PROBE_KEY_SESSION_KEYRING, 0);
    int number = id < 0 ? errno : 0;
    long length = number ? -1 : syscall(SYS_keyctl, PROBE_KEYCTL_DESCRIBE, id, description, sizeof description - 1);
    json_begin();
    json_result(number);
    if (number)
        json_null("id");
    else
        json_number("id", id);
    json_text("description", length < 0 ? NULL : description);
    json_end();
    return ANSWERED;
}

static int namespaces(char **arguments UNUSED) {
    static const char *const names[] = {
        "cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "time_for_children", "user", "uts",
    };
    json_begin();
    for (size_t index = 0; index < sizeof names / sizeof *names; index++) {
        char path[64], target[64];
        snprintf(path, sizeof path, "/proc/self/ns/%s", names[index]);
        ssize_t length = readlink(path, target, sizeof target);
        if (length < 0)
            json_null(names[index]);
        else
            json_bytes(names[index], target, (size_t)length);
    }
    json_end();
    return ANSWERED;
}

const struct verb identity_verbs[] = {
    {"ids", 0, 0, "", "user, group and supplementary group ids", ids},
    {"groups", 0, 0, "", "supplementary group ids", groups},
    {"caps", 0, 0, "", "the five capability sets, securebits, no_new_privs, dumpable", caps},
    {"seccomp", 0, 0, "", "seccomp mode and number of filters", seccomp},
    {"landlock", 0, 0, "", "the kernel's Landlock ABI", landlock},
    {"keyring", 0, 0, "", "the session keyring", keyring},
    {"namespaces", 0, 0, "", "the links of /proc/self/ns", namespaces},
    {0},
};
