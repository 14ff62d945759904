"""Several measures of one cohort: files are read once, measures stand beside each other and are independent."""

import json

import numpy as np
import pandas as pd
import pytest

import bitbox_xr as bx
from bitbox_xr import cohort
from bitbox_xr.cohort import inputs, seeds

from random_recordings import random_walk, write_pairs

FEW_PARTNERS = "ignore:significance.*expected at least 19 surrogates"

TEST = {"width": 1.0, "step": 0.5, "max_lag": 0.2, "n": 19}
MEASURES = {
    "imitation": {"width": 1.0, "keep_windows": True},
    "expressivity": {"scales": [0.5, 1]},
    "significance": {**TEST, "rng": 3, "pairs": "all"},
    "quality": {},
}


@pytest.fixture
def study(tmp_path):
    """A manifest of four pairs of recordings, and its folder."""
    return write_pairs(tmp_path, 4)


@pytest.fixture
def run(study, client):
    def run(measures=MEASURES, **options):
        return cohort.run(
            study / "study.csv", study / "out", measures=measures, client=client, progress=False, **options
        )

    return run


def with_columns(study, **columns):
    table = pd.read_csv(study / "study.csv", dtype=str).assign(**columns)
    table.to_csv(study / "study.csv", index=False)


def sides(study, k):
    return [bx.open_signals(study / f"{side}{k}.nc").load() for side in "xy"]


def files(study):
    return {
        path.relative_to(study / "out").as_posix(): (path.stat().st_mtime_ns, path.read_bytes())
        for path in study.glob("out/*/*/*.nc")
    }


def changed(before, after):
    return {name.split("/")[0] for name in after if after[name] != before.get(name)}


def same(found, expected):
    for name, variable in expected.data_vars.items():
        np.testing.assert_array_equal(found[name], variable)


# --- results


def test_each_measure_equals_its_function(study, run):
    done = run()
    assert [*done] == ["imitation", "expressivity", "significance", "quality"]
    assert done.status["state"].tolist() == ["done"] * 4
    assert done.status[[*done]].to_numpy().ravel().tolist() == ["done"] * 16
    for k in (0, 3):
        x, y = sides(study, k)
        name = f"00{k}"
        same(done["imitation"].recordings[name], bx.imitation(x, y, width=1.0, stats=True))
        same(done["imitation"].windows[name], bx.imitation(x, y, width=1.0))
        same(done["expressivity"].recordings[name], bx.expressivity(x, scales=[0.5, 1]))
        seed = seeds.seed_of(3, name)
        same(done["significance"].recordings[name], bx.significance(x, y, **TEST, rng=seed, progress=False))
        for person, signals in (("signals", x), ("reference", y)):
            same(done["quality"].recordings[name].sel(person=person), bx.quality(signals))
    assert done["imitation"].summary["corr_mean"].dims == ("recording", "pair")
    assert done["significance"].summary["excess"].dims == ("recording", "signal1", "signal2")
    assert done["quality"].summary["group"].values.tolist() == ["a", "b", "a", "b"]


def test_one_measure_and_measures_are_the_same_call(study, run, client):
    run({"imitation": {"width": 2.0}}, fps=30)
    before = files(study)
    options = {"client": client, "progress": False}
    cohort.run(study / "study.csv", study / "out", measure="imitation", width=2, fps=30, **options)
    assert files(study) == before
    cohort.run(study / "study.csv", study / "out", measures=["imitation"], **options)
    assert changed(before, files(study)) == {"imitation"}


def test_each_file_is_opened_once(study, run, monkeypatch):
    opened, real = [], inputs.open_signals
    monkeypatch.setattr(
        inputs, "open_signals", lambda file, **options: opened.append(file.name) or real(file, **options)
    )
    run()
    assert sorted(opened) == sorted(f"{side}{k}.nc" for k in range(4) for side in "xy")
    opened.clear()
    run()
    assert opened == []
    run({**MEASURES, "expressivity": {"scales": [2]}})
    assert opened == [f"x{k}.nc" for k in range(4)]


# --- changes


def test_a_changed_option_repeats_only_its_measure(study, run):
    run()
    before = files(study)
    assert run().status["seconds"].tolist() == cohort.open(study / "out").status["seconds"].tolist()
    assert files(study) == before
    run({**MEASURES, "expressivity": {"scales": [2]}})
    after = files(study)
    assert changed(before, after) == {"expressivity"}
    run({**MEASURES, "expressivity": {"scales": [2]}}, fps_y=30)
    assert changed(after, files(study)) == {"imitation", "significance", "quality"}


