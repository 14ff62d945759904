"""Pictures of results against chance: which pairs stand out, and one pair over time, over lags and in both.

They look like those of `bitbox_xr.plotting`: each draws on what it is given and gives it back, none calls `show()`.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from bitbox_xr.core.types import Attrs
from bitbox_xr.core.variables import LAG, PAIR, SIGNAL1, SIGNAL2, WINDOW
from bitbox_xr.plotting import pairs
from bitbox_xr.plotting.style import (
    ABSENT,
    DIVERGING,
    LINE,
    MARKED,
    axis_text,
    lag_limits,
    literal,
    new_figure,
    only,
    points,
    title,
    with_sign,
    wrapped,
    zero_lines,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

__all__ = ["lag_distribution", "lag_heatmap", "over_time_by_chance", "significant_pairs"]

CORRECTIONS = {"p": "p", "p_fwe": "family-wise p", "q": "false discovery rate"}
BAND = "0.75"
BARS = 64
FRAME = 0.14  # of a cell's side, the thickest frame around one


def significant_pairs(
    result: xr.Dataset,
    found: xr.Dataset,
    *,
    statistic: str | None = None,
    by: str = "p_fwe",
    alpha: float = 0.05,
    ax: "Axes | None" = None,
) -> Any:
    """The heat map of `bitbox_xr.plotting.matrix`, the significant pairs framed.

    Parameters
    ----------
    result
        What `imitation`, `coordination` or `window_stats` gave, of one recording; or `found` itself.
    found
        What `significance` gave for it, for all pairs or matched ones.
    statistic
        The variable `(signal1, signal2)` to draw. By default the mean that was tested, of magnitudes or signed;
        effect where `result` is `found`.
    by, alpha
        Frame pairs whose "p", "p_fwe" (over all pairs) or "q" (false discovery rate) is at most alpha.
    ax
        Matplotlib axes to draw on; by default those of a new figure.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        Where `found` has no such variable or other signals than `result`, or there are further dimensions.
    """
    if by not in CORRECTIONS or by not in found:
        raise ValueError(f"by is {by!r}; {', '.join(CORRECTIONS)} of a result of significance() is wanted")
    chance = only(found, by, (PAIR,) if PAIR in found[by].dims else (SIGNAL1, SIGNAL2))
    if statistic is None and "surrogate_z" not in result:
        statistic = found.attrs["statistic"]
    ax = pairs.matrix(result, statistic=statistic, ax=ax)
    where = np.nonzero((chance <= alpha).values)
    # of matched pairs both labels are the one
    dims = chance.dims if len(where) == 2 else chance.dims * 2
    labels = [chance[dim].values[at] for dim, at in zip(dims, where if len(where) == 2 else where * 2, strict=True)]
    places = [_places(result[dim].values, wanted, dim) for dim, wanted in zip((SIGNAL1, SIGNAL2), labels, strict=True)]
    _frame(ax, *places)
    tested = int(chance.notnull().sum())
    said = f"framed: {CORRECTIONS[by]} ≤ {alpha:g}, {len(places[0])} of {tested} pairs"
    ax.set_title("\n".join(filter(None, [ax.get_title(loc="left"), said])), fontsize="medium", loc="left")
    return ax


def over_time_by_chance(windows: xr.Dataset, *, level: float = 0.9, fig: "Figure | SubFigure | None" = None) -> Any:
    """Strength and lag of one pair, window by window, each over the band of its surrogates.

    Parameters
    ----------
    windows
        What `surrogate_windows` gave.
    level
        Share of the surrogates in the band of each window: strength from the weakest up (as many windows as
        1 − level are above it by chance), lags about the middle.
    fig
        Matplotlib figure or subfigure without axes; by default a new figure. The weaker a window, the paler
        its lag.

    Returns
    -------
    Figure
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
        ax.fill_between(time, low, high, color=BAND, linewidth=0, step="mid", label=f"{level:.0%} of the surrogates")
    ax = above
    out = strength > _quantiles(null, (level,))[0]
    ax.plot(time, strength, color=LINE, marker=".", markersize=4, linewidth=1)
    ax.plot(time[out], strength[out], color=MARKED, marker=".", markersize=6, linestyle="none", label="above it")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, fontsize="small", frameon=False, borderpad=0)
    ax.set_title(literal(title(_pair(windows))), loc="right", fontsize="medium")
    magnitude = bool(windows.attrs.get("polarity", 1))
    name = "magnitude of the windowed correlation" if magnitude else axis_text(windows["corr"])
    ax.set(ylim=(0, 1.05) if magnitude else (-1.05, 1.05), ylabel=wrapped(name, 26))
    paleness = np.clip(np.nan_to_num(np.abs(windows["corr"].values)), 0.1, 1)
    colours = np.where(out, MARKED, LINE)
    below.scatter(time, windows["lag"].values, s=14, c=colours, alpha=paleness, linewidths=0, zorder=2)
    below.set(ylim=lag_limits(windows.attrs), ylabel=wrapped(axis_text(windows["lag"]), 26))
    below.set_xlabel(literal(f"time ({axis_text(windows[WINDOW])})"))
    below.yaxis.set_major_locator(MaxNLocator(6))
    return fig


