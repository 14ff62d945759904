"""Inputs that change while they are read fail their recording; no result has the hash of other content."""

import json
import os
import shutil
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bitbox_xr as bx
from bitbox_xr import cohort
from bitbox_xr.cohort import fingerprint, inputs, partners, worker
from bitbox_xr.cohort.manifest import Recording
from bitbox_xr.io.readers import dispatch
from bitbox_xr.io.readers.formats import three_di

from cohort_plans import job_of, study_of
from random_recordings import random_walk

CHANGED = "expected a file that stays unchanged, got one that changed while it was read; run again"
PAST = time.time() - 3600


recording = partial(random_walk, frames=240)


def written(path, seed, frames=240):
    """A recording in a NetCDF, CSV or 3DI file, last changed an hour ago."""
    x = recording(seed, frames=frames)
    if path.suffix == ".nc":
        bx.to_netcdf(x, path)
    elif path.suffix == ".3DI":
        np.savetxt(path, np.random.default_rng(seed).normal(size=(frames, 79)), fmt="%.4f")
    else:
        x.to_pandas().to_csv(path)
    os.utime(path, (PAST, PAST))
    return path


@pytest.fixture
def study(tmp_path):
    (tmp_path / "out" / "imitation" / "recordings").mkdir(parents=True)
    (tmp_path / "out" / "significance" / "recordings").mkdir(parents=True)
    (tmp_path / "out" / "parts").mkdir()
    return tmp_path


def work(folder, x, y, **given):
    reader = {"time": "time"} if x.suffix == ".csv" else {}
    asked = study_of("imitation", {**given, **reader, "step": 0.5})
    return worker.work(asked, job_of("r", x, y, folder / "out", folder / "out" / "parts"))


def results(folder):
    return sorted(path.name for path in folder.glob("out/*/recordings/*"))


def renamed_over(path):
    new = written(path.with_name(f"new{path.suffix}"), seed=99)
    os.replace(new, path)


def written_in_place(path):
    content = written(path.with_name(f"new{path.suffix}"), seed=99).read_bytes()
    with path.open("r+b") as stream:
        stream.write(content)
        stream.truncate()


def written_in_place_with_the_old_time(path):
    """The same inode, size and time of modification: only the content differs."""
    status, content = path.stat(), bytearray(path.read_bytes())
    content[-5] ^= 1
    with path.open("r+b") as stream:
        stream.write(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def swapped_there_and_back(path):
    kept = path.with_name("kept")
    shutil.copy2(path, kept)
    renamed_over(path)
    path.read_bytes()
    os.replace(kept, path)


WAYS = {
    change.__name__: change
    for change in (
        renamed_over,
        written_in_place,
        written_in_place_with_the_old_time,
        swapped_there_and_back,
        Path.unlink,
    )
}


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("suffix", [".nc", ".csv"])
@pytest.mark.parametrize("way", WAYS)
def test_a_change_between_hashing_and_reading_fails_the_recording(study, monkeypatch, way, suffix, which):
    files = [written(study / f"{side}{suffix}", seed) for seed, side in enumerate("xy")]
    real = inputs._loaded

    def late(file, options):
        if file == files[which]:
            WAYS[way](file)
        return real(file, options)

    monkeypatch.setattr(inputs, "_loaded", late)
    outcome = work(study, *files)
    assert outcome.state == worker.FAILED
    assert f"{files[which].name}: {CHANGED}" in outcome.message
    assert results(study) == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("suffix", "module", "step"),
    [(".csv", dispatch, "from_lines"), (".csv", dispatch, "read_lines"), (".nc", inputs, "open_signals")],
)
def test_a_change_during_reading_fails_the_recording(study, monkeypatch, way, suffix, module, step):
    """Before or after the text of a table is read; between opening a NetCDF file and reading its numbers."""
    x, y = (written(study / f"{side}{suffix}", seed) for seed, side in enumerate("xy"))
    real, calls = getattr(module, step), []

    def changed(*args, **options):
        result = real(*args, **options)
        if not calls:
            calls.append(1)
            WAYS[way](x)
        return result

    monkeypatch.setattr(module, step, changed)
    outcome = work(study, x, y)
    assert calls
    assert outcome.state == worker.FAILED
    assert f"{x.name}: {CHANGED}" in outcome.message
    assert results(study) == []


