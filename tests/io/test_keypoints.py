"""Trackers of keypoints: OpenPose, DeepLabCut, SLEAP and movement, as landmarks with names and confidences."""

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import bitbox_xr as bx
from bitbox_xr import open_signals
from bitbox_xr.core import memory

RNG = np.random.default_rng(0)
POINTS = ["nose", "left ear", "tail"]


# --- DeepLabCut


def deeplabcut(path, values, individuals=None, frames=None):
    """A file of DeepLabCut: values (frame, individual, point, x y likelihood), NaN for empty cells."""
    n, people, points, _ = values.shape
    columns = [
        (who, point, coord)
        for who in individuals or [""]
        for point in POINTS[:points]
        for coord in ("x", "y", "likelihood")
    ]
    lines = [["scorer", *["DLC_net"] * len(columns)]]
    lines += [["individuals", *(who for who, _, _ in columns)]] if individuals else []
    lines += [["bodyparts", *(point for _, point, _ in columns)], ["coords", *(coord for *_, coord in columns)]]
    rows = values.reshape(n, -1)
    numbers = range(n) if frames is None else frames
    lines += [
        [str(k), *("" if np.isnan(v) else repr(float(v)) for v in row)] for k, row in zip(numbers, rows, strict=True)
    ]
    path.write_text("\n".join(",".join(line) for line in lines) + "\n")
    return path


def positions(n=5, people=1, points=3):
    values = RNG.uniform(0, 600, (n, people, points, 3)).round(3)
    values[..., 2] = RNG.uniform(0.5, 1, (n, people, points)).round(3)
    return values


def test_deeplabcut_of_one_animal(tmp_path):
    values = positions()
    values[1, 0, 2] = np.nan
    path = deeplabcut(tmp_path / "DLC.csv", values)
    x = open_signals(path, fps=30)
    assert x.signal.values.tolist() == ["x0", "y0", "x1", "y1", "x2", "y2"]
    assert x.keypoint.values.tolist() == [name for name in POINTS for _ in "xy"]
    assert x.landmark.values.tolist() == [0, 0, 1, 1, 2, 2]
    np.testing.assert_array_equal(x, values[:, 0, :, :2].reshape(5, 6))
    np.testing.assert_allclose(x.confidence, np.nanmean(values[:, 0, :, 2], axis=1))
    assert (x.attrs["kind"], x.attrs["backend"], x.attrs["source"]) == ("landmark", "DeepLabCut", "DLC.csv")
    with pytest.raises(ValueError, match=r"DLC.csv: expected frames per second, since DeepLabCut writes frame numbers"):
        open_signals(path)


def test_points_below_a_confidence_are_missing(tmp_path):
    values = positions()
    x = open_signals(deeplabcut(tmp_path / "DLC.csv", values), fps=30, min_confidence=0.75)
    expected = np.where(values[..., 2:] >= 0.75, values[..., :2], np.nan)[:, 0].reshape(5, 6)
    np.testing.assert_array_equal(x, expected)
    assert np.isnan(expected).any()
    assert x.attrs["lost_frames"] == np.isnan(expected).all(axis=1).sum()


def test_deeplabcut_of_two_animals(tmp_path):
    values = positions(people=2)
    path = deeplabcut(tmp_path / "DLC.csv", values, ["adult", "juvenile"], frames=[0, 1, 2, 4, 5])
    with pytest.raises(
        ValueError, match=r"one face, got the faces adult, juvenile; choose one .*or all with face_id='all'"
    ):
        open_signals(path, fps=30)
    one = open_signals(path, fps=30, face_id="juvenile")
    np.testing.assert_array_equal(one.values[[0, 1, 2, 4, 5]], values[:, 1, :, :2].reshape(5, 6))
    assert np.isnan(one[3]).all()
    both = open_signals(path, fps=30, face_id="all")
    assert both.dims == ("person", "time", "signal")
    assert both.person.values.tolist() == ["adult", "juvenile"]
    np.testing.assert_array_equal(both.sel(person="juvenile"), one)
    np.testing.assert_array_equal(both.confidence.sel(person="juvenile"), one.confidence)
    assert both.attrs["lost_frames"] == 2
    assert "face_id" not in both.attrs
    assert bx.kinematics(both).path.dims[0] == "person"


