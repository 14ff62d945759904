"""The command line: `bitbox-xr demo`, `imitation`, `coordination`, `info`."""

import functools
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
import numpy as np
import xarray as xr

from bitbox_xr import __version__, checks, clock, social
from bitbox_xr.netcdf import destination, open_netcdf, to_netcdf
from bitbox_xr.readers import open_signals
from bitbox_xr.schemas import KINDS, SIGNAL, TIME

__all__ = ["main"]

HELP: dict[str, Any] = {"context_settings": {"help_option_names": ["-h", "--help"], "max_content_width": 100}}
FILE = click.Path(path_type=Path)
READER = ("kind", "fps", "time", "time_unit", "columns", "sep", "skiprows", "face_id", "min_confidence")
OF_Y = ("columns", "face_id")  # what one file with two people needs twice

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

window_options = _all(
    click.option("-o", "--out", type=FILE, required=True, metavar="OUT.nc", help="NetCDF file to write, or replace."),
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
    click.option("--stats", is_flag=True, help="Statistics over windows only: a small file, constant memory."),
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
    """Make two recordings with known imitation, and find it.

    Writes both recordings, the results as NetCDF and a picture, and prints who was made to follow whom, by how
    many frames, beside what was found.

    \b
    Example:
      bitbox-xr demo --out demo
    """
    from bitbox_xr.demo import FILES, run

    table = run(out, seed=seed, minutes=minutes)
    click.echo(f"{'participant':<12} {'follows':<8} {'sign':>4} {'planted':>11} {'found':>11} {'correlation':>12}")
    for row in table.to_dict("records"):
        planted, found = (f"{row[name]:+d} frames" for name in ("planted_frames", "found_frames"))
        who = f"{row['participant']:<12} {row['model']:<8} {'+' if row['sign'] > 0 else '-':>4}"
        click.echo(f"{who} {planted:>11} {found:>11} {row['correlation']:>+12.2f}")
    exact = int((table["planted_frames"] == table["found_frames"]).sum())
    click.echo(f"\n{exact} of {len(table)} lags found to the frame (negative: the participant follows the model).")
    click.echo(f"In {out}: {', '.join(FILES)}")


@main.command(**HELP)
@click.argument("x", type=FILE)
@click.argument("y", type=FILE)
@window_options
@click.option("--causal/--no-causal", default=True, show_default=True, help="Only lags at which X follows Y, or both.")
@reader_options
@second_options
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
@window_options
@reader_options
@second_options
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
        options |= {name: given[f"{name}_y"] for name in OF_Y if given[f"{name}_y"] is not None}
    return {name: value for name, value in options.items() if value is not None}


def _measure(measure: Command, given: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    out = destination(given["out"])
    files = [file for file in (given["x"], given["y"]) if file is not None]
    if any(out.exists() and file.exists() and out.samefile(file) for file in files):
        raise ValueError(f"{out} is one of the recordings; give --out another name")
    if len(files) == 1 and any(given[f"{name}_y"] is not None for name in OF_Y):
        raise ValueError("--columns-y and --face-id-y are for Y, and there is none; give X's file again as Y")
    x = open_signals(files[0], **_reader(given))
    y = open_signals(files[1], **_reader(given, of_y=True)) if len(files) == 2 else None
    windows = {name: given[name] for name in ("width", "step", "lag", "min_valid", "stats")}
    result = measure(x, y, polarity=not given["positive_only"], **windows, **options)
    to_netcdf(result, out)
    click.echo(f"{out}: {_summary(result, alone=y is None)}")


# --- what is said


def _summary(result: xr.Dataset, *, alone: bool) -> str:
    stats = social.window_stats(result) if "corr" in result else result
    rows, columns = stats["corr_mean"].shape
    text = f"{rows} × {columns} signals, {result.attrs['windows']} windows of {result.attrs['width']:.3g} s"
    strength = abs(stats["corr_mean"]).fillna(-1).values
    if alone:
        np.fill_diagonal(strength, -1)  # each signal with itself
    row, column = np.unravel_index(int(strength.argmax()), strength.shape)
    if strength[row, column] < 0:
        return f"{text}; no pair has a correlation"
    best = stats.isel(signal1=row, signal2=column)
    pair = f"{best['signal1'].item()} of x with {best['signal2'].item()} of y"
    figures = f"mean correlation {best['corr_mean'].item():.2f}, mean lag {best['corr_lag'].item():+.2f} s"
    return f"{text}; strongest {pair}: {figures}"


def _of_signals(x: xr.DataArray) -> dict[str, str]:
    axis, missing = clock.seconds(x[TIME].values)[0], x.isnull()
    lost = missing.all([dim for dim in x.dims if dim != TIME]).values
    never = x[SIGNAL].values[missing.all([dim for dim in x.dims if dim != SIGNAL]).values]
    rate = clock.regular_rate(axis)
    known = {name: str(x.attrs[name]) for name in ("kind", "units", "backend", "schema", "face_id") if name in x.attrs}
    lines = known | {
        "signals": f"{x.sizes[SIGNAL]}: {_shortened(x[SIGNAL].values)}",
        "frames": str(len(axis)),
        "time": f"{axis[0]:.6g} to {axis[-1]:.6g} s ({axis[-1] - axis[0]:.6g} s)",
        "rate": _rate_text(axis, rate),
        "time from": str(x.attrs.get("time_source", "")),
        "lost frames": f"{int(lost.sum())} ({lost.mean():.1%})",
        "gaps": _gaps(lost, rate),
        "missing values": f"{float(missing.mean()):.1%}",
        "never present": _shortened(never),
    }
    return {name: text for name, text in lines.items() if text}


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


def _rate_text(axis: np.ndarray, rate: float | None) -> str:
    if len(axis) < 2:
        return "none, of a single frame"
    return f"{rate:g} frames a second, regular" if rate else f"not regular: {checks.irregularity(axis)}"


def _gaps(lost: np.ndarray, rate: float | None) -> str:
    """Number and lengths of the runs of lost frames."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], lost, [False]]).astype(np.int8)))
    lengths = edges[1::2] - edges[::2]
    if not len(lengths):
        return "none"
    longest = f"; the longest {lengths.max() / rate:.3g} s" if rate else ""
    return f"{len(lengths)} ({checks.listed(lengths)} frames{longest})"
