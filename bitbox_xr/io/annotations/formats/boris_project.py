"""BORIS projects, `.boris`: JSON with all observations.

A project does not say whether an event starts or stops a state: the events of a state alternate.
"""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bitbox_xr.core import validation
from bitbox_xr.core.errors import refuse
from bitbox_xr.io.annotations.key_presses import Action, KeyPress, paired
from bitbox_xr.io.annotations.records import Annotations, IntervalOptions, as_names, choice_faults
from bitbox_xr.io.annotations.text import content, decoded, head_text

__all__ = ["read", "recognise"]

KEYS = ('"project_format_version"', '"behaviors_conf"', '"subjects_conf"', '"project_date"')
MIN_EVENT = 4  # time, subject, behaviour, modifiers; then a comment and, for videos, the frame


def recognise(path: Path, head: bytes) -> bool:
    """Whether the file is JSON with the keys of a project."""
    text = head_text(head)
    return text.lstrip("\ufeff \n\t").startswith("{") and any(key in text for key in KEYS)


def read(path: Path, options: IntervalOptions) -> Annotations:
    """Read one observation, or those that `tier` names; the label is the behaviour, the tier the observation."""
    project = _parsed(path.name, decoded(path.name, content(path)))
    observations = project["observations"]
    if options.tier is None and len(observations) > 1:
        raise ValueError(
            f"{path.name}: expected the name of an observation, since the project has {len(observations)}, each on its "
            f"own clock: {validation.listed(map(repr, observations), 20)}; choose one with tier=…"
        )
    refuse(path.name, choice_faults("tier", options.tier, observations))
    states = {
        str(behaviour.get("code", "")).strip(): str(behaviour.get("type", "")).casefold().startswith("state")
        for behaviour in project["behaviors_conf"].values()
        if isinstance(behaviour, dict)
    }
    faults: list[str] = []
    presses: list[KeyPress] = []
    for name in as_names(options.tier) if options.tier is not None else observations:
        presses += _presses(str(name), observations[name], states, faults)
    intervals = paired(path.name, presses, faults)
    return Annotations(intervals, faults, tiers=[*observations], tier_name="observation", own_clocks=True)


def _parsed(file: str, text: str) -> dict[str, Any]:
    try:
        project = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{file}: expected a BORIS project in JSON, got text that cannot be read as such ({error}); save it again"
        ) from None
    keys = ("observations", "behaviors_conf")
    if not isinstance(project, dict) or not all(isinstance(project.get(key), dict) for key in keys):
        raise ValueError(f"{file}: expected a BORIS project with {' and '.join(keys)}, got other JSON; see format=…")
    return project


def _presses(name: str, observation: Any, states: dict[str, bool], faults: list[str]) -> Iterator[KeyPress]:
    """The key presses of an observation, with starts and stops alternating within a state."""
    events = observation.get("events") if isinstance(observation, dict) else None
    if not isinstance(events, list):
        faults.append(f"observation {name!r}: expected a list of events, got {type(events).__name__}; save it again")
        return
    open_states: set[tuple[str, ...]] = set()
    valid = [
        (i, event)
        for i, event in enumerate(events, 1)
        if _is_valid(event, f"observation {name!r}, event {i}", states, faults)
    ]
    for i, event in sorted(valid, key=lambda pair: float(pair[1][0])):
        subject, code, modifiers = (str(part or "").strip() for part in event[1:4])
        key = (name, subject, code, modifiers)
        action: Action = "POINT"
        if states[code]:
            action = "STOP" if key in open_states else "START"
            open_states ^= {key}
        yield KeyPress(float(event[0]), action, key, code, f"observation {name!r}, event {i}", subject, name)


def _is_valid(event: Any, place: str, states: dict[str, bool], faults: list[str]) -> bool:
    if not isinstance(event, list) or len(event) < MIN_EVENT:
        faults.append(
            f"{place}: expected time, subject, behaviour and modifiers, got {event!r}; save the project again"
        )
    elif not validation.is_number(event[0]) or not math.isfinite(event[0]):
        faults.append(f"{place}: expected a time in s, got {event[0]!r}; correct it in BORIS")
    elif str(event[2]).strip() not in states:
        faults.append(f"{place}: expected a behaviour of the project, got {event[2]!r}; define it in BORIS")
    else:
        return True
    return False
