"""Signals from keypoints of bodies, faces and animals: trackers that write points by name, with a confidence for each.

The rows of the table that is made are the frames of each individual, so that lost frames, several individuals and rates
are treated as in other files.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from bitbox_xr.core.variables import SIGNAL, variable_attrs
from bitbox_xr.io.readers.assembly import assemble
from bitbox_xr.io.readers.columns import Attrs, Layout, ReadOptions, SignalColumns
from bitbox_xr.io.readers.sheet import from_frame

__all__ = ["Keypoints", "signals_of"]

AXES = "xyz"
KIND = "landmark"
FRAME, TIME_S, INDIVIDUAL, CONFIDENCE = "frame", "time", "individual", "confidence"


class Keypoints(NamedTuple):
    """Positions of points: a row for each frame of each individual."""

    backend: str
    points: list[str]
    positions: np.ndarray  # (row, point, axis), NaN where a point was not found
    confidence: np.ndarray | None  # (row, point)
    frames: np.ndarray | None = None  # number of the frame, from 0
    seconds: np.ndarray | None = None
    individuals: list[str] | None = None
    attrs: Attrs = {}  # noqa: RUF012 (never changed)


def signals_of(file: str, found: Keypoints, options: ReadOptions) -> xr.DataArray:
    """The points as landmarks x0, y0, x1, …, with their names as the coordinate `keypoint`.

    Points with a confidence below `min_confidence` are NaN. The coordinate `confidence` is the mean over the points.
    """
    if options.kind not in (None, KIND):
        raise ValueError(f"{file}: expected kind {KIND!r} for points of {found.backend}, got {options.kind!r}")
    if options.min_confidence is not None and found.confidence is None:
        raise ValueError(
            f"{file}: expected a confidence of the points for min_confidence={options.min_confidence}, got none; leave "
            "it out"
        )
    positions = np.array(found.positions, dtype=np.float64)
    if options.min_confidence is not None and found.confidence is not None:
        positions[~(found.confidence >= options.min_confidence)] = np.nan
    sheet = from_frame(_table(found, positions), file)
    at = {name: i for i, name in enumerate(sheet.names)}
    names = [name for name in sheet.names if name[0] in AXES and name[1:].isdecimal()]
    layout = Layout(
        backend=found.backend,
        signals=[SignalColumns(KIND, [at[name] for name in names], names)],
        default=KIND,
        attrs=found.attrs,
        time=at.get(TIME_S),
        frame=at.get(FRAME),
        face=at.get(INDIVIDUAL),
        confidence=at.get(CONFIDENCE),
    )
    x = assemble(sheet, layout, options._replace(min_confidence=None))
    points = [found.points[int(name[1:])] if name in names else "" for name in x[SIGNAL].values.tolist()]
    return x.assign_coords(keypoint=(SIGNAL, np.array(points, dtype=str), variable_attrs("keypoint")))


def _table(found: Keypoints, positions: np.ndarray) -> pd.DataFrame:
    rows, points, axes = positions.shape
    names = [f"{AXES[axis]}{point}" for point in range(points) for axis in range(axes)]
    table = pd.DataFrame(positions.reshape(rows, points * axes), columns=names)
    columns = {FRAME: found.frames, TIME_S: found.seconds, INDIVIDUAL: found.individuals}
    for name, column in columns.items():
        if column is not None:
            table[name] = column
    if found.confidence is not None:
        present = np.isfinite(found.confidence)
        total = np.where(present, found.confidence, 0.0).sum(axis=1)
        count = present.sum(axis=1)
        table[CONFIDENCE] = np.divide(total, count, out=np.full(rows, np.nan), where=count > 0)
    return table
