"""A progress bar for work that turns out to be long."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any

__all__ = ["tracked"]

PATIENCE = 2.0  # seconds


def tracked(items: Iterable[Any], total: int, what: str = "") -> Iterator[Any]:
    """Pass `items` on; after two seconds show on standard error how far they are, if somebody is there to look.

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
            elif done < total and time.monotonic() - start > PATIENCE and _watched():
                from tqdm.auto import tqdm

                bar = tqdm(total=total, initial=done, desc=what or None, leave=False)
    finally:
        if bar is not None:
            bar.close()


def _watched() -> bool:
    return sys.stderr.isatty() or "ipykernel" in sys.modules
