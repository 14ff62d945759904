"""Bad input to measures of one face or head."""

import numpy as np
import pytest

import bitbox_xr as bx

from bad_input import BOX, DATA, FACE, FAST, FPS, LARGEST, POSE, STATS, X, Y, bitbox, refused

# call, error, phrases of its message: what was expected, what was found, what to do
CASES = (
    {
        "aggregate, perhaps": (
            lambda: bx.expressivity(X, scales=[0.2, 0.5], aggregate="no"),
            ValueError,
            ["expected aggregate to be True or False, got 'no'"],
        ),
        "robust, perhaps": (
            lambda: bx.expressivity(X, robust="no"),
            ValueError,
            ["expected robust to be True or False, got 'no'"],
        ),
        "magnitudes, perhaps": (
            lambda: bx.diversity(X, magnitude=None, robust=2),
            ValueError,
            ["2 faults", "expected robust to be True or False, got 2", "expected magnitude", "got None"],
        ),
        "scales without end": (
            lambda: bx.expressivity(X, scales=10**9),
            ValueError,
            ["scales is 1000000000", "1 to 1000"],
        ),
        "scales in scales": (
            lambda: bx.expressivity(X, scales=[0.5, [1]]),
            ValueError,
            ["scales is [0.5, [1]]", "a sequence of durations in seconds is wanted"],
        ),
        "a scale as an array": (
            lambda: bx.events(X, scales=np.array(0.5)),
            ValueError,
            ["scales is array(0.5)", "a sequence of durations"],
        ),
        "a coordinate of a name of the result": (
            lambda: bx.expressivity(X.assign_coords(eligible_time=30)),
            ValueError,
            ["expected no input named eligible_time, a name that the result itself uses", ".rename()"],
        ),
        "a dimension called width": (
            lambda: bx.events(X.expand_dims(width=2)),
            ValueError,
            ["expected no input named width, a name that the result itself uses"],
        ),
        "a dimension called overall": (
            lambda: bx.diversity(X.expand_dims(overall=2)),
            ValueError,
            ["expected no input named overall, a name that the result itself uses"],
        ),
        "a dimension called feature": (
            lambda: bx.asymmetry(FACE.expand_dims(feature=2)),
            ValueError,
            ["expected no input named feature, a name that the result itself uses"],
        ),
        "infinite landmarks": (
            lambda: bx.asymmetry(FACE.where(FACE < 1, np.inf)),
            ValueError,
            ["infinite values", "replace them by NaN (missing)"],
        ),
        "infinite landmarks, later": (
            lambda: bx.asymmetry(FACE.where(FACE < 1, -np.inf).chunk(time=4)).compute(scheduler="synchronous"),
            ValueError,
            ["infinite values", "NaN"],
        ),
        "a range of text": (
            lambda: bx.asymmetry(FACE, reference=(["0"] * 5, [1] * 5)),
            ValueError,
            ["its low is ['0', '0'", "finite numbers are wanted"],
        ),
        "a range without end": (
            lambda: bx.asymmetry(FACE, reference=([0] * 5, [np.inf] * 5)),
            ValueError,
            ["its high is [inf, inf", "finite numbers are wanted"],
        ),
        "kinematics, perhaps angular": (
            lambda: bx.kinematics(POSE, angular="no"),
            ValueError,
            ["expected angular to be True or False, got 'no'"],
        ),
        "motion about frames in frames": (
            lambda: bx.relative_motion(BOX, reference=[[1], [2, 3]]),
            ValueError,
            ["reference is [[1], [2, 3]]", "numbers of frames"],
        ),
        "magnitudes of what is no landmark": (
            lambda: bx.magnitudes(bx.signals(DATA, kind="landmark", fps=FPS, names=["a", "b"])),
            ValueError,
            ["expected signals named as landmarks (x0, y0, …), got a, b"],
        ),
    }
    | {
        f"{name}, the largest number there is for what is missing": (
            lambda call=call: call(),
            ValueError,
            ["infinite values", "replace them by NaN (missing)", "x.where(abs(x) < 1e150)"],
        )
        for name, call in {
            "expressivity": lambda: bx.expressivity(X.where(X < 1, LARGEST), scales=[0.5]),
            "events": lambda: bx.events(X.where(X < 1, LARGEST)),
            "kinematics": lambda: bx.kinematics(POSE.where(POSE < 1, LARGEST)),
            "asymmetry": lambda: bx.asymmetry(FACE.where(FACE < 1, LARGEST)),
            "resample": lambda: bx.resample(X.where(X < 1, LARGEST), 20),
            "imitation": lambda: bx.imitation(X.where(X < 1, 1e200), Y),
            "coordination": lambda: bx.coordination(X.where(X < 1, LARGEST)),
        }.items()
    }
    | {
        "expressivity of too fast a clock": (
            lambda: bx.expressivity(FAST),
            ValueError,
            ["x: expected at most 240 frames per second", "got time steps of 1 ms", "signals(…, fps=1000)"],
        ),
        "expressivity of a Dataset": (
            lambda: bx.expressivity(X.to_dataset(name="face")),
            TypeError,
            ["got a Dataset", "select one of its variables, ds['face']"],
        ),
        "events of a path": (
            lambda: bx.events("clip.csv"),
            TypeError,
            ["a path, 'clip.csv'", "open_signals() reads files"],
        ),
        "events of one frame": (
            lambda: bx.events(X[:1]),
            ValueError,
            ["expected at least two frame times to determine the frame rate, got 1"],
        ),
        "diversity of a result": (lambda: bx.diversity(STATS), TypeError, ["a Dataset", "ds['corr_mean']"]),
        "asymmetry of expressions": (
            lambda: bx.asymmetry(X),
            ValueError,
            ["expected signals of kind landmark or landmark-can, got kind 'expression'", "signals(…, kind=…)"],
        ),
        "asymmetry of half a face": (
            lambda: bx.asymmetry(FACE[:, :60]),
            ValueError,
            ["30 landmarks with x, y", "iBUG-51 or iBUG-68 with x, y (and z) are wanted"],
        ),
        "magnitudes of an array": (
            lambda: bx.magnitudes(bitbox()),
            ValueError,
            ["expected signals of kind landmark, landmark-can or pose, got kind 'expression'"],
        ),
        "magnitudes, half angular": (
            lambda: bx.magnitudes(POSE, angular="yes"),
            ValueError,
            ["expected angular to be True or False, got 'yes'"],
        ),
        "kinematics of expressions": (lambda: bx.kinematics(X), ValueError, ["got kind 'expression'", "expressivity()"]),
        "smoothness of too few frames": (lambda: bx.smoothness(BOX[:2]), ValueError, ["2 frames", "wanted"]),
        "motion about no frame": (
            lambda: bx.relative_motion(BOX, reference="median"),
            ValueError,
            ["reference is 'median'", "wanted"],
        ),
        "motion about a frame beyond": (lambda: bx.relative_motion(BOX, reference=1000), ValueError, ["1000", "90"]),
    }
)


@pytest.mark.parametrize(("call", "error", "phrases"), CASES.values(), ids=CASES)
def test_refused(call, error, phrases, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(call, error, phrases, tmp_path)
