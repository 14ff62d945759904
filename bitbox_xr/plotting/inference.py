"""Plots of results compared with chance: significant pairs, and one pair over time, over lags and over both.

Each function draws on the axes or figure that it is given and returns them. Without one, it creates a pyplot figure.
No function calls `show()`. Matplotlib is imported when the first plot is drawn.
"""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.types import Attrs, PValue
from bitbox_xr.core.variables import LAG, PAIR, SIGNAL1, SIGNAL2, WINDOW
from bitbox_xr.measures.results import differences
from bitbox_xr.plotting import pairs
from bitbox_xr.plotting.style import (
    DIVERGING_CMAP,
    LINE_COLOUR,
    MARK_COLOUR,
    MISSING_COLOUR,
    axis_text,
    lag_limits,
    largest_lag,
    literal,
    new_figure,
    points,
    select_variable,
    title,
    with_sign,
    wrapped,
    zero_lines,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

__all__ = ["lag_distribution", "lag_heatmap", "over_time_by_chance", "significant_pairs"]

P_VALUES = {"p": "p", "p_fwe": "family-wise p", "q": "false discovery rate"}
BAND_COLOUR = "0.75"
MAX_BARS = 64
MAX_FRAME_WIDTH = 0.14  # of a cell's side


def significant_pairs(
    result: xr.Dataset,
    found: xr.Dataset,
    *,
    statistic: str | None = None,
    by: PValue = "p_fwe",
    alpha: float = 0.05,
    ax: "Axes | None" = None,
) -> "Axes":
    """Plot the matrix of `bitbox_xr.plotting.pairs.matrix` with a frame around each significant pair.

    Parameters
    ----------
    result
        Result of `imitation`, `coordination` or `window_stats`, of one recording; or `found` itself.
    found
        Result of `significance` for the same recordings, for all pairs or for matched pairs (signals of one label).
    statistic
        Name of the variable `(signal1, signal2)` to plot. Default: the mean that was tested (corr_abs_mean or
        corr_mean); surrogate_z if `result` is `found`.
    by
        Which p-value decides: "p" (of the pair alone), "p_fwe" (family-wise: the chance of one false positive or more
        among all pairs) or "q" (false discovery rate: the expected share of false positives among the pairs found).
    alpha
        Pairs with a p-value of at most `alpha` get a frame.
    ax
        Matplotlib axes to draw on. Default: the axes of a new figure.

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
    >>> ax.get_title(loc="left").splitlines()[-1]
    'framed: family-wise p ≤ 0.05, 2 of 12 pairs'
    """
    remedy = "use the result of significance(x, y)"
    if by not in P_VALUES:
        raise ValueError(f"expected by to be one of {', '.join(P_VALUES)}, got {by!r}")
    matched = by in found and PAIR in found[by].dims
    p_values = select_variable(found, by, (PAIR,) if matched else (SIGNAL1, SIGNAL2), remedy)
    refuse("significant_pairs()", differences(result=result, found=found))
    if statistic is None and "surrogate_z" not in result:
        statistic = found.attrs["statistic"]
    ax = pairs.matrix(result, statistic=statistic, ax=ax)
    where = np.nonzero((p_values <= alpha).values)
    # both signals of a matched pair have the same label
    dims, where = (p_values.dims * 2, where * 2) if matched else (p_values.dims, where)
    labels = [p_values[dim].values[at] for dim, at in zip(dims, where, strict=True)]
    places = [_positions(result[dim].values, some) for dim, some in zip((SIGNAL1, SIGNAL2), labels, strict=True)]
    _frame(ax, *places)
    tested = int(p_values.notnull().sum())
    legend = f"framed: {P_VALUES[by]} ≤ {alpha:g}, {len(places[0])} of {tested} pairs"
    ax.set_title("\n".join(filter(None, [ax.get_title(loc="left"), legend])), fontsize="medium", loc="left")
    return ax


def over_time_by_chance(
    windows: xr.Dataset, *, level: float = 0.9, fig: "Figure | SubFigure | None" = None
) -> "Figure | SubFigure":
    """Plot the correlation and the lag of one pair in every window, in front of the range of its surrogates.

    Surrogates are signals made from y that are independent of x. They show what is expected by chance.

    Parameters
    ----------
    windows
        Result of `surrogate_windows`.
    level
        Share of the surrogates in the grey band of each window. The band of the correlation starts at the weakest
        surrogate, so that by chance a share of 1 − level of the windows is above it. The band of the lag leaves out
        equal shares on both sides.
    fig
        Matplotlib figure or subfigure without axes. Default: a new figure. In the lower panel, the paler a dot, the
        weaker the correlation of its window.

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
    from matplotlib.ticker import MaxNLocator

    time = windows[WINDOW].values
    strength, null = (_strength(windows, name) for name in ("corr", "null_corr"))
    fig = new_figure(7.0, 4.6) if fig is None else fig
    above, below = fig.subplots(2, 1, sharex=True)
    for ax, values, tails in (
        (above, null, (0.0, level)),
        (below, windows["null_lag"].values, ((1 - level) / 2, (1 + level) / 2)),
    ):
        low, high = _quantiles(values, tails)
        label = f"{level:.0%} of the surrogates"
        ax.fill_between(time, low, high, color=BAND_COLOUR, linewidth=0, step="mid", label=label)
    ax = above
    out = strength > _quantiles(null, (level,))[0]
    ax.plot(time, strength, color=LINE_COLOUR, marker=".", markersize=4, linewidth=1)
    ax.plot(
        time[out], strength[out], color=MARK_COLOUR, marker=".", markersize=6, linestyle="none", label="above the band"
    )
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, fontsize="small", frameon=False, borderpad=0)
    ax.set_title(literal(title(_pair(windows))), loc="right", fontsize="medium")
    absolute = bool(windows.attrs.get("polarity", 1))
    name = "absolute correlation" if absolute else axis_text(windows["corr"])
    ax.set(ylim=(0, 1.05) if absolute else (-1.05, 1.05), ylabel=wrapped(name, 26))
    opacity = np.clip(np.nan_to_num(np.abs(windows["corr"].values)), 0.1, 1)
    colours = np.where(out, MARK_COLOUR, LINE_COLOUR)
    below.scatter(time, windows["lag"].values, s=14, c=colours, alpha=opacity, linewidths=0, zorder=2)
    below.set(ylim=lag_limits(windows.attrs), ylabel=wrapped(axis_text(windows["lag"]), 26))
    below.set_xlabel(literal(f"time ({axis_text(windows[WINDOW])})"))
    below.yaxis.set_major_locator(MaxNLocator(6))
    return fig


def lag_distribution(windows: xr.Dataset, *, level: float = 0.9, ax: "Axes | None" = None) -> "Axes":
    """Plot the share of windows with each best lag, and the range of these shares among the surrogates.

    Surrogates are signals made from y that are independent of x. They show what is expected by chance.

    Parameters
    ----------
    windows
        Result of `surrogate_windows`.
    level
        Share of the surrogates in the band of each lag.
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
    lags, starts = _bars(_lags(windows.attrs))
    shares, null = (
        np.add.reduceat(_shares(chosen, windows.attrs), starts, axis=1)
        for chosen in (windows["lag"].values[None], windows["null_lag"].values)
    )
    shares = shares[0]
    low, high = _quantiles(null, ((1 - level) / 2, (1 + level) / 2))
    ax = new_figure(6.0, 3.6).subplots() if ax is None else ax
    width = lags[1] - lags[0] if len(lags) > 1 else 1 / windows.attrs["fps"]
    ax.bar(lags, shares, width=0.8 * width, color=LINE_COLOUR, label="observed")
    ax.fill_between(lags, low, high, step="mid", color=MARK_COLOUR, alpha=0.25, linewidth=0)
    label = f"surrogates: mean, and {level:.0%} of them"
    ax.step(lags, null.mean(axis=0), where="mid", color=MARK_COLOUR, label=label)
    ax.axvline(0, color="0.6", linewidth=0.8, zorder=0)
    ax.legend(fontsize="small")
    ax.set(xlabel=literal(axis_text(windows["lag"])), ylabel="share of windows", ylim=(0, None))
    ax.set_title(literal(title(_pair(windows))), loc="left", fontsize="medium")
    return ax


def lag_heatmap(lag_map: xr.DataArray, *, fig: "Figure | SubFigure | None" = None) -> "Figure | SubFigure":
    """Plot the correlation of one pair at every lag in every window, and its mean over windows beside it.

    The colour map is `DIVERGING_CMAP` of `bitbox_xr.plotting.style`, centred on zero. Missing values are grey. The
    lag with the strongest mean is marked.

    Parameters
    ----------
    lag_map
        Result of `bitbox_xr.lag_map`, `(lag, window)`.
    fig
        Matplotlib figure or subfigure without axes. Default: a new figure.

    Returns
    -------
    Figure or SubFigure

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from bitbox_xr import lag_map
    >>> from bitbox_xr.demo import make_pair
    >>> x, y, _ = make_pair(minutes=0.5)
    >>> values = lag_map(x, y, pair=("AU12", "AU12"), width=2, step=1, max_lag=1)
    >>> lag_heatmap(values, fig=Figure(layout="constrained")).axes[1].get_title()
    'best lag −0.400 s'
    """
    import matplotlib

    values = lag_map.transpose(LAG, WINDOW)
    time, lags = values[WINDOW].values, values[LAG].values
    fig = new_figure(8.5, 4.0) if fig is None else fig
    left, right = fig.subplots(1, 2, sharey=True, width_ratios=[4, 1])
    cmap = matplotlib.colormaps[DIVERGING_CMAP].with_extremes(bad=MISSING_COLOUR)
    mesh = left.pcolormesh(_edges(time), _edges(lags), values.values, cmap=cmap, vmin=-1, vmax=1, rasterized=True)
    fig.colorbar(mesh, ax=[left, right], label=literal(axis_text(values)), pad=0.02, fraction=0.05)
    profile = _means(values.values)
    zero_lines(right)
    left.axhline(0, color="0.35", linewidth=0.6)
    right.plot(profile, lags, color=LINE_COLOUR, marker=".", markersize=4)
    strength = profile if not lag_map.attrs.get("polarity", 1) else np.abs(profile)
    if np.isfinite(strength).any():
        best = float(lags[np.nanargmax(strength)])
        right.axhline(best, color=MARK_COLOUR, linestyle="--", linewidth=1)
        right.set_title(f"best lag {with_sign(best)} s", color=MARK_COLOUR, fontsize="small")
    left.set(xlabel=literal(f"time ({axis_text(values[WINDOW])})"), ylabel=wrapped(axis_text(values[LAG]), 30))
    left.set_title(literal(title(_pair(lag_map))), loc="left", fontsize="medium")
    right.set_xlabel("mean over\nwindows")
    return fig


# --- what is drawn


def _strength(windows: xr.Dataset, name: str) -> np.ndarray:
    """Absolute correlations, or signed ones for polarity=False."""
    values: np.ndarray = windows[name].values
    return np.abs(values) if windows.attrs.get("polarity", 1) else values


def _pair(data: xr.Dataset | xr.DataArray) -> tuple[str, str]:
    return str(data[SIGNAL1].item()), str(data[SIGNAL2].item())


def _quantiles(values: np.ndarray, shares: tuple[float, ...]) -> np.ndarray:
    """Quantiles over the first axis without NaN values, `(share, column)`; NaN for columns that are all NaN."""
    some = (~np.isnan(values)).any(axis=0)
    out = np.full((len(shares), values.shape[1]), np.nan)
    out[:, some] = np.nanquantile(values[:, some], shares, axis=0)
    return out


def _means(values: np.ndarray) -> np.ndarray:
    """Means over windows without NaN values, `(lag,)`; NaN for lags that are all NaN."""
    present = ~np.isnan(values)
    count = np.where(present.any(axis=1), present.sum(axis=1), np.nan)
    means: np.ndarray = np.where(present, values, 0.0).sum(axis=1) / count
    return means


def _lags(attrs: Attrs) -> np.ndarray:
    """All lags that a window can have, s."""
    largest = round(largest_lag(attrs) * attrs["fps"])
    result: np.ndarray = np.arange(-largest, 1 if attrs.get("causal") else largest + 1) / attrs["fps"]
    return result


def _bars(lags: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centres of the bars, and the index of each bar's first lag. Adjacent lags share a bar if there are many."""
    starts = np.arange(0, len(lags), -(-len(lags) // MAX_BARS))
    stops = np.append(starts[1:], len(lags))
    return (lags[starts] + lags[stops - 1]) / 2, starts


def _shares(chosen: np.ndarray, attrs: Attrs) -> np.ndarray:
    """Share of windows with each lag, `(row, lag)`, from the best lags `chosen`, `(row, window)`."""
    frames = np.round(_lags(attrs) * attrs["fps"])
    counts = (np.round(chosen * attrs["fps"])[..., None] == frames).sum(axis=1)
    result: np.ndarray = counts / np.maximum((~np.isnan(chosen)).sum(axis=1, keepdims=True), 1)
    return result


def _edges(centres: np.ndarray) -> np.ndarray:
    """Edges of equally wide cells, from their centres."""
    size = centres[1] - centres[0] if len(centres) > 1 else 1.0
    return np.append(centres - size / 2, centres[-1] + size / 2)


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
