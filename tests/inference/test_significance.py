"""Significance: properties of surrogates, definitions of p-values, and equality of lazy and eager results."""

import warnings
from types import SimpleNamespace

import dask
import dask.array as da
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

import bitbox_xr as bx
from bitbox_xr import lag_map, significance, surrogate_windows
from bitbox_xr.inference.surrogates import draw
from bitbox_xr.kernels.p_values import estimates, p_values
from bitbox_xr.kernels.random_phases import bridged_spectrum, random_phases
from bitbox_xr.measures.windowing import Options, checked_pair

from random_recordings import FPS

WINDOWS = {"width": 1.0, "max_lag": 0.2}


def pair(frames=600, n1=3, n2=4, seed=0, lost=0.0, names=None):
    """Noise x and y, in which the first signal of x follows the first of y by four frames."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(frames, n1)), rng.normal(size=(frames, n2))
    x[:, 0] += np.roll(y[:, 0], 4)
    x[rng.random(frames) < lost], y[rng.random(frames) < lost] = np.nan, np.nan
    return bx.signals(x, fps=FPS, names=names and names[:n1]), bx.signals(y, fps=FPS, names=names and names[:n2])


def quiet(*sides, **options):
    """significance() with few surrogates, a fixed seed, no progress bar and no warnings about few surrogates."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"significance\(\): (expected at least 19|expected windows that|more than a)")
        return significance(*sides, progress=False, **{**WINDOWS, "n": 39, "rng": 5, **options})


# --- the statistic and its surrogates


@pytest.mark.parametrize("lost", [0.0, 0.1])
@pytest.mark.parametrize(
    ("options", "statistic"),
    [
        ({}, "corr_abs_mean"),
        ({"statistic": "corr_mean"}, "corr_mean"),
        ({"polarity": False, "causal": False}, "corr_mean"),
        ({"measure": "coordination", "step": 0.3}, "corr_abs_mean"),
    ],
)
def test_observed_is_the_statistic_of_the_measure(options, statistic, lost):
    x, y = pair(lost=lost)
    found = quiet(x, y, **options, n=3)
    of_measure = {k: v for k, v in {**WINDOWS, **options}.items() if k not in ("statistic", "measure")}
    stats = getattr(bx, options.get("measure", "imitation"))(x, y, **of_measure, stats=True)
    np.testing.assert_allclose(found.observed, stats[statistic], rtol=1e-12)


@pytest.mark.parametrize("kind", ["shift", "phase", "segments", "partners"])
def test_null_mean_is_the_statistic_of_each_surrogate(kind):
    """Make each surrogate separately, and measure it with imitation()."""
    x, y = pair(lost=0.05)
    others = [pair(seed=k)[1] for k in (7, 8, 9)] if kind == "partners" else None
    found = quiet(x, y, surrogates=kind, partners=others, n=3)
    both = checked_pair("imitation", x, y, Options(1.0, None, 0.2, True, 0.75, True), None)
    (draws,) = draw(kind, 3, 5, both, others)
    values = []
    for k in range(3):
        ((made, order, _),) = draws.surrogate(k, y.values, draws.spectra(y.values))
        if order is None:
            r = bx.imitation(x, y.copy(data=made), **WINDOWS).corr
        else:  # measure each window of x with its window of y separately
            width, step, reach, number, _ = both.windows
            span = width + 2 * reach
            r = xr.concat(
                [
                    bx.imitation(
                        bx.signals(x.values[w * step : w * step + span], fps=FPS),
                        bx.signals(y.values[order[w] * step : order[w] * step + span], fps=FPS),
                        **WINDOWS,
                    ).corr.isel(window=0, drop=True)
                    for w in range(number)
                ],
                "window",
            )
        values.append(abs(r.astype(float)).mean("window").values)
    np.testing.assert_allclose(found.null_mean, np.mean(values, 0), rtol=1e-6)
    if kind == "partners":
        np.testing.assert_array_equal(found.attrs["n"], 3)


def test_gaps_move_with_a_shifted_signal():
    x, y = pair(lost=0.1)
    both = checked_pair("imitation", x, y, Options(1.0, None, 0.2, True, 0.75, True), None)
    (draws,) = draw("shift", 5, 5, both)
    assert len(draws.items) == 5
    for k, shifts in enumerate(draws.items):
        ((made, _, _),) = draws.surrogate(k, y.values, [])
        moved = np.stack([y.values[(frame - int(shifts[0])) % len(y)] for frame in range(len(y))])
        np.testing.assert_array_equal(made, moved)


