"""Points as one number each: the norms of landmarks, and of the head's rotation or translation."""

from functools import reduce

import numpy as np
import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.geometry import LANDMARK, points_of
from bitbox_xr.core.signal_set import as_signals
from bitbox_xr.core.types import SignalsLike
from bitbox_xr.core.validation import flag_faults
from bitbox_xr.core.variables import SIGNAL, variable_attrs

__all__ = ["magnitudes"]

KINDS = ("landmark", "landmark-can", "pose")
OF_COORDINATES = ("schema", "format", "dimension")  # attributes that are not true of norms


def magnitudes(x: SignalsLike, *, angular: bool = True, fps: float | None = None) -> xr.DataArray:
    """How far each landmark, or the head, is from the origin: the reduction that Bitbox makes unasked.

    Nodding up and nodding down have one norm, and that of a 2-D landmark is its distance from the image's corner:
    correlate the coordinates themselves unless Bitbox's numbers are wanted.

    Parameters
    ----------
    x
        Landmarks or a pose: signals `(…, time, signal)`, as `signals(…, kind=…)` and `open_signals(…, kind=…)` give
        them, or one of Bitbox's dictionaries.
    angular
        Of a pose. True: the norm of its rotation (Rx, Ry, Rz). False: of its translation (Tx, Ty, Tz).
    fps
        Frames per second, for input without time.

    Returns
    -------
    DataArray
        `(…, time, signal)`: of landmarks the Euclidean norm √(x² + y² + z²) of each one's coordinates, a signal a
        landmark, with its `region` and `side`; of a pose one signal. In the signals' units; those of a pose are rad
        or mm unless it has others. NaN where one of the coordinates is.

    Raises
    ------
    ValueError
        For expressions and rectangles; where a landmark lacks a coordinate that others have, or a pose one of its
        three angles or lengths; names that tell no coordinates.

    Examples
    --------
    >>> from bitbox_xr import signals
    >>> pose = signals([[3.0, 4.0, 0.0, 0.1, 0.0, 0.0]], kind="pose", fps=30)
    >>> magnitudes(pose, angular=False).values
    array([[5.]])
    """
    refuse("magnitudes()", flag_faults("angular", angular))
    x = as_signals(x, fps=fps)
    head = x.attrs.get("kind") == "pose"
    points = points_of(x, "magnitudes()", kinds=KINDS, angular=head and angular)
    if head:
        names = ["rotation" if angular else "translation"]
    else:
        names = [f"{LANDMARK}{number}" for number in points.coords[LANDMARK].values]
    norms = _norms(x, points.places.columns)
    along = {name: (SIGNAL, of.values, of.attrs) for name, of in points.coords.items() if name != LANDMARK}
    norms = norms.assign_coords({SIGNAL: (SIGNAL, names, variable_attrs(SIGNAL)), **along})
    norms.attrs = {name: value for name, value in norms.attrs.items() if name not in OF_COORDINATES}
    said = f"Euclidean norm of the {points.name}"
    return norms.assign_attrs(long_name=said, units=points.units, reduced="Euclidean norm")


def _norms(x: xr.DataArray, columns: np.ndarray) -> xr.DataArray:
    """The Euclidean norm of each point, `(…, time, signal)`; `columns` `(point, axis)` are where it is in `signal`."""
    out: xr.DataArray = xr.apply_ufunc(
        _hypotenuses,
        x.drop_vars([name for name, coord in x.coords.items() if SIGNAL in coord.dims]),
        kwargs={"columns": columns},
        input_core_dims=[[SIGNAL]],
        output_core_dims=[[SIGNAL]],
        exclude_dims={SIGNAL},
        keep_attrs=True,
        dask="parallelized",
        output_dtypes=[x.dtype],
        dask_gufunc_kwargs={"output_sizes": {SIGNAL: len(columns)}, "allow_rechunk": True},
    )
    return out


def _hypotenuses(values: np.ndarray, columns: np.ndarray) -> np.ndarray:
    axes = [np.abs(values[..., column]) for column in columns.T]
    lost = np.logical_or.reduce([np.isnan(axis) for axis in axes])  # which an infinite coordinate would hide
    return np.where(lost, np.nan, reduce(np.hypot, axes))
