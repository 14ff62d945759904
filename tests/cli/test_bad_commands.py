"""Commands with errors explain them on standard error and write no file."""

import re

import numpy as np
import pytest
from click.testing import CliRunner

import bitbox_xr as bx
from bitbox_xr.cli import main

from bad_input import X, Y

# arguments, exit status (1: the command failed, 2: the command line is invalid), text on standard error
COMMANDS = {
    "a superscript as a column": (
        ["info", "whole.csv", "--time", "²"],
        1,
        "expected the name of a column, such as a, b, got '²'",
    ),
    "a superscript as a number of scales": (
        ["expressivity", "x.nc", "-o", "out.nc", "--scales", "²"],
        2,
        "expected a number of scales, such as 6, or durations in seconds",
    ),
    "a folder": (["info", "."], 1, "expected a file, got a folder"),
    "output onto an input": (
        ["imitation", "x.nc", "y.nc", "-o", "x.nc"],
        1,
        "got x.nc, which is one of them",
    ),
    "output into an absent folder": (
        ["imitation", "x.nc", "y.nc", "-o", "no/out.nc"],
        1,
        "expected an existing folder for out.nc, got no",
    ),
    "output of another format": (
        ["imitation", "x.nc", "y.nc", "-o", "out.txt"],
        1,
        "got out.txt; choose a name that ends in .nc or .csv",
    ),
    "too high a frame rate": (
        ["imitation", "x.nc", "y.nc", "-o", "out.nc", "--align", "--align-fps", "1e8"],
        1,
        "expected --align-fps to be at most 30000, 1000 times the recording's own rate, got 1e+08",
    ),
    "an infinite demo": (["demo", "--minutes", "inf"], 2, "is not in the range 0.5<=x<=1440"),
    "no command": (["smile"], 2, "No such command 'smile'"),
    "no input": (["imitation", "-o", "out.nc"], 2, "Missing argument 'X'"),
    "no output": (["imitation", "x.nc", "x.nc"], 2, "Missing option '-o'"),
    "text as a width": (
        ["imitation", "x.nc", "x.nc", "-o", "out.nc", "--width", "wide"],
        2,
        "'wide' is not a valid float",
    ),
    "a width too large": (
        ["imitation", "x.nc", "x.nc", "-o", "out.nc", "--width", "1e300"],
        1,
        "expected --width to be at most 1e+09 s, got 1e+300",
    ),
    "an unknown measure": (
        ["significance", "x.nc", "-o", "out.nc", "--measure", "mimicry"],
        2,
        "'mimicry' is not one of",
    ),
    "scales of text": (
        ["expressivity", "x.nc", "-o", "out.nc", "--scales", "a,b"],
        2,
        "expected a number of scales, such as 6, or durations in seconds",
    ),
    "a negative seed": (
        ["significance", "x.nc", "y.nc", "-o", "out.nc", "--seed", "-1"],
        1,
        "expected --seed to be a seed",
    ),
    "a damaged file": (
        ["info", "bad.nc"],
        1,
        "bad.nc: expected a NetCDF file, got a file of another format, or one that is damaged or cut short",
    ),
    "a cut table": (
        ["info", "cut.csv", "--fps", "30"],
        1,
        "cut.csv: expected 2 fields in every line, got: line 3 has 1 field",
    ),
    "infinite values": (["coordination", "inf.nc", "-o", "out.nc"], 1, "expected finite values in x"),
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


@pytest.mark.parametrize(("arguments", "status", "message"), COMMANDS.values(), ids=COMMANDS)
def test_a_failing_command_explains_the_error_and_writes_nothing(recordings, monkeypatch, arguments, status, message):
    monkeypatch.chdir(recordings)
    before = sorted(recordings.iterdir())
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == status
    assert message in re.sub(r"\s+", " ", done.stderr)
    assert "Traceback" not in done.output
    assert sorted(recordings.iterdir()) == before
