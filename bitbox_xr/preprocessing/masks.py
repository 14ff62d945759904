"""Masks: frames, or regions of the face in them, whose values are not behaviour of interest."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.provenance import append_history
from bitbox_xr.core.signal_set import as_signals
from bitbox_xr.core.types import SignalsLike
from bitbox_xr.core.validation import listed
from bitbox_xr.core.variables import MASKED, REGION, SIGNAL, TIME, variable_attrs
from bitbox_xr.preprocessing.interval_tables import TOLERANCE_S, IntervalsLike, Table, checked_table

__all__ = ["mask"]


def mask(
    x: SignalsLike,
    intervals: IntervalsLike | None = None,
    *,
    labels: str | Sequence[str] | None = None,
    regions: str | Sequence[str] | None = None,
    where: xr.DataArray | None = None,
) -> xr.DataArray:
    """Set frames to missing (NaN), in all signals or in those of some regions: speech, turned heads, occlusions.

    Measures treat masked values as missing. Use it after `resample`, `align` and `fill_gaps`, which interpolate.

    Parameters
    ----------
    x
        Signals `(…, time, signal)`.
    intervals
        Intervals to mask: what `open_intervals` returns, or a DataFrame with `onset`, `offset` or `duration` (s) and
        `label`. They may overlap. Frames with onset ≤ time < offset, to 1e-6 s, are masked.
    labels
        Mask only the intervals with these labels. Default: all.
    regions
        Mask only signals of these regions (coordinate `region`), such as "mouth" while a person speaks. Default: all
        signals.
    where
        True where values are masked: a boolean DataArray with `time` and any other dimensions of x, for example
        `abs(pose.sel(signal="Ry")) > 0.5`. With `intervals`, the frames of both are masked.

    Returns
    -------
    DataArray
        `x` with masked values NaN, and a coordinate `masked` `(…, time)`: whether values of the frame were masked.
        The attribute `masked_frames` counts these frames, apart from `lost_frames`, which had no values before; for
        dask arrays, neither is counted, and `masked` is lazy too. The attribute `history` records the step.

    Raises
    ------
    ValueError
        If nothing to mask is given, labels or regions are unknown, or `where` does not match x. All problems are
        reported at once.
    TypeError
        If `intervals` is not a table, or `where` not a boolean DataArray.

    Examples
    --------
    >>> import pandas as pd
    >>> from bitbox_xr import signals
    >>> x = signals(np.ones((5, 2)), fps=1, names=["AU04", "AU12"])
    >>> speech = pd.DataFrame({"onset": [1], "offset": [3], "label": ["speech"]})
    >>> masked = mask(x, speech, regions="mouth")
    >>> masked.sel(signal="AU12").values, masked.attrs["masked_frames"]
    (array([ 1., nan, nan,  1.,  1.]), 2)
    """
    x = as_signals(x)
    chosen_signals, faults = _signals_of(x, regions)
    table, more = (None, []) if intervals is None else checked_table(intervals)
    names = _as_list(labels)
    faults += more + _choice_faults(x, table, names, where)
    refuse("mask()", faults)
    chosen = xr.DataArray(np.zeros(x.sizes[TIME], bool), dims=TIME)
    if table is not None:
        table = table if names is None else table.with_labels(names)
        chosen = chosen | xr.DataArray(_within(table, x[TIME].values), dims=TIME)
    if where is not None:
        chosen = chosen | where.reset_coords(drop=True).drop_vars([*where.indexes])
    chosen = chosen & xr.DataArray(chosen_signals, dims=SIGNAL)
    taken = chosen & x.notnull().reset_coords(drop=True).drop_vars([*x.indexes])
    frames = taken.any(SIGNAL).transpose(..., TIME)
    if MASKED in x.coords:
        frames = frames | x[MASKED].variable
    out = x.where(~chosen).transpose(*x.dims)
    out = out.assign_coords({MASKED: (frames.dims, frames.data, variable_attrs(MASKED))})
    step: dict[str, str | int | float] = {"function": "mask", "where": int(where is not None)}
    step |= {"intervals": 0 if table is None else len(table.rows)}
    given = {"labels": names, "regions": _as_list(regions)}
    return append_history(out, step | {name: ", ".join(value) for name, value in given.items() if value is not None})


def _within(table: Table, times: np.ndarray) -> np.ndarray:
    """Whether each time lies in any of the intervals, which may overlap."""
    starts, stops = (np.searchsorted(times, edges - TOLERANCE_S) for edges in (table.onsets, table.offsets))
    inside = np.zeros(len(times), bool)
    for start, stop in zip(starts, stops, strict=True):
        inside[start:stop] = True
    return inside


# --- checks


def _as_list(value: str | Sequence[str] | None) -> list[str] | None:
    return None if value is None else [value] if isinstance(value, str) else [str(one) for one in value]


def _signals_of(x: xr.DataArray, regions: str | Sequence[str] | None) -> tuple[np.ndarray, list[str]]:
    """Which signals are of these regions, and the faults of the option."""
    names = _as_list(regions)
    if names is None:
        return np.ones(x.sizes[SIGNAL], bool), []
    if REGION not in x.coords or x[REGION].dims != (SIGNAL,):
        got = "none; the names of these signals have no known regions, use where="
        return np.zeros(x.sizes[SIGNAL], bool), [f"expected x to have a coordinate region along signal, got {got}"]
    known = x[REGION].values.astype(str)
    unknown = [name for name in names if name not in known]
    faults = [f"expected regions of x ({listed(dict.fromkeys(known))}), got {listed(unknown)}"] if unknown else []
    return np.isin(known, names), faults


def _choice_faults(
    x: xr.DataArray, table: Table | None, labels: list[str] | None, where: xr.DataArray | None
) -> list[str]:
    faults = []
    if table is None and where is None:
        faults.append("expected intervals or where=…, got neither; where=x.condition == 'speech' takes x's own labels")
    if labels is not None and table is None:
        faults.append("expected intervals with labels=…, got none; where=x.condition == 'speech' takes x's own labels")
    elif labels is not None and table is not None:
        unknown = [name for name in labels if name not in table.labels]
        known = listed(dict.fromkeys(table.labels.tolist())) or "none"
        faults += [f"expected labels of the intervals ({known}), got {listed(unknown)}"] if unknown else []
    return faults + ([] if where is None else _where_faults(x, where))


def _where_faults(x: xr.DataArray, where: object) -> list[str]:
    if not isinstance(where, xr.DataArray) or where.dtype != bool:
        got = f"{where.dtype}" if isinstance(where, xr.DataArray) else f"a {type(where).__name__}"
        raise TypeError(f"mask(): expected where to be a DataArray of True and False, got {got}; compare, as in x > 1")
    if TIME not in where.dims or not set(where.dims) <= set(x.dims):
        expected = f"dimensions of x ({listed(x.dims)}), with time"
        return [f"expected where to have {expected}, got {listed(where.dims) or 'none'}; select what is too much"]
    unlike = [str(dim) for dim in where.dims if not _same_labels(x, where, str(dim))]
    remedy = "align(), resample() or .sel()"
    return (
        [f"expected where to have the labels of x along {listed(unlike)}, got others; see {remedy}"] if unlike else []
    )


def _same_labels(x: xr.DataArray, where: xr.DataArray, dim: str) -> bool:
    if x.sizes[dim] != where.sizes[dim]:
        return False
    if dim not in x.indexes or dim not in where.indexes:
        return True
    if dim == TIME:
        return bool(np.abs(x[TIME].values - where[TIME].values).max() <= TOLERANCE_S)
    return bool(x.indexes[dim].equals(where.indexes[dim]))
