"""Interpolation of short gaps in a recording."""

import numpy as np
import xarray as xr

from bitbox_xr.core.provenance import append_history
from bitbox_xr.core.types import SignalsLike
from bitbox_xr.core.variables import TIME
from bitbox_xr.kernels.interpolation import GAP_TOLERANCE_S
from bitbox_xr.preprocessing.resampling import checked_recordings, interpolated, max_gap_faults

__all__ = ["fill_gaps"]


def fill_gaps(x: SignalsLike, *, max_gap: float) -> xr.DataArray:
    """Fill the short gaps of each signal by linear interpolation; frame times stay as they are.

    A gap is a run of missing values of one signal. Gaps before the first and after the last value are not filled.

    Parameters
    ----------
    x
        Signals `(…, time, signal)`, missing values NaN. Frames without a row are not added: see `resample`.
    max_gap
        Longest gap to fill, in seconds from the last frame before it to the first frame after it: n missing frames
        are a gap of (n + 1) / fps.

    Returns
    -------
    DataArray
        `(…, time, signal)`, with coordinates, attributes, dtype and laziness as in `align`.

    Raises
    ------
    ValueError
        If the input is not valid (the message lists all faults), or if `max_gap` is too short for a single missing
        frame.

    Examples
    --------
    >>> from bitbox_xr import signals
    >>> x = signals(np.array([[0.0, np.nan, 2.0, np.nan, np.nan, 5.0, np.nan]]).T, fps=10)
    >>> fill_gaps(x, max_gap=0.2).values[:, 0]
    array([ 0.,  1.,  2., nan, nan,  5., nan])
    """
    faults = max_gap_faults(max_gap)
    if max_gap is None:
        faults = ["expected max_gap to be a positive number of seconds, got None"]
    ((x, own),) = checked_recordings("fill_gaps()", faults, {"x": x})
    shortest = float((own.times[2:] - own.times[:-2]).min()) if len(own.times) > 2 else 0.0
    if max_gap < shortest - GAP_TOLERANCE_S:
        raise ValueError(
            f"fill_gaps(): expected max_gap to be at least {shortest:g} s, the gap that one missing frame leaves, got "
            f"{max_gap:g} s"
        )
    filled = interpolated(x, own.times, own.times, max_gap)
    filled = filled.assign_coords({name: c for name, c in x.coords.items() if TIME in c.dims})
    bridged = float(max_gap) if np.isfinite(max_gap) else "inf"  # JSON has no infinity
    return append_history(filled, {"function": "fill_gaps", "max_gap": bridged})
