"""Checks of the options of surrogates, and of partners."""

from collections.abc import Iterable, Sequence

import numpy as np
import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.types import SignalsLike
from bitbox_xr.core.validation import listed
from bitbox_xr.core.variables import SIGNAL, TIME
from bitbox_xr.inference.seeds import rng_faults
from bitbox_xr.measures.windowing import Pair, checked_pair
from bitbox_xr.preprocessing.intervals import by_faults

__all__ = ["SURROGATES", "number_faults", "option_faults", "partner_faults", "partner_signals"]

SURROGATES = ("shift", "permute", "segments", "phase", "partners")
MAX_SURROGATES = 1_000_000  # more are probably a mistake, and would need too much memory


def option_faults(kind: object, n: object, rng: object) -> list[str]:
    """Problems with these options that do not depend on the recordings."""
    faults = []
    if kind not in SURROGATES:
        faults.append(f"expected surrogates to be {', '.join(SURROGATES[:-1])} or {SURROGATES[-1]}, got {kind!r}")
    return faults + number_faults(n, rng)


def number_faults(n: object, rng: object) -> list[str]:
    """Problems with the number of surrogates, and the seed."""
    faults = []
    if not isinstance(n, int | np.integer) or isinstance(n, bool) or not 1 <= n <= MAX_SURROGATES:
        faults.append(f"expected n, the number of surrogates, to be an integer from 1 to {MAX_SURROGATES}, got {n!r}")
    return faults + rng_faults(rng)


def partner_faults(kind: object, partners: object) -> list[str]:
    """Problems with `partners`: missing, of another type, or given although surrogates are of another kind."""
    faults = []
    many = isinstance(partners, Iterable) and not isinstance(partners, str | xr.DataArray | np.ndarray | dict)
    if kind == "partners" and not (many and partners):
        got = "None" if partners is None else type(partners).__name__ if not many else "an empty one"
        faults.append(
            f"expected partners=[…], a list of signals of other recordings, with surrogates='partners', got {got}"
        )
    if kind != "partners" and partners is not None:
        faults.append(
            f"expected no partners with surrogates={kind!r}, got some; use surrogates='partners', or leave them out"
        )
    return faults


def partner_signals(partners: Sequence[SignalsLike], pair: Pair, fps: float | None) -> list[xr.DataArray]:
    """Check each partner as y; return them as `(time, signal)`, with the signals in the order of y."""
    faults, taken = [], []
    labels = pair.y[SIGNAL].values.tolist()
    for k, partner in enumerate(partners):
        try:
            other = checked_pair(pair.measure, pair.x, partner, pair.options, fps, partner=True)
        except (ValueError, TypeError) as error:
            faults.append(f"partners[{k}], as y: {error}")
            continue
        lacking = [label for label in labels if label not in other.y[SIGNAL].values]
        further = [dim for dim in other.y.dims if dim not in (TIME, SIGNAL)]
        if lacking:
            faults.append(f"expected partners[{k}] to have the signals of y, got none called {listed(lacking)}")
        elif further:
            got = f"further dimensions ({listed(further)})"
            faults.append(f"expected partners[{k}] to be one recording, got {got}; choose one with .isel()")
        elif pair.by is not None and (lacking_labels := by_faults(pair.by, (), **{f"partners[{k}]": other.y})):
            faults += lacking_labels
        else:
            taken.append(other.y.sel({SIGNAL: labels}).transpose(TIME, SIGNAL))
    refuse(pair.subject, faults)
    return taken
