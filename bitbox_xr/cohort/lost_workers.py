"""Results of tasks on dask workers, and what happens to a recording whose worker died or whose scheduler is lost."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from bitbox_xr.upstream import dask_internals

if TYPE_CHECKING:
    from dask.typing import Key
    from distributed import Client, Scheduler

__all__ = ["RETRIES", "death_message", "task_results", "worker_count"]

LOG = logging.getLogger(__name__)
T = TypeVar("T")

RETRIES = 3  # of a task whose worker died, first among other tasks, then alone
POLL_S, CHECK_S = 0.05, 5.0  # between two looks at finished tasks, and at the workers
MAX_S_WITHOUT_WORKERS = 40.0  # of a given cluster, after which no worker is expected to come back
MAX_S_FOR_RESTART = 300.0  # the same for processes of this machine, which restart: a busy machine needs time
MIN_TASKS_SENT = 1000  # that a scheduler has as long as there are more
FETCH_TIMEOUT_S = 20.0  # for the result of one task, which is small


def task_results(
    client: "Client", call: Callable[..., T], *arguments: Sequence[object]
) -> Iterator[tuple[int, T | Exception, int]]:
    """Call a function on workers with each set of `arguments`, and yield results in the order in which they finish.

    Yields the number of the call (from 0), its result or exception, and how many workers died while they had it. dask
    counts a death against all tasks that the worker had, also waiting ones. A task that dask gives up for this reason
    is called again alone after all others, so that no task fails because of another.

    Raises ConnectionError within a minute after the loss of the scheduler or of its last worker. There is no limit
    before the first worker has arrived, which may be waiting in a queue.
    """
    from distributed import KilledWorker

    blamed: dict[int, int] = {}
    for number, result, died in _results_once(client, call, *arguments):
        if isinstance(result, KilledWorker):
            blamed[number] = died
        else:
            yield number, result, died
    for number, before in blamed.items():
        for _, result, died in _results_once(client, call, *([values[number]] for values in arguments)):
            yield number, result, before + died


def _results_once(
    client: "Client", call: Callable[..., T], *arguments: Sequence[object]
) -> Iterator[tuple[int, T | Exception, int]]:
    from distributed import TimeoutError, as_completed

    watch = _Watch(client)
    waiting = as_completed(loop=client.loop, raise_errors=False)
    numbers: dict[Key, int] = {}
    sent, total = 0, len(arguments[0])
    while numbers or sent < total:
        if len(numbers) <= MIN_TASKS_SENT and sent < total:
            part = [values[sent : sent + MIN_TASKS_SENT] for values in arguments]
            # pure=False: the same call would otherwise return an earlier result and write no file
            futures = client.map(call, *part, pure=False, batch_size=MIN_TASKS_SENT)
            numbers |= {future.key: number for number, future in enumerate(futures, sent)}
            sent += len(futures)
            waiting.update(futures)
            del futures, part  # the scheduler forgets futures that no client holds
        batch = waiting.next_batch(block=False)
        if not batch:
            watch.check()
            time.sleep(POLL_S)
            continue
        watch.saw_worker()
        died = watch.request(client.run_on_scheduler, _count_deaths, keys=[future.key for future in batch])
        while batch:
            future = batch.pop()
            try:
                result: T | Exception = future.result(timeout=FETCH_TIMEOUT_S)
            except TimeoutError as error:
                if future.status != "error":  # its worker died before it sent the result: dask runs the task again
                    waiting.add(future)
                    continue
                result = error
            except Exception as error:
                if future.status != "error":  # the exception is not the task's
                    raise watch.lost_error() from error
                result = error
            yield numbers.pop(future.key), result, died[future.key]


def worker_count(client: "Client") -> int:
    """How many workers the client's scheduler has; raises ConnectionError if the scheduler is lost."""
    return len(_Watch(client).request(client.nthreads))


class _Watch:
    """Checks that a client's scheduler is alive and has workers."""

    def __init__(self, client: "Client") -> None:
        from distributed import LocalCluster

        self._client = client
        assert client.scheduler is not None  # the client is connected
        self._address = client.scheduler.address
        own = isinstance(client.cluster, LocalCluster)  # it had workers when it was made
        self._seen = bool(self.request(client.nthreads)) or own
        self._since = self._next = time.monotonic()  # when a worker was last seen; when the next check is due
        self._warned = False
        self._limit = MAX_S_FOR_RESTART if own else MAX_S_WITHOUT_WORKERS

    def saw_worker(self) -> None:
        """Note that a worker was there just now."""
        self._seen, self._since = True, time.monotonic()

    def check(self) -> None:
        """Raise ConnectionError if the scheduler or all workers are lost."""
        now = time.monotonic()
        if self._client.status != "running":
            raise self.lost_error()
        if now < self._next:
            return
        self._next = now + CHECK_S
        if self.request(self._client.nthreads):
            self.saw_worker()
        elif now - self._since > self._limit:
            if self._seen:
                raise ConnectionError(
                    f"all workers of the dask scheduler at {self._address} were lost, and none came back within "
                    f"{self._limit:.0f} s; see their logs for the reason (memory, time limit), start workers and run "
                    "again, which keeps what is done"
                )
            if not self._warned:
                LOG.warning("the dask scheduler at %s has no workers yet; waiting for them", self._address)
            self._warned = True

    def request(self, question: Callable[..., T], *arguments: object, **options: object) -> T:
        """Call a function that asks the scheduler; raise ConnectionError if the scheduler does not reply."""
        if self._client.status != "running":
            raise self.lost_error()
        try:
            return question(*arguments, **options)
        except OSError as error:  # TimeoutError is one
            raise self.lost_error() from error

    def lost_error(self) -> ConnectionError:
        """The error for a lost scheduler, which cancels all tasks."""
        return ConnectionError(
            f"the dask scheduler at {self._address} was lost: it died, was restarted or cannot be reached; start a "
            "scheduler and workers and run again, which keeps what is done"
        )


def death_message(error: BaseException, died: int) -> str:
    """The message for a task whose workers died each time; '' for other errors."""
    from distributed import KilledWorker

    if not isinstance(error, KilledWorker):
        return ""
    return (
        f"{died} workers died one after another during this task: they ran out of memory or a library crashed; see the "
        "logs of the system or the workers, and give each worker more memory"
    )


def _count_deaths(keys: list[str], dask_scheduler: "Scheduler | None" = None) -> dict[str, int]:
    return dask_internals.deaths(dask_scheduler, keys)
