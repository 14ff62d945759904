"""Bitbox's imitation and coordination: its arguments, its order, its rules, its arrays.

What neither gaps nor flat stretches touch, and whose lags do not tie, is the native measure's, on numbers rounded
to float32. For the rest Bitbox's rules differ, and it is decided here in plain NumPy: of ties the first lag is
taken; a flat window correlates 0; a missing value anywhere in the reach of a one-sided window makes it NaN;
two-sided, a shift of x is passed over if any shift of y meets one.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.lib.stride_tricks import sliding_window_view

from bitbox_xr.compat.tables import option_faults
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.signal_set import from_bitbox
from bitbox_xr.core.types import MeasureOfTwo
from bitbox_xr.measures import correlation_engine
from bitbox_xr.measures.windowing import Options, Pair
from bitbox_xr.preprocessing.norms import magnitudes

__all__ = ["coordination", "imitation"]

TIE = 1e-6  # correlations of the rounded numbers that differ by no more are decided by the unrounded ones
SAME = 1e-9  # and if those differ by no more, by Bitbox's order


def imitation(
    X: Any,
    Y: Any,
    width: float = 0.5,
    lag: float | None = None,
    step: float | None = None,
    fps: float = 30,
    stats: bool = True,
    polarity: bool = True,
    casuality: bool = True,
    angular: bool = True,
) -> tuple[np.ndarray, ...]:
    """Bitbox's `imitation`: dictionaries (or tables) in, float32 arrays out.

    Arguments in Bitbox's order, `casuality` spelled as it spells it. Prefer `bitbox_xr.imitation`, which says which
    windows it could not compute.

    Parameters
    ----------
    X, Y
        Bitbox's dictionaries, or tables of expressions, a row a frame: the participant and the model. Landmarks and
        poses are reduced to magnitudes unasked.
    width
        Length of a window, s.
    lag
        Largest lag, s; a quarter of the width by default.
    step
        From one window's start to the next's, s; half a width by default.
    fps
        Frames per second.
    stats
        True: statistics over windows. False: every window.
    polarity
        True: the lag of the largest |r|, its sign kept. False: that of the largest r.
    casuality
        True: only lags at which X follows Y, or zero. False: both ways.
    angular
        Of a pose. True: the magnitude of its rotation. False: of its translation.

    Returns
    -------
    tuple of arrays
        `(corr_mean, corr_std, corr_lag)`, each (signal1, signal2), or with `stats=False` `(corrs, lags)`, each
        (window, signal1, signal2): signal1 of X, signal2 of Y; lags in s, negative where X follows Y. Where no window
        fits, the latter have none, and the statistics are NaN.

    Raises
    ------
    ValueError
        For rectangles, and for options out of range. TypeError for what is neither a dictionary nor a table.

    Examples
    --------
    >>> import pandas as pd
    >>> model = pd.DataFrame({"GE0": np.sin(np.arange(300) / 7)})
    >>> child = pd.DataFrame({"GE0": np.sin((np.arange(300) - 6) / 7)})
    >>> x, y = ({"type": "expression", "data": table} for table in (child, model))
    >>> corr_mean, corr_std, corr_lag = imitation(x, y, width=2, lag=0.5)
    >>> round(float(corr_lag[0, 0]), 3)
    -0.2
    """
    refuse("imitation()", option_faults(fps, stats=stats, polarity=polarity, casuality=casuality, angular=angular))
    options = Options(width, step, lag, bool(polarity), 1.0, bool(casuality))
    refuse("imitation()", options.faults())
    return _bitbox(X, Y, options, fps, stats, angular)


def coordination(
    X: Any,
    Y: Any,
    width: float = 0.5,
    lag: float | None = None,
    step: float | None = None,
    fps: float = 30,
    stats: bool = True,
    polarity: bool = True,
    angular: bool = True,
) -> tuple[np.ndarray, ...]:
    """Bitbox's `coordination`: as `imitation`, with lags both ways, of X and of Y.

    Parameters
    ----------
    X, Y, width, lag, step, fps, stats, polarity, angular
        As for `imitation`.

    Returns
    -------
    tuple of arrays
        As for `imitation`; a positive lag says that Y follows X.

    Raises
    ------
    ValueError
        As for `imitation`.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"GE0": np.sin(np.arange(300) / 7), "GE1": np.cos(np.arange(300) / 7)})
    >>> face = {"type": "expression", "data": table}
    >>> corr_mean, corr_std, corr_lag = coordination(face, face)
    >>> corr_mean.shape, corr_mean.dtype
    ((2, 2), dtype('float32'))
    """
    refuse("coordination()", option_faults(fps, stats=stats, polarity=polarity, angular=angular))
    options = Options(width, step, lag, bool(polarity), 1.0, None)
    refuse("coordination()", options.faults())
    return _bitbox(X, Y, options, fps, stats, angular)


def _bitbox(
    first: Any, second: Any, options: Options, fps: float, stats: bool, angular: bool
) -> tuple[np.ndarray, ...]:
    measure: MeasureOfTwo = "coordination" if options.causal is None else "imitation"
    # float64; the windows are rounded to float32
    x, y = (_signals(name, data, fps, angular) for name, data in (("X", first), ("Y", second)))
    width, _, lag = options.frames(fps)
    shape = (x.sizes["signal"], y.sizes["signal"])
    if min(x.sizes["time"], y.sizes["time"]) < width + 2 * lag:
        empty = np.empty((0, *shape), np.float32)
        return (np.full(shape, np.nan, np.float32),) * 3 if stats else (empty, empty.copy())
    pair = Pair(measure, x.astype(np.float32), y.astype(np.float32), options, None)
    orders = [pair.plan(), pair.plan(nearest=False)]
    runs = [
        correlation_engine.matrices(*pair.arrays, pair.windows, plan, plan.lags / fps, mirrored=False)[:2]
        for plan in orders
    ]
    corr, lags = runs[0]
    # Ties show where the order of lags matters.
    tied = (lags != runs[1][1]) & ~(np.isnan(lags) & np.isnan(runs[1][1]))
    for w in range(len(corr)):
        _decide(
            corr[w], lags[w], tied[w], *_reach(x.values, y.values, pair.windows, w, options), options.polarity, lag, fps
        )
    return _statistics(corr, lags) if stats else (corr, lags)


def _signals(name: str, data: Any, fps: float, angular: bool) -> xr.DataArray:
    """The numbers, landmarks and poses reduced to magnitudes."""
    if not isinstance(data, Mapping | pd.DataFrame):
        wanted = "one of Bitbox's dictionaries, or a DataFrame of expressions with a row a frame, is wanted"
        raise TypeError(f"{name} is a {type(data).__name__}; {wanted}")
    x = from_bitbox(data if isinstance(data, Mapping) else {"type": "expression", "data": data}, fps=fps)
    if x.attrs["kind"] in ("landmark", "landmark-can", "pose"):
        x = magnitudes(x, angular=bool(angular)).assign_attrs(kind="expression")
    if bool((abs(x) > np.finfo(np.float32).max).any()):  # Bitbox rounds to float32
        raise ValueError(f"{name} holds infinite values, or beyond float32; replace them by NaN (missing)")
    return x.astype(np.float64)


def _reach(
    x: np.ndarray, y: np.ndarray, windows: correlation_engine.Windows, w: int, options: Options
) -> tuple[np.ndarray, np.ndarray]:
    """Window w of both people at each of its shifts, earliest first: `(shift, signal, frame)`."""
    width, _, lag, _ = windows
    block = windows.frames(w, w + 1)
    xs = x[block] if options.causal is None else x[block][lag : lag + width]
    ys = y[block][: lag + width] if options.causal else y[block]
    return sliding_window_view(xs, width, axis=0), sliding_window_view(ys, width, axis=0)


def _decide(
    corr: np.ndarray,
    lags: np.ndarray,
    tied: np.ndarray,
    xs: np.ndarray,
    ys: np.ndarray,
    polarity: bool,
    lag: int,
    fps: float,
) -> None:
    """Decide again, in place, the pairs of a window that tie, or hold a missing value or a flat stretch at some lag."""
    again = tied | _unusual(xs)[:, None] | _unusual(ys)
    rows, columns = again.any(axis=1), again.any(axis=0)
    if not rows.any():
        return
    xs, ys = xs[:, rows], ys[:, columns]
    rounded = _correlations(xs.astype(np.float32), ys.astype(np.float32))
    choose = _two_sided if len(xs) > 1 else _one_sided
    with np.errstate(invalid="ignore"):
        best, at = choose(rounded, _correlations(xs, ys), polarity)
    cells = np.ix_(rows, columns)
    corr[cells] = np.where(again[cells], best, corr[cells])
    lags[cells] = np.where(again[cells], (at - lag) / fps, lags[cells])


def _unusual(windows: np.ndarray) -> np.ndarray:
    """Which signals miss a value, or are flat, at any shift."""
    unusual: np.ndarray = np.isnan(windows).any(axis=(0, 2)) | (windows == windows[..., :1]).all(axis=-1).any(axis=0)
    return unusual


def _correlations(xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
    """r `(shift of x, shift of y, i, j)`; 0 where either is flat, NaN where anything is missing."""
    r: np.ndarray = np.einsum("ait,bjt->abij", _standard(xs), _standard(ys)) / xs.shape[-1]
    return r


def _standard(windows: np.ndarray) -> np.ndarray:
    windows = windows.astype(np.float64)
    flat = (windows == windows[..., :1]).all(axis=-1, keepdims=True)
    deviation = windows.std(axis=-1, keepdims=True)
    centred = np.where(flat, 0.0, windows - windows.mean(axis=-1, keepdims=True))
    return centred / np.where(flat, 1.0, deviation)


def _one_sided(r: np.ndarray, exact: np.ndarray, polarity: bool) -> tuple[np.ndarray, np.ndarray]:
    """The first largest from the most negative lag; NaN and the first lag where any lag is NaN."""
    r, exact = r[0], exact[0]
    at = _first_largest(r, exact, polarity)
    missing = np.isnan(r).any(axis=0)
    best = np.take_along_axis(r, at[None], axis=0)[0]
    return np.clip(np.where(missing, np.nan, best), -1, 1), np.where(missing, 0, at)


def _two_sided(r: np.ndarray, exact: np.ndarray, polarity: bool) -> tuple[np.ndarray, np.ndarray]:
    """The first largest, x's shift outer, and the difference of its shifts from the most negative single lag.

    The first where no shift of x is free of missing values, or all are flat.
    """
    shifts = len(r)
    passed = np.isnan(r).any(axis=1, keepdims=True) & np.ones(r.shape, bool)
    r, exact, passed = (a.reshape(-1, *a.shape[2:]) for a in (r, exact, passed))
    low = 0.0 if polarity else -np.inf  # Bitbox starts from this and lets only larger ones win
    at = _first_largest(np.where(passed, low, r), np.where(passed, low, exact), polarity)
    best = np.take_along_axis(np.where(passed, low, r), at[None], axis=0)[0]
    nothing = best == low
    return np.where(nothing, low, np.clip(best, -1, 1)), np.where(nothing, 0, at % shifts - at // shifts + shifts // 2)


def _first_largest(r: np.ndarray, exact: np.ndarray, polarity: bool) -> np.ndarray:
    """Index along the first axis of the largest; ties are decided by `exact`, then by the order."""
    strength, exact = (np.abs(r), np.abs(exact)) if polarity else (r, exact)
    exact = np.where(strength >= strength.max(axis=0) - TIE, exact, -np.inf)
    first: np.ndarray = np.argmax(exact >= exact.max(axis=0) - SAME, axis=0)
    return first


def _statistics(corr: np.ndarray, lags: np.ndarray) -> tuple[np.ndarray, ...]:
    """Mean and deviation of the correlation, mean lag, over windows that are neither missing nor exactly 0."""
    use = np.isfinite(corr) & (corr != 0)
    n = np.where(use.any(axis=0), use.sum(axis=0), np.nan)
    with np.errstate(invalid="ignore"):
        values = np.where(use, corr.astype(np.float64), 0.0)
        mean = values.sum(axis=0) / n
        deviation = np.sqrt((np.where(use, corr - mean, 0.0) ** 2).sum(axis=0) / n)
        lag = np.where(use, lags.astype(np.float64), 0.0).sum(axis=0) / n
    return tuple(a.astype(np.float32) for a in (mean, deviation, lag))
