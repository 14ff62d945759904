"""Standardisation of signals: by their own level and spread, or by those of a reference at rest."""

from collections.abc import Mapping
from functools import partial
from typing import Literal, TypeAlias, get_args

import numpy as np
import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.provenance import append_history
from bitbox_xr.core.signal_set import as_signals
from bitbox_xr.core.types import SignalsLike
from bitbox_xr.core.validation import is_number, listed
from bitbox_xr.core.variables import SIGNAL, TIME
from bitbox_xr.kernels.finite import refuse_infinite

__all__ = ["Center", "Scale", "standardize"]

Center: TypeAlias = Literal["mean", "median"]
Scale: TypeAlias = Literal["std", "mad"]

MAD_TO_STD = 1.4826  # standard deviation of a normal distribution whose median absolute deviation is 1


def standardize(
    x: SignalsLike,
    *,
    reference: SignalsLike | Mapping[str, object] | None = None,
    center: Center | None = "mean",
    scale: Scale | None = "std",
    dead_band: float = 0.0,
) -> xr.DataArray:
    """Express each signal as its distance from a resting level, in units of its spread at rest.

    Correlations do not depend on level or scale, so imitation and coordination do not need it. It makes magnitudes of
    different signals, people or cameras comparable, for `expressivity`, `diversity` and plots. The best `reference` is
    the same person at rest.

    Parameters
    ----------
    x
        Signals `(…, time, signal)`.
    reference
        Where level and spread are taken from. A recording of the same signals, for example of the neutral face. Or a
        part of x: `{"condition": "baseline"}` are the frames at which the coordinate `condition` has the label
        "baseline". Default: x itself; then the level of a person who smiles all the time is a smile.
    center
        The level to subtract: "mean", "median", or None for no subtraction.
    scale
        The spread to divide by: "std", the standard deviation (ddof 0), "mad", 1.4826 times the median absolute
        deviation from the median, or None for no division. "mad" is not influenced by rare expressions, but it is 0 for
        a signal that is at rest in more than half of the frames, as many action units are.
    dead_band
        Values within ±dead_band become 0, and all others move towards 0 by it, in units of the result. It removes
        the noise of a tracker around the level without a jump at the edge of the band.

    Returns
    -------
    DataArray
        `(…, time, signal)`, (x − m) / s for level m and spread s of each signal. NaN where x is NaN. Coordinates and
        dtype are kept, `units` is "1" if a spread was divided by, dask arrays stay lazy, and the attribute `history`
        records the step.

    Raises
    ------
    ValueError
        If the input is not valid, the reference lacks signals or values, or a spread is 0; the message names the
        signals. For dask arrays, values are checked when the result is computed.

    Examples
    --------
    The frames before the task are the reference:

    >>> from bitbox_xr import signals
    >>> x = signals([[1.0], [2.0], [3.0], [7.0], [2.4]], fps=1, names=["AU12"])
    >>> x = x.assign_coords(condition=("time", ["rest", "rest", "rest", "task", "task"]))
    >>> standardize(x, reference={"condition": "rest"}, dead_band=1).values[:, 0].round(2)
    array([-0.22,  0.  ,  0.22,  5.12,  0.  ])
    """
    x = as_signals(x)
    faults = _option_faults(center, scale, dead_band)
    try:
        rest, named = _reference(x, reference)
    except ValueError as error:
        faults.append(str(error))
    refuse("standardize()", faults)
    moments = _moments(rest, center, scale, needed=reference is not None)
    level, spread = (moment.drop_vars(moment.coords) for moment in moments)
    out: xr.DataArray = xr.apply_ufunc(
        partial(_standardized, dead_band=float(dead_band)), x, level, spread,
        dask="parallelized", output_dtypes=[x.dtype], keep_attrs="override",
    )  # fmt: skip
    out = out.transpose(*x.dims).assign_attrs({} if scale is None else {"units": "1"})
    step = {"center": center or "none", "scale": scale or "none", "dead_band": float(dead_band), "reference": named}
    return append_history(out, {"function": "standardize", **step})


def _option_faults(center: object, scale: object, dead_band: object) -> list[str]:
    faults = []
    for name, value, known in (("center", center, get_args(Center)), ("scale", scale, get_args(Scale))):
        if value is not None and value not in known:
            faults.append(f"expected {name} to be {', '.join(map(repr, known))} or None, got {value!r}")
    if not is_number(dead_band) or dead_band < 0:
        faults.append(f"expected dead_band to be a non-negative number, got {dead_band!r}")
    return faults


# --- the reference


def _reference(x: xr.DataArray, reference: object) -> tuple[xr.DataArray, str]:
    """Signals at rest, with the signals of x in their order, and a description of them for `history`."""
    if reference is None:
        return x, "the recording itself"
    if isinstance(reference, Mapping) and not {"type", "data"} <= reference.keys():
        return _part(x, reference)
    rest = as_signals(reference, label="reference")
    refuse("reference", _reference_faults(x, rest))
    return rest.sel({SIGNAL: x[SIGNAL].values}), str(rest.attrs.get("source", "another recording"))


