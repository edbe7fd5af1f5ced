"""What processes use: their memory, and processor time to the nanosecond."""

import os
import time


def field(pid, file, name):
    with open(f"/proc/{pid}/{file}", encoding="ascii") as text:
        return next(int(line.split()[1]) for line in text if line.startswith(name + ":"))


def resident(pid):
    """KiB."""
    return field(pid, "status", "VmRSS")


def own_pages(pid):
    """KiB of pages that nobody else has; of memory files, which are counted elsewhere (Shmem), none."""
    return field(pid, "smaps_rollup", "Pss_Anon")


def in_cgroup(path):
    with open(f"{path}/cgroup.procs", encoding="ascii") as text:
        return [int(line) for line in text]


def processor_time(pids):
    """Nanoseconds of all threads, of those that have ended too: each process has a clock of its own for that
    (CPUCLOCK_SCHED in include/linux/posix-timers.h, clock_getcpuclockid(3))."""
    return sum(time.clock_gettime_ns((~pid << 3) | 2) for pid in pids)


def switches(pids):
    """How often each thread that there is has waited, by thread."""
    found = {}
    for pid in pids:
        for thread in os.listdir(f"/proc/{pid}/task"):
            found[thread] = field(f"{pid}/task/{thread}", "status", "voluntary_ctxt_switches")
    return found


# Of /proc/meminfo, KiB. Percpu holds cgroups and network namespaces.
KINDS = ("SUnreclaim", "SReclaimable", "KernelStack", "PageTables", "Percpu", "Shmem")


def kernel_memory():
    """KiB of the whole node by kind. MemAvailable would say it all in one number, but every neighbour moves that."""
    with open("/proc/meminfo", encoding="ascii") as text:
        found = dict(line.split()[:2] for line in text)
    return {kind: int(found[f"{kind}:"]) for kind in KINDS}
