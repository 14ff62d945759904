"""The command line: `bitbox-xr demo`, `imitation`, `coordination`, `significance`, `cohort`, `info`."""

import functools
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
import numpy as np
import xarray as xr

from bitbox_xr import __version__, checks, clock, expressions, social
from bitbox_xr.cohort import MEASURES
from bitbox_xr.errors import refuse
from bitbox_xr.frames import regularity
from bitbox_xr.netcdf import destination, open_netcdf, to_netcdf
from bitbox_xr.plotting import strongest
from bitbox_xr.readers import open_signals
from bitbox_xr.schemas import KINDS, SIGNAL, TIME
from bitbox_xr.timebase import align, shared_clock

__all__ = ["main"]

HELP: dict[str, Any] = {"context_settings": {"help_option_names": ["-h", "--help"], "max_content_width": 100}}
FILE = click.Path(path_type=Path)
READER = ("kind", "fps", "time", "time_unit", "columns", "sep", "skiprows", "face_id", "min_confidence")
LISTED = 10  # failures that are named
WINDOWS = ("width", "step", "lag", "min_valid")
OF_Y = ("columns", "face_id", "fps", "time")  # what two files, or one with two people, may need twice

Command = Callable[..., Any]


@click.group(**HELP)
@click.version_option(__version__, prog_name="bitbox-xr")
def main() -> None:
    """Labelled behavioural signals in, labelled measures out.

    Reads what 3DI, OpenFace, Py-Feat, Live Link Face and MediaPipe write, any table with times, and its own
    NetCDF files; writes NetCDF.
    """


# --- options that several commands have


def _name_or_position(ctx: click.Context, option: click.Parameter, text: str | None) -> Any:
    return int(text) if text is not None and text.isdigit() else text


def _names_or_positions(ctx: click.Context, option: click.Parameter, text: str | None) -> Any:
    return None if text is None else [_name_or_position(ctx, option, part.strip()) for part in text.split(",")]


def _scales(ctx: click.Context, option: click.Parameter, text: str | None) -> Any:
    if text is None or text.isdigit():
        return None if text is None else int(text)
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise click.BadParameter(f"{text!r} is neither a number of scales nor durations in seconds, 0.5,1,2") from None


def _separator(ctx: click.Context, option: click.Parameter, text: str | None) -> Any:
    return "\t" if text in ("\\t", "tab") else text


def _all(*options: Command) -> Command:
    """Several options as one decorator, shown in this order."""

    def decorate(command: Command) -> Command:
        return functools.reduce(lambda decorated, option: option(decorated), reversed(options), command)

    return decorate


reader_options = _all(
    click.option("--kind", metavar="KIND", help=f"Of a file that holds several: {', '.join(KINDS)}."),
    click.option("--fps", type=float, help="Frames per second; replaces the file's times."),
    click.option(
        "--time", metavar="COLUMN", callback=_name_or_position, help="Name, or position from 0, of the times."
    ),
    click.option("--time-unit", metavar="UNIT", help="Unit of the times: s (default), ms, us, ns, min or h."),
    click.option(
        "--columns", metavar="A,B,…", callback=_names_or_positions, help="Names, or positions, of the signals."
    ),
    click.option(
        "--sep", metavar="CHAR", callback=_separator, help=r"Separator of a table: ; or \t or \s+ (any blanks)."
    ),
    click.option("--skiprows", type=int, metavar="N", help="Lines above that of the names."),
    click.option("--face-id", metavar="ID", callback=_name_or_position, help="Which face, of several."),
    click.option(
        "--min-confidence", type=float, metavar="C", help="Frames of which the tracker was less sure are lost."
    ),
)

second_options = _all(
    click.option(
        "--columns-y", metavar="A,B,…", callback=_names_or_positions, help="--columns of Y, if others than X's."
    ),
    click.option("--face-id-y", metavar="ID", callback=_name_or_position, help="--face-id of Y, if another than X's."),
)

