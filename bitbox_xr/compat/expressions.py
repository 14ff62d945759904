"""Expressivity, diversity and asymmetry with the arguments, rules and tables of Bitbox.

The wavelet transform uses the direct convolution of PyWavelets, as Bitbox does. Bitbox counts strict maxima only:
where neighbours are equal, as at the top of a symmetric pulse, the last digit decides whether there is a maximum.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from bitbox_xr.compat.tables import option_faults, values_of
from bitbox_xr.compat.types import ScalesLike, TableLike
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.validation import is_number
from bitbox_xr.kernels import mirror
from bitbox_xr.kernels.finite import MAX_MAGNITUDE

__all__ = ["asymmetry", "diversity", "expressivity"]

MAX_SCALES = 1000
PRECISION = 12  # of the wavelet: the default of PyWavelets 1.9
METRICS = ["frequency", "density", "mean", "std", "min", "max"]

# backend: lowest and highest scores, in the order of mirror.FEATURES
RANGES = {
    "3DI": ([0.5801, 0.7857, 0.0965, 1.0076, 0.6172], [3.1310, 2.2180, 1.4357, 5.5638, 2.4260]),
    "3DIl": ([0.5321, 0.8457, 0.1585, 1.0731, 0.6547], [1.4455, 2.3044, 0.7789, 3.1907, 1.4160]),
}
RANGES["3DI-lite"] = RANGES["3DIl"]  # the name that the readers use
# For two-dimensional landmarks Bitbox has no highest scores.
LOWEST_2D = [0.9330, 1.1110, 0.0001, 0.7021, 0.7689]


class Activations(NamedTuple):
    """Frames of one coefficient's activations at one scale, and the signal's values there."""

    frames: np.ndarray
    magnitudes: np.ndarray


def expressivity(
    activations: TableLike,
    axis: int = 0,
    scales: ScalesLike = None,
    aggregate: bool = False,
    robust: bool = True,
    fps: float = 30,
    verbose: bool = False,
) -> list[pd.DataFrame]:
    """Count and measure activations at temporal scales, as Bitbox's `expressivity` does.

    An activation is a local maximum of an expression coefficient, or of its wavelet transform at a scale. For new
    work use `bitbox_xr.expressivity`, which handles missing frames. Here, a coefficient with a single missing frame
    has no activations.

    Parameters
    ----------
    activations
        Bitbox's dictionary of type expression, or a table.
    axis
        0: rows are frames. 1: columns are frames.
    scales
        None: the signal itself. An integer n: n durations from 0.1 to 4 s. Otherwise the durations, s.
    aggregate
        True: merge the activations of all scales into one list, if there are at least two scales.
    robust
        True: leave out outliers, if there are more than five activations.
    fps
        Frames per second.
    verbose
        Ignored.

    Returns
    -------
    list of DataFrames
        One table for each coefficient, with one row for each scale. Columns: scale (None, seconds, or 'Agg a-b'),
        frequency (number of activations), density (sum of their magnitudes per frame), and mean, std, min and max of
        the magnitudes. Without activations, all columns but the first are 0.

    Raises
    ------
    ValueError
        For data of another type, options out of range, or a scale that is not shorter than the recording.

    Examples
    --------
    >>> smile = np.exp(-((np.arange(300) / 30 - 5) ** 2) / 0.125)
    >>> face = {"type": "expression", "data": pd.DataFrame({"GE0": smile})}
    >>> expressivity(face, scales=[1, 2])[0].round(3)
      scale  frequency  density   mean  std    min    max
    0     1          1    0.003  0.991  0.0  0.991  0.991
    1     2          1    0.003  1.000  0.0  1.000  1.000
    """
    refuse("expressivity()", option_faults(fps, axis, aggregate=aggregate, robust=robust))
    values = _table(activations, axis, ("expression",), "expressivity()")
    labels, found = _activations(values, scales, aggregate, robust, fps)
    rows = [[_metrics(one.magnitudes, len(values)) for one in row] for row in found]
    tables = []
    for coefficient in range(values.shape[1]):
        table = pd.DataFrame([row[coefficient] for row in rows], columns=METRICS).astype({"frequency": int})
        table.insert(0, "scale", pd.Series(labels, dtype=object))
        tables.append(table)
    return tables


def diversity(
    activations: TableLike,
    axis: int = 0,
    magnitude: bool = True,
    scales: ScalesLike = None,
    aggregate: bool = False,
    robust: bool = True,
    fps: float = 30,
) -> pd.DataFrame:
    """Measure how evenly activations are distributed over coefficients, as Bitbox's `diversity` does.

    Parameters
    ----------
    activations, axis, scales, aggregate, robust, fps
        As for `expressivity`.
    magnitude
        True: weigh activations by their magnitude. False: count them.

    Returns
    -------
    DataFrame
        One row for each scale. Columns: scale; overall, the normalised entropy of the coefficients' shares in all
        activations, from 0 (one coefficient) to 1 (equal shares); frame_wise, the mean of the same within each frame.
        Without activations both are 0.

    Raises
    ------
    ValueError
        As for `expressivity`.

    Examples
    --------
    >>> rise = np.exp(-((np.arange(300)[:, None] / 30 - [5, 6]) ** 2) / 0.125)
    >>> diversity({"type": "expression", "data": pd.DataFrame(rise, columns=["GE0", "GE1"])})
      scale  overall  frame_wise
    0  None      1.0         0.0
    """
    refuse("diversity()", option_faults(fps, axis, magnitude=magnitude, aggregate=aggregate, robust=robust))
    values = _table(activations, axis, ("expression",), "diversity()")
    labels, found = _activations(values, scales, aggregate, robust, fps)
    rows = []
    for row in found:
        weights = np.zeros(values.shape)
        for coefficient, (frames, magnitudes) in enumerate(row):
            weights[frames, coefficient] = np.abs(magnitudes) if magnitude else 1
        rows.append([_entropy(weights.sum(axis=0)), np.mean([_entropy(frame) for frame in weights])])
    table = pd.DataFrame(rows, columns=["overall", "frame_wise"])
    table.insert(0, "scale", pd.Series(labels, dtype=object))
    return table


def asymmetry(landmarks: TableLike, axis: int = 0, normalize: bool = True) -> pd.DataFrame:
    """Measure how much the two sides of a face differ, as Bitbox's `asymmetry` does.

    Parameters
    ----------
    landmarks
        A dictionary of iBUG-51 landmarks in two or three dimensions, or a table of their 102 or 153 coordinates.
    axis
        0: rows are frames. 1: columns are frames.
    normalize
        True: scale by the ranges that Bitbox publishes for its backends "3DI" and "3DIl" (key `backend` of the
        dictionary). For two-dimensional landmarks only the lowest score is known, and it is subtracted. False: scores
        in the units of the landmarks.

    Returns
    -------
    DataFrame
        One row for each frame. Columns: eye, brow, nose, mouth, and overall, the mean of the four.

    Raises
    ------
    ValueError
        For data of another type or size, or a backend whose ranges are unknown.

    Examples
    --------
    >>> face = np.random.default_rng(0).normal(size=(1, 153))
    >>> data = {"type": "landmark-can", "backend": "3DI", "dimension": 3, "data": pd.DataFrame(face)}
    >>> asymmetry(data, normalize=False).round(2)
        eye  brow  nose  mouth  overall
    0  3.01  2.15  1.27   1.92     2.09
    """
    refuse("asymmetry()", option_faults(axis=axis, normalize=normalize))
    values = _table(landmarks, axis, ("landmark", "landmark-can"), "asymmetry()")
    dimensions = 2 if values.shape[1] == 102 else 3
    if values.shape[1] != 51 * dimensions:
        expected = "expected 102 or 153 columns (iBUG-51 landmarks)"
        raise ValueError(f"asymmetry(): {expected}, got {values.shape[1]}")
    scores = mirror.asymmetry(values.reshape(len(values), 51, dimensions))
    if normalize:
        low, high = _range(landmarks, dimensions)
        scores = np.maximum(0.0, (scores - low) / (high - low))
    return pd.DataFrame(scores, columns=list(mirror.FEATURES))


# --- input


def _table(data: TableLike, axis: int, kinds: tuple[str, ...], measure: str) -> np.ndarray:
    """Values `(frame, column)` of a dictionary of one of these kinds, or of a table."""
    values = values_of(data, kinds, measure, bare=True)
    return values.T if axis else values


def _durations(scales: ScalesLike, length: float) -> list[Any]:
    """Durations in the order given, s; [None] for the signal itself."""
    if scales is None:
        return [None]
    if isinstance(scales, int | np.integer) and not isinstance(scales, bool) and 0 < scales <= MAX_SCALES:
        durations: list[Any] = list(np.linspace(0.1, 4.0, int(scales)))
    else:
        durations = list(scales) if isinstance(scales, Iterable) else [scales] if isinstance(scales, float) else []
    if not all(is_number(d) and d > 0 for d in durations):
        expected = f"None, a number of scales up to {MAX_SCALES}, or positive durations in seconds"
        raise ValueError(f"expected scales to be {expected}, got {scales!r}")
    if not durations or max(durations) >= length:
        got = f"a scale of {max(durations)} s" if durations else "no scale"
        raise ValueError(f"expected one or more scales shorter than the recording ({length:g} s), got {got}")
    return durations


def _range(landmarks: TableLike, dimensions: int) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest score of each feature."""
    if dimensions == 2:
        return np.array(LOWEST_2D), np.array(LOWEST_2D) + 1
    backend = landmarks.get("backend") if isinstance(landmarks, Mapping) else None
    if not isinstance(backend, str) or backend not in RANGES:
        expected = f"expected a backend with known ranges ({', '.join(RANGES)}), got {backend!r}"
        remedy = "use normalize=False, or bitbox_xr.asymmetry(…, reference=…)"
        raise ValueError(f"asymmetry(): {expected}; {remedy}")
    low, high = RANGES[backend]
    return np.array(low), np.array(high)


