"""Bitbox's expressivity, diversity and asymmetry: its arguments, its order, its rules, its tables.

Computed plainly, by PyWavelets' direct convolution, since Bitbox sees strict maxima only: where neighbours are
equal, as at the top of a symmetric pulse, the last digit decides what it counts, and so it must be the same.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from bitbox_xr.compat.tables import option_faults, values_of
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.validation import is_number
from bitbox_xr.kernels import mirror
from bitbox_xr.kernels.finite import MAX_MAGNITUDE

__all__ = ["asymmetry", "diversity", "expressivity"]

MOST = 1000  # scales
PRECISION = 12  # of the wavelet, as PyWavelets 1.9 has it
METRICS = ["frequency", "density", "mean", "std", "min", "max"]

# backend: lowest and highest scores, in the order of mirror.FEATURES; two-dimensional landmarks have a lowest only
RANGES = {
    "3DI": ([0.5801, 0.7857, 0.0965, 1.0076, 0.6172], [3.1310, 2.2180, 1.4357, 5.5638, 2.4260]),
    "3DIl": ([0.5321, 0.8457, 0.1585, 1.0731, 0.6547], [1.4455, 2.3044, 0.7789, 3.1907, 1.4160]),
}
RANGES["3DI-lite"] = RANGES["3DIl"]  # as the readers have it
LOWEST_2D = [0.9330, 1.1110, 0.0001, 0.7021, 0.7689]


class Activations(NamedTuple):
    """Frames of a coefficient's activations at a scale, and the signal there."""

    frames: np.ndarray
    magnitudes: np.ndarray


def expressivity(
    activations: Any,
    axis: int = 0,
    scales: Any = None,
    aggregate: bool = False,
    robust: bool = True,
    fps: float = 30,
    verbose: bool = False,
) -> list[pd.DataFrame]:
    """Bitbox's `expressivity`: a table a coefficient, with a row a scale.

    Prefer `bitbox_xr.expressivity`, which knows missing frames: here a single one in a coefficient leaves it without
    any activation.

    Parameters
    ----------
    activations
        An expression dictionary of Bitbox's, or a table.
    axis
        0: its rows are frames. 1: its columns are.
    scales
        None: the signal itself. An integer n: n durations from 0.1 to 4 s. Else the durations, s.
    aggregate
        True: one list of activations of all scales, if there are at least two.
    robust
        True: outliers among more than five activations are left out.
    fps
        Frames per second.
    verbose
        Accepted, and without effect.

    Returns
    -------
    list of DataFrames
        One a coefficient, with the columns scale (None, seconds, or 'Agg a-b'), frequency, density, mean, std, min,
        max, all but the first 0 where there is no activation.

    Raises
    ------
    ValueError
        For other kinds of data, and for a scale that does not fit into the recording.

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
    labels, found = _found(values, scales, aggregate, robust, fps)
    rows = [[_metrics(one.magnitudes, len(values)) for one in row] for row in found]
    tables = []
    for coefficient in range(values.shape[1]):
        table = pd.DataFrame([row[coefficient] for row in rows], columns=METRICS).astype({"frequency": int})
        table.insert(0, "scale", pd.Series(labels, dtype=object))
        tables.append(table)
    return tables


def diversity(
    activations: Any,
    axis: int = 0,
    magnitude: bool = True,
    scales: Any = None,
    aggregate: bool = False,
    robust: bool = True,
    fps: float = 30,
) -> pd.DataFrame:
    """Bitbox's `diversity`: how evenly activations are spread over coefficients, a row a scale.

    Parameters
    ----------
    activations, axis, scales, aggregate, robust, fps
        As for `expressivity`.
    magnitude
        True: shares of the sum of magnitudes. False: of the number of activations.

    Returns
    -------
    DataFrame
        Columns scale, overall and frame_wise, entropies between 0 and 1; 0 where there is no activation.

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
    labels, found = _found(values, scales, aggregate, robust, fps)
    rows = []
    for row in found:
        weights = np.zeros(values.shape)
        for coefficient, (frames, magnitudes) in enumerate(row):
            weights[frames, coefficient] = np.abs(magnitudes) if magnitude else 1
        rows.append([_entropy(weights.sum(axis=0)), np.mean([_entropy(frame) for frame in weights])])
    table = pd.DataFrame(rows, columns=["overall", "frame_wise"])
    table.insert(0, "scale", pd.Series(labels, dtype=object))
    return table


