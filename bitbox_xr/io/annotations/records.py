"""Annotations as they are read: intervals with their places in the file, and the options that choose among them."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, TypeAlias

from bitbox_xr.core import validation

__all__ = [
    "Annotations",
    "Chosen",
    "Interval",
    "IntervalOptions",
    "IntervalType",
    "as_names",
    "choice_faults",
    "is_chosen",
    "shortened",
]

IntervalType: TypeAlias = Literal["state", "point", "unknown"]
Chosen: TypeAlias = str | Sequence[str] | None  # a name, several names, or None for all

MAX_LISTED_FAULTS = 8


class IntervalOptions(NamedTuple):
    """The options of `open_intervals()` that apply to the content of a file."""

    label: Chosen = None
    tier: Chosen = None
    subject: Chosen = None
    time_unit: str = "s"


class Interval(NamedTuple):
    """One interval or point of an annotation."""

    onset: float  # s
    offset: float  # s; NaN if it is not known
    label: str  # '' if it has none
    type: IntervalType
    place: str  # in messages, such as "line 7"
    subject: str = ""
    tier: str = ""


class Annotations(NamedTuple):
    """The content of a file, and the faults found while it was read."""

    intervals: list[Interval]
    faults: list[str] = []  # noqa: RUF012 (never changed)
    tiers: Sequence[str] = ()  # of the file, including those without intervals
    columns: Sequence[str] = ()  # that `label` can name
    label_is_column: bool = False  # whether `label` names one of them, and chooses no labels
    tier_name: str = "tier"  # what the program calls a tier, in messages
    own_clocks: bool = False  # whether each tier is a recording with a clock that others do not share
    attrs: dict[str, str] = {}  # noqa: RUF012 (never changed)


def as_names(chosen: Chosen) -> list[str]:
    """The names that an option lists."""
    return [chosen] if isinstance(chosen, str) else list(chosen or [])


def is_chosen(chosen: Chosen, name: str) -> bool:
    """Whether an option that chooses by name keeps this name."""
    return chosen is None or name in as_names(chosen)


def choice_faults(option: str, chosen: Chosen, present: Iterable[str], what: str = "") -> list[str]:
    """Faults of names that an option lists and the file does not have."""
    names = list(dict.fromkeys(present))
    absent = [name for name in as_names(chosen) if name not in names]
    if not absent:
        return []
    known = validation.listed(map(repr, names), 20) if any(names) else f"left out, since the file names no {option}"
    got = validation.listed(map(repr, absent))
    return [f"expected {option} to be {'one of ' if any(names) else ''}{known}{what}, got {got}"]


def shortened(faults: list[str], limit: int = MAX_LISTED_FAULTS) -> list[str]:
    """The first faults, and how many more there are."""
    hidden = len(faults) - limit
    return faults if hidden <= 0 else [*faults[:limit], f"… and {validation.counted(hidden, 'more fault')}"]
