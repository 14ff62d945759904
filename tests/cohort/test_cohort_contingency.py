"""Contingency and chosen activations in a cohort: equal to single calls, seeds, partners, faults of options."""

import pandas as pd
import pytest
import xarray as xr

import bitbox_xr as bx
from bitbox_xr import cohort
from bitbox_xr.cohort.seeds import seed_of
from bitbox_xr.demo import make_pair

from cohort_plans import study_of

OPTIONS = {"min_rise": 0.2, "max_latency": 1.0, "n": 19}


@pytest.fixture(scope="module")
def cluster():
    from distributed import Client

    options = {"n_workers": 1, "threads_per_worker": 1, "processes": False, "dashboard_address": "127.0.0.1:0"}
    with Client(**options, set_as_default=False) as client:
        yield client


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    folder, rows = tmp_path_factory.mktemp("study"), []
    for k in range(3):
        for name, x in zip("xy", make_pair(seed=k, minutes=1)[:2], strict=True):
            bx.to_netcdf(x.sel(signal=["AU06", "AU12"]), folder / f"{name}{k}.nc")
        rows.append({"recording": f"00{k}", "signals": f"x{k}.nc", "reference": f"y{k}.nc", "group": "ab"[k % 2]})
    pd.DataFrame(rows).to_csv(folder / "study.csv", index=False)
    return folder / "study.csv"


def test_results_equal_single_calls(manifest, tmp_path, cluster):
    done = cohort.run(
        manifest, tmp_path / "out", measure="contingency", rng=5, client=cluster, progress=False, **OPTIONS
    )
    assert done.status["state"].tolist() == ["done"] * 3
    sides = [bx.open_netcdf(manifest.parent / f"{name}1.nc") for name in "xy"]
    expected = bx.contingency(*sides, pairs="matched", rng=seed_of(5, "001"), progress=False, **OPTIONS)
    found = done.summary.sel(recording="001")
    for name in expected.data_vars:
        xr.testing.assert_equal(found[name].drop_vars(["recording", "group"]), expected[name].drop_vars(
            [c for c in expected.coords if c not in found.coords]))  # fmt: skip
    assert (done.summary.answered_above_chance > 0.5).all()


def test_partners_are_the_other_references(manifest, tmp_path, cluster):
    options = {**OPTIONS, "surrogates": "partners"}
    done = cohort.run(manifest, tmp_path / "out", measure="contingency", client=cluster, progress=False, **options)
    assert done.status["state"].tolist() == ["done"] * 3
    assert done.summary.attrs["n"] == 2


def test_chosen_activations_of_a_label(manifest, tmp_path, cluster):
    options = {"scales": [0.5, 1], "min_rise": 0.3, "false_alarms_per_minute": 1}
    done = cohort.run(manifest, tmp_path / "out", measure="expressivity", client=cluster, progress=False, **options)
    x = bx.open_netcdf(manifest.parent / "x2.nc")
    expected = bx.expressivity(x, **options).activations_per_minute
    found = done.summary.activations_per_minute.sel(recording="002")
    xr.testing.assert_equal(found.drop_vars(["recording", "group"]), expected.drop_vars("fps", errors="ignore"))


BAD = [
    ("contingency", {"max_latency": 0}, "expected max_latency to be"),
    ("contingency", {"surrogates": "phase"}, "expected surrogates to be shift, permute or partners"),
    ("contingency", {"min_rise": -1}, "expected min_rise to be a positive number"),
    ("contingency", {"width": 2}, "expected options of contingency"),
    ("expressivity", {"min_rise": 0.3}, "expected scales with min_rise"),
    ("expressivity", {"scales": [1], "false_alarms_per_minute": 99}, "expected false_alarms_per_minute below 60"),
    ("expressivity", {"scales": [1], "noise": {"phase": "rest"}}, "expected false_alarms_per_minute with noise"),
    ("diversity", {"scales": [1], "noise": "rest", "false_alarms_per_minute": 1}, "a coordinate and its label"),
]


@pytest.mark.parametrize(("measure", "options", "text"), BAD)
def test_faulty_options_are_refused_before_anything_is_read(measure, options, text):
    with pytest.raises(ValueError, match=text):
        study_of(measure, options)
