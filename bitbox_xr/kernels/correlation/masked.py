"""Correlations of windows with gaps, over the frames that both signals have.

Lanes, stretches and precision are those of `running`. The frames differ from pair to pair, so each lane has six sums
over the frames of its window that both signals have: x·y, x, x², y, y² and the number of frames. With missing values
set to 0, and masks m of the present frames,

- Σ x·y, Σ x·m₂ and Σ x²·m₂ are sums of products, as in `running`. Signals of y with the same gaps share the last two;
- Σ m₁·y, Σ m₁·y² and Σ m₁·m₂ are the sums of y over its window, minus those over the frames in which x is missing.

A correlation for which the sums have lost too many digits is computed directly.
"""

import numpy as np

from bitbox_xr.kernels.correlation.choice import choose, limit, strongest
from bitbox_xr.kernels.correlation.direct import pair_correlation
from bitbox_xr.kernels.correlation.moments import FLAT, GUARDS, Side
from bitbox_xr.kernels.correlation.plan import Plan
from bitbox_xr.kernels.correlation.running import Sizes, lay_out, move, new_sums, sizes_of, space
from bitbox_xr.kernels.correlation.tiles import (
    WEAK,
    highest,
    loaded,
    masked_correlation,
    minus,
    outer,
    repeated,
    store,
    strip,
    strip_width,
)
from bitbox_xr.kernels.jit import kernel

__all__ = ["changes", "masked", "lay_out_masked", "present_moments"]

# As GUARDS, for spreads that come from sums in the same precision as the products: in float32, errors of r reach 6.5e-6
# with a first share of 2e-2.
GUARDS_OF_GAPS = {4: (0.2, 1e-7), 8: GUARDS[8]}


