"""The command `info`, which describes the contents of a file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import xarray as xr

from bitbox_xr.cli import descriptions
from bitbox_xr.cli.arguments import NETCDF, chosen_intervals, read_intervals
from bitbox_xr.cli.group import main
from bitbox_xr.cli.options import FILE, HELP, reader_options, reported, tier_options
from bitbox_xr.io.netcdf import open_netcdf
from bitbox_xr.io.readers import open_signals
from bitbox_xr.io.readers.options import open_options
from bitbox_xr.io.registry import head_of, recognised

__all__ = ["info"]


@main.command(short_help="Describe the contents of FILE.", **HELP)
@click.argument("file", type=FILE)
@tier_options
@reader_options
@reported
def info(file: Path, **given: Any) -> None:
    """Describe the contents of FILE: the kind, signals, frame rate and missing values of a recording, the tiers and
    labels of an annotation, or the options of a result.

    \b
    Examples:
      bitbox-xr info openface.csv
      bitbox-xr info motion.csv --time timestamp --time-unit ms --columns head,hands
      bitbox-xr info phases.eaf
    """
    lines = _described(file, given)
    click.echo(file.name)
    width = max(map(len, lines))
    for name, text in lines.items():
        click.echo(f"  {name:<{width}}  {text}")


def _described(file: Path, given: Mapping[str, Any]) -> dict[str, str]:
    """Lines about the file: a name and a text each."""
    options, chosen = open_options(given), chosen_intervals(given)
    if chosen or (not options and _is_annotation(file)):
        return descriptions.of_intervals(read_intervals(file, given))
    opened = open_netcdf(file) if not options and file.suffix == NETCDF else open_signals(file, **options)
    return descriptions.of_result(opened) if isinstance(opened, xr.Dataset) else descriptions.of_signals(opened)


def _is_annotation(file: Path) -> bool:
    """Whether a file is of a format of annotations, and of none of signals."""
    if not file.is_file() or file.suffix == NETCDF:
        return False
    head = head_of(file)
    return recognised("intervals", file, head) is not None and recognised("signals", file, head) is None
