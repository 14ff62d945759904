"""Making signals from the rows of a sheet: the rows of one face, with lost frames as NaN."""

from typing import NamedTuple, cast

import numpy as np
import xarray as xr

from bitbox_xr.core import validation
from bitbox_xr.core.errors import warn
from bitbox_xr.core.memory import refuse_beyond
from bitbox_xr.core.signal_set import signals
from bitbox_xr.core.types import Kind
from bitbox_xr.core.variables import TIME, variable_attrs
from bitbox_xr.io.readers.columns import Attrs, Layout, ReadOptions, SignalColumns, select
from bitbox_xr.io.readers.sampling import time_axis_of
from bitbox_xr.io.readers.sheet import DATASET, TABLE, Sheet, numbers, texts
from bitbox_xr.kernels import frame_rate

__all__ = ["assemble"]

TRACKING_COLUMNS = ("confidence", "success")  # columns that become coordinates
ALL, PERSON = "all", "person"
MAX_FACE_DIGITS = 18  # an integer of this many digits fits into 64 bits


class Track(NamedTuple):
    """One face: its frames from the first to the last, with lost frames, and where its times are from."""

    values: np.ndarray  # (frame, signal)
    tracking: dict[str, np.ndarray]  # (frame,)
    axis: frame_rate.Grid | np.ndarray
    attrs: Attrs


def assemble(sheet: Sheet, layout: Layout, options: ReadOptions) -> xr.DataArray:
    """The signals of a sheet as `(time, signal)`, with `confidence` and `success` on `time` if the sheet has them.

    With the face "all", `(person, time, signal)`.
    """
    chosen = select(sheet, layout, options)
    ids = _faces(sheet, layout)
    if options.face_id == ALL and ids and ALL not in ids:
        tracks = {face: _track(sheet, layout, options._replace(face_id=face), chosen) for face in ids}
    else:
        tracks = {"": _track(sheet, layout, options, chosen)}
    for remark in layout.remarks:
        warn(f"{sheet.file}: {remark}")
    if "" in tracks:
        return _signals(sheet, layout, chosen, tracks[""])
    together = _on_one_axis(sheet.file, [*tracks.values()])
    faces = [_signals(sheet, layout, chosen, track) for track in together]
    person = xr.Variable(PERSON, np.array([*tracks], dtype=str), variable_attrs(PERSON))
    x = xr.concat(
        faces, person, coords=[*together[0].tracking], compat="override", join="override", combine_attrs="override"
    )
    lost = sum(int(face.attrs["lost_frames"]) for face in faces)
    return x.assign_attrs(lost_frames=lost)


def _track(sheet: Sheet, layout: Layout, options: ReadOptions, chosen: SignalColumns) -> Track:
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
    lost = {name: _with_lost_frames(column, axis) for name, column in tracked.items()}
    return Track(_with_lost_frames(values, axis), lost, axis, {**chosen.attrs, **units, **face, **source})


def _signals(sheet: Sheet, layout: Layout, chosen: SignalColumns, track: Track) -> xr.DataArray:
    known = {"backend": layout.backend, "source": "" if sheet.file in (TABLE, DATASET) else sheet.file}
    attrs: Attrs = {name: text for name, text in known.items() if text}
    attrs |= {**layout.attrs, **track.attrs}
    attrs["lost_frames"] = int(np.isnan(track.values).all(axis=1).sum())
    axis = track.axis
    times, fps = (axis.times(), axis.fps) if isinstance(axis, frame_rate.Grid) else (axis, None)
    x = signals(track.values, kind=cast(Kind, chosen.kind), time=times, fps=fps, names=chosen.names, **attrs)
    return x.assign_coords({name: (TIME, column, variable_attrs(name)) for name, column in track.tracking.items()})


def _on_one_axis(file: str, tracks: list[Track]) -> list[Track]:
    """The tracks on the frames of all of them, NaN where a face was not seen; without the attribute `face_id`."""
    grids = [track.axis for track in tracks if isinstance(track.axis, frame_rate.Grid)]
    if len(grids) == len(tracks):
        start, fps = min(grid.start for grid in grids), grids[0].fps
        first = [round((grid.start - start) * fps) for grid in grids]
        size = max(at + grid.size for at, grid in zip(first, grids, strict=True))
        axis: frame_rate.Grid | np.ndarray = frame_rate.Grid(start, fps, np.arange(size))
        places = [at + np.arange(grid.size) for at, grid in zip(first, grids, strict=True)]
    else:
        times = [np.asarray(track.axis) for track in tracks]
        axis = np.unique(np.concatenate(times))
        size = len(axis)
        places = [np.searchsorted(axis, own) for own in times]
    refuse_beyond(
        file,
        size * tracks[0].values.shape[1] * len(tracks) * tracks[0].values.itemsize,
        "read one face at a time with face_id=…, or split the recording",
    )
    return [
        Track(
            _placed(track.values, place, size),
            {name: _placed(column, place, size) for name, column in track.tracking.items()},
            axis,
            {name: value for name, value in track.attrs.items() if name != "face_id"},
        )
        for track, place in zip(tracks, places, strict=True)
    ]


def _placed(values: np.ndarray, place: np.ndarray, size: int) -> np.ndarray:
    out = np.full((size, *values.shape[1:]), np.nan)
    out[place] = values
    return out


def _faces(sheet: Sheet, layout: Layout) -> list[str]:
    """The faces of the file; [] if it has no column of faces."""
    if layout.face is None:
        return []
    return sorted({*texts(sheet, layout.face)} - {""}, key=lambda text: (len(text), text))


def _rows_of_face(sheet: Sheet, layout: Layout, face_id: object) -> tuple[np.ndarray, Attrs]:
    """The rows of one face, and the attribute `face_id` if the file has a column of faces."""
    ids = np.array(texts(sheet, layout.face) if layout.face is not None else [""] * sheet.size)
    present = _faces(sheet, layout)
    if face_id is None and len(present) > 1:
        raise ValueError(
            f"{sheet.file}: expected one face, got the faces {validation.listed(present)}; choose one with "
            "face_id=…, or all with face_id='all'"
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
