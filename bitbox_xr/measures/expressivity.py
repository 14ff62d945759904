"""Expressivity and diversity of a face at temporal scales, from the activations of its expression coefficients.

A coefficient is smoothed (Gaussian, sigma 1 frame) and transformed by Mexican-hat wavelets of several durations. The
transform is smoothed again; at each scale an activation is a local maximum of its positive part. The magnitude of an
activation is the value of the signal itself at that moment.
"""

from collections.abc import Mapping
from functools import lru_cache, partial
from typing import TYPE_CHECKING, cast

import numpy as np
import xarray as xr

from bitbox_xr.core.errors import refuse, warn
from bitbox_xr.core.kinds import ACTIVE
from bitbox_xr.core.provenance import carried, result_attrs
from bitbox_xr.core.signal_set import as_signals, rate
from bitbox_xr.core.types import Array, NoiseLike, ScalesLike, SignalsLike
from bitbox_xr.core.validation import flag_faults, name_faults
from bitbox_xr.core.variables import COEFFICIENT, METRIC, RESERVED, SCALE, SIGNAL, TIME, variable_attrs
from bitbox_xr.measures import activation_noise, activation_search
from bitbox_xr.measures.scales import Asked, Scales
from bitbox_xr.measures.scales import chosen as scales_of
from bitbox_xr.preprocessing.intervals import Labels, by_faults, labels_along_time

if TYPE_CHECKING:
    from bitbox_xr.kernels.activations.search import Found, Search

__all__ = ["carried_labels", "diversity", "expressivity", "extra_dims", "measured_attrs", "prepared", "with_units"]

MAX_SHARE_LEFT_OUT = 0.5  # of the summed magnitude, by robust=True without a warning


