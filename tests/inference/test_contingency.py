"""contingency(): against a slow loop, in intervals, with partners, for one person, on dask, and its errors."""

import numpy as np
import pytest
import xarray as xr
from scipy.ndimage import gaussian_filter1d

import bitbox_xr as bx
from bitbox_xr.inference.contingency import contingency

from counting_scheduler import computed_once

FPS = 30
OPTIONS = {"min_rise": 0.3, "false_alarms_per_minute": None, "rng": 0, "progress": False}


def face(times, seconds=120, noise=0.03, seed=0):
    """One signal for each list of times (s) of rises, 0.4 s wide and 1 high."""
    time = np.arange(seconds * FPS) / FPS
    rng = np.random.default_rng(seed)
    values = [
        sum((np.exp(-4 * np.log(2) * ((time - at) / 0.4) ** 2) for at in own), np.zeros(len(time))) for own in times
    ]
    values = np.stack(values, axis=1) + noise * rng.standard_normal((len(time), len(times)))
    return bx.signals(values, fps=FPS, names=[f"AU{k:02}" for k in range(1, len(times) + 1)])


def people(seconds=120, seed=0):
    """A model with two signals, and a participant whose first signal answers the first of the model 0.6 s later."""
    rng = np.random.default_rng(seed)
    model = [np.arange(4, seconds - 4, 5.3) + rng.uniform(-1, 1, len(np.arange(4, seconds - 4, 5.3))) for _ in range(2)]
    answers = model[0][rng.random(len(model[0])) < 0.8] + 0.6
    own = rng.uniform(3, seconds - 3, seconds // 12)
    return face([np.sort(answers), own], seconds, seed=1), face(model, seconds, seed=2)


# --- against a slow version


def summits(x, **options):
    """Times and signals of the largest smoothed values within a quarter of the scale of the activations at each scale.

    Those at a longer scale are left out within half of the scale of one at a shorter scale.
    """
    kept = []
    for scale in (0.5, 1, 2, 4):
        width = FPS * scale / 8  # full width at half maximum, in frames
        known, found = list(kept), bx.events(x, scales=[scale], **options)
        for time, name in zip(found.time.values, found.coefficient.values, strict=True):
            smooth = gaussian_filter1d(x.sel(signal=name).values, max(1.0, width / np.sqrt(8 * np.log(2))))
            near = np.abs(x.time.values - time) <= round(FPS * scale / 4) / FPS + 1e-9
            top = x.time.values[near][smooth[near].argmax()]
            if all(name != other or abs(top - at) > scale / 2 + 1e-9 for at, other in known):
                kept.append((top, name))
    return zip(*sorted(set(kept)), strict=True)


def times_of(x, name, **options):
    """Onsets or summits of the activations of each signal, in frames, as `contingency` defines them."""
    if name == "summit":
        at, signal = map(np.array, summits(x, **options))
    else:
        found = bx.events(x, scales=(0.5, 1, 2, 4), aggregate=True, **options)
        at, signal = np.where(np.isnan(found.onset), found.time, found.onset), found.coefficient.values
    return [np.sort((at - x.time.values[0])[signal == one]) * FPS for one in x.signal.values]


def shifted(own, other, frames, spacing, span):
    """For every shift of `other`: the answers to each event that is given, as lists of latencies."""
    low, high = span
    for shift in range(0, frames - spacing + 1, spacing):
        given = [t for t in (other + shift) % frames if t + high < frames]
        yield {t: sorted(s - t for s in own if t + low < s <= t + high) for t in given}


def possible(answers, other, span):
    """The answers to events that are no nearer to those of `other` than these to each other (a quarter of the span)."""
    least = min(np.diff(other).min(), span[1] / 4)
    return [own for t, own in answers.items() if np.abs(other - t).min() >= least]


def at_similar_latencies(answers, span):
    """ln of the mean of exp(2 z) over all bands of three to eight sixteenths of the span, by shift."""
    edges = np.linspace(*span, 17)
    given = np.array([len(each) for each in answers])
    bins = np.array([np.histogram(np.concatenate(shift), edges)[0] for shift in answers])
    ratios = []
    for first, last in [(a, b) for a in range(17) for b in range(a + 3, min(a + 9, 17))]:
        rate = bins[:, first:last].sum(axis=1) / given
        apart = (rate - rate.mean()) * np.sqrt(given / given[0])
        ratios.append(np.exp(2 * apart / np.sqrt((apart**2).mean())) if apart.any() else np.ones(len(answers)))
    return np.log(np.mean(ratios, axis=0))


def slow(x, y, span, spacing, **options):
    """answered, chance, n_given, latency and p of every pair, by loops over all shifts."""
    span = [seconds * FPS for seconds in span]
    pairs = x.sizes["signal"], y.sizes["signal"]
    out = {name: np.full(pairs, np.nan) for name in ("answered", "chance", "n_given", "latency", "p")}
    both = [[times_of(side, name, **options) for side in (x, y)] for name in ("onset", "summit")]
    for (i, j), _ in np.ndenumerate(out["p"]):
        onsets, tops = (list(shifted(own[i], other[j], x.sizes["time"], spacing, span)) for own, other in both)
        onsets[1:] = [possible(answers, both[0][1][j], span) for answers in onsets[1:]]
        onsets[0], tops = [*onsets[0].values()], [[*answers.values()] for answers in tops]
        shares = [np.mean([bool(each) for each in answers]) for answers in onsets]
        first = [each[0] for each in onsets[0] if each]
        out["n_given"][i, j], out["latency"][i, j] = len(onsets[0]), np.median(first) / FPS if first else np.nan
        out["answered"][i, j], out["chance"][i, j] = shares[0], np.mean(shares[1:])
        ranked = at_similar_latencies(tops, span)
        out["p"][i, j] = (np.sum(ranked[1:] >= ranked[0] - 1e-6) + 1) / len(ranked)
    return out


@pytest.mark.parametrize("span", [(0, 2), (0.3, 1.5)])
def test_it_equals_a_slow_loop_over_all_shifts(span):
    x, y = people()
    found = contingency(x, y, n=999, min_latency=span[0], max_latency=span[1], **OPTIONS)
    expected = slow(x, y, span, 60, min_rise=0.3)
    assert found.attrs["n"] == 120 * FPS // 60 - 1
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-9, err_msg=name)
    above = (found.answered - found.chance) / (1 - found.chance)
    np.testing.assert_allclose(found.answered_above_chance, above)


