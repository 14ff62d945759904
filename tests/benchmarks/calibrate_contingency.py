"""Levels, power and bias of `contingency()`: the tables of the documentation.

    python tests/benchmarks/calibrate_contingency.py RESULTS.json [part …] [--runs N]

Parts: level, power, bias, significance, noise (default: all). A finished cell is kept in RESULTS.json and is not
computed again.
"""

import argparse
import json
import warnings
from pathlib import Path

import numpy as np

import bitbox_xr as bx

FPS = 30
SECONDS = 180
MODEL_RATE = 0.3  # rises a second
FOLLOWED = 0.3  # share of the model's rises
LATENCY_S = (0.5, 1.0)


def train(rng, rate, seconds=SECONDS, pause=0.0):
    """Times of rises, at random or with a pause of at least `pause` seconds after each, at the same rate."""
    if not pause:
        return np.sort(rng.uniform(0, seconds, rng.poisson(rate * seconds)))
    gaps = pause + rng.exponential(1 / rate - pause, round(2 * rate * seconds) + 20)
    times = np.cumsum(gaps) - pause
    return times[times < seconds]


def signal(rng, times, widths, seconds=SECONDS, noise=0.05):
    """Rises of heights .5 to 1 (full widths at half maximum, s), with the noise of a tracker."""
    time = np.arange(seconds * FPS) / FPS
    out = noise * rng.standard_normal(len(time))
    for at, width in zip(times, np.broadcast_to(widths, len(times)), strict=True):
        out += rng.uniform(0.5, 1) * np.exp(-4 * np.log(2) * ((time - at) / width) ** 2)
    return out


def pair(
    rng,
    *,
    own=0.3,
    followed=FOLLOWED,
    width=0.5,
    latency=LATENCY_S,
    jitter=0.0,
    half=False,
    pause=0.0,
    noise=(0.05, 0.05),
    seconds=SECONDS,
):
    """A model, and a participant with rises of its own who follows a share of the model's rises.

    Rises are `width` seconds wide, answers `half` as wide if asked.
    """
    model = train(rng, MODEL_RATE, seconds)
    answers = model[rng.random(len(model)) < followed]
    answers = answers + rng.uniform(*latency, len(answers)) + rng.uniform(-jitter, jitter, len(answers))
    alone = train(rng, own, seconds, pause)
    widths = np.concatenate([np.full(len(alone), width), np.full(len(answers), width / 2 if half else width)])
    x = signal(rng, np.concatenate([alone, answers]), widths, seconds, noise[0])
    return x, signal(rng, model, width, seconds, noise[1])


SETTINGS = {"defaults": {}, "max_latency 1.2 s": {"max_latency": 1.2}, "scales from 1 s": {"scales": (1, 2, 4)}}
AT = (0.75, 0.75)
WIDE = {"width": 0.8, "latency": AT}

# --- unrelated pairs


def bursts(rng):
    return tuple(signal(rng, train(rng, 0.5), rng.uniform(0.2, 1)) for _ in "xy")


def zeros(rng):
    """About 70 % exact zeros."""
    return tuple(np.maximum(one - np.quantile(one, 0.7), 0) for one in bursts(rng))


def integers(rng):
    """Whole numbers from 0 to 5."""
    return tuple(np.clip(np.round(4 * one), 0, 5) for one in bursts(rng))


def blocks(rng):
    """Both are active in the same blocks of 20 s and rest in the others."""
    active = np.arange(SECONDS) // 20 % 2 == 1
    made = []
    for _ in "xy":
        times = train(rng, 0.8)
        made.append(signal(rng, times[active[times.astype(int)]], 0.5))
    return tuple(made)


UNRELATED = {"bursts": bursts, "70 % zeros": zeros, "integers": integers, "shared blocks": blocks}


def signals(values):
    return bx.signals(values[:, None], fps=FPS)


