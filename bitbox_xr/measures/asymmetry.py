"""Asymmetry of the face at each frame, from its landmarks."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.geometry import LANDMARK, Points, points_of
from bitbox_xr.core.provenance import result_attrs
from bitbox_xr.core.signal_set import as_signals
from bitbox_xr.core.types import SignalsLike
from bitbox_xr.core.validation import is_number, listed, name_faults
from bitbox_xr.core.variables import FEATURE, RESERVED, SIGNAL, TIME, variable_attrs
from bitbox_xr.kernels.mirror import FEATURES
from bitbox_xr.kernels.mirror import asymmetry as mirrored

__all__ = ["asymmetry"]

KINDS = ("landmark", "landmark-can")
JAW_POINTS = 17  # the first points of iBUG-68, which iBUG-51 does not have

Range = Sequence[float] | Mapping[str, float]


def asymmetry(x: SignalsLike, *, reference: tuple[Range, Range] | None = None, fps: float | None = None) -> xr.Dataset:
    """Measure the asymmetry of each facial feature: the distance between one side and the mirror image of the other.

    For each feature and frame, the points on the left of the image are mirrored across the plane that lies midway
    between the centroids of the two sides. The asymmetry is the mean distance from the mirrored points to the
    corresponding points on the right.

    Parameters
    ----------
    x
        iBUG-51 or iBUG-68 landmarks in two or three dimensions: a DataArray `(…, time, signal)` or a Bitbox
        dictionary. Canonicalized landmarks do not depend on the pose of the head; others do.
    reference
        Range `(low, high)` of each feature, for scores without units. Both are five numbers (eye, brow, nose, mouth,
        overall) or a mapping with these keys. A score s becomes `max(0, (s - low) / (high - low))`.
    fps
        Frames per second, for input without times.

    Returns
    -------
    Dataset
        `asymmetry` `(…, time, feature)` for the features eye, brow, nose, mouth and overall (the mean of the four), in
        the units of the landmarks, or without units if `reference` is given. NaN where a point is missing. If the two
        centroids of a feature coincide, its points are not mirrored. The result is lazy if the input is a dask array.

    Raises
    ------
    ValueError
        If the signals are not such landmarks, `reference` lacks a feature or has a high that is not above its low, or
        values are infinite (for dask arrays, when they are computed).

    Notes
    -----
    The measure is Bitbox's. `bitbox_xr.compat.asymmetry` applies the ranges that Bitbox publishes.

    Examples
    --------
    Two frames of a face: symmetric, then with one side of the mouth raised by 6 mm:

    >>> from bitbox_xr import signals
    >>> from bitbox_xr.kernels.mirror import PAIRS
    >>> face = np.random.default_rng(0).normal([-30, 0, 0], 10, size=(2, 51, 3))
    >>> for left, right in PAIRS.values():
    ...     face[:, right] = face[:, left] * [-1, 1, 1]
    >>> face[1, PAIRS["mouth"][0], 1] += 6
    >>> x = signals(face.reshape(2, -1), kind="landmark-can", fps=30)
    >>> asymmetry(x).asymmetry.sel(feature=["eye", "mouth"]).round(1).values
    array([[0. , 0. ],
           [0. , 2.9]])
    """
    x = as_signals(x, fps=fps, label="x")
    refuse("asymmetry()", name_faults(RESERVED["asymmetry"], x, dropped=(SIGNAL,)))
    points = points_of(x, "asymmetry()", kinds=KINDS)
    columns = _ibug51(points)
    limits = None if reference is None else _limits(reference)
    values = xr.apply_ufunc(
        _scores,
        x.drop_vars([name for name, coord in x.coords.items() if SIGNAL in coord.dims]),
        kwargs={"columns": columns, "limits": limits},
        input_core_dims=[[SIGNAL]],
        output_core_dims=[[FEATURE]],
        dask="parallelized",
        output_dtypes=[np.float64],
        dask_gufunc_kwargs={"output_sizes": {FEATURE: len(FEATURES)}, "allow_rechunk": True},
    )
    values = values.assign_coords({FEATURE: (FEATURE, list(FEATURES), variable_attrs(FEATURE))})
    values.attrs = variable_attrs("asymmetry", units=points.units if limits is None else "1")
    return xr.Dataset({"asymmetry": values}, attrs=_attrs(x, limits))


def _scores(values: np.ndarray, columns: np.ndarray, limits: tuple[np.ndarray, np.ndarray] | None) -> np.ndarray:
    """Compute the asymmetry of five features `(…, feature)` from `(…, signal)`, scaled by `limits` if given."""
    found = mirrored(values[..., columns].astype(np.float64, copy=False))
    return found if limits is None else np.maximum(0.0, (found - limits[0]) / (limits[1] - limits[0]))


def _ibug51(points: Points) -> np.ndarray:
    """Positions in `signal` of the coordinates of the iBUG-51 points, `(51, coordinate)`."""
    numbers, columns = points.coords[LANDMARK].values, points.places.columns
    in_order = np.array_equal(numbers, np.arange(len(numbers)))
    if len(points.axes) < 2 or len(numbers) not in (51, 51 + JAW_POINTS) or not in_order:
        got = f"{len(numbers)} landmarks with {', '.join(points.axes)}, numbered {numbers[0]} to {numbers[-1]}"
        expected = "iBUG-51 or iBUG-68 landmarks with x, y (and z), numbered from 0"
        raise ValueError(f"asymmetry(): expected {expected}, got {got}; select and number the landmarks accordingly")
    return columns[-51:]


def _limits(reference: object) -> tuple[np.ndarray, np.ndarray]:
    """Low and high ends of the ranges of the five features."""
    form = f"five finite numbers or a mapping, for {', '.join(FEATURES)}"
    if not isinstance(reference, tuple | list) or len(reference) != 2:
        raise ValueError(f"asymmetry(): expected reference to be (low, high), each {form}, got {reference!r}")
    ends, faults = [], []
    for name, given in zip(("low", "high"), reference, strict=True):
        values = [given[feature] for feature in FEATURES if feature in given] if isinstance(given, Mapping) else given
        sized = hasattr(values, "__len__") and not isinstance(values, str) and len(values) == len(FEATURES)
        if not sized or not all(is_number(value) for value in values):
            faults.append(f"expected {name} to be {form}, got {given!r}")
        else:
            ends.append(np.asarray(values, dtype=np.float64))
    if not faults and not (ends[0] < ends[1]).all():
        bad = [feature for feature, below in zip(FEATURES, ends[0] < ends[1], strict=True) if not below]
        faults.append(f"expected high to be above low for every feature, got high at or below low for {listed(bad)}")
    refuse("asymmetry(): reference", faults)
    return ends[0], ends[1]


def _attrs(x: xr.DataArray, limits: tuple[np.ndarray, np.ndarray] | None) -> dict[str, str | int | float]:
    out: dict[str, str | int | float] = {"frames": int(x.sizes[TIME])}
    for name, values in zip(("reference_low", "reference_high"), limits or (), strict=False):
        out[name] = " ".join(f"{value:g}" for value in values)
    return result_attrs("asymmetry", out, x)