DAMAGED = {
    "no coords": ("scorer,a\nbodyparts,b\n0,1\n", r"expected a line 'coords' at the top, got none"),
    "width": ("scorer,a,a\nbodyparts,b,b\ncoords,x\n0,1,2\n", r"as many cells in each of the lines of column names"),
    "coords": ("scorer,a\nbodyparts,b\ncoords,depth\n0,1\n", r"expected the coords x, y and likelihood, got 'depth'"),
    "text": ("scorer,a,a\nbodyparts,b,b\ncoords,x,y\n0,1,2\n1,far,2\n", r"column 'b x' \(1\), line 5: .* got 'far'"),
    "cut": ("scorer,a,a\nbodyparts,b,b\ncoords,x,y\n0,1,2\n1,2\n", r"line 5 has 2 fields"),
    "order": ("scorer,a,a\nbodyparts,b,b\ncoords,x,y\n1,1,2\n0,1,2\n", r"frame numbers that increase, got 0 after 1"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "message"), DAMAGED.values(), ids=DAMAGED)
def test_damaged_files_of_deeplabcut_are_refused(tmp_path, text, message):
    (tmp_path / "DLC.csv").write_text(text)
    with pytest.raises(ValueError, match=message) as caught:
        open_signals(tmp_path / "DLC.csv", fps=30)
    assert str(caught.value).startswith("DLC.csv")


# --- SLEAP


def test_sleap(tmp_path):
    path = tmp_path / "sleap.csv"
    path.write_text(
        "track,frame_idx,Head.x,Head.y,Tail.x,Tail.y\na,0,1,2,3,4\nb,0,5,6,7,8\na,1,1.5,2.5,,\nb,2,9,9,9,9\n"
    )
    x = open_signals(path, fps=25, face_id="all")
    assert x.sizes == {"person": 2, "time": 3, "signal": 4}
    assert x.keypoint.values.tolist() == ["Head", "Head", "Tail", "Tail"]
    np.testing.assert_array_equal(x.sel(person="a"), [[1, 2, 3, 4], [1.5, 2.5, np.nan, np.nan], [np.nan] * 4])
    np.testing.assert_array_equal(x.sel(person="b")[:, 0], [5, np.nan, 9])
    with pytest.raises(
        ValueError, match=r"sleap.csv: expected a confidence of the points for min_confidence=0.5, got no"
    ):
        open_signals(path, fps=25, face_id="a", min_confidence=0.5)


# --- OpenPose


def openpose(folder, frames, ids=None, part="pose_keypoints_2d", name="clip"):
    """A folder of OpenPose: frames by number, each a list of people (point, x y confidence)."""
    folder.mkdir()
    for number, people in frames.items():
        content = [
            {"person_id": [ids[i] if ids else -1], part: np.ravel(points).tolist()} for i, points in enumerate(people)
        ]
        (folder / f"{name}_{number:012}_keypoints.json").write_text(json.dumps({"version": 1.3, "people": content}))
    return folder


def body(n=25):
    return RNG.uniform(1, 400, (n, 3)).round(3) / [1, 1, 400]


def test_openpose(tmp_path):
    first, last = body(), body()
    first[4] = 0
    x = open_signals(openpose(tmp_path / "clip", {0: [first], 1: [], 3: [last]}), fps=25)
    assert x.shape == (4, 50)
    np.testing.assert_array_equal(x[0, :8], first[:4, :2].ravel())
    assert np.isnan(x[0].where(x.keypoint == "RWrist", drop=True)).all()
    np.testing.assert_array_equal(x[3], last[:, :2].ravel())
    assert np.isnan(x[1:3]).all()
    assert x.attrs["lost_frames"] == 2
    assert x.attrs["schema"] == "BODY_25"
    assert x.attrs["source"] == "clip"
    assert x.keypoint.values[[0, 48]].tolist() == ["Nose", "RHeel"]
    np.testing.assert_allclose(x.confidence[0], first[:, 2].mean())
    assert x.time.values.tolist() == [0, 0.04, 0.08, 0.12]


def test_openpose_of_faces_and_older_versions(tmp_path):
    face = body(70)
    x = open_signals(openpose(tmp_path / "a", {0: [face], 1: [face]}, part="face_keypoints_2d"), fps=25)
    assert (x.shape, x.attrs["schema"]) == ((2, 140), "face 70")
    x = open_signals(openpose(tmp_path / "b", {0: [body(18)], 1: [body(18)]}, part="pose_keypoints"), fps=25)
    assert (x.shape, x.attrs["schema"]) == ((2, 36), "COCO")
    x = open_signals(openpose(tmp_path / "c", {0: [body(9)]}), fps=25)
    assert x.keypoint.values[0] == "pose 0"


