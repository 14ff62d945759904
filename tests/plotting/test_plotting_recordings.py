"""Plots of recordings over time, and of groups of recordings."""

import matplotlib
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from scipy import stats

import bitbox_xr as bx
from bitbox_xr.plotting import groups, recordings, style

matplotlib.use("Agg")

NAMES = ["AU12", "AU01", "AU25", "AU04"]  # mouth, brow, mouth, brow


def face(frames=300, **attrs):
    values = np.random.default_rng(0).random((frames, 4))
    values[60:90] = np.nan
    values[100:110, 0] = np.nan
    return bx.signals(values, fps=30, names=NAMES, **attrs)


def figure():
    return Figure(layout="constrained")


def spans(ax, colour):
    """Start and stop of what is shaded in this colour."""
    found = [patch for patch in ax.patches if to_rgba(patch.get_facecolor())[:3] == to_rgba(colour)[:3]]
    return sorted((round(patch.get_x(), 3), round(patch.get_x() + patch.get_width(), 3)) for patch in found)


def test_signals_of_a_region_are_together_on_one_scale():
    x = face(source="anna.csv")
    fig = recordings.signals(x, fig=figure())
    assert [ax.get_ylabel() for ax in fig.axes] == ["AU12", "AU25", "AU01", "AU04"]
    assert [ax.get_title(loc="left") or ax.get_title() for ax in fig.axes] == ["mouth", "", "brow", ""]
    assert len({ax.get_ylim() for ax in fig.axes}) == 1
    np.testing.assert_array_equal(fig.axes[1].lines[0].get_ydata(), x.sel(signal="AU25"))
    first, second = fig.get_suptitle().splitlines()
    assert first == "Signals of anna"
    assert second.startswith("4 signals, 10 s, 30 frames per second, 30 frames lost")
    assert recordings.signals(x, vmin=-1, vmax=2, fig=figure()).axes[0].get_ylim() == pytest.approx((-1.18, 2.18))


def test_missing_frames_and_intervals_are_shaded():
    intervals = pd.DataFrame({"onset": [0, 5, 8], "offset": [2, 7, 9], "label": ["rest", "task", "rest"]})
    x = bx.annotate(face(), intervals)
    fig = recordings.signals(x, by="condition", fig=figure())
    half = 0.5 / 30
    missing = [(60 / 30 - half, 90 / 30 - half), (100 / 30 - half, 110 / 30 - half)]
    np.testing.assert_allclose(spans(fig.axes[0], style.MISSING_COLOUR), missing, atol=1e-3)
    np.testing.assert_allclose(spans(fig.axes[1], style.MISSING_COLOUR), missing[:1], atol=1e-3)
    rest, task = style.GROUP_COLOURS[:2]
    np.testing.assert_allclose(spans(fig.axes[1], rest), [(-half, 2 - half), (8 - half, 9 - half)], atol=1e-3)
    np.testing.assert_allclose(spans(fig.axes[1], task), [(5 - half, 7 - half)], atol=1e-3)
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["rest", "task"]


def test_long_recordings_are_drawn_as_the_range_of_each_part():
    x = face(frames=30_000)
    line = recordings.signals(x, fig=figure()).axes[0].lines[0]
    assert len(line.get_xdata()) <= 1500
    own = x.sel(signal="AU12").values
    assert np.nanmin(line.get_ydata()) == np.nanmin(own)
    assert np.nanmax(line.get_ydata()) == np.nanmax(own)


def test_invalid_calls_of_signals_are_refused():
    with pytest.raises(ValueError, match=r"2 faults(.|\n)*a coordinate 'phase' along time(.|\n)*got also take"):
        recordings.signals(face().expand_dims("take"), by="phase")
    with pytest.raises(ValueError, match="expected at most 208 signals, got 300"):
        recordings.signals(bx.signals(np.zeros((9, 300)), fps=30))


def test_signals_of_a_pose_have_one_scale_for_each_unit():
    head = np.linspace(0, 1, 60)[:, None] * [500, 10, -20, 0.1, 0.2, -0.3]
    fig = recordings.signals(bx.signals(head, kind="pose", fps=30), fig=figure())
    limits = [ax.get_ylim() for ax in fig.axes]
    assert limits[0] == limits[1] == limits[2] == pytest.approx((-20 - 31.2, 500 + 31.2))
    assert limits[3] == limits[4] == limits[5] == pytest.approx((-0.3 - 0.03, 0.2 + 0.03))
    assert fig.get_suptitle().replace(",\n", ", ").endswith("scale −20 to 500 mm and −0.3 to 0.2 rad")


