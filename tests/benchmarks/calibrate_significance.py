"""Level and power of `significance()`: the tables of the documentation.

    python tests/benchmarks/calibrate_significance.py RESULTS.jsonl [PART …] [--runs N] [--only TEXT]
    python tests/benchmarks/calibrate_significance.py RESULTS.jsonl --tables [PART …]

Each run appends a line to RESULTS.jsonl. Runs that are in the file are not repeated, so that an interrupted calibration
continues. Parts: level, kinds, structured, power, excess, met (needs recordings in ../shared/data). On one core all
of them take about an hour.
"""

import argparse
import json
import time
import warnings
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import binom

import bitbox_xr as bx

from simulated_people import DESIGNS, FPS, NOISES, slow, white

SIGNALS, RUNS = 17, 100
LONG_N = 99  # surrogates for recordings of 600 s
SHORT = {"width": 0.5, "max_lag": 0.1}
USUAL = {"width": 2.0, "max_lag": 0.5}
DATA = Path(__file__).parents[2].parent / "shared" / "data"


def recording(values, **options):
    return bx.signals(values, fps=FPS, **options)


def tested(x, y, **options):
    """significance() without warnings and progress."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return bx.significance(x, y, progress=False, **options)


def counts(found):
    """What is kept of a test: numbers of pairs, and whether any is significant in its family."""
    p = found["p"].values
    return {
        "n": found.attrs["n"],
        "pairs": int(np.isfinite(p).sum()),
        "significant": int((p <= 0.05).sum()),
        "any": int((found["p_fwe"].values <= 0.05).any()),
        "active": int((found["activity_p"].values <= 0.05).sum()),
    }


# --- level: unrelated people


# For each length (s): width and largest lag (s), with "c" for coordination. 20 and 30 s are too short for wider
# windows, except to show that they are. Coordination with many lags takes long, so it is left out in long recordings.
WINDOWS = {
    20: ["0.5 0.1", "0.5 0.1 c", "0.5 0.1", "0.5 0.1 c", "2 1"],
    30: ["0.5 0.1 c", "0.5 0.1", "0.5 0.1 c", "0.5 0.1", "2 0.1 c"],
    60: ["0.5 0.1", "0.5 1", "2 0.1 c", "2 1 c", "4 2", "2 1", "0.5 1 c", "2 0.1", "2 1 c", "0.5 0.1 c"],
    120: ["0.5 0.1 c", "0.5 1", "0.5 2", "2 0.1 c", "2 1 c", "2 2", "4 0.1 c", "4 1 c", "4 2", "2 1", "2 0.1", "4 1"],
    600: ["0.5 0.1", "2 0.1", "2 1", "4 1", "4 0.1 c", "4 0.1", "2 0.1", "4 2"],
}
STATISTICS = (None, "corr_mean")


def level_cells():
    """40 cells: each length with each kind of noise, and the other factors in turn."""
    for k, (seconds, windows) in enumerate(WINDOWS.items()):
        for j, text in enumerate(windows):
            width, lag, *coordination = text.split()
            yield {"seconds": seconds, "width": float(width), "max_lag": float(lag),
                   "noise": list(NOISES)[(j + k + j // 5) % 5],
                   "measure": "coordination" if coordination else "imitation",
                   "statistic": STATISTICS[(j // 2 + k) % 2]}  # fmt: skip


def level(rng, seconds, width, max_lag, noise, measure, statistic):
    x, y = (recording(NOISES[noise](rng, seconds * FPS, SIGNALS)) for _ in "xy")
    n = LONG_N if seconds == 600 else 199
    found = tested(x, y, measure=measure, statistic=statistic, width=width, max_lag=max_lag, n=n, rng=rng)
    return counts(found)


# --- other kinds of surrogates, and lost frames


GAPS = (8, 97, 1, 96, 11, 2)  # runs of lost frames in a real recording
FRAMES_WITH_GAPS = 519  # of that recording


def dropout(rng, frames):
    """Mask of lost frames: 41 %, in runs as long as those of a real tracker, in random order and with random pauses."""
    lost = np.zeros(0, bool)
    while len(lost) < frames:
        between = rng.multinomial(FRAMES_WITH_GAPS - sum(GAPS), rng.dirichlet(np.ones(len(GAPS))))
        runs = zip(between, rng.permutation(GAPS), strict=True)
        lost = np.concatenate([lost, *(np.repeat([False, True], run) for run in runs)])
    return np.roll(lost, rng.integers(frames))[:frames]


def kind_cells():
    tests = [
        {"surrogates": "segments"},
        {"surrogates": "segments", "step": 2.0},
        {"surrogates": "segments", "step": 3.0},
        {"surrogates": "phase"},
        {"gaps": "x"},
        {"gaps": "y"},
        {"gaps": "xy"},
    ]
    for noise in ("AR(.95)", "bursts"):
        for test in tests:
            yield {"noise": noise, "surrogates": "shift", "gaps": "", "step": None, **test}


def kinds(rng, noise, gaps, **options):
    x, y = (NOISES[noise](rng, 120 * FPS, SIGNALS) for _ in "xy")
    for side, values in (("x", x), ("y", y)):
        if side in gaps:
            values[dropout(rng, len(values))] = np.nan
    return counts(tested(recording(x), recording(y), n=99, rng=rng, **USUAL, **options))


# --- people on the same schedule


STRUCTURED_SECONDS, STRUCTURED_SIGNALS = 240, 10
STRUCTURED_TESTS = ["whole", "shift", "permute", "partners, whole", "partners"]
PARTNERS = 39


def structured_cells():
    for design in DESIGNS:
        for trial in (5, 15, 20):
            for test in STRUCTURED_TESTS:
                yield {"design": design, "trial": trial, "test": test}


def scheduled(rng, design, trial, signals):
    """A person on the schedule, with the coordinate `block`: "active" and "rest" in turn."""
    x = recording(DESIGNS[design](rng, STRUCTURED_SECONDS * FPS, signals, trial))
    onsets = np.arange(0, STRUCTURED_SECONDS, trial)
    labels = np.where(np.arange(len(onsets)) % 2 == 0, "active", "rest")
    return bx.annotate(x, pd.DataFrame({"onset": onsets, "duration": trial, "label": labels}), name="block")


def structured(rng, design, trial, test):
    signals = STRUCTURED_SIGNALS if "partners" not in test else 6
    x, y = (scheduled(rng, design, trial, signals) for _ in "xy")
    windows = {"width": 1.0, "max_lag": 0.5} if trial == 5 else {"width": 2.0, "max_lag": 1.0}
    partners = [scheduled(rng, design, trial, signals) for _ in range(PARTNERS)] if "partners" in test else None
    kind = test.partition(",")[0]
    found = tested(
        x, y, **windows, n=99, rng=rng, surrogates="shift" if kind == "whole" else kind, partners=partners,
        by=None if "whole" in test else "block",
    )  # fmt: skip
    if "whole" in test:
        return counts(found)
    by_label = {label: counts(found.sel(block=label)) for label in ("active", "rest")}
    return {f"{name} {label}": value for label, row in by_label.items() for name, value in row.items()}


# --- power: one signal of x follows one of y


def power_cells():
    for seconds in (20, 30, 60, 120, 600):
        for windows in ("short", "usual"):
            for strength in (2, 1, 1 / 2, 1 / 4, 3 / 16, 1 / 8, 1 / 16):
                cannot = windows == "usual" and seconds < 60
                needless = (windows == "short" and seconds > 60) or (seconds == 600 and strength > 1 / 4)
                if not (cannot or needless):
                    yield {"seconds": seconds, "windows": windows, "strength": strength}


def follower(rng, strength, behind, frames, signals=14):
    """The first signal of x follows that of y by `behind` frames, `strength` times as strong as x's own noise."""
    y, x = white(rng, frames + behind, signals), white(rng, frames, signals)
    x[:, 0] += strength * y[:frames, 0]
    return recording(x), recording(y[behind:])


