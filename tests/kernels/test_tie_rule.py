"""The tie rule of lags, for single numbers, for tiles and for direct computation."""

import itertools

import numpy as np
import pytest

from bitbox_xr.kernels.correlation import ties, windowed
from bitbox_xr.kernels.jit import kernel

NAN = np.nan


@kernel
def _offer_all(r, seconds, signed, nearest):
    best, lag = np.full(1, np.nan), np.full(1, np.nan)
    for k in range(len(r)):
        ties.enter(best, lag, 0, r[k], seconds[k], signed, nearest)
    return best[0], lag[0]


@kernel
def _beats(rival, held):
    return ties.beats(rival, held)


@pytest.mark.parametrize(
    ("rival", "held", "expected"),
    [
        (0.5, 0.4, True),
        (0.4, 0.5, False),
        (0.5, 0.5, False),
        (0.5 + 0.9e-6, 0.5, False),
        (0.5 + 1.1e-6, 0.5, True),
        (-1.0, NAN, True),
        (NAN, NAN, True),
        (NAN, -1.0, False),
        (np.float32(0.5), np.float32(0.25), True),
    ],
)
def test_a_correlation_wins_if_it_exceeds_the_best_by_more_than_a_tie_or_if_there_is_no_best(rival, held, expected):
    assert _beats(rival, held) == expected


def test_the_compiled_comparison_equals_numpy_for_random_and_tied_numbers():
    rng = np.random.default_rng(0)
    grid = rng.integers(-4, 5, (5000, 2)) * 0.5e-6
    numbers = np.concatenate([grid + 0.3, rng.uniform(-1, 1, (5000, 2))])
    expected = numbers[:, 0] > numbers[:, 1] + ties.TIE
    assert expected.any()
    assert not expected.all()
    assert [_beats(*pair) for pair in numbers] == expected.tolist()


def test_the_sorted_order_agrees_with_the_comparison_of_two_lags():
    for nearest in (True, False):
        order = ties.ordered(range(-9, 10), nearest=nearest)
        assert all(ties.precedes(a, b, nearest) for a, b in itertools.combinations(order, 2))
        assert not any(ties.precedes(b, a, nearest) for a, b in itertools.combinations(order, 2))
    assert ties.ordered(range(-2, 3), nearest=True) == [0, -1, 1, -2, 2]
    assert ties.ordered(range(-2, 3), nearest=False) == [2, -2, 1, -1, 0]


@pytest.mark.parametrize("nearest", [True, False])
@pytest.mark.parametrize("signed", [True, False])
def test_the_best_lag_does_not_depend_on_the_order_of_lags(signed, nearest):
    lags = [-2.0, -1.0, 0.0, 1.0, 2.0]
    strength = [0.5, 0.7, -0.3, 0.7 + 5e-7, 0.7 if signed else -0.7]
    expected = -1.0 if nearest else 2.0  # of three lags that tie
    for order in itertools.permutations(range(5)):
        r, seconds = np.array(strength)[list(order)], np.array(lags)[list(order)]
        best, lag = _offer_all(r, seconds, signed, nearest)
        assert lag == expected
        assert best == strength[lags.index(expected)]


def test_missing_correlations_are_ignored():
    assert np.isnan(_offer_all(np.array([NAN, NAN]), np.zeros(2), False, True)).all()
    assert _offer_all(np.array([0.1, NAN]), np.array([1.0, 0.0]), False, True) == (0.1, 1.0)


@pytest.mark.parametrize("nearest", [True, False])
def test_the_highest_correlation_of_one_lag_is_kept(nearest):
    for r in ([0.5, 0.5 - 5e-7], [0.5 - 5e-7, 0.5]):
        assert _offer_all(np.array(r), np.array([2.0, 2.0]), False, nearest) == (0.5, 2.0)
    assert not ties.precedes(2.0, 2.0, nearest)


# --- tiles and direct computation

WIDTH, LAG, PERIOD = 24, 6, 3


def _periodic(rng, signals):
    """Signals with a period of 3 frames, so that lags 3 frames apart tie."""
    return np.tile(rng.normal(size=(PERIOD, signals)), (40, 1))


def _best(x, y, nearest):
    pairs = {lag: (0, lag, 1) for lag in range(-LAG, LAG + 1)}
    plan = windowed.plan(WIDTH, 5, pairs, least=12, nearest=nearest)
    count = (len(x) - WIDTH - 2 * LAG) // 5 + 1
    corr, lag = (np.empty((count, x.shape[1], y.shape[1]), np.float32) for _ in range(2))
    valid = [np.empty((count, a.shape[1]), np.float32) for a in (x, y)]
    windowed.best_lags(x[LAG:], y, plan, plan.lags, corr, lag, *valid)
    return corr, lag


@pytest.mark.parametrize(("nearest", "winners"), [(True, {-1, 0, 1}), (False, {-5, 5, 6})])
def test_tiles_and_direct_computation_choose_the_same_lag_in_a_tie(nearest, winners):
    rng = np.random.default_rng(1)
    x, y = _periodic(rng, 3), _periodic(rng, 5)
    _, by_tiles = _best(x, y, nearest)
    # A signal with its own gaps is computed directly. y is periodic, so lags 3 frames apart still tie.
    x[::17, 0] = np.nan
    _, mixed = _best(x, y, nearest)
    assert set(by_tiles.ravel()) <= winners
    assert set(mixed[:, 0].ravel()) <= winners
    np.testing.assert_array_equal(mixed[:, 1:], by_tiles[:, 1:])
