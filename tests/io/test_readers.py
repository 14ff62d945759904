"""Readers: the values, names, units, times and lost frames of files that `trackers` makes."""

import io
import re

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import bitbox_xr as bx
from bitbox_xr import signals
from bitbox_xr.core.signal_set import rate
from bitbox_xr.io.readers import open_recording, open_signals

import trackers
from trackers import ramp, ramps, write

FEW_COLUMNS = {"frame", "face_id", "timestamp", "confidence", "success", "pose_Tx", "x_0", "y_0", *trackers.UNITS_R}


def write_text(path, text):
    path.write_text(text, encoding="utf-8")
    return path


# --- OpenFace


@pytest.mark.parametrize("version", [1, 2])
def test_openface_has_17_intensities_at_regular_times(tmp_path, version):
    columns = trackers.openface(40, version=version)
    assert len(columns) == {2: 714, 1: 431}[version]
    x = open_signals(write(tmp_path / "of.csv", columns, sep=", "))
    assert x.signal.values.tolist() == trackers.UNITS_R
    for name in trackers.UNITS_R:
        np.testing.assert_array_equal(x.sel(signal=name), columns[name])
    np.testing.assert_array_equal(x.time, np.arange(40) / 30)
    assert x.attrs["backend"] == f"OpenFace {version}"
    assert (x.name, x.attrs["kind"], x.attrs["source"], x.attrs["lost_frames"]) == (
        "expression",
        "expression",
        "of.csv",
        0,
    )
    np.testing.assert_array_equal(x.confidence, np.full(40, 0.95))
    np.testing.assert_array_equal(x.success, np.ones(40))
    assert "time_source" not in x.attrs
    assert x.dtype == np.float64


def test_openface_pose_and_landmarks(tmp_path):
    columns = trackers.openface(6)
    file = write(tmp_path / "of.csv", columns, sep=", ")
    pose = open_signals(file, kind="pose")
    assert pose.signal.values.tolist() == ["Tx", "Ty", "Tz", "Rx", "Ry", "Rz"]
    np.testing.assert_array_equal(pose.sel(signal="Ry"), columns["pose_Ry"])
    landmark = open_signals(file, kind="landmark")
    assert landmark.signal.values[:4].tolist() == ["x0", "y0", "x1", "y1"]
    assert landmark.attrs["schema"] == "ibug68"
    np.testing.assert_array_equal(landmark.sel(signal="x67"), columns["x_67"])
    np.testing.assert_array_equal(landmark.sel(signal="y3"), columns["y_3"])
    assert landmark.sel(signal="y3").axis == "y"
    assert int(landmark.sel(signal="y3").landmark) == 3


def test_requested_columns_keep_the_names_of_the_file(tmp_path):
    columns = trackers.openface(6)
    file = write(tmp_path / "of.csv", columns, sep=", ")
    x = open_signals(file, columns=["AU28_c", "X_0", list(columns).index("x_0")])
    assert x.signal.values.tolist() == ["AU28_c", "X_0", "x_0"]
    assert x.attrs["units"] == "as in the file"
    for name in x.signal.values:
        np.testing.assert_array_equal(x.sel(signal=name), columns[name])
    assert open_signals(file, columns="pose_Rx").attrs["kind"] == "pose"
    assert open_signals(file, columns=["X_0", "Y_0", "Z_0"], kind="landmark").axis.values.tolist() == ["x", "y", "z"]


def test_failed_missing_and_low_confidence_frames_are_nan(tmp_path):
    columns = trackers.openface(12, decimals=6)
    columns["success"][3] = 0
    columns["confidence"][5] = 0.4
    file = write(tmp_path / "of.csv", columns, sep=", ", rows=[0, 1, 2, 3, 4, 5, 9, 10, 11])
    x = open_signals(file)
    assert x.sizes["time"] == 12
    lost = np.isnan(x.values).all(axis=1)
    assert np.flatnonzero(lost).tolist() == [3, 6, 7, 8]
    assert x.attrs["lost_frames"] == 4
    np.testing.assert_array_equal(x.sel(signal="AU01_r").values[~lost], columns["AU01_r"][~lost])
    assert rate(x) == 30
    assert np.flatnonzero(np.isnan(x.confidence)).tolist() == [6, 7, 8]
    confident = open_signals(file, min_confidence=0.5)
    assert np.flatnonzero(np.isnan(confident.values).all(axis=1)).tolist() == [3, 5, 6, 7, 8]
    assert confident.attrs["lost_frames"] == 5
    assert float(confident.confidence[5]) == 0.4


