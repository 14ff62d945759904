"""Points along time: how far they go, how evenly, how far from where they were. In frames, not in seconds.

Recordings come in parts along time, which are worked through in blocks of frames, so that little is held at once.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from bitbox_xr.kernels.finite import refuse_infinite

__all__ = [
    "DISTANCES",
    "SUMMARY",
    "Places",
    "away",
    "distances",
    "mean_position",
    "middle",
    "part",
    "summary",
]

BLOCK = 1024  # frames
ORDERS = 3  # of differences; as many frames are needed before a block

# rows of a summary; differences of positions are in units a frame, a frame squared, a frame cubed
SUMMARY = ("range", "path", "speed", "acceleration", "jerk", "ldj", "valid")
DISTANCES = ("distance_min", "distance_mean", "distance_std", "distance_max", "valid")


class Places(NamedTuple):
    """Where the coordinates of points are among signals: columns `(point, axis)`, and those of which half is added."""

    columns: np.ndarray
    sizes: np.ndarray | None = None

    def of(self, values: np.ndarray) -> np.ndarray:
        """Points `(frame, point, axis)` in `values` `(frame, signal)`; one that misses a coordinate misses all.

        ValueError where a value is infinite.
        """
        points = values[:, self.columns].astype(np.float64)
        if self.sizes is not None:
            points += values[:, self.sizes] / 2
        refuse_infinite(points)
        points[np.isnan(points).any(axis=-1)] = np.nan
        return points


# --- the course of points


class Course(NamedTuple):
    """What frames of points amount to, each `(…, point)`; lost frames, and differences across them, do not count."""

    counts: np.ndarray  # (4, point): frames, first, second and third differences that were seen
    totals: np.ndarray  # (3, point): sums of the lengths of differences
    squares: np.ndarray  # sum of the squared lengths of second differences
    peak: np.ndarray  # largest length of a first difference
    first: np.ndarray  # number of the first frame that was seen, infinite where none was
    last: np.ndarray
    low: np.ndarray  # (point, axis): least coordinates, infinite where none was seen
    high: np.ndarray


# how each field of two blocks becomes one
JOIN: tuple[Callable[..., np.ndarray], ...] = (np.sum, np.sum, np.sum, np.max, np.min, np.max, np.min, np.max)


class Part(NamedTuple):
    """The courses of a part's blocks, but for its first frames where others come before; its first and last frames."""

    blocks: list[Course]
    first: int
    head: np.ndarray
    tail: np.ndarray


def part(values: np.ndarray, first: int, places: Places) -> Part:
    """What a part of a recording, `(frame, signal)`, amounts to; `first` is the number of its first frame."""
    lead = min(ORDERS, len(values)) if first else 0
    starts = range(lead, len(values), BLOCK)
    blocks = [course(places.of(values[max(at - ORDERS, 0) : at + BLOCK]), first + at, min(at, ORDERS)) for at in starts]
    # copies, so that the part itself is let go
    return Part(blocks, first, values[:ORDERS].copy(), values[-ORDERS:].copy())


def course(points: np.ndarray, first: int, before: int) -> Course:
    """What a block of frames amounts to, of which the number `first` is the first, and `before` come before it."""
    lengths, step = [], points
    for order in range(1, ORDERS + 1):
        step = np.diff(step, axis=0)
        lengths.append(np.sqrt((step**2).sum(axis=-1))[max(0, before - order) :])
    own = points[before:]
    there = ~np.isnan(own[..., 0])
    seen = [there, *(~np.isnan(length) for length in lengths)]
    lengths = [np.where(counts, length, 0.0) for counts, length in zip(seen[1:], lengths, strict=True)]
    numbers = np.arange(first, first + len(own))[:, None]
    return Course(
        np.array([counts.sum(axis=0) for counts in seen]),
        np.array([length.sum(axis=0) for length in lengths]),
        (lengths[1] ** 2).sum(axis=0),
        lengths[0].max(axis=0, initial=0.0),
        np.where(there, numbers, np.inf).min(axis=0),
        np.where(there, numbers, -np.inf).max(axis=0),
        np.where(there[..., None], own, np.inf).min(axis=0),
        np.where(there[..., None], own, -np.inf).max(axis=0),
    )


def _joined(parts: list[Part], places: Places) -> Course:
    """The course of all parts, their first frames with what comes before those."""
    blocks, before = [], parts[0].head[:0]
    for one in parts:
        if one.first:
            seam = np.concatenate([before, one.head])
            blocks.append(course(places.of(seam), one.first, len(before)))
        blocks += one.blocks
        before = np.concatenate([before, one.tail])[-ORDERS:]
    return Course(*(join(field, axis=0) for join, field in zip(JOIN, _fields(blocks), strict=True)))


