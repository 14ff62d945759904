"""What is refused, with which error, in which words; all faults of an input at once."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bitbox_xr as bx

FPS = 30
RNG = np.random.default_rng(0)
DATA = RNG.normal(size=(90, 2))
GOOD = bx.signals(DATA, fps=FPS)


def moved(seconds):
    return GOOD.assign_coords(time=GOOD.time + seconds)


def at(times):
    return GOOD.assign_coords(time=np.asarray(times))


def bitbox(**changes):
    return {"type": "expression", "backend": "3DI", "data": pd.DataFrame(DATA), **changes}


SIGNALS = {
    "unknown kind": (lambda: bx.signals(DATA, kind="smile", fps=FPS), ValueError, "expected kind to be one of expression, landmark.* got 'smile'"),
    "one dimension": (lambda: bx.signals(DATA[:, 0], fps=FPS), ValueError, r"got \(90,\).*data\[:, None\]"),
    "no frames": (lambda: bx.signals(DATA[:0], fps=FPS), ValueError, "at least one frame and one signal"),
    "text": (lambda: bx.signals([["a", "b"]], fps=FPS), TypeError, "expected an array .* of real numbers, .*got <U1"),
    "complex": (lambda: bx.signals(DATA * 1j, fps=FPS), TypeError, "complex128"),
    "text column": (
        lambda: bx.signals(pd.DataFrame({"a": [1.0], "who": ["x"]}), fps=FPS), TypeError, "expected numbers, got other columns: who",
    ),
    "too few names": (lambda: bx.signals(DATA, fps=FPS, names=["a"]), ValueError, "expected 2 names, one for each signal, got 1"),
    "names twice": (lambda: bx.signals(DATA, fps=FPS, names=["a", "a"]), ValueError, "expected unique signal names, got more than once: a"),
    "empty name": (lambda: bx.signals(DATA, fps=FPS, names=["a", " "]), ValueError, "expected a name for every signal, got an empty name"),
    "zero rate": (lambda: bx.signals(DATA, fps=0), ValueError, "expected fps to be a positive number .*, got 0"),
    "rate as text": (lambda: bx.signals(DATA, fps="30"), ValueError, "expected fps to be a positive number .*, got '30'"),
    "table without time": (lambda: bx.signals(pd.DataFrame(DATA)), ValueError, "expected times or a frame rate, got none; pass fps=… or time=…"),
    "times of another length": (lambda: bx.signals(DATA, time=np.arange(80)), ValueError, r"expected time to have one value for each of the 90 frames, got shape \(80,\)"),
    "times that go back": (lambda: bx.signals(DATA, time=[0, 2, 1, *range(3, 90)]), ValueError, "expected times that increase, got 2 s, then 1 s at frame 2"),
    "missing time": (lambda: bx.signals(DATA, time=[np.nan, *range(1, 90)]), ValueError, "expected a time for every frame, got none at 1 of 90 frames"),
    "milliseconds as seconds": (
        lambda: bx.signals(DATA, time=np.arange(90) / 1000), ValueError, "1000 frames per second; if this is correct, pass fps=1000",
    ),
    "milliseconds, slow": (
        lambda: bx.signals(DATA, time=np.arange(90) * 33.3), ValueError, "steps of 33.3 s; if the times are in ms, divide them by 1000; .*fps=0.03",
    ),
    "numbers of frames": (
        lambda: bx.signals(DATA, time=np.arange(90)), ValueError, "look like frame numbers; pass fps=… in place of time, or fps=1",
    ),
    "times as text": (lambda: bx.signals(DATA, time=["0"] * 90), TypeError, "seconds, datetime64 or timedelta64"),
    "fps against time": (lambda: bx.signals(DATA, time=np.arange(90) / 30, fps=25), ValueError, r"expected fps to agree with the time axis \(30 .*, got fps=25"),
    "attribute no file can hold": (lambda: bx.signals(DATA, fps=FPS, who=None), ValueError, "expected the attribute who to be text or a number .*, got a NoneType"),
    "bool attribute": (lambda: bx.signals(DATA, fps=FPS, ok=True), ValueError, "expected the attribute ok to be .*, got a bool"),
    "several at once": (
        lambda: bx.signals(DATA, fps=-1, names=["a", "a"], who=None), ValueError, r"(?s)3 faults.*more than once.*who.*got -1",
    ),
    "bitbox as a table": (lambda: bx.from_bitbox(pd.DataFrame(DATA)), TypeError, "expected a dictionary, got a DataFrame"),
    "bitbox without type": (lambda: bx.from_bitbox({"data": pd.DataFrame(DATA)}), ValueError, "expected 'type' to be one of .*, got None"),
    "bitbox with arrays": (lambda: bx.from_bitbox(bitbox(data=DATA)), ValueError, "expected 'data' to be a DataFrame .*, got a ndarray"),
    "magnitudes of expressions": (lambda: bx.magnitudes(GOOD), ValueError, "expected signals of kind landmark, landmark-can or pose, got kind 'expression'"),
    "magnitudes of half a pose": (
        lambda: bx.magnitudes(bx.signals(DATA, kind="pose", fps=FPS, names=["Rx", "Ry"])), ValueError, "expected signals Rx, Ry, Rz of a pose, .*missing: Rz",
    ),
    "bitbox of several": (lambda: bx.to_bitbox(GOOD.expand_dims(recording=2)), ValueError, r"got also recording; choose with .isel\(\)"),
}  # fmt: skip

MEASURES = {
    "no model": (lambda: bx.imitation(GOOD, None), ValueError, r"y, the model's signals, is missing; .* coordination\(\)"),
    "not signals": (lambda: bx.imitation(GOOD, "y.csv"), TypeError, r"got a path, 'y.csv'; open_signals\(\) reads files"),
    "dataset": (lambda: bx.imitation(GOOD.to_dataset(name="a"), GOOD), TypeError, r"got a Dataset; select one of its variables, ds\['a'\]"),
    "other dimensions": (lambda: bx.imitation(GOOD.rename(time="t"), GOOD), ValueError, "x: expected dimensions time and signal, got t, signal"),
    "no time": (lambda: bx.imitation(GOOD.drop_vars("time"), GOOD), ValueError, "x: expected a coordinate time, got none; pass fps=…"),
    "no finite width": (lambda: bx.imitation(GOOD, GOOD, width=np.nan), ValueError, "expected width to be a positive number of seconds, got nan"),
    "negative step": (lambda: bx.imitation(GOOD, GOOD, step=-1), ValueError, "expected step to be a positive number of seconds, got -1"),
    "negative lag": (lambda: bx.imitation(GOOD, GOOD, max_lag=-0.1), ValueError, "lag to be a non-negative number of seconds, got -0.1"),
    "min_valid": (lambda: bx.imitation(GOOD, GOOD, min_valid=75), ValueError, "min_valid is 75; a share of frames"),
    "options and both inputs": (
        lambda: bx.imitation(GOOD.rename(time="t"), GOOD.assign_coords(signal=["a", "a"]), width=-1), ValueError,
        r"(?s)imitation\(\): 3 faults.*width to be .* got -1.*x: .*got t, signal.*y: .*got more than once: a",
    ),
    "no bool": (lambda: bx.imitation(GOOD, GOOD, polarity="no"), ValueError, "expected polarity to be True or False, got 'no'"),
    "no direction": (lambda: bx.imitation(GOOD, GOOD, causal=None), ValueError, "causal is None; True or False is wanted"),
    "several options": (
        lambda: bx.imitation(GOOD, GOOD, width=0, step=0, min_valid=0), ValueError, r"(?s)imitation\(\): 3 faults.*width.*step.*min_valid",
    ),
    "window of two frames": (lambda: bx.imitation(GOOD, GOOD, width=0.06), ValueError, "is 2 frames at 30 frames a second; at least 3"),
    "too short": (
        lambda: bx.imitation(GOOD, GOOD, width=2, max_lag=1), ValueError, r"share 90 frames \(3 s\); one window with its lags needs 120 \(4 s\)",
    ),
    "rectangles": (
        lambda: bx.imitation(bx.signals(RNG.normal(size=(90, 4)), kind="rectangle", fps=FPS), GOOD), ValueError,
        "x is of kind 'rectangle'; correlations are made of expression, landmark, landmark-can, pose",
    ),
    "other rate": (
        lambda: bx.imitation(GOOD, bx.signals(DATA, fps=25)), ValueError,
        r"the same frame times, got x: 0 to 2.96667 s at 30 .*; y: 0 to 3.56 s at 25 .*align\(x, y\)",
    ),
    "nearly the same rate": (lambda: bx.imitation(GOOD, bx.signals(DATA, fps=29.97)), ValueError, "at 29.97 frames per second"),
    "other start": (lambda: bx.imitation(GOOD, moved(0.02)), ValueError, r"align\(x, y\)"),
    "irregular": (lambda: bx.imitation(at(np.cumsum(RNG.uniform(0.01, 0.1, 90))), GOOD), ValueError, "expected x to have regular times, got steps from"),
    "lost rows": (lambda: bx.imitation(GOOD.isel(time=[*range(40), *range(50, 90)]), GOOD), ValueError, "expected x to have regular times"),
    "both irregular": (
        lambda: bx.imitation(*[at(np.cumsum(RNG.uniform(0.01, 0.1, 90)))] * 2), ValueError, "(?s)2 faults.*expected x to.*expected y to",
    ),
    "fps against time": (lambda: bx.imitation(GOOD, GOOD, fps=25), ValueError, "x: expected fps to agree with the time axis .*, got fps=25"),
    "infinite values": (lambda: bx.imitation(GOOD.where(GOOD < 2, np.inf), GOOD), ValueError, "infinite values; replace them by NaN"),
    "names twice": (
        lambda: bx.imitation(GOOD.assign_coords(signal=["a", "a"]), GOOD), ValueError, "x: expected unique signal names, got more than once: a",
    ),
    "unlike labels": (
        lambda: bx.imitation(GOOD.expand_dims(recording=["p"]), GOOD.expand_dims(recording=["q"])), ValueError,
        "differ in their labels along recording",
    ),
    "unlike numbers": (
        lambda: bx.imitation(GOOD.expand_dims(recording=2), GOOD.expand_dims(recording=3)), ValueError, "x has 2 along recording, y 3",
    ),
    "unknown measure": (lambda: bx.lag_profile(GOOD, GOOD, measure="mimicry"), ValueError, "'imitation' or 'coordination' is wanted"),
    "text values": (
        lambda: bx.imitation(xr.DataArray(DATA.astype(str), dims=("time", "signal"), coords={"time": GOOD.time.values}), GOOD),
        ValueError, "expected values that are real numbers",
    ),
}  # fmt: skip

TABLE = {f"signals: {name}": case for name, case in SIGNALS.items()} | {
    f"measure: {name}": case for name, case in MEASURES.items()
}


@pytest.mark.parametrize(("call", "error", "words"), TABLE.values(), ids=TABLE)
def test_refused_in_words(call, error, words):
    with pytest.raises(error, match=words) as caught:
        call()
    assert caught.type is error


def test_seconds_that_look_like_numbers_of_frames_are_believed_when_stated():
    assert bx.signals(DATA, time=np.arange(90), fps=1).bitbox.fps == 1
    assert bx.signals(DATA, time=np.arange(90) * 60.0, fps=1 / 60).bitbox.fps == pytest.approx(1 / 60)
    assert bx.signals(DATA, time=np.arange(90).astype("timedelta64[s]")).bitbox.fps == 1


def test_a_bare_array_without_a_rate_warns():
    with pytest.warns(UserWarning, match="30 frames per second are assumed"):
        x = bx.signals(DATA)
    assert (x.bitbox.fps, x.attrs["time_source"]) == (30.0, "none; 30 fps assumed")
    with pytest.warns(UserWarning, match="30 frames per second are assumed") as caught:
        bx.imitation(DATA, DATA)
    assert {w.filename for w in caught} == {__file__}
