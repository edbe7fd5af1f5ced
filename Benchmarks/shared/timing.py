"""How a process is timed, and what is said of many times."""

import math
import os
import time


def start(command, environment, errors="/dev/null"):
    """Nanoseconds of a whole process, from posix_spawn to the end of wait, and its exit code."""
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0), (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
    ]
    begin = time.perf_counter_ns()
    pid = os.posix_spawn(command[0], command, environment, file_actions=actions)
    _, status = os.waitpid(pid, 0)
    return time.perf_counter_ns() - begin, os.waitstatus_to_exitcode(status)


def percentile(values, fraction):
    """The nearest-rank percentile."""
    return sorted(values)[max(0, math.ceil(fraction * len(values)) - 1)]


def summary(values):
    """p5 is what it takes when nobody disturbs, also on a node that is busy."""
    parts = (("p5", 0.05), ("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
    return {name: round(percentile(values, part), 3) for name, part in parts}