clock_options = _all(
    click.option("--fps-y", type=float, help="--fps of Y, if another than X's."),
    click.option("--time-y", metavar="COLUMN", callback=_name_or_position, help="--time of Y, if another than X's."),
    click.option("--align", is_flag=True, help="Bring X and Y onto one clock first."),
    click.option("--rate", type=float, metavar="FPS", help="With --align: of both.  [default: the lower of the two]"),
    click.option("--offset", type=float, metavar="S", help="With --align: seconds added to Y's times."),
)

out_option = click.option(
    "-o", "--out", type=FILE, required=True, metavar="OUT.nc", help="NetCDF file to write, or replace."
)

window_options = _all(
    click.option("--width", type=float, default=0.5, show_default=True, help="Length of a window, s."),
    click.option("--step", type=float, help="From one window to the next, s.  [default: half a width]"),
    click.option("--lag", type=float, help="Largest lag, s.  [default: a quarter of the width]"),
    click.option("--positive-only", is_flag=True, help="Lag of the largest r, not of the largest |r|."),
    click.option(
        "--min-valid",
        type=float,
        default=0.75,
        show_default=True,
        help="Share of a window's frames that must be there.",
    ),
)

causal_option = click.option(
    "--causal/--no-causal", default=True, show_default=True, help="Only lags at which X follows Y, or both."
)
stats_option = click.option(
    "--stats", is_flag=True, help="Statistics over windows only: a small file, constant memory."
)

scale_options = _all(
    click.option(
        "--scales", metavar="N | A,B,…", callback=_scales, help="Number of scales, or durations, s.  [default: none]"
    ),
    click.option("--aggregate", is_flag=True, help="Activations of all scales in one list."),
    click.option("--robust", is_flag=True, help="Leave outliers out."),
    click.option("--precision", type=int, default=16, show_default=True, help="Of the wavelet's sampling."),
)


def _reported(command: Command) -> Command:
    """Errors and warnings in one sentence on standard error, without a traceback; the exit status of errors is 1."""

    @functools.wraps(command)
    def run(**given: Any) -> Any:
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *rest: click.echo(f"Warning: {message}", err=True)
            try:
                return command(**given)
            except BrokenPipeError:
                raise  # of `bitbox-xr info … | head`
            except (ValueError, TypeError, OSError, ImportError) as error:
                raise click.ClickException(str(error)) from error

    return run


# --- commands


