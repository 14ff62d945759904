"""Conditions, masks and preparation in cohorts, and the TOML file of a study with its preregistration."""

import hashlib
import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import bitbox_xr as bx
from bitbox_xr import cohort
from bitbox_xr.cli import main

from random_recordings import random_walk

NAMES = ["AU04", "AU12"]
CONFIG = """
by = "condition"

[intervals]
tier = "phase"

[[mask]]
of = "signals"
tier = "talk"
labels = "speech"
regions = "mouth"

[[prepare]]
function = "detrend"
width = 10

[measures.imitation]
width = 1

[measures.expressivity]
scales = [0.5, 1.0]

[measures.significance]
width = 1
n = 19
rng = 2
statistic = "corr_mean"

[measures.quality]
"""


def phases(first, second):
    return pd.DataFrame(
        {
            "onset": [2, 20, 5, 31],
            "offset": [18, 38, 7, 32],
            "label": [first, second, "speech", "speech"],
            "tier": ["phase", "phase", "talk", "talk"],
        }
    )


@pytest.fixture
def study(tmp_path):
    """A manifest of four pairs with intervals, its folder, and a TOML file."""
    rows = []
    for k in range(4):
        bx.to_netcdf(random_walk(k, 1200, names=NAMES), tmp_path / f"x{k}.nc")
        bx.to_netcdf(random_walk(50 + k, 1200, names=NAMES), tmp_path / f"y{k}.nc")
        order = ("baseline", "task") if k % 2 else ("task", "baseline")
        phases(*order).to_csv(tmp_path / f"i{k}.csv", index=False)
        rows.append({"recording": f"00{k}", "signals": f"x{k}.nc", "reference": f"y{k}.nc", "intervals": f"i{k}.csv",
                     "group": "ab"[k % 2]})  # fmt: skip
    pd.DataFrame(rows).to_csv(tmp_path / "study.csv", index=False)
    (tmp_path / "study.toml").write_text(CONFIG)
    return tmp_path


@pytest.fixture
def run(study, client):
    def run(**options):
        return cohort.run(study / "study.csv", study / "out", client=client, progress=False, **options)

    return run


def prepared(study, k):
    """Signals and reference by hand, as the TOML file asks for."""
    sides = []
    for side in "xy":
        x = bx.open_signals(study / f"{side}{k}.nc").load()
        table = pd.read_csv(study / f"i{k}.csv")
        x = bx.annotate(x, table[table["tier"] == "phase"].reset_index(drop=True))
        if side == "x":
            x = bx.mask(x, table[table["tier"] == "talk"], labels="speech", regions="mouth")
        sides.append(bx.detrend(x, 10))
    return sides


def same(found, expected):
    for name, variable in expected.data_vars.items():
        np.testing.assert_array_equal(found[name], variable, err_msg=name)


def edited(study, *changes):
    text = (study / "study.toml").read_text()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    (study / "study.toml").write_text(text)


# --- conditions, masks, preparation


def test_conditions_masks_and_preparation_are_those_of_the_functions(study, run):
    done = run(config=study / "study.toml")
    assert done.status["state"].tolist() == ["done"] * 4
    for k in (0, 1):
        x, y = prepared(study, k)
        found = {measure: done[measure].recordings[f"00{k}"] for measure in done}
        same(found["imitation"], bx.imitation(x, y, width=1, by="condition", stats=True))
        same(found["expressivity"], bx.expressivity(x, scales=[0.5, 1.0], by="condition"))
        same(found["quality"].sel(person="signals"), bx.quality(x, by="condition"))
        same(found["quality"].sel(person="reference"), bx.quality(y, by="condition"))
        assert found["significance"].sizes == {"condition": 2, "pair": 2}


