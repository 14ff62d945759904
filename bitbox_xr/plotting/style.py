"""The style of all plots: sizes and fonts for journals, one colour for each meaning, colour maps and limits.

The style applies to what a plot draws, never to the user's rcParams. The font family is the user's.
"""

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar, cast

import numpy as np
import xarray as xr

from bitbox_xr.core.types import Attrs
from bitbox_xr.core.validation import listed
from bitbox_xr.core.variables import PAIR
from bitbox_xr.measures.results import largest_lag
from bitbox_xr.plotting.fitting import POINTS_PER_INCH, fitted_names, literal, settled, space_of, text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

__all__ = [
    "CHANCE_BAND",
    "CHANCE_COLOUR",
    "COLUMN_MM",
    "DIVERGING_CMAP",
    "FAINT_COLOUR",
    "GROUP_COLOURS",
    "LABEL_PT",
    "LINE_COLOUR",
    "MARK_COLOUR",
    "MISSING_COLOUR",
    "RC",
    "SEQUENTIAL_CMAP",
    "TITLE_PT",
    "axes",
    "colour_map",
    "figure",
    "lag_limits",
    "legend_above",
    "limits",
    "mm",
    "name_space",
    "points",
    "round_limit",
    "select_variable",
    "shade_missing",
    "stroke",
    "styled",
    "write_labels",
    "zero_lines",
]

# One colour for each meaning. All pairs of them differ for people with any of the common colour blindnesses.
LINE_COLOUR = "#1f4e79"  # dark blue: what was observed
MARK_COLOUR = "#b2182b"  # dark red: what stands out, such as significant pairs, the best lag, chosen activations
CHANCE_COLOUR, CHANCE_BAND = "#9a6a00", "#eed9a4"  # ochre: what chance gives (mean, and range)
MISSING_COLOUR = "0.85"  # light grey: missing
FAINT_COLOUR = "0.65"  # grey: not chosen
GROUP_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#444444")  # Okabe & Ito (2008)

DIVERGING_CMAP = "RdBu_r"  # values of both signs, centred on zero: blue is negative, red is positive
SEQUENTIAL_CMAP = "viridis"  # values of one sign

COLUMN_MM = {1: 88.0, 2: 180.0}  # width of one column and of two columns of a journal
MM_PER_INCH = 25.4
SCREEN_DPI = 150  # figures in millimetres would be small on a screen with 100 dots per inch
MIN_LABEL_PT, LABEL_PT, TITLE_PT = 4.5, 7.0, 7.0
CHARACTER_MM, USUAL_CHARACTERS, MAX_CHARACTERS = 1.2, 6, 28  # of upright names
HANDLE_PT = 22.0  # width of a line or patch in a legend, with its distances
LABEL_SHARE, UPRIGHT_SHARE = 0.3, 0.42  # of a figure's width or height, at most for the names on an axis
GAP_EM = 0.6  # between names beside each other on an x axis, in font sizes
STEPS = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)  # round limits of scales, times a power of ten

RC: dict[str, Any] = {
    "font.size": LABEL_PT,
    "axes.titlesize": TITLE_PT,
    "axes.labelsize": LABEL_PT,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlepad": 5.0,
    "axes.labelpad": 2.5,
    "figure.titlesize": TITLE_PT,
    "figure.constrained_layout.w_pad": 0.03,
    "figure.constrained_layout.h_pad": 0.03,
    "legend.fontsize": 6.5,
    "legend.frameon": False,
    "legend.borderpad": 0.2,
    "legend.handlelength": 1.4,
    "lines.linewidth": 1.0,
    "lines.markersize": 3.0,
    "patch.linewidth": 0.6,
    **{f"{axis}tick.labelsize": 6.5 for axis in "xy"},
    **{f"{axis}tick.major.size": 2.5 for axis in "xy"},
    **{f"{axis}tick.major.width": 0.6 for axis in "xy"},
    **{f"{axis}tick.minor.size": 1.5 for axis in "xy"},
    **{f"{axis}tick.minor.width": 0.5 for axis in "xy"},
    **{f"{axis}tick.major.pad": 2.0 for axis in "xy"},
}

Parameters = ParamSpec("Parameters")
Drawn = TypeVar("Drawn")


