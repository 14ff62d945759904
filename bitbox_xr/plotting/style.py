"""What pictures share: the check of what is drawn, figures with room for labels, titles, axes of lags."""

import textwrap
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from bitbox_xr.core.types import Attrs
from bitbox_xr.core.validation import listed
from bitbox_xr.core.variables import PAIR

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "ABSENT",
    "DIVERGING",
    "LINE",
    "MARKED",
    "ROOMY",
    "SEQUENTIAL",
    "axis_text",
    "fitting",
    "inches",
    "lag_limits",
    "largest_lag",
    "literal",
    "new_figure",
    "only",
    "points",
    "shortened",
    "title",
    "with_sign",
    "wrapped",
    "write_labels",
    "write_title",
    "zero_lines",
]

DIVERGING, SEQUENTIAL, ABSENT = "RdBu_r", "viridis", "0.85"
LINE, MARKED = "#1f4e79", "#b2182b"
POINT = 72  # to an inch
LEGIBLE, TITLE, ROOMY = 6.0, 9.0, 10.0  # points


def only(data: xr.Dataset, name: str, dims: tuple[str, ...], remedy: str = "") -> xr.DataArray:
    """The variable of that name, with these dimensions alone; `remedy`: how to get it where it is not there."""
    if name not in data.data_vars:
        found = [str(other) for other, values in data.data_vars.items() if set(dims) <= set(values.dims)]
        there = f"there are {listed(found) or 'no variables of such a form'}"
        raise ValueError(f"there is no {name} to draw; {remedy or there}")
    values = data[name]
    absent = [dim for dim in dims if dim not in values.dims]
    further = [str(dim) for dim in values.dims if dim not in dims]
    if absent or further:
        raise ValueError(f"{name} is drawn over {', '.join(dims)}; {_advice(absent, further)}")
    return values.transpose(*dims)


def _advice(absent: list[str], further: list[str]) -> str:
    if PAIR in further:
        return f"it has {PAIR} in their place; give the result as it was before .bitbox.matched()"
    if absent and further:
        has = f"it has {listed(further)} and no {listed(absent)}"
        return f"{has}; give the result as it was before they were grouped or renamed"
    if absent:
        return f"it has no {listed(absent)}; to choose a single label keep its dimension: .sel({absent[0]}=[…])"
    return f"it has further dimensions ({listed(further)}): choose one with .isel({further[0]}=0) or .sel()"


# --- figures and axes


def new_figure(width: float, height: float) -> Any:
    """A figure of pyplot's, in inches, whose labels find room."""
    import matplotlib.pyplot as plt

    return plt.figure(figsize=(width, height), layout="constrained")


def inches(count: int) -> float:
    """Side of a figure with room for `count` labels."""
    return float(count * np.interp(count, [5, 20, 79], [36, 16, 7.5]) / POINT + 1.6)


def points(ax: "Axes") -> np.ndarray:
    """Width and height of axes, in points."""
    shares, pixels = (np.asarray(box.size) for box in (ax.get_position(), ax.figure.bbox))
    return shares * pixels * POINT / ax.figure.dpi


def write_labels(axis: Any, labels: np.ndarray, room: float) -> float:
    """As large as the `room` of one (points) allows, or every so many where that is too small to read; their size."""
    every = int(np.ceil(LEGIBLE / room))
    size = float(np.clip(room * every * 0.8, LEGIBLE * 0.8, ROOMY))
    at = np.arange(0, len(labels), every)
    axis.set_ticks(at, labels=[literal(str(label)) for label in labels[at]], fontsize=size)
    axis.set_tick_params(length=2, pad=1.5)
    return size


def zero_lines(ax: "Axes") -> None:
    """Thin lines through zero."""
    ax.axhline(0, color="0.6", linewidth=0.8)
    ax.axvline(0, color="0.6", linewidth=0.8)


# --- words


def literal(text: str) -> str:
    """`text` as Matplotlib must get it to draw just these characters, whatever is between its dollar signs.

    Names of signals, recordings and files are not formulas. They are escaped in the text itself, since Matplotlib makes
    artists for ticks and legends of its own, also long after a picture is drawn.
    """
    import matplotlib

    # artists for which formulas are switched off would show the backslash
    return text.replace("$", r"\$") if matplotlib.rcParams["text.parse_math"] else text


def axis_text(values: xr.DataArray) -> str:
    """What an axis shows, with its units."""
    units = values.attrs.get("units", "1")
    name = str(values.attrs.get("long_name", values.name))
    return name if units == "1" else f"{name},\N{NO-BREAK SPACE}{units}"


def wrapped(text: str, width: int) -> str:
    """`text` in lines of at most `width` letters, to be drawn literally."""
    return literal("\n".join(textwrap.wrap(text, width)))


def fitting(text: str, room: float, size: float) -> str:
    """`text` in lines of at most `room` points, in letters of `size`, to be drawn literally."""
    return wrapped(text, max(12, int(room / (0.6 * size))))


def write_title(ax: "Axes", lines: list[str], room: float | None = None) -> None:
    """A title from the left edge of the axes, in lines of at most `room` points, by default their width."""
    room = points(ax)[0] if room is None else room
    ax.set_title("\n".join(fitting(line, room, TITLE) for line in lines), fontsize=TITLE, loc="left")


def title(pair: tuple[str, str], attrs: Attrs = MappingProxyType({})) -> str:
    """Whose signals a pair is, with the names of their files where known."""
    files = [f" ({shortened(name)})" if (name := str(attrs.get(f"source{side}", ""))) else "" for side in (1, 2)]
    if attrs.get("alone"):
        return f"{pair[0]} with {pair[1]}{files[0]}"
    return f"{pair[0]} of x{files[0]}, {pair[1]} of y{files[1]}"


def shortened(name: str, most: int = 30) -> str:
    """The beginning and the end of a long name."""
    return name if len(name) <= most else f"{name[: most // 2 - 1]}…{name[-(most // 2) :]}"


# --- lags


def lag_limits(attrs: Attrs) -> tuple[float, float] | None:
    """Limits of an axis of lags, as far as the attributes tell what was allowed."""
    if not attrs.get("max_lag"):
        return None
    largest = largest_lag(attrs)
    return -1.08 * largest, largest * (0.08 if attrs.get("causal") else 1.08)


def largest_lag(attrs: Attrs) -> float:
    """In coordination both windows move."""
    return float(attrs["max_lag"]) * (2 if attrs.get("measure") == "coordination" else 1)


def with_sign(number: float) -> str:
    """A number with its sign, a true minus."""
    return f"{number:+z.3f}".replace("-", "−")
