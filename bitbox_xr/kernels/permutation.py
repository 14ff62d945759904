"""Permutation tests of one coefficient of a linear model, for many cells at once.

A cell has one value for each recording. The model is y = Z γ + x β + ε, with nuisance columns Z and a tested column x.
The residuals of y on Z are rearranged, by exchanging recordings or by flipping signs, and β is estimated again
(Freedman & Lane 1983, Journal of Business & Economic Statistics 1, 292-298). The statistic is t = β / s with the
standard error s of MacKinnon & White (1985, "HC2"), which allows for different variances:

    s² = Σ aᵢ² eᵢ² / (1 − hᵢ)

over residuals e, with leverages h and a the row of the pseudo-inverse that gives β. If x says which of two groups a
recording is in and Z is a constant, this is Welch's t. If x is a constant and Z is empty, it is Student's t of one
sample.

The rearranged sums are products of matrices, because a rearrangement of e in Σ vᵢ eᵢ is a rearrangement of v.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from math import comb
from typing import NamedTuple

import numpy as np

__all__ = ["Arrangements", "Family", "Outcome", "evaluate", "exchanges", "flips"]

BLOCK_VALUES = 2**21  # of arrangements times cells that are in memory at once
TOLERANCE = 1e-9  # values of t² that differ by a smaller share count as equal
MIN_NORM = 1e-10  # residuals smaller than this share of the values are rounding errors
MAX_LEVERAGE = 1 - 1e-9  # a recording with a larger one has no residual


class Arrangements(NamedTuple):
    """Rearrangements of recordings, one a row; the first row leaves everything in place."""

    rows: np.ndarray  # signs (±1, int8), or the number of the recording at each place
    signs: bool
    exact: bool  # all that exist

    def of(self, present: np.ndarray) -> "Arrangements":
        """The same for the recordings that are present."""
        if present.all():
            return self
        if self.signs:
            return self._replace(rows=self.rows[:, present])
        kept = self.rows[present[self.rows]].reshape(len(self.rows), -1)
        return self._replace(rows=(np.cumsum(present) - 1)[kept])

    def applied(self, columns: np.ndarray, start: int, stop: int) -> np.ndarray:
        """Some arrangements of `columns` `(column, recording)`: `(column, arrangement, recording)`."""
        rows = self.rows[start:stop]
        return columns[:, None, :] * rows if self.signs else columns[:, rows]


class Family(NamedTuple):
    """Cells with one design."""

    values: np.ndarray  # (recording, cell); NaN is missing and leaves its cell
    nuisance: np.ndarray  # (recording, column)


class Outcome(NamedTuple):
    """Results of each cell."""

    estimate: np.ndarray
    error: np.ndarray  # standard error of the estimate
    freedom: np.ndarray  # degrees of freedom of t
    deviation: np.ndarray  # standard deviation of residuals
    t: np.ndarray
    p: np.ndarray
    p_fwe: np.ndarray  # by the largest |t| over all cells


class _Model(NamedTuple):
    """What the tests need of a design with orthonormal columns; the last one is that of the effect."""

    basis: np.ndarray  # (column, recording)
    diagonal: float  # the effect is the last product with the basis divided by this number
    weights: np.ndarray  # of squared residuals in the squared standard error


def flips(recordings: int, n: int, rng: np.random.Generator) -> Arrangements:
    """Flips of signs: all 2^recordings if there are at most n, otherwise n random ones after the identity.

    >>> flips(2, 9, np.random.default_rng(0)).rows.tolist()
    [[1, 1], [-1, 1], [1, -1], [-1, -1]]
    """
    exact = 2**recordings <= n
    if exact:
        flipped = np.arange(2**recordings)[:, None] >> np.arange(recordings) & 1
    else:
        flipped = np.concatenate([np.zeros((1, recordings), int), rng.integers(0, 2, (n, recordings))])
    return Arrangements((1 - 2 * flipped).astype(np.int8), True, exact)


def exchanges(second: np.ndarray, n: int, rng: np.random.Generator, *, labels_only: bool) -> Arrangements:
    """Exchanges of recordings, `second` being True for those of the second side.

    With `labels_only`, arrangements that differ only within the sides are the same; if at most n different ones exist,
    these are all used. Otherwise n random ones follow the identity.

    >>> exchanges(np.array([False, True, True]), 9, np.random.default_rng(0), labels_only=True).rows.tolist()
    [[0, 1, 2], [1, 2, 0], [1, 0, 2]]
    """
    recordings, members = len(second), int(second.sum())
    places = np.arange(recordings)
    if labels_only and comb(recordings, members) <= n:
        own = tuple(np.flatnonzero(second).tolist())
        chosen = sorted(combinations(range(recordings), members), key=lambda places: places != own)
        rows = np.empty((len(chosen), recordings), np.intp)
        for row, taken in zip(rows, chosen, strict=True):
            at = np.isin(places, taken)
            row[at], row[~at] = places[second], places[~second]
        return Arrangements(rows, False, True)
    rows = rng.permuted(np.tile(places, (n + 1, 1)), axis=1)
    rows[0] = places
    return Arrangements(rows, False, False)


def evaluate(families: Sequence[Family], effect: np.ndarray, arrangements: Arrangements, least: int) -> Outcome:
    """Test the effect in every cell of every family; the results are concatenated, and p_fwe is over all of them.

    `effect` `(recording,)` is 1, or 0 and 1 for two sides. A cell with fewer than `least` recordings on a side, or
    whose model cannot be estimated, is NaN and does not count.
    """
    cells = sum(family.values.shape[1] for family in families)
    found, first = np.full((7, cells), np.nan), 0
    highest = np.zeros(len(arrangements.rows))
    for values, nuisance in families:
        for present, at in _patterns(values):
            model = _model(nuisance[present], effect[present], least)
            if model is None:
                continue
            own = values[np.ix_(present, at)]
            residuals = _without(own, nuisance[present])
            norm = np.sqrt((residuals**2).mean(axis=0))
            testable = norm > MIN_NORM * np.abs(own).max(axis=0)
            if testable.any():
                scaled, norm, at = residuals[:, testable] / norm[testable], norm[testable], first + at[testable]
                found[:5, at] = _observed(model, scaled, effect[present], nuisance.shape[1], norm)
                found[5:, at] = _compare(model, scaled, arrangements.of(present), highest)
        first += values.shape[1]
    strength, stronger = found[5:]
    below = np.searchsorted(np.sort(highest), strength * (1 - TOLERANCE))
    p_fwe = np.where(np.isnan(strength), np.nan, (len(highest) - below) / len(highest))  # 1 - … would exceed .05
    estimate, error, freedom, deviation, t = found[:5]
    return Outcome(estimate, error, freedom, deviation, t, stronger / len(highest), p_fwe)


def _patterns(values: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Each set of recordings that some cells have, and the numbers of these cells."""
    present = ~np.isnan(values)
    kinds, which = np.unique(present, axis=1, return_inverse=True)
    for k in range(kinds.shape[1]):
        yield kinds[:, k], np.flatnonzero(which.ravel() == k)


