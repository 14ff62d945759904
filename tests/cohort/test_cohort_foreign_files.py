"""Foreign files: a cohort replaces and deletes only files that a cohort wrote."""

import json
import os
import shutil

import numpy as np
import pandas as pd
import pytest

import bitbox_xr as bx
from bitbox_xr import cohort
from bitbox_xr.cohort import runner, worker

HIDDEN = ".bitbox_xr"
NAMES = ["000", "001", "002"]


def signals(seed, frames=300):
    rng = np.random.default_rng(seed)
    values = np.cumsum(rng.normal(size=(frames, 2)), axis=0)
    return bx.signals(values, fps=30, names=["AU04", "AU12"])


def write(file, text):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def study(tmp_path):
    """A manifest of three pairs of recordings, and its folder."""
    rows = []
    for k, name in enumerate(NAMES):
        bx.to_netcdf(signals(k), tmp_path / f"x{k}.nc")
        bx.to_netcdf(signals(50 + k), tmp_path / f"y{k}.nc")
        rows.append({"recording": name, "signals": f"x{k}.nc", "reference": f"y{k}.nc"})
    pd.DataFrame(rows).to_csv(tmp_path / "study.csv", index=False)
    return tmp_path


@pytest.fixture
def run(study, client):
    def call(manifest="study.csv", out="out", **options):
        table = manifest if isinstance(manifest, pd.DataFrame) else study / manifest
        asked = {"measure": "imitation", "width": 1.0, "step": 0.5, **options}
        return cohort.run(table, study / out, client=client, progress=False, **asked)

    return call


def refused(run, *arguments, **options):
    with pytest.raises(ValueError) as error:
        run(*arguments, **options)
    return str(error.value)


def tree(root):
    """Content of all files and targets of all links in a folder."""
    found = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        found[name] = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
    return found


def outside(found):
    return {name: content for name, content in found.items() if not name.startswith(HIDDEN)}


# --- foreign files at paths of results


def link_to(file, place):
    write(file.with_name(f"{file.name}.elsewhere"), "mine")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(file.with_name(f"{file.name}.elsewhere"))


