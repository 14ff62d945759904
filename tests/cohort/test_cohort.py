"""Manifests, options, tasks and folders of cohorts, without workers."""

import contextlib
import json
import logging
import os
import pickle
import threading
import tracemalloc
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import bitbox_xr as bx
from bitbox_xr import cohort
from bitbox_xr.cohort import fingerprint, manifest, status, storage, summary, worker
from bitbox_xr.cohort.blocks import Gathered, gather

from cohort_plans import job_of, plan_of, study_of
from random_recordings import random_walk


def table(**columns):
    n = len(next(iter(columns.values()), ["x"] * 3))
    base = {"recording": [f"r{k}" for k in range(n)], "signals": [f"r{k}.nc" for k in range(n)]}
    return pd.DataFrame(base | columns)


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


recording = partial(random_walk, frames=240)


# --- the manifest


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "2", "-3"], np.array([1, 2, -3])),
        (["1", "2.5", "1e-05"], np.array([1, 2.5, 1e-5])),
        (["1", "", "NA"], np.array([1, np.nan, np.nan])),
        (["001", "002", "010"], np.array(["001", "002", "010"])),
        (["1", "2", "x"], np.array(["1", "2", "x"])),
        (["a", "", "NA"], np.array(["a", "", ""])),
        (["", "", ""], np.array(["", "", ""])),
        (["1.50", "2.25", "3"], np.array(["1.50", "2.25", "3"])),
        (["9007199254740993", "1", "2"], np.array(["9007199254740993", "1", "2"])),
        (["True", "False", "True"], np.array(["True", "False", "True"])),
        (["+1", "2", "3"], np.array(["+1", "2", "3"])),
        (["1_000", "2", "3"], np.array(["1_000", "2", "3"])),
    ],
)
@pytest.mark.parametrize("as_file", [True, False])
def test_a_column_is_numeric_if_nothing_is_lost(tmp_path, cells, expected, as_file):
    frame = table(column=cells)
    given = tmp_path / "m.csv"
    frame.to_csv(given, index=False)
    values = manifest.read(given if as_file else frame).covariates["column"]
    assert values.dtype.kind == expected.dtype.kind
    np.testing.assert_array_equal(values, expected)


@given(st.lists(st.one_of(st.integers(-(2**53), 2**53), st.floats(allow_infinity=False, allow_nan=False)), min_size=1))
def test_numbers_of_a_dataframe_stay_exact(numbers):
    frame = table(column=pd.Series(numbers, dtype=object))
    np.testing.assert_array_equal(manifest.read(frame).covariates["column"], np.array(numbers, dtype=np.float64))


@given(st.lists(st.text("0123456789.eE+-_ ", max_size=6), min_size=1))
def test_a_numeric_column_loses_nothing_of_its_text(cells):
    stripped = [cell.strip() for cell in cells]
    values = manifest.read(table(column=cells)).covariates["column"]
    if values.dtype.kind != "U":
        assert all(cell == "" or cell in (str(v), repr(float(v)), str(int(v)))
                   for cell, v in zip(stripped, values.tolist(), strict=True) if v == v)  # fmt: skip
    else:
        assert values.tolist() == stripped


def test_an_almost_numeric_column_is_logged(caplog):
    with caplog.at_level(logging.WARNING):
        manifest.read(table(dose=["1.50", "2"], code=["007", "008"]))
    assert [record.getMessage() for record in caplog.records] == [
        "column dose stays text: as a number, '1.50' would become 1.5"
    ]


