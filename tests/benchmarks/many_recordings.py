"""A cohort of many short recordings: time per recording, time of the summary, and memory of the program.

    python tests/benchmarks/many_recordings.py [recordings] [measure] [pairs]

Recordings of 10 s of 17 signals at 30 frames per second, in NetCDF files. There are fewer files than recordings: each
recording is a different pair of files or, with measures of one person, one file under a different name.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

import bitbox_xr as bx
from bitbox_xr.cohort import runner

FPS, SECONDS, SIGNALS, FILES = 30, 10, 17, 100
OPTIONS = {"imitation": {"width": 1.1, "step": 0.5}, "coordination": {"width": 1.1, "step": 0.5}}


def study(folder: Path, recordings: int, *, paired: bool = True) -> pd.DataFrame:
    """Write files of unrelated random walks; returns a manifest of pairs of them with three covariates."""
    rng = np.random.default_rng(0)
    for k in range(FILES):
        for side in "xy":
            values = rng.normal(size=(SECONDS * FPS, SIGNALS)).cumsum(axis=0).astype(np.float32)
            bx.to_netcdf(bx.signals(values, fps=FPS), folder / f"{side}{k}.nc")
    number = np.arange(recordings)
    columns = {
        "recording": [f"r{k:05}" for k in number],
        "signals": [str(folder / f"x{k % FILES}.nc") for k in number],
        "reference": [str(folder / f"y{k // FILES % FILES}.nc") for k in number],
        "group": np.where(number % 2, "clinic", "control"),
        "site": [f"{k % 7:02}" for k in number],
        "age": number % 60 + 18,
    }
    table = pd.DataFrame(columns)
    return table if paired else table.drop(columns="reference")


def main(recordings: int = 5000, measure: str = "imitation", pairs: str = "matched") -> None:
    clock = {}

    def timed(name):
        inner = getattr(runner, name)

        def call(*arguments, **options):
            started = time.perf_counter()
            try:
                return inner(*arguments, **options)
            finally:
                clock[name] = time.perf_counter() - started

        setattr(runner, name, call)

    for name in ("_gather_blocks", "_summarise"):
        timed(name)
    with tempfile.TemporaryDirectory() as folder:
        table = study(Path(folder), recordings, paired=measure in ("imitation", "coordination", "significance"))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started = time.perf_counter()
        done = runner.run(
            table, Path(folder, "out"), measure=measure, pairs=pairs, progress=False, **OPTIONS.get(measure, {})
        )
        seconds = time.perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        inside = done.status["seconds"].sum()
        print(f"{done.counted}; {measure}, {pairs} pairs, {len(done.status)} rows in status.csv")
        print(f"{seconds:.1f} s in all, {1000 * seconds / recordings:.1f} ms per recording")
        print(f"on workers {inside:.1f} s, {1000 * inside / recordings:.1f} ms per recording")
        print("summary: " + ", ".join(f"{name} {took:.1f} s" for name, took in clock.items()))
        print(f"memory of the program: {peak / 1024:.0f} MB at most, {before / 1024:.0f} MB before")
        for name in ("summary.nc", "summary.csv"):
            print(f"{name}: {Path(folder, 'out', name).stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main(*(int(argument) if argument.isdecimal() else argument for argument in sys.argv[1:]))