@main.command(**HELP)
@click.option("--out", type=FILE, default=Path("bitbox-xr-demo"), show_default=True, help="Folder to write to.")
@click.option("--minutes", type=click.FloatRange(min=0.5), default=5.0, show_default=True, help="Length of the pair.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Another seed, another pair.")
@_reported
def demo(out: Path, minutes: float, seed: int) -> None:
    """Make recordings with known imitation and known expressions, and find them.

    Writes the recordings, the results as NetCDF and two pictures, and prints who was made to follow whom, by how
    many frames, and when a face was made to move, for how long and how strongly, beside what was found.

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


@main.command(**HELP)
@click.argument("x", type=FILE)
@click.argument("y", type=FILE)
@out_option
@window_options
@causal_option
@stats_option
@reader_options
@second_options
@clock_options
@_reported
def imitation(**given: Any) -> None:
    """How well X (the participant) imitates Y (the model), and how far behind.

    Windowed correlations of every signal of X with every signal of Y at the best lag; negative: X follows Y.

    \b
    Examples:
      bitbox-xr imitation anna_expression.3DI ben_expression.3DI -o anna_ben.nc --width 1.1 --step 0.5
      bitbox-xr imitation both.csv both.csv --face-id 0 --face-id-y 1 -o both.nc --width 4 --lag 1
    """
    _measure(social.imitation, given, {"causal": given["causal"]})


@main.command(**HELP)
@click.argument("x", type=FILE)
@click.argument("y", type=FILE, required=False)
@out_option
@window_options
@stats_option
@reader_options
@second_options
@clock_options
@_reported
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


@main.command(**HELP)
@click.argument("a", type=FILE)
@out_option
@scale_options
@reader_options
@_reported
def expressivity(**given: Any) -> None:
    """How expressive A is, at which tempo: activations of each expression, counted and measured at temporal scales.

    \b
    Examples:
      bitbox-xr expressivity anna.csv -o anna.nc --scales 6
      bitbox-xr expressivity anna.csv -o anna.nc --scales 0.5,1,2 --aggregate
    """
    out = _new_file(given, given["a"])
    x = open_signals(given["a"], **_reader(given))
    options = {name: given[name] for name in ("scales", "aggregate", "robust", "precision")}
    result = expressions.expressivity(x, **options)
    to_netcdf(result, out)
    click.echo(f"{out}: {_liveliest(result)}")


@main.command(**HELP)
@click.argument("manifest", type=FILE)
@click.option("--measure", type=click.Choice(MEASURES), required=True, help="What to measure.")
@click.option("-o", "--out", type=FILE, required=True, help="Folder for the results; what is in it already is kept.")
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Processes.  [default: one a core]")
@click.option("--scheduler", "client", metavar="ADDRESS", help="Of a dask scheduler, tcp://…, whose workers to use.")
@click.option("--windows", is_flag=True, help="Keep every window too: large files.")
@click.option("--pairs", type=click.Choice(["matched", "all"]), default="matched", show_default=True,
              help="Pairs of signals in the summary: of one label, or all.")  # fmt: skip
@click.option("--progress/--no-progress", default=True, show_default=True, help="Show how far it is.")
@window_options
@causal_option
@scale_options
@click.option("--magnitude/--count", default=True, show_default=True, help="Diversity of magnitudes, or of numbers.")
@reader_options
@second_options
@_reported
def cohort(**given: Any) -> None:
    """Measure every recording that MANIFEST names, and put the results into one table.

    MANIFEST is a CSV file with the columns recording (a name), signals and reference (files; X and Y), and covariates.
    Leaves summary.nc, summary.csv, status.csv and a file a recording. Run again, it does what is missing or was made
    from something else. The exit status is 1 where a recording failed.

    \b
    Examples:
      bitbox-xr cohort study.csv --measure imitation --out results --width 1.1 --step 0.5
      bitbox-xr cohort study.csv --measure expressivity --out results --scales 0.5,1,2 --workers 4
    """
    from bitbox_xr import cohort as cohorts

    ctx = click.get_current_context()
    asked = {name: value for name, value in given.items()
             if ctx.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT}  # fmt: skip
    if asked.pop("positive_only", False):
        asked["polarity"] = False
    done = cohorts.run(**asked)
    click.echo(f"{given['out']}: {done.counted}")
    failed = done.status[done.status["state"] == "failed"]
    for row in failed.head(LISTED).itertuples():
        click.echo(f"  {row.recording}: {row.message}", err=True)
    if len(failed):
        click.echo(f"{len(failed)} failed; {given['out'] / 'status.csv'} says why", err=True)
        ctx.exit(1)


@main.command(**HELP)
@click.argument("x", type=FILE)
@click.argument("y", type=FILE, required=False)
@out_option
@click.option("--measure", type=click.Choice(["imitation", "coordination"]), default="imitation", show_default=True)
@click.option("--n", type=int, default=199, show_default=True, help="Number of surrogates; the least p is 1 / (n + 1).")
@click.option("--seed", "rng", type=int, help="Of the surrogates.  [default: another each time; it is in OUT.nc]")
@click.option("--surrogates", type=click.Choice(["shift", "segments", "phase", "partners"]), default="shift",
              show_default=True, help="How Y is made to have nothing to do with X.")  # fmt: skip
@click.option("--partner", "partners", type=FILE, multiple=True, metavar="FILE", help="Another's Y; once for each.")
@click.option("--signed", is_flag=True, help="Test the mean correlation on both sides, not its magnitude.")
@click.option("--pairs", type=click.Choice(["all", "matched"]), default="all", show_default=True,
              help="All pairs of signals, or those of one label.")  # fmt: skip
@click.option("--progress/--no-progress", default=True, show_default=True, help="Show how far it is.")
@window_options
@causal_option
@reader_options
@second_options
@clock_options
@_reported
def significance(**given: Any) -> None:
    """Imitation or coordination of X and Y against chance.

    Writes the mean correlation of every pair of signals, that of surrogates of Y, and p-values: of the pair, and
    corrected over all pairs.

    \b
    Examples:
      bitbox-xr significance anna.csv ben.csv -o chance.nc --n 199 --seed 0 --width 2 --lag 1
      bitbox-xr significance anna.csv ben.csv -o chance.nc --measure coordination --pairs matched
    """
    from bitbox_xr.inference import significance

    x, y = _recordings(given)
    partners = [open_signals(file, **_reader(given, of_y=True)) for file in given["partners"]] or None
    names = ("measure", "n", "rng", "surrogates", "signed", "pairs", "progress", "causal", *WINDOWS)
    options = {name: given[name] for name in names}
    result = significance(x, y, polarity=not given["positive_only"], partners=partners, **options)
    to_netcdf(result, given["out"])
    pairs = int(result["p"].notnull().sum()) // (2 if y is None else 1)  # alone, each pair is there both ways
    found = int((result["p_fwe"] <= 0.05).sum()) // (2 if y is None else 1)
    click.echo(f"{given['out']}: {found} of {pairs} pairs with family-wise p ≤ .05; seed {result.attrs['seed']}")


@main.command(**HELP)
@click.argument("file", type=FILE)
@reader_options
@_reported
def info(file: Path, **given: Any) -> None:
    """What FILE holds: its kind, signals, rate, and how much of it is missing.

    \b
    Examples:
      bitbox-xr info openface.csv
      bitbox-xr info motion.csv --time timestamp --time-unit ms --columns head,hands
    """
    reader = _reader(given)
    opened = open_netcdf(file) if not reader and file.suffix == ".nc" else open_signals(file, **reader)
    lines = _of_result(opened) if isinstance(opened, xr.Dataset) else _of_signals(opened)
    click.echo(file.name)
    width = max(map(len, lines))
    for name, text in lines.items():
        click.echo(f"  {name:<{width}}  {text}")


# --- reading and writing


def _reader(given: Mapping[str, Any], *, of_y: bool = False) -> dict[str, Any]:
    """The options of open_signals() that were given."""
    options = {name: given[name] for name in READER}
    if of_y:
        own = {name: given[f"{name}_y"] for name in OF_Y if given.get(f"{name}_y") is not None}
        if "time" in own:
            options["fps"] = None  # X's would replace the times of Y's own
        options |= own
    return {name: value for name, value in options.items() if value is not None}


def _measure(measure: Command, given: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    x, y = _recordings(given)
    windows = {name: given[name] for name in (*WINDOWS, "stats")}
    result = measure(x, y, polarity=not given["positive_only"], **windows, **options)
    to_netcdf(result, given["out"])
    click.echo(f"{given['out']}: {_summary(result)}")


def _recordings(given: Mapping[str, Any]) -> tuple[xr.DataArray, xr.DataArray | None]:
    """X and Y on one clock, once it is sure that OUT can be written."""
    files = [file for file in (given["x"], given["y"]) if file is not None]
    _new_file(given, *files)
    refuse("options", _two_faults(given))
    x = open_signals(files[0], **_reader(given))
    y = open_signals(files[1], **_reader(given, of_y=True)) if len(files) == 2 else None
    return (x, None) if y is None else _on_one_clock(x, y, given)


def _new_file(given: Mapping[str, Any], *files: Path) -> Path:
    """OUT, which is none of the files that are read."""
    out = _netcdf_file(given["out"])
    if any(out.exists() and file.exists() and out.samefile(file) for file in files):
        raise ValueError(f"{out} is one of the recordings; give --out another name")
    return out


def _netcdf_file(out: Path) -> Path:
    target = destination(out)
    if target.suffix.lower() != ".nc":
        raise ValueError(f"{out}: what is written is NetCDF; give --out a name that ends in .nc")
    return target


def _two_faults(given: Mapping[str, Any]) -> list[str]:
    """Options that ask for what is not there."""
    faults = []
    of_y = [f"--{name.replace('_', '-')}-y" for name in OF_Y if given.get(f"{name}_y") is not None]
    if given["y"] is None and of_y:
        faults.append(f"{', '.join(of_y)}: for Y, and there is none; give X's file again as Y")
    if given["y"] is None and given["align"]:
        faults.append("--align is for X and Y, and there is no Y")
    of_align = [f"--{name}" for name in ("rate", "offset") if given[name] is not None]
    if of_align and not given["align"]:
        faults.append(f"{', '.join(of_align)}: for --align, which was not given")
    return faults


def _on_one_clock(x: xr.DataArray, y: xr.DataArray, given: Mapping[str, Any]) -> tuple[xr.DataArray, xr.DataArray]:
    if given["align"]:
        return align(x, y, fps=given["rate"], offset=given["offset"] or 0.0)
    try:
        shared_clock(x, y)
    except ValueError as error:
        remedy = "on the command line: --align (and --rate FPS where a clock is not regular)"
        raise ValueError(f"{error}\n{remedy}") from error
    return x, y


# --- what is said


def _summary(result: xr.Dataset) -> str:
    """How much was measured, the pairs that have nothing, and the strongest."""
    stats = social.window_stats(result) if "corr" in result else result
    alone, total = "alone" in result.attrs, result.attrs["windows"]
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
    if not result["rate"].notnull().any():
        return f"{size}; no frame is eligible"
    top = result["rate"].isel(result["rate"].argmax(["scale", "coefficient"]))
    where = f"{top['coefficient'].item()} at scale {top['scale_label'].item()}"
    return f"{size}; most often {where}: {top.item():.1f} activations a minute"


def _of_signals(x: xr.DataArray) -> dict[str, str]:
    axis, missing = clock.seconds(x[TIME].values)[0], x.isnull()
    beside = [dim for dim in x.dims if dim != SIGNAL]
    never, constant = missing.all(beside).values, (x.max(beside) == x.min(beside)).values & (len(axis) > 1)
    known = {name: str(x.attrs[name]) for name in ("kind", "units", "backend", "schema", "face_id") if name in x.attrs}
    lines = known | {
        "signals": f"{x.sizes[SIGNAL]}: {_shortened(x[SIGNAL].values)}",
        "frames": str(len(axis)),
        "time": f"{axis[0]:.6g} to {axis[-1]:.6g} s ({axis[-1] - axis[0]:.6g} s)",
        "rate": "none, of a single frame",
        "time from": str(x.attrs.get("time_source", "")),
    }
    if len(axis) > 1:
        lines |= _of_clock(regularity(x), axis)
    lines |= {
        "missing values": f"{float(missing.mean()):.1%}",
        "constant": _shortened(x[SIGNAL].values[constant]),
        "missing": _shortened(x[SIGNAL].values[never]),
    }
    return {name: text for name, text in lines.items() if text}


def _of_clock(report: xr.Dataset, axis: np.ndarray) -> dict[str, str]:
    fps, lost = float(report["fps"]), int(report["lost"].sum())
    rate = f"{checks.counted(fps, 'frame')} a second" if fps > 0 else f"not regular: {checks.irregularity(axis)}"
    if fps > 0:
        rate += ", regular" if report["regular"] else ", with rows missing"
    frames = report["gap_frames"].values[report["gap_frames"].values > 0]
    one = "frame" if len(frames) == 1 and frames[0] == 1 else "frames"
    longest = f"the longest {float(report['longest_gap'].max()):.3g} s"
    return {
        "rate": rate,
        "lost frames": f"{lost} ({lost / (lost + int(report['frames'].sum())):.1%})",
        "gaps": f"{len(frames)} ({checks.listed(frames)} {one}; {longest})" if len(frames) else "none",
    }


def _of_result(result: xr.Dataset) -> dict[str, str]:
    lines = {str(name): str(value) for name, value in result.attrs.items()}
    lines["dimensions"] = ", ".join(f"{dim} {size}" for dim, size in result.sizes.items())
    lines["variables"] = ", ".join(str(name) for name in result.data_vars)
    for dim in ("signal1", "signal2"):
        if dim in result.coords:
            lines[dim] = _shortened(result[dim].values)
    return lines


def _shortened(names: np.ndarray) -> str:
    """The first names and the last."""
    if len(names) <= 8:
        return ", ".join(names)
    return f"{', '.join(names[:5])}, …, {names[-1]}"
