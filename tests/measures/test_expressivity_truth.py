"""Events of simulated activations: times, magnitudes, counts and widths, also with missing frames."""

import numpy as np
import pytest

from bitbox_xr import signals
from bitbox_xr.measures.events import events
from bitbox_xr.measures.expressivity import expressivity

from random_recordings import FPS

WIDTH = 2.3548  # full width at half maximum of a Gaussian, in standard deviations


def pulses(centres, deviation, seconds, fps=FPS, heights=1.0):
    time = np.arange(round(seconds * fps)) / fps
    heights = np.broadcast_to(heights, np.shape(centres))
    return sum(h * np.exp(-((time - c) ** 2) / (2 * deviation**2)) for c, h in zip(centres, heights, strict=True))


def one(y, fps=FPS):
    return signals(np.asarray(y)[:, None], fps=fps)


def f1(expected, found, tolerance):
    """F1 score of one-to-one matches within `tolerance` (s)."""
    left, hits = list(found), 0
    for at in expected:
        near = min(left, key=lambda t: abs(t - at), default=np.inf)
        if abs(near - at) <= tolerance:
            left.remove(near)
            hits += 1
    return 2 * hits / (len(expected) + len(found))


# --- times and magnitudes


@pytest.mark.parametrize("fps", [25, 30, 60])
@pytest.mark.parametrize("deviation", [0.08, 0.15, 0.3, 0.6])
def test_events_have_the_times_and_magnitudes_of_the_activations(deviation, fps):
    rng = np.random.default_rng(round(100 * deviation))
    centres = np.arange(8, 112, 8) + rng.uniform(-0.5, 0.5, 13)
    heights = rng.uniform(0.3, 2, 13)
    y = pulses(centres, deviation, 120, fps, heights)
    for duration in {0.5, 1, 2, round(WIDTH * deviation / 0.263, 2)}:
        found = events(one(y, fps), scales=[duration])
        strong = found.isel(event=found.magnitude.values > 0.1)
        assert strong.sizes["event"] == 13
        np.testing.assert_allclose(strong.time, centres, atol=1.001 / fps)
        change = np.abs(np.diff(y)).max() / heights.max()
        assert (np.abs(strong.magnitude.values - heights) <= heights * change + 1e-12).all()


def test_response_is_strongest_at_the_scale_of_the_width():
    durations = np.geomspace(0.4, 6, 40)
    for deviation in (0.08, 0.15, 0.3, 0.5):
        found = events(one(pulses([15], deviation, 30)), scales=durations)
        near = found.isel(event=np.abs(found.time.values - 15) < 0.1)
        best = near.scale.values[near.response.values.argmax()]
        smoothed = np.hypot(deviation, np.sqrt(2) / FPS)  # smoothed twice with a sigma of 1 frame
        assert WIDTH * smoothed / best == pytest.approx(0.263, rel=0.06)


def test_wider_activations_have_wider_responses():
    widths = [float(events(one(pulses([15], d, 30)), scales=[1]).width.max()) for d in (0.1, 0.2, 0.4, 0.8)]
    assert widths == sorted(widths)


# --- counts


@pytest.mark.parametrize("fps", [30, 60])
@pytest.mark.parametrize("period", [1.5, 2, 2.5, 3, 4])
@pytest.mark.parametrize("scales", [[0.5, 1, 2], [1, 2], [0.5, 1, 1.5, 2]])
def test_aggregate_counts_all_repeated_activations(scales, period, fps):
    """Bitbox counts half of those that are closer than twice the smallest scale."""
    shortest = scales[0]
    centres = np.arange(period * shortest / 2, 60, period * shortest)
    found = events(one(pulses(centres, 0.26 * shortest / WIDTH, 60, fps), fps), scales=scales, aggregate=True)
    assert abs(found.sizes["event"] - len(centres)) <= 1
    assert f1(centres, found.time.values, 2.01 / fps) > 0.98


@pytest.mark.parametrize("fps", [30, 60])
@pytest.mark.parametrize("noise", [0, 0.01, 0.05])
@pytest.mark.parametrize("period", [2, 2.5, 3, 4])
@pytest.mark.parametrize("scales", [[0.5, 1, 2], [1, 2], [0.25, 0.5, 1, 2]])
def test_aggregate_counts_periodic_activations_of_any_width_in_noise(scales, period, noise, fps):
    rng = np.random.default_rng(0)
    centres = np.arange(period * scales[0] / 2, 60, period * scales[0])
    for width in (0.11, 0.2, 0.26):
        y = pulses(centres, width * scales[0], 60, fps) + noise * rng.normal(size=60 * fps)
        found = events(one(y, fps), scales=scales, aggregate=True)
        strong = found.time.values[found.magnitude.values > 0.3]
        assert f1(centres, strong, 2.01 / fps) > 0.97


@pytest.mark.parametrize("fps", [30, 60])
def test_aggregate_counts_activations_as_close_as_the_smallest_scale(fps):
    centres = np.arange(0.5, 60, 1)
    found = events(one(pulses(centres, 0.11, 60, fps), fps), scales=[1, 2], aggregate=True)
    assert found.attrs["apart_frames"] in (fps, fps - 1)
    assert f1(centres, found.time.values, 1.01 / fps) > 0.95


