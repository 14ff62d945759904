"""NetCDF files: round trips, complete or absent files, files for other readers, lazy reads, threads."""

import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bitbox_xr import signals
from bitbox_xr.io import locks, netcdf_encoding
from bitbox_xr.io.netcdf import open_netcdf, to_netcdf

ENGINES = ["netcdf4", "h5netcdf", "scipy"]
# for child processes that import this module
IMPORTABLE = {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}


def a_signal_set(dtype=np.float64):
    values = np.random.default_rng(0).standard_normal((20, 3)).astype(dtype)
    values[4:7, 1] = np.nan
    x = signals(values, fps=25, names=["AU04", "AU12", "Lächeln"], backend="OpenFace", lost_frames=3, source="ä.csv")
    return x.assign_coords(confidence=("time", np.linspace(0, 1, 20), {"long_name": "confidence"}))


def a_measure(n_windows=4, names=("GE0", "GE1"), seed=0):
    rng = np.random.default_rng(seed)
    shape = (n_windows, len(names), len(names))
    window = np.arange(n_windows) * 0.5 + 0.25
    labels = np.array(names)
    region = np.array(["brow", ""] * len(names))[: len(names)]
    data = xr.Dataset(
        {
            "corr": (("window", "signal1", "signal2"), rng.uniform(-1, 1, shape).astype("f4"), {"units": "1"}),
            "lag": (
                ("window", "signal1", "signal2"),
                (rng.integers(-8, 1, shape) / 30).astype("f4"),
                {"units": "s", "long_name": "lag (negative: signal1 follows signal2)"},
            ),
        },
        coords={
            "window": ("window", window, {"units": "s"}),
            "window_start": ("window", window - 0.25, {"units": "s"}),
            "signal1": ("signal1", labels, {"long_name": "signal of x"}),
            "signal2": ("signal2", labels, {"long_name": "signal of y"}),
            "region1": ("signal1", region),
            "valid1": (("window", "signal1"), np.ones(shape[:2], dtype="f4"), {"units": "1"}),
            "recording": "P01",
        },
        attrs={
            "measure": "imitation",
            "width": 0.5,
            "fps": 30.0,
            "max_lag_frames": 8,
            "x_source": "",
            "bitbox_xr_version": "0.1",
        },
    )
    data["corr_mean"] = data["corr"].mean("window").astype(np.float64)
    data["n_windows"] = (("signal1", "signal2"), np.full(shape[1:], n_windows, dtype="i4"), {"units": "1"})
    data["valid"] = ("window", np.arange(n_windows) > 0)
    return data


def assert_same(got, expected):
    xr.testing.assert_identical(got, expected)
    got, expected = (item.reset_coords() if isinstance(item, xr.DataArray) else item for item in (got, expected))
    for name, variable in expected.variables.items():
        assert got[name].dtype == variable.dtype, name
    for item in (got, *got.variables.values()):
        assert all(type(value) in (str, int, float) for value in item.attrs.values())


# --- round trips


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_signals_are_read_as_a_dataarray(tmp_path, engine, dtype):
    x = a_signal_set(dtype)
    to_netcdf(x, tmp_path / "x.nc", engine=engine)
    with open_netcdf(tmp_path / "x.nc", engine=engine) as back:
        assert_same(back, x)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_measure_is_read_as_a_dataset(tmp_path, engine):
    result = a_measure()
    to_netcdf(result, tmp_path / "result.nc", engine=engine)
    with open_netcdf(tmp_path / "result.nc", engine=engine) as back:
        assert_same(back, result)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_default_engine_opens_files_of_every_engine(tmp_path, engine):
    result = a_measure()
    to_netcdf(result, tmp_path / "result.nc", engine=engine)
    with open_netcdf(tmp_path / "result.nc") as back:
        assert_same(back, result)


