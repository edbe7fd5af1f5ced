"""Fit a straight line to the columns x and y of a CSV file and write what was found as JSON.

usage: fit.py DATA.csv RESULT.json
"""
# SPDX-License-Identifier: Apache-2.0

import json
import sys

import numpy as np


def main(source, target):
    x, y = np.loadtxt(source, delimiter=",", skiprows=1, unpack=True)
    design = np.column_stack([x, np.ones_like(x)])
    (slope, intercept), residual, rank, _ = np.linalg.lstsq(design, y, rcond=None)
    result = {
        "count": int(x.size),
        "mean": float(y.mean()),
        "std": float(y.std()),
        "slope": float(slope),
        "intercept": float(intercept),
        "residual_sum_of_squares": float(residual[0]),
    }
    with open(target, "w", encoding="utf-8") as output:
        json.dump(result, output, indent=2)
        output.write("\n")
    print(f"{result['count']} points: y = {slope:.6f} x {intercept:+.6f}")


main(*sys.argv[1:])
