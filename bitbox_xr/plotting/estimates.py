"""Plot of the estimates of a contrast: one row for each cell, with its confidence interval."""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bitbox_xr.core.types import PValue
from bitbox_xr.core.validation import counted, listed
from bitbox_xr.core.variables import COMPARISON
from bitbox_xr.plotting.captions import P_VALUES, counts_text, with_unit, write_title
from bitbox_xr.plotting.clipping import mark_clipped
from bitbox_xr.plotting.style import (
    COLUMN_MM,
    FAINT_COLOUR,
    LINE_COLOUR,
    MARK_COLOUR,
    axes,
    legend_above,
    points,
    styled,
    write_labels,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["estimates"]

ROW_MM, MARGIN_MM = 2.9, 26.0
MAX_ROWS, MIN_ROWS = 40, 5
INTERVAL = ("ci_low", "ci_high")


@styled
def estimates(
    found: xr.Dataset,
    *,
    by: PValue = "p_fwe",
    alpha: float = 0.05,
    vmin: float | None = None,
    vmax: float | None = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """Plot the estimate of a contrast in every cell with its confidence interval, the largest estimate at the top.

    Significant cells are red. Of more than 40 cells, those with the smallest p-values are plotted.

    Parameters
    ----------
    found
        Result of `bitbox_xr.contrast`, of one comparison.
    by
        Which p-value decides: "p", "p_fwe" or "q"; see `significant_pairs`.
    alpha
        Cells with a p-value of at most `alpha` are red.
    vmin, vmax
        Limits of the estimate. Default: as the data need.
    ax
        Matplotlib axes to draw on. Default: the axes of a new figure, which is large enough for all rows.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If `found` is not a result of `contrast`, has several comparisons, or no estimate.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> values = np.random.default_rng(0).normal([0.0, 1.0], 0.3, (2, 9, 2)) + [[[0]], [[1]]]
    >>> dims, pair = ("condition", "recording", "pair"), ["AU06", "AU12"]
    >>> summary = xr.Dataset({"excess": (dims, values)}, {"condition": ["rest", "play"], "pair": pair})
    >>> found = summary.bitbox.contrast(variable="excess", within="condition", rng=0)
    >>> ax = estimates(found, ax=Figure(layout="constrained").subplots())
    >>> print(ax.get_title(loc="left").splitlines()[0])
    Excess: play − rest
    """
    names = ("estimate", *INTERVAL, by)
    faults = [f"expected by to be one of {', '.join(P_VALUES)}, got {by!r}"] if by not in P_VALUES else []
    if lacking := [name for name in names if name not in found.data_vars and name != by]:
        faults.append(f"expected a result of bx.contrast(), got a Dataset without {listed(lacking)}")
    elif COMPARISON in found["estimate"].dims:
        labels = listed(found[COMPARISON].values)
        faults.append(f"expected one comparison, got {labels}; choose one with .isel({COMPARISON}=0)")
    if faults:
        raise ValueError("; ".join(faults))
    table = _rows(found[list(names)], by)
    rows = np.arange(table.sizes["row"])
    estimate, low, high, p = (table[name].values for name in names)
    ax = axes(ax, COLUMN_MM[1], MARGIN_MM + ROW_MM * max(len(rows), MIN_ROWS))
    ax.axvline(0, color=FAINT_COLOUR, linewidth=0.6, zorder=0.5)
    out = p <= alpha
    for chosen, colour, label in ((~out, LINE_COLOUR, "estimate"), (out, MARK_COLOUR, f"{P_VALUES[by]} ≤ {alpha:g}")):
        ax.hlines(rows[chosen], low[chosen], high[chosen], color=colour, linewidth=0.9)
        ax.plot(estimate[chosen], rows[chosen], "o", color=colour, markersize=3, label=label)
    write_labels(ax.yaxis, [str(label) for label in table["label"].values], float(points(ax)[1] / max(len(rows), 1)))
    ax.set(xlabel=with_unit("difference", found["estimate"].attrs.get("units", "1")), xlim=(vmin, vmax))
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.grid(axis="x", color="0.9", linewidth=0.4)
    mark_clipped(ax, along="x")
    legend_above(ax)
    write_title(ax, _subject(found), _options(found, by, alpha, len(rows)))
    return ax


def _rows(found: xr.Dataset, by: str) -> xr.Dataset:
    """The cells with an estimate as rows, at most `MAX_ROWS`, with a label for each."""
    dims = [str(dim) for dim in found["estimate"].dims]
    cells = found.expand_dims("cell") if not dims else found
    dims = dims or ["cell"]
    labels = np.empty([cells.sizes[dim] for dim in dims], dtype=object)
    for place in np.ndindex(labels.shape):
        texts = [str(cells[dim].values[k]) if dim in cells.coords else "" for dim, k in zip(dims, place, strict=True)]
        labels[place] = ", ".join(dict.fromkeys(texts))  # the same signal of both people is named once
    table = cells.assign(label=(dims, labels)).reset_coords(drop=True)
    table = table.stack(row=dims, create_index=False).dropna("row", subset=["estimate"])
    if not table.sizes["row"]:
        raise ValueError("expected a cell with an estimate, got only missing ones")
    table = table.isel(row=np.argsort(table[by].values, kind="stable")[:MAX_ROWS])
    return table.isel(row=np.argsort(-table["estimate"].values, kind="stable"))


def _subject(found: xr.Dataset) -> str:
    variable = str(found.attrs.get("variable", "estimate"))
    comparison = str(found[COMPARISON].item()).replace(" - ", " − ") if COMPARISON in found.coords else ""
    return f"{variable[:1].upper()}{variable[1:]}{f': {comparison}' if comparison else ''}"


def _options(found: xr.Dataset, by: PValue, alpha: float, rows: int) -> list[str]:
    tested, out = int(found[by].notnull().sum()), int((found[by] <= alpha).sum())
    parts = [f"{counts_text(out, tested, 'cell')} significant"]
    parts += [counted(int(found.attrs["recordings"]), "recording")] if "recordings" in found.attrs else []
    parts.append(f"bars: {float(found.attrs.get('confidence', 0.95)):.0%} interval".replace("%", " %"))
    return parts if rows == tested else [*parts, f"the {rows} smallest p"]
