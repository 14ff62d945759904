"""Metrics of activations: six for each signal, and the diversity of activations over signals."""

import numpy as np

from bitbox_xr.kernels.activations.search import Found

__all__ = ["METRICS", "cube", "diversity", "pooled", "share_of_outliers"]

METRICS = ("frequency", "density", "mean", "std", "min", "max")


def cube(found: Found, *, robust: bool) -> np.ndarray:
    """The six metrics in `METRICS` and the number of eligible frames, `(list, metric, signal)`.

    `robust` leaves outliers out. Frequency is a count. Density is the sum of magnitudes divided by the number of
    eligible frames. Without activations both are 0 and the other metrics NaN. Without eligible frames all are NaN.
    """
    lists, signals = found.eligible.shape
    cell, value = found.events.list * signals + found.events.signal, found.magnitude
    if robust:
        cell, value = cell[~found.outlier], value[~found.outlier]
    if (cell[1:] < cell[:-1]).any():  # with labels, or in several blocks of signals
        order = np.argsort(cell, kind="stable")
        cell, value = cell[order], value[order]
    count = np.bincount(cell, minlength=lists * signals)
    some = count > 0
    first = (np.cumsum(count) - count)[some]
    number, total, eligible = count[some], np.add.reduceat(value, first), found.eligible.ravel()
    mean = total / number
    std = np.sqrt(np.add.reduceat((value - np.repeat(mean, number)) ** 2, first) / number)
    table = np.full((len(METRICS) + 1, len(count)), np.nan)
    table[0], table[1], table[-1] = count, 0.0, eligible
    table[2:6, some] = mean, std, np.minimum.reduceat(value, first), np.maximum.reduceat(value, first)
    with np.errstate(divide="ignore", invalid="ignore"):
        table[1, some] = total
        table[1] /= eligible
    table[:2, eligible == 0] = np.nan
    return table.reshape(-1, lists, signals).swapaxes(0, 1)


def share_of_outliers(found: Found) -> np.ndarray:
    """Share of outliers in the summed absolute magnitudes, `(list, signal)`; 0 without activations."""
    lists, signals = found.eligible.shape
    cell, weight = found.events.list * signals + found.events.signal, np.abs(found.magnitude)
    total = np.bincount(cell, weight, lists * signals)
    left_out = np.bincount(cell[found.outlier], weight[found.outlier], lists * signals)
    share = np.divide(left_out, total, out=np.zeros(len(total)), where=total > 0)  # no events: bincount has integers
    return share.reshape(lists, signals)


def pooled(cubes: np.ndarray) -> np.ndarray:
    """The cube of a whole recording from the cubes of its pieces, `(piece, list, metric, signal)`."""
    frequency, _, means, stds, low, high, eligible = np.moveaxis(cubes, 2, 0)
    counts = np.nan_to_num(frequency)
    means, stds = (np.where(counts > 0, values, 0.0) for values in (means, stds))
    count, frames = counts.sum(axis=0), eligible.sum(axis=0)
    total = (counts * means).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean, density = total / count, total / frames
        std = np.sqrt((counts * (stds**2 + (means - mean) ** 2)).sum(axis=0) / count)
    table = [np.where(frames > 0, count, np.nan), density, mean, std]
    return np.stack([*table, np.fmin.reduce(low), np.fmax.reduce(high), frames], axis=1)


def diversity(found: Found, *, robust: bool, magnitude: bool) -> np.ndarray:
    """Entropy of the signals' shares in all activations, and mean entropy of single frames, `(2, list)`.

    A share is a signal's part of the summed magnitudes or, without `magnitude`, of the number of activations. The base
    of the logarithm is the number of signals with eligible frames. Frames without an eligible signal are left out of
    the mean. NaN without activations.
    """
    lists, signals = found.eligible.shape
    frames = found.watched.shape[1]
    weight = np.abs(found.magnitude) if magnitude else np.ones(len(found.magnitude))
    if robust:
        weight = np.where(found.outlier, 0.0, weight)
    base = np.maximum((found.eligible > 0).sum(axis=1), 1)
    where, signal = found.events.list, found.events.signal
    total = np.bincount(where * signals + signal, weight, lists * signals).reshape(lists, signals)
    at, group = np.unique(where * frames + found.events.frame, return_inverse=True)
    each = np.bincount(at // frames, _entropy(group, weight, len(at)), lists)
    with np.errstate(divide="ignore", invalid="ignore"):
        overall = _entropy(np.repeat(np.arange(lists), signals), total.ravel(), lists) / np.log(base)
        frame_wise = each / found.watched.sum(axis=1) / np.log(base)
    return np.where(total.any(axis=1), [overall, frame_wise], np.nan)


def _entropy(group: np.ndarray, weight: np.ndarray, groups: int) -> np.ndarray:
    """Entropy of the shares of weights in each group, in nats. 0 for a group without weight."""
    some = weight > 0
    group, weight = group[some], weight[some]
    total = np.bincount(group, weight, groups)
    share = weight / total[group]
    entropy: np.ndarray = np.bincount(group, -share * np.log(share), groups)
    return entropy