def test_paths_are_relative_to_the_manifest(tmp_path, monkeypatch):
    text = "﻿recording, signals ,reference,site\n001,a/x.csv,/data/y.csv,\n\n002,,NA,B\n"
    found = manifest.read(write(tmp_path / "m.csv", text))
    assert found.names == ["001", "002"]
    assert [row.signals for row in found.recordings] == [tmp_path / "a/x.csv", None]
    assert [row.reference for row in found.recordings] == [Path("/data/y.csv"), None]
    assert found.covariates["site"].tolist() == ["", "B"]
    monkeypatch.chdir(tmp_path)
    assert manifest.read(table()).recordings[0].signals == tmp_path / "r0.nc"


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("", "expected columns recording and signals, got no columns"),
        ("recording,signals\n", "expected at least one recording, got none"),
        ("recording,signals,a,a\nx,y,1,2\n", "expected unique column names, got a twice"),
        ("recording,signals,\nx,y,1\n", "expected column names without / and control characters, got ''"),
        ("recording,signals\nx,y,1\nz\n", "expected 2 cells, one per column name, got 3 in line 2"),
        ("recording,signals\nx,y\nx,z\n,w\n", "expected unique names of recordings, got x twice"),
        ("recording,signals\nx,y\nx,z\n,w\n", "expected a name for every recording, got none for number 3"),
        ("recording,signals\na/b,y\n.c,z\n", "expected names of recordings that files can have, got 'a/b', '.c'"),
        ("recording,signals\nP1,y\np1,z\n", "expected names of recordings that differ not only in case, got P1 and p1"),
    ],
)
def test_a_manifest_is_refused(tmp_path, text, phrase):
    with pytest.raises(ValueError) as error:
        manifest.read(write(tmp_path / "m.csv", text))
    assert phrase in str(error.value)
    assert "m.csv" in str(error.value)


def test_a_missing_or_wrongly_encoded_manifest_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="expected a manifest, got .*which does not exist"):
        manifest.read(tmp_path / "m.csv")
    (tmp_path / "m.csv").write_bytes("recording,signals\né,x".encode("latin1"))
    with pytest.raises(ValueError, match="expected UTF-8 text"):
        manifest.read(tmp_path / "m.csv")


# --- options, and what a result is made from


@pytest.mark.parametrize(
    ("frame", "options", "phrase"),
    [
        (table(), {"measure": "imitate"}, "expected measure to be one of imitation, coordination"),
        (table(), {"measure": "imitation"}, "expected a column reference for imitation"),
        (table(), {"measure": "coordination"}, "matched pairs are signals with themselves; give pairs='all'"),
        (table(), {"measure": "expressivity", "width": 1}, "expected options of expressivity (scales, "),
        (
            table(),
            {"measure": "expressivity", "keep_windows": True},
            "keep_windows is for measures with windows, and expressivity has none",
        ),
        (
            table(),
            {"measure": "expressivity", "scales": [-1]},
            "expected scales to be positive numbers of seconds, got -1",
        ),
        (table(), {"measure": "expressivity", "scales": 2.0}, "for a single duration use scales=[2.0]"),
        (
            table(),
            {"measure": "expressivity", "columns_y": ["a"]},
            "align are for a reference, and expressivity has none",
        ),
        (table(), {"measure": "diversity", "precision": object()}, "to be text, numbers, or a list or dictionary of"),
        (table(), {"measure": "coordination", "pairs": "some"}, "expected pairs to be 'matched' or 'all', got 'some'"),
        (
            table(eligible_time=[1, 2]),
            {"measure": "expressivity"},
            "expected other column names than those of the results, got eligible_time in the manifest; rename",
        ),
        (table(), {"measure": "coordination", "pairs": "all", "width": -1, "min_valid": 2}, "2 faults"),
        (table(), {"measure": "expressivity", "stats": True}, "or of open_signals(), got stats"),
        (
            table(),
            {"measure": "expressivity", "workers": 0},
            "expected workers to be a positive number of processes, got 0",
        ),
        (table(), {"measure": "expressivity", "workers": 2, "client": "tcp://x"}, "client and workers are both given"),
    ],
)
def test_bad_options_are_refused_before_anything_is_written(tmp_path, frame, options, phrase):
    with pytest.raises(ValueError) as error:
        cohort.run(frame, tmp_path / "out", **options)
    assert phrase in str(error.value)
    assert not (tmp_path / "out").exists()


