"""Intervals of a recording, such as phases, trials or turns, as labels on its time axis."""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import xarray as xr

from bitbox_xr.core.durations import seconds, span
from bitbox_xr.core.errors import refuse, warn
from bitbox_xr.core.provenance import append_history
from bitbox_xr.core.signal_set import as_signals
from bitbox_xr.core.types import SignalsLike
from bitbox_xr.core.validation import counted, label_of, listed
from bitbox_xr.core.variables import SIGNAL, TIME, VARIABLES, interval_attrs, number_name
from bitbox_xr.preprocessing.interval_tables import TOLERANCE_S, IntervalsLike, Table, checked_table

__all__ = [
    "Labels",
    "Stretch",
    "annotate",
    "annotations_at",
    "by_faults",
    "frames_within",
    "labels_along_time",
    "labels_of",
    "stretches",
]

TEXT, WHOLE, OBJECTS = "U", "iub", "OST"  # kinds of NumPy types


class Stretch(NamedTuple):
    """Frames of one interval: from `start` up to, but not including, `stop`."""

    label: str
    number: int
    start: int
    stop: int


def annotate(x: SignalsLike, intervals: IntervalsLike, *, name: str = "condition") -> xr.DataArray:
    """Label the frames of a recording by the intervals in which they lie: phases, trials, turns.

    The labels are coordinates along time, so that xarray's `groupby`, `where` and `sel` work with them, and measures
    take them as `by="condition"`.

    Parameters
    ----------
    x
        Signals `(…, time, signal)`. With further dimensions the labels hold for all recordings.
    intervals
        What `open_intervals` returns, or a DataFrame with the columns `onset`, `offset` or `duration` (s, on the clock
        of x) and `label`. A frame belongs to the interval with onset ≤ time < offset, to 1e-6 s.
    name
        Name of the coordinate. Use a second name for a second annotation, such as turns within phases.

    Returns
    -------
    DataArray
        `x` with two coordinates along time: `condition`, the label of the frame ("" outside all intervals), and
        `condition_interval`, the number of the interval: its row in `intervals` (−1 outside). Points, and intervals of
        unknown duration or without a label, label no frames; the attribute `note` of `condition` counts them. The
        attribute `history` records the step.

    Raises
    ------
    ValueError
        If intervals overlap, lack an onset, or end before they start; if no interval contains a frame; if
        `name` is taken. All problems are reported at once.

    Warns
    -----
    UserWarning
        If an interval contains no frame, for example because it lies outside the recording.

    Examples
    --------
    >>> import pandas as pd
    >>> from bitbox_xr import signals
    >>> x = signals(np.zeros((6, 1)), fps=1, names=["AU12"])
    >>> phases = pd.DataFrame({"onset": [0, 3], "duration": [2, 3], "label": ["baseline", "task"]})
    >>> x = annotate(x, phases)
    >>> x.condition.values.tolist()
    ['baseline', 'baseline', '', 'task', 'task', 'task']
    >>> x.condition_interval.values
    array([ 0,  0, -1,  1,  1,  1])
    """
    x = as_signals(x)
    table, faults = checked_table(intervals)
    faults += _name_faults(x, name) + table.overlap_faults()
    refuse("annotate()", faults)
    times = x[TIME].values
    numbers = frames_within(table, times)
    seen = np.isin(table.rows, numbers)
    refuse("annotate()", _empty_faults(table, seen, times))
    labels = np.where(numbers >= 0, np.append(table.labels, "")[_places(table, numbers)], "").astype(str)
    if not seen.all():
        missed = listed(table.described(at) for at in np.flatnonzero(~seen).tolist())
        warn(
            f"annotate(): expected every interval to contain a frame, got none in {missed}; the recording has frames "
            f"from {span(times[0], times[-1])}"
        )
    label_attrs, number_attrs = interval_attrs(name)
    note = table.note()
    coords = {
        name: (TIME, labels, {**label_attrs, **({"note": note} if note else {})}),
        number_name(name): (TIME, numbers, number_attrs),
    }
    counts = {"intervals": len(table.rows), "points": table.points, "unknown": table.unknown}
    return append_history(x.assign_coords(coords), {"function": "annotate", "name": name, **counts})


def frames_within(table: Table, times: np.ndarray) -> np.ndarray:
    """For each time, the row of the interval in which it lies; −1 outside. The intervals do not overlap."""
    at = np.searchsorted(table.onsets - TOLERANCE_S, times, side="right") - 1
    inside = (at >= 0) & (times < np.append(table.offsets, -np.inf)[at] - TOLERANCE_S)
    numbers: np.ndarray = np.where(inside, np.append(table.rows, -1)[at], -1)
    return numbers