def expressivity(
    x: SignalsLike,
    *,
    scales: ScalesLike = None,
    aggregate: bool = False,
    robust: bool = False,
    precision: int = 16,
    min_rise: float | None = None,
    false_alarms_per_minute: float | None = None,
    noise: NoiseLike = None,
    by: str | None = None,
    fps: float | None = None,
) -> xr.Dataset:
    """Measure how often and how strongly each expression coefficient is activated, at each temporal scale.

    An activation is a moment at which a coefficient rises and falls again, on a chosen temporal scale: a local maximum
    of the coefficient's wavelet transform. The magnitude of an activation is the value of the signal at that moment.

    Parameters
    ----------
    x
        Expression coefficients, such as action units or blendshapes: a DataArray `(…, time, signal)`, a Bitbox
        dictionary, or what `signals()` accepts. Missing frames are NaN.
    scales
        None: the maxima of the signal itself. An integer n: n durations, evenly spaced from 0.1 to 4 s. A sequence:
        durations in seconds. An activation of full width at half maximum f responds most strongly at duration f / 0.26
        (1 s wide: at about 4 s). At a fixed duration d, of activations of the same height those about 0.42 d wide
        respond most strongly.
    aggregate
        True: make one list of activations over all scales (at least two), in which each is counted once. It is counted
        at the scale where its score (w − median) / MAD is largest, with w its response at that scale, and the median
        and the median absolute deviation (MAD) over all responses of that scale. This is often a shorter scale than
        that of the largest w. Of activations closer than the shortest duration (minus 0.01 s), one is counted. With
        `min_rise` or `false_alarms_per_minute`, the rule for expressions (see there) decides instead, and an expression
        is counted at the scale where its rise is largest.
    robust
        True: ignore activations whose magnitude is an outlier, more than 1.5 interquartile ranges beyond the quartiles,
        if there are more than five activations. Where most maxima are noise, the outliers are the real expressions.
    precision
        The wavelet is sampled at `2 ** precision` points. The results have converged at 16. PyWavelets 1.9 uses 12 and
        earlier versions 10, which moves maxima and adds some at long scales.
    min_rise
        Count only activations with a rise of at least this height, in the units of the signal. The rise is the height
        of the wavelet's response, divided by that to a Gaussian bump of height 1 and of full width at half maximum
        0.42 d. Default: count every maximum, as Bitbox does, also those of noise. With `min_rise` or
        `false_alarms_per_minute`, activations between which the signal does not fall by half of the smaller rise are
        one expression, which counts once, at its largest rise.
    false_alarms_per_minute
        Count only activations that noise alone would exceed at most this often per minute, at one scale (with
        `aggregate`, at all scales together). The rate is nominal: it holds for Gaussian noise, and trackers' noise has
        more large values. See `events` on z and chance_rate.
    noise
        Where to measure the noise for `false_alarms_per_minute`. Default: in the recording itself, from its small
        responses. A DataArray: another recording of the same face at rest, with the frame rate and labels of x.
        {"condition": "rest"}: the frames of x at which its coordinate condition is "rest".
    by
        Name of a coordinate along time with labels (see `annotate`), such as "condition", which becomes a dimension.
        Activations are searched in the whole recording, since a wavelet needs its surroundings, and counted by the
        label at their time. Eligible time is that of the label, and outliers are those of the whole recording.
    fps
        Frames per second, for input without times.

    Returns
    -------
    Dataset
        - `expressivity` `(…, scale, metric, coefficient)`. The metrics are frequency (number of activations), density
          (sum of their magnitudes divided by the number of eligible frames, at which activations could be found), and
          the mean, std, min and max of their magnitudes. The coordinate `unit` holds the units of the metrics.
        - `eligible_time` (s) `(…, scale, coefficient)`: duration of the eligible frames
        - `activations_per_minute` `(…, scale, coefficient)`: activations per minute of eligible time

        With `by`, its dimension is before `scale`. `scale` is in seconds; 0 is the signal itself, and infinity is all
        scales aggregated. `scale_label` names it.
        Without activations, frequency and density are 0 and the other metrics NaN. Without eligible frames all are
        NaN. The result is lazy if the input is a dask array.

    Raises
    ------
    ValueError
        If the signals are of another kind, the frame times are irregular, scales do not fit into the recording, values
        are infinite, or there are no labels `by` along time. If `min_rise` or `false_alarms_per_minute` is not a
        positive number, is given without scales, or noise has fewer maxima than that. If `noise` does not belong to x.

    Warns
    -----
    UserWarning
        When computed: if `robust` leaves out more than half of the summed magnitude of a coefficient at a scale.

    Notes
    -----
    The mean of each coefficient is subtracted, and the coefficient is smoothed (Gaussian, sigma 1 frame). At duration d
    it is transformed by the Mexican-hat wavelet of scale a = fps · d / 4 frames, as in PyWavelets (`mexh`):
    ψ(t) = 2 / (√3 π^¼) · (1 − t²) · exp(−t² / 2), stretched by a. The transform is smoothed in the same way. An
    activation is a local maximum of its positive part; a plateau is one activation, at its middle. The measure is
    Bitbox's; the documentation lists the differences.

    The maximum of the transform can be one frame late, so the magnitude can be smaller than the height of the
    activation: a pulse with a standard deviation of 0.08 s reads 0.92 of its height at 30 frames per second.

    With `min_rise` or `false_alarms_per_minute` there are two differences. The signal continues beyond its ends as its
    mirror image, not as its mean: otherwise a signal that does not end at its mean has activations there. And a held
    expression counts once, although the transform has a maximum where it begins and another where it ends. An
    activation belongs to the expression of the next one with a larger rise, before or after it, unless the signal falls
    by half of its rise between the two. It falls from its mean over d / 4 at the activation to its lowest mean over a
    third of the time between two neighbouring activations (at most 2 d, at least d / 4). This holds for the list of
    each scale, and with `aggregate` for the activations of all scales together. So hardly any expression
    that one of the scales alone finds with the same threshold is missing in the aggregated list. It is there by itself
    or as a part of a larger one.

    Missing frames are interpolated linearly. A frame is eligible at duration d if the frames present, and those in gaps
    of at most d / 8, carry three quarters of the wavelet's absolute weight around it (within the recording). For the
    signal itself, a frame is eligible if it is present. Only activations at eligible frames are counted. The magnitude
    of an activation at a missing frame is the interpolated value.

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
    asked = Asked(scales, aggregate, precision, min_rise, false_alarms_per_minute)
    x, chosen = prepared("expressivity", x, asked, fps)
    level, described = _noise("expressivity", x, chosen, noise)
    from bitbox_xr.kernels.activations.metrics import METRICS

    labels = _labels_of("expressivity", x, by)
    finish = partial(_cube, robust=bool(robust))
    search, lists = _labelled(chosen.search(outliers=robust), x, labels), chosen.lists * len(labels.spans)
    numbers = activation_search.summaries(x.data, search, finish, lists=lists, noise=level)
    numbers = numbers.reshape(*x.shape[:-2], *labels.sizes, chosen.lists, *numbers.shape[-2:])
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
    return _result("expressivity", x, chosen, labels, variables, coords, robust=int(robust), **described)


def diversity(
    x: SignalsLike,
    *,
    scales: ScalesLike = None,
    aggregate: bool = False,
    robust: bool = False,
    magnitude: bool = True,
    precision: int = 16,
    min_rise: float | None = None,
    false_alarms_per_minute: float | None = None,
    noise: NoiseLike = None,
    by: str | None = None,
    fps: float | None = None,
) -> xr.Dataset:
    """Measure how evenly activations are spread over coefficients: 0 if one has all, 1 if all have the same share.

    Parameters
    ----------
    x, scales, aggregate, robust, precision, min_rise, false_alarms_per_minute, noise, by, fps
        As for `expressivity`; x must have at least two coefficients.
    magnitude
        True: use each coefficient's share of the summed magnitudes `|signal|` of activations. False: use its share of
        the number of activations.

    Returns
    -------
    Dataset
        Both variables are `(…, scale)`, with `by` `(…, condition, scale)`:

        - `overall`: entropy `-Σ p log p / log n` of the shares p of n coefficients in all activations
        - `frame_wise`: mean over frames of the entropy of the shares at one frame, which is 0 for a frame with at most
          one activation

        n is the number of coefficients with eligible frames, and the mean is over frames at which any coefficient is
        eligible (see `expressivity` on missing frames). NaN without activations. The result is lazy if the input is a
        dask array.

    Raises
    ------
    ValueError
        As for `expressivity`, and if there is only one coefficient.

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
    asked = Asked(scales, aggregate, precision, min_rise, false_alarms_per_minute)
    x, chosen = prepared("diversity", x, asked, fps)
    if x.sizes[SIGNAL] < 2:
        raise ValueError("diversity(): expected at least two coefficients, got one; choose more signals")
    level, described = _noise("diversity", x, chosen, noise)
    finish = partial(_diversity, robust=bool(robust), magnitude=bool(magnitude))
    labels = _labels_of("diversity", x, by)
    search, shape = _labelled(chosen.search(outliers=robust), x, labels), (2, chosen.lists * len(labels.spans))
    numbers = activation_search.apply_to_activations(x.data, search, finish, shape, level)
    numbers = numbers.reshape(*x.shape[:-2], 2, *labels.sizes, chosen.lists)
    both = np.moveaxis(cast(np.ndarray, numbers), x.ndim - 2, 0)  # dask arrays have this function too
    variables = {name: ((SCALE,), values) for name, values in zip(("overall", "frame_wise"), both, strict=True)}
    own = {"robust": int(robust), "magnitude": int(magnitude)}
    return _result("diversity", x, chosen, labels, variables, {}, **own, **described)


