#include "probe.h"

#include "kernel.h"
#include "words.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define SAME(name) {#name, name}
#define SYSCALL(name) {#name, SYS_##name}

const struct word socket_families[] = {
    SAME(AF_UNIX), SAME(AF_INET), SAME(AF_INET6), SAME(AF_NETLINK), SAME(AF_PACKET), SAME(AF_KEY), SAME(AF_ALG),
    SAME(AF_VSOCK), SAME(AF_BLUETOOTH), SAME(AF_CAN), SAME(AF_TIPC), SAME(AF_RDS), SAME(AF_KCM), SAME(AF_QIPCRTR),
    SAME(AF_SMC), SAME(AF_XDP), SAME(AF_NFC), SAME(AF_IUCV), SAME(AF_X25), SAME(AF_APPLETALK), {0},
};

const struct word socket_types[] = {
    SAME(SOCK_STREAM), SAME(SOCK_DGRAM), SAME(SOCK_RAW), SAME(SOCK_RDM), SAME(SOCK_SEQPACKET), SAME(SOCK_DCCP), {0},
};

const struct word namespace_flags[] = {
    {"user", CLONE_NEWUSER}, {"mnt", CLONE_NEWNS}, {"mount", CLONE_NEWNS}, {"pid", CLONE_NEWPID},
    {"net", CLONE_NEWNET}, {"ipc", CLONE_NEWIPC}, {"uts", CLONE_NEWUTS}, {"cgroup", CLONE_NEWCGROUP},
    {"time", CLONE_NEWTIME}, {"fs", CLONE_FS}, {"files", CLONE_FILES}, {0},
};

const struct word open_flags[] = {
    {"read", O_RDONLY}, {"write", O_WRONLY}, {"rdwr", O_RDWR}, {"create", O_CREAT}, {"excl", O_EXCL},
    {"trunc", O_TRUNC}, {"append", O_APPEND}, {"nofollow", O_NOFOLLOW}, {"directory", O_DIRECTORY}, {"path", O_PATH},
    {"nonblock", O_NONBLOCK}, {"tmpfile", O_TMPFILE}, {"direct", O_DIRECT}, {"sync", O_SYNC}, {0},
};

// The ones a filter must answer for; the rest go by number.
const struct word syscall_numbers[] = {
    SYSCALL(getpid), SYSCALL(bpf), SYSCALL(perf_event_open), SYSCALL(userfaultfd), SYSCALL(io_uring_setup),
    SYSCALL(io_uring_enter), SYSCALL(io_uring_register), SYSCALL(init_module), SYSCALL(finit_module),
    SYSCALL(delete_module), SYSCALL(kexec_load), SYSCALL(reboot), SYSCALL(swapon), SYSCALL(swapoff), SYSCALL(acct),
    SYSCALL(quotactl), SYSCALL(mount), SYSCALL(umount2), SYSCALL(pivot_root), SYSCALL(chroot), SYSCALL(unshare),
    SYSCALL(setns), SYSCALL(fsopen), SYSCALL(fspick), SYSCALL(fsconfig), SYSCALL(fsmount), SYSCALL(move_mount),
    SYSCALL(open_tree), SYSCALL(mount_setattr), SYSCALL(clone3), SYSCALL(ptrace), SYSCALL(process_vm_readv),
    SYSCALL(process_vm_writev), SYSCALL(kcmp), SYSCALL(pidfd_getfd), SYSCALL(pidfd_open), SYSCALL(keyctl),
    SYSCALL(add_key), SYSCALL(request_key), SYSCALL(name_to_handle_at), SYSCALL(open_by_handle_at),
    SYSCALL(personality), SYSCALL(syslog), SYSCALL(vhangup), SYSCALL(lookup_dcookie), SYSCALL(settimeofday),
    SYSCALL(clock_settime), SYSCALL(clock_adjtime), SYSCALL(adjtimex), SYSCALL(sethostname), SYSCALL(setdomainname),
    SYSCALL(fanotify_init), SYSCALL(mbind), SYSCALL(set_mempolicy), SYSCALL(get_mempolicy), SYSCALL(move_pages),
    SYSCALL(migrate_pages), SYSCALL(process_madvise), SYSCALL(seccomp), SYSCALL(memfd_create), SYSCALL(mlockall),
    SYSCALL(nfsservctl), {0},
};

bool parse_number(const char *text, long long *value) {
    char *end;
    errno = 0;
    *value = text[0] == '-' ? strtoll(text, &end, 0) : (long long)strtoull(text, &end, 0);
    return end != text && *end == 0 && errno == 0;
}

bool parse_bytes(const char *text, long long *value) {
    static const char *const units[] = {"", "KiB", "MiB", "GiB", "TiB"};
    if (strcmp(text, "forever") == 0) {
        *value = LLONG_MAX;
        return true;
    }
    char *end;
    errno = 0;
    *value = strtoll(text, &end, 10);
    if (end == text || errno != 0 || *value < 0) return false;
    for (int unit = 0; unit < 5; unit++) {
        if (strcmp(end, units[unit]) != 0) continue;
        return !__builtin_mul_overflow(*value, 1LL << (10 * unit), value);
    }
    return false;
}

bool parse_word(const struct word *table, const char *text, unsigned long long *value) {
    for (; table->name; table++) {
        if (strcmp(table->name, text) != 0) continue;
        *value = table->value;
        return true;
    }
    long long number;
    if (!parse_number(text, &number)) return false;
    *value = (unsigned long long)number;
    return true;
}

bool parse_words(const struct word *table, char **words, unsigned long long *value) {
    *value = 0;
    for (; *words; words++) {
        unsigned long long bit;
        if (!parse_word(table, *words, &bit)) return false;
        *value |= bit;
    }
    return true;
}

bool parse_signal(const char *text, int *number) {
    const char *name = strncmp(text, "SIG", 3) == 0 ? text + 3 : text;
    for (*number = 1; *number <= 64; ++*number) {
        const char *known = sigabbrev_np(*number);
        if (known && strcmp(known, name) == 0) return true;
    }
    long long value;
    bool valid = parse_number(name, &value) && value >= 0 && value <= 64;
    *number = (int)value;
    return valid;
}

const char *signal_name(int number) {
    static char name[16];
    const char *known = sigabbrev_np(number);
    if (known)
        snprintf(name, sizeof name, "SIG%s", known);
    else
        snprintf(name, sizeof name, "SIG%d", number);
    return name;
}

const char *file_type(mode_t mode) {
    switch (mode & S_IFMT) {
    case S_IFREG: return "file";
    case S_IFDIR: return "directory";
    case S_IFLNK: return "link";
    case S_IFCHR: return "character";
    case S_IFBLK: return "block";
    case S_IFIFO: return "fifo";
    case S_IFSOCK: return "socket";
    default: return "other";  // anonymous inodes: epoll, memfd's cousins
    }
}
