"""Plots of a recording over time: all its signals as small panels, and the motion of its points."""

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr

from bitbox_xr.core.durations import seconds
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.geometry import Points, points_of
from bitbox_xr.core.signal_set import as_signals, rate
from bitbox_xr.core.types import SignalsLike
from bitbox_xr.core.validation import counted, listed
from bitbox_xr.core.variables import REGION, SIGNAL, TIME
from bitbox_xr.plotting.captions import of, write_title
from bitbox_xr.plotting.clipping import mark_clipped
from bitbox_xr.plotting.fitting import POINTS_PER_INCH, fitted_names, literal
from bitbox_xr.plotting.style import (
    COLUMN_MM,
    GROUP_COLOURS,
    LABEL_PT,
    LINE_COLOUR,
    mm,
    shade_missing,
    styled,
)
from bitbox_xr.preprocessing.intervals import Stretch, by_faults, stretches

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

__all__ = ["kinematics", "signals"]

MAX_POINTS = 1500  # of a line; longer recordings are drawn as the range of each part
ROW_MM, MARGIN_MM, PANEL_MM = 8.5, 22.0, 34.0
MAX_ROWS = 26  # of panels below each other
MAX_PANELS = 208
UNITS_OF_SIGNALS = re.compile(r"(\S+) \(([^)]*)\)")  # in the units of a pose: "mm (Tx, Ty, Tz), rad (Rx, Ry, Rz)"
MAX_NAME_SHARE = 0.3  # of the width of a column of panels
MAX_LINES = 7  # groups of points with a line each


class Scale(NamedTuple):
    """Limits of panels, and the units of their signals."""

    low: float
    high: float
    units: str


class Spans(NamedTuple):
    """What is shaded behind signals: intervals with a label, and their colours."""

    found: list[Stretch]
    colours: dict[str, str]


