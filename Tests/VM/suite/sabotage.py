"""Takes limits away from every run as soon as they are set, to see that the suite notices."""

import threading
import time

from suite.daemon import RUNS

NOTHING = {"memory.oom.group": "0"}


def _take_away(names):
    while True:
        for leaf in RUNS.glob("*"):
            for name in names:
                file, nothing = leaf / name, NOTHING.get(name, "max")
                try:
                    if file.read_text().strip() != nothing:
                        file.write_text(nothing)
                except OSError:  # the run has ended
                    pass
        time.sleep(0.002)


def begin(names):
    threading.Thread(target=_take_away, args=(names,), daemon=True).start()
