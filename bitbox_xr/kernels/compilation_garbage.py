"""Fewer garbage collections while code is compiled.

A compiler makes many small objects that stay in use. Python's collector examines them again and again, which takes
an eighth of the time of a compilation.
"""

import gc

__all__ = ["finished", "started"]

RARE = 50_000, 20, 100  # thresholds of the collector's generations; Python's are 700 or 2000, 10, 10


class _State:
    """The thresholds to return to."""

    usual: tuple[int, int, int] | None = None


def started() -> None:
    """A function begins to be compiled."""
    _State.usual = gc.get_threshold()
    gc.set_threshold(*RARE)


def finished() -> None:
    """The function is compiled.

    >>> before = gc.get_threshold()
    >>> started()
    >>> gc.get_threshold()
    (50000, 20, 100)
    >>> finished()
    >>> gc.get_threshold() == before
    True
    """
    if _State.usual is not None:
        gc.set_threshold(*_State.usual)
