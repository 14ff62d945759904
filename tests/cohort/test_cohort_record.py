"""The record: entries before files get names, intact after any kill, and fast for thousands of files."""

import contextlib
import errno
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

import bitbox_xr as bx
from bitbox_xr import cohort
from bitbox_xr.cohort import record, storage, targets
from bitbox_xr.cohort.record import Record

HIDDEN = ".bitbox_xr"


class Killed(BaseException):
    """Nothing after it runs, as after a SIGKILL."""


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def publish(out, run_folder, name, text):
    with storage.staged(run_folder) as stage:
        (stage / "file").write_text(text)
        Record.of(out, run_folder).publish(stage / "file", out / name)


def checked(out, *names):
    return lambda known: targets.checked(out, list(names), {}, known)


def faults(out, *names):
    return targets.checked(out, list(names), {}, record.read_record(out / HIDDEN))[0]


def killed_run(out, act):
    """Simulate a killed run, in whose run folder `act` does something; returns the run folder."""
    with storage.held(out) as run_folder:
        with contextlib.suppress(Killed):
            act(run_folder)
        run_folder.rename(
            out / "kept"
        )  # so that the end of `held()`, which a killed run does not reach, cannot remove it
    (out / "kept").rename(run_folder)
    return run_folder


# --- killed at any point of publishing


@pytest.mark.parametrize("point", ["link", "replace"])
@pytest.mark.parametrize("before", [True, False])
def test_a_run_killed_between_entry_and_name_owns_the_file(out, monkeypatch, point, before):
    """The entry exists, the new file perhaps not: old content, new content and no file are all accepted."""
    with storage.held(out) as run_folder:
        if point == "replace":
            publish(out, run_folder, "summary.csv", "old")
    call = getattr(os, point)

    def kill(*arguments):
        if str(arguments[1]).endswith("summary.csv"):
            if not before:
                call(*arguments)
            raise Killed
        return call(*arguments)

    monkeypatch.setattr(os, point, kill)
    killed_run(out, lambda run_folder: publish(out, run_folder, "summary.csv", "new"))
    monkeypatch.undo()
    found = (out / "summary.csv").read_text() if (out / "summary.csv").exists() else None
    assert found == ({"link": None, "replace": "old"}[point] if before else "new")
    with storage.held(out, checked(out, "summary.csv")) as run_folder:
        publish(out, run_folder, "summary.csv", "newest")
    assert (out / "summary.csv").read_text() == "newest"
    assert faults(out, "summary.csv") == []
    assert not [*(out / HIDDEN).glob("run-*")]


