"""Brings a partner, a recording of another session, to the frame times of the recording it is compared with."""

from typing import Any

import xarray as xr

from bitbox_xr.core.signal_set import rate
from bitbox_xr.core.variables import TIME
from bitbox_xr.preprocessing.alignment import align

__all__ = ["on_clock_of"]

MAX_TIME_DIFFERENCE = 0.25  # frames


def on_clock_of(x: xr.DataArray, partner: xr.DataArray, **options: Any) -> xr.DataArray:
    """Return the partner at the frame times of `x`, which is itself a result of `align()` with these options.

    Dates are ignored, since the recordings are of different days: the times in seconds from the files are used. Frames
    that the partner lacks are NaN.
    """
    fps = rate(x)
    partner = partner.copy(deep=False)
    partner.attrs.pop("time_origin", None)
    moved = align(x, partner, **{**options, "fps": fps})[1]
    return moved.reindex({TIME: x[TIME].values}, method="nearest", tolerance=MAX_TIME_DIFFERENCE / fps)
