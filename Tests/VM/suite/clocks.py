"""The limits of time: wall and cpu."""

import signal
import subprocess
import time

from suite.checks import at_least, at_most, check, measured
from suite.daemon import PROBE, execute

ATTEMPTS = 5
# What is promised is for a real processor, and checked on the node (OvershootTests). An emulated one that shares the node's
# with others may get none for a while: here it is judged that the clock ends the run, not how fast it does.
EMULATED_MS = 2000


def overshoots(cause, limit_ms, one):
    """Milliseconds by which each of several attempts went beyond the limit, in jrun-init's record, sorted."""
    over = []
    for _ in range(ATTEMPTS):
        run, used_us = one()
        check(f"{cause}: ends", f"killed {cause}", run.end)
        check(f"{cause}: limit", limit_ms, run.evidence.get("limit"))
        at_least(f"{cause}: evidence", limit_ms, run.evidence.get("value"), " ms")
        over.append(round(used_us / 1000 - limit_ms, 1))
    return sorted(over)


def expect_overshoot(what, over, promised_ms):
    """The best of several attempts is what the mechanism costs; the others say what else the machine had to do."""
    measured(f"{what}: overshoots in ms, where {promised_ms} are promised", over)
    at_least(f"{what}: not too early", 0, over[0], " ms")
    at_most(f"{what}: overshoot", EMULATED_MS, over[0], " ms")


def by_hand():
    """The same without jrun: milliseconds from a deadline until a process that sleeps is killed and reaped."""
    over = []
    for _ in range(ATTEMPTS):
        child = subprocess.Popen([PROBE, "sleep", "forever"], stdout=subprocess.DEVNULL)
        began = time.monotonic()
        # Waits for a signal that does not come.
        signal.sigtimedwait([signal.SIGUSR1], 0.5)
        child.kill()
        child.wait()
        over.append(round((time.monotonic() - began - 0.5) * 1000, 1))
    return sorted(over)


def wall():
    measured("by hand, without jrun: overshoots in ms", by_hand())

    def sleeper():
        run = execute("probe", "sleep", "forever", wall="500ms")
        check("wall: source", "CLOCK_MONOTONIC, ms", run.evidence.get("source"))
        return run, run.wall_microseconds

    expect_overshoot("wall, a program that sleeps", overshoots("wall-time", 500, sleeper), 20)

    def worker():
        run = execute("probe", "spin", "forever", "4", wall="500ms")
        return run, run.wall_microseconds

    expect_overshoot("wall, four processes that compute", overshoots("wall-time", 500, worker), 20)


def cpu():
    def spinner():
        run = execute("probe", "spin", "forever", "4", cpu="1s")
        check("cpu: source", "cgroup cpu.stat usage_usec, ms", run.evidence.get("source"))
        return run, run.usage["cpu_microseconds"]

    expect_overshoot("cpu, four processes", overshoots("cpu-time", 1000, spinner), 50)

    # No process lives for long, and each that is gone has been waited for.
    text = f"while true; do {PROBE} spin 0.05; done"

    def reaped():
        run = execute("shell", text, cpu="1s")
        return run, run.usage["cpu_microseconds"]

    expect_overshoot("cpu, children that were reaped", overshoots("cpu-time", 1000, reaped), 50)

    # Away from the program's session and its parent.
    text = f"(setsid {PROBE} spin forever &) ; sleep 1000"
    run = execute("shell", text, cpu="500ms")
    check("cpu, a process in a session of its own", "killed cpu-time", run.end)
