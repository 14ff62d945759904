"""Kinematics of points along time, in frames: path, speed, smoothness, and distances to reference positions.

Recordings are given in parts along time, and each part is computed in blocks of frames to limit the memory.
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
MAX_ORDER = 3  # highest order of differences, and number of frames before a block that they depend on

# Rows of a summary. Speed, acceleration and jerk are in units per frame, frame² and frame³.
SUMMARY = ("range", "path", "speed", "acceleration", "jerk", "ldj", "valid")
DISTANCES = ("distance_min", "distance_mean", "distance_std", "distance_max", "valid")


class Places(NamedTuple):
    """Columns `(point, axis)` of the points' coordinates, and of sizes, half of which is added to the coordinates."""

    columns: np.ndarray
    sizes: np.ndarray | None = None

    def of(self, values: np.ndarray) -> np.ndarray:
        """Points `(frame, point, axis)` of `values` `(frame, signal)`. A point without one coordinate is all NaN.

        Raises ValueError if a value is infinite.
        """
        points = values[:, self.columns].astype(np.float64)
        if self.sizes is not None:
            points += values[:, self.sizes] / 2
        refuse_infinite(points)
        points[np.isnan(points).any(axis=-1)] = np.nan
        return points


# --- paths of points


class Course(NamedTuple):
    """Sums and extremes over frames, each `(…, point)`, without lost frames and differences across them."""

    counts: np.ndarray  # (4, point): frames, and first, second and third differences that are present
    totals: np.ndarray  # (3, point): sums of the lengths of differences
    squares: np.ndarray  # sum of the squared lengths of second differences
    peak: np.ndarray  # largest length of a first difference
    first: np.ndarray  # number of the first frame that is present, infinite if all are missing
    last: np.ndarray
    low: np.ndarray  # (point, axis): smallest coordinates, infinite if all are missing
    high: np.ndarray


# how each field of `Course` combines across blocks
JOIN: tuple[Callable[..., np.ndarray], ...] = (np.sum, np.sum, np.sum, np.max, np.min, np.max, np.min, np.max)


class Part(NamedTuple):
    """The courses of a part's blocks, and its first and last frames.

    If another part comes before, the courses leave out the first frames, which need frames of that part.
    """

    blocks: list[Course]
    first: int
    head: np.ndarray
    tail: np.ndarray


def part(values: np.ndarray, first: int, places: Places) -> Part:
    """The courses of a part `(frame, signal)` of a recording. `first` is the number of its first frame."""
    lead = min(MAX_ORDER, len(values)) if first else 0
    starts = range(lead, len(values), BLOCK)
    blocks = [
        course(places.of(values[max(at - MAX_ORDER, 0) : at + BLOCK]), first + at, min(at, MAX_ORDER)) for at in starts
    ]
    # copies, so that the memory of the part can be freed
    return Part(blocks, first, values[:MAX_ORDER].copy(), values[-MAX_ORDER:].copy())


def course(points: np.ndarray, first: int, before: int) -> Course:
    """The course of a block of frames. Its first frame has the number `first` and comes after `before` others."""
    lengths, step = [], points
    for order in range(1, MAX_ORDER + 1):
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
    """The course of all parts, including the first frames of each part, which need the part before it."""
    blocks, before = [], parts[0].head[:0]
    for one in parts:
        if one.first:
            seam = np.concatenate([before, one.head])
            blocks.append(course(places.of(seam), one.first, len(before)))
        blocks += one.blocks
        before = np.concatenate([before, one.tail])[-MAX_ORDER:]
    return _combined(blocks)


def summary(intervals: list[list[Part]], places: Places, frames: int) -> np.ndarray:
    """The rows of `SUMMARY`, `(row, point)`, over intervals of a recording, each in parts. `frames`: their frames.

    No difference crosses the edge of an interval. NaN for a point that is always missing. speed, acceleration and jerk
    are mean lengths of first, second and third differences. ldj, the log dimensionless jerk, is
    −ln(N³ · Σ|Δ²|² / max|Δ|²) over the N frames from the first to the last that is present in each interval. Each
    missing difference counts with the mean square of those present.
    """
    courses = [_joined(parts, places) for parts in intervals]
    every = _combined(courses)
    seen = np.where(every.counts > 0, every.counts, np.nan)
    spans = np.maximum([course.last - course.first + 1 for course in courses], 0)  # 0 where a point is always missing
    span, turns = spans.sum(axis=0), np.maximum(spans - 2, 0).sum(axis=0)
    extent = np.where(every.counts[0] > 0, np.sqrt(((every.high - every.low) ** 2).sum(axis=-1)), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):  # ldj is NaN for still points and infinite for uniform motion
        ldj = -np.log(span**3 * (every.squares / seen[2] * turns) / every.peak**2)
    path = np.where(every.counts[1] > 0, every.totals[0], np.nan)
    return np.stack([extent, path, *(every.totals / seen[1:]), ldj, every.counts[0] / frames])


