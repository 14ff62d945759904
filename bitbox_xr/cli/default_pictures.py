"""The picture that `bitbox-xr plot` draws of each kind of result, if the user names none."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import xarray as xr

from bitbox_xr.core.provenance import MULTIVERSE
from bitbox_xr.core.variables import LAG, PAIR, RECORDING
from bitbox_xr.reporting.kinds import kind_of

__all__ = ["Default", "default_picture"]


class Default(NamedTuple):
    """A picture, and the options that it has unless the user gives others."""

    name: str
    options: Mapping[str, str] = MappingProxyType({})


def _values(variable: str) -> Default:
    return Default("values", {"variable": variable})


# by the kind of the result; a result that has the dimension pair has the second one
OF_KINDS: Mapping[str, tuple[Default, ...]] = {
    "significance": (Default("significant_pairs"), Default("matched_pairs")),
    "contingency": (Default("matrix"),),
    "lag profile": (Default("lag_profile"),),
    "windowed correlation": (Default("matrix"),),
    "expressivity": (Default("expressivity"),),
    "diversity": (_values("overall"),),
    "motion": (_values("speed"),),
    "smoothness": (_values("ldj"),),
    "motion from a reference": (_values("distance_mean"),),
    "contrast": (Default("estimates"),),
    "quality of the signals": (_values("lost_share"),),
    "events": (Default("events"),),
    "asymmetry": (Default("asymmetry"),),
}
# of results that are no kind of table: the first variable that they have
OF_VARIABLES = {"null_corr": "over_time_by_chance", "corr": "matrix"}


def default_picture(data: xr.Dataset | xr.DataArray, given: Mapping[str, object]) -> Default:
    """The picture of these data, with the options that the user gave.

    >>> default_picture(xr.Dataset({"surrogate_z": ("pair", [2.0])}), {"by": None, "variable": None}).name
    'matched_pairs'
    """
    if isinstance(data, xr.DataArray):
        return Default(_of_signals(data, given))
    named = next((name for variable, name in OF_VARIABLES.items() if variable in data), None)
    kind = kind_of(data)
    main = {"variable": kind.averaged[0]} if kind and kind.averaged else {}
    if RECORDING in data.dims and given["by"] in data.coords:
        return Default("groups", main)
    if MULTIVERSE in data.attrs:
        return Default("specification_curve", main)
    if named is not None or kind is None:
        return Default(named or "matrix")
    choices = OF_KINDS[kind.name]
    chosen = choices[-1 if PAIR in data.dims else 0]
    variable = given["variable"] or chosen.options.get("variable")
    if chosen.name == "values" and variable in data and not data[variable].ndim:
        raise ValueError(
            f"expected several values of {variable} to draw, got one number; draw the recording itself: bitbox-xr plot "
            "RECORDING, for motion with --picture kinematics"
        )
    return chosen


def _of_signals(x: xr.DataArray, given: Mapping[str, object]) -> str:
    if LAG in x.dims:
        return "lag_heatmap"
    if given["y"] is not None:
        return "answers"
    if given["coefficient"] is not None:
        return "decomposition"
    return "kinematics" if given["angular"] else "signals"
