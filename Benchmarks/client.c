// A client of the control socket that takes as little as possible of the processors that it shares with jrund: HTTP/1.1 over
// connections that stay open, one thread, epoll. Each answer of its own is one line of JSON with what itself has used.
//
//     client rate SOCKET CONNECTIONS SECONDS [PROGRAM]   executes, each connection again when it has its answer
//     client follow SOCKET TARGET COUNT                  so many followers, to the end of the stream
//     client post SOCKET TARGET BYTES                    a body of zeros
//
// The parser knows what jrund sends and no more: lengths and chunks, header names as jrund writes them.

#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_AT_MOST 4096
#define HEAD_AT_MOST 16384
#define PIECE (1 << 20)

enum part { HEAD, LENGTH, CHUNK_SIZE, CHUNK, CHUNK_END, DONE };

struct connection {
    int socket;
    enum part part;
    long long left; // of the body or the chunk
    size_t head_bytes;
    int status;
    bool is_last_chunk;
    char head[HEAD_AT_MOST];
};

static char piece[PIECE];
static struct connection *connections;
static long long body_bytes, first_byte_at, followers_open;

static void fail(const char *what) {
    fprintf(stderr, "client: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void refuse(const char *what, const char *text) {
    fprintf(stderr, "client: %s: %s\n", what, text);
    exit(1);
}

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int connect_to(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) refuse(path, "longer than a socket's name can be");
    strcpy(address.sun_path, path);
    int result = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (result < 0 || connect(result, (struct sockaddr *)&address, sizeof address) < 0) fail(path);
    return result;
}

static void send_all(int socket, const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t n = send(socket, bytes, count, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR) fail("send");
        if (n > 0) bytes += n, count -= (size_t)n;
    }
}

static void read_head(struct connection *connection) {
    connection->head[connection->head_bytes] = 0;
    connection->status = atoi(connection->head + 9);
    const char *length = strcasestr(connection->head, "\r\ncontent-length:");
    connection->left = length ? atoll(length + 17) : 0;
    connection->part = length ? LENGTH : CHUNK_SIZE;
    if (length && connection->left == 0) connection->part = DONE;
}

// Takes one byte of what stands between the pieces of a body.
static void take_byte(struct connection *connection, char byte) {
    if (connection->part == HEAD) {
        if (connection->head_bytes == HEAD_AT_MOST - 1) refuse("answer", "its head is too long");
        connection->head[connection->head_bytes++] = byte;
        if (byte == '\n' && connection->head_bytes >= 4
            && !memcmp(connection->head + connection->head_bytes - 4, "\r\n\r\n", 4)) {
            read_head(connection);
            followers_open++;
        }
    } else if (connection->part == CHUNK_SIZE) {
        if (byte == '\n') {
            connection->is_last_chunk = connection->left == 0;
            connection->part = connection->is_last_chunk ? CHUNK_END : CHUNK;
        } else if (byte != '\r') {
            int digit = byte <= '9' ? byte - '0' : (byte | 32) - 'a' + 10;
            connection->left = connection->left * 16 + digit;
        }
    } else if (byte == '\n') { // behind a chunk
        connection->part = connection->is_last_chunk ? DONE : CHUNK_SIZE;
        connection->left = 0;
    }
}

// One read. Whether the answer is whole.
static bool receive(struct connection *connection) {
    ssize_t n = recv(connection->socket, piece, PIECE, 0);
    if (n < 0 && errno == EINTR) return false;
    if (n < 0) fail("receive");
    if (n == 0) refuse("receive", "jrund has closed the connection");
    for (ssize_t at = 0; at < n;) {
        if (connection->part == LENGTH || connection->part == CHUNK) {
            long long taken = n - at < connection->left ? n - at : connection->left;
            if (first_byte_at == 0) first_byte_at = now();
            at += taken, connection->left -= taken, body_bytes += taken;
            if (connection->left == 0) connection->part = connection->part == CHUNK ? CHUNK_END : DONE;
        } else {
            take_byte(connection, piece[at++]);
        }
        if (connection->part == DONE && connection->status >= 300) refuse("answer", connection->head);
    }
    return connection->part == DONE;
}

