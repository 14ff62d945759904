"""Imitation and coordination of two people's signals, and their statistics over windows.

Both measures are windowed cross-lagged correlations of every pair of signals (Boker, Rotondo, Xu & King 2002,
Psychological Methods 7, 338-355). For a window of W frames that starts at frame s, and shifts lx and ly,

    r = Σ (x − x̄)(y − ȳ) / √(Σ (x − x̄)² · Σ (y − ȳ)²)

is computed over the W frames of x from s + lx and of y from s + ly, using only the frames at which both are present.
Each window keeps the lag with the largest absolute correlation, and the correlation at that lag with its sign.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.types import Array, Attrs, MeasureOfTwo, SignalsLike
from bitbox_xr.core.validation import flag_faults
from bitbox_xr.core.variables import SIGNAL1, SIGNAL2, WINDOW, variable_attrs
from bitbox_xr.kernels.correlation.statistics import statistics
from bitbox_xr.measures import correlation_engine
from bitbox_xr.measures.constant_signals import note_constant_signals
from bitbox_xr.measures.pair_coordinates import Coordinate
from bitbox_xr.measures.window_labels import label_groups
from bitbox_xr.measures.windowing import Options, Pair, checked_pair
from bitbox_xr.upstream.xarray_internals import new_dataset

if TYPE_CHECKING:
    from bitbox_xr.kernels.correlation.windowed import Plan

__all__ = ["coordination", "imitation", "label_variables", "statistics_by_plan", "window_stats"]

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
    by: str | None = None,
    fps: float | None = None,
    stats: bool = False,
) -> xr.Dataset:
    """Measure how well x (the participant) imitates y (the model), and at which lag, for every pair of signals.

    For faces choose `width=2, step=1, max_lag=1` (s): a window must hold a whole expression, and mimicry takes about
    0.3 to 1 s, while the default largest lag is 0.1 s at 30 frames per second. The defaults are Bitbox's.

    The measure is a windowed cross-lagged correlation, one-sided: the window of x stays in place, and the window of y
    moves back by up to `max_lag`. What x does now is thus compared with what y did before. A negative lag means that
    x follows y.

    Parameters
    ----------
    x, y
        Signals: DataArrays `(…, time, signal)`, Bitbox dictionaries, or what `signals()` accepts. Their kind must be
        expression, landmark, landmark-can, pose, emotion, gaze or motion-energy. Both must have the same frame times
        (otherwise call `align` first). If one is longer, the frames that both have are used. Further dimensions
        (recording, session, …) are matched by label.
    width
        Length of a window, s.
    step
        Time from the start of one window to the start of the next, s. Default: half the width.
    max_lag
        Largest lag, s. Default: a quarter of the width, which is too short for most mimicry.
    causal
        True: only lags at which x follows y, and lag zero. False: lags in both directions.
    polarity
        True: keep the lag with the largest absolute correlation |r|; the correlation keeps its sign. False: keep the
        lag with the largest r, which may be negative.
    min_valid
        Smallest share of a window's frames at which both signals must be present for a lag to be used. Correlations
        over fewer frames are larger by chance.
    by
        Name of a coordinate along time with labels (see `annotate`), such as "condition": windows, with all their lags,
        then lie inside one interval, and each interval has windows from its own start. x, y or both have the
        coordinate.
    fps
        Frames per second, for input without times.
    stats
        True: return the statistics of `window_stats` directly, in memory that does not grow with the recording.

    Returns
    -------
    Dataset
        `corr` and `lag` (s), float32, `(…, window, signal1, signal2)`, with the signals of x along `signal1` and those
        of y along `signal2`. `window` is the middle of each window on the time axis of x (s), and `window_start` and
        `window_stop` are its ends. `valid1` `(…, window, signal1)` and `valid2` `(…, window, signal2)` are the shares
        of frames present. Values are NaN where no lag has enough frames, or where a signal is constant. The result is
        lazy if the input is a dask array.

        With `stats=True` the result is that of `window_stats`, `(…, signal1, signal2)`. The attributes hold every
        option, in seconds and in frames, and the sources of the inputs.

        With `by="condition"`, the coordinates `condition` and `condition_interval` along `window` hold the label and
        the number of the interval of each window, and statistics are `(…, condition, signal1, signal2)`. The attribute
        `short_intervals` is the number of intervals that are too short for a window. A label with no window has
        statistics NaN, and 0 as `n_windows`.

    Raises
    ------
    ValueError
        If the frame times differ or are irregular, the kind of signals cannot be correlated, an option is out of
        range, or the recordings (with `by`, all intervals) are too short for one window. All problems are reported at
        once. With `by`, also if the labels of x and y differ, or vary along another dimension than time.
    TypeError
        If an input is not an array of numbers, for example a path (`open_signals` reads files).

    Warns
    -----
    UserWarning
        If an array without times is passed without `fps`; 30 frames per second are then assumed. With `by`, if some
        intervals are too short for a window and its lags. If one recording is more than 5 % longer than the other: what
        it has beyond the end of the other is left out.

    Notes
    -----
    Let W = round(width · fps), S = round(step · fps) and L = round(max_lag · fps). Windows start at frames
    s = L, L + S, … whatever the other options are, so that results with different options can be compared window by
    window. For a shift of l frames, from −L to 0 (from −L to L with `causal=False`),

        r = Σ (x − x̄)(y − ȳ) / √(Σ (x − x̄)² · Σ (y − ȳ)²)

    over the frames of x from s and of y from s + l at which both are present; `lag` is l / fps. Lags whose |r| is
    within 1e-6 of the largest are ties: the lag nearest to zero is kept, then the negative one. Boker, Rotondo, Xu &
    King (2002, Psychological Methods 7, 338-355) take the peak nearest to zero lag.

    The largest of several correlations is large by chance alone: unrelated signals that change slowly reach a mean |r|
    of .5 to .8. Compare the result with surrogates (`significance`), or with pairs of people who never met.

    Examples
    --------
    x repeats what y did six frames (0.2 s) before:

    >>> import numpy as np
    >>> from bitbox_xr import signals
    >>> model = np.random.default_rng(0).normal(size=(300, 1))
    >>> y = signals(model, fps=30, names=["AU12"])
    >>> x = signals(np.roll(model, 6, axis=0), fps=30, names=["AU12"])
    >>> result = imitation(x, y, width=2, step=1, max_lag=1)
    >>> result.corr.dims
    ('window', 'signal1', 'signal2')
    >>> smile = result.sel(signal1="AU12", signal2="AU12")
    >>> smile.window.values
    array([2., 3., 4., 5., 6., 7., 8.])
    >>> smile.lag.values.round(3)
    array([-0.2, -0.2, -0.2, -0.2, -0.2, -0.2, -0.2], dtype=float32)
    >>> window_stats(result).corr_mean.sel(signal1="AU12", signal2="AU12").round(2).item()
    1.0
    """
    options = Options(width, step, max_lag, polarity, min_valid, causal)
    return _measure("imitation", x, y, options, fps, by, stats)


def coordination(
    x: SignalsLike,
    y: SignalsLike | None = None,
    *,
    width: float = 0.5,
    step: float | None = None,
    max_lag: float | None = None,
    polarity: bool = True,
    min_valid: float = 0.75,
    by: str | None = None,
    fps: float | None = None,
    stats: bool = False,
) -> xr.Dataset:
    """Measure how closely the signals of two people, or of one person, move together (synchrony).

    For faces choose `width=2, step=1, max_lag=1` (s): a window must hold a whole expression, and mimicry takes about
    0.3 to 1 s, while the default largest lag is 0.1 s at 30 frames per second. The defaults are Bitbox's.

    The measure is a windowed cross-lagged correlation, two-sided: the windows of x and of y both move by up to
    `max_lag` in either direction. The net lag, the shift of y minus the shift of x, thus reaches twice as far. A
    positive lag means that y follows x. Without y, x is compared with itself: `corr` is then symmetric and `lag`
    antisymmetric.

    Parameters
    ----------
    x, y, width, step, max_lag, polarity, min_valid, by, fps, stats
        As for `imitation`; y may be omitted.

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
    r is computed as in `imitation`, over the frames of x from s + lx and of y from s + ly, with lx and ly from −L to L;
    `lag` is (ly − lx) / fps. `window` is the time of the windows before they move. Each window keeps the best of
    (2L + 1)² pairs of shifts, more than for `imitation`, so correlations by chance are larger.

    Examples
    --------
    AU12 follows AU06 by 0.2 s:

    >>> import numpy as np
    >>> from bitbox_xr import signals
    >>> cheek = np.random.default_rng(0).normal(size=300)
    >>> x = signals(np.stack([cheek, np.roll(cheek, 6)], axis=1), fps=30, names=["AU06", "AU12"])
    >>> result = coordination(x, width=2, step=1, max_lag=1)
    >>> round(result.lag.sel(signal1="AU06", signal2="AU12").mean().item(), 2)
    0.2
    """
    options = Options(width, step, max_lag, polarity, min_valid, None)
    return _measure("coordination", x, y, options, fps, by, stats)


def window_stats(result: xr.Dataset, *, by: str | None = None) -> xr.Dataset:
    """Compute statistics over the windows of `imitation` or `coordination`, for every pair of signals.

    Windows without a correlation are ignored. The statistics are:

    - `corr_mean`, `corr_std` (ddof 0) and `corr_lag` (mean of the lags, s): Bitbox's three
    - `corr_abs_mean`: mean of the absolute correlation |r|, in which different signs do not cancel
    - `corr_fisher_mean`: tanh(mean(arctanh r)), the mean by Fisher's z, with |r| limited to 1 − 1e-6
    - `follow_share` and `lead_share`: shares of windows with a negative and with a positive lag
    - `n_windows`: number of windows with a correlation

    Chance alone gives the lag statistics large values. For unrelated signals, `corr_lag` is the middle of the range of
    lags: −max_lag / 2 for imitation, and 0 with `causal=False` and for coordination. `follow_share` is then about 0.9
    for imitation (0.86 to 0.97 at width 2 and max_lag 1 s), because only lag 0 is not negative, and `lead_share` is 0.
    With lags in both directions, each of the two is about 0.5. `significance` and `contingency` compare with chance.

    Parameters
    ----------
    result
        Result of `imitation` or `coordination`, with its windows.
    by
        Name of a coordinate along `window` with labels: statistics over the windows of each label. A result that was
        computed with `by` has it; without, windows at the edge of an interval reach into the next one.

    Returns
    -------
    Dataset
        The statistics `(…, signal1, signal2)`, or with the dimensions of the result except `window`; with `by`, its
        labels are a dimension before them. They are float64 (`n_windows` is int32), and lazy if the result is.

    Raises
    ------
    ValueError
        If `result` has no `corr` and `lag` along `window`, or no coordinate `by` along `window`.

    Examples
    --------
    >>> import numpy as np
    >>> from bitbox_xr import signals
    >>> x = signals(np.random.default_rng(0).normal(size=(300, 2)), fps=30)
    >>> stats = window_stats(imitation(x, x, width=2, step=1, max_lag=1))
    >>> stats.corr_mean.values.diagonal().round(6), int(stats.n_windows[0, 1])
    (array([1., 1.]), 7)
    """
    missing = [name for name in ("corr", "lag") if name not in getattr(result, "data_vars", ())]
    if missing or WINDOW not in result["corr"].dims:
        got = f"a result without {' and '.join(missing)}" if missing else "a result without the dimension window"
        if STATISTICS[0] in getattr(result, "data_vars", ()):
            got += "; it already holds statistics over windows: use it as it is"
        expected = "expected a result of imitation() or coordination() with corr and lag along window"
        raise ValueError(f"window_stats(): {expected}, got {got}")
    groups = label_groups(result, by)
    dims = tuple(str(dim) for dim in result["corr"].dims if dim != WINDOW)
    extra, last = dims[:-2], dims[-2:]  # matched pairs have one dimension, a single pair has none
    corr, lag = (result[name].transpose(*extra, WINDOW, *last).data for name in ("corr", "lag"))
    absent = (-2, -1)[: 2 - len(last)]
    for _ in absent:
        corr, lag = (np.expand_dims(a, a.ndim - len(last)) for a in (corr, lag))
    found = statistics(correlation_engine.grouped_reduced(corr, lag, groups.windows))
    dims = (*extra, *groups.dims, *last)
    found = {name: np.squeeze(found[name], axis=absent if groups.dims else (*absent, -3)) for name in STATISTICS}
    coords = {name: coord for name, coord in result.coords.items() if WINDOW not in coord.dims} | groups.coords
    attrs = {**result.attrs, "window_count": int(result.sizes[WINDOW])}
    return xr.Dataset(_described({name: (dims, values) for name, values in found.items()}), coords, attrs)


# --- labelled results


def _measure(
    measure: MeasureOfTwo,
    x: SignalsLike,
    y: SignalsLike | None,
    options: Options,
    fps: float | None,
    by: str | None,
    stats: bool,
) -> xr.Dataset:
    refuse(f"{measure}()", flag_faults("stats", stats))
    pair = checked_pair(measure, x, y, options, fps, by)
    note_constant_signals(measure, pair)
    plan = pair.plan()
    if stats:
        found = statistics_by_plan(pair, [plan], mirrored=pair.mirrored)
        dims = pair.dims(*pair.label_dims(), SIGNAL1, SIGNAL2)
        variables = {name: (dims, found[name][..., 0, :, :]) for name in STATISTICS}
        return label_variables(variables, {**pair.coords(), **pair.label_coords()}, pair.attrs())
    grids = [grid.windows for grid in pair.grids]
    corr, lag, valid1, valid2 = correlation_engine.matrices(
        *pair.arrays, grids, plan, plan.lags / pair.fps, mirrored=pair.mirrored
    )
    variables = {
        "corr": (pair.dims(WINDOW, SIGNAL1, SIGNAL2), corr),
        "lag": (pair.dims(WINDOW, SIGNAL1, SIGNAL2), lag),
        "valid1": (pair.dims(WINDOW, SIGNAL1), valid1),
        "valid2": (pair.dims(WINDOW, SIGNAL2), valid2),
    }
    return label_variables(variables, {**pair.coords(), **pair.window_coords()}, pair.attrs())


def statistics_by_plan(pair: Pair, plans: "list[Plan]", *, mirrored: bool) -> dict[str, Array]:
    """Statistics over windows by each plan, `(…, label, plan, n1, n2)`; without `by`, `(…, plan, n1, n2)`."""
    seconds = [plan.lags / pair.fps for plan in plans]
    sums = correlation_engine.grouped_sums(*pair.arrays, pair.groups(), plans, seconds, mirrored=mirrored)
    return statistics(sums if pair.label_dims() else sums[..., 0, :, :, :, :])


def label_variables(
    variables: dict[str, tuple[tuple[str, ...], Array]], coords: Mapping[str, Coordinate], attrs: Attrs
) -> xr.Dataset:
    """Variables given as `(dimensions, values)`, with their long names and units."""
    return new_dataset(_described(variables), coords, attrs)


def _described(
    variables: dict[str, tuple[tuple[str, ...], Array]],
) -> dict[str, tuple[tuple[str, ...], Array, dict[str, str]]]:
    return {name: (dims, values, variable_attrs(name)) for name, (dims, values) in variables.items()}
