"""What a suite says: one line for each thing that was looked at, and the counts at its end."""

import time

_began = time.monotonic()
_checks = 0
_failed = 0


def part(name):
    print(f"# {name} (after {time.monotonic() - _began:.0f} s)", flush=True)


def _count(is_right, line):
    global _checks, _failed
    _checks += 1
    _failed += not is_right
    print(f"{'ok      ' if is_right else 'FAILED  '}{line}", flush=True)
    return is_right


def check(what, expected, actual):
    if actual == expected:
        return _count(True, what)
    return _count(False, f"{what}: {actual!r}, not {expected!r}")


def at_least(what, least, actual, unit=""):
    return _count(actual is not None and actual >= least, f"{what}: {actual}{unit}, at least {least}{unit}")


def at_most(what, most, actual, unit=""):
    return _count(actual is not None and actual <= most, f"{what}: {actual}{unit}, at most {most}{unit}")


def near(what, expected, actual, unit="", percent=2):
    """`actual` is what is known to be `expected`, but for so many percent."""
    off = None if actual is None else 100 * (actual - expected) / expected
    shown = "nothing" if off is None else f"{actual}{unit} for {expected}{unit} ({off:+.2f} %)"
    return _count(off is not None and abs(off) <= percent, f"{what}: {shown}, at most {percent} % off")


def measured(what, value):
    """A figure for the record; nothing is judged."""
    print(f"        {what}: {value}", flush=True)


def summary(name):
    """Prints the counts; the exit code."""
    print(f"{name}: {_checks} checks, {_failed} failed", flush=True)
    return 1 if _failed or not _checks else 0
