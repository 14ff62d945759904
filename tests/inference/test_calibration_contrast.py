"""Levels and power of contrasts that the documentation states, with fewer runs (`benchmarks/calibrate_contrast.py`)."""

import pytest

from calibrate_contrast import level, power

pytestmark = pytest.mark.slow

LOW, HIGH = 0.02, 0.09  # family-wise rate at .05: three standard errors of 300 runs


@pytest.mark.parametrize("design", ["one sample", "between", "within", "covariate"])
@pytest.mark.parametrize("kind", ["normal", "skewed"])
def test_family_wise_rate_of_matched_pairs(design, kind):
    any_cell, share = level(17, 300, design, kind, n=99)
    assert LOW <= any_cell <= HIGH
    assert 0.04 <= share <= 0.06


def test_family_wise_rate_of_many_pairs():
    any_cell, share = level(6241, 20, n=39)
    assert any_cell <= 4 / 20
    assert 0.03 <= share <= 0.07


def test_a_large_difference_in_one_pair_of_many_is_found():
    assert power(1.5, 20, 196, 20, n=99) >= 0.7
