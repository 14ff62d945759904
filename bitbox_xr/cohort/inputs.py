"""The signals of one recording, which all of its measures share: each file is hashed and read once.

Signals are cut to the recording's start and stop, and interpolated. Those of two people are then brought onto one time
axis, the clock of the signals, on which the file of intervals was coded. Labels and masks follow, and filters last.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import xarray as xr

from bitbox_xr.cohort.fingerprint import HashedFile, hashed, unchanged
from bitbox_xr.cohort.manifest import Recording
from bitbox_xr.cohort.preparation import Mask
from bitbox_xr.cohort.reading import Reading
from bitbox_xr.core.durations import seconds, span
from bitbox_xr.core.errors import collected_warnings
from bitbox_xr.core.provenance import append_history
from bitbox_xr.core.variables import MASKED, TIME
from bitbox_xr.io.annotations import open_intervals
from bitbox_xr.io.readers import open_signals
from bitbox_xr.preprocessing.alignment import align
from bitbox_xr.preprocessing.intervals import annotate
from bitbox_xr.preprocessing.masks import mask

__all__ = ["Inputs", "Side", "cut", "finished", "limits", "started"]

T = TypeVar("T")
TIME_TOLERANCE_S = 1e-6  # times of frames, and of `start` and `stop`, that differ by less are equal


class Side(NamedTuple):
    """The signals of one person, and which of them were masked `(time, signal)`; None without masks."""

    x: xr.DataArray
    masked: xr.DataArray | None


class Inputs:
    """The signals of one recording: each file is hashed once and read once, when a measure first needs it."""

    def __init__(self, reading: Reading, row: Recording) -> None:
        self._reading, self._row = reading, row
        files = {"signals": row.signals, "reference": row.reference, "intervals": row.intervals}
        self._hashed = {column: _Once(partial(_hashed, file)) for column, file in files.items()}
        self._x = _Once(lambda: self._opened("signals"))
        self._y = _Once(lambda: self._opened("reference"))
        self._alone = _Once(lambda: (self._finished(self._x(), "signals"),))
        self._pair = _Once(self._both)

    def source(self, column: str) -> HashedFile:
        """A file of the recording as it was when it was hashed."""
        return self._hashed[column]()

    def sides(self, *, paired: bool) -> tuple[Side, ...]:
        """The signals, and with `paired` the reference, on one time axis if they are to be aligned."""
        return self._pair() if paired else self._alone()

    def warned(self, *, paired: bool) -> list[str]:
        """Warnings while the signals, and with `paired` the reference, were read and prepared."""
        used = (self._x, self._y, self._pair, self._alone) if paired else (self._x, self._alone)
        return [text for one in used for text in one.warned]

    def _opened(self, column: str) -> xr.DataArray:
        source, of_reference = self.source(column), column == "reference"
        with unchanged([source]):
            x = _loaded(Path(source.file), self._reading.reader(self._row.options, of_reference=of_reference))
        if of_reference and self._reading.align is not None:  # align() keeps what both have
            return started(x, self._reading, column)
        return started(cut(x, *limits(self._row)), self._reading, column)

    def _both(self) -> tuple[Side, ...]:
        x, y = self._x(), self._y()
        options = self._reading.align_options(self._row.options)
        if options is None:
            return *self._alone(), self._finished(y, "reference")
        x, y = align(x, y, **options)
        return self._finished(x, "signals"), self._finished(y, "reference")

    def _finished(self, x: xr.DataArray, column: str) -> Side:
        if not self._reading.uses_intervals or self._row.intervals is None:
            return finished(x, self._reading, column, None)
        with unchanged([self.source("intervals")]):
            return finished(x, self._reading, column, self._row.intervals)


class _Once(Generic[T]):
    """A value that is computed when it is first needed; an error is kept too, and raised each time."""

    def __init__(self, compute: Callable[[], T]) -> None:
        self._compute = compute
        self._value: list[T] = []
        self._error: Exception | None = None
        self.warned: list[str] = []

    def __call__(self) -> T:
        if self._error is not None:
            raise self._error
        if not self._value:
            try:
                with collected_warnings() as self.warned:
                    self._value.append(self._compute())
            except Exception as error:
                self._error = error
                raise
        return self._value[0]


# --- preparation, also of partners


def limits(row: Recording, shift: float = 0.0) -> tuple[float | None, float | None]:
    """Start and stop of a recording on the clock of its signals, less `shift`."""
    start, stop = (row.options.get(name) for name in ("start", "stop"))
    return tuple(at - shift if isinstance(at, float) else None for at in (start, stop))  # type: ignore[return-value]


def cut(x: xr.DataArray, start: float | None, stop: float | None) -> xr.DataArray:
    """The frames with start ≤ time < stop (s); None: no limit.

    >>> x = xr.DataArray([[0.0], [1.0], [2.0]], {"time": [0.0, 0.1, 0.2]}, ("time", "signal"))
    >>> cut(x, 0.1, 0.2).values
    array([[1.]])
    """
    if start is None and stop is None:
        return x
    times = x[TIME].values
    low = float("-inf") if start is None else start - TIME_TOLERANCE_S
    high = float("inf") if stop is None else stop - TIME_TOLERANCE_S
    inside = (times >= low) & (times < high)
    if not inside.any():
        first, last = (
            ("the beginning" if start is None else seconds(start)),
            ("the end" if stop is None else seconds(stop)),
        )
        raise ValueError(
            f"expected frames from start to stop ({first} to {last}), got frames from {span(times[0], times[-1])}; "
            "correct start and stop in the manifest"
        )
    kept = {name: at for name, at in (("start", start), ("stop", stop)) if at is not None}
    return append_history(x.isel({TIME: np.flatnonzero(inside)}), {"function": "cut", **kept})


def started(x: xr.DataArray, reading: Reading, column: str) -> xr.DataArray:
    """Signals after the steps that interpolate, which come before alignment."""
    for step in reading.steps:
        if step.interpolates and step.of in (column, "both"):
            x = step.applied(x)
    return x


def finished(x: xr.DataArray, reading: Reading, column: str, file: Path | None, later: float = 0.0) -> Side:
    """Signals with labels, masks and filters; `file` has the intervals, which come `later` s on this clock."""
    if reading.by is not None and file is not None:
        table = _intervals(file, reading.intervals, later)
        x = annotate(x, numbered(table) if reading.each_interval else table, name=reading.by)
    masked: xr.DataArray | None = None
    if file is not None:
        for one in reading.masks:
            if one.of in (column, "both") and (taken := _masking(x, one, _intervals(file, one.options, later))):
                x, masked = taken[0], taken[1] if masked is None else masked | taken[1]
    for step in reading.steps:
        if not step.interpolates and step.of in (column, "both"):
            x = step.applied(x)
    return Side(x, masked)


def _masking(x: xr.DataArray, one: Mask, table: xr.Dataset) -> tuple[xr.DataArray, xr.DataArray] | None:
    """Masked signals, and which were masked; None if the file has no interval with these labels."""
    labels = None if one.labels is None else [name for name in one.labels if name in table["label"].values]
    if not table.sizes["interval"] or labels == []:
        return None
    call = partial(mask, labels=labels, regions=None if one.regions is None else list(one.regions))
    everywhere = xr.ones_like(x.drop_vars(MASKED, errors="ignore"), dtype=np.float32)
    return call(x, table), call(everywhere, table).isnull().reset_coords(drop=True)


def _intervals(file: Path, options: Mapping[str, Any], later: float) -> xr.Dataset:
    table = open_intervals(file, **options)
    if not later:
        return table
    moved = {name: table[name].copy(data=table[name].values + later) for name in ("onset", "offset")}
    return table.assign(moved)


def numbered(table: xr.Dataset) -> xr.Dataset:
    """Intervals with different labels: "task 1", "task 2", …, in order of onset.

    >>> numbered(xr.Dataset({"onset": ("interval", [9.0, 0.0]), "label": ("interval", ["task", "task"])})).label.values
    array(['task 2', 'task 1'], dtype='<U6')
    """
    labels, count = table["label"].values.astype(str).tolist(), dict[str, int]()
    for row in np.argsort(table["onset"].values, kind="stable").tolist():
        label = labels[row]
        count[label] = count.get(label, 0) + 1
        labels[row] = f"{label} {count[label]}"
    return table.assign({"label": table["label"].copy(data=np.array(labels, dtype=str))})


def _hashed(file: Path | None) -> HashedFile:
    assert file is not None  # checked by the worker, whose message names the measure
    return hashed(file)


def _loaded(file: Path, reader: Mapping[str, Any]) -> xr.DataArray:
    x = open_signals(file, **reader)
    x.load()
    x.close()
    return x
