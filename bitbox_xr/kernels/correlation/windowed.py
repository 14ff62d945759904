"""Windowed correlation at the best of many lags, for every pair of signals of two people.

For each window, pair and lag the numbers are Pearson's r over the frames that both have. The sums of products
come from tiles (`tiles.py`), one tile a lag; where both windows move (two-sided), the shifts of one net lag
differ only by sliding, a frame in and a frame out. What gaps of single signals, or lost digits, would spoil is
left out of the tiles and computed directly, in float64.
"""

from typing import NamedTuple

import numpy as np

from bitbox_xr.kernels.correlation.fallback import mend
from bitbox_xr.kernels.correlation.moments import GUARDS, prepare, presence, tables_by_candidate, tables_by_shift
from bitbox_xr.kernels.correlation.ties import ordered
from bitbox_xr.kernels.correlation.tiles import (
    aligned,
    filled,
    highest,
    keep,
    lowest,
    outer,
    plus,
    remove,
    scaled,
    shape,
    winner,
    zeros,
)
from bitbox_xr.kernels.finite import infinite
from bitbox_xr.kernels.jit import kernel

__all__ = ["Plan", "best_lags", "plan"]


CHAIN = 17  # frames summed in one go; longer sums in float32 lose digits where products repeat


class Plan(NamedTuple):
    """Windows and lags, in frames.

    Window w of side 1 starts at frame `w · step + shift`, side 2 likewise with its own shift; a shift's index
    counts from the earliest, `-back`. Candidate c pairs the shifts with indices `mine[c]` and `other[c]`;
    candidates `first[r]` to `first[r + 1]` share the net lag `lags[r]`, each a frame further than the last.
    Net lags stand in the order in which ties are decided (`ties.ordered`).
    """

    width: int
    step: int
    least: int  # frames that both must have
    signed: bool  # the largest r wins, not the largest |r|
    nearest: bool  # which of two lags wins a tie, see `ties`
    back: tuple[int, int]
    shifts: tuple[int, int]
    lags: np.ndarray
    first: np.ndarray
    mine: np.ndarray
    other: np.ndarray

    @property
    def reach(self) -> tuple[int, int]:
        """Frames of each side that a window's lags touch."""
        return self.width + self.shifts[0] - 1, self.width + self.shifts[1] - 1

    @property
    def sliding(self) -> bool:
        """Whether any net lag has more than one candidate."""
        return len(self.mine) > len(self.lags)


def plan(
    width: int,
    step: int,
    pairs: dict[int, list[tuple[int, int]]],
    *,
    least: int,
    signed: bool = False,
    nearest: bool = True,
) -> Plan:
    """A plan of `pairs`: for each net lag the shifts (of side 1, of side 2), both rising by one from pair to pair."""
    lags = ordered(pairs, nearest=nearest)
    shifts = np.array([shift for lag in lags for shift in pairs[lag]], dtype=np.int64)
    low = shifts.min(axis=0)
    span = shifts.max(axis=0) - low + 1
    return Plan(
        width,
        step,
        least,
        signed,
        nearest,
        (int(-low[0]), int(-low[1])),
        (int(span[0]), int(span[1])),
        np.array(lags, dtype=np.int64),
        np.cumsum([0] + [len(pairs[lag]) for lag in lags]).astype(np.int64),
        np.ascontiguousarray(shifts[:, 0] - low[0]),
        np.ascontiguousarray(shifts[:, 1] - low[1]),
    )


