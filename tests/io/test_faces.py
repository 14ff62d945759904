"""Logs of FaceReader, LibreFace, emotions and gaze, all faces of a file at once, and formats that must be stated."""

import json

import numpy as np
import pytest

import bitbox_xr as bx
from bitbox_xr import open_signals

from trackers import openface, pyfeat, ramp, write

NAMES = [
    "Video Time", "Neutral", "Happy", "Valence", "Y - Head Orientation", "X - Head Orientation", "Z - Head Orientation",
    "Mouth", "Action Unit 01 - Inner Brow Raiser", "Action Unit 12 - Lip Corner Puller",
    "Action Unit 43 - Eyes Closed - Left", "Stimulus", "Event Marker",
]  # fmt: skip
LETTERS = ["NotActive", "A", "B", "C", "D", "E"]
FAILED = ["FIT_FAILED"] * (len(NAMES) - 1)


def log(path, times, *, failed=(), end="\n", comma=False, colon=":", rate="25", names=NAMES):
    """A detailed log: frame k is Happy k / 100, and has the action units 1 with letter k mod 6, 12 with E."""
    head = [
        "Video analysis detailed log",
        f"Face Model{colon}\tGeneral",
        f"Frame rate{colon}\t{rate}",
        "",
        "\t".join(names),
    ]
    rows = []
    for k, time in enumerate(times):
        cells = [f"{1 - k / 100}", f"{k / 100}", "-0.5", "90.0", "-45.0", "1e-05", "Open", LETTERS[k % 6], "E", "2.5"]
        cells = FAILED if k in failed else [*cells, "A", ""]
        rows.append("\t".join([time, *cells][: len(names)]))
    text = end.join([*head, *rows]) + end
    path.write_bytes((text.replace(".", ",") if comma else text).encode())
    return path


def clock(k, fps=25):
    return f"00:00:{int(k / fps):02}.{int(k * 1000 / fps) % 1000:03}"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("comma", [False, True])
@pytest.mark.parametrize("colon", ["", ":"])
def test_facereader(tmp_path, end, comma, colon):
    path = log(tmp_path / "x.txt", [clock(k) for k in range(30)], failed=[3, 4], end=end, comma=comma, colon=colon)
    x = open_signals(path)
    assert x.signal.values.tolist() == ["AU01", "AU12", "AU43_left"]
    expected = np.arange(30) % 6.0
    expected[[3, 4]] = np.nan
    np.testing.assert_array_equal(x[:, 0], expected)
    assert x[0].values.tolist() == [0, 5, 2.5]
    assert x.attrs["lost_frames"] == 2
    assert (x.attrs["backend"], x.attrs["schema"], x.bitbox.fps) == ("FaceReader", "FACS", 25)
    emotion = open_signals(path, kind="emotion")
    assert emotion.signal.values.tolist() == ["Neutral", "Happy", "Valence"]
    assert emotion.sel(signal="Happy").values[:3].tolist() == [0, 0.01, 0.02]
    pose = open_signals(path, kind="pose")
    assert pose.signal.values.tolist() == ["Rx", "Ry", "Rz"]
    np.testing.assert_allclose(pose[0], np.deg2rad([-45, 90, 1e-5]))
    assert pose.attrs["units"] == "rad"


def test_times_of_facereader_that_a_spreadsheet_rounded(tmp_path):
    rounded = [f"00:{k / 30:04.1f}" for k in range(90)]
    path = log(tmp_path / "x.txt", rounded, rate="30,0")
    x = open_signals(path)
    np.testing.assert_allclose(x.time, np.arange(90) / 30)
    assert x.attrs["time_source"] == "the file's frame rate, 30; its times are rounded"
    with pytest.raises(ValueError, match=r"x.txt, column 'Video Time': expected times that increase, .*; see line 7"):
        open_signals(log(tmp_path / "x.txt", rounded, rate="3"))
    log(tmp_path / "x.txt", rounded, rate="?")
    with pytest.raises(ValueError, match=r"expected times that increase"):
        open_signals(tmp_path / "x.txt")
    assert open_signals(tmp_path / "x.txt", fps=30).sizes["time"] == 90


def test_facereader_without_action_units_gives_emotions(tmp_path):
    x = open_signals(log(tmp_path / "x.txt", [clock(k) for k in range(9)], names=NAMES[:4]))
    assert x.attrs["kind"] == "emotion"
    assert x.shape == (9, 3)


