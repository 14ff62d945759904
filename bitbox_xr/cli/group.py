"""The command `bitbox-xr`, to which the other modules add its subcommands."""

import click

from bitbox_xr.cli.options import HELP
from bitbox_xr.version import __version__

__all__ = ["main"]


@click.group(**HELP)
@click.version_option(__version__, prog_name="bitbox-xr")
def main() -> None:
    """Measure imitation, coordination and expressivity in recordings of behaviour.

    Reads the files of 3DI, OpenFace, Py-Feat, Live Link Face and MediaPipe, tables with a time column, and the
    package's own NetCDF files. Results are NetCDF files.
    """
