"""Answers of x to the activations of y and to those of surrogates, counted for each recording."""

from functools import partial
from typing import NamedTuple

import numpy as np
import xarray as xr

from bitbox_xr.core.lazy import is_lazy, threads
from bitbox_xr.core.progress import tracked
from bitbox_xr.core.types import Array, NoiseLike
from bitbox_xr.core.variables import RESERVED, SIGNAL, TIME
from bitbox_xr.inference.surrogates import Draws, Items
from bitbox_xr.inference.trains import Moved, Side, Source, Train, Trains, moved, possible, trains_of
from bitbox_xr.kernels.compilation_notice import quiet
from bitbox_xr.measures import activation_noise
from bitbox_xr.measures.scales import Scales
from bitbox_xr.measures.windowing import Pair
from bitbox_xr.preprocessing.intervals import stretches

__all__ = ["OnePair", "Task", "answers_of_one", "computed", "pair_numbers", "places_of", "side"]

VARIABLES = RESERVED["contingency"]
CLOSEST = 1 / 4  # of the longest latency, nearer than which moved activations of y may be left out of chance


class Task(NamedTuple):
    """What is computed for one recording."""

    sides: tuple[Side, Side]  # of x and of y
    draws: list[Draws]
    partner_sides: list[Side]
    places: list[list[list[Source]]]  # of each partner, label and part
    span: tuple[float, float]  # after an onset of y, in frames
    pairs: tuple[np.ndarray, np.ndarray]
    fps: float
    alone: bool  # x answers itself


class OnePair(NamedTuple):
    """Starts of activations of one signal of x and one of y, and the first answers, in seconds."""

    x: np.ndarray
    y: np.ndarray
    latency: np.ndarray  # for each of y; infinite without an answer, NaN if it is not given
    by_chance: np.ndarray  # latencies of the answers to all shifts of y
    chance: float  # mean share of given activations that are answered, over all shifts


def side(x: xr.DataArray, noise: NoiseLike, chosen: Scales) -> Side:
    """How the activations of `x` are searched."""
    rest = activation_noise.rest_of("contingency", x, noise, chosen)
    search = chosen.search(measured=True)
    return Side(search, activation_noise.ladder(rest, chosen), rest.frames)


def places_of(partner: xr.DataArray, draws: Draws, pair: Pair) -> list[Source]:
    """The frames of a partner that replace each part: all, or the interval of the same label and place."""
    if pair.by is None or not draws.parts:
        return [Source(0, partner.sizes[TIME]) for _ in draws.parts]
    own = [one for one in stretches(pair.by, partner) if one.label == draws.parts[0].label]
    return [Source(*own[part.place][2:]) if part.place < len(own) else Source(0, 0) for part in draws.parts]


