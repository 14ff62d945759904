"""Points along time: how far they go, how evenly, how far from where they were. In frames, not in seconds.

A recording is worked through in blocks of frames that stay the same however it is cut, and what the blocks amount to
is joined in their order: chunks change no digit.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

__all__ = [
    "DISTANCES",
    "REACH",
    "SUMMARY",
    "Places",
    "aligned",
    "away",
    "course",
    "distances",
    "mean_position",
    "middle",
    "over_blocks",
    "summary",
]

BLOCK = 1024  # frames
REACH = 3  # frames before a block that third differences within it need

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
        if np.isinf(points).any():
            from bitbox_xr.kernels.activations import INFINITE

            raise ValueError(INFINITE)
        points[np.isnan(points).any(axis=-1)] = np.nan
        return points


# --- blocks


def aligned(edges: list[int], frames: int) -> list[tuple[int, int]]:
    """The parts of a recording that chunks with these `edges` make, cut where blocks are."""
    cuts = sorted({0, frames, *(min(round(edge / BLOCK) * BLOCK, frames) for edge in edges)})
    return list(zip(cuts[:-1], cuts[1:], strict=True))


def over_blocks(values: np.ndarray, measure: Callable[..., Any], first: int, lead: int, *options: Any) -> list[Any]:
    """`measure` of each block of `values` `(frame, signal)`, which start `lead` frames before frame `first`.

    It takes the block with up to `REACH` frames before it, the number of its own first frame, how many come before.
    """
    found = []
    for start in range(lead, len(values), BLOCK):
        before = min(start, REACH)
        found.append(measure(values[start - before : start + BLOCK], first - lead + start, before, *options))
    return found


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


JOIN = Course(np.sum, np.sum, np.sum, np.max, np.min, np.max, np.min, np.max)


def course(values: np.ndarray, first: int, before: int, places: Places) -> Course:
    """What a block of frames amounts to; `before`: how many of `values` come before it."""
    points = places.of(values)
    lengths, step = [], points
    for order in range(1, REACH + 1):
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


def summary(parts: list[list[Course]], frames: int) -> np.ndarray:
    """The rows of `SUMMARY`, `(row, point)`, of the parts of a recording; NaN where nothing was seen.

    speed, acceleration and jerk are mean lengths of differences. ldj is −ln(N³ · Σ|Δ²|² / max|Δ|²) over the N frames
    from the first to the last that was seen, lost differences counted as the mean of those seen.
    """
    every = Course(*(join(field, axis=0) for join, field in zip(JOIN, _fields(parts), strict=True)))
    seen = np.where(every.counts > 0, every.counts, np.nan)
    span = every.last - every.first + 1
    extent = np.where(every.counts[0] > 0, np.sqrt(((every.high - every.low) ** 2).sum(axis=-1)), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):  # still points have none, evenly moving ones an infinite one
        ldj = -np.log(span**3 * (every.squares / seen[2] * (span - 2)) / every.peak**2)
    path = np.where(every.counts[1] > 0, every.totals[0], np.nan)
    return np.stack([extent, path, *(every.totals / seen[1:]), ldj, every.counts[0] / frames])


def _fields(parts: list[list[Any]]) -> list[np.ndarray]:
    """What the blocks of all parts have in each field, `(block, …)`."""
    return [np.stack(field) for field in zip(*(block for part in parts for block in part), strict=True)]


# --- distances to where points were


class Middle(NamedTuple):
    """Sums of positions `(point, axis)` and how many frames `(point, 1)` they are of."""

    total: np.ndarray
    count: np.ndarray


class Away(NamedTuple):
    """Distances to references, each field `(reference, point)`: number, mean, squared deviations, extremes."""

    count: np.ndarray
    mean: np.ndarray
    squares: np.ndarray
    least: np.ndarray
    most: np.ndarray


def middle(values: np.ndarray, first: int, before: int, places: Places) -> Middle:
    """Sums of the positions in a block of frames."""
    points = places.of(values[before:])
    return Middle(np.nansum(points, axis=0), (~np.isnan(points[..., :1])).sum(axis=0))


def mean_position(parts: list[list[Middle]]) -> np.ndarray:
    """The mean position `(1, point, axis)` over all frames; NaN where a point was never seen."""
    total, count = (field.sum(axis=0) for field in _fields(parts))
    return (total / np.where(count > 0, count, np.nan))[None]


def away(
    values: np.ndarray, first: int, before: int, places: Places, references: np.ndarray, left_out: np.ndarray
) -> Away:
    """Distances of a block of frames to `references` `(reference, point, axis)`; some frames' numbers are left out."""
    points = places.of(values[before:])
    points[np.isin(np.arange(first, first + len(points)), left_out)] = np.nan
    return Away(*_fields([[_distances(points - reference) for reference in references]]))


def _distances(ways: np.ndarray) -> Away:
    """What the lengths of `ways` `(frame, point, axis)` amount to, each field `(point,)`."""
    length = np.sqrt((ways**2).sum(axis=-1))
    there = ~np.isnan(length)
    count = there.sum(axis=0)
    mean = np.where(there, length, 0.0).sum(axis=0) / np.maximum(count, 1)
    squares = (np.where(there, length - mean, 0.0) ** 2).sum(axis=0)
    least, most = (np.where(there, length, end) for end in (np.inf, -np.inf))
    return Away(count, mean, squares, least.min(axis=0), most.max(axis=0))


def distances(parts: list[list[Away]], frames: int) -> np.ndarray:
    """The rows of `DISTANCES`, `(row, point)`: those of each reference, averaged; deviations with ddof 0.

    References at which a point was not seen are left out of its average; NaN where none is left. `frames` is the
    number of frames that were not left out.
    """
    counts, means, squares, least, most = _fields(parts)
    count = counts.sum(axis=0)
    seen = np.where(count > 0, count, np.nan)
    mean = (counts * means).sum(axis=0) / seen
    deviation = np.sqrt((squares + counts * (means - mean) ** 2).sum(axis=0) / seen)
    rows = np.stack([least.min(axis=0), mean, deviation, most.max(axis=0)])  # (row, reference, point)
    references = (count > 0).sum(axis=0)
    average = np.where(count > 0, rows, 0.0).sum(axis=1) / np.where(references > 0, references, np.nan)
    return np.concatenate([average, count.max(axis=0)[None] / frames])
