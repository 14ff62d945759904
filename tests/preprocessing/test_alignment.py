"""Recordings brought onto a clock: where numbers are kept, where they are interpolated, where nothing is claimed."""

import json
from itertools import pairwise

import dask
import dask.array as da
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bitbox_xr import signals
from bitbox_xr.io.readers import open_signals
from bitbox_xr.kernels.interpolation import interpolate
from bitbox_xr import align, fill_gaps, regularity, resample
from bitbox_xr.preprocessing.alignment import shared_clock

from counting_scheduler import Counting

NAN = np.nan


def column(values, **options):
    return signals(np.asarray(values)[:, None], **options)


def wave(hertz, times):
    return np.sin(2 * np.pi * hertz * np.asarray(times))


def noise(n, k=2, seed=0, dtype=np.float64, lost=0.0):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, k)).astype(dtype)
    values[rng.random((n, k)) < lost] = NAN
    return values


def steps_of(x):
    return json.loads(x.attrs["history"])


# --- straight lines: against a loop


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
def test_interpolation_is_that_of_a_loop(counts, lost, targets, longest):
    times = np.cumsum([0, *counts]) / 10
    values = np.where(lost[: len(times)], NAN, np.sin(times * 7) * 100)
    targets = np.array(targets) / 20  # half of them, or fewer, are times of samples
    found = interpolate(values, times, targets, longest)
    np.testing.assert_allclose(found, by_loop(values, times, targets, longest + 1e-9), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("hertz", [0.1, 0.5, 1.0, 2.0])
def test_a_sine_sampled_irregularly_comes_back(hertz):
    steps = np.random.default_rng(3).uniform(0.01, 0.06, 2000)
    times = np.cumsum(steps)
    back = resample(column(wave(hertz, times), time=times), 60, max_gap=0.1)
    error = np.abs(back.values[:, 0] - wave(hertz, back.time)).max()
    bound = (2 * np.pi * hertz * steps.max()) ** 2 / 8  # of straight lines
    assert bound / 4 < error <= bound


@given(seed=st.integers(0, 1000), share=st.floats(0, 0.5), longest=st.floats(0.08, 2))
@settings(deadline=None)
def test_a_straight_line_stays_one_wherever_it_is_known(seed, share, longest):
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.uniform(0.02, 0.06, 80))
    values = np.where(rng.random(80) < share, NAN, 3 * times - 1)
    back = resample(column(values, time=times), 50, max_gap=longest).values[:, 0]
    expected = 3 * (times[0] + np.arange(len(back)) / 50) - 1
    known = ~np.isnan(back)
    np.testing.assert_allclose(back[known], expected[known], rtol=0, atol=1e-8)


# --- its own rate


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("fps", [23.976, 29.97, 30, 17.3, 120])
def test_its_own_rate_changes_nothing(fps, dtype):
    values = noise(500, dtype=dtype, lost=0.2)
    values[7], values[0, 1] = NAN, -0.0
    x = signals(values, fps=fps)
    back = resample(x, fps)
    assert back.dtype == dtype
    assert back.values.tobytes() == x.values.tobytes()
    xr.testing.assert_identical(back.drop_attrs(), x.drop_attrs())


def test_a_start_of_its_own_is_kept():
    x = signals(noise(100), time=1234.567 + np.arange(100) / 25)
    xr.testing.assert_equal(resample(x, 25), x)


def test_rounded_times_are_those_of_the_regular_clock():
    x = signals(noise(300), time=np.round(np.arange(300) / 30, 3))
    back = resample(x, 30)
    np.testing.assert_array_equal(back.values, x.values)
    np.testing.assert_array_equal(back.time, np.arange(300) / 30)


def test_missing_rows_come_back_as_missing_frames():
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
def test_twice_is_once(seed, n, fps):
    x = signals(noise(n, seed=seed, lost=0.1), fps=23.976)
    assume((n - 1) / 23.976 * fps > 1)
    once = resample(x, fps)
    if once.sizes["time"] > 20:  # of fewer frames the rate may be taken for a customary one beside it
        np.testing.assert_array_equal(resample(once, fps).values, once.values)
    assert once.time.values[-1] <= x.time.values[-1] + 1e-6
    assert once.time.values[-1] > x.time.values[-1] - 1 / fps


