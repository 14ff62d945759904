"""Plots of results compared with chance: significant pairs, and one pair over time, over lags and over both.

Each function draws on the axes or figure that it is given and returns them. Without one, it creates a pyplot figure.
No function calls `show()`. Matplotlib is imported when the first plot is drawn.
"""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.types import Attrs, PValue
from bitbox_xr.core.variables import PAIR, SIGNAL1, SIGNAL2, WINDOW
from bitbox_xr.measures.results import differences, largest_lag
from bitbox_xr.plotting.captions import (
    P_VALUES,
    attrs_of_part,
    axis_text,
    counts_text,
    options_text,
    pair_of,
    pair_text,
    surrogates_text,
    write_title,
)
from bitbox_xr.plotting.clipping import mark_clipped
from bitbox_xr.plotting.fitting import literal
from bitbox_xr.plotting.lag_maps import lag_heatmap
from bitbox_xr.plotting.matrix import draw_matrix
from bitbox_xr.plotting.pairs import draw_lags, lag_text, with_margin
from bitbox_xr.plotting.style import (
    CHANCE_BAND,
    CHANCE_COLOUR,
    COLUMN_MM,
    LINE_COLOUR,
    MARK_COLOUR,
    axes,
    lag_limits,
    legend_above,
    limits,
    mm,
    points,
    select_variable,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure, SubFigure

__all__ = ["lag_distribution", "lag_heatmap", "over_time_by_chance", "significant_pairs"]

OVER_TIME_MM, DISTRIBUTION_MM, MAP_MM = 82.0, 60.0, 70.0  # heights of new figures
MIN_BARS, MAX_BARS = 8, 40
MAX_FRAME_WIDTH = 0.14  # of a cell's side


@styled
def significant_pairs(
    result: xr.Dataset,
    found: xr.Dataset,
    *,
    statistic: str | None = None,
    by: PValue = "p_fwe",
    alpha: float = 0.05,
    vmin: float | None = None,
    vmax: float | None = None,
    cmap: "str | Colormap | None" = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """Plot the matrix of `bitbox_xr.plotting.pairs.matrix` with a frame around each significant pair.

    By default, the colours show the effect that was tested: how many standard deviations the statistic of a pair is
    above its surrogates. The mean correlation itself is no effect: it is large by chance where signals change slowly.

    Parameters
    ----------
    result
        Result of `imitation`, `coordination` or `window_stats`, of one recording; or `found` itself.
    found
        Result of `significance` for the same recordings, for all pairs or for matched pairs (signals of one label).
    statistic
        Name of the variable to plot, of `found` or of `result`. Default: surrogate_z of `found`.
    by
        Which p-value decides: "p" (of the pair alone), "p_fwe" (family-wise: the chance of one false positive or more
        among all pairs) or "q" (false discovery rate: the expected share of false positives among the pairs found).
    alpha
        Pairs with a p-value of at most `alpha` get a frame.
    vmin, vmax, cmap, ax
        As for `matrix`.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If `found` does not contain this p-value, has signals that `result` does not have, or has further dimensions; if
        measure, options, sources or processing of the two differ (each difference is named).

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from bitbox_xr import imitation, significance
    >>> from bitbox_xr.demo import make_pair
    >>> x, y, _ = make_pair(minutes=1)
    >>> options = {"width": 2, "step": 1, "max_lag": 1}
    >>> found = significance(x, y, **options, n=99, rng=0, pairs="matched", progress=False)
    >>> ax = significant_pairs(imitation(x, y, **options), found, ax=Figure(layout="constrained").subplots())
    >>> ax.get_xlabel()
    'framed: family-wise p ≤ 0.05, 2 of 12 pairs'
    """
    remedy = "use the result of significance(x, y)"
    if by not in P_VALUES:
        raise ValueError(f"expected by to be one of {', '.join(P_VALUES)}, got {by!r}")
    matched = by in found and PAIR in found[by].dims
    p_values = select_variable(found, by, (PAIR,) if matched else (SIGNAL1, SIGNAL2), remedy)
    refuse("significant_pairs()", differences(result=result, found=found))
    shown = found if statistic is None or statistic in found else result
    tested = int(p_values.notnull().sum())
    legend = f"framed: {P_VALUES[by]} ≤ {alpha:g}, {counts_text(int((p_values <= alpha).sum()), tested, 'pair')}"
    drawn, further = _with_windows(shown, result), tuple(surrogates_text(found.attrs))
    ax = draw_matrix(drawn, statistic or "surrogate_z", (vmin, vmax), cmap, ax, further, legend)
    where = np.nonzero((p_values <= alpha).values)
    if matched and PAIR in shown.dims:
        _frame(ax, where[0], np.zeros_like(where[0]))
        return ax
    # both signals of a matched pair have the same label
    dims, where = (p_values.dims * 2, where * 2) if matched else (p_values.dims, where)
    labels = [p_values[dim].values[at] for dim, at in zip(dims, where, strict=True)]
    places = [_positions(shown[dim].values, some) for dim, some in zip((SIGNAL1, SIGNAL2), labels, strict=True)]
    _frame(ax, *places)
    return ax


@styled
def over_time_by_chance(
    windows: xr.Dataset,
    *,
    level: float = 0.9,
    vmin: float | None = None,
    vmax: float | None = None,
    cmap: "str | Colormap | None" = None,
    fig: "Figure | SubFigure | None" = None,
) -> "Figure | SubFigure":
    """Plot the correlation of one pair in every window in front of the range of its surrogates, and its lags.

    Surrogates are signals made from y that are independent of x. They show what is expected by chance.

    Parameters
    ----------
    windows
        Result of `surrogate_windows`.
    level
        Share of the surrogates in the band of each window. The band starts at the weakest surrogate, so that by chance
        a share of 1 − level of the windows is above it.
    vmin, vmax
        Limits of the correlation, of its axis and of its colours. Default: −1 and 1, or 0 and 1 for the axis of
        absolute correlations.
    cmap
        Matplotlib colour map of the correlations of windows in the lower panel, or its name. Surrogates have every lag;
        see `lag_distribution` for how often.
    fig
        Matplotlib figure or subfigure without axes. Default: a new figure.

    Returns
    -------
    Figure or SubFigure

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from bitbox_xr import surrogate_windows
    >>> from bitbox_xr.demo import make_pair
    >>> x, y, _ = make_pair(minutes=0.5)
    >>> windows = surrogate_windows(x, y, pair=("AU12", "AU12"), n=19, rng=0, width=2, step=1, max_lag=1)
    >>> fig = over_time_by_chance(windows, fig=Figure(layout="constrained"))
    >>> fig.axes[0].get_ylabel()
    'absolute correlation'
    """
    time = windows[WINDOW].values
    strength, null = (_strength(windows, name) for name in ("corr", "null_corr"))
    fig = mm(COLUMN_MM[1], OVER_TIME_MM) if fig is None else fig
    above, below = fig.subplots(2, 1, sharex=True)
    low, high = _quantiles(null, (0.0, level))
    label = f"{level:.0%} of {len(null)} surrogates"
    above.fill_between(time, low, high, color=CHANCE_BAND, linewidth=0, step="mid", label=label)
    out = strength > high
    above.plot(time, strength, color=LINE_COLOUR, marker=".", markersize=2.5, linewidth=0.8)
    label = f"above: {int(out.sum())} of {int(np.isfinite(strength).sum())}"
    above.plot(time[out], strength[out], color=MARK_COLOUR, marker=".", markersize=4, linestyle="none", label=label)
    legend_above(above)
    absolute = bool(windows.attrs.get("polarity", 1))
    name = "absolute correlation" if absolute else axis_text(windows["corr"])
    span = limits(np.ones(1), vmin, vmax, both_signs=not absolute)
    above.set(ylim=(span[0], with_margin(span)[1]) if absolute else with_margin(span), ylabel=literal(name))
    mark_clipped(above)
    below.axhline(0, color="0.6", linewidth=0.6, zorder=0.5)
    draw_lags(
        below, time, windows["lag"].values, windows["corr"].values, (-span[1] if absolute else span[0], span[1]), cmap
    )
    below.set(ylim=lag_limits(windows.attrs), ylabel=literal(lag_text(windows, lines=2)))
    below.set_xlabel(literal(axis_text(windows[WINDOW])))
    below.locator_params(axis="y", nbins=5)
    write_title(fig, pair_text(windows, pair_of(windows)), options_text(attrs_of_part(windows)))
    return fig


@styled
def lag_distribution(
    windows: xr.Dataset,
    *,
    level: float = 0.9,
    vmin: float | None = None,
    vmax: float | None = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """Plot the share of windows with each best lag, and the range of these shares among the surrogates.

    Surrogates are signals made from y that are independent of x. They show what is expected by chance. Adjacent lags
    are counted together if there are few windows: about 2·√n bars for n windows.

    Parameters
    ----------
    windows
        Result of `surrogate_windows`.
    level
        Share of the surrogates in the band of each lag.
    vmin, vmax
        Limits of the shares. Default: 0, and as the data need.
    ax
        Matplotlib axes to draw on. Default: the axes of a new figure.

    Returns
    -------
    Axes

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from bitbox_xr import surrogate_windows
    >>> from bitbox_xr.demo import make_pair
    >>> x, y, _ = make_pair(minutes=0.5)
    >>> windows = surrogate_windows(x, y, pair=("AU12", "AU12"), n=19, rng=0, width=2, step=1, max_lag=1)
    >>> ax = lag_distribution(windows, ax=Figure(layout="constrained").subplots())
    >>> ax.get_ylabel()
    'share of windows'
    """
    count = int(np.isfinite(windows["lag"].values).sum())
    edges, starts = _bars(_lags(windows.attrs), count, windows.attrs["fps"])
    shares, null = (
        np.add.reduceat(_shares(chosen, windows.attrs), starts, axis=1)
        for chosen in (windows["lag"].values[None], windows["null_lag"].values)
    )
    low, high = _quantiles(null, ((1 - level) / 2, (1 + level) / 2))
    ax = axes(ax, COLUMN_MM[1], DISTRIBUTION_MM)
    label = f"{level:.0%} of {len(null)} surrogates"
    ax.stairs(high, edges, baseline=low, fill=True, color=CHANCE_BAND, linewidth=0, label=label)
    ax.stairs(null.mean(axis=0), edges, baseline=None, color=CHANCE_COLOUR, linewidth=0.9, label="mean of surrogates")
    ax.stairs(shares[0], edges, color=LINE_COLOUR, linewidth=1.2, label=f"observed, {count} windows")
    ax.axvline(0, color="0.6", linewidth=0.6, zorder=0)
    ax.legend()
    ax.set(xlabel=literal(lag_text(windows)), ylabel="share of windows", ylim=(vmin or 0.0, vmax))
    write_title(ax, pair_text(windows, pair_of(windows)), options_text(attrs_of_part(windows)))
    return ax


# --- what is drawn


def _strength(windows: xr.Dataset, name: str) -> np.ndarray:
    """Absolute correlations, or signed ones for polarity=False."""
    values: np.ndarray = windows[name].values
    return np.abs(values) if windows.attrs.get("polarity", 1) else values


def _with_windows(shown: xr.Dataset, result: xr.Dataset) -> xr.Dataset:
    """`shown` with the number of windows of each pair, by which cells of few windows are hatched."""
    if "n_windows" not in result or "n_windows" in shown or PAIR in shown.dims:
        return shown
    return shown.assign(n_windows=result["n_windows"].sel({dim: shown[dim] for dim in (SIGNAL1, SIGNAL2)}))


def _quantiles(values: np.ndarray, shares: tuple[float, ...]) -> np.ndarray:
    """Quantiles over the first axis without NaN values, `(share, column)`; NaN for columns that are all NaN."""
    some = (~np.isnan(values)).any(axis=0)
    out = np.full((len(shares), values.shape[1]), np.nan)
    out[:, some] = np.nanquantile(values[:, some], shares, axis=0)
    return out


def _lags(attrs: Attrs) -> np.ndarray:
    """All lags that a window can have, s."""
    largest = round(largest_lag(attrs) * attrs["fps"])
    result: np.ndarray = np.arange(-largest, 1 if attrs.get("causal") else largest + 1) / attrs["fps"]
    return result


def _bars(lags: np.ndarray, windows: int, fps: float) -> tuple[np.ndarray, np.ndarray]:
    """Edges of the bars, and the index of each bar's first lag. Adjacent lags share a bar if there are many.

    All bars but the first have the same number of lags.
    """
    most = int(np.clip(round(2 * np.sqrt(windows)), MIN_BARS, MAX_BARS))
    size = -(-len(lags) // most)
    starts = np.arange(len(lags), 0, -size)[:0:-1] if len(lags) > size else np.array([], dtype=int)
    starts = np.append(0, starts[starts > 0])
    return np.append(lags[starts], lags[-1] + 1 / fps) - 0.5 / fps, starts


def _shares(chosen: np.ndarray, attrs: Attrs) -> np.ndarray:
    """Share of windows with each lag, `(row, lag)`, from the best lags `chosen`, `(row, window)`."""
    frames = np.round(_lags(attrs) * attrs["fps"])
    counts = (np.round(chosen * attrs["fps"])[..., None] == frames).sum(axis=1)
    result: np.ndarray = counts / np.maximum((~np.isnan(chosen)).sum(axis=1, keepdims=True), 1)
    return result


def _positions(labels: np.ndarray, some: np.ndarray) -> np.ndarray:
    """Positions of `some` labels among `labels` of a result."""
    known = {str(label): at for at, label in enumerate(labels)}
    return np.array([known[str(label)] for label in some], dtype=int)


def _frame(ax: "Axes", rows: np.ndarray, columns: np.ndarray) -> None:
    """Draw a black frame inside each of these cells. Its line width depends on the size of the cells."""
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    cells = np.ptp(ax.get_xlim()), np.ptp(ax.get_ylim())
    side = (points(ax) / cells).min()
    width = float(np.clip(MAX_FRAME_WIDTH * side, 0.4, 2.0))
    inset = width / side / 2
    corners = zip(columns, rows, strict=True)
    patches = [Rectangle((c - 0.5 + inset, r - 0.5 + inset), 1 - 2 * inset, 1 - 2 * inset) for c, r in corners]
    ax.add_collection(PatchCollection(patches, facecolor="none", edgecolor="black", linewidth=width))
