"""Draws surrogates of a recording, the same for all pairs of signals, and makes them.

A surrogate replaces y in each part of the recording: the frames of an interval, or all frames. It takes frames from the
same part of y, except if intervals are exchanged or come from a partner.
"""

import json
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.types import Array, SignalsLike
from bitbox_xr.core.variables import TIME
from bitbox_xr.inference.parts import Part, grouped, spacing
from bitbox_xr.inference.seeds import seed_of
from bitbox_xr.inference.surrogate_checks import option_faults, partner_faults, partner_signals
from bitbox_xr.inference.surrogate_numbers import ASKED
from bitbox_xr.kernels import distinct_draws
from bitbox_xr.measures.windowing import Pair
from bitbox_xr.preprocessing.intervals import stretches

__all__ = ["Draws", "Items", "Rearrangement", "Replacement", "draw", "draw_attrs", "picked"]

REARRANGING = ("shift", "permute", "segments")  # surrogates that pair windows with other windows of y itself

Items: TypeAlias = Sequence[Any] | np.ndarray


class Replacement(NamedTuple):
    """What a surrogate puts in the place of y in one part."""

    y: np.ndarray  # (frame, signal)
    order: np.ndarray | None = None  # the window of y for each window of x; None: the same
    number: int | None = None  # only the first windows of the part; None: all of them


class Rearrangement(NamedTuple):
    """Which frames of y itself a surrogate puts in the place of one part."""

    part: int  # those of this part
    shift: int = 0  # frames by which this part is moved in a circle
    order: np.ndarray | None = None  # as in `Replacement`
    number: int | None = None


class Draws(NamedTuple):
    """The surrogates of the parts that are tested together.

    `items` has one item for each surrogate: a shift (frames) for each part, the part that replaces each part, a seed of
    orders or of phases, or a partner's array for each part.

    Surrogates that are put together from several parts have some of them in common, but none with y, if every part is
    moved. The observed statistic then is further from their mean than they are, and p-values would be too small. For
    p-values, `exchangeable` has as many surrogates in which some parts, but not all, may stay in their places: any two,
    one of which may be y, have as much in common. It is empty where the items themselves are exchangeable.
    """

    kind: str
    seed: int
    items: Items
    exchangeable: Items
    parts: list[Part]
    asked: int  # number of items asked for

    @property
    def rearranging(self) -> bool:
        """Whether surrogates pair windows of x with other windows of y itself."""
        return self.kind in REARRANGING

    def of_signals(self, signals: slice) -> "Draws":
        """The same draws for some signals."""
        if self.kind != "partners":
            return self
        return self._replace(items=[[a[..., signals] for a in item] for item in self.items])

    def spectra(self, y: np.ndarray) -> list[np.ndarray]:
        """Return what all surrogates of `y` `(time, signal)` share: the spectrum of each part, for "phase" only."""
        from bitbox_xr.kernels.random_phases import bridged_spectrum

        return [bridged_spectrum(frames) for frames in self.of_parts(y)] if self.kind == "phase" else []

    def observed(self) -> list[Rearrangement]:
        """Each part of y itself."""
        return [Rearrangement(i) for i in range(len(self.parts))]

    def rearranged(self, k: int) -> list[Rearrangement] | None:
        """What surrogate `k` puts in the place of each part; None if it is not made of frames of y."""
        if not self.rearranging:
            return None
        item, numbers = self._item(k), [part.windows.number for part in self.parts]
        if self.kind == "shift":
            return [Rearrangement(i, int(shift)) for i, shift in enumerate(item)]
        if self.kind == "permute":
            return [Rearrangement(j, number=min(numbers[i], numbers[j])) for i, j in enumerate(item)]
        rng = np.random.default_rng(item)
        return [Rearrangement(i, order=rng.permutation(number)) for i, number in enumerate(numbers)]

    def surrogate(self, k: int, y: np.ndarray, spectra: list[np.ndarray]) -> list[Replacement]:
        """What surrogate `k` of `y` `(time, signal)` puts in the place of each part; first all items."""
        from bitbox_xr.kernels.random_phases import random_phases

        rearranged = self.rearranged(k)
        if rearranged is not None:
            return self.replaced(rearranged, y)
        own = self.of_parts(y)
        if self.kind == "partners":
            return [Replacement(_as_long(np.asarray(a), len(one))) for a, one in zip(self._item(k), own, strict=True)]
        rng = np.random.default_rng(self._item(k))
        return [Replacement(random_phases(rng, *both)) for both in zip(spectra, own, strict=True)]

    def replaced(self, rearranged: list[Rearrangement], y: np.ndarray) -> list[Replacement]:
        """The frames of `y` `(time, signal)` that a rearrangement puts in the place of each part."""
        own = self.of_parts(y)
        moved = [np.roll(own[one.part], one.shift, axis=0) if one.shift else own[one.part] for one in rearranged]
        return [Replacement(frames, one.order, one.number) for frames, one in zip(moved, rearranged, strict=True)]

    def of_parts(self, y: np.ndarray) -> list[np.ndarray]:
        """The frames of each part of `y` `(time, signal)`."""
        return [y[part.start : part.stop] for part in self.parts]

    def _item(self, k: int) -> Any:
        number = len(self.items)
        return self.items[k] if k < number else self.exchangeable[k - number]


