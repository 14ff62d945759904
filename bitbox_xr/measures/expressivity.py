"""How expressive a face is at temporal scales: activations of each coefficient, counted, listed, compared.

A coefficient is smoothed (Gaussian, sigma 1 frame) and transformed by Mexican-hat wavelets of several durations; at
each scale an activation is a local maximum of the positive part of the response, smoothed again. What is reported
of it is the signal itself at that moment.
"""

from functools import lru_cache, partial
from typing import Any

import numpy as np
import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.provenance import carried, result_attrs
from bitbox_xr.core.signal_set import as_signals, rate
from bitbox_xr.core.types import ScalesLike, SignalsLike
from bitbox_xr.core.validation import flag_faults, name_faults
from bitbox_xr.core.variables import COEFFICIENT, EVENT, METRIC, RESERVED, SCALE, SIGNAL, TIME, variable_attrs
from bitbox_xr.measures import activation_search
from bitbox_xr.measures.scales import RAW, Scales
from bitbox_xr.measures.scales import chosen as scales_of

__all__ = ["diversity", "events", "expressivity", "prepared"]

TIMES_OF_EVENTS = {
    TIME: "time of the activation",
    SCALE: "temporal scale at which it was found (0: the signal itself)",
}


def expressivity(
    x: SignalsLike,
    *,
    scales: ScalesLike = None,
    aggregate: bool = False,
    robust: bool = False,
    precision: int = 16,
    fps: float | None = None,
) -> xr.Dataset:
    """How often and how strongly each coefficient is activated, at each temporal scale.

    Parameters
    ----------
    x
        Expression signals: a DataArray `(…, time, signal)`, a Bitbox dictionary, or what `signals()` takes.
        Missing frames are NaN.
    scales
        None: the maxima of the signal itself. An integer n: n durations, evenly from 0.1 to 4 s. Or durations in
        seconds. An activation w seconds wide at half its height is answered most strongly at duration w / 0.26
        (1 s wide at 4 s). At one fixed duration d, of activations of one height those about 0.42 d wide are
        answered most strongly.
    aggregate
        True: one list of activations over all scales (at least two), each counted once, at the scale where its
        score (w − median) / MAD is largest, of the response w there and of all responses of that scale (often a
        shorter one than that of the largest w); activations closer than the shortest duration (less 0.01 s) are one.
    robust
        True: magnitudes beyond 1.5 interquartile ranges of the quartiles are left out, where there are more than
        five. In noisy signals, where most maxima are noise, these are the expressions themselves.
    precision
        The wavelet is sampled from `2 ** precision` points. 16 is converged; PyWavelets 1.9 uses 12, earlier
        versions 10, which moves maxima and adds some at long scales.
    fps
        Frames per second, for input without time.

    Returns
    -------
    Dataset
        `expressivity` `(…, scale, metric, coefficient)`, metrics frequency (number of activations), density (sum of
        their magnitudes over the number of eligible frames), mean, std, min and max of their magnitudes, with
        coordinate `unit`; `eligible_time` (s) and `rate` (activations a minute of it) `(…, scale, coefficient)`.
        `scale` is in seconds, 0 for the signal itself, infinite for all scales aggregated; `scale_label` names
        it. Without activations frequency and density are 0, the rest NaN; without eligible frames all are NaN.
        Lazy where the input is on dask.

    Raises
    ------
    ValueError
        Signals of another kind, an irregular clock, scales that do not fit into the recording, infinite values.

    Notes
    -----
    Each coefficient, less its mean, is smoothed (Gaussian, sigma 1 frame) and at duration d transformed by the
    Mexican-hat wavelet of scale a = fps · d / 4 frames, ψ(t) = 2 / (√3 π^¼) · (1 − t²) · exp(−t² / 2) stretched by a,
    as PyWavelets has it (`mexh`); the transform is smoothed alike. An activation is a local maximum of its positive
    part, a plateau one at its middle. The measure is Bitbox's; the documentation lists where it differs.

    A magnitude is the signal's at the frame of the maximum, which can be a frame late: a pulse with a standard
    deviation of 0.08 s reads 0.92 of its height at 30 frames a second.

    Missing frames are bridged by straight lines. A frame is eligible at duration d where frames present, and
    those in gaps of at most d / 8, carry three quarters of the wavelet's absolute weight around it (within the
    recording); for the signal itself, where it is present. Elsewhere nothing is counted. The magnitude of an
    activation at a missing frame is that of the line.

    Examples
    --------
    Three smiles in twenty seconds:

    >>> from bitbox_xr import signals
    >>> time = np.arange(600) / 30
    >>> smile = sum(np.exp(-((time - at) ** 2) / (2 * 0.25**2)) for at in (4, 9, 15))
    >>> result = expressivity(signals(smile[:, None], fps=30, names=["AU12"]), scales=[1, 2])
    >>> result.expressivity.sel(coefficient="AU12", scale=2).to_series().round(3).to_dict()
    {'frequency': 3.0, 'density': 0.005, 'mean': 1.0, 'std': 0.0, 'min': 1.0, 'max': 1.0}
    >>> result.activations_per_minute.sel(scale=2).item()
    9.0
    """
    refuse("expressivity()", flag_faults("robust", robust))
    x, chosen = prepared("expressivity", x, scales, aggregate, precision, fps)
    from bitbox_xr.kernels.activations.metrics import METRICS

    numbers = activation_search.cubes(x.data, chosen.search(outliers=robust), robust=robust, lists=chosen.lists)
    eligible_time = numbers[..., -1, :] / chosen.fps
    variables = {
        "expressivity": ((SCALE, METRIC, COEFFICIENT), numbers[..., :-1, :]),
        "eligible_time": ((SCALE, COEFFICIENT), eligible_time),
        "activations_per_minute": ((SCALE, COEFFICIENT), numbers[..., 0, :] / (eligible_time / 60)),
    }
    units = str(x.attrs.get("units", "1"))
    coords = {
        METRIC: (METRIC, np.array(METRICS)),
        "unit": (METRIC, np.array(["1", f"{units}/frame", units, units, units, units])),
    }
    return _result("expressivity", x, chosen, variables, coords, robust=int(robust))


