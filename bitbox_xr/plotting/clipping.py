"""Marks of what lies outside the limits of a plot: arrows at colour bars, and triangles at the edges of axes."""

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

__all__ = ["extension", "mark_clipped"]

MARKS = 100  # of a line, at most, at each edge
TOLERANCE = 1e-9  # of the limits, relative to their distance


def extension(values: np.ndarray, low: float, high: float) -> Literal["neither", "min", "max", "both"]:
    """At which ends of a colour bar there are values beyond, as `colorbar(extend=…)` takes it.

    >>> extension(np.array([-2.0, 0.5, np.nan]), -1, 1)
    'min'
    """
    margin = TOLERANCE * (high - low)
    below, above = bool((values < low - margin).any()), bool((values > high + margin).any())
    return "both" if below and above else "min" if below else "max" if above else "neither"


def mark_clipped(ax: "Axes", *, along: Literal["x", "y"] = "y") -> None:
    """Draw triangles at the edges of axes where their lines leave the limits of the axis `along`."""
    limits = ax.get_ylim() if along == "y" else ax.get_xlim()
    low, high = sorted(limits)
    span = sorted(ax.get_xlim() if along == "y" else ax.get_ylim())
    for line in [line for line in ax.lines if line.get_transform() == ax.transData]:
        x, y = (np.asarray(values, dtype=float) for values in line.get_data())
        value, place = (y, x) if along == "y" else (x, y)
        inside = (place >= span[0]) & (place <= span[1])
        margin = TOLERANCE * (high - low)
        for edge, out, mark in (
            (low, value < low - margin, "v" if along == "y" else "<"),
            (high, value > high + margin, "^" if along == "y" else ">"),
        ):
            if (out & inside).any():
                _draw_marks(ax, line, _thinned(place[out & inside], span), edge, mark, along)
    # new lines would change limits that Matplotlib chooses
    (ax.set_ylim if along == "y" else ax.set_xlim)(*limits)


def _thinned(places: np.ndarray, span: list[float]) -> np.ndarray:
    """One of the places in each of `MARKS` parts of the axis."""
    size = (span[1] - span[0]) / MARKS
    first = np.unique(np.floor((places - span[0]) / size), return_index=True)[1]
    kept: np.ndarray = places[first]
    return kept


def _draw_marks(ax: "Axes", line: "Line2D", places: np.ndarray, edge: float, mark: str, along: str) -> None:
    at = np.full(len(places), edge)
    x, y = (places, at) if along == "y" else (at, places)
    style: dict[str, Any] = {
        "marker": mark,
        "markersize": 3.0,
        "linestyle": "none",
        "color": line.get_color(),
        "markeredgewidth": 0,
    }
    ax.plot(x, y, clip_on=False, zorder=4, label="_clipped", **style)
