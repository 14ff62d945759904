"""Duration of a cohort with one and two workers, and the parts of the estimate in docs/cohorts.md.

    python tests/benchmarks/compare_cohort.py [recordings] [seconds of each]

Recordings of two people with 79 signals each at 30 frames per second, in NetCDF files; imitation, windows of 1.1 s
every half second, matched pairs in the summary. Durations are without the start of workers. Those of the parts are
medians over recordings on one core; gathering and writing the summary are divided by the number of recordings.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

import bitbox_xr as bx
from bitbox_xr.cohort import blocks, computation, fingerprint, inputs, options, summary
from bitbox_xr.cohort.cluster import connected
from bitbox_xr.cohort.manifest import Recording
from bitbox_xr.cohort.record import Record
from bitbox_xr.cohort.storage import ASKED, RECORDINGS, STAMP, held, result_file, write_result

FPS, SIGNALS, OPTIONS = 30, 79, {"width": 1.1, "step": 0.5}


def study(folder, recordings, seconds):
    """Write files of unrelated random walks; returns their manifest."""
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
    """Seconds of a run on workers that have measured before, and the sum of seconds that recordings took."""
    with connected(None, workers, workers) as client:
        bx.cohort.run(
            table[:workers],
            out.with_name(out.name + "_warm"),
            measure="imitation",
            client=client,
            progress=False,
            **OPTIONS,
        )
        started = time.perf_counter()
        result = bx.cohort.run(table, out, measure="imitation", client=client, progress=False, **OPTIONS)
        seconds = time.perf_counter() - started
    if (result.status["state"] != "done").any():
        raise RuntimeError(result.status.to_string())
    return seconds, result.status["seconds"].sum()


def parts(table, out, run_folder):
    """Median seconds per recording on one core: hash its files, read, measure and write."""
    plan = options.planned(options.one_measure("imitation", OPTIONS)).plans[0]
    (out / plan.measure / RECORDINGS).mkdir(parents=True)
    record, rows = Record.of(out, run_folder), []
    for name, signals, reference in table[["recording", "signals", "reference"]].itertuples(index=False):
        clock = [time.perf_counter()]
        both = inputs.Inputs(plan.reading, Recording(name, Path(signals), Path(reference)))
        known = [both.source(column).identity for column in ("signals", "reference")]
        made = fingerprint.made_from(plan.described(), {}, known)
        clock.append(time.perf_counter())
        sides = both.sides(paired=True)
        clock.append(time.perf_counter())
        found = computation.results(plan, sides)
        clock.append(time.perf_counter())
        marked = found[RECORDINGS].assign_attrs({"recording": name, ASKED: plan.described(), STAMP: made})
        write_result(marked, result_file(out / plan.measure, RECORDINGS, name), record, run_folder)
        clock.append(time.perf_counter())
        rows.append(np.diff(clock))
    return dict(zip(("hash", "read", "measure", "write"), np.median(rows, axis=0), strict=True))


def summary_parts(names, out, run_folder):
    """Seconds per recording on one core to gather results in blocks, and CPU seconds to write the summary."""
    asked = options.planned(options.one_measure("imitation", OPTIONS)).plans[0].described()
    files = {name: result_file(out / "imitation", RECORDINGS, name) for name in names}
    size = blocks.MAX_RECORDINGS_PER_BLOCK
    started, gathered = time.perf_counter(), []
    for first in range(0, len(names), size):
        share = {name: files[name] for name in names[first : first + size]}
        gathered.append(blocks.gather(share, run_folder / f"block{first}", asked=asked, only_matched=True))
    gather = time.perf_counter() - started
    started = time.process_time()
    summary.write(run_folder, gathered, {"age": np.arange(len(names))})
    write = time.process_time() - started
    return {"gather": gather / len(names), "write summary": write / len(names)}


def main(recordings=40, seconds=300, rounds=3):
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        table = study(here, recordings, seconds)
        rows = {1: [], 2: []}
        for round_ in range(rounds):
            for workers in rows:
                rows[workers].append(timed(table, here / f"out_{round_}_{workers}", workers))
        os.sched_setaffinity(0, {0})
        with held(here / "one") as run_folder:
            of_one = parts(table, here / "one", run_folder)
            of_summary = summary_parts(table["recording"].tolist(), here / "one", run_folder)
    print(f"{recordings} recordings of {seconds} s, medians of {rounds} runs")
    whole = {}
    for workers, times in rows.items():
        whole[workers], inside = np.median(times, axis=0)
        print(f"{workers} worker(s): {whole[workers]:6.2f} s; each worker measures for {inside / workers:6.2f} s")
    print(f"two workers are {whole[1] / whole[2]:.2f} times as fast as one")
    of_all = of_one | of_summary
    print("per recording: " + ", ".join(f"{name} {1000 * s:.1f} ms" for name, s in of_all.items()))
    rest = whole[1] / recordings - sum(of_all.values())
    print(f"a run with one worker takes {1000 * rest:.0f} ms per recording more than these parts")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
