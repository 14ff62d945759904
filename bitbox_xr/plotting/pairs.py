"""Plots of imitation and coordination: a matrix of all pairs, one pair over lags, one pair over time.

Each function draws on the axes or figure that it is given and returns them. Without one, it creates a pyplot figure.
No function calls `show()`. New figures have `layout="constrained"`; use the same for your own, or labels may be cut
off. Matplotlib is imported when the first plot is drawn.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.selection import unknown_name
from bitbox_xr.core.types import Attrs
from bitbox_xr.core.variables import LAG, SIGNAL1, SIGNAL2, SURROGATE, WINDOW, number_name
from bitbox_xr.measures.results import strongest
from bitbox_xr.plotting.captions import attrs_of_part, axis_text, of, options_text, pair_text, with_sign, write_title
from bitbox_xr.plotting.clipping import extension, mark_clipped
from bitbox_xr.plotting.fitting import literal, unbroken
from bitbox_xr.plotting.matrix import NO_CORRELATION, matrix
from bitbox_xr.plotting.style import (
    CHANCE_BAND,
    COLUMN_MM,
    DIVERGING_CMAP,
    LINE_COLOUR,
    MARK_COLOUR,
    axes,
    colour_map,
    lag_limits,
    legend_above,
    limits,
    mm,
    select_variable,
    styled,
    zero_lines,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure, SubFigure

__all__ = ["lag_profile", "matrix", "over_time"]

PROFILE_MM, OVER_TIME_MM = 60.0, 82.0  # heights of new figures


@styled
def lag_profile(
    profile: xr.Dataset,
    pair: tuple[str, str] | None = None,
    *,
    chance: xr.Dataset | None = None,
    level: float = 0.9,
    vmin: float | None = None,
    vmax: float | None = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """Plot the mean correlation of one pair of signals at every lag, with the best lag marked.

    All pairs of a result have the same scale, whichever is plotted, unless a band of surrogates is wider.

    Parameters
    ----------
    profile
        Result of `bitbox_xr.lag_profile`, of one recording.
    pair
        Labels of signal1 and signal2. Default: the pair with the strongest mean correlation; if the result also has
        `n_windows`, among the pairs with at least half as many windows as the pair with most windows.
    chance
        Result of `bitbox_xr.surrogate_profiles` for this pair, for a band of what chance gives at each lag.
    level
        Share of the surrogates in the band of each lag.
    vmin, vmax
        Limits of the correlation. Default: round numbers that include all pairs.
    ax
        Matplotlib axes to draw on, preferably of a figure with `layout="constrained"`. Default: the axes of a new
        figure.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the result does not contain the pair, or has other dimensions; if `chance` is of another pair.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> import bitbox_xr as bx
    >>> from bitbox_xr.demo import make_pair
    >>> x, y, _ = make_pair(minutes=0.5)
    >>> profile = bx.lag_profile(x, y, width=2, step=1, max_lag=1)
    >>> ax = lag_profile(profile, ("AU12", "AU12"), ax=Figure(layout="constrained").subplots())
    >>> ax.get_legend().get_texts()[0].get_text().splitlines()[0]
    'best lag −0.40 s, r = 0.67'
    """
    heights = select_variable(profile, "profile", (LAG, SIGNAL1, SIGNAL2), "use the result of bx.lag_profile(x, y)")
    counts = _window_counts(profile)
    pair = _checked_pair(heights, pair, abs(heights).max(LAG), counts, profile.attrs)
    at = {SIGNAL1: pair[0], SIGNAL2: pair[1]}
    ax = axes(ax, COLUMN_MM[1], PROFILE_MM)
    zero_lines(ax)
    band: np.ndarray | list[float] = [] if chance is None else _draw_chance(ax, chance, pair, level)
    ax.plot(heights[LAG], heights.sel(at), color=LINE_COLOUR, marker=".", markersize=3)
    low, high = limits(np.append(heights.values, band), vmin, vmax, both_signs=True)
    ax.set_ylim(low, high)
    mark_clipped(ax)
    _mark_best(ax, profile.sel(at))
    ax.set(xlabel=literal(lag_text(profile)), ylabel=literal(axis_text(heights)))
    write_title(ax, pair_text(profile, pair), _options(attrs_of_part(profile), counts, at))
    return ax


@styled
def over_time(
    result: xr.Dataset,
    pair: tuple[str, str] | None = None,
    *,
    vmin: float | None = None,
    vmax: float | None = None,
    cmap: "str | Colormap | None" = None,
    fig: "Figure | SubFigure | None" = None,
) -> "Figure | SubFigure":
    """Plot the correlation and the lag of one pair of signals in every window, as two panels over one time axis.

    No line connects windows of different intervals. In the lower panel, the colour of a dot is the correlation of its
    window: the lag of a pale dot has little meaning.

    Parameters
    ----------
    result
        Result of `imitation` or `coordination` with every window (without `stats=True`), of one recording.
    pair
        Labels of signal1 and signal2. Default: the pair with the strongest mean correlation, among the pairs with a
        correlation in at least half as many windows as the pair with most windows.
    vmin, vmax
        Limits of the correlation, of its axis and of its colours. Default: −1 and 1.
    cmap
        Matplotlib colour map of correlations, or its name.
    fig
        Matplotlib figure or subfigure without axes, preferably with `layout="constrained"`. Default: a new figure.

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
    'time (middle of the window),\\xa0s'
    """
    remedy = "use a result with every window, as imitation(x, y) and coordination(x, y) return it without stats=True"
    corr, lag = (select_variable(result, name, (WINDOW, SIGNAL1, SIGNAL2), remedy) for name in ("corr", "lag"))
    counts = corr.notnull().sum(WINDOW)
    pair = _checked_pair(corr, pair, abs(corr.mean(WINDOW)), counts, result.attrs)
    at = {SIGNAL1: pair[0], SIGNAL2: pair[1]}
    strength, delay, time = corr.sel(at).values, lag.sel(at).values, corr[WINDOW].values
    fig = mm(COLUMN_MM[1], OVER_TIME_MM) if fig is None else fig
    above, below = fig.subplots(2, 1, sharex=True)
    for ax in (above, below):
        ax.axhline(0, color="0.6", linewidth=0.6, zorder=0.5)
    edges = _interval_edges(result)
    line = (np.insert(values, edges, np.nan) for values in (time, strength))
    above.plot(*line, color=LINE_COLOUR, marker=".", markersize=2.5, linewidth=0.8)
    span = limits(np.ones(1), vmin, vmax, both_signs=True)
    draw_lags(below, time, delay, strength, span, cmap)
    if np.isnan(strength).all():
        _write_no_correlation(above)
    above.set(xlim=_time_limits(result), ylim=with_margin(span), ylabel="correlation")
    above.locator_params(axis="y", nbins=5)
    mark_clipped(above)
    below.set(ylim=lag_limits(result.attrs), ylabel=literal(lag_text(result, lines=2)))
    below.set_xlabel(literal(axis_text(corr[WINDOW])))
    write_title(fig, pair_text(result, pair), _options(attrs_of_part(result), counts, at))
    return fig


def with_margin(span: tuple[float, float]) -> tuple[float, float]:
    """Limits of an axis with space for the dots at both limits of a scale."""
    margin = 0.025 * (span[1] - span[0])
    return span[0] - margin, span[1] + margin


def draw_lags(
    ax: "Axes",
    time: np.ndarray,
    lag: np.ndarray,
    corr: np.ndarray,
    span: tuple[float, float],
    cmap: "str | Colormap | None",
) -> None:
    """Draw a dot at the lag of each window in the colour of its correlation, with a colour bar."""
    from matplotlib.ticker import MaxNLocator

    dots = ax.scatter(
        time,
        lag,
        s=9,
        c=corr,
        cmap=colour_map(cmap or DIVERGING_CMAP),
        vmin=span[0],
        vmax=span[1],
        linewidths=0.3,
        edgecolors="0.4",
    )
    bar = ax.figure.colorbar(dots, ax=ax, pad=0.02, fraction=0.06, aspect=12, extend=extension(corr, *span))
    bar.locator = MaxNLocator(3, steps=[1, 2, 4, 5, 10])
    bar.update_ticks()
    bar.set_label("correlation")
    bar.outline.set_visible(False)


def lag_text(result: xr.Dataset | xr.DataArray, *, lines: int = 1) -> str:
    """Label of a lag axis: unit, and who follows at negative lags."""
    who = "signal1" if result.attrs.get("alone") else unbroken(of(result).x)
    return f"lag,\N{NO-BREAK SPACE}s{chr(10) if lines == 2 else ' '}(negative: {who} follows)"


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


def _mark_best(ax: "Axes", one: xr.Dataset) -> None:
    """Mark the best lag, and state its correlation and how often the best lag is the outermost."""
    best = float(one["best_lag"])
    if not np.isfinite(best):
        _write_no_correlation(ax)
        lags = one[LAG].values
        ax.set_xlim(lags.min() - 0.02, lags.max() + 0.02)
        return
    share = float(one["at_limit"])
    # NaN if lag 0 is the only one
    outermost = f"\noutermost lag in {share:.0%} of windows" if np.isfinite(share) else ""
    height = float(one["profile"].sel({LAG: best}, method="nearest"))
    ax.axvline(
        best,
        color=MARK_COLOUR,
        linestyle=(0, (4, 2)),
        linewidth=0.9,
        label=f"best lag {with_sign(best)} s, r = {with_sign(height)}{outermost}",
    )
    ax.plot(best, height, "o", color=MARK_COLOUR, markersize=3.5, zorder=3)
    legend_above(ax)


def _draw_chance(ax: "Axes", chance: xr.Dataset, pair: tuple[str, str], level: float) -> np.ndarray:
    """Draw the band of surrogates; return its lower and upper edges."""
    null = select_variable(chance, "null_profile", (SURROGATE, LAG), "use the result of bx.surrogate_profiles(x, y)")
    other = str(chance[SIGNAL1].item()), str(chance[SIGNAL2].item())
    if other != pair:
        raise ValueError(f"expected chance to be of the pair {pair}, got one of {other}; pass pair={other}")
    low, high = np.nanquantile(null.values, [(1 - level) / 2, (1 + level) / 2], axis=0)
    label = f"{level:.0%} of {null.sizes[SURROGATE]} surrogates"
    ax.fill_between(null[LAG].values, low, high, color=CHANCE_BAND, linewidth=0, label=label, zorder=0.4)
    return np.stack([low, high])


def _write_no_correlation(ax: "Axes") -> None:
    style: dict[str, Any] = {"ha": "center", "va": "center", "color": "0.3"}
    ax.text(0.5, 0.5, NO_CORRELATION, transform=ax.transAxes, backgroundcolor="white", **style)


def _options(attrs: Attrs, counts: xr.DataArray | None, at: dict[str, str]) -> list[str]:
    """Options of the title, with the number of windows in which the pair has a correlation."""
    return options_text(attrs, None if counts is None else int(counts.sel(at)))
