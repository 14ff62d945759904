"""Cohorts on real dask workers: a scheduler and two worker processes, some of which are killed."""

import logging
import os
import re
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

from random_recordings import random_walk

NAMES = ["AU04", "AU06", "AU12"]
WINDOWS = {"width": 1.0, "step": 0.5}


recording = partial(random_walk, names=NAMES)


@pytest.fixture
def study(tmp_path):
    """A manifest of six pairs of recordings, and its folder."""
    rows = []
    for k in range(6):
        bx.to_netcdf(recording(k, 600 + 60 * k), tmp_path / f"x{k}.nc")
        bx.to_netcdf(recording(50 + k, 660), tmp_path / f"y{k}.nc")
        rows.append({"recording": f"00{k}", "signals": f"x{k}.nc", "reference": f"y{k}.nc", "group": "ab"[k % 2],
                     "age": 20 + k})  # fmt: skip
    pd.DataFrame(rows).to_csv(tmp_path / "study.csv", index=False)
    return tmp_path


def run(study, cluster, out="out", manifest=None, **options):
    asked = {"measure": "imitation", **WINDOWS, **options}
    return cohort.run(manifest if manifest is not None else study / "study.csv", study / out, client=cluster,
                      progress=False, **asked)  # fmt: skip


def results_of(folder):
    return {
        file.name: (file.stat().st_mtime_ns, file.read_bytes())
        for file in (folder / "imitation" / "recordings").iterdir()
    }


def changed(before, after):
    return {name for name in after if after[name][0] != before[name][0]}


# --- results


@pytest.mark.filterwarnings("ignore:.*expected x and y of one length")
def test_each_recording_equals_the_measure(study, cluster):
    done = run(study, cluster, keep_windows=True, max_lag=0.2, causal=False)
    assert list(done.recordings) == list(done.windows) == [f"00{k}" for k in range(6)]
    for k, name in enumerate(done.recordings):
        x, y = (bx.open_signals(study / f"{side}{k}.nc") for side in "xy")
        expected = bx.imitation(x, y, **WINDOWS, max_lag=0.2, causal=False)
        with done.recordings[name] as one, done.windows[name] as whole:
            assert whole["corr"].identical(expected["corr"])
            assert one["corr_mean"].identical(bx.window_stats(expected)["corr_mean"])
        with done.summary as summary:
            found = summary["corr_mean"].sel(recording=name)
            np.testing.assert_array_equal(found, np.diag(bx.window_stats(expected)["corr_mean"]))
            assert found["group"].item() == "ab"[k % 2]
            assert found["age"].item() == 20 + k
            assert summary.attrs["width"] == 1
            assert "source1" not in summary.attrs
    assert done.status[["state", "retries"]].drop_duplicates().values.tolist() == [["done", 0]]
    unequal = [abs((600 + 60 * k) - 660) > 0.05 * max(600 + 60 * k, 660) for k in range(6)]
    assert done.status["message"].str.contains("is left out").tolist() == unequal
    assert (done.status["seconds"] > 0).all()
    assert repr(done) == f"<Cohort {str(study / 'out')!r} (imitation): 6 recordings done (5 with a warning), 0 failed>"
    with pytest.raises(KeyError, match="expected one of the recordings that are done"):
        done.recordings["x"]


def test_all_pairs(study, cluster):
    done = run(study, cluster, pairs="all")
    assert done.summary["corr_mean"].dims == ("recording", "signal1", "signal2")
    with done.recordings["003"] as one:
        np.testing.assert_array_equal(done.summary["corr_std"].sel(recording="003"), one["corr_std"])
    before = results_of(study / "out")
    assert run(study, cluster).summary["corr_mean"].dims == ("recording", "pair")
    assert changed(before, results_of(study / "out")) == set()


