"""Recordings brought onto a clock: filled, resampled, two of them aligned; and whether two are on one clock already.

Between frames lie straight lines, but never across a gap longer than `max_gap` and never beyond the first and the
last frame that is there: what lies there is NaN. A gap is the time between the frames on both sides of it.
"""

import json
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bitbox_xr.core import validation
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.provenance import LOST, counted_anew
from bitbox_xr.core.signal_set import as_signals
from bitbox_xr.core.time_axis import TIME_ATTRS, on_seconds
from bitbox_xr.core.types import SignalsLike
from bitbox_xr.core.variables import SIGNAL, TIME
from bitbox_xr.kernels import frame_rate
from bitbox_xr.kernels.interpolation import GAP_TOLERANCE_S, Lowpass, interpolate, lowpass, rounding
from bitbox_xr.preprocessing.regularity import STEPS, Frames, frames_of, regularity

__all__ = ["align", "fill_gaps", "regularity", "resample", "shared_clock"]

MORE = 1000  # times a recording's own rate that it may be brought to
FALLS = 0.99  # of the rate: what aliases above is as little as the filter, which takes from all fast signals, is not


def align(
    x: SignalsLike, y: SignalsLike, *, fps: float | None = None, offset: float = 0.0, max_gap: float | None = None
) -> tuple[xr.DataArray, xr.DataArray]:
    """Two recordings on one regular clock, x's, over the span that both have.

    Their rates, starts and lengths may differ, frames may be missing, and their clocks need not be regular.
    Values between frames lie on straight lines; where the rate falls, what would alias is filtered out first
    (see `resample`). Frames that fall on a frame of their recording keep its numbers to the bit unless the rate
    falls.

    Parameters
    ----------
    x, y
        Signals `(…, time, signal)`, of whatever rate. Their other dimensions and their signals need not match.
    fps
        Frames per second of both results. By default the lower of the two rates, each of which must then be
        regular but for missing frames.
    offset
        Seconds added to y's times first: 2.0 where y's clock was started two seconds after x's. Recordings
        whose times were dates (attribute `time_origin`) are also moved by what their origins differ.
    max_gap
        Longest gap to bridge, in seconds from frame to frame; `numpy.inf` bridges all between the first and
        the last frame of a signal. By default 1.5 median steps of each recording: no lost frame is bridged.

    Returns
    -------
    x, y
        `(…, time, signal)` with one `time`: the frames of x, or of y, if `fps` is its rate, else beginning with
        the span. Signals' coordinates, numeric coordinates along time and attributes are kept, float32 stays
        float32, dask stays lazy. Coordinates along time are interpolated too, but those that hold only 0 and 1 (such
        as `success`; True and False become 1 and 0) have the value of the nearest frame, the earlier of two equally
        near ones; in gaps they are NaN. The attribute `history` tells what was done, as JSON.

    Raises
    ------
    ValueError
        For every fault of the input at once; if no rate is given where one clock is irregular; if the recordings
        have less than two frames of time in common.

    Examples
    --------
    >>> from bitbox_xr import signals
    >>> x = signals(np.arange(60.0)[:, None] / 30, fps=30)
    >>> y = signals(np.arange(60.0)[:, None] / 25, fps=25)
    >>> x2, y2 = align(x, y, offset=0.5)
    >>> x2.sizes["time"], x2.time.values[:3], y2.values[:3, 0]
    (37, array([0.5 , 0.54, 0.58]), array([0.  , 0.04, 0.08]))
    """
    faults = validation.fps_faults(fps) + _offset_faults(offset) + _gap_faults(max_gap)
    (x, one), (y, other) = _taken("align()", faults, {"x": x, "y": y}, max_gap)
    refuse("align()", _rate_faults(fps, one, other) + _origin_faults(x, y) + _size_faults(fps, one, other))
    shift = float(offset + _between_origins(x, y))
    other = other.moved(shift)
    fps = float(min(one.fps, other.fps) if fps is None else fps)
    times = _shared_times(one, other, fps)
    if len(times) < 2:
        spans = f"x: {one.times[0]:g} to {one.times[-1]:g} s; y: {other.times[0]:g} to {other.times[-1]:g} s"
        moved = f", its times moved by {shift:g} s" if shift else ""
        raise ValueError(
            f"align(): x and y have no two frames of time in common ({spans}{moved}); give the seconds to add to y's "
            "times, offset=…"
        )
    done = {"function": "align", "fps": fps, "shift": 0.0}
    x = _onto(x, one, times, max_gap, done)
    y = _onto(y, other, times, max_gap, {**done, "shift": shift})
    y.attrs.pop("time_origin", None)  # both are on x's clock
    return x, y.assign_attrs({k: v for k, v in x.attrs.items() if k == "time_origin"})


