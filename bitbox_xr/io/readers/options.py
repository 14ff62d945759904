"""The options of `open_signals()` among those of a command or a cohort, for one file and for the second of two."""

from collections.abc import Mapping
from inspect import signature
from typing import Any

from bitbox_xr.io.readers.dispatch import open_signals

__all__ = ["OF_READER", "OF_Y", "reader"]

OF_READER = tuple(name for name in signature(open_signals).parameters if name != "path")
# what two files, or one with two people, may need twice
OF_Y = {f"{name}_y": name for name in ("columns", "face_id", "fps", "time")}


def reader(given: Mapping[str, Any], *, of_y: bool = False) -> dict[str, Any]:
    """The options of `open_signals()` that were given; of y's file: `columns_y` in place of `columns`, and so on.

    >>> reader({"fps": 25, "columns": ["a"], "columns_y": ["b"], "width": 2}, of_y=True)
    {'fps': 25, 'columns': ['b']}
    """
    options = {name: given.get(name) for name in OF_READER}
    if of_y:
        own = {OF_Y[name]: given[name] for name in OF_Y if given.get(name) is not None}
        if "time" in own:
            options["fps"] = None  # x's would replace the times of y's own
        options |= own
    return {name: value for name, value in options.items() if value is not None}