def _combined(courses: list[Course]) -> Course:
    """The course of several blocks or intervals."""
    return Course(*(join(field, axis=0) for join, field in zip(JOIN, _fields(courses), strict=True)))


def _fields(blocks: Iterable[Any]) -> list[np.ndarray]:
    """Each field of all blocks, stacked as `(block, …)`."""
    return [np.stack(field) for field in zip(*blocks, strict=True)]


# --- distances to reference positions


class Middle(NamedTuple):
    """Sums of positions `(point, axis)`, and the number of frames `(point, 1)` in each sum."""

    total: np.ndarray
    number: np.ndarray


class Away(NamedTuple):
    """Statistics of distances to references, each field `(reference, point)`."""

    number: np.ndarray
    mean: np.ndarray
    squares: np.ndarray
    least: np.ndarray
    most: np.ndarray


def _blocks(values: np.ndarray, first: int, places: Places) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Frame numbers and points of each block of a part whose first frame has the number `first`."""
    for start in range(0, len(values), BLOCK):
        points = places.of(values[start : start + BLOCK])
        yield np.arange(first + start, first + start + len(points)), points


def middle(values: np.ndarray, first: int, places: Places) -> list[Middle]:
    """Sums of the positions in each block of a part of a recording."""
    blocks = (points for _, points in _blocks(values, first, places))
    return [Middle(np.nansum(points, axis=0), (~np.isnan(points[..., :1])).sum(axis=0)) for points in blocks]


def mean_position(parts: list[list[Middle]]) -> np.ndarray:
    """The mean position `(1, point, axis)` over all frames. NaN for a point that is always missing."""
    total, number = (field.sum(axis=0) for field in _fields(chain.from_iterable(parts)))
    return (total / np.where(number > 0, number, np.nan))[None]


def away(values: np.ndarray, first: int, references: np.ndarray, places: Places, left_out: np.ndarray) -> list[Away]:
    """Distances of each block to `references` `(reference, point, axis)`, without the frames `left_out`."""
    found = []
    for numbers, points in _blocks(values, first, places):
        others = points[~np.isin(numbers, left_out)]
        found.append(Away(*_fields([_lengths(others - reference) for reference in references])))
    return found


def _lengths(ways: np.ndarray) -> Away:
    """Statistics of the lengths of `ways` `(frame, point, axis)`, each field `(point,)`."""
    length = np.sqrt((ways**2).sum(axis=-1))
    there = ~np.isnan(length)
    number = there.sum(axis=0)
    mean = np.where(there, length, 0.0).sum(axis=0) / np.maximum(number, 1)
    squares = (np.where(there, length - mean, 0.0) ** 2).sum(axis=0)
    least = np.where(there, length, np.inf).min(axis=0, initial=np.inf)
    return Away(number, mean, squares, least, np.where(there, length, 0.0).max(axis=0, initial=0.0))


def distances(parts: list[list[Away]], frames: int) -> np.ndarray:
    """The rows of `DISTANCES`, `(row, point)`, averaged over references. Standard deviations have ddof 0.

    References without a value for a point are left out of its average; if all are left out, the average is NaN.
    `frames` is the number of frames that were not left out.
    """
    numbers, means, squares, least, most = _fields(chain.from_iterable(parts))
    number = numbers.sum(axis=0)
    seen = np.where(number > 0, number, np.nan)
    mean = (numbers * means).sum(axis=0) / seen
    deviation = np.sqrt((squares + numbers * (means - mean) ** 2).sum(axis=0) / seen)
    rows = np.stack([least.min(axis=0), mean, deviation, most.max(axis=0)])  # (row, reference, point)
    references = (number > 0).sum(axis=0)
    average = np.where(number > 0, rows, 0.0).sum(axis=1) / np.where(references > 0, references, np.nan)
    return np.concatenate([average, number.max(axis=0)[None] / (frames or np.nan)])
