"""Guards for text in CSV files that a spreadsheet would run as a formula, and their removal.

Spreadsheets treat a cell that begins with `=`, `+`, `-` or `@` as a formula, and drop a tab or carriage return before
it. A leading apostrophe makes the cell text. Text that already has such an apostrophe gets another one, so that
`restored(guarded(text))` is `text`.
"""

import re
from typing import overload

import pandas as pd

__all__ = ["guarded", "guarded_table", "restored"]

RISKY = re.compile(r"'*[=+\-@\t\r]")
NUMBER = re.compile(r"[+-](\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)


@overload
def guarded(cell: str) -> str: ...
@overload
def guarded(cell: object) -> object: ...
def guarded(cell: object) -> object:
    """Return a cell for a CSV file: text that a spreadsheet would run gets an apostrophe; other cells stay unchanged.

    >>> [guarded(cell) for cell in ("=1+1", "-lips", "-1.5", "AU12", -1.5)]
    ["'=1+1", "'-lips", '-1.5', 'AU12', -1.5]
    """
    return f"'{cell}" if isinstance(cell, str) and _is_risky(cell) else cell


def restored(text: str) -> str:
    """Return the text before `guarded()`.

    >>> [restored(text) for text in ("'=1+1", "-1.5", "'tis")]
    ['=1+1', '-1.5', "'tis"]
    """
    return text[1:] if text.startswith("'") and _is_risky(text[1:]) else text


def guarded_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with text and column names guarded.

    Names of recordings, conditions and covariates come from files of other people, and readers open tables in a
    spreadsheet. Columns are replaced by their position, because two guarded names may be equal.
    """
    out = table.rename(columns=guarded)
    for at, column in enumerate(table.columns):
        values = table[column]
        if not pd.api.types.is_numeric_dtype(values.dtype):
            changed = {cell: guarded(cell) for cell in values.unique() if guarded(cell) is not cell}
            if changed:
                out.isetitem(at, [changed.get(cell, cell) for cell in values])
    return out


def _is_risky(text: str) -> bool:
    """Whether a spreadsheet would run the text; -1.5 and +3e5 begin like formulas, but are numbers."""
    return RISKY.match(text) is not None and NUMBER.fullmatch(text) is None