@pytest.mark.parametrize("seed", range(3))
def test_aggregate_counts_activations_at_random_intervals(seed):
    rng = np.random.default_rng(seed)
    centres = np.cumsum(rng.uniform(0.5, 2, 90))
    centres = centres[centres < 59]
    y = pulses(centres, 0.055, 60) + 0.01 * rng.normal(size=1800)
    found = events(one(y), scales=[0.5, 1, 2], aggregate=True)
    assert f1(centres, found.time.values, 2.01 / FPS) > 0.95


@pytest.mark.parametrize(("scales", "aggregate"), [(None, False), ([0.5, 1, 2], False), (6, True), ([0.5, 1], True)])
def test_flat_stretches_have_no_activations(scales, aggregate):
    y = np.maximum(pulses([20, 50.3, 80], 0.2, 100) - 0.02, 0)
    found = events(one(y), scales=scales, aggregate=aggregate)
    per_list = found.sizes["event"] / (1 if aggregate or scales is None else 3)
    assert per_list == 3
    np.testing.assert_allclose(np.unique(found.time.values.round(1)), [20, 50.3, 80], atol=0.051)


def test_robust_drops_the_activations_of_a_noisy_signal():
    y = pulses([20, 40], 0.3, 60) + 0.01 * np.random.default_rng(0).normal(size=1800)
    kept = expressivity(one(y), scales=[0.5]).expressivity
    with pytest.warns(UserWarning, match="more than half of the summed magnitude of a coefficient left out at a scale"):
        dropped = expressivity(one(y), scales=[0.5], robust=True).expressivity
    assert kept.sel(metric="max") > 0.9
    assert dropped.sel(metric="max") < 0.1
    found = events(one(y), scales=[0.5])
    assert (found.outlier.values == (found.magnitude.values > 0.1)).all()


# --- frame rate and precision


@pytest.mark.parametrize("seed", range(3))
def test_events_at_60_frames_per_second_are_those_at_30(seed):
    rng = np.random.default_rng(seed)
    centres = np.cumsum(rng.uniform(2.5, 6, 12)) + 2
    heights = rng.uniform(0.5, 1.5, 12)
    y = {fps: pulses(centres, 0.25, 80, fps, heights) for fps in (30, 60)}
    for scales in ([0.5], [1], [2], [0.5, 1, 2]):
        slow, fast = (events(one(y[fps], fps), scales=scales, aggregate=len(scales) > 1) for fps in (30, 60))
        assert slow.sizes == fast.sizes
        assert np.abs(slow.time.values - fast.time.values).max() <= 1 / 30 + 1e-9
        change = np.abs(np.diff(y[30])).max()
        assert np.abs(slow.magnitude.values - fast.magnitude.values).max() <= change


def test_precision_has_converged():
    a = signals(np.random.default_rng(0).normal(size=(9000, 4)), fps=30)
    counts = {
        p: expressivity(a, scales=[1, 4], precision=p).expressivity.sel(metric="frequency").sum("coefficient").values
        for p in (10, 12, 16, 18)
    }
    np.testing.assert_allclose(counts[16], counts[18], rtol=0.01)
    assert counts[12][1] > 1.03 * counts[16][1]
    assert counts[10][1] > 1.2 * counts[16][1]


# --- missing frames


def simulated(seed, seconds=120):
    rng = np.random.default_rng(seed)
    centres = np.cumsum(rng.uniform(3, 5, 40)) + 2
    centres = centres[centres < seconds - 3]
    return rng, centres, pulses(centres, 0.25, seconds, heights=rng.uniform(0.5, 1.5, len(centres)))


@pytest.mark.parametrize(
    "options", [{}, {"scales": [0.5]}, {"scales": [2]}, {"scales": [0.5, 1, 2], "aggregate": True}]
)
@pytest.mark.parametrize("loss", [0, 0.01, 0.05, 0.2])
@pytest.mark.parametrize("seed", range(3))
def test_events_are_found_with_scattered_missing_frames(seed, loss, options):
    rng, centres, y = simulated(seed)
    lost = rng.random(len(y)) < loss
    y[lost] = np.nan
    if not options:  # without scales only frames present are eligible
        centres = centres[~lost[np.rint(centres * FPS).astype(int)]]
    found = events(one(y), **options)
    assert f1(centres, found.time.values, 2.01 / FPS) >= 0.95


@pytest.mark.parametrize(
    "options", [{}, {"scales": [0.5]}, {"scales": [2]}, {"scales": [0.5, 1, 2], "aggregate": True}]
)
@pytest.mark.parametrize("seed", range(3))
def test_events_outside_a_long_gap_are_found(seed, options):
    _, centres, y = simulated(seed)
    whole = expressivity(one(y), **options).eligible_time.max()
    y[1800:2100] = np.nan
    found = events(one(y), **options)
    outside = centres[(centres < 60 - 0.3) | (centres > 70 + 0.3)]
    assert f1(outside, found.time.values, 2.01 / FPS) >= 0.95
    assert not ((found.time > 60.5) & (found.time < 69.5)).any()
    left = expressivity(one(y), **options).eligible_time
    assert whole == 120
    assert (left <= 110).all()
    assert (left > 108.5).all()


def test_scattered_missing_frames_leave_most_frames_eligible_at_long_scales():
    rng, _, y = simulated(0)
    y[rng.random(len(y)) < 0.05] = np.nan
    assert expressivity(one(y), scales=[4]).eligible_time > 119
