"""Read the recordings that a command names, and check the name of the file that it writes."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

import xarray as xr

from bitbox_xr.cli.output import RESULT, Form, checked_form
from bitbox_xr.cli.wording import flag_of, flags, named
from bitbox_xr.core.errors import refuse
from bitbox_xr.inference.partners import on_clock_of
from bitbox_xr.io.annotations import open_intervals
from bitbox_xr.io.netcdf import open_netcdf
from bitbox_xr.io.readers import open_signals
from bitbox_xr.io.readers.formats.three_di import with_sidecar
from bitbox_xr.io.readers.options import Y_OPTIONS, open_options
from bitbox_xr.preprocessing.alignment import align, shared_clock
from bitbox_xr.preprocessing.intervals import annotate

__all__ = [
    "NETCDF",
    "OF_INTERVALS",
    "AlignOptions",
    "align_options",
    "annotated",
    "by_option",
    "checked_out",
    "chosen_intervals",
    "interval_faults",
    "opened",
    "read_intervals",
    "recordings",
    "second",
    "unused_options",
]

NETCDF, CSV = ".nc", ".csv"
# columns that tables of results have
OF_TABLES = ({"signal1", "signal2"}, {"scale", "coefficient"}, {"pair", "observed"}, {"path", "speed"})
CONDITION = "condition"  # name of the labels, as in annotate()
ALIGN_NAMES = {"fps": "--align-fps FPS", "offset": "--offset S"}  # of the options of align()
SEE_ALIGN = re.compile(r"see align\((x, y)?\)( or resample\(\))?")
VALUES_OF_Y = {"columns_y": "A,B,…", "face_id_y": "ID", "fps_y": "FPS", "time_y": "COLUMN"}
# options of a command that are options of open_intervals(), and their names there
OF_INTERVALS = {"tier": "tier", "label": "label", "subject": "subject", "intervals_format": "format"}


class AlignOptions(TypedDict):
    """The keywords of `align()`."""

    fps: float | None
    offset: float  # s


def recordings(given: Mapping[str, Any]) -> tuple[xr.DataArray, xr.DataArray | None]:
    """X and Y on one time axis. Nothing is read before --out and the options are checked."""
    files = [file for file in (given["x"], given["y"]) if file is not None]
    checked_out(given, *files, *given.get("partners", ()))
    refuse("options", unused_options(given) + interval_faults(given))
    x = open_signals(files[0], **open_options(given))
    y = _read_as_y(files[1], given) if len(files) == 2 else None
    x, y = (x, None) if y is None else _on_one_time_axis(x, y, given)
    return annotated(x, given), y


def opened(file: Path, given: Mapping[str, Any]) -> Any:  # DataArray or Dataset, as the file says
    """The content of a file in memory: a result or signals (NetCDF), or a tracker's file, read with these options."""
    options = open_options(given)
    _refuse_table_of_result(file)
    is_netcdf = file.suffix.lower() == NETCDF
    content = open_netcdf(file) if is_netcdf else open_signals(file, **options)
    with content:
        if options and isinstance(content, xr.Dataset) and "measure" in content.attrs:
            raise ValueError(f"expected a recording with {flags(options)}, got the result {file}; leave the option out")
    if options and is_netcdf:
        content = open_signals(file, **options)
    with content:
        return content.load()


def _refuse_table_of_result(file: Path) -> None:
    """Refuse a table that a command wrote: it has no attributes, and its columns are no signals."""
    if file.suffix.lower() != CSV or not file.is_file():
        return
    with file.open(encoding="utf-8", errors="replace") as lines:
        names = set(lines.readline().strip().split(","))
    if any(own <= names for own in OF_TABLES):
        raise ValueError(
            f"expected a result as NetCDF file, got the table {file}; write the result with -o {file.stem}.nc instead"
        )


def second(x: xr.DataArray, file: Path, given: Mapping[str, Any]) -> tuple[xr.DataArray, xr.DataArray]:
    """X, and Y from a file, on one time axis."""
    return _on_one_time_axis(x, _read_as_y(file, given), given)


def annotated(x: xr.DataArray, given: Mapping[str, Any]) -> xr.DataArray:
    """X with the labels of --intervals, if it is given."""
    if given.get("intervals") is None:
        return x
    return annotate(x, read_intervals(given["intervals"], given), name=by_option(given) or CONDITION)


def read_intervals(file: Path, given: Mapping[str, Any]) -> xr.Dataset:
    """The chosen intervals of an annotation; errors name the options of the command."""
    with named({own: f"{flag_of(option)} NAME" for option, own in OF_INTERVALS.items()}):
        return open_intervals(file, **chosen_intervals(given))