def plan(**given):
    return plan_of("imitation", given)


def made_from(asked, files):
    return fingerprint.made_from(asked.described(), {}, [fingerprint.hashed(file).identity for file in files])


def test_a_stamp_changes_with_content_options_and_version(tmp_path, monkeypatch):
    x, y = write(tmp_path / "x.csv", "1"), write(tmp_path / "y.csv", "2")
    before = made_from(plan(), [x, y])
    assert len(before) == 64
    same = [plan(), plan(width=0.5), plan(width=np.float32(0.5), max_lag=None)]
    assert {made_from(study, [x, y]) for study in same} == {before}
    assert made_from(plan(width=1), [x, y]) == made_from(plan(width=1.0), [x, y])
    others = [plan(width=1), plan(causal=False), plan(fps=25), plan(columns_y=["a"])]
    stamps = {before, *(made_from(study, [x, y]) for study in others), made_from(plan(), [y, x])}
    monkeypatch.setattr(fingerprint, "__version__", "0.1.99")
    assert made_from(plan(), [x, y]) == before
    monkeypatch.setattr(fingerprint, "__version__", "99.1.0")
    stamps.add(made_from(plan(), [x, y]))
    monkeypatch.undo()
    write(x, "1 ")
    stamps.add(made_from(plan(), [x, y]))
    assert len(stamps) == 8
    with pytest.raises(FileNotFoundError, match=r"z.csv: there is no such file"):
        made_from(plan(), [tmp_path / "z.csv"])


def test_a_3di_sidecar_changes_the_stamp(tmp_path):
    x = write(tmp_path / "x_expression.3DI", "1")
    before = made_from(plan(), [x])
    write(tmp_path / "x_expression.json", json.dumps({"backend": "3DI"}))
    assert made_from(plan(), [x]) != before


# --- a task


@pytest.fixture
def job(tmp_path):
    out = tmp_path / "out"
    parts = out / ".bitbox_xr" / "run-0123456789abcdef"
    for place in (out / "imitation" / "recordings", out / "imitation" / "windows", parts):
        place.mkdir(parents=True)
    for k, name in enumerate(("x.nc", "y.nc")):
        bx.to_netcdf(recording(k), tmp_path / name)
    return job_of("001", tmp_path / "x.nc", tmp_path / "y.nc", out, parts)


def test_a_task_writes_the_measure_and_keeps_it_next_time(job):
    study = study_of("imitation", width=1)
    assert worker.work(study, job)[:3] == ("001", {"imitation": "done"}, "")
    file = job.out / "imitation" / "recordings" / "001.nc"
    with bx.open_netcdf(file) as found:
        expected = bx.imitation(
            bx.open_signals(job.row.signals), bx.open_signals(job.row.reference), width=1, stats=True
        )
        of_measure = found.drop_vars(["duration", "valid_share", "masked_share"])
        assert of_measure.drop_attrs(deep=False).identical(expected.drop_attrs(deep=False))
        assert found.attrs.items() >= expected.attrs.items()
        assert found.attrs["recording"] == "001"
    before = file.stat().st_mtime_ns
    assert worker.work(study, job)[:3] == ("001", {"imitation": "kept"}, "")
    assert file.stat().st_mtime_ns == before
    assert not [*job.run_folder.glob("*/")]
    file.write_bytes(file.read_bytes()[:-100])  # cut short, so it is foreign
    outcome = worker.work(study, job)
    assert (outcome.state, "got imitation/recordings/001.nc, which no run wrote" in outcome.message) == ("failed", True)
    file.unlink()
    assert worker.work(study, job)[:3] == ("001", {"imitation": "done"}, "")


