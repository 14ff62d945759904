"""A small part of tests/benchmarks/calibrate_contingency.py, with limits that its sampling error allows."""

import pytest
from calibrate_contingency import level, power

pytestmark = pytest.mark.slow

RUNS = 60  # a level of .05 has a standard error of .028


@pytest.mark.parametrize("name", ["bursts", "70 % zeros", "integers"])
def test_unrelated_pairs_are_rarely_significant(name):
    share, tested = level(name, RUNS)
    assert tested > RUNS / 2
    assert share < 0.15


def test_a_shared_schedule_needs_by():
    assert level("shared blocks", RUNS // 3)[0] > 0.5
    assert level("shared blocks", RUNS, by=True)[0] < 0.15


def test_followed_pairs_are_found_in_one_direction():
    found, above = power(RUNS)
    assert found > 0.75  # .87 in 200 runs; ranks of the share that is answered find .48
    assert above == pytest.approx(0.3, abs=0.06)
    unrelated, none = power(RUNS, followed=0.0)
    assert unrelated < 0.15
    assert none == pytest.approx(0, abs=0.06)
