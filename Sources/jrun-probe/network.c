// What the program can reach.
#include "probe.h"

#include "json.h"
#include "words.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static const struct word interface_flags[] = {
    {"up", IFF_UP}, {"broadcast", IFF_BROADCAST}, {"loopback", IFF_LOOPBACK}, {"running", IFF_RUNNING},
    {"noarp", IFF_NOARP}, {"promisc", IFF_PROMISC}, {0},
};

static void describe_interface(int file, struct ifreq *interface) {
    char address[INET_ADDRSTRLEN] = "";
    json_open(NULL, '{');
    json_text("name", interface->ifr_name);
    json_number("index", interface->ifr_ifindex);
    if (ioctl(file, SIOCGIFFLAGS, interface) < 0) interface->ifr_flags = 0;
    json_open("flags", '[');
    for (const struct word *flag = interface_flags; flag->name; flag++)
        if ((unsigned long long)interface->ifr_flags & flag->value) json_text(NULL, flag->name);
    json_close(']');
    bool numbered = ioctl(file, SIOCGIFADDR, interface) == 0;
    if (numbered)
        inet_ntop(AF_INET, &((struct sockaddr_in *)&interface->ifr_addr)->sin_addr, address, sizeof address);
    json_text("address", numbered ? address : NULL);
    json_close('}');
}

// By index and ioctl: netlink may be filtered and /proc/net absent. A fresh namespace numbers from 1 upwards.
static int interfaces(char **arguments UNUSED) {
    int file = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (file < 0) file = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);  // answers the same ioctls
    int number = file < 0 ? errno : 0;
    json_begin();
    json_result(number);
    json_open("interfaces", '[');
    for (int index = 1; index <= 64 && !number; index++) {
        struct ifreq interface = {.ifr_ifindex = index};
        if (ioctl(file, SIOCGIFNAME, &interface) == 0) describe_interface(file, &interface);
    }
    json_close(']');
    json_end();
    return ANSWERED;
}

union address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    struct sockaddr_un local;
};

static socklen_t internet_address(union address *address, const char *host, const char *port) {
    long long number;
    if (!port || !parse_number(port, &number)) return 0;
    if (inet_pton(AF_INET, host, &address->four.sin_addr) == 1) {
        address->four.sin_family = AF_INET;
        address->four.sin_port = htons((uint16_t)number);
        return sizeof address->four;
    }
    if (inet_pton(AF_INET6, host, &address->six.sin6_addr) != 1) return 0;
    address->six.sin6_family = AF_INET6;
    address->six.sin6_port = htons((uint16_t)number);
    return sizeof address->six;
}

static socklen_t local_address(union address *address, const char *name, bool abstract) {
    size_t length = strlen(name);
    if (length + 1 > sizeof address->local.sun_path) return 0;
    address->local.sun_family = AF_UNIX;
    memcpy(address->local.sun_path + abstract, name, length);  // an abstract name follows a zero byte
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length);
}

static int connect_to(char **arguments) {
    const char *kind = arguments[0];
    union address address = {0};
    socklen_t length = 0;
    int type = strcmp(kind, "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM;
    if (strcmp(kind, "tcp") == 0 || strcmp(kind, "udp") == 0)
        length = internet_address(&address, arguments[1], arguments[2]);
    else if (strcmp(kind, "unix") == 0 || strcmp(kind, "abstract") == 0)
        length = local_address(&address, arguments[1], *kind == 'a');
    if (length == 0) return BAD_USAGE;
    int file = socket(address.any.sa_family, type | SOCK_CLOEXEC, 0);
    if (file < 0) return answer_at("socket", -1);
    // A packet that is silently dropped would keep the test waiting for two minutes; this ends as EINPROGRESS.
    setsockopt(file, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){.tv_sec = 3}, sizeof(struct timeval));
    if (connect(file, &address.any, length) < 0) return answer_at("connect", -1);
    return type == SOCK_DGRAM ? answer_at("send", send(file, "x", 1, MSG_NOSIGNAL)) : answer_at("connect", 0);
}

static int listen_loopback(char **arguments UNUSED) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    char byte = 0;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0) return answer_at("socket", -1);
    if (bind(listener, (struct sockaddr *)&address, length) < 0) return answer_at("bind", -1);
    if (listen(listener, 1) < 0) return answer_at("listen", -1);
    getsockname(listener, (struct sockaddr *)&address, &length);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client < 0) return answer_at("socket", -1);
    if (connect(client, (struct sockaddr *)&address, length) < 0) return answer_at("connect", -1);
    int server = accept(listener, NULL, NULL);
    if (server < 0) return answer_at("accept", -1);
    if (send(client, "x", 1, MSG_NOSIGNAL) < 0) return answer_at("send", -1);
    return answer_at("receive", recv(server, &byte, 1, 0) == 1 && byte == 'x' ? 0 : -1);
}

static int make_socket(char **arguments) {
    unsigned long long family, type, protocol = 0;
    if (!parse_word(socket_families, arguments[0], &family) || !parse_word(socket_types, arguments[1], &type))
        return BAD_USAGE;
    if (arguments[2] && !parse_word(socket_types, arguments[2], &protocol)) return BAD_USAGE;
    return answer(socket((int)family, (int)type, (int)protocol));
}

const struct verb network_verbs[] = {
    {"netifs", 0, 0, "", "the interfaces of the network namespace", interfaces},
    {"connect", 2, 3, "tcp|udp IP PORT | unix PATH | abstract NAME", "can it be reached (3 seconds at most)",
     connect_to},
    {"listen-loopback", 0, 0, "", "does 127.0.0.1 work inside", listen_loopback},
    {"socket", 2, 3, "FAMILY TYPE [PROTOCOL]", "AF_… and SOCK_…, or numbers", make_socket},
    {0},
};
