"""What a signal set is: a DataArray `(time, signal)` of one kind, on a clock in seconds.

`signals()` makes one of an array or a table, `from_bitbox()` and `to_bitbox()` exchange them with Bitbox's
dictionaries, `as_signals()` is the door through which every measure takes its input.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from os import PathLike
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bitbox_xr.core import signal_names, validation
from bitbox_xr.core.errors import refuse, warn
from bitbox_xr.core.time_axis import TIME_ATTRS, on_seconds
from bitbox_xr.core.types import Kind
from bitbox_xr.core.variables import SIGNAL, TIME, variable_attrs
from bitbox_xr.kernels import frame_rate

__all__ = ["as_signals", "from_bitbox", "rate", "signals", "to_bitbox"]

ALONG_SIGNAL = ("landmark", "axis", "region", "side")  # coordinates that the names of signals determine


def signals(
    data: Any,
    *,
    kind: Kind = "expression",
    fps: float | None = None,
    time: Any = None,
    names: Iterable[str] | None = None,
    **attrs: str | int | float,
) -> xr.DataArray:
    """A labelled signal set of an array or a table.

    Parameters
    ----------
    data
        Array `(time, signal)` of NumPy or dask, a DataFrame with a row a frame, or a DataArray `(…, time, signal)`,
        which keeps its coordinates and attributes. float32 and float64 stay as they are, other numbers become
        float64. Lost frames are NaN.
    kind
        expression, landmark (pixel), landmark-can (mm), pose or rectangle.
    fps
        Frames per second, for data without times; beside times, that their rate is meant (above 240 frames a
        second, or steps of more than 10 s, which are refused otherwise).
    time
        Time of each frame: seconds, timedelta64, or datetime64 (then seconds since the first frame, which
        stands in the attribute `time_origin`). A DataFrame's index counts where it is datetime64,
        timedelta64 or named `time`. A DataArray, and the coordinate `time` of `data`, may be in another unit that
        its attribute `units` names: ms, us, ns, min, h, d and their usual spellings, or "<unit> since <date>", which
        is read as datetime64 is.
    names
        A label for each signal; by default the columns, or the names that the kind's schema has for that
        many signals (`GE0`, … for 79 expressions), or `s0`, `s1`, ….
    **attrs
        Further attributes (text or numbers), such as `source` or `backend`.

    Returns
    -------
    DataArray
        `(time, signal)`, named after its kind, with `time` in seconds, attributes `kind`, `units`, `schema`,
        and, where names tell it, coordinates `region`, `side`, `landmark`, `axis` on `signal`.

    Raises
    ------
    ValueError
        For every fault of the input at once.
    TypeError
        Where it is no array of numbers.

    Warns
    -----
    UserWarning
        A bare array without `fps` or `time` is taken to have 30 frames a second.

    Examples
    --------
    >>> x = signals([[0.0, 1.0], [0.5, 1.0], [0.0, 0.5]], fps=30, names=["AU04", "AU12"])
    >>> x.sel(signal="AU12").values
    array([1. , 1. , 0.5])
    >>> x.region.values.tolist()
    ['brow', 'mouth']
    """
    refuse("signals()", validation.kind_faults(kind))
    if isinstance(data, xr.DataArray):
        return _of_labelled(data, kind, fps, time, names, attrs)
    data, time, names = _of_frame(data, time, names)
    values = _numbers(data)
    refuse("signals()", validation.size_faults(values.shape))
    if values.ndim != 2:
        raise ValueError(
            f"signals(): the data have shape {values.shape}; (time, signal) is wanted, for one signal `data[:, None]`"
        )
    labels = _texts(names) if names is not None else signal_names.default_names(kind, values.shape[1])
    faults = (
        validation.label_faults(labels, values.shape[1]) + validation.attr_faults(attrs) + validation.fps_faults(fps)
    )
    if 0 in values.shape:
        faults.append(f"the data have shape {values.shape}; at least one frame and one signal are wanted")
    refuse("signals()", faults)
    axis, time_attrs = _time_axis(values.shape[0], fps, time, bare=not isinstance(data, pd.DataFrame))
    coords = {
        TIME: (TIME, axis, dict(TIME_ATTRS)),
        SIGNAL: (SIGNAL, np.array(labels, dtype=str), variable_attrs(SIGNAL)),
        **_along(kind, labels),
    }
    x = xr.DataArray(values, coords, (TIME, SIGNAL), name=kind.replace("-", "_"))
    x.attrs = {**_known(kind, labels), **time_attrs, **attrs}
    return x


def from_bitbox(data: Mapping[str, Any], *, fps: float | None = None) -> xr.DataArray:
    """The signals of one of Bitbox's dictionaries.

    Parameters
    ----------
    data
        The dictionary: `type` (rectangle, landmark, landmark-can, pose or expression) and `data` (a DataFrame with
        a row a frame and a column a signal); it may have `backend`, `schema`, `format` and `dimension`, which become
        attributes. What else it has is left out.
    fps
        Frames per second, since such a dictionary holds no time; by default 30, as Bitbox assumes.

    Returns
    -------
    DataArray
        `(time, signal)`, as `signals()` makes it, time from 0 s; the attribute `time_source` says where its rate is
        from.

    Raises
    ------
    ValueError
        For every fault of the dictionary at once.
    TypeError
        For what is no dictionary, and where its table does not hold numbers.

    Examples
    --------
    >>> table = pd.DataFrame({"GE0": [0.0, 0.1], "GE1": [0.2, 0.3]})
    >>> x = from_bitbox({"type": "expression", "backend": "3DI", "data": table})
    >>> x.dims, x.attrs["backend"], float(x.time[1])
    (('time', 'signal'), '3DI', 0.03333333333333333)
    """
    if not isinstance(data, Mapping) or isinstance(data, xr.Dataset):
        raise TypeError(f"from_bitbox(): got a {type(data).__name__}; a dictionary is wanted (signals() takes tables)")
    table = data.get("data")
    faults = [fault.replace("kind", "'type'", 1) for fault in validation.kind_faults(data.get("type"))]
    if not isinstance(table, pd.DataFrame):
        faults.append(f"'data' is {type(table).__name__}; a DataFrame with a row a frame is wanted")
    refuse("a Bitbox dictionary", faults)
    assert isinstance(table, pd.DataFrame)
    kept = {key: data[key] for key in ("backend", "schema", "format") if isinstance(data.get(key), str)}
    if isinstance(data.get("dimension"), int | np.integer):
        kept["dimension"] = int(data["dimension"])
    kept["time_source"] = "fps given" if fps is not None else "no time in the source; 30 fps as Bitbox has it"
    rate_ = frame_rate.DEFAULT_FPS if fps is None else fps
    return signals(table.reset_index(drop=True), kind=data["type"], fps=rate_, **kept)


def to_bitbox(x: xr.DataArray) -> dict[str, Any]:
    """Signals as a dictionary of the kind that Bitbox's functions take. It keeps no time.

    `x` is a DataArray `(time, signal)`; the dictionary's `data` is a DataFrame with a row a frame and a column a
    signal. ValueError where x is no signal set, or has further dimensions.

    >>> x = signals(np.zeros((3, 2)), kind="expression", fps=30, names=["GE0", "GE1"], backend="3DI")
    >>> d = to_bitbox(x)
    >>> d["backend"], d["type"], d["frame count"], d["dimension"], d["data"].shape
    ('3DI', 'expression', 3, 2, (3, 2))
    """
    refuse("to_bitbox()", validation.faults_of(x, "x"))
    extra = [str(dim) for dim in x.dims if dim not in (TIME, SIGNAL)]
    if extra:
        raise ValueError(f"to_bitbox(): x has dimensions {', '.join(extra)}; choose one recording with .isel()")
    table = x.transpose(TIME, SIGNAL)
    frame = pd.DataFrame(table.values, columns=pd.Index(table[SIGNAL].values.astype(str)))
    n = frame.shape[1]
    return {
        "backend": str(x.attrs.get("backend", "")),
        "frame count": len(frame),
        "type": str(x.attrs.get("kind", "expression")),
        "format": str(x.attrs.get("format", f"one row a frame, {n} columns")),
        "schema": str(x.attrs.get("schema", "")),
        "dimension": x.attrs.get("dimension", len(set(x["axis"].values)) if "axis" in x.coords else n),
        "data": frame,
    }


def as_signals(data: Any, *, fps: float | None = None, label: str = "x") -> xr.DataArray:
    """`data` as checked signals `(…, time, signal)` on a regular clock: what every measure asks of its input.

    Takes a DataArray with dimensions `time` and `signal` (or one signal picked from such), a Bitbox
    dictionary, or what `signals()` takes. `fps` is for input without time; one that contradicts a time
    axis is refused. `label` names the input in messages.
    """
    if not isinstance(data, xr.DataArray):
        make = from_bitbox if isinstance(data, Mapping) and not isinstance(data, xr.Dataset) else signals
        try:
            return make(data, fps=fps)
        except TypeError as error:
            raise TypeError(f"{label}: {error}") from None
        except ValueError as error:
            raise ValueError(f"{label}: {error}") from None
    x = _one_signal(data)
    refuse(label, validation.shape_faults(x))
    if TIME not in x.coords and fps is None:
        raise ValueError(f"{label}: there is no coordinate `time`; give `fps`, or make it with signals(…, time=…)")
    if SIGNAL not in x.coords:
        kind = x.attrs.get("kind", "expression")
        x = x.assign_coords({SIGNAL: signal_names.default_names(kind, x.sizes[SIGNAL])})
    elif not all(isinstance(name, str) for name in x[SIGNAL].values):  # bytes, as some libraries read text; numbers
        labels = np.array([validation.label_of(name) for name in x[SIGNAL].values], dtype=str)
        x = x.assign_coords({SIGNAL: (SIGNAL, labels, x[SIGNAL].attrs)})
    with suppress(ValueError):  # of an unknown unit, which is among the faults of the next line
        x = on_seconds(x, fps)
    refuse(label, validation.faults_of(x, label, fps=fps))
    if not np.issubdtype(x.dtype, np.floating) or x.dtype.itemsize < 4 or x.dtype.itemsize > 8:
        x = x.astype(np.float64)
    return x.transpose(..., TIME, SIGNAL)


def rate(x: xr.DataArray) -> float:
    """Frames per second of signals on a regular clock; ValueError where their clock is not regular.

    >>> rate(signals(np.zeros((100, 1)), fps=25))
    25.0
    """
    refuse("signals", validation.shape_faults(x))
    times = x.sizes[TIME] if TIME in x.coords else 0
    if times < 2:
        raise ValueError(f"{validation.counted(times, 'time')} of frames cannot tell a rate; two at least are wanted")
    axis = on_seconds(x)[TIME].values
    found = frame_rate.regular_rate(axis)
    if found is None:
        raise ValueError(f"time is not regular: {validation.irregularity(axis)}; see resample()")
    return found


# --- what signals() is made of


def _of_labelled(
    data: xr.DataArray, kind: str, fps: float | None, time: Any, names: Any, attrs: Mapping[str, Any]
) -> xr.DataArray:
    """A DataArray as signals of a kind; what it has itself is kept, the caller gives what it lacks."""
    faults = validation.shape_faults(data) + validation.attr_faults(attrs)
    for name, given, coord in (("time", time, TIME), ("names", names, SIGNAL)):
        if given is not None and coord in data.coords:
            faults.append(f"{name} is given, and the data have a coordinate {coord}; leave it out, or drop that")
    own = data.attrs.get("kind", kind)
    if own != kind:
        faults.append(f"the data are of kind {own!r}, and kind is {kind!r}; say kind={own!r}, or drop the attribute")
    refuse("signals()", faults)
    if TIME not in data.coords:
        axis, time_attrs = _time_axis(data.sizes[TIME], fps, time, bare=False)
        data = data.assign_coords({TIME: (TIME, axis, dict(TIME_ATTRS))}).assign_attrs(time_attrs)
    if names is not None:
        labels = _texts(names)
        refuse("signals()", validation.label_faults(labels, data.sizes[SIGNAL]))
        data = data.assign_coords({SIGNAL: (SIGNAL, np.array(labels, dtype=str), variable_attrs(SIGNAL))})
    x = as_signals(data.assign_attrs(kind=kind), fps=fps, label="signals()")
    labels = x[SIGNAL].values.astype(str).tolist()
    x = x.assign_coords({name: coord for name, coord in _along(kind, labels).items() if name not in x.coords})
    x.attrs = {**_known(kind, labels), **x.attrs, **validation.stated(fps), **attrs}
    return x.rename(x.name or kind.replace("-", "_"))


def _of_frame(data: Any, time: Any, names: Any) -> tuple[Any, Any, Any]:
    """Names and times that a DataFrame brings, and its numbers checked column by column."""
    if not isinstance(data, pd.DataFrame):
        return data, time, names
    types = pd.api.types
    numeric = [types.is_numeric_dtype(dtype) and not types.is_complex_dtype(dtype) for dtype in data.dtypes]
    if not all(numeric):
        bad = [str(column) for column, ok in zip(data.columns, numeric, strict=True) if not ok]
        raise TypeError(
            f"signals(): columns {validation.listed(bad)} do not hold numbers; choose columns, e.g. data[[…]]"
        )
    if names is None:
        names = [*data.columns]
    index = data.index
    if time is None and (index.name == TIME or isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex)):
        time = index.to_numpy()
    return data, time, names


def _texts(names: Any) -> list[str]:
    """Labels given by a caller, who may have numbers for them."""
    if isinstance(names, str | bytes | set | frozenset) or not isinstance(names, Iterable):  # a set has no order
        raise TypeError(f"signals(): names is {names!r}; a sequence with a label for each signal is wanted")
    return [validation.label_of(name) for name in names]


def _type_faults(data: Any) -> list[str]:
    """What is no array, but has a way to one."""
    if isinstance(data, str | PathLike):
        return [f"the data are a path, {str(data)!r}; open_signals() reads files"]
    if isinstance(data, xr.Dataset):
        named = next(iter(data.data_vars), "name")
        return [f"the data are a Dataset; choose one of its variables, ds[{str(named)!r}]"]
    if isinstance(data, Mapping):
        return ["the data are a dictionary; from_bitbox() takes Bitbox's, pandas.DataFrame() others"]
    if not hasattr(data, "dtype") and hasattr(data, "to_dask_array"):
        return ["the data are a table of dask's; .to_dask_array(lengths=True) makes an array of it"]
    return []


def _numbers(data: Any) -> Any:
    refuse("signals()", _type_faults(data), TypeError)
    values = data
    if isinstance(data, pd.DataFrame) and set(data.dtypes) != {np.dtype(np.float32)}:
        values = data.to_numpy(dtype=np.float64, na_value=np.nan)  # pandas' own types have a missing value of their own
    if isinstance(values, np.ma.MaskedArray):
        values = np.ma.filled(values.astype(np.float64), np.nan)
    if not hasattr(values, "dask"):
        try:
            values = np.asarray(values)
        except ValueError as error:
            raise ValueError(f"signals(): the data are no array ({error}); rows of one length are wanted") from None
    if values.dtype not in (np.float32, np.float64):
        if values.dtype.kind not in "biuf":
            raise TypeError(
                f"signals(): the data are {values.dtype}; an array (time, signal) of real numbers is wanted, "
                "missing ones as NaN"
            )
        values = values.astype(np.float64)
    return values


def _time_axis(n: int, fps: float | None, time: Any, *, bare: bool) -> tuple[np.ndarray, dict[str, str]]:
    """Seconds of `n` frames from what the caller gave, and the attributes that say where they came from."""
    if time is None and fps is None:
        if not bare:
            raise ValueError("signals(): the table has no time; give `fps`, or `time` with one value a frame")
        warn("no fps and no time given: 30 frames a second assumed, as Bitbox does; give fps=… to be sure")
        return frame_rate.frame_times(n, frame_rate.DEFAULT_FPS), {"time_source": "none; 30 fps assumed"}
    if time is None:
        assert fps is not None
        return frame_rate.frame_times(n, fps), validation.stated(fps)
    try:
        axis, origin = frame_rate.seconds(time)
    except ValueError as error:
        raise ValueError(f"signals(): time: {error}") from None
    faults = []
    if axis.shape != (n,):
        faults.append(f"time has shape {axis.shape}; one value for each of the {n} frames is wanted")
    else:
        faults += validation.increase_faults(axis)
        own_unit = np.asarray(time).dtype.kind in "mM" or bool(getattr(time, "attrs", {}).get("units"))
        faults += [] if faults else validation.rate_faults(axis, fps, stated=False, dates=own_unit)
    refuse("signals()", faults)
    return axis, validation.stated(fps) | ({"time_origin": origin} if origin else {})


def _along(kind: str, labels: list[str]) -> dict[str, Any]:
    """Coordinates along `signal` that the labels tell."""
    told = signal_names.signal_coords(kind, labels)
    return {name: (SIGNAL, np.array(column), variable_attrs(name)) for name, column in told.items()}


def _known(kind: str, labels: list[str]) -> dict[str, str]:
    """Attributes that the kind and the labels tell."""
    schema = signal_names.SCHEMAS.get((kind, len(labels)))
    known = {"schema": schema[0]} if schema and schema[1] == labels else {}
    long_name, units = signal_names.KINDS[kind]
    return {"long_name": long_name, "units": units, "kind": kind, **known}


# --- what a DataArray is asked


def _one_signal(x: xr.DataArray) -> xr.DataArray:
    """A single picked signal, `x.sel(signal="AU12")`, gets its dimension back."""
    if SIGNAL not in x.dims and SIGNAL in x.coords and x[SIGNAL].ndim == 0:
        along = {name: (SIGNAL, x[name].values[None]) for name in ALONG_SIGNAL if name in x.coords}
        return x.expand_dims(SIGNAL, -1).drop_vars(along).assign_coords(along)
    return x
