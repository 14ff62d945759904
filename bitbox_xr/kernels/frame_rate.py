"""Time axes as plain arrays of seconds: the rate of one, whether it is regular, where its frames were lost.

A clock is *regular* if every time lies within a quarter frame of `t0 + k / fps`. Trackers write times with
few decimals (OpenFace's three turn 30 frames a second into 30.0019), so a rate is taken from the whole span
and moved to a customary one where that moves no frame by more than the same quarter.
"""

from typing import Any, NamedTuple

import numpy as np

from bitbox_xr.kernels import time_units

__all__ = ["DEFAULT_FPS", "MAX_UNSTATED_FPS", "Grid", "fit", "frame_times", "regular_rate", "seconds", "snap"]

CUSTOMARY_FPS = (23.976, 24.0, 25.0, 29.97, 30.0, 50.0, 59.94, 60.0)
DEFAULT_FPS = 30.0  # what Bitbox assumes
MAX_UNSTATED_FPS = 240.0  # a faster clock is more often a wrong unit than a fast camera
TOLERANCE = 0.25  # frames
MIN_STEP = np.finfo(np.float64).tiny  # seconds; the rate of shorter steps is beyond float64
ROUGHLY = 0.01  # how far off a single step may be from that of a customary rate for its frames to be tried
MUCH = 0.05  # frames; a rate that brings the times no nearer than that is no better
FEW = 10  # times; fewer lie by chance on some clock that lost frames, or whose start is free,
SURE = 0.1  # frames; unless they lie as near to it as this


class Grid(NamedTuple):
    """A regular clock: frame k is at `start + k / fps` seconds; `frames` are the k that were recorded."""

    start: float
    fps: float
    frames: np.ndarray

    @property
    def size(self) -> int:
        """Number of frames from the first to the last recorded one, lost ones included."""
        return int(self.frames[-1]) + 1

    @property
    def lost(self) -> int:
        """Number of frames between the first and the last that were not recorded."""
        return self.size - len(self.frames)

    def times(self) -> np.ndarray:
        """Seconds of every frame, lost ones included."""
        return frame_times(self.size, self.fps, self.start)


def frame_times(n: int, fps: float, start: float = 0.0) -> np.ndarray:
    """Seconds of `n` frames at `fps` frames a second."""
    return start + np.arange(n) / fps


def snap(fps: float, times: np.ndarray, frames: np.ndarray) -> float:
    """The customary rate nearest to `fps`, if no frame of `times` is off it by over a quarter; else `fps`.

    >>> times = np.round(np.arange(158) / 30, 3)
    >>> snap(157 / times[-1], times, np.arange(158))
    30.0
    """
    nearest = _customary(fps)
    return nearest if deviation(times, nearest, frames) <= TOLERANCE else fps


def _customary(fps: float) -> float:
    return min(CUSTOMARY_FPS, key=lambda rate: abs(rate - fps))


def deviation(times: np.ndarray, fps: float, frames: np.ndarray) -> float:
    """Largest distance, in frames, between `times` and `times[0] + frames / fps`."""
    return float(np.abs((times - times[0]) * fps - (frames - frames[0])).max())


def fit(times: np.ndarray) -> Grid | None:
    """The regular clock on which `times` (s, increasing, at least two) lie, allowing for lost frames.

    None where there is none. It starts at the first time, unless only a start up to a quarter frame off that
    brings every time to within a quarter frame.

    >>> fit(np.array([0, 0.033, 0.067, 0.167, 0.2]))
    Grid(start=0.0, fps=30.0, frames=array([0, 1, 2, 5, 6]))
    >>> fit(np.array([0, 0.1, 0.25, 0.3])) is None
    True
    """
    steps = np.diff(times)
    if len(steps) == 0 or steps.min() < MIN_STEP:
        return None
    # the mean of the single steps: a median is off by a rounding, which adds up over a long gap
    step = float(steps[steps < 1.5 * np.median(steps)].mean())
    if (times[-1] - times[0]) / step > 2**31:
        return None
    for rate in sorted(CUSTOMARY_FPS, key=lambda rate: abs(rate * step - 1)):
        if abs(rate * step - 1) < ROUGHLY:
            found = _placed(times, np.rint((times - times[0]) * rate))
            if found:
                return found
    # one by one, so that what a step is off by does not add up along the recording
    return _placed(times, np.concatenate([[0], np.cumsum(np.maximum(np.rint(steps / step), 1))]))


