"""Asymmetry of landmarks: a plain loop, invariances, labels, refusals."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from bitbox_xr import signals, to_bitbox
from bitbox_xr.kernels import mirror
from bitbox_xr.kernels.mirror import FEATURES, PAIRS
from bitbox_xr.measures.asymmetry import asymmetry


def landmarks(frames=3, axes=3, seed=0):
    """(frame, 51, axis), points of the left half on the left."""
    points = np.random.default_rng(seed).normal(0, 10, size=(frames, 51, axes))
    for left, right in PAIRS.values():
        points[:, left, 0] -= 30
        points[:, right, 0] += 30
    return points


def symmetric(frames=3, axes=3, seed=0):
    points = landmarks(frames, axes, seed)
    for left, right in PAIRS.values():
        points[:, right] = points[:, left]
        points[:, right, 0] *= -1
    return points


def labelled(points, **options):
    kind = "landmark" if points.shape[-1] == 2 else "landmark-can"
    return signals(points.reshape(len(points), -1), **{"kind": kind, "fps": 30, **options})


def plain(points):
    """One frame, a point at a time: swap each point's part along the line between the centroids."""
    out = []
    for left, right in PAIRS.values():
        one, other = points[left].mean(axis=0), points[right].mean(axis=0)
        middle, along = (one + other) / 2, (other - one) / np.linalg.norm(other - one)
        distances = []
        for i, j in zip(left, right, strict=True):
            image = points[i] - 2 * np.dot(points[i] - middle, along) * along
            distances.append(np.linalg.norm(image - points[j]))
        out.append(np.mean(distances))
    return [*out, np.mean(out)]


@pytest.mark.parametrize("axes", [2, 3])
def test_against_a_plain_loop(axes):
    points = landmarks(axes=axes)
    result = asymmetry(labelled(points))
    assert result.asymmetry.dims == ("time", "feature")
    assert result.feature.values.tolist() == list(FEATURES) == ["eye", "brow", "nose", "mouth", "overall"]
    np.testing.assert_allclose(result.asymmetry, [plain(frame) for frame in points])
    assert result.asymmetry.attrs["units"] == ("pixel" if axes == 2 else "mm")
    np.testing.assert_array_equal(result.time, np.arange(3) / 30)


def test_every_pair_is_mirrored_once():
    paired = [i for sides in PAIRS.values() for side in sides for i in side]
    assert sorted([*paired, 10, 11, 12, 13, 16, 34, 40, 45, 49]) == list(range(51))


def test_mirror_images_have_none():
    np.testing.assert_allclose(asymmetry(labelled(symmetric())).asymmetry, 0, atol=1e-12)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.floats(0, 6.28), st.floats(0.1, 10))
def test_turned_moved_and_enlarged(seed, angle, factor):
    points = landmarks(2, 3, seed)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    moved = factor * points @ turn.T + [5.0, -3.0, 100.0]
    np.testing.assert_allclose(mirror.asymmetry(moved), factor * mirror.asymmetry(points), rtol=1e-9)


def test_sides_can_be_swapped():
    points = landmarks()
    swapped = points.copy()
    for left, right in PAIRS.values():
        swapped[:, left], swapped[:, right] = points[:, right], points[:, left]
    np.testing.assert_allclose(mirror.asymmetry(swapped), mirror.asymmetry(points))


def test_coinciding_centroids_leave_plain_distances():
    points = np.zeros((1, 51, 2))
    left, right = PAIRS["nose"]
    points[0, left] = [[0, 1], [0, -1]]
    points[0, right] = [[1, 0], [-1, 0]]
    assert mirror.asymmetry(points)[0].tolist() == pytest.approx([0, 0, np.sqrt(2), 0, np.sqrt(2) / 4])


def test_missing_points_harm_no_other_feature():
    points = landmarks()
    points[1, PAIRS["brow"][0][0]] = np.nan
    found = asymmetry(labelled(points)).asymmetry
    assert np.isnan(found).sum("time").values.tolist() == [0, 1, 0, 0, 1]


