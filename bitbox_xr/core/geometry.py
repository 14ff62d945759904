"""What moves in a recording: landmarks, the centre of the face rectangle, or the head, as points with coordinates."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.signal_names import AXES, KINDS, signal_coords
from bitbox_xr.core.validation import flag_faults, label_of, listed
from bitbox_xr.core.variables import SIGNAL, variable_attrs
from bitbox_xr.kernels.motion import Places

__all__ = ["LANDMARK", "Points", "points_of"]

LANDMARK = "landmark"
AXIS = "axis"


class Points(NamedTuple):
    """Where the coordinates of points are among signals, what the points are, and what labels them."""

    places: Places
    name: str
    axes: tuple[str, ...]  # of the columns of `places`
    units: str
    coords: dict[str, xr.Variable]  # along `landmark`; empty for a single point

    @property
    def dims(self) -> tuple[str, ...]:
        """The dimension along which points lie; none for a single point."""
        return (LANDMARK,) if self.coords else ()


def points_of(x: xr.DataArray, measure: str, *, kinds: Sequence[str] = (), angular: bool = False) -> Points:
    """The points of signals of one of these kinds (of landmark, landmark-can, pose and rectangle; by default of all).

    Which signal is which coordinate of which landmark is told by the coordinates `landmark` and `axis`, and by names
    (x0, y0, …) where there are none. ValueError for signals of another kind, and for points that lack a coordinate.

    `angular`: a pose's angles are taken for coordinates, in place of its translation.

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
        wanted = f"{', '.join(others)} or {last} is wanted, see signals(…, kind=…)"
        reason = "; for expressions there are expressivity() and events()" if kind == "expression" else ""
        faults.append(f"the signals are of kind {kind!r}; {wanted}{reason}")
    elif not faults and angular and kind != "pose":
        faults.append(f"angular=True, and the signals are of kind {kind!r}; only a pose has angles, leave it out")
    refuse(measure, faults)
    return KINDS_OF_POINTS[kind](x, angular, measure)


def _landmarks(x: xr.DataArray, angular: bool, measure: str) -> Points:
    # in memory, at one go: .chunk() puts labels on dask too, and they say where points are
    names = [name for name, coord in x.coords.items() if coord.dims == (SIGNAL,)]
    labels = x.coords.to_dataset()[names].compute()
    own = {str(name): labels[name].variable for name in names}
    keys = _keys(x, own, measure)
    place = {key: column for column, key in enumerate(keys)}
    numbers, axes = (sorted({key[k] for key in keys}) for k in (0, 1))
    missing = [f"{axis}{number}" for number in numbers for axis in axes if (number, axis) not in place]
    faults = [f"landmarks lack {listed(missing)}; all need the same axes"] if missing else []
    if len(place) < len(keys):
        faults.append(f"there are {len(keys)} signals for {len(place)} coordinates of landmarks; one each is wanted")
    refuse(measure, faults)
    columns = np.array([[place[number, axis] for axis in axes] for number in numbers])
    coords = {LANDMARK: xr.Variable(LANDMARK, np.array(numbers), variable_attrs(LANDMARK))}
    told = signal_coords(str(x.attrs["kind"]), [f"{axis}{number}" for number, axis in keys])
    both = {name: xr.Variable(SIGNAL, column, variable_attrs(name)) for name, column in told.items()} | own
    for name, along in both.items():
        of_points = along.values[columns]
        free = name in own or name not in x.coords
        if free and name not in (SIGNAL, AXIS, LANDMARK) and (of_points == of_points[:, :1]).all():
            coords[name] = xr.Variable(LANDMARK, of_points[:, 0], along.attrs)
    return Points(Places(columns), "landmarks", tuple(axes), _units(x), coords)


def _keys(x: xr.DataArray, own: Mapping[str, xr.Variable], measure: str) -> list[tuple[Any, str]]:
    """Which landmark and which of its axes each signal is: as its coordinates say, else as its name does."""
    names = [str(name) for name in x[SIGNAL].values]
    told = signal_coords(str(x.attrs["kind"]), names) | {name: along.values for name, along in own.items()}
    if not {LANDMARK, AXIS} <= told.keys():
        raise ValueError(f"{measure}: the names of the signals ({listed(names, 4)}) tell no landmarks; x0, y0, … do")
    return list(zip(np.asarray(told[LANDMARK]).tolist(), map(label_of, told[AXIS]), strict=True))


def _head(x: xr.DataArray, angular: bool, measure: str) -> Points:
    columns = _named(x, [f"{'R' if angular else 'T'}{axis}" for axis in AXES], measure)
    units = _units(x)
    if units == KINDS["pose"][1]:
        units = "rad" if angular else "mm"
    return Points(Places(columns), f"{'rotation' if angular else 'translation'} of the head", (*AXES,), units, {})


def _centre(x: xr.DataArray, angular: bool, measure: str) -> Points:
    columns = _named(x, ["x", "y", "w", "h"], measure)
    return Points(Places(columns[:, :2], columns[:, 2:]), "centre of the rectangle", ("x", "y"), _units(x), {})


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