FOREIGN = {
    "a result": (
        lambda out: write(out / "imitation/recordings/000.nc", "mine"),
        "imitation/recordings/000.nc, which no run wrote",
    ),
    "imitation/windows": (
        lambda out: write(out / "imitation/windows/001.nc", "mine"),
        "imitation/windows/001.nc, which no run wrote",
    ),
    "a summary": (lambda out: write(out / "imitation/summary.nc", "mine"), "imitation/summary.nc, which no run wrote"),
    "a table": (lambda out: write(out / "imitation/summary.csv", ""), "imitation/summary.csv, which no run wrote"),
    "a status": (lambda out: write(out / "status.csv", "mine"), "status.csv, which no run wrote"),
    "a folder": (lambda out: write(out / "imitation/summary.csv/mine", "mine"), "imitation/summary.csv, a folder"),
    "a pipe": (lambda out: (out.mkdir(), os.mkfifo(out / "status.csv")), "status.csv, neither a file nor a folder"),
    "a link": (
        lambda out: link_to(out.parent / "a", out / "imitation/recordings/002.nc"),
        "imitation/recordings/002.nc, a symbolic link",
    ),
    "a dead link": (
        lambda out: ((out / "imitation").mkdir(parents=True), (out / "imitation/summary.nc").symlink_to("no")),
        "imitation/summary.nc, a symbolic link",
    ),
    "imitation/recordings": (
        lambda out: write(out / "imitation/recordings", "mine"),
        "got imitation/recordings, a file",
    ),
    "windows as a link": (
        lambda out: link_to(out.parent / "a", out / "imitation/windows"),
        "got imitation/windows, a symbolic link",
    ),
    "a hidden file": (lambda out: write(out / HIDDEN, "mine"), f"expected {HIDDEN} to be a folder that a run made"),
    "a hidden folder": (
        lambda out: write(out / HIDDEN / "lock", "mine"),
        f"expected {HIDDEN} to be a folder that this",
    ),
    "another version": (
        lambda out: write(out / HIDDEN / "format", "bitbox_xr results, format 2\n"),
        "got another; name",
    ),
    "a hidden link": (lambda out: link_to(out.parent / "a", out / HIDDEN), f"expected {HIDDEN} to be a folder"),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_a_foreign_file_is_refused_and_nothing_is_written(study, run, case):
    make, phrase = FOREIGN[case]
    make(study / "out")
    before = tree(study)
    message = refused(run, keep_windows=True)
    assert phrase in message
    assert message.startswith("cohort: 1 fault; nothing was written\n  - expected ")
    assert "name another folder for the results" in message
    assert tree(study) == before


def test_all_reasons_are_in_one_message(study, run):
    for name in ("imitation/recordings/000.nc", "imitation/windows/001.nc", "imitation/summary.nc", "status.csv"):
        write(study / "out" / name, "mine")
    write(study / "out" / HIDDEN, "mine")
    manifest = pd.read_csv(study / "study.csv", dtype=str)
    for column in ("signals", "reference"):
        manifest[column] = [str(study / name) for name in manifest[column]]
    manifest.to_csv(study / "out" / "imitation/summary.csv", index=False)
    before = tree(study)
    message = refused(run, "out/imitation/summary.csv")
    assert message.startswith("cohort: 6 faults; nothing was written")
    for phrase in (
        "got the manifest",
        "is imitation/summary.csv of",
        f"expected {HIDDEN}",
        "imitation/recordings/000.nc, which no run wrote",
        "imitation/windows/001.nc, which",
        "got imitation/summary.nc, which",
        "got status.csv, which",
    ):
        assert message.count(phrase) == 1, phrase
    assert tree(study) == before


def test_only_the_first_of_many_reasons_are_listed(study, run):
    for k in range(40):
        write(study / "out" / "imitation/recordings" / f"{k}.nc", "mine")
    manifest = pd.DataFrame({"recording": map(str, range(40)), "signals": "a.nc", "reference": "b.nc"})
    lines = refused(run, manifest).splitlines()
    assert lines[0] == "cohort: 40 faults; nothing was written"
    assert len(lines) == 12
    assert lines[-1] == "  - and 30 more"


OTHER_FILES = [
    ".lock", "lock", "seed.txt", "format", "record.jsonl", "film.mkv.part", "summary.nc.part/half.nc",
    "xyz.part/b.nc", "run-0123456789abcdef/film.nc", "imitation/recordings/film.mkv.part",
    "imitation/recordings/notes.txt", "imitation/recordings/other.nc", "imitation/recordings/000.json",
    "imitation/windows/other.nc", "imitation/windows/000.nc.part/film.nc", "summary.csv~",
    "imitation/recordings/deep/000.nc",
]  # fmt: skip


def test_other_files_in_the_folder_stay_unchanged(study, run):
    """In a new folder, with other options, with and without windows, and if all recordings fail."""
    for name in OTHER_FILES:
        write(study / "out" / name, f"mine: {name}")
    before = tree(study)
    for options in ({}, {"keep_windows": True}, {"width": 2.0}, {"width": 1000.0}):
        run(**options)
        after = tree(study)
        assert {name: after.get(name) for name in before} == before, options
    assert not (study / "out" / "imitation/summary.csv").exists()
    assert not (study / "out" / "imitation/windows" / "000.nc").exists()
    assert not [*(study / "out" / HIDDEN).glob("run-*")]


# --- inputs


def moved(study, where, column="signals"):
    """The study with its files of one column at `where`, a path with the number of the recording."""
    table = pd.read_csv(study / "study.csv", dtype=str)
    for k, name in enumerate(table[column]):
        place = study / where.format(k)
        place.parent.mkdir(parents=True, exist_ok=True)
        (study / name).rename(place)
        table.loc[k, column] = where.format(k)
    table.to_csv(study / "study.csv", index=False)


@pytest.mark.parametrize("column", ["signals", "reference"])
@pytest.mark.parametrize("inside", ["imitation/recordings", "imitation/windows"])
def test_inputs_at_paths_of_results_are_refused(study, run, column, inside):
    moved(study, f"{inside}/00{{}}.nc", column)
    before = tree(study)
    message = refused(run, out=".")
    assert message.startswith("cohort: 3 faults; nothing was written")
    for k, name in enumerate(NAMES):
        file = study / inside / f"00{k}.nc"
        assert f"{column} of {name} ({file}), which is {inside}/{name}.nc of {study / '.'}; name another" in message
    assert tree(study) == before


def test_inputs_among_targets_of_other_recordings_and_missing_ones(study, run):
    moved(study, "out/imitation/recordings/{}.nc")
    table = pd.read_csv(study / "study.csv", dtype=str).assign(recording=["1", "2", "3"])
    (study / "out" / "imitation/recordings" / "1.nc").unlink()
    table.to_csv(study / "study.csv", index=False)
    message = refused(run)
    assert "signals of 2 (" in message
    assert "which is imitation/recordings/1.nc" in message
    assert "which is imitation/recordings/2.nc" in message
    assert message.startswith("cohort: 2 faults")


@pytest.mark.parametrize("name", ["x" * 300 + "_expression.3DI", "absent/x.nc", "loop"])
def test_an_impossible_path_fails_only_its_recording(study, run, name):
    (study / "loop").symlink_to("loop")
    table = pd.read_csv(study / "study.csv", dtype=str)
    for column in ("signals", "reference"):
        table[column] = [str(study / file) for file in table[column]]
    table.loc[1, "signals"] = str(study / name)
    assert run(table).status["state"].tolist() == ["done", "failed", "done"]


def hard_link(source, place):
    os.link(source, place)


def soft_link(source, place):
    place.symlink_to(source)


@pytest.mark.parametrize("link", [hard_link, soft_link])
def test_an_input_linked_to_a_result_is_refused(study, run, link):
    """Also if a run wrote the result: it would replace what the manifest names."""
    run()
    (study / "x1.nc").unlink()
    link(study / "out" / "imitation/recordings" / "000.nc", study / "x1.nc")
    before = tree(study)
    assert f"signals of 001 ({study / 'x1.nc'}), which is imitation/recordings/000.nc of" in refused(run, width=2.0)
    assert outside(tree(study)) == outside(before)


@pytest.mark.parametrize("link", [hard_link, soft_link])
def test_a_result_linked_to_an_input_is_refused(study, run, link):
    (study / "out" / "imitation/recordings").mkdir(parents=True)
    link(study / "x2.nc", study / "out" / "imitation/recordings" / "000.nc")
    before = tree(study)
    assert "imitation/recordings/000.nc" in refused(run)
    assert tree(study) == before


def test_an_input_through_a_linked_folder_is_refused(study, run):
    """The folder has another name, for example on an automounted disk."""
    moved(study, "real/imitation/recordings/00{}.nc")
    (study / "alias").symlink_to(study / "real")
    before = tree(study)
    assert refused(run, out="alias").startswith("cohort: 3 faults")
    assert refused(run, out="real/../alias/.").startswith("cohort: 3 faults")
    assert tree(study) == before


@pytest.mark.parametrize(
    "name", ["imitation/summary.csv", "status.csv", "imitation/recordings/000.nc", f"{HIDDEN}/study.csv"]
)
def test_a_manifest_at_the_path_of_a_result_is_refused(study, run, name):
    moved(study, str(study / "raw{}.nc"))
    moved(study, str(study / "other{}.nc"), "reference")
    (study / name).parent.mkdir(parents=True, exist_ok=True)
    (study / "study.csv").rename(study / name)
    before = tree(study)
    message = refused(run, name, out=".")
    assert f"got the manifest ({study / name}), which is {name.partition('/study')[0]} of" in message
    assert tree(study) == before


def test_a_sidecar_is_an_input(study, run):
    np.savetxt(study / "a_expression.3DI", np.random.default_rng(0).normal(size=(300, 79)))
    write(study / "a_expression.json", json.dumps({"backend": "3DI"}))
    (study / "out" / "diversity").mkdir(parents=True)
    os.link(study / "a_expression.json", study / "out" / "diversity/summary.csv")
    before = tree(study)
    manifest = pd.DataFrame({"recording": ["a"], "signals": [str(study / "a_expression.3DI")]})
    with pytest.raises(ValueError) as error:
        cohort.run(manifest, study / "out", measure="diversity", progress=False)
    assert f"signals of a ({study / 'a_expression.json'}), which is diversity/summary.csv of" in str(error.value)
    assert tree(study) == before


# --- results that were changed


def edited(file):
    file.write_text(file.read_text().replace("recording", "subject", 1), encoding="utf-8")


def of_equal_size(file):
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)