def two_faces(tmp_path):
    """Face 0 in every frame, face 7 in frames 4, 7 and 10 only."""
    first, second = trackers.openface(12, decimals=6), trackers.openface(12, decimals=6)
    rows = [(i, face) for i in range(12) for face in ((first, second) if i in (3, 6, 9) else (first,))]
    second["face_id"] += 7
    columns = {name: [face[name][i] for i, face in rows] for name in FEW_COLUMNS if name in first}
    return write(tmp_path / "two.csv", columns, sep=", ")


def test_one_of_several_faces_has_the_frame_rate_of_the_video(tmp_path):
    file = two_faces(tmp_path)
    always, sometimes = open_signals(file, face_id=0), open_signals(file, face_id="7")
    assert always.shape == (12, 17)
    assert (always.attrs["face_id"], always.attrs["lost_frames"]) == (0, 0)
    # 3 of 7 frames at 30 frames per second, from frame 3 on; not 3 frames at 10 frames per second from 0 s
    np.testing.assert_allclose(sometimes.time, np.arange(3, 10) / 30, atol=1e-15)
    assert (sometimes.attrs["face_id"], sometimes.attrs["lost_frames"]) == (7, 4)
    np.testing.assert_array_equal(
        sometimes.sel(signal="AU12_r").values[::3], always.sel(signal="AU12_r").values[[3, 6, 9]]
    )
    with pytest.warns(UserWarning, match=r"fps=25 replaces .*, 30 frames per second"):
        by_rate = open_signals(file, face_id=7, fps=25)
    np.testing.assert_allclose(by_rate.time, np.arange(3, 10) / 25, atol=1e-15)
    assert by_rate.attrs["lost_frames"] == 4


def test_a_given_rate_replaces_times_and_keeps_missing_frames(tmp_path):
    columns = trackers.openface(10)
    columns["timestamp"] = np.arange(10) / 1000
    x = open_signals(write(tmp_path / "of.csv", columns, rows=[0, 1, 4, 5, 6, 7, 8, 9]), fps=25)
    np.testing.assert_array_equal(x.time, np.arange(10) / 25)
    assert np.flatnonzero(np.isnan(x.values).all(axis=1)).tolist() == [2, 3]
    assert x.attrs["time_source"] == "fps given"
    # a given rate may be above 240
    fast = open_signals(write(tmp_path / "fast.csv", columns), fps=1000)
    np.testing.assert_allclose(np.diff(fast.time), 0.001)


# --- Py-Feat


def test_pyfeat_action_units_of_every_second_frame(tmp_path):
    columns = trackers.pyfeat(9, version=2, step=2)
    x = open_signals(write(tmp_path / "fex.csv", columns), fps=25)
    assert x.signal.values.tolist() == trackers.PYFEAT_UNITS
    np.testing.assert_array_equal(x.sel(signal="AU43"), columns["AU43"])
    # every second frame of a video with 25 frames per second: the rate is 12.5, and no frame is lost
    np.testing.assert_allclose(x.time, np.arange(9) * 0.08)
    assert (x.attrs["lost_frames"], x.attrs["frame_step"], x.attrs["time_source"]) == (0, 2, "fps given")
    np.testing.assert_array_equal(x.confidence, np.full(9, 0.5))
    smile = open_signals(tmp_path / "fex.csv", fps=25, columns=["mouthSmileLeft"])
    np.testing.assert_array_equal(smile[:, 0], columns["mouthSmileLeft"])


