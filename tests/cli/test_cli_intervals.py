"""Annotations on the command line: measures by label."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from click.testing import CliRunner

import bitbox_xr as bx
from bitbox_xr import demo
from bitbox_xr.cli import main

PHASES = pd.DataFrame(
    {"onset": [0, 12, 13], "offset": [12, 13, 30], "label": ["baseline", "break", "task"], "tier": ["p", "p", "p"]}
)
WINDOWS = ["--width", 2, "--step", 1, "--max-lag", 1]
OPTIONS = {"width": 2, "step": 1, "max_lag": 1}
ELAN = "annotations/elan/syncpy_SyncPy/ELAN_2Persons.csv"


@pytest.fixture
def folder(tmp_path):
    x, y, _ = demo.make_pair(minutes=0.5)
    bx.to_netcdf(x, tmp_path / "x.nc")
    bx.to_netcdf(y, tmp_path / "y.nc")
    PHASES.to_csv(tmp_path / "phases.csv", index=False)
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


def expected(folder, labels=("baseline", "break", "task")):
    with bx.open_netcdf(folder / "x.nc") as x:
        return bx.annotate(x.load(), bx.open_intervals(folder / "phases.csv", label=list(labels)))


@pytest.mark.filterwarnings("default:imitation")
def test_imitation_of_each_label(folder):
    files = [folder / "x.nc", folder / "y.nc", "-o", folder / "out.nc", "--intervals", folder / "phases.csv"]
    done = run("imitation", *files, *WINDOWS)
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert "got 1 of 3 that are shorter and are left out: 'break'" in lines[0]
    assert "12 × 12 signals, 23 windows of 2 s in 2 intervals" in lines[1]
    assert lines[2].startswith("  baseline: strongest AU")
    assert lines[3:] == ["  break: no window", next(line for line in lines if line.startswith("  task: strongest AU"))]
    _, y, _ = demo.make_pair(minutes=0.5)
    with bx.open_netcdf(folder / "out.nc") as found:
        xr.testing.assert_identical(found.load(), bx.imitation(expected(folder), y, by="condition", **OPTIONS))


def test_labels_are_chosen_and_named_and_statistics_have_them(folder):
    chosen = ["--intervals", folder / "phases.csv", "--label", "baseline", "--label", "task", "--tier", "p"]
    done = run("coordination", folder / "x.nc", "-o", folder / "out.nc", *WINDOWS, *chosen, "--by", "phase", "--stats")
    assert done.exit_code == 0, done.output
    assert done.output.count("strongest") == 2
    with bx.open_netcdf(folder / "out.nc") as found:
        assert found.corr_mean.dims == ("phase", "signal1", "signal2")
        assert found.phase.values.tolist() == ["baseline", "task"]


def test_labels_of_the_recording_itself(folder):
    bx.to_netcdf(expected(folder, ["baseline", "task"]), folder / "labelled.nc")
    done = run(
        "imitation", folder / "labelled.nc", folder / "y.nc", "-o", folder / "out.nc", *WINDOWS, "--by", "condition"
    )
    assert done.exit_code == 0, done.output
    with bx.open_netcdf(folder / "out.nc") as found:
        assert np.unique(found.condition).tolist() == ["baseline", "task"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--tier", "p"], "expected --intervals with --tier, got none; add --intervals FILE"),
        (["--by", "phase"], "expected a coordinate 'phase' along time, got"),
        (["--intervals", "phases.nc"], "expected --out to differ from --intervals, got phases.nc for both"),
        (["--intervals", "phases.csv", "--tier", "q"], "'q'"),
    ],
)
def test_faults_are_reported_and_nothing_is_written(folder, monkeypatch, options, message):
    monkeypatch.chdir(folder)
    out = "phases.nc" if "phases.nc" in options else "out.nc"
    for command in (["imitation", "x.nc", "y.nc"], ["expressivity", "x.nc"]):
        done = CliRunner().invoke(main, [*command, "-o", out, *options])
        assert done.exit_code == 1, done.output
        assert message in done.output
    assert not (folder / out).exists()


@pytest.mark.filterwarnings("default:coordination")
def test_a_recording_with_an_elan_file_by_hand_in_python_and_on_the_command_line(recordings, tmp_path):
    """The annotation is of another family; both are real files."""
    file, elan = recordings / "syncpy_F1044N_family_first7500.csv", recordings / ELAN
    reader = ["--fps", 25, "--columns", "slidedMother,slidedPatient"]
    chosen = ["--intervals", elan, "--tier", "Maman", "--label", "mamanais", "--label", "non mamanais"]
    windows = ["--width", 0.6, "--step", 0.2, "--max-lag", 0.2]
    done = run("coordination", file, "-o", tmp_path / "out.nc", *reader, *chosen, *windows)
    assert done.exit_code == 0, done.output
    x = bx.open_signals(file, fps=25, columns=["slidedMother", "slidedPatient"])
    intervals = bx.open_intervals(elan, tier="Maman", label=["mamanais", "non mamanais"])
    options = {"width": 0.6, "step": 0.2, "max_lag": 0.2}
    with pytest.warns(UserWarning, match="of 70 that are shorter"):
        found = bx.coordination(bx.annotate(x, intervals), by="condition", **options)
    parts = []
    for onset, offset in zip(intervals.onset.values, intervals.offset.values, strict=True):
        part = x.isel(time=(x.time.values >= onset - 1e-6) & (x.time.values < offset - 1e-6))
        if part.sizes["time"] >= 25:
            parts.append(bx.coordination(part, **options).corr)
    np.testing.assert_array_equal(found.corr, np.concatenate(parts))
    assert found.attrs["intervals"] == len(parts) == 30
    with bx.open_netcdf(tmp_path / "out.nc") as back:
        np.testing.assert_array_equal(back.corr, found.corr)
        assert back.condition.values.tolist() == found.condition.values.tolist()
