"""3DI and 3DI-lite: the files that Bitbox's processors write for a video, plain text without names or times.

The ending of a file's name and its number of columns say what the file holds. A `.json` of the same name, the sidecar,
says how the file was made.
"""

import re
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import xarray as xr

from bitbox_xr.core import signal_names, validation
from bitbox_xr.core.errors import refuse, warn
from bitbox_xr.io.readers.assembly import assemble
from bitbox_xr.io.readers.columns import Attrs, Layout, ReadOptions, SignalColumns
from bitbox_xr.io.readers.sheet import WHITESPACE, from_lines, read_lines
from bitbox_xr.io.readers.sidecar import metadata
from bitbox_xr.kernels import frame_rate

__all__ = ["is_three_di", "open_recording", "read", "with_sidecar"]

BACKENDS = {".3di": "3DI", ".3dil": "3DI-lite"}  # by suffix


class FileContent(NamedTuple):
    """What the files of one ending hold: a kind, and the number of columns by backend."""

    kind: str
    columns: dict[str, int]


CONTENTS = {
    "rects": FileContent("rectangle", {"3DI": 4, "3DI-lite": 4}),
    "landmarks": FileContent("landmark", {"3DI": 102, "3DI-lite": 102}),
    "landmarks_canonicalized": FileContent("landmark-can", {"3DI": 153, "3DI-lite": 153}),
    "pose": FileContent("pose", {"3DI": 9}),
    "pose_smooth": FileContent("pose", {"3DI": 9}),
    "expression": FileContent("expression", {"3DI": 79, "3DI-lite": 79}),
    "expression_smooth": FileContent("expression", {"3DI": 79, "3DI-lite": 79}),
    "expression_localized": FileContent("expression", {"3DI": 32, "3DI-lite": 50}),
}
FULL_LENGTH = ("rects", "landmarks")  # endings with a row for every frame of the video; others have one fewer
FITTED = "fitted to consecutive frames: one frame fewer than the video; at which end is not known"
POSE_COLUMNS = ["Tx", "Ty", "Tz", "3", "4", "5", "Ry", "Rx", "Rz"]  # pitch is Rx, yaw Ry, roll Rz
LITE_POSE = (
    "expected a pose of 3DI, got a pose of 3DI-lite, whose rotation cannot be recovered without its landmarks; use the "
    "landmarks, or a pose of 3DI"
)


def is_three_di(path: Path) -> bool:
    """Whether a file has the suffix of 3DI or 3DI-lite."""
    return path.suffix.lower() in BACKENDS


def with_sidecar(path: Path) -> list[Path]:
    """The files to read for `path`, which may not exist: the file and, for 3DI, its sidecar."""
    return [path, path.with_suffix(".json")] if is_three_di(path) else [path]


def read(path: Path, options: ReadOptions) -> xr.DataArray:
    """The signals of one file, with the given frame rate, or the 30 frames per second that Bitbox assumes."""
    backend = BACKENDS[path.suffix.lower()]
    lines = read_lines(path)
    ending, kind = _identify(path, backend, len(lines[0].split()), options.kind)
    names = POSE_COLUMNS if kind == "pose" else signal_names.default_names(kind, CONTENTS[ending].columns[backend])
    signals = signal_names.default_names("pose", 6) if kind == "pose" else names
    sheet = from_lines(path.name, lines, sep=WHITESPACE, names=names)
    attrs: Attrs = {} if ending in FULL_LENGTH else {"frames": FITTED}
    layout = Layout(
        backend,
        [SignalColumns(kind, [names.index(name) for name in signals], signals)],
        default=kind,
        attrs={**attrs, **metadata(path.with_suffix(".json"))},
        fps=frame_rate.DEFAULT_FPS,
    )
    return assemble(sheet, layout, options)


