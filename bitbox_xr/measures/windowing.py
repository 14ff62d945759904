"""Checks two recordings that are to be correlated, and places the windows and lags."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from bitbox_xr.core.durations import seconds
from bitbox_xr.core.errors import refuse, warn
from bitbox_xr.core.provenance import result_attrs
from bitbox_xr.core.signal_set import as_signals
from bitbox_xr.core.types import Array, MeasureOfTwo, SignalsLike
from bitbox_xr.core.validation import counted, flag_faults, is_number, listed, name_faults, time_faults
from bitbox_xr.core.variables import (
    LAG,
    PAIR,
    RESERVED,
    SIGNAL,
    SURROGATE,
    TIME,
    WINDOW,
    interval_attrs,
    number_name,
    variable_attrs,
)
from bitbox_xr.measures.correlation_engine import Windows
from bitbox_xr.measures.pair_coordinates import Coordinate, labelled_coords, number_faults
from bitbox_xr.preprocessing.alignment import left_out_text, shared_clock
from bitbox_xr.preprocessing.intervals import Stretch, by_faults, labels_of, stretches

if TYPE_CHECKING:
    from bitbox_xr.kernels.correlation.windowed import Plan

__all__ = ["Grid", "Options", "Pair", "checked_pair"]

KINDS = ("expression", "landmark", "landmark-can", "pose", "emotion", "gaze", "motion-energy")
WINDOW_AND_LAGS = ", for a window and its lags"


class Options(NamedTuple):
    """The options of a windowed correlation, in seconds; `causal` is None for the two-sided measure."""

    width: float
    step: float | None
    max_lag: float | None
    polarity: bool
    min_valid: float
    causal: bool | None

    def faults(self) -> list[str]:
        """Problems with the options, one message each."""
        faults = []
        for name, least in (("width", "positive"), ("step", "positive"), ("max_lag", "non-negative")):
            value = getattr(self, name)
            if value is not None or name == "width":
                faults += time_faults(name, value, least=least)
        faults += flag_faults("polarity", self.polarity)
        faults += [] if self.causal is None else flag_faults("causal", self.causal)
        if not is_number(self.min_valid) or not 0 < self.min_valid <= 1:
            faults.append(f"expected min_valid to be a share of frames above 0 and at most 1, got {self.min_valid!r}")
        return faults

    def frames(self, rate: float) -> tuple[int, int, int]:
        """Width, step and largest lag in frames."""
        width = round(self.width * rate)
        step = max(1, width // 2) if self.step is None else max(1, round(self.step * rate))
        lag = width // 4 if self.max_lag is None else max(0, round(self.max_lag * rate))
        return width, step, lag


class Grid(NamedTuple):
    """An interval, and the windows that fit into it with all their lags; without `by`, those of the recording."""

    stretch: Stretch
    windows: Windows


@dataclass(frozen=True)
class Pair:
    """Two checked recordings with the same frame times, and the windows that fit into them; see `checked_pair`."""

    measure: MeasureOfTwo
    x: xr.DataArray
    y: xr.DataArray
    mirrored: bool  # x is compared with itself
    options: Options
    fps: float
    frames: int  # that x and y share
    carried: dict[str, Coordinate]  # by the inputs into the result
    grids: tuple[Grid, ...]  # of the intervals with at least one window; without `by`, one for the whole recording
    by: str | None = None
    labels: tuple[str, ...] = ()  # of all intervals, in order of their first onsets
    short: int = 0  # number of intervals that are too short for a window
    subject: str = ""  # function that messages name, with "()"
    smaller: str = ""  # option of this function that makes windows shorter, for messages

    @property
    def windows(self) -> Windows:
        """The windows of the whole recording, without `by`."""
        assert self.by is None, "each interval has its own windows; see grids"
        return self.grids[0].windows

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Width, step and largest lag, in frames."""
        width, step, reach, *_ = self.grids[0].windows
        return width, step, reach

    def groups(self) -> list[list[Windows]]:
        """The windows of each label's intervals; without `by`, those of the recording as the only group."""
        if self.by is None:
            return [[self.windows]]
        return [[grid.windows for grid in self.grids if grid.stretch.label == label] for label in self.labels]

    def plan(self, net: list[int] | None = None, *, nearest: bool = True) -> "Plan":
        """The lags from which each window chooses; `net`: only these net lags, each by its most central shifts."""
        own = None if net is None else tuple(net)
        return _plan(self.sizes, self.options.causal, own, self.least, not self.options.polarity, nearest)

    @property
    def least(self) -> int:
        """Frames that a window must have in common."""
        return max(2, int(np.ceil(self.options.min_valid * self.sizes[0] - 1e-9)))

    @property
    def arrays(self) -> tuple[Array, Array]:
        """Values of x and y, `(…, time, signal)`, with the same leading dimensions (some of size 1)."""
        dims = self.dims(TIME, SIGNAL)
        first, second = (self._ordered(a.variable, dims).data for a in (self.x, self.y))
        return first[..., : self.frames, :], second[..., : self.frames, :]

    @staticmethod
    def _ordered(values: xr.Variable, dims: tuple[str, ...]) -> xr.Variable:
        if values.dims == dims:
            return values
        wide: xr.Variable = values.set_dims({**{d: 1 for d in dims if d not in values.dims}, **values.sizes})
        return wide.transpose(*dims)

    def dims(self, *last: str) -> tuple[str, ...]:
        """All dimensions except time and signal, then `last`."""
        extra = dict.fromkeys(str(d) for a in (self.x, self.y) for d in a.dims if d not in (TIME, SIGNAL))
        return (*extra, *last)

    def label_dims(self) -> tuple[str, ...]:
        """The dimension of the labels, if there is one."""
        return () if self.by is None else (self.by,)

    def coords(self) -> dict[str, Coordinate]:
        """Coordinates of the result, except those of its windows and of `by`."""
        return dict(self.carried)

    def label_coords(self) -> dict[str, Coordinate]:
        """The labels, for a result with a dimension of them."""
        return {} if self.by is None else {self.by: ([self.by], np.array(self.labels), interval_attrs(self.by)[0])}

    def window_coords(self) -> dict[str, Coordinate]:
        """Start, end and middle of each window, on the time axis of x; with `by`, also its label and interval."""
        width, step, lag = self.sizes
        grids = [grid.windows for grid in self.grids]
        times = self.x.coords.variables[TIME].values
        start = np.concatenate([times[w.start + lag :: step][: w.number] for w in grids])
        stop = start + width / self.fps
        middle = start + stop
        middle /= 2
        coords: dict[str, Coordinate] = {
            WINDOW: ([WINDOW], pd.Index(middle, copy=False), variable_attrs(WINDOW)),
            "window_start": ([WINDOW], start, variable_attrs("window_start")),
            "window_stop": ([WINDOW], stop, variable_attrs("window_stop")),
        }
        if self.by is not None:
            counts = [w.number for w in grids]
            names, attrs = (self.by, number_name(self.by)), interval_attrs(self.by)
            for k, (name, own) in enumerate(zip(names, attrs, strict=True)):
                coords[name] = ([WINDOW], np.repeat([grid.stretch[k] for grid in self.grids], counts), own)
        return coords

    def lags(self) -> list[int]:
        """Lags that the measure compares, in frames, in increasing order."""
        return sorted(int(lag) for lag in self.plan().lags)

    def lag_coords(self) -> dict[str, Coordinate]:
        """These lags in seconds, for a result with the dimension `lag`."""
        attrs = variable_attrs(LAG, long_name="lag (negative: signal1 follows signal2)")
        return {LAG: ([LAG], np.array(self.lags()) / self.fps, attrs)}

    def attrs(self) -> dict[str, str | int | float]:
        """Attributes of the result: the options used, and the sources of the inputs."""
        width, step, lag = self.sizes
        out: dict[str, str | int | float] = {
            "width": width / self.fps,
            "step": step / self.fps,
            "max_lag": lag / self.fps,
            "width_frames": width,
            "step_frames": step,
            "max_lag_frames": lag,
            "polarity": int(self.options.polarity),
            "min_valid": float(self.options.min_valid),
            "fps": float(self.fps),
            "frames": int(self.frames),
            "window_count": sum(grid.windows.number for grid in self.grids),
        }
        if self.by is not None:
            out |= {"by": self.by, "by_labels": json.dumps(self.labels, ensure_ascii=False)}
            out |= {"intervals": len(self.grids), "short_intervals": self.short}
        if self.options.causal is not None:
            out["causal"] = int(self.options.causal)
        if self.mirrored:
            out["alone"] = 1  # signal1 and signal2 are of the same person
        lengths = self.x.sizes[TIME], self.y.sizes[TIME]
        if lengths[0] != lengths[1]:
            out["note"] = f"x has {lengths[0]} frames, y {lengths[1]}; the {self.frames} that both have were used"
        shared = [a if a.sizes[TIME] == self.frames else a.isel({TIME: slice(self.frames)}) for a in (self.x, self.y)]
        return result_attrs(self.measure, out, *shared)


