"""Simulated summaries of a study: recordings of two groups, with or without conditions, and a slow contrast."""

from itertools import combinations, permutations, product

import numpy as np
import xarray as xr

CONDITIONS = ["baseline", "task", "reunion"]


def study(seed=0, each=8, cells=3, conditions=0, missing=0.0, spread=(1.0, 1.0)):
    """`(recording, [condition], pair)`: group, age (number), site (text) and sleep (number, by condition if any)."""
    rng = np.random.default_rng(seed)
    n = 2 * each
    shape = (n, conditions, cells) if conditions else (n, cells)
    values = rng.normal(size=shape) * np.repeat(spread, each).reshape(-1, *[1] * (len(shape) - 1))
    values[rng.random(shape) < missing] = np.nan
    dims = ("recording", "condition", "pair") if conditions else ("recording", "pair")
    coords = {
        "recording": [f"r{k:02}" for k in range(n)],
        "pair": [f"AU{k:02}" for k in range(cells)],
        "region": ("pair", ["mouth"] * cells),
        "group": ("recording", ["clinic"] * each + ["control"] * each),
        "age": ("recording", rng.normal(8, 1, n)),
        "site": ("recording", rng.permutation(np.array(["a", "b", "c"] * n)[:n])),
    }
    if conditions:
        coords["condition"] = CONDITIONS[:conditions]
    sleep = (dims[:-1], rng.normal(size=shape[:-1]))
    return xr.Dataset({"excess": (dims, values, {"units": "1"}), "sleep": sleep}, coords)


# --- a slow contrast: one cell and one arrangement at a time


def ols(y, design):
    """Coefficient of the last column, its HC2 standard error, and the standard deviation of residuals."""
    inverse = np.linalg.pinv(design)
    left = y - design @ (inverse @ y)
    leverage = np.diag(design @ inverse)
    error = np.sqrt(np.sum(inverse[-1] ** 2 * left**2 / (1 - leverage)))
    return (inverse @ y)[-1], error, np.sqrt(np.sum(left**2) / (len(y) - design.shape[1]))


def slow_t(y, nuisance, effect):
    estimate, error, _ = ols(y, np.column_stack([nuisance, effect]))
    return estimate / error


def every_exchange(second):
    """Every different assignment of recordings to sides, as functions of residuals."""
    n, found = len(second), []
    for chosen in combinations(range(n), int(second.sum())):
        order = np.empty(n, int)
        order[second] = chosen
        order[~second] = [k for k in range(n) if k not in chosen]
        found.append(lambda e, order=order: e[order])
    return found


def slow_permutations(cells, nuisance, effect, arrange):
    """p and p_fwe of complete cells `(recording, cell)`; `arrange` are functions of residuals."""
    inverse = np.linalg.pinv(nuisance) if nuisance.shape[1] else np.zeros((0, len(cells)))
    fitted = nuisance @ (inverse @ cells)
    observed = np.array([abs(slow_t(column, nuisance, effect)) for column in cells.T])
    drawn = []
    for change in arrange:
        y = fitted + change(cells - fitted)
        drawn.append([abs(slow_t(column, nuisance, effect)) for column in y.T])
    drawn = np.array(drawn)
    p = (drawn >= observed * (1 - 1e-9)).mean(axis=0)
    p_fwe = np.array([(drawn.max(axis=1) >= t * (1 - 1e-9)).mean() for t in observed])
    return observed, p, p_fwe


def every_flip(n):
    return [lambda e, signs=signs: np.reshape(signs, (-1, 1)) * e for signs in product([1, -1], repeat=n)]


def every_order(n):
    return [lambda e, order=list(order): e[order] for order in permutations(range(n))]
