"""Significance in a cohort: seeds, partners and pairs; and recordings with different time axes."""

import json
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import bitbox_xr as bx
from bitbox_xr import cohort
from bitbox_xr.cli import main
from bitbox_xr.cohort import partners, seeds
from bitbox_xr.inference.significance import VARIABLES

from random_recordings import FPS, random_walk

pytestmark = pytest.mark.filterwarnings("ignore:significance")  # tests have few partners, and p_min is large

NAMES = ["AU04", "AU06", "AU12"]
TEST = {"width": 1.0, "step": 0.5, "max_lag": 0.2, "n": 19}


recording = partial(random_walk, names=NAMES)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A manifest of four pairs of recordings, and its folder."""
    folder, rows = tmp_path_factory.mktemp("made"), []
    for k in range(4):
        bx.to_netcdf(recording(k), folder / f"x{k}.nc")
        bx.to_netcdf(recording(50 + k, 600 + 30 * k), folder / f"y{k}.nc")
        rows.append({"recording": f"00{k}", "signals": f"x{k}.nc", "reference": f"y{k}.nc", "group": "ab"[k % 2]})
    pd.DataFrame(rows).to_csv(folder / "study.csv", index=False)
    return folder


@pytest.fixture
def study(made, tmp_path):
    """A copy of `made` that a test can change."""
    return Path(shutil.copytree(made, tmp_path / "study"))


@pytest.fixture
def run(study, client):
    def run(**options):
        asked = options if "measure" in options else {"measure": "significance", **TEST, **options}
        manifest = asked.pop("manifest", study / "study.csv")
        return cohort.run(manifest, study / "out", client=client, progress=False, **asked)

    return run


def sides(study, k):
    return [bx.open_signals(study / f"{side}{k}.nc").load() for side in "xy"]


def alone(study, k, seed, **options):
    """The test of one recording without a cohort."""
    asked = {**TEST, "pairs": "matched", "progress": False, "rng": seeds.seed_of(seed, f"00{k}"), **options}
    return bx.significance(*sides(study, k), **asked)


def same(found, expected):
    for name in VARIABLES:
        np.testing.assert_array_equal(found[name], expected[name])


def of_each(study):
    return {file.name: (file.stat().st_mtime_ns, file.read_bytes()) for file in study.glob("out/*/recordings/*")}


def states(done):
    return done.status["state"].tolist()


# --- results


@pytest.mark.parametrize(
    ("options", "by_hand"),
    [
        ({}, {}),
        ({"of": "coordination", "statistic": "corr_mean"}, {"measure": "coordination", "statistic": "corr_mean"}),
        ({"pairs": "all", "surrogates": "phase", "causal": False}, {}),
    ],
)
def test_each_recording_equals_significance(study, run, options, by_hand):
    done = run(rng=3, **options)
    options.pop("of", None)
    for k in (0, 3):
        expected = alone(study, k, 3, **{**options, **by_hand})
        with done.recordings[f"00{k}"] as one, done.summary as summary:
            of_measure = one.drop_vars(["duration", "valid_share", "masked_share", "n_windows"])
            assert of_measure.drop_attrs(deep=False).identical(expected.drop_attrs(deep=False))
            assert one.attrs.items() >= expected.attrs.items()
            same(summary.sel(recording=f"00{k}"), expected)
    dims = ("signal1", "signal2") if "pairs" in options else ("pair",)
    assert done.summary["p_fwe"].dims == ("recording", *dims)
    assert done.summary["group"].values.tolist() == ["a", "b", "a", "b"]
    assert done.summary["q"].attrs["long_name"].startswith("false discovery rate")
    table = pd.read_csv(study / "out" / "significance" / "summary.csv")
    assert {"recording", "group", *dims, *VARIABLES} <= {*table.columns}
    np.testing.assert_array_equal(table["p"], done.summary["p"].values.ravel())


def test_the_family_is_the_pairs_of_the_summary(study, run):
    """With equal surrogates p of a pair is the same among matched and all pairs; p_fwe and q differ."""
    matched = run(rng=0).summary.load()
    every = run(rng=0, pairs="all").summary.load()
    diagonal = [every.sel(signal1=name, signal2=name) for name in NAMES]
    for k, name in enumerate(NAMES):
        np.testing.assert_allclose(matched["p"].sel(pair=name), diagonal[k]["p"])
        assert (matched["p_fwe"].sel(pair=name) <= diagonal[k]["p_fwe"]).all()
    assert any(
        (matched["p_fwe"].sel(pair=name) < one["p_fwe"]).any() for name, one in zip(NAMES, diagonal, strict=True)
    )


def test_one_person_alone_is_tested_for_coordination(study, run):
    manifest = pd.DataFrame({"recording": ["000"], "signals": [str(study / "x0.nc")]})
    done = run(manifest=manifest, of="coordination", pairs="all", rng=0)
    asked = {**TEST, "measure": "coordination", "progress": False}
    expected = bx.significance(sides(study, 0)[0], rng=seeds.seed_of(0, "000"), **asked)
    same(done.summary.sel(recording="000"), expected)


# --- seeds


def test_a_new_seed_is_kept(study, run):
    first = run()
    seed = int((study / "out" / ".bitbox_xr" / "seed-significance.txt").read_text())
    before = of_each(study)
    with first.recordings["001"] as one:
        same(one, alone(study, 1, seed))
    assert run().status.equals(first.status)
    assert of_each(study) == before
    assert run(rng=seed).status.equals(first.status)
    assert of_each(study) == before

    (study / "out" / "significance" / "recordings" / "002.nc").unlink()
    run()
    after = of_each(study)
    assert after["002.nc"][1] == before["002.nc"][1]
    assert {name for name in after if after[name] != before[name]} == {"002.nc"}


def test_another_seed_repeats_all_tests_and_is_kept(study, run):
    run(rng=1)
    before = of_each(study)
    run(rng=2)
    after = of_each(study)
    assert not any(after[name][1] == before[name][1] for name in after)
    assert (study / "out" / ".bitbox_xr" / "seed-significance.txt").read_text() == "2\n"
    run()
    assert of_each(study) == after
    kept = [one.attrs["seed"] for one in cohort.open(study / "out").recordings.values()]
    assert kept == [str(seeds.seed_of(2, f"00{k}")) for k in range(4)]
    asked = json.loads(cohort.open(study / "out").summary.attrs["asked"])
    assert asked["options"]["rng"] == 2


def test_an_invalid_kept_seed_is_refused(study, run):
    run(rng=0)
    (study / "out" / ".bitbox_xr" / "seed-significance.txt").write_text("x")
    with pytest.raises(
        ValueError,
        match="expected a seed, a whole number of at least 0, in .*seed-significance.txt, got other text; give rng",
    ):
        run()
    assert states(run(rng=0)) == ["done"] * 4


# --- partners


def test_partners_are_the_references_of_the_others(study, run):
    done = run(surrogates="partners", rng=0)
    for k in range(4):
        others = [sides(study, other)[1] for other in range(4) if other != k]
        expected = alone(study, k, 0, surrogates="partners", partners=others)
        with done.recordings[f"00{k}"] as one:
            same(one, expected)
            assert one.attrs["n"] == 3
            assert json.loads(one.attrs["partners"]) == [f"00{other}" for other in range(4) if other != k]


def test_the_seed_draws_n_of_more_partners(study, run):
    done = run(surrogates="partners", n=2, rng=4)
    found = [json.loads(one.attrs["partners"]) for one in done.recordings.values()]
    assert {len(one) for one in found} == {2}
    assert len({*map(tuple, found)}) > 1
    for k in range(4):
        others = [sides(study, other)[1] for other in range(4) if other != k]
        same(done.summary.sel(recording=f"00{k}"), alone(study, k, 4, surrogates="partners", partners=others, n=2))


def test_each_partner_is_opened_once_and_read_lazily(study, run, monkeypatch):
    opened = []
    real = partners.open_signals

    def counted(file, **options):
        opened.append((str(file)[-5:], real(file, **options)))
        return opened[-1][1]

    monkeypatch.setattr(partners, "open_signals", counted)
    run(surrogates="partners", n=2, rng=0)
    names = [name for name, _ in opened]
    assert names[:4] == ["y0.nc", "y1.nc", "y2.nc", "y3.nc"]  # each once, before anything is measured
    assert len(names) == 4 + 4 * 2
    assert not any(signals.variable._in_memory for _, signals in opened[4:])
    run(surrogates="partners", n=2, rng=0)
    assert len(opened) == 4 + 4 * 2 + 4


def test_a_changed_partner_repeats_the_test(study, run):
    first = run(surrogates="partners", rng=0)
    before = of_each(study)
    assert run(surrogates="partners").status.equals(first.status)
    assert of_each(study) == before
    bx.to_netcdf(recording(99), study / "y3.nc")
    run(surrogates="partners")
    after = of_each(study)
    assert not any(after[name] == before[name] for name in after)


def test_equal_content_is_one_partner_and_own_content_none(study, run):
    """The second recording has the first one's model under another name; the third child is the fourth's model."""
    (study / "y1.nc").write_bytes((study / "y0.nc").read_bytes())
    (study / "y3.nc").write_bytes((study / "x2.nc").read_bytes())
    done = run(surrogates="partners", rng=0)
    found = [json.loads(one.attrs["partners"]) for one in done.recordings.values()]
    assert found == [["002", "003"], ["002", "003"], ["000"], ["000", "002"]]
    others = [sides(study, k)[1] for k in (2, 3)]
    same(done.summary.sel(recording="001"), alone(study, 1, 0, surrogates="partners", partners=others))


def test_a_broken_reference_fails_only_its_own_recording(study, run, caplog):
    (study / "y1.nc").write_bytes(b"\x89HDF broken")
    (study / "y2.nc").unlink()
    done = run(surrogates="partners", rng=0)
    assert states(done) == ["done", "failed", "failed", "done"]
    assert "y1.nc: expected a NetCDF file, got a file of another format" in done.status["message"][1]
    assert "a reference cannot be read and is not used as a partner: 001: " in caplog.text
    assert [json.loads(one.attrs["partners"]) for one in done.recordings.values()] == [["003"], ["000"]]
    bx.to_netcdf(recording(51), study / "y1.nc")
    assert states(run(surrogates="partners")) == ["done", "done", "failed", "done"]
    partners_of = json.loads(cohort.open(study / "out").recordings["000"].attrs["partners"])
    assert partners_of == ["001", "003"]


def test_unsuitable_partners_are_named(study, run):
    bx.to_netcdf(recording(51, fps=25), study / "y1.nc")
    bx.to_netcdf(recording(52, names=["AU04", "AU06", "AU45"]), study / "y2.nc")
    message = run(surrogates="partners", rng=0).status["message"][0]
    assert "2 faults" in message
    assert "partner 001, as y: imitation(): expected x and y to have the same frame times" in message
    assert "expected partner 002 to have the signals of y, got none called AU12" in message


def test_a_study_without_partners_is_refused(study, run):
    manifest = pd.read_csv(study / "study.csv", dtype=str)
    manifest["signals"] = [str(study / name) for name in manifest["signals"]]
    one = manifest.assign(reference=str(study / "y0.nc"))
    for lonely in (one, manifest.drop(columns="reference")):
        with pytest.raises(ValueError, match="expected at least two references in the manifest"):
            run(manifest=lonely, surrogates="partners", rng=0)
    assert not (study / "out").exists()
    for k in range(1, 4):
        (study / f"y{k}.nc").write_bytes((study / "y0.nc").read_bytes())
    with pytest.raises(ValueError, match="expected at least two references of different content"):
        run(surrogates="partners", rng=0)
    assert not (study / "out" / "significance").exists()


def test_a_recording_without_partners_fails(study, run):
    """Two people, each the model of the other."""
    paths = [str(study / name) for name in ("x0.nc", "x1.nc")]
    manifest = pd.DataFrame({"recording": ["a", "b"], "signals": paths, "reference": paths[::-1]})
    done = run(manifest=manifest, surrogates="partners", rng=0)
    assert done.status["message"].unique().tolist() == [
        "expected a partner, got none: all other references have the content of the recording's own files; "
        "add references"
    ]


# --- different time axes


def test_recordings_are_aligned(study, run):
    bx.to_netcdf(recording(51, 500, fps=25), study / "y1.nc")
    done = run(measure="imitation", width=1.0)
    assert states(done) == ["done", "failed", "done", "done"]
    assert "see align(x, y)" in done.status["message"][1]
    aligned = run(measure="imitation", width=1.0, align={"fps": 20, "offset": 0.5})
    x, y = bx.align(*sides(study, 1), fps=20, offset=0.5)
    with aligned.recordings["001"] as one:
        assert one["corr_mean"].identical(bx.imitation(x, y, width=1.0, stats=True)["corr_mean"])
        assert one.attrs["fps"] == 20
    before = of_each(study)
    again = run(measure="imitation", width=1.0, align={"fps": 20.0, "offset": 0.5})
    assert again.status.equals(aligned.status)
    run(measure="imitation", width=1.0, align=True)
    assert not any(before[name] == after for name, after in of_each(study).items())


def test_partners_are_aligned_with_the_recording(study, run):
    """A slower partner, a short one that starts late, and one with dates."""
    bx.to_netcdf(recording(51, 500, fps=25), study / "y1.nc")
    late = recording(52, 300)
    bx.to_netcdf(late.assign_coords(time=late["time"] + 8.0), study / "y2.nc")
    bx.to_netcdf(recording(53, 660).assign_attrs(time_origin="2020-01-01T00:00:00"), study / "y3.nc")
    bx.to_netcdf(sides(study, 0)[0].assign_attrs(time_origin="2026-01-01T00:00:00"), study / "x0.nc")
    done = run(surrogates="partners", rng=0, align=True)
    assert states(done) == ["done"] * 4
    x, y = bx.align(*sides(study, 0))
    slow = bx.align(x, sides(study, 1)[1], fps=30)[1]
    padded = np.concatenate([np.full((240, 3), np.nan), late.values, np.full((60, 3), np.nan)])
    dated = sides(study, 3)[1].drop_attrs()
    by_name = {"001": slow, "002": bx.signals(padded, fps=FPS, names=NAMES), "003": dated}
    with done.recordings["000"] as one:
        assert json.loads(one.attrs["partners"]) == [*by_name]
        asked = {**TEST, "surrogates": "partners", "pairs": "matched", "rng": 0, "progress": False}
        expected = bx.significance(x, y, partners=[*by_name.values()], **asked)
        for name in ("observed", "null_mean", "p", "q"):
            np.testing.assert_allclose(one[name], expected[name], rtol=1e-6)


# --- refused options, and the command line


@pytest.mark.parametrize(
    ("options", "phrase"),
    [
        ({"of": "imitate"}, "expected the measure to test to be 'imitation' or 'coordination', got 'imitate'"),
        ({"n": 0, "statistic": 1, "surrogates": "swap", "rng": -1, "width": 0}, "5 faults"),
        ({"rng": True}, "expected rng to be a seed, a whole number of at least 0, got True"),
        ({"rng": np.random.default_rng(0)}, "to be text, numbers, or a list or dictionary of these, got"),
        ({"of": "coordination", "causal": False}, "causal is for imitation: coordination has lags in both directions"),
        (
            {"partners": ["y0.nc"]},
            "expected options of significance (of, statistic, surrogates, n, rng",
        ),
        ({"keep_windows": True}, "keep_windows is for measures with windows, and significance has none"),
        ({"align": {"fps": 0, "offset": "x", "rate": 1}}, "3 faults"),
        ({"align": 1}, "expected align to be True, False or options of align() (fps, offset, max_gap), got 1"),
        ({"measure": "expressivity", "align": True}, "align are for a reference, and expressivity has none"),
    ],
)
def test_options_are_refused(study, run, options, phrase):
    with pytest.raises(ValueError) as error:
        run(**options)
    assert phrase in str(error.value)
    assert not (study / "out").exists()


def test_a_missing_reference_is_refused(study, run):
    manifest = pd.DataFrame({"recording": ["000"], "signals": [str(study / "x0.nc")], "surrogate_z": [1]})
    with pytest.raises(ValueError) as error:
        run(manifest=manifest, pairs="all")
    assert "expected a column reference for imitation, which compares two people" in str(error.value)
    assert "expected other column names than those of the results, got surrogate_z" in str(error.value)
    with pytest.raises(ValueError, match="align is for signals and a reference, but"):
        run(manifest=manifest[["recording", "signals"]], of="coordination", pairs="all", align=True)
    with pytest.raises(ValueError, match="without a column reference, coordination compares signals of one person"):
        run(manifest=manifest[["recording", "signals"]], of="coordination")


def test_the_command_line(study, client, monkeypatch):
    """All options reach the function."""
    real, asked = cohort.run, {}

    def here(**given):
        asked.update(given)
        return real(**{**given, "client": client})

    monkeypatch.setattr(cohort, "run", here)
    arguments = [
        "cohort", study / "study.csv", "-o", study / "out", "--measure", "significance", "--of", "coordination",
        "--surrogates", "partners", "--n", 2, "--seed", 5, "--statistic", "corr_mean", "--align", "--align-fps", 30,
        "--offset", 0.1, "--fps-y", 30, "--time-y", "t", "--width", 1, "--no-progress",
    ]  # fmt: skip
    result = CliRunner().invoke(main, [*map(str, arguments)])
    assert result.exit_code == 1
    assert "for --surrogates partners, got none that can be read (000: " in result.output
    assert "time" in result.output  # bitbox_xr's NetCDF files have no column of times to choose
    options = {
        "of": "coordination", "surrogates": "partners", "n": 2, "rng": 5, "statistic": "corr_mean",
        "align": {"fps": 30.0, "offset": 0.1}, "width": 1,
    }  # fmt: skip
    assert asked.items() >= {**options, "fps_y": 30, "time_y": "t"}.items()
    at = arguments.index("--fps-y")
    result = CliRunner().invoke(main, [*map(str, arguments[:at]), "--width", "1"])
    assert result.exit_code == 0, result.output
    assert result.stdout == f"{study / 'out'}: 4 recordings done (4 with a warning), 0 failed\n"
    with cohort.open(study / "out").recordings["002"] as one:
        assert (
            one.attrs.items()
            >= {"measure": "coordination", "surrogates": "partners", "n": 2, "statistic": "corr_mean"}.items()
        )
