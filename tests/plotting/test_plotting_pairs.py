"""Plots of pairs: their data and labels, and that they draw on nothing but the given axes."""

import itertools

import matplotlib
import numpy as np
import pytest
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from bitbox_xr import coordination, imitation, lag_profile, signals, window_stats
from bitbox_xr.plotting import pairs

matplotlib.use("Agg")


def results(n=5, names=None, delay=4):
    rng = np.random.default_rng(0)
    model = rng.standard_normal((300, n))
    participant = 0.3 * rng.standard_normal((300, n))
    participant[:, 1] += np.roll(model[:, 2], delay, axis=0)
    x, y = (signals(table, fps=30, names=names) for table in (participant, model))
    return imitation(x, y, width=2, max_lag=0.5), lag_profile(x, y, width=2, max_lag=0.5)


@pytest.fixture(scope="module")
def five():
    return results(names=["AU01", "AU04", "AU06", "AU12", "AU25"])


def axes():
    return Figure(layout="constrained").subplots()


def labels_of(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def test_matrix_shows_the_statistic_centred_on_zero(five):
    result, _ = five
    ax = pairs.matrix(result, ax=axes())
    (image,) = ax.images
    stats = window_stats(result)
    np.testing.assert_array_equal(image.get_array(), stats["corr_mean"].values)
    low, high = image.get_clim()
    largest = np.abs(stats["corr_mean"].values).max()
    assert low == -high
    assert largest <= high < 1.5 * largest
    assert high == float(f"{high:.2g}")  # a round number
    assert labels_of(ax.yaxis) == labels_of(ax.xaxis) == ["AU01", "AU04", "AU06", "AU12", "AU25"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("signals of y", "signals of x")
    assert image.colorbar.ax.get_ylabel() == "mean correlation"
    assert ax.get_title(loc="left") == "Imitation of y by x\n8 windows of 2 s, step 1 s, max_lag 0.5 s"
    # brow | eye | mouth, on both sides
    assert sorted(line.get_xdata()[0] for line in ax.lines if line.get_xdata()[0] == line.get_xdata()[1]) == [1.5, 2.5]
    assert sorted(line.get_ydata()[0] for line in ax.lines if line.get_ydata()[0] == line.get_ydata()[1]) == [1.5, 2.5]


def test_matrix_of_statistics_and_with_units(five):
    stats = window_stats(five[0])
    shares = pairs.matrix(stats, statistic="follow_share", ax=axes()).images[0]
    assert shares.get_clim()[0] == 0
    lags = pairs.matrix(stats, statistic="corr_lag", ax=axes()).images[0]
    assert lags.colorbar.ax.get_ylabel().split() == ["mean", "lag,", "s", "(negative:", "x", "follows)"]
    best = pairs.matrix(five[1], statistic="best_lag", ax=axes()).images[0]
    np.testing.assert_array_equal(best.get_array(), five[1]["best_lag"].values)


def test_missing_values_are_grey_also_if_all_are_missing(five):
    stats = window_stats(five[0]).copy(deep=True)
    stats["corr_mean"][0, 0] = np.nan
    image = pairs.matrix(stats, ax=axes()).images[0]
    assert image.get_array().mask[0, 0]
    assert image.cmap.get_bad()[0] == pytest.approx(0.85)
    stats["corr_mean"][:] = np.nan
    assert pairs.matrix(stats, ax=axes()).images[0].get_clim() == (-1, 1)


@pytest.mark.parametrize("inches", [3.0, 12.0])
def test_large_axes_show_all_79_labels_and_small_axes_fewer(inches):
    result, _ = results(n=79)
    ax = pairs.matrix(result, ax=Figure(figsize=(inches, inches), layout="constrained").subplots())
    ax.figure.canvas.draw()
    labels = ax.get_yticklabels()
    assert len(labels) == 79 if inches > 9 else 10 < len(labels) < 40
    assert labels[1].get_text() == f"GE{round(ax.get_yticks()[1])}"
    boxes = [label.get_window_extent() for label in labels]
    overlaps = [above.y0 < below.y1 - 1 for above, below in itertools.pairwise(boxes)]
    assert not any(overlaps)


def test_lag_profile_marks_the_best_lag(five):
    _, profile = five
    ax = pairs.lag_profile(profile, ("AU04", "AU06"), ax=axes())
    curve, line, dot = ax.lines[-3:]
    assert dot.get_ydata()[0] == pytest.approx(profile["profile"].max().item())
    np.testing.assert_array_equal(curve.get_ydata(), profile["profile"].sel(signal1="AU04", signal2="AU06").values)
    assert line.get_xdata()[0] == dot.get_xdata()[0] == pytest.approx(-4 / 30)
    assert ax.get_legend().get_texts()[0].get_text().startswith("best lag −0.13 s, r = ")
    assert ax.get_xlabel() == "lag,\N{NO-BREAK SPACE}s (negative: x follows)"
    assert ax.get_title(loc="left").splitlines()[0] == "Imitation: AU04 of x, AU06 of y"


def test_the_strongest_pair_by_default(five):
    result, profile = five
    assert (
        pairs.lag_profile(profile, ax=axes()).get_title(loc="left").splitlines()[0] == "Imitation: AU04 of x, AU06 of y"
    )
    assert pairs.over_time(result, fig=Figure()).get_suptitle().splitlines()[0] == "Imitation: AU04 of x, AU06 of y"


def test_over_time_has_two_panels_on_one_axis(five):
    result, _ = five
    above, below, bar = pairs.over_time(result, ("AU04", "AU06"), fig=Figure()).axes
    assert bar.get_ylabel() == "correlation"
    one = result.sel(signal1="AU04", signal2="AU06")
    np.testing.assert_array_equal(above.lines[-1].get_xdata(), one["window"].values)
    np.testing.assert_array_equal(above.lines[-1].get_ydata(), one["corr"].values)
    offsets = below.collections[0].get_offsets()
    np.testing.assert_allclose(offsets[:, 1], one["lag"].values)
    assert above.get_shared_x_axes().joined(above, below)
    assert below.get_xlabel() == "time (middle of the window),\N{NO-BREAK SPACE}s"
    assert "negative" in below.get_ylabel()
    assert below.get_ylim() == pytest.approx((-0.54, 0.04))


def test_given_axes_create_no_pyplot_figure_and_new_figures_do(five):
    result, profile = five
    plt.close("all")
    pairs.matrix(result, ax=axes())
    pairs.lag_profile(profile, ax=axes())
    pairs.over_time(result, fig=Figure().subfigures(1, 2)[0])
    assert plt.get_fignums() == []
    new = [pairs.matrix(result).figure, pairs.lag_profile(profile).figure, pairs.over_time(result)]
    assert [figure.number for figure in new] == plt.get_fignums()
    plt.close("all")


def test_invalid_calls_are_refused(five):
    result, profile = five
    with pytest.raises(ValueError, match="expected the variable corr_median, got corr_mean, corr_std"):
        pairs.matrix(result, statistic="corr_median", ax=axes())
    with pytest.raises(ValueError, match="expected a label of signal2 \\(AU01, AU04, AU06, AU12, AU25\\), got 'AU99'"):
        pairs.lag_profile(profile, ("AU04", "AU99"), ax=axes())
    two = xr.concat([result, result], "recording")
    with pytest.raises(
        ValueError, match=r"got \(recording, signal1, signal2\); choose one label .* \.isel\(recording=0\)"
    ):
        pairs.matrix(two, ax=axes())
    with pytest.raises(
        ValueError, match="expected the variable corr, got .*; use a result with every window, .* without stats=True"
    ):
        pairs.over_time(window_stats(result), fig=Figure())


def patchy():
    """Two recordings: AU04 of x has a strong correlation in few windows, AU12 of x is missing."""
    rng = np.random.default_rng(3)
    model = rng.standard_normal((300, 4))
    participant = 0.5 * rng.standard_normal((300, 4))
    participant[:, 0] += np.roll(model[:, 0], 5)
    participant[:, 1] = np.roll(model[:, 1], 5)
    participant[100:, 1], participant[:, 3] = np.nan, np.nan
    sides = zip((participant, model), ("anna.csv", "a_very_long_name_of_a_recording_of_ben.csv"), strict=True)
    x, y = (signals(a, fps=30, names=["AU01", "AU04", "AU06", "AU12"], source=name) for a, name in sides)
    return x, y


def test_the_default_pair_does_not_rest_on_few_windows():
    x, y = patchy()
    result = imitation(x, y, width=2, max_lag=0.3)
    stats = window_stats(result)
    few = int(stats["n_windows"].sel(signal1="AU04", signal2="AU04"))
    assert 0 < few < 0.5 * result.attrs["window_count"]
    assert abs(stats["corr_mean"]).to_series().idxmax() == ("AU04", "AU04")
    title = pairs.over_time(result, fig=Figure(layout="constrained")).get_suptitle()
    assert title.splitlines() == [
        "Imitation: AU01 of anna, AU01 of a_very_long_name_of_a_recording_of_ben",
        "8 windows of 2 s, step 1 s, max_lag 0.3 s",
    ]
    title = pairs.over_time(result, ("AU04", "AU04"), fig=Figure(layout="constrained")).get_suptitle()
    assert title.splitlines()[1] == f"{few} of 8 windows of 2 s, step 1 s, max_lag 0.3 s"
    profile = lag_profile(x, y, width=2, max_lag=0.3).assign(n_windows=stats["n_windows"])
    assert pairs.lag_profile(profile, ax=axes()).get_title(loc="left").startswith("Imitation: AU01 of anna")


def test_cells_of_few_windows_are_hatched_and_grey_is_explained():
    result = imitation(*patchy(), width=2, max_lag=0.3)
    ax = pairs.matrix(result, ax=axes())
    rows = {float(np.mean(stroke[:, 1])) for stroke in ax.collections[0].get_segments()}
    assert rows == {1.0}
    assert len(ax.collections[0].get_segments()) == 4
    person, *note = ax.get_xlabel().splitlines()
    note = " ".join(note)
    assert "grey: no window has a correlation: flat or missing" in note
    assert "hatched: fewer than half as many windows" in note
    assert (person, ax.get_ylabel()) == ("a_very_long_name_of_a_recording_of_ben", "anna")
    whole = pairs.matrix(result.isel(signal1=[0, 2]), ax=axes())
    assert not whole.collections
    assert "grey" not in whole.get_xlabel()
    assert not pairs.matrix(window_stats(result), statistic="n_windows", ax=axes()).collections


def test_one_person_has_a_grey_diagonal_and_no_second_recording():
    _, y = patchy()
    result = coordination(y, width=2, max_lag=0.3)
    assert result.attrs["alone"] == 1
    assert "alone" not in coordination(y, y, width=2, max_lag=0.3).attrs
    ax = pairs.matrix(result, ax=axes())
    image = ax.images[0]
    np.testing.assert_array_equal(image.get_array().mask, np.eye(4, dtype=bool))
    strength = abs(window_stats(result)["corr_mean"].values)
    assert strength[~np.eye(4, dtype=bool)].max() <= image.get_clim()[1] < 0.9
    assert ax.get_xlabel() == "signal2\ngrey: each signal with itself"
    assert ax.get_title(loc="left").splitlines()[0] == "Coordination within a_very_long_name_of_a_recording_of_ben"
    title = pairs.over_time(result, fig=Figure(layout="constrained")).get_suptitle()
    _, first, _, second, *_ = title.split()
    assert first != second
    assert " of y" not in title
    plain = pairs.matrix(result.assign_attrs(source1="", source2=""), ax=axes())
    assert plain.get_title(loc="left").splitlines()[0] == "Coordination"


def test_a_pair_without_a_correlation_is_stated_on_the_time_axis_of_all_windows():
    x, y = patchy()
    result = imitation(x, y, width=2, max_lag=0.3)
    above = pairs.over_time(result, ("AU12", "AU01"), fig=Figure()).axes[0]
    assert above.texts[0].get_text() == "no window has a correlation: flat or missing"
    assert above.get_xlim() == (result["window_start"].values[0], result["window_stop"].values[-1])
    ax = pairs.lag_profile(lag_profile(x, y, width=2, max_lag=0.3), ("AU12", "AU01"), ax=axes())
    assert ax.texts[0].get_text() == "no window has a correlation: flat or missing"
    assert ax.get_xlim()[0] < -0.29


def test_lags_of_causal_imitation_have_a_one_sided_scale(five):
    result, profile = five
    for data, name in ((result, "corr_lag"), (profile, "best_lag"), (profile, None)):
        low, high = pairs.matrix(data, statistic=name, ax=axes()).images[0].get_clim()
        assert low < high == 0
    both = imitation(*patchy(), width=2, max_lag=0.3, causal=False)
    low, high = pairs.matrix(both, statistic="corr_lag", ax=axes()).images[0].get_clim()
    assert low == -high < 0


def inside(ax):
    """Whether title, labels and colour bar are inside the figure."""
    figure = ax.figure
    figure.canvas.draw()
    texts = [ax._left_title, ax.xaxis.label, ax.yaxis.label, ax.images[0].colorbar.ax.yaxis.label]
    boxes = [text.get_window_extent() for text in texts]
    return all(b.x0 >= 0 and b.y0 >= 0 and b.x1 <= figure.bbox.width and b.y1 <= figure.bbox.height for b in boxes)


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 4), (4, 1), (4, 4)])
def test_text_is_not_cut_off_beside_few_cells(rows, columns):
    result = imitation(*patchy(), width=2, max_lag=0.3).isel(signal1=slice(0, rows), signal2=slice(0, columns))
    assert inside(pairs.matrix(result))
    assert inside(pairs.matrix(result, statistic="corr_lag"))
    plt.close("all")


