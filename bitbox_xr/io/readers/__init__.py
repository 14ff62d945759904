"""Reading tracker files and other tables as signals."""

from bitbox_xr.io.readers.dispatch import open_signals
from bitbox_xr.io.readers.formats.three_di import open_recording

__all__ = ["open_recording", "open_signals"]
