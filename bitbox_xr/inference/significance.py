"""Measures against chance: how strong would they be between people who had nothing to do with each other?

The measure is computed again on surrogates of y, in the same way, the choice of the best lag and the rules for
missing frames included (Moulder, Boker, Ramseyer & Tschacher 2018, Psychological Methods 23, 757-773; Nichols &
Holmes 2002, Human Brain Mapping 15, 1-25).
"""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.lazy import is_lazy, threads
from bitbox_xr.core.progress import tracked
from bitbox_xr.core.types import MeasureOfTwo, PairsOf, SignalsLike, Statistic, Surrogates
from bitbox_xr.core.validation import flag_faults, name_faults
from bitbox_xr.core.variables import PAIR, RESERVED, SIGNAL, SIGNAL1, SIGNAL2, variable_attrs
from bitbox_xr.inference.surrogates import Draws, draw
from bitbox_xr.measures import correlation_engine
from bitbox_xr.measures.results import matched
from bitbox_xr.measures.windowing import Options, Pair

__all__ = ["VARIABLES", "significance", "statistic_faults"]

VARIABLES = RESERVED["significance"]
STATISTICS = ("corr_abs_mean", "corr_mean")
TOGETHER = 8  # surrogates to a task of dask


class _Test(NamedTuple):
    """What is computed, whatever was drawn."""

    windows: correlation_engine.Windows
    plan: Any
    seconds: np.ndarray
    statistic: str
    matched: bool


def significance(
    x: SignalsLike,
    y: SignalsLike | None = None,
    *,
    measure: MeasureOfTwo = "imitation",
    statistic: Statistic | None = None,
    surrogates: Surrogates = "shift",
    n: int = 199,
    rng: int | np.random.Generator | None = None,
    pairs: PairsOf = "all",
    partners: list[Any] | None = None,
    progress: bool | None = None,
    width: float = 0.5,
    step: float | None = None,
    max_lag: float | None = None,
    causal: bool = True,
    polarity: bool = True,
    min_valid: float = 0.75,
    fps: float | None = None,
) -> xr.Dataset:
    """Imitation or coordination of every pair of signals against chance.

    The statistic is a mean correlation over windows. It is computed for x and y, and for x and n surrogates of y.

    Parameters
    ----------
    x, y
        As for `imitation`; y may be left out for coordination, whose pairs then are those of different signals.
    measure
        "imitation" or "coordination".
    statistic
        "corr_abs_mean", the mean of |r| over windows, tested one-sided; "corr_mean", the mean of r, tested two-sided.
        By default corr_abs_mean, or with `polarity=False` corr_mean, which is then tested one-sided in either case.
    surrogates
        How y is made to have nothing to do with x; one draw serves all pairs.

        "shift": y moved round the recording, its gaps with it, by at least a window and twice the largest lag;
        every shift another. y's own gaps apply too. Keeps everything about y but when it happens, and so holds
        its level on slow signals and on bursts alike; asks that both go on in one manner throughout (no drift,
        no task that both follow).

        "segments": the windows of x and y paired anew at random, gaps included. Its level holds where windows
        do not share frames (`step` of at least `width` + 2 · `lag`); where they overlap, unrelated pairs come
        out significant too often, since neighbouring windows vary together and those paired anew do not.

        "phase": the phases of y's frequencies drawn anew, the same for all signals (gaps bridged for it, then
        put back). Its level holds for signals whose values are normally distributed; what rests and moves in
        bursts becomes a surrogate that never rests, and the test then hardly ever finds anything.

        "partners": the references of other recordings, given as `partners`. Keeps what a situation evokes in
        everybody; of no use where everybody saw the same model.
    n
        Number of surrogates; the least p is 1 / (n + 1). Of more `partners` than that, n are drawn; of fewer,
        all are used.
    rng
        A seed, or a Generator to take one from; without, one is made up. It stands in the attribute `seed`
        (text: `rng=int(result.attrs["seed"])` repeats the test).
    pairs
        "all", or "matched": only signals of one label (dimension `pair`), a much smaller family of tests. The
        time is the same: the kernel computes whole tiles of pairs.
    partners
        Signals like y, on x's clock; where one is shorter, its last frames count as missing.
    progress
        None: a progress bar on terminals and in notebooks, once the test takes longer than two seconds. True: always
        then. False: never.
    width, step, max_lag, causal, polarity, min_valid, fps
        As for `imitation` and `coordination` (which has no `causal`).

    Returns
    -------
    Dataset
        `(…, signal1, signal2)` or `(…, pair)`, float64: `observed`, the statistic; `null_mean` and `null_std`
        of the surrogates; `surrogate_z` = (observed − null_mean) / null_std; `p` = (b + 1) / (n + 1), b of n
        surrogates being no weaker; `p_fwe`, corrected over all pairs by the strongest standardised statistic of
        each surrogate; `q` (Benjamini & Hochberg). NaN where there is nothing to test. Lazy where x or y is on
        dask, a task then taking some surrogates of a whole recording.

    Raises
    ------
    ValueError
        As for the measure; more surrogates than the recording has room for; options out of range.

    Notes
    -----
    Where gaps leave a surrogate's windows fewer frames than the observed ones have, its mean spreads more; its
    deviation from the null mean is then taken √(frames covered by its windows / by the observed ones) times, in
    null_std and in all p-values. A surrogate in which a pair has no window left counts as one that is stronger.
    Values within 1e-6 deviations are ties, and count as stronger too. With further dimensions each recording is a
    family of its own. `surrogate_z` grows with the square root of a recording's length; between recordings of different
    lengths compare observed − null_mean.

    p: Phipson & Smyth (2010), Statistical Applications in Genetics and Molecular Biology 9, 39. p_fwe: Nichols &
    Holmes (2002). Phases: Prichard & Theiler (1994), Physical Review Letters 73, 951-954.

    Examples
    --------
    >>> from bitbox_xr import signals
    >>> rng = np.random.default_rng(0)
    >>> model = rng.normal(size=(900, 2))
    >>> x = signals(np.roll(model, 5, axis=0) + rng.normal(size=(900, 2)), fps=30, names=["AU06", "AU12"])
    >>> y = signals(model, fps=30, names=["AU06", "AU12"])
    >>> found = significance(x, y, width=1, max_lag=0.3, n=99, rng=1)
    >>> found.p_fwe.values
    array([[0.01, 0.99],
           [0.39, 0.01]])
    """
    options = Options(width, step, max_lag, polarity, min_valid, causal)
    pair = Pair(measure, x, y, options, fps)
    refuse("significance()", _faults(pair, pairs, statistic, progress))
    tested = statistic or ("corr_abs_mean" if polarity else "corr_mean")
    if pairs == "matched":
        labels = matched(xr.Dataset(coords=pair.coords()))[PAIR].values
        pair.x, pair.y = (side.sel({SIGNAL: labels}) for side in (pair.x, pair.y))
    draws = draw(surrogates, n, rng, pair, partners, fps)
    plan = pair.plan()
    test = _Test(pair.windows, plan, plan.lags / pair.fps, tested, pairs == "matched")
    call = partial(
        _chances, two_sided=statistic == "corr_mean" and polarity, pairs=1 if test.matched else 2, alone=pair.mirrored
    )
    if is_lazy(*pair.arrays):
        found = _lazy(*pair.arrays, draws, test, call)
    else:
        found = call(_strengths(*pair.arrays, range(len(draws.items) + 1), draws, test, threads(), progress))
    return _dataset(found, pair, draws, test)


