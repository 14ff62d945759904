"""The statistic of x and y, and of x and surrogates of y, computed with threads or as a dask graph."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from bitbox_xr.core.lazy import is_lazy, threads
from bitbox_xr.core.progress import tracked
from bitbox_xr.core.types import Array
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
MATCHED_WINDOWS = 128  # computed at a time for matched pairs, whose matrices are small
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
    spectra = {where: draws.spectra(y[where]) for where in np.ndindex(extra)}
    active = {where: _activities(x[where], draws, asked) for where in np.ndindex(extra)}

    def compute(at: tuple[tuple[int, ...], int]) -> np.ndarray:
        where, pick = at
        made = draws.surrogate(pick - 1, y[where], spectra[where]) if pick else draws.observed(y[where])
        return _strength(x[where], active[where], made, draws, asked)

    work = list(product(np.ndindex(extra), (int(pick) for pick in picks)))
    with quiet(progress is False), ThreadPoolExecutor(workers) as pool:
        results = pool.map(compute, work)
        found = np.stack(list(tracked(results, len(work), "surrogates", shown=progress)))
    return found.reshape(*extra, len(picks), *found.shape[1:])


def _activities(x: np.ndarray, draws: Draws, asked: Statistics) -> tuple[list[np.ndarray], "Ranks"]:
    """The activity of x in each part, and its ranks over all of them."""
    from bitbox_xr.kernels.activity import ranked

    active = [_activity(x[part.start : part.stop], part.windows, asked.least) for part in draws.parts]
    return active, ranked(np.concatenate(active))


def _strength(
    x: np.ndarray,
    active: tuple[list[np.ndarray], "Ranks"],
    made: list[Replacement],
    draws: Draws,
    asked: Statistics,
) -> np.ndarray:
    """Mean over windows, number of frames in them, and correlation of activities, `(kind, pairs…)`."""
    from bitbox_xr.kernels.activity import rank_correlation

    n1 = 1 if asked.matched else x.shape[1]
    sums = np.zeros((3, n1, made[0].y.shape[1]))
    sides: tuple[list[np.ndarray], list[np.ndarray]] = [], []
    for part, of_x, replacement in zip(draws.parts, active[0], made, strict=True):
        windows = part.windows if replacement.number is None else part.windows._replace(number=replacement.number)
        _add_windows(x[part.start : part.stop], replacement, windows, asked, sums)
        of_y = _activity(replacement.y, windows, asked.least)
        sides[0].append(of_x[: windows.number])
        sides[1].append(of_y if replacement.order is None else of_y[replacement.order])
    one, other = (np.concatenate(side) for side in sides)
    whole = active[1] if len(one) == len(active[1].values) else one  # a part may have fewer windows in y
    activity = rank_correlation(whole, other, matched=asked.matched)
    count, total, cover = sums
    mean = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
    return np.stack([mean[0], cover[0], activity] if asked.matched else [mean, cover, activity])


def _add_windows(x: np.ndarray, made: Replacement, windows: Windows, asked: Statistics, sums: np.ndarray) -> None:
    """Correlate the windows of one part, and add them to `sums` (see `add_strength`)."""
    from bitbox_xr.kernels.p_values import add_strength

    n1, n2 = sums.shape[1:]
    block = MATCHED_WINDOWS if asked.matched else correlation_engine.BLOCK
    corr, lag = np.empty((2, block, n1, n2), np.float32)
    shares = np.empty((block, x.shape[1]), np.float32), np.empty((block, n2), np.float32)
    last = np.full((n1, n2), -windows.width)
    for first in range(0, windows.number, block):
        stop = min(first + block, windows.number)
        out = tuple(array[: stop - first] for array in (corr, lag, *shares))
        correlation_engine.block(
            x, made.y, windows, asked.plan, asked.seconds, False, first, stop, out, made.order,
            matched=asked.matched,
        )  # fmt: skip
        add_strength(out[0], asked.name == "corr_abs_mean", first, windows.width, windows.step, last, sums)


def _activity(values: np.ndarray, windows: Windows, least: int) -> np.ndarray:
    """Variance within each window, `(window, signal)`."""
    from bitbox_xr.kernels.activity import window_variances

    out = np.empty((windows.number, values.shape[1]))
    window_variances(np.asarray(values, np.float64), windows.width, windows.step, windows.reach, least, out)
    return out


def _lazy(
    x: Array, y: Array, draws: Draws, asked: Statistics, compare: Callable[[np.ndarray], np.ndarray], variables: int
) -> "da.Array":
    """Build the graph: each task computes some surrogates of a recording, and another task compares them."""
    import dask.array as da

    whole = (cast("da.Array", a if is_lazy(a) else da.from_array(a, chunks=-1)) for a in (x, y))
    x, y = (a.rechunk({a.ndim - 2: -1, a.ndim - 1: -1}) for a in whole)
    outer = "abcdefgh"[: x.ndim - 2]
    tail, new = ("p", {"p": x.shape[-1]}) if asked.matched else ("ij", {})
    picks = da.arange(1 + len(draws.items) + len(draws.exchangeable), chunks=SURROGATES_PER_TASK)
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
