"""Measures by label equal the same measures of a recording that is cut into its intervals by hand."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bitbox_xr as bx
from bitbox_xr.measures.windowing import Options, checked_pair

from random_recordings import FPS, random_walk

WINDOWS = {"width": 0.5, "step": 0.2, "max_lag": 0.2}
SPAN = 27  # frames of a window with its lags
FEW = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def cuts(draw):
    """Intervals (label, start, stop) in frames, some of them too short for a window; one is long enough."""
    lengths = draw(st.lists(st.integers(5, 120), min_size=1, max_size=6))
    spaces = draw(st.lists(st.sampled_from([0, 1, 30]), min_size=len(lengths), max_size=len(lengths)))
    labels = draw(st.lists(st.sampled_from("abc"), min_size=len(lengths), max_size=len(lengths)))
    lengths[draw(st.integers(0, len(lengths) - 1))] += SPAN
    intervals, at = [], 0
    for label, length, space in zip(labels, lengths, spaces, strict=True):
        intervals.append((label, at + space, at + space + length))
        at += space + length
    return intervals


def recordings(intervals, seed, lost=0.1):
    frames = intervals[-1][2] + 7
    rng = np.random.default_rng(seed)
    x, y = random_walk(seed, frames, ("AU04", "AU12")), random_walk(seed + 1, frames, ("AU06", "AU12", "AU25"))
    gap = rng.random((frames, 1)) < lost
    return x.where(~xr.DataArray(gap[:, 0], dims="time")), y


def annotated(x, intervals):
    rows = [(start / FPS, stop / FPS, label) for label, start, stop in intervals]
    return bx.annotate(x, pd.DataFrame(rows, columns=["onset", "offset", "label"]))


def by_hand(measure, intervals, x, y, **options):
    """Results of each interval that is long enough, with its label and number."""
    for number, (label, start, stop) in enumerate(intervals):
        if stop - start >= SPAN:
            one, other = (side.isel(time=slice(start, stop)) for side in (x, y))
            yield label, number, measure(one, other, **WINDOWS, **options)


def quiet(measure, *sides, **options):
    """A measure without its warning of short intervals."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r".*\(\): expected intervals of at least")
        return measure(*sides, by="condition", **WINDOWS, **options)


@FEW
@given(cuts(), st.integers(0, 99), st.booleans())
def test_windows_and_profiles_equal_those_of_cut_recordings(intervals, seed, two_sided):
    x, y = recordings(intervals, seed)
    measure = bx.coordination if two_sided else bx.imitation
    found = quiet(measure, annotated(x, intervals), y)
    hand = [*by_hand(measure, intervals, x, y)]
    whole = xr.concat([one for *_, one in hand], "window", combine_attrs="drop")
    for name in ("corr", "lag", "valid1", "valid2"):
        np.testing.assert_array_equal(found[name], whole[name])
    for name in ("window", "window_start", "window_stop"):
        np.testing.assert_allclose(found[name], whole[name], rtol=1e-12)
    counts = [one.sizes["window"] for *_, one in hand]
    assert found.condition.values.tolist() == np.repeat([label for label, *_ in hand], counts).tolist()
    assert found.condition_interval.values.tolist() == np.repeat([number for _, number, _ in hand], counts).tolist()
    assert (found.attrs["intervals"], found.attrs["short_intervals"]) == (len(hand), len(intervals) - len(hand))


