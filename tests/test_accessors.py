"""The methods of `.bitbox` have the signatures of the functions, and give the same results."""

import inspect

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bitbox_xr as bx
from bitbox_xr import accessors
from bitbox_xr.plotting import (
    chance,
    contingency,
    decomposition,
    expressivity,
    groups,
    inference,
    methods,
    pairs,
    recordings,
    specification,
)

from random_recordings import FPS


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    x = bx.signals(rng.normal(size=(150, 3)), fps=FPS, names=["AU12", "AU04", "AU06"])
    y = bx.signals(rng.normal(size=(150, 2)), fps=FPS, names=["AU04", "AU12"])
    return x, y


FUNCTIONS = {
    (accessors.SignalsAccessor, name): getattr(bx, name)
    for name in (
        "imitation",
        "coordination",
        "lag_profile",
        "magnitudes",
        "annotate",
        "mask",
        "align",
        "resample",
        "fill_gaps",
        "smooth",
        "detrend",
        "standardize",
        "regularity",
        "quality",
        "significance",
        "contingency",
        "lag_map",
        "surrogate_windows",
        "surrogate_profiles",
        "expressivity",
        "events",
        "diversity",
        "asymmetry",
        "kinematics",
        "smoothness",
        "relative_motion",
    )
} | {(methods.PlotMethods, name): getattr(pairs, name) for name in ("matrix", "lag_profile", "over_time")}
FUNCTIONS |= {(methods.PlotMethods, name): getattr(expressivity, name) for name in ("expressivity", "asymmetry")}
FUNCTIONS |= {
    (methods.PlotMethods, name): getattr(inference, name)
    for name in ("significant_pairs", "over_time_by_chance", "lag_distribution")
}
FUNCTIONS |= {(accessors.ResultAccessor, "contrast"): bx.contrast}
FUNCTIONS |= {(methods.PlotMethods, "specification_curve"): specification.specification_curve}
FUNCTIONS |= {(methods.SignalsPlotMethods, "lag_heatmap"): inference.lag_heatmap}
FUNCTIONS |= {(methods.SignalsPlotMethods, "decomposition"): decomposition.decomposition}
FUNCTIONS |= {(methods.PlotMethods, name): getattr(chance, name) for name in ("matched_pairs", "null_distribution")}
FUNCTIONS |= {(methods.PlotMethods, "groups"): groups.groups}
FUNCTIONS |= {(methods.SignalsPlotMethods, name): getattr(recordings, name) for name in ("signals", "kinematics")}
FUNCTIONS |= {(methods.SignalsPlotMethods, "answers"): contingency.answers}


@pytest.mark.parametrize(("owner", "name"), FUNCTIONS, ids=lambda v: getattr(v, "__name__", v))
def test_methods_have_the_parameters_of_their_functions(owner, name):
    method, function = (
        [(p.name, p.default) for p in inspect.signature(f).parameters.values()][1:]
        for f in (getattr(owner, name), FUNCTIONS[owner, name])
    )
    assert method == function


def test_measures_of_pairs_equal_the_functions(pair):
    x, y = pair
    options = {"width": 1.0, "step": 0.4, "max_lag": 0.2, "polarity": False, "min_valid": 0.9}
    xr.testing.assert_identical(
        x.bitbox.imitation(y, causal=False, **options), bx.imitation(x, y, causal=False, **options)
    )
    xr.testing.assert_identical(x.bitbox.coordination(stats=True, **options), bx.coordination(x, stats=True, **options))
    xr.testing.assert_identical(
        x.bitbox.lag_profile(y, measure="coordination", **options),
        bx.lag_profile(x, y, measure="coordination", **options),
    )
    result = bx.imitation(x, y)
    xr.testing.assert_identical(result.bitbox.stats(), bx.window_stats(result))
    chance = {"n": 19, "rng": 1, "surrogates": "phase", "width": 0.5, "measure": "coordination", "progress": False}
    xr.testing.assert_identical(x.bitbox.significance(y, **chance), bx.significance(x, y, **chance))


