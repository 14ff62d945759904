"""A slow and simple expressivity in float64, one coefficient at a time, to compare the package with."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pywt
from scipy.ndimage import gaussian_filter1d

METRICS = ("frequency", "density", "mean", "std", "min", "max")


class Rules(NamedTuple):
    """Rules in which the package and Bitbox differ.

    `rivals` and `taken` return distances in frames for the shortest duration h: within `rivals`, a stronger candidate
    removes a weaker one; within `taken`, a kept activation excludes others.
    """

    precision: int = 16
    plateaus: bool = True  # a plateau counts once; False: strict maxima only
    rivals: Callable[[int], int] = lambda h: h - 1
    taken: Callable[[int], int] = lambda h: h - 1


NATIVE = Rules()
BITBOX = Rules(precision=12, plateaus=False, rivals=lambda h: h, taken=lambda h: 2 * h)


def bridge(y):
    present = ~np.isnan(y)
    return np.interp(np.arange(len(y)), np.flatnonzero(present), y[present])


def responses(y, durations, fps, precision):
    """(scale, frame): the smoothed transform of one coefficient; values that differ from 0 by rounding only are 0."""
    mean = np.nanmean(y)
    y = bridge(y)
    y = y - (mean if np.ptp(y) else y[0])  # the mean of equal numbers has a rounding error
    smooth = gaussian_filter1d(y, 1.0)
    rows = []
    for d in durations:
        w = smooth if d is None else pywt.cwt(smooth, fps * d / 4, "mexh", precision=precision)[0][0]
        w = w if d is None else gaussian_filter1d(w, 1.0)
        w = np.where(np.abs(w) < 1e-10 * np.abs(w).max(), 0.0, w)
        rows.append(w)
    return np.array(rows)


def maxima(w, plateaus, tolerance=None):
    """Frames of the local maxima of the positive part of `w`."""
    tolerance = 1e-10 * np.abs(w).max() if tolerance is None else tolerance
    p = np.maximum(w, 0)
    rise = np.diff(p)
    if not plateaus:
        return [i for i in range(1, len(p) - 1) if rise[i - 1] > tolerance and rise[i] < -tolerance]
    rise[np.abs(rise) <= tolerance] = 0
    found, i = [], 1
    while i < len(p) - 1:
        j = i
        while j < len(p) - 1 and rise[j] == 0:
            j += 1
        if rise[i - 1] > 0 and j < len(p) - 1 and rise[j] < 0:
            found.append((i + j) // 2)
        i = j + 1
    return found


def absolute_weight(d, fps, precision):
    """The absolute weights of the wavelet, from its response to an impulse; the middle one is at lag 0."""
    half = int(np.ceil(2 * fps * d)) + 1
    impulse = np.zeros(2 * half + 1)
    impulse[half] = 1.0
    return np.abs(pywt.cwt(impulse, fps * d / 4, "mexh", precision=precision)[0][0])


def eligible(present, d, fps, precision):
    if d is None or present.all():
        return present.copy()
    near, i, n = present.copy(), 0, len(present)
    while i < n:
        j = i
        while j < n and not present[j]:
            j += 1
        if j > i and (j - i) / fps <= d / 8 + 1e-9:
            near[i:j] = True
        i = j + 1
    weight = absolute_weight(d, fps, precision)
    # the weight at frame t of an impulse at frame s is element t - s, counted from the middle
    there, all_there = (np.convolve(x, weight)[len(weight) // 2 :][:n] for x in (near.astype(float), np.ones(n)))
    return there >= 0.75 * all_there * (1 - 1e-9)


def aggregate(candidates, rivals, taken):
    """The `candidates` (sign, scale number, frame, score) that are kept, one per activation."""
    stay = []
    for sign, k, t, score in candidates:
        stronger = [
            other
            for kind, k2, t2, other in candidates
            if kind == sign and abs(k2 - k) <= 1 and abs(t2 - t) <= rivals and sign * other > sign * score
        ]
        if not stronger:
            stay.append((sign, k, t, score))
    kept = []
    for candidate in sorted(stay, key=lambda c: -abs(c[3])):
        if all(abs(candidate[2] - other[2]) > taken for other in kept):
            kept.append(candidate)
    return sorted((t, k) for sign, k, t, _ in kept if sign > 0)


def shortest(durations, fps):
    return max(1, round((min(durations) - 0.01) * fps))


def activations(y, durations, fps, aggregated, rules):
    """For each scale, or once if `aggregated`, a list of (frame, scale number); and the eligible frames."""
    w = responses(y, durations, fps, rules.precision)
    present = ~np.isnan(y)
    where = [eligible(present, d, fps, rules.precision) for d in durations]
    if not aggregated:
        return [
            [(t, k) for t in maxima(row, rules.plateaus) if ok[t]]
            for k, (row, ok) in enumerate(zip(w, where, strict=True))
        ], where
    candidates = []
    for k, (row, ok) in enumerate(zip(w, where, strict=True)):
        median = np.median(row[present])
        mad = np.median(np.abs(row[present] - median)) or 1e-12
        tolerance = 1e-10 * np.abs(row).max()
        for sign in (1, -1):
            candidates += [
                (sign, k, t, (row[t] - median) / mad) for t in maxima(sign * row, rules.plateaus, tolerance) if ok[t]
            ]
    h = shortest(durations, fps)
    return [aggregate(candidates, rules.rivals(h), rules.taken(h))], [np.any(where, axis=0)]


def outliers(magnitudes):
    magnitudes = np.asarray(magnitudes, dtype=float)
    if len(magnitudes) <= 5:
        return np.zeros(len(magnitudes), dtype=bool)
    q1, q3 = np.percentile(magnitudes, [25, 75])
    return (magnitudes < q1 - 1.5 * (q3 - q1)) | (magnitudes > q3 + 1.5 * (q3 - q1))


def events(a, durations, fps, aggregated=False, rules=NATIVE):
    """For each scale and coefficient of `a` (time, coefficient): frames, scales, magnitudes, outliers, eligible."""
    out = []
    for y in np.asarray(a, dtype=float).T:
        if np.isnan(y).all():
            n = 1 if aggregated else len(durations)
            out.append([((), (), np.empty(0), np.empty(0, bool), np.zeros(len(y), bool))] * n)
            continue
        found, where = activations(y, durations, fps, aggregated, rules)
        bridged = bridge(y)
        rows = []
        for pairs, ok in zip(found, where, strict=True):
            frames = [t for t, _ in pairs]
            magnitude = bridged[frames] if frames else np.empty(0)
            rows.append((frames, [k for _, k in pairs], magnitude, outliers(magnitude), ok))
        out.append(rows)
    return [list(column) for column in zip(*out, strict=True)]


def expressivity(found, robust=False):
    """(scale, metric, coefficient) of the result of events()."""
    cube = []
    for row in found:
        columns = []
        for _, _, magnitude, outlier, ok in row:
            m = magnitude[~outlier] if robust else magnitude
            if not ok.any():
                columns.append([np.nan] * 6)
            elif len(m) == 0:
                columns.append([0, 0, np.nan, np.nan, np.nan, np.nan])
            else:
                columns.append([len(m), m.sum() / ok.sum(), m.mean(), m.std(), m.min(), m.max()])
        cube.append(np.array(columns).T)
    return np.array(cube, dtype=float)


def diversity(found, robust=False, magnitude=True):
    """(scale,), (scale,): overall and frame_wise of the result of events()."""
    overall, frame_wise = [], []
    for row in found:
        weights = np.zeros((len(row[0][-1]), len(row)))
        for j, (frames, _, m, outlier, _) in enumerate(row):
            for t, value, drop in zip(frames, m, outlier, strict=True):
                weights[t, j] = 0 if robust and drop else (abs(value) if magnitude else 1)
        overall.append(entropy(weights.sum(0)) if weights.any() else np.nan)
        frame_wise.append(np.mean([entropy(w) for w in weights]) if weights.any() else np.nan)
    return np.array(overall), np.array(frame_wise)


def entropy(weights):
    if weights.sum() == 0:
        return 0.0
    p = weights[weights > 0] / weights.sum()
    return -(p * np.log(p)).sum() / np.log(len(weights))
