"""Plot of conditions or groups side by side: one dot for each recording, and the mean with its interval."""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bitbox_xr.core.validation import counted, listed
from bitbox_xr.core.variables import RECORDING
from bitbox_xr.plotting.captions import axis_text, write_title
from bitbox_xr.plotting.clipping import mark_clipped
from bitbox_xr.plotting.fitting import fitted_names, literal
from bitbox_xr.plotting.style import COLUMN_MM, GROUP_COLOURS, RC, axes, points, select_variable, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["groups"]

HEIGHT_MM = 65.0
SPREAD = 0.28  # of dots of one group, on both sides of its place
MAX_LABELS_IN_ONE_COLUMN = 6


@styled
def groups(
    summary: xr.Dataset,
    variable: str,
    *,
    by: str,
    dim: str = RECORDING,
    vmin: float | None = None,
    vmax: float | None = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """Plot a variable of a summary by group or condition: one dot for each recording, the mean and its interval.

    The bar is the 95 % confidence interval of the mean (t distribution). Conditions of the same recordings are
    connected by thin lines: there the interval of a difference is smaller than the bars suggest, and
    `bitbox_xr.contrast` tests it.

    Parameters
    ----------
    summary
        Summary of a cohort, or any Dataset with a dimension of recordings. Choose one pair or coefficient with
        ``.sel()`` if there are several.
    variable
        Name of the variable to plot.
    by
        Groups: a coordinate along the recordings, such as "group". Conditions: a dimension, such as "condition".
    dim
        The dimension of the recordings.
    vmin, vmax
        Limits of the variable. Default: as the data need.
    ax
        Matplotlib axes to draw on. Default: the axes of a new figure.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If there is no such variable, or its dimensions are others than `dim` and, for conditions, `by`.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> values, group = [0.1, 0.3, 0.2, 0.5, 0.6], ["control"] * 3 + ["clinic"] * 2
    >>> summary = xr.Dataset({"excess": ("recording", values)}, {"group": ("recording", group)})
    >>> ax = groups(summary, "excess", by="group", ax=Figure(layout="constrained").subplots())
    >>> [label.get_text() for label in ax.get_xticklabels()]
    ['control\\nn = 3', 'clinic\\nn = 2']
    """
    summary = summary.squeeze([name for name, size in summary.sizes.items() if size == 1 and name not in (dim, by)])
    within = by in summary.dims
    values = select_variable(summary, variable, (dim, by) if within else (dim,), "pass the name of one of these")
    if not within and (by not in summary.coords or summary[by].dims != (dim,)):
        known = [str(name) for name, coord in summary.coords.items() if coord.dims == (dim,) and name != dim]
        raise ValueError(f"expected by to be a coordinate along {dim} ({listed(known) or 'none'}), got {by!r}")
    if within:
        labels = (
            [str(label) for label in values[by].values]
            if by in values.coords
            else list(map(str, range(values.sizes[by])))
        )
        columns = [values.isel({by: k}).values for k in range(len(labels))]
    else:
        own = summary[by].values.astype(str)
        labels = list(dict.fromkeys(own))
        columns = [values.values[own == label] for label in labels]
    width = COLUMN_MM[1 if len(labels) <= MAX_LABELS_IN_ONE_COLUMN else 2]
    ax = axes(ax, width, HEIGHT_MM)
    if within:
        ax.plot(np.arange(len(labels)), np.array(columns), color="0.8", linewidth=0.4, zorder=1)
    for k, column in enumerate(columns):
        _draw_group(ax, k, column[np.isfinite(column)], spread=0.0 if within else SPREAD)
    counts = [int(np.isfinite(column).sum()) for column in columns]
    names = fitted_names(labels, 0.95 * points(ax)[0] / len(labels), RC["xtick.labelsize"])
    ticks = [literal(f"{name}\nn = {count}") for name, count in zip(names, counts, strict=True)]
    ax.set_xticks(range(len(labels)), labels=ticks)
    ax.set(xlim=(-0.6, len(labels) - 0.4), ylim=(vmin, vmax), xlabel=literal(by))
    ax.set_ylabel(literal(axis_text(values)))
    if ax.get_ylim()[0] < 0 < ax.get_ylim()[1]:
        ax.axhline(0, color="0.6", linewidth=0.6, zorder=0.5)
    mark_clipped(ax)
    recordings = int(np.isfinite(values.values).any(axis=1).sum()) if within else sum(counts)
    write_title(ax, _subject(summary, variable), [counted(recordings, "recording"), "bars: mean and its 95 % interval"])
    return ax


def _draw_group(ax: "Axes", place: int, values: np.ndarray, spread: float) -> None:
    """Draw the dots of a group, and beside them their mean and its interval."""
    from scipy import stats

    colour = GROUP_COLOURS[place % len(GROUP_COLOURS)]
    ranks = np.argsort(np.argsort(values))
    offsets = spread * (2 * ((ranks * 0.618) % 1) - 1)  # neighbours in rank do not lie above each other
    ax.plot(place + offsets, values, "o", color=colour, markersize=2.5, alpha=0.6, markeredgewidth=0, zorder=2)
    if len(values):
        mean = values.mean()
        ax.plot([place - 0.2, place + 0.2], [mean, mean], color=colour, linewidth=1.8, zorder=3)
    if len(values) > 1:
        half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
        ax.vlines(place, mean - half, mean + half, color=colour, linewidth=1.8, zorder=3)


def _subject(summary: xr.Dataset, variable: str) -> str:
    """The variable, and the pair or coefficient that was selected."""
    chosen = [
        str(summary[name].item())
        for name in ("pair", "signal1", "signal2", "coefficient", "scale_label")
        if name in summary.coords and not summary[name].dims
    ]
    measure = str(summary.attrs.get("measure", ""))
    return ", ".join(
        filter(None, [f"{measure.capitalize()}: {variable}" if measure else variable, " and ".join(chosen)])
    )
