"""Frame rates, regularity and lost frames of time axes, which are plain arrays of seconds.

A time axis is *regular* if every time lies within a quarter frame of `t0 + k / fps`. Trackers write times with few
decimals: with three, as OpenFace writes them, 30 frames per second look like 30.0019. The rate is therefore computed
from the whole span. A customary rate replaces it if this moves no frame by more than a quarter frame.
"""

from typing import Any, NamedTuple

import numpy as np

from bitbox_xr.kernels import time_units

__all__ = ["DEFAULT_FPS", "MAX_UNSTATED_FPS", "Grid", "fit", "frame_times", "regular_rate", "seconds", "snap"]

CUSTOMARY_FPS = (23.976, 24.0, 25.0, 29.97, 30.0, 50.0, 59.94, 60.0)
DEFAULT_FPS = 30.0  # what Bitbox assumes
MAX_UNSTATED_FPS = 240.0  # a higher rate is more often a wrong unit than a fast camera
TOLERANCE = 0.25  # frames between a time and its place on a regular time axis
MIN_STEP_S = np.finfo(np.float64).tiny  # the rate of shorter steps overflows float64
ROUNDING = 1e-6  # frames between a time and its place on a time axis that is exact
MAX_STEP_ERROR = 0.01  # relative difference between the mean step and that of a customary rate that is tried
MIN_IMPROVEMENT = 0.05  # frames by which another rate must fit better than a customary one
# Fewer times than this fit some regular time axis by chance if frames may be lost or the start is free. They must then
# fit more closely.
MIN_TIMES_FOR_TOLERANCE = 10
TOLERANCE_FOR_FEW_TIMES = 0.1  # frames


class Grid(NamedTuple):
    """A regular time axis: frame k is at `start + k / fps` seconds, and `frames` are the k that were recorded."""

    start: float
    fps: float
    frames: np.ndarray

    @property
    def size(self) -> int:
        """Number of frames from the first to the last recorded frame, including lost frames."""
        return int(self.frames[-1]) + 1

    @property
    def lost(self) -> int:
        """Number of frames between the first and the last recorded frame that were not recorded."""
        return self.size - len(self.frames)

    def times(self) -> np.ndarray:
        """Times of all frames in seconds, including lost frames."""
        return frame_times(self.size, self.fps, self.start)


def frame_times(n: int, fps: float, start: float = 0.0) -> np.ndarray:
    """Times of `n` frames in seconds, at `fps` frames per second."""
    return start + np.arange(n) / fps


def snap(fps: float, times: np.ndarray, frames: np.ndarray) -> float:
    """Return the customary rate nearest to `fps` if it moves no frame by more than a quarter frame, else `fps`.

    >>> times = np.round(np.arange(158) / 30, 3)
    >>> snap(157 / times[-1], times, np.arange(158))
    30.0
    """
    nearest = _customary(fps)
    return nearest if deviation(times, nearest, frames) <= TOLERANCE else fps


def _customary(fps: float) -> float:
    """The customary rate nearest to `fps`."""
    return min(CUSTOMARY_FPS, key=lambda rate: abs(rate - fps))


def deviation(times: np.ndarray, fps: float, frames: np.ndarray) -> float:
    """Largest distance between `times` and `times[0] + frames / fps`, in frames."""
    return float(np.abs((times - times[0]) * fps - (frames - frames[0])).max())


def fit(times: np.ndarray) -> Grid | None:
    """Fit a regular time axis to `times` (s, increasing, at least two), allowing for lost frames.

    Returns None if no regular time axis fits. The time axis starts at the first time. If only another start brings
    every time within a quarter frame, it starts there, at most a quarter frame away.

    >>> fit(np.array([0, 0.033, 0.067, 0.167, 0.2]))
    Grid(start=0.0, fps=30.0, frames=array([0, 1, 2, 5, 6]))
    >>> fit(np.array([0, 0.1, 0.25, 0.3])) is None
    True
    """
    rate = _exact_rate(times)
    return Grid(float(times[0]), rate, np.arange(len(times))) if rate else _search(times)


def _search(times: np.ndarray) -> Grid | None:
    """`fit` for times that are not exact, or that have lost frames."""
    steps = np.diff(times)
    if len(steps) == 0 or steps.min() < MIN_STEP_S:
        return None
    # The mean of steps between neighbouring frames. A median has a rounding error, which adds up over a long gap.
    step = float(steps[steps < 1.5 * np.median(steps)].mean())
    if (times[-1] - times[0]) / step > 2**31:
        return None
    for rate in sorted(CUSTOMARY_FPS, key=lambda rate: abs(rate * step - 1)):
        if abs(rate * step - 1) < MAX_STEP_ERROR:
            found = _placed(times, np.rint((times - times[0]) * rate))
            if found:
                return found
    # Count the frames of each step separately, so that the error of the step does not add up along the recording.
    return _placed(times, np.concatenate([[0], np.cumsum(np.maximum(np.rint(steps / step), 1))]))


