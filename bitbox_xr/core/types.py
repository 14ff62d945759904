"""Types of the public API: what functions accept as signals and times, and options with a fixed set of values."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, Union

import numpy as np
import pandas as pd
import xarray as xr

if TYPE_CHECKING:
    import dask.array as da

__all__ = [
    "Array",
    "Attrs",
    "CohortMeasure",
    "Engine",
    "EventSurrogates",
    "Kind",
    "MeasureOfTwo",
    "NoiseLike",
    "PValue",
    "PairsOf",
    "ScalesLike",
    "SignalsLike",
    "Statistic",
    "Surrogates",
    "TimesLike",
]

# `Union` instead of `|`, because dask is not imported here and its types are in quotes.
Array: TypeAlias = Union[np.ndarray, "da.Array"]
Attrs: TypeAlias = Mapping[Any, Any]  # the type that xarray gives attributes
# Input of `signals()` and of the measures: `(time, signal)`, a DataArray also with further dimensions.
SignalsLike: TypeAlias = Union[
    xr.DataArray, pd.DataFrame, np.ndarray, "da.Array", Mapping[str, Any], Sequence[Sequence[float]]
]
TimesLike: TypeAlias = np.ndarray | xr.DataArray | pd.Index | pd.Series | Sequence[float | datetime | timedelta]
ScalesLike: TypeAlias = int | Sequence[float] | np.ndarray | None  # s
NoiseLike: TypeAlias = xr.DataArray | Mapping[str, str] | None  # a recording at rest, or {coordinate: label}

Kind: TypeAlias = Literal[
    "expression", "landmark", "landmark-can", "pose", "rectangle", "emotion", "gaze", "motion-energy"
]
MeasureOfTwo: TypeAlias = Literal["imitation", "coordination"]
Statistic: TypeAlias = Literal["corr_abs_mean", "corr_mean"]
Surrogates: TypeAlias = Literal["shift", "permute", "segments", "phase", "partners"]
EventSurrogates: TypeAlias = Literal["shift", "permute", "partners"]
PairsOf: TypeAlias = Literal["all", "matched"]
Engine: TypeAlias = Literal["netcdf4", "h5netcdf", "scipy"]
CohortMeasure: TypeAlias = Literal[
    "imitation", "coordination", "expressivity", "diversity", "contingency", "significance", "quality"
]
PValue: TypeAlias = Literal["p", "p_fwe", "q"]
