"""The cache of compiled kernels on disk, which is valid while no kernel's source has changed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import bitbox_xr

PACKAGE = Path(bitbox_xr.__file__).parent

# `outlying` calls `select`, which is defined in another file of a nested folder, for the quartiles of six values.
RUN = """
import numpy as np, bitbox_xr
from bitbox_xr.kernels.activations.extrema import outlying
marked = outlying(np.zeros(6, int), np.array([0.0, 1.0, 2.0, 3.0, 4.0, 8.0]))
print(bitbox_xr.__file__, marked.sum(), sum(outlying.stats.cache_hits.values()), sep="\\n")
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
    assert _run(site, cache) == (1, 0)
    assert _run(site, cache) == (1, 1)

    callee = site / "bitbox_xr" / "kernels" / "activations" / "medians.py"
    text = callee.read_text(encoding="utf-8")
    edited = text.replace("return values[k]", "return -values[k]")  # then every value is beyond the quartiles
    assert edited != text
    callee.write_text(edited, encoding="utf-8")
    assert _run(site, cache) == (6, 0)
    assert _run(site, cache) == (6, 1)
