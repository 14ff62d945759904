"""Bitbox's motion_kinematics, motion_smoothness and relative_motion: its arguments, its order, its rules, its lists.

Bitbox multiplies by the rate only once, where it makes a velocity: its acceleration is the change of the velocity from
one frame to the next, and its jerk that of the acceleration, both in units/s. So they are here, and in the log
dimensionless jerk. One missing value of a point makes all its numbers NaN.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bitbox_xr.compat.tables import option_faults, values_of
from bitbox_xr.core import validation
from bitbox_xr.core.errors import refuse
from bitbox_xr.kernels import motion as kernel

__all__ = ["motion_kinematics", "motion_smoothness", "relative_motion"]

LEAST = 4  # frames of which Bitbox makes kinematics and smoothness


def motion_kinematics(data: Any, fps: float = 30, angular: bool = False) -> list[Any]:
    """Bitbox's `motion_kinematics`: how far and how fast each point moves. Its acceleration lacks a factor fps.

    Prefer `bitbox_xr.kinematics`, whose acceleration is in units/s² and which knows missing frames.

    Parameters
    ----------
    data
        A dictionary of landmarks, a pose or rectangles, whose table has a row a frame. Of rectangles the centre
        moves.
    fps
        Frames per second.
    angular
        Of a pose: True, its rotation (all columns after the third); False, its translation (the first three).

    Returns
    -------
    list
        [range, path, speed, acceleration]: arrays with a number a landmark; single numbers for poses and rectangles.
        The acceleration is that in units/s², divided by fps.

    Raises
    ------
    ValueError
        For expressions, fewer than four frames, a table without the columns of its type.

    Examples
    --------
    >>> import pandas as pd
    >>> head = pd.DataFrame({"Tx": [0.0, 1, 4, 9, 16], "Ty": 0.0, "Tz": 0.0, "Rx": 0.0, "Ry": 0.0, "Rz": 0.0})
    >>> [float(number) for number in motion_kinematics({"type": "pose", "dimension": 6, "data": head}, fps=10)]
    [16.0, 16.0, 40.0, 20.0]
    """
    numbers = _course(data, fps, angular, "motion_kinematics()")
    return [numbers["range"], numbers["path"], numbers["speed"] * fps, numbers["acceleration"] * fps]


def motion_smoothness(data: Any, fps: float = 30, angular: bool = False) -> list[Any]:
    """Bitbox's `motion_smoothness`: how smoothly each point moves. Both numbers lack factors fps.

    Prefer `bitbox_xr.smoothness`, whose jerk is in units/s³ and which knows missing frames.

    Parameters
    ----------
    data, fps, angular
        As for `motion_kinematics`.

    Returns
    -------
    list
        [jerk, ldj], as there: the jerk in units/s³, divided by fps²; the log dimensionless jerk
        −ln(T³ · Σ |a|² · dt / v²) with a the acceleration as `motion_kinematics` has it, which is larger by 2 ln fps
        than that with a true one. NaN for what never moves.

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
    numbers = _course(data, fps, angular, "motion_smoothness()")
    return [numbers["jerk"] * fps, numbers["ldj"] + 4 * np.log(fps)]


def relative_motion(data: Any, reference: Any = "mean", angular: bool = False) -> list[Any]:
    """Bitbox's `relative_motion`: distances of each point to its mean position, or to that at frames of reference.

    Prefer `bitbox_xr.relative_motion`, which knows missing frames, and times for references.

    Parameters
    ----------
    data, angular
        As for `motion_kinematics`.
    reference
        "mean", or a sequence of numbers of frames (negative ones from the end), which are left out of the distances.

    Returns
    -------
    list
        [min, mean, std, max] of the distances over frames, as for `motion_kinematics`; with several frames of
        reference the means of those for each.

    Raises
    ------
    ValueError
        As for `motion_kinematics`, without the four frames; a reference that is neither, is no frame of the
        recording, or leaves none.

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
    frames = _frames(reference, len(values))
    points = places.of(values)
    positions = points[frames] if len(frames) else points.mean(axis=0, keepdims=True)
    rows = kernel.distances([kernel.away(values, 0, positions, places, frames)], len(values))
    *numbers, _ = _shaped(rows, points, single)
    return numbers


def _course(data: Any, fps: float, angular: bool, measure: str) -> dict[str, Any]:
    """The summary of each point's course, by row, in frames."""
    refuse(measure, option_faults(fps, angular=angular))
    values, places, single = _table(data, angular, measure)
    if len(values) < LEAST:
        raise ValueError(
            f"{measure}: the recording has {validation.counted(len(values), 'frame')}; at least {LEAST} are wanted"
        )
    rows = kernel.summary([kernel.part(values, 0, places)], places, len(values))
    return dict(zip(kernel.SUMMARY, _shaped(rows, places.of(values), single), strict=True))


