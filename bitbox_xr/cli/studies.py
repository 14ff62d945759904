"""`demo` and `cohort`: recordings made up, and recordings by the hundred."""

from pathlib import Path
from typing import Any

import click

from bitbox_xr.cli.group import main
from bitbox_xr.cli.options import (
    FILE,
    HELP,
    causal_option,
    chance_options,
    clock_options,
    progress_option,
    reader_options,
    reported,
    scale_options,
    second_options,
    window_options,
)
from bitbox_xr.cohort import MEASURES
from bitbox_xr.demo import LONGEST, SHORTEST

__all__ = ["cohort", "demo"]

LISTED = 10  # failures that are named


@main.command(short_help="Recordings made up, measured and drawn.", **HELP)
@click.option("--out", type=FILE, default=Path("bitbox-xr-demo"), show_default=True, help="Folder to write to.")
@click.option(
    "--minutes", type=click.FloatRange(SHORTEST, LONGEST), default=5.0, show_default=True, help="Length of the pair."
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Another seed, another pair.")
@reported
def demo(out: Path, minutes: float, seed: int) -> None:
    """Make recordings with known imitation and known expressions, and find them.

    Writes the recordings, the results as NetCDF and two pictures, and prints who was made to follow whom, by how
    many frames, and when a face was made to move, for how long and how strongly, beside what was found. Replaces files
    of an earlier demo, and no others.

    \b
    Example:
      bitbox-xr demo --out demo
    """
    from bitbox_xr.demo import FACE_FILES, FILES, run, run_face

    table = run(out, seed=seed, minutes=minutes)
    click.echo(f"{'participant':<12} {'follows':<8} {'sign':>4} {'planted':>11} {'found':>11} {'correlation':>12}")
    for row in table.to_dict("records"):
        planted, found = (f"{row[name]:+d} frames" for name in ("planted_frames", "found_frames"))
        who = f"{row['participant']:<12} {row['model']:<8} {'+' if row['sign'] > 0 else '-':>4}"
        click.echo(f"{who} {planted:>11} {found:>11} {row['correlation']:>+12.2f}")
    exact = int((table["planted_frames"] == table["found_frames"]).sum())
    click.echo(f"\n{exact} of {len(table)} lags found to the frame (negative: the participant follows the model).")
    face = run_face(out, seed=seed)
    click.echo("\nactivation    planted: when, how long, how strong      found")
    for row in face.to_dict("records"):
        planted, found = (
            f"{row[f'{what}time']:6.2f} s {row[f'{what}width']:6.2f} s {row[f'{what}magnitude']:6.2f}"
            for what in ("", "found_")
        )
        click.echo(f"{row['coefficient']:<18} {planted:>26} {found:>28}")
    many = face.drop_duplicates("coefficient")["found_events"].sum()
    click.echo(f"\n{len(face)} activations planted, {many} found (how long: width at half the height).")
    click.echo(f"In {out}: {', '.join((*FILES, *FACE_FILES))}")


@main.command(short_help="Every recording of a table, and one summary.", **HELP)
@click.argument("manifest", type=FILE)
@click.option("--measure", type=click.Choice(MEASURES), required=True, help="What to measure.")
@click.option("-o", "--out", type=FILE, required=True, help="Folder for the results; what is in it already is kept.")
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Processes.  [default: one a core]")
@click.option("--scheduler", "client", metavar="ADDRESS", help="Of a dask scheduler, tcp://…, whose workers to use.")
@click.option("--keep-windows", is_flag=True, help="Keep every window too: large files.")
@click.option("--pairs", type=click.Choice(["matched", "all"]), default="matched", show_default=True,
              help="Pairs of signals in the summary, and in tests: of one label, or all.")  # fmt: skip
@progress_option
@window_options
@causal_option
@click.option("--of", type=click.Choice(["imitation", "coordination"]), default="imitation", show_default=True,
              help="Which of them significance tests.")  # fmt: skip
@chance_options
@scale_options
@click.option("--magnitude/--count", default=True, show_default=True, help="Diversity of magnitudes, or of numbers.")
@reader_options
@second_options
@clock_options
@reported
def cohort(**given: Any) -> None:
    """Measure every recording that MANIFEST names, and put the results into one table.

    MANIFEST is a CSV file with the columns recording (a name), signals and reference (files; X and Y), and covariates.
    Leaves summary.nc, summary.csv, status.csv and a file a recording. Run again, it does what is missing or was made
    from something else. It replaces only files that a run wrote, and is refused if others have their names. The exit
    status is 1 where a recording failed.

    \b
    Examples:
      bitbox-xr cohort study.csv --measure imitation --out results --width 1.1 --step 0.5
      bitbox-xr cohort study.csv --measure expressivity --out results --scales 0.5,1,2 --workers 4
      bitbox-xr cohort study.csv --measure significance --of coordination --out chance --width 2 --seed 0
    """
    from bitbox_xr import cohort as cohorts

    ctx = click.get_current_context()
    asked = {name: value for name, value in given.items()
             if ctx.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT}  # fmt: skip
    done = cohorts.run(**asked)
    click.echo(f"{given['out']}: {done.counted}")
    failed = done.status[done.status["state"] == "failed"]
    for row in failed.head(LISTED).itertuples():
        click.echo(f"  {row.recording}: {row.message}", err=True)
    if len(failed):
        click.echo(f"{len(failed)} failed; {given['out'] / 'status.csv'} says why", err=True)
        ctx.exit(1)
