"""Results of MediaPipe's Face Landmarker in JSON: a list of results, or one result in each line.

MediaPipe has no export. Programs write its results with the names of the web API or of Python, and some add a
`timestamp` in ms.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bitbox_xr.core import validation
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.memory import refuse_beyond
from bitbox_xr.io.readers.assembly import assemble
from bitbox_xr.io.readers.columns import Layout, ReadOptions, SignalColumns
from bitbox_xr.io.readers.sheet import from_frame, numbers, read_lines

__all__ = ["read", "recognise"]

BLENDSHAPES = ("faceBlendshapes", "face_blendshapes")
LANDMARKS = ("faceLandmarks", "face_landmarks")
KEYS = {"blendshapes": BLENDSHAPES, "landmarks": LANDMARKS}
NAMES = ("categoryName", "category_name")
TIMES = ("timestamp", "timestampMs", "timestamp_ms")
TIME_MS = "timestamp"
AXES = "xyz"
NORMALISED = "share of the image's width (x, z) and height (y)"
MAX_COPIES = 20  # bytes in memory for each byte of the file
MAX_LISTED_FAULTS = 8


def recognise(path: Path, head: bytes) -> bool:
    """Whether the file is JSON with the blendshapes or landmarks of a face."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    keys = (f'"{key}"'.encode() for key in (*BLENDSHAPES, *LANDMARKS))
    return start[:1] in (b"{", b"[") and any(key in head for key in keys)


def read(path: Path, options: ReadOptions) -> xr.DataArray:
    """The blendshapes (0 to 1) or, without them, the landmarks. A result without a face is a lost frame."""
    refuse_beyond(path.name, path.stat().st_size * MAX_COPIES, "split the recording into shorter ones")
    faults: list[str] = []
    rows = [_row(result, f"result {i}", faults) for i, result in enumerate(_results(path))]
    refuse(path.name, [*faults[:MAX_LISTED_FAULTS], "…"] if len(faults) > MAX_LISTED_FAULTS else faults)
    sheet = from_frame(pd.DataFrame(rows, dtype=np.float64), path.name)
    points = [i for i, name in enumerate(sheet.names) if name[0] in AXES and name[1:].isdecimal()]
    shapes = [i for i, name in enumerate(sheet.names) if i not in points and name != TIME_MS]
    signals = [
        SignalColumns("expression", shapes, [sheet.names[i] for i in shapes], {"schema": "ARKit blendshapes"}),
        SignalColumns("landmark", points, [sheet.names[i] for i in points], {"units": NORMALISED}),
    ]
    time = sheet.names.index(TIME_MS) if TIME_MS in sheet.names else None
    layout = Layout(
        "MediaPipe",
        [own for own in signals if own.columns],
        default="expression" if shapes else "landmark",
        time=time,
        seconds=lambda sheet, at: numbers(sheet, [at])[at].to_numpy() / 1000,
    )
    return assemble(sheet, layout, options)


def _results(path: Path) -> list[Any]:
    text = "\n".join(read_lines(path))
    try:
        found = json.loads(text)
    except RecursionError as error:
        raise ValueError(
            f"{path.name}: expected results of MediaPipe in JSON, got deeply nested text ({error})"
        ) from None
    except ValueError as whole:
        try:
            found = [json.loads(line) for line in text.split("\n") if line.strip()]
        except (ValueError, RecursionError):
            raise ValueError(
                f"{path.name}: expected results of MediaPipe in JSON, got text that cannot be read as such ({whole}); "
                "the file may be cut short"
            ) from None
    return found if isinstance(found, list) else [found]


def _row(result: Any, place: str, faults: list[str]) -> dict[str, float]:
    """Blendshapes, landmarks and time of one result, by column."""
    if not isinstance(result, Mapping):
        faults.append(f"{place}: expected the result of a frame, got {type(result).__name__}")
        return {}
    row: dict[str, float] = {}
    stamp = next((result[key] for key in TIMES if key in result), None)
    if stamp is not None:
        row[TIME_MS] = stamp
    faces = {what: next((result[key] for key in keys if key in result), None) or [] for what, keys in KEYS.items()}
    several = [what for what, own in faces.items() if isinstance(own, list) and len(own) > 1]
    if several:
        faults.append(
            f"{place}: expected one face, got {len(faces[several[0]])}; their order does not say who is who, so set "
            "num_faces to 1, or write a file for each face"
        )
        return row
    try:
        for shapes in faces["blendshapes"]:
            categories = shapes["categories"] if isinstance(shapes, Mapping) else shapes
            row |= {str(next(own[key] for key in NAMES if key in own)): own["score"] for own in categories}
        for points in faces["landmarks"]:
            row |= {f"{axis}{i}": point[axis] for i, point in enumerate(points) for axis in AXES if axis in point}
    except (KeyError, TypeError, StopIteration):
        faults.append(f"{place}: expected names with scores, and points with x and y, got other values")
    if not all(validation.is_number(value) for value in row.values()):
        faults.append(f"{place}: expected numbers, got other values")
        return {}
    return row