def test_kinematics_are_distance_and_speed():
    time = np.arange(60) / 30
    head = np.zeros((60, 6))
    head[:, 0], head[:, 1] = 3 * time, 4 * time  # 5 mm/s
    head[20:25] = np.nan
    x = bx.signals(head, kind="pose", fps=30)
    above, below = recordings.kinematics(x, fig=figure()).axes
    speed = below.lines[0].get_ydata()
    np.testing.assert_allclose(speed[~np.isnan(speed)], 5)
    assert np.isnan(speed).sum() == 6  # steps into, in and out of the gap
    kept = ~np.isnan(head[:, 0])
    expected = 5 * np.abs(time - time[kept].mean())
    np.testing.assert_allclose(above.lines[0].get_ydata()[kept], expected[kept], atol=1e-9)
    assert (above.get_ylabel(), below.get_ylabel()) == ("distance from\nthe mean, mm", "speed, mm/s")
    assert recordings.kinematics(x, angular=True, vmin=-1, vmax=2, fig=figure()).axes[1].get_ylim() == (-1, 2)


def test_the_rotation_of_the_head_in_live_link_names():
    """The angles of Live Link Face are those of other trackers; its files do not say in which unit."""
    angles = np.random.default_rng(0).normal(size=(60, 3))
    names = ["HeadYaw", "HeadPitch", "HeadRoll", "LeftEyeYaw"]
    x = bx.signals(np.c_[angles, angles[:, :1]], fps=30, kind="pose", names=names, units="as in the file")
    same = bx.signals(np.c_[np.zeros((60, 3)), angles[:, [1, 0, 2]]], kind="pose", fps=30)
    one, other = (recordings.kinematics(head, angular=True, fig=figure()).axes for head in (x, same))
    for ax, expected in zip(one, other, strict=True):
        np.testing.assert_allclose(ax.lines[0].get_ydata(), expected.lines[0].get_ydata())
    labels = [ax.get_ylabel().replace("\n", " ") for ax in one]
    assert labels == ["distance from the mean, unit as in the file", "speed, unit as in the file, per s"]
    xr.testing.assert_allclose(bx.kinematics(x, angular=True), bx.kinematics(same, angular=True))
    with pytest.raises(ValueError, match=r"missing: Tx, Ty, Tz; for the rotation of the head, give angular=True"):
        recordings.kinematics(x, fig=figure())


def test_landmarks_have_a_line_for_each_region():
    x = bx.signals(np.random.default_rng(0).normal(size=(60, 153)), kind="landmark-can", fps=30)
    above, _ = recordings.kinematics(x, fig=figure()).axes
    regions = list(dict.fromkeys(x.region.values.tolist()))
    assert sorted(line.get_label() for line in above.lines) == sorted(regions)


def summary(values, **coords):
    dims = ("recording", "condition") if np.ndim(values) == 2 else ("recording",)
    return xr.Dataset({"excess": (dims, values)}, coords, {"measure": "significance"})


def test_groups_have_a_dot_for_each_recording_and_the_interval_of_the_mean():
    values = np.array([0.1, 0.3, 0.2, 0.5, np.nan, 0.6])
    data = summary(values, group=("recording", ["a", "a", "a", "b", "b", "b"])).expand_dims(
        pair=["AU12"]
    )  # the only pair
    ax = groups.groups(data, "excess", by="group", ax=figure().subplots())
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a\nn = 3", "b\nn = 2"]
    np.testing.assert_allclose(sorted(ax.lines[0].get_ydata()), [0.1, 0.2, 0.3])
    assert ax.lines[1].get_ydata()[0] == pytest.approx(0.2)
    ends = np.array(ax.collections[0].get_segments())[0][:, 1]
    np.testing.assert_allclose(ends, stats.t.interval(0.95, 2, 0.2, 0.1 / np.sqrt(3)))
    assert ax.get_title(loc="left").splitlines()[0] == "Significance: excess, AU12"
    assert ax.get_title(loc="left").splitlines()[1].startswith("5 recordings")


def test_conditions_of_a_recording_are_connected():
    data = summary([[0.1, 0.3], [0.2, 0.5]], condition=["rest", "task"])
    ax = groups.groups(data, "excess", by="condition", vmin=0, vmax=1, ax=figure().subplots())
    np.testing.assert_allclose([line.get_ydata() for line in ax.lines[:2]], [[0.1, 0.3], [0.2, 0.5]])
    assert ax.get_ylim() == (0, 1)


@pytest.mark.parametrize(
    ("variable", "by", "message"),
    [
        ("p", "group", "expected the variable p, got excess"),
        ("excess", "site", r"expected by to be a coordinate along recording \(group\), got 'site'"),
    ],
)
def test_invalid_calls_of_groups_are_refused(variable, by, message):
    data = summary([0.1, 0.2], group=("recording", ["a", "b"]))
    with pytest.raises(ValueError, match=message):
        groups.groups(data, variable, by=by)