def test_pyfeat_missing_frame_numbers_are_lost_frames(tmp_path):
    columns = trackers.pyfeat(10)
    x = open_signals(write(tmp_path / "fex.csv", columns, rows=[2, 3, 4, 8, 9]), fps=30)
    np.testing.assert_allclose(x.time, np.arange(2, 10) / 30)  # frame 0 is at 0 s
    np.testing.assert_array_equal(
        x.sel(signal="AU01").values, [*columns["AU01"][2:5], *[np.nan] * 3, *columns["AU01"][8:]]
    )
    assert x.attrs["lost_frames"] == 3
    assert "frame_step" not in x.attrs
    skipped = open_signals(write(tmp_path / "skip.csv", trackers.pyfeat(10, step=3), rows=[0, 1, 3, 4]), fps=30)
    np.testing.assert_allclose(skipped.time, np.arange(5) / 10)
    assert np.isnan(skipped.values).all(axis=1).tolist() == [False, False, True, False, False]


def test_pyfeat_angles_become_radians(tmp_path):
    old = trackers.pyfeat(4)
    x = open_signals(write(tmp_path / "old.csv", old), fps=25, kind="pose")
    assert x.signal.values.tolist() == ["Rx", "Ry", "Rz"]
    for name, own in {"Rx": "Pitch", "Ry": "Yaw", "Rz": "Roll"}.items():
        np.testing.assert_allclose(x.sel(signal=name), np.deg2rad(old[own]), rtol=1e-15)
    assert x.attrs["units"] == "rad"
    assert x.attrs["converted"].startswith("from degrees")
    new = trackers.pyfeat(4, version=2)
    y = open_signals(write(tmp_path / "new.csv", new), fps=25, kind="pose")
    np.testing.assert_array_equal(y.sel(signal="Ry"), new["Yaw"])
    assert "converted" not in y.attrs
    # small angles of 0.x could be degrees or radians: refused, unless the columns are requested
    old |= {name: ramp(4) / 4 for name in ("Pitch", "Roll", "Yaw")}
    small = write(tmp_path / "small.csv", old)
    with pytest.raises(ValueError, match=r"got at most 0.25,.*degrees.*radians; columns="):
        open_signals(small, fps=25, kind="pose")
    raw = open_signals(small, fps=25, columns=["Pitch", "Yaw", "Roll"])
    assert (raw.attrs["kind"], raw.attrs["units"]) == ("pose", "as in the file")


def test_pyfeat_rectangle_and_landmarks_of_a_dataframe(tmp_path):
    columns = trackers.pyfeat(4)
    table = pd.DataFrame(columns)
    box = open_signals(table, fps=25, kind="rectangle")
    assert box.signal.values.tolist() == ["x", "y", "w", "h"]
    np.testing.assert_array_equal(box.sel(signal="w"), columns["FaceRectWidth"])
    points = open_signals(table, fps=25, kind="landmark")
    np.testing.assert_array_equal(points.sel(signal="y67"), columns["y_67"])
    assert "source" not in points.attrs


def test_pyfeat_identities_are_faces(tmp_path):
    columns = trackers.pyfeat(6, version=2)
    columns["Identity"] = ["Person_0", "Person_1"] * 3
    columns["frame"] = np.array([0, 0, 1, 1, 2, 2])
    file = write(tmp_path / "fex.csv", columns)
    x = open_signals(file, fps=25, face_id="Person_1")
    np.testing.assert_array_equal(x.sel(signal="AU12"), columns["AU12"][1::2])
    assert x.attrs["face_id"] == "Person_1"


# --- blendshapes


def test_live_link_face_blendshapes_and_pose(tmp_path):
    columns = trackers.live_link(30)
    x = open_signals(write(tmp_path / "ll.csv", columns, rows=[i for i in range(30) if i not in (7, 8)]))
    assert x.sizes == {"time": 30, "signal": 52}
    assert x.signal.values.tolist() == list(columns)[2:54]
    np.testing.assert_allclose(x.time, np.arange(30) / 30, atol=1e-9)
    assert x.attrs["time_origin"] == "13:13:04.500000"
    assert np.flatnonzero(np.isnan(x.values).all(axis=1)).tolist() == [7, 8]
    assert (x.attrs["lost_frames"], x.attrs["backend"]) == (2, "Live Link Face")
    np.testing.assert_array_equal(x.sel(signal="TongueOut").values[9:], columns["TongueOut"][9:])
    assert x.sel(signal="MouthSmileLeft").region == "mouth"
    pose = open_signals(tmp_path / "ll.csv", kind="pose", fps=30)
    assert pose.signal.values.tolist() == trackers.ANGLES
    np.testing.assert_allclose(pose.time, np.arange(30) / 30)  # the given rate, with the same missing rows
    assert pose.attrs["lost_frames"] == 2


