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
        ["fps is None", "a positive number of frames per second is wanted"],
    ),
    "resample into any memory": (
        lambda: bx.resample(X, 1e8),
        ValueError,
        ["fps is 1e+08", "at most 30000", "1000 times the recording's own rate"],
    ),
    "align into any memory": (lambda: bx.align(X, Y, fps=1e8), ValueError, ["fps is 1e+08", "at most 30000"]),
    "an offset beyond all": (
        lambda: bx.align(X, Y, offset=1e300),
        ValueError,
        ["offset is 1e+300", "from -1e+09 to 1e+09"],
    ),
    "align with nothing": (
        lambda: bx.align(X, None),
        TypeError,
        ["object", "(time, signal) of real numbers is wanted"],
    ),
    "regularity of a frame": (
        lambda: bx.regularity(X[:1]),
        ValueError,
        ["there is one frame", "two at least are wanted"],
    ),
    "regularity of a dimension gap": (
        lambda: bx.regularity(X.expand_dims(gap=2)),
        ValueError,
        ["the name gap is one of the result's own", ".rename()"],
    ),
    "a dimension called fps": (
        lambda: bx.regularity(X.expand_dims(fps=2)),
        ValueError,
        ["the name fps is one of the result's own", ".rename()"],
    ),
    "resample of too fast a clock": (
        lambda: bx.resample(FAST, 25),
        ValueError,
        ["resample()", "1000 frames a second", "signals(…, fps=1000)"],
    ),
    "resample to a rate beyond all": (
        lambda: bx.resample(X, 1e300),
        ValueError,
        ["fps is 1e+300", "from 1e-09 to 1e+09 are wanted"],
    ),
    "fill_gaps of text": (
        lambda: bx.fill_gaps(X.astype(str), max_gap=1),
        ValueError,
        ["the values are <U", "real numbers are wanted"],
    ),
    "fill_gaps of unknown length": (
        lambda: bx.fill_gaps(
            xr.DataArray(unknown(), dims=("time", "signal"), coords={"signal": ["a", "b"]}), max_gap=1
        ),
        ValueError,
        ["dask does not know it", ".compute_chunk_sizes()"],
    ),
    "align with a path": (lambda: bx.align(X, "y.csv"), TypeError, ["a path, 'y.csv'", "open_signals() reads files"]),
    "align of three faults": (
        lambda: bx.align(X.rename(time="t"), Y, fps=0, max_gap=-1),
        ValueError,
        ["3 faults", "fps is 0", "max_gap is -1", "dimensions are t, signal"],
    ),
}


@pytest.mark.parametrize(("call", "error", "phrases"), CASES.values(), ids=CASES)
def test_refused(call, error, phrases, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(call, error, phrases, tmp_path)
