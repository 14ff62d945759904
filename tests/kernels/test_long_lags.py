"""Lags longer than the window: values against a reference, and memory that grows linearly with the number of lags."""

import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

import bitbox_xr as bx

from oracles import assert_best, lags_one_sided, lags_two_sided
from random_recordings import FPS


def recording(seed, frames, n, gaps):
    """Noise with a constant stretch. Gaps are "shared" by all signals, "own" gaps of each, "both" or "none"."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(frames, n))
    x[frames // 2 : frames // 2 + 15, 0] = 1.5
    if gaps in ("shared", "both"):
        x[20:24] = np.nan
    if gaps in ("own", "both"):
        for signal in range(n):
            start = rng.integers(frames - 5)
            x[start : start + 5, signal] = np.nan
    return x


def seconds(width, step, lag):
    return {"width": width / FPS, "step": step / FPS, "max_lag": lag / FPS}


@pytest.mark.parametrize("lag", range(5))
def test_a_plan_has_every_pair_of_shifts_once(lag):
    x = bx.signals(np.zeros((40, 1)), fps=FPS)
    plan = correlation_plan(x, lag)
    found = {
        int(net): [(int(a) + k - plan.back[0], int(b) + k - plan.back[1]) for k in range(number)]
        for net, a, b, number in zip(plan.lags, plan.mine, plan.other, plan.number, strict=True)
    }
    assert found == lags_two_sided(lag)
    assert plan.shifts == (2 * lag + 1, 2 * lag + 1)


def correlation_plan(x, lag):
    from bitbox_xr.measures.windowing import Options, checked_pair

    return checked_pair("coordination", x, x, Options(6 / FPS, None, lag / FPS, True, 0.75, None), None).plan()


@pytest.mark.filterwarnings("ignore:.*expected x and y of one length")
@pytest.mark.parametrize(
    ("gaps", "polarity"), [("none", True), ("shared", False), ("own", True), ("both", True), ("both", False)]
)
def test_two_sided_lags_longer_than_the_window_equal_the_reference(gaps, polarity):
    width, step, lag = 7, 11, 19
    x, y = recording(1, 75, 3, gaps), recording(2, 71, 2, gaps)
    result = bx.coordination(
        bx.signals(x, fps=FPS), bx.signals(y, fps=FPS), **seconds(width, step, lag), polarity=polarity
    )
    frames = np.round(result.lag.values * FPS)
    assert_best(result.corr.values, frames, x, y, width, step, lag, lags_two_sided(lag), polarity, 6)


def test_one_sided_lags_longer_than_the_window_equal_the_reference():
    width, step, lag = 5, 9, 33
    x, y = recording(3, 90, 1, "both"), recording(4, 93, 43, "both")
    result = bx.imitation(bx.signals(x, fps=FPS), bx.signals(y, fps=FPS), **seconds(width, step, lag), causal=False)
    frames = np.round(result.lag.values * FPS)
    assert_best(result.corr.values, frames, x, y, width, step, lag, lags_one_sided(lag, False), True, 4)


def peak_memory(lag, gaps):
    x, y = (bx.signals(recording(seed, 2 * lag + 40, 2, gaps), fps=FPS) for seed in (7, 8))
    tracemalloc.start()
    try:
        bx.coordination(x, y, **seconds(10, 30, lag))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("gaps", ["none", "both"])
def test_memory_grows_linearly_with_the_number_of_lags(gaps):
    peak_memory(10, gaps)  # imports and compilation of the first call are not counted
    short, long = peak_memory(75, gaps), peak_memory(300, gaps)
    assert long < 2e6  # bytes; tables of all (2 · 300 + 1)² candidates would take more than 100e6
    assert long < 5 * short  # 4 times as many lags


PROGRAM = """
import resource
import numpy as np
import bitbox_xr as bx
x, y = (bx.signals(values, fps=30) for values in np.random.default_rng(0).normal(size=(2, 18_000, 1)))
options = {"width": 4, "step": 10, "stats": True}
bx.coordination(x[:2000], y[:2000], max_lag=1, **options)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = bx.coordination(x, y, max_lag=60, **options)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, int(found.n_windows.item()))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the module resource does not exist on Windows")
def test_lags_of_up_to_a_minute_take_less_than_300_mb():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=300)
    increase, windows = map(int, done.stdout.split())
    kilobyte = 1024 if sys.platform == "darwin" else 1  # macOS counts bytes
    assert (increase / kilobyte < 300_000, windows) == (True, 48)