def _model(nuisance: np.ndarray, effect: np.ndarray, least: int) -> _Model | None:
    sides = [np.count_nonzero(effect == side) for side in np.unique(effect)]
    two = nuisance.shape[1] > 0 and bool((nuisance[:, 0] == 1).all())  # a constant beside the effect
    design = np.column_stack([nuisance, effect])
    if len(sides) < 1 + two or min(sides, default=0) < least or np.linalg.matrix_rank(design) < design.shape[1]:
        return None
    if len(design) <= design.shape[1]:
        return None
    basis, triangle = np.linalg.qr(design)
    leverage = (basis**2).sum(axis=1)
    pseudo = basis[:, -1] / triangle[-1, -1]
    free = leverage < MAX_LEVERAGE
    weights = np.divide(pseudo**2, 1 - leverage, out=np.zeros_like(pseudo), where=free)
    return _Model(np.ascontiguousarray(basis.T), float(triangle[-1, -1]), weights)


def _without(values: np.ndarray, nuisance: np.ndarray) -> np.ndarray:
    """Residuals of `values` `(recording, cell)` on the nuisance columns."""
    if not nuisance.shape[1]:
        return values
    basis, _ = np.linalg.qr(nuisance)
    result: np.ndarray = values - basis @ (basis.T @ values)
    return result


