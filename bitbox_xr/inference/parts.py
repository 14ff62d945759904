"""Parts of a recording that are tested together: the intervals of a label, or all frames; which of them can be tested.

Also the notes about tests that cannot reach small p-values, or that find too much.
"""

import math
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from bitbox_xr.core.durations import seconds
from bitbox_xr.core.errors import refuse, warn
from bitbox_xr.core.validation import counted, listed
from bitbox_xr.inference.surrogate_numbers import ALPHA, ENOUGH, limit_text, smallest_p
from bitbox_xr.kernels import distinct_draws
from bitbox_xr.measures.correlation_engine import Windows
from bitbox_xr.measures.windowing import Pair
from bitbox_xr.preprocessing.intervals import stretches

__all__ = ["Part", "grouped", "notes", "spacing"]

MIN_GRID = 3  # shifts of an interval, the observed one included; also its windows that segments exchanges
MIN_PERMUTED = 6  # intervals
MAX_LENGTH_RATIO = 1.1  # of the longest to the shortest interval that are exchanged
MAX_COUNTED = 20  # windows whose orders are counted; more have more orders than anybody asks for


class Part(NamedTuple):
    """Frames of one interval, or of the whole recording, and the windows in them, numbered from its start."""

    label: str
    place: int  # among the intervals of this label
    start: int
    stop: int
    windows: Windows

    @property
    def frames(self) -> int:
        """Its length."""
        return self.stop - self.start


def spacing(pair: Pair) -> int:
    """Frames from one shift to the next: the first multiple of the step of at least a window and two largest lags."""
    width, step, reach = pair.sizes
    return distinct_draws.grid_spacing(step, max(width, 2 * reach))


def grouped(kind: str, n: int, pair: Pair) -> list[list[Part]]:
    """The parts of each label that are tested, with `by`; else the whole recording.

    Labels that cannot be tested have none. ValueError if no label can be tested; a warning counts the intervals that
    are left out.
    """
    groups = _parts(pair)
    tested, faults = [], []
    for label, parts in groups.items():
        usable, reasons = USABLE[kind](parts, n, pair) if parts else ([], [])
        tested.append([] if reasons else usable)
        faults += [reason if pair.by is None else f"{pair.by} {label!r}: {reason}" for reason in reasons]
    if not any(tested):
        refuse(pair.subject, faults)
    left_out = [
        part for parts, taken in zip(groups.values(), tested, strict=True) for part in parts if part not in taken
    ]
    if left_out:
        _warn_of_left_out(kind, left_out, faults, pair)
    return tested


def _parts(pair: Pair) -> dict[str, list[Part]]:
    """All parts that have a window, by label."""
    if pair.by is None:
        return {"": [Part("", 0, 0, pair.frames, pair.windows)]}
    place: Counter[str] = Counter()
    places = {}
    for one in stretches(pair.by, pair.x, pair.y, frames=pair.frames):
        places[one.start] = place[one.label]
        place[one.label] += 1
    groups: dict[str, list[Part]] = {label: [] for label in pair.labels}
    for (label, _, start, stop), windows in pair.grids:
        groups[label].append(Part(label, places[start], start, stop, windows._replace(start=0)))
    return groups


def _warn_of_left_out(kind: str, left_out: list[Part], faults: list[str], pair: Pair) -> None:
    shortest = (
        f"intervals of at least {seconds(MIN_GRID * spacing(pair) / pair.fps)}, three times the distance of shifts"
    )
    expected = shortest if kind == "shift" else "intervals that the surrogates can use"
    total = len(pair.grids)
    counts = Counter(part.label for part in left_out)
    got = listed((f"{number} of {label!r}" for label, number in counts.items()), 4)
    text = (
        f"expected {expected}, got {counted(len(left_out), 'interval')} of {total} that are not and take no part: {got}"
    )
    warn(f"{pair.subject}: {text}" + (f" ({listed(faults, 2)})" if faults else ""))


# --- the parts that each kind of surrogate can use, and the reasons why it can use none


