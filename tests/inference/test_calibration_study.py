"""The calibration of the study page (`benchmarks/calibrate_study.py`) finds what is in the dyads that it draws from."""

import numpy as np
import pytest
import xarray as xr

from calibrate_study import ORDER, PLANTED, bias, level, power

PAIRS = [*PLANTED, "AU01_r", "AU02_r"]


def dyads(seed, effect=0.0, spread=1.0, number=60):
    """Random values of one group, related over pairs, with an effect in the planted pairs during play."""
    rng = np.random.default_rng(seed)
    values = spread * (rng.normal(size=(number, 3, 5)) + rng.normal(size=(number, 3, 1)))
    values[:, ORDER.index("play"), : len(PLANTED)] += effect
    return xr.Dataset(
        {"excess": (("recording", "condition", "pair"), values)}, {"condition": list(ORDER), "pair": PAIRS}
    )


@pytest.mark.slow
def test_level_and_power():
    assert level(dyads(0, effect=3), dyads(1, spread=1.5), 150, n=99) == pytest.approx(0.05, abs=0.05)
    found = power(dyads(2), dyads(3, effect=4), 40, n=99)
    assert min(found[name] for name in PLANTED) > 0.7
    assert found["all of them"] <= min(found[name] for name in PLANTED) <= found["any of them"]
    assert found["any other pair"] <= 0.15


def test_bias_is_the_difference_of_means_with_its_standard_error():
    clinic, control = dyads(4, number=400), dyads(5, effect=2, number=400)
    found = bias(clinic, control)
    assert found["planted pairs"][0] == pytest.approx(2, abs=3 * found["planted pairs"][1])
    assert found["other pairs"][0] == pytest.approx(0, abs=3 * found["other pairs"][1])
    variance = 2 * (1 + 1 / 2)  # of the mean of two pairs, in play minus baseline
    assert found["other pairs"][1] == pytest.approx(np.sqrt(2 * variance / 400), rel=0.1)
