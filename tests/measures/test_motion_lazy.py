"""Motion on dask: nothing is computed before it is asked for, chunks change no number, nothing is held whole."""

import weakref

import dask
import dask.array as da
import numpy as np
import pytest
import xarray as xr

from bitbox_xr import kinematics, relative_motion, smoothness
from bitbox_xr.kernels import motion as kernel

from counting_scheduler import computed_once

CALLS = {
    "kinematics": kinematics,
    "smoothness": smoothness,
    "to the mean": relative_motion,
    "to frames": lambda a: relative_motion(a, reference=[0, 117, 39]),
    "to times": lambda a: relative_motion(a, reference=[1.0, 3.9]),
}
CHUNKS = (
    {},
    {"time": 37},
    {"time": 1},
    {"time": (2, 100, 18)},
    {"signal": 2},
    {"recording": 1, "time": 50, "signal": 5},
)


def face(frames=120, points=3):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(2, frames, 2 * points)).cumsum(axis=1) + 100
    values[rng.random(values.shape) < 0.02] = np.nan
    values[1, :, 4:] = np.nan
    values[0, 30:60] = np.nan  # whole blocks
    coords = {"time": np.arange(frames) / 30, "recording": ["a", "b"]}
    names = [f"{axis}{i}" for i in range(points) for axis in "xy"]
    x = xr.DataArray(values, coords, ("recording", "time", "signal"), attrs={"kind": "landmark", "units": "pixel"})
    return x.assign_coords(signal=names)


@pytest.mark.parametrize("block", [3, 16, 1024])
@pytest.mark.parametrize("chunks", CHUNKS, ids=str)
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_lazy_and_equal(call, chunks, block, monkeypatch):
    monkeypatch.setattr(kernel, "BLOCK", block)
    a = face()
    wanted = call(a)
    found = computed_once(call, a.chunk(chunks))
    xr.testing.assert_allclose(found, wanted, rtol=1e-12)
    assert found.attrs == wanted.attrs
    assert [found[name].attrs for name in found.variables] == [wanted[name].attrs for name in found.variables]


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_blocks_change_no_more_than_rounding(call, monkeypatch):
    a = face()
    whole = call(a)
    for block in (3, 7, 100):
        monkeypatch.setattr(kernel, "BLOCK", block)
        xr.testing.assert_allclose(call(a), whole, rtol=1e-12)


def test_checks_of_values_wait_and_checks_of_options_do_not():
    a = face().where(lambda x: x < 110, np.inf).chunk()
    for lazy in (kinematics(a), relative_motion(a)):
        with pytest.raises(ValueError, match="infinite values"):
            lazy.compute()
    with pytest.raises(ValueError, match="no frame 120"):
        relative_motion(a, reference=120)
    with pytest.raises(ValueError, match="expected angular=True only for kind 'pose'"):
        kinematics(a, angular=True)


def test_the_same_call_makes_the_same_graph():
    for call in CALLS.values():
        one, other = (next(iter(call(face().chunk({"time": 50})).data_vars.values())).data.name for _ in range(2))
        assert one == other


@pytest.mark.parametrize("scheduler", ["sync", "threads"])
@pytest.mark.parametrize(("call", "times"), [(kinematics, 1), (relative_motion, 2)])
def test_a_long_source_is_never_held_whole(call, times, scheduler, monkeypatch):
    """A source of 30 chunks; what is alive of it is counted at every read."""
    monkeypatch.setattr(kernel, "BLOCK", 50)
    frames, chunk = 3000, 100
    values = np.random.default_rng(0).normal(size=(frames, 4)).cumsum(axis=0)
    reads, alive, held = [], [], []

    def read(block_info=None):
        first = block_info[None]["array-location"][0][0]
        out = values[first : first + chunk].copy()
        reads.append(first)
        alive.append(weakref.ref(out))
        held.append(sum(ref() is not None for ref in alive))
        return out

    source = da.map_blocks(read, chunks=((chunk,) * (frames // chunk), (4,)), dtype=np.float64)
    a = xr.DataArray(
        source,
        {"time": np.arange(frames) / 30, "signal": ["x0", "y0", "x1", "y1"]},
        ("time", "signal"),
        attrs={"kind": "landmark"},
    )
    with dask.config.set(scheduler=scheduler, num_workers=2):
        found = call(a).compute()
    assert sorted(reads) == sorted([*range(0, frames, chunk)] * times)
    assert max(held) <= (1 if scheduler == "sync" else 3)
    xr.testing.assert_allclose(found, call(a.copy(data=values)), rtol=1e-12)


def test_on_a_cluster():
    distributed = pytest.importorskip("distributed")
    a = face()
    with distributed.Client(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0") as client:
        for lazy in (a.chunk({"time": 50}), client.persist(a.chunk({"time": 50}))):
            for call in (smoothness, relative_motion):
                xr.testing.assert_allclose(call(lazy).compute(), call(a), rtol=1e-12)