@pytest.mark.parametrize(
    ("measure", "options", "variable", "dims"),
    [
        ("coordination", {"pairs": "all", "width": 1, "fps": None}, "corr_mean", ("signal1", "signal2")),
        ("expressivity", {"scales": np.array([0.5, 1])}, "expressivity", ("scale", "metric", "coefficient")),
        ("diversity", {"scales": 3, "magnitude": False}, "frame_wise", ("scale",)),
    ],
)
def test_other_measures(study, cluster, measure, options, variable, dims):
    manifest = pd.read_csv(study / "study.csv", dtype=str).drop(columns="reference")
    manifest["signals"] = [str(study / name) for name in manifest["signals"]]
    done = cohort.run(manifest, study / "out", measure=measure, client=cluster, progress=False, **options)
    options.pop("pairs", None)
    expected = getattr(bx, measure, None) or getattr(bx.expressions, measure)
    for k in (0, 5):
        one = expected(bx.open_signals(study / f"x{k}.nc"), **options)
        one = bx.window_stats(one) if "corr" in one else one
        found = done.summary[variable].isel(recording=k)
        assert found.dims == dims
        np.testing.assert_array_equal(found, one[variable])
    table = pd.read_csv(study / "out" / measure / "summary.csv", dtype=str)  # pandas 2 rounds some numbers on reading
    assert len(table) == done.summary[variable].size
    np.testing.assert_array_equal(table[variable].astype(float), done.summary[variable].values.ravel())


def test_one_bad_recording_is_one_failed_row(study, cluster):
    (study / "x1.nc").write_bytes(b"\x89HDF broken")
    (study / "y2.nc").unlink()
    bx.to_netcdf(recording(0, frames=12), study / "x3.nc")
    (study / "y4.nc").write_bytes(b"")
    done = run(study, cluster)
    assert done.status["state"].tolist() == ["done", "failed", "failed", "failed", "failed", "done"]
    messages = dict(zip(done.status["recording"], done.status["message"], strict=True))
    assert "x1.nc: expected a NetCDF file, got a file of another format" in messages["001"]
    assert "y2.nc: there is no such file" in messages["002"]
    assert "for a window and its lags, got 12 frames" in messages["003"]
    assert "y4.nc: expected a table, got an empty file" in messages["004"]
    assert done.summary["recording"].values.tolist() == ["000", "005"]
    assert done.summary["age"].values.tolist() == [20, 25]
    assert "2 recordings done (2 with a warning), 4 failed (001, 002, 003, 004)" in done._repr_html_()
    before = of_each_file(study / "out")
    bx.to_netcdf(recording(1), study / "x1.nc")
    again = run(study, cluster)
    assert again.summary["recording"].values.tolist() == ["000", "001", "005"]
    after = of_each_file(study / "out")
    assert {name for name in after if after[name] != before.get(name)} == {"001.nc"}


def of_each_file(out):
    return {
        file.name: file.stat().st_mtime_ns for file in (out / "imitation" / "recordings").iterdir() if file.is_file()
    }


def test_without_a_done_recording_the_old_summary_is_deleted(study, cluster):
    run(study, cluster)
    done = run(study, cluster, width=1000)
    assert (done.status["state"] == "failed").all()
    assert not (study / "out" / "imitation" / "summary.csv").exists()
    with pytest.raises(FileNotFoundError, match="no recording is done"):
        _ = done.summary


