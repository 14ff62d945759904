"""Making the Dataset of intervals: choosing among them, checking them, and putting them in order of time."""

import math
from typing import Any

import numpy as np
import xarray as xr

from bitbox_xr.core import validation
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.variables import INTERVAL, variable_attrs
from bitbox_xr.io.annotations.records import (
    Annotations,
    Interval,
    IntervalOptions,
    as_names,
    choice_faults,
    is_chosen,
    shortened,
)

__all__ = ["assemble"]

WHO = ("subject", "tier")  # coordinates of an interval, where the file names them


def assemble(file: str, found: Annotations, options: IntervalOptions) -> xr.Dataset:
    """The chosen intervals as a Dataset, ordered by onset. `file` is the name in messages."""
    intervals = _chosen(file, found, options)
    read = {fault.partition(":")[0].partition(", column")[0] for fault in found.faults}  # places with a fault already
    refuse(
        file,
        shortened([*found.faults, *(fault for one in intervals if one.place not in read for fault in _faults(one))]),
    )
    intervals = sorted(intervals, key=lambda one: one.onset)
    columns: dict[str, np.ndarray] = {
        "onset": np.array([one.onset for one in intervals], dtype=np.float64),
        "offset": np.array([one.offset for one in intervals], dtype=np.float64),
        "label": np.array([one.label for one in intervals], dtype=str),
        "type": np.array([one.type for one in intervals], dtype=str),
    }
    variables = {name: (INTERVAL, values, variable_attrs(name)) for name, values in columns.items()}
    coords: dict[str, Any] = {INTERVAL: (INTERVAL, np.arange(len(intervals)), variable_attrs(INTERVAL))}
    for name in WHO:
        who = [getattr(one, name) for one in intervals]
        if any(who):
            coords[name] = (INTERVAL, np.array(who, dtype=str), variable_attrs(name))
    return xr.Dataset(variables, coords, dict(found.attrs))


def _chosen(file: str, found: Annotations, options: IntervalOptions) -> list[Interval]:
    """The intervals that the options choose. ValueError for names that the file does not have."""
    intervals = found.intervals
    if not intervals:
        refuse(file, shortened(found.faults))
    refuse(file, choice_faults("tier", options.tier, [*found.tiers, *(one.tier for one in intervals)]))
    intervals = [one for one in intervals if is_chosen(options.tier, one.tier)]
    tiers = list(dict.fromkeys(one.tier for one in intervals))
    if found.own_clocks and options.tier is None and len(tiers) > 1:
        raise ValueError(
            f"{file}: expected the intervals of one {found.tier_name}, got those of {len(tiers)}, each on its own "
            f"clock: {validation.listed(map(repr, tiers), 20)}; choose one with tier=…"
        )
    refuse(file, choice_faults("subject", options.subject, [one.subject for one in intervals]))
    intervals = [one for one in intervals if is_chosen(options.subject, one.subject)]
    if options.label is None or found.label_is_column or found.faults:
        return intervals
    columns = f", or a column ({validation.listed(map(repr, found.columns), 20)})" if found.columns else ""
    refuse(file, choice_faults("label", options.label, [one.label for one in intervals], columns))
    return [one for one in intervals if one.label in as_names(options.label)]


def _faults(one: Interval) -> list[str]:
    faults = []
    if math.isnan(one.onset):
        faults.append(f"{one.place}: expected an onset, got none; without it the interval has no place in time")
    elif one.offset < one.onset:
        faults.append(
            f"{one.place}: expected an offset at or after the onset, got onset {one.onset:.10g} s and offset "
            f"{one.offset:.10g} s; correct one of them"
        )
    elif one.type == "point" and one.offset != one.onset:
        faults.append(f"{one.place}: expected a point to have no duration, got {one.offset - one.onset:.10g} s")
    for name in ("label", *WHO):
        text = getattr(one, name)
        if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
            faults.append(f"{one.place}: expected the {name} to be valid Unicode text, got {text!r}; correct it")
    return faults