def _shaped(rows: np.ndarray, points: np.ndarray, single: bool) -> list[Any]:
    """Rows of numbers `(row, point)`, NaN where anything of a point is missing; `single`: without their dimension."""
    whole = ~np.isnan(points).any(axis=(0, 2))
    return [row[0] if single else row for row in np.where(whole, rows, np.nan)]


# --- what goes in


def _table(data: Any, angular: bool, measure: str) -> tuple[np.ndarray, kernel.Places, bool]:
    """Values `(frame, column)` of a dictionary, where the points are in them, whether there is only one ever."""
    values = values_of(data, tuple(COLUMNS), measure)
    kind = data["type"]
    axes = data.get("dimension")
    if axes is not None and not (isinstance(axes, int | np.integer) and axes > 0):
        raise ValueError(f"{measure}: 'dimension' is {axes!r}; the number of coordinates of a point is wanted")
    columns, sizes = COLUMNS[kind](data, values.shape[1], angular)
    if not columns.size:
        raise ValueError(
            f"{measure}: {kind} data have {values.shape[1]} columns, which are no points of {axes or 2} numbers"
        )
    return values, kernel.Places(columns, sizes), kind in ("pose", "rectangle")


def _landmarks(data: Mapping[str, Any], columns: int, angular: bool) -> tuple[np.ndarray, None]:
    """Points one after the other, each with all its axes, as many as the dictionary says, or else its type."""
    axes = int(data.get("dimension") or (3 if data["type"] == "landmark-can" or columns % 2 else 2))
    points = columns // axes if columns % axes == 0 else 0
    return np.arange(points * axes).reshape(points, axes), None


def _rectangle(data: Mapping[str, Any], columns: int, angular: bool) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(2 if columns == 4 else 0)[None], np.array([[2, 3]])


def _head(data: Mapping[str, Any], columns: int, angular: bool) -> tuple[np.ndarray, None]:
    """Translation, then rotation; three columns alone are whichever is asked for."""
    return np.arange(columns)[None, 3 if angular and columns > 3 else 0 : None if angular else 3], None


COLUMNS = {"landmark": _landmarks, "landmark-can": _landmarks, "pose": _head, "rectangle": _rectangle}


def _frames(reference: Any, frames: int) -> np.ndarray:
    """Numbers of the reference frames, none for the mean."""
    if isinstance(reference, str) and reference == "mean":
        return np.empty(0, dtype=np.int64)
    wanted = "'mean' or a sequence of numbers of frames is wanted"
    given = [*reference] if isinstance(reference, Sequence) or getattr(reference, "ndim", 0) == 1 else []
    if not given or not all(isinstance(n, int | np.integer) and not isinstance(n, bool) for n in given):
        raise ValueError(f"relative_motion(): reference is {reference!r}; {wanted}")
    outside = [int(n) for n in given if not -frames <= n < frames]
    if outside:
        raise ValueError(f"relative_motion(): reference has frame {validation.listed(outside)} of {frames}; {wanted}")
    numbers = np.array(given, dtype=np.int64)
    if len(set((numbers % frames).tolist())) == frames:
        raise ValueError("relative_motion(): reference has all frames; some to compare with them are wanted")
    return numbers % frames
