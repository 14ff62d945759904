"""Correlation of one pair of signals in every window: at every lag, and compared with surrogates."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.selection import unknown_name
from bitbox_xr.core.types import MeasureOfTwo, SignalsLike, Surrogates
from bitbox_xr.core.validation import listed
from bitbox_xr.core.variables import LAG, SIGNAL, SIGNAL1, SIGNAL2, SURROGATE, WINDOW, variable_attrs
from bitbox_xr.inference.surrogates import Draws, Replacement, draw, draw_attrs
from bitbox_xr.measures import correlation_engine
from bitbox_xr.measures.windowing import Options, Pair, checked_pair

if TYPE_CHECKING:
    from bitbox_xr.kernels.correlation.windowed import Plan

__all__ = ["lag_map", "surrogate_profiles", "surrogate_windows"]


def lag_map(
    x: SignalsLike,
    y: SignalsLike | None = None,
    *,
    pair: tuple[str, str],
    measure: MeasureOfTwo = "imitation",
    width: float = 0.5,
    step: float | None = None,
    max_lag: float | None = None,
    causal: bool = True,
    polarity: bool = True,
    min_valid: float = 0.75,
    fps: float | None = None,
) -> xr.DataArray:
    """Compute the correlation of one pair of signals in every window at every lag.

    For faces choose `width=2, step=1, max_lag=1` (s), as for `imitation`. Use the map to see in which windows, and at
    which lags, two signals are related.

    Parameters
    ----------
    x, y
        As for `imitation`, one recording; y may be omitted for coordination.
    pair
        Names of the signal of x and of the signal of y.
    measure, width, step, max_lag, causal, polarity, min_valid, fps
        As for `lag_profile`. The `profile` of the pair is the mean of this map over windows.

    Returns
    -------
    DataArray
        `corr` `(lag, window)`, float32; lags in s. NaN where too few frames are present or a signal is constant.

    Raises
    ------
    ValueError
        As for the measure, and if there is no such pair or there are further dimensions.

    Examples
    --------
    x follows y by four frames:

    >>> from bitbox_xr import signals
    >>> model = np.random.default_rng(1).normal(size=(900, 1))
    >>> y, x = (signals(a, fps=30, names=["AU12"]) for a in (model, np.roll(model, 4, axis=0)))
    >>> found = lag_map(x, y, pair=("AU12", "AU12"), width=2, step=1, max_lag=1)
    >>> found.sizes, round(float(found.mean("window").idxmax("lag")), 3)
    (Frozen({'lag': 31, 'window': 27}), -0.133)
    """
    options = Options(width, step, max_lag, polarity, min_valid, causal)
    both = _selected(checked_pair(measure, x, y, options, fps, subject="lag_map"), pair)
    plans = [both.plan([lag]) for lag in both.lags()]
    x_values, y_values = _values(both)
    rows = [_windows(x_values, y_values, both, plan)[0] for plan in plans]
    coords = {**both.lag_coords(), **_labels(both), **both.window_coords()}
    attrs = variable_attrs("corr", long_name="windowed correlation") | both.attrs()
    return xr.DataArray(np.stack(rows), coords, (LAG, WINDOW), name="corr", attrs=attrs)


def surrogate_windows(
    x: SignalsLike,
    y: SignalsLike | None = None,
    *,
    pair: tuple[str, str],
    measure: MeasureOfTwo = "imitation",
    surrogates: Surrogates = "shift",
    n: int = 199,
    rng: int | np.random.Generator | None = None,
    partners: Sequence[SignalsLike] | None = None,
    width: float = 0.5,
    step: float | None = None,
    max_lag: float | None = None,
    causal: bool = True,
    polarity: bool = True,
    min_valid: float = 0.75,
    fps: float | None = None,
) -> xr.Dataset:
    """Compute the correlation and lag of one pair of signals, window by window, with those of its surrogates.

    For faces choose `width=2, step=1, max_lag=1` (s), as for `imitation`. Use the result for plots that show which
    windows are unusual. It is not corrected for the number of windows. To test the pair use `significance`, which
    makes the same surrogates for the same `rng`.

    Parameters
    ----------
    x, y
        As for `imitation`, one recording; y may be omitted for coordination.
    pair
        Names of the signal of x and of the signal of y.
    measure, surrogates, n, rng, partners, width, step, max_lag, causal, polarity, min_valid, fps
        As for `significance`.

    Returns
    -------
    Dataset
        `corr` and `lag` (s) `(window)`, and `null_corr` and `null_lag` (s) `(surrogate, window)` of the surrogates,
        float32. Dask arrays are computed, since it is one pair only.

    Raises
    ------
    ValueError
        As for `significance`, and if there is no such pair or there are further dimensions.

    Examples
    --------
    >>> from bitbox_xr import signals
    >>> rng = np.random.default_rng(0)
    >>> model = rng.normal(size=(900, 1))
    >>> x = signals(np.roll(model, 5, axis=0) + rng.normal(size=(900, 1)), fps=30, names=["AU12"])
    >>> y = signals(model, fps=30, names=["AU12"])
    >>> found = surrogate_windows(x, y, pair=("AU12", "AU12"), width=2, step=1, max_lag=1, n=99, rng=1)
    >>> bool((abs(found.corr) > abs(found.null_corr).quantile(0.95)).mean() > 0.9)
    True
    """
    options = Options(width, step, max_lag, polarity, min_valid, causal)
    both = _selected(checked_pair(measure, x, y, options, fps, subject="surrogate_windows"), pair)
    (draws,) = draw(surrogates, n, rng, both, partners, fps)
    x_values, y_values = _values(both)
    plan = both.plan()
    observed = _windows(x_values, y_values, both, plan)
    null = np.stack([_windows(x_values, one.y, both, plan, one.order) for one in _surrogates(draws, y_values)])
    data = {
        "corr": (WINDOW, observed[0], variable_attrs("corr")),
        "lag": (WINDOW, observed[1], variable_attrs("lag")),
        "null_corr": ((SURROGATE, WINDOW), null[:, 0], variable_attrs("null_corr")),
        "null_lag": ((SURROGATE, WINDOW), null[:, 1], variable_attrs("null_lag")),
    }
    return _dataset(data, both, draws, both.window_coords())


def surrogate_profiles(
    x: SignalsLike,
    y: SignalsLike | None = None,
    *,
    pair: tuple[str, str],
    measure: MeasureOfTwo = "imitation",
    surrogates: Surrogates = "shift",
    n: int = 199,
    rng: int | np.random.Generator | None = None,
    partners: Sequence[SignalsLike] | None = None,
    width: float = 0.5,
    step: float | None = None,
    max_lag: float | None = None,
    causal: bool = True,
    polarity: bool = True,
    min_valid: float = 0.75,
    fps: float | None = None,
) -> xr.Dataset:
    """Compute the lag profile of one pair of signals with those of its surrogates.

    For faces choose `width=2, step=1, max_lag=1` (s), as for `imitation`. Use the result for plots that show at which
    lags two signals are more related than by chance. It is not corrected for the number of lags. To test the pair use
    `significance`, which makes the same surrogates for the same `rng`.

    Parameters
    ----------
    x, y
        As for `imitation`, one recording; y may be omitted for coordination.
    pair
        Names of the signal of x and of the signal of y.
    measure, surrogates, n, rng, partners, width, step, max_lag, causal, polarity, min_valid, fps
        As for `significance`. The time grows with the number of surrogates times that of lags: 1.5 s for 199
        surrogates, 31 lags and 117 windows.

    Returns
    -------
    Dataset
        `profile` `(lag)`, the mean correlation over windows at each lag, as in `lag_profile`, and `null_profile`
        `(surrogate, lag)`, that of the surrogates. Dask arrays are computed, since it is one pair only.

    Raises
    ------
    ValueError
        As for `significance`, and if there is no such pair or there are further dimensions.

    Examples
    --------
    >>> from bitbox_xr import signals
    >>> rng = np.random.default_rng(0)
    >>> model = rng.normal(size=(900, 1))
    >>> x = signals(np.roll(model, 3, axis=0) + rng.normal(size=(900, 1)), fps=30, names=["AU12"])
    >>> y = signals(model, fps=30, names=["AU12"])
    >>> found = surrogate_profiles(x, y, pair=("AU12", "AU12"), width=2, step=1, max_lag=0.2, n=19, rng=1)
    >>> above = found.lag[found.profile > found.null_profile.max("surrogate")]
    >>> above.round(3).values
    array([-0.1])
    """
    options = Options(width, step, max_lag, polarity, min_valid, causal)
    both = _selected(checked_pair(measure, x, y, options, fps, subject="surrogate_profiles"), pair)
    (draws,) = draw(surrogates, n, rng, both, partners, fps)
    x_values, y_values = _values(both)
    plans = [both.plan([lag]) for lag in both.lags()]
    null = [_profile(x_values, one.y, both, plans, one.order) for one in _surrogates(draws, y_values)]
    data = {
        "profile": (LAG, _profile(x_values, y_values, both, plans), variable_attrs("profile")),
        "null_profile": ((SURROGATE, LAG), np.stack(null), variable_attrs("null_profile")),
    }
    return _dataset(data, both, draws, both.lag_coords())


def _selected(both: Pair, pair: tuple[str, str]) -> Pair:
    """Keep only one signal of each recording."""
    if not isinstance(pair, tuple | list) or len(pair) != 2 or not all(map(np.isscalar, pair)):
        raise ValueError(
            f"{both.subject}: expected pair to be (name of a signal of x, name of a signal of y), got {pair!r}"
        )
    faults = []
    if both.dims():
        faults.append(
            f"expected one recording, got further dimensions ({listed(both.dims())}); choose one with .isel()"
        )
    sides = zip(("x", "y"), (both.x, both.y), pair, strict=True)
    for side, a, label in sides:
        if label not in a[SIGNAL].values:
            faults.append(unknown_name(f"pair to name a signal of {side}", label, a[SIGNAL].values))
    refuse(both.subject, faults)
    return replace(both, x=both.x.sel({SIGNAL: [pair[0]]}), y=both.y.sel({SIGNAL: [pair[1]]}))


def _values(both: Pair) -> tuple[np.ndarray, np.ndarray]:
    x, y = both.arrays
    return np.asarray(x), np.asarray(y)


def _labels(both: Pair) -> dict[str, str]:
    return {SIGNAL1: both.x[SIGNAL].item(), SIGNAL2: both.y[SIGNAL].item()}


def _surrogates(draws: Draws, y: np.ndarray) -> Iterator[Replacement]:
    """Each surrogate of `y`, a recording without intervals."""
    spectra = draws.spectra(y)
    return (draws.surrogate(k, y, spectra)[0] for k in range(len(draws.items)))


def _dataset(data: dict[str, Any], both: Pair, draws: Draws, coords: dict[str, Any]) -> xr.Dataset:
    """Variables of a pair and of its surrogates, with their labels."""
    number = (SURROGATE, np.arange(len(draws.items)), variable_attrs(SURROGATE))
    attrs = {**both.attrs(), **draw_attrs([draws], both)}
    return xr.Dataset(data, {SURROGATE: number, **_labels(both), **coords}, attrs)


def _windows(x: np.ndarray, y: np.ndarray, both: Pair, plan: "Plan", order: np.ndarray | None = None) -> np.ndarray:
    """Correlation and lag of every window, `(2, window)`."""
    number = both.windows.number
    out = np.empty((2, number, 1, 1), np.float32)
    shares = np.empty((2, number, 1), np.float32)
    correlation_engine.block(x, y, both.windows, plan, plan.lags / both.fps, False, 0, number, (*out, *shares), order)
    return out[:, :, 0, 0]


def _profile(
    x: np.ndarray, y: np.ndarray, both: Pair, plans: "list[Plan]", order: np.ndarray | None = None
) -> np.ndarray:
    """Mean correlation over windows at the lag of each plan, `(lag,)`; NaN where no window has one."""
    corr = np.stack([_windows(x, y, both, plan, order)[0] for plan in plans]).astype(np.float64)
    present = ~np.isnan(corr)
    count = present.sum(axis=1)
    means: np.ndarray = np.where(present, corr, 0.0).sum(axis=1) / np.where(count > 0, count, np.nan)
    return means
