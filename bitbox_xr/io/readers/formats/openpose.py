"""OpenPose: a folder with one JSON file per frame, `…_000000000012_keypoints.json`.

Points that were not found are 0, 0, 0. The order of the people in a file says nothing about who they are.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from bitbox_xr.core import validation
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.memory import refuse_beyond
from bitbox_xr.io.readers.columns import ReadOptions
from bitbox_xr.io.readers.keypoints import Keypoints, signals_of

__all__ = ["read", "recognise"]

BACKEND = "OpenPose"
NAME = re.compile(r"(.*?)_?(\d+)_keypoints\.json")
PARTS = ("face_keypoints", "pose_keypoints")  # in the order in which they are preferred; then hands are not read
CELLS = 3  # of a point: x, y, confidence
BODY_25 = [
    "Nose",
    "Neck",
    "RShoulder",
    "RElbow",
    "RWrist",
    "LShoulder",
    "LElbow",
    "LWrist",
    "MidHip",
    "RHip",
    "RKnee",
    "RAnkle",
    "LHip",
    "LKnee",
    "LAnkle",
    "REye",
    "LEye",
    "REar",
    "LEar",
    "LBigToe",
    "LSmallToe",
    "LHeel",
    "RBigToe",
    "RSmallToe",
    "RHeel",
]
BODY_18 = [
    "Nose",
    "Neck",
    "RShoulder",
    "RElbow",
    "RWrist",
    "LShoulder",
    "LElbow",
    "LWrist",
    "RHip",
    "RKnee",
    "RAnkle",
    "LHip",
    "LKnee",
    "LAnkle",
    "REye",
    "LEye",
    "REar",
    "LEar",
]
SCHEMAS = {25: ("BODY_25", BODY_25), 18: ("COCO", BODY_18), 70: ("face 70", [f"face {i}" for i in range(70)])}
MAX_COPIES = 20  # bytes in memory for each byte of the files
MAX_LISTED_FAULTS = 8


class Person(NamedTuple):
    """One person in one frame."""

    file: str
    frame: int
    id: str  # '' if people are not tracked from frame to frame
    points: dict[str, list[Any]]


def recognise(path: Path, head: bytes) -> bool:
    """Whether a folder has files of OpenPose, or a file is one of them."""
    if path.is_dir():
        return any(NAME.fullmatch(file.name) for file in path.iterdir())
    return head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{") and b'"people"' in head and b"_keypoints" in head


def read(path: Path, options: ReadOptions) -> xr.DataArray:
    """The points of the face or, without them, of the body."""
    if not path.is_dir():
        raise ValueError(f"{path.name}: expected a folder with one file per frame, got one of them; give the folder")
    files = _files(path)
    size = sum(file.stat().st_size for _, file in files)
    refuse_beyond(path.name, size * MAX_COPIES, "split the recording into several folders")
    faults: list[str] = []
    people = [person for frame, file in files for person in _people(frame, file, faults)]
    shortened = [*faults[:MAX_LISTED_FAULTS], "…"] if len(faults) > MAX_LISTED_FAULTS else faults
    refuse(path.name, shortened)
    return signals_of(path.name, _keypoints(path.name, [frame for frame, _ in files], people, options), options)


def _files(folder: Path) -> list[tuple[int, Path]]:
    """The files of a recording with the numbers of their frames, in order."""
    found = [(match, file) for file in folder.iterdir() if (match := NAME.fullmatch(file.name))]
    if not found:
        raise ValueError(f"{folder.name}: expected files …_keypoints.json, got none; check the folder")
    recordings = sorted({match[1] for match, _ in found})
    if len(recordings) > 1:
        raise ValueError(
            f"{folder.name}: expected the frames of one recording, got those of {validation.listed(recordings)}; use a "
            "folder for each"
        )
    return sorted(((int(match[2]), file) for match, file in found), key=lambda pair: pair[0])


def _people(frame: int, file: Path, faults: list[str]) -> Iterator[Person]:
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        faults.append(f"{file.name}: expected JSON, got text that cannot be read as such ({error}); export it again")
        return
    people = content.get("people") if isinstance(content, dict) else None
    if not isinstance(people, list) or not all(isinstance(person, dict) for person in people):
        faults.append(f"{file.name}: expected a list of people, got none; export it again")
        return
    for person in people:
        points = {part: person.get(f"{part}_2d", person.get(part, [])) or [] for part in PARTS}
        bad = [part for part, cells in points.items() if not _are_points(cells)]
        if bad:
            faults.append(f"{file.name}: expected x, y and a confidence for each point of {bad[0]}, got other values")
            continue
        ids = person.get("person_id", [-1])
        tracked = ids[0] if isinstance(ids, list) and ids and isinstance(ids[0], int) else -1
        yield Person(file.name, frame, str(tracked) if tracked >= 0 else "", points)


def _are_points(cells: object) -> bool:
    return isinstance(cells, list) and len(cells) % CELLS == 0 and all(validation.is_number(cell) for cell in cells)


def _keypoints(file: str, frames: list[int], people: list[Person], options: ReadOptions) -> Keypoints:
    part = next((part for part in PARTS if any(person.points[part] for person in people)), None)
    if part is None:
        raise ValueError(
            f"{file}: expected points of a face or a body, got none in {validation.counted(len(frames), 'frame')}"
        )
    people = [person for person in people if person.points[part]]
    tracked = all(person.id for person in people)
    seen: set[int] = set()
    for person in people:
        if person.frame in seen and not tracked:
            raise ValueError(
                f"{file}: expected one person in each frame, got several in {person.file}; their order does not say "
                "who is who, so track them (person_id), or cut the video to one person"
            )
        seen.add(person.frame)
    sizes = sorted({len(person.points[part]) // CELLS for person in people})
    if len(sizes) > 1:
        raise ValueError(
            f"{file}: expected as many points in each frame, got {validation.listed(sizes)}; use one model"
        )
    present = np.array([person.points[part] for person in people], dtype=np.float64).reshape(len(people), -1, CELLS)
    missing = () if tracked else sorted({*frames} - seen)  # frames without a person
    values = np.concatenate([present, np.zeros((len(missing), *present.shape[1:]))])
    numbers = np.array([*(person.frame for person in people), *missing], dtype=np.float64)
    order = np.argsort(numbers, kind="stable")
    values, numbers = values[order], numbers[order]
    values[(values == 0).all(axis=2)] = np.nan
    schema, names = SCHEMAS.get(sizes[0], ("", [f"{part.removesuffix('_keypoints')} {i}" for i in range(sizes[0])]))
    return Keypoints(
        BACKEND,
        names,
        values[..., :2],
        np.where(np.isnan(values[..., 2]), 0.0, values[..., 2]),
        frames=numbers,
        individuals=[person.id for person in people] if tracked else None,
        attrs={"schema": schema} if schema else {},
    )