def labelled(x):
    labels = np.where(np.arange(x.sizes["time"]) // (20 * FPS) % 2 == 1, "active", "rest")
    return x.assign_coords(block=("time", labels))


def level(name, runs, *, by=False, seed=0, **options):
    """Share of unrelated pairs with p ≤ .05, of those that could be tested."""
    found = []
    for run in range(runs):
        x, y = (signals(one) for one in UNRELATED[name](np.random.default_rng([seed, run])))
        if by:
            result = bx.contingency(labelled(x), labelled(y), by="block", rng=run, progress=False, **options)
            found.append(float(result.p.sel(block="active").squeeze()))
        else:
            found.append(float(bx.contingency(x, y, rng=run, progress=False, **options).p.squeeze()))
    tested = np.array(found)[~np.isnan(found)]
    return round(float((tested <= 0.05).mean()), 3), len(tested)


def power(runs, *, seed=1, correlation=False, reverse=False, options=None, **design):
    """Share of followed pairs with p ≤ .05, and the mean share above chance; `reverse`: the model answers."""
    p, above = [], []
    for run in range(runs):
        x, y = (signals(one) for one in pair(np.random.default_rng([seed, run]), **design))
        x, y = (y, x) if reverse else (x, y)
        if correlation:
            windows = {"width": 2, "step": 1, "max_lag": 1}
            p.append(float(bx.significance(x, y, rng=run, progress=False, **windows).p.squeeze()))
        else:
            result = bx.contingency(x, y, rng=run, progress=False, **(options or {}))
            p.append(float(result.p.squeeze()))
            above.append(float(result.answered_above_chance.squeeze()))
    return round(float(np.mean(np.array(p) <= 0.05)), 3), round(float(np.mean(above)), 3) if above else None


def excess(runs, noise, seed=3):
    """Mean excess of significance() at one coupling, with this noise of the participant's tracker."""
    values = []
    for run in range(runs):
        x, y = (signals(one) for one in pair(np.random.default_rng([seed, run]), noise=(noise, 0.05)))
        found = bx.significance(x, y, rng=run, n=39, progress=False, width=2, step=1, max_lag=1)
        values.append(float(found.excess.squeeze()))
    return round(float(np.mean(values)), 4)


def cells(parts, runs):
    if "level" in parts:
        for name in UNRELATED:
            yield f"level, {name}", level, (name, runs), {}
        yield "level, shared blocks, by", level, ("shared blocks", runs), {"by": True}
    varied = {"jitter": 0.3, "half": True}
    designs = {
        ".3 own": {}, ".9 own": {"own": 0.9},
        "at .75 s, .3 own": {"latency": AT}, "at .75 s, .9 own": {"own": 0.9, "latency": AT},
        "at .75 s, .3 own, jitter .1, half width": {"latency": AT, "jitter": 0.1, "half": True},
        "at .75 s, .3 own, jitter .2, half width": {"latency": AT, "jitter": 0.2, "half": True},
        "at .75 s, .3 own, jitter .3, half width": {"latency": AT, "jitter": 0.3, "half": True},
        "at .75 s, .9 own, jitter .2, half width": {"own": 0.9, "latency": AT, "jitter": 0.2, "half": True},
        "soon, .3 own": {"latency": (0.1, 0.4)}, "soon, .9 own": {"own": 0.9, "latency": (0.1, 0.4)},
        ".3 own, half width": {"half": True}, ".9 own, half width": {"own": 0.9, "half": True},
        ".3 own, jitter .3, half width": varied, ".9 own, jitter .3, half width": {"own": 0.9, **varied},
        "wide, .3 own": WIDE, "wide, .9 own": {"own": 0.9, **WIDE},
        "wide, .3 own, jitter .1, half width": {**WIDE, "jitter": 0.1, "half": True},
        "wide, .9 own, jitter .1, half width": {"own": 0.9, **WIDE, "jitter": 0.1, "half": True},
    }  # fmt: skip
    for name, design in designs.items() if "power" in parts else ():
        for setting, options in SETTINGS.items():
            yield f"power, {name}, {setting}", power, (runs,), {**design, "options": options}
    if "power" in parts:
        yield "power, .3 own, reverse direction", power, (runs,), {"reverse": True}
    for name, design in designs.items() if "significance" in parts else ():
        yield f"power of significance(), {name}", power, (runs,), {**design, "correlation": True}
    for followed in (0.1, 0.3, 0.6) if "bias" in parts else ():
        for name, pause in (("random", 0.0), ("pause of .6 s", 0.6)):
            for setting, options in SETTINGS.items():
                design = {"followed": followed, "pause": pause, "options": options}
                yield f"bias, {followed:g} followed, own rises {name}, {setting}", power, (runs,), design
    if "noise" in parts:
        for noise in (0.05, 0.1, 0.2, 0.3):
            yield f"noise {noise:g}, contingency()", power, (runs,), {"noise": (noise, 0.05)}
            yield f"noise {noise:g}, excess of significance()", excess, (runs, noise), {}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("parts", nargs="*", default=["level", "power", "bias", "significance", "noise"])
    parser.add_argument("--runs", type=int, default=200)
    given = parser.parse_args()
    warnings.simplefilter("ignore")  # of significance(), about activity at the same times
    known = json.loads(given.results.read_text()) if given.results.exists() else {}
    for name, function, arguments, options in cells(given.parts, given.runs):
        key = f"{name}, {given.runs} runs"
        if key not in known:
            known[key] = function(*arguments, **options)
            given.results.write_text(json.dumps(known, indent=1))
        print(f"{key}: {known[key]}", flush=True)


if __name__ == "__main__":
    main()