def _places(table: Table, numbers: np.ndarray) -> np.ndarray:
    """For each row number, its place in the table, which is sorted by onset; the last place + 1 outside."""
    place = np.full(max(table.rows, default=0) + 2, len(table.rows))
    place[table.rows] = np.arange(len(table.rows))
    result: np.ndarray = place[numbers]
    return result


# --- the intervals of a measure


class Labels(NamedTuple):
    """The intervals of each label in a recording, and the dimension of the labels; without `by`, no dimension."""

    spans: list[list[slice]]
    dims: tuple[str, ...] = ()
    coords: Mapping[str, tuple[str, np.ndarray, Mapping[str, str]]] = MappingProxyType({})
    attrs: Mapping[str, str] = MappingProxyType({})

    @property
    def sizes(self) -> tuple[int, ...]:
        """Size of the dimension, if there is one."""
        return (len(self.spans),) if self.dims else ()


def labels_along_time(subject: str, by: str | None, x: xr.DataArray) -> Labels:
    """The labels of the coordinate `by` of x; without it, the whole recording. Raises ValueError if no frame has one.

    >>> x = xr.DataArray(np.zeros((5, 1)), {"phase": ("time", ["a", "", "b", "b", "a"])}, ("time", "signal"))
    >>> labels_along_time("", "phase", x).spans
    [[slice(0, 1, None), slice(4, 5, None)], [slice(2, 4, None)]]
    """
    if by is None:
        return Labels([[slice(0, x.sizes[TIME])]])
    found = stretches(by, x)
    refuse(subject, [] if found else [f"expected frames with a label {by!r}, got none; see annotate()"])
    names = labels_of(found)
    spans = [[slice(one.start, one.stop) for one in found if one.label == name] for name in names]
    return Labels(spans, (by,), {by: (by, np.array(names, dtype=str), interval_attrs(by)[0])}, {"by": by})


def by_faults(by: object, own: Iterable[str], **sides: xr.DataArray) -> list[str]:
    """Faults of the option `by`; `own` are names that the result uses itself, `sides` the inputs by their names."""
    if by is None:
        return []
    if not isinstance(by, str) or not by:
        return [f"expected by to be the name of a coordinate along time, got {by!r}"]
    names = {by, number_name(by)}
    if names & {TIME, SIGNAL, *own}:
        return [f"expected by to be a name that the result does not use itself, got {by!r}; see .rename()"]
    faults = [
        f"expected by to be a coordinate along time, got {dim!r}, a dimension of {side}; rename one of them with "
        ".rename()"
        for side, x in sides.items()
        for dim in sorted(names & {*map(str, x.dims)})
    ]
    if faults:
        return faults
    if not any(by in x.coords for x in sides.values()):
        present = {str(name) for x in sides.values() for name, c in x.coords.items() if c.dims == (TIME,)} - {TIME}
        got = listed(sorted(present)) if present else "no such coordinate"
        return [f"expected a coordinate {by!r} along time, got {got}; see annotate()"]
    kinds = {by: TEXT + WHOLE + OBJECTS, number_name(by): WHOLE}
    return [fault for side, x in sides.items() for name in kinds for fault in _along_time(side, x, name, kinds[name])]


def stretches(by: str, x: xr.DataArray, y: xr.DataArray | None = None, *, frames: int | None = None) -> list[Stretch]:
    """The intervals of the coordinate `by` in the first `frames` frames, in order of time.

    If both x and y have the coordinate, its intervals must be the same in these frames; if one has it, it holds for
    both. Without the coordinate `<by>_interval`, runs of equal labels are the intervals. Raises ValueError.

    >>> x = xr.DataArray(np.zeros((5, 1)), {"phase": ("time", ["a", "a", "", "b", "b"])}, ("time", "signal"))
    >>> stretches("phase", x)
    [Stretch(label='a', number=0, start=0, stop=2), Stretch(label='b', number=1, start=3, stop=5)]
    """
    inputs = [x] if y is None or y is x else [x, y]
    sides = [side.isel({TIME: slice(frames)}) for side in inputs if by in side.coords]
    if len(sides) == 2:
        refuse("by", _difference(by, *sides))
    numbered = [side for side in sides if number_name(by) in side.coords]
    return _runs(by, (numbered or sides)[0])


def labels_of(found: Iterable[Stretch]) -> list[str]:
    """The labels of intervals, in order of their first onsets."""
    return list(dict.fromkeys(stretch.label for stretch in found))


