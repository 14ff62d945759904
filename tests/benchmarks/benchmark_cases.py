"""Inputs and calls that benchmarks share: 79 × 79 signals at 30 frames per second, windows of 1.1 s every 0.5 s."""

import time

import numpy as np

import bitbox_xr as bx

FPS = 30
WIDTH, STEP = 1.1, 0.5
LAG_FRAMES = 8  # a quarter of 33 frames


def recordings(seconds, signals=79, seed=0):
    """Two unrelated recordings, float64."""
    rng = np.random.default_rng(seed)
    return tuple(bx.signals(rng.normal(size=(int(seconds * FPS), signals)), fps=FPS) for _ in range(2))


def products(x, y):
    """Only the arithmetic of imitation: products of every window and lag with NumPy's batched matrix product."""
    x, y = (a.values.astype(np.float32) for a in (x, y))
    width, step, lag = 33, 15, LAG_FRAMES
    starts = np.arange(lag, len(x) - width - lag + 1, step)
    out = np.empty((len(starts), x.shape[1], y.shape[1]), np.float32)
    for d in range(-lag, 1):
        np.matmul(_windows(x, starts, width).transpose(0, 2, 1), _windows(y, starts + d, width), out=out)
    return out


def _windows(a, starts, width):
    return a[starts[:, None] + np.arange(width)]


def flops(seconds, signals=79):
    """Multiplications and additions of `products`."""
    windows = (int(seconds * FPS) - 33 - 2 * LAG_FRAMES) // 15 + 1
    return 2 * windows * (LAG_FRAMES + 1) * signals**2 * 33


def median(call, rounds=9, warm=2):
    """Median seconds of a warm call over `rounds` calls."""
    for _ in range(warm):
        call()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return float(np.median(times))
