"""Blendshapes of Apple's ARKit as Live Link Face and MediaPipe write them: 51 are shared, in another case.

Live Link Face has 52 with `TongueOut` and a timecode; MediaPipe has 52 with `_neutral` and no time of its own.
"""

import re
from collections.abc import Sequence

import numpy as np

from bitbox_xr.io.readers.columns import Block, Layout, matching
from bitbox_xr.io.readers.sheet import Sheet, find, texts, where

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
TICKS = 60  # parts of a second that a timecode counts
DAY = 86400.0


def recognises(names: Sequence[str]) -> bool:
    """Whether these are the names of a file of blendshapes, whatever their case."""
    own = {name.lower() for name in names}
    return own >= SHARED and ("_neutral" in own or own >= {"timecode", "blendshapecount"})


def layout(sheet: Sheet) -> Layout:
    """Blendshapes (0 to 1, at times beyond) and, in Live Link Face, angles of head and eyes as pose."""
    columns = [i for i, name in enumerate(sheet.names) if name.lower() in SHARED | {"tongueout", "_neutral"}]
    expression = Block("expression", columns, [sheet.names[i] for i in columns], {"schema": "ARKit blendshapes"})
    timecode = find(sheet, "Timecode")
    if timecode is None:
        return Layout("MediaPipe", [expression])
    angles = matching(sheet.names, r"(Head|LeftEye|RightEye)(Yaw|Pitch|Roll)")
    pose = Block("pose", angles, [sheet.names[i] for i in angles], {"units": "as in the file"})
    return Layout(
        "Live Link Face",
        [expression, pose] if angles else [expression],
        time=timecode,
        seconds=_timecodes,
    )


def _timecodes(sheet: Sheet, at: int) -> np.ndarray:
    """Seconds since midnight of `HH:MM:SS:FF.fff`, with FF in 60ths; past midnight they go on."""
    fields = [TIMECODE.fullmatch(text) for text in texts(sheet, at)]
    parts = np.array([match.groups() if match else (0, 0, 0, TICKS) for match in fields], dtype=float)
    bad = np.flatnonzero(parts[:, 3] >= TICKS)
    if len(bad):
        text = texts(sheet, at)[bad[0]]
        raise ValueError(
            f"{sheet.file}, column {sheet.names[at]!r}, {where(sheet, bad[0])}: {text!r} is no timecode "
            f"HH:MM:SS:FF.fff with FF below {TICKS}; mend it, or name another column of times (time=…)"
        )
    seconds = parts @ [3600, 60, 1, 1 / TICKS]
    return seconds + DAY * np.cumsum(np.diff(seconds, prepend=seconds[0]) < -DAY / 2)
