"""Bad input to every public function, as its callers come by it: what was got, what was wanted, and the remedy.

Options out of range and damaged tables stand in the tests of their rooms; here is what lies between the rooms: data of
another type or form, names that a result needs for itself, what dask and xarray make of a recording, files, commands.
"""

import os
import re
from types import SimpleNamespace

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from click.testing import CliRunner

import bitbox_xr as bx
from bitbox_xr import compat, lag_map, surrogate_windows
from bitbox_xr.cli import main
from bitbox_xr.demo import make_pair

FPS = 30
RNG = np.random.default_rng(0)
DATA = RNG.normal(size=(90, 2))
X = bx.signals(DATA, fps=FPS, names=["AU04", "AU12"])
Y = bx.signals(DATA[::-1].copy(), fps=FPS, names=["AU04", "AU12"])
POSE = bx.signals(RNG.normal(size=(90, 6)), kind="pose", fps=FPS)
BOX = bx.signals(RNG.normal(size=(90, 4)), kind="rectangle", fps=FPS)
FACE = bx.signals(RNG.normal(size=(9, 102)), kind="landmark", fps=FPS)
FAST = xr.DataArray(DATA, {"time": np.arange(90) / 1000, "signal": ["a", "b"]}, ("time", "signal"))
RESULT = bx.imitation(X, Y)
STATS = bx.window_stats(RESULT)
TABLE = pd.DataFrame(DATA)
LARGEST = np.finfo(np.float64).max  # by which some programs mark what is missing


def unknown():
    """On dask, of a length that only computing tells."""
    values = da.from_array(DATA, chunks=(30, 2))
    return values[values[:, 0] > -9]


def bitbox(**changes):
    return {"type": "expression", "data": TABLE, **changes}


