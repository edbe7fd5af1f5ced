// What one run makes and another one takes: memory, semaphores, queues, files, locks. One side asks `ipc-hold`, which
// waits for SIGTERM and clears up, or `ipc-leave`, which makes it and goes; the other side asks `ipc-take`.
#include "probe.h"

#include "json.h"
#include "kernel.h"
#include "words.h"

#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

// One way to share something. Each answers like a system call; `take` also removes what it took.
struct channel {
    const char *name;
    long (*make)(const char *key), (*take)(const char *key), (*clear)(const char *key);
};

static key_t key_of(const char *text) {
    long long value = 0;
    parse_number(text, &value);
    return (key_t)value;
}

static const char *slashed(const char *key) {
    static char name[128];
    snprintf(name, sizeof name, "/jrun-probe-%s", key);
    return name;
}

static long make_shm(const char *key) {
    int segment = shmget(key_of(key), 4096, IPC_CREAT | IPC_EXCL | 0666);
    char *memory = segment < 0 ? (void *)-1 : shmat(segment, NULL, 0);
    if (memory == (void *)-1) return -1;
    strcpy(memory, "secret");
    return 0;
}

static long clear_shm(const char *key) { return shmctl(shmget(key_of(key), 0, 0), IPC_RMID, NULL); }

static long take_shm(const char *key) {
    int segment = shmget(key_of(key), 0, 0);
    const char *memory = segment < 0 ? (void *)-1 : shmat(segment, NULL, 0);
    if (memory == (void *)-1) return -1;
    bool is_secret = strcmp(memory, "secret") == 0;
    clear_shm(key);
    errno = ENODATA;
    return is_secret ? 0 : -1;
}

// By its place in the kernel's table, for whom shmget(2) is refused or who does not know the key.
static long take_any_shm(const char *key UNUSED) {
    struct shmid_ds facts;
    errno = ENODATA;
    for (int index = 0; index < 1024; index++) {
        int segment = shmctl(index, SHM_STAT, &facts);
        const char *memory = segment < 0 ? (void *)-1 : shmat(segment, NULL, 0);
        if (memory == (void *)-1) continue;
        bool is_secret = facts.shm_segsz == 4096 && strcmp(memory, "secret") == 0;
        shmdt(memory);
        if (is_secret) return shmctl(segment, IPC_RMID, NULL);
    }
    return -1;
}

static long make_sem(const char *key) { return semget(key_of(key), 1, IPC_CREAT | IPC_EXCL | 0666); }

static long take_sem(const char *key) {
    int set = semget(key_of(key), 0, 0);
    return set < 0 ? -1 : semctl(set, 0, IPC_RMID);
}

static long make_msg(const char *key) {
    struct { long type; char text[8]; } message = {1, "secret"};
    int queue = msgget(key_of(key), IPC_CREAT | IPC_EXCL | 0666);
    return queue < 0 ? -1 : msgsnd(queue, &message, sizeof message.text, IPC_NOWAIT);
}

static long take_any_msg(const char *key UNUSED) {
    struct { long type; char text[8]; } message;
    struct msqid_ds facts;
    errno = ENODATA;
    for (int index = 0; index < 1024; index++) {
        int queue = msgctl(index, MSG_STAT, &facts);
        if (queue < 0 || msgrcv(queue, &message, sizeof message.text, 0, IPC_NOWAIT | MSG_NOERROR) < 0) continue;
        if (strcmp(message.text, "secret") == 0) return msgctl(queue, IPC_RMID, NULL);
    }
    return -1;
}

static long clear_msg(const char *key) { return msgctl(msgget(key_of(key), 0), IPC_RMID, NULL); }

static long take_msg(const char *key) {
    struct { long type; char text[8]; } message;
    int queue = msgget(key_of(key), 0);
    if (queue < 0 || msgrcv(queue, &message, sizeof message.text, 0, IPC_NOWAIT) < 0) return -1;
    return clear_msg(key);
}

static long make_mq(const char *key) {
    struct mq_attr limits = {.mq_maxmsg = 1, .mq_msgsize = 8};
    mqd_t queue = mq_open(slashed(key), O_RDWR | O_CREAT | O_EXCL | O_NONBLOCK, 0666, &limits);
    return queue < 0 ? -1 : mq_send(queue, "secret", 7, 0);
}

static long clear_mq(const char *key) { return mq_unlink(slashed(key)); }

