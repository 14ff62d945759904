"""The sidecar of a tracker's file, a `.json` with how the file was made, as attributes without paths."""

import json
import re
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath

from bitbox_xr.core.errors import warn
from bitbox_xr.io.readers.columns import Attrs

__all__ = ["metadata"]

MAX_INTEGER = 2**31 - 1  # of an integer attribute in NetCDF; larger integers become text


def metadata(path: Path) -> Attrs:
    """The content of the JSON file at `path`, flattened: `backend` under its name, the rest as `metadata_…`.

    Paths are shortened to file names; folders, and commands that contain paths, are left out. {} if the file does not
    exist. A UserWarning, and {}, if it cannot be read.
    """
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        warn(f"{path.name}: expected JSON, got text that cannot be read as such ({error}); its metadata is left out")
        return {}
    if not isinstance(content, dict):
        warn(f"{path.name}: expected names with values, got a {type(content).__name__}; its metadata is left out")
        return {}
    return {name if name == "backend" else f"metadata_{name}": value for name, value in _flatten(content, "")}


def _flatten(value: object, name: str) -> Iterator[tuple[str, str | int | float]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            word = re.sub(r"\W+", "_", str(key)).strip("_").lower()
            yield from _flatten(inner, f"{name}_{word}" if name else word)
    elif isinstance(value, list):
        parts = [text for inner in value for _, text in _flatten(inner, name)]
        if parts:
            yield name, ", ".join(str(part) for part in parts)
    elif isinstance(value, str):
        is_command = name.split("_")[-1] in ("cmd", "command")
        text = "" if is_command and _has_path(value) else _without_folders(value)
        if text:
            yield name, text
    elif isinstance(value, bool):
        yield name, str(value).lower()
    elif isinstance(value, int | float):
        yield name, value if isinstance(value, float) or abs(value) <= MAX_INTEGER else str(value)


def _has_path(text: str) -> bool:
    return "/" in text or "\\" in text


def _without_folders(text: str) -> str:
    """The file name of a path, '' for a folder; text that is no path is unchanged."""
    if not _has_path(text):
        return text
    file = PureWindowsPath(text)  # accepts both kinds of slashes
    return file.name if re.fullmatch(r"\.\w{1,5}", file.suffix) else ""
