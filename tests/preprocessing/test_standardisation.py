"""Standardisation: level and spread of x, of another recording or of a condition; dead band; chunks; bad input."""

import dask
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import median_abs_deviation

from bitbox_xr import signals, standardize

from counting_scheduler import Counting
from random_recordings import NAN, history_of, labelled, noise

NAMES = ["AU04", "AU12"]
LEVELS = {"mean": np.nanmean, "median": np.nanmedian, None: lambda y, axis: 0.0}
SPREADS = {
    "std": np.nanstd,
    "mad": lambda y, axis: 1.4826 * median_abs_deviation(y, axis=axis, nan_policy="omit"),
    None: lambda y, axis: 1.0,
}


def recording(n=90, seed=0, lost=0.2, **options):
    return signals(noise(n, seed=seed, lost=lost) * [1.0, 5.0] + [3.0, -1.0], fps=30, names=NAMES, **options)


@pytest.mark.parametrize("center", LEVELS)
@pytest.mark.parametrize("scale", SPREADS)
def test_values_are_those_of_numpy_and_scipy(center, scale):
    x = recording()
    y = x.values
    expected = (y - LEVELS[center](y, axis=0)) / SPREADS[scale](y, axis=0)
    found = standardize(x, center=center, scale=scale)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert found.attrs["units"] == ("1" if scale else x.attrs["units"])


def test_another_recording_is_the_reference():
    x, rest = recording(), recording(40, seed=3, source="neutral.csv")
    found = standardize(x, reference=rest[:, ::-1])  # signals are matched by name
    np.testing.assert_allclose(found, (x - rest.mean("time")) / rest.std("time"), rtol=1e-12)
    assert history_of(found)[-1] == {
        "function": "standardize", "center": "mean", "scale": "std", "dead_band": 0.0, "reference": "neutral.csv",
    }  # fmt: skip


def test_a_condition_is_the_reference():
    x = recording().assign_coords(condition=("time", ["rest"] * 40 + ["task"] * 50))
    found = standardize(x, reference={"condition": "rest"}, center="median")
    rest = x[:40]
    np.testing.assert_allclose(found, (x - rest.median("time")) / rest.std("time"), rtol=1e-12)
    assert history_of(found)[-1]["reference"] == "condition=rest"


def test_a_dictionary_of_bitbox_is_a_reference():
    x = recording(lost=0)
    table = {"type": "expression", "data": x.to_pandas()}
    xr.testing.assert_allclose(standardize(x, reference=table), standardize(x))


def test_a_reference_has_the_labels_of_x():
    one = signals(np.random.default_rng(0).normal(size=(50, 2)), fps=10)
    x, other = (xr.concat([one, 2 * one], xr.Variable("session", labels)) for labels in (["1", "2"], ["1", "3"]))
    with pytest.raises(ValueError, match="expected the labels of x along session, got others; select the same labels"):
        standardize(x, reference=other)
    with pytest.raises(ValueError, match="expected 2 entries along session, as x has, got 3"):
        standardize(x, reference=xr.concat([one, one, one], "session"))
    unlabelled = xr.concat([one, 2 * one], "session")
    for reference in (x, unlabelled):
        np.testing.assert_allclose(standardize(x, reference=reference), standardize(x))


def test_recordings_have_their_own_level_or_one_reference():
    x = xr.concat([recording(), recording(seed=1)], xr.Variable("take", ["a", "b"]))
    both = standardize(x)
    xr.testing.assert_allclose(both.sel(take="b", drop=True), standardize(recording(seed=1)))
    one = standardize(x, reference=recording(seed=2))
    xr.testing.assert_allclose(one.sel(take="a", drop=True), standardize(recording(), reference=recording(seed=2)))


