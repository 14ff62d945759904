"""Points are found in the same way by every measure: by coordinates or names, in the units of the signals."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from bitbox_xr import asymmetry, kinematics, magnitudes, relative_motion, signals, smoothness
from bitbox_xr.core import signal_names

from random_recordings import FPS


def face(points=51, axes="xy", frames=5, **options):
    values = np.random.default_rng(points).normal(0, 10, size=(frames, points * len(axes)))
    names = [f"{axis}{i}" for i in range(points) for axis in axes]
    kind = "landmark" if len(axes) == 2 else "landmark-can"
    return signals(values, **{"kind": kind, "fps": FPS, "names": names, **options})


def norms_of(x, numbers, axes="xy"):
    return np.sqrt(sum(x.sel(signal=[f"{axis}{i}" for i in numbers]).values ** 2 for axis in axes))


MEASURES = {
    "kinematics": lambda x: kinematics(x).path,
    "smoothness": lambda x: smoothness(x).jerk,
    "relative_motion": lambda x: relative_motion(x).distance_mean,
    "magnitudes": magnitudes,
    "asymmetry": lambda x: asymmetry(x).asymmetry,
}
every_measure = pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)


# --- assignment of signals to landmarks


@every_measure
def test_coordinates_take_precedence_over_names(measure):
    """Signals with misleading names are assigned by their coordinates."""
    x = face()
    turned = x.isel(signal=slice(None, None, -1))
    misnamed = turned.assign_coords(signal=x.signal.values)  # names in the old order, coordinates in the new
    xr.testing.assert_identical(measure(misnamed), measure(x))
    as_bytes = misnamed.assign_coords(axis=misnamed.axis.astype("S1"))  # some libraries read text as bytes
    xr.testing.assert_identical(measure(as_bytes), measure(x))
    assert not measure(turned.drop_vars(["landmark", "axis", "region", "side"]).assign_coords(signal=x.signal)).equals(
        measure(x)
    )


@every_measure
def test_names_are_used_without_coordinates(measure):
    x = face()
    for bare in (x.drop_vars(["landmark", "axis", "region", "side"]), x.drop_vars("landmark"), x.drop_vars("axis")):
        xr.testing.assert_identical(measure(bare.isel(signal=slice(None, None, -1))), measure(x))
    named = x.assign_coords(signal=[f"point {i}" for i in range(102)])
    xr.testing.assert_identical(measure(named), measure(x))


@every_measure
def test_regions_are_those_of_the_landmarks(measure):
    """Regions follow coordinates, not names that disagree with them."""
    x = face()
    misnamed = x.isel(signal=slice(None, None, -1)).assign_coords(signal=x.signal.values)
    xr.testing.assert_identical(measure(misnamed.drop_vars(["region", "side"])), measure(x))
    asked = x.drop_vars("region").assign_coords(region="upstate")  # a label of the recording, not of the face
    found = measure(asked)
    assert found.region.item() == "upstate"


@every_measure
def test_points_that_lack_a_coordinate_are_refused(measure):
    x = face()
    with pytest.raises(ValueError, match="expected the same axes for all landmarks, got none for y1"):
        measure(x.drop_sel(signal="y1"))
    nameless = x.drop_vars(["landmark", "axis", "region", "side"]).assign_coords(signal=[f"p{i}" for i in range(102)])
    with pytest.raises(
        ValueError, match=r"expected signals named as landmarks \(x0, y0, …\), got p0, p1, p2, p3, … \(102 in all\)"
    ):
        measure(nameless)
    twice = x.assign_coords(landmark=("signal", np.where(x.landmark == 50, 49, x.landmark)))
    with pytest.raises(ValueError, match="expected one signal for each coordinate .*, got 102 signals for 100"):
        measure(twice)


@every_measure
def test_other_kinds_are_refused(measure):
    with pytest.raises(ValueError, match=r"\(\): expected signals of kind landmark.*, got kind 'expression'"):
        measure(signals(np.zeros((9, 102)), fps=FPS))


def test_norms_of_landmarks():
    x = face(3)
    found = magnitudes(x.isel(signal=[5, 0, 3, 2, 1, 4]))
    assert found.signal.values.tolist() == ["landmark0", "landmark1", "landmark2"]
    np.testing.assert_allclose(found, norms_of(x, range(3)))
    assert magnitudes(x.astype(np.float32)).dtype == np.float32
    deep = face(2, "xyz")
    np.testing.assert_allclose(magnitudes(deep), norms_of(deep, range(2), "xyz"))
    height = face(2).sel(signal=["y0", "y1"])
    np.testing.assert_array_equal(magnitudes(height), np.abs(height))
    lost = x.copy()
    lost[2, 3] = np.nan
    assert np.argwhere(np.isnan(magnitudes(lost).values)).tolist() == [[2, 1]]
    of_points = x.assign_coords(group=("signal", ["a", "a", "b", "b", "a", "a"]))
    assert magnitudes(of_points).group.values.tolist() == ["a", "b", "a"]


# --- attributes of norms


@pytest.mark.parametrize(
    ("x", "angular", "units"),
    [
        (face(), True, "pixel"),
        (face(axes="xyz"), True, "mm"),
        (face(units="1"), True, "1"),
        (face(units="as in the file"), False, "as in the file"),
        (signals(np.ones((5, 6)), kind="pose", fps=FPS), True, "rad"),
        (signals(np.ones((5, 6)), kind="pose", fps=FPS), False, "mm"),
        (signals(np.ones((5, 6)), kind="pose", fps=FPS, units="degree"), True, "degree"),
    ],
)
def test_norms_have_the_units_of_the_signals(x, angular, units):
    found = magnitudes(x, angular=angular)
    assert found.attrs["units"] == units
    angles = angular and x.attrs["kind"] == "pose"
    assert kinematics(x, angular=angles).range.attrs["units"] == units


def test_norms_describe_themselves_in_attributes():
    made = {"source": "child.3DI", "backend": "3DI", "dimension": 2, "format": "102 columns"}
    found = magnitudes(face(**made))
    assert found.attrs == {
        "long_name": "Euclidean norm of the landmarks",
        "units": "pixel",
        "kind": "landmark",
        "source": "child.3DI",
        "backend": "3DI",
        "reduced": "Euclidean norm",
    }
    head = signals(np.ones((5, 6)), kind="pose", fps=FPS)
    assert "schema" in head.attrs
    assert "schema" not in magnitudes(head).attrs
    assert magnitudes(head).attrs["long_name"] == "Euclidean norm of the rotation of the head"
    assert magnitudes(head, angular=False).attrs["long_name"] == "Euclidean norm of the translation of the head"
    assert magnitudes(head).signal.values.tolist() == ["rotation"]


# --- frame rate of inputs without times


def test_fps_sets_the_rate_of_a_dictionary():
    x = face(frames=90)
    data = {"type": "landmark", "data": pd.DataFrame(x.values, columns=x.signal.values)}
    found = relative_motion(data, reference=0.5, fps=60)
    assert (found.attrs["reference"], found.attrs["reference_time"]) == ("30", "0.5")
    assert found.attrs["time_source"] == "fps given"
    xr.testing.assert_equal(found, relative_motion(x, reference=30))
    for measure in (magnitudes, asymmetry):
        np.testing.assert_allclose(measure(data, fps=60).time, np.arange(90) / 60)
    for method in (x.bitbox.relative_motion, x.bitbox.magnitudes, x.bitbox.asymmetry):
        with pytest.raises(ValueError, match="expected fps to agree with the time axis .*, got fps=60"):
            method(fps=60)


# --- regions from names


@pytest.mark.parametrize(
    ("name", "region", "side"),
    [
        ("eyebrowRaise", "brow", ""),
        ("EyebrowDownLeft", "brow", "left"),
        ("eyeBrowInnerRight", "brow", "right"),
        ("eyeBlinkLeft", "eye", "left"),
        ("browInnerUp", "brow", ""),
        ("eyelid", "eye", ""),
    ],
)
def test_eyebrows_belong_to_the_brow(name, region, side):
    assert signal_names.signal_coords("expression", [name, "AU12"]) == {"region": [region, "mouth"], "side": [side, ""]}
