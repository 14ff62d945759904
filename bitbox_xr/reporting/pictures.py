"""The pictures of a report. All calls of `bitbox_xr.plotting` are in this module."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr

from bitbox_xr.core.variables import COEFFICIENT, FEATURE, LAG, SCALE, SIGNAL1, SIGNAL2, TIME, WINDOW
from bitbox_xr.plotting.methods import PlotMethods
from bitbox_xr.reporting.page import Figure
from bitbox_xr.reporting.svg import drawing, inline_svg

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawn

__all__ = ["Numbers", "pictures"]

MAX_NAME = 24  # characters of a signal's name in a picture
MAX_LABELS = 6  # of a dimension that get a picture each
CELL_INCHES, MIN_INCHES, MAX_INCHES = 0.24, 4.2, 11.0  # of a matrix
MARGIN_INCHES = 1.7  # beside the cells of a matrix
ROW_INCHES = 0.32  # of a scale
OVER_TIME_INCHES = (7.5, 4.6)
PROFILE_INCHES = (7.0, 4.2)
WIDE_INCHES = (8.0, 3.6)

Numbers = Iterator[int]
Size = tuple[float, float]


class Picture(NamedTuple):
    """A picture: the variable that it needs with its dimensions, its caption, its size (inches) and what draws it."""

    variable: str
    dims: frozenset[str]
    caption: str
    size: Callable[[xr.Dataset], Size]
    draw: Callable[[xr.Dataset, "Drawn"], object]


def _side(count: int) -> float:
    """Length of the side of a matrix with so many labels."""
    return float(np.clip(MARGIN_INCHES + CELL_INCHES * count, MIN_INCHES, MAX_INCHES))


def _of_pairs(result: xr.Dataset) -> Size:
    return _side(result.sizes[SIGNAL2]) + 1.0, _side(result.sizes[SIGNAL1])


def _of_scales(result: xr.Dataset) -> Size:
    return _side(result.sizes[COEFFICIENT]) + 1.0, max(2.8, MARGIN_INCHES + ROW_INCHES * result.sizes[SCALE])


PAIRS, SCALES = frozenset({SIGNAL1, SIGNAL2}), frozenset({SCALE, COEFFICIENT})

PICTURES = (
    Picture(
        "surrogate_z", PAIRS, "Each pair against chance; significant pairs are framed", _of_pairs,
        lambda result, figure: PlotMethods(result).significant_pairs(result, ax=figure.subplots()),
    ),
    Picture(
        "answered_above_chance", PAIRS, "Share of activations that each pair answers beyond chance", _of_pairs,
        lambda result, figure: PlotMethods(result).matrix(ax=figure.subplots()),
    ),
    Picture(
        "corr_mean", PAIRS, "Mean correlation over windows of each pair", _of_pairs,
        lambda result, figure: PlotMethods(result).matrix(statistic="corr_mean", ax=figure.subplots()),
    ),
    Picture(
        "corr", PAIRS | {WINDOW}, "The strongest pair over time", lambda result: OVER_TIME_INCHES,
        lambda result, figure: PlotMethods(result).over_time(fig=figure),
    ),
    Picture(
        "best_lag", PAIRS, "Best lag of each pair", _of_pairs,
        lambda result, figure: PlotMethods(result).matrix(statistic="best_lag", ax=figure.subplots()),
    ),
    Picture(
        "profile", PAIRS | {LAG}, "Mean correlation of the strongest pair at each lag", lambda result: PROFILE_INCHES,
        lambda result, figure: PlotMethods(result).lag_profile(ax=figure.subplots()),
    ),
    Picture(
        "activations_per_minute", SCALES, "Activations per minute of each coefficient at each scale", _of_scales,
        lambda result, figure: PlotMethods(result).expressivity(ax=figure.subplots()),
    ),
    Picture(
        "asymmetry", frozenset({TIME, FEATURE}), "Asymmetry of facial features over time", lambda result: WIDE_INCHES,
        lambda result, figure: PlotMethods(result).asymmetry(ax=figure.subplots()),
    ),
)  # fmt: skip


def pictures(result: xr.Dataset, numbers: Numbers) -> list[Figure]:
    """The pictures of a result; with further dimensions, such as conditions, one for each of the first labels."""
    made = []
    for picture in PICTURES:
        if picture.variable in result.data_vars and picture.dims <= set(result[picture.variable].dims):
            further = [str(dim) for dim in result[picture.variable].dims if dim not in picture.dims]
            made += [_made(picture, part, label, next(numbers)) for label, part in _parts(result, further)]
    return made


def _parts(result: xr.Dataset, dims: list[str]) -> Iterator[tuple[str, xr.Dataset]]:
    """The parts of a result by the labels of its further dimensions, and a text with these labels."""
    shape = tuple(result.sizes[dim] for dim in dims)
    for place in [*np.ndindex(shape)][:MAX_LABELS]:
        part = result.isel(dict(zip(dims, place, strict=True)))
        labels = [str(part[dim].item()) if dim in part.coords else f"{dim} {k}"
                  for dim, k in zip(dims, place, strict=True)]  # fmt: skip
        yield ", ".join(labels), part


def _made(picture: Picture, part: xr.Dataset, label: str, number: int) -> Figure:
    caption = f"{picture.caption}: {label}" if label else picture.caption
    part = _with_short_names(part)
    with drawing(number) as figure:
        figure.set_size_inches(picture.size(part))
        picture.draw(part, figure)
        return Figure(inline_svg(figure, number, caption), caption)


def _with_short_names(part: xr.Dataset) -> xr.Dataset:
    """The result with names of signals that leave space for the picture; each is still different from the others."""
    for dim in (SIGNAL1, SIGNAL2, COEFFICIENT):
        if dim in part.dims and max(map(len, part[dim].values.tolist())) > MAX_NAME:
            names = [_shortened(name) for name in part[dim].values.tolist()]
            if len(set(names)) < len(names):
                names = [f"{name[: MAX_NAME // 2]}… ({k})" for k, name in enumerate(names, 1)]
            part = part.assign_coords({dim: names})
    return part


def _shortened(name: str) -> str:
    half = MAX_NAME // 2
    return name if len(name) <= MAX_NAME else f"{name[: half - 1]}…{name[-half:]}"
