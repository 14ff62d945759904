"""The pictures of a report. All calls of `bitbox_xr.plotting` are in this module."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr

from bitbox_xr.core.variables import (
    COEFFICIENT,
    FEATURE,
    LAG,
    PAIR,
    RECORDING,
    SCALE,
    SIGNAL,
    SIGNAL1,
    SIGNAL2,
    TIME,
    WINDOW,
    number_name,
)
from bitbox_xr.inference.surrogate_numbers import too_few_text
from bitbox_xr.plotting.methods import PlotMethods, SignalsPlotMethods
from bitbox_xr.plotting.style import COLUMN_MM, round_limit
from bitbox_xr.reporting.page import Figure
from bitbox_xr.reporting.svg import drawing, inline_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawn

__all__ = ["Numbers", "group_picture", "pictures", "signals_picture"]

MAX_NAME = 24  # characters of a signal's name in a picture
MAX_LABELS = 6  # of a dimension that get a picture each
MAX_NARROW = 24  # labels of a matrix in one column
MAX_PANELS = 52  # signals of a recording that are drawn
USUAL_NAME, CHARACTER_MM, MAX_NARROW_MM = 6, 1.4, 8.0
ROW_MM, PANEL_MM, MARGIN_MM = 2.7, 8.5, 26.0  # of matched pairs, of signals, and below and above both
OVER_TIME_MM, PROFILE_MM, GROUPS_MM, ASYMMETRY_MM = 72.0, 52.0, 56.0, 60.0

Numbers = Iterator[int]
Size = tuple[float, float]  # width and height, mm
Limits = tuple[float | None, float | None]  # of colours: vmin and vmax


class Picture(NamedTuple):
    """A picture: the variable that it needs with its dimensions, its caption, its size and what draws it.

    Pictures of several labels have the limits that `draw` takes in common if the variable has values of both signs.
    A picture with `tests` is for results with p-values if it is True, and for means over recordings if it is False.
    """

    variable: str
    dims: frozenset[str]
    caption: str
    size: Callable[[xr.Dataset], Size]
    draw: Callable[[xr.Dataset, "Drawn", Limits], object]
    both_signs: bool = False
    tests: bool | None = None


def _of_pairs(result: xr.Dataset) -> Size:
    """The size of a matrix with equal sides of its cells."""
    names = _longest(result, SIGNAL1, SIGNAL2)
    rows, columns = result.sizes[SIGNAL1], result.sizes[SIGNAL2]
    width = _width(columns, names)
    return width, max(44.0, min(6.0, (width - MARGIN_MM) / columns) * rows + MARGIN_MM) + names


def _of_matched(result: xr.Dataset) -> Size:
    return _width(1, _longest(result, PAIR)), MARGIN_MM + ROW_MM * max(result.sizes[PAIR], 5)


def _of_scales(result: xr.Dataset) -> Size:
    names = _longest(result, COEFFICIENT)
    return _width(result.sizes[COEFFICIENT], names), max(40.0, 30.0 + 6.0 * result.sizes[SCALE]) + names


def _width(columns: int, names: float) -> float:
    return COLUMN_MM[1 if columns <= MAX_NARROW and names <= MAX_NARROW_MM else 2]


def _longest(result: xr.Dataset, *dims: str) -> float:
    """Space for the part of the longest name that exceeds a usual one, mm."""
    longest = max(len(str(name)) for dim in dims for name in result[dim].values)
    return max(0, longest - USUAL_NAME) * CHARACTER_MM


def _fixed(columns: int, height: float) -> Callable[[xr.Dataset], Size]:
    return lambda result: (COLUMN_MM[columns], height)


def _matrix(result: xr.Dataset, figure: "Drawn", limits: Limits, statistic: str) -> "Axes":
    return PlotMethods(result).matrix(statistic=statistic, vmin=limits[0], vmax=limits[1], ax=figure.subplots())


def _significant(found: xr.Dataset, figure: "Drawn", limits: Limits) -> "Axes":
    return PlotMethods(found).significant_pairs(found, vmin=limits[0], vmax=limits[1], ax=figure.subplots())


PAIRS, SCALES = frozenset({SIGNAL1, SIGNAL2}), frozenset({SCALE, COEFFICIENT})

PICTURES = (
    Picture(
        "surrogate_z", PAIRS, "Each pair against chance; significant pairs are framed", _of_pairs,
        lambda one, figure, limits: _significant(one, figure, limits),
        both_signs=True, tests=True,
    ),
    Picture(
        "excess", PAIRS, "Correlation of each pair, minus that by chance", _of_pairs,
        lambda one, figure, limits: _matrix(one, figure, limits, "excess"),
        both_signs=True, tests=False,
    ),
    Picture(
        "observed", frozenset({PAIR}), "The same signal of both, with the range that chance gives", _of_matched,
        lambda one, figure, limits: PlotMethods(one).matched_pairs(ax=figure.subplots()),
    ),
    Picture(
        "answered_above_chance", PAIRS, "Share of activations that each pair answers, minus that by chance", _of_pairs,
        lambda one, figure, limits: _matrix(one, figure, limits, "answered_above_chance"),
    ),
    Picture(
        "corr_mean", PAIRS, "Mean correlation over windows of each pair", _of_pairs,
        lambda one, figure, limits: _matrix(one, figure, limits, "corr_mean"),
        both_signs=True,
    ),
    Picture(
        "corr", PAIRS | {WINDOW}, "The strongest pair over time", _fixed(2, OVER_TIME_MM),
        lambda one, figure, limits: PlotMethods(one).over_time(fig=figure),
    ),
    Picture(
        "best_lag", PAIRS, "Best lag of each pair", _of_pairs,
        lambda one, figure, limits: _matrix(one, figure, limits, "best_lag"),
    ),
    Picture(
        "profile", PAIRS | {LAG}, "Mean correlation of the strongest pair at each lag", _fixed(1, PROFILE_MM),
        lambda one, figure, limits: PlotMethods(one).lag_profile(ax=figure.subplots()),
    ),
    Picture(
        "activations_per_minute", SCALES, "Activations per minute of each coefficient at each scale", _of_scales,
        lambda one, figure, limits: PlotMethods(one).expressivity(ax=figure.subplots()),
    ),
    Picture(
        "asymmetry", frozenset({TIME, FEATURE}), "Asymmetry of facial features over time", _fixed(2, ASYMMETRY_MM),
        lambda one, figure, limits: PlotMethods(one).asymmetry(ax=figure.subplots()),
    ),
)  # fmt: skip


def pictures(result: xr.Dataset, numbers: Numbers) -> list[Figure]:
    """The pictures of a result; with further dimensions, such as conditions, one for each of the first labels."""
    made = []
    for picture in PICTURES:
        if picture.variable in result.data_vars and _is_drawn(picture, result):
            further = [str(dim) for dim in result[picture.variable].dims if dim not in picture.dims]
            limits = _limits(result[picture.variable]) if picture.both_signs and further else (None, None)
            made += [_made(picture, part, label, limits, numbers) for label, part in _parts(result, further)]
    return made


def signals_picture(x: xr.DataArray, numbers: Numbers) -> list[Figure]:
    """All signals of one recording over time, with the intervals of its first annotation; [] if there are too many."""
    if x.ndim != len((TIME, SIGNAL)) or x.sizes[SIGNAL] > MAX_PANELS or x.sizes[TIME] < 2:
        return []
    by = next((str(name) for name in x.coords if number_name(str(name)) in x.coords), None)
    caption = f"All signals over time{'' if by is None else f', with {by}'}; missing frames are grey"
    names = _short_names(x[SIGNAL].values.tolist())
    number = next(numbers)
    with drawing(number, COLUMN_MM[2], MARGIN_MM + PANEL_MM * x.sizes[SIGNAL] / (1 + (x.sizes[SIGNAL] > 13))) as figure:
        SignalsPlotMethods(x.assign_coords({SIGNAL: (SIGNAL, names)})).signals(by=by, fig=figure)
        return [Figure(inline_svg(figure, number, caption), caption)]


def group_picture(summary: xr.Dataset, variable: str, by: str, what: str, numbers: Numbers) -> Figure:
    """A variable of a study by group or condition: one dot for each recording, means and their intervals."""
    number = next(numbers)
    caption = f"{what}, by {by}: each recording, means and 95 % confidence intervals"
    with drawing(number, COLUMN_MM[1], GROUPS_MM) as figure:
        PlotMethods(summary).groups(variable, by=by, dim=RECORDING, ax=figure.subplots())
        return Figure(inline_svg(figure, number, caption), caption)


def _is_drawn(picture: Picture, result: xr.Dataset) -> bool:
    """Whether the variable has the dimensions, is not a matrix of one cell, and has tests if the picture shows them."""
    values = result[picture.variable]
    one_cell = picture.dims == PAIRS and all(values.sizes.get(dim) == 1 for dim in PAIRS)
    tests = picture.tests in (None, "p_fwe" in result)
    return picture.dims <= set(values.dims) and not one_cell and tests


def _limits(values: xr.DataArray) -> Limits:
    """Limits for all parts of a variable, so that they can be compared."""
    largest = round_limit(float(abs(values).max()))
    return -largest, largest


def _parts(result: xr.Dataset, dims: list[str]) -> Iterator[tuple[str, xr.Dataset]]:
    """The parts of a result by the labels of its further dimensions, and a text with these labels."""
    shape = tuple(result.sizes[dim] for dim in dims)
    for place in [*np.ndindex(shape)][:MAX_LABELS]:
        part = result.isel(dict(zip(dims, place, strict=True)))
        labels = [
            str(part[dim].item()) if dim in part.coords else f"{dim} {k}" for dim, k in zip(dims, place, strict=True)
        ]
        yield ", ".join(labels), part


def _made(picture: Picture, part: xr.Dataset, label: str, limits: Limits, numbers: Numbers) -> Figure:
    few = too_few_text(part.attrs) if picture.tests or "p_fwe" in part else ""
    caption = f"{picture.caption}{f': {label}' if label else ''}{f' ({few})' if few else ''}"
    for dim in (SIGNAL1, SIGNAL2, COEFFICIENT, PAIR):
        if dim in part.dims:
            part = part.assign_coords({dim: (dim, _short_names(part[dim].values.tolist()))})
    number = next(numbers)
    with drawing(number, *picture.size(part)) as figure:
        picture.draw(part, figure, limits)
        return Figure(inline_svg(figure, number, caption), caption)


def _short_names(names: list[str]) -> list[str]:
    """Names of signals that leave space for the picture; each is still different from the others."""
    half = MAX_NAME // 2
    short = [name if len(name) <= MAX_NAME else f"{name[: half - 1]}…{name[-half:]}" for name in map(str, names)]
    return short if len(set(short)) == len(short) else [f"{name[:half]}… ({k})" for k, name in enumerate(short, 1)]
