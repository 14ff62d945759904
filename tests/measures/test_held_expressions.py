"""Held expressions count once if activations are chosen; slow changes and ends of a recording are no expressions."""

import numpy as np
import pytest
import xarray as xr

import bitbox_xr as bx
from bitbox_xr.measures import activation_search
from bitbox_xr.measures.events import events
from bitbox_xr.measures.expressivity import expressivity

SCALES = [0.5, 1, 2, 4]
CHOICE = {"scales": SCALES, "aggregate": True, "min_rise": 0.3}
SINGLE = {"scales": SCALES, "min_rise": 0.3}
TIME = np.arange(1800) / 30


def held(start, end, height=2.0, ramp=0.5):
    """An expression that begins and ends at these times (s)."""
    return height * np.clip(np.minimum(TIME - start, end - TIME) / ramp, 0, 1)


def face(*signals, noise=0.0, seed=0):
    values = np.stack(signals, axis=1)
    return bx.signals(values + noise * np.random.default_rng(seed).standard_normal(values.shape), fps=30)


@pytest.mark.parametrize("noise", [0, 0.1])
@pytest.mark.parametrize("hold", [0.5, 2, 5, 10, 20])
def test_a_held_expression_counts_once(hold, noise):
    found = events(face(held(20, 21 + hold), noise=noise), **CHOICE)
    assert found.sizes["event"] == 1
    assert found.onset.item() == pytest.approx(20.25, abs=0.1)
    assert found.offset.item() == pytest.approx(20.75 + hold, abs=0.1)


@pytest.mark.parametrize("hold", [2, 10])
def test_at_each_scale_it_counts_once_too(hold):
    found = events(face(held(20, 21 + hold)), **SINGLE)
    assert sorted(found.scale.values) == SCALES


def test_the_ends_of_a_recording_are_no_expressions():
    ramp, high = 2 * TIME / 60, np.full(1800, 7.0)
    x = face(ramp, ramp[::-1], high, -ramp)
    assert events(x, **CHOICE).sizes["event"] == 0
    assert events(x, **SINGLE).sizes["event"] == 0
    assert events(x, scales=SCALES, aggregate=True, false_alarms_per_minute=1).sizes["event"] == 0
    assert events(x, scales=SCALES).sizes["event"] > 0  # the published definition


def test_from_the_first_frame_and_to_the_last():
    x = face(held(-5, 20), held(30, 90), held(-5, 20) + held(30, 90), noise=0.1)
    found = events(x, **CHOICE)
    assert found.coefficient.values.tolist() == ["s0", "s1", "s2", "s2"]
    np.testing.assert_array_equal(found.onset.isnull(), [True, False, True, False])
    np.testing.assert_array_equal(found.offset.isnull(), [False, True, False, True])
    np.testing.assert_allclose(found.offset[[0, 2]], 19.75, atol=0.1)
    np.testing.assert_allclose(found.onset[[1, 3]], 30.25, atol=0.1)


def test_what_stays_apart():
    bump = np.exp(-(((TIME - 30) / 0.3) ** 2))
    two = held(20, 24) + held(25, 29)
    shallow = held(20, 30) - 0.4 * np.exp(-(((TIME - 25) / 0.3) ** 2))
    micro = held(20, 40) + 0.6 * bump
    dip = -held(20, 30)
    found = events(face(two, shallow, micro, dip), **CHOICE)
    counts = found.coefficient.to_series().value_counts()
    # before and after a dip the face is held: two expressions, as in 2 - held(20, 30)
    assert counts.to_dict() == {"s0": 2, "s1": 1, "s2": 2, "s3": 2}
    # the long one counts at its larger rise, which is where it begins
    long, short = (found.isel(event=at) for at in np.flatnonzero(found.coefficient == "s2"))
    assert long.time == pytest.approx(21, abs=0.5)
    assert short.time == pytest.approx(30, abs=0.1)
    assert long.offset - long.onset == pytest.approx(19.5, abs=0.2)


