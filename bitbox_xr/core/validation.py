"""What keeps an input from being a signal set: each fault as a sentence, collected by the caller."""

import math
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
import pandas as pd
import xarray as xr

from bitbox_xr.core.signal_names import KINDS
from bitbox_xr.core.variables import SIGNAL, TIME
from bitbox_xr.kernels import frame_rate

__all__ = [
    "attr_faults",
    "counted",
    "faults_of",
    "flag_faults",
    "fps_faults",
    "increase_faults",
    "irregularity",
    "is_number",
    "kind_faults",
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

SLOWEST = 10.0  # s; a step longer than that is more often in ms than so long
MOST = 1e9  # of seconds or frames a second that an option may be; beyond, numbers of frames leave what integers hold
STATED = "fps given"  # how the attribute `time_source` begins where the caller gave the rate


def faults_of(x: xr.DataArray, label: str, *, fps: float | None = None) -> list[str]:
    """All that keeps a DataArray from being a signal set, each as a sentence; empty where nothing does."""
    faults = shape_faults(x)
    if faults:
        return faults
    faults += [f"the attribute {fault}" for fault in kind_faults(x.attrs.get("kind", "expression"))]
    if np.issubdtype(x.dtype, np.complexfloating) or not (np.issubdtype(x.dtype, np.number) or x.dtype == bool):
        faults.append(f"the values are {x.dtype}; real numbers are wanted")
    if SIGNAL in x.coords:
        faults += label_faults([label_of(name) for name in x[SIGNAL].values], x.sizes[SIGNAL])
    faults += fps_faults(fps)
    if TIME in x.coords and not faults:
        faults += clock_faults(x, fps)
    return faults


def shape_faults(x: Any) -> list[str]:
    """Dimensions and sizes of a DataArray."""
    if not isinstance(x, xr.DataArray):
        return [f"it is a {type(x).__name__}; a DataArray with dimensions time and signal is wanted: see signals()"]
    several = [str(dim) for dim, index in x.indexes.items() if isinstance(index, pd.MultiIndex) and dim in x.dims]
    if several:
        return [f"{dim} is a MultiIndex; .reset_index({dim!r}) makes plain coordinates of it" for dim in several]
    if unnamed := [dim for dim in x.dims if not isinstance(dim, str)]:
        return [f"a dimension is named {dim!r}; text is wanted: see .rename()" for dim in unnamed]
    missing = [dim for dim in (TIME, SIGNAL) if dim not in x.dims]
    if missing:
        return [f"dimensions are {listed(x.dims)}; {' and '.join(missing)} wanted too: see signals() or .rename()"]
    astray = [name for name in (TIME, SIGNAL) if name in x.coords and x[name].dims != (name,)]
    if astray:
        return [f"the coordinate {name} lies along {listed(x[name].dims)}; {name} is wanted" for name in astray]
    if 0 in x.shape:
        return [f"the sizes are {dict(x.sizes)}; at least one of each is wanted"]
    return size_faults(x.shape)


def size_faults(shape: tuple[float, ...]) -> list[str]:
    """Sizes that dask does not know."""
    if not any(np.isnan(size) for size in shape):
        return []
    return [f"the shape is {shape}: dask does not know it before it computes; call .compute_chunk_sizes() on its array"]


def kind_faults(kind: object) -> list[str]:
    """A kind of signals."""
    known = isinstance(kind, str) and kind in KINDS
    return [] if known else [f"kind is {kind!r}; one of {', '.join(KINDS)} is wanted"]


def flag_faults(name: str, value: object) -> list[str]:
    """An option that is on or off."""
    return [] if isinstance(value, bool | np.bool_) else [f"{name} is {value!r}; True or False is wanted"]


def name_faults(own: Iterable[str], *inputs: xr.DataArray, dropped: tuple[str, ...] = (TIME, SIGNAL)) -> list[str]:
    """Dimensions, and coordinates that go into a result, with names that it has of its `own`.

    `dropped`: the dimensions of inputs that the result does not have, nor what lies along them.
    """
    names = [
        str(name)
        for x in inputs
        for name in (*x.dims, *x.coords)
        if name in x.dims or set(dropped).isdisjoint(x[name].dims)
    ]
    taken = [name for name in dict.fromkeys(names) if name in set(own)]
    return [f"the name {name} is one of the result's own; .rename() that of the input" for name in taken]


def path_of(function: str, path: Any, wanted: str = "a file's name") -> Path:
    """A path given by a caller, `~` being the home folder; TypeError or ValueError where it is none."""
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"{function}: path is a {type(path).__name__}; {wanted} is wanted")
    text = os.fspath(path)
    if not isinstance(text, str) or not text or "\0" in text:
        raise ValueError(f"{function}: path is {text!r}; {wanted} is wanted")
    return Path(os.path.expanduser(text))


