"""Conventions that all plots share: colour maps, types and messages."""

import inspect

import pytest
import xarray as xr
from matplotlib.figure import Figure

import bitbox_xr as bx
from bitbox_xr.demo import make_face, make_pair
from bitbox_xr.plotting import captions, decomposition, expressivity, inference, methods, pairs, style

PLOTS = [getattr(owner, name) for owner in (pairs, expressivity, inference) for name in owner.__all__] + [
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
