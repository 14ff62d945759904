"""Options that several commands share, and the handling of errors and warnings."""

import functools
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from bitbox_xr.cli.wording import in_words_of, options_of
from bitbox_xr.core.kinds import KINDS
from bitbox_xr.inference.significance import STATISTICS
from bitbox_xr.inference.surrogate_checks import SURROGATES

__all__ = [
    "FILE",
    "HELP",
    "Command",
    "activation_options",
    "annotation_options",
    "causal_option",
    "chance_options",
    "interval_options",
    "magnitude_option",
    "measure_option",
    "out_option",
    "progress_option",
    "reader_options",
    "reading_options",
    "reported",
    "robust_option",
    "scale_options",
    "scales_option",
    "seed_options",
    "signals_out_option",
    "stats_option",
    "tier_options",
    "window_options",
]

HELP: dict[str, Any] = {"context_settings": {"help_option_names": ["-h", "--help"], "max_content_width": 100}}
FILE = click.Path(path_type=Path)

Command = Callable[..., Any]

MAX_DIGITS = 18  # of a column's position: more may not fit into a 64-bit integer


def _name_or_position(ctx: click.Context, option: click.Parameter, text: str | None) -> str | int | None:
    """A column's position where the text is an integer, else its name. 001 is a name."""
    if text is not None and text.isdecimal() and len(text) <= MAX_DIGITS and text == str(int(text)):
        return int(text)
    return text


def _names_or_positions(ctx: click.Context, option: click.Parameter, text: str | None) -> list[str | int | None] | None:
    return None if text is None else [_name_or_position(ctx, option, part.strip()) for part in text.split(",")]


def _scales(ctx: click.Context, option: click.Parameter, text: str | None) -> int | list[float] | None:
    if text is None:
        return None
    if text.isdecimal():
        return int(text)
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        expected = "expected a number of scales, such as 6, or durations in seconds, such as 0.5,1,2"
        raise click.BadParameter(f"{expected}; got {text!r}") from None


def _noise(ctx: click.Context, option: click.Parameter, text: str | None) -> Path | dict[str, str] | None:
    """A file, or a coordinate and its label if the text is NAME=LABEL and there is no such file."""
    if text is None or "=" not in text or Path(text).exists():
        return None if text is None else Path(text)
    name, _, label = text.partition("=")
    return {name: label}


def _separator(ctx: click.Context, option: click.Parameter, text: str | None) -> str | None:
    return "\t" if text in ("\\t", "tab") else text


def _combined(*options: Command) -> Command:
    """Several options as one decorator. The help shows them in this order."""

    def decorate(command: Command) -> Command:
        return functools.reduce(lambda decorated, option: option(decorated), reversed(options), command)

    return decorate


reader_options = _combined(
    click.option("--format", metavar="NAME", help="Format of the file, if it shall not be recognised."),
    click.option(
        "--kind", metavar="KIND", help=f"Kind of signals to read, if the file has several: {', '.join(KINDS)}."
    ),
    click.option(
        "--fps",
        type=float,
        metavar="FPS",
        help="Frames per second of the video, also if the file has only every 2nd frame. "
        "Replaces the times in the file.",
    ),
    click.option(
        "--time",
        metavar="COLUMN",
        callback=_name_or_position,
        help="Column of the times: its name, or its position from 0.",
    ),
    click.option("--time-unit", metavar="UNIT", help="Unit of the times: s (default), ms, us, ns, min, h or d."),
    click.option(
        "--columns",
        metavar="A,B,…",
        callback=_names_or_positions,
        help="Columns of the signals: names, or positions from 0.",
    ),
    click.option(
        "--sep",
        metavar="CHAR",
        callback=_separator,
        help=r"Column separator of a table, such as ; or \t or \s+ (white space).",
    ),
    click.option("--skiprows", type=int, metavar="N", help="Number of lines above the column names."),
    click.option("--face-id", metavar="ID", callback=_name_or_position, help="Face to read, if the file has several."),
    click.option(
        "--min-confidence", type=float, metavar="C", help="Treat frames with a lower tracking confidence as lost."
    ),
)

