"""One measure under many settings of its options, to see whether a conclusion depends on them.

Steegen, Tuerlinckx, Gelman & Vanpaemel (2016), Perspectives on Psychological Science 11, 702-712; Simonsohn, Simmons &
Nelson (2020), Nature Human Behaviour 4, 1208-1214.
"""

from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from typing import Any

import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.signal_set import as_signals
from bitbox_xr.core.types import SignalsLike
from bitbox_xr.core.validation import listed
from bitbox_xr.inference.contingency import contingency
from bitbox_xr.inference.seeds import seed_of
from bitbox_xr.inference.settings import OF, every_setting, function_options, list_faults, setting_lists, together
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
OWN_OPTIONS = ("stats", "fps", "progress")


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
        Options of the function. A list holds the settings of an option; everything else, a tuple too, is one value. If
        an option takes a list itself (`scales`, `partners`), a list is one value too, and a list of lists or tuples
        holds settings: `scales=[(1, 2), (1, 4)]` are two. The option `measure` of "significance" and "lag_profile" is
        called `of`. All settings of a test use one seed.

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
    lists = setting_lists(function, {name: value for name, value in options.items() if name in known})
    refuse("multiverse()", _option_faults(measure, known, options) + list_faults(lists))
    fixed: dict[str, Any] = function_options({k: value for k, value in options.items() if k not in lists})
    if "rng" in known and "rng" not in lists:
        fixed["rng"] = seed_of(fixed.get("rng"))
    parameters = signature(function).parameters
    fixed |= {name: value for name, value in (("stats", True), ("progress", False)) if name in parameters}
    inputs = [as_signals(data, label=label) for label, data in (("x", x), ("y", y)) if data is not None]
    return every_setting(lambda setting: function(*inputs, **together(fixed, setting)), lists, "multiverse(): ")


def _known(measure: object) -> tuple[Callable[..., xr.Dataset], list[str]]:
    """The function of a measure, and the names of its options."""
    if not isinstance(measure, str) or measure not in MEASURES:
        raise ValueError(f"multiverse(): expected measure to be {', '.join(MEASURES)}, got {measure!r}")
    parameters = signature(MEASURES[measure]).parameters.values()
    names = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.name not in OWN_OPTIONS]
    return MEASURES[measure], [OF if name == "measure" else name for name in names]


def _option_faults(measure: str, known: Sequence[str], options: Mapping[str, object]) -> list[str]:
    return [
        f"expected options of {measure}, {listed(known, most=40)}, got {name}" for name in options if name not in known
    ]
