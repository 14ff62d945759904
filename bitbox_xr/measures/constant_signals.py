"""A note of signals that never change: trackers write such columns, and they have no correlation with anything."""

import numpy as np
import xarray as xr

from bitbox_xr.core.errors import warn
from bitbox_xr.core.lazy import is_lazy
from bitbox_xr.core.types import Array
from bitbox_xr.core.validation import listed
from bitbox_xr.core.variables import SIGNAL
from bitbox_xr.measures.windowing import Pair

__all__ = ["note_constant_signals"]

MAX_NAMED = 8
FIRST_FRAMES = 100


def note_constant_signals(function: str, pair: Pair) -> None:
    """Warn once of all signals of x and y that have one value throughout; dask arrays are not computed for it."""
    sides = {"x": (pair.x, pair.arrays[0])} | ({} if pair.mirrored else {"y": (pair.y, pair.arrays[1])})
    found = {side: names for side, (x, values) in sides.items() if (names := _constant(x, values))}
    if found:
        named = " and ".join(f"{listed(names, most=MAX_NAMED)} of {side}" for side, names in found.items())
        warn(f"{function}(): signals that never change have no correlation (NaN): {named}")


def _constant(x: xr.DataArray, values: Array) -> list[str]:
    """Names of signals that never change in any recording; missing values are not compared."""
    if is_lazy(values) or values.shape[-2] < 2:
        return []
    array = np.asarray(values)
    low, high = _range(array[..., :FIRST_FRAMES, :])
    unchanged = np.flatnonzero(~(low < high))  # nearly all signals change soon
    if not len(unchanged):
        return []
    low, high = _range(array[..., unchanged])
    names: list[str] = x[SIGNAL].values[unchanged[low == high]].astype(str).tolist()
    return names


def _range(array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Smallest and largest value of each signal; NaN, which differs from NaN, for a signal without values."""
    axes = tuple(range(array.ndim - 1))
    return np.fmin.reduce(array, axis=axes), np.fmax.reduce(array, axis=axes)
