"""How two people's signals move together: imitation, coordination, their statistics and lag profiles.

Both measures are windowed, lagged cross-correlations of every pair of signals (Boker, Rotondo, Xu & King 2002,
Psychological Methods 7, 338-355). In a window of W frames that starts at frame s, with shifts lx and ly,

    r = Σ (x − x̄)(y − ȳ) / √(Σ (x − x̄)² · Σ (y − ȳ)²)

over the frames of x from s + lx and of y from s + ly that both have. Of all lags that a measure allows, the one
with the largest |r| is kept, with its sign.
"""

from typing import Any

import numpy as np
import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.types import MeasureOfTwo, SignalsLike
from bitbox_xr.core.validation import flag_faults
from bitbox_xr.core.variables import LAG, SIGNAL1, SIGNAL2, WINDOW, variable_attrs
from bitbox_xr.kernels.correlation.statistics import statistics
from bitbox_xr.measures import correlation_engine
from bitbox_xr.measures.windowing import Options, Pair

__all__ = ["coordination", "imitation", "lag_profile", "window_stats"]

STATISTICS = (
    "corr_mean",
    "corr_std",
    "corr_lag",
    "corr_abs_mean",
    "corr_fisher_mean",
    "follow_share",
    "lead_share",
    "n_windows",
)


def imitation(
    x: SignalsLike,
    y: SignalsLike,
    *,
    width: float = 0.5,
    step: float | None = None,
    max_lag: float | None = None,
    causal: bool = True,
    polarity: bool = True,
    min_valid: float = 0.75,
    fps: float | None = None,
    stats: bool = False,
) -> xr.Dataset:
    """How well x (the participant) imitates y (the model), and how far behind, for every pair of signals.

    Windowed cross-lagged correlation, one-sided: x's window stays, y's moves back by up to `max_lag`, so that what x
    does now is compared with what y did before. A negative lag says that x follows y.

    Parameters
    ----------
    x, y
        Signals: DataArrays `(…, time, signal)`, Bitbox dictionaries, or what `signals()` takes; of kind
        expression, landmark, landmark-can or pose, on one clock (else see `align`). Where one is longer, the
        span that both have is used. Further dimensions (recording, session, …) broadcast by label.
    width
        Length of a window, s.
    step
        From one window's start to the next's, s; half a width by default.
    max_lag
        Largest lag, s; a quarter of the width by default, which is short: mimicry often takes longer.
    causal
        True: only lags at which x follows y, or zero. False: both ways.
    polarity
        True: the lag of the largest |r|, its sign kept. False: that of the largest r, which may be negative.
    min_valid
        Share of a window's frames that both signals must have for a lag to count. Fewer frames correlate
        more by chance.
    fps
        Frames per second, for input without time.
    stats
        True: the statistics of `window_stats` at once, in memory that does not grow with the recording.

    Returns
    -------
    Dataset
        `corr` and `lag` (s), float32, `(…, window, signal1, signal2)`: signal1 of x, signal2 of y. `window` is
        the middle of each window on x's clock (s), beside `window_start` and `window_stop`; `valid1`
        `(…, window, signal1)` and `valid2` `(…, window, signal2)` are the shares of frames present. NaN where
        no lag has enough frames, or a signal is flat. Lazy where the input is on dask.

        With `stats=True` what `window_stats` returns, `(…, signal1, signal2)`. The attributes hold every option, in
        seconds and in frames, and the inputs' sources.

    Raises
    ------
    ValueError
        Clocks that differ or are irregular, kinds that have no correlation, options out of range, recordings
        too short for one window; all faults at once.
    TypeError
        For what is no array of numbers, such as a path: `open_signals` reads files.

    Warns
    -----
    UserWarning
        A bare array without `fps` is taken to have 30 frames a second.

    Notes
    -----
    With W = round(width · fps), S = round(step · fps), L = round(max_lag · fps), windows start at frames
    s = L, L + S, … in every mode, so that modes can be compared window by window. At a shift of l frames, from −L
    to 0 (`causal=False`: to L),

        r = Σ (x − x̄)(y − ȳ) / √(Σ (x − x̄)² · Σ (y − ȳ)²)

    over the frames of x from s and of y from s + l that both have; `lag` is l / fps. The lag kept is that of the
    largest |r| of all, of those that tie (within 1e-6) the one nearest to zero, then the negative one; Boker,
    Rotondo, Xu & King (2002, Psychological Methods 7, 338-355) take the peak nearest to zero lag.

    A correlation at a chosen lag is large by chance alone: unrelated, slowly changing signals reach a mean |r| of
    .5 to .8. Compare with surrogates (`significance`), or with people who never met.

    Examples
    --------
    x does what y did six frames before:

    >>> import numpy as np
    >>> from bitbox_xr import signals
    >>> model = np.sin(np.arange(300) / 7)[:, None]
    >>> y = signals(model, fps=30, names=["AU12"])
    >>> x = signals(np.roll(model, 6, axis=0), fps=30, names=["AU12"])
    >>> result = imitation(x, y, width=2, max_lag=0.5)
    >>> result.corr.dims, round(float(result.lag[-1, 0, 0]), 3)
    (('window', 'signal1', 'signal2'), -0.2)
    >>> smile = result.sel(signal1="AU12", signal2="AU12")      # what it says of one pair, window by window
    >>> smile.window.values, smile.corr.values[1:].round(3)
    (array([1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5]), array([1., 1., 1., 1., 1., 1., 1.], dtype=float32))
    >>> window_stats(result).corr_mean.sel(signal1="AU12", signal2="AU12").round(2).item()
    1.0
    """
    options = Options(width, step, max_lag, polarity, min_valid, causal)
    return _measure("imitation", x, y, options, fps, stats)