def test_a_half_written_file_fails_the_recording(study, monkeypatch):
    """A program that writes to a file while it is read: the first half old, the second new."""
    x, y = (written(study / f"{side}.csv", seed) for seed, side in enumerate("xy"))
    other = written(study / "other.csv", 99).read_bytes()
    real = Path.read_bytes

    def read(path):
        if path != x:
            return real(path)
        with path.open("rb") as stream:
            half = stream.read(2000)
            written_over = other[: len(half)] + real(path)[len(half) :]
            path.write_bytes(written_over)
            return half + stream.read()

    monkeypatch.setattr(Path, "read_bytes", read)
    assert CHANGED in work(study, x, y).message
    assert results(study) == []


@pytest.mark.parametrize("change", ["replaced", "removed", "made"])
def test_a_changed_sidecar_fails_the_recording(study, monkeypatch, change):
    x, y = (written(study / f"{side}_expression.3DI", seed) for seed, side in enumerate("xy"))
    beside = x.with_suffix(".json")
    if change != "made":
        beside.write_text(json.dumps({"backend": "3DI"}))
        os.utime(beside, (PAST, PAST))
    real = three_di.read

    def late(path, asked):
        if path == x:
            beside.unlink() if change == "removed" else beside.write_text(json.dumps({"backend": "other"}))
        return real(path, asked)

    monkeypatch.setattr(three_di, "read", late)
    outcome = work(study, x, y)
    assert outcome.state == worker.FAILED
    assert CHANGED in outcome.message
    assert results(study) == []


def test_an_error_in_an_unchanged_file_is_reported_unchanged(study):
    x, y = written(study / "x.csv", 0), written(study / "y.csv", 1)
    x.write_text("time,AU04\n0,a\n")
    outcome = work(study, x, y)
    assert outcome.state == worker.FAILED
    assert "expected a number, got" in outcome.message
    assert "changed while" not in outcome.message


def test_changes_of_permissions_and_links_are_ignored(study, monkeypatch):
    """Permissions, a hard link, a file that was written just now: the content is hashed again and is the same."""
    x, y = written(study / "x.nc", 0), written(study / "y.nc", 1)
    os.utime(y)
    real = inputs._loaded

    def late(file, options):
        file.chmod(0o600)
        os.link(file, study / f"link_{file.name}")
        return real(file, options)

    monkeypatch.setattr(inputs, "_loaded", late)
    assert work(study, x, y).state == worker.DONE
    assert results(study) == ["r.nc"]
    assert work(study, x, y).state == worker.KEPT


def test_unchanged_files_are_hashed_once(study, monkeypatch):
    x, y = written(study / "x.nc", 0), written(study / "y.nc", 1)
    monkeypatch.setattr(fingerprint, "RECENT_NS", 0)  # they were renamed or made a moment ago
    digests, real = [], fingerprint._digest
    monkeypatch.setattr(fingerprint, "_digest", lambda file: digests.append(file.name) or real(file))
    assert work(study, x, y).state == worker.DONE
    assert digests == ["x.nc", "y.nc"]


def test_the_next_run_measures_the_new_content(study, monkeypatch):
    x, y = written(study / "x.nc", 0), written(study / "y.nc", 1)
    with monkeypatch.context() as during:
        real = inputs._loaded
        during.setattr(inputs, "_loaded", lambda *args: (renamed_over(x), real(*args))[1])
        assert work(study, x, y).state == worker.FAILED
    assert work(study, x, y).state == worker.DONE
    with bx.open_netcdf(study / "out" / "imitation" / "recordings" / "r.nc") as found:
        expected = bx.imitation(recording(99), recording(1), step=0.5, stats=True)
        np.testing.assert_allclose(found.corr_mean.values, expected.corr_mean.values, atol=1e-6)


# --- partners


