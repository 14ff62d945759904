"""False alarms, F1, heights and edges of activations: the tables of the documentation.

    python tests/benchmarks/calibrate_activations.py RESULTS.json [part …] [--noise-from ESTIMATE] [--runs N]

Parts: level, few, many, rest, lost, rise, edges (default: all). A finished cell is kept in RESULTS.json and is not
computed again. `--noise-from` compares estimates of the noise: quartile (the package's), median, tenth, clipped,
mixture.
"""

import argparse
import json
from itertools import product
from pathlib import Path

import numpy as np
from scipy.signal import lfilter

import bitbox_xr as bx
from bitbox_xr.kernels.activations import extrema, noise

SCALES = (0.5, 1.0, 2.0, 4.0)
WIDTHS = (0.13, 0.26, 0.52, 1.04)  # full widths at half maximum of planted rises, s
RATES = (0.1, 1.0, 5.0)  # false alarms per minute that are asked for
SIGNALS = 8  # of a simulated recording
MIN_APART_S = 0.8  # of planted rises

# --- noise


def white(rng, frames, signals):
    return rng.standard_normal((frames, signals))


def slow(rng, frames, signals):
    """First-order autoregression with φ = .95, stationary from its first frame."""
    return lfilter([1.0], [1.0, -0.95], rng.standard_normal((frames + 500, signals)), axis=0)[500:]


def power_law(exponent):
    """Noise with the power spectrum 1 / f ** exponent, of which the recording is a half."""

    def make(rng, frames, signals):
        frequency = np.fft.rfftfreq(2 * frames)
        frequency[0] = frequency[1]
        random = rng.standard_normal((2, len(frequency), signals))
        spectrum = (random[0] + 1j * random[1]) * frequency[:, None] ** (-exponent / 2)
        made = np.fft.irfft(spectrum, 2 * frames, axis=0)[:frames]
        return made / made.std(axis=0)

    return make


def heavy(rng, frames, signals):
    return rng.standard_t(3, (frames, signals))


def floored(rng, frames, signals):
    """The slow noise with a floor, where about half of the frames are 0."""
    return np.maximum(slow(rng, frames, signals), 0)


NOISES = {
    "white": white,
    "AR(.95)": slow,
    "1/f": power_law(1),
    "1/f2": power_law(2),
    "t3": heavy,
    "floored AR": floored,
}
HELD_IN = ("", "white", "AR(.95)", "1/f")
PLANTED_IN = ("white", "AR(.95)", "1/f", "floored AR")


# --- false alarms


def false_alarms(name, *, seconds, fps, runs, seed=0):
    """False alarms per minute on noise: by asked rate, at each scale and aggregated. And without any option."""
    counts, minutes = {}, 0.0
    scales = [d for d in SCALES if d < seconds / 4]
    for run in range(runs):
        rng = np.random.default_rng([seed, run, fps, seconds])
        x = bx.signals(NOISES[name](rng, round(seconds * fps), SIGNALS), fps=fps)
        minutes += seconds * SIGNALS / 60
        for rate in RATES:
            found = bx.events(x, scales=scales, false_alarms_per_minute=rate)
            for d in scales:
                at = f"{rate:g} at {d:g} s"
                counts[at] = counts.get(at, 0) + int((found.scale.values == d).sum())
            together = bx.events(x, scales=scales, aggregate=True, false_alarms_per_minute=rate)
            at = f"{rate:g} aggregated"
            counts[at] = counts.get(at, 0) + together.sizes["event"]
        every = bx.events(x, scales=scales, aggregate=True).sizes["event"]
        counts["every maximum, aggregated"] = counts.get("every maximum, aggregated", 0) + every
    return {at: round(count / minutes, 3) for at, count in counts.items()}


# --- planted rises


def planted(name, *, width, rate, snr, seconds, fps, seed, signals=SIGNALS):
    """Noise of standard deviation 1 with rises of height `snr`, and their times (s) in each signal.

    With a floor, the noise has this standard deviation before it is cut off.
    """
    rng = np.random.default_rng([seed, fps, round(100 * width), round(rate), snr])
    below = name == "floored AR"  # the rises are added before the floor, as a tracker has it
    values = NOISES["AR(.95)" if below else name](rng, round(seconds * fps), signals)
    values /= values.std(axis=0)
    time, times = np.arange(len(values)) / fps, []
    for k in range(signals):
        at = np.sort(rng.uniform(3, seconds - 3, round(rate * seconds / 60)))
        at = at[np.concatenate([[True], np.diff(at) > max(MIN_APART_S, 1.5 * width)])]
        values[:, k] += snr * sum(np.exp(-4 * np.log(2) * ((time - one) / width) ** 2) for one in at)
        times.append(at)
    return bx.signals(np.maximum(values, 0) if below else values, fps=fps), times


