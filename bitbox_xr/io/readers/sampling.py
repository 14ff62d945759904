"""When the rows of a table were: a regular clock with its lost frames where there is one, else the times themselves."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from bitbox_xr.core import validation
from bitbox_xr.core.errors import refuse, warn
from bitbox_xr.io.readers.columns import Asked, Attrs, Layout
from bitbox_xr.io.readers.sheet import Sheet, numbers, position, where
from bitbox_xr.kernels import frame_rate

__all__ = ["clock_of"]

ASSUMED = "no time in the source; 30 fps as Bitbox has it"
FAR = 1e12  # s; a time beyond is a wrong unit
LONGEST = 1_000_000  # frames that a recording may have however few of them were recorded


class Stamps(NamedTuple):
    """What tells when the rows were: seconds, or numbers of frames; neither where nothing does."""

    subject: str  # file and column, for messages
    times: np.ndarray | None = None
    frames: np.ndarray | None = None
    origin: str | None = None  # of times that were dates


def clock_of(
    sheet: Sheet, layout: Layout, asked: Asked, rows: np.ndarray
) -> tuple[frame_rate.Grid | np.ndarray, Attrs]:
    """The clock of `rows`, or their times where these are not regular; and the attributes that say whence.

    A given rate that the file's own times contradict is obeyed with a UserWarning.
    """
    on, source = _clock_of(sheet, layout, asked, rows)
    told = _told(sheet, layout, asked) if asked.fps is not None and isinstance(on, frame_rate.Grid) else None
    if (
        told is None
        or not isinstance(on, frame_rate.Grid)
        or abs(told / on.fps - 1) * on.size <= 2 * frame_rate.TOLERANCE
    ):
        return on, source
    warn(
        f"{sheet.file}: fps={on.fps:.5g} replaces the rate that the file's times say, {told:.5g} frames a second; "
        "leave fps out to keep that"
    )
    return on, {**source, "time_source": f"{source['time_source']}; the file's times say {told:.5g}"}


def _clock_of(
    sheet: Sheet, layout: Layout, asked: Asked, rows: np.ndarray
) -> tuple[frame_rate.Grid | np.ndarray, Attrs]:
    """The clock of `rows`, and whence.

    Times, where the caller gave no rate, are fitted. A given rate replaces them, but what the file has still
    places the rows: numbers of frames (of which every k-th may have been tracked: the rate is then fps/k), or
    else times that are regular, so that missing rows stay missing.
    """
    stamps = _stamps(sheet, layout, asked)
    if asked.fps is None and stamps.times is not None:
        return _by_times(sheet, asked, stamps, stamps.times, rows), {
            "time_origin": stamps.origin
        } if stamps.origin else {}
    fps = layout.fps if asked.fps is None else asked.fps
    if fps is None:
        raise ValueError(f"{sheet.file}: {_no_time(layout)}")
    source: Attrs = {"time_source": ASSUMED if asked.fps is None else "fps given"}
    on = frame_rate.Grid(0.0, fps, np.arange(len(rows)))
    if stamps.frames is not None:
        on = _by_frames(sheet, stamps.subject, stamps.frames - layout.first_frame, fps, rows)
        return on, source if on.fps == fps else {**source, "frame_step": round(fps / on.fps)}
    if stamps.times is None:
        return on, source
    fitted = None if validation.increase_faults(stamps.times[rows]) else _fit(_distinct(stamps.times))
    if fitted is None:
        return on, {"time_source": f"{source['time_source']}; the times of the source are not regular and not used"}
    return _cropped(sheet, frame_rate.Grid(0.0, fps, _frames(fitted, stamps.times, rows)), rows), source


def _no_time(layout: Layout) -> str:
    if layout.frame is not None:
        return f"{layout.backend} writes numbers of frames but no times; give the frames per second of the video, fps=…"
    return "nothing tells its times; name the column that holds them (time=…, time_unit=…) or give fps=…"


# --- from times; faces share the frames of a video, so that all rows tell the rate, and those of one where it was seen


def _by_times(
    sheet: Sheet, asked: Asked, stamps: Stamps, times: np.ndarray, rows: np.ndarray
) -> frame_rate.Grid | np.ndarray:
    own = times[rows]
    faults = validation.increase_faults(own)
    if faults:
        bad = np.flatnonzero(~np.isfinite(own) | ~(np.diff(own, prepend=-np.inf) > 0))[0]
        refuse(stamps.subject, [f"{faults[0]}; see {where(sheet, rows[bad])}"])
    distinct = _distinct(times)
    if np.abs(distinct).max() > FAR:
        raise ValueError(
            f"{stamps.subject}: times reach {np.abs(distinct).max():g} s with time_unit={asked.time_unit!r}; say their "
            "unit, time_unit=…"
        )
    refuse(stamps.subject, _doubts(distinct, asked, stamps))
    fitted = _fit(distinct)
    if fitted is None:
        return own
    return _cropped(sheet, fitted._replace(frames=_frames(fitted, times, rows)), rows)


def _distinct(times: np.ndarray) -> np.ndarray:
    return np.unique(times[np.isfinite(times)])


def _fit(distinct: np.ndarray) -> frame_rate.Grid | None:
    return frame_rate.fit(distinct) if np.abs(distinct).max() <= FAR else None


def _frames(grid: frame_rate.Grid, times: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Which frames `rows` are on a grid that was fitted to the distinct `times`."""
    return grid.frames[np.searchsorted(_distinct(times), times[rows])]


