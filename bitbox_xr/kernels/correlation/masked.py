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
from bitbox_xr.kernels.correlation.masked_sums import expand, lose, lost_frames, scale_masked
from bitbox_xr.kernels.correlation.moments import Side
from bitbox_xr.kernels.correlation.plan import Plan
from bitbox_xr.kernels.correlation.presence import GUARDS_OF_GAPS, changes, lay_out_masked, present_moments
from bitbox_xr.kernels.correlation.running import Sizes, lay_out, new_sums, sizes_of, space
from bitbox_xr.kernels.correlation.tile_correlations import WEAK
from bitbox_xr.kernels.correlation.tiles import loaded, outer, remove, store, zeros
from bitbox_xr.kernels.jit import kernel, kernel_part

__all__ = ["masked"]


def _groups(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """An order of the signals in which those with the same gaps follow each other, and their groups in this order.

    If there are many groups, each group is a single signal.
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
    # windows in float32 share no sums here: six sums that move would lose too many digits
    together = stretch if dtype is np.float64 else 1
    sizes = sizes_of(plan, dtype, n1, n2, min(together, len(corr)))
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
        shared = sizes._replace(stride=number, padded=-(-sizes.lags * number // sizes.cols) * sizes.cols)
    rows = sizes.rows * sizes.padded
    tables2 = tuple(space(8, frames2 * sizes.stride + sizes.padded, sizes, dtype))
    tables2[7].fill(np.nan)  # shifts outside the reach have no correlation
    _masked(
        x, y, groups, sizes, shared, plan.least,
        (lanes.order, seconds.astype(dtype), plan.signed), np.array(GUARDS_OF_GAPS[np.dtype(dtype).itemsize], dtype),
        (np.empty((frames1, n1)), np.empty((frames2, n2))), tuple(space(2, frames1 * n1, sizes, dtype)),
        tuple(space(4, sizes.starts1 * n1, sizes, dtype)), tables2,
        tuple(tuple(space(count, rows, sizes, dtype)) for count in (3, 3, 5)),
        first, corr, lags,
    )  # fmt: skip


@kernel
def _masked(
    one, two, groups, sizes, shared, least, choice, guards, centred, flat1, tables1, tables2, sums, first, corr, lags
):
    """`masked` with its arrays."""
    n1, n2, width, step, stride, pad = corr.shape[1], len(groups[0]), sizes.width, sizes.step, sizes.stride, sizes.pad
    flat, square, present, masks = tables2[:4]
    gone = np.empty((n1, sizes.starts1 + width - 1), np.uint8)
    for start in range(0, len(corr), sizes.windows):
        group = min(sizes.windows, len(corr) - start)
        starts, at = (group - 1) * step + sizes.sweep, first + start * step
        inside = (group - 1) * step + sizes.shifts
        none = 0.0 * guards[0]  # sums of products of x over the frames of both lose no digits by subtraction
        present_moments(one, at, width, starts, 0, n1, (none, guards[1]), centred[0], *tables1)
        present_moments(two, at, width, inside, pad, stride, (guards[0], guards[1]), centred[1], *tables2[4:])
        lay_out_masked(two[0], at, inside + width - 1, centred[1], pad, stride, flat, square, present)
        lay_out(centred[0], starts + width - 1, 0, 0, n1, flat1[0], 1.0)
        for k in range(n1 * (starts + width - 1)):
            flat1[1][k] = flat1[0][k] * flat1[0][k]
        _lost(one[0], at, starts + width - 1, gone)
        for k in range(pad, pad + inside + width - 1 if shared.stride < n2 else pad):
            for u in range(shared.stride):
                masks[k * shared.stride + u] = present[k * stride + groups[1][u]]
        for left in range(0, n1, sizes.rows):
            _rows(
                start, group, at, left, one[0], two[0], gone, groups, sizes, shared, least, choice, guards[0], flat1,
                tables1[3], tables2, sums, corr, lags,
            )  # fmt: skip


@kernel_part
def _lost(x, at, frames, gone):
    """Write to `gone` `(signal, frame)` which frames are lost."""
    for i in range(x.shape[1]):
        for k in range(frames):
            gone[i, k] = x[at + k, i] != x[at + k, i]


@kernel_part
def _rows(
    start, group, at, left, x, y, gone, groups, sizes, shared, least, choice, share, flat1, floor1, tables2, sums,
    corr, lags,
):  # fmt: skip
    """Best lags of the `group` windows of a stretch, for the signals of x from `left`."""
    n1, n2 = corr.shape[1], len(groups[0])
    signed = choice[2]
    r, top, bottom = sums[2][0], sums[2][1], sums[2][2]
    width, stride, padded, sweep = sizes.width, sizes.stride, sizes.padded, sizes.sweep
    best, mark = np.empty(n2, np.float32), np.empty(n2, np.float32)
    changed = np.empty(2 * width, np.int64), np.empty(2 * width, r.dtype)
    for w in range(group):
        for a in range(sweep):
            t, span = w * sizes.step + a, sizes.step if a == 0 else 1
            fresh = a == 0 and (w == 0 or 2 * span >= width or sweep > 1)
            low, high = max(0, sizes.pad - a), min(sizes.lags, sizes.pad - a + sizes.shifts)
            _products(flat1, n1, left, tables2, t, span, fresh, sizes, shared, sums[0])
            for i in range(left, min(left + sizes.rows, n1)):
                row = i - left
                weak = _correlate(
                    row, gone[i], t, span, fresh, low, high, groups[1], sizes, shared, least, share,
                    floor1[t * n1 + i], tables2, sums, changed,
                )  # fmt: skip
                if weak:
                    _mend(
                        r,
                        row * padded,
                        low * stride,
                        high * stride,
                        stride,
                        x,
                        at + t,
                        i,
                        y,
                        at + t - sizes.pad,
                        width,
                        least,
                    )
                if sweep > 1:
                    limit(r, top, bottom, row * padded, a, low * stride, high * stride)
        for i in range(left, min(left + sizes.rows, n1)):
            row = (i - left) * padded
            if sweep > 1:
                strongest(top, bottom, signed, row, sizes.lags * stride, r)
            choose(r, row, stride, choice, n2, best, mark, 0)
            for j in range(n2):
                corr[start + w, i, groups[0][j]] = best[j]
                lags[start + w, i, groups[0][j]] = mark[j]


@kernel_part
def _products(flat1, n1, left, tables2, t, span, fresh, sizes, shared, sums):
    """Update the sums of x·y, x·m₂ and x²·m₂ for the window at frame `t`, or compute new ones."""
    width, old = sizes.width, t - span
    (x, square), y = flat1, tables2[0]
    masks = tables2[2] if shared.stride == sizes.stride else tables2[3]
    if fresh:
        new_sums(x, n1, left, y, sizes.stride, t, width, sizes, sums[0])
        new_sums(x, n1, left, masks, shared.stride, t, width, shared, sums[1])
        new_sums(square, n1, left, masks, shared.stride, t, width, shared, sums[2])
    else:
        _move(x, n1, left, y, sizes.stride, old, old + width, span, sizes, sums[0])
        _move(x, n1, left, masks, shared.stride, old, old + width, span, shared, sums[1])
        _move(square, n1, left, masks, shared.stride, old, old + width, span, shared, sums[2])


@kernel_part
def _move(x, n1, left, y, stride, old, new, span, sizes, sums):
    """Add the products of `span` frames from frame `new`, and subtract those from frame `old`."""
    for c in range(0, sizes.padded, sizes.cols):
        tile = loaded(zeros(x), sums, c, sizes.padded)
        for k in range(span):
            tile = outer(tile, x, (new + k) * n1 + left, y, (new + k) * stride + c)
            tile = remove(tile, x, (old + k) * n1 + left, y, (old + k) * stride + c)
        store(tile, sums, c, sizes.padded)


@kernel_part
def _correlate(
    row, gone, t, span, fresh, low, high, edges, sizes, shared, least, share, floor1, tables2, sums, changed
):
    """Correlations of one signal of x with lags `low` to `high`. Returns whether any must be computed directly."""
    (products, of_x, of_square), lost, (r, _, _, sum_x, square_x) = sums
    flat, square, present, _, total2, square2, count2, floor2 = tables2
    frames, signs = changed
    stride, at = sizes.stride, row * sizes.padded
    count = lost_frames(gone, t, sizes.width, span, fresh, frames, signs)
    if count > 0 or fresh:
        lose(frames, signs, count, fresh, flat, stride, sizes.padded, lost[0], at)
        lose(frames, signs, count, fresh, square, stride, sizes.padded, lost[1], at)
        lose(frames, signs, count, fresh, present, stride, sizes.padded, lost[2], at)
    place = row * shared.padded
    if shared.stride != stride:
        expand(of_x, place, edges, stride, low, high, sum_x)
        expand(of_square, place, edges, stride, low, high, square_x)
        of_x, of_square, place = sum_x, square_x, 0
    return scale_masked(
        products, at, of_x, of_square, place, total2, square2, count2, floor2, t * stride, lost, at, low * stride,
        high * stride, share, floor1, least, r,
    )  # fmt: skip


@kernel_part
def _mend(r, row, begin, end, stride, x, at1, i, y, at2, width, least):
    """Compute weak lanes directly."""
    for c in range(begin, end):
        if r[row + c] == WEAK and c % stride < y.shape[1]:
            r[row + c] = pair_correlation(x, at1, i, y, at2 + c // stride, c % stride, width, least)
