"""Real recordings by real trackers: shapes, rates, lost frames, and values compared with the csv module.

The recordings are not part of the project; without them these tests are skipped.
"""

import csv
from pathlib import Path

import numpy as np
import pytest

from bitbox_xr.core.signal_set import rate
from bitbox_xr.io.readers import open_recording, open_signals

DATA = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no recordings at {DATA}")

ACTION_UNITS = {"sep": "\t", "skiprows": 5, "time": "Timestamp", "time_unit": "ms", "columns": "AU12 Evidence"}
POINTS = {"kind": "landmark", "time": "timestamp"}
LANGER = "mediapipe_WolfgangLanger_Pexels_landmarks51.csv"
FAMILY = {"fps": 25, "columns": ["slidedFather", "slidedMother", "slidedTherapist", "slidedPatient"]}

# file, options, shape, rate (None: not regular), lost frames
READ = [
    ("openface2_subj01.csv", {}, (158, 17), 30, 0),
    ("openface2_subj01.csv", {"kind": "pose"}, (158, 6), 30, 0),
    ("openface2_subj01.csv", {"kind": "landmark"}, (158, 136), 30, 0),
    ("exploface_openface1_video2_au_pose.csv", {}, (608, 17), 29.752, 0),
    ("exploface_openface1_video2_au_pose.csv", {"min_confidence": 0.9}, (608, 17), 29.752, 78),
    ("pyfeat_OpenFace_Test.csv", {"fps": 30}, (100, 17), 30, 0),
    ("pyfeat_v0_fex_001.csv", {"fps": 30}, (40, 20), 30, 0),
    ("pyfeat_v0_fex_001.csv", {"fps": 30, "kind": "pose"}, (40, 3), 30, 0),
    ("pyfeat_v2_fex_blendshapes_016.csv", {"fps": 25}, (39, 20), 12.5, 0),
    ("pyfeat_iMotions_Test_v6.txt", ACTION_UNITS, (519, 1), 29.97, 215),
    ("livelink_alex_rom_3_first900.csv", {}, (901, 52), 30, 1),
    ("livelink_alex_rom_3_first900.csv", {"kind": "pose"}, (901, 9), 30, 1),
    (LANGER, POINTS, (472, 153), 23.976, 0),
    ("langer_landmarks.3DI", {}, (472, 102), 30, 0),
    ("langer_rects.3DI", {"fps": 23.976}, (472, 4), 23.976, 0),
    ("mediapipe_face_noface_landmarks51.csv", POINTS, (169, 153), 26.398, 97),
    ("rmea_normal_200_01.txt", {"fps": 25, "sep": " "}, (15000, 2), 25, 0),
    ("rmea_normal_202_01.txt", {"fps": 25, "sep": " "}, (15000, 2), 25, 0),
    ("rmea_dropout_101_01.txt", {"fps": 25, "sep": " "}, (15000, 2), 25, 0),
    ("rmea_dropout_106_01.txt", {"fps": 25, "sep": " "}, (15000, 2), 25, 0),
    ("syncpy_F1044N_family_first7500.csv", FAMILY, (7500, 4), 25, 0),
    ("syncpy_kinect_dyad_Data_Example.csv", {"time": 0, "time_unit": "ms", "columns": [2, 10]}, (2240, 2), None, 0),
    ("coordination_deception_wlcc.csv", {"fps": 1, "columns": range(15, 76)}, (1104, 61), 1, 0),
]


@pytest.mark.parametrize(("name", "options", "shape", "fps", "lost"), READ)
def test_shapes_rates_and_lost_frames(name, options, shape, fps, lost):
    x = open_signals(DATA / name, **options)
    assert x.shape == shape
    assert x.attrs["lost_frames"] == lost
    assert x.attrs["source"] == name
    if fps is None:
        with pytest.raises(ValueError, match=r"expected regular times, got steps from 32 to 1681 ms"):
            rate(x)
    else:
        assert rate(x) == pytest.approx(fps, abs=1e-3)


def column_by_csv(name, column, *, sep=",", skip=0, scale=1.0):
    """A column as the csv module alone reads it."""
    with (DATA / name).open(newline="") as stream:
        rows = list(csv.reader(stream, delimiter=sep, skipinitialspace=True))[skip:]
    at = column if isinstance(column, int) else rows[0].index(column)
    return np.array([float(row[at]) if row[at] not in ("", "NA") else np.nan for row in rows[1:]]) * scale


# file, options, signal, column
NUMBERS = [
    ("openface2_subj01.csv", {}, "AU12_r", "AU12_r"),
    ("openface2_subj01.csv", {"kind": "pose"}, "Ry", "pose_Ry"),
    ("openface2_subj01.csv", {"kind": "landmark"}, "y30", "y_30"),
    ("openface2_subj01.csv", {"columns": ["Z_30"]}, "Z_30", "Z_30"),
    ("exploface_openface1_video2_au_pose.csv", {}, "AU45_r", "AU45_r"),
    ("pyfeat_OpenFace_Test.csv", {"fps": 30}, "AU25_r", "AU25_r"),
    ("pyfeat_v0_fex_001.csv", {"fps": 30}, "AU43", "AU43"),
    ("pyfeat_v2_fex_blendshapes_016.csv", {"fps": 25, "kind": "pose"}, "Rz", "Roll"),
    ("pyfeat_v2_fex_blendshapes_016.csv", {"fps": 25, "columns": ["jawOpen"]}, "jawOpen", "jawOpen"),
    (LANGER, POINTS, "z50", "z50"),
    ("mediapipe_face_noface_landmarks51.csv", POINTS, "x0", "x0"),
    ("syncpy_F1044N_family_first7500.csv", FAMILY, "slidedMother", "slidedMother"),
    ("syncpy_F1044N_family_first7500.csv", FAMILY, "slidedFather", "slidedFather"),
    (
        "syncpy_kinect_dyad_Data_Example.csv",
        {"time": 0, "time_unit": "ms", "columns": [2, 10]},
        "Global body mq[10]",
        10,
    ),
]


