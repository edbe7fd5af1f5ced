"""What does not end a run but holds it back: cpu.max, cpuset.cpus, io.max."""

import pathlib

from suite.checks import at_least, at_most, check, measured
from suite.daemon import configure, execute, make_unread_file

MIB = 1 << 20


def cpus():
    """Four processes that compute for three seconds, on two processors. What they may not have beyond their share is judged
    with room for the time in which an emulated processor stands still, which counts as theirs; what they get at least,
    as that they go on."""
    for allowed in (0.25, 0.5, 1.5):
        run = execute("probe", "spin", "forever", "4", wall="3s", cpus=allowed)
        check(f"{allowed} processors: enforced by", "cgroup cpu.max", run.enforced_by("cpus"))
        check(f"{allowed} processors: ends", "killed wall-time", run.end)
        got = run.usage["cpu_microseconds"] / run.wall_microseconds
        at_most(f"{allowed} processors: used", allowed + 0.25, round(got, 3))
        at_least(f"{allowed} processors: used", round(allowed * 0.1, 3), round(got, 3))
    run = execute("probe", "spin", "1", cpus=0.5)
    check("half a processor: ends", "complete exit", run.end)
    at_least("half a processor: a second of work takes", 1600, run.wall_microseconds // 1000, " ms")


def cpuset():
    """By the configuration, for all runs."""
    check("all processors", [0, 1], execute("probe", "affinity").answer("affinity").get("cpus"))
    configure('cpuset: "1"\n')
    run = execute("probe", "batch", "affinity", "--", "set-affinity", "0", "--", "set-affinity", "1")
    check("cpuset: the processors of a run", [1], run.answer("affinity").get("cpus"))
    check("cpuset: the others are refused", "EINVAL", run.answer("set-affinity").get("errno"))
    check("cpuset: the report", "1", run.report["node"].get("cpuset"))
    run = execute("probe", "spin", "forever", "4", wall="2s")
    at_most("cpuset: used", 1.2, round(run.usage["cpu_microseconds"] / run.wall_microseconds, 3), " processors")
    configure("{}\n")
    check("all processors again", [0, 1], execute("probe", "affinity").answer("affinity").get("cpus"))


def io():
    """Reads that the page cache cannot answer. They may not be faster; how fast the disk is without a limit is not judged."""
    for name, big in (("root disk", "/srv/big"), ("second disk", "/srv/quota/big")):
        for limit in (4, 16):
            make_unread_file(big, 8 * limit * MIB)
            run = execute("shell", f"cat {big} >/dev/null", io=f"{limit}MiB")
            what = f"{name}, {limit} MiB/s"
            check(f"{what}: enforced by", "cgroup io.max", run.enforced_by("io"))
            check(f"{what}: ends", "complete exit", run.end)
            # Eight seconds' worth. The kernel lets a little through before it begins to count.
            rate = 8 * limit / (run.wall_microseconds / 1e6)
            at_most(f"{what}: measured", round(limit * 1.1, 2), round(rate, 2), " MiB/s")
        make_unread_file(big, 32 * MIB)
        run = execute("shell", f"cat {big} >/dev/null")
        check(f"{name}: unlimited", "unlimited", run.enforced_by("io"))
        check(f"{name}: unlimited: ends", "complete exit", run.end)
        measured(f"{name}: unlimited", f"{32 / (run.wall_microseconds / 1e6):.2f} MiB/s")
        pathlib.Path(big).unlink()
