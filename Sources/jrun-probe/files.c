// One file system call on one path, and what it answered.
#include "probe.h"

#include "json.h"
#include "words.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int list(char **arguments) {
    struct dirent **entries;
    int count = scandir(arguments[0], &entries, NULL, alphasort);
    int number = count < 0 ? errno : 0;
    json_begin();
    json_result(number);
    json_open("entries", '[');
    for (int index = 0; index < count; index++) {
        const char *name = entries[index]->d_name;
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0) json_text(NULL, name);
    }
    json_close(']');
    json_end();
    return ANSWERED;
}

static void device(const char *key, dev_t number) {
    char text[32];
    snprintf(text, sizeof text, "%u:%u", major(number), minor(number));
    json_text(key, text);
}

static void describe_file(const struct stat *facts) {
    json_text("type", file_type(facts->st_mode));
    json_octal("mode", facts->st_mode & 07777);
    json_number("uid", facts->st_uid);
    json_number("gid", facts->st_gid);
    json_number("size", facts->st_size);
    json_number("blocks", facts->st_blocks);
    json_number("nlink", (long long)facts->st_nlink);
    json_number("inode", (long long)facts->st_ino);
    device("device", facts->st_dev);
    device("rdev", facts->st_rdev);
}

static int status(char **arguments) {
    struct stat facts;
    char target[4096];
    int number = lstat(arguments[0], &facts) < 0 ? errno : 0;
    json_begin();
    json_result(number);
    if (!number) {
        describe_file(&facts);
        ssize_t length = readlink(arguments[0], target, sizeof target);
        if (length >= 0) json_bytes("target", target, (size_t)length);
    }
    json_end();
    return ANSWERED;
}

static int read_file(char **arguments) {
    long long most = 65536;
    if (arguments[1] && (!parse_bytes(arguments[1], &most) || most > (long long)sizeof scratch)) return BAD_USAGE;
    // Not blocking, so that a FIFO without a writer is an answer too.
    int file = open(arguments[0], O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0) return answer_at("open", -1);
    size_t length = 0;
    ssize_t count = 1;
    while (count > 0 && length < (size_t)most)
        if ((count = read(file, scratch + length, (size_t)most - length)) > 0) length += (size_t)count;
    int number = count < 0 ? errno : 0;
    json_begin();
    json_result(number);
    json_text("step", "read");
    json_number("bytes", (long long)length);
    json_bytes("content", scratch, length);
    json_end();
    return ANSWERED;
}

static int write_file(char **arguments) {
    int file = open(arguments[0], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0666);
    if (file < 0) return answer_at("open", -1);
    if (write(file, arguments[1], strlen(arguments[1])) < 0) return answer_at("write", -1);
    return answer_at("close", close(file));
}

static int open_file(char **arguments) {
    unsigned long long flags;
    if (!parse_words(open_flags, arguments + 1, &flags)) return BAD_USAGE;
    return answer(open(arguments[0], (int)flags | O_CLOEXEC | O_NOCTTY, 0666));
}

static int make_directory(char **arguments) { return answer(mkdir(arguments[0], 0777)); }

static int make_link(char **arguments) { return answer(symlink(arguments[0], arguments[1])); }

static int hard_link(char **arguments) { return answer(link(arguments[0], arguments[1])); }

static int make_fifo(char **arguments) { return answer(mkfifo(arguments[0], 0666)); }

static int rename_file(char **arguments) { return answer(rename(arguments[0], arguments[1])); }

static int remove_file(char **arguments) {
    struct stat facts;
    if (lstat(arguments[0], &facts) < 0) return answer(-1);
    return answer(S_ISDIR(facts.st_mode) ? rmdir(arguments[0]) : unlink(arguments[0]));
}

static int change_mode(char **arguments) {
    char *end;
    unsigned long mode = strtoul(arguments[1], &end, 8);
    return *end ? BAD_USAGE : answer(chmod(arguments[0], (mode_t)mode));
}

static int change_owner(char **arguments) {
    long long user, group;
    if (!parse_number(arguments[1], &user) || !parse_number(arguments[2], &group)) return BAD_USAGE;
    return answer(lchown(arguments[0], (uid_t)user, (gid_t)group));
}

static int change_size(char **arguments) {
    long long size;
    if (!parse_bytes(arguments[1], &size)) return BAD_USAGE;
    return answer(truncate(arguments[0], size));
}

// Two questions: may it be made (CAP_MKNOD), and would it work if it were there (nodev)?
static int make_device(char **arguments) {
    long long numbers[2] = {1, 3};  // /dev/null
    mode_t type = S_IFCHR;
    if (arguments[1]) {
        type = strcmp(arguments[1], "block") == 0 ? S_IFBLK : S_IFCHR;
        for (int index = 0; index < 2; index++)
            if (!arguments[index + 2] || !parse_number(arguments[index + 2], &numbers[index])) return BAD_USAGE;
    }
    int made = mknod(arguments[0], type | 0666, makedev((unsigned)numbers[0], (unsigned)numbers[1]));
    int number = made < 0 ? errno : 0;
    int file = open(arguments[0], O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    int opened = file < 0 ? errno : 0;
    json_begin();
    json_result(number);
    json_outcome("open", opened);
    json_end();
    return ANSWERED;
}

const struct verb file_verbs[] = {
    {"ls", 1, 1, "PATH", "the sorted names in a directory", list},
    {"stat", 1, 1, "PATH", "lstat", status},
    {"read", 1, 2, "PATH [MAX]", "the content, at most MAX bytes (64KiB; 1MiB at most)", read_file},
    {"write", 2, 2, "PATH TEXT", "create or truncate, then write", write_file},
    {"open", 2, ANY_NUMBER, "PATH FLAG…",
     "read write rdwr create excl trunc append nofollow directory path nonblock tmpfile direct sync", open_file},
    {"mkdir", 1, 1, "PATH", "make a directory", make_directory},
    {"symlink", 2, 2, "TARGET PATH", "make a symbolic link", make_link},
    {"hardlink", 2, 2, "OLD NEW", "make a hard link", hard_link},
    {"fifo", 1, 1, "PATH", "make a FIFO", make_fifo},
    {"mknod", 1, 4, "PATH [char|block MAJOR MINOR]", "make a device (null), then open what is there", make_device},
    {"rename", 2, 2, "OLD NEW", "rename", rename_file},
    {"remove", 1, 1, "PATH", "unlink or rmdir", remove_file},
    {"chmod", 2, 2, "PATH OCTAL", "change the mode", change_mode},
    {"chown", 3, 3, "PATH UID GID", "change the owner", change_owner},
    {"truncate", 2, 2, "PATH BYTES", "change the size", change_size},
    {0},
};
