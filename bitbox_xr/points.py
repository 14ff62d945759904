"""What moves in a recording: landmarks, the centre of the face rectangle, or the head, as points with coordinates."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from bitbox_xr.checks import flag_faults, listed
from bitbox_xr.errors import refuse
from bitbox_xr.kernels.motion import Places
from bitbox_xr.recording import SIGNAL_ATTRS
from bitbox_xr.schemas import AXES, KINDS, SIGNAL, signal_coords

__all__ = ["LANDMARK", "Points", "points_of"]

LANDMARK = "landmark"
AXIS = "axis"


class Points(NamedTuple):
    """Where the coordinates of points are among signals, what the points are, and what labels them."""

    places: Places
    name: str
    units: str
    coords: dict[str, Any]  # along `landmark`; empty for a single point

    @property
    def dims(self) -> tuple[str, ...]:
        """The dimension along which points lie; none for a single point."""
        return (LANDMARK,) if self.coords else ()


def points_of(x: xr.DataArray, angular: bool, measure: str) -> Points:
    """The points of signals of kind landmark, landmark-can, pose or rectangle; ValueError for others.

    `angular`: a pose's angles are taken for coordinates, in place of its translation.

    >>> from bitbox_xr import signals
    >>> head = signals(np.zeros((9, 6)), kind="pose", fps=30)
    >>> points_of(head, True, "kinematics()").places.columns, points_of(head, True, "kinematics()").units
    (array([[3, 4, 5]]), 'rad')
    """
    kind = str(x.attrs.get("kind", "expression"))
    faults = flag_faults("angular", angular)
    if kind == "expression":
        reason = "coefficients have no place that could change: see expressivity() and events()"
        faults.append(f"a is of kind {kind!r}, and {reason}; {', '.join(KINDS_OF_POINTS)} are wanted")
    if not faults and angular and kind != "pose":
        faults.append(f"angular=True, and a is of kind {kind!r}; only a pose has angles, leave it out")
    refuse(measure, faults)
    return KINDS_OF_POINTS[kind](x, angular, measure)


def _landmarks(x: xr.DataArray, angular: bool, measure: str) -> Points:
    names = [str(name) for name in x[SIGNAL].values]
    own = {str(name): coord.values for name, coord in x.coords.items() if coord.dims == (SIGNAL,)}
    along = {name: np.asarray(column) for name, column in signal_coords(str(x.attrs["kind"]), names).items()} | own
    if not {LANDMARK, AXIS} <= along.keys():
        raise ValueError(f"{measure}: the names of the signals ({listed(names, 4)}) tell no landmarks; x0, y0, … do")
    keys = list(zip(along[LANDMARK].tolist(), along[AXIS].tolist(), strict=True))
    place = {key: column for column, key in enumerate(keys)}
    numbers, axes = (sorted({key[k] for key in keys}) for k in (0, 1))
    missing = [f"{axis}{number}" for number in numbers for axis in axes if (number, axis) not in place]
    faults = [f"landmarks lack {listed(missing)}; all need the same axes"] if missing else []
    if len(place) < len(keys):
        faults.append(f"there are {len(keys)} signals for {len(place)} coordinates of landmarks; one each is wanted")
    refuse(measure, faults)
    columns = np.array([[place[number, axis] for axis in axes] for number in numbers])
    coords = {LANDMARK: (LANDMARK, np.array(numbers), dict(SIGNAL_ATTRS[LANDMARK]))}
    for name, column in along.items():
        of_points = column[columns]
        if name not in (SIGNAL, AXIS, LANDMARK) and (of_points == of_points[:, :1]).all():
            attrs = x[name].attrs if name in x.coords else SIGNAL_ATTRS[name]
            coords[name] = (LANDMARK, of_points[:, 0], dict(attrs))
    return Points(Places(columns), "landmarks", _units(x), coords)


def _head(x: xr.DataArray, angular: bool, measure: str) -> Points:
    columns = _named(x, [f"{'R' if angular else 'T'}{axis}" for axis in AXES], measure)
    units = _units(x)
    if units == KINDS["pose"][1]:
        units = "rad" if angular else "mm"
    return Points(Places(columns), "rotation of the head" if angular else "translation of the head", units, {})


def _centre(x: xr.DataArray, angular: bool, measure: str) -> Points:
    columns = _named(x, ["x", "y", "w", "h"], measure)
    return Points(Places(columns[:, :2], columns[:, 2:]), "centre of the rectangle", _units(x), {})


KINDS_OF_POINTS = {"landmark": _landmarks, "landmark-can": _landmarks, "pose": _head, "rectangle": _centre}


def _named(x: xr.DataArray, wanted: Sequence[str], measure: str) -> np.ndarray:
    """Where the signals of these names are, `(1, name)`."""
    names = [str(name) for name in x[SIGNAL].values]
    missing = [name for name in wanted if name not in names]
    if missing:
        kind = x.attrs["kind"]
        raise ValueError(f"{measure}: the {kind} has no {', '.join(missing)}; its signals are {listed(names)}")
    return np.array([[names.index(name) for name in wanted]])


def _units(x: xr.DataArray) -> str:
    return str(x.attrs.get("units", KINDS[str(x.attrs["kind"])][1]))
