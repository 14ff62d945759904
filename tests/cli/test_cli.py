"""The command line: its files, its messages, and that a failing command writes nothing."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner

from bitbox_xr import align, contingency, coordination, demo, expressivity, imitation, resample, signals, significance
from bitbox_xr.cli import main
from bitbox_xr.cli.measures import _summary
from bitbox_xr.io.netcdf import open_netcdf, to_netcdf

DATA = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two recordings as tables with times, and both people in one table."""
    folder = tmp_path_factory.mktemp("recordings")
    x, y, _ = demo.make_pair(minutes=0.5)
    for name, one in (("x", x), ("y", y)):
        one.to_pandas().to_csv(folder / f"{name}.csv")
        to_netcdf(one, folder / f"{name}.nc")
    both = xr.concat([x, y], "person", join="exact").assign_coords(person=["x", "y"]).sel(signal="AU12")
    both.reset_coords(drop=True).T.to_pandas().to_csv(folder / "both.csv")
    return folder


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


def test_imitation_of_two_tables(folder, tmp_path):
    windows = ["--width", 4, "--step", 1, "--max-lag", 1]
    done = run("imitation", folder / "x.csv", folder / "y.csv", "--time", "time", "-o", tmp_path / "out.nc", *windows)
    assert done.exit_code == 0, done.output
    assert "12 × 12 signals, 25 windows of 4 s; strongest AU" in done.output
    x, y, _ = demo.make_pair(minutes=0.5)
    expected = imitation(x, y, width=4, step=1, max_lag=1)
    with open_netcdf(tmp_path / "out.nc") as found:
        np.testing.assert_allclose(found["corr"], expected["corr"], atol=1e-6)
        np.testing.assert_array_equal(found["lag"], expected["lag"])
        assert found.attrs["source1"] == "x.csv"


def test_options_reach_the_measure(folder, tmp_path):
    options = ["--no-causal", "--no-polarity", "--min-valid", 0.5, "--width", 2, "--max-lag", 0.4, "--stats"]
    done = run("imitation", folder / "x.nc", folder / "y.nc", "-o", tmp_path / "out.nc", *options)
    assert done.exit_code == 0, done.output
    x, y, _ = demo.make_pair(minutes=0.5)
    expected = imitation(x, y, width=2, max_lag=0.4, causal=False, polarity=False, min_valid=0.5, stats=True)
    with open_netcdf(tmp_path / "out.nc") as found:
        xr.testing.assert_identical(found.load(), expected)


def test_coordination_of_one_and_of_two_people_in_one_file(folder, tmp_path):
    x, y, _ = demo.make_pair(minutes=0.5)
    done = run("coordination", folder / "x.nc", "-o", tmp_path / "one.nc", "--width", 2)
    assert done.exit_code == 0, done.output
    with open_netcdf(tmp_path / "one.nc") as found:
        xr.testing.assert_identical(found.load(), coordination(x, width=2))
    best = done.output.split("strongest ")[1].split()
    assert best[0] != best[2].rstrip(":"), "a signal was paired with itself"
    assert " of y" not in done.output
    both = [folder / "both.csv", folder / "both.csv", "--time", 0, "--columns", "x", "--columns-y", "2"]
    done = run("coordination", *both, "-o", tmp_path / "two.nc", "--width", 2)
    assert done.exit_code == 0, done.output
    expected = coordination(x.sel(signal="AU12"), y.sel(signal="AU12"), width=2)
    with open_netcdf(tmp_path / "two.nc") as found:
        assert (found.signal1.item(), found.signal2.item()) == ("x", "y")
        np.testing.assert_allclose(found["corr"], expected["corr"], atol=1e-6)


@pytest.mark.filterwarnings("ignore:significance")  # few surrogates, or activity at the same times
def test_significance_of_two_and_of_one(folder, tmp_path):
    x, y, _ = demo.make_pair(minutes=0.5)
    chance = ["--n", 19, "--seed", 3, "--width", 2, "--max-lag", 0.5]
    matched = ["--pairs", "matched", "--statistic", "corr_mean", "--no-causal"]
    done = run("significance", folder / "x.nc", folder / "y.nc", "-o", tmp_path / "two.nc", *chance, *matched)
    assert done.exit_code == 0, done.output
    options = {"n": 19, "rng": 3, "width": 2, "max_lag": 0.5}
    expected = significance(x, y, **options, pairs="matched", statistic="corr_mean", causal=False)
    with open_netcdf(tmp_path / "two.nc") as found:
        xr.testing.assert_identical(found.load(), expected)
    few = " (with 14 surrogates the smallest possible p is .067, and z is unreliable)"
    summary = f"{int((expected.p_fwe <= 0.05).sum())} of 12 pairs with family-wise p ≤ .05{few}; seed 3"
    assert done.output.endswith(f"two.nc: {summary}\n")
    alone = ["--measure", "coordination", "--columns", "AU06,AU12,AU25", "--time", "time", *chance]
    done = run("significance", folder / "x.csv", "-o", tmp_path / "one.nc", *alone)
    assert done.exit_code == 0, done.output
    assert "of 3 pairs with" in done.output