def test_measures_of_faces_equal_the_functions(pair):
    x, _ = pair
    scales = {"scales": [0.5, 1.0], "aggregate": True, "precision": 12}
    xr.testing.assert_identical(x.bitbox.expressivity(robust=True, **scales), bx.expressivity(x, robust=True, **scales))
    xr.testing.assert_identical(x.bitbox.events(**scales), bx.events(x, **scales))
    xr.testing.assert_identical(
        x.bitbox.diversity(magnitude=False, **scales), bx.diversity(x, magnitude=False, **scales)
    )
    assert len(x.bitbox.events(**scales).bitbox.to_frame()) == bx.events(x, **scales).sizes["event"]


def test_properties_and_conversion(pair):
    x, _ = pair
    assert (x.bitbox.fps, x.bitbox.kind) == (30.0, "expression")
    pd.testing.assert_frame_equal(x.bitbox.to_bitbox()["data"], bx.to_bitbox(x)["data"])
    with pytest.raises(ValueError, match="regular"):
        _ = x.isel(time=[0, 1, 5]).bitbox.fps


def test_matched_pairs_are_those_of_the_same_signal(pair):
    x, y = pair
    result = bx.imitation(x, y)
    matched = result.bitbox.matched()
    assert matched.pair.values.tolist() == ["AU12", "AU04"]
    assert matched.region.values.tolist() == ["mouth", "brow"]
    np.testing.assert_array_equal(matched.corr.sel(pair="AU12"), result.corr.sel(signal1="AU12", signal2="AU12"))
    np.testing.assert_array_equal(matched.valid2.sel(pair="AU04"), result.valid2.sel(signal2="AU04"))
    assert matched.bitbox.to_frame().columns.tolist()[:2] == ["window", "pair"]
    with pytest.raises(ValueError, match="expected signals of the same name"):
        bx.imitation(x.sel(signal=["AU06"]), y).bitbox.matched()
    with pytest.raises(ValueError, match="got one without signal1 and signal2"):
        matched.bitbox.matched()


def test_tables_have_one_row_for_each_combination_of_labels(pair):
    x, y = pair
    result = bx.imitation(x, y)
    frame = result.bitbox.to_frame()
    assert len(frame) == result.corr.size
    row = frame[(frame.window == result.window.values[2]) & (frame.signal1 == "AU06") & (frame.signal2 == "AU04")]
    assert row["corr"].item() == result.corr.sel(signal1="AU06", signal2="AU04")[2].item()
    assert row["valid1"].item() == 1
    assert len(x.bitbox.to_frame()) == x.size


def test_files_round_trip(pair, tmp_path):
    x, y = pair
    result = bx.imitation(x, y)
    result.bitbox.to_netcdf(tmp_path / "result.nc")
    x.bitbox.to_netcdf(tmp_path / "signals.nc")
    xr.testing.assert_identical(bx.open_netcdf(tmp_path / "result.nc").load(), result)
    xr.testing.assert_identical(bx.open_netcdf(tmp_path / "signals.nc").load(), x)


def test_accessors_store_only_the_data(pair):
    x, _ = pair
    assert set(vars(x.bitbox)) == {"_x"}
    assert set(vars(bx.imitation(x, x).bitbox)) == {"_result"}


METHODS = [
    pytest.param(method, id=f"{owner.__name__}.{name}")
    for owner in (accessors.SignalsAccessor, accessors.ResultAccessor)
    for name, method in inspect.getmembers(owner, inspect.isfunction)
    if not name.startswith("_")
]


@pytest.mark.parametrize("method", METHODS)
def test_tooltips_are_short(method):
    """Notebooks show the signature, one parameter a line, and the docstring: the first paragraph says it all."""
    assert max(len(str(parameter)) for parameter in inspect.signature(method).parameters.values()) <= 90
    text = inspect.getdoc(method)
    assert len(text.partition("\n\n")[0]) <= 120
    assert len(text.splitlines()) <= 14


def test_groups_of_methods_list_them():
    x = bx.signals(np.zeros((30, 1)), fps=30)
    assert repr(x.bitbox).startswith("x.bitbox, methods of signals:\n  align, annotate, ")
    assert repr(xr.Dataset().bitbox.plot).endswith("specification_curve,\n  values")
    assert not hasattr(x.bitbox, "_repr_html_")
