"""Fixtures for recordings and reference values that are not part of the project."""

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared"


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    """Compare the images of plots in every run, as the option --mpl of pytest-mpl does; without the plugin, skip them.

    In pyproject.toml the option would stop pytest where the plugin is not installed.
    """
    if config.pluginmanager.hasplugin("pytest_mpl"):
        config.option.mpl = True


@pytest.fixture(scope="session", autouse=True)
def no_notice_of_compilation():
    """Tests of standard error do not depend on what is compiled already."""
    from bitbox_xr.kernels.compilation_notice import quiet

    with quiet(True):
        yield


@pytest.fixture(scope="session")
def golden():
    """Folder of reference values."""
    return _folder("golden")


@pytest.fixture(scope="session")
def recordings():
    """Folder of real recordings."""
    return _folder("data")


def _folder(name):
    if not (SHARED / name).is_dir():
        pytest.skip(f"../shared/{name} does not exist; this test needs its files")
    return SHARED / name