def test_the_summary_describes_the_data_of_each_condition(study, run):
    done = run(config=study / "study.toml")
    table = done["imitation"].summary.bitbox.to_frame().set_index(["recording", "condition", "pair"]).sort_index()
    assert table["order"].xs("AU12", level="pair").to_dict() == {
        (f"00{k}", label): (1 + (label == "task")) if k % 2 else (1 + (label == "baseline"))
        for k in range(4) for label in ("task", "baseline")
    }  # fmt: skip
    assert table.loc[("000", "task"), "duration"].tolist() == [16, 16]
    assert table.loc[("000", "baseline"), "duration"].tolist() == [18, 18]
    assert table.loc[("000", "task", "AU12"), "masked_share"] == pytest.approx(2 / 16)
    assert table.loc[("000", "baseline", "AU12"), "masked_share"] == pytest.approx(1 / 18)
    assert table.loc[("000", "task", "AU04"), "masked_share"] == 0
    x, y = prepared(study, 0)
    both = (x.sel(signal="AU12").notnull() & y.sel(signal="AU12").notnull())[x.condition == "task"]
    assert table.loc[("000", "task", "AU12"), "valid_share"] == pytest.approx(both.mean().item())
    tested = done["significance"].summary
    np.testing.assert_array_equal(tested["n_windows"], done["imitation"].summary["n_windows"])
    assert (tested["n_windows"].sel(pair="AU12") < tested["n_windows"].sel(pair="AU04")).any()  # AU12 is masked
    written = pd.read_csv(study / "out" / "imitation" / "summary.csv", dtype={"recording": str})
    assert len(written) == 4 * 2 * 2
    assert {"recording", "group", "condition", "pair", "order", "duration", "valid_share"} <= {*written.columns}


def test_quality_stands_beside_each_measure(study, run):
    done = run(config=study / "study.toml")
    quality = done["quality"].summary
    pairs = done.with_quality("significance")
    at = {"recording": "001", "condition": "task"}
    for person, number in (("signals", 1), ("reference", 2)):
        expected = quality["noise"].sel(**at, person=person, signal="AU12")
        assert pairs[f"noise{number}"].sel(**at, pair="AU12") == expected
    face = done.with_quality("expressivity")
    assert face["value_range"].sel(**at, coefficient="AU04") == quality["value_range"].sel(
        **at, person="signals", signal="AU04"
    )
    assert len(pairs.bitbox.to_frame()) == 4 * 2 * 2


def test_each_interval_by_itself(study, run):
    table = pd.DataFrame({"onset": [30, 2, 16], "offset": [39, 15, 29], "label": ["task", "task", "rest"]})
    for k in range(4):
        table.to_csv(study / f"i{k}.csv", index=False)
    done = run(measures={"imitation": {"width": 1}}, by="condition", each_interval=True)
    summary = done.summary
    assert summary["condition"].values.tolist() == ["task 1", "rest 1", "task 2"]
    assert summary["condition_label"].values.tolist() == ["task", "rest", "task"]
    assert summary["condition_number"].values.tolist() == [1, 1, 2]
    assert summary["duration"].values.tolist() == [[13, 13, 9]] * 4
    x, y = (bx.open_signals(study / f"{side}2.nc").isel(time=slice(900, 1170)) for side in "xy")
    expected = bx.imitation(x, y, width=1, stats=True)
    found = summary["corr_mean"].sel(recording="002", condition="task 2")
    np.testing.assert_allclose(found, np.diag(expected["corr_mean"]))


def test_intervals_are_on_the_clock_of_the_signals(study, run):
    """The reference's camera started half a second later."""
    rows = pd.read_csv(study / "study.csv", dtype=str).assign(offset="0.5", start="3")
    rows.to_csv(study / "study.csv", index=False)
    speech = {"of": "reference", "tier": "talk", "labels": ["speech"]}
    done = run(measures=["imitation"], by="condition", intervals={"tier": "phase"}, mask=[speech], align=True)
    x, y = (bx.open_signals(study / f"{side}1.nc").load() for side in "xy")
    x, y = bx.align(x.sel(time=slice(3 - 1e-6, None)), y, offset=0.5)
    table = pd.read_csv(study / "i1.csv")
    x = bx.annotate(x, table[table["tier"] == "phase"])
    y = bx.mask(y, table[table["tier"] == "talk"])
    same(done.recordings["001"], bx.imitation(x, y, by="condition", stats=True))


@pytest.mark.filterwarnings("ignore:significance.*expected at least 19 surrogates")
def test_partners_have_their_own_intervals(study, run):
    options = {"width": 1, "n": 3, "rng": 1, "surrogates": "partners"}
    done = run(measures={"significance": options}, by="condition", intervals={"tier": "phase"})
    table = {k: pd.read_csv(study / f"i{k}.csv").query("tier == 'phase'") for k in range(4)}
    y = {k: bx.annotate(bx.open_signals(study / f"y{k}.nc").load(), table[k]) for k in range(4)}
    x = bx.annotate(bx.open_signals(study / "x1.nc").load(), table[1])
    expected = bx.significance(x, y[1], **options, partners=[y[0], y[2], y[3]], pairs="matched", by="condition",
                               progress=False)  # fmt: skip
    same(done.recordings["001"], expected)