def events(
    x: SignalsLike, *, scales: ScalesLike = None, aggregate: bool = False, precision: int = 16, fps: float | None = None
) -> xr.Dataset:
    """The activations that `expressivity` counts: when, at which scale, of which coefficient, how strong, how long.

    Parameters
    ----------
    x, scales, aggregate, precision, fps
        As for `expressivity`. Computed even where the input is on dask: their number is not known before.

    Returns
    -------
    Dataset
        Dimension `event`, one entry an activation, ordered by recording, scale, coefficient and time (with
        `aggregate` by recording, coefficient and time), with coordinates `time` (s), `scale` (s; 0: the signal
        itself; with `aggregate` the scale of the largest score), `coefficient`, one for each further dimension of the
        input, and what else labels its recordings and signals (`region`); `magnitude` (of the signal), `width` (s,
        over which the wavelet's response has more than half its height; NaN where the recording ends before),
        `response` (that height; over scales it is largest near 1 / 0.26 of the activation's own width) and `outlier`
        (True: `robust=True` drops it).

    Raises
    ------
    ValueError
        As for `expressivity`.

    Examples
    --------
    >>> from bitbox_xr import signals
    >>> time = np.arange(600) / 30
    >>> smile = sum(np.exp(-((time - at) ** 2) / (2 * 0.25**2)) for at in (4, 9, 15))
    >>> found = events(signals(smile[:, None], fps=30, names=["AU12"]), scales=[2])
    >>> found.time.values.round(2).tolist(), found.magnitude.values.round(2).tolist()
    ([4.0, 9.0, 15.0], [1.0, 1.0, 1.0])
    """
    x, chosen = prepared("events", x, scales, aggregate, precision, fps)
    found = activation_search.found(x.data, chosen.search(widths=True, outliers=True))
    tables = [_table(one) for one in found]
    column = {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
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
    }
    labels = _labels(x, [len(table["frame"]) for table in tables], column["signal"])
    own = {
        name: (EVENT, values, variable_attrs(name, long_name=TIMES_OF_EVENTS.get(name)))
        for name, values in coords.items()
    }
    return xr.Dataset(
        {name: (EVENT, values, _variable_attrs(name, x)) for name, values in variables.items()},
        own | labels,
        _attrs("events", x, chosen),
    )


def diversity(
    x: SignalsLike,
    *,
    scales: ScalesLike = None,
    aggregate: bool = False,
    robust: bool = False,
    magnitude: bool = True,
    precision: int = 16,
    fps: float | None = None,
) -> xr.Dataset:
    """How evenly activations are spread over coefficients: 0 if one has them all, 1 if all have the same share.

    Parameters
    ----------
    x, scales, aggregate, robust, precision, fps
        As for `expressivity`; at least two coefficients.
    magnitude
        True: shares of the summed magnitudes `|signal|` of activations; False: shares of their number.

    Returns
    -------
    Dataset
        `overall` and `frame_wise` `(…, scale)`. `overall` is the entropy `-Σ p log p / log n` of the shares p of n
        coefficients in all activations; `frame_wise` the mean over frames of the entropy of those at one frame,
        0 where there is at most one. n counts the coefficients, and the mean the frames, at which activations
        could be found (see `expressivity` on missing frames). NaN without activations. Lazy where the input is
        on dask.

    Raises
    ------
    ValueError
        As for `expressivity`, and for a single coefficient.

    Examples
    --------
    >>> from bitbox_xr import signals
    >>> time = np.arange(600) / 30
    >>> smile, frown = (sum(np.exp(-((time - at) ** 2) / 0.125) for at in times) for times in ((4, 9, 15), (12,)))
    >>> face = signals(np.stack([smile, frown], axis=1), fps=30, names=["AU12", "AU04"])
    >>> diversity(face, scales=[1], magnitude=False).overall.item()
    0.8112781244591328
    """
    refuse("diversity()", flag_faults("robust", robust) + flag_faults("magnitude", magnitude))
    x, chosen = prepared("diversity", x, scales, aggregate, precision, fps)
    if x.sizes[SIGNAL] < 2:
        raise ValueError("diversity(): there is one coefficient; at least two, over which to spread, are wanted")
    from bitbox_xr.kernels.activations import metrics

    finish = partial(metrics.diversity, robust=robust, magnitude=magnitude)
    numbers = activation_search.measured(x.data, chosen.search(outliers=robust), finish, (2, chosen.lists))
    variables = {"overall": ((SCALE,), numbers[..., 0, :]), "frame_wise": ((SCALE,), numbers[..., 1, :])}
    return _result("diversity", x, chosen, variables, {}, robust=int(robust), magnitude=int(magnitude))


