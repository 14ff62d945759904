"""Draws surrogates of a recording, the same for all pairs of signals."""

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.types import Array, SignalsLike
from bitbox_xr.core.validation import listed
from bitbox_xr.core.variables import SIGNAL, TIME
from bitbox_xr.measures.windowing import Pair, checked_pair

__all__ = ["SURROGATES", "Draws", "draw", "option_faults", "picked"]

SURROGATES = ("shift", "segments", "phase", "partners")
MAX_SURROGATES = 1_000_000  # more are probably a mistake, and would need too much memory


class Draws(NamedTuple):
    """The random draw for each surrogate: a shift (frames), a seed (of an order or of phases) or a partner's array."""

    kind: str
    seed: int
    items: list[Any]

    def attrs(self) -> dict[str, str | int]:
        """Attributes of the result, with which the draws can be repeated."""
        return {"surrogates": self.kind, "n": len(self.items), "seed": str(self.seed)}

    def spectrum(self, y: np.ndarray) -> np.ndarray | None:
        """Return what all surrogates of `y` `(time, signal)` share: its spectrum, for "phase" only."""
        from bitbox_xr.kernels.shifts_and_phases import bridged_spectrum

        return bridged_spectrum(y) if self.kind == "phase" else None

    def surrogate(
        self, k: int, y: np.ndarray, spectrum: np.ndarray | None, windows: int
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Return surrogate `k` of `y` `(time, signal)`, and its window for each window of x (None: the same window)."""
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
    partners: Sequence[SignalsLike] | None = None,
    fps: float | None = None,
) -> Draws:
    """Draw `n` surrogates of `pair.y`; ValueError if options are out of range or the recording is too short."""
    from bitbox_xr.kernels.shifts_and_phases import draw_shifts

    refuse("drawing surrogates", option_faults(kind, n, rng) + _partner_faults(kind, partners))
    refuse("drawing surrogates", _number_faults(kind, n, pair))
    seed = _seed(rng)
    sequence = np.random.SeedSequence(seed)
    if kind == "shift":
        items: list[Any] = draw_shifts(np.random.default_rng(sequence), n, pair.frames, _min_shift(pair)).tolist()
    elif kind == "partners":
        assert partners is not None
        taken = _partners(partners, pair, fps)
        items = [taken[k] for k in picked(len(taken), n, seed)]
    else:
        items = sequence.spawn(n)
    return Draws(kind, seed, items)


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


def _min_shift(pair: Pair) -> int:
    """Smallest shift, in frames: a window and twice the largest lag."""
    return pair.windows.width + 2 * pair.windows.reach


# --- checks


def option_faults(kind: object, n: object, rng: object) -> list[str]:
    """Problems with these options that do not depend on the recordings."""
    faults = []
    if kind not in SURROGATES:
        faults.append(f"expected surrogates to be {', '.join(SURROGATES[:-1])} or {SURROGATES[-1]}, got {kind!r}")
    if not isinstance(n, int | np.integer) or isinstance(n, bool) or not 1 <= n <= MAX_SURROGATES:
        faults.append(f"expected n, the number of surrogates, to be an integer from 1 to {MAX_SURROGATES}, got {n!r}")
    whole = isinstance(rng, int | np.integer) and not isinstance(rng, bool) and rng >= 0
    if not (rng is None or whole or isinstance(rng, np.random.Generator)):
        faults.append(f"expected rng to be a seed (an integer of at least 0) or a numpy.random.Generator, got {rng!r}")
    return faults


def _partner_faults(kind: object, partners: object) -> list[str]:
    faults = []
    many = isinstance(partners, Iterable) and not isinstance(partners, str | xr.DataArray | np.ndarray | dict)
    if kind == "partners" and not (many and partners):
        got = "None" if partners is None else type(partners).__name__ if not many else "an empty one"
        faults.append(
            f"expected partners=[…], a list of signals of other recordings, with surrogates='partners', got {got}"
        )
    if kind != "partners" and partners is not None:
        faults.append(
            f"expected no partners with surrogates={kind!r}, got some; use surrogates='partners', or leave them out"
        )
    return faults


def _number_faults(kind: str, n: int, pair: Pair) -> list[str]:
    rate, shift = pair.fps, _min_shift(pair)
    if kind == "shift":
        most = max(0, pair.frames - 2 * shift + 1)
        made = f"different shifts by at least a window and twice the largest lag ({shift / rate:.3g} s)"
        remedy = f"record at least {(n - 1 + 2 * shift) / rate:.3g} s, or choose a smaller n, width or max_lag"
    elif kind == "segments":
        most = math.factorial(min(pair.windows.number, 20)) - 1
        made = f"different orders of {pair.windows.number} windows"
        remedy = "choose a smaller n or step"
    else:
        return []
    length = f"{pair.frames} frames ({pair.frames / rate:.3g} s)"
    return [f"expected n of at most {most}, the number of {made} in {length}, got {n}; {remedy}"] if n > most else []


def _partners(partners: Sequence[SignalsLike], pair: Pair, fps: float | None) -> list[Array]:
    """Check each partner as y; return their values `(time, signal)`, with the signals in the order of y."""
    faults, taken = [], []
    labels = pair.y[SIGNAL].values.tolist()
    for k, partner in enumerate(partners):
        try:
            other = checked_pair(pair.measure, pair.x, partner, pair.options, fps)
        except (ValueError, TypeError) as error:
            faults.append(f"partners[{k}], as y: {error}")
            continue
        lacking = [label for label in labels if label not in other.y[SIGNAL].values]
        further = [dim for dim in other.y.dims if dim not in (TIME, SIGNAL)]
        if lacking:
            faults.append(f"expected partners[{k}] to have the signals of y, got none called {listed(lacking)}")
        elif further:
            got = f"further dimensions ({listed(further)})"
            faults.append(f"expected partners[{k}] to be one recording, got {got}; choose one with .isel()")
        else:
            taken.append(other.y.sel({SIGNAL: labels}).isel({TIME: slice(0, pair.frames)}).data)
    refuse("drawing surrogates", faults)
    return taken


def _as_long(y: np.ndarray, frames: int) -> np.ndarray:
    """Extend `y` with missing frames at its end to a length of `frames`."""
    if len(y) == frames:
        return y
    return np.concatenate([y, np.full((frames - len(y), y.shape[1]), np.nan)])
