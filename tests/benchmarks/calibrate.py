"""False positive rate and power of `significance()`: the tables of the documentation.

    python tests/benchmarks/calibrate.py [level] [power] [real]

Level: unrelated pairs of 14 × 14 signals. Power: one signal of x follows one of y. Real: recordings of people who
met and of people who never met, if `../shared/data` exists.
"""

import sys
import time
from pathlib import Path

import numpy as np

import bitbox_xr as bx
from bitbox_xr import significance

FPS = 30
FRAMES, SIGNALS = 3600, 14
WINDOWS = {"width": 60 / FPS, "max_lag": 15 / FPS}
SEPARATE = {**WINDOWS, "step": 90 / FPS}  # windows that share no frame
GAPS = (8, 97, 1, 96, 11, 2)  # runs of lost frames in a real recording
FRAMES_WITH_GAPS = 519  # of that recording
DATA = Path(__file__).parents[2].parent / "shared" / "data"


# --- unrelated signals


def white(rng, frames=FRAMES, signals=SIGNALS):
    return rng.normal(size=(frames, signals))


def slow(rng, frames=FRAMES, signals=SIGNALS, phi=0.95):
    """First-order autoregression, stationary from its first frame."""
    from scipy.signal import lfilter

    noise = rng.normal(size=(frames + 200, signals))
    return lfilter([1], [1, -phi], noise, axis=0)[200:]


def bursts(rng, frames=FRAMES, signals=SIGNALS, a_second=0.5, noise=0.02):
    """Rises of 0.2 to 0.7 s at random times, with the noise of a tracker."""
    t = np.arange(frames) / FPS
    out = noise * rng.normal(size=(frames, signals))
    for i in range(signals):
        for centre in rng.uniform(0, t[-1], rng.poisson(a_second * t[-1])):
            height, width = rng.uniform(0.3, 1), rng.uniform(0.1, 0.35)
            near = slice(max(0, int((centre - 5 * width) * FPS)), int((centre + 5 * width) * FPS) + 1)
            out[near, i] += height * np.exp(-0.5 * ((t[near] - centre) / width) ** 2)
    return out


def dropout(rng, frames=FRAMES):
    """Mask of lost frames: 41 %, in runs as long as those of a real tracker, in random order and with random pauses."""
    lost = np.zeros(0, bool)
    while len(lost) < frames:
        between = rng.multinomial(FRAMES_WITH_GAPS - sum(GAPS), rng.dirichlet(np.ones(len(GAPS))))
        runs = zip(between, rng.permutation(GAPS), strict=True)
        lost = np.concatenate([lost, *(np.repeat([False, True], run) for run in runs)])
    return np.roll(lost, rng.integers(frames))[:frames]


def recording(make, rng, *, gaps=False, frames=FRAMES):
    data = make(rng, frames)
    if gaps:
        data[dropout(rng, frames)] = np.nan
    return bx.signals(data, fps=FPS)


def level(make, runs, *, n=99, gaps="", seed=0, **options):
    """Share of pairs with p ≤ .05 in each run, and whether any pair had p_fwe ≤ .05.

    `gaps`: which sides lose frames, "x", "y" or "xy".
    """
    shares, any_pair = [], []
    for run in range(runs):
        rng = np.random.default_rng([seed, run])
        x, y = (recording(make, rng, gaps=side in gaps) for side in "xy")
        found = significance(x, y, n=n, rng=rng, progress=False, **{**WINDOWS, **options})
        p, p_fwe = found["p"].values, found["p_fwe"].values
        shares.append((p[~np.isnan(p)] <= 0.05).mean())
        any_pair.append(bool((p_fwe <= 0.05).any()))
    return np.array(shares), np.array(any_pair)


