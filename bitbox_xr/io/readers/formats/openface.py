"""OpenFace 1 and 2: FeatureExtraction's CSV, any block of which can be missing.

Names matter to the letter: `x_0` is in pixels of the image, `X_0` in millimetres of the camera's space. These
3-D points move with the head, so they are no canonicalized landmarks and are given by `columns` only.
"""

from collections.abc import Sequence

from bitbox_xr.io.readers.columns import Block, Layout, matching, points
from bitbox_xr.io.readers.sheet import Sheet, find

__all__ = ["layout", "recognises"]

FRAME = {"frame", "timestamp", "confidence", "success"}
OWN = r"AU\d\d_[rc]|pose_[TR][xyz]|gaze_.*|[xyXYZ]_\d+|p_(scale|\d+|[rt][xyz])"


def recognises(names: Sequence[str]) -> bool:
    """Whether these are the names of an OpenFace file."""
    return set(names) >= FRAME and len(matching(names, OWN)) > 0


def layout(sheet: Sheet) -> Layout:
    """Intensities of action units (0 to 5), pose (mm, rad), landmarks (pixels)."""
    blocks = [_action_units(sheet), _pose(sheet), *points(sheet.names)]
    face = find(sheet, "face_id")
    return Layout(
        backend="OpenFace 1" if face is None else "OpenFace 2",
        blocks=[block for block in blocks if block.columns],
        time=find(sheet, "timestamp"),
        frame=find(sheet, "frame"),
        first_frame=1,
        face=face,
        confidence=find(sheet, "confidence"),
        success=find(sheet, "success"),
    )


def _action_units(sheet: Sheet) -> Block:
    columns = matching(sheet.names, r"AU\d\d_r")
    return Block("expression", columns, [sheet.names[i] for i in columns], {"schema": "FACS"})


def _pose(sheet: Sheet) -> Block:
    columns = matching(sheet.names, r"pose_[TR][xyz]")
    return Block("pose", columns, [sheet.names[i].removeprefix("pose_") for i in columns])
