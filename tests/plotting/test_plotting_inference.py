"""Plots of results compared with chance: their data and labels."""

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

import bitbox_xr as bx
from bitbox_xr import demo, lag_map, significance, surrogate_windows
from bitbox_xr.plotting import inference as plotting

matplotlib.use("Agg")

WINDOWS = {"width": 1.0, "max_lag": 0.3}
NAMES = ["AU01", "AU04", "AU06", "AU12", "AU25"]


def recordings(names=NAMES):
    rng = np.random.default_rng(0)
    model = rng.normal(size=(900, len(names)))
    participant = rng.normal(size=model.shape)
    participant[:, 1] += np.roll(model[:, 2], 4)
    participant[:, 3] += np.roll(model[:, 3], 6)
    return (bx.signals(a, fps=30, names=names) for a in (participant, model))


@pytest.fixture(scope="module")
def tested():
    x, y = recordings()
    return x, y, significance(x, y, n=99, rng=0, **WINDOWS)


@pytest.fixture(scope="module")
def windows(tested):
    x, y, _ = tested
    return surrogate_windows(x, y, pair=("AU12", "AU12"), n=99, rng=0, **WINDOWS)


def axes():
    return Figure(layout="constrained").subplots()


def framed(ax):
    """(row, column) of every frame."""
    centres = [path.vertices[:4].mean(axis=0) for path in ax.collections[0].get_paths()]
    return sorted((round(y), round(x)) for x, y in centres)


def test_significant_pairs_are_framed(tested):
    x, y, found = tested
    ax = plotting.significant_pairs(bx.imitation(x, y, **WINDOWS), found, ax=axes())
    assert framed(ax) == [tuple(map(int, at)) for at in np.argwhere(found.p_fwe.values <= 0.05)] == [(1, 2), (3, 3)]
    assert ax.get_title(loc="left").endswith("framed: family-wise p ≤ 0.05, 2 of 25 pairs")
    ax = plotting.significant_pairs(found, found, statistic="surrogate_z", by="p", alpha=0.2, ax=axes())
    assert len(framed(ax)) == (found.p.values <= 0.2).sum()
    assert "framed: p ≤ 0.2" in ax.get_title(loc="left")


def test_frames_of_matched_pairs_are_in_their_cells(tested):
    x, y, _ = tested
    own = significance(x, y, n=99, rng=0, pairs="matched", **WINDOWS)
    ax = plotting.significant_pairs(bx.imitation(x, y, **WINDOWS, stats=True), own, ax=axes())
    assert framed(ax) == [(3, 3)]
    assert "1 of 5 pairs" in ax.get_title(loc="left")


def test_frames_among_many_pairs_are_thin_and_no_frame_is_no_error(tested):
    x, y = recordings([f"s{i}" for i in range(79)])
    stats = bx.imitation(x, y, **WINDOWS, stats=True)
    found = significance(x, y, n=39, rng=0, progress=False, **WINDOWS)
    ax = plotting.significant_pairs(stats, found)
    assert framed(ax) == [(1, 2), (3, 3)]
    assert 0.4 <= ax.collections[0].get_linewidth()[0] < 1.2
    assert framed(plotting.significant_pairs(stats, found, alpha=0.0)) == []
    matplotlib.pyplot.close("all")


def test_over_time_shows_the_pair_and_the_band_of_surrogates(windows):
    fig = plotting.over_time_by_chance(windows, level=0.8, fig=Figure(layout="constrained"))
    above, below = fig.axes
    line, out = above.lines
    np.testing.assert_allclose(line.get_ydata(), abs(windows["corr"]))
    high = np.quantile(abs(windows["null_corr"]), 0.8, axis=0)
    assert len(out.get_xdata()) == (abs(windows["corr"]) > high).sum() > 20
    band = above.collections[0].get_paths()[0].vertices[:, 1]
    np.testing.assert_allclose([band.min(), band.max()], [abs(windows["null_corr"]).min(), high.max()])
    assert above.get_ylabel() == "absolute correlation"
    assert below.get_ylabel().replace("\n", " ").endswith("follows signal2),\N{NO-BREAK SPACE}s")
    np.testing.assert_allclose(below.collections[-1].get_offsets()[:, 1], windows["lag"], rtol=1e-6)
    fig.canvas.draw()


