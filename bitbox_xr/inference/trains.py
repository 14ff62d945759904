"""Activations of a recording as series of times, and the surrogates of such series."""

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bitbox_xr.inference.parts import Part

if TYPE_CHECKING:
    from bitbox_xr.kernels.activations.search import Events, Search

__all__ = ["Moved", "Side", "Source", "Train", "Trains", "moved", "possible", "trains_of"]


class Side(NamedTuple):
    """How the activations of one recording are searched."""

    search: "Search"
    ladder: tuple[float, ...]  # wavelet scales that limit the noise of longer ones, in frames
    rest: np.ndarray | None  # frames at which the noise is measured; None: all


class Train(NamedTuple):
    """Times of the activations of each signal, in frames, and where none can be found.

    Those of signal k are `time[first[k]:first[k + 1]]`, sorted. `missing` `(signal, frame + 1)` is the number of frames
    before each frame where the signal is not eligible.
    """

    time: np.ndarray
    first: np.ndarray
    missing: np.ndarray

    @property
    def series(self) -> tuple[np.ndarray, np.ndarray]:
        """The times and where each signal starts."""
        return self.time, self.first

    @property
    def signal(self) -> np.ndarray:
        """The signal of each time."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))


class Trains(NamedTuple):
    """The activations of a recording in two ways.

    `onsets` are those of the list for all scales (maxima where the onset is unknown), `summits` those of the lists of
    each scale, as far as they are distinct: rises that count as one expression may have a summit each.
    """

    onsets: Train
    summits: Train


class Moved(NamedTuple):
    """A train whose parts are moved, and for each time the frame at which its part ends."""

    time: np.ndarray
    first: np.ndarray
    stop: np.ndarray

    @property
    def series(self) -> tuple[np.ndarray, np.ndarray]:
        """The times and where each signal starts."""
        return self.time, self.first


class Source(NamedTuple):
    """The frames from `start` to `stop` of a train that replace a part, after a circular shift."""

    start: int
    stop: int
    shift: int = 0


def trains_of(values: np.ndarray, side: Side, threads: int = 1) -> Trains:
    """The activations of a recording `(frame, signal)`."""
    from bitbox_xr.kernels.activations import noise
    from bitbox_xr.kernels.activations.search import find

    search = side.search
    level = noise.levels(values, search, side.ladder, side.rest, threads=threads) if search.least_z else None
    events = find(values, search, level, threads=threads).events
    onsets = np.where(np.isnan(events.start), events.frame, events.start)
    at_scales = find(values, search._replace(apart=0), level, threads=threads).events if search.apart else events
    missing = _missing(values, search, level)
    return Trains(_train(events.signal, onsets, missing), _train(*_summits(values, at_scales, search.scales), missing))


def _summits(values: np.ndarray, events: "Events", scales: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Signals and frames of the distinct summits of `events`, found at these wavelet scales."""
    from bitbox_xr.kernels.activations import gaps, rises

    scale = np.array(scales)[events.scale]
    rows = np.array(values.T, dtype=np.float64, order="C")
    gaps.bridge(rows, np.empty(rows.shape, dtype=bool), np.empty(len(rows)))
    frames = rises.summits(rows, events.signal, events.frame, scale)
    kept = rises.distinct(events.signal, frames, scale)
    return events.signal[kept], frames[kept]


def _train(signal: np.ndarray, time: np.ndarray, missing: np.ndarray) -> Train:
    """The train of activations of these signals at these times, in any order."""
    first = np.concatenate([[0], np.cumsum(np.bincount(signal, minlength=len(missing)))])
    return Train(time[np.lexsort((time, signal))].astype(np.float64), first, missing)


def _missing(values: np.ndarray, search: "Search", level: np.ndarray | None) -> np.ndarray:
    """`Train.missing` of a recording."""
    from bitbox_xr.kernels.activations.gaps import eligible

    present = ~np.isnan(np.asarray(values, dtype=np.float64).T)
    known = present if present.all() else np.logical_or.reduce(eligible(present, search.scales, search.precision))
    if level is not None:
        known = known & ~np.isnan(level).all(axis=0)[:, None]
    before = np.zeros((known.shape[0], known.shape[1] + 1), dtype=np.int64)
    np.cumsum(~known, axis=1, out=before[:, 1:])
    return before


def moved(train: Train, parts: list[Part], sources: list[Source]) -> Moved:
    """Replace each part by its source; times that do not fit into the part are left out."""
    times, signals, stops = [], [], []
    signal = train.signal
    for part, source in zip(parts, sources, strict=True):
        inside = (train.time >= source.start) & (train.time < source.stop)
        since = train.time[inside] - source.start
        if source.shift:
            since = (since + source.shift) % (source.stop - source.start)
        keep = since < part.stop - part.start
        times.append(part.start + since[keep])
        signals.append(signal[inside][keep])
        stops.append(np.full(int(keep.sum()), part.stop))
    time, which, stop = (np.concatenate(each) for each in (times, signals, stops))
    order = np.lexsort((time, which))
    counts = np.bincount(which.astype(int), minlength=len(train.first) - 1)
    return Moved(time[order], np.concatenate([[0], np.cumsum(counts)]), stop[order])


def possible(train: Moved, own: Moved, most: float) -> Moved:
    """A moved train, without the times at which the activations could not have been.

    These are nearer to a time of `own` than any two times of that signal of `own` are to each other, or than `most`
    frames if that is less. They stay in the train, but end before they begin, so that they cannot be answered.
    """
    stop = train.stop.copy()
    for k, (first, last) in enumerate(pairwise(own.first)):
        there, span = own.time[first:last], slice(train.first[k], train.first[k + 1])
        if len(there) < 2:
            continue
        after = np.searchsorted(there, train.time[span])
        before, behind = np.concatenate([[-np.inf], there])[after], np.concatenate([there, [np.inf]])[after]
        nearest = np.minimum(train.time[span] - before, behind - train.time[span])
        stop[span] = np.where(nearest < min(np.diff(there).min(), most), -1, stop[span])
    return train._replace(stop=stop)
