"""Noise of the responses at each scale: how large they are where the signal rests.

At each scale the noise is estimated from the small responses. At a scale that is full of activity even these are large.
So the noise of shorter scales limits it: noise is assumed to grow with the scale no faster than that of a random walk.
"""

from functools import lru_cache

import numpy as np

from bitbox_xr.kernels.activations import extrema, gaps
from bitbox_xr.kernels.activations.rises import FRAMES_PER_SCALE, pipeline
from bitbox_xr.kernels.activations.search import Search, responses, searched_blocks
from bitbox_xr.kernels.finite import infinite
from bitbox_xr.kernels.jit import kernel

__all__ = ["levels", "walk_ratio"]

SHARE = 0.25  # the noise is estimated from this quantile of the absolute deviations …
NORMAL_QUANTILE = 0.31863936  # … which of a standard normal variable has this value
LIVELY_SHARES = (0.1, 0.9)  # with fewer or more lively frames, they are not treated apart


def levels(
    values: np.ndarray, search: Search, ladder: tuple[float, ...], rest: np.ndarray | None = None, *, threads: int = 1
) -> np.ndarray:
    """Noise of the responses of `values` `(frame, signal)` at the scales of `search`, `(scale, signal)`.

    `ladder` has the wavelet scales, in frames, that limit the noise of longer scales. `rest` marks the frames at which
    noise is measured; None: all. Only eligible frames that are present count. NaN without any.
    Raises ValueError if a value is infinite.
    """
    scales = tuple(sorted({*search.scales, *ladder}))

    def block(columns: slice) -> np.ndarray:
        rows = np.array(values[:, columns].T, dtype=np.float64, order="C")
        return _limited(_measured(rows, search._replace(scales=scales), rest), scales, ladder, search)

    return np.concatenate(searched_blocks(block, values.shape, threads), axis=1)


def _measured(rows: np.ndarray, search: Search, rest: np.ndarray | None) -> np.ndarray:
    """Noise of each scale and row by itself. Fills the gaps of `rows` in place."""
    present, mean = np.empty(rows.shape, dtype=bool), np.empty(len(rows))
    if gaps.bridge(rows, present, mean):
        raise ValueError(infinite())
    at_rest = present if rest is None else present & rest
    whole = present.all()
    allowed = None if whole else gaps.eligible(present, search.scales, search.precision)
    out = np.empty((len(search.scales), len(rows)))
    for k, response in enumerate(responses(rows, mean, search)):
        where = at_rest if allowed is None else at_rest & allowed[k]
        spreads(response, rows, present, where, round(FRAMES_PER_SCALE * search.scales[k] / 2), out[k])
    return out


def _limited(own: np.ndarray, scales: tuple[float, ...], ladder: tuple[float, ...], search: Search) -> np.ndarray:
    """The noise at the scales of `search`: no more than that of a random walk with the noise of a shorter scale."""
    out = np.empty((len(search.scales), own.shape[1]))
    for k, scale in enumerate(search.scales):
        out[k] = own[scales.index(scale)]
        for shorter in ladder:
            if shorter < scale:
                limit = own[scales.index(shorter)] * walk_ratio(scale, shorter, search.precision)
                out[k] = np.fmin(out[k], limit)
    return out


def walk_ratio(scale: float, shorter: float, precision: int) -> float:
    """Standard deviation of a random walk's response at `scale`, divided by that at a `shorter` scale."""
    return _walk_response(scale, precision) / _walk_response(shorter, precision)


@lru_cache(maxsize=256)
def _walk_response(scale: float, precision: int) -> float:
    """Standard deviation of the response to a random walk with steps of standard deviation 1."""
    return float(np.linalg.norm(np.cumsum(pipeline(scale, precision))))


@kernel
def spreads(
    responses: np.ndarray, rows: np.ndarray, present: np.ndarray, where: np.ndarray, half: int, out: np.ndarray
) -> None:
    """Write to `out` the spread of each row of `responses` over the frames `where`.

    The output of a tracker may have a floor, on which the response is 0. The spread is therefore the larger of that of
    all frames and that of the lively frames, if neither kind is rare.
    """
    frames = rows.shape[1]
    w = np.empty(frames)
    for r in range(len(rows)):
        response = responses[r][:frames]
        tolerance = extrema.ROUNDING * extrema.magnitude(response)
        for t in range(frames):
            w[t] = response[t] if abs(response[t]) >= tolerance else 0.0
        kept = w[where[r]]
        if len(kept) == 0:
            out[r] = np.nan
            continue
        centre = extrema.quantile(kept, 0.5)
        out[r] = extrema.quantile(np.abs(kept - centre), SHARE) / NORMAL_QUANTILE
        on = lively(rows[r], present[r], half)[where[r]]
        share = on.sum() / len(on)
        if LIVELY_SHARES[0] <= share <= LIVELY_SHARES[1]:
            out[r] = max(out[r], extrema.quantile(np.abs(kept[on]), SHARE) / NORMAL_QUANTILE)


@kernel
def lively(x: np.ndarray, present: np.ndarray, half: int) -> np.ndarray:
    """Mark the frames around which, within `half` frames, at least half of the frames differ from a neighbour.

    Only frames `present` count, on both sides of the comparison.
    """
    frames = len(x)
    counts, differing = np.zeros(frames + 1, np.int64), np.zeros(frames + 1, np.int64)
    for t in range(frames):
        differs = False
        for other in (t - 1, t + 1):
            if present[t] and 0 <= other < frames and present[other] and x[other] != x[t]:
                differs = True
        counts[t + 1] = counts[t] + present[t]
        differing[t + 1] = differing[t] + differs
    out = np.zeros(frames, np.bool_)
    for t in range(frames):
        start, stop = max(t - half, 0), min(t + half + 1, frames)
        out[t] = 2 * (differing[stop] - differing[start]) >= counts[stop] - counts[start]
    return out