def _groups(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """An order of the signals in which those with the same gaps follow each other, and their groups in this order.

    If there are many groups, each signal is a group of its own.
    """
    found: dict[bytes, int] = {}
    columns = np.ascontiguousarray(np.packbits(np.isnan(numbers), axis=0).T)
    group = np.array([found.setdefault(column.tobytes(), len(found)) for column in columns])
    if 2 * len(found) > len(group):
        return np.arange(len(group)), np.arange(len(group))
    order = np.argsort(group, kind="stable")
    return order, group[order]


def masked(
    one: Side, two: Side, plan: Plan, seconds: np.ndarray, dtype: type, stretch: int, first: int, corr: np.ndarray,
    lags: np.ndarray,
) -> None:  # fmt: skip
    """Compute windows with or without gaps, the first of which starts at frame `first`."""
    n1, n2 = one.numbers.shape[1], two.numbers.shape[1]
    sizes = sizes_of(plan, dtype, n1, n2, min(stretch, len(corr)))
    order, group = _groups(two.numbers[first : first + (len(corr) - 1) * plan.step + plan.reach[1]])
    x = one.numbers, changes(one.numbers)
    for begin in range(0, n2, sizes.stride):
        part = slice(begin, begin + sizes.stride)
        y = np.ascontiguousarray(two.numbers[:, order[part]])
        edges = np.flatnonzero(np.diff(group[part], prepend=-1, append=n2))
        _part(x, (y, changes(y)), (order[part], edges), plan, seconds, dtype, sizes, first, corr, lags)


def _part(
    x: tuple[np.ndarray, np.ndarray], y: tuple[np.ndarray, np.ndarray], groups: tuple[np.ndarray, np.ndarray],
    plan: Plan, seconds: np.ndarray, dtype: type, sizes: Sizes, first: int, corr: np.ndarray, lags: np.ndarray,
) -> None:  # fmt: skip
    """Compute the windows for some signals of y."""
    n1, n2, lanes = x[0].shape[1], y[0].shape[1], plan.lanes
    frames1, frames2 = sizes.starts1 + plan.width - 1, sizes.starts2 + plan.width - 1
    shared, number = sizes, len(groups[1]) - 1
    if number < n2:
        shared = sizes._replace(stride=number, room=-(-sizes.lags * number // sizes.cols) * sizes.cols)
    rows = sizes.rows * sizes.room
    tables2 = tuple(space(8, frames2 * sizes.stride + sizes.room, sizes, dtype))
    tables2[7].fill(np.nan)  # shifts outside the reach have no correlation
    _masked(
        x, y, groups, sizes, shared, plan.least,
        (lanes.order, seconds.astype(dtype), plan.signed), np.array(GUARDS_OF_GAPS[np.dtype(dtype).itemsize], dtype),
        (np.empty((frames1, n1)), np.empty((frames2, n2))), tuple(space(2, frames1 * sizes.rows, sizes, dtype)),
        tuple(space(4, sizes.starts1 * n1, sizes, dtype)), tables2,
        tuple(tuple(space(count, rows, sizes, dtype)) for count in (3, 3, 5)),
        first, corr, lags,
    )  # fmt: skip


@kernel
def _masked(
    one, two, groups, sizes, shared, least, choice, guards, centred, packed, tables1, tables2, sums, first, corr,
    lags,
):  # fmt: skip
    """`masked` with its arrays."""
    n1, n2, width, step, stride, pad = corr.shape[1], len(groups[0]), sizes.width, sizes.step, sizes.stride, sizes.pad
    flat, square, present, masks = tables2[:4]
    gone = np.empty((sizes.rows, sizes.starts1 + width - 1), np.uint8)
    for start in range(0, len(corr), sizes.windows):
        group = min(sizes.windows, len(corr) - start)
        starts, at = (group - 1) * step + sizes.sweep, first + start * step
        present_moments(one, at, width, starts, 0, n1, 0.0, guards[1], centred[0], *tables1)
        inside = (group - 1) * step + sizes.shifts
        present_moments(two, at, width, inside, pad, stride, guards[0], guards[1], centred[1], *tables2[4:])
        lay_out_masked(two[0], at, inside + width - 1, centred[1], pad, stride, flat, square, present)
        for k in range(pad, pad + inside + width - 1 if shared.stride < n2 else pad):
            for u in range(shared.stride):
                masks[k * shared.stride + u] = present[k * stride + groups[1][u]]
        for left in range(0, n1, sizes.rows):
            for row in range(sizes.rows):
                i = min(left + row, n1 - 1)
                for k in range(starts + width - 1):
                    value = centred[0][k, i]
                    packed[0][k * sizes.rows + row] = value
                    packed[1][k * sizes.rows + row] = value * value
                    gone[row, k] = one[0][at + k, i] != one[0][at + k, i]
            _rows(
                start, group, at, left, one[0], two[0], gone, groups, sizes, shared, least, choice, guards[0], packed,
                tables1[3], tables2, sums, corr, lags,
            )  # fmt: skip


def changes(x: np.ndarray) -> np.ndarray:
    """For each frame and signal, the last frame before a change of value, up to this frame; −1 before any change.

    Missing values are passed over: a signal is constant from frame t to f if the number of frame f is less than t.
    """
    result = np.empty(x.shape, np.int32)
    _changes(x, result)
    return result


@kernel
def _changes(x, change):
    n = x.shape[1]
    held, at, before = np.full(n, np.nan), np.full(n, -1, np.int32), np.full(n, -1, np.int32)
    for f in range(len(x)):
        for i in range(n):
            value = x[f, i]
            before[i] = at[i] if value > held[i] or value < held[i] else before[i]
            at[i] = f if value == value else at[i]
            held[i] = value if value == value else held[i]
            change[f, i] = before[i]


@kernel
def present_moments(side, first, width, starts, pad, stride, own, share, centred, total, square, count, floor):
    """Centre the frames of windows in a row, and compute sums over the frames present in each.

    These are sums, sums of squares, and numbers of frames, `[pad + start, signal]`, and the smallest spread to be
    trusted: `own` is its share in the squares of the window, and `share` in the largest squares so far. It is NaN if
    the signal is constant in the window.
    """
    x, change = side
    n = x.shape[1]
    sums, squares, peak, frames = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
    _centre_present(x, first, starts + width - 1, centred)
    for k in range(width):
        for i in range(n):
            sums[i] += centred[k, i]
            squares[i] += centred[k, i] * centred[k, i]
        for i in range(n):
            frames[i] += 1.0 if x[first + k, i] == x[first + k, i] else 0.0
    least = width * FLAT * FLAT
    for t in range(starts):
        to, last = (pad + t) * stride, first + t + width - 1
        for i in range(n):
            peak[i] = squares[i] if squares[i] > peak[i] else peak[i]
        for i in range(n):
            trusted = share * peak[i] if share * peak[i] > own * squares[i] else own * squares[i]
            floor[to + i] = trusted if trusted > least else least
        for i in range(n):
            if change[last, i] < first + t:
                floor[to + i] = np.nan
        for i in range(n):
            total[to + i] = sums[i]
        for i in range(n):
            square[to + i] = squares[i]
        for i in range(n):
            count[to + i] = frames[i]
        if t + 1 < starts:
            for i in range(n):
                old, new = centred[t, i], centred[t + width, i]
                sums[i] += new - old
                squares[i] += new * new - old * old
            for i in range(n):
                frames[i] += 1.0 if x[last + 1, i] == x[last + 1, i] else 0.0
                frames[i] -= 1.0 if x[first + t, i] == x[first + t, i] else 0.0


@kernel
def _centre_present(x, first, frames, out):
    """Write frames minus the mean of the values present to `out` `(frame, signal)`; missing values become 0."""
    n = x.shape[1]
    mean, count = np.zeros(n), np.zeros(n)
    for k in range(first, first + frames):
        for i in range(n):
            mean[i] += x[k, i] if x[k, i] == x[k, i] else 0.0
        for i in range(n):
            count[i] += 1.0 if x[k, i] == x[k, i] else 0.0
    for i in range(n):
        mean[i] /= max(count[i], 1.0)
    for k in range(frames):
        for i in range(n):
            value = x[first + k, i] - mean[i]
            out[k, i] = value if value == value else 0.0


@kernel
def lay_out_masked(x, first, frames, centred, pad, stride, flat, square, present):
    """Write frames, their squares, and 1 where a value is present, to flat arrays from frame `pad`."""
    lay_out(centred, frames, 0, pad, stride, flat)
    for k in range(frames):
        to = (pad + k) * stride
        for j in range(x.shape[1]):
            square[to + j] = centred[k, j] * centred[k, j]
        for j in range(x.shape[1]):
            present[to + j] = 1.0 if x[first + k, j] == x[first + k, j] else 0.0


@kernel
def _rows(
    start, group, at, left, x, y, gone, groups, sizes, shared, least, choice, share, packed, floor1, tables2, sums,
    corr, lags,
):  # fmt: skip
    """Best lags of the `group` windows of a stretch, for the signals of x from `left`."""
    n1, n2 = corr.shape[1], len(groups[0])
    order, seconds, signed = choice
    (products, of_x, of_square), lost, (r, top, bottom, sum_x, square_x) = sums
    flat, square, present, masks, total2, square2, count2, floor2 = tables2
    width, stride, room, sweep = sizes.width, sizes.stride, sizes.room, sizes.sweep
    best, mark = np.empty(n2, np.float32), np.empty(n2, np.float32)
    order2, edges = groups
    frames, signs = np.empty(2 * width, np.int64), np.empty(2 * width, flat.dtype)
    alone = shared.stride == stride
    masks = present if alone else masks
    for w in range(group):
        for a in range(sweep):
            t, span = w * sizes.step + a, sizes.step if a == 0 else 1
            fresh = a == 0 and (w == 0 or 2 * span >= width or sweep > 1)
            if fresh:
                new_sums(packed[0], flat, stride, t, width, sizes, products)
                new_sums(packed[0], masks, shared.stride, t, width, shared, of_x)
                new_sums(packed[1], masks, shared.stride, t, width, shared, of_square)
            else:
                old = t - span
                move(packed[0], flat, stride, old, old + width, span, sizes, room, products)
                move(packed[0], masks, shared.stride, old, old + width, span, shared, shared.room, of_x)
                move(packed[1], masks, shared.stride, old, old + width, span, shared, shared.room, of_square)
            low, high = max(0, sizes.pad - a), min(sizes.lags, sizes.pad - a + sizes.shifts)
            for i in range(left, min(left + sizes.rows, n1)):
                row, place = (i - left) * room, (i - left) * shared.room
                count = _lost_frames(gone[i - left], t, width, span, fresh, frames, signs)
                if count > 0 or fresh:
                    _lose(frames, signs, count, fresh, flat, stride, room, lost[0], row)
                    _lose(frames, signs, count, fresh, square, stride, room, lost[1], row)
                    _lose(frames, signs, count, fresh, present, stride, room, lost[2], row)
                if not alone:
                    _expand(of_x, place, edges, stride, low, high, sum_x)
                    _expand(of_square, place, edges, stride, low, high, square_x)
                weak = scale_masked(
                    products, row, of_x if alone else sum_x, of_square if alone else square_x, place if alone else 0,
                    total2, square2, count2, floor2, t * stride, lost, row, low * stride, high * stride,
                    share, floor1[t * n1 + i], least, r,
                )  # fmt: skip
                if weak:
                    for c in range(low * stride, high * stride):
                        if r[row + c] == WEAK and c % stride < n2:
                            other = at + t - sizes.pad + c // stride
                            r[row + c] = pair_correlation(x, at + t, i, y, other, c % stride, width, least)
                if sweep > 1:
                    limit(r, top, bottom, row, a, low * stride, high * stride)
        for i in range(left, min(left + sizes.rows, n1)):
            row = (i - left) * room
            if sweep > 1:
                strongest(top, bottom, signed, row, sizes.lags * stride, r)
            choose(r, row, stride, order, seconds, signed, n2, best, mark, 0)
            for j in range(n2):
                corr[start + w, i, order2[j]] = best[j]
                lags[start + w, i, order2[j]] = mark[j]


@kernel
def _lost_frames(gone, t, width, span, fresh, frames, signs):
    """List the lost frames that enter a window, with 1, and those that leave it, with −1. Returns their number."""
    count = 0
    for k in range(t if fresh else t - span + width, t + width):
        if gone[k]:
            frames[count], signs[count] = k, 1.0
            count += 1
    for k in range(t if fresh else t - span, t):
        if gone[k]:
            frames[count], signs[count] = k, -1.0
            count += 1
    return count


@kernel
def _lose(frames, signs, count, fresh, table, stride, room, sums, row):
    """Update the sums of a table of y over the frames in which x is lost."""
    for c in range(0, room, strip_width(table)):
        tile = strip(table)
        if not fresh:
            tile = loaded(tile, sums, row + c, 0)
        for k in range(count):
            tile = outer(tile, signs, k, table, frames[k] * stride + c)
        store(tile, sums, row + c, 0)


@kernel
def _expand(sums, at, edges, stride, low, high, out):
    """Copy the sum of each group of signals of y to its signals."""
    groups = len(edges) - 1
    for l in range(low, high):
        for u in range(groups):
            tile = repeated(strip(out), sums[at + l * groups + u])
            for c in range(l * stride + edges[u], l * stride + edges[u + 1], strip_width(out)):
                store(tile, out, c, 0)


@kernel
def scale_masked(
    products, row, sum_x, square_x, place, total2, square2, count2, floor2, at2, lost, lost_at, begin, end,
    share, floor1, least, r,
):  # fmt: skip
    """Write correlations of lanes `begin` to `end`, or `WEAK`, and NaN after them. Returns whether any is `WEAK`."""
    zero = strip(r)
    high = zero
    for c in range(begin, end, strip_width(r)):
        frames = minus(loaded(zero, count2, at2 + c, 0), loaded(zero, lost[2], lost_at + c, 0))
        sum_y = minus(loaded(zero, total2, at2 + c, 0), loaded(zero, lost[0], lost_at + c, 0))
        square_y = minus(loaded(zero, square2, at2 + c, 0), loaded(zero, lost[1], lost_at + c, 0))
        here = masked_correlation(
            loaded(zero, products, row + c, 0), loaded(zero, sum_x, place + c, 0), loaded(zero, square_x, place + c, 0),
            sum_y, square_y, frames, loaded(zero, floor2, at2 + c, 0), repeated(zero, floor1), share, least,
        )  # fmt: skip
        store(here, r, row + c, 0)
        high = highest(high, here)
    store(high, r, row + end, 0)
    weak = False
    for c in range(row + end, row + end + strip_width(r)):
        weak |= r[c] == WEAK
        r[c] = np.nan
    return weak