def checked_pair(
    measure: MeasureOfTwo,
    x: SignalsLike,
    y: SignalsLike | None,
    options: Options,
    fps: float | None,
    by: str | None = None,
    *,
    subject: str = "",
    smaller: str = "",
    partner: bool = False,
) -> Pair:
    """Check two recordings (or one, with y=None) and the options of the windows; all problems are reported at once.

    Messages name the function `subject` and its option `smaller`, if these are not the measure, and width or max_lag.
    The length of a `partner`, which takes the place of y in surrogates, may be any.
    """
    if measure not in ("imitation", "coordination"):
        raise ValueError(f"expected measure to be 'imitation' or 'coordination', got {measure!r}")
    if y is None and measure == "imitation":
        raise ValueError(
            "imitation(): expected y, the signals of the model, got None; for one person see coordination()"
        )
    if measure == "imitation" and options.causal is None:
        raise ValueError("imitation(): expected causal to be True or False, got None")
    if measure == "coordination":
        options = options._replace(causal=None)
    subject = f"{subject or measure}()"
    faults, sides = options.faults(), []
    for label, data in (("x", x), ("y", y))[: 1 if y is None else 2]:
        try:
            sides.append(as_signals(data, fps=fps, label=label))
        except ValueError as error:
            faults.append(str(error))
    refuse(subject, faults)
    one, other = sides[0], sides[-1]
    faults = _kind_faults(x=one, y=other) + _label_faults(one, other)
    named = () if not isinstance(by, str) else (by, number_name(by))
    labelled = labelled_coords(one, other)
    faults += name_faults(RESERVED[measure], one, other) or number_faults(labelled, one, other, named)
    faults += by_faults(by, (*RESERVED[measure], SURROGATE, PAIR), **{"x": one} | ({} if y is None else {"y": other}))
    refuse(subject, faults)
    rate, frames = shared_clock(one, other, subject)
    found = [Stretch("", -1, 0, frames)] if by is None else stretches(by, one, other, frames=frames)
    refuse(subject, _window_faults(options, found, by, rate, one.sizes[SIGNAL] > frames, smaller))
    grids = tuple(grid for stretch in found if (grid := _grid(stretch, *options.frames(rate))).windows.number)
    if not partner and (text := left_out_text(one, other, rate)):
        warn(f"{subject}: {text}")
    if len(grids) < len(found):
        _warn_of_short(subject, one, found, options, rate, smaller)
    labels = () if by is None else tuple(labels_of(found))
    carried = {label: coord for label, _, coord in labelled}
    short = len(found) - len(grids)
    return Pair(
        measure, one, other, y is None, options, rate, frames, carried, grids, by, labels, short, subject, smaller
    )


