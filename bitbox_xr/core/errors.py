"""Errors that report all faults of a call at once, and warnings that point at the caller's line."""

import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["collected_warnings", "refuse", "warn"]

_COLLECTED: ContextVar[list[str] | None] = ContextVar("collected warnings", default=None)


def refuse(subject: str, faults: Sequence[str], error: type[Exception] = ValueError) -> None:
    """Raise one `error` that lists all `faults` of `subject`; do nothing if the list is empty.

    A check appends a sentence to a list and continues. The list is passed here at the end, so that a user
    sees everything that needs correction at once.

    >>> refuse("signals()", [])
    >>> refuse("signals()", ["expected fps to be a positive number of frames per second, got -1"])
    Traceback (most recent call last):
        ...
    ValueError: signals(): expected fps to be a positive number of frames per second, got -1
    """
    if not faults:
        return
    if len(faults) == 1:
        raise error(f"{subject}: {faults[0]}")
    raise error(f"{subject}: {len(faults)} faults\n" + "\n".join(f"  - {fault}" for fault in faults))


def warn(message: str) -> None:
    """Issue a UserWarning that points at the line of user code which called the package, or collect it."""
    collected = _COLLECTED.get()
    if collected is not None:
        collected.append(message)
        return
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "bitbox_xr":
        frame, level = frame.f_back, level + 1
    warnings.warn(message, UserWarning, stacklevel=level)


@contextmanager
def collected_warnings() -> Iterator[list[str]]:
    """Collect the messages of `warn` in this thread instead of issuing them.

    `warnings.catch_warnings` changes the state of the whole process: with several threads, a warning would be recorded
    by another one.

    >>> with collected_warnings() as messages:
    ...     warn("no rate is given")
    >>> messages
    ['no rate is given']
    """
    messages: list[str] = []
    token = _COLLECTED.set(messages)
    try:
        yield messages
    finally:
        _COLLECTED.reset(token)
