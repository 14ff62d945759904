"""Targets of a run (files that it would write or delete), compared with its inputs and with existing files."""

import os
import stat
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from bitbox_xr.cohort.record import HIDDEN, Content, Contents, foreign_file_fault, recorded_content
from bitbox_xr.cohort.storage import CONFIGS, RECORDINGS, STATUS, SUMMARY, TABLE, WINDOWS

__all__ = ["checked", "of_run"]

HASH_THREADS = 8
LOCK_OF_0_1_0 = ".lock"
STATUS_OF_0_1_0 = b"recording,state,message,seconds,retries\n"


def of_run(names: Iterable[str], measures: Iterable[str], *, configs: bool = False) -> list[str]:
    """Return the targets of a run of these recordings and measures, as paths relative to the output folder.

    `configs`: the run keeps its TOML file.
    """
    each = [f"{folder}/{name}.nc" for name in names for folder in (RECORDINGS, WINDOWS)]
    return [
        STATUS,
        *(CONFIGS if configs else ()),
        *(f"{measure}/{path}" for measure in measures for path in (SUMMARY, TABLE, *each)),
    ]


def checked(out: Path, targets: list[str], inputs: Mapping[Path, str], known: Contents) -> tuple[list[str], Contents]:
    """Return the reasons why a run must not write `targets` into `out`, and the entries of the record to keep.

    `inputs` maps each file that the run reads to its description in messages. `known` is the record. A run may replace
    a target that is not an input and equals an entry of its path.
    """
    folders = sorted({parent.as_posix() for path in targets for parent in [*PurePosixPath(path).parents][:-1]})
    bad_folders = {name: why for name in folders if (why := _bad_folder(out / name))}
    with ThreadPoolExecutor(HASH_THREADS) as pool:
        looked = pool.map(lambda path: _look_at(out / path, known.get(path, set())), targets)
        found = {path: one for path, one in zip(targets, looked, strict=True) if one is not None}
    read = _inputs_among(out, targets, inputs, found)
    faults = [_input_fault(out, path, labels) for path, labels in read.items()]
    faults += [foreign_file_fault(name, why) for name, why in bad_folders.items()]
    if _is_of_0_1_0(out):
        faults.append(
            f"expected results of this version of bitbox_xr in {out}, got results of 0.1.0, which was not released; "
            "name another folder for the results"
        )
    else:
        faults += [
            foreign_file_fault(path, one.why)
            for path, one in found.items()
            if one.why and path not in read and not any(path.startswith(f"{name}/") for name in bad_folders)
        ]
    settled = {path: {one.content} for path, one in found.items() if one.content is not None}
    return faults, known | settled


# --- files at the targets


class Found(NamedTuple):
    """A file at a target: its content if a run wrote it, otherwise the reason; device and inode."""

    content: Content | None
    why: str
    identity: tuple[int, int]


def _look_at(target: Path, known: set[Content]) -> Found | None:
    try:
        state = target.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    identity = state.st_dev, state.st_ino
    if not stat.S_ISREG(state.st_mode):
        return Found(None, _kind(state.st_mode), identity)
    content = recorded_content(target, known)
    why = "" if content else "which was changed since a run wrote it" if known else "which no run wrote"
    return Found(content, why, identity)


def _kind(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "a symbolic link"
    return "a folder" if stat.S_ISDIR(mode) else "neither a file nor a folder"


def _bad_folder(folder: Path) -> str:
    """Why a run must not write into a folder; '' if it may, or if the folder does not exist."""
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
    """Inputs that are at a target or in the hidden folder, also under another name of the same file, by path."""
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
    """The path of a file without links and, if it is a link, the path of the link: a result could replace either."""
    try:
        return {os.path.realpath(file), os.path.join(os.path.realpath(file.parent), file.name)}
    except ValueError:  # no file can have this path: its recording will fail with that reason
        return set()


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        state = file.stat()
    except (OSError, ValueError):  # for example missing: its recording will fail with that reason
        return None
    return state.st_dev, state.st_ino


def _input_fault(out: Path, path: str, labels: list[str]) -> str:
    more = f" and {len(labels) - 1} more" if len(labels) > 1 else ""
    return (
        f"expected no input among the files that the run writes or deletes, got {labels[0]}{more}, which is {path} of "
        f"{out}; name another folder for the results"
    )
