"""Windows that share most of their frames: threads change nothing, and where windows are cut changes little."""

import numpy as np
import pytest
import xarray as xr

import bitbox_xr as bx
from bitbox_xr.kernels.correlation import moving as module
from bitbox_xr.measures import window_blocks

FPS = 30
WIDTH = 0.8


@pytest.fixture
def moved(monkeypatch):
    """Numbers of windows of each call of `moving`."""
    found, original = [], module.moving

    def counted(*args):
        found.append(len(args[-2]))
        return original(*args)

    monkeypatch.setattr(module, "moving", counted)
    return found


def both(gaps):
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(2, 430, 20)).cumsum(axis=1)
    if gaps:
        x[100:110, 3], y[250, :5] = np.nan, np.nan
    return (bx.signals(a, fps=FPS) for a in (x, y))


def measure(kind, polarity, gaps):
    x, y = both(gaps)
    if kind == "coordination":  # with one lag, as windows move along one side only
        return bx.coordination(x, width=WIDTH, step=1 / FPS, max_lag=0, polarity=polarity)
    return bx.imitation(x, y, width=WIDTH, step=1 / FPS, max_lag=3 / FPS, polarity=polarity)


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("polarity", [False, True])
@pytest.mark.parametrize("kind", ["imitation", "coordination"])
def test_threads_change_nothing_and_blocks_little(moved, monkeypatch, kind, polarity, gaps):
    usual = measure(kind, polarity, gaps)
    monkeypatch.setattr(window_blocks, "BLOCK_NS", 1000)
    runs = []
    for number in (1, 2, 3, 4):
        monkeypatch.setattr(window_blocks, "threads", lambda number=number: number)
        runs.append(measure(kind, polarity, gaps))
    for run in runs[1:]:
        xr.testing.assert_identical(run, runs[0])
    assert len(set(moved)) > 1, "expected blocks of several lengths"
    xr.testing.assert_allclose(runs[0].corr, usual.corr, rtol=0, atol=2e-6)
    np.testing.assert_array_equal(runs[0].lag, usual.lag)
