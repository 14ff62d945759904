"""The sentence of a methods paragraph on the data: numbers, kinds and trackers of each person."""

import numpy as np
import pytest
import xarray as xr

from bitbox_xr.reporting.inputs import data_text, losses_text

AUS = {"kind": "expression", "schema": "FACS"}
SHAPES = {"kind": "expression", "schema": "ARKit blendshapes"}
OF2, OF1 = {"backend": "OpenFace 2"}, {"backend": "OpenFace 1"}
CITED2, CITED1 = "OpenFace 2 (Baltrušaitis et al., 2018)", "OpenFace 1 (Baltrušaitis et al., 2016)"


def of_two(rows, columns, first, second, **attrs):
    """A result of two people with so many signals each."""
    names = {
        dim: [f"{dim}_{k}" for k in range(n)] for dim, n in (("signal1", rows), ("signal2", columns)) if n is not None
    }
    sides = {f"{name}{k}": value for k, side in ((1, first), (2, second)) for name, value in side.items()}
    return xr.Dataset(coords=names, attrs=sides | attrs)


def of_one(n, own, dim="coefficient"):
    return xr.Dataset(coords={} if n is None else {dim: np.arange(n)}, attrs=own)


CASES = {
    "the same of both": (of_two(17, 17, AUS | OF2, AUS | OF2),
                         f"17 action units of each person, measured with {CITED2}"),
    "one of both": (of_two(1, 1, AUS, AUS), "one action unit of each person"),
    "numbers differ": (
        of_two(17, 20, AUS | OF2, AUS | OF2),
        f"17 action units of person x and 20 action units of person y, measured with {CITED2}",
    ),
    "trackers differ": (
        of_two(17, 20, AUS | OF1, {"kind": "expression", "backend": "iMotions"}),
        f"17 action units of person x, measured with {CITED1}, and 20 expression coefficients of person y, measured "
        "with iMotions",
    ),
    "only trackers differ": (
        of_two(17, 17, AUS | OF1, AUS | OF2),
        f"17 action units of person x, measured with {CITED1}, and 17 action units of person y, measured with {CITED2}",
    ),
    "one tracker is known": (
        of_two(1, 12, AUS | OF2, SHAPES),
        f"one action unit of person x, measured with {CITED2}, and 12 blendshapes of person y",
    ),
    "kinds differ": (
        of_two(6, 1, {"kind": "pose"}, {"kind": "motion-energy"}),
        "six coordinates of the head pose of person x and one motion energy of a body region of person y",
    ),
    "motion energy": (
        of_two(2, 2, *[{"kind": "motion-energy", "backend": "rMEA"}] * 2),
        "two motion energies of body regions of each person, measured with rMEA (Kleinbub & Ramseyer, 2021)",
    ),
    "one coordinate": (of_two(1, 1, {"kind": "pose"}, {"kind": "pose"}),
                       "one coordinate of the head pose of each person"),
    "gaze": (of_two(2, 8, {"kind": "gaze"}, {"kind": "emotion"}),
             "two coordinates of the direction of gaze of person x and eight emotions of person y"),
    "one person": (of_two(52, 52, SHAPES, SHAPES, alone=1), "52 blendshapes"),
    "one person, one tracker": (of_two(17, 17, AUS | OF2, AUS | OF2, alone=1),
                                f"17 action units, measured with {CITED2}"),
    "matched pairs": (
        xr.Dataset(coords={"pair": ["a", "b"]}, attrs={f"{k}{n}": v for n in (1, 2) for k, v in AUS.items()}),
        "two action units of each person",
    ),
    "a study": (
        of_two(3, 3, AUS, AUS).assign_coords(recording=["a", "b"]),
        "three action units of each person in two recordings",
    ),
    "a study with two trackers": (
        of_two(3, 4, AUS | OF1, AUS | OF2).assign_coords(recording=[*"abcdefghij"]),
        f"three action units of person x in 10 recordings, measured with {CITED1}, and four action units of person y "
        f"in 10 recordings, measured with {CITED2}",
    ),
    "a selected pair": (
        of_two(3, 4, AUS, {"kind": "expression"}).isel(signal1=0, signal2=0),
        "one action unit of person x and one signal of person y",
    ),
    "a face": (of_one(1, AUS | OF2), f"one action unit, measured with {CITED2}"),
    "landmarks": (of_one(102, {"kind": "landmark"}, "signal"), "102 landmark coordinates"),
    "rectangle": (of_one(4, {"kind": "rectangle"}, "signal"), "four coordinates of the face's rectangle"),
    "no number": (of_one(None, {"kind": "landmark-can", "backend": "Lab"}),
                  "canonicalized landmark coordinates, measured with Lab"),
    "events": (xr.Dataset(coords={"coefficient": ("event", ["a"])}, attrs=AUS), "action units"),
    "a new kind": (of_one(2, {"kind": "heat"}), "two signals of kind heat"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_signals_of_each_person(case):
    result, expected = CASES[case]
    assert data_text(result) == expected


LOSSES = {
    "The tracker lost one frame of person x and no frames of person y.": {"lost_frames1": 1, "lost_frames2": 0},
    "The tracker lost no frames. Masks covered 12 frames.": {"lost_frames": 0, "masked_frames": 12},
    "The tracker lost no frames.": {"lost_frames1": 0, "lost_frames2": 0},
    "Masks covered two frames of person y.": {"masked_frames2": 2},
    "The tracker lost three frames.": {"lost_frames1": 3, "lost_frames2": 3, "alone": 1},
    "": {},
}


@pytest.mark.parametrize("expected", LOSSES)
def test_lost_and_masked_frames(expected):
    assert losses_text(xr.Dataset(attrs=LOSSES[expected])) == expected
