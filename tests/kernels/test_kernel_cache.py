"""The cache of compiled kernels on disk, which is valid while no kernel's source has changed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import bitbox_xr

PACKAGE = Path(bitbox_xr.__file__).parent

# `magnitudes` calls `smooth`, which is defined in another file of a nested folder.
RUN = """
import numpy as np, bitbox_xr
from bitbox_xr.kernels.activations.extrema import magnitudes
out = np.empty(1)
magnitudes(np.array([[0.0, 1.0, 3.0, 1.0, 0.0]]), 0, 5, out)
print(bitbox_xr.__file__, out[0], sum(magnitudes.stats.cache_hits.values()), sep="\\n")
"""


def _run(site, cache):
    """Result of the kernel in a new process, and the number of its signatures that came from the cache."""
    env = {**os.environ, "PYTHONPATH": str(site), "NUMBA_CACHE_DIR": str(cache), "PYTHONDONTWRITEBYTECODE": "1"}
    for name in ("COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START"):  # coverage is not measured in the copy
        env.pop(name, None)
    done = subprocess.run([sys.executable, "-c", RUN], capture_output=True, text=True, env=env, cwd=site)
    assert done.returncode == 0, done.stderr
    file, result, hits = done.stdout.split("\n")[:3]
    assert Path(file).is_relative_to(site)
    return float(result), int(hits)


@pytest.mark.slow
def test_a_kernel_is_compiled_again_after_a_nested_kernel_is_edited(tmp_path):
    site, cache = tmp_path / "site", tmp_path / "cache"
    shutil.copytree(PACKAGE, site / "bitbox_xr", ignore=shutil.ignore_patterns("__pycache__"))
    first, hits = _run(site, cache)
    assert hits == 0
    assert _run(site, cache) == (first, 1)

    callee = site / "bitbox_xr" / "kernels" / "activations" / "wavelets.py"
    text = callee.read_text(encoding="utf-8")
    edited = text.replace("out[at] = total", "out[at] = 2.0 * total")  # the branch for short recordings
    assert edited != text
    callee.write_text(edited, encoding="utf-8")
    assert _run(site, cache) == (2 * first, 0)
    assert _run(site, cache) == (2 * first, 1)
