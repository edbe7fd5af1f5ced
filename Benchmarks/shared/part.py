"""One part of `make bench`: reads its arguments, gives it a node of its own, prints its tables and keeps them as JSON.

A part is a function that measures and fills in tables: `part.row(TABLE, WHAT, {column: value})`, and says what was to be
reached: `part.goal(WHAT, value, "<=", bound)`.
"""

import argparse
import json
import os
import platform
import signal
import subprocess
import sys

import client
from node import Node, fail, see_one_cgroup_tree

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Part:
    def __init__(self, name, description):
        parser = argparse.ArgumentParser(description=description.splitlines()[0])
        parser.add_argument("--dist", default=os.path.join(TOP, ".build/dist"), help="what `make build` made")
        parser.add_argument("--tools", default=os.path.join(TOP, ".build/bench"), help="what `make bench` compiled")
        parser.add_argument("--output", default=os.path.join(TOP, ".build/bench"), help=f"for {name}.json")
        parser.add_argument("--json", action="store_true", help="print JSON")
        self.name, self.parser = name, parser
        self.tables, self.goals = {}, []

    def row(self, table, what, values):
        self.tables.setdefault(table, {})[what] = values

    def goal(self, what, value, relation, bound):
        met = value <= bound if relation == "<=" else value >= bound
        self.goals.append({"what": what, "value": value, "goal": f"{relation} {bound}", "met": met})

    def tool(self, name):
        return os.path.join(self.arguments.tools, name)

    def run(self, measure):
        arguments = self.arguments = self.parser.parse_args()
        if os.geteuid() != 0:
            fail("not root; runs need namespaces and uids of their own")
        for key in ("dist", "tools", "output"):
            setattr(arguments, key, os.path.abspath(getattr(arguments, key)))
        for path in (os.path.join(arguments.dist, "bin/jrun"), *map(self.tool, ("load", "client", "floor"))):
            if not os.access(path, os.X_OK):
                fail(f"'{path}' is not there; 'make bench' makes it")
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is cleaned up
        load = os.getloadavg()[0]
        see_one_cgroup_tree()
        self.node = Node(arguments.dist, self.tool("load"))
        try:
            self.node.prepare()
            measure(self)
        except client.Refused as refusal:
            fail(f"jrund: {refusal}; its log: {self.node.log()[-2000:]}")
        finally:
            self.node.close()
        self.write({
            "part": self.name, "kernel": platform.release(), "cpus": os.cpu_count(), "enforcement": self.node.enforcement,
            "load_before": load, "load_after": os.getloadavg()[0], "tables": self.tables, "goals": self.goals})

    def write(self, result):
        os.makedirs(self.arguments.output, exist_ok=True)
        with open(os.path.join(self.arguments.output, f"{self.name}.json"), "w", encoding="utf-8") as file:
            json.dump(result, file, indent=2, ensure_ascii=False)
        if self.arguments.json:
            print(json.dumps(result, indent=2, ensure_ascii=False))
            return
        print(f"{self.name}: load average {result['load_before']:.1f} before and {result['load_after']:.1f} after\n")
        for title, rows in self.tables.items():
            print_table(title, rows)
        for goal in self.goals:
            print(f"{goal['what']:60}{goal['value']:>10}  goal {goal['goal']}: {'met' if goal['met'] else 'not met'}")


def print_table(title, rows):
    columns = list(dict.fromkeys(column for values in rows.values() for column in values))
    widths = [max(len(column), 8) + 2 for column in columns]
    print(f"{title:52}" + "".join(f"{column:>{width}}" for column, width in zip(columns, widths)))
    for what, values in rows.items():
        print(f"{what:52}" + "".join(f"{values.get(column, ''):>{width}}" for column, width in zip(columns, widths)))
    print()


def output_of(command, **options):
    """What a tool of the benchmark's says, which is one object of JSON in its last line."""
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=300, check=False, **options)
    if result.returncode != 0:
        fail(f"'{' '.join(command)}' ended with {result.returncode}")
    return json.loads(result.stdout.splitlines()[-1])
