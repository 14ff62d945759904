"""Lengths of recordings, and times and durations as text, in messages, reports, titles and on the command line."""

import numpy as np

from bitbox_xr.core.types import Attrs

__all__ = ["length_of", "number", "recording_length", "seconds", "span"]

DECIMALS = 3  # ms: a tenth of a frame, or less
SMALLEST = 0.001  # s; shorter durations have three significant digits
UNIT = "s"


def seconds(value: object) -> str:
    """A time or duration (s) with its unit, rounded to milliseconds.

    >>> [seconds(value) for value in (5.2333333, 0.5, 2, 1200.0, 1 / 30, 0.00012345, -0.4)]
    ['5.233 s', '0.5 s', '2 s', '1200 s', '0.033 s', '0.000123 s', '-0.4 s']
    """
    return f"{number(float(str(value)))} {UNIT}"


def span(first: object, last: object) -> str:
    """A range of times (s).

    >>> span(0, 5.2333333)
    '0 to 5.233 s'
    """
    return f"{number(float(str(first)))} to {seconds(last)}"


def recording_length(times: np.ndarray, fps: float) -> float:
    """Length of a recording (s): its frames, each of 1 / fps; of irregular times (fps is NaN), from first to last.

    >>> recording_length(np.arange(158) / 30, 30.0), recording_length(np.array([0.0, 0.3, 0.9]), np.nan)
    (5.266666666666667, 0.9)
    """
    return len(times) / fps if fps > 0 else float(times[-1] - times[0])


def length_of(attrs: Attrs) -> float | None:
    """Length (s) of the recording of a result, from its attributes; None if they do not say it.

    >>> length_of({"frames": 900, "fps": 30.0}), length_of({"frames": 900})
    (30.0, None)
    """
    return float(attrs["frames"]) / float(attrs["fps"]) if {"frames", "fps"} <= set(attrs) else None


def number(value: float) -> str:
    """A time or duration (s) without its unit; of several times, the last one has it.

    >>> number(1 / 3), number(0.0), number(float("nan"))
    ('0.333', '0', 'nan')
    """
    if 0 < abs(value) < SMALLEST:
        return f"{value:.3g}"
    text = f"{value:z.{DECIMALS}f}"
    return text.rstrip("0").rstrip(".")
