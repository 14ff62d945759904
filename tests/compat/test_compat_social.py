"""Imitation and coordination of `bitbox_xr.compat`: reference values, signatures, calls of Bitbox's documentation."""

import inspect
import json

import numpy as np
import pandas as pd
import pytest

from bitbox_xr import compat


def as_dictionary(data, kind="expression", columns=None):
    return {"backend": "3DI", "type": kind, "frame count": len(data), "data": pd.DataFrame(data, columns=columns)}


def load(path):
    with np.load(path) as arrays:
        return dict(arrays)


@pytest.mark.parametrize("data", ["plain", "unequal", "gaps", "constant"])
@pytest.mark.parametrize("kind", ["imitation", "coordination"])
def test_results_equal_the_reference_values(golden, kind, data):
    cases = json.loads((golden / "index.json").read_text())
    inputs, outputs = (load(golden / name) for name in ("inputs.npz", "social.npz"))
    chosen = {name: case for name, case in cases.items() if case["kind"] == kind and case["inputs"]["x"] == f"{data}_x"}
    assert len(chosen) == (12 if kind == "imitation" else 6)
    for name, case in chosen.items():
        x, y = (as_dictionary(inputs[case["inputs"][side]]) for side in "xy")
        options = {key: case[key] for key in ("width", "step", "lag", "fps", "polarity")}
        if kind == "imitation":
            options["casuality"] = case["causal"]
        corr, lag = getattr(compat, kind)(x, y, **options, stats=False)
        expected = {output: outputs[f"{name}/{output}"] for output in case["outputs"]}
        np.testing.assert_allclose(corr, expected["corr"], atol=5e-6, err_msg=name)
        assert np.mean(np.abs(lag - expected["lag"]) > 1e-6) <= 5e-4, name
        stats = getattr(compat, kind)(x, y, **options)
        for value, output in zip(stats, ("corr_mean", "corr_std", "corr_lag"), strict=True):
            assert value.dtype == np.float32
            np.testing.assert_allclose(value, expected[output], atol=2e-5, err_msg=f"{name} {output}")


def test_signatures_are_those_of_bitbox():
    order = ["X", "Y", "width", "lag", "step", "fps", "stats", "polarity", "casuality", "angular"]
    defaults = [inspect.Parameter.empty] * 2 + [0.5, None, None, 30, True, True, True, True]
    parameters = inspect.signature(compat.imitation).parameters
    assert list(parameters) == order
    assert [p.default for p in parameters.values()] == defaults
    assert list(inspect.signature(compat.coordination).parameters) == [name for name in order if name != "casuality"]


@pytest.fixture
def people():
    """Expressions, landmarks and poses of two people, as Bitbox's processors return them."""
    rng = np.random.default_rng(0)
    model = rng.normal(size=(300, 79)).cumsum(axis=0)
    child = np.roll(model, 5, axis=0)
    columns = [f"GE{i}" for i in range(79)]
    pose = pd.DataFrame(rng.normal(size=(300, 6)), columns=["Tx", "Ty", "Tz", "Rx", "Ry", "Rz"])
    return {
        "exp_glob_a": as_dictionary(child, columns=columns),
        "exp_glob_b": as_dictionary(model, columns=columns),
        "pose_a": as_dictionary(pose, "pose"),
        "pose_b": as_dictionary(pose[::-1].to_numpy(), "pose", pose.columns),
        "land_a": as_dictionary(rng.normal(size=(300, 102)), "landmark", [f"{a}{i}" for i in range(51) for a in "xy"]),
    }


def test_calls_of_the_coordination_page_run(people):
    from bitbox_xr.compat import coordination

    exp_glob_a, exp_glob_b, pose_a = people["exp_glob_a"], people["exp_glob_b"], people["pose_a"]
    corr_mean, corr_std, corr_lag = coordination(exp_glob_a, exp_glob_b, width=1.1, step=0.5, fps=30)
    assert corr_mean.shape == corr_std.shape == corr_lag.shape == (79, 79)
    assert corr_lag.diagonal().mean() < 0
    corr_mean, corr_std, corr_lag = coordination(exp_glob_a, exp_glob_a)
    np.testing.assert_allclose(corr_mean, corr_mean.T, atol=1e-5)
    corr_mean, corr_std, corr_lag = coordination(exp_glob_a, pose_a)
    assert corr_mean.shape == (79, 1)


def test_calls_of_the_imitation_page_run(people):
    from bitbox_xr.compat import imitation

    exp_glob_a, exp_glob_b, pose_a, pose_b = (people[k] for k in ("exp_glob_a", "exp_glob_b", "pose_a", "pose_b"))
    corr_mean, corr_std, corr_lag = imitation(exp_glob_a, exp_glob_b, width=1.1, step=0.5, fps=30)
    np.testing.assert_allclose(corr_lag.diagonal(), -5 / 30, atol=0.02)
    assert (corr_mean.diagonal() > 0.95).all()
    corr_mean, corr_std, corr_lag = imitation(exp_glob_a, exp_glob_b, width=1.1, step=0.5, fps=30, polarity=False)
    assert corr_mean.min() > -1
    corr_mean, corr_std, corr_lag = imitation(exp_glob_a, exp_glob_b, casuality=False)
    assert corr_lag.max() > 0
    corrs, lags = imitation(pose_a, pose_b, 1.1, None, 0.5, 30, False, True, True, True)
    assert corrs.shape == lags.shape == ((300 - 33 - 16) // 15 + 1, 1, 1)


def test_landmarks_are_reduced_to_their_distance_from_the_corner(people):
    land = people["land_a"]
    corr, _ = compat.imitation(land, land, stats=False)
    assert corr.shape[1:] == (51, 51)
    norms = as_dictionary(np.sqrt((land["data"].to_numpy().reshape(300, 51, 2) ** 2).sum(axis=-1)))
    np.testing.assert_allclose(corr, compat.imitation(norms, norms, stats=False)[0], atol=5e-6)


def test_a_short_recording_has_no_windows():
    short = as_dictionary(np.random.default_rng(0).normal(size=(10, 2)))
    corrs, lags = compat.imitation(short, short, stats=False)
    assert corrs.shape == lags.shape == (0, 2, 2)
