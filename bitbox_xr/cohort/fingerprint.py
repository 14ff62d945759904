"""Input files of a result: their hashes, and checks that they do not change while they are read.

A file is hashed first and read afterwards. Meanwhile another program may replace it or write to it. `unchanged()`
detects this, so that no result is stored under the hash of other content.
"""

import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bitbox_xr.io.readers.formats.three_di import with_sidecar
from bitbox_xr.version import __version__

__all__ = ["HashedFile", "Identity", "hashed", "made_from", "refreshed", "unchanged"]

Identity = list[list[str]]  # name and SHA-256 of a file, then of its sidecar
RECENT_NS = 2_000_000_000  # clocks of file systems may be this coarse: a later change may leave the time as it is


class State(NamedTuple):
    """The state of a file in the file system; it changes if the file is replaced or written to."""

    size: int
    modified: int  # ns
    device: int
    inode: int
    changed: int  # ns; also changes of its name, owner or permissions
    recent: int  # 1: changed so recently that a further change may leave the times as they are

    def is_of(self, other: "State") -> bool:
        """Whether both are states of one file that was not written to."""
        return self[:4] == other[:4]

    def proves(self, other: "State") -> bool:
        """Whether both states together prove that the content did not change."""
        return self[:5] == other[:5] and not self.recent


class HashedFile(NamedTuple):
    """A file and its sidecar as they were when they were hashed."""

    file: str
    identity: Identity
    states: list[State]


def hashed(file: Path) -> HashedFile:
    """Hash a file and its sidecar, the `.json` file that describes a 3DI file and is an input too.

    Raises FileNotFoundError if the file is missing.
    """
    parts = _with_sidecar(file)
    states = [_state(part) for part in parts]  # before the content is read
    return HashedFile(str(file), [[part.name, _digest(part)] for part in parts], states)


def refreshed(before: HashedFile) -> HashedFile:
    """Update the states of a file that was hashed earlier, perhaps on another machine, before it is read.

    Devices and inodes may have other numbers there. Raises ValueError if the content has changed.
    """
    parts = _with_sidecar(Path(before.file))
    states = [_state(part) for part in parts if part.is_file()]
    same = [now[:2] == old[:2] and not old.recent for now, old in zip(states, before.states, strict=False)]
    if not (len(same) == len(parts) == len(before.states) and all(same)) and not _has_content(before, parts):
        raise _has_changed(parts[0])
    return before._replace(states=states)


@contextmanager
def unchanged(files: Iterable[HashedFile]) -> Iterator[None]:
    """Check that files keep their hashed content while the body reads them.

    Raises ValueError if one was replaced or written to, also in place of an error that the body raised.
    """
    try:
        yield
    except Exception as error:
        _check(files, error)
        raise
    _check(files)


def _check(files: Iterable[HashedFile], cause: Exception | None = None) -> None:
    for one in files:
        parts = _with_sidecar(Path(one.file))
        if not _is_unchanged(one, parts):
            raise _has_changed(parts[0]) from cause


def _has_changed(file: Path) -> ValueError:
    return ValueError(
        f"{file.name}: expected a file that stays unchanged, got one that changed while it was read; run again"
    )


def _is_unchanged(one: HashedFile, parts: list[Path]) -> bool:
    states = [_state(part) for part in parts if part.is_file()]
    if not len(states) == len(parts) == len(one.states):
        return False
    both = list(zip(one.states, states, strict=True))
    same = all(old.is_of(now) for old, now in both)
    return same and (all(old.proves(now) for old, now in both) or _has_content(one, parts))


def _has_content(one: HashedFile, parts: list[Path]) -> bool:
    """Whether files still have the hashed names and content."""
    return all(part.is_file() for part in parts) and one.identity == [[part.name, _digest(part)] for part in parts]


def _state(file: Path) -> State:
    if not file.is_file():
        raise FileNotFoundError(f"{file}: there is no such file")
    status = file.stat()
    last = max(status.st_mtime_ns, status.st_ctime_ns)
    recent = int(time.time_ns() - last < RECENT_NS)
    return State(status.st_size, status.st_mtime_ns, status.st_dev, status.st_ino, status.st_ctime_ns, recent)


def _with_sidecar(file: Path) -> list[Path]:
    return [part for part in with_sidecar(file) if part == file or part.is_file()]


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def made_from(asked: str, own: Mapping[str, object], inputs: Iterable[Sequence[object]]) -> str:
    """SHA-256 of the inputs' names and content, of all options and of bitbox_xr's major.minor version.

    `own` are options of the recording alone.
    """
    version = __version__.split(".")[:2]
    return hashlib.sha256(json.dumps([[*inputs], asked, dict(own), version]).encode()).hexdigest()
