"""The quality of signals beside the results that were computed of them, as covariates for models."""

import xarray as xr

from bitbox_xr.cohort.computation import PEOPLE
from bitbox_xr.core.variables import COEFFICIENT, PAIR, PERSON, RECORDING, RESERVED, SIGNAL, SIGNAL1, SIGNAL2

__all__ = ["with_quality"]


def with_quality(summary: xr.Dataset, quality: xr.Dataset) -> xr.Dataset:
    """A summary with the variables of the summary of `quality()`, at its own recordings, conditions and signals.

    >>> labels = {"recording": ["a", "b"], "pair": ["AU12"]}
    >>> summary = xr.Dataset({"excess": (("recording", "pair"), [[0.1], [0.2]])}, labels)
    >>> noise = (("recording", "person", "signal"), [[[1.0, 2.0], [3.0, 4.0]]])
    >>> of_people = {"recording": ["b"], "person": ["signals", "reference"], "signal": ["AU04", "AU12"]}
    >>> found = with_quality(summary, xr.Dataset({"noise": noise}, of_people))
    >>> found.noise1.values.tolist(), found.noise2.values.tolist()
    ([[nan], [2.0]], [[nan], [4.0]])
    """
    found = quality[[name for name in RESERVED["quality"] if name in quality]]
    found = found.drop_vars([name for name in found.coords if name not in found.dims])
    shared = [dim for dim in found.dims if dim not in (PERSON, SIGNAL) and dim in summary.dims]
    found = found.reindex({dim: summary[dim] for dim in shared})
    out = summary
    for person, dim, suffix in _places(summary):
        if PERSON not in found.dims and person != PEOPLE[0]:
            continue
        own = found.sel({PERSON: person}, drop=True) if PERSON in found.dims else found
        own = own.mean(SIGNAL) if dim is None else own.reindex({SIGNAL: summary[dim].values}).rename({SIGNAL: dim})
        new = {name: f"{name}{suffix}" for name in own.data_vars if f"{name}{suffix}" not in summary}
        columns = {new[name]: own[name].transpose(RECORDING, ...).assign_attrs(quality[name].attrs) for name in new}
        out = out.assign(columns)
    return out


def _places(summary: xr.Dataset) -> list[tuple[str, str | None, str]]:
    """The person, the dimension along which the quality of this person is, and the end of its names."""
    first, second = PEOPLE
    if PAIR in summary.dims:
        return [(first, PAIR, "1"), (second, PAIR, "2")]
    if SIGNAL1 in summary.dims:
        return [(first, SIGNAL1, "1"), (first if summary.attrs.get("alone") else second, SIGNAL2, "2")]
    return [(first, next((dim for dim in (COEFFICIENT, SIGNAL) if dim in summary.dims), None), "")]
