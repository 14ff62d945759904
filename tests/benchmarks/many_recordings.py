"""A cohort of many short recordings: time per recording, time of the summaries, and memory of the program.

    python tests/benchmarks/many_recordings.py [recordings] [measures] [pairs] [workers,workers]

`measures` are names with commas between them. Recordings of 10 s of 17 signals at 30 frames per second, in NetCDF
files. There are fewer files than recordings: each recording is a different pair of files or, with measures of one
person, one file under a different name. With two numbers of workers, the cohort is computed with each of them, on
workers that have measured before, and their times are compared.
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
from bitbox_xr.cohort.cluster import connected

FPS, SECONDS, SIGNALS, FILES = 30, 10, 17, 100
WINDOWS = {"width": 1.1, "step": 0.5}
OPTIONS = {
    "imitation": WINDOWS,
    "coordination": WINDOWS,
    "expressivity": {"scales": [0.5, 1, 2]},
    "diversity": {"scales": [0.5, 1, 2]},
    "significance": {**WINDOWS, "n": 19, "rng": 0},
    "quality": {},
}
PAIRED = ("imitation", "coordination", "significance")


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


def timed(names):
    """Measure how long functions of the runner take, all calls together; returns their seconds by name."""
    clock = dict.fromkeys(names, 0.0)

    def wrap(name, inner):
        def call(*arguments, **options):
            started = time.perf_counter()
            try:
                return inner(*arguments, **options)
            finally:
                clock[name] += time.perf_counter() - started

        setattr(runner, name, call)

    for name in names:
        wrap(name, getattr(runner, name))
    return clock


def computed(table, out, measures, workers):
    """Run a cohort on warm workers; returns it and its seconds."""
    with connected(None, workers, workers) as client:
        options = {"measures": measures, "client": client, "progress": False}
        runner.run(table[: 2 * workers], out.with_name(f"{out.name}_warm"), **options)
        started = time.perf_counter()
        done = runner.run(table, out, **options)
        return done, time.perf_counter() - started


def main(recordings: int = 1000, measures: str = "imitation", pairs: str = "matched", workers: str = "2") -> None:
    names = measures.split(",")
    asked = {name: OPTIONS[name] | ({"pairs": pairs} if name in PAIRED else {}) for name in names}
    clock = timed(["gather_blocks", "summarise"])
    with tempfile.TemporaryDirectory() as folder:
        table = study(Path(folder), recordings, paired=any(name in PAIRED for name in names))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        took = []
        for number in map(int, str(workers).split(",")):
            done, seconds = computed(table, Path(folder, f"out{number}"), asked, number)
            took.append(seconds)
            inside = done.status["seconds"].sum()
            print(f"{done.counted}; {', '.join(names)}, {pairs} pairs, {len(done.status)} rows in status.csv")
            print(f"{number} worker(s): {seconds:.1f} s in all, {1000 * seconds / recordings:.1f} ms per recording")
            print(f"on workers {inside:.1f} s, {1000 * inside / recordings:.1f} ms per recording")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if len(took) == 2:
            print(f"the second number of workers is {took[0] / took[1]:.2f} times as fast as the first")
        print("summaries: " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in clock.items()))
        print(f"memory of the program: {peak / 1024:.0f} MB at most, {before / 1024:.0f} MB before")
        for file in sorted(Path(folder, f"out{number}").glob("*/summary.*")):
            print(f"{file.parent.name}/{file.name}: {file.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main(*(int(argument) if argument.isdecimal() else argument for argument in sys.argv[1:]))