@styled
def signals(
    x: SignalsLike,
    *,
    by: str | None = None,
    fps: float | None = None,
    vmin: float | None = None,
    vmax: float | None = None,
    fig: "Figure | SubFigure | None" = None,
) -> "Figure | SubFigure":
    """Plot all signals of a recording over time, a small panel for each, in the order of the face's regions.

    Signals of one unit have one scale; only a pose has signals of two units. Missing frames are grey. Look at this plot
    before any measure: it shows lost frames, flat signals, jumps of the tracker and signals in another unit. Recordings
    of more than 1500 frames are drawn as the range of the signal in each of 750 parts.

    Parameters
    ----------
    x
        Signals of one recording, `(time, signal)`, at most 208 of them.
    by
        Name of a coordinate along time with labels (see `bitbox_xr.annotate`), such as "condition": its intervals are
        shaded, in one colour for each label.
    fps
        Frames per second, for input without times.
    vmin, vmax
        Limits of all panels. Default: the smallest and the largest value.
    fig
        Matplotlib figure or subfigure without axes. Default: a new figure.

    Returns
    -------
    Figure or SubFigure

    Raises
    ------
    ValueError
        If x has further dimensions or too many signals, or no such coordinate.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from bitbox_xr.demo import make_face
    >>> face, _ = make_face()
    >>> fig = signals(face, fig=Figure(layout="constrained"))
    >>> print(fig.get_suptitle())
    Signals of face
    3 signals, 60 s, 30 frames per second, 0 frames lost, scale 0 to 0.997
    """
    x = _recording("signals()", x, by, fps)
    if x.sizes[SIGNAL] > MAX_PANELS:
        raise ValueError(
            f"signals(): expected at most {MAX_PANELS} signals, got {x.sizes[SIGNAL]}; choose some, for example with "
            ".sel(signal=[…])"
        )
    order = _by_region(x)
    columns = 1 if len(order) <= MAX_ROWS // 2 else max(2, -(-len(order) // MAX_ROWS))
    rows = -(-len(order) // columns)
    fig = mm(COLUMN_MM[1 if columns == 1 else 2], MARGIN_MM + ROW_MM * rows) if fig is None else fig
    panels = fig.subplots(rows, columns, sharex=True, squeeze=False)
    shaded = _spans(by, x)
    values, per_second = x.values, rate(x)
    time, lost = x[TIME].values, np.isnan(values).all(axis=1)
    scales = _scales(x, vmin, vmax)
    regions = [str(region) for region in x[REGION].values] if REGION in x.coords else [""] * x.sizes[SIGNAL]
    width = fig.bbox.width * POINTS_PER_INCH / fig.dpi / columns
    names = fitted_names([str(name) for name in x[SIGNAL].values], MAX_NAME_SHARE * width, LABEL_PT - 1)
    for place, column in enumerate(order):
        ax = panels[place % rows, place // rows]
        _draw_signal(ax, time, values[:, column], per_second, shaded)
        _limit(ax, scales[column])
        ax.set_ylabel(literal(names[column]), rotation=0, ha="right", va="center", fontsize=LABEL_PT - 1)
        if place % rows == 0 or regions[column] != regions[order[place - 1]]:
            ax.set_title(literal(regions[column]), fontsize=LABEL_PT - 1, pad=1.0, color="0.35")
    for ax in panels.T.flat[len(order) :]:
        ax.patch.set_visible(False)
    _finish_panels(panels, (time[0], time[-1]))
    _legend_of_labels(fig, shaded)
    scale = f"scale {' and '.join(dict.fromkeys(map(_scale_text, scales)))}"
    parts = [counted(len(order), "signal"), seconds(len(time) / per_second), f"{per_second:.5g} frames per second"]
    write_title(fig, _named("Signals", x), [*parts, f"{counted(int(lost.sum()), 'frame')} lost", scale])
    return fig


@styled
def kinematics(
    x: SignalsLike,
    *,
    angular: bool = False,
    by: str | None = None,
    fps: float | None = None,
    vmin: float | None = None,
    vmax: float | None = None,
    fig: "Figure | SubFigure | None" = None,
) -> "Figure | SubFigure":
    """Plot how far points are from their mean position, and how fast they move, over time.

    Landmarks are averaged in each region of the face, or all together if the regions are not known. Missing frames are
    grey, and no line crosses them.

    Parameters
    ----------
    x
        Landmarks, a rectangle or a pose of one recording, `(time, signal)`, as for `bitbox_xr.kinematics`.
    angular
        For a pose: True for the rotation of the head, False for its translation.
    by
        Name of a coordinate along time with labels (see `bitbox_xr.annotate`); its intervals are shaded.
    fps
        Frames per second, for input without times.
    vmin, vmax
        Limits of the speed. Default: 0, and as the data need.
    fig
        Matplotlib figure or subfigure without axes. Default: a new figure.

    Returns
    -------
    Figure or SubFigure

    Raises
    ------
    ValueError
        If the signals are of another kind, have further dimensions, or no such coordinate.

    Notes
    -----
    The speed is the length of the step between two frames, divided by their distance in time. Noise of a tracker adds
    to every step; smooth the positions first (`bitbox_xr.smooth`) if you compare speeds.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from bitbox_xr import signals
    >>> head = signals(np.linspace(0, 1, 60)[:, None] * np.ones(6), kind="pose", fps=30)
    >>> [ax.get_ylabel() for ax in kinematics(head, fig=Figure(layout="constrained")).axes]
    ['distance from\\nthe mean, mm', 'speed, mm/s']
    """
    x = _recording("kinematics()", x, by, fps)
    points = points_of(x, "kinematics()", angular=angular)
    places = points.places.of(x.values)
    time, per_second = x[TIME].values, rate(x)
    middle = _mean(places, 0)
    distance = np.linalg.norm(places - middle, axis=-1)
    speed = np.linalg.norm(np.diff(places, axis=0), axis=-1) * per_second
    fig = mm(COLUMN_MM[2], MARGIN_MM + 2 * PANEL_MM) if fig is None else fig
    above, below = fig.subplots(2, 1, sharex=True)
    spans, missing = _spans(by, x), np.isnan(places[..., 0]).all(axis=1)
    groups = _groups(points)
    for k, (label, chosen) in enumerate(groups.items()):
        style = {"color": LINE_COLOUR if len(groups) == 1 else GROUP_COLOURS[k], "linewidth": 0.7}
        for ax, at, values in ((above, time, distance), (below, (time[1:] + time[:-1]) / 2, speed)):
            ax.plot(*_thinned(at, _mean(values[:, chosen], 1)), label=literal(label), **style)
    for ax in (above, below):
        _shade(ax, time, missing, per_second, spans)
        ax.set_ylim(bottom=-0.02 * ax.get_ylim()[1])  # a line at 0 is seen above the axis
    below.set_ylim(vmin, vmax)
    mark_clipped(below)
    if len(groups) > 1:
        above.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    above.set(ylabel=literal(f"distance from\nthe mean, {_units(points, False)}"), xlim=(time[0], time[-1]))
    below.set(ylabel=literal(f"speed, {_units(points, True)}"), xlabel="time, s")
    fig.align_ylabels([above, below])
    _legend_of_labels(fig, spans)
    number = counted(len(points.places.columns), "point")
    seen = f"{int((~missing).sum())} of {counted(len(time), 'frame')}"
    write_title(
        fig,
        _named(f"Motion of the {points.name}" if number != "1 point" else f"Motion: {points.name}", x),
        [number, seen, f"{per_second:.5g} frames per second"],
    )
    return fig


# --- what is drawn


def _recording(subject: str, x: SignalsLike, by: str | None, fps: float | None) -> xr.DataArray:
    """One recording, `(time, signal)`, in memory."""
    x = as_signals(x, fps=fps, label="x")
    further = [dim for dim in x.dims if dim not in (TIME, SIGNAL)]
    faults = [] if by is None else by_faults(by, (), x=x)
    if further:
        faults.append(
            f"expected signals with dimensions (time, signal), got also {listed(further)}; choose one recording, for "
            f"example with .isel({further[0]}=0)"
        )
    refuse(subject, faults)
    return x.transpose(TIME, SIGNAL).load()


def _by_region(x: xr.DataArray) -> list[int]:
    """Positions of the signals, those of a region together, the regions in the order in which they first appear."""
    if REGION not in x.coords or x[REGION].dims != (SIGNAL,):
        return [*range(x.sizes[SIGNAL])]
    regions = [str(region) for region in x[REGION].values]
    first = {region: k for k, region in reversed([*enumerate(regions)])}
    return sorted(range(len(regions)), key=lambda column: first[regions[column]])


def _groups(points: Points) -> dict[str, np.ndarray]:
    """Points of each region; all points together if the regions are not known, or too many for one line each."""
    if REGION not in points.coords:
        return {points.name: np.arange(len(points.places.columns))}
    regions = points.coords[REGION].values
    names = list(dict.fromkeys(map(str, regions)))
    if len(names) > MAX_LINES:
        return {points.name: np.arange(len(regions))}
    return {name: np.flatnonzero(regions == name) for name in names}


def _units(points: Points, per_second: bool) -> str:
    """Units of a distance, or of a speed; files of some trackers do not say what their angles are in."""
    if " " in points.units:
        return f"unit {points.units}{', per s' if per_second else ''}"
    return f"{points.units}/s" if per_second else points.units


def _mean(values: np.ndarray, axis: int) -> np.ndarray:
    """Mean without NaN values; NaN where all are."""
    present = ~np.isnan(values)
    count = present.sum(axis=axis)
    means: np.ndarray = np.where(present, values, 0.0).sum(axis=axis) / np.where(count > 0, count, np.nan)
    return means


def _scales(x: xr.DataArray, vmin: float | None, vmax: float | None) -> list[Scale]:
    """The scale of each signal: one for all signals of a unit. A pose has positions in one and angles in another."""
    units = str(x.attrs.get("units", "1"))
    each = {name: unit for unit, names in UNITS_OF_SIGNALS.findall(units) for name in names.split(", ")}
    own = np.array([each.get(str(name), units) for name in x[SIGNAL].values])
    scales = {}
    for unit in np.unique(own):
        low, high = _range(x.values[:, own == unit])
        scales[unit] = Scale(low if vmin is None else vmin, high if vmax is None else vmax, str(unit))
    return [scales[unit] for unit in own]


def _range(values: np.ndarray) -> tuple[float, float]:
    """Smallest and largest value."""
    if np.isnan(values).all():
        return 0.0, 1.0
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _thinned(time: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A line with at most `MAX_POINTS` points: of longer ones, the extremes of each part. Gaps stay gaps."""
    size = -(-len(values) // (MAX_POINTS // 2))
    if size <= 2:
        return time, values
    frames = len(values) // size * size
    parts = values[:frames].reshape(-1, size)
    some = ~np.isnan(parts).all(axis=1)
    low, high = (np.full(len(parts), np.nan) for _ in range(2))
    low[some], high[some] = np.nanmin(parts[some], axis=1), np.nanmax(parts[some], axis=1)
    at = np.repeat(time[:frames].reshape(-1, size).mean(axis=1), 2)
    return at, np.stack([low, high], axis=1).ravel()


def _spans(by: str | None, x: xr.DataArray) -> Spans:
    found = [] if by is None else stretches(by, x)
    labels = dict.fromkeys(one.label for one in found)
    return Spans(found, {label: GROUP_COLOURS[k % len(GROUP_COLOURS)] for k, label in enumerate(labels)})


# --- how it looks


def _draw_signal(ax: "Axes", time: np.ndarray, values: np.ndarray, fps: float, spans: Spans) -> None:
    ax.plot(*_thinned(time, values), color=LINE_COLOUR, linewidth=0.5)
    _shade(ax, time, np.isnan(values), fps, spans)


def _shade(ax: "Axes", time: np.ndarray, missing: np.ndarray, fps: float, spans: Spans) -> None:
    """Shade intervals in the colours of their labels, and missing frames in grey in front of them."""
    for one in spans.found:
        edges = time[one.start] - 0.5 / fps, time[one.stop - 1] + 0.5 / fps
        ax.axvspan(*edges, color=spans.colours[one.label], alpha=0.18, linewidth=0, zorder=-1)
    shade_missing(ax, time, missing, fps)


def _limit(ax: "Axes", scale: Scale) -> None:
    """Give a panel its scale, and mark values outside."""
    margin = 0.06 * (scale.high - scale.low)
    ax.set_ylim(scale.low - margin, scale.high + margin)
    mark_clipped(ax)


def _scale_text(scale: Scale) -> str:
    text = f"{scale.low:z.3g} to {scale.high:z.3g}".replace("-", "−")
    return text if scale.units == "1" else f"{text} {scale.units}"


def _finish_panels(panels: np.ndarray, times: tuple[float, float]) -> None:
    """One time axis for all panels."""
    panels[0, 0].set(xlim=times)
    for ax in panels.flat:
        ax.spines["left"].set_visible(False)
        ax.spines["bottom"].set_visible(False)
        ax.tick_params(axis="both", length=0, labelleft=False)
        ax.grid(axis="x", color="0.9", linewidth=0.4)
    for ax in panels[-1]:
        ax.tick_params(axis="x", length=2)
        ax.set_xlabel("time, s")


def _legend_of_labels(fig: "Figure | SubFigure", spans: Spans) -> None:
    """Explain the colours of intervals below the figure."""
    from matplotlib.patches import Patch

    if spans.colours:
        handles = [Patch(color=colour, alpha=0.3, label=literal(label)) for label, colour in spans.colours.items()]
        fig.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 6))


def _named(what: str, x: xr.DataArray) -> str:
    """What is plotted, of whom."""
    who = of(x)
    text = what if who.x == "x" else f"{what} of {who.x}"
    return ", ".join(filter(None, [text, who.place]))
