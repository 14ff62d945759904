"""A message on standard error when code is compiled for more than a second; not in workers.

A process says it once for each task, such as correlations. A session says it only if the code is not in numba's cache.
"""

import multiprocessing
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["finished", "not_cached", "quiet", "started"]

PATIENCE_S = 1.0
MESSAGE = "bitbox_xr: compiling the code for {task}, {how_often}; this takes some seconds …\n"
CACHED, NOT_CACHED = "only the first time it is needed", "in every session, because the cache cannot be written"
# by the first module or folder of kernels in which code is compiled
TASKS = {
    "correlation": "correlations",
    "activations": "activations",
    "contingency": "answers",
    "p_values": "tests",
    "activity": "tests",
}
OTHER = "this measure"


class _State:
    """What this process compiles now."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.timer: threading.Timer | None = None
        self.silenced = 0  # number of `quiet` calls that run now
        self.task = OTHER
        self.given: set[str] = set()  # tasks
        self.cached = True


_state = _State()


def not_cached() -> None:
    """Code cannot be cached on disk."""
    _state.cached = False


def started(module: str = "") -> None:
    """A function of this module begins to be compiled, with all functions that it calls.

    >>> started("bitbox_xr.kernels.correlation.tiles")
    >>> _state.task
    'correlations'
    >>> finished()
    """
    with _state.lock:
        _state.task = TASKS.get(module.partition("kernels.")[2].partition(".")[0], OTHER)
        if _state.task not in _state.given:
            _state.timer = threading.Timer(PATIENCE_S, _say)
            _state.timer.daemon = True
            _state.timer.start()


def finished() -> None:
    """The function is compiled."""
    with _state.lock:
        if _state.timer is not None:
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
        if _state.task in _state.given or _state.silenced or multiprocessing.parent_process() is not None:
            return
        _state.given.add(_state.task)
        message = MESSAGE.format(task=_state.task, how_often=CACHED if _state.cached else NOT_CACHED)
    sys.stderr.write(message)
    sys.stderr.flush()
