"""Samples brought to other times: straight lines between neighbours, low-passed before where the rate falls.

Times are in seconds and increase; a row is one signal, NaN where it is missing.
"""

from typing import NamedTuple

import numpy as np

from bitbox_xr.kernels.finite import refuse_infinite

__all__ = ["TYPED", "Lowpass", "interpolate", "lowpass", "rounding"]

TYPED = 1e-6  # s; how exactly a caller can be expected to write the length of a gap
# A filter for a rate of f hertz leaves what is slower than .3 f as it is and stops what is faster than f / 2.
# Straight lines take more from frequencies between the two than a steeper filter would save.
PASS, STOP = 0.3, 0.5
ATTENUATION = 64.0  # dB, asked for; 60 are left when each phase is made to sum to one and lines are drawn
DENSE = 8  # filtered samples for each frame of the new rate: the lines between them cost the passband under 0.5 %


class Lowpass(NamedTuple):
    """A zero-phase filter of a row on the regular clock `start + k / rate`, k under `size`."""

    taps: np.ndarray
    up: int  # filtered samples for each of the clock's
    start: float
    rate: float
    size: int

    def __call__(self, times: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Times and values of the filtered row; gaps are bridged by straight lines, ends held."""
        from scipy.signal import upfirdn

        middle = len(self.taps) // 2
        edge = -(-middle // self.up)
        bridged = np.interp(self.start + np.arange(self.size) / self.rate, times, values)
        filtered = upfirdn(self.taps, np.pad(bridged, edge, mode="edge"), up=self.up)
        first, count = edge * self.up + middle, (self.size - 1) * self.up + 1
        return self.start + np.arange(count) / (self.rate * self.up), filtered[first : first + count]


def rounding(times: np.ndarray) -> float:
    """Seconds by which times of this size may differ and be one."""
    return 1e-9 + 4 * float(np.spacing(np.abs(times).max()))


def lowpass(times: np.ndarray, rate: float, fps: float, *, regular: bool) -> Lowpass:
    """The filter that keeps what was sampled `rate` times a second from aliasing at `fps`.

    A Kaiser window's sinc (`scipy.signal.firwin`), half of it down at 0.4 `fps`. Where `times` are not
    regular it works on straight lines sampled eight times as densely as they are.
    """
    from scipy.signal import firwin, kaiserord

    rate, up = (rate, int(np.ceil(DENSE * fps / rate))) if regular else (rate * DENSE, 1)
    size, beta = kaiserord(ATTENUATION, (STOP - PASS) * fps / (rate * up / 2))
    taps = firwin(size | 1, (PASS + STOP) / 2 * fps, window=("kaiser", beta), fs=rate * up)
    for phase in range(up):  # what does not change stays as it is, however large
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
    """`values` `(…, time)` at the times `targets`, by straight lines between the samples that are there.

    NaN where the samples on both sides of a target are more than `longest` seconds apart, and beyond the first
    and the last of them. A target at the time of a sample has its value, to the bit unless `smooth` is given.
    With `flags` a row that holds only 0 and 1 keeps to these: each target has the value of the nearest sample, of two
    equally near ones that of the earlier. ValueError where a value is infinite.

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
    before = np.searchsorted(times, targets, side="right") - 1
    met = times[before] == targets  # before the first, -1 is the last, which is none of these
    inside = (before >= 0) & (before < len(times) - 1)
    near = np.append(np.diff(times) <= longest + TYPED, False)
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
    """`targets`, each moved onto the one of `times` that it is the same as, if there is one."""
    after = np.searchsorted(times, targets).clip(1, max(len(times) - 1, 1))
    around = times[np.stack([after - 1, after]).clip(max=len(times) - 1)]
    apart = np.abs(around - targets)
    nearest = np.where(apart[0] <= apart[1], around[0], around[1])
    return np.where(apart.min(axis=0) <= rounding(times), nearest, targets)
