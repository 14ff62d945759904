"""Undocumented parts of dask and distributed that lazy evaluation and cohorts use."""

from collections.abc import Iterable
from typing import Any

__all__ = ["deaths", "held_by_cluster", "limit_of_worker"]


def held_by_cluster(graph: Iterable[Any]) -> bool:
    """Whether any node of a graph is data in the memory of a cluster (after `Client.persist`).

    Such a node is a `Future` inside dask's `DataNode`, whose attribute `value` is not documented.
    """
    from distributed import Future

    return any(isinstance(getattr(node, "value", node), Future) for node in graph)


def limit_of_worker(worker: Any) -> tuple[int | None, int]:
    """Memory limit of a worker in bytes (None without a limit), and the number of its threads.

    The worker keeps both in parts of it that are not documented: its memory manager and its state.
    """
    return worker.memory_manager.memory_limit, int(worker.state.nthreads)


def deaths(scheduler: Any, keys: list[str]) -> dict[str, int]:
    """Number of workers that died while they had each task. Runs on the scheduler, while the tasks' futures exist.

    A client is informed of a death only when dask gives up the task. The number of attempts so far is in the
    scheduler's own table, as `TaskState.suspicious`.
    """
    tasks = {key: scheduler.tasks.get(key) for key in keys}
    return {key: int(task.suspicious) if task is not None else 0 for key, task in tasks.items()}
