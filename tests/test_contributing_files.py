"""What contributors meet first: the hosted checks, issue forms, CONTRIBUTING.md, the changelog, the layer diagram."""

import importlib.util
import os
import re
import shlex
import tomllib
from pathlib import Path

import pytest
import yaml  # a dependency of dask

import bitbox_xr

PROJECT = Path(__file__).parents[1]
GITHUB = PROJECT / ".github"
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def _checkout():
    if not GITHUB.is_dir():
        pytest.skip("this is no checkout")


def read(path):
    return yaml.safe_load((GITHUB / path).read_text(encoding="utf-8"))


# --- the workflow


def test_every_job_of_the_workflow_has_a_runner_a_limit_and_steps():
    workflow = read("workflows/ci.yml")
    assert workflow.keys() >= {"name", True, "permissions", "jobs"}  # YAML 1.1 reads the key `on` as true
    assert set(workflow["jobs"]) == {"linux", "fast-tests"}
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 120
        assert job["runs-on"]
        assert all(("uses" in step) != ("run" in step) for step in job["steps"])
    systems = workflow["jobs"]["fast-tests"]["strategy"]["matrix"]["os"]
    assert systems == ["macos-latest", "windows-latest"]


def commands():
    """The commands of the workflow, as lists of words."""
    for job in read("workflows/ci.yml")["jobs"].values():
        for step in job["steps"]:
            for part in step.get("run", "").split("&&"):
                if part.strip():
                    yield shlex.split(part)


def fault(words):
    """Why a command cannot run, or None."""
    if words[0] == "sudo":  # the runner's own
        return None if words[1] == "apt-get" else "unknown program"
    if words[0] == "python":
        assert words[1] == "-m"
        if importlib.util.find_spec(words[2]) is None:
            return f"no module {words[2]}"
        extras = [name for word in words for name in re.findall(r"^\.\[([\w,]+)\]$", word)]
        known = PYPROJECT["project"]["optional-dependencies"]
        return next((f"no extra {name}" for some in extras for name in some.split(",") if name not in known), None)
    file = PROJECT / words[0]
    return None if file.is_file() and (os.name == "nt" or os.access(file, os.X_OK)) else f"no program {words[0]}"


def test_every_command_of_the_workflow_exists():
    found = list(commands())
    assert [".ci/run"] in found
    assert ["python", "-m", "pytest", "-n", "2", "-m", "not slow"] in found
    assert {" ".join(words): fault(words) for words in found if fault(words)} == {}
    assert any(marker.startswith("slow:") for marker in PYPROJECT["tool"]["pytest"]["ini_options"]["markers"])


@pytest.mark.parametrize("words", ["python -m no_such_module", "python -m pip install .[none]", ".ci/none"])
def test_a_command_that_does_not_exist_is_found(words):
    assert fault(words.split())


def test_the_versions_of_python_are_those_that_the_checks_know():
    jobs = read("workflows/ci.yml")["jobs"]
    linux = next(step["with"]["python-version"] for step in jobs["linux"]["steps"] if "python" in step.get("uses", ""))
    script = (PROJECT / ".ci" / "run").read_text(encoding="utf-8")
    assert linux.split() == re.search(r"for version in ([\d. ]+);", script)[1].split()
    assert jobs["fast-tests"]["strategy"]["matrix"]["python"] == linux.split()


# --- issue forms and the pull request template


@pytest.mark.parametrize("name", ["bug.yml", "tracker-format.yml"])
def test_issue_forms_have_what_github_needs(name):
    form = read(f"ISSUE_TEMPLATE/{name}")
    assert form.keys() >= {"name", "description", "body"}
    fields = [item for item in form["body"] if item["type"] != "markdown"]
    assert {item["type"] for item in form["body"]} <= {"markdown", "input", "textarea", "dropdown", "checkboxes"}
    assert all(item["attributes"]["label"] for item in fields)
    assert len({item["id"] for item in fields}) == len(fields)
    assert any(item.get("validations", {}).get("required") for item in fields)
    assert "recordings of people" in form["body"][0]["attributes"]["value"]


def test_other_issues_may_be_written_freely():
    assert read("ISSUE_TEMPLATE/config.yml") == {"blank_issues_enabled": True}


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", ".github/pull_request_template.md"])
def test_files_that_contributors_are_pointed_to_exist(name):
    text = (PROJECT / name).read_text(encoding="utf-8")
    named = re.findall(r"\]\(([^):#]+)", text) + re.findall(r"`(\.ci/\w+|[A-Z]+\.md)`", text)
    assert named
    assert [file for file in named if not (PROJECT / file).is_file()] == []


# --- release notes


def test_versions_of_the_changelog_follow_the_convention():
    text = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
    heads = re.findall(r"^## (.+)$", text, re.MULTILINE)
    parsed = [re.fullmatch(r"(\d+)\.(\d+)\.(\d+), (?:unreleased|\d{4}-\d{2}-\d{2})", head) for head in heads]
    assert all(parsed), heads
    versions = [tuple(map(int, match.groups())) for match in parsed]
    assert versions == sorted(versions, reverse=True)
    assert "unreleased" not in "".join(heads[1:])


# --- the layer diagram


@pytest.fixture
def layers():
    spec = importlib.util.spec_from_file_location("layers", PROJECT / "docs" / "layers.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_layer_diagram_shows_the_contract(layers, tmp_path):
    rows = layers.layers()
    names = [name for row in rows for name in row]
    package = Path(bitbox_xr.__file__).parent
    there = {path.parent.name for path in package.glob("*/__init__.py")} | {path.stem for path in package.glob("*.py")}
    assert set(names) == there - {"__init__", "__main__"}
    assert rows[-2] == ["kernels"]

    layers.draw(rows, {name: f"purpose of {name}" for name in names}, tmp_path / "new" / "layers.svg")
    svg = (tmp_path / "new" / "layers.svg").read_text(encoding="utf-8")
    texts = re.findall(r"<text[^>]*>([^<]+)</text>", svg)
    assert [text for text in texts if text in names] == names
    assert [text for text in texts if text.startswith("purpose")] == [f"purpose of {name}" for name in names]


def test_every_box_of_the_layer_diagram_says_what_is_in_it(layers):
    purposes = [layers.purpose(name) for row in layers.layers() for name in row]
    assert all(len(text) > 20 for text in purposes)
