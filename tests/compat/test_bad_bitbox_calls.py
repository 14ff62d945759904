"""Invalid input to the functions of `bitbox_xr.compat`."""

import numpy as np
import pandas as pd
import pytest

from bitbox_xr import compat

from bad_input import DATA, TABLE, bitbox, refused

# call, error, phrases of its message: what was expected, what was found, what to do
CASES = {
    "expressivity with fps 0": (
        lambda: compat.expressivity(TABLE, fps=0),
        ValueError,
        ["expressivity(): ", "fps", "a positive number of frames per second"],
    ),
    "smoothness without fps": (
        lambda: compat.motion_smoothness(bitbox(type="pose"), fps=None),
        ValueError,
        ["motion_smoothness(): ", "fps", "a positive number of frames per second"],
    ),
    "expressivity of text": (
        lambda: compat.expressivity(pd.DataFrame({"a": ["x"]})),
        ValueError,
        ["expected a table of numbers, got values that are no numbers"],
    ),
    "expressivity of complex numbers": (
        lambda: compat.expressivity(DATA * 1j),
        ValueError,
        ["expected a table of real numbers", "dtype complex128"],
    ),
    "diversity of a path": (
        lambda: compat.diversity("x.csv"),
        ValueError,
        ["diversity(): expected a table of numbers"],
    ),
    "asymmetry without a table": (
        lambda: compat.asymmetry({"type": "landmark"}),
        ValueError,
        ["asymmetry(): expected a table of real numbers with rows and columns, got shape ()"],
    ),
    "kinematics without a table": (
        lambda: compat.motion_kinematics({"type": "pose"}),
        ValueError,
        ["motion_kinematics(): expected a table of real numbers", "got shape ()"],
    ),
    "kinematics of several types": (
        lambda: compat.motion_kinematics(bitbox(type=["pose"])),
        ValueError,
        ["expected a dictionary of type landmark, landmark-can, pose or rectangle, got type ['pose']"],
    ),
    "kinematics of points without coordinates": (
        lambda: compat.motion_kinematics(bitbox(type="landmark", dimension=0)),
        ValueError,
        ["expected 'dimension' to be the number of coordinates of a point, got 0"],
    ),
    "scales as text": (
        lambda: compat.expressivity(TABLE, scales="abc"),
        ValueError,
        ["expected scales to be None, a number of scales", "durations in seconds, got 'abc'"],
    ),
    "negative scales": (
        lambda: compat.expressivity(TABLE, scales=[-1]),
        ValueError,
        ["positive durations in seconds, got [-1]"],
    ),
    "scales shorter than a frame": (
        lambda: compat.expressivity(TABLE, scales=[1e-6]),
        ValueError,
        ["got a scale of 1e-06 s", "use longer scales"],
    ),
    "axis as text": (
        lambda: compat.expressivity(TABLE, axis="rows"),
        ValueError,
        ["expected axis to be 0 (rows are frames) or 1 (columns are frames), got 'rows'"],
    ),
    "imitation with text as flags": (
        lambda: compat.imitation(TABLE, TABLE, stats="no", casuality="no"),
        ValueError,
        ["2 faults", "expected stats to be True or False, got 'no'", "expected casuality to be True or False"],
    ),
    "imitation of values outside float32": (
        lambda: compat.imitation(TABLE, TABLE * 1e40),
        ValueError,
        ["expected Y to have values in the range of float32", "replace them by NaN"],
    ),
    "relative motion with nested frames": (
        lambda: compat.relative_motion(bitbox(type="pose"), reference=[[1], [2, 3]]),
        ValueError,
        ["a sequence of frame numbers, got [[1], [2, 3]]"],
    ),
    "imitation of arrays": (
        lambda: compat.imitation(DATA, DATA),
        TypeError,
        ["expected X to be one of Bitbox's dictionaries or a DataFrame", "got a ndarray"],
    ),
    "coordination with an array": (
        lambda: compat.coordination(TABLE, DATA),
        TypeError,
        ["expected Y to be", "got a ndarray"],
    ),
    "imitation with an array as polarity": (
        lambda: compat.imitation(TABLE, TABLE, polarity=np.array([1, 0])),
        ValueError,
        ["expected polarity to be True or False, got array([1, 0])"],
    ),
    "imitation without a width": (
        lambda: compat.imitation(TABLE, TABLE, width=None),
        ValueError,
        ["width", "a positive number of seconds"],
    ),
    "coordination with three faults": (
        lambda: compat.coordination(bitbox(), bitbox(), 0, -1, 0),
        ValueError,
        ["coordination(): 3 faults", "width", "step", "lag"],
    ),
    "imitation with fps 0": (
        lambda: compat.imitation(TABLE, TABLE, fps=0),
        ValueError,
        ["fps", "a positive number of frames per second"],
    ),
    "imitation of rectangles": (
        lambda: compat.imitation(bitbox(type="rectangle"), TABLE),
        ValueError,
        ["of kind expression, landmark, landmark-can, pose, emotion, gaze or motion-energy, got 'rectangle'"],
    ),
    "expressivity of a pose": (
        lambda: compat.expressivity(bitbox(type="pose")),
        ValueError,
        ["expected a dictionary of type expression or a table, got type 'pose'"],
    ),
    "asymmetry of expressions": (
        lambda: compat.asymmetry(bitbox()),
        ValueError,
        ["expected a dictionary of type landmark or landmark-can", "got type 'expression'"],
    ),
    "asymmetry of half a face": (
        lambda: compat.asymmetry(np.zeros((3, 60))),
        ValueError,
        ["expected 102 or 153 columns (iBUG-51 landmarks), got 60"],
    ),
    "a scale longer than the recording": (
        lambda: compat.expressivity(TABLE, scales=[5]),
        ValueError,
        ["shorter than the recording (3 s), got a scale of 5 s"],
    ),
}


@pytest.mark.parametrize(("call", "error", "phrases"), CASES.values(), ids=CASES)
def test_bad_calls_are_refused(call, error, phrases, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(call, error, phrases, tmp_path)
