"""Pictures: what is drawn, its labels, and that nothing but the given axes is touched."""

import itertools

import matplotlib
import numpy as np
import pytest
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from bitbox_xr import imitation, lag_profile, plotting, signals, window_stats

matplotlib.use("Agg")


def results(n=5, names=None, behind=4):
    rng = np.random.default_rng(0)
    model = rng.standard_normal((300, n))
    participant = 0.3 * rng.standard_normal((300, n))
    participant[:, 1] += np.roll(model[:, 2], behind, axis=0)
    x, y = (signals(table, fps=30, names=names) for table in (participant, model))
    return imitation(x, y, width=2, lag=0.5), lag_profile(x, y, width=2, lag=0.5)


@pytest.fixture(scope="module")
def five():
    return results(names=["AU01", "AU04", "AU06", "AU12", "AU25"])


def axes():
    return Figure(layout="constrained").subplots()


def labels_of(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def test_matrix_shows_the_statistic_centred_on_zero(five):
    result, _ = five
    ax = plotting.matrix(result, ax=axes())
    (image,) = ax.images
    stats = window_stats(result)
    np.testing.assert_array_equal(image.get_array(), stats["corr_mean"].values)
    low, high = image.get_clim()
    assert low == -high == -np.abs(stats["corr_mean"].values).max()
    assert labels_of(ax.yaxis) == labels_of(ax.xaxis) == ["AU01", "AU04", "AU06", "AU12", "AU25"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("signal2 (of y)", "signal1 (of x)")
    assert image.colorbar.ax.get_ylabel() == "mean correlation over windows"
    assert ax.get_title(loc="left") == "imitation, windows of 2 s, lags up to 0.5 s"
    # brow | eye | mouth, on both sides
    assert sorted(line.get_xdata()[0] for line in ax.lines if line.get_xdata()[0] == line.get_xdata()[1]) == [1.5, 2.5]
    assert sorted(line.get_ydata()[0] for line in ax.lines if line.get_ydata()[0] == line.get_ydata()[1]) == [1.5, 2.5]


def test_matrix_of_statistics_and_with_units(five):
    stats = window_stats(five[0])
    shares = plotting.matrix(stats, statistic="follow_share", ax=axes()).images[0]
    assert shares.get_clim()[0] == 0
    lags = plotting.matrix(stats, statistic="corr_lag", ax=axes()).images[0]
    assert lags.colorbar.ax.get_ylabel().endswith("(negative: signal1 follows signal2),\N{NO-BREAK SPACE}s")
    best = plotting.matrix(five[1], statistic="best_lag", ax=axes()).images[0]
    np.testing.assert_array_equal(best.get_array(), five[1]["best_lag"].values)


def test_missing_values_are_grey_and_nothing_at_all_is_drawn_too(five):
    stats = window_stats(five[0]).copy(deep=True)
    stats["corr_mean"][0, 0] = np.nan
    image = plotting.matrix(stats, ax=axes()).images[0]
    assert image.get_array().mask[0, 0]
    assert image.cmap.get_bad()[0] == pytest.approx(0.85)
    stats["corr_mean"][:] = np.nan
    assert plotting.matrix(stats, ax=axes()).images[0].get_clim() == (-1, 1)


@pytest.mark.parametrize("inches", [3.0, 12.0])
def test_every_label_of_79_where_there_is_room_fewer_where_not(inches):
    result, _ = results(n=79)
    ax = plotting.matrix(result, ax=Figure(figsize=(inches, inches), layout="constrained").subplots())
    ax.figure.canvas.draw()
    labels = ax.get_yticklabels()
    assert len(labels) == 79 if inches > 9 else 10 < len(labels) < 40
    assert labels[1].get_text() == f"GE{round(ax.get_yticks()[1])}"
    boxes = [label.get_window_extent() for label in labels]
    overlaps = [above.y0 < below.y1 - 1 for above, below in itertools.pairwise(boxes)]
    assert not any(overlaps)


def test_lag_profile_marks_the_best_lag(five):
    _, profile = five
    ax = plotting.lag_profile(profile, ("AU04", "AU06"), ax=axes())
    curve = ax.lines[-2]
    np.testing.assert_array_equal(curve.get_ydata(), profile["profile"].sel(signal1="AU04", signal2="AU06").values)
    assert ax.lines[-1].get_xdata()[0] == pytest.approx(-4 / 30)
    assert ax.get_legend().get_texts()[0].get_text().startswith("best lag −0.133 s")
    assert "negative: signal1 follows signal2" in ax.get_xlabel()
    assert ax.get_title() == "AU04 of x, AU06 of y"


def test_the_strongest_pair_by_default(five):
    result, profile = five
    assert plotting.lag_profile(profile, ax=axes()).get_title() == "AU04 of x, AU06 of y"
    assert plotting.over_time(result, fig=Figure()).axes[0].get_title() == "AU04 of x, AU06 of y"


def test_over_time_has_two_panels_on_one_axis(five):
    result, _ = five
    above, below = plotting.over_time(result, ("AU04", "AU06"), fig=Figure()).axes
    one = result.sel(signal1="AU04", signal2="AU06")
    np.testing.assert_array_equal(above.lines[-1].get_xdata(), one["window"].values)
    np.testing.assert_array_equal(above.lines[-1].get_ydata(), one["corr"].values)
    offsets = below.collections[0].get_offsets()
    np.testing.assert_allclose(offsets[:, 1], one["lag"].values)
    assert above.get_shared_x_axes().joined(above, below)
    assert below.get_xlabel() == "time (middle of the window,\N{NO-BREAK SPACE}s)"
    assert "negative" in below.get_ylabel()
    assert below.get_ylim() == pytest.approx((-0.54, 0.04))


def test_given_axes_leave_pyplot_alone_and_new_figures_are_pyplots(five):
    result, profile = five
    plt.close("all")
    plotting.matrix(result, ax=axes())
    plotting.lag_profile(profile, ax=axes())
    plotting.over_time(result, fig=Figure().subfigures(1, 2)[0])
    assert plt.get_fignums() == []
    new = [plotting.matrix(result).figure, plotting.lag_profile(profile).figure, plotting.over_time(result)]
    assert [figure.number for figure in new] == plt.get_fignums()
    plt.close("all")


def test_refusals(five):
    result, profile = five
    with pytest.raises(ValueError, match="there is no corr_median to draw; there are corr_mean, corr_std"):
        plotting.matrix(result, statistic="corr_median", ax=axes())
    with pytest.raises(ValueError, match="signal2 has no 'AU99'; it has AU01, AU04, AU06, AU12, AU25"):
        plotting.lag_profile(profile, ("AU04", "AU99"), ax=axes())
    two = xr.concat([result, result], "recording")
    with pytest.raises(ValueError, match=r"it has further dimensions \(recording\): choose one with \.isel\(\)"):
        plotting.matrix(two, ax=axes())
    with pytest.raises(ValueError, match="there is no corr to draw; there are no variables of such a form"):
        plotting.over_time(window_stats(result), fig=Figure())
