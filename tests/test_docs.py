"""The reference lists all public names, a page shows the output of its own code, and the citation file is valid."""

import inspect
import re
from pathlib import Path

import pytest
import yaml  # a dependency of dask

import bitbox_xr as bx
from bitbox_xr import accessors, cohort, compat, demo
from bitbox_xr.plotting import (
    chance,
    contingency,
    decomposition,
    estimates,
    expressivity,
    groups,
    inference,
    pairs,
    raster,
    recordings,
    specification,
    values,
)

PLOTS_AND_STUDIES = (cohort, compat, bx.plotting, contingency, pairs, decomposition, expressivity, inference)
PLOTS_AND_STUDIES += (specification, recordings, chance, groups, raster, estimates, values)
MAX_CODE_WIDTH = 88
DOCS = Path(__file__).parents[1] / "docs"

PUBLIC = {
    "": [name for name in bx.__all__ if not inspect.ismodule(getattr(bx, name))],
    **{f"{module.__name__.removeprefix('bitbox_xr.')}.": module.__all__ for module in PLOTS_AND_STUDIES},
    "demo.": [name for name in demo.__all__ if callable(getattr(demo, name))],
    "DataArray.bitbox.": [name for name in dir(accessors.SignalsAccessor) if not name.startswith("_")],
    "Dataset.bitbox.": [name for name in dir(accessors.ResultAccessor) if not name.startswith("_")],
}


@pytest.mark.parametrize("where", PUBLIC)
def test_the_reference_lists_every_public_name(where):
    text = (DOCS / "api.rst").read_text()
    listed = set(re.findall(r"^(?:   |\.\. data:: )([\w.]+)$", text, re.MULTILINE))
    expected = {f"{where}{name}" for name in PUBLIC[where]}
    assert expected <= listed


def test_the_reference_lists_nothing_else():
    text = (DOCS / "api.rst").read_text()
    listed = re.findall(r"^   (?!plotting\.methods\.)([a-zA-Z][\w.]*)$", text, re.MULTILINE)
    known = {f"{where}{name}" for where, names in PUBLIC.items() for name in names}
    assert set(listed) <= known
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: page.stem)
def test_code_is_as_wide_as_a_page_at_most(page):
    """A window of 1280 pixels shows 88 characters of code (docs/_static/extra.css); longer lines would scroll."""
    blocks = re.findall(r"^```(?:{code-cell} ipython3|python|toml|r)\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)
    assert [line for block in blocks for line in block.splitlines() if len(line) > MAX_CODE_WIDTH] == []


def test_the_table_of_estimates_is_the_output_of_its_simulation(capsys):
    text = (DOCS / "cohorts.md").read_text()
    code, table = re.search(r"```python\n(import heapq.*?)```\n+```\n(.*?)```", text, re.DOTALL).groups()
    exec(compile(code, "cohorts.md", "exec"), {})
    assert capsys.readouterr().out.strip() == table.strip()


def test_the_citation_file_has_the_fields_of_the_citation_file_format():
    citation = yaml.safe_load((DOCS.parent / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["type"] in ("software", "dataset")
    assert all(isinstance(citation[field], str) for field in ("message", "title", "version", "license"))
    assert [author.keys() for author in citation["authors"]] == [{"name"}]
