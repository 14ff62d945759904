"""Smoothing and detrending: values by slow loops, missing frames, chunks, bad input."""

import dask
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter1d

from bitbox_xr import detrend, signals, smooth

from counting_scheduler import Counting
from random_recordings import NAN, column, history_of, labelled, noise


def slow_smooth(y, width, fps):
    """Weighted mean over the frames present, one frame at a time."""
    sigma = width * fps / (2 * np.sqrt(2 * np.log(2)))
    reach = int(4 * sigma + 0.5)
    weights = {k: np.exp(-0.5 * (k / sigma) ** 2) for k in range(-reach, reach + 1)}
    out = np.full(len(y), np.nan)
    for t in range(len(y)):
        near = {k: y[t + k] for k in weights if 0 <= t + k < len(y) and not np.isnan(y[t + k])}
        if sum(weights[k] for k in near) >= 0.5 * sum(weights.values()):
            out[t] = sum(weights[k] * v for k, v in near.items()) / sum(weights[k] for k in near)
    return out


def slow_detrend(y, width, fps):
    half = int(width * fps / 2 + 1e-9)
    out = np.full(len(y), np.nan)
    for t in range(len(y)):
        near = y[max(0, t - half) : t + half + 1]
        near = near[~np.isnan(near)]
        if len(near) >= half + 1:
            out[t] = y[t] - np.median(near)
    return out


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 1000), lost=st.floats(0, 0.9), width=st.sampled_from([0.04, 0.1, 0.5, 1.3, 2.4]))
def test_smooth_equals_a_slow_loop(seed, lost, width):
    x = signals(noise(60, seed=seed, lost=lost), fps=25)
    for found, y in zip(smooth(x, width).values.T, x.values.T, strict=True):
        np.testing.assert_allclose(found, slow_smooth(y, width, 25), atol=1e-12)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 1000), lost=st.floats(0, 0.9), width=st.sampled_from([0.12, 0.4, 1.0, 2.4]))
def test_detrend_equals_a_slow_loop(seed, lost, width):
    x = signals(noise(60, seed=seed, lost=lost), fps=25)
    for found, y in zip(detrend(x, width).values.T, x.values.T, strict=True):
        np.testing.assert_array_equal(found, slow_detrend(y, width, 25))


def test_smooth_equals_scipy_away_from_the_ends():
    y = noise(400, k=1)
    expected = gaussian_filter1d(y[:, 0], 0.5 * 30 / np.sqrt(8 * np.log(2)))
    np.testing.assert_allclose(smooth(signals(y, fps=30), 0.5).values[30:-30, 0], expected[30:-30], atol=1e-12)


def test_the_width_of_smooth_is_the_full_width_at_half_maximum():
    y = np.zeros(301)
    y[150] = 1.0
    found = smooth(column(y, fps=30), 1.0).values[:, 0]
    assert found[165] == pytest.approx(found[150] / 2, rel=1e-12)
    assert found.sum() == pytest.approx(1)


def test_ends_are_kept_and_long_gaps_stay_missing():
    y = np.ones(100)
    y[40:70] = NAN
    smoothed, levelled = (call(column(y, fps=10), 1.0).isnull().values[:, 0] for call in (smooth, detrend))
    np.testing.assert_array_equal(np.flatnonzero(smoothed), np.arange(40, 70))  # the middle of the weight is present
    np.testing.assert_array_equal(np.flatnonzero(levelled), np.arange(40, 70))
    y[40:70] = 1.0
    y[41] = NAN
    assert smooth(column(y, fps=10), 1.0).notnull().all()
    assert detrend(column(y, fps=10), 1.0).isnull().values[:, 0].nonzero()[0].tolist() == [41]


def test_detrend_removes_drift_and_keeps_expressions():
    times = np.arange(1800) / 30
    smile = np.exp(-0.5 * ((times - 30) / 0.5) ** 2)
    found = detrend(column(0.01 * times + smile, fps=30), 20).values[:, 0]
    np.testing.assert_allclose(found[400:1400], smile[400:1400], atol=0.04)


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 1000), shift=st.floats(-1e3, 1e3), factor=st.floats(0.1, 10))
def test_filters_commute_with_shifts_and_scales(seed, shift, factor):
    x = signals(noise(80, seed=seed, lost=0.1), fps=30)
    xr.testing.assert_allclose(smooth(factor * x + shift, 0.4), factor * smooth(x, 0.4) + shift, atol=1e-9)
    xr.testing.assert_allclose(detrend(factor * x + shift, 0.4), factor * detrend(x, 0.4), atol=1e-9)


@pytest.mark.parametrize("call", [smooth, detrend])
@pytest.mark.parametrize("width", [0.2, 1.0, 4.0])
@pytest.mark.parametrize("chunks", [{}, {"time": 7}, {"time": 50, "signal": 2, "take": 1}], ids=str)
def test_dask_results_are_lazy_and_identical(call, width, chunks):
    x = xr.concat([labelled(), labelled() * 2], xr.Variable("take", [1, 2])).where(lambda a: a < 1.5)
    scheduler = Counting()
    with dask.config.set(scheduler=scheduler):
        lazy = call(x.chunk(chunks), width)
        assert scheduler.computes == 0
    assert lazy.chunks is not None
    assert lazy.dtype == np.float32
    xr.testing.assert_identical(lazy.compute(scheduler="synchronous"), call(x, width))


def test_labels_and_history_are_kept():
    x = labelled(lost_frames=3)
    out = detrend(smooth(x, 0.2), 2)
    xr.testing.assert_identical(out.coords.to_dataset(), x.coords.to_dataset())
    assert history_of(out) == [{"function": "smooth", "width": 0.2}, {"function": "detrend", "width": 2.0}]
    assert out.attrs["lost_frames"] == 0  # counted again: no frame is lost
    assert out.attrs["units"] == x.attrs["units"]


@pytest.mark.parametrize(
    ("call", "phrases"),
    [
        (lambda x: smooth(x, 0), ["smooth(): expected width to be a positive number of seconds, got 0"]),
        (lambda x: smooth(x, 0.02), ["expected width to be from 0.0333333 to 3 s (1 to 90 frames", "got 0.02 s"]),
        (lambda x: detrend(x, 0.05), ["expected width to be from 0.1 to 3 s (3 to 90 frames"]),
        (lambda x: detrend(x, 3.1), ["got 3.1 s"]),
        (lambda x: detrend(x.isel(time=[0, 1, 5]), -1), ["2 faults", "width", "expected regular times"]),
        (lambda x: smooth(x.where(x < 1, np.inf), 1), ["expected finite values"]),
        (lambda x: detrend(x.where(x < 1, np.inf), 1), ["expected finite values"]),
    ],
)
def test_bad_input_is_refused(call, phrases):
    with pytest.raises(ValueError) as caught:
        call(signals(noise(90), fps=30))
    for phrase in phrases:
        assert phrase in str(caught.value)
