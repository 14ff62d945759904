"""Checks of the inputs of Bitbox's functions: dictionaries with a table, frame rates, axes and flags."""

from collections.abc import Mapping, Sequence

import numpy as np

from bitbox_xr.core import validation

__all__ = ["option_faults", "values_of"]


def values_of(data: object, kinds: Sequence[str], measure: str, *, bare: bool = False) -> np.ndarray:
    """The values `(row, column)` of a dictionary of one of these kinds, or with `bare` also of a table alone.

    Raises ValueError for anything else.
    """
    types = " or ".join(filter(None, [", ".join(kinds[:-1]), kinds[-1]]))
    expected = f"{measure}: expected a dictionary of type {types}{' or a table' if bare else ''}"
    if not isinstance(data, Mapping) and not bare:
        raise ValueError(f"{expected}, got a {type(data).__name__}")
    kind = data.get("type") if isinstance(data, Mapping) else kinds[0]
    if kind not in kinds:
        raise ValueError(f"{expected}, got type {kind!r}")
    table = data.get("data") if isinstance(data, Mapping) else data
    try:
        values = np.asarray(table)
        values = np.asarray(table, dtype=np.float64) if values.dtype.kind != "c" else values
    except (ValueError, TypeError) as error:
        raise ValueError(f"{measure}: expected a table of numbers, got values that are no numbers ({error})") from None
    if values.ndim != 2 or 0 in values.shape or values.dtype.kind == "c":
        got = f"shape {values.shape} and dtype {values.dtype}"
        raise ValueError(f"{measure}: expected a table of real numbers with rows and columns, got {got}")
    return values


def option_faults(fps: object = 30, axis: object = 0, **flags: object) -> list[str]:
    """Faults of a frame rate, an axis and flags. As in Bitbox, a flag may also be 1 or 0."""
    faults = validation.fps_faults(fps, needed=True)
    if not _is_flag(axis):
        faults.append(f"expected axis to be 0 (rows are frames) or 1 (columns are frames), got {axis!r}")
    return faults + [
        f"expected {name} to be True or False, got {value!r}" for name, value in flags.items() if not _is_flag(value)
    ]


def _is_flag(value: object) -> bool:
    return isinstance(value, bool | np.bool_ | int | np.integer) and value in (0, 1)
