"""Expressivity, diversity and asymmetry of `bitbox_xr.compat`: reference values, the oracle, shapes, errors."""

import json

import numpy as np
import pandas as pd
import pytest

from bitbox_xr import open_signals, signals, to_bitbox
from bitbox_xr.compat import expressions as compat
from bitbox_xr.kernels.mirror import FEATURES, PAIRS
from bitbox_xr.measures.asymmetry import asymmetry

import expressivity_oracle as oracle
import trackers

METRICS = list(oracle.METRICS)
OPTIONS = ("scales", "aggregate", "robust", "fps")


def dictionary(values, kind="expression", **more):
    return {"type": kind, "data": pd.DataFrame(values), **more}


def cube(tables):
    return np.array([table[METRICS].to_numpy() for table in tables]).transpose(1, 2, 0)


@pytest.fixture(scope="module")
def cases(golden):
    index = json.loads((golden / "index.json").read_text())
    arrays = {name: np.load(golden / f"{name}.npz") for name in ("inputs", "expressions", "landmarks")}
    return index, arrays


def test_expressivity_and_diversity_equal_the_reference_values(cases):
    index, arrays = cases
    compared = 0
    for name, case in index.items():
        if case["kind"] not in ("expressivity", "diversity"):
            continue
        compared += 1
        face = dictionary(arrays["inputs"][case["inputs"]["activations"]])
        options = {key: case[key] for key in OPTIONS}
        expected = {output: arrays["expressions"][f"{name}/{output}"] for output in case["outputs"]}
        if case["kind"] == "expressivity":
            tables = compat.expressivity(face, **options)
            found = cube(tables)
            np.testing.assert_array_equal(found[:, 0], expected["value"][:, 0], err_msg=name)
            np.testing.assert_allclose(found, expected["value"], rtol=1e-9, err_msg=name)
            if not np.isnan(expected["scale"]).any():
                np.testing.assert_allclose(tables[0]["scale"].to_numpy(float), expected["scale"])
        else:
            table = compat.diversity(face, magnitude=case["magnitude"], **options)
            for column in ("overall", "frame_wise"):
                np.testing.assert_allclose(table[column], expected[column], rtol=1e-9, err_msg=name)
    assert compared == 120


@pytest.mark.parametrize("dimension", [2, 3])
def test_asymmetry_equals_the_reference_values(cases, dimension):
    _, arrays = cases
    points = arrays["inputs"][f"lands{dimension}d"]
    face = dictionary(points, "landmark", backend="3DI", dimension=dimension)
    stem = f"landmarks-lands{dimension}d/asymmetry"
    plain = compat.asymmetry(face, normalize=False)
    np.testing.assert_allclose(plain, arrays["landmarks"][f"{stem}_raw"], rtol=1e-12)
    np.testing.assert_allclose(compat.asymmetry(face), arrays["landmarks"][f"{stem}_normalized"], rtol=1e-12)
    native = asymmetry(signals(points, kind="landmark" if dimension == 2 else "landmark-can", fps=30))
    np.testing.assert_allclose(native.asymmetry, plain, rtol=1e-12)


def test_landmarks_of_a_file_go_back_to_bitbox(tmp_path):
    np.savetxt(tmp_path / "c_landmarks_canonicalized.3DIl", trackers.ramps(4, 153), fmt="%.17g")
    read = open_signals(tmp_path / "c_landmarks_canonicalized.3DIl", fps=30)
    own = {**to_bitbox(read), "backend": "3DIl"}
    np.testing.assert_array_equal(compat.asymmetry(to_bitbox(read)), compat.asymmetry(own))


def bursts(frames=400, seed=0):
    rng = np.random.default_rng(seed)
    time = np.arange(frames) / 30
    return np.stack(
        [sum(np.exp(-((time - at) ** 2) / 0.1) for at in rng.uniform(0, time[-1], 6)) for _ in range(4)], axis=1
    ) + 0.02 * rng.normal(size=(frames, 4))


@pytest.mark.parametrize(("scales", "aggregate"), [(None, False), (4, False), ([2, 0.5], False), ([0.5, 1, 2], True)])
@pytest.mark.parametrize("robust", [True, False])
def test_expressivity_and_diversity_equal_the_oracle(scales, aggregate, robust):
    values = bursts()
    durations = {None: [None], 4: list(np.linspace(0.1, 4, 4))}.get(
        scales if not isinstance(scales, list) else "", scales
    )
    slow = oracle.events(values, durations, 30, aggregate, oracle.BITBOX)
    options = {"scales": scales, "aggregate": aggregate, "robust": robust}
    found = cube(compat.expressivity(dictionary(values), **options))
    np.testing.assert_allclose(found, np.nan_to_num(oracle.expressivity(slow, robust)), rtol=1e-10)
    spread = compat.diversity(dictionary(values), **options)
    np.testing.assert_allclose(spread[["overall", "frame_wise"]].T, oracle.diversity(slow, robust), rtol=1e-9)