# --- activations


def _activations(
    values: np.ndarray, scales: ScalesLike, aggregate: bool, robust: bool, fps: float
) -> tuple[list[Any], list[list[Activations]]]:
    """Labels of the scales, and for each scale the activations of each coefficient."""
    durations = _durations(scales, len(values) / fps)
    if aggregated := aggregate and len(durations) > 1:
        labels = [f"Agg {min(durations):.1f}-{max(durations):.1f}"]
    else:
        labels = durations
    columns = []
    for y in values.T:
        if (np.abs(y) < MAX_MAGNITUDE).all():  # neither missing nor infinite
            responses = _responses(y, durations, fps)
            frames = [_aggregated(responses, durations, fps)] if aggregated else [_maxima(w) for w in responses]
        else:
            frames = [np.empty(0, dtype=int)] * len(labels)
        columns.append([_without_outliers(at, y[at], robust) for at in frames])
    return labels, [list(row) for row in zip(*columns, strict=True)]


def _responses(y: np.ndarray, durations: list[Any], fps: float) -> np.ndarray:
    """The smoothed wavelet transform `(scale, frame)`, or the smoothed signal for [None]."""
    import pywt
    from scipy.ndimage import gaussian_filter1d

    smooth = gaussian_filter1d(y - y.mean(), 1.0)
    if durations == [None]:
        result: np.ndarray = smooth[None]
        return result
    wavelets = fps * np.array(durations, dtype=np.float64) / 4
    try:
        transform = pywt.cwt(smooth, wavelets, "mexh", precision=PRECISION)[0]
    except ValueError as error:
        shortest = f"a scale of {min(durations)} s ({error})"
        raise ValueError(
            f"expected scales that a wavelet can be sampled at, got {shortest}; use longer scales"
        ) from error
    responses: np.ndarray = gaussian_filter1d(transform, 1.0)
    return responses


