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
    assert ax.get_xlabel().splitlines()[-1] == "framed: family-wise p ≤ 0.05, 2 of 25 pairs"
    np.testing.assert_array_equal(ax.images[0].get_array(), found.surrogate_z)
    ax = plotting.significant_pairs(found, found, statistic="surrogate_z", by="p", alpha=0.2, ax=axes())
    assert len(framed(ax)) == (found.p.values <= 0.2).sum()
    assert "framed: p ≤ 0.2" in ax.get_xlabel()


def test_frames_of_matched_pairs_are_in_their_cells(tested):
    x, y, _ = tested
    own = significance(x, y, n=99, rng=0, pairs="matched", **WINDOWS)
    result = bx.imitation(x, y, **WINDOWS, stats=True)
    ax = plotting.significant_pairs(result, own, statistic="corr_mean", ax=axes())
    assert framed(ax) == [(3, 3)]
    assert "1 of 5 pairs" in ax.get_xlabel()
    column = plotting.significant_pairs(result, own, ax=axes())  # z of the matched pairs
    np.testing.assert_array_equal(column.images[0].get_array()[:, 0], own.surrogate_z)
    assert framed(column) == [(3, 0)]


def test_frames_among_many_pairs_are_thin_and_no_frame_is_no_error(tested):
    x, y = recordings([f"s{i}" for i in range(79)])
    stats = bx.imitation(x, y, **WINDOWS, stats=True)
    found = significance(x, y, n=39, rng=0, progress=False, **WINDOWS)
    ax = plotting.significant_pairs(stats, found)
    assert framed(ax) == [(1, 2), (3, 3)]
    assert 0.3 <= ax.collections[0].get_linewidth()[0] < 1.2
    assert framed(plotting.significant_pairs(stats, found, alpha=0.0)) == []
    matplotlib.pyplot.close("all")


def test_over_time_shows_the_pair_and_the_band_of_surrogates(windows):
    fig = plotting.over_time_by_chance(windows, level=0.8, fig=Figure(layout="constrained"))
    above, below, bar = fig.axes
    assert bar.get_ylabel() == "correlation"
    line, out = above.lines
    np.testing.assert_allclose(line.get_ydata(), abs(windows["corr"]))
    high = np.quantile(abs(windows["null_corr"]), 0.8, axis=0)
    assert len(out.get_xdata()) == (abs(windows["corr"]) > high).sum() > 20
    band = above.collections[0].get_paths()[0].vertices[:, 1]
    np.testing.assert_allclose([band.min(), band.max()], [abs(windows["null_corr"]).min(), high.max()])
    assert above.get_ylabel() == "absolute correlation"
    assert below.get_ylabel() == "lag,\N{NO-BREAK SPACE}s\n(negative: x follows)"
    assert [text.get_text() for text in above.get_legend().get_texts()] == [
        f"80% of {windows.sizes['surrogate']} surrogates",
        f"above: {len(out.get_xdata())} of {windows.sizes['window']}",
    ]
    np.testing.assert_allclose(below.collections[-1].get_offsets()[:, 1], windows["lag"], rtol=1e-6)
    fig.canvas.draw()


def test_lag_distribution_counts_windows(windows):
    ax = plotting.lag_distribution(windows, ax=axes())
    band, mean, observed = (patch.get_data() for patch in ax.patches)
    assert len(observed.values) == 10
    np.testing.assert_allclose([observed.values.sum(), mean.values.sum()], 1)
    assert np.argmax(observed.values) == 3  # six frames behind, of nine
    assert observed.values[3] > 0.8
    np.testing.assert_allclose(observed.edges, (np.arange(-9, 2) - 0.5) / 30)
    assert (band.baseline <= mean.values).all()
    assert (mean.values <= band.values).all()


def test_many_lags_share_bars():
    x, y, _ = demo.make_pair(minutes=1)
    windows = surrogate_windows(x, y, pair=("AU12", "AU12"), n=9, rng=0, width=2, step=1, max_lag=6)
    assert windows.attrs["max_lag_frames"] == 180
    ax = plotting.lag_distribution(windows, ax=axes())
    _, mean, observed = (patch.get_data() for patch in ax.patches)
    most = 2 * np.sqrt(windows.sizes["window"])
    assert most - 2 < len(observed.values) <= round(most)
    widths = np.diff(observed.edges)
    np.testing.assert_allclose(widths[1:], widths[-1])
    assert widths[0] <= widths[1] + 1e-9  # the bar of the outermost lags has the rest
    spans = zip(observed.edges[:-1], observed.edges[1:], strict=True)
    shares = [((windows["lag"] > low) & (windows["lag"] < high)).mean().item() for low, high in spans]
    np.testing.assert_allclose(observed.values, shares)
    np.testing.assert_allclose([observed.values.sum(), mean.values.sum()], 1)


def test_colours_show_the_effect_unless_a_statistic_is_named(tested):
    x, y, found = tested
    result = bx.imitation(x, y, **WINDOWS, stats=True)
    for name in ("corr_abs_mean", "corr_mean"):
        image = plotting.significant_pairs(result, found, statistic=name, ax=axes()).images[0]
        np.testing.assert_array_equal(image.get_array(), result[name])
    for name in (None, "excess"):
        image = plotting.significant_pairs(result, found, statistic=name, ax=axes()).images[0]
        np.testing.assert_array_equal(image.get_array(), found[name or "surrogate_z"])
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
    assert right.get_title() == "best −0.20 s"
    assert fig.get_suptitle().splitlines()[0] == "Imitation: AU12 of x, AU12 of y"
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
    shares = plotting.lag_distribution(windows, ax=axes()).patches[-1].get_data().values
    assert shares.sum() == pytest.approx(1)  # of the windows with a correlation
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
