"""Tables of the signals of one person, from which correlations of matched pairs are computed.

Tables are made once for a recording, and serve all its windows and surrogates. Each signal is centred by its mean over
all frames; where a window's own spread is too small for that, it is computed directly. Tables are flat: strips of
`COLUMNS` signals follow each other. A strip has one row for each frame, and empty rows before and after for other lags.
"""

from typing import NamedTuple

import numpy as np

from bitbox_xr.kernels.correlation.moments import FLAT, GUARDS, Side, is_constant, prepared
from bitbox_xr.kernels.correlation.paths import WIDTHS_MOVED, moves
from bitbox_xr.kernels.correlation.plan import Plan
from bitbox_xr.kernels.correlation.presence import changes
from bitbox_xr.kernels.correlation.tile_arithmetic import minus, plus, times
from bitbox_xr.kernels.correlation.tile_correlations import highest, inverse_spread
from bitbox_xr.kernels.correlation.tiles import LADDER, layer, layer_columns, loaded, repeated, store
from bitbox_xr.kernels.jit import kernel, kernel_part
from bitbox_xr.kernels.memory import side_by_side

__all__ = ["BYTES_PER_VALUE", "COLUMNS", "Sizes", "Tables", "number_lost", "sizes_of", "tables"]

COLUMNS = layer_columns(np.float64)  # signals in a strip
BYTES_PER_VALUE = 33  # of the tables of one side without gaps: numbers, centred, total, inverse and weak


class Sizes(NamedTuple):
    """Sizes of windows and lags, in frames; see `Plan` and `Lanes`."""

    width: int
    step: int
    stretch: int  # windows in which sums move from one to the next; 1: each has new sums
    sweep: int  # shifts of x
    shifts: int  # of y
    lags: int
    pad: int
    least: int

    @property
    def frames_moved(self) -> int:
        """Frames through which the sums of a signal move before they are new."""
        return max(self.stretch * self.step, WIDTHS_MOVED * self.width, self.sweep)


class Tables(NamedTuple):
    """The tables of one side.

    Totals, inverse spreads and floors are undefined in rows at which no window starts, and everything but `centred` is
    undefined in the empty columns of the last strip. No result depends on these.
    """

    numbers: np.ndarray  # (frame, signal)
    weak: np.ndarray  # 1 if the window that starts at this frame must be computed directly, (frame, signal)
    lost: np.ndarray  # number of earlier frames in which any signal is missing, (frame + 1,); [0] if none is
    centred: np.ndarray  # numbers minus the mean of the signal; 0 where missing
    total: np.ndarray  # sum of the window that starts at this frame
    inverse: np.ndarray  # its inverse spread; NaN if the signal is constant, or weak
    squares: np.ndarray  # with gaps, else empty: squares of `centred`
    present: np.ndarray  # with gaps, else empty: 1 where there is a value, else 0
    floor: np.ndarray  # with gaps, else empty: the smallest spread to be trusted, NaN if the signal is constant
    number_weak: int
    rows: int  # of a strip

    @property
    def gaps(self) -> bool:
        """Whether any value is missing."""
        return bool(self.lost[-1])


def sizes_of(plan: Plan) -> Sizes:
    """The sizes of a plan. Sums move from window to window if windows overlap by more than a half."""
    stretch = WIDTHS_MOVED * plan.width // plan.step
    moving = plan.shifts[0] == 1 and moves(np.float64, stretch, plan.width, plan.step)
    return Sizes(
        plan.width, plan.step, stretch if moving else 1, *plan.shifts, plan.lanes.number, plan.lanes.pad, plan.least
    )