def test_tables_and_labels():
    face = dictionary(bursts())
    tables = compat.expressivity(face)
    assert len(tables) == 4
    assert tables[0].columns.tolist() == ["scale", *METRICS]
    assert tables[0]["scale"].tolist() == [None]
    assert compat.expressivity(face, 0, [2, 0.5])[0]["scale"].tolist() == [2, 0.5]  # in the caller's order
    assert compat.expressivity(face, 0, [0.5, 2], True)[0]["scale"].tolist() == ["Agg 0.5-2.0"]
    assert compat.expressivity(face, scales=[1 / 3, 1.23456], aggregate=True)[0]["scale"].tolist() == ["Agg 0.3-1.2"]
    # one scale, or the signal itself, is not aggregated
    assert compat.expressivity(face, scales=[0.5], aggregate=True)[0]["scale"].tolist() == [0.5]
    assert compat.diversity(face, aggregate=True)["scale"].tolist() == [None]
    assert compat.diversity(face, 0, False, 3)["scale"].tolist() == [0.1, 2.05, 4.0]


def test_axis_and_bare_tables():
    values = bursts()
    for a, axis in ((dictionary(values.T), 1), (pd.DataFrame(values), 0), (values, 0)):
        for one, other in zip(compat.expressivity(a, axis=axis), compat.expressivity(dictionary(values)), strict=True):
            pd.testing.assert_frame_equal(one, other)


def test_a_coefficient_with_a_missing_frame_has_no_activations():
    values = bursts()
    values[100, 1] = np.nan
    for options in ({}, {"scales": 3}, {"scales": 3, "aggregate": True}):
        tables = compat.expressivity(dictionary(values), **options)
        assert (tables[1][METRICS] == 0).all(axis=None)
        assert (tables[0]["frequency"] > 0).all()
    nothing = compat.diversity(dictionary(values[:, 1:2]))
    assert nothing[["overall", "frame_wise"]].to_numpy().tolist() == [[0, 0]]


def test_strict_maxima_and_half_of_what_repeats():
    """Two rules in which the native functions differ."""
    boxes = np.where(np.arange(600) % 150 < 60, 1.0, 0.0)
    assert compat.expressivity(dictionary(boxes))[0]["frequency"].item() == 0
    time = np.arange(1800) / 30
    smiles = sum(np.exp(-((time - at) ** 2) / (2 * 0.055**2)) for at in np.arange(0.5, 60))
    counted = compat.expressivity(dictionary(smiles), scales=[0.5, 1, 1.5, 2], aggregate=True)[0]["frequency"].item()
    assert 25 <= counted <= 35


def test_normalisation_by_backend():
    face = np.random.default_rng(0).normal([-30, 0, 0], 10, size=(3, 51, 3))
    for left, right in PAIRS.values():
        face[:, right] = face[:, left] * [-1, 1, 1]
    face[1:] += np.random.default_rng(1).normal(size=(2, 51, 3)) * 0.5
    flat = face.reshape(3, -1)
    plain = compat.asymmetry(dictionary(flat, "landmark-can"), normalize=False)
    for backend, (low, high) in compat.RANGES.items():
        found = compat.asymmetry(dictionary(flat, "landmark-can", backend=backend))
        expected = asymmetry(signals(flat, kind="landmark-can", fps=30), reference=(low, high)).asymmetry
        np.testing.assert_allclose(found, expected)
        assert (found.loc[0] == 0).all()
    assert plain.columns.tolist() == list(FEATURES)
    with pytest.raises(ValueError, match="expected a backend with known ranges .*, got 'OpenFace'"):
        compat.asymmetry(dictionary(flat, "landmark-can", backend="OpenFace"))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: compat.expressivity(dictionary(bursts(), "pose")), "of type expression or a table, got type 'pose'"),
        (lambda: compat.diversity(dictionary(bursts(), "landmark")), "got type 'landmark'"),
        (
            lambda: compat.asymmetry(dictionary(bursts())),
            "of type landmark or landmark-can or a table, got type 'expression'",
        ),
        (lambda: compat.asymmetry(dictionary(bursts(), "landmark")), "expected 102 or 153 columns .*, got 4"),
        (lambda: compat.expressivity(bursts()[:, 0]), "got shape"),
        (
            lambda: compat.expressivity(dictionary(bursts(60)), scales=[1, 2]),
            r"shorter than the recording \(2 s\), got a scale of 2 s",
        ),
        (lambda: compat.expressivity(dictionary(bursts()), scales=0), "got no scale"),
    ],
)
def test_invalid_calls_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_calls_as_bitbox_documents_them():
    from bitbox_xr.compat import diversity, expressivity

    table = pd.DataFrame(np.abs(np.random.default_rng(0).normal(size=(300, 79))), columns=[f"GE{i}" for i in range(79)])
    exp_global = {"backend": "3DI", "type": "expression", "frame count": 300, "data": table}
    expressivity_stats = expressivity(exp_global, scales=6)
    assert len(expressivity_stats) == 79
    assert list(expressivity_stats[0].columns) == ["scale", "frequency", "density", "mean", "std", "min", "max"]
    np.testing.assert_allclose(expressivity_stats[0]["scale"].astype(float), [0.1, 0.88, 1.66, 2.44, 3.22, 4.0])
    diversity_stats = diversity(exp_global, scales=6)
    assert list(diversity_stats.columns) == ["scale", "overall", "frame_wise"]
    assert diversity_stats["overall"].between(0.9, 1).all()
