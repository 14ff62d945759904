"""Two recordings on one clock, checked, and the windows that fit them."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.provenance import result_attrs
from bitbox_xr.core.signal_set import as_signals
from bitbox_xr.core.types import MeasureOfTwo, SignalsLike
from bitbox_xr.core.validation import counted, flag_faults, is_number, listed, name_faults, time_faults
from bitbox_xr.core.variables import RESERVED, SIGNAL, SIGNAL1, SIGNAL2, TIME, WINDOW, variable_attrs
from bitbox_xr.measures import correlation_engine
from bitbox_xr.preprocessing.alignment import shared_clock

__all__ = ["Options", "Pair"]

KINDS = ("expression", "landmark", "landmark-can", "pose")


class Options(NamedTuple):
    """What a caller asked for, in seconds; `causal` None: two-sided."""

    width: float
    step: float | None
    max_lag: float | None
    polarity: bool
    min_valid: float
    causal: bool | None

    def faults(self) -> list[str]:
        """What is out of range, each as a sentence."""
        faults = []
        for name, least in (("width", "positive"), ("step", "positive"), ("max_lag", "non-negative")):
            value = getattr(self, name)
            if value is not None or name == "width":
                faults += time_faults(name, value, least=least)
        faults += flag_faults("polarity", self.polarity)
        faults += [] if self.causal is None else flag_faults("causal", self.causal)
        if not is_number(self.min_valid) or not 0 < self.min_valid <= 1:
            faults.append(f"min_valid is {self.min_valid!r}; a share of frames above 0 and up to 1 is wanted")
        return faults

    def frames(self, rate: float) -> tuple[int, int, int]:
        """Width, step and largest lag in frames."""
        width = round(self.width * rate)
        step = max(1, width // 2) if self.step is None else max(1, round(self.step * rate))
        lag = width // 4 if self.max_lag is None else max(0, round(self.max_lag * rate))
        return width, step, lag


class Pair:
    """Two recordings on one clock, with the windows that fit them."""

    def __init__(
        self, measure: MeasureOfTwo, x: SignalsLike, y: SignalsLike | None, options: Options, fps: float | None
    ) -> None:
        if measure not in ("imitation", "coordination"):
            raise ValueError(f"measure is {measure!r}; 'imitation' or 'coordination' is wanted")
        if y is None and measure == "imitation":
            raise ValueError("imitation(): y, the model's signals, is missing; for one person alone see coordination()")
        if measure == "imitation" and options.causal is None:
            raise ValueError("imitation(): causal is None; True or False is wanted")
        if measure == "coordination":
            options = options._replace(causal=None)
        self.measure, self.options, self.mirrored = measure, options, y is None
        faults, sides = options.faults(), []
        for label, data in (("x", x), ("y", y))[: 1 if y is None else 2]:
            try:
                sides.append(as_signals(data, fps=fps, label=label))
            except ValueError as error:
                faults.append(str(error))
        refuse(f"{measure}()", faults)
        self.x, self.y = sides[0], sides[-1]
        refuse(
            f"{measure}()",
            _kind_faults(x=self.x, y=self.y)
            + _label_faults(self.x, self.y)
            + (name_faults(RESERVED[measure], self.x, self.y) or _number_faults(self.x, self.y)),
        )
        self.fps, self.frames = shared_clock(self.x, self.y)
        width, step, lag = options.frames(self.fps)
        wide = self.x.sizes[SIGNAL] > self.frames
        refuse(f"{measure}()", _window_faults(options, width, lag, self.frames, self.fps, wide))
        count = (self.frames - width - 2 * lag) // step + 1
        self.windows = correlation_engine.Windows(width, step, lag, count)

    def plan(self, net: list[int] | None = None, *, nearest: bool = True) -> Any:
        """The competing lags; `net`: these net lags, each by its most central pair of shifts."""
        from bitbox_xr.kernels.correlation import windowed

        width, step, lag, _ = self.windows
        two_sided = self.options.causal is None
        if net is not None:
            pairs = {d: (-(d // 2), d - d // 2, 1) if two_sided else (0, d, 1) for d in net}
        elif two_sided:
            # y's shift is x's + d, and both are from -lag to lag
            pairs = {d: (max(-lag, -lag - d), max(-lag, d - lag), 2 * lag + 1 - abs(d))
                     for d in range(-2 * lag, 2 * lag + 1)}  # fmt: skip
        else:
            pairs = {d: (0, d, 1) for d in range(-lag, 1 if self.options.causal else lag + 1)}
        least = max(2, int(np.ceil(self.options.min_valid * width - 1e-9)))
        return windowed.plan(width, step, pairs, least=least, signed=not self.options.polarity, nearest=nearest)

    @property
    def arrays(self) -> tuple[Any, Any]:
        """The numbers of both, `(…, time, signal)` with the same leading dimensions (some of size 1)."""
        extra = self.dims()
        sides = [a.isel({TIME: slice(0, self.frames)}).variable for a in (self.x, self.y)]
        wide = [v.set_dims({**{d: 1 for d in extra if d not in v.dims}, **v.sizes}) for v in sides]
        first, second = (v.transpose(*extra, TIME, SIGNAL).data for v in wide)
        return first, second

    def dims(self, *last: str) -> tuple[str, ...]:
        """The dimensions besides time and signal, then `last`."""
        extra = dict.fromkeys(str(d) for a in (self.x, self.y) for d in a.dims if d not in (TIME, SIGNAL))
        return (*extra, *last)

    def coords(self) -> dict[str, Any]:
        """Coordinates of the result but for its windows."""
        return {label: coord for label, _, coord in _labelled(self.x, self.y)}

    def window_coords(self) -> dict[str, Any]:
        """Start, end and middle of each window, on x's clock."""
        width, step, lag, count = self.windows
        start = np.asarray(self.x[TIME].values, np.float64)[lag + step * np.arange(count)]
        stop = start + width / self.fps
        values = {WINDOW: (start + stop) / 2, "window_start": start, "window_stop": stop}
        return {name: (WINDOW, value, variable_attrs(name)) for name, value in values.items()}

    def attrs(self) -> dict[str, Any]:
        """Enough to run the measure again."""
        width, step, lag, count = self.windows
        out: dict[str, Any] = {
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
            "window_count": int(count),
        }
        if self.options.causal is not None:
            out["causal"] = int(self.options.causal)
        if self.mirrored:
            out["alone"] = 1  # signal1 and signal2 are one person's
        lengths = self.x.sizes[TIME], self.y.sizes[TIME]
        if lengths[0] != lengths[1]:
            out["note"] = f"x has {lengths[0]} frames, y {lengths[1]}; the {self.frames} that both have were used"
        return result_attrs(self.measure, out, *(a.isel({TIME: slice(self.frames)}) for a in (self.x, self.y)))