# --- checked input


def prepared(measure: str, x: SignalsLike, asked: Asked, fps: float | None) -> tuple[xr.DataArray, Scales]:
    """Check expression signals `(…, time, signal)` and the scales at which they are searched."""
    x = as_signals(x, fps=fps, label="x")
    kind = x.attrs.get("kind", "expression")
    if kind not in ACTIVE:
        remedy = "use kinematics() or relative_motion() for landmarks, poses and rectangles"
        raise ValueError(
            f"{measure}(): expected x to be of kind {' or '.join(map(repr, ACTIVE))}, got {kind!r}; {remedy}"
        )
    dropped = (TIME,) if COEFFICIENT in RESERVED[measure] else (TIME, SIGNAL)
    refuse(f"{measure}()", name_faults(RESERVED[measure], x, dropped=dropped))
    return x, scales_of(asked, fps=rate(x), frames=x.sizes[TIME], measure=measure)


def _noise(measure: str, x: xr.DataArray, chosen: Scales, noise: NoiseLike) -> tuple[Array | None, dict[str, str]]:
    """The noise of responses if activations are chosen by it, and its attribute."""
    if chosen.false_alarms_per_minute is None:
        if noise is not None:
            raise ValueError(
                f"{measure}(): expected false_alarms_per_minute with noise, got None; give it or leave out noise"
            )
        return None, {}
    rest = activation_noise.rest_of(measure, x, noise, chosen)
    return activation_noise.levels(rest, chosen), {"noise": rest.described}


