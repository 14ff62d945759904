"""Temporal scales: checks the durations that a caller asks for, converts them to frames and labels them.

The options that choose activations belong to the scales, because a chance rate depends on the durations.

The scale of duration d (s) is the Mexican-hat wavelet of scale d / 4, whose positive lobe is d / 2 wide. An activation
of full width at half maximum f responds most strongly at duration f / 0.26 (f is slightly widened by smoothing twice
with a sigma of 1 frame). At a fixed duration d, of activations of the same height those with f of about 0.42 d respond
most strongly.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple, TypeGuard

import numpy as np

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.types import ScalesLike
from bitbox_xr.core.validation import flag_faults, is_number, listed
from bitbox_xr.core.variables import SCALE, variable_attrs

if TYPE_CHECKING:
    from bitbox_xr.kernels.activations.search import Search

__all__ = ["Asked", "Scales", "chosen"]

RAW, AGGREGATE = 0.0, np.inf  # coordinates along `scale` that are not durations
MIN_DURATION_S, MAX_DURATION_S = 0.1, 4.0  # range of durations if only their number is given
PRECISIONS = range(8, 21)
MAX_SCALES = 1000  # more are probably a mistake, and would need too much memory
AGGREGATE_TOLERANCE_S = 0.01  # of all maxima, those that are aggregated are the shortest duration minus this apart


class Asked(NamedTuple):
    """The options of scales and of activations, as a caller gives them."""

    scales: ScalesLike
    aggregate: bool
    precision: int
    min_rise: float | None = None
    false_alarms_per_minute: float | None = None


class Scales(NamedTuple):
    """Durations in seconds, ascending (empty: the signal itself), for recordings of `fps` frames per second."""

    durations: tuple[float, ...]
    aggregate: bool
    precision: int
    fps: float
    min_rise: float | None = None
    false_alarms_per_minute: float | None = None

    @property
    def lists(self) -> int:
        """Number of lists of activations for each signal: one for each scale, or one with `aggregate`."""
        return 1 if self.aggregate else len(self.frames)

    @property
    def apart(self) -> int:
        """Smallest distance between aggregated activations that are not chosen, in frames; 0 without `aggregate`."""
        return max(1, round((self.durations[0] - AGGREGATE_TOLERANCE_S) * self.fps)) if self.aggregate else 0

    @property
    def frames(self) -> tuple[float, ...]:
        """Wavelet scales in frames; 0 for the signal itself."""
        return tuple(self.fps * d / 4 for d in self.durations) or (0.0,)

    @property
    def chance_rates(self) -> np.ndarray:
        """Maxima of noise per minute at each scale, whatever their height, by Rice's formula; summed if aggregated."""
        rates = 60 / np.array(self.durations)
        return np.full_like(rates, rates.sum()) if self.aggregate else rates

    def search(self, *, measured: bool = False, outliers: bool = False) -> "Search":
        """Return the options of the search for activations, in frames."""
        from bitbox_xr.kernels.activations.search import Search

        least_z: tuple[float, ...] = ()
        if self.false_alarms_per_minute is not None:
            least_z = tuple(np.sqrt(2 * np.log(self.chance_rates / self.false_alarms_per_minute)).tolist())
        least_rise = self.min_rise or 0.0
        return Search(
            self.frames, self.precision, self.apart, measured, outliers, least_rise=least_rise, least_z=least_z
        )

    def coords(self) -> dict[str, tuple[str, np.ndarray, dict[str, str]]]:
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
        """Attributes of the result: the scales in seconds and in frames."""
        out: dict[str, str | int | float] = {
            "scales": " ".join(f"{d:.6g}" for d in self.durations) or "raw",
            "wavelet_scales_frames": " ".join(f"{s:.6g}" for s in self.frames),
            "aggregate": int(self.aggregate),
            "precision": self.precision,
            "fps": self.fps,
        }
        if self.aggregate and self.min_rise is None and self.false_alarms_per_minute is None:
            out |= {"apart": self.apart / self.fps, "apart_frames": self.apart}
        if self.min_rise is not None:
            out["min_rise"] = self.min_rise
        if self.false_alarms_per_minute is not None:
            out["false_alarms_per_minute"] = self.false_alarms_per_minute
        return out