@pytest.mark.parametrize("engine", ENGINES)
def test_further_dimensions_and_landmarks_round_trip(tmp_path, engine):
    points = signals(np.random.default_rng(0).standard_normal((5, 102)), kind="landmark", fps=30)
    both = xr.concat([points, points + 1], pd.Index(["P01", "P02"], name="recording")).assign_attrs(points.attrs)
    to_netcdf(both, tmp_path / "x.nc", engine=engine)
    with open_netcdf(tmp_path / "x.nc", engine=engine) as back:
        xr.testing.assert_identical(back, both)
        assert back.recording.dtype.kind == back["axis"].dtype.kind == "U"
        assert back.landmark.dtype == ("int32" if engine == "scipy" else "int64")


def test_an_empty_table_and_an_unnamed_array_round_trip(tmp_path):
    none = xr.Dataset({"magnitude": ("event", np.zeros(0)), "coefficient": ("event", np.zeros(0, dtype="<U1"))})
    to_netcdf(none, tmp_path / "none.nc")
    with open_netcdf(tmp_path / "none.nc") as back:
        assert_same(back, none)
    to_netcdf(xr.DataArray([1.0], dims="time"), tmp_path / "unnamed.nc")
    with open_netcdf(tmp_path / "unnamed.nc") as back:
        assert back.name is None


text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)


@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    labels=st.lists(text, min_size=1, max_size=4),
    attrs=st.dictionaries(
        st.sampled_from(["a", "measure", "n2"]), text | st.integers(-(2**31), 2**31 - 1) | st.floats(allow_nan=False)
    ),
    values=st.lists(st.floats(width=32), min_size=1, max_size=5),
)
def test_any_text_and_numbers_round_trip(tmp_path, engine, labels, attrs, values):
    data = xr.Dataset(
        {"corr": ("time", np.array(values, dtype="f4"), attrs)},
        coords={"region": ("signal", np.array(labels), attrs)},
        attrs=attrs,
    )
    to_netcdf(data, tmp_path / "any.nc", engine=engine)
    with open_netcdf(tmp_path / "any.nc", engine=engine) as back:
        assert_same(back.load(), data)


def test_object_labels_and_numpy_numbers_are_converted(tmp_path):
    data = a_measure().assign_attrs(n=np.int64(3), share=np.float32(0.5), name=np.str_("a"))
    data["note"] = ("window", np.array(list("abcd"), dtype=object))
    to_netcdf(data, tmp_path / "x.nc")
    assert data["note"].dtype == object, "the caller's object was changed"
    with open_netcdf(tmp_path / "x.nc") as back:
        assert back.attrs["n"] == 3
        assert back.note.values.tolist() == list("abcd")
        assert back.note.dtype == "<U1"


# --- content of the file


@pytest.mark.parametrize("engine", ["netcdf4", "h5netcdf"])
def test_the_file_follows_conventions_of_other_readers(tmp_path, engine):
    import netCDF4

    to_netcdf(a_measure(), tmp_path / "x.nc", engine=engine)
    with netCDF4.Dataset(tmp_path / "x.nc") as raw:
        assert raw.Conventions == "CF-1.11"
        corr, window, signal1 = (raw.variables[name] for name in ("corr", "window", "signal1"))
        assert corr.filters()["fletcher32"]
        assert raw.variables["lag"].dtype == np.int8
        for filters in (raw.variables["lag"].filters(), raw.variables["corr_mean"].filters()):
            assert filters["zlib"]
            assert filters["complevel"] == 1
            assert filters["shuffle"]
        assert window.dtype == np.float64
        assert window.units == "s"
        assert signal1.dtype == "S1"
        assert signal1.dimensions[0] == "signal1"
        coords = [name for name in a_measure().coords if "_FillValue" in raw.variables[name].ncattrs()]
        assert coords == []
        assert {type(raw.getncattr(name)) for name in raw.ncattrs()} == {str, np.int32, np.float64}


def test_xarray_alone_reads_seconds_as_floats(tmp_path):
    to_netcdf(a_measure(), tmp_path / "x.nc")
    with xr.open_dataset(tmp_path / "x.nc", engine="netcdf4") as plain:
        assert plain.window.dtype == np.float64
        np.testing.assert_array_equal(plain.lag.astype(np.float32), a_measure().lag)


