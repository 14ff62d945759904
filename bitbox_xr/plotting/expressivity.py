"""Pictures of expressivity: a signal decomposed into its scales, all coefficients at once, asymmetry over time.

Each draws on what it is given and gives it back; without, it makes a figure by pyplot. None calls `show()`.
Matplotlib is imported when the first picture is drawn.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from bitbox_xr.core.signal_set import as_signals
from bitbox_xr.core.types import ScalesLike
from bitbox_xr.core.validation import listed
from bitbox_xr.core.variables import COEFFICIENT, EVENT, FEATURE, METRIC, SCALE, SIGNAL, TIME
from bitbox_xr.measures.expressivity import events, prepared
from bitbox_xr.plotting.style import (
    ABSENT,
    LINE,
    MARKED,
    inches,
    literal,
    new_figure,
    only,
    points,
    wrapped,
    write_labels,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

__all__ = ["asymmetry", "decomposition", "expressivity"]

PANEL = 0.85  # inches of a scale's panel
LETTER = 0.075  # inches of a letter of a label that is turned up
WIDE_RATIO = 20  # values that span more are coloured by their logarithms
COUNTED = ("frequency", "density", "activations_per_minute")
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
    a: Any,
    coefficient: str | None = None,
    *,
    scales: ScalesLike = 6,
    precision: int = 16,
    fps: float | None = None,
    fig: "Figure | SubFigure | None" = None,
) -> Any:
    """One signal, its responses at temporal scales under each other, and its activations.

    Parameters
    ----------
    a
        Expression signals of one recording, as for `expressivity`.
    coefficient
        Which of them; by default the one that varies most.
    scales, precision, fps
        As for `expressivity`. With several scales the signal on top bears the aggregated activations, with one
        or none its own.
    fig
        Matplotlib figure or subfigure without axes; by default a new figure.

    Returns
    -------
    Figure
        Filled dots are activations, hollow ones those that `robust=True` drops; on grey frames the signal is
        missing. On top the signal, in its own units; below the response at each scale. Heights are each panel's own.

    Raises
    ------
    ValueError
        As for `expressivity`; where there is no such coefficient, or there are further dimensions.
    """
    x = _one(as_signals(a, fps=fps, label="x"), coefficient)
    _, chosen = prepared("decomposition", x, scales, False, precision, None)
    from bitbox_xr.kernels.activations.search import decompose

    options: dict[str, Any] = {"scales": scales, "precision": precision}
    on_top = events(x, aggregate=len(chosen.durations) > 1, **options)
    rows = len(chosen.durations)
    fig = new_figure(9.0, 1.9 + PANEL * rows) if fig is None else fig
    axes = fig.subplots(rows + 1, 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": [1.6] + [1] * rows})[
        :, 0
    ]
    time, signal = x[TIME].values, x.values[:, 0]
    axes[0].plot(time, signal, color="0.25", linewidth=0.9)
    _mark(axes[0], on_top, on_top["magnitude"].values)
    labels = [f"{duration:.6g} s" for duration in chosen.durations]
    which = "all scales aggregated" if rows > 1 else f"at {labels[0]}" if rows else "of the signal itself"
    about = f"{x[SIGNAL].values[0]} and its {len(on_top[EVENT])} activations, {which}"
    axes[0].set_title(literal(about), loc="left")
    axes[0].set_ylabel("signal")
    if rows:
        each = events(x, **options)
        for k, response in enumerate(decompose(signal, chosen.search())):
            own = each.isel({EVENT: each[SCALE].values == chosen.durations[k]})
            _response(axes[k + 1], time, response, own, labels[k])
        axes[1].set_title("response of the wavelet at each scale", loc="left", fontsize="medium")
    _name_outliers(axes)
    for ax in axes:
        _shade(ax, time, np.isnan(signal), chosen.fps)
        ax.margins(x=0.005)
        ax.locator_params(axis="y", nbins=3)
    axes[-1].set_xlabel("time, s")
    fig.align_ylabels(axes)
    return fig


def expressivity(result: xr.Dataset, metric: str = "activations_per_minute", *, ax: "Axes | None" = None) -> Any:
    """A heat map of one metric, scales downwards, coefficients to the right.

    Parameters
    ----------
    result
        What `bitbox_xr.expressivity` gave, of one recording.
    metric
        frequency, density, mean, std, min, max, rate or eligible_time. Numbers and densities of activations that
        span more than twentyfold are coloured by their logarithms, zeros then black. Missing values are grey.
    ax
        Matplotlib axes to draw on; by default those of a new figure, large enough for every label. On small
        axes only every so many labels are written.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        Where there is no such metric, or there are further dimensions (choose one with `.isel()`).
    """
    from matplotlib.colors import LogNorm
    from matplotlib.ticker import LogFormatter

    values = _metric(result, metric)
    rows, columns = values.shape
    longest = max(map(len, values[COEFFICIENT].values))
    if ax is None:
        ax = new_figure(inches(columns) + 1.2, max(2.4, 1.4 + 0.32 * rows) + LETTER * max(0, longest - 6)).subplots()
    image = ax.imshow(values, aspect="auto", interpolation="nearest", **_colours(values.values, metric))
    bar = ax.figure.colorbar(image, ax=ax, label=wrapped(TITLES[metric], 24), pad=0.01, fraction=0.04)
    if metric != "density" and isinstance(image.norm, LogNorm):
        bar.formatter = bar.minorformatter = LogFormatter()  # 20, not 2 × 10¹
    width = points(ax)[0]
    size = write_labels(ax.xaxis, values[COEFFICIENT].values, width / columns)
    if longest * size * 0.7 > width / columns:
        ax.tick_params(axis="x", rotation=90)
    ax.set_yticks(np.arange(rows), labels=[literal(str(label)) for label in values["scale_label"].values])
    ax.set(xlabel="coefficient", ylabel="scale")
    return ax


def asymmetry(result: xr.Dataset, *, ax: "Axes | None" = None) -> Any:
    """Asymmetry of each facial feature over time, one line a feature; the mean of all is the thick one.

    Parameters
    ----------
    result
        What `bitbox_xr.asymmetry` gave, of one recording.
    ax
        Matplotlib axes to draw on; by default those of a new figure.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        Where there are further dimensions (choose one with `.isel()`).
    """
    values = only(result, "asymmetry", (TIME, FEATURE))
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


def _one(x: xr.DataArray, coefficient: str | None) -> xr.DataArray:
    """The signal of that name, `(time, 1)`; by default the one that varies most."""
    further = [dim for dim in x.dims if dim not in (TIME, SIGNAL)]
    if further:
        raise ValueError(f"a decomposition is of one recording; choose one of {listed(further)} with .isel()")
    names = x[SIGNAL].values
    if coefficient is None:
        coefficient = str(names[int(np.argmax(np.nan_to_num(x.std(TIME).values, nan=-1.0)))])
    if coefficient not in names:
        raise ValueError(f"there is no {coefficient!r}; there are {listed(names)}")
    return x.sel({SIGNAL: [coefficient]}).load()


def _metric(result: xr.Dataset, metric: str) -> xr.DataArray:
    if metric in ("activations_per_minute", "eligible_time"):
        return only(result, metric, (SCALE, COEFFICIENT))
    cube = only(result, "expressivity", (SCALE, METRIC, COEFFICIENT))
    if metric not in cube[METRIC].values:
        raise ValueError(f"there is no metric {metric!r}; there are {listed(cube[METRIC].values)}, rate, eligible_time")
    return cube.sel({METRIC: metric})


# --- how it looks


def _response(ax: "Axes", time: np.ndarray, response: np.ndarray, found: xr.Dataset, label: str) -> None:
    ax.axhline(0, color="0.6", linewidth=0.6)
    ax.plot(time, response, color=LINE, linewidth=0.9)
    _mark(ax, found, found["response"].values)
    ax.set_ylabel(label, rotation=0, ha="right", va="center")
    # where the signal does not end at its mean, the response falls far below what matters
    top = float(response.max()) or 1.0
    ax.set_ylim(1.15 * max(float(response.min()), -top), 1.15 * top)


def _mark(ax: "Axes", found: xr.Dataset, heights: np.ndarray) -> None:
    outlier = found["outlier"].values
    for which, face, label in ((~outlier, MARKED, None), (outlier, "white", "outlier: left out by robust=True")):
        at = found[TIME].values[which]
        label = label if outlier.any() else None
        ax.scatter(at, heights[which], s=9, facecolor=face, edgecolor=MARKED, linewidth=0.8, zorder=3, label=label)


def _name_outliers(axes: Any) -> None:
    """Once, above the first panel, where no activation can be hidden by it."""
    handles = next((found for ax in axes if (found := ax.get_legend_handles_labels()[0])), None)
    if handles:
        style = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "fontsize": "small", "frameon": False}
        axes[0].legend(handles=handles[:1], borderpad=0, handletextpad=0, **style)


def _shade(ax: "Axes", time: np.ndarray, missing: np.ndarray, rate: float) -> None:
    """Grey where frames are missing."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], missing, [False]]).astype(np.int8)))
    for start, stop in edges.reshape(-1, 2):
        ax.axvspan(time[start] - 0.5 / rate, time[stop - 1] + 0.5 / rate, color=ABSENT, linewidth=0, zorder=0)


def _colours(values: np.ndarray, metric: str) -> dict[str, Any]:
    import matplotlib
    from matplotlib.colors import LogNorm

    cmap = matplotlib.colormaps["viridis"].with_extremes(bad=ABSENT, under="black")
    positive = values[values > 0]
    if metric in COUNTED and len(positive) and positive.max() > WIDE_RATIO * positive.min():
        return {"cmap": cmap, "norm": LogNorm(positive.min(), positive.max())}
    return {"cmap": cmap, "vmin": min(0.0, float(np.nanmin(values, initial=0.0)))}
