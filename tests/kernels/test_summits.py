"""Summits at several scales: those of one rise count once."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from bitbox_xr.kernels.activations import rises

FOUND = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 60), st.sampled_from([0.0, 2.0, 4.5, 16.0])), max_size=40)


def slow(found):
    """Rows and frames of the summits that are not within half of their duration of one at a shorter scale."""
    kept = []
    for row, frame, scale in sorted(set(found), key=lambda one: one[2]):
        shorter = [at for own, at, other in kept if own == row and other < scale]
        if all(abs(frame - at) > 4 * scale / 2 for at in shorter):
            kept.append((row, frame, scale))
    return sorted(kept)


@given(FOUND)
@example([(0, 0, 0.0), (1, 0, 2.0)])  # of two rows, at the start
def test_distinct_summits_equal_a_slow_loop(found):
    columns = np.array(found, dtype=float).reshape(-1, 3)
    row, frame, scale = columns[:, 0].astype(np.int64), columns[:, 1].astype(np.int64), columns[:, 2]
    kept = rises.distinct(row, frame, scale)
    assert sorted(zip(row[kept], frame[kept], scale[kept], strict=True)) == slow(found)


def test_a_shorter_scale_replaces_a_summit_within_half_of_the_duration():
    row, frame, scale = np.zeros(4, dtype=np.int64), np.array([100, 104, 105, 100]), np.array([1.0, 2.0, 2.0, 9.0])
    assert rises.distinct(row, frame, scale).tolist() == [0, 2]
