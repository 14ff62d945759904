"""Memory that is available to this process, and the refusal of files that would unpack to more.

The available memory is the smallest of four limits: physical memory, the control groups of the process (containers,
batch systems), RLIMIT_AS, and the memory limit of a dask worker.
"""

import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

from bitbox_xr.upstream.dask_internals import limit_of_worker

__all__ = ["available", "refuse_beyond"]

GROUPS, MOUNT = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")
# version of control groups: files with the limit and the use (bytes), and the entries of memory.stat for the file
# cache, which the kernel frees when memory is needed
FILES = {
    1: ("memory.limit_in_bytes", "memory.usage_in_bytes", ("total_inactive_file", "total_active_file")),
    2: ("memory.max", "memory.current", ("inactive_file", "active_file")),
}
PREFIXES = "kMGTPE"


def available() -> int:
    """Bytes that this process may use before it reaches a limit or the machine runs out of memory.

    Limits: available physical memory (without swap space), control groups of version 1 and 2 (all groups of the
    process, including nested ones), RLIMIT_AS, and inside a dask worker an equal share of the worker's limit for each
    of its threads. dask assigns each worker a part of the machine's memory, so that the workers of a cohort share it.

    >>> available() > 0
    True
    """
    import psutil

    process = psutil.Process().memory_info()
    left = [int(psutil.virtual_memory().available), *_left_by_groups()]
    left += [limit - process.vms for limit in _address_space()]
    left += _share_of_worker(process.rss)
    return max(0, min(left))


def refuse_beyond(file: str, size: int, remedy: str) -> None:
    """Raise MemoryError if a file would unpack to more bytes than are available; `remedy` ends the message.

    >>> refuse_beyond("x.nc", 10**18, "open it with open_netcdf(path, chunks='auto')")
    Traceback (most recent call last):
        ...
    MemoryError: x.nc: expected at most ...B, the memory that is available, got a file that unpacks to 1.0 EB; open ...
    """
    most = available()
    if size > most:
        raise MemoryError(
            f"{file}: expected at most {_readable(most)}, the memory that is available, got a file that unpacks to "
            f"{_readable(size)}; {remedy}"
        )


def _readable(size: int) -> str:
    """A number of bytes with a decimal prefix.

    >>> _readable(999), _readable(1_500_000), _readable(8 * 10**12)
    ('999 B', '1.5 MB', '8.0 TB')
    """
    if size < 1000:
        return f"{size} B"
    steps = min((len(str(size)) - 1) // 3, len(PREFIXES))
    return f"{size / 1000**steps:.1f} {PREFIXES[steps - 1]}B"


# --- control groups


def _left_by_groups() -> Iterator[int]:
    """Bytes left in each control group of this process that has a limit."""
    with suppress(OSError):  # not Linux
        for line in GROUPS.read_text().splitlines():
            number, controllers, path = line.split(":", 2)
            if number == "0" and not controllers:
                yield from _left_by_tree(MOUNT, path, 2)
                yield from _left_by_tree(MOUNT / "unified", path, 2)  # version 2 together with version 1
            elif "memory" in controllers.split(","):
                yield from _left_by_tree(MOUNT / "memory", path, 1)


def _left_by_tree(root: Path, path: str, version: int) -> Iterator[int]:
    """Bytes left in a group and its parents. In a container it may be a path of the host; then only `root` exists."""
    inner = PurePosixPath(path.lstrip("/"))
    for group in [root / inner, *(root / outer for outer in inner.parents)]:
        with suppress(OSError, ValueError):  # no such group, or no limit ("max")
            yield _left_by_group(group, version)


def _left_by_group(group: Path, version: int) -> int:
    limit, used, kept = FILES[version]
    most, now = int((group / limit).read_text()), int((group / used).read_text())
    lines = (line.split() for line in (group / "memory.stat").read_text().splitlines())
    return most - now + sum(int(value) for name, value in lines if name in kept)


# --- limits of the process


def _address_space() -> Iterator[int]:
    """RLIMIT_AS, if it is set."""
    try:
        import resource
    except ImportError:  # Windows
        return
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    if soft != resource.RLIM_INFINITY:
        yield soft


def _share_of_worker(used: int) -> Iterator[int]:
    """Bytes left for each thread of the dask worker that runs this code, of which the process has `used`."""
    if "distributed" not in sys.modules:
        return
    import dask
    from distributed import get_worker

    try:
        worker = get_worker()
    except ValueError:  # not inside a worker
        return
    limit, threads = limit_of_worker(worker)
    if limit:
        ends = dask.config.get("distributed.worker.memory.terminate", 1.0) or 1.0
        yield (int(limit * ends) - used) // max(1, threads)  # beyond it, dask restarts the worker