def test_planted_answers_are_found_in_their_direction():
    x, y = people(300)
    found, back = contingency(x, y, **OPTIONS), contingency(y, x, **OPTIONS)
    first = found.sel(signal1="AU01", signal2="AU01")
    assert first.answered == pytest.approx(0.8, abs=0.1)
    assert first.answered_above_chance == pytest.approx(0.75, abs=0.12)
    assert first.latency == pytest.approx(0.6, abs=0.05)
    assert first.odds_ratio > 5
    assert first.p_fwe == first.p_fwe.min() <= 0.02
    assert (found.p.values.ravel()[1:] > 0.02).all()
    assert back.sel(signal1="AU01", signal2="AU01").p > 0.05
    assert dict(found.attrs)["measure"] == "contingency"
    assert (found.attrs["min_latency"], found.attrs["max_latency"], found.attrs["scales"]) == (0.0, 2.0, "0.5 1 2 4")


def test_latencies_bound_the_answers():
    x, y = people(300)
    late = contingency(x, y, min_latency=1.0, **OPTIONS).sel(signal1="AU01", signal2="AU01")
    assert late.answered < 0.4
    early = contingency(x, y, max_latency=0.5, **OPTIONS).sel(signal1="AU01", signal2="AU01")
    assert early.answered < 0.2
    exact = contingency(x, y, min_latency=0.4, max_latency=0.8, **OPTIONS).sel(signal1="AU01", signal2="AU01")
    assert exact.answered > 0.7
    assert exact.chance < late.chance


def test_few_activations_and_much_chance_give_nan():
    few = face([[10, 30, 50, 70]]), face([[9.5, 29.5, 49.5, 69.5]])
    found = contingency(*few, **OPTIONS)
    assert found.n_given == 4
    for name in ("answered", "chance", "answered_above_chance", "odds_ratio", "p", "p_fwe", "q", "latency"):
        assert found[name].isnull().all()
    rng = np.random.default_rng(0)
    busy = face([np.arange(1, 119, 1.5) + rng.uniform(-0.2, 0.2, 79)]), face([np.arange(3, 110, 6.0)], seed=3)
    found = contingency(*busy, **OPTIONS)
    assert found.chance > 0.8
    assert found.answered_above_chance.isnull()
    assert found.p.notnull()


def test_activations_are_given_only_where_answers_can_be_seen():
    x, y = people()
    every = contingency(x, y, **OPTIONS)
    lost = x.copy()
    lost[40 * FPS : 60 * FPS, 0] = np.nan
    found = contingency(lost, y, **OPTIONS)
    assert (found.n_given.sel(signal1="AU01") < every.n_given.sel(signal1="AU01") - 2).all()
    assert (found.n_given.sel(signal1="AU02") == every.n_given.sel(signal1="AU02")).all()


