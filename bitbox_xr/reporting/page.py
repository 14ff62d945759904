"""The content of a report, without its appearance: sections of paragraphs, tables and figures."""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

__all__ = ["Block", "Cell", "Figure", "Listing", "Page", "Paragraph", "Section", "Table"]


class Cell(NamedTuple):
    """Text of a table, and the number by which its column is sorted (None: by its text).

    `full` is the whole text of one that is shortened, which is shown when the pointer rests on it.
    """

    text: str
    key: float | None = None
    full: str = ""


@dataclass(frozen=True)
class Table:
    """Rows below the heads of columns; `explained` says what the columns are."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    explained: tuple[tuple[str, str], ...] = ()
    note: str = ""
    kind: str = field(default="table", init=False)

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Whether each column has numbers, which are aligned to the right."""
        return tuple(any(row[k].key is not None for row in self.rows) for k in range(len(self.heads)))


@dataclass(frozen=True)
class Figure:
    """A picture as SVG text that is safe inside HTML, and its caption."""

    svg: str
    caption: str
    kind: str = field(default="figure", init=False)


@dataclass(frozen=True)
class Paragraph:
    """Plain text."""

    text: str
    kind: str = field(default="paragraph", init=False)


@dataclass(frozen=True)
class Listing:
    """Lines, each with its own bullet."""

    entries: tuple[str, ...]
    kind: str = field(default="listing", init=False)


Block = Table | Figure | Paragraph | Listing


@dataclass(frozen=True)
class Section:
    """Blocks below a heading, and sections below them."""

    title: str
    blocks: tuple[Block, ...] = ()
    parts: tuple["Section", ...] = ()

    def explained_once(self) -> "Section":
        """The section, in which only the first table with a column explains it."""
        return _without(self, set())


def _without(section: Section, seen: set[tuple[str, str]]) -> Section:
    """The section, whose tables explain nothing that is in `seen`; what they explain is added to it."""
    blocks: list[Block] = []
    for block in section.blocks:
        if isinstance(block, Table):
            block = replace(block, explained=tuple(one for one in block.explained if one not in seen))
            seen |= set(block.explained)
        blocks.append(block)
    return Section(section.title, tuple(blocks), tuple(_without(part, seen) for part in section.parts))


@dataclass(frozen=True)
class Page:
    """A report: its title, a line below it, and its sections."""

    title: str
    subtitle: str
    sections: tuple[Section, ...]
