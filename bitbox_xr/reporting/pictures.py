"""The pictures of a report. All calls of `bitbox_xr.plotting` are in this module."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr

from bitbox_xr.core.geometry import LANDMARK
from bitbox_xr.core.variables import (
    COEFFICIENT,
    EVENT,
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
from bitbox_xr.plotting.style import COLUMN_MM, name_space, round_limit
from bitbox_xr.reporting.page import Figure
from bitbox_xr.reporting.svg import drawing, inline_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawn

__all__ = ["Numbers", "group_picture", "pictures", "signals_picture"]

MAX_LABELS = 6  # of a dimension that get a picture each
MAX_NARROW = 24  # labels of a matrix in one column
MAX_PANELS = 52  # signals of a recording that are drawn
MAX_IN_ONE_COLUMN = 13  # of these panels
MAX_ROWS = 40  # of a contrast
# kinds of signals whose motion is drawn: their position (False) and rotation (True)
MOVING = {"landmark": (False,), "landmark-can": (False,), "rectangle": (False,), "pose": (False, True)}
MOTION = {False: "Position", True: "Rotation"}
MAX_NARROW_MM = 8.0  # space for names in one column, beyond that of usual names
ROW_MM, PANEL_MM, MARGIN_MM = 2.7, 8.5, 26.0  # of matched pairs, of signals, and below and above both
OVER_TIME_MM, PROFILE_MM, GROUPS_MM, ASYMMETRY_MM, LABELS_MM, MOTION_MM = 72.0, 52.0, 56.0, 60.0, 52.0, 80.0

Numbers = Iterator[int]
Size = tuple[float, float]  # width and height, mm
Limits = tuple[float | None, float | None]  # of colours: vmin and vmax


class Picture(NamedTuple):
    """A picture: the variable that it needs with its dimensions, its caption, its size and what draws it.

    Pictures of several labels have the limits that `draw` takes in common if they are `shared`.
    A picture with `tests` is for results with p-values if it is True, and for means over recordings if it is False.
    """

    variable: str
    dims: frozenset[str]
    caption: str
    size: Callable[[xr.Dataset], Size]
    draw: Callable[[xr.Dataset, "Drawn", Limits], object]
    shared: bool = False
    tests: bool | None = None
    whole: bool = False  # one picture shows all further dimensions


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
    return max(name_space(result[dim].values.astype(str).tolist()) for dim in dims)


def _of_labels(result: xr.Dataset) -> Size:
    dim = next(str(dim) for dim in (PAIR, LANDMARK, SIGNAL, SCALE) if dim in result.dims)
    names = _longest(result, dim)
    return _width(result.sizes[dim], 0.0), LABELS_MM + names


def _of_events(result: xr.Dataset) -> Size:
    return COLUMN_MM[2], MARGIN_MM + ROW_MM * max(len(np.unique(result[COEFFICIENT])), 5)


def _of_cells(result: xr.Dataset) -> Size:
    return COLUMN_MM[1], MARGIN_MM + ROW_MM * min(max(result["estimate"].size, 5), MAX_ROWS)


def _fixed(columns: int, height: float) -> Callable[[xr.Dataset], Size]:
    return lambda result: (COLUMN_MM[columns], height)


def _matrix(result: xr.Dataset, figure: "Drawn", limits: Limits, statistic: str) -> "Axes":
    return PlotMethods(result).matrix(statistic=statistic, vmin=limits[0], vmax=limits[1], ax=figure.subplots())


def _values(variable: str, *, both_signs: bool = False) -> Callable[[xr.Dataset, "Drawn", Limits], object]:
    return lambda one, figure, limits: PlotMethods(one).values(
        variable, vmin=limits[0] if both_signs else None, vmax=limits[1], ax=figure.subplots()
    )


def _significant(found: xr.Dataset, figure: "Drawn", limits: Limits) -> "Axes":
    return PlotMethods(found).significant_pairs(found, vmin=limits[0], vmax=limits[1], ax=figure.subplots())


PAIRS, SCALES = frozenset({SIGNAL1, SIGNAL2}), frozenset({SCALE, COEFFICIENT})
OF_LABELS = PAIRS | {LANDMARK, SIGNAL, SCALE}  # a picture of a single one of these says nothing

PICTURES = (
    Picture(
        "surrogate_z", PAIRS, "Each pair against chance; significant pairs are framed", _of_pairs,
        lambda one, figure, limits: _significant(one, figure, limits),
        shared=True, tests=True,
    ),
    Picture(
        "excess", PAIRS, "Correlation of each pair, minus that by chance", _of_pairs,
        lambda one, figure, limits: _matrix(one, figure, limits, "excess"),
        shared=True, tests=False,
    ),
    Picture(
        "excess", frozenset({PAIR}), "Correlation beyond chance of the same signal of both", _of_labels,
        _values("excess", both_signs=True),
        shared=True, tests=False,
    ),
    Picture(
        "observed", frozenset({PAIR}), "The same signal of both, with the range that chance gives", _of_matched,
        lambda one, figure, limits: PlotMethods(one).matched_pairs(ax=figure.subplots()),
    ),
    Picture(
        "answered_above_chance", PAIRS, "Share of activations that each pair answers, corrected for chance", _of_pairs,
        lambda one, figure, limits: _matrix(one, figure, limits, "answered_above_chance"),
    ),
    Picture(
        "corr_mean", PAIRS, "Mean correlation over windows of each pair", _of_pairs,
        lambda one, figure, limits: _matrix(one, figure, limits, "corr_mean"),
        shared=True,
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
    Picture(
        "rise", frozenset({EVENT}), "Each activation at its time", _of_events,
        lambda one, figure, limits: PlotMethods(one).events(ax=figure.subplots()),
    ),
    Picture("speed", frozenset({LANDMARK}), "Mean speed of each landmark", _of_labels, _values("speed"), shared=True),
    Picture("ldj", frozenset({LANDMARK}), "Smoothness of each landmark", _of_labels, _values("ldj")),
    Picture(
        "distance_mean", frozenset({LANDMARK}), "Mean distance of each landmark from the reference", _of_labels,
        _values("distance_mean"), shared=True,
    ),
    Picture("noise", frozenset({SIGNAL}), "Noise of each signal", _of_labels, _values("noise"), shared=True),
    Picture("overall", frozenset({SCALE}), "Diversity at each scale", _of_labels, _values("overall")),
    Picture(
        "estimate", frozenset(), "Estimates with their confidence intervals; significant ones are red", _of_cells,
        lambda one, figure, limits: PlotMethods(one).estimates(ax=figure.subplots()),
        whole=True,
    ),
)  # fmt: skip


def pictures(result: xr.Dataset, numbers: Numbers) -> list[Figure]:
    """The pictures of a result; with further dimensions, such as conditions, one for each of the first labels."""
    made = []
    for picture in PICTURES:
        if picture.variable in result.data_vars and _is_drawn(picture, result):
            dims = [] if picture.whole else result[picture.variable].dims
            further = [str(dim) for dim in dims if dim not in picture.dims]
            limits = _limits(result[picture.variable]) if picture.shared and further else (None, None)
            made += [_made(picture, part, label, limits, numbers) for label, part in _parts(result, further)]
    return made


def signals_picture(x: xr.DataArray, numbers: Numbers) -> list[Figure]:
    """All signals of one recording over time, or the motion of its points, with the intervals of an annotation."""
    if x.ndim != len((TIME, SIGNAL)) or x.sizes[TIME] < 2:
        return []
    by = next((str(name) for name in x.coords if number_name(str(name)) in x.coords), None)
    end = f" over time{'' if by is None else f', with {by}'}; missing frames are grey"
    plots = SignalsPlotMethods(x)
    if angles := MOVING.get(str(x.attrs.get("kind", ""))):
        made = [
            _over_time(f"{text}: distance from its mean, and speed,{end}", MOTION_MM, numbers, draw)
            for text, draw in (
                (MOTION[angular], partial(plots.kinematics, angular=angular, by=by)) for angular in angles
            )
        ]
        return [picture for picture in made if picture is not None]
    if x.sizes[SIGNAL] > MAX_PANELS:
        return []
    rows = x.sizes[SIGNAL] / (1 + (x.sizes[SIGNAL] > MAX_IN_ONE_COLUMN))
    picture = _over_time(f"All signals{end}", MARGIN_MM + PANEL_MM * rows, numbers, partial(plots.signals, by=by))
    return [picture] if picture else []


def _over_time(caption: str, height: float, numbers: Numbers, draw: Callable[..., object]) -> Figure | None:
    """A picture as wide as a page; None if the recording lacks the points that `draw` needs."""
    number = next(numbers)
    with drawing(number, COLUMN_MM[2], height) as figure:
        try:
            draw(fig=figure)
        except ValueError:  # a pose without translation, or landmarks without one of their coordinates
            return None
        return Figure(inline_svg(figure, number, caption), caption)


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
    one_cell = picture.dims <= OF_LABELS and all(values.sizes.get(dim) == 1 for dim in picture.dims)
    tests = picture.tests in (None, "p_fwe" in result)
    return picture.dims <= set(values.dims) and values.size > 0 and (picture.whole or not one_cell) and tests


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
    number = next(numbers)
    with drawing(number, *picture.size(part)) as figure:
        picture.draw(part, figure, limits)
        return Figure(inline_svg(figure, number, caption), caption)