def test_timecodes_increase_after_midnight(tmp_path):
    file = write(tmp_path / "ll.csv", trackers.live_link(40, start=86399.5))
    x = open_signals(file)
    np.testing.assert_allclose(x.time, np.arange(40) / 30, atol=1e-9)
    assert x.attrs["time_origin"] == "23:59:59.500000"


def test_recordings_with_timecodes_are_aligned_by_the_time_of_day(tmp_path):
    x = open_signals(write(tmp_path / "x.csv", trackers.live_link(60, start=86399.5)))
    y = open_signals(write(tmp_path / "y.csv", trackers.live_link(60, start=0.5)))  # one second later, after midnight
    with pytest.raises(ValueError, match=r"from 23:59:59\.500000; y: .* from 00:00:00\.500000; see align"):
        bx.imitation(x, y)
    x2, y2 = bx.align(x, y)
    assert (float(x2.time[0]), x2.sizes["time"], y2.attrs["time_origin"]) == (1, 30, "23:59:59.500000")
    np.testing.assert_allclose(x2.values, x.values[30:], atol=1e-12)
    np.testing.assert_allclose(y2.values, y.values[:30], atol=1e-12)
    back, _ = bx.align(y, x)
    assert float(back.time[0]) == 0


def test_mediapipe_needs_times_and_keeps_its_names(tmp_path):
    columns = trackers.media_pipe(8)
    file = write(tmp_path / "mp.csv", columns)
    x = open_signals(file, time="timestamp_ms", time_unit="ms")
    assert x.signal.values.tolist() == ["_neutral", *trackers.BLENDSHAPES]
    assert (x.attrs["backend"], rate(x)) == ("MediaPipe", 25)
    np.testing.assert_array_equal(x.sel(signal="jawOpen"), columns["jawOpen"])
    with pytest.raises(ValueError, match=r"mp.csv: expected a column of times or a frame rate.*time=….*fps=…"):
        open_signals(file)


# --- 3DI


@pytest.mark.parametrize("lite", [False, True])
def test_files_of_3di(tmp_path, lite):
    endings = [e for e in trackers.THREE_DI_COLUMNS if not (lite and e.startswith("pose"))]
    arrays = trackers.write_three_di(tmp_path, "clip", 9, endings=endings, lite=lite)
    backend = "3DI-lite" if lite else "3DI"
    recording = open_recording(tmp_path / "clip.mp4", fps=25)
    assert list(recording) == endings
    for ending, array in arrays.items():
        x = recording[ending]
        chosen = [0, 1, 2, 7, 6, 8] if ending.startswith("pose") else range(array.shape[1])
        np.testing.assert_array_equal(x, array[:, chosen])
        np.testing.assert_array_equal(x.time, np.arange(len(array)) / 25)
        assert x.attrs["backend"] == backend
        assert x.attrs["source"] == f"clip_{ending}.3DI{'l' if lite else ''}"
        assert ("one frame fewer" in x.attrs.get("frames", "")) == (len(array) == 8)
        xr.testing.assert_identical(x, open_signals(tmp_path / x.attrs["source"], fps=25))
    localized = recording["expression_localized"]
    assert localized.attrs["schema"] == ("3DI-lite-L50" if lite else "3DI-L32")
    assert localized.signal.values[-1] == ("mo22" if lite else "ll6")
    assert recording["expression"].signal.values[-1] == "GE78"
    assert recording["landmarks_canonicalized"].name == "landmark_can"


