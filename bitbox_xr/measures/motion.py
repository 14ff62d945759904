"""How landmarks, the face rectangle or the head move: how far, how fast, how smoothly, how far from where they were.

A position is a point's coordinates at a frame, d its change from one frame to the next; velocity is d · fps, and
acceleration and jerk are the changes of what comes before each from one frame to the next, times fps.
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.geometry import Points, points_of
from bitbox_xr.core.lazy import is_lazy, later, on_cluster
from bitbox_xr.core.provenance import carried, result_attrs
from bitbox_xr.core.signal_set import as_signals, rate
from bitbox_xr.core.types import Array, SignalsLike
from bitbox_xr.core.validation import counted, listed, name_faults
from bitbox_xr.core.variables import RESERVED, SIGNAL, TIME, variable_attrs
from bitbox_xr.kernels import motion as kernel

if TYPE_CHECKING:
    import dask.array as da

__all__ = ["kinematics", "relative_motion", "smoothness"]

MEAN = "mean"


def kinematics(x: SignalsLike, *, angular: bool = False, fps: float | None = None) -> xr.Dataset:
    """How far and how fast each point moves: range, path, speed and acceleration.

    Parameters
    ----------
    x
        Landmarks, a pose or face rectangles on a regular clock: a DataArray `(…, time, signal)` of kind landmark,
        landmark-can, pose or rectangle, or a Bitbox dictionary of such. Missing frames are NaN.
    angular
        Of a pose. False: the head's translation. True: its rotation, the three angles taken for coordinates.
    fps
        Frames per second, for input without time.

    Returns
    -------
    Dataset
        `(…, landmark)` with the landmarks' `region` and `side`, or `(…)` for the one point of a pose or of
        rectangles (their centre). With the signals' units:

        - `range` (units): norm of a point's largest coordinates less its smallest
        - `path` (units): Σ |d|
        - `speed` (units/s): mean |d| · fps
        - `acceleration` (units/s²): mean |Δd| · fps²
        - `valid`: share of frames in which the point was seen

        Lazy where the input is on dask.

    Raises
    ------
    ValueError
        Signals of another kind; names that tell no coordinates; fewer than 3 frames; an irregular clock; infinite
        values (on dask once they are computed).

    Notes
    -----
    A point that misses a coordinate is missing at that frame. Differences to, from and across missing frames do not
    count: `path` is that of the steps that were seen, `speed` and `acceleration` are means over the differences that
    were seen, NaN where there are none. Angles are taken as they are, a jump by 2π as a movement.

    Noise counts as movement: a point at rest whose two coordinates have noise of deviation σ walks 1.8 σ a frame, and
    its acceleration grows with the square of the rate. Compare recordings of one tracker at one rate, or smooth first.

    Examples
    --------
    A face that goes twice round a circle of 10 pixels in 4 s: 2 · 2π · 10 pixels, at 31.4 pixels/s.

    >>> from bitbox_xr import signals
    >>> turn = np.pi * np.arange(121) / 30
    >>> box = np.stack([10 * np.cos(turn), 10 * np.sin(turn), 0 * turn + 50, 0 * turn + 50], axis=1)
    >>> found = kinematics(signals(box, kind="rectangle", fps=30))
    >>> found.path.round(1).item(), found.speed.round(1).item(), found.speed.attrs["units"]
    (125.6, 31.4, 'pixel/s')
    """
    return _course("kinematics", ("range", "path", "speed", "acceleration", "valid"), x, angular, fps, least=3)


def smoothness(x: SignalsLike, *, angular: bool = False, fps: float | None = None) -> xr.Dataset:
    """How smoothly each point moves: jerk, and the log dimensionless jerk.

    Parameters
    ----------
    x, angular, fps
        As for `kinematics`.

    Returns
    -------
    Dataset
        Dimensions as for `kinematics`:

        - `jerk` (units/s³): mean |ΔΔd| · fps³
        - `ldj`: −ln(T³ · Σ |a|² · dt / v²), with a the acceleration (units/s²), v the largest speed (units/s) and T the
          duration (s). Larger is smoother. NaN for a point that never moves, infinite for one that moves evenly.
        - `valid`: share of frames in which the point was seen

        Lazy where the input is on dask.

    Raises
    ------
    ValueError
        As for `kinematics`; fewer than 4 frames.

    Notes
    -----
    Missing frames as for `kinematics`. For `ldj`, T runs from the first to the last frame in which the point was
    seen, and accelerations that were not seen count as the mean of those that were: frames that are missing before
    and after change nothing, scattered ones little.

    `ldj` is Bitbox's, with a true acceleration in its sum. The measure of that name in the literature (Hogan &
    Sternad 2009, Journal of Motor Behavior 41, 529-534) has the jerk there; with the acceleration what stands under
    the logarithm is in s². It grows with T, so compare recordings of one length.

    Examples
    --------
    A nod, and a nod that trembles:

    >>> from bitbox_xr import signals
    >>> time = np.arange(60) / 30
    >>> nod, tremor = 20 * np.sin(np.pi * time / 2) ** 2, 0.5 * np.sin(2 * np.pi * 6 * time)
    >>> for height in (nod, nod + tremor):
    ...     chin = signals(np.stack([0 * time, height], axis=1), kind="landmark", fps=30, names=["x8", "y8"])
    ...     print(smoothness(chin).ldj.round(1).values)
    [-4.3]
    [-7.2]
    """
    return _course("smoothness", ("jerk", "ldj", "valid"), x, angular, fps, least=4)


def relative_motion(
    x: SignalsLike, *, reference: Any = MEAN, angular: bool = False, fps: float | None = None
) -> xr.Dataset:
    """How far each point is from where it was: distances to its mean position, or to that at chosen frames.

    Parameters
    ----------
    x
        As for `kinematics`; the clock may be irregular.
    reference
        "mean": the point's mean position. Or one or several frames: integers are numbers of frames (negative ones
        from the end), floats are times in s, of which the nearest frame is taken.
    angular, fps
        As for `kinematics`.

    Returns
    -------
    Dataset
        Dimensions as for `kinematics`: `distance_min`, `distance_mean`, `distance_std` (ddof 0) and `distance_max`
        over frames, in the signals' units, and `valid`, the share of frames in which there was a distance. Reference
        frames are left out; with several, each statistic is the mean of those to each one. Lazy where the input is
        on dask.

    Raises
    ------
    ValueError
        As for `kinematics`; a reference that is neither "mean" nor frames of the recording, or leaves none.

    Notes
    -----
    Frames in which a point is missing do not count; nor does a reference frame in which it is missing, for that
    point. NaN where nothing is left.

    Examples
    --------
    A mouth that opens by 8 mm after one second, measured from how it was at first:

    >>> from bitbox_xr import signals
    >>> chin = np.where(np.arange(60) < 30, 0.0, 8.0)
    >>> x = signals(np.stack([0 * chin, chin, 0 * chin], axis=1), kind="landmark-can", fps=30, names=["x8", "y8", "z8"])
    >>> relative_motion(x, reference=0).distance_max.sel(landmark=8).item()
    8.0
    >>> relative_motion(x, reference=[0.5, 1.5]).distance_mean.sel(landmark=8).item()      # at 0.5 s and 1.5 s
    4.0
    """
    x, points = _prepared("relative_motion", x, angular, fps, least=1)
    times = x[TIME].values
    frames = _frames(reference, times)
    options = {"reference": MEAN}
    if len(frames):
        told = {"reference": frames, "reference_time": times[frames]}
        options = {name: " ".join(f"{value:.12g}" for value in values) for name, values in told.items()}
    measured = partial(_distances, places=points.places, frames=frames)
    numbers = _measured(x.data, measured, kernel.DISTANCES, points)
    return _result("relative_motion", x, points, numbers, angular, options)


# --- what goes in


def _prepared(
    measure: str, x: SignalsLike, angular: bool, fps: float | None, least: int
) -> tuple[xr.DataArray, Points]:
    """Checked signals `(…, time, signal)`, and the points in them."""
    x = as_signals(x, fps=fps, label="x")
    points = points_of(x, f"{measure}()", angular=angular)
    faults = name_faults(RESERVED[measure], x, dropped=(TIME,)) + name_faults(points.dims, x)
    if x.sizes[TIME] < least:
        faults.append(f"the recording has {counted(x.sizes[TIME], 'frame')}; at least {least} are wanted")
    refuse(f"{measure}()", faults)
    return x, points


def _frames(reference: Any, times: np.ndarray) -> np.ndarray:
    """Numbers of the reference frames, ascending; none for the mean."""
    if isinstance(reference, str) and reference == MEAN:
        return np.empty(0, dtype=np.int64)
    values = np.atleast_1d(np.asarray(reference, dtype=object))
    kinds = {np.asarray(one).dtype.kind if np.isscalar(one) else "O" for one in values.ravel().tolist()}
    wanted = f"{MEAN!r}, numbers of frames (integers) or times in s (floats) are wanted"
    if values.ndim != 1 or not len(values) or not (kinds <= {*"iu"} or kinds == {"f"}):
        raise ValueError(f"relative_motion(): reference is {reference!r}; {wanted}")
    of, faults = _nearest(values, times) if kinds == {"f"} else _numbered(values, len(times))
    if not faults and len(set(of)) < len(of):
        faults = [f"reference is {listed(values)}, which has one frame twice; each may occur once"]
    if not faults and len(of) == len(times):
        faults = ["reference has all frames of the recording; some that can be compared with them are wanted"]
    refuse("relative_motion()", faults)
    return np.array(sorted(of), dtype=np.int64)


def _numbered(numbers: np.ndarray, frames: int) -> tuple[list[int], list[str]]:
    outside = [n for n in numbers.tolist() if not -frames <= n < frames]
    if outside:
        return [], [f"the recording has no frame {listed(outside)}; its {counted(frames, 'frame')} count from 0"]
    return [n % frames for n in numbers.tolist()], []


def _nearest(seconds: np.ndarray, times: np.ndarray) -> tuple[list[int], list[str]]:
    """Frames nearest to these times, which have to be within half a step of one."""
    frames = [int(np.argmin(np.abs(times - one))) if np.isfinite(one) else 0 for one in seconds]
    half = np.median(np.diff(times)) / 2 if len(times) > 1 else np.inf
    off = [one for one, frame in zip(seconds, frames, strict=True) if not abs(times[frame] - one) <= half * (1 + 1e-9)]
    if off:
        span = f"it goes from {times[0]:g} to {times[-1]:g} s"
        return [], [f"the recording has no frame at {listed(f'{one:g}' for one in off)} s; {span}"]
    return frames, []


# --- what is done with it


def _course(
    measure: str, names: Sequence[str], x: SignalsLike, angular: bool, fps: float | None, least: int
) -> xr.Dataset:
    """Some rows of the summary of each point's course, in seconds."""
    x, points = _prepared(measure, x, angular, fps, least)
    per_second = rate(x)
    numbers = _measured(x.data, partial(_summary, places=points.places), kernel.SUMMARY, points)
    numbers |= {name: numbers[name] * per_second**k for k, name in enumerate(("speed", "acceleration", "jerk"), 1)}
    numbers["ldj"] = numbers["ldj"] + 2 * np.log(per_second)  # what stands under the logarithm is in s², not in frames²
    return _result(measure, x, points, {name: numbers[name] for name in names}, angular, {"fps": per_second})


