"""The example of a cohort runs, and finds what was planted; the docs' estimate is what its simulation gives."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]


@pytest.mark.slow
def test_the_example_finds_what_was_planted(tmp_path):
    pytest.importorskip("statsmodels", reason="statsmodels is not here; pip install bitbox-xr[docs]")
    told = subprocess.run(
        [sys.executable, PROJECT / "examples" / "cohort.py"],
        capture_output=True, text=True, timeout=120, env={**os.environ, "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert "48 recordings done, 0 failed" in told.stdout
    found = re.search(r"clinic - control: (\S+) \(95 % (\S+) to (\S+)\).*mean lag (\S+) s", told.stdout)
    difference, low, high, lag = map(float, found.groups())
    assert low < difference < high < -0.2
    assert lag == pytest.approx(-1 / 3, abs=0.05)


def test_the_estimate_is_what_its_simulation_gives(capsys):
    text = (PROJECT / "docs" / "cohorts.md").read_text()
    code, table = re.search(r"```python\n(import heapq.*?)```\n+```\n(.*?)```", text, re.DOTALL).groups()
    exec(compile(code, "cohorts.md", "exec"), {})
    assert capsys.readouterr().out.strip() == table.strip()
