"""Tables of no known format: numeric columns under their own names, with a column of times or a frame rate."""

import re

from bitbox_xr.core import validation
from bitbox_xr.io.readers.columns import RAW_ATTRS, Layout, ReadOptions, SignalColumns, matching
from bitbox_xr.io.readers.sheet import Sheet, position

__all__ = ["layout"]

# usual column names of each kind; a table that has such columns is read from these alone
NAMES_OF_KIND = {
    "landmark": r"[xyz]_?\d+",
    "landmark-can": r"[xyz]_?\d+",
    "pose": r"[TR][xyz]",
    "rectangle": r"[xywh]",
}
# names of columns that number or time the rows, in lower case without blanks and punctuation
ROW_COLUMNS = re.compile(
    r"(frame|index|idx|row)(s|no|nr|num|number|index|id)?|unnamed0|t|(time|timestamp)s?(s|sec|seconds|ms)?"
)


def layout(sheet: Sheet, options: ReadOptions) -> Layout:
    """Every column except those that time or number the rows; for a kind with usual names, only columns with these."""
    kind = options.kind or "expression"
    attrs = RAW_ATTRS if options.kind is None else {}
    if options.columns is not None:
        return Layout("", [SignalColumns(kind, list(range(len(sheet.names))), sheet.names, attrs)], default=kind)
    time = position(sheet, options.time) if isinstance(options.time, str | int) else None
    named = matching(sheet.names, NAMES_OF_KIND.get(kind, "(?!)"))
    candidates = [i for i in named or range(len(sheet.names)) if i != time]
    left_out = [i for i in candidates if _is_row_column(sheet.names[i], i)]
    columns = sorted({*candidates} - {*left_out})
    signals = SignalColumns(kind, columns, [sheet.names[i] for i in columns], attrs)
    return Layout("", [signals], default=kind, remarks=_remarks(sheet, left_out, options))


def _is_row_column(name: str, at: int) -> bool:
    """Whether a column numbers or times the rows. A first column without a name is the index that pandas writes."""
    plain = re.sub(r"[\W_]", "", name.lower())
    return ROW_COLUMNS.fullmatch(plain) is not None or (at == 0 and not name)


def _remarks(sheet: Sheet, left_out: list[int], options: ReadOptions) -> tuple[str, ...]:
    remarks = []
    if left_out:
        names = validation.listed(repr(sheet.names[i]) for i in left_out)
        remarks.append(
            f"columns {names} time or number the rows and are not read as signals; columns=[…] reads them too"
        )
    points = [sheet.names[i] for i in matching(sheet.names, NAMES_OF_KIND["landmark"])]
    if options.kind is None and len({name[0] for name in points}) > 1:
        remarks.append(
            f"columns {validation.listed(points, 3)} are named as landmarks; if they are, give kind='landmark'"
        )
    return tuple(remarks)
