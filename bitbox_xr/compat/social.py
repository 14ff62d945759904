"""Imitation and coordination with the arguments, rules and arrays of Bitbox.

Windows without missing values, flat signals and ties between lags are computed by the package's own measure, from
values rounded to float32. The other windows follow Bitbox's rules, in plain NumPy: of tied lags the first one counts; a
flat window has correlation 0; in imitation, a missing value at any lag makes the window NaN; in coordination, a shift
of x is skipped if any shift of y contains a missing value.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr
from numpy.lib.stride_tricks import sliding_window_view

from bitbox_xr.compat.tables import option_faults
from bitbox_xr.compat.types import Dictionary
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.signal_set import from_bitbox
from bitbox_xr.core.types import MeasureOfTwo
from bitbox_xr.measures import correlation_engine
from bitbox_xr.measures.windowing import Options, checked_pair
from bitbox_xr.preprocessing.norms import magnitudes

__all__ = ["coordination", "imitation"]

# Correlations of rounded values that differ by less are compared before rounding …
MAX_TIE_ROUNDED = 1e-6
# … and if they differ by less than this before rounding, the first lag counts.
MAX_TIE_EXACT = 1e-9


def imitation(
    X: Dictionary | pd.DataFrame,
    Y: Dictionary | pd.DataFrame,
    width: float = 0.5,
    lag: float | None = None,
    step: float | None = None,
    fps: float = 30,
    stats: bool = True,
    polarity: bool = True,
    casuality: bool = True,
    angular: bool = True,
) -> tuple[np.ndarray, ...]:
    """Correlate the signals of X and Y in windows at their best lag, as Bitbox's `imitation` does.

    `casuality` has Bitbox's spelling. For new work use `bitbox_xr.imitation`, which states which windows it could not
    compute.

    Parameters
    ----------
    X, Y
        Bitbox's dictionaries, or tables of expressions with one row for each frame: the participant and the model.
        Landmarks and poses are always reduced to magnitudes.
    width
        Length of a window, s.
    lag
        Largest lag, s. Default: a quarter of the width.
    step
        Time from the start of one window to the next, s. Default: half the width.
    fps
        Frames per second.
    stats
        True: return statistics over windows. False: return every window.
    polarity
        True: choose the lag with the largest |r|, where r keeps its sign. False: the lag with the largest r.
    casuality
        True: only lags at which X follows Y, and zero. False: lags in both directions.
    angular
        For a pose. True: the magnitude of its rotation. False: the magnitude of its translation.

    Returns
    -------
    tuple of arrays
        With `stats=True` `(corr_mean, corr_std, corr_lag)`, each (signal1, signal2). With `stats=False`
        `(corrs, lags)`, each (window, signal1, signal2). All are float32. signal1 is of X, signal2 of Y. Lags are in s,
        negative where X follows Y. If the recording is too short for a window, the statistics are NaN and the other
        arrays are empty.

    Raises
    ------
    ValueError
        For rectangles, or options out of range.
    TypeError
        If X or Y is neither a dictionary nor a table.

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
    X: Dictionary | pd.DataFrame,
    Y: Dictionary | pd.DataFrame,
    width: float = 0.5,
    lag: float | None = None,
    step: float | None = None,
    fps: float = 30,
    stats: bool = True,
    polarity: bool = True,
    angular: bool = True,
) -> tuple[np.ndarray, ...]:
    """Correlate the signals of X and Y in windows at their best lag, as Bitbox's `coordination` does.

    Unlike in `imitation`, both windows are shifted, so that lags have both signs.

    Parameters
    ----------
    X, Y, width, lag, step, fps, stats, polarity, angular
        As for `imitation`.

    Returns
    -------
    tuple of arrays
        As for `imitation`. A positive lag means that Y follows X.

    Raises
    ------
    ValueError, TypeError
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
    first: Dictionary | pd.DataFrame,
    second: Dictionary | pd.DataFrame,
    options: Options,
    fps: float,
    stats: bool,
    angular: bool,
) -> tuple[np.ndarray, ...]:
    measure: MeasureOfTwo = "coordination" if options.causal is None else "imitation"
    # float64, since ties are decided before rounding to float32
    x, y = (_signals(name, data, fps, angular) for name, data in (("X", first), ("Y", second)))
    width, _, lag = options.frames(fps)
    shape = (x.sizes["signal"], y.sizes["signal"])
    shared = min(x.sizes["time"], y.sizes["time"])
    x, y = (one.isel(time=slice(shared)) for one in (x, y))  # without a warning, as in Bitbox
    if shared < width + 2 * lag:
        empty = np.empty((0, *shape), np.float32)
        return (np.full(shape, np.nan, np.float32),) * 3 if stats else (empty, empty.copy())
    pair = checked_pair(measure, x.astype(np.float32), y.astype(np.float32), options, None)
    orders = [pair.plan(), pair.plan(nearest=False)]
    runs = [
        correlation_engine.matrices(*pair.arrays, pair.windows, plan, plan.lags / fps, mirrored=False)[:2]
        for plan in orders
    ]
    corr, lags = runs[0]
    # A window has a tie if the order of the lags changes its best lag.
    tied = (lags != runs[1][1]) & ~(np.isnan(lags) & np.isnan(runs[1][1]))
    for w in range(len(corr)):
        _apply_bitbox_rules(
            corr[w],
            lags[w],
            tied[w],
            *_shifted_windows(x.values, y.values, pair.windows, w, options),
            options.polarity,
            lag,
            fps,
        )
    return _statistics(corr, lags) if stats else (corr, lags)


def _signals(name: str, data: object, fps: float, angular: bool) -> xr.DataArray:
    """The signals of a dictionary or table; landmarks and poses are reduced to magnitudes."""
    if not isinstance(data, Mapping | pd.DataFrame):
        expected = "one of Bitbox's dictionaries or a DataFrame of expressions with one row for each frame"
        raise TypeError(f"expected {name} to be {expected}, got a {type(data).__name__}")
    x = from_bitbox(data if isinstance(data, Mapping) else {"type": "expression", "data": data}, fps=fps)
    if x.attrs["kind"] in ("landmark", "landmark-can", "pose"):
        x = magnitudes(x, angular=bool(angular)).assign_attrs(kind="expression")
    if bool((abs(x) > np.finfo(np.float32).max).any()):  # Bitbox rounds to float32
        got = "infinite values or values outside this range"
        raise ValueError(f"expected {name} to have values in the range of float32, got {got}; replace them by NaN")
    return x.astype(np.float64)


def _shifted_windows(
    x: np.ndarray, y: np.ndarray, windows: correlation_engine.Windows, w: int, options: Options
) -> tuple[np.ndarray, np.ndarray]:
    """Window w of both people at each of its shifts, the earliest first: `(shift, signal, frame)`."""
    width, lag = windows.width, windows.reach
    block = windows.frames(w, w + 1)
    xs = x[block] if options.causal is None else x[block][lag : lag + width]
    ys = y[block][: lag + width] if options.causal else y[block]
    return sliding_window_view(xs, width, axis=0), sliding_window_view(ys, width, axis=0)


def _apply_bitbox_rules(
    corr: np.ndarray,
    lags: np.ndarray,
    tied: np.ndarray,
    xs: np.ndarray,
    ys: np.ndarray,
    polarity: bool,
    lag: int,
    fps: float,
) -> None:
    """Recompute, in place, the pairs of a window with ties, or with missing values or flat signals at some lag."""
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
    """Which signals have a missing value, or are flat, at any shift."""
    unusual: np.ndarray = np.isnan(windows).any(axis=(0, 2)) | (windows == windows[..., :1]).all(axis=-1).any(axis=0)
    return unusual


def _correlations(xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
    """Correlations `(shift of x, shift of y, i, j)`: 0 if either signal is flat, NaN if any value is missing."""
    r: np.ndarray = np.einsum("ait,bjt->abij", _standard(xs), _standard(ys)) / xs.shape[-1]
    return r


def _standard(windows: np.ndarray) -> np.ndarray:
    """Windows with mean 0 and standard deviation 1; 0 for flat ones."""
    windows = windows.astype(np.float64)
    flat = (windows == windows[..., :1]).all(axis=-1, keepdims=True)
    deviation = windows.std(axis=-1, keepdims=True)
    centred = np.where(flat, 0.0, windows - windows.mean(axis=-1, keepdims=True))
    return centred / np.where(flat, 1.0, deviation)


def _one_sided(r: np.ndarray, exact: np.ndarray, polarity: bool) -> tuple[np.ndarray, np.ndarray]:
    """The largest correlation, the first of ties from the most negative lag on; NaN if any lag is NaN."""
    r, exact = r[0], exact[0]
    at = _first_largest(r, exact, polarity)
    missing = np.isnan(r).any(axis=0)
    best = np.take_along_axis(r, at[None], axis=0)[0]
    return np.clip(np.where(missing, np.nan, best), -1, 1), np.where(missing, 0, at)


def _two_sided(r: np.ndarray, exact: np.ndarray, polarity: bool) -> tuple[np.ndarray, np.ndarray]:
    """The largest correlation and the index of its lag. Of ties, the first shift of x counts, then the first of y.

    If every shift of x has missing values, or all are flat, the first lag counts.
    """
    shifts = len(r)
    skipped = np.isnan(r).any(axis=1, keepdims=True) & np.ones(r.shape, bool)
    r, exact, skipped = (a.reshape(-1, *a.shape[2:]) for a in (r, exact, skipped))
    low = 0.0 if polarity else -np.inf  # Bitbox starts from this value and accepts only larger ones
    at = _first_largest(np.where(skipped, low, r), np.where(skipped, low, exact), polarity)
    best = np.take_along_axis(np.where(skipped, low, r), at[None], axis=0)[0]
    nothing = best == low
    return np.where(nothing, low, np.clip(best, -1, 1)), np.where(nothing, 0, at % shifts - at // shifts + shifts // 2)


def _first_largest(r: np.ndarray, exact: np.ndarray, polarity: bool) -> np.ndarray:
    """Index of the largest along the first axis. Ties are decided by `exact`, then by the order."""
    strength, exact = (np.abs(r), np.abs(exact)) if polarity else (r, exact)
    exact = np.where(strength >= strength.max(axis=0) - MAX_TIE_ROUNDED, exact, -np.inf)
    first: np.ndarray = np.argmax(exact >= exact.max(axis=0) - MAX_TIE_EXACT, axis=0)
    return first


def _statistics(corr: np.ndarray, lags: np.ndarray) -> tuple[np.ndarray, ...]:
    """Mean and standard deviation of the correlation, and mean lag, over windows that are neither NaN nor 0."""
    use = np.isfinite(corr) & (corr != 0)
    n = np.where(use.any(axis=0), use.sum(axis=0), np.nan)
    with np.errstate(invalid="ignore"):
        values = np.where(use, corr.astype(np.float64), 0.0)
        mean = values.sum(axis=0) / n
        deviation = np.sqrt((np.where(use, corr - mean, 0.0) ** 2).sum(axis=0) / n)
        lag = np.where(use, lags.astype(np.float64), 0.0).sum(axis=0) / n
    return tuple(a.astype(np.float32) for a in (mean, deviation, lag))
