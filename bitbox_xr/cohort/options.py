"""The measures of a cohort, and checks of their options."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from bitbox_xr.cohort import seeds
from bitbox_xr.cohort.storage import RECORDINGS, WINDOWS
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.types import PairsOf
from bitbox_xr.core.validation import is_number, listed
from bitbox_xr.core.variables import PAIR, RESERVED
from bitbox_xr.inference import surrogate_checks
from bitbox_xr.inference.contingency import contingency, option_faults
from bitbox_xr.inference.significance import significance
from bitbox_xr.io.readers.options import OPEN_OPTIONS, Y_OPTIONS, open_options
from bitbox_xr.measures import expressivity, scales, social, windowing

__all__ = ["MEASURES", "Measure", "Study", "clashes", "planned", "results"]


class Measure(NamedTuple):
    """A measure, and what a cohort needs to know of it."""

    function: Callable[..., xr.Dataset]
    reference: str  # "needed", "optional" or "unused"
    pairs: bool  # it compares signal1 with signal2 in windows, which can be kept
    check: Callable[[Mapping[str, Any]], list[str]]  # faults of its options, independent of recordings
    names: Iterable[str]  # of its variables and dimensions


def _window_faults(options: Mapping[str, Any]) -> list[str]:
    return windowing.Options(**{"causal": None, **options}).faults()


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
    faults = option_faults(*own) + surrogate_checks.option_faults("shift", options["n"], options["rng"])
    asked = scales.Asked(options["scales"], False, 16, options["min_rise"], options["false_alarms_per_minute"])
    try:
        scales.chosen(asked, fps=1e6, frames=2**40, measure="scales")
    except ValueError as error:
        faults.append(str(error))
    return faults


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
}  # fmt: skip

OF = "of"  # the option `measure` of significance(): run() has its own option `measure`
SET_BY_COHORT = ("stats", "fps", "by", "pairs", "partners", "progress")


@dataclass(frozen=True)
class Study:
    """The measure and its options, which are the same for every recording."""

    measure: str
    options: dict[str, Any]
    reader: dict[str, Any]
    reader_of_reference: dict[str, Any]
    keep_windows: bool
    align: dict[str, Any] | None = None  # options of align(); None: recordings are not aligned

    @property
    def compared(self) -> str:
        """The measure that compares signals: of significance, the one that is tested."""
        return str(self.options.get(OF, self.measure))

    @property
    def reference(self) -> str:
        """Whether a reference is "needed", "optional" or "unused"."""
        return MEASURES[self.compared].reference

    def described(self) -> str:
        """All options that affect results, as JSON."""
        asked = {"measure": self.measure, "options": self.options, "reader": self.reader}
        if self.reader_of_reference != self.reader:
            asked["reader_of_reference"] = self.reader_of_reference
        if self.align is not None:
            asked["align"] = self.align
        return json.dumps(_canonical(asked), sort_keys=True)


def planned(
    measure: str,
    options: Mapping[str, Any],
    *,
    keep_windows: bool,
    pairs: PairsOf = "matched",
    align: bool = False,
    align_fps: float | None = None,
    offset: float | None = None,
) -> Study:
    """Separate `options` of the measure, completed by its defaults, from options of `open_signals()`.

    `pairs` becomes an option of a measure that has it. Raises ValueError for an unknown measure, and with all faults of
    the options.
    """
    if not isinstance(measure, str) or measure not in MEASURES:
        raise ValueError(f"cohort: expected measure to be one of {', '.join(MEASURES)}, got {measure!r}")
    entry = MEASURES[measure]
    known = _known(entry.function)
    given = {name: _plain(value) for name, value in options.items()}
    own = known | {name: value for name, value in given.items() if name in known}
    faults = [
        f"expected options of {measure} ({', '.join(known)}) or of open_signals(), got {name}"
        for name in given
        if name not in known and name not in OPEN_OPTIONS and name not in Y_OPTIONS
    ]
    faults += [
        f"expected {name} to be text, numbers, or a list or dictionary of these, got {value!r}"
        for name, value in given.items()
        if not _is_plain(value)
    ]
    if keep_windows and not entry.pairs:
        faults.append(f"keep_windows is for measures with windows, and {measure} has none; leave it out")
    if entry.reference == "unused" and (align or any(given.get(name) is not None for name in Y_OPTIONS)):
        faults.append(f"{', '.join(Y_OPTIONS)} and align are for a reference, and {measure} has none; leave them out")
    faults += _clock_faults(align, align_fps, offset)
    refuse("cohort", faults or entry.check(own))
    if "pairs" in signature(entry.function).parameters:
        own["pairs"] = pairs
    clock = {"fps": align_fps, "offset": offset or 0.0} if align else None
    return Study(measure, own, open_options(given), open_options(given, of_y=True), keep_windows, clock)


def _known(function: Callable[..., xr.Dataset]) -> dict[str, Any]:
    """Options of a measure that users of a cohort can set, with their defaults."""
    parameters = signature(function).parameters.values()
    taken = (p for p in parameters if p.kind is p.KEYWORD_ONLY and p.name not in SET_BY_COHORT)
    return {OF if p.name == "measure" else p.name: p.default for p in taken}


def _clock_faults(align: object, align_fps: object, offset: object) -> list[str]:
    faults = [] if isinstance(align, bool) else [f"expected align to be True or False, got {align!r}"]
    given = {name: value for name, value in (("align_fps", align_fps), ("offset", offset)) if value is not None}
    if given and not align:
        faults.append(f"expected align=True with {', '.join(given)}, got align={align!r}; give it, or leave them out")
    for name, value in given.items():
        if not is_number(value) or (name == "align_fps" and value <= 0):
            expected = "a positive number of frames per second" if name == "align_fps" else "a number of seconds"
            faults.append(f"expected {name} to be {expected}, got {value!r}")
    return faults


def _plain(value: object) -> Any:
    """Convert NumPy's numbers and arrays to Python's."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _canonical(value: object) -> Any:
    """Convert whole floats to integers: 1 and 1.0 are the same option."""
    if isinstance(value, dict):
        return {name: _canonical(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_canonical(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _is_plain(value: object) -> bool:
    if isinstance(value, list):
        return all(_is_plain(one) for one in value)
    if isinstance(value, dict):
        return all(isinstance(name, str) and _is_plain(one) for name, one in value.items())
    return value is None or isinstance(value, str | int | float)


def clashes(covariates: Iterable[str], names: Iterable[str]) -> list[str]:
    """Fault of covariates that have names of variables or dimensions of the results."""
    taken = [name for name in covariates if name in set(names)]
    if not taken:
        return []
    return [f"expected other column names than those of the results, got {listed(taken)} in the manifest; rename them"]


def results(study: Study, *sides: xr.DataArray, **own: Any) -> dict[str, xr.Dataset]:
    """Compute the results of one recording, by their folder; `own` are options of this recording alone."""
    entry = MEASURES[study.measure]
    options = {"measure" if name == OF else name: value for name, value in {**study.options, **own}.items()}
    if not entry.pairs:
        return {RECORDINGS: entry.function(*sides, **options)}
    if not study.keep_windows:
        return {RECORDINGS: entry.function(*sides, stats=True, **options)}
    whole = entry.function(*sides, **options)
    return {RECORDINGS: social.window_stats(whole), WINDOWS: whole}