def _observed(
    model: _Model, residuals: np.ndarray, effect: np.ndarray, nuisances: int, norm: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Estimate, standard error, degrees of freedom, deviation and t of the cells as they are."""
    products = model.basis @ residuals
    left = residuals - model.basis.T @ products
    parts = model.weights[:, None] * left**2
    estimate, error = products[-1] / model.diagonal, np.sqrt(parts.sum(axis=0))
    freedom = np.full(len(norm), float(len(left) - nuisances - 1))
    if nuisances == 1 and len(np.unique(effect)) == 2:  # Welch & Satterthwaite
        sides = [(parts[effect == side].sum(axis=0), np.count_nonzero(effect == side)) for side in (0, 1)]
        spread = sum(part**2 / (n - 1) for part, n in sides)
        freedom = np.divide(error**4, spread, out=freedom, where=spread > 0)
    deviation = np.sqrt((left**2).sum(axis=0) / (len(left) - nuisances - 1))
    return estimate * norm, error * norm, freedom, deviation * norm, _ratio(estimate, error**2, model)


def _ratio(estimate: np.ndarray, squared_error: np.ndarray, model: _Model) -> np.ndarray:
    """t; ±infinity if nothing varies around the estimate, and 0 if the estimate is then 0 too."""
    unit = float(model.weights.sum())  # the squared error of residuals of size 1
    varies = squared_error > MIN_NORM**2 * unit
    differs = np.abs(estimate) > MIN_NORM * np.sqrt(unit)
    out = np.where(differs, np.copysign(np.inf, estimate), 0.0)
    return np.divide(estimate, np.sqrt(squared_error), out=out, where=varies)


def _compare(
    model: _Model, residuals: np.ndarray, arrangements: Arrangements, highest: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """t² of each cell, and the number of arrangements in which it is at least as large; updates `highest`, the largest.

    The squared error is Σ w (y − Q c)² = Σ w y² − 2 Σⱼ cⱼ Σ w qⱼ y + Σⱼₖ cⱼ cₖ Σ w qⱼ qₖ, for rearranged residuals y,
    the columns qⱼ of the basis Q and c = Qᵀ y.
    """
    # the first column is a constant if recordings are exchanged, and residuals have no product with it
    basis = model.basis if arrangements.signs else model.basis[1:]
    weighted = model.weights * basis
    cross = weighted @ basis.T
    squares = residuals**2
    least = MIN_NORM**2 * float(model.weights.sum())
    observed, stronger = np.empty(0), np.zeros(residuals.shape[1])
    step = max(1, BLOCK_VALUES // ((2 * len(basis) + 3) * max(residuals.shape)))
    for start in range(0, len(arrangements.rows), step):
        stop = min(start + step, len(arrangements.rows))
        products = arrangements.applied(basis, start, stop) @ residuals
        others = arrangements.applied(weighted, start, stop) @ residuals
        if arrangements.signs:
            error = np.repeat((model.weights @ squares)[None], stop - start, axis=0)
        else:
            error = arrangements.applied(model.weights[None], start, stop)[0] @ squares
        for j, product in enumerate(products):
            others[j] *= -2
            for k in range(len(products)):
                others[j] += cross[j, k] * products[k]
            others[j] *= product
            error += others[j]
        strength = products[-1]
        strength *= strength
        strength /= np.maximum(error, least, out=error)
        if not start:
            observed = strength[0] / model.diagonal**2
            level = strength[0] * (1 - TOLERANCE)
        stronger += np.count_nonzero(strength >= level, axis=0)
        largest = strength.max(axis=1) / model.diagonal**2
        np.maximum(highest[start:stop], largest, out=highest[start:stop])
    return observed, stronger