def test_the_dead_band_shrinks_towards_zero_without_a_jump():
    x = signals(np.array([[-3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1.25, NAN]]).T, fps=30)
    found = standardize(x, center=None, scale=None, dead_band=1.0).values[:, 0]
    np.testing.assert_array_equal(found, [-2.0, 0, 0, 0, 0, 0, 0.25, NAN])


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 1000), shift=st.floats(-1e3, 1e3), factor=st.floats(0.1, 10))
def test_shift_and_scale_of_the_tracker_do_not_matter(seed, shift, factor):
    x = recording(seed=seed)
    xr.testing.assert_allclose(standardize(factor * x + shift, dead_band=0.3), standardize(x, dead_band=0.3), atol=1e-8)


@pytest.mark.parametrize("chunks", [{}, {"time": 7}, {"signal": 1}, {"time": 50, "signal": 2, "take": 1}], ids=str)
@pytest.mark.parametrize("options", [{}, {"center": "median", "scale": "mad", "dead_band": 0.2}], ids=str)
def test_dask_results_are_lazy_and_identical(chunks, options):
    x = xr.concat([labelled(), labelled() * 2], xr.Variable("take", [1, 2])).where(lambda a: a < 1.5)
    scheduler = Counting()
    with dask.config.set(scheduler=scheduler):
        lazy = standardize(x.chunk(chunks), **options)
        assert scheduler.computes == 0
    assert lazy.dtype == np.float32
    assert lazy.chunksizes["time"] == x.chunk(chunks).chunksizes["time"]
    xr.testing.assert_identical(lazy.compute(scheduler="synchronous"), standardize(x, **options))


def test_labels_are_kept():
    x = labelled()
    xr.testing.assert_identical(standardize(x).coords.to_dataset(), x.coords.to_dataset())
    assert standardize(x).attrs["kind"] == "expression"


def test_a_signal_without_any_value_stays_missing():
    x = recording()
    x[:, 0] = NAN
    assert standardize(x).isnull().all("time").values.tolist() == [True, False]


def test_signals_at_rest_are_refused_by_name_when_computed():
    x = recording()
    x[:80, 1] = 0.1
    assert standardize(x).sizes == x.sizes
    with pytest.raises(ValueError, match=r"spread above 0 in the reference, got 0 for AU12; use scale="):
        standardize(x, scale="mad")
    with pytest.raises(ValueError, match="use scale='std'.* or leave"):
        standardize(x, scale="mad")
    x[:, 1] = 0.1
    with pytest.raises(ValueError, match="got 0 for AU12; use scale=None, or leave"):
        standardize(x)
    lazy = standardize(x.chunk(time=20, signal=1), scale="mad")
    with pytest.raises(ValueError, match="got 0 for AU12"):
        lazy.compute(scheduler="synchronous")


BAD = {
    "options": (lambda x: standardize(x, center="mode", scale="iqr", dead_band=-1),
                ["3 faults", "center to be 'mean', 'median' or None, got 'mode'", "dead_band"]),
    "names": (lambda x: standardize(x, reference=x.isel(signal=[0])), ["got none called AU12"]),
    "kind": (lambda x: standardize(x, reference=x.assign_attrs(kind="pose")), ["kind 'expression'"]),
    "dimension": (lambda x: standardize(x, reference=x.expand_dims(take=2)), ["no dimension that x lacks, got take"]),
    "coordinate": (lambda x: standardize(x, reference={"phase": "rest"}),
                   ["expected a coordinate along time, got 'phase'; coordinates along time are: condition"]),
    "label": (lambda x: standardize(x, reference={"condition": "none"}), ["one of the labels rest, task, got 'none'"]),
    "two": (lambda x: standardize(x, reference={"condition": "rest", "a": 1}), ["expected one coordinate"]),
    "empty": (lambda x: standardize(x, reference=x.where(x.signal == "AU04")),
              ["expected a reference with values of every signal, got none for AU12"]),
    "infinite": (lambda x: standardize(x.where(x < 4, np.inf)), ["expected finite values"]),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused(case):
    call, phrases = BAD[case]
    with pytest.raises(ValueError) as caught:
        call(recording().assign_coords(condition=("time", ["rest"] * 40 + ["task"] * 50)))
    for phrase in phrases:
        assert phrase in str(caught.value)
