"""Plots of metrics and asymmetry: their data and labels, and that they draw on nothing but the given axes."""

import itertools

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from bitbox_xr import signals
from bitbox_xr.measures.asymmetry import asymmetry
from bitbox_xr.measures.expressivity import expressivity
from bitbox_xr.plotting import expressivity as plotting
from bitbox_xr.plotting.decomposition import decomposition

matplotlib.use("Agg")


def face(coefficients=3, names=None, frames=600):
    rng = np.random.default_rng(0)
    time = np.arange(frames) / 30
    values = 0.01 * rng.normal(size=(frames, coefficients))
    values += sum(np.exp(-((time[:, None] - at) ** 2) / 0.1) for at in (4, 9, 15)) * np.arange(1, coefficients + 1)
    return signals(values, fps=30, names=names)


def activations(result):
    return f"{int(result.expressivity.sel(metric='frequency').sum())} activations"


def figure():
    return Figure(layout="constrained")


def test_heat_map_shows_the_metric():
    result = expressivity(face(79), scales=3)
    ax = plotting.expressivity(result, "mean", ax=figure().subplots())
    (image,) = ax.images
    np.testing.assert_array_equal(image.get_array(), result.expressivity.sel(metric="mean"))
    assert image.colorbar.ax.get_ylabel() == "mean magnitude"
    assert [label.get_text() for label in ax.get_yticklabels()] == ["0.1 s", "2.05 s", "4 s"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("coefficient", "scale")
    assert ax.get_title(loc="left") == f"Expressivity\nmean magnitude, {activations(result)} in 20 s"


def test_counts_are_relative_to_the_mean_of_their_scale():
    result = expressivity(face(79), scales=3)
    rates = result.activations_per_minute
    ax = plotting.expressivity(result, ax=figure().subplots())
    (image,) = ax.images
    np.testing.assert_allclose(image.get_array(), rates / rates.mean("coefficient"))
    assert " ".join(image.colorbar.ax.get_ylabel().split()) == "times the mean of the scale"
    assert isinstance(image.norm, LogNorm)
    assert image.norm.vmin * image.norm.vmax == pytest.approx(1)
    assert image.norm.vmax >= image.get_array().max()
    means = [f"{mean:.3g}" for mean in rates.mean("coefficient").values]
    assert [text.get_text() for text in ax.texts] == [*means, "mean"]
    assert ax.get_title(loc="left") == f"Expressivity\nactivations per minute, {activations(result)} in 20 s"
    plain = plotting.expressivity(result, relative=False, vmax=90, cmap="magma", ax=figure().subplots()).images[0]
    np.testing.assert_array_equal(plain.get_array(), rates)
    assert (plain.get_clim(), plain.cmap.name) == ((0, 90), "magma")


@pytest.mark.parametrize("relative", [True, False])
def test_cells_without_activations_are_white_and_crossed(relative):
    result = expressivity(face(3), scales=[1, 2])
    result["activations_per_minute"][:] = [[0.0, 0.1, 6.0], [np.nan, 1.0, 1.0]]
    ax = plotting.expressivity(result, relative=relative, ax=figure().subplots())
    rates, empty = ax.images
    assert np.ma.getmaskarray(rates.get_array()).tolist() == [[True, False, False], [True, False, False]]
    assert np.ma.getmaskarray(empty.get_array()).tolist() == [[False, True, True], [True, True, True]]
    assert empty.cmap(empty.norm(empty.get_array()))[0, 0].tolist() == [1, 1, 1, 1]
    assert np.mean(ax.collections[0].get_segments(), axis=(0, 1)).tolist() == [0, 0]
    assert ax.get_xlabel().splitlines() == ["coefficient", "crossed: no activation", "grey: no eligible time"]


def test_colour_bars_mark_values_beyond_their_ends():
    result = expressivity(face(3), scales=[1, 2])
    result["activations_per_minute"][:] = [[0.1, 1.0, 50.0], [1.0, 1.0, 1.0]]
    bars = [
        plotting.expressivity(result, relative=False, vmax=vmax, ax=figure().subplots()).images[0].colorbar
        for vmax in (None, 20)
    ]
    assert [bar.extend for bar in bars] == ["neither", "max"]
    relative = plotting.expressivity(result, vmin=0.5, vmax=2, ax=figure().subplots()).images[0].colorbar
    assert relative.extend == "both"


def test_heat_map_with_long_names_has_visible_cells():
    names = [f"MouthLowerDownRight{i:02}" for i in range(52)]
    result = expressivity(face(52, names=names), scales=[0.5, 1, 2, 4])
    result["activations_per_minute"][:] = np.geomspace(0.2, 5, 52)
    ax = plotting.expressivity(result)
    try:
        ax.figure.canvas.draw()
        assert ax.get_window_extent().height > 4 * 4 / 25.4 * ax.figure.dpi
        bar = ax.images[0].colorbar.ax
        written = [label for label in bar.get_yticklabels(which="both") if label.get_text()]
        boxes = sorted((label.get_window_extent() for label in written), key=lambda box: box.y0)
        assert len(boxes) > 1
        assert all(one.y1 <= other.y0 + 1 for one, other in itertools.pairwise(boxes))
        assert "4" in {label.get_text() for label in written}
    finally:
        plt.close(ax.figure)


def test_heat_map_of_one_scale_names_its_colours():
    x = face(17, [f"AU{k:02}_r" for k in range(17)]).assign_attrs(source="a_recording_with_a_long_name.csv")
    ax = plotting.expressivity(expressivity(x, scales=[1, 2], aggregate=True, min_rise=0.5))
    try:
        ax.figure.canvas.draw()
        assert ax.images[0].colorbar.ax.get_ylabel().split() == ["activations", "per", "minute"]
    finally:
        plt.close(ax.figure)


def test_heat_map_of_79_coefficients_shows_every_label():
    ax = plotting.expressivity(expressivity(face(79), scales=6))
    try:
        ax.figure.canvas.draw()
        labels = ax.get_xticklabels()
        assert [label.get_text() for label in labels] == [f"GE{i}" for i in range(79)]
        boxes = [label.get_window_extent() for label in labels]
        assert all(one.x1 <= other.x0 + 1 for one, other in itertools.pairwise(boxes))
    finally:
        plt.close(ax.figure)


def test_heat_map_with_missing_cells_and_one_row():
    x = face()
    x[:, 1] = np.nan
    ax = plotting.expressivity(expressivity(x, scales=[1, 2], aggregate=True), "max", ax=figure().subplots())
    assert ax.images[0].get_array().mask.tolist() == [[False, True, False]]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["Agg 1.0-2.0"]


def test_asymmetry_has_one_line_for_each_feature():
    result = asymmetry(signals(np.random.default_rng(0).normal(size=(60, 153)), kind="landmark-can", fps=30))
    ax = plotting.asymmetry(result, ax=figure().subplots())
    assert [line.get_label() for line in ax.lines] == result.feature.values.tolist()
    np.testing.assert_array_equal(ax.lines[3].get_ydata(), result.asymmetry.sel(feature="mouth"))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time, s", "asymmetry, mm")
    assert ax.get_title(loc="left") == "Asymmetry\n60 of 60 frames"


def test_given_figures_create_no_pyplot_figure():
    before = plt.get_fignums()
    decomposition(face(), scales=2, fig=figure())
    plotting.expressivity(expressivity(face()), ax=figure().subplots())
    assert plt.get_fignums() == before


def test_new_figures_are_returned():
    for new in (decomposition(face(), scales=2), plotting.expressivity(expressivity(face())).figure):
        assert new.axes
        plt.close(new)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: decomposition(face(), "AU99"), r"expected coefficient to name a signal \(s0, s1, s2\), got 'AU99'"),
        (
            lambda: decomposition(face().expand_dims(recording=[1])),
            r"got also recording; .* \.isel\(recording=0\)",
        ),
        (lambda: decomposition(face(), scales=[99]), "expected scales shorter than the recording"),
        (lambda: plotting.expressivity(expressivity(face()), "median"), "eligible_time, got 'median'"),
        (
            lambda: plotting.expressivity(expressivity(face().expand_dims(recording=[1]))),
            r"got \(recording, scale, coefficient\)",
        ),
    ],
)
def test_invalid_calls_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
