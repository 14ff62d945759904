"""Noise of responses, responses to unit rises, and edges of rises: against slow versions and known shapes."""

import numpy as np
import pytest
import pywt
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter1d

from bitbox_xr.kernels.activations import noise, rises, search

PRECISION = 16


def response(signal, scale):
    """The smoothed transform of a signal, by PyWavelets."""
    transformed = pywt.cwt(gaussian_filter1d(signal, 1.0), scale, "mexh", method="conv", precision=PRECISION)[0][0]
    return gaussian_filter1d(transformed, 1.0)


@pytest.mark.parametrize("fps", [24, 30, 60])
@pytest.mark.parametrize("duration", [0.25, 0.5, 1, 4])
def test_unit_response_is_that_of_pywavelets_to_a_gaussian(fps, duration):
    frames = round(12 * duration * fps) | 1
    at = np.arange(frames) - frames // 2
    found = response(np.exp(-4 * np.log(2) * (at / (0.42 * duration * fps)) ** 2), fps * duration / 4)
    unit = rises.unit_response(fps * duration / 4, PRECISION)
    # PyWavelets's transform may lie half a frame beside the Gaussian, whose peak is then between two frames
    assert found.max() <= unit * (1 + 1e-12)
    assert found.max() > 0.92 * unit


def test_unit_response_approaches_its_limit_at_long_scales():
    durations, expected = (0.1, 0.25, 0.5, 1, 2, 4), (0.14, 0.58, 0.86, 0.96, 0.99, 1.0)
    scales = [30 * duration / 4 for duration in durations]
    found = [rises.unit_response(scale, PRECISION) / (0.837 * np.sqrt(scale)) for scale in scales]
    np.testing.assert_allclose(found, expected, atol=0.04)


def test_walk_ratio_is_that_of_responses_to_random_walks():
    walks = np.random.default_rng(0).standard_normal((20, 20_000)).cumsum(axis=1)
    spread = {scale: np.std([response(walk, scale)[500:-500] for walk in walks]) for scale in (3.75, 15.0)}
    assert noise.walk_ratio(15.0, 3.75, PRECISION) == pytest.approx(spread[15.0] / spread[3.75], rel=0.05)
    assert noise.walk_ratio(7.5, 7.5, PRECISION) == 1


@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_levels_of_white_noise_are_the_deviations_of_its_responses(missing):
    rng = np.random.default_rng(1)
    values = rng.standard_normal((40_000, 2)) * [1, 3]
    expected = np.array([[response(column, scale).std() for column in values.T] for scale in (3.75, 15.0)])
    values[rng.random(values.shape) < missing / 10] = np.nan
    asked = search.Search((3.75, 15.0), PRECISION)
    found = noise.levels(values, asked, ())
    np.testing.assert_allclose(found, expected, rtol=0.06)


def test_levels_are_limited_by_shorter_scales_and_independent_of_those_asked():
    rng = np.random.default_rng(2)
    time = np.arange(9000) / 30
    busy = 0.05 * rng.standard_normal(len(time)) + 3 * np.sin(2 * np.pi * time / 4) ** 4
    ladder = (3.75, 7.5, 15.0, 30.0)
    alone, together = (
        noise.levels(busy[:, None], search.Search(scales, PRECISION), ladder) for scales in ((15.0,), (3.0, 15.0, 30.0))
    )
    np.testing.assert_allclose(alone[0], together[1], rtol=1e-9)
    free = noise.levels(busy[:, None], search.Search((15.0,), PRECISION), ())
    assert alone[0, 0] < 0.3 * free[0, 0]


def test_levels_at_rest_and_without_frames():
    rng = np.random.default_rng(3)
    values = rng.standard_normal((6000, 1))
    values[3000:] *= 10
    asked = search.Search((7.5,), PRECISION)
    rest = np.arange(6000) < 2900
    whole, quiet = noise.levels(values, asked, ()), noise.levels(values, asked, (), rest)
    assert quiet[0, 0] == pytest.approx(response(values[:2900, 0], 7.5).std(), rel=0.2)
    assert whole[0, 0] > 1.5 * quiet[0, 0]
    assert np.isnan(noise.levels(np.full((900, 1), np.nan), asked, ())).all()
    assert (noise.levels(np.zeros((900, 1)), asked, ()) == 0).all()
    with pytest.raises(ValueError, match="infinite"):
        noise.levels(np.full((900, 1), np.inf), asked, ())


