"""`imitation`, `coordination`, `expressivity`, `significance`: a recording or two in, a NetCDF file out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import numpy as np
import xarray as xr

from bitbox_xr.cli.arguments import new_file, of_align, recordings
from bitbox_xr.cli.group import main
from bitbox_xr.cli.options import (
    FILE,
    HELP,
    Command,
    causal_option,
    chance_options,
    clock_options,
    out_option,
    progress_option,
    reader_options,
    reported,
    scale_options,
    second_options,
    stats_option,
    window_options,
)
from bitbox_xr.inference.partners import on_clock_of
from bitbox_xr.io.netcdf import to_netcdf
from bitbox_xr.io.readers import open_signals
from bitbox_xr.io.readers.options import open_options
from bitbox_xr.measures import expressivity as expressions
from bitbox_xr.measures import social
from bitbox_xr.measures.results import strongest

__all__ = ["coordination", "expressivity", "imitation", "significance"]

WINDOWS = ("width", "step", "max_lag", "polarity", "min_valid")


@main.command(short_help="How well X imitates Y, and how far behind.", **HELP)
@click.argument("x", type=FILE)
@click.argument("y", type=FILE)
@out_option
@window_options
@causal_option
@stats_option
@reader_options
@second_options
@clock_options
@reported
def imitation(**given: Any) -> None:
    """How well X (the participant) imitates Y (the model), and how far behind.

    Windowed correlations of every signal of X with every signal of Y at the best lag; negative: X follows Y.

    \b
    Examples:
      bitbox-xr imitation anna_expression.3DI ben_expression.3DI -o anna_ben.nc --width 1.1 --step 0.5
      bitbox-xr imitation both.csv both.csv --face-id 0 --face-id-y 1 -o both.nc --width 4 --max-lag 1
    """
    _measure(social.imitation, given, {"causal": given["causal"]})


@main.command(short_help="How closely X and Y move together.", **HELP)
@click.argument("x", type=FILE)
@click.argument("y", type=FILE, required=False)
@out_option
@window_options
@stats_option
@reader_options
@second_options
@clock_options
@reported
def coordination(**given: Any) -> None:
    """How closely X and Y move together, whoever leads; or the signals of X among themselves.

    Windowed correlations at the best lag, both windows moving; positive: Y follows X.

    \b
    Examples:
      bitbox-xr coordination anna.csv ben.csv -o anna_ben.nc --width 2
      bitbox-xr coordination anna.csv -o anna.nc --stats
      bitbox-xr coordination energy.txt energy.txt --fps 25 --columns 0 --columns-y 1 -o energy.nc
    """
    _measure(social.coordination, given, {})


@main.command(short_help="How often and how strongly A is active, at which tempo.", **HELP)
@click.argument("a", type=FILE)
@out_option
@scale_options
@reader_options
@reported
def expressivity(**given: Any) -> None:
    """How expressive A is, at which tempo: activations of each expression, counted and measured at temporal scales.

    \b
    Examples:
      bitbox-xr expressivity anna.csv -o anna.nc --scales 6
      bitbox-xr expressivity anna.csv -o anna.nc --scales 0.5,1,2 --aggregate
    """
    out = new_file(given, given["a"])
    x = open_signals(given["a"], **open_options(given))
    options = {name: given[name] for name in ("scales", "aggregate", "robust", "precision")}
    result = expressions.expressivity(x, **options)
    to_netcdf(result, out)
    click.echo(f"{out}: {_liveliest(result)}")


@main.command(short_help="Imitation or coordination against chance.", **HELP)
@click.argument("x", type=FILE)
@click.argument("y", type=FILE, required=False)
@out_option
@click.option("--measure", type=click.Choice(["imitation", "coordination"]), default="imitation", show_default=True)
@chance_options
@click.option("--partner", "partners", type=FILE, multiple=True, metavar="FILE", help="Another's Y; once for each.")
@click.option("--pairs", type=click.Choice(["all", "matched"]), default="all", show_default=True,
              help="All pairs of signals, or those of one label.")  # fmt: skip
@progress_option
@window_options
@causal_option
@reader_options
@second_options
@clock_options
@reported
def significance(**given: Any) -> None:
    """Imitation or coordination of X and Y against chance.

    Writes the mean correlation of every pair of signals, that of surrogates of Y, and p-values: of the pair, and
    corrected over all pairs.

    \b
    Examples:
      bitbox-xr significance anna.csv ben.csv -o chance.nc --n 199 --seed 0 --width 2 --max-lag 1
      bitbox-xr significance anna.csv ben.csv -o chance.nc --measure coordination --pairs matched
    """
    from bitbox_xr.inference.significance import significance

    x, y = recordings(given)
    partners = [open_signals(file, **open_options(given, of_y=True)) for file in given["partners"]]
    if given["align"]:
        partners = [_aligned(x, *named, of_align(given)) for named in zip(given["partners"], partners, strict=True)]
    names = ("measure", "n", "rng", "surrogates", "statistic", "pairs", "progress", "causal", *WINDOWS)
    options = {name: given[name] for name in names}
    result = significance(x, y, partners=partners or None, **options)
    to_netcdf(result, given["out"])
    pairs = int(result["p"].notnull().sum()) // (2 if y is None else 1)  # alone, each pair is there both ways
    found = int((result["p_fwe"] <= 0.05).sum()) // (2 if y is None else 1)
    click.echo(f"{given['out']}: {found} of {pairs} pairs with family-wise p ≤ .05; seed {result.attrs['seed']}")


def _aligned(x: xr.DataArray, file: Path, partner: xr.DataArray, options: dict[str, Any]) -> xr.DataArray:
    try:
        return on_clock_of(x, partner, **options)
    except ValueError as error:
        raise ValueError(f"partner {file}, as y: {error}") from error


def _measure(measure: Command, given: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    x, y = recordings(given)
    windows = {name: given[name] for name in (*WINDOWS, "stats")}
    result = measure(x, y, **windows, **options)
    to_netcdf(result, given["out"])
    click.echo(f"{given['out']}: {_summary(result)}")


def _summary(result: xr.Dataset) -> str:
    """How much was measured, the pairs that have nothing, and the strongest."""
    stats = social.window_stats(result) if "corr" in result else result
    alone, total = "alone" in result.attrs, result.attrs["window_count"]
    rows, columns = stats["corr_mean"].shape
    text = f"{rows} × {columns} signals, {total} windows of {result.attrs['width']:.3g} s"
    pairs = np.triu(np.ones((rows, columns), bool), 1) if alone else np.ones((rows, columns), bool)
    empty = int((pairs & (stats["n_windows"].values == 0)).sum())
    if empty:
        text = f"{text}; {empty} of {pairs.sum()} pairs have no window: flat or missing"
    pair = strongest(abs(stats["corr_mean"]), stats["n_windows"], result.attrs)
    if pair is None:
        return f"{text}; no pair has a correlation"
    best = stats.sel(signal1=pair[0], signal2=pair[1])
    who = f"{pair[0]} with {pair[1]}" if alone else f"{pair[0]} of x with {pair[1]} of y"
    figures = f"mean correlation {best['corr_mean'].item():.2f}, mean lag {best['corr_lag'].item():+z.2f} s"
    return f"{text}; strongest {who}: {figures}, in {best['n_windows'].item()} of {total} windows"


def _liveliest(result: xr.Dataset) -> str:
    """A result of expressivity in a line: its size and where activations are most frequent."""
    scales, coefficients = result.sizes["scale"], result.sizes["coefficient"]
    size = f"{coefficients} × {scales} (coefficient × scale)"
    if not result["activations_per_minute"].notnull().any():
        return f"{size}; no frame is eligible"
    top = result["activations_per_minute"].isel(result["activations_per_minute"].argmax(["scale", "coefficient"]))
    where = f"{top['coefficient'].item()} at scale {top['scale_label'].item()}"
    return f"{size}; most often {where}: {top.item():.1f} activations a minute"
