"""Colours, figure sizes, labels and axis limits that all plots share, and the check of what is plotted."""

import textwrap
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bitbox_xr.core.types import Attrs
from bitbox_xr.core.validation import listed
from bitbox_xr.core.variables import PAIR

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

__all__ = [
    "DIVERGING_CMAP",
    "LABEL_PT",
    "LINE_COLOUR",
    "MARK_COLOUR",
    "MISSING_COLOUR",
    "SEQUENTIAL_CMAP",
    "axis_text",
    "inches",
    "lag_limits",
    "largest_lag",
    "literal",
    "new_figure",
    "points",
    "select_variable",
    "shade_missing",
    "shortened",
    "title",
    "with_sign",
    "wrapped",
    "wrapped_to_points",
    "write_labels",
    "write_title",
    "zero_lines",
]

# The default colour maps of pairs.matrix() and of every other plot in colours.
DIVERGING_CMAP = "RdBu_r"  # values of both signs, centred on zero: blue is negative, red is positive
SEQUENTIAL_CMAP = "viridis"  # values of one sign
MISSING_COLOUR = "0.85"  # light grey
LINE_COLOUR, MARK_COLOUR = "#1f4e79", "#b2182b"  # dark blue, dark red

POINTS_PER_INCH = 72
MIN_LABEL_PT, TITLE_PT, LABEL_PT = 6.0, 9.0, 10.0
CHARACTER_WIDTH = 0.6  # of the font size, for an average character
MIN_CHARACTERS_PER_LINE = 12


def select_variable(data: xr.Dataset, name: str, dims: tuple[str, ...], remedy: str) -> xr.DataArray:
    """The variable `name`, transposed to `dims`.

    Raises ValueError where the variable is absent (the message ends with `remedy`) or has other dimensions.
    """
    if name not in data.data_vars:
        suitable = [str(other) for other, values in data.data_vars.items() if set(dims) <= set(values.dims)]
        got = listed(suitable) or f"no variable with dimensions ({', '.join(dims)})"
        raise ValueError(f"expected the variable {name}, got {got}; {remedy}")
    values = data[name]
    missing = [dim for dim in dims if dim not in values.dims]
    further = [str(dim) for dim in values.dims if dim not in dims]
    if missing or further:
        got = ", ".join(map(str, values.dims))
        advice = _dimension_advice(missing, further)
        raise ValueError(f"expected {name} with dimensions ({', '.join(dims)}), got ({got}); {advice}")
    return values.transpose(*dims)


def _dimension_advice(missing: list[str], further: list[str]) -> str:
    if PAIR in further:
        return "use the result before .bitbox.matched()"
    if missing and further:
        return "use the result before it was grouped or renamed"
    if missing:
        return f"to choose a single label, keep its dimension: .sel({missing[0]}=[…])"
    return f"choose one label of each further dimension, for example .isel({further[0]}=0)"


# --- figures and axes


def new_figure(width: float, height: float) -> "Figure":
    """A new pyplot figure, `width` × `height` inches, whose layout leaves enough space for labels."""
    import matplotlib.pyplot as plt

    return plt.figure(figsize=(width, height), layout="constrained")


def inches(count: int) -> float:
    """Length of a figure's side that has enough space for `count` labels, in inches."""
    return float(count * np.interp(count, [5, 20, 79], [36, 16, 7.5]) / POINTS_PER_INCH + 1.6)


def points(ax: "Axes") -> np.ndarray:
    """Width and height of axes, in points."""
    shares, pixels = (np.asarray(box.size) for box in (ax.get_position(), ax.figure.bbox))
    result: np.ndarray = shares * pixels * POINTS_PER_INCH / ax.figure.dpi
    return result


def write_labels(axis: "Axis", labels: np.ndarray, spacing: float) -> float:
    """Write `labels` on an axis, in the largest font size that fits their `spacing` (points); return that size.

    If the labels would be too small to read, only every second, third, … label is written.
    """
    every = int(np.ceil(MIN_LABEL_PT / spacing))
    size = float(np.clip(spacing * every * 0.8, MIN_LABEL_PT * 0.8, LABEL_PT))
    at = np.arange(0, len(labels), every)
    axis.set_ticks(at, labels=[literal(str(label)) for label in labels[at]], fontsize=size)
    axis.set_tick_params(length=2, pad=1.5)
    return size


