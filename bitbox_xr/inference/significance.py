"""Significance tests of imitation and coordination against surrogates.

The measure is computed on surrogates of y in the same way as on y, including the choice of the best lag and the rules
for missing frames (Moulder, Boker, Ramseyer & Tschacher 2018, Psychological Methods 23, 757-773; Nichols & Holmes 2002,
Human Brain Mapping 15, 1-25).
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.lazy import is_lazy, threads
from bitbox_xr.core.progress import tracked
from bitbox_xr.core.types import Array, MeasureOfTwo, PairsOf, SignalsLike, Statistic, Surrogates
from bitbox_xr.core.validation import flag_faults, name_faults
from bitbox_xr.core.variables import PAIR, RESERVED, SIGNAL, SIGNAL1, SIGNAL2, variable_attrs
from bitbox_xr.inference.surrogates import Draws, draw
from bitbox_xr.measures import correlation_engine
from bitbox_xr.measures.results import matched
from bitbox_xr.measures.windowing import Options, Pair, checked_pair

if TYPE_CHECKING:
    import dask.array as da

    from bitbox_xr.kernels.correlation.windowed import Plan

__all__ = ["VARIABLES", "significance", "statistic_faults"]

VARIABLES = RESERVED["significance"]
STATISTICS = ("corr_abs_mean", "corr_mean")
SURROGATES_PER_TASK = 8  # of dask


class _Test(NamedTuple):
    """The statistic to compute, the same for all surrogates."""

    windows: correlation_engine.Windows
    plan: "Plan"
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
    partners: Sequence[SignalsLike] | None = None,
    progress: bool | None = None,
    width: float = 0.5,
    step: float | None = None,
    max_lag: float | None = None,
    causal: bool = True,
    polarity: bool = True,
    min_valid: float = 0.75,
    fps: float | None = None,
) -> xr.Dataset:
    """Test the imitation or coordination of every pair of signals against surrogates.

    For faces choose `width=2, step=1, max_lag=1` (s): a window must hold a whole expression, and mimicry takes about
    0.3 to 1 s, while the default largest lag is 0.1 s at 30 frames per second. The defaults are Bitbox's.

    The statistic of a pair is its mean correlation over windows. It is computed for x and y, and for x and each of n
    surrogates of y, which are signals that resemble y but are unrelated to x. The p-value is the probability of a
    statistic at least as large if x and y are independent.

    Parameters
    ----------
    x, y
        As for `imitation`. For coordination y may be omitted; the pairs are then those of different signals of x.
    measure
        "imitation" or "coordination".
    statistic
        "corr_abs_mean": the mean absolute correlation over windows, tested one-sided. "corr_mean": the mean
        correlation, tested two-sided. Default: "corr_abs_mean", or "corr_mean" with `polarity=False`. With
        `polarity=False`, "corr_mean" is always tested one-sided.
    surrogates
        How surrogates of y are made. Each surrogate is used for all pairs.

        "shift": y is shifted circularly in time, together with its gaps, by at least a window and twice the largest
        lag, and each time by a different amount. The gaps of the original y apply too. This keeps everything about y
        except its timing, so the false-positive rate stays close to its nominal value for slow signals and for bursts.
        It requires that both signals behave alike throughout the recording, without drift or a task that both people
        follow.

        "segments": the windows of x and y are paired at random, with their gaps. The false-positive rate stays close to
        its nominal value if windows do not share frames (`step` of at least `width` + 2 · `max_lag`). If they overlap,
        unrelated pairs are significant too often, because neighbouring windows are correlated and randomly paired ones
        are not.

        "phase": the Fourier phases of y are replaced by random ones, the same for all signals. Gaps are interpolated
        for this and restored afterwards. The false-positive rate stays close to its nominal value for signals with
        normally distributed values. Surrogates of signals that move in bursts have no rests, and the test then has
        little power.

        "partners": the signals of other recordings, passed as `partners`, replace y. This accounts for behaviour that
        the situation evokes in everybody. It cannot be used if everybody saw the same model.
    n
        Number of surrogates; the smallest possible p is 1 / (n + 1). If there are more `partners` than n, n of them are
        drawn; if there are fewer, all are used.
    rng
        A seed, or a Generator from which the seed is drawn. Default: a random seed. The seed is stored as text in the
        attribute `seed`; `rng=int(result.attrs["seed"])` repeats the test.
    pairs
        "all" pairs, or "matched": only pairs of the same signal in both people (dimension `pair`), a much smaller
        family of tests. Both take the same time.
    partners
        Signals like y, with the frame times of x. If one is shorter, its last frames count as missing.
    progress
        None: show a progress bar on terminals and in notebooks if the test takes longer than two seconds. True: show it
        everywhere. False: never show it.
    width, step, max_lag, causal, polarity, min_valid, fps
        As for `imitation` and `coordination` (which does not use `causal`).

    Returns
    -------
    Dataset
        `(…, signal1, signal2)` or `(…, pair)`, float64:

        - `observed`: statistic of x and y
        - `null_mean`, `null_std`: mean and standard deviation of the statistic over surrogates
        - `surrogate_z`: (observed − null_mean) / null_std
        - `p`: (b + 1) / (n + 1), where b is the number of surrogates that are at least as strong
        - `p_fwe`: p-value corrected for the family of all pairs. It is the probability, under independence, that any
          pair is as strong (family-wise error), from the strongest standardised statistic of each surrogate.
        - `q`: p-value corrected for the false discovery rate (Benjamini & Hochberg)

        NaN where nothing can be tested. The result is lazy if x or y is a dask array; each task then computes some
        surrogates of a whole recording.

    Raises
    ------
    ValueError
        As for the measure, and if the recording is too short for n surrogates or an option is out of range.

    Notes
    -----
    If gaps leave the windows of a surrogate with fewer frames than those of the observed signals, the mean of the
    surrogate varies more. Its deviation from the null mean is therefore multiplied by √(frames in its windows / frames
    in the observed windows), in null_std and in all p-values. A surrogate in which a pair has no window counts as
    stronger than the observed one. Values within 1e-6 standard deviations are ties, and also count as stronger. With
    further dimensions, each recording is a separate family. `surrogate_z` grows with the square root of the length of
    the recording; to compare recordings of different lengths use observed − null_mean.

    p: Phipson & Smyth (2010), Statistical Applications in Genetics and Molecular Biology 9, 39. p_fwe: Nichols &
    Holmes (2002). Phases: Prichard & Theiler (1994), Physical Review Letters 73, 951-954.

    Examples
    --------
    x follows y by five frames, in each signal:

    >>> from bitbox_xr import signals
    >>> rng = np.random.default_rng(0)
    >>> model = rng.normal(size=(3600, 2))
    >>> x = signals(np.roll(model, 5, axis=0) + rng.normal(size=(3600, 2)), fps=30, names=["AU06", "AU12"])
    >>> y = signals(model, fps=30, names=["AU06", "AU12"])
    >>> found = significance(x, y, width=2, step=1, max_lag=1, n=99, rng=1)
    >>> found.p_fwe.values
    array([[0.01, 0.28],
           [1.  , 0.01]])
    """
    options = Options(width, step, max_lag, polarity, min_valid, causal)
    pair = checked_pair(measure, x, y, options, fps)
    refuse("significance()", _faults(pair, pairs, statistic, progress))
    tested = statistic or ("corr_abs_mean" if polarity else "corr_mean")
    if pairs == "matched":
        labels = matched(xr.Dataset(coords=pair.coords()))[PAIR].values
        pair = replace(pair, x=pair.x.sel({SIGNAL: labels}), y=pair.y.sel({SIGNAL: labels}))
    draws = draw(surrogates, n, rng, pair, partners, fps)
    plan = pair.plan()
    test = _Test(pair.windows, plan, plan.lags / pair.fps, tested, pairs == "matched")
    call = partial(
        _test_statistics,
        two_sided=statistic == "corr_mean" and polarity,
        pair_dims=1 if test.matched else 2,
        alone=pair.mirrored,
    )
    x_values, y_values = pair.arrays
    found: Array
    if is_lazy(x_values, y_values):
        found = _lazy(x_values, y_values, draws, test, call)
    else:
        picks = range(len(draws.items) + 1)
        strengths = _strengths(np.asarray(x_values), np.asarray(y_values), picks, draws, test, threads(), progress)
        found = call(strengths)
    return _dataset(found, pair, draws, test)


def _faults(pair: Pair, pairs: object, statistic: object, progress: object) -> list[str]:
    faults = []
    if pairs not in ("all", "matched"):
        faults.append(f"expected pairs to be 'all' or 'matched', got {pairs!r}")
    faults += statistic_faults(statistic) + ([] if progress is None else flag_faults("progress", progress))
    faults += name_faults((*VARIABLES, PAIR) if pairs == "matched" else VARIABLES, pair.x, pair.y)
    if pair.mirrored and pairs == "matched":
        faults.append("expected y with pairs='matched', got None; give y, or use pairs='all'")
    if pair.mirrored and pair.x.sizes[SIGNAL] == 1:
        faults.append("expected y, or several signals in x, got no y and one signal; give y or more signals")
    return faults


def statistic_faults(statistic: object) -> list[str]:
    """Problems with the option `statistic`."""
    if statistic is None or statistic in STATISTICS:
        return []
    return [f"expected statistic to be {' or '.join(map(repr, STATISTICS))}, got {statistic!r}"]


def _dataset(found: Array, pair: Pair, draws: Draws, test: _Test) -> xr.Dataset:
    """Label `found` `(…, variable, n1, n2)` or `(…, variable, pair)`."""
    last = (PAIR,) if test.matched else (SIGNAL1, SIGNAL2)
    coords: Any = pair.coords()
    if test.matched:
        coords = matched(xr.Dataset(coords=coords)).coords
    variables = np.moveaxis(cast(Any, found), -1 - len(last), 0)  # dask arrays have this function too
    data = {}
    for name, values in zip(VARIABLES, variables, strict=True):
        described = test.statistic if name == "observed" else name
        data[name] = (pair.dims(*last), values, variable_attrs(described))
    attrs = {**draws.attrs(), "statistic": test.statistic, "pairs": "matched" if test.matched else "all"}
    return xr.Dataset(data, coords, pair.attrs() | attrs)


# --- the statistic of x and y, and of x and surrogates of y


def _strengths(
    x: np.ndarray,
    y: np.ndarray,
    picks: Sequence[int] | np.ndarray,
    draws: Draws,
    test: _Test,
    workers: int,
    progress: bool | None,
) -> np.ndarray:
    """Compute the statistic and the number of frames that it uses, `(…, pick, 2, n1, n2)` or `(…, pick, 2, pair)`.

    Pick 0 is y itself, and pick k is surrogate k − 1.
    """
    x, y, extra = correlation_engine.broadcast(x, y)
    spectra = {where: draws.spectrum(y[where]) for where in np.ndindex(extra)}

    def compute(at: tuple[tuple[int, ...], int]) -> np.ndarray:
        where, pick = at
        if pick == 0:
            return _strength(x[where], y[where], None, test)
        surrogate, order = draws.surrogate(pick - 1, y[where], spectra[where], test.windows.number)
        return _strength(x[where], surrogate, order, test)

    work = list(product(np.ndindex(extra), (int(pick) for pick in picks)))
    with ThreadPoolExecutor(workers) as pool:
        results = pool.map(compute, work)
        found = np.stack(list(tracked(results, len(work), "surrogates", shown=progress)))
    return found.reshape(*extra, len(picks), *found.shape[1:])


def _strength(x: np.ndarray, y: np.ndarray, order: np.ndarray | None, test: _Test) -> np.ndarray:
    """Mean over windows, and number of frames in them, `(2, n1, n2)`, or for matched pairs `(2, pair)`."""
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


def _lazy(x: Array, y: Array, draws: Draws, test: _Test, call: Callable[[np.ndarray], np.ndarray]) -> "da.Array":
    """Build the graph of the test: each task computes some surrogates of a recording, and `call` compares them."""
    import dask.array as da

    whole = (cast("da.Array", a if is_lazy(a) else da.from_array(a, chunks=-1)) for a in (x, y))
    x, y = (a.rechunk({a.ndim - 2: -1, a.ndim - 1: -1}) for a in whole)
    outer = "abcdefgh"[: x.ndim - 2]
    tail, new = ("p", {"p": x.shape[-1]}) if test.matched else ("ij", {})
    picks = da.arange(len(draws.items) + 1, chunks=SURROGATES_PER_TASK)
    task = partial(_some_strengths, draws=draws, test=test)
    values = da.blockwise(
        task, f"{outer}sk{tail}", x, f"{outer}ti", y, f"{outer}uj", picks, "s", new_axes={"k": 2, **new},
        concatenate=True, align_arrays=True, dtype=np.float64, meta=np.empty((0,) * (len(outer) + 2 + len(tail))),
    )  # fmt: skip
    values = values.rechunk({len(outer): -1})
    result: da.Array = da.blockwise(
        call, f"{outer}v{tail}", values, f"{outer}sk{tail}", new_axes={"v": len(VARIABLES)}, concatenate=True,
        dtype=np.float64, meta=np.empty((0,) * (values.ndim - 1)),
    )  # fmt: skip
    return result


def _some_strengths(x: np.ndarray, y: np.ndarray, picks: np.ndarray, draws: Draws, test: _Test) -> np.ndarray:
    return _strengths(x, y, picks, draws, test, 1, progress=False)


# --- comparison with the surrogates


def _test_statistics(strengths: np.ndarray, *, two_sided: bool, pair_dims: int, alone: bool) -> np.ndarray:
    """Compare each recording with its surrogates: `(…, variable, pairs…)` from `strengths` `(…, pick, 2, pairs…)`."""
    from bitbox_xr.kernels.p_values import against_chance

    lead, shape = strengths.shape[: -2 - pair_dims], strengths.shape[-pair_dims:]
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