static void ask(struct connection *connection, const char *request) {
    connection->part = HEAD;
    connection->head_bytes = 0;
    connection->left = 0;
    send_all(connection->socket, request, strlen(request));
}

static int open_connections(const char *path, int count) {
    if (count < 1 || count > CONNECTIONS_AT_MOST) refuse("connections", "1 to 4096");
    connections = calloc((size_t)count, sizeof *connections);
    int events = epoll_create1(EPOLL_CLOEXEC);
    if (connections == NULL || events < 0) fail("epoll");
    for (int i = 0; i < count; i++) {
        connections[i].socket = connect_to(path);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &connections[i]};
        if (epoll_ctl(events, EPOLL_CTL_ADD, connections[i].socket, &event) < 0) fail("epoll");
    }
    return events;
}

// What this client has used itself.
static void print_usage(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf(
        ", \"client_user_seconds\": %ld.%06ld, \"client_system_seconds\": %ld.%06ld}\n", usage.ru_utime.tv_sec,
        usage.ru_utime.tv_usec, usage.ru_stime.tv_sec, usage.ru_stime.tv_usec);
}

static void rate(const char *path, int count, double seconds, const char *program) {
    char request[512];
    int length = (int)strlen(program) + 14;
    snprintf(
        request, sizeof request, "POST /v1/execute HTTP/1.1\r\nHost: jrun\r\nContent-Length: %d\r\n\r\n{\"program\":\"%s\"}",
        length, program);
    int events = open_connections(path, count), waiting = count;
    long long done = 0, begin = now(), end = begin + (long long)(seconds * 1e9);
    for (int i = 0; i < count; i++) ask(&connections[i], request);
    while (waiting > 0) {
        struct epoll_event ready[64];
        int n = epoll_wait(events, ready, 64, -1);
        for (int i = 0; i < n; i++) {
            struct connection *connection = ready[i].data.ptr;
            if (!receive(connection)) continue;
            done++;
            if (now() < end) ask(connection, request);
            else waiting--;
        }
    }
    printf("{\"runs\": %lld, \"seconds\": %.6f", done, (double)(now() - begin) / 1e9);
    print_usage();
}

static void follow(const char *path, const char *target, int count) {
    char request[512];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: jrun\r\n\r\n", target);
    int events = open_connections(path, count), waiting = count;
    for (int i = 0; i < count; i++) ask(&connections[i], request);
    bool has_said_so = false;
    while (waiting > 0) {
        struct epoll_event ready[64];
        int n = epoll_wait(events, ready, 64, -1);
        for (int i = 0; i < n; i++)
            if (receive(ready[i].data.ptr)) waiting--;
        if (!has_said_so && followers_open == count) {
            has_said_so = true;
            puts("open");
            fflush(stdout);
        }
    }
    printf("{\"bytes\": %lld, \"first_byte_at\": %lld, \"ended_at\": %lld", body_bytes, first_byte_at, now());
    print_usage();
}

static void post(const char *path, const char *target, long long bytes) {
    char request[512];
    open_connections(path, 1);
    snprintf(request, sizeof request, "POST %s HTTP/1.1\r\nHost: jrun\r\nContent-Length: %lld\r\n\r\n", target, bytes);
    long long begin = now();
    ask(connections, request);
    for (long long left = bytes; left > 0; left -= left < PIECE ? left : PIECE)
        send_all(connections->socket, piece, left < PIECE ? (size_t)left : PIECE);
    while (!receive(connections)) continue;
    printf("{\"bytes\": %lld, \"seconds\": %.6f", bytes, (double)(now() - begin) / 1e9);
    print_usage();
}

int main(int count, char **words) {
    const char *verb = count > 1 ? words[1] : "";
    if (!strcmp(verb, "rate") && (count == 5 || count == 6))
        rate(words[2], atoi(words[3]), atof(words[4]), count == 6 ? words[5] : "true");
    else if (!strcmp(verb, "follow") && count == 5) follow(words[2], words[3], atoi(words[4]));
    else if (!strcmp(verb, "post") && count == 5) post(words[2], words[3], atoll(words[4]));
    else {
        fprintf(stderr, "client rate SOCKET CONNECTIONS SECONDS [PROGRAM] | follow SOCKET TARGET COUNT | post SOCKET TARGET BYTES\n");
        return 2;
    }
    return 0;
}