@lru_cache(maxsize=64)
def _plan(
    sizes: tuple[int, int, int],
    causal: bool | None,
    net: tuple[int, ...] | None,
    least: int,
    signed: bool,
    nearest: bool,
) -> "Plan":
    """`Pair.plan`. Its arrays belong to all calls with the same options, so nothing may write to them."""
    from bitbox_xr.kernels.correlation import windowed

    width, step, lag = sizes
    if net is not None:
        pairs = {d: (-(d // 2), d - d // 2, 1) if causal is None else (0, d, 1) for d in net}
    elif causal is None:
        # the shift of y is that of x plus d, and both are from -lag to lag
        pairs = {d: (max(-lag, -lag - d), max(-lag, d - lag), 2 * lag + 1 - abs(d))
                 for d in range(-2 * lag, 2 * lag + 1)}  # fmt: skip
    else:
        pairs = {d: (0, d, 1) for d in range(-lag, 1 if causal else lag + 1)}
    return windowed.plan(width, step, pairs, least=least, signed=signed, nearest=nearest)


def _grid(stretch: Stretch, width: int, step: int, lag: int) -> Grid:
    """The windows of an interval, from its own start."""
    left = stretch.stop - stretch.start - width - 2 * lag
    return Grid(stretch, Windows(width, step, lag, left // step + 1 if left >= 0 else 0, stretch.start))


def _kind_faults(**sides: xr.DataArray) -> list[str]:
    kinds = {label: a.attrs.get("kind", "expression") for label, a in sides.items()}
    return [
        f"expected {label} to be of kind {', '.join(KINDS[:-1])} or {KINDS[-1]}, got {kind!r}; "
        "use kinematics() for the motion of rectangles"
        for label, kind in kinds.items()
        if kind not in KINDS
    ]


def _label_faults(x: xr.DataArray, y: xr.DataArray) -> list[str]:
    """Problems with dimensions of both x and y, along which the labels must be the same."""
    faults = []
    for dim in (str(d) for d in x.dims if d in y.dims and d not in (TIME, SIGNAL)):
        if dim in x.indexes and dim in y.indexes:
            one, other = x.indexes[dim], y.indexes[dim]
            if not one.equals(other):
                different = one.symmetric_difference(other)
                got = f"{listed(different)} in only one of them" if len(different) else "them in a different order"
                faults.append(
                    f"expected the same labels of x and y along {dim}, got {got}; select the same labels, for example "
                    "with xr.align(x, y)"
                )
        elif x.sizes[dim] != y.sizes[dim]:
            faults.append(
                f"expected the same size of x and y along {dim}, got {x.sizes[dim]} and {y.sizes[dim]}; "
                "select the same entries with .isel()"
            )
    return faults


def _window_faults(
    options: Options, found: list[Stretch], by: str | None, rate: float, wide: bool, smaller: str
) -> list[str]:
    """Problems with the width, and with a recording or with intervals that are all too short for it."""
    width, _, lag = options.frames(rate)
    if width < 3:
        expected = f"at least 3 frames ({seconds(3 / rate)} at {counted(rate, 'frame')} per second)"
        got = f"{counted(width, 'frame')} ({seconds(options.width)})"
        return [f"expected width to be {expected}, got {got}; choose a larger width"]
    if not found:
        return [f"expected frames with a label {by!r} that both recordings share, got none; see annotate()"]
    shortest, longest = width + 2 * lag, max(stretch.stop - stretch.start for stretch in found)
    if longest >= shortest:
        return []
    where = "in both recordings" if by is None else f"in an interval of {by!r}"
    expected = f"at least {shortest} frames ({seconds(shortest / rate)}) {where}{'' if smaller else WINDOW_AND_LAGS}"
    got = f"{counted(longest, 'frame')} ({seconds(longest / rate)})" + ("" if by is None else " at most")
    remedy = (
        "record longer, or " if by is None else ""
    ) + f"choose a smaller {smaller or 'width or max_lag (both in s)'}"
    remedy += "; if the rows of your array are signals, transpose it" if wide and by is None else ""
    return [f"expected {expected}, got {got}; {remedy}"]


def _warn_of_short(
    subject: str, x: xr.DataArray, found: list[Stretch], options: Options, rate: float, smaller: str
) -> None:
    width, _, lag = options.frames(rate)
    times, shortest = x[TIME].values, width + 2 * lag
    short = [
        f"{label!r} ({seconds(times[start])}, {seconds((stop - start) / rate)} long)"
        for label, _, start, stop in found
        if stop - start < shortest
    ]
    warn(
        f"{subject}: expected intervals of at least {seconds(shortest / rate)}{'' if smaller else WINDOW_AND_LAGS}, "
        f"got {len(short)} of {len(found)} that are shorter and are left out: {listed(short, 4)}; choose a smaller "
        f"{smaller or 'width or max_lag'}"
    )
