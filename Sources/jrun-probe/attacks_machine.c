// Attempts on what all of the machine shares: clocks, modules, swap, raw devices, and the kernel's less used doors. What
// succeeds changes nothing: values are set to what they are, and what was added is taken away at once.
#include "probe.h"

#include "json.h"
#include "kernel.h"
#include "words.h"

#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

static int set_time_of_day(char **arguments UNUSED) {
    struct timeval now;
    gettimeofday(&now, NULL);
    return answer(syscall(SYS_settimeofday, &now, NULL));
}

static int adjust_clock(char **arguments UNUSED) {
    struct timex state = {0};
    if (clock_adjtime(CLOCK_REALTIME, &state) < 0) return answer_at("read", -1);
    state.modes = ADJ_TICK;
    return answer_at("set", clock_adjtime(CLOCK_REALTIME, &state) < 0 ? -1 : 0);
}

// The module is unloaded again; its name is the file's.
static int load_module(char **arguments) {
    char name[64];
    const char *base = strrchr(arguments[0], '/');
    snprintf(name, sizeof name, "%s", base ? base + 1 : arguments[0]);
    name[strcspn(name, ".")] = 0;
    int file = open(arguments[0], O_RDONLY | O_CLOEXEC);
    if (file < 0 && errno != ENOENT) return answer_at("open", -1);
    // Inside a sandbox the file is not there: the call itself is what matters then.
    long outcome = syscall(SYS_finit_module, file, "", 0);
    int status = file < 0 && errno == EBADF ? (errno = ENOENT, answer_at("open", -1)) : answer_at("finit_module", outcome);
    if (outcome == 0) syscall(SYS_delete_module, name, O_NONBLOCK);
    return status;
}

// Ten pages of swap in a file of our own (mkswap(8) describes the header).
static int swap_on(char **arguments) {
    static char pages[10 * 4096];
    uint32_t header[3] = {1 /* version */, 9 /* last page */, 0 /* bad pages */};
    memcpy(pages + 1024, header, sizeof header);
    memcpy(pages + 4096 - 10, "SWAPSPACE2", 10);
    int file = open(arguments[0], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) return answer_at("open", -1);
    if (write(file, pages, sizeof pages) != sizeof pages || fsync(file) < 0) return answer_at("write", -1);
    int outcome = swapon(arguments[0], 0);
    int status = answer_at("swapon", outcome);
    if (outcome == 0) swapoff(arguments[0]);
    unlink(arguments[0]);
    return status;
}

static int read_once(const char *path) {
    char bytes[4096];
    int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (file < 0) return answer_at("open", -1);
    return answer_at("read", read(file, bytes, sizeof bytes) < 0 ? -1 : 0);
}

static int read_device(char **arguments) { return read_once(arguments[0]); }

// A device node of our own; reading is enough to show that everything behind it can be had.
static int use_device(char **arguments) {
    long long major_number, minor_number;
    if (!parse_number(arguments[1], &major_number) || !parse_number(arguments[2], &minor_number)) return BAD_USAGE;
    mode_t type = arguments[0][0] == 'b' ? S_IFBLK : S_IFCHR;
    dev_t device = makedev((unsigned)major_number, (unsigned)minor_number);
    char path[4096];
    snprintf(path, sizeof path, "%s/device", arguments[3]);
    unlink(path);
    if (mknod(path, type | 0600, device) < 0) return answer_at("mknod", -1);
    int status = read_once(path);
    unlink(path);
    return status;
}

// A program for a socket: the kernel's verifier has had more holes than any other part of it (CVE-2020-8835, CVE-2021-3490).
static int load_filter(char **arguments UNUSED) {
    struct bpf_insn leave[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K}, {.code = BPF_JMP | BPF_EXIT}};
    union bpf_attr program;
    memset(&program, 0, sizeof program);
    program.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
    program.insns = (uintptr_t)leave;
    program.insn_cnt = 2;
    program.license = (uintptr_t)"";
    return answer(syscall(SYS_bpf, 5 /* BPF_PROG_LOAD */, &program, sizeof program));
}

// The contexts of kernel AIO are counted for the whole machine (fs.aio-max-nr).
static int make_aio_context(char **arguments UNUSED) {
    aio_context_t context = 0;
    return answer(syscall(SYS_io_setup, 128, &context));
}

// Told of everybody who opens something there: inotify(7), and F_NOTIFY of fcntl(2) from before it.
static int notify(char **arguments) {
    if (strcmp(arguments[0], "inotify") == 0) {
        int watcher = inotify_init1(IN_CLOEXEC);
        if (watcher < 0) return answer_at("inotify_init1", -1);
        return answer_at("inotify_add_watch", inotify_add_watch(watcher, arguments[1], IN_OPEN | IN_ACCESS) < 0 ? -1 : 0);
    }
    int directory = open(arguments[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return answer_at("open", -1);
    return answer_at("F_NOTIFY", fcntl(directory, F_NOTIFY, DN_ACCESS));
}

// Memory from the node's pool of huge pages, which no memory limit counts.
static int take_huge_page(char **arguments) {
    const size_t size = 2 << 20;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, file = -1;
    if (strcmp(arguments[0], "memfd") == 0) {
        file = (int)syscall(SYS_memfd_create, "probe", 4 /* MFD_HUGETLB */);
        flags = MAP_SHARED;
        if (file < 0 || ftruncate(file, (off_t)size) < 0) return answer_at("memfd_create", -1);
    }
    char *page = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, file, 0);
    if (page == MAP_FAILED) return answer_at("mmap", -1);
    page[0] = 1;
    return answer_at("mmap", 0);
}

const struct verb machine_attacks[] = {
    {"timeofday-set", 0, 0, "", "settimeofday", set_time_of_day},
    {"clock-adjust", 0, 0, "", "clock_adjtime", adjust_clock},
    {"load-module", 1, 1, "PATH", "load a kernel module, and unload it", load_module},
    {"swap-on", 1, 1, "PATH", "make a swap file and use it", swap_on},
    {"read-device", 1, 1, "PATH", "open a device that is there, and read", read_device},
    {"device", 4, 4, "block|char MAJOR MINOR DIR", "make a device in DIR, and read", use_device},
    {"bpf-program", 0, 0, "", "load a BPF program", load_filter},
    {"notify", 2, 2, "inotify|dnotify DIR", "be told of what others open in DIR", notify},
    {"huge-page", 1, 1, "mmap|memfd", "take a page from the pool of huge pages", take_huge_page},
    {"aio", 0, 0, "", "make a context of kernel AIO", make_aio_context},
    {0},
};
