"""How the files of a recording become signals, and the signals of one recording, which all of its measures share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any, Generic, TypeVar

import xarray as xr

from bitbox_xr.cohort.fingerprint import HashedFile, hashed, unchanged
from bitbox_xr.cohort.manifest import Recording
from bitbox_xr.cohort.manifest_options import RowOptions
from bitbox_xr.core.errors import collected_warnings
from bitbox_xr.core.provenance import append_history
from bitbox_xr.core.variables import TIME
from bitbox_xr.io.readers import open_signals
from bitbox_xr.io.readers.options import open_options
from bitbox_xr.preprocessing.alignment import align

__all__ = ["ALIGN_OPTIONS", "Inputs", "Reading", "canonical", "cut"]

T = TypeVar("T")
ROLES = ("signals", "reference", "both")

ALIGN_OPTIONS = tuple(name for name, p in signature(align).parameters.items() if p.kind is p.KEYWORD_ONLY)
TIME_TOLERANCE_S = 1e-6  # times of frames, and of `start` and `stop`, that differ by less are equal
# columns of the manifest that are options of open_signals(), by the name that the option has
READER_COLUMNS = {"fps": "fps", "reference_fps": "fps_y", "kind": "kind", "columns": "columns"}
OF_REFERENCE = ("reference_fps", "offset")


@dataclass(frozen=True)
class Reading:
    """How files become signals: options of `open_signals()`, also for the reference (`columns_y`), and of `align()`."""

    options: dict[str, Any]
    align: dict[str, Any] | None = None  # None: recordings are not aligned

    def described(self, *, with_reference: bool) -> dict[str, Any]:
        """Everything that affects results; without what concerns the reference alone if a measure has none."""
        asked: dict[str, Any] = {"reader": open_options(self.options)}
        of_reference = open_options(self.options, of_y=True)
        if with_reference and of_reference != asked["reader"]:
            asked["reader_of_reference"] = of_reference
        if with_reference and self.align is not None:
            asked["align"] = self.align
        return asked

    def reader(self, own: RowOptions, *, of_reference: bool) -> dict[str, Any]:
        """Options of `open_signals()` for a file of a recording with the options `own`."""
        columns = {option: own[column] for column, option in READER_COLUMNS.items() if column in own}
        return open_options(self.options | columns, of_y=of_reference)

    def own(self, options: RowOptions, *, with_reference: bool) -> dict[str, Any]:
        """The options of a recording that affect results; without those of the reference alone if there is none."""
        return {name: value for name, value in options.items() if with_reference or name not in OF_REFERENCE}

    def align_options(self, own: RowOptions) -> dict[str, Any] | None:
        """Options of `align()` for a recording."""
        if self.align is None:
            return None
        return self.align | ({"offset": own["offset"]} if "offset" in own else {})


def canonical(value: object) -> Any:
    """Convert whole floats to integers: 1 and 1.0 are the same option."""
    if isinstance(value, Mapping):
        return {name: canonical(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [canonical(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


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
        span = " to ".join("the end" if at is None else f"{at:g} s" for at in (start or 0.0, stop))
        raise ValueError(
            f"expected frames from start to stop ({span}), got frames from {times[0]:g} to {times[-1]:g} s; correct "
            "start and stop in the manifest"
        )
    limits = {name: at for name, at in (("start", start), ("stop", stop)) if at is not None}
    return append_history(x.isel({TIME: inside}), {"function": "cut", **limits})


class _Once(Generic[T]):
    """A value that is computed when it is first needed; an error is kept too, and raised each time."""

    def __init__(self, compute: Callable[[], T]) -> None:
        self._compute = compute
        self._value: list[T] = []
        self._error: Exception | None = None

    def __call__(self) -> T:
        if self._error is not None:
            raise self._error
        if not self._value:
            try:
                self._value.append(self._compute())
            except Exception as error:
                self._error = error
                raise
        return self._value[0]


class Inputs:
    """The signals of one recording: each file is hashed once and read once, when a measure first needs it."""

    def __init__(self, reading: Reading, row: Recording) -> None:
        self._reading, self._row = reading, row
        self._warned: dict[str, list[str]] = {}  # by column, and of both together
        self._hashed = {
            "signals": _Once(lambda: hashed(_given(row.signals))),
            "reference": _Once(lambda: hashed(_given(row.reference))),
        }
        self._x = _Once(lambda: self._opened("signals"))
        self._y = _Once(lambda: self._opened("reference"))
        self._pair = _Once(self._aligned)

    def warned(self, *, paired: bool) -> list[str]:
        """Warnings while the signals, and with `paired` the reference, were read and prepared."""
        return [text for column in (ROLES if paired else ROLES[:1]) for text in self._warned.get(column, [])]

    def source(self, column: str) -> HashedFile:
        """A file of the recording as it was when it was hashed."""
        return self._hashed[column]()

    def sides(self, *, paired: bool) -> tuple[xr.DataArray, ...]:
        """The signals, and with `paired` the reference, on one time axis if they are to be aligned."""
        return self._pair() if paired else (self._x(),)

    def _opened(self, column: str) -> xr.DataArray:
        source, of_reference = self.source(column), column == "reference"
        with collected_warnings() as self._warned[column]:
            with unchanged([source]):
                x = _loaded(Path(source.file), self._reading.reader(self._row.options, of_reference=of_reference))
            return prepared(x, self._reading, self._row, of_reference=of_reference)

    def _aligned(self) -> tuple[xr.DataArray, xr.DataArray]:
        x, y = self._x(), self._y()
        options = self._reading.align_options(self._row.options)
        if options is None:
            return x, y
        with collected_warnings() as self._warned["both"]:
            return align(x, y, **options)


def prepared(x: xr.DataArray, reading: Reading, row: Recording, *, of_reference: bool) -> xr.DataArray:
    """Signals as they were read, or a reference, cut to the recording's start and stop.

    These are on the clock of the signals, to which the offset brings the reference.
    """
    own, options = row.options, reading.align_options(row.options)
    shift = options["offset"] if of_reference and options is not None else 0.0
    start, stop = (None if name not in own else float(own[name]) - shift for name in ("start", "stop"))  # type: ignore[arg-type]
    return cut(x, start, stop)


def _given(file: Path | None) -> Path:
    assert file is not None  # checked by the worker, whose message names the measure
    return file


def _loaded(file: Path, reader: Mapping[str, Any]) -> xr.DataArray:
    x = open_signals(file, **reader)
    x.load()
    x.close()
    return x
