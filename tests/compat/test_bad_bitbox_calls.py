"""Bad input to Bitbox's calls."""

import numpy as np
import pandas as pd
import pytest

from bitbox_xr import compat

from bad_input import DATA, TABLE, bitbox, refused

# call, error, phrases of its message: what was expected, what was found, what to do
CASES = {
    "expressivity at no rate": (
        lambda: compat.expressivity(TABLE, fps=0),
        ValueError,
        ["expressivity(): expected fps to be a positive number of frames per second, got 0"],
    ),
    "smoothness at any rate": (
        lambda: compat.motion_smoothness(bitbox(type="pose"), fps=None),
        ValueError,
        ["motion_smoothness(): expected fps to be a positive number of frames per second, got None"],
    ),
    "expressivity of text": (
        lambda: compat.expressivity(pd.DataFrame({"a": ["x"]})),
        ValueError,
        ["the data are no table of numbers", "rows and columns are wanted"],
    ),
    "expressivity of complex numbers": (
        lambda: compat.expressivity(DATA * 1j),
        ValueError,
        ["are complex128", "real numbers are wanted"],
    ),
    "diversity of a path": (
        lambda: compat.diversity("x.csv"),
        ValueError,
        ["diversity(): the data are no table of numbers"],
    ),
    "asymmetry of no table": (
        lambda: compat.asymmetry({"type": "landmark"}),
        ValueError,
        ["asymmetry(): the data have shape ()", "rows and columns"],
    ),
    "kinematics of no table": (
        lambda: compat.motion_kinematics({"type": "pose"}),
        ValueError,
        ["motion_kinematics(): the data have shape ()"],
    ),
    "kinematics of several types": (
        lambda: compat.motion_kinematics(bitbox(type=["pose"])),
        ValueError,
        ["of type ['pose']", "a dictionary of type landmark or"],
    ),
    "points of no numbers": (
        lambda: compat.motion_kinematics(bitbox(type="landmark", dimension=0)),
        ValueError,
        ["'dimension' is 0", "the number of coordinates of a point"],
    ),
    "scales of text": (
        lambda: compat.expressivity(TABLE, scales="abc"),
        ValueError,
        ["scales is 'abc'", "durations in seconds are wanted"],
    ),
    "scales before the start": (
        lambda: compat.expressivity(TABLE, scales=[-1]),
        ValueError,
        ["scales is [-1]", "are wanted"],
    ),
    "scales below a frame": (
        lambda: compat.expressivity(TABLE, scales=[1e-6]),
        ValueError,
        ["the shortest of the scales is 1e-06 s", "longer ones are wanted"],
    ),
    "rows along rows": (
        lambda: compat.expressivity(TABLE, axis="rows"),
        ValueError,
        ["axis is 'rows'", "0 (rows are frames) or 1"],
    ),
    "imitation, perhaps": (
        lambda: compat.imitation(TABLE, TABLE, stats="no", casuality="no"),
        ValueError,
        ["2 faults", "stats is 'no'", "casuality is 'no'", "True or False is wanted"],
    ),
    "imitation beyond float32": (
        lambda: compat.imitation(TABLE, TABLE * 1e40),
        ValueError,
        ["Y holds infinite values, or beyond float32", "replace them by NaN"],
    ),
    "motion about frames in frames": (
        lambda: compat.relative_motion(bitbox(type="pose"), reference=[[1], [2, 3]]),
        ValueError,
        ["reference is [[1], [2, 3]]", "a sequence of numbers of frames"],
    ),
    "imitation of arrays": (
        lambda: compat.imitation(DATA, DATA),
        TypeError,
        ["X is a ndarray", "one of Bitbox's dictionaries, or a DataFrame"],
    ),
    "coordination with an array": (
        lambda: compat.coordination(TABLE, DATA),
        TypeError,
        ["Y is a ndarray", "is wanted"],
    ),
    "imitation, polarity of many": (
        lambda: compat.imitation(TABLE, TABLE, polarity=np.array([1, 0])),
        ValueError,
        ["polarity is array([1, 0])", "True or False is wanted"],
    ),
    "imitation of no width": (
        lambda: compat.imitation(TABLE, TABLE, width=None),
        ValueError,
        ["expected width to be a positive number of seconds, got None"],
    ),
    "coordination of three faults": (
        lambda: compat.coordination(bitbox(), bitbox(), 0, -1, 0),
        ValueError,
        ["coordination(): 3 faults", "expected width to be", "expected step to be", "lag to be", "got -1"],
    ),
    "imitation at no rate": (
        lambda: compat.imitation(TABLE, TABLE, fps=0),
        ValueError,
        ["expected fps to be a positive number of frames per second, got 0"],
    ),
    "imitation of rectangles": (
        lambda: compat.imitation(bitbox(type="rectangle"), TABLE),
        ValueError,
        ["of kind 'rectangle'", "expression, landmark, landmark-can, pose"],
    ),
    "expressivity of a pose": (
        lambda: compat.expressivity(bitbox(type="pose")),
        ValueError,
        ["type 'pose'", "expression is wanted"],
    ),
    "asymmetry of expressions": (
        lambda: compat.asymmetry(bitbox()),
        ValueError,
        ["type 'expression'", "landmark or landmark-can is wanted"],
    ),
    "asymmetry of half a face": (
        lambda: compat.asymmetry(np.zeros((3, 60))),
        ValueError,
        ["there are 60 columns", "102 or 153, iBUG-51, are wanted"],
    ),
    "a scale too long": (
        lambda: compat.expressivity(TABLE, scales=[5]),
        ValueError,
        ["the longest of the scales is 5 s", "the recording (3 s)"],
    ),
}


@pytest.mark.parametrize(("call", "error", "phrases"), CASES.values(), ids=CASES)
def test_refused(call, error, phrases, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(call, error, phrases, tmp_path)
