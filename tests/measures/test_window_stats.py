"""Statistics over windows and lag profiles: values, and equality of streamed and reduced results."""

import numpy as np
import pytest
import xarray as xr

import bitbox_xr as bx

from random_recordings import FPS

pytestmark = pytest.mark.filterwarnings("ignore:.*signals that never change")

STATISTICS = ("corr_mean", "corr_std", "corr_lag", "corr_abs_mean", "corr_fisher_mean", "follow_share", "lead_share")


def pair(frames=400, n1=3, n2=4, seed=0, lost=0.0):
    """Noise x and y; the share `lost` of the frames of x is missing."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(frames, n1)), rng.normal(size=(frames, n2))
    x[rng.random(frames) < lost] = np.nan
    return bx.signals(x, fps=FPS), bx.signals(y, fps=FPS)


def expected(result):
    """The statistics by their definitions, and the number of windows with a correlation."""
    r, lag = result.corr.values.astype(float), result.lag.values.astype(float)
    capped = np.clip(r, -(1 - 1e-6), 1 - 1e-6)
    n = (~np.isnan(r)).sum(0)
    out = {
        "corr_mean": np.nanmean(r, 0),
        "corr_std": np.nanstd(r, 0),
        "corr_lag": np.nanmean(lag, 0),
        "corr_abs_mean": np.nanmean(np.abs(r), 0),
        "corr_fisher_mean": np.tanh(np.nanmean(np.arctanh(capped), 0)),
        "follow_share": (lag < 0).sum(0) / n,
        "lead_share": (lag > 0).sum(0) / n,
    }
    return out, n


@pytest.mark.parametrize("measure", [bx.imitation, bx.coordination])
@pytest.mark.parametrize("lost", [0.0, 0.2])
def test_statistics_agree_with_their_definitions(measure, lost):
    x, y = pair(lost=lost)
    options = {"causal": False} if measure is bx.imitation else {}
    result = measure(x, y, width=0.5, max_lag=0.2, min_valid=0.9, **options)
    stats = bx.window_stats(result)
    values, n = expected(result)
    for name in STATISTICS:
        np.testing.assert_allclose(stats[name], values[name], rtol=1e-9, atol=1e-9, err_msg=name)
        assert stats[name].dims == ("signal1", "signal2")
    np.testing.assert_array_equal(stats.n_windows, n)
    assert stats.n_windows.dtype == np.int32


@pytest.mark.parametrize("measure", [bx.imitation, bx.coordination])
def test_streamed_statistics_equal_reduced_ones_exactly(measure):
    x, y = pair(frames=2000, lost=0.05)
    streamed = measure(x, y, stats=True)
    reduced = bx.window_stats(measure(x, y))
    xr.testing.assert_identical(streamed, reduced)


def test_statistics_of_perfect_and_missing_correlations():
    x, _ = pair(n1=1)
    y = bx.signals(np.column_stack([x.values[:, 0], np.full(400, 2.0)]), fps=FPS)
    stats = bx.imitation(x, y, stats=True)
    np.testing.assert_allclose(stats.corr_fisher_mean[0, 0], 1 - 1e-6, rtol=1e-9)
    assert np.isnan(stats.corr_mean[0, 1])
    assert np.isnan(stats.follow_share[0, 1])
    assert stats.n_windows[0, 1] == 0


def test_statistics_have_units():
    stats = bx.imitation(*pair(), stats=True)
    assert {name: stats[name].attrs["units"] for name in stats.data_vars} == {
        **dict.fromkeys(STATISTICS, "1"), "corr_lag": "s", "n_windows": "1",
    }  # fmt: skip
    assert stats.attrs["measure"] == "imitation"


@pytest.mark.parametrize("lazy", [False, True])
def test_statistics_of_matched_pairs_and_of_a_single_pair(lazy):
    x, y = pair()
    if lazy:
        x, y = x.chunk(time=150), y.chunk(time=100)
    result = bx.imitation(x, y)
    stats = bx.window_stats(result)
    matched = bx.window_stats(result.bitbox.matched())
    xr.testing.assert_equal(matched, stats.bitbox.matched())
    assert matched.corr_mean.dims == ("pair",)
    one = bx.window_stats(result.sel(signal1="s1", signal2="s2"))
    xr.testing.assert_equal(one, stats.sel(signal1="s1", signal2="s2"))
    assert one.corr_mean.dims == ()


def test_window_stats_refuses_other_results():
    stats = bx.imitation(*pair(), stats=True)
    with pytest.raises(ValueError, match="got a result without corr and lag"):
        bx.window_stats(stats)


@pytest.mark.parametrize("measure", ["imitation", "both ways", "coordination"])
def test_profile_is_the_mean_correlation_at_each_lag(measure):
    x, y = pair(n1=2, n2=2, lost=0.1)
    options = {"causal": False} if measure == "both ways" else {}
    kind = "coordination" if measure == "coordination" else "imitation"
    found = bx.lag_profile(x, y, measure=kind, width=0.5, step=0.3, max_lag=0.1, min_valid=0.5, **options)
    low, high = {"imitation": (-3, 0), "both ways": (-3, 3), "coordination": (-6, 6)}[measure]
    np.testing.assert_allclose(found.lag, np.arange(low, high + 1) / FPS)
    starts = range(3, 400 - 15 - 3 + 1, 9)
    for d in range(low, high + 1):
        a, b = (-(d // 2), d - d // 2) if measure == "coordination" else (0, d)
        r = []
        for s in starts:
            u, v = x.values[s + a : s + a + 15, 1], y.values[s + b : s + b + 15, 0]
            both = ~np.isnan(u)
            r.append(np.corrcoef(u[both], v[both])[0, 1] if both.sum() >= 8 else np.nan)
        at = found.isel(signal1=1, signal2=0).sel(lag=d / FPS, method="nearest")
        np.testing.assert_allclose(at.profile, np.nanmean(r), atol=1e-6)
        np.testing.assert_allclose(at.profile_fisher, np.tanh(np.nanmean(np.arctanh(r))), atol=1e-6)


def test_best_lag_and_at_limit():
    rng = np.random.default_rng(4)
    model = rng.normal(size=(600, 2))
    participant = np.stack([-np.roll(model[:, 0], 4), np.roll(model[:, 1], 9)], axis=1)
    found = bx.lag_profile(bx.signals(participant, fps=FPS), bx.signals(model, fps=FPS), width=1, max_lag=9 / FPS)
    best = found.best_lag.values
    np.testing.assert_allclose(best.diagonal(), [-4 / FPS, -9 / FPS])
    assert found.best_lag.attrs == {
        "long_name": "lag of the largest mean correlation (negative: signal1 follows signal2)", "units": "s",
    }  # fmt: skip
    # every window except the first, which contains frames moved by np.roll, chooses the outermost lag
    assert found.at_limit.values[1, 1] > 0.95
    assert found.at_limit.values[0, 0] == 0
    upward = bx.lag_profile(
        bx.signals(participant, fps=FPS), bx.signals(model, fps=FPS), width=1, max_lag=9 / FPS, polarity=False
    )
    assert upward.best_lag.values[0, 0] != best[0, 0]