def _measured(data: Array, measure: Callable[..., Any], rows: Sequence[str], points: Points) -> dict[str, Any]:
    """`measure` of every recording, `(row, point)`, as arrays `(…, point)` by row; lazy where `data` is.

    It takes a recording `(time, signal)` and the way in which to call what is computed of it.
    """
    shape = (len(rows), len(points.places.columns))
    recordings = [data[at] for at in np.ndindex(data.shape[:-2])]
    if is_lazy(data):
        import dask.array as da
        from dask import delayed

        call = partial(delayed, pure=True)
        found = da.stack([da.from_delayed(measure(one, call=call), shape, np.float64) for one in recordings])
    else:
        found = np.stack([measure(one, call=lambda function: function) for one in recordings])
    found = found.reshape(data.shape[:-2] + shape)
    return {name: found[..., k, :] if points.dims else found[..., k, 0] for k, name in enumerate(rows)}


def _summary(recording: Array, *, call: Callable[..., Any], places: kernel.Places) -> Any:
    return call(kernel.summary)(_parts(recording, partial(kernel.part, places=places)), places, len(recording))


def _distances(recording: Array, *, call: Callable[..., Any], places: kernel.Places, frames: np.ndarray) -> Any:
    """Distances to the positions at `frames`, or where there are none to the mean position."""
    if len(frames):
        positions = call(kernel.Places.of)(places, recording[frames])
    else:
        positions = call(kernel.mean_position)(_parts(recording, partial(kernel.middle, places=places)))
    # what was read for the mean is read again, instead of being held until that is known
    parts = _parts(recording, partial(kernel.away, places=places, left_out=frames), positions, again=not len(frames))
    return call(kernel.distances)(parts, len(recording) - len(frames))


