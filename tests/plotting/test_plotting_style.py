"""Conventions that all plots share: colour maps, types and messages."""

import inspect

import matplotlib
import numpy as np
import pytest
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

import bitbox_xr as bx
from bitbox_xr.demo import make_face, make_pair
from bitbox_xr.plotting import (
    captions,
    chance,
    decomposition,
    estimates,
    expressivity,
    groups,
    inference,
    methods,
    pairs,
    raster,
    recordings,
    style,
    values,
)

PLOTS = [
    getattr(owner, name)
    for owner in (pairs, expressivity, inference, recordings, chance, groups, raster, estimates, values)
    for name in owner.__all__
] + [
    function
    for owner in (methods.PlotMethods, methods.SignalsPlotMethods)
    for name, function in vars(owner).items()
    if not name.startswith("_")
]


@pytest.fixture(scope="module")
def stats():
    x, y, _ = make_pair(minutes=0.5)
    return bx.imitation(x, y, width=2, step=1, max_lag=1, causal=False, stats=True)


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: f"{plot.__module__}.{plot.__qualname__}")
def test_plots_return_axes_or_a_figure(plot):
    assert inspect.signature(plot).return_annotation in ("Axes", "Figure | SubFigure")


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: f"{plot.__module__}.{plot.__qualname__}")
def test_plots_take_limits_and_a_place_to_draw_on(plot):
    names = list(inspect.signature(plot).parameters)
    place = "ax" if inspect.signature(plot).return_annotation == "Axes" else "fig"
    expected = ["vmin", "vmax", "cmap", place] if "cmap" in names else ["vmin", "vmax", place]
    assert names[-len(expected) :] == expected


@pytest.mark.parametrize(
    ("statistic", "cmap"),
    [
        ("corr_mean", style.DIVERGING_CMAP),
        ("corr_lag", style.DIVERGING_CMAP),
        ("corr_abs_mean", style.SEQUENTIAL_CMAP),
    ],
)
def test_the_colour_map_depends_on_the_signs_of_the_statistic(stats, statistic, cmap):
    ax = pairs.matrix(stats, statistic=statistic, ax=Figure().subplots())
    assert ax.images[0].cmap.name == cmap


def test_both_unknown_labels_of_a_pair_are_reported():
    x, y, _ = make_pair(minutes=0.5)
    profile = bx.lag_profile(x, y, width=2, step=1, max_lag=1)
    with pytest.raises(ValueError, match=r"pair: 2 faults(.|\n)*signal1 .*got 'AU98'(.|\n)*signal2 .*got 'AU99'"):
        pairs.lag_profile(profile, ("AU98", "AU99"), ax=Figure().subplots())


@pytest.mark.parametrize(
    ("attrs", "limits"),
    [
        ({}, None),
        ({"measure": "imitation", "max_lag": 1.0, "causal": 1}, (-1.08, 0.08)),
        ({"measure": "imitation", "max_lag": 1.0, "causal": 0}, (-1.08, 1.08)),
        ({"measure": "coordination", "max_lag": 1.0}, (-2.16, 2.16)),
    ],
)
def test_lag_limits_leave_a_margin_around_the_allowed_lags(attrs, limits):
    assert style.lag_limits(attrs) == (pytest.approx(limits) if limits else None)


def test_an_axis_label_has_units_unless_there_are_none():
    lag = xr.DataArray([0.5], dims="x", name="lag", attrs={"long_name": "lag", "units": "s"})
    assert captions.axis_text(lag) == "lag,\N{NO-BREAK SPACE}s"
    assert captions.axis_text(lag.assign_attrs(units="1")) == "lag"


def test_labels_state_the_units_of_the_signal():
    face = make_face()[0].assign_attrs(units="mm")
    fig = decomposition.decomposition(face, "AU12", scales=[1], fig=Figure())
    assert fig.axes[0].get_ylabel() == "signal, mm"
    result = bx.expressivity(face, scales=[1, 2])
    labels = {
        metric: expressivity.expressivity(result, metric, relative=False, ax=Figure().subplots())
        .images[0]
        .colorbar.ax.get_ylabel()
        for metric in ("frequency", "density", "mean")
    }
    assert {metric: " ".join(label.split()) for metric, label in labels.items()} == {
        "frequency": "number of activations",
        "density": "summed magnitude per frame, mm/frame",
        "mean": "mean magnitude, mm",
    }