@pytest.mark.filterwarnings("ignore:significance")  # few surrogates, or activity at the same times
def test_significance_of_each_label(folder, tmp_path):
    (tmp_path / "phases.csv").write_text("onset,duration,label\n0,12,calm\n12,18,talk\n")
    options = ["--n", 19, "--seed", 3, "--width", 2, "--max-lag", 0.5, "--intervals", tmp_path / "phases.csv"]
    done = run("significance", folder / "x.nc", folder / "y.nc", "-o", tmp_path / "out.nc", *options)
    assert done.exit_code == 0, done.output
    with open_netcdf(tmp_path / "out.nc") as found:
        assert found["p"].dims == ("condition", "signal1", "signal2")
        assert found.attrs["n_by_label"] == "[5, 8]"
    assert "  calm: 0 of 144 pairs\n  talk: 0 of 144 pairs\n" in done.output


def test_contingency_of_two_and_of_one(tmp_path):
    x, y, _ = demo.make_pair(minutes=1)
    for side, name in ((x, "x.nc"), (y, "y.nc")):
        to_netcdf(side, tmp_path / name)
    options = ["--max-latency", 1, "--min-rise", 0.2, "--seed", 3, "--n", 19, "--scales", "0.5,1,2"]
    done = run("contingency", tmp_path / "x.nc", tmp_path / "y.nc", "-o", tmp_path / "two.nc", *options)
    assert done.exit_code == 0, done.output
    expected = contingency(x, y, max_latency=1, min_rise=0.2, rng=3, n=19, scales=[0.5, 1, 2])
    with open_netcdf(tmp_path / "two.nc") as found:
        xr.testing.assert_identical(found.load(), expected)
    assert "; most above chance: AU" in done.output
    assert "seed 3" in done.output
    alone = run("contingency", tmp_path / "x.nc", "-o", tmp_path / "one.nc", *options)
    assert alone.exit_code == 0, alone.output
    with open_netcdf(tmp_path / "one.nc") as found:
        assert found.attrs["alone"] == 1


def test_expressivity_of_chosen_activations(folder, tmp_path):
    face, rest = demo.make_face()[0], 0.1 * demo.make_face(1)[0]
    to_netcdf(face.assign_coords(phase=("time", ["rest"] * 120 + ["task"] * 1680)), tmp_path / "face.nc")
    to_netcdf(rest, tmp_path / "rest.nc")
    shared = [tmp_path / "face.nc", "-o", tmp_path / "out.nc", "--scales", "0.5,1", "--false-alarms-per-minute", 2]
    for given, noise in (("phase=rest", {"phase": "rest"}), (tmp_path / "rest.nc", rest)):
        done = run("expressivity", *shared, "--min-rise", 0.2, "--noise", given)
        assert done.exit_code == 0, done.output
        labelled = face.assign_coords(phase=("time", ["rest"] * 120 + ["task"] * 1680))
        expected = expressivity(labelled, scales=[0.5, 1], min_rise=0.2, false_alarms_per_minute=2, noise=noise)
        with open_netcdf(tmp_path / "out.nc") as found:
            xr.testing.assert_allclose(found.load(), expected)
            assert found.attrs["min_rise"] == 0.2
    done = run("expressivity", *shared, "--noise", "phase=sleep")
    assert done.exit_code == 1
    assert "expected --noise to be a label of phase (rest, task), got 'sleep'" in done.output
    done = run("expressivity", tmp_path / "face.nc", "-o", tmp_path / "rest.nc", "--noise", tmp_path / "rest.nc")
    assert "expected --out to differ from the files that are read" in done.output


@pytest.mark.filterwarnings("ignore:significance")  # few surrogates, or activity at the same times
def test_significance_among_partners(folder, tmp_path):
    partners = ["--surrogates", "partners", "--partner", folder / "x.nc", "--partner", folder / "y.nc"]
    done = run("significance", folder / "x.nc", folder / "y.nc", "-o", tmp_path / "out.nc", *partners)
    assert done.exit_code == 0, done.output
    with open_netcdf(tmp_path / "out.nc") as found:
        assert found.attrs["n"] == 2
        assert float(found["p"].min()) == pytest.approx(2 / 3)  # y itself is as strong as y


