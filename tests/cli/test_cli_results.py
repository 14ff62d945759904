"""Commands that show results; quality, kinematics, lag-profile, events, diversity; tables as CSV; words of messages."""

import inspect

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from click.testing import CliRunner

import bitbox_xr as bx
from bitbox_xr.cli import main
from bitbox_xr.cli.pictures import PICTURES
from bitbox_xr.cli.wording import in_words_of, options_of
from bitbox_xr.measures.tables import to_frame
from bitbox_xr.plotting.methods import PlotMethods, SignalsPlotMethods
from bitbox_xr.reporting.rounding import rounded_column

from random_recordings import random_walk
from study_summaries import study

WINDOWS = ["--width", 2, "--step", 1, "--max-lag", 1]
OPTIONS = {"width": 2, "step": 1, "max_lag": 1}
X, Y = random_walk(0, frames=600), random_walk(1, frames=600)
POSE = bx.signals(np.random.default_rng(0).normal(size=(90, 6)).cumsum(0), kind="pose", fps=30)
PNG, PDF = b"\x89PNG", b"%PDF"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Recordings, and results of them."""
    folder = tmp_path_factory.mktemp("results")
    phases = pd.DataFrame({"onset": [0, 10], "offset": [10, 20], "label": ["calm", "talk"]})
    labelled = bx.annotate(X, phases)
    for name, one in (("x", X), ("y", Y), ("pose", POSE), ("labelled", labelled)):
        bx.to_netcdf(one, folder / f"{name}.nc")
    results = folder / "results"
    results.mkdir()
    bx.to_netcdf(bx.imitation(X, Y, **OPTIONS), results / "imitation.nc")
    bx.to_netcdf(bx.imitation(labelled, Y, by="condition", **OPTIONS), results / "conditions.nc")
    bx.to_netcdf(X, results / "child.nc")
    with pytest.warns(UserWarning, match="significance"):
        found = bx.significance(X, Y, n=5, rng=0, progress=False, **OPTIONS)
    bx.to_netcdf(found, results / "chance.nc")
    return folder


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


def succeeded(*arguments):
    done = run(*arguments)
    assert done.exit_code == 0, done.output
    return done.output


# --- results


@pytest.mark.parametrize("command", ["imitation", "coordination", "lag-profile"])
def test_a_result_as_a_table(command, folder, tmp_path):
    succeeded(command, folder / "x.nc", folder / "y.nc", "-o", tmp_path / "out.csv", *WINDOWS)
    expected = to_frame(getattr(bx, command.replace("-", "_"))(X, Y, **OPTIONS))
    found = pd.read_csv(tmp_path / "out.csv")
    assert [*found.columns] == [*expected.columns]
    sides = ["side1", "side2"]  # empty for these signals, which a CSV file cannot tell from missing
    found, expected = (table.drop(columns=sides) for table in (found, expected))
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, check_column_type=False)


def test_a_table_guards_names_that_a_spreadsheet_would_run(tmp_path):
    bx.to_netcdf(X.assign_coords(signal=["=1+1", "AU12"]), tmp_path / "x.nc")
    succeeded("expressivity", tmp_path / "x.nc", "-o", tmp_path / "out.csv", "--scales", "1,2")
    assert pd.read_csv(tmp_path / "out.csv")["coefficient"].tolist() == ["'=1+1", "AU12"] * 2


def test_a_list_of_activations_has_the_labels_of_intervals(tmp_path):
    (tmp_path / "phases.csv").write_text("onset,duration,label\n0,10,rest\n10,50,task\n")
    face = bx.demo.make_face()[0]
    bx.to_netcdf(face, tmp_path / "face.nc")
    options = ["--intervals", tmp_path / "phases.csv", "--scales", "1,2", "--aggregate", "--min-rise", 0.2]
    output = succeeded("events", tmp_path / "face.nc", "-o", tmp_path / "out.csv", *options)
    labelled = bx.annotate(face, bx.open_intervals(tmp_path / "phases.csv"))
    expected = to_frame(bx.events(labelled, scales=[1, 2], aggregate=True, min_rise=0.2))
    found = pd.read_csv(tmp_path / "out.csv", keep_default_na=False, na_values={"onset": "", "offset": "", "width": ""})
    assert {*expected["condition"]} == {"rest", "task"}
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, check_column_type=False)
    signals = expected["coefficient"].nunique()
    assert f"out.csv: {len(expected)} activations of {signals} of {face.sizes['signal']} coefficients" in output


def test_diversity(tmp_path):
    face = bx.demo.make_face()[0].assign_coords(phase=("time", ["rest"] * 300 + ["task"] * 1500))
    bx.to_netcdf(face, tmp_path / "face.nc")
    options = ["--scales", "1,2", "--min-rise", 0.2, "--count", "--by", "phase"]
    output = succeeded("diversity", tmp_path / "face.nc", "-o", tmp_path / "out.nc", *options)
    expected = bx.diversity(face, scales=[1, 2], min_rise=0.2, magnitude=False, by="phase")
    with bx.open_netcdf(tmp_path / "out.nc") as found:
        xr.testing.assert_identical(found.load(), expected)
    best = expected.overall.isel(expected.overall.argmax(["phase", "scale"]))
    assert f"2 scales; most even at scale {best.scale_label.item()} in phase {best.phase.item()}" in output
    bx.to_netcdf(face * 0, tmp_path / "still.nc")
    assert "1 scale; no activation" in succeeded("diversity", tmp_path / "still.nc", "-o", tmp_path / "still.csv")


def test_a_lag_profile(folder, tmp_path):
    output = succeeded("lag-profile", folder / "x.nc", folder / "y.nc", "-o", tmp_path / "out.nc", *WINDOWS)
    expected = bx.lag_profile(X, Y, **OPTIONS)
    with bx.open_netcdf(tmp_path / "out.nc") as found:
        xr.testing.assert_identical(found.load(), expected)
    assert "2 × 2 signals, 31 lags; strongest AU" in output
    output = succeeded(
        "lag-profile", folder / "labelled.nc", folder / "y.nc", "-o", tmp_path / "by.nc", "--by", "condition", *WINDOWS
    )
    assert "\n  calm: strongest AU" in output
    assert "\n  talk: strongest AU" in output


def test_kinematics(folder, tmp_path):
    for options, angular in (([], False), (["--angular"], True)):
        output = succeeded("kinematics", folder / "pose.nc", "-o", tmp_path / "out.nc", *options)
        expected = bx.kinematics(POSE, angular=angular)
        with bx.open_netcdf(tmp_path / "out.nc") as found:
            xr.testing.assert_identical(found.load(), expected)
        assert f"path {expected.path.item():.3g} {expected.path.attrs['units']}" in output


def test_quality(folder, tmp_path):
    output = succeeded("quality", folder / "labelled.nc", "-o", tmp_path / "q.nc", "--by", "condition")
    with bx.open_netcdf(tmp_path / "q.nc") as found, bx.open_netcdf(folder / "labelled.nc") as labelled:
        xr.testing.assert_identical(found.load(), bx.quality(labelled.load(), by="condition"))
        noise = rounded_column([found.noise.min().item(), found.noise.max().item()], "noise")
    assert f"q.nc: 2 signals; lost frames 0.0 %; noise {noise[0]} to {noise[1]}; range " in output
    done = run("quality", folder / "x.nc", "-o", folder / "x.nc")
    assert "x.nc, which is one of them" in done.stderr


# --- pictures and reports


@pytest.mark.parametrize(
    ("file", "options", "picture"),
    [
        ("imitation.nc", [], "matrix"),
        ("imitation.nc", ["--picture", "over_time", "--pair", "AU12", "AU04"], "over_time"),
        ("imitation.nc", ["--statistic", "corr_lag"], "matrix"),
        ("conditions.nc", ["--picture", "matrix", "--select", "condition=talk"], "matrix"),
        ("chance.nc", ["--by", "q", "--alpha", 0.2], "significant_pairs"),
        ("imitation.nc", ["--vmax", 0.5, "--cmap", "PuOr"], "matrix"),
        ("child.nc", [], "signals"),
        ("../pose.nc", ["--picture", "kinematics", "--angular"], "kinematics"),
        ("child.nc", ["--coefficient", "AU12", "--scales", "1,2", "--min-rise", 1], "decomposition"),
    ],
)
def test_pictures(file, options, picture, folder, tmp_path):
    out = tmp_path / ("out.pdf" if "--pair" in options else "out.png")
    if "--select" in options:
        file = tmp_path / "stats.nc"
        bx.to_netcdf(bx.window_stats(bx.open_netcdf(folder / "results" / "conditions.nc"), by="condition"), file)
    output = succeeded("plot", folder / "results" / file, "-o", out, *options)
    assert output == f"{out}: {picture}\n"
    assert out.read_bytes().startswith(PDF if out.suffix == ".pdf" else PNG)


def test_equal_results_make_equal_pictures(folder, tmp_path):
    for name in ("a.svg", "b.svg"):
        succeeded("plot", folder / "results" / "imitation.nc", "-o", tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_a_summary_is_drawn_by_group(tmp_path):
    values = xr.DataArray(np.arange(6.0).reshape(6, 1), dims=("recording", "pair"))
    coords = {"pair": ["AU12"], "group": ("recording", list("aaabbb"))}
    bx.to_netcdf(xr.Dataset({"excess": values}, coords, {"measure": "imitation"}), tmp_path / "summary.nc")
    chosen = ["plot", tmp_path / "summary.nc", "-o", tmp_path / "out.png", "--select", "pair=AU12", "--by", "group"]
    assert succeeded(*chosen, "--variable", "excess") == f"{tmp_path / 'out.png'}: groups\n"
    assert "expected --variable with groups, got none" in run(*chosen).stderr


def test_every_picture_and_option_of_python_is_an_option():
    options = {option.name for option in main.commands["plot"].params}
    for methods in (PlotMethods, SignalsPlotMethods):
        for name, method in vars(methods).items():
            if not name.startswith("_") and name != "answers":  # of two recordings
                assert name in PICTURES
                parameters = {*inspect.signature(method).parameters} - {"self", "ax", "fig"}
                assert parameters - options <= {"fps", "dim", "precision", "preregistered"}


def test_reports(folder, tmp_path):
    results = folder / "results"
    output = succeeded("report", results, "-o", tmp_path / "all.html", "--title", "Dyad <12>")
    assert output == f"{tmp_path / 'all.html'}\n"
    text = (tmp_path / "all.html").read_text(encoding="utf-8")
    assert "<h1>Dyad &lt;12&gt;</h1>" in text
    assert [text.count(f">Imitation ({k})</h2>") for k in (1, 2, 3)] == [1, 1, 0]
    assert ">Significance of imitation</h2>" in text
    succeeded("report", folder / "x.nc", results / "imitation.nc", "-o", tmp_path / "two.html")
    assert ">Data quality</h2>" in (tmp_path / "two.html").read_text(encoding="utf-8")


def test_a_report_on_a_study_from_its_folder(folder, tmp_path):
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "status.csv").write_text("recording,state,message,seconds,retries\na,failed,no file,0,0\n")
    succeeded("report", tmp_path / "study", "-o", tmp_path / "study.html")
    assert ">Failed recordings</h3>" in (tmp_path / "study.html").read_text(encoding="utf-8")
    done = run("report", tmp_path / "study", folder / "x.nc", "-o", tmp_path / "both.html")
    assert "expected one study, or results without studies, got 2 files and folders" in done.stderr
    assert not (tmp_path / "both.html").exists()


@pytest.mark.filterwarnings("default:.*left out")
def test_a_report_leaves_out_other_files_of_a_folder(folder, tmp_path):
    bx.to_netcdf(X, tmp_path / "x.nc")
    bx.to_netcdf(xr.Dataset({"a": 1.0}), tmp_path / "other.nc")
    done = run("report", tmp_path, "-o", tmp_path / "all.html")
    assert done.exit_code == 0
    assert "left out other.nc" in done.stderr


# --- messages


WORDED = {
    "imitation(): expected max_lag to be a number of seconds, got -1": "expected --max-lag to be a number of seconds, "
    "got -1",
    "a.csv: name the column (time=…, time_unit=…) or give fps=…": "a.csv: name the column (--time COLUMN, --time-unit "
    "UNIT) or give --fps FPS",
    "give the separator, sep=';'": "give the separator, --sep ';'",
    "choose columns=['a', 'b c']": "choose --columns 'a,b c'",
    "see signals(…, kind=…)": "see --kind KIND",
    "one tier or subject (open_intervals(…, tier=…, subject=…))": "one tier or subject (--tier NAME, --subject NAME)",
    "use causal=False, polarity=True": "use --no-causal, --polarity",
    "got scales=None and robust=True": "got scales=None and robust=True",  # no options of the command
    "choose a smaller width or max_lag": "choose a smaller --width or --max-lag",
    "a smaller width, step or max_lag; a larger window": "a smaller --width, --step or --max-lag; a larger window",
    "no fps is given; 30 fps are assumed": "no --fps is given; 30 fps are assumed",
    "a window of the width is longer than the time, by far": "a window of the width is longer than the time, by far",
    "expected by, the coordinate, got None": "expected --by, the coordinate, got none",
    "expected fps or time, got none": "expected --fps or --time, got none",
    "two faults of x\n  - resample(): leave out noise": "two faults of x\n  - resample(): leave out noise",
    "see align() and annotate(), or kinematics() and asymmetry()": (
        "see --align and --intervals, or bitbox-xr kinematics and asymmetry()"
    ),
    "a state log of FaceReader; read it with open_intervals()": "a state log of FaceReader; read it with --intervals",
    "a column called 'fps' or \"max_lag\"": "a column called 'fps' or \"max_lag\"",
}


def test_a_selection_keeps_the_name_of_its_dimension_although_an_option_has_it():
    text = "choose one label, for example result.sel(pair='LABEL')"
    assert in_words_of(text, options_of(main.commands["plot"])).endswith("--select pair=LABEL")


@pytest.mark.parametrize("text", WORDED)
def test_messages_name_options_as_the_command_line_does(text):
    command = main.commands["imitation"]
    assert in_words_of(text, options_of(command), main.commands) == WORDED[text]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["info", "semi.csv"], "give the separator, --sep ';', to get t, a"),
        (["info", "plain.csv"], "name the column (--time COLUMN, --time-unit UNIT) or give --fps FPS"),
        (["imitation", "x.nc", "y.nc", "-o", "o.nc", "--by", "phase"], "got no such coordinate; see --intervals"),
        (["significance", "x.nc", "y.nc", "-o", "o.nc", "--surrogates", "permute"], "expected --by, the coordinate"),
        (
            ["imitation", "x.nc", "plain.csv", "-o", "o.nc", "--time-y", "c"],
            "expected the name of a column, such as a, b",
        ),
        (["imitation", "x.nc", "plain.csv", "-o", "o.nc", "--fps-y", "-1"], "expected --fps-y to be a positive number"),
        (["kinematics", "x.nc", "-o", "o.nc"], "see --kind KIND"),
        (["plot", "results/imitation.nc", "-o", "o.jpg"], "choose a name that ends in .png, .svg or .pdf"),
        (["plot", "results/imitation.nc", "-o", "o.png", "--alpha", "0.1"], "options of matrix (--statistic"),
        (["plot", "results/imitation.nc", "-o", "o.png", "--pair", "AU12", "AU99"], "options of matrix (--statistic"),
        (
            ["plot", "results/imitation.nc", "-o", "o.png", "--picture", "over_time", "--pair", "AU12", "AU99"],
            "expected a label of signal2 (AU04, AU12), got 'AU99'",
        ),
        (["plot", "results/imitation.nc", "-o", "o.png", "--picture", "decomposition"], "one of a result (matrix"),
        (
            ["plot", "results/imitation.nc", "-o", "o.png", "--picture", "significant_pairs"],
            "expected --found with significant_pairs, got none",
        ),
        (["plot", "results/imitation.nc", "-o", "o.png", "--select", "group=a"], "one of the dimensions window, "),
        (
            ["plot", "results/imitation.nc", "-o", "o.png", "--select", "signal1=AU21"],
            "Error: expected a label of signal1 (AU04, AU12), got 'AU21'",
        ),
        (
            ["plot", "results/imitation.nc", "-o", "o.png", "--select", "window=one"],
            "expected a label of window (2, 3, 4, ",
        ),
        (["report", "results/imitation.nc", "-o", "o.nc"], "choose a name that ends in .html or .htm"),
        (["report", "empty", "-o", "o.html"], "expected a folder of a study, or one with results (.nc)"),
        (["report", "absent.nc", "-o", "o.html"], "expected an existing file, got absent.nc"),
    ],
)
def test_errors_of_commands(arguments, message, folder, monkeypatch):
    (folder / "semi.csv").write_text("t;a\n0;1\n1;2\n")
    (folder / "plain.csv").write_text("a,b\n0.3,1\n0.7,2\n")
    (folder / "empty").mkdir(exist_ok=True)
    monkeypatch.chdir(folder)
    done = run(*arguments)
    assert done.exit_code == 1, done.output
    assert message in done.stderr
    assert not [path for path in folder.iterdir() if path.stem == "o"]


# --- contrasts of a study


def _written_study(folder):
    summary = study(conditions=2)
    people = {"recording": summary.recording, "signal": summary.pair.values, "person": ["signals", "reference"]}
    noise = np.random.default_rng(1).normal(size=(16, 2, 3, 2))
    noise[:8] += 3  # of the first group
    quality = xr.Dataset({"noise": (("recording", "condition", "signal", "person"), noise)}, people)
    quality = quality.assign_coords(condition=summary.condition).assign_attrs(measure="quality")
    bx.to_netcdf(summary, folder / "summary.nc")
    bx.to_netcdf(quality, folder / "quality.nc")
    return summary, quality.noise.mean("signal")


def test_a_contrast_is_that_of_python(tmp_path):
    summary, _ = _written_study(tmp_path)
    asked = ["contrast", tmp_path / "summary.nc", "--variable", "excess", "--between", "group", "--seed", 7, "--n", 99]
    assert succeeded(*asked, "-o", tmp_path / "all.nc", "--within", "condition") == (
        f"{tmp_path / 'all.nc'}: 16 recordings; seed 7\n"
        "  control - clinic, task - baseline: 0 of 3 tests with family-wise p ≤ .05\n"
    )
    options = {"variable": "excess", "between": "group", "n": 99, "rng": 7}
    expected = bx.contrast(summary, within="condition", **options)
    xr.testing.assert_identical(bx.open_netcdf(tmp_path / "all.nc").load(), expected)
    succeeded(*asked, "-o", tmp_path / "task.csv", "--select", "condition=task", "--covariate", "age")
    expected = bx.contrast(summary.sel(condition="task"), covariates=["age"], **options)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "task.csv"), to_frame(expected))


@pytest.mark.filterwarnings("default::UserWarning")
def test_a_contrast_warns_of_groups_that_differ_in_quality_and_adjusts_for_it(tmp_path):
    summary, noise = _written_study(tmp_path)
    asked = ["contrast", tmp_path / "summary.nc", "--variable", "excess", "--between", "group", "--seed", 7, "--n", 99,
             "--select", "condition=task", "--quality", tmp_path / "quality.nc"]  # fmt: skip
    warned = run(*asked, "-o", tmp_path / "plain.nc")
    assert "groups of group differ in the quality of their signals: noise1 (p = " in warned.stderr
    assert run(*asked[:-2], "-o", tmp_path / "no.nc", "--covariate", "noise1").stderr.endswith("; see --quality\n")
    run(*asked, "-o", tmp_path / "adjusted.nc", "--covariate", "noise1")
    of_child = noise.sel(person="signals", condition="task", drop=True)
    with pytest.warns(UserWarning, match="differ strongly in the covariates noise1"):
        expected = bx.contrast(summary.sel(condition="task").assign(noise1=of_child), variable="excess",
                               between="group", covariates=["noise1"], n=99, rng=7)  # fmt: skip
    found = bx.open_netcdf(tmp_path / "adjusted.nc").load()
    xr.testing.assert_allclose(found[["estimate", "p_fwe"]], expected[["estimate", "p_fwe"]])


def test_a_contrast_compares_two_of_three_groups(tmp_path):
    summary, _ = _written_study(tmp_path)
    asked = ["contrast", tmp_path / "summary.nc", "-o", tmp_path / "two.nc", "--variable", "excess",
             "--between", "site", "--within", "condition", "--n", 99, "--seed", 7]  # fmt: skip
    assert "got a, b, c; choose two of them, --groups FIRST SECOND" in run(*asked).stderr
    succeeded(*asked, "--groups", "c", "a")
    options = {"variable": "excess", "between": "site", "groups": ["c", "a"], "within": "condition", "n": 99, "rng": 7}
    xr.testing.assert_identical(bx.open_netcdf(tmp_path / "two.nc").load(), bx.contrast(summary, **options))


@pytest.mark.parametrize(("attrs", "got"), [({"measure": "expressivity"}, "expressivity in "), ({}, "no measure in ")])
def test_a_contrast_refuses_the_summary_of_another_measure_as_quality(tmp_path, attrs, got):
    summary, _ = _written_study(tmp_path)
    bx.to_netcdf(summary.assign_attrs(attrs), tmp_path / "other.nc")
    done = run("contrast", tmp_path / "summary.nc", "-o", tmp_path / "o.nc", "--variable", "excess",
               "--quality", tmp_path / "other.nc")  # fmt: skip
    assert f"expected --quality to be the summary of the measure quality, got {got}" in done.stderr
    bx.to_netcdf(bx.quality(random_walk(2)), tmp_path / "one.nc")
    done = run("contrast", tmp_path / "summary.nc", "-o", tmp_path / "o.nc", "--variable", "excess",
               "--quality", tmp_path / "one.nc")  # fmt: skip
    assert "got quality of one recording in " in done.stderr


def test_the_help_of_every_command_has_an_example_of_it():
    for name in main.commands:
        text = run(name, "--help").output
        assert f"bitbox-xr {name} " in text.partition("Example")[2], name
        assert max(map(len, text.splitlines())) <= 100
