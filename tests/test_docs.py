"""The reference has every public name; the numbers that pages state are those that their code gives."""

import inspect
import re
from pathlib import Path

import pytest

import bitbox_xr as bx
from bitbox_xr import accessor, cohort, compat, demo, inference, plotting, plotting_expressions, plotting_inference

DOCS = Path(__file__).parents[1] / "docs"

PUBLIC = {
    "": [name for name in bx.__all__ if not inspect.ismodule(getattr(bx, name))],
    **{
        f"{module.__name__.removeprefix('bitbox_xr.')}.": module.__all__
        for module in (cohort, compat, inference, plotting, plotting_expressions, plotting_inference)
    },
    "demo.": [name for name in demo.__all__ if callable(getattr(demo, name))],
    "DataArray.bitbox.": [name for name in vars(accessor.SignalsAccessor) if not name.startswith("_")],
    "Dataset.bitbox.": [name for name in vars(accessor.ResultAccessor) if not name.startswith("_")],
}
# what a module of the package takes over from one above it stands there under its shorter name
SHORTER = {f"inference.{name}": name for name in inference.__all__}


@pytest.mark.parametrize("where", PUBLIC)
def test_the_reference_has_every_public_name(where):
    text = (DOCS / "api.rst").read_text()
    listed = set(re.findall(r"^(?:   |\.\. data:: )([\w.]+)$", text, re.MULTILINE))
    wanted = {f"{where}{name}" for name in PUBLIC[where]}
    assert {SHORTER.get(name, name) for name in wanted} <= listed


def test_the_reference_has_nothing_else():
    text = (DOCS / "api.rst").read_text()
    listed = re.findall(r"^   (?!plot_methods\.)([a-zA-Z][\w.]*)$", text, re.MULTILINE)
    known = {f"{where}{name}" for where, names in PUBLIC.items() for name in names}
    assert set(listed) <= known
    assert len(listed) == len(set(listed))


def test_contributors_are_told_of_every_room():
    rows = re.findall(r"^\| (`.*?) \|", (DOCS / "contributing.md").read_text(), re.MULTILINE)
    told = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    there = {path.stem for path in Path(bx.__file__).parent.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert len(told) == len(set(told))
    assert set(told) == {name for name in there if not name.startswith("_")}


def test_the_estimate_is_what_its_simulation_gives(capsys):
    text = (DOCS / "cohorts.md").read_text()
    code, table = re.search(r"```python\n(import heapq.*?)```\n+```\n(.*?)```", text, re.DOTALL).groups()
    exec(compile(code, "cohorts.md", "exec"), {})
    assert capsys.readouterr().out.strip() == table.strip()
