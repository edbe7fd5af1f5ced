"""Bytes and descriptors: output, disk, file size, temporary files, open files."""

import pathlib

from suite.checks import at_least, at_most, check
from suite.daemon import STATE, WorkOnDisk, execute

MIB = 1 << 20
# What the probe writes at once.
BUFFER = 65536
# How many files a work directory holds, itself included.
FILES = 65536


def output():
    run = execute("probe", "write-stdout", "forever", output="1MiB")
    check("output: enforced by", "jrun-init relay", run.enforced_by("output"))
    check("output: ends", "killed output", run.end)
    check("output: source", "bytes relayed", run.evidence.get("source"))
    check("output: limit and value", (MIB, MIB), (run.evidence.get("limit"), run.evidence.get("value")))
    check("output: overshoot", 0, run.usage["stdout_bytes"] - MIB)
    check("output: kept", MIB, len(run.stdout))
    run = execute("probe", "batch", "write-stderr", "600KiB", "--", "write-stdout", "forever", output="1MiB")
    check("both streams: ends", "killed output", run.end)
    check("both streams: overshoot", 0, run.usage["stdout_bytes"] + run.usage["stderr_bytes"] - MIB)
    run = execute("probe", "write-stdout", "1MiB", output="1MiB")
    check("as much as allowed", ("complete exit", MIB), (run.end, run.usage["stdout_bytes"]))


def until_it_says(verb, *words, **limits):
    """A full disk ends the run as soon as it is seen: again, until the program was there to say what it was refused."""
    for _ in range(20):
        run = execute("probe", "batch", verb, *words, "--", "sleep", "forever", **limits)
        if run.answer(verb):
            break
    return run, run.answer(verb)


def expect_disk_limit(by, errno):
    run, said = until_it_says("fill", "a", "forever", disk="8MiB")
    check("disk: enforced by", by, run.enforced_by("disk"))
    check("disk: ends", "killed disk", run.end)
    check("disk: limit", 8 * MIB, run.evidence.get("limit"))
    check("disk: the write fails", errno, said.get("errno"))
    at_most("disk: overshoot", BUFFER, run.usage["disk_bytes"] - 8 * MIB, " bytes")
    at_least("disk: as much as allowed", 8 * MIB - BUFFER, said.get("bytes"), " bytes")
    words = ["batch", "fill", "a", "6MiB", "--", "fill", "b", "6MiB", "--", "sleep", "forever"]
    check("two files together", "killed disk", execute("probe", *words, disk="8MiB").end)


def disk_in_memory():
    expect_disk_limit("size of the work directory's tmpfs", "ENOSPC")
    expect_file_limit("ENOSPC")


def expect_file_limit(errno):
    """Files take room though they are empty. A work directory in which no other can be made is full, and ends the run."""
    run = execute("probe", "many-files", ".", str(FILES - 2), disk="64MiB", wall="30m")
    made = run.answer("many-files").get("files")
    check("files without content: all but one", ("complete exit", FILES - 2), (run.end, made))
    run, said = until_it_says("many-files", ".", "70000", disk="64MiB", wall="30m")
    check("more files than allowed: refused", (errno, FILES - 1), (said.get("errno"), said.get("files")))
    check("more files than allowed: ends", "killed disk", run.end)


def disk_with_quota():
    """The work directory on disk: bounded by a project quota, larger than the run's memory, and held back by io.max."""
    with WorkOnDisk():
        expect_disk_limit("project quota", "EDQUOT")
        # The directory itself takes a block of the quota.
        run = execute("probe", "fill", "a", "63MiB", disk="64MiB", file_size="64MiB", memory="32MiB")
        check("larger than the run's memory", ("complete exit", 63 * MIB), (run.end, run.answer("fill").get("bytes")))
        run = execute("shell", "head -c 32M /dev/zero >a; sync a", disk="64MiB", file_size="64MiB", io="4MiB")
        check("written at 4 MiB/s: ends", "complete exit", run.end)
        rate = 32 / (run.wall_microseconds / 1e6)
        at_most("written at 4 MiB/s: measured", 4.4, round(rate, 2), " MiB/s")
        expect_file_limit("EDQUOT")
        left = [entry.name for entry in pathlib.Path(STATE, "runs").glob("*/disk")]
        check("nothing is left on the disk", [], left)


def file_size():
    run = execute("probe", "fill", "a", "forever", file_size="1MiB")
    check("file size: enforced by", "RLIMIT_FSIZE", run.enforced_by("file_size"))
    check("file size: refused", ("EFBIG", MIB), (run.answer("fill").get("errno"), run.answer("fill").get("bytes")))
    run = execute("probe", "fill", "a", "forever", "die", file_size="1MiB")
    check("file size: ends", "killed disk", run.end)
    check("file size: evidence", ("SIGXFSZ", MIB), (run.evidence.get("source"), run.evidence.get("limit")))


def temporary():
    for place in ("/tmp", "/dev/shm"):
        said = execute("probe", "fill", f"{place}/a", "forever", temporary="1MiB").answer("fill")
        check(f"temporary, {place}: refused", ("ENOSPC", MIB), (said.get("errno"), said.get("bytes")))


def open_files():
    run = execute("probe", "descriptors", "1000", open_files=64)
    check("open files: enforced by", "RLIMIT_NOFILE", run.enforced_by("open_files"))
    said = run.answer("descriptors")
    # Three are open from the start.
    check("open files: refused", ("EMFILE", 61), (said.get("errno"), said.get("opened")))
