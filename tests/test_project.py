"""The order of the rooms, what an import costs, and that an install nobody may write to works."""

import ast
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import bitbox_xr

PACKAGE = Path(bitbox_xr.__file__).parent
PROJECT = Path(__file__).parents[1]

# Data goes down this list; a room imports only from those above it, or from itself.
ROOMS = (
    ("errors", "schemas", "clock", "progress"),
    ("kernels",),
    ("checks",),
    ("recording",),
    ("frames",),
    ("timebase",),
    ("netcdf",),
    ("readers",),
    ("engine",),
    ("dyad", "scales", "sweep"),
    ("symmetry",),
    ("social", "expressions", "motion"),
    ("results",),
    ("inference",),
    ("cohort",),
    ("plotting",),
    ("plotting_expressions", "plotting_inference"),
    ("compat", "demo", "accessor"),
    ("cli",),
    ("__init__", "__main__"),
)
RANK = {room: rank for rank, rooms in enumerate(ROOMS) for room in rooms}


def modules():
    return [path for path in sorted(PACKAGE.rglob("*.py")) if "__pycache__" not in path.parts]


def room_of(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def imports(path, *, everywhere=True):
    """Modules that a file imports; `everywhere`: inside functions too."""
    tree = ast.parse(path.read_text())
    nodes = ast.walk(tree) if everywhere else tree.body
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import"
            if node.module == "bitbox_xr":
                yield from (f"bitbox_xr.{alias.name}" for alias in node.names if not alias.name.startswith("__"))
            else:
                yield node.module


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_run_one_way(path):
    room = room_of(path)
    for name in imports(path):
        if not name.startswith("bitbox_xr"):
            continue
        other = name.removeprefix("bitbox_xr").lstrip(".").partition(".")[0] or "__init__"
        if room == "accessor" and other == "__init__":
            continue  # its methods are the public functions, looked up when called
        assert other == room or RANK[other] < RANK[room], f"{room} imports {other}"


@pytest.mark.parametrize("path", sorted((PACKAGE / "kernels").glob("*.py")), ids=lambda path: path.stem)
def test_kernels_know_arrays_only(path):
    for name in imports(path):
        assert name.partition(".")[0] not in ("xarray", "dask", "pandas"), name
        assert name.startswith("bitbox_xr.kernels") or not name.startswith("bitbox_xr")


def test_no_function_bears_its_modules_name():
    for path in modules():
        names = {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}
        assert path.stem not in names


def test_importing_is_light():
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


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="files are made read-only by means of a POSIX system")
def test_an_install_that_nobody_may_write_to_works(tmp_path):
    # Root writes anywhere: instead of permissions, folders that cannot be made, since files are in their place.
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
    env.pop("NUMBA_CACHE_DIR", None)
    out = subprocess.run([sys.executable, "-c", RUN.format(where=str(where))], capture_output=True, text=True, env=env)
    assert out.returncode == 0, out.stderr
    assert abs(float(out.stdout)) < 9


def test_the_readme_has_two_commands():
    text = (PROJECT / "README.md").read_text()
    commands = [line for line in text.splitlines() if line.startswith("python3 -m venv")]
    assert len(commands) == 2
    assert commands[0].endswith("bitbox-xr demo")
    assert "[dev]" in commands[1]
    assert commands[1].endswith("-m pytest")


def test_versions_agree():
    text = (PROJECT / "CITATION.cff").read_text()
    assert re.search(r"^version: (.+)$", text, re.MULTILINE)[1] == bitbox_xr.__version__
    assert f"## {bitbox_xr.__version__}" in (PROJECT / "CHANGELOG.md").read_text()


def test_the_package_says_that_it_is_typed():
    assert (PACKAGE / "py.typed").exists()
    assert sysconfig.get_python_version() >= "3.11"
