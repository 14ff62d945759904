"""Points as one number each: the norms of landmarks, and of the head's rotation or translation."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from bitbox_xr import checks, schemas
from bitbox_xr.errors import refuse
from bitbox_xr.recording import SIGNAL_ATTRS, as_signals
from bitbox_xr.schemas import SIGNAL

__all__ = ["magnitudes"]


def magnitudes(x: Any, *, angular: bool = True) -> xr.DataArray:
    """How far each landmark, or the head, is from the origin: the reduction that Bitbox makes unasked.

    Nodding up and nodding down have one norm, and that of a 2-D landmark is its distance from the image's corner:
    correlate the coordinates themselves unless Bitbox's numbers are wanted.

    Parameters
    ----------
    x
        Landmarks or a pose: signals `(…, time, signal)`, as `signals(…, kind=…)` and `open_signals(…, kind=…)` give
        them, or one of Bitbox's dictionaries.
    angular
        Of a pose. True: the norm of its rotation (Rx, Ry, Rz; rad). False: of its translation (Tx, Ty, Tz; mm).

    Returns
    -------
    DataArray
        `(…, time, signal)`: of landmarks the Euclidean norm √(x² + y² + z²) of each one's coordinates, a signal a
        landmark, with its `region` and `side`; of a pose one signal. NaN where one of the coordinates is.

    Raises
    ------
    ValueError
        For expressions and rectangles; where a pose lacks one of its three angles or lengths.

    Examples
    --------
    >>> from bitbox_xr import signals
    >>> pose = signals([[3.0, 4.0, 0.0, 0.1, 0.0, 0.0]], kind="pose", fps=30)
    >>> magnitudes(pose, angular=False).values
    array([[5.]])
    """
    refuse("magnitudes()", checks.flag_faults("angular", angular))
    x = as_signals(x)
    kind = x.attrs.get("kind")
    if kind == "pose":
        what, units = ("rotation", "rad") if angular else ("translation", "mm")
        names = [f"{what[0].upper()}{axis}" for axis in schemas.AXES]
        missing = [name for name in names if name not in x[SIGNAL].values]
        if missing:
            raise ValueError(
                f"magnitudes(): the pose has no {', '.join(missing)}; it has {checks.listed(x[SIGNAL].values)}"
            )
        points = {what: [x[SIGNAL].values.tolist().index(name) for name in names]}
    elif kind in ("landmark", "landmark-can") and "landmark" in x.coords:
        numbers, (_, units) = x["landmark"].values, schemas.KINDS[kind]
        points = {f"landmark{n}": np.flatnonzero(numbers == n).tolist() for n in np.unique(numbers)}
    elif kind in ("landmark", "landmark-can"):
        shown = checks.listed(x[SIGNAL].values, 4)
        raise ValueError(f"magnitudes(): the names of the signals ({shown}) tell no landmarks; x0, y0, … do")
    else:
        raise ValueError(
            f"magnitudes(): x is of kind {kind!r}; landmark, landmark-can or pose is wanted, see signals(…, kind=…)"
        )
    return _norms(x, points).assign_attrs(units=units, reduced="Euclidean norm")


def _norms(x: xr.DataArray, points: Mapping[str, list[int]]) -> xr.DataArray:
    """The Euclidean norm of each point, `(…, time, signal)`; `points` says where in `signal` its coordinates are."""
    order, starts = np.concatenate([*points.values()]), np.cumsum([0, *map(len, points.values())])[:-1]
    of_points = [str(name) for name in ("region", "side") if name in x.coords]

    def norms(values: np.ndarray) -> np.ndarray:
        found: np.ndarray = np.hypot.reduceat(np.abs(values[..., order]), starts, axis=-1)
        # a point with one coordinate lost is lost
        return np.where(np.add.reduceat(np.isnan(values[..., order]), starts, axis=-1) > 0, np.nan, found)

    out: xr.DataArray = xr.apply_ufunc(
        norms,
        x.drop_vars([name for name, coord in x.coords.items() if SIGNAL in coord.dims]),
        input_core_dims=[[SIGNAL]],
        output_core_dims=[[SIGNAL]],
        exclude_dims={SIGNAL},
        keep_attrs=True,
        dask="parallelized",
        output_dtypes=[x.dtype],
        dask_gufunc_kwargs={"output_sizes": {SIGNAL: len(points)}, "allow_rechunk": True},
    )
    along = {name: (SIGNAL, x[name].values[order[starts]], dict(SIGNAL_ATTRS[name])) for name in of_points}
    return out.assign_coords({SIGNAL: (SIGNAL, [*points], dict(SIGNAL_ATTRS[SIGNAL])), **along})
