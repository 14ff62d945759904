"""Search for activations in pieces of a recording along time, with the same result as in the whole recording.

A piece needs three facts about the other pieces: the mean of each signal, the largest response at each scale, and the
nearest frames present beyond its ends, to fill missing frames there. Each piece is read with a margin of neighbouring
frames on both sides (`margin`). Activations in the margins belong to the neighbouring pieces. Only searches for all
maxima can be done in pieces, since an expression can be held for any time.
"""

from math import ceil
from typing import NamedTuple

import numpy as np

from bitbox_xr.kernels.activations import gaps, metrics, wavelets
from bitbox_xr.kernels.activations.search import Search, blocks, responses, search_rows
from bitbox_xr.kernels.finite import MAX_MAGNITUDE, infinite
from bitbox_xr.kernels.jit import kernel, kernel_part

__all__ = ["Context", "Piece", "contexts", "cube", "largest", "margin", "outline"]

COUNT, MEAN, BAD, FIRST, FIRST_INNER, LAST, LAST_INNER = 0, 1, 2, 3, 5, 7, 9  # rows of an outline
OUTLINE_ROWS = 11


class Piece(NamedTuple):
    """The piece is frames `start` to `stop` of the frames that are read. The others are its margins."""

    start: int
    stop: int


class Context(NamedTuple):
    """Facts about each signal beyond a piece."""

    mean: np.ndarray
    before: np.ndarray  # (2, signal): frame (0: the first one read) and value of the last frame present before, or NaN
    after: np.ndarray


def margin(search: Search) -> int:
    """Number of frames on each side of a piece that its responses and eligible frames depend on."""
    filters = [wavelets.mexican_hat(scale, search.precision) for scale in search.scales]
    reach = max(max(f.lead, len(f.weights) - f.lead) for f in filters)
    smoothing = 2 * 4
    bridged = ceil(max(search.scales) / 2) + 1
    plateau = reach  # a response is flat over at most the length of the wavelet
    return int(reach + smoothing + bridged + plateau)


@kernel
def outline(values: np.ndarray, inner: int) -> np.ndarray:
    """Facts about the piece `values` `(frame, signal)` that other pieces need, `(row, signal)`.

    Rows: number of frames present, their mean, and whether a value is infinite. Then frame and value (NaN if there is
    no such frame) of four frames: the first present, the first present from frame `inner` on, the last present, and the
    last present before the last `inner` frames.
    """
    frames, signals = values.shape
    out = np.full((OUTLINE_ROWS, signals), np.nan)
    for s in range(signals):
        total, count, bad, first = 0.0, 0, False, 0.0
        for t in range(frames):
            v = np.float64(values[t, s])
            if np.isnan(v):
                continue
            bad = bad or bool(abs(v) > MAX_MAGNITUDE)
            if count == 0:
                first = v
                out[FIRST, s], out[FIRST + 1, s] = t, v
            if t >= inner and np.isnan(out[FIRST_INNER, s]):
                out[FIRST_INNER, s], out[FIRST_INNER + 1, s] = t, v
            if t < frames - inner:
                out[LAST_INNER, s], out[LAST_INNER + 1, s] = t, v
            out[LAST, s], out[LAST + 1, s] = t, v
            total += v - first  # sums of differences from the first value keep their digits
            count += 1
        out[COUNT, s], out[MEAN, s], out[BAD, s] = count, first + total / max(count, 1), bad
    return out


def contexts(outlines: list[np.ndarray], bounds: list[int], beyond: int) -> list[Context]:
    """The context of each piece, from frame `bounds[k]` to `bounds[k + 1]`, with margins of `beyond` frames.

    Raises ValueError if a value is infinite.
    """
    table = np.array(outlines)
    if table[:, BAD].any():
        raise ValueError(infinite())
    count = table[:, COUNT]
    mean = (count * table[:, MEAN]).sum(axis=0) / np.maximum(count.sum(axis=0), 1)
    starts = np.array(bounds[:-1], dtype=np.float64)
    for row in (FIRST, FIRST_INNER, LAST, LAST_INNER):
        table[:, row] += starts[:, None]  # frames of the recording
    out = []
    for k, start in enumerate(bounds[:-1]):
        # frames of the neighbouring pieces that are not in the margins, and all frames of pieces further away
        before = [*table[k - 1 : k, LAST_INNER : LAST_INNER + 2], *table[: k - 1, LAST : LAST + 2][::-1]] if k else []
        after = [*table[k + 1 : k + 2, FIRST_INNER : FIRST_INNER + 2], *table[k + 2 :, FIRST : FIRST + 2]]
        origin = max(start - beyond, 0)
        out.append(Context(mean, _nearest(before, mean, origin), _nearest(after, mean, origin)))
    return out


