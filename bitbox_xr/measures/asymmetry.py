"""How unlike the two halves of a face are, frame by frame, from its landmarks."""

from collections.abc import Mapping, Sequence
from typing import Any

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
JAW = 17  # points that iBUG-68 has before those of iBUG-51

Range = Sequence[float] | Mapping[str, float]


def asymmetry(x: SignalsLike, *, reference: tuple[Range, Range] | None = None, fps: float | None = None) -> xr.Dataset:
    """How far the left half of each facial feature lies from the mirror image of the right, at every frame.

    In each feature the points on the left of the image are mirrored across the plane that halves the way between
    the centroids of its two sides; asymmetry is the mean distance of the mirrored points to their partners.

    Parameters
    ----------
    x
        iBUG-51 or iBUG-68 landmarks in two or three dimensions: a DataArray `(…, time, signal)` or a Bitbox
        dictionary. Canonicalized ones are free of the head's pose; others turn with it.
    reference
        `(low, high)`, the range of each feature, as five numbers (eye, brow, nose, mouth, overall) or as a
        mapping: a score s becomes `max(0, (s - low) / (high - low))`.
    fps
        Frames per second, for input without time.

    Returns
    -------
    Dataset
        `asymmetry` `(…, time, feature)` for eye, brow, nose, mouth and overall (the mean of the four), in the
        landmarks' units, with `reference` without units. NaN where a point is missing. Where a feature's
        centroids coincide, plain distances. Lazy where the input is on dask.

    Raises
    ------
    ValueError
        Signals that are no such landmarks; a reference that lacks a feature or whose high is not above its low;
        infinite values (on dask once they are computed).

    Notes
    -----
    The measure is Bitbox's, whose published ranges `bitbox_xr.compat.asymmetry` applies.

    Examples
    --------
    A face that is its own mirror image, and one whose mouth is drawn up on one side by 6 mm:

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
    """Asymmetry of five features `(…, feature)` from `(…, signal)`, within `limits` where there are any."""
    found = mirrored(values[..., columns].astype(np.float64, copy=False))
    return found if limits is None else np.maximum(0.0, (found - limits[0]) / (limits[1] - limits[0]))


def _ibug51(points: Points) -> np.ndarray:
    """Where in `signal` each coordinate of the iBUG-51 points is, `(51, coordinate)`."""
    numbers, columns = points.coords[LANDMARK].values, points.places.columns
    in_order = np.array_equal(numbers, np.arange(len(numbers)))
    if len(points.axes) < 2 or len(numbers) not in (51, 51 + JAW) or not in_order:
        found = f"{len(numbers)} landmarks with {', '.join(points.axes)}, numbered {numbers[0]} to {numbers[-1]}"
        raise ValueError(
            f"asymmetry(): there are {found}; iBUG-51 or iBUG-68 with x, y (and z) are wanted, numbered from 0 on"
        )
    return columns[-51:]


def _limits(reference: Any) -> tuple[np.ndarray, np.ndarray]:
    """Low and high of the five features."""
    form = f"(low, high) is wanted, each five numbers or a mapping: {', '.join(FEATURES)}"
    if not isinstance(reference, tuple | list) or len(reference) != 2:
        raise ValueError(f"asymmetry(): reference is {reference!r}; {form}")
    ends, faults = [], []
    for name, given in zip(("low", "high"), reference, strict=True):
        values = [given[feature] for feature in FEATURES if feature in given] if isinstance(given, Mapping) else given
        if not hasattr(values, "__len__") or isinstance(values, str) or len(values) != len(FEATURES):
            faults.append(f"its {name} is {given!r}; {form}")
        elif not all(is_number(value) for value in values):
            faults.append(f"its {name} is {given!r}; finite numbers are wanted")
        else:
            ends.append(np.asarray(values, dtype=np.float64))
    if not faults and not (ends[0] < ends[1]).all():
        bad = [feature for feature, below in zip(FEATURES, ends[0] < ends[1], strict=True) if not below]
        faults.append(f"its high is not above its low for {listed(bad)}")
    refuse("asymmetry(): reference", faults)
    return ends[0], ends[1]


def _attrs(x: xr.DataArray, limits: tuple[np.ndarray, np.ndarray] | None) -> dict[str, str | int | float]:
    out: dict[str, str | int | float] = {"frames": int(x.sizes[TIME])}
    for name, values in zip(("reference_low", "reference_high"), limits or (), strict=False):
        out[name] = " ".join(f"{value:g}" for value in values)
    return result_attrs("asymmetry", out, x)
