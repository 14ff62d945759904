"""The search for activations in a recording of hours holds few arrays of its length."""

import subprocess
import sys

import numpy as np
import pytest

from bitbox_xr.kernels.activations import search, wavelets
from bitbox_xr.kernels.activations.search import Search

FRAMES = 1_100_000  # so many that spectra are not kept
SCALES = (0.75, 6.6, 12.5, 18.3, 24.2, 30.0)
OPTIONS = {
    "one list for each scale": {"apart": 0, "outliers": True},
    "one list for all scales": {"apart": 3, "outliers": False},
}

PROGRAM = """
import resource, sys
import numpy as np
from bitbox_xr.kernels.activations import metrics, search
frames, options = eval(sys.argv[1])
values = np.abs(np.random.default_rng(0).normal(size=(frames, 1))).astype(np.float32)
def most(x):
    search.summarise(x, search.Search(**options), lambda found: metrics.cube(found, robust=True))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = most(values[:3000])
whole = most(values)
values[::97] = np.nan
print(whole - before, most(values) - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems count memory in other ways")
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_a_coefficient_needs_few_arrays(options):
    """An array of float64 has 8 bytes for each frame; 62 to 64 are needed, and 82 with missing frames."""
    arguments = repr((FRAMES, {"scales": SCALES, "precision": 16, "measured": False, **options}))
    done = subprocess.run([sys.executable, "-c", PROGRAM, arguments], capture_output=True, text=True, check=True)
    whole, with_gaps = (int(kilobytes) * 1024 / FRAMES for kilobytes in done.stdout.split())
    assert whole < 80
    assert with_gaps < 100


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("rows", [1, 3])
def test_spectra_that_are_not_kept_are_the_same(rows, gaps, monkeypatch):
    values = np.random.default_rng(rows).normal(size=(500, rows))
    values[::7] = np.nan if gaps else 0.0
    options = Search((0.0, *SCALES), 16, apart=3)
    kept = search.find(values, options)
    monkeypatch.setattr(wavelets, "MAX_CACHED_FRAMES", 0)
    one_by_one = search.find(values, options)
    np.testing.assert_equal(one_by_one, kept)