@pytest.mark.filterwarnings("ignore:significance")  # few surrogates, or activity at the same times
def test_partners_are_aligned_with_x(folder, tmp_path):
    x, y, _ = demo.make_pair(minutes=0.5)
    others = [demo.make_pair(minutes=0.5, seed=seed)[1] for seed in (1, 2)]
    to_netcdf(resample(y, 25), tmp_path / "y.nc")
    for k, other in enumerate(others):
        to_netcdf(resample(other, 24), tmp_path / f"{k}.nc")
    partners = ["--surrogates", "partners", "--partner", tmp_path / "0.nc", "--partner", tmp_path / "1.nc"]
    arguments = [folder / "x.nc", tmp_path / "y.nc", "-o", tmp_path / "out.nc", *partners, "--align", "--offset", 0.2]
    done = run("significance", *arguments, "--seed", 0)
    assert done.exit_code == 0, done.output
    one, two = align(x, resample(y, 25), offset=0.2)
    slow = [resample(other, 24).interp(time=one.time - 0.2).assign_coords(time=one.time) for other in others]
    expected = significance(one, two, surrogates="partners", partners=slow, rng=0, progress=False)
    with open_netcdf(tmp_path / "out.nc") as found:
        for name in ("observed", "null_mean"):
            np.testing.assert_allclose(found[name], expected[name], atol=1e-6)


def test_a_partner_at_other_times_is_named(folder, tmp_path):
    late = demo.make_pair(minutes=0.5, seed=1)[1]
    to_netcdf(late.assign_coords(time=late.time + 100), tmp_path / "late.nc")
    partners = ["--surrogates", "partners", "--partner", folder / "y.nc", "--partner", tmp_path / "late.nc"]
    done = run("significance", folder / "x.nc", folder / "y.nc", "-o", tmp_path / "out.nc", *partners, "--align")
    assert done.exit_code == 1
    assert f"partner {tmp_path / 'late.nc'}, as y: " in done.stderr
    assert not (tmp_path / "out.nc").exists()


def test_different_time_axes_are_refused_without_align(folder, tmp_path):
    x, y, _ = demo.make_pair(minutes=0.5)
    late = y.assign_coords(time=y.time + 0.4)
    to_netcdf(late, tmp_path / "late.nc")
    arguments = ["imitation", folder / "x.nc", tmp_path / "late.nc", "-o", tmp_path / "out.nc", "--stats"]
    done = run(*arguments)
    assert done.exit_code == 1
    assert "at 30 frames per second; add --align (and --align-fps FPS if" in done.stderr
    for options, aligned in (
        (["--align"], align(x, late)),
        (["--align", "--align-fps", 25, "--offset", -0.2], align(x, late, fps=25, offset=-0.2)),
    ):
        done = run(*arguments, *options)
        assert done.exit_code == 0, done.output
        with open_netcdf(tmp_path / "out.nc") as found:
            xr.testing.assert_identical(found.load(), imitation(*aligned, stats=True))


def test_y_can_have_its_own_rate_and_times(folder, tmp_path):
    x, y, _ = demo.make_pair(minutes=0.5)
    y.to_pandas().rename_axis("t").to_csv(tmp_path / "y.csv")
    x.to_pandas().to_csv(tmp_path / "x.csv", index=False)
    expected = imitation(x, y, stats=True)["corr_mean"]
    out = ["-o", tmp_path / "out.nc", "--stats"]
    for arguments in (
        [folder / "x.csv", tmp_path / "y.csv", "--time", "time", "--time-y", "t"],
        [tmp_path / "x.csv", tmp_path / "y.csv", "--fps", 30, "--time-y", "t"],
    ):
        done = run("imitation", *arguments, *out)
        assert done.exit_code == 0, done.output
        with open_netcdf(tmp_path / "out.nc") as found:
            np.testing.assert_allclose(found["corr_mean"], expected, atol=1e-6)
    done = run("imitation", tmp_path / "x.csv", tmp_path / "x.csv", "--fps", 30, "--fps-y", 25, *out)
    assert "y: 0 to 35.96 s at 25 frames per second" in done.stderr


