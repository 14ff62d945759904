"""Each example runs as a script in an empty folder, and finds what it made up."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture
def run(tmp_path):
    """What a script says."""

    def told(script, *arguments):
        made = subprocess.run(
            [sys.executable, EXAMPLES / script, *arguments], capture_output=True, text=True, timeout=300, cwd=tmp_path,
            env={**os.environ, "MPLBACKEND": "Agg", "TMPDIR": str(tmp_path), "PYTHONWARNINGS": "error"},
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        assert made.stderr == ""
        return made.stdout

    return told


def numbers(pattern, text):
    found = re.search(pattern, text)
    assert found, text
    return [float(one) for one in found.groups()]


def test_every_example_is_run_here():
    tested = re.findall(r"run\(\"(\w+\.py)\"", Path(__file__).read_text())
    assert sorted(set(tested)) == sorted(path.name for path in EXAMPLES.glob("*.py"))


@pytest.mark.slow
def test_a_dyad(run, tmp_path):
    told = run("dyad.py")
    assert numbers(r"(\d+) frames a second, (\d+) lost, longest gap (\S+) s", told) == [30, 60, 2.03]
    assert "no correlation in 3 windows, those about 30, 31, 32 s" in told
    best, mean = numbers(r"best lag (\S+) s, mean of the windows' lags (\S+) s", told)
    assert best == pytest.approx(-0.4, abs=1.01 / 30)  # within a frame of what was planted
    assert -0.5 < mean < best
    planted = re.findall(r"^ +(AU\d\d) +(AU\d\d) +-?1 +-\d+$", told, re.MULTILINE)
    found = re.findall(r"^ +(AU\d\d) +(AU\d\d) +0\.7\d+ .* 0\.005$", told, re.MULTILINE)
    assert len(planted) == 6
    assert sorted(found) == sorted(planted)
    regions = numbers(r"brow +(\S+)\neye +(\S+)\nmouth +(\S+)\nnose +(\S+)", told)
    assert regions == pytest.approx([0, 0.09, 0.05, 0.03], abs=0.011)
    assert "imitation, width 2 s, 177 windows, saved in dyad.nc" in told
    assert {path.name for path in tmp_path.iterdir()} == {"dyad.nc", "dyad.png"}


@pytest.mark.slow
def test_the_expressivity_of_a_face(run, tmp_path):
    told = run("expressivity.py")
    maxima, strong, planted = numbers(r"(\d+) maxima, (\d+) of them above 0.1; (\d+) were planted", told)
    assert maxima > 100
    assert strong == planted == 12
    moments = re.findall(r"^ ?(\d+\.\d\d) +AU12", told, re.MULTILINE)
    assert [float(moment) for moment in moments] == pytest.approx([6, 15, 27, 41, 53], abs=0.04)
    assert numbers(r"0.5 s, all: (\S+)\n.*robust: (\S+)", told) == pytest.approx([0.89, 0], abs=0.01)
    assert numbers(r"\n4.0 +(\d+\.\d)", told[told.index("diversity") :]) == pytest.approx([48], abs=0.5)
    assert (tmp_path / "expressivity_scales.png").stat().st_size > 10_000


def test_files_of_trackers(run, tmp_path):
    told = run("trackers.py")
    assert "refused: py_feat.csv: expected frames per second, since Py-Feat writes frame numbers but no times" in told
    assert "openface.csv: OpenFace 2, 2 signals, 600 frames, 30 a second, 30 lost" in told
    assert "py_feat.csv: Py-Feat, 2 signals, 500 frames, 25 a second, 0 lost" in told
    assert "live_link.csv: Live Link Face, 52 signals, 600 frames, 30 a second, 15 lost" in told
    smiles = re.findall(r"3 activations of (\w+), at (\S+) (\S+) (\S+) s", told)
    assert [name for name, *_ in smiles] == ["AU12_r", "AU12", "MouthSmileLeft"]
    for _, *times in smiles:
        start = 47580 if float(times[0]) > 100 else 0  # a time of day
        assert [float(time) - start for time in times] == pytest.approx([3, 8, 14], abs=0.05)
    again = run("trackers.py", "--fps", "50", tmp_path / "py_feat.csv")
    assert "500 frames, 50 a second" in again
    assert len(again.splitlines()) == 2


def test_real_files_of_trackers(run):
    data = Path(__file__).parents[1].parent / "shared" / "data"
    if not data.is_dir():
        pytest.skip("the real recordings are not here")
    told = run("trackers.py", data / "openface2_subj01.csv", data / "livelink_alex_rom_3_first900.csv")
    assert "OpenFace 2, 17 signals, 158 frames, 30 a second, 0 lost" in told
    assert re.search(r"Live Link Face, 52 signals, \d+ frames, 30 a second", told)


def test_netcdf_to_r(run, tmp_path):
    told = run("netcdf_to_r.py")
    assert "corr is window 57 × signal1 12 × signal2 12" in told
    (mean,) = numbers(r"Python: mean correlation (\S+) in 57 windows", told)
    assert mean == pytest.approx(0.6984, abs=1e-4)
    assert (tmp_path / "imitation.nc").exists()
    assert (tmp_path / "imitation.csv").read_text().count("\n") == 13
    if shutil.which("Rscript") and "R: mean" in told:
        assert numbers(r"R: mean correlation (\S+) in 57 windows of 2 s", told) == [mean]
    else:
        assert "run: Rscript imitation.R" in told


@pytest.mark.slow
def test_a_cohort(run):
    pytest.importorskip("statsmodels", reason="statsmodels is not here; pip install bitbox-xr[docs]")
    told = run("cohort.py")
    assert "48 recordings done, 0 failed" in told
    found = r"clinic - control: (\S+) in Fisher's z \(95 % confidence interval (\S+) to (\S+)\).*mean lag (\S+) s"
    difference, low, high, lag = numbers(found, told)
    assert low < difference < high < -0.2
    assert -0.5 < lag < -1 / 3  # between the middle of the allowed lags and the planted one
