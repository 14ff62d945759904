"""Py-Feat: the CSV file of a Fex. It has frame numbers but no times; angles are in degrees (0.x) or radians (2.x)."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from bitbox_xr.io.readers.columns import RAW_ATTRS, Attrs, Layout, SignalColumns, landmark_columns, matching
from bitbox_xr.io.readers.sheet import Sheet, find

__all__ = ["layout", "recognises"]

RECTANGLE = {"FaceRectX": "x", "FaceRectY": "y", "FaceRectWidth": "w", "FaceRectHeight": "h"}
ANGLES = {"Pitch": "Rx", "Yaw": "Ry", "Roll": "Rz"}
EMOTIONS = (
    *("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"),
    *("Neutral", "Happy", "Sad", "Surprise", "Fear", "Disgust", "Anger", "Contempt", "valence", "arousal"),  # 2.x
)
COLUMNS_OF_VERSION_2 = {"approx_time", "valence", "_neutral"}  # a file with any of these is from 2.x


def recognises(names: Sequence[str]) -> bool:
    """Whether these are the column names of a Py-Feat file."""
    return set(names) >= {*RECTANGLE, "FaceScore"}


def layout(sheet: Sheet) -> Layout:
    """Action units and emotions (0 to 1), pose (rotation only, rad), landmarks and rectangle (pixels)."""
    units = matching(sheet.names, r"AU\d\d")
    gaze = matching(sheet.names, r"gaze_(pitch|yaw|angle)")
    to_radians = partial(_to_radians, written_in_radians=not COLUMNS_OF_VERSION_2.isdisjoint(sheet.names))
    signals = [
        SignalColumns("expression", units, [sheet.names[i] for i in units], {"schema": "FACS"}),
        _renamed(sheet, "emotion", {name: name for name in EMOTIONS}),
        _renamed(sheet, "rectangle", RECTANGLE),
        _renamed(sheet, "pose", ANGLES)._replace(convert=to_radians),
        SignalColumns("gaze", gaze, [sheet.names[i] for i in gaze], {"units": RAW_ATTRS["units"]}),
        *landmark_columns(sheet.names),
    ]
    return Layout(
        backend="Py-Feat",
        signals=[own for own in signals if own.columns],
        frame=find(sheet, "frame"),
        face=find(sheet, "Identity"),
        confidence=find(sheet, "FaceScore"),
    )


def _renamed(sheet: Sheet, kind: str, names: dict[str, str]) -> SignalColumns:
    found = {name: at for column, name in names.items() if (at := find(sheet, column)) is not None}
    return SignalColumns(kind, list(found.values()), list(found))


def _to_radians(file: str, values: np.ndarray, *, written_in_radians: bool) -> tuple[np.ndarray, Attrs]:
    """Angles in rad. An angle above pi is in degrees; for smaller angles only the version decides."""
    largest = float(np.max(np.abs(values), initial=0, where=np.isfinite(values)))
    if largest > np.pi:
        return np.deg2rad(values), {"units": "rad", "converted": f"from degrees (up to {largest:.4g} in the source)"}
    if not written_in_radians:
        raise ValueError(
            f"{file}: expected Pitch, Roll and Yaw above {np.pi:.4g}, as degrees are, got at most {largest:.4g}, which "
            "may be degrees (as Py-Feat 0.x writes them) or radians; columns=['Pitch', 'Yaw', 'Roll'] reads them "
            "unchanged"
        )
    return values, {"units": "rad"}
