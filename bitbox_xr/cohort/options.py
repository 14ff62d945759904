"""What a run is asked to compute, checked: the measures with their options, and how files become signals."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import signature
from itertools import product
from typing import Any

import numpy as np

from bitbox_xr.cohort.manifest import FILE_COLUMNS
from bitbox_xr.cohort.manifest_options import OPTION_COLUMNS
from bitbox_xr.cohort.measures import MEASURES, Measure
from bitbox_xr.cohort.preparation import interval_faults, masks, steps
from bitbox_xr.cohort.reading import ALIGN_OPTIONS, Reading, canonical
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.selection import nearest_name
from bitbox_xr.core.types import PairsOf
from bitbox_xr.core.validation import flag_faults, is_number, listed
from bitbox_xr.core.variables import SIGNAL, TIME, VARIABLES
from bitbox_xr.inference.settings import DEFAULT, OF, function_options, list_faults, setting_lists
from bitbox_xr.io.readers.options import OPEN_OPTIONS, Y_OPTIONS

__all__ = ["Plan", "Request", "Study", "clashes", "named_like_options", "one_measure", "planned"]

PAIRS, KEEP_WINDOWS, PARTNERS_WITHIN = "pairs", "keep_windows", "partners_within"  # options of a cohort, by measure


@dataclass(frozen=True)
class Request:
    """What a run is asked to do, as given by keywords or by a TOML file, before any check.

    `place` is the start of messages about a measure's options, which says where they are: {} is the measure.
    """

    measures: Mapping[str, Mapping[str, Any]]
    reader: Mapping[str, Any] = field(default_factory=dict)  # of open_signals()
    align: bool | Mapping[str, Any] = False
    by: str | None = None
    intervals: Mapping[str, Any] = field(default_factory=dict)
    mask: Sequence[Mapping[str, Any]] = ()
    prepare: Sequence[Mapping[str, Any]] = ()
    each_interval: bool = False
    place: str = "measures.{}: "
    subject: str = "cohort"
    faults: tuple[str, ...] = ()  # of the TOML file


@dataclass(frozen=True)
class Plan:
    """One measure with all of its options."""

    measure: str
    options: dict[str, Any]  # of its function
    reading: Reading
    pairs: PairsOf = "matched"  # in the summary
    keep_windows: bool = False
    partners_within: tuple[str, ...] = ()  # covariates that partners share with the recording

    @property
    def entry(self) -> Measure:
        """What a cohort knows of the measure."""
        return MEASURES[self.measure]

    @property
    def lists(self) -> dict[str, list[Any]]:
        """The options with several settings, by the dimension that each has in the results."""
        return setting_lists(self.entry.function, self.options)

    @property
    def settings(self) -> list[dict[str, Any]]:
        """The options of every combination of settings; of one if no option is a list."""
        return _settings(self.options, self.lists)

    def values(self, option: str) -> list[Any]:
        """The values of an option in all settings; none if the measure does not have it."""
        return list(dict.fromkeys(one[option] for one in self.settings if option in one))

    @property
    def compared(self) -> str:
        """The measure that compares signals: of significance, the one that is tested, or imitation if both are."""
        if self.entry.reference != "as tested":
            return self.measure
        tested = self.values("measure")
        return "imitation" if "imitation" in tested else str(tested[0])

    @property
    def reference(self) -> str:
        """Whether a reference is "needed", "optional", "unused", or measured by itself ("each")."""
        return MEASURES[self.compared].reference

    @property
    def only_matched(self) -> bool:
        """Whether the summary has fewer pairs than the files of recordings."""
        return self.entry.windows and self.pairs == "matched"

    def described(self) -> str:
        """All options that affect results, as JSON."""
        asked = {"measure": self.measure, "options": self.options}
        asked |= self.reading.described(with_reference=self.reference != "unused")
        if self.partners_within:
            asked[PARTNERS_WITHIN] = list(self.partners_within)
        return json.dumps(canonical(asked), sort_keys=True)


@dataclass(frozen=True)
class Study:
    """The measures, which are the same for every recording."""

    plans: tuple[Plan, ...]
    reading: Reading

    @property
    def measures(self) -> list[str]:
        """Names of the measures."""
        return [plan.measure for plan in self.plans]


def one_measure(measure: object, options: Mapping[str, Any], **shared: Any) -> Request:
    """A request for one measure, from options of the measure and of `open_signals()` together."""
    if not isinstance(measure, str) or measure not in MEASURES:
        raise ValueError(f"cohort: expected measure to be one of {', '.join(MEASURES)}, got {measure!r}")
    reader = {name: value for name, value in options.items() if _is_of_reader(name)}
    own = {"measure" if name == OF else name: value for name, value in options.items() if name not in reader}
    return Request({measure: own}, reader, place="", **shared)


def planned(request: Request) -> Study:
    """Complete the options by defaults; raise ValueError with all faults that do not depend on recordings."""
    faults = [*request.faults]
    faults += [
        f"expected measures among {', '.join(MEASURES)}, got {measure}; correct the name"
        for measure in request.measures
        if measure not in MEASURES
    ]
    if not request.measures and not any(fault.startswith("measures") for fault in faults):
        faults.append(f"expected at least one measure, got none; the measures are {', '.join(MEASURES)}")
    reader = {name: _plain(value) for name, value in request.reader.items()}
    faults += [f"expected options of open_signals() ({', '.join((*OPEN_OPTIONS, *Y_OPTIONS))}), got {name}"
               for name in reader if not _is_of_reader(name)]  # fmt: skip
    reading, found = _reading(request, reader)
    faults += _text_faults(reader) + found
    plans = []
    for measure in request.measures:
        if measure in MEASURES:
            plan, found = _plan(measure, request.measures[measure], reading, request.place)
            faults += [request.place.format(measure) + fault for fault in found]
            plans.append(plan)
    if not faults and all(plan.reference == "unused" for plan in plans):
        faults += _unused_faults(reading, [plan.measure for plan in plans])
    refuse(request.subject, faults)
    return Study(tuple(plans), reading)


def _reading(request: Request, reader: dict[str, Any]) -> tuple[Reading, list[str]]:
    """How files become signals, and the faults."""
    clock = dict(request.align) if isinstance(request.align, Mapping) else {}
    of_masks, faults = masks(request.mask)
    of_steps, more = steps(request.prepare)
    faults += more + _align_faults(request.align) + interval_faults(request.intervals)
    by = request.by
    if by is not None and (not isinstance(by, str) or not by.isidentifier() or by in {*VARIABLES, TIME, SIGNAL}):
        faults.append(f"expected by to be a name (letters, digits and _) that no result uses itself, got {by!r}")
    if request.intervals and by is None:
        faults.append("expected by with intervals, got none; give a name for the labels, such as by='condition'")
    faults += flag_faults("each_interval", request.each_interval)
    if request.each_interval and by is None:
        faults.append("expected by with each_interval, got none; give a name for the labels, such as by='condition'")
    align = None if request.align is False else {"fps": None, "offset": 0.0, **clock}
    intervals = dict(request.intervals) if isinstance(request.intervals, Mapping) else {}
    return Reading(reader, align, by, bool(request.each_interval), intervals, of_masks, of_steps), faults


def _plan(measure: str, options: Mapping[str, Any], reading: Reading, place: str) -> tuple[Plan, list[str]]:
    """A measure with its options completed by defaults, and their faults."""
    entry = MEASURES[measure]
    given = {name: _with_default(entry, name, _plain(value)) for name, value in dict(options).items()}
    of_cohort = {name: given.pop(name, None) for name in (KEEP_WINDOWS, PARTNERS_WITHIN)}
    known, pairs = entry.options, given.pop(PAIRS, "matched")
    faults = _unknown_faults(measure, given, known, place)
    faults += _text_faults(given)
    if pairs not in ("matched", "all"):
        faults.append(f"expected pairs to be 'matched' or 'all', got {pairs!r}")
    keep = of_cohort[KEEP_WINDOWS] or False
    faults += flag_faults(KEEP_WINDOWS, keep)
    if keep and not entry.windows:
        faults.append(f"keep_windows is for measures with windows, and {measure} has none; leave it out")
    within = of_cohort[PARTNERS_WITHIN]
    names = tuple([within] if isinstance(within, str) else within or [])
    own = known | {name: value for name, value in given.items() if name in known}
    if PAIRS in own:
        own[PAIRS] = pairs
    lists = setting_lists(entry.function, own)
    if keep and lists:
        faults.append(f"keep_windows is for one setting, got lists of {listed(lists)}; leave it out, or give one value")
    plan = Plan(measure, own, reading, pairs, bool(keep), names)
    if reading.by is not None and not entry.has_by:
        faults.append(f"by is for measures that keep intervals apart, and {measure} does not; leave one of them out")
    faults += _list_faults(lists)
    return plan, faults or _setting_faults(plan) or _within_faults(plan)


def _with_default(entry: Measure, name: str, value: object) -> Any:
    """A value with None for each setting "default", which TOML cannot write otherwise."""
    parameters = signature(entry.function).parameters
    if name not in parameters or parameters[name].default is not None or not isinstance(value, list):
        return value
    return [None if one == DEFAULT else one for one in value]


def _settings(options: Mapping[str, Any], lists: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    return [
        {**options, **function_options(dict(zip(lists, chosen, strict=True)))} for chosen in product(*lists.values())
    ]


def _list_faults(lists: Mapping[str, Sequence[object]]) -> list[str]:
    faults = list_faults(lists)
    if "rng" in lists:
        faults.append("expected one rng, which all settings share, got a list; give one seed")
    return faults


def _setting_faults(plan: Plan) -> list[str]:
    """Faults of options; those that only some settings have name the settings."""
    options = list(function_options(plan.lists))
    settings, of = plan.settings, dict[str, list[str]]()
    for one in settings:
        named = ", ".join(f"{name}={one[name]!r}" for name in options)
        for fault in plan.entry.check(one | {"by": plan.reading.by}):
            of.setdefault(fault, []).append(named)
    return [fault if len(of[fault]) == len(settings) else f"with {listed(of[fault], most=3)}: {fault}" for fault in of]


def _unknown_faults(measure: str, given: Mapping[str, Any], known: Iterable[str], place: str) -> list[str]:
    known = [OF if name == "measure" and not place else name for name in known]
    asked = {OF if name == "measure" and not place else name for name in given}
    whose = f"expected options of {measure} ({', '.join(known)})"
    if not place:
        return [f"{whose} or of open_signals(), got {name}" for name in asked if name not in known]
    reader = [name for name in asked if _is_of_reader(name)]
    unknown = [name for name in given if name not in known and name not in reader]
    faults = [f"{whose}, got {name}{nearest_name(name, known)}" for name in unknown]
    if reader:
        faults.append(
            f"expected options of {measure}, got {listed(reader)}, which tell how files are read; give them beside "
            "measures, for all measures"
        )
    return faults


def _within_faults(plan: Plan) -> list[str]:
    if not plan.partners_within:
        return []
    if not all(isinstance(name, str) for name in plan.partners_within):
        return [f"expected partners_within to be a name of a covariate or several, got {plan.partners_within!r}"]
    if "partners" not in plan.values("surrogates"):
        return ["partners_within is for surrogates='partners'; leave it out, or choose these surrogates"]
    return []


def _text_faults(given: Mapping[str, Any]) -> list[str]:
    return [
        f"expected {name} to be text, numbers, or a list or dictionary of these, got {value!r}"
        for name, value in given.items()
        if not _is_plain(value)
    ]


def _is_of_reader(name: str) -> bool:
    return name in OPEN_OPTIONS or name in Y_OPTIONS


def _align_faults(align: object) -> list[str]:
    if isinstance(align, bool):
        return []
    if not isinstance(align, Mapping):
        return [f"expected align to be True, False or options of align() ({', '.join(ALIGN_OPTIONS)}), got {align!r}"]
    faults = [f"expected options of align() ({', '.join(ALIGN_OPTIONS)}), got {name}"
              for name in align if name not in ALIGN_OPTIONS]  # fmt: skip
    expected = {"fps": "a positive number of frames per second", "max_gap": "a positive number of seconds"}
    for name in ALIGN_OPTIONS:
        value = align.get(name)
        if value is not None and (not is_number(value) or (name in expected and value <= 0)):
            faults.append(f"expected align.{name} to be {expected.get(name, 'a number of seconds')}, got {value!r}")
    return faults


def _unused_faults(reading: Reading, measures: list[str]) -> list[str]:
    """Faults of options for a reference, if no measure has one."""
    if reading.align is None and not any(reading.options.get(name) is not None for name in Y_OPTIONS):
        return []
    have = f"{measures[0]} has none" if len(measures) == 1 else f"{listed(measures)} have none"
    return [f"{', '.join(Y_OPTIONS)} and align are for a reference, and {have}; leave them out"]


def _plain(value: object) -> Any:
    """Convert NumPy's numbers and arrays to Python's."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(_plain, value))
    return value


