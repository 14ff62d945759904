"""The commands that correlate two recordings: `imitation`, `coordination`, `lag-profile`, `significance`."""

from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

import click
import numpy as np
import xarray as xr

from bitbox_xr.cli.arguments import by_option, opened_partners, recordings
from bitbox_xr.cli.group import main
from bitbox_xr.cli.options import (
    FILE,
    HELP,
    causal_option,
    chance_options,
    interval_options,
    measure_option,
    out_option,
    progress_option,
    reading_options,
    reported,
    stats_option,
    window_options,
)
from bitbox_xr.cli.output import written
from bitbox_xr.core.durations import seconds
from bitbox_xr.core.validation import counted
from bitbox_xr.inference.surrogate_numbers import ALPHA, too_few_text
from bitbox_xr.measures import lag_profiles, social
from bitbox_xr.measures.results import strongest

__all__ = ["coordination", "imitation", "lag_profile", "significance"]

WINDOWS = ("width", "step", "max_lag", "polarity", "min_valid")


@main.command(short_help="How well X imitates Y, and with what delay.", **HELP)
@click.argument("x", type=FILE)
@click.argument("y", type=FILE)
@out_option
@window_options
@causal_option
@stats_option
@interval_options
@reading_options
@reported
def imitation(**given: Any) -> None:
    """Measure how well X (the participant) imitates Y (the model), and with what delay.

    Correlates every signal of X with every signal of Y in short windows, each at its best lag. A negative lag means
    that X follows Y.

    \b
    Examples:
      bitbox-xr imitation anna.csv ben.csv -o out.nc --width 2 --step 1 --max-lag 1
      bitbox-xr imitation both.csv both.csv --face-id 0 --face-id-y 1 -o out.nc \\
        --width 2 --step 1 --max-lag 1
      bitbox-xr imitation anna.csv ben.csv -o out.nc --intervals phases.eaf --tier phase \\
        --width 2 --step 1 --max-lag 1
    """
    _measure(social.imitation, given, {"causal": given["causal"]})


@main.command(short_help="How strongly X and Y vary together.", **HELP)
@click.argument("x", type=FILE)
@click.argument("y", type=FILE, required=False)
@out_option
@window_options
@stats_option
@interval_options
@reading_options
@reported
def coordination(**given: Any) -> None:
    """Measure how strongly X and Y vary together, whoever leads. Without Y: the signals of X with each other.

    Correlates the signals in short windows of X and of Y, both of which are shifted to find the best lag. A positive
    lag means that Y follows X.

    \b
    Examples:
      bitbox-xr coordination anna.csv ben.csv -o out.nc --width 2 --step 1 --max-lag 1
      bitbox-xr coordination anna.csv -o out.nc --width 2 --step 1 --max-lag 1 --stats
      bitbox-xr coordination energy.txt energy.txt --fps 25 --columns 0 --columns-y 1 -o out.nc \\
        --width 2 --step 1 --max-lag 1
    """
    _measure(social.coordination, given, {})


@main.command("lag-profile", short_help="Mean correlation of X and Y at each lag.", **HELP)
@click.argument("x", type=FILE)
@click.argument("y", type=FILE, required=False)
@out_option
@measure_option
@window_options
@causal_option
@interval_options
@reading_options
@reported
def lag_profile(**given: Any) -> None:
    """Average the correlation of X and Y at each lag over windows. The lag of the largest mean estimates the delay.

    A negative lag means that X follows Y.

    \b
    Examples:
      bitbox-xr lag-profile anna.csv ben.csv -o profile.nc --width 4 --step 1 --max-lag 2
      bitbox-xr lag-profile anna.csv ben.csv -o lags.csv --measure coordination --width 4 --step 1
    """
    x, y = recordings(given)
    options = {name: given[name] for name in ("measure", "causal", *WINDOWS)}
    result = lag_profiles.lag_profile(x, y, by=by_option(given), **options)
    written(result, given["out"])
    click.echo(f"{given['out']}: {_profile_summary(result)}")


@main.command(short_help="Test imitation or coordination against chance.", **HELP)
@click.argument("x", type=FILE)
@click.argument("y", type=FILE, required=False)
@out_option
@measure_option
@chance_options
@click.option(
    "--partner",
    "partners",
    type=FILE,
    multiple=True,
    metavar="FILE",
    help="With --surrogates partners: Y of another recording. Give it once for each. With --by it must be a NetCDF "
    "file with this coordinate.",
)
@click.option(
    "--pairs",
    type=click.Choice(["all", "matched"]),
    default="all",
    show_default=True,
    help="All pairs of signals, or only signals of X and Y with the same label.",
)
@progress_option
@window_options
@causal_option
@reading_options
@interval_options
@reported
def significance(**given: Any) -> None:
    """Test imitation or coordination of X and Y against chance.

    Compares the mean correlation of every pair of signals with that of surrogates: signals made from Y that are
    independent of X. Writes a p-value for each pair, and p-values corrected for the number of pairs. With --intervals
    or --by each label is tested by itself, and surrogates stay inside its intervals.

    \b
    Examples:
      bitbox-xr significance anna.csv ben.csv -o out.nc --seed 0 --width 2 --step 1 --max-lag 1
      bitbox-xr significance anna.csv ben.csv -o out.nc --measure coordination --pairs matched \\
        --width 2 --step 1 --max-lag 1
      bitbox-xr significance anna.csv ben.csv -o out.nc --intervals phases.csv \\
        --width 2 --step 1 --max-lag 1
    """
    from bitbox_xr.inference.significance import significance

    x, y = recordings(given)
    partners = opened_partners(x, given)
    names = ("measure", "n", "rng", "surrogates", "statistic", "pairs", "progress", "causal", *WINDOWS)
    options = {name: given[name] for name in names}
    result = significance(x, y, partners=partners or None, by=by_option(given), **options)
    written(result, given["out"])
    few = f" ({note})" if (note := too_few_text(result.attrs)) else ""
    text = f"{given['out']}: {_significant(result)} with family-wise p ≤ .05{few}; seed {result.attrs['seed']}"
    by = result.attrs.get("by")
    labels = [] if by is None else [result.sel({by: label}) for label in result[by].values]
    click.echo("\n".join([text, *(f"  {one[by].item()}: {_significant(one)}" for one in labels)]))


