"""The commands `demo`, which simulates recordings, and `cohort`, which measures many recordings."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from bitbox_xr.cli.arguments import OF_INTERVALS, chosen_intervals
from bitbox_xr.cli.group import main
from bitbox_xr.cli.options import (
    FILE,
    HELP,
    causal_option,
    chance_options,
    magnitude_option,
    progress_option,
    reading_options,
    reported,
    robust_option,
    scale_options,
    tier_options,
    window_options,
)
from bitbox_xr.cli.wording import flags
from bitbox_xr.cohort import MEASURES
from bitbox_xr.demo import MAX_MINUTES, MIN_MINUTES
from bitbox_xr.demo.files import REPORT_FILES, replaced
from bitbox_xr.io.netcdf import open_netcdf
from bitbox_xr.reporting.document import report

__all__ = ["cohort", "demo"]

MAX_FAILURES_SHOWN = 10
REPORTED = ("participant.nc", "model.nc", "imitation.nc", "lag_profile.nc", "expressivity.nc")  # of the demo's files
NEXT = """
Next:
  Open {out}/report.html in a browser.
  bitbox-xr plot {out}/imitation.nc -o smile.png --picture over_time --pair AU12 AU12

With your own recordings:
  bitbox-xr info X.csv
  bitbox-xr imitation X.csv Y.csv -o imitation.nc --width 2 --step 1 --max-lag 1
  bitbox-xr report imitation.nc -o report.html"""
ALIGN_OPTIONS = {"align_fps": "fps", "offset": "offset"}  # of the command, by the name that align() has


@main.command(short_help="Simulate recordings, measure and plot them.", **HELP)
@click.option("--out", type=FILE, default=Path("bitbox-xr-demo"), show_default=True, help="Folder to write to.")
@click.option(
    "--minutes",
    type=click.FloatRange(MIN_MINUTES, MAX_MINUTES),
    default=5.0,
    show_default=True,
    help="Length of the two recordings, min.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the simulation.")
@reported
def demo(out: Path, minutes: float, seed: int) -> None:
    """Simulate recordings with known imitation and known expressions, and measure both.

    Writes the recordings and the results as NetCDF files, two plots and a report. Prints the planted values beside the
    found ones: the lag of each imitation, and the time, duration and magnitude of each expression, with the expressions
    that are missed and those that are found but were not planted. Replaces files of an earlier demo, but no others.

    \b
    Example:
      bitbox-xr demo --out demo
    """
    from bitbox_xr.demo import FACE_FILES, FILES, MIN_RISE, run, run_face

    table = run(out, seed=seed, minutes=minutes)
    click.echo(f"{'participant':<12} {'follows':<8} {'sign':>4} {'planted':>11} {'found':>11} {'correlation':>12}")
    for row in table.to_dict("records"):
        planted, found = (f"{row[name]:+d} frames" for name in ("planted_frames", "found_frames"))
        who = f"{row['participant']:<12} {row['model']:<8} {'+' if row['sign'] > 0 else '-':>4}"
        click.echo(f"{who} {planted:>11} {found:>11} {row['correlation']:>+12.2f}")
    exact = int((table["planted_frames"] == table["found_frames"]).sum())
    click.echo(f"\n{exact} of {len(table)} lags found to the frame (negative: the participant follows the model).")
    face = run_face(out, seed=seed)
    heads = (f"{what}: time, width, magnitude" for what in ("planted", "found"))
    click.echo("\n{:<10} {:>34} {:>34}".format("activation", *heads))
    for row in face.to_dict("records"):
        planted, found = (
            f"{row[f'{prefix}time']:6.2f} s {row[f'{prefix}width']:6.2f} s {row[f'{prefix}magnitude']:6.2f}"
            for prefix in ("", "found_")
        )
        found = "missed" if math.isnan(row["found_time"]) else found
        click.echo(f"{row['coefficient']:<10} {planted:>34} {found:>34}")
    each = face.drop_duplicates("coefficient")
    missed, (false, every) = int(face["found_time"].isna().sum()), each[["false", "counted_by_default"]].sum()
    click.echo(
        f"\n{len(face)} activations planted: {len(face) - missed} found, {missed} missed, {false} false, with a rise "
        f"of at least {MIN_RISE:g}\n(width: at half the height). Counted by default, as in published work: {every}."
    )
    _report_demo(out)
    click.echo(f"In {out}: {', '.join((*FILES, *FACE_FILES, *REPORT_FILES))}")
    click.echo(NEXT.format(out=out))


def _report_demo(out: Path) -> None:
    """Write the report on the demo's files."""
    opened = []
    for name in REPORTED:
        with open_netcdf(out / name) as one:
            opened.append(one.load())
    with replaced(out, REPORT_FILES) as folder:
        report(opened, folder / REPORT_FILES[0], title="bitbox-xr demo")


