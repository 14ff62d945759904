"""Activations that are one expression, and mirrored ends: against slow versions, and under reversal and shifts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitbox_xr.kernels.activations import expressions, search

import expressions_oracle as oracle


@st.composite
def activations(draw):
    """A signal that climbs, falls and rests, and activations at some of its frames."""
    steps = draw(st.lists(st.tuples(st.integers(-3, 3), st.integers(1, 12)), min_size=2, max_size=12))
    heights, lengths = zip(*steps, strict=True)
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    y = np.repeat(np.array(heights, float), lengths) + 0.1 * rng.standard_normal(sum(lengths))
    frames = np.array(sorted(draw(st.sets(st.integers(0, len(y) - 1), min_size=1, max_size=9))))
    scales = rng.choice([3.75, 7.5, 30.0], len(frames))
    # eighths, so that no rounding decides between equals
    rises = np.array([draw(st.integers(1, 24)) / 8 for _ in frames])
    return y, frames, scales, rises


def strongest(y, frames, scales, rises):
    """For each activation of one signal, the strongest one of its expression."""
    zeros = np.zeros(len(frames), np.int64)
    return expressions.strongest(y[None], zeros, zeros, frames, scales, rises.astype(np.float32))


@settings(deadline=None)  # the first call compiles
@given(activations())
def test_expressions_equal_those_of_a_loop(given_activations):
    y, frames, scales, rises = given_activations
    assert strongest(y, frames, scales, rises).tolist() == oracle.expressions(y, frames, scales, rises)


@settings(deadline=None)
@given(activations(), st.floats(-100, 100), st.sampled_from([0.25, 2.0, 64.0]))
def test_level_and_unit_of_the_signal_do_not_matter(given_activations, offset, factor):
    y, frames, scales, rises = given_activations
    expected = strongest(y, frames, scales, rises)
    np.testing.assert_array_equal(strongest(factor * (y + round(offset)), frames, scales, factor * rises), expected)


@settings(deadline=None)
@given(activations())
def test_reversed_in_time_there_are_as_many_expressions(given_activations):
    y, frames, scales, rises = given_activations
    rises = rises + np.arange(len(rises)) / 1000  # no two are equal: the earlier one would win
    reversed_ones = strongest(
        y[::-1].copy(), (len(y) - 1 - frames)[::-1].copy(), scales[::-1].copy(), rises[::-1].copy()
    )
    np.testing.assert_array_equal(len(rises) - 1 - reversed_ones[::-1], strongest(y, frames, scales, rises))


def test_lists_and_signals_are_apart():
    y = np.tile(np.r_[0.0, np.ones(20), 0.0], (2, 1))
    number, row = np.array([0, 0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 0, 0])
    frame, rise = np.array([3, 18] * 3), np.array([1.0, 2, 2, 1, 1, 1])
    groups = expressions.grouped(y, number, row, frame, np.full(6, 3.75), rise)
    assert groups.strongest.tolist() == [1, 2, 4]
    assert groups.first.tolist() == [0, 2, 4]
    assert groups.last.tolist() == [1, 3, 5]


@pytest.mark.parametrize("frames", [17, 100, 301])
@pytest.mark.parametrize("scales", [(3.75,), (3.0, 20.0)])
def test_responses_see_mirrored_ends(frames, scales):
    y = np.random.default_rng(frames).standard_normal(frames).cumsum() + 5
    chosen = search.decompose(y, search.Search(scales, 16, least_rise=0.1))
    expected = [oracle.mirrored_response(y, scale) for scale in scales]
    np.testing.assert_allclose(chosen, expected, atol=1e-9 * np.ptp(y) * max(scales))
