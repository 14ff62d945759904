"""Resampling of a recording to a regular frame rate, by linear interpolation of signals and coordinates.

Values are interpolated between frames, but not across a gap longer than `max_gap`, and not before the first or after
the last value of a signal; there, results are NaN. The length of a gap is the time from the last frame before it to the
first frame after it.
"""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from bitbox_xr.core import validation
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.provenance import append_history
from bitbox_xr.core.signal_set import as_signals
from bitbox_xr.core.time_axis import TIME_ATTRS
from bitbox_xr.core.types import SignalsLike
from bitbox_xr.core.variables import MASKED, SIGNAL, TIME, number_name
from bitbox_xr.kernels import frame_rate
from bitbox_xr.kernels.interpolation import GAP_TOLERANCE_S, Lowpass, interpolate, lowpass, rounding
from bitbox_xr.preprocessing.regularity import MIN_GAP_STEPS, Frames, frames_of

__all__ = ["checked_recordings", "interpolated", "max_gap_faults", "max_rate_faults", "onto_times", "resample"]

MAX_RATE_FACTOR = 1000  # largest new rate, as a multiple of the recording's own
# A smaller ratio of the new to the old rate is low-pass filtered. For a ratio near 1, less aliases than the filter
# would remove from fast signals.
MIN_UNFILTERED_RATIO = 0.99
NUMBERS, TEXTS = "biuf", "UOST"  # kinds of NumPy types


def resample(x: SignalsLike, fps: float, *, max_gap: float | None = None) -> xr.DataArray:
    """Resample a recording to regular frame times, `fps` frames per second from its first frame on.

    Values between frames are interpolated linearly. If the rate decreases by more than 1 %, signals are low-pass
    filtered first to avoid aliasing. The rate of a recording with irregular times is one frame per median step.

    The filter has zero phase (a sinc with a Kaiser window, `scipy.signal.firwin`). Frequencies below 0.3 `fps` pass
    to within 1 %, half of the amplitude is left at 0.4 `fps`, and frequencies above 0.5 `fps`, which would alias, are
    attenuated by 60 dB. The filter reaches 10 frames of the result to both sides. For the filter alone, gaps are
    bridged linearly and the ends are extended by their last values, so that frames near a gap or an end depend on
    these values; the gaps themselves are NaN in the result, as they are without a filter. The filter overshoots a step
    by 8 %.

    Times that deviate from a regular time axis by no more than a quarter of a frame are treated as regular: frames are
    placed on that axis. At its own rate, a regular recording keeps all its values exactly, and missing rows are
    added as NaN.

    Parameters
    ----------
    x
        Signals `(…, time, signal)`; their times need not be regular.
    fps
        Frames per second of the result.
    max_gap
        Longest gap to bridge, in seconds from the last frame before it to the first frame after it. Default: 1.5
        median steps, which bridges no missing frame.

    Returns
    -------
    DataArray
        `(…, time, signal)` within x's time span, with coordinates, attributes, dtype and laziness as in `align`.
        A dask array has one chunk along time, and is split along signals if this chunk is large.

    Raises
    ------
    ValueError
        If the input is not valid (the message lists all faults), or if the recording has less than two frames at the
        new rate.

    Examples
    --------
    >>> from bitbox_xr import signals
    >>> x = signals([[0.0], [3.0], [4.0], [7.0], [9.0]], time=[0.0, 0.3, 0.4, 0.7, 0.9])
    >>> regular = resample(x, 10, max_gap=0.3)
    >>> regular.values[:, 0]
    array([0., 1., 2., 3., 4., 5., 6., 7., 8., 9.])
    """
    faults = validation.fps_faults(fps, needed=True) + max_gap_faults(max_gap)
    ((x, own),) = checked_recordings("resample()", faults, {"x": x}, max_gap)
    refuse("resample()", max_rate_faults(fps, own))
    count = int(np.floor((own.times[-1] - own.times[0] + rounding(own.times)) * fps)) + 1
    if count < 2:
        span = own.times[-1] - own.times[0]
        raise ValueError(
            f"resample(): expected a result of at least two frames, got one ({span:g} s at fps={fps:g}); increase fps"
        )
    times = frame_rate.frame_times(count, float(fps), float(own.times[0]))
    return onto_times(x, own, times, max_gap, {"function": "resample", "fps": float(fps)})


# --- checks that align() and fill_gaps() share


