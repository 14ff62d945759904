"""Pairing the key presses of an observation: each START with the next STOP of the same behaviour."""

from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from bitbox_xr.core import validation
from bitbox_xr.core.errors import warn
from bitbox_xr.io.annotations.records import Interval

__all__ = ["Action", "KeyPress", "paired"]

Action: TypeAlias = Literal["START", "STOP", "POINT"]


class KeyPress(NamedTuple):
    """One key press: a point, or the start or stop of a state; `key` says which starts and stops belong together."""

    time: float  # s
    action: Action
    key: tuple[str, ...]  # observation, subject, behaviour, modifiers
    label: str
    place: str
    subject: str
    tier: str


def paired(file: str, presses: Iterable[KeyPress], faults: list[str]) -> list[Interval]:
    """The intervals and points of key presses in any order. States nest, so pairs are made within each key.

    A START without a STOP is an interval of unknown duration, with a warning. A STOP without a START, and a second
    START, are added to `faults`.
    """
    by_key: dict[tuple[str, ...], list[KeyPress]] = {}
    intervals, still_open = [], []
    for press in presses:
        if press.action == "POINT":
            intervals.append(_interval(press, press.time))
        else:
            by_key.setdefault(press.key, []).append(press)
    for own in by_key.values():
        found, last = _pairs(sorted(own, key=lambda press: press.time), faults)
        intervals += found
        still_open += last
    if still_open:
        places = validation.listed(f"{press.label!r} in {press.place}" for press in still_open)
        warn(
            f"{file}: expected a stop for every start, got none for {places}; the duration of "
            f"{'this interval' if len(still_open) == 1 else 'these intervals'} is unknown (offset NaN)"
        )
    return intervals


def _pairs(presses: list[KeyPress], faults: list[str]) -> tuple[list[Interval], list[KeyPress]]:
    """The intervals of the presses of one key in order of time, and the start that is still open at the end, if any."""
    found: list[Interval] = []
    started: KeyPress | None = None
    for press in _stops_first(presses):
        if press.action == "START":
            if started:
                faults.append(
                    f"{press.place}: expected a stop of {press.label!r}, which started in {started.place}, got another "
                    "start; correct the coding"
                )
            started = press
        elif started:
            found.append(_interval(started, press.time))
            started = None
        else:
            faults.append(f"{press.place}: expected a start of {press.label!r} before its stop, got none; correct it")
    if started is None:
        return found, []
    return [*found, _interval(started, np.nan)], [started]


def _stops_first(presses: list[KeyPress]) -> list[KeyPress]:
    """The presses with a stop before a start of the same time, if a bout is open: one ends when the next begins."""
    ordered = list(presses)
    is_open = False
    for i, press in enumerate(ordered):
        follows = ordered[i + 1] if i + 1 < len(ordered) else None
        if is_open and press.action == "START" and follows and (follows.time, follows.action) == (press.time, "STOP"):
            ordered[i], ordered[i + 1] = follows, press
        is_open = ordered[i].action == "START"
    return ordered


def _interval(press: KeyPress, stop: float) -> Interval:
    kind: Literal["state", "point", "unknown"] = "point" if press.action == "POINT" else "state"
    return Interval(
        press.time, stop, press.label, "unknown" if np.isnan(stop) else kind, press.place, press.subject, press.tier
    )
