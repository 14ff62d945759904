"""How a cohort's time falls with workers, what it adds to each recording, and the parts of the estimate in docs/cohorts.md.

    python tests/benchmarks/compare_cohort.py [recordings] [seconds of each]

Recordings of two people with 79 signals each at 30 frames a second, in NetCDF files; imitation, windows of 1.1 s every
half second, matched pairs in the summary. Times are those of the measuring itself, as `status.csv` and the clock have
them, with the workers' start apart.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

import bitbox_xr as bx
from bitbox_xr.cohort import fingerprint, options, worker
from bitbox_xr.cohort.cluster import connected
from bitbox_xr.cohort.storage import RECORDINGS, result_file

FPS, SIGNALS, OPTIONS = 30, 79, {"width": 1.1, "step": 0.5}


def study(folder, recordings, seconds):
    """Files of unrelated walks, and the manifest that names them."""
    rng = np.random.default_rng(0)
    rows = []
    for k in range(recordings):
        files = [folder / f"{side}{k}.nc" for side in "xy"]
        for file in files:
            values = rng.normal(size=(seconds * FPS, SIGNALS)).cumsum(axis=0).astype(np.float32)
            bx.to_netcdf(bx.signals(values, fps=FPS), file)
        rows.append({"recording": f"r{k}", "signals": str(files[0]), "reference": str(files[1]), "age": k})
    return pd.DataFrame(rows)


def timed(table, out, workers):
    """Seconds of a run on workers that stand ready and have measured before."""
    with connected(None, workers, workers) as client:
        bx.cohort.run(
            table[:workers], out.with_name(out.name + "_warm"), measure="imitation", client=client, progress=False,
            **OPTIONS,
        )  # fmt: skip
        started = time.perf_counter()
        result = bx.cohort.run(table, out, measure="imitation", client=client, progress=False, **OPTIONS)
        seconds = time.perf_counter() - started
    if (result.status["state"] != "done").any():
        raise RuntimeError(result.status.to_string())
    return seconds, result.status["seconds"].sum()


def parts(table, out):
    """Median seconds of a recording's parts on one core: digest of its files, reading, measuring, writing."""
    planned = options.planned("imitation", OPTIONS, keep_windows=False)
    rows = []
    for signals, reference in zip(table["signals"], table["reference"], strict=True):
        clock = [time.perf_counter()]
        files = [Path(signals), Path(reference)]
        made = fingerprint.made_from(planned, [fingerprint.seen(file).identity for file in files])
        clock.append(time.perf_counter())
        x, y = fingerprint.opened(planned, files)
        clock.append(time.perf_counter())
        found = options.results(planned, x, y)
        clock.append(time.perf_counter())
        worker.write_result(found[RECORDINGS].assign_attrs(made_from=made), result_file(out, RECORDINGS, "part"), out)
        clock.append(time.perf_counter())
        rows.append(np.diff(clock))
    return dict(zip(("digest", "read", "measure", "write"), np.median(rows, axis=0), strict=True))


def main(recordings=40, seconds=300, rounds=3):
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        table = study(here, recordings, seconds)
        rows = {1: [], 2: []}
        for round_ in range(rounds):
            for workers in rows:
                rows[workers].append(timed(table, here / f"out_{round_}_{workers}", workers))
        (here / "one" / RECORDINGS).mkdir(parents=True)
        os.sched_setaffinity(0, {0})
        of_one = parts(table, here / "one")
    print(f"{recordings} recordings of {seconds} s, medians of {rounds}")
    whole = {}
    for workers, times in rows.items():
        whole[workers], inside = np.median(times, axis=0)
        print(f"{workers} worker(s): {whole[workers]:6.2f} s, of which on workers {inside / workers:6.2f} s each")
    print(f"two workers are {whole[1] / whole[2]:.2f} times as fast as one")
    own = sum(of_one.values())
    print("a recording's parts: " + ", ".join(f"{name} {1000 * s:.0f} ms" for name, s in of_one.items()))
    print(f"a recording in a run of one worker costs {1000 * (whole[1] / recordings - own):.0f} ms more than these")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
