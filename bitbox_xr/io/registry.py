"""The registry of readers: `register_reader()`, plug-ins, and the choice of the reader of a file.

The formats of this package are registered in the same way as those of a lab. Readers of labs are asked first.
"""

import threading
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

from bitbox_xr.core import validation
from bitbox_xr.core.errors import refuse, warn

__all__ = ["GROUP", "Reader", "ReaderKind", "add", "by_name", "head_of", "recognised", "register_reader"]

ReaderKind: TypeAlias = Literal["signals", "intervals"]
Recogniser: TypeAlias = Callable[[Path, bytes], bool]  # (path, first bytes of the file)

GROUP = "bitbox_xr.readers"  # entry points that register readers
MAX_HEAD_BYTES = 2**16  # of a file that recognisers get
FUNCTIONS = {"signals": "open_signals()", "intervals": "open_intervals()"}


class Reader(NamedTuple):
    """A reader of one format."""

    name: str
    kind: ReaderKind
    recognise: Recogniser
    read: Callable[..., Any]  # of a lab: (path) to a table or labelled arrays; of this package: (path, options)
    built_in: bool = False


_READERS: dict[tuple[ReaderKind, str], Reader] = {}
_LOCK = threading.RLock()
_PLUGINS_LOADED = threading.Event()
_STARTED: set[tuple[str, str]] = set()  # entry points, by name and value


def register_reader(
    name: str, read: Callable[[Path], Any], *, recognise: Recogniser, kind: ReaderKind = "signals"
) -> None:
    """Teach `open_signals` or `open_intervals` a further format.

    A package can register its readers by itself: an entry point of the group `bitbox_xr.readers` names a function
    without arguments, which calls `register_reader`. Such functions are called once, at the first read. One that fails
    causes a warning, and other formats are read as usual.

    Parameters
    ----------
    name
        Name of the format, for `format=`, for the attribute `backend` (signals) or `format` (intervals), and for
        messages.
    read
        Reads a file: `read(path)`. A reader of signals returns a DataFrame with one row per frame, to which the options
        of `open_signals` for tables apply, or a DataArray `(time, signal)`. A reader of intervals returns a DataFrame
        with the columns onset, offset or duration, label and, if known, type, subject and tier; times are in seconds.
        A file that cannot be read should raise ValueError with the line and the remedy.
    recognise
        Whether a file has the format: `recognise(path, head)`, with the first 64 KiB of the file as bytes. Recognise a
        file by its content rather than by its name. Registered readers are asked before the formats of this package,
        and two that recognise the same file are refused.
    kind
        "signals" for `open_signals`, "intervals" for `open_intervals`.

    Raises
    ------
    ValueError
        If a reader of that kind has the name already, or for a name that is empty.
    TypeError
        If `read` or `recognise` cannot be called.

    Notes
    -----
    A reader that a script registers exists in its process only. Cohorts with several workers, and the command line,
    need an entry point.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import pandas as pd
    >>> from bitbox_xr import open_intervals
    >>> def read_turns(path):
    ...     return pd.read_csv(path, sep="|", skiprows=1, names=["label", "onset", "offset"])
    >>> register_reader("turns", read_turns, recognise=lambda path, head: head[:6] == b"#TURNS", kind="intervals")
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "dyad1.turns")
    ...     _ = file.write_text("#TURNS\\nmother|0|2.5\\nchild|3|4.2\\n")
    ...     intervals = open_intervals(file)
    >>> intervals.label.values.tolist(), intervals.attrs["format"]
    (['mother', 'child'], 'turns')
    """
    faults = []
    if not isinstance(name, str) or not name.strip():
        faults.append(f"expected name to be the name of a format, got {name!r}")
    if kind not in get_args(ReaderKind):
        faults.append(f"expected kind to be {' or '.join(get_args(ReaderKind))}, got {kind!r}")
    refuse("register_reader()", faults)
    uncallable = {option: value for option, value in (("read", read), ("recognise", recognise)) if not callable(value)}
    refuse(
        "register_reader()",
        [f"expected {option} to be a function, got {value!r}" for option, value in uncallable.items()],
        TypeError,
    )
    add(Reader(name.strip(), kind, recognise, read))


