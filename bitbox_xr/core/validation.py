"""Checks of inputs and options; each returns its faults as sentences, which the caller collects."""

import math
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeGuard

import numpy as np
import pandas as pd
import xarray as xr
from xarray.indexes import PandasMultiIndex

from bitbox_xr.core.kinds import kind_faults
from bitbox_xr.core.variables import SIGNAL, TIME, VARIABLES
from bitbox_xr.kernels import frame_rate

__all__ = [
    "attr_faults",
    "content_faults",
    "counted",
    "faults_of",
    "flag_faults",
    "fps_faults",
    "in_seconds",
    "increase_faults",
    "irregularity",
    "is_number",
    "label_faults",
    "label_of",
    "listed",
    "name_faults",
    "path_of",
    "rate_faults",
    "shape_faults",
    "size_faults",
    "stated",
    "time_faults",
]

MAX_UNSTATED_STEP_S = 10.0  # a longer step between frames usually means that the times are in ms
SHORTEST_UNSTATED_STEP_S = (1 - 1e-6) / frame_rate.MAX_UNSTATED_FPS  # times are rounded
MAX_OPTION = 1e9  # seconds, or frames per second; with larger options, numbers of frames would overflow integers
STATED = "fps given"  # start of the attribute `time_source` if the caller gave the frame rate


def faults_of(x: xr.DataArray) -> list[str]:
    """All faults of a DataArray as a signal set; an empty list for a valid one."""
    return shape_faults(x) or content_faults(x)


def content_faults(x: xr.DataArray, *, fps: float | None = None) -> list[str]:
    """Faults of the kind, the type of numbers, the names and the times of a DataArray without `shape_faults`."""
    faults = kind_faults(x.attrs.get("kind", "expression"), "the attribute kind")
    if np.issubdtype(x.dtype, np.complexfloating) or not (np.issubdtype(x.dtype, np.number) or x.dtype == bool):
        faults.append(f"expected values that are real numbers, got {x.dtype}")
    if SIGNAL in x.coords:
        names = x.coords.variables[SIGNAL].values.tolist()
        faults += label_faults([label_of(name) for name in names], x.sizes[SIGNAL])
    faults += fps_faults(fps)
    if TIME in x.coords and not faults:
        faults += clock_faults(x, fps)
    return faults


def shape_faults(x: object) -> list[str]:
    """Faults of the dimensions and sizes of a DataArray."""
    if not isinstance(x, xr.DataArray):
        return [f"expected a DataArray with dimensions time and signal, got a {type(x).__name__}; see signals()"]
    nested = [str(dim) for dim, index in x.xindexes.items() if isinstance(index, PandasMultiIndex) and dim in x.dims]
    if nested:
        return [f"expected plain coordinates, got a MultiIndex {dim}; call .reset_index({dim!r})" for dim in nested]
    if unnamed := [dim for dim in x.dims if not isinstance(dim, str)]:
        return [f"expected dimension names that are text, got {dim!r}; see .rename()" for dim in unnamed]
    missing = [dim for dim in (TIME, SIGNAL) if dim not in x.dims]
    if missing:
        return [f"expected dimensions {TIME} and {SIGNAL}, got {listed(x.dims)}; see signals() or .rename()"]
    coords = x.coords.variables
    misplaced = [name for name in (TIME, SIGNAL) if name in coords and coords[name].dims != (name,)]
    if misplaced:
        return [f"expected the coordinate {name} along {name}, got {listed(coords[name].dims)}" for name in misplaced]
    if 0 in x.shape:
        return [f"expected dimensions of at least size 1, got sizes {dict(x.sizes)}"]
    return size_faults(x.shape)


def size_faults(shape: tuple[float, ...]) -> list[str]:
    """Faults of a shape: sizes that dask does not know."""
    if not any(math.isnan(size) for size in shape):
        return []
    return [f"expected a known shape, got {shape}; dask does not know it yet, call .compute_chunk_sizes() on the array"]


def flag_faults(name: str, value: object) -> list[str]:
    """Faults of an option that is True or False."""
    return [] if isinstance(value, bool | np.bool_) else [f"expected {name} to be True or False, got {value!r}"]


def name_faults(own: Iterable[str], *inputs: xr.DataArray, dropped: tuple[str, ...] = (TIME, SIGNAL)) -> list[str]:
    """Faults of inputs with dimensions or coordinates that have a name which the result itself uses (`own`).

    `dropped`: dimensions of inputs that the result does not keep; coordinates along them are not checked.
    """
    names = [
        str(name)
        for x in inputs
        for name in (*x.dims, *x.coords)
        if name in x.dims or set(dropped).isdisjoint(x.coords.variables[name].dims)
    ]
    taken = [name for name in dict.fromkeys(names) if name in set(own)]
    return [f"expected no input named {name}, a name that the result itself uses; see .rename()" for name in taken]


