"""Alignment of two recordings: common frame times, and the check whether two recordings already share them."""

import re

import numpy as np
import pandas as pd
import xarray as xr

from bitbox_xr.core import validation
from bitbox_xr.core.durations import seconds, span
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.time_axis import on_seconds
from bitbox_xr.core.types import SignalsLike
from bitbox_xr.core.variables import TIME
from bitbox_xr.kernels import frame_rate
from bitbox_xr.kernels.interpolation import rounding
from bitbox_xr.preprocessing.regularity import Frames
from bitbox_xr.preprocessing.resampling import checked_recordings, max_gap_faults, max_rate_faults, onto_times

__all__ = ["align", "left_out_text", "shared_clock"]

MAX_LEFT_OUT = 0.05  # share of a recording beyond the end of the other that is left out without a warning

TIME_OF_DAY = re.compile(r"\d\d:\d\d:\d\d(\.\d+)?")  # the attribute `time_origin` of times from a clock without date
DAY_S = 86400.0


def align(
    x: SignalsLike, y: SignalsLike, *, fps: float | None = None, offset: float = 0.0, max_gap: float | None = None
) -> tuple[xr.DataArray, xr.DataArray]:
    """Put two recordings on common, regular frame times over the time span that both cover.

    Frame rates, starts and lengths may differ, frames may be missing, and times need not be regular. Values between
    frames are interpolated linearly. If the frame rate of a recording decreases, its signals are low-pass filtered
    first to avoid aliasing (see `resample`). If it does not, values at existing frame times are kept exactly.

    Parameters
    ----------
    x, y
        Signals `(…, time, signal)` of any frame rate. Their other dimensions and their signals need not match.
    fps
        Frames per second of both results. Default: the lower of the two rates; both recordings must then have
        regular times, apart from missing frames.
    offset
        Seconds to add to y's times: 2.0 if the recording of y started two seconds after that of x. Recordings whose
        times were dates or times of day (attribute `time_origin`) are also shifted by the difference between their
        origins. Times of day are taken to be less than 12 hours apart.
    max_gap
        Longest gap to bridge, in seconds from the last frame before it to the first frame after it; `numpy.inf`
        bridges all gaps between the first and the last value of a signal. Default: 1.5 median steps of each
        recording, which bridges no missing frame.

    Returns
    -------
    x, y
        `(…, time, signal)` with identical `time`, on x's time axis. If x or y has the rate `fps`, its frame times are
        used; otherwise times begin with the common span. Coordinates of signals, coordinates along time and
        attributes are kept, float32 stays float32, and dask arrays stay lazy. Numeric coordinates along time are
        interpolated too, except those that hold only 0 and 1 (such as `success`; True and False become 1 and 0): they
        take the value of the nearest frame, the earlier one of two at equal distance. They are NaN in gaps. Text, such
        as the labels of `annotate`, the numbers of their intervals and the coordinate of `mask` are those of the
        nearest frame everywhere. The attribute `history` records each step as JSON.

    Raises
    ------
    ValueError
        If the input is not valid (the message lists all faults), if `fps` is not given and the times of a recording
        are not regular, or if the recordings have less than two frames of time in common.

    Examples
    --------
    >>> from bitbox_xr import signals
    >>> x = signals(np.arange(60.0)[:, None] / 30, fps=30)
    >>> y = signals(np.arange(60.0)[:, None] / 25, fps=25)
    >>> x2, y2 = align(x, y, offset=0.5)
    >>> x2.sizes["time"], x2.time.values[:3], y2.values[:3, 0]
    (37, array([0.5 , 0.54, 0.58]), array([0.  , 0.04, 0.08]))
    """
    faults = validation.fps_faults(fps) + _offset_faults(offset) + max_gap_faults(max_gap)
    (x, one), (y, other) = checked_recordings("align()", faults, {"x": x, "y": y}, max_gap)
    refuse("align()", _irregular_faults(fps, one, other) + _origin_faults(x, y) + max_rate_faults(fps, one, other))
    shift = float(offset + _between_origins(x, y))
    other = other.moved(shift)
    fps = float(min(one.fps, other.fps) if fps is None else fps)
    times = _shared_times(one, other, fps)
    if len(times) < 2:
        spans = f"x: {span(one.times[0], one.times[-1])}; y: {span(other.times[0], other.times[-1])}"
        moved = f", its times shifted by {seconds(shift)}" if shift else ""
        raise ValueError(
            f"align(): expected x and y to have at least two frames of time in common, got {spans}{moved}; pass the "
            "seconds to add to y's times, offset=…"
        )
    step: dict[str, str | float] = {"function": "align", "fps": fps, "shift": 0.0}
    x = onto_times(x, one, times, max_gap, step)
    y = onto_times(y, other, times, max_gap, {**step, "shift": shift})
    y.attrs.pop("time_origin", None)  # both are on x's time axis
    return x, y.assign_attrs({k: v for k, v in x.attrs.items() if k == "time_origin"})


