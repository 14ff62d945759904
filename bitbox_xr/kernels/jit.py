"""How kernels are compiled."""

from collections.abc import Callable
from typing import Any

import numba

__all__ = ["kernel"]


def kernel(function: Callable[..., Any]) -> Any:
    """Compile `function` with numba: without the interpreter's lock, kept on disk for the next process.

    Where neither the package's folder nor the user's can be written (a read-only install), numba refuses to
    keep anything; the function is then compiled anew in each process. Never numba's `parallel=True`: its
    threading layer may abort the process when several threads enter it.
    """
    try:
        return numba.njit(nogil=True, cache=True, error_model="numpy")(function)
    except RuntimeError:  # "cannot cache function …: no locator available"
        return numba.njit(nogil=True, error_model="numpy")(function)