def _maxima(w: np.ndarray) -> np.ndarray:
    """Frames of the strict local maxima of the positive part."""
    positive = np.maximum(w, 0)
    middle = positive[1:-1]
    return np.flatnonzero((middle > positive[:-2]) & (middle > positive[2:])) + 1


def _aggregated(responses: np.ndarray, durations: list[Any], fps: float) -> np.ndarray:
    """Frames of the activations of all scales, without those close to a stronger one."""
    from scipy.ndimage import maximum_filter

    distance = max(1, round((min(durations) - 0.01) * fps))
    median = np.median(responses, axis=1, keepdims=True)
    deviation = np.median(np.abs(responses - median), axis=1, keepdims=True)
    scores = (responses - median) / np.where(deviation == 0, 1e-12, deviation)
    frames, strengths = [], []
    for sign in (1, -1):
        peaks = np.full(scores.shape, -np.inf)
        for k, w in enumerate(responses):
            at = _maxima(sign * w)
            peaks[k, at] = sign * scores[k, at]
        best = maximum_filter(peaks, size=(3, 2 * distance + 1), mode="constant", cval=-np.inf)
        scale, frame = np.nonzero((peaks == best) & np.isfinite(peaks))
        frames.append(frame)
        strengths.append(np.abs(peaks[scale, frame]))
    taken = np.zeros(responses.shape[1], dtype=bool)
    rise = np.repeat([True, False], [len(frames[0]), len(frames[1])])
    order = np.argsort(-np.concatenate(strengths))  # ties in the default order of NumPy, as in Bitbox
    kept = []
    for at, rises in zip(np.concatenate(frames)[order].tolist(), rise[order].tolist(), strict=True):
        around = slice(max(0, at - distance), at + distance + 1)
        if not taken[around].any():
            taken[around] = True
            kept += [at] if rises else []
    return np.sort(np.array(kept, dtype=int))


def _without_outliers(frames: np.ndarray, magnitudes: np.ndarray, robust: bool) -> Activations:
    """Activations; with `robust` and more than five of them, without outliers."""
    if robust and len(magnitudes) > 5:
        low, high = np.percentile(magnitudes, [25, 75])
        fence = 1.5 * (high - low)
        inside = (magnitudes >= low - fence) & (magnitudes <= high + fence)
        frames, magnitudes = frames[inside], magnitudes[inside]
    return Activations(frames, magnitudes)


# --- metrics


def _metrics(magnitudes: np.ndarray, frames: int) -> list[float]:
    """The values of METRICS; 0 without activations."""
    if not len(magnitudes):
        return [0.0] * len(METRICS)
    density = magnitudes.sum() / frames
    return [len(magnitudes), density, magnitudes.mean(), magnitudes.std(), magnitudes.min(), magnitudes.max()]


def _entropy(weights: np.ndarray) -> float:
    """Entropy of the shares in the sum of weights, divided by its maximum; 0 for fewer than two positive weights."""
    some = weights[weights > 0]
    if len(some) < 2:
        return 0.0
    share = some / some.sum()
    return float(-(share * np.log(share)).sum() / np.log(len(weights)))
