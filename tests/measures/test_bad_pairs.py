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
        "signals as a MultiIndex": (
            lambda: bx.imitation(X.assign_coords(k=("signal", [0, 1])).set_index(signal=["k", "region"]), Y),
            ValueError,
            ["x: ", "plain coordinates", "MultiIndex", ".reset_index('signal')"],
        ),
        "recordings as a MultiIndex": (
            lambda: bx.coordination(X.expand_dims(who=2, take=2).stack(both=["who", "take"])),
            ValueError,
            ["both", "MultiIndex", ".reset_index('both')"],
        ),
        "dimension named by a number": (
            lambda: bx.imitation(X.expand_dims({3: 2}), Y),
            ValueError,
            ["dimension", "text", "3", ".rename()"],
        ),
        "missing labels": (
            lambda: bx.imitation(X.assign_coords(signal=[np.nan, 1.0]), Y),
            ValueError,
            ["x: ", "every signal", "name", "empty"],
        ),
        "repeated labels": (
            lambda: bx.imitation(X.isel(signal=[0, 0]), Y),
            ValueError,
            ["x: ", "signal names", "unique", ": AU04"],
        ),
        "dates of another calendar": (
            lambda: bx.imitation(X.assign_coords(time=xr.date_range("2000", periods=90, freq="s", use_cftime=True)), Y),
            TypeError,
            ["the coordinate time: ", "datetime64", "object"],
        ),
        "object values": (
            lambda: bx.imitation(X.astype(object), Y),
            ValueError,
            ["x: ", "values", "real numbers", "object"],
        ),
        "complex values": (
            lambda: bx.imitation(X, Y * 1j),
            ValueError,
            ["y: ", "values", "real numbers", "complex128"],
        ),
        "width as a timedelta": (
            lambda: bx.imitation(X, Y, width=np.timedelta64(1, "s")),
            ValueError,
            ["width", "a positive number of seconds", "np.timedelta64(1,'s')"],
        ),
        "stats as text": (
            lambda: bx.imitation(X, Y, stats="no"),
            ValueError,
            ["stats", "True or False", "'no'"],
        ),
        "pair as text": (
            lambda: bx.lag_map(X, Y, pair="AU04"),
            ValueError,
            ["(name of a signal of x, name of a signal of y)", "got 'AU04'"],
        ),
        "pair of three names": (
            lambda: bx.surrogate_windows(X, Y, pair=("a", "b", "c")),
            ValueError,
            ["(name of a signal of x, name of a signal of y)", "got ('a', 'b', 'c')"],
        ),
        "partners as a number": (
            lambda: bx.significance(X, Y, surrogates="partners", partners=5, progress=False),
            ValueError,
            ["partners=[…]", "a list of signals of other recordings"],
        ),
        "too many surrogates": (
            lambda: bx.significance(X, Y, surrogates="phase", n=10**12, progress=False),
            ValueError,
            ["an integer from 1 to 1000000", "got 1000000000000"],
        ),
        "coordinate named p": (
            lambda: bx.significance(X.assign_coords(p=1), Y, progress=False),
            ValueError,
            ["name", " p", "the result", ".rename()"],
        ),
        "dimension named pair": (
            lambda: bx.significance(X.expand_dims(pair=2), Y, pairs="matched", progress=False),
            ValueError,
            ["name", " pair", "the result", ".rename()"],
        ),
        "dask array of unknown length": (
            lambda: bx.imitation(xr.DataArray(unknown(), dims=("time", "signal")), Y, fps=FPS),
            ValueError,
            ["x: ", "dask does not know it", ".compute_chunk_sizes()"],
        ),
        "unusual frame rate without fps": (
            lambda: bx.imitation(FAST, FAST, width=0.02),
            ValueError,
            ["2 faults", "x: ", "1 ms", "1000 frames", "signals(…, fps=1000)", "the times"],
        ),
        "infinite values in x": (
            lambda: bx.imitation(X.where(X < 1, np.inf), Y),
            ValueError,
            ["infinite values", "NaN (missing)", "x.where(abs(x) < 1e150)"],
        ),
        "infinite values in y": (
            lambda: bx.imitation(X, Y.where(Y < 1, np.inf)),
            ValueError,
            ["infinite values", "NaN (missing)", "y.where(abs(y) < 1e150)"],
        ),
        "infinite values in y, lazy": (
            lambda: bx.coordination(X, Y.where(Y < 1, np.inf).chunk(time=30), stats=True).compute(
                scheduler="synchronous"
            ),
            ValueError,
            ["infinite values", "y.where(abs(y) < 1e150)"],
        ),
        "too large width": (
            lambda: bx.imitation(X, Y, width=1e300),
            ValueError,
            ["width", "at most 1e+09 s", "1e+300"],
        ),
        "too large step": (
            lambda: bx.coordination(X, step=1e300),
            ValueError,
            ["step", "at most 1e+09 s", "1e+300"],
        ),
        "too large max_lag": (
            lambda: bx.lag_profile(X, Y, max_lag=1e300),
            ValueError,
            ["max_lag", "at most 1e+09 s", "1e+300"],
        ),
        "recording of one frame": (
            lambda: bx.imitation(X[:1], Y),
            ValueError,
            ["expected at least 21 frames (0.7 s)", "got 1 frame (0.033 s)", "record longer"],
        ),
        "window of one frame": (
            lambda: bx.imitation(X, Y, width=0.04),
            ValueError,
            ["at least 3 frames (0.1 s at 30 frames per second)", "got 1 frame (0.04 s)"],
        ),
        "times along signals": (
            lambda: bx.imitation(X.drop_vars("time").assign_coords(time=("signal", [0.0, 1.0])), Y),
            ValueError,
            ["coordinate time", "along", "signal"],
        ),
        "kind as a list": (
            lambda: bx.imitation(X.assign_attrs(kind=["pose"]), Y),
            ValueError,
            ["attribute", "kind", "one of expression", "['pose']"],
        ),
        "statistics of statistics": (
            lambda: bx.window_stats(STATS),
            ValueError,
            ["a result of imitation() or coordination()", "got a result without corr and lag"],
        ),
        "statistics of one window": (
            lambda: bx.window_stats(RESULT.isel(window=0)),
            ValueError,
            ["corr and lag along window", "got a result without the dimension window"],
        ),
        "statistics of an array": (
            lambda: bx.window_stats(DATA),
            ValueError,
            ["a result of imitation() or coordination()", "got a result without corr and lag"],
        ),
        "significance without y": (
            lambda: bx.significance(X, progress=False),
            ValueError,
            ["expected y, the signals of the model, got None", "coordination()"],
        ),
        "partner as a number": (
            lambda: bx.significance(X, Y, surrogates="partners", partners=[5], progress=False),
            ValueError,
            ["partners[0], as y", "(time, signal)", "()"],
        ),
        "partner not in a list": (
            lambda: bx.significance(X, Y, surrogates="partners", partners=Y, progress=False),
            ValueError,
            ["partners=[…]", "a list of signals of other recordings"],
        ),
        "fraction of surrogates": (
            lambda: bx.significance(X, Y, n=5.5, progress=False),
            ValueError,
            ["the number of surrogates", "got 5.5"],
        ),
        "infinite values in y, random phases": (
            lambda: bx.significance(X, Y.where(Y < 1, np.inf), surrogates="phase", n=19, progress=False),
            ValueError,
            ["infinite values", "y.where(abs(y) < 1e150)"],
        ),
        "unknown signal in a pair": (
            lambda: lag_map(X, Y, pair=("AU99", "AU12")),
            ValueError,
            ["expected pair to name a signal of x (AU04, AU12), got 'AU99'"],
        ),
        "unknown signal in a pair, surrogates": (
            lambda: surrogate_windows(X, Y, pair=("AU04", "AU1")),
            ValueError,
            ["expected pair to name a signal of y (AU04, AU12), got 'AU1'"],
        ),
    }
    | {
        f"dimension named {name}": (
            lambda name=name: bx.imitation(X.expand_dims({name: 2}), Y),
            ValueError,
            ["name", f" {name}", "the result", ".rename()"],
        )
        for name in ("window", "window_start", "signal1", "signal2", "lag", "corr", "valid1")
    }
    | {
        "coordinate named lag": (
            lambda: bx.coordination(X.assign_coords(lag=0.5)),
            ValueError,
            ["name", " lag", "the result", ".rename()"],
        ),
        "dimension named profile": (
            lambda: bx.lag_profile(X.expand_dims(profile=2), Y),
            ValueError,
            ["name", " profile", "the result", ".rename()"],
        ),
    }
)


@pytest.mark.parametrize(("call", "error", "phrases"), CASES.values(), ids=CASES)
def test_bad_input_is_refused_with_what_was_expected_and_found(call, error, phrases, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(call, error, phrases, tmp_path)
