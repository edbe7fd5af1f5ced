// More ways to change what is mounted, and the old ways out of a root directory.
#include "probe.h"

#include "json.h"
#include "kernel.h"
#include "words.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static int mount_type(char **arguments) {
    return answer(mount("jrun-probe", arguments[1], arguments[0], MS_NOSUID | MS_NODEV, arguments[2]));
}

static int move_old(char **arguments) { return answer(mount(arguments[0], arguments[1], NULL, MS_MOVE, NULL)); }

// Mounts made later then appear in every copy of the tree, that of the node too (mount_namespaces(7)).
static int share(char **arguments) { return answer(mount(NULL, arguments[0], NULL, MS_SHARED | MS_REC, NULL)); }

static int reconfigure(char **arguments) {
    int context = (int)syscall(433 /* fspick */, AT_FDCWD, arguments[0], 0);
    if (context < 0) return answer_at("fspick", -1);
    return answer_at("fsconfig", syscall(SYS_fsconfig, context, 7 /* FSCONFIG_CMD_RECONFIGURE */, NULL, NULL, 0));
}

static int attach(char **arguments) {
    int tree = (int)syscall(SYS_open_tree, AT_FDCWD, arguments[0], OPEN_TREE_CLONE | O_CLOEXEC);
    if (tree < 0) return answer_at("open_tree", -1);
    return answer_at("move_mount", syscall(429 /* move_mount */, tree, "", AT_FDCWD, arguments[1], 4 /* F_EMPTY_PATH */));
}

// Takes a mount point that is there, or makes one.
static int pivot_into(char **arguments) {
    struct stat here, above;
    const char *directory = arguments[0];
    if (chdir(directory) < 0 || stat(".", &here) < 0 || stat("..", &above) < 0) return answer_at("chdir", -1);
    if (here.st_dev == above.st_dev && mount("jrun-probe", directory, "tmpfs", 0, "size=4k") < 0)
        return answer_at("mount", -1);
    if (chdir(directory) < 0) return answer_at("chdir", -1);
    return answer_at("pivot_root", syscall(SYS_pivot_root, ".", "."));
}

// The classic: a process whose current directory is above its root walks up to the real one (chroot(2), "does not intend").
static int leave_root(char **arguments) {
    static char text[4096];
    int above = open("/", O_DIRECTORY | O_CLOEXEC);
    if (mkdir(arguments[0], 0700) < 0 && errno != EEXIST) return answer_at("mkdir", -1);
    if (chroot(arguments[0]) < 0) return answer_at("chroot", -1);
    if (fchdir(above) < 0) return answer_at("fchdir", -1);
    for (int level = 0; level < 64; level++)
        if (chdir("..") < 0) return answer_at("chdir", -1);
    if (chroot(".") < 0) return answer_at("chroot", -1);
    int file = open(arguments[1], O_RDONLY | O_CLOEXEC);
    ssize_t count = file < 0 ? -1 : read(file, text, sizeof text);
    int number = count < 0 ? errno : 0;
    json_begin();
    json_result(number);
    json_bytes("text", text, number ? 0 : (size_t)count);
    json_end();
    return ANSWERED;
}

// All namespaces of a process at once, by its pidfd (setns(2), Linux 5.8).
static int enter_by_pidfd(char **arguments) {
    long long target;
    if (!parse_number(arguments[0], &target)) return BAD_USAGE;
    int process = (int)syscall(SYS_pidfd_open, (pid_t)target, 0);
    if (process < 0) return answer_at("pidfd_open", -1);
    return answer_at("setns", syscall(SYS_setns, process, 0x0C000000 /* CLONE_NEWUTS | CLONE_NEWIPC */));
}

const struct verb mount_attacks[] = {
    {"mount-type", 2, 3, "TYPE DIR [OPTIONS]", "mount a file system of this type", mount_type},
    {"mount-move", 2, 2, "OLD NEW", "MS_MOVE", move_old},
    {"mount-share", 1, 1, "PATH", "make the tree propagate", share},
    {"fspick", 1, 1, "PATH", "reconfigure a file system by fspick and fsconfig", reconfigure},
    {"move-mount", 2, 2, "OLD NEW", "attach a copy of a mount by open_tree and move_mount", attach},
    {"pivot-into", 1, 1, "DIR", "pivot_root into a tmpfs", pivot_into},
    {"chroot-escape", 2, 2, "DIR FILE", "chroot, fchdir, up and up, chroot; read FILE there", leave_root},
    {"setns-pidfd", 1, 1, "PID", "enter the namespaces of a process by its pidfd", enter_by_pidfd},
    {0},
};
