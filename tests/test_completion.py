"""What completion offers after `bx.`, and that no module hides a name of Python's."""

import ast
import builtins
from pathlib import Path

import pytest

import bitbox_xr as bx

PACKAGE = Path(bx.__file__).parent
NAMES = {name for name in dir(builtins) if not name.startswith("_")}


def test_completion_shows_the_public_names_only():
    assert dir(bx) == sorted([*bx.__all__, "__version__"])
    assert dir(bx.cohort) == sorted(bx.cohort.__all__)
    assert all(hasattr(bx, name) for name in dir(bx))
    assert all(hasattr(bx.cohort, name) for name in dir(bx.cohort))


def test_opening_a_cohort_is_named_open_in_public_only():
    assert bx.cohort.open.__name__ == "open_cohort"
    with pytest.raises(FileNotFoundError, match="cohort"):
        bx.cohort.open("no such folder")


def test_no_module_defines_a_name_of_pythons_builtins():
    found = [
        f"{path.relative_to(PACKAGE).as_posix()}: {node.name}"
        for path in PACKAGE.rglob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in NAMES
    ]
    assert found == []
