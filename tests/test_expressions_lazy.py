"""Expressivity on dask: nothing is computed before it is asked for, chunks change no number, time is never whole."""

import weakref

import dask
import dask.array as da
import numpy as np
import pytest
import xarray as xr

from bitbox_xr import signals, sweep
from bitbox_xr.expressions import asymmetry, diversity, events, expressivity

CALLS = {
    "expressivity": lambda a: expressivity(a, scales=[0.3, 1]),
    "robust": lambda a: expressivity(a, scales=[0.3, 1], robust=True),
    "aggregate": lambda a: expressivity(a, scales=3, aggregate=True, robust=True),
    "raw": lambda a: expressivity(a),
    "diversity": lambda a: diversity(a, scales=[0.3, 1], aggregate=True),
}
CHUNKS = ({}, {"time": 37}, {"signal": 2}, {"time": 100, "signal": 3}, {"recording": 2, "time": 50})


class Counting:
    """A scheduler that counts how often it is asked."""

    def __init__(self):
        self.computes = 0

    def __call__(self, graph, keys, **kwargs):
        self.computes += 1
        return dask.get(graph, keys, **kwargs)


def face(frames=240, coefficients=5):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(frames, 2, coefficients)).cumsum(axis=0)
    values[rng.random(values.shape[:2]) < 0.05] = np.nan
    values[60:90, 1, 2] = np.nan
    coords = {"time": np.arange(frames) / 30, "recording": ["a", "b"], "region": ("signal", ["brow"] * coefficients)}
    x = xr.DataArray(values, coords, ("time", "recording", "signal"), attrs={"kind": "expression"})
    return x.assign_coords(signal=[f"s{i}" for i in range(coefficients)])


@pytest.mark.parametrize("blocks", [1, 3])
@pytest.mark.parametrize("chunks", CHUNKS, ids=str)
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_lazy_and_equal(call, chunks, blocks, monkeypatch):
    a = face()
    monkeypatch.setattr(sweep, "BLOCK_BYTES", 8 * a.sizes["time"] * -(-5 // blocks))
    wanted = call(a)
    scheduler = Counting()
    with dask.config.set(scheduler=scheduler):
        lazy = call(a.chunk(chunks))
        assert scheduler.computes == 0
        assert all(isinstance(variable.data, da.Array) for variable in lazy.data_vars.values())
        found = lazy.compute()
        assert scheduler.computes == 1
    xr.testing.assert_identical(found, wanted)


def test_events_are_computed_at_once():
    a = face()
    scheduler = Counting()
    with dask.config.set(scheduler=scheduler):
        found = events(a.chunk({"time": 50}), scales=[0.3, 1])
    assert scheduler.computes == 1
    xr.testing.assert_identical(found, events(a, scales=[0.3, 1]))


def test_checks_of_values_wait_and_checks_of_scales_do_not():
    a = face().where(lambda x: x < 5, np.inf).chunk()
    lazy = expressivity(a)
    with pytest.raises(ValueError, match="infinite values"):
        lazy.compute()
    with pytest.raises(ValueError, match="do not fit"):
        expressivity(a, scales=[9])


def test_source_is_read_again_for_each_block_and_never_held_whole(monkeypatch):
    """A source of 20 chunks, in blocks of 4 of 12 coefficients; what is alive of it is counted at every read."""
    frames, coefficients, chunk = 2000, 12, 100
    values = np.random.default_rng(0).normal(size=(frames, coefficients))
    reads, alive = [], []

    def read(block_info=None):
        first = block_info[None]["array-location"][0][0]
        reads.append(first)
        out = values[first : first + chunk].copy()
        alive.append(weakref.ref(out))
        held.append(sum(ref() is not None for ref in alive))
        return out

    held = []
    source = da.map_blocks(read, chunks=((chunk,) * (frames // chunk), (coefficients,)), dtype=np.float64)
    monkeypatch.setattr(sweep, "BLOCK_BYTES", 8 * frames * 4)
    with dask.config.set(scheduler="sync"):
        found = expressivity(xr.DataArray(source, dims=("time", "signal")), fps=30, scales=2).compute()
    assert sorted(reads) == sorted([*range(0, frames, chunk)] * 3)
    assert max(held) <= 2
    xr.testing.assert_equal(found, expressivity(xr.DataArray(values, dims=("time", "signal")), fps=30, scales=2))


def test_chunks_on_a_cluster_are_used_from_there(monkeypatch):
    distributed = pytest.importorskip("distributed")
    a = face()
    monkeypatch.setattr(sweep, "BLOCK_BYTES", 8 * a.sizes["time"] * 2)
    with distributed.Client(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as client:
        for lazy in (a.chunk({"time": 60}), client.persist(a.chunk({"time": 60}))):
            found = expressivity(lazy, scales=[0.3, 1]).compute()
            xr.testing.assert_identical(found, expressivity(a, scales=[0.3, 1]))


def test_the_same_call_makes_the_same_graph():
    one, other = (expressivity(face().chunk({"time": 50}), scales=2).expressivity.data.name for _ in range(2))
    assert one == other


def test_asymmetry_is_lazy():
    rng = np.random.default_rng(0)
    x = signals(rng.normal(size=(90, 153)), kind="landmark-can", fps=30)
    scheduler = Counting()
    with dask.config.set(scheduler=scheduler):
        lazy = asymmetry(x.chunk({"time": 20, "signal": 50}))
        assert scheduler.computes == 0
        assert len(lazy.asymmetry.chunks[0]) >= 5
    xr.testing.assert_identical(lazy.compute(), asymmetry(x))