def chosen(asked: Asked, *, fps: float, frames: int, measure: str) -> Scales:
    """Check the options for a recording of this many frames; ValueError with all problems."""
    durations, faults = _durations(asked.scales)
    aggregate, precision = asked.aggregate, asked.precision
    faults += flag_faults("aggregate", aggregate)
    if aggregate and not faults and len(durations) < 2:
        faults.append(f"expected at least two scales with aggregate=True, got {len(durations)}; use e.g. scales=6")
    if not _is_integer(precision) or precision not in PRECISIONS:
        faults.append(
            f"expected precision to be an integer from {PRECISIONS[0]} to {PRECISIONS[-1]}, got {precision!r}"
        )
    length = frames / fps
    if too_long := [d for d in durations if d >= length]:
        long = listed(f"{d:g}" for d in too_long)
        faults.append(f"expected scales shorter than the recording ({length:g} s), got {long} s; choose shorter ones")
    if too_short := [d for d in durations if d * fps < 1]:
        short = listed(f"{d:g}" for d in too_short)
        faults.append(f"expected scales of at least one frame ({1 / fps:g} s), got {short} s; choose longer ones")
    faults += _threshold_faults(asked, durations, known=not faults)
    refuse(f"{measure}()", faults)
    limits = (None if limit is None else float(limit) for limit in (asked.min_rise, asked.false_alarms_per_minute))
    return Scales(durations, bool(aggregate), int(precision), float(fps), *limits)


def _threshold_faults(asked: Asked, durations: tuple[float, ...], *, known: bool) -> list[str]:
    """Problems of the options that choose activations; `known`: the durations have no problems."""
    given = {
        name: value
        for name, value in (
            ("min_rise", asked.min_rise), ("false_alarms_per_minute", asked.false_alarms_per_minute)
        ) if value is not None
    }  # fmt: skip
    faults = [
        f"expected {name} to be a positive number, got {value!r}"
        for name, value in given.items()
        if not is_number(value) or value <= 0
    ]
    if asked.scales is None and given:
        faults.append(f"expected scales with {' and '.join(given)}, got scales=None; choose durations in seconds")
    rate = asked.false_alarms_per_minute
    if known and durations and rate is not None and not faults:
        largest = float(Scales(durations, asked.aggregate, asked.precision, 1.0).chance_rates.min())
        if rate >= largest:
            faults.append(
                f"expected false_alarms_per_minute below {largest:.4g}, the number of maxima of noise per minute at "
                f"{'these scales' if asked.aggregate else f'scale {durations[-1]:g} s'}, got {rate:g}"
            )
    return faults


def _durations(scales: ScalesLike) -> tuple[tuple[float, ...], list[str]]:
    """Durations (s), ascending, and the problems with them."""
    if scales is None:
        return (), []
    expected = "expected scales to be None, a number of scales, or a sequence of durations in seconds"
    if _is_integer(scales):
        if not 1 <= int(scales) <= MAX_SCALES:
            return (), [f"expected a number of scales from 1 to {MAX_SCALES}, got {scales}"]
        return tuple(float(d) for d in np.linspace(MIN_DURATION_S, MAX_DURATION_S, int(scales))), []
    if not isinstance(scales, Iterable) or isinstance(scales, str | bytes) or getattr(scales, "ndim", 1) == 0:
        remedy = f"; for a single duration use scales=[{scales!r}]" if isinstance(scales, float) else ""
        return (), [f"{expected}, got {scales!r}{remedy}"]
    values = [*scales]
    if not values or not all(is_number(value) or isinstance(value, float) for value in values):
        return (), [f"{expected}, got {scales!r}"]
    durations = np.sort(np.array(values, dtype=np.float64))
    faults = []
    if not np.isfinite(durations).all() or durations[0] <= 0:
        faults.append(f"expected scales to be positive numbers of seconds, got {listed(values)}")
    if len(np.unique(durations)) < len(durations):
        faults.append(f"expected each scale once, got {listed(values)}; leave out the repeated ones")
    return (() if faults else tuple(durations.tolist())), faults


def _is_integer(value: object) -> TypeGuard[int]:
    number = isinstance(value, int | np.integer) and not isinstance(value, bool)
    return number or (isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind in "iu")
