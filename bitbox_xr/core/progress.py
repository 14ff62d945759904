"""A progress bar for work that takes long."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

__all__ = ["is_shown", "tracked"]

MIN_DURATION_S = 2.0  # shorter work shows no progress bar

Item = TypeVar("Item")


def tracked(items: Iterable[Item], total: int, what: str = "", *, shown: bool | None = None) -> Iterator[Item]:
    """Yield `items`; after two seconds show a progress bar on standard error.

    `what` is the title of the bar. `shown`: True, False, or None to show it on terminals and in notebooks only.

    >>> list(tracked(iter("abc"), 3))
    ['a', 'b', 'c']
    """
    start = time.monotonic()
    bar = None
    try:
        for done, item in enumerate(items, 1):
            yield item
            if bar is not None:
                bar.update()
            elif done < total and time.monotonic() - start > MIN_DURATION_S and is_shown(shown):
                from tqdm.auto import tqdm

                bar = tqdm(total=total, initial=done, desc=what or None, leave=False)
    finally:
        if bar is not None:
            bar.close()


def is_shown(shown: bool | None) -> bool:
    """Whether to show progress; None: on terminals and in notebooks only."""
    if shown is not None:
        return shown
    return sys.stderr.isatty() or "ipykernel" in sys.modules
