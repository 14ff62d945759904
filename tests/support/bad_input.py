"""Recordings for tests of bad input, and `refused()`, which checks the error, its message, and that no file remains."""

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bitbox_xr as bx

from random_recordings import FPS

RNG = np.random.default_rng(0)
DATA = RNG.normal(size=(90, 2))
X = bx.signals(DATA, fps=FPS, names=["AU04", "AU12"])
Y = bx.signals(DATA[::-1].copy(), fps=FPS, names=["AU04", "AU12"])
POSE = bx.signals(RNG.normal(size=(90, 6)), kind="pose", fps=FPS)
BOX = bx.signals(RNG.normal(size=(90, 4)), kind="rectangle", fps=FPS)
FACE = bx.signals(RNG.normal(size=(9, 102)), kind="landmark", fps=FPS)
FAST = xr.DataArray(DATA, {"time": np.arange(90) / 1000, "signal": ["a", "b"]}, ("time", "signal"))
RESULT = bx.imitation(X, Y)
STATS = bx.window_stats(RESULT)
TABLE = pd.DataFrame(DATA)
LARGEST = np.finfo(np.float64).max  # which some programs write for missing values


def unknown():
    """A dask array of unknown length."""
    values = da.from_array(DATA, chunks=(30, 2))
    return values[values[:, 0] > -9]


def bitbox(**changes):
    """A Bitbox dictionary with some entries changed."""
    return {"type": "expression", "data": TABLE, **changes}


def refused(call, error, phrases, folder):
    """Check that `call` raises exactly this error with all phrases in its message, and leaves no file in `folder`."""
    with pytest.raises(error) as caught:
        call()
    assert caught.type is error
    for phrase in phrases:
        assert phrase in str(caught.value)
    assert not list(folder.iterdir())
