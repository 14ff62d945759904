"""Types of the inputs of Bitbox's functions."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

__all__ = ["Dictionary", "PerPoint", "ScalesLike", "TableLike"]

Dictionary: TypeAlias = Mapping[str, Any]  # with the keys type, data and, for some types, dimension and backend
TableLike: TypeAlias = Dictionary | pd.DataFrame | np.ndarray
ScalesLike: TypeAlias = int | float | Sequence[float] | np.ndarray | None  # s
PerPoint: TypeAlias = np.ndarray | np.float64  # one value for each landmark; a single one for poses and rectangles
