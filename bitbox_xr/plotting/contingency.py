"""Plot of the answers of one signal to the activations of another: each one, and their latencies beside chance."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bitbox_xr.core.types import NoiseLike, ScalesLike, SignalsLike
from bitbox_xr.core.validation import counted
from bitbox_xr.inference.contingency import OnePair, one_pair
from bitbox_xr.plotting.captions import activation_rule, of_two, write_title
from bitbox_xr.plotting.fitting import unbroken
from bitbox_xr.plotting.style import (
    CHANCE_COLOUR,
    COLUMN_MM,
    FAINT_COLOUR,
    LINE_COLOUR,
    MARK_COLOUR,
    MISSING_COLOUR,
    legend_above,
    mm,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

__all__ = ["answers"]

BINS = 12  # of latencies
HEIGHT_MM = 85.0
INSIDE_COLOUR = "#e8eef5"  # of the latencies in which an answer counts
BEFORE = 0.5  # part of max_latency that is shown before an activation


class Answered(NamedTuple):
    """Activations of y in order of time, and all of x around them."""

    latency: np.ndarray  # s; infinite without an answer, NaN for activations that are not given
    others: list[np.ndarray]  # starts of activations of x, s from that of y


@styled
def answers(
    x: SignalsLike,
    y: SignalsLike,
    pair: tuple[str, str],
    *,
    min_latency: float = 0.0,
    max_latency: float = 2.0,
    scales: ScalesLike = (0.5, 1.0, 2.0, 4.0),
    min_rise: float | None = None,
    false_alarms_per_minute: float | None = 1.0,
    noise: NoiseLike = None,
    fps: float | None = None,
    vmin: float | None = None,
    vmax: float | None = None,
    fig: "Figure | SubFigure | None" = None,
) -> "Figure | SubFigure":
    """Plot how one signal of x answers the activations of one signal of y, and when.

    Left: each row is an activation of y, the first at the top. Dots are the activations of x around it; a red dot is
    the first answer, and a grey row has an activation that could not be answered (see `bitbox_xr.contingency` on given
    activations). Right: the number of first answers by latency. The line is the number expected by chance: the mean
    over all circular shifts of y by multiples of the larger of 2 s and `max_latency`.

    Parameters
    ----------
    x, y
        Expression signals of one recording, as for `bitbox_xr.contingency`.
    pair
        Names of the signal of x and of the signal of y.
    min_latency, max_latency, scales, min_rise, false_alarms_per_minute, noise, fps
        As for `bitbox_xr.contingency`.
    vmin, vmax
        Limits of the number of activations, at the right. Default: 0, and as the data need.
    fig
        Matplotlib figure or subfigure without axes. Default: a new figure.

    Returns
    -------
    Figure or SubFigure

    Raises
    ------
    ValueError
        As for `bitbox_xr.contingency`; if there is no such pair, or the signals have further dimensions.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from bitbox_xr.demo import make_pair
    >>> child, model, _ = make_pair(minutes=2)
    >>> fig = answers(child, model, ("AU12", "AU12"), min_rise=0.2, max_latency=1, fig=Figure(layout="constrained"))
    >>> fig.get_suptitle().splitlines()[0]
    'AU12 of participant answers AU12 of model'
    """
    options: dict[str, Any] = {
        "scales": scales,
        "min_rise": min_rise,
        "false_alarms_per_minute": false_alarms_per_minute,
    }
    found = one_pair(x, y, pair, (min_latency, max_latency), noise=noise, fps=fps, **options)
    shown = _answered(found, max_latency)
    fig = mm(COLUMN_MM[2], HEIGHT_MM) if fig is None else fig
    raster, histogram = fig.subplots(1, 2, squeeze=False, gridspec_kw={"width_ratios": [1.5, 1]})[0]
    _draw_raster(raster, shown, (min_latency, max_latency))
    _draw_histogram(histogram, found, (min_latency, max_latency))
    histogram.set_ylim(vmin or 0.0, vmax)
    given, answered = int((~np.isnan(found.latency)).sum()), int(np.isfinite(found.latency).sum())
    counts = (
        f"{answered} of {counted(given, 'activation')} ({answered / max(given, 1):.0%}), by chance {found.chance:.0%}"
    )
    who = of_two(x, y)
    subject = ", ".join(
        filter(
            None,
            [f"{unbroken(pair[0])} of {unbroken(who.x)} answers {unbroken(pair[1])} of {unbroken(who.y)}", who.place],
        )
    )
    write_title(fig, subject, [counts, f"latency {min_latency:g} to {max_latency:g} s", *activation_rule(options)])
    return fig


def _answered(found: OnePair, max_latency: float) -> Answered:
    """The activations of x within a window around each of y."""
    near = [found.x - start for start in found.y]
    inside = [one[(one >= -BEFORE * max_latency) & (one <= (1 + BEFORE) * max_latency)] for one in near]
    return Answered(found.latency, inside)


def _draw_raster(ax: "Axes", shown: Answered, span: tuple[float, float]) -> None:
    """Draw the activations of x around each activation of y."""
    ax.axvspan(*span, color=INSIDE_COLOUR, linewidth=0, zorder=0)
    ax.axvline(0, color="0.4", linewidth=0.6)
    rows = np.arange(1, len(shown.latency) + 1)
    answered, excluded = np.isfinite(shown.latency), np.isnan(shown.latency)
    style: dict[str, Any] = {"linestyle": "none", "marker": "o", "markeredgewidth": 0}
    others = np.concatenate([[], *shown.others]), np.repeat(rows, [len(one) for one in shown.others])
    first = shown.latency[answered], rows[answered]
    ax.plot(*first, color=MARK_COLOUR, markersize=3, zorder=3, label="first answer", **style)
    ax.plot(*others, color=FAINT_COLOUR, markersize=2, zorder=2, label="activation of x", **style)
    for k, row in enumerate(rows[excluded]):
        label = "_" if k else "could not be answered"
        ax.axhline(row, color=MISSING_COLOUR, linewidth=1.5, zorder=0.5, label=label)
    ax.set_xlim(-BEFORE * span[1], (1 + BEFORE) * span[1])
    ax.set_ylim(max(len(shown.latency), 1) + 0.5, 0.5)
    ax.locator_params(axis="y", integer=True)
    ax.set(xlabel="time from the activation of y, s", ylabel="activation of y, in order of time")
    legend_above(ax)


def _draw_histogram(ax: "Axes", found: OnePair, span: tuple[float, float]) -> None:
    """Draw the number of first answers by latency, and the number expected by chance."""
    edges = np.linspace(*span, BINS + 1)
    counts = np.histogram(found.latency[np.isfinite(found.latency)], edges)[0]
    ax.stairs(counts, edges, color=LINE_COLOUR, linewidth=1.2, label="found")
    given = np.count_nonzero(~np.isnan(found.latency))
    expected = np.histogram(found.by_chance, edges)[0] * found.chance * given / max(len(found.by_chance), 1)
    ax.stairs(expected, edges, color=CHANCE_COLOUR, linewidth=1.2, label="by chance")
    ax.set(xlabel="latency of the first answer, s", ylabel="number of activations")
    ax.locator_params(axis="y", integer=True)
    legend_above(ax)
