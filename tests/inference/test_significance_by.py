"""Significance within intervals, and of recordings whose length limits the number of surrogates."""

import warnings

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.stats import spearmanr

import bitbox_xr as bx
from bitbox_xr.inference.surrogates import draw
from bitbox_xr.measures.windowing import Options, checked_pair

from random_recordings import FPS

WINDOWS = {"width": 1.0, "step": 0.5, "max_lag": 0.2}  # shifts are 1 s apart
WIDTH, STEP, LAG, SPACING = 30, 15, 6, 30  # frames
NOTES = r"significance\(\): (expected at least 19|more than a quarter)"


def quietly(x, y, **options):
    """significance() without a progress bar and without notes on the number of surrogates and on activity."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", NOTES)
        return bx.significance(x, y, progress=False, **{**WINDOWS, "rng": 5, **options})


def recording(intervals, seed=0, lost=0.0, n=2, follow=0.0):
    """Noise x, annotated with (label, length in s), and y. In each interval x follows y by four frames."""
    rng = np.random.default_rng(seed)
    frames = [round(length * FPS) for _, length in intervals]
    x, y = rng.normal(size=(sum(frames), n)), rng.normal(size=(sum(frames), n))
    for stop, length in zip(np.cumsum(frames), frames, strict=True):
        x[stop - length + 4 : stop] += follow * y[stop - length : stop - 4]
    for side in (x, y):
        side[rng.random(len(side)) < lost] = np.nan
    table = pd.DataFrame({"onset": np.cumsum([0, *frames[:-1]]) / FPS, "duration": [s for _, s in intervals]})
    x, y = bx.signals(x, fps=FPS), bx.signals(y, fps=FPS)
    return bx.annotate(x, table.assign(label=[label for label, _ in intervals])), y


def pair_of(x, y):
    return checked_pair("imitation", x, y, Options(1.0, 0.5, 0.2, True, 0.75, True), None, "condition")


# --- equality with recordings cut by hand, and with a slow loop


@pytest.mark.parametrize(
    "options",
    [{}, {"pairs": "matched"}, {"statistic": "corr_mean"}, {"measure": "coordination"}, {"surrogates": "phase"}],
)
def test_a_label_with_one_interval_equals_the_recording_cut_by_hand(options):
    x, y = recording([("a", 8), ("b", 20), ("c", 12.5)], lost=0.03)
    found = quietly(x, y, by="condition", **options)
    assert found.p.dims[0] == "condition"
    for label, start, stop in (("a", 0, 240), ("b", 240, 840), ("c", 840, 1215)):
        sides = (bx.signals(side.values[start:stop], fps=FPS) for side in (x, y))
        cut = quietly(*sides, **options)
        for name in cut.data_vars:
            np.testing.assert_array_equal(found[name].sel(condition=label), cut[name], err_msg=name)


def slow_correlations(x, y):
    """|r| at the best lag in every window of one interval, `(window, n1, n2)`."""
    out = []
    for start in range(LAG, len(x) - WIDTH - LAG + 1, STEP):
        lags = [
            np.corrcoef(x[start : start + WIDTH].T, y[start + lag : start + lag + WIDTH].T) for lag in range(-LAG, 1)
        ]
        out.append(np.abs([r[: x.shape[1], x.shape[1] :] for r in lags]).max(axis=0))
    return np.array(out)


def slow_variances(x):
    return np.array([x[start : start + WIDTH].var(axis=0) for start in range(LAG, len(x) - WIDTH - LAG + 1, STEP)])


def slow_statistics(x, y, edges, sources):
    """Mean |r| and activity correlation, if `sources[i]` replaces y in the interval `edges[i]` of x."""
    r, active = [], ([], [])
    for (start, stop), source in zip(edges, sources, strict=True):
        frames = min(stop - start, len(source))
        r.append(slow_correlations(x[start : start + frames], source[:frames]))
        for side, values in zip(active, (x[start : start + frames], source[:frames]), strict=True):
            side.append(slow_variances(values))
    rho = spearmanr(*(np.concatenate(side) for side in active)).statistic
    return np.concatenate(r).mean(axis=0), rho[: x.shape[1], x.shape[1] :]


def slow_source(kind, y, edges, item):
    if kind == "shift":
        return [np.roll(y[start:stop], shift, axis=0) for (start, stop), shift in zip(edges, item, strict=True)]
    return [y[slice(*edges[other])] for other in item]


@pytest.mark.parametrize("kind", ["shift", "permute"])
def test_results_are_those_of_a_slow_loop(kind):
    lengths = [4.0, 5.0, 4.5, 6.0] if kind == "shift" else [5.0, 5.2, 5.0, 5.3, 5.1, 5.0]
    x, y = recording([("a", length) for length in lengths], follow=0.3)
    found = quietly(x, y, by="condition", surrogates=kind, n=15).sel(condition="a")
    edges = [(one.stretch.start, one.stretch.stop) for one in pair_of(x, y).grids]
    (draws,) = draw(kind, 15, 5, pair_of(x, y))
    statistics = {}
    for name, items in (("moved", draws.items), ("exchangeable", draws.exchangeable)):
        sources = [[y.values[slice(*edge)] for edge in edges], *(slow_source(kind, y.values, edges, i) for i in items)]
        values = [slow_statistics(x.values, y.values, edges, source) for source in sources]
        statistics[name] = [np.array(one) for one in zip(*values, strict=True)]
    observed, null = statistics["moved"][0][0], statistics["moved"][0][1:]
    np.testing.assert_allclose(found.observed, observed, rtol=1e-6)
    np.testing.assert_allclose(found.null_mean, null.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(found.null_std, null.std(axis=0), rtol=1e-4)
    np.testing.assert_allclose(found.excess, observed - null.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(found.activity_corr, statistics["moved"][1][0], atol=1e-9)
    values, activity = statistics["exchangeable"]
    np.testing.assert_allclose(found.p, (1 + (values[1:] >= observed).sum(axis=0)) / 16)
    np.testing.assert_allclose(found.activity_p, (1 + (activity[1:] >= activity[0] - 1e-9).sum(axis=0)) / 16)
    z = (values - values.mean(axis=0)) / values.std(axis=0)
    highest = z[1:].max(axis=(1, 2))
    np.testing.assert_allclose(found.p_fwe, (1 + (highest[:, None, None] >= z[0]).sum(axis=0)) / 16)


def test_partners_give_their_intervals_of_the_same_label_in_order():
    plan = [("a", 6), ("b", 5), ("a", 4)]
    x, y = recording(plan)
    others = []
    for seed, lengths in ((7, [5, 7, 4]), (8, [6, 3, 6]), (9, [8, 5])):
        labels = [label for label, _ in plan][: len(lengths)]
        model, partner = recording(list(zip(labels, lengths, strict=True)), seed)
        others.append(partner.assign_coords({name: model[name] for name in ("condition", "condition_interval")}))
    found = quietly(x, y, by="condition", surrogates="partners", partners=others)
    values = []
    for other in others:
        pieces = [other.values[other.condition_interval == number] for number in (0, 2)]
        made = np.full((300, 2), np.nan)
        for start, length, piece in zip((0, 180), (180, 120), pieces, strict=True):
            kept = min(length, len(piece))
            made[start : start + kept] = piece[:kept]
        ab = xr.concat([x[:180], x[330:]], "time"), made
        r = [bx.imitation(bx.signals(ab[0].values[k], fps=FPS), bx.signals(made[k], fps=FPS), **WINDOWS).corr
             for k in (slice(180), slice(180, 300))]  # fmt: skip
        values.append(np.nanmean(np.abs(np.concatenate([one.values for one in r])), axis=0))
    np.testing.assert_allclose(found.null_mean.sel(condition="a"), np.mean(values, axis=0), rtol=1e-5)


@pytest.mark.parametrize("kind", ["shift", "segments", "phase"])
def test_surrogates_take_nothing_from_other_intervals(kind):
    x, y = recording([("a", 5), ("b", 5), ("a", 5)])
    (of_a, _) = draw(kind, 9, 5, pair_of(x, y))
    outside = y.values.copy()
    outside[150:300] = 1e6
    for k in range(9):
        for one, other in zip(*(of_a.surrogate(k, v, of_a.spectra(v)) for v in (y.values, outside)), strict=True):
            np.testing.assert_array_equal(one.y, other.y)


def test_significance_within_intervals_is_lazy_and_equal():
    x, y = recording([("a", 8), ("b", 3), ("a", 7)], lost=0.05)
    lazy = quietly(x.chunk(time=100), y, by="condition")
    assert lazy.p.chunks is not None
    eager = quietly(x, y, by="condition")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", NOTES)
        xr.testing.assert_allclose(lazy.compute(), eager, rtol=1e-12)
    both = xr.concat([x, x * 2], "recording")
    assert quietly(both, y, by="condition").p.dims == ("recording", "condition", "signal1", "signal2")


# --- numbers of surrogates, intervals that take no part, and warnings


def test_a_long_recording_has_one_shift_for_each_spacing():
    x, y = recording([("a", 25)])
    found = bx.significance(x, y, rng=0, progress=False, **WINDOWS)
    assert (found.attrs["n"], found.attrs["n_asked"]) == (24, 199)
    assert "n_asked" not in bx.significance(x, y, rng=0, n=24, progress=False, **WINDOWS).attrs
    assert (found.p_min == 1 / 25).all()


def test_labels_have_their_own_numbers_and_families():
    x, y = recording([("a", 8), ("b", 3), ("a", 7), ("c", 4)])
    found = quietly(x, y, by="condition", n=30)
    np.testing.assert_allclose(found.p_min.isel(signal1=0, signal2=0), [1 / 31, 1 / 3, 1 / 4])
    attrs = {"n": 30, "n_by_label": "[30, 2, 3]", "family": "pairs of a recording and condition"}
    assert attrs.items() <= found.attrs.items()
    shape = {"family": "pairs of a recording"}
    assert shape.items() <= quietly(x, y).attrs.items()


def test_too_few_surrogates_are_noted_with_the_length_that_is_needed():
    x, y = recording([("a", 12)])
    with pytest.warns(UserWarning, match=r"got 11, as many as the recording allows, .* \.083; .* a recording of 20 s"):
        found = bx.significance(x, y, rng=0, progress=False, **WINDOWS)
    assert (found.p >= found.p_min).all()
    with pytest.warns(UserWarning, match=r"got 5, with which p is at least \.167; choose a larger n"):
        bx.significance(x, y, n=5, progress=False, **WINDOWS)
    with pytest.warns(UserWarning, match=r"got 3 of .b., as many as the intervals allow, .* \.250; .* of 20 s, more"):
        bx.significance(*recording([("a", 25), ("b", 4)]), by="condition", progress=False, **WINDOWS)
    with pytest.warns(UserWarning, match=r"got 2, as many as there are partners, .*; give 19 partners or more"):
        bx.significance(x, y, surrogates="partners", partners=[y, y], progress=False, **WINDOWS)


def test_intervals_shorter_than_three_shifts_take_no_part():
    x, y = recording([("a", 25), ("b", 2), ("a", 2.5), ("b", 2)])
    with pytest.warns(UserWarning, match=r"at least 3 s.*got 3 intervals of 4 .*: 1 of 'a', 2 of 'b'"):
        found = bx.significance(x, y, by="condition", progress=False, **WINDOWS)
    assert found.attrs["untested_intervals"] == 3
    assert np.isnan(found.sel(condition="b").to_array()).all()
    alone = quietly(bx.signals(x.values[:750], fps=FPS), bx.signals(y.values[:750], fps=FPS))
    np.testing.assert_array_equal(found.observed.sel(condition="a"), alone.observed)


def test_a_recording_or_intervals_without_three_shifts_are_refused():
    x, y = recording([("a", 2), ("b", 2)])
    with pytest.raises(ValueError, match=r"(?s)condition 'a': expected at least 90 frames \(3 s\) in an interval.*'b'"):
        bx.significance(x, y, by="condition", **WINDOWS)
    with pytest.raises(
        ValueError, match=r"expected at least 90 frames \(3 s\) .* got 60 frames \(2 s\); record longer"
    ):
        bx.significance(x[:60], y[:60], **WINDOWS)


def test_permute_needs_six_intervals_of_one_length():
    few, unlike = [("a", 5)] * 5, [("a", 5)] * 5 + [("a", 6)]
    for intervals, got in ((few, "got 5 intervals of 5 to 5 s"), (unlike, "got 6 intervals of 5 to 6 s")):
        with pytest.raises(ValueError, match=f"expected at least 6 intervals whose lengths differ .*{got}"):
            bx.significance(*recording(intervals), by="condition", surrogates="permute", **WINDOWS)
    x, y = recording([("a", 5)] * 6 + [("b", 5)] * 5)
    with pytest.warns(UserWarning, match=r"got 5 intervals of 11 .* take no part: 5 of 'b'"):
        found = quietly(x, y, by="condition", surrogates="permute", n=300)
    assert found.attrs["n_by_label"] == "[265, 0]"


def test_partners_without_intervals_are_refused():
    x, y = recording([("a", 5)] * 2)
    with pytest.raises(ValueError, match="expected a coordinate 'condition' along time"):
        quietly(x, y, by="condition", surrogates="partners", partners=[y, y])


def test_segments_with_windows_that_share_frames_are_noted():
    x, y = recording([("a", 25)])
    with pytest.warns(UserWarning, match=r"share no frames .* got a step of 0.5 s; .* choose a step of 1.4 s"):
        bx.significance(x, y, surrogates="segments", n=19, rng=0, progress=False, **WINDOWS)
    bx.significance(x, y, surrogates="segments", n=19, rng=0, progress=False, **{**WINDOWS, "step": 1.4})


def test_a_common_schedule_is_noted_when_the_result_is_computed():
    rng = np.random.default_rng(0)
    active = np.repeat(rng.permutation([1.0, 0.1] * 9), 100)[:, None]
    x, y = (bx.signals(active * rng.normal(size=(1800, 3)), fps=FPS) for _ in "xy")
    note = r"more than a quarter of the pairs are active at the same times .*by=….*'permute' or 'partners'"
    with pytest.warns(UserWarning, match=note):
        found = bx.significance(x, y, n=59, progress=False, **WINDOWS)
    assert (found.activity_corr > 0.7).all()
    assert (found.activity_p <= 0.05).all()
    lazy = bx.significance(x.chunk(), y, n=59, rng=0, progress=False, **WINDOWS)
    with pytest.warns(UserWarning, match=note):
        lazy.compute(scheduler="synchronous")
