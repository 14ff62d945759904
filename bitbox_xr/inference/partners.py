"""A partner of another session on the clock of the recording that it is compared with."""

from typing import Any

import xarray as xr

from bitbox_xr.core.signal_set import rate
from bitbox_xr.core.variables import TIME
from bitbox_xr.preprocessing.alignment import align

__all__ = ["on_clock_of"]

NEAR = 0.25  # frames


def on_clock_of(x: xr.DataArray, partner: xr.DataArray, **options: Any) -> xr.DataArray:
    """A partner at the times of `x`, which itself is the result of an `align()` with these options.

    Dates say nothing between recordings of different days: seconds count, as their files have them. What the partner
    lacks at these times is missing.
    """
    fps = rate(x)
    partner = partner.copy(deep=False)
    partner.attrs.pop("time_origin", None)
    moved = align(x, partner, **{**options, "fps": fps})[1]
    return moved.reindex({TIME: x[TIME].values}, method="nearest", tolerance=NEAR / fps)
