"""Surrogates of a recording: what is drawn for them, once for all pairs of signals, and their making."""

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.validation import listed
from bitbox_xr.core.variables import SIGNAL, TIME
from bitbox_xr.measures.windowing import Pair

__all__ = ["SURROGATES", "Draws", "draw", "option_faults", "picked"]

SURROGATES = ("shift", "segments", "phase", "partners")
MOST = 1_000_000  # surrogates; more are a slip, and would fill any memory


class Draws(NamedTuple):
    """What was drawn for each surrogate: a shift (frames), the seed of an order or of phases, a partner's array."""

    kind: str
    seed: int
    items: list[Any]

    def attrs(self) -> dict[str, str | int]:
        """Enough to draw them again."""
        return {"surrogates": self.kind, "n": len(self.items), "seed": str(self.seed)}

    def spectrum(self, y: np.ndarray) -> np.ndarray | None:
        """What all surrogates of `y` `(time, signal)` share."""
        from bitbox_xr.kernels.shifts_and_phases import bridged_spectrum

        return bridged_spectrum(y) if self.kind == "phase" else None

    def surrogate(
        self, k: int, y: np.ndarray, spectrum: np.ndarray | None, windows: int
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Surrogate `k` of `y` `(time, signal)`, and which of its `windows` meets each of x (None: its own)."""
        from bitbox_xr.kernels.shifts_and_phases import random_phases, shifted

        item = self.items[k]
        if self.kind == "shift":
            return shifted(y, item), None
        if self.kind == "segments":
            return y, np.random.default_rng(item).permutation(windows)
        if self.kind == "phase":
            assert spectrum is not None
            return random_phases(np.random.default_rng(item), spectrum, y), None
        return _as_long(np.asarray(item), len(y)), None


def draw(
    kind: str,
    n: int,
    rng: int | np.random.Generator | None,
    pair: Pair,
    partners: list[Any] | None = None,
    fps: float | None = None,
) -> Draws:
    """`n` surrogates of `pair.y`; ValueError where there is no such kind, or the recording has no room for them."""
    from bitbox_xr.kernels.shifts_and_phases import draw_shifts

    refuse("drawing surrogates", option_faults(kind, n, rng) + _partner_faults(kind, partners))
    refuse("drawing surrogates", _room_faults(kind, n, pair))
    seed = _seed(rng)
    sequence = np.random.SeedSequence(seed)
    if kind == "shift":
        items: list[Any] = draw_shifts(np.random.default_rng(sequence), n, pair.frames, _apart(pair)).tolist()
    elif kind == "partners":
        assert partners is not None
        taken = _partners(partners, pair, fps)
        items = [taken[k] for k in picked(len(taken), n, seed)]
    else:
        items = sequence.spawn(n)
    return Draws(kind, seed, items)


def picked(count: int, n: int, seed: int) -> list[int]:
    """Which of `count` partners are drawn if they are more than `n`, in their order.

    >>> picked(3, 9, seed=0), picked(9, 3, seed=0)
    ([0, 1, 2], [2, 4, 5])
    """
    order: list[int] = np.random.default_rng(seed).permutation(count)[:n].tolist()
    return sorted(order)


def _seed(rng: int | np.random.Generator | None) -> int:
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**63))
    return int(np.random.SeedSequence().generate_state(1, np.uint64)[0]) if rng is None else int(rng)


def _apart(pair: Pair) -> int:
    """Frames by which a shift must differ from none: a window and the lags of both sides."""
    return pair.windows.width + 2 * pair.windows.reach


# --- what keeps surrogates from being drawn


def option_faults(kind: object, n: object, rng: object) -> list[str]:
    """What is wrong with these options, whatever the recordings."""
    faults = []
    if kind not in SURROGATES:
        faults.append(f"surrogates is {kind!r}; one of {', '.join(SURROGATES)} is wanted")
    if not isinstance(n, int | np.integer) or isinstance(n, bool) or not 1 <= n <= MOST:
        faults.append(f"n is {n!r}; a positive number of surrogates is wanted, at most {MOST}")
    whole = isinstance(rng, int | np.integer) and not isinstance(rng, bool) and rng >= 0
    if not (rng is None or whole or isinstance(rng, np.random.Generator)):
        faults.append(f"rng is {rng!r}; a seed (a whole number from 0) or a numpy.random.Generator is wanted")
    return faults


def _partner_faults(kind: object, partners: object) -> list[str]:
    faults = []
    many = isinstance(partners, Iterable) and not isinstance(partners, str | xr.DataArray | np.ndarray | dict)
    if kind == "partners" and not (many and partners):
        faults.append("surrogates='partners' needs partners=[…], a list of other recordings' references")
    if kind != "partners" and partners is not None:
        faults.append(f"partners are given, but surrogates is {kind!r}; 'partners' is wanted, or no partners")
    return faults


def _room_faults(kind: str, n: int, pair: Pair) -> list[str]:
    rate, apart = pair.fps, _apart(pair)
    if kind == "shift":
        room = max(0, pair.frames - 2 * apart + 1)
        needs = f"there is room for {room} distinct shifts by at least a window and both lags ({apart / rate:.3g} s)"
        needs += f", and {n} need {(n - 1 + 2 * apart) / rate:.3g} s"
        remedy = "fewer surrogates, a longer recording, or shorter windows and lags"
    elif kind == "segments":
        room = math.factorial(min(pair.windows.number, 20)) - 1
        needs = f"its {pair.windows.number} windows can be paired anew in {room} ways"
        remedy = "fewer surrogates, or a shorter step"
    else:
        return []
    length = f"{pair.frames} frames ({pair.frames / rate:.3g} s)"
    return [f"n is {n}; in {length} {needs}: {remedy} are wanted"] if n > room else []


def _partners(partners: list[Any], pair: Pair, fps: float | None) -> list[Any]:
    """The numbers `(time, signal)` of each partner, checked as y was, its signals in y's order."""
    faults, taken = [], []
    labels = pair.y[SIGNAL].values.tolist()
    for k, partner in enumerate(partners):
        try:
            other = Pair(pair.measure, pair.x, partner, pair.options, fps)
        except (ValueError, TypeError) as error:
            faults.append(f"partners[{k}], as y: {error}")
            continue
        lacking = [label for label in labels if label not in other.y[SIGNAL].values]
        further = [dim for dim in other.y.dims if dim not in (TIME, SIGNAL)]
        if lacking:
            faults.append(f"partners[{k}] has no {listed(lacking)}; y's signals are wanted")
        elif further:
            faults.append(f"partners[{k}] has further dimensions ({listed(further)}); choose one with .isel()")
        else:
            taken.append(other.y.sel({SIGNAL: labels}).isel({TIME: slice(0, pair.frames)}).data)
    refuse("drawing surrogates", faults)
    return taken


def _as_long(y: np.ndarray, frames: int) -> np.ndarray:
    """`y` with lost frames at its end, so that it has `frames`."""
    if len(y) == frames:
        return y
    return np.concatenate([y, np.full((frames - len(y), y.shape[1]), np.nan)])