def power(rng, seconds, windows, strength, behind=7):
    options = USUAL if windows == "usual" else {"width": 0.5, "max_lag": 0.25}
    x, y = follower(rng, strength, behind, seconds * FPS)
    found = tested(x, y, n=LONG_N if seconds == 600 else 199, rng=rng, **options)
    best = bx.lag_profile(x[:, :1], y[:, :1], **options)["best_lag"].item()
    first = found.isel(signal1=0, signal2=0)
    return {"n": found.attrs["n"], "p": first["p"].item(), "p_fwe": first["p_fwe"].item(),
            "off": round(best * FPS) + behind}  # fmt: skip


# --- excess at one coupling, in recordings that are cut in different ways


TRIALS = {"1 × 120 s": (1, 120), "12 × 10 s": (12, 10), "20 × 6 s": (20, 6)}


def excess_cells():
    for noise in ("white", "AR(.95)"):
        for trials in TRIALS:
            yield {"noise": noise, "trials": trials}


def excess(rng, noise, trials, strength=0.5, behind=7, signals=6):
    """Mean excess of matched pairs, each of which follows within its trials."""
    number, seconds = TRIALS[trials]
    make, frames = {"white": white, "AR(.95)": slow}[noise], seconds * FPS
    pieces = []
    for _ in range(number):
        y, x = make(rng, frames + behind, signals), make(rng, frames, signals)
        pieces.append((x + strength * y[:frames], y[behind:]))
    x, y = (recording(np.concatenate(side)) for side in zip(*pieces, strict=True))
    onsets = np.arange(number) * float(seconds)
    x = bx.annotate(x, pd.DataFrame({"onset": onsets, "duration": float(seconds), "label": "trial"}))
    found = tested(x, y, by="condition", pairs="matched", n=99, rng=rng, **USUAL)
    return {"n": found.attrs["n"], "excess": float(found["excess"].mean()), "null": float(found["null_mean"].mean())}


