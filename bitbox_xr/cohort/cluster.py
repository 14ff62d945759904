"""The dask workers of a run: processes of this machine, or a scheduler that is there already."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bitbox_xr.core.lazy import threads
from bitbox_xr.core.validation import is_number
from bitbox_xr.upstream import dask_internals

__all__ = ["connected", "deaths", "worker_faults"]

ADDRESS = r"(\w+://)?[^\s/]+:\d+|inproc://\S+"

# dask has its workers give memory back at once, and then every block of windows fetches it anew: half as slow again
KEEP_MEMORY = {
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": 2**27,  # bytes
    "distributed.nanny.pre-spawn-environ.MALLOC_MMAP_THRESHOLD_": 2**25,
}


def worker_faults(client: Any, workers: int | None) -> list[str]:
    """What is wrong with what a caller says of workers."""
    faults = []
    if isinstance(client, str) and not re.fullmatch(ADDRESS, client):
        faults.append(f"client is {client!r}; the address of a scheduler, tcp://host:port, is wanted")
    if client is not None and workers is not None:
        faults.append("client and workers are both given; the number of workers is the cluster's own, leave it out")
    elif workers is not None and (not is_number(workers) or workers != int(workers) or workers < 1):
        faults.append(f"workers is {workers!r}; a positive number of processes is wanted")
    return faults


@contextmanager
def connected(client: Any, workers: int | None, most: int) -> Iterator[Any]:
    """A client of the cluster that is wanted; what is opened here is closed again.

    `client`: a `distributed.Client`, the address of a scheduler, or None for `workers` processes of this machine with
    a thread each, by default as many as there are cores, and never more than `most`.
    """
    import dask
    from distributed import Client, LocalCluster

    if client is None:
        number = min(int(workers or threads()), most)
        with (
            _nothing_to_import(),
            dask.config.set(KEEP_MEMORY),
            LocalCluster(
                n_workers=number, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0"
            ) as cluster,
            Client(cluster, set_as_default=False) as own,
        ):
            yield own
    elif isinstance(client, str):
        try:
            own = Client(client, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ConnectionError(f"no dask scheduler answers at {client} ({error})") from error
        with own:
            yield own
    elif isinstance(client, Client) and not client.asynchronous:
        yield client
    else:
        raise TypeError(f"client is {client!r}; a synchronous distributed.Client or a scheduler's address is wanted")


@contextmanager
def _nothing_to_import() -> Iterator[None]:
    """Keep new processes from importing the program that runs: one without `if __name__ == "__main__"` would start
    its cohort again in each of them. Nothing of it is needed there.
    """
    main = sys.modules["__main__"]
    kept = {name: getattr(main, name) for name in ("__file__", "__spec__") if hasattr(main, name)}
    try:
        for name in kept:
            setattr(main, name, None)
        yield
    finally:
        for name, value in kept.items():
            setattr(main, name, value)


def deaths(client: Any, keys: list[str]) -> dict[str, int]:
    """How many workers died while they had each task; to be asked while its future is held."""
    found: dict[str, int] = client.run_on_scheduler(_suspicious, keys=keys)
    return found


def _suspicious(keys: list[str], dask_scheduler: Any = None) -> dict[str, int]:
    return dask_internals.deaths(dask_scheduler, keys)
