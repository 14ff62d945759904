"""One measure of one recording, with the variables that describe its data."""

from collections.abc import Sequence
from typing import Any

import xarray as xr

from bitbox_xr.cohort.description import described, with_window_counts
from bitbox_xr.cohort.inputs import Side
from bitbox_xr.cohort.options import Plan
from bitbox_xr.cohort.storage import RECORDINGS, WINDOWS
from bitbox_xr.core.variables import PERSON, TIME, number_name, variable_attrs
from bitbox_xr.inference.settings import every_setting, function_options, together
from bitbox_xr.measures import social

__all__ = ["PEOPLE", "results"]

PEOPLE = ("signals", "reference")  # labels of the dimension `person`


def results(plan: Plan, sides: Sequence[Side], **own: Any) -> dict[str, xr.Dataset]:
    """Compute one measure of one recording, by folder; `own` are options of this recording alone."""
    options = {**plan.options, **own} | ({"by": plan.reading.by} if plan.entry.has_by else {})
    if plan.entry.reference == "each":
        return {RECORDINGS: _of_each(plan, sides, options)}
    signals = [side.x for side in sides]
    if plan.keep_windows:
        whole = plan.entry.function(*signals, **options)
        return {RECORDINGS: described(social.window_stats(whole, by=plan.reading.by), plan, sides), WINDOWS: whole}
    lists = plan.lists
    fixed = {name: value for name, value in options.items() if name not in function_options(lists)}
    found = every_setting(lambda setting: _of_setting(plan, signals, together(fixed, setting)), lists, "")
    return {RECORDINGS: described(found, plan, sides)}


def _of_setting(plan: Plan, signals: Sequence[xr.DataArray], options: dict[str, Any]) -> xr.Dataset:
    """The measure with one setting, and the number of its windows."""
    if plan.entry.windows:
        return plan.entry.function(*signals, stats=True, **options)
    return with_window_counts(plan.entry.function(*signals, **options), signals, options)


def _of_each(plan: Plan, sides: Sequence[Side], options: dict[str, Any]) -> xr.Dataset:
    """The measure of each person's signals, along the dimension `person`; a label that is there for one is for both."""
    each = [_labelled(side, sides, plan.reading.by) for side in sides]
    parts = [described(plan.entry.function(side.x, **options), plan, [side]) for side in each]
    if len(parts) == 1:
        return parts[0]
    shared = [name for name, variable in parts[0].data_vars.items() if {*variable.dims} <= {plan.reading.by}]
    parts = [parts[0], *(part.drop_vars(shared) for part in parts[1:])]
    people = xr.DataArray([*PEOPLE], dims=PERSON, name=PERSON, attrs=variable_attrs(PERSON))
    own = [name for name in parts[0].data_vars if name not in shared]
    stacked = xr.concat(
        [part[own] for part in parts], people, join="outer", combine_attrs="drop_conflicts", coords="minimal",
        compat="override",
    )  # fmt: skip
    return stacked.assign({name: parts[0][name] for name in shared})


def _labelled(side: Side, sides: Sequence[Side], by: str | None) -> Side:
    """A side with the labels of the other one if it has none."""
    given = next((one.x for one in sides if by in one.x.coords), None)
    if by is None or given is None or by in side.x.coords:
        return side
    frames = slice(min(side.x.sizes[TIME], given.sizes[TIME]))
    names = [name for name in (by, number_name(by)) if name in given.coords]
    labels = {name: given[name].isel({TIME: frames}).variable for name in names}
    return side._replace(x=side.x.isel({TIME: frames}).assign_coords(labels))
