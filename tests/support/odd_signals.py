"""Signals with which sums over windows may lose digits, and signals with gaps."""

import numpy as np

SHAPES = ("noise", "walk", "offset", "steps", "spikes", "flat", "integers", "bursts", "constant")


def odd_signals(rng, kind, frames, n):
    x = rng.normal(size=(frames, n))
    if kind == "walk":
        return x.cumsum(axis=0)
    if kind == "offset":
        return x + 1e6
    if kind == "steps":
        return x + 1e3 * (np.arange(frames)[:, None] > rng.integers(frames, size=n))
    if kind == "spikes":
        x[rng.integers(frames, size=n), np.arange(n)] = 1e6
        return x
    if kind == "flat":
        for signal in range(n):
            start = rng.integers(frames)
            x[start : start + rng.integers(1, frames), signal] = rng.choice([0.0, 0.1, -3.7])
        return x
    if kind == "integers":
        return np.round(x)
    if kind == "bursts":
        return x * np.where(rng.random((frames, n)) < 0.1, 1.0, 1e-4)
    return np.full((frames, n), 0.1) if kind == "constant" else x


def lose(rng, x, kind):
    """Lose nothing, single cells, frames of all signals, frames of all signals but one, or a long stretch of one."""
    x = x.copy()
    frames, n = x.shape
    if kind == "cells":
        x[rng.random(x.shape) < 0.08] = np.nan
    elif kind == "frames":
        x[rng.random(frames) < 0.1] = np.nan
    elif kind == "kept":
        x[rng.random(frames) < 0.1, : max(1, n - 1)] = np.nan
    elif kind == "long":
        start = rng.integers(frames)
        x[start : start + frames // 3, rng.integers(n)] = np.nan
    return x
