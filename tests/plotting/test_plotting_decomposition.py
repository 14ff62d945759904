"""The picture of a signal and its scales: chosen activations, the others, thresholds, units and labels."""

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from bitbox_xr import signals
from bitbox_xr.measures.events import events
from bitbox_xr.plotting.decomposition import decomposition

matplotlib.use("Agg")

SCALES = [0.5, 1, 2]


def face(coefficients=3, names=None, frames=600, **attrs):
    rng = np.random.default_rng(0)
    time = np.arange(frames) / 30
    values = 0.01 * rng.normal(size=(frames, coefficients))
    values += sum(np.exp(-((time[:, None] - at) ** 2) / 0.1) for at in (4, 9, 15)) * np.arange(1, coefficients + 1)
    return signals(values, fps=30, names=names, **attrs)


def figure():
    return Figure(layout="constrained")


def dots(ax):
    """Numbers of the grey and of the red dots."""
    others, chosen = (len(collection.get_offsets()) for collection in ax.collections[:2])
    return others, chosen


def title(fig):
    return fig.get_suptitle()


def test_chosen_activations_are_red_and_the_others_grey():
    x = face(names=["AU01", "AU04", "AU12"])
    fig = figure()
    assert decomposition(x, "AU04", scales=SCALES, min_rise=0.3, fig=fig) is fig
    top, *panels = fig.axes
    one = x.sel(signal=["AU04"])
    every, kept = events(one, scales=SCALES), events(one, scales=SCALES, min_rise=0.3)
    together = [events(one, scales=SCALES, aggregate=True, min_rise=limit) for limit in (None, 0.3)]
    np.testing.assert_array_equal(top.lines[0].get_ydata(), one.values[:, 0])
    chosen_by_default = np.isin(together[0].time, together[1].time).sum()
    assert dots(top)[0] == together[0].sizes["event"] - chosen_by_default
    assert dots(top)[1] == together[1].sizes["event"] == 3
    for ax, scale in zip(panels, SCALES, strict=True):
        counts = [int((found.scale == scale).sum()) for found in (every, kept)]
        listed = int((together[1].scale == scale).sum())  # each expression has one dot, and circles at other scales
        assert dots(ax) == (counts[0] - counts[1], listed)
        assert len(ax.collections[2].get_offsets()) == counts[1] - listed
        assert ax.texts[0].get_text() == f"{counts[1]} of {counts[0]}"
    assert [ax.get_ylabel() for ax in panels] == ["0.5 s", "1 s", "2 s"]
    assert panels[-1].get_xlabel() == "time, s"
    assert panels[0].get_xlim() == top.get_xlim()
    assert title(fig).splitlines() == [
        "AU04, all scales aggregated",
        "3 activations chosen (rise at least 0.3; red), "
        f"{len(together[0].event)} are counted by default (the others grey)",
    ]
    shaded = [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in top.patches]
    np.testing.assert_allclose(shaded, np.stack([together[1].onset, together[1].offset], axis=1))


def test_all_scales_have_one_axis_in_the_unit_of_a_rise():
    fig = decomposition(face(1, units="intensity", source="anna.csv"), scales=SCALES, min_rise=0.5, fig=figure())
    top, *panels = fig.axes
    assert len({ax.get_ylim() for ax in panels}) == 1
    assert panels[0].get_title(loc="left") == "rise at each scale, intensity"
    assert top.get_ylabel() == "signal, intensity"
    assert title(fig).startswith("s0 of anna, ")
    for ax in panels:
        response = ax.lines[2].get_ydata()
        assert ax.lines[1].get_ydata()[0] == 0.5  # the threshold
        times, heights = np.concatenate([red.get_offsets() for red in ax.collections[1:]]).T
        nearest = response[np.rint(times * 30).astype(int)]
        np.testing.assert_allclose(heights, nearest, rtol=0.05)
        assert (heights >= nearest).all()
    widest = max(panels, key=lambda ax: ax.lines[2].get_ydata().max())
    assert widest.lines[2].get_ydata().max() == pytest.approx(1, abs=0.15)


def test_without_options_those_are_chosen_that_noise_has_once_a_minute():
    fig = decomposition(face(1), scales=SCALES, fig=figure())
    kept = events(face(1), scales=SCALES, aggregate=True, false_alarms_per_minute=1)
    assert dots(fig.axes[0])[1] == kept.sizes["event"] == 3
    assert "at most 1 false alarm per minute; red" in title(fig)
    x = face(1).assign_coords(condition=("time", np.where(np.arange(600) < 90, "rest", "task")))
    decomposition(x, scales=SCALES, noise={"condition": "rest"}, fig=figure())
    decomposition(face(3), "s1", scales=SCALES, noise=face(3), fig=figure())


def test_each_scale_has_the_threshold_of_the_aggregated_list():
    """Five false alarms a minute at all scales together, not at each."""
    x = signals(np.random.default_rng(3).normal(size=(5400, 1)), fps=30)
    _, *panels = decomposition(x, scales=SCALES, false_alarms_per_minute=5, fig=figure()).axes
    for ax, scale in zip(panels, SCALES, strict=True):
        rate = 5 / scale / sum(1 / d for d in SCALES)
        alone = events(x, scales=[scale], false_alarms_per_minute=rate)
        (threshold,) = {round(float(line.get_ydata()[0]), 9) for line in ax.lines if line.get_linestyle() == ":"}
        red = np.concatenate([dots.get_offsets()[:, 1] for dots in ax.collections[1:3]])
        assert len(red) == alone.sizes["event"]
        assert (red >= threshold).all()


def test_decomposition_without_scales_and_with_one():
    fig = decomposition(face(), scales=None, fig=figure())
    assert len(fig.axes) == 1
    first, second = title(fig).splitlines()
    assert first == "s2"
    assert second.startswith("the signal that varies most, ")
    assert second.endswith(" maxima of the signal itself")
    for x, name in ((face(), "s2"), (face(1), None)):  # no choice
        assert "varies most" not in title(decomposition(x, name, scales=[1], fig=figure()))
    fig = decomposition(face(), scales=[1], fig=figure())
    above, below = fig.axes
    assert title(fig).startswith("s2, at 1 s\n")
    assert dots(above) == dots(below)


def test_missing_frames_have_a_grey_background():
    x = face()
    x[100:130] = np.nan
    x[200] = np.nan
    fig = decomposition(x, scales=[1], fig=figure())
    for ax in fig.axes:
        spans = [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in ax.patches]
        np.testing.assert_allclose(spans[-2:], [(99.5 / 30, 129.5 / 30), (199.5 / 30, 200.5 / 30)])


def test_a_constant_signal_is_drawn():
    fig = decomposition(signals(np.ones((300, 1)), fps=30), scales=SCALES, fig=figure())
    assert "0 activations chosen" in title(fig)
    fig.canvas.draw()