@FEW
@given(cuts(), st.integers(0, 99), st.booleans())
def test_statistics_and_lag_profiles_of_labels(intervals, seed, polarity):
    x, y = recordings(intervals, seed)
    labels = list(dict.fromkeys(label for label, *_ in intervals))
    found = quiet(bx.imitation, annotated(x, intervals), y, polarity=polarity)
    stats = quiet(bx.imitation, annotated(x, intervals), y, polarity=polarity, stats=True)
    profile = quiet(bx.lag_profile, annotated(x, intervals), y, polarity=polarity)
    xr.testing.assert_identical(bx.window_stats(found, by="condition"), stats)
    assert stats.condition.values.tolist() == profile.condition.values.tolist() == labels
    assert stats.corr_mean.dims == ("condition", "signal1", "signal2")
    assert profile.profile.dims == ("condition", "lag", "signal1", "signal2")
    for label in labels:
        own = [one for name, _, one in by_hand(bx.imitation, intervals, x, y, polarity=polarity) if name == label]
        if not own:
            assert np.isnan(stats.corr_mean.sel(condition=label)).all()
            assert np.isnan(profile.best_lag.sel(condition=label)).all()
            assert not stats.n_windows.sel(condition=label).any()
            continue
        whole = bx.window_stats(xr.concat(own, "window", combine_attrs="override"))
        for name in whole.data_vars:
            np.testing.assert_allclose(stats[name].sel(condition=label), whole[name], rtol=1e-12, atol=1e-14)
        if len(own) == 1:
            (hand,) = (
                one for name, _, one in by_hand(bx.lag_profile, intervals, x, y, polarity=polarity) if name == label
            )
            for name in hand.data_vars:
                np.testing.assert_array_equal(profile[name].sel(condition=label), hand[name])
            stat = bx.window_stats(own[0])
            np.testing.assert_array_equal(stats.corr_mean.sel(condition=label), stat.corr_mean)


@pytest.mark.parametrize("chunks", [-1, 50, 37])
@pytest.mark.parametrize("side", ["x", "y"])
def test_chunks_along_time_change_nothing(chunks, side):
    intervals = [("a", 0, 140), ("b", 140, 210), ("a", 220, 300)]
    x, y = recordings(intervals, 3)
    x, y = (annotated(one, intervals) if side == name else one for name, one in (("x", x), ("y", y)))
    expected = quiet(bx.imitation, x, y)
    lazy = quiet(bx.imitation, x.chunk(time=chunks), y)
    assert len(lazy.corr.chunks[0]) >= 3
    xr.testing.assert_identical(lazy.compute(), expected)
    for measure, options in ((bx.imitation, {"stats": True}), (bx.lag_profile, {})):
        result = quiet(measure, x, y.chunk(time=chunks), **options)
        assert result.n_windows.chunks is not None
        xr.testing.assert_allclose(result.compute(), quiet(measure, x, y, **options), rtol=1e-12)
    result = bx.window_stats(lazy, by="condition")
    assert result.corr_mean.chunks is not None
    xr.testing.assert_allclose(result.compute(), bx.window_stats(expected, by="condition"), rtol=1e-12)


def test_further_dimensions_come_before_the_labels():
    intervals = [("a", 0, 60), ("b", 60, 130)]
    sides = [recordings(intervals, seed) for seed in (1, 5)]
    x, y = (xr.concat(side, "recording").assign_coords(recording=["r1", "r2"]) for side in zip(*sides, strict=True))
    stats = quiet(bx.coordination, annotated(x, intervals), y, stats=True)
    assert stats.corr_mean.dims == ("recording", "condition", "signal1", "signal2")
    one = quiet(bx.coordination, annotated(x.isel(recording=1), intervals), y.isel(recording=1), stats=True)
    xr.testing.assert_equal(stats.isel(recording=1).corr_mean, one.corr_mean)


def test_short_intervals_are_counted_and_named():
    intervals = [("a", 0, 60), ("b", 60, 70), ("a", 80, 100), ("b", 100, 110)]
    x, y = recordings(intervals, 0)
    with pytest.warns(UserWarning, match=r"got 3 of 4 that are shorter .*'b' \(2 s, 0\.333 s long\), 'a' \(2\.667 s"):
        found = bx.imitation(annotated(x, intervals), y, by="condition", **WINDOWS)
    assert found.attrs["short_intervals"] == 3
    assert json.loads(found.attrs["by_labels"]) == ["a", "b"]
    assert set(found.condition.values) == {"a"}
    assert bx.window_stats(found, by="condition").n_windows.sel(condition="b").sum() == 0


