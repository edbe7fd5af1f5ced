"""jrund in the test machine: installed from the package and asked over its socket."""

import http.client
import json
import os
import pathlib
import shutil
import socket
import subprocess

PROBE = "/usr/local/bin/jrun-probe"
STATE = "/var/lib/jrun"
RUNS = pathlib.Path("/sys/fs/cgroup/system.slice/jrun-runs.service/runs")

# What a request may choose; the defaults are small enough for anything that is not what is measured.
LIMITS = {
    "wall": "{default: 10m, max: 30m}",
    "cpu": "{default: 10m, max: 30m}",
    "memory": "{default: 128MiB, max: 1GiB}",
    "processes": "{default: 20, max: 1000}",
    "open_files": "{default: 64, max: 1024}",
    "output": "{default: 1MiB, max: 64MiB}",
    "disk": "{default: 16MiB, max: 512MiB}",
    "file_size": "{default: 16MiB, max: 512MiB}",
    "temporary": "{default: 1MiB, max: 64MiB}",
    "cpus": "{default: 2, max: 2}",
    "io": "unlimited",
}
WORDS = "[{argument: WORD, value: {string: {max: 4096}}, repeat: {min: 0, max: 200}}, {separator: true}]"
TEXT = "[{option: -c, value: {string: {max: 4096}}}]"


def write_program(name, executable, arguments, security="{}", limits=None):
    flow = ", ".join(f"{key}: {value}" for key, value in {**LIMITS, **(limits or {})}.items())
    pathlib.Path(f"/etc/jrun/programs/{name}.yaml").write_text(
        f"program: {name}\nsummary: For the tests\nexecutable: {executable}\narguments: {arguments}\n"
        f"limits: {{{flow}}}\nsecurity: {security}\n"
    )


def install():
    """The package, and two programs: `probe`, and `shell`, which may read /srv and the file system with quotas."""
    shutil.copy("jrun-probe", PROBE)
    package = next(pathlib.Path(".").glob("jrun_*.deb"))
    with open("/out/dpkg", "w") as log:
        subprocess.run(["dpkg", "--install", package], check=True, stdout=log, stderr=log)
    write_program("probe", PROBE, WORDS)
    write_program("shell", "/usr/bin/bash", TEXT, "{files: {read: [/srv, /srv/quota]}}")
    reload()


def reload():
    subprocess.run(["systemctl", "reload", "jrund"], check=True)


def configure(text):
    """jrund.yaml."""
    pathlib.Path("/etc/jrun/jrund.yaml").write_text(text)
    reload()


class WorkOnDisk:
    """While it lasts, jrund keeps its state, and the work directories of its runs, on the file system with quotas."""

    def __enter__(self):
        self.move(["mount", "--bind", "/srv/quota", STATE], "work_directory: disk\n")

    def __exit__(self, *_):
        self.move(["umount", STATE], "{}\n")

    def move(self, command, configuration):
        units = ["jrund.socket", "jrund.service"]
        subprocess.run(["systemctl", "stop", *units], check=True)
        subprocess.run(command, check=True)
        pathlib.Path("/etc/jrun/jrund.yaml").write_text(configuration)
        subprocess.run(["systemctl", "start", *units], check=True)


def make_unread_file(path, size):
    """A file of which nothing is in the page cache."""
    with open(path, "wb") as file:
        for _ in range(size >> 20):
            file.write(bytes(1 << 20))
        os.fsync(file.fileno())
    forget(path)


def forget(path):
    with open(path, "rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def active(unit):
    return subprocess.run(["systemctl", "is-active", unit], capture_output=True, text=True).stdout.strip()


class _Connection(http.client.HTTPConnection):
    def __init__(self):
        super().__init__("jrun", timeout=1800)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect("/run/jrun/control.sock")


def ask(method, path, body=None):
    connection = _Connection()
    connection.request(method, f"/v1/{path}", json.dumps(body) if body is not None else None)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    if answer.status >= 400:
        raise RuntimeError(f"{method} {path}: {answer.status} {content.decode()}")
    return json.loads(content)


class Run:
    """A run that has ended."""

    def __init__(self, answer):
        self.report = answer["report"]
        self.stdout = answer["stdout"].get("text", "")
        self.end = f"{self.report['state']} {self.report['cause']}"
        self.evidence = self.report["evidence"]
        self.usage = self.report["usage"]
        self.wall_microseconds = self.report["times"]["wall_microseconds"]

    def answer(self, verb):
        """What the probe's verb said, as it said it; {} when it did not."""
        lines = [json.loads(line) for line in self.stdout.splitlines() if line.startswith("{")]
        return next((line for line in lines if line.get("verb") == verb and line.get("state") != "ready"), {})

    def enforced_by(self, limit):
        return next((entry["enforced_by"] for entry in self.report["limits"] if entry["name"] == limit), None)


def execute(program, *arguments, **limits):
    """Runs it to its end with these limits; `shell` takes its text as the only argument."""
    words = ["-c", *arguments] if program == "shell" else list(arguments)
    return Run(ask("POST", "execute", {"program": program, "arguments": words, "limits": limits}))
