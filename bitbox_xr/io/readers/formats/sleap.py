"""SLEAP: CSV with a row for each frame of each track, and the coordinates of each point as `Head.x`, `Head.y`."""

from pathlib import Path

import numpy as np
import xarray as xr

from bitbox_xr.io.readers.columns import ReadOptions
from bitbox_xr.io.readers.keypoints import Keypoints, signals_of
from bitbox_xr.io.readers.sheet import from_lines, numbers, read_lines, texts

__all__ = ["read", "recognise"]

MARKS = (b"track,frame_idx,", b"\xef\xbb\xbftrack,frame_idx,")
AXES = ("x", "y")


def recognise(path: Path, head: bytes) -> bool:
    """Whether the first columns are the track and the frame."""
    return head.startswith(MARKS)


def read(path: Path, options: ReadOptions) -> xr.DataArray:
    """The points of one track, or of all."""
    sheet = from_lines(path.name, read_lines(path), sep=",")
    points = [name.removesuffix(".x") for name in sheet.names if name.endswith(".x") and f"{name[:-1]}y" in sheet.names]
    if not points:
        raise ValueError(
            f"{path.name}: expected columns of points such as Head.x and Head.y, got none; export it again"
        )
    at = {name: i for i, name in enumerate(sheet.names)}
    columns = [at[f"{point}.{axis}"] for point in points for axis in AXES]
    scores = [at[f"{point}.score"] for point in points if f"{point}.score" in at]
    table = numbers(sheet, [at["frame_idx"], *columns, *scores])
    tracks = texts(sheet, at["track"])
    found = Keypoints(
        "SLEAP",
        points,
        table[columns].to_numpy().reshape(len(table), len(points), len(AXES)),
        table[scores].to_numpy() if len(scores) == len(points) else None,
        frames=np.asarray(table[at["frame_idx"]]),
        individuals=tracks if any(tracks) else None,
    )
    return signals_of(path.name, found, options)
