"""How the others are asked for the view and the mechanisms that jrun gives `true`, and what each of them lacks of it.

As `jrun plan true` says: read-only /usr, the loader's files, own /proc, minimal /dev, /tmp, /dev/shm and a work directory;
mount, pid, ipc, uts, network and cgroup namespaces; no capabilities, no_new_privs, a list of system calls.
"""

import json
import os
import platform
import re
import shutil

from node import fail

PROGRAM = "/usr/bin/true"
FIXED_UID = 1500000001
LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
LOADER = ("/etc/ld.so.cache", "/etc/alternatives")
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# What none of them has; a peer's own line names what it lacks beyond that.
ALL_LACK = (
    "a uid of its own for every run; Landlock; a work directory of bounded size, fresh and removed; limits of CPU time and"
    " output; streams counted and capped; forbidden calls as evidence; results; an account of the run")


class Peer:
    def __init__(self, name, command, lacks, directory=None):
        self.name, self.command, self.lacks, self.directory = name, command, lacks, directory


def bubblewrap(work, user_namespace):
    links = []
    for name in LINKS:
        if os.path.islink("/" + name):
            links += ["--symlink", os.readlink("/" + name), "/" + name]
    files = [word for path in LOADER for word in ("--ro-bind", path, path)]
    if user_namespace:
        namespaces = ["--unshare-all", "--uid", "65534", "--gid", "65534"]
    else:
        namespaces = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup"]
    return [
        "/usr/bin/bwrap", "--ro-bind", "/usr", "/usr", *links, *files,
        "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/dev/shm",
        "--bind", work, "/work", "--chdir", "/work",
        *namespaces, "--hostname", "jrun", "--die-with-parent", "--cap-drop", "ALL", "--new-session",
        "--clearenv", "--setenv", "LC_ALL", "C", PROGRAM,
    ]


def allowed_calls():
    """The list of jrun's standard policy, and whole those calls of which it looks at the arguments."""
    path = os.path.join(TOP, "Sources/Confinement/SeccompPolicy.swift")
    with open(path, encoding="utf-8") as file:
        found = re.search(r'standardAllowed = words\(\s*"""(.*?)"""', file.read(), re.DOTALL)
    if not found:
        fail(f"no 'standardAllowed' in '{path}'")
    return found[1].split() + ["clone", "fcntl", "personality", "socket", "socketpair"]


def oci_configuration(root, work):
    hidden = ["nosuid", "nodev"]

    def bind(path, place=None, *options):
        return {"destination": place or path, "type": "bind", "source": path, "options": ["rbind", *hidden, *options]}

    def tmpfs(place, *options):
        return {"destination": place, "type": "tmpfs", "source": "tmpfs",
                "options": [*hidden, "size=1048576", "nr_inodes=16k", *options]}

    none = {name: [] for name in ("bounding", "effective", "permitted", "inheritable", "ambient")}
    architecture = {"x86_64": "SCMP_ARCH_X86_64", "aarch64": "SCMP_ARCH_AARCH64"}[platform.machine()]
    return {
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": FIXED_UID, "gid": FIXED_UID}, "args": [PROGRAM], "env": ["LC_ALL=C"], "cwd": "/work",
            "capabilities": none, "noNewPrivileges": True, "oomScoreAdj": 500,
            "rlimits": [{"type": name, "hard": value, "soft": value} for name, value in (
                ("RLIMIT_CORE", 1), ("RLIMIT_NOFILE", 16), ("RLIMIT_FSIZE", 1 << 20))],
        },
        "root": {"path": root, "readonly": True},
        "hostname": "jrun",
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc", "options": [*hidden, "noexec"]},
            bind("/usr", None, "ro"), *(bind(path, None, "ro") for path in LOADER),
            # Without nodev: its devices have to open.
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
            tmpfs("/dev/shm", "noexec", "mode=1777"), tmpfs("/tmp", "mode=1777"),
            bind(work, "/work"),
        ],
        "linux": {
            "namespaces": [{"type": name} for name in ("pid", "network", "ipc", "uts", "mount", "cgroup")],
            "seccomp": {
                "defaultAction": "SCMP_ACT_ERRNO", "architectures": [architecture],
                "syscalls": [
                    {"names": allowed_calls(), "action": "SCMP_ACT_ALLOW"},
                    {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38},
                ],
            },
        },
    }