# --- people who met, and people who never met


MET = [
    {},
    {"statistic": "corr_mean"},
    {"measure": "coordination", "max_lag": 2},
    {"causal": False},
    {"surrogates": "segments", "step": 30},
    {"surrogates": "phase"},
]


def met_cells():
    for options in MET:
        yield {"options": options}


def sessions():
    """Motion energy of patients and of therapists, one signal per session; None if there are no files."""
    files = sorted(DATA.glob("rmea_*.txt"))
    if not files:
        return None
    both = [bx.open_signals(file, fps=25, sep=" ", columns=["pat", "th"]).values for file in files]
    names = [file.stem.removeprefix("rmea_") for file in files]
    return tuple(bx.signals(np.stack([one[:, k] for one in both], axis=1), fps=25, names=names) for k in (0, 1))


def met(rng, options, n=199):
    """Significance of every patient with every therapist; those who met are on the diagonal."""
    found = tested(*sessions(), n=n, rng=0, **{"width": 20, "max_lag": 5, **options})
    return {name: found[name].values.round(4).tolist() for name in ("p", "surrogate_z", "excess", "activity_p")} | {
        "n": found.attrs["n"]
    }


# --- runs


PARTS = {
    "level": (level_cells, level, RUNS),
    "structured": (structured_cells, structured, 30),
    "excess": (excess_cells, excess, 40),
    "power": (power_cells, power, 40),
    "kinds": (kind_cells, kinds, 40),
    "met": (met_cells, met, 1),
}


def name_of(part, cell):
    return json.dumps([part, cell])


def run_all(file, parts, runs, only):
    done = {(row["cell"], row["run"]) for row in rows(file)}
    with file.open("a") as stream:
        for part in parts:
            cells, measure, number = PARTS[part]
            for cell in cells():
                name = name_of(part, cell)
                if only and only not in name:
                    continue
                for run in range(runs or number):
                    if (name, run) in done:
                        continue
                    start = time.process_time()
                    rng = np.random.default_rng([zlib.crc32(name.encode()), run])
                    found = measure(rng, **cell)
                    found["cpu"] = round(time.process_time() - start, 3)
                    stream.write(json.dumps({"cell": name, "run": run, **found}) + "\n")
                    stream.flush()


def rows(file):
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


# --- tables of the documentation


def frame(file, part):
    """Runs of a part of the calibration, with the options of their cells as columns."""
    made = [row for row in rows(file) if json.loads(row["cell"])[0] == part]
    return pd.DataFrame([{**json.loads(row["cell"])[1], **row} for row in made])


def row_of(*values):
    print("| " + " | ".join(f"{value:.3f}" if isinstance(value, float) else str(value) for value in values) + " |")


