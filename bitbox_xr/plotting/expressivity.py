"""Plots of expressivity: a signal and its temporal scales, metrics of all coefficients, asymmetry over time.

Each function draws on the axes or figure that it is given and returns them. Without one, it creates a pyplot figure.
No function calls `show()`. Matplotlib is imported when the first plot is drawn.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from bitbox_xr.core.signal_set import as_signals
from bitbox_xr.core.types import ScalesLike, SignalsLike
from bitbox_xr.core.validation import listed
from bitbox_xr.core.variables import COEFFICIENT, EVENT, FEATURE, METRIC, SCALE, SIGNAL, TIME
from bitbox_xr.measures.events import events
from bitbox_xr.measures.expressivity import prepared
from bitbox_xr.measures.scales import Asked
from bitbox_xr.plotting.style import (
    LINE_COLOUR,
    MARK_COLOUR,
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
    from matplotlib.figure import Figure, SubFigure

__all__ = ["asymmetry", "decomposition", "expressivity"]

PANEL_INCHES = 0.85  # height of one scale's panel
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


def decomposition(
    x: SignalsLike,
    coefficient: str | None = None,
    *,
    scales: ScalesLike = 6,
    precision: int = 16,
    fps: float | None = None,
    fig: "Figure | SubFigure | None" = None,
) -> "Figure | SubFigure":
    """Plot one signal with its activations and, below it, its response at each temporal scale.

    The response is the signal's wavelet transform: it is large where the signal rises and falls within about the
    duration of the scale. An activation is a local maximum of the response. Filled dots are activations; hollow dots
    are outliers, which `expressivity(…, robust=True)` leaves out. Missing frames are grey. The signal is in its own
    units, and each panel has its own vertical axis.

    Parameters
    ----------
    x
        Expression signals of one recording, as for `bitbox_xr.expressivity`.
    coefficient
        Name of the signal (an expression coefficient or action unit). Default: the signal that varies most.
    scales, precision, fps
        As for `bitbox_xr.expressivity`. With several scales, the dots on the signal are the aggregated activations of
        all scales.
    fig
        Matplotlib figure or subfigure without axes. Default: a new figure.

    Returns
    -------
    Figure or SubFigure

    Raises
    ------
    ValueError
        As for `bitbox_xr.expressivity`; if there is no such coefficient, or x has further dimensions.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from bitbox_xr.demo import make_face
    >>> face, _ = make_face()
    >>> fig = decomposition(face, "AU12", scales=[0.5, 1], fig=Figure(layout="constrained"))
    >>> [ax.get_ylabel() for ax in fig.axes]
    ['signal', '0.5 s', '1 s']
    """
    chosen = _one_signal(as_signals(x, fps=fps, label="x"), coefficient)
    _, search = prepared("decomposition", chosen, Asked(scales, False, precision), None)
    from bitbox_xr.kernels.activations.search import decompose

    options: dict[str, Any] = {"scales": scales, "precision": precision}
    rows = len(search.durations)
    on_top = events(chosen, aggregate=rows > 1, **options)
    fig = new_figure(9.0, 1.9 + PANEL_INCHES * rows) if fig is None else fig
    heights = {"height_ratios": [1.6] + [1] * rows}
    axes = fig.subplots(rows + 1, 1, sharex=True, squeeze=False, gridspec_kw=heights)[:, 0]
    time, signal = chosen[TIME].values, chosen.values[:, 0]
    axes[0].plot(time, signal, color="0.25", linewidth=0.9)
    _mark(axes[0], on_top, on_top["magnitude"].values)
    labels = [f"{duration:.6g} s" for duration in search.durations]
    which = "all scales aggregated" if rows > 1 else f"at {labels[0]}" if rows else "of the signal itself"
    about = f"{chosen[SIGNAL].values[0]} and its {len(on_top[EVENT])} activations, {which}"
    axes[0].set_title(literal(about), loc="left")
    units = str(chosen.attrs.get("units", "1"))
    axes[0].set_ylabel("signal" if units == "1" else literal(f"signal, {units}"))
    if rows:
        each = events(chosen, **options)
        for k, response in enumerate(decompose(signal, search.search())):
            own = each.isel({EVENT: each[SCALE].values == search.durations[k]})
            _plot_response(axes[k + 1], time, response, own, labels[k])
        axes[1].set_title("response of the wavelet at each scale", loc="left", fontsize="medium")
    _explain_outliers(axes)
    for ax in axes:
        _shade(ax, time, np.isnan(signal), search.fps)
        ax.margins(x=0.005)
        ax.locator_params(axis="y", nbins=3)
    axes[-1].set_xlabel("time, s")
    fig.align_ylabels(axes)
    return fig


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


def _one_signal(x: xr.DataArray, coefficient: str | None) -> xr.DataArray:
    """The signal of this name, `(time, 1)`. For None, the signal that varies most."""
    further = [dim for dim in x.dims if dim not in (TIME, SIGNAL)]
    if further:
        advice = f"choose one recording, for example with .isel({further[0]}=0)"
        raise ValueError(f"expected signals with dimensions (time, signal), got also {listed(further)}; {advice}")
    names = x[SIGNAL].values
    if coefficient is None:
        coefficient = str(names[int(np.argmax(np.nan_to_num(x.std(TIME).values, nan=-1.0)))])
    if coefficient not in names:
        raise ValueError(f"expected coefficient to be one of {listed(names)}, got {coefficient!r}")
    return x.sel({SIGNAL: [coefficient]}).load()


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


def _plot_response(ax: "Axes", time: np.ndarray, response: np.ndarray, found: xr.Dataset, label: str) -> None:
    ax.axhline(0, color="0.6", linewidth=0.6)
    ax.plot(time, response, color=LINE_COLOUR, linewidth=0.9)
    _mark(ax, found, found["response"].values)
    ax.set_ylabel(label, rotation=0, ha="right", va="center")
    # a signal that does not end at its mean has large negative responses at its ends, which are of no interest
    top = float(response.max()) or 1.0
    ax.set_ylim(1.15 * max(float(response.min()), -top), 1.15 * top)


def _mark(ax: "Axes", found: xr.Dataset, heights: np.ndarray) -> None:
    """Draw a dot for each activation, hollow for outliers."""
    outlier = found["outlier"].values
    for which, face, label in ((~outlier, MARK_COLOUR, None), (outlier, "white", "outlier: left out by robust=True")):
        at = found[TIME].values[which]
        label = label if outlier.any() else None
        style: dict[str, Any] = {"s": 9, "facecolor": face, "linewidth": 0.8, "zorder": 3}
        ax.scatter(at, heights[which], edgecolor=MARK_COLOUR, label=label, **style)


def _explain_outliers(axes: "Sequence[Axes] | np.ndarray") -> None:
    """Write one legend for outliers above the first panel, where it hides no activation."""
    handles = next((found for ax in axes if (found := ax.get_legend_handles_labels()[0])), None)
    if handles:
        style: dict[str, Any] = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "fontsize": "small"}
        axes[0].legend(handles=handles[:1], borderpad=0, handletextpad=0, frameon=False, **style)


def _shade(ax: "Axes", time: np.ndarray, missing: np.ndarray, fps: float) -> None:
    """Make the background of missing frames grey."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], missing, [False]]).astype(np.int8)))
    for start, stop in edges.reshape(-1, 2):
        ax.axvspan(time[start] - 0.5 / fps, time[stop - 1] + 0.5 / fps, color=MISSING_COLOUR, linewidth=0, zorder=0)


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
