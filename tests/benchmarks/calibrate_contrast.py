"""Family-wise error and power of `contrast()`, and groups that differ in the quality of their signals alone.

    python tests/benchmarks/calibrate_contrast.py [level] [power] [quality] [minutes]

Level: 20 recordings a side without any difference, in 17, 196 and 6241 related cells. Power: one cell differs.
Quality: dyads that imitate alike, in groups that differ in noise, expressivity or lost frames. Minutes: the spread of
`excess` between recordings of one coupling, by their length.
"""

import sys
import time
import warnings

import numpy as np
import xarray as xr

import bitbox_xr as bx

FPS = 30
CELLS = (17, 196, 6241)
EACH = 20  # recordings a side
WINDOWS = {"width": 2.0, "step": 1.0, "max_lag": 1.0}


# --- level and power


def cells_of(rng, recordings, cells, kind, factors=5):
    """Values `(recording, cell)` with mean 0; cells share factors, as pairs of the same signals do."""
    loads = rng.normal(size=(factors, cells)) / np.sqrt(factors)
    draw = {
        "normal": rng.normal,
        "skewed": lambda size: rng.exponential(size=size) - 1,
        "heavy": lambda size: rng.standard_t(3, size=size),
    }[kind]
    return draw(size=(recordings, factors)) @ loads + draw(size=(recordings, cells))


def summary_of(values, second, **variables):
    dims = ("recording", "condition", "pair")[:: 2 if values.ndim == 2 else 1]
    return xr.Dataset(
        {"excess": (dims, values), **{name: ("recording", v) for name, v in variables.items()}},
        {"group": ("recording", np.where(second, "b", "a"))}
        | ({"condition": ["before", "after"]} if values.ndim == 3 else {}),
    )


def null_study(rng, cells, design, kind):
    """A study without any difference, and the options of its contrast."""
    second = np.arange(2 * EACH) >= EACH
    values = cells_of(rng, 2 * EACH, cells, kind)
    if design == "one sample":
        symmetric = values * rng.choice([-1, 1], (2 * EACH, 1))
        return summary_of(symmetric[:EACH], second[:EACH]), {}
    if design == "within":
        other = cells_of(rng, EACH, cells, kind)
        both = np.stack([values[:EACH] + other, values[EACH:] + other], axis=1)
        return summary_of(both, second[:EACH]), {"within": "condition"}
    if design == "unequal":  # 12 and 28 recordings, the smaller group with twice the spread
        second = np.arange(2 * EACH) >= 12
        return summary_of(values * np.where(second, 1, 2)[:, None], second), {"between": "group"}
    if design == "covariate":  # the groups differ in age, and age matters
        age = rng.normal(size=2 * EACH) + second
        found = summary_of(values + 0.8 * age[:, None], second, age=age)
        return found, {"between": "group", "covariates": ["age"]}
    return summary_of(values, second), {"between": "group"}


DESIGNS = ("one sample", "between", "within", "covariate", "unequal")


def level(cells, runs, design="between", kind="normal", n=199, seed=0):
    """Share of runs with any p_fwe ≤ .05, and share of cells with p ≤ .05."""
    rng = np.random.default_rng([seed, cells])
    any_cell, shares = [], []
    for _ in range(runs):
        summary, options = null_study(rng, cells, design, kind)
        with warnings.catch_warnings():  # of a small group that varies more
            warnings.simplefilter("ignore")
            found = bx.contrast(summary, variable="excess", n=n, rng=rng, **options)
        any_cell.append(bool((found.p_fwe <= 0.05).any()))
        shares.append(float((found.p <= 0.05).mean()))
    return float(np.mean(any_cell)), float(np.mean(shares))


def levels():
    """Print family-wise rates; their standard errors are .007, .011 and .022."""
    kinds = ("normal", "skewed", "heavy")
    print("| cells | design | " + " | ".join(kinds) + " |")
    for cells, runs, n in zip(CELLS, (1000, 400, 100), (199, 199, 99), strict=True):
        for design in DESIGNS:
            rates = [level(cells, runs, design, kind, n) for kind in kinds]
            row = " | ".join(f"{any_cell:.3f} ({p:.3f})" for any_cell, p in rates)
            print(f"| {cells} | {design} | {row} |", flush=True)


def power(effect, each, cells, runs, n=199, seed=1):
    """Share of runs in which the one cell that differs by `effect` standard deviations has p_fwe ≤ .05."""
    rng = np.random.default_rng([seed, each, cells, round(100 * effect)])
    second = np.arange(2 * each) >= each
    hits = []
    for _ in range(runs):
        values = cells_of(rng, 2 * each, cells, "normal")
        values[:, 0] = rng.normal(size=2 * each) + effect * second
        found = bx.contrast(summary_of(values, second), variable="excess", between="group", n=n, rng=rng)
        hits.append(float(found.p_fwe[0]) <= 0.05)
    return float(np.mean(hits))