def random_faces(seed):
    """Noise, noise with bumps, a random walk and held expressions of any length."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((4, len(TIME)))
    bumps = sum(4 * np.exp(-(((TIME - at) / rng.uniform(0.1, 1)) ** 2)) for at in rng.uniform(0, 60, 20))
    starts = rng.uniform(0, 55, 6)
    holds = sum(held(start, start + rng.uniform(1, 8), 4, rng.uniform(0.1, 1)) for start in starts)
    return face(noise[0], noise[1] + bumps, noise[2].cumsum() / 10, noise[3] + holds)


def spans(found, name):
    """Start and end of each activation of a signal. Where they are unknown, they are those of its neighbours."""
    own = found.isel(event=np.flatnonzero(found.coefficient == name))
    starts, ends = np.minimum(own.onset.values, own.time.values), np.maximum(own.offset.values, own.time.values)
    before, after = np.r_[0, own.time.values[:-1]], np.r_[own.time.values[1:], TIME[-1]]
    return np.where(np.isnan(starts), before, starts), np.where(np.isnan(ends), after, ends)


@pytest.mark.parametrize("option", ["min_rise", "false_alarms_per_minute"])
@pytest.mark.parametrize("seed", range(4))
def test_aggregated_scales_miss_hardly_any_expression_of_a_single_scale(option, seed):
    """Of 8,000 in random signals, 5 are joined to one that does not overlap with them."""
    x = random_faces(seed)
    together = events(x, scales=SCALES, aggregate=True, **{option: 1.0 if option == "min_rise" else 5.0})
    compared = missed = 0
    for scale in SCALES:
        # the same z: the rate of all scales is the sum of 1 / scale
        limit = 1.0 if option == "min_rise" else 5.0 / scale / sum(1 / d for d in SCALES)
        alone = events(x, scales=[scale], **{option: limit})
        for name in x.signal.values:
            (starts, ends), (own_starts, own_ends) = spans(together, name), spans(alone, name)
            overlaps = (starts <= own_ends[:, None]) & (ends >= own_starts[:, None])
            missed += np.sum(~overlaps.any(axis=1))
            compared += len(own_starts)
    assert compared > 40
    assert missed <= 1


def test_three_raised_lips_are_three_expressions(recordings):
    """Strong minima beside the held rises exclude none of them."""
    x = bx.open_signals(recordings / "exploface_openface1_video2_au_pose.csv").sel(signal=["AU10_r"])
    found, alone = events(x, **CHOICE), events(x, scales=[4], min_rise=0.3)
    np.testing.assert_allclose(found.onset, [3.0, 7.8, 14.5], atol=0.1)
    np.testing.assert_allclose(found.offset, [4.7, 11.3, 16.2], atol=0.1)
    np.testing.assert_allclose(found.rise, alone.rise)


def test_a_short_expression_long_before_a_higher_level_is_one_of_its_own():
    """The mean over a third of the 30 s between the two would hide that the signal falls after the first."""
    climbing = np.clip(TIME - 10, 0, 30) / 10
    bumps = (height * np.exp(-(((TIME - at) / 0.2) ** 2)) for height, at in ((0.6, 10), (1, 40)))
    found = events(face(climbing + sum(bumps)), **CHOICE)
    np.testing.assert_allclose(found.time, [10, 40], atol=0.2)


@pytest.mark.parametrize("lost", [(300, 330), (280, 460)])
def test_a_gap_in_a_held_expression_does_not_split_it(lost):
    signal = held(5, 40)
    signal[slice(*lost)] = np.nan
    assert events(face(signal), **CHOICE).sizes["event"] == 1


def test_rises_as_in_speech_are_counted_one_by_one():
    at = np.arange(5, 55, 0.4)
    speech = sum(np.exp(-4 * np.log(2) * ((TIME - one) / 0.15) ** 2) for one in at)
    assert events(face(speech), scales=[0.25, 0.5], aggregate=True, min_rise=0.3).sizes["event"] == len(at)


def test_labels_count_an_expression_once():
    x = face(held(10, 50)).assign_coords(half=("time", np.where(TIME < 30, "first", "second")))
    counts = expressivity(x, by="half", **CHOICE).expressivity.sel(metric="frequency")
    assert counts.sum() == 1


@pytest.mark.parametrize("call", [CHOICE, SINGLE], ids=["aggregated", "single"])
def test_chunks_change_nothing(call, monkeypatch):
    x = face(held(5, 40), held(0, 30), 2 * TIME / 60, held(50, 60), noise=0.2)
    monkeypatch.setattr(activation_search, "BLOCK_BYTES", 8 * 1800 * 2)
    monkeypatch.setattr(activation_search, "PIECE_BYTES", 8)
    xr.testing.assert_identical(expressivity(x.chunk(time=250), **call).compute(), expressivity(x, **call))
