"""Windowed correlation at the best of many lags, for all pairs of signals of two people.

The correlation of a window, pair and lag is Pearson's r over the frames that both signals have. The sums of products
come from tiles (`tiles.py`), one for each lag. With two-sided lags both windows move, and several pairs of shifts have
the same net lag. Each of them follows from the one before by adding a frame and removing a frame. Tiles would be
inaccurate for a signal with gaps that other signals do not have, and where digits would be lost. Such pairs are
computed directly in float64.
"""

from typing import NamedTuple

import numpy as np

from bitbox_xr.kernels.correlation.fallback import mend
from bitbox_xr.kernels.correlation.moments import (
    GUARDS,
    packed_reach,
    prepare,
    presence,
    tables_by_candidate,
    tables_by_shift,
)
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


CHAIN = 17  # frames in one partial sum; longer sums in float32 lose digits where products repeat
MAX_ROWS = 4096  # candidates with sums and spreads in memory at the same time; a net lag with more is not split


class Plan(NamedTuple):
    """Windows and lags, in frames.

    Window w starts at frame `w · step + shift` on each side, with a shift for each side. Indices of shifts count from
    the earliest shift, `-back`. A *candidate* is a pair of a shift of side 1 and a shift of side 2; their difference is
    its *net lag*. Net lag `lags[r]` has `number[r]` candidates. The first has the indices `mine[r]` and `other[r]`, and
    each next one is one frame later on both sides. Net lags are sorted by preference (`ties.ordered`).
    """

    width: int
    step: int
    least: int  # smallest number of frames present in both signals
    signed: bool  # choose the largest r, not the largest |r|
    nearest: bool  # the preference between lags that tie, see `ties`
    back: tuple[int, int]
    shifts: tuple[int, int]
    lags: np.ndarray
    mine: np.ndarray
    other: np.ndarray
    number: np.ndarray

    @property
    def reach(self) -> tuple[int, int]:
        """Number of frames of each side that a window covers at any lag."""
        return self.width + self.shifts[0] - 1, self.width + self.shifts[1] - 1

    @property
    def sliding(self) -> bool:
        """Whether any net lag has more than one candidate."""
        return bool((self.number > 1).any())

    @property
    def groups(self) -> np.ndarray:
        """Edges of groups of consecutive net lags. A group has at most `MAX_ROWS` candidates or a single net lag."""
        edges, held = [0], 0
        for r, number in enumerate(self.number.tolist()):
            if held and held + number > MAX_ROWS:
                edges.append(r)
                held = 0
            held += number
        return np.array([*edges, len(self.number)], dtype=np.int64)


