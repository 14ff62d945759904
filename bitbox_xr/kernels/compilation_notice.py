"""A message on standard error when code is compiled for more than a second: once in a process, and not in workers."""

import multiprocessing
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["finished", "quiet", "started"]

PATIENCE_S = 1.0
MESSAGE = "bitbox_xr: compiling code, which takes some seconds; later calls and sessions reuse it\n"


class _State:
    """What this process compiles now; compiled functions are compiled inside others."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.depth = 0
        self.timer: threading.Timer | None = None
        self.silenced = 0  # number of `quiet` calls that run now
        self.given = False


_state = _State()


def started() -> None:
    """A function begins to be compiled."""
    with _state.lock:
        _state.depth += 1
        if _state.depth == 1 and not _state.given:
            _state.timer = threading.Timer(PATIENCE_S, _say)
            _state.timer.daemon = True
            _state.timer.start()


def finished() -> None:
    """A function is compiled."""
    with _state.lock:
        _state.depth -= 1
        if _state.depth == 0 and _state.timer is not None:
            _state.timer.cancel()
            _state.timer = None


@contextmanager
def quiet(silent: bool) -> Iterator[None]:
    """No message while this runs, if `silent`."""
    with _state.lock:
        _state.silenced += silent
    try:
        yield
    finally:
        with _state.lock:
            _state.silenced -= silent


def _say() -> None:
    with _state.lock:
        # the processes of a cluster, whose output nobody reads
        if _state.given or _state.silenced or multiprocessing.parent_process() is not None:
            return
        _state.given = True
    sys.stderr.write(MESSAGE)
    sys.stderr.flush()
