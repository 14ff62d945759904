"""Plot of one statistic of all pairs of signals, as a matrix of coloured cells, or of matched pairs, as a column."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr

from bitbox_xr.core.types import Attrs
from bitbox_xr.core.variables import PAIR, SIGNAL1, SIGNAL2, WINDOW
from bitbox_xr.measures.results import below_half, selves
from bitbox_xr.measures.social import window_stats
from bitbox_xr.plotting.captions import (
    Of,
    axis_text,
    literal,
    of,
    options_text,
    subject_text,
    wrapped,
    wrapped_to_points,
    write_title,
)
from bitbox_xr.plotting.style import (
    COLUMN_MM,
    DIVERGING_CMAP,
    LABEL_PT,
    SEQUENTIAL_CMAP,
    axes,
    colour_map,
    limits,
    points,
    select_variable,
    styled,
    write_labels,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

__all__ = ["NO_CORRELATION", "draw_matrix", "matrix"]

NON_NEGATIVE = {"corr_std", "corr_abs_mean", "follow_share", "lead_share", "n_windows", "at_limit", "null_std"}
NON_NEGATIVE |= {"answered", "chance", "odds_ratio", "n_given", "latency"}
P_VALUES = {"p", "p_fwe", "q", "activity_p", "p_min"}
LAGS = {"corr_lag", "best_lag"}
DEFAULT_STATISTICS = ("best_lag", "corr_mean", "surrogate_z", "answered_above_chance")  # the first that the result has
NO_CORRELATION = "no window has a correlation: flat or missing"
MAX_LABELS_IN_ONE_COLUMN = 24
SMALL_MM, ROW_MM, MARGIN_MM = 5.0, 3.1, 26.0  # cells of few signals; of one column of pairs; for labels
MAX_VALUES = 8  # rows and columns up to which numbers are written into the cells
P_VALUE_CMAP = "Blues_r"  # the smaller, the darker
P_TICKS = (0.001, 0.01, 0.05, 0.2, 1.0)


NOBODY = Of("signal1", "signal2", "")  # the axes of a result of one person


class Cells(NamedTuple):
    """What a matrix shows: values `(row, column)`, and which cells are not of interest or rest on few windows."""

    values: xr.DataArray  # (signal1, signal2) or (pair)
    shown: np.ndarray  # (row, column)
    alone: np.ndarray
    few: np.ndarray

    @property
    def labels(self) -> tuple[list[str], list[str]]:
        """Labels of rows and of columns; matched pairs are rows of one column."""
        if PAIR in self.values.dims:
            return [str(label) for label in self.values[PAIR].values], [""]
        first, second = ([str(label) for label in self.values[dim].values] for dim in (SIGNAL1, SIGNAL2))
        return first, second


@styled
def matrix(
    result: xr.Dataset,
    *,
    statistic: str | None = None,
    vmin: float | None = None,
    vmax: float | None = None,
    cmap: "str | Colormap | None" = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """Plot one statistic of every pair of signals as a matrix of coloured cells.

    Rows are the signals of x and columns those of y. Matched pairs are one column. Statistics of both signs have the
    colour map `DIVERGING_CMAP` of `bitbox_xr.plotting.style`, centred on zero; statistics of one sign have
    `SEQUENTIAL_CMAP`, p-values a logarithmic scale. Missing values are grey, and so is each signal paired with itself,
    if the result is of one person. Hatched cells rest on fewer than half as many windows as the cell with most windows.
    A line below the columns explains grey and hatched cells. If the signals' facial regions are known and adjacent,
    lines separate the regions.

    Parameters
    ----------
    result
        Result of `imitation`, `coordination`, `window_stats`, `lag_profile`, `significance` or `contingency`, of one
        recording.
    statistic
        Name of a variable `(signal1, signal2)` or `(pair)`. For a result with windows: one of `window_stats`. Default:
        corr_mean; for a result of `lag_profile`, best_lag; of `significance`, surrogate_z; of `contingency`,
        answered_above_chance.
    vmin, vmax
        Limits of the colours. Default: round numbers that include all values, so that similar results have the same
        colours. Give the same limits to plots that are compared.
    cmap
        Matplotlib colour map, or its name.
    ax
        Matplotlib axes to draw on, preferably of a figure with `layout="constrained"`. Default: the axes of a new
        figure: one column of a journal (88 mm) for up to 24 signals, else two columns (180 mm). If the axes are small,
        some labels are left out.

    Returns
    -------
    Axes
        `ax.figure` is the figure.

    Raises
    ------
    ValueError
        If the result does not contain the statistic, or the statistic has other dimensions.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from bitbox_xr import imitation
    >>> from bitbox_xr.demo import make_pair
    >>> x, y, _ = make_pair(minutes=0.5)
    >>> result = imitation(x.sel(signal=["AU06", "AU12"]), y, width=2, step=1, max_lag=1)
    >>> ax = matrix(result, ax=Figure(layout="constrained").subplots())
    >>> print(ax.get_title(loc="left"))
    Imitation of model by participant
    27 windows of 2 s, step 1 s, max_lag 1 s
    >>> ax.get_xlabel(), [label.get_text() for label in ax.get_yticklabels()]
    ('model', ['AU06', 'AU12'])
    """
    return draw_matrix(result, statistic, (vmin, vmax), cmap, ax)


def draw_matrix(
    result: xr.Dataset,
    statistic: str | None,
    given: tuple[float | None, float | None],
    cmap: "str | Colormap | None",
    ax: "Axes | None",
    further: tuple[str, ...] = (),
) -> "Axes":
    """Draw the matrix; `further` options end the title."""
    statistic, cells = _cells(result, statistic)
    rows, columns = cells.labels
    ax = axes(ax, *_size(len(rows), len(columns)))
    colours = _colours(cells.shown, statistic, result.attrs, given, cmap)
    image = ax.imshow(cells.shown, aspect="auto", interpolation="nearest", **colours)
    width, height = points(ax)
    who = of(result)
    follower = "signal1" if result.attrs.get("alone") else who.x
    _colour_bar(ax, image, cells.values, statistic, height, follower)
    ax.spines[:].set_visible(False)
    _hatch(ax, cells.few & ~cells.alone)
    _write_values(ax, cells, image)
    _label(ax, cells, NOBODY if result.attrs.get("alone") else who, (width, height))
    settings = [*further, *(one for one in options_text(result.attrs) if one not in further)]
    write_title(ax, subject_text(result), settings)
    return ax


# --- what is drawn


def _cells(result: xr.Dataset, statistic: str | None) -> tuple[str, Cells]:
    """The name of the statistic, and its cells."""
    stats = window_stats(result) if "corr" in result and WINDOW in result["corr"].dims else result
    if statistic is None:
        statistic = next((name for name in DEFAULT_STATISTICS if name in stats), "corr_mean")
    matched = statistic in stats and PAIR in stats[statistic].dims
    dims = (PAIR,) if matched else (SIGNAL1, SIGNAL2)
    values = select_variable(stats, statistic, dims, "choose one of these as statistic")
    shape = (values.size, 1) if matched else values.shape
    alone = np.zeros(shape, bool) if matched else selves(values, result.attrs)
    shown = np.where(alone, np.nan, np.asarray(values.values, float).reshape(shape))
    return statistic, Cells(values, shown, alone, _few_windows(stats, statistic, dims).reshape(shape))


def _few_windows(stats: xr.Dataset, statistic: str, dims: tuple[str, ...]) -> np.ndarray:
    """Whether each pair has some windows, but fewer than half as many as the pair with most windows."""
    if "n_windows" not in stats or statistic == "n_windows":
        return np.zeros([stats.sizes[dim] for dim in dims], bool)
    counts = select_variable(stats, "n_windows", dims, "").values
    result: np.ndarray = (counts > 0) & below_half(counts)
    return result


# --- how it looks


def _size(rows: int, columns: int) -> tuple[float, float]:
    """Width and height of a new figure, mm."""
    if columns == 1:
        return COLUMN_MM[1], max(34.0, 18.0 + ROW_MM * rows)
    width = COLUMN_MM[1] if columns <= MAX_LABELS_IN_ONE_COLUMN else COLUMN_MM[2]
    cell = min(SMALL_MM, (width - 2 * MARGIN_MM / 1.6) / columns)
    return width, max(40.0, cell * rows + MARGIN_MM)


def _colours(
    values: np.ndarray,
    statistic: str,
    attrs: Attrs,
    given: tuple[float | None, float | None],
    cmap: "str | Colormap | None",
) -> dict[str, Any]:
    """Colour map and limits, as keywords of `imshow`."""
    from matplotlib.colors import LogNorm

    vmin, vmax = given
    if statistic in P_VALUES:
        smallest = float(np.nanmin(values, initial=0.05))
        low = 10.0 ** np.floor(np.log10(max(smallest, 1e-6)))
        norm = LogNorm(low if vmin is None else vmin, 1.0 if vmax is None else vmax)
        return {"cmap": colour_map(cmap or P_VALUE_CMAP), "norm": norm}
    if statistic in LAGS and attrs.get("causal"):  # with causal=True no lag is positive
        low, high = limits(values, None, -vmin if vmin is not None else None, both_signs=False)
        return {"cmap": colour_map(cmap or SEQUENTIAL_CMAP), "vmin": -high, "vmax": low if vmax is None else vmax}
    both = statistic not in NON_NEGATIVE
    low, high = limits(values, vmin, vmax, both_signs=both)
    return {"cmap": colour_map(cmap or (DIVERGING_CMAP if both else SEQUENTIAL_CMAP)), "vmin": low, "vmax": high}


def _colour_bar(ax: "Axes", image: Any, values: xr.DataArray, statistic: str, height: float, follower: str) -> None:
    bar = ax.figure.colorbar(image, ax=ax, pad=0.02, fraction=0.05, aspect=25)
    bar.outline.set_visible(False)
    label = axis_text(values)
    if statistic in LAGS:
        label += f" (negative: {follower} follows)"
    bar.set_label(wrapped(label, max(18, int(height / (0.56 * LABEL_PT)))), fontsize=LABEL_PT)
    if statistic in P_VALUES:
        ticks = [tick for tick in P_TICKS if image.norm.vmin <= tick <= image.norm.vmax]
        bar.set_ticks(ticks, labels=[f"{tick:g}" for tick in ticks])
        bar.minorticks_off()
    bar.ax.tick_params(labelsize=LABEL_PT - 0.5, length=2, width=0.6)


def _label(ax: "Axes", cells: Cells, who: Of, size: tuple[float, float]) -> None:
    """Write the names of signals and people, and what grey and hatched cells mean."""
    rows, columns = cells.labels
    width, height = size
    across = write_labels(ax.xaxis, [literal(label) for label in columns], width / len(columns))
    if max(map(len, columns)) * across * 0.7 > width / len(columns):
        ax.tick_params(axis="x", rotation=90)
    write_labels(ax.yaxis, [literal(label) for label in rows], height / len(rows))
    matched = PAIR in cells.values.dims
    if not matched:
        _separate_regions(ax.axvline, cells.values, SIGNAL2)
        _separate_regions(ax.axhline, cells.values, SIGNAL1)
        ax.set_ylabel(literal(who.x if who.x != "x" else "signals of x"))
    else:
        ax.set_ylabel("signal of both")
        ax.tick_params(axis="x", length=0)
    names = "" if matched else who.y if who.y != "y" else "signals of y"
    notes = [wrapped_to_points(note, 1.1 * width, LABEL_PT) for note in _notes(cells)]
    ax.set_xlabel("\n".join(filter(None, [literal(names), *notes])))


def _write_values(ax: "Axes", cells: Cells, image: Any) -> None:
    """Write the numbers into the cells, if there are few."""
    rows, columns = cells.shown.shape
    if max(columns, 1 if columns == 1 else rows) > MAX_VALUES:
        return
    for (row, column), value in np.ndenumerate(cells.shown):
        if np.isfinite(value):
            red, green, blue, _ = image.cmap(image.norm(value))
            dark = 0.3 * red + 0.59 * green + 0.11 * blue < 0.5
            text = f"{value:z.2f}".replace("-", "−") if abs(value) < 10 else f"{value:.0f}"
            ax.text(column, row, text, ha="center", va="center", fontsize=5.5, color="white" if dark else "0.1")


def _hatch(ax: "Axes", cells: np.ndarray) -> None:
    """Draw a diagonal line through cells. A paler colour could be mistaken for a smaller value."""
    from matplotlib.collections import LineCollection

    if cells.any():
        strokes = [((column - 0.5, row + 0.5), (column + 0.5, row - 0.5)) for row, column in np.argwhere(cells)]
        ax.add_collection(LineCollection(strokes, colors="0.2", linewidths=0.7), autolim=False)


def _separate_regions(draw: Callable[..., Any], values: xr.DataArray, dim: str) -> None:
    """Draw lines between the facial regions of adjacent signals, if the regions are known."""
    regions = values.coords.get(f"region{dim[-1]}")
    if regions is None:
        return
    borders = np.flatnonzero(regions.values[1:] != regions.values[:-1])
    # if signals are not sorted by region, there would be a line around almost every one
    if len(borders) <= len(regions) / 2:
        for border in borders:
            draw(border + 0.5, color="0.35", linewidth=0.5)


def _notes(cells: Cells) -> list[str]:
    """Lines that explain grey and hatched cells, if there are any."""
    missing = np.isnan(cells.shown) & ~cells.alone
    found = (("each signal with itself", cells.alone), (NO_CORRELATION, missing))
    grey = [text for text, where in found if where.any()]
    few = (cells.few & ~cells.alone).any()
    hatched = ["hatched: fewer than half as many windows as others"] if few else []
    return ([f"grey: {'; or '.join(grey)}"] if grey else []) + hatched
