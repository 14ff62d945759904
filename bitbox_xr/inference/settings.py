"""Settings of options: which values are lists of settings, their labels, and the results of all combinations."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from inspect import signature
from itertools import product
from math import prod
from types import UnionType
from typing import Any, Union, get_args, get_origin

import numpy as np
import xarray as xr

from bitbox_xr.core.errors import collected_warnings, warn
from bitbox_xr.core.provenance import MULTIVERSE
from bitbox_xr.core.validation import counted, listed

__all__ = [
    "DEFAULT",
    "OF",
    "combined",
    "every_setting",
    "function_options",
    "list_faults",
    "setting_label",
    "setting_lists",
    "settings_of",
    "together",
]

OF = "of"  # the option `measure` of a function that measures imitation or coordination
DEFAULT = "default"  # the label of None
PARTNERS = "partners"  # surrogates, and the option that has them
MAX_SETTINGS = 10_000  # more are probably a mistake


def settings_of(annotation: object, value: object) -> list[Any] | None:
    """The settings in a value of an option of this type; None if the value is one setting.

    A list holds settings. If the option itself takes a list, such as `scales`, a list of numbers is one setting, and a
    list that has a list, a tuple or None in it holds settings.

    >>> from bitbox_xr.core.types import ScalesLike
    >>> settings_of(float, [1.0, 2.0]), settings_of(float, (1.0, 2.0)), settings_of(ScalesLike, [1.0, 2.0])
    ([1.0, 2.0], None, None)
    >>> settings_of(ScalesLike, [[1.0, 2.0], None])
    [(1.0, 2.0), None]
    """
    if not isinstance(value, list):
        return None
    if _takes_lists(annotation) and not any(one is None or isinstance(one, list | tuple) for one in value):
        return None
    return [tuple(one) if isinstance(one, list) else one for one in value]


def _takes_lists(annotation: object) -> bool:
    """Whether a value of this type can be a list.

    >>> _takes_lists(float | None), _takes_lists(Sequence[float] | None)
    (False, True)
    """
    if get_origin(annotation) in (Union, UnionType):
        return any(map(_takes_lists, get_args(annotation)))
    origin = get_origin(annotation)
    return isinstance(origin, type) and issubclass(origin, Sequence)


def setting_lists(function: Callable[..., object], options: Mapping[str, object]) -> dict[str, list[Any]]:
    """The options that hold several settings, by dimension: `measure` is called `of`."""
    parameters = signature(function).parameters
    found = {name: settings_of(parameters[_parameter(name)].annotation, value) for name, value in options.items()}
    return {OF if name == "measure" else name: values for name, values in found.items() if values is not None}


def _parameter(name: str) -> str:
    return "measure" if name == OF else name


def function_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options by the names that functions give them.

    >>> function_options({"of": "imitation", "width": 2})
    {'measure': 'imitation', 'width': 2}
    """
    return {_parameter(name): value for name, value in options.items()}


def together(fixed: Mapping[str, Any], setting: Mapping[str, Any]) -> dict[str, Any]:
    """All options of one setting; `partners` only where the setting uses them.

    >>> together({"partners": [], "n": 9}, {"surrogates": "shift"})
    {'n': 9, 'surrogates': 'shift'}
    """
    options = {**fixed, **setting}
    if setting.get("surrogates", PARTNERS) != PARTNERS:
        options.pop(PARTNERS, None)
    return options


def list_faults(lists: Mapping[str, Sequence[object]]) -> list[str]:
    """Faults of lists of settings."""
    faults = []
    for name, values in lists.items():
        labels = [setting_label(value) for value in values]
        if not values:
            faults.append(f"expected at least one setting of {name}, got an empty list")
        elif len(set(labels)) < len(labels):
            faults.append(f"expected different settings of {name}, got {listed(labels)}")
    number = prod(len(values) for values in lists.values())
    if number > MAX_SETTINGS:
        faults.append(f"expected at most {MAX_SETTINGS} combinations of settings, got {number}; shorten a list")
    return faults


