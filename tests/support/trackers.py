"""Simulated files of trackers with exact numbers: `ramp(n, k)` is signal k over n frames.

Each function returns the columns of a file by name, which a test can change, and `write()` writes them.
"""

import json
from pathlib import Path

import numpy as np

UNITS_R = [f"AU{n:02}_r" for n in (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45)]
UNITS_C = [*(name.replace("_r", "_c") for name in UNITS_R[:-1]), "AU28_c", "AU45_c"]
PYFEAT_UNITS = [f"AU{n:02}" for n in (1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 17, 20, 23, 24, 25, 26, 28, 43)]
PYFEAT_BOX = ["FaceRectX", "FaceRectY", "FaceRectWidth", "FaceRectHeight"]
BOTH_SIDES = (
    "browDown browOuterUp cheekSquint eyeBlink eyeLookDown eyeLookIn eyeLookOut eyeLookUp eyeSquint eyeWide "
    "mouthDimple mouthFrown mouthLowerDown mouthPress mouthSmile mouthStretch mouthUpperUp noseSneer"
)
SINGLE = (
    "browInnerUp cheekPuff jawForward jawLeft jawOpen jawRight mouthClose mouthFunnel mouthLeft mouthPucker mouthRight "
    "mouthRollLower mouthRollUpper mouthShrugLower mouthShrugUpper"
)
BLENDSHAPES = sorted([*SINGLE.split(), *(name + side for name in BOTH_SIDES.split() for side in ("Left", "Right"))])
ANGLES = [f"{part}{turn}" for part in ("Head", "LeftEye", "RightEye") for turn in ("Yaw", "Pitch", "Roll")]

THREE_DI_COLUMNS = {
    "rects": 4,
    "landmarks": 102,
    "landmarks_canonicalized": 153,
    "pose": 9,
    "pose_smooth": 9,
    "expression": 79,
    "expression_smooth": 79,
    "expression_localized": 32,
}


def ramp(n, k=0):
    """Signal `k` over `n` frames: k + 1/4, k + 2/4, …; exact in float64 and with two decimals."""
    return k + (1 + np.arange(n)) / 4


def ramps(n, k):
    """Signals 0 … k−1 as an array (n, k)."""
    return np.stack([ramp(n, i) for i in range(k)], axis=1)


def openface(n, *, version=2, fps=30, decimals=3):
    """Columns of OpenFace for `n` frames: all of 2.x, or 1.x, which has no faces, gaze angles or eye landmarks."""
    columns = {"frame": np.arange(1, n + 1)}
    if version == 2:
        columns["face_id"] = np.zeros(n, dtype=int)
    columns["timestamp"] = np.round(np.arange(n) / fps, decimals)
    columns |= {"confidence": np.full(n, 0.95), "success": np.ones(n, dtype=int)}
    gaze = [f"gaze_{eye}_{axis}" for eye in (0, 1) for axis in "xyz"]
    eyes = [f"eye_lmk_{axis}_{i}" for axis in "xyXYZ" for i in range(56)]
    pose = [f"pose_{what}{axis}" for what in "TR" for axis in "xyz"]
    points = [f"{axis}_{i}" for axis in "xyXYZ" for i in range(68)]
    rigid = ["p_scale", "p_rx", "p_ry", "p_rz", "p_tx", "p_ty", *(f"p_{i}" for i in range(34))]
    names = [*gaze, *(["gaze_angle_x", "gaze_angle_y", *eyes] if version == 2 else []), *pose]
    names += [*points, *rigid, *UNITS_R, *UNITS_C]
    return columns | {name: ramp(n, k) for k, name in enumerate(names)}


def pyfeat(n, *, version=0, step=1):
    """Columns of Py-Feat for `n` frames: 0.x with angles in degrees, or 2.x with blendshapes and radians."""
    names = [*PYFEAT_BOX, "FaceScore", *(f"{axis}_{i}" for axis in "xy" for i in range(68)), "Pitch", "Roll", "Yaw"]
    names += [
        *PYFEAT_UNITS,
        *(["valence", "arousal", "_neutral", *BLENDSHAPES] if version == 2 else ["anger", "neutral"]),
    ]
    columns = {name: ramp(n, k) for k, name in enumerate(names)}
    columns |= {"FaceScore": np.full(n, 0.5), "input": ["clip.mp4"] * n, "frame": step * np.arange(n)}
    if version == 2:
        columns |= {name: ramp(n) / n for name in ("Pitch", "Roll", "Yaw")}
        columns |= {"approx_time": ["00:00"] * n, "Identity": [""] * n}
    return columns


def live_link(n, *, start=47584.5, step=2):
    """Columns of Live Link Face: timecodes in steps of `step` 60ths, 52 blendshapes, 9 angles."""
    names = [*(name[0].upper() + name[1:] for name in BLENDSHAPES), "TongueOut", *ANGLES]
    columns = {"Timecode": [timecode(start + step * i / 60) for i in range(n)], "BlendShapeCount": [61] * n}
    return columns | {name: ramp(n, k) for k, name in enumerate(names)}


def timecode(seconds):
    """HH:MM:SS:FF.fff with FF in 60ths."""
    whole, rest = divmod(round(seconds % 86400 * 60, 3), 60)
    return f"{int(whole) // 3600:02}:{int(whole) // 60 % 60:02}:{int(whole) % 60:02}:{rest:06.3f}"


def media_pipe(n):
    """The 52 blendshapes of MediaPipe, and a column of times in ms that a user added."""
    columns = {"timestamp_ms": 40 * np.arange(n)}
    return columns | {name: ramp(n, k) for k, name in enumerate(["_neutral", *BLENDSHAPES])}


def write(path, columns, *, sep=",", rows=None):
    """Write columns as delimited text (OpenFace uses the separator ', '); `rows` selects rows."""
    n = len(next(iter(columns.values())))
    kept = range(n) if rows is None else rows
    lines = [sep.join(columns), *(sep.join(str(column[i]) for column in columns.values()) for i in kept)]
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Path(path)


def write_three_di(folder, video, n, *, endings=tuple(THREE_DI_COLUMNS), lite=False, sidecar=None):
    """Write the files of 3DI for a video of `n` frames, each with its sidecar if given; return the arrays by ending."""
    arrays = {}
    for ending in endings:
        width = 50 if lite and ending == "expression_localized" else THREE_DI_COLUMNS[ending]
        arrays[ending] = ramps(n if ending in ("rects", "landmarks") else n - 1, width)
        file = Path(folder) / f"{video}_{ending}.3DI{'l' if lite else ''}"
        file.write_text("\n".join(" ".join(map(str, row)) for row in arrays[ending].tolist()) + "\n")
        if sidecar is not None:
            file.with_suffix(".json").write_text(json.dumps(sidecar))
    return arrays
