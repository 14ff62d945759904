"""Labelled behavioural signals in, labelled measures out."""

__version__ = "0.1.0"

from bitbox_xr.recording import from_bitbox, magnitudes, signals, to_bitbox
from bitbox_xr.social import coordination, imitation, lag_profile, window_stats

__all__ = [
    "coordination",
    "from_bitbox",
    "imitation",
    "lag_profile",
    "magnitudes",
    "signals",
    "to_bitbox",
    "window_stats",
]
