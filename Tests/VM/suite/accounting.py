"""Known amounts, as jrun reports them, and beside it GNU time and systemd."""

import pathlib
import subprocess

from suite.checks import check, measured, near
from suite.daemon import PROBE, execute, forget, make_unread_file

MIB = 1 << 20
ATTEMPTS = 5
# Of CPU time, here. That it is right within 2 % is checked where a processor is a real one (the privileged tests): what a
# process cannot see of itself, the end of its exit, is nothing there, and takes its time where an emulator shares its processors.
EMULATED_PERCENT = 10


def others(*words):
    """GNU time under systemd: CPU microseconds and memory, in bytes, as each of them reports it."""
    # systemd 252 has no MemoryPeak yet: it is read where systemd 254 reads it.
    peak = pathlib.Path("/run/known.peak")
    after = f'/bin/sh -c "cat /sys/fs/cgroup/system.slice/known.service/memory.peak >{peak}"'
    properties = ["Type=oneshot", "RemainAfterExit=yes", "CPUAccounting=yes", "MemoryAccounting=yes"]
    options = [word for each in (*properties, f"ExecStartPost={after}") for word in ("--property", each)]
    timed = ["/usr/bin/time", "--quiet", "--format=%U %S %M", "--output=/run/known.time", *words]
    subprocess.run(["systemd-run", "--quiet", "--unit=known", *options, *timed], check=True, capture_output=True)
    show = ["systemctl", "show", "--property=CPUUsageNSec", "--value", "known"]
    nanoseconds = int(subprocess.run(show, check=True, capture_output=True, text=True).stdout)
    subprocess.run(["systemctl", "stop", "known"], check=True)
    user, system, resident = pathlib.Path("/run/known.time").read_text().split()
    cpu = {"GNU time": round((float(user) + float(system)) * 1e6), "systemd": nanoseconds // 1000}
    return cpu, {"GNU time, largest process": int(resident) * 1024, "systemd, peak": int(peak.read_text())}


def burned(what, *words):
    """Microseconds that jrun reports, and what the program says itself: it knows what it used, children included."""
    run = execute("probe", *words, wall="30m", cpu="30m")
    check(f"{what}: ends", "complete exit", run.end)
    return run.usage["cpu_microseconds"], run.answer(words[0])


def measure_others(*words):
    for name, microseconds in others(PROBE, *words)[0].items():
        measured(name, f"{microseconds} µs")


def processor():
    """The best of several attempts is what the accounting is worth; the others say what else the machine had to do."""
    what = "1.00 s in four processes"
    reported = sorted(burned(what, "burn", "250000", "4")[0] for _ in range(ATTEMPTS))
    measured(f"{what}: jrun, µs", reported)
    near(f"{what}: jrun", 1_000_000, reported[0], " µs", percent=EMULATED_PERCENT)
    measure_others("burn", "250000", "4")
    what = "10,000 short children"
    jrun, own = burned(what, "churn", "10000")
    check(f"{what}: all of them", 10_000, own.get("processes"))
    near(f"{what}: jrun", own.get("cpu_us"), jrun, " µs", percent=EMULATED_PERCENT)
    measure_others("churn", "10000")


def anonymous_memory():
    usage = execute("probe", "alloc", "200MiB", "1", memory="512MiB").usage
    near("200 MiB of memory: jrun, peak", 200 * MIB, usage["memory_peak_bytes"], " bytes")
    near("200 MiB of memory: jrun, anonymous", 200 * MIB, usage.get("memory_anon_bytes"), " bytes")
    for name, size in others(PROBE, "alloc", "200MiB", "1")[1].items():
        measured(name, f"{size} bytes")


def page_cache():
    """Whoever reads a file first is charged for its pages."""
    big = pathlib.Path("/srv/big")
    make_unread_file(big, 100 * MIB)
    usage = execute("shell", f"cat {big} >/dev/null; sleep 1", memory="512MiB").usage
    near("100 MiB of page cache: jrun", 100 * MIB, usage.get("memory_file_bytes"), " bytes")
    measured("jrun, peak", f"{usage['memory_peak_bytes']} bytes")
    forget(big)
    for name, size in others("/bin/sh", "-c", f"cat {big} >/dev/null; sleep 1")[1].items():
        measured(name, f"{size} bytes")
    big.unlink()
