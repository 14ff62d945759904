"""Tiles and plain loops give the same correlations and lags within the precision of float32."""

import numpy as np
import pytest

from bitbox_xr.kernels.correlation import windowed

import plain_tiles

WIDTH, LAG, STEP = 24, 4, 9


def _run(best_lags, x, y, *, two_sided, signed):
    if two_sided:
        pairs = {
            d: (max(-LAG, -LAG - d), max(-LAG, -LAG + d), 2 * LAG + 1 - abs(d)) for d in range(-2 * LAG, 2 * LAG + 1)
        }
    else:
        pairs = {d: (0, d, 1) for d in range(-LAG, 1)}
    plan = windowed.plan(WIDTH, STEP, pairs, least=12, signed=signed)
    count = (len(x) - WIDTH - 2 * LAG) // STEP + 1
    corr, lag = (np.empty((count, x.shape[1], y.shape[1]), np.float32) for _ in range(2))
    valid = [np.empty((count, a.shape[1]), np.float32) for a in (x, y)]
    sides = [a[LAG - back :] for a, back in zip((x, y), plan.back, strict=True)]
    best_lags(*sides, plan, plan.lags, corr, lag, *valid)
    return corr, lag


@pytest.mark.slow
@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("two_sided", [False, True])
def test_plain_loops_equal_tiles(two_sided, signed, gaps):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(120, 7)), rng.normal(size=(120, 83))
    if gaps:
        x[30:36], y[70, 3] = np.nan, np.nan
    corr, lag = _run(windowed.best_lags, x, y, two_sided=two_sided, signed=signed)
    plain, plain_lag = _run(plain_tiles.best_lags, x, y, two_sided=two_sided, signed=signed)
    assert np.isfinite(corr).any()
    np.testing.assert_allclose(plain, corr, atol=2e-6)
    # lags of random numbers differ only where two correlations are equal but for rounding
    assert np.mean(plain_lag != lag) < 1e-3
