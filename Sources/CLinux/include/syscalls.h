// One inline function per system call. Arguments are the kernel's; the result is a value or -errno.
#pragma once
#include <asm/unistd.h>
#include <stddef.h>

#include "constants.h"
#include "structs.h"

#if defined(__x86_64__)
static inline long sys_call6(long n, long a, long b, long c, long d, long e, long f) {
    long r;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(r)
                     : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return r;
}
#elif defined(__aarch64__)
static inline long sys_call6(long n, long a, long b, long c, long d, long e, long f) {
    register long x8 __asm__("x8") = n;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    return x0;
}
#else
#error "jrun knows the system calls of x86_64 and aarch64"
#endif

#define SYS_ARGUMENT(x) ((long)(x))
#define SYS0(n) sys_call6(n, 0, 0, 0, 0, 0, 0)
#define SYS1(n, a) sys_call6(n, SYS_ARGUMENT(a), 0, 0, 0, 0, 0)
#define SYS2(n, a, b) sys_call6(n, SYS_ARGUMENT(a), SYS_ARGUMENT(b), 0, 0, 0, 0)
#define SYS3(n, a, b, c) sys_call6(n, SYS_ARGUMENT(a), SYS_ARGUMENT(b), SYS_ARGUMENT(c), 0, 0, 0)
#define SYS4(n, a, b, c, d) sys_call6(n, SYS_ARGUMENT(a), SYS_ARGUMENT(b), SYS_ARGUMENT(c), SYS_ARGUMENT(d), 0, 0)
#define SYS5(n, a, b, c, d, e) \
    sys_call6(n, SYS_ARGUMENT(a), SYS_ARGUMENT(b), SYS_ARGUMENT(c), SYS_ARGUMENT(d), SYS_ARGUMENT(e), 0)
#define SYS6(n, a, b, c, d, e, f) \
    sys_call6(n, SYS_ARGUMENT(a), SYS_ARGUMENT(b), SYS_ARGUMENT(c), SYS_ARGUMENT(d), SYS_ARGUMENT(e), SYS_ARGUMENT(f))

