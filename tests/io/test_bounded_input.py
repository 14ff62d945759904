"""Files that unpack to more than the available memory are refused before they are read."""

import subprocess
import sys
from types import SimpleNamespace

import netCDF4
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import bitbox_xr as bx
from bitbox_xr import cohort
from bitbox_xr.cohort import worker
from bitbox_xr.core import memory

from cohort_plans import job_of, study_of

GB = 10**9
SMALL = bx.signals(np.random.default_rng(0).normal(size=(300, 4)), fps=30)


def huge(path, *, frames=10**9, signals=1000, time=False, names=False, engine_format="NETCDF4"):
    """10^12 values in a file of a few kilobytes: compressed chunks that were never written."""
    with netCDF4.Dataset(path, "w", format=engine_format) as file:
        file.createDimension("time", frames)
        file.createDimension("signal", signals)
        x = file.createVariable("x", "f8", ("time", "signal"), zlib=True, chunksizes=(2**14, min(signals, 1000)))
        x.kind = "expression"
        if time:
            file.createVariable("time", "f8", ("time",), chunksizes=(2**20,)).units = "s"
        if names:
            file.createDimension("letters", 16)
            file.createVariable("label", "S1", ("time", "letters"), chunksizes=(2**16, 16))._Encoding = "utf-8"
    assert path.stat().st_size < 50_000
    return path


def compressible(path, rows=20_000_000, columns=40):
    """A Parquet file of equal values, which take hardly any space."""
    one = pa.array(np.ones(rows))
    with pq.ParquetWriter(path, pa.schema([(f"a{k}", pa.float64()) for k in range(columns)])) as writer:
        writer.write_table(pa.table({f"a{k}": one for k in range(columns)}))
    assert path.stat().st_size < 2_000_000
    return path


@pytest.fixture
def limited(monkeypatch):
    """A function that sets the available memory, in bytes."""
    return lambda size: monkeypatch.setattr(memory, "available", lambda: size)


# --- NetCDF


@pytest.mark.parametrize("engine", ["netcdf4", "h5netcdf"])
def test_a_netcdf_file_that_declares_10_to_the_12_values_is_refused(tmp_path, engine):
    huge(tmp_path / "x.nc")
    with pytest.raises(
        MemoryError,
        match=r"x.nc: expected at most [\d.]+ GB, the memory that is available, got a file that unpacks to 8.0 TB; "
        r"open it in pieces with open_netcdf\(path, chunks='auto'\)",
    ):
        bx.open_netcdf(tmp_path / "x.nc", engine=engine)
    with pytest.raises(MemoryError, match=r"x.nc: .* 8.0 TB"):
        bx.open_signals(tmp_path / "x.nc")
    with bx.open_netcdf(tmp_path / "x.nc", chunks={"time": 1000}, engine=engine) as found:
        assert found["x"].shape == (10**9, 1000)
        assert found["x"][5:7, :2].values.shape == (2, 2)
    (tmp_path / "x.nc").unlink()  # possible on Windows only if the file was closed


@pytest.mark.parametrize("what", ["time", "names"])
def test_chunks_do_not_help_for_large_coordinates_and_texts(tmp_path, limited, what):
    """Dimension coordinates and texts are read when a file is opened."""
    huge(tmp_path / "x.nc", **{what: True})
    limited(2 * GB)
    with pytest.raises(MemoryError, match=r"x.nc: expected at most 2.0 GB.* unpacks to (8.0|128.0) GB"):
        bx.open_netcdf(tmp_path / "x.nc", chunks="auto")


@pytest.mark.parametrize("engine", ["netcdf4", "h5netcdf", "scipy"])
def test_the_limit_counts_all_values(tmp_path, limited, engine):
    bx.to_netcdf(SMALL, tmp_path / "x.nc", engine=engine)
    with bx.open_netcdf(tmp_path / "x.nc", engine=engine) as found:
        size = found.nbytes + found.time.nbytes + found.signal.size
    limited(size + 100)
    with bx.open_netcdf(tmp_path / "x.nc", engine=engine) as found:
        assert found.load().identical(SMALL)
    limited(SMALL.nbytes)
    with pytest.raises(MemoryError, match="unpacks to 12.[01] kB"):
        bx.open_netcdf(tmp_path / "x.nc", engine=engine)
    with bx.open_netcdf(tmp_path / "x.nc", engine=engine, chunks="auto") as found:
        assert found.compute().identical(SMALL)


# --- Parquet


