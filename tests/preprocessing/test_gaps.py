"""Gaps: which are filled, and with which values."""

from itertools import pairwise

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from bitbox_xr import fill_gaps, regularity, signals

from random_recordings import NAN, column, noise


def test_gaps_up_to_max_gap_are_filled():
    x = column([NAN, 1, NAN, 3, NAN, NAN, 9, NAN, NAN, NAN, 1, NAN], fps=10)
    expected = {
        0.2: [NAN, 1, 2, 3, NAN, NAN, 9, NAN, NAN, NAN, 1, NAN],
        0.3: [NAN, 1, 2, 3, 5, 7, 9, NAN, NAN, NAN, 1, NAN],
        np.inf: [NAN, 1, 2, 3, 5, 7, 9, 7, 5, 3, 1, NAN],
    }
    for longest, values in expected.items():
        np.testing.assert_allclose(fill_gaps(x, max_gap=longest).values[:, 0], values)


def test_a_max_gap_below_one_missing_frame_is_refused_if_there_may_be_one():
    with pytest.raises(
        ValueError, match=r"max_gap to be at least 0.2 s, the gap that one missing frame leaves, got 0.1"
    ):
        fill_gaps(column([0, NAN, 2], fps=10), max_gap=0.1)
    assert fill_gaps(column([0, 1], fps=10), max_gap=0.1).values[:, 0].tolist() == [0, 1]  # too short for a gap


def test_gaps_are_filled_per_signal():
    x = signals([[0.0, 5.0], [NAN, 6.0], [2.0, NAN], [3.0, NAN], [4.0, 9.0]], fps=10)
    filled = fill_gaps(x, max_gap=0.2)
    np.testing.assert_allclose(filled, [[0, 5], [1, 6], [2, NAN], [3, NAN], [4, 9]])


def test_gaps_between_irregular_times_are_measured_in_seconds():
    x = column([0.0, NAN, 3.0, NAN, 6.0], time=[0.0, 0.1, 0.3, 0.32, 0.6])
    np.testing.assert_allclose(fill_gaps(x, max_gap=0.3).values[:, 0], [0, 1, 3, 3.2, 6])
    np.testing.assert_allclose(fill_gaps(x.isel(time=slice(0, 4)), max_gap=0.3).values[:, 0], [0, 1, 3, NAN])
    y = column([0.0, NAN, 3.0, NAN, 5.0], time=[0.0, 0.1, 0.3, 0.32, 0.5])
    np.testing.assert_allclose(fill_gaps(y, max_gap=0.25).values[:, 0], [0, NAN, 3, 3.2, 5])


@settings(deadline=None)
@given(seed=st.integers(0, 1000), lost=st.floats(0, 0.9), longest=st.sampled_from([2, 3, 5, 20]))
def test_filling_changes_only_missing_values(seed, lost, longest):
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


def test_max_gap_equal_to_the_gap_length_fills_the_gap():
    values = noise(50, k=1)
    values[10:14] = NAN
    x = signals(values, fps=24)
    length = float(regularity(x).longest_gap)
    assert fill_gaps(x, max_gap=length).notnull().all()
    assert fill_gaps(x, max_gap=length - 1e-3).isnull().sum() == 4
