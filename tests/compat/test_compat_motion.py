"""Bitbox's kinematics, smoothness and relative motion: the reference values, a plain reading of its rules, refusals."""

import json

import numpy as np
import pandas as pd
import pytest

from bitbox_xr import compat, kinematics, signals, smoothness

COURSE = ("range", "path", "speed", "acceleration")
DISTANCES = ("min", "mean", "std", "max")


def dictionary(values, kind="landmark", **more):
    return {"type": kind, "dimension": 2, "data": pd.DataFrame(values), **more}


def walk(frames=50, columns=8, seed=0):
    return np.random.default_rng(seed).normal(size=(frames, columns)).cumsum(axis=0) + 50


def plain(points, fps):
    """All points (frame, point, axis) at once, as Bitbox does: fps comes in once, NaN wherever anything is missing."""
    norm = lambda steps: np.sqrt((steps**2).sum(axis=-1))  # noqa: E731
    velocity = np.diff(points, axis=0) * fps
    acceleration = np.diff(velocity, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        energy = (norm(acceleration) ** 2).sum(axis=0) / fps
        ldj = -np.log((len(points) / fps) ** 3 * energy / norm(velocity).max(axis=0) ** 2)
    return [
        norm(points.max(axis=0) - points.min(axis=0)),
        norm(np.diff(points, axis=0)).sum(axis=0),
        norm(velocity).mean(axis=0),
        norm(acceleration).mean(axis=0),
        norm(np.diff(acceleration, axis=0)).mean(axis=0),
        ldj,
    ]


def plain_distances(points, frames):
    if frames == "mean":
        references, others = [points.mean(axis=0)], points
    else:
        references, others = points[frames], np.delete(points, frames, axis=0)
    away = [np.sqrt(((others - reference) ** 2).sum(axis=-1)) for reference in references]
    return [np.mean([f(one, axis=0) for one in away], axis=0) for f in (np.min, np.mean, np.std, np.max)]


def both(data, **options):
    return [*compat.motion_kinematics(data, **options), *compat.motion_smoothness(data, **options)]


def test_every_case(golden):
    index = json.loads((golden / "index.json").read_text())
    inputs, wanted = np.load(golden / "inputs.npz"), np.load(golden / "landmarks.npz")
    cases = {name: case for name, case in index.items() if case["kind"] == "landmarks"}
    assert len(cases) == 2
    for name, case in cases.items():
        face = dictionary(inputs[case["inputs"]["landmarks"]], dimension=case["dimension"])
        found = dict(zip(COURSE, compat.motion_kinematics(face, case["fps"]), strict=True))
        for key in COURSE:
            np.testing.assert_allclose(found[key], wanted[f"{name}/kinematics_{key}"], rtol=1e-9)
        for key, value in zip(("jerk", "ldj"), compat.motion_smoothness(face, case["fps"]), strict=True):
            np.testing.assert_allclose(value, wanted[f"{name}/smoothness_{key}"], rtol=1e-9)
        for stem, reference in (("relative", case["relative_reference"]), ("relative_mean", "mean")):
            for key, value in zip(DISTANCES, compat.relative_motion(face, reference), strict=True):
                np.testing.assert_allclose(value, wanted[f"{name}/{stem}_{key}"], rtol=1e-9)


@pytest.mark.parametrize("fps", [30, 25, 29.97])
@pytest.mark.parametrize("axes", [2, 3])
def test_landmarks(axes, fps):
    values = walk(columns=4 * axes)
    values[10, 0] = np.nan  # one value of point 0
    values[:, axes : 2 * axes] = 7.25  # point 1 is still
    values[:, 2 * axes : 3 * axes] = np.arange(50)[:, None]  # point 2 moves evenly
    points, face = values.reshape(50, 4, axes), dictionary(values, dimension=axes)
    for one, other in zip(both(face, fps=fps), plain(points, fps), strict=True):
        assert one.shape == (4,)
        np.testing.assert_allclose(one, other, rtol=1e-12)
        assert np.isnan(one[0])
    assert np.isnan(both(face)[-1][1])
    assert both(face)[-1][2] == np.inf
    for reference in ("mean", [0], [0, 7], [-1], [3, 3, 5], (2, 4), np.array([1, 30])):
        frames = reference if isinstance(reference, str) else list(reference)
        for one, other in zip(compat.relative_motion(face, reference), plain_distances(points, frames), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)


def test_head_and_rectangle_are_single_numbers():
    head, box = walk(columns=6), walk(columns=4)
    pose, angles = dictionary(head, "pose", dimension=6), dictionary(head[:, 3:], "pose", dimension=3)
    cases = [
        (pose, False, head[:, :3]),
        (pose, True, head[:, 3:]),
        (angles, True, head[:, 3:]),
        (dictionary(box, "rectangle", dimension=4), False, box[:, :2] + box[:, 2:] / 2),
        (dictionary(box, "rectangle", dimension=4), True, box[:, :2] + box[:, 2:] / 2),
    ]
    for data, angular, point in cases:
        for one, other in zip(both(data, angular=angular), plain(point[:, None], 30), strict=True):
            assert isinstance(one, np.float64)
            np.testing.assert_allclose(one, other[0], rtol=1e-12)
        found = compat.relative_motion(data, [0, 7], angular)
        np.testing.assert_allclose(found, np.ravel(plain_distances(point[:, None], [0, 7])), rtol=1e-12)


def test_factors_that_bitbox_leaves_out():
    values = walk()
    x = signals(values, kind="landmark", fps=25, names=[f"{axis}{i}" for i in range(4) for axis in "xy"])
    *_, speed, acceleration, jerk, ldj = both(dictionary(values), fps=25)
    np.testing.assert_allclose(kinematics(x).speed, speed)
    np.testing.assert_allclose(kinematics(x).acceleration, 25 * acceleration)
    np.testing.assert_allclose(smoothness(x).jerk, 25**2 * jerk)
    np.testing.assert_allclose(smoothness(x).ldj, ldj - 2 * np.log(25))


def test_axes_that_the_dictionary_does_not_tell():
    values = walk(columns=102)
    bare = {"type": "landmark", "data": pd.DataFrame(values)}
    np.testing.assert_array_equal(both(bare), both(dictionary(values)))
    assert both({"type": "landmark-can", "data": pd.DataFrame(walk(columns=204))})[0].shape == (68,)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: compat.motion_kinematics(dictionary(walk(), "expression")), "of type 'expression'; a dictionary of type landmark"),
        (lambda: compat.relative_motion(walk()), "the data are a ndarray"),
        (lambda: compat.motion_smoothness(dictionary(walk(columns=7))), "landmark data have 7 columns"),
        (lambda: compat.motion_kinematics(dictionary(walk(columns=5), "rectangle")), "rectangle data have 5 columns"),
        (lambda: compat.motion_kinematics(dictionary(walk(3))), "the recording has 3 frames; at least 4"),
        (lambda: compat.motion_kinematics(dictionary(walk()), fps=0), "expected fps to be a positive .*, got 0"),
        (lambda: compat.motion_kinematics(dictionary(walk()), fps=None), "expected fps to be a positive .*, got None"),
        (lambda: compat.relative_motion(dictionary(walk()), "median"), "reference is 'median'"),
        (lambda: compat.relative_motion(dictionary(walk()), 0), "reference is 0"),
        (lambda: compat.relative_motion(dictionary(walk()), []), r"reference is \[\]"),
        (lambda: compat.relative_motion(dictionary(walk()), [50]), "has frame 50 of 50"),
        (lambda: compat.relative_motion(dictionary(walk()), list(range(50))), "has all frames"),
    ],
)  # fmt: skip
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()