def test_3di_without_a_rate_has_30_frames_per_second(tmp_path):
    trackers.write_three_di(tmp_path, "clip", 5, endings=["pose"])
    x = open_signals(tmp_path / "clip_pose.3DI")
    np.testing.assert_array_equal(x.time, np.arange(4) / 30)
    assert x.attrs["time_source"] == "no time in the source; 30 fps as Bitbox has it"
    assert x.signal.values.tolist() == ["Tx", "Ty", "Tz", "Rx", "Ry", "Rz"]
    np.testing.assert_array_equal(x.sel(signal="Rx"), ramp(4, 7))  # pitch is column 7
    np.testing.assert_array_equal(x.sel(signal="Ry"), ramp(4, 6))
    timed = open_signals(tmp_path / "clip_pose.3DI", time=[1.0, 1.04, 1.08, 1.16], columns=["Rz", 0])
    np.testing.assert_array_equal(timed.sel(signal="Rz"), [*ramp(4, 8)[:3], np.nan, ramp(4, 8)[3]])
    np.testing.assert_array_equal(timed.sel(signal="Tx").dropna("time"), ramp(4, 0))
    assert rate(timed) == 25


def test_kind_identifies_a_file_without_a_known_ending(tmp_path):
    arrays = trackers.write_three_di(tmp_path, "clip", 4, endings=["expression"])
    (tmp_path / "clip_expression.3DI").rename(tmp_path / "other.3DI")
    np.testing.assert_array_equal(open_signals(tmp_path / "other.3DI", kind="expression"), arrays["expression"])


def test_the_sidecar_becomes_attributes_without_paths(tmp_path):
    content = {
        "backend": "3DI",
        "cmd": "run /home/someone/clip.mp4 /out",
        "input": "C:\\videos\\clip one.mp4",
        "output dir": "/home/someone/out",
        "time": "2025-11-03 10:00:00",
        "options": {"gpu": True, "Neutral K": 4, "scale": 0.5, "none": None, "many": [1, "/a/b.txt"], "big": 2**40},
    }
    trackers.write_three_di(tmp_path, "clip", 3, endings=["rects"], sidecar=content)
    attrs = open_signals(tmp_path / "clip_rects.3DI").attrs
    metadata = {name: value for name, value in attrs.items() if name.startswith("metadata_")}
    assert metadata == {
        "metadata_input": "clip one.mp4",
        "metadata_time": "2025-11-03 10:00:00",
        "metadata_options_gpu": "true",
        "metadata_options_neutral_k": 4,
        "metadata_options_scale": 0.5,
        "metadata_options_many": "1, b.txt",
        "metadata_options_big": str(2**40),
    }
    (tmp_path / "clip_rects.json").write_text("{")
    with pytest.warns(UserWarning, match=r"clip_rects.json: expected JSON"):
        open_signals(tmp_path / "clip_rects.3DI")
    (tmp_path / "clip_rects.json").write_text("[1]")
    with pytest.warns(UserWarning, match=r"clip_rects.json: expected names with values, got a list"):
        open_signals(tmp_path / "clip_rects.3DI")


def test_a_recording_is_found_by_video_file_or_folder(tmp_path):
    trackers.write_three_di(tmp_path, "a", 5, endings=["rects", "expression"])
    assert list(open_recording(tmp_path)) == ["rects", "expression"]
    trackers.write_three_di(tmp_path, "a.b", 6, endings=["rects"])
    trackers.write_three_di(tmp_path, "a", 7, endings=["rects"], lite=True)
    assert open_recording(tmp_path / "a.b")["rects"].sizes["time"] == 6
    assert open_recording(tmp_path / "a_rects.3DIl")["rects"].sizes["time"] == 7
    assert open_recording(tmp_path / "a_expression.3DI")["rects"].sizes["time"] == 5
    with pytest.raises(
        ValueError, match=r"expected one recording, got a \(3DI\), a \(3DI-lite\); give one of its files"
    ):
        open_recording(tmp_path / "a.mp4")
    with pytest.raises(ValueError, match=r"expected one recording, got a.b \(3DI\), a \(3DI\), a \(3DI-lite\)"):
        open_recording(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"expected a video with files of 3DI next to it"):
        open_recording(tmp_path / "c.mp4")


