"""A place of its own for the measurement: cgroups, directories, jrund. Everything that is made here goes again."""

import contextlib
import ctypes
import glob
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

CLONE_NEWNS = 0x20000
MS_REC, MS_PRIVATE, MNT_DETACH = 16384, 1 << 18, 2
CGROUPS = "/sys/fs/cgroup"
DISK_BYTES = 12 << 30  # holes, until something is written
DESCRIPTORS = 20_000

CONFIGURATION = """\
socket: {directory}/control.sock
programs: [{own_programs}, {programs}]
enforcement: {enforcement}
capacity: {{runs: 4096, memory: 4TiB, cpus: 4096, queue: 1000}}
quota: {{runs: 4096, kept: 1TiB}}
connections: 1024
log: warning
"""

# What the runs of Benchmarks/load.c may do.
LOAD = """\
program: load
summary: For the benchmarks
executable: {load}
arguments:
  - {{argument: VERB, value: {{choice: [write, first, sleep, fork, files]}}}}
  - {{argument: COUNT, value: {{integer: {{min: 1}}}}, required: false}}
  - {{argument: BYTES, value: {{integer: {{min: 0}}}}, required: false}}
results: [{{path: "d*/f*", when: any, max_count: 100000}}]
stdin: ignore
stdout: stream
stderr: stream
success: {{exit_codes: [0]}}
stop: {{signal: TERM, grace: 1s}}
limits:
  wall: 1h
  cpu: 1h
  memory: {{default: 64MiB, max: 8GiB}}
  processes: {{default: 1, max: 2000}}
  open_files: 16
  output: 64GiB
  disk: {{default: 1MiB, max: 4GiB}}
  file_size: {{default: 1MiB, max: 4GiB}}
  temporary: 1MiB
security: {{root: host, files: {{execute: [{load}]}}, network: none, seccomp: default}}
"""
LOAD_READS = """\
program: load-reads
extends: load
arguments: [{argument: VERB, value: {choice: [read]}}]
stdin: stream
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

    def __init__(self, dist, load=None):
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
        self.own_programs = self.make("programs")
        self.socket = f"{self.directory}/control.sock"
        self.daemon = None
        if load:
            # A run's own places hide some of the node's, wherever this clone lies.
            self.load = shutil.copy(load, self.outside)
            self.add_program("load", LOAD.format(load=self.load))
            self.add_program("load-reads", LOAD_READS)

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

    def add_program(self, name, text):
        with open(f"{self.own_programs}/{name}.yaml", "w", encoding="utf-8") as file:
            file.write(text)

    def remove_program(self, name):
        os.unlink(f"{self.own_programs}/{name}.yaml")

    def executed_at(self, name):
        """CLOCK_MONOTONIC nanoseconds of a run's execve: `exec_at` in jrun_status (Sources/CPlan)."""
        with open(f"{self.environment['JRUN_STATE']}/runs/{name}/status", "rb") as file:
            return int.from_bytes(file.read()[56:64], "little")

    def make(self, name):
        path = os.path.join(self.directory, name)
        os.makedirs(path, exist_ok=True)
        return path

    def call(self, command):
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=60, check=False)

    def prepare(self):
        """Strict where the node can enforce every limit, best effort otherwise. Compiles the filter and makes the cgroup
        subtree by the way."""
        self.enforcement = "strict"
        result = self.call(self.exec_command())
        if result.returncode != 0 and "cannot be enforced" in result.stderr:
            self.enforcement = "best-effort"
            result = self.call(self.exec_command())
        if result.returncode != 0:
            fail(f"jrun exec true: {result.stderr.strip()}")
        filters = glob.glob(f"{self.directory}/state/cache/seccomp-*")
        if len(filters) != 1:
            fail(f"one compiled filter expected in '{self.directory}/state/cache', not {len(filters)}")
        self.filter = filters[0]

    def exec_command(self, program="true", *arguments, options=()):
        words = [] if self.enforcement == "strict" else ["--best-effort"]
        programs = self.programs if program == "true" else self.own_programs
        return [
            os.path.join(self.dist, "bin/jrun"), "exec", "--programs", programs, "--output-dir", self.work, *words, *options,
            program, *(["--", *arguments] if arguments else [])]

    def start_daemon(self):
        """Returns when it serves: it says so as to systemd (sd_notify)."""
        # A live run costs jrund some descriptors.
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(DESCRIPTORS, hard), hard))
        configuration = os.path.join(self.directory, "jrund.yaml")
        with open(configuration, "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(
                directory=self.directory, own_programs=self.own_programs, programs=self.programs,
                enforcement=self.enforcement))
        ready = f"{self.directory}/ready.sock"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(ready)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener, \
                open(f"{self.directory}/jrund.log", "a", encoding="utf-8") as log:
            listener.bind(ready)
            listener.settimeout(60)
            self.daemon = subprocess.Popen(
                [os.path.join(self.dist, "sbin/jrund"), "--config", configuration],
                env={**self.environment, "NOTIFY_SOCKET": ready}, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            try:
                while b"READY=1" not in listener.recv(4096):
                    pass
            except TimeoutError:
                fail(f"jrund is not ready after 60 s: {self.log()}")
        return self.socket

    def stop_daemon(self, how=signal.SIGTERM):
        self.daemon.send_signal(how)
        self.daemon.wait(60)
        self.daemon = None

    def log(self):
        with open(f"{self.directory}/jrund.log", encoding="utf-8") as log:
            return log.read().strip()

    def end_runs(self):
        """Runs outlive jrund; whatever is left in the cgroup is ours."""
        with contextlib.suppress(OSError):
            with open(f"{self.cgroup}/cgroup.kill", "w", encoding="ascii") as file:
                file.write("1")
        for _ in range(300):
            with contextlib.suppress(OSError):
                with open(f"{self.cgroup}/cgroup.events", encoding="ascii") as file:
                    if "populated 1" in file.read():
                        time.sleep(0.1)
                        continue
            return

    def close(self):
        if self.daemon:
            self.stop_daemon()
        self.end_runs()
        for directory, _, _ in os.walk(self.cgroup, topdown=False):
            with contextlib.suppress(OSError):
                os.rmdir(directory)
        subprocess.run(["/usr/bin/umount", "--lazy", self.directory], check=False)
        shutil.rmtree(self.outside, ignore_errors=True)
