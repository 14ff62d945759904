"""The part of windowed correlation that runs on tiles, without tiles: plain loops over pairs, for comparison.

`tiles` takes the arguments of `_tiles` in kernels/correlation/windowed.py and can replace it there.
"""

from types import FunctionType

import numba
import numpy as np

from bitbox_xr.kernels.correlation import windowed
from bitbox_xr.kernels.correlation.ties import beats


@numba.njit(error_model="numpy")
def tiles(packed1, packed2, total1, inverse1, mean2, inverse2, steps, first, mine, other, seconds, gaps, best, lag):
    rows, cols, reach1, reach2, width, padded1, padded2, signed, mirrored = steps
    for i in range(padded1):
        for j in range(padded2):
            cell = i * padded2 + j
            for r in range(len(seconds)):
                strongest, found = np.nan, np.nan
                for c in range(first[r], first[r + 1]):
                    a, b = mine[c], other[c]
                    total = 0.0
                    for k in range(width):
                        u = packed1[(i // rows * reach1 + a + k) * rows + i % rows]
                        v = packed2[(j // cols * reach2 + b + k) * cols + j % cols]
                        total += u * v
                    row1, row2 = (c, c) if gaps else (a, b)
                    block1, lane1 = i // total1.shape[2], i % total1.shape[2]
                    total -= total1[block1, row1, lane1] * mean2[j // cols, row2, j % cols]
                    value = total * inverse1[block1, row1, lane1] * inverse2[j // cols, row2, j % cols]
                    strength = value if signed else abs(value)
                    if strength > strongest or strongest != strongest:
                        strongest, found = strength, value
                if beats(strongest, best[cell] if signed else abs(best[cell])):
                    best[cell], lag[cell] = found, seconds[r]


def best_lags(*arguments, **options):
    """`kernels.correlation.windowed.best_lags` with `tiles` of this module."""
    return _best_lags(*arguments, **options)


def _with(function, **names):
    """The Python function with other values of some global names."""
    code = getattr(function, "py_func", function)
    made = FunctionType(code.__code__, {**code.__globals__, **names}, code.__name__, code.__defaults__)
    made.__kwdefaults__ = code.__kwdefaults__
    return made


_windows = numba.njit(nogil=True, error_model="numpy")(_with(windowed._windows, _tiles=tiles))
_best_lags = _with(windowed.best_lags, _windows=_windows)
