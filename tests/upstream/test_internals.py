"""Undocumented names of numba, xarray and dask exist and behave as `bitbox_xr/upstream` needs.

After an incompatible upgrade of one of these libraries, these tests show what has changed.
"""

import ast
import pickle
import threading
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

import bitbox_xr
from bitbox_xr.upstream import dask_internals, numba_internals, xarray_internals

PACKAGE = Path(bitbox_xr.__file__).parent


# --- numba


def test_cached_code_is_used_for_its_own_stamp_only(tmp_path, monkeypatch):
    monkeypatch.setattr("numba.core.config.CACHE_DIR", str(tmp_path))
    first = njit(cache=True)(_twice)
    numba_internals.stamp_cache(first, "a")
    assert first(2) == 4
    assert sum(first.stats.cache_misses.values()) == 1
    for stamp, hits in (("a", 1), ("b", 0)):  # code with another stamp is not used
        again = njit(cache=True)(_twice)
        numba_internals.stamp_cache(again, stamp)
        assert again(2) == 4
        assert sum(again.stats.cache_hits.values()) == hits


def _twice(x):
    return 2 * x


def test_a_stamp_without_a_cache_is_an_error():
    with pytest.raises(AttributeError):
        numba_internals.stamp_cache(njit(_twice), "a")  # compiled without a cache


@intrinsic
def _set_item(typing, array, index, number):
    """array[index] = fma(number, number, number), through each of the LLVM helpers."""

    def codegen(context, builder, signature, args):
        target = numba_internals.item_pointer(context, builder, array, args[0], args[1])
        kind = ir.FunctionType(args[2].type, [args[2].type] * 3)
        value = builder.call(numba_internals.declared(builder, kind, "llvm.fma.f64"), [args[2]] * 3)
        builder.store(value, target)
        return numba_internals.nothing(context)

    return types.void(array, types.intp, types.float64), codegen


def test_intrinsics_access_array_items_and_return_none():
    @njit
    def fill(array):
        return _set_item(array, 1, 3.0), _set_item(array, 3, 4.0)

    array = np.zeros(5)
    assert fill(array) == (None, None)
    assert array.tolist() == [0, 12, 0, 20, 0]


# --- xarray


@pytest.mark.parametrize("engine", ["netcdf4", "h5netcdf"])
def test_xarray_reads_netcdf4_files_under_the_locks_that_the_package_acquires(tmp_path, engine):
    assert len(xarray_internals.LIBRARY_LOCKS) == 2
    xr.Dataset({"a": ("t", np.arange(4.0))}).to_netcdf(tmp_path / "a.nc", engine=engine)
    with xr.open_dataset(tmp_path / "a.nc", engine=engine) as source:
        done = threading.Event()
        reader = threading.Thread(target=lambda: (source.a.load(), done.set()), daemon=True)
        for lock in xarray_internals.LIBRARY_LOCKS:
            lock.acquire()
        try:
            reader.start()
            waited = not done.wait(0.3)
        finally:
            for lock in xarray_internals.LIBRARY_LOCKS:
                lock.release()
        assert waited
        assert done.wait(30)


class _CountingLock:
    """A lock that counts how often it is acquired."""

    def __init__(self):
        self.count, self._lock = 0, threading.RLock()

    def acquire(self, blocking=True):
        self.count += 1
        return self._lock.acquire(blocking)

    def release(self):
        self._lock.release()

    def __enter__(self):
        self.acquire()

    def __exit__(self, *exc):
        self.release()


@pytest.mark.parametrize("engine", ["netcdf4", "h5netcdf", "scipy"])
def test_a_new_file_is_written_in_two_steps_under_the_given_lock(tmp_path, engine):
    import dask

    lazy = xr.DataArray(np.arange(6.0), dims="t").chunk(t=2)
    lock, writer = _CountingLock(), xarray_internals.ArrayWriter()
    store = xarray_internals.new_file(str(tmp_path / "a.nc"), engine, lock)
    xr.Dataset({"a": lazy, "b": ("t", np.ones(6))}).dump_to_store(store, writer=writer)
    assert len(writer.sources) == 1  # b is written, a waits for the computation
    before = lock.count
    with dask.config.set(scheduler="synchronous"):
        writer.sync()
    assert writer.sources == []
    assert lock.count - before >= 3  # once for each chunk
    store.close()
    with xr.open_dataset(tmp_path / "a.nc", engine=engine) as back:
        assert back.a.values.tolist() == [0, 1, 2, 3, 4, 5]
        assert back.b.values.tolist() == [1] * 6


