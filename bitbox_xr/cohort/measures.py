"""The measures of a cohort: one table with what a cohort needs to know of each."""

from collections.abc import Callable, Iterable, Mapping
from inspect import signature
from typing import Any, Literal, NamedTuple

import xarray as xr

from bitbox_xr.cohort import seeds
from bitbox_xr.core.variables import PAIR, PERSON, RESERVED, SIGNAL
from bitbox_xr.inference import surrogate_checks
from bitbox_xr.inference.contingency import contingency, option_faults
from bitbox_xr.inference.significance import significance
from bitbox_xr.measures import expressivity, quality, scales, social, windowing

__all__ = ["MEASURES", "Measure", "Reference"]

Reference = Literal["needed", "optional", "unused", "each", "as tested"]
SET_BY_COHORT = ("stats", "fps", "by", "partners", "progress")  # options that a cohort sets itself


class Measure(NamedTuple):
    """A measure, and what a cohort needs to know of it."""

    function: Callable[..., xr.Dataset]
    reference: Reference  # "each": of each person; "as tested": the option `measure` names the measure that decides
    windows: bool  # it compares signals in windows, which can be kept
    check: Callable[[Mapping[str, Any]], list[str]]  # faults of its options, independent of recordings
    names: Iterable[str]  # of its variables and dimensions

    @property
    def options(self) -> dict[str, Any]:
        """Options of the function that users of a cohort can set, with their defaults."""
        parameters = signature(self.function).parameters.values()
        own = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY and p.name not in SET_BY_COHORT}
        return own | ({"pairs": "matched"} if "pairs" in own else {})

    @property
    def has_by(self) -> bool:
        """Whether the function has the option `by`."""
        return "by" in signature(self.function).parameters


def _window_faults(options: Mapping[str, Any]) -> list[str]:
    windows = {name: value for name, value in options.items() if name in windowing.Options._fields}
    return windowing.Options(**{"causal": None, **windows}).faults()


def _scale_faults(options: Mapping[str, Any]) -> list[str]:
    asked = scales.Asked(*(options[name] for name in scales.Asked._fields))
    faults = []
    if options["noise"] is not None and not isinstance(options["noise"], Mapping):
        example = '{"condition": "rest"}'
        faults.append(f"expected noise to be a coordinate and its label, as {example}, got {options['noise']!r}")
    if options["noise"] is not None and options["false_alarms_per_minute"] is None:
        faults.append("expected false_alarms_per_minute with noise, got None; give it or leave out noise")
    try:
        scales.chosen(asked, fps=1e6, frames=2**40, measure="scales")  # a recording that any scale fits into
    except ValueError as error:
        faults.append(str(error))
    return faults


def _contingency_faults(options: Mapping[str, Any]) -> list[str]:
    own = [options[name] for name in ("min_latency", "max_latency", "surrogates", "scales", "noise")]
    faults = option_faults(*own) + surrogate_checks.number_faults(options["n"], options["rng"])
    asked = scales.Asked(options["scales"], False, 16, options["min_rise"], options["false_alarms_per_minute"])
    try:
        scales.chosen(asked, fps=1e6, frames=2**40, measure="scales")
    except ValueError as error:
        faults.append(str(error))
    return faults


def _no_faults(options: Mapping[str, Any]) -> list[str]:
    return []


PAIR_NAMES = (*RESERVED["imitation"], PAIR)

MEASURES = {
    "imitation": Measure(social.imitation, "needed", True, _window_faults, PAIR_NAMES),
    "coordination": Measure(social.coordination, "optional", True, _window_faults, PAIR_NAMES),
    "expressivity": Measure(
        expressivity.expressivity, "unused", False, _scale_faults, RESERVED["expressivity"]
    ),
    "diversity": Measure(
        expressivity.diversity, "unused", False, _scale_faults, RESERVED["diversity"]
    ),
    "contingency": Measure(
        contingency, "needed", False, _contingency_faults, (*RESERVED["contingency"], *PAIR_NAMES)
    ),
    "significance": Measure(
        significance, "as tested", False, seeds.faults, (*RESERVED["significance"], *PAIR_NAMES)
    ),
    "quality": Measure(
        quality.quality, "each", False, _no_faults, (*RESERVED["quality"], SIGNAL, PERSON)
    ),
}  # fmt: skip
