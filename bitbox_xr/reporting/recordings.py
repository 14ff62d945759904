"""The section of a report on signals: what each recording contains, and the quality of each signal."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from bitbox_xr.core.durations import recording_length
from bitbox_xr.core.variables import SIGNAL, TIME
from bitbox_xr.measures.quality import quality
from bitbox_xr.preprocessing.regularity import regularity
from bitbox_xr.reporting.kinds import kind_of
from bitbox_xr.reporting.nouns import noun_of_signals
from bitbox_xr.reporting.page import Block, Section, Table
from bitbox_xr.reporting.pictures import Numbers, signals_picture
from bitbox_xr.reporting.result_tables import cell, file_cell, plain_table, result_table
from bitbox_xr.reporting.rounding import rounded

__all__ = ["recordings_section"]

HEADS = (
    "file", "tracker", "kind", "signals", "frames", "duration, s", "frames/s", "lost frames",
    "longest gap, s", "missing values",
)  # fmt: skip
MAX_DIMS = 2  # of a recording of one person


def recordings_section(signals: Sequence[xr.DataArray], numbers: Numbers) -> Section:
    """A row for each recording, and for each a picture of its signals and a table of their quality."""
    rows = [_row(x) for x in signals]
    kept = [k for k in range(len(HEADS)) if any(row[k] != "" for row in rows)]
    overview = plain_table("The recordings", [HEADS[k] for k in kept], [[row[k] for k in kept] for row in rows])
    parts = []
    for number, x in enumerate(signals, 1):
        name = _name(x, number)
        blocks: tuple[Block, ...] = (*signals_picture(x, numbers), *_quality(x, name))
        parts += [Section(name, blocks)] if blocks else []
    return Section("Data quality", (overview,), tuple(parts)).explained_once()


def _name(x: xr.DataArray, number: int) -> str:
    return str(x.attrs.get("source", "")) or f"recording {number}"


def _row(x: xr.DataArray) -> list[object]:
    missing = rounded(float(x.isnull().mean()), "lost_share")
    file, tracker, kind, schema = (str(x.attrs.get(name, "")) for name in ("source", "backend", "kind", "schema"))
    known = [file_cell(file) if file else "", tracker, noun_of_signals(kind, schema, tracker).plural if kind else ""]
    sizes = [cell(x.sizes[SIGNAL]), cell(x.sizes[TIME])]
    if x.ndim > MAX_DIMS or x.sizes[TIME] < 2:
        return [*known, *sizes, *[cell(np.nan)] * 2, "", cell(np.nan), missing]
    found = regularity(x)
    lost, frames = int(found["lost"]), int(found["lost"]) + int(found["frames"])
    length = recording_length(x[TIME].values, float(found["fps"]))
    lost_text = f"{lost} ({rounded(lost / frames, 'lost_share')})"
    rest = [
        cell(length, "duration", "s"),
        cell(float(found["fps"]), "fps"),
        lost_text,
        cell(float(found["longest_gap"]), "duration", "s"),
    ]
    return [*known, *sizes, *rest, missing]


def _quality(x: xr.DataArray, name: str) -> list[Table]:
    """The quality of each signal; [] for a recording whose times are not regular."""
    try:
        found = quality(x)
    except ValueError:
        return []
    kind = kind_of(found)
    return [] if kind is None else [result_table(f"Each signal of {name}", found, kind)]
