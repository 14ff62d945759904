"""The commands that search activations in one recording: `expressivity`, `events`, `diversity`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import xarray as xr

from bitbox_xr.cli.arguments import annotated, by_option, checked_out, interval_faults
from bitbox_xr.cli.group import main
from bitbox_xr.cli.options import (
    FILE,
    HELP,
    annotation_options,
    interval_options,
    magnitude_option,
    out_option,
    reader_options,
    reported,
    robust_option,
    scale_options,
)
from bitbox_xr.cli.output import written
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.validation import counted
from bitbox_xr.io.readers import open_signals
from bitbox_xr.io.readers.options import open_options
from bitbox_xr.measures import events as lists
from bitbox_xr.measures import expressivity as expressions

__all__ = ["diversity", "events", "expressivity"]

SEARCH = ("scales", "aggregate", "precision", "min_rise", "false_alarms_per_minute")


@main.command(short_help="How often and how strongly each expression of X occurs.", **HELP)
@click.argument("x", type=FILE)
@out_option
@scale_options
@robust_option
@interval_options
@reader_options
@reported
def expressivity(**given: Any) -> None:
    """Count and measure the activations of each expression of X at temporal scales.

    An activation is a rise and fall of an expression; a scale is the duration of the wavelet that finds it,
    in seconds: about four times the width of the expression at half of its height.

    \b
    Examples:
      bitbox-xr expressivity anna.csv -o anna.nc --scales 6
      bitbox-xr expressivity anna.csv -o anna.nc --scales 0.5,1,2 --aggregate --min-rise 0.3
    """
    x, options = _searched(given)
    result = expressions.expressivity(x, robust=given["robust"], by=by_option(given), **options)
    _written(result, given, _most_frequent(result))


@main.command(short_help="When each expression of X occurs: a list of its activations.", **HELP)
@click.argument("x", type=FILE)
@out_option
@scale_options
@annotation_options
@reader_options
@reported
def events(**given: Any) -> None:
    """List the activations of X: time, expression, scale, height, onset and offset of each.

    These are the activations that `expressivity` counts. With --intervals each has the label at its time.

    \b
    Examples:
      bitbox-xr events anna.csv -o smiles.csv --scales 2 --min-rise 0.3
      bitbox-xr events anna.csv -o all.nc --scales 1,2,4 --aggregate --false-alarms-per-minute 1
    """
    x, options = _searched(given)
    result = lists.events(x, **options)
    signals = len(set(result["coefficient"].values.tolist()))
    found = (
        f"{counted(result.sizes['event'], 'activation')} of {signals} of {counted(x.sizes['signal'], 'coefficient')}"
    )
    _written(result, given, found)


@main.command(short_help="How evenly activations are spread over the expressions of X.", **HELP)
@click.argument("x", type=FILE)
@out_option
@scale_options
@robust_option
@magnitude_option
@interval_options
@reader_options
@reported
def diversity(**given: Any) -> None:
    """Measure how evenly activations are spread over the expressions of X, at temporal scales.

    The measure is 0 if one expression has all activations, and 1 if all expressions have the same share.

    \b
    Examples:
      bitbox-xr diversity anna.csv -o anna.csv --scales 0.5,1,2 --min-rise 0.3
      bitbox-xr diversity anna.csv -o phases.nc --scales 2 --intervals phases.csv --count
    """
    x, options = _searched(given)
    own = {name: given[name] for name in ("robust", "magnitude")}
    result = expressions.diversity(x, by=by_option(given), **own, **options)
    _written(result, given, _evenness(result))


def _searched(given: Mapping[str, Any]) -> tuple[xr.DataArray, dict[str, Any]]:
    """The recording, with its labels, and the options of the search, with the noise."""
    rest = given["noise"]
    checked_out(given, given["x"], *([rest] if isinstance(rest, Path) else []))
    refuse("options", interval_faults(given))
    x = annotated(open_signals(given["x"], **open_options(given)), given)
    noise = open_signals(rest, **open_options(given)) if isinstance(rest, Path) else rest
    return x, {"noise": noise, **{name: given[name] for name in SEARCH}}


def _written(result: xr.Dataset, given: Mapping[str, Any], summary: str) -> None:
    written(result, given["out"])
    click.echo(f"{given['out']}: {summary}")


def _most_frequent(result: xr.Dataset) -> str:
    """One line about a result of expressivity: its size, and where activations are most frequent."""
    size = f"{counted(result.sizes['coefficient'], 'coefficient')} × {counted(result.sizes['scale'], 'scale')}"
    if not result["activations_per_minute"].notnull().any():
        return f"{size}; no frame is eligible"
    top, where = _largest(result, "activations_per_minute")
    return f"{size}; most frequent {top['coefficient'].item()} {where}: {top.item():.1f} activations per minute"


def _evenness(result: xr.Dataset) -> str:
    """One line about a result of diversity: the scale at which activations are spread most evenly."""
    scales = counted(result.sizes["scale"], "scale")
    if not result["overall"].notnull().any():
        return f"{scales}; no activation"
    top, where = _largest(result, "overall")
    return f"{scales}; most even {where}: {top.item():.2f} of 1"


def _largest(result: xr.Dataset, name: str) -> tuple[xr.DataArray, str]:
    """The largest value of a variable, and at which scale and label it is."""
    values = result[name]
    top = values.isel(values.argmax([*values.dims]))
    by = result.attrs.get("by")
    return top, f"at scale {top['scale_label'].item()}" + (f" in {by} {top[by].item()}" if by else "")