def test_windows_are_kept_only_with_the_result_they_belong_to(job):
    asked = [study_of("imitation", width=width, keep_windows=windows) for width, windows in
             ((1, False), (1, True), (2, False))]  # fmt: skip
    one, windows = job.out / "imitation" / "recordings" / "001.nc", job.out / "imitation" / "windows" / "001.nc"
    worker.work(asked[0], job)
    alone = one.read_bytes()
    assert worker.work(asked[1], job).state == "done"
    with bx.open_netcdf(windows) as found:
        assert found["corr"].dims == ("window", "signal1", "signal2")
    one.unlink()
    worker.work(asked[1], job)
    assert one.read_bytes() == alone
    assert worker.work(asked[0], job).state == "kept"
    assert windows.is_file()
    worker.work(asked[2], job)
    assert not windows.exists()


@pytest.mark.parametrize(
    ("change", "phrase"),
    [
        (lambda job: job.row.signals.unlink(), "x.nc: there is no such file"),
        (
            lambda job: job.row.signals.write_bytes(b"\x89HDF broken"),
            "expected a NetCDF file, got a file of another format",
        ),
        (
            lambda job: (job.out / "imitation" / "recordings" / "001.nc").mkdir(),
            "expected the name of a file, got the folder",
        ),
        (lambda job: job.run_folder.rmdir(), "No such file or directory"),
        (
            lambda job: bx.to_netcdf(recording(0, frames=20), job.row.reference),
            "for a window and its lags, got 20 frames",
        ),
        (
            lambda job: object.__setattr__(job.row, "signals", None),
            "expected a file of signals, got an empty cell in the manifest",
        ),
        (
            lambda job: object.__setattr__(job.row, "reference", None),
            "expected a reference for imitation, got an empty cell in the manifest",
        ),
    ],
)
def test_an_error_of_a_recording_becomes_its_message(job, change, phrase):
    change(job)
    outcome = worker.work(study_of("imitation", width=1), job)
    assert outcome.state == "failed"
    assert phrase in outcome.message
    assert "\n" not in outcome.message


def test_a_full_disk_is_reported_and_leaves_no_file(job, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "link", full)
    outcome = worker.work(study_of("imitation", width=1), job)
    assert (outcome.state, outcome.message) == ("failed", "[Errno 28] No space left on device")
    assert not [*job.run_folder.glob("*/")]
    assert not list((job.out / "imitation" / "recordings").iterdir())


def test_warnings_of_a_reader_are_in_the_row(job):
    np.savetxt(job.row.signals.with_name("a_pose.3DI"), np.zeros((240, 9)) + np.arange(240)[:, None] % 7)
    write(job.row.signals.with_name("a_pose.json"), "{")
    changed = job_of("a", job.row.signals.with_name("a_pose.3DI"), job.row.reference, job.out, job.run_folder)
    outcome = worker.work(study_of("imitation", width=1), changed)
    assert outcome.state == "done"
    assert outcome.message.startswith("a_pose.json: expected JSON, got text that cannot be read as such")
    again = worker.work(study_of("imitation", width=1), changed)
    assert (again.state, again.message) == ("kept", outcome.message)


# --- the folder


def test_an_output_folder_is_locked_by_one_run(tmp_path):
    with storage.held(tmp_path / "a" / "out") as parts:
        assert parts.is_dir()
        with (
            pytest.raises(BlockingIOError, match="another run is writing here"),
            storage.held(tmp_path / "a" / "out"),
        ):
            pass
    assert not parts.exists()
    with storage.held(tmp_path / "a" / "out"):
        pass


def test_files_of_a_dead_run_are_removed(tmp_path):
    with storage.held(tmp_path):
        pass
    stale = tmp_path / ".bitbox_xr" / "run-0123456789abcdef"
    (stale / "xyz").mkdir(parents=True)
    write(stale / "xyz" / "b.nc", "half")
    (tmp_path / "recordings").mkdir()
    kept = [write(tmp_path / "recordings" / name, "whole") for name in ("a.nc", "a.nc.part")]
    with storage.held(tmp_path) as own:
        assert [*own.parent.glob("run-*")] == [own]
        assert all(file.read_text() == "whole" for file in kept)