def test_one_person_has_pairs_of_different_signals():
    x, y = people(200)
    both = xr.concat([x.sel(signal=["AU01"]), y.sel(signal=["AU01"]).assign_coords(signal=["AU12"])], "signal")
    found = contingency(both, **OPTIONS)
    assert found.attrs["alone"] == 1
    for name in found.data_vars:
        assert found[name].values.diagonal().tolist() == pytest.approx([np.nan] * 2, nan_ok=True)
    two = contingency(x.sel(signal=["AU01"]), y.sel(signal=["AU01"]), **OPTIONS)
    answer = found.sel(signal1="AU01", signal2="AU12")
    assert answer.answered == pytest.approx(float(two.answered.squeeze()))
    assert answer.p == pytest.approx(float(two.p.squeeze()))
    assert found.sel(signal1="AU12", signal2="AU01").p > answer.p


def test_matched_pairs_are_a_family_of_their_own():
    x, y = people(200)
    found, every = contingency(x, y, pairs="matched", **OPTIONS), contingency(x, y, **OPTIONS)
    assert found.p.dims == ("pair",)
    for name in ("answered", "chance", "p", "n_given", "latency"):
        np.testing.assert_array_equal(found[name], every[name].values.diagonal())
    assert (found.p_fwe.values <= every.p_fwe.values.diagonal()).all()


# --- intervals, partners, noise


def labelled(x, seconds=30):
    """Intervals of 30 s in turn."""
    number = np.arange(x.sizes["time"]) // (seconds * FPS)
    return x.assign_coords(task=("time", np.where(number % 2 == 1, "b", "a")), task_interval=("time", number))


def test_labels_are_tested_inside_their_intervals():
    x, y = people(300)
    found = contingency(labelled(x), labelled(y), by="task", n=99, **OPTIONS)
    assert found.answered.dims == ("task", "signal1", "signal2")
    assert found.task.values.tolist() == ["a", "b"]
    whole = contingency(x, y, **OPTIONS)
    # the last two seconds of every interval give no activations
    assert (found.n_given.sum("task") < whole.n_given).all()
    assert (found.n_given.sum("task") > 0.8 * whole.n_given).all()
    first = found.sel(signal1="AU01", signal2="AU01")
    assert (first.answered_above_chance > 0.5).all()
    assert (first.p <= 0.05).all()
    only_y = contingency(x, labelled(y), by="task", n=99, **OPTIONS)
    xr.testing.assert_allclose(only_y.answered, found.answered)