def test_a_profile_shows_the_whole_band_of_surrogates(five):
    profile = five[1]
    first = tuple(str(profile[f"signal{side}"].values[0]) for side in (1, 2))
    null = np.linspace(-3, 3, 21)[:, None] * np.ones(profile.sizes["lag"])
    chance = xr.Dataset(
        {"null_profile": (("surrogate", "lag"), null)},
        {"lag": profile.lag, "signal1": first[0], "signal2": first[1]},
    )
    ax = pairs.lag_profile(profile, first, chance=chance, ax=Figure(layout="constrained").subplots())
    assert ax.get_ylim()[1] >= 2.7


def test_the_legend_covers_no_point_of_the_profile(five):
    ax = pairs.lag_profile(five[1], ax=Figure(figsize=(6, 3.8), layout="constrained").subplots())
    ax.figure.canvas.draw()
    legend = ax.get_legend().get_window_extent()
    (curve,) = (line for line in ax.lines if len(line.get_xdata()) > 2)
    points = ax.transData.transform(curve.get_xydata())
    assert not legend.count_contains(points)
    assert "8 windows of 2 s, step 1 s" in ax.get_title(loc="left")


def test_messages_state_what_to_use_instead(five):
    result, profile = five
    with pytest.raises(
        ValueError, match=r"expected the variable profile, got .*; use the result of bx\.lag_profile\(x, y\)"
    ):
        pairs.lag_profile(result, ax=axes())
    for pair in ("AU12", ("A",)):
        with pytest.raises(ValueError, match=r"expected pair to be two labels \(signal1, signal2\), got "):
            pairs.over_time(result, pair, fig=Figure())
    with pytest.raises(ValueError, match=r"got \(window, pair\); use the result before \.bitbox\.matched\(\)"):
        pairs.over_time(result.bitbox.matched(), fig=Figure())
    with pytest.raises(ValueError, match=r"got \(signal2\); to choose a single label, .*\.sel\(signal1=\[…\]\)"):
        pairs.matrix(result.sel(signal1="AU12"), ax=axes())
    with pytest.raises(ValueError, match=r"got \(region1, window, signal2\); use the result before it was grouped"):
        pairs.over_time(result.groupby("region1").mean(), fig=Figure())


def test_lag_0_alone_has_no_outermost_lag():
    x, y = patchy()
    ax = pairs.lag_profile(lag_profile(x, y, width=2, max_lag=0), ax=axes())
    assert ax.get_legend().get_texts()[0].get_text().startswith("best lag 0.00 s, r = ")


def test_cells_of_few_activations_are_hatched():
    found = xr.Dataset(
        {"answered_above_chance": (("signal1", "signal2"), [[0.5, np.nan, 1.0]]),
         "answered": (("signal1", "signal2"), [[0.6, np.nan, 1.0]]),
         "n_given": (("signal1", "signal2"), [[20.0, 4.0, 19.0]])},
        {"signal1": ["AU12"], "signal2": ["AU01", "AU06", "AU12"]},
        {"bitbox_measure": "contingency"},
    )  # fmt: skip
    ax = pairs.matrix(found, ax=axes())
    columns = {float(np.mean(stroke[:, 0])) for stroke in ax.collections[0].get_segments()}
    assert columns == {1.0, 2.0}
    note = " ".join(ax.get_xlabel().split())
    assert "grey: fewer than 5 activations, no answer, or over 80 % by chance" in note
    assert "hatched: fewer than 20 activations" in note
