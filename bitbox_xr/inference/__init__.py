"""The same measures against chance, and one pair of signals window by window."""

from bitbox_xr.inference.chance import significance
from bitbox_xr.inference.one_pair import lag_map, surrogate_windows

__all__ = ["lag_map", "significance", "surrogate_windows"]
