"""Blendshapes of Apple's ARKit as Live Link Face and MediaPipe write them.

Both write 52 and share 51 of them, in different case. Live Link Face adds `TongueOut` and has a timecode; MediaPipe
adds `_neutral` and has no times.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from bitbox_xr.io.readers.columns import Layout, SignalColumns, matching
from bitbox_xr.io.readers.sheet import Sheet, find, row_label, texts

__all__ = ["layout", "recognises"]

SHARED = frozenset(
    """
    browDownLeft browDownRight browInnerUp browOuterUpLeft browOuterUpRight cheekPuff cheekSquintLeft cheekSquintRight
    eyeBlinkLeft eyeBlinkRight eyeLookDownLeft eyeLookDownRight eyeLookInLeft eyeLookInRight eyeLookOutLeft
    eyeLookOutRight eyeLookUpLeft eyeLookUpRight eyeSquintLeft eyeSquintRight eyeWideLeft eyeWideRight jawForward
    jawLeft jawOpen jawRight mouthClose mouthDimpleLeft mouthDimpleRight mouthFrownLeft mouthFrownRight mouthFunnel
    mouthLeft mouthLowerDownLeft mouthLowerDownRight mouthPressLeft mouthPressRight mouthPucker mouthRight
    mouthRollLower mouthRollUpper mouthShrugLower mouthShrugUpper mouthSmileLeft mouthSmileRight mouthStretchLeft
    mouthStretchRight mouthUpperUpLeft mouthUpperUpRight noseSneerLeft noseSneerRight
    """.lower().split()
)
TIMECODE = re.compile(r"(\d\d):(\d\d):(\d\d):(\d\d(?:\.\d+)?)")
TICKS_PER_S = 60  # the last field of a timecode counts 60ths of a second
DAY_S = 86400.0


def recognises(names: Sequence[str]) -> bool:
    """Whether these are the column names of a file of blendshapes, in any case."""
    lowered = {name.lower() for name in names}
    return lowered >= SHARED and ("_neutral" in lowered or lowered >= {"timecode", "blendshapecount"})


def layout(sheet: Sheet) -> Layout:
    """Blendshapes (0 to 1, sometimes beyond), and the angles of head and eyes in Live Link Face as pose."""
    columns = [i for i, name in enumerate(sheet.names) if name.lower() in SHARED | {"tongueout", "_neutral"}]
    names = [sheet.names[i] for i in columns]
    expression = SignalColumns("expression", columns, names, {"schema": "ARKit blendshapes"})
    timecode = find(sheet, "Timecode")
    if timecode is None:
        return Layout("MediaPipe", [expression])
    angles = matching(sheet.names, r"(Head|LeftEye|RightEye)(Yaw|Pitch|Roll)")
    pose = SignalColumns("pose", angles, [sheet.names[i] for i in angles], {"units": "as in the file"})
    return Layout(
        "Live Link Face",
        [expression, pose] if angles else [expression],
        time=timecode,
        seconds=_timecodes,
        origin=_time_of_day,
    )


def _timecodes(sheet: Sheet, at: int) -> np.ndarray:
    """Seconds since midnight of `HH:MM:SS:FF.fff`, with FF in 60ths; they continue to increase after midnight."""
    fields = [TIMECODE.fullmatch(text) for text in texts(sheet, at)]
    parts = np.array([match.groups() if match else (0, 0, 0, TICKS_PER_S) for match in fields], dtype=float)
    bad = np.flatnonzero(parts[:, 3] >= TICKS_PER_S)
    if len(bad):
        text = texts(sheet, at)[bad[0]]
        raise ValueError(
            f"{sheet.file}, column {sheet.names[at]!r}, {row_label(sheet, bad[0])}: expected a timecode "
            f"HH:MM:SS:FF.fff with FF below {TICKS_PER_S}, got {text!r}; correct it, or name another column of times "
            "(time=…)"
        )
    seconds = parts @ [3600, 60, 1, 1 / TICKS_PER_S]
    result: np.ndarray = seconds + DAY_S * np.cumsum(np.diff(seconds, prepend=seconds[0]) < -DAY_S / 2)
    return result


def _time_of_day(seconds: float) -> str:
    """Seconds since midnight as `HH:MM:SS.ffffff`."""
    return (datetime.min + timedelta(seconds=seconds)).time().isoformat("microseconds")
