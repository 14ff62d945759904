"""Bad input to `align()`, `resample()`, `fill_gaps()`, `regularity()`."""

import numpy as np
import pytest
import xarray as xr

import bitbox_xr as bx

from bad_input import FAST, X, Y, refused, unknown

REGULAR = bx.signals(np.zeros((30, 1)), fps=30)
IRREGULAR = bx.signals(np.zeros((5, 1)), time=[0.0, 0.1, 0.25, 0.3, 0.5])

# call, error, phrases of its message: what was expected, what was found, what to do
CASES = {
    "resample without a rate": (
        lambda: bx.resample(X, None),
        ValueError,
        ["expected fps to be a positive number of frames per second, got None"],
    ),
    "resample to a very high rate": (
        lambda: bx.resample(X, 1e8),
        ValueError,
        ["expected fps to be at most 30000, 1000 times the recording's own rate, got 1e+08"],
    ),
    "align at a very high rate": (
        lambda: bx.align(X, Y, fps=1e8),
        ValueError,
        ["expected fps to be at most 30000", "got 1e+08"],
    ),
    "a very large offset": (
        lambda: bx.align(X, Y, offset=1e300),
        ValueError,
        ["expected offset to be a number of seconds from -1e+09 to 1e+09, got 1e+300"],
    ),
    "align without y": (
        lambda: bx.align(X, None),
        TypeError,
        ["expected an array (time, signal) of real numbers", "got object"],
    ),
    "regularity of one frame": (
        lambda: bx.regularity(X[:1]),
        ValueError,
        ["expected at least two frames, got one"],
    ),
    "a dimension called gap": (
        lambda: bx.regularity(X.expand_dims(gap=2)),
        ValueError,
        ["expected no input named gap", ".rename()"],
    ),
    "a dimension called fps": (
        lambda: bx.regularity(X.expand_dims(fps=2)),
        ValueError,
        ["expected no input named fps", ".rename()"],
    ),
    "resample of a recording with an unconfirmed rate": (
        lambda: bx.resample(FAST, 25),
        ValueError,
        ["resample()", "1000 frames per second", "signals(…, fps=1000)"],
    ),
    "resample to a rate out of range": (
        lambda: bx.resample(X, 1e300),
        ValueError,
        ["expected fps to be from 1e-09 to 1e+09 frames per second, got 1e+300"],
    ),
    "fill_gaps of text": (
        lambda: bx.fill_gaps(X.astype(str), max_gap=1),
        ValueError,
        ["expected values that are real numbers, got <U"],
    ),
    "fill_gaps of unknown length": (
        lambda: bx.fill_gaps(
            xr.DataArray(unknown(), dims=("time", "signal"), coords={"signal": ["a", "b"]}), max_gap=1
        ),
        ValueError,
        ["dask does not know it", ".compute_chunk_sizes()"],
    ),
    "align with a path": (
        lambda: bx.align(X, "y.csv"),
        TypeError,
        ["got a path, 'y.csv'", "open_signals() reads files"],
    ),
    "align of three faults": (
        lambda: bx.align(X.rename(time="t"), Y, fps=0, max_gap=-1),
        ValueError,
        ["3 faults", "frames per second, got 0", "number of seconds, got -1", "got t, signal"],
    ),
    "align of five faults": (
        lambda: bx.align(REGULAR[::-1], REGULAR[:1], fps=-1, offset=None, max_gap="1"),
        ValueError,
        [
            "5 faults",
            "expected fps to be a positive number of frames per second, got -1",
            "expected offset to be a number of seconds from -1e+09 to 1e+09, got None",
            "expected max_gap to be a positive number of seconds, got '1'",
            "x: expected times that increase",
            "y: expected at least two frames, got one",
        ],
    ),
    "resample to 0 frames per second": (
        lambda: bx.resample(REGULAR, 0),
        ValueError,
        ["expected fps to be a positive number of frames per second, got 0"],
    ),
    "resample to a rate of text": (
        lambda: bx.resample(REGULAR, "25"),
        ValueError,
        ["expected fps to be a positive number of frames per second, got '25'"],
    ),
    "resample to one frame": (
        lambda: bx.resample(REGULAR, 0.5),
        ValueError,
        ["expected a result of at least two frames, got one (0.966667 s at fps=0.5)"],
    ),
    "resample one frame": (
        lambda: bx.resample(REGULAR[:1], 25),
        ValueError,
        ["x: expected at least two frames, got one"],
    ),
    "resample with max_gap shorter than a step": (
        lambda: bx.resample(REGULAR, 60, max_gap=0.01),
        ValueError,
        ["expected max_gap to be at least 0.0333333 s, the step of x, got 0.01 s"],
    ),
    "resample without times": (
        lambda: bx.resample(xr.DataArray(np.zeros((3, 1)), dims=("time", "signal")), 25),
        ValueError,
        ["x: expected a coordinate time, got none", "fps=…"],
    ),
    "fill_gaps with max_gap=None": (
        lambda: bx.fill_gaps(REGULAR, max_gap=None),
        ValueError,
        ["expected max_gap to be a positive number of seconds, got None"],
    ),
    "fill_gaps with max_gap=0": (
        lambda: bx.fill_gaps(REGULAR, max_gap=0),
        ValueError,
        ["expected max_gap to be a positive number of seconds, got 0"],
    ),
    "fill_gaps with max_gap=nan": (
        lambda: bx.fill_gaps(REGULAR, max_gap=np.nan),
        ValueError,
        ["expected max_gap to be a positive number of seconds, got nan"],
    ),
    "fill_gaps with max_gap of less than one frame": (
        lambda: bx.fill_gaps(REGULAR, max_gap=0.05),
        ValueError,
        ["expected max_gap to be at least 0.0666667 s, the gap that one missing frame leaves, got 0.05 s"],
    ),
    "align of irregular times": (
        lambda: bx.align(IRREGULAR, REGULAR),
        ValueError,
        ["expected x to have regular times when fps is not given, got steps from 50 to 200 ms", "pass fps=…"],
    ),
    "align of recordings without common time": (
        lambda: bx.align(REGULAR, REGULAR, offset=2),
        ValueError,
        [
            "expected x and y to have at least two frames of time in common",
            "x: 0 to 0.967 s; y: 2 to 2.967 s, its times shifted by 2 s",
            "offset=…",
        ],
    ),
    "align of origins that are not dates": (
        lambda: bx.align(REGULAR.assign_attrs(time_origin="noon"), REGULAR.assign_attrs(time_origin="2026-01-01")),
        ValueError,
        ["expected attributes time_origin that are dates in ISO format, or both", "got 'noon' and '2026-01-01'"],
    ),
    "align of a date and a time of day": (
        lambda: bx.align(REGULAR.assign_attrs(time_origin="10:00:00"), REGULAR.assign_attrs(time_origin="2026-01-01")),
        ValueError,
        ["or both times of day (HH:MM:SS), got '10:00:00' and '2026-01-01'; correct or remove them"],
    ),
    "regularity of decreasing times": (
        lambda: bx.regularity(REGULAR[::-1]),
        ValueError,
        ["expected times that increase", "at frame 1 (29 such steps)"],
    ),
}


@pytest.mark.parametrize(("call", "error", "phrases"), CASES.values(), ids=CASES)
def test_invalid_input_is_refused(call, error, phrases, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(call, error, phrases, tmp_path)