def resample(x: SignalsLike, fps: float, *, max_gap: float | None = None) -> xr.DataArray:
    """A recording on the regular clock of `fps` frames a second that begins with its first frame.

    Between frames lie straight lines. Where the rate falls by over 1 % (that of an irregular clock is one frame per
    median step), the signals first pass a zero-phase filter (a Kaiser window's sinc, `scipy.signal.firwin`): what is
    slower than 0.3 `fps` passes to within 1 %, half is left at 0.4 `fps`, and what is faster than half of `fps`,
    and so would alias, is down by 60 dB. It reaches 10 frames of the result to both sides. For the filter alone
    gaps are bridged by straight lines and ends held, so that frames near them lean on those; what lies in a gap is
    NaN afterwards as it is without a filter. Like any such filter it overshoots a step, by 8 %.

    A clock that is regular but for jitter within a quarter frame counts as regular: its frames are then taken to
    be where the regular clock has them. At its own rate a regular recording keeps every number to the bit, and
    frames missing as rows come back as NaN.

    Parameters
    ----------
    x
        Signals `(…, time, signal)`; their clock need not be regular.
    fps
        Frames per second of the result.
    max_gap
        Longest gap to bridge, in seconds from frame to frame; by default 1.5 median steps: no lost frame is.

    Returns
    -------
    DataArray
        `(…, time, signal)`, within x's span, with coordinates, attributes, dtype and laziness as `align` has them.
        In dask time becomes one chunk, and signals are split where that is large.

    Raises
    ------
    ValueError
        For every fault of the input at once; if the recording has less than two frames at this rate.

    Examples
    --------
    >>> from bitbox_xr import signals
    >>> x = signals([[0.0], [3.0], [4.0], [7.0], [9.0]], time=[0.0, 0.3, 0.4, 0.7, 0.9])
    >>> regular = resample(x, 10, max_gap=0.3)
    >>> regular.values[:, 0]
    array([0., 1., 2., 3., 4., 5., 6., 7., 8., 9.])
    """
    faults = validation.fps_faults(fps, needed=True) + _gap_faults(max_gap)
    ((x, own),) = _taken("resample()", faults, {"x": x}, max_gap)
    refuse("resample()", _size_faults(fps, own))
    count = int(np.floor((own.times[-1] - own.times[0] + rounding(own.times)) * fps)) + 1
    if count < 2:
        span = own.times[-1] - own.times[0]
        raise ValueError(f"resample(): at fps={fps:g} a recording of {span:g} s is one frame; two are wanted")
    times = frame_rate.frame_times(count, float(fps), float(own.times[0]))
    return _onto(x, own, times, max_gap, {"function": "resample", "fps": float(fps)})


def fill_gaps(x: SignalsLike, *, max_gap: float) -> xr.DataArray:
    """A recording with its short gaps bridged by straight lines, each signal its own; its frames stay as they are.

    Parameters
    ----------
    x
        Signals `(…, time, signal)`, missing values NaN. Frames that are missing as rows stay so: `resample`
        brings them back.
    max_gap
        Longest gap to bridge, in seconds from frame to frame: n lost frames leave a gap of (n + 1) / fps.

    Returns
    -------
    DataArray
        `(…, time, signal)`, with coordinates, attributes, dtype and laziness as `align` has them.

    Raises
    ------
    ValueError
        For every fault of the input at once, a `max_gap` too short to bridge a single frame among them.

    Examples
    --------
    >>> from bitbox_xr import signals
    >>> x = signals(np.array([[0.0, np.nan, 2.0, np.nan, np.nan, 5.0, np.nan]]).T, fps=10)
    >>> fill_gaps(x, max_gap=0.2).values[:, 0]
    array([ 0.,  1.,  2., nan, nan,  5., nan])
    """
    faults = _gap_faults(max_gap) if max_gap is not None else ["max_gap is None; a number of seconds is wanted"]
    ((x, own),) = _taken("fill_gaps()", faults, {"x": x})
    shortest = float((own.times[2:] - own.times[:-2]).min()) if len(own.times) > 2 else 0.0
    if max_gap < shortest - GAP_TOLERANCE_S:
        raise ValueError(f"fill_gaps(): max_gap is {max_gap:g} s; one lost frame leaves a gap of {shortest:g} s")
    filled = _interpolated(x, own.times, own.times, max_gap)
    filled = filled.assign_coords({name: c for name, c in x.coords.items() if TIME in c.dims})
    return _noted(filled, {"function": "fill_gaps", "max_gap": float(max_gap) if np.isfinite(max_gap) else "inf"})