def test_sixty_eight_points_without_the_jaw():
    points = landmarks()
    all_points = np.concatenate([np.full((3, 17, 3), 1e3), points], axis=1)
    names = [f"{axis}{i}" for i in range(68) for axis in "xyz"]
    found = asymmetry(labelled(all_points, names=names))
    np.testing.assert_array_equal(found.asymmetry, asymmetry(labelled(points)).asymmetry)


def test_order_and_names_of_columns_do_not_matter():
    x = labelled(landmarks())
    wanted = asymmetry(x)
    shuffled = x.isel(signal=np.random.default_rng(0).permutation(153))
    xr.testing.assert_identical(asymmetry(shuffled), wanted)
    renamed = x.assign_coords(signal=[f"point {i}" for i in range(153)])
    xr.testing.assert_identical(asymmetry(renamed), wanted)
    xr.testing.assert_equal(asymmetry(to_bitbox(x)), wanted)


def test_further_dimensions():
    x = xr.concat([labelled(landmarks(seed=s)) for s in range(2)], dim="recording", join="exact", coords="minimal")
    found = asymmetry(x)
    assert found.asymmetry.dims == ("recording", "time", "feature")
    xr.testing.assert_equal(found.isel(recording=1), asymmetry(labelled(landmarks(seed=1))))


def test_reference():
    x = labelled(np.concatenate([landmarks(), symmetric()]), fps=10)
    x = x.assign_coords(time=np.arange(6) / 10)
    scores = asymmetry(x).asymmetry
    low, high = [1.0, 2, 3, 4, 5], [11.0, 12, 23, 14, 15]
    wanted = np.maximum(0, (scores - low) / (np.array(high) - low))
    found = asymmetry(x, reference=(low, high))
    np.testing.assert_allclose(found.asymmetry, wanted)
    assert (found.asymmetry[3:] == 0).all()
    assert found.asymmetry.attrs["units"] == "1"
    assert found.attrs["reference_low"] == "1 2 3 4 5"
    named = tuple(dict(zip(reversed(FEATURES), reversed(values), strict=True)) for values in (low, high))
    xr.testing.assert_identical(asymmetry(x, reference=named), found)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: asymmetry(signals(np.zeros((9, 6)), kind="pose", fps=30)), "expected signals of kind landmark or landmark-can, got kind 'pose'"),
        (lambda: asymmetry(signals(np.zeros((9, 102)), fps=30)), "kind 'expression'"),
        (
            lambda: asymmetry(labelled(landmarks()).isel(signal=slice(3, None))),
            "there are 50 landmarks with x, y, z, numbered 1 to 50",
        ),
        (
            lambda: asymmetry(labelled(landmarks()).isel(signal=slice(1, None))),
            "expected the same axes for all landmarks, got none for x0",
        ),
        (
            lambda: asymmetry(labelled(landmarks()).isel(signal=slice(0, None, 3))),
            "51 landmarks with x, numbered 0 to 50; iBUG",
        ),
        (
            lambda: asymmetry(
                signals(np.zeros((9, 102)), kind="landmark", fps=30, names=[f"p{i}" for i in range(102)])
            ),
            r"expected signals named as landmarks \(x0, y0, …\), got p0, p1, p2, p3, … \(102 in all\)",
        ),
        (lambda: asymmetry(labelled(landmarks()), reference=[1, 2, 3]), r"\(low, high\) is wanted"),
        (lambda: asymmetry(labelled(landmarks()), reference=([1] * 5, [2] * 4)), r"its high is \[2, 2, 2, 2\]"),
        (lambda: asymmetry(labelled(landmarks()), reference=({"eye": 1}, [2] * 5)), "its low is {'eye': 1}"),
        (lambda: asymmetry(labelled(landmarks()), reference=([1] * 5, [2, 2, 1, 2, 2])), "not above its low for nose"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_real_face(recordings):
    from bitbox_xr import open_signals

    found = asymmetry(open_signals(recordings / "langer_landmarks_canonicalized.3DI"))
    assert found.asymmetry.shape == (471, 5)
    assert (found.asymmetry > 0).all()