# call, error, phrases of its message: what was got, what was wanted, the remedy
MAKING = {
    "signals of a dictionary": (lambda: bx.signals(bitbox(), fps=FPS), TypeError, ["are a dictionary", "from_bitbox() takes Bitbox's", "pandas.DataFrame()"]),
    "signals with holes as None": (lambda: bx.signals([[1, None]], fps=FPS), TypeError, ["object", "real numbers is wanted", "missing ones as NaN"]),
    "signals of complex columns": (lambda: bx.signals(pd.DataFrame({"a": [1j], "b": [1.0]}), fps=FPS), TypeError, ["columns a do not hold numbers"]),
    "signals of a table of dask's": (lambda: bx.signals(SimpleNamespace(to_dask_array=None), fps=FPS), TypeError, [".to_dask_array(lengths=True)"]),
    "names in no order": (lambda: bx.signals(DATA, fps=FPS, names={"a", "b"}), TypeError, ["a sequence with a label for each signal is wanted"]),
    "a name that is no number": (lambda: bx.signals(DATA, fps=FPS, names=[np.nan, "b"]), ValueError, ["name is empty"]),
    "a rate of 400 digits": (lambda: bx.signals(DATA, fps=10**400), ValueError, ["fps is 1000", "a positive number of frames per second"]),
    "dates with a zone": (
        lambda: bx.signals(DATA, time=pd.date_range("2026", periods=90, freq="40ms", tz="UTC")), TypeError,
        ["times are object", "datetime64", "to_datetime(times, utc=True).tz_localize(None)"],
    ),
    "the first date missing": (
        lambda: bx.signals(DATA, time=[pd.NaT, *pd.date_range("2026", periods=89, freq="40ms")]), TypeError, ["times are object"],
    ),
    "one date missing": (
        lambda: bx.signals(DATA, time=pd.DatetimeIndex([pd.NaT, *pd.date_range("2026", periods=89, freq="40ms")])), ValueError,
        ["missing at 1 of 90 frames"],
    ),
    "times that go back": (lambda: bx.signals(DATA, time=-np.arange(90) / FPS), ValueError, ["does not increase at frame 1", "89 such steps", "sort it"]),
    "a time twice": (lambda: bx.signals(DATA, time=np.arange(90) // 2 / FPS), ValueError, ["(0 s, then 0 s; 45 such steps)", "drop repeated frames"]),
    "signals of nothing": (lambda: bx.signals(None, fps=FPS), TypeError, ["object", "(time, signal) of real numbers is wanted"]),
    "signals of rows of unlike length": (lambda: bx.signals([[1, 2], [3]], fps=FPS), ValueError, ["no array", "rows of one length are wanted"]),
    "signals of a number": (lambda: bx.signals(5.0, fps=FPS), ValueError, ["shape ()", "(time, signal) is wanted"]),
    "signals of three dimensions": (lambda: bx.signals(DATA[None], fps=FPS), ValueError, ["(1, 90, 2)", "(time, signal) is wanted"]),
    "signals of dates": (lambda: bx.signals(DATA.astype("M8[s]"), fps=FPS), TypeError, ["datetime64", "real numbers is wanted"]),
    "signals of unknown length": (lambda: bx.signals(unknown(), fps=FPS), ValueError, ["(nan, 2)", "dask does not know it", ".compute_chunk_sizes()"]),
    "kind of another type": (lambda: bx.signals(DATA, fps=FPS, kind=["pose"]), ValueError, ["kind is ['pose']", "one of expression, landmark"]),
    "names as one text": (lambda: bx.signals(DATA, fps=FPS, names="ab"), TypeError, ["names is 'ab'", "a label for each signal is wanted"]),
    "names as a number": (lambda: bx.signals(DATA, fps=FPS, names=2), TypeError, ["names is 2", "a sequence"]),
    "a name missing": (lambda: bx.signals(DATA, fps=FPS, names=["a", None]), ValueError, ["name is empty", "every signal needs one"]),
    "a single time": (lambda: bx.signals(DATA, time=5.0), ValueError, ["shape ()", "each of the 90 frames is wanted"]),
    "truth as time": (lambda: bx.signals(DATA, time=[True] * 90), TypeError, ["times are bool", "seconds, datetime64 or timedelta64"]),
    "missing dates": (lambda: bx.signals(DATA, time=np.full(90, "NaT", "M8[s]")), ValueError, ["missing at 90 of 90 frames", "a time for every frame"]),
    "dates far apart": (
        lambda: bx.signals(DATA, time=pd.date_range("2026", periods=90)), ValueError, ["steps by 86400 s", "correct the times", "fps="],
    ),
    "a rate beyond all": (lambda: bx.signals(DATA, fps=1e300), ValueError, ["fps is 1e+300", "from 1e-09 to 1e+09 are wanted"]),
    "a rate next to none": (lambda: bx.signals(DATA, fps=1e-320), ValueError, ["fps is 1e-320", "from 1e-09 to 1e+09 are wanted"]),
    "a labelled array of another kind": (
        lambda: bx.signals(POSE), ValueError, ["of kind 'pose'", "kind is 'expression'", "say kind='pose', or drop the attribute"],
    ),
    "a labelled array and names": (lambda: bx.signals(X, names=["a", "b"]), ValueError, ["names is given", "a coordinate signal", "leave it out, or drop that"]),
    "a labelled array and times": (lambda: bx.signals(X, time=X.time.values), ValueError, ["time is given", "a coordinate time", "leave it out"]),
    "a labelled array of other dimensions": (
        lambda: bx.signals(X.rename(signal="unit")), ValueError, ["dimensions are time, unit", "signal wanted too", ".rename()"],
    ),
    "a labelled array and another rate": (lambda: bx.signals(X, fps=25), ValueError, ["fps=25 contradicts the time axis (30", "leave fps out, or drop time"]),
    "a labelled array without times": (lambda: bx.signals(X.drop_vars("time")), ValueError, ["has no time", "give `fps`, or `time`"]),
    "a dictionary that is none": (lambda: bx.from_bitbox(5), TypeError, ["got a int", "dictionary"]),
    "a dictionary that is a table": (lambda: bx.from_bitbox(TABLE), TypeError, ["DataFrame", "a dictionary is wanted"]),
    "a dictionary of text": (lambda: bx.from_bitbox(bitbox(data=pd.DataFrame({"a": ["x"]}))), TypeError, ["columns a do not hold numbers", "data[[…]]"]),
    "a dictionary without rows": (lambda: bx.from_bitbox(bitbox(data=TABLE[:0])), ValueError, ["(0, 2)", "at least one frame and one signal"]),
    "a dictionary's rate": (lambda: bx.from_bitbox(bitbox(), fps="25"), ValueError, ["fps is '25'", "a positive number of frames per second"]),
    "to_bitbox of an array": (lambda: bx.to_bitbox(DATA), ValueError, ["it is a ndarray", "DataArray with dimensions time and signal is wanted", "signals()"]),
    "to_bitbox of a result": (lambda: bx.to_bitbox(RESULT), ValueError, ["it is a Dataset", "see signals()"]),
}  # fmt: skip

SOCIAL = {
    "signals of two levels": (
        lambda: bx.imitation(X.assign_coords(k=("signal", [0, 1])).set_index(signal=["k", "region"]), Y), ValueError,
        ["x: signal is a MultiIndex", ".reset_index('signal') makes plain coordinates"],
    ),
    "recordings of two levels": (
        lambda: bx.coordination(X.expand_dims(who=2, take=2).stack(both=["who", "take"])), ValueError, ["both is a MultiIndex", ".reset_index('both')"],
    ),
    "a dimension that is a number": (lambda: bx.imitation(X.expand_dims({3: 2}), Y), ValueError, ["a dimension is named 3", "text is wanted", ".rename()"]),
    "labels that are missing": (lambda: bx.imitation(X.assign_coords(signal=[np.nan, 1.0]), Y), ValueError, ["x: a signal's name is empty"]),
    "labels twice": (lambda: bx.imitation(X.isel(signal=[0, 0]), Y), ValueError, ["x: signal names occur twice: AU04", "unique names are wanted"]),
    "dates of another calendar": (
        lambda: bx.imitation(X.assign_coords(time=xr.date_range("2000", periods=90, freq="s", use_cftime=True)), Y), TypeError,
        ["the coordinate time: times are object", "datetime64"],
    ),
    "objects": (lambda: bx.imitation(X.astype(object), Y), ValueError, ["x: the values are object", "real numbers are wanted"]),
    "complex numbers": (lambda: bx.imitation(X, Y * 1j), ValueError, ["y: the values are complex128", "real numbers are wanted"]),
    "a width with a unit": (lambda: bx.imitation(X, Y, width=np.timedelta64(1, "s")), ValueError, ["width is np.timedelta64(1,'s')", "a positive number of seconds"]),
    "statistics, perhaps": (lambda: bx.imitation(X, Y, stats="no"), ValueError, ["stats is 'no'", "True or False is wanted"]),
    "a pair of one": (lambda: bx.lag_map(X, Y, pair="AU04"), ValueError, ["pair is 'AU04'", "(label of x's signal, label of y's) is wanted"]),
    "a pair of three": (lambda: bx.surrogate_windows(X, Y, pair=("a", "b", "c")), ValueError, ["pair is ('a', 'b', 'c')", "is wanted"]),
    "a number of partners": (
        lambda: bx.significance(X, Y, surrogates="partners", partners=5, progress=False), ValueError, ["partners=[…]", "a list of other recordings' references"],
    ),
    "surrogates without end": (
        lambda: bx.significance(X, Y, surrogates="phase", n=10**12, progress=False), ValueError, ["n is 1000000000000", "at most 1000000"],
    ),
    "a coordinate called p": (lambda: bx.significance(X.assign_coords(p=1), Y, progress=False), ValueError, ["the name p is one of the result's own", ".rename()"]),
    "a dimension called pair": (
        lambda: bx.significance(X.expand_dims(pair=2), Y, pairs="matched", progress=False), ValueError, ["the name pair is one of the result's own"],
    ),
    "unknown length": (
        lambda: bx.imitation(xr.DataArray(unknown(), dims=("time", "signal")), Y, fps=FPS), ValueError,
        ["x: ", "dask does not know it", ".compute_chunk_sizes()"],
    ),
    "a rate that nobody stated": (
        lambda: bx.imitation(FAST, FAST, width=0.02), ValueError,
        ["2 faults", "x: time steps by 1 ms, 1000 frames a second", "signals(…, fps=1000)", "mend the times (seconds are wanted)"],
    ),
    "infinite in x": (lambda: bx.imitation(X.where(X < 1, np.inf), Y), ValueError, ["x holds infinite values", "NaN (missing)", "x.where(abs(x) < 1e150)"]),
    "infinite in y": (lambda: bx.imitation(X, Y.where(Y < 1, np.inf)), ValueError, ["y holds infinite values", "NaN (missing)", "y.where(abs(y) < 1e150)"]),
    "infinite, later": (
        lambda: bx.coordination(X, Y.where(Y < 1, np.inf).chunk(time=30), stats=True).compute(scheduler="synchronous"),
        ValueError, ["y holds infinite values", "y.where(abs(y) < 1e150)"],
    ),
    "a width beyond all": (lambda: bx.imitation(X, Y, width=1e300), ValueError, ["width is 1e+300", "at most 1e+09 s are wanted"]),
    "a step beyond all": (lambda: bx.coordination(X, step=1e300), ValueError, ["step is 1e+300", "at most 1e+09 s are wanted"]),
    "a lag beyond all": (lambda: bx.lag_profile(X, Y, max_lag=1e300), ValueError, ["lag is 1e+300", "at most 1e+09 s are wanted"]),
    "one frame": (lambda: bx.imitation(X[:1], Y), ValueError, ["share 1 frame (0.0333 s)", "needs 21 (0.7 s)", "record longer"]),
    "a window of one frame": (lambda: bx.imitation(X, Y, width=0.04), ValueError, ["is 1 frame at 30", "at least 3 are wanted, 0.1 s"]),
    "times along the signals": (
        lambda: bx.imitation(X.drop_vars("time").assign_coords(time=("signal", [0.0, 1.0])), Y), ValueError,
        ["coordinate time lies along signal", "time is wanted"],
    ),
    "a kind of another type": (lambda: bx.imitation(X.assign_attrs(kind=["pose"]), Y), ValueError, ["attribute kind is ['pose']", "one of expression"]),
    "statistics of statistics": (lambda: bx.window_stats(STATS), ValueError, ["there is no corr and no lag", "a result of imitation() or coordination()"]),
    "statistics of one window": (lambda: bx.window_stats(RESULT.isel(window=0)), ValueError, ["`corr` and `lag` over `window` is wanted", "reduced already"]),
    "statistics of an array": (lambda: bx.window_stats(DATA), ValueError, ["there is no corr and no lag", "is wanted"]),
    "significance without y": (lambda: bx.significance(X, progress=False), ValueError, ["y, the model's signals, is missing", "coordination()"]),
    "a partner that is none": (
        lambda: bx.significance(X, Y, surrogates="partners", partners=[5], progress=False), ValueError, ["partners[0], as y", "shape ()", "is wanted"],
    ),
    "a single partner": (
        lambda: bx.significance(X, Y, surrogates="partners", partners=Y, progress=False), ValueError, ["partners=[…]", "a list of other recordings' references"],
    ),
    "surrogates in halves": (lambda: bx.significance(X, Y, n=5.5, progress=False), ValueError, ["n is 5.5", "a positive number of surrogates is wanted"]),
    "infinite in y, phases anew": (
        lambda: bx.significance(X, Y.where(Y < 1, np.inf), surrogates="phase", n=3, progress=False), ValueError, ["y holds infinite values", "y.where(abs(y) < 1e150)"],
    ),
    "a pair that is not there": (lambda: lag_map(X, Y, pair=("AU99", "AU12")), ValueError, ["x has no 'AU99'", "it has AU04, AU12"]),
    "surrogates of a pair that is not there": (lambda: surrogate_windows(X, Y, pair=("AU04", "AU1")), ValueError, ["y has no 'AU1'", "it has AU04, AU12"]),
} | {
    f"a dimension called {name}": (
        lambda name=name: bx.imitation(X.expand_dims({name: 2}), Y), ValueError, [f"the name {name} is one of the result's own", ".rename() that of the input"],
    )
    for name in ("window", "window_start", "signal1", "signal2", "lag", "corr", "valid1")
} | {
    "a coordinate called lag": (lambda: bx.coordination(X.assign_coords(lag=0.5)), ValueError, ["the name lag is one of the result's own", ".rename()"]),
    "a dimension called profile": (lambda: bx.lag_profile(X.expand_dims(profile=2), Y), ValueError, ["the name profile is one", ".rename()"]),
}  # fmt: skip

FACES = {
    "aggregate, perhaps": (lambda: bx.expressivity(X, scales=[0.2, 0.5], aggregate="no"), ValueError, ["aggregate is 'no'", "True or False is wanted"]),
    "robust, perhaps": (lambda: bx.expressivity(X, robust="no"), ValueError, ["robust is 'no'", "True or False is wanted"]),
    "magnitudes, perhaps": (lambda: bx.diversity(X, magnitude=None, robust=2), ValueError, ["2 faults", "robust is 2", "magnitude is None"]),
    "scales without end": (lambda: bx.expressivity(X, scales=10**9), ValueError, ["scales is 1000000000", "1 to 1000"]),
    "scales in scales": (lambda: bx.expressivity(X, scales=[0.5, [1]]), ValueError, ["scales is [0.5, [1]]", "a sequence of durations in seconds is wanted"]),
    "a scale as an array": (lambda: bx.events(X, scales=np.array(0.5)), ValueError, ["scales is array(0.5)", "a sequence of durations"]),
    "a coordinate of a name of the result": (lambda: bx.expressivity(X.assign_coords(eligible_time=30)), ValueError, ["the name eligible_time is one of the result's own", ".rename()"]),
    "a dimension called width": (lambda: bx.events(X.expand_dims(width=2)), ValueError, ["the name width is one of the result's own"]),
    "a dimension called overall": (lambda: bx.diversity(X.expand_dims(overall=2)), ValueError, ["the name overall is one of the result's own"]),
    "a dimension called feature": (lambda: bx.asymmetry(FACE.expand_dims(feature=2)), ValueError, ["the name feature is one of the result's own"]),
    "infinite landmarks": (lambda: bx.asymmetry(FACE.where(FACE < 1, np.inf)), ValueError, ["infinite values", "replace them by NaN (missing)"]),
    "infinite landmarks, later": (
        lambda: bx.asymmetry(FACE.where(FACE < 1, -np.inf).chunk(time=4)).compute(scheduler="synchronous"), ValueError, ["infinite values", "NaN"],
    ),
    "a range of text": (lambda: bx.asymmetry(FACE, reference=(["0"] * 5, [1] * 5)), ValueError, ["its low is ['0', '0'", "finite numbers are wanted"]),
    "a range without end": (lambda: bx.asymmetry(FACE, reference=([0] * 5, [np.inf] * 5)), ValueError, ["its high is [inf, inf", "finite numbers are wanted"]),
    "kinematics, perhaps angular": (lambda: bx.kinematics(POSE, angular="no"), ValueError, ["angular is 'no'", "True or False is wanted"]),
    "motion about frames in frames": (lambda: bx.relative_motion(BOX, reference=[[1], [2, 3]]), ValueError, ["reference is [[1], [2, 3]]", "numbers of frames"]),
    "magnitudes of what is no landmark": (
        lambda: bx.magnitudes(bx.signals(DATA, kind="landmark", fps=FPS, names=["a", "b"])), ValueError, ["the names of the signals (a, b) tell no landmarks", "x0, y0"],
    ),
} | {
    f"{name}, the largest number there is for what is missing": (
        lambda call=call: call(), ValueError, ["infinite values", "replace them by NaN (missing)", "x.where(abs(x) < 1e150)"],
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
} | {
    "expressivity of too fast a clock": (lambda: bx.expressivity(FAST), ValueError, ["x: time steps by 1 ms", "signals(…, fps=1000)", "seconds are wanted"]),
    "expressivity of a Dataset": (lambda: bx.expressivity(X.to_dataset(name="face")), TypeError, ["a Dataset", "choose one of its variables, ds['face']"]),
    "events of a path": (lambda: bx.events("clip.csv"), TypeError, ["a path, 'clip.csv'", "open_signals() reads files"]),
    "events of one frame": (lambda: bx.events(X[:1]), ValueError, ["1 time of frames cannot tell a rate", "two at least are wanted"]),
    "diversity of a result": (lambda: bx.diversity(STATS), TypeError, ["a Dataset", "ds['corr_mean']"]),
    "asymmetry of expressions": (lambda: bx.asymmetry(X), ValueError, ["of kind 'expression'", "landmark or landmark-can is wanted", "signals(…, kind=…)"]),
    "asymmetry of half a face": (lambda: bx.asymmetry(FACE[:, :60]), ValueError, ["30 landmarks with x, y", "iBUG-51 or iBUG-68 with x, y (and z) are wanted"]),
    "magnitudes of an array": (lambda: bx.magnitudes(bitbox()), ValueError, ["of kind 'expression'", "landmark, landmark-can or pose is wanted"]),
    "magnitudes, half angular": (lambda: bx.magnitudes(POSE, angular="yes"), ValueError, ["angular is 'yes'", "True or False is wanted"]),
    "kinematics of expressions": (lambda: bx.kinematics(X), ValueError, ["'expression'", "wanted"]),
    "smoothness of too few frames": (lambda: bx.smoothness(BOX[:2]), ValueError, ["2 frames", "wanted"]),
    "motion about no frame": (lambda: bx.relative_motion(BOX, reference="median"), ValueError, ["reference is 'median'", "wanted"]),
    "motion about a frame beyond": (lambda: bx.relative_motion(BOX, reference=1000), ValueError, ["1000", "90"]),
}  # fmt: skip

CLOCKS = {
    "resample to nothing": (lambda: bx.resample(X, None), ValueError, ["fps is None", "a positive number of frames per second is wanted"]),
    "resample into any memory": (lambda: bx.resample(X, 1e8), ValueError, ["fps is 1e+08", "at most 30000", "1000 times the recording's own rate"]),
    "align into any memory": (lambda: bx.align(X, Y, fps=1e8), ValueError, ["fps is 1e+08", "at most 30000"]),
    "an offset beyond all": (lambda: bx.align(X, Y, offset=1e300), ValueError, ["offset is 1e+300", "from -1e+09 to 1e+09"]),
    "align with nothing": (lambda: bx.align(X, None), TypeError, ["object", "(time, signal) of real numbers is wanted"]),
    "regularity of a frame": (lambda: bx.regularity(X[:1]), ValueError, ["there is one frame", "two at least are wanted"]),
    "regularity of a dimension gap": (lambda: bx.regularity(X.expand_dims(gap=2)), ValueError, ["the name gap is one of the result's own", ".rename()"]),
    "a dimension called fps": (lambda: bx.regularity(X.expand_dims(fps=2)), ValueError, ["the name fps is one of the result's own", ".rename()"]),
    "resample of too fast a clock": (lambda: bx.resample(FAST, 25), ValueError, ["resample()", "1000 frames a second", "signals(…, fps=1000)"]),
    "resample to a rate beyond all": (lambda: bx.resample(X, 1e300), ValueError, ["fps is 1e+300", "from 1e-09 to 1e+09 are wanted"]),
    "fill_gaps of text": (lambda: bx.fill_gaps(X.astype(str), max_gap=1), ValueError, ["the values are <U", "real numbers are wanted"]),
    "fill_gaps of unknown length": (
        lambda: bx.fill_gaps(xr.DataArray(unknown(), dims=("time", "signal"), coords={"signal": ["a", "b"]}), max_gap=1), ValueError,
        ["dask does not know it", ".compute_chunk_sizes()"],
    ),
    "align with a path": (lambda: bx.align(X, "y.csv"), TypeError, ["a path, 'y.csv'", "open_signals() reads files"]),
    "align of three faults": (
        lambda: bx.align(X.rename(time="t"), Y, fps=0, max_gap=-1), ValueError, ["3 faults", "fps is 0", "max_gap is -1", "dimensions are t, signal"],
    ),
}  # fmt: skip

ACCESSOR = {
    "the rate of what has no times": (lambda: xr.DataArray([1, 2]).bitbox.fps, ValueError, ["dimensions are dim_0", "time and signal wanted too", ".rename()"]),
    "the rate of one frame": (lambda: X[:1].bitbox.fps, ValueError, ["1 time of frames cannot tell a rate", "two at least are wanted"]),
    "a measure of an image": (lambda: xr.DataArray(DATA).bitbox.expressivity(), ValueError, ["dimensions are dim_0, dim_1", "see signals() or .rename()"]),
    "statistics of faces": (lambda: bx.expressivity(X).bitbox.stats(), ValueError, ["there is no corr and no lag", "a result of imitation()"]),
    "matched pairs of faces": (lambda: bx.expressivity(X).bitbox.matched(), ValueError, ["no signal1 and no signal2", "that of a measure of two is wanted"]),
    "the matrix of faces": (lambda: bx.expressivity(X).bitbox.plot.matrix(), ValueError, ["there is no corr_mean to draw"]),
    "a table of other dimensions": (lambda: RESULT.bitbox.to_frame(dim_order=["x"]), ValueError, ["dim_order ['x']", "'window', 'signal1', 'signal2'"]),
    "to_bitbox of several": (lambda: X.expand_dims(take=2).bitbox.to_bitbox(), ValueError, ["x has dimensions take", ".isel()"]),
    "an unknown option": (lambda: X.bitbox.imitation(Y, window=1), TypeError, ["window"]),
}  # fmt: skip

FILES = {
    f"{function.__name__} of {got}": (lambda function=function, path=path: function(path), error, [f"{function.__name__}()", f"path is {got}", "a file's name is wanted"])
    for function in (bx.open_signals, bx.open_netcdf, bx.open_recording)
    for got, path, error in (("a NoneType", None, TypeError), ("a list", ["x.csv"], TypeError), ("a bytes", b"x.csv", TypeError), ("''", "", ValueError), (r"'a\x00b'", "a\0b", ValueError))
} | {
    "open_signals of an array": (lambda: bx.open_signals(DATA), TypeError, ["path is a ndarray", "a file is wanted", "signals() takes arrays"]),
    "a unit of another type": (lambda: bx.open_signals(TABLE, time_unit=["s"]), ValueError, ["time_unit: expected a unit of time, s, ms", "got ['s']"]),
    "columns in no order": (lambda: bx.open_signals(TABLE, fps=FPS, columns={0, 1}), ValueError, ["columns is {0, 1}", "a sequence of them is wanted"]),
    "columns from to": (lambda: bx.open_signals(TABLE, fps=FPS, columns=slice(2)), ValueError, ["columns is slice(None, 2, None)", "a sequence of them"]),
    "a confidence of 400 digits": (lambda: bx.open_signals(TABLE, fps=FPS, min_confidence=10**400), ValueError, ["min_confidence is 1000", "a number is wanted"]),
    "to_netcdf under too long a name": (lambda: bx.to_netcdf(X, "a" * 300), OSError, ["aaa… is too long a name", "at most 255 bytes"]),
    "to_netcdf of unknown length": (
        lambda: bx.to_netcdf(xr.DataArray(unknown(), dims=("time", "signal")), "x.nc"), TypeError, ["dask does not know it", ".compute_chunk_sizes()"],
    ),
    "to_netcdf of half a letter": (lambda: bx.to_netcdf(X.assign_coords(signal=["\udc80", "b"]), "x.nc"), TypeError, ["signal holds '\\udc80'", "of Unicode, is wanted"]),
    "to_netcdf of a zero byte": (lambda: bx.to_netcdf(X.assign_attrs(who="a\0b"), "x.nc"), TypeError, ["attribute who is 'a\\x00b'", "without zero bytes"]),
    "to_netcdf of a dimension a/b": (lambda: bx.to_netcdf(xr.DataArray([1.0], dims="a/b"), "x.nc"), TypeError, ["a dimension is named 'a/b'", ".rename()"]),
    "to_netcdf of two lines": (lambda: bx.to_netcdf(X.rename("a\nb"), "x.nc"), TypeError, [r"a variable is named 'a\nb'", "printable text"]),
    "to_netcdf to nowhere": (lambda: bx.to_netcdf(X, None), TypeError, ["to_netcdf()", "path is a NoneType", "a file's name is wanted"]),
    "to_netcdf to a zero byte": (lambda: bx.to_netcdf(X, "a\0b"), ValueError, ["path is 'a\\x00b'", "a file's name is wanted"]),
    "to_netcdf into no folder": (lambda: bx.to_netcdf(X, "~/no/such/folder/x.nc"), FileNotFoundError, ["there is no folder", "for x.nc", "make it first"]),
    "to_netcdf of a table": (lambda: bx.to_netcdf(TABLE, "x.nc"), TypeError, ["got DataFrame", "a DataArray or a Dataset is wanted"]),
    "to_netcdf of complex numbers": (lambda: bx.to_netcdf(xr.DataArray([1j]), "x.nc"), TypeError, ["complex128", "real numbers of 32 or 64 bits"]),
    "to_netcdf of dates": (lambda: bx.to_netcdf(xr.DataArray(np.zeros(2, "M8[ns]")), "x.nc"), TypeError, ["datetime64", "seconds as float64"]),
    "to_netcdf of an attribute": (lambda: bx.to_netcdf(X.assign_attrs(who={"a": 1}), "x.nc"), TypeError, ["attribute who is a dict", "text or a number is wanted"]),
    "an engine of another name": (lambda: bx.open_netcdf("x.nc", engine="zarr"), ValueError, ["engine is 'zarr'", "netcdf4, h5netcdf or scipy is wanted"]),
    "a home that nobody has": (lambda: bx.open_signals("~nobody_of_that_name/x.csv"), FileNotFoundError, ["~nobody_of_that_name/x.csv", "no such file"]),
}  # fmt: skip

COMPAT = {
    "expressivity at no rate": (lambda: compat.expressivity(TABLE, fps=0), ValueError, ["expressivity(): fps is 0", "a positive number of frames per second"]),
    "smoothness at any rate": (lambda: compat.motion_smoothness(bitbox(type="pose"), fps=None), ValueError, ["motion_smoothness(): fps is None", "is wanted"]),
    "expressivity of text": (lambda: compat.expressivity(pd.DataFrame({"a": ["x"]})), ValueError, ["the data are no table of numbers", "rows and columns are wanted"]),
    "expressivity of complex numbers": (lambda: compat.expressivity(DATA * 1j), ValueError, ["are complex128", "real numbers are wanted"]),
    "diversity of a path": (lambda: compat.diversity("x.csv"), ValueError, ["diversity(): the data are no table of numbers"]),
    "asymmetry of no table": (lambda: compat.asymmetry({"type": "landmark"}), ValueError, ["asymmetry(): the data have shape ()", "rows and columns"]),
    "kinematics of no table": (lambda: compat.motion_kinematics({"type": "pose"}), ValueError, ["motion_kinematics(): the data have shape ()"]),
    "kinematics of several types": (lambda: compat.motion_kinematics(bitbox(type=["pose"])), ValueError, ["of type ['pose']", "a dictionary of type landmark or"]),
    "points of no numbers": (
        lambda: compat.motion_kinematics(bitbox(type="landmark", dimension=0)), ValueError, ["'dimension' is 0", "the number of coordinates of a point"],
    ),
    "scales of text": (lambda: compat.expressivity(TABLE, scales="abc"), ValueError, ["scales is 'abc'", "durations in seconds are wanted"]),
    "scales before the start": (lambda: compat.expressivity(TABLE, scales=[-1]), ValueError, ["scales is [-1]", "are wanted"]),
    "scales below a frame": (lambda: compat.expressivity(TABLE, scales=[1e-6]), ValueError, ["the shortest of the scales is 1e-06 s", "longer ones are wanted"]),
    "rows along rows": (lambda: compat.expressivity(TABLE, axis="rows"), ValueError, ["axis is 'rows'", "0 (rows are frames) or 1"]),
    "imitation, perhaps": (
        lambda: compat.imitation(TABLE, TABLE, stats="no", casuality="no"), ValueError, ["2 faults", "stats is 'no'", "casuality is 'no'", "True or False is wanted"],
    ),
    "imitation beyond float32": (lambda: compat.imitation(TABLE, TABLE * 1e40), ValueError, ["Y holds infinite values, or beyond float32", "replace them by NaN"]),
    "motion about frames in frames": (
        lambda: compat.relative_motion(bitbox(type="pose"), reference=[[1], [2, 3]]), ValueError, ["reference is [[1], [2, 3]]", "a sequence of numbers of frames"],
    ),
    "imitation of arrays": (lambda: compat.imitation(DATA, DATA), TypeError, ["X is a ndarray", "one of Bitbox's dictionaries, or a DataFrame"]),
    "coordination with an array": (lambda: compat.coordination(TABLE, DATA), TypeError, ["Y is a ndarray", "is wanted"]),
    "imitation, polarity of many": (lambda: compat.imitation(TABLE, TABLE, polarity=np.array([1, 0])), ValueError, ["polarity is array([1, 0])", "True or False is wanted"]),
    "imitation of no width": (lambda: compat.imitation(TABLE, TABLE, width=None), ValueError, ["width is None", "a positive number of seconds"]),
    "coordination of three faults": (
        lambda: compat.coordination(bitbox(), bitbox(), 0, -1, 0), ValueError, ["coordination(): 3 faults", "width is 0", "step is 0", "lag is -1"],
    ),
    "imitation at no rate": (lambda: compat.imitation(TABLE, TABLE, fps=0), ValueError, ["fps is 0", "a positive number of frames per second"]),
    "imitation of rectangles": (
        lambda: compat.imitation(bitbox(type="rectangle"), TABLE), ValueError, ["of kind 'rectangle'", "expression, landmark, landmark-can, pose"],
    ),
    "expressivity of a pose": (lambda: compat.expressivity(bitbox(type="pose")), ValueError, ["type 'pose'", "expression is wanted"]),
    "asymmetry of expressions": (lambda: compat.asymmetry(bitbox()), ValueError, ["type 'expression'", "landmark or landmark-can is wanted"]),
    "asymmetry of half a face": (lambda: compat.asymmetry(np.zeros((3, 60))), ValueError, ["there are 60 columns", "102 or 153, iBUG-51, are wanted"]),
    "a scale too long": (lambda: compat.expressivity(TABLE, scales=[5]), ValueError, ["the longest of the scales is 5 s", "the recording (3 s)"]),
}  # fmt: skip

COHORT = {
    "results into nowhere": (lambda: bx.cohort.run(manifest(), "", measure="diversity"), ValueError, ["cohort.run(): path is ''", "is wanted"]),
    "results into no folder": (lambda: bx.cohort.run(manifest(), None, measure="diversity"), TypeError, ["cohort.run(): path is a NoneType"]),
    "a manifest as a dictionary": (lambda: bx.cohort.run({"recording": ["a"]}, "out", measure="diversity"), TypeError, ["cohort: path is a dict"]),
    "windows, perhaps": (lambda: bx.cohort.run(manifest(), "out", measure="imitation", keep_windows="no"), ValueError, ["keep_windows is 'no'", "True or False is wanted"]),
    "results into a file": (lambda: bx.cohort.run(manifest(), __file__, measure="imitation"), NotADirectoryError, ["is no folder", "one for the results is wanted"]),
    "several measures": (lambda: bx.cohort.run(manifest(), "out", measure=["imitation"]), ValueError, ["measure is ['imitation']", "one of imitation"]),
    "no address": (lambda: bx.cohort.run(manifest(), "out", measure="imitation", client="nowhere"), ValueError, ["client is 'nowhere'", "tcp://host:port, is wanted"]),
    "a demonstration without end": (lambda: make_pair(minutes=np.inf, fps=0), ValueError, ["2 faults", "fps is 0", "minutes is inf; 0.5 to 1440"]),
    "nothing to open": (lambda: bx.cohort.open(None), TypeError, ["cohort.open(): path is a NoneType"]),
    "no such manifest": (lambda: bx.cohort.run("absent.csv", "out", measure="diversity"), FileNotFoundError, ["absent.csv", "no such manifest"]),
    "a manifest without columns": (lambda: bx.cohort.run(TABLE, "out", measure="diversity"), ValueError, ["no column recording and no signals", "the columns are 0, 1"]),
    "an unknown option": (
        lambda: bx.cohort.run(manifest(), "out", measure="diversity", scale=[1]), ValueError, ["scale is no option of diversity", "which takes scales"],
    ),
    "a width beyond all": (lambda: bx.cohort.run(manifest(), "out", measure="imitation", width=1e300), ValueError, ["width is 1e+300", "at most 1e+09 s"]),
    "no cohort": (lambda: bx.cohort.open("nowhere"), FileNotFoundError, ["there is no status.csv", "no folder of cohort.run()"]),
}  # fmt: skip


def manifest():
    return pd.DataFrame({"recording": ["a"], "signals": ["a.csv"], "reference": ["b.csv"]})


ROWS = {
    f"{room}: {name}": row
    for room, rows in SimpleNamespace(
        making=MAKING,
        social=SOCIAL,
        faces=FACES,
        clocks=CLOCKS,
        accessor=ACCESSOR,
        files=FILES,
        compat=COMPAT,
        cohort=COHORT,
    ).__dict__.items()
    for name, row in rows.items()
}


@pytest.mark.parametrize(("call", "error", "phrases"), ROWS.values(), ids=ROWS)
def test_refused_in_words(call, error, phrases, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error) as caught:
        call()
    assert caught.type is error
    for phrase in phrases:
        assert phrase in str(caught.value)
    assert not list(tmp_path.iterdir())


# arguments, exit status (1 what was asked cannot be, 2 it cannot be understood), what standard error says
COMMANDS = {
    "a raised number": (["info", "whole.csv", "--time", "²"], 1, "there is no column '²'"),
    "a raised number of scales": (["expressivity", "x.nc", "-o", "out.nc", "--scales", "²"], 2, "neither a number of scales nor durations"),
    "a folder": (["info", "."], 1, "it is a folder"),
    "onto itself": (["imitation", "x.nc", "y.nc", "-o", "x.nc"], 1, "x.nc is one of the recordings"),
    "into no folder": (["imitation", "x.nc", "y.nc", "-o", "no/out.nc"], 1, "there is no folder no for out.nc"),
    "another form of file": (["imitation", "x.nc", "y.nc", "-o", "out.csv"], 1, "give --out a name that ends in .nc"),
    "into any memory": (["imitation", "x.nc", "y.nc", "-o", "out.nc", "--align", "--align-fps", "1e8"], 1, "fps is 1e+08; at most 30000"),
    "a demo without end": (["demo", "--minutes", "inf"], 2, "is not in the range 0.5<=x<=1440"),
    "no command": (["smile"], 2, "No such command 'smile'"),
    "nothing to read": (["imitation", "-o", "out.nc"], 2, "Missing argument 'X'"),
    "nowhere to write": (["imitation", "x.nc", "x.nc"], 2, "Missing option '-o'"),
    "text as a width": (["imitation", "x.nc", "x.nc", "-o", "out.nc", "--width", "wide"], 2, "'wide' is not a valid float"),
    "a width beyond all": (["imitation", "x.nc", "x.nc", "-o", "out.nc", "--width", "1e300"], 1, "width is 1e+300; at most 1e+09 s"),
    "a measure of no name": (["significance", "x.nc", "-o", "out.nc", "--measure", "mimicry"], 2, "'mimicry' is not one of"),
    "scales of text": (["expressivity", "x.nc", "-o", "out.nc", "--scales", "a,b"], 2, "neither a number of scales nor durations"),
    "a negative seed": (["significance", "x.nc", "y.nc", "-o", "out.nc", "--seed", "-1"], 1, "rng is -1; a seed"),
    "a damaged file": (["info", "bad.nc"], 1, "bad.nc is no NetCDF file, or is damaged or cut short"),
    "a cut table": (["info", "cut.csv", "--fps", "30"], 1, "cut.csv: line 3 has 1 field where 2 are wanted"),
    "infinite values": (["coordination", "inf.nc", "-o", "out.nc"], 1, "x holds infinite values"),
    "no manifest": (["cohort", "absent.csv", "--measure", "diversity", "-o", "out"], 1, "absent.csv: there is no such manifest"),
    "no workers": (["cohort", "absent.csv", "--measure", "diversity", "-o", "out", "--workers", "0"], 2, "0 is not in the range x>=1"),
    "a demo of no length": (["demo", "--minutes", "0"], 2, "0.0 is not in the range 0.5<=x<=1440"),
}  # fmt: skip


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recordings")
    bx.to_netcdf(X, folder / "x.nc")
    bx.to_netcdf(Y, folder / "y.nc")
    bx.to_netcdf(X.where(X < 1, np.inf), folder / "inf.nc")
    (folder / "bad.nc").write_bytes((folder / "x.nc").read_bytes()[:-500])
    (folder / "cut.csv").write_text("a,b\n1,2\n3\n")
    (folder / "whole.csv").write_text("a,b\n1,2\n3,4\n")
    return folder


@pytest.mark.parametrize(("arguments", "status", "said"), COMMANDS.values(), ids=COMMANDS)
def test_a_command_that_fails_says_why_and_leaves_nothing(recordings, monkeypatch, arguments, status, said):
    monkeypatch.chdir(recordings)
    before = sorted(recordings.iterdir())
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == status
    assert said in re.sub(r"\s+", " ", done.stderr)
    assert "Traceback" not in done.output
    assert sorted(recordings.iterdir()) == before


def test_the_rate_that_was_stated_is_believed_wherever_the_signals_go(tmp_path):
    fast = bx.signals(DATA, fps=1000, names=["a", "b"])
    bx.to_netcdf(fast, tmp_path / "x.nc")
    for x in (fast, bx.signals(FAST, fps=1000), bx.open_signals(tmp_path / "x.nc").load(), fast[3:], fast * 2):
        assert bx.imitation(x, x, width=0.02).attrs["fps"] == pytest.approx(1000)
    x = bx.resample(bx.signals(DATA, fps=100), 500)
    assert bx.imitation(x, x, width=0.02).attrs["fps"] == pytest.approx(500)
    assert bx.imitation(FAST, FAST, width=0.02, fps=1000).attrs["fps"] == pytest.approx(1000)


def test_signals_of_a_labelled_array_keeps_what_it_has():
    x = bx.signals(DATA, fps=25, names=["AU04", "AU12"], source="a.csv").assign_coords(confidence=("time", DATA[:, 0]))
    xr.testing.assert_identical(bx.signals(x), x)
    xr.testing.assert_identical(bx.signals(x.T), x)
    foreign = xr.DataArray(DATA, {"signal": ["AU04", "AU12"]}, ("time", "signal"), attrs={"units": "mV"})
    made = bx.signals(foreign, fps=25, source="b.csv")
    assert (made.attrs["units"], made.attrs["kind"], made.attrs["source"]) == ("mV", "expression", "b.csv")
    assert made.region.values.tolist() == ["brow", "mouth"]
    np.testing.assert_allclose(made.time, x.time)
    named = bx.signals(xr.DataArray(DATA, dims=("time", "signal")), fps=25, names=["a", "b"])
    assert named.signal.values.tolist() == ["a", "b"]


def test_magnitudes_are_lazy_and_keep_the_regions():
    lazy = bx.magnitudes(FACE.chunk(time=4, signal=10))
    assert lazy.chunks is not None
    norms = np.sqrt((FACE.values.reshape(9, 51, 2) ** 2).sum(axis=-1))
    np.testing.assert_allclose(lazy.compute(scheduler="synchronous"), norms)
    assert lazy.region.values.tolist() == FACE.region.values[::2].tolist()
    assert lazy.side.values.tolist() == FACE.side.values[::2].tolist()


def test_a_profile_of_one_lag_has_no_limit():
    assert np.isnan(bx.lag_profile(X, Y, max_lag=0).at_limit).all()
    assert bx.lag_profile(X, Y, max_lag=0.1).at_limit.notnull().all()


def test_statistics_count_the_windows_that_they_reduce():
    assert RESULT.attrs["window_count"] == 10
    assert bx.window_stats(RESULT.isel(window=slice(0, 3))).attrs["window_count"] == 3


def test_what_is_no_file_is_not_replaced(tmp_path):
    pipe = tmp_path / "pipe.nc"
    os.mkfifo(pipe)
    with pytest.raises(FileExistsError, match=r"pipe\.nc is no file that could be replaced"):
        bx.to_netcdf(X, pipe)
    assert [one.name for one in tmp_path.iterdir()] == ["pipe.nc"]
    assert pipe.is_fifo()


def test_a_file_whose_variable_is_gone_is_damaged(tmp_path):
    xr.Dataset(attrs={"bitbox_xr": "DataArray", "bitbox_xr_name": "x"}).to_netcdf(tmp_path / "x.nc")
    with pytest.raises(OSError, match=r"x\.nc is no NetCDF file, or is damaged .*0 variables where one is wanted"):
        bx.open_netcdf(tmp_path / "x.nc")


@pytest.mark.parametrize("chunks", [{"nope": 3}, {"time": 0}, {"time": -5}, "abc"], ids=str)
def test_chunks_that_cannot_be(tmp_path, chunks):
    bx.to_netcdf(X, tmp_path / "x.nc")
    with pytest.raises(ValueError, match=r"open_netcdf\(\): chunks is .*'auto', or sizes of time, signal.* are wanted"):
        bx.open_netcdf(tmp_path / "x.nc", chunks=chunks)


def test_missing_values_of_pandas_are_missing():
    table = pd.DataFrame({"AU04": pd.array([1, None, 3], dtype="Int64"), "AU12": pd.array([None, 1, 0], dtype="Int64")})
    np.testing.assert_array_equal(bx.signals(table, fps=FPS), [[1, np.nan], [np.nan, 1], [3, 0]])
    assert bx.signals(pd.DataFrame(DATA.astype(np.float32)), fps=FPS).dtype == np.float32


def test_names_of_bytes_are_text():
    assert bx.signals(DATA, fps=FPS, names=[b"AU04", b"AU12"]).signal.values.tolist() == ["AU04", "AU12"]
    x = X.assign_coords(signal=np.array([b"AU04", b"AU12"]))
    assert bx.imitation(x, Y).signal1.values.tolist() == ["AU04", "AU12"]


def test_landmarks_have_a_table_too():
    table = FACE.bitbox.to_frame()
    assert len(table) == FACE.size
    np.testing.assert_array_equal(table["value"], FACE.values.ravel())


FORMS = {
    "read-only": lambda x: x.copy(data=locked(x.values)),
    "as in Fortran": lambda x: x.copy(data=np.asfortranarray(x.values)),
    "of another byte order": lambda x: x.astype(">f8"),
    "backwards in memory": lambda x: x.copy(data=x.values[::-1].copy()[::-1]),
}
ALIKE = {
    "imitation": lambda x, y: bx.imitation(x, y, stats=True),
    "expressivity": lambda x, y: bx.expressivity(x, scales=[0.5]),
    "significance": lambda x, y: bx.significance(x, y, n=3, rng=0, width=0.2, progress=False),
    "resample": lambda x, y: bx.resample(x, 20),
    "fill_gaps": lambda x, y: bx.fill_gaps(x.where(x < 1), max_gap=0.2),
}


def locked(values):
    values = values.copy()
    values.setflags(write=False)
    return values


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("call", ALIKE.values(), ids=ALIKE)
def test_numbers_are_the_same_in_any_form(call, form):
    found, wanted = call(form(X), form(Y)), call(X, Y)
    for name, array in (wanted.data_vars if isinstance(wanted, xr.Dataset) else {"": wanted}).items():
        np.testing.assert_array_equal(found[name] if name else found, array)


def test_the_home_folder_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    bx.to_netcdf(X, "~/x.nc")
    for opened in (bx.open_netcdf("~/x.nc"), bx.open_signals("~/x.nc")):
        with opened as x:
            xr.testing.assert_identical(x.load(), X)


def test_too_short_for_bitbox_is_nothing_and_statistics_of_nothing_are_missing():
    corr, lag = compat.imitation(TABLE[:9], TABLE, stats=False)
    assert corr.shape == lag.shape == (0, 2, 2)
    for value in compat.imitation(TABLE[:9], TABLE):
        assert value.shape == (2, 2)
        assert np.isnan(value).all()
