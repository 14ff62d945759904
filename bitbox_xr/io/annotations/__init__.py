"""Reading annotations: files of intervals such as phases, turns and coded behaviour."""

from bitbox_xr.io.annotations.dispatch import open_intervals

__all__ = ["open_intervals"]
