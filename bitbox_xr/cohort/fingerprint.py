"""The files that a result is made from: what they are known by, and what they are opened as.

A file is hashed first and read afterwards. In between, and while it is read, another program may replace it or write
to it: `unchanged()` says so, so that nothing is stored under the hash of other content.
"""

import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import xarray as xr

from bitbox_xr.cohort.options import Study
from bitbox_xr.io.readers import open_signals
from bitbox_xr.io.readers.formats.three_di import with_sidecar
from bitbox_xr.preprocessing.alignment import align
from bitbox_xr.version import __version__

__all__ = ["Identity", "Seen", "made_from", "opened", "seen", "seen_again", "unchanged"]

Identity = list[list[str]]  # name and SHA-256 of a file, and of what lies beside it
RECENT = 2_000_000_000  # ns; the clocks of file systems are no finer: a later change may leave the time as it is


class State(NamedTuple):
    """What the file system says of a file: one that is replaced or written to does not keep it."""

    size: int
    modified: int  # ns
    device: int
    inode: int
    changed: int  # ns; its name, owner or permissions, too
    recent: int  # 1: it was changed so shortly before that a further change need not show

    def is_of(self, other: "State") -> bool:
        """Whether both are of one file that nobody has written to."""
        return self[:4] == other[:4]

    def proves(self, other: "State") -> bool:
        """Whether the content cannot have changed either."""
        return self[:5] == other[:5] and not self.recent


class Seen(NamedTuple):
    """A file and what lies beside it, as they were when they were hashed."""

    file: str
    identity: Identity
    states: list[State]


def seen(file: Path) -> Seen:
    """Names, content and states, the file's own first; a `.json` that tells how a file of 3DI's was made is input too.

    FileNotFoundError where the file is missing.
    """
    parts = _with_twin(file)
    states = [_state(part) for part in parts]  # before the content is read
    return Seen(str(file), [[part.name, _digest(part)] for part in parts], states)


def seen_again(before: Seen) -> Seen:
    """A file that was hashed some time before, perhaps on another machine, as it is before it is read.

    Devices and inodes may be called otherwise there. ValueError where its content is not the same any more.
    """
    parts = _with_twin(Path(before.file))
    states = [_state(part) for part in parts if part.is_file()]
    same = [now[:2] == old[:2] and not old.recent for now, old in zip(states, before.states, strict=False)]
    if not (len(same) == len(parts) == len(before.states) and all(same)) and not _has_content(before, parts):
        raise _has_changed(parts[0])
    return before._replace(states=states)


@contextmanager
def unchanged(files: Iterable[Seen]) -> Iterator[None]:
    """Have files read that must have the content that was hashed.

    ValueError where one was replaced or written to, whatever error reading it may have ended in.
    """
    try:
        yield
    except Exception as error:
        _check(files, error)
        raise
    _check(files)


def _check(files: Iterable[Seen], cause: Exception | None = None) -> None:
    for one in files:
        parts = _with_twin(Path(one.file))
        if not _is_unchanged(one, parts):
            raise _has_changed(parts[0]) from cause


def _has_changed(file: Path) -> ValueError:
    return ValueError(
        f"{file.name}: expected a file that stays as it is, got one that changed while it was read; run again"
    )


def _is_unchanged(one: Seen, parts: list[Path]) -> bool:
    states = [_state(part) for part in parts if part.is_file()]
    if not len(states) == len(parts) == len(one.states):
        return False
    both = list(zip(one.states, states, strict=True))
    same = all(old.is_of(now) for old, now in both)
    return same and (all(old.proves(now) for old, now in both) or _has_content(one, parts))


def _has_content(one: Seen, parts: list[Path]) -> bool:
    """Whether files have the names and content that were seen."""
    return all(part.is_file() for part in parts) and one.identity == [[part.name, _digest(part)] for part in parts]


def _state(file: Path) -> State:
    if not file.is_file():
        raise FileNotFoundError(f"{file}: there is no such file")
    told = file.stat()
    last = max(told.st_mtime_ns, told.st_ctime_ns)
    recent = int(time.time_ns() - last < RECENT)
    return State(told.st_size, told.st_mtime_ns, told.st_dev, told.st_ino, told.st_ctime_ns, recent)


def _with_twin(file: Path) -> list[Path]:
    return [part for part in with_sidecar(file) if part == file or part.is_file()]


def _digest(file: Path) -> str:
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