def at_rest(name, *, seconds, fps, seed, signals=SIGNALS):
    rng = np.random.default_rng([seed, 99, fps])
    below = name == "floored AR"
    long = NOISES["AR(.95)" if below else name](rng, round(5 * seconds * fps), signals)
    values = (long / long.std(axis=0))[: round(seconds * fps)]
    return bx.signals(np.maximum(values, 0) if below else values, fps=fps)


def scores(found, times, names, tolerance):
    """F1 of each signal: a planted rise is found if an activation is within `tolerance` (s)."""
    out = []
    for name, at in zip(names, times, strict=True):
        own = found.time.values[found.coefficient.values == name]
        hits = sum(bool((np.abs(own - one) < tolerance).any()) for one in at)
        precision, recall = hits / max(len(own), 1), hits / max(len(at), 1)
        out.append(2 * precision * recall / max(precision + recall, 1e-9))
    return float(np.mean(out))


def f1(name, *, width, rate, snr, lost=0.0, rest=False, single=False, default=False, seconds=600, fps=30, seed=0):
    """F1 of planted rises at one false alarm per minute (default: of every maximum)."""
    x, times = planted(name, width=width, rate=rate, snr=snr, seconds=seconds, fps=fps, seed=seed)
    if lost:
        missing = np.random.default_rng([seed, 7]).random(x.sizes["time"]) < lost
        x = x.where(~bx.signals(missing[:, None], fps=fps).squeeze("signal", drop=True).astype(bool))
    scales = [min(SCALES, key=lambda d: abs(0.42 * d - width))] if single else list(SCALES)
    options = {} if default else {"false_alarms_per_minute": 1.0}
    if rest:
        options["noise"] = at_rest(name, seconds=60, fps=fps, seed=seed)
    found = bx.events(x, scales=scales, aggregate=not single, **options)
    return scores(found, times, x.signal.values, max(0.15, width / 2))


# --- rise, onset and offset


