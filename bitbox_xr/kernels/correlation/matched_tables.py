"""Tables of the signals of one person, from which correlations of matched pairs are computed.

Tables are made once for a recording, and serve all its windows and surrogates. Each signal is centred by its mean over
all frames; where a window's own spread is too small for that, it is computed directly. Tables are flat: strips of
`COLUMNS` signals follow each other, and a strip has one row for each frame, after `pad` and before `tail` empty rows.
"""

from typing import NamedTuple

import numpy as np

from bitbox_xr.kernels.correlation.moments import FLAT, GUARDS, is_constant, prepared
from bitbox_xr.kernels.correlation.plan import Plan
from bitbox_xr.kernels.correlation.presence import changes
from bitbox_xr.kernels.correlation.tiles import LADDER, layer_columns
from bitbox_xr.kernels.jit import kernel, kernel_part
from bitbox_xr.kernels.memory import side_by_side

__all__ = ["BYTES_PER_VALUE", "COLUMNS", "Sizes", "Tables", "sizes_of", "tables"]

COLUMNS = layer_columns(np.float64)  # signals in a strip
MOVED = 4  # window lengths through which sums move before they are new: rounding errors do not accumulate
BYTES_PER_VALUE = 40  # of the tables of one side without gaps


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
    def frames(self) -> int:
        """Frames in which the sums of a signal move."""
        return max(self.stretch * self.step, MOVED * self.width)


class Tables(NamedTuple):
    """The tables of one side."""

    numbers: np.ndarray  # (frame, signal)
    weak: np.ndarray  # 1 if the window that starts at this frame must be computed directly, (frame, signal)
    lost: np.ndarray  # number of earlier frames in which any signal is missing, (frame + 1,); [0] if none is
    values: np.ndarray  # centred; 0 where missing
    sums: np.ndarray  # of the window that starts at this frame
    inverse: np.ndarray  # inverse spread; NaN if the signal is constant, or weak
    squares: np.ndarray  # with gaps, else empty: squared values
    present: np.ndarray  # with gaps, else empty: 1 where there is a value, else 0
    floor: np.ndarray  # with gaps, else empty: the smallest spread to be trusted, NaN if the signal is constant
    some_weak: bool = False

    @property
    def gaps(self) -> bool:
        """Whether any value is missing."""
        return bool(self.lost[-1])

    @property
    def rows(self) -> int:
        """Number of rows of a strip."""
        return self.values.size // (-(-self.numbers.shape[1] // COLUMNS) * COLUMNS)


