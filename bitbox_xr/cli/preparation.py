"""The command `prepare`, which converts a recording to NetCDF, and fills, masks, smooths and standardises it."""

from pathlib import Path
from typing import Any

import click
import xarray as xr

from bitbox_xr.cli.arguments import OF_INTERVALS, checked_out, read_intervals
from bitbox_xr.cli.group import main
from bitbox_xr.cli.options import FILE, HELP, reader_options, reported, signals_out_option, tier_options
from bitbox_xr.cli.output import SIGNALS
from bitbox_xr.cli.wording import flags
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.validation import counted
from bitbox_xr.core.variables import SIGNAL, TIME
from bitbox_xr.io.netcdf import to_netcdf
from bitbox_xr.io.readers import open_signals
from bitbox_xr.io.readers.options import open_options
from bitbox_xr.preprocessing.filters import detrend, smooth
from bitbox_xr.preprocessing.gaps import fill_gaps
from bitbox_xr.preprocessing.masks import mask
from bitbox_xr.preprocessing.standardisation import standardize
from bitbox_xr.reporting.methods import steps

__all__ = ["prepare"]

NONE = "none"  # of --center and --scale: Python's None
OF_STANDARDIZE = ("reference", "center", "scale", "dead_band")


@main.command(short_help="Convert X to NetCDF; fill gaps, mask, smooth, … it.", **HELP)
@click.argument("x", type=FILE)
@signals_out_option
@click.option("--fill-gaps", "max_gap", type=float, metavar="S", help="Interpolate gaps of up to S seconds.")
@click.option("--mask", "masked", type=FILE, help="Annotation of X. Frames in its intervals become missing.")
@click.option(
    "--regions", multiple=True, metavar="NAME", help="With --mask: only signals of this region of the face, such as "
    "mouth. Can be given several times. [default: all signals]",
)  # fmt: skip
@tier_options
@click.option("--smooth", "smooth_width", type=float, metavar="S", help="Width of a Gaussian at half maximum, s.")
@click.option("--detrend", "detrend_width", type=float, metavar="S", help="Subtract the running median over S seconds.")
@click.option("--standardize", is_flag=True, help="Subtract a level and divide by a spread.")
@click.option("--reference", type=FILE, help="With --standardize: the same person at rest. [default: X itself]")
@click.option("--center", type=click.Choice(["mean", "median", NONE]), help="With --standardize. [default: mean]")
@click.option("--scale", type=click.Choice(["std", "mad", NONE]), help="With --standardize. [default: std]")
@click.option("--dead-band", type=float, help="With --standardize: smaller values become 0. [default: 0]")
@reader_options
@reported
def prepare(x: Path, **given: Any) -> None:
    """Save a recording as a NetCDF file, after filling gaps, masking, smoothing, detrending and standardising it, in
    this order.

    Without these options, the file is only converted: its values do not change.

    \b
    Examples:
      bitbox-xr prepare openface.csv -o head.nc --kind pose
      bitbox-xr prepare openface.csv -o smooth.nc --smooth 0.2 --detrend 60
      bitbox-xr prepare child.csv -o child.nc --fill-gaps 0.2 \\
        --mask coded.eaf --tier speech --regions mouth
      bitbox-xr prepare task.csv -o task.nc --standardize --reference neutral.csv --dead-band 1
    """
    reference = given["reference"]
    out = checked_out(given, x, *(file for file in (reference, given["masked"]) if file is not None), form=SIGNALS)
    refuse("options", _faults(given))
    signals = open_signals(x, **open_options(given))
    if given["max_gap"] is not None:
        signals = fill_gaps(signals, max_gap=given["max_gap"])
    if given["masked"] is not None:
        signals = mask(signals, read_intervals(given["masked"], given), regions=list(given["regions"]) or None)
    if given["smooth_width"] is not None:
        signals = smooth(signals, given["smooth_width"])
    if given["detrend_width"] is not None:
        signals = detrend(signals, given["detrend_width"])
    if given["standardize"]:
        options = {name: given[name] for name in OF_STANDARDIZE[1:] if given[name] is not None}
        options = {name: None if value == NONE else value for name, value in options.items()}
        rest = None if reference is None else open_signals(reference, **open_options(given))
        signals = standardize(signals, reference=rest, **options)
    to_netcdf(signals, out)
    click.echo(f"{out}: {_summary(signals)}")


def _summary(x: xr.DataArray) -> str:
    """One line: what the file contains, and what was done."""
    sizes = f"{counted(x.sizes[SIGNAL], 'signal')} ({x.attrs['kind']}), {counted(x.sizes[TIME], 'frame')}"
    return f"{sizes}; {', then '.join(steps(x.attrs.get('history', '[]'))) or 'converted, with the values of the file'}"


def _faults(given: dict[str, Any]) -> list[str]:
    of_standardize = [name for name in OF_STANDARDIZE if given[name] is not None]
    of_mask = [name for name in ("regions", *OF_INTERVALS) if given[name]]
    needed = (("--standardize", of_standardize, given["standardize"]), ("--mask", of_mask, given["masked"] is not None))
    return [
        f"expected {needs} with {flags(own)}, got none; add it or leave them out"
        for needs, own, there in needed
        if own and not there
    ]
