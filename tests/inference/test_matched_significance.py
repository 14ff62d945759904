"""Matched pairs, which have kernels of their own for surrogates, equal those pairs among all."""

import warnings

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import bitbox_xr as bx
from bitbox_xr.inference import matched_strengths

from odd_signals import SHAPES, lose, odd_signals

FPS, N = 10, 19  # more signals than a strip of the widest vectors has
TOLERANCE = 5e-6
KINDS = ("shift", "permute", "segments", "phase", "partners")


def two(rng, frames, n=N, kinds=("walk", "bursts"), gaps="none"):
    """Two recordings, the first of which is annotated with seven intervals of about the same length."""
    names = [f"s{k}" for k in range(n)]
    x, y = (bx.signals(lose(rng, odd_signals(rng, kind, frames, n), gaps), fps=FPS, names=names) for kind in kinds)
    part = np.arange(frames) * 7 // frames
    labels = np.where(np.arange(frames) * 7 % frames < 7, "", np.where(part % 2, "odd", "even"))
    return x.assign_coords(part=("time", labels)), y


def result(x, y, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return bx.significance(x, y, **{"rng": 3, "progress": False, **options})


def assert_equal_to_all(x, y, **options):
    every, own = result(x, y, **options), result(x, y, pairs="matched", **options)
    names = xr.DataArray(own.pair.values, dims="pair")
    every = every.sel(signal1=names, signal2=names)
    assert own.p.notnull().any()
    for name in ("observed", "null_mean", "null_std", "excess", "p", "p_min", "activity_corr", "activity_p"):
        expected = every[name].transpose(*own[name].dims)
        np.testing.assert_allclose(own[name], expected, rtol=0, atol=TOLERANCE, err_msg=name)


@pytest.mark.parametrize("gaps", ["none", "frames"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", [{}, {"measure": "coordination"}], ids=["imitation", "coordination"])
def test_matched_pairs_equal_those_pairs_among_all(kind, gaps, options):
    rng = np.random.default_rng(0)
    x, y = two(rng, 430 if kind == "permute" else 101, gaps=gaps)
    options = {"surrogates": kind, "n": 5, "width": 1.0, "step": 0.4, "max_lag": 0.2, **options}
    if kind == "permute":
        options |= {"by": "part", "step": 0.1}  # intervals of 60 and 61 frames, with different numbers of windows
        x = x.assign_coords(part=("time", np.where(x.part == "", "", "all")))
    if kind == "partners":
        options |= {"partners": [two(rng, frames)[1] for frames in (101, 99)]}
    assert_equal_to_all(x, y, **options)


@pytest.mark.parametrize("kind", ["shift", "segments", "phase"])
def test_matched_pairs_within_intervals_equal_those_among_all(kind):
    x, y = two(np.random.default_rng(1), 430, gaps="long")
    assert_equal_to_all(x, y, by="part", surrogates=kind, n=6, width=1.0, step=0.3, max_lag=0.2)


def test_windows_that_a_shift_moves_over_the_end_begin_again_at_the_first_frame():
    x, y = two(np.random.default_rng(2), 103)
    options = {"width": 1.0, "step": 0.5, "max_lag": 0.0, "n": 99}
    found = result(x, y, pairs="matched", **options)
    values = [abs(bx.imitation(x, y.roll(time=k), width=1.0, step=0.5, max_lag=0.0).corr) for k in range(10, 100, 10)]
    assert found.attrs["n"] == len(values)
    own = [value.mean("window").values.diagonal() for value in values]
    np.testing.assert_allclose(found.null_mean, np.mean(own, axis=0), rtol=0, atol=TOLERANCE)


@st.composite
def settings_of_tests(draw):
    measure = draw(st.sampled_from(["imitation", "coordination"]))
    most = 3 if measure == "coordination" else 9
    return {
        "measure": measure,
        "surrogates": draw(st.sampled_from(["shift", "shift", "segments", "phase"])),
        "n": draw(st.integers(2, 20)),
        "width": draw(st.integers(3, 40)) / FPS,
        "step": draw(st.integers(1, 40)) / FPS,
        "max_lag": draw(st.integers(0, most)) / FPS,
        "polarity": draw(st.booleans()),
        "min_valid": draw(st.sampled_from([0.5, 0.75, 1.0])),
        "by": draw(st.sampled_from([None, None, "part"])),
    }


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(
    st.integers(0, 10**6), st.sampled_from([1, 9, 17]), st.tuples(st.sampled_from(SHAPES), st.sampled_from(SHAPES)),
    st.sampled_from(["none", "none", "cells", "frames", "kept", "long"]), settings_of_tests(),
)  # fmt: skip
def test_matched_pairs_equal_those_among_all_for_any_settings(seed, n, kinds, gaps, options):
    rng = np.random.default_rng(seed)
    width, step, lag = (round(options[name] * FPS) for name in ("width", "step", "max_lag"))
    frames = -(-max(width, 2 * lag) // step) * step * int(rng.integers(3, 8)) + width + 2 * lag + int(rng.integers(9))
    x, y = two(rng, frames * (7 if options["by"] else 1), n, kinds, gaps)
    names = ("observed", "null_mean", "null_std", "p_min", "activity_corr", "activity_p")
    every, own = result(x, y, **options), result(x, y, pairs="matched", **options)
    for name in names:
        expected = np.diagonal(every[name].values, axis1=-2, axis2=-1)
        np.testing.assert_allclose(own[name], expected, rtol=0, atol=TOLERANCE, err_msg=name)
    # surrogates that are as strong as the observed pair, but for rounding, may count in one result only
    expected = np.diagonal(every.p.values, axis1=-2, axis2=-1)
    np.testing.assert_allclose(own.p, expected, rtol=0, atol=1.01 * float(own.p_min.max()))


# --- sharing


def test_surrogates_of_the_same_frames_share_their_tables(monkeypatch):
    from bitbox_xr.kernels.correlation import matched_tables

    made = []
    original = matched_tables.tables
    monkeypatch.setattr(matched_tables, "tables", lambda *args, **gaps: made.append(args[0]) or original(*args, **gaps))
    x, y = two(np.random.default_rng(3), 400)
    for kind, number in (("shift", 1), ("segments", 1), ("phase", 1 + 19)):
        made.clear()
        result(x, y, pairs="matched", surrogates=kind, n=19, width=1.0, step=1.0)
        assert (made.count("x"), made.count("y")) == (1, number)


@pytest.mark.parametrize("gaps", ["frames", "cells"])
@pytest.mark.parametrize("kind", ["shift", "segments", "phase", "partners"])
def test_signals_computed_apart_and_threads_change_nothing(kind, gaps, monkeypatch):
    rng = np.random.default_rng(4)
    x, y = two(rng, 300, gaps=gaps)
    options = {"pairs": "matched", "surrogates": kind, "n": 9, "width": 1.0, "step": 1.0}
    if kind == "partners":
        options |= {"partners": [two(rng, 300)[1].chunk(time=100) for _ in range(3)], "n": 3}
    together = result(x, y, **options)
    monkeypatch.setattr(matched_strengths, "SHARED_BYTES", 1)
    monkeypatch.setattr(matched_strengths, "NEW_BYTES", 1)
    apart = []
    for workers in (1, 3):
        monkeypatch.setattr("bitbox_xr.inference.strengths.threads", lambda workers=workers: workers)
        apart.append(result(x, y, **options))
    xr.testing.assert_identical(*apart)
    if gaps == "frames":
        xr.testing.assert_identical(apart[0], together)
    else:  # windows without gaps are computed as those with gaps if other signals of their group are lost
        xr.testing.assert_allclose(apart[0], together, rtol=1e-6, atol=1e-9)
