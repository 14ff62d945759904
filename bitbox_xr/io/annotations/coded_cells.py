"""Cells of Datavyu, which have a value for each code of their column: choosing the code that is the label."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bitbox_xr.core import validation
from bitbox_xr.io.annotations.records import Annotations, Interval, IntervalOptions, IntervalType, is_chosen

__all__ = ["Cell", "annotations_of"]


class Cell(NamedTuple):
    """A cell: times, and values by the names of the codes."""

    column: str
    onset: float  # s
    offset: float  # s
    values: Mapping[str, str]
    place: str


def annotations_of(
    cells: Sequence[Cell], columns: Sequence[str], options: IntervalOptions, faults: list[str]
) -> Annotations:
    """Intervals with the code that `label` names as their label, or with the only code.

    Columns without this code are left out. An offset of 0 after an onset above 0 is a point, as people code them.
    """
    chosen = [cell for cell in cells if is_chosen(options.tier, cell.column)]
    codes = list(dict.fromkeys(code for cell in chosen for code in cell.values))
    named = isinstance(options.label, str) and options.label in codes
    code = options.label if named and isinstance(options.label, str) else None
    if code is None and len(codes) == 1:
        code = codes[0]
    if code is None and codes:
        got = "none" if options.label is None else f"label={options.label!r}"
        faults.append(
            f"expected label=… to name the code that is the label, got {got}; the codes are "
            f"{validation.listed(map(repr, codes), 20)}"
        )
    intervals = [
        _interval(cell, cell.values.get(code or "", "")) for cell in chosen if code is None or code in cell.values
    ]
    return Annotations(intervals, faults, tiers=columns, columns=codes, label_is_column=named, tier_name="column")


def _interval(cell: Cell, label: str) -> Interval:
    offset = cell.onset if cell.offset == 0 and cell.onset > 0 else cell.offset
    kind: IntervalType = "point" if offset == cell.onset else "state"
    return Interval(cell.onset, offset, label, "unknown" if offset != offset else kind, cell.place, tier=cell.column)
