"""Signals that never change are named once a call; nothing else changes."""

import warnings

import numpy as np
import pytest
import xarray as xr

import bitbox_xr as bx

OPTIONS = {"width": 1.0, "step": 0.5, "max_lag": 0.2}
MEASURES = {
    "imitation": lambda x, y: bx.imitation(x, y, **OPTIONS),
    "coordination": lambda x, y: bx.coordination(x, y, **OPTIONS, stats=True),
    "lag_profile": lambda x, y: bx.lag_profile(x, y, **OPTIONS),
    "significance": lambda x, y: bx.significance(x, y, **OPTIONS, n=19, rng=0, progress=False),
}


@pytest.fixture
def pair():
    """Two recordings; AU06 of x never changes, nor do AU04 (with lost frames) and AU12 of y."""
    rng = np.random.default_rng(0)
    x, y = (bx.signals(rng.normal(size=(600, 3)), fps=30, names=["AU04", "AU06", "AU12"]).copy() for _ in "xy")
    x[:, 1] = 0.0
    y[:, [0, 2]] = 0.5
    y[100:110] = np.nan
    return x, y


@pytest.mark.parametrize("name", MEASURES)
def test_constant_signals_are_named_once(pair, name):
    with pytest.warns(UserWarning, match="never change") as caught:
        MEASURES[name](*pair)
    expected = f"{name}(): signals that never change have no correlation (NaN): AU06 of x and AU04, AU12 of y"
    assert [str(one.message) for one in caught].count(expected) == 1


@pytest.mark.parametrize("name", MEASURES)
def test_signals_that_change_or_are_missing_are_not_named(pair, name):
    x, y = pair
    x[5, 1] = 1e-3
    y[:, 0] = np.nan
    y[:, 2] = x[:, 0].values
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        MEASURES[name](x, y)
    assert not any("never change" in str(one.message) for one in caught)


def test_one_person_is_named_once(pair):
    with pytest.warns(UserWarning, match=r"\(NaN\): AU06 of x$"):
        bx.coordination(pair[0], **OPTIONS)


def test_a_signal_that_changes_in_one_of_two_recordings_is_not_named(pair):
    x, _ = pair
    both = xr.concat([x, x[:, [0, 2, 1]].assign_coords(signal=x.signal)], "recording")
    found = bx.coordination(both, **OPTIONS).sel(signal1="AU06", signal2="AU04")
    assert found.corr.isnull().all("window").values.tolist() == [True, False]


def test_dask_arrays_are_not_computed(pair):
    x, y = (a.chunk(time=100) for a in pair)
    found = bx.imitation(x, y, **OPTIONS, stats=True)  # a warning would be an error
    assert found.corr_mean.chunks