def _significant(result: xr.Dataset) -> str:
    """How many pairs are significant in their family; for one person each pair occurs twice."""
    twice = 2 if "alone" in result.attrs else 1
    pairs, found = (int(one.sum()) // twice for one in (result["p"].notnull(), result["p_fwe"] <= ALPHA))
    return f"{found} of {counted(pairs, 'pair')}"


def _measure(measure: Callable[..., xr.Dataset], given: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    """Compute a measure of two recordings, write it and print a summary."""
    x, y = recordings(given)
    windows = {name: given[name] for name in (*WINDOWS, "stats")}
    result = measure(x, y, **windows, by=by_option(given), **options)
    written(result, given["out"])
    click.echo(f"{given['out']}: {_summary(result)}")


def _summary(result: xr.Dataset) -> str:
    """One line about a result: its size and its strongest pair; a line for each label or person, if any."""
    by = result.attrs.get("by")
    stats = social.window_stats(result, by=by) if "corr" in result else result
    rows, columns = stats.sizes["signal1"], stats.sizes["signal2"]
    text = f"{rows} × {columns} signals, {result.attrs['window_count']} windows of {seconds(result.attrs['width'])}"
    further = [str(dim) for dim in stats["corr_mean"].dims if dim not in ("signal1", "signal2")]
    if not further:
        return f"{text}; {_strongest(stats, result.attrs['window_count'])}"
    lines = []
    for labels in product(*(stats[dim].values for dim in further)):
        one = stats.sel(dict(zip(further, labels, strict=True)))
        lines.append(f"  {' '.join(map(str, labels))}: {_strongest(one, int(one['n_windows'].max()))}")
    return "\n".join([text if by is None else f"{text} in {result.attrs['intervals']} intervals", *lines])


def _strongest(stats: xr.Dataset, total: int) -> str:
    """The number of pairs without a correlation, and the strongest pair, of `total` windows."""
    alone, shape = "alone" in stats.attrs, stats["corr_mean"].shape
    if not total:
        return "no window"
    pairs = np.triu(np.ones(shape, bool), 1) if alone else np.ones(shape, bool)
    empty = int((pairs & (stats["n_windows"].values == 0)).sum())
    text = f"{empty} of {pairs.sum()} pairs have no window: flat or missing; " if empty else ""
    pair = strongest(abs(stats["corr_mean"]), stats["n_windows"], stats.attrs)
    if pair is None:
        return f"{text}no pair has a correlation"
    best = stats.sel(signal1=pair[0], signal2=pair[1])
    who = f"{pair[0]} with {pair[1]}" if alone else f"{pair[0]} of x with {pair[1]} of y"
    figures = f"mean correlation {best['corr_mean'].item():.2f}, mean lag {best['corr_lag'].item():+z.2f} s"
    return f"{text}strongest {who}: {figures}, in {best['n_windows'].item()} of {total} windows"


def _profile_summary(result: xr.Dataset) -> str:
    """One line about a lag profile: its size and the pair with the strongest mean correlation, in each condition."""
    size = f"{result.sizes['signal1']} × {result.sizes['signal2']} signals, {result.sizes['lag']} lags"
    by = result.attrs.get("by")
    if by is None:
        return f"{size}; {_best_lag(result)}"
    each = [result.sel({by: label}) for label in result[by].values]
    return "\n".join([size, *(f"  {one[by].item()}: {_best_lag(one)}" for one in each)])


def _best_lag(result: xr.Dataset) -> str:
    pair = strongest(abs(result["profile"]).max("lag"), result["n_windows"], result.attrs)
    if pair is None:
        return "no pair has a correlation"
    own = result.sel(signal1=pair[0], signal2=pair[1])
    who = f"{pair[0]} with {pair[1]}" if "alone" in result.attrs else f"{pair[0]} of x with {pair[1]} of y"
    best = own["best_lag"].item()
    strength = own["profile"].sel(lag=best, method="nearest").item()
    windows = f"in {int(own['n_windows'])} of {counted(int(result['n_windows'].max()), 'window')}"
    return f"strongest {who}: mean correlation {strength:.2f} at lag {best:+z.2f} s, {windows}"
