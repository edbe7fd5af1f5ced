// Attempts to leave the namespaces and the root, or to change the mounts. Each prints the one shape of an attempt;
// whatever succeeds is confined to this process or undone, so that a hole found outside of a sandbox hurts nobody.
#include "probe.h"

#include "json.h"
#include "kernel.h"
#include "words.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

static int unshare_these(char **arguments) {
    unsigned long long flags;
    if (!parse_words(namespace_flags, arguments, &flags)) return BAD_USAGE;
    return answer(unshare((int)flags));
}

// The child of a raw clone must touch nothing of libc: glibc still believes it is the parent.
static int answer_clone(long child) {
    if (child == 0) syscall(SYS_exit_group, 0);
    int status = answer(child);
    if (child > 0) waitpid((pid_t)child, NULL, __WALL);
    return status;
}

static int clone_with(char **arguments) {
    unsigned long long flags;
    if (!parse_words(namespace_flags, arguments, &flags)) return BAD_USAGE;
    return answer_clone(syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0));
}

// Its flags lie in memory where no filter can look, so a filter has to refuse the call itself (ENOSYS).
static int clone3_with(char **arguments) {
    unsigned long long flags;
    if (!parse_words(namespace_flags, arguments, &flags)) return BAD_USAGE;
    uint64_t request[8] = {[0] = flags, [4] = SIGCHLD};  // struct clone_args, version 0
    return answer_clone(syscall(SYS_clone3, request, sizeof request));
}

static int enter_namespace(char **arguments) {
    int file = open(arguments[0] ? arguments[0] : "/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
    if (file < 0) return answer_at("open", -1);
    return answer_at("setns", setns(file, 0));
}

static int mount_old(char **arguments) {
    const char *directory = arguments[0] ? arguments[0] : "/tmp";
    int outcome = mount("jrun-probe", directory, "tmpfs", MS_NOSUID | MS_NODEV, "size=4k");
    int status = answer(outcome);
    if (outcome == 0) umount2(directory, MNT_DETACH);
    return status;
}

static int mount_new(char **arguments UNUSED) {
    int context = (int)syscall(SYS_fsopen, "tmpfs", 0);
    if (context < 0) return answer_at("fsopen", -1);
    if (syscall(SYS_fsconfig, context, PROBE_FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0) return answer_at("fsconfig", -1);
    return answer_at("fsmount", syscall(SYS_fsmount, context, 0, 0));
}

static int copy_tree(char **arguments) {
    return answer(syscall(SYS_open_tree, AT_FDCWD, arguments[0] ? arguments[0] : "/", OPEN_TREE_CLONE | O_CLOEXEC));
}

static int bind_mount(char **arguments) {
    int outcome = mount(arguments[0], arguments[1], NULL, MS_BIND, NULL);
    int status = answer(outcome);
    if (outcome == 0) umount2(arguments[1], MNT_DETACH);
    return status;
}

// Without nosuid, nodev, noexec and read-only.
static int remount(char **arguments) {
    return answer(mount(NULL, arguments[0], NULL, MS_REMOUNT | MS_BIND, NULL));
}

static int set_attributes(char **arguments) {
    uint64_t attributes[4] = {0, 1 /* MOUNT_ATTR_RDONLY, to be cleared */, 0, 0};
    return answer(syscall(SYS_mount_setattr, AT_FDCWD, arguments[0], 0, attributes, sizeof attributes));
}

static int unmount(char **arguments) { return answer(umount2(arguments[0], MNT_DETACH)); }

// On "/" even a privileged caller only gets EBUSY or EINVAL: EPERM shows that the right is missing.
static int pivot(char **arguments) {
    const char *directory = arguments[0] ? arguments[0] : "/";
    return answer(syscall(SYS_pivot_root, directory, directory));
}

static int change_root(char **arguments) { return answer(chroot(arguments[0] ? arguments[0] : ".")); }

// The "shocker" way out of a container (Docker, 2014): files by handle, past every path.
static int open_by_handle(char **arguments) {
    const char *path = arguments[0] ? arguments[0] : "/";
    struct file_handle *handle = calloc(1, sizeof *handle + MAX_HANDLE_SZ);
    int mount_id;
    handle->handle_bytes = MAX_HANDLE_SZ;
    if (name_to_handle_at(AT_FDCWD, path, handle, &mount_id, 0) < 0) return answer_at("name_to_handle_at", -1);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return answer_at("open", -1);
    return answer_at("open_by_handle_at", open_by_handle_at(file, handle, O_RDONLY | O_CLOEXEC));
}

static int set_host_name(char **arguments UNUSED) {
    char name[256] = "";
    gethostname(name, sizeof name - 1);
    return answer(sethostname(name, strlen(name)));  // to what it is already
}

const struct verb namespace_attacks[] = {
    {"unshare", 1, ANY_NUMBER, "FLAG…", "user mnt pid net ipc uts cgroup time fs files", unshare_these},
    {"clone-ns", 1, ANY_NUMBER, "FLAG…", "clone with these flags", clone_with},
    {"clone3", 0, ANY_NUMBER, "[FLAG…]", "clone3 with these flags", clone3_with},
    {"setns", 0, 1, "[PATH]", "enter a namespace (/proc/self/ns/uts)", enter_namespace},
    {"mount-old", 0, 1, "[DIR]", "mount a tmpfs with mount(2) (/tmp)", mount_old},
    {"mount-new", 0, 0, "", "make a tmpfs with fsopen, fsconfig, fsmount", mount_new},
    {"open-tree", 0, 1, "[PATH]", "copy a mount with open_tree (/)", copy_tree},
    {"mount-bind", 2, 2, "OLD NEW", "bind mount", bind_mount},
    {"remount", 1, 1, "PATH", "remount without any restriction", remount},
    {"mount-setattr", 1, 1, "PATH", "make a mount writable with mount_setattr", set_attributes},
    {"umount", 1, 1, "PATH", "unmount", unmount},
    {"pivot", 0, 1, "[DIR]", "pivot_root (/)", pivot},
    {"chroot", 0, 1, "[DIR]", "chroot (.)", change_root},
    {"open-by-handle", 0, 1, "[PATH]", "open a file by its handle (/)", open_by_handle},
    {"sethostname", 0, 0, "", "set the host name", set_host_name},
    {0},
};
