"""What lazy evaluation and cohorts use of dask and distributed beyond their documented interface."""

from collections.abc import Iterable
from typing import Any

__all__ = ["deaths", "held_by_cluster"]


def held_by_cluster(graph: Iterable[Any]) -> bool:
    """Whether any of a graph's nodes is data that a cluster holds (after `Client.persist`).

    Such a node is a `Future` in a wrapper of dask's, `DataNode`, whose `.value` is not documented.
    """
    from distributed import Future

    return any(isinstance(getattr(node, "value", node), Future) for node in graph)


def deaths(scheduler: Any, keys: list[str]) -> dict[str, int]:
    """How many workers died while they had each task; runs on the scheduler, while the tasks' futures are held.

    A client learns of a death only when dask gives up on the task; how often it tried stands in the scheduler's own
    table, as `TaskState.suspicious`.
    """
    tasks = {key: scheduler.tasks.get(key) for key in keys}
    return {key: int(task.suspicious) if task is not None else 0 for key, task in tasks.items()}
