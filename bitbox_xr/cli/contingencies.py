"""The command `contingency`."""

from typing import Any

import click
import xarray as xr

from bitbox_xr.cli.arguments import by_option, opened_partners, recordings
from bitbox_xr.cli.group import main
from bitbox_xr.cli.options import (
    FILE,
    HELP,
    activation_options,
    interval_options,
    out_option,
    progress_option,
    reading_options,
    reported,
    seed_options,
)
from bitbox_xr.cli.output import written
from bitbox_xr.core.validation import counted
from bitbox_xr.inference.contingency import SURROGATES
from bitbox_xr.inference.surrogate_numbers import ALPHA, too_few_text

__all__ = ["contingency"]

OPTIONS = ("min_latency", "max_latency", "min_rise", "false_alarms_per_minute", "noise", "n", "rng", "surrogates")


@main.command(short_help="How often X answers the activations of Y.", **HELP)
@click.argument("x", type=FILE)
@click.argument("y", type=FILE, required=False)
@out_option
@click.option("--min-latency", type=float, default=0.0, show_default=True, help="Answers start later than this, s.")
@click.option("--max-latency", type=float, default=2.0, show_default=True, help="Answers start until then, s.")
@activation_options
@click.option(
    "--surrogates",
    type=click.Choice(SURROGATES),
    default="shift",
    show_default=True,
    help="How to move the activations of Y: shift them in time, permute its intervals (with --by or --intervals), or "
    "take those of partners (other recordings).",
)
@seed_options
@click.option(
    "--partner",
    "partners",
    type=FILE,
    multiple=True,
    metavar="FILE",
    help="With --surrogates partners: Y of another recording. Give it once for each.",
)
@click.option(
    "--pairs",
    type=click.Choice(["all", "matched"]),
    default="all",
    show_default=True,
    help="All pairs of signals, or only signals of X and Y with the same label.",
)
@progress_option
@reading_options
@interval_options
@reported
def contingency(**given: Any) -> None:
    """Measure how often X (the participant) answers the activations of Y (the model), and compare it with chance.

    An activation of Y is answered if one of X starts within --min-latency to --max-latency seconds after it. Exchange X
    and Y for the other direction. Without Y: signals of X that answer each other.

    \b
    Examples:
      bitbox-xr contingency child.csv model.csv -o out.nc --max-latency 1 --min-rise 0.3 --seed 0
      bitbox-xr contingency child.csv model.csv -o out.nc --intervals phases.csv --pairs matched
    """
    from bitbox_xr.inference.contingency import contingency

    x, y = recordings(given)
    options = {name: given[name] for name in (*OPTIONS, "pairs", "progress")}
    scales = {} if given["scales"] is None else {"scales": given["scales"]}
    partners = opened_partners(x, given)
    result = contingency(x, y, partners=partners or None, by=by_option(given), **scales, **options)
    written(result, given["out"])
    click.echo(f"{given['out']}: {_summary(result)}; seed {result.attrs['seed']}")


def _summary(result: xr.Dataset) -> str:
    """The number of significant pairs, and the pair that answers most above chance, if any does."""
    tested, found = int(result["p"].notnull().sum()), int((result["p_fwe"] <= ALPHA).sum())
    few = f" ({note})" if (note := too_few_text(result.attrs)) else ""
    text = f"{found} of {counted(tested, 'pair')} with family-wise p ≤ .05{few}"
    above = result["answered_above_chance"]
    if not above.notnull().any():
        return f"{text}; no signal of Y has an activation"
    if not (above > 0).any():
        return f"{text}; no pair answers more often than by chance"
    top = result.isel(above.argmax(above.dims))
    names = [str(top[name].item()) for name in ("signal1", "signal2", "pair") if name in top.coords]
    by = result.attrs.get("by")
    pair = names if "alone" in result.attrs else (f"{names[0]} of X", f"{names[-1]} of Y")
    who = f"{pair[0]} answers {pair[-1]}{f' in {by} {top[by].item()}' if by in top.coords else ''}"
    figures = f"{top['answered'].item():.0%} of {top['n_given'].item():.0f}, by chance {top['chance'].item():.0%}"
    return f"{text}; most above chance: {who} ({figures}; median latency {top['latency'].item():.2f} s)"
