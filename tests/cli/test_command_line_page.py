"""The examples of the page on the command line run in their order, and the page names every command."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import bitbox_xr as bx
from bitbox_xr.cli import main

PAGE = Path(__file__).parents[2] / "docs" / "command-line.md"
TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLES = [line for block in re.findall(r"```bash\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()]


@pytest.mark.filterwarnings("ignore::UserWarning")  # few surrogates, short phases
def test_the_examples_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    child, model, _ = bx.demo.make_pair(minutes=1)
    for name, x in (("child", child), ("model", model)):
        x.sel(signal=["AU06", "AU12"]).to_pandas().to_csv(f"{name}.csv")
    Path("phases.csv").write_text("onset,duration,label\n0,30,rest\n30,30,play\n")
    pose = np.random.default_rng(0).normal(size=(90, 6)).cumsum(0)
    bx.to_netcdf(bx.signals(pose, kind="pose", fps=30), "head.nc")
    bx.to_netcdf(child, "prepared.nc")
    outputs = []
    for line in EXAMPLES:
        program, *arguments = shlex.split(line)
        assert program == "bitbox-xr"
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == 0, f"{line}: {done.output}"
        outputs += [arguments[arguments.index("-o") + 1]] if "-o" in arguments else []
    assert len(EXAMPLES) == 21
    assert all(Path(name).stat().st_size > 0 for name in outputs)


def test_the_page_names_every_command():
    rows = re.findall(r"^\| (`[a-z`, -]+) \|", TEXT, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`([a-z-]+)`", row)} == set(main.commands)


def test_the_error_of_the_page_is_that_of_the_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("semi.csv").write_text("time;AU12\n0;1\n1;2\n")
    message = re.search(r"```text\n(Error: semi.*?)\n```", TEXT)[1]
    assert CliRunner().invoke(main, ["info", "semi.csv"]).stderr.strip() == message
