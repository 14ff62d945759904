"""What describes the data behind a result: the order and duration of conditions, valid and masked shares, windows.

The files of recordings and the summaries have these variables too. A model needs them as covariates or weights.
"""

from collections.abc import Mapping, Sequence
from inspect import signature
from typing import Any

import numpy as np
import xarray as xr

from bitbox_xr.cohort.inputs import Side
from bitbox_xr.cohort.options import Plan
from bitbox_xr.core.errors import collected_warnings
from bitbox_xr.core.signal_set import rate
from bitbox_xr.core.variables import COEFFICIENT, PAIR, SIGNAL, SIGNAL1, SIGNAL2, TIME, variable_attrs
from bitbox_xr.measures import social
from bitbox_xr.measures.results import matched
from bitbox_xr.preprocessing.intervals import labels_of, stretches

__all__ = ["DESCRIPTION", "described", "with_window_counts"]

DESCRIPTION = ("order", "duration", "valid_share", "masked_share")  # variables of every measure
WINDOWS = "n_windows"


def described(result: xr.Dataset, plan: Plan, sides: Sequence[Side]) -> xr.Dataset:
    """A result with the variables that describe its data, those that it has itself excepted.

    - `duration` (s): frames divided by frames per second; with `by`, of each label
    - `order`, with `by`: 1 for the label that comes first in the recording, 2 for the next
    - `valid_share`: share of frames at which the signal, or both signals of the pair, are present
    - `masked_share`: share of frames at which the signal, or one signal of the pair, was masked
    """
    by = plan.reading.by if plan.reading.by in result.dims else None
    frames = min(side.x.sizes[TIME] for side in sides)
    labels, members = _members(by, sides, frames)
    fps = rate(sides[0].x)
    dims, coords = ((by,), {by: labels}) if by is not None else ((), {})
    found = {"duration": (dims, _by_label(members.sum(axis=1) / fps, by))}
    if by is not None:
        found["order"] = (dims, np.arange(1, len(labels) + 1))
    out = xr.Dataset(found, coords)
    present = [_present(side.x, frames) for side in sides]
    unmasked = [_unmasked(side, frames) for side in sides]
    out["valid_share"] = _shares(result, by, labels, members, sides, present)
    out["masked_share"] = 1 - _shares(result, by, labels, members, sides, unmasked)
    for name in DESCRIPTION:
        if name in out:
            out[name].attrs = variable_attrs(name)
    out = out.reindex({dim: result[dim].values for dim in out.dims})
    # without coordinates, which would replace those of the result and their attributes
    result = result.assign({name: out[name].variable for name in out.data_vars if name not in result})
    return result.assign_coords(_of_intervals(by, labels)) if by is not None and plan.reading.each_interval else result


def with_window_counts(result: xr.Dataset, signals: Sequence[xr.DataArray], options: Mapping[str, Any]) -> xr.Dataset:
    """A test of a measure over windows with `n_windows`, the number of windows of each pair with a correlation."""
    if "width" not in options or WINDOWS in result:
        return result
    measure = getattr(social, options["measure"])
    known = {name: value for name, value in options.items() if name in signature(measure).parameters}
    if PAIR in result.dims:
        signals = [x.sel({SIGNAL: result[PAIR].values}) for x in signals]
    with collected_warnings():  # the test gave them
        counts = measure(*signals, stats=True, **known)[[WINDOWS]]
    counts = matched(counts) if PAIR in result.dims else counts
    labels = {dim: result[dim].values for dim in counts.dims}
    return result.assign({WINDOWS: counts[WINDOWS].reindex(labels).variable})


def _of_intervals(by: str, labels: Sequence[str]) -> dict[str, xr.Variable]:
    """Label and number of each interval: "task 2" is the second interval of "task"."""
    names, numbers = zip(*(label.rsplit(" ", 1) for label in labels), strict=True)
    return {
        f"{by}_label": xr.Variable(by, list(names), {"long_name": f"{by}: label of the interval"}),
        f"{by}_number": xr.Variable(by, [*map(int, numbers)], {"long_name": f"{by}: number of the interval"}),
    }


def _members(by: str | None, sides: Sequence[Side], frames: int) -> tuple[list[str], np.ndarray]:
    """The labels, and which frames belong to each `(label, time)`; without `by`, all frames belong to one."""
    if by is None:
        return [], np.ones((1, frames), bool)
    found = stretches(by, *(side.x for side in sides), frames=frames)
    labels = labels_of(found)
    members = np.zeros((len(labels), frames), bool)
    for one in found:
        members[labels.index(one.label), one.start : one.stop] = True
    return labels, members


def _by_label(values: np.ndarray, by: str | None) -> np.ndarray:
    """Values of all labels, or the only one."""
    picked: np.ndarray = values if by is not None else values[0]
    return picked


def _present(x: xr.DataArray, frames: int) -> np.ndarray:
    """Which values are present `(time, signal)`."""
    own: np.ndarray = x.isel({TIME: slice(frames)}).transpose(TIME, SIGNAL).notnull().values
    return own


def _unmasked(side: Side, frames: int) -> np.ndarray:
    """Which values are not masked `(time, signal)`."""
    if side.masked is None:
        return np.ones((frames, side.x.sizes[SIGNAL]), bool)
    own: np.ndarray = ~side.masked.isel({TIME: slice(frames)}).transpose(TIME, SIGNAL).values
    return own


def _shares(
    result: xr.Dataset,
    by: str | None,
    labels: Sequence[str],
    members: np.ndarray,
    sides: Sequence[Side],
    flags: Sequence[np.ndarray],
) -> xr.DataArray:
    """Share of the frames of each label at which the signals of both people, or the signal, have the flag."""
    number = members.sum(axis=1)
    flags = [one.astype(np.float32) for one in flags]
    dims: tuple[str, ...] = (SIGNAL1, SIGNAL2)
    names = [sides[0].x[SIGNAL].values, sides[-1].x[SIGNAL].values]
    if {SIGNAL1, SIGNAL2} <= {*result.dims} or PAIR in result.dims:
        counts = np.stack([flags[0][own].T @ flags[-1][own] for own in members])
    else:
        counts = np.stack([flags[0][own].sum(axis=0) for own in members])
        dims, names = (COEFFICIENT if COEFFICIENT in result.dims else SIGNAL,), names[:1]
    values = counts.astype(np.float64) / number.reshape(-1, *(1 for _ in dims))
    coords = dict(zip(dims, names, strict=True)) | ({by: labels} if by is not None else {})
    shares = xr.DataArray(_by_label(values, by), coords, (*([by] if by is not None else []), *dims))
    if PAIR in result.dims:
        return matched(xr.Dataset({"share": shares}))["share"]
    return shares if set(dims) <= {*result.dims} else shares.mean(dims)