def _exact_rate(times: np.ndarray) -> float | None:
    """The customary rate of a regular time axis without lost frames, if `times` are on it but for rounding errors.

    This is what most recordings have, and faster than a search for a rate.
    """
    last = len(times) - 1
    if last < 1 or not (span := times[-1] - times[0]) * 2 * CUSTOMARY_FPS[-1] > last:  # also NaN
        return None
    rate = _customary(last / span)
    off = times * rate
    off -= np.arange(len(times), dtype=np.float64)
    return rate if max(off.max() - off[0], off[0] - off.min()) < ROUNDING else None


def _placed(times: np.ndarray, frames: np.ndarray) -> Grid | None:
    """The regular time axis with `times` at `frames`; None if a time is more than a quarter frame off."""
    if np.diff(frames).min() < 1:
        return None
    elapsed, numbers, few = times - times[0], frames.astype(np.int64), len(times) < MIN_TIMES_FOR_TOLERANCE
    allowed = TOLERANCE if not few or frames[-1] < len(times) else TOLERANCE_FOR_FEW_TIMES
    rate = snap(_short(frames[-1] / elapsed[-1]), times, frames)
    free, off = _free_start(elapsed, frames)
    if deviation(times, rate, frames) <= allowed and (rate in CUSTOMARY_FPS or free not in CUSTOMARY_FPS):
        return Grid(float(times[0]), float(rate), numbers)
    if np.ptp(off) > 2 * TOLERANCE or few:
        return None
    return Grid(float(times[0] + (off.max() + off.min()) / 2 / free), free, numbers)


def _short(fps: float) -> float:
    """Round `fps` to 13 digits: a rounding error in the last digits can make a window one frame shorter.

    >>> _short(14.999999999999998)
    15.0
    """
    return float(f"{fps:.13g}")


def _free_start(elapsed: np.ndarray, frames: np.ndarray) -> tuple[float, np.ndarray]:
    """The rate that fits best for any start, and the differences between times and frames at that rate, in frames.

    A customary rate is preferred unless another rate fits clearly better: small differences are jitter of the times.
    """
    away = frames - frames.mean()
    line = _short(float((away**2).sum() / (away * elapsed).sum()))
    near = _customary(line)
    off = [elapsed * fps - frames for fps in (near, line)]
    return (near, off[0]) if np.ptp(off[0]) < np.ptp(off[1]) + MIN_IMPROVEMENT else (line, off[1])


def regular_rate(times: np.ndarray) -> float | None:
    """Frames per second of a regular time axis without lost frames; None for all other `times`.

    >>> regular_rate(np.arange(100) / 25)
    25.0
    >>> regular_rate(np.array([0, 0.04, 0.16])) is None
    True
    """
    if rate := _exact_rate(times):
        return rate
    grid = _search(times)
    return None if grid is None or grid.lost else grid.fps


def seconds(time: Any, unit: str | None = None) -> tuple[np.ndarray, str | None]:
    """Convert `time` to float64 seconds; also return the date at which they start, if there is one.

    The unit of numbers is that of `time` itself (`attrs["units"]` of a DataArray, with `calendar`), else `unit`, else
    seconds; see `time_units`. Dates, and numbers in a unit "… since <date>", become seconds since the first date, which
    is returned as ISO text. Durations and other numbers are not shifted. Missing times (NaT) become NaN.
    Raises TypeError if `time` holds neither numbers nor dates, and ValueError for an unknown unit.

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
        remedy = "; convert dates by pandas.to_datetime(times, utc=True).tz_localize(None)"
        raise TypeError(
            f"expected times in seconds, datetime64 or timedelta64, got {values.dtype}"
            + (remedy if values.dtype == object else "")
        )
    return time_units.of_numbers(values, _unit(time, unit))


def _unit(time: Any, unit: str | None) -> time_units.TimeUnit:
    """The unit of numbers: their own, else `unit`. Raises ValueError if the two differ."""
    attrs = getattr(time, "attrs", {})
    own, calendar = attrs.get("units"), attrs.get("calendar")
    if own is None or own == "":
        return time_units.parsed("s" if unit is None else unit)
    found = time_units.parsed(own, calendar)
    if unit is not None and time_units.parsed(unit) != found:
        raise ValueError(f"expected the unit of the times themselves, {own!r}, got {unit!r}; leave it out")
    return found