@main.command(short_help="Measure all recordings of a study.", **HELP)
@click.argument("manifest", type=FILE)
@click.option("--measure", type=click.Choice(MEASURES), help="What to measure, with the options below.")
@click.option("--config", type=FILE, metavar="STUDY.toml", help="TOML file with measures, and all other options.")
@click.option("-o", "--out", type=FILE, required=True, help="Folder for the results. Existing results are kept.")
@click.option(
    "--workers", type=click.IntRange(min=1), metavar="N", help="Number of processes.  [default: one per core]"
)
@click.option("--scheduler", "client", metavar="ADDRESS", help="Use the workers of this dask scheduler, tcp://…")
@click.option("--keep-windows", is_flag=True, help="Also write every window: large files.")
@click.option(
    "--pairs",
    type=click.Choice(["matched", "all"]),
    default="matched",
    show_default=True,
    help="Pairs of signals in the summary and in tests: those with the same label, or all.",
)
@click.option("--by", metavar="NAME", help="Measure each label of the intervals, under this name, such as condition.")
@click.option("--each-interval", is_flag=True, help="With --by: measure each interval by itself.")
@tier_options
@progress_option
@window_options
@causal_option
@click.option(
    "--of",
    type=click.Choice(["imitation", "coordination"]),
    default="imitation",
    show_default=True,
    help="With --measure significance: what to test.",
)
@chance_options
@scale_options
@robust_option
@magnitude_option
@reading_options
@reported
def cohort(**given: Any) -> None:
    """Measure every recording that MANIFEST lists, and summarise the results in one table for each measure.

    MANIFEST is a CSV file with the columns recording (a name), signals and reference (the files X and Y), intervals (an
    annotation of X), and covariates. The measures and their options are in a TOML file (--config), or a single measure
    is given here. Writes status.csv and, in a folder for each measure, summary.nc, summary.csv and one file for each
    recording. A second run computes only what is missing or has changed. A run replaces only files that an earlier run
    wrote; it is refused if other files have these names. The exit status is 1 if a recording failed.

    The TOML file of the first run is kept as preregistered.toml. Later runs list how they deviate from it.

    \b
    Examples:
      bitbox-xr cohort study.csv --config study.toml --out results
      bitbox-xr cohort study.csv --measure imitation --out results --width 2 --step 1 --max-lag 1
      bitbox-xr cohort study.csv --measure expressivity --out results --scales 0.5,1,2 --workers 4
      bitbox-xr cohort study.csv --measure quality --out results --by condition --tier phase
    """
    from bitbox_xr import cohort as cohorts

    ctx = click.get_current_context()
    # a default would count as an option of the measure, which may not have it
    stated = {name: value for name, value in given.items() if ctx.get_parameter_source(name) != ParameterSource.DEFAULT}
    _refuse_together(stated)
    of_align = {option: stated.pop(name) for name, option in ALIGN_OPTIONS.items() if name in stated}
    if of_align:
        stated["align"] = of_align
    if intervals := chosen_intervals(stated):
        stated = {name: value for name, value in stated.items() if name not in OF_INTERVALS} | {"intervals": intervals}
    with _keys_as_written(given["config"]):
        done = cohorts.run(**stated)
    click.echo(f"{given['out']}: {done.counted}")
    for deviation in done.deviations:
        click.echo(f"deviation from preregistered.toml: {deviation}", err=True)
    failed = done.status[done.status["state"] == "failed"]
    for row in failed.head(MAX_FAILURES_SHOWN).itertuples():
        click.echo(f"  {row.recording}: {row.message}", err=True)
    if len(done.warned):
        click.echo(
            f"{len(done.warned)} done with a warning; see the messages in {given['out'] / 'status.csv'}", err=True
        )
    if len(failed):
        click.echo(f"{len(failed)} failed; see the reasons in {given['out'] / 'status.csv'}", err=True)
        ctx.exit(1)


@contextmanager
def _keys_as_written(config: Path | None) -> Iterator[None]:
    """Show faults of the TOML file with its own keys, such as max_lag, which are no options of the command line."""
    try:
        yield
    except ValueError as error:
        if config is not None and str(error).startswith(f"{config.name}: "):
            raise click.ClickException(str(error)) from error
        raise


def _refuse_together(stated: Mapping[str, Any]) -> None:
    """Raise a UsageError for options that lack another one, or exclude it."""
    if ("config" in stated) == ("measure" in stated):
        got = "both" if "config" in stated else "neither"
        raise click.UsageError(f"expected --config with a TOML file, or --measure, got {got}")
    unused = [name for name in ALIGN_OPTIONS if name in stated]
    if unused and "align" not in stated:
        raise click.UsageError(f"expected --align with {flags(unused)}, got none; add --align")
