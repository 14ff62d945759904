"""expressivity(), events() and diversity(): against a slow oracle, labels, options and errors."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from bitbox_xr import signals
from bitbox_xr.kernels.activations import search
from bitbox_xr.measures.events import events
from bitbox_xr.measures.expressivity import diversity, expressivity

import expressivity_oracle as oracle

# random signals, of which many have their largest activations left out
pytestmark = pytest.mark.filterwarnings("ignore:.*expected robust=True to leave out:UserWarning")

METRICS = list(oracle.METRICS)
CHOICES = [(None, False), (6, False), ([0.5, 1, 2], False), ([0.5, 1, 2], True), (6, True)]


def durations(scales):
    """Scales in the form that the oracle accepts."""
    if scales is None:
        return [None]
    return list(np.linspace(0.1, 4, scales)) if isinstance(scales, int) else scales


def kinds_of_signal(frames, fps, seed=0):
    """Signals `(frame, signal)`: noise, walk, bursts, steps, rounded values, pulses on exactly 0, constant."""
    rng = np.random.default_rng(seed)
    time = np.arange(frames) / fps
    bursts = sum(np.exp(-((time - at) ** 2) / 0.08) for at in rng.uniform(0, time[-1], 12))
    return np.stack(
        [
            rng.normal(size=frames),
            np.cumsum(rng.normal(size=frames)),
            bursts + 0.02 * rng.normal(size=frames),
            np.where(time % 5 < 1, 1.0, 0.0),
            np.round(np.clip(3 * bursts - 0.1, 0, 5), 2),
            np.maximum(bursts - 0.1, 0),
            np.full(frames, 0.3),
        ],
        axis=1,
    )


def with_gaps(values, seed=0):
    rng = np.random.default_rng(seed)
    values = values.copy()
    values[rng.random(values.shape) < 0.05] = np.nan
    values[rng.random(len(values)) < 0.05] = np.nan
    third = len(values) // 3
    values[third : third + 40] = np.nan
    values[:4] = np.nan
    values[:, 3] = np.nan
    return values


@pytest.mark.parametrize("fps", [25, 60])
@pytest.mark.parametrize("gappy", [False, True])
@pytest.mark.parametrize(("scales", "aggregate"), CHOICES)
def test_expressivity_events_and_diversity_agree_with_the_oracle(scales, aggregate, gappy, fps):
    values = kinds_of_signal(6 * fps, fps)
    values = with_gaps(values) if gappy else values
    a = signals(values, fps=fps)
    slow = oracle.events(values, durations(scales), fps, aggregate)
    for robust in (False, True):
        options = {"scales": scales, "aggregate": aggregate, "robust": robust}
        found = expressivity(a, **options).expressivity
        np.testing.assert_allclose(found, oracle.expressivity(slow, robust), rtol=1e-12, atol=1e-14)
        for magnitude in (False, True):
            spread = diversity(a, magnitude=magnitude, **options)
            if not gappy:  # with gaps only eligible frames are counted
                overall, frame_wise = oracle.diversity(slow, robust, magnitude)
                np.testing.assert_allclose(spread.overall, overall, rtol=1e-12)
                np.testing.assert_allclose(spread.frame_wise, frame_wise, rtol=1e-9)
    frames = [t for row in slow for frames, *_ in row for t in frames]
    assert np.rint(events(a, scales=scales, aggregate=aggregate).time.values * fps).tolist() == frames


@pytest.mark.parametrize(("scales", "aggregate"), CHOICES)
def test_expressivity_can_be_recomputed_from_events(scales, aggregate):
    values = with_gaps(kinds_of_signal(700, 30))
    a = signals(np.stack([values, values[::-1]]).swapaxes(0, 1).reshape(700, -1), fps=30)
    for robust in (False, True):
        cube = expressivity(a, scales=scales, aggregate=aggregate, robust=robust)
        table = events(a, scales=scales, aggregate=aggregate).to_dataframe()
        table = table[~table.outlier] if robust else table
        for scale in cube.scale.values:
            for coefficient in cube.coefficient.values:
                own = table[(table.coefficient == coefficient) & (aggregate | (table.scale == scale))].magnitude
                cell = cube.sel(scale=scale, coefficient=coefficient)
                frames = cell.eligible_time.item() * 30
                if frames == 0:
                    assert np.isnan(cell.expressivity).all()
                    assert len(own) == 0
                    continue
                expected = [len(own), own.sum() / frames, own.mean(), own.std(ddof=0), own.min(), own.max()]
                np.testing.assert_allclose(cell.expressivity, expected, rtol=1e-10, atol=1e-15)
                assert cell.activations_per_minute.item() == pytest.approx(len(own) / frames * 30 * 60)


# --- labels


def test_labels_units_and_attributes():
    a = signals(
        kinds_of_signal(600, 30), fps=30, names=["AU01", "AU02", "AU04", "AU06", "AU09", "AU12", "x"], source="f.csv"
    )
    result = expressivity(a, scales=(np.float32(2), 0.5), robust=True)
    assert result.expressivity.dims == ("scale", "metric", "coefficient")
    assert result.metric.values.tolist() == METRICS
    assert result.unit.values.tolist() == ["1", "1/frame", "1", "1", "1", "1"]
    assert result.scale.values.tolist() == [0.5, 2.0]
    assert result.scale_label.values.tolist() == ["0.5 s", "2 s"]
    assert result.scale.attrs["units"] == result.eligible_time.attrs["units"] == "s"
    assert result.activations_per_minute.attrs["units"] == "1/min"
    assert result.region.sel(coefficient="AU12").item() == "mouth"
    assert result.eligible_time.values.tolist() == [[20.0] * 7] * 2
    attrs = result.attrs
    assert attrs["measure"] == "expressivity"
    assert (attrs["scales"], attrs["wavelet_scales_frames"]) == ("0.5 2", "3.75 15")
    assert (attrs["robust"], attrs["aggregate"], attrs["precision"], attrs["fps"]) == (1, 0, 16, 30.0)
    assert attrs["source"] == "f.csv"
    assert {"bitbox_xr_version", "pywavelets_version"} <= attrs.keys()


def test_variables_have_long_names_and_attributes_can_be_saved():
    a = signals(kinds_of_signal(600, 30), fps=30).expand_dims(recording=["one"])
    options = {"scales": 3, "aggregate": True}
    for result in (expressivity(a, **options), events(a, **options), diversity(a, **options)):
        for name, variable in result.variables.items():
            if name != "recording":  # given by the caller
                assert variable.attrs["long_name"], name
                assert variable.dtype.kind not in "OM"
            values = [*variable.attrs.values(), *result.attrs.values()]
            assert all(type(value) in (str, int, float) for value in values)


@pytest.mark.parametrize(
    ("scales", "aggregate", "scale", "label"),
    [
        (None, False, [0.0], ["raw"]),
        (1, False, [0.1], ["0.1 s"]),
        (np.int64(2), False, [0.1, 4.0], ["0.1 s", "4 s"]),
        (np.array([2, 1]), False, [1.0, 2.0], ["1 s", "2 s"]),
        (range(1, 3), False, [1.0, 2.0], ["1 s", "2 s"]),
        (pd.Series([0.25]), False, [0.25], ["0.25 s"]),
        ([2, 0.5], True, [np.inf], ["Agg 0.5-2.0"]),
        (6, True, [np.inf], ["Agg 0.1-4.0"]),
    ],
)
def test_scales_and_their_labels(scales, aggregate, scale, label):
    result = expressivity(signals(kinds_of_signal(300, 30), fps=30), scales=scales, aggregate=aggregate)
    assert result.scale.values.tolist() == scale
    assert result.scale_label.values.tolist() == label


def test_events_have_time_scale_coefficient_and_width():
    time = np.arange(900) / 30
    a = signals(np.exp(-((time[:, None] - [10, 20]) ** 2) / 0.18), fps=30, names=["AU04", "AU12"])
    found = events(a, scales=[1, 2])
    assert found.sizes == {"event": 4}
    assert found.scale.values.tolist() == [1, 1, 2, 2]
    assert found.coefficient.values.tolist() == ["AU04", "AU12"] * 2
    np.testing.assert_allclose(found.time, [10, 20, 10, 20], atol=1.01 / 30)
    np.testing.assert_allclose(found.magnitude, 1, atol=0.02)
    assert found.outlier.dtype == bool
    # the response of wavelet s to a Gaussian of deviation p is a Mexican hat of scale √(s² + p²)
    half = 1.2527 * np.sqrt((found.scale / 4) ** 2 + 0.3**2)
    np.testing.assert_allclose(found.width, half, rtol=0.02)
    table = found.magnitude.to_dataframe().reset_index()
    assert [*table] == ["event", "time", "scale", "coefficient", "region", "side", "magnitude"]
    assert table.region.tolist() == ["brow", "mouth"] * 2


def test_aggregated_events_have_their_scale():
    a = signals(kinds_of_signal(900, 30), fps=30)
    assert set(np.unique(events(a, scales=[0.5, 1, 2], aggregate=True).scale)) == {0.5, 1, 2}
    assert set(events(a).scale.values) == {0.0}


def test_flat_signals_have_no_events():
    found = events(signals(np.zeros((90, 2)), fps=30), scales=[1])
    assert found.sizes == {"event": 0}
    assert found.time.dtype == found.magnitude.dtype == np.float64


# --- further dimensions, other inputs


def test_further_dimensions_come_first_and_stay_separate():
    values = np.stack([[kinds_of_signal(300, 30, seed=2 * i + j) for j in range(2)] for i in range(3)])
    a = xr.DataArray(values, dims=("recording", "session", "time", "signal"))
    a = a.assign_coords(time=np.arange(300) / 30, recording=["a", "b", "c"], group=("recording", [1, 2, 1]))
    turned = a.transpose("time", "session", "signal", "recording")
    for measure in (expressivity, diversity):
        result = measure(turned, scales=[0.5, 1], aggregate=True)
        first = next(iter(result.data_vars.values()))
        assert first.dims[:3] == ("session", "recording", "scale")
        assert result.group.values.tolist() == [1, 2, 1]
        alone = measure(a.sel(recording="b").isel(session=1, drop=True), scales=[0.5, 1], aggregate=True)
        xr.testing.assert_equal(result.sel(recording="b").isel(session=1, drop=True), alone)
    found = events(turned, scales=[0.5])
    alone = events(a.sel(recording="b").isel(session=1, drop=True), scales=[0.5])
    own = (found.recording == "b") & (found.session == 1)
    np.testing.assert_array_equal(found.time[own], alone.time)
    np.testing.assert_array_equal(found.magnitude[own], alone.magnitude)
    assert set(found.group.values[own]) == {2}


def test_all_forms_of_input_give_the_same_result():
    values = kinds_of_signal(300, 30)
    expected = expressivity(signals(values, fps=30), scales=2)
    table = pd.DataFrame(values, columns=expected.coefficient.values)
    xr.testing.assert_equal(expressivity({"type": "expression", "data": table}, scales=2), expected)
    xr.testing.assert_equal(expressivity(values, scales=2, fps=30), expected)
    picked = expressivity(signals(values, fps=30).isel(signal=2), scales=2)
    xr.testing.assert_equal(picked, expected.isel(coefficient=[2]))


def test_float32_input_is_computed_in_float64():
    values = kinds_of_signal(600, 30).astype(np.float32)
    one, other = (expressivity(signals(v, fps=30), scales=3) for v in (values, values.astype(np.float64)))
    xr.testing.assert_equal(one, other)
    assert one.expressivity.dtype == np.float64


def test_input_is_not_changed():
    values = with_gaps(kinds_of_signal(300, 30))
    for columns in (slice(None), slice(0, 1)):
        a = signals(values[:, columns].copy(), fps=30)
        before = a.copy(deep=True)
        events(a, scales=2, aggregate=True)
        xr.testing.assert_identical(a, before)


def test_events_of_slices_have_their_original_times():
    a = signals(kinds_of_signal(900, 30), fps=30)
    later = events(a.isel(time=slice(300, None)), scales=[0.5]).time
    assert later.min() >= 10
    assert set(later.values) <= set(a.time.values)


def test_number_of_threads_changes_nothing(monkeypatch):
    monkeypatch.setattr(search, "THREAD_VALUES", 1)
    monkeypatch.setattr(search, "BLOCK_ROWS", (2, 2))
    values = with_gaps(kinds_of_signal(600, 30))
    for apart in (0, 3):
        asked = search.Search((0.75, 7.5), 16, apart)
        one, four = (search.find(values, asked, threads=threads) for threads in (1, 4))
        for x, y in zip([*one.events, *one[1:]], [*four.events, *four[1:]], strict=True):
            np.testing.assert_array_equal(x, y)


# --- properties


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.floats(0.01, 100), st.floats(-100, 100), st.sampled_from(CHOICES))
def test_scale_and_offset_change_only_magnitudes(seed, factor, offset, choice):
    scales, aggregate = choice
    a = signals(np.random.default_rng(seed).normal(size=(150, 2)).cumsum(axis=0), fps=30)
    one, other = (events(x, scales=scales, aggregate=aggregate) for x in (a, factor * a + offset))
    assert one.time.values.tolist() == other.time.values.tolist()
    np.testing.assert_allclose(factor * one.magnitude + offset, other.magnitude, atol=1e-9 * (abs(offset) + factor))


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.integers(1, 60))
def test_shifted_signals_have_shifted_events(seed, shift):
    # flat ends, so that np.roll cuts nothing
    core = np.hanning(80) * np.random.default_rng(seed).normal(size=80).cumsum()
    y = np.zeros((500, 1))
    y[200:280, 0] = core
    one, other = (events(signals(np.roll(y, s, axis=0), fps=30), scales=[0.2, 0.5]) for s in (0, shift))
    near = [(e.time.values > 5) & (e.time.values < 12) for e in (one, other)]
    frames = [np.rint(e.time.values[at] * 30).astype(int) for e, at in zip((one, other), near, strict=True)]
    assert (frames[0] + shift).tolist() == frames[1].tolist()


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.integers(2, 5), st.booleans())
def test_diversity_is_between_zero_and_one(seed, coefficients, magnitude):
    a = signals(np.random.default_rng(seed).normal(size=(150, coefficients)), fps=30)
    spread = diversity(a, scales=2, magnitude=magnitude)
    for name in ("overall", "frame_wise"):
        assert (spread[name] >= -1e-12).all()
        assert (spread[name] <= 1 + 1e-12).all()
    copies = diversity(a.isel(signal=[0] * coefficients).assign_coords(signal=a.signal), magnitude=magnitude)
    np.testing.assert_allclose(copies.overall, 1)


# --- missing frames


def test_missing_coefficients_do_not_affect_others():
    values = kinds_of_signal(300, 30)[:, :3]
    whole = expressivity(signals(values, fps=30), scales=3)
    values[:, 1] = np.nan
    a = signals(values, fps=30)
    lost = expressivity(a, scales=3)
    assert np.isnan(lost.expressivity.isel(coefficient=1)).all()
    assert (lost.eligible_time.isel(coefficient=1) == 0).all()
    assert np.isnan(lost.activations_per_minute.isel(coefficient=1)).all()
    xr.testing.assert_equal(lost.isel(coefficient=[0, 2]), whole.isel(coefficient=[0, 2]))
    spread = diversity(a, scales=3)
    xr.testing.assert_allclose(spread, diversity(a.isel(signal=[0, 2]), scales=3))


def test_without_activations_counts_are_zero_and_magnitudes_nan():
    flat = expressivity(signals(np.full((300, 2), 0.1), fps=30), scales=2)
    assert (flat.expressivity.sel(metric=["frequency", "density"]) == 0).all()
    assert np.isnan(flat.expressivity.sel(metric=["mean", "std", "min", "max"])).all()
    spread = diversity(signals(np.full((300, 2), 0.1), fps=30), scales=2)
    assert np.isnan(spread.overall).all()
    assert np.isnan(spread.frame_wise).all()


def test_density_is_over_eligible_frames():
    time = np.arange(1800) / 30
    y = np.exp(-((time - 10) ** 2) / 0.08)
    y[900:] = np.nan
    result = expressivity(signals(y[:, None], fps=30), scales=[1]).isel(scale=0, coefficient=0)
    assert 29.5 < result.eligible_time < 30.5
    assert result.activations_per_minute == pytest.approx(60 / result.eligible_time.item())
    expected = result.expressivity.sel(metric="mean") / (result.eligible_time * 30)
    assert result.expressivity.sel(metric="density") == pytest.approx(expected.item())


# --- bad input


def face(frames=90, coefficients=2, **options):
    return signals(np.random.default_rng(0).normal(size=(frames, coefficients)), **{"fps": 30, **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scales": 0}, "expected a number of scales from 1 to 1000, got 0"),
        ({"scales": True}, "None, a number of scales, or a sequence of durations in seconds, got True"),
        ({"scales": 0.5}, r"got 0.5; for a single duration use scales=\[0.5\]"),
        ({"scales": "abc"}, "got 'abc'"),
        ({"scales": []}, r"got \[\]"),
        ({"scales": [1, 1.0]}, "expected each scale once, got 1, 1.0"),
        ({"scales": [-1, 1]}, "expected scales to be positive numbers of seconds, got -1, 1"),
        ({"scales": [np.nan]}, "positive numbers of seconds"),
        ({"scales": ["a"]}, "a sequence of durations"),
        ({"scales": [1, 3, 5]}, r"expected scales shorter than the recording \(3 s\), got 3, 5 s"),
        ({"scales": 6}, r"expected scales shorter than the recording \(3 s\), got 3.22, 4 s"),
        ({"scales": [0.01, 1]}, r"expected scales of at least one frame \(0.0333333 s\), got 0.01 s"),
        ({"aggregate": True}, "expected at least two scales with aggregate=True, got 0"),
        ({"scales": [1], "aggregate": True}, "expected at least two scales with aggregate=True, got 1"),
        ({"precision": 30}, "expected precision to be an integer from 8 to 20, got 30"),
        ({"precision": 12.0}, "expected precision .*, got 12.0"),
        ({"fps": 25}, "(?=.*fps=25).*the time axis"),
    ],
)
@pytest.mark.parametrize("measure", [expressivity, events, diversity])
def test_bad_options_are_refused(measure, options, message):
    with pytest.raises(ValueError, match=message):
        measure(face(), **options)


def test_all_faults_are_reported_at_once():
    with pytest.raises(ValueError, match=r"2 faults\n.*precision .*got 3\n.*got 9 s"):
        expressivity(face(), scales=[1, 9], precision=3)


@pytest.mark.parametrize(("kind", "columns"), [("pose", 6), ("landmark", 102), ("landmark-can", 153), ("rectangle", 4)])
@pytest.mark.parametrize("measure", [expressivity, events, diversity])
def test_other_kinds_are_refused(measure, kind, columns):
    with pytest.raises(ValueError, match=f"of kind 'expression' or 'motion-energy', got '{kind}'; use kinematics"):
        measure(face(coefficients=columns, kind=kind))


def test_bad_signals_are_refused():
    with pytest.raises(ValueError, match="expected at least two coefficients, got one"):
        diversity(face(coefficients=1))
    with pytest.raises(ValueError, match="infinite values"):
        expressivity(face().where(lambda x: x < 1.5, np.inf))
    with pytest.raises(ValueError, match="regular"):
        expressivity(face().isel(time=[0, 1, 2, 5, 6, 9]))
    with pytest.raises(ValueError, match="name.* scale.*rename"):
        expressivity(face().expand_dims(scale=[1, 2]))
