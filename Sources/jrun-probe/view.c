// What the program can see of the machine: mounts, processes, names, clocks.
#include "probe.h"

#include "json.h"
#include "proc.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

static void split_list(const char *key, char *text) {
    json_open(key, '[');
    for (char *item; (item = strsep(&text, ","));)
        if (*item) json_text(NULL, item);
    json_close(']');
}

static void place(const char *key, char *text) {
    undo_octal(text);
    json_text(key, text);
}

// 36 35 98:0 /root /mountpoint rw,noatime shared:1 … - ext4 source rw,errors=continue    (proc(5))
static void describe_mount(char *line) {
    char *fields[6], *propagation = NULL;
    for (int index = 0; index < 6; index++)
        if (!(fields[index] = strsep(&line, " "))) return;
    char *tail = strncmp(line, "- ", 2) == 0 ? line : strstr(line, " - ");
    if (!tail) return;
    if (tail != line) {
        *tail++ = 0;
        propagation = line;
    }
    tail += 2;
    char *type = strsep(&tail, " "), *source = strsep(&tail, " ");
    json_open(NULL, '{');
    place("mountpoint", fields[4]);
    json_text("fstype", type);
    split_list("options", fields[5]);
    split_list("super_options", tail);
    place("root", fields[3]);
    json_text("source", source);
    json_text("propagation", propagation);  // null: private
    json_close('}');
}

static int mounts(char **arguments UNUSED) {
    int number = read_text("/proc/self/mountinfo", scratch, sizeof scratch) < 0 ? errno : 0;
    json_begin();
    json_result(number);
    json_open("mounts", '[');
    for (char *rest = number ? NULL : scratch, *line; (line = strsep(&rest, "\n"));)
        if (*line) describe_mount(line);
    json_close(']');
    json_end();
    return ANSWERED;
}

static void describe_process(const char *pid) {
    char path[300], name[64] = "";
    struct stat owner;
    snprintf(path, sizeof path, "/proc/%s/comm", pid);
    bool named = read_text(path, name, sizeof name) > 0;
    name[strcspn(name, "\n")] = 0;
    snprintf(path, sizeof path, "/proc/%s", pid);
    json_open(NULL, '{');
    json_number("pid", atoll(pid));
    json_text("name", named ? name : NULL);
    json_number("uid", stat(path, &owner) < 0 ? -1 : (long long)owner.st_uid);
    json_close('}');
}

static int processes(char **arguments UNUSED) {
    DIR *directory = opendir("/proc");
    int number = directory ? 0 : errno;
    json_begin();
    json_result(number);
    json_open("processes", '[');
    for (struct dirent *entry; directory && (entry = readdir(directory));)
        if (isdigit((unsigned char)entry->d_name[0])) describe_process(entry->d_name);
    json_close(']');
    json_end();
    return ANSWERED;
}

static int host_name(char **arguments UNUSED) {
    struct utsname names;
    uname(&names);
    json_begin();
    json_text("hostname", names.nodename);
    json_text("domainname", names.domainname);
    json_text("release", names.release);
    json_text("machine", names.machine);
    json_end();
    return ANSWERED;
}

static int cgroup(char **arguments UNUSED) {
    char text[8192];
    int number = read_text("/proc/self/cgroup", text, sizeof text) < 0 ? errno : 0;
    json_begin();
    json_result(number);
    json_open("cgroup", '[');
    for (char *rest = number ? NULL : text, *line; (line = strsep(&rest, "\n"));)
        if (*line) json_text(NULL, line);
    json_close(']');
    json_end();
    return ANSWERED;
}

static void mount_flags(unsigned long flags) {
    static const char *const names[] = {"ro", "nosuid", "nodev", "noexec"};  // ST_RDONLY is bit 0, and so on
    json_open("flags", '[');
    for (int bit = 0; bit < 4; bit++)
        if (flags >> bit & 1) json_text(NULL, names[bit]);
    json_close(']');
}

static int tmpfs_size(char **arguments) {
    struct statfs facts = {0};
    int number = statfs(arguments[0], &facts) < 0 ? errno : 0;
    json_begin();
    json_result(number);
    json_number("total_bytes", (long long)facts.f_blocks * facts.f_bsize);
    json_number("free_bytes", (long long)facts.f_bavail * facts.f_bsize);
    json_number("files", (long long)facts.f_files);
    json_number("free_files", (long long)facts.f_ffree);
    json_flag("tmpfs", facts.f_type == 0x01021994);
    json_hex("type", (unsigned long)facts.f_type);
    mount_flags((unsigned long)facts.f_flags);
    json_end();
    return ANSWERED;
}

static int posix_memory(void) {
    int file = shm_open("/jrun-probe", O_RDWR | O_CREAT | O_EXCL, 0600);
    if (file < 0) return errno;
    int number = write(file, "x", 1) < 0 ? errno : 0;
    close(file);
    shm_unlink("/jrun-probe");
    return number;
}

static int system_v_memory(void) {
    int segment = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
    if (segment < 0) return errno;
    void *address = shmat(segment, NULL, 0);
    int number = address == (void *)-1 ? errno : 0;
    shmctl(segment, IPC_RMID, NULL);
    return number;
}

static int shared_memory(char **arguments UNUSED) {
    json_begin();
    json_outcome("posix", posix_memory());
    json_outcome("system_v", system_v_memory());
    json_end();
    return ANSWERED;
}

static void clock_nanoseconds(const char *key, clockid_t clock) {
    struct timespec now;
    int outcome = clock_gettime(clock, &now);
    json_number_or_errno(key, outcome < 0 ? -1 : now.tv_sec * 1000000000LL + now.tv_nsec);
}

static int clocks(char **arguments UNUSED) {
    json_begin();
    clock_nanoseconds("realtime_ns", CLOCK_REALTIME);
    clock_nanoseconds("monotonic_ns", CLOCK_MONOTONIC);
    clock_nanoseconds("boottime_ns", CLOCK_BOOTTIME);
    clock_nanoseconds("cpu_ns", CLOCK_PROCESS_CPUTIME_ID);
    json_end();
    return ANSWERED;
}

const struct verb view_verbs[] = {
    {"mounts", 0, 0, "", "every mount of /proc/self/mountinfo", mounts},
    {"processes", 0, 0, "", "every process that /proc shows", processes},
    {"hostname", 0, 0, "", "host and domain name", host_name},
    {"cgroup", 0, 0, "", "the lines of /proc/self/cgroup", cgroup},
    {"tmpfs-size", 1, 1, "PATH", "size, type and mount flags of the file system at PATH", tmpfs_size},
    {"shm", 0, 0, "", "does POSIX and System V shared memory work", shared_memory},
    {"time", 0, 0, "", "what the clocks show", clocks},
    {0},
};
