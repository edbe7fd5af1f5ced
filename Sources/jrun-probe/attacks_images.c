// Past what lies over a file, and to the layers of an overlay.
#include "probe.h"

#include "json.h"
#include "kernel.h"
#include "proc.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static int answer_content(int directory, const char *path) {
    int file = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0) return answer_at("open", -1);
    ssize_t count = read(file, scratch, 4096);
    int number = count < 0 ? errno : 0;
    json_begin();
    json_result(number);
    json_bytes("content", scratch, number ? 0 : (size_t)count);
    json_end();
    return ANSWERED;
}

static int uncover(char **arguments) {
    if (umount2(arguments[0], MNT_DETACH) < 0) return answer_at("umount2", -1);
    return answer_content(AT_FDCWD, arguments[0]);
}

// Without AT_RECURSIVE, a copy of a mount has nothing of what is mounted on it (open_tree(2)).
static int clone_beneath(char **arguments) {
    int tree = (int)syscall(SYS_open_tree, AT_FDCWD, arguments[0], OPEN_TREE_CLONE | O_CLOEXEC);
    if (tree < 0) return answer_at("open_tree", -1);
    return answer_content(tree, arguments[1]);
}

// Overlayfs shows the paths as they were given, from wherever whoever mounted it stood.
static bool opens(const char *layer) {
    static const char *const ways[] = {"", "/", "/proc/self/root/", "/proc/1/root/", "/proc/1/cwd/", "../../../../"};
    char path[4200];
    for (size_t way = 0; way < sizeof ways / sizeof *ways; way++) {
        snprintf(path, sizeof path, "%s%s", ways[way], layer);
        int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (directory < 0) continue;
        close(directory);
        return true;
    }
    return false;
}

// 36 35 98:0 / /mountpoint rw - overlay source rw,lowerdir=/a:/b,upperdir=/c,workdir=/d    (proc(5))
static bool opens_layer_of(char *line, const char *beneath) {
    char *tail = strstr(line, " - overlay "), *mountpoint = line;
    if (!tail) return false;
    for (int field = 0; field < 4 && mountpoint; field++) mountpoint = strchr(mountpoint + 1, ' ');
    if (!mountpoint || strncmp(mountpoint + 1, beneath, strlen(beneath)) != 0) return false;
    for (char *option; (option = strsep(&tail, ", "));) {
        char *value = strstr(option, "dir=");
        if (!value) continue;
        undo_octal(value += 4);
        for (char *layer; (layer = strsep(&value, ":"));)
            if (*layer && opens(layer)) return true;
    }
    return false;
}

static int reach_layers(char **arguments) {
    if (read_text("/proc/self/mountinfo", scratch, sizeof scratch) < 0) return answer_at("read", -1);
    for (char *rest = scratch, *line; (line = strsep(&rest, "\n"));)
        if (opens_layer_of(line, arguments[0])) return answer(0);
    errno = ENOENT;
    return answer(-1);
}

const struct verb image_attacks[] = {
    {"uncover", 1, 1, "PATH", "unmount what lies over a file, and read it", uncover},
    {"clone-beneath", 2, 2, "DIR NAME", "read a file in a copy of the mount without what lies over it", clone_beneath},
    {"reach-layers", 1, 1, "PREFIX", "open a layer of an overlay that is mounted at PREFIX…", reach_layers},
    {0},
};
