"""A Parquet file as a sheet: its columns are read when they are asked for, and only if they fit into the memory."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from bitbox_xr.core.memory import refuse_beyond
from bitbox_xr.io.readers.sheet import Sheet, from_frame

__all__ = ["from_parquet"]

# a value of a column, as float64, and how often it is held at the most: by Arrow, by pandas, and as signals are made
BYTES, COPIES = 8, 4


def from_parquet(path: Path) -> Sheet:
    """The columns of a Parquet file; what pandas wrote as an index is none.

    ImportError without pyarrow, ValueError for a file that is damaged, MemoryError where columns unpack to more than
    the memory that is available: equal values take hardly any space in a file.
    """
    source = _understood(path.name, lambda: _opened(path))
    schema = source.schema_arrow
    index = {name for name in (schema.pandas_metadata or {}).get("index_columns", []) if isinstance(name, str)}
    places = [at for at, name in enumerate(schema.names) if name not in index]
    names = [str(name).strip() for name in schema.empty_table().to_pandas().columns]
    rows = source.metadata.num_rows
    if not rows or not names or len(names) != len(places):
        shape = (rows, len(names))
        raise ValueError(f"{path.name}: it has the shape {shape}; at least one row and one column are wanted")

    def cells(positions: list[int], dtype: type) -> pd.DataFrame:
        refuse_beyond(
            path.name,
            rows * len(positions) * BYTES * COPIES,
            "choose fewer columns with columns=[…], or write fewer rows to a file",
        )
        columns = _understood(path.name, lambda: _columns(source, [places[at] for at in positions]))
        frame = pd.DataFrame(dict(enumerate(columns)))
        return from_frame(frame, path.name).cells([*range(len(positions))], dtype).set_axis(positions, axis=1)

    return Sheet(path.name, names, rows, "row", 0, cells)


def _opened(path: Path) -> Any:
    import pyarrow.parquet

    return pyarrow.parquet.ParquetFile(path)


def _columns(source: Any, places: list[int]) -> list[pd.Series]:
    """Columns by their places in the schema; names may occur twice."""
    names = source.schema_arrow.names
    table = source.read(columns=list(dict.fromkeys(names[at] for at in places)))
    return [table.column(_nth(table.column_names, names[at], names[:at].count(names[at]))).to_pandas() for at in places]


def _nth(names: list[str], name: str, n: int) -> int:
    """Where the n-th of equal names is."""
    return [at for at, own in enumerate(names) if own == name][n]


def _understood(file: str, read: Callable[[], Any]) -> Any:
    """What `read` gives; its errors in words."""
    try:
        return read()
    except ImportError:
        raise ImportError(f"{file}: Parquet needs pyarrow; install bitbox-xr[parquet]") from None
    except MemoryError:
        raise
    except Exception as error:  # of whatever kind: pandas and pyarrow have many for what damage makes of a file
        raise ValueError(f"{file}: it cannot be read as Parquet ({error}); write it anew") from error