def test_several_people_of_openpose_need_to_be_tracked(tmp_path):
    one, other = body(), body()
    folder = openpose(tmp_path / "a", {0: [one], 1: [other, one]})
    with pytest.raises(
        ValueError, match=r"a: expected one person in each frame, got several in clip_000000000001_keypoin"
    ):
        open_signals(folder, fps=25)
    folder = openpose(tmp_path / "b", {0: [one, other], 1: [one, other]}, ids=[7, 9])
    x = open_signals(folder, fps=25, face_id="all")
    assert x.person.values.tolist() == ["7", "9"]
    np.testing.assert_array_equal(x.sel(person="9")[1], other[:, :2].ravel())


def test_damaged_folders_of_openpose_are_refused(tmp_path, monkeypatch):
    folder = openpose(tmp_path / "clip", {0: [body()], 1: [body()]})
    first, second = sorted(folder.iterdir())
    second.write_text("{")
    third = folder / "clip_000000000002_keypoints.json"
    third.write_text('{"people": [{"pose_keypoints_2d": [1, 2]}]}')
    fourth = folder / "clip_000000000003_keypoints.json"
    fourth.write_text('{"people": 3}')
    with pytest.raises(
        ValueError, match=r"clip: 3 faults\n.*000001_keypoints.json: expected JSON.*\n.*000002.*\n.*000003"
    ):
        open_signals(folder, fps=25)
    for file in (second, third, fourth):
        file.unlink()
    with pytest.raises(
        ValueError, match=r"expected a folder with one file per frame, got one of them; give the folder"
    ):
        open_signals(first, fps=25)
    with pytest.raises(ValueError, match=r"clip: expected kind 'landmark' for points of OpenPose, got 'pose'"):
        open_signals(folder, fps=25, kind="pose")
    second.write_text(first.read_text().replace("]", "", 1).replace("]", ", 1, 2, 3]]", 1))
    (folder / "other_000000000002_keypoints.json").write_text(first.read_text())
    with pytest.raises(
        ValueError, match=r"clip: expected the frames of one recording, got those of clip, other; use a"
    ):
        open_signals(folder, fps=25)
    with pytest.raises(IsADirectoryError, match=r"expected a file, got a folder without frames of OpenPose"):
        open_signals(tmp_path)
    monkeypatch.setattr(memory, "available", lambda: 100)
    (folder / "other_000000000002_keypoints.json").unlink()
    with pytest.raises(MemoryError, match=r"clip: expected at most 100 B"):
        open_signals(folder, fps=25)


def test_openpose_without_people_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"clip: expected points of a face or a body, got none in 2 frames"):
        open_signals(openpose(tmp_path / "clip", {0: [], 1: []}), fps=25)


# --- movement


def movement(n=6, individuals=("id_0", "id_1"), *, plural, fps=None, space="xy", confidence=("keypoint", "individual")):
    """A Dataset as movement makes it, with the dimension names up to 0.16 (plural) or from 0.17 on."""
    shape = (n, len(space), len(POINTS), len(individuals))
    coords = {
        "time": np.arange(n) / fps if fps else np.arange(n),
        "space": list(space),
        "keypoint": POINTS,
        "individual": list(individuals),
    }
    sizes = {"time": n, "keypoint": len(POINTS), "individual": len(individuals)}
    variables = {
        "position": (("time", "space", "keypoint", "individual"), RNG.uniform(0, 99, shape)),
        "confidence": (("time", *confidence), RNG.uniform(size=[sizes[dim] for dim in ("time", *confidence)])),
    }
    attrs = {"ds_type": "poses", "time_unit": "seconds" if fps else "frames", **({"fps": fps} if fps else {})}
    data = xr.Dataset(variables, coords, attrs)
    return data.rename(keypoint="keypoints", individual="individuals") if plural else data


