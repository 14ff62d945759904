"""Each example runs as a script in an empty folder and finds what it planted."""

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
    """A function that runs a script and returns its standard output."""
    environment = {**os.environ, "MPLBACKEND": "Agg", "TMPDIR": str(tmp_path), "PYTHONWARNINGS": "error"}

    def output_of(script, *arguments):
        command = [sys.executable, EXAMPLES / script, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=tmp_path, env=environment)
        assert done.returncode == 0, done.stderr
        notices = r"bitbox_xr: compiling .*\n"  # a script may be the first to use the kernels
        assert re.sub(notices, "", done.stderr) == ""
        return done.stdout

    return output_of


def numbers(pattern, text):
    """The groups of the first match, as numbers."""
    found = re.search(pattern, text)
    assert found, text
    return [float(group) for group in found.groups()]


def test_every_example_has_a_test():
    tested = re.findall(r"run\(\"(\w+\.py)\"", Path(__file__).read_text())
    assert sorted(set(tested)) == sorted(path.name for path in EXAMPLES.glob("*.py"))


@pytest.mark.slow
def test_the_dyad_example(run, tmp_path):
    output = run("dyad.py")
    assert numbers(r"(\d+) frames a second, (\d+) lost, longest gap (\S+) s", output) == [30, 60, 2.03]
    assert "no correlation in 3 windows, those about 30, 31, 32 s" in output
    best, mean = numbers(r"best lag (\S+) s, mean of the windows' lags (\S+) s", output)
    assert best == pytest.approx(-0.4, abs=1.01 / 30)  # within a frame of what was planted
    assert -0.5 < mean < best
    planted = re.findall(r"^ +(AU\d\d) +(AU\d\d) +-?1 +-\d+$", output, re.MULTILINE)
    found = re.findall(r"^ +(AU\d\d) +(AU\d\d) +0\.7\d+ .* 0\.011$", output, re.MULTILINE)
    assert len(planted) == 6
    assert sorted(found) == sorted(planted)
    regions = numbers(r"brow +(\S+)\neye +(\S+)\nmouth +(\S+)\nnose +(\S+)", output)
    assert regions == pytest.approx([0, 0.09, 0.05, 0.03], abs=0.011)
    assert "imitation, width 2 s, 177 windows, saved in dyad.nc" in output
    assert {path.name for path in tmp_path.iterdir()} == {"dyad.nc", "dyad.png"}


@pytest.mark.slow
def test_the_expressivity_example(run, tmp_path):
    output = run("expressivity.py")
    maxima, strong, planted = numbers(r"(\d+) maxima, (\d+) with a rise of 0.15; (\d+) were planted", output)
    assert maxima > 100
    assert strong == planted == 12
    moments = re.findall(r"^ ?(\d+\.\d\d) +AU12", output, re.MULTILINE)
    assert [float(moment) for moment in moments] == pytest.approx([6, 15, 27, 41, 53], abs=0.04)
    assert numbers(r"0.5 s, all: (\S+)\n.*robust: (\S+)", output) == pytest.approx([0.91, 0.06], abs=0.01)
    assert numbers(r"\n4.0 +(\d+\.\d)", output[output.index("diversity") :]) == pytest.approx([48], abs=0.5)
    assert (tmp_path / "expressivity_scales.png").stat().st_size > 10_000


def test_the_tracker_example(run, tmp_path):
    output = run("trackers.py")
    assert "refused: py_feat.csv: expected frames per second, since Py-Feat writes frame numbers but no times" in output
    assert "openface.csv: OpenFace 2, 2 signals, 600 frames, 30 a second, 30 lost" in output
    assert "py_feat.csv: Py-Feat, 2 signals, 500 frames, 25 a second, 0 lost" in output
    assert "live_link.csv: Live Link Face, 52 signals, 600 frames, 30 a second, 15 lost" in output
    smiles = re.findall(r"3 activations of (\w+), at (\S+) (\S+) (\S+) s", output)
    assert [name for name, *_ in smiles] == ["AU12_r", "AU12", "MouthSmileLeft"]
    for _, *times in smiles:
        assert [float(time) for time in times] == pytest.approx([3, 8, 14], abs=0.05)
    again = run("trackers.py", "--fps", "50", tmp_path / "py_feat.csv")
    assert "500 frames, 50 a second" in again
    assert len(again.splitlines()) == 2


