"""Plot of one pair's correlation at every lag in every window."""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bitbox_xr.core.variables import LAG, WINDOW
from bitbox_xr.plotting.captions import (
    attrs_of_part,
    axis_text,
    options_text,
    pair_of,
    pair_text,
    with_sign,
    write_title,
)
from bitbox_xr.plotting.clipping import extension
from bitbox_xr.plotting.fitting import literal
from bitbox_xr.plotting.pairs import lag_text
from bitbox_xr.plotting.style import (
    COLUMN_MM,
    DIVERGING_CMAP,
    LINE_COLOUR,
    MARK_COLOUR,
    colour_map,
    limits,
    mm,
    styled,
    zero_lines,
)

if TYPE_CHECKING:
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure, SubFigure

__all__ = ["lag_heatmap"]

MAP_MM = 70.0  # height of a new figure


@styled
def lag_heatmap(
    lag_map: xr.DataArray,
    *,
    vmin: float | None = None,
    vmax: float | None = None,
    cmap: "str | Colormap | None" = None,
    fig: "Figure | SubFigure | None" = None,
) -> "Figure | SubFigure":
    """Plot the correlation of one pair at every lag in every window, and its mean over windows beside it.

    The colour map is `DIVERGING_CMAP` of `bitbox_xr.plotting.style`, centred on zero. Missing values are grey. The
    lag with the strongest mean is marked.

    Parameters
    ----------
    lag_map
        Result of `bitbox_xr.lag_map`, `(lag, window)`.
    vmin, vmax
        Limits of the colours. Default: −1 and 1.
    cmap
        Matplotlib colour map, or its name.
    fig
        Matplotlib figure or subfigure without axes. Default: a new figure.

    Returns
    -------
    Figure or SubFigure

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from bitbox_xr import lag_map
    >>> from bitbox_xr.demo import make_pair
    >>> x, y, _ = make_pair(minutes=0.5)
    >>> values = lag_map(x, y, pair=("AU12", "AU12"), width=2, step=1, max_lag=1)
    >>> lag_heatmap(values, fig=Figure(layout="constrained")).axes[1].get_title()
    'best −0.40 s'
    """
    values = lag_map.transpose(LAG, WINDOW)
    time, lags = values[WINDOW].values, values[LAG].values
    fig = mm(COLUMN_MM[2], MAP_MM) if fig is None else fig
    left, right = fig.subplots(1, 2, sharey=True, width_ratios=[4, 1])
    low, high = (-1.0, 1.0) if vmin is None and vmax is None else limits(values.values, vmin, vmax, both_signs=True)
    colours = {"cmap": colour_map(cmap or DIVERGING_CMAP), "vmin": low, "vmax": high}
    mesh = left.pcolormesh(_edges(time), _edges(lags), values.values, rasterized=True, **colours)
    beyond = extension(values.values, low, high)
    bar = fig.colorbar(mesh, ax=[left, right], label="correlation", pad=0.02, fraction=0.05, extend=beyond)
    bar.outline.set_visible(False)
    profile = _means(values.values)
    zero_lines(right)
    left.axhline(0, color="0.35", linewidth=0.5)
    right.plot(profile, lags, color=LINE_COLOUR, marker=".", markersize=2.5)
    strength = profile if not lag_map.attrs.get("polarity", 1) else np.abs(profile)
    if np.isfinite(strength).any():
        best = float(lags[np.nanargmax(strength)])
        right.axhline(best, color=MARK_COLOUR, linestyle=(0, (4, 2)), linewidth=0.9)
        right.set_title(f"best {with_sign(best)} s", color=MARK_COLOUR, loc="center")
    reach = limits(profile, None, None, both_signs=True)
    right.set(xlabel="mean", xlim=reach)
    left.set(xlabel=literal(axis_text(values[WINDOW])), ylabel=literal(lag_text(lag_map, lines=2)))
    write_title(fig, pair_text(lag_map, pair_of(lag_map)), options_text(attrs_of_part(lag_map)))
    return fig


def _means(values: np.ndarray) -> np.ndarray:
    """Means over windows without NaN values, `(lag,)`; NaN for lags that are all NaN."""
    present = ~np.isnan(values)
    count = np.where(present.any(axis=1), present.sum(axis=1), np.nan)
    means: np.ndarray = np.where(present, values, 0.0).sum(axis=1) / count
    return means


def _edges(centres: np.ndarray) -> np.ndarray:
    """Edges of equally wide cells, from their centres."""
    size = centres[1] - centres[0] if len(centres) > 1 else 1.0
    return np.append(centres - size / 2, centres[-1] + size / 2)
