"""The kernels of expressivity, compared with PyWavelets, SciPy, NumPy or plain loops."""

import numpy as np
import pytest
import pywt
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from bitbox_xr.kernels.activations import aggregate, extrema, gaps, search, wavelets

import expressivity_oracle as oracle
from compiled_parts import half_width, local_maxima, magnitude, quantile, spread

SCALES = (0.26, 0.75, 1.3, 6.6, 12.45, 30.0)


@pytest.mark.parametrize("precision", [10, 12, 16])
@pytest.mark.parametrize("frames", [2, 5, 9, 61, 600, 601])
def test_responses_equal_pywavelets_and_scipy(frames, precision):
    x = np.random.default_rng(frames).normal(size=frames)
    found = search.decompose(x, search.Search((0.0, *SCALES), precision))
    expected = oracle.responses(x, [None, *(4 * scale / 30 for scale in SCALES)], 30, precision)
    np.testing.assert_allclose(found, expected, atol=1e-13 * np.abs(expected).max())


@pytest.mark.parametrize("frames", [3, 9, 61, 600])
def test_responses_to_a_mirrored_signal_equal_scipy(frames):
    x = np.random.default_rng(frames).normal(size=frames)
    found = search.decompose(x, search.Search((0.0, *SCALES), 16, least_rise=1.0))
    smooth = gaussian_filter1d(x - x.mean(), 1.0)
    beyond = 600
    around = np.pad(smooth, beyond, mode="symmetric")
    for scale, response in zip(SCALES, found[1:], strict=True):
        w = pywt.cwt(around, scale, "mexh", precision=16)[0][0][beyond : beyond + frames]
        np.testing.assert_allclose(response, gaussian_filter1d(w, 1.0), atol=1e-12)


@pytest.mark.parametrize("frames", [1, 2, 5, 7, 8, 9, 40])
def test_smoothing_equals_scipy(frames):
    x = np.random.default_rng(frames).normal(size=frames)
    out = np.empty(frames)
    wavelets.smooth(x, out)
    np.testing.assert_allclose(out, gaussian_filter1d(x, 1.0), atol=1e-15)


def test_the_scale_of_the_strongest_response_is_proportional_to_the_width_of_a_pulse():
    """With scales 4 % apart, the strongest has the duration of the full width at half maximum divided by 0.263."""
    time = np.arange(-3000, 3001) / 100
    durations = np.geomspace(0.5, 8, 71)
    options = search.Search(tuple(25 * durations), 16)
    for width in (0.2, 0.5, 1.0, 1.5):
        pulse = np.exp(-4 * np.log(2) * (time / width) ** 2)
        at = search.decompose(pulse, options)[:, 3000].argmax()
        assert width / durations[at] == pytest.approx(0.263, rel=0.045)


# --- gaps


def test_gaps_are_interpolated_linearly_and_ends_get_the_nearest_value():
    rows = np.array([[np.nan, 1.0, np.nan, np.nan, 4.0, np.nan], [np.nan] * 6, [2.0] * 6])
    present, mean = np.empty(rows.shape, dtype=bool), np.empty(3)
    assert not gaps.bridge(rows, present, mean)
    assert rows.tolist() == [[1, 1, 2, 3, 4, 4], [0] * 6, [2] * 6]
    assert present.sum(axis=1).tolist() == [2, 0, 6]
    assert mean.tolist() == [2.5, 0, 2]


def test_infinite_values_are_reported():
    rows = np.array([[0.0, -np.inf, 1.0]])
    assert gaps.bridge(rows, np.empty(rows.shape, dtype=bool), np.empty(1))


def test_a_large_offset_is_removed_without_loss_of_digits():
    x = np.random.default_rng(0).normal(size=(1, 20000))
    rows, mean = x + 1e9, np.empty(1)
    gaps.bridge(rows, np.empty(x.shape, dtype=bool), mean)
    np.testing.assert_allclose(rows - mean, x - x.mean(), atol=3e-7)


def test_short_gaps_count_as_present():
    present = np.array([[False, True, False, False, True, False, False, False]])
    assert gaps.close(present, 1.9).tolist() == [[1, 1, 0, 0, 1, 0, 0, 0]]
    assert gaps.close(present, 2.0).tolist() == [[1, 1, 1, 1, 1, 0, 0, 0]]


def test_eligible_frames_equal_the_reference():
    rng = np.random.default_rng(0)
    present = rng.random((4, 500)) > [[0.0], [0.2], [0.5], [0.5]]
    present[0, 200:260] = False
    durations = [None, 0.1, 0.5, 2.0, 4.0]
    scales = tuple(30 * (d or 0) / 4 for d in durations)
    found = gaps.eligible(present, scales, 16)
    for k, d in enumerate(durations):
        expected = [oracle.eligible(row, d, 30, 16) for row in present]
        np.testing.assert_array_equal(found[k], expected)
    assert found[2, 0].mean() < 1
    assert found[2, 0, 0]
    assert found[2, 0, -1]


# --- maxima


