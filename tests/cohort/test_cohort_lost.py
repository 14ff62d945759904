"""Lost schedulers, lost workers and full disks: one message with the reason, and a row of every recording."""

import errno
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bitbox_xr as bx
from bitbox_xr import cohort
from bitbox_xr.cohort import cluster, lost_workers, runner, status, storage

NAMES = ["AU04", "AU12"]


@pytest.fixture
def study(tmp_path):
    """A manifest of 300 recordings, all of one pair of files, and its folder."""
    rng = np.random.default_rng(0)
    for side in "xy":
        bx.to_netcdf(bx.signals(rng.normal(size=(3000, 2)), fps=30, names=NAMES), tmp_path / f"{side}.nc")
    rows = [{"recording": f"r{k:03}", "signals": "x.nc", "reference": "y.nc"} for k in range(300)]
    pd.DataFrame(rows).to_csv(tmp_path / "study.csv", index=False)
    return tmp_path


# --- the table


def row(name, state="done", message="", retries=0):
    return status.Row(name, state, message, 1.5, retries, {"imitation": state})


def not_done(name):
    return status.Row(name, "not done", "", 0.0, 0, {"imitation": "not done"})


def test_a_table_has_a_row_of_every_recording_from_the_beginning(tmp_path):
    rows = {"a": row("a"), "b": row("b", "failed", "broken"), "x": row("x")}
    saved = []
    with status.complete(rows, ["a", "b", "c"], ["imitation"], lambda: saved.append(dict(rows)), tmp_path):
        rows["c"] = row("c")
    assert saved[0] == {
        "a": row("a"),
        "b": not_done("b"),
        "c": not_done("c"),
        "x": row("x"),
    }
    assert saved[1]["c"] == row("c")
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("error", [ConnectionError("lost"), KeyboardInterrupt("lost"), OSError(errno.ENOSPC, "lost")])
def test_rows_that_are_not_done_have_the_reason(tmp_path, error):
    rows = {}
    order = ["a", "b", "c"]
    (tmp_path / "parts").mkdir()
    save = partial(status.save, tmp_path, rows, order)

    def cut():
        with status.complete(rows, order, ["imitation"], save, tmp_path / "parts"):
            rows["a"] = row("a")
            rows["b"] = row("b", "failed", "broken")
            raise error

    with pytest.raises(type(error)):
        cut()
    found = status.load(tmp_path)
    assert found["recording"].tolist() == order
    assert found["state"].tolist() == ["done", "failed", "not done"]
    assert found["message"].tolist()[:2] == ["", "broken"]
    assert "lost" in found["message"].tolist()[2]
    assert repr(cohort.open(tmp_path)).endswith("1 recordings done, 1 failed, 1 not done>")


def test_space_for_the_last_table_is_reserved(tmp_path):
    """If the disk becomes full during a run, the reserved space is used for the table."""
    names, used = [f"r{k}" for k in range(1000)], []

    def count():
        used.append(sum(file.stat().st_size for file in tmp_path.iterdir()))

    def cut():
        with status.complete({}, names, ["imitation"], count, tmp_path):
            count()
            raise OSError(errno.ENOSPC, "full")

    with pytest.raises(OSError, match="full"):
        cut()
    assert used[0] == used[2] == 0
    assert used[1] > 500 * len(names)


def test_the_first_error_is_raised_if_the_table_cannot_be_saved(tmp_path):
    calls = []

    def save():
        calls.append(1)
        if len(calls) > 1:
            raise OSError(errno.ENOSPC, "full")

    def cut():
        with status.complete({}, ["a"], ["imitation"], save, tmp_path):
            raise ConnectionError("lost")

    with pytest.raises(ConnectionError, match="lost"):
        cut()
    assert len(calls) == 2


# --- the cluster


@pytest.mark.slow
def test_the_number_of_retries_is_set_by_the_run():
    import dask
    import distributed  # before its settings are changed: its own defaults would be lost with them

    assert distributed.__name__ in dask.config.config

    with dask.config.set({"distributed.scheduler.allowed-failures": 99}), cluster.connected(None, 1, 1) as client:
        assert (
            client.run_on_scheduler(lambda dask_scheduler: dask_scheduler.allowed_failures) == lost_workers.RETRIES == 3
        )
        assert dask.config.get("distributed.scheduler.allowed-failures") == 3
    assert "A recording on which four workers died is tried again alone after all others" in " ".join(
        (Path(bx.__file__).parents[1] / "docs" / "cohorts.md").read_text(encoding="utf-8").split()
    )


