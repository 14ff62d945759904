"""The command `contrast`."""

from pathlib import Path
from typing import Any, cast

import click
import numpy as np
import xarray as xr

from bitbox_xr.cli.arguments import checked_out, opened
from bitbox_xr.cli.group import main
from bitbox_xr.cli.options import FILE, HELP, out_option, reported
from bitbox_xr.cli.output import written
from bitbox_xr.cli.selection import part_of, select_option
from bitbox_xr.cohort.quality_columns import with_quality
from bitbox_xr.core.validation import counted
from bitbox_xr.core.variables import COMPARISON, RECORDING
from bitbox_xr.inference.contrasts import contrast
from bitbox_xr.inference.surrogate_numbers import ALPHA

__all__ = ["contrast_groups"]

QUALITY = "quality"


@main.command("contrast", short_help="Compare groups or conditions of a study.", **HELP)
@click.argument("summary", type=FILE)
@out_option
@click.option("--variable", required=True, metavar="NAME", help="The variable to compare, such as excess.")
@click.option("--between", metavar="NAME", help="The covariate with the groups, such as group.")
@click.option("--groups", nargs=2, metavar="FIRST SECOND", help="Two groups of --between: the second minus the "
              "first. Needed if there are more than two.  [default: both, in alphabetical order]")  # fmt: skip
@click.option("--within", metavar="NAME", help="The dimension with the conditions, such as condition.")
@click.option("--covariate", "covariates", multiple=True, metavar="NAME", help="Compare at equal values of this "
              "covariate. Can be given several times.")  # fmt: skip
@click.option("--quality", type=FILE, metavar="FILE", help="The summary of the measure quality. Groups that differ "
              "in it are reported; its variables, averaged over signals, can be covariates.")  # fmt: skip
@select_option
@click.option("--n", type=int, default=4999, show_default=True, help="Number of permutations.")
@click.option("--seed", "rng", type=int, help="Seed of the permutations.  [default: random, and stored in the result]")
@reported
def contrast_groups(summary: Path, quality: Path | None, **given: Any) -> None:
    """Test over the recordings of a study whether groups or conditions differ.

    SUMMARY is summary.nc of a measure, which `bitbox-xr cohort` wrote. Every pair of signals, or signal and scale, gets
    an estimate with a confidence interval, a p-value, and p-values corrected for all of them. Without --between and
    --within the mean is compared with 0.

    \b
    Examples:
      bitbox-xr contrast out/significance/summary.nc -o groups.csv --variable excess --between group
      bitbox-xr contrast out/significance/summary.nc -o two.csv --variable excess --between site \\
        --groups lab1 lab3
      bitbox-xr contrast out/significance/summary.nc -o groups.nc --variable excess --between group \\
        --within condition --covariate age --quality out/quality/summary.nc
    """
    checked_out(given, *(file for file in (summary, quality) if file is not None))
    data = opened(summary, {})
    if quality is not None and isinstance(data, xr.Dataset):
        data = with_quality(data, _of_quality(quality))
    names = ("variable", "between", "groups", "within", "covariates", "n", "rng")
    result = contrast(part_of(data, given["select"]), **{name: given[name] for name in names})
    written(result, given["out"])
    click.echo(f"{given['out']}: {result.attrs['recordings']} recordings; seed {result.attrs['seed']}")
    for name in np.atleast_1d(result[COMPARISON].values):
        click.echo(f"  {name}: {_found(result.where(result[COMPARISON] == name))}")


def _of_quality(file: Path) -> xr.Dataset:
    """The content of --quality, which must be the summary of this measure."""
    found = opened(file, {})
    measure = found.attrs.get("measure", "no measure") if isinstance(found, xr.Dataset) else "no measure"
    if measure == QUALITY and RECORDING in found.dims:
        return cast(xr.Dataset, found)
    got = f"{measure} of one recording" if measure == QUALITY else str(measure)
    raise ValueError(
        f"expected --quality to be the summary of the measure {QUALITY}, got {got} in {file}; give the summary.nc in "
        f"the folder {QUALITY} of the study"
    )


def _found(result: xr.Dataset) -> str:
    """How many tests are significant."""
    tested, found = (int(one.sum()) for one in (result["p"].notnull(), result["p_fwe"] <= ALPHA))
    return f"{found} of {counted(tested, 'test')} with family-wise p ≤ .05"