def _faults(pair: Pair, pairs: object, statistic: object, progress: object) -> list[str]:
    faults = []
    if pairs not in ("all", "matched"):
        faults.append(f"pairs is {pairs!r}; 'all' or 'matched' is wanted")
    faults += statistic_faults(statistic) + ([] if progress is None else flag_faults("progress", progress))
    faults += name_faults((*VARIABLES, PAIR) if pairs == "matched" else VARIABLES, pair.x, pair.y)
    if pair.mirrored and pairs == "matched":
        faults.append("y is missing, and a signal matches only itself; give y, or pairs='all'")
    if pair.mirrored and pair.x.sizes[SIGNAL] == 1:
        faults.append("y is missing, and x has one signal only; give y, or more signals")
    return faults


def statistic_faults(statistic: object) -> list[str]:
    """A statistic given by a caller."""
    if statistic is None or statistic in STATISTICS:
        return []
    return [f"expected statistic {' or '.join(map(repr, STATISTICS))}, got {statistic!r}"]


def _dataset(found: Any, pair: Pair, draws: Draws, test: _Test) -> xr.Dataset:
    """`found` `(…, variable, n1, n2)` or `(…, variable, pair)`, labelled."""
    last = (PAIR,) if test.matched else (SIGNAL1, SIGNAL2)
    coords: Any = pair.coords()
    if test.matched:
        coords = matched(xr.Dataset(coords=coords)).coords
    variables = np.moveaxis(found, -1 - len(last), 0)
    data = {}
    for name, values in zip(VARIABLES, variables, strict=True):
        of = test.statistic if name == "observed" else name
        data[name] = (pair.dims(*last), values, variable_attrs(of))
    attrs = {**draws.attrs(), "statistic": test.statistic, "pairs": "matched" if test.matched else "all"}
    return xr.Dataset(data, coords, pair.attrs() | attrs)


# --- the statistic of x and y, and of x and surrogates of y


