"""Local maxima of responses, against a loop that follows each frame: plateaus, values near zero, frames not allowed."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bitbox_xr.kernels.activations import extrema

from compiled_parts import local_maxima, spread

# steps, plateaus, and values around the tolerance; lengths of up to several words of flags
values = st.sampled_from([-2.0, -1.0, -0.1, 0.0, 0.1, 0.15, 1.0, 2.0]) | st.floats(-2, 2)
signals = st.lists(st.tuples(values, st.integers(1, 9)), min_size=1, max_size=30)


def maxima_by_loop(w, tolerance, both, allowed):
    """Frames of local maxima: the middle of each plateau that is higher than both sides."""
    kept = [v if v >= tolerance or (both and v <= -tolerance) else 0.0 for v in w]
    found, start = [], 0
    for t in range(1, len(kept)):
        if abs(kept[t] - kept[t - 1]) <= tolerance:
            continue
        before = kept[start - 1] if start else None
        top, after = kept[t - 1], kept[t]
        is_maximum = top > 0 and before is not None and before < kept[start] and after < top
        is_minimum = top < 0 and before is not None and before > kept[start] and after > top
        middle = (start + t - 1) // 2
        if (is_maximum or (both and is_minimum)) and allowed[middle]:
            found.append(middle)
        start = t
    return found


@settings(deadline=None)  # the first call compiles
@given(runs=signals, tolerance=st.sampled_from([0.0, 1e-10, 0.12]), both=st.booleans(), seed=st.integers(0, 99))
def test_local_maxima_equal_those_of_a_loop(runs, tolerance, both, seed):
    heights, lengths = zip(*runs, strict=True)
    w = np.repeat(np.array(heights), lengths)
    allowed = np.random.default_rng(seed).random(len(w)) < 0.8
    frame = np.full(len(w) + 1, -1, np.int32)
    number = local_maxima(w, tolerance, both, allowed, frame)
    assert frame[:number].tolist() == maxima_by_loop(w, tolerance, both, allowed)


@settings(deadline=None)  # the first call compiles
@given(row=st.lists(values, min_size=1, max_size=100), lost=st.sets(st.integers(0, 99), max_size=40))
def test_the_spread_of_the_frames_present_is_that_of_numpy(row, lost):
    w, present = np.array(row), np.array([t not in lost for t in range(len(row))])
    largest = np.abs(w).max()
    kept = np.where(np.abs(w) >= extrema.ROUNDING * largest, w, 0.0)[present]
    median, deviation = spread(w, largest, extrema.ROUNDING * largest, present)
    if len(kept) == 0:
        assert np.isnan(median)
        return
    assert median == np.median(kept)
    assert deviation == (np.median(np.abs(kept - median)) or 1e-12)