def pair_numbers(pair: Pair, alone: bool, matched_pairs: bool) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the signals of x and of y in every pair."""
    rows, columns = pair.x.sizes[SIGNAL], pair.y.sizes[SIGNAL]
    if matched_pairs:
        return np.arange(rows), np.arange(rows)
    first, second = (each.ravel() for each in np.indices((rows, columns)))
    return (first[first != second], second[first != second]) if alone else (first, second)


def computed(pair: Pair, task: Task, partners: list[Array], progress: bool | None) -> Array:
    """The variables of every recording, `(…, label, variable, pair)`; lazy if x or y is."""
    x, y = pair.arrays
    lead = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    shape = (len(task.draws), len(VARIABLES), len(task.pairs[0]))
    sides = [(_at(x, where), _at(y, where)) for where in np.ndindex(lead)]
    if is_lazy(x, y):
        import dask.array as da
        from dask import delayed

        call = delayed(partial(_of_recording, task=task, threads=1), pure=True)
        each = [da.from_delayed(call(*both, partners), shape, np.float64) for both in sides]
        result: Array = da.stack(each).reshape((*lead, *shape))
        return result
    others = [np.asarray(partner) for partner in partners]
    work = (_of_recording(np.asarray(a), np.asarray(b), others, task=task, threads=threads()) for a, b in sides)
    with quiet(progress is False):
        found: np.ndarray = np.stack(list(tracked(work, len(sides), "recordings", shown=progress)))
    return found.reshape((*lead, *shape))


def _at(values: Array, where: tuple[int, ...]) -> Array:
    """One recording of `values`, whose leading dimensions may have size 1."""
    own: Array = values[tuple(0 if size == 1 else k for k, size in zip(where, values.shape[:-2], strict=True))]
    return own


def _of_recording(x: np.ndarray, y: np.ndarray, partners: list[np.ndarray], *, task: Task, threads: int) -> np.ndarray:
    """The variables of one recording, `(label, variable, pair)`."""
    ours = trains_of(x, task.sides[0], threads)
    theirs = ours if task.alone else trains_of(y, task.sides[1], threads)
    others = [trains_of(one, side, threads) for one, side in zip(partners, task.partner_sides, strict=True)]
    out = np.full((len(task.draws), len(VARIABLES), len(task.pairs[0])), np.nan)
    for label, draws in enumerate(task.draws):
        if draws.parts:
            out[label] = _compared(ours, theirs, others, label, draws, task)
    return out


def _compared(ours: Trains, theirs: Trains, others: list[Trains], label: int, draws: Draws, task: Task) -> np.ndarray:
    """Count the answers to y and to each surrogate, and compare them, `(variable, pair)`."""
    from bitbox_xr.kernels import contingency as kernels

    still = [Source(part.start, part.stop) for part in draws.parts]
    observed = moved(theirs.onsets, draws.parts, still)

    def surrogates(which: int, items: Items) -> list[Moved]:
        if others:
            return [moved(one[which], draws.parts, task.places[k][label]) for k, one in enumerate(others)]
        return [moved(theirs[which], draws.parts, _sources(draws.kind, still, item)) for item in items]

    def counts(train: Moved) -> kernels.Counts:
        return kernels.counted(ours.onsets.series, train.series, train.stop, ours.onsets.missing, task.span, task.pairs)

    ranked = draws.exchangeable if len(draws.exchangeable) else draws.items
    summits = [moved(theirs.summits, draws.parts, still), *surrogates(1, ranked)]
    excess = kernels.excesses(
        ours.summits.series, [(*one.series, one.stop) for one in summits], ours.summits.missing, task.span, task.pairs
    )
    by_chance = surrogates(0, draws.items)
    if not others:
        by_chance = [possible(train, observed, CLOSEST * task.span[1]) for train in by_chance]
    estimated = [counts(train) for train in (observed, *by_chance)]
    return kernels.compared(estimated, excess, _median_latency(ours.onsets, observed, task))


def _sources(kind: str, still: list[Source], item: np.ndarray) -> list[Source]:
    """The source of each part in one surrogate."""
    if kind == "permute":
        return [still[int(k)] for k in item]
    return [one._replace(shift=int(shift)) for one, shift in zip(still, item, strict=True)]


def _median_latency(ours: Train, observed: Moved, task: Task) -> np.ndarray:
    """Median time (s) to the first answer, for each pair; NaN without an answer."""
    from bitbox_xr.kernels.contingency import latencies

    out = np.full(len(task.pairs[0]), np.nan)
    for k, pair in enumerate(zip(*task.pairs, strict=True)):
        found = latencies(ours.series, observed.series, observed.stop, ours.missing, task.span, pair)
        found = found[np.isfinite(found)]
        out[k] = np.median(found) / task.fps if len(found) else np.nan
    return out


def answers_of_one(
    x: np.ndarray, y: np.ndarray, sides: tuple[Side, Side], draws: Draws, span: tuple[float, float], fps: float
) -> OnePair:
    """The answers of the only signal of `x` to that of `y`, and those to all its shifts."""
    from bitbox_xr.kernels.contingency import latencies

    ours, theirs = (trains_of(values, one).onsets for values, one in zip((x, y), sides, strict=True))
    still = [Source(part.start, part.stop) for part in draws.parts]

    def found(train: Moved) -> np.ndarray:
        return latencies(ours.series, train.series, train.stop, ours.missing, span, (0, 0)) / fps

    observed = moved(theirs, draws.parts, still)
    trains = [moved(theirs, draws.parts, _sources(draws.kind, still, item)) for item in draws.items]
    shifted = [found(possible(train, observed, CLOSEST * span[1])) for train in trains]
    shares = [np.isfinite(one).sum() / (~np.isnan(one)).sum() for one in shifted if not np.isnan(one).all()]
    by_chance = np.concatenate([one[np.isfinite(one)] for one in shifted])
    starts = ours.time / fps, observed.time / fps
    return OnePair(*starts, found(observed), by_chance, float(np.mean(shares)) if shares else np.nan)
