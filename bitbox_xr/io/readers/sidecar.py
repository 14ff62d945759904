"""The `.json` beside a tracker's file: how that was made, as attributes that a file can hold and that name no place."""

import json
import re
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath
from typing import Any

from bitbox_xr.core.errors import warn
from bitbox_xr.io.readers.columns import Attrs

__all__ = ["metadata"]

LARGEST = 2**31 - 1  # of an attribute that is a whole number


def metadata(path: Path) -> Attrs:
    """What the JSON file at `path` tells, flattened: `backend` as it is, all else as `metadata_…`.

    Paths are cut to the names of their files; a command that holds any, and folders, are left out. {} where
    there is no such file; a UserWarning, and {}, where it cannot be read.
    """
    if not path.is_file():
        return {}
    try:
        told = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        warn(f"{path.name} is no JSON and its metadata is left out: {error}")
        return {}
    if not isinstance(told, dict):
        warn(f"{path.name} holds no names with values and is left out")
        return {}
    return {name if name == "backend" else f"metadata_{name}": value for name, value in _flat(told, "")}


def _flat(value: Any, name: str) -> Iterator[tuple[str, str | int | float]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            word = re.sub(r"\W+", "_", str(key)).strip("_").lower()
            yield from _flat(inner, f"{name}_{word}" if name else word)
    elif isinstance(value, list):
        parts = [text for inner in value for _, text in _flat(inner, name)]
        if parts:
            yield name, ", ".join(str(part) for part in parts)
    elif isinstance(value, str):
        text = value if name.split("_")[-1] not in ("cmd", "command") or not _has_path(value) else ""
        if text := _without_folders(text):
            yield name, text
    elif isinstance(value, bool):
        yield name, str(value).lower()
    elif value is not None:
        yield name, value if isinstance(value, float) or abs(value) <= LARGEST else str(value)


def _has_path(text: str) -> bool:
    return "/" in text or "\\" in text


def _without_folders(text: str) -> str:
    """The name of the file that a path names, '' for a folder; other text as it is."""
    if not _has_path(text):
        return text
    file = PureWindowsPath(text)  # which takes both kinds of slashes
    return file.name if re.fullmatch(r"\.\w{1,5}", file.suffix) else ""