@pytest.fixture
def drawn(study):
    """A recording and a partner whose content was hashed before."""
    x, y = written(study / "x.nc", 0), written(study / "y.nc", 1)
    partner = written(study / "partner.nc", 2)
    asked = study_of("significance", surrogates="partners", n=2, rng=0, of="imitation", step=0.5)
    sources = partners._read_partner(Recording("other", None, partner), asked.reading)
    found = partners.Partner("other", *sources, {}, {})
    (study / "out" / "parts" / partners.PARTNERS_FILE).write_text(json.dumps([found]))
    partners._partner_list.cache_clear()
    job = job_of("r", x, y, study / "out", study / "out" / "parts")
    return lambda: worker.work(asked, job), partner


@pytest.mark.parametrize("way", ["renamed_over", "written_in_place"])
@pytest.mark.parametrize("when", ["before", "opened", "after"])
def test_a_partner_that_changes_fails_the_recording(study, drawn, monkeypatch, when, way):
    run, partner = drawn
    if when == "before":
        WAYS[way](partner)
    elif when == "opened":
        real = partners.open_signals
        monkeypatch.setattr(partners, "open_signals", lambda *args, **kw: (real(*args, **kw), WAYS[way](partner))[0])
    else:
        measured = worker.results
        monkeypatch.setattr(worker, "results", lambda *args, **kw: (measured(*args, **kw), WAYS[way](partner))[0])
    outcome = run()
    assert outcome.state == worker.FAILED
    assert f"partner.nc: {CHANGED}" in outcome.message
    assert results(study) == []


def test_an_unchanged_partner_is_used(study, drawn):
    run, partner = drawn
    os.link(partner, study / "link.nc")
    assert run().state == worker.DONE
    assert results(study) == ["r.nc"]


def test_a_partner_is_recognised_on_another_machine(study):
    """Devices and inodes differ there: size and modification time are compared, or else the content."""
    file = written(study / "x.nc", 0)
    before = fingerprint.hashed(file)
    elsewhere = before._replace(states=[state._replace(device=1, inode=2, changed=3) for state in before.states])
    with fingerprint.unchanged([fingerprint.refreshed(elsewhere)]):
        file.read_bytes()
    os.utime(file, (PAST + 1, PAST + 1))
    with fingerprint.unchanged([fingerprint.refreshed(elsewhere)]):
        file.read_bytes()
    renamed_over(file)
    with pytest.raises(ValueError, match="changed while it was read"):
        fingerprint.refreshed(elsewhere)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=64), st.binary(max_size=64))
def test_any_change_of_content_is_detected(tmp_path_factory, before, after):
    """Within the same tick of the file system's clock, too."""
    file = tmp_path_factory.mktemp("files") / "x.csv"
    file.write_bytes(before)
    known = fingerprint.hashed(file)
    status = file.stat()
    with file.open("r+b") as stream:
        stream.write(after)
        stream.truncate()
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    if before == after:
        with fingerprint.unchanged([known]):
            pass
    else:
        with pytest.raises(ValueError, match="changed while it was read"), fingerprint.unchanged([known]):
            pass


@pytest.mark.slow
def test_the_other_recordings_are_measured(study):
    """Another program rewrites one of four recordings all the time."""
    import threading

    rows = {"recording": [], "signals": [], "reference": []}
    for k in range(4):
        rows["recording"].append(f"r{k}")
        rows["signals"].append(str(written(study / f"x{k}.nc", k)))
        rows["reference"].append(str(written(study / f"y{k}.nc", 10 + k)))
    stop, target = threading.Event(), study / "x2.nc"
    contents = [target.read_bytes(), written(study / "z.nc", 99).read_bytes()]

    def rewriting():
        k = 0
        while not stop.is_set():
            new = study / "new.nc"
            new.write_bytes(contents[k % 2])
            os.replace(new, target)
            k += 1

    writer = threading.Thread(target=rewriting)
    writer.start()
    try:
        done = cohort.run(pd.DataFrame(rows), study / "run", measure="imitation", step=0.5, workers=1, progress=False)
    finally:
        stop.set()
        writer.join()
    states = done.status.set_index("recording")
    assert states.state.to_dict() == {"r0": "done", "r1": "done", "r2": "failed", "r3": "done"}
    assert "changed while it was read; run again" in states.message["r2"]
    assert done.summary.recording.values.tolist() == ["r0", "r1", "r3"]
