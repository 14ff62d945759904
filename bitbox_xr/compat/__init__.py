"""Bitbox's own calls and return shapes, so that published work can be repeated with only the import changed."""

from bitbox_xr.compat.expressions import asymmetry, diversity, expressivity
from bitbox_xr.compat.motion import motion_kinematics, motion_smoothness, relative_motion
from bitbox_xr.compat.social import coordination, imitation

__all__ = [
    "asymmetry",
    "coordination",
    "diversity",
    "expressivity",
    "imitation",
    "motion_kinematics",
    "motion_smoothness",
    "relative_motion",
]