@pytest.mark.parametrize("frames", [200, 201])
def test_random_phases_keep_spectra_cross_spectra_and_gaps(frames):
    rng = np.random.default_rng(1)
    y = rng.normal(size=(frames, 2)).cumsum(axis=0)
    out = random_phases(rng, bridged_spectrum(y), y)
    before, after = (np.fft.rfft(a, axis=0) for a in (y, out))
    np.testing.assert_allclose(np.abs(after), np.abs(before), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(after[:, 0] * after[:, 1].conj(), before[:, 0] * before[:, 1].conj(), atol=1e-6)
    np.testing.assert_allclose(out.mean(axis=0), y.mean(axis=0))
    assert np.abs(out - y).max() > 1
    y[50:60, 0] = np.nan
    y[:, 1] = np.nan
    out = random_phases(rng, bridged_spectrum(y), y)
    np.testing.assert_array_equal(np.isnan(out), np.isnan(y))


# --- p-values


def by_definition(values):
    """The p-values by their definitions, for values without gaps."""
    observed, null = values[0], values[1:]
    n = len(null)
    z = (values - values.mean(0)) / values.std(0)
    p = np.array([(1 + (null[:, k] >= observed[k]).sum()) / (n + 1) for k in range(values.shape[1])])
    p_fwe = np.array([(1 + (z[1:].max(1) >= z[0, k]).sum()) / (n + 1) for k in range(values.shape[1])])
    surrogate_z = (observed - null.mean(0)) / null.std(0)
    q = false_discovery_control(p)
    excess = observed - null.mean(0)
    return {"p": p, "p_fwe": p_fwe, "q": q, "surrogate_z": surrogate_z, "null_std": null.std(0), "excess": excess}


def against_chance(values, cover, *, two_sided):
    """All results of the test of `values`, as attributes."""
    found = {**estimates(values, cover)._asdict(), **p_values(values, cover, two_sided=two_sided)._asdict()}
    return SimpleNamespace(**found)


def test_p_values_agree_with_their_definitions():
    values = np.random.default_rng(0).normal(size=(100, 30)) * np.linspace(0.1, 3, 30) + np.arange(30)
    values[0, :4] += np.linspace(0.3, 1.5, 4)
    found = against_chance(values, np.full(values.shape, 7.0), two_sided=False)
    for name, expected in by_definition(values).items():
        np.testing.assert_allclose(getattr(found, name), expected, rtol=1e-12, err_msg=name)
    mirror = against_chance(-values, np.ones(values.shape), two_sided=True)
    both = against_chance(values, np.ones(values.shape), two_sided=True)
    np.testing.assert_array_equal(mirror.p, both.p)
    np.testing.assert_allclose(mirror.surrogate_z, -both.surrogate_z)


@given(st.integers(0, 1000), st.booleans())
@settings(max_examples=40, deadline=None)
def test_p_values_have_their_bounds(seed, two_sided):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(20, 5)).round(1)
    values[rng.random(values.shape) < 0.2] = np.nan
    cover = np.where(np.isnan(values), 0.0, rng.integers(1, 100, values.shape))
    found = against_chance(values, cover, two_sided=two_sided)
    tested = ~np.isnan(values[0])
    for name in ("p", "p_fwe", "q"):
        np.testing.assert_array_equal(np.isnan(getattr(found, name)), ~tested)
    p, p_fwe, q = (getattr(found, name)[tested] for name in ("p", "p_fwe", "q"))
    assert (p >= 1 / 20).all()
    assert (p_fwe <= 1).all()
    assert (p_fwe >= p).all()
    assert (q >= p).all()


def test_missing_surrogates_and_ties_count_as_stronger():
    values = np.array([[5.0, 1.0, 2.0], [np.nan, 1.0, 1.0], [1.0, 1.0, 2.0], [2.0, 1.0, 0.0]])
    found = against_chance(values, np.ones(values.shape), two_sided=False)
    np.testing.assert_allclose(found.p, [2 / 4, 1.0, 2 / 4])
    assert np.isnan(found.surrogate_z[1])


