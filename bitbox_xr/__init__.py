"""Labelled behavioural signals in, labelled measures out."""

from bitbox_xr.recording import from_bitbox, magnitudes, signals, to_bitbox

__version__ = "0.1.0"

__all__ = ["from_bitbox", "magnitudes", "signals", "to_bitbox"]
