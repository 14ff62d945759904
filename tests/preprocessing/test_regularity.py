"""The report on frame times and gaps of a recording."""

import numpy as np
import pytest
import xarray as xr

from bitbox_xr import regularity, signals

from random_recordings import NAN, noise


def test_gaps_are_counted_and_measured():
    values = noise(100)
    values[:3], values[20], values[50:60], values[70, 0], values[99] = NAN, NAN, NAN, NAN, NAN
    report = regularity(signals(values, fps=10, source="a.csv"))
    assert (report.fps, report.regular, report.frames, report.lost, report.gaps) == (10.0, True, 85, 15, 4)
    np.testing.assert_array_equal(report.gap_frames, [3, 1, 10, 1])
    np.testing.assert_allclose(report.gap_start, [0.0, 1.9, 4.9, 9.8])
    np.testing.assert_allclose(report.gap_length, [0.3, 0.2, 1.1, 0.1])
    assert report.longest_gap == pytest.approx(1.1)
    assert report.source == "a.csv"
    assert report.longest_gap.attrs == {"long_name": "length of the longest gap", "units": "s"}


def test_missing_rows_count_as_lost_frames():
    x = signals(noise(100), fps=25).isel(time=np.setdiff1d(np.arange(100), [10, 11, 30]))
    report = regularity(x)
    assert (report.fps, report.regular, report.frames, report.lost) == (25.0, False, 97, 3)
    np.testing.assert_array_equal(report.gap_frames, [2, 1])


def test_irregular_times_have_gaps_but_no_rate():
    times = np.array([0.0, 0.1, 0.24, 0.3, 0.41, 0.8, 0.9, 1.04, 1.1])
    values = np.ones((9, 1))
    values[7] = NAN
    report = regularity(signals(values, time=times))
    assert np.isnan(report.fps)
    assert not report.regular
    np.testing.assert_allclose([report.step_min, report.step_median, report.step_max], [0.06, 0.105, 0.39])
    np.testing.assert_array_equal(report.gap_frames, [3, 1])
    np.testing.assert_allclose(report.gap_length, [0.39, 0.2])


def test_gaps_are_reported_per_recording():
    values = np.ones((3, 20, 2))
    values[0, 5:7], values[2] = NAN, NAN
    values[1, 5, 0] = NAN  # one signal of two
    x = xr.DataArray(
        values,
        dims=("recording", "time", "signal"),
        coords={"recording": ["a", "b", "c"], "time": np.arange(20) / 10, "signal": ["s", "t"]},
    )
    report = regularity(x)
    np.testing.assert_array_equal(report.lost, [2, 0, 20])
    np.testing.assert_array_equal(report.gaps, [1, 0, 1])
    np.testing.assert_array_equal(report.gap_frames, [[2], [0], [20]])
    np.testing.assert_allclose(report.longest_gap, [0.3, 0.0, 1.9])
    np.testing.assert_allclose(report.sel(recording="b").gap_length, [NAN])
    assert report.recording.values.tolist() == ["a", "b", "c"]
    xr.testing.assert_identical(regularity(x.chunk(time=3)), report)


def test_without_gaps_the_gap_dimension_is_empty():
    report = regularity(signals(np.zeros((30, 1)), fps=30))
    assert (report.gaps, report.longest_gap, report.sizes["gap"]) == (0, 0.0, 0)
