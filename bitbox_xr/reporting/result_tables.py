"""Tables of a report: results as rows, with rounded numbers, units and explained columns."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd
import xarray as xr

from bitbox_xr.core.variables import PAIR, SIGNAL1, SIGNAL2
from bitbox_xr.measures.tables import to_frame
from bitbox_xr.plotting.fitting import shortened
from bitbox_xr.reporting.kinds import Kind
from bitbox_xr.reporting.page import Cell, Table
from bitbox_xr.reporting.rounding import rounded, rounded_column
from bitbox_xr.reporting.wording import explanation, head

__all__ = ["MAX_ROWS", "cell", "file_cell", "frame_table", "has_matched", "plain_table", "result_table"]

MAX_FILE_NAME = 28  # characters, so that the table of recordings fits into a window of 1280 pixels
MAX_ROWS = 100  # of a table, more than the 79 coefficients of 3DI; a report shows the first ones and the number of all


def cell(value: object, name: str = "", units: str = "") -> Cell:
    """A value as a cell of a table."""
    if isinstance(value, str):
        return Cell(value)
    number = float(value)  # type: ignore[arg-type]
    return Cell(rounded(number, name, units), number)


def file_cell(name: str) -> Cell:
    """The name of a file, without its middle if it is long.

    >>> file_cell("exploface_openface1_video2_au_pose.csv")
    Cell(text='exploface_ope…2_au_pose.csv', key=None, full='exploface_openface1_video2_au_pose.csv')
    """
    if len(name) <= MAX_FILE_NAME:
        return Cell(name)
    return Cell(shortened(name, MAX_FILE_NAME - 1), full=name)  # an odd number: its beginning and end are alike long


def plain_table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[object]], note: str = "") -> Table:
    """A table of text and numbers that need no explanation."""
    columns = [_column_of(values) for values in zip(*rows, strict=True)]
    return Table(caption, tuple(heads), tuple(zip(*columns, strict=True)) if rows else (), note=note)


def _column_of(values: Sequence[object]) -> Sequence[Cell]:
    """Cells as they are, and others rounded by their column."""
    if any(isinstance(value, Cell) for value in values):
        return [value if isinstance(value, Cell) else cell(value) for value in values]
    return _column(list(values), "", "")


def result_table(caption: str, result: xr.Dataset, kind: Kind, most: int = MAX_ROWS) -> Table:
    """A row for each combination of labels, the most important ones first, and at most `most` of them."""
    frame = _ordered(_tidy(result, kind), kind, result)
    shown = frame.head(most)
    units = frame.attrs["units"]
    note = f"The first {most} of {len(frame)} rows." if len(frame) > most else ""
    return frame_table(caption, shown, result, units, note)


def frame_table(
    caption: str,
    frame: pd.DataFrame,
    result: xr.Dataset,
    units: Mapping[str, str],
    note: str = "",
    rounded_as: Mapping[str, str] = MappingProxyType({}),
) -> Table:
    """A table of data, of which `result` explains the columns.

    `rounded_as` says of which variable the values of a column are, if it is not called after it.
    """
    names = [str(name) for name in frame.columns]
    columns = [
        _column(frame.iloc[:, k].tolist(), rounded_as.get(name, name), units.get(name, ""))
        for k, name in enumerate(names)
    ]
    rows = tuple(zip(*columns, strict=True)) if len(frame) else ()
    heads = tuple(head(name, units.get(name, ""), result.attrs) for name in names)
    meanings = [(text, explanation(name, result)) for name, text in zip(names, heads, strict=True)]
    return Table(caption, heads, rows, tuple(one for one in meanings if one[1]), note)


def _column(values: list[object], name: str, units: str) -> list[Cell]:
    """The cells of a column; all numbers have the same number of decimals."""
    plain = [value if isinstance(value, str | int | float) else str(value) for value in values]
    keys = [None if isinstance(value, str) else float(value) for value in plain]
    return [Cell(text, key) for text, key in zip(rounded_column(plain, name, units), keys, strict=True)]


def _tidy(result: xr.Dataset, kind: Kind) -> pd.DataFrame:
    """The columns of the kind, after the labels of all dimensions; rows without any value are left out."""
    own = _own(result, kind)
    labels = ["time", "scale", "coefficient"] if kind.name == "events" else [str(dim) for dim in own.dims]
    frame = to_frame(own)
    columns = [name for name in kind.columns if name in frame]
    units = dict(frame.attrs["units"])
    if "scale_label" in frame and "scale" in labels:
        labels[labels.index("scale")] = "scale_label"
    found = frame[[*(label for label in labels if label != "metric"), *columns]].dropna(how="all", subset=columns)
    found.attrs["units"] = units
    return found


def _own(result: xr.Dataset, kind: Kind) -> xr.Dataset:
    """The variables of the table, without pairs of a signal with itself, and each pair of one person once."""
    if kind.name == "asymmetry":
        return result.mean("time", keep_attrs=True)
    if "lag" in result.dims:
        result = result.drop_dims("lag")
    marker = [kind.marker] if kind.marker in result.data_vars else []
    own = result[[*dict.fromkeys([*marker, *kind.present(result)])]]
    if not result.attrs.get("alone") or SIGNAL1 not in own.dims:
        return own
    every = np.ones((own.sizes[SIGNAL1], own.sizes[SIGNAL2]), bool)
    # an answer has a direction, a correlation of one person has none
    kept = ~np.eye(*every.shape, dtype=bool) if kind.name == "contingency" else np.triu(every, 1)
    return own.where(xr.DataArray(kept, dims=(SIGNAL1, SIGNAL2)))


def _ordered(frame: pd.DataFrame, kind: Kind, result: xr.Dataset) -> pd.DataFrame:
    if kind.order not in frame:
        return frame
    ranks = kind.ranks(frame[kind.order].to_numpy(), result.attrs)
    out = frame.iloc[np.argsort(-ranks, kind="stable")]
    out.attrs = frame.attrs
    return out


def has_matched(result: xr.Dataset) -> bool:
    """Whether a result has pairs of two people with the same signal."""
    if PAIR in result.dims or result.attrs.get("alone") or not {SIGNAL1, SIGNAL2} <= set(result.dims):
        return False
    return bool(set(result[SIGNAL1].values.tolist()) & set(result[SIGNAL2].values.tolist()))