@pytest.mark.parametrize(("name", "options", "signal", "column"), NUMBERS)
def test_values_equal_those_of_the_csv_module(name, options, signal, column):
    x = open_signals(DATA / name, **options)
    np.testing.assert_array_equal(x.sel(signal=signal), column_by_csv(name, column))


def test_values_of_files_with_separators_units_and_gaps():
    x = open_signals(DATA / "pyfeat_iMotions_Test_v6.txt", **ACTION_UNITS)
    own = column_by_csv("pyfeat_iMotions_Test_v6.txt", "AU12 Evidence", sep="\t", skip=5)
    np.testing.assert_array_equal(x[:, 0], own)
    # 41 % of the frames are lost, in six runs
    ends = np.flatnonzero(np.diff(np.isnan(own).astype(int), prepend=0, append=0))
    assert np.diff(ends)[::2].tolist() == [8, 97, 1, 96, 11, 2]
    assert float(x.time[0]) == 0.035

    face = open_signals(DATA / "livelink_alex_rom_3_first900.csv")
    own = column_by_csv("livelink_alex_rom_3_first900.csv", "JawOpen")
    np.testing.assert_array_equal(face.sel(signal="JawOpen").values[:596], own[:596])
    assert np.isnan(face.values[596]).all()
    np.testing.assert_array_equal(face.sel(signal="JawOpen").values[597:], own[596:])
    assert float(face.max()) == 1.0033375025
    assert (float(face.time[0]), face.attrs["time_origin"]) == (0, "13:13:04.527533")

    pose = open_signals(DATA / "pyfeat_v0_fex_001.csv", fps=30, kind="pose")
    yaw = column_by_csv("pyfeat_v0_fex_001.csv", "Yaw", scale=np.pi / 180)
    np.testing.assert_allclose(pose.sel(signal="Ry"), yaw, rtol=1e-14)

    energy = open_signals(DATA / "rmea_dropout_101_01.txt", fps=25, sep=" ")
    own = column_by_csv("rmea_dropout_101_01.txt", "th", sep=" ")
    np.testing.assert_array_equal(energy.sel(signal="th"), own)


def test_given_times_of_a_clip_whose_rate_changes():
    times = column_by_csv("mediapipe_face_noface_pts.csv", "pts_s")
    x = open_signals(DATA / "mediapipe_face_noface_landmarks51.csv", kind="landmark", time=times)
    np.testing.assert_array_equal(x.time, times)
    assert x.attrs["lost_frames"] == 97
    with pytest.raises(ValueError, match="expected regular times"):
        rate(x)


def test_3di_files_of_one_video():
    recording = open_recording(DATA / "langer.mp4", fps=23.976)
    assert {name: x.shape for name, x in recording.items()} == {
        "rects": (472, 4),
        "landmarks": (472, 102),
        "landmarks_canonicalized": (471, 153),
    }
    same = open_signals(DATA / LANGER, **POINTS)
    for axis in "xy":
        np.testing.assert_array_equal(recording["landmarks"].sel(signal=f"{axis}9"), same.sel(signal=f"{axis}9"))
    np.testing.assert_array_equal(recording["landmarks"].time, same.time)
    assert "one frame fewer" in recording["landmarks_canonicalized"].attrs["frames"]


REFUSED = [
    (
        "pyfeat_OpenFace_Test.csv",
        {},
        r"'timestamp': expected at most 240 frames per second, got time steps of 1 ms, .* fps=1000",
    ),
    ("pyfeat_v0_fex_001.csv", {}, r"no times; give the rate of the video, fps="),
    ("pyfeat_iMotions_Test_v6.txt", {"sep": "\t"}, r"line 5 is empty, line 6 has 90 fields, .*\(skiprows=…\)"),
    (
        "pyfeat_iMotions_Test_v6.txt",
        {**ACTION_UNITS, "columns": None},
        r"column 'StudyName' \(0\), line 7: .* got 'RotationTest'",
    ),
    (
        "pyfeat_iMotions_Test_v6.txt",
        {**ACTION_UNITS, "time_unit": "s"},
        r"steps of 33 s; if the times are in ms, pass time_unit='ms'",
    ),
    (LANGER, {}, r"expected a column of times or a frame rate"),
    ("rmea_normal_200_01.txt", {"fps": 25}, r"names in line 1, got one; give the separator, sep=' ', to get pat, th"),
    ("syncpy_kinect_dyad_Data_Example.csv", {"time": "Time (ms)", "time_unit": "ms"}, r"'User Id' at columns 1, 9; "),
    (
        "syncpy_F1044N_family_first7500.csv",
        {"fps": 25},
        r"column 'video' \(1\), line 2: expected a number, got 'F1044N.VOB'",
    ),
]


@pytest.mark.parametrize(("name", "options", "words"), REFUSED)
def test_ambiguous_files_are_refused(name, options, words):
    with pytest.raises(ValueError, match=words):
        open_signals(DATA / name, **options)
