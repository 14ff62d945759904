"""`bitbox-xr plot` draws every kind of result and of signals without further options."""

import numpy as np
import pytest
from click.testing import CliRunner

import bitbox_xr as bx
from bitbox_xr.cli import main
from bitbox_xr.cli.default_pictures import OF_KINDS
from bitbox_xr.plotting.methods import PlotMethods
from bitbox_xr.reporting.kinds import KINDS

from random_recordings import random_walk
from study_summaries import study

pytestmark = pytest.mark.filterwarnings("ignore:(significance|contingency|surrogate_windows)")  # few surrogates

X, Y = random_walk(0), random_walk(1)
FACE = bx.signals(np.random.default_rng(0).normal(size=(90, 153)), kind="landmark-can", fps=30)
POSE = bx.signals(np.cumsum(np.random.default_rng(1).normal(size=(90, 6)), axis=0), kind="pose", fps=30)
WINDOWS = {"width": 1.0, "max_lag": 0.5}
FEW = {"n": 5, "rng": 0, "progress": False}

CASES = {
    "windows": (lambda: bx.imitation(X, Y, **WINDOWS), "matrix"),
    "statistics": (lambda: bx.coordination(X, **WINDOWS, stats=True), "matrix"),
    "lag profile": (lambda: bx.lag_profile(X, Y, **WINDOWS), "lag_profile"),
    "significance": (lambda: bx.significance(X, Y, **WINDOWS, **FEW), "significant_pairs"),
    "matched pairs": (lambda: bx.significance(X, Y, **WINDOWS, **FEW, pairs="matched"), "matched_pairs"),
    "contingency": (lambda: bx.contingency(X, Y, scales=[1.0], **FEW), "matrix"),
    "matched answers": (lambda: bx.contingency(X, Y, scales=[1.0], **FEW, pairs="matched"), "matrix"),
    "surrogate windows": (lambda: bx.surrogate_windows(X, Y, pair=("AU12", "AU12"), n=5, rng=0, **WINDOWS),
                          "over_time_by_chance"),
    "lag map": (lambda: bx.lag_map(X, Y, pair=("AU12", "AU12"), **WINDOWS), "lag_heatmap"),
    "expressivity": (lambda: bx.expressivity(X, scales=[1.0, 2.0]), "expressivity"),
    "one scale": (lambda: bx.expressivity(X), "expressivity"),
    "events": (lambda: bx.events(X, scales=[1.0]), "events"),
    "diversity": (lambda: bx.diversity(X, scales=[1.0, 2.0]), "values"),
    "asymmetry": (lambda: bx.asymmetry(FACE), "asymmetry"),
    "kinematics": (lambda: bx.kinematics(FACE), "values"),
    "smoothness": (lambda: bx.smoothness(FACE), "values"),
    "relative motion": (lambda: bx.relative_motion(FACE), "values"),
    "quality": (lambda: bx.quality(X), "values"),
    "contrast": (lambda: bx.contrast(study(), variable="excess", between="group", n=99, rng=0), "estimates"),
    "multiverse": (lambda: bx.multiverse("imitation", X, Y, width=[1.0, 2.0]).sel(signal1="AU04", signal2="AU12"),
                   "specification_curve"),
    "signals": (lambda: X, "signals"),
    "pose": (lambda: POSE, "signals"),
}  # fmt: skip


def run(*arguments):
    return CliRunner().invoke(main, [*map(str, arguments)], catch_exceptions=False)


@pytest.mark.parametrize("case", CASES)
def test_each_kind_has_a_picture(case, tmp_path):
    make, picture = CASES[case]
    bx.to_netcdf(make(), tmp_path / "data.nc")
    done = run("plot", tmp_path / "data.nc", "-o", tmp_path / "out.png", "--dpi", 40)
    assert done.exit_code == 0, done.output
    assert done.output == f"{tmp_path / 'out.png'}: {picture}\n"
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")


def test_the_table_has_every_kind_and_every_picture_exists():
    assert set(OF_KINDS) == {kind.name for kind in KINDS}
    assert {default.name for choices in OF_KINDS.values() for default in choices} <= set(vars(PlotMethods))


def test_a_single_number_has_no_picture(tmp_path):
    bx.to_netcdf(bx.kinematics(POSE), tmp_path / "head.nc")
    done = run("plot", tmp_path / "head.nc", "-o", tmp_path / "out.png")
    assert done.exit_code == 1
    assert "got one number; draw the recording itself: bitbox-xr plot RECORDING" in done.stderr


def tables(folder):
    """A file of two people without times, and another with the same clock."""
    for name, x in (("x.csv", X), ("y.csv", Y)):
        x.to_pandas().to_csv(folder / name, index=False, sep=";")
    (folder / "phases.csv").write_text("onset,offset,label\n0,9,calm\n9,18,talk\n")


def test_a_tracker_file_is_drawn_with_the_options_of_reading(tmp_path):
    tables(tmp_path)
    reading = ("--sep", ";", "--fps", 30)
    done = run("plot", tmp_path / "x.csv", *reading, "-o", tmp_path / "x.png", "--intervals", tmp_path / "phases.csv")
    assert done.output == f"{tmp_path / 'x.png'}: signals\n", done.output
    answers = ("--y", tmp_path / "y.csv", "--pair", "AU12", "AU12", "--max-latency", 1)
    done = run("plot", tmp_path / "x.csv", *reading, "-o", tmp_path / "answers.png", *answers)
    assert done.output == f"{tmp_path / 'answers.png'}: answers\n", done.output
    done = run("plot", tmp_path / "x.csv", *reading, "-o", tmp_path / "o.png", "--y", tmp_path / "y.csv", "--fps-y", 25)
    assert "expected --pair with answers, got none; add it" in done.stderr
    done = run("report", tmp_path / "x.csv", *reading, "-o", tmp_path / "x.html")
    assert done.exit_code == 0, done.output


def test_options_of_reading_that_cannot_apply_are_refused(tmp_path):
    bx.to_netcdf(bx.imitation(X, Y, **WINDOWS), tmp_path / "data.nc")
    done = run("report", tmp_path / "data.nc", "--fps", 30, "-o", tmp_path / "x.html")
    assert "expected a tracker's file with --fps, got none; leave the option out" in done.stderr
    done = run("plot", tmp_path / "data.nc", "--intervals", tmp_path / "phases.csv", "-o", tmp_path / "x.png")
    assert "expected a recording with --intervals, got the result" in done.stderr
    done = run("plot", tmp_path / "data.nc", "--fps", 30, "-o", tmp_path / "x.png")
    assert "expected a recording with --fps, got the result" in done.stderr
    bx.to_netcdf(X, tmp_path / "x.nc")
    done = run("plot", tmp_path / "x.nc", "--align", "-o", tmp_path / "x.png")
    assert "expected a file Y with --align, got none" in done.stderr
    done = run("plot", tmp_path / "x.nc", "--kind", "expression", "-o", tmp_path / "x.png")
    assert done.output == f"{tmp_path / 'x.png'}: signals\n"
