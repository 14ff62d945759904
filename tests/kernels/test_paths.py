"""Every way to compute windowed correlations equals a direct loop in float64, also where sums would lose digits."""

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bitbox_xr.kernels.correlation import windowed
from bitbox_xr.kernels.correlation.paths import CELLS, Path, path
from bitbox_xr.measures.window_blocks import BLOCK_CELLS

from kernel_plans import plan_of
from odd_signals import SHAPES, lose, odd_signals
from oracles import assert_best, lags_one_sided, lags_two_sided

FLOAT32, FLOAT64 = np.float32, np.float64


def best(x, y, width, step, lag, *, two_sided, signed, causal=True):
    plan = plan_of(width, step, lag, two_sided=two_sided, signed=signed, causal=causal)
    count = (len(x) - width - 2 * lag) // step + 1
    corr, lags = np.full((2, count, x.shape[1], y.shape[1]), 7.0, np.float32)
    valid = [np.empty((count, a.shape[1]), np.float32) for a in (x, y)]
    sides = [
        a[lag - back :][: (count - 1) * step + reach]
        for a, back, reach in zip((x, y), plan.back, plan.reach, strict=True)
    ]
    windowed.best_lags(*sides, plan, plan.lags, corr, lags, *valid)
    return corr, lags, plan.least


@st.composite
def cases(draw):
    lag, width, step = draw(st.integers(0, 9)), draw(st.integers(3, 40)), draw(st.integers(1, 30))
    two_sided = draw(st.booleans())
    if two_sided:
        lag = min(lag, 3)
    return {
        "seed": draw(st.integers(0, 10**6)),
        "n": (draw(st.sampled_from([1, 2, 3, 7, 8, 9])), draw(st.sampled_from([1, 2, 3, 7, 8, 9, 17]))),
        "width": width,
        "step": step,
        "lag": lag,
        "windows": draw(st.integers(1, 12)),
        "kinds": (draw(st.sampled_from(SHAPES)), draw(st.sampled_from(SHAPES))),
        "gaps": draw(st.sampled_from(["none", "none", "cells", "frames", "kept", "long"])),
        "two_sided": two_sided,
        "signed": draw(st.booleans()),
        "causal": draw(st.booleans()),
        "way": draw(st.sampled_from(["chosen", "float32", "pairs", "float64", "stretches", "few"])),
    }


# sums of lanes outside the window hid a weak spread
OUTSIDE = {
    "seed": 869, "n": (9, 9), "width": 3, "step": 3, "lag": 2, "windows": 3, "kinds": ("noise", "steps"),
    "gaps": "long", "two_sided": False, "signed": False, "causal": False, "way": "stretches",
}  # fmt: skip
# windows with gaps moved their sums in float32
MOVED = {
    "seed": 253, "n": (3, 2), "width": 35, "step": 10, "lag": 3, "windows": 12, "kinds": ("bursts", "noise"),
    "gaps": "frames", "two_sided": False, "signed": False, "causal": False, "way": "pairs",
}  # fmt: skip


def forced(way, two_sided):
    """A function in place of `path`, which always chooses one way."""

    def choose(plan, n1, n2):
        if way == "chosen":
            return path(plan, n1, n2)
        if two_sided:
            return Path(FLOAT64, 1, 1.0, 2)
        dtype = FLOAT32 if way in ("float32", "pairs") else FLOAT64
        stretch = {"stretches": 5, "few": 5, "pairs": 2}.get(way, 1)
        return Path(dtype, stretch, 1.0, 2, few=way == "few")

    return choose


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cases())
@example(OUTSIDE)
@example(MOVED)
def test_every_path_equals_the_reference(monkeypatch, case):
    rng = np.random.default_rng(case["seed"])
    width, step, lag = case["width"], case["step"], case["lag"]
    frames = width + 2 * lag + (case["windows"] - 1) * step
    x, y = (
        lose(rng, odd_signals(rng, kind, frames, n), case["gaps"])
        for kind, n in zip(case["kinds"], case["n"], strict=True)
    )
    monkeypatch.setattr(windowed, "path", forced(case["way"], case["two_sided"]))
    options = {key: case[key] for key in ("two_sided", "signed", "causal")}
    corr, lags, least = best(x, y, width, step, lag, **options)
    pairs = lags_two_sided(lag) if case["two_sided"] else lags_one_sided(lag, case["causal"])
    assert_best(corr, lags, x, y, width, step, lag, pairs, not case["signed"], least)


@pytest.mark.slow
def test_covariances_move_in_several_parts_of_y(monkeypatch):
    rng = np.random.default_rng(0)
    x, y = odd_signals(rng, "walk", 24, 2), odd_signals(rng, "spikes", 24, 85)
    y[:, 3:9] = rng.normal(size=(24, 6)) / 100 - x[:, :1]  # all correlations are negative
    monkeypatch.setattr(windowed, "path", forced("stretches", False))
    corr, lags, least = best(x, y, 12, 2, 1, two_sided=False, signed=True, causal=False)
    assert_best(corr, lags, x, y, 12, 2, 1, lags_one_sided(1, False), False, least)
    assert corr[:, 0, 3:9].max() < -0.5


def test_the_estimate_knows_the_blocks_of_measures():
    assert CELLS == BLOCK_CELLS
