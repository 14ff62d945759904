"""Speed of bitbox_xr and Bitbox in one process, compared with the speed of the machine.

    python -m pip install --no-deps bitbox==2025.10.dev2
    python tests/benchmarks/compare_social.py

Medians of warm calls that return labelled results; the last columns are ratios within this run.
"""

import importlib.metadata
import os
import platform
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np

import bitbox_xr as bx

from benchmark_cases import FPS, LAG_FRAMES, STEP, WIDTH, flops, median, products, recordings


def matrix_rate(size=3000):
    """The machine's float32 operations per second, measured with a large matrix product on all cores."""
    a = np.random.default_rng(0).normal(size=(size, size)).astype(np.float32)
    return 2 * size**3 / median(lambda: a @ a, rounds=5)


def extra_memory(call):
    """Peak memory that NumPy allocates during a call (including its result), and the size of the result, in MB."""
    call()
    tracemalloc.start()
    result = call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6, result.nbytes / 1e6


def peak_of_hours(hours):
    """Seconds and peak resident memory (MB, without the input; Linux) of imitation(stats=True) in a new process."""
    code = f"""
import sys, time
from benchmark_cases import recordings, WIDTH, STEP
import bitbox_xr as bx
small = recordings(20); bx.imitation(*small, width=WIDTH, step=STEP, stats=True)
x, y = recordings({hours} * 3600)
start = time.perf_counter(); bx.imitation(x, y, width=WIDTH, step=STEP, stats=True)
seconds = time.perf_counter() - start
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(seconds, peak / 1e3 - 2 * x.nbytes / 1e6)
"""
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env).stdout
    return tuple(float(number) for number in out.split())


def import_time(module, rounds=7):
    """Seconds that a new process takes to import a module, without the start of Python."""

    def run(code):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - start

    return float(
        np.median([run(f"import {module}") for _ in range(rounds)]) - np.median([run("") for _ in range(rounds)])
    )


def bitbox_calls(x, y, short):
    """Bitbox's two kernels on the same arrays, or None if it is not installed."""
    try:
        from bitbox.signal_processing import (
            windowed_cross_correlation_lagged_one_sided as one_sided,
        )
        from bitbox.signal_processing import (
            windowed_cross_correlation_lagged_two_sided as two_sided,
        )
    except ImportError:
        return None
    options = {"width": WIDTH, "step": STEP, "fps": float(FPS)}
    return (
        lambda: one_sided(x.values, y.values, causality=True, **options),
        lambda: two_sided(*(a.values for a in short), **options),
    )


def main():
    """Print the tables."""
    x, y = recordings(600)
    short = recordings(100)
    rate = matrix_rate()
    ours = (
        lambda: bx.imitation(x, y, width=WIDTH, step=STEP),
        lambda: bx.coordination(*short, width=WIDTH, step=STEP),
    )
    theirs = bitbox_calls(x, y, short)
    names = ("imitation, 10 min", "coordination, 100 s")
    times = [median(call) for call in ours]
    versions = (
        f"Python {platform.python_version()}, NumPy {np.__version__}, numba {importlib.metadata.version('numba')}"
    )
    print(f"{versions}, {os.cpu_count()} cores")
    print(f"79 x 79 signals, {FPS} fps, width {WIDTH} s, step {STEP} s, lags {LAG_FRAMES} frames, float64 input\n")
    print(f"{'':24}{'Bitbox, s':>12}{'bitbox_xr, s':>14}{'times faster':>14}")
    for k, name in enumerate(names):
        other = median(theirs[k], rounds=5, warm=1) if theirs else float("nan")
        print(f"{name:24}{other:12.3f}{times[k]:14.4f}{other / times[k]:14.1f}")
    print("\nImitation of 10 min compared with the machine")
    least = flops(600) / rate
    for name, seconds in (
        (f"matrix rate ({rate / 1e9:.0f} Gflop/s)", least),
        ("bitbox_xr", times[0]),
        ("NumPy, products only", median(lambda: products(x, y), rounds=3, warm=1)),
    ):
        print(f"{name:32}{seconds:10.4f} s {100 * least / seconds:8.0f} % of the matrix rate")
    print("\nMemory without the input")
    for name, call in zip(names, ours, strict=True):
        peak, size = extra_memory(call)
        print(f"{name:24}{peak:10.1f} MB, including {size:.1f} MB of results; limit {1.5 * size + 50:.0f} MB")
    hours = [peak_of_hours(h) for h in (1, 2)]
    one, two = (f"{seconds:.2f} s, {megabytes:.0f} MB" for seconds, megabytes in hours)
    print(f"\nimitation(stats=True): 1 h {one}; 2 h {two}")
    print(f"  time x{hours[1][0] / hours[0][0]:.2f}, the second hour adds {hours[1][1] - hours[0][1]:.0f} MB")
    base = import_time("xarray")
    print(f"\nimport: xarray {base:.2f} s, bitbox_xr {import_time('bitbox_xr') / base:.2f} times that")


if __name__ == "__main__":
    main()
