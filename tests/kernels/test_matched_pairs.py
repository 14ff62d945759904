"""Sums over windows of matched pairs equal a direct loop in float64, for windows in any order."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bitbox_xr.kernels.activity import _window_variances, window_variances
from bitbox_xr.kernels.correlation import matched, matched_tables
from bitbox_xr.kernels.correlation.matched import add_matched
from bitbox_xr.kernels.correlation.matched_tables import COLUMNS, sizes_of, tables
from bitbox_xr.kernels.correlation.tiles import LADDER, strip_columns

from kernel_plans import plan_of
from odd_signals import SHAPES, lose, odd_signals
from oracles import TIE, choose, lags_one_sided, lags_two_sided, pearson


def expected_sums(x, y, starts, plan, shifts, magnitude):
    """`add_matched`, one pair, window and lag at a time."""
    sums = np.zeros((3, x.shape[1]))
    for j in range(x.shape[1]):
        covered = 0  # frames of x up to which windows have been counted
        for w, (t, u) in enumerate(zip(*starts, strict=True)):
            found = [
                (pearson(*(a[at : at + plan.width, j] for a, at in ((x, t + a1), (y, u + a2))), plan.least), lag)
                for lag, pairs in shifts.items()
                for a1, a2 in ((one + plan.back[0], other + plan.back[1]) for one, other in pairs)
            ]
            r, _ = choose([one for one in found if one[0] is not None], not plan.signed)
            if not np.isnan(r):
                begin = max(covered, w * plan.step)
                covered = w * plan.step + plan.width
                sums[:, j] += 1, abs(r) if magnitude else r, covered - begin
    return sums


@st.composite
def cases(draw):
    two_sided = draw(st.booleans())
    return {
        "seed": draw(st.integers(0, 10**6)),
        "n": draw(st.sampled_from([1, COLUMNS - 1, COLUMNS, COLUMNS + 1])),
        "width": draw(st.integers(3, 40)),
        "step": draw(st.integers(1, 30)),
        "lag": draw(st.integers(0, 3 if two_sided else 9)),
        "windows": draw(st.integers(1, 12)),
        "kinds": (draw(st.sampled_from(SHAPES)), draw(st.sampled_from(SHAPES))),
        "gaps": draw(st.sampled_from(["none", "none", "cells", "frames", "kept", "long"])),
        "together": draw(st.integers(1, 8)),
        "two_sided": two_sided,
        "signed": draw(st.booleans()),
        "causal": draw(st.booleans()),
    }


# the sums of a window with gaps begin in a stretch of windows whose sums move
LATER = {
    "seed": 7, "n": COLUMNS + 1, "width": 30, "step": 2, "lag": 2, "windows": 12, "kinds": ("walk", "noise"),
    "gaps": "long", "together": 8, "two_sided": False, "signed": True, "causal": False,
}  # fmt: skip


@pytest.mark.slow
@settings(max_examples=80, deadline=None)
@given(cases())
@example(LATER)
@example({**LATER, "two_sided": True})
@example({**LATER, "kinds": ("steps", "spikes"), "gaps": "none", "step": 1})
def test_sums_over_windows_in_any_order_equal_the_reference(case):
    rng = np.random.default_rng(case["seed"])
    width, step, lag = case["width"], case["step"], case["lag"]
    plan = plan_of(width, step, lag, **{key: case[key] for key in ("two_sided", "signed", "causal")})
    frames = (case["windows"] - 1) * step + max(plan.reach) + 20
    x, y = (lose(rng, odd_signals(rng, kind, frames, case["n"]), case["gaps"]) for kind in case["kinds"])
    own = step * np.arange(case["windows"])
    other = rng.integers(20) + own
    runs = np.arange(case["windows"]) // case["together"]  # some windows of y follow each other, the runs are exchanged
    other = np.concatenate([other[runs == run] for run in rng.permutation(runs.max() + 1)])
    sums, sizes, gaps = np.zeros((3, case["n"])), sizes_of(plan), bool(np.isnan(x).any() or np.isnan(y).any())
    one, two = (tables(name, a, sizes, gaps=gaps) for name, a in (("x", x), ("y", y)))
    magnitude = not case["signed"]
    add_matched(one, two, (own, other), sizes, plan, magnitude=magnitude, sums=sums)
    shifts = lags_two_sided(lag) if case["two_sided"] else lags_one_sided(lag, case["causal"])
    expected = expected_sums(x, y, (own, other), plan, shifts, magnitude)
    np.testing.assert_array_equal(sums[[0, 2]], expected[[0, 2]])
    assert (np.abs(sums[1] - expected[1]) <= (2e-6 + TIE) * np.maximum(sums[0], 1)).all()


def test_weak_windows_beside_a_jump_are_computed_directly():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2)) * 1e-3 + 1e3 * (np.arange(200)[:, None] > 100)
    plan = plan_of(20, 10, 2, two_sided=False, signed=False)
    one = tables("x", x, sizes_of(plan), gaps=False)
    assert one.number_weak > 100
    starts = np.arange(0, 170, 10)
    sums = np.zeros((3, 2))
    add_matched(one, one, (starts, starts), sizes_of(plan), plan, magnitude=False, sums=sums)
    expected = expected_sums(x, x, (starts, starts), plan, lags_one_sided(2), False)
    np.testing.assert_allclose(sums, expected, rtol=1e-6)


def test_windows_beside_a_gap_are_not_weak():
    x = np.random.default_rng(0).normal(size=(300, 2))
    x[100:160, 1] = np.nan
    sizes = sizes_of(plan_of(20, 5, 2, two_sided=False, signed=False))
    assert tables("x", x, sizes, gaps=True).number_weak == 0


def test_tables_without_gaps_and_windows_outside_of_the_frames_are_refused():
    x = np.random.default_rng(0).normal(size=(60, 2))
    lost = x.copy()
    lost[30] = np.nan
    plan = plan_of(20, 5, 2, two_sided=False, signed=False)
    sizes = sizes_of(plan)
    own, begins = tables("x", x, sizes, gaps=False), np.array([0])
    for other, starts, message in (
        (tables("y", lost, sizes, gaps=True), (begins, begins), "expected tables with gaps"),
        (own, (begins, begins + 39), "expected windows within 60 frames, got 39 to 39"),
        (own, (begins - 1, begins), "expected windows within 60 frames, got -1 to -1"),
    ):
        with pytest.raises(ValueError, match=message):
            add_matched(own, other, starts, sizes, plan, magnitude=True, sums=np.zeros((3, 2)))


def test_read_only_and_scaled_numbers_need_no_second_compilation():
    plan = plan_of(8, 5, 2, two_sided=False, signed=False)
    x = np.random.default_rng(0).uniform(-0.9, 0.9, (60, 2))  # not scaled
    fixed = x.copy()
    fixed.flags.writeable = False
    for one in (x, fixed, 100 * x, x.astype(np.float32), x[:, :1]):
        made = tables("x", one, sizes_of(plan), gaps=False)
        add_matched(
            made, made, (np.array([0]),) * 2, sizes_of(plan), plan, magnitude=True, sums=np.zeros((3, one.shape[1]))
        )
        window_variances(one, 8, 5, 0, 3, 6)
    gaps = tables("x", x, sizes_of(plan), gaps=True)
    add_matched(gaps, gaps, (np.array([0]),) * 2, sizes_of(plan), plan, magnitude=True, sums=np.zeros((3, 2)))
    assert len(_window_variances.signatures) == 1
    assert max(len(matched._add.signatures), len(matched_tables._write.signatures)) <= 2  # with gaps, and without


def test_lanes_after_the_last_lag_fill_a_strip():
    assert strip_columns(np.float64) <= LADDER * COLUMNS  # `limit` and `strongest` read whole strips


def test_infinite_values_are_refused():
    with pytest.raises(ValueError, match="expected finite values in x"):
        tables("x", np.array([[1.0], [np.inf]]), sizes_of(plan_of(2, 1, 0, two_sided=False, signed=False)), gaps=False)