def label_of(name: Any) -> str:
    """A signal's name as text; '' where it is missing."""
    if isinstance(name, bytes):
        return name.decode(errors="replace")
    return "" if pd.api.types.is_scalar(name) and pd.isna(name) else str(name)


def label_faults(labels: list[str], n: int) -> list[str]:
    """Names of `n` signals: one each, unique, none empty."""
    faults = []
    if len(labels) != n:
        faults.append(f"{counted(len(labels), 'name')} for {counted(n, 'signal')}; one each is wanted")
    twice = sorted(label for label, count in Counter(labels).items() if count > 1)
    if twice:
        faults.append(f"signal names occur twice: {listed(twice)}; unique names are wanted")
    if any(not label.strip() for label in labels):
        faults.append("a signal's name is empty; every signal needs one")
    return faults


def attr_faults(attrs: Mapping[str, Any]) -> list[str]:
    """Attributes that no file could hold."""
    return [
        f"the attribute {key} is a {type(value).__name__}; text or a number is wanted (files can hold no other)"
        for key, value in attrs.items()
        if isinstance(value, bool) or not isinstance(value, str | int | float | np.integer | np.floating)
    ]


def fps_faults(fps: object, *, needed: bool = False) -> list[str]:
    """A rate given by a caller; `needed`: it has to be."""
    if fps is None:
        return ["fps is None; a positive number of frames per second is wanted"] if needed else []
    if not is_number(fps) or fps <= 0:
        return [f"fps is {fps!r}; a positive number of frames per second is wanted"]
    if not 1 / MOST <= fps <= MOST:
        return [f"fps is {fps!r}; frames per second from {1 / MOST:g} to {MOST:g} are wanted"]
    return []


def time_faults(name: str, value: object, *, least: str = "positive") -> list[str]:
    """A duration (s) given by a caller, `least` positive or non-negative."""
    if not is_number(value) or value < 0 or (value == 0 and least == "positive"):
        return [f"{name} is {value!r}; a {least} number of seconds is wanted"]
    return [f"{name} is {value!r}; at most {MOST:g} s are wanted"] if value > MOST else []


def stated(fps: float | None) -> dict[str, str]:
    """The attribute that signals get whose rate was given by their caller and would else be doubted."""
    doubted = fps is not None and (fps > frame_rate.MAX_UNSTATED_FPS or fps * SLOWEST < 1)
    return {"time_source": STATED} if doubted else {}


def clock_faults(x: xr.DataArray, fps: float | None) -> list[str]:
    """The time axis of a DataArray, in whatever unit, and whether a rate that came with it agrees."""
    if not np.issubdtype(x[TIME].dtype, np.number):
        return [f"the coordinate time is {x[TIME].dtype}; seconds as float64 are wanted: see signals(…, time=…)"]
    try:
        axis = frame_rate.seconds(x[TIME])[0]
    except ValueError as error:
        return [f"the coordinate time: {error}"]
    faults = increase_faults(axis) or rate_faults(axis, fps, stated=True)
    if faults or fps is not None or str(x.attrs.get("time_source", "")).startswith(STATED):
        return faults
    return _speed_doubts(axis, "signals(…, fps={fps:g})", None) or _slow_doubts(axis)


