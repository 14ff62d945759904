"""Resampling: values that are kept, values that are interpolated, and the filter against aliasing."""

from itertools import pairwise

import numpy as np
import pytest
import xarray as xr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bitbox_xr import resample, signals
from bitbox_xr.kernels.interpolation import interpolate

from random_recordings import NAN, column, history_of, noise, wave


def by_loop(values, times, targets, longest):
    out = np.full(len(targets), NAN)
    known = [(t, v) for t, v in zip(times, values, strict=True) if not np.isnan(v)]
    for k, target in enumerate(targets):
        for t, v in known:
            if t == target:
                out[k] = v
        for (t1, v1), (t2, v2) in pairwise(known):
            if t1 < target < t2 and t2 - t1 <= longest:
                out[k] = v1 + (v2 - v1) * (target - t1) / (t2 - t1)
    return out


@settings(deadline=None)
@given(
    counts=st.lists(st.integers(1, 6), min_size=1, max_size=25),
    lost=st.lists(st.booleans(), min_size=26, max_size=26),
    targets=st.lists(st.integers(-3, 130), max_size=20, unique=True).map(sorted),
    longest=st.sampled_from([0.1, 0.2, 0.35, 0.6, np.inf]),
)
def test_interpolation_agrees_with_a_loop(counts, lost, targets, longest):
    times = np.cumsum([0, *counts]) / 10
    values = np.where(lost[: len(times)], NAN, np.sin(times * 7) * 100)
    targets = np.array(targets) / 20  # half of them, or fewer, are times of samples
    found = interpolate(values, times, targets, longest)
    np.testing.assert_allclose(found, by_loop(values, times, targets, longest + 1e-9), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("hertz", [0.1, 0.5, 1.0, 2.0])
def test_irregular_samples_of_a_sine_are_resampled_within_the_error_bound(hertz):
    steps = np.random.default_rng(3).uniform(0.01, 0.06, 2000)
    times = np.cumsum(steps)
    back = resample(column(wave(hertz, times), time=times), 60, max_gap=0.1)
    error = np.abs(back.values[:, 0] - wave(hertz, back.time)).max()
    bound = (2 * np.pi * hertz * steps.max()) ** 2 / 8  # error bound of linear interpolation
    assert bound / 4 < error <= bound


@given(seed=st.integers(0, 1000), share=st.floats(0, 0.5), longest=st.floats(0.08, 2))
@settings(deadline=None)
def test_a_straight_line_is_reproduced_exactly(seed, share, longest):
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.uniform(0.02, 0.06, 80))
    values = np.where(rng.random(80) < share, NAN, 3 * times - 1)
    back = resample(column(values, time=times), 50, max_gap=longest).values[:, 0]
    expected = 3 * (times[0] + np.arange(len(back)) / 50) - 1
    known = ~np.isnan(back)
    np.testing.assert_allclose(back[known], expected[known], rtol=0, atol=1e-8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("fps", [23.976, 29.97, 30, 17.3, 120])
def test_resampling_to_the_same_rate_changes_nothing(fps, dtype):
    values = noise(500, dtype=dtype, lost=0.2)
    values[7], values[0, 1] = NAN, -0.0
    x = signals(values, fps=fps)
    back = resample(x, fps)
    assert back.dtype == dtype
    assert back.values.tobytes() == x.values.tobytes()
    xr.testing.assert_identical(back.drop_attrs(), x.drop_attrs())


def test_the_first_time_is_kept():
    x = signals(noise(100), time=1234.567 + np.arange(100) / 25)
    xr.testing.assert_equal(resample(x, 25), x)


def test_rounded_times_become_regular():
    x = signals(noise(300), time=np.round(np.arange(300) / 30, 3))
    back = resample(x, 30)
    np.testing.assert_array_equal(back.values, x.values)
    np.testing.assert_array_equal(back.time, np.arange(300) / 30)


def test_missing_rows_become_missing_frames():
    whole = signals(noise(200), fps=30)
    kept = np.setdiff1d(np.arange(200), [5, 50, 51, 52, 120])
    back = resample(whole.isel(time=kept), 30)
    np.testing.assert_array_equal(back.values, whole.where(whole.time.isin(whole.time[kept])).values)
    np.testing.assert_array_equal(
        resample(whole.isel(time=kept), 30, max_gap=2 / 30).values[50:53], np.full((3, 2), NAN)
    )
    bridged = resample(whole.isel(time=kept), 30, max_gap=2 / 30).values[5]
    np.testing.assert_allclose(bridged, (whole.values[4] + whole.values[6]) / 2)


@settings(deadline=None)
@given(seed=st.integers(0, 100), n=st.integers(2, 60), fps=st.sampled_from([10.0, 24.0, 30.0, 60.0]))
def test_resampling_twice_equals_resampling_once(seed, n, fps):
    x = signals(noise(n, seed=seed, lost=0.1), fps=23.976)
    assume((n - 1) / 23.976 * fps > 1)
    once = resample(x, fps)
    if once.sizes["time"] > 20:  # with fewer frames, the rate may be rounded to a customary one
        np.testing.assert_array_equal(resample(once, fps).values, once.values)
    assert once.time.values[-1] <= x.time.values[-1] + 1e-6
    assert once.time.values[-1] > x.time.values[-1] - 1 / fps


def test_a_higher_rate_interpolates_linearly():
    back = resample(column([0.0, 3.0, -3.0, 0.0], fps=10), 30)
    np.testing.assert_allclose(back.values[:, 0], [0, 1, 2, 3, 1, -1, -3, -2, -1, 0], atol=1e-12)


LOWER_RATES = [(60, 30), (60, 25), (50, 30), (30, 25), (29.97, 25), (30, 10), (120, 24)]


def response(rate, fps, hertz, jitter=0.0):
    """A complex wave after resampling, and the wave itself at the new times, without the ends."""
    off = np.random.default_rng(0).uniform(-jitter, jitter, 1500)
    times = (np.arange(1500) + off) / rate
    both = np.stack([np.cos(2 * np.pi * hertz * times), np.sin(2 * np.pi * hertz * times)], axis=1)
    back = resample(signals(both, time=times), fps, max_gap=1.0)
    inner = slice(back.sizes["time"] // 5, -(back.sizes["time"] // 5))
    found = (back.values[:, 0] + 1j * back.values[:, 1])[inner]
    return found, np.exp(2j * np.pi * hertz * back.time.values[inner])


@pytest.mark.parametrize(("rate", "fps"), LOWER_RATES)
def test_aliasing_frequencies_are_attenuated_by_60_decibels(rate, fps):
    for hertz in np.linspace(fps / 2, rate / 2, 5):
        assert 20 * np.log10(np.abs(response(rate, fps, hertz)[0]).max()) < -60


@pytest.mark.parametrize(("rate", "fps"), LOWER_RATES)
def test_slow_frequencies_keep_amplitude_and_phase(rate, fps):
    for share in (0.01, 0.1, 0.2, 0.3):
        found, true = response(rate, fps, share * fps)
        assert np.abs(found - true).max() < 0.01
    np.testing.assert_allclose(np.abs(response(rate, fps, 0.4 * fps)[0]), 0.5, atol=0.01)


def test_irregular_times_are_filtered_too():
    found, _ = response(60, 20, 13.0, jitter=0.4)
    assert (
        20 * np.log10(np.sqrt(np.mean(np.abs(found) ** 2))) < -25
    )  # the rest is the error of linear interpolation between irregular samples
    found, true = response(60, 20, 1.0, jitter=0.4)
    assert np.abs(found - true).max() < 0.01


def test_the_filter_prevents_aliasing():
    fast = column(wave(14, np.arange(1500) / 60), fps=60)
    assert np.abs(fast.values[::3]).max() > 0.9  # at 20 frames per second, 14 Hz would appear as 6 Hz
    assert np.abs(resample(fast, 20).values[20:-20]).max() < 1e-3


def test_large_offsets_do_not_reduce_precision():
    still = resample(column(np.full(300, 1e6 + 0.1), fps=30), 25).values
    np.testing.assert_allclose(still, 1e6 + 0.1, rtol=1e-14)
    values = noise(400, seed=4)
    low, high = (resample(signals(values + add, fps=30), 25).values for add in (0.0, 1e6))
    np.testing.assert_allclose(high - 1e6, low, atol=1e-8)


def test_the_filter_does_not_shift_a_pulse():
    times = np.arange(600) / 60
    pulse = np.exp(-0.5 * ((times - 5.0) / 0.2) ** 2)
    back = resample(column(pulse, fps=60), 25)
    np.testing.assert_allclose(back.values[:, 0], np.exp(-0.5 * ((back.time - 5.0) / 0.2) ** 2), atol=2e-3)


def test_the_filter_does_not_move_gaps():
    values = noise(600, k=3, lost=0.05)
    values[100:160], values[:5, 0], values[-9:, 1] = NAN, NAN, NAN
    x = signals(values, fps=60)
    filtered = resample(x, 25)
    lines = interpolate(values.T, x.time.values, filtered.time.values, 1.5 / 60).T
    np.testing.assert_array_equal(np.isnan(filtered), np.isnan(lines))
    assert np.isnan(filtered).any(axis=0).all()
    assert history_of(filtered)[0]["filtered"] == 1


def test_only_frames_near_a_gap_depend_on_bridged_values():
    times = np.arange(900) / 60
    values = wave(0.5, times)
    values[400:430] = NAN
    back = resample(column(values, fps=60), 20).values[:, 0]
    true = wave(0.5, np.arange(300) / 20)
    known = ~np.isnan(back)
    assert known.sum() == 300 - 10
    np.testing.assert_allclose(back[known], true[known], atol=0.02)
    far = known & (np.abs(np.arange(300) - 138) > 5 + 10) & (np.abs(np.arange(300) - 150) < 138)
    np.testing.assert_allclose(back[far], true[far], atol=1e-3)


def test_a_rate_lower_by_less_than_1_percent_is_not_filtered():
    x = signals(noise(300), fps=30)
    assert history_of(resample(x, 29.97))[0]["filtered"] == 0
    assert history_of(resample(signals(noise(300), fps=100), 99))[0]["filtered"] == 0  # by 1 %
    assert history_of(resample(x, 29))[0]["filtered"] == 1
