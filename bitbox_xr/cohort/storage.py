"""The folder of a cohort: where everything stands in it, who may write to it, how files get there whole."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import xarray as xr

from bitbox_xr.io.netcdf import LOCK, PART, destination, replacing, to_netcdf

__all__ = [
    "ASKED",
    "RECORDINGS",
    "STAMP",
    "STATUS",
    "SUMMARY",
    "TABLE",
    "WINDOWS",
    "held",
    "place",
    "put",
    "stamp",
    "whole",
]

RECORDINGS, WINDOWS = "recordings", "windows"  # folders with a file a recording
SUMMARY, TABLE, STATUS = "summary.nc", "summary.csv", "status.csv"
LOCKED = ".lock"
STAMP, ASKED = "made_from", "asked"  # attributes of a result


def place(out: Path, folder: str, recording: str) -> Path:
    """Where a recording's file stands."""
    return out / folder / f"{recording}.nc"


@contextmanager
def held(out: Path) -> Iterator[Path]:
    """Hold `out`, made where it is missing, against other runs; gives a folder in it for files in the making.

    The lock dies with its holder, however that dies. What a dead holder left unfinished is removed, and with it the
    folder into which its last tasks may still be writing on the workers of a cluster: they find no place any more.
    """
    try:
        import fcntl
    except ImportError:
        raise OSError("a cohort's folder is locked as Linux and macOS do it; on Windows run it under WSL") from None

    if out.exists() and not out.is_dir():
        raise NotADirectoryError(f"{out} is no folder; one for the results is wanted")
    out.mkdir(parents=True, exist_ok=True)
    with (out / LOCKED).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BlockingIOError(
                f"{out}: another run is writing here; wait for it, or choose another folder"
            ) from None
        (out / RECORDINGS).mkdir(exist_ok=True)
        _sweep(out)
        parts = Path(tempfile.mkdtemp(suffix=PART, dir=out))
        parts.chmod(out.stat().st_mode & 0o777)  # workers may be of another user of the group
        try:
            yield parts
        finally:
            _remove(parts)


def _sweep(out: Path) -> None:
    for folder in (out, out / RECORDINGS, out / WINDOWS):
        for part in [*folder.glob(f"*{PART}")]:
            if part.is_dir():
                _remove(part)
            else:
                part.unlink(missing_ok=True)


def _remove(folder: Path) -> None:
    """Remove a folder in which others may still be writing: under another name, where they put nothing new."""
    aside = Path(tempfile.mkdtemp(suffix=PART, dir=folder.parent))
    with suppress(OSError):  # gone already, with who made it
        folder.rename(aside / folder.name)
    shutil.rmtree(aside, ignore_errors=True)


def put(result: xr.Dataset, target: Path, parts: Path) -> None:
    """Write a result, whole or not at all, also where two workers do so at once or the machine loses power."""
    with replacing(destination(target), parts) as file:
        to_netcdf(result, file)
        _settle(file)


@contextmanager
def whole(target: Path) -> Iterator[IO[str]]:
    """A text file to write, which replaces `target` once it is complete."""
    with replacing(destination(target)) as file:
        with file.open("w", encoding="utf-8", newline="") as stream:
            yield stream
        _settle(file)


def _settle(file: Path) -> None:
    """Have a file on the disk before its name is: else a loss of power may leave the name without content."""
    with file.open("rb") as stream:
        os.fsync(stream.fileno())


def stamp(file: Path) -> str:
    """What a result says it was made from; '' where there is none that can be read."""
    import netCDF4

    if not file.is_file():
        return ""
    try:
        with LOCK, netCDF4.Dataset(file) as source:
            return str(getattr(source, STAMP, ""))
    except (OSError, RuntimeError):
        return ""
