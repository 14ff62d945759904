"""The Mexican-hat wavelet transform of many signals at several scales, by FFT, as PyWavelets defines it.

PyWavelets integrates the wavelet on a grid of `2 ** precision` points over ±8, samples the integral at every frame of
the stretched wavelet, convolves the signal with the samples and takes differences of the result. Here the same weights
form one short filter for each scale, whose spectrum is computed once for each length of recording.
Scales are in frames; scale 0 is the signal itself.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from bitbox_xr.kernels.jit import kernel

__all__ = [
    "GAUSS",
    "SMOOTHING",
    "Filter",
    "ends",
    "mexican_hat",
    "mirror",
    "padded",
    "parts",
    "smooth",
    "smoothed",
    "spectrum",
]

MAX_CACHED_FRAMES = 2**20  # six spectra of this length take 50 MB

_BELL = np.exp(-0.5 * np.arange(5.0) ** 2)
GAUSS = tuple(_BELL / (2 * _BELL.sum() - 1))  # weights of `smooth` at distances of 0 to 4 frames
SMOOTHING = np.array([*GAUSS[:0:-1], *GAUSS])
REACH = len(GAUSS) - 1


class Filter(NamedTuple):
    """A filter with the response Σᵢ `weights[i] · signal[t + lead - i]` at frame t."""

    weights: np.ndarray
    lead: int


@lru_cache(maxsize=4)
def _integral(precision: int) -> tuple[np.ndarray, np.ndarray]:
    """The integral of the wavelet, and the grid on which it is computed."""
    import pywt

    return pywt.integrate_wavelet("mexh", precision=precision)


@lru_cache(maxsize=64)
def mexican_hat(scale: float, precision: int) -> Filter:
    """The filter of `pywt.cwt(…, scale, "mexh", precision=precision)`, with `scale` in frames."""
    integral, grid = _integral(precision)
    step = grid[1] - grid[0]
    at = (np.arange(scale * (grid[-1] - grid[0]) + 1) / (scale * step)).astype(np.int64)
    sampled = integral[at[at < len(integral)]][::-1]
    weights = -np.sqrt(scale) * np.diff(sampled, prepend=0.0, append=0.0)
    weights.flags.writeable = False
    return Filter(weights, len(sampled) // 2)


def smoothed(scale: float, precision: int) -> Filter:
    """The filter of `mexican_hat` and then of `smooth`, where no end is near."""
    weights, lead = mexican_hat(scale, precision)
    return Filter(np.convolve(weights, SMOOTHING), lead + REACH)


def padded(frames: int, scales: tuple[float, ...], precision: int, *, mirrored: bool = False) -> int:
    """A length for FFTs, long enough that circular convolution does not change the responses within `frames`.

    With `mirrored`, it is long enough for `mirror`. Smoothing reaches `REACH` frames further: it changes responses near
    the ends, which are replaced by those of `ends`.
    """
    from scipy.fft import next_fast_len

    return next_fast_len(frames + (1 + mirrored) * _reach(scales, precision), real=True)


def mirror(signal: np.ndarray, frames: int, scales: tuple[float, ...], precision: int) -> None:
    """Fill `signal` `(row, frame)` beyond its first `frames`, so that circular convolution sees mirrored ends.

    Beyond its ends the signal continues as its mirror image: the last frame is followed by itself and the one before.
    """
    beyond = np.arange(_reach(scales, precision))
    signal[:, frames + beyond] = signal[:, _reflected(frames + beyond, frames)]
    signal[:, -1 - beyond] = signal[:, _reflected(-1 - beyond, frames)]


def _reflected(at: np.ndarray, frames: int) -> np.ndarray:
    """The frames that frames `at` beyond the ends mirror, again and again in a signal shorter than the distance."""
    at = at % (2 * frames)
    return np.minimum(at, 2 * frames - 1 - at)


def _reach(scales: tuple[float, ...], precision: int) -> int:
    """Number of frames on each side that responses depend on."""
    filters = [mexican_hat(scale, precision) for scale in scales if scale]
    return max((max(f.lead, len(f.weights) - f.lead) for f in filters), default=0)


def parts(rows: int, size: int) -> list[slice]:
    """Rows that are transformed at once: all, but long ones one by one, since FFTs of several need more memory."""
    together = rows if size <= MAX_CACHED_FRAMES else 1
    return [slice(start, start + together) for start in range(0, rows, together)]


def spectrum(
    k: int,
    scales: tuple[float, ...],
    precision: int,
    size: int,
    *,
    absolute: bool = False,
    memory: tuple[np.ndarray, np.ndarray | None] | None = None,
) -> np.ndarray:
    """The spectrum of the filter of scale number `k` and the smoothing after it, with lag 0 at index 0.

    With `absolute`, that of the absolute weights of the filter alone. The result must not be changed.
    Long spectra are not kept. They are computed in `memory`, if it is given: `size` floats, and `size // 2 + 1` complex
    numbers that become the result, or None.
    """
    if size <= MAX_CACHED_FRAMES:
        return _kept_spectra(scales, precision, size, absolute)[k]
    turned, out = (np.empty(size), None) if memory is None else memory
    return np.fft.rfft(_turned(scales[k], precision, absolute, turned), out=out)


@lru_cache(maxsize=8)
def _kept_spectra(scales: tuple[float, ...], precision: int, size: int, absolute: bool) -> list[np.ndarray]:
    """The spectra of all scales, of which that of scale 0 is empty."""
    turned = np.empty(size)
    return [
        np.fft.rfft(_turned(scale, precision, absolute, turned)) if scale else np.empty(0, np.complex128)
        for scale in scales
    ]


def _turned(scale: float, precision: int, absolute: bool, out: np.ndarray) -> np.ndarray:
    """Write the filter of `spectrum` to `out`, with lag 0 at index 0."""
    weights, lead = mexican_hat(scale, precision) if absolute else smoothed(scale, precision)
    out[:] = 0.0
    out[(np.arange(len(weights)) - lead) % len(out)] = np.abs(weights) if absolute else weights
    return out


@kernel
def smooth(x: np.ndarray, out: np.ndarray) -> None:
    """Smooth `x` by a Gaussian with sigma 1 frame, truncated at 4 frames. The ends are reflected."""
    g0, g1, g2, g3, g4 = GAUSS
    frames = len(x)
    # One view for each lag: indices that cannot be negative allow vector instructions.
    a, b, c, d, e, f, g, h, i, y = x, x[1:], x[2:], x[3:], x[4:], x[5:], x[6:], x[7:], x[8:], out[4:]
    for t in range(frames - 8):
        y[t] = g0 * e[t] + g1 * (d[t] + f[t]) + g2 * (c[t] + g[t]) + g3 * (b[t] + h[t]) + g4 * (a[t] + i[t])
    for end in range(min(8, frames)):
        at = end if end < 4 or frames < 8 else frames - 8 + end
        total = 0.0
        for lag in range(-4, 5):
            source = (at + lag) % (2 * frames)
            total += GAUSS[abs(lag)] * x[source if source < frames else 2 * frames - 1 - source]
        out[at] = total


class Ends(NamedTuple):
    """Filters for the responses at one end, where smoothing reflects the response and not the signal.

    The response at scale number k and at `frames` is `signal[at] @ weights[:, k]`, with `at` modulo the length of FFTs.
    """

    frames: slice
    at: np.ndarray
    weights: np.ndarray  # (len(at), scale, frame)


@lru_cache(maxsize=16)
def ends(scales: tuple[float, ...], precision: int, frames: int) -> tuple[Ends, Ends]:
    """The filters for the first and the last frames of a recording. They are 0 at scale 0."""
    near = min(REACH, frames)
    return _end(scales, precision, frames, slice(0, near)), _end(
        scales, precision, frames, slice(frames - near, frames)
    )


def _end(scales: tuple[float, ...], precision: int, frames: int, own: slice) -> Ends:
    """`Ends` for the frames `own`."""
    sources = _reflected(np.arange(own.start, own.stop)[:, None] + np.arange(-REACH, REACH + 1), frames)
    filters = [mexican_hat(scale, precision) if scale else Filter(np.zeros(1), 0) for scale in scales]
    first = min(sources.min() + f.lead + 1 - len(f.weights) for f in filters)
    at = np.arange(first, max(sources.max() + f.lead for f in filters) + 1)
    out = np.zeros((len(at), len(scales), len(sources)))
    for k, (weights, lead) in enumerate(filters):
        for frame, row in enumerate(sources):
            for source, share in zip(row, SMOOTHING, strict=True):
                stop = source + lead + 1 - first
                out[stop - len(weights) : stop, k, frame] += share * weights[::-1]
    return Ends(own, at, out)
