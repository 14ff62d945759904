"""The command `prepare`: its file, its options and its messages."""

import xarray as xr
from click.testing import CliRunner

import bitbox_xr as bx
from bitbox_xr.cli import main

from random_recordings import random_walk


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


def recordings(folder):
    for name, seed in (("x", 0), ("rest", 1)):
        bx.to_netcdf(random_walk(seed), folder / f"{name}.nc")
    return bx.open_signals(folder / "x.nc").load(), bx.open_signals(folder / "rest.nc").load()


def test_steps_are_done_in_order(tmp_path):
    x, rest = recordings(tmp_path)
    out = tmp_path / "out.nc"
    scaling = ("--standardize", "--reference", tmp_path / "rest.nc", "--center", "median", "--dead-band", 0.5)
    done = run("prepare", tmp_path / "x.nc", "-o", out, "--smooth", 0.2, "--detrend", 5, *scaling)
    assert done.exit_code == 0, done.output
    assert f"{out}: 2 signals (expression), 600 frames; smoothed by a Gaussian with a full width at half" in done.output
    assert "then detrended by subtracting the running median over 5 s, then standardised" in done.output
    prepared = bx.detrend(bx.smooth(x, 0.2), 5)
    expected = bx.standardize(prepared, reference=rest, center="median", dead_band=0.5)
    with bx.open_netcdf(out) as found:
        xr.testing.assert_identical(found.load().drop_attrs(), expected.drop_attrs())
        assert found.attrs["history"] == expected.attrs["history"]


def test_gaps_are_filled_before_intervals_are_masked(tmp_path):
    x, _ = recordings(tmp_path)
    x = x.assign_coords(region=("signal", ["mouth", "eye"]))
    x[50:52] = float("nan")
    bx.to_netcdf(x, tmp_path / "gaps.nc")
    (tmp_path / "coded.csv").write_text("onset,offset,label,tier\n1,2,yes,speech\n3,9,play,phase\n")
    chosen = ("--mask", tmp_path / "coded.csv", "--tier", "speech", "--regions", "mouth")
    done = run("prepare", tmp_path / "gaps.nc", "-o", tmp_path / "out.nc", "--fill-gaps", 0.2, *chosen)
    assert done.exit_code == 0, done.output
    assert "interpolated linearly over gaps of up to 0.2 s, then set to missing in one interval" in done.output
    speech = bx.open_intervals(tmp_path / "coded.csv", tier="speech")
    expected = bx.mask(bx.fill_gaps(x, max_gap=0.2), speech, regions="mouth")
    with bx.open_netcdf(tmp_path / "out.nc") as found:
        xr.testing.assert_equal(found.load(), expected)
    assert int(expected.isnull().sum()) == int(expected[:, 0].isnull().sum()) > 0


def test_without_steps_a_file_is_converted(tmp_path):
    (tmp_path / "x.csv").write_text("t,a,b\n0.0,1,2\n0.1,3,4\n0.2,5,6\n")
    done = run("prepare", tmp_path / "x.csv", "--time", "t", "-o", tmp_path / "out.nc")
    assert done.output.endswith("out.nc: 2 signals (expression), 3 frames; converted, with the values of the file\n")
    with bx.open_netcdf(tmp_path / "out.nc") as found:
        assert found.values.tolist() == [[1, 2], [3, 4], [5, 6]]


def test_none_is_an_option(tmp_path):
    x, _ = recordings(tmp_path)
    done = run("prepare", tmp_path / "x.nc", "-o", tmp_path / "out.nc", "--standardize", "--scale", "none")
    assert done.exit_code == 0, done.output
    with bx.open_netcdf(tmp_path / "out.nc") as found:
        xr.testing.assert_allclose(found.load(), bx.standardize(x, scale=None))


def test_faults_are_reported_and_nothing_is_written(tmp_path):
    recordings(tmp_path)
    target = ("prepare", tmp_path / "x.nc", "-o", tmp_path / "out.nc")
    for options, message in (
        (("--smooth", 1, "--scale", "mad"), "expected --standardize with --scale, got none"),
        (("--smooth", 99), "expected width to be from"),
        (("--regions", "mouth", "--tier", "speech"), "expected --mask with --regions, --tier, got none"),
    ):
        done = run(*target, *options)
        assert done.exit_code == 1
        assert message in done.output
    assert not (tmp_path / "out.nc").exists()
    same = run("prepare", tmp_path / "x.nc", "-o", tmp_path / "x.nc", "--smooth", 1)
    assert "differ from the files that are read" in same.output
