"""How kernels are compiled."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numba

__all__ = ["kernel"]


# A kernel holds what it calls from other files too; numba looks at its own only to see whether it has changed.
SOURCES = sha256(b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.rglob("*.py")))).hexdigest()


def kernel(function: Callable[..., Any]) -> Any:
    """Compile `function` with numba: without the interpreter's lock, kept on disk for the next process.

    Where neither the package's folder nor the user's can be written (a read-only install), numba refuses to
    keep anything; the function is then compiled anew in each process. Never numba's `parallel=True`: its
    threading layer may abort the process when several threads enter it.
    """
    try:
        compiled: Any = numba.njit(nogil=True, cache=True, error_model="numpy")(function)
        compiled._cache._cache_file._source_stamp = SOURCES
        return compiled
    except (RuntimeError, AttributeError):  # "cannot cache function …: no locator available"
        return numba.njit(nogil=True, error_model="numpy")(function)
