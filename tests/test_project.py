"""Rules for the whole package: import layers, size of modules, dependencies, docstrings, installation."""

import ast
import doctest
import importlib
import inspect
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import bitbox_xr
from bitbox_xr import accessors, cohort, compat
from bitbox_xr.plotting import methods

PACKAGE = Path(bitbox_xr.__file__).parent
PROJECT = Path(__file__).parents[1]


def modules():
    return [path for path in sorted(PACKAGE.rglob("*.py")) if "__pycache__" not in path.parts]


def imports(path):
    """Modules that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import"
            yield node.module


def test_the_import_layers_of_pyproject_hold():
    code = "from importlinter.cli import lint_imports_command; lint_imports_command(['--no-cache'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_modules_and_functions_are_small(path):
    """A module has at most 400 lines; a function at most 50, from the first statement after its docstring to its end.

    Signature and docstring do not count: they are as long as the options are many. Blank lines and comments do. An
    inner function counts by itself and in the one around it. Complexity is held by ruff (C901).
    """
    text = path.read_text()
    assert len(text.splitlines()) <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            statements = node.body[1:] if ast.get_docstring(node) is not None else node.body
            lines = statements[-1].end_lineno - statements[0].lineno + 1 if statements else 0
            assert lines <= 50, f"{node.name} has {lines} lines"


# --- dependencies


# Imported package: dependency that installs it in the version that it needs.
INDIRECT = {"llvmlite": "numba"}
# Packages that are imported only if an extra of the project is installed.
EXTRA = {"pyarrow"}


def distributions(requirements):
    """Names of required distributions, with `dask` and `distributed` for dask[distributed]."""
    for requirement in requirements:
        name, extras = re.match(r"([\w.-]+)(?:\[([\w,-]+)\])?", requirement).groups()
        yield name.lower()
        yield from (extra for extra in (extras or "").split(",") if extra == "distributed")


def test_dependencies_are_the_imported_packages():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    names = {name.partition(".")[0] for path in modules() for name in imports(path)}
    third = names - set(sys.stdlib_module_names) - {"bitbox_xr"} - set(INDIRECT) - EXTRA
    known = packages_distributions()
    assert {known[name][0].lower() for name in third} == set(distributions(project["dependencies"]))
    assert {INDIRECT[name] for name in names & set(INDIRECT)} <= third


def versioned_files():
    """Files of the project that are under version control."""
    done = subprocess.run(["git", "-C", str(PROJECT), "ls-files"], capture_output=True, text=True)
    if done.returncode:
        pytest.skip("not a checkout of the repository")
    return [path for name in done.stdout.splitlines() if (path := PROJECT / name).is_file()]


REGISTRY = re.compile(r"[\w.-]*pypi[\w.-]*/(?:simple|packages)|--(?:extra-)?index-url|find-links")
MACHINE = re.compile(r"(?<![\w.])/(?:root|home|tmp|Users|work)/\w|file:///")  # allowed in tests


def test_no_file_names_a_registry_or_a_machine():
    found = []
    for path in versioned_files():
        if path == Path(__file__):
            continue
        text = path.read_bytes().decode("utf-8", errors="ignore")
        patterns = [REGISTRY] if path.is_relative_to(PROJECT / "tests") else [REGISTRY, MACHINE]
        found += [f"{path.relative_to(PROJECT)}: {m[0]}" for pattern in patterns for m in pattern.finditer(text)]
    assert found == []


# --- docstrings


SECTIONS = ("Parameters", "Returns", "Raises")
PUBLIC = {
    f"{module.__name__}.{name}": function
    for module in (bitbox_xr, cohort, compat)
    for name in module.__all__
    if inspect.isfunction(function := getattr(module, name))
}
METHODS = {
    f"{accessor.__name__}.{name}": member
    for module in (accessors, methods)
    for accessor in (getattr(module, name) for name in module.__all__)
    for name, member in inspect.getmembers(accessor)
    if not name.startswith("_")
}


# A cohort starts processes. Its example is examples/cohort.py, which test_examples.py runs.
ELSEWHERE = {"bitbox_xr.cohort.run", "bitbox_xr.cohort.open"}


@pytest.mark.parametrize("name", sorted({*PUBLIC, *METHODS} - ELSEWHERE))
def test_docstrings_have_an_example(name):
    examples = doctest.DocTestParser().get_examples(inspect.getdoc({**PUBLIC, **METHODS}[name]) or "")
    assert examples
    assert not any(doctest.SKIP in example.options for example in examples)


@pytest.mark.parametrize("name", PUBLIC)
def test_docstrings_describe_parameters_results_and_errors(name):
    function = inspect.signature(PUBLIC[name])
    if len(function.parameters) < 2:  # the first sentence describes a single parameter
        return
    heads = re.split(r"^(\w+)\n-+\n", inspect.getdoc(PUBLIC[name]), flags=re.MULTILINE)
    sections = dict(zip(heads[1::2], heads[2::2], strict=True))
    assert {"Parameters", "Raises"} <= set(sections)
    assert "Returns" in sections or function.return_annotation is None
    documented = ", ".join(re.findall(r"^[*\w][*\w, ]*$", sections["Parameters"], re.MULTILINE))
    assert {name.strip(" *") for name in documented.split(",")} >= set(function.parameters)


# --- packages and installation


def test_no_package_defines_a_name_that_hides_a_module():
    for path in PACKAGE.rglob("__init__.py"):
        package = importlib.import_module(".".join(path.parent.relative_to(PACKAGE.parent).parts))
        modules = {other.stem for other in path.parent.glob("*.py")} - {"__init__", "__main__"}
        hidden = [name for name in modules if not inspect.ismodule(getattr(package, name, package))]
        assert hidden == []


def test_import_loads_no_heavy_libraries():
    code = "import sys, bitbox_xr; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "xarray" in loaded
    heavy = {
        "numba",
        "scipy",
        "dask",
        "distributed",
        "matplotlib",
        "netCDF4",
        "h5netcdf",
        "pywt",
        "click",
        "tqdm",
        "pyarrow",
        "jinja2",
    }
    # xarray and pandas themselves may look for some of these
    base = subprocess.run(
        [sys.executable, "-c", code.replace("bitbox_xr", "xarray")], capture_output=True, text=True, check=True
    )
    assert not heavy & (set(loaded) - set(base.stdout.split()))


RUN = """
import sys
sys.path.insert(0, {where!r})
import numpy as np, bitbox_xr as bx
assert bx.__file__.startswith({where!r}), bx.__file__
rng = np.random.default_rng(0)
x, y = (bx.signals(rng.normal(size=(120, 3)), fps=30) for _ in range(2))
print(float(bx.imitation(x, y, stats=True).corr_mean.sum()))
"""


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="the test needs a POSIX system")
def test_a_read_only_installation_works(tmp_path):
    # Root may write anywhere. Instead of permissions, files in the place of folders prevent that folders are created.
    where = tmp_path / "site"
    where.mkdir()
    ignore = lambda folder, names: [name for name in names if name == "__pycache__"]  # noqa: E731
    import shutil

    shutil.copytree(PACKAGE, where / "bitbox_xr", ignore=ignore)
    for folder in [where / "bitbox_xr", *(p for p in (where / "bitbox_xr").rglob("*") if p.is_dir())]:
        (folder / "__pycache__").write_text("not a folder")
    home = tmp_path / "home"
    home.write_text("not a folder")
    env = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    for name in (
        "NUMBA_CACHE_DIR",
        "COVERAGE_PROCESS_CONFIG",
        "COVERAGE_PROCESS_START",
    ):  # coverage does not measure the copy
        env.pop(name, None)
    out = subprocess.run([sys.executable, "-c", RUN.format(where=str(where))], capture_output=True, text=True, env=env)
    assert out.returncode == 0, out.stderr
    assert abs(float(out.stdout)) < 9


def test_the_readme_has_two_install_commands():
    text = (PROJECT / "README.md").read_text()
    commands = [line for line in text.splitlines() if line.startswith("python3 -m venv")]
    assert len(commands) == 2
    assert commands[0].endswith("bitbox-xr demo")
    assert "[dev]" in commands[1]
    assert commands[1].endswith("-m pytest -n 2")


def test_versions_agree():
    text = (PROJECT / "CITATION.cff").read_text()
    assert re.search(r"^version: (.+)$", text, re.MULTILINE)[1] == bitbox_xr.__version__
    assert f"## {bitbox_xr.__version__}" in (PROJECT / "CHANGELOG.md").read_text()


def test_the_package_is_marked_as_typed():
    assert (PACKAGE / "py.typed").exists()
    assert sysconfig.get_python_version() >= "3.11"


def test_few_parameters_have_no_type():
    annotations = [
        argument.annotation and ast.unparse(argument.annotation)
        for path in modules()
        if not path.is_relative_to(PACKAGE / "kernels")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
        for argument in [*node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
        if argument is not None and argument.arg not in ("self", "cls")
    ]
    assert annotations.count("Any") < 0.03 * len(annotations)
