"""Bad input to measures of one face or head."""

import numpy as np
import pytest

import bitbox_xr as bx

from bad_input import BOX, DATA, FACE, FAST, FPS, LARGEST, POSE, STATS, X, Y, bitbox, refused

# call, error, phrases of its message: what was expected, what was found, what to do
CASES = (
    {
        "aggregate as text": (
            lambda: bx.expressivity(X, scales=[0.2, 0.5], aggregate="no"),
            ValueError,
            ["aggregate", "True or False", "'no'"],
        ),
        "robust as text": (
            lambda: bx.expressivity(X, robust="no"),
            ValueError,
            ["robust", "True or False", "'no'"],
        ),
        "magnitude None, robust a number": (
            lambda: bx.diversity(X, magnitude=None, robust=2),
            ValueError,
            ["2 faults", "robust", "2", "magnitude", "None"],
        ),
        "options of activations without scales": (
            lambda: bx.events(X, min_rise=0.3, false_alarms_per_minute=1),
            ValueError,
            ["expected scales with min_rise and false_alarms_per_minute", "got scales=None", "choose durations"],
        ),
        "min_rise of 0, a rate of text": (
            lambda: bx.expressivity(X, scales=[0.5], min_rise=0, false_alarms_per_minute="1"),
            ValueError,
            ["2 faults", "min_rise to be a positive number, got 0", "false_alarms_per_minute", "got '1'"],
        ),
        "more false alarms than noise has maxima": (
            lambda: bx.expressivity(X, scales=[0.25, 0.5], false_alarms_per_minute=120),
            ValueError,
            ["expected false_alarms_per_minute below 120", "at scale 0.5 s, got 120"],
        ),
        "more false alarms than noise has maxima at all scales": (
            lambda: bx.events(X, scales=[0.25, 0.5], aggregate=True, false_alarms_per_minute=361),
            ValueError,
            ["expected false_alarms_per_minute below 360", "at these scales, got 361"],
        ),
        "noise without a rate of false alarms": (
            lambda: bx.diversity(X, scales=[0.5], noise=X),
            ValueError,
            ["expected false_alarms_per_minute with noise, got None", "leave out noise"],
        ),
        "noise of another kind": (
            lambda: bx.events(X, scales=[0.5], noise=0.1),
            ValueError,
            ["expected noise to be a DataArray of a face at rest, or one coordinate", "got 0.1", "condition"],
        ),
        "noise without scales": (
            lambda: bx.events(X, noise=X),
            ValueError,
            ["expected scales with noise, got scales=None"],
        ),
        "noise of an unknown coordinate": (
            lambda: bx.events(X, scales=[0.5], noise={"phase": "rest"}),
            ValueError,
            ["a coordinate along time", "got 'phase', and none of this name", "annotate()"],
        ),
        "noise of an unknown label": (
            lambda: bx.events(
                X.assign_coords(phase=("time", ["task"] * X.sizes["time"])), scales=[0.5], noise={"phase": "rest"}
            ),
            ValueError,
            ["expected noise to be a label of phase (task), got 'rest'"],
        ),
        "noise at another rate, of other signals, too short": (
            lambda: bx.events(X, scales=[0.5], noise=bx.signals(DATA[:8], fps=24, names=list("abc")[: DATA.shape[1]])),
            ValueError,
            ["faults", "frames per second, as x, got 24", "longer than every scale", "signal labels of x"],
        ),
        "noise with a further dimension": (
            lambda: bx.events(X, scales=[0.5], noise=X.expand_dims(person=2)),
            ValueError,
            ["expected noise with the dimensions signal, time, as x, got person, signal, time"],
        ),
        "too many scales": (
            lambda: bx.expressivity(X, scales=10**9),
            ValueError,
            ["expected a number of scales from 1 to 1000, got 1000000000"],
        ),
        "nested scales": (
            lambda: bx.expressivity(X, scales=[0.5, [1]]),
            ValueError,
            ["a sequence of durations in seconds, got [0.5, [1]]"],
        ),
        "scales as an array without dimensions": (
            lambda: bx.events(X, scales=np.array(0.5)),
            ValueError,
            ["a sequence of durations in seconds, got array(0.5)"],
        ),
        "coordinate named eligible_time": (
            lambda: bx.expressivity(X.assign_coords(eligible_time=30)),
            ValueError,
            ["name", " eligible_time", "the result", ".rename()"],
        ),
        "dimension named width": (
            lambda: bx.events(X.expand_dims(width=2)),
            ValueError,
            ["name", " width", "the result", ".rename()"],
        ),
        "dimension named overall": (
            lambda: bx.diversity(X.expand_dims(overall=2)),
            ValueError,
            ["name", " overall", "the result", ".rename()"],
        ),
        "dimension named feature": (
            lambda: bx.asymmetry(FACE.expand_dims(feature=2)),
            ValueError,
            ["name", " feature", "the result", ".rename()"],
        ),
        "infinite landmarks": (
            lambda: bx.asymmetry(FACE.where(FACE < 1, np.inf)),
            ValueError,
            ["infinite values", "NaN (missing)"],
        ),
        "infinite landmarks, lazy": (
            lambda: bx.asymmetry(FACE.where(FACE < 1, -np.inf).chunk(time=4)).compute(scheduler="synchronous"),
            ValueError,
            ["infinite values", "NaN"],
        ),
        "range as text": (
            lambda: bx.asymmetry(FACE, reference=(["0"] * 5, [1] * 5)),
            ValueError,
            ["expected low to be five finite numbers", "got ['0', '0'"],
        ),
        "infinite range": (
            lambda: bx.asymmetry(FACE, reference=([0] * 5, [np.inf] * 5)),
            ValueError,
            ["expected high to be five finite numbers", "got [inf, inf"],
        ),
        "angular as text": (
            lambda: bx.kinematics(POSE, angular="no"),
            ValueError,
            ["angular", "True or False", "'no'"],
        ),
        "nested reference frames": (
            lambda: bx.relative_motion(BOX, reference=[[1], [2, 3]]),
            ValueError,
            ["frame numbers (integers)", "got [[1], [2, 3]]"],
        ),
        "magnitudes of unnamed landmarks": (
            lambda: bx.magnitudes(bx.signals(DATA, kind="landmark", fps=FPS, names=["a", "b"])),
            ValueError,
            ["landmarks", "a, b", "x0, y0"],
        ),
    }
    | {
        f"{name} with the largest float for missing values": (
            lambda call=call: call(),
            ValueError,
            ["infinite values", "NaN (missing)", "x.where(abs(x) < 1e150)"],
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
        "expressivity with an unusual frame rate": (
            lambda: bx.expressivity(FAST),
            ValueError,
            ["x: ", "1 ms", "1000 frames", "signals(…, fps=1000)"],
        ),
        "expressivity of a Dataset": (
            lambda: bx.expressivity(X.to_dataset(name="face")),
            TypeError,
            ["a Dataset", "one of its variables, ds['face']"],
        ),
        "events of a path": (
            lambda: bx.events("clip.csv"),
            TypeError,
            ["a path, 'clip.csv'", "open_signals() reads files"],
        ),
        "events of one frame": (
            lambda: bx.events(X[:1]),
            ValueError,
            ["two", "rate", "1"],
        ),
        "diversity of a result": (lambda: bx.diversity(STATS), TypeError, ["a Dataset", "ds['corr_mean']"]),
        "asymmetry of expressions": (
            lambda: bx.asymmetry(X),
            ValueError,
            ["landmark or landmark-can", "kind 'expression'", "signals(…, kind=…)"],
        ),
        "asymmetry of half a face": (
            lambda: bx.asymmetry(FACE[:, :60]),
            ValueError,
            ["expected iBUG-51 or iBUG-68 landmarks with x, y (and z)", "got 30 landmarks with x, y"],
        ),
        "magnitudes of an array": (
            lambda: bx.magnitudes(bitbox()),
            ValueError,
            ["landmark, landmark-can or pose", "'expression'"],
        ),
        "magnitudes with angular as text": (
            lambda: bx.magnitudes(POSE, angular="yes"),
            ValueError,
            ["angular", "True or False", "'yes'"],
        ),
        "kinematics of expressions": (lambda: bx.kinematics(X), ValueError, ["landmark", "'expression'"]),
        "smoothness of too few frames": (
            lambda: bx.smoothness(BOX[:2]),
            ValueError,
            ["expected at least 4 frames, got 2 frames"],
        ),
        "unknown reference": (
            lambda: bx.relative_motion(BOX, reference="median"),
            ValueError,
            ["expected reference to be 'mean'", "got 'median'"],
        ),
        "reference frame outside the recording": (
            lambda: bx.relative_motion(BOX, reference=1000),
            ValueError,
            ["from -90 to 89, got 1000"],
        ),
    }
)


@pytest.mark.parametrize(("call", "error", "phrases"), CASES.values(), ids=CASES)
def test_bad_input_is_refused_with_what_was_expected_and_found(call, error, phrases, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(call, error, phrases, tmp_path)