def styled(plot: Callable[Parameters, Drawn]) -> Callable[Parameters, Drawn]:
    """Make a function draw in this style, whatever the user's rcParams are."""

    @functools.wraps(plot)
    def in_style(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Drawn:
        import matplotlib

        parameters = cast("dict[str, Any]", matplotlib.rcParams)

        # rc_context would also undo what the backend sets when the first figure starts it, such as interactive mode
        users = {name: parameters[name] for name in RC}
        parameters.update(RC)
        try:
            return plot(*args, **kwargs)
        finally:
            parameters.update(users)

    return in_style


# --- figures and axes


def figure(columns: Literal[1, 2] = 1, height: float = 60.0) -> "Figure":
    """Create a figure as wide as one column (88 mm) or two columns (180 mm) of a journal.

    Pass it, or its axes, to a plot. Plots without `ax` or `fig` create such a figure themselves.

    Parameters
    ----------
    columns
        1 or 2.
    height
        Height, mm.

    Returns
    -------
    Figure
        A pyplot figure, whose layout leaves enough space for labels. A notebook displays it once.

    Raises
    ------
    ValueError
        If there is no such number of columns, or the height is not positive.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> (25.4 * figure(columns=2, height=90).get_size_inches()).round().tolist()
    [180.0, 90.0]
    >>> matplotlib.pyplot.close("all")
    """
    faults = [] if columns in COLUMN_MM else [f"expected columns to be 1 or 2, got {columns!r}"]
    faults += [] if height > 0 else [f"expected height to be positive (mm), got {height!r}"]
    if faults:
        raise ValueError(f"figure(): {'; '.join(faults)}")
    return mm(COLUMN_MM[columns], height)


def mm(width: float, height: float) -> "Figure":
    """A new pyplot figure, `width` × `height` mm, whose layout leaves enough space for labels."""
    import matplotlib.pyplot as plt

    from bitbox_xr.plotting.figures import OnceDisplayed

    size = (width / MM_PER_INCH, height / MM_PER_INCH)
    return plt.figure(figsize=size, dpi=SCREEN_DPI, layout="constrained", FigureClass=OnceDisplayed)


def axes(ax: "Axes | None", width: float, height: float) -> "Axes":
    """The given axes in this style; for None, those of a new figure of `width` × `height` mm."""
    if ax is None:
        return mm(width, height).subplots()
    for side in ("top", "right"):
        ax.spines[side].set_visible(RC[f"axes.spines.{side}"])
    ax.spines[:].set_linewidth(RC["axes.linewidth"])
    for axis, name in ((ax.xaxis, "xtick"), (ax.yaxis, "ytick")):
        axis.label.set_fontsize(RC["axes.labelsize"])
        axis.labelpad = RC["axes.labelpad"]
        size, width, pad = (RC[f"{name}.major.{part}"] for part in ("size", "width", "pad"))
        axis.set_tick_params(labelsize=RC[f"{name}.labelsize"], length=size, width=width, pad=pad)
    return ax


def points(ax: "Axes") -> np.ndarray:
    """Width and height of axes, in points."""
    result: np.ndarray = np.asarray(ax.get_window_extent().size) * POINTS_PER_INCH / ax.figure.dpi
    return result


def write_labels(axis: "Axis", labels: list[str], spacing: float) -> None:
    """Write names on an axis, in the largest font size that fits their `spacing` (points).

    If the names would be too small to read, only every second, third, … one is written. Those of an x axis are upright
    if they do not fit beside each other. Long names are shortened.
    """
    every = int(np.ceil(MIN_LABEL_PT * 1.1 / spacing))
    size = float(np.clip(spacing * every * 0.85, MIN_LABEL_PT, LABEL_PT - 0.5))
    figure: Any = axis.axes.get_figure(root=False)
    width, height = np.asarray(figure.bbox.size) * POINTS_PER_INCH / figure.dpi
    most, across = LABEL_SHARE * width, axis is axis.axes.xaxis
    if across:
        beside = spacing * every - GAP_EM * size
        too_wide = max(text_width(label, size) for label in labels) > beside
        upright = too_wide and UPRIGHT_SHARE * height > spacing * every
        most = UPRIGHT_SHARE * height if upright else beside
        axis.set_tick_params(rotation=90.0 if upright else 0.0)
    names = [literal(name) for name in fitted_names(labels, float(most), size)]
    at = range(0, len(labels), every)
    axis.set_ticks(at, labels=[names[k] for k in at], fontsize=size)
    axis.set_tick_params(length=1.5, pad=1.0)


def name_space(names: Sequence[str]) -> float:
    """Height that upright names need beyond that of usual ones, mm; 0 for a single name, which is not upright."""
    longest = max(map(len, names)) if len(names) > 1 else 0
    return CHARACTER_MM * (min(longest, MAX_CHARACTERS) - min(longest, USUAL_CHARACTERS))


def legend_above(ax: "Axes") -> None:
    """Add a legend above axes, where it hides nothing, in as many columns as fit beside each other."""
    handles, labels = ax.get_legend_handles_labels()
    settled(ax)
    low, high, middle = space_of(ax, vertical=False)
    start = middle - points(ax)[0] / 2
    longest = max(text_width(label, RC["legend.fontsize"]) for label in "\n".join(labels).splitlines()) + HANDLE_PT
    columns = max(1, min(len(labels), int((high - max(start, low)) / longest)))
    place: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0, 1.0), "borderpad": 0, "borderaxespad": 0.1}
    ax.legend(handles, labels, ncols=columns, columnspacing=1.0, **place)