def test_the_summary_counts_windows_and_pairs_without_windows(tmp_path):
    rng = np.random.default_rng(3)
    table = rng.standard_normal((300, 3))
    other = np.stack([table[:, 0] + rng.standard_normal(300), table[:, 1], np.full(300, np.nan)], axis=1)
    other[70:, 1] = np.nan  # correlation 1, but in two windows only
    for name, values in (("x", other), ("y", table)):
        to_netcdf(signals(values, fps=30, names=["AU01", "AU04", "AU06"]), tmp_path / f"{name}.nc")
    options = ["-o", tmp_path / "out.nc", "--width", 2, "--max-lag", 0]
    output = run("imitation", tmp_path / "x.nc", tmp_path / "y.nc", *options).output
    assert "3 of 9 pairs have no window: flat or missing; strongest AU01 of x with AU01 of y: " in output
    assert output.endswith("mean lag +0.00 s, in 9 of 9 windows\n")
    output = run("coordination", tmp_path / "x.nc", *options).output
    assert "2 of 3 pairs have no window: flat or missing; strongest AU01 with AU04: " in output


def test_the_summary_has_no_negative_zero():
    result = imitation(*demo.make_pair(minutes=0.5)[:2], stats=True)
    result["corr_lag"][:] = -0.001
    assert "mean lag +0.00 s" in _summary(result)


def test_info_of_signals_states_rate_and_gaps(tmp_path):
    x = demo.make_pair(minutes=0.5)[0].copy(deep=True)
    x[10:18], x[100:102], x[:, 3] = np.nan, np.nan, np.nan
    x[500, 0] = np.nan
    x[:, -1] = x[:, -1].where(x[:, -1].isnull(), 0.5)
    to_netcdf(x.assign_attrs(backend="simulated"), tmp_path / "x.nc")
    done = run("info", tmp_path / "x.nc")
    assert done.exit_code == 0, done.output
    lines = dict(line.strip().split("  ", 1) for line in done.output.splitlines()[1:])
    assert {name: text.strip() for name, text in lines.items()} == {
        "kind": "expression",
        "backend": "simulated",
        "signals": "12: AU01, AU02, AU04, AU05, AU06, …, AU45",
        "frames": "900",
        "times": "0 to 29.967 s",
        "duration": "30 s",
        "rate": "30 frames per second, regular",
        "lost frames": "10 (1.1%)",
        "gaps": "2 (8, 2 frames; longest 0.3 s)",
        "missing values": "9.4%",
        "constant signals": "AU45",
        "empty signals": "AU05",
    }


def test_info_of_irregular_times_and_of_a_single_frame(tmp_path):
    (tmp_path / "odd.csv").write_text("t,a\n0,1\n100,2\n250,3\n300,4\n")
    done = run("info", tmp_path / "odd.csv", "--time", "t", "--time-unit", "ms")
    assert "not regular: steps from 50 to 150 ms, median 100 ms" in done.output
    (tmp_path / "lost.csv").write_text("t,a\n0,1\n0.04,2\n0.12,3\n0.16,4\n")
    done = run("info", tmp_path / "lost.csv", "--time", "t")
    assert "1 (1 frame; longest 0.08 s)" in done.output
    (tmp_path / "one.csv").write_text("t;a\n0;1\n")
    done = run("info", tmp_path / "one.csv", "--time", "t", "--sep", ";")
    assert "unknown (a single frame)" in done.output


def test_info_of_a_result(tmp_path):
    x, y, _ = demo.make_pair(minutes=0.5)
    to_netcdf(imitation(x, y), tmp_path / "result.nc")
    done = run("info", tmp_path / "result.nc")
    assert done.exit_code == 0, done.output
    lines = {line[:44].strip(): line[44:].strip() for line in done.output.splitlines()[1:]}
    assert lines["result"] == "Imitation"
    assert lines["x"] == "bitbox-xr demo, seed 0, participant"
    assert (lines["Length of a window"], lines["Step between windows"], lines["Largest lag"]) == (
        "0.5 s",
        "0.233 s",
        "0.1 s",
    )
    assert "window 126, signal1 12, signal2 12" in done.output
    assert "corr, lag, valid1, valid2" in done.output


def test_the_demo_prints_planted_and_found_values(tmp_path):
    done = run("demo", "--out", tmp_path / "new" / "demo", "--minutes", 3)
    assert done.exit_code == 0, done.output
    assert "AU04         AU12        -  -15 frames  -15 frames" in done.output
    assert "6 of 6 lags found to the frame" in done.output
    assert "12 activations planted: 12 found, 0 missed, 0 false" in done.output
    written = sorted(path.name for path in (tmp_path / "new" / "demo").iterdir())
    assert written == [".bitbox_xr", *sorted((*demo.FILES, *demo.FACE_FILES, "report.html"))]
    assert "Open " in done.output