def test_a_pose_of_3di_lite_is_left_out_with_a_warning(tmp_path):
    trackers.write_three_di(tmp_path, "clip", 5, endings=["rects", "pose"], lite=True)
    with pytest.warns(UserWarning, match=r"clip_pose.3DIl is left out: .* rotation .* landmarks"):
        assert list(open_recording(tmp_path / "clip")) == ["rects"]
    with pytest.raises(ValueError, match=r"clip_pose.3DIl: .* got a pose of 3DI-lite"):
        open_signals(tmp_path / "clip_pose.3DIl")


def test_files_of_different_lengths_are_refused(tmp_path):
    trackers.write_three_di(tmp_path, "clip", 9, endings=["rects", "landmarks"])
    trackers.write_three_di(tmp_path, "clip", 7, endings=["expression"])
    with pytest.raises(ValueError, match=r"clip: .* got rects 9, landmarks 9, expression 6"):
        open_recording(tmp_path / "clip")


# --- any table


def test_a_table_with_times_in_ms(tmp_path):
    file = write_text(
        tmp_path / "t.tsv", "Time (ms)\tleft arm\tright, arm\n500\t1\t2\n540\tNA\t3\n580\t1\t3\n660\t\t4\n"
    )
    x = open_signals(file, time="Time (ms)", time_unit="ms")
    np.testing.assert_allclose(x.time, [0.5, 0.54, 0.58, 0.62, 0.66])
    np.testing.assert_array_equal(x, [[1, 2], [np.nan, 3], [1, 3], [np.nan, np.nan], [np.nan, 4]])
    assert x.signal.values.tolist() == ["left arm", "right, arm"]
    assert x.attrs["lost_frames"] == 1
    assert "backend" not in x.attrs


def test_irregular_times_are_kept(tmp_path):
    file = write_text(tmp_path / "k.csv", "t,a\n0.374,1\n0.45,2\n0.574,3\n2.255,4\n")
    x = open_signals(file, time="t")
    np.testing.assert_array_equal(x.time, [0.374, 0.45, 0.574, 2.255])
    forced = open_signals(file, columns="a", time="t", fps=10)
    np.testing.assert_array_equal(forced.time, np.arange(4) / 10)
    assert forced.attrs["time_source"] == "fps given; the times of the source are not regular and not used"


def test_a_table_with_a_rate_or_an_array_of_times(tmp_path):
    file = write_text(tmp_path / "m.txt", '"pat" "th"\n0 2\n13 11\n14 10\n')
    x = open_signals(file, fps=25, sep=" ")
    assert x.signal.values.tolist() == ["pat", "th"]
    np.testing.assert_array_equal(x, [[0, 2], [13, 11], [14, 10]])
    np.testing.assert_array_equal(
        open_signals(file, sep=" ", time=[40, 80, 120], time_unit="ms").time, [0.04, 0.08, 0.12]
    )
    dates = np.array(
        ["2026-01-01T10:00:00.0", "2026-01-01T10:00:00.5", "2026-01-01T10:00:01.0"], dtype="datetime64[ms]"
    )
    dated = open_signals(file, sep=" ", time=dates)
    np.testing.assert_array_equal(dated.time, [0, 0.5, 1])
    assert dated.attrs["time_origin"] == "2026-01-01T10:00:00"


def test_skipped_lines_quotes_and_blanks(tmp_path):
    text = '#Study: x\n\na,"note, with comma",b\n1,"one, two",3\n4,"he said ""no""",6\n\n'
    x = open_signals(write_text(tmp_path / "s.csv", text), skiprows=2, columns=["a", "b"], fps=25)
    np.testing.assert_array_equal(x, [[1, 3], [4, 6]])
    y = open_signals(write_text(tmp_path / "w.txt", " a   b\n 1  2\n\t3\t4 \n"), sep=r"\s+", fps=25)
    np.testing.assert_array_equal(y, [[1, 2], [3, 4]])


def test_encodings_and_line_ends(tmp_path):
    file = tmp_path / "bom.csv"
    file.write_bytes("t,Lächeln\r\n0,1\r\n0.04,-nan(ind)\r\n0.08,nan\r\n".encode("utf-8-sig"))
    x = open_signals(file, time="t")
    np.testing.assert_array_equal(x.sel(signal="Lächeln"), [1, np.nan, np.nan])


