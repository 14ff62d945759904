"""Rise, z, chance rate, onset and offset of events, and the options that choose activations by them."""

import dask
import numpy as np
import pytest
import xarray as xr

import bitbox_xr as bx
from bitbox_xr.kernels.activations import rises
from bitbox_xr.measures import activation_search
from bitbox_xr.measures.events import events
from bitbox_xr.measures.expressivity import diversity, expressivity

import expressions_oracle as slow_expressions
import expressivity_oracle as oracle
from counting_scheduler import Counting, computed_once

SCALES = [0.25, 0.5, 1, 2]
CHOICES = {
    "min_rise": {"min_rise": 0.5},
    "false alarms": {"false_alarms_per_minute": 2.0},
    "both": {"min_rise": 0.5, "false_alarms_per_minute": 5.0},
}


def face(seconds=60, fps=30, seed=0, signals=3, at=(10, 20, 33, 47), width=0.4, height=2.0):
    """Noise of standard deviation 0.1 with the same rises in every signal."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * fps)) / fps
    bumps = np.zeros(len(time)) + sum(height * np.exp(-4 * np.log(2) * ((time - one) / width) ** 2) for one in at)
    values = 0.1 * rng.standard_normal((len(time), signals)) + bumps[:, None]
    return bx.signals(values, fps=fps, names=[f"AU{k:02}" for k in range(1, signals + 1)])


def gappy(x, seed=0):
    lost = np.random.default_rng(seed).random(x.sizes["time"]) < 0.05
    lost[400:440] = True
    return x.where(xr.DataArray(~lost, dims="time"))


# --- what the columns mean


@pytest.mark.parametrize("fps", [24, 25, 30, 60])
@pytest.mark.parametrize("duration", [0.25, 0.5, 1, 2])
def test_rise_is_the_height_of_a_bump_that_suits_the_scale(fps, duration):
    for beside in (-0.5, -0.2, 0, 0.3):  # frames between the middle of the bump and a frame
        time = np.arange(16 * fps) / fps
        x = bx.signals(bump(time, 8 + beside / fps, 0.42 * duration), fps=fps)
        found = events(x, scales=[duration])
        assert found.rise.max() == pytest.approx(3.0, rel=0.02)


def bump(time, at, width, height=3.0):
    return height * np.exp(-4 * np.log(2) * ((time[:, None] - at) / width) ** 2)


@pytest.mark.parametrize("aggregate", [False, True])
def test_columns_follow_from_each_other(aggregate):
    found = events(face(), scales=SCALES, aggregate=aggregate)
    rate = sum(60 / d for d in SCALES) if aggregate else 60 / found.scale
    np.testing.assert_allclose(found.chance_rate, rate * np.exp(-(found.z**2) / 2))
    noise = (found.response / found.z).to_series().groupby([found.coefficient.values, found.scale.values])
    assert (noise.std().fillna(0) < 1e-12).all()  # one noise for each scale and coefficient
    for name in ("rise", "z", "chance_rate", "onset", "offset"):
        assert {"long_name", "units"} <= set(found[name].attrs)
    assert found.attrs["noise"] == "of the recording"


def test_units_of_the_columns():
    found = events(face().assign_attrs(units="intensity"), scales=[1])
    units = {name: found[name].attrs["units"] for name in ("rise", "z", "chance_rate", "onset", "offset")}
    assert units == {"rise": "intensity", "z": "1", "chance_rate": "1/min", "onset": "s", "offset": "s"}


def test_onset_and_offset_are_half_way_up_and_down():
    found = events(face(), scales=SCALES, aggregate=True, min_rise=0.5)
    assert found.sizes["event"] == 12
    np.testing.assert_allclose(found.time - found.onset, 0.2, atol=0.07)
    np.testing.assert_allclose(found.offset - found.time, 0.2, atol=0.07)
    later = face()
    later = later.assign_coords(time=later.time + 100)
    np.testing.assert_allclose(events(later, scales=[1]).onset, events(face(), scales=[1]).onset + 100)


def test_noise_does_not_depend_on_the_scales_that_are_searched_together():
    x = gappy(face())
    for d in SCALES:
        alone, together = events(x, scales=[d]), events(x, scales=SCALES)
        np.testing.assert_allclose(alone.z, together.z[together.scale.values == d], rtol=1e-6)


def test_without_scales_the_columns_are_nan():
    found = events(face())
    assert found.sizes["event"] > 100
    for name in ("rise", "z", "chance_rate", "onset", "offset"):
        assert found[name].isnull().all()
    assert "noise" not in found.attrs


def test_without_noise_z_is_infinite():
    x = bx.signals(np.maximum(bump(np.arange(900) / 30, 15, 0.4) - 0.1, 0), fps=30)
    found = events(x, scales=[1], false_alarms_per_minute=0.01)
    assert found.z.values.tolist() == [np.inf]
    assert found.chance_rate.values.tolist() == [0.0]


# --- what the options keep


@pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES)
@pytest.mark.parametrize("lost", [False, True])
def test_at_single_scales_the_options_keep_rows_of_the_list(choice, lost):
    x = gappy(face()) if lost else face()
    every, kept = events(x, scales=SCALES), events(x, scales=SCALES, **choice)
    assert (kept.rise >= choice.get("min_rise", 0)).all()
    assert (kept.chance_rate <= choice.get("false_alarms_per_minute", np.inf)).all()
    assert len(SCALES) * 12 <= kept.sizes["event"] < every.sizes["event"] / 2
    # all are kept between which the signal falls; near the ends, which are mirrored, responses differ
    keys = ["coefficient", "scale", "time"]
    first, second = (
        one.to_dataframe().query("5 < time < 55").set_index(keys)[["rise", "magnitude"]] for one in (every, kept)
    )
    assert set(second.index) <= set(first.index)
    np.testing.assert_allclose(first.loc[second.index], second, rtol=1e-6)
    counts = expressivity(x, scales=SCALES, **choice).expressivity.sel(metric="frequency")
    table = kept.to_dataframe().groupby(["scale", "coefficient"]).size()
    assert counts.to_series().loc[lambda n: n > 0].to_dict() == table.to_dict()


@pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES)
def test_aggregated_activations_all_satisfy_the_options(choice):
    found = events(face(), scales=SCALES, aggregate=True, **choice)
    assert (found.rise >= choice.get("min_rise", 0)).all()
    assert (found.chance_rate <= choice.get("false_alarms_per_minute", np.inf)).all()
    counts = found.coefficient.to_series().value_counts()
    assert (counts >= 4).all()
    assert (counts <= 5).all()


def slow_choice(y, min_rise, aggregated, fps=30):
    """Frames and scale numbers of the expressions with this rise, by PyWavelets and loops; a list for each list."""
    lists = {}
    scales = [fps * d / 4 for d in SCALES]
    rise = {}
    for k, scale in enumerate(scales):
        row = slow_expressions.mirrored_response(y, scale)
        for t in oracle.maxima(row, True, 1e-10 * np.abs(row).max()):
            before, value, after = row[t - 1 : t + 2]
            height = value + (after - before) ** 2 / (8 * (2 * value - before - after))
            rise[t, k] = height / rises.unit_response(scale, 16)
            if rise[t, k] >= min_rise:
                lists.setdefault(0 if aggregated else k, []).append((t, k))
    out = []
    for found in lists.values():
        found.sort()
        frames, numbers = (list(column) for column in zip(*found, strict=True))
        own = np.float32([rise[each] for each in found])
        kept = slow_expressions.expressions(y - y.mean(), frames, [scales[k] for k in numbers], own)
        out += [found[i] for i in sorted(set(kept))]
    return out


@pytest.mark.parametrize("aggregated", [False, True])
@pytest.mark.parametrize("min_rise", [0.1, 0.3, 1.0])
def test_chosen_activations_are_those_of_a_slow_search(min_rise, aggregated):
    """With `aggregate`, the maxima of all scales are joined into expressions; none is removed before."""
    rng = np.random.default_rng(7)
    x = face(seconds=40, at=(0, 8, 9.1, 15, 16.3, 25, 31), width=0.7, height=1.2, signals=1)
    x[900:1050] += np.minimum(np.arange(150) / 10, 1)[:, None]  # held, after a rise
    x = x + 0.2 * rng.standard_normal(x.shape)
    found = events(x, scales=SCALES, aggregate=aggregated, min_rise=min_rise)
    frames = np.rint(found.time.values * 30).astype(int).tolist()
    numbers = [SCALES.index(d) for d in found.scale.values]
    assert list(zip(frames, numbers, strict=True)) == slow_choice(x.values[:, 0], min_rise, aggregated)


def test_diversity_counts_chosen_activations():
    x = face()
    x[:, 1] = 0.1 * np.random.default_rng(5).standard_normal(x.sizes["time"])
    shares = [4, 0, 4]
    found = diversity(x, scales=[1], magnitude=False, min_rise=0.5)
    assert found.overall.item() == pytest.approx(np.log(2) / np.log(len(shares)))
    assert found.attrs["min_rise"] == 0.5


def test_attributes_have_the_options():
    result = expressivity(face(), scales=[1], min_rise=0.5, false_alarms_per_minute=2)
    assert {name: result.attrs[name] for name in ("min_rise", "false_alarms_per_minute", "noise")} == {
        "min_rise": 0.5, "false_alarms_per_minute": 2.0, "noise": "of the recording",
    }  # fmt: skip
    assert not {"min_rise", "false_alarms_per_minute", "noise"} & set(expressivity(face(), scales=[1]).attrs)


# --- noise measured elsewhere


def labelled(x, seconds=25):
    labels = np.where(x.time.values < seconds, "rest", "task")
    return x.assign_coords(condition=("time", labels))


def test_noise_of_a_label_is_that_of_its_frames():
    x = face(at=(30, 40, 50))
    louder = x.where(x.time < 28, 10 * x)
    found = events(labelled(louder), scales=[1], noise={"condition": "rest"})
    noise = (found.response / found.z).values
    quiet = events(x.isel(time=slice(0, 25 * 30)), scales=[1])
    np.testing.assert_allclose(np.unique(noise.round(9)), np.unique((quiet.response / quiet.z).round(9)), rtol=0.1)
    assert found.attrs["noise"] == "condition rest"
    assert (
        expressivity(labelled(louder), scales=[1], false_alarms_per_minute=1, noise={"condition": "rest"}).attrs[
            "noise"
        ]
        == "condition rest"
    )


def test_noise_of_another_recording():
    x, rest = face(), 0.5 * face(seconds=20, at=()).assign_attrs(source="rest.csv")
    found = events(x, scales=[1], noise=rest.isel(signal=[2, 0, 1]))
    own = events(rest, scales=[1])
    for name in x.signal.values:
        levels = [(one.response / one.z)[one.coefficient.values == name].values[0] for one in (found, own)]
        assert levels[0] == pytest.approx(levels[1])
    assert found.attrs["noise"] == "rest.csv"


def test_noise_of_other_recordings_by_label():
    x = xr.concat([face(seed=1), face(seed=2)], "recording").assign_coords(recording=["a", "b"])
    rest = xr.concat([face(seed=4, at=()), 3 * face(seed=3, at=())], "recording").assign_coords(recording=["b", "a"])
    found = events(x, scales=[1], noise=rest)
    noise = (found.response / found.z).groupby(found.recording).mean()
    assert noise.sel(recording="a") == pytest.approx(3 * float(noise.sel(recording="b")), rel=0.2)


def test_where_the_noise_is_unknown_nothing_is_counted():
    x = labelled(face())
    x[: 25 * 30, 1] = np.nan
    result = expressivity(x, scales=[1], false_alarms_per_minute=1, noise={"condition": "rest"})
    assert result.expressivity.sel(coefficient="AU02").isnull().all()
    assert result.eligible_time.sel(coefficient="AU02") == 0
    assert (result.expressivity.sel(metric="frequency").values[0, [0, 2]] >= 4).all()


# --- dask


CALLS = {
    **{name: lambda a, o=o: expressivity(a, scales=SCALES, **o) for name, o in CHOICES.items()},
    "aggregated": lambda a: expressivity(a, scales=SCALES, aggregate=True, **CHOICES["both"]),
    "diversity": lambda a: diversity(a, scales=SCALES, **CHOICES["both"]),
    "label": lambda a: expressivity(labelled(a), scales=[1], false_alarms_per_minute=1, noise={"condition": "rest"}),
    "recording": lambda a: expressivity(
        a, scales=[1], false_alarms_per_minute=1, noise=face(seconds=20, at=(), seed=3)
    ),
}


@pytest.mark.parametrize("blocks", [1, 3])
@pytest.mark.parametrize("chunks", [{"time": 370}, {"signal": 1}, {"time": 500, "signal": 2}], ids=str)
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_options_are_lazy_and_equal(call, chunks, blocks, monkeypatch):
    x = gappy(face())
    monkeypatch.setattr(activation_search, "BLOCK_BYTES", 8 * x.sizes["time"] * -(-3 // blocks))
    found = computed_once(call, x.chunk(chunks))
    xr.testing.assert_allclose(found, call(x), rtol=1e-9)


@pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES)
def test_pieces_along_time_give_the_same_result(choice, monkeypatch):
    x = gappy(face(seconds=80))
    monkeypatch.setattr(activation_search, "BLOCK_BYTES", 8)
    monkeypatch.setattr(activation_search, "PIECE_BYTES", 8 * 3 * 300)
    found = expressivity(x.chunk(time=200), scales=SCALES, **choice)
    xr.testing.assert_allclose(found.compute(), expressivity(x, scales=SCALES, **choice), rtol=1e-9)


def test_events_of_dask_arrays_are_computed_once():
    x = gappy(face())
    scheduler = Counting()
    with dask.config.set(scheduler=scheduler):
        found = events(x.copy(data=x.chunk({"time": 500}).data), scales=SCALES, **CHOICES["both"])
    assert scheduler.computes == 1
    xr.testing.assert_allclose(found, events(x, scales=SCALES, **CHOICES["both"]))


def test_lazy_noise_for_signals_in_memory():
    x, rest = face(), face(seconds=20, at=(), seed=3)
    options = {"scales": [1], "false_alarms_per_minute": 1}
    lazy = rest.copy(data=rest.chunk({"time": 100}).data)
    xr.testing.assert_identical(events(x, noise=lazy, **options), events(x, noise=rest, **options))
    result = expressivity(x, noise=lazy, **options)
    xr.testing.assert_identical(result.compute(), expressivity(x, noise=rest, **options))
