"""The time axis of a sheet: a regular axis with lost frames if its times are regular, otherwise the times as read."""

import re
from typing import NamedTuple

import numpy as np
import pandas as pd

from bitbox_xr.core import validation
from bitbox_xr.core.errors import refuse, warn
from bitbox_xr.io.readers.columns import Attrs, ColumnLike, Layout, ReadOptions, TimesLike
from bitbox_xr.io.readers.sheet import Sheet, numbers, position, row_label
from bitbox_xr.kernels import frame_rate

__all__ = ["time_axis_of"]

ASSUMED = "no time in the source; 30 fps as Bitbox has it"
MAX_TIME_S = 1e12  # larger times are in another unit
# A regular axis is refused if it has more frames than MIN_FRAME_LIMIT + FRAME_LIMIT_PER_ROW * rows.
MIN_FRAME_LIMIT = 1_000_000
FRAME_LIMIT_PER_ROW = 10
TIME_NAME = re.compile(r"t|time(stamp)?s?", re.IGNORECASE)  # names that a message proposes as a column of times
MAX_EXACT_INTEGER = 2**53  # in float64


class RowTimes(NamedTuple):
    """The times of the rows in seconds, or their frame numbers; None for what the source does not have."""

    subject: str  # file and column, for messages
    seconds: np.ndarray | None = None
    frames: np.ndarray | None = None
    origin: str | None = None  # of times that were dates or times of day


def time_axis_of(
    sheet: Sheet, layout: Layout, options: ReadOptions, rows: np.ndarray
) -> tuple[frame_rate.Grid | np.ndarray, Attrs]:
    """The regular time axis of `rows`, or their times if these are irregular; and attributes that say where it is from.

    A given rate replaces the file's times. If the file's times have another rate, a UserWarning says so.
    """
    axis, source = _time_axis(sheet, layout, options, rows)
    if options.fps is None or not isinstance(axis, frame_rate.Grid):
        return axis, source
    file_fps = _file_fps(sheet, layout, options)
    if file_fps is None or abs(file_fps / axis.fps - 1) * axis.size <= 2 * frame_rate.TOLERANCE:
        return axis, source
    warn(
        f"{sheet.file}: fps={axis.fps:.5g} replaces the rate of the file's times, {file_fps:.5g} frames per second; "
        "leave out fps to keep the times"
    )
    return axis, {**source, "time_source": f"{source['time_source']}; the file's times say {file_fps:.5g}"}


def _time_axis(
    sheet: Sheet, layout: Layout, options: ReadOptions, rows: np.ndarray
) -> tuple[frame_rate.Grid | np.ndarray, Attrs]:
    """The time axis of `rows`, and its source.

    Without a given rate, the axis is fitted to the times of the file. A given rate replaces the times, but the file
    still says which frames are missing: by its frame numbers (if only every k-th frame was tracked, the rate is fps/k),
    or by regular times.
    """
    row_times = _row_times(sheet, layout, options)
    if options.fps is None and row_times.seconds is not None:
        axis = _by_times(sheet, options, row_times, row_times.seconds, rows)
        return axis, {"time_origin": row_times.origin} if row_times.origin else {}
    fps = layout.fps if options.fps is None else options.fps
    if fps is None:
        raise ValueError(f"{sheet.file}: {_missing_time(sheet, layout)}")
    source: Attrs = {"time_source": ASSUMED if options.fps is None else "fps given"}
    grid = frame_rate.Grid(0.0, fps, np.arange(len(rows)))
    if row_times.frames is not None:
        grid = _by_frames(sheet, row_times.subject, row_times.frames, layout.first_frame, fps, rows)
        return grid, source if grid.fps == fps else {**source, "frame_step": round(fps / grid.fps)}
    if row_times.seconds is None:
        return grid, source
    fitted = None if validation.increase_faults(row_times.seconds[rows]) else _fit(_distinct(row_times.seconds))
    if fitted is None:
        return grid, {"time_source": f"{source['time_source']}; the times of the source are not regular and not used"}
    return _cropped(sheet, frame_rate.Grid(0.0, fps, _frames(fitted, row_times.seconds, rows)), rows), source