def test_a_parquet_file_of_equal_values_is_refused(tmp_path, limited):
    limited(2 * GB)
    compressible(tmp_path / "x.parquet", rows=5_000_000, columns=40)
    with pytest.raises(
        MemoryError,
        match=r"x.parquet: expected at most 2.0 GB, .* got a file that unpacks to 6.4 GB; "
        r"choose fewer columns with columns=\[…\]",
    ):
        bx.open_signals(tmp_path / "x.parquet", fps=30)
    x = bx.open_signals(tmp_path / "x.parquet", fps=30, columns=["a3"])
    assert x.shape == (5_000_000, 1)
    assert (x.values[::1000] == 1).all()


def test_parquet_columns_and_the_index_of_pandas(tmp_path):
    table = pd.DataFrame(
        {"t": np.arange(5) / 10, "a": [1.0, 2, 3, np.nan, 5], "b": [1, 2, 3, 4, 5]},
        index=pd.Index([9, 8, 7, 6, 5], name="i"),
    )
    table.to_parquet(tmp_path / "x.parquet")
    x = bx.open_signals(tmp_path / "x.parquet", time="t")
    assert x.signal.values.tolist() == ["a", "b"]
    np.testing.assert_array_equal(x.values, table[["a", "b"]].to_numpy())
    np.testing.assert_array_equal(
        bx.open_signals(tmp_path / "x.parquet", time="t", columns=[2]).values[:, 0], table["b"]
    )
    same = bx.open_signals(table, time="t")
    np.testing.assert_array_equal(x.values, same.values)


def test_parquet_columns_of_equal_names(tmp_path):
    columns = [pa.array([0.0, 0.1, 0.2]), pa.array([1.0, 2.0, 3.0]), pa.array([4.0, 5.0, 6.0])]
    pq.write_table(pa.Table.from_arrays(columns, names=["t", "a", "a"]), tmp_path / "x.parquet")
    with pytest.raises(ValueError, match=r"'a' at columns 1, 2"):
        bx.open_signals(tmp_path / "x.parquet", time="t")
    x = bx.open_signals(tmp_path / "x.parquet", time="t", columns=[2, 1])
    assert x.signal.values.tolist() == ["a[2]", "a[1]"]
    np.testing.assert_array_equal(x.values, [[4, 1], [5, 2], [6, 3]])


def test_parquet_dates(tmp_path):
    dates = pd.date_range("2026-01-01 10:00", periods=4, freq="40ms", tz="Europe/Berlin")
    pd.DataFrame({"t": dates, "a": np.arange(4.0)}).to_parquet(tmp_path / "x.parquet")
    x = bx.open_signals(tmp_path / "x.parquet", time="t")
    np.testing.assert_array_equal(x.time.values, np.arange(4) / 25)
    assert x.attrs["time_origin"] == "2026-01-01T09:00:00"


def test_damaged_and_empty_parquet_files_are_refused(tmp_path):
    pd.DataFrame({"t": np.arange(5000) / 10, "a": np.random.default_rng(0).normal(size=5000)}).to_parquet(
        tmp_path / "x.parquet"
    )
    raw = bytearray((tmp_path / "x.parquet").read_bytes())
    raw[100:2000] = b"\xff" * 1900
    (tmp_path / "x.parquet").write_bytes(raw)
    with pytest.raises(ValueError, match=r"x.parquet: expected a readable Parquet file"):
        bx.open_signals(tmp_path / "x.parquet", time="t")
    pd.DataFrame({"t": [], "a": []}).to_parquet(tmp_path / "y.parquet")
    with pytest.raises(
        ValueError, match=r"y.parquet: expected at least one row and one column, got the shape \(0, 2\)"
    ):
        bx.open_signals(tmp_path / "y.parquet", time="t")


# --- available memory


def groups(tmp_path, monkeypatch, lines, files):
    """Simulate the files of the control groups of this process."""
    (tmp_path / "self").write_text(lines)
    for name, text in files.items():
        path = tmp_path / "cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(memory, "GROUPS", tmp_path / "self")
    monkeypatch.setattr(memory, "MOUNT", tmp_path / "cgroup")


def test_control_groups_of_version_2(tmp_path, monkeypatch):
    files = {
        "a/memory.max": "3000000\n",
        "a/memory.current": "2500000\n",
        "a/memory.stat": "anon 1\ninactive_file 100000\nactive_file 20000\n",
        "a/b/memory.max": "max\n",
        "a/b/memory.current": "1000\n",
        "a/b/memory.stat": "anon 1\n",
    }
    groups(tmp_path, monkeypatch, "0::/a/b\n", files)
    assert list(memory._left_by_groups()) == [620_000]
    assert memory.available() == 620_000


