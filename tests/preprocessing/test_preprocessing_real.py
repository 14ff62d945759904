"""Alignment, resampling, gaps and regularity of real recordings."""

import numpy as np
import pandas as pd
import pytest

from bitbox_xr import align, fill_gaps, open_signals, regularity, resample, signals
from bitbox_xr.preprocessing.alignment import shared_clock


def kinect(folder):
    table = pd.read_csv(folder / "syncpy_kinect_dyad_Data_Example.csv")
    times = table.iloc[:, 0].to_numpy() / 1000
    names = list(table.columns[2:9])
    return [signals(table.iloc[:, at].to_numpy(), time=times, names=names) for at in (slice(2, 9), slice(10, 17))]


def test_dyad_with_irregular_times(recordings):
    x, y = kinect(recordings)
    report = regularity(x)
    assert not report.regular
    assert float(report.longest_gap) == pytest.approx(1.681)
    assert int(report.gaps) == 70  # steps of 150 ms or more, 1.5 median steps; 29 are exactly that long
    with pytest.raises(ValueError, match="expected x to have regular times"):
        align(x, y)
    x2, y2 = align(x, y, fps=10, max_gap=0.5)
    assert shared_clock(x2, y2)[0] == 10.0
    # frames are missing just where the sensor's own steps were longer than half a second
    steps, long = np.diff(x.time.values), 0.0
    for at in np.flatnonzero(steps > 0.5):
        inside = (x2.time > x.time[at] + 1e-6) & (x2.time < x.time[at + 1] - 1e-6)
        assert x2.isel(time=inside.values).isnull().all()
        long += int(inside.sum())
    assert int(x2.isnull().all("signal").sum()) == long > 0
    # between them, what linear interpolation by hand gives
    known = x2.notnull().all("signal").values
    by_hand = np.interp(x2.time.values, x.time.values, x.values[:, 0])
    np.testing.assert_allclose(x2.values[known, 0], by_hand[known], rtol=1e-9)


def test_clip_with_two_frame_rates(recordings):
    table = pd.read_csv(recordings / "mediapipe_face_noface_landmarks51.csv")
    times = pd.read_csv(recordings / "mediapipe_face_noface_pts.csv")["pts_s"].to_numpy()
    x = signals(table.iloc[:, 2:].to_numpy(), time=times, kind="landmark", names=list(table.columns[2:]))
    report = regularity(x)
    assert (bool(report.regular), int(report.lost), int(report.gaps)) == (False, 97, 1)
    assert np.isnan(report.fps)
    seen = times[x.notnull().all("signal").values]
    for fps in (24, 30):
        back = resample(x, fps)
        assert back.time[0] == times[0]
        there = back.notnull().all("signal")
        np.testing.assert_array_equal(there, (back.time >= seen[0]) & (back.time <= seen[-1]))
        by_hand = np.interp(back.time[there], seen, x.sel(signal="x0").dropna("time"))
        np.testing.assert_allclose(back.sel(signal="x0")[there], by_hand, rtol=1e-12)


def test_recording_with_dropped_rows(recordings):
    x = open_signals(recordings / "livelink_alex_rom_3_first900.csv")
    rows = x.isel(time=np.flatnonzero(x.notnull().any("signal")))
    assert rows.sizes["time"] == 900
    back = resample(rows, 30)
    np.testing.assert_array_equal(back.values, x.values)
    assert int(regularity(rows).lost) == int(regularity(x).lost) == 1
    assert fill_gaps(x, max_gap=2 / 30).notnull().all()


def test_recording_with_long_gaps(recordings):
    x = open_signals(
        recordings / "pyfeat_iMotions_Test_v6.txt",
        sep="\t",
        skiprows=5,
        time="Timestamp",
        time_unit="ms",
        columns=["AU1 Evidence", "AU12 Evidence"],
    )
    report = regularity(x)
    assert bool(report.regular)
    assert report.gap_frames.values.tolist() == [8, 97, 1, 96, 11, 2]
    assert int(report.lost) == 215
    filled = fill_gaps(x, max_gap=0.11)
    assert regularity(filled).gap_frames.values.tolist() == [8, 97, 96, 11]
    slow = resample(x, 25)
    assert regularity(slow).gap_frames.sum() == pytest.approx(215 * 25 / 29.97, abs=6)
    model = open_signals(recordings / "openface2_subj01.csv")
    both = align(model, x)
    assert shared_clock(*both)[1] == both[0].sizes["time"] > 150
