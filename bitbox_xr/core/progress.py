"""A progress bar for work that turns out to be long."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any

__all__ = ["is_shown", "tracked"]

PATIENCE = 2.0  # seconds


def tracked(items: Iterable[Any], total: int, what: str = "", *, shown: bool | None = None) -> Iterator[Any]:
    """Pass `items` on; after two seconds show a progress bar on standard error.

    `shown`: None, on terminals and in notebooks only; True or False, always or never.

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
            elif done < total and time.monotonic() - start > PATIENCE and is_shown(shown):
                from tqdm.auto import tqdm

                bar = tqdm(total=total, initial=done, desc=what or None, leave=False)
    finally:
        if bar is not None:
            bar.close()


def is_shown(shown: bool | None) -> bool:
    """Whether to show progress; by default on terminals and in notebooks."""
    if shown is not None:
        return shown
    return sys.stderr.isatty() or "ipykernel" in sys.modules
