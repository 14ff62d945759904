"""What a cohort can measure, with which options, and what a result is made from."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from bitbox_xr import dyad, expressions, scales, social
from bitbox_xr.checks import listed
from bitbox_xr.cohort.folder import RECORDINGS, WINDOWS
from bitbox_xr.errors import refuse
from bitbox_xr.readers import open_signals
from bitbox_xr.readers.three_di import is_three_di
from bitbox_xr.results import PAIR

__all__ = ["MEASURES", "Measure", "Study", "clashes", "made_from", "planned", "results"]


class Measure(NamedTuple):
    """A measure as a cohort sees it."""

    function: Callable[..., xr.Dataset]
    reference: str  # "needed", "optional" or "unused"
    pairs: bool  # it compares signal1 with signal2, in windows
    check: Callable[[Mapping[str, Any]], list[str]]  # what is wrong with its options, whatever the recording
    names: Iterable[str]  # of its variables and dimensions


def _window_faults(options: Mapping[str, Any]) -> list[str]:
    return dyad.Options(**{"causal": None, **options}).faults()


def _scale_faults(options: Mapping[str, Any]) -> list[str]:
    asked = (options[name] for name in ("scales", "aggregate", "precision"))
    try:
        scales.chosen(*asked, rate=1e6, frames=2**40, measure="scales")  # a recording that any scale fits into
    except ValueError as error:
        return [str(error)]
    return []


OF_PAIRS = (*dyad.VARIABLES, dyad.SIGNAL1, dyad.SIGNAL2, PAIR)
OF_SCALES = (scales.SCALE, "scale_label")
OF_COEFFICIENTS = ("expressivity", "eligible_time", "rate", expressions.METRIC, expressions.COEFFICIENT, "unit")

MEASURES = {
    "imitation": Measure(social.imitation, "needed", True, _window_faults, OF_PAIRS),
    "coordination": Measure(social.coordination, "optional", True, _window_faults, OF_PAIRS),
    "expressivity": Measure(
        expressions.expressivity, "unused", False, _scale_faults, (*OF_SCALES, *OF_COEFFICIENTS)
    ),
    "diversity": Measure(
        expressions.diversity, "unused", False, _scale_faults, (*OF_SCALES, "overall", "frame_wise")
    ),
}  # fmt: skip

OF_READER = tuple(name for name in signature(open_signals).parameters if name != "path")
OF_REFERENCE = {"columns_y": "columns", "face_id_y": "face_id"}  # what one file with two people needs twice
DECIDED_HERE = ("stats", "fps")


@dataclass(frozen=True)
class Study:
    """What is asked of every recording alike."""

    measure: str
    options: dict[str, Any]
    reader: dict[str, Any]
    reader_of_reference: dict[str, Any]
    windows: bool

    def described(self) -> str:
        """All that decides what comes out, as JSON."""
        asked = {"measure": self.measure, "options": self.options, "reader": self.reader}
        if self.reader_of_reference != self.reader:
            asked["reader_of_reference"] = self.reader_of_reference
        return json.dumps(_canonical(asked), sort_keys=True)


def planned(measure: str, options: Mapping[str, Any], *, windows: bool) -> Study:
    """`options` of the measure and of `open_signals()` told apart, those of the measure with its defaults.

    ValueError for a measure that is not known and for all options that cannot be, before anything is computed.
    """
    if measure not in MEASURES:
        raise ValueError(f"cohort: measure is {measure!r}; one of {', '.join(MEASURES)} is wanted")
    entry = MEASURES[measure]
    parameters = signature(entry.function).parameters.values()
    known = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY and p.name not in DECIDED_HERE}
    given = {name: _plain(value) for name, value in options.items()}
    own = known | {name: value for name, value in given.items() if name in known}
    reader = {name: value for name, value in given.items() if name in OF_READER and value is not None}
    second = {OF_REFERENCE[name]: value for name, value in given.items() if name in OF_REFERENCE and value is not None}
    faults = [
        f"{name} is no option of {measure}, which takes {', '.join(known)}, nor of open_signals()"
        for name in given
        if name not in known and name not in OF_READER and name not in OF_REFERENCE
    ]
    faults += [f"{name} is {value!r}; text, numbers or a list of them are wanted" for name, value in given.items()
               if not _is_plain(value)]  # fmt: skip
    if windows and not entry.pairs:
        faults.append(f"{measure} has no windows to keep; leave windows out")
    if second and entry.reference == "unused":
        faults.append(f"{', '.join(OF_REFERENCE)} are for a reference, which {measure} has none of")
    refuse("cohort", faults or entry.check(own))
    return Study(measure, own, reader, reader | second, windows)


def _plain(value: Any) -> Any:
    """NumPy's numbers and arrays as Python's."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _canonical(value: Any) -> Any:
    """Without a point in whole numbers: 1 and 1.0 are the same seconds."""
    if isinstance(value, dict):
        return {name: _canonical(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_canonical(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(_is_plain(one) for one in value)
    return value is None or isinstance(value, str | int | float)


def clashes(covariates: Iterable[str], names: Iterable[str]) -> list[str]:
    """Covariates that are called as something in the results."""
    taken = [name for name in covariates if name in set(names)]
    return [f"columns of the manifest have names of the results: {listed(taken)}; rename them"] if taken else []


def results(study: Study, x: xr.DataArray, y: xr.DataArray | None) -> dict[str, xr.Dataset]:
    """What is kept of one recording, by the folder that keeps it."""
    entry = MEASURES[study.measure]
    sides = (x,) if y is None else (x, y)
    if not entry.pairs:
        return {RECORDINGS: entry.function(*sides, **study.options)}
    if not study.windows:
        return {RECORDINGS: entry.function(*sides, stats=True, **study.options)}
    whole = entry.function(*sides, **study.options)
    return {RECORDINGS: social.window_stats(whole), WINDOWS: whole}


# --- what a result is made from


def made_from(study: Study, files: Iterable[Path]) -> str:
    """A SHA-256 of the inputs' names and content, of all options and of bitbox_xr's major.minor version.

    A `.json` beside a file of 3DI's, which tells how that was made, is input too. FileNotFoundError where an input is
    missing.
    """
    from bitbox_xr import __version__

    inputs = [[[part.name, _digest(part)] for part in _with_twin(file)] for file in files]
    version = __version__.split(".")[:2]
    return hashlib.sha256(json.dumps([inputs, study.described(), version]).encode()).hexdigest()


def _with_twin(file: Path) -> list[Path]:
    twin = file.with_suffix(".json")
    return [file, twin] if is_three_di(file) and twin.is_file() else [file]


def _digest(file: Path) -> str:
    if not file.is_file():
        raise FileNotFoundError(f"{file}: there is no such file")
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
