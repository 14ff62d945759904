"""The output folder of a cohort: its layout, its lock, and how files appear in it only when they are complete.

Runs keep their own files in the hidden folder `.bitbox_xr`. Outside it they write or delete only targets (see
`targets.py`), and replace only what the record names (see `record.py`). The hidden folder has:

    format          version of the hidden folder
    lock            held by the current run
    record.jsonl    the record
    preregistered.json, deviations.json    see preregistration.py
    seed-….txt      seed of a measure with chance
    run-…/          run folder: unfinished files and logs of the record of one run
"""

import errno
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

from bitbox_xr.cohort.record import HIDDEN, RUNS, Contents, Record, read_record, sync, write_record
from bitbox_xr.io.netcdf import LOCK, destination, replacing, to_netcdf

__all__ = [
    "ASKED",
    "CONFIGS",
    "FROZEN_CONFIG",
    "LAST_CONFIG",
    "RECORDINGS",
    "STAMP",
    "STATUS",
    "SUMMARY",
    "TABLE",
    "WARNINGS",
    "WINDOWS",
    "Check",
    "atomic_text",
    "full_disk_reported",
    "held",
    "make_folder",
    "read_mark",
    "refuse_listed",
    "result_file",
    "staged",
    "write_result",
]

RECORDINGS, WINDOWS = "recordings", "windows"  # folders with a file a recording, in the folder of a measure
SUMMARY, TABLE, STATUS = "summary.nc", "summary.csv", "status.csv"
LAST_CONFIG, FROZEN_CONFIG = CONFIGS = "study.toml", "preregistered.toml"  # TOML files of the last and first run
WARNINGS = "warnings"  # attribute of a result: the warnings of the run that made it
STAMP = "made_from"  # attribute of a result: hash of its inputs and options, see fingerprint.py
ASKED = "asked"  # attribute of a result: measure and options, as JSON

FORMAT_FILE, LOCK_FILE = "format", "lock"
FORMAT = "bitbox_xr results, format 1\n"
RUN = re.compile(r"run-[0-9a-f]{16}")
MAX_LISTED_FAULTS = 10
MAX_TRIAL_BYTES = 2**24  # written to find out whether a disk is full

# takes the record; returns faults of the output folder, and the entries to keep
Check = Callable[[Contents], tuple[list[str], Contents]]


def result_file(of_measure: Path, folder: str, recording: str) -> Path:
    """Path of a recording's result in the folder of a measure."""
    return of_measure / folder / f"{recording}.nc"


def refuse_listed(subject: str, faults: list[str]) -> None:
    """Raise one ValueError with the first faults and the number of further ones; do nothing without faults."""
    if not faults:
        return
    more = [f"and {len(faults) - MAX_LISTED_FAULTS} more"] if len(faults) > MAX_LISTED_FAULTS else []
    lines = "\n".join(f"  - {fault}" for fault in [*faults[:MAX_LISTED_FAULTS], *more])
    head = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    raise ValueError(f"{subject}: {head}; nothing was written\n{lines}")


@contextmanager
def held(out: Path, check: Check = lambda known: ([], known), *, subject: str = "cohort") -> Iterator[Path]:
    """Lock the output folder `out`, which is created if necessary, and yield the run folder for unfinished files.

    Raises ValueError with all faults that `check` finds, before anything outside the hidden folder changes. The
    operating system releases the lock if the process dies. Run folders of dead runs are removed. They are renamed
    first, because tasks of a dead run may still write into them on the workers of a cluster.
    """
    if out.exists() and not out.is_dir():
        raise NotADirectoryError(f"expected a folder for the results, got {out}, which is not a folder; name another")
    hidden = out / HIDDEN
    folder_faults = _hidden_folder_faults(hidden)
    if folder_faults or not os.path.lexists(hidden):
        refuse_listed(subject, folder_faults + check({})[0])
    if not hidden.exists():
        out.mkdir(parents=True, exist_ok=True)
        make_folder(hidden, out)
    with _locked(hidden):
        ended_runs = _renamed_run_folders(hidden)
        faults, contents = check(read_record(hidden))
        refuse_listed(subject, _hidden_folder_faults(hidden) + faults)
        _write_format(hidden)
        write_record(hidden, contents)
        _remove(ended_runs)
        run_folder = hidden / f"run-{secrets.token_hex(8)}"
        make_folder(run_folder, out)
        sync(hidden)
        try:
            yield run_folder
        finally:
            with suppress(OSError):  # for example a full disk: the next run finds the logs of this run
                ended_runs = _renamed_run_folders(hidden)
                write_record(hidden, read_record(hidden))
                _remove(ended_runs)


