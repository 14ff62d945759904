"""Imitation and coordination of dask arrays: lazy, and equal to the results of NumPy arrays."""

import dask
import dask.array as da
import numpy as np
import pytest
import xarray as xr

import bitbox_xr as bx

from counting_scheduler import Counting
from random_recordings import FPS


def recording(frames=400, n=3, seed=0, lost=0.05, recordings=None):
    """Noise `(time, signal)` or `(recording, time, signal)`; the share `lost` of its frames is missing."""
    rng = np.random.default_rng(seed)
    shape = (frames, n) if recordings is None else (recordings, frames, n)
    data = rng.normal(size=shape)
    data[rng.random(shape[:-1]) < lost] = np.nan
    dims = ("time", "signal") if recordings is None else ("recording", "time", "signal")
    coords = {"time": np.arange(frames) / FPS, "signal": [f"s{i}" for i in range(n)]}
    if recordings is not None:
        coords["recording"] = [f"r{i}" for i in range(recordings)]
    return xr.DataArray(data, dims=dims, coords=coords, attrs={"kind": "expression"})


CALLS = {
    "imitation": lambda x, y: bx.imitation(x, y, width=0.5, step=0.3, max_lag=0.1, causal=False),
    "coordination": lambda x, y: bx.coordination(x, y, width=0.5, step=0.3, max_lag=0.1),
    "coordination alone": lambda x, y: bx.coordination(x, width=0.5, step=0.3, max_lag=0.1),
    "streamed statistics": lambda x, y: bx.imitation(x, y, width=0.5, step=0.3, max_lag=0.1, stats=True),
    "statistics of a result": lambda x, y: bx.window_stats(bx.imitation(x, y, width=0.5, step=0.3, max_lag=0.1)),
    "lag profile": lambda x, y: bx.lag_profile(x, y, width=0.5, step=0.3, max_lag=0.1),
}
CHUNKS = {
    "one chunk": ({}, {}),
    "chunks not aligned with windows": ({"time": 37}, {"time": 61}),
    "chunks shorter than a window": ({"time": 7}, {}),
    "chunks along time and signals": ({"time": 100, "signal": 2}, {"time": 90, "signal": 1}),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(("x_chunks", "y_chunks"), CHUNKS.values(), ids=CHUNKS)
def test_measures_are_lazy_and_equal(call, x_chunks, y_chunks):
    x, y = recording(seed=1), recording(n=4, seed=2)
    scheduler = Counting()
    with dask.config.set(scheduler=scheduler):
        lazy = call(x.chunk(x_chunks), y.chunk(y_chunks))
        assert scheduler.computes == 0
    for name, variable in lazy.data_vars.items():
        assert isinstance(variable.data, da.Array), name
    eager = call(x, y)
    xr.testing.assert_allclose(lazy.compute(scheduler="synchronous"), eager, rtol=0, atol=1e-6)
    assert {k: v.dtype for k, v in lazy.data_vars.items()} == {k: v.dtype for k, v in eager.data_vars.items()}
    assert lazy.attrs == eager.attrs


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_recordings_in_separate_chunks(call):
    x, y = recording(n=2, recordings=3), recording(n=2, seed=5)
    lazy = call(x.chunk(recording=1, time=150), y)
    assert all(len(v.chunks[0]) == 3 for name, v in lazy.data_vars.items() if name != "valid2")
    xr.testing.assert_allclose(lazy.compute(scheduler="threads"), call(x, y), rtol=0, atol=1e-6)


def test_further_dimensions_of_both_inputs():
    x, y = recording(n=2, recordings=3), recording(n=2, recordings=2, seed=5).rename(recording="session")
    lazy = bx.imitation(x.chunk(recording=2), y.chunk(session=1, time=77))
    assert lazy.corr.dims == ("recording", "session", "window", "signal1", "signal2")
    xr.testing.assert_allclose(lazy.compute(scheduler="threads"), bx.imitation(x, y), rtol=0, atol=1e-6)


def test_infinite_values_are_refused_when_computed():
    x = recording(lost=0).chunk(time=100)
    x = x.where(x.time != 3.0, np.inf)
    lazy = bx.imitation(x, x)
    with pytest.raises(ValueError, match="infinite values"):
        lazy.corr.compute(scheduler="synchronous")


def test_one_window_reads_only_its_chunks():
    touched = []

    def load(block, block_info=None):
        touched.append(block_info[0]["chunk-location"][0])
        return block

    data = da.from_array(np.random.default_rng(0).normal(size=(3000, 2)), chunks=(300, 2))
    x = bx.signals(data.map_blocks(load, meta=np.empty((0, 0))), fps=FPS)
    bx.imitation(x, x, width=0.5).corr.isel(window=0).compute(scheduler="synchronous")
    assert set(touched) <= {0, 1}
