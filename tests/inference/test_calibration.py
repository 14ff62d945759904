"""A small part of the calibration that the documentation states (`benchmarks/calibrate_significance.py`)."""

import numpy as np
import pytest
from scipy.stats import binom

from calibrate_significance import DATA, SHORT, excess, level, met, power, structured

pytestmark = pytest.mark.slow

SURE = 0.999  # of the binomial limits


def runs(part, number, **options):
    """Results of a part of the calibration, with fixed seeds."""
    return [part(np.random.default_rng([7, run]), **options) for run in range(number)]


@pytest.mark.parametrize(
    ("seconds", "noise", "options"),
    [
        (20, "AR(.95)", {**SHORT, "measure": "imitation", "statistic": None}),
        (20, "bursts", {**SHORT, "measure": "coordination", "statistic": "corr_mean"}),
        (60, "70 % zeros", {"width": 2.0, "max_lag": 1.0, "measure": "imitation", "statistic": None}),
        (120, "integers", {"width": 2.0, "max_lag": 1.0, "measure": "imitation", "statistic": "corr_mean"}),
    ],
)
def test_unrelated_people_are_significant_as_often_as_stated(seconds, noise, options):
    found = runs(level, 40, seconds=seconds, noise=noise, **options)
    values = found[0]["n"] + 1
    share = np.mean([one["significant"] / one["pairs"] for one in found])
    assert abs(share - int(0.05 * values + 1e-9) / values) <= 0.015
    assert sum(one["any"] for one in found) <= binom.ppf(SURE, 40, 0.05)


def test_a_recording_that_is_too_short_is_never_significant():
    options = {"width": 2.0, "max_lag": 1.0, "measure": "imitation", "statistic": None}
    assert all(one["significant"] == 0 for one in runs(level, 5, seconds=20, noise="bursts", **options))


@pytest.mark.parametrize(
    ("design", "trial", "test", "most"),
    [("blocks", 5, "shift", 0.08), ("habituation", 15, "shift", 0.08), ("evoked", 20, "permute", 0.1)],
)
def test_people_on_one_schedule_are_rarely_significant_within_intervals(design, trial, test, most):
    found = runs(structured, 8, design=design, trial=trial, test=test)
    for label in ("active", "rest"):
        assert np.mean([one[f"significant {label}"] / one[f"pairs {label}"] for one in found]) <= most
        assert sum(one[f"any {label}"] for one in found) <= binom.ppf(SURE, 8, 0.05)


def test_people_on_one_schedule_are_often_significant_over_the_whole_recording():
    found = runs(structured, 3, design="blocks", trial=15, test="whole")
    assert np.mean([one["significant"] / one["pairs"] for one in found]) > 0.3
    assert all(one["active"] > one["pairs"] / 4 for one in found)  # which is noted


def test_excess_does_not_depend_on_the_length_of_trials():
    means = [
        np.mean([one["excess"] for one in runs(excess, 8, noise="white", trials=trials)])
        for trials in ("1 × 120 s", "12 × 10 s", "20 × 6 s")
    ]
    assert max(means) <= 1.05 * min(means)


def test_a_follower_is_found_with_the_lag():
    found = runs(power, 20, seconds=120, windows="usual", strength=1 / 4)
    assert np.mean([one["p_fwe"] <= 0.05 for one in found]) >= 0.95
    assert np.mean([abs(one["off"]) <= 1 for one in found]) >= 0.95


def test_few_pairs_of_people_who_never_met_are_significant():
    if not DATA.is_dir():
        pytest.skip("no recordings found in ../shared/data")
    found = met(None, options={}, n=99)
    z, p = np.array(found["surrogate_z"]), np.array(found["p"])
    own = np.eye(len(z), dtype=bool)
    assert z[own].mean() > z[~own].mean()
    assert (p[~own] > 0.05).mean() >= 0.75
