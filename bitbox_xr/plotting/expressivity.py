"""Plots of expressivity: metrics of all coefficients, and asymmetry over time.

Each function draws on the axes or figure that it is given and returns them. Without one, it creates a pyplot figure.
No function calls `show()`. Matplotlib is imported when the first plot is drawn.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr

from bitbox_xr.core.durations import length_of, seconds
from bitbox_xr.core.validation import counted
from bitbox_xr.core.variables import COEFFICIENT, FEATURE, METRIC, SCALE, TIME
from bitbox_xr.plotting.captions import activation_rule, is_part, subject_text, with_unit, write_title
from bitbox_xr.plotting.clipping import extension, mark_clipped
from bitbox_xr.plotting.fitting import literal
from bitbox_xr.plotting.style import (
    COLUMN_MM,
    DIVERGING_CMAP,
    GROUP_COLOURS,
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

__all__ = ["asymmetry", "expressivity"]

MAX_LABELS_IN_ONE_COLUMN = 24
ROW_MM, MARGIN_MM, ASYMMETRY_MM = 6.0, 28.0, 60.0
MIN_ROWS_MM = 16.0  # all rows together: the label beside the colours needs it
COUNTS = ("frequency", "density", "activations_per_minute")  # they fall with the scale in every recording
RATIOS = (1.25, 1.5, 2.0, 4.0, 8.0)  # upper ends of the colours of relative values; the lower ends are 1 / ratio
OTHER_METRICS = ("activations_per_minute", "eligible_time")  # separate variables of a result
TITLES = {
    "frequency": "number of activations",
    "density": "summed magnitude per frame",
    "mean": "mean magnitude",
    "std": "standard deviation of magnitudes",
    "min": "smallest magnitude",
    "max": "largest magnitude",
    "activations_per_minute": "activations per minute",
    "eligible_time": "eligible time, s",
}


class Heat(NamedTuple):
    """The cells of a heat map `(scale, coefficient)`, which have no activation, and by what rows were divided."""

    values: np.ndarray
    empty: np.ndarray
    means: np.ndarray | None


@styled
def expressivity(
    result: xr.Dataset,
    metric: str = "activations_per_minute",
    *,
    relative: bool | None = None,
    vmin: float | None = None,
    vmax: float | None = None,
    cmap: "str | Colormap | None" = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """Plot one metric of expressivity as a heat map, with a row for each scale and a column for each coefficient.

    There are more activations at short scales than at long ones in every recording. Numbers, rates and densities are
    therefore divided by their mean over the coefficients of the scale, which is written at the right of the row. The
    colours then show which coefficients are more active than the others. Cells without an activation are white and
    crossed; missing values are grey. If the regions of the face are known and adjacent, lines separate them.

    Parameters
    ----------
    result
        Result of `bitbox_xr.expressivity`, of one recording.
    metric
        "activations_per_minute"; "eligible_time" (the time in which an activation could be found, s); "frequency" (the
        number of activations), "density" (their summed magnitude per frame), or the "mean", "std", "min" or "max"
        of their magnitudes.
    relative
        True: divide each row by its mean; the colours are logarithmic. False: plot the values themselves, on a linear
        scale. Default: True for numbers, rates and densities of several coefficients at several scales, else False.
    vmin, vmax
        Limits of the colours. Default: round numbers that include all values, at most 1/8 and 8 for relative ones.
    cmap
        Matplotlib colour map, or its name.
    ax
        Matplotlib axes to draw on. Default: the axes of a new figure, which is large enough for every label. If the
        axes are small, some labels are left out.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If there is no such metric, or the result has further dimensions (choose one label with `.isel()`).

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> import bitbox_xr as bx
    >>> from bitbox_xr.demo import make_face
    >>> face, _ = make_face()
    >>> ax = expressivity(bx.expressivity(face, scales=[0.5, 1]), ax=Figure(layout="constrained").subplots())
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['0.5 s', '1 s']
    """
    values = _metric(result, metric)
    rows, columns = values.shape
    heat = _heat(values.values, metric, relative)
    names = [str(name) for name in values[COEFFICIENT].values]
    height = MARGIN_MM + max(ROW_MM * rows, MIN_ROWS_MM) + name_space(names)
    ax = axes(ax, COLUMN_MM[1 if columns <= MAX_LABELS_IN_ONE_COLUMN else 2], height)
    width = float(points(ax)[0])
    image = ax.imshow(heat.values, aspect="auto", interpolation="nearest", **_colours(heat, vmin, vmax, cmap))
    label = "times the mean of the scale" if heat.means is not None else _label(values, metric)
    beyond = extension(heat.values, *image.get_clim())
    pad = 0.08 if heat.means is not None else 0.02
    bar = ax.figure.colorbar(image, ax=ax, label=literal(label), pad=pad, fraction=0.05, extend=beyond)
    bar.outline.set_visible(False)
    if heat.means is not None:
        _label_ratios(bar)
        _write_means(ax, heat.means)
    ax.spines[:].set_visible(False)
    _mark_empty(ax, heat.empty)
    ax.set_yticks(np.arange(rows), labels=[literal(str(label)) for label in values["scale_label"].values])
    write_labels(ax.xaxis, names, width / columns)
    _separate_regions(ax, values)
    ax.set(xlabel="\n".join(["coefficient", *_notes(heat, metric)]), ylabel="scale")
    write_title(ax, subject_text(result), [_label(values, metric), *_amount(result), *activation_rule(result.attrs)])
    return ax


@styled
def asymmetry(
    result: xr.Dataset, *, vmin: float | None = None, vmax: float | None = None, ax: "Axes | None" = None
) -> "Axes":
    """Plot the asymmetry of each facial feature over time, one line for each; the thick line is their mean.

    Parameters
    ----------
    result
        Result of `bitbox_xr.asymmetry`, of one recording.
    vmin, vmax
        Limits of the asymmetry. Default: 0, and a round number that includes all values.
    ax
        Matplotlib axes to draw on. Default: the axes of a new figure.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the result has further dimensions (choose one label with `.isel()`).

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> import bitbox_xr as bx
    >>> landmarks = np.random.default_rng(0).normal(size=(90, 153))
    >>> result = bx.asymmetry(bx.signals(landmarks, kind="landmark-can", fps=30))
    >>> asymmetry(result, ax=Figure(layout="constrained").subplots()).get_ylabel()
    'asymmetry, mm'
    """
    values = select_variable(result, "asymmetry", (TIME, FEATURE), "use the result of bx.asymmetry(x)")
    ax = axes(ax, COLUMN_MM[2], ASYMMETRY_MM)
    for k, feature in enumerate(values[FEATURE].values):
        overall = feature == "overall"
        style: dict[str, Any] = (
            {"color": "0.15", "linewidth": 1.6, "zorder": 3}
            if overall
            else {"color": GROUP_COLOURS[k % len(GROUP_COLOURS)], "linewidth": 0.7}
        )
        ax.plot(values[TIME], values.sel({FEATURE: feature}), label=literal(str(feature)), **style)
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    ax.set(xlabel="time, s", ylabel=with_unit("asymmetry", values.attrs.get("units", "1")))
    ax.set_ylim(limits(values.values, vmin, vmax, both_signs=False))
    ax.margins(x=0.005)
    mark_clipped(ax)
    frames = int(values.notnull().any(FEATURE).sum())
    write_title(ax, subject_text(result), [f"{frames} of {values.sizes[TIME]} frames"])
    return ax


# --- what is drawn


def _metric(result: xr.Dataset, metric: str) -> xr.DataArray:
    """Values of one metric, `(scale, coefficient)`."""
    remedy = "use the result of bx.expressivity(x)"
    if metric in OTHER_METRICS:
        return select_variable(result, metric, (SCALE, COEFFICIENT), remedy)
    cube = select_variable(result, "expressivity", (SCALE, METRIC, COEFFICIENT), remedy)
    known = cube[METRIC].values.tolist()
    if metric not in known:
        raise ValueError(f"expected metric to be one of {', '.join([*known, *OTHER_METRICS])}, got {metric!r}")
    return cube.sel({METRIC: metric})


def _heat(values: np.ndarray, metric: str, relative: bool | None) -> Heat:
    """The values, or each row divided by its mean."""
    if relative is None:
        relative = metric in COUNTS and min(values.shape) > 1
    empty = (values == 0) & (metric in COUNTS)
    shown = np.where(empty, np.nan, values)
    if not relative:
        return Heat(shown, empty, None)
    present = np.isfinite(values)
    means = np.where(present, values, 0.0).sum(axis=1) / np.maximum(present.sum(axis=1), 1)
    return Heat(shown / np.where(means > 0, means, np.nan)[:, None], empty, means)


# --- how it looks


def _label(values: xr.DataArray, metric: str) -> str:
    """Name of a metric, with the units of the signal if it has any."""
    units = str(values.coords["unit"].item()) if "unit" in values.coords else "1"
    return TITLES[metric] if units in ("1", "1/frame") else f"{TITLES[metric]},\N{NO-BREAK SPACE}{units}"


def _amount(result: xr.Dataset) -> list[str]:
    """How many activations a result has, and in which time."""
    length = length_of(result.attrs)
    if is_part(result) and "eligible_time" in result:
        length = float(result["eligible_time"].max())
    time = "" if length is None else seconds(length)
    if "expressivity" not in result or "frequency" not in result[METRIC]:
        return [time] if time else []
    number = counted(int(result["expressivity"].sel({METRIC: "frequency"}).sum()), "activation")
    return [f"{number} in {time}" if time else number]


def _notes(heat: Heat, metric: str) -> list[str]:
    """What crossed and grey cells mean, if there are any."""
    grey = np.isnan(heat.values) & ~heat.empty
    reason = "no eligible time" if metric in (*COUNTS, *OTHER_METRICS) else "no activation"
    return (["crossed: no activation"] if heat.empty.any() else []) + ([f"grey: {reason}"] if grey.any() else [])


def _mark_empty(ax: "Axes", empty: np.ndarray) -> None:
    """Make cells without an activation white, and cross them: a low rate is another thing."""
    from matplotlib.colors import ListedColormap

    if empty.any():
        ax.imshow(np.where(empty, 1.0, np.nan), aspect="auto", interpolation="nearest", cmap=ListedColormap(["white"]))
    stroke(ax, empty, crossed=True, colour="0.75")


def _colours(heat: Heat, vmin: float | None, vmax: float | None, cmap: "str | Colormap | None") -> dict[str, Any]:
    """Colour map and limits, as keywords of `imshow`."""
    from matplotlib.colors import LogNorm

    if heat.means is not None:
        positive = heat.values[heat.values > 0]
        largest = float(np.exp(np.abs(np.log(positive)).max(initial=0.0)))
        ratio = next((ratio for ratio in RATIOS if ratio >= largest), RATIOS[-1])
        low, high = vmin or 1 / (vmax or ratio), vmax or 1 / (vmin or 1 / ratio)
        return {"cmap": colour_map(cmap or DIVERGING_CMAP), "norm": LogNorm(low, high)}
    both = bool((heat.values < 0).any())
    low, high = limits(heat.values, vmin, vmax, both_signs=both)
    return {"cmap": colour_map(cmap or (DIVERGING_CMAP if both else SEQUENTIAL_CMAP)), "vmin": low, "vmax": high}


def _label_ratios(bar: Any) -> None:
    inner = [tick for tick in 2.0 ** np.arange(-8, 9) if bar.norm.vmin < tick < bar.norm.vmax]
    bar.set_ticks(ticks := [bar.norm.vmin, *inner, bar.norm.vmax], labels=[f"{tick:.3g}" for tick in ticks])
    bar.minorticks_off()


def _write_means(ax: "Axes", means: np.ndarray) -> None:
    """Write the mean of each row at its right."""
    for row, mean in enumerate(means):
        ax.text(1.01, row, f"{mean:.3g}", transform=ax.get_yaxis_transform(), va="center", fontsize=6.0)
    ax.text(1.01, len(means) - 0.45, "mean", transform=ax.get_yaxis_transform(), va="top", fontsize=6.0)


def _separate_regions(ax: "Axes", values: xr.DataArray) -> None:
    """Draw lines between the facial regions of adjacent coefficients, if the regions are known."""
    regions = values.coords.get("region")
    if regions is None or regions.dims != (COEFFICIENT,):
        return
    borders = np.flatnonzero(regions.values[1:] != regions.values[:-1])
    if len(borders) <= regions.size / 2:  # else signals are not sorted by region
        for border in borders:
            ax.axvline(border + 0.5, color="0.2", linewidth=0.5)
