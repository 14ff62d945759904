"""Kinematics, smoothness and relative motion of landmarks, of the face rectangle and of the head.

The position of a point is its coordinates at a frame, and d is the change of the position from one frame to the next.
Velocity is d · fps; acceleration and jerk are the changes of velocity and of acceleration between frames, times fps.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

import numpy as np
import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.geometry import Points, points_of
from bitbox_xr.core.lazy import is_lazy, later, on_cluster
from bitbox_xr.core.provenance import carried, result_attrs
from bitbox_xr.core.signal_set import as_signals, rate
from bitbox_xr.core.types import Array, Attrs, SignalsLike
from bitbox_xr.core.validation import counted, listed, name_faults
from bitbox_xr.core.variables import RESERVED, SIGNAL, TIME, variable_attrs
from bitbox_xr.kernels import motion as kernel
from bitbox_xr.preprocessing.intervals import Labels, by_faults, labels_along_time

if TYPE_CHECKING:
    import dask.array as da

__all__ = ["kinematics", "relative_motion", "smoothness"]

MEAN: Literal["mean"] = "mean"

# The mean position, frame numbers (integers) or times in s (floats)
FramesLike: TypeAlias = Literal["mean"] | int | float | Sequence[int] | Sequence[float] | np.ndarray


def kinematics(x: SignalsLike, *, angular: bool = False, by: str | None = None, fps: float | None = None) -> xr.Dataset:
    """Measure how far and how fast each point moves: range, path, speed and acceleration.

    Parameters
    ----------
    x
        Landmarks, a head pose or face rectangles with regular frame times: a DataArray `(…, time, signal)` of kind
        landmark, landmark-can, pose or rectangle, or such a Bitbox dictionary. Missing frames are NaN.
    angular
        For a pose. False: use the translation of the head. True: use its rotation, with the three angles as
        coordinates.
    by
        Name of a coordinate along time with labels (see `annotate`), such as "condition", which becomes a dimension:
        each label is measured over all its intervals, without differences across their edges.
    fps
        Frames per second, for input without times.

    Returns
    -------
    Dataset
        The dimensions are `(…, landmark)`, with `by` `(…, condition, landmark)`, with the landmarks' `region` and
        `side`. A pose or rectangles (their centre) are a single point, without the dimension `landmark`. In the units
        of the signals:

        - `range` (units): norm of the largest minus the smallest coordinates of the point
        - `path` (units): Σ |d|
        - `speed` (units/s): mean |d| · fps
        - `acceleration` (units/s²): mean |Δd| · fps²
        - `valid`: share of frames at which the point is present

        Here d is the change of the position from one frame to the next, and Δd the change of d. The result is lazy if
        the input is a dask array.

    Raises
    ------
    ValueError
        If the signals are of another kind, their names do not identify coordinates, there are fewer than 3 frames,
        the frame times are irregular, values are infinite (for dask arrays, when they are computed), or there are no
        labels `by` along time.

    Notes
    -----
    A point is missing at a frame if any of its coordinates is. Differences that involve missing frames are left out:
    `path` is the sum over the steps present, and `speed` and `acceleration` are means over the differences present,
    NaN without any. Angles are used as they are, so that a jump by 2π counts as movement.

    Noise counts as movement. A point at rest whose two coordinates have noise of standard deviation σ moves 1.8 σ per
    frame, and its acceleration grows with the square of the frame rate. Compare recordings of the same tracker at the
    same frame rate, or smooth first.

    Examples
    --------
    A face that moves twice round a circle of radius 10 pixels in 4 s: 2 · 2π · 10 pixels, at 31.4 pixels/s.

    >>> from bitbox_xr import signals
    >>> turn = np.pi * np.arange(121) / 30
    >>> box = np.stack([10 * np.cos(turn), 10 * np.sin(turn), 0 * turn + 50, 0 * turn + 50], axis=1)
    >>> found = kinematics(signals(box, kind="rectangle", fps=30))
    >>> found.path.round(1).item(), found.speed.round(1).item(), found.speed.attrs["units"]
    (125.6, 31.4, 'pixel/s')
    """
    return _motion_summary(
        "kinematics", ("range", "path", "speed", "acceleration", "valid"), x, angular, by, fps, least=3
    )


def smoothness(x: SignalsLike, *, angular: bool = False, by: str | None = None, fps: float | None = None) -> xr.Dataset:
    """Measure how smoothly each point moves: jerk and log dimensionless jerk.

    Parameters
    ----------
    x, angular, by, fps
        As for `kinematics`.

    Returns
    -------
    Dataset
        The dimensions are those of `kinematics`:

        - `jerk` (units/s³): mean |ΔΔd| · fps³, with d the change of the position from one frame to the next
        - `ldj`: log dimensionless jerk −ln(T³ · Σ |a|² · dt / v²), with the acceleration a (units/s²), the largest
          speed v (units/s), the duration T (s) and the time dt between frames (s). Larger is smoother. NaN for a point
          that never moves, infinite for one that moves at constant velocity.
        - `valid`: share of frames at which the point is present

        The result is lazy if the input is a dask array.

    Raises
    ------
    ValueError
        As for `kinematics`; fewer than 4 frames.

    Notes
    -----
    Missing frames are treated as in `kinematics`. For `ldj`, T extends from the first to the last frame at which the
    point is present, and missing accelerations are replaced by the mean of those present. Missing frames at the start
    and the end therefore change nothing, and scattered ones change little. With `by`, T is the sum over the intervals
    of a label.

    `ldj` is Bitbox's measure, with the acceleration in units/s². The measure of that name in the literature (Hogan &
    Sternad 2009, Journal of Motor Behavior 41, 529-534) uses the jerk instead. With the acceleration, the argument of
    the logarithm has the unit s² and grows with T: compare recordings of the same length.

    Examples
    --------
    A nod, and a nod with tremor:

    >>> from bitbox_xr import signals
    >>> time = np.arange(60) / 30
    >>> nod, tremor = 20 * np.sin(np.pi * time / 2) ** 2, 0.5 * np.sin(2 * np.pi * 6 * time)
    >>> for height in (nod, nod + tremor):
    ...     chin = signals(np.stack([0 * time, height], axis=1), kind="landmark", fps=30, names=["x8", "y8"])
    ...     print(smoothness(chin).ldj.round(1).values)
    [-4.3]
    [-7.2]
    """
    return _motion_summary("smoothness", ("jerk", "ldj", "valid"), x, angular, by, fps, least=4)


def relative_motion(
    x: SignalsLike,
    *,
    reference: FramesLike = MEAN,
    angular: bool = False,
    by: str | None = None,
    fps: float | None = None,
) -> xr.Dataset:
    """Measure how far each point is from a reference position: its mean position, or that at chosen frames.

    Parameters
    ----------
    x
        As for `kinematics`; the frame times may be irregular.
    reference
        "mean": the mean position of the point. Or one or several frames: integers are frame numbers (negative ones
        count from the end), floats are times in s, for which the nearest frame is used.
    angular, by, fps
        As for `kinematics`. With `by`, the mean position is that of the label's frames, while reference frames are
        frames of the whole recording.

    Returns
    -------
    Dataset
        The dimensions are those of `kinematics`. `distance_min`, `distance_mean`, `distance_std` (ddof 0) and
        `distance_max` over frames are in the units of the signals; `valid` is the share of frames with a distance.
        Reference frames are left out. With several reference frames, each statistic is the mean of the statistics for
        each of them. The result is lazy if the input is a dask array.

    Raises
    ------
    ValueError
        As for `kinematics`, and if `reference` is neither "mean" nor frames of the recording, or includes all frames.

    Notes
    -----
    Frames without the point are ignored, and so are reference frames without it. The result is NaN if no frames
    remain.

    Examples
    --------
    A mouth that opens by 8 mm after one second, relative to its position at the start:

    >>> from bitbox_xr import signals
    >>> chin = np.where(np.arange(60) < 30, 0.0, 8.0)
    >>> x = signals(np.stack([0 * chin, chin, 0 * chin], axis=1), kind="landmark-can", fps=30, names=["x8", "y8", "z8"])
    >>> relative_motion(x, reference=0).distance_max.sel(landmark=8).item()
    8.0
    >>> relative_motion(x, reference=[0.5, 1.5]).distance_mean.sel(landmark=8).item()      # at 0.5 s and 1.5 s
    4.0
    """
    x, points, labels = _prepared("relative_motion", x, angular, by, fps, least=1)
    times = x[TIME].values
    frames = _frames(reference, times)
    options: dict[str, str] = {"reference": MEAN}
    if len(frames):
        used = {"reference": frames, "reference_time": times[frames]}
        options = {name: " ".join(f"{value:.12g}" for value in values) for name, values in used.items()}
    measured = partial(_distances, places=points.places, frames=frames)
    numbers = _apply_to_recordings(x.data, measured, kernel.DISTANCES, points, labels)
    return _result("relative_motion", x, points, numbers, angular, labels, options)


# --- checked input


def _prepared(
    measure: str, x: SignalsLike, angular: bool, by: str | None, fps: float | None, least: int
) -> tuple[xr.DataArray, Points, Labels]:
    """Check signals `(…, time, signal)`; return them, their points and the frames of each label."""
    x = as_signals(x, fps=fps, label="x")
    points = points_of(x, f"{measure}()", angular=angular)
    faults = name_faults(RESERVED[measure], x, dropped=(TIME,)) + name_faults(points.dims, x)
    if x.sizes[TIME] < least:
        got = counted(x.sizes[TIME], "frame")
        faults.append(f"expected at least {least} frames, got {got}; use a longer recording")
    faults += by_faults(by, (*RESERVED[measure], *points.dims), x=x)
    refuse(f"{measure}()", faults)
    return x, points, labels_along_time(f"{measure}()", by, x)


def _frames(reference: FramesLike, times: np.ndarray) -> np.ndarray:
    """Frame numbers of the reference, ascending; empty for the mean."""
    if isinstance(reference, str) and reference == MEAN:
        return np.empty(0, dtype=np.int64)
    values = np.atleast_1d(np.asarray(reference, dtype=object))
    kinds = {np.asarray(one).dtype.kind if np.isscalar(one) else "O" for one in values.ravel().tolist()}
    if values.ndim != 1 or not len(values) or not (kinds <= {*"iu"} or kinds == {"f"}):
        expected = f"{MEAN!r}, frame numbers (integers) or times in s (floats)"
        raise ValueError(f"relative_motion(): expected reference to be {expected}, got {reference!r}")
    frames, faults = _frames_at(values, times) if kinds == {"f"} else _numbered(values, len(times))
    if not faults and len(set(frames)) < len(frames):
        faults = [f"expected each reference frame once, got {listed(values)} with a repeated frame"]
    if not faults and len(frames) == len(times):
        faults = ["expected some frames besides the reference, got all frames as reference; choose fewer"]
    refuse("relative_motion()", faults)
    return np.array(sorted(frames), dtype=np.int64)


def _numbered(numbers: np.ndarray, frames: int) -> tuple[list[int], list[str]]:
    outside = [n for n in numbers.tolist() if not -frames <= n < frames]
    if outside:
        return [], [f"expected reference frames from {-frames} to {frames - 1}, got {listed(outside)}"]
    return [n % frames for n in numbers.tolist()], []


def _frames_at(seconds: np.ndarray, times: np.ndarray) -> tuple[list[int], list[str]]:
    """Frames nearest to these times; each time must be within half a step of a frame."""
    frames = [int(np.argmin(np.abs(times - one))) if np.isfinite(one) else 0 for one in seconds]
    half = np.median(np.diff(times)) / 2 if len(times) > 1 else np.inf
    off = [one for one, frame in zip(seconds, frames, strict=True) if not abs(times[frame] - one) <= half * (1 + 1e-9)]
    if off:
        expected = f"reference times at which there are frames, between {times[0]:g} and {times[-1]:g} s"
        return [], [f"expected {expected}, got {listed(f'{one:g}' for one in off)} s"]
    return frames, []


# --- computation


def _motion_summary(
    measure: str, names: Sequence[str], x: SignalsLike, angular: bool, by: str | None, fps: float | None, least: int
) -> xr.Dataset:
    """Summarise the motion of each point by the variables `names`, in units per second."""
    x, points, labels = _prepared(measure, x, angular, by, fps, least)
    per_second = rate(x)
    numbers = _apply_to_recordings(x.data, partial(_summary, places=points.places), kernel.SUMMARY, points, labels)
    numbers |= {name: numbers[name] * per_second**k for k, name in enumerate(("speed", "acceleration", "jerk"), 1)}
    numbers["ldj"] = numbers["ldj"] + 2 * np.log(per_second)  # its argument is in s², not in frames²
    return _result(measure, x, points, {name: numbers[name] for name in names}, angular, labels, {"fps": per_second})


def _apply_to_recordings(
    data: Array, measure: Callable[..., Any], rows: Sequence[str], points: Points, labels: Labels
) -> dict[str, Array]:
    """Apply `measure` to every recording and label: an array `(…, label, point)` for each row of its result.

    `measure` takes a recording `(time, signal)`, intervals of it, and `call`, which wraps the functions that it calls:
    `delayed` for dask arrays, and otherwise nothing. Its result is `(row, point)`.
    """
    shape = (len(rows), len(points.places.columns))
    work = [(data[at], spans) for at in np.ndindex(data.shape[:-2]) for spans in labels.spans]
    if is_lazy(data):
        import dask.array as da
        from dask import delayed

        call = partial(delayed, pure=True)
        found = da.stack([da.from_delayed(measure(*one, call=call), shape, np.float64) for one in work])
    else:
        found = np.stack([measure(*one, call=lambda function: function) for one in work])
    found = found.reshape(*data.shape[:-2], *labels.sizes, *shape)
    return {name: found[..., k, :] if points.dims else found[..., k, 0] for k, name in enumerate(rows)}


def _summary(recording: Array, spans: list[slice], *, call: Callable[..., Any], places: kernel.Places) -> Any:
    """Summary of the motion of each point over intervals of a recording."""
    parts = [_parts(recording[span], 0, partial(kernel.part, places=places)) for span in spans]
    return call(kernel.summary)(parts, places, sum(span.stop - span.start for span in spans))


def _distances(
    recording: Array, spans: list[slice], *, call: Callable[..., Any], places: kernel.Places, frames: np.ndarray
) -> Any:
    """Distances, in intervals, to the positions at `frames`, or to the mean position in them without any."""
    if len(frames):
        positions = call(kernel.Places.of)(places, recording[frames])
    else:
        middle = partial(kernel.middle, places=places)
        positions = call(kernel.mean_position)([part for span in spans for part in _parts(recording[span], 0, middle)])
    away = partial(kernel.away, places=places, left_out=frames)
    # for the mean, read the recording twice instead of keeping it in memory until the mean is known
    again = not len(frames)
    parts = [part for s in spans for part in _parts(recording[s], s.start, away, positions, again=again)]
    return call(kernel.distances)(parts, sum(int((~np.isin(np.r_[s], frames)).sum()) for s in spans))


def _parts(recording: Array, origin: int, measure: Callable[..., Any], *options: Any, again: bool = False) -> list[Any]:
    """Apply `measure` to each chunk along time, with the number of its first frame, from `origin`, and `options`."""
    if not is_lazy(recording):
        return [measure(recording, origin, *options)]
    whole = cast("da.Array", recording).rechunk({1: -1})
    again = again and not on_cluster(whole)
    bounds = pairwise(accumulate(whole.chunks[0], initial=0))
    return [later(measure, whole[start:stop], again, origin + start, *options) for start, stop in bounds]


# --- labelled results


def _result(
    measure: str,
    x: xr.DataArray,
    points: Points,
    numbers: Mapping[str, Array],
    angular: bool,
    labels: Labels,
    options: Attrs,
) -> xr.Dataset:
    """Label variables `(…, label, point)` with the coordinates of the input."""
    dims = (*(str(dim) for dim in x.dims if dim not in (TIME, SIGNAL)), *labels.dims, *points.dims)
    variables = {name: (dims, values, variable_attrs(name, units=points.units)) for name, values in numbers.items()}
    attrs = _attrs(measure, x, points, angular, {**options, **labels.attrs})
    return xr.Dataset(variables, {**carried(x), **points.coords, **labels.coords}, attrs)


def _attrs(
    measure: str, x: xr.DataArray, points: Points, angular: bool, options: Attrs
) -> dict[str, str | int | float]:
    """Attributes of the result: the options used, and the source of the input."""
    own = {"points": points.name, "angular": int(angular), **options, "frames": int(x.sizes[TIME])}
    return result_attrs(measure, own, x)
