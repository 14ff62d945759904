"""Rows of a table made signals: one face's, on their clock, lost frames as NaN, never removed and never zeros."""

from typing import cast

import numpy as np
import xarray as xr

from bitbox_xr.core import validation
from bitbox_xr.core.errors import warn
from bitbox_xr.core.signal_set import signals
from bitbox_xr.core.types import Kind
from bitbox_xr.core.variables import TIME, variable_attrs
from bitbox_xr.io.readers.columns import Asked, Attrs, Layout, select
from bitbox_xr.io.readers.sampling import clock_of
from bitbox_xr.io.readers.sheet import TABLE, Sheet, numbers, texts
from bitbox_xr.kernels import frame_rate

__all__ = ["place"]

ALONG_TIME = ("confidence", "success")  # columns that become coordinates


def place(sheet: Sheet, layout: Layout, asked: Asked) -> xr.DataArray:
    """The signals of a sheet as `(time, signal)`, with `confidence` and `success` on `time` where it has them."""
    block = select(sheet, layout, asked)
    rows, face = _rows_of_face(sheet, layout, asked.face_id)
    on, source = clock_of(sheet, layout, asked, rows)
    along = {name: at for name in ALONG_TIME if (at := getattr(layout, name)) is not None}
    table = numbers(sheet, [*block.columns, *along.values()]).iloc[rows]
    tracked = {name: table[at].to_numpy() for name, at in along.items()}
    values = table[block.columns].to_numpy(copy=True)
    values[_failed(sheet, tracked, asked.min_confidence, len(rows))] = np.nan
    units: Attrs = {}
    if block.convert:
        values, units = block.convert(sheet.file, values)
    values = _spread(values, on)
    known = {"backend": layout.backend, "source": "" if sheet.file == TABLE else sheet.file}
    attrs: Attrs = {name: text for name, text in known.items() if text}
    attrs |= {**layout.attrs, **block.attrs, **units, **face, **source}
    attrs["lost_frames"] = int(np.isnan(values).all(axis=1).sum())
    times, fps = (on.times(), on.fps) if isinstance(on, frame_rate.Grid) else (on, None)
    for remark in layout.remarks:
        warn(f"{sheet.file}: {remark}")
    x = signals(values, kind=cast(Kind, block.kind), time=times, fps=fps, names=block.names, **attrs)
    return x.assign_coords({name: (TIME, _spread(own, on), variable_attrs(name)) for name, own in tracked.items()})


def _rows_of_face(sheet: Sheet, layout: Layout, face_id: object) -> tuple[np.ndarray, Attrs]:
    """The rows of one face, and which it is, where the file tells faces apart."""
    ids = np.array(texts(sheet, layout.face) if layout.face is not None else [""] * sheet.size)
    present = sorted(set(ids.tolist()) - {""}, key=lambda text: (len(text), text))
    if face_id is None and len(present) > 1:
        raise ValueError(
            f"{sheet.file}: there are several faces, {validation.listed(present)}; choose one with face_id=…"
        )
    if face_id is not None and str(face_id) not in present:
        there = (
            f"there are {validation.listed(present)}" if present else "the file does not tell faces apart; leave it out"
        )
        raise ValueError(f"{sheet.file}: no face has the id {face_id!r}; {there}")
    if not present:
        return np.arange(sheet.size), {}
    chosen = present[0] if face_id is None else str(face_id)
    rows = np.arange(sheet.size) if face_id is None else np.flatnonzero(ids == chosen)
    number = chosen.isascii() and chosen.isdecimal() and len(chosen) < 19  # digits that every file's integers hold
    return rows, {"face_id": int(chosen) if number else chosen}


def _failed(sheet: Sheet, tracked: dict[str, np.ndarray], least: float | None, n: int) -> np.ndarray:
    """Which of `n` rows hold no measurement: the tracker failed, or was less sure than the caller wants."""
    failed = ~(tracked["success"] > 0) if "success" in tracked else np.zeros(n, dtype=bool)
    if least is None:
        return failed
    if "confidence" not in tracked:
        raise ValueError(f"{sheet.file}: there is no confidence to hold against min_confidence={least}; leave it out")
    sure = tracked["confidence"] >= least
    if not sure.any():
        best = np.max(tracked["confidence"], initial=-np.inf, where=np.isfinite(tracked["confidence"]))
        raise ValueError(f"{sheet.file}: no frame reaches min_confidence={least}; the highest confidence is {best:g}")
    return failed | ~sure


def _spread(values: np.ndarray, on: frame_rate.Grid | np.ndarray) -> np.ndarray:
    """`values`, a row a recorded frame, with rows of NaN for the lost ones."""
    if not isinstance(on, frame_rate.Grid) or on.lost == 0:
        return values
    out = np.full((on.size, *values.shape[1:]), np.nan)
    out[on.frames] = values
    return out