def path_of(function: str, path: object, expected: str = "a file's name") -> Path:
    """A path given by a caller, with `~` expanded to the home folder; TypeError or ValueError if it is not a path."""
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"{function}: expected path to be {expected}, got a {type(path).__name__}")
    text = os.fspath(path)
    if not isinstance(text, str) or not text or "\0" in text:
        raise ValueError(f"{function}: expected path to be {expected}, got {text!r}")
    return Path(os.path.expanduser(text))


def label_of(name: object) -> str:
    """A signal's name as text; '' if it is missing."""
    if isinstance(name, str):
        return str(name)
    if isinstance(name, bytes):
        return name.decode(errors="replace")
    return "" if pd.api.types.is_scalar(name) and pd.isna(name) else str(name)  # type: ignore[call-overload]


def label_faults(labels: list[str], n: int) -> list[str]:
    """Faults of the names of `n` signals: one for each signal, unique, not empty."""
    faults = []
    if len(labels) != n:
        faults.append(f"expected {counted(n, 'name')}, one for each signal, got {len(labels)}")
    if len(set(labels)) < len(labels):
        repeated = sorted(label for label, count in Counter(labels).items() if count > 1)
        faults.append(f"expected unique signal names, got more than once: {listed(repeated)}")
    if any(not label.strip() for label in labels):
        faults.append("expected a name for every signal, got an empty name")
    return faults


def attr_faults(attrs: Mapping[str, object]) -> list[str]:
    """Faults of attributes: types that files cannot hold."""
    return [
        f"expected the attribute {key} to be text or a number (files hold nothing else), got a {type(value).__name__}"
        for key, value in attrs.items()
        if isinstance(value, bool) or not isinstance(value, str | int | float | np.integer | np.floating)
    ]


def fps_faults(fps: object, *, needed: bool = False) -> list[str]:
    """Faults of a frame rate given by a caller; None is one if a rate is `needed`."""
    if fps is None and not needed:
        return []
    if not is_number(fps) or fps <= 0:
        return [f"expected fps to be a positive number of frames per second, got {fps!r}"]
    if not 1 / MAX_OPTION <= fps <= MAX_OPTION:
        return [f"expected fps to be from {1 / MAX_OPTION:g} to {MAX_OPTION:g} frames per second, got {fps!r}"]
    return []


def time_faults(name: str, value: object, *, least: str = "positive") -> list[str]:
    """Faults of a duration (s) given by a caller; `least` is "positive" or "non-negative"."""
    if not is_number(value) or value < 0 or (value == 0 and least == "positive"):
        return [f"expected {name} to be a {least} number of seconds, got {value!r}"]
    return [f"expected {name} to be at most {MAX_OPTION:g} s, got {value!r}"] if value > MAX_OPTION else []


def stated(fps: float | None) -> dict[str, str]:
    """The attribute of signals whose unusual frame rate was stated by the caller, so that later checks accept it."""
    unusual = fps is not None and (fps > frame_rate.MAX_UNSTATED_FPS or fps * MAX_UNSTATED_STEP_S < 1)
    return {"time_source": STATED} if unusual else {}


def in_seconds(time: xr.Variable) -> bool:
    """Whether a coordinate `time` holds float64 seconds, as signal sets have it."""
    return bool(time.dtype == np.float64) and time.attrs.get("units") == VARIABLES[TIME].units


def clock_faults(x: xr.DataArray, fps: float | None) -> list[str]:
    """Faults of the time axis of a DataArray, in any unit, and of an `fps` that disagrees with it."""
    time = x.coords.variables[TIME]
    if not np.issubdtype(time.dtype, np.number):
        return [f"expected the coordinate time in seconds (float64), got {time.dtype}; see signals(…, time=…)"]
    try:
        axis = time.values if in_seconds(time) else frame_rate.seconds(time)[0]
    except ValueError as error:
        return [f"the coordinate time: {error}"]
    if fps is None and _plausible(axis):
        return []
    faults = increase_faults(axis) or rate_faults(axis, fps, stated=True)
    if faults or fps is not None or str(x.attrs.get("time_source", "")).startswith(STATED):
        return faults
    return _fast_rate_faults(axis, "signals(…, fps={fps:g})", None) or _long_step_faults(axis)


def _plausible(axis: np.ndarray) -> bool:
    """Whether all steps are positive and customary, so that no other check of a time axis would find a fault."""
    with np.errstate(invalid="ignore"):  # infinite times
        steps = axis[1:] - axis[:-1]
    return bool(len(steps) and steps.min() > SHORTEST_UNSTATED_STEP_S and steps.max() <= MAX_UNSTATED_STEP_S)  # not NaN


