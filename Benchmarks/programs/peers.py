"""The same work by Python's own means: yaml.safe_load, argparse, re. Prints the same lines as the Swift half.

What each does less or more than jrun stands in NOTES, which the table prints.
"""

import argparse
import json
import re
import sys
import time

try:
    import yaml
except ImportError:
    yaml = None

LOADER = None if yaml is None else getattr(yaml, "CSafeLoader", yaml.SafeLoader)
NOTES = {
    "load 1,000 program files": (
        "yaml, with the same libyaml" if LOADER and LOADER.__name__.startswith("C") else "yaml in pure Python")
    + ": makes lists and dictionaries; checks no rule, compiles nothing",
    "check 10,000 arguments": "argparse: types and options; no patterns, no positions for errors, no alternatives"
    " that nest",
    "later check with the compiled program, 100 times": "argparse, the parser made once",
    "read and compile one program, 100 times": "argparse, the parser made anew from code: no file is read",
    "(a+)+$ against 22 a and !": "re, which backtracks: each further a doubles it, so 64 KiB are out of the question",
    "[a-z]+_[0-9]{1,4} against 10,000 short texts": "re, fullmatch: its matcher is C; it counts no steps",
}


def measure(name, repetitions, body):
    body()
    samples = []
    for _ in range(repetitions):
        begin = time.perf_counter_ns()
        body()
        samples.append((time.perf_counter_ns() - begin) / 1e6)
    print(json.dumps({"name": name, "milliseconds": samples, "note": NOTES[name]}))


def make_parser():
    parser = argparse.ArgumentParser(prog="tool", add_help=False, allow_abbrev=False)
    parser.add_argument("-D", "--define", action="append", type=define)
    parser.add_argument("--level", action="append", type=int, choices=range(10))
    parser.add_argument("-v", "--verbose", action="store_true")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--fast", action="store_true")
    group.add_argument("--exact", action="store_true")
    parser.add_argument("--digits", type=int)
    parser.add_argument("files", nargs="+")
    return parser


DEFINE = re.compile(r"[a-z0-9]+=[a-z]*")


def define(text):
    if not DEFINE.fullmatch(text):
        raise argparse.ArgumentTypeError(text)
    return text


def load(directory):
    for number in range(1000):
        with open(f"{directory}/program-{number}.yaml", "rb") as file:
            yaml.load(file.read(), LOADER)


def match(pattern, texts):
    for text in texts:
        pattern.fullmatch(text)


def main():
    repetitions, directory = int(sys.argv[1]), sys.argv[2]
    if yaml:
        measure("load 1,000 program files", max(3, repetitions // 5), lambda: load(directory))
    # argparse looks at positionals between options anew each time, so they stand last: its best case.
    options = [word for n in range(2500) for word in ("--define", f"name{n}=value", f"--level={n % 9}")]
    arguments = options + [f"file{n}.txt" for n in range(2500)]
    parser = make_parser()
    measure("check 10,000 arguments", max(3, repetitions // 5), lambda: parser.parse_args(arguments))
    short = ["--define", "a=b", "--level=3", "-v", "in.txt", "out.txt"]
    measure("read and compile one program, 100 times", repetitions, lambda: [make_parser() for _ in range(100)])
    measure(
        "later check with the compiled program, 100 times", repetitions,
        lambda: [parser.parse_args(short) for _ in range(100)])
    hostile = re.compile(r"(a+)+$")
    measure("(a+)+$ against 22 a and !", 3, lambda: hostile.fullmatch("a" * 22 + "!"))
    plain, texts = re.compile(r"[a-z]+_[0-9]{1,4}"), [f"name_{n}" for n in range(10_000)]
    measure("[a-z]+_[0-9]{1,4} against 10,000 short texts", repetitions, lambda: match(plain, texts))


if __name__ == "__main__":
    main()
