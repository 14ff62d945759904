"""Missing frames: interpolation before the transform, and frames with enough data around them to be eligible."""

import numpy as np

from bitbox_xr.kernels.activations import wavelets
from bitbox_xr.kernels.finite import MAX_MAGNITUDE
from bitbox_xr.kernels.jit import kernel

__all__ = ["bridge", "close", "eligible"]

PRESENT_WEIGHT = 0.75  # smallest share of the wavelet's absolute weight on frames that are present
ROUNDING = 1e-9  # frames, and share of the weight


@kernel
def bridge(rows: np.ndarray, present: np.ndarray, mean: np.ndarray) -> bool:
    """Fill NaN in `rows` `(row, frame)` by linear interpolation. Returns whether any value is infinite.

    Missing frames at the ends get the nearest value, and rows without any value become 0. Writes `present`, and to
    `mean` `(row,)` their mean over the frames present.
    """
    infinite = False
    for r in range(rows.shape[0]):
        x = rows[r]
        last, total, count, first = -1, 0.0, 0, 0.0
        for t in range(len(x)):
            present[r, t] = not np.isnan(x[t])
            if not present[r, t]:
                continue
            infinite |= abs(x[t]) > MAX_MAGNITUDE
            first = x[t] if last < 0 else first  # sums of differences from the first value keep their digits
            total += x[t] - first
            count += 1
            for gap in range(last + 1, t):
                x[gap] = x[t] if last < 0 else x[last] + (x[t] - x[last]) * (gap - last) / (t - last)
            last = t
        x[last + 1 :] = x[last] if last >= 0 else 0.0
        mean[r] = first + total / max(count, 1)
    return infinite


@kernel
def close(present: np.ndarray, longest: float) -> np.ndarray:
    """`present` `(row, frame)` as numbers, where gaps of at most `longest` frames count as present."""
    out = present.astype(np.float64)
    frames = present.shape[1]
    for r in range(present.shape[0]):
        gap = 0
        for t in range(frames + 1):
            if t < frames and not present[r, t]:
                gap += 1
                continue
            if gap <= longest:
                out[r, t - gap : t] = 1.0
            gap = 0
    return out


def eligible(present: np.ndarray, scales: tuple[float, ...], precision: int) -> np.ndarray:
    """Mark the eligible frames, `(scale, row, frame)`: those with enough data around them for a response.

    The wavelet around a frame has absolute weights, of which some may lie beyond the recording. Of the weight within
    the recording, at least three quarters must be on frames that are `present` `(row, frame)` or in gaps of at most
    half the scale (an eighth of its duration). At scale 0, the frame itself must be present.
    """
    from numpy.fft import irfft, rfft

    masks, which = _distinct(present)
    frames = present.shape[1]
    size = wavelets.padded(frames, scales, precision)
    whole = rfft(np.ones(frames), n=size)
    out = np.empty((len(scales), *masks.shape), dtype=bool)
    for k, scale in enumerate(scales):
        if not scale:
            out[k] = masks
            continue
        spectrum = wavelets.spectrum(k, scales, precision, size, absolute=True)
        most = irfft(whole * spectrum, n=size)[:frames]
        most *= PRESENT_WEIGHT - ROUNDING
        for part in wavelets.parts(len(masks), size):
            near = rfft(close(masks[part], scale / 2 + ROUNDING), n=size, axis=-1)
            near *= spectrum
            out[k, part] = irfft(near, n=size, axis=-1)[:, :frames] >= most
            del near  # before the next one is computed, since both may be long
    return out[:, which]


def _distinct(present: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """The distinct rows, and the index of each row among them. Lost frames are mostly lost in all signals."""
    rows = [row.tobytes() for row in present]
    number = {row: k for k, row in enumerate(dict.fromkeys(rows))}
    return present[[rows.index(row) for row in number]], [number[row] for row in rows]
