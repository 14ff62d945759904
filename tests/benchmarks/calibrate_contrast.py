"""Family-wise error and power of `contrast()`, and groups that differ in the quality of their signals alone.

    python tests/benchmarks/calibrate_contrast.py [level] [power] [quality] [minutes]

Level: 20 recordings a side without any difference, in 17, 196 and 6241 related cells. Power: one cell differs.
Quality: dyads that imitate alike, in groups that differ in noise, expressivity, lost frames or intervals. Minutes: the
spread of `excess` between recordings of one coupling, by their length.
"""

import sys
import time
import warnings

import numpy as np
import pandas as pd
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


def dyad(rng, coupling=0.5, seconds=60, signals=3, noise=0.05, height=1.0, a_minute=20, lost=0.0, intervals=1,
         mirrors=False):  # fmt: skip
    """A child and a model, whose rises the child follows by half a second.

    The child answers a share of them, or with `mirrors` all of them at a part of their height; both are `coupling`. The
    recording has `intervals` intervals of equal length with gaps of 5 s, which together last `seconds`.
    """
    each = seconds * FPS // intervals
    onsets = np.arange(intervals) * (each + 5 * FPS)
    whole = onsets[-1] + each
    pulse = np.exp(-0.5 * (np.arange(-30, 31) / (0.3 * FPS)) ** 2)
    models, own = spikes(rng, whole, signals, 20), spikes(rng, whole, signals, a_minute)
    followed = coupling if mirrors else rng.random(models.shape) < coupling
    moves = followed * np.roll(models, FPS // 2, axis=0) + (1 - coupling if mirrors else 1) * own
    model, child = (np.stack([np.convolve(one, pulse, mode="same") for one in side.T], axis=1)
                    for side in (models, height * moves))  # fmt: skip
    child += noise * rng.normal(size=child.shape)
    away = rng.random(whole // 15 + 1) < lost
    child[np.repeat(away, 15)[:whole]] = np.nan
    table = pd.DataFrame({"onset": onsets / FPS, "offset": (onsets + each) / FPS, "label": "task"})
    x, y = bx.signals(child, fps=FPS), bx.signals(model + 0.05 * rng.normal(size=model.shape), fps=FPS)
    return bx.annotate(x, table), y


def spikes(rng, frames, signals, a_minute):
    """The heights of rises at random times."""
    return (rng.random((frames, signals)) < a_minute / 60 / FPS) * rng.uniform(0.5, 1, (frames, signals))


def measured(rng, **options):
    """The variables NAMES of a dyad: means over pairs and signals."""
    x, y = dyad(rng, **options)
    asked = {"by": "condition", "n": 19, "rng": rng, "pairs": "matched", "progress": False}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = bx.significance(x, y, **WINDOWS, **asked)
        answers = bx.contingency(x, y, **asked)
        high = bx.contingency(x, y, min_rise=0.25, false_alarms_per_minute=None, **asked)
    excess = (found.observed - found.null_mean).mean().item()
    quality = bx.quality(x, by="condition").mean()
    values = [float(quality[name]) for name in QUALITY]
    answered = [one.answered_above_chance.mean().item() for one in (answers, high)]
    return found.observed.mean().item(), excess, *answered, *values


DIFFERENCES = {
    "no difference": {},
    "noise: SD 0.15 in place of 0.05": {"noise": 0.15},
    "expressivity: rises half as high": {"height": 0.5},
    "expressivity: half as many spontaneous rises": {"a_minute": 10},
    "30 % of frames lost": {"lost": 0.3},
    "6 intervals of 10 s in place of 1 of 60 s": {"intervals": 6},
    "1 interval of 30 s in place of 60 s": {"seconds": 30},
}


POOL = 200  # dyads that studies are drawn from
QUALITY = ("noise", "value_range", "lost_share", "activations_per_minute")
VARIABLES = ("excess", "answered_above_chance", "answered_above_chance_with_min_rise")
NAMES = ("raw", *VARIABLES, *QUALITY)
CASES = [("raw", ()), *((variable, covariates) for variable in VARIABLES for covariates in ((), QUALITY))]


def pool(rng, **options):
    """Measures of dyads whose coupling differs from person to person, `(dyad, variable)`."""
    return np.array([measured(rng, coupling=rng.uniform(0.3, 0.7), **options) for _ in range(POOL)])


def quality_study(rng, one, other):
    """A summary of two groups, drawn from two pools."""
    sides = [side[rng.permutation(len(side))[:EACH]] for side in (one, other)]
    data = {name: ("recording", values) for name, values in zip(NAMES, np.concatenate(sides).T, strict=True)}
    return xr.Dataset(data, {"group": ("recording", np.repeat(["a", "b"], EACH))})


def tested(rng, study):
    """For each case the estimate, whether p ≤ .05, and whether a warning names the quality or the covariates."""
    constant = [name for name in QUALITY if np.ptp(study[name].values) == 0]
    results = []
    for variable, names in CASES:
        covariates = [name for name in names if name not in constant]
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = bx.contrast(study, variable=variable, between="group", covariates=covariates, n=199, rng=rng)
        warned = any("the quality of" in str(one.message) or "the covariates" in str(one.message) for one in caught)
        results.append((float(found.estimate), float(found.p) <= 0.05, warned))
    return results


def qualities(studies=300):
    """Print, for each difference and case: mean estimate, share of studies with p ≤ .05, share with a warning."""
    for mirrors in (False, True):
        usual = pool(np.random.default_rng(4), mirrors=mirrors)
        print(f"\nmirrors={mirrors}; usual: {dict(zip(NAMES, usual.mean(axis=0).round(3).tolist(), strict=True))}")
        heads = [f"{variable}{', with covariates' if covariates else ''}" for variable, covariates in CASES]
        print(f"| the second group has | {' | '.join(heads)} |", flush=True)
        for k, (name, differing) in enumerate(DIFFERENCES.items()):
            # not 0: default_rng([4, 0, 0]) equals default_rng(4), so that both groups would come from one pool
            rng = np.random.default_rng([4, k or len(DIFFERENCES), int(mirrors)])
            other = pool(rng, mirrors=mirrors, **differing)
            results = np.mean([tested(rng, quality_study(rng, usual, other)) for _ in range(studies)], axis=0)
            cells = [f"{estimate:+.3f}, {share:.2f}, {warned:.2f}" for estimate, share, warned in results]
            print(f"| {name} | {' | '.join(cells)} |", flush=True)


def minutes(runs=40):
    """Print mean and standard deviation of excess over dyads of one coupling, by their length."""
    for seconds in (30, 60, 120, 240):
        rng = np.random.default_rng([6, seconds])
        excess = [measured(rng, seconds=seconds, mirrors=True)[1] for _ in range(runs)]
        print(f"| {seconds / 60:g} min | {np.mean(excess):.3f} | {np.std(excess):.3f} |", flush=True)


if __name__ == "__main__":
    start = time.process_time()
    for name in sys.argv[1:] or ("level", "power", "quality", "minutes"):
        {"level": levels, "power": powers, "quality": qualities, "minutes": minutes}[name]()
    print(f"{time.process_time() - start:.0f} s of the processor")