def make_bundle(node):
    """The root is made once, by hand: an OCI runtime only mounts into it."""
    bundle = node.make("bundle")
    root = node.make("bundle/root")
    for name in ("usr", "etc/alternatives", "dev", "proc", "tmp", "work"):
        os.makedirs(os.path.join(root, name), exist_ok=True)
    for name in LINKS:
        if os.path.islink("/" + name):
            os.symlink(os.readlink("/" + name), os.path.join(root, name))
    for name, text in (
        ("passwd", f"root:x:0:0:root:/:/sbin/nologin\nrun:x:{FIXED_UID}:{FIXED_UID}:run:/work:/sbin/nologin\n"),
        ("group", f"root:x:0:\nrun:x:{FIXED_UID}:\n"), ("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n"),
        ("ld.so.cache", ""),
    ):
        with open(os.path.join(root, "etc", name), "w", encoding="utf-8") as file:
            file.write(text)
    with open(os.path.join(bundle, "config.json"), "w", encoding="utf-8") as file:
        json.dump(oci_configuration(root, node.work), file)
    return bundle


def firejail():
    return [
        "/usr/bin/firejail", "--quiet", "--noprofile", "--net=none", "--caps.drop=all", "--nonewprivs", "--noroot",
        "--ipc-namespace", "--hostname=jrun", "--private-dev", "--private-tmp", "--private",
        "--private-etc=ld.so.cache,alternatives", f"--seccomp.keep={','.join(allowed_calls())}",
        "--rlimit-nofile=16", "--rlimit-fsize=1048576", "--", PROGRAM,
    ]


def systemd_run():
    # Its own /tmp is the working directory: systemd does not see what is mounted for the benchmark alone.
    properties = (
        "PrivateNetwork=yes", "PrivateIPC=yes", "PrivateTmp=yes", "PrivateDevices=yes", "ProtectSystem=strict",
        "ProtectHome=yes", "ProtectHostname=yes", "ProtectProc=invisible", "ProcSubset=pid", "DynamicUser=yes",
        "NoNewPrivileges=yes", "CapabilityBoundingSet=", "MemoryMax=64M", "TasksMax=1", "CPUQuota=100%",
        "RuntimeMaxSec=10", f"SystemCallFilter={' '.join(allowed_calls())}", "Environment=LC_ALL=C",
        "WorkingDirectory=/tmp",
    )
    return ["/usr/bin/systemd-run", "--quiet", "--wait", "--pipe", "--collect",
            *(f"--property={value}" for value in properties), PROGRAM]


def all_peers(node):
    """Those that are there, and the names of those that are not."""
    found = [
        Peer("bubblewrap", bubblewrap(node.work, True), "a system call filter; a cgroup; limits"),
        Peer("bubblewrap, no user namespace", bubblewrap(node.work, False),
            "a system call filter; a cgroup; limits; an unprivileged uid: it stays root without capabilities"),
        Peer("firejail", firejail(),
            "a cgroup; limits of memory, processes, disk; uts and cgroup namespaces of its own making; a root that holds only"
            " what is needed: it hides parts of the node's"),
    ]
    if shutil.which("crun") or shutil.which("runc"):
        bundle = make_bundle(node)
        lacks = "arguments of system calls; a root made for the run: it is a directory on disk, made before"
        for name in ("crun", "runc"):
            path = shutil.which(name, path="/usr/sbin:/usr/bin")
            if path:
                root = node.make(f"{name}-state")
                found.append(Peer(
                    name, [path, "--root", root, "run", "--bundle", bundle, f"jrun-bench-{name}-{os.getpid()}"], lacks))
    if os.path.isdir("/run/systemd/system"):
        found.append(Peer("systemd-run", systemd_run(),
            "a pid namespace; a root that holds only what is needed: it hides parts of the node's"))
    there = [peer for peer in found if os.access(peer.command[0], os.X_OK)]
    names = {peer.name for peer in there}
    wanted = ("bubblewrap", "bubblewrap, no user namespace", "crun", "runc", "firejail", "systemd-run")
    return there, [name for name in wanted if name not in names]