def coordination(
    x: SignalsLike,
    y: SignalsLike | None = None,
    *,
    width: float = 0.5,
    step: float | None = None,
    max_lag: float | None = None,
    polarity: bool = True,
    min_valid: float = 0.75,
    fps: float | None = None,
    stats: bool = False,
) -> xr.Dataset:
    """How closely two people's signals move together (synchrony), whoever leads; or one person's among themselves.

    Windowed cross-lagged correlation, two-sided: both windows move by up to `max_lag` either way, so that net lags
    reach twice as far. A positive lag says that y follows x. Without y, x is compared with itself: `corr` is then
    symmetric, `lag` antisymmetric.

    Parameters
    ----------
    x, y, width, step, max_lag, polarity, min_valid, fps, stats
        As for `imitation`; y may be left out.

    Returns
    -------
    Dataset
        As for `imitation`; lags reach ±2 · `max_lag`.

    Raises
    ------
    ValueError
        As for `imitation`.

    Notes
    -----
    r is that of `imitation`, over the frames of x from s + lx and of y from s + ly, with lx and ly from −L to L;
    `lag` is (ly − lx) / fps. `window` is the time of the windows before they move. (2L + 1)² pairs of shifts compete
    for each window, more than for `imitation`: chance levels are higher.

    Examples
    --------
    >>> import numpy as np
    >>> from bitbox_xr import signals
    >>> t = np.arange(300) / 30
    >>> x = signals(np.stack([np.sin(5 * t), np.sin(5 * t - 1)], axis=1), fps=30, names=["AU06", "AU12"])
    >>> result = coordination(x, width=2, max_lag=0.2)
    >>> result.lag.sel(signal1="AU06", signal2="AU12").values.mean().round(2)      # AU12 is 0.2 s behind
    np.float32(0.2)
    """
    options = Options(width, step, max_lag, polarity, min_valid, None)
    return _measure("coordination", x, y, options, fps, stats)


def window_stats(result: xr.Dataset) -> xr.Dataset:
    """Statistics over the windows of `imitation` or `coordination`, for every pair of signals.

    Windows without a correlation are left out. `corr_mean`, `corr_std` (ddof 0) and `corr_lag` (mean of the
    lags, s) are Bitbox's three; `corr_abs_mean` is the mean of |r|, in which signs that differ between
    windows do not cancel; `corr_fisher_mean` = tanh(mean(arctanh r)), |r| capped at 1 − 1e-6; `follow_share`
    and `lead_share` are the shares of windows with a negative and a positive lag; `n_windows` their number.
    All `(…, signal1, signal2)`, or whatever dimensions the result has besides `window`, float64 (the count
    int32), lazy where the result is. ValueError where `result` has no `corr` and `lag` over windows.

    >>> import numpy as np
    >>> from bitbox_xr import signals
    >>> x = signals(np.random.default_rng(0).normal(size=(300, 2)), fps=30)
    >>> stats = window_stats(imitation(x, x))
    >>> stats.corr_mean.values.diagonal().round(6), int(stats.n_windows[0, 1])
    (array([1., 1.]), 40)
    """
    missing = [name for name in ("corr", "lag") if name not in getattr(result, "data_vars", ())]
    if missing or WINDOW not in result["corr"].dims:
        raise ValueError(
            "window_stats(): a result of imitation() or coordination() with `corr` and `lag` over `window` is wanted; "
            + (f"there is no {' and no '.join(missing)}" if missing else "its windows are reduced already")
            + ("; these are such statistics already" if STATISTICS[0] in getattr(result, "data_vars", ()) else "")
        )
    dims = tuple(str(dim) for dim in result["corr"].dims if dim != WINDOW)
    extra, last = dims[:-2], dims[-2:]  # pairs of one label have one dimension, a chosen pair has none
    corr, lag = (result[name].transpose(*extra, WINDOW, *last).data for name in ("corr", "lag"))
    absent = (-2, -1)[: 2 - len(last)]
    for _ in absent:
        corr, lag = (np.expand_dims(a, a.ndim - len(last)) for a in (corr, lag))
    found = statistics(correlation_engine.reduced(corr, lag, np.inf))
    coords = {name: coord for name, coord in result.coords.items() if WINDOW not in coord.dims}
    kept = {name: (dims, np.squeeze(found[name], axis=absent)) for name in STATISTICS}
    return _dataset(kept, coords, {**result.attrs, "window_count": int(result.sizes[WINDOW])})