def lag_distribution(windows: xr.Dataset, *, level: float = 0.9, ax: "Axes | None" = None) -> Any:
    """How often each lag was a window's best, over the band of the surrogates.

    Parameters
    ----------
    windows
        What `surrogate_windows` gave.
    level
        Share of the surrogates in the band of each lag.
    ax
        Matplotlib axes to draw on; by default those of a new figure.

    Returns
    -------
    Axes
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
    ax.bar(lags, shares, width=0.8 * width, color=LINE, label="observed")
    ax.fill_between(lags, low, high, step="mid", color=MARKED, alpha=0.25, linewidth=0)
    ax.step(lags, null.mean(axis=0), where="mid", color=MARKED, label=f"surrogates: mean, and {level:.0%} of them")
    ax.axvline(0, color="0.6", linewidth=0.8, zorder=0)
    ax.legend(fontsize="small")
    ax.set(xlabel=literal(axis_text(windows["lag"])), ylabel="share of windows", ylim=(0, None))
    ax.set_title(literal(title(_pair(windows))), loc="left", fontsize="medium")
    return ax


def lag_heatmap(lag_map: xr.DataArray, *, fig: "Figure | SubFigure | None" = None) -> Any:
    """Correlation of one pair at every lag in every window, its mean over windows beside it.

    Parameters
    ----------
    lag_map
        What `bitbox_xr.lag_map` gave, `(lag, window)`.
    fig
        Matplotlib figure or subfigure without axes; by default a new figure. The colours are centred on zero;
        missing values are grey. The lag of the largest mean is marked.

    Returns
    -------
    Figure
    """
    import matplotlib

    values = lag_map.transpose(LAG, WINDOW)
    time, lags = values[WINDOW].values, values[LAG].values
    fig = new_figure(8.5, 4.0) if fig is None else fig
    left, right = fig.subplots(1, 2, sharey=True, width_ratios=[4, 1])
    cmap = matplotlib.colormaps[DIVERGING].with_extremes(bad=ABSENT)
    mesh = left.pcolormesh(_edges(time), _edges(lags), values.values, cmap=cmap, vmin=-1, vmax=1, rasterized=True)
    fig.colorbar(mesh, ax=[left, right], label=literal(axis_text(values)), pad=0.02, fraction=0.05)
    profile = _means(values.values)
    zero_lines(right)
    left.axhline(0, color="0.35", linewidth=0.6)
    right.plot(profile, lags, color=LINE, marker=".", markersize=4)
    strength = profile if not lag_map.attrs.get("polarity", 1) else np.abs(profile)
    if np.isfinite(strength).any():
        best = float(lags[np.nanargmax(strength)])
        right.axhline(best, color=MARKED, linestyle="--", linewidth=1)
        right.set_title(f"best lag {with_sign(best)} s", color=MARKED, fontsize="small")
    left.set(xlabel=literal(f"time ({axis_text(values[WINDOW])})"), ylabel=wrapped(axis_text(values[LAG]), 30))
    left.set_title(literal(title(_pair(lag_map))), loc="left", fontsize="medium")
    right.set_xlabel("mean over\nwindows")
    return fig


# --- what is drawn


def _strength(windows: xr.Dataset, name: str) -> np.ndarray:
    values: np.ndarray = windows[name].values
    return np.abs(values) if windows.attrs.get("polarity", 1) else values


def _pair(data: xr.Dataset | xr.DataArray) -> tuple[str, str]:
    return str(data[SIGNAL1].item()), str(data[SIGNAL2].item())


def _quantiles(values: np.ndarray, shares: tuple[float, ...]) -> np.ndarray:
    """Quantiles over the first axis, NaN left out; NaN where there is nothing else."""
    some = (~np.isnan(values)).any(axis=0)
    out = np.full((len(shares), values.shape[1]), np.nan)
    out[:, some] = np.nanquantile(values[:, some], shares, axis=0)
    return out


def _means(values: np.ndarray) -> np.ndarray:
    """Means over windows, NaN left out."""
    present = ~np.isnan(values)
    count = np.where(present.any(axis=1), present.sum(axis=1), np.nan)
    means: np.ndarray = np.where(present, values, 0.0).sum(axis=1) / count
    return means


def _lags(attrs: Attrs) -> np.ndarray:
    """All lags that a window could have chosen, s."""
    reach = attrs["max_lag_frames"] * (2 if attrs["measure"] == "coordination" else 1)
    return np.arange(-reach, 1 if attrs.get("causal") else reach + 1) / attrs["fps"]


def _bars(lags: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Middles of the bars, and which lag each begins with: neighbours share one where there are too many to see."""
    starts = np.arange(0, len(lags), -(-len(lags) // BARS))
    stops = np.append(starts[1:], len(lags))
    return (lags[starts] + lags[stops - 1]) / 2, starts


def _shares(chosen: np.ndarray, attrs: Attrs) -> np.ndarray:
    """Share of windows at each lag, `(row, lag)`, of the `chosen` lags `(row, window)`."""
    frames = np.round(_lags(attrs) * attrs["fps"])
    counts = (np.round(chosen * attrs["fps"])[..., None] == frames).sum(axis=1)
    return counts / np.maximum((~np.isnan(chosen)).sum(axis=1, keepdims=True), 1)


def _edges(middles: np.ndarray) -> np.ndarray:
    """Edges of cells of one size about their middles."""
    size = middles[1] - middles[0] if len(middles) > 1 else 1.0
    return np.append(middles - size / 2, middles[-1] + size / 2)


def _places(labels: np.ndarray, wanted: np.ndarray, dim: str) -> np.ndarray:
    known = {str(label): at for at, label in enumerate(labels)}
    unknown = [str(label) for label in wanted if str(label) not in known]
    if unknown:
        raise ValueError(f"{dim} of the result has no {unknown[0]!r}, which significance() was asked about")
    return np.array([known[str(label)] for label in wanted], dtype=int)


def _frame(ax: "Axes", rows: np.ndarray, columns: np.ndarray) -> None:
    """A black frame inside each of these cells, as thick as their size bears."""
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    cells = np.ptp(ax.get_xlim()), np.ptp(ax.get_ylim())
    side = (points(ax) / cells).min()
    thick = float(np.clip(FRAME * side, 0.4, 2.0))
    inset = thick / side / 2
    corners = zip(columns, rows, strict=True)
    patches = [Rectangle((c - 0.5 + inset, r - 0.5 + inset), 1 - 2 * inset, 1 - 2 * inset) for c, r in corners]
    ax.add_collection(PatchCollection(patches, facecolor="none", edgecolor="black", linewidth=thick))
