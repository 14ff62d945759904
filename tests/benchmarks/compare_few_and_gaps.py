"""Imitation of few signals compared with NumPy, and the cost of lost cells.

    python tests/benchmarks/compare_few_and_gaps.py

Least times of warm calls that take turns in one process. The second table has CPU times, as factors of the same call
without gaps.
"""

import time

import numpy as np

import bitbox_xr as bx

from regimes import FPS, Regime, bitbox_xr, running_sums, sliding_windows

FEW = {
    "1 pair, 1 hour, W 1500, S 750, L 125": Regime(1, 90_000, 1500, 750, 125),
    "1 pair, 1 hour, W 300, S 1, L 15": Regime(1, 108_000, 300, 1, 15),
    "6 signals, 5 minutes, W 300, S 1, L 3": Regime(6, 9_000, 300, 1, 3),
    "17 signals, 1 hour, W 300, S 15, L 15": Regime(17, 108_000, 300, 15, 15),
}
WINDOWS = {"width": 33 / FPS, "step": 15 / FPS, "max_lag": 8 / FPS}
SHARES = (0.01, 0.05, 0.2)
ROUNDS = 7


def least(calls, clock):
    """Least seconds of each call, by name, over rounds of alternating calls."""
    found = {name: [] for name in calls}
    for round_ in range(ROUNDS + 1):
        for name, call in calls.items():
            start = clock()
            call()
            found[name] += [clock() - start] if round_ else []  # the first round warms up
    return {name: min(times) for name, times in found.items()}


def lost(x, share, kind, rng):
    """Lose single cells, whole frames, or frames of all signals but one."""
    x = x.copy()
    if kind == "cells":
        x[rng.random(x.shape) < share] = np.nan
    else:
        x[rng.random(len(x)) < share, : x.shape[1] - (kind == "one kept")] = np.nan
    return x


def factors(measure, kind, sides, rng):
    """Times with gaps as factors of the time without."""
    clean = [bx.signals(side, fps=FPS) for side in sides]
    calls = {0.0: lambda: measure(*clean, **WINDOWS)}
    for share in SHARES:
        gappy = [bx.signals(lost(side, share, kind, rng), fps=FPS) for side in sides]
        calls[share] = lambda gappy=gappy: measure(*gappy, **WINDOWS)
    times = least(calls, time.process_time)
    return [times[share] / times[0.0] for share in SHARES]


def main():
    print(f"{'':40}{'NumPy, ms':>12}{'bitbox_xr, ms':>15}{'times faster':>14}")
    for name, regime in FEW.items():
        x, y = regime.recordings()
        others = {"sliding": sliding_windows, "running": running_sums}
        others = {k: other(x, y, regime) for k, other in others.items() if regime.signals < 17 or k == "sliding"}
        times = least({"ours": bitbox_xr(x, y, regime), **others}, time.perf_counter)
        best = min(seconds for k, seconds in times.items() if k != "ours")
        print(f"{name:40}{1e3 * best:12.1f}{1e3 * times['ours']:15.1f}{best / times['ours']:14.1f}", flush=True)
    rng = np.random.default_rng(0)
    sides = rng.normal(size=(2, 3000, 79))
    print("\n79 signals, 100 s; lost:" + "".join(f"{share:8.0%}" for share in SHARES))
    for measure, part in ((bx.imitation, sides), (bx.coordination, sides[:, :1000])):
        for kind in ("cells", "frames", "one kept"):
            row = "".join(f"{factor:8.1f}" for factor in factors(measure, kind, part, rng))
            print(f"{measure.__name__ + ', ' + kind:24}{row}", flush=True)


if __name__ == "__main__":
    main()
