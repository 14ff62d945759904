"""Activations by label: searched in the whole recording, counted by the label at their time."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bitbox_xr as bx

from random_recordings import FPS, random_walk

PHASES = pd.DataFrame({"onset": [0, 8, 14, 20], "offset": [8, 13, 20, 29], "label": ["a", "b", "a", "c"]})
OPTIONS = [{"scales": None}, {"scales": [0.5, 2]}, {"scales": [0.5, 2], "aggregate": True}]


def face(lost=0.0, signals=("AU04", "AU12", "AU25")):
    x = random_walk(1, 900, signals)
    gone = np.random.default_rng(2).random((900, len(signals))) < lost
    gone[300:330] |= lost > 0
    return bx.annotate(x.where(~xr.DataArray(gone, dims=("time", "signal"))), PHASES)


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("lost", [0.0, 0.05])
@pytest.mark.parametrize("robust", [False, True])
def test_counts_are_those_of_the_list_of_events(options, lost, robust):
    x = face(lost)
    found = bx.expressivity(x, **options, robust=robust, by="condition")
    listed = bx.events(x, **options)
    listed = listed.isel(event=~listed.outlier.values) if robust else listed
    assert found.expressivity.dims == ("condition", "scale", "metric", "coefficient")
    assert found.condition.values.tolist() == ["a", "b", "c"]
    table = listed.to_dataframe()
    for cell in found.expressivity.stack(cell=("condition", "scale", "coefficient")).transpose("cell", "metric"):
        label, scale, coefficient = cell.cell.item()
        own = table[(table.condition == label) & (table.coefficient == coefficient)]
        own = own if np.isinf(scale) else own[own["scale"] == scale]
        assert cell.sel(metric="frequency") == len(own)
        if len(own):
            expected = own.magnitude.agg(["mean", "min", "max"]).to_numpy()
            np.testing.assert_allclose(cell.sel(metric=["mean", "min", "max"]), expected)


@pytest.mark.parametrize("options", OPTIONS)
def test_eligible_time_is_that_of_the_label(options):
    whole, by = (bx.expressivity(face(0.05), **options, by=by) for by in (None, "condition"))
    rest = face(0.05).assign_coords(rest=("time", np.where(face().condition == "", "outside", "inside")))
    outside = bx.expressivity(rest, **options, by="rest")
    xr.testing.assert_allclose(by.eligible_time.sum("condition"), outside.eligible_time.sel(rest="inside", drop=True))
    xr.testing.assert_allclose(outside.eligible_time.sum("rest"), whole.eligible_time)
    np.testing.assert_allclose(
        by.activations_per_minute, by.expressivity.sel(metric="frequency") / (by.eligible_time / 60)
    )
    complete = bx.expressivity(face(), **options, by="condition")
    durations = xr.DataArray([14.0, 5.0, 9.0], dims="condition")
    np.testing.assert_allclose(complete.eligible_time, durations.broadcast_like(complete.eligible_time))


def test_without_scales_a_frame_is_eligible_where_it_is_present():
    x = face(0.05)
    found = bx.expressivity(x, by="condition").eligible_time.isel(scale=0)
    present = x.notnull().groupby("condition").sum().sel(condition=found.condition) / FPS
    np.testing.assert_allclose(found, present.transpose("condition", "signal"))


def test_a_label_of_the_whole_recording_changes_nothing():
    x = face(0.05).assign_coords(everything=("time", ["all"] * 900))
    for options in OPTIONS:
        for measure in (bx.expressivity, bx.diversity):
            by = measure(x, **options, by="everything").sel(everything="all", drop=True)
            xr.testing.assert_equal(by, measure(x, **options))


@pytest.mark.parametrize("options", OPTIONS)
def test_diversity_of_a_label_is_that_of_its_events(options):
    x = face()
    found = bx.diversity(x, **options, magnitude=False, by="condition")
    assert found.overall.dims == ("condition", "scale")
    table = bx.events(x, **options).to_dataframe()
    for label in ("a", "b", "c"):
        for scale in found["scale"].values:
            own = table[(table.condition == label) & ((table["scale"] == scale) | np.isinf(scale))]
            share = own.coefficient.value_counts(normalize=True)
            entropy = -(share * np.log(share)).sum() / np.log(3)
            np.testing.assert_allclose(found.overall.sel(condition=label, scale=scale), entropy)


def test_events_carry_annotations(tmp_path):
    x = bx.annotate(face(), PHASES[:1], name="turn")
    found = bx.events(x, scales=[1])
    frames = np.rint(found.time.values * FPS).astype(int)
    for name in ("condition", "condition_interval", "turn", "turn_interval"):
        np.testing.assert_array_equal(found[name], x[name].values[frames])
        assert found[name].dims == ("event",)
    assert (found.condition == "").any()
    bx.to_netcdf(found, tmp_path / "events.nc")
    with bx.open_netcdf(tmp_path / "events.nc") as back:
        xr.testing.assert_identical(back.load(), found)


@pytest.mark.parametrize("options", OPTIONS)
def test_dask_stays_lazy(options):
    x = xr.concat([face(), face(0.05)], "recording", coords="minimal", compat="override")
    for measure in (bx.expressivity, bx.diversity):
        lazy = measure(x.chunk(time=200, signal=2), **options, by="condition")
        assert all(v.chunks is not None for v in lazy.data_vars.values())
        xr.testing.assert_allclose(lazy.compute(), measure(x, **options, by="condition"))


def test_many_columns_are_counted_in_blocks(monkeypatch):
    from bitbox_xr.measures import activation_search

    monkeypatch.setattr(activation_search, "BLOCK_BYTES", 8 * 900)
    x = face()
    lazy = bx.expressivity(x.chunk(time=300), scales=[0.5, 1], by="condition")
    xr.testing.assert_allclose(lazy.compute(), bx.expressivity(x, scales=[0.5, 1], by="condition"))


def test_names_of_the_result_are_refused():
    x = face().assign_coords(metric=("time", ["a"] * 900))
    with pytest.raises(ValueError, match="expected by to be a name that the result does not use itself, got 'metric'"):
        bx.expressivity(x, by="metric")
    with pytest.raises(ValueError, match="expected a coordinate 'phase' along time"):
        bx.diversity(x, by="phase")
