"""What Bitbox's functions are given, checked: dictionaries with a table, numbers, and options that are on or off."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bitbox_xr.core import validation

__all__ = ["option_faults", "values_of"]


def values_of(data: Any, kinds: Sequence[str], measure: str, *, bare: bool = False) -> np.ndarray:
    """The numbers `(row, column)` of a dictionary of one of these kinds, or (`bare`) of a table alone.

    ValueError for anything else.
    """
    wanted = f"{'' if bare else 'a dictionary of type '}{' or '.join(kinds)} is wanted"
    if not isinstance(data, Mapping) and not bare:
        raise ValueError(f"{measure}: the data are a {type(data).__name__}; {wanted}")
    kind = data.get("type") if isinstance(data, Mapping) else kinds[0]
    if kind not in kinds:
        raise ValueError(f"{measure}: the data are of type {kind!r}; {wanted}")
    table = data.get("data") if isinstance(data, Mapping) else data
    try:
        values = np.asarray(table)
        values = np.asarray(table, dtype=np.float64) if values.dtype.kind != "c" else values
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"{measure}: the data are no table of numbers ({error}); rows and columns are wanted"
        ) from None
    if values.ndim != 2 or 0 in values.shape or values.dtype.kind == "c":
        got = f"the data have shape {values.shape} and are {values.dtype}"
        raise ValueError(f"{measure}: {got}; rows and columns of real numbers are wanted")
    return values


def option_faults(fps: object = 30, axis: object = 0, **flags: Any) -> list[str]:
    """What is wrong with a rate, an axis and options that are on or off; as in Bitbox 1 is on, and 0 is off."""
    faults = validation.fps_faults(fps, needed=True)
    if not _is_flag(axis):
        faults.append(f"axis is {axis!r}; 0 (rows are frames) or 1 (columns are) is wanted")
    wanted = "True or False is wanted"
    return faults + [f"{name} is {value!r}; {wanted}" for name, value in flags.items() if not _is_flag(value)]


def _is_flag(value: object) -> bool:
    return isinstance(value, bool | np.bool_ | int | np.integer) and value in (0, 1)