def test_a_dead_runs_files_are_removed_while_its_tasks_still_write(tmp_path):
    def go_on(part):
        with contextlib.suppress(FileNotFoundError):
            for k in range(100_000):
                (part / f"{k}.nc").write_text("half")

    with storage.held(tmp_path):
        pass
    for k in range(5):
        part = tmp_path / ".bitbox_xr" / f"run-{k:016x}"
        part.mkdir()
        task = threading.Thread(target=go_on, args=[part], daemon=True)
        task.start()
        with storage.held(tmp_path) as own:
            task.join(timeout=10)
            assert not task.is_alive()  # its folder has been removed
            assert [*own.parent.glob("run-*")] == [own]


def test_a_text_file_is_replaced_only_when_complete(tmp_path):
    file = write(tmp_path / "a.csv", "before")
    with contextlib.suppress(RuntimeError), storage.atomic_text(file, tmp_path) as stream:
        stream.write("half")
        raise RuntimeError
    assert file.read_text() == "before"


def test_status_keeps_text(tmp_path):
    rows = {
        "001": status.Row("001", "failed", 'NA, "x"', 1.25, 2, {"imitation": "failed", "diversity": "done"}),
        "NA": status.Row("NA", "done", "", 0.0, 0, {"imitation": "done", "diversity": "not done"}),
    }
    status.save(tmp_path, rows, ["NA", "absent", "001"])
    assert status.read_rows(tmp_path) == rows
    assert list(status.load(tmp_path)["recording"]) == ["NA", "001"]
    write(tmp_path / "status.csv", "else\n1\n")
    assert status.read_rows(tmp_path) == {}


def test_opening_another_folder_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"expected an output folder of cohort.run"):
        cohort.open(tmp_path)


# --- the summary


def results_of(tmp_path, **sides):
    study = study_of("imitation", width=1)
    out = tmp_path / "out"
    (out / "imitation" / "recordings").mkdir(parents=True)
    for k, (name, (one, other)) in enumerate(sides.items()):
        bx.to_netcdf(recording(k, names=one), tmp_path / f"{name}x.nc")
        bx.to_netcdf(recording(k + 50, names=other), tmp_path / f"{name}y.nc")
        job = job_of(name, tmp_path / f"{name}x.nc", tmp_path / f"{name}y.nc", out, out)
        assert worker.work(study, job).state == "done"
    return out, study.plans[0].described()


SIDES = {
    "a": (["AU04", "AU12"], ["AU04", "AU12"]),
    "b": (["AU12", "AU06", "odd"], ["odd", "AU06", "AU12"]),
    "c": (["AU04", "AU12"], ["AU12", "AU04"]),
}


def gathered(out, asked, *blocks, only_matched=True):
    return [
        gather(
            {name: out / "imitation" / "recordings" / f"{name}.nc" for name in block},
            out / f"{block}.nc",
            asked=asked,
            only_matched=only_matched,
        )
        for block in blocks
    ]