def _hidden_folder_faults(hidden: Path) -> list[str]:
    """Faults of a hidden folder that this version of the package did not make."""
    if not os.path.lexists(hidden):
        return []
    remedy = "name another folder for the results"
    if hidden.is_symlink() or not hidden.is_dir():
        return [f"expected {HIDDEN} to be a folder that a run made, got a link or a file; {remedy}"]
    mark, lock = hidden / FORMAT_FILE, hidden / LOCK_FILE
    text = mark.read_bytes()[: len(FORMAT) + 1].decode(errors="replace") if mark.is_file() else ""
    if text == FORMAT:
        return []
    names = {entry.name for entry in os.scandir(hidden)}
    if FORMAT.startswith(text) and names <= {FORMAT_FILE, LOCK_FILE} and not (lock.is_file() and lock.stat().st_size):
        return []  # a run was killed while it made the folder
    return [f"expected {HIDDEN} to be a folder that this version of bitbox_xr made, got another; {remedy}"]


def make_folder(folder: Path, out: Path) -> None:
    """Make a folder with the permissions of `out`: workers may belong to another user of the group."""
    folder.mkdir(exist_ok=True)
    folder.chmod(stat.S_IMODE(out.stat().st_mode))


def _write_format(hidden: Path) -> None:
    mark = hidden / FORMAT_FILE
    if not mark.is_file() or mark.stat().st_size < len(FORMAT):
        mark.write_text(FORMAT, encoding="utf-8")
        sync(mark)


@contextmanager
def _locked(hidden: Path) -> Iterator[None]:
    descriptor = os.open(hidden / LOCK_FILE, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
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


def _renamed_run_folders(hidden: Path) -> list[Path]:
    """Run folders of ended runs, each under a new name, so that their last tasks cannot publish files any more."""
    ended_runs = []
    for folder in hidden.glob(RUNS):
        if RUN.fullmatch(folder.name) and folder.is_dir() and not folder.is_symlink():
            aside = hidden / f"run-{secrets.token_hex(8)}"
            folder.rename(aside)
            ended_runs.append(aside)
    return ended_runs


def _remove(folders: list[Path]) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def staged(run_folder: Path) -> Iterator[Path]:
    """Yield an empty folder for unfinished files, which is removed with its content."""
    with tempfile.TemporaryDirectory(dir=run_folder, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def write_result(result: xr.Dataset, target: Path, record: Record, run_folder: Path) -> None:
    """Write a result completely or not at all, even if two workers do so at once or the machine loses power."""
    with staged(run_folder) as stage:
        file = stage / target.name
        to_netcdf(result, file)
        record.publish(file, destination(target))


@contextmanager
def atomic_text(target: Path, run_folder: Path) -> Iterator[IO[str]]:
    """Open a text file to write, in `run_folder`, that replaces `target` once it is complete."""
    with replacing(destination(target), run_folder) as file:
        with file.open("w", encoding="utf-8", newline="") as stream:
            yield stream
        sync(file)


@contextmanager
def full_disk_reported(run_folder: Path, size: int, what: str) -> Iterator[None]:
    """Raise an OSError that names a full disk, which the NetCDF library reports as another error.

    `size` is about the number of bytes of `what`.
    """
    try:
        yield
    except FileExistsError:  # a foreign file, also if the disk is full
        raise
    except (OSError, RuntimeError) as error:
        try:
            with tempfile.TemporaryFile(dir=run_folder) as trial:
                trial.write(bytes(min(size, MAX_TRIAL_BYTES)))
        except OSError as found:
            if found.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise error from None
            raise OSError(f"no space is left on the disk for {what}; free some and run again") from error
        raise


def read_mark(file: Path, name: str = STAMP) -> str:
    """Return an attribute of a result; '' if it has none, or if the file is missing or cannot be read."""
    import netCDF4

    if not file.is_file():
        return ""
    try:
        with LOCK, netCDF4.Dataset(file) as source:
            return str(getattr(source, name, ""))
    except (OSError, RuntimeError):
        return ""