def chosen_intervals(given: Mapping[str, Any]) -> dict[str, Any]:
    """The options of `open_intervals()` that are given."""
    return {name: _one_or_several(given[option]) for option, name in OF_INTERVALS.items() if given.get(option)}


def _one_or_several(names: str | Sequence[str]) -> str | list[str]:
    return names if isinstance(names, str) else names[0] if len(names) == 1 else list(names)


def by_option(given: Mapping[str, Any]) -> str | None:
    """The coordinate whose labels are measured; None without --by and --intervals."""
    by: str | None = given.get("by")
    return CONDITION if by is None and given.get("intervals") is not None else by


def interval_faults(given: Mapping[str, Any]) -> list[str]:
    """Options of an annotation without --intervals."""
    unused = [name for name in OF_INTERVALS if given.get(name)]
    if not unused or given.get("intervals") is not None:
        return []
    return [f"expected --intervals with {flags(unused)}, got none; add --intervals FILE"]


def checked_out(given: Mapping[str, Any], *files: Path, form: Form = RESULT) -> Path:
    """The path of --out, which must be a file of this form and none of the `files` that are read, under any name."""
    out = checked_form(given["out"], form)
    if any(_is_same_file(out, part) for file in files for part in with_sidecar(file)):
        got = f"{out}, which is one of them"
        raise ValueError(f"expected --out to differ from the files that are read, got {got}; choose another name")
    intervals = given.get("intervals")
    if intervals is not None and _is_same_file(out, intervals):
        raise ValueError(f"expected --out to differ from --intervals, got {out} for both; choose another name")
    return out


def _is_same_file(out: Path, file: Path) -> bool:
    return out.resolve() == file.resolve() or (out.exists() and file.exists() and out.samefile(file))


def _read_as_y(file: Path, given: Mapping[str, Any]) -> xr.DataArray:
    """The signals of a file that is read with the options of Y; errors name these if they are given."""
    own = {
        name.removesuffix("_y"): f"{flag_of(name)} {VALUES_OF_Y[name]}"
        for name in Y_OPTIONS
        if given.get(name) is not None
    }
    with named(own):
        return open_signals(file, **open_options(given, of_y=True))


def unused_options(given: Mapping[str, Any]) -> list[str]:
    """Options that need another argument, which is missing."""
    faults = []
    of_y = [name for name in Y_OPTIONS if given.get(name) is not None]
    if given["y"] is None and of_y:
        faults.append(f"expected a file Y with {flags(of_y)}, got none; if Y is in the file of X, name it again as Y")
    if given["y"] is None and given.get("measure") == "imitation":
        faults.append(
            "expected a file Y with --measure imitation, got none; add Y, or give --measure coordination to "
            "correlate the signals of X with each other"
        )
    if given["y"] is None and given["align"]:
        faults.append("expected a file Y with --align, got none; add Y or leave out --align")
    unused = [name for name in ("align_fps", "offset") if given[name] is not None]
    if unused and not given["align"]:
        faults.append(f"expected --align with {flags(unused)}, got none; add --align")
    return faults


def _on_one_time_axis(x: xr.DataArray, y: xr.DataArray, given: Mapping[str, Any]) -> tuple[xr.DataArray, xr.DataArray]:
    if given["align"]:
        with named(ALIGN_NAMES):
            return align(x, y, **align_options(given))
    try:
        shared_clock(x, y)
    except ValueError as error:
        remedy = "add --align (and --align-fps FPS if the times of a file are not regular)"
        raise ValueError(SEE_ALIGN.sub(remedy, str(error))) from error
    return x, y


def align_options(given: Mapping[str, Any]) -> AlignOptions:
    """The keywords of `align()` among a command's options."""
    return {"fps": given["align_fps"], "offset": given["offset"] or 0.0}


def opened_partners(x: xr.DataArray, given: Mapping[str, Any]) -> list[xr.DataArray]:
    """The files of --partner, with --align on the time axis of x."""
    partners = [_read_as_y(file, given) for file in given["partners"]]
    if not given["align"]:
        return partners
    return [_aligned(x, *named, align_options(given)) for named in zip(given["partners"], partners, strict=True)]


def _aligned(x: xr.DataArray, file: Path, partner: xr.DataArray, options: AlignOptions) -> xr.DataArray:
    """A partner on the time axis of x; errors name the partner's file."""
    try:
        with named(ALIGN_NAMES):
            return on_clock_of(x, partner, **options)
    except ValueError as error:
        raise ValueError(f"partner {file}, as y: {error}") from error
