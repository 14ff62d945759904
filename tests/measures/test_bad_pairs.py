"""Bad input to measures of two people."""

import numpy as np
import pytest
import xarray as xr

import bitbox_xr as bx
from bitbox_xr import lag_map, surrogate_windows

from bad_input import DATA, FAST, FPS, RESULT, STATS, X, Y, refused, unknown

# call, error, phrases of its message: what was expected, what was found, what to do
CASES = (
    {
        "signals of two levels": (
            lambda: bx.imitation(X.assign_coords(k=("signal", [0, 1])).set_index(signal=["k", "region"]), Y),
            ValueError,
            ["x: expected plain coordinates, got a MultiIndex signal", ".reset_index('signal')"],
        ),
        "recordings of two levels": (
            lambda: bx.coordination(X.expand_dims(who=2, take=2).stack(both=["who", "take"])),
            ValueError,
            ["expected plain coordinates, got a MultiIndex both", ".reset_index('both')"],
        ),
        "a dimension that is a number": (
            lambda: bx.imitation(X.expand_dims({3: 2}), Y),
            ValueError,
            ["expected dimension names that are text, got 3", ".rename()"],
        ),
        "labels that are missing": (
            lambda: bx.imitation(X.assign_coords(signal=[np.nan, 1.0]), Y),
            ValueError,
            ["x: expected a name for every signal, got an empty name"],
        ),
        "labels twice": (
            lambda: bx.imitation(X.isel(signal=[0, 0]), Y),
            ValueError,
            ["x: expected unique signal names, got more than once: AU04"],
        ),
        "dates of another calendar": (
            lambda: bx.imitation(X.assign_coords(time=xr.date_range("2000", periods=90, freq="s", use_cftime=True)), Y),
            TypeError,
            ["the coordinate time: times are object", "datetime64"],
        ),
        "objects": (
            lambda: bx.imitation(X.astype(object), Y),
            ValueError,
            ["x: expected values that are real numbers, got object"],
        ),
        "complex numbers": (
            lambda: bx.imitation(X, Y * 1j),
            ValueError,
            ["y: expected values that are real numbers, got complex128"],
        ),
        "a width with a unit": (
            lambda: bx.imitation(X, Y, width=np.timedelta64(1, "s")),
            ValueError,
            ["expected width to be a positive number of seconds, got np.timedelta64(1,'s')"],
        ),
        "statistics, perhaps": (
            lambda: bx.imitation(X, Y, stats="no"),
            ValueError,
            ["expected stats to be True or False, got 'no'"],
        ),
        "a pair of one": (
            lambda: bx.lag_map(X, Y, pair="AU04"),
            ValueError,
            ["pair is 'AU04'", "(label of x's signal, label of y's) is wanted"],
        ),
        "a pair of three": (
            lambda: bx.surrogate_windows(X, Y, pair=("a", "b", "c")),
            ValueError,
            ["pair is ('a', 'b', 'c')", "is wanted"],
        ),
        "a number of partners": (
            lambda: bx.significance(X, Y, surrogates="partners", partners=5, progress=False),
            ValueError,
            ["partners=[…]", "a list of other recordings' references"],
        ),
        "surrogates without end": (
            lambda: bx.significance(X, Y, surrogates="phase", n=10**12, progress=False),
            ValueError,
            ["n is 1000000000000", "at most 1000000"],
        ),
        "a coordinate called p": (
            lambda: bx.significance(X.assign_coords(p=1), Y, progress=False),
            ValueError,
            ["expected no input named p, a name that the result itself uses", ".rename()"],
        ),
        "a dimension called pair": (
            lambda: bx.significance(X.expand_dims(pair=2), Y, pairs="matched", progress=False),
            ValueError,
            ["expected no input named pair, a name that the result itself uses"],
        ),
        "unknown length": (
            lambda: bx.imitation(xr.DataArray(unknown(), dims=("time", "signal")), Y, fps=FPS),
            ValueError,
            ["x: ", "dask does not know it", ".compute_chunk_sizes()"],
        ),
        "a rate that nobody stated": (
            lambda: bx.imitation(FAST, FAST, width=0.02),
            ValueError,
            [
                "2 faults",
                "x: expected at most 240 frames per second, got time steps of 1 ms, 1000 frames per second",
                "signals(…, fps=1000)",
                "correct the times (times are read as seconds)",
            ],
        ),
        "infinite in x": (
            lambda: bx.imitation(X.where(X < 1, np.inf), Y),
            ValueError,
            ["x holds infinite values", "NaN (missing)", "x.where(abs(x) < 1e150)"],
        ),
        "infinite in y": (
            lambda: bx.imitation(X, Y.where(Y < 1, np.inf)),
            ValueError,
            ["y holds infinite values", "NaN (missing)", "y.where(abs(y) < 1e150)"],
        ),
        "infinite, later": (
            lambda: bx.coordination(X, Y.where(Y < 1, np.inf).chunk(time=30), stats=True).compute(
                scheduler="synchronous"
            ),
            ValueError,
            ["y holds infinite values", "y.where(abs(y) < 1e150)"],
        ),
        "a width beyond all": (
            lambda: bx.imitation(X, Y, width=1e300),
            ValueError,
            ["expected width to be at most 1e+09 s, got 1e+300"],
        ),
        "a step beyond all": (
            lambda: bx.coordination(X, step=1e300),
            ValueError,
            ["expected step to be at most 1e+09 s, got 1e+300"],
        ),
        "a lag beyond all": (
            lambda: bx.lag_profile(X, Y, max_lag=1e300),
            ValueError,
            ["lag to be at most 1e+09 s, got 1e+300"],
        ),
        "one frame": (
            lambda: bx.imitation(X[:1], Y),
            ValueError,
            ["share 1 frame (0.0333 s)", "needs 21 (0.7 s)", "record longer"],
        ),
        "a window of one frame": (
            lambda: bx.imitation(X, Y, width=0.04),
            ValueError,
            ["is 1 frame at 30", "at least 3 are wanted, 0.1 s"],
        ),
        "times along the signals": (
            lambda: bx.imitation(X.drop_vars("time").assign_coords(time=("signal", [0.0, 1.0])), Y),
            ValueError,
            ["expected the coordinate time along time, got signal"],
        ),
        "a kind of another type": (
            lambda: bx.imitation(X.assign_attrs(kind=["pose"]), Y),
            ValueError,
            ["expected the attribute kind to be one of expression", "got ['pose']"],
        ),
        "statistics of statistics": (
            lambda: bx.window_stats(STATS),
            ValueError,
            ["there is no corr and no lag", "a result of imitation() or coordination()"],
        ),
        "statistics of one window": (
            lambda: bx.window_stats(RESULT.isel(window=0)),
            ValueError,
            ["`corr` and `lag` over `window` is wanted", "reduced already"],
        ),
        "statistics of an array": (
            lambda: bx.window_stats(DATA),
            ValueError,
            ["there is no corr and no lag", "is wanted"],
        ),
        "significance without y": (
            lambda: bx.significance(X, progress=False),
            ValueError,
            ["y, the model's signals, is missing", "coordination()"],
        ),
        "a partner that is none": (
            lambda: bx.significance(X, Y, surrogates="partners", partners=[5], progress=False),
            ValueError,
            ["partners[0], as y", "expected shape (time, signal), got ()"],
        ),
        "a single partner": (
            lambda: bx.significance(X, Y, surrogates="partners", partners=Y, progress=False),
            ValueError,
            ["partners=[…]", "a list of other recordings' references"],
        ),
        "surrogates in halves": (
            lambda: bx.significance(X, Y, n=5.5, progress=False),
            ValueError,
            ["n is 5.5", "a positive number of surrogates is wanted"],
        ),
        "infinite in y, phases anew": (
            lambda: bx.significance(X, Y.where(Y < 1, np.inf), surrogates="phase", n=3, progress=False),
            ValueError,
            ["y holds infinite values", "y.where(abs(y) < 1e150)"],
        ),
        "a pair that is not there": (
            lambda: lag_map(X, Y, pair=("AU99", "AU12")),
            ValueError,
            ["x has no 'AU99'", "it has AU04, AU12"],
        ),
        "surrogates of a pair that is not there": (
            lambda: surrogate_windows(X, Y, pair=("AU04", "AU1")),
            ValueError,
            ["y has no 'AU1'", "it has AU04, AU12"],
        ),
    }
    | {
        f"a dimension called {name}": (
            lambda name=name: bx.imitation(X.expand_dims({name: 2}), Y),
            ValueError,
            [f"expected no input named {name}, a name that the result itself uses", ".rename()"],
        )
        for name in ("window", "window_start", "signal1", "signal2", "lag", "corr", "valid1")
    }
    | {
        "a coordinate called lag": (
            lambda: bx.coordination(X.assign_coords(lag=0.5)),
            ValueError,
            ["expected no input named lag, a name that the result itself uses", ".rename()"],
        ),
        "a dimension called profile": (
            lambda: bx.lag_profile(X.expand_dims(profile=2), Y),
            ValueError,
            ["expected no input named profile", ".rename()"],
        ),
    }
)


@pytest.mark.parametrize(("call", "error", "phrases"), CASES.values(), ids=CASES)
def test_refused(call, error, phrases, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(call, error, phrases, tmp_path)
