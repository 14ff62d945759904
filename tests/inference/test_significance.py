"""Significance: surrogates as they should be, p-values by their definitions, and the same by every way."""

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
from bitbox_xr.kernels.surrogates import against_chance, bridged_spectrum, draw_shifts, phases_anew, shifted
from bitbox_xr.measures.windowing import Options, Pair

FPS = 30
WINDOWS = {"width": 1.0, "max_lag": 0.2}


def pair(frames=600, n1=3, n2=4, seed=0, lost=0.0, names=None):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(frames, n1)), rng.normal(size=(frames, n2))
    x[:, 0] += np.roll(y[:, 0], 4)
    x[rng.random(frames) < lost], y[rng.random(frames) < lost] = np.nan, np.nan
    return bx.signals(x, fps=FPS, names=names and names[:n1]), bx.signals(y, fps=FPS, names=names and names[:n2])


def quiet(*sides, **options):
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
def test_null_is_the_measure_of_each_surrogate(kind):
    """Every surrogate made again by hand, measured by imitation()."""
    x, y = pair(lost=0.05)
    others = [pair(seed=k)[1] for k in (7, 8, 9)] if kind == "partners" else None
    found = quiet(x, y, surrogates=kind, partners=others, n=3)
    both = Pair("imitation", x, y, Options(1.0, None, 0.2, True, 0.75, True), None)
    draws = draw(kind, 3, 5, both, others)
    values = []
    for k in range(3):
        made, order = draws.surrogate(k, y.values, draws.spectrum(y.values), both.windows.number)
        if order is None:
            r = bx.imitation(x, y.copy(data=made), **WINDOWS).corr
        else:  # each window with that of y which the order says, by itself
            width, step, reach, number = both.windows
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


def test_shifts_keep_away_from_zero_and_are_distinct():
    shifts = draw_shifts(np.random.default_rng(0), 81, 200, 60)  # all there are
    assert sorted(shifts) == list(range(60, 141))


@given(st.integers(1, 39), st.integers(0, 100))
@settings(max_examples=30, deadline=None)
def test_a_shift_moves_gaps_and_keeps_the_own_ones(shift, seed):
    rng = np.random.default_rng(seed)
    y = rng.normal(size=(40, 3))
    y[rng.random((40, 3)) < 0.2] = np.nan
    out = shifted(y, shift)
    moved = np.stack([y[(np.arange(40) - shift) % 40, i] for i in range(3)], axis=1)
    np.testing.assert_array_equal(np.isnan(out), np.isnan(y) | np.isnan(moved))
    np.testing.assert_array_equal(out[~np.isnan(out)], moved[~np.isnan(out)])


