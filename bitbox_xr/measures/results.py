"""Rearranges results into pairs of the same signal, compares results, and finds strongest pairs and largest lags."""

import numpy as np
import xarray as xr

from bitbox_xr.core.types import Attrs
from bitbox_xr.core.validation import listed
from bitbox_xr.core.variables import PAIR, SIGNAL1, SIGNAL2, variable_attrs

__all__ = ["below_half", "differences", "largest_lag", "matched", "selves", "strongest"]

MIN_WINDOW_SHARE = 0.5  # of the windows of the pair that has most

# Attributes that two results of the same signals may differ in, and the start of the names of those that say which
# signals they are of: a result without one of these is of other signals than a result with it.
# the numbers of frames follow from durations and the frame rate
INCIDENTAL = ("bitbox_xr_version", "note", "width_frames", "step_frames", "max_lag_frames")
IDENTITY = ("measure", "alone", "by", "kind", "history")
MAX_SHOWN = 60  # letters of an attribute in a message


def matched(result: xr.Dataset) -> xr.Dataset:
    """Select the pairs of the same signal in both people, along the dimension `pair` in the order of `signal1`.

    Use it to ask whether the participant's smile follows the model's smile: 79 pairs instead of 6241. All variables
    along `signal1` or `signal2` are kept, `valid1` and `valid2` among them. Raises ValueError if the result has no
    pairs, or the two people have no signal of the same name.

    >>> import numpy as np
    >>> from bitbox_xr import imitation, signals
    >>> rng = np.random.default_rng(0)
    >>> x = signals(rng.normal(size=(99, 2)), fps=30, names=["AU12", "AU04"])
    >>> y = signals(rng.normal(size=(99, 3)), fps=30, names=["AU04", "AU06", "AU12"])
    >>> matched(imitation(x, y)).corr.sizes
    Frozen({'window': 12, 'pair': 2})
    """
    absent = [dim for dim in (SIGNAL1, SIGNAL2) if dim not in result.dims]
    if absent:
        raise ValueError(
            f"matched(): expected a result with signal1 and signal2, got one without {' and '.join(absent)}; "
            "call it on a result of imitation(), coordination(), lag_profile() or significance()"
        )
    first, second = (result[dim].values.astype(str).tolist() for dim in (SIGNAL1, SIGNAL2))
    labels = [label for label in first if label in set(second)]
    if not labels:
        got = f"signal1 ({listed(first)}) and signal2 ({listed(second)}) without a common name"
        raise ValueError(f"matched(): expected signals of the same name, got {got}; use all pairs, or rename signals")
    rows = xr.DataArray([first.index(label) for label in labels], dims=PAIR)
    columns = xr.DataArray([second.index(label) for label in labels], dims=PAIR)
    picked = result.isel({SIGNAL1: rows, SIGNAL2: columns}).drop_vars([SIGNAL1, SIGNAL2])
    for name in [str(name) for name in picked.coords if PAIR in picked[name].dims]:
        if name.endswith("2") and name[:-1] != PAIR and f"{name[:-1]}1" in picked.coords:
            picked = picked.drop_vars(name).rename({f"{name[:-1]}1": name[:-1]})
    return picked.assign_coords({PAIR: (PAIR, labels, variable_attrs(PAIR))})


def differences(**results: xr.Dataset) -> list[str]:
    """Faults of two results, given by name, that are not of the same signals with the same options.

    Compares the attributes that both have (measure, options, sources, processing), scalar coordinates such as a
    recording selected from many, and the signals: the second may have fewer, and may hold matched pairs.

    >>> import numpy as np
    >>> from bitbox_xr import imitation, signals
    >>> x = signals(np.random.default_rng(0).normal(size=(99, 1)), fps=30, names=["AU12"])
    >>> differences(result=imitation(x, x), found=imitation(x, x, width=1))[0]
    'expected result and found with the same width, got 0.5 and 1'
    """
    (name, result), (other, found) = results.items()
    compared = [
        (str(key), result.attrs.get(key), found.attrs.get(key))
        for key in dict.fromkeys([*result.attrs, *found.attrs])
        if key not in INCIDENTAL and (str(key).startswith(IDENTITY) or (key in result.attrs and key in found.attrs))
    ]
    compared += [
        (str(key), coord.item(), found[key].item())
        for key, coord in result.coords.items()
        if not coord.dims and key in found.coords and not found[key].dims
    ]
    faults = [
        f"expected {name} and {other} with the same {key}, got {_shown(one)} and {_shown(two)}"
        for key, one, two in compared
        if not _equal(one, two)
    ]
    for dim in (SIGNAL1, SIGNAL2):
        of_found = PAIR if PAIR in found.dims and PAIR not in result.dims else dim
        if dim in result.coords and of_found in found.coords:
            unknown = np.setdiff1d(found[of_found].values.astype(str), result[dim].values.astype(str))
            if len(unknown):
                faults.append(
                    f"expected {dim} of {name} to contain the signals of {other}, got none named {listed(unknown)}"
                )
    if faults:
        faults[-1] += "; pass results of the same signals, with the same options"
    return faults


def _equal(one: object, two: object) -> bool:
    if isinstance(one, int | float | np.number) and isinstance(two, int | float | np.number):
        return bool(np.isclose(one, two, rtol=1e-9, atol=0, equal_nan=True))
    return bool(one == two)


def _shown(value: object) -> str:
    text = "none" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN // 2]} … {text[-MAX_SHOWN // 2 :]}"


def strongest(strength: xr.DataArray, counts: xr.DataArray | None, attrs: Attrs) -> tuple[str, str] | None:
    """Return the labels of the pair with the largest `strength` `(signal1, signal2)`; None if there is no such pair.

    Pairs with fewer than half as many windows (`counts`) as the pair that has most are ignored. For a single person
    (attribute `alone`), pairs of a signal with itself are ignored.

    >>> labels = {"signal1": ["AU04", "AU12"], "signal2": ["AU12"]}
    >>> strength, counts = (xr.DataArray([[a], [b]], labels) for a, b in ((0.9, 0.4), (2, 17)))
    >>> strongest(strength, counts, {})
    ('AU12', 'AU12')
    """
    eligible = strength.notnull().values & ~selves(strength, attrs)
    if counts is not None:
        eligible &= ~below_half(counts.where(eligible, 0).values)
    if not eligible.any():
        return None
    row, column = np.unravel_index(int(np.argmax(np.where(eligible, strength.values, -1.0))), strength.shape)
    return str(strength[SIGNAL1].values[row]), str(strength[SIGNAL2].values[column])


def selves(values: xr.DataArray, attrs: Attrs) -> np.ndarray:
    """Mark the pairs of a signal with itself, for a single person."""
    same = values[SIGNAL1].values[:, None] == values[SIGNAL2].values
    return np.asarray(same & bool(attrs.get("alone")), bool)


def below_half(counts: np.ndarray) -> np.ndarray:
    """Mark the pairs that have fewer than half as many windows as the pair that has most."""
    return np.asarray(counts < MIN_WINDOW_SHARE * counts.max(initial=0), bool)


def largest_lag(attrs: Attrs) -> float:
    """Largest lag that a result can contain, s: twice `max_lag` in coordination, where both windows move."""
    return float(attrs["max_lag"]) * (2 if attrs.get("measure") == "coordination" else 1)