second_options = _combined(
    click.option(
        "--columns-y", metavar="A,B,…", callback=_names_or_positions, help="--columns of Y, if different from X."
    ),
    click.option("--face-id-y", metavar="ID", callback=_name_or_position, help="--face-id of Y, if different from X."),
)

clock_options = _combined(
    click.option("--fps-y", type=float, metavar="FPS", help="--fps of Y, if different from X."),
    click.option("--time-y", metavar="COLUMN", callback=_name_or_position, help="--time of Y, if different from X."),
    click.option("--align", is_flag=True, help="Put X and Y on one time axis first."),
    click.option(
        "--align-fps",
        type=float,
        metavar="FPS",
        help="With --align: frame rate of both.  [default: the lower of the two]",
    ),
    click.option("--offset", type=float, metavar="S", help="With --align: seconds to add to the times of Y."),
)

# of commands that read X and Y: all options of reading, of both
reading_options = _combined(reader_options, second_options, clock_options)

tier_options = _combined(
    click.option(
        "--tier", multiple=True, metavar="NAME", help="Tier of the annotation to read. Can be given several times."
    ),
    click.option(
        "--label",
        multiple=True,
        metavar="NAME",
        help="Column of the annotation with the labels, or a label to read. Can be given several times.",
    ),
    click.option(
        "--subject",
        multiple=True,
        metavar="NAME",
        help="Subject of the annotation to read. Can be given several times.",
    ),
    click.option("--intervals-format", metavar="NAME", help="Format of the annotation, if it shall not be recognised."),
)

annotation_options = _combined(
    click.option(
        "--intervals",
        type=FILE,
        metavar="FILE",
        help="Annotation of X (ELAN, BORIS, Praat, BIDS, a table, …), to tell the labels of its intervals apart.",
    ),
    tier_options,
)

interval_options = _combined(
    annotation_options,
    click.option(
        "--by",
        metavar="NAME",
        help="Measure each label of this coordinate.  [default: condition, the labels of --intervals]",
    ),
)

seed_options = _combined(
    click.option(
        "--n",
        type=int,
        default=199,
        show_default=True,
        help="Number of surrogates, or fewer if the recording allows no more. The smallest possible p is 1 / (n + 1).",
    ),
    click.option(
        "--seed", "rng", type=int, help="Seed of the surrogates.  [default: random, and stored in the result]"
    ),
)

chance_options = _combined(
    seed_options,
    click.option(
        "--surrogates",
        type=click.Choice(SURROGATES),
        default="shift",
        show_default=True,
        help="How to make surrogates of Y: shift Y in time, permute its intervals (with --by or --intervals), exchange "
        "segments (its windows), draw random phases, or take the Y of partners (other recordings).",
    ),
    click.option(
        "--statistic",
        type=click.Choice(STATISTICS),
        help="Mean of |r| over windows (one-sided test), or mean of r (two-sided, but one-sided with "
        "--no-polarity).  [default: corr_abs_mean, or corr_mean with --no-polarity]",
    ),
)

out_option = click.option(
    "-o",
    "--out",
    type=FILE,
    required=True,
    metavar="OUT",
    help="File to write: NetCDF (.nc), which keeps everything and opens in Python and R, or a table (.csv). An "
    "existing file is replaced.",
)
signals_out_option = click.option(
    "-o",
    "--out",
    type=FILE,
    required=True,
    metavar="OUT.nc",
    help="NetCDF file to write. An existing file is replaced.",
)

progress_option = click.option(
    "--progress/--no-progress", default=None, help="Show a progress bar.  [default: on a terminal only]"
)

