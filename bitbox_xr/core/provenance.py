"""Coordinates and attributes that results and files keep from their input, and the record of processing steps."""

import json
from collections.abc import Mapping
from typing import Any

import xarray as xr

from bitbox_xr.core.variables import MASKED, RECORDING, SIGNAL, SIGNAL1, SIGNAL2, TIME, VARIABLES
from bitbox_xr.version import __version__

__all__ = [
    "FIRST_SETTING",
    "MULTIVERSE",
    "PREREGISTERED_SETTING",
    "SOME_RECORDINGS",
    "append_history",
    "as_dataset",
    "carried",
    "provenance",
    "result_attrs",
    "without_first",
]

MULTIVERSE = "multiverse"  # names of the options that are dimensions, with spaces between them
# the label of each of these options in the setting that was frozen, or is the first of each list, as JSON
PREREGISTERED_SETTING, FIRST_SETTING = "preregistered_setting", "first_setting"
SOME_RECORDINGS = "some_recordings"  # key of a step in the history of a summary that some recordings do not have
LOST = "lost_frames"  # number of frames without any signal, counted by readers; masked ones are not among them
MASKED_FRAMES = "masked_frames"  # number of frames that `mask` took values from
# attributes that are also true of parts of a recording and of results
KEPT = ("kind", "schema", "source", "backend", "time_source", "time_origin", "history")
# attributes that are true of one recording; xr.concat keeps those of the first one
OF_ONE_RECORDING = ("source", "time_origin")
# numbers in a result that may differ between recordings
NUMBERS_OF_ONE = ("frames", "window_count", "n", "n_asked", "n_by_label", "note", "intervals", "short_intervals")


def provenance(x: xr.DataArray) -> dict[str, Any]:
    """The attributes of an input that record its source and its processing.

    The name of the file is left out if the input has several recordings, or is one that was selected from several by
    its label along the dimension `recording`: the label then tells which recording it is. One that was selected from
    several without labels cannot be recognised. If `xr.concat` kept the attributes of the first one, it has its source.

    >>> x = xr.DataArray([[0.0], [None]], dims=("time", "signal"), attrs={"source": "a.csv", "lost_frames": 9})
    >>> provenance(x.astype(float))
    {'source': 'a.csv', 'lost_frames': 1}
    >>> provenance(xr.concat([x, x.assign_attrs(source="b.csv")], "recording").astype(float))
    {'lost_frames': 2}
    """
    left_out = () if _is_one_recording(x) else OF_ONE_RECORDING
    return {name: x.attrs[name] for name in KEPT if name in x.attrs and name not in left_out} | _counts(x)


def _is_one_recording(x: xr.DataArray) -> bool:
    """Whether x is one recording, and was not selected from several."""
    return RECORDING not in x.coords and not set(x.dims) - {TIME, SIGNAL}


def result_attrs(measure: str, options: Mapping[str, object], *inputs: xr.DataArray) -> dict[str, Any]:
    """Attributes of a result: the measure, its options, and the source of its inputs.

    With two inputs, the names of their attributes end in 1 and 2: `source1`, `source2`.

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


def without_first(result: xr.Dataset) -> xr.Dataset:
    """The result, of several recordings, without attributes that may be true of the first one only, as after xr.concat.

    Results that were computed of several recordings do not have the names of all files; their attributes stay.

    >>> one = xr.Dataset({"corr_mean": 0.5}, attrs={"source1": "a.csv", "source2": "b.csv", "lost_frames1": 0})
    >>> without_first(one).attrs == one.attrs, without_first(xr.concat([one, one], "dyad")).attrs
    (True, {})
    """
    own = {SIGNAL1, SIGNAL2, result.attrs.get("by"), *str(result.attrs.get(MULTIVERSE, "")).split()}
    further = [dim for dim in result.dims if dim == RECORDING or (dim not in VARIABLES and dim not in own)]
    sides = ("1", "2") if {"kind1", "kind2", "source1", "source2"} & set(result.attrs) else ("",)
    if not further or not all(f"source{side}" in result.attrs for side in sides):
        return result
    left_out = {
        *NUMBERS_OF_ONE,
        *(f"{name}{side}" for name in (*OF_ONE_RECORDING, LOST, MASKED_FRAMES) for side in sides),
    }
    attrs = {name: value for name, value in result.attrs.items() if name not in left_out}
    return result.drop_attrs(deep=False).assign_attrs(attrs)


def append_history(x: xr.DataArray, step: Mapping[str, str | int | float]) -> xr.DataArray:
    """Append a processing step to the attribute `history` (JSON), and update `lost_frames` and `masked_frames`.

    >>> x = xr.DataArray([[0.0]], dims=("time", "signal"))
    >>> append_history(x, {"function": "fill_gaps", "max_gap": 0.5}).history
    '[{"function": "fill_gaps", "max_gap": 0.5}]'
    """
    earlier = x.attrs.get("history", "[]")
    try:
        steps = list(json.loads(earlier))
    except (TypeError, ValueError):  # written by another program, not as JSON
        steps = [str(earlier)]
    x = x.assign_attrs(history=json.dumps([*steps, dict(step)]))
    counts = _counts(x)
    for name in (LOST, MASKED_FRAMES):
        x.attrs.pop(name, None)
    return x.assign_attrs(counts)


def _counts(x: xr.DataArray) -> dict[str, int]:
    """Count lost and masked frames of a recording again, because it may have been cut or filled.

    Lost frames are counted only if the reader did so, and both only if values are in memory.
    """
    if LOST not in x.attrs and MASKED not in x.coords:
        return {}
    if x.chunks or (MASKED in x.coords and x[MASKED].chunks):
        return {}
    absent = x.isnull()
    masked = x[MASKED] if MASKED in x.coords else xr.DataArray(False)
    counts = {LOST: int((absent.all(SIGNAL) & ~masked).sum())} if LOST in x.attrs else {}
    return counts | ({MASKED_FRAMES: int((absent.any(SIGNAL) & masked).sum())} if MASKED in x.coords else {})


def carried(x: xr.DataArray, onto: str | None = None) -> dict[str, xr.Variable]:
    """The coordinates of an input that a result without time keeps.

    `onto` is the name of the dimension `signal` in the result; None if the result does not have this dimension.

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
    """A Dataset with `x` as its variable, called `instead` if x has no name or the name of one of its coordinates.

    Landmarks are an example: a signal set of landmarks and one of its coordinates are both called `landmark`.

    >>> [*as_dataset(xr.DataArray([1.0], {"landmark": 8}, ("time",), name="landmark"), "values").data_vars]
    ['values']
    """
    taken = x.name is None or x.name in x.coords or x.name in x.dims
    return x.to_dataset(name=instead if taken else x.name)
