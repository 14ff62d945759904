"""Plot of one variable along one dimension: a dot for each landmark, signal or scale."""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bitbox_xr.core.durations import length_of, seconds
from bitbox_xr.core.validation import counted, listed
from bitbox_xr.core.variables import REGION
from bitbox_xr.plotting.captions import axis_text, subject_text, write_title
from bitbox_xr.plotting.clipping import mark_clipped
from bitbox_xr.plotting.fitting import literal
from bitbox_xr.plotting.style import (
    COLUMN_MM,
    GROUP_COLOURS,
    LINE_COLOUR,
    axes,
    legend_above,
    limits,
    name_space,
    points,
    styled,
    write_labels,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["values"]

HEIGHT_MM = 56.0
MAX_LABELS_IN_ONE_COLUMN = 24


@styled
def values(
    result: xr.Dataset,
    variable: str,
    *,
    vmin: float | None = None,
    vmax: float | None = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """Plot one variable of a result as dots, one for each label of its dimension, in the colours of facial regions.

    For results with a number for each landmark, signal or scale: `bitbox_xr.kinematics`, `smoothness`,
    `relative_motion`, `quality` and `diversity`.

    Parameters
    ----------
    result
        A result of one recording.
    variable
        Name of a variable with one dimension.
    vmin, vmax
        Limits of the variable. Default: 0 and a round number that includes all values; if some are negative, as the
        data need.
    ax
        Matplotlib axes to draw on. Default: the axes of a new figure.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If there is no such variable, or it has another number of dimensions.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> import bitbox_xr as bx
    >>> from bitbox_xr.demo import make_face
    >>> face, _ = make_face()
    >>> ax = values(bx.quality(face), "noise", ax=Figure(layout="constrained").subplots())
    >>> [label.get_text() for label in ax.get_xticklabels()]
    ['AU04', 'AU12', 'AU45']
    """
    if variable not in result.data_vars:
        known = listed([name for name, one in result.data_vars.items() if one.ndim == 1]) or "none"
        raise ValueError(f"expected a variable with one dimension ({known}), got {variable!r}; pass the name of one")
    one = result[variable]
    if one.ndim != 1:
        got = listed(one.dims) or "none"
        raise ValueError(
            f"expected {variable} with one dimension, got {got}; choose one label of the others, as in .isel({got}=0)"
        )
    dim = str(one.dims[0])
    labels = one["scale_label"] if "scale_label" in one.coords else one[dim]
    names = [str(label) for label in labels.values]
    width = COLUMN_MM[1 if len(names) <= MAX_LABELS_IN_ONE_COLUMN else 2]
    ax = axes(ax, width, HEIGHT_MM + name_space(names))
    places, heights = np.arange(len(names)), one.values.astype(float)
    groups = _groups(one)
    for k, (region, chosen) in enumerate(groups.items()):
        colour = GROUP_COLOURS[k] if len(groups) > 1 else LINE_COLOUR
        ax.plot(places[chosen], heights[chosen], "o", color=colour, markersize=3, label=literal(region))
    write_labels(ax.xaxis, names, float(points(ax)[0]) / len(names))
    span = (vmin, vmax) if (heights < 0).any() else limits(heights, vmin, vmax, both_signs=False)
    ax.set(xlim=(-0.7, len(names) - 0.3), ylim=span, xlabel=dim, ylabel=literal(axis_text(one)))
    ax.grid(axis="y", color="0.9", linewidth=0.4)
    low, high = ax.get_ylim()
    for line in ax.lines:  # dots on the edge are whole
        drawn = np.asarray(line.get_ydata(), dtype=float)
        line.set_clip_on(bool(((drawn < low) | (drawn > high)).any()))
    mark_clipped(ax)
    if len(groups) > 1:
        legend_above(ax)
    write_title(ax, subject_text(result), _options(result, one, dim))
    return ax


def _groups(one: xr.DataArray) -> dict[str, np.ndarray]:
    """Positions of the labels of each region; of all labels if the regions are not known or too many."""
    everything = {"": np.arange(one.size)}
    if REGION not in one.coords or one[REGION].dims != one.dims:
        return everything
    regions = one[REGION].values.astype(str)
    names = list(dict.fromkeys(regions))
    return {name: np.flatnonzero(regions == name) for name in names} if len(names) <= len(GROUP_COLOURS) else everything


def _options(result: xr.Dataset, one: xr.DataArray, dim: str) -> list[str]:
    missing = int(one.isnull().sum())
    parts = [counted(one.size, dim) + (f", {missing} without a value" if missing else "")]
    length = length_of(result.attrs)
    return parts if length is None else [*parts, seconds(length)]
