"""The rates that the documentation claims, on a smaller budget than its tables (`benchmarks/calibrate.py`)."""

import numpy as np
import pytest

from calibrate import bursts, level, power, real, sessions, slow

pytestmark = pytest.mark.slow

RUNS = 40
LOW, HIGH = 0.03, 0.075  # share of unrelated pairs with p ≤ .05
ANY = 3 / 20  # runs in which any unrelated pair has p_fwe ≤ .05


@pytest.mark.parametrize("make", [slow, bursts])
def test_level_of_shift(make):
    shares, any_pair = level(make, RUNS)
    assert LOW <= shares.mean() <= HIGH
    assert any_pair.mean() <= ANY


@pytest.mark.parametrize("make", [slow, bursts])
def test_level_of_shift_with_lost_frames(make):
    shares, any_pair = level(make, 12, gaps="y")
    assert LOW <= shares.mean() <= HIGH
    assert any_pair.mean() <= ANY


def test_segments_hold_where_windows_share_no_frame():
    shares, any_pair = level(bursts, 20, surrogates="segments", step=3.0)
    assert LOW <= shares.mean() <= HIGH
    assert any_pair.mean() <= ANY


def test_a_follower_as_strong_as_its_noise_is_found_with_its_lag():
    p_fwe, off = power(1, 20).T
    assert (p_fwe <= 0.01).mean() >= 0.95
    assert (np.abs(off) <= 1).mean() >= 0.95


def test_people_who_never_met():
    if sessions() is None:
        pytest.skip("there are no recordings beside the project")
    found = real(n=99)
    met = np.eye(len(found.signal1), dtype=bool)
    assert found.surrogate_z.values[met].mean() > found.surrogate_z.values[~met].mean()
    assert (found.p.values[~met] > 0.05).mean() >= 0.75
