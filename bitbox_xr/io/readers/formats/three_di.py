"""3DI and 3DI-lite: what Bitbox's processors write beside a video, plain text without names or times.

The end of a file's name and its number of columns tell what it holds. A `.json` of the same name tells how it
was made.
"""

import re
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import xarray as xr

from bitbox_xr.core import signal_names, validation
from bitbox_xr.core.errors import refuse, warn
from bitbox_xr.io.readers.assembly import place
from bitbox_xr.io.readers.columns import Asked, Attrs, Block, Layout
from bitbox_xr.io.readers.sheet import WHITESPACE, from_lines, lines_of
from bitbox_xr.io.readers.sidecar import metadata
from bitbox_xr.kernels import frame_rate

__all__ = ["is_three_di", "open_recording", "read", "with_sidecar"]

BACKENDS = {".3di": "3DI", ".3dil": "3DI-lite"}  # by suffix


class Holding(NamedTuple):
    """What files of one ending hold: a kind, in as many columns as the backend writes."""

    kind: str
    columns: dict[str, int]


HOLDINGS = {
    "rects": Holding("rectangle", {"3DI": 4, "3DI-lite": 4}),
    "landmarks": Holding("landmark", {"3DI": 102, "3DI-lite": 102}),
    "landmarks_canonicalized": Holding("landmark-can", {"3DI": 153, "3DI-lite": 153}),
    "pose": Holding("pose", {"3DI": 9}),
    "pose_smooth": Holding("pose", {"3DI": 9}),
    "expression": Holding("expression", {"3DI": 79, "3DI-lite": 79}),
    "expression_smooth": Holding("expression", {"3DI": 79, "3DI-lite": 79}),
    "expression_localized": Holding("expression", {"3DI": 32, "3DI-lite": 50}),
}
OF_THE_VIDEO = ("rects", "landmarks")  # a row for every frame of the video; the others have one fewer
FITTED = "fitted to consecutive frames: one frame fewer than the video; at which end is not known"
POSE_COLUMNS = ["Tx", "Ty", "Tz", "3", "4", "5", "Ry", "Rx", "Rz"]  # pitch is Rx, yaw Ry, roll Rz
LITE_POSE = (
    "the rotation in a pose of 3DI-lite is recovered only together with its landmarks, which is not done here; "
    "use the landmarks, or a pose of 3DI"
)


def is_three_di(path: Path) -> bool:
    """Whether a file's suffix is 3DI's or 3DI-lite's."""
    return path.suffix.lower() in BACKENDS


def with_sidecar(path: Path) -> list[Path]:
    """All files that are read with one, if they exist: the file and, if it is 3DI's, the `.json` beside it."""
    return [path, path.with_suffix(".json")] if is_three_di(path) else [path]


def read(path: Path, asked: Asked) -> xr.DataArray:
    """The signals of one file; its rate is that asked for, or 30 frames a second as Bitbox has it."""
    backend = BACKENDS[path.suffix.lower()]
    lines = lines_of(path)
    ending, kind = _held(path, backend, len(lines[0].split()), asked.kind)
    names = POSE_COLUMNS if kind == "pose" else signal_names.default_names(kind, HOLDINGS[ending].columns[backend])
    given = signal_names.default_names("pose", 6) if kind == "pose" else names
    sheet = from_lines(path.name, lines, sep=WHITESPACE, names=names)
    attrs: Attrs = {} if ending in OF_THE_VIDEO else {"frames": FITTED}
    layout = Layout(
        backend,
        [Block(kind, [names.index(name) for name in given], given)],
        default=kind,
        attrs={**attrs, **metadata(path.with_suffix(".json"))},
        fps=frame_rate.DEFAULT_FPS,
    )
    return place(sheet, layout, asked)


