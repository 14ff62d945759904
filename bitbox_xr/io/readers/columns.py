"""The layout of a format, which says what columns hold which signals, and the selection of the columns to read."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
import pandas as pd
import xarray as xr

from bitbox_xr.core import validation
from bitbox_xr.io.readers.sheet import Sheet, position

__all__ = [
    "RAW_ATTRS",
    "Attrs",
    "ColumnFormat",
    "ColumnLike",
    "Layout",
    "ReadOptions",
    "SignalColumns",
    "TextOptions",
    "TimesLike",
    "landmark_columns",
    "matching",
    "select",
    "to_radians",
]

Attrs: TypeAlias = dict[str, str | int | float]
ColumnLike: TypeAlias = str | int  # a name, or a position from 0
TimesLike: TypeAlias = Sequence[float] | np.ndarray | pd.Series | pd.Index | xr.DataArray  # a time for each row

RAW_ATTRS: Attrs = {"units": "as in the file", "long_name": "signal as in the file"}  # of columns of unknown meaning
MAX_LISTED_NAMES = 8


class ReadOptions(NamedTuple):
    """The options of `open_signals()` that apply to every table."""

    kind: str | None = None
    fps: float | None = None
    time: ColumnLike | TimesLike | None = None
    time_unit: str = "s"
    columns: ColumnLike | Iterable[ColumnLike] | None = None
    face_id: int | str | None = None
    min_confidence: float | None = None


class TextOptions(NamedTuple):
    """The options of `open_signals()` that apply to text files only."""

    sep: str | None = None
    skiprows: int = 0

    def given(self) -> dict[str, bool]:
        """Which of them the caller gave."""
        return {"sep": self.sep is not None, "skiprows": self.skiprows != 0}


class SignalColumns(NamedTuple):
    """Columns that are signals of one kind: their positions, the names of the signals, and known attributes."""

    kind: str
    columns: list[int]
    names: list[str]
    attrs: Attrs = {}  # noqa: RUF012 (never changed)
    # (file, values) to values in the kind's units, and attributes
    convert: Callable[[str, np.ndarray], tuple[np.ndarray, Attrs]] | None = None


class Layout(NamedTuple):
    """Which columns of a format hold what, by position; None for a column that the file does not have."""

    backend: str  # '' for a table of no known format
    signals: list[SignalColumns]
    default: str = "expression"  # the kind that is read by default
    attrs: Attrs = {}  # noqa: RUF012 (never changed)
    time: int | None = None
    seconds: Callable[[Sheet, int], np.ndarray] | None = None  # reads a time column that does not hold seconds
    origin: Callable[[float], str] | None = None  # names a time of a clock; times then start at 0
    frame: int | None = None
    first_frame: int = 0  # number of the frame at 0 s
    face: int | None = None
    confidence: int | None = None
    success: int | None = None
    fps: float | None = None  # assumed if neither the file nor the caller gives a rate
    remarks: tuple[str, ...] = ()  # warnings for the caller


class ColumnFormat(Protocol):
    """A module for one format of tables."""

    def recognises(self, names: Sequence[str]) -> bool:
        """Whether a table with these columns has the format."""

    def layout(self, sheet: Sheet) -> Layout:
        """Which columns hold what."""


def to_radians(file: str, values: np.ndarray) -> tuple[np.ndarray, Attrs]:
    """Angles that a format writes in degrees, in rad, and their attributes."""
    return np.deg2rad(values), {"units": "rad", "converted": "from degrees"}


def matching(names: Sequence[str], pattern: str) -> list[int]:
    """Positions of the names that match a regular expression as a whole."""
    return [i for i, name in enumerate(names) if re.fullmatch(pattern, name)]


def landmark_columns(names: Sequence[str]) -> list[SignalColumns]:
    """The landmarks `x_0 x_1 … y_0 y_1 …` (pixels, grouped by axis) as signals x0 y0 x1 y1 …; [] without landmarks."""
    found = sorted((int(name[2:]), name[0], i) for i, name in enumerate(names) if re.fullmatch(r"[xy]_\d+", name))
    if not found:
        return []
    return [SignalColumns("landmark", [i for _, _, i in found], [f"{axis}{n}" for n, axis, _ in found])]


def select(sheet: Sheet, layout: Layout, options: ReadOptions) -> SignalColumns:
    """The columns of the requested kind, or the requested columns under the file's own names."""
    if options.columns is not None:
        return _requested(sheet, layout, options)
    kind = options.kind or layout.default
    chosen = next((own for own in layout.signals if own.kind == kind), None)
    if chosen is None:
        raise ValueError(f"{sheet.file}: {_missing_kind(layout, kind)}")
    by_name: dict[str, list[int]] = {}
    for i in chosen.columns:
        by_name.setdefault(sheet.names[i], []).append(i)
    repeated = [f"{name!r} at columns {validation.listed(at)}" for name, at in by_name.items() if len(at) > 1]
    if repeated:
        at = [chosen.columns[0], chosen.columns[-1]]
        shown = "; ".join(repeated[:MAX_LISTED_NAMES]) + "; …" * (len(repeated) > MAX_LISTED_NAMES)
        raise ValueError(
            f"{sheet.file}: expected unique column names, got {shown}; choose by position, such as columns={at}"
        )
    if not chosen.columns:
        raise ValueError(f"{sheet.file}: expected a column of signals, got only columns that time or number the rows")
    unnamed = [i for i, name in zip(chosen.columns, chosen.names, strict=True) if not name]
    if unnamed:
        raise ValueError(
            f"{sheet.file}: expected a name for every column, got none for column {unnamed[0]}; choose the columns "
            "with columns=[…]"
        )
    return chosen


