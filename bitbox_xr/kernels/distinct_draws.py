"""Draws of surrogates without repetition: circular shifts on a grid, and orders that leave nothing in its place.

A draw is a row with one entry for each circle of frames (a shift), or for each item (the item that replaces it).
"""

import math
from collections.abc import Callable, Iterator
from itertools import permutations, product
from operator import ne

import numpy as np

__all__ = ["draw_orders", "draw_shifts", "grid_size", "grid_spacing", "n_derangements", "n_shifts"]

MAX_ENUMERATED = 2  # times the number asked for; where there are more draws than that, repeated ones are rare


def grid_spacing(step: int, apart: int) -> int:
    """Smallest multiple of `step` that is at least `apart` frames, and at least one step.

    >>> grid_spacing(30, 60), grid_spacing(30, 61), grid_spacing(30, 0)
    (60, 90, 30)
    """
    return max(1, -(-apart // step)) * step


def grid_size(frames: int, spacing: int) -> int:
    """Number of shifts on the grid of a circle of `frames` frames: 0, `spacing`, 2 `spacing`, …

    The last one is at least `spacing` frames from zero in both directions.
    """
    return frames // spacing


def n_shifts(sizes: list[int]) -> int:
    """Number of different rows of non-zero shifts on grids of these sizes."""
    return math.prod(size - 1 for size in sizes)


def draw_shifts(
    rng: np.random.Generator, n: int, sizes: list[int], spacing: int, *, partly: bool = False
) -> np.ndarray:
    """Different rows of non-zero shifts (frames) `(row, circle)`: `n` random ones, or all if there are no more.

    Circle i has a grid of `sizes[i]` shifts, zero included. `partly`: circles may have a zero shift, but not all.

    >>> draw_shifts(np.random.default_rng(0), 99, [4], 60).ravel()
    array([ 60, 120, 180])
    >>> draw_shifts(np.random.default_rng(0), 99, [2, 2], 60, partly=True).tolist()
    [[0, 60], [60, 0], [60, 60]]
    """
    least, largest = 0 if partly else 1, np.array(sizes)

    def every() -> Iterator[tuple[int, ...]]:
        return (row for row in product(*(range(least, size) for size in sizes)) if any(row))

    def one() -> np.ndarray:
        return rng.integers(least, largest)

    number = math.prod(sizes) - 1 if partly else n_shifts(sizes)
    return _distinct(rng, n, number, every, one, (0,) * len(sizes)) * spacing


def n_derangements(size: int) -> int:
    """Number of orders of `size` items that leave none in its place.

    >>> [n_derangements(size) for size in range(7)]
    [1, 0, 1, 2, 9, 44, 265]
    """
    number = 1
    for k in range(1, size + 1):
        number = number * k + (-1) ** k
    return number


def draw_orders(rng: np.random.Generator, n: int, size: int, *, partly: bool = False) -> np.ndarray:
    """Different orders of `size` items that leave none in its place `(row, item)`: `n` random ones, or all.

    `partly`: some items may stay in their places, but not all.

    >>> draw_orders(np.random.default_rng(0), 99, 3).tolist()
    [[1, 2, 0], [2, 0, 1]]
    >>> len(draw_orders(np.random.default_rng(0), 99, 3, partly=True))
    5
    """
    places = tuple(range(size))

    def every() -> Iterator[tuple[int, ...]]:
        moved = any if partly else all
        return (order for order in permutations(places) if moved(map(ne, order, places)))

    def one() -> np.ndarray:
        order = rng.permutation(size)
        while not partly and (order == places).any():  # about one of e orders leaves none in its place
            order = rng.permutation(size)
        return order

    return _distinct(rng, n, math.factorial(size) - 1 if partly else n_derangements(size), every, one, places)


def _distinct(
    rng: np.random.Generator,
    n: int,
    number: int,
    every: Callable[[], Iterator[tuple[int, ...]]],
    one: Callable[[], np.ndarray],
    observed: tuple[int, ...],
) -> np.ndarray:
    """All draws in order if there are at most `n`, else `n` different random ones; `number` is how many exist.

    The draw that leaves everything in its place, `observed`, is none of them.
    """
    if number <= MAX_ENUMERATED * n:
        rows = np.array(list(every()))
        return rows if number <= n else rows[np.sort(rng.choice(number, n, replace=False))]
    found: dict[tuple[int, ...], None] = {}
    while len(found) < n:
        draw = tuple(one().tolist())
        if draw != observed:
            found[draw] = None
    return np.array(list(found))