# --- what goes in


def prepared(
    measure: str, x: SignalsLike, scales: ScalesLike, aggregate: bool, precision: int, fps: float | None
) -> tuple[xr.DataArray, Scales]:
    """Checked expressions `(…, time, signal)` and the scales they are searched at."""
    x = as_signals(x, fps=fps, label="x")
    kind = x.attrs.get("kind", "expression")
    if kind != "expression":
        reason = (
            "activations are rises of an expression coefficient, and coordinates or angles have no rest to rise from"
        )
        raise ValueError(f"{measure}(): x is of kind {kind!r}; {reason}: see kinematics() and relative_motion()")
    dropped = (TIME,) if COEFFICIENT in RESERVED[measure] else (TIME, SIGNAL)
    refuse(f"{measure}()", name_faults(RESERVED[measure], x, dropped=dropped))
    return x, scales_of(scales, aggregate, precision, fps=rate(x), frames=x.sizes[TIME], measure=measure)


def _extra(x: xr.DataArray) -> tuple[str, ...]:
    return tuple(str(dim) for dim in x.dims if dim not in (TIME, SIGNAL))


# --- what comes out


def _variable_attrs(name: str, x: xr.DataArray, **own: str) -> dict[str, str]:
    """Attributes of a variable or coordinate of a result of `x`."""
    return variable_attrs(name, units=str(x.attrs.get("units", "1")), **own)


def _result(
    measure: str, x: xr.DataArray, chosen: Scales, variables: dict[str, Any], coords: dict[str, Any], **options: int
) -> xr.Dataset:
    """Variables given as `(last dimensions, numbers)`, labelled as the input is."""
    extra = _extra(x)
    each = any(COEFFICIENT in dims for dims, _ in variables.values())
    labels = _carried(x) if each else carried(x)
    own = {name: (dim, values, _variable_attrs(name, x)) for name, (dim, values) in coords.items()}
    return xr.Dataset(
        {name: ((*extra, *dims), values, _variable_attrs(name, x)) for name, (dims, values) in variables.items()},
        {**labels, **chosen.coords(), **own},
        _attrs(measure, x, chosen, **options),
    )


def _attrs(measure: str, x: xr.DataArray, chosen: Scales, **options: int) -> dict[str, str | int | float]:
    """Enough to run the measure again."""
    own = {
        **chosen.attrs(),
        **options,
        "frames": int(x.sizes[TIME]),
        "pywavelets_version": _wavelets_version(),
    }
    return result_attrs(measure, own, x)


@lru_cache
def _wavelets_version() -> str:
    from importlib.metadata import version

    return version("PyWavelets")


def _table(found: Any) -> dict[str, np.ndarray]:
    """One recording's activations, ordered by scale, coefficient and time."""
    events = found.events
    order = np.lexsort((events.frame, events.signal, events.list))
    columns = {**events._asdict(), "magnitude": found.magnitude, "outlier": found.outlier}
    return {name: values[order] for name, values in columns.items()}


def _carried(x: xr.DataArray) -> dict[str, xr.Variable]:
    """Coordinates of a result with coefficients."""
    labels = carried(x, COEFFICIENT)
    labels[COEFFICIENT].attrs = _variable_attrs(COEFFICIENT, x)
    return labels


def _labels(x: xr.DataArray, counts: list[int], signal: np.ndarray) -> dict[str, xr.Variable]:
    """What labels each activation's recording and coefficient; `counts`: how many activations recordings have."""
    sizes = {dim: x.sizes[dim] for dim in _extra(x)}
    recording = np.unravel_index(np.repeat(np.arange(len(counts)), counts), [*sizes.values()]) if sizes else ()
    places = {dim: xr.Variable(EVENT, at) for dim, at in zip(sizes, recording, strict=True)}
    places[COEFFICIENT] = xr.Variable(EVENT, signal)
    # where a dimension has no labels, numbers
    numbers = {dim: xr.Variable(dim, np.arange(size), {"long_name": dim}) for dim, size in sizes.items()}
    labels = numbers | {name: label.compute() for name, label in _carried(x).items()}
    return {name: label.isel({dim: places[str(dim)] for dim in label.dims}) for name, label in labels.items()}