def checked_recordings(
    function: str, faults: list[str], inputs: Mapping[str, SignalsLike], max_gap: float | None = None
) -> list[tuple[xr.DataArray, Frames]]:
    """Check inputs and return each as signals with its frame times; raises all faults, with the given ones, at once."""
    checked: list[tuple[xr.DataArray, Frames]] = []
    for label, data in inputs.items():
        try:
            x = as_signals(data, label=label)
        except ValueError as error:
            faults = [*faults, str(error)]
            continue
        if x.sizes[TIME] < 2:
            faults = [*faults, f"{label}: expected at least two frames, got one"]
            continue
        own = frames_of(x)
        if max_gap is not None and not max_gap_faults(max_gap) and max_gap < own.step - GAP_TOLERANCE_S:
            faults = [
                *faults,
                f"expected max_gap to be at least {own.step:g} s, the step of {label}, got {max_gap:g} s",
            ]
        if len(x.variable.chunksizes.get(TIME, ())) > 1:
            # Interpolation needs the whole time axis of a signal; "auto" limits the number of signals in a chunk.
            x = x.chunk({TIME: -1, SIGNAL: "auto"})
        checked.append((x, own))
    refuse(function, faults)
    return checked


def max_gap_faults(max_gap: object) -> list[str]:
    """Faults of the option `max_gap`; None and infinity are allowed."""
    if max_gap is None or max_gap == np.inf or (validation.is_number(max_gap) and max_gap > 0):
        return []
    return [f"expected max_gap to be a positive number of seconds, got {max_gap!r}"]


def max_rate_faults(fps: float | None, *recordings: Frames) -> list[str]:
    """Faults of a new rate so large that the result could fill the memory; it is usually a typing error."""
    most = MAX_RATE_FACTOR * max(own.fps for own in recordings)
    if fps is None or fps <= most:
        return []
    return [f"expected fps to be at most {most:g}, {MAX_RATE_FACTOR} times the recording's own rate, got {fps:g}"]


# --- interpolation


def onto_times(
    x: xr.DataArray, own: Frames, times: np.ndarray, max_gap: float | None, step: Mapping[str, str | int | float]
) -> xr.DataArray:
    """Interpolate `x` from its frame times `own` to regular `times`.

    `step` is the entry for the attribute `history`, with the rate of `times` as "fps".
    """
    fps = float(step["fps"])
    longest = MIN_GAP_STEPS * own.step if max_gap is None else float(max_gap)
    filtered = fps < MIN_UNFILTERED_RATIO * own.fps
    smooth = lowpass(own.times, own.fps, fps, regular=own.grid is not None) if filtered else None
    along = {
        name: _nearest(c, own.times, times)
        if _is_labelling(x, str(name))
        else interpolated(c.reset_coords(drop=True), own.times, times, longest, flags=True)
        for name, c in x.coords.items()
        if TIME in c.dims and name != TIME and c.dtype.kind in NUMBERS + TEXTS
    }
    out = interpolated(x, own.times, times, longest, smooth)
    out = out.assign_coords({TIME: (TIME, times, {**TIME_ATTRS, **x[TIME].attrs}), **along})
    out = out.assign_attrs(validation.stated(fps))
    bridged = longest if np.isfinite(longest) else "inf"  # JSON has no infinity
    origin = {"from_fps": own.fps, "from_regular": int(own.grid is not None)}
    return append_history(out, {**step, "max_gap": bridged, **origin, "filtered": int(filtered)})


def _is_labelling(x: xr.DataArray, name: str) -> bool:
    """Whether a coordinate holds labels, numbers of the intervals of labels, or what was masked."""
    numbers = [number_name(str(label)) for label, c in x.coords.items() if TIME in c.dims]
    return name == MASKED or name in numbers or x[name].dtype.kind in TEXTS


def _nearest(coord: xr.DataArray, times: np.ndarray, targets: np.ndarray) -> xr.DataArray:
    """A coordinate at the frames nearest to `targets`, the earlier one of two at equal distance; without `time`."""
    after = np.searchsorted(times, targets).clip(1, len(times) - 1)
    later = times[after] - targets + rounding(times) < targets - times[after - 1]
    return coord.reset_coords(drop=True).drop_vars(TIME).isel({TIME: np.where(later, after, after - 1)})


def interpolated(
    a: xr.DataArray,
    times: np.ndarray,
    targets: np.ndarray,
    longest: float,
    smooth: Lowpass | None = None,
    flags: bool = False,
) -> xr.DataArray:
    """`a` `(…, time, …)`, with frames at `times`, interpolated to `targets`; without coordinates along time."""
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