@pytest.mark.parametrize("blocks", [["abc"], ["ab", "c"], ["a", "b", "c"]])
def test_different_labels_become_their_union(tmp_path, caplog, blocks):
    out, asked = results_of(tmp_path, **SIDES)
    with caplog.at_level(logging.WARNING):
        summary.write(out, gathered(out, asked, *blocks), {"age": np.array([1, 2, 3])})
    outcome = "\n".join(record.getMessage() for record in caplog.records)
    assert "pair: no AU06, odd in a, c; NaN there" in outcome
    assert "pair: no AU04 in b; NaN there" in outcome
    with bx.open_netcdf(out / "summary.nc") as found:
        assert found["pair"].values.tolist() == ["AU04", "AU12", "AU06", "odd"]
        assert found["region"].values.tolist() == ["brow", "mouth", "eye", ""]
        assert found["recording"].values.tolist() == ["a", "b", "c"]
        assert np.isnan(found["n_windows"].sel(recording="a", pair="odd"))
        assert np.isnan(found["corr_mean"].sel(recording="b", pair="AU04"))
        assert found["corr_mean"].attrs["units"] == "1"
        for name in SIDES:
            with bx.open_netcdf(out / "imitation" / "recordings" / f"{name}.nc") as one:
                for pair in one["signal1"].values:
                    expected = one["corr_mean"].sel(signal1=pair, signal2=pair).item()
                    assert found["corr_mean"].sel(recording=name, pair=pair).item() == expected
        csv = pd.read_csv(out / "summary.csv")
        assert csv.columns[:3].tolist() == ["recording", "age", "pair"]
        wide = csv.pivot(index="recording", columns="pair", values="corr_std")[found["pair"].values.tolist()]
        np.testing.assert_array_equal(wide, found["corr_std"])


def test_a_summary_is_the_same_in_small_chunks(tmp_path, monkeypatch):
    out, asked = results_of(tmp_path, **SIDES)
    files = gathered(out, asked, "ab", "c", only_matched=False)
    summary.write(out, files, {})
    with bx.open_netcdf(out / "summary.nc") as found:
        held = found.load()
    table = (out / "summary.csv").read_bytes()
    monkeypatch.setattr(summary, "CHUNK_BYTES", 1)
    monkeypatch.setattr(summary, "MAX_TABLE_ROWS", 20)
    summary.write(out, files, {})
    with bx.open_netcdf(out / "summary.nc") as found:
        assert found.identical(held)
        assert found.sizes == {"recording": 3, "signal1": 4, "signal2": 4}
    assert (out / "summary.csv").read_bytes() == table


def test_one_block_is_in_memory_at_a_time(tmp_path, monkeypatch):
    labels = [f"s{k}" for k in range(79)]
    rng = np.random.default_rng(0)
    values = {name: rng.normal(size=(16, 79, 79)) for name in "ab"}
    (tmp_path / "block").write_bytes(pickle.dumps(values))
    described = {key: {"dims": ("recording", "signal1", "signal2"), "attrs": {"units": "1"}} for key in "ab"}
    coords = {"recording": [f"r{k}" for k in range(16)], "signal1": labels, "signal2": labels}
    header = xr.Dataset(coords=coords, attrs={"variables": described, "common": {}})
    monkeypatch.setattr(summary, "_write_rows", lambda *_, **__: None)
    many = [Gathered(tmp_path / "block", header, {}, {})] * 20
    tracemalloc.start()
    summary.write(tmp_path, many, {"age": np.arange(320)})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    with bx.open_netcdf(tmp_path / "summary.nc") as found:
        assert found.nbytes > 3e7
        np.testing.assert_array_equal(found["b"][304:], values["b"])
    assert peak < 12 * summary.CHUNK_BYTES  # 32 MB in all


def test_only_the_recording_without_matched_pairs_is_refused(tmp_path):
    out, asked = results_of(tmp_path, **SIDES, d=(["AU04"], ["AU12"]))
    found = gathered(out, asked, "ad", "d")
    assert [*found[0].layouts.values()] == [["a"]]
    assert "expected signals of the same name" in found[0].refused["d"]
    assert found[1].layouts == {}
    assert not found[1].file.exists()


def test_a_result_of_another_run_is_refused(tmp_path):
    out, _ = results_of(tmp_path, a=SIDES["a"])
    found = gathered(out, plan_of("imitation").described(), "a")
    assert "was written by another run meanwhile" in found[0].refused["a"]


def test_a_covariate_with_the_name_of_a_result_is_refused(tmp_path):
    out, asked = results_of(tmp_path, a=SIDES["a"])
    with pytest.raises(ValueError, match="expected other column names than those of the results, got region"):
        summary.write(out, gathered(out, asked, "a"), {"region": np.array(["x"])})
