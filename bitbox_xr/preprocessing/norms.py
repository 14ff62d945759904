"""Norms of landmarks and of head poses: one number per point and frame."""

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
COORDINATE_ATTRS = ("schema", "format", "dimension")  # attributes of coordinates that are not true of norms


def magnitudes(x: SignalsLike, *, angular: bool = True, fps: float | None = None) -> xr.DataArray:
    """Compute the distance of each landmark, or of the head, from the origin, as Bitbox does before correlation.

    A norm loses directions: nodding up and nodding down have the same norm, and the norm of a 2-D landmark is its
    distance from the corner of the image. Use norms to reproduce results of Bitbox; otherwise correlate coordinates.

    Parameters
    ----------
    x
        Landmarks or head poses: signals `(…, time, signal)`, as returned by `signals(…, kind=…)` and
        `open_signals(…, kind=…)`, or a dictionary of Bitbox.
    angular
        For head poses. True: norm of the rotation (Rx, Ry, Rz). False: norm of the translation (Tx, Ty, Tz).
    fps
        Frames per second, for input without times.

    Returns
    -------
    DataArray
        `(…, time, signal)`, the Euclidean norm √(x² + y² + z²): for landmarks one signal per landmark, with its
        `region` and `side`; for head poses one signal. Units are those of the signals; for head poses rad or mm,
        unless the signals have other units. NaN where a coordinate is NaN.

    Raises
    ------
    ValueError
        For expressions and rectangles; if a landmark lacks a coordinate that others have, or a pose one of its three
        angles or lengths; if names of signals are not names of coordinates.

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
    norms.attrs = {name: value for name, value in norms.attrs.items() if name not in COORDINATE_ATTRS}
    long_name = f"Euclidean norm of the {points.name}"
    return norms.assign_attrs(long_name=long_name, units=points.units, reduced="Euclidean norm")


def _norms(x: xr.DataArray, columns: np.ndarray) -> xr.DataArray:
    """Norm of each point, `(…, time, signal)`; `columns` `(point, axis)`: positions of coordinates in `signal`."""
    out: xr.DataArray = xr.apply_ufunc(
        _euclidean_norms,
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


def _euclidean_norms(values: np.ndarray, columns: np.ndarray) -> np.ndarray:
    axes = [np.abs(values[..., column]) for column in columns.T]
    missing = np.logical_or.reduce([np.isnan(axis) for axis in axes])  # np.hypot of NaN and infinity is infinity
    return np.where(missing, np.nan, reduce(np.hypot, axes))