def test_changed_intervals_repeat_their_recording_where_they_are_used(study, run):
    measures = {"imitation": {"width": 1}, "diversity": {}}
    run(measures=measures, by="condition", intervals={"tier": "phase"})
    before = {path: path.stat().st_mtime_ns for path in study.glob("out/*/*/*.nc")}
    table = phases("task", "baseline").assign(onset=[3, 20, 5, 31])
    table.to_csv(study / "i2.csv", index=False)
    run(measures=measures, by="condition", intervals={"tier": "phase"})
    changed = {path.relative_to(study / "out").as_posix() for path in before if path.stat().st_mtime_ns != before[path]}
    assert changed == {"imitation/recordings/002.nc", "diversity/recordings/002.nc"}


def test_a_recording_without_intervals_fails_where_they_are_needed(study, run):
    rows = pd.read_csv(study / "study.csv", dtype=str)
    rows.loc[2, "intervals"] = ""
    rows.to_csv(study / "study.csv", index=False)
    done = run(measures=["diversity"], by="condition", intervals={"tier": "phase"})
    assert done.status["state"].tolist() == ["done", "done", "failed", "done"]
    assert (
        "expected a file of intervals for by='condition', got an empty cell in the manifest"
        in (done.status["message"][2])
    )
    masks = [{"of": "signals", "tier": "talk"}]
    assert run(measures=["diversity"], mask=masks).status["state"].tolist() == ["done"] * 4


# --- the TOML file


FAULTY = """
measurements = 1
by = "time"
[align]
rate = 25
[read]
width = 1
[intervals]
column = "a"
[[mask]]
labels = 3
[[prepare]]
function = "smoothe"
[[prepare]]
function = "standardize"
scale = "sd"
[measures.imitation]
width = -1
[measures.expressivity]
scale = 1
[measures.imitate]
"""


def test_all_faults_of_the_file_are_reported_with_their_keys(study, run):
    (study / "study.toml").write_text(FAULTY)
    with pytest.raises(ValueError) as error:
        run(config=study / "study.toml")
    message = str(error.value)
    assert message.startswith("study.toml: 12 faults\n")
    for phrase in (
        "expected the keys measures, read, align, by, each_interval, intervals, mask, prepare, got measurements; "
        "write options of a measure under [measures.NAME], those of reading files under [read]",
        "expected by to be a name (letters, digits and _) that no result uses itself, got 'time'",
        "expected options of align() (fps, offset, max_gap), got rate",
        "expected options of open_signals() (",
        "intervals: expected options of open_intervals() (",
        "mask[0]: expected of to be one of signals, reference, both, got None",
        "mask[0]: expected labels to be a name or a list of names",
        "prepare[0]: expected function to be one of resample, fill_gaps, smooth, detrend, standardize, got 'smoothe'",
        "prepare[1]: expected scale to be one of std, mad, got 'sd'",
        "measures.imitation: expected width to be a positive number of seconds, got -1",
        "measures.expressivity: expected options of expressivity (scales, ",
        "contingency, significance, quality, got imitate; correct the name",
    ):
        assert message.count(phrase) == 1, phrase
    assert not (study / "out").exists()


@pytest.mark.parametrize(
    ("content", "phrase"),
    [
        ("by = ", "study.toml: expected TOML, got an error ("),
        ("by = 3\n[measures.diversity]", "by: expected a name for the labels of intervals, got 3"),
        ("measures = ['imitation']", "measures: expected a table with a table for each measure"),
        ("[measures]\nimitation = 3", "measures.imitation: expected a table of options, got 3"),
        ("", "expected at least one measure, got none"),
        ("[measures.diversity]", "expected by or mask with the column intervals, got neither"),
        ("each_interval = true\n[measures.diversity]", "expected by with each_interval, got none"),
    ],
)
def test_a_faulty_file_is_refused(study, run, content, phrase):
    (study / "study.toml").write_text(content)
    with pytest.raises(ValueError) as error:
        run(config=study / "study.toml")
    assert phrase in str(error.value)
    assert not (study / "out").exists()


def test_a_file_excludes_other_options(study, run):
    with pytest.raises(ValueError, match="config has all options of the study; leave out measure, fps"):
        run(config=study / "study.toml", measure="imitation", fps=30)
    with pytest.raises(FileNotFoundError, match="expected a TOML file of a study, got .*absent.toml, which does not"):
        run(config=study / "absent.toml")
    (study / "out").mkdir()
    (study / "study.toml").rename(study / "out" / "study.toml")
    with pytest.raises(ValueError, match="got the TOML file .*, which is study.toml of"):
        run(config=study / "out" / "study.toml")


