"""Bad input to `signals()`, `from_bitbox()` and `to_bitbox()`."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import bitbox_xr as bx

from bad_input import DATA, FPS, POSE, RESULT, TABLE, X, bitbox, refused, unknown

# call, error, phrases of its message: what was expected, what was found, what to do
CASES = {
    "signals of a dictionary": (
        lambda: bx.signals(bitbox(), fps=FPS),
        TypeError,
        ["got a dictionary", "from_bitbox()", "pandas.DataFrame()"],
    ),
    "signals with None as missing values": (
        lambda: bx.signals([[1, None]], fps=FPS),
        TypeError,
        ["expected an array (time, signal) of real numbers, missing ones as NaN, got object"],
    ),
    "signals of complex columns": (
        lambda: bx.signals(pd.DataFrame({"a": [1j], "b": [1.0]}), fps=FPS),
        TypeError,
        ["expected numbers, got other columns: a"],
    ),
    "signals of a dask table": (
        lambda: bx.signals(SimpleNamespace(to_dask_array=None), fps=FPS),
        TypeError,
        [".to_dask_array(lengths=True)"],
    ),
    "names as a set": (
        lambda: bx.signals(DATA, fps=FPS, names={"a", "b"}),
        TypeError,
        ["expected names to be a sequence with one name for each signal"],
    ),
    "a name that is NaN": (
        lambda: bx.signals(DATA, fps=FPS, names=[np.nan, "b"]),
        ValueError,
        ["got an empty name"],
    ),
    "a rate of 400 digits": (
        lambda: bx.signals(DATA, fps=10**400),
        ValueError,
        ["expected fps to be a positive number of frames per second", "got 1000"],
    ),
    "dates with a time zone": (
        lambda: bx.signals(DATA, time=pd.date_range("2026", periods=90, freq="40ms", tz="UTC")),
        TypeError,
        [
            "expected times in seconds, datetime64 or timedelta64, got object",
            "to_datetime(times, utc=True).tz_localize(None)",
        ],
    ),
    "the first date missing": (
        lambda: bx.signals(DATA, time=[pd.NaT, *pd.date_range("2026", periods=89, freq="40ms")]),
        TypeError,
        ["expected times in seconds, datetime64 or timedelta64, got object"],
    ),
    "one date missing": (
        lambda: bx.signals(DATA, time=pd.DatetimeIndex([pd.NaT, *pd.date_range("2026", periods=89, freq="40ms")])),
        ValueError,
        ["expected a time for every frame, got none at 1 of 90 frames"],
    ),
    "decreasing times": (
        lambda: bx.signals(DATA, time=-np.arange(90) / FPS),
        ValueError,
        ["expected times that increase", "at frame 1 (89 such steps)", "sort the frames"],
    ),
    "a repeated time": (
        lambda: bx.signals(DATA, time=np.arange(90) // 2 / FPS),
        ValueError,
        ["got 0 s, then 0 s at frame 1 (45 such steps)", "drop repeated ones"],
    ),
    "signals of None": (
        lambda: bx.signals(None, fps=FPS),
        TypeError,
        ["expected an array (time, signal) of real numbers", "got object"],
    ),
    "signals of rows with different lengths": (
        lambda: bx.signals([[1, 2], [3]], fps=FPS),
        ValueError,
        ["expected rows of one length, got data that are not an array"],
    ),
    "signals of a number": (lambda: bx.signals(5.0, fps=FPS), ValueError, ["expected shape (time, signal), got ()"]),
    "signals of three dimensions": (
        lambda: bx.signals(DATA[None], fps=FPS),
        ValueError,
        ["expected shape (time, signal), got (1, 90, 2)"],
    ),
    "signals of dates": (
        lambda: bx.signals(DATA.astype("M8[s]"), fps=FPS),
        TypeError,
        ["expected an array (time, signal) of real numbers", "got datetime64"],
    ),
    "signals of unknown length": (
        lambda: bx.signals(unknown(), fps=FPS),
        ValueError,
        ["(nan, 2)", "dask does not know it", ".compute_chunk_sizes()"],
    ),
    "a kind that is a list": (
        lambda: bx.signals(DATA, fps=FPS, kind=["pose"]),
        ValueError,
        ["expected kind to be one of expression, landmark", "got ['pose']"],
    ),
    "names as one string": (
        lambda: bx.signals(DATA, fps=FPS, names="ab"),
        TypeError,
        ["expected names to be a sequence with one name for each signal, got 'ab'"],
    ),
    "names as a number": (
        lambda: bx.signals(DATA, fps=FPS, names=2),
        TypeError,
        ["expected names to be a sequence", "got 2"],
    ),
    "a name missing": (
        lambda: bx.signals(DATA, fps=FPS, names=["a", None]),
        ValueError,
        ["expected a name for every signal, got an empty name"],
    ),
    "a single time": (
        lambda: bx.signals(DATA, time=5.0),
        ValueError,
        ["expected time to have one value for each of the 90 frames, got shape ()"],
    ),
    "bool as time": (
        lambda: bx.signals(DATA, time=[True] * 90),
        TypeError,
        ["expected times in seconds, datetime64 or timedelta64, got bool"],
    ),
    "missing dates": (
        lambda: bx.signals(DATA, time=np.full(90, "NaT", "M8[s]")),
        ValueError,
        ["expected a time for every frame, got none at 90 of 90 frames"],
    ),
    "dates far apart": (
        lambda: bx.signals(DATA, time=pd.date_range("2026", periods=90)),
        ValueError,
        ["got time steps of 86400 s", "correct the times", "fps="],
    ),
    "a rate above the range": (
        lambda: bx.signals(DATA, fps=1e300),
        ValueError,
        ["expected fps to be from 1e-09 to 1e+09 frames per second, got 1e+300"],
    ),
    "a rate below the range": (
        lambda: bx.signals(DATA, fps=1e-320),
        ValueError,
        ["expected fps to be from 1e-09 to 1e+09 frames per second, got 1e-320"],
    ),
    "a DataArray of another kind": (
        lambda: bx.signals(POSE),
        ValueError,
        ["expected data of kind 'expression', got kind 'pose'", "pass kind='pose', or drop the attribute"],
    ),
    "names for a DataArray that has names": (
        lambda: bx.signals(X, names=["a", "b"]),
        ValueError,
        ["expected names or data with a coordinate signal, got both", "leave names out, or drop the coordinate"],
    ),
    "times for a DataArray that has times": (
        lambda: bx.signals(X, time=X.time.values),
        ValueError,
        ["expected time or data with a coordinate time, got both", "leave time out"],
    ),
    "a DataArray with other dimensions": (
        lambda: bx.signals(X.rename(signal="unit")),
        ValueError,
        ["expected dimensions time and signal, got time, unit", ".rename()"],
    ),
    "a DataArray and another rate": (
        lambda: bx.signals(X, fps=25),
        ValueError,
        ["expected fps to agree with the time axis (30", "got fps=25", "leave fps out, or drop time"],
    ),
    "a DataArray without times": (
        lambda: bx.signals(X.drop_vars("time")),
        ValueError,
        ["expected times or a frame rate, got none", "pass fps=… or time=…"],
    ),
    "a number as dictionary": (lambda: bx.from_bitbox(5), TypeError, ["expected a dictionary, got a int"]),
    "a table as dictionary": (
        lambda: bx.from_bitbox(TABLE),
        TypeError,
        ["expected a dictionary, got a DataFrame"],
    ),
    "a dictionary of text": (
        lambda: bx.from_bitbox(bitbox(data=pd.DataFrame({"a": ["x"]}))),
        TypeError,
        ["expected numbers, got other columns: a", "data[[…]]"],
    ),
    "a dictionary without rows": (
        lambda: bx.from_bitbox(bitbox(data=TABLE[:0])),
        ValueError,
        ["(0, 2)", "at least one frame and one signal"],
    ),
    "a dictionary's rate": (
        lambda: bx.from_bitbox(bitbox(), fps="25"),
        ValueError,
        ["expected fps to be a positive number of frames per second, got '25'"],
    ),
    "to_bitbox of an array": (
        lambda: bx.to_bitbox(DATA),
        ValueError,
        ["expected a DataArray with dimensions time and signal, got a ndarray", "see signals()"],
    ),
    "to_bitbox of a result": (lambda: bx.to_bitbox(RESULT), ValueError, ["got a Dataset", "see signals()"]),
}


@pytest.mark.parametrize(("call", "error", "phrases"), CASES.values(), ids=CASES)
def test_invalid_input_is_refused(call, error, phrases, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(call, error, phrases, tmp_path)
