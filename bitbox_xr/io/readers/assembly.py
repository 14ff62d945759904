"""Making signals from the rows of a sheet: the rows of one face, with lost frames as NaN."""

from typing import cast

import numpy as np
import xarray as xr

from bitbox_xr.core import validation
from bitbox_xr.core.errors import warn
from bitbox_xr.core.signal_set import signals
from bitbox_xr.core.types import Kind
from bitbox_xr.core.variables import TIME, variable_attrs
from bitbox_xr.io.readers.columns import Attrs, Layout, ReadOptions, select
from bitbox_xr.io.readers.sampling import time_axis_of
from bitbox_xr.io.readers.sheet import TABLE, Sheet, numbers, texts
from bitbox_xr.kernels import frame_rate

__all__ = ["assemble"]

TRACKING_COLUMNS = ("confidence", "success")  # columns that become coordinates
MAX_FACE_DIGITS = 18  # an integer of this many digits fits into 64 bits


def assemble(sheet: Sheet, layout: Layout, options: ReadOptions) -> xr.DataArray:
    """The signals of a sheet as `(time, signal)`, with `confidence` and `success` on `time` if the sheet has them."""
    chosen = select(sheet, layout, options)
    rows, face = _rows_of_face(sheet, layout, options.face_id)
    axis, source = time_axis_of(sheet, layout, options, rows)
    tracking = {name: at for name in TRACKING_COLUMNS if (at := getattr(layout, name)) is not None}
    table = numbers(sheet, [*chosen.columns, *tracking.values()]).iloc[rows]
    tracked = {name: table[at].to_numpy() for name, at in tracking.items()}
    values = table[chosen.columns].to_numpy(copy=True)
    values[_failed(sheet, tracked, options.min_confidence, len(rows))] = np.nan
    units: Attrs = {}
    if chosen.convert:
        values, units = chosen.convert(sheet.file, values)
    values = _with_lost_frames(values, axis)
    known = {"backend": layout.backend, "source": "" if sheet.file == TABLE else sheet.file}
    attrs: Attrs = {name: text for name, text in known.items() if text}
    attrs |= {**layout.attrs, **chosen.attrs, **units, **face, **source}
    attrs["lost_frames"] = int(np.isnan(values).all(axis=1).sum())
    times, fps = (axis.times(), axis.fps) if isinstance(axis, frame_rate.Grid) else (axis, None)
    for remark in layout.remarks:
        warn(f"{sheet.file}: {remark}")
    x = signals(values, kind=cast(Kind, chosen.kind), time=times, fps=fps, names=chosen.names, **attrs)
    return x.assign_coords(
        {name: (TIME, _with_lost_frames(column, axis), variable_attrs(name)) for name, column in tracked.items()}
    )


def _rows_of_face(sheet: Sheet, layout: Layout, face_id: object) -> tuple[np.ndarray, Attrs]:
    """The rows of one face, and the attribute `face_id` if the file has a column of faces."""
    ids = np.array(texts(sheet, layout.face) if layout.face is not None else [""] * sheet.size)
    present = sorted(set(ids.tolist()) - {""}, key=lambda text: (len(text), text))
    if face_id is None and len(present) > 1:
        raise ValueError(
            f"{sheet.file}: expected one face, got the faces {validation.listed(present)}; choose one with face_id=…"
        )
    if face_id is not None and not present:
        raise ValueError(
            f"{sheet.file}: expected a column of face ids for face_id={face_id!r}, got none; leave out face_id"
        )
    if face_id is not None and str(face_id) not in present:
        raise ValueError(f"{sheet.file}: expected face_id to be one of {validation.listed(present)}, got {face_id!r}")
    if not present:
        return np.arange(sheet.size), {}
    chosen = present[0] if face_id is None else str(face_id)
    rows = np.arange(sheet.size) if face_id is None else np.flatnonzero(ids == chosen)
    is_integer = chosen.isascii() and chosen.isdecimal() and len(chosen) <= MAX_FACE_DIGITS
    return rows, {"face_id": int(chosen) if is_integer else chosen}


def _failed(sheet: Sheet, tracked: dict[str, np.ndarray], min_confidence: float | None, n: int) -> np.ndarray:
    """Which of `n` rows hold no measurement: the tracker failed, or its confidence is below `min_confidence`."""
    failed = ~(tracked["success"] > 0) if "success" in tracked else np.zeros(n, dtype=bool)
    if min_confidence is None:
        return failed
    if "confidence" not in tracked:
        raise ValueError(
            f"{sheet.file}: expected a confidence column for min_confidence={min_confidence}, got none; leave out "
            "min_confidence"
        )
    confident = tracked["confidence"] >= min_confidence
    if not confident.any():
        best = np.max(tracked["confidence"], initial=-np.inf, where=np.isfinite(tracked["confidence"]))
        raise ValueError(
            f"{sheet.file}: expected frames with a confidence of at least {min_confidence}, got at most {best:g}; "
            "lower min_confidence"
        )
    return failed | ~confident


def _with_lost_frames(values: np.ndarray, axis: frame_rate.Grid | np.ndarray) -> np.ndarray:
    """`values` (one row per recorded frame) with rows of NaN for the lost frames."""
    if not isinstance(axis, frame_rate.Grid) or axis.lost == 0:
        return values
    out = np.full((axis.size, *values.shape[1:]), np.nan)
    out[axis.frames] = values
    return out
