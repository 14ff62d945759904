"""The one lock around every touch of the NetCDF and HDF5 libraries, lazy reads included.

They crash the process when two threads are inside them, even with different files.
"""

import threading
from dataclasses import dataclass
from typing import Any

from bitbox_xr.upstream.xarray_internals import LIBRARY_LOCKS

__all__ = ["LOCK", "FileLock", "unreadable"]


class LibraryLock:
    """A reentrant lock that is one and the same in a process, however often it is pickled.

    xarray's own locks are part of it, so that lazy reads of files that were opened with xarray alone are kept
    out too. Those are not reentrant: they are taken at the first entry and given back at the last exit.
    """

    def __init__(self) -> None:
        self._own = threading.RLock()
        self._depth = 0

    def acquire(self, blocking: bool = True) -> bool:
        """Wait for the lock, or (`blocking=False`) say at once whether it was to be had."""
        if not self._own.acquire(blocking):
            return False
        if self._depth == 0 and not self._acquire_others(blocking):
            self._own.release()
            return False
        self._depth += 1
        return True

    def _acquire_others(self, blocking: bool) -> bool:
        held: list[Any] = []
        for lock in LIBRARY_LOCKS:
            if not lock.acquire(blocking):
                for other in reversed(held):
                    other.release()
                return False
            held.append(lock)
        return True

    def release(self) -> None:
        """Give the lock back, once for every time it was acquired."""
        self._depth -= 1
        if self._depth == 0:
            for other in reversed(LIBRARY_LOCKS):
                other.release()
        self._own.release()

    def __enter__(self) -> "LibraryLock":
        self.acquire()
        return self

    def __exit__(self, *exc: object) -> None:
        self.release()

    def __reduce__(self) -> str:
        return "LOCK"  # pickled as the name of this module's only instance


LOCK = LibraryLock()


@dataclass(frozen=True)
class FileLock:
    """The lock while one file is read: what the library says of its damage, then or later, is said in words."""

    file: str

    def acquire(self, blocking: bool = True) -> bool:
        """As `LibraryLock.acquire`."""
        return LOCK.acquire(blocking)

    def release(self) -> None:
        """As `LibraryLock.release`."""
        LOCK.release()

    def __enter__(self) -> "FileLock":
        LOCK.acquire()
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        LOCK.release()
        if isinstance(error, OSError | RuntimeError):
            raise unreadable(self.file, error) from error


def unreadable(file: str, error: BaseException) -> OSError:
    """What to raise where the library cannot read `file`."""
    return OSError(f"{file} is no NetCDF file, or is damaged or cut short ({error}); write it anew")
