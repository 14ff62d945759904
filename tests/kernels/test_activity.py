"""Variance within windows, and its rank correlation over windows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from bitbox_xr.kernels.activity import candidates, chosen_correlation, rank_correlation, ranked, window_variances


@given(st.integers(0, 999), st.sampled_from([0.0, 1e9]))
@settings(max_examples=30, deadline=None)
def test_variances_are_those_of_numpy(seed, offset):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(60, 3)) + offset
    x[rng.random(x.shape) < 0.3] = np.nan
    found = window_variances(x, 10, 4, 5, 12, 7)
    for w in range(12):
        part = x[5 + 4 * w : 15 + 4 * w]
        enough = (~np.isnan(part)).sum(axis=0) >= 7
        expected = [np.nanvar(column) if there else np.nan for column, there in zip(part.T, enough, strict=True)]
        np.testing.assert_allclose(found[w], expected, rtol=1e-6)


def test_constant_signals_have_a_variance_of_exactly_zero():
    assert (window_variances(np.full((30, 1), 0.1 + 0.2), 7, 1, 0, 20, 3) == 0).all()


@given(st.integers(0, 999), st.integers(1, 9))
@settings(max_examples=30, deadline=None)
def test_rank_correlation_is_spearmans(seed, digits):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(20, 3)).round(digits), rng.normal(size=(20, 2)).round(digits)
    np.testing.assert_allclose(rank_correlation(a, b), spearmanr(a, b).statistic[:3, 3:], atol=1e-12)
    a[rng.random(20) < 0.2], b[rng.random(20) < 0.2] = np.nan, np.nan  # whole windows: still exact
    some = ~np.isnan(a[:, 0]) & ~np.isnan(b[:, 0])
    np.testing.assert_allclose(rank_correlation(a, b), spearmanr(a[some], b[some]).statistic[:3, 3:], atol=1e-12)


def test_windows_of_single_signals_may_be_missing():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(40, 2)), rng.normal(size=(40, 2))
    b[:, 0] = a[:, 0]
    b[::3, 0] = np.nan
    found = rank_correlation(a, b)
    assert found[0, 0] > 0.98  # ranks are over the own windows of each signal
    assert found[1, 1] == pytest.approx(spearmanr(a[:, 1], b[:, 1]).statistic)


def test_constant_or_rare_activity_has_no_correlation():
    a, b = np.ones((9, 1)), np.arange(9.0)[:, None]
    assert np.isnan(rank_correlation(a, b)).all()
    b[2:] = np.nan
    assert np.isnan(rank_correlation(np.arange(9.0)[:, None], b)).all()
    assert np.isnan(rank_correlation(b[:0], b[:0])).all()


@given(st.integers(0, 999), st.integers(0, 3))
@settings(max_examples=30, deadline=None)
def test_chosen_windows_have_spearmans_correlation(seed, digits):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(20, 9)).round(digits), rng.normal(size=(50, 9)).round(digits)
    a[:, 3] = 1.0
    chosen = rng.permutation(50)[:20]
    found = chosen_correlation(ranked(a), candidates(b), chosen)
    expected = [spearmanr(a[:, i], b[chosen, i]).statistic for i in range(9) if i != 3]
    np.testing.assert_allclose(np.delete(found, 3), expected, atol=1e-12)
    assert np.isnan(found[3])


@given(st.integers(0, 999), st.booleans())
@settings(max_examples=30, deadline=None)
def test_chosen_windows_without_a_partner_or_value_are_left_out(seed, gaps):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(20, 5)), rng.normal(size=(50, 5))
    if gaps:
        a[rng.random(20) < 0.2], b[rng.random(50) < 0.2] = np.nan, np.nan
    chosen = np.where(rng.random(20) < 0.7, rng.permutation(50)[:20], -1)
    found = chosen_correlation(ranked(a), candidates(b), chosen)
    for i in range(5):
        used = (chosen >= 0) & ~np.isnan(a[:, i]) & ~np.isnan(b[chosen, i])
        expected = spearmanr(a[used, i], b[chosen[used], i]).statistic if used.sum() >= 3 else np.nan
        np.testing.assert_allclose(found[i], expected, atol=1e-12)