def zero_lines(ax: "Axes") -> None:
    """Draw thin lines through zero."""
    ax.axhline(0, color="0.6", linewidth=0.8)
    ax.axvline(0, color="0.6", linewidth=0.8)


# --- text


def literal(text: str) -> str:
    """`text`, escaped so that Matplotlib draws exactly these characters, whatever is between its dollar signs.

    Names of signals, recordings and files are not formulas. The text itself is escaped, because Matplotlib creates
    further artists for ticks and legends, also long after a plot is drawn.
    """
    import matplotlib

    # with formulas switched off, artists would show the backslash
    return text.replace("$", r"\$") if matplotlib.rcParams["text.parse_math"] else text


def axis_text(values: xr.DataArray) -> str:
    """Name and units of a variable, for an axis label."""
    units = values.attrs.get("units", "1")
    name = str(values.attrs.get("long_name", values.name))
    return name if units == "1" else f"{name},\N{NO-BREAK SPACE}{units}"


def wrapped(text: str, width: int) -> str:
    """`text` in lines of at most `width` characters, escaped by `literal`."""
    return literal("\n".join(textwrap.wrap(text, width)))


def wrapped_to_points(text: str, width: float, size: float) -> str:
    """`text` of font size `size` in lines of at most `width` points, escaped by `literal`."""
    return wrapped(text, max(MIN_CHARACTERS_PER_LINE, int(width / (CHARACTER_WIDTH * size))))


def write_title(ax: "Axes", lines: list[str], width: float | None = None) -> None:
    """Write a title that starts at the left edge of the axes, in lines of at most `width` points (default: theirs)."""
    width = points(ax)[0] if width is None else width
    text = "\n".join(wrapped_to_points(line, width, TITLE_PT) for line in lines)
    ax.set_title(text, fontsize=TITLE_PT, loc="left")


def title(pair: tuple[str, str], attrs: Attrs = MappingProxyType({})) -> str:
    """The two signals of a pair, each with its person and, if known, the name of its file."""
    files = [f" ({shortened(name)})" if (name := str(attrs.get(f"source{side}", ""))) else "" for side in (1, 2)]
    if attrs.get("alone"):
        return f"{pair[0]} with {pair[1]}{files[0]}"
    return f"{pair[0]} of x{files[0]}, {pair[1]} of y{files[1]}"


def shortened(name: str, most: int = 30) -> str:
    """The beginning and the end of a long name, at most `most` characters in all."""
    return name if len(name) <= most else f"{name[: most // 2 - 1]}…{name[-(most // 2) :]}"


# --- lags


def lag_limits(attrs: Attrs) -> tuple[float, float] | None:
    """Limits of a lag axis, s, from the attributes of a result; None if they do not state the largest lag."""
    if not attrs.get("max_lag"):
        return None
    largest = largest_lag(attrs)
    return -1.08 * largest, largest * (0.08 if attrs.get("causal") else 1.08)


def largest_lag(attrs: Attrs) -> float:
    """Largest lag that a result can contain, s: twice `max_lag` in coordination, where both windows move."""
    return float(attrs["max_lag"]) * (2 if attrs.get("measure") == "coordination" else 1)


def with_sign(number: float) -> str:
    """A number with three decimals and its sign, with a true minus."""
    return f"{number:+z.3f}".replace("-", "−")


def shade_missing(ax: "Axes", time: np.ndarray, missing: np.ndarray, fps: float) -> None:
    """Make the background of missing frames grey."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], missing, [False]]).astype(np.int8)))
    for start, stop in edges.reshape(-1, 2):
        ax.axvspan(time[start] - 0.5 / fps, time[stop - 1] + 0.5 / fps, color=MISSING_COLOUR, linewidth=0, zorder=0)
