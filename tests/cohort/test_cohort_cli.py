"""`bitbox-xr cohort`: its files, its output and its exit status."""

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import bitbox_xr as bx
from bitbox_xr import cohort
from bitbox_xr.cli import main


@pytest.fixture
def study(tmp_path):
    for k in range(3):
        rng = np.random.default_rng(k)
        for side in "xy":
            values = np.cumsum(rng.normal(size=(300, 2)), axis=0)
            pd.DataFrame(values, columns=["AU04", "AU12"]).to_csv(tmp_path / f"{side}{k}.csv", index=False)
    rows = [f"00{k},x{k}.csv,y{k}.csv,{'ab'[k % 2]}" for k in range(3)]
    (tmp_path / "study.csv").write_text("\n".join(["recording,signals,reference,group", *rows]) + "\n")
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(main, ["cohort", *map(str, arguments)], catch_exceptions=False)


def test_options_reach_the_measure_and_the_reader(study, monkeypatch):
    asked = {}
    done = cohort.Cohort.__new__(cohort.Cohort)
    done.out, done.status = study, pd.DataFrame({"recording": ["a"], "state": ["done"], "message": [""]})
    monkeypatch.setattr(cohort, "run", lambda **given: asked.update(given) or done)
    always = {"manifest": study / "study.csv", "out": study / "out"}
    most = ["--measure", "imitation", "--width", 1.1, "--step", 0.5, "--no-causal", "--no-polarity", "--keep-windows",
            "--pairs", "all", "--fps", 25, "--columns", "AU04,1", "--face-id-y", 2, "--no-progress", "--scheduler",
            "tcp://127.0.0.1:8786"]  # fmt: skip
    result = run(study / "study.csv", "--out", study / "out", *most)
    assert result.exit_code == 0, result.output
    assert asked == always | {
        "measure": "imitation", "width": 1.1, "step": 0.5, "causal": False, "polarity": False, "keep_windows": True,
        "pairs": "all", "fps": 25, "columns": ["AU04", 1], "face_id_y": 2, "progress": False,
        "client": "tcp://127.0.0.1:8786"}  # fmt: skip
    asked.clear()
    run(
        study / "study.csv",
        "--out",
        study / "out",
        "--measure",
        "diversity",
        "--scales",
        "0.5,2",
        "--count",
        "--workers",
        3,
    )
    assert asked == always | {"measure": "diversity", "scales": [0.5, 2.0], "magnitude": False, "workers": 3}
    asked.clear()
    run(study / "study.csv", "--out", study / "out", "--measure", "expressivity", "--scales", "6", "--robust")
    assert asked == always | {"measure": "expressivity", "scales": 6, "robust": True}
    asked.clear()
    labels = ["--by", "phase", "--tier", "task", "--label", "a", "--label", "b", "--each-interval"]
    run(study / "study.csv", "--out", study / "out", "--measure", "quality", *labels)
    intervals = {"tier": "task", "label": ["a", "b"]}
    assert asked == always | {"measure": "quality", "by": "phase", "each_interval": True, "intervals": intervals}


def test_recordings_with_a_warning_are_counted(study, monkeypatch):
    done = cohort.Cohort.__new__(cohort.Cohort)
    states = {"state": ["done", "done", "failed"], "message": ["", "times not used", "no file"]}
    done.out, done.status = study, pd.DataFrame({"recording": ["a", "b", "c"], **states})
    monkeypatch.setattr(cohort, "run", lambda **given: done)
    result = run(study / "study.csv", "--out", study / "out", "--measure", "imitation")
    assert result.stdout == f"{study / 'out'}: 2 recordings done (1 with a warning), 1 failed\n"
    assert f"1 done with a warning; see the messages in {study / 'out' / 'status.csv'}" in result.stderr
    assert done.warned["recording"].tolist() == ["b"]


@pytest.mark.slow
def test_the_command_writes_a_summary_and_sets_the_exit_status(study):
    asked = [study / "study.csv", "--measure", "imitation", "--out", study / "out", "--width", 1, "--fps", 30]
    result = run(*asked, "--workers", 2, "--progress")
    assert result.exit_code == 0, result.output
    assert result.stdout == f"{study / 'out'}: 3 recordings done, 0 failed\n"
    assert "dask's dashboard: http://127.0.0.1:" in result.stderr
    assert "3/3" in result.stderr
    done = cohort.open(study / "out")
    x, y = (bx.open_signals(study / f"{side}2.csv", fps=30) for side in "xy")
    expected = bx.imitation(x, y, width=1, stats=True)
    np.testing.assert_array_equal(done.summary["corr_mean"].sel(recording="002"), np.diag(expected["corr_mean"]))
    (study / "x1.csv").write_text("AU04,AU12\n1,2\n3\n")
    result = run(*asked, "--workers", 1, "--no-progress")
    assert result.exit_code == 1
    assert result.stdout == f"{study / 'out'}: 2 recordings done, 1 failed\n"
    assert "001: x1.csv: " in result.stderr
    assert "1 failed; " in result.stderr
    assert "dashboard" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "phrase"),
    [
        (["study.csv", "--out", "out"], 2, "expected --config with a TOML file, or --measure, got neither"),
        (
            ["no.csv", "--measure", "imitation", "--out", "out"],
            1,
            "Error: expected a manifest, got no.csv, which does not exist",
        ),
        (
            ["study.csv", "--measure", "expressivity", "--out", "o", "--width", "1"],
            1,
            "expected options of expressivity (scales, ",
        ),
        (
            ["study.csv", "--measure", "expressivity", "--out", "o", "--scales", "a"],
            2,
            "expected a number of scales",
        ),
        (["study.csv", "--measure", "imitation", "--out", "o", "--workers", "0"], 2, "Invalid value for '--workers'"),
        (
            ["study.csv", "--config", "study.toml", "--out", "o"],  # a TOML file has keys, not options
            1,
            "Error: study.toml: measures.imitation: expected options of imitation (width, step, max_lag, causal, "
            "polarity, min_valid), got maxlag; the nearest name is 'max_lag'",
        ),
    ],
)
def test_an_error_is_one_sentence_and_leaves_no_file(study, monkeypatch, arguments, code, phrase):
    monkeypatch.chdir(study)
    (study / "study.toml").write_text("[measures.imitation]\nmaxlag = 1\n")
    before = sorted(path.name for path in study.iterdir())
    result = run(*arguments)
    assert result.exit_code == code
    assert phrase in result.stderr
    assert sorted(path.name for path in study.iterdir()) == before


def test_help_has_an_example():
    assert "bitbox-xr cohort study.csv" in run("--help").output.split("Examples")[1]
