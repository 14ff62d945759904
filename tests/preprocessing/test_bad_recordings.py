"""Bad input to `align()`, `resample()`, `fill_gaps()`, `regularity()`."""

import pytest
import xarray as xr

import bitbox_xr as bx

from bad_input import FAST, X, Y, refused, unknown

# call, error, phrases of its message: what was expected, what was found, what to do
CASES = {
    "resample to nothing": (
        lambda: bx.resample(X, None),
        ValueError,
        ["expected fps to be a positive number of frames per second, got None"],
    ),
    "resample into any memory": (
        lambda: bx.resample(X, 1e8),
        ValueError,
        ["expected fps to be at most 30000, 1000 times the recording's own rate, got 1e+08"],
    ),
    "align into any memory": (lambda: bx.align(X, Y, fps=1e8), ValueError, ["expected fps to be at most 30000", "got 1e+08"]),
    "an offset beyond all": (
        lambda: bx.align(X, Y, offset=1e300),
        ValueError,
        ["expected offset to be a number of seconds from -1e+09 to 1e+09, got 1e+300"],
    ),
    "align with nothing": (
        lambda: bx.align(X, None),
        TypeError,
        ["expected an array (time, signal) of real numbers", "got object"],
    ),
    "regularity of a frame": (
        lambda: bx.regularity(X[:1]),
        ValueError,
        ["expected at least two frames, got one"],
    ),
    "regularity of a dimension gap": (
        lambda: bx.regularity(X.expand_dims(gap=2)),
        ValueError,
        ["expected no input named gap", ".rename()"],
    ),
    "a dimension called fps": (
        lambda: bx.regularity(X.expand_dims(fps=2)),
        ValueError,
        ["expected no input named fps", ".rename()"],
    ),
    "resample of too fast a clock": (
        lambda: bx.resample(FAST, 25),
        ValueError,
        ["resample()", "1000 frames per second", "signals(…, fps=1000)"],
    ),
    "resample to a rate beyond all": (
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
    "align with a path": (lambda: bx.align(X, "y.csv"), TypeError, ["got a path, 'y.csv'", "open_signals() reads files"]),
    "align of three faults": (
        lambda: bx.align(X.rename(time="t"), Y, fps=0, max_gap=-1),
        ValueError,
        ["3 faults", "frames per second, got 0", "number of seconds, got -1", "got t, signal"],
    ),
}


@pytest.mark.parametrize(("call", "error", "phrases"), CASES.values(), ids=CASES)
def test_refused(call, error, phrases, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(call, error, phrases, tmp_path)