def test_a_plot_leaves_the_parameters_of_the_user_alone(stats):
    with matplotlib.rc_context({"font.size": 21, "axes.spines.top": True}):
        before = dict(matplotlib.rcParams)
        ax = pairs.matrix(stats)
        assert dict(matplotlib.rcParams) == before
        assert ax.yaxis.label.get_fontsize() == style.LABEL_PT
        with pytest.raises(ValueError, match="expected the variable no"):
            pairs.matrix(stats, statistic="no")
        assert dict(matplotlib.rcParams) == before
    plt.close("all")


@pytest.mark.parametrize("backend", ["module://matplotlib_inline.backend_inline", "agg"])
def test_a_notebook_displays_a_returned_figure_once(stats, monkeypatch, backend):
    figure = pairs.matrix(stats).figure
    monkeypatch.setattr(matplotlib, "get_backend", lambda: backend)
    with pytest.raises(NotImplementedError):  # IPython then displays the figure itself
        figure._ipython_display_()
    # the inline backend displays what is open at the end of the cell
    assert plt.fignum_exists(figure.number) == (backend == "agg")
    plt.close("all")


def test_new_figures_are_as_wide_as_columns_of_a_journal(stats):
    few, many = stats, stats.isel(signal2=[0] * 40)
    widths = [pairs.matrix(one).figure.get_size_inches()[0] * 25.4 for one in (few, many)]
    np.testing.assert_allclose(widths, [88, 180])
    np.testing.assert_allclose(style.figure(2, 70).get_size_inches() * 25.4, [180, 70])
    with pytest.raises(ValueError, match="expected columns to be 1 or 2, got 3; expected height to be positive"):
        style.figure(3, 0)
    plt.close("all")


@pytest.mark.parametrize(
    ("given", "both_signs", "expected"),
    [
        ((None, None), True, (-0.3, 0.3)),
        ((None, 0.5), True, (-0.5, 0.5)),
        ((-1, 0.5), True, (-1, 0.5)),
        ((None, None), False, (0, 0.3)),
        ((0.1, None), False, (0.1, 0.3)),
    ],
)
def test_limits_are_round_numbers_or_those_given(given, both_signs, expected):
    assert style.limits(np.array([0.27, -0.1, np.nan]), *given, both_signs=both_signs) == expected


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (("anna.csv", "ben.csv"), ("anna", "ben", "")),
        (("d07_child_of.csv", "d07_mother_of.csv"), ("child", "mother", "")),
        (("d07.csv", "d07_mother.csv"), ("d07", "d07_mother", "")),
        (("normal_202_01.txt", "normal_202_01.txt"), ("x", "y", "normal_202_01")),
        (("session 1.5 left", ""), ("session 1.5 left", "y", "")),
        (("", ""), ("x", "y", "")),
    ],
)
def test_people_have_short_names(sources, expected):
    attrs = {f"source{k}": name for k, name in enumerate(sources, 1) if name}
    assert captions.of(xr.Dataset(attrs=attrs)) == expected


def test_a_selected_recording_is_named_by_its_label():
    names = ("rmea_dropout_101_01", "normal_202_01")
    parts = [xr.DataArray(np.random.default_rng(k).random((90, 2)), dims=("time", "signal")) for k in range(2)]
    recordings = [bx.signals(part, fps=30, source=f"{name}.txt") for part, name in zip(parts, names, strict=True)]
    both = xr.concat(recordings, xr.Variable("recording", list(names)))
    result = bx.imitation(both, both)
    for measured in (result.sel(recording="normal_202_01"), bx.imitation(*[both.sel(recording="normal_202_01")] * 2)):
        title = pairs.matrix(measured, ax=Figure().subplots()).get_title(loc="left")
        assert title.splitlines()[0] == "Imitation of y by x, recording normal_202_01"


def test_a_selected_condition_does_not_hide_the_people():
    result = xr.Dataset(coords={"condition": "task"}, attrs={"by": "condition", "source1": "a.csv", "source2": "b.csv"})
    assert captions.of(result) == ("a", "b", "condition task")


OPTIONS = ["58 windows of 2 s", "step 1 s", "max_lag 1 s", "199 shift surrogates"]


def test_options_that_do_not_fit_are_left_out_of_the_title():
    ax = Figure(figsize=(2, 2)).subplots()
    parts = [*OPTIONS, "family-wise p of all of the pairs", "left out"]
    captions.write_title(ax, "Imitation of somebody by somebody else", parts)
    lines = ax.get_title(loc="left").splitlines()
    assert " ".join(lines[:2]) == "Imitation of somebody by somebody else"
    assert lines[2:] == ["58 windows of 2 s, step 1 s,", "max_lag 1 s, 199 shift surrogates,", parts[-2]]
