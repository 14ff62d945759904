"""Cohorts of many recordings, on the scripts in tests/benchmarks with numbers that a test can afford."""

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
def test_a_run_cut_at_random_moments_ends_as_if_it_had_not_been(tmp_path):
    runs = script("killed_runs")
    runs.study(tmp_path, 30)
    seconds = runs.finished(tmp_path, "undisturbed")
    runs.cut(tmp_path, "cut", 3, seconds, random.Random(0))
    runs.finished(tmp_path, "cut")
    wanted, found = runs.tree(tmp_path / "undisturbed"), runs.tree(tmp_path / "cut")
    assert found == wanted
    assert {path.split("/")[0] for path in found} == {"recordings", "status.csv", "summary.csv", "summary.nc"}
    assert len(found) == 33


@pytest.mark.slow
def test_many_recordings_are_all_in_the_summary(capsys, monkeypatch):
    many = script("many_recordings")
    monkeypatch.setattr(many, "FILES", 8)
    many.main(80, "expressivity")
    said = capsys.readouterr().out
    assert "80 recordings done, 0 failed; expressivity, matched pairs, 80 rows in status.csv" in said
