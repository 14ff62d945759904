"""Plot of one statistic of all pairs of signals, as a matrix of coloured cells, or of matched pairs, as a column."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr

from bitbox_xr.core.types import Attrs
from bitbox_xr.core.validation import counted
from bitbox_xr.core.variables import PAIR, SIGNAL1, SIGNAL2, WINDOW
from bitbox_xr.measures.results import below_half, selves
from bitbox_xr.measures.social import window_stats
from bitbox_xr.plotting.captions import Of, attrs_of_part, axis_text, of, options_text, subject_text, write_title
from bitbox_xr.plotting.clipping import extension
from bitbox_xr.plotting.fitting import literal, settled, unbroken
from bitbox_xr.plotting.style import (
    COLUMN_MM,
    DIVERGING_CMAP,
    LABEL_PT,
    SEQUENTIAL_CMAP,
    axes,
    colour_map,
    limits,
    name_space,
    points,
    select_variable,
    stroke,
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
# why values are missing, and what little data is
OF_CORRELATIONS = (NO_CORRELATION, "fewer than half as many windows as others")
OF_ANSWERS = ("fewer than 5 activations, no answer, or over 80 % by chance", "fewer than 20 activations")
FEW_GIVEN = 20  # activations; the standard error of a share of one half is then .11
MAX_LABELS_IN_ONE_COLUMN = 24
SMALL_MM, ROW_MM, MARGIN_MM = 5.0, 3.1, 26.0  # cells of few signals; of one column of pairs; for labels
MAX_VALUES = 8  # rows and columns up to which numbers are written into the cells
P_VALUE_CMAP = "Blues_r"  # the smaller, the darker
P_TICKS = (0.001, 0.01, 0.05, 0.2, 1.0)


NOBODY = Of("signal1", "signal2", "")  # the axes of a result of one person


class Cells(NamedTuple):
    """What a matrix shows: values `(row, column)`, and which cells are not of interest or rest on little data."""

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
    if the result is of one person. Hatched cells rest on fewer than half as many windows as the cell with most windows,
    or on fewer than 20 activations.
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
    note: str = "",
) -> "Axes":
    """Draw the matrix; `further` options end the title, and `note` explains marks below the columns."""
    statistic, cells = _cells(result, statistic)
    rows, columns = cells.labels
    ax = axes(ax, *_size(rows, columns))
    colours = _colours(cells.shown, statistic, result.attrs, given, cmap)
    image = ax.imshow(cells.shown, aspect="auto", interpolation="nearest", **colours)
    who = of(result)
    follower = "signal1" if result.attrs.get("alone") else who.x
    _colour_bar(ax, image, cells, statistic, follower)
    ax.spines[:].set_visible(False)
    stroke(ax, cells.few & ~cells.alone)
    _write_values(ax, cells, image)
    explained = [*_notes(cells, *(OF_ANSWERS if "answered" in result else OF_CORRELATIONS)), *filter(None, [note])]
    explained += _labels_together(result)
    _label(ax, cells, NOBODY if result.attrs.get("alone") else who, explained)
    options = [*_given_text(result), *options_text(attrs_of_part(result))]
    write_title(ax, subject_text(result), [*options, *(one for one in further if one not in options)])
    return ax


# --- what is drawn


def _cells(result: xr.Dataset, statistic: str | None) -> tuple[str, Cells]:
    """The name of the statistic, and its cells."""
    stats = window_stats(result) if "corr" in result and WINDOW in result["corr"].dims else result
    if statistic is None:
        statistic = next((name for name in DEFAULT_STATISTICS if name in stats), "corr_mean")
    matched = statistic in stats and PAIR in stats[statistic].dims
    dims = (PAIR,) if matched else (SIGNAL1, SIGNAL2)
    values = select_variable(stats, statistic, dims, "choose one of these as statistic=…")
    shape = (values.size, 1) if matched else values.shape
    alone = np.zeros(shape, bool) if matched else selves(values, result.attrs)
    shown = np.where(alone, np.nan, np.asarray(values.values, float).reshape(shape))
    return statistic, Cells(values, shown, alone, _few(stats, statistic, dims).reshape(shape))


def _labels_together(result: xr.Dataset) -> list[str]:
    """That windows of several labels, such as conditions, are averaged, if they are."""
    by = str(result.attrs.get("by", ""))
    if by not in result.coords or result[by].dims != (WINDOW,) or len(np.unique(result[by].values)) == 1:
        return []
    return [f"windows of every {by} are averaged together"]


def _given_text(result: xr.Dataset) -> list[str]:
    """How many activations a result of `contingency` rests on."""
    if "n_given" not in result:
        return []
    least, most = int(result["n_given"].min()), int(result["n_given"].max())
    return [f"{counted(most, 'activation') if least == most else f'{least} to {most} activations'} of each signal"]


def _few(stats: xr.Dataset, statistic: str, dims: tuple[str, ...]) -> np.ndarray:
    """Whether each pair rests on few activations, or on fewer than half as many windows as the pair with most."""
    name = next((name for name in ("n_given", "n_windows") if name in stats), statistic)
    if name == statistic:
        return np.zeros([stats.sizes[dim] for dim in dims], bool)
    counts = select_variable(stats, name, dims, "").values
    result: np.ndarray = (counts > 0) & (counts < FEW_GIVEN if name == "n_given" else below_half(counts))
    return result


# --- how it looks


def _size(rows: list[str], columns: list[str]) -> tuple[float, float]:
    """Width and height of a new figure, mm."""
    if len(columns) == 1:
        return COLUMN_MM[1], max(40.0, 22.0 + ROW_MM * len(rows))
    width = COLUMN_MM[1] if len(columns) <= MAX_LABELS_IN_ONE_COLUMN else COLUMN_MM[2]
    cell = min(SMALL_MM, (width - 2 * MARGIN_MM / 1.6) / len(columns))
    return width, max(46.0, cell * len(rows) + MARGIN_MM + name_space(columns))


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


def _colour_bar(ax: "Axes", image: Any, cells: Cells, statistic: str, follower: str) -> None:
    beyond = extension(cells.shown, *image.get_clim())
    bar = ax.figure.colorbar(image, ax=ax, pad=0.02, fraction=0.05, aspect=25, extend=beyond)
    bar.outline.set_visible(False)
    label = axis_text(cells.values)
    if statistic in LAGS:
        label += f" (negative: {unbroken(follower)} follows)"
    bar.set_label(literal(label), fontsize=LABEL_PT)
    if statistic in P_VALUES:
        ticks = [tick for tick in P_TICKS if image.norm.vmin <= tick <= image.norm.vmax]
        bar.set_ticks(ticks, labels=[f"{tick:g}" for tick in ticks])
        bar.minorticks_off()
    bar.ax.tick_params(labelsize=LABEL_PT - 0.5, length=2, width=0.6)


def _label(ax: "Axes", cells: Cells, who: Of, notes: list[str]) -> None:
    """Write the names of signals and people, and what grey, hatched and framed cells mean."""
    rows, columns = cells.labels
    write_labels(ax.yaxis, rows, points(ax)[1] / len(rows))
    settled(ax)  # names of rows and the colour bar make the columns narrower
    write_labels(ax.xaxis, columns, points(ax)[0] / len(columns))
    matched = PAIR in cells.values.dims
    if not matched:
        _separate_regions(ax.axvline, cells.values, SIGNAL2)
        _separate_regions(ax.axhline, cells.values, SIGNAL1)
        ax.set_ylabel(literal(who.x if who.x != "x" else "signals of x"))
    else:
        ax.set_ylabel("signal of both")
        ax.tick_params(axis="x", length=0)
    names = "" if matched else who.y if who.y != "y" else "signals of y"
    ax.set_xlabel(literal("\n".join(filter(None, [names, *notes]))))


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


def _notes(cells: Cells, nothing: str, little: str) -> list[str]:
    """Lines that explain grey and hatched cells, if there are any: why values are missing, or rest on little data."""
    missing = np.isnan(cells.shown) & ~cells.alone
    found = (("each signal with itself", cells.alone), (nothing, missing))
    grey = [text for text, where in found if where.any()]
    few = (cells.few & ~cells.alone).any()
    hatched = [f"hatched: {little}"] if few else []
    return ([f"grey: {'; or '.join(grey)}"] if grey else []) + hatched