def test_equal_objects_give_identical_files(tmp_path):
    # in two processes, since the order of a set depends on the hash seed
    code = (
        "import sys; from test_netcdf import *; "
        "[to_netcdf(a_measure(), sys.argv[1] + engine, engine=engine) for engine in ENGINES]"
    )
    for run in ("1", "2"):
        arguments = [sys.executable, "-c", code, str(tmp_path / run)]
        subprocess.run(arguments, check=True, env={**os.environ, **IMPORTABLE, "PYTHONHASHSEED": run}, timeout=120)
    for engine in ENGINES:
        assert (tmp_path / f"1{engine}").read_bytes() == (tmp_path / f"2{engine}").read_bytes()


# --- no incomplete files


def test_a_failure_leaves_the_old_file_and_no_temporary_folder(tmp_path):
    path = tmp_path / "x.nc"
    to_netcdf(a_measure(), path)
    before = path.read_bytes()

    def fails(block):
        raise RuntimeError("the computation failed")

    broken = a_measure().chunk(window=1)
    broken["corr"] = broken["corr"].copy(data=broken["corr"].data.map_blocks(fails, meta=np.zeros(0, dtype="f4")))
    with pytest.raises(RuntimeError, match="the computation failed"):
        to_netcdf(broken, path)
    assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == ["x.nc"]


def test_unsupported_content_is_refused_before_writing(tmp_path):
    bad = a_measure().assign_attrs(history={"a": 1}, created=None, causal=True, big=2**31, missing_value=1)
    bad["corr"].attrs["path"] = Path("x")
    bad["when"] = ("window", pd.date_range("2026-01-01", periods=4, unit="us"))
    bad["mixed"] = ("window", np.array(["a", 1, None, "b"], dtype=object))
    bad["power"] = ("window", np.ones(4, dtype=complex))
    with pytest.raises(TypeError) as caught:
        to_netcdf(bad, tmp_path / "x.nc")
    message = str(caught.value)
    for fault in (
        "expected the attribute history to be text or a number (files hold nothing else), got a dict",
        "the attribute created to be text or a number",
        "the attribute causal to be text or a number",
        "expected the attribute big to be a 32-bit integer, got 2147483648",
        "expected an attribute name that NetCDF does not reserve, got missing_value",
        "the attribute path to be text or a number",
        "expected when to hold seconds as float64 (with their origin in an attribute), got datetime64[us]",
        "expected mixed to hold only text ('' where it is missing), or numbers of one type, got object",
        "expected power to hold real numbers of 32 or 64 bits, booleans or text, got complex128",
    ):
        assert fault in message
    assert list(tmp_path.iterdir()) == []


def test_a_multiindex_and_unsupported_names_are_refused(tmp_path):
    stacked = a_measure()[["corr"]].stack(pair=("signal1", "signal2"))
    with pytest.raises(TypeError, match=r"got the MultiIndex pair; call \.reset_index\('pair'\)"):
        to_netcdf(stacked, tmp_path / "x.nc")
    for name in ("a/b", "", " a", 3):
        with pytest.raises(TypeError, match=r"expected the name of a variable to be .* use \.rename"):
            to_netcdf(xr.Dataset({name: ("time", [1.0])}), tmp_path / "x.nc")


def test_netcdf3_refuses_64_bit_integers(tmp_path):
    data = xr.Dataset({"count": ("time", [2**40])})
    with pytest.raises(TypeError, match="expected count to hold signed integers of 32 bits for NetCDF-3"):
        to_netcdf(data, tmp_path / "x.nc", engine="scipy")
    to_netcdf(data, tmp_path / "x.nc", engine="netcdf4")
    with open_netcdf(tmp_path / "x.nc") as back:
        assert_same(back, data)