def best_lags(
    x: np.ndarray,
    y: np.ndarray,
    plan: Plan,
    lag_values: np.ndarray,
    corr: np.ndarray,
    lag: np.ndarray,
    valid1: np.ndarray,
    valid2: np.ndarray,
    *,
    mirrored: bool = False,
) -> None:
    """Correlation and lag of consecutive windows into `corr` and `lag`, `(window, n1, n2)`, float32.

    `x` `(frame, n1)` and `y` `(frame, n2)` hold just the frames of these windows: they start with the first
    frame of the first window's reach. `lag_values` are what is written for each of `plan.lags`. `valid1`
    `(window, n1)` and `valid2` get the share of frames present at no shift. `mirrored`: y is x; only pairs
    i ≤ j are computed, the others follow from corr's symmetry and lag's antisymmetry. ValueError where a
    value is infinite.
    """
    dtype = np.float64 if plan.sliding else np.float32
    rows, cols = shape(dtype)
    n1 = -(-x.shape[1] // rows) * rows
    sides = []
    for name, block, size, together, reach in (
        ("x", x, rows, n1, plan.reach[0]),
        ("y", y, cols, cols, plan.reach[1]),
    ):
        numbers, runs, lost = _prepared(name, block)
        padded = -(-block.shape[1] // size) * size
        packed = aligned(padded * reach, dtype)
        total = aligned(len(plan.mine) * padded, dtype)
        inverse = aligned(len(plan.mine) * padded, dtype)
        weak = np.zeros((len(plan.mine), block.shape[1]), np.uint8)
        table = (padded // together, len(plan.mine), together)
        sides.append((numbers, runs, lost, packed, total.reshape(table), inverse.reshape(table), weak))
    best = aligned(sides[0][4][:, 0].size * sides[1][4][:, 0].size, dtype)
    geometry = np.array(
        [plan.width, plan.step, plan.least, plan.signed, plan.nearest, mirrored, rows, cols, *plan.shifts, *plan.back]
    )
    guards = np.array(GUARDS[np.dtype(dtype).itemsize])
    _windows(
        sides[0], sides[1], geometry, plan.first, plan.mine, plan.other, lag_values.astype(np.float32).astype(dtype),
        guards, best, aligned(len(best), dtype), corr, lag, valid1, valid2,
    )  # fmt: skip


def _prepared(name: str, block: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    block = np.ascontiguousarray(block, dtype=np.float64)
    numbers = np.empty_like(block)
    runs = np.empty(block.shape, np.int32)
    lost = np.empty(len(block) + 1, np.int64)
    if prepare(block, numbers, runs, lost):
        raise ValueError(infinite(name))
    return numbers, runs, lost


@kernel
def _windows(side1, side2, geometry, first, mine, other, seconds, guards, best, lag, corr, lags, valid1, valid2):
    width, step, least, signed, nearest, mirrored, rows, cols, shifts1, shifts2, back1, back2 = geometry
    x, runs1, lost1, packed1, total1, inverse1, weak1 = side1
    y, runs2, lost2, packed2, total2, inverse2, weak2 = side2
    n1, n2 = x.shape[1], y.shape[1]
    reach1, reach2 = width + shifts1 - 1, width + shifts2 - 1
    mask1, mask2 = np.ones(reach1, np.uint8), np.ones(reach2, np.uint8)
    state1, state2 = np.zeros(n1, np.int64), np.zeros(n2, np.int64)
    padded2 = total2.shape[0] * cols
    steps = np.array([rows, cols, reach1, reach2, width, total1.shape[2], padded2, signed, mirrored])
    for w in range(corr.shape[0]):
        at = w * step
        gaps = lost1[at + reach1] - lost1[at] + lost2[at + reach2] - lost2[at] > 0
        if gaps:
            presence(x, at, reach1, least, mask1, state1)
            presence(y, at, reach2, least, mask2, state2)
            flagged = tables_by_candidate(
                x, at, width, shifts1, mine, mask1, other, mask2, state1, least, rows, guards, packed1, total1,
                inverse1, weak1,
            )  # fmt: skip
            flagged += tables_by_candidate(
                y, at, width, shifts2, other, mask2, mine, mask1, state2, least, cols, guards, packed2, total2,
                inverse2, weak2,
            )  # fmt: skip
        else:
            flagged = tables_by_shift(x, runs1, at, width, shifts1, rows, guards, packed1, total1, inverse1, weak1)
            flagged += tables_by_shift(y, runs2, at, width, shifts2, cols, guards, packed2, total2, inverse2, weak2)
        _to_means(total2, mine, other, mask1, mask2, width, gaps, shifts2)
        best[:] = np.nan
        lag[:] = np.nan
        _tiles(
            packed1, packed2, total1, inverse1, total2, inverse2, steps, first, mine, other, seconds, gaps, best, lag
        )
        if flagged > 0:
            mend(
                x, y, at, width, least, signed, nearest, first, mine, other, gaps, weak1, weak2, best, lag, seconds,
                padded2,
            )  # fmt: skip
        _write(best, lag, padded2, mirrored, corr[w], lags[w])
        _share(x, at + back1, width, gaps, valid1[w])
        _share(y, at + back2, width, gaps, valid2[w])


@kernel
def _to_means(total, mine, other, mask1, mask2, width, gaps, shifts):
    """Sums to means, over the frames of each shift or, with gaps, of each candidate."""
    for row in range(len(mine) if gaps else shifts):
        count = width
        if gaps:
            count = 0
            for k in range(width):
                count += mask1[mine[row] + k] and mask2[other[row] + k]
        for block in range(total.shape[0]):
            for lane in range(total.shape[2]):
                total[block, row, lane] /= max(count, 1)


@kernel
def _tiles(packed1, packed2, total1, inverse1, mean2, inverse2, steps, first, mine, other, seconds, gaps, best, lag):
    """The best lag of each pair by tiles: products, slid along the shifts of a net lag, scaled and compared."""
    rows, cols, reach1, reach2, width, padded1, padded2, signed, mirrored = steps
    sums, spread1 = total1.reshape(-1), inverse1.reshape(-1)
    means, spread2 = mean2.reshape(-1), inverse2.reshape(-1)
    table2 = mean2.shape[1]
    chain = -(-width // -(-width // CHAIN))  # chains of like length
    for right in range(0, padded2, cols):
        for top in range(0, padded1, rows):
            if mirrored and right + cols <= top:
                continue
            for r in range(len(seconds)):
                c = first[r]
                a, b = mine[c], other[c]
                at1 = (top // rows * reach1 + a) * rows
                at2 = (right // cols * reach2 + b) * cols
                tile = zeros(packed1)
                for k in range(min(width, chain)):
                    tile = outer(tile, packed1, at1 + k * rows, packed2, at2 + k * cols)
                for start in range(chain, width, chain):
                    more = zeros(packed1)
                    for k in range(start, min(start + chain, width)):
                        more = outer(more, packed1, at1 + k * rows, packed2, at2 + k * cols)
                    tile = plus(tile, more)
                row1, row2 = (c, c) if gaps else (a, b)
                to1, to2 = row1 * padded1 + top, (right // cols * table2 + row2) * cols
                here = scaled(tile, sums, spread1, to1, means, spread2, to2)
                if first[r + 1] > c + 1:
                    high = highest(filled(packed1, -np.inf), here)
                    low = lowest(filled(packed1, np.inf), here)
                    for _ in range(c + 1, first[r + 1]):
                        tile = remove(tile, packed1, at1, packed2, at2)
                        tile = outer(tile, packed1, at1 + width * rows, packed2, at2 + width * cols)
                        at1 += rows
                        at2 += cols
                        to1 += padded1
                        to2 += cols
                        here = scaled(tile, sums, spread1, to1, means, spread2, to2)
                        high = highest(high, here)
                        low = lowest(low, here)
                    here = winner(high, low, signed)
                keep(here, best, lag, top * padded2 + right, padded2, seconds[r], signed)


@kernel
def _write(best, lag, padded, mirrored, corr, lags):
    """Matrices of a window, without the padding, clipped to [−1, 1]."""
    n1, n2 = corr.shape
    one, none = np.float32(1.0), np.float32(np.nan)
    for i in range(n1):
        for j in range(n2):
            r = np.float32(best[i * padded + j])
            seconds = np.float32(lag[i * padded + j])
            r = one if r > one else r
            corr[i, j] = -one if r < -one else r
            lags[i, j] = seconds if r == r else none
    if mirrored:
        for i in range(n1):
            for j in range(i):
                corr[i, j] = corr[j, i]
                lags[i, j] = -lags[j, i]


@kernel
def _share(x, at, width, gaps, out):
    """Share of a window's frames at which each signal is present."""
    out[:] = width
    if gaps:
        for k in range(width):
            for i in range(x.shape[1]):
                if x[at + k, i] != x[at + k, i]:
                    out[i] -= 1.0
    out /= width
