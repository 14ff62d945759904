"""Permutation tests of a coefficient: values by slow loops, SciPy and statsmodels; missing values; blocks."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from bitbox_xr.kernels import permutation

from study_summaries import every_exchange, every_flip, every_order, slow_permutations

SECOND = np.array([False] * 4 + [True] * 5)


def evaluate(cells, nuisance, effect, arrangements, least=4):
    return permutation.evaluate([permutation.Family(cells, nuisance)], effect, arrangements, least)


def values(n=9, cells=4, seed=0):
    return np.random.default_rng(seed).normal(size=(n, cells)) * [1, 5, 1e-3, 1e3][:cells]


def test_flips_equal_a_slow_loop():
    cells = values(7) + np.array([0.5, 0, 0, 2e3])
    arrangements = permutation.flips(7, 4999, np.random.default_rng(0))
    assert (arrangements.exact, len(arrangements.rows)) == (True, 128)
    found = evaluate(cells, np.empty((7, 0)), np.ones(7), arrangements)
    observed, p, p_fwe = slow_permutations(cells, np.empty((7, 0)), np.ones(7), every_flip(7))
    np.testing.assert_allclose(np.abs(found.t), observed)
    np.testing.assert_allclose(found.p, p)
    np.testing.assert_allclose(found.p_fwe, p_fwe)
    for cell, own in zip(cells.T, found.p, strict=True):
        expected = stats.permutation_test((cell,), np.mean, permutation_type="samples", n_resamples=np.inf)
        assert own == pytest.approx(expected.pvalue)


def test_exchanges_equal_a_slow_loop():
    cells = values() + SECOND[:, None] * [1, 0, 0, 1e3]
    arrangements = permutation.exchanges(SECOND, 4999, np.random.default_rng(0), labels_only=True)
    assert (arrangements.exact, len(arrangements.rows)) == (True, 126)
    found = evaluate(cells, np.ones((9, 1)), SECOND.astype(float), arrangements)
    orders = every_exchange(SECOND)
    observed, p, p_fwe = slow_permutations(cells, np.ones((9, 1)), SECOND.astype(float), orders)
    np.testing.assert_allclose(np.abs(found.t), observed)
    np.testing.assert_allclose(found.p, p)
    np.testing.assert_allclose(found.p_fwe, p_fwe)


def test_exchanges_equal_the_permutation_test_of_scipy_with_welchs_t():
    cells = values()
    arrangements = permutation.exchanges(SECOND, 4999, np.random.default_rng(0), labels_only=True)
    found = evaluate(cells, np.ones((9, 1)), SECOND.astype(float), arrangements)

    def welch(a, b, axis):
        return np.abs(stats.ttest_ind(a, b, equal_var=False, axis=axis).statistic)

    for cell, p in zip(cells.T, found.p, strict=True):
        sides = cell[SECOND], cell[~SECOND]
        expected = stats.permutation_test(sides, welch, n_resamples=np.inf, alternative="greater")
        assert p == pytest.approx(expected.pvalue)


def test_covariates_equal_a_slow_loop_of_freedman_and_lane():
    second = np.array([False, False, False, True, True, True])
    cells = values(6, 2) + second[:, None]
    nuisance = np.column_stack([np.ones(6), np.random.default_rng(5).normal(size=6)])
    orders = list(every_order(6))
    rows = np.array([change(np.arange(6)) for change in orders])
    arrangements = permutation.Arrangements(rows, False, True)
    found = evaluate(cells, nuisance, second.astype(float), arrangements, least=3)
    observed, p, p_fwe = slow_permutations(cells, nuisance, second.astype(float), orders)
    np.testing.assert_allclose(np.abs(found.t), observed)
    np.testing.assert_allclose(found.p, p)
    np.testing.assert_allclose(found.p_fwe, p_fwe)


def test_covariates_of_one_sample_equal_a_slow_loop():
    cells = values(8, 2) + 0.5
    nuisance = np.random.default_rng(5).normal(size=(8, 1))
    nuisance -= nuisance.mean()
    found = evaluate(cells, nuisance, np.ones(8), permutation.flips(8, 4999, np.random.default_rng(0)))
    observed, p, p_fwe = slow_permutations(cells, nuisance, np.ones(8), every_flip(8))
    np.testing.assert_allclose(np.abs(found.t), observed)
    np.testing.assert_allclose(found.p, p)
    np.testing.assert_allclose(found.p_fwe, p_fwe)


@pytest.mark.parametrize("covariates", [0, 2])
def test_estimates_and_errors_are_those_of_statsmodels(covariates):
    cells = values(20)
    second = np.repeat([0.0, 1.0], [8, 12])
    nuisance = np.column_stack([np.ones(20), np.random.default_rng(1).normal(size=(20, covariates))])
    found = evaluate(
        cells, nuisance, second, permutation.exchanges(second == 1, 9, np.random.default_rng(0), labels_only=False)
    )
    for k, cell in enumerate(cells.T):
        fit = sm.OLS(cell, np.column_stack([nuisance, second])).fit(cov_type="HC2", use_t=True)
        assert found.estimate[k] == pytest.approx(fit.params[-1])
        assert found.error[k] == pytest.approx(fit.bse[-1])
        assert found.deviation[k] == pytest.approx(np.sqrt(fit.scale))
        if covariates:
            assert found.freedom[k] == fit.df_resid
        else:
            welch = stats.ttest_ind(cell[second == 1], cell[second == 0], equal_var=False)
            assert (found.t[k], found.freedom[k]) == (pytest.approx(welch.statistic), pytest.approx(welch.df))


def test_a_missing_recording_leaves_its_cell_only():
    cells = values(16, 3)
    second = np.repeat([False, True], 8)
    cells[[2, 9, 10], 1] = np.nan
    arrangements = permutation.exchanges(second, 999, np.random.default_rng(0), labels_only=False)
    found = evaluate(cells, np.ones((16, 1)), second.astype(float), arrangements)
    whole = evaluate(cells[:, [0, 2]], np.ones((16, 1)), second.astype(float), arrangements)
    np.testing.assert_array_equal(found.p[[0, 2]], whole.p)
    at = ~np.isnan(cells[:, 1])
    alone = stats.ttest_ind(cells[at & second, 1], cells[at & ~second, 1], equal_var=False)
    assert found.t[1] == pytest.approx(alone.statistic)
    assert found.p[1] == pytest.approx(alone.pvalue, abs=0.08)


def test_cells_with_few_recordings_or_without_variance_are_not_tested():
    cells = np.tile(values(16, 1), (1, 5))
    second = np.repeat([False, True], 8)
    cells[:5, 1] = np.nan  # three are left on the first side
    cells[:, 2] = np.nan
    cells[:, 3] = 0.1
    cells[:, 4] = second * 3.0  # only the groups differ
    arrangements = permutation.exchanges(second, 199, np.random.default_rng(0), labels_only=False)
    found = evaluate(cells, np.ones((16, 1)), second.astype(float), arrangements)
    np.testing.assert_array_equal(np.isnan(found.t), [False, True, True, True, False])
    np.testing.assert_array_equal(np.isnan(found.p_fwe), np.isnan(found.t))
    assert (found.t[4], found.error[4], found.p[4]) == (np.inf, pytest.approx(0, abs=1e-12), 1 / 200)


def test_results_do_not_depend_on_blocks(monkeypatch):
    cells, nuisance = values(16), np.column_stack([np.ones(16), np.arange(16) % 3])
    second = np.repeat([0.0, 1.0], 8)
    arrangements = permutation.exchanges(second == 1, 500, np.random.default_rng(0), labels_only=False)
    whole = evaluate(cells, nuisance, second, arrangements)
    monkeypatch.setattr(permutation, "BLOCK_VALUES", 100)
    for one, other in zip(whole, evaluate(cells, nuisance, second, arrangements), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_random_arrangements_begin_with_the_observed_one():
    rng = np.random.default_rng(0)
    signs = permutation.flips(30, 50, rng)
    orders = permutation.exchanges(np.arange(30) < 15, 50, rng, labels_only=True)
    assert (len(signs.rows), len(orders.rows), signs.exact, orders.exact) == (51, 51, False, False)
    np.testing.assert_array_equal(signs.rows[0], 1)
    np.testing.assert_array_equal(orders.rows[0], np.arange(30))
    np.testing.assert_array_equal(np.sort(orders.rows, axis=1), np.tile(np.arange(30), (51, 1)))


def test_p_values_of_one_cell_are_its_family_wise_p_values():
    """Exactly, so that both are at most .05 in the same arrangements."""
    second = np.repeat([0.0, 1.0], 8)
    for seed in range(40):
        arrangements = permutation.exchanges(second == 1, 19, np.random.default_rng(seed), labels_only=False)
        found = evaluate(values(16, 1, seed), np.ones((16, 1)), second, arrangements)
        assert found.p_fwe[0] == found.p[0]