def _long_step_faults(axis: np.ndarray) -> list[str]:
    if np.diff(axis).max(initial=0.0) <= MAX_UNSTATED_STEP_S:
        return []
    step = _step(axis)
    if step <= MAX_UNSTATED_STEP_S:
        return []
    return [
        f"expected steps of at most {MAX_UNSTATED_STEP_S:g} s between frames, got time steps of {step:g} s; set the "
        f"unit of the times (e.g. x.time.attrs['units'] = 'ms'), or confirm the steps by signals(…, fps={1 / step:g})"
    ]


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value is a finite real number that a float can hold; True, False and durations are not."""
    if not isinstance(value, int | float | np.integer | np.floating) or isinstance(value, bool | np.timedelta64):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer of more than 308 digits
        return False


def increase_faults(axis: np.ndarray) -> list[str]:
    """Faults of times that are missing or do not increase."""
    if not np.isfinite(axis).all():
        missing = int((~np.isfinite(axis)).sum())
        return [f"expected a time for every frame, got none at {missing} of {len(axis)} frames"]
    back = np.flatnonzero(np.diff(axis) <= 0)
    if len(back):
        at = int(back[0]) + 1
        return [
            f"expected times that increase, got {axis[at - 1]:g} s, then {axis[at]:g} s at frame {at} "
            f"({counted(len(back), 'such step')}); sort the frames, or drop repeated ones"
        ]
    return []


def rate_faults(
    axis: np.ndarray, fps: float | None, *, stated: bool, time_unit: str | None = None, dates: bool = False
) -> list[str]:
    """Faults of a time axis with an implausible rate, or with a rate that differs from the caller's `fps`.

    Unless the rate was `stated`, times that look like another unit or like frame numbers are faults.
    `time_unit` is the reader's option, None if the caller has no such option; `dates`: the times define their unit.
    """
    if len(axis) < 2:
        return []
    if fps is None:
        return [] if stated else _unstated_rate_faults(axis, time_unit, dates)
    step = _step(axis)
    if abs(fps * step - 1) > 0.5 / max(len(axis) - 1, 1) and _contradicts(axis, fps):
        return [
            f"expected fps to agree with the time axis ({1 / step:g} frames per second), got fps={fps:g}; "
            "leave fps out, or drop time"
        ]
    return []


def _step(axis: np.ndarray) -> float:
    return float(np.median(np.diff(axis)))


def _fast_rate_faults(axis: np.ndarray, remedy: str, time_unit: str | None) -> list[str]:
    """Faults of a rate that cameras rarely have; `remedy` is the call that confirms it."""
    shortest = np.diff(axis).min(initial=np.inf)
    if shortest > SHORTEST_UNSTATED_STEP_S or (step := _step(axis)) > SHORTEST_UNSTATED_STEP_S:
        return []
    unit = "times are read as seconds" if time_unit in (None, "s") else f"time_unit={time_unit!r} was given"
    return [
        f"expected at most {frame_rate.MAX_UNSTATED_FPS:g} frames per second, got time steps of {1000 * step:g} ms, "
        f"{1 / step:g} frames per second; if this is correct, pass {remedy.format(fps=1 / step)}, otherwise give the "
        f"true fps or correct the times ({unit})"
    ]


def _unstated_rate_faults(axis: np.ndarray, time_unit: str | None, dates: bool) -> list[str]:
    if fast := _fast_rate_faults(axis, "fps={fps:g}", time_unit):
        return fast
    step = _step(axis)
    if step > MAX_UNSTATED_STEP_S:
        return [
            f"expected steps of at most {MAX_UNSTATED_STEP_S:g} s between frames, got time steps of {step:g} s; "
            f"{_unit_remedy(time_unit, dates)}; if they are correct, pass fps={1 / step:g}"
        ]
    if len(axis) > 2 and step == 1 and time_unit in (None, "s") and not dates and (axis == np.rint(axis)).all():
        instead = " in place of time" if time_unit is None else ""
        return [
            "expected times in seconds, got whole numbers in steps of 1, which look like frame numbers; "
            f"pass fps=…{instead}, or fps=1 if they are seconds"
        ]
    return []


def _unit_remedy(time_unit: str | None, dates: bool) -> str:
    if dates:
        return "if they are not correct, correct the times or their unit"
    if time_unit is None:
        return "if the times are in ms, divide them by 1000"
    if time_unit == "s":
        return "if the times are in ms, pass time_unit='ms' with time=…"
    return f"time_unit={time_unit!r} was given"


def _contradicts(axis: np.ndarray, fps: float) -> bool:
    return float(np.ptp(axis * fps - np.arange(len(axis)))) > 2 * frame_rate.TOLERANCE


def irregularity(axis: np.ndarray) -> str:
    """Describe the steps of an irregular time axis for a message."""
    steps = np.diff(axis)
    return f"steps from {steps.min() * 1000:g} to {steps.max() * 1000:g} ms, median {np.median(steps) * 1000:g} ms"


def counted(n: float, noun: str) -> str:
    """A number with its noun, in the plural unless the number is 1.

    >>> counted(1, "frame"), counted(2, "frame")
    ('1 frame', '2 frames')
    """
    number = str(n) if isinstance(n, int | np.integer) else f"{n:g}"
    return f"{number} {noun}" if n == 1 else f"{number} {noun}s"


def listed(items: Iterable[object], most: int = 8) -> str:
    """The first `most` items as text; if there are more, also their number.

    >>> listed("abc"), listed(range(5), most=2)
    ('a, b, c', '0, 1, … (5 in all)')
    """
    texts = [str(item) for item in items]
    more = f", … ({len(texts)} in all)" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more
