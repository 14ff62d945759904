"""What a format says of a table's columns, and which of them a caller gets."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from bitbox_xr.core import validation
from bitbox_xr.io.readers.sheet import Sheet, position

__all__ = ["RAW", "Asked", "Block", "Layout", "matching", "points", "select"]

Attrs = dict[str, str | int | float]

RAW: Attrs = {"units": "as in the file", "long_name": "signal as in the file"}  # of columns of which nothing is known


class Asked(NamedTuple):
    """What the caller of `open_signals` asked for."""

    kind: str | None = None
    fps: float | None = None
    time: Any = None
    time_unit: str = "s"
    columns: Any = None
    face_id: Any = None
    min_confidence: float | None = None


class Block(NamedTuple):
    """Columns that are signals of one kind: their positions, the names they get, what is known of them."""

    kind: str
    columns: list[int]
    names: list[str]
    attrs: Attrs = {}  # noqa: RUF012 (never changed)
    convert: Callable[[str, np.ndarray], tuple[np.ndarray, Attrs]] | None = None  # (file, values) to the kind's units


class Layout(NamedTuple):
    """The columns of one format, by position; None where the file has no such column."""

    backend: str  # '' for a table of no known format
    blocks: list[Block]
    default: str = "expression"  # the kind that is given where none is asked for
    attrs: Attrs = {}  # noqa: RUF012 (never changed)
    time: int | None = None
    seconds: Callable[[Sheet, int], np.ndarray] | None = None  # for a time column that is no number of seconds
    frame: int | None = None
    first_frame: int = 0  # number of the frame at 0 s
    face: int | None = None
    confidence: int | None = None
    success: int | None = None
    fps: float | None = None  # assumed where neither the file nor the caller has one
    remarks: tuple[str, ...] = ()  # what a caller is warned of


def matching(names: Sequence[str], pattern: str) -> list[int]:
    """Positions of the names that a regular expression describes as a whole."""
    return [i for i, name in enumerate(names) if re.fullmatch(pattern, name)]


def points(names: Sequence[str]) -> list[Block]:
    """The landmarks `x_0 x_1 … y_0 y_1 …`, pixels grouped by axis, as a block x0 y0 x1 y1 …; [] without any."""
    found = [(int(name[2:]), name[0], i) for i, name in enumerate(names) if re.fullmatch(r"[xy]_\d+", name)]
    found.sort()
    return [Block("landmark", [i for _, _, i in found], [f"{axis}{n}" for n, axis, _ in found])] if found else []


def select(sheet: Sheet, layout: Layout, asked: Asked) -> Block:
    """The block of the kind asked for, or of the columns asked for under the file's own names."""
    if asked.columns is not None:
        return _chosen(sheet, layout, asked)
    kind = asked.kind or layout.default
    block = next((own for own in layout.blocks if own.kind == kind), None)
    if block is None:
        raise ValueError(f"{sheet.file}: {_no_block(layout, kind)}")
    places: dict[str, list[int]] = {}
    for i in block.columns:
        places.setdefault(sheet.names[i], []).append(i)
    twice = [f"{name!r} at columns {validation.listed(at)}" for name, at in places.items() if len(at) > 1]
    if twice:
        stand = "; ".join(twice[:8]) + "; …" * (len(twice) > 8)
        raise ValueError(f"{sheet.file}: names occur twice: {stand}; choose by position, columns=[…]")
    if not block.columns:
        raise ValueError(f"{sheet.file}: there are no columns beside that of the times; one signal at least is wanted")
    unnamed = [i for i, name in zip(block.columns, block.names, strict=True) if not name]
    if unnamed:
        raise ValueError(f"{sheet.file}: column {unnamed[0]} has no name; choose the columns with columns=[…]")
    return block


def _no_block(layout: Layout, kind: str) -> str:
    has = ", ".join(f"{block.kind} ({len(block.columns)} columns)" for block in layout.blocks) or "none"
    return (
        f"there are no columns of kind {kind!r} as {layout.backend} writes them; there are: {has}; "
        "say kind=… for one of these, or columns=[…] for others"
    )


def _chosen(sheet: Sheet, layout: Layout, asked: Asked) -> Block:
    single = isinstance(asked.columns, str | int | np.integer)
    columns = [position(sheet, wanted) for wanted in ([asked.columns] if single else asked.columns)]
    if not columns:
        raise ValueError(f"{sheet.file}: columns is empty; names or positions (from 0) are wanted")
    again = [sheet.names[i] for i, n in Counter(columns).items() if n > 1]
    if again:
        raise ValueError(f"{sheet.file}: columns {validation.listed(again)} are asked for twice; once is enough")
    names = [sheet.names[i] for i in columns]
    # a name that is asked for twice, or empty, is told apart by its position
    count = Counter(names)
    names = [name if name and count[name] == 1 else f"{name}[{i}]" for i, name in zip(columns, names, strict=True)]
    home = next((block for block in layout.blocks if set(columns) <= set(block.columns)), None)
    kind = asked.kind or (home.kind if home else "expression")
    return Block(kind, columns, names, _chosen_attrs(home, asked))


def _chosen_attrs(home: Block | None, asked: Asked) -> Attrs:
    """What is known of columns that a caller chose: what the block says that has them all, if there is one."""
    if home is None:
        return RAW if asked.kind is None else {}
    if home.convert:
        return {"units": RAW["units"]}
    return {name: home.attrs[name] for name in RAW if name in home.attrs}
