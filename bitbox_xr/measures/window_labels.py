"""Groups the windows of a result by their labels."""

import json
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.validation import label_of, listed
from bitbox_xr.core.variables import RESERVED, WINDOW, interval_attrs, number_name

__all__ = ["Groups", "label_groups"]


class Groups(NamedTuple):
    """The windows of each label, as runs of windows of one interval; the dimension of the labels, if there is one."""

    windows: list[list[slice]]
    dims: tuple[str, ...]
    coords: dict[str, Any]


def label_groups(result: xr.Dataset, by: str | None) -> Groups:
    """Group the windows of `result` by the coordinate `by`, or all of them in one group; ValueError if it has none."""
    count = int(result.sizes[WINDOW])
    if by is None:
        return Groups([[slice(0, count)]], (), {})
    refuse("window_stats()", _faults(result, by))
    labels = np.array([label_of(label) for label in result[by].values], dtype=str)
    numbers = result[number_name(by)].values if number_name(by) in result.coords else np.zeros(count)
    changes = np.flatnonzero((labels[1:] != labels[:-1]) | (numbers[1:] != numbers[:-1])) + 1
    runs = [slice(int(start), int(stop)) for start, stop in pairwise([0, *changes, count]) if start < stop]
    known = json.loads(result.attrs["by_labels"]) if result.attrs.get("by") == by else []
    names = [name for name in dict.fromkeys([*known, *labels.tolist()]) if name]
    groups = [[run for run in runs if labels[run.start] == name] for name in names]
    return Groups(groups, (by,), {by: (by, np.array(names, dtype=str), interval_attrs(by)[0])})


def _faults(result: xr.Dataset, by: object) -> list[str]:
    if not isinstance(by, str) or by not in result.coords or result[by].dims != (WINDOW,):
        own = {*RESERVED["imitation"], WINDOW}
        present = [str(name) for name, coord in result.coords.items() if coord.dims == (WINDOW,) and name not in own]
        got = f"{by!r}; the result has {listed(present) or 'no such coordinate'}"
        return [f"expected by to be a coordinate along window, got {got}; pass by= to the measure"]
    if by in (*RESERVED["imitation"], *result.dims):
        return [f"expected by to be a coordinate with labels, got {by!r}; see annotate()"]
    return []
