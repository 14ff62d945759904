"""Draws without repetition: shifts on a grid, and orders that leave nothing in its place."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitbox_xr.kernels import distinct_draws as draws


@given(st.integers(1, 40), st.integers(0, 90), st.integers(1, 700), st.integers(1, 60), st.integers(0, 99))
@settings(max_examples=100, deadline=None)
def test_shifts_of_one_circle_are_far_from_each_other_and_from_zero(step, apart, frames, n, seed):
    spacing = draws.grid_spacing(step, apart)
    size = draws.grid_size(frames, spacing)
    if size < 2:
        return
    shifts = draws.draw_shifts(np.random.default_rng(seed), n, [size], spacing)[:, 0]
    assert len(shifts) == min(n, size - 1)
    assert (shifts % step == 0).all()
    every = np.append(shifts, 0)
    gaps = np.diff(np.sort(np.append(every, frames)))  # around the circle, zero included
    assert (gaps >= max(apart, step)).all()
    assert spacing - max(apart, 1) < step


@given(st.lists(st.integers(3, 6), min_size=2, max_size=4), st.integers(1, 80), st.integers(0, 99))
@settings(max_examples=50, deadline=None)
def test_rows_of_several_circles_are_different(sizes, n, seed):
    for partly, number in ((False, draws.n_shifts(sizes)), (True, math.prod(sizes) - 1)):
        rows = draws.draw_shifts(np.random.default_rng(seed), n, sizes, 30, partly=partly)
        assert len(rows) == len({tuple(row) for row in rows.tolist()}) == min(n, number)
        assert (rows % 30 == 0).all()
        assert (rows // 30 < sizes).all()
        assert (rows.any(axis=1) if partly else rows.all(axis=1)).all()


@given(st.integers(2, 8), st.integers(1, 300), st.integers(0, 99))
@settings(max_examples=50, deadline=None)
def test_orders_are_different_and_move_items(size, n, seed):
    for partly, number in ((False, draws.n_derangements(size)), (True, math.factorial(size) - 1)):
        rows = draws.draw_orders(np.random.default_rng(seed), n, size, partly=partly)
        assert len(rows) == len({tuple(row) for row in rows.tolist()}) == min(n, number)
        assert (np.sort(rows, axis=1) == np.arange(size)).all()
        moved = rows != np.arange(size)
        assert (moved.any(axis=1) if partly else moved.all(axis=1)).all()


@pytest.mark.parametrize("partly", [False, True])
def test_every_shift_is_drawn_equally_often(partly):
    rng = np.random.default_rng(0)
    rows = np.concatenate([draws.draw_shifts(rng, 3, [4, 50], 1, partly=partly) for _ in range(2000)])
    shares = np.bincount(rows[:, 0], minlength=4) / len(rows)
    expected = np.full(4, 1 / 4) if partly else np.array([0, 1 / 3, 1 / 3, 1 / 3])
    np.testing.assert_allclose(shares, expected, atol=0.03)
