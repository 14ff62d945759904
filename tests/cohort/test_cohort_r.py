"""R reads the summary: labels, covariates and values, with ncdf4 and as a table."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bitbox_xr as bx
from bitbox_xr import cohort

SCRIPTS = Path(__file__).parent / "r"


@pytest.fixture(scope="module")
def rscript():
    found = shutil.which("Rscript")
    if not found:
        pytest.skip("Rscript is not here (Debian: r-base-core)")
    return found


@pytest.fixture(scope="module")
def ncdf4(rscript):
    asked = [rscript, "-e", 'quit(status = !requireNamespace("ncdf4", quietly = TRUE))']
    if subprocess.run(asked, capture_output=True, timeout=60).returncode:
        pytest.skip("R has no package ncdf4 (Debian: r-cran-ncdf4)")


@pytest.mark.slow
@pytest.mark.usefixtures("ncdf4")
def test_r_reads_the_summary(rscript, tmp_path):
    rows = []
    for k, names in enumerate((["AU04", "AU12"], ["AU12", "Größe"], ["AU04", "AU12"])):
        rng = np.random.default_rng(k)
        for side in "xy":
            x = bx.signals(np.cumsum(rng.normal(size=(600, 2)), axis=0), fps=30, names=names)
            bx.to_netcdf(x, tmp_path / f"{side}{k}.nc")
        rows.append({"recording": f"00{k}", "signals": f"x{k}.nc", "reference": f"y{k}.nc", "site": ["A", "", "Ü 3"][k],
                     "age": ["31", "", "40.5"][k]})  # fmt: skip
    pd.DataFrame(rows).to_csv(tmp_path / "study.csv", index=False)
    done = cohort.run(
        tmp_path / "study.csv", tmp_path / "out", measure="imitation", width=1.1, workers=1, progress=False
    )
    completed = subprocess.run(
        [rscript, SCRIPTS / "summary.R", tmp_path / "out" / "imitation"], capture_output=True, text=True, timeout=120
    )
    assert completed.returncode == 0, completed.stderr
    values_of = dict(line.split(" ", 1) for line in completed.stdout.splitlines())
    assert values_of["recording"].split() == ["000", "001", "002"]
    assert values_of["pair"].split() == ["AU04", "AU12", "Größe"]
    assert values_of["site"].rstrip(" ") == "A  Ü 3"
    assert values_of["age"].split() == ["31.0", "NaN", "40.5"] or values_of["age"].split() == ["31", "NaN", "40.5"]
    assert values_of["long_name"].strip() == "mean correlation over windows"
    assert float(values_of["width"]) == done.summary.attrs["width"] == 1.1
    values = np.array(
        [float(text.replace("NA", "nan").replace("nanN", "nan")) for text in values_of["corr_mean"].split()]
    )
    np.testing.assert_allclose(values, done.summary["corr_mean"].values.ravel(), rtol=1e-14)
    assert values_of["csv"] == "9 rows, 3 missing"
    assert values_of["model"] == "2 coefficients"


def pair(seed, strengths):
    """A follower whose strength changes at the second phase, and its model; phases of 40 s."""
    rng = np.random.default_rng(seed)
    model = np.stack(
        [np.convolve(column, np.hanning(30), mode="same") for column in rng.normal(size=(2, 2400))], axis=1
    )
    own = np.stack([np.convolve(column, np.hanning(30), mode="same") for column in rng.normal(size=(2, 2400))], axis=1)
    share = np.repeat(strengths, 1200)[:, None]
    noise = rng.normal(size=model.shape) * rng.uniform(0.1, 0.5)
    return share * np.roll(model, 10, axis=0) + (1 - share) * own + noise, model


@pytest.mark.slow
def test_r_models_groups_and_conditions(rscript, tmp_path):
    """The code of docs/files-and-r.md; with base R the estimates are those of least squares by NumPy."""
    rows = []
    for k in range(8):
        group, labels = ("clinic", "control")[k % 2], (["baseline", "play"] if k < 4 else ["play", "baseline"])
        strengths = [0.6 if label == "play" and group == "control" else 0.2 for label in labels]
        for side, values in zip("xy", pair(k, strengths), strict=True):
            bx.to_netcdf(bx.signals(values, fps=30, names=["AU04", "AU12"]), tmp_path / f"{side}{k}.nc")
        table = pd.DataFrame({"onset": [0, 40], "offset": [40, 80], "label": labels})
        table.to_csv(tmp_path / f"i{k}.csv", index=False)
        rows.append({"recording": f"{k:03}", "signals": f"x{k}.nc", "reference": f"y{k}.nc", "intervals": f"i{k}.csv",
                     "group": group})  # fmt: skip
    pd.DataFrame(rows).to_csv(tmp_path / "study.csv", index=False)
    test = {"width": 2, "step": 1, "max_lag": 0.5, "n": 9, "rng": 0, "statistic": "corr_mean"}
    measures = {"significance": test, "quality": {}}
    done = cohort.run(
        tmp_path / "study.csv", tmp_path / "out", measures=measures, by="condition", workers=1, progress=False
    )
    asked = [rscript, SCRIPTS / "model.R", tmp_path / "out"]
    completed = subprocess.run(asked, capture_output=True, text=True, timeout=120)
    assert completed.returncode == 0, completed.stderr
    found = dict(line.strip().rsplit(" ", 1) for line in completed.stdout.splitlines())
    assert found.pop("rows") == "16"
    package = found.pop("package")
    frame = done.with_quality("significance").bitbox.to_frame().query("pair == 'AU12'")
    control, play = (frame["group"] == "control").to_numpy(float), (frame["condition"] == "play").to_numpy(float)
    noise = (frame["noise1"] - frame["noise1"].mean()) / frame["noise1"].std()
    columns = [np.ones(16), control, play, frame["order"], noise, control * play]
    expected = np.linalg.lstsq(np.column_stack(columns), frame["excess"], rcond=None)[0]
    names = ["(Intercept)", "groupcontrol", "conditionplay", "order", "noise", "groupcontrol:conditionplay"]
    assert [*found] == names
    if package == "lm":
        np.testing.assert_allclose([float(found[name]) for name in names], expected, rtol=1e-6)
    assert float(found["groupcontrol:conditionplay"]) > 0.1
