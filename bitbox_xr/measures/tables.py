"""Tidy tables of results, with the units of their columns."""

from collections.abc import Hashable

import pandas as pd
import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.provenance import as_dataset
from bitbox_xr.core.validation import flag_faults
from bitbox_xr.core.variables import METRIC

__all__ = ["to_frame"]


def to_frame(
    data: xr.DataArray | xr.Dataset, dim_order: list[Hashable] | None = None, *, long: bool = False
) -> pd.DataFrame:
    """Make a tidy table: one row for each combination of labels, one column for each coordinate and variable.

    Coordinates come first: of an activation its time, scale and coefficient, of a signal its region.

    Parameters
    ----------
    data
        A result, or signals. A result for one pair, without dimensions, becomes one row.
    dim_order
        Order of the dimensions, the one that changes most slowly first. Default: the order of the variable with most
        dimensions.
    long
        True: one row for each metric of `expressivity`. False: one column for each metric, so that there is one row for
        each scale and coefficient.

    Returns
    -------
    DataFrame
        Its attribute `attrs["units"]` is a dictionary with the units of the columns that have units.

    Examples
    --------
    >>> import numpy as np
    >>> from bitbox_xr import expressivity, signals
    >>> smile = np.exp(-((np.arange(300) / 30 - 4) ** 2) / 0.125)
    >>> table = to_frame(expressivity(signals(smile[:, None], fps=30, names=["AU12"]), scales=[1, 2]))
    >>> table[["scale", "coefficient", "frequency", "max"]].round(2)
       scale coefficient  frequency   max
    0    1.0        AU12        1.0  0.99
    1    2.0        AU12        1.0  1.00
    >>> table.attrs["units"]["eligible_time"]
    's'
    """
    refuse("to_frame()", flag_faults("long", long))
    dataset = as_dataset(data, "value") if isinstance(data, xr.DataArray) else data
    if METRIC in dataset.dims and not long:
        dataset = _metrics_as_variables(dataset)
    if dataset.dims:
        widest: list[Hashable] = max((list(v.dims) for v in dataset.data_vars.values()), key=len, default=[])
        order = dim_order or [*widest, *(dim for dim in dataset.dims if dim not in widest)]
        table = dataset.to_dataframe(dim_order=order).reset_index()
        labels = [name for name in table.columns if name in dataset.coords or name in dataset.dims]
        table = table[[*labels, *(name for name in table.columns if name not in labels)]]
    else:
        table = pd.DataFrame({name: [variable.values.item()] for name, variable in dataset.variables.items()})
    units = {name: dataset[name].attrs.get("units") for name in table.columns if name in dataset.variables}
    table.attrs["units"] = {str(name): unit for name, unit in units.items() if unit is not None}
    return table


def _metrics_as_variables(dataset: xr.Dataset) -> xr.Dataset:
    """The dataset with a variable for each metric, which is called after it, instead of the dimension of metrics."""
    cubes = {name: variable for name, variable in dataset.data_vars.items() if METRIC in variable.dims}
    units = dataset["unit"].values.tolist() if "unit" in dataset.coords else [None] * dataset.sizes[METRIC]
    parts: dict[Hashable, xr.DataArray] = {}
    for cube, values in cubes.items():
        for k, (metric, unit) in enumerate(zip(dataset[METRIC].values.tolist(), units, strict=True)):
            clear = len(cubes) == 1 and metric not in dataset.variables
            part = values.isel({METRIC: k}, drop=True).drop_vars("unit", errors="ignore")
            attrs = {**values.attrs, **({} if unit is None else {"units": str(unit)})}
            parts[metric if clear else f"{cube}_{metric}"] = part.drop_attrs().assign_attrs(attrs)
    others = dataset.drop_dims(METRIC)
    return xr.Dataset({**parts, **others.data_vars}, others.coords, dataset.attrs)