def rise_error(*, duration, fps, phase):
    """Relative error of the rise of a Gaussian that suits the scale, `phase` frames beside a frame, without noise."""
    time = np.arange(round(20 * max(duration, 1) * fps)) / fps
    centre = time[len(time) // 2] + phase / fps
    x = bx.signals(np.exp(-4 * np.log(2) * ((time - centre) / (0.42 * duration)) ** 2)[:, None], fps=fps)
    found = bx.events(x, scales=[duration])
    return float(found.rise.values[found.response.values.argmax()] - 1)


def edge_errors(*, rise, fall, snr=10, fps=30, seconds=600, seed=0, scale=None):
    """Median absolute errors (frames) of onset and offset of skewed rises: Gaussian flanks of two widths (s)."""
    rng = np.random.default_rng([seed, fps, round(100 * rise), round(100 * fall)])
    time = np.arange(round(seconds * fps)) / fps
    at = np.arange(5, seconds - 5, 6) + rng.uniform(-1, 1, len(np.arange(5, seconds - 5, 6)))
    values = rng.standard_normal(len(time))
    for one in at:
        half = np.where(time < one, rise, fall)
        values += snr * 0.5 ** (((time - one) / half) ** 2)
    x = bx.signals(values[:, None], fps=fps)
    options = {"scales": [scale]} if scale else {"scales": list(SCALES), "aggregate": True}
    found = bx.events(x, false_alarms_per_minute=1.0, **options)
    errors = []
    for one in at:
        distance = np.abs(found.time.values - one)
        if distance.min() > max(0.15, (rise + fall) / 2):
            continue
        k = distance.argmin()
        errors.append([found.onset.values[k] - (one - rise), found.offset.values[k] - (one + fall)])
    return [round(float(e), 2) for e in np.nanmedian(np.abs(errors), axis=0) * fps]


# --- held expressions, ramps and steps

HELD_S = (0.5, 1, 2, 5, 10, 30)  # durations of held expressions
RAMP_S = 0.5  # before and after
REST_S = (4, 8)  # range of the rests between them
HELD_CHOICES = {
    "1 a minute": lambda snr: {"false_alarms_per_minute": 1.0},
    "rise .3": lambda snr: {"min_rise": 0.3 * snr},
    "both": lambda snr: {"min_rise": 0.3 * snr, "false_alarms_per_minute": 1.0},
}


def held(*, hold, snr, seconds, rng, fps=30):
    """A signal with expressions of height `snr` that are held for `hold` s, and when each starts and ends (s)."""
    time, spans, at = np.arange(round(seconds * fps)) / fps, [], 3.0
    values = np.zeros(len(time))
    while at + hold + 2 * RAMP_S + 3 < seconds:
        end = at + hold + 2 * RAMP_S
        values += snr * np.clip(np.minimum(time - at, end - time) / RAMP_S, 0, 1)
        spans.append((at, end))
        at = end + rng.uniform(*REST_S)
    return values, np.array(spans)


def counted_once(name, *, hold, snr, choice, scales=SCALES, seconds=600, seed=0, signals=4, fps=30):
    """Share of held expressions counted once, and more than once, false activations a minute of rest; edges (frames).

    An activation belongs to an expression if it is not before or after it.
    """
    once, more, false, minutes, errors = [], [], 0, 0.0, []
    rng = np.random.default_rng([seed, round(10 * hold), snr])
    for _ in range(signals):
        values, spans = held(hold=hold, snr=snr, seconds=seconds, rng=rng)
        own = NOISES[name](rng, 2 * len(values), 1)[: len(values), 0] if name else np.zeros(len(values))
        values = values + own / (own.std() or 1)
        together = len(scales) > 1
        found = bx.events(
            bx.signals(values[:, None], fps=fps), scales=scales, aggregate=together, **HELD_CHOICES[choice](snr)
        )
        inside = (found.time.values >= spans[:, :1] - 0.1) & (found.time.values <= spans[:, 1:] + 0.1)
        once += (inside.sum(axis=1) == 1).tolist()
        more += (inside.sum(axis=1) > 1).tolist()
        false += int((~inside.any(axis=0)).sum())
        minutes += (seconds - np.diff(spans).sum()) / 60
        for row, (start, end) in zip(inside, spans, strict=True):
            if row.sum() == 1:
                at = row.argmax()
                errors.append([found.onset.values[at] - start - RAMP_S / 2, found.offset.values[at] - end + RAMP_S / 2])
    edges = [round(float(e), 1) for e in np.nanmedian(np.abs(errors), axis=0) * fps] if errors else []
    return [round(float(np.mean(once)), 3), round(float(np.mean(more)), 3), round(false / minutes, 2), edges]


def without_expressions(name, *, shape, snr=10, seconds=60, fps=30, runs=40, seed=0):
    """Activations a recording of signals that only drift or change once, with `min_rise` of .3 of their height."""
    time = np.arange(round(seconds * fps)) / fps
    values = snr * {"ramp": time / seconds, "step up": time >= seconds / 2, "step down": time < seconds / 2}[shape]
    rng = np.random.default_rng([seed, snr])
    own = NOISES[name](rng, 2 * len(time), runs)[: len(time)] if name else np.zeros((len(time), runs))
    x = bx.signals(values[:, None] + own / (own.std(axis=0) if name else 1), fps=fps)
    found = bx.events(x, scales=list(SCALES), aggregate=True, min_rise=0.3 * snr, false_alarms_per_minute=1.0)
    return round(found.sizes["event"] / runs, 3)


# --- other estimates of the noise


def estimated(rule):
    """A replacement for `noise.spreads` without treatment of a floor, to compare estimates."""

    def spread(w):
        deviations = np.abs(w - np.median(w))
        if rule == "median":
            return np.median(deviations) / 0.6744898
        if rule == "tenth":
            return np.quantile(deviations, 0.1) / 0.1256613
        sigma = np.median(deviations) / 0.6744898
        for _ in range(30):
            sigma = clipped(deviations, sigma) if rule == "clipped" else mixture_step(deviations, sigma)
        return sigma

    def spreads(responses, rows, present, where, half, out):
        for r in range(len(rows)):
            w = responses[r, : rows.shape[1]]
            small = np.where(np.abs(w) >= extrema.ROUNDING * np.abs(w).max(), w, 0.0)
            kept = small[where[r]]
            out[r] = spread(kept)
            on = noise.lively(rows[r], present[r], half)[where[r]]
            if noise.LIVELY_SHARES[0] <= on.mean() <= noise.LIVELY_SHARES[1]:
                out[r] = max(out[r], spread(np.concatenate([kept[on], -kept[on]])))

    return spreads


def clipped(deviations, sigma):
    """Standard deviation of the deviations below 2.5 sigma, corrected for the clipping of a normal variable."""
    kept = deviations[deviations < 2.5 * sigma]
    return np.sqrt((kept**2).mean() / 0.9113) if len(kept) else sigma


def mixture_step(deviations, sigma):
    """One step of expectation maximisation: a normal part, and a uniform part up to the largest deviation."""
    largest, share = deviations.max(), 0.8
    normal = share * np.sqrt(2 / np.pi) / sigma * np.exp(-0.5 * (deviations / sigma) ** 2)
    weight = normal / (normal + (1 - share) / largest)
    return np.sqrt((weight * deviations**2).sum() / weight.sum())


# --- parts


def cells(parts, runs):
    """Name, function and arguments of every cell."""
    if "level" in parts:
        for name, (seconds, fps) in product(NOISES, ((60, 30), (600, 30), (3600, 30), (600, 24), (600, 60))):
            count = max(1, round(runs * {60: 12, 600: 3, 3600: 1}[seconds]))
            yield f"level, {name}, {seconds} s, {fps} fps", false_alarms, (name,), {
                "seconds": seconds, "fps": fps, "runs": count,
            }  # fmt: skip
    kinds = {
        "few": ({"default": True}, {}, {"single": True}),
        "many": ({}, {"single": True}),
        "rest": ({"rest": True}, {"rest": True, "single": True}),
        "lost": ({"lost": 0.05}, {"lost": 0.2}),
    }
    for part, options in kinds.items():
        if part not in parts:
            continue
        rates = {"few": (6,), "lost": (6,)}.get(part, (20, 30))
        for own, name, width, rate, snr in product(options, PLANTED_IN, WIDTHS, rates, (4, 10)):
            if rate == 30 and width > 0.6:
                continue  # they would overlap
            label = ", ".join(f"{key} {value}" for key, value in own.items()) or "aggregated"
            yield f"{part}, {label}, {rate} a minute, {width:g} s, SNR {snr}, {name}", f1, (name,), {
                "width": width, "rate": rate, "snr": snr, **own,
            }  # fmt: skip
    if "rise" in parts:
        for duration, fps in product((0.25, 0.5, 1, 2, 4), (24, 25, 30, 50, 60)):
            yield f"rise, {duration:g} s, {fps} fps", largest_rise_error, (), {"duration": duration, "fps": fps}
    if "edges" in parts:
        for (rise, fall), scale in product(((0.1, 0.3), (0.25, 0.75), (0.5, 0.25)), (None, 1.0, 2.0)):
            yield f"edges, {rise:g} and {fall:g} s, scale {scale or 'aggregated'}", edge_errors, (), {
                "rise": rise, "fall": fall, "scale": scale,
            }  # fmt: skip
    if "held" in parts:
        for hold, name, snr, choice in product(HELD_S, HELD_IN, (4, 10), HELD_CHOICES):
            yield f"held, {hold:g} s, {name}, SNR {snr}, {choice}", counted_once, (name,), {
                "hold": hold, "snr": snr, "choice": choice,
            }  # fmt: skip
    if "ends" in parts:
        for shape, name in product(("ramp", "step up", "step down"), HELD_IN):
            yield f"ends, {shape}, {name}", without_expressions, (name,), {"shape": shape}


def largest_rise_error(*, duration, fps):
    errors = [rise_error(duration=duration, fps=fps, phase=phase) for phase in np.linspace(-0.5, 0.5, 9)]
    return round(max(errors, key=abs), 4)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("parts", nargs="*", default=["level", "few", "many", "rest", "lost", "rise", "edges"])
    parser.add_argument("--noise-from", default="quartile")
    parser.add_argument("--runs", type=float, default=1.0, help="times the standard number of noise recordings")
    given = parser.parse_args()
    if given.noise_from != "quartile":
        noise.spreads = estimated(given.noise_from)
    known = json.loads(given.results.read_text()) if given.results.exists() else {}
    for name, function, arguments, options in cells(given.parts, given.runs):
        key = f"{given.noise_from}: {name}"
        if key not in known:
            known[key] = function(*arguments, **options)
            given.results.write_text(json.dumps(known, indent=1))
        print(f"{key}: {known[key]}", flush=True)
    summarise({key: value for key, value in known.items() if key.startswith(f"{given.noise_from}: ")})


def summarise(known):
    """Print means of F1 over noises and signal-to-noise ratios."""
    groups = {}
    for key, value in known.items():
        part, *rest = key.partition(": ")[2].split(", ")
        if isinstance(value, float) and part in ("few", "many", "rest", "lost"):
            groups.setdefault(", ".join([part, *rest[:-2]]), []).append(value)
    for name, values in groups.items():
        print(f"mean F1, {name}: {np.mean(values):.2f} (lowest {min(values):.2f})")


if __name__ == "__main__":
    main()