def cut(file):
    file.write_bytes(file.read_bytes()[:-1])


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("imitation/summary.csv", edited),
        ("status.csv", edited),
        ("imitation/summary.nc", of_equal_size),
        ("imitation/recordings/001.nc", of_equal_size),
        ("imitation/windows/002.nc", cut),
    ],
)
def test_a_changed_result_is_refused_until_it_is_moved_away(study, run, name, change):
    run(keep_windows=True)
    undisturbed = outside(tree(study / "out"))
    change(study / "out" / name)
    mine = (study / "out" / name).read_bytes()
    before = tree(study)
    message = refused(run, keep_windows=True)
    assert message == (
        "cohort: 1 fault; nothing was written\n  - expected no file but those that a run wrote, got "
        f"{name}, which was changed since a run wrote it; move it away, or name another folder for the results"
    )
    assert tree(study) == before
    (study / "out" / name).rename(study / "mine")
    run(keep_windows=True)
    assert (study / "mine").read_bytes() == mine
    if name != "status.csv":  # it has durations, which differ
        assert (study / "out" / name).read_bytes() == undisturbed[name]


def test_a_result_that_was_copied_from_elsewhere_is_refused(study, run):
    run()
    run(out="other", width=2.0)
    shutil.copy(study / "other" / "imitation/recordings" / "000.nc", study / "out" / "imitation/recordings" / "000.nc")
    assert "imitation/recordings/000.nc, which was changed" in refused(run)


