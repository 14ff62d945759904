"""What a result or a file takes over from its input: coordinates, a name, attributes that say where it is from."""

from collections.abc import Mapping
from typing import Any

import xarray as xr

from bitbox_xr.core.variables import SIGNAL, TIME
from bitbox_xr.version import __version__

__all__ = ["LOST", "as_dataset", "carried", "counted_anew", "provenance", "result_attrs"]

LOST = "lost_frames"  # frames of which no signal is there, as a reader counts them
# attributes that hold for whatever is made of a recording, a piece of it too
KEPT = ("kind", "schema", "source", "backend", "time_source", "time_origin", "history")


def provenance(x: xr.DataArray) -> dict[str, Any]:
    """The attributes of an input that tell where it is from and what was done to it.

    >>> x = xr.DataArray([[0.0], [None]], dims=("time", "signal"), attrs={"source": "a.csv", "lost_frames": 9})
    >>> provenance(x.astype(float))
    {'source': 'a.csv', 'lost_frames': 1}
    """
    return {name: x.attrs[name] for name in KEPT if name in x.attrs} | counted_anew(x)


def result_attrs(measure: str, options: Mapping[str, Any], *inputs: xr.DataArray) -> dict[str, Any]:
    """Attributes of a result: enough to compute it again, and where its inputs are from.

    Those of two inputs have the number of their side: `source1`, `source2`.

    >>> x, y = (xr.DataArray([[0.0]], dims=("time", "signal"), attrs={"source": file}) for file in ("a.csv", "b.csv"))
    >>> result_attrs("imitation", {"width": 2.0}, x, y)
    {'measure': 'imitation', 'width': 2.0, 'bitbox_xr_version': '0.1.0', 'source1': 'a.csv', 'source2': 'b.csv'}
    """
    numbers = [""] if len(inputs) == 1 else [str(k + 1) for k in range(len(inputs))]
    origin = {
        f"{name}{number}": value
        for number, x in zip(numbers, inputs, strict=True)
        for name, value in provenance(x).items()
    }
    return {"measure": measure, **options, "bitbox_xr_version": __version__, **origin}


def counted_anew(x: xr.DataArray) -> dict[str, int]:
    """Lost frames of a recording whose reader counted them: it may have been cut or filled since.

    Nothing where they are not in memory.
    """
    return {LOST: int(x.isnull().all(SIGNAL).sum())} if LOST in x.attrs and not x.chunks else {}


def carried(x: xr.DataArray, onto: str | None = None) -> dict[str, xr.Variable]:
    """The coordinates of an input that label a result without time.

    `onto`: the name that the dimension of the signals has there; None where the result has none.

    >>> x = xr.DataArray([[0.0]], {"signal": ["AU12"], "person": 7, "time": [0.0]}, ("time", "signal"))
    >>> [*carried(x)], [*carried(x, "coefficient")]
    (['person'], ['coefficient', 'person'])
    """
    new: dict[Any, str] = {} if onto is None else {SIGNAL: onto}
    kept = {name: coord for name, coord in x.coords.items() if ({TIME, SIGNAL} - new.keys()).isdisjoint(coord.dims)}
    return {
        new.get(name, str(name)): xr.Variable([new.get(dim, dim) for dim in coord.dims], coord.data, coord.attrs)
        for name, coord in kept.items()
    }


def as_dataset(x: xr.DataArray, instead: str) -> xr.Dataset:
    """A Dataset with `x` as its variable, which is called `instead` where it has no name or one that is taken.

    A set of landmarks is: it has the name of one of its coordinates.

    >>> [*as_dataset(xr.DataArray([1.0], {"landmark": 8}, ("time",), name="landmark"), "values").data_vars]
    ['values']
    """
    taken = x.name is None or x.name in x.coords or x.name in x.dims
    return x.to_dataset(name=instead if taken else x.name)