def levels(runs=40):
    """Print the table of levels: share of pairs with its standard error over runs, and runs with any pair."""
    kinds = {
        "shift": {"surrogates": "shift"},
        "segments": {"surrogates": "segments"},
        "segments, separate windows": {"surrogates": "segments", **SEPARATE},
        "shift, separate windows": {"surrogates": "shift", **SEPARATE},
        "phase": {"surrogates": "phase"},
        "shift, corr_mean": {"surrogates": "shift", "statistic": "corr_mean"},
        "shift, polarity=False": {"surrogates": "shift", "polarity": False},
        "shift, coordination": {"surrogates": "shift", "measure": "coordination"},
        "shift, x loses 41 %": {"surrogates": "shift", "gaps": "x"},
        "shift, y loses 41 %": {"surrogates": "shift", "gaps": "y"},
        "shift, both lose 41 %": {"surrogates": "shift", "gaps": "xy"},
        "segments, y loses 41 %": {"surrogates": "segments", "gaps": "y"},
        "phase, y loses 41 %": {"surrogates": "phase", "gaps": "y"},
    }
    for name, options in kinds.items():
        cells = []
        for make in (slow, bursts):
            shares, any_pair = level(make, runs, **options)
            cells.append(f"{shares.mean():.3f} ± {shares.std() / runs**0.5:.3f} | {any_pair.sum():3d}")
        print(f"| {name:26} | " + " | ".join(cells) + " |", flush=True)


# --- a signal that follows


def follower(rng, strength, behind, frames=FRAMES):
    """The first signal of x follows that of y by `behind` frames, `strength` times as strong as x's own noise."""
    y = white(rng, frames + behind)
    x = white(rng, frames)
    x[:, 0] += strength * y[:frames, 0]
    return bx.signals(x, fps=FPS), bx.signals(y[behind:], fps=FPS)


def power(strength, runs, *, n=199, behind=7, seed=1):
    """For each run: p_fwe of the related pair, and the error of its best lag in frames."""
    out = []
    for run in range(runs):
        rng = np.random.default_rng([seed, run, round(100 * strength)])
        x, y = follower(rng, strength, behind)
        found = significance(x, y, n=n, rng=rng, progress=False, **WINDOWS)
        best = bx.lag_profile(x[:, :1], y[:, :1], **WINDOWS)["best_lag"].item()
        out.append((found["p_fwe"].values[0, 0], round(best * FPS) + behind))
    return np.array(out)


def powers(runs=40):
    for strength in (2, 1, 1 / 2, 1 / 4, 3 / 16, 1 / 8, 1 / 16):
        p_fwe, off = power(strength, runs).T
        shares = [(p_fwe <= 0.01).mean(), (p_fwe <= 0.05).mean(), (off == 0).mean(), (np.abs(off) <= 1).mean()]
        print(f"| {strength:6} | " + " | ".join(f"{share:.2f}" for share in shares) + " |", flush=True)


# --- people who met, and people who never met


def sessions():
    """Motion energy of patients and of therapists, one signal per session; None if there are no files."""
    files = sorted(DATA.glob("rmea_*.txt"))
    if not files:
        return None
    both = [bx.open_signals(file, fps=25, sep=" ", columns=["pat", "th"]).values for file in files]
    names = [file.stem.removeprefix("rmea_") for file in files]
    return tuple(bx.signals(np.stack([one[:, k] for one in both], axis=1), fps=25, names=names) for k in (0, 1))


def real(n=199, **options):
    """Significance of every patient with every therapist; those who met are on the diagonal."""
    return significance(*sessions(), n=n, rng=0, progress=False, **{"width": 20, "max_lag": 5, **options})


def reals():
    if sessions() is None:
        print(f"no recordings in {DATA}")
        return
    for options in (
        {},
        {"statistic": "corr_mean"},
        {"measure": "coordination", "max_lag": 2},
        {"surrogates": "segments"},
        {"surrogates": "phase"},
    ):
        found = real(**options)
        print(options, *found.signal1.values)
        print(found.p.values.round(3), found.surrogate_z.values.round(1), sep="\n", flush=True)


if __name__ == "__main__":
    start = time.perf_counter()
    for name in sys.argv[1:] or ("level", "power", "real"):
        {"level": levels, "power": powers, "real": reals}[name]()
    print(f"{time.perf_counter() - start:.0f} s")
