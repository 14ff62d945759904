"""Bitbox's own calls and return shapes, so that published work can be repeated with only the import changed."""

from bitbox_xr.compat.social import coordination, imitation

__all__ = ["coordination", "imitation"]