def shared_clock(x: xr.DataArray, y: xr.DataArray, subject: str = "the recordings") -> tuple[float, int]:
    """Frames per second of two recordings with the same frame times, and the number of frames that both have.

    Frame times are the same if both are regular, start together, have one rate, and no shared frame differs by half
    a frame or more; lengths may differ. Otherwise raises ValueError, of `subject`, with both time spans and rates.

    >>> from bitbox_xr import signals
    >>> shared_clock(signals(np.zeros((90, 1)), fps=30), signals(np.zeros((60, 2)), fps=30))
    (30.0, 60)
    """
    x, y = on_seconds(x), on_seconds(y)
    axes = [a.coords.variables[TIME].values for a in (x, y)]
    equal, rates = np.array_equal(*axes), [_rate(axes[0])]
    rates.append(rates[0] if equal else _rate(axes[1]))
    refuse(
        subject,
        [
            f"expected {label} to have regular times, got {validation.irregularity(axis)}; see align() or resample()"
            for label, axis, rate in zip("xy", axes, rates, strict=True)
            if rate is None
        ],
    )
    frames = min(len(axis) for axis in axes)
    apart = 0.0 if equal else np.abs(axes[0][:frames] - axes[1][:frames]).max() * max(rate or 0.0 for rate in rates)
    origins = [a.attrs.get("time_origin") for a in (x, y)]
    if apart >= 0.5 or _customary_but_different(*rates) or (all(origins) and _origins_apart(x, y)):
        spans = [
            f"{label}: {span(axis[0], axis[-1])} at {rate:g} frames per second" + (f", from {origin}" if origin else "")
            for label, axis, rate, origin in zip("xy", axes, rates, origins, strict=True)
        ]
        refuse(subject, [f"expected x and y to have the same frame times, got {'; '.join(spans)}; see align(x, y)"])
    return float(rates[0] or np.nan), frames


def left_out_text(x: xr.DataArray, y: xr.DataArray, rate: float) -> str:
    """A warning if one recording is much longer, because only the frames that both have are used; "" if not."""
    lengths = {"x": x.sizes[TIME], "y": y.sizes[TIME]}
    (shorter, frames), (longer, most) = sorted(lengths.items(), key=lambda one: one[1])
    if most - frames <= MAX_LEFT_OUT * most:
        return ""
    return (
        f"expected x and y of one length, got {longer} of {seconds(most / rate)} and {shorter} of "
        f"{seconds(frames / rate)}; what {longer} has beyond the end of {shorter} is left out"
    )


def _rate(axis: np.ndarray) -> float | None:
    # A single frame has no rate. It is too short for any measure, and the measure's own message says so better.
    return frame_rate.regular_rate(axis) if len(axis) > 1 else frame_rate.DEFAULT_FPS


def _customary_but_different(rate1: float | None, rate2: float | None) -> bool:
    """Whether two customary rates differ: 29.97 and 30 differ by half a frame only after 17 seconds."""
    return rate1 != rate2 and rate1 in frame_rate.CUSTOMARY_FPS and rate2 in frame_rate.CUSTOMARY_FPS


# --- checks


def _offset_faults(offset: object) -> list[str]:
    if validation.is_number(offset) and abs(offset) <= validation.MAX_OPTION:
        return []
    most = f"{validation.MAX_OPTION:g}"
    return [f"expected offset to be a number of seconds from -{most} to {most}, got {offset!r}"]


def _irregular_faults(fps: float | None, *both: Frames) -> list[str]:
    """Faults of `align` without a rate, which needs the rates of two regular recordings."""
    if fps is not None:
        return []
    return [
        f"expected {label} to have regular times when fps is not given, got {validation.irregularity(own.times)}; "
        "pass fps=…"
        for label, own in zip("xy", both, strict=True)
        if own.grid is None
    ]


def _origin_faults(*recordings: xr.DataArray) -> list[str]:
    try:
        _between_origins(*recordings)
    except (ValueError, TypeError):
        origins = [repr(x.attrs["time_origin"]) for x in recordings]
        return [
            "expected attributes time_origin that are dates in ISO format, or both times of day (HH:MM:SS), got "
            f"{' and '.join(origins)}; correct or remove them"
        ]
    return []


def _origins_apart(x: xr.DataArray, y: xr.DataArray) -> bool:
    """Whether the attributes `time_origin` are different dates or times of day, in any notation, or other texts."""
    unlike = x.attrs.get("time_origin") != y.attrs.get("time_origin")
    return unlike and (bool(_origin_faults(x, y)) or _between_origins(x, y) != 0)


def _between_origins(x: xr.DataArray, y: xr.DataArray) -> float:
    """Seconds from the origin of x's times to that of y's if both have one, otherwise 0."""
    if "time_origin" not in x.attrs or "time_origin" not in y.attrs:
        return 0.0
    one, other = (_origin(a.attrs["time_origin"]) for a in (x, y))
    if isinstance(one, pd.Timedelta) and isinstance(other, pd.Timedelta):  # midnight may lie between them
        return float(((other - one).total_seconds() + DAY_S / 2) % DAY_S - DAY_S / 2)
    if isinstance(one, pd.Timestamp) and isinstance(other, pd.Timestamp):
        return float((other - one).total_seconds())
    raise TypeError("a date and a time of day have no difference")


def _origin(origin: str) -> pd.Timestamp | pd.Timedelta:
    return pd.Timedelta(origin) if TIME_OF_DAY.fullmatch(str(origin)) else pd.Timestamp(origin)


# --- common times


def _shared_times(one: Frames, other: Frames, fps: float) -> np.ndarray:
    """Frame times at `fps` in the common span: those of the recording with this rate, if there is one."""
    start, stop = max(one.times[0], other.times[0]), min(one.times[-1], other.times[-1])
    grids = [own.grid for own in (one, other) if own.grid and np.isclose(own.grid.fps, fps, rtol=1e-9)]
    anchor = grids[0].start if grids else start
    same = max(rounding(one.times), rounding(other.times))
    first = int(np.ceil((start - anchor - same) * fps))
    last = int(np.floor((stop - anchor + same) * fps))
    times: np.ndarray = anchor + np.arange(first, last + 1) / fps
    return times
