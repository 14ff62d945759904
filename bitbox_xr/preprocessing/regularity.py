"""When the frames of a recording were, and which of them are missing.

Everywhere a *gap* is the time between two frames that are there, the last before it and the first after it: one
lost frame at 30 frames a second leaves a gap of 2/30 s.
"""

from typing import NamedTuple

import numpy as np
import xarray as xr

from bitbox_xr.core import validation
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.provenance import carried, provenance
from bitbox_xr.core.signal_set import as_signals
from bitbox_xr.core.types import SignalsLike
from bitbox_xr.core.variables import GAP, RESERVED, SIGNAL, TIME, variable_attrs
from bitbox_xr.kernels import frame_rate

__all__ = ["STEPS", "Frames", "frames_of", "regularity"]

STEPS = 1.5  # median steps; a longer one is a gap
ROUNDED = 1e-6  # median steps


class Frames(NamedTuple):
    """When the rows of a recording were, s: as the regular clock `grid` has them, where there is one."""

    times: np.ndarray
    fps: float  # of the regular clock; else one frame per median step
    grid: frame_rate.Grid | None

    @property
    def step(self) -> float:
        """Seconds from a frame to the next."""
        return 1 / self.fps

    def moved(self, seconds: float) -> "Frames":
        """The same rows, `seconds` later."""
        grid = self.grid._replace(start=self.grid.start + seconds) if self.grid else None
        return Frames(self.times + seconds, self.fps, grid)


def frames_of(x: xr.DataArray) -> Frames:
    """When the rows of `x`, at least two, were."""
    axis = x[TIME].values.astype(np.float64)
    grid = frame_rate.fit(axis)
    if grid is None:
        return Frames(axis, 1 / float(np.median(np.diff(axis))), None)
    return Frames(grid.times()[grid.frames], grid.fps, grid)


def regularity(x: SignalsLike) -> xr.Dataset:
    """The rate of a recording's clock, whether it is regular, and the gaps: frames at which no signal is there.

    Parameters
    ----------
    x
        Signals `(…, time, signal)` on any clock. dask input is computed (whether frames are there, no more).

    Returns
    -------
    Dataset
        Of the clock: `fps` (NaN where no regular clock fits), `regular` (False also where rows are missing),
        `step_min`, `step_median`, `step_max` (s). Of each recording `(…)`: `frames` that hold any signal, `lost`
        ones, `gaps`, `longest_gap` (s; 0 where there is none), and, in order, `gap_start` (s), `gap_length` (s)
        and `gap_frames` `(…, gap)`, padded with NaN, 0 for `gap_frames`. A gap at an end is counted from the
        recording's first frame or to its last. On an irregular clock a step of 1.5 median ones or more is a gap
        too, of as many frames as median steps would have had.

    Raises
    ------
    ValueError
        For every fault of the input at once; where there is only one frame.

    Examples
    --------
    >>> from bitbox_xr import signals
    >>> values = np.ones((100, 2))
    >>> values[10:13], values[60] = np.nan, np.nan
    >>> report = regularity(signals(values, fps=25))
    >>> float(report.fps), bool(report.regular), int(report.lost), int(report.gaps)
    (25.0, True, 4, 2)
    >>> report.gap_start.values, report.gap_length.values, report.gap_frames.values
    (array([0.36, 2.36]), array([0.16, 0.08]), array([3, 1]))
    """
    x = as_signals(x)
    refuse(
        "regularity()",
        validation.name_faults(RESERVED["regularity"], x)
        + (["x: there is one frame; two at least are wanted"] if x.sizes[TIME] < 2 else []),
    )
    own, steps = frames_of(x), np.diff(x[TIME].values)
    present = x.notnull().any(SIGNAL).transpose(..., TIME)
    each = present.isel({TIME: 0}, drop=True)  # a recording each
    mask = np.asarray(present.values)
    gaps = _padded([_gaps(own, row) for row in mask.reshape(-1, mask.shape[-1])], each.shape)
    start, length, missing = gaps[..., 0], gaps[..., 1], np.nan_to_num(gaps[..., 2]).astype(np.int64)
    out = xr.Dataset(
        {
            "fps": own.grid.fps if own.grid else np.nan,
            "regular": own.grid is not None and not own.grid.lost,
            "step_min": steps.min(),
            "step_median": np.median(steps),
            "step_max": steps.max(),
            "frames": (each.dims, mask.sum(axis=-1)),
            "lost": (each.dims, missing.sum(axis=-1)),
            "gaps": (each.dims, (missing > 0).sum(axis=-1)),
            "longest_gap": (each.dims, np.max(length, axis=-1, initial=0.0, where=missing > 0)),
            "gap_start": ((*each.dims, GAP), start),
            "gap_length": ((*each.dims, GAP), length),
            "gap_frames": ((*each.dims, GAP), missing),
        },
        coords={**carried(x), GAP: (GAP, np.arange(gaps.shape[-2]), variable_attrs(GAP))},
        attrs=provenance(x),
    )
    for name in out.data_vars:
        out[name].attrs = variable_attrs(str(name))
    return out


def _gaps(own: Frames, present: np.ndarray) -> np.ndarray:
    """Start, length (s) and number of frames of each gap, where `present` says which rows hold anything."""
    steps = np.diff(own.times) * own.fps
    # times in whole ms have steps of exactly 1.5 median ones; the rounding of seconds does not decide what these are
    whole = np.floor(steps + 0.5 + ROUNDED)
    numbers = np.concatenate([[0], np.cumsum(np.maximum(whole, 1))])
    rows = np.flatnonzero(present)
    missing = np.diff(numbers[rows], prepend=-1, append=numbers[-1] + 1) - 1
    at = np.flatnonzero(missing)
    start, stop = own.times[np.append(0, rows)[at]], own.times[np.append(rows, -1)[at]]
    return np.stack([start, stop - start, missing[at]], axis=-1)


def _padded(tables: list[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    """Tables `(gap, 3)` as one array `(…, gap, 3)`, NaN where one has fewer gaps than another."""
    out = np.full((len(tables), max(map(len, tables)), 3), np.nan)
    for to, table in zip(out, tables, strict=True):
        to[: len(table)] = table
    return out.reshape(*shape, *out.shape[1:])