def summary(parts: list[Part], places: Places, frames: int) -> np.ndarray:
    """The rows of `SUMMARY`, `(row, point)`, of a recording in parts; NaN where nothing was seen.

    speed, acceleration and jerk are mean lengths of differences. ldj is −ln(N³ · Σ|Δ²|² / max|Δ|²) over the N frames
    from the first to the last that was seen, lost differences counted as the mean of those seen.
    """
    every = _joined(parts, places)
    seen = np.where(every.counts > 0, every.counts, np.nan)
    span = every.last - every.first + 1
    extent = np.where(every.counts[0] > 0, np.sqrt(((every.high - every.low) ** 2).sum(axis=-1)), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):  # still points have none, evenly moving ones an infinite one
        ldj = -np.log(span**3 * (every.squares / seen[2] * (span - 2)) / every.peak**2)
    path = np.where(every.counts[1] > 0, every.totals[0], np.nan)
    return np.stack([extent, path, *(every.totals / seen[1:]), ldj, every.counts[0] / frames])


def _fields(blocks: Iterable[Any]) -> list[np.ndarray]:
    """What the blocks have in each field, `(block, …)`."""
    return [np.stack(field) for field in zip(*blocks, strict=True)]


# --- distances to where points were


class Middle(NamedTuple):
    """Sums of positions `(point, axis)` and the number `(point, 1)` of frames they are of."""

    total: np.ndarray
    number: np.ndarray


class Away(NamedTuple):
    """Distances to references, each field `(reference, point)`: number, mean, squared deviations, extremes."""

    number: np.ndarray
    mean: np.ndarray
    squares: np.ndarray
    least: np.ndarray
    most: np.ndarray


def _blocks(values: np.ndarray, first: int, places: Places) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Numbers of frames, and points, of each block of a part of a recording that starts with the frame `first`."""
    for start in range(0, len(values), BLOCK):
        points = places.of(values[start : start + BLOCK])
        yield np.arange(first + start, first + start + len(points)), points


def middle(values: np.ndarray, first: int, places: Places) -> list[Middle]:
    """Sums of the positions in each block of a part of a recording."""
    blocks = (points for _, points in _blocks(values, first, places))
    return [Middle(np.nansum(points, axis=0), (~np.isnan(points[..., :1])).sum(axis=0)) for points in blocks]


def mean_position(parts: list[list[Middle]]) -> np.ndarray:
    """The mean position `(1, point, axis)` over all frames; NaN where a point was never seen."""
    total, number = (field.sum(axis=0) for field in _fields(chain.from_iterable(parts)))
    return (total / np.where(number > 0, number, np.nan))[None]


def away(values: np.ndarray, first: int, references: np.ndarray, places: Places, left_out: np.ndarray) -> list[Away]:
    """Distances of each block to `references` `(reference, point, axis)`; some frames' numbers are left out."""
    found = []
    for numbers, points in _blocks(values, first, places):
        others = points[~np.isin(numbers, left_out)]
        found.append(Away(*_fields([_lengths(others - reference) for reference in references])))
    return found


def _lengths(ways: np.ndarray) -> Away:
    """What the lengths of `ways` `(frame, point, axis)` amount to, each field `(point,)`."""
    length = np.sqrt((ways**2).sum(axis=-1))
    there = ~np.isnan(length)
    number = there.sum(axis=0)
    mean = np.where(there, length, 0.0).sum(axis=0) / np.maximum(number, 1)
    squares = (np.where(there, length - mean, 0.0) ** 2).sum(axis=0)
    least = np.where(there, length, np.inf).min(axis=0, initial=np.inf)
    return Away(number, mean, squares, least, np.where(there, length, 0.0).max(axis=0, initial=0.0))


def distances(parts: list[list[Away]], frames: int) -> np.ndarray:
    """The rows of `DISTANCES`, `(row, point)`: those of each reference, averaged; deviations with ddof 0.

    References at which a point was not seen are left out of its average; NaN where none is left. `frames` is the
    number of frames that were not left out.
    """
    numbers, means, squares, least, most = _fields(chain.from_iterable(parts))
    number = numbers.sum(axis=0)
    seen = np.where(number > 0, number, np.nan)
    mean = (numbers * means).sum(axis=0) / seen
    deviation = np.sqrt((squares + numbers * (means - mean) ** 2).sum(axis=0) / seen)
    rows = np.stack([least.min(axis=0), mean, deviation, most.max(axis=0)])  # (row, reference, point)
    references = (number > 0).sum(axis=0)
    average = np.where(number > 0, rows, 0.0).sum(axis=1) / np.where(references > 0, references, np.nan)
    return np.concatenate([average, number.max(axis=0)[None] / frames])