@pytest.mark.slow
def test_a_recording_that_kills_workers_is_one_failed_row_without_output(study, monkeypatch, capfd):
    def dying(asked, job, work=runner.work):
        return os.kill(os.getpid(), 9) if job.recording == "r003" else work(asked, job)

    monkeypatch.setattr(runner, "work", dying)
    table = pd.read_csv(study / "study.csv").head(6)
    table[["signals", "reference"]] = [str(study / "x.nc"), str(study / "y.nc")]
    done = cohort.run(table, study / "out", measure="imitation", width=1, workers=2, progress=False)
    found = done.status.set_index("recording")
    assert found["state"].tolist() == ["done"] * 3 + ["failed"] + ["done"] * 2
    assert found.loc["r003", "retries"] == 2 * (lost_workers.RETRIES + 1)
    assert found.loc["r003", "message"].startswith("8 workers died one after another during this task")
    assert done.summary["recording"].values.tolist() == ["r000", "r001", "r002", "r004", "r005"]
    assert capfd.readouterr().err == ""


@pytest.mark.slow
@pytest.mark.parametrize("killed", ["scheduler", "workers"])
def test_a_lost_scheduler_or_all_workers_lost_end_a_run_with_one_message(study, machines, killed, process, wait_for):
    address, scheduler, workers = machines
    options = ["--measure", "imitation", "--out", "out", "--width", 1, "--no-progress", "--scheduler", address]
    with process("bitbox_xr", "cohort", "study.csv", *options, cwd=study, stderr=subprocess.PIPE, text=True) as run:
        wait_for(lambda: len([*study.glob("out/imitation/recordings/*.nc")]) >= 3, 60)
        for one in [scheduler] if killed == "scheduler" else workers:
            os.killpg(one.pid, signal.SIGKILL)
        _, output = run.communicate(timeout=60)
    assert run.returncode == 1
    assert len(output.splitlines()) == 1
    expected = {
        "scheduler": f"Error: the dask scheduler at {address} was lost: it died, was restarted or cannot be reached",
        "workers": f"Error: all workers of the dask scheduler at {address} were lost, and none came back within 40 s",
    }
    assert output.startswith(expected[killed])
    found = status.load(study / "out")
    assert found["recording"].tolist() == [f"r{k:03}" for k in range(300)]
    assert set(found["state"]) <= {"done", "not done"}
    assert set(found.loc[found["state"] == "not done", "message"]) == {output.removeprefix("Error: ").strip()}


# --- the disk


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 200 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", folder], capture_output=True, check=False
    )
    if made.returncode != 0:
        pytest.skip("a small file system cannot be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="tmpfs is Linux's")
def test_a_full_disk_leaves_a_row_of_every_recording(study, small_disk):
    options = ["--measure", "imitation", "--out", small_disk / "out", "--width", 1, "--no-progress", "--workers", 1]
    lines = (study / "study.csv").read_text().splitlines(keepends=True)
    (study / "study.csv").write_text("".join(lines[:31]))
    command = [sys.executable, "-m", "bitbox_xr", "cohort", "study.csv", *map(str, options)]
    output = subprocess.run(command, cwd=study, capture_output=True, text=True, timeout=120, check=False)
    assert output.returncode == 1
    assert len(output.stderr.splitlines()) == 1
    assert "No space left on device" in output.stderr
    found = status.load(small_disk / "out")
    assert found["recording"].tolist() == [f"r{k:03}" for k in range(30)]
    assert not found["state"].eq("done").all()
    assert found["message"][found["state"] != "done"].str.contains("o space (?:is )?left").all()


def test_a_full_disk_is_named_where_the_library_reports_another_error(tmp_path, monkeypatch):
    class Full:
        def __enter__(self):
            return self

        def __exit__(self, *exc):
            return None

        def write(self, content):
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(PermissionError), storage.full_disk_reported(tmp_path, 10, "its result"):
        raise PermissionError(errno.EACCES, "Permission denied")
    monkeypatch.setattr(storage.tempfile, "TemporaryFile", lambda **_: Full())
    with (
        pytest.raises(OSError, match="no space is left on the disk for its result"),
        storage.full_disk_reported(tmp_path, 9, "its result"),
    ):
        raise PermissionError(errno.EACCES, "Permission denied")


def test_a_run_does_not_wait_for_ever_for_its_own_workers(monkeypatch):
    """All of them died, and none was restarted, before the next tasks were sent."""
    from distributed import LocalCluster

    class Scheduler:
        address = "tcp://127.0.0.1:1"

    class Client:
        scheduler, status, cluster = Scheduler, "running", LocalCluster.__new__(LocalCluster)

        def nthreads(self):
            return {}

    watch = lost_workers._Watch(Client())
    watch._since -= lost_workers.MAX_S_FOR_RESTART + 1
    with pytest.raises(ConnectionError, match="all workers of the dask scheduler at tcp://127.0.0.1:1 were lost"):
        watch.check()
    Client.cluster = None
    watch = lost_workers._Watch(Client())
    watch._since -= lost_workers.MAX_S_FOR_RESTART + 1
    watch.check()
