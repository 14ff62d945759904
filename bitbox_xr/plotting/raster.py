"""Plot of activations: one row for each coefficient, one mark for each activation."""

import re
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bitbox_xr.core.durations import length_of
from bitbox_xr.core.validation import counted
from bitbox_xr.core.variables import COEFFICIENT, EVENT, TIME
from bitbox_xr.plotting.captions import activation_rule, subject_text, with_unit, write_title
from bitbox_xr.plotting.clipping import extension
from bitbox_xr.plotting.style import (
    COLUMN_MM,
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

__all__ = ["events"]

EVENTS_CMAP = "cividis_r"  # the larger, the darker: all are visible on white
ROW_MM, MARGIN_MM, MIN_ROWS = 2.9, 24.0, 5


@styled
def events(
    found: xr.Dataset,
    *,
    vmin: float | None = None,
    vmax: float | None = None,
    cmap: "str | Colormap | None" = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """Plot each activation at its time, in the row of its coefficient and in the colour of its rise.

    Parameters
    ----------
    found
        Result of `bitbox_xr.events`, of one recording.
    vmin, vmax
        Limits of the colours. Default: 0, and a round number that includes all values.
    cmap
        Matplotlib colour map, or its name.
    ax
        Matplotlib axes to draw on. Default: the axes of a new figure, which is large enough for all coefficients.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If `found` is not a result of `events`.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> import bitbox_xr as bx
    >>> from bitbox_xr.demo import make_face
    >>> face, _ = make_face()
    >>> found = bx.events(face, scales=[1], min_rise=0.2)
    >>> ax = events(found, ax=Figure(layout="constrained").subplots())
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['AU04', 'AU12', 'AU45']
    """
    rise = select_variable(found, "rise", (EVENT,), "use the result of bx.events(x)")
    coefficients = found[COEFFICIENT].values.astype(str)
    names = sorted(set(coefficients), key=_by_number)
    ax = axes(ax, COLUMN_MM[2], MARGIN_MM + ROW_MM * max(len(names), MIN_ROWS))
    low, high = limits(rise.values, vmin, vmax, both_signs=False)
    rows = np.array([names.index(name) for name in coefficients], dtype=int)
    size = 0.7 * float(points(ax)[1]) / max(len(names), MIN_ROWS)
    dots = ax.scatter(
        found[TIME].values,
        rows,
        s=min(size, 8.0) ** 2,
        marker="|",
        c=rise.values,
        cmap=colour_map(cmap or EVENTS_CMAP),
        vmin=low,
        vmax=high,
        linewidths=1.2,
    )
    bar = ax.figure.colorbar(dots, ax=ax, pad=0.02, fraction=0.05, aspect=25, extend=extension(rise.values, low, high))
    bar.set_label(with_unit("rise", rise.attrs.get("units", "1")))
    bar.outline.set_visible(False)
    if names:
        write_labels(ax.yaxis, names, float(points(ax)[1] / len(names)))
    ax.set(ylim=(max(len(names), 1) - 0.5, -0.5), xlim=_span(found), xlabel="time, s")
    ax.grid(axis="y", color="0.93", linewidth=0.4)
    ax.set_axisbelow(True)
    write_title(ax, subject_text(found).replace("Events", "Activations"), _options(found, len(names)))
    return ax


def _by_number(name: str) -> list[tuple[int, str]]:
    """A key that sorts AU2 before AU10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]


def _span(found: xr.Dataset) -> tuple[float, float] | None:
    """Start and end of the recording, s, if all activations lie between them."""
    end, times = length_of(found.attrs), found[TIME].values
    return None if end is None or ((times < 0) | (times > end)).any() else (0.0, end)


def _options(found: xr.Dataset, rows: int) -> list[str]:
    scales = str(found.attrs.get("scales", "")).split()
    parts = [f"{counted(found.sizes[EVENT], 'activation')} of {counted(rows, 'coefficient')}"]
    parts += [f"scale{'s' if len(scales) > 1 else ''} {', '.join(scales)} s"] if scales else []
    return [*parts, *activation_rule(found.attrs)]