def shared_clock(x: xr.DataArray, y: xr.DataArray) -> tuple[float, int]:
    """Frames per second of two recordings on one clock, and how many frames both have.

    Two clocks are one if they are regular, start together, have one rate, and no shared frame is off by half
    a frame; lengths may differ. ValueError otherwise, with both ranges and rates.

    >>> from bitbox_xr import signals
    >>> shared_clock(signals(np.zeros((90, 1)), fps=30), signals(np.zeros((60, 2)), fps=30))
    (30.0, 60)
    """
    x, y = on_seconds(x), on_seconds(y)
    axes = [a[TIME].values for a in (x, y)]
    rates = [_rate(axis) for axis in axes]
    refuse(
        "the recordings' time",
        [
            f"{label} is not regular ({validation.irregularity(axis)}); "
            "put it on a regular clock by align() or resample()"
            for label, axis, rate in zip("xy", axes, rates, strict=True)
            if rate is None
        ],
    )
    frames = min(len(axis) for axis in axes)
    apart = np.abs(axes[0][:frames] - axes[1][:frames]).max() * max(rate or 0.0 for rate in rates)
    origins = [a.attrs.get("time_origin") for a in (x, y)]
    if apart >= 0.5 or _unlike(*rates) or (all(origins) and _origins_apart(x, y)):
        spans = [
            f"{label}: {axis[0]:g} to {axis[-1]:g} s at {rate:g} frames a second{f', from {origin}' if origin else ''}"
            for label, axis, rate, origin in zip("xy", axes, rates, origins, strict=True)
        ]
        raise ValueError(f"x and y are not on one clock ({'; '.join(spans)}); bring them onto one with align(x, y)")
    return float(rates[0] or np.nan), frames


def _rate(axis: np.ndarray) -> float | None:
    # a single frame has no rate; it is too short for any measure, which says so better than this could
    return frame_rate.regular_rate(axis) if len(axis) > 1 else frame_rate.DEFAULT_FPS


def _unlike(rate1: float | None, rate2: float | None) -> bool:
    """Whether two rates differ that are both customary: 29.97 and 30 part by a frame only after 17 seconds."""
    return rate1 != rate2 and rate1 in frame_rate.CUSTOMARY_FPS and rate2 in frame_rate.CUSTOMARY_FPS


# --- input


def _taken(
    function: str, faults: list[str], inputs: dict[str, Any], max_gap: float | None = None
) -> list[tuple[xr.DataArray, Frames]]:
    """The inputs as checked signals, and when their rows were; all faults, those of the options too, at once."""
    taken: list[tuple[xr.DataArray, Frames]] = []
    for label, data in inputs.items():
        try:
            x = as_signals(data, label=label)
        except ValueError as error:
            faults = [*faults, str(error)]
            continue
        if x.sizes[TIME] < 2:
            faults = [*faults, f"{label}: there is one frame; two at least are wanted"]
            continue
        own = frames_of(x)
        if max_gap is not None and not _gap_faults(max_gap) and max_gap < own.step - GAP_TOLERANCE_S:
            faults = [*faults, f"max_gap is {max_gap:g} s; the step of {label} is longer, {own.step:g} s"]
        if len(x.variable.chunksizes.get(TIME, ())) > 1:
            # a signal needs the whole of its time; as many signals at once as a chunk of dask's size holds
            x = x.chunk({TIME: -1, SIGNAL: "auto"})
        taken.append((x, own))
    refuse(function, faults)
    return taken


def _gap_faults(max_gap: object) -> list[str]:
    if max_gap is None or max_gap == np.inf or (validation.is_number(max_gap) and max_gap > 0):
        return []
    return [f"max_gap is {max_gap!r}; a positive number of seconds is wanted"]


def _offset_faults(offset: object) -> list[str]:
    if validation.is_number(offset) and abs(offset) <= validation.MOST:
        return []
    return [f"offset is {offset!r}; a number of seconds from -{validation.MOST:g} to {validation.MOST:g} is wanted"]


def _rate_faults(fps: float | None, *both: Frames) -> list[str]:
    """No rate is guessed where a clock is not regular."""
    if fps is not None:
        return []
    return [
        f"{label} is not regular ({validation.irregularity(own.times)}), "
        "so that there is no rate to take over; give fps=…"
        for label, own in zip("xy", both, strict=True)
        if own.grid is None
    ]


def _size_faults(fps: float | None, *recordings: Frames) -> list[str]:
    """A slip in the rate makes no recording that fills the memory."""
    most = MORE * max(own.fps for own in recordings)
    if fps is None or fps <= most:
        return []
    return [f"fps is {fps:g}; at most {most:g} is wanted, {MORE} times the recording's own rate"]


