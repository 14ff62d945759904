"""Names of signals by tracker schema, and the axes and regions of the face that names define."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["SCHEMAS", "default_names", "signal_coords"]

AXES = "xyz"


def _numbered(**blocks: int) -> list[str]:
    return [f"{block}{i}" for block, n in blocks.items() for i in range(n)]


def _points(n: int, axes: str) -> list[str]:
    return [f"{axis}{i}" for i in range(n) for axis in axes]


# (kind, number of signals): name of the schema, names of the signals in the order of files
SCHEMAS: dict[tuple[str, int], tuple[str, list[str]]] = {
    ("rectangle", 4): ("xywh", ["x", "y", "w", "h"]),
    ("landmark", 102): ("ibug51", _points(51, "xy")),
    ("landmark", 136): ("ibug68", _points(68, "xy")),
    ("landmark", 153): ("ibug51", _points(51, "xyz")),
    ("landmark-can", 153): ("ibug51", _points(51, "xyz")),
    ("pose", 6): ("T-R", ["Tx", "Ty", "Tz", "Rx", "Ry", "Rz"]),
    ("pose", 3): ("R", ["Rx", "Ry", "Rz"]),
    ("expression", 79): ("3DI-G79", _numbered(GE=79)),
    ("expression", 32): ("3DI-L32", _numbered(lb=4, rb=4, no=4, le=4, re=4, ul=5, ll=7)),
    ("expression", 50): ("3DI-lite-L50", _numbered(lb=5, rb=5, no=3, le=7, re=7, mo=23)),
}

# iBUG-51 points (iBUG-68 without the 17 points of the jaw): region, side (of the image), first, last
_IBUG51 = (
    ("brow", "left", 0, 4),
    ("brow", "right", 5, 9),
    ("nose", "", 10, 18),
    ("eye", "left", 19, 24),
    ("eye", "right", 25, 30),
    ("mouth", "", 31, 50),
)
_LOCAL = {
    "lb": ("brow", "left"),
    "rb": ("brow", "right"),
    "no": ("nose", ""),
    "le": ("eye", "left"),
    "re": ("eye", "right"),
    "ul": ("mouth", ""),
    "ll": ("mouth", ""),
    "mo": ("mouth", ""),
}
_ACTION_UNITS = {
    "brow": {1, 2, 4},
    "eye": {5, 6, 7, 41, 42, 43, 44, 45, 46},
    "nose": {9},
    "mouth": {8, *range(10, 29)},
}
_BLENDSHAPE = {  # start of a name: region; the first match counts
    "brow": "brow",
    "eyebrow": "brow",
    "eye": "eye",
    "cheeksquint": "eye",
    "nose": "nose",
    "mouth": "mouth",
    "jaw": "mouth",
    "cheekpuff": "mouth",
    "tongue": "mouth",
}


def default_names(kind: str, n: int) -> list[str]:
    """Names for `n` signals of a kind: those of its schema with `n` signals, otherwise `s0`, `s1`, ….

    >>> default_names("rectangle", 4)
    ['x', 'y', 'w', 'h']
    >>> default_names("expression", 2)
    ['s0', 's1']
    """
    if (kind, n) in SCHEMAS:
        return list(SCHEMAS[kind, n][1])
    return [f"s{i}" for i in range(n)]


def signal_coords(kind: str, names: Sequence[str]) -> dict[str, list[Any]]:
    """Coordinates along `signal` that follow from the names of signals; empty if names define none.

    `landmark` (int) and `axis` of points; `region` (brow, eye, nose, mouth or '') and `side` (left, right or '') of
    the face. Sides are those of the schema; for landmarks, sides of the image.

    >>> signal_coords("expression", ["AU04_r", "AU6 Evidence", "mouthSmileLeft", "GE0"])
    {'region': ['brow', 'eye', 'mouth', ''], 'side': ['', '', 'left', '']}
    """
    if kind in ("landmark", "landmark-can"):
        return _landmark_coords(names)
    if kind != "expression":
        return {}
    regions, sides = zip(*(_expression_region(name) for name in names), strict=True)
    return {"region": list(regions), "side": list(sides)} if any(regions) else {}


def _landmark_coords(names: Sequence[str]) -> dict[str, list[Any]]:
    points = [re.fullmatch(r"([xyz])_?(\d+)", name, re.IGNORECASE) for name in names]
    if not points or not all(points):
        return {}
    axis = [point[1].lower() for point in points if point]
    landmark = [int(point[2]) for point in points if point]
    coords: dict[str, list[Any]] = {"landmark": landmark, "axis": axis}
    count = len(set(landmark))
    if count in (51, 68) and max(landmark) == count - 1:
        region = np.zeros(count, dtype="<U5")
        side = np.zeros(count, dtype="<U5")
        for name, where, first, last in _IBUG51:
            region[count - 51 + first : count - 51 + last + 1] = name
            side[count - 51 + first : count - 51 + last + 1] = where
        coords["region"] = [str(region[i]) for i in landmark]
        coords["side"] = [str(side[i]) for i in landmark]
    return coords


def _expression_region(name: str) -> tuple[str, str]:
    if local := re.fullmatch(r"([a-z]{2})\d+", name):
        return _LOCAL.get(local[1], ("", ""))
    if unit := re.match(r"AU ?(\d+)(?![0-9A-Za-z])", name):  # AU4, AU04_r, AU4 Evidence
        number = int(unit[1])
        return next((region for region, units in _ACTION_UNITS.items() if number in units), ""), ""
    lower = name.lower()
    region = next((region for stem, region in _BLENDSHAPE.items() if lower.startswith(stem)), "")
    # jawLeft and mouthLeft are movements of the whole jaw and mouth to one side
    side = re.fullmatch(r"(?!jaw|mouth(?:left|right)$).*(left|right)", lower)
    return region, side[1] if region and side else ""
