"""Frame times of a recording, their regularity, and missing frames.

The length of a *gap* is the time from the last frame before it to the first frame after it: one lost frame at 30 frames
per second leaves a gap of 2/30 s.
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

__all__ = ["MIN_GAP_STEPS", "Frames", "frames_of", "regularity"]

MIN_GAP_STEPS = 1.5  # median steps; a longer time between frames is a gap
MAX_ROUNDING_STEPS = 1e-6  # median steps


class Frames(NamedTuple):
    """Times (s) of the rows of a recording, taken from the regular time axis `grid` if there is one."""

    times: np.ndarray
    fps: float  # of the regular time axis; otherwise one frame per median step
    grid: frame_rate.Grid | None

    @property
    def step(self) -> float:
        """Seconds between frames."""
        return 1 / self.fps

    def moved(self, seconds: float) -> "Frames":
        """The same frames, `seconds` later."""
        grid = self.grid._replace(start=self.grid.start + seconds) if self.grid else None
        return Frames(self.times + seconds, self.fps, grid)


def frames_of(x: xr.DataArray) -> Frames:
    """Frame times of `x`, which has at least two rows."""
    axis = x[TIME].values.astype(np.float64)
    grid = frame_rate.fit(axis)
    if grid is None:
        return Frames(axis, 1 / float(np.median(np.diff(axis))), None)
    return Frames(grid.times()[grid.frames], grid.fps, grid)


def regularity(x: SignalsLike) -> xr.Dataset:
    """Report the frame rate of a recording, whether its times are regular, and its gaps: frames without any signal.

    Times are regular if each lies within a quarter of a frame of start + k / fps, for whole numbers k.

    Parameters
    ----------
    x
        Signals `(…, time, signal)`. dask input is computed, but only to find missing values.

    Returns
    -------
    Dataset
        For the time axis: `fps` (NaN if no regular rate fits), `regular` (also False if rows are missing), `step_min`,
        `step_median` and `step_max` (s). For each recording `(…)`: the number of `frames` with any signal, of `lost`
        frames and of `gaps`, and `longest_gap` (s; 0 without gaps). For each gap `(…, gap)`: `gap_start` (s),
        `gap_length` (s) and `gap_frames`, padded with NaN (`gap_frames` with 0). A gap at an end is measured from the
        first frame or to the last. If times are not regular, a step of 1.5 median steps or more is also a gap; its
        number of frames is that of median steps in its place.

    Raises
    ------
    ValueError
        If the input is not valid (the message lists all faults), or has only one frame.

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
        + (["x: expected at least two frames, got one"] if x.sizes[TIME] < 2 else []),
    )
    own, steps = frames_of(x), np.diff(x[TIME].values)
    present = x.notnull().any(SIGNAL).transpose(..., TIME)
    recordings = present.isel({TIME: 0}, drop=True)
    mask = np.asarray(present.values)
    gaps = _padded([_gaps(own, row) for row in mask.reshape(-1, mask.shape[-1])], recordings.shape)
    start, length, missing = gaps[..., 0], gaps[..., 1], np.nan_to_num(gaps[..., 2]).astype(np.int64)
    out = xr.Dataset(
        {
            "fps": own.grid.fps if own.grid else np.nan,
            "regular": own.grid is not None and not own.grid.lost,
            "step_min": steps.min(),
            "step_median": np.median(steps),
            "step_max": steps.max(),
            "frames": (recordings.dims, mask.sum(axis=-1)),
            "lost": (recordings.dims, missing.sum(axis=-1)),
            "gaps": (recordings.dims, (missing > 0).sum(axis=-1)),
            "longest_gap": (recordings.dims, np.max(length, axis=-1, initial=0.0, where=missing > 0)),
            "gap_start": ((*recordings.dims, GAP), start),
            "gap_length": ((*recordings.dims, GAP), length),
            "gap_frames": ((*recordings.dims, GAP), missing),
        },
        coords={**carried(x), GAP: (GAP, np.arange(gaps.shape[-2]), variable_attrs(GAP))},
        attrs=provenance(x),
    )
    for name in out.data_vars:
        out[name].attrs = variable_attrs(str(name))
    return out


def _gaps(own: Frames, present: np.ndarray) -> np.ndarray:
    """Start (s), length (s) and number of frames of each gap; `present` is True for rows with any signal."""
    steps = np.diff(own.times) * own.fps
    # Times in whole ms have steps of exactly 1.5 median steps. Rounding to float seconds must not split these cases.
    whole = np.floor(steps + 0.5 + MAX_ROUNDING_STEPS)
    numbers = np.concatenate([[0], np.cumsum(np.maximum(whole, 1))])
    rows = np.flatnonzero(present)
    missing = np.diff(numbers[rows], prepend=-1, append=numbers[-1] + 1) - 1
    at = np.flatnonzero(missing)
    start, stop = own.times[np.append(0, rows)[at]], own.times[np.append(rows, -1)[at]]
    return np.stack([start, stop - start, missing[at]], axis=-1)


def _padded(tables: list[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    """Combine tables `(gap, 3)` into one array `(…, gap, 3)`, padded with NaN."""
    out = np.full((len(tables), max(map(len, tables)), 3), np.nan)
    for to, table in zip(out, tables, strict=True):
        to[: len(table)] = table
    return out.reshape(*shape, *out.shape[1:])