def _strengths(
    x: np.ndarray, y: np.ndarray, picks: Any, draws: Draws, test: _Test, workers: int, progress: bool | None
) -> np.ndarray:
    """The statistic and the frames behind it, `(…, pick, 2, n1, n2)` or `(…, pick, 2, pair)`.

    Pick 0 is y itself, pick k surrogate k − 1.
    """
    x, y, extra = correlation_engine.broadcast(x, y)
    spectra = {where: draws.spectrum(y[where]) for where in np.ndindex(extra)}

    def one(at: tuple[tuple[int, ...], int]) -> np.ndarray:
        where, pick = at
        if pick == 0:
            return _strength(x[where], y[where], None, test)
        made = draws.surrogate(pick - 1, y[where], spectra[where], test.windows.number)
        return _strength(x[where], *made, test)

    work = list(product(np.ndindex(extra), (int(pick) for pick in picks)))
    with ThreadPoolExecutor(workers) as pool:
        results = pool.map(one, work)
        found = np.stack(list(tracked(results, len(work), "surrogates", shown=progress)))
    return found.reshape(*extra, len(picks), *found.shape[1:])


def _strength(x: np.ndarray, y: np.ndarray, order: np.ndarray | None, test: _Test) -> np.ndarray:
    """Mean over windows and frames that they cover, `(2, n1, n2)`, or of matched pairs `(2, pair)`."""
    from bitbox_xr.kernels.p_values import add_strength

    windows, n1, n2 = test.windows, x.shape[1], y.shape[1]
    corr, lag = np.empty((2, correlation_engine.BLOCK, n1, n2), np.float32)
    shares = np.empty((correlation_engine.BLOCK, n1), np.float32), np.empty((correlation_engine.BLOCK, n2), np.float32)
    sums, last = np.zeros((3, n1, n2)), np.full((n1, n2), -windows.width)
    for first in range(0, windows.number, correlation_engine.BLOCK):
        stop = min(first + correlation_engine.BLOCK, windows.number)
        out = tuple(array[: stop - first] for array in (corr, lag, *shares))
        correlation_engine.block(x, y, windows, test.plan, test.seconds, False, first, stop, out, order)
        add_strength(out[0], test.statistic == "corr_abs_mean", first, windows.width, windows.step, last, sums)
    count, total, cover = (np.diagonal(a) for a in sums) if test.matched else sums
    mean = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
    return np.stack([mean, cover])


def _lazy(x: Any, y: Any, draws: Draws, test: _Test, call: Any) -> Any:
    """The same as a graph, some surrogates of a recording to a task, and what follows from all of them."""
    import dask.array as da

    whole = (a if is_lazy(a) else da.from_array(a, chunks=-1) for a in (x, y))
    x, y = (a.rechunk({a.ndim - 2: -1, a.ndim - 1: -1}) for a in whole)
    outer = "abcdefgh"[: x.ndim - 2]
    tail, new = ("p", {"p": x.shape[-1]}) if test.matched else ("ij", {})
    picks = da.arange(len(draws.items) + 1, chunks=TOGETHER)
    task = partial(_some_strengths, draws=draws, test=test)
    values = da.blockwise(
        task, f"{outer}sk{tail}", x, f"{outer}ti", y, f"{outer}uj", picks, "s", new_axes={"k": 2, **new},
        concatenate=True, align_arrays=True, dtype=np.float64, meta=np.empty((0,) * (len(outer) + 2 + len(tail))),
    )  # fmt: skip
    values = values.rechunk({len(outer): -1})
    return da.blockwise(
        call, f"{outer}v{tail}", values, f"{outer}sk{tail}", new_axes={"v": len(VARIABLES)}, concatenate=True,
        dtype=np.float64, meta=np.empty((0,) * (values.ndim - 1)),
    )  # fmt: skip


def _some_strengths(x: np.ndarray, y: np.ndarray, picks: np.ndarray, draws: Draws, test: _Test) -> np.ndarray:
    return _strengths(x, y, picks, draws, test, 1, progress=False)


# --- and what follows


def _chances(strengths: np.ndarray, *, two_sided: bool, pairs: int, alone: bool) -> np.ndarray:
    """`strengths` `(…, pick, 2, pairs…)` of each recording among its surrogates, `(…, variable, pairs…)`."""
    from bitbox_xr.kernels.p_values import against_chance

    lead, shape = strengths.shape[: -2 - pairs], strengths.shape[-pairs:]
    out = np.full((*lead, len(VARIABLES), *shape), np.nan)
    for where in np.ndindex(lead):
        values, cover = np.moveaxis(strengths[where], 1, 0)
        if alone:
            above = np.triu_indices(shape[0], 1)
            chance = against_chance(values[:, *above], cover[:, *above], two_sided=two_sided)
            out[where][0] = values[0]
            out[where][:, *above] = out[where][:, *above[::-1]] = chance
        else:
            flat = (a.reshape(len(a), -1) for a in (values, cover))
            out[where] = np.reshape(against_chance(*flat, two_sided=two_sided), out[where].shape)
    return out
