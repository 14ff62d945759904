"""Py-Feat: the CSV of a Fex. It has numbers of frames, no times; 0.x gives angles in degrees, 2.x in radians."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from bitbox_xr.io.readers.columns import Attrs, Block, Layout, matching, points
from bitbox_xr.io.readers.sheet import Sheet, find

__all__ = ["layout", "recognises"]

BOX = {"FaceRectX": "x", "FaceRectY": "y", "FaceRectWidth": "w", "FaceRectHeight": "h"}
ANGLES = {"Pitch": "Rx", "Yaw": "Ry", "Roll": "Rz"}
OF_2 = {"approx_time", "valence", "_neutral"}  # any of these columns tells 2.x


def recognises(names: Sequence[str]) -> bool:
    """Whether these are the names of a Py-Feat file."""
    return set(names) >= {*BOX, "FaceScore"}


def layout(sheet: Sheet) -> Layout:
    """Action units (0 to 1), pose (rotation only, rad), landmarks and rectangle (pixels)."""
    units = matching(sheet.names, r"AU\d\d")
    angles = partial(_radians, written_in_radians=not OF_2.isdisjoint(sheet.names))
    blocks = [
        Block("expression", units, [sheet.names[i] for i in units], {"schema": "FACS"}),
        _renamed(sheet, "rectangle", BOX),
        _renamed(sheet, "pose", ANGLES)._replace(convert=angles),
        *points(sheet.names),
    ]
    return Layout(
        backend="Py-Feat",
        blocks=[block for block in blocks if block.columns],
        frame=find(sheet, "frame"),
        face=find(sheet, "Identity"),
        confidence=find(sheet, "FaceScore"),
    )


def _renamed(sheet: Sheet, kind: str, names: dict[str, str]) -> Block:
    found = {name: at for own, name in names.items() if (at := find(sheet, own)) is not None}
    return Block(kind, list(found.values()), list(found))


def _radians(file: str, values: np.ndarray, *, written_in_radians: bool) -> tuple[np.ndarray, Attrs]:
    """Angles in rad. No radian is beyond pi, so size tells degrees; small ones are told by the version only."""
    largest = float(np.max(np.abs(values), initial=0, where=np.isfinite(values)))
    if largest > np.pi:
        return np.deg2rad(values), {"units": "rad", "converted": f"from degrees (up to {largest:.4g} in the source)"}
    if not written_in_radians:
        raise ValueError(
            f"{file}: Pitch, Roll and Yaw reach {largest:.4g} at most, which may be degrees (as Py-Feat 0.x writes "
            "them) or radians; columns=['Pitch', 'Yaw', 'Roll'] gives them as they are"
        )
    return values, {"units": "rad"}
