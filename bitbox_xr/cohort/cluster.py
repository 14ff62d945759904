"""The dask workers of a run: processes of this machine, or those of a given scheduler."""

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bitbox_xr.cohort.lost_workers import RETRIES
from bitbox_xr.core.lazy import threads
from bitbox_xr.core.validation import is_number

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["connected", "worker_faults"]

ADDRESS = r"(\w+://)?[^\s/]+:\d+|inproc://\S+"

SETTINGS = {"distributed.scheduler.allowed-failures": RETRIES}

# dask makes its workers return memory at once; each block of windows then requests it again, which takes half as long
# again in all
KEEP_MEMORY = {
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": 2**27,  # bytes
    "distributed.nanny.pre-spawn-environ.MALLOC_MMAP_THRESHOLD_": 2**25,
}


def worker_faults(client: object, workers: int | None) -> list[str]:
    """Faults of the options `client` and `workers`."""
    faults = []
    if isinstance(client, str) and not re.fullmatch(ADDRESS, client):
        faults.append(f"expected client to be the address of a scheduler, tcp://host:port, got {client!r}")
    if client is not None and workers is not None:
        faults.append("client and workers are both given; leave workers out, the cluster decides their number")
    elif workers is not None and (not is_number(workers) or workers != int(workers) or workers < 1):
        faults.append(f"expected workers to be a positive number of processes, got {workers!r}")
    return faults


@contextmanager
def connected(client: "Client | str | None", workers: int | None, most: int) -> Iterator["Client"]:
    """Yield a client of the run's cluster; what this function opens, it closes.

    `client` is a `distributed.Client`, the address of a scheduler, or None for `workers` processes of this machine with
    one thread each: by default one per core, and never more than `most`.
    """
    import dask
    from distributed import Client, LocalCluster

    if client is None:
        number = min(int(workers or threads()), most)
        with (
            _quiet(),
            _without_main_module(),
            dask.config.set(KEEP_MEMORY | SETTINGS),
            LocalCluster(
                n_workers=number,
                threads_per_worker=1,
                processes=True,
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,  # deaths of workers are in status.csv
            ) as cluster,
            Client(cluster, set_as_default=False) as own,
        ):
            yield own
    elif isinstance(client, str):
        try:
            own = Client(client, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ConnectionError(
                f"expected a dask scheduler at {client}, got no answer ({error}); start one, or correct the address"
            ) from error
        with _quiet(), own:
            yield own
    elif isinstance(client, Client) and not client.asynchronous:
        yield client
    else:
        raise TypeError(
            f"expected client to be a synchronous distributed.Client or a scheduler's address, got {client!r}"
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep dask from logging deaths of workers and of the scheduler, which the run itself reports once."""
    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] in ("distributed", "asyncio")]
    loggers = [logging.getLogger(name) for name in names]
    for logger in loggers:
        logger.addFilter(_is_shown)
    try:
        yield
    except ConnectionError:
        # asyncio logs the exceptions of lost tasks when these are freed, which is after this error was handled
        loggers = [logger for logger in loggers if logger.name != "asyncio"]
        raise
    finally:
        for logger in loggers:
            logger.removeFilter(_is_shown)


def _is_shown(record: logging.LogRecord) -> bool:
    """Whether a log record is neither dask's nor about an exception of dask's that nobody waits for."""
    if record.name.startswith("distributed"):
        return record.levelno >= logging.CRITICAL
    kind = record.exc_info[0] if record.exc_info else None
    return kind is None or not kind.__module__.startswith("distributed")


@contextmanager
def _without_main_module() -> Iterator[None]:
    """Keep new processes from importing the running program, which they do not need.

    A program without `if __name__ == "__main__"` would start its cohort again in each of them.
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
