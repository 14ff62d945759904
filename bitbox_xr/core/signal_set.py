"""Signal sets: DataArrays `(time, signal)` of one kind with time in seconds.

`signals()` makes one from an array or a table, `from_bitbox()` and `to_bitbox()` convert from and to the dictionaries
of Bitbox, and every measure checks its input with `as_signals()`.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from os import PathLike
from typing import Any, cast

import numpy as np
import pandas as pd
import xarray as xr

from bitbox_xr.core import kinds, signal_names, validation
from bitbox_xr.core.errors import refuse, warn
from bitbox_xr.core.time_axis import TIME_ATTRS, on_seconds
from bitbox_xr.core.types import Array, Kind, SignalsLike, TimesLike
from bitbox_xr.core.variables import SIGNAL, TIME, variable_attrs
from bitbox_xr.kernels import frame_rate
from bitbox_xr.upstream.xarray_internals import array_of

__all__ = ["as_signals", "from_bitbox", "rate", "signals", "to_bitbox"]

SIGNAL_COORDS = ("landmark", "axis", "region", "side")  # coordinates that follow from the names of signals


def signals(
    data: SignalsLike,
    *,
    kind: Kind = "expression",
    fps: float | None = None,
    time: TimesLike | None = None,
    names: Iterable[str] | None = None,
    **attrs: str | int | float,
) -> xr.DataArray:
    """Make a labelled signal set from an array or a table.

    A signal set holds the signals of a recording, such as the activation of action units in each video frame. Every
    measure of this package takes one.

    Parameters
    ----------
    data
        NumPy or dask array `(time, signal)`, DataFrame with one row per frame, or DataArray `(…, time, signal)`,
        which keeps its coordinates and attributes. float32 and float64 are kept, other numbers become float64.
        Missing values are NaN.
    kind
        Kind of the signals: expression (coefficients of facial expressions), landmark (pixel), landmark-can
        (canonicalized, mm), pose (of the head), rectangle (around the face, pixel), emotion, gaze or motion-energy.
    fps
        Frames per second, for data without times. With times, it confirms an unusual rate: more than 240 frames per
        second, or steps of more than 10 s, are refused otherwise.
    time
        Time of each frame: seconds, timedelta64 or datetime64. Dates become seconds since the first frame, whose date
        is kept in the attribute `time_origin`. The index of a DataFrame is used if it is datetime64, timedelta64 or
        named `time`. A DataArray, and the coordinate `time` of `data`, may use another unit, which its attribute
        `units` names: ms, us, ns, min, h, d and their usual spellings, or "<unit> since <date>" for dates.
    names
        One name for each signal. Default: the columns, or the names in the schema of the kind with that number of
        signals (`GE0`, … for 79 expressions), or `s0`, `s1`, ….
    **attrs
        Further attributes (text or numbers), such as `source` or `backend`.

    Returns
    -------
    DataArray
        `(time, signal)`, named after its kind, with `time` in seconds, the attributes `kind`, `units` and `schema`,
        and coordinates `region`, `side`, `landmark` and `axis` along `signal` if the names of the signals define them.

    Raises
    ------
    ValueError
        If the input is not valid; the message lists all faults.
    TypeError
        If the input is not an array of numbers.

    Warns
    -----
    UserWarning
        If an array has neither `fps` nor `time`: 30 frames per second are assumed.

    Examples
    --------
    >>> x = signals([[0.0, 1.0], [0.5, 1.0], [0.0, 0.5]], fps=30, names=["AU04", "AU12"])
    >>> x.sel(signal="AU12").values
    array([1. , 1. , 0.5])
    >>> x.region.values.tolist()
    ['brow', 'mouth']
    """
    refuse("signals()", kinds.kind_faults(kind))
    if isinstance(data, xr.DataArray):
        return _from_data_array(data, kind, fps, time, names, attrs)
    data, time, names = _split_frame(data, time, names)
    values = _numbers(data)
    refuse("signals()", validation.size_faults(values.shape))
    if values.ndim != 2:
        raise ValueError(
            f"signals(): expected shape (time, signal), got {values.shape}; for one signal use data[:, None]"
        )
    labels = _names_as_text(names) if names is not None else signal_names.default_names(kind, values.shape[1])
    faults = (
        validation.label_faults(labels, values.shape[1]) + validation.attr_faults(attrs) + validation.fps_faults(fps)
    )
    if 0 in values.shape:
        faults.append(f"expected data of at least one frame and one signal, got shape {values.shape}")
    refuse("signals()", faults)
    axis, time_attrs = _time_axis(values.shape[0], fps, time, assume_rate=not isinstance(data, pd.DataFrame))
    coords = {
        TIME: (TIME, axis, dict(TIME_ATTRS)),
        SIGNAL: (SIGNAL, np.array(labels, dtype=str), variable_attrs(SIGNAL)),
        **_coords_of_names(kind, labels),
    }
    x = xr.DataArray(values, coords, (TIME, SIGNAL), name=kind.replace("-", "_"))
    x.attrs = {**_attrs_of_kind(kind, labels), **time_attrs, **attrs}
    return x


def from_bitbox(data: Mapping[str, object], *, fps: float | None = None) -> xr.DataArray:
    """Make a signal set from a dictionary that a function of Bitbox returned.

    Parameters
    ----------
    data
        Dictionary with `type` (rectangle, landmark, landmark-can, pose or expression) and `data` (DataFrame with one
        row per frame and one column per signal). The entries `backend`, `schema`, `format` and `dimension` become
        attributes, other entries are ignored.
    fps
        Frames per second, because such a dictionary holds no times. Default: 30, as Bitbox assumes.

    Returns
    -------
    DataArray
        `(time, signal)`, as `signals()` makes it, with times from 0 s. The attribute `time_source` records where the
        frame rate comes from.

    Raises
    ------
    ValueError
        If the dictionary is not valid; the message lists all faults.
    TypeError
        If `data` is not a dictionary, or its table does not hold numbers.

    Examples
    --------
    >>> table = pd.DataFrame({"GE0": [0.0, 0.1], "GE1": [0.2, 0.3]})
    >>> x = from_bitbox({"type": "expression", "backend": "3DI", "data": table})
    >>> x.dims, x.attrs["backend"], float(x.time[1])
    (('time', 'signal'), '3DI', 0.03333333333333333)
    """
    if not isinstance(data, Mapping) or isinstance(data, xr.Dataset):
        raise TypeError(f"from_bitbox(): expected a dictionary, got a {type(data).__name__}; signals() takes tables")
    table = data.get("data")
    faults = kinds.kind_faults(data.get("type"), "'type'")
    if not isinstance(table, pd.DataFrame):
        faults.append(f"expected 'data' to be a DataFrame with one row per frame, got a {type(table).__name__}")
    refuse("a Bitbox dictionary", faults)
    assert isinstance(table, pd.DataFrame)
    kept = {key: data[key] for key in ("backend", "schema", "format") if isinstance(data.get(key), str)}
    if isinstance(dimension := data.get("dimension"), int | np.integer):
        kept["dimension"] = int(dimension)
    kept["time_source"] = "fps given" if fps is not None else "no time in the source; 30 fps as Bitbox has it"
    fps = frame_rate.DEFAULT_FPS if fps is None else fps
    return signals(table.reset_index(drop=True), kind=cast(Kind, data["type"]), fps=fps).assign_attrs(kept)


def to_bitbox(x: xr.DataArray) -> dict[str, Any]:
    """Convert signals to a dictionary that Bitbox's functions take. The dictionary holds no times.

    `x` is a DataArray `(time, signal)`; the dictionary's `data` is a DataFrame with one row per frame and one column
    per signal. Raises ValueError if `x` is not a signal set or has further dimensions.

    >>> x = signals(np.zeros((3, 2)), kind="expression", fps=30, names=["GE0", "GE1"], backend="3DI")
    >>> d = to_bitbox(x)
    >>> d["backend"], d["type"], d["frame count"], d["dimension"], d["data"].shape
    ('3DI', 'expression', 3, 2, (3, 2))
    """
    refuse("to_bitbox()", validation.faults_of(x))
    extra = [str(dim) for dim in x.dims if dim not in (TIME, SIGNAL)]
    if extra:
        raise ValueError(
            f"to_bitbox(): expected dimensions time and signal only, got also {', '.join(extra)}; choose with .isel()"
        )
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


def as_signals(data: object, *, fps: float | None = None, label: str = "x") -> xr.DataArray:
    """Check the input of a measure and return it as signals `(…, time, signal)` with time in seconds.

    Takes a DataArray with dimensions `time` and `signal` (or one signal selected from it), a Bitbox dictionary, or any
    other input of `signals()`. `fps` is for input without times; it may not contradict a time axis. `label` names the
    input in messages.
    """
    if not isinstance(data, xr.DataArray):
        try:
            if isinstance(data, Mapping) and not isinstance(data, xr.Dataset):
                return from_bitbox(data, fps=fps)
            return signals(cast(SignalsLike, data), fps=fps)
        except TypeError as error:
            raise TypeError(f"{label}: {error}") from None
        except ValueError as error:
            raise ValueError(f"{label}: {error}") from None
    x = _one_signal(data)
    refuse(label, validation.shape_faults(x))
    if TIME not in x.coords and fps is None:
        raise ValueError(
            f"{label}: expected a coordinate time, got none; pass fps=…, or add times with signals(…, time=…)"
        )
    if SIGNAL not in x.coords:
        kind = x.attrs.get("kind", "expression")
        x = x.assign_coords({SIGNAL: signal_names.default_names(kind, x.sizes[SIGNAL])})
    elif x.coords.variables[SIGNAL].dtype.kind != "U" and not all(isinstance(n, str) for n in x[SIGNAL].values):
        labels = np.array([validation.label_of(name) for name in x[SIGNAL].values], dtype=str)
        x = x.assign_coords({SIGNAL: (SIGNAL, labels, x[SIGNAL].attrs)})
    with suppress(ValueError):  # an unknown unit, which the next check reports with all other faults
        x = on_seconds(x, fps)
    refuse(label, validation.content_faults(x, fps=fps))
    if not np.issubdtype(x.dtype, np.floating) or x.dtype.itemsize < 4 or x.dtype.itemsize > 8:
        x = x.astype(np.float64)
    # A lazy array is always transposed, into another one, so that the caller's does not keep the values that are read.
    ordered = x.dims[-2:] == (TIME, SIGNAL) and isinstance(array_of(x.variable), np.ndarray)
    return x if ordered else x.transpose(..., TIME, SIGNAL)


def rate(x: xr.DataArray) -> float:
    """Frames per second of signals with regular times; raises ValueError if the times are not regular.

    >>> rate(signals(np.zeros((100, 1)), fps=25))
    25.0
    """
    refuse("signals", validation.shape_faults(x))
    times = x.sizes[TIME] if TIME in x.coords else 0
    if times < 2:
        raise ValueError(f"expected at least two frame times to determine the frame rate, got {times}")
    axis = on_seconds(x).coords.variables[TIME].values
    found = frame_rate.regular_rate(axis)
    if found is None:
        raise ValueError(f"expected regular times, got {validation.irregularity(axis)}; see resample()")
    return found


# --- parts of signals() and as_signals()


def _from_data_array(
    data: xr.DataArray,
    kind: str,
    fps: float | None,
    time: TimesLike | None,
    names: Iterable[str] | None,
    attrs: Mapping[str, str | int | float],
) -> xr.DataArray:
    """Signals of a kind from a DataArray: its own coordinates and attributes are kept, missing ones are added."""
    faults = validation.shape_faults(data) + validation.attr_faults(attrs)
    for name, given, coord in (("time", time, TIME), ("names", names, SIGNAL)):
        if given is not None and coord in data.coords:
            faults.append(
                f"expected {name} or data with a coordinate {coord}, got both; leave {name} out, or drop the coordinate"
            )
    own = data.attrs.get("kind", kind)
    if own != kind:
        faults.append(f"expected data of kind {kind!r}, got kind {own!r}; pass kind={own!r}, or drop the attribute")
    refuse("signals()", faults)
    if TIME not in data.coords:
        axis, time_attrs = _time_axis(data.sizes[TIME], fps, time, assume_rate=False)
        data = data.assign_coords({TIME: (TIME, axis, dict(TIME_ATTRS))}).assign_attrs(time_attrs)
    if names is not None:
        labels = _names_as_text(names)
        refuse("signals()", validation.label_faults(labels, data.sizes[SIGNAL]))
        data = data.assign_coords({SIGNAL: (SIGNAL, np.array(labels, dtype=str), variable_attrs(SIGNAL))})
    x = as_signals(data.assign_attrs(kind=kind), fps=fps, label="signals()")
    labels = x[SIGNAL].values.astype(str).tolist()
    x = x.assign_coords({name: coord for name, coord in _coords_of_names(kind, labels).items() if name not in x.coords})
    x.attrs = {**_attrs_of_kind(kind, labels), **x.attrs, **validation.stated(fps), **attrs}
    return x.rename(x.name or kind.replace("-", "_"))


def _split_frame(
    data: SignalsLike, time: TimesLike | None, names: Iterable[str] | None
) -> tuple[SignalsLike, TimesLike | None, Iterable[str] | None]:
    """Take names and times from a DataFrame, and check that each column holds numbers."""
    if not isinstance(data, pd.DataFrame):
        return data, time, names
    types = pd.api.types
    numeric = [types.is_numeric_dtype(dtype) and not types.is_complex_dtype(dtype) for dtype in data.dtypes]
    if not all(numeric):
        bad = [str(column) for column, ok in zip(data.columns, numeric, strict=True) if not ok]
        raise TypeError(f"signals(): expected numbers, got other columns: {validation.listed(bad)}; see data[[…]]")
    if names is None:
        names = [*data.columns]
    index = data.index
    if time is None and (index.name == TIME or isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex)):
        time = index.to_numpy()
    return data, time, names


def _names_as_text(names: object) -> list[str]:
    """Names given by a caller as text; they may be numbers or bytes."""
    if isinstance(names, str | bytes | set | frozenset) or not isinstance(names, Iterable):  # a set has no order
        raise TypeError(f"signals(): expected names to be a sequence with one name for each signal, got {names!r}")
    return [validation.label_of(name) for name in names]


def _type_faults(data: object) -> list[str]:
    """Faults of data that are not an array, each with the function that makes one."""
    if isinstance(data, str | PathLike):
        return [f"expected an array or a table, got a path, {str(data)!r}; open_signals() reads files"]
    if isinstance(data, xr.Dataset):
        named = next(iter(data.data_vars), "name")
        return [f"expected an array or a table, got a Dataset; select one of its variables, ds[{str(named)!r}]"]
    if isinstance(data, Mapping):
        return ["expected an array or a table, got a dictionary; see from_bitbox() and pandas.DataFrame()"]
    if not hasattr(data, "dtype") and hasattr(data, "to_dask_array"):
        return ["expected an array or a table, got a dask table; convert it with .to_dask_array(lengths=True)"]
    return []


def _numbers(data: object) -> Array:
    refuse("signals()", _type_faults(data), TypeError)
    values: Any = data
    if isinstance(data, pd.DataFrame) and set(data.dtypes) != {np.dtype(np.float32)}:
        values = data.to_numpy(dtype=np.float64, na_value=np.nan)  # pandas' nullable types
    if isinstance(values, np.ma.MaskedArray):
        values = np.ma.filled(values.astype(np.float64), np.nan)
    if not hasattr(values, "dask"):
        try:
            values = np.asarray(values)
        except ValueError as error:
            raise ValueError(
                f"signals(): expected rows of one length, got data that are not an array ({error})"
            ) from None
    if values.dtype not in (np.float32, np.float64):
        if values.dtype.kind not in "biuf":
            raise TypeError(
                f"signals(): expected an array (time, signal) of real numbers, missing ones as NaN, got {values.dtype}"
            )
        values = values.astype(np.float64)
    return cast(Array, values)


def _time_axis(
    n: int, fps: float | None, time: TimesLike | None, *, assume_rate: bool
) -> tuple[np.ndarray, dict[str, str]]:
    """Seconds of `n` frames from the caller's times or frame rate, and attributes that record their source."""
    if time is None and fps is None:
        if not assume_rate:
            raise ValueError("signals(): expected times or a frame rate, got none; pass fps=… or time=…")
        warn("expected fps or time, got none; 30 frames per second are assumed, as in Bitbox; pass fps=… to confirm")
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
        faults.append(f"expected time to have one value for each of the {n} frames, got shape {axis.shape}")
    else:
        faults += validation.increase_faults(axis)
        own_unit = np.asarray(time).dtype.kind in "mM" or bool(getattr(time, "attrs", {}).get("units"))
        faults += [] if faults else validation.rate_faults(axis, fps, stated=False, dates=own_unit)
    refuse("signals()", faults)
    return axis, validation.stated(fps) | ({"time_origin": origin} if origin else {})


def _coords_of_names(kind: str, labels: list[str]) -> dict[str, Any]:
    """Coordinates along `signal` that follow from the names."""
    columns = signal_names.signal_coords(kind, labels)
    return {name: (SIGNAL, np.array(column), variable_attrs(name)) for name, column in columns.items()}


def _attrs_of_kind(kind: str, labels: list[str]) -> dict[str, str]:
    """Attributes that follow from the kind and the names."""
    schema = signal_names.SCHEMAS.get((kind, len(labels)))
    named = {"schema": schema[0]} if schema and schema[1] == labels else {}
    long_name, units = kinds.KINDS[kind]
    return {"long_name": long_name, "units": units, "kind": kind, **named}


def _one_signal(x: xr.DataArray) -> xr.DataArray:
    """Restore the dimension `signal` of a single selected signal, `x.sel(signal="AU12")`."""
    if SIGNAL not in x.dims and SIGNAL in x.coords and x[SIGNAL].ndim == 0:
        along = {name: (SIGNAL, x[name].values[None]) for name in SIGNAL_COORDS if name in x.coords}
        return x.expand_dims(SIGNAL, -1).drop_vars(along).assign_coords(along)
    return x