@pytest.mark.parametrize("lazy", [False, True])
def test_a_new_dataset_equals_that_of_xarray(tmp_path, lazy):
    values = np.arange(6.0, dtype="f4").reshape(3, 2)
    variables = {"a": (("t", "s"), xr.Variable(("t", "s"), values).chunk(t=2).data if lazy else values, {"units": "s"})}
    variables["b"] = (("s",), np.array([1, 2]), {})
    coords = {"t": (["t"], np.arange(3.0), {"units": "s"}), "s": (["s"], np.array(["AU04", "AU12"]), {})}
    coords |= {"region": (["s"], np.array(["brow", "mouth"]), {}), "person": ([], np.array("P01"), {})}
    made = xarray_internals.new_dataset(variables, coords, {"measure": "a"})
    expected = xr.Dataset(variables, coords, {"measure": "a"})
    xr.testing.assert_identical(made, expected)
    assert list(made.coords) == list(expected.coords)
    assert dict(made.sizes) == dict(expected.sizes)
    assert made.chunks == expected.chunks
    assert bool(made.chunks) == lazy
    for use in (
        lambda d: d.sel(s="AU12", t=[0, 2]),
        lambda d: d.rename(s="signal").drop_vars("region"),
        lambda d: xr.concat([d, d], "r", join="exact"),
        lambda d: xr.merge([d, d.rename(a="c")]),
        lambda d: d.assign(c=d.a * d.b).to_dataframe().to_xarray(),
        lambda d: pickle.loads(pickle.dumps(d)),
    ):
        xr.testing.assert_identical(use(made), use(expected))
    assert {name: type(index) for name, index in made.xindexes.items()} == {
        name: type(index) for name, index in expected.xindexes.items()
    }
    for name, variable in expected.variables.items():
        assert made.variables[name].dtype == variable.dtype
        assert type(made.variables[name]) is type(variable)


@pytest.mark.parametrize("engine", ["netcdf4", "h5netcdf", "scipy"])
def test_lazy_reads_acquire_the_lock_of_their_file(tmp_path, engine):
    xr.Dataset({"a": ("t", np.arange(4.0))}).to_netcdf(tmp_path / "a.nc", engine=engine)
    lock = _CountingLock()
    with xr.open_dataset(tmp_path / "a.nc", engine=engine, lock=lock, cache=False) as source:
        before = lock.count
        assert source.a.values.sum() == 6
        assert lock.count > before


def test_the_file_of_a_lazy_array_is_found(tmp_path):
    from bitbox_xr.upstream.xarray_internals import array_of, file_behind

    xr.Dataset({"a": ("x", [1.0, 2.0])}).to_netcdf(tmp_path / "a.nc")
    with xr.open_dataset(tmp_path / "a.nc", engine="netcdf4", cache=False) as opened:
        held = [array_of(opened["a"].variable)]
        while not any(file_behind(one) for one in held) and hasattr(held[-1], "array"):
            held.append(held[-1].array)
        assert str(file_behind(held[-1])) == str(tmp_path / "a.nc")
    assert file_behind(np.zeros(3)) is None
    np.testing.assert_array_equal(array_of(xr.Variable("x", [1.0])), [1.0])


# --- dask


@pytest.mark.slow
def test_chunks_in_the_memory_of_a_cluster_are_recognised():
    import dask.array as da
    from distributed import Client

    with Client(
        processes=False, n_workers=1, threads_per_worker=1, dashboard_address=None, set_as_default=False
    ) as client:
        made = da.ones(4, chunks=2) + 1
        assert not dask_internals.held_by_cluster(dict(made.__dask_graph__()).values())
        held = client.persist(made)
        assert dask_internals.held_by_cluster(dict(held.__dask_graph__()).values())
        assert dask_internals.held_by_cluster(dict((held + 1).__dask_graph__()).values())
        future = client.submit(sum, [1, 2])
        assert future.result() == 3
        found = client.run_on_scheduler(_deaths, keys=[future.key, "unknown"])
        assert found == {future.key: 0, "unknown": 0}
        client.run_on_scheduler(_suspect, key=future.key)
        assert client.run_on_scheduler(_deaths, keys=[future.key]) == {future.key: 2}


def _deaths(keys, dask_scheduler=None):
    return dask_internals.deaths(dask_scheduler, keys)


def _suspect(key, dask_scheduler=None):
    dask_scheduler.tasks[key].suspicious = 2


@pytest.mark.slow
def test_the_memory_limit_and_the_threads_of_a_worker():
    from distributed import Client, get_worker

    for given, limit in (("2GB", 2 * 10**9), (None, None)):
        with Client(
            processes=False,
            n_workers=1,
            threads_per_worker=3,
            memory_limit=given,
            dashboard_address=None,
            set_as_default=False,
        ) as client:
            assert client.submit(lambda: dask_internals.limit_of_worker(get_worker())).result() == (limit, 3)


# --- private names outside upstream

PRIVATE_MODULES = (
    "numba.core",
    "xarray.backends",
    "xarray.core",
    "xarray.namedarray",
    "dask._",
    "distributed.scheduler",
)
OF_NAMED_TUPLES = {"_asdict", "_fields", "_make", "_replace"}


def _private(path):
    """Private modules that a file imports, and private attributes that it uses except those of `self` and `cls`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            yield from (name for name in names if name.startswith(PRIVATE_MODULES))
        elif isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.endswith("__"):
            own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
            if not own and node.attr not in OF_NAMED_TUPLES:
                yield ast.unparse(node)


def test_private_names_of_libraries_are_used_in_upstream_only():
    found = {
        path.relative_to(PACKAGE).as_posix(): names
        for path in PACKAGE.rglob("*.py")
        if not path.is_relative_to(PACKAGE / "upstream") and (names := sorted(_private(path)))
    }
    own = found.pop("core/method_groups.py")  # names of the module's own class
    assert set(own) == {"group._called", "group._of"}
    assert found == {"core/errors.py": ["sys._getframe"]}  # part of Python itself