def test_surrogates_with_fewer_frames_are_scaled():
    rng = np.random.default_rng(0)
    values, cover = rng.normal(size=(400, 1)), np.full((400, 1), 400.0)
    cover[1:] = 100  # twice the spread
    values[1:] *= 2
    found = against_chance(values, cover, two_sided=False)
    assert found.null_std[0] == pytest.approx(1, abs=0.1)


def test_only_the_related_pair_is_significant():
    found = quiet(*pair(frames=1800), n=99)
    assert found.p_fwe[0, 0] == found.p_min[0, 0] == 1 / 60
    assert found.surrogate_z[0, 0] > 10
    assert (found.p_fwe.values.ravel()[1:] > 0.05).all()
    assert found.q[0, 0] == pytest.approx(12 / 60)


def test_opposite_imitation_is_significant_only_if_two_sided():
    x, y = pair(frames=1800)
    x = -x
    assert quiet(x, y, statistic="corr_mean").p_fwe[0, 0] == 1 / 40
    assert quiet(x, y, statistic="corr_mean").surrogate_z[0, 0] < -10
    assert quiet(x, y, polarity=False).p[0, 0] > 0.05


# --- results


def test_result_has_labels_units_and_attributes():
    found = quiet(*pair(names=["AU01", "AU04", "AU06", "AU12"]))
    assert list(found.data_vars) == [
        *("observed", "null_mean", "null_std", "excess", "surrogate_z", "p", "p_fwe", "q", "p_min"),
        *("activity_corr", "activity_p"),
    ]
    assert {v.dtype for v in found.data_vars.values()} == {np.dtype(float)}
    assert {v.dims for v in found.data_vars.values()} == {("signal1", "signal2")}
    assert all(v.attrs["units"] == "1" for v in found.data_vars.values())
    assert found.observed.attrs["long_name"] == "mean absolute correlation over windows"
    attrs = {
        "measure": "imitation",
        "surrogates": "shift",
        "n": 19,
        "seed": "5",
        "statistic": "corr_abs_mean",
        "pairs": "all",
        "width": 1.0,
    }
    assert {name: found.attrs[name] for name in attrs} == attrs
    assert found.region2.values.tolist() == ["brow", "brow", "eye", "mouth"]


def test_result_round_trips_through_a_file(tmp_path):
    found = quiet(*pair())
    bx.to_netcdf(found, tmp_path / "found.nc")
    with bx.open_netcdf(tmp_path / "found.nc") as back:
        xr.testing.assert_identical(back.load(), found)


def test_seed_repeats_the_test_and_a_generator_gives_new_seeds():
    x, y = pair()
    first, second = (quiet(x, y, rng=np.random.default_rng(3)) for _ in range(2))
    xr.testing.assert_identical(first, second)
    xr.testing.assert_identical(quiet(x, y, rng=int(first.attrs["seed"])), first)
    random_seeds = [quiet(x, y, rng=None, n=3).attrs["seed"] for _ in range(2)]
    assert random_seeds[0] != random_seeds[1]
    rng = np.random.default_rng(3)
    assert quiet(x, y, rng=rng).attrs["seed"] != quiet(x, y, rng=rng).attrs["seed"]


@pytest.mark.parametrize("kind", ["shift", "segments", "phase"])
def test_number_of_threads_changes_nothing(kind, monkeypatch):
    x, y = pair(lost=0.05)
    results = []
    for workers in (1, 3):
        monkeypatch.setattr("bitbox_xr.inference.strengths.threads", lambda workers=workers: workers)
        results.append(quiet(x, y, surrogates=kind))
    xr.testing.assert_identical(*results)


