"""Sentences on what a result was computed from: the signals of each person, their trackers, and lost frames."""

from typing import NamedTuple

import xarray as xr

from bitbox_xr.core.variables import COEFFICIENT, PAIR, RECORDING, SIGNAL, SIGNAL1, SIGNAL2
from bitbox_xr.reporting import nouns
from bitbox_xr.reporting.nouns import Noun, noun_of_signals, series
from bitbox_xr.reporting.references import REFERENCES, TRACKERS

__all__ = ["WHOSE", "data_text", "losses_text", "of_sides", "tracker_keys"]

WHOSE = {"": "", "1": " of person x", "2": " of person y"}
OWN_DIMS = {"": (COEFFICIENT, SIGNAL, SIGNAL1, PAIR), "1": (SIGNAL1, PAIR), "2": (SIGNAL2, PAIR)}


class Side(NamedTuple):
    """The signals of one person: how many (None if the result does not say), of which kind, and by which tracker."""

    number: int | None
    noun: Noun
    tracker: str

    @property
    def text(self) -> str:
        """The number of signals and their kind."""
        return self.noun.plural if self.number is None else self.noun.counted(self.number)


def of_sides(result: xr.Dataset, name: str) -> dict[str, object]:
    """The values of an attribute of the inputs, by their side: "" for one person, "1" and "2" for x and y."""
    found = {side: result.attrs[f"{name}{side}"] for side in WHOSE if f"{name}{side}" in result.attrs}
    # coordination of one person has this person on both sides
    return {"": found["1"]} if result.attrs.get("alone") and "1" in found else found


def tracker_keys(result: xr.Dataset) -> tuple[str, ...]:
    """The references of the trackers."""
    names = dict.fromkeys(str(name) for name in of_sides(result, "backend").values())
    return tuple(TRACKERS[name] for name in names if name in TRACKERS)


def data_text(result: xr.Dataset) -> str:
    """The signals of each person with the tracker that measured them, for `The data were …`."""
    sides = _sides(result)
    everywhere = f" in {nouns.RECORDING.counted(result.sizes[RECORDING])}" if RECORDING in result.sizes else ""
    first = next(iter(sides.values()))
    if len(set(sides.values())) == 1:
        whose = " of each person" if len(sides) > 1 else ""
        return f"{first.text}{whose}{everywhere}{_measured(first.tracker)}"
    if len({side.tracker for side in sides.values()}) == 1:
        both = series([f"{side.text}{WHOSE[name]}" for name, side in sides.items()])
        return f"{both}{everywhere}{_measured(first.tracker)}"
    return series([f"{one.text}{WHOSE[name]}{everywhere}{_measured(one.tracker)}" for name, one in sides.items()])


def _measured(tracker: str) -> str:
    """By which tracker signals were measured."""
    cited = f"{tracker} ({REFERENCES[TRACKERS[tracker]].cited})" if tracker in TRACKERS else tracker
    return f", measured with {cited}" if tracker else ""


def _sides(result: xr.Dataset) -> dict[str, Side]:
    kinds, schemas, trackers = (
        {side: str(value) for side, value in of_sides(result, name).items()} for name in ("kind", "schema", "backend")
    )
    known = kinds or trackers or ({"": "expression"} if not _has_two(result) else {"1": "", "2": ""})
    return {
        side: Side(
            _number(result, side),
            noun_of_signals(kinds.get(side, "expression"), schemas.get(side, ""), trackers.get(side, "")),
            trackers.get(side, ""),
        )
        for side in known
    }


def _has_two(result: xr.Dataset) -> bool:
    return not result.attrs.get("alone") and SIGNAL2 in result.coords


def _number(result: xr.Dataset, side: str) -> int | None:
    """The number of signals of a person; one if a pair was selected; None if the result does not have them."""
    own = OWN_DIMS[side]
    sizes = [result.sizes[dim] for dim in own if dim in result.sizes]
    if sizes:
        return sizes[0]
    return 1 if any(dim in result.coords and not result[dim].ndim for dim in own) else None


def losses_text(result: xr.Dataset) -> str:
    """Lost and masked frames in sentences, where they were counted."""
    texts = []
    for name, what in (("lost_frames", "The tracker lost"), ("masked_frames", "Masks covered")):
        counts = {side: int(str(value)) for side, value in of_sides(result, name).items()}
        if counts and not any(counts.values()):
            counts = {"": 0}  # the same of each person
        if counts:
            texts.append(f"{what} {series([nouns.FRAME.counted(n) + WHOSE[side] for side, n in counts.items()])}.")
    return " ".join(texts)
