"""Alignment of two recordings: common times, known lags, offsets and dates."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from bitbox_xr import align, signals
from bitbox_xr.preprocessing.alignment import left_out_text, shared_clock

from random_recordings import NAN, column, history_of, noise


def lag_between(x, y, fps, most=60):
    """Lag (s) of y behind x with the largest correlation, and that correlation."""
    a, b = x.values[:, 0] - x.values[:, 0].mean(), y.values[:, 0] - y.values[:, 0].mean()
    n = len(a)
    scores = [np.corrcoef(a[most : n - most], b[most + d : n - most + d])[0, 1] for d in range(-most, most + 1)]
    return (int(np.argmax(scores)) - most) / fps, max(scores)


def activity(seed=0, seconds=60.0):
    """A signal as a function of time: pulses some tenths of a second wide."""
    rng = np.random.default_rng(seed)
    at, height = rng.uniform(0, seconds, 80), rng.normal(size=80)
    return lambda times: (height * np.exp(-0.5 * ((np.asarray(times)[:, None] - at) / 0.15) ** 2)).sum(axis=1)


def test_a_known_lag_is_recovered_at_30_and_25_frames_per_second():
    shown = activity()
    x_times, y_times = np.arange(1800) / 30, np.arange(1400) / 25
    x = column(shown(x_times), fps=30)
    y = column(shown(y_times + 2.5 + 0.4), fps=25)  # starts 2.5 s after x and leads by 0.4 s
    x2, y2 = align(x, y, offset=2.5)
    assert shared_clock(x2, y2) == (25.0, x2.sizes["time"])
    lag, score = lag_between(x2, y2, 25)
    assert lag == -0.4
    assert score > 0.999
    np.testing.assert_allclose(y2.values[:, 0], shown(y2.time.values + 0.4), atol=1e-9)
    np.testing.assert_allclose(x2.values[:, 0], shown(x2.time.values), atol=5e-3)


def test_a_known_lag_is_recovered_with_jitter_gaps_and_another_start():
    shown, rng = activity(1), np.random.default_rng(2)
    x_times = 3.21 + np.flatnonzero(rng.random(1700) > 0.1) / 30
    y_times = np.cumsum(rng.uniform(0.02, 0.06, 1500))
    x = column(shown(x_times), time=x_times)
    y = column(shown(y_times - 0.2), time=y_times - 100.0)
    x2, y2 = align(x, y, fps=25, offset=100.0, max_gap=1.0)
    assert shared_clock(x2, y2)[0] == 25.0
    assert lag_between(x2, y2, 25)[0] == 0.2


def test_times_are_those_of_the_recording_with_the_requested_rate():
    x = signals(noise(300), time=5.01 + np.arange(300) / 30)
    y = signals(noise(300, seed=1), time=5.1234 + np.arange(300) / 25)
    at30, y30 = align(x, y, fps=30)
    xr.testing.assert_equal(at30, x.isel(time=slice(4, 300)))
    np.testing.assert_array_equal(y30.time, at30.time)
    x25, at25 = align(x, y)
    xr.testing.assert_equal(at25, y.isel(time=slice(0, 247)))
    np.testing.assert_array_equal(x25.time, at25.time)
    own, _ = align(x, y, fps=20)
    assert own.time[0] == 5.1234
    assert own.time[-1] <= x.time[-1]


def test_offset_is_added_to_the_times_of_y():
    x, y = column(np.arange(100.0), fps=10), column(np.arange(50.0), fps=10)
    x2, y2 = align(x, y, offset=3.0)
    assert [history_of(one)[-1]["shift"] for one in (x2, y2)] == [0.0, 3.0]
    np.testing.assert_array_equal(x2.values[:, 0], np.arange(30, 80))
    np.testing.assert_array_equal(y2.values[:, 0], np.arange(50))
    np.testing.assert_allclose(y2.time, 3 + np.arange(50) / 10)
    x3, y3 = align(x, y, offset=-3)
    np.testing.assert_array_equal(x3.values[:, 0], np.arange(20))
    np.testing.assert_array_equal(y3.values[:, 0], np.arange(30, 50))
    _, halfway = align(x, y, offset=0.05)
    np.testing.assert_allclose(halfway.values[:, 0], np.arange(49) + 0.5)


def test_aligning_a_recording_with_itself_changes_nothing():
    x = signals(noise(90, lost=0.1), fps=29.97)
    for same in align(x, x):
        xr.testing.assert_equal(same, x)


def test_recordings_with_dates_are_aligned_by_their_dates():
    def dated(start, n):
        return signals(np.arange(float(n))[:, None], time=pd.date_range(start, periods=n, freq="100ms"))

    x, y = dated("2026-01-01T10:00:00", 100), dated("2026-01-01T10:00:04", 100)
    with pytest.raises(ValueError, match="align"):
        shared_clock(x, y)
    x2, y2 = align(x, y)
    np.testing.assert_array_equal(x2.values[:, 0], np.arange(40, 100))
    np.testing.assert_array_equal(y2.values[:, 0], np.arange(60))
    assert x2.time_origin == y2.time_origin == "2026-01-01T10:00:00"
    assert shared_clock(x2, y2) == (10.0, 60)
    assert align(x, y, offset=1.0)[0].time[0] == 5.0
    assert "time_origin" not in align(x.drop_attrs(), y)[1].attrs


def test_gaps_remain_gaps_in_both_recordings():
    values = noise(100)
    values[40:50] = NAN
    x2, y2 = align(signals(values, fps=30), signals(noise(100), fps=24), fps=24)
    times = x2.time.values
    np.testing.assert_array_equal(np.isnan(x2.values[:, 0]), (times > 39 / 30) & (times < 50 / 30))
    assert y2.notnull().all()


def test_recordings_may_have_different_dimensions():
    x = xr.concat([signals(noise(60, seed=i), fps=30) for i in range(3)], xr.Variable("take", [1, 2, 3]))
    y = signals(noise(60, k=4, seed=9), fps=25)
    x2, y2 = align(x, y)
    assert (x2.dims, y2.dims) == (("take", "time", "signal"), ("time", "signal"))
    for take in (1, 2, 3):
        xr.testing.assert_equal(x2.sel(take=take, drop=True), align(x.sel(take=take, drop=True), y)[0])
    turned = align(x.transpose("signal", "time", "take"), y)[0]
    xr.testing.assert_equal(turned, x2)


def test_two_recordings_have_one_clock_if_no_frame_is_half_a_frame_off():
    x, y = (signals(noise(n, k=1), fps=10) for n in (60, 50))
    later = y.time.copy()
    assert shared_clock(x, y.assign_coords(time=later + 0.04)) == (10.0, 50)
    with pytest.raises(ValueError, match="expected x and y to have the same frame times"):
        shared_clock(x, y.assign_coords(time=later + 0.06))


def test_what_is_left_out_is_noted_from_a_twentieth_on():
    x = signals(noise(100), fps=10)
    assert left_out_text(x, x[:95], 10) == ""
    assert left_out_text(x[:94], x, 10) == (
        "expected x and y of one length, got y of 10 s and x of 9.4 s; what y has beyond the end of x is left out"
    )
