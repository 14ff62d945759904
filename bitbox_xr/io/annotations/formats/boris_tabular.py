"""BORIS, exported as tabular events: one row for each key press, START, STOP or POINT.

Files of versions up to 8.9.3 have a preamble, and the action in the column `Status`. Later ones are flat tables, with
the action in the column `Behavior type`, which has other values in aggregated exports.
"""

import re
from pathlib import Path
from typing import cast, get_args

from bitbox_xr.io.annotations.formats.boris_aggregated import BEHAVIOUR, NO_SUBJECT
from bitbox_xr.io.annotations.key_presses import Action, KeyPress, paired
from bitbox_xr.io.annotations.records import Annotations, IntervalOptions, is_chosen
from bitbox_xr.io.annotations.rows import (
    Header,
    Rows,
    find,
    find_header,
    label_column,
    records,
    rows_below,
    texts,
    times,
)
from bitbox_xr.io.annotations.text import content, decoded, head_text

__all__ = ["read", "recognise"]

ACTIONS = get_args(Action)
MODIFIER = re.compile(r"Modifiers?( ?#?\d+)?")


def recognise(path: Path, head: bytes) -> bool:
    """Whether a line names a time, a behaviour and an action, below a preamble or not."""
    return _header(head_text(head)) is not None


def _header(text: str) -> Header | None:
    flat = find_header(text, _matches_flat)
    if flat is not None or not text.lstrip("\n").startswith("Observation id"):
        return flat
    return find_header(text, _matches_below_preamble, preamble=True)


def _matches_flat(names: list[str]) -> bool:
    known = set(names)
    aggregated = "Start (s)" in known or {"Start", "Stop"} <= known
    actions = "Status" in known or "Behavior type" in known or "Behaviour type" in known
    return "Time" in known and not known.isdisjoint(BEHAVIOUR) and actions and not aggregated


def _matches_below_preamble(names: list[str]) -> bool:
    return names[:1] == ["Time"] and not set(names).isdisjoint(BEHAVIOUR) and "Status" in names


def read(path: Path, options: IntervalOptions) -> Annotations:
    """Read key presses and pair them; the label is the behaviour, the tier the observation."""
    text = decoded(path.name, content(path))
    header = _header(text)
    if header is None:
        raise ValueError(
            f"{path.name}: expected a line with the column names Time, Behavior and Status or Behavior type, got none; "
            "export the events from BORIS with their column names"
        )
    rows = rows_below(path.name, text, header)
    faults: list[str] = []
    observation = _observation(path.name, text, header)
    presses, named = _presses(rows, options, observation, faults)
    if faults:
        return Annotations([], faults)
    chosen = [press for press in presses if is_chosen(options.tier, press.tier)]
    intervals = paired(path.name, chosen or presses, faults)
    return Annotations(
        intervals, faults, columns=rows.names, label_is_column=named, tier_name="observation", own_clocks=True
    )


def _observation(file: str, text: str, header: Header) -> str:
    """The name of the observation in the first line of a preamble."""
    if header.line == 1:
        return ""
    (_, cells), *_ = records(file, text.split("\n", 1)[0], header.sep)
    return cells[1] if len(cells) > 1 else ""


def _presses(rows: Rows, options: IntervalOptions, observation: str, faults: list[str]) -> tuple[list[KeyPress], bool]:
    """The key presses, and whether `label` names a column."""
    behaviour, time = find(rows, *BEHAVIOUR), find(rows, "Time")
    assert behaviour is not None
    assert time is not None  # both are in the header that matched
    at, named = label_column(rows, options.label, behaviour, faults)
    seconds = times(rows, time, faults).tolist()
    actions = texts(rows, find(rows, "Status", "Behavior type", "Behaviour type"))
    for place, action, moment in zip(rows.places, actions, seconds, strict=True):
        if action not in ACTIONS:
            faults.append(f"{place}: expected {', '.join(ACTIONS)}, got {action!r}; correct it")
        if moment != moment and not any(fault.startswith(f"{place},") for fault in faults):
            faults.append(f"{place}, column 'Time': expected a time, got none; correct it or delete the line")
    behaviours, labels = texts(rows, behaviour), texts(rows, at)
    subjects = texts(rows, find(rows, "Subject"), NO_SUBJECT)
    own = find(rows, "Observation id")
    tiers = texts(rows, own) if own is not None else [observation] * len(labels)
    modifiers = [texts(rows, i) for i, name in enumerate(rows.names) if MODIFIER.fullmatch(name)]
    presses = [
        KeyPress(
            seconds[i],
            cast(Action, actions[i]),
            (tiers[i], subjects[i], behaviours[i], *(column[i] for column in modifiers)),
            labels[i],
            rows.places[i],
            subjects[i],
            tiers[i],
        )
        for i in range(len(labels))
    ]
    return presses, named
