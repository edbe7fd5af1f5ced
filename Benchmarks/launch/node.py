"""A place of its own for the measurement: cgroups, directories, jrund. Everything that is made here goes again."""

import contextlib
import ctypes
import glob
import os
import shutil
import socket
import subprocess
import sys
import tempfile

CLONE_NEWNS = 0x20000
MS_REC, MS_PRIVATE, MNT_DETACH = 16384, 1 << 18, 2
CGROUPS = "/sys/fs/cgroup"
DISK_BYTES = 2 << 30

CONFIGURATION = """\
socket: {directory}/control.sock
programs: [{programs}]
enforcement: {enforcement}
capacity: {{runs: 256, memory: 1TiB, cpus: 1024, queue: 1000}}
quota: {{runs: 256, kept: 10GiB}}
connections: 1024
log: warning
"""


def fail(text):
    sys.exit(f"bench: {text}")


def see_one_cgroup_tree():
    """In a mount namespace of our own, cgroup v2 alone at its usual place, also on a node that mounts both versions: crun and
    runc want it so, and all candidates shall meet the same."""
    libc = ctypes.CDLL(None, use_errno=True)

    def check(result, what):
        if result != 0:
            fail(f"{what}: {os.strerror(ctypes.get_errno())}")

    check(libc.unshare(CLONE_NEWNS), "a mount namespace")
    check(libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None), "private mounts")
    if not os.path.exists(f"{CGROUPS}/cgroup.controllers"):
        check(libc.umount2(CGROUPS.encode(), MNT_DETACH), f"unmount '{CGROUPS}'")
        check(libc.mount(b"cgroup2", CGROUPS.encode(), b"cgroup2", 0, None), f"cgroup v2 at '{CGROUPS}'")


class Node:
    """Private directories and a cgroup subtree of jrun's, a filter, and jrund on a socket of its own."""

    def __init__(self, dist):
        self.dist = dist
        self.programs = os.path.join(dist, "share/jrun/programs")
        # On disk, as a site has it; not where /tmp may be memory.
        self.outside = tempfile.mkdtemp(prefix="jrun-bench-", dir="/var/tmp")
        self.directory = self.mount_disk()
        self.cgroup_name = f"jrun-bench-{os.getpid()}"
        self.cgroup = f"{CGROUPS}/{self.cgroup_name}"
        self.environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C",
            "JRUN_STATE": f"{self.directory}/state", "JRUN_RUNTIME": f"{self.directory}/run",
            "JRUN_CGROUP": self.cgroup_name,
        }
        self.work = self.make("work")
        self.daemon = None

    def mount_disk(self):
        """An ext4 with a journal, as sites have it, also where the node's own disk is something else: without a journal ext4
        does not use an inode again for a minute after its file was removed, and looks through all of those for a free one
        (fs/ext4/ialloc.c, recently_deleted), which is not what is to be measured."""
        image, place = f"{self.outside}/disk", f"{self.outside}/disk.mounted"
        os.mkdir(place)
        with open(image, "wb") as file:
            file.truncate(DISK_BYTES)
        for command in (["/usr/sbin/mkfs.ext4", "-q", image], ["/usr/bin/mount", "-o", "loop", image, place]):
            result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
            if result.returncode != 0:
                shutil.rmtree(self.outside, ignore_errors=True)
                fail(f"'{' '.join(command)}': {result.stderr.strip()}")
        return place

    def make(self, name):
        path = os.path.join(self.directory, name)
        os.makedirs(path, exist_ok=True)
        return path

    def jrun(self, command, *words):
        return [os.path.join(self.dist, "bin/jrun"), command, "--programs", self.programs, *words, "true"]

    def call(self, command):
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=60, check=False)

    def prepare(self):
        """Strict where the node can enforce every limit, best effort otherwise. Compiles the filter and makes the cgroup
        subtree by the way."""
        self.enforcement = "strict"
        result = self.call(self.jrun("exec", "--output-dir", self.work))
        if result.returncode != 0 and "cannot be enforced" in result.stderr:
            self.enforcement = "best-effort"
            result = self.call(self.jrun("exec", "--output-dir", self.work, "--best-effort"))
        if result.returncode != 0:
            fail(f"jrun exec true: {result.stderr.strip()}")
        filters = glob.glob(f"{self.directory}/state/cache/seccomp-*")
        if len(filters) != 1:
            fail(f"one compiled filter expected in '{self.directory}/state/cache', not {len(filters)}")
        self.filter = filters[0]

    def exec_command(self):
        words = [] if self.enforcement == "strict" else ["--best-effort"]
        return self.jrun("exec", "--output-dir", self.work, *words)

    def start_daemon(self):
        """Returns when it serves: it says so as to systemd (sd_notify)."""
        configuration = os.path.join(self.directory, "jrund.yaml")
        with open(configuration, "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(
                directory=self.directory, programs=self.programs, enforcement=self.enforcement))
        ready = f"{self.directory}/ready.sock"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener, \
                open(f"{self.directory}/jrund.log", "w", encoding="utf-8") as log:
            listener.bind(ready)
            listener.settimeout(30)
            self.daemon = subprocess.Popen(
                [os.path.join(self.dist, "sbin/jrund"), "--config", configuration],
                env={**self.environment, "NOTIFY_SOCKET": ready}, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            try:
                while b"READY=1" not in listener.recv(4096):
                    pass
            except TimeoutError:
                fail(f"jrund is not ready after 30 s: {self.log()}")
        return f"{self.directory}/control.sock"

    def log(self):
        with open(f"{self.directory}/jrund.log", encoding="utf-8") as log:
            return log.read().strip()

    def close(self):
        if self.daemon:
            self.daemon.terminate()
            self.daemon.wait(30)
        for name in ("runs", "init", "daemon", ""):
            with contextlib.suppress(OSError):
                os.rmdir(os.path.join(self.cgroup, name))
        subprocess.run(["/usr/bin/umount", "--lazy", self.directory], check=False)
        shutil.rmtree(self.outside, ignore_errors=True)
