"""OpenFace 1 and 2: the CSV files of FeatureExtraction. A file can lack any group of columns.

The case of names matters: `x_0` is in pixels of the image, `X_0` in millimetres in the camera's coordinates. The 3-D
points move with the head, so they are not canonicalized landmarks; `columns` reads them.
"""

from collections.abc import Sequence

from bitbox_xr.io.readers.columns import Layout, SignalColumns, landmark_columns, matching
from bitbox_xr.io.readers.sheet import Sheet, find

__all__ = ["layout", "recognises"]

FRAME_COLUMNS = {"frame", "timestamp", "confidence", "success"}
VALUE_COLUMNS = r"AU\d\d_[rc]|pose_[TR][xyz]|gaze_.*|[xyXYZ]_\d+|p_(scale|\d+|[rt][xyz])"


def recognises(names: Sequence[str]) -> bool:
    """Whether these are the column names of an OpenFace file."""
    return set(names) >= FRAME_COLUMNS and len(matching(names, VALUE_COLUMNS)) > 0


def layout(sheet: Sheet) -> Layout:
    """Intensities of action units (0 to 5), pose (mm, rad), gaze (vectors, and angles in rad), landmarks (pixels)."""
    gaze = matching(sheet.names, r"gaze_.*")
    signals = [
        _action_units(sheet),
        _pose(sheet),
        SignalColumns("gaze", gaze, [sheet.names[i] for i in gaze]),
        *landmark_columns(sheet.names),
    ]
    face = find(sheet, "face_id")
    return Layout(
        backend="OpenFace 1" if face is None else "OpenFace 2",
        signals=[own for own in signals if own.columns],
        time=find(sheet, "timestamp"),
        frame=find(sheet, "frame"),
        first_frame=1,
        face=face,
        confidence=find(sheet, "confidence"),
        success=find(sheet, "success"),
    )


def _action_units(sheet: Sheet) -> SignalColumns:
    columns = matching(sheet.names, r"AU\d\d_r")
    return SignalColumns("expression", columns, [sheet.names[i] for i in columns], {"schema": "FACS"})


def _pose(sheet: Sheet) -> SignalColumns:
    columns = matching(sheet.names, r"pose_[TR][xyz]")
    return SignalColumns("pose", columns, [sheet.names[i].removeprefix("pose_") for i in columns])
