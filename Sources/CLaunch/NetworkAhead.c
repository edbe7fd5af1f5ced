#include "CLaunch.h"
#include "CLinux.h"

// The run's own step finds it raised, which costs it nothing.
static void raise_loopback(void) {
    struct k_ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    long socket = sys_socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket < 0) return;
    sys_ioctl((int)socket, SIOCSIFFLAGS, &request);
    sys_close((int)socket);
}

// Body of the maker: a process that shares our memory, so it may do system calls alone. It is in its namespace until we
// have taken a descriptor of that, or have gone; meanwhile it holds nothing of ours.
static void make(void *context) {
    const int *ends = context;
    sys_dup3(ends[1], 0, 0);
    sys_close_range(1, ~0U, 0);
    if (sys_unshare(CLONE_NEWNET) >= 0) {
        char byte = 0;
        raise_loopback();
        sys_write(0, &byte, 1);
        sys_read(0, &byte, 1);
    }
    sys_exit_group(0);
}

void jrun_network_begin(struct jrun_network *network) {
    struct k_clone_args args = {
        .flags = CLONE_VM,
        .stack = (uintptr_t)network->stack,
        .stack_size = sizeof network->stack,
    };
    network->maker = (int)sys_socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, network->ends);
    if (network->maker < 0) return;
    uint64_t all = ~0ULL, old;
    // No handler of ours may run there.
    sys_rt_sigprocmask(SIG_SETMASK, &all, &old);
    network->maker = (int)sys_clone3_vfork(&args, make, network->ends);
    sys_rt_sigprocmask(SIG_SETMASK, &old, 0);
    sys_close(network->ends[1]);
    if (network->maker < 0) sys_close(network->ends[0]);
}

static long open_network(int pid) {
    char path[32] = "/proc/", digits[12];
    int length = 6, count = 0;
    do digits[count++] = (char)('0' + pid % 10);
    while (pid /= 10);
    while (count > 0) path[length++] = digits[--count];
    for (const char *rest = "/ns/net"; *rest; rest++) path[length++] = *rest;
    path[length] = 0;
    return sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
}

int jrun_network_take(struct jrun_network *network) {
    if (network->maker < 0) return network->maker;
    char byte;
    long result;
    do result = sys_read(network->ends[0], &byte, 1);
    while (result == -EINTR);
    result = result == 1 ? open_network(network->maker) : -EAGAIN;
    sys_close(network->ends[0]);
    return (int)result;
}

void jrun_network_end(struct jrun_network *network) {
    if (network->maker < 0) return;
    while (sys_wait4(network->maker, 0, WALL, 0) == -EINTR) {}
}
