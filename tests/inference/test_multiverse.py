"""Multiverse: every setting is what the function gives by itself; labels; dask; bad options."""

import numpy as np
import pytest
import xarray as xr

import bitbox_xr as bx
from bitbox_xr.inference import multiverse as module

from counting_scheduler import computed_once
from random_recordings import random_walk

pytestmark = pytest.mark.filterwarnings("ignore:(significance|contingency)")  # few surrogates are enough

X, Y = random_walk(0), random_walk(1)


def same(found, expected):
    """Values and labels are equal; settings that are labels of `found` are not compared."""
    settings = [name for name in found.coords if name not in expected.coords]
    xr.testing.assert_equal(found.drop_vars(settings), expected)


def test_every_setting_is_the_function_by_itself():
    found = bx.multiverse("imitation", X, Y, width=[1.0, 2.0], step=0.5, max_lag=[None, 0.5], polarity=[True, False])
    assert found.corr_mean.dims == ("width", "max_lag", "polarity", "signal1", "signal2")
    assert found.max_lag.values.tolist() == ["default", "0.5"]
    assert found.polarity.values.tolist() == ["True", "False"]
    for width in (1.0, 2.0):
        for max_lag in (None, 0.5):
            one = bx.imitation(X, Y, width=width, step=0.5, max_lag=max_lag, polarity=False, stats=True)
            label = "default" if max_lag is None else "0.5"
            same(found.sel(width=width, max_lag=label, polarity="False"), one)
    assert found.attrs["multiverse"] == "width max_lag polarity"
    assert found.attrs["step"] == 0.5
    assert "width" not in found.attrs


def test_labels_that_differ_between_settings_are_joined():
    found = bx.multiverse("lag_profile", X, Y, width=1.0, max_lag=[0.2, 0.5])
    short = bx.lag_profile(X, Y, width=1.0, max_lag=0.2)
    assert found.sizes["lag"] == 16
    same(found.profile.sel(max_lag=0.2).dropna("lag"), short.profile)
    assert found.profile.sel(max_lag=0.2).isnull().sum() == 9 * 4


def test_a_tuple_is_one_setting():
    found = bx.multiverse("expressivity", X, scales=[(1.0, 2.0), (1.0, 4.0)])
    assert found.scales.values.tolist() == ["1 2", "1 4"]
    assert found.scale.values.tolist() == [1, 2, 4]
    assert found.scale_label.values.tolist() == ["1 s", "2 s", "4 s"]
    one = bx.expressivity(X, scales=(1.0, 4.0))
    np.testing.assert_array_equal(found.expressivity.sel(scales="1 4", scale=[1, 4]), one.expressivity)
    together = bx.multiverse("expressivity", X, scales=[(1.0, 2.0), (1.0, 4.0)], aggregate=True)
    assert "scale_label" not in together.coords  # it differs at the same scale


def test_settings_of_a_test_share_a_seed():
    options = {"width": 1.0, "n": 9, "pairs": "matched"}
    found = bx.multiverse("significance", X, Y, of=["imitation", "coordination"], **options)
    seed = int(found.attrs["seed"])
    one = bx.significance(X, Y, measure="coordination", rng=seed, progress=False, **options)
    same(found.sel(of="coordination"), one)


def test_contingency_has_settings_too():
    options = {"scales": (1.0, 2.0), "n": 5, "rng": 3}
    found = bx.multiverse("contingency", X, Y, max_latency=[1.0, 2.0], **options)
    same(found.answered.sel(max_latency=2.0), bx.contingency(X, Y, progress=False, **options).answered)


def test_one_setting_and_no_list():
    same(bx.multiverse("imitation", X, Y, width=1.0), bx.imitation(X, Y, width=1.0, stats=True))
    assert bx.multiverse("imitation", X, Y, width=[1.0]).sizes["width"] == 1


def test_dask_input_is_computed_once():
    x, y = (random_walk(seed, names=("a", "b")) for seed in (0, 1))
    lazy = computed_once(lambda lazy: bx.multiverse("imitation", lazy, y, width=[1.0, 2.0]), x.chunk(time=100))
    xr.testing.assert_allclose(lazy, bx.multiverse("imitation", x, y, width=[1.0, 2.0]))


def test_input_is_checked_once(monkeypatch):
    calls = []
    monkeypatch.setattr(module, "as_signals", lambda data, label: calls.append(label) or data)
    bx.multiverse("imitation", X, Y, width=[1.0, 2.0], step=[0.5, 1.0])
    assert calls == ["x", "y"]


def test_results_round_trip(tmp_path):
    found = bx.multiverse("imitation", X, Y, width=[1.0, 2.0], polarity=[True, False])
    found.bitbox.to_netcdf(tmp_path / "all.nc")
    xr.testing.assert_identical(bx.open_netcdf(tmp_path / "all.nc").load(), found)


def test_a_contrast_of_summaries_has_an_estimate_for_every_setting():
    each = [
        bx.multiverse("imitation", random_walk(k, 200), random_walk(k + 50, 200), width=[1.0, 2.0]) for k in range(6)
    ]
    summary = xr.concat(each, "recording", coords="minimal", compat="override").assign(z=lambda s: s.corr_mean)
    found = bx.contrast(summary, variable="z", rng=0)
    assert found.estimate.dims == ("width", "signal1", "signal2")
    assert found.attrs["multiverse"] == "width"


def test_warnings_are_given_once_with_the_number_of_settings(monkeypatch):
    def warned(x, y, *, width, step=None):
        from bitbox_xr.core.errors import warn

        warn("expected a longer recording")
        return bx.imitation(x, y, width=width, stats=True)

    monkeypatch.setitem(module.MEASURES, "imitation", warned)
    with pytest.warns(UserWarning, match=r"expected a longer recording \(in 3 settings of 3\)") as caught:
        bx.multiverse("imitation", X, Y, width=[0.5, 1.0, 2.0])
    assert len(caught) == 1


BAD = {
    "measure": (lambda: bx.multiverse("events", X), ["expected measure to be imitation, coordination", "got 'events'"]),
    "options": (lambda: bx.multiverse("imitation", X, Y, broad=[1], lag=2, width=[], step=[1.0, 1.0]),
                ["4 faults", "expected options of imitation, width, step, max_lag, causal, polarity, min_valid",
                 "got broad", "got lag", "at least one setting of width", "different settings of step, got 1, 1"]),
    "too many": (lambda: bx.multiverse("imitation", X, Y, width=list(range(1, 200)), step=list(range(1, 200))),
                 ["at most 10000 combinations"]),
    "setting": (lambda: bx.multiverse("imitation", X, Y, width=[1.0, 99.0]), ["with width=99.0: ", "at least"]),
    "pairs": (lambda: bx.multiverse("significance", X, Y, width=1.0, n=5, pairs=["all", "matched"]),
              ["the same dimensions", "with pairs"]),
    "x": (lambda: bx.multiverse("imitation", X.rename(time="t"), Y, width=[1.0]), ["x: expected dimensions time"]),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused(case):
    call, phrases = BAD[case]
    with pytest.raises(ValueError) as caught:
        call()
    for phrase in phrases:
        assert phrase in str(caught.value)