// Files
static inline long sys_read(int fd, void *p, size_t n) { return SYS3(__NR_read, fd, p, n); }
static inline long sys_write(int fd, const void *p, size_t n) { return SYS3(__NR_write, fd, p, n); }
static inline long sys_pread(int fd, void *p, size_t n, int64_t at) { return SYS4(__NR_pread64, fd, p, n, at); }
static inline long sys_pwrite(int fd, const void *p, size_t n, int64_t at) { return SYS4(__NR_pwrite64, fd, p, n, at); }
static inline long sys_lseek(int fd, int64_t at, int whence) { return SYS3(__NR_lseek, fd, at, whence); }
static inline long sys_close(int fd) { return SYS1(__NR_close, fd); }
static inline long sys_close_range(unsigned first, unsigned last, unsigned flags) {
    return SYS3(__NR_close_range, first, last, flags);
}
static inline long sys_openat(int dir, const char *path, int flags, unsigned mode) {
    return SYS4(__NR_openat, dir, path, flags, mode);
}
static inline long sys_openat2(int dir, const char *path, const struct k_open_how *how) {
    return SYS4(__NR_openat2, dir, path, how, sizeof *how);
}
static inline long sys_mkdirat(int dir, const char *path, unsigned mode) { return SYS3(__NR_mkdirat, dir, path, mode); }
static inline long sys_mknodat(int dir, const char *path, unsigned mode, unsigned device) {
    return SYS4(__NR_mknodat, dir, path, mode, device);
}
static inline long sys_symlinkat(const char *target, int dir, const char *path) {
    return SYS3(__NR_symlinkat, target, dir, path);
}
static inline long sys_readlinkat(int dir, const char *path, char *p, size_t n) {
    return SYS4(__NR_readlinkat, dir, path, p, n);
}
static inline long sys_unlinkat(int dir, const char *path, int flags) { return SYS3(__NR_unlinkat, dir, path, flags); }
static inline long sys_renameat(int from, const char *a, int to, const char *b) {
    return SYS5(__NR_renameat2, from, a, to, b, 0);
}
static inline long sys_renameat2(int from, const char *a, int to, const char *b, unsigned flags) {
    return SYS5(__NR_renameat2, from, a, to, b, flags);
}
static inline long sys_quotactl_fd(int fd, unsigned command, unsigned id, void *p) {
    return SYS4(443 /* __NR_quotactl_fd */, fd, command, id, p);
}
static inline long sys_linkat(int from, const char *a, int to, const char *b, int flags) {
    return SYS5(__NR_linkat, from, a, to, b, flags);
}
static inline long sys_fsync(int fd) { return SYS1(__NR_fsync, fd); }
// The names of the extended attributes, each with its NUL.
static inline long sys_flistxattr(int fd, char *p, size_t n) { return SYS3(__NR_flistxattr, fd, p, n); }
static inline long sys_fsetxattr(int fd, const char *name, const void *p, size_t n, int flags) {
    return SYS5(__NR_fsetxattr, fd, name, p, n, flags);
}
static inline long sys_fgetxattr(int fd, const char *name, void *p, size_t n) {
    return SYS4(__NR_fgetxattr, fd, name, p, n);
}
static inline long sys_fchmod(int fd, unsigned mode) { return SYS2(__NR_fchmod, fd, mode); }
static inline long sys_fchown(int fd, unsigned uid, unsigned gid) { return SYS3(__NR_fchown, fd, uid, gid); }
static inline long sys_faccessat(int dir, const char *path, int mode) { return SYS3(__NR_faccessat, dir, path, mode); }
static inline long sys_ftruncate(int fd, int64_t n) { return SYS2(__NR_ftruncate, fd, n); }
static inline long sys_statx(int dir, const char *path, int flags, unsigned mask, struct k_statx *s) {
    return SYS5(__NR_statx, dir, path, flags, mask, s);
}
static inline long sys_fstatfs(int fd, struct k_statfs *s) { return SYS2(__NR_fstatfs, fd, s); }
static inline long sys_statfs(const char *path, struct k_statfs *s) { return SYS2(__NR_statfs, path, s); }
static inline long sys_getdents64(int fd, void *p, size_t n) { return SYS3(__NR_getdents64, fd, p, n); }
static inline long sys_dup3(int from, int to, int flags) { return SYS3(__NR_dup3, from, to, flags); }
static inline long sys_fcntl(int fd, int command, long argument) { return SYS3(__NR_fcntl, fd, command, argument); }
static inline long sys_ioctl(int fd, unsigned long request, void *p) { return SYS3(__NR_ioctl, fd, request, p); }
static inline long sys_flock(int fd, int operation) { return SYS2(__NR_flock, fd, operation); }
static inline long sys_pipe2(int *fds, int flags) { return SYS2(__NR_pipe2, fds, flags); }
static inline long sys_splice(int from, int to, size_t n, unsigned flags) {
    return SYS6(__NR_splice, from, 0, to, 0, n, flags);
}
static inline long sys_sendfile(int to, int from, size_t n) { return SYS4(__NR_sendfile, to, from, 0, n); }
static inline long sys_memfd_create(const char *name, unsigned flags) { return SYS2(__NR_memfd_create, name, flags); }
static inline long sys_mmap(size_t n, int protection, int flags, int fd) {
    return SYS6(__NR_mmap, 0, n, protection, flags, fd, 0);
}

// Waiting
static inline long sys_ppoll(struct k_pollfd *fds, unsigned n, const struct k_timespec *timeout) {
    return SYS5(__NR_ppoll, fds, n, timeout, 0, 8);
}
static inline long sys_eventfd(unsigned value, int flags) { return SYS2(__NR_eventfd2, value, flags); }
static inline long sys_signalfd(int fd, const uint64_t *mask, int flags) { return SYS4(__NR_signalfd4, fd, mask, 8, flags); }
static inline long sys_clock_gettime(int clock, struct k_timespec *t) { return SYS2(__NR_clock_gettime, clock, t); }

// Returns when the number at this address is another one, or was changed by the kernel. Source: futex(2), FUTEX_WAIT
static inline long sys_futex_wait(const volatile uint32_t *number, uint32_t value) {
    return SYS6(__NR_futex, number, 0, value, 0, 0, 0);
}
static inline uint32_t load_acquire(const volatile uint32_t *number) { return __atomic_load_n(number, __ATOMIC_ACQUIRE); }

