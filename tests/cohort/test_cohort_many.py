"""Cohorts of many recordings: the scripts in tests/benchmarks with small numbers."""

import importlib.util
import random
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[1] / "benchmarks"


def script(name):
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_a_run_killed_at_random_moments_gives_the_same_results(tmp_path):
    runs = script("killed_runs")
    runs.study(tmp_path, 30)
    seconds = runs.finished(tmp_path, "undisturbed")
    runs.killed(tmp_path, "killed", 3, seconds, random.Random(0))
    runs.finished(tmp_path, "killed")
    expected, found = runs.tree(tmp_path / "undisturbed"), runs.tree(tmp_path / "killed")
    assert found == expected
    top = {path.removeprefix("imitation/").split("/")[0] for path in found}
    assert top == {"recordings", "status.csv", "summary.csv", "summary.nc"}
    assert len(found) == 33


@pytest.mark.slow
def test_all_recordings_of_a_large_study_are_in_the_summary(capsys, monkeypatch):
    many = script("many_recordings")
    monkeypatch.setattr(many, "FILES", 8)
    many.main(80, "expressivity,imitation", workers="1,2")
    printed = capsys.readouterr().out
    assert printed.count("80 recordings done, 0 failed; expressivity, imitation, matched pairs, 80 rows in") == 2
    assert "the second number of workers is" in printed
