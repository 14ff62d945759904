"""Labels of intervals on the time axis: which frame belongs where, what is refused, and what keeps the labels."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bitbox_xr as bx
from bitbox_xr.preprocessing.intervals import Stretch, stretches


def recording(frames=60, fps=10, **attrs):
    return bx.signals(np.arange(frames * 2.0).reshape(frames, 2), fps=fps, names=["AU04", "AU12"], **attrs)


def table(*rows, columns=("onset", "offset", "label")):
    return pd.DataFrame(rows, columns=list(columns))


# --- annotate


def test_a_frame_belongs_from_the_onset_until_before_the_offset():
    x = bx.annotate(recording(8, fps=1), table((1, 3, "a"), (3, 5, "b"), (6.5, 7.5, "a")))
    assert x.condition.values.tolist() == ["", "a", "a", "b", "b", "", "", "a"]
    assert x.condition_interval.values.tolist() == [-1, 0, 0, 1, 1, -1, -1, 2]
    assert x.condition.dtype.kind == "U"
    assert x.condition_interval.dtype.kind == "i"


@pytest.mark.parametrize("off", [-9e-7, 0.0, 9e-7])
def test_edges_are_compared_to_a_microsecond(off):
    x = bx.annotate(recording(8, fps=1), table((2 + off, 5 + off, "a")))
    assert np.flatnonzero(x.condition == "a").tolist() == [2, 3, 4]


@pytest.mark.parametrize(("off", "frames"), [(-2e-6, [2, 3, 4]), (2e-6, [3, 4, 5])])
def test_larger_differences_count(off, frames):
    x = bx.annotate(recording(8, fps=1), table((2 + off, 5 + off, "a")))
    assert np.flatnonzero(x.condition == "a").tolist() == frames


def test_numbers_are_rows_of_the_table_and_labels_keep_the_order_of_their_onsets():
    x = bx.annotate(recording(8, fps=1), table((5, 8, "early"), (0, 2, "late"), (2, 4, "early")))
    assert x.condition_interval.values.tolist() == [1, 1, 2, 2, -1, 0, 0, 0]
    assert [stretch.label for stretch in stretches("condition", x)] == ["late", "early", "early"]


def test_a_duration_and_a_dataset_give_the_same_labels():
    x = recording()
    rows = table((0, 2, "a"), (3, 1.5, "b"), columns=("onset", "duration", "label"))
    expected = bx.annotate(x, table((0, 2, "a"), (3, 4.5, "b")))
    xr.testing.assert_equal(bx.annotate(x, rows), expected)
    xr.testing.assert_equal(bx.annotate(x, bx.open_intervals(rows)), expected)


def test_points_and_unknown_durations_label_nothing_and_are_counted():
    rows = table((0, 2, "a"), (3, 3, "bell"), (4, np.nan, "late"))
    x = bx.annotate(recording(), rows)
    assert set(x.condition.values) == {"a", ""}
    assert x.condition.attrs["note"] == "1 point and 1 interval of unknown duration"
    step = json.loads(x.attrs["history"])[-1]
    assert step == {"function": "annotate", "name": "condition", "intervals": 1, "points": 1, "unknown": 1}
    assert "note" not in bx.annotate(recording(), table((0, 2, "a"))).condition.attrs


def test_an_interval_without_a_frame_is_named():
    with pytest.warns(UserWarning, match=r"got none in 'b' \(90 to 95 s\); the recording has frames from 0 to 5\.9 s"):
        bx.annotate(recording(), table((0, 2, "a"), (90, 95, "b")))


def test_a_second_annotation_has_a_second_name():
    x = bx.annotate(recording(), table((0, 4, "play")))
    x = bx.annotate(x, table((0, 1, "speaks"), (2, 3, "speaks")), name="turn")
    assert [len(stretches(by, x)) for by in ("condition", "turn")] == [1, 2]
    assert len(json.loads(x.attrs["history"])) == 2


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [(0, 2, "a"), (1.5, 3, "b")],
            r"do not overlap, got 'a' \(0 to 2 s\) and 'b' \(1\.5 to 3 s\); keep one of them",
        ),
        ([(0, 9, "a"), (1, 2, "b"), (3, 4, "c")], r"got 'a' \(0 to 9 s\) and 'b' \(1 to 2 s\)"),
        ([(np.nan, 2, "a"), (4, 3, "b")], r"(?s)2 faults.*an onset in every row, got none in row 0.*after .* row 1"),
        ([(1, 2, None)], r"an offset and a label, got only 1 interval without a label"),
        ([(2, 1, "a")], "expected an offset after the onset in every row, got an earlier one in row 0"),
        ([("start", 1, "a")], "expected a number of seconds as onset in every row, got something else in row 0"),
        ([(100, 200, "a")], r"got 1 interval from 100 to 200 s; check the unit"),
        ([(1, 1, "a")], r"at least one interval with an onset, an offset and a label, got only 1 point"),
    ],
)
def test_tables_with_faults_are_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        bx.annotate(recording(), table(*rows))


def test_intervals_that_touch_do_not_overlap():
    x = bx.annotate(recording(), table((0, 2 + 5e-7, "a"), (2, 4, "b")))
    assert (x.condition == "b").sum() == 20


@pytest.mark.parametrize("name", ["time", "signal", "lag", "region", "p", "two words", "", None])
def test_names_that_results_use_are_refused(name):
    with pytest.raises(ValueError, match=r"choose another name|expected name to be a name"):
        bx.annotate(recording(), table((0, 2, "a")), name=name)


def test_a_name_that_exists_is_refused():
    x = bx.annotate(recording(), table((0, 2, "a")))
    with pytest.raises(ValueError, match=r"x has condition and condition_interval; .*drop_vars\(\['condition', "):
        bx.annotate(x, table((0, 2, "a")))


def test_what_is_no_table_is_refused():
    with pytest.raises(TypeError, match=r"got a str; open_intervals\(\) reads files"):
        bx.annotate(recording(), "phases.eaf")
    with pytest.raises(ValueError, match="expected columns onset, offset or duration, and label, got start, stop"):
        bx.annotate(recording(), pd.DataFrame({"start": [0], "stop": [1]}))


# --- intervals of a measure


def labelled(labels, **more):
    x = recording(len(labels), fps=1)
    return x.assign_coords({"phase": ("time", np.array(labels)), **more})


def test_runs_of_equal_labels_are_the_intervals_of_a_coordinate_of_ones_own():
    assert stretches("phase", labelled(["a", "a", "", "a", "b"])) == [
        Stretch("a", 0, 0, 2), Stretch("a", 1, 3, 4), Stretch("b", 2, 4, 5),
    ]  # fmt: skip
    found = stretches("phase", labelled(np.array([1, 1, 2], dtype=int)))
    assert [(one.label, one.start, one.stop) for one in found] == [("1", 0, 2), ("2", 2, 3)]
    missing = labelled(np.array(["a", None, float("nan"), "b"], dtype=object))
    assert [(one.label, one.start) for one in stretches("phase", missing)] == [("a", 0), ("b", 3)]


def test_numbers_separate_intervals_of_one_label():
    x = bx.annotate(recording(6, fps=1), table((0, 3, "a"), (3, 6, "a")))
    assert stretches("condition", x) == [Stretch("a", 0, 0, 3), Stretch("a", 1, 3, 6)]


def test_labels_of_either_side_hold_for_both_and_for_shared_frames_only():
    x, plain = labelled(["a", "a", "b", "b", "b"]), recording(4, fps=1)
    expected = [Stretch("a", 0, 0, 2), Stretch("b", 1, 2, 4)]
    assert stretches("phase", x, plain, frames=4) == stretches("phase", plain, x, frames=4) == expected
    longer = labelled(["a", "a", "b", "b", "c", "c"])
    assert stretches("phase", x, longer, frames=4) == expected


def test_labels_that_differ_are_refused_with_the_first_time():
    x, y = labelled(["a", "a", "b", "b"]), labelled(["a", "a", "a", "b"])
    with pytest.raises(
        ValueError, match=r"shared frames, got 'b' and 'a' at 2 s; correct one .*it then holds for both"
    ):
        stretches("phase", x, y)
    one = bx.annotate(recording(6, fps=1), table((0, 6, "a")))
    two = bx.annotate(recording(6, fps=1), table((0, 4, "a"), (4, 6, "a")))
    with pytest.raises(ValueError, match=r"got an interval 'a' that starts in one at 4 s"):
        stretches("condition", one, two)


BY_FAULTS = {
    "missing": (lambda x: x, "phase", r"expected a coordinate 'phase' along time, got condition, condition_interval"),
    "recordings": (
        lambda x: x.expand_dims(recording=2).assign_coords(phase=(("recording", "time"), np.full((2, 60), "a"))),
        "phase", r"expected 'phase' of x along \(time\), got \(recording, time\); .*\.isel\(\), or use a cohort",
    ),
    "dimension": (lambda x: x.expand_dims(condition=2), "condition", r"a dimension of x; rename"),
    "reserved": (lambda x: x, "signal", "a name that the result does not use itself, got 'signal'"),
    "type": (lambda x: x, 3, "expected by to be the name of a coordinate along time, got 3"),
    "numbers": (
        lambda x: x.assign_coords(phase=("time", np.linspace(0, 1, 60))), "phase",
        r"expected 'phase' of x to be text or whole numbers, got float64; see \.astype\(str\)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BY_FAULTS)
def test_coordinates_that_are_no_labels_are_refused(case):
    change, by, message = BY_FAULTS[case]
    x = recording()
    if case != "dimension":
        x = bx.annotate(x, table((0, 4, "a")))
    with pytest.raises(ValueError, match=message):
        bx.coordination(change(x), by=by)
    pose = bx.signals(np.zeros((60, 6)), kind="pose", fps=10)
    pose = pose.assign_coords({name: ("time", x[name].values) for name in x.coords if name.startswith("condition")})
    with pytest.raises(ValueError, match=message):
        bx.kinematics(change(pose), by=by)


def test_no_labelled_frame_is_refused():
    x = recording().assign_coords(phase=("time", [""] * 60))
    with pytest.raises(ValueError, match="expected frames with a label 'phase' that both recordings share, got none"):
        bx.coordination(x, by="phase", width=1)
    pose = bx.signals(np.zeros((60, 6)), kind="pose", fps=10).assign_coords(phase=("time", [""] * 60))
    with pytest.raises(ValueError, match="expected frames with a label 'phase', got none"):
        bx.kinematics(pose, by="phase")


# --- what keeps labels


def annotated(frames=60, fps=10):
    return bx.annotate(recording(frames, fps), table((0, 2, "a"), (2, 4, "b"), (5, 6, "a")))


def test_resampling_takes_the_labels_of_the_nearest_frame():
    x = annotated()
    for fps in (5, 10, 30):
        slow = bx.resample(x, fps)
        nearest = x.condition.sel(time=slow.time - 1e-9, method="nearest")
        assert slow.condition.values.tolist() == nearest.values.tolist()
        assert slow.condition_interval.dtype.kind == "i"
        assert slow.condition.attrs == x.condition.attrs


def test_align_carries_labels_and_moves_those_of_y():
    x, y = annotated(), recording(60, fps=5)
    for one, other, at in ((x, y, 0), (y, x, 1)):
        both = bx.align(one, other, offset=1.0 if at else 0.0)
        assert both[at].condition.sel(time=slice(2 + at, 3.9 + at)).values.tolist() == ["b"] * 10
        assert both[at].condition_interval.dtype.kind == "i"


def test_missing_rows_keep_the_label_of_the_nearest_frame():
    x = annotated().isel(time=[*range(20), *range(25, 60)])
    whole = bx.resample(x, 10)
    assert np.isnan(whole.isel(time=22)).all()
    assert whole.condition.values[19:26].tolist() == ["a", "a", "a", "a", "b", "b", "b"]


def test_cutting_filling_and_reducing_keep_labels():
    x = annotated()
    assert set(x.isel(time=slice(0, 20)).condition.values) == {"a"}
    assert x.where(x.condition == "b", drop=True).sizes["time"] == 20
    assert bx.fill_gaps(x.where(x.time != 1), max_gap=0.5).condition.identical(x.condition)
    landmark = bx.signals(np.ones((60, 2)), kind="landmark", fps=10, names=["x8", "y8"])
    assert bx.magnitudes(bx.annotate(landmark, table((0, 2, "a")))).condition.values[0] == "a"


def test_labels_in_files(tmp_path):
    x = annotated()
    bx.to_netcdf(x, tmp_path / "x.nc")
    with bx.open_netcdf(tmp_path / "x.nc") as back:
        xr.testing.assert_identical(back.load(), x)
        assert back.condition.dtype.kind == "U"
        assert stretches("condition", back) == stretches("condition", x)


def test_intervals_without_a_label_are_left_out_and_counted():
    # the second row overlaps the first one
    rows = pd.DataFrame({"onset": [0.0, 0.0, 1.0], "offset": [1.0, 3.0, 2.0], "label": ["play", "", "rest"]})
    x = bx.annotate(bx.signals(np.zeros((3, 1)), fps=1), rows)
    assert x.condition.values.tolist() == ["play", "rest", ""]
    assert x.condition_interval.values.tolist() == [0, 2, -1]
    assert x.condition.attrs["note"] == "1 interval without a label"