// Processes
static inline long sys_execveat(int dir, const char *path, char *const *argv, char *const *envp, int flags) {
    return SYS5(__NR_execveat, dir, path, argv, envp, flags);
}
_Noreturn static inline void sys_exit_group(int code) {
    for (;;) SYS1(__NR_exit_group, code);
}
static inline long sys_wait4(int pid, int *status, int options, struct k_rusage *usage) {
    return SYS4(__NR_wait4, pid, status, options, usage);
}
static inline long sys_waitid(int type, int id, int options) { return SYS5(__NR_waitid, type, id, 0, options, 0); }
static inline long sys_kill(int pid, int signal) { return SYS2(__NR_kill, pid, signal); }
static inline long sys_epoll_create1(int flags) { return SYS1(__NR_epoll_create1, flags); }
static inline long sys_epoll_ctl(int epoll, int op, int fd, struct k_epoll_event *event) {
    return SYS4(__NR_epoll_ctl, epoll, op, fd, event);
}
static inline long sys_epoll_pwait(int epoll, struct k_epoll_event *events, int n, int timeout) {
    return SYS6(__NR_epoll_pwait, epoll, events, n, timeout, 0, 8);
}
static inline long sys_pidfd_send_signal(int pidfd, int signal) {
    return SYS4(__NR_pidfd_send_signal, pidfd, signal, 0, 0);
}
static inline long sys_fallocate(int fd, int mode, int64_t offset, int64_t n) {
    return SYS4(__NR_fallocate, fd, mode, offset, n);
}
static inline long sys_pidfd_getfd(int pidfd, int fd) { return SYS3(__NR_pidfd_getfd, pidfd, fd, 0); }
static inline long sys_pidfd_open(int pid, unsigned flags) { return SYS2(__NR_pidfd_open, pid, flags); }
static inline long sys_getpid(void) { return SYS0(__NR_getpid); }
static inline long sys_geteuid(void) { return SYS0(__NR_geteuid); }
static inline long sys_getegid(void) { return SYS0(__NR_getegid); }
static inline long sys_getgroups(int n, uint32_t *groups) { return SYS2(__NR_getgroups, n, groups); }
static inline long sys_rt_sigprocmask(int how, const uint64_t *set, uint64_t *old) {
    return SYS4(__NR_rt_sigprocmask, how, set, old, 8);
}
static inline long sys_rt_sigaction(int signal, const struct k_sigaction *a, struct k_sigaction *old) {
    return SYS4(__NR_rt_sigaction, signal, a, old, 8);
}
static inline long sys_getrusage(int who, struct k_rusage *usage) { return SYS2(__NR_getrusage, who, usage); }
static inline long sys_prlimit(int pid, int resource, const struct k_rlimit *value, struct k_rlimit *old) {
    return SYS4(__NR_prlimit64, pid, resource, value, old);
}
static inline long sys_sched_setscheduler(int pid, int policy, const int *priority) {
    return SYS3(__NR_sched_setscheduler, pid, policy, priority);
}
static inline long sys_getpriority(int which, int who) { return SYS2(__NR_getpriority, which, who); }
static inline long sys_setpriority(int which, int who, int nice) { return SYS3(__NR_setpriority, which, who, nice); }
static inline long sys_getrandom(void *p, size_t n, unsigned flags) { return SYS3(__NR_getrandom, p, n, flags); }

// Mounts and namespaces
static inline long sys_mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data) {
    return SYS5(__NR_mount, source, target, type, flags, data);
}
static inline long sys_umount2(const char *target, int flags) { return SYS2(__NR_umount2, target, flags); }
static inline long sys_pivot_root(const char *new_root, const char *put_old) { return SYS2(__NR_pivot_root, new_root, put_old); }
static inline long sys_open_tree(int dir, const char *path, unsigned flags) { return SYS3(__NR_open_tree, dir, path, flags); }
static inline long sys_move_mount(int from, const char *a, int to, const char *b, unsigned flags) {
    return SYS5(__NR_move_mount, from, a, to, b, flags);
}
static inline long sys_mount_setattr(int dir, const char *path, unsigned flags, const struct k_mount_attr *attr) {
    return SYS5(442 /* __NR_mount_setattr */, dir, path, flags, attr, sizeof *attr);
}
static inline long sys_fsopen(const char *type, unsigned flags) { return SYS2(__NR_fsopen, type, flags); }
static inline long sys_fsconfig(int fd, unsigned command, const char *key, const char *value, int aux) {
    return SYS5(__NR_fsconfig, fd, command, key, value, aux);
}
static inline long sys_fsmount(int fd, unsigned flags, unsigned attributes) { return SYS3(__NR_fsmount, fd, flags, attributes); }
static inline long sys_setns(int fd, int type) { return SYS2(__NR_setns, fd, type); }
static inline long sys_unshare(unsigned long flags) { return SYS1(__NR_unshare, flags); }
static inline long sys_sethostname(const char *p, size_t n) { return SYS2(__NR_sethostname, p, n); }
static inline long sys_chdir(const char *path) { return SYS1(__NR_chdir, path); }
static inline long sys_umask(unsigned mask) { return SYS1(__NR_umask, mask); }