def _told(sheet: Sheet, layout: Layout, asked: Asked) -> float | None:
    """Frames per second of the file's own times, which a given rate replaces; None where they tell none."""
    try:
        stamps = _stamps(sheet, layout, asked._replace(fps=None))
    except ValueError:  # they are not needed
        return None
    distinct = _distinct(stamps.times) if stamps.times is not None else np.empty(0)
    if len(distinct) < 2 or _doubts(distinct, asked, stamps):
        return None
    fitted = _fit(distinct)
    return None if fitted is None else fitted.fps


def _doubts(distinct: np.ndarray, asked: Asked, stamps: Stamps) -> list[str]:
    return validation.rate_faults(
        distinct, None, stated=False, time_unit=asked.time_unit, dates=stamps.origin is not None
    )


# --- from numbers of frames


def _by_frames(sheet: Sheet, subject: str, frames: np.ndarray, fps: float, rows: np.ndarray) -> frame_rate.Grid:
    own = frames[rows]
    bad = np.flatnonzero(~(np.abs(own) < 2**53) | (own != np.rint(own)) | ~(np.diff(own, prepend=-np.inf) > 0))
    if len(bad):
        raise ValueError(
            f"{subject}, {where(sheet, rows[bad[0]])}: the numbers of the frames do not increase by whole numbers; "
            "one recording and one face are wanted, a row a frame"
        )
    tracked = _distinct(frames).astype(np.int64)
    stride = int(np.gcd.reduce(np.diff(tracked))) if len(tracked) > 1 else 1
    start = min(int(tracked[0]), 0)  # above 0 where the first frames were not tracked
    first = (tracked[0] - start) / fps
    return _cropped(
        sheet, frame_rate.Grid(float(first), fps / stride, (own.astype(np.int64) - tracked[0]) // stride), rows
    )


def _cropped(sheet: Sheet, grid: frame_rate.Grid, rows: np.ndarray) -> frame_rate.Grid:
    """The grid from the first of its frames on; ValueError where it would have far more frames than `rows`."""
    frames = grid.frames - grid.frames[0]
    if frames[-1] > LONGEST + 10 * len(rows):
        at = int(np.argmax(np.diff(frames)))
        pause = (frames[at + 1] - frames[at]) / grid.fps
        raise ValueError(
            f"{sheet.file}: after {where(sheet, rows[at])} comes a pause of {pause:g} s, {frames[-1]} frames for "
            f"{len(rows)} rows; mend the time, or split the recording there"
        )
    return frame_rate.Grid(float(grid.start + grid.frames[0] / grid.fps), float(grid.fps), frames)


# --- what a table has


def _stamps(sheet: Sheet, layout: Layout, asked: Asked) -> Stamps:
    """The times that the caller named or gave, else what the format has: numbers of frames where a rate is given."""
    if asked.time is not None:
        named = isinstance(asked.time, str | int | np.integer)
        return _named_time(sheet, asked) if named else _given_time(sheet, asked)
    if layout.frame is not None and asked.fps is not None:
        return Stamps(_subject(sheet, layout.frame), frames=_column(sheet, layout.frame))
    if layout.time is not None:
        read = layout.seconds or _column
        return Stamps(_subject(sheet, layout.time), times=read(sheet, layout.time))
    return Stamps(sheet.file)


def _subject(sheet: Sheet, at: int) -> str:
    return f"{sheet.file}, column {sheet.names[at]!r}"


def _column(sheet: Sheet, at: int) -> np.ndarray:
    return numbers(sheet, [at])[at].to_numpy()


def _named_time(sheet: Sheet, asked: Asked) -> Stamps:
    at = position(sheet, asked.time)
    column = sheet.cells([at], object)[at].infer_objects()  # a table's dates; text stays text
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_convert(None)
    if column.dtype.kind in "mM":
        times, origin = frame_rate.seconds(column.to_numpy())
        return Stamps(_subject(sheet, at), times=times, origin=origin)
    times, origin = frame_rate.seconds(_column(sheet, at), asked.time_unit)
    return Stamps(_subject(sheet, at), times=times, origin=origin)


def _given_time(sheet: Sheet, asked: Asked) -> Stamps:
    subject = f"{sheet.file}, time=…"
    try:
        # "s" may be the default, which a unit of the times themselves comes before
        times, origin = frame_rate.seconds(asked.time, None if asked.time_unit == "s" else asked.time_unit)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{subject}: {error}") from None
    if times.shape != (sheet.size,):
        raise ValueError(
            f"{subject}: it has the shape {times.shape}; a time for each of the {sheet.size} rows is wanted"
        )
    return Stamps(subject, times=times, origin=origin)