def test_a_file_without_an_entry_is_not_published(out, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with storage.held(out) as run_folder:
        publish(out, run_folder, "summary.csv", "old")
        monkeypatch.setattr(os, "fsync", full)
        for name in ("summary.csv", "summary.nc"):
            with pytest.raises(OSError, match="No space left"):
                publish(out, run_folder, name, "new")
        monkeypatch.undo()
    assert (out / "summary.csv").read_text() == "old"
    assert not (out / "summary.nc").exists()


def test_an_incomplete_entry_does_not_affect_others(out):
    with storage.held(out) as run_folder:
        publish(out, run_folder, "a.csv", "a")
        (log,) = run_folder.glob("log-*.jsonl")
        whole = log.read_bytes()
        for length in range(len(whole)):
            log.write_bytes(whole[:length])
            assert record.read_record(out / HIDDEN) in ({}, {"a.csv": record.read_record(out / HIDDEN).get("a.csv")})
        log.write_bytes(whole + b'\n["b.csv", 1, "0')
        publish(out, run_folder, "c.csv", "c")
        assert set(record.read_record(out / HIDDEN)) == {"a.csv", "c.csv"}
    assert set(record.read_record(out / HIDDEN)) == {"a.csv", "c.csv"}


def test_entries_of_a_run_that_ends_on_a_full_disk_are_kept(out, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with storage.held(out) as run_folder:
        publish(out, run_folder, "summary.csv", "mine")
        monkeypatch.setattr(storage, "write_record", full)
    monkeypatch.undo()
    assert len([*(out / HIDDEN).glob("run-*")]) == 1
    with storage.held(out, checked(out, "summary.csv")):
        pass
    assert faults(out, "summary.csv") == []
    assert not [*(out / HIDDEN).glob("run-*/log-*")]


@pytest.mark.parametrize("after", ["mkdir", "open", "flock", "mark"])
def test_a_run_killed_while_it_made_the_hidden_folder_is_repaired(out, after):
    (out / HIDDEN).mkdir(parents=True)
    if after != "mkdir":
        (out / HIDDEN / "lock").touch()
    if after == "mark":
        (out / HIDDEN / "format").write_text(storage.FORMAT[:9])
    with storage.held(out) as run_folder:
        publish(out, run_folder, "summary.csv", "mine")
    assert (out / HIDDEN / "format").read_text() == storage.FORMAT
    assert faults(out, "summary.csv") == []


# --- several writers


def test_tasks_of_a_dead_run_publish_nothing(out):
    """A worker outlives its run: the run folder has been renamed, so it can write neither an entry nor a file."""
    run_folder = killed_run(out, lambda run_folder: None)
    late = Record(out, run_folder)
    with storage.held(out):
        (out / "file").write_text("late")
        with pytest.raises(FileNotFoundError):
            late.publish(out / "file", out / "summary.csv")
    assert not (out / "summary.csv").exists()


def test_a_file_of_a_dead_worker_is_replaced_by_another_worker(out, monkeypatch):
    with storage.held(out) as run_folder:
        second = Record(out, run_folder)  # read before the first wrote
        first = Record(out, run_folder)
        for one, name in ((first, "log-a.jsonl"), (second, "log-b.jsonl")):
            monkeypatch.setattr(record, "_log_name", lambda _, name=name: name)
            with storage.staged(run_folder) as stage:
                (stage / "file").write_text(name)
                one.publish(stage / "file", out / "summary.csv")
        assert sorted(file.name for file in run_folder.glob("log-*")) == ["log-a.jsonl", "log-b.jsonl"]
    assert (out / "summary.csv").read_text() == "log-b.jsonl"
    assert len(record.read_record(out / HIDDEN)["summary.csv"]) == 2


@pytest.mark.parametrize("error", [errno.EPERM, errno.EOPNOTSUPP])
def test_publishing_works_without_hard_links(out, monkeypatch, error):
    def none(*_):
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(os, "link", none)
    with storage.held(out) as run_folder:
        for text in ("one", "two"):
            publish(out, run_folder, "summary.csv", text)
            assert (out / "summary.csv").read_text() == text
        (out / "summary.nc").write_text("mine")
        with pytest.raises(FileExistsError, match="got summary.nc"):
            publish(out, run_folder, "summary.nc", "theirs")
    assert (out / "summary.nc").read_text() == "mine"


def test_a_file_that_changes_during_the_check_is_foreign(out, monkeypatch):
    with storage.held(out) as run_folder:
        publish(out, run_folder, "summary.csv", "old")
    digest = record.hashlib.file_digest

    def replaced(*arguments):
        found = digest(*arguments)
        (out / "mine").write_text("new")
        os.replace(out / "mine", out / "summary.csv")
        return found

    monkeypatch.setattr(record.hashlib, "file_digest", replaced)
    assert len(faults(out, "summary.csv")) == 1
    assert (out / "summary.csv").read_text() == "new"


# --- thousands


def test_the_record_is_read_once_and_not_rewritten_during_a_run(out, monkeypatch):
    reads, entries = [], record._entries
    monkeypatch.setattr(record, "_entries", lambda file: reads.append(file) or entries(file))
    with storage.held(out) as run_folder:
        (out / "recordings").mkdir()
        merged = (out / HIDDEN / "record.jsonl").stat().st_mtime_ns
        reads.clear()
        for k in range(200):
            publish(out, run_folder, f"recordings/{k % 100}.nc", str(k))
        assert len(reads) <= 2
        assert (out / HIDDEN / "record.jsonl").stat().st_mtime_ns == merged
        assert len([*run_folder.iterdir()]) == 1
    assert len((out / HIDDEN / "record.jsonl").read_text().splitlines()) == 200
    names = [f"recordings/{k}.nc" for k in range(100)]
    with storage.held(out, checked(out, *names)):  # entries that no file needs are dropped
        assert len((out / HIDDEN / "record.jsonl").read_text().splitlines()) == 100
    assert faults(out, *names) == []


@pytest.mark.slow
def test_ten_thousand_files_are_checked_in_seconds(out):
    names = [f"recordings/{k}.nc" for k in range(10_000)]
    with storage.held(out):
        (out / "recordings").mkdir()
        content = {}
        for name in names:
            (out / name).write_text(name)
            content[name] = {record._content(out / name)}
        record.write_record(out / HIDDEN, content)
    inputs = {out.parent / f"x{k}.nc": str(k) for k in range(20_000)}
    started = time.perf_counter()
    found, settled = targets.checked(out, names, inputs, record.read_record(out / HIDDEN))
    assert (found, settled) == ([], content)
    assert time.perf_counter() - started < 20


# --- killed processes


def study_of(folder, recordings):
    rows = []
    for k in range(recordings):
        rng = np.random.default_rng(k)
        x = bx.signals(np.cumsum(rng.normal(size=(300, 2)), axis=0), fps=30, names=["AU04", "AU12"])
        bx.to_netcdf(x, folder / f"x{k}.nc")
        rows.append({"recording": f"{k:03}", "signals": f"x{k}.nc"})
    pd.DataFrame(rows).to_csv(folder / "study.csv", index=False)


OTHER_FILES = ["film.mkv.part", ".lock", "seed.txt", "run-0123456789abcdef/film.nc",
          "expressivity/recordings/notes.txt", "expressivity/recordings/film.nc.part", "expressivity/windows/other.nc",
          "expressivity/summary.nc.part/a"]  # fmt: skip


@pytest.mark.slow
def test_killed_runs_leave_foreign_files_and_give_the_same_results(tmp_path):
    study_of(tmp_path, 30)
    command = [sys.executable, "-m", "bitbox_xr", "cohort", "study.csv", "--measure", "expressivity", "--workers", "2",
               "--no-progress", "--out"]  # fmt: skip
    options = {"cwd": tmp_path, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    started = time.monotonic()
    subprocess.run([*command, "undisturbed"], check=True, **options)
    seconds = time.monotonic() - started
    out = tmp_path / "out"
    for name in OTHER_FILES:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text(f"mine: {name}")
    rng = random.Random(0)
    for _ in range(6):
        running = subprocess.Popen([*command, "out"], start_new_session=True, **options)
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(rng.uniform(0.3, 1.0) * seconds)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        output = running.communicate()[1]
        assert b"fault" not in output, output
        assert {name: (out / name).read_text() for name in OTHER_FILES} == {
            name: f"mine: {name}" for name in OTHER_FILES
        }
    subprocess.run([*command, "out"], check=True, **options)
    assert {name: (out / name).read_text() for name in OTHER_FILES} == {name: f"mine: {name}" for name in OTHER_FILES}
    for file in (tmp_path / "undisturbed").rglob("*"):
        name = file.relative_to(tmp_path / "undisturbed")
        if file.is_file() and name.parts[0] != HIDDEN and name.name != "status.csv":
            assert (out / name).read_bytes() == file.read_bytes(), name
    assert cohort.open(out).status["state"].tolist() == ["done"] * 30
    assert not [*(out / HIDDEN).glob("run-*")]