def open_recording(path: str | PathLike[str], *, fps: float | None = None) -> dict[str, xr.DataArray]:
    """Read all files that 3DI or 3DI-lite wrote for one video.

    Parameters
    ----------
    path
        The video, which need not exist (`clip.mp4`, or `clip` without its suffix), one of the files
        (`clip_rects.3DI`), or a folder that holds one recording.
    fps
        Frames per second of the video, since the files hold no times. By default 30, as Bitbox assumes; the attribute
        `time_source` says if the rate was given or assumed.

    Returns
    -------
    dict
        DataArrays `(time, signal)` by name, for the files that exist: `rects`, `landmarks`, `landmarks_canonicalized`,
        `pose`, `pose_smooth`, `expression`, `expression_smooth`, `expression_localized`. Times start at 0 s. All but
        `rects` and `landmarks` are fitted to consecutive frames and have one frame fewer than the video. It is not
        known at which end; their attribute `frames` says so.

    Raises
    ------
    FileNotFoundError
        If 3DI wrote no files for this video.
    ValueError
        If there are several recordings, if the frame counts of the files do not match, or if a file cannot be read.

    Warns
    -----
    UserWarning
        A pose of 3DI-lite is left out, since its rotation cannot be recovered without the landmarks.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "clip_rects.3DI").write_text("10 20 100 120\\n11 20 100 120\\n")
    ...     recording = open_recording(folder, fps=25)
    >>> list(recording), recording["rects"].sel(signal="x").values
    (['rects'], array([10., 11.]))
    """
    refuse("open_recording()", validation.fps_faults(fps))
    files = _recording_files(validation.path_of("open_recording()", path))
    recording = {}
    for ending, file in files.items():
        if BACKENDS[file.suffix.lower()] in CONTENTS[ending].columns:
            recording[ending] = read(file, ReadOptions(fps=fps))
        else:
            warn(f"{file.name} is left out: {LITE_POSE}")
    refuse(str(path), _length_faults({ending: x.sizes["time"] for ending, x in recording.items()}))
    return recording


# --- the content of a file


def _split_name(path: Path) -> tuple[str, str]:
    """The video's name and the ending that says what a file holds ('' if it has no known ending)."""
    split = re.fullmatch(rf"(.+)_({'|'.join(CONTENTS)})", path.stem)
    return (split[1], split[2]) if split else (path.stem, "")


def _identify(path: Path, backend: str, width: int, kind: str | None) -> tuple[str, str]:
    """The ending and kind of a file of `width` columns, by its name or otherwise by the requested kind."""
    ending = _split_name(path)[1]
    of_kind = [known for known, content in CONTENTS.items() if content.kind == kind]
    if not ending and not of_kind:
        endings = ", ".join(f"_{known}" for known in CONTENTS)
        raise ValueError(
            f"{path.name}: expected a name with an ending of 3DI ({endings}), got {path.stem!r}; rename the file, or "
            "give kind=…"
        )
    candidates = [ending] if ending else of_kind
    widths = {candidate: CONTENTS[candidate].columns.get(backend) for candidate in candidates}
    if not any(widths.values()):
        raise ValueError(f"{path.name}: {LITE_POSE}")
    fits = [candidate for candidate, columns in widths.items() if columns == width]
    if not fits:
        expected = " or ".join(sorted({str(n) for n in widths.values()}))
        raise ValueError(
            f"{path.name}: expected {expected} columns for {CONTENTS[candidates[0]].kind} of {backend}, got "
            f"{validation.counted(width, 'column')} in line 1; the file may be cut short or have the wrong name"
        )
    return fits[0], CONTENTS[fits[0]].kind


# --- the files of one recording


def _recording_files(path: Path) -> dict[str, Path]:
    """The files of one recording by their endings."""
    folder = path if path.is_dir() else path.parent
    found: dict[tuple[str, str], dict[str, Path]] = {}
    for file in sorted(folder.iterdir()) if folder.is_dir() else []:
        if is_three_di(file) and _split_name(file)[1]:
            video, ending = _split_name(file)
            found.setdefault((video, BACKENDS[file.suffix.lower()]), {})[ending] = file
    if not path.is_dir():
        found = _matching_path(path, found)
    if not found:
        raise FileNotFoundError(
            f"{path}: expected a video with files of 3DI next to it (<video>_expression.3DI, …), one of these files, "
            "or their folder, got a path without any; check the path"
        )
    if len(found) > 1:
        names = [f"{video} ({backend})" for video, backend in found]
        raise ValueError(
            f"{path.name}: expected one recording, got {validation.listed(names)}; give one of its files as the path"
        )
    (files,) = found.values()
    return {ending: files[ending] for ending in CONTENTS if ending in files}


def _matching_path(path: Path, found: dict[tuple[str, str], dict[str, Path]]) -> dict[tuple[str, str], dict[str, Path]]:
    """The recordings that contain the file `path`, otherwise those whose video has its name, otherwise its stem."""
    of_file = {key: files for key, files in found.items() if path in files.values()}
    of_name = {key: files for key, files in found.items() if key[0] == path.name}
    return of_file or of_name or {key: files for key, files in found.items() if key[0] == path.stem}


def _length_faults(lengths: dict[str, int]) -> list[str]:
    frames = {n if ending in FULL_LENGTH else n + 1 for ending, n in lengths.items()}
    if len(frames) <= 1:
        return []
    counts = ", ".join(f"{ending} {n}" for ending, n in lengths.items())
    return [
        f"expected as many frames in landmarks as in rects, and one fewer in the other files, got {counts}; one "
        "file is cut short or from another video; open the others with open_signals()"
    ]
