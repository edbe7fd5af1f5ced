// Attempts to watch what others do with files, to take a terminal, and to take more of the node than a run has.
#include "probe.h"

#include "json.h"
#include "kernel.h"
#include "words.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

// The event is our own opening: whoever sees that sees everybody's.
static int watch_names(char **arguments) {
    char event[4096];
    int watcher = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watcher < 0) return answer_at("inotify_init1", -1);
    if (inotify_add_watch(watcher, arguments[0], IN_OPEN) < 0) return answer_at("inotify_add_watch", -1);
    close(open(arguments[0], O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    return answer_at("read", read(watcher, event, sizeof event));
}

// A mark on a mount or a file system hears of every file in it, and can even answer for it.
static int watch_mount(char **arguments) {
    long group = syscall(SYS_fanotify_init, 0, O_RDONLY);
    if (group < 0) return answer_at("fanotify_init", -1);
    return answer_at(
        "fanotify_mark",
        syscall(SYS_fanotify_mark, group, 0x11 /* ADD, MOUNT */, 0x20ULL /* OPEN */, AT_FDCWD, arguments[0]));
}

// As a session leader without a terminal, so that only the right to the terminal is asked for.
static int take_terminal(char **arguments) {
    int ends[2], number = 0;
    if (pipe2(ends, O_CLOEXEC) < 0) return answer_at("pipe", -1);
    pid_t child = fork();
    if (child == 0) {
        setsid();
        int terminal = open(arguments[0], O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (terminal < 0 || ioctl(terminal, TIOCSCTTY, 0) < 0) number = errno;
        (void)!write(ends[1], &number, sizeof number);
        _exit(0);
    }
    if (read(ends[0], &number, sizeof number) != sizeof number) number = EIO;
    waitpid(child, NULL, 0);
    errno = number;
    return answer(number ? -1 : 0);
}

static int open_terminal(char **arguments UNUSED) {
    return answer(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
}

// Memory that cannot be taken away; "ok" when more than BYTES of it could be had.
static int lock_memory(char **arguments) {
    long long size;
    if (!parse_bytes(arguments[0], &size)) return BAD_USAGE;
    void *memory = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return answer_at("mmap", -1);
    return answer_at("mlock", mlock(memory, (size_t)size));
}

static int open_many(char **arguments) {
    long long wanted, opened = 0;
    if (!parse_number(arguments[0], &wanted)) return BAD_USAGE;
    while (opened < wanted && open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0) opened++;
    int number = opened < wanted ? errno : 0;
    json_begin();
    json_result(number);
    json_number("opened", opened);
    json_end();
    return ANSWERED;
}

// Kernel memory: a pipe holds what nobody reads, and its size can be asked for.
static int fill_pipes(char **arguments) {
    static const char block[65536];
    long long wanted, held = 0;
    if (!parse_bytes(arguments[0], &wanted)) return BAD_USAGE;
    int ends[2], number = 0;
    while (held < wanted && !number) {
        if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) number = errno;
        if (!number) fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
        for (ssize_t count; !number && (count = write(ends[1], block, sizeof block)) > 0;) held += count;
    }
    json_begin();
    json_result(number);
    json_number("bytes", held);
    json_end();
    return ANSWERED;
}

// An execution of ourselves that hands over that much; the environment counts like the arguments (execve(2)).
static int long_arguments(char **arguments) {
    long long size;
    if (!parse_bytes(arguments[0], &size)) return BAD_USAGE;
    enum { PIECE = 100000 };  // MAX_ARG_STRLEN is 128 KiB
    size_t count = (size_t)size / PIECE + 1;
    char **variables = calloc(count + 1, sizeof *variables), *piece = malloc(PIECE + 1);
    memset(piece, 'x', PIECE);
    piece[PIECE] = 0;
    char *words[] = {(char *)"jrun-probe", (char *)"exit", (char *)"0", NULL};
    for (size_t index = 0; index < count; index++) variables[index] = piece;
    pid_t child = vfork();
    static volatile int number;
    if (child == 0) {
        execve("/proc/self/exe", words, variables);
        number = errno;
        _exit(0);
    }
    waitpid(child, NULL, 0);
    errno = number;
    return answer(number ? -1 : 0);
}

const struct verb watch_attacks[] = {
    {"watch", 1, 1, "PATH", "hear of openings by inotify", watch_names},
    {"watch-mount", 1, 1, "PATH", "hear of everything in a mount by fanotify", watch_mount},
    {"take-tty", 1, 1, "PATH", "make the terminal the controlling one (TIOCSCTTY)", take_terminal},
    {"open-tty", 0, 0, "", "open /dev/tty", open_terminal},
    {"mlock", 1, 1, "BYTES", "lock that much memory", lock_memory},
    {"open-many", 1, 1, "N", "open N files", open_many},
    {"fill-pipes", 1, 1, "BYTES", "keep that much in pipes that nobody reads", fill_pipes},
    {"long-arguments", 1, 1, "BYTES", "execute itself with that much of arguments", long_arguments},
    {0},
};