@pytest.mark.parametrize("plural", [True, False])
@pytest.mark.parametrize("space", ["xy", "xyz"])
@pytest.mark.parametrize("on_disk", [True, False])
def test_movement_of_both_namings(tmp_path, plural, space, on_disk):
    data = movement(plural=plural, fps=50.0, space=space)
    source = tmp_path / "poses.nc" if on_disk else data
    if on_disk:
        data.to_netcdf(source)
    x = open_signals(source, face_id="id_1")
    expected = data.position.isel({"individuals" if plural else "individual": 1}).values  # (time, space, keypoint)
    np.testing.assert_array_equal(x, expected.transpose(0, 2, 1).reshape(6, -1))
    assert x.signal.values.tolist() == [f"{axis}{i}" for i in range(3) for axis in space]
    assert x.keypoint.values[0] == "nose"
    assert x.bitbox.fps == 50
    assert x.attrs["backend"] == "movement"
    assert x.attrs.get("source", "") == ("poses.nc" if on_disk else "")
    assert open_signals(source, face_id="all").sizes["person"] == 2
    np.testing.assert_allclose(x.confidence, data.confidence.isel({"individuals" if plural else "individual": 1}).mean(
        "keypoints" if plural else "keypoint"))  # fmt: skip


def test_movement_in_frames():
    data = movement(plural=False, individuals=["only"])
    with pytest.raises(
        ValueError, match=r"the Dataset: expected frames per second, since movement writes frame numbers"
    ):
        open_signals(data)
    assert open_signals(data, fps=25).bitbox.fps == 25
    known = data.assign_attrs(fps=20.0)
    assert open_signals(known).bitbox.fps == 20
    assert open_signals(known, fps=25).bitbox.fps == 25
    by_individual = movement(plural=False, confidence=("individual",), fps=30.0)
    x = open_signals(by_individual, face_id="id_0", min_confidence=0.5)
    lost = by_individual.confidence.sel(individual="id_0") < 0.5
    assert np.array_equal(np.isnan(x).all("signal"), lost)


def test_other_datasets_are_refused(tmp_path):
    data = movement(plural=False, fps=30.0)
    with pytest.raises(ValueError, match=r"the Dataset: expected a Dataset of movement, with the attribute ds_type"):
        open_signals(data.drop_attrs())
    with pytest.raises(ValueError, match=r"expected a Dataset of poses, got ds_type 'bboxes'"):
        open_signals(data.assign_attrs(ds_type="bboxes"))
    with pytest.raises(ValueError, match=r"got 'views' too; select one view"):
        open_signals(data.expand_dims(views=2))
    with pytest.raises(ValueError, match=r"expected space to be x and y, or x, y and z, got y, x"):
        open_signals(data.isel(space=[1, 0]))
    with pytest.raises(ValueError, match=r"the Dataset: expected only options that apply to it, got sep"):
        open_signals(data, sep=";")


# --- files of people and animals


@pytest.mark.parametrize(
    ("name", "options", "sizes"),
    [
        ("pose/benlansdell_ethome/openfield_dlc_inference_example_first1000.csv", {}, {"time": 1000, "signal": 8}),
        (
            "pose/benlansdell_ethome/openfield_dlc_inference_example_missingdata_rows.csv",
            {},
            {"time": 350, "signal": 8},
        ),
        (
            "pose/benlansdell_ethome/e3v813a-20210610T122332-122642DLC_el_filtered_first500.csv",
            {"face_id": "all"},
            {"person": 2, "time": 500, "signal": 14},
        ),
        (
            "pose/sgoldenlab_simba/sleap_csv_example_first3frames.csv",
            {"face_id": "all"},
            {"person": 5, "time": 3, "signal": 8},
        ),
        ("openpose/trettenbrein_OpenPoseR", {}, {"time": 6, "signal": 50}),
    ],
)
def test_public_files(recordings, name, options, sizes):
    path = recordings / "annotations" / name
    if not path.exists():
        pytest.skip(f"{path} does not exist")
    x = open_signals(path, fps=30, **options)
    assert dict(x.sizes) == sizes
    assert x.attrs["source"] == Path(name).name


def test_missing_and_undetected_points_of_public_files(recordings):
    folder = recordings / "annotations"
    if not folder.is_dir():
        pytest.skip(f"{folder} does not exist")
    x = open_signals(folder / "pose/benlansdell_ethome/openfield_dlc_inference_example_missingdata_rows.csv", fps=30)
    assert np.isnan(x[:2].where(x.keypoint == "snout", drop=True)).all()
    assert x[0].where(x.keypoint == "leftear", drop=True).values.tolist() == [72.50476837158203, 101.98880004882812]
    x = open_signals(folder / "openpose/trettenbrein_OpenPoseR", fps=25)
    assert x[0, :2].values.tolist() == [442.879, 123.171]
    assert np.isnan(x[0].where(x.keypoint == "RKnee", drop=True)).all()
