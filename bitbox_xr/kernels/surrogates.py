"""Signals that could have been, had two people had nothing to do with each other; and an observed value among theirs.

A surrogate of y is an array `(frame, signal)` and, where windows are paired anew, the order in which y's windows
meet x's. One draw serves all signals, so that what y's signals have to do with each other stays.
"""

from typing import NamedTuple

import numpy as np

from bitbox_xr.kernels.jit import kernel

__all__ = ["Chance", "add_strength", "against_chance", "bridged_spectrum", "draw_shifts", "phases_anew", "shifted"]

LEVEL = 1e-6  # correlations that differ by no more are one


# --- surrogates


def draw_shifts(rng: np.random.Generator, n: int, frames: int, apart: int) -> np.ndarray:
    """`n` distinct circular shifts of `frames` frames, none nearer to zero than `apart`, either way round."""
    return rng.choice(np.arange(apart, frames - apart + 1), n, replace=False)


def shifted(y: np.ndarray, shift: int) -> np.ndarray:
    """`y` moved round by `shift` frames, its gaps with it; where y has a gap, there is one too.

    >>> shifted(np.array([[0.0], [1.0], [np.nan], [3.0]]), 1)[:, 0]
    array([ 3.,  0., nan, nan])
    """
    out = np.roll(y, shift, axis=0)
    out[np.isnan(y)] = np.nan
    return out


def bridged_spectrum(y: np.ndarray) -> np.ndarray:
    """Fourier coefficients `(signal, frequency)` of `y`, its gaps bridged by straight lines and its ends held."""
    from scipy.fft import rfft

    rows = np.array(y.T, dtype=np.float64, order="C")
    at = np.arange(rows.shape[1])
    for row in rows:
        present = ~np.isnan(row)
        if not present.all():
            row[:] = np.interp(at, at[present], row[present]) if present.any() else 0.0
    spectrum: np.ndarray = rfft(rows, axis=1)
    return spectrum


def phases_anew(rng: np.random.Generator, spectrum: np.ndarray, y: np.ndarray) -> np.ndarray:
    """`y` with each frequency turned by a random angle, the same for all signals, and y's gaps.

    The spectrum of every signal and its cross-spectra with the others stay as they are (Prichard & Theiler 1994).
    The mean, and the highest frequency of an even number of frames, have no phase to draw.
    """
    from scipy.fft import irfft

    turn = np.exp(2j * np.pi * rng.random(spectrum.shape[1]))
    turn[0] = 1.0
    if len(y) % 2 == 0:
        turn[-1] = 1.0
    out = np.ascontiguousarray(irfft(spectrum * turn, n=len(y), axis=1).T)
    out[np.isnan(y)] = np.nan
    return out


# --- their strength


@kernel
def add_strength(corr, magnitude, first, width, step, last, sums):
    """Add windows `corr` `(window, n1, n2)`, numbers `first` and on, to the `sums` `(3, n1, n2)`.

    These are the number of windows with a correlation, the sum of these (of their magnitudes), and the frames that
    they cover, those that windows share counted once. `last` `(n1, n2)`: the last window with a correlation, so far.
    """
    windows, n1, n2 = corr.shape
    for w in range(windows):
        for i in range(n1):
            for j in range(n2):
                r = np.float64(corr[w, i, j])
                present = r == r
                since = (first + w - last[i, j]) * step
                sums[0, i, j] += 1.0 if present else 0.0
                sums[1, i, j] += (abs(r) if magnitude else r) if present else 0.0
                sums[2, i, j] += float(min(width, since)) if present else 0.0
                last[i, j] = first + w if present else last[i, j]


# --- the observed among the surrogates


class Chance(NamedTuple):
    """What surrogates say about observed values, each `(pair,)`."""

    observed: np.ndarray
    null_mean: np.ndarray
    null_std: np.ndarray
    surrogate_z: np.ndarray
    p: np.ndarray
    p_fwe: np.ndarray
    q: np.ndarray


def against_chance(values: np.ndarray, cover: np.ndarray, *, two_sided: bool) -> Chance:
    """The first of `values` `(1 + n, pair)`, the observed one, among the others.

    `cover`, of the same shape: frames that the windows of each cover. A mean over fewer frames spreads more: where
    gaps leave a surrogate less than the observed has, its deviation from the mean is taken √(its cover / the
    observed's) times.

    Each pair is standardised by its mean and deviation over all 1 + n values. p = (b + 1) / (n + 1), b the number
    of surrogates no lower than the observed (two-sided: no nearer to the mean); p_fwe the same with each
    surrogate's highest of all pairs; q by Benjamini & Hochberg. Surrogates without a value count against a pair;
    pairs without an observed value get NaN and are no part of the family.

    >>> values = np.array([[3.0], [1.0], [2.0], [0.0]])
    >>> chance = against_chance(values, np.ones_like(values), two_sided=False)
    >>> chance.p, chance.null_mean
    (array([0.25]), array([1.]))
    """
    from scipy.stats import false_discovery_control

    tested = ~np.isnan(values[0])
    share = np.sqrt(np.divide(cover, cover[0], out=np.ones_like(cover), where=cover[0] > 0))
    _, apart, deviation = _spread(values, share)
    z = np.divide(apart, deviation, out=np.where(np.isnan(values), np.nan, 0.0), where=deviation > LEVEL)
    z = np.abs(z) if two_sided else z
    n = len(values) - 1
    none = np.where(tested, 1.0, np.nan)
    p = none * ((~(z[1:] < z[0] - LEVEL)).sum(axis=0) + 1) / (n + 1)
    usable = tested & ~np.isnan(z[1:])
    highest = np.where(usable, z[1:], -np.inf).max(axis=1, initial=-np.inf)
    highest[~usable.any(axis=1)] = np.inf
    lower = np.searchsorted(np.sort(highest), z[0] - LEVEL)
    p_fwe = np.maximum(none * (n - lower + 1) / (n + 1), p)
    q = np.full_like(p, np.nan)
    if tested.any():
        q[tested] = false_discovery_control(p[tested])
    null_mean, _, null_std = _spread(values[1:], share[1:])
    surrogate_z = (values[0] - null_mean) / np.where(null_std > LEVEL, null_std, np.nan)
    return Chance(values[0], null_mean, null_std, surrogate_z, p, p_fwe, q)


def _spread(values: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, deviations from it times `share`, and their size (ddof 0), along the first axis; NaN are left out."""
    present = ~np.isnan(values)
    count = np.where(present.any(axis=0), present.sum(axis=0), np.nan)
    mean = np.where(present, values, 0.0).sum(axis=0) / count
    apart = (values - mean) * share
    return mean, apart, np.sqrt((np.where(present, apart, 0.0) ** 2).sum(axis=0) / count)
