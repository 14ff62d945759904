"""Draws surrogates of a recording, the same for all pairs of signals, and makes them.

A surrogate replaces y in each part of the recording: the frames of an interval, or all frames. It never uses frames of
another part, except where intervals are exchanged.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.types import Array, SignalsLike
from bitbox_xr.inference.surrogate_checks import option_faults, partner_faults, partner_values
from bitbox_xr.kernels import distinct_draws
from bitbox_xr.measures.correlation_engine import Windows
from bitbox_xr.measures.windowing import Pair

__all__ = ["Draws", "Part", "Replacement", "draw", "notes", "parts_of", "picked", "shift_spacing"]

MIN_GRID = 3  # shifts of an interval, the observed one included; also its windows that segments exchanges
MIN_PERMUTED = 6  # intervals
ALPHA = 0.05
ENOUGH = 19  # surrogates for p ≤ ALPHA
MAX_COUNTED = 20  # windows whose orders are counted; more have more orders than anybody asks for
MAX_LENGTH_RATIO = 1.1  # of the longest to the shortest interval that are exchanged


class Part(NamedTuple):
    """Frames of one interval, or of the whole recording, and the windows in them, numbered from its start."""

    start: int
    stop: int
    windows: Windows

    @property
    def frames(self) -> int:
        """Its length."""
        return self.stop - self.start


class Replacement(NamedTuple):
    """What a surrogate puts in the place of y in one part."""

    y: np.ndarray  # (frame, signal)
    order: np.ndarray | None = None  # the window of y for each window of x; None: the same
    number: int | None = None  # only the first windows of the part; None: all of them


class Draws(NamedTuple):
    """The surrogates of the parts that are tested together.

    `items` has one item for each surrogate: a shift (frames) for each part, the part that replaces each part, a seed of
    orders or of phases, or a partner's array.
    """

    kind: str
    seed: int
    items: Sequence[Any]
    parts: list[Part]

    def attrs(self) -> dict[str, str | int]:
        """Attributes of the result, with which the draws can be repeated."""
        return {"surrogates": self.kind, "n": len(self.items), "seed": str(self.seed)}

    def spectra(self, y: np.ndarray) -> list[np.ndarray]:
        """Return what all surrogates of `y` `(time, signal)` share: the spectrum of each part, for "phase" only."""
        from bitbox_xr.kernels.shifts_and_phases import bridged_spectrum

        return [bridged_spectrum(y[part.start : part.stop]) for part in self.parts] if self.kind == "phase" else []

    def observed(self, y: np.ndarray) -> list[Replacement]:
        """Each part of `y` itself."""
        return [Replacement(y[part.start : part.stop]) for part in self.parts]

    def surrogate(self, k: int, y: np.ndarray, spectra: list[np.ndarray]) -> list[Replacement]:
        """What surrogate `k` of `y` `(time, signal)` puts in the place of each part."""
        from bitbox_xr.kernels.shifts_and_phases import random_phases, shifted

        item, own = self.items[k], [one.y for one in self.observed(y)]
        if self.kind == "shift":
            return [Replacement(shifted(one, int(shift))) for one, shift in zip(own, item, strict=True)]
        if self.kind == "permute":
            numbers = [part.windows.number for part in self.parts]
            return [Replacement(own[j], None, min(numbers[i], numbers[j])) for i, j in enumerate(item)]
        if self.kind == "partners":
            return [Replacement(_as_long(np.asarray(item), len(one))) for one in own]
        rng = np.random.default_rng(item)
        if self.kind == "phase":
            return [Replacement(random_phases(rng, *both)) for both in zip(spectra, own, strict=True)]
        orders = [distinct_draws.random_derangement(rng, part.windows.number) for part in self.parts]
        return [Replacement(*both) for both in zip(own, orders, strict=True)]


def parts_of(pair: Pair) -> list[Part]:
    """The parts of a recording whose windows are tested together: all frames."""
    return [Part(0, pair.frames, pair.windows)]


def draw(
    kind: str,
    n: int,
    rng: int | np.random.Generator | None,
    pair: Pair,
    partners: Sequence[SignalsLike] | None = None,
    fps: float | None = None,
) -> Draws:
    """Draw at most `n` surrogates of `pair.y`; ValueError if options are out of range or too few are possible."""
    refuse("drawing surrogates", option_faults(kind, n, rng) + partner_faults(kind, partners))
    parts = parts_of(pair)
    refuse("drawing surrogates", _part_faults(kind, n, pair, parts))
    seed = _seed(rng)
    given = partner_values(partners, pair, fps) if partners is not None else []
    return Draws(kind, seed, _items(kind, n, seed, pair, parts, given), parts)


def _items(kind: str, n: int, seed: int, pair: Pair, parts: list[Part], partners: list[Array]) -> Sequence[Any]:
    sequence = np.random.SeedSequence(seed)
    if kind == "shift":
        sizes = [distinct_draws.grid_size(part.frames, shift_spacing(pair)) for part in parts]
        return distinct_draws.draw_shifts(np.random.default_rng(sequence), n, sizes, shift_spacing(pair))
    if kind == "permute":
        return distinct_draws.draw_derangements(np.random.default_rng(sequence), n, len(parts))
    if kind == "partners":
        return [partners[k] for k in picked(len(partners), n, seed)]
    return sequence.spawn(n)


def picked(count: int, n: int, seed: int) -> list[int]:
    """Draw at most `n` of `count` partners; return their numbers in ascending order.

    >>> picked(3, 9, seed=0), picked(9, 3, seed=0)
    ([0, 1, 2], [2, 4, 5])
    """
    order: list[int] = np.random.default_rng(seed).permutation(count)[:n].tolist()
    return sorted(order)


def _seed(rng: int | np.random.Generator | None) -> int:
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**63))
    return int(np.random.SeedSequence().generate_state(1, np.uint64)[0]) if rng is None else int(rng)


def shift_spacing(pair: Pair) -> int:
    """Frames from one shift to the next: the first multiple of the step of at least a window and two largest lags."""
    width, step, reach = pair.windows.width, pair.windows.step, pair.windows.reach
    return distinct_draws.grid_spacing(step, max(width, 2 * reach))


def _part_faults(kind: str, n: int, pair: Pair, parts: list[Part]) -> list[str]:
    rate, number = pair.fps, parts[0].windows.number
    got = f"{pair.frames} frames ({pair.frames / rate:.3g} s)"
    if kind == "permute":
        return ["expected by, the coordinate with the intervals that surrogates='permute' exchanges, got None"]
    if kind == "shift" and pair.frames < MIN_GRID * shift_spacing(pair):
        least = MIN_GRID * shift_spacing(pair)
        return [
            f"expected at least {least} frames ({least / rate:.3g} s), three times the distance of shifts, got {got}; "
            "record longer, or choose a smaller width, step or max_lag"
        ]
    if kind == "segments" and (most := distinct_draws.n_derangements(min(number, MAX_COUNTED))) < n:
        return [
            f"expected n of at most {most}, the number of different orders of {number} windows in {got}, got {n}; "
            "choose a smaller n or step"
        ]
    return []


def notes(kind: str, n: int, draws: Draws, pair: Pair) -> list[str]:
    """Reasons to doubt a test with these surrogates: too few of them, or windows that share frames."""
    found = []
    number = len(draws.items)
    if 1 / (number + 1) > ALPHA:
        reason = f"expected at least {ENOUGH} surrogates for p ≤ {ALPHA:g}, got {number}; p is at least "
        found.append(f"{reason}{1 / (number + 1):.2g}; {_more(kind, n, number, pair)}")
    windows = pair.windows
    apart = windows.width + 2 * windows.reach
    if kind == "segments" and windows.step < apart:
        found.append(
            f"expected windows that share no frames with surrogates='segments', got a step of {windows.step} frames; "
            f"unrelated pairs are significant too often: choose step={apart / pair.fps:.3g}, or surrogates='shift'"
        )
    return found


def _more(kind: str, n: int, number: int, pair: Pair) -> str:
    """How to get enough surrogates."""
    if number == n:
        return "choose a larger n"
    if kind == "partners":
        return f"give {ENOUGH} partners or more"
    length = (ENOUGH + 1) * shift_spacing(pair) / pair.fps
    return (
        f"this needs a recording of {length:.3g} s (this one has {pair.frames / pair.fps:.3g} s), or a smaller width "
        "or max_lag. The excess of many short recordings can be tested together"
    )


def _as_long(y: np.ndarray, frames: int) -> np.ndarray:
    """Cut `y` to a length of `frames`, or extend it with missing frames at its end."""
    if len(y) >= frames:
        return y[:frames]
    return np.concatenate([y, np.full((frames - len(y), y.shape[1]), np.nan)])