def _placed(times: np.ndarray, frames: np.ndarray) -> Grid | None:
    """The regular clock that has `times` at `frames`; None where that is off by over a quarter frame."""
    if np.diff(frames).min() < 1:
        return None
    elapsed, numbers, few = times - times[0], frames.astype(np.int64), len(times) < FEW
    allowed = TOLERANCE if not few or frames[-1] < len(times) else SURE
    rate = snap(_short(frames[-1] / elapsed[-1]), times, frames)
    free, off = _free_start(elapsed, frames)
    if deviation(times, rate, frames) <= allowed and (rate in CUSTOMARY_FPS or free not in CUSTOMARY_FPS):
        return Grid(float(times[0]), float(rate), numbers)
    if np.ptp(off) > 2 * TOLERANCE or few:
        return None
    return Grid(float(times[0] + (off.max() + off.min()) / 2 / free), free, numbers)


def _short(fps: float) -> float:
    """A rate without the last digits, which are rounding: one of them too few makes a window a frame shorter.

    >>> _short(14.999999999999998)
    15.0
    """
    return float(f"{fps:.13g}")


def _free_start(elapsed: np.ndarray, frames: np.ndarray) -> tuple[float, np.ndarray]:
    """The rate that fits best wherever the clock starts, and what times are then off by, in frames.

    A customary one where no other does much better: then jitter, and not another rate, keeps the times off it.
    """
    away = frames - frames.mean()
    line = _short(float((away**2).sum() / (away * elapsed).sum()))
    near = _customary(line)
    off = [elapsed * fps - frames for fps in (near, line)]
    return (near, off[0]) if np.ptp(off[0]) < np.ptp(off[1]) + MUCH else (line, off[1])


def regular_rate(times: np.ndarray) -> float | None:
    """Frames per second of a regular clock without lost frames; None where `times` are not one.

    >>> regular_rate(np.arange(100) / 25)
    25.0
    >>> regular_rate(np.array([0, 0.04, 0.16])) is None
    True
    """
    grid = fit(times)
    return None if grid is None or grid.lost else grid.fps


def seconds(time: Any, unit: str | None = None) -> tuple[np.ndarray, str | None]:
    """`time` as float64 seconds, and where they start if `time` was a date.

    Numbers are in the unit that `time` itself has (`attrs["units"]` of a DataArray, with `calendar`), else in `unit`,
    else in seconds; see `time_units`. Dates, and numbers of a unit "… since <date>", become seconds since the first of
    them, which is returned as ISO text; durations and other numbers are not shifted. Missing times (NaT) become NaN.
    TypeError for what is no time, ValueError for a unit that is not known.

    >>> seconds(np.array(["2026-01-01T10:00:00.0", "2026-01-01T10:00:00.5"], dtype="datetime64[ms]"))
    (array([0. , 0.5]), '2026-01-01T10:00:00')
    >>> seconds(np.array([500, 1000], dtype="timedelta64[ms]"))
    (array([0.5, 1. ]), None)
    >>> seconds(np.array([0, 40, 80]), "ms")
    (array([0.  , 0.04, 0.08]), None)
    """
    values = np.asarray(time)
    if values.dtype.kind in "mM":
        return time_units.of_dates(values)
    if values.dtype == bool or not np.issubdtype(values.dtype, np.number) or np.iscomplexobj(values):
        remedy = " (of dates as objects: pandas.to_datetime(times, utc=True).tz_localize(None))"
        raise TypeError(
            f"times are {values.dtype}; seconds, datetime64 or timedelta64 are wanted"
            + (remedy if values.dtype == object else "")
        )
    return time_units.of_numbers(values, _unit(time, unit))


def _unit(time: Any, unit: str | None) -> time_units.TimeUnit:
    """The unit of numbers: their own, or that of the caller, who may not contradict it."""
    attrs = getattr(time, "attrs", {})
    own, calendar = attrs.get("units"), attrs.get("calendar")
    if own is None or own == "":
        return time_units.parsed("s" if unit is None else unit)
    found = time_units.parsed(own, calendar)
    if unit is not None and time_units.parsed(unit) != found:
        raise ValueError(f"expected the unit of the times themselves, {own!r}, got {unit!r}; leave it out")
    return found
