"""A command never writes over a file that it reads; a demo replaces only the files of a demo."""

import json
import os

import numpy as np
import pytest
from click.testing import CliRunner

import bitbox_xr as bx
from bitbox_xr import demo
from bitbox_xr.cli import main


def run(*arguments):
    return CliRunner().invoke(main, [*map(str, arguments)], catch_exceptions=False)


@pytest.fixture
def files(tmp_path, monkeypatch):
    for seed, name in enumerate(("x.nc", "y.nc", "z.nc", "other.nc")):
        bx.to_netcdf(demo.make_pair(seed, minutes=0.5)[0], tmp_path / name)
    values = np.cumsum(np.random.default_rng(0).normal(size=(300, 79)), axis=0)
    np.savetxt(tmp_path / "a_expression.3DI", values)
    (tmp_path / "a_expression.json").write_text(json.dumps({"backend": "3DI"}))
    monkeypatch.chdir(tmp_path)
    return tmp_path


SIGNIFICANCE = [
    "significance",
    "x.nc",
    "y.nc",
    "--surrogates",
    "partners",
    "--partner",
    "other.nc",
    "--partner",
    "z.nc",
]
COMMANDS = {
    "x": (["imitation", "x.nc", "y.nc"], "x.nc"),
    "y": (["imitation", "x.nc", "y.nc"], "y.nc"),
    "one person": (["coordination", "x.nc"], "x.nc"),
    "expressivity": (["expressivity", "x.nc"], "x.nc"),
    "a partner": (SIGNIFICANCE, "z.nc"),
    "events": (["events", "x.nc"], "x.nc"),
    "diversity": (["diversity", "x.nc"], "x.nc"),
    "a sidecar": (["expressivity", "a_expression.3DI"], "a_expression.json"),
    "3DI": (["expressivity", "a_expression.3DI"], "a_expression.3DI"),
}


LINKS = [
    (case, link)
    for case, (_, name) in COMMANDS.items()
    for link in (None, os.link, os.symlink)
    if link is not None or name.endswith(".nc")
]  # the name of an output ends in .nc


@pytest.mark.parametrize(("case", "link"), LINKS)
def test_output_over_an_input_is_refused(files, case, link):
    command, name = COMMANDS[case]
    out = name
    if link is not None:
        link(name, "out.nc")
        out = "out.nc"
    before = {file.name: file.read_bytes() for file in files.iterdir()}
    done = run(*command, "-o", out)
    assert done.exit_code == 1
    assert f"got {out}, which is one of them; choose another name" in done.output
    assert {file.name: file.read_bytes() for file in files.iterdir()} == before


def test_an_existing_output_is_replaced(files):
    (files / "out.nc").write_text("before")
    assert run("expressivity", "x.nc", "-o", "out.nc").exit_code == 0
    assert (files / "out.nc").read_bytes()[1:4] == b"HDF"


# --- the demo's folder


@pytest.mark.parametrize("name", ["participant.nc", "expressivity.png"])
def test_a_demo_replaces_no_other_files(files, name):
    """The error comes before anything is computed, also for the files that are written last."""
    folder = files / "out"
    folder.mkdir()
    (folder / name).write_text("mine")
    done = run("demo", "--out", folder, "--minutes", 0.5)
    assert done.exit_code == 1
    assert done.output == (
        f"Error: demo: 1 fault; nothing was written\n  - expected no file but those that a run wrote, got {name}, "
        "which no run wrote; move it away, or name another folder for the results\n"
    )
    assert [(file.name, file.read_text()) for file in folder.iterdir()] == [(name, "mine")]


def test_a_demo_replaces_files_of_a_demo_unless_they_were_changed(files):
    folder = files / "out"
    (folder / "sub").mkdir(parents=True)
    (folder / "notes.txt").write_text("mine")
    demo.run(folder, minutes=0.5)
    first = (folder / "participant.nc").read_bytes()
    demo.run(folder, minutes=0.5, seed=1)
    assert (folder / "participant.nc").read_bytes() != first
    assert (folder / "notes.txt").read_text() == "mine"
    (folder / "model.nc").write_bytes(b"mine")
    before = {file.name: file.read_bytes() for file in folder.glob("*.*") if file.is_file()}
    for make in (demo.run, demo.run_face):
        with pytest.raises(ValueError, match="got model.nc, which was changed since a run wrote it"):
            make(folder)
    assert {file.name: file.read_bytes() for file in folder.glob("*.*") if file.is_file()} == before


def test_a_cohort_and_a_demo_share_a_folder(files):
    folder = files / "out"
    demo.run_face(folder)
    manifest = folder / "study.csv"
    manifest.write_text("recording,signals\na,face.nc\n")
    bx.cohort.run(manifest, folder, measure="diversity", workers=1, progress=False)
    demo.run_face(folder, seed=1)
    assert bx.cohort.open(folder).status["state"].tolist() == ["done"]
