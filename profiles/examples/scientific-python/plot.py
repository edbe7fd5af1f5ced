"""Fits a damped oscillation to measurements and draws both."""

import json

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.optimize import curve_fit


def oscillation(time, amplitude, damping, frequency):
    return amplitude * np.exp(-damping * time) * np.cos(2 * np.pi * frequency * time)


table = pd.read_csv("oscillation.csv")
found, _ = curve_fit(oscillation, table["time"], table["position"], p0=[1, 0.1, 1])
amplitude, damping, frequency = map(float, found)

fine = np.linspace(table["time"].min(), table["time"].max(), 600)
figure, axes = plt.subplots(figsize=(9, 6), dpi=100)
axes.plot(table["time"], table["position"], "o", markersize=3, label="measured")
axes.plot(fine, oscillation(fine, *found), label="fitted")
axes.set_xlabel("time in s")
axes.set_ylabel("position in mm")
axes.legend()
figure.savefig("oscillation.png")

with open("oscillation.json", "w") as file:
    json.dump({"amplitude": amplitude, "damping": damping, "frequency": frequency}, file)
print(f"{len(table)} points: amplitude {amplitude:.2f}, damping {damping:.2f}, frequency {frequency:.2f}")
