"""Expressivity timed by pytest-benchmark: `pytest tests/benchmarks --benchmark-enable`.

Without that option each call runs once with small input, so that benchmarks keep working.
"""

import pytest

import bitbox_xr as bx
from bitbox_xr.measures.events import events
from bitbox_xr.measures.expressivity import diversity, expressivity

from compare_expressivity import COEFFICIENTS, FPS, face

CALLS = {
    "expressivity 10 min": (600, lambda x: expressivity(x, scales=6)),
    "expressivity 10 min, aggregate": (600, lambda x: expressivity(x, scales=6, aggregate=True)),
    "expressivity 1 h": (3600, lambda x: expressivity(x, scales=6)),
    "expressivity 20 s": (20, lambda x: expressivity(x, scales=6)),
    "expressivity 10 min, 5 % lost": (600, lambda x: expressivity(x.where(x[:, 0] < x[:, 0].quantile(0.95)), scales=6)),
    "events 10 min": (600, lambda x: events(x, scales=6)),
    "diversity 10 min": (600, lambda x: diversity(x, scales=6)),
}


@pytest.mark.parametrize("name", CALLS)
def test_speed(benchmark, name, request):
    seconds, call = CALLS[name]
    x = bx.signals(face(seconds if request.config.getoption("benchmark_enable") else 5), fps=FPS)
    result = benchmark.pedantic(call, (x,), rounds=7, warmup_rounds=2)
    assert len(result.data_vars) >= 2
    assert result.sizes.get("coefficient", COEFFICIENTS) == COEFFICIENTS
