"""Imitation and coordination timed by pytest-benchmark: `pytest tests/benchmarks --benchmark-enable`.

Without that option each call runs once with small input, so that benchmarks keep working.
"""

import pytest

import bitbox_xr as bx

from benchmark_cases import STEP, WIDTH, recordings


@pytest.fixture
def seconds(request):
    """Full length if timed, otherwise a few windows."""
    return (lambda full: full) if request.config.getoption("benchmark_enable") else (lambda full: 5)


CALLS = {
    "imitation 10 min": (600, lambda x, y: bx.imitation(x, y, width=WIDTH, step=STEP)),
    "imitation 10 min, stats": (600, lambda x, y: bx.imitation(x, y, width=WIDTH, step=STEP, stats=True)),
    "imitation 1 h, stats": (3600, lambda x, y: bx.imitation(x, y, width=WIDTH, step=STEP, stats=True)),
    "coordination 100 s": (100, lambda x, y: bx.coordination(x, y, width=WIDTH, step=STEP)),
    "coordination alone 100 s": (100, lambda x, y: bx.coordination(x, width=WIDTH, step=STEP)),
    "lag profile 100 s": (100, lambda x, y: bx.lag_profile(x, y, width=WIDTH, step=STEP)),
}


@pytest.mark.parametrize("name", CALLS)
def test_speed(benchmark, name, seconds):
    full, call = CALLS[name]
    x, y = recordings(seconds(full))
    result = benchmark.pedantic(call, (x, y), rounds=7, warmup_rounds=2)
    first = next(iter(result.data_vars.values()))
    assert (first.sizes["signal1"], first.sizes["signal2"]) == (79, 79)
    assert bool(first.notnull().all())
