"""Temporal scales: which durations a caller asked for, in seconds and in frames, and what each is called.

Duration d is the Mexican-hat wavelet of scale d / 4: its positive lobe is d / 2 wide. Of all durations, that one
answers an activation most strongly of which the activation's width at half its height is about 0.26 (widened by the
smoothing of one frame, twice). At one fixed duration d, activations about 0.42 d wide are answered most strongly.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple, TypeGuard

import numpy as np

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.types import ScalesLike
from bitbox_xr.core.validation import flag_faults, is_number, listed
from bitbox_xr.core.variables import SCALE, variable_attrs

__all__ = ["Scales", "chosen"]

RAW, AGGREGATE = 0.0, np.inf  # coordinates that are no duration
SHORTEST, LONGEST = 0.1, 4.0  # s, of a number of scales
PRECISIONS = range(8, 21)
MOST = 1000  # durations that a number of scales stands for; more are a slip, and would fill any memory
SLACK = 0.01  # s; aggregated activations may be as close as the shortest duration less this


class Scales(NamedTuple):
    """Durations in seconds, ascending, none for the signal itself; at a rate, in frames a second."""

    durations: tuple[float, ...]
    aggregate: bool
    precision: int
    fps: float

    @property
    def lists(self) -> int:
        """Number of lists of activations that each signal gets."""
        return 1 if self.aggregate else len(self.frames)

    @property
    def apart(self) -> int:
        """Frames that aggregated activations are at least apart."""
        return max(1, round((self.durations[0] - SLACK) * self.fps)) if self.aggregate else 0

    @property
    def frames(self) -> tuple[float, ...]:
        """Wavelet scales in frames; 0 for the signal itself."""
        return tuple(self.fps * d / 4 for d in self.durations) or (0.0,)

    def search(self, *, widths: bool = False, outliers: bool = False) -> Any:
        """What the kernels are asked: a `kernels.activations.Search`."""
        from bitbox_xr.kernels.activations.search import Search

        return Search(self.frames, self.precision, self.apart, widths, outliers)

    def coords(self) -> dict[str, Any]:
        """The coordinates along `scale`."""
        if self.aggregate:
            values, labels = [AGGREGATE], [f"Agg {self.durations[0]:.1f}-{self.durations[-1]:.1f}"]
        elif self.durations:
            values, labels = list(self.durations), [f"{d:.6g} s" for d in self.durations]
        else:
            values, labels = [RAW], ["raw"]
        return {
            SCALE: (SCALE, np.array(values), variable_attrs(SCALE)),
            "scale_label": (SCALE, np.array(labels), variable_attrs("scale_label")),
        }

    def attrs(self) -> dict[str, str | int | float]:
        """What was asked, in seconds and in frames."""
        out: dict[str, str | int | float] = {
            "scales": " ".join(f"{d:.6g}" for d in self.durations) or "raw",
            "wavelet_scales_frames": " ".join(f"{s:.6g}" for s in self.frames),
            "aggregate": int(self.aggregate),
            "precision": self.precision,
            "fps": self.fps,
        }
        return out | ({"apart": self.apart / self.fps, "apart_frames": self.apart} if self.aggregate else {})


def chosen(scales: ScalesLike, aggregate: bool, precision: int, *, fps: float, frames: int, measure: str) -> Scales:
    """The scales of a recording of so many frames, checked; ValueError with all that is wrong with them."""
    durations, faults = _durations(scales)
    faults += flag_faults("aggregate", aggregate)
    if aggregate and not faults and len(durations) < 2:
        there = "is one" if durations else "are none"
        faults.append(f"aggregate=True wants at least two scales, and there {there}; e.g. scales=6")
    if not _is_integer(precision) or precision not in PRECISIONS:
        faults.append(f"precision is {precision!r}; an integer from {PRECISIONS[0]} to {PRECISIONS[-1]} is wanted")
    length = frames / fps
    if too_long := [d for d in durations if d >= length]:
        remedy = "choose shorter scales, or record longer"
        faults.append(
            f"scales of {listed(f'{d:g}' for d in too_long)} s do not fit into a recording of {length:g} s; {remedy}"
        )
    if too_short := [d for d in durations if d * fps < 1]:
        short = listed(f"{d:g}" for d in too_short)
        faults.append(f"scales of {short} s are shorter than a frame ({1 / fps:g} s); choose longer ones")
    refuse(f"{measure}()", faults)
    return Scales(durations, bool(aggregate), int(precision), float(fps))


def _durations(scales: ScalesLike) -> tuple[tuple[float, ...], list[str]]:
    """Durations (s), ascending, and what is wrong with them."""
    if scales is None:
        return (), []
    wanted = "None, a number of scales, or a sequence of durations in seconds is wanted"
    if _is_integer(scales):
        if not 1 <= int(scales) <= MOST:
            return (), [f"scales is {scales}; {wanted}: 1 to {MOST}"]
        return tuple(float(d) for d in np.linspace(SHORTEST, LONGEST, int(scales))), []
    if not isinstance(scales, Iterable) or isinstance(scales, str | bytes) or getattr(scales, "ndim", 1) == 0:
        remedy = f"; for a single duration [{scales!r}]" if isinstance(scales, float) else ""
        return (), [f"scales is {scales!r}; {wanted}{remedy}"]
    values = [*scales]
    if not values or not all(is_number(value) or isinstance(value, float) for value in values):
        return (), [f"scales is {scales!r}; {wanted}"]
    durations = np.sort(np.array(values, dtype=np.float64))
    faults = []
    if not np.isfinite(durations).all() or durations[0] <= 0:
        faults.append(f"scales are {listed(values)}; positive numbers of seconds are wanted")
    if len(np.unique(durations)) < len(durations):
        faults.append(f"scales are {listed(values)}; each may occur once")
    return (() if faults else tuple(durations.tolist())), faults


def _is_integer(value: object) -> TypeGuard[int]:
    number = isinstance(value, int | np.integer) and not isinstance(value, bool)
    return number or (isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind in "iu")
