"""Plots beside chance: ranked matched pairs, one pair's null distribution, and the band of a lag profile."""

import matplotlib
import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

import bitbox_xr as bx
from bitbox_xr.plotting import chance as plotting
from bitbox_xr.plotting import pairs

matplotlib.use("Agg")

WINDOWS = {"width": 1.0, "step": 0.5, "max_lag": 0.3}
NAMES = ["AU01", "AU04", "AU06", "AU12", "AU25"]


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(0)
    model, participant = rng.normal(size=(2, 900, 5))
    participant[:, 3] += np.roll(model[:, 3], 6)
    participant[:, 1] += 0.5 * np.roll(model[:, 1], 6)
    return [bx.signals(values, fps=30, names=NAMES) for values in (participant, model)]


def axes():
    return Figure(layout="constrained").subplots()


def test_matched_pairs_are_ranked_by_their_effect(people):
    found = bx.significance(*people, n=29, rng=0, pairs="matched", progress=False, **WINDOWS)
    ax = plotting.matched_pairs(found, by="p", alpha=0.05, ax=axes())
    labels = [label.get_text() for label in ax.get_yticklabels()]
    ranked = found.sortby(found.excess, ascending=False)
    assert labels == ranked.pair.values.tolist()
    assert labels[0] == "AU12"
    (band,) = ax.collections
    segments = np.array(band.get_segments())
    np.testing.assert_allclose(segments[:, 0, 0], ranked.null_mean - 1.96 * ranked.null_std)
    np.testing.assert_allclose(segments[:, 1, 0], ranked.null_mean + 1.96 * ranked.null_std)
    _, plain, red = ax.lines
    np.testing.assert_allclose(red.get_xdata(), ranked.observed[ranked.p <= 0.05])
    np.testing.assert_allclose(plain.get_xdata(), ranked.observed[ranked.p > 0.05])
    assert ax.get_xlabel() == "mean absolute correlation"
    assert f"{len(red.get_xdata())} of 5 pairs significant" in ax.get_title(loc="left")


def test_the_chance_interval_ends_at_the_limits_of_a_correlation_and_untested_pairs_have_none():
    numbers = {"observed": [0.5, 0.4, np.nan], "null_mean": [0.5, 0.9, 0.6], "null_std": [0.3, 0.2, 0.1]}
    numbers |= {"p_fwe": [0.9, 0.8, np.nan]}
    attrs = {"measure": "imitation", "statistic": "corr_abs_mean", "surrogates": "shift", "n": 19}
    found = xr.Dataset({name: ("pair", values) for name, values in numbers.items()}, {"pair": [*"abc"]}, attrs)
    (band,) = plotting.matched_pairs(found, ax=axes()).collections
    ends = np.array([segment[:, 0] for segment in band.get_segments() if len(segment)])
    np.testing.assert_allclose(ends[np.isfinite(ends).all(axis=1)], [[0, 1], [0.9 - 1.96 * 0.2, 1]])


def test_matched_pairs_are_taken_from_all_pairs(people):
    found = bx.significance(*people, n=19, rng=0, progress=False, **WINDOWS)
    ax = plotting.matched_pairs(found, by="p", ax=axes())
    assert len(ax.get_yticklabels()) == 5
    with pytest.raises(ValueError, match="expected by to be one of p, p_fwe, q, got 'z'"):
        plotting.matched_pairs(found, by="z")
    with pytest.raises(ValueError, match="expected the variable observed, got .*; use the result of bx.significance"):
        plotting.matched_pairs(bx.imitation(*people, stats=True, **WINDOWS), ax=axes())


@pytest.mark.parametrize("statistic", [None, "corr_mean"])
def test_the_null_distribution_counts_surrogates(people, statistic):
    windows = bx.surrogate_windows(*people, pair=("AU12", "AU12"), n=29, rng=0, **WINDOWS)
    ax = plotting.null_distribution(windows, statistic=statistic, ax=axes())
    strength = (lambda r: r) if statistic else abs
    number = windows.sizes["surrogate"]
    assert sum(bar.get_height() for bar in ax.patches) == number
    observed = float(strength(windows["corr"]).mean())
    assert ax.lines[0].get_xdata()[0] == pytest.approx(observed)
    null = strength(windows.null_corr).mean("window")
    as_large = int((abs(null) >= abs(observed)).sum())
    assert f"{as_large} of {number} surrogates at least as large" in ax.get_title(loc="left")
    with pytest.raises(ValueError, match="expected statistic to be corr_abs_mean or corr_mean, got 'p'"):
        plotting.null_distribution(windows, statistic="p")


def test_a_lag_profile_has_a_band_of_surrogates(people):
    profile = bx.lag_profile(*people, **WINDOWS)
    chance = bx.surrogate_profiles(*people, pair=("AU12", "AU12"), n=19, rng=0, **WINDOWS)
    ax = pairs.lag_profile(profile, ("AU12", "AU12"), chance=chance, level=0.8, ax=axes())
    band = ax.collections[0].get_paths()[0].vertices
    low, high = np.quantile(chance.null_profile, [0.1, 0.9], axis=0)
    np.testing.assert_allclose([band[:, 1].min(), band[:, 1].max()], [low.min(), high.max()])
    assert f"80% of {chance.sizes['surrogate']} surrogates" in [t.get_text() for t in ax.get_legend().get_texts()]
    with pytest.raises(ValueError, match="expected chance to be of the pair"):
        pairs.lag_profile(profile, ("AU04", "AU04"), chance=chance, ax=axes())


def test_all_pairs_of_a_lag_profile_have_one_scale(people):
    profile = bx.lag_profile(*people, **WINDOWS)
    limits = {pairs.lag_profile(profile, (name, "AU06"), ax=axes()).get_ylim() for name in NAMES}
    assert len(limits) == 1
    assert pairs.lag_profile(profile, vmax=0.9, ax=axes()).get_ylim() == (-0.9, 0.9)


def test_p_values_have_a_logarithmic_scale_from_one(people):
    found = bx.significance(*people, n=19, rng=0, progress=False, **WINDOWS)
    image = pairs.matrix(found, statistic="p_fwe", ax=axes()).images[0]
    assert isinstance(image.norm, matplotlib.colors.LogNorm)
    assert image.norm.vmax == 1
    assert image.norm.vmin <= found.p_fwe.min()


def test_matched_pairs_are_a_column_of_the_matrix(people):
    result = bx.imitation(*people, stats=True, **WINDOWS).bitbox.matched()
    ax = pairs.matrix(result, statistic="corr_abs_mean", ax=axes())
    np.testing.assert_array_equal(ax.images[0].get_array()[:, 0], result.corr_abs_mean)
    assert [label.get_text() for label in ax.get_yticklabels()] == NAMES
    assert [text.get_text() for text in ax.texts] == [f"{value:.2f}" for value in result.corr_abs_mean.values]
