"""Missing frames: bridged for a transform, and where enough is left around them to speak of a response."""

import numpy as np

from bitbox_xr.kernels.activations import wavelets
from bitbox_xr.kernels.finite import LARGEST
from bitbox_xr.kernels.jit import kernel

__all__ = ["bridge", "close", "eligible"]

PRESENT_WEIGHT = 0.75  # share of the wavelet's absolute weight that frames really present must carry
ROUNDING = 1e-9


@kernel
def bridge(rows: np.ndarray, present: np.ndarray, centred: np.ndarray) -> bool:
    """Replace NaN in `rows` `(row, frame)` by straight lines, ends held; whether any value is infinite.

    Fills `present`, and `centred` with the bridged rows less their mean over the frames present. A row without
    any frame becomes 0.
    """
    infinite = False
    for r in range(rows.shape[0]):
        x = rows[r]
        last, total, count, first = -1, 0.0, 0, 0.0
        for t in range(len(x)):
            present[r, t] = not np.isnan(x[t])
            if not present[r, t]:
                continue
            infinite |= abs(x[t]) > LARGEST
            first = x[t] if last < 0 else first  # sums of what is left over it keep their digits
            total += x[t] - first
            count += 1
            for gap in range(last + 1, t):
                x[gap] = x[t] if last < 0 else x[last] + (x[t] - x[last]) * (gap - last) / (t - last)
            last = t
        x[last + 1 :] = x[last] if last >= 0 else 0.0
        mean = first + total / max(count, 1)
        for t in range(len(x)):
            centred[r, t] = x[t] - mean
    return infinite


@kernel
def close(present: np.ndarray, longest: float) -> np.ndarray:
    """`present` `(row, frame)` as numbers, gaps of at most `longest` frames counted as present."""
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
    """`(scale, row, frame)`: where frames of `present` `(row, frame)` carry enough of the wavelet's weight.

    Frames present, and those in gaps of at most half the scale (an eighth of its duration), must carry three
    quarters of the absolute weight that lies within the recording; at scale 0 the frame itself must be present.
    """
    from scipy.fft import irfft, rfft

    masks, which = _distinct(present)
    frames = present.shape[1]
    size = wavelets.padded(frames, scales, precision)
    whole = rfft(np.ones((1, frames)), n=size)
    out = np.empty((len(scales), *masks.shape), dtype=bool)
    for k, (scale, spectrum) in enumerate(zip(scales, wavelets.spectra(scales, precision, size, True), strict=True)):
        if not scale:
            out[k] = masks
            continue
        near = rfft(close(masks, scale / 2 + ROUNDING), n=size, axis=-1)
        weight, most = (irfft(x * spectrum, n=size, axis=-1)[:, :frames] for x in (near, whole))
        out[k] = weight >= (PRESENT_WEIGHT - ROUNDING) * most
    return out[:, which]


def _distinct(present: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """The rows that differ, and which of them each row is: lost frames are mostly those of all signals."""
    rows = [row.tobytes() for row in present]
    number = {row: k for k, row in enumerate(dict.fromkeys(rows))}
    return present[[rows.index(row) for row in number]], [number[row] for row in rows]
