"""Bad input to `signals()` and to measures of two people: the error, its message, and all faults reported at once."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bitbox_xr as bx

from bad_input import BOX, DATA, FPS, RNG, X, Y, bitbox, refused

IRREGULAR = np.cumsum(RNG.uniform(0.01, 0.1, 90))
TEXT = xr.DataArray(DATA.astype(str), {"time": X.time.values}, ("time", "signal"))


def at(times):
    """x at other frame times."""
    return X.assign_coords(time=np.asarray(times))


# call, error, phrases of its message: what was expected, what was found, what to do
SIGNALS = {
    "unknown kind": (
        lambda: bx.signals(DATA, kind="smile", fps=FPS),
        ValueError,
        ["one of expression, landmark", "'smile'"],
    ),
    "one dimension": (
        lambda: bx.signals(DATA[:, 0], fps=FPS),
        ValueError,
        ["(time, signal)", "(90,)", "data[:, None]"],
    ),
    "no frames": (
        lambda: bx.signals(DATA[:0], fps=FPS),
        ValueError,
        ["at least one frame and one signal", "(0, 2)"],
    ),
    "text values": (
        lambda: bx.signals([["a", "b"]], fps=FPS),
        TypeError,
        ["real numbers"],
    ),
    "complex values": (
        lambda: bx.signals(DATA * 1j, fps=FPS),
        TypeError,
        ["real numbers", "complex128"],
    ),
    "text column": (
        lambda: bx.signals(pd.DataFrame({"a": [1.0], "who": ["x"]}), fps=FPS),
        TypeError,
        ["columns", "who", "numbers"],
    ),
    "too few names": (
        lambda: bx.signals(DATA, fps=FPS, names=["a"]),
        ValueError,
        ["name", "1", "2", "signal"],
    ),
    "repeated names": (
        lambda: bx.signals(DATA, fps=FPS, names=["a", "a"]),
        ValueError,
        ["signal names", "unique", ": a"],
    ),
    "empty name": (
        lambda: bx.signals(DATA, fps=FPS, names=["a", " "]),
        ValueError,
        ["name", "every signal", "empty"],
    ),
    "fps zero": (
        lambda: bx.signals(DATA, fps=0),
        ValueError,
        ["fps", "a positive number of frames per second", "0"],
    ),
    "fps as text": (
        lambda: bx.signals(DATA, fps="30"),
        ValueError,
        ["fps", "a positive number of frames per second", "'30'"],
    ),
    "table without time": (
        lambda: bx.signals(pd.DataFrame(DATA)),
        ValueError,
        ["time", "fps"],
    ),
    "too few times": (
        lambda: bx.signals(DATA, time=np.arange(80)),
        ValueError,
        ["one value for each of the 90 frames", "(80,)"],
    ),
    "decreasing times": (
        lambda: bx.signals(DATA, time=[0, 2, 1, *range(3, 90)]),
        ValueError,
        ["increase", "2 s, then 1 s", "at frame 2", "sort"],
    ),
    "missing time": (
        lambda: bx.signals(DATA, time=[np.nan, *range(1, 90)]),
        ValueError,
        ["a time for every frame", "at 1 of 90 frames"],
    ),
    "steps of 1 ms": (
        lambda: bx.signals(DATA, time=np.arange(90) / 1000),
        ValueError,
        ["1 ms", "1000 frames", "fps=1000"],
    ),
    "milliseconds taken for seconds": (
        lambda: bx.signals(DATA, time=np.arange(90) * 33.3),
        ValueError,
        ["33.3 s", "ms, divide", "by 1000", "fps=0.03"],
    ),
    "frame numbers taken for seconds": (
        lambda: bx.signals(DATA, time=np.arange(90)),
        ValueError,
        ["whole numbers", "fps=… in place of time", "fps=1"],
    ),
    "times as text": (
        lambda: bx.signals(DATA, time=["0"] * 90),
        TypeError,
        ["seconds, datetime64 or timedelta64"],
    ),
    "fps that differs from the times": (
        lambda: bx.signals(DATA, time=np.arange(90) / 30, fps=25),
        ValueError,
        ["fps=25", "the time axis", "30 frames", "leave fps out"],
    ),
    "attribute None": (
        lambda: bx.signals(DATA, fps=FPS, who=None),
        ValueError,
        ["attribute who", "text or a number", "NoneType"],
    ),
    "attribute True": (
        lambda: bx.signals(DATA, fps=FPS, ok=True),
        ValueError,
        ["attribute ok", "text or a number", "bool"],
    ),
    "three faults": (
        lambda: bx.signals(DATA, fps=-1, names=["a", "a"], who=None),
        ValueError,
        ["3 faults", "signal names", "attribute who", "fps", "-1"],
    ),
    "Bitbox data as a table": (
        lambda: bx.from_bitbox(pd.DataFrame(DATA)),
        TypeError,
        ["a dictionary", "a DataFrame"],
    ),
    "Bitbox data without type": (
        lambda: bx.from_bitbox({"data": pd.DataFrame(DATA)}),
        ValueError,
        ["'type'", "one of", "None"],
    ),
    "Bitbox data with an array": (
        lambda: bx.from_bitbox(bitbox(data=DATA)),
        ValueError,
        ["'data'", "a DataFrame", "ndarray"],
    ),
    "magnitudes of expressions": (
        lambda: bx.magnitudes(X),
        ValueError,
        ["landmark, landmark-can or pose", "'expression'"],
    ),
    "magnitudes of an incomplete pose": (
        lambda: bx.magnitudes(bx.signals(DATA, kind="pose", fps=FPS, names=["Rx", "Ry"])),
        ValueError,
        ["pose", "Rz"],
    ),
    "to_bitbox of several recordings": (
        lambda: bx.to_bitbox(X.expand_dims(recording=2)),
        ValueError,
        ["recording", ".isel()"],
    ),
}

INPUTS = {
    "imitation without y": (
        lambda: bx.imitation(X, None),
        ValueError,
        ["expected y, the signals of the model, got None", "coordination()"],
    ),
    "path": (
        lambda: bx.imitation(X, "y.csv"),
        TypeError,
        ["a path, 'y.csv'", "open_signals() reads files"],
    ),
    "Dataset": (
        lambda: bx.imitation(X.to_dataset(name="a"), X),
        TypeError,
        ["a Dataset", "one of its variables, ds['a']"],
    ),
    "other dimensions": (
        lambda: bx.imitation(X.rename(time="t"), X),
        ValueError,
        ["x: ", "dimensions", "t, signal", "time"],
    ),
    "no times": (
        lambda: bx.imitation(X.drop_vars("time"), X),
        ValueError,
        ["x: ", "coordinate", "time", "fps"],
    ),
    "text values": (
        lambda: bx.imitation(TEXT, X),
        ValueError,
        ["x: ", "real numbers"],
    ),
    "infinite values": (
        lambda: bx.imitation(X.where(X < 2, np.inf), X),
        ValueError,
        ["infinite values", "NaN"],
    ),
    "repeated names": (
        lambda: bx.imitation(X.assign_coords(signal=["a", "a"]), X),
        ValueError,
        ["x: ", "signal names", "unique", ": a"],
    ),
    "rectangles": (
        lambda: bx.imitation(BOX, X),
        ValueError,
        [
            "expected x to be of kind expression, landmark, landmark-can, pose, emotion, gaze or motion-energy, got",
            "'rectangle'",
            "kinematics()",
        ],
    ),
    "different labels": (
        lambda: bx.imitation(X.expand_dims(recording=["p"]), X.expand_dims(recording=["q"])),
        ValueError,
        ["expected the same labels of x and y along recording", "p, q in only one of them", "xr.align(x, y)"],
    ),
    "labels in another order": (
        lambda: bx.imitation(X.expand_dims(recording=["p", "q"]), X.expand_dims(recording=["q", "p"])),
        ValueError,
        ["expected the same labels of x and y along recording", "them in a different order"],
    ),
    "different sizes": (
        lambda: bx.imitation(X.expand_dims(recording=2), X.expand_dims(recording=3)),
        ValueError,
        ["expected the same size of x and y along recording, got 2 and 3", ".isel()"],
    ),
    "different frame rates": (
        lambda: bx.imitation(X, bx.signals(DATA, fps=25)),
        ValueError,
        ["x: 0 to 2.967 s at 30 ", "y: 0 to 3.56 s at 25 ", "align(x, y)"],
    ),
    "nearly the same frame rate": (
        lambda: bx.imitation(X, bx.signals(DATA, fps=29.97)),
        ValueError,
        ["at 29.97 frames", "align(x, y)"],
    ),
    "different starts": (
        lambda: bx.imitation(X, X.assign_coords(time=X.time + 0.02)),
        ValueError,
        ["align(x, y)"],
    ),
    "irregular times": (
        lambda: bx.imitation(at(IRREGULAR), X),
        ValueError,
        ["x", "regular", "steps from"],
    ),
    "lost rows": (
        lambda: bx.imitation(X.isel(time=[*range(40), *range(50, 90)]), X),
        ValueError,
        ["x", "regular", "steps from"],
    ),
    "irregular times of both": (
        lambda: bx.imitation(at(IRREGULAR), at(IRREGULAR)),
        ValueError,
        ["2 faults", "x", "y", "regular"],
    ),
    "fps that differs from the times": (
        lambda: bx.imitation(X, Y, fps=25),
        ValueError,
        ["x: ", "fps=25", "the time axis"],
    ),
}

OPTIONS = {
    "unknown measure": (
        lambda: bx.lag_profile(X, Y, measure="mimicry"),
        ValueError,
        ["expected measure to be 'imitation' or 'coordination', got 'mimicry'"],
    ),
    "width NaN": (
        lambda: bx.imitation(X, Y, width=np.nan),
        ValueError,
        ["width", "a positive number of seconds", "nan"],
    ),
    "negative step": (
        lambda: bx.imitation(X, Y, step=-1),
        ValueError,
        ["step", "a positive number of seconds", "-1"],
    ),
    "negative max_lag": (
        lambda: bx.imitation(X, Y, max_lag=-0.1),
        ValueError,
        ["max_lag", "a non-negative number of seconds", "-0.1"],
    ),
    "min_valid in per cent": (
        lambda: bx.imitation(X, Y, min_valid=75),
        ValueError,
        ["expected min_valid to be a share of frames above 0 and at most 1, got 75"],
    ),
    "polarity as text": (
        lambda: bx.imitation(X, Y, polarity="no"),
        ValueError,
        ["polarity", "True or False", "'no'"],
    ),
    "causal None": (
        lambda: bx.imitation(X, Y, causal=None),
        ValueError,
        ["expected causal to be True or False, got None"],
    ),
    "three options": (
        lambda: bx.imitation(X, Y, width=0, step=0, min_valid=0),
        ValueError,
        ["imitation(): 3 faults", "width", "step", "min_valid"],
    ),
    "an option and both inputs": (
        lambda: bx.imitation(X.rename(time="t"), Y.assign_coords(signal=["a", "a"]), width=-1),
        ValueError,
        ["imitation(): 3 faults", "width", "-1", "x: ", "t, signal", "y: ", "signal names"],
    ),
    "window of two frames": (
        lambda: bx.imitation(X, Y, width=0.06),
        ValueError,
        ["expected width to be at least 3 frames (0.1 s at 30 frames per second), got 2 frames (0.06 s)", "larger"],
    ),
    "recording shorter than a window with its lags": (
        lambda: bx.imitation(X, Y, width=2, max_lag=1),
        ValueError,
        ["expected at least 120 frames (4 s)", "got 90 frames (3 s)", "a smaller width or max_lag"],
    ),
    "array with signals as rows": (
        lambda: bx.imitation(DATA[:20].T, DATA[:20].T, fps=FPS),
        ValueError,
        ["got 2 frames", "if the rows of your array are signals, transpose it"],
    ),
}

TABLE = {
    f"{table}, {case}": row
    for table, rows in {"signals": SIGNALS, "inputs": INPUTS, "options": OPTIONS}.items()
    for case, row in rows.items()
}


@pytest.mark.parametrize(("call", "error", "phrases"), TABLE.values(), ids=TABLE)
def test_bad_input_is_refused_with_what_was_expected_and_found(call, error, phrases, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(call, error, phrases, tmp_path)


def test_unusual_frame_rates_are_accepted_when_fps_is_given():
    assert bx.signals(DATA, time=np.arange(90), fps=1).bitbox.fps == 1
    assert bx.signals(DATA, time=np.arange(90) * 60.0, fps=1 / 60).bitbox.fps == pytest.approx(1 / 60)
    assert bx.signals(DATA, time=np.arange(90).astype("timedelta64[s]")).bitbox.fps == 1


def test_array_without_frame_rate_warns_at_the_callers_line():
    assumed = r"30 frames (a|per) second (are )?assumed"
    with pytest.warns(UserWarning, match=assumed):
        x = bx.signals(DATA)
    assert (x.bitbox.fps, x.attrs["time_source"]) == (30.0, "none; 30 fps assumed")
    with pytest.warns(UserWarning, match=assumed) as caught:
        bx.imitation(DATA, DATA)
    assert {w.filename for w in caught} == {__file__}


def test_recordings_of_different_length_are_noted():
    x = bx.signals(np.random.default_rng(0).normal(size=(600, 1)), fps=30)
    with pytest.warns(UserWarning, match=r"imitation\(\): expected x and y of one length, got x of 20 s and y of 15 s"):
        result = bx.imitation(x, x[:450], width=1)
    assert result.attrs["frames"] == 450
    bx.imitation(x, x[:580], width=1)  # the end of a recording: no warning
