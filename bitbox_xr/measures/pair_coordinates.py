"""Names the coordinates of two recordings in the result of a measure of two."""

from typing import TypeAlias

import numpy as np
import pandas as pd
import xarray as xr

from bitbox_xr.core.types import Attrs
from bitbox_xr.core.variables import RESERVED, SIGNAL, SIGNAL1, SIGNAL2, TIME
from bitbox_xr.upstream.xarray_internals import array_of

__all__ = ["Coordinate", "labelled_coords", "number_faults"]

# Dimensions, values and attributes of a coordinate, as xarray accepts them. Values may be an index.
Coordinate: TypeAlias = tuple[list[str], np.ndarray | pd.Index, Attrs]


def labelled_coords(x: xr.DataArray, y: xr.DataArray) -> list[tuple[str, str, Coordinate]]:
    """Coordinates of the result, except those of its windows: name in the result, name in the input, coordinate."""
    found: list[tuple[str, str, Coordinate]] = []
    for side, a, other in ((1, x, y), (2, y, x)):
        others = other.coords.variables
        for name, coord in a.coords.variables.items():
            if TIME in coord.dims:
                continue
            dims = [f"{SIGNAL}{side}" if dim == SIGNAL else str(dim) for dim in coord.dims]
            # a coordinate of one input only, or the same in both, keeps its name; others get the number of their side
            shared = SIGNAL not in coord.dims and (
                name in coord.dims
                or (name not in others and name not in other.dims)
                or (name in others and coord.identical(others[name]))
            )
            # an index is kept as it is, because conversion to an array and back takes long
            values = array_of(coord) if isinstance(coord, xr.IndexVariable) else coord.values
            found.append((str(name) if shared else f"{name}{side}", str(name), (dims, values, coord.attrs)))
    return found


def number_faults(
    labelled: list[tuple[str, str, Coordinate]], x: xr.DataArray, y: xr.DataArray, named: tuple[str, ...]
) -> list[str]:
    """Problems with coordinates that get the number of their side: `age` becomes `age1`, which may already exist."""
    unnumbered = (label for label, name, _ in labelled if label == name)
    own = set(RESERVED["imitation"]) - {SIGNAL1, SIGNAL2}  # `signal` itself becomes these two
    taken = {*own, *named, *map(str, (*x.dims, *y.dims)), *unnumbered}
    return [
        f"expected no other coordinate called {label}, the name of the coordinate {name} in the result; rename {name} "
        "in the input with .rename()"
        for label, name, _ in labelled
        if label != name and label in taken
    ]
