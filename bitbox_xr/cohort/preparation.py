"""Steps that prepare the signals of a recording, and masks: what a cohort takes of each, and their faults."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from inspect import Parameter, signature
from typing import Any, Literal, TypeAlias, get_args

import xarray as xr

from bitbox_xr.core.validation import is_number, listed
from bitbox_xr.io.annotations import open_intervals
from bitbox_xr.preprocessing.filters import detrend, smooth
from bitbox_xr.preprocessing.gaps import fill_gaps
from bitbox_xr.preprocessing.resampling import resample
from bitbox_xr.preprocessing.standardisation import Center, Scale, standardize

__all__ = ["INTERVAL_OPTIONS", "Mask", "Sides", "Step", "interval_faults", "masks", "steps"]

Sides: TypeAlias = Literal["signals", "reference", "both"]
Check: TypeAlias = Callable[[object], bool]

# Steps that interpolate come before signals and reference are aligned and masked, filters come after it.
INTERPOLATING = ("resample", "fill_gaps")
STEPS: dict[str, Callable[..., xr.DataArray]] = {
    "resample": resample, "fill_gaps": fill_gaps, "smooth": smooth, "detrend": detrend, "standardize": standardize,
}  # fmt: skip
FUNCTION, OF = "function", "of"  # keys of a step and of a mask
INTERVAL_OPTIONS = tuple(name for name, p in signature(open_intervals).parameters.items() if p.kind is p.KEYWORD_ONLY)
MASK_OPTIONS = ("labels", "regions", *INTERVAL_OPTIONS)


@dataclass(frozen=True)
class Step:
    """A function of one signal set with its options, and the sides to which it is applied."""

    function: str
    options: dict[str, Any]
    of: Sides = "both"

    @property
    def interpolates(self) -> bool:
        """Whether the step comes before alignment and masks."""
        return self.function in INTERPOLATING

    def applied(self, x: xr.DataArray) -> xr.DataArray:
        """The signals after the step."""
        return STEPS[self.function](x, **self.options)

    def described(self) -> dict[str, Any]:
        """The step as it is given."""
        return {FUNCTION: self.function, **self.options, OF: self.of}


@dataclass(frozen=True)
class Mask:
    """Frames to mask: intervals of the recording's file of intervals, by label, in some regions of the face."""

    of: Sides
    options: dict[str, Any]  # of open_intervals()
    labels: tuple[str, ...] | None = None
    regions: tuple[str, ...] | None = None

    def described(self) -> dict[str, Any]:
        """The mask as it is given."""
        return {OF: self.of, **self.options, "labels": self.labels, "regions": self.regions}


def steps(given: object) -> tuple[tuple[Step, ...], list[str]]:
    """Read the steps of preparation from a list of mappings; returns them and the faults.

    >>> steps([{"function": "detrend", "width": 30}])[0]
    (Step(function='detrend', options={'width': 30}, of='both'),)
    >>> steps([{"function": "smooth", "width": -1}])[1]
    ['prepare[0]: expected width to be a positive number, got -1']
    """
    found, faults = _mappings("prepare", given)
    made = []
    for place, one in found:
        function, of = one.pop(FUNCTION, None), one.pop(OF, "both")
        faults += _side_faults(place, of)
        if function not in STEPS:
            faults.append(f"{place}: expected function to be one of {', '.join(STEPS)}, got {function!r}")
            continue
        faults += [f"{place}: {fault}" for fault in _option_faults(function, one)]
        made.append(Step(function, one, of))
    return tuple(made), faults


def masks(given: object) -> tuple[tuple[Mask, ...], list[str]]:
    """Read masks from a list of mappings; returns them and the faults.

    >>> masks([{"of": "signals", "labels": "speech", "regions": ["mouth"]}])[0]
    (Mask(of='signals', options={}, labels=('speech',), regions=('mouth',)),)
    """
    found, faults = _mappings("mask", given)
    made = []
    for place, one in found:
        of = one.pop(OF, None)
        faults += _side_faults(place, of)
        if unknown := [name for name in one if name not in MASK_OPTIONS]:
            faults.append(f"{place}: expected {OF}, {', '.join(MASK_OPTIONS)}, got {listed(unknown)}")
        chosen = {name: _texts(one.pop(name)) for name in ("labels", "regions") if name in one}
        faults += [f"{place}: expected {name} to be a name or a list of names" for name, own in chosen.items()
                   if own is None]  # fmt: skip
        made.append(Mask(of, one, **chosen))
    return tuple(made), faults


def interval_faults(given: object) -> list[str]:
    """Faults of the options of `open_intervals()`."""
    if not isinstance(given, Mapping):
        return [f"expected intervals to be options of open_intervals(), got {given!r}"]
    unknown = [name for name in given if name not in INTERVAL_OPTIONS]
    expected = ", ".join(INTERVAL_OPTIONS)
    return [f"intervals: expected options of open_intervals() ({expected}), got {listed(unknown)}"] if unknown else []


def _mappings(name: str, given: object) -> tuple[list[tuple[str, dict[str, Any]]], list[str]]:
    """The mappings of a list with their places, and faults."""
    if not isinstance(given, Sequence) or isinstance(given, str):
        return [], [f"expected {name} to be a list of mappings, got {given!r}"]
    found = [(f"{name}[{k}]", dict(one)) for k, one in enumerate(given) if isinstance(one, Mapping)]
    return found, [f"{name}[{k}]: expected a mapping, got {one!r}" for k, one in enumerate(given)
                   if not isinstance(one, Mapping)]  # fmt: skip


def _side_faults(place: str, of: object) -> list[str]:
    sides = get_args(Sides)
    return [] if of in sides else [f"{place}: expected of to be one of {', '.join(sides)}, got {of!r}"]


def _texts(value: object) -> tuple[str, ...] | None:
    """One name or several; None if the value is something else."""
    names = [value] if isinstance(value, str) else value
    if isinstance(names, Iterable) and all(isinstance(name, str) for name in names):
        return tuple(names)
    return None


def _positive(value: object) -> bool:
    return is_number(value) and value > 0


def _one_of(values: tuple[object, ...], value: object) -> bool:
    return value is None or value in values


CHECKS: dict[str, tuple[Check, str]] = {
    "width": (_positive, "a positive number"),
    "fps": (_positive, "a positive number"),
    "max_gap": (lambda value: value is None or _positive(value), "a positive number"),
    "dead_band": (lambda value: is_number(value) and value >= 0, "a number of at least 0"),
    "center": (partial(_one_of, get_args(Center)), f"one of {', '.join(get_args(Center))}"),
    "scale": (partial(_one_of, get_args(Scale)), f"one of {', '.join(get_args(Scale))}"),
    "reference": (lambda value: isinstance(value, Mapping), "a coordinate and its label, as {'condition': 'rest'}"),
}


def _option_faults(function: str, given: Mapping[str, Any]) -> list[str]:
    known = {name: p for name, p in signature(STEPS[function]).parameters.items() if name != "x"}
    needed = [name for name, p in known.items() if p.default is Parameter.empty and name not in given]
    unknown = [name for name in given if name not in known]
    faults = [f"expected options of {function}() ({', '.join(known)}), got {name}" for name in unknown]
    faults += [f"expected {name} for {function}(), got none" for name in needed]
    for name, value in given.items():
        if name in known and not CHECKS[name][0](value):
            faults.append(f"expected {name} to be {CHECKS[name][1]}, got {value!r}")
    return faults