window_options = _combined(
    click.option("--width", type=float, default=0.5, show_default=True, help="Length of a window, s."),
    click.option("--step", type=float, help="Time from one window to the next, s.  [default: half the width]"),
    click.option(
        "--max-lag",
        type=float,
        help="Largest shift of a window, s. Lags reach as far in imitation, and twice as far in coordination, where "
        "both windows are shifted.  [default: a quarter of the width]",
    ),
    click.option(
        "--polarity/--no-polarity",
        default=True,
        show_default=True,
        help="Choose the lag with the largest |r| (r keeps its sign), or with the largest r.",
    ),
    click.option(
        "--min-valid",
        type=float,
        default=0.75,
        show_default=True,
        help="Smallest share of valid frames in a window.",
    ),
)

measure_option = click.option(
    "--measure",
    type=click.Choice(["imitation", "coordination"]),
    default="imitation",
    show_default=True,
    help="Whose correlations: x follows y (imitation), or whoever leads (coordination).",
)
causal_option = click.option(
    "--causal/--no-causal",
    default=True,
    show_default=True,
    help="Only lags at which X follows Y, or lags in both directions.",
)
stats_option = click.option(
    "--stats", is_flag=True, help="Write only statistics over windows: a small file, constant memory."
)


def threshold_options(rate: float | None) -> Command:
    """The options that choose activations; `rate` is the default of --false-alarms-per-minute."""
    return _combined(
        click.option(
            "--min-rise",
            type=float,
            metavar="H",
            help="Count only rises of at least this height, in the units of the signals, and a held expression once.  "
            "[default: no limit]",
        ),
        click.option(
            "--false-alarms-per-minute",
            type=float,
            default=rate,
            show_default=rate is not None,
            metavar="RATE",
            help="Count only what Gaussian noise exceeds at most this often per minute.",
        ),
        click.option(
            "--noise",
            metavar="FILE | NAME=LABEL",
            callback=_noise,
            help="With --false-alarms-per-minute: where to measure the noise: a recording of the face at rest, or the "
            "frames with this label.  [default: the recording itself]",
        ),
    )


activation_options = _combined(
    click.option(
        "--scales",
        metavar="N | A,B,…",
        callback=_scales,
        help="Number of scales, or their durations, s; several are aggregated.  [default: 0.5,1,2,4]",
    ),
    threshold_options(1.0),
)

scales_option = click.option(
    "--scales", metavar="N | A,B,…", callback=_scales, help="Of decomposition: number of scales, or their durations, s."
)

scale_options = _combined(
    click.option(
        "--scales",
        metavar="N | A,B,…",
        callback=_scales,
        help="Number of scales, or their durations, s.  [default: no scales, the signal itself]",
    ),
    click.option("--aggregate", is_flag=True, help="Merge the activations of all scales into one list."),
    threshold_options(None),
    click.option(
        "--precision", type=int, default=16, show_default=True, help="The wavelet has 2 ** precision samples."
    ),
)
magnitude_option = click.option(
    "--magnitude/--count",
    default=True,
    show_default=True,
    help="Of diversity: weigh activations by their magnitude, or count them.",
)
robust_option = click.option("--robust", is_flag=True, help="Leave out activations whose magnitudes are outliers.")


def reported(command: Command) -> Command:
    """Show errors and warnings as one message on standard error, without a traceback; errors exit with status 1.

    The messages name options as the command line does.
    """

    @functools.wraps(command)
    def run(**given: Any) -> Any:
        context = click.get_current_context()
        commands = context.find_root().command
        known = commands.commands if isinstance(commands, click.Group) else {}
        translated = functools.partial(in_words_of, options=options_of(context.command), commands=known)
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *rest: click.echo(f"Warning: {translated(str(message))}", err=True)
            try:
                return command(**given)
            except BrokenPipeError:
                raise  # the reader of a pipe has ended, as in `bitbox-xr info … | head`
            except KeyError as error:  # its text is the quoted form of its message
                raise click.ClickException(translated(str(error.args[0]))) from error
            except (ValueError, TypeError, OSError, ImportError) as error:
                raise click.ClickException(translated(str(error))) from error
            except MemoryError as error:
                raise click.ClickException(
                    str(error) or "not enough memory; use fewer signals or shorter recordings"
                ) from error

    return run
