"""Motion: a plain loop over frames, movements that are known, gaps, labels and units, refusals."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import bitbox_xr as bx
from bitbox_xr import kinematics, relative_motion, signals, smoothness
from bitbox_xr.kernels import motion as kernel

AXES = {"landmark": "xy", "landmark-can": "xyz"}


# --- the oracle: one point, (frame, axis), one frame after the other


def length(step):
    return float(np.sqrt(sum(part**2 for part in step)))


def changes(values):
    """By frame, from frame to frame; only where both were seen."""
    return {t: values[t] - values[t - 1] for t in values if t - 1 in values}


def mean(values):
    values = list(values)
    return sum(values) / len(values) if values else np.nan


def slow_course(points, fps):
    seen = {t: point for t, point in enumerate(points) if not np.isnan(point).any()}
    velocity = {t: d * fps for t, d in changes(seen).items()}
    acceleration = {t: d * fps for t, d in changes(velocity).items()}
    jerk = {t: d * fps for t, d in changes(acceleration).items()}
    ldj = np.nan
    if acceleration and (fastest := max(map(length, velocity.values()))) > 0:
        frames = max(seen) - min(seen) + 1
        integral = mean(length(a) ** 2 for a in acceleration.values()) * (frames - 2) / fps
        ldj = -np.log((frames / fps) ** 3 * integral / fastest**2) if integral else np.inf
    places = list(seen.values())
    return {
        "range": length(np.max(places, axis=0) - np.min(places, axis=0)) if places else np.nan,
        "path": sum(length(v) / fps for v in velocity.values()) if velocity else np.nan,
        "speed": mean(map(length, velocity.values())),
        "acceleration": mean(map(length, acceleration.values())),
        "jerk": mean(map(length, jerk.values())),
        "ldj": ldj,
        "valid": len(seen) / len(points),
    }


def slow_distances(points, frames):
    seen = {t: point for t, point in enumerate(points) if not np.isnan(point).any()}
    if not seen:
        return dict.fromkeys(kernel.DISTANCES, np.nan) | {"valid": 0}
    references = [sum(seen.values()) / len(seen)] if frames == "mean" else [seen[t] for t in frames if t in seen]
    left_out = [] if frames == "mean" else frames
    rows = []
    for reference in references:
        away = [length(point - reference) for t, point in seen.items() if t not in left_out]
        if away:
            rows.append([min(away), mean(away), float(np.std(away)), max(away)])
    numbers = [mean(column) for column in zip(*rows, strict=True)] if rows else [np.nan] * 4
    compared = sum(t not in left_out for t in seen) if references else 0
    return dict(zip(kernel.DISTANCES, [*numbers, compared / (len(points) - len(left_out))], strict=True))


# --- recordings


def walk(frames=60, points=4, axes=2, seed=0, lost=0.0):
    rng = np.random.default_rng(seed)
    out = rng.normal(size=(frames, points, axes)).cumsum(axis=0) + 100
    out[rng.random(out.shape) < lost] = np.nan
    return out


def labelled(points, fps=30, **options):
    frames, n, axes = points.shape
    names = [f"{axis}{i}" for i in range(n) for axis in "xyz"[:axes]]
    kind = "landmark" if axes == 2 else "landmark-can"
    return signals(points.reshape(frames, -1), **{"kind": kind, "fps": fps, "names": names, **options})


def agree(found, points, slow, rtol=1e-9):
    for k in range(points.shape[1]):
        wanted = {name: value for name, value in slow(points[:, k]).items() if name in found}
        assert wanted, "nothing to compare"
        for name, value in wanted.items():
            one = found[name].values.ravel()[k]
            np.testing.assert_allclose(one, value, rtol=rtol, atol=1e-12, err_msg=f"{name} of point {k}")


@pytest.mark.parametrize("lost", [0.0, 0.03, 0.3])
@pytest.mark.parametrize("axes", [2, 3])
@pytest.mark.parametrize("fps", [30, 12.5])
def test_landmarks_against_a_plain_loop(axes, lost, fps, monkeypatch):
    monkeypatch.setattr(kernel, "BLOCK", 16)
    points = walk(axes=axes, lost=lost, seed=int(100 * lost) + axes)
    x = labelled(points, fps)
    for found in (kinematics(x), smoothness(x)):
        agree(found, points, lambda one: slow_course(one, fps))
    for reference in ("mean", 0, [0, 7], [-1], [3, 17, 18]):
        frames = reference if reference == "mean" else [n % 60 for n in np.atleast_1d(reference)]
        agree(relative_motion(x, reference=reference), points, lambda one, frames=frames: slow_distances(one, frames))


def test_head_and_rectangle_are_one_point():
    values = walk(points=1, axes=6, lost=0.01)[:, 0]
    head = signals(values, kind="pose", fps=30)
    for angular, columns, units in ((False, slice(3), "mm"), (True, slice(3, 6), "rad")):
        point = values[:, None, columns]
        found = xr.merge([kinematics(head, angular=angular), smoothness(head, angular=angular)], compat="override")
        assert found.path.dims == ()
        assert [found[name].attrs["units"] for name in ("range", "path", "speed", "acceleration", "jerk", "ldj")] == [
            units,
            units,
            f"{units}/s",
            f"{units}/s^2",
            f"{units}/s^3",
            "1",
        ]
        agree(found, point, lambda one: slow_course(one, 30))
        away = relative_motion(head, angular=angular, reference=[4])
        agree(away, point, lambda one: slow_distances(one, [4]))
    box = walk(points=1, axes=4)[:, 0]
    found = kinematics(signals(box, kind="rectangle", fps=30))
    agree(found, (box[:, :2] + box[:, 2:] / 2)[:, None], lambda one: slow_course(one, 30))
    assert found.attrs["points"] == "centre of the rectangle"
    only_angles = head.sel(signal=["Rz", "Rx", "Ry"])  # in any order
    xr.testing.assert_equal(kinematics(only_angles, angular=True), kinematics(head, angular=True))


# --- movements that are known


@pytest.mark.parametrize("fps", [30, 60, 120])
def test_round_a_circle(fps):
    radius, turns, period = 10.0, 3, 2.0
    angle = 2 * np.pi * np.arange(round(turns * period * fps) + 1) / (period * fps)
    x = labelled(radius * np.stack([np.cos(angle), np.sin(angle)], axis=-1)[:, None], fps)
    moved, smooth = kinematics(x), smoothness(x)
    speed, turning = 2 * np.pi * radius / period, 2 * np.pi / period
    tolerance = (turning / fps) ** 2  # a chord is shorter than its arc, and so is every further difference
    np.testing.assert_allclose(moved.path, 2 * np.pi * radius * turns, rtol=tolerance)
    np.testing.assert_allclose(moved.range, np.sqrt(8) * radius, rtol=tolerance)
    np.testing.assert_allclose(moved.speed, speed, rtol=tolerance)
    np.testing.assert_allclose(moved.acceleration, speed**2 / radius, rtol=tolerance)
    np.testing.assert_allclose(smooth.jerk, speed * turning**2, rtol=tolerance)
    np.testing.assert_allclose(smooth.ldj, -np.log((turns * period) ** 4 * turning**2), atol=5 / fps)
    away = relative_motion(x.isel(time=slice(0, -1)))  # whole turns: the mean is the middle
    for name in ("distance_min", "distance_mean", "distance_max"):
        np.testing.assert_allclose(away[name], radius, rtol=1e-9)
    np.testing.assert_allclose(away.distance_std, 0, atol=1e-9)


def test_the_rate_does_not_matter():
    def movement(fps):
        time = np.arange(10 * fps + 1) / fps
        there = np.stack([5 * np.sin(2 * time), 3 * np.cos(3 * time), np.sin(time) ** 3], axis=-1)
        return labelled(there[:, None], fps)

    for measure in (kinematics, smoothness, relative_motion):
        slow, fast = measure(movement(30)), measure(movement(60))
        for name in slow.data_vars:
            np.testing.assert_allclose(slow[name], fast[name], rtol=0.02, err_msg=name)


def test_steady_still_and_never_seen():
    points = np.zeros((40, 4, 2))
    points[:, 0, 0] = np.arange(40) / 2
    points[:, 1] = 123.456
    points[:, 2] = np.nan
    points[:, 3] = np.nan
    points[20, 3] = 7
    found = xr.merge([kinematics(labelled(points)), smoothness(labelled(points))], compat="override")
    assert found.path.values.tolist()[:2] == [19.5, 0]
    assert found.speed.values.tolist()[:2] == [15, 0]
    assert found.acceleration.values.tolist()[:2] == [0, 0]
    assert found.ldj.values[0] == np.inf  # moves as evenly as can be
    assert np.isnan(found.ldj.values[1:]).all()
    assert found.valid.values.tolist() == [1, 1, 0, 1 / 40]
    for name in ("range", "path", "speed", "acceleration", "jerk", "ldj"):
        assert np.isnan(found[name].values[2])
        assert found[name].values[3] == 0 if name == "range" else np.isnan(found[name].values[3])
    away = relative_motion(labelled(points), reference=[20])
    np.testing.assert_allclose(
        away.distance_mean, [mean(abs(n / 2 - 10) for n in range(40) if n != 20), 0, np.nan, np.nan]
    )


def test_a_lost_frame_is_no_movement():
    """A jump while nobody looked, and the way back: neither the jump nor a path through zero counts."""
    points = np.zeros((60, 1, 2))
    points[:, 0, 0] = np.arange(60)
    points[30:] += 1000
    points[30] = np.nan
    found = kinematics(labelled(points))
    assert found.path.item() == 57
    assert found.speed.item() == 30
    assert found.acceleration.item() == 0
    half = points.copy()
    half[30:, 0, 0] = np.nan  # one coordinate lost: the point is lost
    np.testing.assert_allclose(kinematics(labelled(half)).range, 29)


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 10**6), st.integers(4, 50), st.floats(0, 0.5), st.floats(0.1, 10), st.floats(0, 6.28),
    st.integers(0, 7), st.integers(0, 7),
)  # fmt: skip
def test_properties(seed, frames, lost, factor, angle, before, after):
    points = walk(frames, 2, 2, seed, lost)
    x = labelled(points)
    course = xr.merge([kinematics(x), smoothness(x)], compat="override")
    agree(course, points, lambda one: slow_course(one, 30), rtol=1e-7)
    agree(relative_motion(x), points, lambda one: slow_distances(one, "mean"), rtol=1e-7)

    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    around = labelled(factor * points @ turn.T + [1e4, -300])
    turned = xr.merge([kinematics(around), smoothness(around)], compat="override")
    for name in ("path", "speed", "acceleration", "jerk"):
        np.testing.assert_allclose(turned[name], factor * course[name], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(
        relative_motion(around).distance_max, factor * relative_motion(x).distance_max, rtol=1e-6
    )

    back = labelled(points[::-1])
    for name, value in xr.merge([kinematics(back), smoothness(back)], compat="override").items():
        np.testing.assert_allclose(value, course[name], rtol=1e-7, atol=1e-9, err_msg=name)

    nothing = np.full((1, 2, 2), np.nan)
    longer = labelled(np.concatenate([nothing.repeat(before, 0), points, nothing.repeat(after, 0)]))
    for name, value in xr.merge([kinematics(longer), smoothness(longer)], compat="override").items():
        if name != "valid":
            np.testing.assert_allclose(value, course[name], rtol=1e-9, err_msg=name)


def test_scattered_losses_change_little():
    time = np.arange(1800) / 30
    points = np.stack([10 * np.sin(2 * time) + 3 * np.sin(5 * time), 4 * np.cos(3 * time)], axis=-1)[:, None]
    whole = xr.merge([kinematics(labelled(points)), smoothness(labelled(points))], compat="override")
    points[np.random.default_rng(0).random(1800) < 0.1] = np.nan
    found = xr.merge([kinematics(labelled(points)), smoothness(labelled(points))], compat="override")
    for name in ("range", "speed", "acceleration", "jerk"):
        np.testing.assert_allclose(found[name], whole[name], rtol=0.03, err_msg=name)
    np.testing.assert_allclose(found.ldj, whole.ldj, atol=0.05)
    assert found.path < 0.85 * whole.path  # the way that was seen
    assert 0.85 < found.valid.item() < 0.95


# --- labels


def test_labels_of_landmarks():
    rng = np.random.default_rng(0)
    x = signals(rng.normal(size=(20, 153)), kind="landmark-can", fps=30, source="child.3DI", backend="3DI")
    found = kinematics(x)
    assert found.path.dims == ("landmark",)
    np.testing.assert_array_equal(found.landmark, np.arange(51))
    assert found.region.sel(landmark=[0, 12, 31]).values.tolist() == ["brow", "nose", "mouth"]
    assert found.side.sel(landmark=[0, 9]).values.tolist() == ["left", "right"]
    assert found.groupby("region").mean().region.values.tolist() == ["brow", "eye", "mouth", "nose"]
    assert "axis" not in found.coords
    assert found.attrs["measure"] == "kinematics"
    assert (found.attrs["fps"], found.attrs["frames"], found.attrs["angular"]) == (30, 20, 0)
    assert (found.attrs["source"], found.attrs["backend"], found.attrs["kind"]) == ("child.3DI", "3DI", "landmark-can")
    assert all(isinstance(value, str | int | float) for value in found.attrs.values())
    assert all(variable.attrs["long_name"] for variable in found.variables.values())
    assert all("units" in variable.attrs for variable in found.data_vars.values())
    xr.testing.assert_identical(kinematics(bx.to_bitbox(x)).drop_attrs(), found.drop_attrs())


def test_a_choice_of_signals():
    points = walk(points=51, axes=2)
    x = labelled(points)
    mouth = kinematics(x.sel(signal=x.region == "mouth"))
    np.testing.assert_array_equal(mouth.landmark, np.arange(31, 51))
    xr.testing.assert_equal(mouth, kinematics(x).sel(landmark=slice(31, 50)))
    shuffled = x.isel(signal=np.random.default_rng(0).permutation(102))
    xr.testing.assert_identical(kinematics(shuffled), kinematics(x))
    height = kinematics(x.sel(signal=x.axis == "y"))  # up and down only
    np.testing.assert_allclose(height.path, np.abs(np.diff(points[..., 1], axis=0)).sum(axis=0))
    assert kinematics(x.sel(signal="x3")).path.shape == (1,)
    grouped = x.assign_coords(group=("signal", np.repeat(["a", "b", "c"], 34)))  # belongs to points
    assert kinematics(grouped).group.values.tolist() == ["a"] * 17 + ["b"] * 17 + ["c"] * 17
    named = x.assign_coords(signal=[f"point {i}" for i in range(102)])  # the coordinates tell enough
    xr.testing.assert_identical(kinematics(named), kinematics(x))
    bare = x.drop_vars(["landmark", "axis", "region", "side"])  # and so do the names
    xr.testing.assert_identical(kinematics(bare), kinematics(x))


def test_further_dimensions_come_first():
    recordings = [labelled(walk(seed=seed, lost=0.02)) for seed in range(3)]
    x = xr.concat(recordings, dim="recording", join="exact", coords="minimal").transpose("time", "signal", "recording")
    x = x.assign_coords(recording=["a", "b", "c"], age=("recording", [1, 2, 3]), confidence=("time", np.ones(60)))
    for measure in (kinematics, smoothness, relative_motion):
        found = measure(x)
        assert all(variable.dims == ("recording", "landmark") for variable in found.data_vars.values())
        assert set(found.coords) == {"recording", "age", "landmark"}
        for k, one in enumerate(recordings):
            xr.testing.assert_equal(found.isel(recording=k).drop_vars(["recording", "age"]), measure(one))


def test_units_of_the_signals_stay():
    x = labelled(walk())
    assert kinematics(x.assign_attrs(units="cm")).speed.attrs["units"] == "cm/s"
    assert kinematics(x.assign_attrs(units="as in the file")).speed.attrs["units"] == "(as in the file)/s"
    head = signals(walk(points=1, axes=6)[:, 0], kind="pose", fps=30, units="deg")
    assert kinematics(head, angular=True).acceleration.attrs["units"] == "deg/s^2"


def test_float32_and_large_offsets():
    points = walk(200) / 100
    single = labelled((points * 64).round() / 64 + 1e4)  # exact in float32
    for measure in (kinematics, smoothness, relative_motion):
        xr.testing.assert_allclose(measure(single.astype(np.float32)), measure(single), rtol=1e-12)


# --- references


def test_references():
    points = walk(lost=0.0)
    x = labelled(points).assign_coords(time=5 + np.arange(60) / 30)
    one = relative_motion(x, reference=7)
    assert (one.attrs["reference"], one.attrs["reference_time"]) == ("7", "5.23333333333")
    assert relative_motion(x).attrs["reference"] == "mean"
    for same in (
        [7],
        (7,),
        np.int64(7),
        np.array([7]),
        -53,
        5 + 7 / 30,
        [5.24],
        x.time[7],
        x.time[[7]],
        x.time.values[7],
    ):
        xr.testing.assert_identical(relative_motion(x, reference=same), one)
    two = relative_motion(x, reference=[19, 3])
    for same in ([3, 19], range(3, 20, 16), x.time[[3, 19]], [5 + 0.1, 5 + 19 / 30]):
        xr.testing.assert_identical(relative_motion(x, reference=same), two)
    assert two.attrs["reference"] == "3 19"


def test_a_reference_that_was_not_seen():
    points = walk()
    points[3, 0] = points[7, 0] = points[3, 1] = np.nan
    x = labelled(points)
    found = relative_motion(x, reference=[3, 7])
    agree(found, points, lambda one: slow_distances(one, [3, 7]))
    assert np.isnan(found.distance_mean.values[0])
    assert found.valid.values.tolist() == [0, 1, 1, 1]
    # point 1 has one reference of the two; frame 3 is lost anyway
    wanted = slow_distances(points[:, 1], [7])
    np.testing.assert_allclose(found.distance_max[1], wanted["distance_max"])


def test_an_irregular_clock_is_no_hindrance_to_distances():
    points = walk()
    x = labelled(points).isel(time=np.flatnonzero(np.arange(60) % 7 != 3))
    agree(relative_motion(x), points[np.arange(60) % 7 != 3], lambda one: slow_distances(one, "mean"))
    with pytest.raises(ValueError, match="expected regular times"):
        kinematics(x)
    with pytest.raises(ValueError, match=r"no frame at 0\.117 s"):
        relative_motion(x.isel(time=[0, 1, 2, 5, 6, 7]), reference=[0.117])


# --- refusals


BOX = signals(walk(points=1, axes=4)[:, 0], kind="rectangle", fps=30)
FACE = labelled(walk())
HEAD = signals(walk(points=1, axes=6)[:, 0], kind="pose", fps=30)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kinematics(signals(np.zeros((9, 2)), fps=30)), r"kinematics\(\): expected signals of kind landmark, .* pose or rectangle, got kind 'expression'"),
        (lambda: relative_motion(signals(np.zeros((9, 2)), fps=30)), "relative_motion.*expressivity"),
        (lambda: smoothness(FACE, angular=True), "expected angular=True only for kind 'pose', got kind 'landmark'"),
        (lambda: kinematics(BOX.isel(signal=[0, 1, 2])), "expected signals x, y, w, h of a rectangle, got x, y, w; missing: h"),
        (lambda: kinematics(HEAD.isel(signal=slice(3, None))), "expected signals Tx, Ty, Tz of a pose, got Rx, Ry, Rz; missing: Tx, Ty, Tz"),
        (lambda: kinematics(FACE.isel(signal=slice(1, None))), "expected the same axes for all landmarks, got none for x0"),
        (lambda: kinematics(signals(np.zeros((9, 4)), kind="landmark", fps=30, names=list("abcd"))), r"expected signals named as landmarks .*, got a, b, c, d"),
        (lambda: kinematics(signals(np.zeros((9, 3)), kind="landmark", fps=30, names=["x1", "y1", "x_1"])), "expected one signal for each coordinate of landmarks, got 3 signals for 2"),
        (lambda: kinematics(FACE.isel(time=slice(0, 2))), "the recording has 2 frames; at least 3 are wanted"),
        (lambda: smoothness(FACE.isel(time=slice(0, 3))), "3 frames; at least 4"),
        (lambda: kinematics(FACE, fps=25), "expected fps to agree with the time axis .*, got fps=25"),
        (lambda: kinematics(FACE, fps=-1), "expected fps to be a positive .*, got -1"),
        (lambda: kinematics(FACE.expand_dims(speed=2)), "expected no input named speed"),
        (lambda: relative_motion(FACE.assign_coords(valid=1)), "expected no input named valid"),
        (lambda: kinematics(BOX.where(BOX < 105, np.inf)), "infinite values; replace them by NaN"),
        (lambda: relative_motion(BOX.where(BOX < 105, -np.inf)), "infinite values"),
        (lambda: relative_motion(FACE, reference="median"), "reference is 'median'; 'mean', numbers of frames"),
        (lambda: relative_motion(FACE, reference=None), "reference is None"),
        (lambda: relative_motion(FACE, reference=[]), r"reference is \[\]"),
        (lambda: relative_motion(FACE, reference=True), "reference is True"),
        (lambda: relative_motion(FACE, reference=[True, False]), r"reference is \[True, False\]"),
        (lambda: relative_motion(FACE, reference=[0, 1.5]), r"reference is \[0, 1\.5\]"),
        (lambda: relative_motion(FACE, reference=[[0, 1]]), r"reference is \[\[0, 1\]\]"),
        (lambda: relative_motion(FACE, reference="0"), "reference is '0'"),
        (lambda: relative_motion(FACE, reference=["mean"]), "reference is"),
        (lambda: relative_motion(FACE, reference=[60, 3, -61]), "no frame 60, -61; its 60 frames count from 0"),
        (lambda: relative_motion(FACE, reference=2.5), r"no frame at 2\.5 s; it goes from 0 to 1\.96667 s"),
        (lambda: relative_motion(FACE, reference=[np.nan]), "no frame at nan s"),
        (lambda: relative_motion(FACE, reference=[3, 5, -57]), "3, 5, -57, which has one frame twice"),
        (lambda: relative_motion(FACE, reference=[0.1, 0.101]), "has one frame twice"),
        (lambda: relative_motion(FACE, reference=range(60)), "all frames of the recording"),
    ],
)  # fmt: skip
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# --- files, and real people


def test_files(tmp_path):
    for k, found in enumerate(
        (kinematics(FACE), smoothness(HEAD, angular=True), relative_motion(FACE, reference=[0, 7]))
    ):
        path = tmp_path / f"{k}.nc"
        found.bitbox.to_netcdf(path)
        xr.testing.assert_identical(bx.open_netcdf(path).load(), found)
    assert len(kinematics(FACE).bitbox.to_frame()) == 4


def test_reference_values(golden):
    """What Bitbox has, but for its missing factors of the rate."""
    inputs, wanted = np.load(golden / "inputs.npz"), np.load(golden / "landmarks.npz")
    for stem, kind in (("lands2d", "landmark"), ("lands3d", "landmark-can")):
        x = signals(inputs[stem], kind=kind, fps=30)
        moved, smooth = kinematics(x), smoothness(x)
        case = {name.partition("/")[2]: wanted[name] for name in wanted.files if name.startswith(f"landmarks-{stem}/")}
        for name, factor in (("range", 1), ("path", 1), ("speed", 1), ("acceleration", 30)):
            np.testing.assert_allclose(moved[name], factor * case[f"kinematics_{name}"], rtol=1e-9)
        np.testing.assert_allclose(smooth.jerk, 900 * case["smoothness_jerk"], rtol=1e-9)
        np.testing.assert_allclose(smooth.ldj, case["smoothness_ldj"] - 2 * np.log(30), rtol=1e-9)


def test_a_real_face(recordings):
    x = bx.open_signals(recordings / "langer_landmarks.3DI", fps=23.976)
    moved, away = kinematics(x), relative_motion(x)
    assert moved.path.shape == (51,)
    assert (moved.valid == 1).all()
    assert (moved.path > moved.range).all()
    assert (away.distance_max <= moved.range).all()
    np.testing.assert_allclose(moved.speed, moved.path / (471 / 23.976))
    head = bx.open_signals(recordings / "openface2_subj01.csv", kind="pose")
    assert 0 < kinematics(head).speed < 200  # mm/s
    assert 0 < kinematics(head, angular=True).speed < 2  # rad/s
