"""The steps of preparation that the recordings of a summary share, from their attributes `history`."""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Any

from bitbox_xr.core.provenance import SOME_RECORDINGS

__all__ = ["merged_history"]

FUNCTION = "function"
Step = Mapping[str, Any]


def merged_history(texts: Iterable[str]) -> str:
    """One history for several recordings, as JSON; '' if it is not JSON, or the order of steps differs.

    Numbers that differ become [smallest, largest], and other values that differ are left out. A step that some
    recordings lack, such as a mask where nobody speaks, is marked. Merged histories can be merged again.

    >>> one = '[{"function": "align", "shift": 0.5}, {"function": "mask", "intervals": 2}]'
    >>> other = '[{"function": "align", "shift": -1}]'
    >>> merged_history([one, other])
    '[{"function": "align", "shift": [-1, 0.5]}, {"function": "mask", "intervals": 2, "some_recordings": 1}]'
    """
    try:
        histories = [_steps(text) for text in dict.fromkeys(texts)]
        return json.dumps(reduce(_merged, histories))
    except (ValueError, TypeError):  # written by another program
        return ""


def _steps(text: str) -> list[Step]:
    steps = json.loads(text)
    if not isinstance(steps, list) or not all(isinstance(one, Mapping) and FUNCTION in one for one in steps):
        raise ValueError
    return steps


def _merged(one: Sequence[Step], other: Sequence[Step]) -> list[Step]:
    """Both histories; ValueError if the steps of neither are those of the other with some left out."""
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    waiting = list(shorter)
    merged = []
    for step in longer:
        if waiting and _are_alike(step, waiting[0]):
            merged.append(_merged_step(step, waiting.pop(0)))
        else:
            merged.append({**step, SOME_RECORDINGS: 1})
    if waiting:
        raise ValueError
    return merged


def _are_alike(one: Step, other: Step) -> bool:
    """Whether both are the same step: the same function, with the same texts, such as the regions of a mask."""
    texts = ({key: value for key, value in step.items() if isinstance(value, str)} for step in (one, other))
    return next(texts) == next(texts)


def _merged_step(one: Step, other: Step) -> Step:
    merged: dict[str, Any] = {}
    for key in dict.fromkeys([*one, *other]):
        values = [step[key] for step in (one, other) if key in step]
        if key == SOME_RECORDINGS or (len(values) == 2 and values[0] == values[1]):
            merged[key] = values[0]
        elif len(values) == 2:
            numbers = [number for value in values for number in (value if isinstance(value, list) else [value])]
            merged[key] = [min(numbers), max(numbers)]
    return merged
