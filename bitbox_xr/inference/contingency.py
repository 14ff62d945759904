"""Contingency: how often, how soon, and how far beyond chance x answers the activations of y.

Correlations do not say how often a person is followed. Here the activations of both are listed, and each one of y is
given an answer if one of x starts soon after it.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
import xarray as xr

from bitbox_xr.core.errors import refuse, warn
from bitbox_xr.core.provenance import result_attrs
from bitbox_xr.core.types import Array, EventSurrogates, NoiseLike, PairsOf, ScalesLike, SignalsLike
from bitbox_xr.core.validation import flag_faults, listed, name_faults, time_faults
from bitbox_xr.core.variables import PAIR, RESERVED, SIGNAL, SIGNAL1, SIGNAL2, TIME, variable_attrs
from bitbox_xr.inference.answers import OnePair, Task, answers_of_one, computed, pair_numbers, places_of, side
from bitbox_xr.inference.parts import notes
from bitbox_xr.inference.surrogate_checks import number_faults, partner_signals
from bitbox_xr.inference.surrogates import draw, draw_attrs, picked
from bitbox_xr.measures.expressivity import prepared
from bitbox_xr.measures.results import matched
from bitbox_xr.measures.scales import Asked
from bitbox_xr.measures.windowing import Options, Pair, checked_pair

__all__ = ["SURROGATES", "OnePair", "contingency", "one_pair", "option_faults"]

SURROGATES = ("shift", "permute", "partners")
VARIABLES = RESERVED["contingency"]
MIN_SHIFT_S = 2.0  # between surrogates: the same expression would be answered twice
MAX_SHIFTS = 10_000  # of one pair


def contingency(
    x: SignalsLike,
    y: SignalsLike | None = None,
    *,
    min_latency: float = 0.0,
    max_latency: float = 2.0,
    scales: ScalesLike = (0.5, 1.0, 2.0, 4.0),
    min_rise: float | None = None,
    false_alarms_per_minute: float | None = 1.0,
    noise: NoiseLike = None,
    surrogates: EventSurrogates = "shift",
    n: int = 199,
    rng: int | np.random.Generator | None = None,
    pairs: PairsOf = "all",
    partners: Sequence[SignalsLike] | None = None,
    by: str | None = None,
    progress: bool | None = None,
    fps: float | None = None,
) -> xr.Dataset:
    """Measure how often x (the participant) answers the activations of y (the model), and compare it with chance.

    An activation of y is answered if an activation of x starts within `min_latency` to `max_latency` seconds after its
    start. Two people who are both active are often answered by chance. Chance is the share that is answered if the
    activations of y are moved to other times.

    Parameters
    ----------
    x, y
        Expression signals, as for `imitation`. Without y: signals of x that answer other signals of x.
    min_latency, max_latency
        Answers start later than `min_latency` and at most `max_latency` seconds after an activation of y. Starts are
        `onset` of `events`, or the time of the maximum where the onset is unknown.
    scales, min_rise, false_alarms_per_minute
        Which activations count, as for `expressivity`. Several scales are aggregated.
    noise
        None: the noise is measured in each recording. {"condition": "rest"}: at the frames of x and of y with this
        label.
    surrogates
        "shift": the activations of y are shifted circularly in time, by multiples of the larger of 2 s and
        `max_latency`; with `by`, within each interval. "permute": with `by`, the activations of y in one interval take
        the place of those in another; it needs at least six intervals of a label of like length. "partners": the
        activations of other recordings, passed as `partners`, take the place of those of y.
    n, rng, pairs, partners, by, progress
        As for `significance`.
    fps
        Frames per second, for input without times.

    Returns
    -------
    Dataset
        `(…, signal1, signal2)` or `(…, pair)`, float64; with `by`, its labels are a dimension before the pairs:

        - `answered`: share A of the given activations of signal2 (of y) that signal1 (of x) answers
        - `chance`: mean A₀ of this share over surrogates (see Notes)
        - `answered_above_chance`: (A − A₀) / (1 − A₀), the share of those that chance leaves unanswered. NaN if chance
          answers more than 80 %.
        - `odds_ratio`: odds of an answer, divided by those at chance (½ is added to each count)
        - `p`, `p_fwe`, `q`: as for `significance`, one-sided, of answers at any latency in this span (see Notes)
        - `n_given`: number of activations of y that could be answered
        - `latency` (s): median time to the first answer

        An activation is given if x is eligible (see `expressivity`) throughout the time of possible answers, and if
        this time ends within the recording and, with `by`, the interval. All are NaN, except n_given, with fewer than
        five given activations. Each label and each recording is a separate family. The result is lazy if x or y is a
        dask array; each recording is then one task.

    Raises
    ------
    ValueError
        If signals are of another kind or have other frame times, the recording or every interval is too short, or an
        option is out of range.

    Warns
    -----
    UserWarning
        As for `significance`.

    Notes
    -----
    The measure is directed: exchange x and y to measure how often y answers x.

    The p-values do not rank the share that is answered: chance answers many activations within `max_latency`, while
    true answers come at similar latencies. The span from `min_latency` to `max_latency` is divided into 16 bins. A band
    is any run of 3 to 8 of them. Its rate is the number of summits of x that follow a given summit of y at a latency in
    the band, divided by the number of these summits of y. The rates of each band are standardised to z, by their mean
    and standard deviation over y and its surrogates. Deviations of a surrogate with fewer given summits count less, by
    the square root of the ratio of their numbers. The mean of exp(2 z) over all bands is ranked. If answers raise the
    rate by 2 standard deviations in one band, and all bands are equally likely, this ranks y and its surrogates by
    their likelihood ratio. So p can be small where `answered_above_chance` is small: it asks whether x answers at all.

    The summit of an activation at the scale d is the largest smoothed value within d / 4 of its time. It is used
    because its time is more precise than the onset. Activations are searched at each scale separately, since rises that
    count as one expression may have a summit each. A summit at the scale d is left out if one at a shorter scale is
    within d / 2 of it.

    Activations keep a distance from each other, since those that overlap count once. A moved activation of y that is
    nearer to one of y than any two of y are to each other, and nearer than `max_latency` / 4, is left out of A₀: y
    could not have been active there, and x would answer the one that was. With "partners", none is left out.

    Rises of x that overlap count once, so an answer that overlaps with an earlier rise is missed. This makes the share
    above chance too small where activations are frequent (.28 for a planted share of .3, .56 for .6).

    People who are active at the same times because they follow one schedule answer each other beyond chance without
    any relation; use `by`, "permute" or "partners" (see `significance`).

    Examples
    --------
    A person answers 4 of 5 smiles of another one after half a second:

    >>> from bitbox_xr import signals
    >>> rng = np.random.default_rng(0)
    >>> time, at = np.arange(9000) / 30, np.arange(5, 290, 7.3) + rng.uniform(-2, 2, 40)
    >>> bump = lambda when: np.exp(-(((time[:, None] - when) / 0.3) ** 2)).sum(axis=1, keepdims=True)
    >>> answers = at[rng.random(40) < 0.8] + 0.5
    >>> x, y = (signals(bump(when) + 0.05 * rng.normal(size=(9000, 1)), fps=30) for when in (answers, at))
    >>> found = contingency(x, y, min_rise=0.3, rng=0)
    >>> [found[name].round(2).item() for name in ("answered", "chance", "answered_above_chance", "latency", "n_given")]
    [0.8, 0.11, 0.78, 0.49, 40.0]
    """
    faults = option_faults(min_latency, max_latency, surrogates, scales, noise) + number_faults(n, rng)
    refuse("contingency()", faults)
    pair = _pair(x, y, max_latency, by, fps)
    refuse("contingency()", _faults(pair, y is None, pairs, progress))
    if pairs == "matched":
        labels = matched(xr.Dataset(coords=pair.coords()))[PAIR].values
        pair = _selected(pair, labels)
    asked = Asked(scales, _several(scales), 16, min_rise, false_alarms_per_minute)
    (one, chosen), (other, _) = (prepared("contingency", each, asked, None) for each in (pair.x, pair.y))
    draws = draw(surrogates, n, rng, pair, partners, fps)
    for note in notes(surrogates, n, [len(each.items) for each in draws], pair):
        warn(f"contingency(): {note}")
    given = [] if partners is None else partner_signals(partners, pair, fps)
    given = [given[k] for k in picked(len(given), n, draws[0].seed)]
    task = Task(
        sides=(side(one, noise, chosen), side(other, noise, chosen)),
        draws=[each._replace(items=range(len(given))) if given and each.parts else each for each in draws],
        partner_sides=[side(partner, noise, chosen) for partner in given],
        places=[[places_of(partner, each, pair) for each in draws] for partner in given],
        span=(min_latency * pair.fps, max_latency * pair.fps),
        pairs=pair_numbers(pair, y is None, pairs == "matched"),
        fps=pair.fps,
        alone=y is None,
    )
    found = computed(pair, task, [partner.data for partner in given], progress)
    options: dict[str, Any] = {"min_latency": float(min_latency), "max_latency": float(max_latency), "pairs": pairs}
    options |= chosen.attrs() | {"noise": "of the recording" if noise is None else json.dumps(dict(cast(Any, noise)))}
    return _dataset(
        found, pair, {**options, **draw_attrs(draws, pair)}, alone=y is None, matched_pairs=pairs == "matched"
    )


def one_pair(
    x: SignalsLike,
    y: SignalsLike,
    names: tuple[str, str],
    latency: tuple[float, float],
    *,
    noise: NoiseLike = None,
    fps: float | None = None,
    **options: Any,
) -> OnePair:
    """The answers of one signal of x to one of y, and those to every shift of y on the grid of surrogates."""
    refuse("contingency()", option_faults(*latency, "shift", options["scales"], noise))
    pair = _pair(x, y, latency[1], None, fps)
    refuse("contingency()", _name_faults(pair, names))
    pair = replace(pair, x=pair.x.sel({SIGNAL: [names[0]]}), y=pair.y.sel({SIGNAL: [names[1]]}))
    asked = Asked(precision=16, aggregate=_several(options["scales"]), **options)
    (one, chosen), (other, _) = (prepared("contingency", each, asked, None) for each in (pair.x, pair.y))
    (draws,) = draw("shift", MAX_SHIFTS, 0, pair)
    low, high = (seconds * pair.fps for seconds in latency)
    sides = side(one, noise, chosen), side(other, noise, chosen)
    first, second = (np.asarray(each) for each in pair.arrays)
    return answers_of_one(first, second, sides, draws, (low, high), pair.fps)


def _name_faults(pair: Pair, names: object) -> list[str]:
    if not isinstance(names, tuple) or len(names) != 2:
        return [f"expected pair to be a name of a signal of x and one of y, got {names!r}"]
    faults = [f"expected one recording, got also dimensions {listed(pair.dims())}; choose one with .isel()"]
    faults = faults if pair.dims() else []
    for name, label, one in ((names[0], "x", pair.x), (names[1], "y", pair.y)):
        if name not in one[SIGNAL].values:
            faults.append(f"expected a signal of {label} ({listed(one[SIGNAL].values)}), got {name!r}")
    return faults


# --- checks


def option_faults(
    min_latency: object, max_latency: object, surrogates: object, scales: object, noise: object
) -> list[str]:
    """Problems with these options that do not depend on the recordings."""
    faults = time_faults("min_latency", min_latency, least="non-negative")
    faults += time_faults("max_latency", max_latency, least="positive")
    if not faults and cast(float, max_latency) <= cast(float, min_latency):
        faults.append(f"expected max_latency above min_latency, got {max_latency!r} and {min_latency!r}")
    if surrogates not in SURROGATES:
        faults.append(f"expected surrogates to be {', '.join(SURROGATES[:-1])} or {SURROGATES[-1]}, got {surrogates!r}")
    if scales is None:
        faults.append("expected scales to be a number of scales or durations in seconds, got None")
    if isinstance(noise, xr.DataArray):
        faults.append(
            'expected noise to be a coordinate and its label, such as {"condition": "rest"}, which holds for x and y, '
            "got a DataArray; label the frames at rest with annotate()"
        )
    return faults


def _pair(x: SignalsLike, y: SignalsLike | None, max_latency: float, by: str | None, fps: float | None) -> Pair:
    """Check both recordings, and cut them to the frames that both have.

    Windows of the distance of shifts say which parts are long enough for surrogates.
    """
    options = Options(max(MIN_SHIFT_S, max_latency), 1e-9, 0.0, True, 1.0, True)
    other = x if y is None else y
    pair = checked_pair("imitation", x, other, options, fps, by, subject="contingency", smaller="max_latency")
    shared = {TIME: slice(pair.frames)}
    return replace(pair, x=pair.x.isel(shared), y=pair.y.isel(shared))


def _faults(pair: Pair, alone: bool, pairs: object, progress: object) -> list[str]:
    faults = [] if pairs in ("all", "matched") else [f"expected pairs to be 'all' or 'matched', got {pairs!r}"]
    faults += [] if progress is None else flag_faults("progress", progress)
    faults += name_faults((*VARIABLES, PAIR) if pairs == "matched" else VARIABLES, pair.x, pair.y)
    if alone and pairs == "matched":
        faults.append("expected y with pairs='matched', got None; give y, or use pairs='all'")
    if alone and pair.x.sizes[SIGNAL] == 1:
        faults.append("expected y, or several signals in x, got no y and one signal; give y or more signals")
    return faults


def _several(scales: ScalesLike) -> bool:
    """Whether there are several scales, which are aggregated."""
    return bool(np.ndim(cast(Any, scales)) == 0 and scales != 1) or np.size(cast(Any, scales)) > 1


def _selected(pair: Pair, labels: np.ndarray) -> Pair:
    return replace(pair, x=pair.x.sel({SIGNAL: labels}), y=pair.y.sel({SIGNAL: labels}))


# --- labelled results


def _dataset(found: Array, pair: Pair, options: dict[str, Any], *, alone: bool, matched_pairs: bool) -> xr.Dataset:
    """Name the variables of `found` `(…, label, variable, pair)`."""
    coords: Any = pair.coords()
    rows, columns = pair.x.sizes[SIGNAL], pair.y.sizes[SIGNAL]
    last: tuple[str, ...] = (SIGNAL1, SIGNAL2)
    if matched_pairs:
        coords, last = matched(xr.Dataset(coords=coords)).coords, (PAIR,)
    elif alone:
        places = np.full(rows * columns, -1)
        places[~np.eye(rows, dtype=bool).ravel()] = np.arange(rows * (rows - 1))
        found = np.where(places >= 0, cast(np.ndarray, found)[..., places], np.nan)
    shape = found.shape[:-1] if matched_pairs else (*found.shape[:-1], rows)
    found = found.reshape((*shape, found.shape[-1] if matched_pairs else columns))
    if pair.by is None:
        found = found[..., 0, :, :] if matched_pairs else found[..., 0, :, :, :]
    values = np.moveaxis(cast(Any, found), -1 - len(last), 0)  # dask arrays have this function too
    dims = pair.dims(*pair.label_dims(), *last)
    data = {name: (dims, one, variable_attrs(name)) for name, one in zip(VARIABLES, values, strict=True)}
    attrs: dict[str, Any] = {"by": pair.by} if pair.by is not None else {}
    attrs |= {"alone": 1} if alone else {}
    used = (pair.x,) if alone else (pair.x, pair.y)
    own = result_attrs("contingency", {**options, **attrs, "fps": pair.fps, "frames": pair.frames}, *used)
    return xr.Dataset(data, {**coords, **pair.label_coords()}, own)
