"""Compare results with those of Bitbox and rMEA and with published formulas, and print the tables of docs/agreement.md.

    python tests/benchmarks/agreement.py [FOLDER]

FOLDER holds Bitbox's reference values (golden) and recordings (data); default ../shared. Without it, only the formulas
are compared. It takes about a minute.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.stats

import bitbox_xr as bx
from bitbox_xr import compat

FOLDER = Path(__file__).parents[2].parent / "shared"


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    golden = folder / "golden"
    if golden.is_dir():
        table(("kind", "cases", "what", "largest difference"), bitbox(golden))
        table(("what", "rMEA", "bitbox_xr", "largest difference"), rmea(golden, folder / "data"))
    else:
        print(f"{golden} does not exist: results of Bitbox and rMEA are left out\n")
    table(("formula", "expected", "found", "difference"), formulas())


def table(names, rows):
    print(f"| {' | '.join(names)} |\n|{'---|' * len(names)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    print()


def dictionary(values, kind="expression", **more):
    return {"backend": "3DI", "type": kind, "frame count": len(values), "data": pd.DataFrame(values), **more}


# --- Bitbox


def bitbox(golden: Path) -> Iterator[tuple[str, ...]]:
    """For each kind of result: cases, what is compared, and the largest difference over all cases."""
    index = json.loads((golden / "index.json").read_text())
    inputs = np.load(golden / "inputs.npz")
    worst: dict[tuple[str, str], float] = {}
    cases: dict[str, int] = {}
    for name, case in index.items():
        cases[case["kind"]] = cases.get(case["kind"], 0) + 1
        expected = np.load(golden / case["file"])
        for what, size in COMPARISONS[case["kind"]](case, inputs, lambda output: expected[f"{name}/{output}"]):  # noqa: B023
            key = case["kind"], what
            worst[key] = max(worst.get(key, 0.0), size)
    for (kind, what), size in worst.items():
        yield kind, str(cases[kind]), what, f"{size:.1e}" if size else "0"
    yield "all", str(sum(cases.values())), "", ""


def apart(found, expected, relative=True):
    """Largest difference, relative to the expected value or absolute; NaN and infinity must be in the same places."""
    found, expected = (np.asarray(values, dtype=float) for values in (found, expected))
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(found[~finite], expected[~finite])
    scale = np.abs(expected[finite]) if relative else 1.0
    difference = np.abs(found[finite] - expected[finite])
    return float(np.max(difference / np.where(scale == 0, 1.0, scale), initial=0.0))


def social(case, inputs, expected):
    options = {key: case[key] for key in ("width", "step", "lag", "fps", "polarity")}
    if case["kind"] == "imitation":
        options["casuality"] = case["causal"]
    function = getattr(compat, case["kind"])
    x, y = (dictionary(inputs[case["inputs"][side]]) for side in "xy")
    corr, lag = function(x, y, **options, stats=False)
    yield "correlation of each window (absolute)", apart(corr, expected("corr"), relative=False)
    yield "share of windows and pairs with another lag", float(np.mean(np.abs(lag - expected("lag")) > 1e-6))
    for value, output in zip(function(x, y, **options), ("corr_mean", "corr_std", "corr_lag"), strict=True):
        yield f"{output} (absolute)", apart(value, expected(output), relative=False)


def expressions(case, inputs, expected):
    face = dictionary(inputs[case["inputs"]["activations"]])
    options = {key: case[key] for key in ("scales", "aggregate", "robust", "fps")}
    if case["kind"] == "diversity":
        found = compat.diversity(face, magnitude=case["magnitude"], **options)
        for column in ("overall", "frame_wise"):
            yield f"{column} (relative)", apart(found[column], expected(column))
        return
    tables = compat.expressivity(face, **options)
    cube = np.array([own[case["metrics"]].to_numpy() for own in tables]).transpose(1, 2, 0)
    yield "number of activations (absolute)", apart(cube[:, 0], expected("value")[:, 0], relative=False)
    yield "the other five metrics (relative)", apart(cube[:, 1:], expected("value")[:, 1:])


def landmarks(case, inputs, expected):
    points, fps = inputs[case["inputs"]["landmarks"]], case["fps"]
    face = dictionary(points, "landmark", dimension=case["dimension"])
    found = dict(zip(("range", "path", "speed", "acceleration"), compat.motion_kinematics(face, fps), strict=True))
    yield "kinematics (relative)", max(apart(value, expected(f"kinematics_{key}")) for key, value in found.items())
    smooth = dict(zip(("jerk", "ldj"), compat.motion_smoothness(face, fps), strict=True))
    yield "smoothness (relative)", max(apart(value, expected(f"smoothness_{key}")) for key, value in smooth.items())
    for stem, reference in (("relative", case["relative_reference"]), ("relative_mean", "mean")):
        values = zip(("min", "mean", "std", "max"), compat.relative_motion(face, reference), strict=True)
        yield "relative motion (relative)", max(apart(value, expected(f"{stem}_{key}")) for key, value in values)
    for normalize in (False, True):
        name = "asymmetry_normalized" if normalize else "asymmetry_raw"
        yield "asymmetry (relative)", apart(compat.asymmetry(face, normalize=normalize), expected(name))


COMPARISONS = {
    "imitation": social,
    "coordination": social,
    "expressivity": expressions,
    "diversity": expressions,
    "landmarks": landmarks,
}


# --- rMEA


def rmea(golden: Path, data: Path) -> Iterator[tuple[str, ...]]:
    """The cross-correlations of rMEA 1.3.0 (winSec 20, incSec 10, lagSec 5) in windows of one real session."""
    padding = 5 * 25  # rMEA's first window starts at frame 0, ours at the largest lag
    energy = bx.open_signals(data / "rmea_normal_200_01.txt", format="rmea", fps=25)
    padded = bx.signals(
        np.concatenate([np.full((padding, 2), np.nan), energy.values[:15000]]), fps=25, names=["a", "b"]
    )

    def half(first, second):
        x, y = (padded.sel(signal=[name]) for name in (first, second))
        found = bx.lag_map(x, y, pair=(first, second), width=20, step=10, max_lag=5, causal=False)
        return found.isel(lag=slice(padding, None)).transpose("window", "lag").values

    found = np.concatenate([half("b", "a")[:, :0:-1], half("a", "b")], axis=1)
    with np.load(golden / "rmea.npz") as reference:
        ccf = reference["ccf"]
    yield "correlations, 58 windows × 251 lags", "", "", f"{np.abs(found - ccf).max():.1e}"
    means = [float(np.mean(np.abs(np.arctanh(values)))) for values in (ccf, found)]
    yield "mean absolute Fisher z (grandAver)", *(f"{mean:.6f}" for mean in means), f"{abs(means[0] - means[1]):.1e}"


# --- formulas


def formulas() -> Iterator[tuple[str, ...]]:
    for name, expected, found in (*deterministic(), *random()):
        yield name, f"{expected:.6g}", f"{found:.6g}", f"{abs(found - expected):.1e}"


def deterministic():
    rng = np.random.default_rng(0)
    # Pearson's r, one window with one lag
    values = rng.normal(size=(60, 2)).cumsum(axis=0)
    x, y = (bx.signals(values[:, [k]], fps=30) for k in range(2))
    found = bx.coordination(x, y, width=2, max_lag=0, polarity=True).corr.item()
    yield "Pearson's r of one window, lag 0 (SciPy)", abs(scipy.stats.pearsonr(*values.T).statistic), abs(found)
    # a movement of least jerk (Flash and Hogan 1985); Bitbox's ldj is computed from accelerations
    time = np.arange(20001) / 20000
    path = 10 * time**3 - 15 * time**4 + 6 * time**5
    point = bx.signals(np.stack([path, 0 * path, 0 * path], axis=1), kind="pose", names=["Tx", "Ty", "Tz"], fps=20000)
    expected = -np.log(120 / 7 / (15 / 8) ** 2)  # integral of a², divided by the squared peak speed
    yield "smoothness (Bitbox's ldj) of a movement of least jerk, 1 s", expected, bx.smoothness(point).ldj.item()
    # a point on a circle of radius 2, one turn a second
    angle = 2 * np.pi * np.arange(3001) / 1000
    circle = np.stack([2 * np.cos(angle), 2 * np.sin(angle), 0 * angle], axis=1)
    moved = bx.kinematics(bx.signals(circle, kind="pose", names=["Tx", "Ty", "Tz"], fps=1000))
    yield "path of three turns on a circle, 2πr each", 12 * np.pi, float(moved.path.item())
    yield "acceleration on a circle, ω²r", 2 * (2 * np.pi) ** 2, float(moved.acceleration.item())
    # diversity of four equal coefficients
    at = [5, 15, 25, 35, 45]
    time = np.arange(1500) / 30
    bumps = np.stack([sum(np.exp(-(((time - k - 1.25 * j) / 0.3) ** 2)) for k in at) for j in range(4)], axis=1)
    even = bx.diversity(bx.signals(bumps, fps=30), scales=[2.0], min_rise=0.5)
    yield "diversity of four coefficients with equal shares", 1.0, float(even.overall.item())
    # the scale that answers most strongly to a rise of full width at half maximum 0.52 s
    time = np.arange(3000) / 100
    rise = np.exp(-4 * np.log(2) * ((time - 15) / 0.52) ** 2)[:, None]
    scales = np.arange(1.0, 3.001, 0.02)
    found = bx.events(bx.signals(rise, fps=100), scales=scales.tolist()).to_dataframe()
    best = float(found.loc[found["response"].idxmax(), "scale"])
    yield "scale with the strongest response to a rise 0.52 s wide, width / 0.26", 0.52 / 0.26, best


def random():
    rng = np.random.default_rng(1)
    # variance of r of two independent AR(1) series: Bartlett 1935
    n, phi, pairs = 900, 0.8, 40
    x, y = (bx.signals(ar1(rng, n, pairs, phi), fps=30) for _ in range(2))
    found = bx.coordination(x, y, width=30, max_lag=0).corr.values
    expected = np.sqrt((1 + phi**2) / (1 - phi**2) / n)
    yield "standard deviation of r, two AR(1) series (Bartlett; 1600 pairs)", float(expected), float(found.std())
    # chance of an answer within w seconds, if the participant acts at random: 1 − exp(−rate · w)
    rate, wait, seconds = 0.15, 1.5, 3600
    chance = []
    for _ in range(2):
        x, y = (bx.signals(bursts(rng, rate, seconds), fps=30) for _ in range(2))
        found = bx.contingency(x, y, min_rise=0.4, max_latency=wait, scales=(0.5, 1.0), n=99, rng=0, progress=False)
        chance.append(found.chance.item())
    expected = 1 - np.exp(-rate * wait)
    yield "chance of an answer within 1.5 s, 0.15 activations a second, 1 − exp(−rate · s)", expected, np.mean(chance)
    # p-values without a relation are uniform
    p = [
        bx.significance(*(bx.signals(ar1(rng, 1800, 5, 0.8), fps=30) for _ in range(2)), n=39, rng=0, progress=False,
                        width=2, step=1, max_lag=0.5).p.values
        for _ in range(20)
    ]  # fmt: skip
    yield (
        "share of 500 unrelated pairs with the smallest p of 29 surrogates, 1 / 30",
        1 / 30,
        np.mean(np.array(p) <= 0.05),
    )


def ar1(rng, n, k, phi):
    out = rng.standard_normal((n + 100, k))
    for t in range(1, len(out)):
        out[t] += phi * out[t - 1]
    return out[100:]


def bursts(rng, rate, seconds):
    time = np.arange(seconds * 30) / 30
    out = np.zeros(len(time))
    for at in rng.uniform(0, seconds, rng.poisson(rate * seconds)):
        near = slice(*np.searchsorted(time, [at - 1, at + 1]))
        out[near] += np.exp(-(((time[near] - at) / 0.12) ** 2))
    return out[:, None]


if __name__ == "__main__":
    main()
