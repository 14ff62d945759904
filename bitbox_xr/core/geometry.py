"""Points of a recording: landmarks, the centre of the face rectangle, or the head, with their coordinates."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.kinds import KINDS
from bitbox_xr.core.signal_names import AXES, signal_coords
from bitbox_xr.core.validation import flag_faults, label_of, listed
from bitbox_xr.core.variables import SIGNAL, variable_attrs
from bitbox_xr.kernels.motion import Places

__all__ = ["LANDMARK", "Points", "points_of"]

LANDMARK = "landmark"
AXIS = "axis"
ROTATIONS = (("Rx", "Ry", "Rz"), ("HeadPitch", "HeadYaw", "HeadRoll"))  # about x, y and z; the second of Live Link


class Points(NamedTuple):
    """Points: the positions of their coordinates in `signal`, their name, units and labels."""

    places: Places
    name: str
    axes: tuple[str, ...]  # of the columns of `places`
    units: str
    coords: dict[str, xr.Variable]  # along `landmark`; empty for a single point

    @property
    def dims(self) -> tuple[str, ...]:
        """The dimension of points; empty for a single point."""
        return (LANDMARK,) if self.coords else ()


def points_of(x: xr.DataArray, measure: str, *, kinds: Sequence[str] = (), angular: bool = False) -> Points:
    """The points of signals whose kind is one of `kinds` (landmark, landmark-can, pose, rectangle; default: any).

    The coordinates `landmark` and `axis` assign signals to landmarks; without these coordinates, the names of the
    signals do (x0, y0, …). Raises ValueError for signals of other kinds, and for points that lack a coordinate.

    `angular`: use the angles of a pose as coordinates instead of its translation.

    >>> from bitbox_xr import signals
    >>> head = signals(np.zeros((9, 6)), kind="pose", fps=30)
    >>> points = points_of(head, "kinematics()", angular=True)
    >>> points.places.columns, points.units
    (array([[3, 4, 5]]), 'rad')
    """
    kind = str(x.attrs.get("kind", "expression"))
    *others, last = kinds or KINDS_OF_POINTS
    faults = flag_faults("angular", angular)
    if kind not in (*others, last):
        expected = f"expected signals of kind {', '.join(others)} or {last}"
        remedy = " and, for expressions, expressivity()" if kind == "expression" else ""
        faults.append(f"{expected}, got kind {kind!r}; see signals(…, kind=…){remedy}")
    elif not faults and angular and kind != "pose":
        faults.append(f"expected angular=True only for kind 'pose', got kind {kind!r}; leave angular out")
    refuse(measure, faults)
    return KINDS_OF_POINTS[kind](x, angular, measure)


def _landmarks(x: xr.DataArray, angular: bool, measure: str) -> Points:
    # One computation for all labels: .chunk() turns them into dask arrays too, and they assign signals to points.
    names = [name for name, coord in x.coords.items() if coord.dims == (SIGNAL,)]
    labels = x.coords.to_dataset()[names].compute()
    own = {str(name): labels[name].variable for name in names}
    keys = _keys(x, own, measure)
    place = {key: column for column, key in enumerate(keys)}
    numbers, axes = (sorted({key[k] for key in keys}) for k in (0, 1))
    missing = [f"{axis}{number}" for number in numbers for axis in axes if (number, axis) not in place]
    faults = [f"expected the same axes for all landmarks, got none for {listed(missing)}"] if missing else []
    if len(place) < len(keys):
        faults.append(
            f"expected one signal for each coordinate of landmarks, got {len(keys)} signals for {len(place)} of them"
        )
    refuse(measure, faults)
    columns = np.array([[place[number, axis] for axis in axes] for number in numbers])
    coords = {LANDMARK: xr.Variable(LANDMARK, np.array(numbers), variable_attrs(LANDMARK))}
    from_names = signal_coords(str(x.attrs["kind"]), [f"{axis}{number}" for number, axis in keys])
    both = {name: xr.Variable(SIGNAL, column, variable_attrs(name)) for name, column in from_names.items()} | own
    for name, along in both.items():
        of_points = along.values[columns]
        free = name in own or name not in x.coords
        if free and name not in (SIGNAL, AXIS, LANDMARK) and (of_points == of_points[:, :1]).all():
            coords[name] = xr.Variable(LANDMARK, of_points[:, 0], along.attrs)
    return Points(Places(columns), "landmarks", tuple(axes), _units(x), coords)


def _keys(x: xr.DataArray, own: Mapping[str, xr.Variable], measure: str) -> list[tuple[Any, str]]:
    """Landmark and axis of each signal, from its coordinates or, without these, from its name."""
    names = [str(name) for name in x[SIGNAL].values]
    coords = signal_coords(str(x.attrs["kind"]), names) | {name: along.values for name, along in own.items()}
    if not {LANDMARK, AXIS} <= coords.keys():
        raise ValueError(f"{measure}: expected signals named as landmarks (x0, y0, …), got {listed(names, 4)}")
    return list(zip(np.asarray(coords[LANDMARK]).tolist(), map(label_of, coords[AXIS]), strict=True))


def _head(x: xr.DataArray, angular: bool, measure: str) -> Points:
    names = set(x[SIGNAL].values.astype(str))
    rotation = next((own for own in ROTATIONS if names.issuperset(own)), ROTATIONS[0])
    try:
        columns = _columns_of(x, rotation if angular else [f"T{axis}" for axis in AXES], measure)
    except ValueError as error:
        if angular or not names.issuperset(rotation):
            raise
        raise ValueError(f"{error}; for the rotation of the head, give angular=True") from error
    units = _units(x)
    if units == KINDS["pose"][1]:
        units = "rad" if angular else "mm"
    return Points(Places(columns), f"{'rotation' if angular else 'translation'} of the head", (*AXES,), units, {})


def _centre(x: xr.DataArray, angular: bool, measure: str) -> Points:
    columns = _columns_of(x, ["x", "y", "w", "h"], measure)
    return Points(Places(columns[:, :2], columns[:, 2:]), "centre of the rectangle", ("x", "y"), _units(x), {})


KINDS_OF_POINTS = {"landmark": _landmarks, "landmark-can": _landmarks, "pose": _head, "rectangle": _centre}


def _columns_of(x: xr.DataArray, required: Sequence[str], measure: str) -> np.ndarray:
    """Positions of the signals with these names, `(1, name)`."""
    names = [str(name) for name in x[SIGNAL].values]
    missing = [name for name in required if name not in names]
    if missing:
        raise ValueError(
            f"{measure}: expected signals {', '.join(required)} of a {x.attrs['kind']}, got {listed(names)}; "
            f"missing: {', '.join(missing)}"
        )
    return np.array([[names.index(name) for name in required]])


def _units(x: xr.DataArray) -> str:
    return str(x.attrs.get("units", KINDS[str(x.attrs["kind"])][1]))
