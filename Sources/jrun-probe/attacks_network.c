// Listeners for two runs that try to meet, and changes to the network.
#include "probe.h"

#include "json.h"
#include "words.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

union address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_un local;
};

static socklen_t make_address(union address *address, const char *kind, const char *name) {
    long long port;
    if (strcmp(kind, "abstract") == 0 || strcmp(kind, "unix") == 0) {
        size_t zero = *kind == 'a', length = strlen(name);
        if (length + zero >= sizeof address->local.sun_path) return 0;
        address->local.sun_family = AF_UNIX;
        memcpy(address->local.sun_path + zero, name, length);
        return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length);
    }
    if (!parse_number(name, &port)) return 0;
    address->four.sin_family = AF_INET;
    address->four.sin_port = htons((uint16_t)port);
    address->four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return sizeof address->four;
}

// Says where it listens, and answers whoever comes.
static int listen_for_ever(char **arguments) {
    union address address = {0};
    socklen_t length = make_address(&address, arguments[0], arguments[1]);
    if (length == 0) return BAD_USAGE;
    int file = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (file < 0) return answer_at("socket", -1);
    if (bind(file, &address.any, length) < 0 || listen(file, 4) < 0) return answer_at("bind", -1);
    length = sizeof address;
    getsockname(file, &address.any, &length);
    json_begin();
    json_text("state", "ready");
    if (address.any.sa_family == AF_INET) json_number("port", ntohs(address.four.sin_port));
    json_end();
    for (;;) {
        int client = accept(file, NULL, NULL);
        if (client >= 0) close(client);
    }
}

static int take_down(char **arguments) {
    struct ifreq interface = {0};
    int file = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (file < 0) return answer_at("socket", -1);
    strncpy(interface.ifr_name, arguments[0], IFNAMSIZ - 1);
    if (ioctl(file, SIOCGIFFLAGS, &interface) < 0) return answer_at("SIOCGIFFLAGS", -1);
    interface.ifr_flags &= (short)~IFF_UP;
    return answer_at("SIOCSIFFLAGS", ioctl(file, SIOCSIFFLAGS, &interface));
}

const struct verb network_attacks[] = {
    {"listen", 2, 2, "tcp PORT | unix PATH | abstract NAME", "say ready, and accept for ever", listen_for_ever},
    {"take-down", 1, 1, "INTERFACE", "take a network interface down", take_down},
    {0},
};
