"""How input is refused: every fault of it at once, each with what was got, what was wanted and the remedy."""

import sys
import warnings
from collections.abc import Sequence

__all__ = ["refuse", "warn"]


def refuse(subject: str, faults: Sequence[str], error: type[Exception] = ValueError) -> None:
    """Raise one `error` that lists all `faults` of `subject`; do nothing where there are none.

    A check appends a sentence to a list and goes on; the list is handed over once, so that a user mends
    everything in one go.

    >>> refuse("signals()", [])
    >>> refuse("signals()", ["fps is -1; a positive number of frames per second is wanted"])
    Traceback (most recent call last):
        ...
    ValueError: signals(): fps is -1; a positive number of frames per second is wanted
    """
    if not faults:
        return
    if len(faults) == 1:
        raise error(f"{subject}: {faults[0]}")
    raise error(f"{subject}: {len(faults)} faults\n" + "\n".join(f"  - {fault}" for fault in faults))


def warn(message: str) -> None:
    """A UserWarning that points at the caller's own line, however deep in the package it arises."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "bitbox_xr":
        frame, level = frame.f_back, level + 1
    warnings.warn(message, UserWarning, stacklevel=level)
