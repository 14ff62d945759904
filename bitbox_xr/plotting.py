"""Pictures of imitation and coordination: all pairs at once, one pair over lags, one pair over time.

Each draws on what it is given and gives it back; without, it makes a figure by pyplot. None calls `show()`.
Matplotlib is imported when the first picture is drawn.
"""

import textwrap
from typing import Any

import numpy as np
import xarray as xr

from bitbox_xr.checks import listed
from bitbox_xr.dyad import LAG, SIGNAL1, SIGNAL2, WINDOW
from bitbox_xr.social import window_stats

__all__ = ["lag_profile", "matrix", "over_time"]

# statistics that cannot be negative: a scale from zero, not one around it
UNSIGNED = {"corr_std", "corr_abs_mean", "follow_share", "lead_share", "n_windows", "at_limit"}
DIVERGING, SEQUENTIAL, ABSENT = "RdBu_r", "viridis", "0.85"
LINE, MARKED = "#1f4e79", "#b2182b"
POINT = 72  # to an inch
LEGIBLE, ROOMY = 6.0, 10.0  # points


def matrix(result: xr.Dataset, *, statistic: str = "corr_mean", ax: Any = None) -> Any:
    """A heat map of one statistic, signal1 downwards, signal2 to the right.

    Parameters
    ----------
    result
        What `imitation`, `coordination`, `window_stats` or `lag_profile` gave, of one recording.
    statistic
        The variable `(signal1, signal2)` to draw: for windows one of `window_stats`. The colours of those that
        can be negative are centred on zero. Missing values are grey.
    ax
        Matplotlib axes to draw on; by default those of a new figure, large enough for every label. On small
        axes only every so many labels are written.

    Returns
    -------
    Axes
        `ax.figure` is the figure. Lines part the regions of the face where the signals' are known and stand together.

    Raises
    ------
    ValueError
        Where there is no such statistic, or there are further dimensions (choose one with `.isel()`).

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from bitbox_xr import imitation, signals
    >>> x = signals(np.random.default_rng(0).normal(size=(90, 3)), fps=30, names=["AU04", "AU06", "AU12"])
    >>> ax = matrix(imitation(x, x), ax=Figure().subplots())
    >>> ax.get_xlabel(), [label.get_text() for label in ax.get_yticklabels()]
    ('signal2 (of y)', ['AU04', 'AU06', 'AU12'])
    """
    stats = window_stats(result) if "corr" in result and WINDOW in result["corr"].dims else result
    values = _only(stats, statistic, (SIGNAL1, SIGNAL2))
    rows, columns = values.shape
    if ax is None:
        ax = _new_figure(_inches(columns) + 1.0, _inches(rows)).subplots()
    image = ax.imshow(values, aspect="auto", interpolation="nearest", **_colours(values.values, statistic))
    ax.figure.colorbar(image, ax=ax, label=_label(values), pad=0.02, fraction=0.05)
    width, height = ax.get_position().size * ax.figure.bbox.size * POINT / ax.figure.dpi
    size = _write_labels(ax.xaxis, values[SIGNAL2].values, width / columns)
    if max(map(len, values[SIGNAL2].values)) * size * 0.7 > width / columns:
        ax.tick_params(axis="x", rotation=90)
    _write_labels(ax.yaxis, values[SIGNAL1].values, height / rows)
    _part_regions(ax.axvline, values, SIGNAL2)
    _part_regions(ax.axhline, values, SIGNAL1)
    ax.set(xlabel="signal2 (of y)", ylabel="signal1 (of x)")
    ax.set_title(_settings(result.attrs), fontsize="medium", loc="left")
    return ax


def lag_profile(profile: xr.Dataset, pair: tuple[str, str] | None = None, ax: Any = None) -> Any:
    """The mean correlation of one pair at every lag, the best lag marked.

    Parameters
    ----------
    profile
        What `bitbox_xr.lag_profile` gave, of one recording.
    pair
        Labels of signal1 and signal2; by default those of the strongest mean correlation.
    ax
        Matplotlib axes to draw on; by default those of a new figure.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        Where there is no such pair, or there are further dimensions (choose one with `.isel()`).
    """
    heights = _only(profile, "profile", (LAG, SIGNAL1, SIGNAL2))
    pair = _pair(heights, pair)
    at = {SIGNAL1: pair[0], SIGNAL2: pair[1]}
    ax = _new_figure(6.0, 3.6).subplots() if ax is None else ax
    _zero_lines(ax)
    ax.plot(heights[LAG], heights.sel(at), color=LINE, marker=".", markersize=5)
    best = float(profile["best_lag"].sel(at))
    if np.isfinite(best):
        share = float(profile["at_limit"].sel(at))
        label = f"best lag {_signed(best)} s (outermost lag in {share:.0%} of windows)"
        ax.axvline(best, color=MARKED, linestyle="--", linewidth=1, label=label)
        ax.legend(loc="best", fontsize="small")
    ax.set(xlabel=_label(heights[LAG]), ylabel=_wrapped(_label(heights), 30), title=_title(pair))
    return ax


