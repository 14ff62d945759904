"""The dask workers of a run: processes of this machine, or a scheduler that is there already."""

import logging
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from bitbox_xr.core.lazy import threads
from bitbox_xr.core.validation import is_number
from bitbox_xr.upstream import dask_internals

__all__ = ["RETRIES", "answers", "connected", "told_of_death", "worker_faults"]

LOG = logging.getLogger(__name__)
RETRIES = 3  # times a task is run again because the worker that had it died, beside others and then by itself
POLL, LOOK = 0.05, 5.0  # seconds between two questions: what is finished, and who is still there
GONE = 40.0  # seconds without any worker of another's cluster after which none is expected to come back
RESTART = 300.0  # the same of processes of this machine, which are started again: a busy machine takes its time
AHEAD = 1000  # tasks that a scheduler has at least, as long as there are more
FETCH = 20.0  # seconds for one answer to arrive, which is small

ADDRESS = r"(\w+://)?[^\s/]+:\d+|inproc://\S+"

OWN = {"distributed.scheduler.allowed-failures": RETRIES}

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
            _quiet(),
            _nothing_to_import(),
            dask.config.set(KEEP_MEMORY | OWN),
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
            raise ConnectionError(f"no dask scheduler answers at {client} ({error})") from error
        with _quiet(), own:
            yield own
    elif isinstance(client, Client) and not client.asynchronous:
        yield client
    else:
        raise TypeError(f"client is {client!r}; a synchronous distributed.Client or a scheduler's address is wanted")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep dask from logging deaths of workers and of the scheduler: they are told once, and are in status.csv."""
    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] in ("distributed", "asyncio")]
    loggers = [logging.getLogger(name) for name in names]
    for logger in loggers:
        logger.addFilter(_is_told)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(_is_told)


def _is_told(record: logging.LogRecord) -> bool:
    """Whether a record is neither dask's nor an exception of dask's that nobody waits for."""
    if record.name.startswith("distributed"):
        return record.levelno >= logging.CRITICAL
    kind = record.exc_info[0] if record.exc_info else None
    return kind is None or not kind.__module__.startswith("distributed")


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


# --- answers of tasks, and how their absence is noticed


def answers(client: Any, call: Callable[..., Any], *given: Sequence[Any]) -> Iterator[tuple[int, Any, int]]:
    """Call a function with each of what is given, on workers; what it answers, as it does.

    Gives a number (0 for the first of `given`), the answer or the exception, and how many workers died of it. dask
    blames a death on all tasks that the worker had, waiting ones too: what it gives up for this is called again by
    itself once all others are finished, so that no task fails for another.

    ConnectionError within a minute after the scheduler, or the last of its workers, is gone. Before a first worker
    has come there is no limit: it may be waiting in a queue.
    """
    from distributed import KilledWorker

    blamed: dict[int, int] = {}
    for number, answer, died in _answers(client, call, *given):
        if isinstance(answer, KilledWorker):
            blamed[number] = died
        else:
            yield number, answer, died
    for number, before in blamed.items():
        for _, answer, died in _answers(client, call, *([values[number]] for values in given)):
            yield number, answer, before + died


def _answers(client: Any, call: Callable[..., Any], *given: Sequence[Any]) -> Iterator[tuple[int, Any, int]]:
    from distributed import TimeoutError, as_completed

    watch = _Watch(client)
    waiting = as_completed(loop=client.loop, raise_errors=False)
    numbers: dict[str, int] = {}
    sent, total = 0, len(given[0])
    while numbers or sent < total:
        if len(numbers) <= AHEAD and sent < total:
            part = [values[sent : sent + AHEAD] for values in given]
            # pure=False: the same call would otherwise hand back an answer of before, without a file
            futures = client.map(call, *part, pure=False, batch_size=AHEAD)
            numbers |= {future.key: number for number, future in enumerate(futures, sent)}
            sent += len(futures)
            waiting.update(futures)
            del futures, part  # the scheduler forgets what nobody holds
        batch = waiting.next_batch(block=False)
        if not batch:
            watch.look()
            time.sleep(POLL)
            continue
        watch.answered()
        died = watch.asked(client.run_on_scheduler, _suspicious, keys=[future.key for future in batch])
        while batch:
            future = batch.pop()
            try:
                answer = future.result(timeout=FETCH)
            except TimeoutError:  # its worker died before it gave the result away: the task is run again
                waiting.add(future)
                continue
            except Exception as error:
                if future.status != "error":  # it is not the task's
                    raise watch.lost() from error
                answer = error
            yield numbers.pop(future.key), answer, died[future.key]


class _Watch:
    """Whether the scheduler of a client is there, and workers with it."""

    def __init__(self, client: Any) -> None:
        from distributed import LocalCluster

        self._client = client
        self._address = client.scheduler.address
        self._seen = bool(self.asked(client.nthreads))
        self._since = self._next = time.monotonic()  # of the last worker; of the next look
        self._told = False
        self._limit = RESTART if isinstance(client.cluster, LocalCluster) else GONE

    def answered(self) -> None:
        """There was a worker just now."""
        self._seen, self._since = True, time.monotonic()

    def look(self) -> None:
        """ConnectionError if scheduler or workers are gone."""
        now = time.monotonic()
        if self._client.status != "running":
            raise self.lost()
        if now < self._next:
            return
        self._next = now + LOOK
        if self.asked(self._client.nthreads):
            self.answered()
        elif now - self._since > self._limit:
            if self._seen:
                raise ConnectionError(
                    f"all workers of the dask scheduler at {self._address} are gone, and none came back within "
                    f"{self._limit:.0f} s; see their logs for the reason (memory, time limit), start workers and run "
                    "again, which keeps what is done"
                )
            if not self._told:
                LOG.warning("the dask scheduler at %s has no workers yet; waiting for them", self._address)
            self._told = True

    def asked(self, question: Any, *arguments: Any, **options: Any) -> Any:
        """What the scheduler answers."""
        if self._client.status != "running":
            raise self.lost()
        try:
            return question(*arguments, **options)
        except OSError as error:  # TimeoutError is one
            raise self.lost() from error

    def lost(self) -> ConnectionError:
        """The error for a scheduler that is gone, whose tasks are then cancelled."""
        return ConnectionError(
            f"the dask scheduler at {self._address} was lost: it died, was restarted or cannot be reached; start a "
            "scheduler and workers and run again, which keeps what is done"
        )


def told_of_death(error: BaseException, died: int) -> str:
    """What to say of a task whose workers died each time; '' for other errors."""
    from distributed import KilledWorker

    if not isinstance(error, KilledWorker):
        return ""
    return (
        f"{died} workers died one after another while they worked on it: they ran out of memory or a library crashed; "
        "see the system's or the workers' logs, give each worker more memory or take it out of the manifest"
    )


def _suspicious(keys: list[str], dask_scheduler: Any = None) -> dict[str, int]:
    return dask_internals.deaths(dask_scheduler, keys)
