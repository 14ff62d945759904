"""Plots of expressivity: metrics of all coefficients, and asymmetry over time.

Each function draws on the axes or figure that it is given and returns them. Without one, it creates a pyplot figure.
No function calls `show()`. Matplotlib is imported when the first plot is drawn.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from bitbox_xr.core.variables import COEFFICIENT, FEATURE, METRIC, SCALE, TIME
from bitbox_xr.plotting.style import (
    MISSING_COLOUR,
    SEQUENTIAL_CMAP,
    inches,
    literal,
    new_figure,
    points,
    select_variable,
    wrapped,
    write_labels,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["asymmetry", "expressivity"]

CHARACTER_INCHES = 0.075  # length of one character of a vertical label
MIN_RATIO_FOR_LOG = 20  # largest to smallest value, above which colours are logarithmic
LOG_METRICS = ("frequency", "density", "activations_per_minute")
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


def expressivity(result: xr.Dataset, metric: str = "activations_per_minute", *, ax: "Axes | None" = None) -> "Axes":
    """Plot one metric of expressivity as a heat map, with a row for each scale and a column for each coefficient.

    Missing values are grey. If the largest number, rate or density of activations is more than 20 times the smallest
    one, the colours are logarithmic and zeros are black.

    Parameters
    ----------
    result
        Result of `bitbox_xr.expressivity`, of one recording.
    metric
        "activations_per_minute"; "eligible_time" (the time in which an activation could be found, s); "frequency" (the
        number of activations), "density" (their summed magnitude per frame), or the "mean", "std", "min" or "max"
        of their magnitudes.
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
    from matplotlib.colors import LogNorm
    from matplotlib.ticker import LogFormatter

    values = _metric(result, metric)
    rows, columns = values.shape
    longest = max(map(len, values[COEFFICIENT].values))
    if ax is None:
        height = max(2.4, 1.4 + 0.32 * rows) + CHARACTER_INCHES * max(0, longest - 6)
        ax = new_figure(inches(columns) + 1.2, height).subplots()
    image = ax.imshow(values, aspect="auto", interpolation="nearest", **_colours(values.values, metric))
    bar = ax.figure.colorbar(image, ax=ax, label=wrapped(_colour_label(values, metric), 24), pad=0.01, fraction=0.04)
    if metric != "density" and isinstance(image.norm, LogNorm):
        bar.formatter = bar.minorformatter = LogFormatter()  # 20, not 2 × 10¹
    width = points(ax)[0]
    size = write_labels(ax.xaxis, values[COEFFICIENT].values, width / columns)
    if longest * size * 0.7 > width / columns:
        ax.tick_params(axis="x", rotation=90)
    ax.set_yticks(np.arange(rows), labels=[literal(str(label)) for label in values["scale_label"].values])
    ax.set(xlabel="coefficient", ylabel="scale")
    return ax


def asymmetry(result: xr.Dataset, *, ax: "Axes | None" = None) -> "Axes":
    """Plot the asymmetry of each facial feature over time, one line for each; the thick line is their mean.

    Parameters
    ----------
    result
        Result of `bitbox_xr.asymmetry`, of one recording.
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
    ax = new_figure(9.0, 3.6).subplots() if ax is None else ax
    for k, feature in enumerate(values[FEATURE].values):
        overall = feature == "overall"
        style: dict[str, Any] = (
            {"color": "0.15", "linewidth": 2.0, "zorder": 3} if overall else {"color": f"C{k}", "linewidth": 0.9}
        )
        ax.plot(values[TIME], values.sel({FEATURE: feature}), label=literal(str(feature)), **style)
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    units = values.attrs.get("units", "1")
    ax.set(xlabel="time, s", ylabel="asymmetry" if units == "1" else literal(f"asymmetry, {units}"))
    ax.set_ylim(bottom=0)
    ax.margins(x=0.005)
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


# --- how it looks


def _colour_label(values: xr.DataArray, metric: str) -> str:
    """Name of a metric, with the units of the signal if it has any."""
    units = str(values.coords["unit"].item()) if "unit" in values.coords else "1"
    return TITLES[metric] if units in ("1", "1/frame") else f"{TITLES[metric]},\N{NO-BREAK SPACE}{units}"


def _colours(values: np.ndarray, metric: str) -> dict[str, Any]:
    """Colour map and limits, as keywords of `imshow`."""
    import matplotlib
    from matplotlib.colors import LogNorm

    cmap = matplotlib.colormaps[SEQUENTIAL_CMAP].with_extremes(bad=MISSING_COLOUR, under="black")
    positive = values[values > 0]
    if metric in LOG_METRICS and len(positive) and positive.max() > MIN_RATIO_FOR_LOG * positive.min():
        return {"cmap": cmap, "norm": LogNorm(positive.min(), positive.max())}
    return {"cmap": cmap, "vmin": min(0.0, float(np.nanmin(values, initial=0.0)))}
