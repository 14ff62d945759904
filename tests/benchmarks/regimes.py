"""Regimes of windowed correlation, and three other ways to compute imitation in them.

A regime is a number of signals and frames, and a window's width W, its step S and the largest lag L in frames. All
implementations keep, for every window and pair, the correlation with the largest absolute value over the lags -L to 0,
and its lag.
"""

import itertools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

import bitbox_xr as bx

FPS = 30
SIGNALS = (1, 2, 6, 17, 52, 79, 153, 1434)
SECONDS = (20, 300, 3600)
WIDTHS, LAGS, STEPS = (15, 33, 120, 300), (3, 15, 60, 150), (1, 15, 150)
CHUNK_VALUES = 200_000  # of the windows that `sliding_windows` normalises together


class Regime(NamedTuple):
    """Signals of each person, frames, and width, step and largest lag in frames."""

    signals: int
    frames: int
    width: int
    step: int
    lag: int

    @property
    def starts(self) -> np.ndarray:
        """First frame of each window."""
        return np.arange(self.lag, self.frames - self.width - self.lag + 1, self.step)

    @property
    def windows(self) -> int:
        return (self.frames - self.width - 2 * self.lag) // self.step + 1

    @property
    def comparisons(self) -> int:
        """Correlations from which the best ones are chosen."""
        return self.windows * (self.lag + 1) * self.signals**2

    @property
    def result_bytes(self) -> int:
        return 8 * self.windows * self.signals**2

    def recordings(self, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Two unrelated recordings `(frame, signal)`."""
        x, y = np.random.default_rng(seed).normal(size=(2, self.frames, self.signals))
        return x, y


def grid() -> list[Regime]:
    """All regimes with at least one window, in a fixed order."""
    cells = itertools.product(SIGNALS, [FPS * s for s in SECONDS], WIDTHS, STEPS, LAGS)
    return [regime for regime in itertools.starmap(Regime, cells) if regime.windows > 0]


# --- implementations: correlations and lags (in frames) of every window and pair, `(window, x, y)`


def bitbox_xr(x, y, regime: Regime):
    """This package."""
    sides = [bx.signals(a, fps=FPS) for a in (x, y)]
    options = {"width": regime.width / FPS, "step": regime.step / FPS, "max_lag": regime.lag / FPS}

    def call():
        result = bx.imitation(*sides, **options)
        return result["corr"].values, result["lag"].values * FPS

    return call


def bitbox(x, y, regime: Regime):
    """Bitbox's function."""
    options = {"width": regime.width / FPS, "step": regime.step / FPS, "lag": regime.lag / FPS}

    def call():
        from bitbox.signal_processing import windowed_cross_correlation_lagged_one_sided as one_sided

        corr, lag = one_sided(x, y, fps=float(FPS), causality=True, **options)
        return corr, lag * FPS

    return call


def sliding_windows(x, y, regime: Regime):
    """NumPy: windows as views, normalised, and one batched matrix product (BLAS) for each lag, in float32."""

    def call():
        sides = [np.ascontiguousarray(a.T, np.float32) for a in (x, y)]
        views = [sliding_window_view(a, regime.width, axis=1).transpose(1, 0, 2) for a in sides]
        best = _Best((regime.windows, regime.signals, regime.signals))
        windows = max(16, CHUNK_VALUES // (regime.signals * regime.width))
        for first in range(0, regime.windows, windows):
            part = slice(first, first + windows)
            starts = regime.starts[part]
            one = _normalised(views[0][starts])
            for lag in range(-regime.lag, 1):
                other = _normalised(views[1][starts + lag])
                best.update(part, one @ other.transpose(0, 2, 1), lag)
        return best.corr, best.lag

    return call


def running_sums(x, y, regime: Regime):
    """NumPy: differences of cumulative sums of the products of all pairs, for each lag, in float64."""

    def call():
        width, starts, lead = regime.width, regime.starts, regime.lag
        first, second = x - x.mean(axis=0), y - y.mean(axis=0)

        def over_windows(values, starts):
            sums = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])
            return sums[starts + width] - sums[starts]

        sum_x, sum_y = over_windows(first, starts), np.cumsum(np.insert(second, 0, 0.0, axis=0), axis=0)
        var_x = over_windows(first**2, starts) - sum_x**2 / width
        squares_y = np.cumsum(np.insert(second**2, 0, 0.0, axis=0), axis=0)
        best = _Best((regime.windows, regime.signals, regime.signals))
        for lag in range(-regime.lag, 1):
            products = first[lead:, :, None] * second[lead + lag : len(second) + lag, None, :]
            at = starts + lag
            own_y = sum_y[at + width] - sum_y[at]
            var_y = squares_y[at + width] - squares_y[at] - own_y**2 / width
            both = over_windows(products, starts - lead) - sum_x[:, :, None] * own_y[:, None, :] / width
            best.update(slice(None), both / np.sqrt(var_x[:, :, None] * var_y[:, None, :]), lag)
        return best.corr, best.lag

    return call


class _Best:
    """The correlation with the largest absolute value so far, and its lag."""

    def __init__(self, shape: tuple[int, ...]):
        self.corr, self.lag = np.zeros((2, *shape), np.float32)
        self.strength = np.full(shape, -1.0, np.float32)

    def update(self, part: slice, corr: np.ndarray, lag: int) -> None:
        strength = np.abs(corr)
        better = strength > self.strength[part]
        np.copyto(self.strength[part], strength, where=better)
        np.copyto(self.corr[part], corr, where=better)
        self.lag[part][better] = lag


def _normalised(windows: np.ndarray) -> np.ndarray:
    centred = windows - windows.mean(axis=-1, keepdims=True)
    return centred / np.maximum(np.linalg.norm(centred, axis=-1, keepdims=True), 1e-12)


class Other(NamedTuple):
    """An implementation to compare with, and estimates (on the safe side) of the seconds and bytes of one call."""

    prepare: Callable
    seconds: Callable[[Regime], float]
    bytes: Callable[[Regime], float]


def _window_values(regime: Regime) -> int:
    """Values of all windows at all lags of one person."""
    return regime.windows * (regime.lag + 1) * regime.signals * regime.width


OTHERS = {
    "Bitbox": Other(
        bitbox,
        lambda r: 4e-8 * (_window_values(r) + r.comparisons),
        lambda r: 20 * (_window_values(r) + r.comparisons),
    ),
    "sliding windows": Other(
        sliding_windows,
        lambda r: 1e-8 * (_window_values(r) + r.comparisons) + 1e-10 * r.comparisons * r.width,
        lambda r: 1.5 * r.result_bytes + 16 * r.frames * r.signals + 1e8,
    ),
    "running sums": Other(
        running_sums,
        lambda r: 1.5e-8 * r.frames * r.signals**2 * (r.lag + 1),
        lambda r: 32 * r.frames * r.signals**2 + 3 * r.result_bytes,
    ),
}