// Privileges
static inline long sys_setfsuid(unsigned uid) { return SYS1(__NR_setfsuid, uid); }
static inline long sys_setfsgid(unsigned gid) { return SYS1(__NR_setfsgid, gid); }
static inline long sys_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d) {
    return SYS5(__NR_prctl, option, a, b, c, d);
}
static inline long sys_capget(struct k_cap_header *header, struct k_cap_data *data) {
    return SYS2(__NR_capget, header, data);
}
static inline long sys_capset(struct k_cap_header *header, const struct k_cap_data *data) {
    return SYS2(__NR_capset, header, data);
}
static inline long sys_setgroups(size_t n, const uint32_t *groups) { return SYS2(__NR_setgroups, n, groups); }
static inline long sys_setresuid(unsigned id) { return SYS3(__NR_setresuid, id, id, id); }
static inline long sys_setresgid(unsigned id) { return SYS3(__NR_setresgid, id, id, id); }
static inline long sys_personality(unsigned long persona) { return SYS1(__NR_personality, persona); }
static inline long sys_setsid(void) { return SYS0(__NR_setsid); }
static inline long sys_keyctl(int operation, const char *name) { return SYS2(__NR_keyctl, operation, name); }
static inline long sys_seccomp(unsigned operation, unsigned flags, const void *p) { return SYS3(__NR_seccomp, operation, flags, p); }
static inline long sys_landlock_create_ruleset(const struct k_landlock_ruleset_attr *attr, size_t n, unsigned flags) {
    return SYS3(444 /* __NR_landlock_create_ruleset */, attr, n, flags);
}
static inline long sys_landlock_add_rule(int ruleset, int kind, const void *attr) {
    return SYS4(445 /* __NR_landlock_add_rule */, ruleset, kind, attr, 0);
}
static inline long sys_landlock_restrict_self(int ruleset) { return SYS2(446 /* __NR_landlock_restrict_self */, ruleset, 0); }
static inline long sys_socketpair(int family, int type, int protocol, int *ends) {
    return SYS4(__NR_socketpair, family, type, protocol, ends);
}
static inline long sys_socket(int family, int type, int protocol) { return SYS3(__NR_socket, family, type, protocol); }
static inline long sys_connect(int fd, const struct k_sockaddr_un *address) {
    return SYS3(__NR_connect, fd, address, sizeof *address);
}
static inline long sys_send(int fd, const void *p, size_t n, int flags) { return SYS6(__NR_sendto, fd, p, n, flags, 0, 0); }

// clone3(2) with CLONE_VM|CLONE_VFORK: the child runs `body(context)` on the caller's stack while the caller sleeps,
// as vfork(2) does. Sharing memory makes the cost independent of the caller's size, and lets the child leave its
// answer in the context. The system call and the child's call of `body` are one piece of assembly: a C function that
// returned in the child would leave its frame to be overwritten before the parent returns through it. The child moves
// below whatever the compiler keeps under the stack pointer (the red zone).
typedef void (*sys_child_body)(void *context);
static inline long sys_clone3_vfork(struct k_clone_args *args, sys_child_body body, void *context) {
#if defined(__x86_64__)
    long pid;
    register void *child_context __asm__("r12") = context;
    register sys_child_body child_body __asm__("r13") = body;
    __asm__ volatile(
        "syscall\n"
        "test %%rax, %%rax\n"
        "jnz 1f\n"
        "lea -256(%%rsp), %%rsp\n"
        "and $-16, %%rsp\n"
        "xor %%ebp, %%ebp\n"
        "mov %%r12, %%rdi\n"
        "call *%%r13\n"
        "ud2\n"
        "1:\n"
        : "=a"(pid)
        : "a"((long)__NR_clone3), "D"(args), "S"(sizeof *args), "r"(child_context), "r"(child_body)
        : "rcx", "r11", "rdx", "r8", "r9", "r10", "memory");
    return pid;
#else
    register long x8 __asm__("x8") = __NR_clone3;
    register long x0 __asm__("x0") = (long)args;
    register long x1 __asm__("x1") = sizeof *args;
    register void *child_context __asm__("x19") = context;
    register sys_child_body child_body __asm__("x20") = body;
    __asm__ volatile(
        "svc #0\n"
        "cbnz x0, 1f\n"
        "sub sp, sp, #256\n"
        "mov x0, x19\n"
        "blr x20\n"
        "brk #0\n"
        "1:\n"
        : "+r"(x0)
        : "r"(x8), "r"(x1), "r"(child_context), "r"(child_body)
        : "x30", "memory");
    return x0;
#endif
}

// The forms of splice(2) and sendfile(2) that read at an offset and advance it.
static inline long sys_splice_at(int from, int64_t *offset, int to, size_t n, unsigned flags) {
    return SYS6(__NR_splice, from, offset, to, 0, n, flags);
}
static inline long sys_sendfile_at(int to, int from, int64_t *offset, size_t n) {
    return SYS4(__NR_sendfile, to, from, offset, n);
}