def over_time(result: xr.Dataset, pair: tuple[str, str] | None = None, fig: Any = None) -> Any:
    """Strength and lag of one pair, window by window, in two panels over one axis of time.

    Parameters
    ----------
    result
        What `imitation` or `coordination` gave, of one recording.
    pair
        Labels of signal1 and signal2; by default those of the strongest mean correlation.
    fig
        Matplotlib figure or subfigure without axes; by default a new figure. In the lower panel, the weaker
        a window's correlation, the paler its lag.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        Where there is no such pair, or there are further dimensions (choose one with `.isel()`).
    """
    corr, lag = (_only(result, name, (WINDOW, SIGNAL1, SIGNAL2)) for name in ("corr", "lag"))
    pair = _pair(corr, pair)
    at = {SIGNAL1: pair[0], SIGNAL2: pair[1]}
    strength, delay, time = corr.sel(at).values, lag.sel(at).values, corr[WINDOW].values
    fig = _new_figure(7.0, 4.6) if fig is None else fig
    above, below = fig.subplots(2, 1, sharex=True)
    for ax in (above, below):
        ax.axhline(0, color="0.6", linewidth=0.8)
    above.plot(time, strength, color=LINE, marker=".", markersize=4, linewidth=1)
    paleness = np.clip(np.nan_to_num(np.abs(strength)), 0.1, 1)
    below.scatter(time, delay, s=14, color=LINE, alpha=paleness, linewidths=0)
    above.set(ylim=(-1.05, 1.05), ylabel=_wrapped(_label(corr), 26), title=_title(pair))
    below.set(ylim=_reach(result.attrs), ylabel=_wrapped(_label(lag), 26), xlabel=f"time ({_label(corr[WINDOW])})")
    return fig


# --- what is drawn


def _only(data: xr.Dataset, name: str, dims: tuple[str, ...]) -> xr.DataArray:
    """The variable of that name, with these dimensions alone."""
    if name not in data.data_vars:
        found = [str(other) for other, values in data.data_vars.items() if set(dims) <= set(values.dims)]
        raise ValueError(f"there is no {name} to draw; there are {listed(found) or 'no variables of such a form'}")
    values = data[name]
    if set(values.dims) != set(dims):
        further = [dim for dim in values.dims if dim not in dims]
        what = f"has further dimensions ({listed(further)}): choose one with .isel()" if further else "has fewer"
        raise ValueError(f"{name} is drawn over {', '.join(dims)}; it {what}")
    return values.transpose(*dims)


def _pair(values: xr.DataArray, pair: tuple[str, str] | None) -> tuple[str, str]:
    """`pair`, checked; by default the pair whose mean (over windows) or largest (over lags) magnitude is largest."""
    if pair is None:
        strength = abs(values.mean(WINDOW)) if WINDOW in values.dims else abs(values).max(LAG)
        row, column = np.unravel_index(int(np.argmax(strength.fillna(-1).values)), strength.shape)
        return str(values[SIGNAL1].values[row]), str(values[SIGNAL2].values[column])
    for dim, label in zip((SIGNAL1, SIGNAL2), pair, strict=True):
        if label not in values[dim].values:
            raise ValueError(f"{dim} has no {label!r}; it has {listed(values[dim].values)}")
    return pair


# --- how it looks


def _new_figure(width: float, height: float) -> Any:
    import matplotlib.pyplot as plt

    return plt.figure(figsize=(width, height), layout="constrained")


def _inches(count: int) -> float:
    """Side of a figure with room for `count` labels."""
    cell = np.interp(count, [5, 20, 79], [36, 16, 7.5])
    return float(count * cell / POINT + 1.6)


def _colours(values: np.ndarray, statistic: str) -> dict[str, Any]:
    import matplotlib

    largest = float(np.nanmax(np.abs(values), initial=0)) or 1.0
    signed = statistic not in UNSIGNED
    cmap = matplotlib.colormaps[DIVERGING if signed else SEQUENTIAL].with_extremes(bad=ABSENT)
    return {"cmap": cmap, "vmin": -largest if signed else 0.0, "vmax": largest}


def _write_labels(axis: Any, labels: np.ndarray, room: float) -> float:
    """As large as the `room` of one (points) allows, or every so many where that is too small to read; their size."""
    every = int(np.ceil(LEGIBLE / room))
    size = float(np.clip(room * every * 0.8, LEGIBLE * 0.8, ROOMY))
    at = np.arange(0, len(labels), every)
    axis.set_ticks(at, labels=labels[at], fontsize=size)
    axis.set_tick_params(length=2, pad=1.5)
    return size


def _part_regions(draw: Any, values: xr.DataArray, dim: str) -> None:
    regions = values.coords.get(f"region{dim[-1]}")
    if regions is None:
        return
    borders = np.flatnonzero(regions.values[1:] != regions.values[:-1])
    # signals in an order of their own, scattered over the face, would be fenced in one by one
    if len(borders) <= len(regions) / 2:
        for border in borders:
            draw(border + 0.5, color="0.35", linewidth=0.6)


def _zero_lines(ax: Any) -> None:
    ax.axhline(0, color="0.6", linewidth=0.8)
    ax.axvline(0, color="0.6", linewidth=0.8)


def _label(values: xr.DataArray) -> str:
    units = values.attrs.get("units", "1")
    name = str(values.attrs.get("long_name", values.name))
    return name if units == "1" else f"{name},\N{NO-BREAK SPACE}{units}"


def _wrapped(text: str, width: int) -> str:
    return "\n".join(textwrap.wrap(text, width))


def _title(pair: tuple[str, str]) -> str:
    return f"{pair[0]} of x, {pair[1]} of y"


def _settings(attrs: Any) -> str:
    """The measure and its windows, as far as the attributes tell."""
    if "measure" not in attrs or "width" not in attrs:
        return ""
    text = f"{attrs['measure']}, windows of {attrs['width']:.3g} s"
    return f"{text}, lags up to {attrs['max_lag']:.3g} s" if "max_lag" in attrs else text


def _reach(attrs: Any) -> tuple[float, float] | None:
    """Limits of an axis of lags, as far as the attributes tell what was allowed."""
    if not attrs.get("max_lag"):
        return None
    reach = attrs["max_lag"] * (2 if attrs.get("measure") == "coordination" else 1)
    return -1.08 * reach, reach * (0.08 if attrs.get("causal") else 1.08)


def _signed(number: float) -> str:
    return f"{number:+.3f}".replace("-", "−")
