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
        ["are a dictionary", "from_bitbox() takes Bitbox's", "pandas.DataFrame()"],
    ),
    "signals with holes as None": (
        lambda: bx.signals([[1, None]], fps=FPS),
        TypeError,
        ["object", "real numbers is wanted", "missing ones as NaN"],
    ),
    "signals of complex columns": (
        lambda: bx.signals(pd.DataFrame({"a": [1j], "b": [1.0]}), fps=FPS),
        TypeError,
        ["columns a do not hold numbers"],
    ),
    "signals of a table of dask's": (
        lambda: bx.signals(SimpleNamespace(to_dask_array=None), fps=FPS),
        TypeError,
        [".to_dask_array(lengths=True)"],
    ),
    "names in no order": (
        lambda: bx.signals(DATA, fps=FPS, names={"a", "b"}),
        TypeError,
        ["a sequence with a label for each signal is wanted"],
    ),
    "a name that is no number": (lambda: bx.signals(DATA, fps=FPS, names=[np.nan, "b"]), ValueError, ["name is empty"]),
    "a rate of 400 digits": (
        lambda: bx.signals(DATA, fps=10**400),
        ValueError,
        ["fps is 1000", "a positive number of frames per second"],
    ),
    "dates with a zone": (
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
        ["missing at 1 of 90 frames"],
    ),
    "times that go back": (
        lambda: bx.signals(DATA, time=-np.arange(90) / FPS),
        ValueError,
        ["does not increase at frame 1", "89 such steps", "sort it"],
    ),
    "a time twice": (
        lambda: bx.signals(DATA, time=np.arange(90) // 2 / FPS),
        ValueError,
        ["(0 s, then 0 s; 45 such steps)", "drop repeated frames"],
    ),
    "signals of nothing": (
        lambda: bx.signals(None, fps=FPS),
        TypeError,
        ["object", "(time, signal) of real numbers is wanted"],
    ),
    "signals of rows of unlike length": (
        lambda: bx.signals([[1, 2], [3]], fps=FPS),
        ValueError,
        ["no array", "rows of one length are wanted"],
    ),
    "signals of a number": (lambda: bx.signals(5.0, fps=FPS), ValueError, ["shape ()", "(time, signal) is wanted"]),
    "signals of three dimensions": (
        lambda: bx.signals(DATA[None], fps=FPS),
        ValueError,
        ["(1, 90, 2)", "(time, signal) is wanted"],
    ),
    "signals of dates": (
        lambda: bx.signals(DATA.astype("M8[s]"), fps=FPS),
        TypeError,
        ["datetime64", "real numbers is wanted"],
    ),
    "signals of unknown length": (
        lambda: bx.signals(unknown(), fps=FPS),
        ValueError,
        ["(nan, 2)", "dask does not know it", ".compute_chunk_sizes()"],
    ),
    "kind of another type": (
        lambda: bx.signals(DATA, fps=FPS, kind=["pose"]),
        ValueError,
        ["kind is ['pose']", "one of expression, landmark"],
    ),
    "names as one text": (
        lambda: bx.signals(DATA, fps=FPS, names="ab"),
        TypeError,
        ["names is 'ab'", "a label for each signal is wanted"],
    ),
    "names as a number": (lambda: bx.signals(DATA, fps=FPS, names=2), TypeError, ["names is 2", "a sequence"]),
    "a name missing": (
        lambda: bx.signals(DATA, fps=FPS, names=["a", None]),
        ValueError,
        ["name is empty", "every signal needs one"],
    ),
    "a single time": (lambda: bx.signals(DATA, time=5.0), ValueError, ["shape ()", "each of the 90 frames is wanted"]),
    "truth as time": (
        lambda: bx.signals(DATA, time=[True] * 90),
        TypeError,
        ["expected times in seconds, datetime64 or timedelta64, got bool"],
    ),
    "missing dates": (
        lambda: bx.signals(DATA, time=np.full(90, "NaT", "M8[s]")),
        ValueError,
        ["missing at 90 of 90 frames", "a time for every frame"],
    ),
    "dates far apart": (
        lambda: bx.signals(DATA, time=pd.date_range("2026", periods=90)),
        ValueError,
        ["steps by 86400 s", "correct the times", "fps="],
    ),
    "a rate beyond all": (
        lambda: bx.signals(DATA, fps=1e300),
        ValueError,
        ["fps is 1e+300", "from 1e-09 to 1e+09 are wanted"],
    ),
    "a rate next to none": (
        lambda: bx.signals(DATA, fps=1e-320),
        ValueError,
        ["fps is 1e-320", "from 1e-09 to 1e+09 are wanted"],
    ),
    "a labelled array of another kind": (
        lambda: bx.signals(POSE),
        ValueError,
        ["of kind 'pose'", "kind is 'expression'", "say kind='pose', or drop the attribute"],
    ),
    "a labelled array and names": (
        lambda: bx.signals(X, names=["a", "b"]),
        ValueError,
        ["names is given", "a coordinate signal", "leave it out, or drop that"],
    ),
    "a labelled array and times": (
        lambda: bx.signals(X, time=X.time.values),
        ValueError,
        ["time is given", "a coordinate time", "leave it out"],
    ),
    "a labelled array of other dimensions": (
        lambda: bx.signals(X.rename(signal="unit")),
        ValueError,
        ["dimensions are time, unit", "signal wanted too", ".rename()"],
    ),
    "a labelled array and another rate": (
        lambda: bx.signals(X, fps=25),
        ValueError,
        ["fps=25 contradicts the time axis (30", "leave fps out, or drop time"],
    ),
    "a labelled array without times": (
        lambda: bx.signals(X.drop_vars("time")),
        ValueError,
        ["has no time", "give `fps`, or `time`"],
    ),
    "a dictionary that is none": (lambda: bx.from_bitbox(5), TypeError, ["got a int", "dictionary"]),
    "a dictionary that is a table": (lambda: bx.from_bitbox(TABLE), TypeError, ["DataFrame", "a dictionary is wanted"]),
    "a dictionary of text": (
        lambda: bx.from_bitbox(bitbox(data=pd.DataFrame({"a": ["x"]}))),
        TypeError,
        ["columns a do not hold numbers", "data[[…]]"],
    ),
    "a dictionary without rows": (
        lambda: bx.from_bitbox(bitbox(data=TABLE[:0])),
        ValueError,
        ["(0, 2)", "at least one frame and one signal"],
    ),
    "a dictionary's rate": (
        lambda: bx.from_bitbox(bitbox(), fps="25"),
        ValueError,
        ["fps is '25'", "a positive number of frames per second"],
    ),
    "to_bitbox of an array": (
        lambda: bx.to_bitbox(DATA),
        ValueError,
        ["it is a ndarray", "DataArray with dimensions time and signal is wanted", "signals()"],
    ),
    "to_bitbox of a result": (lambda: bx.to_bitbox(RESULT), ValueError, ["it is a Dataset", "see signals()"]),
}


@pytest.mark.parametrize(("call", "error", "phrases"), CASES.values(), ids=CASES)
def test_refused(call, error, phrases, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(call, error, phrases, tmp_path)
