"""Commands that cannot be carried out say why, on standard error, and leave nothing."""

import re

import numpy as np
import pytest
from click.testing import CliRunner

import bitbox_xr as bx
from bitbox_xr.cli import main

from bad_input import (
    X,
    Y,
)

# arguments, exit status (1 what was asked cannot be, 2 it cannot be understood), what standard error says
COMMANDS = {
    "a raised number": (["info", "whole.csv", "--time", "²"], 1, "there is no column '²'"),
    "a raised number of scales": (
        ["expressivity", "x.nc", "-o", "out.nc", "--scales", "²"],
        2,
        "neither a number of scales nor durations",
    ),
    "a folder": (["info", "."], 1, "it is a folder"),
    "onto itself": (["imitation", "x.nc", "y.nc", "-o", "x.nc"], 1, "x.nc is one of the recordings"),
    "into no folder": (["imitation", "x.nc", "y.nc", "-o", "no/out.nc"], 1, "there is no folder no for out.nc"),
    "another form of file": (["imitation", "x.nc", "y.nc", "-o", "out.csv"], 1, "give --out a name that ends in .nc"),
    "into any memory": (
        ["imitation", "x.nc", "y.nc", "-o", "out.nc", "--align", "--align-fps", "1e8"],
        1,
        "fps is 1e+08; at most 30000",
    ),
    "a demo without end": (["demo", "--minutes", "inf"], 2, "is not in the range 0.5<=x<=1440"),
    "no command": (["smile"], 2, "No such command 'smile'"),
    "nothing to read": (["imitation", "-o", "out.nc"], 2, "Missing argument 'X'"),
    "nowhere to write": (["imitation", "x.nc", "x.nc"], 2, "Missing option '-o'"),
    "text as a width": (
        ["imitation", "x.nc", "x.nc", "-o", "out.nc", "--width", "wide"],
        2,
        "'wide' is not a valid float",
    ),
    "a width beyond all": (
        ["imitation", "x.nc", "x.nc", "-o", "out.nc", "--width", "1e300"],
        1,
        "width is 1e+300; at most 1e+09 s",
    ),
    "a measure of no name": (
        ["significance", "x.nc", "-o", "out.nc", "--measure", "mimicry"],
        2,
        "'mimicry' is not one of",
    ),
    "scales of text": (
        ["expressivity", "x.nc", "-o", "out.nc", "--scales", "a,b"],
        2,
        "neither a number of scales nor durations",
    ),
    "a negative seed": (["significance", "x.nc", "y.nc", "-o", "out.nc", "--seed", "-1"], 1, "rng is -1; a seed"),
    "a damaged file": (["info", "bad.nc"], 1, "bad.nc is no NetCDF file, or is damaged or cut short"),
    "a cut table": (["info", "cut.csv", "--fps", "30"], 1, "cut.csv: line 3 has 1 field where 2 are wanted"),
    "infinite values": (["coordination", "inf.nc", "-o", "out.nc"], 1, "x holds infinite values"),
    "no manifest": (
        ["cohort", "absent.csv", "--measure", "diversity", "-o", "out"],
        1,
        "expected a manifest, got absent.csv, which does not exist",
    ),
    "no workers": (
        ["cohort", "absent.csv", "--measure", "diversity", "-o", "out", "--workers", "0"],
        2,
        "0 is not in the range x>=1",
    ),
    "a demo of no length": (["demo", "--minutes", "0"], 2, "0.0 is not in the range 0.5<=x<=1440"),
}


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recordings")
    bx.to_netcdf(X, folder / "x.nc")
    bx.to_netcdf(Y, folder / "y.nc")
    bx.to_netcdf(X.where(X < 1, np.inf), folder / "inf.nc")
    (folder / "bad.nc").write_bytes((folder / "x.nc").read_bytes()[:-500])
    (folder / "cut.csv").write_text("a,b\n1,2\n3\n")
    (folder / "whole.csv").write_text("a,b\n1,2\n3,4\n")
    return folder


@pytest.mark.parametrize(("arguments", "status", "said"), COMMANDS.values(), ids=COMMANDS)
def test_a_command_that_fails_says_why_and_leaves_nothing(recordings, monkeypatch, arguments, status, said):
    monkeypatch.chdir(recordings)
    before = sorted(recordings.iterdir())
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == status
    assert said in re.sub(r"\s+", " ", done.stderr)
    assert "Traceback" not in done.output
    assert sorted(recordings.iterdir()) == before