def level_table(file):
    """Share of pairs, its expected value, and share of families, by each factor; only cells that can reach p ≤ .05."""
    runs = frame(file, "level").fillna({"statistic": "corr_abs_mean"})
    runs["share"], size = runs["significant"] / runs["pairs"], runs["n"] + 1
    runs["expected"] = np.floor(0.05 * size + 1e-9) / size
    cannot = runs[runs["expected"] == 0]
    runs = runs[runs["expected"] > 0]
    cells = runs.groupby("cell").agg(share=("share", "mean"), any=("any", "sum"), runs=("run", "size"))
    limit = int(binom.ppf(0.95 ** (1 / len(cells)), int(cells["runs"].max()), 0.05))
    for factor in ("seconds", "width", "max_lag", "noise", "measure", "statistic"):
        for name, some in runs.groupby(factor, sort=factor != "noise"):
            mean = some.groupby("cell")[["share", "expected", "any"]].mean().mean()
            row_of(factor, name, some["cell"].nunique(), mean["share"], mean["expected"], mean["any"])
    per_cell = runs.groupby("cell")[["share", "expected", "any"]].mean()
    total, number = int(runs["any"].sum()), len(runs)
    error = 1.96 * per_cell["any"].std() / len(per_cell) ** 0.5
    print(f"{len(per_cell)} cells, {number} runs: pairs {per_cell['share'].mean():.4f}, expected "
          f"{per_cell['expected'].mean():.4f}; families {per_cell['any'].mean():.4f} ± {error:.4f} ({total} runs); "
          f"most in a cell {cells['any'].max()}, simultaneous limit {limit}; cannot reach p ≤ .05: "
          f"{cannot['cell'].nunique()} cells, {int(cannot['significant'].sum())} pairs")  # fmt: skip


def structured_table(file):
    """Share of pairs by design, length of trials and test; with labels, the mean over both."""
    runs = frame(file, "structured")
    for label in ("active", "rest"):
        runs[f"share {label}"] = runs[f"significant {label}"] / runs[f"pairs {label}"]
    by_label = runs[["share active", "share rest"]].mean(axis=1)
    runs["share"] = (runs["significant"] / runs["pairs"]).where(runs["pairs"].notna(), by_label)
    means = runs.groupby(["design", "trial", "test"])["share"].mean().unstack("test")[STRUCTURED_TESTS]
    for (design, trial), line in means.iterrows():
        row_of(f"{design}, {trial} s", *line)
    print("runs of each:", sorted(set(runs.groupby("cell").size())))


def power_table(file):
    runs = frame(file, "power")
    runs["found"], runs["exact"], runs["near"] = runs["p_fwe"] <= 0.05, runs["off"] == 0, runs["off"].abs() <= 1
    means = runs.groupby(["windows", "strength", "seconds"])[["found", "exact", "near"]].mean().unstack("seconds")
    for windows, strength in sorted(means.index, key=lambda at: (at[0], -at[1])):
        line = means.loc[(windows, strength)]
        row_of(windows, strength, *line["found"].astype(float), "exact", *line["exact"].astype(float))
    print("seconds:", sorted(set(runs["seconds"])), "runs of each:", sorted(set(runs.groupby("cell").size())))


def kinds_table(file):
    runs = frame(file, "kinds")
    runs["share"] = runs["significant"] / runs["pairs"]
    keys = ["surrogates", "step", "gaps", "noise"]
    for key, some in runs.fillna({"step": 1.0}).groupby(keys, sort=False):
        error = some["share"].std() / len(some) ** 0.5
        row_of(*key, f"{some['share'].mean():.3f} ± {error:.3f}", f"{some['any'].sum()} of {len(some)}")


def excess_table(file):
    for (noise, trials), some in frame(file, "excess").groupby(["noise", "trials"], sort=False):
        row_of(
            noise, trials, float(some["excess"].mean()), f"± {some['excess'].std() / len(some) ** 0.5:.4f}", len(some)
        )


def met_table(file):
    for row in frame(file, "met").to_dict("records"):
        print(row["options"], "n =", row["n"], *(np.round(row[name], 3) for name in ("p", "surrogate_z")), sep="\n")


TABLES = {"level": level_table, "structured": structured_table, "excess": excess_table, "power": power_table,
          "kinds": kinds_table, "met": met_table}  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--runs", type=int)
    parser.add_argument("--only", default="")
    parser.add_argument("--tables", action="store_true")
    given = parser.parse_args()
    for part in given.parts or list(PARTS):
        if given.tables:
            print(f"\n{part}")
            TABLES[part](given.file)
        else:
            run_all(given.file, [part], given.runs, given.only)
