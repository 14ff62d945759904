"""What a run would write or delete, compared with its inputs and with the files that are there."""

import os
import stat
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from bitbox_xr.cohort.record import HIDDEN, Content, Contents, fault, unchanged
from bitbox_xr.cohort.storage import RECORDINGS, STATUS, SUMMARY, TABLE, WINDOWS

__all__ = ["checked", "of_run"]

READERS = 8  # threads that read files to hash them
LOCK_OF_0_1_0 = ".lock"
STATUS_OF_0_1_0 = b"recording,state,message,seconds,retries\n"


def of_run(names: Iterable[str]) -> list[str]:
    """Paths, relative to the folder, of all files that a run of these recordings would write or delete."""
    each = [f"{folder}/{name}.nc" for name in names for folder in (RECORDINGS, WINDOWS)]
    return [SUMMARY, TABLE, STATUS, *each]


def checked(out: Path, targets: list[str], inputs: Mapping[Path, str], known: Contents) -> tuple[list[str], Contents]:
    """What would be lost if a run wrote `targets` into `out`, and the entries of the record that are still needed.

    `inputs`: what each file is called that the run reads. `known`: what runs wrote. A target may be replaced if it is
    no input and equals an entry of its path.
    """
    folders = sorted({path.partition("/")[0] for path in targets if "/" in path})
    odd = {name: why for name in folders if (why := _odd_folder(out / name))}
    with ThreadPoolExecutor(READERS) as pool:
        looked = pool.map(lambda path: _looked_at(out / path, known.get(path, set())), targets)
        found = {path: one for path, one in zip(targets, looked, strict=True) if one is not None}
    read = _inputs_among(out, targets, inputs, found)
    faults = [_input_fault(out, path, labels) for path, labels in read.items()]
    faults += [fault(name, why) for name, why in odd.items()]
    if _is_of_0_1_0(out):
        faults.append(
            f"expected results of this version of bitbox_xr in {out}, got results of 0.1.0, which was not released; "
            "name another folder for the results"
        )
    else:
        faults += [
            fault(path, one.why)
            for path, one in found.items()
            if one.why and path not in read and path.partition("/")[0] not in odd
        ]
    settled = {path: {one.content} for path, one in found.items() if one.content is not None}
    return faults, known | settled


# --- files at the targets


class Found(NamedTuple):
    """A file at a target: its content if a run wrote it, else why not; device and inode."""

    content: Content | None
    why: str
    identity: tuple[int, int]


def _looked_at(target: Path, known: set[Content]) -> Found | None:
    try:
        state = target.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    identity = state.st_dev, state.st_ino
    if not stat.S_ISREG(state.st_mode):
        return Found(None, _kind(state.st_mode), identity)
    content = unchanged(target, known)
    why = "" if content else "which was changed since a run wrote it" if known else "which no run wrote"
    return Found(content, why, identity)


def _kind(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "a symbolic link"
    return "a folder" if stat.S_ISDIR(mode) else "neither a file nor a folder"


def _odd_folder(folder: Path) -> str:
    """Why no files can be written into a folder; '' if they can, or it does not exist."""
    if not os.path.lexists(folder) or (folder.is_dir() and not folder.is_symlink()):
        return ""
    return "a symbolic link" if folder.is_symlink() else "a file"


def _is_of_0_1_0(out: Path) -> bool:
    if os.path.lexists(out / HIDDEN) or not (out / LOCK_OF_0_1_0).is_file() or not (out / STATUS).is_file():
        return False
    with (out / STATUS).open("rb") as stream:
        return stream.read(len(STATUS_OF_0_1_0)) == STATUS_OF_0_1_0


# --- inputs at the targets


def _inputs_among(
    out: Path, targets: list[str], inputs: Mapping[Path, str], found: Mapping[str, Found]
) -> dict[str, list[str]]:
    """Inputs that are at a target, or in the hidden folder, by its path: also under another name of the same file."""
    folder = out.resolve()
    paths = {os.path.join(folder, path): path for path in targets}
    identities = {one.identity: path for path, one in found.items()}
    hidden = os.path.join(folder, HIDDEN)
    at: dict[str, list[str]] = {}
    for file, label in inputs.items():
        names = _names(file)
        places = {paths[name] for name in names if name in paths}
        places |= {HIDDEN for name in names if name == hidden or name.startswith(hidden + os.sep)}
        if not places and (identity := _identity(file)) in identities:
            places = {identities[identity]}
        for place in places:
            at.setdefault(place, []).append(f"{label} ({file})")
    return at


def _names(file: Path) -> set[str]:
    """The path of a file without links and, if it is a link, that of the link: a result could replace either."""
    try:
        return {os.path.realpath(file), os.path.join(os.path.realpath(file.parent), file.name)}
    except ValueError:  # a path that no file can have: its recording will fail and say so
        return set()


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        state = file.stat()
    except (OSError, ValueError):  # missing, say: its recording will fail and say so
        return None
    return state.st_dev, state.st_ino


def _input_fault(out: Path, path: str, labels: list[str]) -> str:
    more = f" and {len(labels) - 1} more" if len(labels) > 1 else ""
    return (
        f"expected no input among the files that the run writes or deletes, got {labels[0]}{more}, which is {path} of "
        f"{out}; name another folder for the results"
    )
