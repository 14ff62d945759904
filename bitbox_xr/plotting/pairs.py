"""Pictures of imitation and coordination: all pairs at once, one pair over lags, one pair over time.

Each draws on what it is given and gives it back; without, it makes a figure by pyplot. None calls `show()`.
Figures made here have `layout="constrained"`; give your own the same, or labels may be cut off.
Matplotlib is imported when the first picture is drawn.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from bitbox_xr.core.types import Attrs
from bitbox_xr.core.validation import listed
from bitbox_xr.core.variables import LAG, SIGNAL1, SIGNAL2, WINDOW
from bitbox_xr.measures.results import below_half, selves, strongest
from bitbox_xr.measures.social import window_stats
from bitbox_xr.plotting.style import (
    ABSENT,
    DIVERGING,
    LINE,
    MARKED,
    ROOMY,
    SEQUENTIAL,
    axis_text,
    fitting,
    inches,
    lag_limits,
    largest_lag,
    literal,
    new_figure,
    only,
    points,
    shortened,
    title,
    with_sign,
    wrapped,
    write_labels,
    write_title,
    zero_lines,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

__all__ = ["lag_profile", "matrix", "over_time"]

# statistics that cannot be negative: a scale from zero, not one around it
UNSIGNED = {"corr_std", "corr_abs_mean", "follow_share", "lead_share", "n_windows", "at_limit"}
LAGS = {"corr_lag", "best_lag"}
DEFAULTS = ("best_lag", "corr_mean", "surrogate_z")
LEAST = (4.4, 3.4)  # inches of a figure, so that title and colour bar have room beside few cells
NONE = "no window has a correlation: flat or missing"


def matrix(result: xr.Dataset, *, statistic: str | None = None, ax: "Axes | None" = None) -> Any:
    """A heat map of one statistic, signal1 downwards, signal2 to the right.

    Parameters
    ----------
    result
        What `imitation`, `coordination`, `window_stats`, `lag_profile` or `significance` gave, of one recording.
    statistic
        The variable `(signal1, signal2)` to draw: for windows one of `window_stats`. By default corr_mean, of what
        `lag_profile` gave best_lag, of what `significance` gave effect. The colours of those that can be negative are
        centred on zero. Missing values are grey, and so are the signals of one person each with itself; cells are
        hatched that rest on fewer than half as many windows as the cell that has most. A line above says so.
    ax
        Matplotlib axes to draw on, best of a figure with `layout="constrained"`; by default those of a new one,
        large enough for every label. On small axes only every so many labels are written.

    Returns the axes; `ax.figure` is the figure. Lines part the regions of the face where the signals' are known and
    stand together. ValueError where there is no such statistic, or its dimensions are others.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from bitbox_xr import imitation, signals
    >>> x = signals(np.random.default_rng(0).normal(size=(90, 3)), fps=30, names=["AU04", "AU06", "AU12"])
    >>> ax = matrix(imitation(x, x), ax=Figure(layout="constrained").subplots())
    >>> ax.get_xlabel(), [label.get_text() for label in ax.get_yticklabels()]
    ('signal2 (of y)', ['AU04', 'AU06', 'AU12'])
    """
    stats = window_stats(result) if "corr" in result and WINDOW in result["corr"].dims else result
    if statistic is None:
        statistic = next((name for name in DEFAULTS if name in stats), "corr_mean")
    values = only(stats, statistic, (SIGNAL1, SIGNAL2))
    alone, few = selves(values, result.attrs), _few(stats, statistic)
    shown = np.where(alone, np.nan, values.values)
    rows, columns = values.shape
    if ax is None:
        ax = new_figure(max(inches(columns) + 1.0, LEAST[0]), max(inches(rows), LEAST[1])).subplots()
    image = ax.imshow(shown, aspect="auto", interpolation="nearest", **_colours(shown, statistic, result.attrs))
    width, height = points(ax)
    ax.figure.colorbar(image, ax=ax, label=fitting(axis_text(values), height, ROOMY), pad=0.02, fraction=0.05)
    _hatch(ax, few & ~alone)
    size = write_labels(ax.xaxis, values[SIGNAL2].values, width / columns)
    if max(map(len, values[SIGNAL2].values)) * size * 0.7 > width / columns:
        ax.tick_params(axis="x", rotation=90)
    write_labels(ax.yaxis, values[SIGNAL1].values, height / rows)
    _part_regions(ax.axvline, values, SIGNAL2)
    _part_regions(ax.axhline, values, SIGNAL1)
    ax.set_xlabel(fitting(f"signal2{_whose(result.attrs, 2)}", width, ROOMY))
    ax.set_ylabel(fitting(f"signal1{_whose(result.attrs, 1)}", height, ROOMY))
    notes = _notes(np.isnan(values.values) & ~alone, alone, few & ~alone)
    write_title(ax, [line for line in (_settings(result.attrs), *notes) if line], width)
    return ax


def lag_profile(profile: xr.Dataset, pair: tuple[str, str] | None = None, ax: "Axes | None" = None) -> Any:
    """The mean correlation of one pair at every lag, the best lag marked.

    Parameters
    ----------
    profile
        What `bitbox_xr.lag_profile` gave, of one recording.
    pair
        Labels of signal1 and signal2; by default those of the strongest mean correlation; where `n_windows` is
        there too, among the pairs with at least half as many windows as the pair that has most.
    ax
        Matplotlib axes to draw on, best of a figure with `layout="constrained"`; by default those of a new one.

    Returns the axes. ValueError where there is no such pair, or the dimensions are others.
    """
    heights = only(profile, "profile", (LAG, SIGNAL1, SIGNAL2), "make one with bx.lag_profile(x, y)")
    counts = only(profile, "n_windows", (SIGNAL1, SIGNAL2)) if "n_windows" in profile else None
    pair = _pair(heights, pair, abs(heights).max(LAG), counts, profile.attrs)
    at = {SIGNAL1: pair[0], SIGNAL2: pair[1]}
    ax = new_figure(6.0, 3.8).subplots() if ax is None else ax
    zero_lines(ax)
    ax.plot(heights[LAG], heights.sel(at), color=LINE, marker=".", markersize=5)
    best = float(profile["best_lag"].sel(at))
    if np.isfinite(best):
        share = float(profile["at_limit"].sel(at))
        at_end = (
            f" (outermost lag in {share:.0%} of windows)" if np.isfinite(share) else ""
        )  # of lag 0 alone there is none
        label = f"best lag {with_sign(best)} s{at_end}"
        ax.axvline(best, color=MARKED, linestyle="--", linewidth=1, label=label)
        low, high = ax.get_ylim()
        ax.set_ylim(low, high + 0.3 * (high - low))  # the legend's place, above every point
        ax.legend(loc="upper left", fontsize="small")
    else:
        _say_none(ax)
        ax.set_xlim(heights[LAG].values.min() - 0.02, heights[LAG].values.max() + 0.02)
    ax.set(xlabel=literal(axis_text(heights[LAG])), ylabel=wrapped(axis_text(heights), 30))
    write_title(ax, _about(pair, profile.attrs, None if counts is None else int(counts.sel(at))))
    return ax


def over_time(result: xr.Dataset, pair: tuple[str, str] | None = None, fig: "Figure | SubFigure | None" = None) -> Any:
    """Strength and lag of one pair, window by window, in two panels over one axis of time.

    Parameters
    ----------
    result
        What `imitation` or `coordination` gave, of one recording.
    pair
        Labels of signal1 and signal2; by default those of the strongest mean correlation, among the pairs with a
        correlation in at least half as many windows as the pair that has most.
    fig
        Matplotlib figure or subfigure without axes, best with `layout="constrained"`; by default a new figure. In
        the lower panel, the weaker a window's correlation, the paler its lag.

    Returns the figure. ValueError where there is no such pair, or the dimensions are others.
    """
    remedy = "every window is wanted, as imitation(x, y) and coordination(x, y) give them without stats=True"
    corr, lag = (only(result, name, (WINDOW, SIGNAL1, SIGNAL2), remedy) for name in ("corr", "lag"))
    counts = corr.notnull().sum(WINDOW)
    pair = _pair(corr, pair, abs(corr.mean(WINDOW)), counts, result.attrs)
    at = {SIGNAL1: pair[0], SIGNAL2: pair[1]}
    strength, delay, time = corr.sel(at).values, lag.sel(at).values, corr[WINDOW].values
    fig = new_figure(7.0, 4.8) if fig is None else fig
    above, below = fig.subplots(2, 1, sharex=True)
    for ax in (above, below):
        ax.axhline(0, color="0.6", linewidth=0.8)
    above.plot(time, strength, color=LINE, marker=".", markersize=4, linewidth=1)
    paleness = np.clip(np.nan_to_num(np.abs(strength)), 0.1, 1)
    below.scatter(time, delay, s=14, color=LINE, alpha=paleness, linewidths=0)
    if np.isnan(strength).all():
        _say_none(above)
    above.set(xlim=_span(result), ylim=(-1.05, 1.05), ylabel=wrapped(axis_text(corr), 26))
    below.set(ylim=lag_limits(result.attrs), ylabel=wrapped(axis_text(lag), 26))
    below.set_xlabel(literal(f"time ({axis_text(corr[WINDOW])})"))
    write_title(above, _about(pair, result.attrs, int(counts.sel(at))))
    return fig


# --- what is drawn


def _pair(
    values: xr.DataArray, pair: Any, strength: xr.DataArray, counts: xr.DataArray | None, attrs: Attrs
) -> tuple[str, str]:
    """`pair`, checked; by default the strongest, or the first where none has a correlation."""
    if pair is None:
        first = str(values[SIGNAL1].values[0]), str(values[SIGNAL2].values[0])
        return strongest(strength, counts, attrs) or first
    if isinstance(pair, str) or len(pair) != 2:
        raise ValueError(f"pair is {pair!r}; two labels, (signal1, signal2), are wanted")
    for dim, label in zip((SIGNAL1, SIGNAL2), pair, strict=True):
        if label not in values[dim].values.tolist():
            raise ValueError(f"{dim} has no {label!r}; it has {listed(values[dim].values)}")
    return pair[0], pair[1]


def _few(stats: xr.Dataset, statistic: str) -> np.ndarray:
    """Which pairs have some windows, but fewer than half as many as the pair that has most."""
    if "n_windows" not in stats or statistic == "n_windows":
        return np.zeros((stats.sizes[SIGNAL1], stats.sizes[SIGNAL2]), bool)
    counts = only(stats, "n_windows", (SIGNAL1, SIGNAL2)).values
    return (counts > 0) & below_half(counts)


def _span(result: xr.Dataset) -> tuple[float, float] | None:
    """Start of the first window and end of the last, whether or not they have a correlation."""
    edges = [result[name].values for name in ("window_start", "window_stop") if name in result.coords]
    if len(edges) < 2 or not len(edges[0]):
        return None
    return float(edges[0].min()), float(edges[1].max())


# --- how it looks


def _colours(values: np.ndarray, statistic: str, attrs: Attrs) -> dict[str, Any]:
    import matplotlib

    largest = float(np.nanmax(np.abs(values), initial=0)) or 1.0
    behind = statistic in LAGS and bool(attrs.get("causal"))  # no lag can be positive
    signed = statistic not in UNSIGNED and not behind
    cmap = matplotlib.colormaps[DIVERGING if signed else SEQUENTIAL].with_extremes(bad=ABSENT)
    return {"cmap": cmap, "vmin": -largest if signed or behind else 0.0, "vmax": 0.0 if behind else largest}


def _hatch(ax: "Axes", cells: np.ndarray) -> None:
    """A stroke from corner to corner: unlike a paler colour it cannot be taken for a smaller value."""
    from matplotlib.collections import LineCollection

    if cells.any():
        strokes = [((column - 0.5, row + 0.5), (column + 0.5, row - 0.5)) for row, column in np.argwhere(cells)]
        ax.add_collection(LineCollection(strokes, colors="0.2", linewidths=0.7), autolim=False)


def _part_regions(draw: Any, values: xr.DataArray, dim: str) -> None:
    regions = values.coords.get(f"region{dim[-1]}")
    if regions is None:
        return
    borders = np.flatnonzero(regions.values[1:] != regions.values[:-1])
    # signals in an order of their own, scattered over the face, would be fenced in one by one
    if len(borders) <= len(regions) / 2:
        for border in borders:
            draw(border + 0.5, color="0.35", linewidth=0.6)


def _say_none(ax: "Axes") -> None:
    style: dict[str, Any] = {
        "ha": "center",
        "va": "center",
        "fontsize": "small",
        "color": "0.3",
        "backgroundcolor": "white",
    }
    ax.text(0.5, 0.5, NONE, transform=ax.transAxes, **style)


def _whose(attrs: Attrs, side: int) -> str:
    """Whose signals they are, with the name of the file, as far as the attributes tell."""
    source = shortened(str(attrs.get(f"source{side}", "")))
    who = [] if attrs.get("alone") else ["xy"[side - 1]]
    said = ": ".join([*who, source] if source else who)
    return f" (of {said})" if said else ""


def _about(pair: tuple[str, str], attrs: Attrs, count: int | None) -> list[str]:
    """Which pair, the settings, and in how many windows the pair has a correlation if not in all; a line each."""
    settings = _settings(attrs)
    if settings and count not in (None, attrs["window_count"]):
        settings = f"{settings}; a correlation in {count} of them"
    return [line for line in (title(pair, attrs), settings) if line]


def _notes(missing: np.ndarray, selves: np.ndarray, few: np.ndarray) -> list[str]:
    """What grey and hatched cells are, where there are any; a line each."""
    grey = [text for text, cells in (("each signal with itself", selves), (NONE, missing)) if cells.any()]
    hatched = ["hatched: in fewer than half as many windows as the pair that has most"] if few.any() else []
    return ([f"grey: {'; or '.join(grey)}"] if grey else []) + hatched


def _settings(attrs: Attrs) -> str:
    """The measure and its windows, as far as the attributes tell."""
    if any(name not in attrs for name in ("measure", "width", "step", "window_count")):
        return ""
    text = f"{attrs['measure']}, {attrs['window_count']} windows of {attrs['width']:.3g} s every {attrs['step']:.3g} s"
    return f"{text}, lags up to {largest_lag(attrs):.3g} s" if "max_lag" in attrs else text