def _missing_time(sheet: Sheet, layout: Layout) -> str:
    if layout.frame is not None:
        return (
            f"expected frames per second, since {layout.backend} writes frame numbers but no times; give the rate of "
            "the video, fps=…"
        )
    named = next((name for name in sheet.names if TIME_NAME.fullmatch(name.strip())), None)
    time = "time=…" if named is None else f"time={named!r}"
    return (
        f"expected a column of times or a frame rate, got neither; name the column ({time}, time_unit=…) or give "
        f"fps=…; columns: {validation.listed(sheet.names)}"
    )


# --- from times; all faces share the frames of the video, so the rate is fitted to the times of all rows


def _by_times(
    sheet: Sheet, options: ReadOptions, row_times: RowTimes, seconds: np.ndarray, rows: np.ndarray
) -> frame_rate.Grid | np.ndarray:
    of_face = seconds[rows]
    faults = validation.increase_faults(of_face)
    if faults:
        bad = np.flatnonzero(~np.isfinite(of_face) | ~(np.diff(of_face, prepend=-np.inf) > 0))[0]
        refuse(row_times.subject, [f"{faults[0]}; see {row_label(sheet, rows[bad])}"])
    distinct = _distinct(seconds)
    if np.abs(distinct).max() > MAX_TIME_S:
        raise ValueError(
            f"{row_times.subject}: expected times up to {MAX_TIME_S:g} s, got {np.abs(distinct).max():g} s with "
            f"time_unit={options.time_unit!r}; give their unit, time_unit=…"
        )
    refuse(row_times.subject, _rate_faults(distinct, options, row_times))
    fitted = _fit(distinct)
    if fitted is None:
        result: frame_rate.Grid | np.ndarray = of_face
        return result
    return _cropped(sheet, fitted._replace(frames=_frames(fitted, seconds, rows)), rows)


def _distinct(seconds: np.ndarray) -> np.ndarray:
    return np.unique(seconds[np.isfinite(seconds)])


def _fit(distinct: np.ndarray) -> frame_rate.Grid | None:
    return frame_rate.fit(distinct) if np.abs(distinct).max() <= MAX_TIME_S else None