def test_intervals_that_are_all_too_short_are_refused():
    intervals = [("a", 0, 20), ("b", 30, 55)]
    x, y = recordings(intervals, 0)
    message = (
        r"at least 27 frames \(0\.9 s\) in an interval of 'condition', .* got 25 frames \(0\.833 s\) at most; choose"
    )
    with pytest.raises(ValueError, match=message):
        bx.imitation(annotated(x, intervals), y, by="condition", **WINDOWS)


def test_one_person_by_label_is_symmetric():
    intervals = [("a", 0, 60), ("b", 70, 150)]
    x, _ = recordings(intervals, 2)
    found = quiet(bx.coordination, annotated(x, intervals))
    swapped = found.rename(signal1="signal2", signal2="signal1").transpose(*found.corr.dims)
    np.testing.assert_array_equal(found.corr, swapped.corr)
    assert found.attrs["alone"] == 1


def test_names_in_the_result_are_refused():
    x, y = recordings([("a", 0, 60)], 0)
    labels = {"age1": ("time", ["a"] * x.sizes["time"]), "age": 7}
    with pytest.raises(ValueError, match="no other coordinate called age1"):
        bx.imitation(x.assign_coords(labels), y.assign_coords(age=8), by="age1")
    with pytest.raises(ValueError, match="expected 'condition' of y along"):
        bx.imitation(annotated(x, [("a", 0, 60)]), y.assign_coords(condition="task"), by="condition")


def test_window_stats_take_labels_of_the_windows():
    x, y = recordings([("a", 0, 90)], 0)
    result = bx.imitation(x, y, **WINDOWS)
    half = np.where(result.window < 1.5, "early", "")
    stats = bx.window_stats(result.assign_coords(half=("window", half)), by="half")
    xr.testing.assert_allclose(
        stats.sel(half="early", drop=True), bx.window_stats(result.sel(window=slice(0, 1.5))), rtol=1e-12
    )
    assert stats.sizes["half"] == 1
    with pytest.raises(
        ValueError, match="expected by to be a coordinate along window, got 'condition'; the result has no"
    ):
        bx.window_stats(result, by="condition")
    with pytest.raises(ValueError, match="expected by to be a coordinate with labels, got 'window_start'"):
        bx.window_stats(result, by="window_start")


def test_results_by_label_in_tables_files_and_matched_pairs(tmp_path):
    intervals = [("a", 0, 60), ("äöü", 60, 130)]
    x, y = recordings(intervals, 0)
    found = quiet(bx.imitation, annotated(x, intervals), y)
    stats = found.bitbox.stats(by="condition")
    for name, result in (("windows", found), ("stats", stats), ("matched", found.bitbox.matched())):
        result.bitbox.to_netcdf(tmp_path / f"{name}.nc")
        with bx.open_netcdf(tmp_path / f"{name}.nc") as back:
            xr.testing.assert_identical(back.load(), result)
    table = stats.bitbox.to_frame()
    assert table.condition.unique().tolist() == ["a", "äöü"]
    assert len(table) == 2 * 2 * 3
    table = found.bitbox.to_frame()
    assert table.groupby("condition").window.nunique().to_dict() == {"a": 6, "äöü": 8}
    matched = found.bitbox.matched().bitbox.stats(by="condition")
    assert matched.corr_mean.dims == ("condition", "pair")
    np.testing.assert_array_equal(
        matched.corr_mean.sel(pair="AU12"), stats.corr_mean.sel(signal1="AU12", signal2="AU12")
    )


def test_the_grids_of_a_pair():
    intervals = [("a", 3, 60), ("b", 60, 130), ("c", 130, 140)]
    x, y = recordings(intervals, 0)
    options = Options(**WINDOWS, polarity=True, min_valid=0.75, causal=True)
    with pytest.warns(UserWarning, match="1 of 3"):
        pair = checked_pair("imitation", annotated(x, intervals), y, options, None, "condition")
    assert pair.labels == ("a", "b", "c")
    assert [grid.stretch for grid in pair.grids] == [("a", 0, 3, 60), ("b", 1, 60, 130)]
    assert [grid.windows for grid in pair.grids] == [(15, 6, 6, 6, 3), (15, 6, 6, 8, 60)]
    assert [len(group) for group in pair.groups()] == [1, 1, 0]
