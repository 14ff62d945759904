"""One measure under many settings of its options, to see whether a conclusion depends on them.

Steegen, Tuerlinckx, Gelman & Vanpaemel (2016), Perspectives on Psychological Science 11, 702-712; Simonsohn, Simmons &
Nelson (2020), Nature Human Behaviour 4, 1208-1214.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from inspect import signature
from itertools import product
from math import prod
from typing import Any

import numpy as np
import xarray as xr

from bitbox_xr.core.errors import collected_warnings, refuse, warn
from bitbox_xr.core.signal_set import as_signals
from bitbox_xr.core.types import SignalsLike
from bitbox_xr.core.validation import counted, listed
from bitbox_xr.inference.contingency import contingency
from bitbox_xr.inference.seeds import seed_of
from bitbox_xr.inference.significance import significance
from bitbox_xr.measures.expressivity import diversity, expressivity
from bitbox_xr.measures.lag_profiles import lag_profile
from bitbox_xr.measures.motion import kinematics, relative_motion, smoothness
from bitbox_xr.measures.social import coordination, imitation

__all__ = ["MEASURES", "multiverse"]

MEASURES: dict[str, Callable[..., xr.Dataset]] = {
    function.__name__: function
    for function in (
        *(imitation, coordination, lag_profile, significance, contingency),
        *(expressivity, diversity, kinematics, smoothness, relative_motion),
    )
}
OF = "of"  # the option `measure` of a function that measures imitation or coordination
OWN_OPTIONS = ("stats", "fps", "progress")
MAX_SETTINGS = 10_000  # more are probably a mistake
DEFAULT = "default"  # the label of None


def multiverse(measure: str, x: SignalsLike, y: SignalsLike | None = None, **options: object) -> xr.Dataset:
    """Compute a measure under every combination of settings; each option given as a list becomes a dimension.

    Statistics of different settings have different chance levels. Compare them as curves, or compare the estimate of a
    study (`contrast`) under every setting, not single cells. Name the setting that was chosen beforehand.

    Parameters
    ----------
    measure
        Name of the function: "imitation", "coordination", "lag_profile", "significance", "contingency", "expressivity",
        "diversity", "kinematics", "smoothness" or "relative_motion".
    x, y
        As for the function. They are checked once.
    options
        Options of the function. A list holds the settings of an option; everything else, a tuple too, is one value:
        `scales=[(1, 2), (1, 4)]` are two settings. The option `measure` of "significance" and "lag_profile" is called
        `of`. All settings of a test use one seed.

    Returns
    -------
    Dataset
        The variables of the function (for windows, those of `stats=True`), with one leading dimension for each option
        given as a list, in the order given. Its labels are the settings; None is "default", and tuples are text. A
        label along which settings differ, such as lags, has NaN where a setting lacks it. Lazy if the input is.

    Raises
    ------
    ValueError
        If measure or options are unknown, a list is empty or repeats a setting, or a setting cannot be computed.

    Examples
    --------
    >>> from bitbox_xr.demo import make_pair
    >>> child, model, _ = make_pair(minutes=0.5)
    >>> found = multiverse("imitation", child, model, width=[1.0, 2.0], step=1.0, max_lag=[None, 1.0])
    >>> found.corr_mean.sel(signal1="AU12", signal2="AU12").to_pandas().round(2)
    max_lag  default     1
    width
    1.0         0.31  0.65
    2.0         0.67  0.73
    """
    function, known = _known(measure)
    refuse("multiverse()", _option_faults(measure, known, options))
    lists = {name: value for name, value in options.items() if isinstance(value, list)}
    fixed = {name: value for name, value in options.items() if name not in lists}
    if "rng" in known and "rng" not in lists:
        rng: Any = fixed.get("rng")
        fixed["rng"] = seed_of(rng)
    fixed |= {"stats": True} if "stats" in signature(function).parameters else {}
    fixed |= {"progress": False} if "progress" in signature(function).parameters else {}
    inputs = [as_signals(data, label=label) for label, data in (("x", x), ("y", y)) if data is not None]
    results, messages = [], []
    for chosen in product(*lists.values()):
        setting = dict(zip(lists, chosen, strict=True))
        with collected_warnings() as told:
            results.append(_computed(function, inputs, fixed, setting))
        messages += told
    for message in dict.fromkeys(messages):
        number = messages.count(message)
        warn(f"{message} (in {counted(number, 'setting')} of {len(results)})")
    return _combined(results, lists)


def _known(measure: object) -> tuple[Callable[..., xr.Dataset], list[str]]:
    """The function of a measure, and the names of its options."""
    if not isinstance(measure, str) or measure not in MEASURES:
        raise ValueError(f"multiverse(): expected measure to be {', '.join(MEASURES)}, got {measure!r}")
    parameters = signature(MEASURES[measure]).parameters.values()
    names = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.name not in OWN_OPTIONS]
    return MEASURES[measure], [OF if name == "measure" else name for name in names]


def _option_faults(measure: str, known: Sequence[str], options: Mapping[str, object]) -> list[str]:
    faults = [
        f"expected options of {measure}, {listed(known, most=40)}, got {name}" for name in options if name not in known
    ]
    lists = {name: value for name, value in options.items() if isinstance(value, list)}
    for name, values in lists.items():
        labels = [_label(value) for value in values]
        if not values:
            faults.append(f"expected at least one setting of {name}, got an empty list")
        elif len(set(labels)) < len(labels):
            faults.append(f"expected different settings of {name}, got {listed(labels)}")
    number = prod(len(values) for values in lists.values())
    if number > MAX_SETTINGS:
        faults.append(f"expected at most {MAX_SETTINGS} combinations of settings, got {number}; shorten a list")
    return faults


def _computed(
    function: Callable[..., xr.Dataset],
    inputs: Sequence[xr.DataArray],
    fixed: Mapping[str, object],
    setting: Mapping[str, object],
) -> xr.Dataset:
    options = {"measure" if name == OF else name: value for name, value in {**fixed, **setting}.items()}
    try:
        return function(*inputs, **options)
    except ValueError as error:
        named = ", ".join(f"{name}={value!r}" for name, value in setting.items())
        raise ValueError(f"multiverse(): {f'with {named}: ' if named else ''}{error}") from error


def _label(value: object) -> str:
    """A setting as text.

    >>> _label(None), _label(2.0), _label((1, 2.5)), _label(True)
    ('default', '2', '1 2.5', 'True')
    """
    if value is None:
        return DEFAULT
    if isinstance(value, tuple | np.ndarray):
        return " ".join(_label(one) for one in value)
    return f"{value:.6g}" if isinstance(value, float | np.floating) else str(value)


def _labels(values: Sequence[object]) -> np.ndarray:
    """Settings as numbers, if all are, or as text."""
    numbers = all(isinstance(value, int | float | np.number) and not isinstance(value, bool) for value in values)
    return np.array(values) if numbers else np.array([_label(value) for value in values])


def _combined(results: Sequence[xr.Dataset], lists: Mapping[str, Sequence[object]]) -> xr.Dataset:
    """All results in one Dataset `(option, …)`."""
    if not lists:
        return results[0]
    if len({tuple(result.sizes) for result in results}) > 1:
        raise ValueError(
            f"multiverse(): expected settings whose results have the same dimensions, got different ones with "
            f"{listed(lists)}; give one value of pairs and by, and call multiverse() for each"
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
    return xr.Dataset(data, {**options, **coords.coords}, {**shared, "multiverse": " ".join(lists)})


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
