"""The command `kinematics`."""

from pathlib import Path
from typing import Any

import click
import xarray as xr

from bitbox_xr.cli.arguments import annotated, by_option, checked_out, interval_faults
from bitbox_xr.cli.group import main
from bitbox_xr.cli.options import FILE, HELP, interval_options, out_option, reader_options, reported
from bitbox_xr.cli.output import written
from bitbox_xr.core.errors import refuse
from bitbox_xr.io.readers import open_signals
from bitbox_xr.io.readers.options import open_options
from bitbox_xr.measures import motion
from bitbox_xr.reporting.rounding import rounded
from bitbox_xr.reporting.wording import shown_unit

__all__ = ["kinematics"]


@main.command(short_help="How far and how fast the points of X move.", **HELP)
@click.argument("x", type=FILE)
@out_option
@click.option("--angular", is_flag=True, help="Of a pose: measure rotation instead of translation.")
@interval_options
@reader_options
@reported
def kinematics(x: Path, **given: Any) -> None:
    """Measure how far and how fast points move: landmarks, the head's pose or the face's rectangle.

    \b
    Examples:
      bitbox-xr kinematics openface.csv -o head.csv --kind pose
      bitbox-xr kinematics openface.csv -o head.nc --kind pose --angular --intervals phases.csv
    """
    out = checked_out(given, x)
    refuse("options", interval_faults(given))
    signals = annotated(open_signals(x, **open_options(given)), given)
    result = motion.kinematics(signals, angular=given["angular"], by=by_option(given))
    written(result, out)
    click.echo(f"{out}: {_summary(result)}")


def _label(dim: str, top: xr.Dataset) -> str:
    """The label of a point: a name as it is, a number with its dimension."""
    label = top[dim].item()
    return label if isinstance(label, str) else f"{dim} {label}"


def _summary(result: xr.Dataset) -> str:
    """One line about the motion: its points, and the fastest one. Paths grow with the time of a condition."""
    speed, text = result["speed"], str(result.attrs["points"])
    if not speed.notnull().any():
        return f"{text}; no motion could be measured"
    top = result.isel(speed.argmax([*speed.dims])) if speed.dims else result
    labels = [_label(str(dim), top) for dim in speed.dims if dim in top.coords]
    who = f" ({', '.join(labels)})" if labels else ""
    path, fastest = (
        f"{rounded(top[name].item())} {shown_unit(result[name].attrs['units'])}".strip() for name in ("path", "speed")
    )
    return f"{text}; {'highest mean speed' if speed.dims else 'mean speed'}{who} {fastest}, path {path}"