def _missing_kind(layout: Layout, kind: str) -> str:
    kinds = ", ".join(f"{own.kind} ({len(own.columns)} columns)" for own in layout.signals) or "no known columns"
    return (
        f"expected columns of kind {kind!r} as {layout.backend} writes them, got {kinds}; choose one of these with "
        "kind=…, or other columns with columns=[…]"
    )


def _requested(sheet: Sheet, layout: Layout, options: ReadOptions) -> SignalColumns:
    columns = [position(sheet, column) for column in _as_list(options.columns)]
    if not columns:
        raise ValueError(f"{sheet.file}: expected columns to hold names or positions (from 0), got none")
    repeated = [repr(sheet.names[i]) for i, n in Counter(columns).items() if n > 1]
    if repeated:
        raise ValueError(
            f"{sheet.file}: expected distinct columns, got {validation.listed(repeated)} twice; give each once"
        )
    names = [sheet.names[i] for i in columns]
    # a name that is requested twice, or empty, gets its position
    count = Counter(names)
    names = [name if name and count[name] == 1 else f"{name}[{i}]" for i, name in zip(columns, names, strict=True)]
    source = next((own for own in layout.signals if set(columns) <= set(own.columns)), None)
    kind = options.kind or (source.kind if source else "expression")
    return SignalColumns(kind, columns, names, _requested_attrs(source, options))


def _as_list(columns: ColumnLike | Iterable[ColumnLike] | None) -> list[ColumnLike]:
    if columns is None:
        return []
    if isinstance(columns, str | int):
        return [columns]
    return [int(columns)] if isinstance(columns, np.integer) else list(columns)


def _requested_attrs(source: SignalColumns | None, options: ReadOptions) -> Attrs:
    """Attributes of columns that a caller requested; `source` holds all of them, if a group of the layout does."""
    if source is None:
        return RAW_ATTRS if options.kind is None else {}
    if source.convert:
        return {"units": RAW_ATTRS["units"]}
    return {name: source.attrs[name] for name in RAW_ATTRS if name in source.attrs}
