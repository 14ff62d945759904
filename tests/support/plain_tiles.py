"""Windowed correlation by plain loops over pairs, to compare with the implementation by tiles.

`tiles` takes the arguments of `_tiles` in kernels/correlation/windowed.py and can replace it there.
"""

from types import FunctionType

import numba
import numpy as np

from bitbox_xr.kernels.correlation import windowed
from bitbox_xr.kernels.correlation.ties import beats


@numba.njit(error_model="numpy")
def tiles(tables, steps, slides, group, seconds, gaps, best, lag):
    packed1, packed2, total1, inverse1, mean2, inverse2 = tables
    rows, cols, width, signed, mirrored = steps
    mine, other, number = slides
    padded1, padded2 = total1.shape[2], mean2.shape[0] * cols
    reach1, reach2 = len(packed1) // padded1, len(packed2) // padded2
    for i in range(padded1):
        for j in range(padded2):
            cell, row = i * padded2 + j, 0
            for r in range(group[0], group[1]):
                strongest, found = np.nan, np.nan
                for slid in range(number[r]):
                    a, b = mine[r] + slid, other[r] + slid
                    total = 0.0
                    for k in range(width):
                        u = packed1[(i // rows * reach1 + a + k) * rows + i % rows]
                        v = packed2[(j // cols * reach2 + b + k) * cols + j % cols]
                        total += u * v
                    row1, row2 = (row, row) if gaps else (a, b)
                    total -= total1[0, row1, i] * mean2[j // cols, row2, j % cols]
                    value = total * inverse1[0, row1, i] * inverse2[j // cols, row2, j % cols]
                    strength = value if signed else abs(value)
                    if strength > strongest or strongest != strongest:
                        strongest, found = strength, value
                    row += 1
                if beats(strongest, best[cell] if signed else abs(best[cell])):
                    best[cell], lag[cell] = found, seconds[r]


def best_lags(*arguments, **options):
    """`kernels.correlation.windowed.best_lags` with `tiles` of this module."""
    return _best_lags(*arguments, **options)


def _with(function, **names):
    """A copy of a Python function with some global names replaced."""
    code = getattr(function, "py_func", function)
    made = FunctionType(code.__code__, {**code.__globals__, **names}, code.__name__, code.__defaults__)
    made.__kwdefaults__ = code.__kwdefaults__
    return made


_compiled = numba.njit(nogil=True, error_model="numpy")
_windows = _compiled(
    _with(
        windowed._windows,
        _with_gaps=_compiled(_with(windowed._with_gaps, _tiles=tiles)),
        _without_gaps=_compiled(_with(windowed._without_gaps, _tiles=tiles)),
    )
)
_best_lags = _with(windowed.best_lags, _windows=_windows)