def test_only_changed_recordings_are_measured_again(study, cluster):
    done = run(study, cluster)
    before, seconds = results_of(study / "out"), done.status["seconds"].tolist()
    assert run(study, cluster, step=0.5).status["seconds"].tolist() == seconds
    assert changed(before, results_of(study / "out")) == set()

    (study / "out" / "imitation" / "recordings" / "002.nc").unlink()
    bx.to_netcdf(recording(99), study / "y4.nc")
    run(study, cluster)
    after = results_of(study / "out")
    assert set(after) == set(before)
    assert changed({**before, "002.nc": (0, b"")}, after) == {"002.nc", "004.nc"}
    assert after["002.nc"][1] == before["002.nc"][1]
    assert after["004.nc"][1] != before["004.nc"][1]

    manifest = (study / "study.csv").read_text()
    (study / "study.csv").write_text(manifest.replace(",a,", ",kids,").replace("005,", "five,"))
    done = run(study, cluster)
    assert changed(after | {"five.nc": (0, b"")}, results_of(study / "out")) == {"five.nc"}
    assert done.summary["group"].values.tolist() == ["kids", "b"] * 3
    assert done.summary["recording"].values[-1] == "five"

    run(study, cluster, width=2)
    assert len(changed(after | {"five.nc": (0, b"")}, results_of(study / "out"))) == 6


def test_missing_labels_are_logged(study, cluster, caplog):
    bx.to_netcdf(recording(1, names=["AU12", "AU45"]), study / "x1.nc")
    bx.to_netcdf(recording(2, names=["AU12", "AU45"]), study / "y1.nc")
    with caplog.at_level(logging.WARNING, logger="bitbox_xr"):
        done = run(study, cluster)
    assert "pair: no AU04, AU06 in 001; NaN there" in caplog.text
    assert "pair: no AU45 in 000, 002, 003, 004, 005; NaN there" in caplog.text
    assert done.summary["pair"].values.tolist() == ["AU04", "AU06", "AU12", "AU45"]
    absent = done.summary["corr_mean"].isnull()
    assert absent.sum().item() == 2 + 5
    assert absent.sel(recording="001").values.tolist() == [True, True, False, False]


def test_progress_is_one_bar_that_counts_failures(study, cluster, capsys):
    (study / "x1.nc").unlink()
    cohort.run(study / "study.csv", study / "out", measure="imitation", client=cluster, progress=True, **WINDOWS)
    output = capsys.readouterr().err
    assert "dask's dashboard: http" in output
    assert "6/6" in output
    assert "failed=1" in output


def test_a_second_run_is_refused(study, cluster):
    from bitbox_xr.cohort.storage import held

    with held(study / "out"), pytest.raises(BlockingIOError, match="another run is writing here"):
        run(study, cluster)


def test_an_unreachable_scheduler_is_an_error(study):
    import dask

    with (
        dask.config.set({"distributed.comm.timeouts.connect": "1s"}),
        pytest.raises(ConnectionError, match="expected a dask scheduler at tcp:..127.0.0.1:1, got no answer"),
    ):
        run(study, "tcp://127.0.0.1:1")
    with pytest.raises(TypeError, match=r"a synchronous distributed.Client or a scheduler's address, got 8786"):
        run(study, 8786)


# --- killed workers, tasks and runs


@pytest.mark.slow
def test_a_task_whose_worker_was_killed_is_retried_and_counted(study, cluster, wait_for):
    """Another worker measures the recording of a dead worker, and its row counts the death."""
    long = recording(0, frames=27_000, names=[f"s{k}" for k in range(10)])
    bx.to_netcdf(long, study / "x0.nc")
    bx.to_netcdf(long * 2, study / "y0.nc")
    pids, killed = cluster.run(os.getpid), []

    def killing():
        for address, calls in cluster.call_stack().items():
            if "engine.py" in str(calls) and not killed:  # in the measure itself
                os.kill(pids[address], signal.SIGKILL)
                killed.append(address)
        return killed

    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        slow = {"measure": "coordination", "width": 4, "step": 0.2, "max_lag": 1.5}
        manifest = pd.DataFrame(
            {"recording": ["a"], "signals": [str(study / "x0.nc")], "reference": [str(study / "y0.nc")]}
        )
        running = pool.submit(run, study, cluster, manifest=manifest, **slow)
        wait_for(killing, 60)
        done = running.result(120)
    assert done.status[["state", "retries"]].values.tolist() == [["done", 1]]
    cluster.wait_for_workers(2, timeout=30)
    assert run(study, cluster, manifest=manifest, **slow).status["retries"].tolist() == [1]