def _shifted(parts: list[Part], n: int, pair: Pair) -> tuple[list[Part], list[str]]:
    least, rate = MIN_GRID * spacing(pair), pair.fps
    usable = [part for part in parts if part.frames >= least]
    if usable:
        return usable, []
    longest = max(part.frames for part in parts)
    where = "" if pair.by is None else "in an interval "
    return [], [
        f"expected at least {least} frames ({seconds(least / rate)}) {where}for surrogates='shift', three times the "
        f"distance of shifts, got {longest} frames ({seconds(longest / rate)}); record longer, or choose a smaller "
        f"{pair.smaller or 'width, step or max_lag'}"
    ]


def _permuted(parts: list[Part], n: int, pair: Pair) -> tuple[list[Part], list[str]]:
    if pair.by is None:
        return [], [
            "expected by, the coordinate whose intervals surrogates='permute' exchanges, got None; see annotate()"
        ]
    lengths = [part.frames for part in parts]
    if len(parts) >= MIN_PERMUTED and max(lengths) <= MAX_LENGTH_RATIO * min(lengths):
        return parts, []
    seconds = (length / pair.fps for length in (min(lengths), max(lengths)))
    return [], [
        f"expected at least {MIN_PERMUTED} intervals whose lengths differ by at most 10 % for surrogates='permute', "
        f"got {counted(len(parts), 'interval')} of {' to '.join(f'{length:.3g}' for length in seconds)} s; leave out "
        "intervals of other lengths, or use surrogates='shift'"
    ]


def _reordered(parts: list[Part], n: int, pair: Pair) -> tuple[list[Part], list[str]]:
    usable = [part for part in parts if part.windows.number >= MIN_GRID]
    most = math.prod(math.factorial(min(part.windows.number, MAX_COUNTED)) for part in usable) - 1
    if usable and most >= n:
        return usable, []
    windows = sum(part.windows.number for part in parts)
    return [], [
        f"expected n of at most {most if usable else 0}, the number of different orders of "
        f"{counted(windows, 'window')}, got {n}; choose a smaller n or step"
    ]


def _all(parts: list[Part], n: int, pair: Pair) -> tuple[list[Part], list[str]]:
    return parts, []


Usable = Callable[[list[Part], int, Pair], tuple[list[Part], list[str]]]
USABLE: dict[str, Usable] = {
    "shift": _shifted, "permute": _permuted, "segments": _reordered, "phase": _all, "partners": _all,
}  # fmt: skip


# --- notes


def notes(kind: str, n: int, numbers: list[int], pair: Pair) -> list[str]:
    """Reasons to doubt a test with these `numbers` of surrogates by label: too few, or windows that share frames."""
    labels = [""] if pair.by is None else [f" of {label!r}" for label in pair.labels]
    few = {label: number for label, number in zip(labels, numbers, strict=True) if number and number < ENOUGH}
    found = []
    if few:
        got = listed(f"{number}{label}" for label, number in few.items())
        limit = f", {limit_text(kind, by=pair.by is not None)}" if min(few.values()) < n else ""
        p_min = " and ".join(smallest_p(number) for number in sorted(set(few.values())))
        found.append(
            f"expected at least {ENOUGH} surrogates for p ≤ {ALPHA:g}, got {got}{limit}, with which p is at least "
            f"{p_min}; {_remedy(kind, n, max(few.values()), pair)}"
        )
    width, step, reach = pair.sizes
    if kind == "segments" and step < width + 2 * reach:
        found.append(
            f"expected windows that share no frames with surrogates='segments', got a step of "
            f"{seconds(step / pair.fps)}; unrelated pairs are then significant too often: choose a step of "
            f"{seconds((width + 2 * reach) / pair.fps)}, or surrogates='shift'"
        )
    return found


def _remedy(kind: str, n: int, number: int, pair: Pair) -> str:
    """How to get enough surrogates."""
    if number == n:
        return "choose a larger n"
    if kind == "partners":
        return f"give {ENOUGH} partners or more"
    if kind == "permute":
        return "use surrogates='shift'"
    length = (ENOUGH + 1) * spacing(pair) / pair.fps
    needed = (
        f"a recording of {seconds(length)}" if pair.by is None else f"an interval of {seconds(length)}, more intervals"
    )
    smaller, estimate = pair.smaller or "width or max_lag", "answered_above_chance" if pair.smaller else "excess"
    return f"p ≤ {ALPHA:g} needs {needed}, or a smaller {smaller}; to test many recordings together, use {estimate}"
