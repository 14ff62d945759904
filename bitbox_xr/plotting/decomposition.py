"""Plot of one signal and its temporal scales, with the activations that are chosen and those that are not."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr

from bitbox_xr.core.selection import unknown_name
from bitbox_xr.core.signal_set import as_signals
from bitbox_xr.core.types import NoiseLike, ScalesLike, SignalsLike
from bitbox_xr.core.validation import counted, listed
from bitbox_xr.core.variables import EVENT, SCALE, SIGNAL, TIME
from bitbox_xr.measures import activation_noise
from bitbox_xr.measures.events import events
from bitbox_xr.measures.expressivity import prepared
from bitbox_xr.measures.scales import Asked, Scales
from bitbox_xr.plotting.captions import activation_rule, of, with_unit, write_title
from bitbox_xr.plotting.clipping import mark_clipped
from bitbox_xr.plotting.fitting import unbroken
from bitbox_xr.plotting.style import COLUMN_MM, FAINT_COLOUR, LINE_COLOUR, MARK_COLOUR, mm, shade_missing, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

__all__ = ["decomposition"]

PANEL_MM, SIGNAL_MM = 15.0, 40.0  # height of one scale's panel, and of that of the signal with its labels
MARKED_RATE = 1.0  # false alarms per minute of the activations that are marked, without options


class Drawn(NamedTuple):
    """Activations of one list: those that are listed, others that are chosen too, and those only counted by default."""

    chosen: xr.Dataset
    joined: xr.Dataset  # above the threshold, but part of an expression that is listed at another scale
    others: xr.Dataset
    every: int  # number that is counted by default; a chosen one may be at another time

    @property
    def counted(self) -> str:
        """The number of those chosen at this scale, and of all."""
        return f"{self.chosen.sizes[EVENT] + self.joined.sizes[EVENT]} of {self.every}"


@styled
def decomposition(
    x: SignalsLike,
    coefficient: str | None = None,
    *,
    scales: ScalesLike = 6,
    precision: int = 16,
    min_rise: float | None = None,
    false_alarms_per_minute: float | None = None,
    noise: NoiseLike = None,
    fps: float | None = None,
    vmin: float | None = None,
    vmax: float | None = None,
    fig: "Figure | SubFigure | None" = None,
) -> "Figure | SubFigure":
    """Plot one signal with its activations and, below it, its response at each temporal scale.

    The response is the signal's wavelet transform: it is large where the signal rises and falls within about the
    duration of the scale. It is drawn in the unit of `rise` (see `bitbox_xr.events`), so all scales have one axis. An
    activation is a local maximum of the response. Red dots are the activations that are chosen, grey dots the others,
    which `expressivity` counts by default. Dotted lines show the thresholds. Missing frames are grey.

    With several scales, the signal has the aggregated activations: one dot for each expression, with light red from its
    onset to its offset where both are known. Below, this dot is at the scale where the expression is listed. Red
    circles are above the threshold too, but belong to an expression that is listed at another scale.

    Parameters
    ----------
    x
        Expression signals of one recording, as for `bitbox_xr.expressivity`.
    coefficient
        Name of the signal (an expression coefficient or action unit). Default: the signal that varies most; the title
        then says so.
    scales, precision, fps
        As for `bitbox_xr.expressivity`.
    min_rise, false_alarms_per_minute, noise
        Which activations are chosen, as for `bitbox_xr.expressivity`. Default: those of which noise has at most one per
        minute. `noise` may be given by itself.
    vmin, vmax
        Limits of the rise, of all scales. Default: all values, but of negative responses only those that are not
        larger than the largest positive one. Triangles mark what is outside.
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
    >>> fig = decomposition(face, "AU12", scales=[0.5, 1], min_rise=0.1, fig=Figure(layout="constrained"))
    >>> [ax.get_ylabel() for ax in fig.axes]
    ['signal', '0.5 s', '1 s']
    """
    given = as_signals(x, fps=fps, label="x")
    one = _one_signal(given, coefficient)
    if isinstance(noise, xr.DataArray) and SIGNAL in noise.coords:
        noise = noise.sel({SIGNAL: one[SIGNAL].values})
    _, chosen = prepared("decomposition", one, Asked(scales, False, precision, min_rise, false_alarms_per_minute), None)
    chosen = rule = _rule(chosen)
    each, on_top = _drawn(one, chosen, rule, noise)
    rows = len(chosen.durations)
    fig = mm(COLUMN_MM[2], SIGNAL_MM + PANEL_MM * rows) if fig is None else fig
    heights = {"height_ratios": [1.6] + [1] * rows}
    axes = fig.subplots(rows + 1, 1, sharex=True, squeeze=False, gridspec_kw=heights)[:, 0]
    time, signal = one[TIME].values, one.values[:, 0]
    axes[0].plot(time, signal, color="0.25", linewidth=0.8)
    _mark(axes[0], on_top, "magnitude")
    _shade_expressions(axes[0], on_top.chosen)
    units = one.attrs.get("units", "1")
    axes[0].set_ylabel(with_unit("signal", units))
    if rows:
        _plot_responses(axes[1:], one, each, chosen, _limits(one, chosen, rule, noise), (vmin, vmax))
        axes[1].set_title(with_unit("rise at each scale", units))
    for ax in axes:
        shade_missing(ax, time, np.isnan(signal), chosen.fps)
        ax.margins(x=0.005)
        ax.locator_params(axis="y", nbins=3)
    axes[-1].set_xlabel("time, s")
    fig.align_ylabels(axes)
    heading, notes = _title(one, chosen, rule, on_top)
    picked = coefficient is None and given.sizes[SIGNAL] > 1
    write_title(fig, heading, [*(["the signal that varies most"] if picked else []), *notes])
    return fig


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
        raise ValueError(unknown_name("coefficient to name a signal", coefficient, names))
    return x.sel({SIGNAL: [coefficient]}).load()


def _rule(chosen: Scales) -> Scales:
    """The scales with the options that choose activations, or with a chance rate if no option is given."""
    if chosen.min_rise is not None or chosen.false_alarms_per_minute is not None or not chosen.durations:
        return chosen
    return chosen._replace(false_alarms_per_minute=min(MARKED_RATE, float(chosen.chance_rates.min()) / 2))


def _drawn(one: xr.DataArray, chosen: Scales, rule: Scales, noise: NoiseLike) -> tuple[list[Drawn], Drawn]:
    """The activations at each scale, and those on the signal itself, of all scales."""
    options: dict[str, Any] = {"scales": chosen.durations or None, "precision": chosen.precision, "noise": noise}
    limits: dict[str, Any] = {"min_rise": rule.min_rise, "false_alarms_per_minute": rule.false_alarms_per_minute}
    every = events(one, **options)
    if not chosen.durations:
        none = every.isel({EVENT: slice(0, 0)})
        return [], Drawn(every, none, none, every.sizes[EVENT])
    if len(chosen.durations) == 1:
        kept = events(one, **options, **limits)
        single = _split(every, kept, kept)
        return [single], single
    listed = events(one, aggregate=True, **options, **limits)
    alone = [events(one, **options | {"scales": [d]}, **_limits_of(rule, d)) for d in chosen.durations]
    each = [_split(_at(every, d), kept, _at(listed, d)) for d, kept in zip(chosen.durations, alone, strict=True)]
    return each, _split(events(one, aggregate=True, **options), listed, listed)


def _limits_of(rule: Scales, duration: float) -> dict[str, Any]:
    """The options that choose, at one scale by itself, what `rule` chooses there for the aggregated list.

    A rate of false alarms holds for all scales together: the share of one is that of its maxima of noise.
    """
    rate = rule.false_alarms_per_minute
    if rate is not None:
        rate *= 60 / duration / float(rule._replace(aggregate=True).chance_rates[0])
    return {"min_rise": rule.min_rise, "false_alarms_per_minute": rate}


def _at(found: xr.Dataset, duration: float) -> xr.Dataset:
    """The activations at one scale."""
    return found.isel({EVENT: found[SCALE].values == duration})


def _split(every: xr.Dataset, kept: xr.Dataset, listed: xr.Dataset) -> Drawn:
    """The activations that are listed, those that are chosen besides, and all others."""
    joined = kept.isel({EVENT: ~np.isin(kept[TIME].values, listed[TIME].values)})
    red = np.concatenate([listed[TIME].values, joined[TIME].values])
    others = every.isel({EVENT: ~np.isin(every[TIME].values, red)})
    return Drawn(listed, joined, others, every.sizes[EVENT])


def _limits(one: xr.DataArray, chosen: Scales, rule: Scales, noise: NoiseLike) -> np.ndarray:
    """The smallest rise that is chosen at each scale."""
    from bitbox_xr.kernels.activations.rises import unit_response

    least = np.full(len(chosen.durations), rule.min_rise or 0.0)
    if rule.false_alarms_per_minute is not None:
        rest = activation_noise.rest_of("decomposition", one, noise, chosen)
        level = np.asarray(activation_noise.levels(rest, chosen))[:, 0]
        units = np.array([unit_response(scale, chosen.precision) for scale in chosen.frames])
        together = rule._replace(aggregate=len(chosen.durations) > 1)
        least = np.fmax(least, np.array(together.search().least_z) * level / units)
    return least


# --- how it looks


def _title(one: xr.DataArray, chosen: Scales, rule: Scales, on_top: Drawn) -> tuple[str, list[str]]:
    """The signal and its person; the number of chosen activations, and the number that is counted by default."""
    who = of(one)
    name = ", ".join(
        filter(
            None,
            [
                f"{unbroken(str(one[SIGNAL].values[0]))} of {unbroken(who.x)}"
                if who.x != "x"
                else str(one[SIGNAL].values[0]),
                who.place,
            ],
        )
    )
    every = on_top.every
    if not chosen.durations:
        return name, [f"{every} maxima of the signal itself"]
    where = "all scales aggregated" if len(chosen.durations) > 1 else f"at {chosen.durations[0]:.6g} s"
    limits = activation_rule({name: getattr(rule, name) for name in ("min_rise", "false_alarms_per_minute")})
    count = f"{counted(on_top.chosen.sizes[EVENT], 'activation')} chosen ({' and '.join(limits)}; red)"
    return f"{name}, {where}", [count, f"{every} are counted by default (the others grey)"]


def _plot_responses(
    axes: np.ndarray,
    one: xr.DataArray,
    each: list[Drawn],
    chosen: Scales,
    limits: np.ndarray,
    span: tuple[float | None, float | None],
) -> None:
    """Draw the response at each scale in the unit of a rise, all on one axis."""
    from bitbox_xr.kernels.activations.rises import unit_response
    from bitbox_xr.kernels.activations.search import decompose

    units = np.array([unit_response(scale, chosen.precision) for scale in chosen.frames])
    responses = decompose(one.values[:, 0], chosen.search()) / units[:, None]
    for ax, response, drawn, limit, duration in zip(axes, responses, each, limits, chosen.durations, strict=True):
        ax.axhline(0, color="0.6", linewidth=0.6)
        if limit > 0:
            ax.axhline(limit, color=MARK_COLOUR, linewidth=0.7, linestyle=":")
        ax.plot(one[TIME].values, response, color=LINE_COLOUR, linewidth=0.8)
        _mark(ax, drawn, "rise")
        ax.set_ylabel(f"{duration:.6g} s", rotation=0, ha="right", va="center")
        ax.text(1.005, 0.5, drawn.counted, transform=ax.transAxes, va="center", color=MARK_COLOUR)
    # a signal that does not end at its mean has large negative responses at its ends, which are of no interest
    top = float(responses.max()) or 1.0
    low, high = 1.15 * max(float(responses.min()), -top), 1.15 * top
    for ax in axes:
        ax.set_ylim(low if span[0] is None else span[0], high if span[1] is None else span[1])
        ax.margins(x=0.005)
        mark_clipped(ax)


def _mark(ax: "Axes", drawn: Drawn, height: str) -> None:
    """Draw grey dots for the others, red dots for those that are listed, and red circles for those joined to them."""
    for found, colour, size, layer in ((drawn.others, FAINT_COLOUR, 5, 2.5), (drawn.chosen, MARK_COLOUR, 10, 3.0)):
        ax.scatter(found[TIME].values, found[height].values, s=size, color=colour, linewidth=0, zorder=layer)
    at = drawn.joined[TIME].values, drawn.joined[height].values
    ax.scatter(*at, s=9, facecolor="white", edgecolor=MARK_COLOUR, linewidth=0.7, zorder=2.8)


def _shade_expressions(ax: "Axes", found: xr.Dataset) -> None:
    """Shade each expression from its onset to its offset, if both are known."""
    for onset, offset in zip(found["onset"].values, found["offset"].values, strict=True):
        if offset > onset:
            ax.axvspan(onset, offset, color=MARK_COLOUR, alpha=0.1, linewidth=0, zorder=0.5)
