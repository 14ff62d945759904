"""Other shapes of a result: its pairs of one label, a tidy table."""

from collections.abc import Hashable

import numpy as np
import pandas as pd
import xarray as xr

from bitbox_xr.core.provenance import as_dataset
from bitbox_xr.core.types import Attrs
from bitbox_xr.core.validation import listed
from bitbox_xr.core.variables import PAIR, SIGNAL1, SIGNAL2, variable_attrs

__all__ = ["below_half", "matched", "selves", "strongest", "to_frame"]

FEW = 0.5  # of the windows of the pair that has most


def matched(result: xr.Dataset) -> xr.Dataset:
    """Only the pairs of one label, signal1 == signal2, along the dimension `pair` in the order of signal1.

    Does the participant's smile follow the model's smile? 79 pairs in place of 6241. `valid1` and `valid2`
    and what else has one of the two dimensions go along. ValueError where the two sides share no label.

    >>> import numpy as np
    >>> from bitbox_xr import imitation, signals
    >>> rng = np.random.default_rng(0)
    >>> x = signals(rng.normal(size=(99, 2)), fps=30, names=["AU12", "AU04"])
    >>> y = signals(rng.normal(size=(99, 3)), fps=30, names=["AU04", "AU06", "AU12"])
    >>> matched(imitation(x, y)).corr.sizes
    Frozen({'window': 12, 'pair': 2})
    """
    absent = [dim for dim in (SIGNAL1, SIGNAL2) if dim not in result.dims]
    if absent:
        raise ValueError(f"matched(): the result has no {' and no '.join(absent)}; that of a measure of two is wanted")
    first, second = (result[dim].values.astype(str).tolist() for dim in (SIGNAL1, SIGNAL2))
    labels = [label for label in first if label in set(second)]
    if not labels:
        sides = f"signal1 ({listed(first)}) and signal2 ({listed(second)})"
        raise ValueError(f"matched(): no label is in both {sides}; take all pairs, or give both the same names")
    rows = xr.DataArray([first.index(label) for label in labels], dims=PAIR)
    columns = xr.DataArray([second.index(label) for label in labels], dims=PAIR)
    picked = result.isel({SIGNAL1: rows, SIGNAL2: columns}).drop_vars([SIGNAL1, SIGNAL2])
    for name in [str(name) for name in picked.coords if PAIR in picked[name].dims]:
        if name.endswith("2") and name[:-1] != PAIR and f"{name[:-1]}1" in picked.coords:
            picked = picked.drop_vars(name).rename({f"{name[:-1]}1": name[:-1]})
    return picked.assign_coords({PAIR: (PAIR, labels, variable_attrs(PAIR))})


def to_frame(data: xr.DataArray | xr.Dataset, dim_order: list[Hashable] | None = None) -> pd.DataFrame:
    """A tidy table: one row a combination of labels, a column a coordinate and a variable.

    `dim_order`: the dimensions, slowest first; by default those of the first variable.

    >>> import numpy as np
    >>> from bitbox_xr import imitation, signals
    >>> x = signals(np.random.default_rng(0).normal(size=(60, 1)), fps=30, names=["AU12"])
    >>> to_frame(imitation(x, x)).loc[0, ["window", "signal1", "signal2", "lag"]].astype(str).tolist()
    ['0.35', 'AU12', 'AU12', '0.0']
    """
    dataset = as_dataset(data, "value") if isinstance(data, xr.DataArray) else data
    widest: list[Hashable] = max(
        (list(v.dims) for v in dataset.data_vars.values()), key=len, default=list(dataset.dims)
    )
    order = dim_order or [*widest, *(dim for dim in dataset.dims if dim not in widest)]
    return dataset.to_dataframe(dim_order=order).reset_index()


def strongest(strength: xr.DataArray, counts: xr.DataArray | None, attrs: Attrs) -> tuple[str, str] | None:
    """The pair of largest `strength` `(signal1, signal2)`, not to rest on a handful of windows; None without any.

    Only pairs count with at least half as many windows (`counts`) as the pair that has most, and of one person
    alone (attribute `alone`) no signal with itself.

    >>> labels = {"signal1": ["AU04", "AU12"], "signal2": ["AU12"]}
    >>> strength, counts = (xr.DataArray([[a], [b]], labels) for a, b in ((0.9, 0.4), (2, 17)))
    >>> strongest(strength, counts, {})
    ('AU12', 'AU12')
    """
    able = strength.notnull().values & ~selves(strength, attrs)
    if counts is not None:
        able &= ~below_half(counts.where(able, 0).values)
    if not able.any():
        return None
    row, column = np.unravel_index(int(np.argmax(np.where(able, strength.values, -1.0))), strength.shape)
    return str(strength[SIGNAL1].values[row]), str(strength[SIGNAL2].values[column])


def selves(values: xr.DataArray, attrs: Attrs) -> np.ndarray:
    """Which pairs are a signal of one person with itself, by which nothing is learnt."""
    same = values[SIGNAL1].values[:, None] == values[SIGNAL2].values
    return np.asarray(same & bool(attrs.get("alone")), bool)


def below_half(counts: np.ndarray) -> np.ndarray:
    """Which pairs have fewer than half as many windows as the pair that has most."""
    return np.asarray(counts < FEW * counts.max(initial=0), bool)
