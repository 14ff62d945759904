"""False-positive rates and power that the documentation states, with fewer runs (`benchmarks/calibrate.py`)."""

import numpy as np
import pytest

from calibrate import bursts, level, power, real, sessions, slow

pytestmark = pytest.mark.slow

RUNS = 40
LOW, HIGH = 0.03, 0.075  # share of unrelated pairs with p ≤ .05
MAX_FAMILY_RATE = 3 / 20  # share of runs in which any unrelated pair has p_fwe ≤ .05


@pytest.mark.parametrize("make", [slow, bursts])
def test_false_positive_rate_of_shift(make):
    shares, any_pair = level(make, RUNS)
    assert LOW <= shares.mean() <= HIGH
    assert any_pair.mean() <= MAX_FAMILY_RATE


@pytest.mark.parametrize("make", [slow, bursts])
def test_false_positive_rate_of_shift_with_missing_frames(make):
    shares, any_pair = level(make, 12, gaps="y")
    assert LOW <= shares.mean() <= HIGH
    assert any_pair.mean() <= MAX_FAMILY_RATE


def test_false_positive_rate_of_segments_without_overlapping_windows():
    shares, any_pair = level(bursts, 20, surrogates="segments", step=3.0)
    assert LOW <= shares.mean() <= HIGH
    assert any_pair.mean() <= MAX_FAMILY_RATE


def test_imitation_as_strong_as_noise_is_found_with_its_lag():
    p_fwe, off = power(1, 20).T
    assert (p_fwe <= 0.01).mean() >= 0.95
    assert (np.abs(off) <= 1).mean() >= 0.95


def test_few_pairs_of_people_who_never_met_are_significant():
    if sessions() is None:
        pytest.skip("no recordings found in ../shared/data")
    found = real(n=99)
    met = np.eye(len(found.signal1), dtype=bool)
    assert found.surrogate_z.values[met].mean() > found.surrogate_z.values[~met].mean()
    assert (found.p.values[~met] > 0.05).mean() >= 0.75
