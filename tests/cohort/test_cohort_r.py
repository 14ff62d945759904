"""R reads the summary: labels, covariates and values, with ncdf4 and as a table."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bitbox_xr as bx
from bitbox_xr import cohort

SCRIPT = Path(__file__).parent / "r" / "summary.R"


@pytest.fixture(scope="module")
def rscript():
    found = shutil.which("Rscript")
    if not found:
        pytest.skip("Rscript is not here (Debian: r-base-core)")
    asked = [found, "-e", 'quit(status = !requireNamespace("ncdf4", quietly = TRUE))']
    if subprocess.run(asked, capture_output=True, timeout=60).returncode:
        pytest.skip("R has no package ncdf4 (Debian: r-cran-ncdf4)")
    return found


@pytest.mark.slow
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
    completed = subprocess.run([rscript, SCRIPT, tmp_path / "out"], capture_output=True, text=True, timeout=120)
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
