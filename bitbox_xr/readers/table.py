"""Any table: columns of numbers under their own names, a column of times or a rate, nothing inferred."""

from bitbox_xr.readers.layout import Asked, Block, Layout, matching
from bitbox_xr.readers.sheet import Sheet, position

__all__ = ["layout"]

# names that signals of a kind go by; where a table has such, that kind is these columns and not its other ones
NAMES = {
    "landmark": r"[xyz]_?\d+",
    "landmark-can": r"[xyz]_?\d+",
    "pose": r"[TR][xyz]",
    "rectangle": r"[xywh]",
}


def layout(sheet: Sheet, asked: Asked) -> Layout:
    """Every column but that of the times; for landmark, pose, rectangle those named so, where there are any."""
    kind = asked.kind or "expression"
    named = isinstance(asked.time, str | int) and asked.columns is None
    time = position(sheet, asked.time) if named else None
    columns = matching(sheet.names, NAMES.get(kind, "(?!)")) or list(range(len(sheet.names)))
    columns = [i for i in columns if i != time]
    return Layout("", [Block(kind, columns, [sheet.names[i] for i in columns])], default=kind)
