"""Speed of expressivity in bitbox_xr and Bitbox, in one process.

Bitbox needs its own dependencies, so run this in a separate environment:

    python -m pip install bitbox==2025.10.dev2 -e .
    python tests/benchmarks/compare_expressivity.py

Medians of warm, alternating calls that return labelled results; 79 coefficients, float64, 30 frames per second.
"""

import importlib.metadata
import os
import platform
import time
import warnings

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter1d

import bitbox_xr as bx
from bitbox_xr.compat import expressivity as compat
from bitbox_xr.measures.expressivity import expressivity

FPS, COEFFICIENTS, SCALES = 30, 79, 6
CASES = ((600, False), (600, True), (20, False), (20, True))  # s, aggregate


def face(seconds, seed=0):
    """Slow, positive signals with about as many extrema as a tracker's signals."""
    noise = np.random.default_rng(seed).normal(size=(seconds * FPS, COEFFICIENTS))
    return np.abs(gaussian_filter1d(noise, 5, axis=0))


def medians(calls, rounds):
    """Median seconds of each call over `rounds` rounds of alternating calls."""
    times = []
    for round_ in range(rounds + 1):
        row = []
        for call in calls:
            start = time.perf_counter()
            call()
            row.append(time.perf_counter() - start)
        times += [row] if round_ else []  # the first round warms up
    return np.median(times, axis=0)


def main():
    from bitbox.expressions import expressivity as bitboxs

    warnings.simplefilter("ignore")
    versions = {
        name: importlib.metadata.version(name) for name in ("bitbox", "bitbox_xr", "numpy", "scipy", "PyWavelets")
    }
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(", ".join(f"{name} {version}" for name, version in versions.items()), end="\n\n")
    print(
        f"{'recording':>10} {'aggregate':>9} {'robust':>6} {'Bitbox':>9} {'bitbox_xr':>9} {'compat':>9} {'faster':>7}"
    )
    for seconds, aggregate in CASES:
        values = face(seconds)
        x = bx.signals(values, fps=FPS)
        theirs = {"type": "expression", "backend": "3DI", "schema": "3DI-G79", "data": pd.DataFrame(values)}
        for robust in (False, True):
            options = {"scales": SCALES, "aggregate": aggregate, "robust": robust}
            calls = [
                lambda options=options, theirs=theirs: bitboxs(theirs, fps=FPS, **options),
                lambda options=options, x=x: expressivity(x, **options),
                lambda options=options, theirs=theirs: compat(theirs, fps=FPS, **options),
            ]
            bitbox, ours, same = medians(calls, rounds=5 if seconds > 60 else 25)
            row = f"{seconds:>8} s {aggregate!s:>9} {robust!s:>6} {bitbox:>7.3f} s {ours:>7.4f} s {same:>7.3f} s"
            print(f"{row} {bitbox / ours:>6.1f}x")


if __name__ == "__main__":
    main()
