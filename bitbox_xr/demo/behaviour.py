"""Simulated behaviour of a face in continuous time, so that cameras of any frame rate can record it.

Movements are smooth rises and falls of action units. Expressions move several units together; some of them are answers
to the expressions of somebody else. Blinks and speech move units as well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

__all__ = ["ACTION_UNITS", "Movements", "answers", "blinks", "expressions", "speech", "values"]

ACTION_UNITS = (
    *("AU01", "AU02", "AU04", "AU05", "AU06", "AU07", "AU09", "AU10", "AU12"),
    *("AU14", "AU15", "AU17", "AU20", "AU23", "AU25", "AU26", "AU45"),
)
# units that move together, with their share of the height; every further unit moves by itself
EXPRESSIONS: Mapping[str, Mapping[str, float]] = {
    "smile": {"AU12": 1.0, "AU06": 0.8},
    "frown": {"AU04": 1.0},
    "surprise": {"AU01": 1.0, "AU02": 0.9, "AU05": 0.5},
    "disgust": {"AU09": 1.0, "AU10": 0.8},
    "lips parted": {"AU25": 1.0, "AU26": 0.7},
}
SYLLABLES_PER_SECOND = 4.0
SPEECH = {"AU25": 1.2, "AU26": 0.8, "AU10": 0.3, "AU14": 0.3, "AU17": 0.5, "AU20": 0.3, "AU23": 0.3}  # heights
BLINKS_PER_MINUTE, BLINK_HEIGHT = 17.0, 2.2
REFRACTORY_S = 0.8  # least time between two expressions of one kind
REACH = 3.0  # a movement ends after this many standard deviations


@dataclass(frozen=True)
class Movements:
    """Movements of one expression: times of their maxima (s), standard deviations of rise and fall (s), heights."""

    time: np.ndarray
    rise: np.ndarray
    fall: np.ndarray
    height: np.ndarray

    @classmethod
    def drawn(cls, rng: np.random.Generator, time: np.ndarray, height: float = 1.0) -> "Movements":
        """Movements at given times, with random shapes and heights around `height` (OpenFace's scale, 0 to 5)."""
        n = len(time)
        return cls(time, rng.uniform(0.12, 0.3, n), rng.uniform(0.25, 0.6, n), height * rng.uniform(0.6, 2.4, n))


def expressions(rng: np.random.Generator, seconds: float, per_minute: float, height: float) -> dict[str, Movements]:
    """Spontaneous movements of all expressions and of all units that belong to none of them."""
    shared = {unit for units in EXPRESSIONS.values() for unit in units} | {"AU45"}
    kinds = [*EXPRESSIONS, *(unit for unit in ACTION_UNITS if unit not in shared)]
    return {kind: Movements.drawn(rng, _times(rng, seconds, per_minute), height) for kind in kinds}


def answers(rng: np.random.Generator, seen: Movements, share: np.ndarray, height: float) -> Movements:
    """Answers to movements of somebody else, each with its own probability `share`, after about 0.6 s."""
    chosen = rng.random(len(seen.time)) < share
    delay = np.clip(rng.normal(0.6, 0.12, chosen.sum()), 0.3, 0.95)
    own = Movements.drawn(rng, seen.time[chosen] + delay, height)
    return Movements(own.time, seen.rise[chosen], seen.fall[chosen], 0.5 * (own.height + height * seen.height[chosen]))


def blinks(rng: np.random.Generator, seconds: float) -> Movements:
    """Blinks at random times."""
    time = _times(rng, seconds, BLINKS_PER_MINUTE)
    n = len(time)
    return Movements(time, np.full(n, 0.05), np.full(n, 0.08), BLINK_HEIGHT * rng.uniform(0.7, 1.2, n))


def speech(rng: np.random.Generator, turns: pd.DataFrame) -> dict[str, Movements]:
    """Movements of the mouth's units by the syllables of turns with `onset` and `offset` (s)."""
    found = {}
    for unit, height in SPEECH.items():
        time = np.concatenate([
            np.sort(rng.uniform(on, off, rng.poisson(SYLLABLES_PER_SECOND * (off - on))))
            for on, off in zip(turns["onset"], turns["offset"], strict=True)
        ] or [np.empty(0)])  # fmt: skip
        n = len(time)
        found[unit] = Movements(time, np.full(n, 0.06), np.full(n, 0.09), height * rng.uniform(0.3, 1.4, n))
    return found


def values(times: np.ndarray, moving: Sequence[Mapping[str, Movements]]) -> np.ndarray:
    """The height of every unit at the given times `(time, unit)`: the highest of its movements at that time."""
    out = np.zeros((len(times), len(ACTION_UNITS)))
    for movements in moving:
        for kind, own in movements.items():
            curve = _curve(times, own)
            for unit, share in EXPRESSIONS.get(kind, {kind: 1.0}).items():
                column = out[:, ACTION_UNITS.index(unit)]
                np.maximum(column, share * curve, out=column)
    return out


def _times(rng: np.random.Generator, seconds: float, per_minute: float) -> np.ndarray:
    """Times with random waits between them, which are at least `REFRACTORY_S`."""
    wait = max(60 / per_minute - REFRACTORY_S, 0.1)
    waits = REFRACTORY_S + rng.exponential(wait, int(3 * seconds / (wait + REFRACTORY_S)) + 20)
    times = np.cumsum(waits) - REFRACTORY_S
    return times[times < seconds]


def _curve(times: np.ndarray, own: Movements) -> np.ndarray:
    """The highest of some movements at each time."""
    out = np.zeros(len(times))
    first = np.searchsorted(times, own.time - REACH * own.rise)
    last = np.searchsorted(times, own.time + REACH * own.fall)
    for k, (a, b) in enumerate(zip(first, last, strict=True)):
        since = times[a:b] - own.time[k]
        width = np.where(since < 0, own.rise[k], own.fall[k])
        np.maximum(out[a:b], own.height[k] * np.exp(-0.5 * (since / width) ** 2), out=out[a:b])
    return out