def plan(
    width: int,
    step: int,
    pairs: dict[int, tuple[int, int, int]],
    *,
    least: int,
    signed: bool = False,
    nearest: bool = True,
) -> Plan:
    """Make a plan from `pairs`: for each net lag the first shifts of sides 1 and 2, and the number of candidates."""
    lags = ordered(pairs, nearest=nearest)
    mine, other, number = np.array([pairs[lag] for lag in lags], dtype=np.int64).T
    low = int(mine.min()), int(other.min())
    last = int((mine + number).max()), int((other + number).max())
    return Plan(
        width,
        step,
        least,
        signed,
        nearest,
        (-low[0], -low[1]),
        (last[0] - low[0], last[1] - low[1]),
        np.array(lags, dtype=np.int64),
        mine - low[0],
        other - low[1],
        np.ascontiguousarray(number),
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
    """Write the best correlation and lag of consecutive windows to `corr` and `lag`, `(window, n1, n2)`, float32.

    `x` `(frame, n1)` and `y` `(frame, n2)` hold the frames of these windows only. They start at the first frame of the
    first window's reach. `lag_values` are the values written to `lag` for each of `plan.lags`. `valid1` `(window, n1)`
    and `valid2` get the share of frames present in the window at shift 0. With `mirrored`, y is x, and only pairs i ≤ j
    are computed: corr is symmetric and lag antisymmetric. Raises ValueError if a value is infinite.
    """
    dtype = np.float64 if plan.sliding else np.float32
    rows, cols = shape(dtype)
    n1 = -(-x.shape[1] // rows) * rows
    groups = plan.groups
    # The tables have a row for each shift or, in windows with gaps, for each candidate of a group.
    held = max(*plan.shifts, int(np.add.reduceat(plan.number, groups[:-1]).max()))
    sides = []
    for name, block, size, together, reach in (
        ("x", x, rows, n1, plan.reach[0]),
        ("y", y, cols, cols, plan.reach[1]),
    ):
        numbers, runs, lost = _prepared(name, block)
        padded = -(-block.shape[1] // size) * size
        packed = aligned(padded * reach, dtype)
        total = aligned(held * padded, dtype)
        inverse = aligned(held * padded, dtype)
        weak = np.zeros((held, block.shape[1]), np.uint8)
        table = (padded // together, held, together)
        sides.append((numbers, runs, lost, packed, total.reshape(table), inverse.reshape(table), weak))
    best = aligned(sides[0][4][:, 0].size * sides[1][4][:, 0].size, dtype)
    geometry = np.array(
        [plan.width, plan.step, plan.least, plan.signed, plan.nearest, mirrored, rows, cols, *plan.shifts, *plan.back]
    )
    guards = np.array(GUARDS[np.dtype(dtype).itemsize])
    _windows(
        sides[0], sides[1], geometry, (plan.mine, plan.other, plan.number), groups,
        lag_values.astype(np.float32).astype(dtype), guards, best, aligned(len(best), dtype), corr, lag, valid1, valid2,
    )  # fmt: skip


def _prepared(name: str, block: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The scaled signals, runs and lost frames of `prepare`. Raises ValueError if a value is infinite."""
    block = np.ascontiguousarray(block, dtype=np.float64)
    numbers = np.empty_like(block)
    runs = np.empty(block.shape, np.int32)
    lost = np.empty(len(block) + 1, np.int64)
    if prepare(block, numbers, runs, lost):
        raise ValueError(infinite(name))
    return numbers, runs, lost


@kernel
def _windows(side1, side2, geometry, slides, groups, seconds, guards, best, lag, corr, lags, valid1, valid2):
    """`best_lags` for prepared arrays, window by window."""
    width, step, _, _, _, mirrored, _, cols, shifts1, shifts2, back1, back2 = geometry
    x, _, lost1, _, _, _, _ = side1
    y, _, lost2, _, total2, _, _ = side2
    reach1, reach2 = width + shifts1 - 1, width + shifts2 - 1
    padded2 = total2.shape[0] * cols
    for w in range(corr.shape[0]):
        at = w * step
        gaps = lost1[at + reach1] - lost1[at] + lost2[at + reach2] - lost2[at] > 0
        best[:] = np.nan
        lag[:] = np.nan
        if gaps:
            _with_gaps(side1, side2, geometry, slides, groups, seconds, guards, best, lag, at)
        else:
            _without_gaps(side1, side2, geometry, slides, seconds, guards, best, lag, at)
        _write(best, lag, padded2, mirrored, corr[w], lags[w])
        _share(x, at + back1, width, gaps, valid1[w])
        _share(y, at + back2, width, gaps, valid2[w])


@kernel
def _without_gaps(side1, side2, geometry, slides, seconds, guards, best, lag, at):
    """Best lags of the window at frame `at`, without gaps: sums and spreads depend on the shift only."""
    width, _, least, signed, nearest, mirrored, rows, cols, shifts1, shifts2, _, _ = geometry
    x, runs1, _, packed1, total1, inverse1, weak1 = side1
    y, runs2, _, packed2, total2, inverse2, weak2 = side2
    every = (0, len(seconds))
    flagged = tables_by_shift(x, runs1, at, width, shifts1, rows, guards, packed1, total1, inverse1, weak1)
    flagged += tables_by_shift(y, runs2, at, width, shifts2, cols, guards, packed2, total2, inverse2, weak2)
    for row in range(shifts2):
        _to_means(total2, row, width)
    tables = (packed1, packed2, total1, inverse1, total2, inverse2)
    _tiles(tables, (rows, cols, width, signed, mirrored), slides, every, seconds, False, best, lag)
    if flagged > 0:
        padded2 = total2.shape[0] * cols
        rule = (width, least, signed, nearest)
        state1, state2 = np.zeros(x.shape[1], np.int64), np.zeros(y.shape[1], np.int64)
        mend(x, y, at, rule, slides, every, False, weak1, weak2, state1, state2, best, lag, seconds, padded2)


@kernel
def _with_gaps(side1, side2, geometry, slides, groups, seconds, guards, best, lag, at):
    """Best lags of the window at frame `at`, with gaps: each candidate has its own sums and spreads.

    These are in memory for one group at a time. Direct computations follow after all groups, so that ties do not depend
    on the groups.
    """
    width, _, least, signed, nearest, mirrored, rows, cols, shifts1, shifts2, _, _ = geometry
    x, _, _, packed1, total1, inverse1, weak1 = side1
    y, _, _, packed2, total2, inverse2, weak2 = side2
    reach1, reach2 = width + shifts1 - 1, width + shifts2 - 1
    mask1, mask2 = np.ones(reach1, np.uint8), np.ones(reach2, np.uint8)
    state1, state2 = np.zeros(x.shape[1], np.int64), np.zeros(y.shape[1], np.int64)
    presence(x, at, reach1, least, mask1, state1)
    presence(y, at, reach2, least, mask2, state2)
    unit1, unit2 = np.empty(x.shape[1]), np.empty(y.shape[1])
    centred1 = packed_reach(x, at, reach1, True, rows, unit1, packed1)
    centred2 = packed_reach(y, at, reach2, True, cols, unit2, packed2)
    one = (centred1, unit1, mask1, state1, total1, inverse1, weak1)
    two = (centred2, unit2, mask2, state2, total2, inverse2, weak2)
    tables = (packed1, packed2, total1, inverse1, total2, inverse2)
    flagged = np.zeros(len(groups) - 1, np.int64)
    for g in range(len(flagged)):
        group = (groups[g], groups[g + 1])
        flagged[g] = _tables_of(one, two, width, slides, group, least, guards)
        _to_common_means(total2, slides, group, mask1, mask2, width)
        _tiles(tables, (rows, cols, width, signed, mirrored), slides, group, seconds, True, best, lag)
    apart = (state1 == 1).any() or (state2 == 1).any()
    rule, padded2 = (width, least, signed, nearest), total2.shape[0] * cols
    for g in range(len(flagged)):
        if flagged[g] > 0 or apart:
            group = (groups[g], groups[g + 1])
            if len(flagged) > 1:  # the flags in memory belong to the last group
                weak1[:] = 0
                weak2[:] = 0
                if flagged[g] > 0:
                    _tables_of(one, two, width, slides, group, least, guards)
            mend(x, y, at, rule, slides, group, True, weak1, weak2, state1, state2, best, lag, seconds, padded2)


@kernel
def _tables_of(one, two, width, slides, group, least, guards):
    """Sums and spreads of both sides at the candidates of a group. Returns the number of weak entries."""
    mine, other, number = slides
    found = tables_by_candidate(one, two[2], width, slides, group, least, guards)
    return found + tables_by_candidate(two, one[2], width, (other, mine, number), group, least, guards)


@kernel
def _to_means(total, row, count):
    """Convert the sums of a row, over `count` frames, to means."""
    for block in range(total.shape[0]):
        for lane in range(total.shape[2]):
            total[block, row, lane] /= max(count, 1)


@kernel
def _to_common_means(total, slides, group, mask1, mask2, width):
    """Convert sums to means over the frames that both sides have, for each candidate."""
    mine, other, number = slides
    row = 0
    for r in range(group[0], group[1]):
        for slid in range(number[r]):
            count = 0
            for k in range(width):
                count += mask1[mine[r] + slid + k] and mask2[other[r] + slid + k]
            _to_means(total, row, count)
            row += 1


@kernel
def _tiles(tables, steps, slides, group, seconds, gaps, best, lag):
    """Best lag of each pair by tiles: products are updated along the shifts of a net lag, scaled and compared."""
    packed1, packed2, total1, inverse1, mean2, inverse2 = tables
    rows, cols, width, signed, mirrored = steps
    mine, other, number = slides
    padded1, padded2, table2 = total1.shape[2], mean2.shape[0] * cols, mean2.shape[1]
    reach1, reach2 = len(packed1) // padded1, len(packed2) // padded2
    sums, spread1 = total1.reshape(-1), inverse1.reshape(-1)
    means, spread2 = mean2.reshape(-1), inverse2.reshape(-1)
    chain = -(-width // -(-width // CHAIN))  # chains of similar length
    for right in range(0, padded2, cols):
        for top in range(0, padded1, rows):
            if mirrored and right + cols <= top:
                continue
            row = 0
            for r in range(group[0], group[1]):
                a, b = mine[r], other[r]
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
                row1, row2 = (row, row) if gaps else (a, b)
                to1, to2 = row1 * padded1 + top, (right // cols * table2 + row2) * cols
                here = scaled(tile, sums, spread1, to1, means, spread2, to2)
                if number[r] > 1:
                    high = highest(filled(packed1, -np.inf), here)
                    low = lowest(filled(packed1, np.inf), here)
                    for _ in range(1, number[r]):
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
                row += number[r]


@kernel
def _write(best, lag, padded, mirrored, corr, lags):
    """Write the matrices of a window without padding, with correlations clipped to [−1, 1]."""
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
    """Write the share of a window's frames in which each signal is present."""
    out[:] = width
    if gaps:
        for k in range(width):
            for i in range(x.shape[1]):
                if x[at + k, i] != x[at + k, i]:
                    out[i] -= 1.0
    out /= width
