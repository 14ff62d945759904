"""Any table: columns of numbers under their own names, a column of times or a rate, nothing inferred."""

import re

from bitbox_xr.core import validation
from bitbox_xr.io.readers.columns import RAW, Asked, Block, Layout, matching
from bitbox_xr.io.readers.sheet import Sheet, position

__all__ = ["layout"]

# names that signals of a kind go by; where a table has such, that kind is these columns and not its other ones
NAMES = {
    "landmark": r"[xyz]_?\d+",
    "landmark-can": r"[xyz]_?\d+",
    "pose": r"[TR][xyz]",
    "rectangle": r"[xywh]",
}
# names of what counts or times the rows, in lower case without blanks and the like
COUNTS = re.compile(
    r"(frame|index|idx|row)(s|no|nr|num|number|index|id)?|unnamed0|t|(time|timestamp)s?(s|sec|seconds|ms)?"
)


def layout(sheet: Sheet, asked: Asked) -> Layout:
    """Every column but those that time or count the rows; for landmark, pose, rectangle those named so, if any."""
    kind = asked.kind or "expression"
    attrs = RAW if asked.kind is None else {}
    if asked.columns is not None:
        block = Block(kind, list(range(len(sheet.names))), sheet.names, attrs)
        return Layout("", [block], default=kind)
    time = position(sheet, asked.time) if isinstance(asked.time, str | int) else None
    named = matching(sheet.names, NAMES.get(kind, "(?!)"))
    rest = [i for i in named or range(len(sheet.names)) if i != time]
    counting = [i for i in rest if _counts(sheet.names[i], i)]
    columns = sorted({*rest} - {*counting})
    remarks = _remarks(sheet, counting, asked)
    return Layout("", [Block(kind, columns, [sheet.names[i] for i in columns], attrs)], default=kind, remarks=remarks)


def _counts(name: str, at: int) -> bool:
    """Whether a column numbers or times the rows; a first one without a name is the index that pandas writes."""
    plain = re.sub(r"[\W_]", "", name.lower())
    return COUNTS.fullmatch(plain) is not None or (at == 0 and not name)


def _remarks(sheet: Sheet, left_out: list[int], asked: Asked) -> tuple[str, ...]:
    remarks = []
    if left_out:
        own = validation.listed(repr(sheet.names[i]) for i in left_out)
        remarks.append(f"columns {own} time or number the rows and are no signals here; columns=[…] gives them too")
    points = [sheet.names[i] for i in matching(sheet.names, NAMES["landmark"])]
    if asked.kind is None and len({name[0] for name in points}) > 1:
        remarks.append(
            f"columns {validation.listed(points, 3)} are named as landmarks; if they are, say kind='landmark'"
        )
    return tuple(remarks)
