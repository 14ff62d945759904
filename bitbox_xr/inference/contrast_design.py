"""What a contrast compares: the sides, the comparisons of conditions, the covariates, and the checks of all three."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.provenance import MULTIVERSE
from bitbox_xr.core.selection import nearest_name, unknown_name
from bitbox_xr.core.validation import listed
from bitbox_xr.core.variables import COEFFICIENT, PAIR, RECORDING, RESERVED, SIGNAL, SIGNAL1, SIGNAL2

__all__ = ["MIN_RECORDINGS", "Design", "checked_design", "is_quality"]

MIN_RECORDINGS = 4  # on each side of a cell
OF_SIGNALS = (SIGNAL, SIGNAL1, SIGNAL2, PAIR, COEFFICIENT)


@dataclass(frozen=True)
class Design:
    """A checked contrast of a summary."""

    summary: xr.Dataset  # the recordings that are used
    variable: str
    between: str | None
    within: str | None
    covariates: tuple[str, ...]
    sides: tuple[str, ...]  # the two labels of `between`; empty without
    second: np.ndarray  # (recording,): whether a recording belongs to the second side; all True without `between`
    dropped: int  # recordings without a label or a covariate

    @property
    def labels(self) -> list[str]:
        """The labels of the conditions; empty without `within`."""
        return [] if self.within is None else self.summary[self.within].values.astype(str).tolist()

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Comparisons of conditions, the later minus the earlier one."""
        return list(combinations(range(len(self.labels)), 2))

    @property
    def names(self) -> list[str]:
        """What each comparison compares, as text."""
        conditions = [f"{self.labels[b]} - {self.labels[a]}" for a, b in self.pairs]
        groups = f"{self.sides[1]} - {self.sides[0]}" if self.sides else ""
        if not conditions:
            return [groups or "mean"]
        return [f"{groups}, {name}" if groups else name for name in conditions]

    @property
    def settings(self) -> np.ndarray:
        """The number of the setting of each cell, `(cell,)`; 0 without a multiverse."""
        options = str(self.summary.attrs.get(MULTIVERSE, "")).split()
        values = self.summary[self.variable]
        dims = [dim for dim in values.dims if dim not in (RECORDING, self.within)]
        numbers = np.zeros([values.sizes[dim] for dim in dims], np.intp)
        for dim, places in zip(dims, np.indices(numbers.shape), strict=True):
            if dim in options:
                numbers = numbers * values.sizes[dim] + places
        return numbers.ravel()

    def compared(self, values: xr.DataArray) -> list[np.ndarray]:
        """For each comparison, the numbers `(recording, cell)` whose mean, or difference of means, is tested."""
        first = (RECORDING,) if self.within is None or self.within not in values.dims else (RECORDING, self.within)
        array = np.asarray(values.transpose(*first, ...).values, dtype=np.float64)
        if len(first) == 1:
            flat = array.reshape(len(array), -1)
            return [flat] * max(1, len(self.pairs))
        flat = array.reshape(*array.shape[:2], -1)
        return [flat[:, b] - flat[:, a] for a, b in self.pairs]

    def adjustments(self) -> list[np.ndarray]:
        """For each comparison, the columns of covariates `(recording, column)`, centred."""
        parts = [self.compared(_numeric(self.summary[name])) for name in self.covariates]
        empty = np.empty((self.summary.sizes[RECORDING], 0))
        joined = [np.concatenate([empty, *columns], axis=1) for columns in zip(*parts, strict=True)] or [empty]
        joined = joined if len(joined) > 1 else joined * max(1, len(self.pairs))
        return [columns - columns.mean(axis=0) for columns in joined]


def checked_design(
    summary: xr.Dataset,
    variable: str,
    between: str | None,
    groups: Sequence[object] | None,
    within: str | None,
    covariates: Sequence[str],
) -> Design:
    """Check the arguments of a contrast; all problems are reported at once.

    Qualities in the summary of the design have one number for each recording and label of `within`.
    """
    refuse("contrast()", _summary_faults(summary, variable))
    summary = _averaged_qualities(_in_numpy(summary), variable, within)
    names = tuple([covariates] if isinstance(covariates, str) else covariates)
    faults = _within_faults(summary[variable], within)
    faults += _group_faults(summary, between, groups)
    for name in names:
        faults += _covariate_faults(summary, name, within)
    refuse("contrast()", faults)
    if between is not None and groups is not None:
        summary = summary.isel({RECORDING: np.isin(_text(summary[between]), ["", *_labels(groups)])})
    known = np.ones(summary.sizes[RECORDING], bool)
    for name in names:
        values = _numeric(summary[name]).transpose(RECORDING, ...)
        known &= values.notnull().values.reshape(len(known), -1).all(axis=1)
    sides: tuple[str, ...] = ()
    second = known.copy()
    if between is not None:
        labels = _text(summary[between])
        known &= labels != ""
        sides = tuple(sorted(set(labels[known])) if groups is None else _labels(groups))
        second = labels == sides[-1] if sides else second
    used = summary.isel({RECORDING: np.flatnonzero(known)})
    design = Design(used, variable, between, within, names, sides, second[known], int((~known).sum()))
    refuse("contrast()", _size_faults(design))
    return design