def test_measures_of_earlier_runs_stay(study, run):
    run({"imitation": {"width": 1.0}})
    before = files(study)
    bx.to_netcdf(random_walk(9, 600), study / "x1.nc")
    (study / "y2.nc").unlink()
    done = run({"quality": {}, "diversity": {}})
    assert {name: files(study)[name] for name in before} == before
    assert [*done] == ["imitation", "quality", "diversity"]
    table = done.status.set_index("recording")
    assert table["imitation"].tolist() == ["done"] * 4
    assert table["quality"].tolist() == ["done", "done", "failed", "done"]
    assert table["diversity"].tolist() == ["done"] * 4
    assert table["state"].tolist() == ["done", "done", "failed", "done"]
    assert done["imitation"].summary.sizes["recording"] == 4
    with pytest.raises(AttributeError, match=r"expected one measure in .*, got 3 \(imitation, quality, diversity\)"):
        _ = done.summary
    with pytest.raises(KeyError, match="expected a measure of this cohort"):
        done["significance"]


def test_a_measure_that_fails_does_not_stop_the_others(study, run):
    (study / "y1.nc").unlink()
    bx.to_netcdf(random_walk(0, 12), study / "x2.nc")
    done = run({"imitation": {"width": 1}, "significance": {**TEST, "width": 2}, "diversity": {}})
    table = done.status.set_index("recording")
    assert table["state"].tolist() == ["done", "failed", "failed", "done"]
    assert table[["imitation", "significance", "diversity"]].loc["001"].tolist() == ["failed", "failed", "done"]
    assert table["message"]["001"] == f"imitation, significance: {study / 'y1.nc'}: there is no such file"
    assert "imitation: imitation(): expected at least" in table["message"]["002"]
    assert "; significance: " in table["message"]["002"]
    assert done["diversity"].summary["recording"].values.tolist() == ["000", "001", "002", "003"]
    assert done["imitation"].summary["recording"].values.tolist() == ["000", "003"]
    assert [*done["imitation"].recordings] == ["000", "003"]


def test_seeds_of_measures_are_kept_apart(study, run):
    run({"significance": TEST})
    seed = (study / "out" / ".bitbox_xr" / "seed-significance.txt").read_text()
    before = files(study)
    run({"significance": TEST, "quality": {}})
    assert (study / "out" / ".bitbox_xr" / "seed-significance.txt").read_text() == seed
    assert changed(before, files(study)) == {"quality"}


# --- columns of the manifest


def test_columns_are_options_of_single_recordings(study, run):
    bx.to_netcdf(random_walk(9, 600, fps=25, names=["a", "b", "c"]), study / "y1.nc")
    with_columns(study, start=["", "2", "", ""], stop=["", "15.5", "", "10"], offset=["", "0.5", "", ""],
                 age=["5", "6", "7", "8"])  # fmt: skip
    done = run({"coordination": {"width": 1, "pairs": "all"}, "expressivity": {}}, align=True)
    x, y = sides(study, 1)
    cut = x.sel(time=slice(2 - 1e-6, 15.5 - 1e-6))
    assert cut.sizes["time"] == 405
    expected = bx.coordination(*bx.align(cut, y, offset=0.5), width=1, stats=True)
    same(done["coordination"].recordings["001"], expected)
    same(done["expressivity"].recordings["001"], bx.expressivity(cut))
    same(done["expressivity"].recordings["000"], bx.expressivity(sides(study, 0)[0]))
    same(done["expressivity"].recordings["003"], bx.expressivity(sides(study, 3)[0].isel(time=slice(300))))
    assert done["expressivity"].summary["age"].values.tolist() == [5, 6, 7, 8]
    assert "start" not in done["expressivity"].summary.coords


def test_a_changed_cell_repeats_its_recording_and_the_measures_it_affects(study, run):
    measures = {"imitation": {"width": 1}, "expressivity": {}}
    with_columns(study, offset=["", "0.1", "", ""], stop="")
    run(measures, align=True)
    before = files(study)
    with_columns(study, offset=["", "0.2", "", ""])
    run(measures, align=True)
    after = files(study)
    assert {name for name in after if after[name] != before[name]} == {"imitation/recordings/001.nc"}
    with_columns(study, stop=["", "", "15", ""])
    run(measures, align=True)
    last = files(study)
    assert {name for name in last if last[name] != after[name]} == {
        "imitation/recordings/002.nc", "expressivity/recordings/002.nc"
    }  # fmt: skip