def _nearest(candidates: list[np.ndarray], like: np.ndarray, origin: int) -> np.ndarray:
    """The first of `candidates` that is not NaN, for each signal, with frames counted from `origin`."""
    found = np.full((2, len(like)), np.nan)
    for candidate in candidates:
        found = np.where(np.isnan(found[0]), candidate, found)
    found[0] -= origin
    return found


def largest(values: np.ndarray, piece: Piece, context: Context, search: Search) -> np.ndarray:
    """Largest absolute response of each signal in a piece, `(scale, signal)`. `values` includes the margins."""
    out = np.empty((len(search.scales), values.shape[1]))
    for columns in blocks(*values.shape):
        rows, _ = _rows(values, columns, context)
        for response, most in zip(responses(rows, context.mean[columns], search), out[:, columns], strict=True):
            most[:] = np.abs(response[:, piece.start : piece.stop]).max(axis=1)
    return out


def cube(values: np.ndarray, piece: Piece, context: Context, most: np.ndarray, search: Search) -> np.ndarray:
    """`metrics.cube` of a piece. `values` includes its margins; `most` has the largest responses `(scale, signal)`."""
    parts = []
    for columns in blocks(*values.shape):
        rows, present = _rows(values, columns, context)
        if present.all():
            allowed = np.ones((len(search.scales), *present.shape), dtype=bool)
        else:
            allowed = gaps.eligible(present, search.scales, search.precision)
        allowed[:, :, : piece.start] = allowed[:, :, piece.stop :] = False
        found = search_rows(rows, context.mean[columns], present, allowed, search, most[:, columns])
        parts.append(metrics.cube(found, robust=False))
    return np.concatenate(parts, axis=-1)


def _rows(values: np.ndarray, columns: slice, context: Context) -> tuple[np.ndarray, np.ndarray]:
    """Some signals `(signal, frame)` with gaps filled, and where they are present."""
    rows = np.array(values[:, columns].T, dtype=np.float64, order="C")
    present = ~np.isnan(rows)
    for row, before, after in zip(rows, context.before[:, columns].T, context.after[:, columns].T, strict=True):
        fill_ends(row, before, after)
    gaps.bridge(rows, np.empty_like(present), np.empty(len(rows)))
    return rows, present


@kernel
def fill_ends(x: np.ndarray, before: np.ndarray, after: np.ndarray) -> None:
    """Interpolate NaN at both ends of `x` linearly between its own frames and the `(frame, value)` on each side."""
    frames = len(x)
    first = 0
    while first < frames and np.isnan(x[first]):
        first += 1
    last = frames - 1
    while last > first and np.isnan(x[last]):
        last -= 1
    if first == frames:
        line(x, 0, frames, before, after)
        return
    line(x, 0, first, before, np.array([first, x[first]]))
    line(x, last + 1, frames, np.array([last, x[last]]), after)


@kernel_part
def line(x: np.ndarray, start: int, stop: int, before: np.ndarray, after: np.ndarray) -> None:
    """Fill frames of `x` on the line between two `(frame, value)`. If one is NaN, use the other; if both are, 0."""
    for t in range(start, stop):
        if np.isnan(before[0]):
            x[t] = 0.0 if np.isnan(after[0]) else after[1]
        elif np.isnan(after[0]):
            x[t] = before[1]
        else:
            x[t] = before[1] + (after[1] - before[1]) * (t - before[0]) / (after[0] - before[0])