def _parts(recording: Array, measure: Callable[..., Any], *options: Any, again: bool = False) -> list[Any]:
    """`measure` of each chunk along time, which it takes with the number of its first frame, and `options`."""
    if not is_lazy(recording):
        return [measure(recording, 0, *options)]
    whole = cast("da.Array", recording).rechunk({1: -1})
    again = again and not on_cluster(whole)
    bounds = pairwise(accumulate(whole.chunks[0], initial=0))
    return [later(measure, whole[start:stop], again, start, *options) for start, stop in bounds]


# --- what comes out


def _result(
    measure: str, x: xr.DataArray, points: Points, numbers: dict[str, Any], angular: bool, options: dict[str, Any]
) -> xr.Dataset:
    """Numbers `(…, point)` by name, labelled as the input is."""
    dims = (*(str(dim) for dim in x.dims if dim not in (TIME, SIGNAL)), *points.dims)
    variables = {name: (dims, values, variable_attrs(name, units=points.units)) for name, values in numbers.items()}
    return xr.Dataset(variables, {**carried(x), **points.coords}, _attrs(measure, x, points, angular, options))


def _attrs(
    measure: str, x: xr.DataArray, points: Points, angular: bool, options: dict[str, Any]
) -> dict[str, str | int | float]:
    """Enough to run the measure again."""
    own = {"points": points.name, "angular": int(angular), **options, "frames": int(x.sizes[TIME])}
    return result_attrs(measure, own, x)
