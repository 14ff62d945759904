"""The statistic of x and y, and of x and surrogates of y, computed with threads or as a dask graph."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from bitbox_xr.core.lazy import is_lazy, threads
from bitbox_xr.core.progress import tracked
from bitbox_xr.core.types import Array
from bitbox_xr.inference.matched_strengths import matched_statistic, signal_groups
from bitbox_xr.inference.surrogates import Draws, Replacement
from bitbox_xr.kernels.compilation_notice import quiet
from bitbox_xr.measures import correlation_engine
from bitbox_xr.measures.correlation_engine import Windows

if TYPE_CHECKING:
    import dask.array as da

    from bitbox_xr.kernels.activity import Ranks
    from bitbox_xr.kernels.correlation.windowed import Plan

__all__ = ["KINDS", "Statistics", "compared"]

SURROGATES_PER_TASK = 8  # of dask
SHARING_PER_TASK = 64  # of matched pairs that share tables, which take longer than some surrogates
KINDS = ("mean", "cover", "activity")  # what is computed for x and each surrogate, one matrix of pairs each


class Statistics(NamedTuple):
    """What is computed for x and y and each surrogate."""

    plan: "Plan"
    seconds: np.ndarray  # the lags of the plan
    least: int  # frames that a window must have
    name: str
    matched: bool

    @property
    def pair_dims(self) -> int:
        """Dimensions of the pairs: one for matched pairs, else two."""
        return 1 if self.matched else 2


def compared(
    x: Array,
    y: Array,
    draws: Draws,
    asked: Statistics,
    compare: Callable[[np.ndarray], np.ndarray],
    variables: int,
    progress: bool | None,
) -> Array:
    """Apply `compare` to the statistics of y and all surrogates; `(…, variable, n1, n2)` or `(…, variable, pair)`.

    `compare` takes them as `(…, pick, kind, pairs…)`; see `KINDS`. Pick 0 is y itself, then follow all surrogates.
    """
    if is_lazy(x, y):
        return _lazy(x, y, draws, asked, compare, variables)
    picks = range(1 + len(draws.items) + len(draws.exchangeable))
    return compare(_strengths(np.asarray(x), np.asarray(y), picks, draws, asked, threads(), progress))


def _strengths(
    x: np.ndarray,
    y: np.ndarray,
    picks: Sequence[int] | np.ndarray,
    draws: Draws,
    asked: Statistics,
    workers: int,
    progress: bool | None,
) -> np.ndarray:
    """Compute all kinds of statistics, `(…, pick, kind, pairs…)`. Pick 0 is y itself, pick k is surrogate k − 1."""
    x, y, extra = correlation_engine.broadcast(np.ascontiguousarray(x), np.ascontiguousarray(y))
    groups = signal_groups(draws, x.shape[-1]) if asked.matched else [slice(None)]
    recordings, numbers = list(np.ndindex(extra)), [int(pick) for pick in picks]
    pairs = (y.shape[-1],) if asked.matched else (x.shape[-1], y.shape[-1])
    out = np.empty((len(recordings), len(numbers), len(KINDS), *pairs))

    def results(pool: ThreadPoolExecutor) -> Iterator[np.ndarray]:
        for where, signals in product(recordings, groups):
            sides = x[where][:, signals], y[where][:, signals]
            yield from pool.map(_statistic(*sides, draws.of_signals(signals), asked), numbers)

    work = list(product(range(len(recordings)), groups, range(len(numbers))))
    with quiet(progress is False), ThreadPoolExecutor(workers) as pool:
        found = tracked(results(pool), len(work), "surrogates", shown=progress)
        for (recording, signals, pick), one in zip(work, found, strict=True):
            out[recording, pick][..., signals] = one
    return out.reshape(*extra, *out.shape[1:])


def _statistic(x: np.ndarray, y: np.ndarray, draws: Draws, asked: Statistics) -> Callable[[int], np.ndarray]:
    """A function that computes all kinds of statistics, `(kind, pairs…)`, of a pick."""
    magnitude = asked.name == "corr_abs_mean"
    if asked.matched:
        return matched_statistic(x, y, draws, asked.plan, asked.least, magnitude=magnitude)
    from bitbox_xr.kernels.activity import ranked

    spectra = draws.spectra(y)
    active = [_activity(a, part.windows, asked.least) for a, part in zip(draws.of_parts(x), draws.parts, strict=True)]
    ranks = ranked(np.concatenate(active))

    def compute(pick: int) -> np.ndarray:
        made = draws.surrogate(pick - 1, y, spectra) if pick else draws.replaced(draws.observed(), y)
        return _strength(x, active, ranks, made, draws, asked)

    return compute


def _strength(
    x: np.ndarray, active: list[np.ndarray], ranks: "Ranks", made: list[Replacement], draws: Draws, asked: Statistics
) -> np.ndarray:
    """Mean over windows, number of frames in them, and correlation of activities, `(kind, n1, n2)`.

    `active` is the activity of x in each part, `ranks` are its ranks over all of them.
    """
    from bitbox_xr.kernels.activity import rank_correlation
    from bitbox_xr.kernels.p_values import strengths

    sums = np.zeros((3, x.shape[1], made[0].y.shape[1]))
    sides: tuple[list[np.ndarray], list[np.ndarray]] = [], []
    for part, of_x, replacement in zip(draws.parts, active, made, strict=True):
        windows = part.windows if replacement.number is None else part.windows._replace(number=replacement.number)
        _add_windows(x[part.start : part.stop], replacement, windows, asked, sums)
        of_y = _activity(replacement.y, windows, asked.least)
        sides[0].append(of_x[: windows.number])
        sides[1].append(of_y if replacement.order is None else of_y[replacement.order])
    one, other = (np.concatenate(side) for side in sides)
    whole = ranks if len(one) == len(ranks.values) else one  # a part may have fewer windows in y
    return strengths(sums, rank_correlation(whole, other))


def _add_windows(x: np.ndarray, made: Replacement, windows: Windows, asked: Statistics, sums: np.ndarray) -> None:
    """Correlate the windows of one part, and add them to `sums` (see `add_strength`)."""
    from bitbox_xr.kernels.p_values import add_strength

    n1, n2 = sums.shape[1:]
    corr, lag = np.empty((2, correlation_engine.BLOCK, n1, n2), np.float32)
    shares = np.empty((len(corr), n1), np.float32), np.empty((len(corr), n2), np.float32)
    last = np.full((n1, n2), -windows.width)
    for first in range(0, windows.number, len(corr)):
        stop = min(first + len(corr), windows.number)
        out = tuple(array[: stop - first] for array in (corr, lag, *shares))
        correlation_engine.block(
            x, made.y, windows, asked.plan, asked.seconds, False, first, stop, out, made.order
        )  # fmt: skip
        add_strength(out[0], asked.name == "corr_abs_mean", first, windows.width, windows.step, last, sums)


def _activity(values: np.ndarray, windows: Windows, least: int) -> np.ndarray:
    """Variance within each window, `(window, signal)`."""
    from bitbox_xr.kernels.activity import window_variances

    return window_variances(values, windows.width, windows.step, windows.reach, windows.number, least)


def _lazy(
    x: Array, y: Array, draws: Draws, asked: Statistics, compare: Callable[[np.ndarray], np.ndarray], variables: int
) -> "da.Array":
    """Build the graph: each task computes some surrogates of a recording, and another task compares them."""
    import dask.array as da

    whole = (cast("da.Array", a if is_lazy(a) else da.from_array(a, chunks=-1)) for a in (x, y))
    x, y = (a.rechunk({a.ndim - 2: -1, a.ndim - 1: -1}) for a in whole)
    outer = "abcdefgh"[: x.ndim - 2]
    tail, new = ("p", {"p": x.shape[-1]}) if asked.matched else ("ij", {})
    size = SHARING_PER_TASK if asked.matched and draws.rearranging else SURROGATES_PER_TASK
    picks = da.arange(1 + len(draws.items) + len(draws.exchangeable), chunks=size)
    task = partial(_some_strengths, draws=draws, asked=asked)
    values = da.blockwise(
        task, f"{outer}sk{tail}", x, f"{outer}ti", y, f"{outer}uj", picks, "s", new_axes={"k": len(KINDS), **new},
        concatenate=True, align_arrays=True, dtype=np.float64, meta=np.empty((0,) * (len(outer) + 2 + len(tail))),
    )  # fmt: skip
    values = values.rechunk({len(outer): -1})
    result: da.Array = da.blockwise(
        compare, f"{outer}v{tail}", values, f"{outer}sk{tail}", new_axes={"v": variables}, concatenate=True,
        dtype=np.float64, meta=np.empty((0,) * (values.ndim - 1)),
    )  # fmt: skip
    return result


def _some_strengths(x: np.ndarray, y: np.ndarray, picks: np.ndarray, draws: Draws, asked: Statistics) -> np.ndarray:
    return _strengths(x, y, picks, draws, asked, 1, progress=False)
