"""What a cohort can measure, and with which options."""

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
from bitbox_xr.core.validation import is_number, listed
from bitbox_xr.core.variables import PAIR, RESERVED
from bitbox_xr.inference.significance import significance
from bitbox_xr.io.readers.options import OPEN_OPTIONS, Y_OPTIONS, open_options
from bitbox_xr.measures import expressivity, scales, social, windowing

__all__ = ["MEASURES", "Measure", "Study", "clashes", "planned", "results"]


class Measure(NamedTuple):
    """A measure as a cohort sees it."""

    function: Callable[..., xr.Dataset]
    reference: str  # "needed", "optional" or "unused"
    pairs: bool  # it compares signal1 with signal2, in windows that can be kept
    check: Callable[[Mapping[str, Any]], list[str]]  # what is wrong with its options, whatever the recording
    names: Iterable[str]  # of its variables and dimensions


def _window_faults(options: Mapping[str, Any]) -> list[str]:
    return windowing.Options(**{"causal": None, **options}).faults()


def _scale_faults(options: Mapping[str, Any]) -> list[str]:
    asked = (options[name] for name in ("scales", "aggregate", "precision"))
    try:
        scales.chosen(*asked, fps=1e6, frames=2**40, measure="scales")  # a recording that any scale fits into
    except ValueError as error:
        return [str(error)]
    return []


OF_PAIRS = (*RESERVED["imitation"], PAIR)

MEASURES = {
    "imitation": Measure(social.imitation, "needed", True, _window_faults, OF_PAIRS),
    "coordination": Measure(social.coordination, "optional", True, _window_faults, OF_PAIRS),
    "expressivity": Measure(
        expressivity.expressivity, "unused", False, _scale_faults, RESERVED["expressivity"]
    ),
    "diversity": Measure(
        expressivity.diversity, "unused", False, _scale_faults, RESERVED["diversity"]
    ),
    "significance": Measure(
        significance, "as tested", False, seeds.faults, (*RESERVED["significance"], *OF_PAIRS)
    ),
}  # fmt: skip

OF = "of"  # the measure that is tested; `measure` is run()'s own
DECIDED_HERE = ("stats", "fps", "pairs", "partners", "progress")


@dataclass(frozen=True)
class Study:
    """What is asked of every recording alike."""

    measure: str
    options: dict[str, Any]
    reader: dict[str, Any]
    reader_of_reference: dict[str, Any]
    keep_windows: bool
    align: dict[str, Any] | None = None  # options of align(), where recordings are brought onto one clock

    @property
    def compared(self) -> str:
        """The measure of the recordings, which may be one that is tested."""
        return str(self.options.get(OF, self.measure))

    @property
    def reference(self) -> str:
        """Whether a reference is "needed", "optional" or "unused"."""
        return MEASURES[self.compared].reference

    def described(self) -> str:
        """All that decides what comes out, as JSON."""
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
    pairs: str = "matched",
    align: bool = False,
    align_fps: float | None = None,
    offset: float | None = None,
) -> Study:
    """`options` of the measure and of `open_signals()` told apart, those of the measure with its defaults.

    `pairs` becomes an option of a measure that has it. ValueError for a measure that is not known and for all
    options that cannot be, before anything is computed.
    """
    if not isinstance(measure, str) or measure not in MEASURES:
        raise ValueError(f"cohort: measure is {measure!r}; one of {', '.join(MEASURES)} is wanted")
    entry = MEASURES[measure]
    known = _known(entry.function)
    given = {name: _plain(value) for name, value in options.items()}
    own = known | {name: value for name, value in given.items() if name in known}
    faults = [
        f"{name} is no option of {measure}, which takes {', '.join(known)}, nor of open_signals()"
        for name in given
        if name not in known and name not in OPEN_OPTIONS and name not in Y_OPTIONS
    ]
    faults += [f"{name} is {value!r}; text, numbers or a list of them are wanted" for name, value in given.items()
               if not _is_plain(value)]  # fmt: skip
    if keep_windows and not entry.pairs:
        faults.append(f"{measure} has no windows to keep; leave keep_windows out")
    if entry.reference == "unused" and (align or any(given.get(name) is not None for name in Y_OPTIONS)):
        faults.append(f"{', '.join(Y_OPTIONS)} and align are for a reference, which {measure} has none of")
    faults += _clock_faults(align, align_fps, offset)
    refuse("cohort", faults or entry.check(own))
    if "pairs" in signature(entry.function).parameters:
        own["pairs"] = pairs
    clock = {"fps": align_fps, "offset": offset or 0.0} if align else None
    return Study(measure, own, open_options(given), open_options(given, of_y=True), keep_windows, clock)


def _known(function: Callable[..., xr.Dataset]) -> dict[str, Any]:
    """Options of a measure that a cohort takes, with their defaults."""
    parameters = signature(function).parameters.values()
    taken = (p for p in parameters if p.kind is p.KEYWORD_ONLY and p.name not in DECIDED_HERE)
    return {OF if p.name == "measure" else p.name: p.default for p in taken}


def _clock_faults(align: object, align_fps: object, offset: object) -> list[str]:
    faults = [] if isinstance(align, bool) else [f"align is {align!r}; True or False is wanted"]
    given = {name: value for name, value in (("align_fps", align_fps), ("offset", offset)) if value is not None}
    if given and not align:
        faults.append(f"{', '.join(given)}: for align, which was not given")
    for name, value in given.items():
        if not is_number(value) or (name == "align_fps" and value <= 0):
            wanted = "a positive number of frames per second" if name == "align_fps" else "a number of seconds"
            faults.append(f"{name} is {value!r}; {wanted} is wanted")
    return faults


def _plain(value: object) -> Any:
    """NumPy's numbers and arrays as Python's."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _canonical(value: object) -> Any:
    """Without a point in whole numbers: 1 and 1.0 are the same seconds."""
    if isinstance(value, dict):
        return {name: _canonical(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_canonical(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _is_plain(value: object) -> bool:
    if isinstance(value, list):
        return all(_is_plain(one) for one in value)
    return value is None or isinstance(value, str | int | float)


def clashes(covariates: Iterable[str], names: Iterable[str]) -> list[str]:
    """Covariates that are called as something in the results."""
    taken = [name for name in covariates if name in set(names)]
    return [f"columns of the manifest have names of the results: {listed(taken)}; rename them"] if taken else []


def results(study: Study, *sides: xr.DataArray, **own: Any) -> dict[str, xr.Dataset]:
    """What is kept of one recording, by the folder that keeps it; `own` are options of this recording alone."""
    entry = MEASURES[study.measure]
    options = {"measure" if name == OF else name: value for name, value in {**study.options, **own}.items()}
    if not entry.pairs:
        return {RECORDINGS: entry.function(*sides, **options)}
    if not study.keep_windows:
        return {RECORDINGS: entry.function(*sides, stats=True, **options)}
    whole = entry.function(*sides, **options)
    return {RECORDINGS: social.window_stats(whole), WINDOWS: whole}