def _reference_faults(x: xr.DataArray, rest: xr.DataArray) -> list[str]:
    faults = []
    kinds = [a.attrs.get("kind", "expression") for a in (x, rest)]
    if kinds[0] != kinds[1]:
        faults.append(f"expected signals of kind {kinds[0]!r}, as x, got {kinds[1]!r}")
    missing = [name for name in x[SIGNAL].values if name not in set(rest[SIGNAL].values)]
    if missing:
        faults.append(
            f"expected the signals of x, got none called {listed(missing)}; select the signals that both have"
        )
    for dim in (str(dim) for dim in rest.dims if dim not in (TIME, SIGNAL)):
        if dim not in x.dims:
            faults.append(f"expected no dimension that x lacks, got {dim}; choose one of its labels with .sel()")
        elif dim in x.indexes and dim in rest.indexes and not x.indexes[dim].equals(rest.indexes[dim]):
            faults.append(f"expected the labels of x along {dim}, got others; select the same labels")
        elif x.sizes[dim] != rest.sizes[dim]:
            faults.append(f"expected {x.sizes[dim]} entries along {dim}, as x has, got {rest.sizes[dim]}")
    return faults


def _part(x: xr.DataArray, chosen: Mapping[str, object]) -> tuple[xr.DataArray, str]:
    """The frames of x at which a coordinate has a label."""
    if len(chosen) != 1:
        raise ValueError(f"reference: expected one coordinate and its label, got {dict(chosen)!r}")
    ((name, label),) = chosen.items()
    along = [str(other) for other, coord in x.coords.items() if coord.dims == (TIME,) and other != TIME]
    if name not in along:
        got = f"{name!r}; coordinates along time are: {listed(along) or 'none'}"
        raise ValueError(f"reference: expected a coordinate along time, got {got}")
    at = x[name].values == label
    if not np.any(at):
        raise ValueError(f"reference: expected one of the labels {listed(np.unique(x[name].values))}, got {label!r}")
    return x.isel({TIME: np.flatnonzero(at)}), f"{name}={label}"


# --- level and spread


def _moments(
    rest: xr.DataArray, center: str | None, scale: str | None, needed: bool
) -> tuple[xr.DataArray, xr.DataArray]:
    """Level and spread of each signal, each `(…, signal)`."""
    if rest.chunks:  # the level of a signal needs all of its frames
        rest = rest.chunk({TIME: -1, SIGNAL: "auto"})
    moments = xr.apply_ufunc(
        partial(_level_and_spread, center=center, scale=scale), rest,
        input_core_dims=[[TIME]], output_core_dims=[[], []], dask="parallelized", output_dtypes=[np.float64] * 2,
    )  # fmt: skip
    checked: tuple[xr.DataArray, xr.DataArray] = xr.apply_ufunc(
        partial(_checked, names=rest[SIGNAL].values, needed=needed, scale=scale), *moments,
        input_core_dims=[[SIGNAL]] * 2, output_core_dims=[[SIGNAL]] * 2, dask="parallelized",
        output_dtypes=[np.float64] * 2, dask_gufunc_kwargs={"allow_rechunk": True},
    )  # fmt: skip
    return checked


def _level_and_spread(values: np.ndarray, center: str | None, scale: str | None) -> tuple[np.ndarray, np.ndarray]:
    """Level and spread `(…, signal)` of values `(…, signal, time)`; NaN without any value, 0 for equal values."""
    values = values.astype(np.float64)
    refuse_infinite(values)
    level, spread = np.full((2, *values.shape[:-1]), np.nan)
    for at in np.ndindex(values.shape[:-1]):
        present = values[at][~np.isnan(values[at])]
        if len(present):
            level[at], spread[at] = _level(present, center), _spread(present, scale)
    return level, spread


def _level(present: np.ndarray, center: str | None) -> float:
    if center is None:
        return 0.0
    return float(np.median(present) if center == "median" else present[0] + np.mean(present - present[0]))


def _spread(present: np.ndarray, scale: str | None) -> float:
    if scale is None:
        return 1.0
    if scale == "mad":
        return MAD_TO_STD * float(np.median(np.abs(present - np.median(present))))
    return float(np.std(present - present[0]))  # the standard deviation of equal values is exactly 0


def _checked(
    level: np.ndarray, spread: np.ndarray, names: np.ndarray, needed: bool, scale: str | None
) -> tuple[np.ndarray, np.ndarray]:
    """Level and spread `(…, signal)`; raises ValueError if a spread is 0, or a level is missing but `needed`."""
    still, absent = (names[at.reshape(-1, len(names)).any(axis=0)] for at in (spread == 0, np.isnan(level)))
    faults = []
    if len(still):
        other = "use scale='std', which is 0 only for values that never change" if scale == "mad" else "use scale=None"
        faults.append(
            f"expected signals with a spread above 0 in the reference, got 0 for {listed(still, most=40)}; {other}, or "
            "leave these signals out"
        )
    if needed and len(absent):
        faults.append(f"expected a reference with values of every signal, got none for {listed(absent, most=40)}")
    refuse("standardize()", faults)
    return level, spread


def _standardized(values: np.ndarray, level: np.ndarray, spread: np.ndarray, dead_band: float) -> np.ndarray:
    z = (values.astype(np.float64) - level) / spread
    if dead_band:
        z = np.sign(z) * np.maximum(np.abs(z) - dead_band, 0.0)
    result: np.ndarray = z.astype(values.dtype)
    return result