def test_a_faster_clock_lies_on_the_lines():
    back = resample(column([0.0, 3.0, -3.0, 0.0], fps=10), 30)
    np.testing.assert_allclose(back.values[:, 0], [0, 1, 2, 3, 1, -1, -3, -2, -1, 0], atol=1e-12)


# --- the rate falls

FALLS = [(60, 30), (60, 25), (50, 30), (30, 25), (29.97, 25), (30, 10), (120, 24)]


def response(rate, fps, hertz, jitter=0.0):
    """What a complex wave becomes, beside the wave itself, away from the ends."""
    off = np.random.default_rng(0).uniform(-jitter, jitter, 1500)
    times = (np.arange(1500) + off) / rate
    both = np.stack([np.cos(2 * np.pi * hertz * times), np.sin(2 * np.pi * hertz * times)], axis=1)
    back = resample(signals(both, time=times), fps, max_gap=1.0)
    inner = slice(back.sizes["time"] // 5, -(back.sizes["time"] // 5))
    found = (back.values[:, 0] + 1j * back.values[:, 1])[inner]
    return found, np.exp(2j * np.pi * hertz * back.time.values[inner])


@pytest.mark.parametrize(("rate", "fps"), FALLS)
def test_what_would_alias_is_down_by_60_decibels(rate, fps):
    for hertz in np.linspace(fps / 2, rate / 2, 5):
        assert 20 * np.log10(np.abs(response(rate, fps, hertz)[0]).max()) < -60


@pytest.mark.parametrize(("rate", "fps"), FALLS)
def test_what_is_slow_stays_in_size_and_phase(rate, fps):
    for share in (0.01, 0.1, 0.2, 0.3):
        found, true = response(rate, fps, share * fps)
        assert np.abs(found - true).max() < 0.01
    np.testing.assert_allclose(np.abs(response(rate, fps, 0.4 * fps)[0]), 0.5, atol=0.01)


def test_an_irregular_clock_is_filtered_too():
    found, _ = response(60, 20, 13.0, jitter=0.4)
    assert 20 * np.log10(np.sqrt(np.mean(np.abs(found) ** 2))) < -25  # left by the lines between irregular samples
    found, true = response(60, 20, 1.0, jitter=0.4)
    assert np.abs(found - true).max() < 0.01


def test_without_a_filter_it_would_alias():
    fast = column(wave(14, np.arange(1500) / 60), fps=60)
    assert np.abs(fast.values[::3]).max() > 0.9  # 14 Hz at 20 frames a second looks like 6 Hz
    assert np.abs(resample(fast, 20).values[20:-20]).max() < 1e-3


def test_offsets_cost_no_digits():
    still = resample(column(np.full(300, 1e6 + 0.1), fps=30), 25).values
    np.testing.assert_allclose(still, 1e6 + 0.1, rtol=1e-14)
    values = noise(400, seed=4)
    low, high = (resample(signals(values + add, fps=30), 25).values for add in (0.0, 1e6))
    np.testing.assert_allclose(high - 1e6, low, atol=1e-8)


def test_the_filter_leaves_a_pulse_where_it_is():
    times = np.arange(600) / 60
    pulse = np.exp(-0.5 * ((times - 5.0) / 0.2) ** 2)
    back = resample(column(pulse, fps=60), 25)
    np.testing.assert_allclose(back.values[:, 0], np.exp(-0.5 * ((back.time - 5.0) / 0.2) ** 2), atol=2e-3)


def test_a_filter_moves_no_gap():
    values = noise(600, k=3, lost=0.05)
    values[100:160], values[:5, 0], values[-9:, 1] = NAN, NAN, NAN
    x = signals(values, fps=60)
    filtered = resample(x, 25)
    lines = interpolate(values.T, x.time.values, filtered.time.values, 1.5 / 60).T
    np.testing.assert_array_equal(np.isnan(filtered), np.isnan(lines))
    assert np.isnan(filtered).any(axis=0).all()
    assert steps_of(filtered)[0]["filtered"] == 1


def test_frames_near_a_gap_lean_on_the_bridge_only():
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


def test_a_rate_that_hardly_falls_is_not_filtered():
    x = signals(noise(300), fps=30)
    assert steps_of(resample(x, 29.97))[0]["filtered"] == 0
    assert steps_of(resample(x, 29))[0]["filtered"] == 1


# --- filling gaps


def test_gaps_as_long_as_allowed_are_filled():
    x = column([NAN, 1, NAN, 3, NAN, NAN, 9, NAN, NAN, NAN, 1, NAN], fps=10)
    expected = {
        0.2: [NAN, 1, 2, 3, NAN, NAN, 9, NAN, NAN, NAN, 1, NAN],
        0.3: [NAN, 1, 2, 3, 5, 7, 9, NAN, NAN, NAN, 1, NAN],
        np.inf: [NAN, 1, 2, 3, 5, 7, 9, 7, 5, 3, 1, NAN],
    }
    for longest, values in expected.items():
        np.testing.assert_allclose(fill_gaps(x, max_gap=longest).values[:, 0], values)


def test_each_signal_has_gaps_of_its_own():
    x = signals([[0.0, 5.0], [NAN, 6.0], [2.0, NAN], [3.0, NAN], [4.0, 9.0]], fps=10)
    filled = fill_gaps(x, max_gap=0.2)
    np.testing.assert_allclose(filled, [[0, 5], [1, 6], [2, NAN], [3, NAN], [4, 9]])


def test_a_gap_on_an_irregular_clock_is_measured_in_seconds():
    x = column([0.0, NAN, 3.0, NAN, 6.0], time=[0.0, 0.1, 0.3, 0.32, 0.6])
    np.testing.assert_allclose(fill_gaps(x, max_gap=0.3).values[:, 0], [0, 1, 3, 3.2, 6])
    np.testing.assert_allclose(fill_gaps(x.isel(time=slice(0, 4)), max_gap=0.3).values[:, 0], [0, 1, 3, NAN])
    y = column([0.0, NAN, 3.0, NAN, 5.0], time=[0.0, 0.1, 0.3, 0.32, 0.5])
    np.testing.assert_allclose(fill_gaps(y, max_gap=0.25).values[:, 0], [0, NAN, 3, 3.2, 5])


@settings(deadline=None)
@given(seed=st.integers(0, 1000), lost=st.floats(0, 0.9), longest=st.sampled_from([2, 3, 5, 20]))
def test_filling_changes_missing_values_only(seed, lost, longest):
    x = signals(noise(60, seed=seed, dtype=np.float32, lost=lost), fps=25)
    filled = fill_gaps(x, max_gap=longest / 25)
    known = x.notnull().values
    np.testing.assert_array_equal(filled.values[known], x.values[known])
    xr.testing.assert_identical(filled.coords.to_dataset(), x.coords.to_dataset())
    np.testing.assert_array_equal(fill_gaps(filled, max_gap=longest / 25), filled)
    for was, now in zip(x.values.T, filled.values.T, strict=True):
        at = np.flatnonzero(~np.isnan(was))
        for a, b in pairwise(at):
            assert np.isnan(now[a + 1 : b]).all() == (b - a > longest or b - a == 1)
        assert np.isnan(now[: at[0]]).all() if len(at) else np.isnan(now).all()


# --- two recordings


def lag_between(x, y, fps, most=60):
    """Frames that y must be moved forward by to be most like x."""
    a, b = x.values[:, 0] - x.values[:, 0].mean(), y.values[:, 0] - y.values[:, 0].mean()
    n = len(a)
    scores = [np.corrcoef(a[most : n - most], b[most + d : n - most + d])[0, 1] for d in range(-most, most + 1)]
    return (int(np.argmax(scores)) - most) / fps, max(scores)


def activity(seed=0, seconds=60.0):
    """A signal that can be asked at any time: pulses a few tenths of a second wide."""
    rng = np.random.default_rng(seed)
    at, height = rng.uniform(0, seconds, 80), rng.normal(size=80)
    return lambda times: (height * np.exp(-0.5 * ((np.asarray(times)[:, None] - at) / 0.15) ** 2)).sum(axis=1)


def test_a_planted_lag_is_found_again_at_30_and_25_frames_a_second():
    shown = activity()
    x_times, y_times = np.arange(1800) / 30, np.arange(1400) / 25
    x = column(shown(x_times), fps=30)
    y = column(shown(y_times + 2.5 + 0.4), fps=25)  # began 2.5 s after x and shows all 0.4 s earlier
    x2, y2 = align(x, y, offset=2.5)
    assert shared_clock(x2, y2) == (25.0, x2.sizes["time"])
    lag, score = lag_between(x2, y2, 25)
    assert lag == -0.4
    assert score > 0.999
    np.testing.assert_allclose(y2.values[:, 0], shown(y2.time.values + 0.4), atol=1e-9)
    np.testing.assert_allclose(x2.values[:, 0], shown(x2.time.values), atol=5e-3)


def test_a_planted_lag_is_found_again_with_jitter_gaps_and_another_start():
    shown, rng = activity(1), np.random.default_rng(2)
    x_times = 3.21 + np.flatnonzero(rng.random(1700) > 0.1) / 30
    y_times = np.cumsum(rng.uniform(0.02, 0.06, 1500))
    x = column(shown(x_times), time=x_times)
    y = column(shown(y_times - 0.2), time=y_times - 100.0)
    x2, y2 = align(x, y, fps=25, offset=100.0, max_gap=1.0)
    assert shared_clock(x2, y2)[0] == 25.0
    assert lag_between(x2, y2, 25)[0] == 0.2


def test_the_clock_is_that_of_the_recording_with_the_rate():
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


def test_offset_is_added_to_times_of_y():
    x, y = column(np.arange(100.0), fps=10), column(np.arange(50.0), fps=10)
    x2, y2 = align(x, y, offset=3.0)
    np.testing.assert_array_equal(x2.values[:, 0], np.arange(30, 80))
    np.testing.assert_array_equal(y2.values[:, 0], np.arange(50))
    np.testing.assert_allclose(y2.time, 3 + np.arange(50) / 10)
    x3, y3 = align(x, y, offset=-3)
    np.testing.assert_array_equal(x3.values[:, 0], np.arange(20))
    np.testing.assert_array_equal(y3.values[:, 0], np.arange(30, 50))
    _, halfway = align(x, y, offset=0.05)
    np.testing.assert_allclose(halfway.values[:, 0], np.arange(49) + 0.5)


def test_a_recording_aligned_with_itself_stays():
    x = signals(noise(90, lost=0.1), fps=29.97)
    for same in align(x, x):
        xr.testing.assert_equal(same, x)


def test_dates_are_lined_up():
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


def test_gaps_stay_gaps_in_both():
    values = noise(100)
    values[40:50] = NAN
    x2, y2 = align(signals(values, fps=30), signals(noise(100), fps=24), fps=24)
    times = x2.time.values
    np.testing.assert_array_equal(np.isnan(x2.values[:, 0]), (times > 39 / 30) & (times < 50 / 30))
    assert y2.notnull().all()


def test_other_dimensions_are_each_recording_s_own():
    x = xr.concat([signals(noise(60, seed=i), fps=30) for i in range(3)], xr.Variable("take", [1, 2, 3]))
    y = signals(noise(60, k=4, seed=9), fps=25)
    x2, y2 = align(x, y)
    assert (x2.dims, y2.dims) == (("take", "time", "signal"), ("time", "signal"))
    for take in (1, 2, 3):
        xr.testing.assert_equal(x2.sel(take=take, drop=True), align(x.sel(take=take, drop=True), y)[0])
    turned = align(x.transpose("signal", "time", "take"), y)[0]
    xr.testing.assert_equal(turned, x2)


# --- labels, attributes, dask


def labelled(n=120, fps=30, **attrs):
    x = signals(noise(n, k=3, dtype=np.float32), fps=fps, names=["AU01", "AU12", "AU25"], source="a.csv", **attrs)
    return x.assign_coords(
        confidence=("time", np.linspace(0, 1, n), {"units": "1"}), flag=("time", [True] * n), session="s1"
    )


CALLS = {
    "resample": lambda x: resample(x, 25),
    "resample up": lambda x: resample(x, 60, max_gap=0.2),
    "align": lambda x: align(x, signals(noise(90), fps=24), max_gap=0.2)[0],
    "fill_gaps": lambda x: fill_gaps(x, max_gap=0.2),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_labels_and_attributes_are_kept(call):
    x = labelled()
    before = x.copy(deep=True)
    out = call(x)
    xr.testing.assert_identical(x, before)
    assert (out.dtype, out.dims, out.name) == (np.float32, ("time", "signal"), x.name)
    assert out.region.values.tolist() == ["brow", "mouth", "mouth"]
    assert (out.session.item(), out.time.units, out.confidence.units) == ("s1", "s", "1")
    kept = {name: out.attrs[name] for name in x.attrs}
    assert kept == x.attrs
    np.testing.assert_allclose(out.confidence, out.time * 30 / 119, atol=1e-9)


@pytest.mark.parametrize("call", [c for name, c in CALLS.items() if name != "fill_gaps"])
def test_flags_along_time_stay_flags(call):
    """A frame is tracked or not; none is tracked by a third."""
    x = labelled()
    tracked = np.random.default_rng(0).random(120) < 0.6
    x = x.assign_coords(success=("time", tracked.astype(int)), flag=("time", tracked), ones=("time", np.ones(120)))
    out = call(x)
    away = np.abs(out.time.values[:, None] - x.time.values)
    nearest = np.argmin(np.round(away, 9), axis=1)  # the earlier of two
    for name in ("success", "flag"):
        np.testing.assert_array_equal(out[name], tracked[nearest])
        assert out[name].dtype == np.float64
    assert (out.ones == 1).all()
    xr.testing.assert_identical(call(x.chunk({"signal": 1})).compute(), out)


def test_flags_are_not_known_in_a_gap():
    times = np.delete(np.arange(10) / 10, [4, 5])
    success = np.array([1.0, 1, 0, 0, 1, NAN, 1, 1])  # at 0, 1, 2, 3, 6, 7, 8, 9
    x = column(np.arange(8.0), time=times).assign_coords(success=("time", success, {"units": "1"}))
    np.testing.assert_array_equal(resample(x, 10).success, [1, 1, 0, 0, NAN, NAN, 1, NAN, 1, 1])
    bridged = resample(x, 20, max_gap=0.3).success
    np.testing.assert_array_equal(bridged, [1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1])
    assert bridged.units == "1"
    graded = x.assign_coords(success=("time", success / 2))  # no flag: a share
    assert resample(graded, 20).success.values[3] == pytest.approx(0.25)
    np.testing.assert_array_equal(fill_gaps(x, max_gap=0.3).success, success)


def test_history_tells_what_was_done_in_order():
    x = labelled(lost_frames=0).assign_attrs(history="made by another program")
    x[10] = NAN
    out = resample(fill_gaps(x, max_gap=np.inf), 25)
    assert steps_of(out) == [
        "made by another program",
        {"function": "fill_gaps", "max_gap": "inf"},
        {"function": "resample", "fps": 25.0, "max_gap": 0.05, "from_fps": 30.0, "from_regular": 1, "filtered": 1},
    ]
    assert all(isinstance(value, str | int | float) for value in out.attrs.values())
    _, y = align(x, labelled(fps=24), offset=1.0)
    assert steps_of(y)[-1]["shift"] == 1.0


def test_lost_frames_are_counted_anew():
    x = labelled(lost_frames=1)
    x[10] = NAN
    assert fill_gaps(x, max_gap=0.1).lost_frames == 0
    assert resample(x, 60).lost_frames == 3
    assert "lost_frames" not in resample(x.chunk(), 60).attrs  # not known yet


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("chunks", [{}, {"time": 37}, {"signal": 1}, {"time": 50, "signal": 2, "take": 1}], ids=str)
def test_lazy_and_equal(call, chunks):
    x = xr.concat([labelled(), labelled() * 2], xr.Variable("take", [1, 2]))
    x = x.where(x < 1.5)
    scheduler = Counting()
    with dask.config.set(scheduler=scheduler):
        lazy = call(x.chunk(chunks))
        assert scheduler.computes == 0
    assert isinstance(lazy.data, da.Array)
    assert lazy.dtype == np.float32
    if "take" in chunks:
        assert lazy.chunksizes["take"] == (1, 1)
    xr.testing.assert_identical(lazy.compute(scheduler="synchronous"), call(x))


def test_infinite_values_are_refused_when_met():
    values = noise(50)
    values[3] = np.inf
    with pytest.raises(ValueError, match="infinite values; replace them by NaN"):
        resample(signals(values, fps=30), 25)
    lazy = fill_gaps(signals(values, fps=30).chunk(time=10), max_gap=0.1)
    with pytest.raises(ValueError, match="infinite values"):
        lazy.compute(scheduler="synchronous")


# --- what is refused

GOOD = signals(np.zeros((30, 1)), fps=30)
UNEVEN = signals(np.zeros((5, 1)), time=[0.0, 0.1, 0.25, 0.3, 0.5])
REFUSED = {
    "no rate": (lambda: resample(GOOD, 0), ["fps is 0; a positive number"]),
    "text": (lambda: resample(GOOD, "25"), ["fps is '25'"]),
    "one frame left": (lambda: resample(GOOD, 0.5), ["at fps=0.5 a recording of 0.966667 s is one frame"]),
    "one frame": (lambda: resample(GOOD[:1], 25), ["x: there is one frame; two at least are wanted"]),
    "gap below a step": (lambda: resample(GOOD, 60, max_gap=0.01), ["max_gap is 0.01 s; the step of x is longer"]),
    "gap of none": (lambda: fill_gaps(GOOD, max_gap=None), ["max_gap is None; a number of seconds is wanted"]),
    "gap not above 0": (lambda: fill_gaps(GOOD, max_gap=0), ["max_gap is 0; a positive number of seconds"]),
    "gap not a number": (lambda: fill_gaps(GOOD, max_gap=NAN), ["max_gap is nan; a positive number of seconds"]),
    "gap of a frame": (lambda: fill_gaps(GOOD, max_gap=0.05), ["0.05 s; one lost frame leaves a gap of 0.0666667 s"]),
    "irregular": (lambda: align(UNEVEN, GOOD), ["x is not regular (steps from 50 to 200 ms", "give fps=…"]),
    "apart": (
        lambda: align(GOOD, GOOD, offset=2),
        [
            "no two frames of time in common",
            "x: 0 to 0.966667 s; y: 2 to 2.96667 s, its times moved by 2 s",
            "offset=…",
        ],
    ),
    "origins": (
        lambda: align(GOOD.assign_attrs(time_origin="noon"), GOOD.assign_attrs(time_origin="2026-01-01")),
        ["time_origin are 'noon' and '2026-01-01'; two dates"],
    ),
    "no time": (
        lambda: resample(xr.DataArray(np.zeros((3, 1)), dims=("time", "signal")), 25),
        ["no coordinate `time`"],
    ),
    "backwards": (lambda: regularity(GOOD[::-1]), ["time does not increase at frame 1"]),
    "all at once": (
        lambda: align(GOOD[::-1], GOOD[:1], fps=-1, offset=None, max_gap="1"),
        [
            "5 faults",
            "fps is -1",
            "offset is None",
            "max_gap is '1'",
            "time does not increase",
            "y: there is one frame",
        ],
    ),
}


@pytest.mark.parametrize(("call", "words"), REFUSED.values(), ids=REFUSED)
def test_bad_input_is_refused_in_words(call, words):
    with pytest.raises(ValueError) as error:
        call()
    for part in words:
        assert part in str(error.value)


# --- regularity


def test_gaps_are_counted_and_measured():
    values = noise(100)
    values[:3], values[20], values[50:60], values[70, 0], values[99] = NAN, NAN, NAN, NAN, NAN
    report = regularity(signals(values, fps=10, source="a.csv"))
    assert (report.fps, report.regular, report.frames, report.lost, report.gaps) == (10.0, True, 85, 15, 4)
    np.testing.assert_array_equal(report.gap_frames, [3, 1, 10, 1])
    np.testing.assert_allclose(report.gap_start, [0.0, 1.9, 4.9, 9.8])
    np.testing.assert_allclose(report.gap_length, [0.3, 0.2, 1.1, 0.1])
    assert report.longest_gap == pytest.approx(1.1)
    assert report.source == "a.csv"
    assert report.longest_gap.attrs == {"long_name": "length of the longest gap", "units": "s"}


def test_a_gap_s_length_is_what_max_gap_must_be():
    values = noise(50, k=1)
    values[10:14] = NAN
    x = signals(values, fps=24)
    length = float(regularity(x).longest_gap)
    assert fill_gaps(x, max_gap=length).notnull().all()
    assert fill_gaps(x, max_gap=length - 1e-3).isnull().sum() == 4


def test_missing_rows_are_missing_frames():
    x = signals(noise(100), fps=25).isel(time=np.setdiff1d(np.arange(100), [10, 11, 30]))
    report = regularity(x)
    assert (report.fps, report.regular, report.frames, report.lost) == (25.0, False, 97, 3)
    np.testing.assert_array_equal(report.gap_frames, [2, 1])


def test_an_irregular_clock_has_no_rate_but_gaps():
    times = np.array([0.0, 0.1, 0.24, 0.3, 0.41, 0.8, 0.9, 1.04, 1.1])
    values = np.ones((9, 1))
    values[7] = NAN
    report = regularity(signals(values, time=times))
    assert np.isnan(report.fps)
    assert not report.regular
    np.testing.assert_allclose([report.step_min, report.step_median, report.step_max], [0.06, 0.105, 0.39])
    np.testing.assert_array_equal(report.gap_frames, [3, 1])
    np.testing.assert_allclose(report.gap_length, [0.39, 0.2])


def test_each_recording_has_its_own_gaps():
    values = np.ones((3, 20, 2))
    values[0, 5:7], values[2] = NAN, NAN
    values[1, 5, 0] = NAN  # one signal of two
    x = xr.DataArray(
        values,
        dims=("recording", "time", "signal"),
        coords={"recording": ["a", "b", "c"], "time": np.arange(20) / 10, "signal": ["s", "t"]},
    )
    report = regularity(x)
    np.testing.assert_array_equal(report.lost, [2, 0, 20])
    np.testing.assert_array_equal(report.gaps, [1, 0, 1])
    np.testing.assert_array_equal(report.gap_frames, [[2], [0], [20]])
    np.testing.assert_allclose(report.longest_gap, [0.3, 0.0, 1.9])
    np.testing.assert_allclose(report.sel(recording="b").gap_length, [NAN])
    assert report.recording.values.tolist() == ["a", "b", "c"]
    xr.testing.assert_identical(regularity(x.chunk(time=3)), report)


def test_no_gap_is_no_entry():
    report = regularity(GOOD)
    assert (report.gaps, report.longest_gap, report.sizes["gap"]) == (0, 0.0, 0)


# --- real recordings


def kinect(folder):
    table = pd.read_csv(folder / "syncpy_kinect_dyad_Data_Example.csv")
    times = table.iloc[:, 0].to_numpy() / 1000
    names = list(table.columns[2:9])
    return [signals(table.iloc[:, at].to_numpy(), time=times, names=names) for at in (slice(2, 9), slice(10, 17))]


def test_the_irregular_dyad(recordings):
    x, y = kinect(recordings)
    report = regularity(x)
    assert not report.regular
    assert float(report.longest_gap) == pytest.approx(1.681)
    assert int(report.gaps) == 70  # steps of 150 ms or more, 1.5 median ones; 29 are of just that
    with pytest.raises(ValueError, match="not regular"):
        align(x, y)
    x2, y2 = align(x, y, fps=10, max_gap=0.5)
    assert shared_clock(x2, y2)[0] == 10.0
    # frames are missing just where the sensor's own steps were longer than half a second
    steps, long = np.diff(x.time.values), 0.0
    for at in np.flatnonzero(steps > 0.5):
        inside = (x2.time > x.time[at] + 1e-6) & (x2.time < x.time[at + 1] - 1e-6)
        assert x2.isel(time=inside.values).isnull().all()
        long += int(inside.sum())
    assert int(x2.isnull().all("signal").sum()) == long > 0
    # between them, what linear interpolation by hand gives
    known = x2.notnull().all("signal").values
    by_hand = np.interp(x2.time.values, x.time.values, x.values[:, 0])
    np.testing.assert_allclose(x2.values[known, 0], by_hand[known], rtol=1e-9)


def test_the_clip_that_changes_its_rate(recordings):
    table = pd.read_csv(recordings / "mediapipe_face_noface_landmarks51.csv")
    times = pd.read_csv(recordings / "mediapipe_face_noface_pts.csv")["pts_s"].to_numpy()
    x = signals(table.iloc[:, 2:].to_numpy(), time=times, kind="landmark", names=list(table.columns[2:]))
    report = regularity(x)
    assert (bool(report.regular), int(report.lost), int(report.gaps)) == (False, 97, 1)
    assert np.isnan(report.fps)
    seen = times[x.notnull().all("signal").values]
    for fps in (24, 30):
        back = resample(x, fps)
        assert back.time[0] == times[0]
        there = back.notnull().all("signal")
        np.testing.assert_array_equal(there, (back.time >= seen[0]) & (back.time <= seen[-1]))
        by_hand = np.interp(back.time[there], seen, x.sel(signal="x0").dropna("time"))
        np.testing.assert_allclose(back.sel(signal="x0")[there], by_hand, rtol=1e-12)


def test_dropped_rows(recordings):
    x = open_signals(recordings / "livelink_alex_rom_3_first900.csv")
    rows = x.isel(time=np.flatnonzero(x.notnull().any("signal")))
    assert rows.sizes["time"] == 900
    back = resample(rows, 30)
    np.testing.assert_array_equal(back.values, x.values)
    assert int(regularity(rows).lost) == int(regularity(x).lost) == 1
    assert fill_gaps(x, max_gap=2 / 30).notnull().all()


def test_much_dropout(recordings):
    x = open_signals(
        recordings / "pyfeat_iMotions_Test_v6.txt",
        sep="\t",
        skiprows=5,
        time="Timestamp",
        time_unit="ms",
        columns=["AU1 Evidence", "AU12 Evidence"],
    )
    report = regularity(x)
    assert bool(report.regular)
    assert report.gap_frames.values.tolist() == [8, 97, 1, 96, 11, 2]
    assert int(report.lost) == 215
    filled = fill_gaps(x, max_gap=0.11)
    assert regularity(filled).gap_frames.values.tolist() == [8, 97, 96, 11]
    slow = resample(x, 25)
    assert regularity(slow).gap_frames.sum() == pytest.approx(215 * 25 / 29.97, abs=6)
    model = open_signals(recordings / "openface2_subj01.csv")
    both = align(model, x)
    assert shared_clock(*both)[1] == both[0].sizes["time"] > 150
