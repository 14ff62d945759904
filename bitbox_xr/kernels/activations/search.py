"""Search for activations of many signals at several scales, in blocks of signals.

Blocks fit into the processor's second-level cache. They do not depend on the number of threads, so results do not
either.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

import numpy as np

from bitbox_xr.kernels.activations import aggregate, expressions, extrema, gaps, rises, wavelets
from bitbox_xr.kernels.finite import infinite

__all__ = [
    "Found",
    "Search",
    "blocks",
    "decompose",
    "find",
    "joined",
    "responses",
    "search_rows",
    "searched_blocks",
    "summarise",
]

Result = TypeVar("Result")

BLOCK_VALUES = 3 * 2**16  # values in a block: frames times signals
BLOCK_ROWS = (4, 80)  # smallest and largest number of signals in a block
THREAD_VALUES = 2**17  # smallest number of values for one thread; with fewer, a thread costs more than it saves


class Search(NamedTuple):
    """Options of a search.

    `scales` are wavelet scales in frames; scale 0 is the signal itself, smoothed. If `apart` is 0, there is one list of
    activations for each scale. Otherwise there is one list for all scales, with activations at least `apart` frames
    apart. With `labels`, each label has such lists, those of the first label first: the whole recording is
    searched, and activations and eligible frames are sorted by the label of their frame.

    Of all maxima, those are activations whose rise is at least `least_rise` and whose response is at least `least_z`
    times the noise at their scale. If one of the two is given, the search `chooses`: the signal continues beyond its
    ends as its mirror image, not as its mean, and the activations of one expression are one (see `expressions`). A list
    for all scales then has the expressions of the activations at every scale, however far apart they are. So it misses
    hardly any expression that one of the scales alone finds with the same thresholds.
    """

    scales: tuple[float, ...]
    precision: int
    apart: int = 0
    measured: bool = True  # whether to measure widths, starts and ends, which are NaN otherwise
    outliers: bool = True  # whether to mark outliers
    labels: np.ndarray | None = None  # (frame,): number of each frame's label, −1 without one; None: no labels
    least_rise: float = 0.0
    least_z: tuple[float, ...] = ()  # for each scale; empty: the noise does not matter

    @property
    def chooses(self) -> bool:
        """Whether only some of the maxima are activations."""
        return bool(self.least_rise or self.least_z)


class Events(NamedTuple):
    """One entry for each activation. Those of one signal in one list are contiguous and sorted by frame."""

    list: np.ndarray
    signal: np.ndarray
    frame: np.ndarray
    scale: np.ndarray  # index of the scale of its maximum
    height: np.ndarray  # of the response
    width: np.ndarray  # full width of the response at half maximum, in frames
    peak: np.ndarray  # of the response, between frames
    start: np.ndarray  # of the rise, in frames from the first, between frames
    stop: np.ndarray


class Found(NamedTuple):
    """Activations, and the eligible frames, where activations could be found."""

    events: Events
    magnitude: np.ndarray  # value of the raw signal, interpolated where its frame is missing
    outlier: np.ndarray
    eligible: np.ndarray  # (list, signal): number of eligible frames
    watched: np.ndarray  # (list, frame): whether any signal was eligible


def find(values: np.ndarray, search: Search, noise: np.ndarray | None = None, *, threads: int = 1) -> Found:
    """Find activations in `values` `(frame, signal)`; NaN is missing. Raises ValueError if a value is infinite.

    `noise` `(scale, signal)` is that of the responses, which `search.least_z` refers to.
    """

    def block(columns: slice) -> Found:
        own = None if noise is None else noise[:, columns]
        return _find(np.array(values[:, columns].T, dtype=np.float64, order="C"), search, own)

    return joined(searched_blocks(block, values.shape, threads))


def summarise(
    values: np.ndarray,
    search: Search,
    finish: Callable[[Found], np.ndarray],
    noise: np.ndarray | None = None,
    *,
    threads: int = 1,
) -> np.ndarray:
    """`finish` of the activations that `find` finds, computed for each block: an array with the signals along the end.

    This is faster than joining all activations before.
    """

    def block(columns: slice) -> np.ndarray:
        own = None if noise is None else noise[:, columns]
        return finish(_find(np.array(values[:, columns].T, dtype=np.float64, order="C"), search, own))

    return np.concatenate(searched_blocks(block, values.shape, threads), axis=-1)


def searched_blocks(search_one: Callable[[slice], Result], shape: tuple[int, ...], threads: int) -> list[Result]:
    """The results for each block of signals of a recording of this shape `(frame, signal)`."""
    all_columns = blocks(*shape)
    threads = min(threads, len(all_columns), shape[0] * shape[1] // THREAD_VALUES)
    if threads > 1:
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(search_one, all_columns))
    return [search_one(columns) for columns in all_columns]


def blocks(frames: int, signals: int) -> list[slice]:
    """Blocks of signals that are searched together, in even numbers, since an FFT transforms two at once."""
    rows = int(np.clip(BLOCK_VALUES // frames + 1, *BLOCK_ROWS)) // 2 * 2
    return [slice(start, start + rows) for start in range(0, signals, rows)]


def joined(blocks: list[Found]) -> Found:
    """Concatenate the results of consecutive blocks of signals."""
    offsets = np.cumsum([0] + [found.eligible.shape[1] for found in blocks])
    events = [
        found.events._replace(signal=found.events.signal + offset)
        for found, offset in zip(blocks, offsets[:-1], strict=True)
    ]
    return Found(
        Events(*(np.concatenate(parts) for parts in zip(*events, strict=True))),
        np.concatenate([found.magnitude for found in blocks]),
        np.concatenate([found.outlier for found in blocks]),
        np.concatenate([found.eligible for found in blocks], axis=1),
        np.logical_or.reduce([found.watched for found in blocks]),
    )


def _find(rows: np.ndarray, search: Search, noise: np.ndarray | None) -> Found:
    """`find` for `rows` `(signal, frame)`. Fills their gaps in place."""
    present, mean = np.empty(rows.shape, dtype=bool), np.empty(len(rows))
    if gaps.bridge(rows, present, mean):
        raise ValueError(infinite())
    allowed = None if present.all() else gaps.eligible(present, search.scales, search.precision)
    largest = np.full((len(search.scales), len(rows)), np.nan)
    return search_rows(rows, mean, present, allowed, search, largest, noise)


def search_rows(
    rows: np.ndarray,
    mean: np.ndarray,
    present: np.ndarray,
    allowed: np.ndarray | None,
    search: Search,
    largest: np.ndarray,
    noise: np.ndarray | None = None,
) -> Found:
    """Find activations in `rows` `(signal, frame)` without gaps. `mean` `(signal,)` is what is subtracted from them.

    `allowed` `(scale, signal, frame)` marks the frames where activations are reported; None means all. `largest`
    `(scale, signal)` is the largest absolute value of each response, or NaN to compute it here. It is used if
    `search.apart` is 0. `noise` is `(scale, signal)`; where it is unknown but needed, no frame is eligible.
    """
    least = np.zeros((len(search.scales), len(rows)))
    if search.least_z:
        least = np.array(search.least_z)[:, None] * (np.full_like(least, np.nan) if noise is None else noise)
        if np.isnan(least).any():
            allowed = ~np.isnan(least)[:, :, None] & (present if allowed is None else allowed)
    if search.apart and not search.chooses:
        events = _together(responses(rows, mean, search), present, allowed, search)
    else:
        events = _each(responses(rows, mean, search), present, allowed, search, largest, least)
        events = _one_list(events) if search.apart else events
    if search.measured or search.chooses:
        events = _with_edges(events, rows, mean, present, search)
    magnitude = rows[events.signal, events.frame]
    if search.outliers:
        outlier = extrema.outlying(events.list * len(rows) + events.signal, magnitude)
    else:
        outlier = np.zeros(len(magnitude), dtype=bool)
    found = Found(events, magnitude, outlier, *_coverage(rows.shape, allowed, search))
    return found if search.labels is None else _by_label(found, allowed, search)


def _with_edges(events: Events, rows: np.ndarray, mean: np.ndarray, present: np.ndarray, search: Search) -> Events:
    """Activations with the edges of their rises or, if the search chooses, of their expressions, which are then one."""
    rise = _rises(events, search) if search.chooses else np.zeros(len(events.frame))
    scale = np.array(search.scales)[events.scale]
    if search.measured:
        falls = expressions.MIN_FALL * rise
        start, stop = rises.edges(rows, present, events.signal, events.frame, scale, falls)
        events = events._replace(start=start, stop=stop)
    return _expressions(events, rows - mean[:, None], scale, rise) if search.chooses else events


def _expressions(events: Events, centred: np.ndarray, scale: np.ndarray, rise: np.ndarray) -> Events:
    """The strongest activation of each expression, from its start to its end.

    If the first activation is before the start of the strongest one, or that start is unknown, the expression starts
    with the first one. Likewise, it may end with the last one.
    """
    groups = expressions.grouped(centred, events.list, events.signal, events.frame, scale, rise)
    kept = Events(*(column[groups.strongest] for column in events))
    start = np.where(events.frame[groups.first] >= kept.start, kept.start, events.start[groups.first])
    stop = np.where(events.frame[groups.last] <= kept.stop, kept.stop, events.stop[groups.last])
    return kept._replace(start=start, stop=stop)


def _rises(events: Events, search: Search) -> np.ndarray:
    """Heights of the rises, in the unit of the signal."""
    units = np.array([rises.unit_response(scale, search.precision) for scale in search.scales])
    return events.peak / units[events.scale]


def _by_label(found: Found, allowed: np.ndarray | None, search: Search) -> Found:
    """Activations, eligible and watched frames of each label. `allowed` is that of `search_rows`."""
    assert search.labels is not None
    lists, signals = found.eligible.shape
    label = search.labels[found.events.frame]
    own = label >= 0
    columns = (column[own] for column in found.events._replace(list=label * lists + found.events.list))
    inside = [search.labels == number for number in range(int(search.labels.max()) + 1)]
    eligible = [
        _coverage((signals, int(frames.sum())), None if allowed is None else allowed[:, :, frames], search)[0]
        for frames in inside
    ]
    watched = np.concatenate([found.watched & frames for frames in inside])
    kept = Events(*columns), found.magnitude[own], found.outlier[own]
    return Found(*kept, np.concatenate(eligible), watched)


def _coverage(shape: tuple[int, int], allowed: np.ndarray | None, search: Search) -> tuple[np.ndarray, np.ndarray]:
    """`Found.eligible` and `Found.watched` of signals with this shape `(row, frame)`. `allowed` None means all."""
    rows, frames = shape
    if allowed is None:
        lists = 1 if search.apart else len(search.scales)
        return np.full((lists, rows), frames), np.ones((lists, frames), dtype=bool)
    if search.apart:
        allowed = np.logical_or.reduce(allowed, axis=0, keepdims=True)
    return np.count_nonzero(allowed, axis=2), np.logical_or.reduce(allowed, axis=1)


def responses(rows: np.ndarray, mean: np.ndarray, search: Search) -> Iterator[np.ndarray]:
    """The smoothed response `(row, frame)` of `rows` minus their `mean` at each scale.

    Frames beyond those of `rows` are meaningless. A response is valid until the next one is computed, in the same
    memory. Few arrays are held at once, because one row of a day has 21 MB.
    """
    frames, sampling = rows.shape[1], (search.scales, search.precision)
    size = wavelets.padded(frames, *sampling, mirrored=search.chooses)
    signal = np.empty((len(rows), size))
    signal[:, frames:] = 0.0
    centred = np.empty(frames)
    for row, level, out in zip(rows, mean, signal[:, :frames], strict=True):
        wavelets.smooth(np.subtract(row, level, out=centred), out)
    del centred
    if not any(search.scales):
        yield from [signal] * len(search.scales)
        return
    if search.chooses:
        wavelets.mirror(signal, frames, *sampling)
    near = [
        (end.frames, np.tensordot(signal[:, end.at % size], end.weights, 1)) for end in wavelets.ends(*sampling, frames)
    ]
    parts = wavelets.parts(len(rows), size)
    transformed = np.empty((len(rows), size // 2 + 1), np.complex128)
    for part in parts:
        np.fft.rfft(signal[part], axis=-1, out=transformed[part])
    product, response = np.empty_like(transformed[parts[0]]), signal if all(search.scales) else np.empty_like(signal)
    memory = response[0], product[0] if len(parts) == 1 else None  # a single product may replace the spectrum
    for k, scale in enumerate(search.scales):
        if not scale:
            yield signal
            continue
        spectrum = wavelets.spectrum(k, *sampling, size, memory=memory)
        for part in parts:
            np.fft.irfft(np.multiply(transformed[part], spectrum, out=product), n=size, axis=-1, out=response[part])
        for where, values in near:
            response[:, where] = values[:, k]
        yield response


def _each(
    at_scales: Iterator[np.ndarray],
    present: np.ndarray,
    allowed: np.ndarray | None,
    search: Search,
    largest: np.ndarray,
    least: np.ndarray,
) -> Events:
    """A list of activations for each scale, of responses of at least `least` `(scale, row)`."""
    found = []
    for k, response in enumerate(at_scales):
        where = present if allowed is None else allowed[k]
        maxima = extrema.activations(response, where, search.measured, largest[k])
        found.append(_kept(k, *maxima, search, least[k]) if search.chooses else maxima)
    number = np.repeat(np.arange(len(found)), [sizes.shape[1] for _, sizes in found])
    (row, frame), (height, width, peak) = (np.concatenate(parts, axis=1) for parts in zip(*found, strict=True))
    unknown = np.full(len(number), np.nan)
    return Events(number, row, frame, number, height, width, peak, unknown, unknown)


def _kept(
    k: int, places: np.ndarray, sizes: np.ndarray, search: Search, least: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The maxima at scale number `k` with a response of at least `least` `(row,)` and a rise of at least `least_rise`.

    `places` and `sizes` are those of `extrema.activations`.
    """
    (row, _), (height, _, peak) = places, sizes
    keep = height >= least[row]
    if search.least_rise:
        keep &= peak >= search.least_rise * rises.unit_response(search.scales[k], search.precision)
    return places[:, keep], sizes[:, keep]


