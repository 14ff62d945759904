"""Properties of every public function, for recordings of any size, type and order, with gaps of any form.

Each call either raises an error with a remedy or returns what it documents. The result does not depend on memory
layout, order of dimensions or dask chunks. No call changes its input or warns about arithmetic.
"""

import re
import warnings
from typing import NamedTuple

import dask
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bitbox_xr as bx
from bitbox_xr import compat
from bitbox_xr.accessors import ResultAccessor, SignalsAccessor
from bitbox_xr.core import signal_names

from random_recordings import FPS

FIFTY_EXAMPLES = settings(
    max_examples=50, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
WIDTHS = {"expression": (0, 1, 2, 2, 3, 3), "landmark": (102,), "pose": (6, 3), "rectangle": (4,)}


REMEDY = re.compile(
    r"expected .*got |wanted|replace them|rename|choose|give|see |made of|its signals are|record longer", re.DOTALL
)


class Call(NamedTuple):
    """A function of a recording (and another), and the dimensions of its variables without those of the input."""

    of: object
    kinds: tuple = ("expression",)
    dims: dict = {}  # noqa: RUF012 (never changed)
    dtypes: str = "f"  # kinds of its variables' dtypes
    lazy: bool = True  # a recording on dask gives a result on dask
    alone: bool = False  # the result is for one recording, or for all in one list


def frames(x):
    """Convert the first recording to a dictionary of Bitbox and back."""
    one = x.isel({dim: 0 for dim in x.dims if dim not in ("time", "signal")}, drop=True)
    return bx.from_bitbox(bx.to_bitbox(one), fps=FPS)


def first_names(*recordings):
    return tuple(str(x.signal.values[0]) if x.signal.size else "none" for x in recordings)


PAIRS = ("signal1", "signal2")
STATS = dict.fromkeys(("corr_mean", "corr_std", "corr_lag", "corr_abs_mean", "n_windows"), PAIRS)
WINDOWS = {"corr": ("window", *PAIRS), "lag": ("window", *PAIRS), "valid1": ("window", "signal1")}
SHORT = {"width": 0.2, "max_lag": 0.1}
SAME = {"": ("time", "signal")}
MOVING = ("landmark", "pose", "rectangle", "expression")
SCALES = {"scales": [0.2, 0.5]}
METRICS = {"expressivity": ("scale", "metric", "coefficient"), "activations_per_minute": ("scale", "coefficient")}

ALL = pd.DataFrame({"onset": [-1e9], "offset": [1e9], "label": ["all"]})


def by(measure, x, *others, **options):
    return measure(bx.annotate(x, ALL), *others, **options, by="condition").isel(condition=0)


CALLS = {
    "align": Call(
        lambda x, y: xr.Dataset(dict(zip("xy", bx.align(x, y, offset=0.1), strict=True))),
        ("expression", "pose"),
        dict.fromkeys("xy", ("time", "signal")),
    ),
    "annotate": Call(lambda x, y: bx.annotate(x, ALL), MOVING, SAME),
    "asymmetry": Call(lambda x, y: bx.asymmetry(x), ("landmark", "pose"), {"asymmetry": ("time", "feature")}),
    "contingency": Call(
        lambda x, y: bx.contingency(
            x, y, scales=[0.2, 0.5], max_latency=0.2, surrogates="partners", partners=[y], progress=False
        ),
        dims={"answered": PAIRS},
        dtypes="fi",
    ),
    "coordination": Call(lambda x, y: bx.coordination(x, **SHORT), ("expression", "pose"), WINDOWS),
    "coordination of two": Call(lambda x, y: bx.coordination(x, y, **SHORT, stats=True), ("expression",), STATS, "fi"),
    "detrend": Call(lambda x, y: bx.detrend(x, 0.2), ("expression", "pose"), SAME),
    "diversity": Call(lambda x, y: bx.diversity(x, **SCALES), ("expression", "pose"), {"overall": ("scale",)}),
    "events": Call(
        lambda x, y: bx.events(x, **SCALES), dims={"magnitude": ("event",)}, dtypes="fb", lazy=False, alone=True
    ),
    "expressivity": Call(lambda x, y: bx.expressivity(x), dims=METRICS),
    "expressivity at scales": Call(
        lambda x, y: bx.expressivity(x, **SCALES, aggregate=True, robust=True), dims=METRICS
    ),
    "fill_gaps": Call(lambda x, y: bx.fill_gaps(x, max_gap=0.1), ("expression", "rectangle"), SAME),
    "from_bitbox": Call(lambda x, y: frames(x), ("expression", "pose", "rectangle"), SAME, lazy=False, alone=True),
    "imitation": Call(lambda x, y: bx.imitation(x, y, **SHORT), ("expression", "rectangle"), WINDOWS),
    "imitation both ways": Call(
        lambda x, y: bx.imitation(x, y, **SHORT, causal=False, polarity=False, min_valid=0.3, stats=True),
        ("pose",),
        STATS,
        "fi",
    ),
    "kinematics": Call(lambda x, y: bx.kinematics(x), MOVING),
    "kinematics by": Call(lambda x, y: by(bx.kinematics, x), MOVING),
    "imitation by": Call(lambda x, y: by(bx.imitation, x, y, stats=True, **SHORT), ("expression",), STATS, "fi"),
    "expressivity by": Call(lambda x, y: by(bx.expressivity, x, **SCALES), dims=METRICS),
    "lag_profile": Call(
        lambda x, y: bx.lag_profile(x, y, **SHORT), dims={"profile": ("lag", *PAIRS), "at_limit": PAIRS}, dtypes="fi"
    ),
    "lag_map": Call(
        lambda x, y: bx.lag_map(x, y, pair=first_names(x, y), **SHORT),
        dims={"": ("lag", "window")},
        lazy=False,
        alone=True,
    ),
    "magnitudes": Call(lambda x, y: bx.magnitudes(x), MOVING, SAME),
    "mask": Call(lambda x, y: bx.mask(x, ALL, labels="all"), MOVING, SAME),
    "quality": Call(lambda x, y: bx.quality(x), dims={"noise": ("signal",)}),
    "regularity": Call(
        lambda x, y: bx.regularity(x),
        ("expression", "landmark"),
        {"frames": (), "gap_start": ("gap",)},
        "fib",
        lazy=False,
    ),
    "relative_motion": Call(lambda x, y: bx.relative_motion(x), MOVING),
    "resample": Call(lambda x, y: bx.resample(x, 20), ("expression", "rectangle"), SAME),
    "signals": Call(lambda x, y: bx.signals(x, kind=x.attrs["kind"]), ("expression", "landmark"), SAME),
    "significance": Call(
        lambda x, y: bx.significance(x, y, **SHORT, n=3, rng=0, progress=False), dims={"p": PAIRS, "observed": PAIRS}
    ),
    "smooth": Call(lambda x, y: bx.smooth(x, 0.2), ("expression", "pose"), SAME),
    "smoothness": Call(lambda x, y: bx.smoothness(x), MOVING),
    "surrogate_profiles": Call(
        lambda x, y: bx.surrogate_profiles(x, y, pair=first_names(x, y), **SHORT, n=3, rng=0),
        dims={"profile": ("lag",), "null_profile": ("surrogate", "lag")},
        lazy=False,
        alone=True,
    ),
    "surrogate_windows": Call(
        lambda x, y: bx.surrogate_windows(x, y, pair=first_names(x, y), **SHORT, n=3, rng=0),
        dims={"corr": ("window",), "null_corr": ("surrogate", "window")},
        lazy=False,
        alone=True,
    ),
    "to_bitbox": Call(
        lambda x, y: xr.DataArray(bx.to_bitbox(x)["data"]), ("expression", "pose"), dtypes="fib", lazy=False
    ),
    "window_stats": Call(lambda x, y: bx.window_stats(bx.imitation(x, y, **SHORT)), dims=STATS, dtypes="fi"),
    "accessor: stats": Call(lambda x, y: x.bitbox.coordination(**SHORT).bitbox.stats(), dims=STATS, dtypes="fi"),
    "accessor: matched": Call(
        lambda x, y: x.bitbox.imitation(y, **SHORT).bitbox.matched(), dims={"corr": ("window", "pair")}
    ),
    "accessor: sel": Call(
        lambda x, y: x.bitbox.sel(signal=x.signal.values[:1]), ("expression", "pose"), dtypes="fiub", lazy=False
    ),
    "accessor: fps": Call(lambda x, y: xr.DataArray(x.bitbox.fps), ("expression", "landmark"), lazy=False),
    "accessor: to_frame": Call(
        lambda x, y: x.bitbox.to_frame().set_index([*x.coords][: x.ndim]).iloc[:, -1:].to_xarray(),
        dtypes="fiub",
        lazy=False,
    ),
}


def test_every_public_function_has_a_case():
    files = {"open_netcdf", "open_recording", "open_signals", "to_netcdf"}  # tested below
    files |= {"open_intervals", "register_reader"}  # tests/io
    files |= {"contrast"}  # of a summary; tests/inference
    files |= {"report"}  # of results; tests/reporting
    # on dask their errors name the signals of a chunk only; tests/preprocessing, tests/inference
    files |= {"standardize", "multiverse"}
    assert {name.partition(" ")[0] for name in CALLS if ":" not in name} | files | {"cohort", "demo"} == set(bx.__all__)


def test_every_method_is_a_public_function_or_has_a_case():
    accessors = (SignalsAccessor, ResultAccessor)
    methods = {name for accessor in accessors for name in vars(accessor) if not name.startswith("_")}
    own = {name.removeprefix("accessor: ") for name in CALLS if name.startswith("accessor: ")}
    assert methods - set(bx.__all__) == own | {"kind", "plot", "methods"}


# --- recordings


def gaps(draw, values):
    """Missing, infinite, constant, huge and tiny stretches, in place."""
    rows, columns = values.shape[-2:]
    forms = ["none", "none", "scattered", "column", "all", "start", "flat", "huge", "tiny", "infinite"]
    for form in draw(st.lists(st.sampled_from(forms), max_size=3)):
        row, column = (draw(st.integers(0, n - 1)) if n else 0 for n in (rows, columns))
        at = {
            "scattered": (..., slice(row, None, 3), slice(column, None)),
            "column": (..., slice(None), slice(column, column + 1)),
            "all": ...,
            "start": (..., slice(0, row), slice(None)),
            "flat": (..., slice(row, None), slice(None)),
            "huge": (..., slice(row, row + 1), slice(column, column + 1)),
            "tiny": (..., slice(None), slice(column, column + 1)),
            "infinite": (..., slice(row, row + 1), slice(column, column + 1)),
            "none": (..., slice(0, 0), slice(None)),
        }[form]
        far = 100 if values.dtype == np.float64 else 30
        new = {"flat": 0.25, "huge": 10.0**far, "tiny": 10.0**-far, "infinite": np.inf}.get(form, np.nan)
        values[at] = new
    return values


@st.composite
def recordings(draw, kinds):
    """Two recordings with the same times and kind, of any size, including 0."""
    kind = draw(st.sampled_from(kinds))
    rows, columns = draw(st.sampled_from([0, 1, 2, 3, 8, 30, 30, 47, 47, 47])), draw(st.sampled_from(WIDTHS[kind]))
    extra = draw(st.sampled_from([(), (), (1,), (2,), (2, 1)]))
    dtype = np.dtype(draw(st.sampled_from(["f8", "f8", "f4", "i8", "i1", "?"])))
    names = (
        [f"AU{k:02}" for k in (4, 12, 45)][:columns]
        if kind == "expression"
        else signal_names.default_names(kind, columns)
    )
    both = []
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    for _ in "xy":
        values = 3 * rng.normal(size=(*extra, rows, columns))
        values = gaps(draw, values.astype(dtype)) if dtype.kind == "f" else values.astype(dtype)
        coords = {"time": np.arange(rows) / FPS, "signal": np.array(names, dtype=str)}
        coords |= {f"take{k}": np.arange(n) for k, n in enumerate(extra)}
        along = signal_names.signal_coords(kind, names) if columns else {}
        coords |= {name: ("signal", np.array(own)) for name, own in along.items()}
        dims = (*(f"take{k}" for k in range(len(extra))), "time", "signal")
        both.append(xr.DataArray(values, coords, dims, name=kind, attrs={"kind": kind, "units": "1"}))
    return tuple(both)


# --- results


def outcome(call, *both):
    """Result of a call, lazy and computed, or the type and message of its error; other errors are raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", UserWarning)  # notes, for example on signals that never change
        with dask.config.set(scheduler="synchronous"):
            try:
                result = call(*both)
                return result, result.compute()
            except (ValueError, TypeError) as error:
                text = str(error)
                assert REMEDY.search(text), text
                return type(error), text


def turned(x):
    return x.transpose(*x.dims[::-1])


def strided(x):
    """The same numbers, every second of a larger array."""
    return x.copy(data=np.repeat(x.values, 2, axis=-2)[..., ::2, :])


def chunked(x, rows):
    return x.chunk(
        {"time": rows, "signal": max(1, x.sizes["signal"] // 2), **{dim: 1 for dim in x.dims if dim.startswith("take")}}
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", CALLS)
@FIFTY_EXAMPLES
@given(data=st.data())
def test_result_is_documented_or_error_has_a_remedy_in_every_form(name, data):
    call = CALLS[name]
    both = data.draw(recordings(call.kinds))
    before = [x.copy(deep=True) for x in both]
    _, expected = outcome(call.of, *both)
    for x, same in zip(both, before, strict=True):
        xr.testing.assert_identical(x, same)
    if not isinstance(expected, str):
        documented(call, expected, both[0])
    for form in (turned, strided):
        _, found = outcome(call.of, *map(form, both))
        assert_same(found, expected)
    rows = data.draw(st.sampled_from([7, 20, 100]))
    lazy, found = outcome(call.of, *(chunked(x, rows) if x.size else x for x in both))
    assert_same(found, expected)
    if call.lazy and both[0].size and not isinstance(found, str):
        arrays = lazy.data_vars.values() if isinstance(lazy, xr.Dataset) else [lazy]
        assert any(array.chunks is not None for array in arrays)


def documented(call, result, x):
    """Check dimensions, types and labels, and that files can hold the attributes."""
    extra = tuple(dim for dim in x.dims if dim.startswith("take"))
    variables = {"": result} if isinstance(result, xr.DataArray) else dict(result.data_vars)
    for variable, dims in call.dims.items():
        assert variables[variable].dims == (*(() if call.alone else extra), *dims), variable
    for variable in variables.values():
        assert variable.dtype.kind in call.dtypes
        for dim in variable.dims:
            assert dim in variable.coords or call.of in (CALLS["to_bitbox"].of, CALLS["accessor: to_frame"].of), dim
    for value in result.attrs.values():
        assert isinstance(value, str | int | float)
        assert not isinstance(value, bool)


def assert_same(found, expected):
    if isinstance(expected, str) or isinstance(found, str):
        # sizes are listed in the order of dimensions; with infinite values in x and y, either may be reported
        words = [sorted(set(re.findall(r"\w+", str(one))) - {"x", "y"}) for one in (found, expected)]
        assert words[0] == words[1]
        return
    found, expected = (x if isinstance(x, xr.Dataset) else x.to_dataset(name="") for x in (found, expected))
    assert set(found.variables) == set(expected.variables)
    for name, variable in expected.data_vars.items():
        assert found[name].dtype == variable.dtype
        xr.testing.assert_allclose(found[name].transpose(*variable.dims), variable, rtol=2e-6, atol=4e-6)


# --- functions of Bitbox

OF_BITBOX = {
    "imitation": lambda x, y: compat.imitation(x, y, width=0.2, lag=0.1),
    "coordination": lambda x, y: compat.coordination(x, y, width=0.2, lag=0.1, stats=False),
    "expressivity": lambda x, y: compat.expressivity(x, scales=[0.2, 0.5], aggregate=True),
    "diversity": lambda x, y: compat.diversity(x),
    "asymmetry": lambda x, y: compat.asymmetry(x, normalize=False),
    "motion_kinematics": lambda x, y: compat.motion_kinematics(x),
    "motion_smoothness": lambda x, y: compat.motion_smoothness(x),
    "relative_motion": lambda x, y: compat.relative_motion(x, reference=[0]),
}


def test_every_function_of_bitbox_has_a_case():
    assert set(OF_BITBOX) == set(compat.__all__)


@pytest.mark.slow
@pytest.mark.parametrize("name", OF_BITBOX)
@FIFTY_EXAMPLES
@given(data=st.data())
def test_functions_of_bitbox_return_or_raise_an_error_with_a_remedy(name, data):
    kind = data.draw(st.sampled_from(["expression", *MOVING]))
    both = [
        {"type": kind, "data": pd.DataFrame(x.isel(dict.fromkeys(x.dims[:-2], 0)).values, columns=x.signal.values)}
        for x in data.draw(recordings((kind,)))
    ]
    before = [one["data"].copy() for one in both]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            OF_BITBOX[name](*both)
        except (ValueError, TypeError) as error:
            assert REMEDY.search(str(error)), error  # noqa: PT017
    for one, same in zip(both, before, strict=True):
        pd.testing.assert_frame_equal(one["data"], same)


# --- files


@pytest.mark.slow
@FIFTY_EXAMPLES
@given(data=st.data())
def test_written_recordings_are_read_back(data, tmp_path_factory):
    x, _ = data.draw(recordings(("expression", "pose", "landmark")))
    folder = tmp_path_factory.mktemp("x")
    engine = data.draw(st.sampled_from(["netcdf4", "h5netcdf", "scipy"]))
    try:
        bx.to_netcdf(x, folder / "x.nc", engine=engine)
    except TypeError as error:
        assert (engine != "netcdf4", x.size) == (True, 0)
        assert re.search(r"expected no empty dimension .*use the engine netcdf4", str(error))  # noqa: PT017
        return
    with bx.open_netcdf(folder / "x.nc") as back:
        np.testing.assert_array_equal(back.values, x.values)
        assert back.signal.values.tolist() == x.signal.values.tolist()
        np.testing.assert_array_equal(back.time, x.time)
    assert not list(folder.glob("*.part"))


@pytest.mark.slow
@FIFTY_EXAMPLES
@given(data=st.data())
def test_a_table_is_read_exactly_or_refused(data, tmp_path_factory):
    kind = data.draw(st.sampled_from(["expression", "rectangle"]))
    x, _ = data.draw(recordings((kind,)))
    x = x.isel({dim: 0 for dim in x.dims if dim.startswith("take")}, drop=True).astype(np.float64)
    folder = tmp_path_factory.mktemp("x")
    table = pd.DataFrame(x.values, columns=x.signal.values)
    table.to_csv(folder / "x.csv", index=False)
    with open(folder / "c_rects.3DI", "w") as stream:
        stream.writelines(" ".join(map(str, row)) + "\n" for row in x.values.tolist())
    calls = [
        lambda *_: bx.open_signals(folder / "x.csv", fps=FPS, kind=kind),
        lambda *_: bx.open_signals(table, fps=FPS, kind=kind),
    ]
    if kind == "rectangle":
        calls.append(lambda *_: bx.open_recording(folder, fps=FPS)["rects"])
    for call in calls:
        found = file_outcome(call)
        if isinstance(found, str):
            assert len(found.split()) > 3
        else:
            np.testing.assert_array_equal(found.values, x.values)


def file_outcome(call):
    try:
        return call()
    except (ValueError, FileNotFoundError) as error:
        return str(error)
