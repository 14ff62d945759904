"""The clocks of recordings: whether two are one."""

import numpy as np
import xarray as xr

from bitbox_xr import checks, clock
from bitbox_xr.errors import refuse
from bitbox_xr.schemas import TIME

__all__ = ["shared_clock"]


def shared_clock(x: xr.DataArray, y: xr.DataArray) -> tuple[float, int]:
    """Frames per second of two recordings on one clock, and how many frames both have.

    Two clocks are one if they are regular, start together, have one rate, and no shared frame is off by half
    a frame; lengths may differ. ValueError otherwise, with both ranges and rates.

    >>> from bitbox_xr import signals
    >>> shared_clock(signals(np.zeros((90, 1)), fps=30), signals(np.zeros((60, 2)), fps=30))
    (30.0, 60)
    """
    axes = [clock.seconds(a[TIME].values)[0] for a in (x, y)]
    rates = [_rate(axis) for axis in axes]
    refuse(
        "the recordings' time",
        [
            f"{label} is not regular ({checks.irregularity(axis)}); put it on a regular clock with align() or resample()"
            for label, axis, rate in zip("xy", axes, rates, strict=True)
            if rate is None
        ],
    )
    frames = min(len(axis) for axis in axes)
    apart = np.abs(axes[0][:frames] - axes[1][:frames]).max() * max(rate or 0.0 for rate in rates)
    origins = [a.attrs.get("time_origin") for a in (x, y)]
    if apart >= 0.5 or _unlike(*rates) or (all(origins) and origins[0] != origins[1]):
        spans = [
            f"{label}: {axis[0]:g} to {axis[-1]:g} s at {rate:g} frames a second{f', from {origin}' if origin else ''}"
            for label, axis, rate, origin in zip("xy", axes, rates, origins, strict=True)
        ]
        raise ValueError(f"x and y are not on one clock ({'; '.join(spans)}); bring them onto one with align(x, y)")
    return float(rates[0] or np.nan), frames


def _rate(axis: np.ndarray) -> float | None:
    # a single frame has no rate; it is too short for any measure, which says so better than this could
    return clock.regular_rate(axis) if len(axis) > 1 else clock.DEFAULT_FPS


def _unlike(rate1: float | None, rate2: float | None) -> bool:
    """Whether two rates differ that are both customary: 29.97 and 30 part by a frame only after 17 seconds."""
    return rate1 != rate2 and rate1 in clock.CUSTOMARY_FPS and rate2 in clock.CUSTOMARY_FPS