def _is_plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_plain(one) for one in value)
    if isinstance(value, dict):
        return all(isinstance(name, str) and _is_plain(one) for name, one in value.items())
    return value is None or isinstance(value, str | int | float)


# --- covariates


def clashes(covariates: Iterable[str], names: Iterable[str]) -> list[str]:
    """Fault of covariates that have names of variables or dimensions of the results."""
    taken = [name for name in covariates if name in set(names)]
    if not taken:
        return []
    return [f"expected other column names than those of the results, got {listed(taken)} in the manifest; rename them"]


def named_like_options(covariates: Iterable[str], own: Iterable[str]) -> list[str]:
    """Fault of covariates that have names of options, which would have no effect; `own` are options of `run()`."""
    measures = {name for entry in MEASURES.values() for name in signature(entry.function).parameters}
    options = {*OPEN_OPTIONS, *Y_OPTIONS, *measures, OF, KEEP_WINDOWS, PARTNERS_WITHIN, *own}
    taken = [name for name in covariates if name in options]
    if not taken:
        return []
    columns = ", ".join((*FILE_COLUMNS, *OPTION_COLUMNS))
    return [
        f"expected covariates with other names than options, got {listed(taken)} in the manifest, which would have no "
        f"effect; rename them, or give the options to run() (columns that are options: {columns})"
    ]