def annotations_at(x: xr.DataArray, frames: np.ndarray, dim: str, own: Iterable[str]) -> dict[str, xr.Variable]:
    """The annotations of x (text along time, and its interval numbers) at `frames`, along `dim`; none of `own` names.

    >>> x = xr.DataArray(np.zeros((3, 1)), {"phase": ("time", ["a", "", "b"])}, ("time", "signal"))
    >>> annotations_at(x, np.array([2, 0]), "event", ["width"])["phase"].values.tolist()
    ['b', 'a']
    """
    texts = [str(name) for name, c in x.coords.items() if c.dims == (TIME,) and c.dtype.kind in TEXT + OBJECTS]
    found = {}
    for name in (name for name in texts if name not in own):
        found[name] = xr.Variable(dim, _labels(name, x)[frames], x[name].attrs)
        if (number := number_name(name)) in x.coords and x[number].dims == (TIME,):
            found[number] = xr.Variable(dim, x[number].values[frames], x[number].attrs)
    return found


def _runs(by: str, x: xr.DataArray) -> list[Stretch]:
    """Runs of frames with the same label and number; without numbers, they are numbered in order of time."""
    labels = _labels(by, x)
    given = number_name(by) in x.coords
    numbers = x[number_name(by)].values if given else np.where(labels == "", -1, 0)
    changes = np.flatnonzero((labels[1:] != labels[:-1]) | (numbers[1:] != numbers[:-1])) + 1
    bounds = [(int(start), int(stop)) for start, stop in pairwise([0, *changes, len(labels)])]
    inside = [(start, stop) for start, stop in bounds if labels[start] and numbers[start] >= 0]
    return [
        Stretch(str(labels[start]), int(numbers[start]) if given else k, start, stop)
        for k, (start, stop) in enumerate(inside)
    ]


def _labels(by: str, x: xr.DataArray) -> np.ndarray:
    """The labels of the frames as text, "" for frames without a label."""
    labels = x[by].values
    return labels if labels.dtype.kind == TEXT else np.array([label_of(label) for label in labels], dtype=str)


def _difference(by: str, x: xr.DataArray, y: xr.DataArray) -> list[str]:
    """A fault that names the first time at which the labels or intervals of x and y differ, if they do."""
    one, other = _labels(by, x), _labels(by, y)
    differ = one != other
    if all(number_name(by) in side.coords for side in (x, y)) and not differ.any():
        starts, others = ({stretch.start for stretch in _runs(by, side)} for side in (x, y))
        differ[sorted(starts ^ others)] = True
    if not differ.any():
        return []
    at = int(np.argmax(differ))
    here, there = str(one[at]), str(other[at])
    got = f"{here!r} and {there!r}" if here != there else f"an interval {here!r} that starts in one"
    named = [name for name in (by, number_name(by)) if name in y.coords]
    return [
        f"expected the same intervals {by!r} of x and y on shared frames, got {got} at {seconds(x[TIME].values[at])}; "
        f"correct one of them, or drop it with .drop_vars({named!r}): it then holds for both"
    ]


# --- checks


def _along_time(side: str, x: xr.DataArray, name: str, kinds: str) -> list[str]:
    """Faults of a coordinate with labels or numbers of intervals."""
    if name not in x.coords:
        return []
    dims, kind = x[name].dims, x[name].dtype.kind
    if dims != (TIME,):
        got = f"({', '.join(map(str, dims))})"
        further = listed(dim for dim in dims if dim != TIME)
        remedy = "see annotate()"
        if TIME in dims:
            remedy = f"its labels differ along {further}: measure each one with .isel(), or use a cohort"
        return [f"expected {name!r} of {side} along (time), got {got}; {remedy}"]
    if kind not in kinds:
        expected, remedy = ("whole numbers", "int") if kinds == WHOLE else ("text or whole numbers", "str")
        return [f"expected {name!r} of {side} to be {expected}, got {x[name].dtype}; see .astype({remedy})"]
    return []


def _name_faults(x: xr.DataArray, name: object) -> list[str]:
    if not isinstance(name, str) or not name.isidentifier():
        return [f"expected name to be a name for a coordinate (letters, digits and _), got {name!r}"]
    own = {TIME, SIGNAL, *VARIABLES}
    if {name, number_name(name)} & own:
        return [f"expected a name that no result uses itself, got {name!r}; choose another name"]
    taken = [one for one in (name, number_name(name)) if one in x.coords or one in x.dims]
    if taken:
        remedy = f"choose another name, or drop the earlier annotation with .drop_vars({taken!r})"
        return [f"expected a name that x does not have yet, got {name!r}, and x has {' and '.join(taken)}; {remedy}"]
    return []


def _empty_faults(table: Table, seen: np.ndarray, times: np.ndarray) -> list[str]:
    if seen.any():
        return []
    frames = f"frames from {span(times[0], times[-1])}"
    if not len(table.rows):
        got = f"only {note}" if (note := table.note()) else "none"
        return [f"expected at least one interval with an onset, an offset and a label, got {got}"]
    got = f"{counted(len(table.rows), 'interval')} from {span(table.onsets.min(), table.offsets.max())}"
    return [f"expected an interval that contains a frame of x ({frames}), got {got}; check the unit and the clock"]