def sizes_of(plan: Plan) -> Sizes:
    """The sizes of a plan. Sums move from window to window if windows overlap by more than a half."""
    moving = plan.shifts[0] == 1 and 2 * plan.step < plan.width
    stretch = max(2, MOVED * plan.width // plan.step) if moving else 1
    return Sizes(plan.width, plan.step, stretch, *plan.shifts, plan.lanes.number, plan.lanes.pad, plan.least)


def tables(name: str, numbers: np.ndarray, sizes: Sizes, *, gaps: bool) -> Tables:
    """The tables of `numbers` `(frame, signal)`; with `gaps`, also those for windows in which values are missing.

    Raises ValueError if a value is infinite.
    """
    side = prepared(name, numbers).scaled()
    frames, n = side.numbers.shape
    strips, rows = -(-n // COLUMNS), sizes.pad + frames + sizes.sweep + sizes.lags + LADDER
    size = strips * rows * COLUMNS
    values, sums, inverse, *more = side_by_side(*[size] * (6 if gaps else 3))
    squares, present, floor = more or [np.empty(0)] * 3
    for table in (values, sums, squares, present):
        table.fill(0.0)
    for table in (inverse, floor):
        table.fill(np.nan)
    found = Tables(side.numbers, side.weak, side.lost, values, sums, inverse, squares, present, floor)
    if frames < sizes.width:
        return found
    change = changes(side.numbers) if gaps else np.empty((0, 0), np.int32)
    weak = _write(tuple(found[:9]), change, True if gaps else None, sizes, sizes.frames, np.array(GUARDS[8]), rows)
    return found._replace(some_weak=weak > 0)


@kernel
def _write(tables, change, gaps, sizes, block, guards, rows):
    numbers, weak, _, values, sums, inverse, squares, present, floor = tables
    frames, n = numbers.shape
    starts = frames - sizes.width + 1
    work, found = np.empty((4, COLUMNS)), 0
    for first in range(0, n, COLUMNS):
        count, begin = min(COLUMNS, n - first), (first // COLUMNS * rows + sizes.pad) * COLUMNS
        _centre(numbers, first, count, begin, values)
        if gaps is not None:
            _write_presence(numbers, first, count, begin, values, squares, present)
        work[:] = 0.0
        for start in range(0, starts, block):
            span = start, min(start + block, starts), sizes.width
            unsure = _spreads(values, begin, span, guards, work, sums, inverse, floor, gaps)
            if unsure > 0:
                found += _mark_weak(numbers, first, count, begin, span, inverse, weak)
            if gaps is not None:
                _mark_constant(change, first, count, begin, span, floor)
    return found


@kernel_part
def _centre(numbers, first, count, begin, values):
    """Write the numbers of some signals, minus the mean of each, as rows; 0 where they are missing."""
    mean, present = np.zeros(COLUMNS), np.zeros(COLUMNS)
    for f in range(len(numbers)):
        for j in range(count):
            value = numbers[f, first + j]
            mean[j] += value if value == value else 0.0
            present[j] += 1.0 if value == value else 0.0
    for j in range(count):
        mean[j] /= max(present[j], 1.0)
    for f in range(len(numbers)):
        for j in range(count):
            value = numbers[f, first + j] - mean[j]
            values[begin + f * COLUMNS + j] = value if value == value else 0.0


@kernel_part
def _write_presence(numbers, first, count, begin, values, squares, present):
    """Write squares, and 1 where a value is present."""
    for f in range(len(numbers)):
        for j in range(count):
            at = begin + f * COLUMNS + j
            squares[at] = values[at] * values[at]
            present[at] = 1.0 if numbers[f, first + j] == numbers[f, first + j] else 0.0


@kernel_part
def _spreads(values, begin, span, guards, work, sums, inverse, floor, gaps):
    """Write sums and inverse spreads of the windows that start from one frame to another; return the number of NaN.

    The sums move from frame to frame, and are new for the first one. `work` has the sums, the squares, and the largest
    squares in this span and in the one before: sums of products may begin at any window of these.
    """
    total, square, peak, before = work
    start, stop, width = span
    least, unsure = width * FLAT * FLAT, 0  # magnitudes are at most 1
    total[:], square[:], before[:], peak[:] = 0.0, 0.0, peak, 0.0
    for at in range(begin + start * COLUMNS, begin + (start + width) * COLUMNS, COLUMNS):
        for j in range(COLUMNS):
            total[j] += values[at + j]
            square[j] += values[at + j] * values[at + j]
    for t in range(start, stop):
        at = np.uint64(begin + t * COLUMNS)  # without a sign, see `lay_out`
        later = at + np.uint64(width * COLUMNS)
        for j in range(np.uint64(COLUMNS)):
            peak[j] = square[j] if square[j] > peak[j] else peak[j]
            highest = peak[j] if peak[j] > before[j] else before[j]
            trusted = guards[1] * highest if guards[1] * highest > least else least
            bar = guards[0] * square[j] if guards[0] * square[j] > trusted else trusted
            spread = square[j] - total[j] * total[j] / width
            sure = spread > bar
            sums[at + j] = total[j]
            inverse[at + j] = 1.0 / np.sqrt(spread) if sure else np.nan
            unsure += 0 if sure else 1
            if gaps is not None:
                floor[at + j] = trusted
            old, new = values[at + j], values[later + j]
            total[j] += new - old
            square[j] += new * new - old * old
    return unsure


@kernel_part
def _mark_weak(numbers, first, count, begin, span, inverse, weak):
    """Mark signals without an inverse spread that are not constant as weak. Returns their number."""
    (start, stop, width), found = span, 0
    for t in range(start, stop):
        for j in range(count):
            value = inverse[begin + t * COLUMNS + j]
            if value != value and not is_constant(numbers, t, first + j, width):
                weak[t, first + j] = 1
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
