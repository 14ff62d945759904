"""The windows, and the lags from which each of them chooses."""

from typing import NamedTuple

import numpy as np

from bitbox_xr.kernels.correlation.ties import ordered

__all__ = ["Lanes", "Plan", "plan"]


class Lanes(NamedTuple):
    """All net lags from the smallest to the largest, side by side.

    Lag l has the shifts of x from `first[l]` to `last[l]`, without the end. The shift of y at shift a of x is
    `a + l - pad`. `order` has the lags of the plan by preference. Lags between them that the plan leaves out have no
    shifts.
    """

    first: np.ndarray
    last: np.ndarray
    pad: int
    order: np.ndarray

    @property
    def number(self) -> int:
        """Number of lags."""
        return len(self.first)


class Plan(NamedTuple):
    """Windows and lags, in frames.

    Window w starts at frame `w · step + shift` on each side, with a shift for each side. Indices of shifts count from
    the earliest shift, `-back`. A *candidate* is a pair of a shift of side 1 and a shift of side 2; their difference is
    its *net lag*. Net lag `lags[r]` has `number[r]` candidates. The first has the indices `mine[r]` and `other[r]`, and
    each next one is one frame later on both sides. Net lags are sorted by preference (`ties.ordered`).
    """

    width: int
    step: int
    least: int  # smallest number of frames present in both signals
    signed: bool  # choose the largest r, not the largest |r|
    nearest: bool  # the preference between lags that tie, see `ties`
    back: tuple[int, int]
    shifts: tuple[int, int]
    lags: np.ndarray
    mine: np.ndarray
    other: np.ndarray
    number: np.ndarray
    lanes: Lanes

    @property
    def reach(self) -> tuple[int, int]:
        """Number of frames of each side that a window covers at any lag."""
        return self.width + self.shifts[0] - 1, self.width + self.shifts[1] - 1

    @property
    def sliding(self) -> bool:
        """Whether any net lag has more than one candidate."""
        return bool((self.number > 1).any())


def plan(
    width: int,
    step: int,
    pairs: dict[int, tuple[int, int, int]],
    *,
    least: int,
    signed: bool = False,
    nearest: bool = True,
) -> Plan:
    """Make a plan from `pairs`: for each net lag the first shifts of sides 1 and 2, and the number of candidates."""
    lags = ordered(pairs, nearest=nearest)
    mine, other, number = np.array([pairs[lag] for lag in lags], dtype=np.int64).T
    low = int(mine.min()), int(other.min())
    last = int((mine + number).max()), int((other + number).max())
    return Plan(
        width,
        step,
        least,
        signed,
        nearest,
        (-low[0], -low[1]),
        (last[0] - low[0], last[1] - low[1]),
        np.array(lags, dtype=np.int64),
        mine - low[0],
        other - low[1],
        np.ascontiguousarray(number),
        _lanes(np.array(lags, dtype=np.int64), mine - low[0], other - low[1], number),
    )


def _lanes(lags: np.ndarray, mine: np.ndarray, other: np.ndarray, number: np.ndarray) -> Lanes:
    place = lags - lags.min()
    first, last = np.full((2, place.max() + 1), [[(mine + number).max()], [0]])
    first[place], last[place] = mine, mine + number
    return Lanes(first, last, int((mine + place - other)[0]), place)