def test_the_tracker_example_with_real_files(run):
    data = Path(__file__).parents[1].parent / "shared" / "data"
    if not data.is_dir():
        pytest.skip("the real recordings in ../shared/data are absent")
    output = run("trackers.py", data / "openface2_subj01.csv", data / "livelink_alex_rom_3_first900.csv")
    assert "OpenFace 2, 17 signals, 158 frames, 30 a second, 0 lost" in output
    assert re.search(r"Live Link Face, 52 signals, \d+ frames, 30 a second", output)


def test_the_example_of_netcdf_to_r(run, tmp_path):
    output = run("netcdf_to_r.py")
    assert "corr is window 57 × signal1 12 × signal2 12" in output
    (mean,) = numbers(r"Python: mean correlation (\S+) in 57 windows", output)
    assert mean == pytest.approx(0.6984, abs=1e-4)
    assert (tmp_path / "imitation.nc").exists()
    assert (tmp_path / "imitation.csv").read_text().count("\n") == 13
    if shutil.which("Rscript") and "R: mean" in output:
        assert numbers(r"R: mean correlation (\S+) in 57 windows of 2 s", output) == [mean]
    else:
        assert "run: Rscript imitation.R" in output


@pytest.mark.slow
def test_the_cohort_example(run):
    pytest.importorskip("statsmodels", reason="statsmodels is absent: pip install bitbox-xr[docs]")
    output = run("cohort.py")
    assert re.search(r"48 recordings done.*, 0 failed", output)
    found = r"clinic - control: (\S+) in excess \(95 % confidence interval (\S+) to (\S+)\).*mean lag (\S+) s"
    difference, low, high, lag = numbers(found, output)
    assert low < difference < high < -0.1
    assert -0.5 < lag < -1 / 3  # between the middle of the allowed lags and the planted one


@pytest.mark.slow
def test_the_study_example(run, tmp_path):
    output = run("study.py")
    assert re.search(r"40 recordings done.*, 0 failed", output)
    assert "deviations: []" in output
    (chance,) = numbers(r"play +0\.\d+ +(-?\S+)\nnote", output)
    assert abs(chance) < 0.03
    found = output[output.index("p_fwe") : output.index("without covariates")]
    rows = re.findall(r"^(AU\d\d)_r control - clinic, play - (\w+) +(\S+) +(\S+) .* (\S+)$", found, re.MULTILINE)
    significant = {(unit, other) for unit, other, *_, p in rows if float(p) <= 0.05}
    assert {unit for unit, _ in significant} == {"AU04", "AU06", "AU12"}
    assert all(float(low) > 0 for unit, other, _, low, _ in rows if (unit, other) in significant)
    adjusted = re.findall(r"\d +AU\d\d_r +(0\.\d+)", output[output.index("with covariates") :])
    assert [float(one) for one in adjusted] == pytest.approx([0.17] * 3, abs=0.1)
    (estimate,) = numbers(r"Python: control - clinic, play - baseline: (\S+)", output)
    if shutil.which("Rscript") and "R: control" in output:
        assert numbers(r"R: control - clinic, play - baseline: (\S+)", output) == [estimate]
    assert output.count("speech") >= 1
    assert {path.name for path in tmp_path.iterdir()} >= {"study_tidy.csv", "study.R", "specification_curve.png"}
    assert (tmp_path / "study_tidy.csv").read_text().count("\n") == 40 * 3 * 17 + 1
