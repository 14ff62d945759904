"""Plots of activations, of the estimates of a contrast, and of a number for each label; marks outside limits."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

import bitbox_xr as bx
from bitbox_xr.demo import make_face
from bitbox_xr.plotting import clipping, estimates, raster, style, values


def axes():
    return Figure(layout="constrained").subplots()


def study():
    """An effect of 0.5 of the second pair, none of the first, in 12 recordings."""
    rng = np.random.default_rng(0)
    excess = rng.normal([[0, 0], [0, 0.5]], 0.1, (12, 2, 2))
    dims, coords = ("recording", "condition", "pair"), {"condition": ["rest", "play"], "pair": ["AU06", "AU12"]}
    return xr.Dataset({"excess": (dims, excess)}, coords)


def test_each_activation_is_a_mark_in_the_row_of_its_coefficient():
    face, _ = make_face()
    face = face.assign_coords(signal=["AU10", "AU2", "AU1"])
    found = bx.events(face, scales=[1], min_rise=0.2)
    ax = raster.events(found, vmax=0.5, ax=axes())
    rows = {"AU1": 0, "AU2": 1, "AU10": 2}
    expected = np.c_[found.time, [rows[name] for name in found.coefficient.values]]
    np.testing.assert_array_equal(ax.collections[0].get_offsets(), expected)
    np.testing.assert_array_equal(ax.collections[0].get_array(), found.rise)
    assert [label.get_text() for label in ax.get_yticklabels()] == list(rows)
    assert (ax.get_xlim(), ax.collections[0].get_clim()) == ((0, 60), (0, 0.5))
    assert ax.collections[0].colorbar.extend == "max"
    assert ax.get_title(loc="left").splitlines() == [
        "Activations of face",
        f"{found.sizes['event']} activations of 3 coefficients, scale 1 s, rise at least 0.2",
    ]
    nothing = raster.events(bx.events(face, scales=[1], min_rise=9), ax=axes())
    assert len(nothing.collections[0].get_offsets()) == 0


def test_estimates_have_intervals_and_significant_ones_are_red():
    found = study().bitbox.contrast(variable="excess", within="condition", n=199, rng=0)
    ax = estimates.estimates(found, ax=axes())
    assert [label.get_text() for label in ax.get_yticklabels()] == ["AU12", "AU06"]
    marks = [line for line in ax.lines if line.get_marker() == "o"]
    drawn = {to_hex(line.get_color()): line.get_xdata().tolist() for line in marks}
    expected = found.estimate.sel(pair=["AU06", "AU12"]).values.tolist()
    assert drawn == {style.LINE_COLOUR: expected[:1], style.MARK_COLOUR: expected[1:]}
    for bars, pair in zip(ax.collections, ("AU06", "AU12"), strict=True):
        one = found.sel(pair=pair)
        np.testing.assert_allclose(bars.get_segments()[0][:, 0], [one.ci_low, one.ci_high])
    assert ax.get_title(loc="left").replace(",\n", ", ").splitlines() == [
        "Excess: play − rest",
        "1 of 2 cells significant, 12 recordings, bars: 95 % interval",
    ]


def test_of_many_cells_those_with_the_smallest_p_are_plotted():
    pairs, rng = [f"AU{k}" for k in range(60)], np.random.default_rng(0)
    coords = {"condition": ["rest", "play"], "pair": pairs}
    summary = xr.Dataset({"excess": (("recording", "condition", "pair"), rng.normal(size=(12, 2, 60)))}, coords)
    found = summary.bitbox.contrast(variable="excess", within="condition", n=199, rng=0)
    ax = estimates.estimates(found, by="p", ax=axes())
    drawn = np.concatenate([line.get_xdata() for line in ax.lines if line.get_marker() == "o"])
    smallest = found.estimate.values[np.argsort(found.p.values, kind="stable")[:40]]
    np.testing.assert_allclose(np.sort(drawn), np.sort(smallest))
    assert "the 40 smallest p" in ax.get_title(loc="left")


def test_a_number_for_each_landmark_in_the_colour_of_its_region():
    face = bx.signals(np.random.default_rng(0).normal(size=(90, 153)), kind="landmark-can", fps=30)
    found = bx.kinematics(face)
    ax = values.values(found, "path", ax=axes())
    drawn = {line.get_label(): line.get_ydata() for line in ax.lines}
    assert list(drawn) == list(dict.fromkeys(found.region.values))
    for region, heights in drawn.items():
        np.testing.assert_array_equal(heights, found.path.values[found.region == region])
    assert ax.get_ylabel() == "length of the path,\xa0mm"
    assert ax.get_ylim()[0] == 0
    assert ax.get_title(loc="left").splitlines()[1] == "51 landmarks, 3 s"
    assert not any(line.get_clip_on() for line in ax.lines)  # dots on the edge are whole
    assert any(line.get_clip_on() for line in values.values(found, "path", vmin=0, vmax=1, ax=axes()).lines)
    negative = values.values(bx.smoothness(face), "ldj", ax=axes()).get_ylim()
    assert negative[1] < 0


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: values.values(study(), "no"), r"expected a variable with one dimension \(none\), got 'no'"),
        (lambda: values.values(study(), "excess"), "expected excess with one dimension, got recording, condition"),
        (lambda: estimates.estimates(study(), by="r"), "expected by to be one of p, .*; expected a result of bx.contr"),
        (lambda: raster.events(study()), "expected the variable rise, got .*; use the result of bx.events"),
    ],
)
def test_other_results_are_refused(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()


@pytest.mark.parametrize("along", ["y", "x"])
def test_lines_that_leave_the_axes_are_marked_at_the_edge(along):
    ax = axes()
    places, heights = np.arange(5.0), np.array([0.5, 2.0, -3.0, np.nan, 1.0])
    ax.plot(*((places, heights) if along == "y" else (heights, places)))
    (ax.set_ylim if along == "y" else ax.set_xlim)(0, 1)
    clipping.mark_clipped(ax, along=along)
    marks = {line.get_marker(): np.c_[line.get_data()].tolist() for line in ax.lines[1:]}
    below, above = ("v", "^") if along == "y" else ("<", ">")
    order = slice(None) if along == "y" else slice(None, None, -1)
    assert marks == {below: [[2, 0][order]], above: [[1, 1][order]]}
    assert (ax.get_ylim() if along == "y" else ax.get_xlim()) == (0, 1)


def test_a_signal_beyond_given_limits_is_marked():
    face, _ = make_face()
    whole, cut = (face.bitbox.plot.signals(vmax=vmax, fig=Figure(layout="constrained")) for vmax in (None, 0.3))
    assert [len(ax.lines) for ax in whole.axes] == [1, 1, 1]
    assert max(len(ax.lines) for ax in cut.axes) == 2
