"""The record of the files that runs wrote into an output folder: a run replaces and deletes only these.

An entry has a file's path, size and SHA-256. It is written before the file gets its name. A run that is killed can
therefore leave an entry without a file, but no file without an entry. A file counts as written by a run if it equals
any entry of its path. Every other file is foreign. Each process appends to its own log in the run folder, so that
processes never wait for each other, even on several machines. The next run merges the logs into `record.jsonl` while
it holds the lock.
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

__all__ = [
    "HIDDEN",
    "RUNS",
    "Content",
    "Contents",
    "Record",
    "foreign_file_fault",
    "read_record",
    "recorded_content",
    "sync",
    "write_record",
]

HIDDEN = ".bitbox_xr"  # the hidden folder, in the output folder
RUNS = "run-*"  # run folders in the hidden folder, one for each run
MERGED, LOGS = "record.jsonl", "log-*.jsonl"
REMEDY = "move it away, or name another folder for the results"

# errors of os.link() if the file system has no hard links, or does not let this user make one
NO_LINKS = {errno.EPERM, errno.EACCES, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EMLINK, errno.EXDEV}


class Content(NamedTuple):
    """The size of a file in bytes, and its SHA-256."""

    size: int
    digest: str


Contents = dict[str, set[Content]]  # what runs wrote, by path relative to the output folder


def foreign_file_fault(path: str, why: str) -> str:
    """Message for a foreign file at a target."""
    return f"expected no file but those that a run wrote, got {path}, {why}; {REMEDY}"


# --- files


def recorded_content(file: Path, known: AbstractSet[Content]) -> Content | None:
    """Content of `file` if it is one of `known`; None if it differs, is missing or is not a regular file."""
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
    """Wait until a file, or the names in a folder, are on the disk, so that a loss of power cannot undo them."""
    is_folder = path.is_dir()
    if is_folder and os.name != "posix":
        return  # other systems cannot open folders
    descriptor = os.open(path, os.O_RDONLY if is_folder else os.O_RDWR)  # Windows syncs only writable descriptors
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# --- entries


def read_record(hidden: Path) -> Contents:
    """Return all entries of all runs: of the merged record and of logs that are not merged yet."""
    found: Contents = {}
    for file in (hidden / MERGED, *hidden.glob(f"{RUNS}/{LOGS}")):
        _add(found, _entries(file))
    return found


def write_record(hidden: Path, contents: Mapping[str, Iterable[Content]]) -> None:
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
        except (ValueError, TypeError):  # empty, or cut short because its process was killed: its file got no name
            continue
        yield entry


def _add(contents: Contents, entries: Iterable[tuple[str, Content]]) -> None:
    for path, content in entries:
        contents.setdefault(path, set()).add(content)


@cache
def _log_name(process: int) -> str:
    """Name of a log that no other process has, on any machine."""
    return LOGS.replace("*", secrets.token_hex(8))


class Record:
    """The record, as one process of a run reads it and adds to it."""

    def __init__(self, out: Path, run_folder: Path) -> None:
        self.out, self._run_folder = out, run_folder
        self._known: Contents = {}
        self._read()

    @classmethod
    @lru_cache(maxsize=2)
    def of(cls, out: Path, run_folder: Path) -> "Record":
        """Return the record of the output folder `out` for one run; each process reads it once."""
        return cls(out, run_folder)

    def publish(self, file: Path, target: Path) -> None:
        """Give a finished file the name `target`, replacing a file that a run wrote.

        Raises FileExistsError if `target` is a foreign file, which stays as it is.
        """
        sync(file)
        self._enter(target, _content(file))
        if not _linked(file, target):
            self.check(target)
            os.replace(file, target)

    def delete(self, target: Path) -> None:
        """Delete a file that a run wrote; raise FileExistsError if it is foreign. It then stays as it is."""
        if os.path.lexists(target):
            self.check(target)
            target.unlink()

    def check(self, target: Path) -> None:
        """Raise FileExistsError if `target` is a foreign file."""
        if os.path.lexists(target) and not self._wrote(target):
            path = self._path(target)
            raise FileExistsError(foreign_file_fault(path, "which no run wrote, or which was changed since"))

    def _wrote(self, target: Path) -> bool:
        path = self._path(target)
        if recorded_content(target, self._known.get(path, set())) is not None:
            return True
        self._read()  # another process of this run may have written it
        return recorded_content(target, self._known.get(path, set())) is not None

    def _read(self) -> None:
        self._known = read_record(self.out / HIDDEN)

    def _enter(self, target: Path, content: Content) -> None:
        """Append an entry to this process's log. It is on the disk when this returns."""
        log = self._run_folder / _log_name(os.getpid())
        # one write that begins with a line break: an unfinished entry (process killed, disk full) spoils no later one
        line = b"\n" + _line(self._path(target), content)
        with log.open("ab", buffering=0) as stream:
            is_new = stream.tell() == 0
            if stream.write(line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(log))
            os.fsync(stream.fileno())
        if is_new:
            sync(self._run_folder)
        self._known.setdefault(self._path(target), set()).add(content)

    def _path(self, target: Path) -> str:
        return target.relative_to(self.out).as_posix()


def _linked(file: Path, target: Path) -> bool:
    """Give `file` the name `target` unless the name exists; a link, unlike a rename, never replaces a file."""
    try:
        os.link(file, target)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        return False
    return True