static long take_mq(const char *key) {
    char text[8];
    mqd_t queue = mq_open(slashed(key), O_RDONLY | O_NONBLOCK);
    if (queue < 0 || mq_receive(queue, text, sizeof text, NULL) < 0) return -1;
    return clear_mq(key);
}

// A file by its path, for /tmp, /dev/shm and whatever else two runs could both write to.
static long make_file(const char *path) {
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0) return -1;
    fchmod(file, 0666);
    return write(file, "secret", 6) == 6 ? 0 : -1;
}

static long take_file(const char *path) {
    char text[8];
    int file = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    return file < 0 || read(file, text, sizeof text) < 6 ? -1 : unlink(path);
}

static long clear_file(const char *path) { return unlink(path); }

// Held in our own descriptors only; `take-open-file` finds it by /proc/PID/fd.
static long make_memory(const char *key) {
    int memory = memfd_create(key, 0);
    return memory < 0 ? -1 : pwrite(memory, "secret", 6, 0);
}

static long clear_nothing(const char *key UNUSED) { return 0; }

static long refuse_take(const char *key UNUSED) {
    errno = EOPNOTSUPP;
    return -1;
}

// A lock on a file that two runs both see tells the one what the other does, and stops it.
static long lock_file(const char *path) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    return file < 0 ? -1 : flock(file, LOCK_EX | LOCK_NB);
}

static long meet_lock(const char *path) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return -1;
    if (flock(file, LOCK_EX | LOCK_NB) < 0) return errno == EWOULDBLOCK ? 0 : -1;
    errno = ENODATA;  // nobody's
    return -1;
}

// The key ring of a user is found by uid, whatever run it was made in.
static long make_key(const char *key) {
    return syscall(SYS_add_key, "user", key, "secret", 6, PROBE_KEY_USER_KEYRING);
}

static long find_key(const char *key) {
    return syscall(SYS_keyctl, PROBE_KEYCTL_SEARCH, PROBE_KEY_USER_KEYRING, "user", key, 0);
}

static long clear_key(const char *key) { return syscall(SYS_keyctl, PROBE_KEYCTL_INVALIDATE, find_key(key)); }

static long take_key(const char *key) { return find_key(key) < 0 ? -1 : clear_key(key); }

static const struct channel channels[] = {
    {"shm", make_shm, take_shm, clear_shm},      {"shm-any", make_shm, take_any_shm, clear_shm},
    {"msg-any", make_msg, take_any_msg, clear_msg}, {"sem", make_sem, take_sem, take_sem},
    {"msg", make_msg, take_msg, clear_msg},      {"mq", make_mq, take_mq, clear_mq},
    {"file", make_file, take_file, clear_file},  {"flock", lock_file, meet_lock, clear_nothing},
    {"key", make_key, take_key, clear_key},      {"memfd", make_memory, refuse_take, clear_nothing},
    {0},
};

static const struct channel *channel_named(const char *name) {
    for (const struct channel *channel = channels; channel->name; channel++)
        if (strcmp(channel->name, name) == 0) return channel;
    return NULL;
}

static int take(char **arguments) {
    const struct channel *channel = channel_named(arguments[0]);
    return channel ? answer(channel->take(arguments[1])) : BAD_USAGE;
}

static int leave(char **arguments) {
    const struct channel *channel = channel_named(arguments[0]);
    return channel ? answer(channel->make(arguments[1])) : BAD_USAGE;
}

static int hold(char **arguments) {
    const struct channel *channel = channel_named(arguments[0]);
    if (!channel) return BAD_USAGE;
    sigset_t end;
    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    sigprocmask(SIG_BLOCK, &end, NULL);
    if (channel->make(arguments[1]) < 0) answer(-1);  // then there is nothing to take
    answer_state("ready");
    sigwaitinfo(&end, NULL);
    channel->clear(arguments[1]);
    return ANSWERED;
}

const struct verb ipc_attacks[] = {
    {"ipc-hold", 2, 2, "KIND KEY|PATH", "shm[-any] msg[-any] sem mq file flock key memfd: make it, wait for SIGTERM, remove it", hold},
    {"ipc-leave", 2, 2, "KIND KEY|PATH", "make it and go", leave},
    {"ipc-take", 2, 2, "KIND KEY|PATH", "find what another has made, read and remove it", take},
    {0},
};
