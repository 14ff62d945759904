"""Types of the public API: what functions accept as signals, and the values of options with a fixed set."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, Union

import numpy as np
import pandas as pd
import xarray as xr

if TYPE_CHECKING:
    import dask.array as da

__all__ = [
    "Array",
    "Attrs",
    "Engine",
    "Kind",
    "MeasureOfTwo",
    "PairsOf",
    "ScalesLike",
    "SignalsLike",
    "Statistic",
    "Surrogates",
]

# Unions with a name in quotes, since dask is not imported here, and which `| None` can be added to.
Array: TypeAlias = Union[np.ndarray, "da.Array"]
Attrs: TypeAlias = Mapping[Any, Any]  # as xarray has them
# What `signals()` takes: `(time, signal)`, with further dimensions where it is labelled.
SignalsLike: TypeAlias = Union[
    xr.DataArray, pd.DataFrame, np.ndarray, "da.Array", Mapping[str, Any], Sequence[Sequence[float]]
]
ScalesLike: TypeAlias = int | Sequence[float] | np.ndarray | None  # s

Kind: TypeAlias = Literal["expression", "landmark", "landmark-can", "pose", "rectangle"]
MeasureOfTwo: TypeAlias = Literal["imitation", "coordination"]
Statistic: TypeAlias = Literal["corr_abs_mean", "corr_mean"]
Surrogates: TypeAlias = Literal["shift", "segments", "phase", "partners"]
PairsOf: TypeAlias = Literal["all", "matched"]
Engine: TypeAlias = Literal["netcdf4", "h5netcdf", "scipy"]
