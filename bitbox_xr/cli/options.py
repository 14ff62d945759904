"""The options that several commands have, and how a command tells what went wrong."""

import functools
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from bitbox_xr.core.signal_names import KINDS
from bitbox_xr.inference.significance import STATISTICS
from bitbox_xr.inference.surrogates import SURROGATES

__all__ = [
    "FILE",
    "HELP",
    "Command",
    "causal_option",
    "chance_options",
    "clock_options",
    "out_option",
    "progress_option",
    "reader_options",
    "reported",
    "scale_options",
    "second_options",
    "stats_option",
    "window_options",
]

HELP: dict[str, Any] = {"context_settings": {"help_option_names": ["-h", "--help"], "max_content_width": 100}}
FILE = click.Path(path_type=Path)

Command = Callable[..., Any]


def _name_or_position(ctx: click.Context, option: click.Parameter, text: str | None) -> Any:
    number = text is not None and text.isdecimal() and len(text) < 19 and text == str(int(text))  # 001 is a name
    return int(text) if number and text is not None else text


def _names_or_positions(ctx: click.Context, option: click.Parameter, text: str | None) -> Any:
    return None if text is None else [_name_or_position(ctx, option, part.strip()) for part in text.split(",")]


def _scales(ctx: click.Context, option: click.Parameter, text: str | None) -> Any:
    if text is None or text.isdecimal():
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
    click.option("--time-unit", metavar="UNIT", help="Unit of the times: s (default), ms, us, ns, min, h or d."),
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
    click.option(
        "--align-fps", type=float, metavar="FPS", help="With --align: of both.  [default: the lower of the two]"
    ),
    click.option("--offset", type=float, metavar="S", help="With --align: seconds added to Y's times."),
)

chance_options = _all(
    click.option(
        "--n", type=int, default=199, show_default=True, help="Number of surrogates; the least p is 1 / (n + 1)."
    ),
    click.option("--seed", "rng", type=int, help="Of the surrogates.  [default: drawn, and kept with what is written]"),
    click.option(
        "--surrogates",
        type=click.Choice(SURROGATES),
        default="shift",
        show_default=True,
        help="How Y is made to have nothing to do with X.",
    ),
    click.option(
        "--statistic",
        type=click.Choice(STATISTICS),
        help="Mean of |r|, tested one-sided, or of r, tested two-sided.  [default: of |r|]",
    ),
)

out_option = click.option(
    "-o", "--out", type=FILE, required=True, metavar="OUT.nc", help="NetCDF file to write, or replace."
)

progress_option = click.option(
    "--progress/--no-progress", default=None, help="Show a progress bar.  [default: on a terminal]"
)

window_options = _all(
    click.option("--width", type=float, default=0.5, show_default=True, help="Length of a window, s."),
    click.option("--step", type=float, help="From one window to the next, s.  [default: half a width]"),
    click.option("--max-lag", type=float, help="Largest lag, s.  [default: a quarter of the width]"),
    click.option(
        "--polarity/--no-polarity",
        default=True,
        show_default=True,
        help="Lag of the largest |r|, its sign kept, or of the largest r.",
    ),
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


def reported(command: Command) -> Command:
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
            except MemoryError as error:
                raise click.ClickException(str(error) or "this takes more memory than there is") from error

    return run
