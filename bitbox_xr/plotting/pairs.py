"""Plots of imitation and coordination: a matrix of all pairs, one pair over lags, one pair over time.

Each function draws on the axes or figure that it is given and returns them. Without one, it creates a pyplot figure.
No function calls `show()`. New figures have `layout="constrained"`; use the same for your own, or labels may be cut
off. Matplotlib is imported when the first plot is drawn.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.selection import unknown_name
from bitbox_xr.core.types import Attrs
from bitbox_xr.core.variables import LAG, SIGNAL1, SIGNAL2, WINDOW, number_name
from bitbox_xr.measures.results import below_half, selves, strongest
from bitbox_xr.measures.social import window_stats
from bitbox_xr.plotting.style import (
    DIVERGING_CMAP,
    LABEL_PT,
    LINE_COLOUR,
    MARK_COLOUR,
    MISSING_COLOUR,
    SEQUENTIAL_CMAP,
    axis_text,
    inches,
    lag_limits,
    largest_lag,
    literal,
    new_figure,
    points,
    select_variable,
    shortened,
    title,
    with_sign,
    wrapped,
    wrapped_to_points,
    write_labels,
    write_title,
    zero_lines,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

__all__ = ["lag_profile", "matrix", "over_time"]

NON_NEGATIVE = {"corr_std", "corr_abs_mean", "follow_share", "lead_share", "n_windows", "at_limit"}
NON_NEGATIVE |= {"answered", "chance", "odds_ratio", "n_given", "latency"}
LAGS = {"corr_lag", "best_lag"}
DEFAULT_STATISTICS = ("best_lag", "corr_mean", "surrogate_z", "answered_above_chance")  # the first that the result has
MIN_FIGURE_INCHES = (4.4, 3.4)  # the title and the colour bar need this much beside few cells
NO_CORRELATION = "no window has a correlation: flat or missing"


def matrix(result: xr.Dataset, *, statistic: str | None = None, ax: "Axes | None" = None) -> "Axes":
    """Plot one statistic of every pair of signals as a matrix of coloured cells.

    Rows are signal1 and columns are signal2. Statistics of both signs have the colour map `DIVERGING_CMAP` of
    `bitbox_xr.plotting.style`, centred on zero; statistics of one sign have `SEQUENTIAL_CMAP`. Missing values are
    grey, and so is each signal paired with itself, if the result is of one person. Hatched cells rest on fewer
    than half as many windows as the cell with most windows. A line in the title explains grey and hatched cells.
    If the signals' facial regions are known and adjacent, lines separate the regions.

    Parameters
    ----------
    result
        Result of `imitation`, `coordination`, `window_stats`, `lag_profile`, `significance` or `contingency`, of one
        recording.
    statistic
        Name of a variable `(signal1, signal2)`. For a result with windows: one of `window_stats`. Default: corr_mean;
        for a result of `lag_profile`, best_lag; of `significance`, surrogate_z; of `contingency`,
        answered_above_chance.
    ax
        Matplotlib axes to draw on, preferably of a figure with `layout="constrained"`. Default: the axes of a new
        figure, which is large enough for every label. If the axes are small, some labels are left out.

    Returns
    -------
    Axes
        `ax.figure` is the figure.

    Raises
    ------
    ValueError
        If the result does not contain the statistic, or the statistic has other dimensions.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from bitbox_xr import imitation
    >>> from bitbox_xr.demo import make_pair
    >>> x, y, _ = make_pair(minutes=0.5)
    >>> result = imitation(x.sel(signal=["AU06", "AU12"]), y, width=2, step=1, max_lag=1)
    >>> ax = matrix(result, ax=Figure(layout="constrained").subplots())
    >>> ax.get_xlabel().splitlines()[0], [label.get_text() for label in ax.get_yticklabels()]
    ('signal2 (of y: bitbox-xr demo, seed 0, model)', ['AU06', 'AU12'])
    """
    stats = window_stats(result) if "corr" in result and WINDOW in result["corr"].dims else result
    if statistic is None:
        statistic = next((name for name in DEFAULT_STATISTICS if name in stats), "corr_mean")
    values = select_variable(stats, statistic, (SIGNAL1, SIGNAL2), "choose one of these as statistic")
    alone, few = selves(values, result.attrs), _few_windows(stats, statistic)
    shown = np.where(alone, np.nan, values.values)
    rows, columns = values.shape
    if ax is None:
        side = max(inches(columns) + 1.0, MIN_FIGURE_INCHES[0]), max(inches(rows), MIN_FIGURE_INCHES[1])
        ax = new_figure(*side).subplots()
    image = ax.imshow(shown, aspect="auto", interpolation="nearest", **_colours(shown, statistic, result.attrs))
    width, height = points(ax)
    label = wrapped_to_points(axis_text(values), height, LABEL_PT)
    ax.figure.colorbar(image, ax=ax, label=label, pad=0.02, fraction=0.05)
    _hatch(ax, few & ~alone)
    size = write_labels(ax.xaxis, values[SIGNAL2].values, width / columns)
    if max(map(len, values[SIGNAL2].values)) * size * 0.7 > width / columns:
        ax.tick_params(axis="x", rotation=90)
    write_labels(ax.yaxis, values[SIGNAL1].values, height / rows)
    _separate_regions(ax.axvline, values, SIGNAL2)
    _separate_regions(ax.axhline, values, SIGNAL1)
    ax.set_xlabel(wrapped_to_points(f"signal2{_source(result.attrs, 2)}", width, LABEL_PT))
    ax.set_ylabel(wrapped_to_points(f"signal1{_source(result.attrs, 1)}", height, LABEL_PT))
    notes = _notes(np.isnan(values.values) & ~alone, alone, few & ~alone)
    write_title(ax, [line for line in (_settings(result.attrs), *notes) if line], width)
    return ax


def lag_profile(profile: xr.Dataset, pair: tuple[str, str] | None = None, ax: "Axes | None" = None) -> "Axes":
    """Plot the mean correlation of one pair of signals at every lag, with the best lag marked.

    Parameters
    ----------
    profile
        Result of `bitbox_xr.lag_profile`, of one recording.
    pair
        Labels of signal1 and signal2. Default: the pair with the strongest mean correlation; if the result also has
        `n_windows`, among the pairs with at least half as many windows as the pair with most windows.
    ax
        Matplotlib axes to draw on, preferably of a figure with `layout="constrained"`. Default: the axes of a new
        figure.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the result does not contain the pair, or has other dimensions.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> import bitbox_xr as bx
    >>> from bitbox_xr.demo import make_pair
    >>> x, y, _ = make_pair(minutes=0.5)
    >>> profile = bx.lag_profile(x, y, width=2, step=1, max_lag=1)
    >>> ax = lag_profile(profile, ("AU12", "AU12"), ax=Figure(layout="constrained").subplots())
    >>> ax.get_legend().get_texts()[0].get_text()
    'best lag −0.400 s (outermost lag in 0% of windows)'
    """
    heights = select_variable(profile, "profile", (LAG, SIGNAL1, SIGNAL2), "use the result of bx.lag_profile(x, y)")
    counts = _window_counts(profile)
    pair = _checked_pair(heights, pair, abs(heights).max(LAG), counts, profile.attrs)
    at = {SIGNAL1: pair[0], SIGNAL2: pair[1]}
    ax = new_figure(6.0, 3.8).subplots() if ax is None else ax
    zero_lines(ax)
    ax.plot(heights[LAG], heights.sel(at), color=LINE_COLOUR, marker=".", markersize=5)
    best = float(profile["best_lag"].sel(at))
    if np.isfinite(best):
        share = float(profile["at_limit"].sel(at))
        # NaN if lag 0 is the only one
        at_limit = f" (outermost lag in {share:.0%} of windows)" if np.isfinite(share) else ""
        label = f"best lag {with_sign(best)} s{at_limit}"
        ax.axvline(best, color=MARK_COLOUR, linestyle="--", linewidth=1, label=label)
        low, high = ax.get_ylim()
        ax.set_ylim(low, high + 0.3 * (high - low))  # space for the legend above every point
        ax.legend(loc="upper left", fontsize="small")
    else:
        _write_no_correlation(ax)
        ax.set_xlim(heights[LAG].values.min() - 0.02, heights[LAG].values.max() + 0.02)
    ax.set(xlabel=literal(axis_text(heights[LAG])), ylabel=wrapped(axis_text(heights), 30))
    write_title(ax, _pair_title(pair, profile.attrs, None if counts is None else int(counts.sel(at))))
    return ax


def over_time(
    result: xr.Dataset, pair: tuple[str, str] | None = None, fig: "Figure | SubFigure | None" = None
) -> "Figure | SubFigure":
    """Plot the correlation and the lag of one pair of signals in every window, as two panels over one time axis.

    No line connects windows of different intervals.

    Parameters
    ----------
    result
        Result of `imitation` or `coordination` with every window (without `stats=True`), of one recording.
    pair
        Labels of signal1 and signal2. Default: the pair with the strongest mean correlation, among the pairs with a
        correlation in at least half as many windows as the pair with most windows.
    fig
        Matplotlib figure or subfigure without axes, preferably with `layout="constrained"`. Default: a new figure. In
        the lower panel, the paler a dot, the weaker the correlation of its window.

    Returns
    -------
    Figure or SubFigure

    Raises
    ------
    ValueError
        If the result does not contain the pair or its windows, or has other dimensions.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from bitbox_xr import imitation
    >>> from bitbox_xr.demo import make_pair
    >>> x, y, _ = make_pair(minutes=0.5)
    >>> result = imitation(x, y, width=2, step=1, max_lag=1)
    >>> fig = over_time(result, ("AU12", "AU12"), fig=Figure(layout="constrained"))
    >>> fig.axes[1].get_xlabel()
    'time (middle of the window,\\xa0s)'
    """
    remedy = "use a result with every window, as imitation(x, y) and coordination(x, y) return it without stats=True"
    corr, lag = (select_variable(result, name, (WINDOW, SIGNAL1, SIGNAL2), remedy) for name in ("corr", "lag"))
    counts = corr.notnull().sum(WINDOW)
    pair = _checked_pair(corr, pair, abs(corr.mean(WINDOW)), counts, result.attrs)
    at = {SIGNAL1: pair[0], SIGNAL2: pair[1]}
    strength, delay, time = corr.sel(at).values, lag.sel(at).values, corr[WINDOW].values
    fig = new_figure(7.0, 4.8) if fig is None else fig
    above, below = fig.subplots(2, 1, sharex=True)
    for ax in (above, below):
        ax.axhline(0, color="0.6", linewidth=0.8)
    edges = _interval_edges(result)
    line = (np.insert(values, edges, np.nan) for values in (time, strength))
    above.plot(*line, color=LINE_COLOUR, marker=".", markersize=4, linewidth=1)
    opacity = np.clip(np.nan_to_num(np.abs(strength)), 0.1, 1)
    below.scatter(time, delay, s=14, color=LINE_COLOUR, alpha=opacity, linewidths=0)
    if np.isnan(strength).all():
        _write_no_correlation(above)
    above.set(xlim=_time_limits(result), ylim=(-1.05, 1.05), ylabel=wrapped(axis_text(corr), 26))
    below.set(ylim=lag_limits(result.attrs), ylabel=wrapped(axis_text(lag), 26))
    below.set_xlabel(literal(f"time ({axis_text(corr[WINDOW])})"))
    write_title(above, _pair_title(pair, result.attrs, int(counts.sel(at))))
    return fig


# --- what is drawn


def _checked_pair(
    values: xr.DataArray,
    pair: tuple[str, str] | None,
    strength: xr.DataArray,
    counts: xr.DataArray | None,
    attrs: Attrs,
) -> tuple[str, str]:
    """`pair`, checked. For None the strongest pair, or the first pair if none has a correlation."""
    if pair is None:
        first = str(values[SIGNAL1].values[0]), str(values[SIGNAL2].values[0])
        return strongest(strength, counts, attrs) or first
    if isinstance(pair, str) or len(pair) != 2:
        raise ValueError(f"expected pair to be two labels (signal1, signal2), got {pair!r}")
    faults = [
        unknown_name(f"a label of {dim}", label, values[dim].values)
        for dim, label in zip((SIGNAL1, SIGNAL2), pair, strict=True)
        if label not in values[dim].values.tolist()
    ]
    refuse("pair", faults)
    return pair[0], pair[1]


def _window_counts(stats: xr.Dataset) -> xr.DataArray | None:
    """In how many windows each pair has a correlation, if the result states it."""
    if "n_windows" not in stats:
        return None
    return select_variable(stats, "n_windows", (SIGNAL1, SIGNAL2), "")


def _few_windows(stats: xr.Dataset, statistic: str) -> np.ndarray:
    """Whether each pair has some windows, but fewer than half as many as the pair with most windows."""
    counts = _window_counts(stats)
    if counts is None or statistic == "n_windows":
        return np.zeros((stats.sizes[SIGNAL1], stats.sizes[SIGNAL2]), bool)
    result: np.ndarray = (counts.values > 0) & below_half(counts.values)
    return result


def _interval_edges(result: xr.Dataset) -> np.ndarray:
    """The windows with which a further interval begins, in a result by label; no line connects them with others."""
    number = number_name(str(result.attrs.get("by", "")))
    if number not in result.coords or result[number].dims != (WINDOW,):
        return np.array([], dtype=int)
    return np.flatnonzero(np.diff(result[number].values)) + 1


def _time_limits(result: xr.Dataset) -> tuple[float, float] | None:
    """Start of the first window and end of the last window, with or without a correlation, s."""
    edges = [result[name].values for name in ("window_start", "window_stop") if name in result.coords]
    if len(edges) < 2 or not len(edges[0]):
        return None
    return float(edges[0].min()), float(edges[1].max())


# --- how it looks


def _colours(values: np.ndarray, statistic: str, attrs: Attrs) -> dict[str, Any]:
    """Colour map and limits, as keywords of `imshow`."""
    import matplotlib

    largest = float(np.nanmax(np.abs(values), initial=0)) or 1.0
    non_positive = statistic in LAGS and bool(attrs.get("causal"))  # with causal=True no lag is positive
    both_signs = statistic not in NON_NEGATIVE and not non_positive
    cmap = matplotlib.colormaps[DIVERGING_CMAP if both_signs else SEQUENTIAL_CMAP].with_extremes(bad=MISSING_COLOUR)
    return {
        "cmap": cmap,
        "vmin": -largest if both_signs or non_positive else 0.0,
        "vmax": 0.0 if non_positive else largest,
    }


def _hatch(ax: "Axes", cells: np.ndarray) -> None:
    """Draw a diagonal line through cells. A paler colour could be mistaken for a smaller value."""
    from matplotlib.collections import LineCollection

    if cells.any():
        strokes = [((column - 0.5, row + 0.5), (column + 0.5, row - 0.5)) for row, column in np.argwhere(cells)]
        ax.add_collection(LineCollection(strokes, colors="0.2", linewidths=0.7), autolim=False)


def _separate_regions(draw: Callable[..., Any], values: xr.DataArray, dim: str) -> None:
    """Draw lines between the facial regions of adjacent signals, if the regions are known."""
    regions = values.coords.get(f"region{dim[-1]}")
    if regions is None:
        return
    borders = np.flatnonzero(regions.values[1:] != regions.values[:-1])
    # if signals are not sorted by region, there would be a line around almost every one
    if len(borders) <= len(regions) / 2:
        for border in borders:
            draw(border + 0.5, color="0.35", linewidth=0.6)


def _write_no_correlation(ax: "Axes") -> None:
    style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": "small", "color": "0.3"}
    ax.text(0.5, 0.5, NO_CORRELATION, transform=ax.transAxes, backgroundcolor="white", **style)


def _source(attrs: Attrs, side: int) -> str:
    """Whose signals these are and the name of their file, as far as the attributes state it."""
    source = shortened(str(attrs.get(f"source{side}", "")))
    who = [] if attrs.get("alone") else ["xy"[side - 1]]
    text = ": ".join([*who, source] if source else who)
    return f" (of {text})" if text else ""


def _pair_title(pair: tuple[str, str], attrs: Attrs, count: int | None) -> list[str]:
    """Lines of a title: the pair; the settings, and the number of windows with a correlation if not all have one."""
    settings = _settings(attrs)
    if settings and count not in (None, attrs["window_count"]):
        settings = f"{settings}; a correlation in {count} of them"
    return [line for line in (title(pair, attrs), settings) if line]


def _notes(missing: np.ndarray, selves: np.ndarray, few: np.ndarray) -> list[str]:
    """Lines that explain grey and hatched cells, if there are any."""
    grey = [text for text, cells in (("each signal with itself", selves), (NO_CORRELATION, missing)) if cells.any()]
    hatched = ["hatched: fewer than half as many windows as the pair with most windows"] if few.any() else []
    return ([f"grey: {'; or '.join(grey)}"] if grey else []) + hatched


def _settings(attrs: Attrs) -> str:
    """The measure and its window options, if the attributes state them."""
    if any(name not in attrs for name in ("measure", "width", "step", "window_count")):
        return ""
    text = f"{attrs['measure']}, {attrs['window_count']} windows of {attrs['width']:.3g} s every {attrs['step']:.3g} s"
    return f"{text}, lags up to {largest_lag(attrs):.3g} s" if "max_lag" in attrs else text