def test_a_shared_schedule_needs_intervals():
    """Both are active in some blocks of 20 s, and unrelated inside."""
    rng = np.random.default_rng(5)
    active = (rng.permutation(24) % 2 == 1).repeat(20)
    x, y = (face([[t for t in np.sort(rng.uniform(1, 479, 200)) if active[int(t)]]], 480, seed=s) for s in (1, 2))
    assert contingency(x, y, **OPTIONS).p < 0.05
    blocks = {"task_interval": ("time", np.arange(x.sizes["time"]) // (20 * FPS))}
    blocks["task"] = ("time", np.where(active.repeat(FPS), "b", "a"))
    x, y = x.assign_coords(blocks), y.assign_coords(blocks)
    inside = contingency(x, y, by="task", n=99, **OPTIONS).sel(task="b")
    assert inside.p > 0.05
    exchanged = contingency(x, y, by="task", n=99, surrogates="permute", **OPTIONS)
    assert exchanged.sel(task="b").p > 0.05


def test_partners_take_the_place_of_y():
    x, y = people(200)
    partners = [people(200, seed=seed)[1] for seed in range(3, 23)]
    found = contingency(x, y, surrogates="partners", partners=partners, **OPTIONS)
    assert found.attrs["n"] == 20
    assert found.p.sel(signal1="AU01", signal2="AU01") <= 0.05
    shares = [float(contingency(x, one, **OPTIONS).answered[0, 0]) for one in partners]
    assert found.chance[0, 0] == pytest.approx(np.mean(shares))
    with_labels = [labelled(one) for one in partners]
    by = contingency(labelled(x), labelled(y), by="task", surrogates="partners", partners=with_labels, **OPTIONS)
    own = contingency(labelled(x), labelled(partners[0]), by="task", n=19, **OPTIONS)
    single = contingency(
        labelled(x), labelled(y), by="task", surrogates="partners", partners=[with_labels[0]] * 19, **OPTIONS
    )
    np.testing.assert_allclose(single.chance, own.answered)
    assert (by.p.sel(signal1="AU01", signal2="AU01") <= 0.1).all()


def test_noise_is_that_of_a_label():
    x, y = people(200)
    loud = [side.where(side.time > 20, 8 * side) for side in (x, y)]
    rest = [side.assign_coords(phase=("time", np.where(side.time < 20, "rest", "task"))) for side in loud]
    options = {**OPTIONS, "min_rise": None, "false_alarms_per_minute": 1.0}
    found = contingency(*rest, noise={"phase": "rest"}, **options)
    assert (found.n_given <= contingency(*rest, **options).n_given).all()
    assert found.attrs["noise"] == '{"phase": "rest"}'


def test_only_shared_frames_are_used():
    x, y = people(200)
    longer = xr.concat([x, x.isel(time=slice(0, 300)).assign_coords(time=x.time[:300] + 200)], "time")
    labels = np.where(longer.time < 20, "rest", "task")
    found = contingency(longer.assign_coords(phase=("time", labels)), y.assign_coords(phase=("time", labels[:6000])),
                        noise={"phase": "rest"}, **OPTIONS | {"false_alarms_per_minute": 5})  # fmt: skip
    assert found.attrs["frames"] == 6000
    xr.testing.assert_allclose(contingency(longer, y, **OPTIONS), contingency(x, y, **OPTIONS))


# --- further dimensions and dask


def many():
    recordings = [people(120, seed) for seed in range(2)]
    return [
        xr.concat(sides, "recording").assign_coords(recording=["a", "b"]) for sides in zip(*recordings, strict=True)
    ]


@pytest.mark.parametrize("options", [{}, {"pairs": "matched"}, {"by": "task"}], ids=str)
def test_recordings_are_lazy_and_equal(options):
    x, y = (labelled(side) for side in many())
    call = lambda a: contingency(a, y, n=19, **OPTIONS, **options)  # noqa: E731
    lazy = x.copy(data=x.chunk({"recording": 1, "time": 700}).data)
    found = computed_once(call, lazy)
    xr.testing.assert_allclose(found, call(x))
    one = contingency(x.isel(recording=1), y.isel(recording=1), n=19, **OPTIONS, **options)
    xr.testing.assert_allclose(found.isel(recording=1), one)


def test_one_reference_for_many_recordings():
    x, y = many()
    found = contingency(x, y.isel(recording=0, drop=True), n=19, **OPTIONS)
    assert found.answered.dims == ("recording", "signal1", "signal2")
    one = contingency(x.isel(recording=1, drop=True), y.isel(recording=0, drop=True), n=19, **OPTIONS)
    xr.testing.assert_allclose(found.isel(recording=1, drop=True), one)


# --- bad input


X = face([[5, 15, 25]], 40)
POSE = bx.signals(np.zeros((1200, 6)), kind="pose", fps=FPS)
BAD = {
    "latencies": ({"min_latency": 2, "max_latency": 1}, "expected max_latency above min_latency, got 1 and 2"),
    "negative": ({"min_latency": -1}, "expected min_latency to be a"),
    "surrogates": ({"surrogates": "phase"}, "expected surrogates to be shift, permute or partners, got 'phase'"),
    "scales": ({"scales": None}, "expected scales to be a number of scales or durations in seconds, got None"),
    "noise": ({"noise": X}, "which holds for x and y, got a DataArray"),
    "pairs": ({"pairs": "some"}, "expected pairs to be 'all' or 'matched', got 'some'"),
    "n": ({"n": 0}, "expected n, the number of surrogates"),
    "by": ({"by": "task"}, "expected a coordinate 'task' along time"),
    "rise": ({"min_rise": -1}, "expected min_rise to be a positive number, got -1"),
    "short": ({"max_latency": 15}, "choose a smaller max_latency"),
    "partners": ({"surrogates": "partners"}, "expected partners="),
}


@pytest.mark.parametrize(("options", "text"), BAD.values(), ids=BAD)
def test_bad_options_are_refused(options, text):
    with pytest.raises(ValueError, match=text.replace("[", r"\[")):
        contingency(X, X.copy(), **options)


def test_other_signals_are_refused():
    with pytest.raises(ValueError, match="contingency..: expected x to be of kind .*'motion-energy', got 'pose'"):
        contingency(POSE, POSE)
    with pytest.raises(ValueError, match="expected y, or several signals in x"):
        contingency(X)
    with pytest.raises(ValueError, match="expected y with pairs='matched', got None"):
        contingency(X, pairs="matched")


def test_a_short_recording_warns_that_p_cannot_be_small():
    with pytest.warns(UserWarning, match="contingency..: expected at least 19 surrogates .* use answered_above_chance"):
        contingency(X[:900], X[:900].copy(), **OPTIONS)
