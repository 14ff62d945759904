"""The command `quality`."""

from pathlib import Path
from typing import Any

import click
import numpy as np
import xarray as xr

from bitbox_xr.cli.arguments import annotated, by_option, checked_out, interval_faults
from bitbox_xr.cli.group import main
from bitbox_xr.cli.options import FILE, HELP, interval_options, out_option, reader_options, reported
from bitbox_xr.cli.output import written
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.validation import counted
from bitbox_xr.core.variables import SIGNAL
from bitbox_xr.io.readers import open_signals
from bitbox_xr.io.readers.options import open_options
from bitbox_xr.measures import quality as measured
from bitbox_xr.reporting.rounding import rounded, rounded_column
from bitbox_xr.reporting.wording import head

__all__ = ["quality"]


@main.command(short_help="Losses, noise, activity and range of the signals of X.", **HELP)
@click.argument("x", type=FILE)
@out_option
@interval_options
@reader_options
@reported
def quality(x: Path, **given: Any) -> None:
    """Describe the signals of X: lost and masked frames, noise, activations per minute and range.

    Compare them between people and conditions before you compare imitation or expressivity.

    \b
    Examples:
      bitbox-xr quality openface.csv -o quality.csv
      bitbox-xr quality openface.csv -o quality.nc --intervals phases.csv
    """
    out = checked_out(given, x)
    refuse("options", interval_faults(given))
    signals = annotated(open_signals(x, **open_options(given)), given)
    result = measured.quality(signals, by=by_option(given))
    written(result, out)
    click.echo(f"{out}: {_summary(result)}")


def _summary(result: xr.Dataset) -> str:
    """One line: the mean share of lost frames, and the smallest and largest noise and range of a signal."""
    lost = rounded(float(result["lost_share"].mean()), "lost_share")
    parts = [counted(result.sizes[SIGNAL], "signal"), f"{head('lost_share')} {lost}"]
    for name in ("noise", "value_range"):
        values = result[name].values[np.isfinite(result[name].values)]
        if len(values):
            parts.append(f"{head(name)} {' to '.join(rounded_column([values.min(), values.max()], name))}")
    return "; ".join(parts)
