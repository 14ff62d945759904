"""The command `report`, which writes an HTML file about results."""

from pathlib import Path
from typing import Any

import click
import xarray as xr

from bitbox_xr import cohort
from bitbox_xr.cli.arguments import NETCDF, checked_out, opened
from bitbox_xr.cli.group import main
from bitbox_xr.cli.options import FILE, HELP, reader_options, reported
from bitbox_xr.cli.output import REPORT
from bitbox_xr.cli.wording import flags
from bitbox_xr.cohort.storage import STATUS
from bitbox_xr.core.errors import warn
from bitbox_xr.io.readers.options import open_options
from bitbox_xr.reporting.document import Reportable, report

__all__ = ["write_report"]


@main.command("report", short_help="Write an HTML report of results or of a study.", **HELP)
@click.argument("results", metavar="RESULT_OR_FOLDER", type=FILE, nargs=-1, required=True)
@click.option("-o", "--out", type=FILE, required=True, metavar="OUT.html", help="File to write. An existing file is "
              "replaced.")  # fmt: skip
@click.option("--title", metavar="TEXT", help="Title of the report.  [default: what is measured, or the folder's name]")
@reader_options
@reported
def write_report(results: tuple[Path, ...], **given: Any) -> None:
    """Write one HTML file with data quality, settings, results, pictures and the methods paragraph.

    RESULT_OR_FOLDER is a result or a recording, as NetCDF file or as a tracker wrote it, a folder with NetCDF files, or
    the results of `bitbox-xr cohort`. Several files are sections of one report. Options of reading, such as --fps,
    apply to the files of trackers. The report needs no network and can be printed to PDF.

    \b
    Examples:
      bitbox-xr report imitation.nc -o dyad.html
      bitbox-xr report child.nc model.nc imitation.nc chance.nc -o dyad.html --title "Dyad 12"
      bitbox-xr report results -o study.html
    """
    checked_out(given, *(file for file in results if not file.is_dir()), form=REPORT)
    report(_opened(results, given), given["out"], title=given["title"])
    click.echo(str(given["out"]))


def _opened(results: tuple[Path, ...], given: dict[str, Any]) -> Reportable:
    """The study in a folder, or the results and signals in files and folders."""
    studies = [folder for folder in results if (folder / STATUS).is_file()]
    if studies and len(results) > 1:
        got = f"{len(results)} files and folders, among them the study {studies[0]}"
        raise ValueError(f"expected one study, or results without studies, got {got}; report on the study by itself")
    if studies:
        return cohort.open(studies[0])
    options = open_options(given)
    if options and all(path.is_dir() or path.suffix.lower() == NETCDF for path in results):
        raise ValueError(f"expected a tracker's file with {flags(options)}, got none; leave the option out")
    return [one for path in results for one in (_in_folder(path) if path.is_dir() else [_in_memory(path, given)])]


def _in_memory(file: Path, given: dict[str, Any]) -> xr.Dataset | xr.DataArray:
    content: xr.Dataset | xr.DataArray = opened(file, {} if file.suffix.lower() == NETCDF else given)
    return content


def _in_folder(folder: Path) -> list[xr.Dataset | xr.DataArray]:
    """Signals first, then results; other NetCDF files are named in a warning."""
    found = {file: _in_memory(file, {}) for file in sorted(folder.glob("*.nc"))}
    others = [file.name for file, one in found.items() if isinstance(one, xr.Dataset) and "measure" not in one.attrs]
    if others:
        warn(f"{folder}: left out {', '.join(others)}, which are no results of measures")
    kept = [one for file, one in found.items() if file.name not in others]
    if not kept:
        raise ValueError(f"expected a folder of a study, or one with results (.nc), got {folder} with none")
    return sorted(kept, key=lambda one: isinstance(one, xr.Dataset))
