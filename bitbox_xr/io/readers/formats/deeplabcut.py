"""DeepLabCut: CSV with three lines of column names (scorer, bodyparts, coords), or four for several animals.

Rows have numbers of frames but no times. Points that were not found are empty.
"""

from pathlib import Path

import numpy as np
import xarray as xr

from bitbox_xr.core import validation
from bitbox_xr.core.errors import refuse
from bitbox_xr.io.readers.columns import ReadOptions
from bitbox_xr.io.readers.keypoints import Keypoints, signals_of
from bitbox_xr.io.readers.sheet import from_lines, numbers, read_lines

__all__ = ["read", "recognise"]

BACKEND = "DeepLabCut"
LEVELS = ("scorer", "individuals", "bodyparts", "coords")  # first cells of the lines; individuals only for several
MARKS = (b"scorer,", b"\xef\xbb\xbfscorer,")
COORDS = ("x", "y", "z")
LIKELIHOOD = "likelihood"


def recognise(path: Path, head: bytes) -> bool:
    """Whether the first line names the scorer."""
    return head.startswith(MARKS)


def read(path: Path, options: ReadOptions) -> xr.DataArray:
    """The points of one animal, or of all."""
    lines = read_lines(path)
    levels = _levels(path.name, lines)
    width = len(levels["coords"])
    names = ["frame", *(f"{part} {coord}" for part, coord in zip(levels["bodyparts"], levels["coords"], strict=True))]
    sheet = from_lines(path.name, lines, sep=",", skiprows=len(levels), names=names)
    table = numbers(sheet, range(width + 1)).to_numpy()
    return signals_of(path.name, _keypoints(levels, table), options)


def _levels(file: str, lines: list[str]) -> dict[str, list[str]]:
    """The lines of column names by their first cell, without it."""
    levels: dict[str, list[str]] = {}
    for line in lines[: len(LEVELS)]:
        first, *cells = [cell.strip() for cell in line.split(",")]
        if first not in LEVELS:
            break
        levels[first] = cells
    faults = [
        f"expected a line {name!r} at the top, got none" for name in LEVELS if name not in levels and name != LEVELS[1]
    ]
    refuse(file, faults)
    widths = {name: len(cells) for name, cells in levels.items()}
    if len(set(widths.values())) > 1:
        got = ", ".join(f"{n} in {name}" for name, n in widths.items())
        raise ValueError(
            f"{file}: expected as many cells in each of the lines of column names, got {got}; export it again"
        )
    unknown = sorted({*levels["coords"]} - {*COORDS, LIKELIHOOD})
    if unknown or "x" not in levels["coords"]:
        raise ValueError(
            f"{file}: expected the coords x, y and likelihood, got {validation.listed(map(repr, levels['coords']))}"
        )
    return levels


def _keypoints(levels: dict[str, list[str]], table: np.ndarray) -> Keypoints:
    n_rows = len(table)
    owners = levels.get("individuals", [""] * len(levels["coords"]))
    individuals = list(dict.fromkeys(owners))
    points = list(dict.fromkeys(levels["bodyparts"]))
    axes = [coord for coord in COORDS if coord in levels["coords"]]
    positions = np.full((len(individuals), n_rows, len(points), len(axes)), np.nan)
    confidence = np.full((len(individuals), n_rows, len(points)), np.nan)
    for i, (owner, part, coord) in enumerate(zip(owners, levels["bodyparts"], levels["coords"], strict=True), 1):
        who, point = individuals.index(owner), points.index(part)
        if coord == LIKELIHOOD:
            confidence[who, :, point] = table[:, i]
        else:
            positions[who, :, point, axes.index(coord)] = table[:, i]
    shape = (len(individuals) * n_rows, len(points))
    return Keypoints(
        BACKEND,
        points,
        positions.reshape(*shape, len(axes)),
        confidence.reshape(shape) if LIKELIHOOD in levels["coords"] else None,
        frames=np.tile(table[:, 0], len(individuals)),
        individuals=np.repeat(individuals, n_rows).tolist() if "individuals" in levels else None,
    )