@pytest.mark.parametrize("frames", [200, 201])
def test_phases_keep_spectra_and_cross_spectra_and_gaps(frames):
    rng = np.random.default_rng(1)
    y = rng.normal(size=(frames, 2)).cumsum(axis=0)
    out = phases_anew(rng, bridged_spectrum(y), y)
    before, after = (np.fft.rfft(a, axis=0) for a in (y, out))
    np.testing.assert_allclose(np.abs(after), np.abs(before), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(after[:, 0] * after[:, 1].conj(), before[:, 0] * before[:, 1].conj(), atol=1e-6)
    np.testing.assert_allclose(out.mean(axis=0), y.mean(axis=0))
    assert np.abs(out - y).max() > 1
    y[50:60, 0] = np.nan
    y[:, 1] = np.nan
    out = phases_anew(rng, bridged_spectrum(y), y)
    np.testing.assert_array_equal(np.isnan(out), np.isnan(y))


# --- p-values


def by_definition(values):
    """The rules one by one, for values without gaps."""
    observed, null = values[0], values[1:]
    n = len(null)
    z = (values - values.mean(0)) / values.std(0)
    p = np.array([(1 + (null[:, k] >= observed[k]).sum()) / (n + 1) for k in range(values.shape[1])])
    p_fwe = np.array([(1 + (z[1:].max(1) >= z[0, k]).sum()) / (n + 1) for k in range(values.shape[1])])
    effect = (observed - null.mean(0)) / null.std(0)
    return {"p": p, "p_fwe": p_fwe, "q": false_discovery_control(p), "surrogate_z": effect, "null_std": null.std(0)}


def test_definitions():
    values = np.random.default_rng(0).normal(size=(100, 30)) * np.linspace(0.1, 3, 30) + np.arange(30)
    values[0, :4] += np.linspace(0.3, 1.5, 4)
    found = against_chance(values, np.full(values.shape, 7.0), two_sided=False)
    for name, wanted in by_definition(values).items():
        np.testing.assert_allclose(getattr(found, name), wanted, rtol=1e-12, err_msg=name)
    mirror = against_chance(-values, np.ones(values.shape), two_sided=True)
    both = against_chance(values, np.ones(values.shape), two_sided=True)
    np.testing.assert_array_equal(mirror.p, both.p)
    np.testing.assert_allclose(mirror.surrogate_z, -both.surrogate_z)


@given(st.integers(0, 1000), st.booleans())
@settings(max_examples=40, deadline=None)
def test_bounds(seed, two_sided):
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


def test_a_surrogate_without_a_value_counts_against_and_ties_do_too():
    values = np.array([[5.0, 1.0, 2.0], [np.nan, 1.0, 1.0], [1.0, 1.0, 2.0], [2.0, 1.0, 0.0]])
    found = against_chance(values, np.ones(values.shape), two_sided=False)
    np.testing.assert_allclose(found.p, [2 / 4, 1.0, 2 / 4])
    assert np.isnan(found.surrogate_z[1])


def test_a_mean_over_fewer_frames_is_taken_for_less():
    rng = np.random.default_rng(0)
    values, cover = rng.normal(size=(400, 1)), np.full((400, 1), 400.0)
    cover[1:] = 100  # twice the spread
    values[1:] *= 2
    found = against_chance(values, cover, two_sided=False)
    assert found.null_std[0] == pytest.approx(1, abs=0.1)


def test_what_follows_is_found_and_nothing_else():
    found = quiet(*pair(frames=1800), n=99)
    assert found.p_fwe[0, 0] == 0.01
    assert found.surrogate_z[0, 0] > 10
    assert (found.p_fwe.values.ravel()[1:] > 0.05).all()
    assert found.q[0, 0] == pytest.approx(12 * 0.01)


def test_negative_following_is_found_on_both_sides_but_not_upward():
    x, y = pair(frames=1800)
    x = -x
    assert quiet(x, y, statistic="corr_mean").p_fwe[0, 0] == 1 / 40
    assert quiet(x, y, statistic="corr_mean").surrogate_z[0, 0] < -10
    assert quiet(x, y, polarity=False).p[0, 0] > 0.05


# --- the result


def test_what_the_result_says():
    found = quiet(*pair(names=["AU01", "AU04", "AU06", "AU12"]))
    assert list(found.data_vars) == ["observed", "null_mean", "null_std", "surrogate_z", "p", "p_fwe", "q"]
    assert {v.dtype for v in found.data_vars.values()} == {np.dtype(float)}
    assert {v.dims for v in found.data_vars.values()} == {("signal1", "signal2")}
    assert all(v.attrs["units"] == "1" for v in found.data_vars.values())
    assert found.observed.attrs["long_name"] == "mean absolute correlation over windows"
    kept = {k: found.attrs[k] for k in ("measure", "surrogates", "n", "seed", "statistic", "pairs", "width")}
    assert kept == {
        "measure": "imitation", "surrogates": "shift", "n": 39, "seed": "5", "statistic": "corr_abs_mean", "pairs": "all", "width": 1.0,
    }  # fmt: skip
    assert found.region2.values.tolist() == ["brow", "brow", "eye", "mouth"]


def test_round_trip(tmp_path):
    found = quiet(*pair())
    bx.to_netcdf(found, tmp_path / "found.nc")
    with bx.open_netcdf(tmp_path / "found.nc") as back:
        xr.testing.assert_identical(back.load(), found)


def test_the_seed_repeats_the_test_and_a_generator_gives_one():
    x, y = pair()
    first, second = (quiet(x, y, rng=np.random.default_rng(3)) for _ in range(2))
    xr.testing.assert_identical(first, second)
    xr.testing.assert_identical(quiet(x, y, rng=int(first.attrs["seed"])), first)
    made_up = [quiet(x, y, rng=None, n=3).attrs["seed"] for _ in range(2)]
    assert made_up[0] != made_up[1]
    rng = np.random.default_rng(3)
    assert quiet(x, y, rng=rng).attrs["seed"] != quiet(x, y, rng=rng).attrs["seed"]


@pytest.mark.parametrize("kind", ["shift", "segments", "phase"])
def test_threads_change_nothing(kind, monkeypatch):
    x, y = pair(lost=0.05)
    results = []
    for workers in (1, 3):
        monkeypatch.setattr("bitbox_xr.inference.significance.threads", lambda workers=workers: workers)
        results.append(quiet(x, y, surrogates=kind))
    xr.testing.assert_identical(*results)


def test_matched_pairs_are_those_of_all_with_a_family_of_their_own():
    names = ["AU01", "AU04", "AU06", "AU12"]
    x, y = pair(names=names)
    y = y.sel(signal=["AU12", "AU01", "AU06", "AU04"])
    every, own = quiet(x, y), quiet(x, y, pairs="matched")
    assert own.pair.values.tolist() == ["AU01", "AU04", "AU06"]
    assert own.region.values.tolist() == ["brow", "brow", "eye"]
    for name in ("observed", "null_mean", "null_std", "surrogate_z", "p"):
        np.testing.assert_allclose(own[name], [every[name].sel(signal1=a, signal2=a) for a in own.pair.values])
    np.testing.assert_allclose(own.q, false_discovery_control(own.p.values))
    assert own.attrs["pairs"] == "matched"


def test_alone_pairs_are_tested_once_and_mirrored():
    x, _ = pair(n1=4)
    found = quiet(x, measure="coordination", step=0.3)
    for name in ("p", "p_fwe", "q", "surrogate_z", "null_mean"):
        values = found[name].values
        np.testing.assert_array_equal(values, values.T)
    assert np.isnan(found.p.values.diagonal()).all()
    np.testing.assert_allclose(found.observed.values.diagonal(), 1)
    above = np.triu_indices(4, 1)
    np.testing.assert_allclose(found.q.values[above], false_discovery_control(found.p.values[above]))


def test_further_dimensions_are_families_of_their_own():
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
def test_lazy_and_equal(options):
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


def test_lazy_over_recordings():
    (x, y), (x2, _) = pair(), pair(seed=1)
    many = xr.concat([x, x2], "recording", join="exact").chunk(recording=1)
    lazy = quiet(many, y)
    assert lazy.p.chunks[0] == (1, 1)
    xr.testing.assert_allclose(lazy.compute(scheduler="threads"), quiet(many.compute(), y))


def test_partners_of_other_orders_and_lengths():
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


# --- refused


BAD = {
    "kind": ({"surrogates": "shuffle"}, "surrogates is 'shuffle'; one of shift, segments, phase, partners"),
    "n": ({"n": 0}, "n is 0; a positive number of surrogates"),
    "rng": ({"rng": -1}, "rng is -1; a seed"),
    "pairs": ({"pairs": "some"}, "pairs is 'some'; 'all' or 'matched'"),
    "statistic": ({"statistic": "median"}, "expected statistic 'corr_abs_mean' or 'corr_mean', got 'median'"),
    "room": ({"n": 600}, r"n is 600; in 600 frames \(20 s\) there is room for 517 distinct shifts .* \(1.4 s\)"),
    "orders": ({"surrogates": "segments", "width": 8.0}, "its 3 windows can be paired anew in 5 ways"),
    "no partners": ({"surrogates": "partners"}, r"needs partners=\[…\]"),
    "idle partners": ({"partners": [1]}, "partners are given, but surrogates is 'shift'"),
    "measure": ({"measure": "mimicry"}, "measure is 'mimicry'"),
    "width": ({"width": -1}, "expected width to be a positive number of seconds, got -1"),
}


@pytest.mark.parametrize(("options", "message"), BAD.values(), ids=BAD)
def test_refused(options, message):
    with pytest.raises(ValueError, match=message):
        quiet(*pair(), **options)


def test_partners_are_checked_all_at_once():
    x, y = pair()
    wrong = [y[:, :2], bx.signals(y.values, fps=25), bx.signals(y.values[:20], fps=FPS)]
    with pytest.raises(
        ValueError, match=r"3 faults\n.*partners\[0\] has no s2, s3(.|\n)*partners\[1\](.|\n)*partners\[2\]"
    ):
        quiet(x, y, surrogates="partners", partners=wrong)


def test_alone_has_no_matched_pairs():
    x, _ = pair()
    with pytest.raises(ValueError, match="a signal matches only itself"):
        quiet(x, measure="coordination", pairs="matched")
    with pytest.raises(ValueError, match="x has one signal only"):
        quiet(x[:, :1], measure="coordination")


# --- one pair


@pytest.mark.parametrize("measure", ["imitation", "coordination"])
def test_lag_map_is_the_profile_window_by_window(measure):
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
def test_surrogate_windows_are_those_of_significance(kind):
    x, y = pair()
    windows = surrogate_windows(x, y, pair=("s0", "s0"), surrogates=kind, n=39, rng=5, **WINDOWS)
    found = quiet(x, y, surrogates=kind).sel(signal1="s0", signal2="s0")
    np.testing.assert_allclose(abs(windows.corr.astype(float)).mean(), found.observed, rtol=1e-6)
    null = abs(windows.null_corr.astype(float)).mean("window")
    np.testing.assert_allclose([null.mean(), null.std()], [found.null_mean, found.null_std], rtol=1e-5)
    result = bx.imitation(x, y, **WINDOWS).sel(signal1="s0", signal2="s0")
    np.testing.assert_allclose(windows.lag, result.lag)


def test_one_pair_refuses():
    x, y = pair()
    with pytest.raises(ValueError, match="y has no 'AU99'; it has s0, s1, s2, s3"):
        lag_map(x, y, pair=("s0", "AU99"))
    with pytest.raises(ValueError, match=r"further dimensions \(recording\); choose one with \.isel"):
        surrogate_windows(xr.concat([x, x], "recording"), y, pair=("s0", "s0"))