def add(reader: Reader) -> None:
    """Add a reader to the registry. ValueError if its name is taken."""
    with _LOCK:
        taken = _READERS.get((reader.kind, reader.name))
        if taken is not None:
            owner = "this package" if taken.built_in else "a reader registered before"
            raise ValueError(
                f"register_reader(): expected a new name for a reader of {reader.kind}, got {reader.name!r}, the name "
                f"of {owner}; choose another name"
            )
        _READERS[reader.kind, reader.name] = reader


def by_name(kind: ReaderKind, name: object) -> Reader:
    """The reader with that name. ValueError that lists the names if it does not exist."""
    _load_plugins()
    reader = _READERS.get((kind, name)) if isinstance(name, str) else None
    if reader is None:
        names = [own for own_kind, own in _READERS if own_kind == kind]
        raise ValueError(
            f"{FUNCTIONS[kind]}: expected format to be one of {', '.join(names)}, got {name!r}; see register_reader() "
            "for other formats"
        )
    return reader


def recognised(kind: ReaderKind, path: Path, head: bytes) -> Reader | None:
    """The reader that recognises a file; None if it is of no known format.

    ValueError if several readers of labs recognise it. The formats of this package are asked in their order.
    """
    _load_plugins()
    readers = [reader for reader in list(_READERS.values()) if reader.kind == kind]
    of_labs = [reader for reader in readers if not reader.built_in and path.is_file()]
    own = [reader for reader in of_labs if _recognises(reader, path, head)]
    if len(own) > 1:
        names = validation.listed(repr(reader.name) for reader in own)
        raise ValueError(
            f"{path.name}: expected one registered reader to recognise the file, got {names}; choose one with format=…"
        )
    built_in = (reader for reader in readers if reader.built_in and reader.recognise(path, head))
    return own[0] if own else next(built_in, None)


def head_of(path: Path) -> bytes:
    """The first bytes of a file, for recognisers. OSError if it is a folder or does not exist."""
    if path.is_dir():
        raise IsADirectoryError(f"{path}: expected a file, got a folder; give one of its files")
    if not path.is_file():
        raise FileNotFoundError(f"{path}: expected an existing file, got none; check the path")
    with path.open("rb") as stream:
        return stream.read(MAX_HEAD_BYTES)


def _recognises(reader: Reader, path: Path, head: bytes) -> bool:
    """What a lab's recogniser answers; False, with a warning, if it fails."""
    try:
        return bool(reader.recognise(path, head))
    except Exception as error:  # code of a plug-in can raise any exception
        warn(
            f"{path.name}: the registered reader {reader.name!r} failed to say whether it reads this file "
            f"({type(error).__name__}: {error}); it is not used; correct its function recognise"
        )
        return False


# --- plug-ins


def _load_plugins() -> None:
    """Call the functions of all entry points, once in a process."""
    if _PLUGINS_LOADED.is_set():
        return
    with _LOCK:
        for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
            if (point.name, point.value) not in _STARTED:  # a plug-in may itself read a file
                _STARTED.add((point.name, point.value))
                _load(point)
        _PLUGINS_LOADED.set()


def _load(point: EntryPoint) -> None:
    """Register the readers of one plug-in: all of them or, with a warning, none."""
    before = dict(_READERS)
    try:
        point.load()()
    except Exception as error:  # code of a plug-in can raise any exception
        _READERS.clear()
        _READERS.update(before)
        origin = f" of the package {point.dist.name}" if point.dist is not None else ""
        warn(
            f"the plug-in {point.name!r}{origin} (entry point {GROUP}, {point.value}) could not be loaded "
            f"({type(error).__name__}: {error}); its formats are not known, other files are read as usual; update or "
            "uninstall it"
        )
