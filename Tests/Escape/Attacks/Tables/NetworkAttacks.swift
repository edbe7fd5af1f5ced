// Sockets of every kind, the node's listeners, and two runs that try to meet.

private func family(
    _ name: String, _ socket: String, _ what: String, control: Control = .user, stoppedBy: [Defence] = [.seccomp]
) -> Attack {
    Attack(
        "socket-\(name)", .network, what, probe: "socket \(socket)", stoppedBy: stoppedBy, control: control,
        unavailable: [
            Lack("EAFNOSUPPORT", "the kernel does not have the family"),
            Lack("EPROTONOSUPPORT", "the kernel does not have the protocol"),
            Lack("ESOCKTNOSUPPORT", "the kernel does not have the type"),
        ])
}

private let meet = "Two runs of the same confiner meet"

package let networkAttacks: [Attack] = [
    family("netlink", "AF_NETLINK SOCK_RAW", "AF_NETLINK: routes, netfilter, devices (netlink(7); CVE-2022-34918)."),
    family(
        "packet", "AF_PACKET SOCK_RAW",
        "AF_PACKET: every frame of an interface (packet(7); CVE-2016-8655, CVE-2020-14386).",
        control: .root, stoppedBy: [.seccomp, .capabilities]),
    family("vsock", "AF_VSOCK SOCK_STREAM", "AF_VSOCK: past every network namespace to the hypervisor (vsock(7))."),
    family("alg", "AF_ALG SOCK_SEQPACKET", "AF_ALG: the kernel's ciphers, loaded on demand (CVE-2017-17806)."),
    family(
        "key", "AF_KEY SOCK_RAW 2", "AF_KEY: keys of IPsec (RFC 2367).", control: .root,
        stoppedBy: [.seccomp, .capabilities]),
    family("can", "AF_CAN SOCK_RAW 1", "AF_CAN: modules loaded on demand (CVE-2021-3609)."),
    family("bluetooth", "AF_BLUETOOTH SOCK_RAW 1", "AF_BLUETOOTH: devices of the node (CVE-2021-3573)."),
    family("tipc", "AF_TIPC SOCK_SEQPACKET", "AF_TIPC: a cluster protocol, loaded on demand (CVE-2021-43267)."),
    family("rds", "AF_RDS SOCK_SEQPACKET", "AF_RDS: loaded on demand (CVE-2010-3904)."),
    family("kcm", "AF_KCM SOCK_DGRAM", "AF_KCM: a multiplexer in the kernel, loaded on demand (CVE-2022-3521)."),
    family(
        "xdp", "AF_XDP SOCK_RAW", "AF_XDP: frames past the network stack.", control: .root,
        stoppedBy: [.seccomp, .capabilities]),
    family("smc", "AF_SMC SOCK_STREAM", "AF_SMC: loaded on demand (CVE-2021-46925)."),
    family("qrtr", "AF_QIPCRTR SOCK_DGRAM", "AF_QIPCRTR: loaded on demand (CVE-2019-19079)."),
    family("mptcp", "AF_INET SOCK_STREAM 262", "MPTCP, a protocol of AF_INET beside TCP (CVE-2024-26782)."),
    family("sctp", "AF_INET SOCK_SEQPACKET 132", "SCTP, a protocol of AF_INET, loaded on demand (CVE-2021-23133)."),
    family("dccp", "AF_INET SOCK_DCCP 33", "DCCP, a protocol of AF_INET, loaded on demand (CVE-2017-6074)."),
    family("udplite", "AF_INET SOCK_DGRAM 136", "UDP-Lite, a protocol of AF_INET that few programs use (udplite(7))."),
    family("l2tp", "AF_INET SOCK_DGRAM 115", "L2TP, a protocol of AF_INET, loaded on demand (CVE-2016-10200)."),
    family(
        "raw", "AF_INET SOCK_RAW 1", "Raw IP sockets: forged packets (raw(7)).", control: .root,
        stoppedBy: [.capabilities]),
    Attack(
        "host-tcp", .network, "A TCP service on the node's loopback that trusts whoever reaches it.",
        probe: "connect tcp 127.0.0.1 {port}", stoppedBy: [.networkNamespace], control: .user, props: [.tcpListener]),
    Attack(
        "host-abstract", .network, "An abstract socket of the node (unix(7)): no file protects it (CVE-2020-15257).",
        probe: "connect abstract {abstract}", stoppedBy: [.networkNamespace, .landlock], control: .user,
        props: [.abstractListener]),
    Attack(
        "host-socket-file", .network,
        "A socket in a file open to all, as D-Bus, systemd and Docker have one (unix(7)).",
        probe: "connect unix {socket}", stoppedBy: [.mountView], control: .user, props: [.fileListener]),
    Attack(
        "neighbour-tcp", .network, "\(meet) at a port of the loopback.", probe: "connect tcp 127.0.0.1 {meeting}",
        stoppedBy: [.networkNamespace], control: .user, props: [.neighbourListens("tcp")]),
    Attack(
        "neighbour-abstract", .network, "\(meet) at an abstract socket.", probe: "connect abstract {meeting}",
        stoppedBy: [.networkNamespace, .landlock], control: .user, props: [.neighbourListens("abstract")]),
    Attack(
        "interface-down", .network, "SIOCSIFFLAGS takes an interface down (netdevice(7)).", probe: "take-down lo",
        stoppedBy: [.capabilities, .networkNamespace], control: .privateRoot),
]
