"""The list of activations that expressivity counts, with the height of each rise and how often noise alone has such."""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bitbox_xr.core.types import NoiseLike, ScalesLike, SignalsLike
from bitbox_xr.core.variables import COEFFICIENT, EVENT, RESERVED, SCALE, TIME, variable_attrs
from bitbox_xr.measures import activation_noise, activation_search
from bitbox_xr.measures.expressivity import carried_labels, extra_dims, measured_attrs, prepared, with_units
from bitbox_xr.measures.scales import RAW, Asked, Scales
from bitbox_xr.preprocessing.intervals import annotations_at

if TYPE_CHECKING:
    from bitbox_xr.kernels.activations.search import Found

__all__ = ["events"]

LONG_NAMES = {
    TIME: "time of the activation",
    SCALE: "temporal scale at which it was found (0: the signal itself)",
    "onset": "time at which the signal crosses half of its height before the activation",
    "offset": "time at which the signal crosses half of its height after the activation",
}
EDGES = {"onset": "start", "offset": "stop"}


def events(
    x: SignalsLike,
    *,
    scales: ScalesLike = None,
    aggregate: bool = False,
    precision: int = 16,
    min_rise: float | None = None,
    false_alarms_per_minute: float | None = None,
    noise: NoiseLike = None,
    fps: float | None = None,
) -> xr.Dataset:
    """List the activations that `expressivity` counts: time, scale, coefficient, strength and width of each.

    Parameters
    ----------
    x, scales, aggregate, precision, min_rise, false_alarms_per_minute, noise, fps
        As for `expressivity`, but `noise` may be given by itself: it is then used for z and chance_rate. Dask arrays
        are computed, since the number of activations is not known before.

    Returns
    -------
    Dataset
        One entry along `event` for each activation, ordered by recording, scale, coefficient and time (with `aggregate`
        by recording, coefficient and time). Coordinates along `event`:

        - `time` (s)
        - `scale` (s): 0 for the signal itself; with `aggregate` the scale of the largest score or, with `min_rise` or
          `false_alarms_per_minute`, of the largest rise
        - `coefficient`, one coordinate for each further dimension of the input, and other labels of its recordings and
          signals (such as `region`)
        - the annotations of x (see `annotate`) at the time of the activation

        Variables along `event`:

        - `magnitude`: value of the signal
        - `width` (s): time over which the wavelet's response has more than half its height; NaN where the recording
          ends before
        - `response`: height of the wavelet's response, which is largest at the scale of about the full width of the
          activation divided by 0.26
        - `outlier`: whether `robust=True` ignores the activation
        - `rise`: height of the bump, in the units of the signal and alike at every scale: the response divided by that
          to a Gaussian bump of height 1 and of full width at half maximum 0.42 d
        - `z`: the response divided by the noise at its scale, infinite where the noise is 0
        - `chance_rate` (1/min): how often Gaussian noise would reach this z, at its scale or, with `aggregate`, at all
          scales
        - `onset`, `offset` (s): when the signal crosses half of its height before and after the activation. NaN where
          the recording or a gap longer than d / 8 ends before.

        Without scales there is no d: the last five are NaN.

    Raises
    ------
    ValueError
        As for `expressivity`.

    Notes
    -----
    The noise σ is estimated from the lower quartile of the absolute deviations of the responses from their median,
    divided by 0.319, over eligible frames that are present. Responses to a floor, where most frames have equal values,
    are treated apart. The noise at duration d is at most that of a random walk with the noise at 0.5, 1, 2 or 4 s, if
    these are shorter than d and than a quarter of the recording. So activity does not hide itself, and the noise does
    not depend on which scales are asked together.

    chance_rate = 60 ν exp(−z² / 2) with ν = 1 / d, summed over the scales with `aggregate`: Rice's formula for how
    often stationary Gaussian noise crosses a level upwards (Rice, 1945, Bell System Technical Journal 24, 46-156).

    For onset and offset, the signal is smoothed by a Gaussian of full width at half maximum d / 8 (sigma at least 1
    frame). Its height is counted from its least value within 2 d on this side.

    With `min_rise` or `false_alarms_per_minute`, a held expression is one activation (see `expressivity`): the one with
    the largest rise. Its height is then that of the largest value within d / 8, counted from the least value within 2 d
    after the signal has fallen by half of the rise. Onset or offset are NaN if it does not fall, as for a smile that is
    held to the end of the recording. If another activation of the expression is before this onset, or the onset is NaN,
    it is that of the first activation; likewise, the offset may be that of the last one.

    Examples
    --------
    >>> from bitbox_xr import signals
    >>> time = np.arange(600) / 30
    >>> smile = sum(np.exp(-((time - at) ** 2) / (2 * 0.25**2)) for at in (4, 9, 15))
    >>> found = events(signals(smile[:, None], fps=30, names=["AU12"]), scales=[2])
    >>> found.time.values.round(2).tolist(), found.magnitude.values.round(2).tolist()
    ([4.0, 9.0, 15.0], [1.0, 1.0, 1.0])
    """
    asked = Asked(scales, aggregate, precision, min_rise, false_alarms_per_minute)
    x, chosen = prepared("events", x, asked, fps)
    rest = activation_noise.rest_of("events", x, noise, chosen)
    level = activation_noise.levels(rest, chosen) if chosen.durations else None
    found, known = activation_search.find_activations(x.data, chosen.search(measured=True, outliers=True), level)
    tables = [_table(one) for one in found]
    column = {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
    counts = [len(table["frame"]) for table in tables]
    coords = {
        EVENT: np.arange(len(column["frame"]), dtype=np.int32),
        TIME: x[TIME].values[column["frame"]],
        SCALE: np.array(chosen.durations or (RAW,))[column["scale"]],
    }
    variables = {
        "magnitude": column["magnitude"],
        "width": column["width"] / chosen.fps,
        "response": column["height"],
        "outlier": column["outlier"],
        **_rises(column, chosen, known, counts),
        **{name: x[TIME].values[0] + column[frame] / chosen.fps for name, frame in EDGES.items()},
    }
    own = {
        name: (EVENT, values, variable_attrs(name, long_name=LONG_NAMES.get(name))) for name, values in coords.items()
    }
    labels = _labels(x, counts, column["signal"])
    labels |= annotations_at(x, column["frame"], EVENT, RESERVED["events"])
    described = {"noise": rest.described} if chosen.durations else {}
    return xr.Dataset(
        {
            name: (EVENT, values, with_units(name, x, long_name=LONG_NAMES.get(name)))
            for name, values in variables.items()
        },
        own | labels,
        measured_attrs("events", x, chosen, **described),
    )


def _rises(
    column: dict[str, np.ndarray], chosen: Scales, level: np.ndarray | None, counts: list[int]
) -> dict[str, np.ndarray]:
    """Height, z and chance rate of each activation. `level` is the noise `(…, scale, signal)`; None without scales."""
    if level is None:
        return {name: np.full(len(column["frame"]), np.nan) for name in ("rise", "z", "chance_rate")}
    from bitbox_xr.kernels.activations.rises import unit_response

    units = np.array([unit_response(scale, chosen.precision) for scale in chosen.frames])
    scale, recording = column["scale"], np.repeat(np.arange(len(counts)), counts)
    noise = level.reshape(-1, *level.shape[-2:])[recording, scale, column["signal"]]
    with np.errstate(divide="ignore"):
        z = column["height"] / noise
    rate = chosen.chance_rates[scale] * np.exp(-0.5 * z**2)
    return {"rise": column["peak"] / units[scale], "z": z, "chance_rate": rate}


def _table(found: "Found") -> dict[str, np.ndarray]:
    """Activations of one recording, ordered by scale, coefficient and time."""
    events = found.events
    order = np.lexsort((events.frame, events.signal, events.list))
    columns = {**events._asdict(), "magnitude": found.magnitude, "outlier": found.outlier}
    return {name: values[order] for name, values in columns.items()}


def _labels(x: xr.DataArray, counts: list[int], signal: np.ndarray) -> dict[str, xr.Variable]:
    """Labels of the recording and the coefficient of each activation; `counts`: number of activations by recording."""
    sizes = {dim: x.sizes[dim] for dim in extra_dims(x)}
    recording = np.unravel_index(np.repeat(np.arange(len(counts)), counts), [*sizes.values()]) if sizes else ()
    places = {dim: xr.Variable(EVENT, at) for dim, at in zip(sizes, recording, strict=True)}
    places[COEFFICIENT] = xr.Variable(EVENT, signal)
    # dimensions without labels get numbers
    numbers = {dim: xr.Variable(dim, np.arange(size), {"long_name": dim}) for dim, size in sizes.items()}
    labels = numbers | {name: label.compute() for name, label in carried_labels(x).items()}
    return {name: label.isel({dim: places[str(dim)] for dim in label.dims}) for name, label in labels.items()}
