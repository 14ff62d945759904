"""Smoothing and removal of slow trends, with missing frames left out.

Both filters look at the frames around each frame. The result of a frame is missing if less than half of what the filter
looks at is present: half of the weight of the Gaussian, or half of the frames of the running median. At the ends of a
recording the frames beyond the end count as missing, which leaves at least half.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd
import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.lazy import is_lazy
from bitbox_xr.core.provenance import append_history
from bitbox_xr.core.signal_set import as_signals, rate
from bitbox_xr.core.types import Array, SignalsLike
from bitbox_xr.core.validation import time_faults
from bitbox_xr.core.variables import TIME
from bitbox_xr.kernels.finite import refuse_infinite

if TYPE_CHECKING:
    import dask.array as da

__all__ = ["detrend", "smooth"]

SIGMAS_PER_WIDTH = 1 / np.sqrt(8 * np.log(2))  # standard deviation of a Gaussian of full width at half maximum 1
TRUNCATE_SIGMAS = 4.0  # the Gaussian ends here
MIN_PRESENT_WEIGHT = 0.5 - 1e-9  # half, and what rounding takes from it


def smooth(x: SignalsLike, width: float) -> xr.DataArray:
    """Smooth each signal by a Gaussian, over the frames that are present.

    Use it to remove the noise of a tracker from single frames before you plot or before you search for extremes. The
    measures of this package do not need it: windowed correlation averages over a window, and `expressivity` smooths by
    itself.

    Parameters
    ----------
    x
        Signals `(…, time, signal)` with regular times.
    width
        Full width of the Gaussian at half of its maximum, s. Its standard deviation is width / 2.355.

    Returns
    -------
    DataArray
        `(…, time, signal)`, the weighted mean of the frames around each frame. A frame is NaN if less than half of the
        weight is on frames that are present. A lost frame with enough frames around it therefore gets a value.
        Coordinates, attributes and dtype are kept, dask arrays stay lazy, and the attribute `history` records the step.

    Raises
    ------
    ValueError
        If the input is not valid, its times are not regular, or `width` is shorter than a frame or longer than the
        recording.

    Notes
    -----
    With g(k) = exp(−k² / 2σ²), σ = width · fps / 2.355 and p = 1 at frames that are present, the result at frame t is
    Σ g(k) p(t + k) x(t + k) / Σ g(k) p(t + k), over |k| ≤ 4σ.

    Examples
    --------
    >>> from bitbox_xr import signals
    >>> x = signals(np.array([[0.0, 0, 0, np.nan, 3, 0, 0, np.nan, np.nan, np.nan, np.nan]]).T, fps=10)
    >>> smooth(x, 0.2).values[:, 0].round(2)
    array([0.  , 0.  , 0.12, 1.33, 1.84, 0.75, 0.12,  nan,  nan,  nan,  nan])
    """
    x, fps = _checked("smooth()", x, width, least_frames=1)
    sigma = SIGMAS_PER_WIDTH * width * fps
    reach = int(TRUNCATE_SIGMAS * sigma + 0.5)  # as scipy.ndimage has it
    smoothed = x.copy(data=_along_time(partial(_gaussian, sigma=sigma), x.data, reach))
    return append_history(smoothed, {"function": "smooth", "width": float(width)})


def detrend(x: SignalsLike, width: float) -> xr.DataArray:
    """Subtract from each signal its running median, which removes drift and slow changes of the level.

    Use it for signals whose resting level moves, because of fatigue, habituation, or a head that slowly turns. Choose a
    width several times longer than the longest expression (30 to 60 s for faces); a shorter one removes expressions.

    Parameters
    ----------
    x
        Signals `(…, time, signal)` with regular times.
    width
        Length of the time around each frame over which the median is taken, s.

    Returns
    -------
    DataArray
        `(…, time, signal)`, each value minus the median of the values that are present within ±width / 2. A frame is
        NaN if it is missing, or if fewer than half of the frames within ±width / 2 are present. Coordinates, attributes
        and dtype are kept, dask arrays stay lazy, and the attribute `history` records the step.

    Raises
    ------
    ValueError
        If the input is not valid, its times are not regular, or `width` is shorter than three frames or longer than the
        recording.

    Examples
    --------
    >>> from bitbox_xr import signals
    >>> drift = 0.1 * np.arange(60.0)
    >>> smile = np.where(np.arange(60) == 30, 5.0, 0.0)
    >>> detrend(signals((drift + smile)[:, None], fps=10), 2).values[28:33, 0].round(2)
    array([ 0. ,  0. ,  4.9, -0.1, -0.1])
    """
    x, fps = _checked("detrend()", x, width, least_frames=3)
    half = int(width * fps / 2 + 1e-9)
    levelled = x.copy(data=_along_time(partial(_minus_median, half=half), x.data, half))
    return append_history(levelled, {"function": "detrend", "width": float(width)})


def _checked(function: str, x: SignalsLike, width: float, least_frames: int) -> tuple[xr.DataArray, float]:
    """The signals, and their frames per second."""
    faults = time_faults("width", width)
    try:
        x = as_signals(x)
        fps = rate(x)
    except ValueError as error:
        refuse(function, [*faults, str(error)])
        raise
    refuse(function, faults)
    frames = x.sizes[TIME]
    if not least_frames <= width * fps * (1 + 1e-9) or width * fps > frames * (1 + 1e-9):
        raise ValueError(
            f"{function}: expected width to be from {least_frames / fps:g} to {frames / fps:g} s ({least_frames} to "
            f"{frames} frames, the recording), got {width:g} s"
        )
    return x, fps


def _along_time(call: Callable[[np.ndarray], np.ndarray], data: Array, reach: int) -> Array:
    """Apply a filter that depends on `reach` frames on each side, to `(…, time, signal)`."""
    if not is_lazy(data):
        return call(np.asarray(data))
    lazy, axis = cast("da.Array", data), data.ndim - 2
    import dask.array as da

    if reach >= lazy.shape[axis]:  # the overlap may not be longer than the recording
        lazy, reach = lazy.rechunk({axis: -1}), 0
    result: da.Array = da.map_overlap(
        call, lazy, depth={axis: reach}, boundary="none", dtype=lazy.dtype,
        meta=np.empty((0,) * lazy.ndim, lazy.dtype),
    )  # fmt: skip
    return result


def _gaussian(values: np.ndarray, sigma: float) -> np.ndarray:
    from scipy.ndimage import gaussian_filter1d

    wide = values.astype(np.float64)
    refuse_infinite(wide)
    present = ~np.isnan(wide)
    weighted = partial(gaussian_filter1d, sigma=sigma, axis=-2, mode="constant", truncate=TRUNCATE_SIGMAS)
    weight = weighted(present.astype(np.float64))
    total = weighted(np.where(present, wide, 0.0))
    enough = weight >= MIN_PRESENT_WEIGHT
    result: np.ndarray = np.divide(total, weight, out=np.full(values.shape, np.nan), where=enough)
    return result.astype(values.dtype)


def _minus_median(values: np.ndarray, half: int) -> np.ndarray:
    columns = np.moveaxis(values.astype(np.float64), -2, 0)
    refuse_infinite(columns)
    table = pd.DataFrame(columns.reshape(len(columns), -1))
    median = table.rolling(2 * half + 1, center=True, min_periods=half + 1).median().to_numpy()
    result: np.ndarray = columns - median.reshape(columns.shape)
    return np.moveaxis(result, 0, -2).astype(values.dtype)
