"""Expressivity of dask arrays: lazy, equal to the results of NumPy arrays, and with bounded memory."""

import weakref

import dask
import dask.array as da
import numpy as np
import pytest
import xarray as xr

from bitbox_xr import signals
from bitbox_xr.measures import activation_search
from bitbox_xr.measures.asymmetry import asymmetry
from bitbox_xr.measures.events import events
from bitbox_xr.measures.expressivity import diversity, expressivity

from counting_scheduler import Counting, computed_once

# random signals, of which some have their largest activations left out
pytestmark = pytest.mark.filterwarnings("ignore:.*expected robust=True to leave out:UserWarning")

CALLS = {
    "expressivity": lambda a: expressivity(a, scales=[0.3, 1]),
    "robust": lambda a: expressivity(a, scales=[0.3, 1], robust=True),
    "aggregate": lambda a: expressivity(a, scales=3, aggregate=True, robust=True),
    "raw": lambda a: expressivity(a),
    "diversity": lambda a: diversity(a, scales=[0.3, 1], aggregate=True),
}
CHUNKS = ({}, {"time": 37}, {"signal": 2}, {"time": 100, "signal": 3}, {"recording": 2, "time": 50})


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
def test_expressivity_is_lazy_and_equal(call, chunks, blocks, monkeypatch):
    a = face()
    monkeypatch.setattr(activation_search, "BLOCK_BYTES", 8 * a.sizes["time"] * -(-5 // blocks))
    monkeypatch.setattr(activation_search, "READ_BYTES", 8 * a.sizes["time"] * 4)
    monkeypatch.setattr(activation_search, "threads", lambda: 1)
    expected = call(a)
    found = computed_once(call, a.chunk(chunks))
    xr.testing.assert_allclose(found, expected, rtol=1e-12)  # sums over pieces are added in another order


def test_events_are_computed_immediately():
    a = face()
    scheduler = Counting()
    with dask.config.set(scheduler=scheduler):
        found = events(a.copy(data=a.chunk({"time": 50}).data), scales=[0.3, 1])
    assert scheduler.computes == 1
    xr.testing.assert_identical(found, events(a, scales=[0.3, 1]))


def test_values_are_checked_when_computed_and_scales_at_once():
    a = face().where(lambda x: x < 5, np.inf).chunk()
    lazy = expressivity(a)
    with pytest.raises(ValueError, match="infinite values"):
        lazy.compute()
    with pytest.raises(ValueError, match="got 9 s"):
        expressivity(a, scales=[9])


def test_sources_are_read_for_a_few_blocks_at_once_and_not_held_in_memory(monkeypatch):
    """Count the chunks in memory (of 20) at every read, for 6 blocks of 2 coefficients in 3 tasks."""
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
    monkeypatch.setattr(activation_search, "BLOCK_BYTES", 8 * frames * 2)
    monkeypatch.setattr(activation_search, "READ_BYTES", 8 * frames * 4)
    monkeypatch.setattr(activation_search, "threads", lambda: 2)
    with dask.config.set(scheduler="sync"):
        options = {"fps": 30, "scales": 2, "robust": True}
        found = expressivity(xr.DataArray(source, dims=("time", "signal")), **options).compute()
    assert sorted(reads) == sorted([*range(0, frames, chunk)] * 3)
    assert max(held) <= 2
    xr.testing.assert_equal(found, expressivity(xr.DataArray(values, dims=("time", "signal")), **options))


def gappy(kind, rng):
    """Signals with gaps and flat stretches that extend over several pieces and over the ends."""
    frames, coefficients = int(rng.integers(500, 3000)), int(rng.integers(2, 5))
    values = rng.normal(size=(frames, coefficients)).cumsum(axis=0)
    if kind == "scattered":
        values[rng.random(values.shape) < 0.2] = np.nan
    elif kind == "long":
        for k in range(coefficients):
            first = rng.integers(0, frames - 100)
            values[first : first + int(rng.integers(50, frames // 2)), k] = np.nan
        values[:130] = np.nan
        values[-57:, 0] = np.nan
    elif kind == "flat":
        bursts = np.sin(np.arange(frames) / 9)[:, None] * rng.random(coefficients)
        values = np.maximum(bursts, 0)
        values[: frames // 3] = 0
    elif kind == "steps":
        values = np.round(values)
        values[:, 0] = np.nan
    return values


@pytest.mark.parametrize("kind", ["plain", "scattered", "long", "flat", "steps"])
@pytest.mark.parametrize("scales", [4, [0.1, 0.5, 2]], ids=str)
def test_pieces_along_time_give_the_same_result(kind, scales, monkeypatch):
    rng = np.random.default_rng([5, len(kind)])
    for _ in range(3):
        x = signals(gappy(kind, rng), fps=30)
        monkeypatch.setattr(activation_search, "BLOCK_BYTES", 8)
        monkeypatch.setattr(activation_search, "PIECE_BYTES", int(rng.integers(1, x.size)))
        found = expressivity(x.chunk(time=int(rng.integers(10, 500))), scales=scales)
        xr.testing.assert_allclose(found.compute(), expressivity(x, scales=scales), rtol=1e-9, atol=1e-12)


def test_pieces_are_read_three_times_with_their_margins(monkeypatch):
    """100 chunks in pieces of 12 are read 3 times, two of these with the neighbouring chunks."""
    frames, coefficients, chunk = 10_000, 12, 100
    values = np.random.default_rng(0).normal(size=(frames, coefficients))
    reads = []

    def read(block_info=None):
        first = block_info[None]["array-location"][0][0]
        reads.append(first)
        return values[first : first + chunk].copy()

    source = da.map_blocks(read, chunks=((chunk,) * (frames // chunk), (coefficients,)), dtype=np.float64)
    monkeypatch.setattr(activation_search, "BLOCK_BYTES", 8 * frames)
    monkeypatch.setattr(activation_search, "PIECE_BYTES", 8 * coefficients * 12 * chunk)
    with dask.config.set(scheduler="sync"):
        found = expressivity(xr.DataArray(source, dims=("time", "signal")), fps=30, scales=[0.5, 1]).compute()
    assert 300 < len(reads) < 400
    expected = expressivity(xr.DataArray(values, dims=("time", "signal")), fps=30, scales=[0.5, 1])
    xr.testing.assert_allclose(found, expected, rtol=1e-12)


def test_infinite_values_in_pieces_are_refused(monkeypatch):
    x = signals(np.random.default_rng(0).normal(size=(2000, 2)), fps=30)
    x[1500, 1] = np.inf
    monkeypatch.setattr(activation_search, "BLOCK_BYTES", 8)
    monkeypatch.setattr(activation_search, "PIECE_BYTES", 8000)
    with pytest.raises(ValueError, match="infinite values"):
        expressivity(x.chunk(time=100), scales=[0.5]).compute()


def test_chunks_on_a_cluster(monkeypatch):
    distributed = pytest.importorskip("distributed")
    a = face()
    monkeypatch.setattr(activation_search, "BLOCK_BYTES", 8 * a.sizes["time"] * 2)
    with distributed.Client(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0"
    ) as client:
        for lazy in (a.chunk({"time": 60}), client.persist(a.chunk({"time": 60}))):
            found = expressivity(lazy, scales=[0.3, 1]).compute()
            xr.testing.assert_allclose(found, expressivity(a, scales=[0.3, 1]), rtol=1e-12)


def test_the_same_call_makes_the_same_graph():
    one, other = (expressivity(face().chunk({"time": 50}), scales=2).expressivity.data.name for _ in range(2))
    assert one == other


def test_asymmetry_is_lazy():
    rng = np.random.default_rng(0)
    x = signals(rng.normal(size=(90, 153)), kind="landmark-can", fps=30)
    scheduler = Counting()
    with dask.config.set(scheduler=scheduler):
        lazy = asymmetry(x.copy(data=x.chunk({"time": 20, "signal": 50}).data))
        assert scheduler.computes == 0
        asymmetry(x.chunk({"signal": 50}))
        assert scheduler.computes == 1  # of the labels, which .chunk() makes lazy too
        assert len(lazy.asymmetry.chunks[0]) >= 5
    xr.testing.assert_identical(lazy.compute(), asymmetry(x))
