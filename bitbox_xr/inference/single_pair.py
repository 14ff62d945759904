"""One pair of signals, window by window: its correlation at every lag, and that of its surrogates."""

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.types import MeasureOfTwo, SignalsLike, Surrogates
from bitbox_xr.core.validation import listed
from bitbox_xr.core.variables import LAG, SIGNAL, SIGNAL1, SIGNAL2, SURROGATE, WINDOW, variable_attrs
from bitbox_xr.inference.surrogates import draw
from bitbox_xr.measures import correlation_engine
from bitbox_xr.measures.windowing import Options, Pair

if TYPE_CHECKING:
    from bitbox_xr.kernels.correlation.windowed import Plan

__all__ = ["lag_map", "surrogate_windows"]


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
    """Correlation of one pair of signals in every window at every lag.

    Parameters
    ----------
    x, y
        As for `imitation`, one recording; y may be left out for coordination.
    pair
        Labels of x's signal and of y's.
    measure, width, step, max_lag, causal, polarity, min_valid, fps
        As for `lag_profile`, whose `profile` is the mean of this map over windows.

    Returns
    -------
    DataArray
        `corr` `(lag, window)`, float32, NaN where frames are too few or a signal is flat.

    Raises
    ------
    ValueError
        As for the measure; where there is no such pair, or there are further dimensions.

    Examples
    --------
    >>> from bitbox_xr import signals
    >>> model = np.random.default_rng(1).normal(size=(900, 1))
    >>> y, x = (signals(a, fps=30, names=["AU12"]) for a in (model, np.roll(model, 4, axis=0)))
    >>> found = lag_map(x, y, pair=("AU12", "AU12"), width=2, max_lag=0.5)
    >>> found.sizes, round(float(found.mean("window").idxmax("lag")), 3)
    (Frozen({'lag': 16, 'window': 28}), -0.133)
    """
    options = Options(width, step, max_lag, polarity, min_valid, causal)
    both = _one(Pair(measure, x, y, options, fps), pair)
    net = sorted(int(d) for d in both.plan().lags)
    plans = [both.plan([d]) for d in net]
    mine, theirs = _numbers(both)
    rows = [_windows(mine, theirs, both, plan)[0] for plan in plans]
    coords = {
        LAG: (LAG, np.array(net) / both.fps, variable_attrs(LAG, long_name="lag (negative: signal1 follows signal2)")),
        **_labels(both),
        **both.window_coords(),
    }
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
    partners: list[Any] | None = None,
    width: float = 0.5,
    step: float | None = None,
    max_lag: float | None = None,
    causal: bool = True,
    polarity: bool = True,
    min_valid: float = 0.75,
    fps: float | None = None,
) -> xr.Dataset:
    """Correlation and lag of one pair of signals, window by window, beside those of its surrogates.

    For pictures: which stretches are out of the ordinary. The windows are not corrected for their number; the
    test of a pair is `significance`, whose surrogates these are, given the same `rng`.

    Parameters
    ----------
    x, y
        As for `imitation`, one recording; y may be left out for coordination.
    pair
        Labels of x's signal and of y's.
    measure, surrogates, n, rng, partners, width, step, max_lag, causal, polarity, min_valid, fps
        As for `significance`.

    Returns
    -------
    Dataset
        `corr` and `lag` (s) `(window)`, `null_corr` and `null_lag` `(surrogate, window)`, float32. Computed at
        once, on dask too: it is one pair.

    Raises
    ------
    ValueError
        As for `significance`; where there is no such pair, or there are further dimensions.

    Examples
    --------
    >>> from bitbox_xr import signals
    >>> rng = np.random.default_rng(0)
    >>> model = rng.normal(size=(900, 1))
    >>> x = signals(np.roll(model, 5, axis=0) + rng.normal(size=(900, 1)), fps=30, names=["AU12"])
    >>> y = signals(model, fps=30, names=["AU12"])
    >>> found = surrogate_windows(x, y, pair=("AU12", "AU12"), width=2, max_lag=0.3, n=99, rng=1)
    >>> bool((abs(found.corr) > abs(found.null_corr).quantile(0.95)).mean() > 0.9)
    True
    """
    options = Options(width, step, max_lag, polarity, min_valid, causal)
    both = _one(Pair(measure, x, y, options, fps), pair)
    draws = draw(surrogates, n, rng, both, partners, fps)
    mine, theirs = _numbers(both)
    plan, spectrum = both.plan(), draws.spectrum(theirs)
    made = (draws.surrogate(k, theirs, spectrum, both.windows.number) for k in range(len(draws.items)))
    observed = _windows(mine, theirs, both, plan)
    null = np.stack([_windows(mine, other, both, plan, order) for other, order in made])
    data = {
        "corr": (WINDOW, observed[0], variable_attrs("corr")),
        "lag": (WINDOW, observed[1], variable_attrs("lag")),
        "null_corr": ((SURROGATE, WINDOW), null[:, 0], variable_attrs("null_corr")),
        "null_lag": ((SURROGATE, WINDOW), null[:, 1], variable_attrs("null_lag")),
    }
    number = (SURROGATE, np.arange(len(null)), variable_attrs(SURROGATE))
    return xr.Dataset(data, {SURROGATE: number, **_labels(both), **both.window_coords()}, both.attrs() | draws.attrs())


def _one(both: Pair, pair: tuple[str, str]) -> Pair:
    """`both` with only these signals."""
    if not isinstance(pair, tuple | list) or len(pair) != 2 or not all(map(np.isscalar, pair)):
        raise ValueError(f"pair is {pair!r}; (label of x's signal, label of y's) is wanted")
    faults = [f"there are further dimensions ({listed(both.dims())}); choose one with .isel()"] if both.dims() else []
    sides = zip(("x", "y"), (both.x, both.y), pair, strict=True)
    for side, a, label in sides:
        if label not in a[SIGNAL].values:
            faults.append(f"{side} has no {label!r}; it has {listed(a[SIGNAL].values)}")
    refuse("one pair", faults)
    both.x, both.y = (a.sel({SIGNAL: [label]}) for a, label in zip((both.x, both.y), pair, strict=True))
    return both


def _numbers(both: Pair) -> tuple[np.ndarray, np.ndarray]:
    first, second = both.arrays
    return np.asarray(first), np.asarray(second)


def _labels(both: Pair) -> dict[str, Any]:
    return {SIGNAL1: both.x[SIGNAL].item(), SIGNAL2: both.y[SIGNAL].item()}


def _windows(x: np.ndarray, y: np.ndarray, both: Pair, plan: "Plan", order: np.ndarray | None = None) -> np.ndarray:
    """Correlation and lag of every window, `(2, window)`."""
    number = both.windows.number
    out = np.empty((2, number, 1, 1), np.float32)
    shares = np.empty((2, number, 1), np.float32)
    correlation_engine.block(x, y, both.windows, plan, plan.lags / both.fps, False, 0, number, (*out, *shares), order)
    return out[:, :, 0, 0]