def test_lag_distribution_counts_windows(windows):
    ax = plotting.lag_distribution(windows, ax=axes())
    heights = [bar.get_height() for bar in ax.patches]
    assert len(heights) == 10
    assert sum(heights) == pytest.approx(1)
    assert np.argmax(heights) == 3  # six frames behind, of nine
    assert heights[3] > 0.8
    mean = ax.lines[0].get_ydata()
    assert mean.sum() == pytest.approx(1)


def test_many_lags_share_bars():
    x, y, _ = demo.make_pair(minutes=1)
    windows = surrogate_windows(x, y, pair=("AU12", "AU12"), n=9, rng=0, width=2, step=1, max_lag=6)
    assert windows.attrs["max_lag_frames"] == 180
    ax = plotting.lag_distribution(windows, ax=axes())
    heights, centres = np.transpose([(bar.get_height(), bar.get_x() + bar.get_width() / 2) for bar in ax.patches])
    assert len(heights) == 61  # three lags in each, one lag in the last
    shares = [((windows["lag"] > m - 0.05) & (windows["lag"] < m + 0.05)).mean().item() for m in centres[:-1]]
    np.testing.assert_allclose(heights[:-1], shares)
    assert sum(heights) == pytest.approx(1)
    assert ax.lines[0].get_ydata().sum() == pytest.approx(1)


def test_the_default_statistic_is_the_mean_that_was_tested(tested):
    x, y, found = tested
    result = bx.imitation(x, y, **WINDOWS, stats=True)
    for name in ("corr_abs_mean", "corr_mean"):
        of_mean = found.assign_attrs(statistic=name)
        image = plotting.significant_pairs(result, of_mean, ax=axes()).images[0]
        np.testing.assert_array_equal(image.get_array(), result[name])
    np.testing.assert_array_equal(
        plotting.significant_pairs(found, found, ax=axes()).images[0].get_array(), found.surrogate_z
    )


def test_lag_heatmap_shows_the_lag_map_and_its_mean(tested):
    x, y, _ = tested
    values = lag_map(x, y, pair=("AU12", "AU12"), **WINDOWS)
    values[3, 5] = np.nan
    fig = plotting.lag_heatmap(values, fig=Figure(layout="constrained"))
    left, right = fig.axes[:2]
    np.testing.assert_array_equal(left.collections[0].get_array(), values.values)
    assert left.collections[0].get_clim() == (-1, 1)
    np.testing.assert_allclose(right.lines[2].get_xdata(), values.mean("window"), rtol=1e-5)
    assert right.get_title() == "best lag −0.200 s"
    fig.canvas.draw()


def test_missing_windows_are_left_out(tested):
    x, y, _ = tested
    x = x.where((x.time < 10) | (x.time > 15))
    windows = surrogate_windows(x, y, pair=("AU12", "AU12"), n=9, rng=0, **WINDOWS)
    missing = (windows.window_start >= 10) & (windows.window_stop <= 15)
    np.testing.assert_array_equal(np.isnan(windows["corr"])[missing], True)
    fig = plotting.over_time_by_chance(windows, fig=Figure())
    np.testing.assert_array_equal(fig.axes[0].lines[0].get_ydata(), abs(windows["corr"]))
    points = np.ma.getmaskarray(np.ma.masked_invalid(fig.axes[1].collections[-1].get_offsets()))[:, 1]
    np.testing.assert_array_equal(points, np.isnan(windows["lag"]))
    shares = [bar.get_height() for bar in plotting.lag_distribution(windows, ax=axes()).patches]
    assert sum(shares) == pytest.approx(1)  # of the windows with a correlation
    values = lag_map(x, y, pair=("AU12", "AU12"), **WINDOWS)
    profile = plotting.lag_heatmap(values, fig=Figure()).axes[1].lines[2].get_xdata()
    np.testing.assert_allclose(profile, values.mean("window"), rtol=1e-5)
    assert np.isnan(values.sel(window=missing.window[missing])).all()


def test_invalid_calls_are_refused(tested):
    x, y, found = tested
    result = bx.imitation(x, y, **WINDOWS, stats=True)
    with pytest.raises(ValueError, match="expected by to be one of p, p_fwe, q, got 'surrogate_z'"):
        plotting.significant_pairs(result, found, by="surrogate_z")
    with pytest.raises(ValueError, match="expected signal1 of result to contain .*, got none named AU06, AU12"):
        plotting.significant_pairs(result.isel(signal1=[0, 1]), found, ax=axes())