def test_bad_logs_of_facereader(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("Video analysis detailed log\nFrame rate\t25\n")
    with pytest.raises(
        ValueError, match=r"x.txt: expected a line of column names that starts with 'Video Time', got none"
    ):
        open_signals(path)
    with pytest.raises(ValueError, match=r"x.txt: line 7, column 'Video Time': expected HH:MM:SS.mmm, got 'later'"):
        open_signals(log(path, ["00:00:00.000", "later"]))
    path.write_text("Video analysis state log\n\nVideo Time\tDominant Expression\n")
    with pytest.raises(
        ValueError, match=r"got a state log of FaceReader, which is an annotation; read it with open_intervals"
    ):
        open_signals(path)


# --- LibreFace


@pytest.mark.parametrize("factor", [1, 1000])
def test_libreface_whose_column_of_ms_may_hold_seconds(tmp_path, factor):
    n = 10
    columns = {
        "frame_idx": np.arange(n),
        "frame_time_in_ms": np.arange(n) / 25 * factor,
        "pitch": ramp(n), "yaw": ramp(n, 1), "roll": ramp(n, 2),
        "au_1": np.zeros(n), "au_1_intensity": ramp(n, 3), "au_12_intensity": ramp(n, 4),
        "facial_expression": ["Happiness"] * n, "gaze_yaw": ramp(n, 5), "gaze_pitch": ramp(n, 6),
    }  # fmt: skip
    path = write(tmp_path / "x.csv", columns)
    x = open_signals(path)
    assert x.signal.values.tolist() == ["AU01", "AU12"]
    np.testing.assert_array_equal(x.sel(signal="AU12"), ramp(n, 4))
    np.testing.assert_allclose(x.time, np.arange(n) / 25)
    assert x.attrs["backend"] == "LibreFace"
    np.testing.assert_allclose(open_signals(path, kind="pose").sel(signal="Ry"), np.deg2rad(ramp(n, 1)))
    assert open_signals(path, kind="gaze").attrs["units"] == "rad"


# --- emotions and gaze


def test_emotions_and_gaze_of_other_trackers(tmp_path):
    columns = openface(5)
    x = open_signals(write(tmp_path / "openface.csv", columns), kind="gaze")
    assert x.signal.values.tolist() == [name for name in columns if name.startswith("gaze_")]
    np.testing.assert_array_equal(x.sel(signal="gaze_angle_x"), columns["gaze_angle_x"])
    emotions = {"anger": ramp(5), "happiness": ramp(5, 1), "neutral": ramp(5, 2)}
    x = open_signals(write(tmp_path / "feat.csv", {**pyfeat(5), **emotions}), fps=30, kind="emotion")
    assert x.signal.values.tolist() == ["anger", "happiness", "neutral"]
    assert x.attrs["kind"] == "emotion"


def test_emotions_are_measured_as_other_signals():
    data = np.random.default_rng(0).normal(size=(200, 2))
    x, y = (bx.signals(part, kind="emotion", fps=25, names=["Happy", "Sad"]) for part in (data, data[::-1].copy()))
    assert bx.imitation(x, y).sizes["signal1"] == 2


# --- all faces


def two_faces(tmp_path, seen, fps=25):
    """A file of OpenFace with faces 0 and 1: the frames in which each was seen. Face f has AU01 = f + frame / 100."""
    rows = sorted((frame, face) for face, frames in seen.items() for frame in frames)
    frames, faces = np.array(rows).T
    columns = openface(len(rows))
    columns |= {"frame": frames + 1, "face_id": faces, "timestamp": frames / fps, "AU01_r": faces + frames / 100}
    return write(tmp_path / "faces.csv", columns)


@pytest.mark.parametrize("fps", [None, 25])
def test_all_faces_share_one_time_axis(tmp_path, fps):
    seen = {0: [0, 1, 2, 5, 6], 1: [2, 3, 4, 8]}
    path = two_faces(tmp_path, seen)
    x = open_signals(path, face_id="all", fps=fps)
    assert x.dims == ("person", "time", "signal")
    assert x.person.values.tolist() == ["0", "1"]
    np.testing.assert_allclose(x.time, np.arange(9) / 25)
    for face, frames in seen.items():
        expected = np.full(9, np.nan)
        expected[frames] = face + np.array(frames) / 100
        np.testing.assert_allclose(x.sel(person=str(face), signal="AU01_r"), expected)
        one = open_signals(path, face_id=face, fps=fps)
        np.testing.assert_array_equal(x.sel(person=str(face)).sel(time=one.time, method="nearest"), one)
    assert x.confidence.dims == ("person", "time")
    assert x.attrs["lost_frames"] == 4 + 5
    assert x.attrs["kind"] == "expression"


def test_all_faces_of_irregular_times(tmp_path):
    columns = openface(4)
    columns |= {"face_id": [0, 1, 0, 1], "frame": [1, 1, 2, 3], "timestamp": [0, 0, 0.11, 0.4]}
    x = open_signals(write(tmp_path / "faces.csv", columns), face_id="all")
    assert x.time.values.tolist() == [0, 0.11, 0.4]
    assert np.isnan(x[1, 1]).all()
    assert np.isnan(x[0, 2]).all()


def test_all_faces_are_written_and_measured(tmp_path):
    x = open_signals(two_faces(tmp_path, {0: range(99), 1: range(99)}), face_id="all")
    bx.to_netcdf(x, tmp_path / "x.nc")
    with open_signals(tmp_path / "x.nc") as back:
        assert back.load().identical(x)
    first, second = (x.sel(person=who, drop=True) for who in ("0", "1"))
    assert bx.imitation(first, second).sizes["signal1"] == 17


def test_a_file_without_faces_has_no_other_faces(tmp_path):
    path = write(tmp_path / "x.csv", openface(5, version=1))
    with pytest.raises(
        ValueError, match=r"expected a column of face ids for face_id='all', got none; leave out face_id"
    ):
        open_signals(path, face_id="all")
    x = open_signals(write(tmp_path / "y.csv", openface(5)), face_id="all")
    assert x.sizes["person"] == 1


# --- rMEA and iMotions


def test_rmea(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text('"pat" "th"\n1550 6948\n1317 5657\n')
    x = open_signals(path, format="rmea", fps=25)
    assert x.signal.values.tolist() == ["pat", "th"]
    assert x.values.tolist() == [[1550, 6948], [1317, 5657]]
    path.write_text("1550\t6948\n1317\t5657\n")
    assert open_signals(path, format="rmea", fps=25).signal.values.tolist() == ["s0", "s1"]
    with pytest.raises(ValueError, match=r"x.txt: expected a column of times or a frame rate"):
        open_signals(path, format="rmea")
    with pytest.raises(ValueError, match=r"got sep, which would have no effect"):
        open_signals(path, format="rmea", fps=25, sep=" ")


@pytest.mark.parametrize("sep", ["\t", ","])
def test_imotions(tmp_path, sep):
    names = ["StudyName", "Timestamp", "Joy Evidence", "AU1 Evidence", "AU12 Evidence"]
    rows = [["Play", 40 * k, k / 10, "" if k == 2 else k / 4, k / 8] for k in range(6)]
    lines = ["#Study : Play", "#Version : 6", "", *(sep.join(map(str, row)) for row in [names, *rows])]
    path = tmp_path / "x.txt"
    path.write_text("\n".join(lines))
    x = open_signals(path, format="imotions")
    assert x.signal.values.tolist() == ["AU1 Evidence", "AU12 Evidence"]
    np.testing.assert_array_equal(x[:, 0], [0, 0.25, np.nan, 0.75, 1, 1.25])
    assert x.bitbox.fps == 25
    assert open_signals(path).identical(x)
    assert x.region.values.tolist() == ["brow", "mouth"]
    assert open_signals(path, format="imotions", kind="emotion").signal.values.tolist() == ["Joy Evidence"]
    path.write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match=r"x.txt: expected a line of column names with 'Timestamp', got none"):
        open_signals(path, format="imotions")


# --- public files


def test_public_logs_of_facereader(recordings):
    folder = recordings / "annotations" / "facereader"
    if not folder.is_dir():
        pytest.skip(f"{folder} does not exist")
    logs = folder / "d-bohn_facereadeR"
    kelly = open_signals(logs / "Participant_1_Kelly_Analysis 1_video.txt")
    assert kelly.shape == (715, 20)
    assert kelly.bitbox.fps == pytest.approx(29.97, abs=1e-3)
    assert float(kelly.time[-1]) == pytest.approx(714 / 29.97)
    failed = open_signals(logs / "Participant 2_Trump_Analysis 1_around_fit_failed.txt")
    assert failed.shape == (202, 20)
    assert failed.attrs["lost_frames"] == 2
    assert set(np.unique(kelly)) <= {0, 1, 2, 3, 4, 5}
    detailed = open_signals(folder / "mmu_facereaderconverter" / "testdata_detailed_first1500.txt")
    assert detailed.attrs["kind"] == "emotion"
    assert detailed.attrs["lost_frames"] == 1268 + 179  # FIND_FAILED, FIT_FAILED
    assert detailed.sel(signal="Neutral", time=19).item() == 0.768163


def test_public_files_whose_format_is_stated(recordings):
    x = open_signals(recordings / "pyfeat_iMotions_Test_v6.txt")
    assert x.attrs["backend"] == "iMotions"
    same = open_signals(
        recordings / "pyfeat_iMotions_Test_v6.txt",
        sep="\t", skiprows=5, time="Timestamp", time_unit="ms", columns=x.signal.values.tolist(),
    )  # fmt: skip
    np.testing.assert_array_equal(x, same)
    np.testing.assert_array_equal(x.time, same.time)
    x = open_signals(recordings / "rmea_normal_200_01.txt", format="rmea", fps=25)
    assert x.shape == (15000, 2)


# --- MediaPipe in JSON

SHAPES = ["_neutral", "jawOpen", "mouthSmileLeft"]


def face(k, *, web=True, points=()):
    """The result of frame k, as the web API or Python names it; blendshape i is (k + i) / 8."""
    name, shapes, landmarks = (
        ("categoryName", "faceBlendshapes", "faceLandmarks")
        if web
        else ("category_name", "face_blendshapes", "face_landmarks")
    )
    scores = [{"index": i, "score": (k + i) / 8, name: shape} for i, shape in enumerate(SHAPES)]
    return {
        shapes: [{"categories": scores, "headIndex": -1}] if web else [scores],
        landmarks: [[{"x": x, "y": y, "z": z} for x, y, z in points]],
    }


NOBODY = {"faceBlendshapes": [], "faceLandmarks": []}


@pytest.mark.parametrize("web", [True, False])
@pytest.mark.parametrize("lines", [True, False])
def test_results_of_mediapipe(tmp_path, web, lines):
    results = [{**(NOBODY if k == 2 else face(k, web=web, points=[(k, 2, 3)])), "timestamp": 40 * k} for k in range(5)]
    path = tmp_path / "x.json"
    path.write_text("\n".join(map(json.dumps, results)) if lines else json.dumps(results))
    x = open_signals(path)
    assert x.signal.values.tolist() == SHAPES
    expected = np.add.outer(np.arange(5), np.arange(3)) / 8
    expected[2] = np.nan
    np.testing.assert_array_equal(x, expected)
    assert x.bitbox.fps == 25
    assert (x.attrs["backend"], x.attrs["lost_frames"]) == ("MediaPipe", 1)
    points = open_signals(path, kind="landmark")
    assert points.signal.values.tolist() == ["x0", "y0", "z0"]
    assert points[:, 0].values[:2].tolist() == [0, 1]


def test_results_of_mediapipe_without_times(tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps([face(k) for k in range(4)]))
    assert open_signals(path, fps=30).bitbox.fps == 30
    with pytest.raises(ValueError, match=r"x.json: expected a column of times or a frame rate"):
        open_signals(path)


MEDIAPIPE = {
    "two faces": ([{"faceBlendshapes": face(0)["faceBlendshapes"] * 2}], r"x.json: result 0: expected one face, got 2"),
    "no result": ([face(0), 7], r"x.json: result 1: expected the result of a frame, got int"),
    "no scores": ([{"faceBlendshapes": [{"categories": [{"index": 1}]}]}], r"result 0: expected names with scores"),
    "text": ([{"faceLandmarks": [[{"x": "a", "y": 1}]]}], r"result 0: expected numbers, got other values"),
}


@pytest.mark.parametrize(("results", "message"), MEDIAPIPE.values(), ids=MEDIAPIPE)
def test_damaged_results_of_mediapipe_are_refused(tmp_path, results, message):
    path = tmp_path / "x.json"
    path.write_text(json.dumps(results))
    with pytest.raises(ValueError, match=message):
        open_signals(path, fps=30)
    path.write_text(json.dumps([face(0), face(1)])[:-9])
    with pytest.raises(
        ValueError, match=r"x.json: expected results of MediaPipe in JSON, got text that cannot be read"
    ):
        open_signals(path, fps=30)
