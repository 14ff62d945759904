"""Motion by label equals that of recordings cut by hand; several intervals of one label count together."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import bitbox_xr as bx

FPS = 25
MEASURES = (bx.kinematics, bx.smoothness, bx.relative_motion)
NAMES = ["x8", "y8", "x30", "y30"]


def landmarks(frames, seed=0, lost=0.1):
    rng = np.random.default_rng(seed)
    values = np.cumsum(rng.normal(size=(frames, 4)), axis=0)
    values[rng.random(frames) < lost] = np.nan
    return bx.signals(values, kind="landmark", fps=FPS, names=NAMES)


def annotated(x, *intervals):
    rows = [(start / FPS, stop / FPS, label) for label, start, stop in intervals]
    return bx.annotate(x, pd.DataFrame(rows, columns=["onset", "offset", "label"]))


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.lists(st.integers(4, 70), min_size=1, max_size=5), st.integers(0, 99))
def test_labels_equal_recordings_that_are_cut(lengths, seed):
    edges = np.cumsum([0, *lengths]).tolist()
    intervals = [(f"p{k}", start, stop) for k, (start, stop) in enumerate(pairwise(edges))]
    x = landmarks(edges[-1] + 3, seed)
    for measure in MEASURES:
        found = measure(annotated(x, *intervals), by="condition")
        assert found["valid"].dims == ("condition", "landmark")
        for label, start, stop in intervals:
            hand = measure(x.isel(time=slice(start, stop)))
            for name in hand.data_vars:
                np.testing.assert_array_equal(found[name].sel(condition=label), hand[name])


def test_several_intervals_of_a_label_count_together():
    x = landmarks(100)
    parts = [x.isel(time=slice(0, 40)), x.isel(time=slice(60, 100))]
    x = annotated(x, ("a", 0, 40), ("b", 40, 60), ("a", 60, 100))
    found = bx.kinematics(x, by="condition").sel(condition="a")
    hand = [bx.kinematics(part) for part in parts]
    np.testing.assert_allclose(found.path, sum(one.path for one in hand))
    values = np.concatenate([part.values for part in parts]).reshape(80, 2, 2)
    extent = np.linalg.norm(np.nanmax(values, axis=0) - np.nanmin(values, axis=0), axis=-1)
    np.testing.assert_allclose(found["range"], extent)
    for name, order in (("speed", 1), ("acceleration", 2)):
        steps = [np.linalg.norm(np.diff(p.values.reshape(40, 2, 2), order, axis=0), axis=-1) for p in parts]
        np.testing.assert_allclose(found[name], np.nanmean(np.concatenate(steps), axis=0) * FPS**order)
    away = np.linalg.norm(values - np.nanmean(values, axis=0), axis=-1)
    relative = bx.relative_motion(x, by="condition").sel(condition="a")
    np.testing.assert_allclose(relative.distance_mean, np.nanmean(away, axis=0))


def test_the_jerk_of_a_label_takes_the_time_of_all_its_intervals():
    x = landmarks(100, lost=0)
    parts = [x.isel(time=slice(0, 40)), x.isel(time=slice(60, 100))]
    found = bx.smoothness(annotated(x, ("a", 0, 40), ("a", 60, 100)), by="condition").ldj.sel(condition="a")
    paths = [part.values.reshape(40, 2, 2) for part in parts]
    squares = sum((np.diff(path, 2, axis=0) ** 2).sum(axis=(0, 2)) for path in paths)
    peak = np.max([np.linalg.norm(np.diff(path, axis=0), axis=-1).max(axis=0) for path in paths], axis=0)
    np.testing.assert_allclose(found, -np.log(80**3 * squares / peak**2 / FPS**2), rtol=1e-12)


def test_reference_frames_are_frames_of_the_whole_recording():
    x = landmarks(60, lost=0)
    found = bx.relative_motion(annotated(x, ("a", 0, 20), ("b", 20, 60)), reference=[5, 30], by="condition")
    values = x.values.reshape(60, 2, 2)
    for label, frames in (("a", np.r_[0:5, 6:20]), ("b", np.r_[20:30, 31:60])):
        away = [np.linalg.norm(values[frames] - values[at], axis=-1) for at in (5, 30)]
        np.testing.assert_allclose(found.distance_max.sel(condition=label), np.mean(np.max(away, axis=1), axis=0))
        assert (found["valid"].sel(condition=label) == 1).all()


def test_an_interval_of_a_single_frame_has_no_motion():
    x = landmarks(30, lost=0)
    found = bx.kinematics(annotated(x, ("a", 0, 29), ("b", 29, 30)), by="condition").sel(condition="b")
    assert np.isnan(found.path).all()
    assert (found["range"] == 0).all()
    only = bx.relative_motion(annotated(x, ("a", 0, 29), ("b", 29, 30)), reference=29, by="condition")
    assert np.isnan(only["valid"].sel(condition="b")).all()


@pytest.mark.parametrize("chunks", [-1, 33])
def test_dask_stays_lazy(chunks):
    x = xr.concat([landmarks(100, seed) for seed in (0, 1)], "recording")
    x = annotated(x, ("a", 0, 40), ("b", 40, 60), ("a", 60, 100))
    for measure in MEASURES:
        lazy = measure(x.chunk(time=chunks, recording=1), by="condition")
        assert lazy["valid"].chunks is not None
        assert lazy["valid"].dims == ("recording", "condition", "landmark")
        xr.testing.assert_allclose(lazy.compute(), measure(x, by="condition"), rtol=1e-12)