def zero_lines(ax: "Axes") -> None:
    """Draw thin lines through zero."""
    ax.axhline(0, color="0.6", linewidth=0.6, zorder=0.5)
    ax.axvline(0, color="0.6", linewidth=0.6, zorder=0.5)


def shade_missing(ax: "Axes", time: np.ndarray, missing: np.ndarray, fps: float) -> None:
    """Make the background of missing frames grey."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], missing, [False]]).astype(np.int8)))
    for start, stop in edges.reshape(-1, 2):
        ax.axvspan(time[start] - 0.5 / fps, time[stop - 1] + 0.5 / fps, color=MISSING_COLOUR, linewidth=0, zorder=0)


def stroke(ax: "Axes", cells: np.ndarray, *, crossed: bool = False, colour: str = "0.2") -> None:
    """Draw a diagonal line through cells, or both. A paler colour could be mistaken for a smaller value."""
    from matplotlib.collections import LineCollection

    if cells.any():
        places = np.argwhere(cells)
        lines = [((column - 0.5, row + 0.5), (column + 0.5, row - 0.5)) for row, column in places]
        lines += [((column - 0.5, row - 0.5), (column + 0.5, row + 0.5)) for row, column in places if crossed]
        ax.add_collection(LineCollection(lines, colors=colour, linewidths=0.7), autolim=False)


# --- colours and limits


def colour_map(name: "str | Colormap") -> "Colormap":
    """A colour map in which missing values are grey."""
    import matplotlib

    found = matplotlib.colormaps[name] if isinstance(name, str) else name
    return found.with_extremes(bad=MISSING_COLOUR)


def round_limit(largest: float) -> float:
    """The smallest round number that is not below `largest`, so that similar plots have the same scale.

    >>> round_limit(0.27), round_limit(0.3), round_limit(7.2), round_limit(0.0)
    (0.3, 0.3, 8.0, 1.0)
    """
    if not np.isfinite(largest) or largest <= 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(largest) + 1e-12)
    return float(f"{power * next(step for step in STEPS if step * power >= largest * (1 - 1e-9)):.6g}")


def limits(values: np.ndarray, vmin: float | None, vmax: float | None, *, both_signs: bool) -> tuple[float, float]:
    """Limits of a scale: those given, else round numbers, from 0 or on both sides of 0.

    For values of both signs, one given limit is mirrored.
    """
    largest = round_limit(float(np.nanmax(np.abs(values), initial=0)))
    if both_signs:
        known = [abs(one) for one in (vmin, vmax) if one is not None]
        largest = known[0] if known else largest
    low = -largest if both_signs else 0.0
    return low if vmin is None else vmin, largest if vmax is None else vmax


# --- what is plotted


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
    if PAIR in further and missing:
        return "use the result before .bitbox.matched()"
    if missing and further:
        return "use the result before it was grouped or renamed"
    if missing:
        return f"to choose a single label, keep its dimension: .sel({missing[0]}=[…])"
    return f"choose one label of each further dimension, for example .isel({further[0]}=0)"


# --- lags


def lag_limits(attrs: Attrs) -> tuple[float, float] | None:
    """Limits of a lag axis, s, from the attributes of a result; None if they do not state the largest lag."""
    if not attrs.get("max_lag"):
        return None
    largest = largest_lag(attrs)
    return -1.08 * largest, largest * (0.08 if attrs.get("causal") else 1.08)
