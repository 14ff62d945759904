"""Compilation of kernels with numba."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba.extending import register_jitable

from bitbox_xr.kernels import compilation_garbage, compilation_notice
from bitbox_xr.upstream import numba_internals

__all__ = ["bare_kernel", "kernel", "kernel_part"]

Function = TypeVar("Function", bound=Callable[..., Any])


def _sources() -> str:
    """A hash of all kernel sources, including nested folders, because a compiled kernel contains the code it calls."""
    files = [*Path(__file__).parent.rglob("*.py"), Path(numba_internals.__file__)]
    return sha256(b"".join(file.read_bytes() for file in sorted(files))).hexdigest()


SOURCES = _sources()
OPTIONS: dict[str, Any] = {"error_model": "numpy", **numba_internals.NO_C_WRAPPER}


def _started(module: str) -> None:
    compilation_notice.started(module)
    compilation_garbage.started()


def _finished() -> None:
    compilation_notice.finished()
    compilation_garbage.finished()


numba_internals.watch_compilation(_started, _finished)


def kernel(function: Callable[..., Any]) -> Any:
    """Compile `function` with numba. It releases Python's global lock and is cached on disk.

    If neither the package's nor the user's folder can be written (a read-only installation), numba cannot cache, and
    the function is compiled in each process. `parallel=True` is not used: numba's threading layer may abort the process
    when several threads enter it.
    """
    return _compiled(function)


def bare_kernel(function: Callable[..., Any]) -> Any:
    """`kernel` for a function that makes no arrays: references to its arguments are then not counted.

    Counting takes 5 ns for each array of each call, and more after writes to distant memory, which it waits for.
    """
    return _compiled(function, **numba_internals.UNCOUNTED)


def _compiled(function: Callable[..., Any], **options: Any) -> Any:
    try:
        compiled: Any = numba.njit(nogil=True, cache=True, **OPTIONS, **options)(function)
        numba_internals.stamp_cache(compiled, SOURCES)
        return compiled
    except (RuntimeError, AttributeError):  # "cannot cache function …: no locator available"
        compilation_notice.not_cached()
        return numba.njit(nogil=True, **OPTIONS, **options)(function)


def kernel_part(function: Function) -> Function:
    """Compile `function` only as a part of the kernels that call it.

    Code to call it from Python takes as long to compile as a small function does, and so does its own cache file. If
    Python calls it, it runs uncompiled.
    """
    compilable: Function = register_jitable(**OPTIONS)(function)
    return compilable
