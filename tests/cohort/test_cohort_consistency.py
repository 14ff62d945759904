"""Parts of a run together: windows and results, a full disk at the summary, lost schedulers, interruptions."""

import contextlib
import errno
import logging
import os

import numpy as np
import pytest

import bitbox_xr as bx
from bitbox_xr.cohort import blocks, cluster, collection, lost_workers, status, storage, summary, worker
from bitbox_xr.cohort.manifest import Manifest, Recording
from bitbox_xr.cohort.record import Record

from cohort_plans import job_of, study_of


@pytest.fixture
def job(tmp_path):
    out, run_folder = tmp_path / "out", tmp_path / "out" / ".bitbox_xr" / "run-0123456789abcdef"
    for folder in (out / "imitation" / "recordings", out / "imitation" / "windows", run_folder):
        folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name in ("x.nc", "y.nc"):
        bx.to_netcdf(bx.signals(rng.normal(size=(240, 2)), fps=30, names=["AU04", "AU12"]), tmp_path / name)
    return job_of("001", tmp_path / "x.nc", tmp_path / "y.nc", out, run_folder)


def study(width, *, keep_windows):
    return study_of("imitation", width=width, keep_windows=keep_windows)


class Killed(BaseException):
    """Nothing after it runs, as after a SIGKILL."""


@pytest.mark.parametrize("keep_windows", [False, True])
def test_windows_of_other_options_are_removed_after_a_killed_task(job, monkeypatch, keep_windows):
    """A task is killed after it wrote a result and before it deletes or replaces the windows of an earlier one."""
    windows = job.out / "imitation" / "windows" / "001.nc"
    worker.work(study(1, keep_windows=True), job)
    publish = Record.publish

    def killed(record, file, target):
        publish(record, file, target)
        raise Killed

    with monkeypatch.context() as during, contextlib.suppress(Killed):
        during.setattr(Record, "publish", killed)
        worker.work(study(2, keep_windows=keep_windows), job)
    assert windows.is_file()
    assert worker.work(study(2, keep_windows=False), job).state == "kept"
    assert not windows.exists()


@pytest.mark.parametrize("error", [RuntimeError("NetCDF: HDF error"), PermissionError(errno.EACCES, "denied")])
def test_a_full_disk_at_the_summary_is_reported_as_such(tmp_path, monkeypatch, error):
    """The NetCDF library reports a full disk as another error."""

    def failing(*_):
        raise error

    def full(**_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(summary, "write", failing)
    with storage.held(tmp_path) as run_folder:
        table = Manifest([Recording("a", None)], [], {})
        (run_folder / "block0").write_bytes(b"numbers")
        gathered = [blocks.Gathered(run_folder / "block0", None, {(): ["a"]}, {})]
        record = Record.of(tmp_path, run_folder)
        with pytest.raises(type(error)):
            collection.summarise(record, "imitation", run_folder, gathered, table, {})
        monkeypatch.setattr(storage.tempfile, "TemporaryFile", full)
        with pytest.raises(OSError, match="no space is left on the disk for the summary; free some and run again"):
            collection.summarise(record, "imitation", run_folder, gathered, table, {})


def test_a_foreign_file_on_a_full_disk_is_reported_as_foreign(tmp_path, monkeypatch):
    def full(**_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(storage.tempfile, "TemporaryFile", full)
    with pytest.raises(FileExistsError, match="foreign"), storage.full_disk_reported(tmp_path, 9, "the summary"):
        raise FileExistsError("foreign")


def test_a_scheduler_lost_before_the_summary_is_one_error():
    class Scheduler:
        address = "tcp://127.0.0.1:1"

    class Client:
        scheduler, cluster, status = Scheduler, None, "running"

        def nthreads(self):
            raise OSError("connection refused")

    with pytest.raises(ConnectionError, match="the dask scheduler at tcp://127.0.0.1:1 was lost"):
        lost_workers.worker_count(Client())


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (OSError("the disk\nis full"), "the disk is full"),
        (KeyError("a"), "KeyError: 'a'"),
        (ValueError(), "ValueError"),
    ],
)
def test_an_error_is_one_line(error, message):
    assert status.error_message(error) == message


def test_exceptions_of_lost_tasks_are_not_logged_after_the_run(caplog, monkeypatch):
    """asyncio logs an exception that nobody retrieved when its task is freed, which may be after the run."""
    from distributed.client import AllExit

    asyncio_log, dask_log = logging.getLogger("asyncio"), logging.getLogger("distributed.client")
    monkeypatch.setattr(asyncio_log, "filters", [])
    with pytest.raises(ConnectionError), cluster._quiet():
        raise ConnectionError
    asyncio_log.error("Task exception was never retrieved", exc_info=AllExit())
    assert caplog.messages == []
    asyncio_log.error("Task exception was never retrieved", exc_info=ValueError())
    dask_log.error("lost")
    assert caplog.messages == ["Task exception was never retrieved", "lost"]