def _origin_faults(*recordings: xr.DataArray) -> list[str]:
    try:
        _between_origins(*recordings)
    except (ValueError, TypeError):
        origins = [repr(x.attrs["time_origin"]) for x in recordings]
        return [f"the attributes time_origin are {' and '.join(origins)}; two dates in ISO form are wanted"]
    return []


def _origins_apart(x: xr.DataArray, y: xr.DataArray) -> bool:
    """Whether the attributes time_origin are not of one moment, in whatever form; what is no date is text."""
    unlike = x.attrs.get("time_origin") != y.attrs.get("time_origin")
    return unlike and (bool(_origin_faults(x, y)) or _between_origins(x, y) != 0)


def _between_origins(x: xr.DataArray, y: xr.DataArray) -> float:
    """Seconds from x's time 0 to y's where both were dates, else 0."""
    if "time_origin" not in x.attrs or "time_origin" not in y.attrs:
        return 0.0
    return float((pd.Timestamp(y.attrs["time_origin"]) - pd.Timestamp(x.attrs["time_origin"])).total_seconds())


# --- output


def _shared_times(one: Frames, other: Frames, fps: float) -> np.ndarray:
    """The frames at `fps` of the span that both have: those of the recording that has this rate, if one has."""
    start, stop = max(one.times[0], other.times[0]), min(one.times[-1], other.times[-1])
    grids = [own.grid for own in (one, other) if own.grid and np.isclose(own.grid.fps, fps, rtol=1e-9)]
    anchor = grids[0].start if grids else start
    same = max(rounding(one.times), rounding(other.times))
    first = int(np.ceil((start - anchor - same) * fps))
    last = int(np.floor((stop - anchor + same) * fps))
    times: np.ndarray = anchor + np.arange(first, last + 1) / fps
    return times


def _onto(x: xr.DataArray, own: Frames, times: np.ndarray, max_gap: float | None, done: dict[str, Any]) -> xr.DataArray:
    """`x`, whose rows were at `own`, at `times`; `done` tells what that is for, with the rate of `times` as fps."""
    fps = done["fps"]
    longest = STEPS * own.step if max_gap is None else float(max_gap)
    falls = fps < FALLS * own.fps
    smooth = lowpass(own.times, own.fps, fps, regular=own.grid is not None) if falls else None
    along = {
        name: _interpolated(c.reset_coords(drop=True), own.times, times, longest, flags=True)
        for name, c in x.coords.items()
        if TIME in c.dims and name != TIME and c.dtype.kind in "biuf"
    }
    out = _interpolated(x, own.times, times, longest, smooth)
    out = out.assign_coords({TIME: (TIME, times, {**TIME_ATTRS, **x[TIME].attrs}), **along})
    out = out.assign_attrs(validation.stated(fps))
    reach = longest if np.isfinite(longest) else "inf"  # JSON has no infinity
    origin = {"from_fps": own.fps, "from_regular": int(own.grid is not None)}
    return _noted(out, {**done, "max_gap": reach, **origin, "filtered": int(falls)})


def _interpolated(
    a: xr.DataArray,
    times: np.ndarray,
    targets: np.ndarray,
    longest: float,
    smooth: Lowpass | None = None,
    flags: bool = False,
) -> xr.DataArray:
    """`a` `(…, time, …)`, whose frames are at `times`, at `targets`; without coordinates along time."""
    a = a if a.dtype.kind == "f" else a.astype(np.float64)
    out: xr.DataArray = xr.apply_ufunc(
        interpolate,
        a,
        kwargs={"times": times, "targets": targets, "longest": longest, "smooth": smooth, "flags": flags},
        input_core_dims=[[TIME]],
        output_core_dims=[[TIME]],
        exclude_dims={TIME},
        dask="parallelized",
        output_dtypes=[a.dtype],
        dask_gufunc_kwargs={"output_sizes": {TIME: len(targets)}},
        keep_attrs=True,
    )
    return out.transpose(*a.dims)


def _noted(x: xr.DataArray, done: dict[str, Any]) -> xr.DataArray:
    """`x` with what was done to it at the end of its attribute `history`, and its lost frames counted anew."""
    earlier = x.attrs.get("history", "[]")
    try:
        steps = list(json.loads(earlier))
    except (TypeError, ValueError):  # another program's, in its own form
        steps = [str(earlier)]
    x = x.assign_attrs(history=json.dumps([*steps, done]))
    known = counted_anew(x)
    x.attrs.pop(LOST, None)
    return x.assign_attrs(known)
