"""imitation() and coordination(): against a slow oracle, on difficult signals, and invariances."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import bitbox_xr as bx

from oracles import assert_best, lags_one_sided, lags_two_sided
from random_recordings import FPS

pytestmark = pytest.mark.filterwarnings("ignore:.*signals that never change")


def noise(frames, n, seed):
    return np.random.default_rng(seed).normal(size=(frames, n))


def check(x, y, measure, width, step, lag, *, polarity=True, min_valid=0.75, **options):
    """Compare a measure with the oracle."""
    run = bx.coordination if measure == "coordination" else bx.imitation
    seconds = {"width": width / FPS, "step": step / FPS, "max_lag": lag / FPS}
    result = run(
        bx.signals(x, fps=FPS), bx.signals(y, fps=FPS), **seconds, polarity=polarity, min_valid=min_valid, **options
    )
    pairs = lags_two_sided(lag) if measure == "coordination" else lags_one_sided(lag, options.get("causal", True))
    least = max(2, int(np.ceil(min_valid * width - 1e-9)))
    frames = np.round(result.lag.values * FPS)
    np.testing.assert_allclose(result.lag.values, (frames / FPS).astype(np.float32), rtol=0, atol=0)
    assert_best(result.corr.values, frames, x, y, width, step, lag, pairs, polarity, least)
    return result


def difficult(case, x, y):
    rng = np.random.default_rng(7)
    frames = len(x)
    if case == "lost frames":
        x[rng.random(frames) < 0.1] = np.nan
        y[frames // 3 : frames // 2] = np.nan
    elif case == "lost cells":
        x[rng.random(x.shape) < 0.05] = np.nan
        y[rng.random(y.shape) < 0.03] = np.nan
    elif case == "dead signals":
        x[:, 1], y[:, 0] = np.nan, 0.1
    elif case == "flat stretches":
        x[20:60, 1], y[40:, 2] = 3.3, 0.0
    elif case == "flat but for rounding":
        x[:, 0] = 1e6 + 1e-4 * x[:, 0]
        y[:, 0] = 1e6 + 1e-2 * y[:, 0]
    elif case == "offsets":
        x += 1e6
        y -= 1e6
    elif case == "steps":
        x[frames // 2 :, 0] += 1e3
        y[frames // 2 + 3 :, 1] -= 1e3
        y[frames // 3 :, 0] += 1e3
    elif case == "spikes":
        x[25, 0], x[50, 2], y[28, 0], y[60, 1] = -1e6, 1e6, 1e6, -1e6
    elif case == "sparse":
        x[rng.random(x.shape) < 0.85] = 0
        y[rng.random(y.shape) < 0.85] = 0
    elif case == "random walks":
        x, y = np.cumsum(x, axis=0), np.cumsum(y, axis=0)
    elif case == "huge and tiny":
        x, y = x * 1e140, y * 1e-250
    elif case == "periodic":
        x = np.sin(np.arange(frames) * 2 * np.pi / 6)[:, None] * np.ones(x.shape[1])
        y = np.roll(x, 1, axis=0)[:, : y.shape[1]]
    return x, y


CASES = (
    "plain", "lost frames", "lost cells", "dead signals", "flat stretches", "flat but for rounding", "offsets", "steps",
    "spikes", "sparse", "random walks", "huge and tiny", "periodic",
)  # fmt: skip


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(
    ("measure", "options"),
    [
        ("imitation", {}),
        ("imitation", {"causal": False, "polarity": False}),
        ("coordination", {}),
        ("coordination", {"polarity": False}),
    ],
    ids=["one-sided", "one-sided both ways signed", "two-sided", "two-sided signed"],
)
def test_difficult_signals_agree_with_the_oracle(case, measure, options):
    x, y = difficult(case, noise(90, 3, 1), noise(90, 3, 2))
    check(x, y, measure, width=12, step=7, lag=12 if case == "random walks" else 3, **options)


@pytest.mark.parametrize("measure", ["imitation", "coordination"])
def test_many_signals_agree_with_the_oracle(measure):
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(40, 5)), rng.normal(size=(40, 83))
    check(x, y, measure, width=9, step=11, lag=2)
    check(y, x, measure, width=9, step=11, lag=2)


@given(
    seed=st.integers(0, 2**32 - 1),
    frames=st.integers(30, 70),
    n=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    width=st.integers(3, 14),
    step=st.integers(1, 20),
    lag=st.integers(0, 6),
    measure=st.sampled_from(["imitation", "both ways", "coordination"]),
    polarity=st.booleans(),
    lost=st.sampled_from([0.0, 0.02, 0.3]),
    levels=st.sampled_from([None, 2, 5]),
    min_valid=st.sampled_from([0.2, 0.75, 1.0]),
)
@settings(max_examples=60, deadline=None)
def test_any_setting_agrees_with_the_oracle(
    seed, frames, n, width, step, lag, measure, polarity, lost, levels, min_valid
):
    if frames < width + 2 * lag:
        return
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(frames, n[0])), rng.normal(size=(frames, n[1]))
    if levels:  # few levels: ties, flat windows, correlations of exactly ±1
        x, y = np.round(x * levels / 4), np.round(y * levels / 4)
    x[rng.random(frames) < lost] = np.nan
    y[rng.random(y.shape) < lost / 4] = np.nan
    options = {"causal": False} if measure == "both ways" else {}
    measure = "imitation" if measure == "both ways" else measure
    check(x, y, measure, width, step, lag, polarity=polarity, min_valid=min_valid, **options)


def test_delayed_copies_have_their_lag_and_correlation_one():
    model = noise(400, 2, 5)
    participant = np.stack([np.roll(model[:, 0], 5), -np.roll(model[:, 1], 2)], axis=1)
    result = bx.imitation(
        bx.signals(participant, fps=FPS, names=["a", "b"]),
        bx.signals(model, fps=FPS, names=["a", "b"]),
        width=1,
        max_lag=0.3,
    )
    matched = [result.sel(signal1=name, signal2=name).isel(window=slice(1, None)) for name in "ab"]
    np.testing.assert_allclose(matched[0].lag, -5 / FPS, rtol=1e-6)
    np.testing.assert_allclose(matched[0].corr, 1, atol=2e-6)
    np.testing.assert_allclose(matched[1].lag, -2 / FPS, rtol=1e-6)
    np.testing.assert_allclose(matched[1].corr, -1, atol=2e-6)


def test_coordination_without_y_is_exactly_symmetric():
    x = noise(200, 9, 6)
    x[50:60] = np.nan
    alone = bx.coordination(bx.signals(x, fps=FPS), width=0.5, max_lag=0.2)
    both = bx.coordination(bx.signals(x, fps=FPS), bx.signals(x, fps=FPS), width=0.5, max_lag=0.2)
    np.testing.assert_array_equal(alone.corr, alone.corr.transpose("window", "signal2", "signal1"))
    np.testing.assert_array_equal(alone.lag, -alone.lag.transpose("window", "signal2", "signal1"))
    np.testing.assert_allclose(alone.corr, both.corr, atol=2e-6)


@given(
    seed=st.integers(0, 2**32 - 1), factor=st.floats(1e-30, 1e30), offset=st.floats(-1e3, 1e3), shift=st.integers(0, 6)
)
@settings(max_examples=25, deadline=None)
def test_correlations_ignore_scale_and_offset_and_follow_sign_and_time(seed, factor, offset, shift):
    x, y = noise(80, 2, seed), noise(80, 3, seed + 1)
    options = {"width": 0.5, "step": 0.2, "max_lag": 0.1, "fps": FPS}
    plain = bx.imitation(x, y, **options)
    scaled = bx.imitation(x * factor, (y + offset), **options)
    np.testing.assert_allclose(plain.corr, scaled.corr, atol=2e-6)
    mirrored = bx.imitation(-x, y, **options)
    np.testing.assert_allclose(mirrored.corr, -plain.corr, atol=2e-6)
    later = bx.imitation(x[6 * shift :], y[6 * shift :], **options)  # 6 frames are a step
    np.testing.assert_allclose(plain.corr.values[shift:], later.corr.values[: len(plain.corr) - shift], atol=2e-6)


def test_sizes_coordinates_and_attributes_of_the_result():
    x = bx.signals(noise(900, 2, 0), fps=FPS, names=["AU12", "AU04"], source="child.csv")
    y = bx.signals(noise(880, 3, 1), fps=FPS, names=["AU12", "AU04", "AU06"])
    result = bx.imitation(x, y, width=1.1, step=0.5)
    width, step, lag = 33, 15, 8
    count = (880 - width - 2 * lag) // step + 1
    assert dict(result.sizes) == {"window": count, "signal1": 2, "signal2": 3}
    start = (lag + step * np.arange(count)) / FPS
    np.testing.assert_allclose(result.window_start, start)
    np.testing.assert_allclose(result.window_stop, start + width / FPS)
    np.testing.assert_allclose(result.window, start + width / FPS / 2)
    assert result.corr.dtype == result.lag.dtype == np.float32
    assert (result.corr.attrs["units"], result.lag.attrs["units"], result.window.attrs["units"]) == ("1", "s", "s")
    assert "negative: signal1 follows signal2" in result.lag.attrs["long_name"]
    assert (result.valid1 == 1).all()
    assert result.region1.values.tolist() == ["mouth", "brow"]
    attrs = {
        "measure": "imitation",
        "width_frames": 33,
        "step_frames": 15,
        "max_lag_frames": 8,
        "fps": 30.0,
        "source1": "child.csv",
    }
    assert {name: result.attrs[name] for name in attrs} == attrs
    assert result.attrs["note"] == "x has 900 frames, y 880; the 880 that both have were used"
    assert all(type(v) in (str, int, float) for v in result.attrs.values())


def test_valid_is_the_share_of_frames_present_in_the_window():
    x, y = noise(60, 2, 0), noise(60, 1, 1)
    x[10:13, 0] = np.nan
    result = bx.imitation(x, y, width=10 / FPS, step=5 / FPS, max_lag=2 / FPS, min_valid=0.5, fps=FPS)
    starts = range(2, 60 - 12 + 1, 5)
    expected = [[1 - np.isnan(x[s : s + 10, i]).mean() for i in range(2)] for s in starts]
    np.testing.assert_array_equal(result.valid1, np.float32(expected))
    np.testing.assert_array_equal(result.valid2, 1)


def test_windows_with_too_few_frames_are_nan():
    x, y = noise(60, 1, 0), noise(60, 1, 1)
    x[20:30] = np.nan
    result = bx.imitation(x, y, width=10 / FPS, step=10 / FPS, max_lag=0, fps=FPS)
    np.testing.assert_array_equal(result.valid1.values[:, 0], [1, 1, 0, 1, 1, 1])
    np.testing.assert_array_equal(np.isnan(result.corr.values[:, 0, 0]), [False, False, True, False, False, False])
    np.testing.assert_array_equal(np.isnan(result.lag), np.isnan(result.corr))


def test_all_forms_of_input_give_the_same_result():
    x, y = noise(120, 2, 0), noise(120, 2, 1)
    names = ["a", "b"]
    reference = bx.imitation(bx.signals(x, fps=FPS, names=names), bx.signals(y, fps=FPS, names=names))
    as_bitbox = [bx.to_bitbox(bx.signals(a, fps=FPS, names=names)) for a in (x, y)]
    xr.testing.assert_equal(bx.imitation(*as_bitbox), reference)
    turned = [bx.signals(a, fps=FPS, names=names).transpose("signal", "time") for a in (x, y)]
    xr.testing.assert_equal(bx.imitation(*turned), reference)
    np.testing.assert_array_equal(bx.imitation(x, y, fps=FPS).corr, reference.corr)
    one = bx.imitation(turned[0].sel(signal="a"), turned[1].sel(signal="b"))
    np.testing.assert_array_equal(one.corr.values[:, 0, 0], reference.corr.sel(signal1="a", signal2="b"))
    float32 = bx.imitation(x.astype(np.float32), y.astype(np.float32), fps=FPS)
    np.testing.assert_allclose(float32.corr, reference.corr, atol=5e-6)


def test_further_dimensions_are_matched_by_label_and_come_first():
    data = np.stack([noise(90, 2, s) for s in range(3)])
    x = xr.concat([bx.signals(a, fps=FPS) for a in data], dim=xr.Variable("recording", ["p", "q", "r"]))
    model = bx.signals(noise(90, 2, 9), fps=FPS)
    result = bx.imitation(x.transpose("time", "recording", "signal"), model)
    assert result.corr.dims == ("recording", "window", "signal1", "signal2")
    for name, a in zip("pqr", data, strict=True):
        alone = bx.imitation(bx.signals(a, fps=FPS), model)
        np.testing.assert_array_equal(result.corr.sel(recording=name), alone.corr)
    sessions = xr.concat([model, model * 2], dim="session")
    assert bx.imitation(x, sessions).corr.sizes == {
        "recording": 3,
        "session": 2,
        "window": 10,
        "signal1": 2,
        "signal2": 2,
    }
    with pytest.raises(ValueError, match="along recording, got (s, r|r, s) in only one of them"):
        bx.imitation(x, x.assign_coords(recording=["p", "q", "s"]))


@pytest.mark.parametrize(("n", "step"), [(4, 0.25), (70, 0.25), (4, 0.04)])
def test_number_of_threads_changes_nothing(monkeypatch, n, step):
    from bitbox_xr.measures import window_blocks

    monkeypatch.setattr(window_blocks, "BLOCK_NS", 1000)
    monkeypatch.setattr(window_blocks, "MIN_ROWS", 8)  # signals are divided too
    x, y = noise(700, n, 0), noise(700, 5, 1)
    y[300:320, 2] = np.nan
    runs = []
    for threads in (1, 2, 5):
        monkeypatch.setattr(window_blocks, "threads", lambda threads=threads: threads)
        runs.append([bx.imitation(x, y, fps=FPS, step=step, stats=stats) for stats in (False, True)])
    for full, stats in runs[1:]:
        xr.testing.assert_identical(full, runs[0][0])
        xr.testing.assert_identical(stats, runs[0][1])


def test_parts_of_the_signals_give_the_same_as_all_together(monkeypatch):
    from bitbox_xr.measures import window_blocks

    x, y = noise(150, 30, 0), noise(150, 5, 1)
    x[40:45, 20], y[70] = np.nan, np.nan
    whole = [bx.imitation(x, y, fps=FPS, stats=stats) for stats in (False, True)]
    monkeypatch.setattr(window_blocks, "BLOCK_NS", 1000)
    monkeypatch.setattr(window_blocks, "MIN_ROWS", 8)
    for stats in (False, True):
        parts = bx.imitation(x, y, fps=FPS, stats=stats)
        xr.testing.assert_allclose(parts, whole[stats], atol=2e-6)


@pytest.mark.parametrize(("frames", "pools"), [(600, 0), (400_000, 1)])
def test_a_short_recording_starts_no_threads(monkeypatch, frames, pools):
    import concurrent.futures

    started = []

    class Counted(concurrent.futures.ThreadPoolExecutor):
        def __init__(self, workers):
            started.append(workers)
            super().__init__(workers)

    monkeypatch.setattr(concurrent.futures, "ThreadPoolExecutor", Counted)
    monkeypatch.setattr("bitbox_xr.measures.window_blocks.threads", lambda: 2)
    x, y = (bx.signals(noise(frames, 1, seed), fps=FPS) for seed in (0, 1))
    bx.imitation(x, y, width=2, step=0.1, max_lag=2)
    assert started == [2] * pools


def test_coordinates_of_both_inputs_are_kept():
    x = bx.signals(noise(90, 2, 0), fps=FPS, names=["AU12", "AU04"])
    one = bx.imitation(x.sel(signal="AU12"), x.sel(signal="AU04"))
    assert (one.region1.item(), one.region2.item()) == ("mouth", "brow")
    both = xr.concat([x, x * 2], dim=xr.Variable("recording", ["p", "q"])).assign_coords(age=("recording", [3, 4]))
    pair = bx.imitation(both.isel(recording=0), both.isel(recording=1))
    assert (pair.recording1.item(), pair.recording2.item(), pair.age1.item(), pair.age2.item()) == ("p", "q", 3, 4)
    against_one = bx.imitation(both, both.isel(recording=1))
    assert against_one.recording.values.tolist() == ["p", "q"]
    assert against_one.recording2.item() == "q"
    assert bx.imitation(both, both).age.values.tolist() == [3, 4]


def test_masked_values_become_nan():
    data = np.ma.masked_greater(noise(60, 2, 0), 2.0)
    np.testing.assert_array_equal(bx.signals(data, fps=FPS).isnull(), np.ma.getmaskarray(data))


@pytest.mark.parametrize(("width", "lag"), [(33, 8), (60, 30), (120, 30), (400, 60)])
def test_correlations_of_tracker_like_signals_are_accurate(width, lag):
    """For bursts, steps and random walks, |r| is within 2e-6 of its float64 value."""
    rng = np.random.default_rng(width)
    frames, n = 1500, 6
    pulses = np.where(rng.random((frames, 2 * n)) < 0.02, rng.exponential(size=(frames, 2 * n)), 0.0)
    bursts = np.apply_along_axis(lambda c: np.convolve(c, np.exp(-np.arange(20) / 5))[:frames], 0, pulses)
    bursts = np.maximum(bursts + 1e-3 * rng.normal(size=bursts.shape), 0)
    steps = np.where(np.arange(frames)[:, None] % (width + 7) < width // 2, 0.0, 1.0) + 1e-3 * rng.normal(
        size=bursts.shape
    )
    for data in (bursts, steps, np.cumsum(rng.normal(size=bursts.shape), axis=0)):
        x, y = data[:, :n], data[:, n:]
        result = bx.imitation(x, y, fps=FPS, width=width / FPS, step=width / FPS, max_lag=lag / FPS)
        starts = np.arange(lag, frames - width - lag + 1, width)
        best = np.zeros(result.corr.shape)
        for d in range(-lag, 1):
            u = x[starts[:, None] + np.arange(width)]
            v = y[starts[:, None] + d + np.arange(width)]
            u, v = (w - w.mean(axis=1, keepdims=True) for w in (u, v))
            with np.errstate(invalid="ignore"):
                u, v = (w / np.sqrt((w**2).sum(axis=1, keepdims=True)) for w in (u, v))
            best = np.fmax(best, np.abs(np.einsum("wki,wkj->wij", u, v)))
        found = np.abs(result.corr.values)
        assert np.nanmax(np.abs(found - best)) < 2e-6