def test_a_floor_does_not_hide_noise():
    """Half of the frames are 0, so that most deviations at a short scale are tiny."""
    rng = np.random.default_rng(4)
    slow = np.zeros(30_000)
    for t in range(1, len(slow)):
        slow[t] = 0.95 * slow[t - 1] + rng.standard_normal()
    floored = np.maximum(slow - 2, 0)
    asked = search.Search((3.75,), PRECISION)
    w = response(floored, 3.75)
    plain = np.quantile(np.abs(w - np.median(w)), 0.25) / noise.NORMAL_QUANTILE
    found = noise.levels(floored[:, None], asked, ())[0, 0]
    assert found > 1.5 * plain
    sparse = np.where(np.arange(30_000) % 3000 < 60, np.sin(np.arange(30_000) * np.pi / 60) ** 2, 0)
    assert noise.levels(sparse[:, None], asked, ())[0, 0] == 0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([0.0, 1.0, np.nan]), min_size=1, max_size=40), st.integers(0, 9))
def test_lively_frames(values, half):
    x = np.array(values)
    present = ~np.isnan(x)
    differs = [
        present[t] and any(0 <= o < len(x) and present[o] and x[o] != x[t] for o in (t - 1, t + 1))
        for t in range(len(x))
    ]
    expected = []
    for t in range(len(x)):
        near = slice(max(t - half, 0), t + half + 1)
        expected.append(sum(differs[near]) >= present[near].sum() / 2)
    np.testing.assert_array_equal(noise.lively(x, present, half), expected)


# --- edges


def edges_of(signal, frame, duration=1.0, fps=30, fall=0.0):
    rows = signal[None]
    present = ~np.isnan(rows)
    filled = np.interp(np.arange(len(signal)), np.flatnonzero(present[0]), signal[present[0]])[None]
    scale = np.array([fps * duration / 4])
    found = rises.edges(filled, present, np.array([0]), np.array([frame]), scale, np.array([fall]))
    return [float(edge[0]) for edge in found]


def skewed(frames=300, at=150, rise=10, fall=20):
    t = np.arange(frames)
    return 0.5 ** (((t - at) / np.where(t < at, rise, fall)) ** 2)


def test_edges_are_half_way_down():
    start, stop = edges_of(skewed(), 150)
    assert start == pytest.approx(140, abs=0.3)
    assert stop == pytest.approx(170, abs=0.6)


def test_edges_count_from_the_least_value_on_their_side():
    stairs = np.where(np.arange(300) < 150, 0.6, 0.0) + 0.4 * (np.abs(np.arange(300) - 150) < 8)
    start, stop = edges_of(stairs, 146)
    assert start == pytest.approx(142.5, abs=0.6)  # from 1 to 0.6
    assert stop == pytest.approx(150.5, abs=1)  # from 1 to 0, by way of 0.4


def test_edges_beside_gaps_and_ends_are_unknown():
    gappy = skewed()
    gappy[141:144] = np.nan  # at most an eighth of the duration
    assert edges_of(gappy, 150)[0] == pytest.approx(140, abs=0.5)
    gappy[139:144] = np.nan
    start, stop = edges_of(gappy, 150)
    assert np.isnan(start)
    assert stop == pytest.approx(170, abs=0.6)
    cut = skewed()[145:]
    start, stop = edges_of(cut, 5)
    assert np.isnan(start)
    assert stop == pytest.approx(25, abs=0.6)
    assert np.isnan(edges_of(np.ones(100), 50)).all()


def test_edges_of_a_held_rise_are_where_it_falls():
    t = np.arange(600)
    held = np.clip(np.minimum(t - 100, 400 - t) / 20, 0, 1)
    noisy = held + 0.05 * np.random.default_rng(0).standard_normal(len(t))
    start, stop = edges_of(noisy, 125, fall=0.3)
    assert start == pytest.approx(110, abs=1)
    assert stop == pytest.approx(390, abs=1)
    assert edges_of(noisy, 125)[1] < 170  # without a fall, noise within 2 s decides
    start, stop = edges_of(noisy[:300], 125, fall=0.3)
    assert start == pytest.approx(110, abs=1)
    assert np.isnan(stop)  # held to the end
