"""Functions with the names, arguments and results of Bitbox: to repeat published work, change only the import."""

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