def test_wrong_arguments_are_refused(tmp_path):
    with pytest.raises(TypeError, match=r"expected a DataArray or a Dataset, got ndarray"):
        to_netcdf(np.zeros(3), tmp_path / "x.nc")
    with pytest.raises(ValueError, match="expected engine to be netcdf4, h5netcdf or scipy, got 'zarr'"):
        to_netcdf(a_measure(), tmp_path / "x.nc", engine="zarr")
    with pytest.raises(FileNotFoundError, match=r"expected an existing folder for x\.nc, got .*absent,.* create"):
        to_netcdf(a_measure(), tmp_path / "absent" / "x.nc")
    with pytest.raises(FileNotFoundError, match=r"expected an existing file, got .*absent\.nc"):
        open_netcdf(tmp_path / "absent.nc")
    (tmp_path / "text.nc").write_text("no NetCDF")
    with pytest.raises(OSError, match=r"text\.nc: expected a NetCDF file"):
        open_netcdf(tmp_path / "text.nc")
    (tmp_path / "folder.nc").mkdir()
    with pytest.raises(IsADirectoryError):
        to_netcdf(a_measure(), tmp_path / "folder.nc")
    assert sorted(item.name for item in tmp_path.iterdir()) == ["folder.nc", "text.nc"]


# --- lazy reads


def test_opening_reads_no_values(tmp_path):
    to_netcdf(a_measure(), tmp_path / "x.nc")
    back = open_netcdf(tmp_path / "x.nc")
    assert not back["corr"].variable._in_memory
    assert back["corr"].sel(signal1="GE1").shape == (4, 2)
    back.close()
    x = a_signal_set()
    to_netcdf(x, tmp_path / "y.nc")
    lazy = open_netcdf(tmp_path / "y.nc")
    assert not lazy.variable._in_memory
    lazy.close()


@pytest.mark.parametrize("engine", ENGINES)
def test_values_on_dask_round_trip(tmp_path, engine):
    result = a_measure(n_windows=9)
    to_netcdf(result, tmp_path / "x.nc", engine=engine)
    with open_netcdf(tmp_path / "x.nc", chunks={"window": 2}, engine=engine) as lazy:
        assert lazy["corr"].chunks[0] == (2, 2, 2, 2, 1)
        to_netcdf(lazy, tmp_path / "y.nc", engine=engine)
        assert lazy["corr"].chunks is not None
    with open_netcdf(tmp_path / "y.nc", engine=engine) as back:
        assert_same(back, result)


def test_writing_holds_only_a_few_chunks_in_memory(tmp_path):
    import dask.array as da

    alive, most, guard = 0, 0, threading.Lock()

    class Counted(np.ndarray):
        def __del__(self):
            nonlocal alive
            with guard:
                alive -= 1

    def block(block_info=None):
        nonlocal alive, most
        with guard:
            alive += 1
            most = max(most, alive)
        return np.zeros((10, 100), dtype="f4").view(Counted)

    data = da.map_blocks(block, chunks=((10,) * 50, (100,)), dtype="f4", meta=np.zeros((0, 0), dtype="f4"))
    to_netcdf(xr.DataArray(data, dims=("time", "signal"), name="expression"), tmp_path / "x.nc")
    assert 1 <= most <= 2 * (os.cpu_count() or 1) + 2


def test_an_open_file_can_be_replaced(tmp_path):
    old, new = a_measure(seed=0), a_measure(seed=1)
    to_netcdf(old, tmp_path / "x.nc")
    with open_netcdf(tmp_path / "x.nc") as reading:
        to_netcdf(new, tmp_path / "x.nc")
        assert_same(reading.load(), old)
    with open_netcdf(tmp_path / "x.nc") as reading:
        to_netcdf(reading.assign_attrs(note="itself"), tmp_path / "x.nc")
    with open_netcdf(tmp_path / "x.nc") as again:
        assert_same(again, new.assign_attrs(note="itself"))


def test_lazy_objects_can_be_pickled(tmp_path):
    to_netcdf(a_measure(), tmp_path / "x.nc")
    with open_netcdf(tmp_path / "x.nc") as back:
        assert_same(pickle.loads(pickle.dumps(back)).load(), a_measure())


# --- the lock


def test_the_lock_is_reentrant_and_one_per_process():
    assert pickle.loads(pickle.dumps(locks.LOCK)) is locks.LOCK
    others = locks.LIBRARY_LOCKS

    def from_elsewhere():
        found = []
        thread = threading.Thread(target=lambda: found.append(locks.LOCK.acquire(blocking=False)))
        thread.start()
        thread.join()
        return found[0]

    with locks.LOCK, locks.LOCK:
        assert all(lock.locked() for lock in others)
        assert from_elsewhere() is False
    assert not any(lock.locked() for lock in others)
    # another holder of xarray's lock keeps ours from being acquired, and no part of ours stays acquired
    with others[-1]:
        assert locks.LOCK.acquire(blocking=False) is False
    assert not any(lock.locked() for lock in others)


