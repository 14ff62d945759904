"""Kinematics, smoothness and relative motion with the arguments, rules and lists of Bitbox.

Bitbox multiplies by the frame rate only once, for the velocity. Its acceleration is the change of velocity from one
frame to the next, and its jerk is the change of acceleration, both in units/s. The functions here do the same, also
in the log dimensionless jerk. If one value of a point is missing, all its results are NaN.
"""

from collections.abc import Sequence

import numpy as np

from bitbox_xr.compat.tables import option_faults, values_of
from bitbox_xr.compat.types import Dictionary, PerPoint
from bitbox_xr.core import validation
from bitbox_xr.core.errors import refuse
from bitbox_xr.kernels import motion as kernel

__all__ = ["motion_kinematics", "motion_smoothness", "relative_motion"]

MIN_FRAMES = 4  # for the jerk, a third difference


def motion_kinematics(data: Dictionary, fps: float = 30, angular: bool = False) -> list[PerPoint]:
    """Measure how far and how fast each point moves, as Bitbox's `motion_kinematics` does.

    The acceleration lacks a factor fps. For new work use `bitbox_xr.kinematics`, which handles missing frames and
    whose acceleration is in units/s².

    Parameters
    ----------
    data
        Bitbox's dictionary of landmarks, of a pose or of rectangles. Its table has one row for each frame. The motion
        of a rectangle is that of its centre.
    fps
        Frames per second.
    angular
        For a pose. True: its rotation (all columns after the third). False: its translation (the first three).

    Returns
    -------
    list
        [range, path, speed, acceleration]: arrays with one value for each landmark, single numbers for poses and
        rectangles. Range and path are in the units of the data, speed in units/s. The acceleration is the one in
        units/s², divided by fps.

    Raises
    ------
    ValueError
        For data of another type, fewer than four frames, or a table without the columns of its type.

    Examples
    --------
    >>> import pandas as pd
    >>> head = pd.DataFrame({"Tx": [0.0, 1, 4, 9, 16], "Ty": 0.0, "Tz": 0.0, "Rx": 0.0, "Ry": 0.0, "Rz": 0.0})
    >>> [float(number) for number in motion_kinematics({"type": "pose", "dimension": 6, "data": head}, fps=10)]
    [16.0, 16.0, 40.0, 20.0]
    """
    numbers = _motion_summary(data, fps, angular, "motion_kinematics()")
    return [numbers["range"], numbers["path"], numbers["speed"] * fps, numbers["acceleration"] * fps]


def motion_smoothness(data: Dictionary, fps: float = 30, angular: bool = False) -> list[PerPoint]:
    """Measure how smoothly each point moves, as Bitbox's `motion_smoothness` does.

    Both results lack factors fps. For new work use `bitbox_xr.smoothness`, which handles missing frames and whose
    jerk is in units/s³.

    Parameters
    ----------
    data, fps, angular
        As for `motion_kinematics`.

    Returns
    -------
    list
        [jerk, ldj], arrays or numbers as for `motion_kinematics`. jerk is the one in units/s³, divided by fps². ldj,
        the log dimensionless jerk, is −ln(T³ · Σ |a|² · dt / v²), where T is the duration, v the largest speed and a
        the acceleration of `motion_kinematics`; with the acceleration in units/s² it would be smaller by 2 ln fps.
        ldj is NaN for a point that never moves.

    Raises
    ------
    ValueError
        As for `motion_kinematics`.

    Examples
    --------
    >>> import pandas as pd
    >>> head = pd.DataFrame({"Tx": [0.0, 1, 4, 9, 16], "Ty": 0.0, "Tz": 0.0, "Rx": 0.0, "Ry": 0.0, "Rz": 0.0})
    >>> jerk, ldj = motion_smoothness({"type": "pose", "dimension": 6, "data": head}, fps=10)
    >>> float(jerk), float(ldj.round(3))
    (0.0, 5.789)
    """
    numbers = _motion_summary(data, fps, angular, "motion_smoothness()")
    return [numbers["jerk"] * fps, numbers["ldj"] + 4 * np.log(fps)]


