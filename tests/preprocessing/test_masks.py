"""Masks: which values are taken, how they are counted, and what is refused."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bitbox_xr as bx

NAMES = ["AU04", "AU12", "AU25"]
REGIONS = ["brow", "mouth", "mouth"]
TABLE = pd.DataFrame({"onset": [1, 3, 3.5], "offset": [2, 4, 5], "label": ["speech", "turned", "speech"]})


def recording(frames=60, **attrs):
    values = np.random.default_rng(0).normal(size=(frames, 3))
    x = bx.signals(values, fps=10, names=NAMES, **attrs)
    assert x.region.values.tolist() == REGIONS
    return x


def frames_of(x, *spans):
    return np.any([(x.time.values > a - 1e-6) & (x.time.values < b - 1e-6) for a, b in spans], axis=0)


def test_intervals_are_masked_in_all_signals_and_may_overlap():
    x = recording()
    masked = bx.mask(x, TABLE)
    inside = frames_of(x, (1, 2), (3, 5))
    xr.testing.assert_equal(masked.drop_vars("masked"), x.where(xr.DataArray(~inside, dims="time")))
    np.testing.assert_array_equal(masked.masked, inside)
    assert masked.attrs["masked_frames"] == inside.sum() == 30
    assert json.loads(masked.attrs["history"]) == [{"function": "mask", "where": 0, "intervals": 3}]


def test_labels_and_regions_choose():
    x = recording()
    masked = bx.mask(x, TABLE, labels="speech", regions=["mouth"])
    inside = frames_of(x, (1, 2), (3.5, 5))
    assert np.isfinite(masked.sel(signal="AU04")).all()
    for name in ("AU12", "AU25"):
        np.testing.assert_array_equal(np.isnan(masked.sel(signal=name)), inside)
    assert masked.attrs["masked_frames"] == inside.sum()
    step = json.loads(masked.attrs["history"])[-1]
    assert (step["labels"], step["regions"]) == ("speech", "mouth")


def test_where_masks_by_recording_and_adds_to_intervals():
    x = xr.concat([recording(), recording()], "recording").assign_coords(recording=["a", "b"])
    where = xr.DataArray(np.zeros((60, 2), bool), {"recording": ["a", "b"], "time": x.time}, ("time", "recording"))
    where[5, 1] = True
    masked = bx.mask(x, TABLE, labels=["turned"], where=where)
    assert masked.dims == x.dims
    assert masked.masked.sum("time").values.tolist() == [10, 11]
    assert np.isnan(masked.sel(recording="b").isel(time=5)).all()
    assert np.isfinite(masked.sel(recording="a").isel(time=5)).all()


def test_where_may_differ_between_signals():
    x = recording()
    np.testing.assert_array_equal(bx.mask(x, where=x > 0.5), x.where(~(x > 0.5)))


def test_labels_of_an_annotation_are_masked_by_where():
    x = bx.annotate(recording(), TABLE[:2])
    assert bx.mask(x, where=x.condition == "speech").attrs["masked_frames"] == 10


def test_lost_frames_are_counted_apart_before_and_after_cutting():
    x = recording()
    x[12:14] = x[50] = np.nan
    x = x.assign_attrs(lost_frames=3)
    masked = bx.mask(x, TABLE[:1])  # frames 10 to 19, of which two are lost
    assert (masked.attrs["lost_frames"], masked.attrs["masked_frames"]) == (3, 8)
    half = bx.mask(masked.isel(time=slice(0, 15)), where=masked.time[:15] < 0.25)
    assert (half.attrs["lost_frames"], half.attrs["masked_frames"]) == (2, 6)
    result = bx.imitation(masked, x.fillna(0.0), width=1)
    assert result.attrs["masked_frames1"] == 8
    assert "masked_frames2" not in result.attrs


def test_a_masked_region_of_a_lost_frame_is_lost():
    x = recording(lost_frames=1)
    x[15] = np.nan
    masked = bx.mask(x, TABLE[:1], regions="mouth")
    assert (masked.attrs["lost_frames"], masked.attrs["masked_frames"]) == (1, 9)


def test_masked_values_are_missing_for_measures():
    x = recording(120)
    whole, masked = (bx.coordination(one, width=1) for one in (x, bx.mask(x, TABLE)))
    assert masked.valid1.min() == 0
    touched = masked.valid1.isel(signal1=0) < 1
    reach = masked.attrs["max_lag"]
    away = ~np.any(
        [(masked.window_start < b + reach) & (masked.window_stop > a - reach) for a, b in ((1, 2), (3, 5))], 0
    )
    assert touched.any()
    np.testing.assert_array_equal(masked.corr[away], whole.corr[away])


def test_resampling_keeps_what_was_masked():
    slow = bx.resample(bx.mask(recording(), TABLE[:1]), 5)
    assert slow.masked.dtype == bool
    assert slow.masked.sum() == 5


def test_dask_stays_lazy(tmp_path):
    x = recording()
    lazy = bx.mask(x.chunk(time=25), TABLE, regions="mouth")
    assert lazy.chunks[0] == (25, 25, 10)
    xr.testing.assert_equal(lazy.compute(), bx.mask(x, TABLE, regions="mouth"))
    bx.to_netcdf(bx.mask(x, TABLE), tmp_path / "x.nc")
    with bx.open_netcdf(tmp_path / "x.nc") as back:
        xr.testing.assert_identical(back.load(), bx.mask(x, TABLE))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "expected intervals or where=…, got neither"),
        ({"labels": "speech"}, r"(?s)2 faults.*expected intervals with labels=…, got none"),
        ({"intervals": TABLE, "labels": ["speech", "nod"]}, r"labels of the intervals \(speech, turned\), got nod"),
        ({"intervals": TABLE, "regions": "ear"}, r"expected regions of x \(brow, mouth\), got ear"),
        ({"where": xr.DataArray([True], dims="frame")}, r"dimensions of x \(time, signal\), with time, got frame"),
        ({"where": xr.DataArray([True] * 59, dims="time")}, r"labels of x along time, got others; see align\(\)"),
    ],
)
def test_what_cannot_be_masked_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        bx.mask(recording(), **options)


def test_signals_without_regions_and_where_without_truth_are_refused():
    x = bx.signals(np.ones((60, 2)), fps=10, names=["joy", "anger"])
    with pytest.raises(ValueError, match="expected x to have a coordinate region along signal"):
        bx.mask(x, TABLE, regions="mouth")
    with pytest.raises(TypeError, match="DataArray of True and False, got float64"):
        bx.mask(x, where=x.isel(signal=0))
