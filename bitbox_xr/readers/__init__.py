"""A tracker's file, or any table, read as signals."""

from bitbox_xr.readers.recognise import open_signals
from bitbox_xr.readers.three_di import open_recording

__all__ = ["open_recording", "open_signals"]
