"""p-values: an observed statistic compared with that of surrogates, for every pair of signals."""

from typing import NamedTuple

import numpy as np

from bitbox_xr.kernels.jit import kernel

__all__ = ["Estimates", "PValues", "add_strength", "estimates", "p_values", "strengths"]

TIE_TOLERANCE = 1e-6  # statistics that differ by no more count as equal


@kernel
def add_strength(corr, magnitude, first, width, step, last, sums):
    """Add the windows `corr` `(window, n1, n2)`, numbered from `first`, to `sums` `(3, n1, n2)`.

    The sums are the number of windows with a correlation, the sum of the correlations (of their absolute values with
    `magnitude`), and the number of frames in these windows; frames in several windows count once.
    `last` `(n1, n2)` is the last window with a correlation so far; it is updated.
    """
    windows, n1, n2 = corr.shape
    count, total, cover, before = np.empty(n2), np.empty(n2), np.empty(n2), np.empty(n2)
    for i in range(n1):
        for j in range(n2):
            count[j], total[j], cover[j], before[j] = sums[0, i, j], sums[1, i, j], sums[2, i, j], last[i, j]
        for w in range(windows):
            now = float(first + w)
            for j in range(n2):
                r = np.float64(corr[w, i, j])
                present, since, size = r == r, (now - before[j]) * step, abs(r) if magnitude else r
                count[j] += 1.0 if present else 0.0
                total[j] += size if present else 0.0
                cover[j] += (since if since < width else width) if present else 0.0
                before[j] = now if present else before[j]
        for j in range(n2):
            sums[0, i, j], sums[1, i, j], sums[2, i, j], last[i, j] = count[j], total[j], cover[j], before[j]


def strengths(sums: np.ndarray, activity: np.ndarray) -> np.ndarray:
    """The mean over windows, the number of frames in them and the correlation of activity, `(3, pairs…)`.

    `sums` are those of `add_strength`. The mean is NaN where no window has a correlation.
    """
    count, total, cover = sums
    mean = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
    return np.stack([mean, cover, activity])


class Estimates(NamedTuple):
    """The observed value compared with the mean and standard deviation of its surrogates, each `(pair,)`."""

    observed: np.ndarray
    null_mean: np.ndarray
    null_std: np.ndarray
    excess: np.ndarray
    surrogate_z: np.ndarray


class PValues(NamedTuple):
    """Ranks of the observed value among its surrogates, each `(pair,)`."""

    p: np.ndarray
    p_fwe: np.ndarray
    q: np.ndarray
    p_min: np.ndarray


def estimates(values: np.ndarray, cover: np.ndarray) -> Estimates:
    """Compare the observed value `values[0]` of each pair with its n surrogates `values[1:]`, `(1 + n, pair)`.

    `cover`, of the same shape, is the number of frames in the windows of each value. A mean over fewer frames varies
    more. If gaps leave a surrogate fewer frames than the observed value, its deviation from the mean is therefore
    multiplied by √(its cover / the observed cover).

    >>> values = np.array([[3.0], [1.0], [2.0], [0.0]])
    >>> estimates(values, np.ones_like(values)).excess
    array([2.])
    """
    null_mean, _, null_std = _spread(values[1:], _share(cover)[1:])
    excess = values[0] - null_mean
    surrogate_z = excess / np.where(null_std > TIE_TOLERANCE, null_std, np.nan)
    return Estimates(values[0], null_mean, null_std, excess, surrogate_z)


def p_values(values: np.ndarray, cover: np.ndarray, *, two_sided: bool) -> PValues:
    """Test the observed value `values[0]` of each pair against its n surrogates `values[1:]`, `(1 + n, pair)`.

    Each pair is standardised by its mean and standard deviation over all 1 + n values, whose deviations are scaled by
    their `cover` as in `estimates`. p is (b + 1) / (n + 1), where b is the number of surrogates that are at least as
    high as the observed value (two-sided: at least as far from the mean). p_fwe is the family-wise p-value: it compares
    the observed value with each surrogate's highest value over all pairs. q is the false discovery rate of Benjamini &
    Hochberg. p_min is the smallest possible p, 1 / (n + 1). Surrogates without a value count as at least as high. Pairs
    without an observed value get NaN and do not belong to the family.

    >>> values = np.array([[3.0], [1.0], [2.0], [0.0]])
    >>> p_values(values, np.ones_like(values), two_sided=False).p
    array([0.25])
    """
    from scipy.stats import false_discovery_control

    tested = ~np.isnan(values[0])
    _, apart, deviation = _spread(values, _share(cover))
    z = np.divide(apart, deviation, out=np.where(np.isnan(values), np.nan, 0.0), where=deviation > TIE_TOLERANCE)
    z = np.abs(z) if two_sided else z
    n = len(values) - 1
    none = np.where(tested, 1.0, np.nan)
    p = none * ((~(z[1:] < z[0] - TIE_TOLERANCE)).sum(axis=0) + 1) / (n + 1)
    usable = tested & ~np.isnan(z[1:])
    highest = np.where(usable, z[1:], -np.inf).max(axis=1, initial=-np.inf)
    highest[~usable.any(axis=1)] = np.inf
    lower = np.searchsorted(np.sort(highest), z[0] - TIE_TOLERANCE)
    p_fwe = np.maximum(none * (n - lower + 1) / (n + 1), p)
    q = np.full_like(p, np.nan)
    if tested.any():
        q[tested] = false_discovery_control(p[tested])
    return PValues(p, p_fwe, q, none / (n + 1))


def _share(cover: np.ndarray) -> np.ndarray:
    share: np.ndarray = np.sqrt(np.divide(cover, cover[0], out=np.ones_like(cover), where=cover[0] > 0))
    return share


def _spread(values: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, deviations from it times `share`, and their root mean square, along the first axis, without NaN."""
    present = ~np.isnan(values)
    count = np.where(present.any(axis=0), present.sum(axis=0), np.nan)
    mean = np.where(present, values, 0.0).sum(axis=0) / count
    apart = (values - mean) * share
    return mean, apart, np.sqrt((np.where(present, apart, 0.0) ** 2).sum(axis=0) / count)