def draw(
    kind: str,
    n: int,
    rng: int | np.random.Generator | None,
    pair: Pair,
    partners: Sequence[SignalsLike] | None = None,
    fps: float | None = None,
) -> list[Draws]:
    """Draw at most `n` surrogates of `pair.y` for each label of its intervals; without `by`, for the whole recording.

    A label of which no interval can be tested gets no surrogates. ValueError if no label can be tested, or options are
    out of range. Every label starts from the same seed, as if the recording were cut.
    """
    refuse(pair.subject, option_faults(kind, n, rng) + partner_faults(kind, partners))
    groups = grouped(kind, n, pair)
    seed = seed_of(rng)
    given = partner_signals(partners, pair, fps) if partners is not None else []
    return [
        Draws(kind, seed, *(_items(kind, n, seed, pair, parts, given) if parts else ([], [])), parts, n)
        for parts in groups
    ]


def _items(
    kind: str, n: int, seed: int, pair: Pair, parts: list[Part], partners: list[xr.DataArray]
) -> tuple[Items, Items]:
    """The items for estimates, and those for p-values, if these differ."""
    sequence = np.random.SeedSequence(seed)
    if kind in ("shift", "permute"):
        rng = np.random.default_rng(sequence)
        if kind == "shift":
            sizes = [distinct_draws.grid_size(part.frames, spacing(pair)) for part in parts]
            drawn = partial(distinct_draws.draw_shifts, rng, sizes=sizes, spacing=spacing(pair))
        else:
            drawn = partial(distinct_draws.draw_orders, rng, size=len(parts))
        items = drawn(n=n)
        return items, drawn(n=len(items), partly=True) if len(parts) > 1 else []
    if kind == "partners":
        return [_like(partners[k], parts, pair) for k in picked(len(partners), n, seed)], []
    return sequence.spawn(n), []


def _like(partner: xr.DataArray, parts: list[Part], pair: Pair) -> list[Array]:
    """What a partner puts in the place of each part: all frames, or the interval of the same label and place."""
    if pair.by is None:
        return [partner.data]
    frames = [slice(one.start, one.stop) for one in stretches(pair.by, partner) if one.label == parts[0].label]
    there = [frames[part.place] if part.place < len(frames) else slice(0) for part in parts]
    return [partner.isel({TIME: own}).data for own in there]


def picked(count: int, n: int, seed: int) -> list[int]:
    """Draw at most `n` of `count` partners; return their numbers in ascending order.

    >>> picked(3, 9, seed=0), picked(9, 3, seed=0)
    ([0, 1, 2], [2, 4, 5])
    """
    order: list[int] = np.random.default_rng(seed).permutation(count)[:n].tolist()
    return sorted(order)


def draw_attrs(draws: list[Draws], pair: Pair) -> dict[str, str | int]:
    """Attributes of the result, with which the draws can be repeated."""
    numbers = [len(one.items) for one in draws]
    attrs: dict[str, str | int] = {"surrogates": draws[0].kind, "n": max(numbers), "seed": str(draws[0].seed)}
    if any(one.parts and len(one.items) < one.asked for one in draws):
        attrs[ASKED] = draws[0].asked
    if pair.by is None:
        return attrs | {"family": "pairs of a recording"}
    tested = sum(len(one.parts) for one in draws)
    return attrs | {
        "n_by_label": json.dumps(numbers),
        "untested_intervals": len(pair.grids) - tested,
        "family": f"pairs of a recording and {pair.by}",
    }


def _as_long(y: np.ndarray, frames: int) -> np.ndarray:
    """Cut `y` to a length of `frames`, or extend it with missing frames at its end."""
    if len(y) >= frames:
        return y[:frames]
    return np.concatenate([y, np.full((frames - len(y), y.shape[1]), np.nan)])
