"""The command `info` of annotations, results and recordings with every k-th frame of a video."""

import pytest
from click.testing import CliRunner

import bitbox_xr as bx
from bitbox_xr.cli import main

import trackers
from random_recordings import random_walk

CODED = "onset,offset,label,tier\n0,20,play,phase\n20,40,story,phase\n3,5,speech,mother\n"


def run(*arguments):
    return CliRunner().invoke(main, ["info", *map(str, arguments)], catch_exceptions=False)


def lines_of(done):
    assert done.exit_code == 0, done.output
    return {line[:21].strip(): line[21:].strip() for line in done.output.splitlines()[1:]}


@pytest.fixture
def coded(tmp_path):
    (tmp_path / "coded.csv").write_text(CODED)
    return tmp_path / "coded.csv"


def test_an_annotation_has_tiers_and_labels(coded):
    text = run(coded).output
    for line in ("annotation (table)", "3: state (3)", "0 to 40 s", "phase (2), mother (1)"):
        assert line in text
    assert "play (1), story (1), speech (1)" not in text  # in the order of onsets
    assert "play (1), speech (1), story (1)" in text


def test_intervals_are_chosen_as_in_other_commands(coded):
    assert "2: state (2)" in run(coded, "--tier", "phase").output
    assert "expected --tier to be one of 'phase', 'mother', got 'child'" in run(coded, "--tier", "child").stderr


def test_options_of_reading_ask_for_signals(coded):
    assert "column" in run(coded, "--fps", 30).stderr


def test_a_result_has_options_with_units_and_steps_in_words(tmp_path):
    x, y = (bx.smooth(random_walk(seed), 0.2) for seed in (0, 1))
    bx.to_netcdf(bx.imitation(x, y, width=2, step=1, max_lag=1), tmp_path / "imitation.nc")
    text = run(tmp_path / "imitation.nc").output
    for name, value in (("Length of a window", "2 s"), ("Only lags at which x follows y", "yes")):
        assert f"{name} " in text
        assert f" {value}\n" in text
    assert "smoothed by a Gaussian" in text
    assert "{" not in text  # no attributes as they are stored


def test_a_file_with_every_second_frame_says_so(tmp_path):
    trackers.write(tmp_path / "fex.csv", trackers.pyfeat(9, version=2, step=2))
    found = lines_of(run(tmp_path / "fex.csv", "--fps", 25))
    assert found["rate"] == "12.5 frames per second, regular"
    assert found["frames of the video"] == "one of 2 is in the file, so the rate is that of the video divided by 2"