def relative_motion(
    data: Dictionary, reference: str | Sequence[int] | np.ndarray = "mean", angular: bool = False
) -> list[PerPoint]:
    """Measure the distances of each point from its reference position, as Bitbox's `relative_motion` does.

    For new work use `bitbox_xr.relative_motion`, which handles missing frames and takes times as references.

    Parameters
    ----------
    data, angular
        As for `motion_kinematics`.
    reference
        "mean": the mean position. A sequence of frame numbers (negative ones count from the end): the positions in
        these frames, which are left out of the distances.

    Returns
    -------
    list
        [min, mean, std, max] of the distances over frames, arrays or numbers as for `motion_kinematics`. With several
        reference frames, their mean over the references.

    Raises
    ------
    ValueError
        As for `motion_kinematics`, but any number of frames will do; if reference is neither of the two, contains a
        frame outside the recording, or contains all frames.

    Examples
    --------
    >>> import pandas as pd
    >>> head = pd.DataFrame({"Tx": [0.0, 1, 4, 9, 16], "Ty": 0.0, "Tz": 0.0, "Rx": 0.0, "Ry": 0.0, "Rz": 0.0})
    >>> data = {"type": "pose", "dimension": 6, "data": head}
    >>> [round(float(number), 3) for number in relative_motion(data, reference=[0])]
    [1.0, 7.5, 5.679, 16.0]
    """
    refuse("relative_motion()", option_faults(angular=angular))
    values, places, single = _table(data, angular, "relative_motion()")
    frames = _reference_frames(reference, len(values))
    points = places.of(values)
    positions = points[frames] if len(frames) else points.mean(axis=0, keepdims=True)
    rows = kernel.distances([kernel.away(values, 0, positions, places, frames)], len(values))
    *numbers, _ = _shaped(rows, points, single)
    return numbers


def _motion_summary(data: Dictionary, fps: float, angular: bool, measure: str) -> dict[str, PerPoint]:
    """Each point's kinematics and smoothness, by name."""
    refuse(measure, option_faults(fps, angular=angular))
    values, places, single = _table(data, angular, measure)
    if len(values) < MIN_FRAMES:
        raise ValueError(f"{measure}: expected at least {MIN_FRAMES} frames, got {len(values)}")
    rows = kernel.summary([[kernel.part(values, 0, places)]], places, len(values))
    return dict(zip(kernel.SUMMARY, _shaped(rows, places.of(values), single), strict=True))


def _shaped(rows: np.ndarray, points: np.ndarray, single: bool) -> list[PerPoint]:
    """Rows of results `(row, point)`, NaN for points with missing values. If `single`, one number for each row."""
    whole = ~np.isnan(points).any(axis=(0, 2))
    return [row[0] if single else row for row in np.where(whole, rows, np.nan)]


# --- input


def _table(data: Dictionary, angular: bool, measure: str) -> tuple[np.ndarray, kernel.Places, bool]:
    """Values `(frame, column)` of a dictionary, the columns of its points, and whether its type has only one point."""
    values = values_of(data, tuple(COLUMNS), measure)
    kind = data["type"]
    axes = data.get("dimension")
    if axes is not None and not (isinstance(axes, int | np.integer) and axes > 0):
        expected = "expected 'dimension' to be the number of coordinates of a point"
        raise ValueError(f"{measure}: {expected}, got {axes!r}")
    columns, sizes = COLUMNS[kind](data, values.shape[1], angular)
    if not columns.size:
        expected = "4 columns" if kind == "rectangle" else f"columns for points of {axes or 2} coordinates"
        raise ValueError(f"{measure}: expected {kind} data with {expected}, got {values.shape[1]}")
    return values, kernel.Places(columns, sizes), kind in ("pose", "rectangle")


def _landmarks(data: Dictionary, columns: int, angular: bool) -> tuple[np.ndarray, None]:
    """Columns of each landmark. The number of coordinates is `dimension`, or else follows from type and columns."""
    axes = int(data.get("dimension") or (3 if data["type"] == "landmark-can" or columns % 2 else 2))
    points = columns // axes if columns % axes == 0 else 0
    return np.arange(points * axes).reshape(points, axes), None


def _rectangle(data: Dictionary, columns: int, angular: bool) -> tuple[np.ndarray, np.ndarray]:
    """Columns of the corner and of the size."""
    return np.arange(2 if columns == 4 else 0)[None], np.array([[2, 3]])


def _head(data: Dictionary, columns: int, angular: bool) -> tuple[np.ndarray, None]:
    """Columns of the translation or, if `angular`, of the rotation. Three columns are whichever is asked for."""
    return np.arange(columns)[None, 3 if angular and columns > 3 else 0 : None if angular else 3], None


COLUMNS = {"landmark": _landmarks, "landmark-can": _landmarks, "pose": _head, "rectangle": _rectangle}


def _reference_frames(reference: object, frames: int) -> np.ndarray:
    """Numbers of the reference frames; empty for the mean."""
    if isinstance(reference, str) and reference == "mean":
        return np.empty(0, dtype=np.int64)
    expected = "relative_motion(): expected reference to be 'mean' or a sequence of frame numbers"
    if isinstance(reference, Sequence):
        given = list(reference)
    else:
        given = list(np.asarray(reference)) if getattr(reference, "ndim", 0) == 1 else []
    if not given or not all(isinstance(n, int | np.integer) and not isinstance(n, bool) for n in given):
        raise ValueError(f"{expected}, got {reference!r}")
    outside = [int(n) for n in given if not -frames <= n < frames]
    if outside:
        raise ValueError(f"{expected} of the recording (0 to {frames - 1}), got {validation.listed(outside)}")
    numbers = np.array(given, dtype=np.int64)
    if len(set((numbers % frames).tolist())) == frames:
        raise ValueError(f"{expected}, got all frames; leave some to compare with them")
    return numbers % frames
