"""Linear interpolation of samples to other times, with a low-pass filter where the rate becomes lower.

Times are in seconds and increase. A row is one signal, with NaN for missing samples.
"""

from typing import NamedTuple

import numpy as np

from bitbox_xr.kernels.finite import refuse_infinite

__all__ = ["GAP_TOLERANCE_S", "Lowpass", "interpolate", "lowpass", "rounding"]

GAP_TOLERANCE_S = 1e-6  # a gap may exceed the allowed length by this much, because callers round lengths
# A filter for a rate of f hertz passes frequencies below 0.3 f and stops those above 0.5 f. Linear interpolation
# attenuates frequencies between the two by more than a steeper filter would save.
PASS, STOP = 0.3, 0.5
ATTENUATION_DB = 64.0  # of the filter design; 60 dB remain after each phase is normalised and after interpolation
OVERSAMPLING = 8  # filtered samples per frame of the new rate; passband loss by interpolation: under 0.5 %


class Lowpass(NamedTuple):
    """A zero-phase filter for rows on the regular time axis `start + k / rate`, for k from 0 to `size` − 1."""

    taps: np.ndarray
    up: int  # filtered samples per sample of the time axis
    start: float
    rate: float
    size: int

    def __call__(self, times: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Times and values of the filtered row. Gaps are interpolated linearly; the end values continue at the ends."""
        from scipy.signal import upfirdn

        middle = len(self.taps) // 2
        edge = -(-middle // self.up)
        bridged = np.interp(self.start + np.arange(self.size) / self.rate, times, values)
        filtered = upfirdn(self.taps, np.pad(bridged, edge, mode="edge"), up=self.up)
        first, count = edge * self.up + middle, (self.size - 1) * self.up + 1
        return self.start + np.arange(count) / (self.rate * self.up), filtered[first : first + count]


def rounding(times: np.ndarray) -> float:
    """Seconds by which two times of this magnitude may differ and still count as equal."""
    return 1e-9 + 4 * float(np.spacing(np.abs(times).max()))


def lowpass(times: np.ndarray, rate: float, fps: float, *, regular: bool) -> Lowpass:
    """The anti-aliasing filter for samples at `rate` per second that will be resampled at `fps`.

    It is a sinc with a Kaiser window (`scipy.signal.firwin`), with half its amplitude at 0.4 `fps`. If `times` are not
    regular, the filter is applied to linearly interpolated samples at eight times `rate`.
    """
    from scipy.signal import firwin, kaiserord

    rate, up = (rate, int(np.ceil(OVERSAMPLING * fps / rate))) if regular else (rate * OVERSAMPLING, 1)
    size, beta = kaiserord(ATTENUATION_DB, (STOP - PASS) * fps / (rate * up / 2))
    taps = firwin(size | 1, (PASS + STOP) / 2 * fps, window=("kaiser", beta), fs=rate * up)
    for phase in range(up):  # constant signals stay exactly constant
        taps[phase::up] /= taps[phase::up].sum()
    frames = int(np.floor((times[-1] - times[0] + rounding(times)) * rate)) + 1
    return Lowpass(taps, up, float(times[0]), rate, frames)


def interpolate(
    values: np.ndarray,
    times: np.ndarray,
    targets: np.ndarray,
    longest: float,
    smooth: Lowpass | None = None,
    flags: bool = False,
) -> np.ndarray:
    """Interpolate `values` `(…, time)` linearly at the times `targets`, between the samples that are present.

    A target is NaN if the samples on its two sides are more than `longest` seconds apart, or if it lies before the
    first or after the last sample. A target at the time of a sample gets exactly its value, unless `smooth` is given.
    With `flags`, a row that holds only 0 and 1 stays so: each target gets the value of the nearest sample, and of the
    earlier one if two are equally near. Raises ValueError if a value is infinite.

    >>> interpolate(np.array([0.0, 1, np.nan, 3, np.nan, np.nan]), np.arange(6.0), np.array([0.5, 1, 2, 4]), 1.5)
    array([0.5, 1. , nan, nan])
    >>> interpolate(np.array([0.0, 1, np.nan, 3, np.nan, np.nan]), np.arange(6.0), np.array([0.5, 1, 2, 4]), 2.0)
    array([0.5, 1. , 2. , nan])
    """
    targets = _meeting(targets, times)
    out = np.full((*values.shape[:-1], len(targets)), np.nan, values.dtype)
    for row in np.ndindex(values.shape[:-1]):
        present = ~np.isnan(values[row])
        known, own = times[present], values[row][present].astype(np.float64)
        refuse_infinite(own)
        if len(known):
            nearest = flags and bool(np.isin(own, (0, 1)).all())
            out[row] = _row(known, own, targets, longest, smooth, nearest)
    return out


def _row(
    times: np.ndarray,
    values: np.ndarray,
    targets: np.ndarray,
    longest: float,
    smooth: Lowpass | None,
    nearest: bool,
) -> np.ndarray:
    """`interpolate` for one row, whose missing samples are left out."""
    before = np.searchsorted(times, targets, side="right") - 1
    met = times[before] == targets  # targets before the first sample have index -1, the last sample, which never equals
    inside = (before >= 0) & (before < len(times) - 1)
    near = np.append(np.diff(times) <= longest + GAP_TOLERANCE_S, False)
    if nearest:
        after = (before + 1).clip(max=len(times) - 1)
        later = times[after] - targets + rounding(times) < targets - times[before]
        out = values[np.where(later, after, before)]
    else:
        out = np.interp(targets, *((times, values) if smooth is None else smooth(times, values)))
    if smooth is None:
        out[met] = values[before[met]]
    return np.where(met | (inside & near[before]), out, np.nan)


def _meeting(targets: np.ndarray, times: np.ndarray) -> np.ndarray:
    """`targets`, each replaced by the element of `times` that equals it but for rounding, if there is one."""
    after = np.searchsorted(times, targets).clip(1, max(len(times) - 1, 1))
    around = times[np.stack([after - 1, after]).clip(max=len(times) - 1)]
    apart = np.abs(around - targets)
    nearest = np.where(apart[0] <= apart[1], around[0], around[1])
    return np.where(apart.min(axis=0) <= rounding(times), nearest, targets)
