"""Time of each path of the correlation kernel, by number of signals, width, step and lags, and the path that is chosen.

    python tests/benchmarks/compare_paths.py

Times are CPU times of one thread for a window, the least of several calls, in µs. The last column is the time of the
chosen path as a multiple of the fastest one.
"""

import time

import numpy as np

from bitbox_xr.kernels.correlation import windowed
from bitbox_xr.kernels.correlation.paths import path, paths

SIGNALS, WIDTHS, LAGS = (1, 6, 17, 79), (33, 120, 300), (3, 15)
OVERLAPS = (0.03, 0.1, 0.25, 0.5, 1.0)  # step / width
ROUNDS, CELLS = 5, 400_000  # windows x pairs of a call


def seconds_for_a_window(way, plan, x, y, windows):
    """Least time of a call with this path, for a window."""
    n1, n2 = x.shape[1], y.shape[1]
    corr, lag = np.empty((2, windows, n1, n2), np.float32)
    shares = np.empty((windows, n1), np.float32), np.empty((windows, n2), np.float32)
    windowed.path = lambda *sizes, **options: way
    found = []
    for _ in range(ROUNDS + 1):
        start = time.thread_time()
        windowed.best_lags(x[plan.back[0] :], y, plan, plan.lags / 30, corr, lag, *shares)
        found.append(time.thread_time() - start)
    windowed.path = path
    return min(found[1:]) / windows


def main():
    rng = np.random.default_rng(0)
    names = "float64", "float32", "few"
    print(f"{'n':>4} {'W':>4} {'S':>4} {'L':>3}" + "".join(f"{name:>16}" for name in names) + "   chosen")
    losses = []
    for n in SIGNALS:
        for width in WIDTHS:
            for lag in LAGS:
                for step in sorted({max(1, round(share * width)) for share in OVERLAPS}):
                    plan = windowed.plan(width, step, {d: (0, d, 1) for d in range(-lag, 1)}, least=width // 2)
                    windows = max(32, min(4096, CELLS // n**2))
                    x, y = rng.normal(size=(2, (windows - 1) * step + width + lag, n))
                    ways = paths(plan, n, n)
                    plan = plan._replace(back=(lag, 0))  # x begins with the earliest lag too
                    times = [seconds_for_a_window(way, plan, x, y, windows) for way in ways]
                    chosen = ways.index(path(plan, n, n))
                    losses.append(times[chosen] / min(times))
                    row = "".join(f"{1e6 * seconds:16.3f}" for seconds in times)
                    print(f"{n:4} {width:4} {step:4} {lag:3}{row}   {names[chosen]} {losses[-1]:.2f}", flush=True)
    print(f"\nchosen path against the fastest: median {np.median(losses):.2f}, largest {max(losses):.2f}")


if __name__ == "__main__":
    main()