def open_recording(path: str | PathLike[str], *, fps: float | None = None) -> dict[str, xr.DataArray]:
    """All that 3DI or 3DI-lite wrote beside one video.

    Parameters
    ----------
    path
        The video, whether it is still there or not (`clip.mp4`, or `clip` without its suffix), one of the
        files (`clip_rects.3DI`), or a folder that holds one recording.
    fps
        Frames per second of the video; the files hold no times, and without it they are taken to have 30 as
        Bitbox does (the attribute `time_source` says which).

    Returns
    -------
    dict
        DataArrays `(time, signal)` by name: `rects`, `landmarks`, `landmarks_canonicalized`, `pose`,
        `pose_smooth`, `expression`, `expression_smooth`, `expression_localized`, those that there are, each
        from time 0. The fitted ones (all but `rects` and `landmarks`) have one frame fewer than the video,
        and it is not known at which end: their attribute `frames` says so.

    Raises
    ------
    FileNotFoundError
        Where there is nothing that 3DI wrote.
    ValueError
        Where there are several recordings, where the files have numbers of frames that do not go together, or for what
        is wrong in one of them.

    Warns
    -----
    UserWarning
        A pose of 3DI-lite is left out, since its rotation needs the landmarks to be recovered.

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
    files = _files(validation.path_of("open_recording()", path))
    recording = {}
    for ending, file in files.items():
        if BACKENDS[file.suffix.lower()] in HOLDINGS[ending].columns:
            recording[ending] = read(file, Asked(fps=fps))
        else:
            warn(f"{file.name} is left out: {LITE_POSE}")
    refuse(str(path), _length_faults({ending: x.sizes["time"] for ending, x in recording.items()}))
    return recording


# --- what a file holds


def _ending(path: Path) -> tuple[str, str]:
    """The video's name and the ending that tells what a file holds ('' where it does not)."""
    split = re.fullmatch(rf"(.+)_({'|'.join(HOLDINGS)})", path.stem)
    return (split[1], split[2]) if split else (path.stem, "")


def _held(path: Path, backend: str, width: int, kind: str | None) -> tuple[str, str]:
    """The ending that says what a file of `width` columns holds, by its name or else by the kind asked for."""
    ending = _ending(path)[1]
    of_kind = [own for own, holding in HOLDINGS.items() if holding.kind == kind]
    if not ending and not of_kind:
        known = ", ".join(f"_{own}" for own in HOLDINGS)
        raise ValueError(
            f"{path.name}: the name does not end as one of 3DI's files ({known}), so that it is not known what it "
            "holds; rename it, or say kind=…"
        )
    candidates = [ending] if ending else of_kind
    widths = {own: HOLDINGS[own].columns.get(backend) for own in candidates}
    if not any(widths.values()):
        raise ValueError(f"{path.name}: {LITE_POSE}")
    fits = [own for own, wanted in widths.items() if wanted == width]
    if not fits:
        wanted = " or ".join(sorted({str(n) for n in widths.values()}))
        raise ValueError(
            f"{path.name}: line 1 has {validation.counted(width, 'column')} where {wanted} are wanted for "
            f"{HOLDINGS[candidates[0]].kind} of {backend}; the file may be cut short, or named as another"
        )
    return fits[0], HOLDINGS[fits[0]].kind


# --- what belongs to one video


def _files(path: Path) -> dict[str, Path]:
    """The files of one recording by their endings."""
    folder = path if path.is_dir() else path.parent
    found: dict[tuple[str, str], dict[str, Path]] = {}
    for file in sorted(folder.iterdir()) if folder.is_dir() else []:
        if is_three_di(file) and _ending(file)[1]:
            video, ending = _ending(file)
            found.setdefault((video, BACKENDS[file.suffix.lower()]), {})[ending] = file
    if not path.is_dir():
        found = _of_video(path, found)
    if not found:
        raise FileNotFoundError(
            f"{path}: nothing that 3DI wrote; a video beside which its files stand (<video>_expression.3DI, …), one "
            "of these, or their folder is wanted"
        )
    if len(found) > 1:
        names = [f"{video} ({backend})" for video, backend in found]
        raise ValueError(
            f"{path.name}: there are several recordings, {validation.listed(names)}; give a file of the one wanted"
        )
    (files,) = found.values()
    return {ending: files[ending] for ending in HOLDINGS if ending in files}


def _of_video(path: Path, found: dict[tuple[str, str], dict[str, Path]]) -> dict[tuple[str, str], dict[str, Path]]:
    """Those of `found` to which a file belongs, or whose video has the name that a path ends with, or else its stem."""
    of_file = {key: files for key, files in found.items() if path in files.values()}
    of_name = {key: files for key, files in found.items() if key[0] == path.name}
    return of_file or of_name or {key: files for key, files in found.items() if key[0] == path.stem}


def _length_faults(lengths: dict[str, int]) -> list[str]:
    frames = {n if ending in OF_THE_VIDEO else n + 1 for ending, n in lengths.items()}
    if len(frames) <= 1:
        return []
    counts = ", ".join(f"{ending} {n}" for ending, n in lengths.items())
    return [
        f"the files have {counts} frames; as many in rects and landmarks, and one fewer in the others, are wanted: one "
        "is cut short or of another video; open the others with open_signals()"
    ]