def setting_label(value: object) -> str:
    """A setting as text.

    >>> setting_label(None), setting_label(2.0), setting_label((1, 2.5)), setting_label(True)
    ('default', '2', '1 2.5', 'True')
    """
    if value is None:
        return DEFAULT
    if isinstance(value, list | tuple | np.ndarray):
        return " ".join(setting_label(one) for one in value)
    return f"{value:.6g}" if isinstance(value, float | np.floating) else str(value)


def every_setting(
    compute: Callable[[dict[str, Any]], xr.Dataset], lists: Mapping[str, Sequence[object]], subject: str
) -> xr.Dataset:
    """Compute every combination of settings, in one Dataset `(option, …)`.

    `compute` takes a combination by the names that functions give options. Warnings are given once, with the number of
    settings. Raises ValueError that begins with `subject` and names the setting if one cannot be computed.
    """
    results, messages = [], []
    for chosen in product(*lists.values()):
        setting = dict(zip(lists, chosen, strict=True))
        with collected_warnings() as told:
            try:
                results.append(compute(function_options(setting)))
            except ValueError as error:
                named = ", ".join(f"{name}={value!r}" for name, value in setting.items())
                raise ValueError(f"{subject}{f'with {named}: ' if named else ''}{error}") from error
        messages += told
    for message in dict.fromkeys(messages):
        number = messages.count(message)
        warn(f"{message} (in {counted(number, 'setting')} of {len(results)})" if lists else message)
    return combined(results, lists, subject)


def combined(results: Sequence[xr.Dataset], lists: Mapping[str, Sequence[object]], subject: str) -> xr.Dataset:
    """Results of all combinations of settings in one Dataset `(option, …)`."""
    if not lists:
        return results[0]
    if len({tuple(result.sizes) for result in results}) > 1:
        raise ValueError(
            f"{subject}expected settings whose results have the same dimensions, got different ones with "
            f"{listed(lists)}; give one value of pairs and by, and compute each by itself"
        )
    coords = _merged([result.coords.to_dataset() for result in results])
    sizes = [len(values) for values in lists.values()]
    data = {}
    for name, first in results[0].data_vars.items():
        indexes = {dim: coords[dim] for dim in first.dims if dim in coords.coords}
        each = [result[name].reindex(indexes) for result in results]
        joined = xr.Variable.concat([one.variable for one in each], "setting")
        data[name] = joined.unstack(setting=dict(zip(lists, sizes, strict=True))).transpose(*lists, ...)
        data[name].attrs = first.attrs
    options = {name: (name, _labels(values), {"long_name": f"option {name}"}) for name, values in lists.items()}
    shared = {k: v for k, v in results[0].attrs.items() if all(one.attrs.get(k) == v for one in results)}
    tested = {"measure": " and ".join(map(str, lists[OF]))} if OF in lists else {}
    return xr.Dataset(data, {**options, **coords.coords}, {**tested, **shared, MULTIVERSE: " ".join(lists)})


def _labels(values: Sequence[object]) -> np.ndarray:
    """Settings as numbers, if all are, or as text."""
    numbers = all(isinstance(value, int | float | np.number) and not isinstance(value, bool) for value in values)
    return np.array(values) if numbers else np.array([setting_label(value) for value in values])


def _merged(each: Sequence[xr.Dataset]) -> xr.Dataset:
    """The coordinates of all settings; those that differ at the same label are left out."""
    names = list(dict.fromkeys(name for one in each for name in one.coords))
    merged = xr.Dataset()
    for name in names:
        own = [one.drop_vars({*one.coords} - {name, *one[name].dims}) for one in each if name in one.coords]
        with suppress(xr.MergeError):  # the label of aggregated scales, for example
            merged = xr.merge([merged, *own], join="outer", compat="no_conflicts")
    texts = [name for name, c in merged.coords.items() if c.dtype == object]
    return merged.assign_coords({name: merged[name].astype(str) for name in texts})
