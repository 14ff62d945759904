"""The lower bounds in pyproject.toml equal the versions in lowest-constraints.txt, which CI installs."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
CONSTRAINTS = Path(__file__).with_name("lowest-constraints.txt")

# Extras that install a package of the same name and version as the package with the extra.
SAME_VERSION = {"distributed"}


def project():
    """The table [project] of pyproject.toml."""
    return tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]


def requirements(name=None):
    """The requirements of an extra, or the dependencies. Other extras of the project that it names are included."""
    table = project()
    for line in table["optional-dependencies"][name] if name else table["dependencies"]:
        requirement = Requirement(line)
        if requirement.name == table["name"]:
            for extra in sorted(requirement.extras):
                yield from requirements(extra)
        else:
            yield requirement


def lower_bounds(requirements):
    """The lower bound of each package. Each requirement has the form name>=version."""
    found = {}
    for requirement in requirements:
        operators = [specifier.operator for specifier in requirement.specifier]
        assert operators == [">="], f"{requirement}: expected one bound, name>=version"
        (bound,) = requirement.specifier
        for name in [requirement.name, *(requirement.extras & SAME_VERSION)]:
            assert found.setdefault(name, bound.version) == bound.version, f"{name}: expected the same bound everywhere"
    return found


def constraints():
    """The version of each package that CI installs."""
    lines = [line.partition("#")[0].strip() for line in CONSTRAINTS.read_text(encoding="utf-8").splitlines()]
    pairs = [line.split("==") for line in lines if line]
    assert len(pairs) == len(dict(pairs)), f"{CONSTRAINTS.name}: expected each package once"
    return dict(pairs)


def test_constraints_equal_the_lower_bounds_of_the_test_environment():
    assert constraints() == lower_bounds([*requirements(), *requirements("test")])


def test_the_test_environment_includes_the_extra_parquet():
    assert lower_bounds(requirements("parquet")).items() <= lower_bounds(requirements("test")).items()


def test_a_package_has_the_same_lower_bound_in_all_extras():
    extras = [one for extra in project()["optional-dependencies"] for one in requirements(extra)]

    assert lower_bounds([*requirements(), *extras]).keys() > lower_bounds(requirements()).keys()


def test_an_extra_with_the_version_of_its_package_has_the_same_bound():
    assert lower_bounds([Requirement("dask[array,distributed]>=2025.4")]) == {"dask": "2025.4", "distributed": "2025.4"}


def test_different_bounds_of_one_package_are_reported():
    with pytest.raises(AssertionError, match="expected the same bound everywhere"):
        lower_bounds([Requirement("numba>=0.61"), Requirement("numba>=0.62")])


@pytest.mark.parametrize("line", ["numba", "numba==0.61", "numba>=0.61,<1", "numba>0.61"])
def test_a_requirement_without_exactly_one_lower_bound_is_reported(line):
    with pytest.raises(AssertionError, match="expected one bound, name>=version"):
        lower_bounds([Requirement(line)])


@pytest.mark.parametrize("name", sorted(lower_bounds(requirements())))
def test_the_installed_version_meets_its_lower_bound(name):
    assert Version(version(name)) >= Version(lower_bounds(requirements())[name])


@pytest.mark.parametrize(("name", "version_that_fails"), [("xarray", "2025.12.0"), ("pandas", "2.2.0")])
def test_incompatible_versions_are_below_the_bound(name, version_that_fails):
    assert Version(lower_bounds(requirements())[name]) > Version(version_that_fails)


def test_ci_installs_the_constraints():
    run = PYPROJECT.parent / ".ci" / "run"
    if not run.is_file():
        pytest.skip(".ci/run exists in a checkout only")
    assert re.search(rf"-c \S*tests/{re.escape(CONSTRAINTS.name)}", run.read_text(encoding="utf-8"))