def tables(name: str, numbers: np.ndarray, sizes: Sizes, *, gaps: bool) -> Tables:
    """The tables of `numbers` `(frame, signal)`; with `gaps`, also those for windows in which values are missing.

    Raises ValueError if a value is infinite.
    """
    side = prepared(name, numbers).scaled()
    frames, n = side.numbers.shape
    strips, rows = -(-n // COLUMNS), sizes.pad + frames + sizes.sweep + sizes.lags + LADDER
    centred, total, inverse, *of_gaps = side_by_side(*[strips * rows * COLUMNS] * (6 if gaps else 3))
    squares, present, floor = of_gaps or [np.empty(0)] * 3
    found = Tables(side.numbers, side.weak, side.lost, centred, total, inverse, squares, present, floor, 0, rows)
    change = changes(side.numbers) if gaps else np.empty((0, 0), np.int32)
    weak = _write(found, _means(side), change, True if gaps else None, sizes, sizes.frames_moved, np.array(GUARDS[8]))
    return found._replace(number_weak=weak)


def _means(side: Side) -> np.ndarray:
    """Mean of each signal over the frames in which it is present."""
    if not side.lost[-1]:
        return side.numbers.mean(axis=0)
    present = ~np.isnan(side.numbers)
    total: np.ndarray = np.where(present, side.numbers, 0.0).sum(axis=0)
    return total / np.maximum(present.sum(axis=0), 1)


@kernel
def _write(tables, means, change, gaps, sizes, block, guards):
    numbers, centred, rows = tables.numbers, tables.centred, tables.rows
    frames, n = numbers.shape
    starts = frames - sizes.width + 1
    peaks, found = np.empty(COLUMNS), 0
    _centre(numbers, means, sizes.pad, rows, centred)
    if gaps is not None:
        _write_presence(numbers, centred, sizes.pad, rows, tables.squares, tables.present)
    for first in range(0, n, COLUMNS):
        count, begin = min(COLUMNS, n - first), (first // COLUMNS * rows + sizes.pad) * COLUMNS
        peaks[:] = 0.0
        for start in range(0, starts, block):
            span = start, min(start + block, starts), sizes.width
            unsure = _spreads(tables, begin, span, guards, peaks, gaps)
            if unsure > 0:
                found += _mark_weak(tables, first, count, begin, span)
            if gaps is not None:
                _mark_constant(change, first, count, begin, span, tables.floor)
    return found


@kernel_part
def _centre(numbers, means, pad, rows, centred):
    """Write each frame, minus the means, as a row of each strip; 0 where values are missing, and everywhere else."""
    frames, n = numbers.shape
    flat = numbers.reshape(-1)
    for begin in range(0, len(centred), rows * COLUMNS):
        centred[begin : begin + pad * COLUMNS] = 0.0
        centred[begin + (pad + frames) * COLUMNS : begin + rows * COLUMNS] = 0.0
    if n % COLUMNS > 0:
        centred[n // COLUMNS * rows * COLUMNS :] = 0.0
    for f in range(frames):
        for first in range(0, n, COLUMNS):
            at, mean = np.uint64(f * n + first), np.uint64(first)  # without a sign, see `lay_out`
            to = np.uint64((first // COLUMNS * rows + pad + f) * COLUMNS)
            for j in range(np.uint64(min(COLUMNS, n - first))):
                value = flat[at + j] - means[mean + j]
                centred[to + j] = value if value == value else 0.0


@kernel_part
def _write_presence(numbers, centred, pad, rows, squares, present):
    """Write squares, and 1 where a value is present."""
    frames, n = numbers.shape
    for k in range(len(centred)):
        squares[k], present[k] = centred[k] * centred[k], 0.0
    for f in range(frames):
        for i in range(n):
            at = (i // COLUMNS * rows + pad + f) * COLUMNS + i % COLUMNS
            present[at] = 1.0 if numbers[f, i] == numbers[f, i] else 0.0


@kernel_part
def _spreads(tables, begin, span, guards, peaks, gaps):
    """Write sums and inverse spreads of the windows that start in a span of frames; return the number of NaN.

    The sums move from frame to frame, and are new for the first one. `peaks` has the largest sums of squares in the
    span before, in which sums of products may begin, and gets those of this span.
    """
    start, stop, width = span
    first, last, moved = begin + start * COLUMNS, begin + stop * COLUMNS, width * COLUMNS
    centred, inverse = tables.centred, tables.inverse
    zero = layer(centred)
    least, of_peak = repeated(zero, width * FLAT * FLAT), repeated(zero, guards[1])  # magnitudes are at most 1
    of_square, before, peak, total, square = repeated(zero, guards[0]), loaded(zero, peaks, 0, 0), zero, zero, zero
    for at in range(first, first + moved, COLUMNS):
        new = loaded(zero, centred, at, 0)
        total, square = plus(total, new), plus(square, times(new, new))
    for at in range(first, last, COLUMNS):
        peak = highest(peak, square)
        trusted = highest(times(highest(peak, before), of_peak), least)
        bar = highest(trusted, times(square, of_square))
        store(total, tables.total, at, 0)
        store(inverse_spread(square, total, 1.0 / width, bar), inverse, at, 0)
        if gaps is not None:
            store(trusted, tables.floor, at, 0)
        old, new = loaded(zero, centred, at, 0), loaded(zero, centred, at + moved, 0)
        total, square = plus(total, minus(new, old)), plus(square, minus(times(new, new), times(old, old)))
    store(peak, peaks, 0, 0)
    unsure = 0
    for at in range(first, last):
        unsure += 0 if inverse[at] == inverse[at] else 1
    return unsure


@kernel_part
def number_lost(lost, start, frames):
    """Number of frames from `start` in which any signal is missing."""
    return lost[start + frames] - lost[start] if len(lost) > 1 else 0


@kernel_part
def _mark_weak(tables, first, count, begin, span):
    """Mark signals without an inverse spread that are not constant as weak. Returns their number.

    Windows with gaps are left out: they do not use the inverse spread.
    """
    (start, stop, width), found = span, 0
    for t in range(start, stop):
        if number_lost(tables.lost, t, width) > 0:
            continue
        for j in range(count):
            value = tables.inverse[begin + t * COLUMNS + j]
            if value != value and not is_constant(tables.numbers, t, first + j, width):
                tables.weak[t, first + j] = 1
                found += 1
    return found


@kernel_part
def _mark_constant(change, first, count, begin, span, floor):
    """Write NaN for signals that are constant in a window with gaps."""
    start, stop, width = span
    for t in range(start, stop):
        for j in range(count):
            if change[t + width - 1, first + j] < t:
                floor[begin + t * COLUMNS + j] = np.nan