def _frames(grid: frame_rate.Grid, seconds: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The frames of `rows` on a grid that was fitted to the distinct times in `seconds`."""
    result: np.ndarray = grid.frames[np.searchsorted(_distinct(seconds), seconds[rows])]
    return result


def _file_fps(sheet: Sheet, layout: Layout, options: ReadOptions) -> float | None:
    """Frames per second according to the file's own times; None if they do not give a rate."""
    try:
        row_times = _row_times(sheet, layout, options._replace(fps=None))
    except ValueError:  # the times are not needed, so their faults do not matter
        return None
    distinct = _distinct(row_times.seconds) if row_times.seconds is not None else np.empty(0)
    if len(distinct) < 2 or _rate_faults(distinct, options, row_times):
        return None
    fitted = _fit(distinct)
    return None if fitted is None else fitted.fps


def _rate_faults(distinct: np.ndarray, options: ReadOptions, row_times: RowTimes) -> list[str]:
    return validation.rate_faults(
        distinct, None, stated=False, time_unit=options.time_unit, dates=row_times.origin is not None
    )


# --- from frame numbers


def _by_frames(
    sheet: Sheet, subject: str, frame_numbers: np.ndarray, first_frame: int, fps: float, rows: np.ndarray
) -> frame_rate.Grid:
    """The regular time axis of rows with `frame_numbers`, of which `first_frame` is at 0 s."""
    frames = frame_numbers - first_frame
    of_face = frames[rows]
    is_whole = (np.abs(of_face) < MAX_EXACT_INTEGER) & (of_face == np.rint(of_face))
    bad = np.flatnonzero(~is_whole | ~(np.diff(of_face, prepend=-np.inf) > 0))
    if len(bad):
        at = int(bad[0])
        got = f"{frame_numbers[rows[at]]:.15g}" + (f" after {frame_numbers[rows[at - 1]]:.15g}" if at else "")
        raise ValueError(
            f"{subject}, {row_label(sheet, rows[at])}: expected whole frame numbers that increase, got {got}; keep one "
            "recording and one face, with one row per frame"
        )
    tracked = _distinct(frames).astype(np.int64)
    stride = int(np.gcd.reduce(np.diff(tracked))) if len(tracked) > 1 else 1
    start = min(int(tracked[0]), 0)
    first = (tracked[0] - start) / fps  # above 0 if the first frames were not tracked
    return _cropped(
        sheet, frame_rate.Grid(float(first), fps / stride, (of_face.astype(np.int64) - tracked[0]) // stride), rows
    )


def _cropped(sheet: Sheet, grid: frame_rate.Grid, rows: np.ndarray) -> frame_rate.Grid:
    """The grid from its first frame on. ValueError if it has far more frames than there are rows."""
    frames = grid.frames - grid.frames[0]
    if frames[-1] > MIN_FRAME_LIMIT + FRAME_LIMIT_PER_ROW * len(rows):
        at = int(np.argmax(np.diff(frames)))
        pause = (frames[at + 1] - frames[at]) / grid.fps
        raise ValueError(
            f"{sheet.file}: expected a recording without very long pauses, got a pause of {pause:g} s after "
            f"{row_label(sheet, rows[at])} and {frames[-1]} frames for {len(rows)} rows; correct the times, or split "
            "the recording there"
        )
    return frame_rate.Grid(float(grid.start + grid.frames[0] / grid.fps), float(grid.fps), frames)


# --- times and frame numbers in a sheet


def _row_times(sheet: Sheet, layout: Layout, options: ReadOptions) -> RowTimes:
    """The times that the caller gave or named. Otherwise those of the format: frame numbers if a rate is given."""
    if options.time is not None:
        if isinstance(options.time, str | int | np.integer):
            return _times_of_column(sheet, options.time, options.time_unit)
        return _times_given(sheet, options.time, options.time_unit)
    if layout.frame is not None and options.fps is not None:
        return RowTimes(_subject(sheet, layout.frame), frames=_column(sheet, layout.frame))
    if layout.time is not None:
        subject, seconds = _subject(sheet, layout.time), (layout.seconds or _column)(sheet, layout.time)
        if layout.origin is None:
            return RowTimes(subject, seconds=seconds)
        return RowTimes(subject, seconds=seconds - seconds[0], origin=layout.origin(float(seconds[0])))
    return RowTimes(sheet.file)


def _subject(sheet: Sheet, at: int) -> str:
    return f"{sheet.file}, column {sheet.names[at]!r}"


def _column(sheet: Sheet, at: int) -> np.ndarray:
    return numbers(sheet, [at])[at].to_numpy()


def _times_of_column(sheet: Sheet, column_like: ColumnLike, time_unit: str) -> RowTimes:
    at = position(sheet, column_like)
    column = sheet.cells([at], object)[at].infer_objects()  # dates of a DataFrame; text remains text
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_convert(None)
    if column.dtype.kind in "mM":
        seconds, origin = frame_rate.seconds(column.to_numpy())
    else:
        seconds, origin = frame_rate.seconds(_column(sheet, at), time_unit)
    return RowTimes(_subject(sheet, at), seconds=seconds, origin=origin)


def _times_given(sheet: Sheet, times: TimesLike, time_unit: str) -> RowTimes:
    subject = f"{sheet.file}, time=…"
    try:
        # "s" may be the default; a unit of the times themselves takes precedence over it
        seconds, origin = frame_rate.seconds(times, None if time_unit == "s" else time_unit)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{subject}: {error}") from None
    if seconds.shape != (sheet.size,):
        raise ValueError(f"{subject}: expected a time for each of {sheet.size} rows, got the shape {seconds.shape}")
    return RowTimes(subject, seconds=seconds, origin=origin)