def test_results_moved_away_and_back_are_still_in_the_record(study, run):
    run()
    (study / "out" / "imitation/recordings").rename(study / "away")
    run(width=2.0)
    shutil.rmtree(study / "out" / "imitation/recordings")
    (study / "away").rename(study / "out" / "imitation/recordings")
    before = tree(study / "out" / "imitation/recordings")
    assert run().status["state"].tolist() == ["done"] * 3
    assert tree(study / "out" / "imitation/recordings") == before


def test_a_folder_of_0_1_0_is_refused(study, run):
    run()
    shutil.rmtree(study / "out" / HIDDEN)
    write(study / "out" / ".lock", "")
    write(study / "out" / "status.csv", "recording,state,message,seconds,retries\n000,done,,1.0,0\n")
    before = tree(study)
    message = refused(run)
    assert "expected results of this version of bitbox_xr in" in message
    assert "got results of 0.1.0, which was not released; name another folder for the results" in message
    assert message.startswith("cohort: 1 fault")
    assert tree(study) == before


# --- foreign files that appear during a run


def dropping(monkeypatch, module, name, drop):
    """Make a foreign file appear just before a function returns."""
    call = getattr(module, name)

    def and_drop(*arguments, **options):
        result = call(*arguments, **options)
        drop()
        return result

    monkeypatch.setattr(module, name, and_drop)


@pytest.mark.parametrize("inside", ["imitation/recordings", "imitation/windows"])
def test_a_foreign_file_during_a_run_fails_only_its_recording(study, run, monkeypatch, inside):
    place = study / "out" / inside / "001.nc"
    dropping(monkeypatch, worker, "results", lambda: write(place, "mine"))
    done = run(keep_windows=True)
    status = done.status.set_index("recording")
    assert status["state"].to_dict() == {"000": "done", "001": "failed", "002": "done"}
    assert status["message"]["001"].startswith(f"expected no file but those that a run wrote, got {inside}/001.nc, ")
    assert place.read_text() == "mine"
    assert done.summary["recording"].values.tolist() == ["000", "002"]


@pytest.mark.parametrize("put", [write, lambda place, text: (place.unlink(), place.symlink_to("elsewhere"))])
def test_a_result_changed_during_a_run_fails_only_its_recording(study, run, monkeypatch, put):
    run()
    place = study / "out" / "imitation/recordings" / "001.nc"
    changed = iter([True])
    dropping(monkeypatch, worker, "results", lambda: next(changed, False) and put(place, "mine"))
    assert run(width=2.0).status["state"].tolist() == ["done", "failed", "done"]
    assert os.readlink(place) == "elsewhere" if place.is_symlink() else place.read_text() == "mine"


def test_foreign_windows_during_a_run_are_not_deleted(study, run, monkeypatch):
    place = study / "out" / "imitation/windows" / "001.nc"
    dropping(monkeypatch, worker, "results", lambda: write(place, "mine"))
    assert run().status["state"].tolist() == ["done", "failed", "done"]
    assert place.read_text() == "mine"


@pytest.mark.parametrize("name", ["imitation/summary.nc", "imitation/summary.csv"])
def test_a_foreign_summary_during_a_run_is_not_replaced(study, run, monkeypatch, name):
    run(width=2.0)
    nc = (study / "out" / "imitation/summary.nc").read_bytes()
    dropping(monkeypatch, worker, "results", lambda: write(study / "out" / name, "mine"))
    with pytest.raises(FileExistsError, match=f"got {name}, which no run wrote, or which was changed since; move it"):
        run()
    assert (study / "out" / name).read_text() == "mine"
    assert (study / "out" / "imitation/summary.nc").read_bytes() == (b"mine" if name == "imitation/summary.nc" else nc)
    assert cohort.open(study / "out").status["state"].tolist() == ["done"] * 3


def test_a_foreign_summary_is_not_deleted(study, run, monkeypatch):
    run()
    dropping(monkeypatch, runner, "gather_blocks", lambda: write(study / "out" / "imitation/summary.csv", "mine"))
    with pytest.raises(FileExistsError, match="got imitation/summary.csv"):
        run(width=1000.0)
    assert (study / "out" / "imitation/summary.csv").read_text() == "mine"


def test_a_foreign_status_during_a_run_is_not_replaced(study, run, monkeypatch):
    monkeypatch.setattr(runner, "STATUS_INTERVAL_S", 0.0)
    dropping(monkeypatch, worker, "results", lambda: write(study / "out" / "status.csv", "mine"))
    with pytest.raises(FileExistsError, match="got status.csv"):
        run()
    assert (study / "out" / "status.csv").read_text() == "mine"
    assert sorted(file.name for file in (study / "out" / "imitation/recordings").iterdir()) == [
        f"{name}.nc" for name in NAMES
    ]
    (study / "out" / "status.csv").unlink()
    monkeypatch.undo()
    assert run().status["state"].tolist() == ["done"] * 3
