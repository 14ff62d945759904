"""The statistic of matched pairs, from tables that all surrogates of a recording share.

Shifts are multiples of the step, "segments" exchanges windows, and "permute" pairs windows of one interval with those
of another. Surrogates of these kinds therefore pair each window of x with another window of y, or of its circle: y,
followed by its own first frames. Their tables, activities and ranks are computed once. Surrogates with new frames have
their own tables of y.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bitbox_xr.inference.parts import Part
from bitbox_xr.inference.surrogates import Draws, Rearrangement
from bitbox_xr.measures.correlation_engine import Windows

if TYPE_CHECKING:
    from bitbox_xr.kernels.activity import Candidates, Ranks
    from bitbox_xr.kernels.correlation.matched_tables import Sizes, Tables
    from bitbox_xr.kernels.correlation.windowed import Plan

__all__ = ["matched_statistic", "signal_groups"]

# Bytes of the tables of signals that are computed together. Tables that surrogates share stay in the processor's cache.
SHARED_BYTES, NEW_BYTES = 16_000_000, 64_000_000


def signal_groups(draws: Draws, n: int) -> list[slice]:
    """Signals that are computed together, in groups whose tables have a limited size.

    The last digits of results depend on the groups if some signals have gaps: all windows in which a signal of the
    group is lost are computed in the same way.
    """
    from bitbox_xr.kernels.correlation.matched_tables import BYTES_PER_VALUE, COLUMNS

    frames = sum(part.frames for part in draws.parts)
    limit = SHARED_BYTES if draws.rearranging else NEW_BYTES
    size = max(1, limit // (2 * BYTES_PER_VALUE * COLUMNS * frames)) * COLUMNS
    return [slice(first, min(first + size, n)) for first in range(0, n, size)]


class _Shared(NamedTuple):
    """What all surrogates of a recording share. Lists have an entry for each part."""

    draws: Draws
    plan: "Plan"
    sizes: "Sizes"
    magnitude: bool
    gaps: bool
    least: int
    of_x: "list[Tables]"
    of_y: "list[Tables]"  # for shifts, of its circle
    starts: list[np.ndarray]  # of windows of y, see `_starts`
    ranks: "Ranks"  # of the activity of x, all parts together
    candidates: "Candidates"  # activity of y in all these windows, all parts together


def matched_statistic(
    x: np.ndarray, y: np.ndarray, draws: Draws, plan: "Plan", least: int, *, magnitude: bool
) -> Callable[[int], np.ndarray]:
    """Return a function that computes all kinds of statistics, `(kind, pair)`, of a pick.

    `x` and `y` are `(time, signal)`. Pick 0 is y itself, pick k is surrogate k − 1. With `magnitude`, the mean is that
    of |r|.
    """
    from bitbox_xr.kernels.activity import candidates, ranked
    from bitbox_xr.kernels.correlation.matched_tables import sizes_of, tables

    sizes = sizes_of(plan)
    gaps = draws.kind == "partners" or bool(np.isnan(x).any() or np.isnan(y).any())
    starts = [_starts(part, in_circle=draws.kind == "shift") for part in draws.parts]
    own, circles = draws.of_parts(x), draws.of_parts(y)
    if draws.kind == "shift":
        circles = [_circle(*both) for both in zip(circles, draws.parts, strict=True)]
    shared = _Shared(
        draws, plan, sizes, magnitude, gaps, least,
        [tables("x", a, sizes, gaps=gaps) for a in own], [tables("y", a, sizes, gaps=gaps) for a in circles],
        starts, ranked(_activity(own, draws.parts, least)), candidates(_activity(circles, draws.parts, least, starts)),
    )  # fmt: skip
    spectra = draws.spectra(y)

    def compute(pick: int) -> np.ndarray:
        rearranged = draws.rearranged(pick - 1) if pick else draws.observed()
        if rearranged is not None:
            return _from_shared_tables(rearranged, shared)
        return _from_new_tables([one.y for one in draws.surrogate(pick - 1, y, spectra)], shared)

    return compute


def _circle(y: np.ndarray, part: Part) -> np.ndarray:
    """The frames of a part, followed by its first ones, which a window that starts at its last frame needs."""
    return np.concatenate([y, y[: part.windows.width + 2 * part.windows.reach - 1]])


def _starts(part: Part, *, in_circle: bool) -> np.ndarray:
    """The first frame that each window of a part needs at any lag.

    With `in_circle`, then those of windows that shifts move past the end: 1, 2, … steps before the end of the part.
    """
    windows = part.windows
    own = windows.step * np.arange(windows.number)
    moved = part.frames - windows.step * np.arange(1, part.frames // windows.step + 1)
    return np.concatenate([own, moved]) if in_circle else own


def _activity(
    frames: list[np.ndarray], parts: list[Part], least: int, starts: list[np.ndarray] | None = None
) -> np.ndarray:
    """Activity in the windows of all parts, or in those at `_starts`, `(window, signal)`."""
    from bitbox_xr.kernels.activity import window_variances

    found = []
    for i, (a, part) in enumerate(zip(frames, parts, strict=True)):
        width, step, reach, number, _ = part.windows
        found.append(window_variances(a, width, step, reach, number, least))
        if starts is not None and len(starts[i]) > number:
            first = int(starts[i][-1]) + reach
            found.append(window_variances(a, width, step, first, len(starts[i]) - number, least)[::-1])
    return np.concatenate(found)


def _from_shared_tables(rearranged: list[Rearrangement], shared: _Shared) -> np.ndarray:
    from bitbox_xr.kernels.activity import chosen_correlation
    from bitbox_xr.kernels.p_values import strengths

    parts = shared.draws.parts
    sums = np.zeros((3, shared.ranks.values.shape[1]))
    before = np.cumsum([0, *(len(starts) for starts in shared.starts)])
    places = []
    for i, one in enumerate(rearranged):
        chosen = _chosen(one, parts[one.part].windows)
        _add(i, shared.of_y[one.part], shared.starts[one.part][chosen], shared, sums)
        unused = np.full(parts[i].windows.number - len(chosen), -1)
        places.append(np.concatenate([before[one.part] + chosen, unused]))
    return strengths(sums, chosen_correlation(shared.ranks, shared.candidates, np.concatenate(places)))


def _from_new_tables(made: list[np.ndarray], shared: _Shared) -> np.ndarray:
    from bitbox_xr.kernels.activity import rank_correlation
    from bitbox_xr.kernels.correlation.matched_tables import tables
    from bitbox_xr.kernels.p_values import strengths

    sums = np.zeros((3, shared.ranks.values.shape[1]))
    for i, (y, starts) in enumerate(zip(made, shared.starts, strict=True)):
        _add(i, tables("y", y, shared.sizes, gaps=shared.gaps), starts, shared, sums)
    active = _activity(made, shared.draws.parts, shared.least)
    return strengths(sums, rank_correlation(shared.ranks, active, matched=True))


def _chosen(one: Rearrangement, windows: Windows) -> np.ndarray:
    """The windows of y, numbered as in `_starts`, that are paired with those of x."""
    numbers = np.arange(windows.number if one.number is None else one.number)
    place = (numbers if one.order is None else one.order) - one.shift // windows.step
    return np.where(place >= 0, place, windows.number - 1 - place)


def _add(i: int, of_y: "Tables", starts: np.ndarray, shared: _Shared, sums: np.ndarray) -> None:
    """Correlate the first windows of x in part `i` with windows of y from some frames, and add them to `sums`."""
    from bitbox_xr.kernels.correlation.matched import add_matched

    plan, windows = shared.plan, shared.draws.parts[i].windows
    own = windows.step * np.arange(len(starts))
    places = own + windows.reach - plan.back[0], starts + windows.reach - plan.back[1]
    add_matched(shared.of_x[i], of_y, places, shared.sizes, plan, magnitude=shared.magnitude, sums=sums)
