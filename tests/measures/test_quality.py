"""Quality of signals: shares, noise, activity and range, by labels, on dask, for masks and other kinds."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bitbox_xr as bx

from counting_scheduler import computed_once

FPS = 30


def face(seconds=60, noise=0.05, seed=0, times=(5, 15, 25, 35, 45)):
    """Smiles at `times` (s) in AU12 only, and noise in both signals."""
    rng = np.random.default_rng(seed)
    t = np.arange(seconds * FPS) / FPS
    smile = sum(np.exp(-0.5 * ((t - at) / 0.4) ** 2) for at in times)
    values = np.stack([smile, 0 * t], axis=1) + noise * rng.normal(size=(len(t), 2))
    return bx.signals(values, fps=FPS, names=["AU12", "AU04"])


def phases(x, *rows):
    return bx.annotate(x, pd.DataFrame(rows, columns=["onset", "offset", "label"]))


def test_shares_count_lost_and_masked_frames_apart():
    x = face()
    x[100:280, 1] = np.nan
    x[300:390] = np.nan
    masked = bx.mask(x, pd.DataFrame({"onset": [20], "offset": [29], "label": ["speech"]}), regions="mouth")
    found = bx.quality(masked)
    np.testing.assert_allclose(found.lost_share, [90 / 1800, 270 / 1800])
    np.testing.assert_allclose(found.masked_share, [270 / 1800, 0])


def test_noise_is_proportional_to_that_of_the_tracker():
    quiet, loud = (bx.quality(face(noise=noise)).noise for noise in (0.05, 0.15))
    assert quiet[0].item() == pytest.approx(quiet[1].item(), rel=0.3)  # smiles do not count as noise
    assert (loud / quiet)[1].item() == pytest.approx(3)


def test_activations_are_those_above_the_noise():
    found = bx.quality(face())
    assert found.activations_per_minute.sel(signal="AU12").item() == pytest.approx(5, abs=2)
    assert found.activations_per_minute.sel(signal="AU04").item() <= 3
    expected = bx.expressivity(face(), scales=(1, 2, 4), aggregate=True, false_alarms_per_minute=1)
    np.testing.assert_allclose(found.activations_per_minute, expected.activations_per_minute[0])


@pytest.mark.parametrize(("frames", "scales", "number"), [(45, [1], 0), (110, [1, 2], 2)])
def test_short_recordings_have_the_activations_of_the_scales_that_fit(frames, scales, number):
    x = face(times=(0.7, 2.2))[:frames]
    options = {"aggregate": len(scales) > 1, "false_alarms_per_minute": 1}
    expected = bx.expressivity(x, scales=scales, **options).activations_per_minute[0]
    np.testing.assert_allclose(bx.quality(x).activations_per_minute, expected)
    assert expected[0].item() * frames / FPS / 60 == pytest.approx(number)


def test_range_is_that_of_values_present():
    x = face()
    x[150] = np.nan  # the first maximum
    np.testing.assert_allclose(bx.quality(x).value_range, np.nanmax(x, axis=0) - np.nanmin(x, axis=0))


def test_labels_are_described_by_themselves():
    x = face(times=(5, 15, 25))
    x[:300] = np.nan
    x = phases(x, (0, 10, "baseline"), (10, 30, "task"), (30, 60, "baseline"))
    found = bx.quality(x, by="condition")
    assert found.condition.values.tolist() == ["baseline", "task"]
    assert found.noise.dims == ("condition", "signal")
    np.testing.assert_allclose(found.lost_share.sel(condition="baseline"), 300 / 1200)
    np.testing.assert_allclose(found.lost_share.sel(condition="task"), 0)
    task = x.sel(time=x.condition == "task")
    np.testing.assert_allclose(found.value_range.sel(condition="task"), task.max("time") - task.min("time"))
    smiles = found.activations_per_minute.sel(signal="AU12")
    assert smiles.sel(condition="task").item() == pytest.approx(6, abs=3)  # two in 20 s
    assert smiles.sel(condition="baseline").item() <= 4
    counts = smiles * xr.DataArray([900 / 1800, 600 / 1800], dims="condition")  # minutes present
    np.testing.assert_allclose(counts, counts.round(), atol=1e-9)


def test_further_dimensions_come_first_and_dask_is_lazy():
    x = xr.concat([face(), face(seed=1)], xr.Variable("take", ["a", "b"]))
    rows = (0, 20, "one"), (20, 60, "two")
    x, chunked = (phases(a, *rows) for a in (x, x.chunk(time=500, take=1)))
    for by in (None, "condition"):
        found = bx.quality(x, by=by)
        assert found.noise.dims == (("take", "signal") if by is None else ("take", "condition", "signal"))
        one = bx.quality(x.sel(take="b", drop=True), by=by)
        xr.testing.assert_allclose(found.sel(take="b", drop=True).drop_attrs(), one.drop_attrs())
        lazy = computed_once(lambda a, by=by: bx.quality(a, by=by), chunked)
        xr.testing.assert_allclose(lazy, found)


def test_other_kinds_have_no_activations():
    pose = bx.signals(np.random.default_rng(0).normal(size=(90, 6)), kind="pose", fps=FPS)
    found = bx.quality(pose)
    assert set(found.data_vars) == {"lost_share", "masked_share", "noise", "value_range"}
    assert found.noise.notnull().all()


def test_short_or_empty_recordings_have_no_noise():
    found = bx.quality(face()[:10])
    assert found.noise.isnull().all()
    assert found.activations_per_minute.isnull().all()
    assert bx.quality(face()[:15]).noise.isnull().all()  # as long as the scale of the noise, 0.5 s
    assert bx.quality(face()[:16]).noise.notnull().all()
    slow = bx.signals(face().values[:90], fps=2)  # a frame as long as this scale
    assert bx.quality(slow).noise.isnull().all()
    lost = face()
    lost[:, 1] = np.nan
    assert np.isnan(bx.quality(lost).to_array().sel(signal="AU04", variable=["noise", "value_range"])).all()
    assert bx.quality(lost).activations_per_minute.isnull().values.tolist() == [False, True]


def test_attributes_and_labels():
    found = bx.quality(face().assign_attrs(source="a.csv"))
    assert found.attrs["measure"] == "quality"
    assert found.attrs["source"] == "a.csv"
    assert found.region.values.tolist() == ["mouth", "brow"]
    assert found.activations_per_minute.attrs["long_name"].endswith("per minute of frames with values")
    assert found.noise.attrs["long_name"].startswith("standard deviation of the noise")


def test_bad_input_is_refused():
    x = face()
    with pytest.raises(ValueError, match="regular"):
        bx.quality(x.isel(time=[0, 1, 5]))
    with pytest.raises(ValueError, match="expected a coordinate 'phase' along time"):
        bx.quality(x, by="phase")
    with pytest.raises(ValueError, match="expected no input named noise"):
        bx.quality(x.assign_coords(noise=1))
