"""The options of `open_signals()` among the options of a command or a cohort, for x and for y."""

from collections.abc import Mapping
from inspect import signature
from typing import Any

from bitbox_xr.io.readers.dispatch import open_signals

__all__ = ["OPEN_OPTIONS", "Y_OPTIONS", "open_options"]

OPEN_OPTIONS = tuple(name for name in signature(open_signals).parameters if name != "path")
# options that can differ between x and y, by the name that y's option has
Y_OPTIONS = {f"{name}_y": name for name in ("columns", "face_id", "fps", "time")}


def open_options(given: Mapping[str, Any], *, of_y: bool = False) -> dict[str, Any]:
    """The given options that `open_signals()` takes; with `of_y` for y's file, where `columns_y` replaces `columns`.

    >>> open_options({"fps": 25, "columns": ["a"], "columns_y": ["b"], "width": 2}, of_y=True)
    {'fps': 25, 'columns': ['b']}
    """
    options = {name: given.get(name) for name in OPEN_OPTIONS}
    if of_y:
        of_y_only = {Y_OPTIONS[name]: given[name] for name in Y_OPTIONS if given.get(name) is not None}
        if "time" in of_y_only:
            options["fps"] = None  # x's rate would replace y's times
        options |= of_y_only
    return {name: value for name, value in options.items() if value is not None}