def test_control_groups_of_version_1(tmp_path, monkeypatch):
    files = {
        "memory/a/memory.limit_in_bytes": "3000000",
        "memory/a/memory.usage_in_bytes": "1000000",
        "memory/a/memory.stat": "total_inactive_file 5\ninactive_file 9\n",
        "memory/memory.limit_in_bytes": "9223372036854771712",
        "memory/memory.usage_in_bytes": "5",
        "memory/memory.stat": "",
    }
    groups(tmp_path, monkeypatch, "9:name=systemd:/\n4:cpu,memory:/a\n0::/\n", files)
    assert memory.available() == 2_000_005


def test_in_a_container_the_root_group_counts(tmp_path, monkeypatch):
    files = {"memory.max": "500000", "memory.current": "600000", "memory.stat": ""}
    groups(tmp_path, monkeypatch, "0::/system.slice/docker-1.scope\n", files)
    assert list(memory._left_by_groups()) == [-100_000]
    assert memory.available() == 0


def test_without_control_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "GROUPS", tmp_path / "none")
    assert list(memory._left_by_groups()) == []
    assert memory.available() > 0


def test_a_dask_worker_has_a_share(monkeypatch):
    distributed = pytest.importorskip("distributed")
    worker = SimpleNamespace(memory_manager=SimpleNamespace(memory_limit=8 * GB), state=SimpleNamespace(nthreads=4))
    monkeypatch.setattr(distributed, "get_worker", lambda: worker)
    assert list(memory._share_of_worker(GB)) == [(int(8 * GB * 0.95) - GB) // 4]
    assert 0 < memory.available() < 1.9 * GB
    worker.memory_manager.memory_limit = None
    assert list(memory._share_of_worker(GB)) == []


LIMITED = """
import resource, sys
import numpy as np, bitbox_xr as bx, pyarrow.parquet, netCDF4
from bitbox_xr.core import memory
soft = __import__("psutil").Process().memory_info().vms + 1_000_000_000  # threads of libraries reserve part of it
resource.setrlimit(resource.RLIMIT_AS, (soft, soft))
assert memory.available() < 1_100_000_000, memory.available()
options = {"fps": 30} if sys.argv[1].endswith("parquet") else {}
try:
    x = bx.open_signals(sys.argv[1], **options).load()
    print("read", x.shape)
except MemoryError as error:
    print("refused", error)
"""


def limited_process(path):
    ran = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)], capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="RLIMIT_AS limits nothing elsewhere")
def test_a_process_with_a_memory_limit(tmp_path):
    huge(tmp_path / "x.nc", frames=1_000_000, signals=200)
    assert "refused x.nc: expected at most" in limited_process(tmp_path / "x.nc")
    compressible(tmp_path / "x.parquet", rows=1_000_000, columns=40)
    assert "refused x.parquet: expected at most" in limited_process(tmp_path / "x.parquet")
    bx.to_netcdf(SMALL, tmp_path / "small.nc")
    assert "read (300, 4)" in limited_process(tmp_path / "small.nc")


# --- cohorts and the command line


def test_a_recording_that_does_not_fit_fails(tmp_path):
    (tmp_path / "expressivity" / "recordings").mkdir(parents=True)
    job = job_of("r", huge(tmp_path / "x.nc"), None, tmp_path, tmp_path)
    outcome = worker.work(study_of("expressivity"), job)
    assert outcome.state == worker.FAILED
    assert "x.nc: expected at most" in outcome.message
    assert "chunks='auto'" in outcome.message


@pytest.mark.slow
def test_other_recordings_are_still_computed(tmp_path):
    huge(tmp_path / "b.nc")
    bx.to_netcdf(SMALL, tmp_path / "a.nc")
    table = pd.DataFrame({"recording": ["a", "b"], "signals": [str(tmp_path / "a.nc"), str(tmp_path / "b.nc")]})
    done = cohort.run(table, tmp_path / "out", measure="expressivity", workers=1, progress=False)
    assert done.status.state.tolist() == ["done", "failed"]
    assert "unpacks to 8.0 TB" in done.status.message[1]
    assert done.status.retries.tolist() == [0, 0]


def test_the_command_line_shows_the_message(tmp_path):
    from click.testing import CliRunner

    from bitbox_xr.cli import main

    huge(tmp_path / "x.nc")
    ran = CliRunner().invoke(main, ["info", str(tmp_path / "x.nc")])
    assert ran.exit_code == 1
    assert "Error: x.nc: expected at most" in ran.output
