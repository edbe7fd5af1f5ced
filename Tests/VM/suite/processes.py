"""pids.max, and how the node feels meanwhile."""

import statistics
import threading
import time

from suite.checks import at_least, at_most, check, measured
from suite.daemon import RUNS, active, execute


def expect_killed(what, run, limit):
    check(f"{what}: ends", "killed processes", run.end)
    check(f"{what}: source", "cgroup pids.events max", run.evidence.get("source"))
    check(f"{what}: limit", limit, run.evidence.get("limit"))
    check(f"{what}: refused", limit + 1, run.evidence.get("value"))
    check(f"{what}: peak by", "cgroup pids.peak", run.usage.get("processes_peak_source"))
    at_most(f"{what}: overshoot", 0, run.usage.get("processes_peak", 0) - limit, " processes")


def limit():
    run = execute("probe", "forkbomb", processes=50)
    check("fork bomb: enforced by", "cgroup pids.max", run.enforced_by("processes"))
    expect_killed("fork bomb", run, 50)
    expect_killed("children", execute("probe", "fork", "30", "hold", processes=12), 12)
    expect_killed("threads", execute("probe", "threads", "30", "hold", processes=12), 12)
    run = execute("probe", "fork", "11", processes=12)
    check("as many as allowed", ("complete exit", 11), (run.end, run.answer("fork").get("started")))


def latencies(count):
    """Milliseconds that each of `count` small runs takes, from the request to the report."""
    times = []
    for _ in range(count):
        began = time.monotonic()
        check("a small run", "complete exit", execute("probe", "exit", "0").end)
        times.append(round((time.monotonic() - began) * 1000))
    return times


class Bombs(threading.Thread):
    """One fork bomb after the other, at least two."""

    def __init__(self):
        super().__init__()
        self.is_over = threading.Event()
        self.ends = []
        self.first = threading.Event()

    def run(self):
        try:
            while len(self.ends) < 2 or not self.is_over.is_set():
                self.ends.append(execute("probe", "forkbomb", processes=200).end)
                self.first.set()
        finally:
            self.first.set()


def node_stays_usable():
    before = latencies(10)
    bombs = [Bombs(), Bombs()]
    for bomb in bombs:
        bomb.start()
    for bomb in bombs:
        bomb.first.wait()
    during = latencies(10)
    for bomb in bombs:
        bomb.is_over.set()
    for bomb in bombs:
        bomb.join()
    ends = [end for bomb in bombs for end in bomb.ends]
    at_least("fork bombs meanwhile", 4, len(ends))
    check("each of them ends", {"killed processes"}, set(ends))
    measured("milliseconds of a small run, before", sorted(before))
    measured("beside two fork bombs", sorted(during))
    # Two processors for two bombs and one run: what is judged is that the run gets its turn. Four to five times as long is
    # usual; the rest is for a node that has become busier meanwhile.
    ratio = round(statistics.median(during) / statistics.median(before), 1)
    at_most("times as long beside two fork bombs", 30, ratio)
    check("nobody is left", [], [entry.name for entry in RUNS.iterdir() if entry.is_dir()])
    for unit in ("jrund", "jrun-runs"):
        check(f"{unit} was not hit", "active", active(unit))
