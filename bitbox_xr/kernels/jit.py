"""How kernels are compiled."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numba

from bitbox_xr.upstream import numba_internals

__all__ = ["kernel"]


def _sources() -> str:
    """A hash of all files that kernels are compiled from, in nested folders too: a kernel contains what it calls."""
    files = [*Path(__file__).parent.rglob("*.py"), Path(numba_internals.__file__)]
    return sha256(b"".join(file.read_bytes() for file in sorted(files))).hexdigest()


SOURCES = _sources()


def kernel(function: Callable[..., Any]) -> Any:
    """Compile `function` with numba: without the interpreter's lock, kept on disk for the next process.

    Where neither the package's folder nor the user's can be written (a read-only install), numba refuses to
    keep anything; the function is then compiled anew in each process. Never numba's `parallel=True`: its
    threading layer may abort the process when several threads enter it.
    """
    try:
        compiled: Any = numba.njit(nogil=True, cache=True, error_model="numpy")(function)
        numba_internals.stamp_cache(compiled, SOURCES)
        return compiled
    except (RuntimeError, AttributeError):  # "cannot cache function …: no locator available"
        return numba.njit(nogil=True, error_model="numpy")(function)