def test_a_plateau_counts_once_at_its_middle():
    signal = np.array([0, 1, 0, 2, 2, 2, 0, 3, 3, 1, 4, 4.0])
    allowed = np.ones(len(signal), dtype=bool)
    frame = np.empty(8, np.int32)
    n = local_maxima(signal, 1e-10, False, allowed, frame)
    assert frame[:n].tolist() == [1, 4, 7] == find_peaks(signal)[0].tolist()
    allowed[4] = False
    assert frame[: local_maxima(signal, 1e-10, False, allowed, frame)].tolist() == [1, 7]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(-3, 3), min_size=1, max_size=40))
def test_maxima_of_the_positive_and_the_negative_part_equal_scipy(values):
    w = np.array(values, dtype=float)
    frame = np.empty(len(w), np.int32)
    rises, falls = (find_peaks(np.maximum(sign * w, 0))[0].tolist() for sign in (1, -1))
    for both, expected in ((False, rises), (True, sorted(rises + falls))):
        n = local_maxima(w, 1e-10, both, np.ones(len(w), dtype=bool), frame)
        assert frame[:n].tolist() == expected


def test_rounding_errors_make_no_maxima():
    rng = np.random.default_rng(0)
    w = np.concatenate([1e-14 * rng.normal(size=300), np.hanning(99), 1e-14 * rng.normal(size=300)])
    w[345:350] += 1e-13 * rng.normal(size=5)
    frame = np.empty(len(w), np.int32)
    assert local_maxima(w, 1e-10 * w.max(), False, np.ones(len(w), dtype=bool), frame) == 1
    assert frame[0] in (347, 348, 349, 350)


def test_the_half_width_is_interpolated_and_is_nan_at_an_end():
    w = np.array([0, 0.5, 1, 4, 1, 0.5, 0])
    assert half_width(w, 3) == pytest.approx(2 * 2 / 3)
    assert np.isnan(half_width(np.array([3, 4, 1, 0.0]), 1))


# --- order statistics and choice of candidates


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=60), st.booleans())
def test_median_and_spread_equal_numpy(values, with_spike):
    w = np.array([*values, 1e9] if with_spike else values)
    assert spread(w, np.abs(w).max(), extrema.ROUNDING * np.abs(w).max(), np.ones(len(w), bool)) == spread_by_numpy(w)


def spread_by_numpy(w):
    w = np.where(np.abs(w) >= 1e-10 * np.abs(w).max(), w, 0.0)
    return np.median(w), np.median(np.abs(w - np.median(w))) or 1e-12


def test_median_and_spread_of_many_values_equal_numpy():
    rng = np.random.default_rng(0)
    many = [rng.normal(size=20001), rng.exponential(size=20000), np.round(rng.normal(size=9999), 1), np.zeros(7)]
    many += [rng.normal(size=20000) ** 9, np.sin(np.arange(3000) / 50), np.arange(1024.0), np.arange(5000) % 2.0]
    for w in many:
        largest = magnitude(w)
        assert largest == np.abs(w).max()
        for sign in (1, -1):
            assert spread(sign * w, largest, extrema.ROUNDING * largest, np.ones(len(w), bool)) == spread_by_numpy(
                sign * w
            )


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(-20, 20), min_size=1, max_size=60), st.sampled_from([0.25, 0.5, 0.75]))
def test_quantiles_equal_numpy(values, share):
    w = np.array(values, dtype=float)
    assert quantile(w, share) == np.percentile(w, 100 * share)


def test_outliers_of_each_row_equal_the_reference():
    row = np.repeat([0, 3, 4], [5, 8, 40])
    value = np.random.default_rng(0).standard_t(2, size=len(row))
    expected = np.concatenate([oracle.outliers(value[row == r]) for r in (0, 3, 4)])
    assert expected.any()
    assert not expected[:5].any()
    assert extrema.outlying(row, value).tolist() == expected.tolist()


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3), st.integers(0, 2), st.integers(0, 40), st.sampled_from([1, -1]), st.integers(0, 9)
        ),
        max_size=40,
    ),
    st.integers(1, 6),
)
def test_the_strongest_candidates_equal_the_reference(candidates, apart):
    """The reference sorts candidates, and the first of equal candidates wins. Scores have the sign of the candidate."""
    scale, row, frame, sign, size = np.array(sorted(candidates), dtype=np.int64).reshape(-1, 5).T
    score = (sign * size).astype(np.float32)
    first = np.searchsorted(scale, np.arange(5))
    kept, *found = aggregate.strongest(row, frame, first, sign.astype(np.int8), score, apart, (3, 41))
    np.testing.assert_array_equal(found, [row[kept], frame[kept], scale[kept]])
    assert (sign[kept] > 0).all()
    ordered = sorted(zip(row, frame, scale, sign, score, strict=True))
    expected = []
    for r in range(3):
        own = [(s, k, t, c) for i, t, k, s, c in ordered if i == r]
        expected += [(r, t, k) for t, k in oracle.aggregate(own, apart - 1, apart - 1)]
    assert list(zip(*found, strict=True)) == expected
