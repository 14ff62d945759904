"""Which functions are compiled for calls from Python, and which only as parts of others."""

import ast
import gc
from pathlib import Path

import numba
import numpy as np

import bitbox_xr
from bitbox_xr.kernels import compilation_garbage
from bitbox_xr.kernels.jit import kernel, kernel_part

SOURCES = sorted((Path(bitbox_xr.__file__).parent / "kernels").rglob("*.py"))


def _compiled(statement, names=("kernel", "bare_kernel", "kernel_part")):
    decorators = getattr(statement, "decorator_list", [])
    return any(isinstance(d, ast.Name) and d.id in names for d in decorators)


def _called(statement):
    """Names of the functions that a statement calls, with their module where it is written."""
    calls = [node.func for node in ast.walk(statement) if isinstance(node, ast.Call)]
    return {ast.unparse(function) for function in calls if isinstance(function, ast.Name | ast.Attribute)}


def test_python_does_not_call_parts_of_kernels():
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}
    parts = {
        (path.stem, statement.name)
        for path, tree in trees.items()
        for statement in tree.body
        if _compiled(statement, ("kernel_part",))
    }
    assert ("moments", "moments") in parts
    for path, tree in trees.items():
        imported = {
            alias.asname or alias.name: (node.module.rpartition(".")[2], alias.name)
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        for statement in tree.body:
            if not _compiled(statement):
                called = {
                    imported.get(name, (path.stem, name)) if "." not in name else tuple(name.split(".")[-2:])
                    for name in _called(statement)
                }
                assert not called & parts, f"{path.name}: {getattr(statement, 'name', 'module')}"


@kernel_part
def _half(x):
    return x / 2


@kernel
def _quarters(x, out):
    for k in range(len(x)):
        out[k] = _half(_half(x[k]))


def test_a_part_divides_like_its_kernel_and_runs_uncompiled_from_python():
    out = np.empty(2)
    _quarters(np.array([8.0, 6.0]), out)
    assert out.tolist() == [2, 1.5]
    assert _half(3) == 1.5


def test_garbage_is_collected_less_often_only_while_code_is_compiled():
    usual, seen = gc.get_threshold(), []

    @numba.extending.overload(_look)
    def compile_look(marker):
        seen.append(gc.get_threshold())
        return lambda marker: marker

    @numba.njit
    def look(marker):
        return _look(marker)

    assert look(3) == 3
    assert set(seen) == {compilation_garbage.RARE}
    assert gc.get_threshold() == usual


def _look(marker):
    raise NotImplementedError
