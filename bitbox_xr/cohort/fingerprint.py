"""The files that a result is made from: what they are known by, and what they are opened as."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import xarray as xr

from bitbox_xr.cohort.options import Study
from bitbox_xr.io.readers import open_signals
from bitbox_xr.io.readers.formats.three_di import is_three_di
from bitbox_xr.preprocessing.alignment import align
from bitbox_xr.version import __version__

__all__ = ["Identity", "identified", "made_from", "opened"]

Identity = list[list[str]]  # name and SHA-256 of a file, and of what lies beside it


def identified(file: Path) -> Identity:
    """Names and content, the file's own first; a `.json` that tells how a file of 3DI's was made is input too.

    FileNotFoundError where the file is missing.
    """
    return [[part.name, _digest(part)] for part in _with_twin(file)]


def _with_twin(file: Path) -> list[Path]:
    twin = file.with_suffix(".json")
    return [file, twin] if is_three_di(file) and twin.is_file() else [file]


def _digest(file: Path) -> str:
    if not file.is_file():
        raise FileNotFoundError(f"{file}: there is no such file")
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def made_from(study: Study, inputs: Iterable[Identity]) -> str:
    """A SHA-256 of the inputs' names and content, of all options and of bitbox_xr's major.minor version."""
    version = __version__.split(".")[:2]
    return hashlib.sha256(json.dumps([[*inputs], study.described(), version]).encode()).hexdigest()


def opened(study: Study, files: list[Path]) -> tuple[xr.DataArray, ...]:
    """The signals of one file, or of two, brought onto one clock where that is asked for; in memory."""
    readers = (study.reader, study.reader_of_reference)
    x, *others = (_loaded(file, reader) for file, reader in zip(files, readers, strict=False))
    if study.align is None or not others:
        return (x, *others)
    return align(x, *others, **study.align)


def _loaded(file: Path, reader: Mapping[str, Any]) -> xr.DataArray:
    x = open_signals(file, **reader)
    x.load()
    x.close()
    return x
