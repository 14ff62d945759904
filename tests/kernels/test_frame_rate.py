"""Frame rates, lost frames and jitter of time axes, and conversion of times to seconds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitbox_xr.kernels import frame_rate

HOUR_S = 3600
customary = st.sampled_from(frame_rate.CUSTOMARY_FPS)
other_rates = st.floats(1, 240).filter(lambda fps: min(abs(fps / c - 1) for c in frame_rate.CUSTOMARY_FPS) > 0.02)
seeds = st.integers(0, 2**32 - 1)


# --- rates


@settings(deadline=None)
@given(fps=customary, length=st.floats(3, HOUR_S), start=st.integers(-100, 100_000))
def test_times_with_three_decimals_give_the_customary_rate(fps, length, start):
    times = np.round(start + np.arange(int(length * fps)) / fps, 3)
    grid = frame_rate.fit(times)
    assert (grid.fps, grid.lost) == (fps, 0)
    assert grid.start == times[0]
    assert np.abs(grid.times() - times).max() <= 0.25 / fps
    assert frame_rate.regular_rate(times) == fps


@given(fps=customary, n=st.integers(2, 200))
def test_the_rate_of_few_frames_moves_no_time_by_more_than_a_quarter_frame(fps, n):
    times = np.round(np.arange(n) / fps, 3)
    found = frame_rate.regular_rate(times)
    assert found in frame_rate.CUSTOMARY_FPS or abs(found / fps - 1) < 2e-3 * fps / n
    assert np.abs(times * found - np.arange(n)).max() <= 0.25


@settings(deadline=None)
@given(fps=other_rates, n=st.integers(100, 20_000))
def test_an_uncommon_rate_is_computed_from_the_whole_span(fps, n):
    times = 5 + np.arange(n) / fps
    assert frame_rate.regular_rate(times) == pytest.approx((n - 1) / (times[-1] - times[0]), rel=1e-12)
    assert frame_rate.regular_rate(times) == pytest.approx(fps, rel=1e-9)


@pytest.mark.parametrize("fps", [29.9, 30.1, 24.2, 59.5])
def test_a_rate_near_a_customary_one_stays_if_frames_would_move(fps):
    assert frame_rate.regular_rate(np.arange(2000) / fps) == pytest.approx(fps, rel=1e-12)
    assert frame_rate.fit(np.arange(2000) / fps).start == 0.0


def test_snap_moves_no_time_by_more_than_a_quarter_frame():
    near = 30 * (1 + 0.24 / 999)
    far = 30 * (1 + 0.26 / 999)
    frames = np.arange(1000)
    assert frame_rate.snap(near, frames / near, frames) == 30.0
    assert frame_rate.snap(far, frames / far, frames) == far


# --- lost frames


@given(fps=customary, n=st.integers(60, 5000), share=st.floats(0, 0.3), seed=seeds)
def test_lost_frames_are_found_at_their_positions(fps, n, share, seed):
    kept = np.random.default_rng(seed).random(n) >= share
    kept[[0, -1]] = True
    frames = np.flatnonzero(kept)
    grid = frame_rate.fit(np.round(frames / fps, 3))
    np.testing.assert_array_equal(grid.frames, frames)
    assert (grid.size, grid.lost) == (n, n - kept.sum())
    assert (frame_rate.regular_rate(np.round(frames / fps, 3)) is None) == bool(grid.lost)


@pytest.mark.parametrize("fps", frame_rate.CUSTOMARY_FPS)
@pytest.mark.parametrize("gap", [1, 97, 300, 30_000])
def test_the_frames_of_a_long_gap_are_counted_exactly(fps, gap):
    frames = np.concatenate([np.arange(200), np.arange(200 + gap, 400 + gap)])
    grid = frame_rate.fit(np.round(frames / fps, 3))
    assert (grid.fps, grid.lost) == (fps, gap)
    np.testing.assert_array_equal(grid.frames, frames)


@given(fps=other_rates, gap=st.integers(1, 1000))
def test_a_gap_at_an_uncommon_rate_is_counted_exactly(fps, gap):
    frames = np.concatenate([np.arange(100), np.arange(100 + gap, 200 + gap)])
    grid = frame_rate.fit(frames / fps)
    assert grid.lost == gap
    assert grid.fps == pytest.approx(fps, rel=1e-9)


def test_a_grid_has_the_times_of_all_frames():
    grid = frame_rate.Grid(2.0, 10.0, np.array([0, 1, 4]))
    assert (grid.size, grid.lost) == (5, 2)
    np.testing.assert_allclose(grid.times(), [2.0, 2.1, 2.2, 2.3, 2.4])


# --- jitter


@given(fps=customary, n=st.integers(200, 3000), jitter=st.floats(0, 0.2), seed=seeds)
def test_times_with_jitter_up_to_a_fifth_of_a_frame_are_regular(fps, n, jitter, seed):
    off = np.random.default_rng(seed).uniform(-jitter, jitter, n)
    times = (np.arange(n) + off) / fps
    grid = frame_rate.fit(times)
    assert grid.lost == 0
    assert grid.fps == pytest.approx(fps, rel=2e-3)
    assert np.abs((times - grid.start) * grid.fps - np.arange(n)).max() <= 0.25 + 1e-9


@pytest.mark.parametrize("fps", frame_rate.CUSTOMARY_FPS)
@pytest.mark.parametrize("first", [-0.24, 0.0, 0.24])
def test_times_with_jitter_below_a_quarter_frame_are_regular_for_any_first_time(fps, first):
    off = np.random.default_rng(0).uniform(-0.24, 0.24, 2000)
    off[0] = first
    grid = frame_rate.fit((np.arange(2000) + off) / fps)
    assert grid.fps == fps
    assert abs(grid.start * fps) <= 0.25


def test_lost_frames_are_found_in_times_with_jitter():
    rng = np.random.default_rng(1)
    frames = np.flatnonzero(rng.random(2000) > 0.2)
    grid = frame_rate.fit((frames + rng.uniform(-0.2, 0.2, len(frames))) / 30)
    np.testing.assert_array_equal(grid.frames, frames - frames[0])
    assert grid.fps == 30.0


@given(n=st.integers(60, 2000), seed=seeds)
def test_times_with_jitter_above_a_quarter_frame_are_irregular(n, seed):
    off = np.random.default_rng(seed).uniform(-0.1, 0.1, n)
    off[n // 3], off[n // 2] = 0.45, -0.45
    assert frame_rate.fit((np.arange(n) + off) / 30) is None


# --- irregular times


@pytest.mark.parametrize(
    "times",
    [
        [0.0],
        [0.0, 0.0],
        [0.0, 0.1, 0.05],
        [0.0, 0.1, 0.25, 0.3],
        [0.374, 0.45, 0.574, 2.255],  # a few times fit some time axis by chance
        np.concatenate([np.arange(75) / 30, 75 / 30 + np.arange(94) / 24]),  # 30, then 24 frames per second
        np.cumsum(np.random.default_rng(0).exponential(0.1, 500)),
        np.cumsum(1 / np.linspace(29, 31, 2000)),  # a drift
    ],
)
def test_irregular_times_have_no_frame_rate(times):
    assert frame_rate.fit(np.array(times)) is None
    assert frame_rate.regular_rate(np.array(times)) is None


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30))
def test_any_fitted_time_axis_moves_no_time_by_more_than_a_quarter_frame(times):
    times = np.array(times)
    grid = frame_rate.fit(times)
    if grid is None:
        return
    assert len(grid.frames) == len(times)
    assert (np.diff(grid.frames) >= 1).all()
    assert grid.frames[0] == 0
    assert np.abs((times - grid.start) * grid.fps - grid.frames).max() <= 0.25 + 1e-6


# --- seconds


def test_dates_become_seconds_since_the_first_date():
    dates = np.array(["2026-01-01T10:00:00.250", "2026-01-01T10:00:01"], "datetime64[ms]")
    axis, origin = frame_rate.seconds(dates)
    np.testing.assert_array_equal(axis, [0.0, 0.75])
    assert origin == "2026-01-01T10:00:00.25"


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_durations_and_numbers_are_not_shifted(unit):
    per = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    axis, origin = frame_rate.seconds(np.array([3 * per, 5 * per], f"timedelta64[{unit}]"))
    np.testing.assert_array_equal(axis, [3.0, 5.0])
    assert origin is None
    axis, origin = frame_rate.seconds(np.array([3, 5], np.int16))
    assert axis.dtype == np.float64
    np.testing.assert_array_equal(axis, [3.0, 5.0])


def test_missing_times_become_nan():
    np.testing.assert_array_equal(frame_rate.seconds(np.array([1, "NaT"], "timedelta64[s]"))[0], [1.0, np.nan])


@pytest.mark.parametrize("wrong", [["a"], [True], [1j], [None]])
def test_values_that_are_not_times_are_refused(wrong):
    with pytest.raises(TypeError, match="expected times in seconds, datetime64 or timedelta64, got"):
        frame_rate.seconds(np.array(wrong))


@pytest.mark.parametrize(
    "fps", [7.0, 10.0, 12.5, 15.0, 24.0, 25.0, 29.97, 30.0, 60.0, 90.0, 100.0, 120.0, 200.0, 240.0]
)
def test_a_rate_is_recovered_exactly_for_any_length(fps):
    # an error in the last digit would round a window of 7.5 frames the other way
    assert {frame_rate.regular_rate(frame_rate.frame_times(n, fps)) for n in (*range(30, 400), 5000, 108000)} == {fps}