def _kind_faults(**sides: xr.DataArray) -> list[str]:
    kinds = {label: a.attrs.get("kind", "expression") for label, a in sides.items()}
    return [
        f"{label} is of kind {kind!r}; correlations are made of {', '.join(KINDS)}"
        for label, kind in kinds.items()
        if kind not in KINDS
    ]


def _label_faults(x: xr.DataArray, y: xr.DataArray) -> list[str]:
    """Dimensions that both have must have the same labels."""
    faults = []
    for dim in (str(d) for d in x.dims if d in y.dims and d not in (TIME, SIGNAL)):
        if dim in x.indexes and dim in y.indexes:
            one, other = x.indexes[dim], y.indexes[dim]
            if not one.equals(other):
                apart = one.symmetric_difference(other)
                what = f"{listed(apart)} are in only one of them" if len(apart) else "their order differs"
                faults.append(
                    f"x and y differ in their labels along {dim} ({what}); choose the same, e.g. by xr.align(x, y)"
                )
        elif x.sizes[dim] != y.sizes[dim]:
            faults.append(f"x has {x.sizes[dim]} along {dim}, y {y.sizes[dim]}; the same number is wanted")
    return faults


def _labelled(x: xr.DataArray, y: xr.DataArray) -> Iterator[tuple[str, str, Any]]:
    """Coordinates of the result but for its windows: the name of each, that in the input, and what it is."""
    for side, a, other in ((1, x, y), (2, y, x)):
        for name, coord in ((str(name), a[name].variable) for name in a.coords if TIME not in a[name].dims):
            dims = [f"{SIGNAL}{side}" if dim == SIGNAL else dim for dim in coord.dims]
            # what only one of them has, or both alike, needs no number
            alone = name not in other.coords and name not in other.dims
            alike = name in other.coords and coord.identical(other[name].variable)
            shared = SIGNAL not in coord.dims and (alone or alike or name in coord.dims)
            yield name if shared else f"{name}{side}", name, (dims, coord.values, coord.attrs)


def _number_faults(x: xr.DataArray, y: xr.DataArray) -> list[str]:
    """Names that with the number of their side are those of something else: `age` becomes `age1`, and there is one."""
    labelled = [(label, name) for label, name, _ in _labelled(x, y)]
    unnumbered = (label for label, name in labelled if label == name)
    own = set(RESERVED["imitation"]) - {SIGNAL1, SIGNAL2}  # which `signal` itself becomes
    taken = {*own, *map(str, (*x.dims, *y.dims)), *unnumbered}
    return [
        f"the coordinate {name} is {label} in the result, by the number of its side, and that name is taken; "
        f".rename() {name} of the input"
        for label, name in labelled
        if label != name and label in taken
    ]


def _window_faults(options: Options, width: int, lag: int, frames: int, rate: float, wide: bool) -> list[str]:
    if width < 3:
        needs = f"at least 3 are wanted, {3 / rate:.3g} s"
        at = f"at {counted(rate, 'frame')} a second"
        return [f"width {options.width:g} s is {counted(width, 'frame')} {at}; {needs}"]
    shortest = width + 2 * lag
    if frames < shortest:
        needs = f"one window with its lags needs {shortest} ({shortest / rate:.3g} s)"
        remedy = "record longer, or choose a smaller width or max_lag (both in s)"
        remedy += "; if the rows of your array are signals, transpose it" if wide else ""
        return [f"the recordings share {counted(frames, 'frame')} ({frames / rate:.3g} s); {needs}: {remedy}"]
    return []
