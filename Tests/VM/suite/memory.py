"""memory.max, memory.swap.max, memory.oom.group."""

import pathlib
import subprocess

from suite.checks import at_least, at_most, check, near
from suite.daemon import PROBE, active, execute

MIB = 1 << 20
LIMIT = 128 * MIB


def expect_killed(what, run):
    check(f"{what}: ends", "killed memory", run.end)
    check(f"{what}: by SIGKILL", "SIGKILL", run.report.get("signal"))
    check(f"{what}: source", "cgroup memory.events oom_kill", run.evidence.get("source"))
    check(f"{what}: limit", LIMIT, run.evidence.get("limit"))
    at_least(f"{what}: OOM kills", 1, run.evidence.get("value"))
    check(f"{what}: peak by", "cgroup memory.peak", run.usage["memory_peak_source"])
    at_most(f"{what}: overshoot", 0, run.usage["memory_peak_bytes"] - LIMIT, " bytes")


def limit():
    run = execute("probe", "alloc", "512MiB", memory="128MiB")
    check("one process: enforced by", "cgroup memory.max", run.enforced_by("memory"))
    expect_killed("one process", run)
    check("as much as allowed", "complete exit", execute("probe", "alloc", "120MiB", memory="128MiB").end)

    text = f"for i in 1 2 3 4; do {PROBE} alloc 40MiB hold & done; wait; echo survived"
    expect_killed("four processes that together take too much", execute("shell", text, memory="128MiB"))

    # One of them takes everything, and all go: neither the shell nor those who sleep are left to say anything.
    text = f"for i in 1 2 3; do sleep 1000 & done; {PROBE} alloc 512MiB; echo survived; exit 0"
    run = execute("shell", text, memory="128MiB")
    expect_killed("the whole tree", run)
    check("the whole tree: nobody goes on", "", run.stdout)

    text = "x=$(head -c 300000000 /dev/zero | tr '\\0' x); echo survived"
    expect_killed("a shell that collects output", execute("shell", text, memory="128MiB"))
    for unit in ("jrund", "jrun-runs"):
        check(f"{unit} was not hit", "active", active(unit))


def swap():
    """Where the node has swap, a run does not get any: it dies instead of growing there."""
    file = pathlib.Path("/swap")
    for command in (["fallocate", "-l", "512M"], ["chmod", "600"], ["mkswap", "-q"], ["swapon"]):
        subprocess.run([*command, file], check=True, stdout=subprocess.DEVNULL)
    try:
        used = lambda: int(next(line for line in open("/proc/meminfo") if line.startswith("SwapCached")).split()[1])
        check("the node's swap is unused", 0, used())
        expect_killed("with swap on the node", execute("probe", "alloc", "256MiB", memory="128MiB"))
        check("the node's swap is unused", 0, used())
    finally:
        subprocess.run(["swapoff", file], check=True)
        file.unlink()


def peaks():
    """The largest of each kind."""
    usage = execute("probe", "alloc", "100MiB", "1", memory="256MiB").usage
    near("anonymous memory", 100 * MIB, usage.get("memory_anon_bytes"), " bytes")
    near("the peak of the same run", 100 * MIB, usage["memory_peak_bytes"], " bytes")
    limits = {"temporary": "64MiB", "file_size": "64MiB", "memory": "256MiB"}
    usage = execute("shell", f"{PROBE} fill /dev/shm/x 50MiB; sleep 1", **limits).usage
    near("files in /dev/shm", 50 * MIB, usage.get("memory_shmem_bytes"), " bytes")