def asymmetry(landmarks: Any, axis: int = 0, normalize: bool = True) -> pd.DataFrame:
    """Bitbox's `asymmetry`: how unlike the sides of the face are, a row a frame.

    Parameters
    ----------
    landmarks
        A dictionary of iBUG-51 landmarks, 2-D or 3-D, or a table of their coordinates (102 or 153).
    axis
        0: rows are frames. 1: columns are.
    normalize
        True: by the ranges that Bitbox publishes for its two backends, "3DI" and "3DIl" (`backend` of the
        dictionary); two-dimensional landmarks have a lowest score only, which is subtracted. False: in the
        landmarks' units.

    Returns
    -------
    DataFrame
        Columns eye, brow, nose, mouth and overall, the mean of the four.

    Raises
    ------
    ValueError
        For other kinds of data; where the ranges of the backend are not known.

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
        raise ValueError(f"asymmetry(): there are {values.shape[1]} columns; 102 or 153, iBUG-51, are wanted")
    scores = mirror.asymmetry(values.reshape(len(values), 51, dimensions))
    if normalize:
        low, high = _range(landmarks, dimensions)
        scores = np.maximum(0.0, (scores - low) / (high - low))
    return pd.DataFrame(scores, columns=list(mirror.FEATURES))


# --- what goes in


def _table(data: Any, axis: int, kinds: tuple[str, ...], measure: str) -> np.ndarray:
    """Values `(frame, column)` of a dictionary of one of these kinds, or of a bare table."""
    values = values_of(data, kinds, measure, bare=True)
    return values.T if axis else values


def _durations(scales: Any, length: float) -> list[Any]:
    """Durations as given, in their order; [None] for the signal itself."""
    if scales is None:
        return [None]
    if isinstance(scales, int | np.integer) and not isinstance(scales, bool) and 0 < scales <= MOST:
        durations: list[Any] = list(np.linspace(0.1, 4.0, int(scales)))
    else:
        durations = list(scales) if isinstance(scales, Iterable) else [scales] if isinstance(scales, float) else []
    if not all(is_number(d) and d > 0 for d in durations):
        raise ValueError(f"scales is {scales!r}; None, a number of scales, or durations in seconds are wanted")
    if not durations or max(durations) >= length:
        longest = (
            f"the longest of the scales is {max(durations)} s" if durations else f"there are no scales in {scales!r}"
        )
        raise ValueError(f"{longest}; some, shorter than the recording ({length:g} s), are wanted")
    return durations


def _range(landmarks: Any, dimensions: int) -> tuple[np.ndarray, np.ndarray]:
    if dimensions == 2:
        return np.array(LOWEST_2D), np.array(LOWEST_2D) + 1
    backend = landmarks.get("backend") if isinstance(landmarks, Mapping) else None
    if not isinstance(backend, str) or backend not in RANGES:
        remedy = "normalize=False, or bitbox_xr.asymmetry(…, reference=…)"
        raise ValueError(f"asymmetry(): no ranges are known for the backend {backend!r}; {remedy} is the way")
    low, high = RANGES[backend]
    return np.array(low), np.array(high)


# --- what is found


def _found(
    values: np.ndarray, scales: Any, aggregate: bool, robust: bool, fps: float
) -> tuple[list[Any], list[list[Activations]]]:
    """Names of the scales, and for each scale the activations of each coefficient."""
    durations = _durations(scales, len(values) / fps)
    if aggregated := aggregate and len(durations) > 1:
        labels = [f"Agg {min(durations):.1f}-{max(durations):.1f}"]
    else:
        labels = durations
    columns = []
    for y in values.T:
        if (np.abs(y) < MAX_MAGNITUDE).all():  # neither missing nor infinite
            responses = _responses(y, durations, fps)
            frames = [_together(responses, durations, fps)] if aggregated else [_maxima(w) for w in responses]
        else:
            frames = [np.empty(0, dtype=int)] * len(labels)
        columns.append([_kept(at, y[at], robust) for at in frames])
    return labels, [list(row) for row in zip(*columns, strict=True)]


def _responses(y: np.ndarray, durations: list[Any], fps: float) -> np.ndarray:
    """The smoothed transform `(scale, frame)`."""
    import pywt
    from scipy.ndimage import gaussian_filter1d

    smooth = gaussian_filter1d(y - y.mean(), 1.0)
    if durations == [None]:
        return smooth[None]
    wavelets = fps * np.array(durations, dtype=np.float64) / 4
    try:
        transform = pywt.cwt(smooth, wavelets, "mexh", precision=PRECISION)[0]
    except ValueError as error:
        raise ValueError(
            f"the shortest of the scales is {min(durations)} s; longer ones are wanted ({error})"
        ) from error
    responses: np.ndarray = gaussian_filter1d(transform, 1.0)
    return responses


def _maxima(w: np.ndarray) -> np.ndarray:
    """Frames of the strict local maxima of the positive part."""
    positive = np.maximum(w, 0)
    middle = positive[1:-1]
    return np.flatnonzero((middle > positive[:-2]) & (middle > positive[2:])) + 1


def _together(responses: np.ndarray, durations: list[Any], fps: float) -> np.ndarray:
    """Frames of one list of activations of all scales: those whose surroundings no stronger one claims."""
    from scipy.ndimage import maximum_filter

    reach = max(1, round((min(durations) - 0.01) * fps))
    median = np.median(responses, axis=1, keepdims=True)
    deviation = np.median(np.abs(responses - median), axis=1, keepdims=True)
    scores = (responses - median) / np.where(deviation == 0, 1e-12, deviation)
    frames, strengths = [], []
    for sign in (1, -1):
        peaks = np.full(scores.shape, -np.inf)
        for k, w in enumerate(responses):
            at = _maxima(sign * w)
            peaks[k, at] = sign * scores[k, at]
        best = maximum_filter(peaks, size=(3, 2 * reach + 1), mode="constant", cval=-np.inf)
        scale, frame = np.nonzero((peaks == best) & np.isfinite(peaks))
        frames.append(frame)
        strengths.append(np.abs(peaks[scale, frame]))
    claimed = np.zeros(responses.shape[1], dtype=bool)
    rise = np.repeat([True, False], [len(frames[0]), len(frames[1])])
    order = np.argsort(-np.concatenate(strengths))  # equals in NumPy's default order, as Bitbox has them
    kept = []
    for at, rises in zip(np.concatenate(frames)[order].tolist(), rise[order].tolist(), strict=True):
        around = slice(max(0, at - reach), at + reach + 1)
        if not claimed[around].any():
            claimed[around] = True
            kept += [at] if rises else []
    return np.sort(np.array(kept, dtype=int))


def _kept(frames: np.ndarray, magnitudes: np.ndarray, robust: bool) -> Activations:
    """With `robust`, without outliers where there are more than five."""
    if robust and len(magnitudes) > 5:
        low, high = np.percentile(magnitudes, [25, 75])
        fence = 1.5 * (high - low)
        inside = (magnitudes >= low - fence) & (magnitudes <= high + fence)
        frames, magnitudes = frames[inside], magnitudes[inside]
    return Activations(frames, magnitudes)


# --- what it amounts to


def _metrics(magnitudes: np.ndarray, frames: int) -> list[float]:
    if not len(magnitudes):
        return [0.0] * len(METRICS)
    density = magnitudes.sum() / frames
    return [len(magnitudes), density, magnitudes.mean(), magnitudes.std(), magnitudes.min(), magnitudes.max()]


def _entropy(weights: np.ndarray) -> float:
    """Of the shares, to the base of their number; 0 where nothing is shared."""
    some = weights[weights > 0]
    if len(some) < 2:
        return 0.0
    share = some / some.sum()
    return float(-(share * np.log(share)).sum() / np.log(len(weights)))
