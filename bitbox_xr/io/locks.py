"""The lock that guards every call of the NetCDF and HDF5 libraries, lazy reads included.

These libraries crash the process when two threads call them at the same time, even for different files.
"""

import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from bitbox_xr.upstream.xarray_internals import LIBRARY_LOCKS

__all__ = ["LOCK", "FileLock", "unreadable"]


class LibraryLock:
    """A reentrant lock with one instance per process. Unpickling returns that instance.

    It also holds xarray's own locks, so that no thread reads a file that xarray alone opened at the same time. xarray's
    locks are not reentrant: they are acquired at the first entry and released at the last exit.
    """

    def __init__(self) -> None:
        self._own = threading.RLock()
        self._depth = 0

    def acquire(self, blocking: bool = True) -> bool:
        """Acquire the lock. With `blocking=False`, return False at once if another thread holds it."""
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
        """Release the lock once. Call it as often as `acquire()` succeeded."""
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
    """The library lock for reading one file. It turns errors of the library into a message that names the file.

    xarray keeps this lock with the lazy arrays, so the message also appears when damage is found later.
    """

    file: str

    def acquire(self, blocking: bool = True) -> bool:
        """See `LibraryLock.acquire`."""
        return LOCK.acquire(blocking)

    def release(self) -> None:
        """See `LibraryLock.release`."""
        LOCK.release()

    def __enter__(self) -> "FileLock":
        LOCK.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        LOCK.release()
        if isinstance(error, OSError | RuntimeError):
            raise unreadable(self.file, error) from error


def unreadable(file: str, error: BaseException) -> OSError:
    """The error to raise if the library cannot read `file`."""
    return OSError(
        f"{file}: expected a NetCDF file, got a file of another format, or one that is damaged or cut short ({error}); "
        "create the file again"
    )