def _summary_faults(summary: object, variable: object) -> list[str]:
    if not isinstance(summary, xr.Dataset):
        return [f"expected a summary, a Dataset with the dimension {RECORDING}, got a {type(summary).__name__}"]
    known = [str(name) for name, values in summary.data_vars.items() if RECORDING in values.dims]
    if variable not in known:
        got = f"{variable!r}; these are: {listed(known) or 'none'}{nearest_name(variable, known)}"
        return [f"expected variable to be one of the summary's variables along {RECORDING}, got {got}"]
    return []


def _within_faults(values: xr.DataArray, within: str | None) -> list[str]:
    if within is None:
        return []
    others = [str(dim) for dim in values.dims if dim != RECORDING]
    if within not in others:
        got = f"{within!r}; these are: {listed(others) or 'none'}"
        remedy = "measure with by=…, or put the conditions of a person along a dimension"
        return [f"expected within to be a dimension of {values.name}, got {got}; {remedy}"]
    if values.sizes[within] < 2:
        return [f"expected at least two labels along {within}, got one"]
    return [] if within in values.coords else [f"expected labels along {within}, got none; assign them as a coordinate"]


def _along_recordings(summary: xr.Dataset, name: object, option: str) -> list[str]:
    if isinstance(name, str) and name in summary.variables and summary[name].dims == (RECORDING,):
        return []
    known = [str(other) for other, c in summary.coords.items() if c.dims == (RECORDING,) and other != RECORDING]
    variables = [other for other, values in summary.data_vars.items() if RECORDING in values.dims]
    got = f"{name!r}; coordinates are: {listed(known) or 'none'}{nearest_name(name, [*known, *variables])}"
    return [f"expected {option} to be a coordinate or variable along {RECORDING}, got {got}"]


def _group_faults(summary: xr.Dataset, between: str | None, groups: Sequence[object] | None) -> list[str]:
    if between is None:
        return [] if groups is None else ["expected between with groups, got None; name the coordinate of the groups"]
    if (faults := _along_recordings(summary, between, "between")) or groups is None:
        return faults
    ordered = isinstance(groups, Sequence | np.ndarray) and not isinstance(groups, str)
    given = list(groups) if ordered else []
    if len(given) != 2 or len(set(_labels(given))) != 2:
        got = listed(given) or repr(groups)
        return [f"expected groups to be two different labels of {between}, got {got}"]
    known = sorted(set(_text(summary[between])) - {""})
    return [unknown_name(f"groups to be labels of {between}", one, known) for one in _labels(given) if one not in known]


def _covariate_faults(summary: xr.Dataset, name: object, within: str | None) -> list[str]:
    if not isinstance(name, str) or name not in summary.variables:
        absent = is_quality(name) and not any(_quality_of(other) == _quality_of(name) for other in summary.variables)
        remedy = "; see with_quality()" if absent else ""
        return [f"{fault}{remedy}" for fault in _along_recordings(summary, name, "a covariate")]
    dims = summary[name].dims
    further = [str(dim) for dim in dims if dim not in (RECORDING, within)]
    if RECORDING not in dims:
        return _along_recordings(summary, name, "a covariate")
    if further:
        return [
            f"expected the covariate {name} to have one value for each recording, got dimensions {listed(dims)}; "
            f"reduce it, for example summary[{name!r}].mean({further[0]!r})"
        ]
    if within in dims and summary[name].dtype.kind not in "biuf":
        return [f"expected numbers in the covariate {name} along {within}, got {summary[name].dtype}"]
    return []