def test_expressivity_of_a_file(tmp_path):
    face, _ = demo.make_face()
    to_netcdf(face, tmp_path / "face.nc")
    done = run("expressivity", tmp_path / "face.nc", "-o", tmp_path / "out.nc", "--scales", "0.5,1,2,4", "--aggregate")
    assert done.exit_code == 0, done.output
    assert "3 coefficients × 1 scale; most frequent " in done.output
    with open_netcdf(tmp_path / "out.nc") as found:
        xr.testing.assert_identical(found.load(), expressivity(face, scales=[0.5, 1, 2, 4], aggregate=True))
    done = run("expressivity", tmp_path / "face.nc", "-o", tmp_path / "face.nc")
    assert done.exit_code == 1
    assert "which is one of them" in done.output
    done = run("expressivity", tmp_path / "face.nc", "-o", tmp_path / "out.nc", "--scales", "90")
    assert done.exit_code == 0
    done = run("expressivity", tmp_path / "face.nc", "-o", tmp_path / "out.nc", "--scales", "90,1")
    assert done.exit_code == 1
    assert "60 s" in done.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["imitation", "absent.csv", "y.csv", "-o", "out.nc"], "absent.csv: expected an existing file, got none"),
        (
            ["imitation", "x.csv", "y.csv", "-o", "out.nc"],
            "x.csv: expected a column of times or a frame rate, got neither; name the column",
        ),
        (["imitation", "x.nc", "y.nc", "-o", "no/out.nc"], "expected an existing folder for out.nc, got no"),
        (["imitation", "x.nc", "y.nc", "-o", "y.nc"], "got y.nc, which is one of them; choose another name"),
        (["imitation", "x.nc", "y.nc", "-o", "."], "expected the name of a file, got the folder"),
        (["coordination", "x.nc", "-o", "out.nc", "--columns-y", "a"], "expected a file Y with --columns-y, got none"),
        (
            ["coordination", "x.nc", "-o", "out.nc", "--width", "-1"],
            "expected --width to be a positive number of seconds, got -1.0",
        ),
        (["significance", "x.nc", "y.nc", "-o", "out.nc", "--width", "12"], "expected at least 1080 frames (36 s)"),
        (["significance", "x.nc", "y.nc", "-o", "out.nc", "--surrogates", "permute"], "expected --by, "),
        (["coordination", "x.nc", "-o", "out.nc", "--width", "60"], "got 900 frames (30 s)"),
        (["coordination", "x.nc", "-o", "out.nc", "--align"], "expected a file Y with --align, got none"),
        (
            ["imitation", "x.nc", "y.nc", "-o", "out.nc", "--align-fps", "25"],
            "expected --align with --align-fps, got none",
        ),
        (["imitation", "x.nc", "y.nc", "-o", "out.txt"], "choose a name that ends in .nc or .csv"),
        (["info", "absent.nc"], "expected an existing file, got absent.nc"),
        (["info", "x.csv", "--kind", "faces"], "expected --kind to be one of expression"),
    ],
)
def test_a_failing_command_explains_the_error_and_writes_nothing(folder, tmp_path, monkeypatch, arguments, message):
    for name in ("x.csv", "y.csv", "x.nc", "y.nc"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: ")
    assert message in done.stderr
    assert done.stdout == ""
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("command", ["demo", "imitation", "coordination", "expressivity", "significance", "info"])
def test_help_has_an_example(command):
    done = run(command, "--help")
    assert done.exit_code == 0
    assert f"bitbox-xr {command} " in done.output.split("Example")[1]


def test_the_module_prints_errors_without_a_traceback(tmp_path):
    command = [sys.executable, "-m", "bitbox_xr", "info", str(tmp_path / "absent.csv")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr == f"Error: {tmp_path / 'absent.csv'}: expected an existing file, got none; check the path\n"


def test_info_finds_the_gaps_of_irregular_times():
    file = DATA / "syncpy_kinect_dyad_Data_Example.csv"
    if not file.exists():
        pytest.skip(f"{file} is absent")
    output = run("info", file, "--columns", "2,10", "--time", "0", "--time-unit", "ms").output
    assert "not regular: steps from 32 to 1681 ms" in output
    assert "lost frames     154 (6.4%)" in output
    assert "gaps            70 (" in output


@pytest.mark.filterwarnings("ignore:.*signals that never change")
def test_a_real_recording(tmp_path):
    file = DATA / "openface2_subj01.csv"
    if not file.exists():
        pytest.skip(f"{file} is absent")
    output = run("info", file).output
    assert "30 frames per second, regular" in output
    assert "OpenFace 2" in output
    done = run("coordination", file, "-o", tmp_path / "out.nc", "--width", 1)
    assert done.exit_code == 0, done.output
    with open_netcdf(tmp_path / "out.nc") as found:
        assert found.sizes["signal1"] == 17