def test_columns_of_equal_names_are_chosen_by_position(tmp_path):
    file = write_text(tmp_path / "d.csv", "t,mq,mq\n0,1,2\n0.1,3,4\n")
    x = open_signals(file, time="t", columns=[1, 2])
    assert x.signal.values.tolist() == ["mq[1]", "mq[2]"]
    np.testing.assert_array_equal(x, [[1, 2], [3, 4]])
    assert open_signals(file, time=0, columns=2).signal.values.tolist() == ["mq"]


def test_kind_chooses_columns_with_usual_names(tmp_path):
    file = write_text(tmp_path / "p.csv", "frame,timestamp,x0,y0,x1,y1\n0,0,1,2,3,4\n1,0.04,5,6,7,8\n")
    x = open_signals(file, kind="landmark", time="timestamp")
    assert x.signal.values.tolist() == ["x0", "y0", "x1", "y1"]
    assert x.landmark.values.tolist() == [0, 0, 1, 1]
    with pytest.warns(UserWarning, match="p.csv: columns") as caught:
        x = open_signals(file, time="timestamp")
    assert x.signal.values.tolist() == ["x0", "y0", "x1", "y1"]
    assert [str(warning.message) for warning in caught] == [
        "p.csv: columns 'frame' time or number the rows and are not read as signals; columns=[…] reads them too",
        "p.csv: columns x0, y0, x1, … (4 in all) are named as landmarks; if they are, give kind='landmark'",
    ]
    assert open_signals(file, time="timestamp", columns=["frame", "x0"]).signal.values.tolist() == ["frame", "x0"]


@pytest.mark.parametrize(
    "name", ["", "Unnamed: 0", "index", "Frame", "FrameNo", "frame_index", "timestamp", "Time (ms)"]
)
def test_columns_that_number_the_rows_are_left_out_with_a_warning(tmp_path, name):
    file = write_text(tmp_path / "n.csv", f"{name},a\n0,1\n1,2\n2,4\n")
    with pytest.warns(UserWarning, match=r"time or number the rows .*columns=\[…\]"):
        x = open_signals(file, fps=25)
    assert x.signal.values.tolist() == ["a"]
    np.testing.assert_array_equal(x[:, 0], [1, 2, 4])


def test_columns_of_a_table_have_no_assumed_units(tmp_path):
    file = write_text(tmp_path / "q.csv", "motion,AU12\n0,1\n1,2\n")
    for options in ({}, {"columns": ["motion"]}):
        x = open_signals(file, fps=25, **options)
        assert (x.attrs["kind"], x.attrs["units"], x.attrs["long_name"]) == (
            "expression",
            "as in the file",
            "signal as in the file",
        )
    assert open_signals(file, fps=25, kind="expression").attrs["units"] == "1"


def test_a_given_rate_that_differs_from_the_times_is_used_with_a_warning(tmp_path):
    file = write(tmp_path / "of.csv", trackers.openface(200, version=1, fps=29.752, decimals=6))
    with pytest.warns(UserWarning, match=r"of.csv: fps=25 replaces .*, 29.752 frames per second; leave out fps"):
        x = open_signals(file, fps=25)
    np.testing.assert_array_equal(x.time, np.arange(200) / 25)
    assert x.attrs["time_source"] == "fps given; the file's times say 29.752"
    assert open_signals(file, fps=29.752).attrs["time_source"] == "fps given"


def test_frame_numbers_are_not_read_as_seconds(tmp_path):
    file = write_text(tmp_path / "f.csv", "FrameNo,a\n" + "".join(f"{i},{i}\n" for i in range(20) if i not in (3, 4)))
    with pytest.raises(ValueError, match=r"column 'FrameNo': .* look like frame numbers; pass fps=…, or fps=1"):
        open_signals(file, time="FrameNo")
    for fps in (1, 25):
        x = open_signals(file, time="FrameNo", fps=fps)
        np.testing.assert_allclose(x.time, np.arange(20) / fps)
        assert np.flatnonzero(np.isnan(x[:, 0])).tolist() == [3, 4]
    dates = pd.to_datetime("2026-01-01") + pd.to_timedelta(np.arange(18), unit="s")
    assert rate(open_signals(file, time=dates, columns="a")) == 1
    assert rate(open_signals(file, time=np.arange(18) * 1000, time_unit="ms", columns="a")) == 1


