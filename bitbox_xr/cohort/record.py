"""The record of the files that runs wrote into a folder: only these are ever replaced or deleted.

A file is entered, with its path, size and SHA-256, before it gets its name. A run that is killed therefore leaves no
file without an entry, perhaps an entry without a file. A file counts as written by a run if it equals any entry of its
path. Each process appends to a log of its own in the folder of its run, so that no process waits for another, also on
several machines; the next run merges the logs into one file while it holds the lock.
"""

import errno
import hashlib
import json
import os
import secrets
import stat
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

__all__ = ["HIDDEN", "RUNS", "Content", "Contents", "Record", "combined", "fault", "save", "sync", "unchanged"]

HIDDEN = ".bitbox_xr"  # the folder of the runs' own, in that of the results
RUNS = "run-*"  # folders in it, one for each run
MERGED, LOGS = "record.jsonl", "log-*.jsonl"
REMEDY = "move it away, or name another folder for the results"

# what os.link() says where the file system has no hard links, or does not let this user make one
NO_LINKS = {errno.EPERM, errno.EACCES, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EMLINK, errno.EXDEV}


class Content(NamedTuple):
    """The size of a file in bytes, and its SHA-256."""

    size: int
    digest: str


Contents = dict[str, set[Content]]  # what runs wrote, by path relative to the folder


def fault(path: str, why: str) -> str:
    """The sentence for a file that is not one of a run's."""
    return f"expected no file but those that a run wrote, got {path}, {why}; {REMEDY}"


# --- files


def unchanged(file: Path, known: AbstractSet[Content]) -> Content | None:
    """The content of `file` if it is one of `known`; None if it is another, is missing or is no regular file."""
    try:
        if not stat.S_ISREG(file.lstat().st_mode):
            return None
        with file.open("rb") as stream:
            before = os.fstat(stream.fileno())
            if before.st_size not in {content.size for content in known}:
                return None
            content = Content(before.st_size, hashlib.file_digest(stream, "sha256").hexdigest())
        after = file.lstat()
    except FileNotFoundError:
        return None
    still = (before.st_ino, before.st_size, before.st_mtime_ns) == (after.st_ino, after.st_size, after.st_mtime_ns)
    return content if still and content in known else None


def _content(file: Path) -> Content:
    with file.open("rb") as stream:
        return Content(os.fstat(stream.fileno()).st_size, hashlib.file_digest(stream, "sha256").hexdigest())


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk: a loss of power could otherwise undo them."""
    is_folder = path.is_dir()
    if is_folder and os.name != "posix":
        return  # there, folders cannot be opened
    descriptor = os.open(path, os.O_RDONLY if is_folder else os.O_RDWR)  # Windows: only what can be written to
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# --- entries


def combined(hidden: Path) -> Contents:
    """All entries of all runs, merged or not."""
    found: Contents = {}
    for file in (hidden / MERGED, *hidden.glob(f"{RUNS}/{LOGS}")):
        _add(found, _entries(file))
    return found


def save(hidden: Path, contents: Mapping[str, Iterable[Content]]) -> None:
    """Replace the merged record by `contents`."""
    lines = [_line(path, content) for path in sorted(contents) for content in sorted(contents[path])]
    fresh = hidden / f"{MERGED}.new"
    fresh.write_bytes(b"".join(lines))
    sync(fresh)
    os.replace(fresh, hidden / MERGED)
    sync(hidden)


def _line(path: str, content: Content) -> bytes:
    return f"{json.dumps([path, *content])}\n".encode()


def _entries(file: Path) -> Iterator[tuple[str, Content]]:
    try:
        lines = file.read_bytes().split(b"\n")
    except FileNotFoundError:
        return
    for line in lines:
        try:
            path, size, digest = json.loads(line)
            entry = str(path), Content(int(size), str(digest))
        except (ValueError, TypeError):  # empty, or cut short as its process was killed: its file got no name
            continue
        yield entry


def _add(contents: Contents, entries: Iterable[tuple[str, Content]]) -> None:
    for path, content in entries:
        contents.setdefault(path, set()).add(content)


@cache
def _own_log(process: int) -> str:
    """The name of a log that no other process has, on whatever machine."""
    return LOGS.replace("*", secrets.token_hex(8))


class Record:
    """The record as a process of one run sees it and adds to it."""

    def __init__(self, out: Path, parts: Path) -> None:
        self.out, self._parts = out, parts
        self._known: Contents = {}
        self._read()

    @classmethod
    @lru_cache(maxsize=2)
    def of(cls, out: Path, parts: Path) -> "Record":
        """The record of `out` for the run whose folder is `parts`: read once by each process."""
        return cls(out, parts)

    def publish(self, file: Path, target: Path) -> None:
        """Give a finished file the name `target`, in place of what a run wrote there.

        FileExistsError if another file is there: it is left alone.
        """
        sync(file)
        self._enter(target, _content(file))
        if not _named(file, target):
            self.check(target)
            os.replace(file, target)

    def delete(self, target: Path) -> None:
        """Delete what a run wrote; FileExistsError if it is another file, which is left alone."""
        if os.path.lexists(target):
            self.check(target)
            target.unlink()

    def check(self, target: Path) -> None:
        """FileExistsError if something is at `target` that no run wrote."""
        if os.path.lexists(target) and not self._wrote(target):
            path = self._path(target)
            raise FileExistsError(fault(path, "which no run wrote, or which was changed since"))

    def _wrote(self, target: Path) -> bool:
        path = self._path(target)
        if unchanged(target, self._known.get(path, set())) is not None:
            return True
        self._read()  # another process of this run may have written it, and died
        return unchanged(target, self._known.get(path, set())) is not None

    def _read(self) -> None:
        self._known = combined(self.out / HIDDEN)

    def _enter(self, target: Path, content: Content) -> None:
        """Append an entry to this process's log, on the disk when this returns."""
        log = self._parts / _own_log(os.getpid())
        # one write, after a line break: what a killed process or a full disk left unfinished spoils no later entry
        line = b"\n" + _line(self._path(target), content)
        with log.open("ab", buffering=0) as stream:
            is_new = stream.tell() == 0
            if stream.write(line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(log))
            os.fsync(stream.fileno())
        if is_new:
            sync(self._parts)
        self._known.setdefault(self._path(target), set()).add(content)

    def _path(self, target: Path) -> str:
        return target.relative_to(self.out).as_posix()


def _named(file: Path, target: Path) -> bool:
    """Give `file` the name `target` if nothing has that name; a link, unlike a rename, never replaces a file."""
    try:
        os.link(file, target)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        return False
    return True