def test_masks_need_intervals(study, run):
    rows = pd.read_csv(study / "study.csv", dtype=str).drop(columns="intervals")
    rows.to_csv(study / "study.csv", index=False)
    with pytest.raises(ValueError, match="expected a column intervals for mask, got none"):
        run(measures=["diversity"], mask=[{"of": "both"}])


# --- preregistration


SHORT = """
[measures.imitation]
width = 1

[measures.diversity]
"""


@pytest.fixture
def simple(study):
    """The study without intervals, and a short TOML file."""
    rows = pd.read_csv(study / "study.csv", dtype=str).drop(columns="intervals")
    rows.to_csv(study / "study.csv", index=False)
    (study / "study.toml").write_text(SHORT)
    return study


def test_the_first_file_is_frozen_and_deviations_are_listed(simple, run):
    done = run(config=simple / "study.toml")
    assert done.deviations == cohort.deviations(simple / "out") == []
    first = hashlib.sha256(SHORT.encode()).hexdigest()
    attrs = done["imitation"].summary.attrs
    assert attrs["preregistered_sha256"] == attrs["config_sha256"] == first
    edited(simple, ("width = 1", "width = 2.0\nmax_lag = 1"), ("[measures.diversity]", "[measures.quality]"))
    rows = pd.read_csv(simple / "study.csv", dtype=str).assign(age="9").drop(index=1)
    rows.loc[0, "group"] = "b"
    rows.to_csv(simple / "study.csv", index=False)
    done = run(config=simple / "study.toml")
    expected = [
        "measures.imitation.width: 2 instead of 1",
        "measures.imitation.max_lag: 1 instead of nothing",
        "measures: quality added",
        "measures: diversity left out",
        "columns: age added",
        "recordings: 001 left out",
        "columns.group: other values in 000",
    ]
    assert sorted(done.deviations) == sorted(expected)
    attrs = done["imitation"].summary.attrs
    assert json.loads(attrs["deviations"]) == done.deviations
    assert attrs["preregistered_sha256"] == first != attrs["config_sha256"]
    assert (simple / "out" / "preregistered.toml").read_text() == SHORT
    assert (simple / "out" / "study.toml").read_text() == (simple / "study.toml").read_text()


def test_a_deviation_stays_on_record(simple, run):
    run(config=simple / "study.toml")
    edited(simple, ("width = 1", "width = 2"))
    run(config=simple / "study.toml")
    edited(simple, ("width = 2", "width = 1"))
    assert run(config=simple / "study.toml").deviations == ["measures.imitation.width: 2 instead of 1"]
    edited(simple, ("width = 1", "width = 1.0  # the same"))
    assert len(run(config=simple / "study.toml").deviations) == 1
    found = run(measure="imitation", width=1).deviations
    assert found == ["measures.imitation.width: 2 instead of 1", "measures: diversity left out"]


def test_results_from_before_the_file_are_a_deviation(simple, run):
    assert run(measure="imitation", width=3).deviations == []
    assert "preregistered_sha256" not in cohort.open(simple / "out").summary.attrs
    assert run(config=simple / "study.toml").deviations == ["results before the file was frozen: imitation"]


def test_a_changed_frozen_file_is_refused(simple, run):
    run(config=simple / "study.toml")
    (simple / "out" / "preregistered.toml").write_text("mine")
    with pytest.raises(ValueError, match="got preregistered.toml, which was changed since a run wrote it"):
        run(config=simple / "study.toml")


@pytest.mark.slow
def test_the_command_line(simple):
    arguments = ["cohort", simple / "study.csv", "--config", simple / "study.toml", "--out", simple / "out",
                 "--workers", 1, "--no-progress"]  # fmt: skip
    result = CliRunner().invoke(main, [*map(str, arguments)])
    assert result.exit_code == 0, result.output
    assert result.stdout == f"{simple / 'out'}: 4 recordings done, 0 failed\n"
    assert result.stderr == ""
    edited(simple, ("width = 1", "width = 2"))
    result = CliRunner().invoke(main, [*map(str, arguments)])
    assert result.stderr == "deviation from preregistered.toml: measures.imitation.width: 2 instead of 1\n"
    result = CliRunner().invoke(main, [*map(str, arguments), "--measure", "diversity"])
    assert "expected --config with a TOML file, or --measure, got both" in result.stderr