def test_dates_in_parquet_and_dataframes(tmp_path):
    when = pd.to_datetime("2026-01-01T10:00:00Z") + pd.to_timedelta(np.arange(4) * 40, unit="ms")
    table = pd.DataFrame(
        {"when": when, "a": [1, 2, None, 4], "b": pd.array([1, None, 3, 4], dtype="Int64"), "on": [True] * 4}
    )
    table.to_parquet(tmp_path / "t.parquet")
    for source in (table, tmp_path / "t.parquet"):
        x = open_signals(source, time="when")
        np.testing.assert_array_equal(x, [[1, 1, 1], [2, np.nan, 1], [np.nan, 3, 1], [4, 4, 1]])
        assert (rate(x), x.attrs["time_origin"]) == (25, "2026-01-01T10:00:00")
    assert x.attrs["source"] == "t.parquet"
    np.testing.assert_array_equal(open_signals(table.drop(columns="when"), time=table["when"].dt.tz_convert(None)), x)


def test_a_bitbox_dictionary_is_read(tmp_path):
    table = pd.DataFrame({"GE0": [0.0, 0.5], "GE1": [1.0, 1.5]})
    x = open_signals({"type": "expression", "backend": "3DI", "data": table}, fps=25)
    np.testing.assert_array_equal(x, table)
    np.testing.assert_array_equal(x.time, [0, 0.04])


def test_signals_in_netcdf_files(tmp_path):
    netcdf = pytest.importorskip("bitbox_xr.io.netcdf")
    x = signals(ramps(5, 2), fps=25, names=["AU01", "AU02"], source="a.csv")
    netcdf.to_netcdf(x, tmp_path / "x.nc")
    back = open_signals(tmp_path / "x.nc")
    np.testing.assert_array_equal(back, x)
    assert back.signal.values.tolist() == ["AU01", "AU02"]
    pose = signals(ramps(5, 3), fps=25, kind="pose").rename(signal="s").rename(s="signal")
    both = xr.Dataset({"a": x, "b": pose.isel(signal=slice(2)).assign_coords(signal=["AU01", "AU02"])})
    netcdf.to_netcdf(both, tmp_path / "both.nc")
    with pytest.raises(ValueError, match=r"both.nc: expected one variable \(time, signal\), got the variables a, b"):
        open_signals(tmp_path / "both.nc")
    assert open_signals(tmp_path / "both.nc", kind="pose").attrs["kind"] == "pose"


def is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_table_written_as_csv_is_read_exactly(data, tmp_path_factory):
    names = data.draw(st.lists(NAMES, min_size=1, max_size=5, unique=True))
    if any(re.match(r"[\W_]*(t|index|idx|row|frame|time|unnamed)", name.lower()) for name in names):
        names = ["s" + name for name in names]  # otherwise the name may be that of a column that numbers the rows
    if all(is_number(name) for name in names):
        names[0] = "s" + names[0]  # a line of numbers is not accepted as names
    n = data.draw(st.integers(1, 12))
    number = st.one_of(st.floats(allow_nan=True, allow_infinity=False), st.integers(-9, 9).map(float))
    values = np.array(data.draw(st.lists(number, min_size=n * len(names), max_size=n * len(names)))).reshape(n, -1)
    sep = data.draw(st.sampled_from(",;\t"))
    stream = io.StringIO()
    pd.DataFrame(values, columns=names).to_csv(
        stream, sep=sep, index=False, na_rep=data.draw(st.sampled_from(["", "NA"]))
    )
    file = tmp_path_factory.mktemp("csv") / "t.csv"
    file.write_text(stream.getvalue(), encoding="utf-8", newline="")
    x = open_signals(file, fps=25, sep=sep)
    np.testing.assert_array_equal(x.values, values)
    assert x.signal.values.tolist() == names
    assert x.attrs["lost_frames"] == int(np.isnan(values).all(axis=1).sum())