def _one_list(events: Events) -> Events:
    """The lists of all scales as one list."""
    order = np.lexsort((events.scale, events.frame, events.signal))
    return Events(*(column[order] for column in events._replace(list=np.zeros_like(events.list))))


def _together(
    at_scales: Iterator[np.ndarray],
    present: np.ndarray,
    allowed: np.ndarray | None,
    search: Search,
) -> Events:
    """One list of activations for all scales: the strongest maxima, at least `search.apart` frames apart."""
    found = []
    for k, response in enumerate(at_scales):
        where = present if allowed is None else allowed[k]
        found.append(extrema.candidates(response, where, present, search.measured))
    first = np.cumsum([0] + [len(score) for *_, score in found])
    (row, frame), sizes, sign, score = (np.concatenate(parts, axis=-1) for parts in zip(*found, strict=True))
    kept, row, frame, scale = aggregate.strongest(row, frame, first, sign, score, search.apart, present.shape)
    number, unknown = np.zeros(len(kept), np.int64), np.full(len(kept), np.nan)
    height, width, peak = sizes[:, kept] if search.measured else (unknown, unknown, unknown)
    return Events(number, row, frame, scale, height, width, peak, unknown, unknown)


def decompose(signal: np.ndarray, search: Search) -> np.ndarray:
    """The smoothed responses `(scale, frame)` of one signal, with missing frames interpolated."""
    rows = np.array(signal[None], dtype=np.float64)
    mean = np.empty(1)
    gaps.bridge(rows, np.empty(rows.shape, dtype=bool), mean)
    return np.array([response[0, : len(signal)].copy() for response in responses(rows, mean, search)])
