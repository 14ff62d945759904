"""The folder of a cohort: where everything stands in it, who may write to it, how files get there whole.

A run has a folder of its own in it, `.bitbox_xr`, and writes or deletes outside of that only what the record there
names (`record.py`):

    format          says that the folder is of this package
    lock            held by the run that is going on
    record.jsonl    files that runs wrote
    seed.txt        of significance
    run-…/          of one run: files in the making, and logs of the record
"""

import os
import re
import secrets
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import xarray as xr

from bitbox_xr.cohort.record import HIDDEN, RUNS, Contents, Record, combined, save, sync
from bitbox_xr.io.netcdf import LOCK, destination, replacing, to_netcdf

__all__ = [
    "ASKED",
    "RECORDINGS",
    "STAMP",
    "STATUS",
    "SUMMARY",
    "TABLE",
    "WINDOWS",
    "Check",
    "held",
    "place",
    "put",
    "refuse_all",
    "staged",
    "stamp",
    "whole",
]

RECORDINGS, WINDOWS = "recordings", "windows"  # folders with a file a recording
SUMMARY, TABLE, STATUS = "summary.nc", "summary.csv", "status.csv"
STAMP, ASKED = "made_from", "asked"  # attributes of a result

MARK, LOCKED = "format", "lock"
FORMAT = "bitbox_xr results, format 1\n"
RUN = re.compile(r"run-[0-9a-f]{16}")
SHOWN = 10  # faults that are listed

# What is wrong with a folder in which runs wrote these contents, and the entries that are still needed
Check = Callable[[Contents], tuple[list[str], Contents]]


def place(out: Path, folder: str, recording: str) -> Path:
    """Where a recording's file stands."""
    return out / folder / f"{recording}.nc"


def refuse_all(subject: str, faults: list[str]) -> None:
    """Raise one ValueError with the first faults and the number of the others; do nothing if there are none."""
    if not faults:
        return
    more = [f"and {len(faults) - SHOWN} more"] if len(faults) > SHOWN else []
    lines = "\n".join(f"  - {fault}" for fault in [*faults[:SHOWN], *more])
    head = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    raise ValueError(f"{subject}: {head}; nothing was written\n{lines}")


@contextmanager
def held(out: Path, check: Check = lambda known: ([], known), *, subject: str = "cohort") -> Iterator[Path]:
    """Hold `out`, made where it is missing, against other runs; gives a folder in it for files in the making.

    ValueError, before anything outside the hidden folder is made or changed, with all that `check` finds. The lock dies
    with its holder, however that dies. What a dead holder left unfinished is removed from the hidden folder, and with
    it the folder into which its last tasks may still be writing on the workers of a cluster: it has another name then.
    """
    if out.exists() and not out.is_dir():
        raise NotADirectoryError(f"{out} is no folder; one for the results is wanted")
    hidden = out / HIDDEN
    if not os.path.lexists(hidden) or _strange(hidden):
        refuse_all(subject, _strange(hidden) + check({})[0])
    if not hidden.exists():
        out.mkdir(parents=True, exist_ok=True)
        _make(hidden, out)
    with _locked(hidden):
        ended = _ended(hidden)
        faults, contents = check(combined(hidden))
        refuse_all(subject, _strange(hidden) + faults)
        _mark(hidden)
        save(hidden, contents)
        _remove(ended)
        parts = hidden / f"run-{secrets.token_hex(8)}"
        _make(parts, out)
        sync(hidden)
        try:
            yield parts
        finally:
            with suppress(OSError):  # a full disk, say: the next run finds all that is needed
                ended = _ended(hidden)
                save(hidden, combined(hidden))
                _remove(ended)


def _strange(hidden: Path) -> list[str]:
    """What is wrong if the folder is not of this package."""
    if not os.path.lexists(hidden):
        return []
    remedy = "name another folder for the results"
    if hidden.is_symlink() or not hidden.is_dir():
        return [f"expected {HIDDEN} to be a folder that a run made, got a link or a file; {remedy}"]
    mark, lock = hidden / MARK, hidden / LOCKED
    text = mark.read_bytes()[: len(FORMAT) + 1].decode(errors="replace") if mark.is_file() else ""
    if text == FORMAT:
        return []
    names = {entry.name for entry in os.scandir(hidden)}
    if FORMAT.startswith(text) and names <= {MARK, LOCKED} and not (lock.is_file() and lock.stat().st_size):
        return []  # a run was killed as it made the folder
    return [f"expected {HIDDEN} to be a folder that this version of bitbox_xr made, got another; {remedy}"]


def _make(folder: Path, out: Path) -> None:
    """Make a folder that those may write to who may write to `out`: workers may be of another user of the group."""
    folder.mkdir(exist_ok=True)
    folder.chmod(stat.S_IMODE(out.stat().st_mode))


def _mark(hidden: Path) -> None:
    mark = hidden / MARK
    if not mark.is_file() or mark.stat().st_size < len(FORMAT):
        mark.write_text(FORMAT, encoding="utf-8")
        sync(mark)


@contextmanager
def _locked(hidden: Path) -> Iterator[None]:
    descriptor = os.open(hidden / LOCKED, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
    try:
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            raise BlockingIOError(
                f"{hidden.parent}: another run is writing here; wait for it, or choose another folder"
            ) from None
        yield
    finally:
        os.close(descriptor)


def _ended(hidden: Path) -> list[Path]:
    """Folders of runs that have ended, each under a new name, where their last tasks put nothing more."""
    ended = []
    for folder in hidden.glob(RUNS):
        if RUN.fullmatch(folder.name) and folder.is_dir() and not folder.is_symlink():
            aside = hidden / f"run-{secrets.token_hex(8)}"
            folder.rename(aside)
            ended.append(aside)
    return ended


def _remove(folders: list[Path]) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def staged(parts: Path) -> Iterator[Path]:
    """An empty folder for files in the making, removed with what is left in it."""
    with tempfile.TemporaryDirectory(dir=parts, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def put(result: xr.Dataset, target: Path, record: Record, parts: Path) -> None:
    """Write a result, whole or not at all, also where two workers do so at once or the machine loses power."""
    with staged(parts) as stage:
        file = stage / target.name
        to_netcdf(result, file)
        record.publish(file, destination(target))


@contextmanager
def whole(target: Path, parts: Path | None = None) -> Iterator[IO[str]]:
    """A text file to write, which replaces `target` once it is complete; made in `parts`, or beside it."""
    with replacing(destination(target), parts) as file:
        with file.open("w", encoding="utf-8", newline="") as stream:
            yield stream
        sync(file)


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
