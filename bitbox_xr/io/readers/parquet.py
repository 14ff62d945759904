"""Parquet files as sheets: a column is read on request, and only if it fits into memory."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pandas as pd

from bitbox_xr.core.memory import refuse_beyond
from bitbox_xr.io.readers.sheet import Sheet, from_frame

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

__all__ = ["from_parquet"]

Result = TypeVar("Result")

VALUE_BYTES = 8  # of a value as float64
MAX_COPIES = 4  # of a column in memory at the same time: by Arrow, by pandas, and while signals are made


def from_parquet(path: Path) -> Sheet:
    """The columns of a Parquet file, without the index that pandas wrote.

    ImportError without pyarrow, ValueError for a damaged file, MemoryError for columns that unpack to more than the
    available memory: equal values take hardly any space in a file.
    """
    source, names, schema_positions = _call(path.name, lambda: _open(path))
    rows = source.metadata.num_rows
    if not rows or not names or len(names) != len(schema_positions):
        shape = (rows, len(names))
        raise ValueError(f"{path.name}: expected at least one row and one column, got the shape {shape}")

    def cells(positions: list[int], dtype: type) -> pd.DataFrame:
        refuse_beyond(
            path.name,
            rows * len(positions) * VALUE_BYTES * MAX_COPIES,
            "choose fewer columns with columns=[…], or write fewer rows to a file",
        )
        columns = _call(path.name, lambda: _columns(source, [schema_positions[at] for at in positions]))
        frame = pd.DataFrame(dict(enumerate(columns)))
        return from_frame(frame, path.name).cells([*range(len(positions))], dtype).set_axis(positions, axis=1)

    return Sheet(path.name, names, rows, "row", 0, cells)


def _open(path: Path) -> tuple["ParquetFile", list[str], list[int]]:
    """The file, the names of its columns as pandas reads them, and their positions in the schema."""
    import pyarrow.parquet

    source = pyarrow.parquet.ParquetFile(path)
    schema = source.schema_arrow
    index = {name for name in (schema.pandas_metadata or {}).get("index_columns", []) if isinstance(name, str)}
    positions = [at for at, name in enumerate(schema.names) if name not in index]
    return source, [str(name).strip() for name in schema.empty_table().to_pandas().columns], positions


def _columns(source: "ParquetFile", positions: list[int]) -> list[pd.Series]:
    """Columns by their positions in the schema; names can occur twice."""
    names = source.schema_arrow.names
    table = source.read(columns=list(dict.fromkeys(names[at] for at in positions)))
    return [
        table.column(_nth(table.column_names, names[at], names[:at].count(names[at]))).to_pandas() for at in positions
    ]


def _nth(names: list[str], name: str, n: int) -> int:
    """The position of the n-th of equal names."""
    return [at for at, own in enumerate(names) if own == name][n]


def _call(file: str, read: Callable[[], Result]) -> Result:
    """The result of `read`; its errors name the file and the remedy."""
    try:
        return read()
    except ImportError:
        raise ImportError(f"{file}: Parquet needs pyarrow; install bitbox-xr[parquet]") from None
    except MemoryError:
        raise
    except Exception as error:  # a damaged file can make pandas and pyarrow raise any exception
        raise ValueError(
            f"{file}: expected a readable Parquet file, got a damaged one ({error}); create the file again"
        ) from error