def test_matched_pairs_equal_those_of_all_except_for_the_family():
    names = ["AU01", "AU04", "AU06", "AU12"]
    x, y = pair(names=names)
    y = y.sel(signal=["AU12", "AU01", "AU06", "AU04"])
    every, own = quiet(x, y), quiet(x, y, pairs="matched")
    assert own.pair.values.tolist() == ["AU01", "AU04", "AU06"]
    assert own.region.values.tolist() == ["brow", "brow", "eye"]
    for name in ("observed", "null_mean", "null_std", "surrogate_z", "p"):
        expected = [every[name].sel(signal1=a, signal2=a) for a in own.pair.values]
        np.testing.assert_allclose(own[name], expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(own.q, false_discovery_control(own.p.values))
    assert own.attrs["pairs"] == "matched"


def test_pairs_of_one_person_are_tested_once():
    x, _ = pair(n1=4)
    found = quiet(x, measure="coordination", step=0.3)
    for name in ("p", "p_fwe", "q", "surrogate_z", "null_mean"):
        values = found[name].values
        np.testing.assert_array_equal(values, values.T)
    assert np.isnan(found.p.values.diagonal()).all()
    np.testing.assert_allclose(found.observed.values.diagonal(), 1)
    above = np.triu_indices(4, 1)
    np.testing.assert_allclose(found.q.values[above], false_discovery_control(found.p.values[above]))


def test_each_recording_is_a_family():
    (x, y), (x2, y2) = pair(), pair(seed=1)
    both = [xr.concat(sides, "recording", join="exact") for sides in ((x, x2), (y, y2))]
    found = quiet(*both)
    assert found.p.dims == ("recording", "signal1", "signal2")
    for k, sides in enumerate(((x, y), (x2, y2))):
        one = quiet(*sides)
        for name in found.data_vars:
            np.testing.assert_allclose(found[name][k], one[name], err_msg=name)
    shared = quiet(both[0], y)
    np.testing.assert_allclose(shared.p[0], quiet(x, y).p)


@pytest.mark.parametrize(
    "options", [{}, {"surrogates": "segments"}, {"surrogates": "phase"}, {"pairs": "matched"}, {"alone": True}]
)
def test_significance_is_lazy_and_equal(options):
    x, y = pair(n1=3, n2=3, lost=0.05)
    sides = (x,) if options.get("alone") else (x, y)
    options = {"measure": "coordination", "step": 0.5} if options.get("alone") else options
    computes = []

    def scheduler(graph, keys, **kwargs):
        computes.append(1)
        return dask.get(graph, keys, **kwargs)

    with dask.config.set(scheduler=scheduler):
        lazy = quiet(*(a.chunk(time=100, signal=2) for a in sides), **options)
        assert not computes
    assert all(isinstance(v.data, da.Array) for v in lazy.data_vars.values())
    eager = quiet(*sides, **options)
    xr.testing.assert_allclose(lazy.compute(scheduler="threads"), eager, rtol=1e-12)
    assert lazy.attrs == eager.attrs


def test_lazy_recordings_stay_in_separate_chunks():
    (x, y), (x2, _) = pair(), pair(seed=1)
    many = xr.concat([x, x2], "recording", join="exact").chunk(recording=1)
    lazy = quiet(many, y)
    assert lazy.p.chunks[0] == (1, 1)
    xr.testing.assert_allclose(lazy.compute(scheduler="threads"), quiet(many.compute(), y))


def test_partners_with_other_orders_and_lengths():
    names = ["AU01", "AU04", "AU06", "AU12"]
    x, y = pair(names=names)
    others = [pair(seed=k, names=names)[1] for k in range(1, 6)]
    reference = quiet(x, y, surrogates="partners", partners=others)
    assert reference.attrs["n"] == 5
    shuffled = [other[:, ::-1] for other in others]
    xr.testing.assert_identical(quiet(x, y, surrogates="partners", partners=shuffled), reference)
    some = quiet(x, y, surrogates="partners", partners=others, n=3)
    assert some.attrs["n"] == 3
    short = [other[:400] for other in others]
    lost = [other.where(other.time < 400 / FPS) for other in others]
    found = quiet(x, y, surrogates="partners", partners=short)
    np.testing.assert_allclose(found.p, quiet(x, y, surrogates="partners", partners=lost).p)


# --- bad input


BAD = {
    "kind": (
        {"surrogates": "shuffle"},
        "expected surrogates to be shift, permute, segments, phase or partners, got 'shuffle'",
    ),
    "n": ({"n": 0}, "expected n, the number of surrogates, to be an integer from 1 to 1000000, got 0"),
    "rng": ({"rng": -1}, "expected rng to be a seed .*, got -1"),
    "pairs": ({"pairs": "some"}, "expected pairs to be 'all' or 'matched', got 'some'"),
    "statistic": ({"statistic": "median"}, "expected statistic to be 'corr_abs_mean' or 'corr_mean', got 'median'"),
    "too short": (
        {"width": 8.0, "step": 4.0},
        r"expected at least 720 frames \(24 s\) .*three times the distance of shifts, got 600 frames \(20 s\)",
    ),
    "no intervals": ({"surrogates": "permute"}, "expected by, .* surrogates='permute'.*, got None"),
    "too many orders": (
        {"surrogates": "segments", "width": 8.0},
        "expected n of at most 5, the number of different orders of 3 windows",
    ),
    "no partners": ({"surrogates": "partners"}, r"expected partners=\[…\].*, got None"),
    "unused partners": ({"partners": [1]}, "expected no partners with surrogates='shift'"),
    "all at once": ({"n": 0, "statistic": "median"}, r"(?s)significance\(\): 2 faults.*got 'median'.*got 0"),
    "measure": ({"measure": "mimicry"}, "expected measure .*, got 'mimicry'"),
    "width": ({"width": -1}, "(?=.*-1).*a positive number of seconds"),
}


@pytest.mark.parametrize(("options", "message"), BAD.values(), ids=BAD)
def test_bad_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        quiet(*pair(), **options)


def test_all_partners_are_checked_at_once():
    x, y = pair()
    wrong = [y[:, :2], bx.signals(y.values, fps=25), bx.signals(y.values[:20], fps=FPS)]
    message = r"(?s)3 faults\n.*expected partners\[0\] to have .*, got none called s2, s3.*partners\[1\].*partners\[2\]"
    with pytest.raises(ValueError, match=message):
        quiet(x, y, surrogates="partners", partners=wrong)


def test_one_person_has_no_matched_pairs():
    x, _ = pair()
    with pytest.raises(ValueError, match="expected y with pairs='matched', got None"):
        quiet(x, measure="coordination", pairs="matched")
    with pytest.raises(ValueError, match="expected y, or several signals in x"):
        quiet(x[:, :1], measure="coordination")


# --- single pairs


@pytest.mark.parametrize("measure", ["imitation", "coordination"])
def test_mean_of_the_lag_map_is_the_profile(measure):
    x, y = pair(lost=0.03)
    found = lag_map(x, y, pair=("s1", "s2"), measure=measure, **WINDOWS)
    profile = bx.lag_profile(x, y, measure=measure, **WINDOWS).profile.sel(signal1="s1", signal2="s2")
    np.testing.assert_allclose(found.mean("window"), profile, atol=1e-6)
    np.testing.assert_allclose(found.lag, profile.lag)
    if measure == "imitation":
        corr = bx.imitation(x, y, **WINDOWS).corr.sel(signal1="s1", signal2="s2")
        np.testing.assert_allclose(abs(found).max("lag"), abs(corr), atol=1e-6)
    assert (found.signal1.item(), found.signal2.item()) == ("s1", "s2")


@pytest.mark.parametrize("kind", ["shift", "segments", "phase"])
def test_surrogate_windows_agree_with_significance(kind):
    x, y = pair()
    windows = surrogate_windows(x, y, pair=("s0", "s0"), surrogates=kind, n=39, rng=5, **WINDOWS)
    found = quiet(x, y, surrogates=kind).sel(signal1="s0", signal2="s0")
    np.testing.assert_allclose(abs(windows.corr.astype(float)).mean(), found.observed, rtol=1e-6)
    null = abs(windows.null_corr.astype(float)).mean("window")
    np.testing.assert_allclose([null.mean(), null.std()], [found.null_mean, found.null_std], rtol=1e-5)
    result = bx.imitation(x, y, **WINDOWS).sel(signal1="s0", signal2="s0")
    np.testing.assert_allclose(windows.lag, result.lag)


def test_bad_pairs_are_refused():
    x, y = pair()
    with pytest.raises(ValueError, match=r"expected pair to name a signal of y \(s0, s1, s2, s3\), got 'AU99'"):
        lag_map(x, y, pair=("s0", "AU99"))
    with pytest.raises(ValueError, match=r"got further dimensions \(recording\); choose one with \.isel"):
        surrogate_windows(xr.concat([x, x], "recording"), y, pair=("s0", "s0"))