def _size_faults(design: Design) -> list[str]:
    n = design.summary.sizes[RECORDING]
    if design.between is None:
        return [f"expected at least {MIN_RECORDINGS} recordings, got {n}"] if n < MIN_RECORDINGS else []
    if len(design.sides) != 2:
        remedy = "; choose two of them, groups=…" if len(design.sides) > 2 else ""
        return [f"expected two groups in {design.between}, got {listed(design.sides) or 'none'}{remedy}"]
    numbers = [int((~design.second).sum()), int(design.second.sum())]
    if min(numbers) < MIN_RECORDINGS:
        got = ", ".join(f"{label}: {number}" for label, number in zip(design.sides, numbers, strict=True))
        return [f"expected at least {MIN_RECORDINGS} recordings in each group of {design.between}, got {got}"]
    return _rank_faults(design)


def _rank_faults(design: Design) -> list[str]:
    for columns in design.adjustments():
        columns = np.column_stack([np.ones(len(columns)), columns, design.second])
        if len(columns) <= columns.shape[1] or np.linalg.matrix_rank(columns) < columns.shape[1]:
            names = listed(design.covariates)
            return [
                f"expected covariates that differ within the groups, and more recordings than covariates, got {names}"
            ]
    return []


def is_quality(name: object) -> bool:
    """Whether a variable has the name of a variable of `quality`, of one person or of either of two.

    >>> is_quality("noise"), is_quality("noise2"), is_quality("excess")
    (True, True, False)
    """
    return _quality_of(name) in RESERVED["quality"]


def _quality_of(name: object) -> str:
    """The name of a quality without the number of the person."""
    return str(name).rstrip("12")


def _averaged_qualities(summary: xr.Dataset, variable: str, within: str | None) -> xr.Dataset:
    """The summary with means over signals of all qualities but the tested variable.

    Conditions (the labels of `by`) that are not compared are averaged too.

    >>> noise = ("recording", "condition", "signal"), [[[0.1, 0.3], [0.2, 0.4]]]
    >>> summary = xr.Dataset({"noise": noise}, attrs={"by": "condition"})
    >>> _averaged_qualities(summary, "excess", "condition").noise.values.round(3), _averaged_qualities(
    ...     summary, "excess", None
    ... ).noise.values.round(3)
    (array([[0.2, 0.3]]), array([0.25]))
    """
    over = {*OF_SIGNALS, summary.attrs.get("by")} - {within}
    found = {
        name: values.mean(over.intersection(values.dims), keep_attrs=True)
        for name, values in summary.variables.items()
        if is_quality(name) and name != variable and RECORDING in values.dims
    }
    return _replaced(summary, found)


def _in_numpy(summary: xr.Dataset) -> xr.Dataset:
    """The summary with columns of a pandas table, such as strings of Arrow, as arrays of NumPy, which can be selected.

    >>> column = pd.Series([1, None], dtype="Int64")
    >>> _in_numpy(xr.Dataset(coords={"age": ("recording", column)})).age.values
    array([ 1., nan])
    """
    columns = {}
    for name, variable in summary.variables.items():
        if isinstance(variable.dtype, np.dtype):
            continue
        column = pd.Series(variable.values)
        number = pd.api.types.is_numeric_dtype(column.dtype)
        values = column.to_numpy(np.float64, na_value=np.nan) if number else column.to_numpy(object)
        columns[name] = (variable.dims, values, variable.attrs)
    return _replaced(summary, columns)


def _replaced(summary: xr.Dataset, new: Mapping[Hashable, object]) -> xr.Dataset:
    """The summary with new values of some variables and coordinates, which stay what they are."""
    coords = {name: new[name] for name in new if name in summary.coords}
    return summary.assign({name: new[name] for name in new if name not in coords}).assign_coords(coords)


def _text(values: xr.DataArray) -> np.ndarray:
    """Labels as text; '' where missing."""
    series = pd.Series(values.values)
    whole = series.dropna()
    if series.dtype.kind == "f" and (whole == whole.round()).all():
        series = series.astype("Int64")  # 1, not 1.0, beside missing ones
    return series.astype(object).where(series.notna(), "").astype(str).to_numpy(dtype=str)


def _labels(groups: Sequence[object]) -> list[str]:
    """The chosen groups as text, as the labels of the summary are."""
    labels: list[str] = _text(xr.DataArray(np.array(groups))).tolist()
    return labels


def _numeric(values: xr.DataArray) -> xr.DataArray:
    """Numbers as they are; text as one column for each label but the first, along a new dimension; NaN if missing."""
    if values.dtype.kind in "biuf":
        return values.astype(np.float64)
    text = _text(values)
    labels = sorted(set(text) - {""})
    columns = np.array([np.where(text == "", np.nan, text == label) for label in labels[1:]]).reshape(-1, len(text))
    return xr.DataArray(columns.T, dims=(RECORDING, "label"))