STRESS = """
import sys, threading
from test_netcdf import *

folder, rounds = Path(sys.argv[1]), int(sys.argv[2])
failures, plain = [], []
expected = [a_measure(n_windows=40, names=[f"GE{i}" for i in range(20)], seed=number) for number in range(8)]
for number, result in enumerate(expected):
    to_netcdf(result, folder / f"{number}-plain.nc")
    # xarray alone opens this file: its lazy reads hold xarray's lock while other threads write with our lock
    opened = xr.open_dataset(folder / f"{number}-plain.nc", engine="netcdf4", chunks={"window": 10})
    plain.append(opened[["corr", "lag"]].drop_attrs())

def work(number):
    result = expected[number]
    try:
        for turn in range(rounds):
            path, copy = folder / f"{number}.nc", folder / f"{number}-copy.nc"
            to_netcdf(result, path)
            with open_netcdf(path) as back:
                assert_same(back.load(), result)
            lazy = open_netcdf(path)
            for window in range(0, 40, 10):
                assert np.array_equal(lazy["corr"][window].values, result["corr"][window].values)
            if turn % 2:
                lazy.close()
            to_netcdf(plain[number], copy)
            with open_netcdf(copy, chunks={"window": 7}) as back:
                assert np.array_equal(back["corr"].values, result["corr"].values)
    except BaseException as error:
        failures.append(repr(error))

threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(failures)
sys.exit(len(failures))
"""


def stressed(tmp_path, rounds):
    """Exit status of a process in which eight threads write and read, the failures it printed, the files it left."""
    arguments = [sys.executable, "-X", "faulthandler", "-c", STRESS, str(tmp_path), rounds]
    env = {**os.environ, **IMPORTABLE}
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=300, env=env)
    print(done.stderr)
    return done.returncode, done.stdout.strip(), sorted(path.name for path in tmp_path.iterdir())


WRITTEN = sorted(f"{number}{of}.nc" for number in range(8) for of in ("", "-copy", "-plain"))


def test_eight_threads_write_and_read(tmp_path):
    assert stressed(tmp_path, "1") == (0, "[]", WRITTEN)


@pytest.mark.slow
def test_eight_threads_write_and_read_ten_times(tmp_path):
    assert stressed(tmp_path, "10") == (0, "[]", WRITTEN)


def test_dask_chunks_become_chunks_of_the_file(tmp_path):
    import netCDF4

    values = np.random.default_rng(0).normal(size=(40, 3))
    before = netCDF4.get_chunk_cache()
    to_netcdf(signals(values, fps=30).chunk(time=16), tmp_path / "x.nc")
    assert netCDF4.get_chunk_cache() == before
    with netCDF4.Dataset(tmp_path / "x.nc") as file:
        assert file["expression"].chunking() == [16, 3]
        assert file["expression"].get_var_chunk_cache() == before
        np.testing.assert_array_equal(file["expression"][:], values)


def test_the_library_chooses_chunks_where_those_of_dask_are_too_large(tmp_path, monkeypatch):
    import netCDF4

    monkeypatch.setattr(netcdf_encoding, "MAX_CHUNK_BYTES", 16 * 3 * 8 - 1)
    values = np.random.default_rng(0).normal(size=(40, 3))
    to_netcdf(signals(values, fps=30).chunk(time=16), tmp_path / "x.nc")
    with netCDF4.Dataset(tmp_path / "x.nc") as file:
        assert file["expression"].chunking() != [16, 3]
        np.testing.assert_array_equal(file["expression"][:], values)


def test_a_read_only_file_is_not_replaced(tmp_path, monkeypatch):
    (tmp_path / "raw.nc").write_text("raw")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write to any file
    with pytest.raises(PermissionError, match="which is read-only"):
        to_netcdf(a_measure(), tmp_path / "raw.nc")
    assert (tmp_path / "raw.nc").read_text() == "raw"