@pytest.mark.slow
def test_a_task_that_kills_its_workers_is_a_failed_row(study, cluster, monkeypatch):
    from bitbox_xr.cohort import runner

    def dying(asked, job, work=runner.work):
        return os._exit(1) if job.recording == "001" else work(asked, job)

    monkeypatch.setattr(runner, "work", dying)
    done = run(study, cluster)
    status = done.status.set_index("recording")
    assert status["state"].drop("001").eq("done").all()
    assert status.loc["001", ["state", "retries"]].tolist() == ["failed", 8]
    assert status.loc["001", "message"].startswith("8 workers died one after another during this task")
    assert done.summary["recording"].values.tolist() == ["000", "002", "003", "004", "005"]
    cluster.wait_for_workers(2, timeout=30)


def command(study, out, *more):
    return ["bitbox_xr", "cohort", study / "study.csv", "--measure", "imitation", "--out", study / out, "--width", 1,
            "--step", 0.5, "--no-progress", *more]  # fmt: skip


@pytest.mark.slow
def test_a_run_killed_at_any_moment_and_run_again_gives_the_same_results(study, cluster, process, wait_for):
    """Killed after the first result, between results, and during the summary; then run to the end."""
    run(study, cluster, "undisturbed")
    out, address = study / "out", cluster.scheduler.address
    moments = [
        lambda: len([*out.glob("imitation/recordings/*.nc")]) >= 1,
        lambda: len([*out.glob("imitation/recordings/*.nc")]) >= 4,
        lambda: any(out.glob(".bitbox_xr/run-*/*block*")) or any(out.glob("imitation/summary.*")),
    ]
    for moment in moments:
        with process(*command(study, "out", "--scheduler", address), stderr=subprocess.DEVNULL) as runner:
            wait_for(lambda m=moment, r=runner: m() or r.poll() is not None, 60)
    run(study, cluster)
    undisturbed = study / "undisturbed" / "imitation"
    for name in ("summary.nc", "summary.csv"):
        assert (out / "imitation" / name).read_bytes() == (undisturbed / name).read_bytes()
    for file in (undisturbed / "recordings").iterdir():
        assert (out / "imitation" / "recordings" / file.name).read_bytes() == file.read_bytes()
    assert not [*out.rglob("*.part"), *out.rglob("run-*")]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="children are listed by /proc")
def test_workers_end_when_their_run_is_killed(study, process, wait_for):
    with process(*command(study, "out", "--workers", 1), stderr=subprocess.DEVNULL) as runner:
        wait_for(lambda: any((study / "out").glob("imitation/recordings/*.nc")), 60)
        children = [int(pid) for pid in children_of(runner.pid)]
        os.kill(runner.pid, signal.SIGKILL)
        runner.wait(10)
        assert children
        wait_for(lambda: not any(alive(pid) for pid in children), 20)


def children_of(pid):
    return [child for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]


def alive(pid):
    try:
        return not re.search(r"\) Z", Path(f"/proc/{pid}/stat").read_text())
    except FileNotFoundError:
        return False


# --- processes of this machine


@pytest.mark.slow
def test_a_script_without_a_guard_runs_once(study):
    """Processes that import the program again would start its cohort again."""
    script = study / "script.py"
    script.write_text(
        "import bitbox_xr.cohort\n"
        "done = bitbox_xr.cohort.run('study.csv', 'out', measure='imitation', workers=2, width=1.0, step=0.5)\n"
        "print(done, __file__)\n"
    )
    completed = subprocess.run([sys.executable, "script.py"], cwd=study, capture_output=True, text=True, timeout=90)
    assert completed.returncode == 0, completed.stderr
    assert completed.stdout.count("6 recordings done (5 with a warning), 0 failed") == 1
    assert "script.py" in completed.stdout