def lag_profile(
    x: SignalsLike,
    y: SignalsLike | None = None,
    *,
    measure: MeasureOfTwo = "imitation",
    width: float = 0.5,
    step: float | None = None,
    max_lag: float | None = None,
    causal: bool = True,
    polarity: bool = True,
    min_valid: float = 0.75,
    fps: float | None = None,
) -> xr.Dataset:
    """Mean correlation over windows at each lag, and the lag at which it is largest.

    The mean of the lags that windows choose is drawn to the middle by noise; the lag at which the mean
    correlation is largest is not.

    Parameters
    ----------
    x, y
        As for `imitation`; y may be left out for coordination.
    measure
        "imitation" or "coordination"; for the latter over net lags d, with lx = −⌊d/2⌋ and ly = ⌈d/2⌉.
    width, step, max_lag, causal, polarity, min_valid, fps
        As for `imitation`.

    Returns
    -------
    Dataset
        `profile` and `profile_fisher` (mean by Fisher's z), `(…, lag, signal1, signal2)`; `best_lag` (s), where
        |profile| is largest (profile itself with `polarity=False`), `at_limit`, the share of windows whose
        chosen lag is the outermost one (if it is large, allow longer lags; NaN where there is one lag only), and
        `n_windows`, the number of windows with a correlation, `(…, signal1, signal2)`.

    Raises
    ------
    ValueError
        As for `imitation`.

    Examples
    --------
    >>> import numpy as np
    >>> from bitbox_xr import signals
    >>> model = np.random.default_rng(1).normal(size=(900, 1))
    >>> y, x = signals(model, fps=30), signals(np.roll(model, 4, axis=0), fps=30)
    >>> lag_profile(x, y, width=2, max_lag=0.5).best_lag.item()                     # four frames behind
    -0.13333333333333333
    """
    options = Options(width, step, max_lag, polarity, min_valid, causal)
    pair = Pair(measure, x, y, options, fps)
    net = sorted(int(d) for d in pair.plan().lags)
    plans = [pair.plan(), *(pair.plan([d]) for d in net)]
    seconds = [plan.lags / pair.fps for plan in plans]
    found = statistics(correlation_engine.sums(*pair.arrays, pair.windows, plans, seconds, mirrored=False))
    at_lags = {
        name: found[stat][..., 1:, :, :]
        for name, stat in (("profile", "corr_mean"), ("profile_fisher", "corr_fisher_mean"))
    }
    dims = pair.dims(LAG, SIGNAL1, SIGNAL2)
    coords = {
        **pair.coords(),
        LAG: (LAG, np.array(net) / pair.fps, variable_attrs(LAG, long_name="lag (negative: signal1 follows signal2)")),
    }
    out = _dataset({name: (dims, values) for name, values in at_lags.items()}, coords, pair.attrs())
    strength = abs(out["profile"]) if polarity else out["profile"]
    order = sorted(range(len(net)), key=lambda k: (abs(net[k]), net[k]))
    out["best_lag"] = strength.isel({LAG: order}).idxmax(LAG).drop_attrs().assign_attrs(variable_attrs("best_lag"))
    for name in ("at_limit", "n_windows"):
        out[name] = (pair.dims(SIGNAL1, SIGNAL2), found[name][..., 0, :, :], variable_attrs(name))
    out["at_limit"] = out["at_limit"].where(len(net) > 1)
    return out


# --- results


def _measure(
    measure: MeasureOfTwo, x: SignalsLike, y: SignalsLike | None, options: Options, fps: float | None, stats: bool
) -> xr.Dataset:
    refuse(f"{measure}()", flag_faults("stats", stats))
    pair = Pair(measure, x, y, options, fps)
    plan = pair.plan()
    seconds = plan.lags / pair.fps
    if stats:
        found = statistics(
            correlation_engine.sums(*pair.arrays, pair.windows, [plan], [seconds], mirrored=pair.mirrored)[
                ..., 0, :, :, :
            ]
        )
        dims = pair.dims(SIGNAL1, SIGNAL2)
        return _dataset({name: (dims, found[name]) for name in STATISTICS}, pair.coords(), pair.attrs())
    corr, lag, valid1, valid2 = correlation_engine.matrices(
        *pair.arrays, pair.windows, plan, seconds, mirrored=pair.mirrored
    )
    variables = {
        "corr": (pair.dims(WINDOW, SIGNAL1, SIGNAL2), corr),
        "lag": (pair.dims(WINDOW, SIGNAL1, SIGNAL2), lag),
        "valid1": (pair.dims(WINDOW, SIGNAL1), valid1),
        "valid2": (pair.dims(WINDOW, SIGNAL2), valid2),
    }
    return _dataset(variables, {**pair.coords(), **pair.window_coords()}, pair.attrs())


def _dataset(variables: dict[str, Any], coords: Any, attrs: dict[str, Any]) -> xr.Dataset:
    data = {name: (dims, values, variable_attrs(name)) for name, (dims, values) in variables.items()}
    return xr.Dataset(data, coords, attrs)
