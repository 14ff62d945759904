"""The command `bitbox-xr` itself."""

import click

from bitbox_xr.cli.options import HELP
from bitbox_xr.version import __version__

__all__ = ["main"]


@click.group(**HELP)
@click.version_option(__version__, prog_name="bitbox-xr")
def main() -> None:
    """Labelled behavioural signals in, labelled measures out.

    Reads what 3DI, OpenFace, Py-Feat, Live Link Face and MediaPipe write, any table with times, and its own
    NetCDF files; writes NetCDF.
    """