def _slow_doubts(axis: np.ndarray) -> list[str]:
    step = _step(axis) if len(axis) > 1 else 0.0
    if step <= SLOWEST:
        return []
    return [
        f"expected steps of at most {SLOWEST:g} s between frames, got time steps by {step:g} s; set the unit of the "
        f"times (x.time.attrs['units'] = 'ms', say), or confirm the step by signals(…, fps={1 / step:g})"
    ]


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value is a real number that a float can hold (True, False and durations are not)."""
    if not isinstance(value, int | float | np.integer | np.floating) or isinstance(value, bool | np.timedelta64):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer of more than 308 digits
        return False


def increase_faults(axis: np.ndarray) -> list[str]:
    """Times that are missing or do not increase."""
    if not np.isfinite(axis).all():
        missing = int((~np.isfinite(axis)).sum())
        return [f"time is missing at {missing} of {len(axis)} frames; a time for every frame is wanted"]
    back = np.flatnonzero(np.diff(axis) <= 0)
    if len(back):
        at = int(back[0]) + 1
        return [
            f"time does not increase at frame {at} ({axis[at - 1]:g} s, then {axis[at]:g} s; {len(back)} such "
            "steps); sort it, or drop repeated frames"
        ]
    return []


def rate_faults(
    axis: np.ndarray, fps: float | None, *, stated: bool, time_unit: str | None = None, dates: bool = False
) -> list[str]:
    """Whether a clock's rate is believable, and agrees with the `fps` that came with it.

    A rate that nobody `stated` is doubted where the times look like another unit, or like numbers of frames.
    `time_unit` is the reader's option, None where there is none; `dates`: the times have a unit of their own.
    """
    if len(axis) < 2:
        return []
    if fps is None:
        return [] if stated else _doubts(axis, time_unit, dates)
    step = _step(axis)
    if abs(fps * step - 1) > 0.5 / max(len(axis) - 1, 1) and _contradicts(axis, fps):
        return [f"fps={fps:g} contradicts the time axis ({1 / step:g} frames a second); leave fps out, or drop time"]
    return []


def _step(axis: np.ndarray) -> float:
    return float(np.median(np.diff(axis)))


def _speed_doubts(axis: np.ndarray, remedy: str, time_unit: str | None) -> list[str]:
    """A rate beyond what cameras have; `remedy` says how to state it."""
    step = _step(axis) if len(axis) > 1 else np.inf
    if step * frame_rate.MAX_UNSTATED_FPS > 1 - 1e-6:  # times are rounded
        return []
    unit = "seconds are wanted" if time_unit in (None, "s") else f"time_unit={time_unit!r} was given for them"
    return [
        f"time steps by {1000 * step:g} ms, {1 / step:g} frames a second; if that is so, say "
        f"{remedy.format(fps=1 / step)}, otherwise give the true fps or mend the times ({unit})"
    ]


def _doubts(axis: np.ndarray, time_unit: str | None, dates: bool) -> list[str]:
    if fast := _speed_doubts(axis, "fps={fps:g}", time_unit):
        return fast
    step = _step(axis)
    if step > SLOWEST:
        return [f"time steps by {step:g} s; {_other_unit(time_unit, dates)}, and if it is so, fps={1 / step:g}"]
    if len(axis) > 2 and step == 1 and time_unit in (None, "s") and not dates and (axis == np.rint(axis)).all():
        instead = " in place of time" if time_unit is None else ""
        return [
            "times are whole numbers that step by 1 and look like numbers of frames; give fps=…"
            f"{instead} (or fps=1 if they are seconds)"
        ]
    return []


def _other_unit(time_unit: str | None, dates: bool) -> str:
    if dates:
        return "if that is not so, correct the times or their unit"
    if time_unit is None:
        return "if that is ms, divide it by 1000 (seconds are wanted)"
    return "if that is ms, say time_unit='ms' with time=…" if time_unit == "s" else f"time_unit={time_unit!r} was given"


def _contradicts(axis: np.ndarray, fps: float) -> bool:
    return float(np.ptp(axis * fps - np.arange(len(axis)))) > 2 * frame_rate.TOLERANCE


def irregularity(axis: np.ndarray) -> str:
    """The steps of a clock, in words."""
    steps = np.diff(axis)
    return f"steps from {steps.min() * 1000:g} to {steps.max() * 1000:g} ms, median {np.median(steps) * 1000:g} ms"


def counted(n: float, noun: str) -> str:
    """A number and what it counts.

    >>> counted(1, "frame"), counted(2, "frame")
    ('1 frame', '2 frames')
    """
    number = str(n) if isinstance(n, int | np.integer) else f"{n:g}"
    return f"{number} {noun}" if n == 1 else f"{number} {noun}s"


def listed(items: Iterable[Any], most: int = 8) -> str:
    """The first items as text, and how many there are where some are left out."""
    texts = [str(item) for item in items]
    more = f", … ({len(texts)} in all)" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more
