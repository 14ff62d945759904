"""The specification curve: order, intervals, marks and messages."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

VALUES = np.array([[0.3, 0.1], [np.nan, 0.2]])


def result(values=VALUES, interval=0.05):
    dims = ("width", "max_lag")
    data = {"estimate": (dims, values), "ci_low": (dims, values - interval), "ci_high": (dims, values + interval)}
    coords = {"width": [1.0, 2.0], "max_lag": ["default", "1"], "comparison": "b - a"}
    return xr.Dataset(data, coords, {"multiverse": "width max_lag", "variable": "excess"})


def curve(data, *arguments, **options):
    return data.bitbox.plot.specification_curve(*arguments, fig=Figure(layout="constrained"), **options)


def test_settings_are_drawn_from_the_smallest_to_the_largest():
    top, below = curve(result()).axes
    np.testing.assert_array_equal(top.lines[0].get_ydata(), [0.1, 0.2, 0.3])
    assert [label.get_text() for label in below.get_yticklabels()] == [
        "width 1",
        "width 2",
        "max_lag default",
        "max_lag 1",
    ]
    widths, lags = (line.get_ydata().tolist() for line in below.lines[:2])
    assert (widths, lags) == ([0, 1, 0], [3, 3, 2])
    np.testing.assert_allclose(top.collections[0].get_segments()[0][:, 1], [0.05, 0.15])
    assert top.get_ylabel() == "b - a of excess"


def test_the_title_counts_settings_whose_interval_excludes_zero():
    assert curve(result(interval=0.15)).get_suptitle().splitlines() == [
        "B - a of excess",
        "3 settings, in 2 of them the 95 % interval excludes 0",
    ]


@pytest.mark.parametrize("chosen", [{"width": 1.0, "max_lag": None}, {"width": 1, "max_lag": "default"}])
def test_the_preregistered_setting_is_marked(chosen):
    top, _ = curve(result(), preregistered=chosen).axes
    assert top.get_legend().get_texts()[0].get_text() == "preregistered: 0.3"
    marks = [line.get_xdata() for line in top.lines if line.get_marker() == "D"]
    assert [int(np.ravel(x)[0]) for x in marks] == [2]


def test_a_tuple_of_scales_is_marked():
    data = xr.Dataset({"overall": ("scales", [0.4, 0.2])}, {"scales": ["1 2", "1 4"]}, {"multiverse": "scales"})
    top, _ = curve(data, "overall", preregistered={"scales": (1, 4)}).axes
    assert "preregistered: 0.2" in top.get_legend().get_texts()[0].get_text()
    assert not top.collections  # no intervals


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: curve(result(), "corr"), "expected the variable corr, got estimate"),
        (lambda: curve(result().drop_attrs()), "one without options"),
        (
            lambda: curve(result().expand_dims(pair=["AU12"])),
            r"got also pair; choose one label of each, .*isel\(pair=0\)",
        ),
        (lambda: curve(result(), preregistered={"width": 1.0}), "a label of width, max_lag, got width"),
        (lambda: curve(result(), preregistered={"width": 3, "max_lag": None}), r"label of width \(1, 2\), got 3"),
        (lambda: curve(result(), preregistered={"width": 2, "max_lag": None}), "got a missing one"),
        (lambda: curve(result(VALUES * np.nan)), "got only missing ones"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
