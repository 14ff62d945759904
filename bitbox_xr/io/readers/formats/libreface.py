"""LibreFace: CSV with action units, emotion, pose and gaze.

The column `frame_time_in_ms` holds seconds in files of some versions: the step between frames decides.
"""

from collections.abc import Sequence

import numpy as np

from bitbox_xr.io.readers.columns import Layout, SignalColumns, matching, to_radians
from bitbox_xr.io.readers.sheet import Sheet, find, numbers

__all__ = ["layout", "recognises"]

TIME_COLUMN = "frame_time_in_ms"
ANGLES = {"pitch": "Rx", "yaw": "Ry", "roll": "Rz"}
MAX_STEP_S = 1.0  # a longer step is in ms: no camera is slower than one frame per second or faster than 1000


def recognises(names: Sequence[str]) -> bool:
    """Whether these are the column names of a LibreFace file."""
    return {"frame_idx", "au_12_intensity"} <= set(names)


def layout(sheet: Sheet) -> Layout:
    """Intensities of action units (0 to 5) as AU01, AU02, …; pose and gaze (rad)."""
    units = matching(sheet.names, r"au_\d+_intensity")
    angles = [name for name in ANGLES if name in sheet.names]
    gaze = matching(sheet.names, r"gaze_(yaw|pitch)")
    signals = [
        SignalColumns("expression", units, [_unit_name(sheet.names[i]) for i in units], {"schema": "FACS"}),
        SignalColumns(
            "pose", [sheet.names.index(name) for name in angles], [ANGLES[name] for name in angles], convert=to_radians
        ),
        SignalColumns("gaze", gaze, [sheet.names[i] for i in gaze], convert=to_radians),
    ]
    time = find(sheet, TIME_COLUMN)
    return Layout(
        backend="LibreFace",
        signals=[own for own in signals if own.columns],
        time=time,
        seconds=_seconds,
        frame=find(sheet, "frame_idx"),
    )


def _unit_name(name: str) -> str:
    return f"AU{int(name.split('_')[1]):02}"


def _seconds(sheet: Sheet, at: int) -> np.ndarray:
    times = numbers(sheet, [at])[at].to_numpy()
    steps = np.diff(times[np.isfinite(times)])
    in_ms = len(steps) > 0 and float(np.median(steps)) > MAX_STEP_S
    return times / 1000 if in_ms else times