def _cube(found: "Found", *, robust: bool) -> np.ndarray:
    """`metrics.cube`, with a warning about magnitude that is left out."""
    from bitbox_xr.kernels.activations import metrics

    if robust:
        _warn_about_outliers("expressivity", found)
    return metrics.cube(found, robust=robust)


def _diversity(found: "Found", *, robust: bool, magnitude: bool) -> np.ndarray:
    """`metrics.diversity`, with a warning about magnitude that is left out."""
    from bitbox_xr.kernels.activations import metrics

    if robust:
        _warn_about_outliers("diversity", found)
    return metrics.diversity(found, robust=robust, magnitude=magnitude)


def _warn_about_outliers(measure: str, found: "Found") -> None:
    """Warn if outliers have most of the summed magnitude: they are then the expressions."""
    from bitbox_xr.kernels.activations import metrics

    # No numbers in the text: coefficients come in blocks, and equal texts are shown once.
    if (metrics.share_of_outliers(found) > MAX_SHARE_LEFT_OUT).any():
        warn(
            f"{measure}(): expected robust=True to leave out a few activations, got more than half of the summed "
            "magnitude of a coefficient left out at a scale; where most maxima are noise, the outliers are the "
            "expressions: use robust=False, and min_rise to leave out noise"
        )


def _labels_of(measure: str, x: xr.DataArray, by: str | None) -> Labels:
    """The labels of the option `by`; ValueError if x has no such labels along time."""
    refuse(f"{measure}()", by_faults(by, RESERVED[measure], x=x))
    return labels_along_time(f"{measure}()", by, x)


def _labelled(search: "Search", x: xr.DataArray, labels: Labels) -> "Search":
    """The search with the number of each frame's label, if there are labels."""
    if not labels.dims:
        return search
    numbers = np.full(x.sizes[TIME], -1)
    for number, spans in enumerate(labels.spans):
        for span in spans:
            numbers[span] = number
    return search._replace(labels=numbers)


def extra_dims(x: xr.DataArray) -> tuple[str, ...]:
    """The dimensions of `x` other than time and signal."""
    return tuple(str(dim) for dim in x.dims if dim not in (TIME, SIGNAL))


# --- labelled results


def with_units(name: str, x: xr.DataArray, **own: str | None) -> dict[str, str]:
    """Attributes of a variable or coordinate of a result of `x`."""
    return variable_attrs(name, units=str(x.attrs.get("units", "1")), **own)


def _result(
    measure: str,
    x: xr.DataArray,
    chosen: Scales,
    labels: Labels,
    variables: Mapping[str, tuple[tuple[str, ...], Array]],
    coords: Mapping[str, tuple[str, np.ndarray]],
    **options: int | str,
) -> xr.Dataset:
    """Label variables, given as `(last dimensions, values)`, with the coordinates of the input."""
    extra = extra_dims(x)
    each = any(COEFFICIENT in dims for dims, _ in variables.values())
    kept = carried_labels(x) if each else carried(x)
    own = {name: (dim, values, with_units(name, x)) for name, (dim, values) in coords.items()}
    return xr.Dataset(
        {
            name: ((*extra, *labels.dims, *dims), values, with_units(name, x))
            for name, (dims, values) in variables.items()
        },
        {**kept, **chosen.coords(), **labels.coords, **own},
        measured_attrs(measure, x, chosen, **options, **labels.attrs),
    )


def measured_attrs(measure: str, x: xr.DataArray, chosen: Scales, **options: int | str) -> dict[str, str | int | float]:
    """Attributes of the result: the options used, and the source of the input."""
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


def carried_labels(x: xr.DataArray) -> dict[str, xr.Variable]:
    """Coordinates of a result that has the dimension `coefficient`."""
    labels = carried(x, COEFFICIENT)
    labels[COEFFICIENT].attrs = with_units(COEFFICIENT, x)
    return labels