def powers(runs=100):
    print("| cells | effect d | " + " | ".join(f"{each} a group" for each in (10, 20, 40, 80)) + " |")
    for cells in CELLS:
        for effect in (0.5, 0.8, 1.2):
            shares = [power(effect, each, cells, runs if cells < 1000 else 30) for each in (10, 20, 40, 80)]
            print(f"| {cells} | {effect} | " + " | ".join(f"{share:.2f}" for share in shares) + " |", flush=True)


# --- groups that differ in the quality of their signals


def rises(rng, frames, signals, a_minute=20, height=1.0):
    """Smooth rises of 0.6 s at random times."""
    pulse = np.exp(-0.5 * (np.arange(-30, 31) / (0.3 * FPS)) ** 2)
    spikes = (rng.random((frames, signals)) < a_minute / 60 / FPS) * rng.uniform(0.5, 1, (frames, signals))
    return height * np.stack([np.convolve(column, pulse, mode="same") for column in spikes.T], axis=1)


def dyad(rng, coupling=0.5, seconds=60, signals=3, noise=0.05, height=1.0, a_minute=20, lost=0.0):
    """A child that follows a share of the model's rises by 0.5 s."""
    frames = seconds * FPS
    model = rises(rng, frames, signals)
    child = height * coupling * np.roll(model, FPS // 2, axis=0)
    child += rises(rng, frames, signals, a_minute, height * (1 - coupling))
    child += noise * rng.normal(size=child.shape)
    away = rng.random(frames // 15) < lost
    child[np.repeat(away, 15)[:frames]] = np.nan
    return bx.signals(child, fps=FPS), bx.signals(model + 0.05 * rng.normal(size=model.shape), fps=FPS)


def measured(rng, **options):
    """Raw mean and excess of the matched pairs of a dyad, and the quality of the child's signals."""
    x, y = dyad(rng, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = bx.significance(x, y, **WINDOWS, n=19, rng=rng, pairs="matched", progress=False)
    excess = (found.observed - found.null_mean).mean().item()
    lost, noise = float(x.isnull().mean()), float(bx.quality(x).noise.mean())
    return found.observed.mean().item(), excess, noise, lost, float((x.max("time") - x.min("time")).mean())


DIFFERENCES = {
    "no difference": {},
    "noise: SD 0.15 in place of 0.05": {"noise": 0.15},
    "expressivity: rises half as high": {"height": 0.5},
    "expressivity: half as many rises": {"a_minute": 10},
    "30 % of frames lost": {"lost": 0.3},
}


POOL = 120  # dyads that studies are drawn from
NAMES = ("raw", "excess", "noise", "lost_share", "value_range")
CASES = (("raw", ()), ("excess", ()), ("excess", ("noise", "value_range")))


def pool(rng, **options):
    """Measures of dyads whose coupling differs from person to person, `(dyad, variable)`."""
    return np.array([measured(rng, coupling=rng.uniform(0.3, 0.7), **options) for _ in range(POOL)])


def quality_study(rng, one, other):
    """A summary of two groups, drawn from two pools."""
    sides = [side[rng.permutation(len(side))[:EACH]] for side in (one, other)]
    data = {name: ("recording", values) for name, values in zip(NAMES, np.concatenate(sides).T, strict=True)}
    return xr.Dataset(data, {"group": ("recording", np.repeat(["a", "b"], EACH))})


def tested(rng, study):
    """Estimate and whether p ≤ .05 for each case, and whether a warning names the quality."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = [
            bx.contrast(study, variable=variable, between="group", covariates=names, n=199, rng=rng)
            for variable, names in CASES
        ]
    warned = any("quality" in str(one.message) for one in caught)
    return [(float(one.estimate), float(one.p) <= 0.05) for one in found], warned


def qualities(studies=200):
    """Print, for each difference, the mean estimate and the share of studies with p ≤ .05."""
    usual = pool(np.random.default_rng(4))
    print("| the second group has | raw mean | excess | excess, with noise and range as covariates | warned |")
    for k, (name, differing) in enumerate(DIFFERENCES.items()):
        rng = np.random.default_rng([4, k])
        other = pool(rng, **differing)
        results, warned = zip(*(tested(rng, quality_study(rng, usual, other)) for _ in range(studies)), strict=True)
        cells = " | ".join(f"{estimate:+.3f}, {share:.2f}" for estimate, share in np.mean(results, axis=0))
        print(f"| {name} | {cells} | {np.mean(warned):.2f} |", flush=True)


def minutes(runs=40):
    """Print mean and standard deviation of excess over dyads of one coupling, by their length."""
    for seconds in (30, 60, 120, 240):
        rng = np.random.default_rng([6, seconds])
        excess = [measured(rng, seconds=seconds)[1] for _ in range(runs)]
        print(f"| {seconds / 60:g} min | {np.mean(excess):.3f} | {np.std(excess):.3f} |", flush=True)


if __name__ == "__main__":
    start = time.process_time()
    for name in sys.argv[1:] or ("level", "power", "quality", "minutes"):
        {"level": levels, "power": powers, "quality": qualities, "minutes": minutes}[name]()
    print(f"{time.process_time() - start:.0f} s of the processor")
