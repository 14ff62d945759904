"""Sums over windows of matched pairs equal a direct loop in float64, for windows in any order."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bitbox_xr.kernels.correlation.matched import add_matched
from bitbox_xr.kernels.correlation.matched_tables import COLUMNS, sizes_of, tables

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


def test_infinite_values_are_refused():
    with pytest.raises(ValueError, match="expected finite values in x"):
        tables("x", np.array([[1.0], [np.inf]]), sizes_of(plan_of(2, 1, 0, two_sided=False, signed=False)), gaps=False)