def test_rates_kinds_and_columns_of_tables(study, run):
    for k in range(2):
        for side in "xy":
            values = random_walk(k, 600, names=["A", "B", "C"]).values
            pd.DataFrame(values, columns=["A", "B", "C"]).to_csv(study / f"{side}{k}.csv", index=False)
    table = pd.DataFrame(
        {
            "recording": ["a", "b"],
            "signals": ["x0.csv", "x1.csv"],
            "reference": ["y0.csv", "y1.csv"],
            "fps": [30, 25],
            "reference_fps": ["", "12.5"],
            "columns": ["A,C", ["A", "C"]],
        }
    )
    table["signals"] = [str(study / name) for name in table["signals"]]
    table["reference"] = [str(study / name) for name in table["reference"]]
    done = cohort.run(table, study / "out", measures={"imitation": {}}, workers=1, progress=False, align=True)
    assert done.status["message"].tolist() == ["", ""]
    for name, k, fps, reference_fps in (("a", 0, 30, 30), ("b", 1, 25, 12.5)):
        x = bx.open_signals(study / f"x{k}.csv", fps=fps, columns=["A", "C"])
        y = bx.open_signals(study / f"y{k}.csv", fps=reference_fps, columns=["A", "C"])
        same(done.recordings[name], bx.imitation(*bx.align(x, y), stats=True))


def test_a_start_beyond_the_recording_fails_it(study, run):
    with_columns(study, start=["", "100", "", ""])
    done = run({"diversity": {}})
    assert done.status["message"][1] == (
        "expected frames from start to stop (100 s to the end), got frames from 0 to 19.967 s; correct start and stop "
        "in the manifest"
    )


# --- partners


@pytest.mark.filterwarnings(FEW_PARTNERS)
def test_partners_within_a_stratum(study, run):
    done = run({"significance": {**TEST, "surrogates": "partners", "partners_within": "group", "rng": 1}})
    partners = [json.loads(one.attrs["partners"]) for one in done["significance"].recordings.values()]
    assert partners == [["002"], ["003"], ["000"], ["001"]]
    x, y = sides(study, 0)
    asked = {**TEST, "surrogates": "partners", "partners": [sides(study, 2)[1]], "rng": 1, "progress": False}
    same(done["significance"].recordings["000"], bx.significance(x, y, pairs="matched", **asked))
    before = files(study)
    run({"significance": {**TEST, "surrogates": "partners", "rng": 1}})
    assert not set(before.items()) & set(files(study).items())


def test_a_stratum_without_partners_is_refused(study, run):
    with_columns(study, group=["a", "a", "b", "c"])
    with pytest.raises(ValueError, match="with the same group, got fewer for b, c for surrogates='partners'"):
        run({"significance": {**TEST, "surrogates": "partners", "partners_within": ["group"]}})
    assert not (study / "out").exists()


def test_the_same_reference_in_two_strata_is_a_partner_in_each(study, run):
    for k in (1, 3):
        (study / f"y{k}.nc").write_bytes((study / f"y{k - 1}.nc").read_bytes())
    done = run({"significance": {**TEST, "surrogates": "partners", "partners_within": "group", "rng": 1}})
    partners = [json.loads(one.attrs["partners"]) for one in done["significance"].recordings.values()]
    assert partners == [["002"], ["003"], ["000"], ["001"]]


@pytest.mark.filterwarnings(FEW_PARTNERS)
def test_partners_are_compared_from_their_own_start(study, run):
    with_columns(study, start=["0", "5", "2", "0"], stop=["10", "15", "12", "10"])
    done = run({"significance": {**TEST, "surrogates": "partners", "rng": 1}})
    x, y = (side.isel(time=slice(150, 450)) for side in sides(study, 1))
    partners = []
    for k, start in ((0, 0), (2, 60), (3, 0)):
        own = sides(study, k)[1].isel(time=slice(start, start + 300))
        partners.append(own.assign_coords(time=x["time"].values))
    asked = {**TEST, "surrogates": "partners", "partners": partners, "rng": 1, "progress": False}
    same(done["significance"].recordings["001"], bx.significance(x, y, pairs="matched", **asked))
