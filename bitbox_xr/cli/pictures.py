"""The command `plot`, which draws a picture of a result or of signals."""

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
import xarray as xr

from bitbox_xr.cli.arguments import (
    OF_INTERVALS,
    annotated,
    by_option,
    checked_out,
    interval_faults,
    opened,
    second,
    unused_options,
)
from bitbox_xr.cli.default_pictures import default_picture
from bitbox_xr.cli.group import main
from bitbox_xr.cli.options import (
    FILE,
    HELP,
    annotation_options,
    reading_options,
    reported,
    scales_option,
    threshold_options,
)
from bitbox_xr.cli.output import PICTURE
from bitbox_xr.cli.selection import part_of, select_option
from bitbox_xr.cli.wording import flags
from bitbox_xr.core.errors import refuse
from bitbox_xr.io.netcdf import destination, open_netcdf, replacing
from bitbox_xr.io.readers import open_signals
from bitbox_xr.io.readers.options import OPEN_OPTIONS, Y_OPTIONS, open_options
from bitbox_xr.plotting.methods import PlotMethods, SignalsPlotMethods

__all__ = ["plot"]

RESULTS = ("found", "chance")  # options that are files with results
# options that are not of a picture, but say which part of which data
OF_COMMAND = {"out", "picture", "select", "dpi", *OPEN_OPTIONS, *Y_OPTIONS, "align", "align_fps", "offset"}
OF_COMMAND |= {"intervals", *OF_INTERVALS}
DATE = {
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None},
}  # equal results make equal files, together with svg.hashsalt


def _names(methods: type) -> list[str]:
    """The pictures of results, or of signals."""
    return [name for name in vars(methods) if not name.startswith("_")]


PICTURES = sorted({*_names(PlotMethods), *_names(SignalsPlotMethods)})


@main.command(short_help="Draw a picture of RESULT.", **HELP)
@click.argument("result", type=FILE)
@click.option(
    "-o", "--out", type=FILE, required=True, metavar="OUT.png",
    help="Picture to write: .png, .svg or .pdf. An existing file is replaced.",
)  # fmt: skip
@click.option(
    "--picture",
    type=click.Choice(PICTURES),
    metavar="NAME",
    help=f"What to draw: {', '.join(PICTURES)}.  [default: the main picture of the result]",
)
@select_option
@click.option("--pair", nargs=2, metavar="SIGNAL1 SIGNAL2", help="The pair of signals.  [default: the strongest pair]")
@click.option("--statistic", metavar="NAME", help="Of a matrix: the variable to draw.")
@click.option("--metric", metavar="NAME", help="Of expressivity: activations_per_minute, frequency, mean, …")
@click.option(
    "--relative/--no-relative", default=None, help="Of expressivity: each coefficient relative to the others."
)
@click.option("--found", type=FILE, metavar="FILE", help="Of significant_pairs: a result of significance.")
@click.option("--chance", type=FILE, metavar="FILE", help="Of lag_profile: a result of surrogate_windows.")
@click.option(
    "--by",
    metavar="NAME",
    help="Of significant_pairs and matched_pairs: which p-value decides (p, p_fwe or q). Of groups, signals and "
    "kinematics: the coordinate with labels.  [default of signals: condition, the labels of --intervals]",
)
@click.option("--y", type=FILE, metavar="FILE", help="Of answers: the recording Y, whose activations X answers.")
@click.option("--min-latency", type=float, metavar="S", help="Of answers: they start later than this.")
@click.option("--max-latency", type=float, metavar="S", help="Of answers: they start until then.")
@click.option("--alpha", type=float, help="Of pictures with p-values: the largest one of a significant pair.")
@click.option("--level", type=float, help="Of pictures with surrogates: share of them in the band.")
@click.option("--variable", metavar="NAME", help="Of groups and specification_curve: the variable to draw.")
@click.option("--coefficient", metavar="NAME", help="Of decomposition: the signal.")
@scales_option
@threshold_options(None)
@click.option("--angular", is_flag=True, default=None, help="Of kinematics: rotation instead of translation.")
@click.option("--vmin", type=float, help="Smallest value of the colours.")
@click.option("--vmax", type=float, help="Largest value of the colours.")
@click.option("--cmap", metavar="NAME", help="Colour map of Matplotlib.")
@click.option(
    "--dpi", type=click.IntRange(10, 2400), default=200, metavar="N", show_default=True, help="Dots per inch of a .png."
)
@annotation_options
@reading_options
@reported
def plot(result: Path, **given: Any) -> None:
    """Draw a picture of RESULT: a result that another command wrote, or a recording.

    A recording is a NetCDF file or one that a tracker wrote, which is read with options such as --fps.

    \b
    Examples:
      bitbox-xr plot imitation.nc -o matrix.png
      bitbox-xr plot imitation.nc -o smile.pdf --picture over_time --pair AU12 AU12
      bitbox-xr plot chance.nc -o play.svg --select condition=play --by q
      bitbox-xr plot results/imitation/summary.nc -o groups.png --select pair=AU12_r \\
        --variable corr_mean --by group
      bitbox-xr plot openface.csv -o signals.png --intervals phases.csv
      bitbox-xr plot openface.csv -o smile.png --coefficient AU12_r --min-rise 0.5
      bitbox-xr plot child.csv -o answers.png --y model.csv --pair AU12_r AU12_r --max-latency 1
    """
    import matplotlib
    from matplotlib import pyplot as plt

    files = [given[name] for name in (*RESULTS, "y") if given[name] is not None]
    out = checked_out(given, result, *files, form=PICTURE)
    refuse("plot", interval_faults(given) + unused_options(given))
    data = _data(result, given)
    default = default_picture(data, given)
    name = given["picture"] or default.name
    stated = (dict(default.options) if name == default.name else {}) | _stated(data, given)
    _checked(name, _method(data, name), data, stated)
    if given["y"] is not None and isinstance(data, xr.DataArray):
        data, stated["y"] = second(data, given["y"], given)
    options = _read(_checked(name, _method(data, name), data, stated), given)
    with matplotlib.rc_context({"backend": "agg", "svg.hashsalt": name}), replacing(destination(out)) as file:
        figure = _method(data, name)(**options).get_figure(root=True)
        figure.savefig(file, dpi=given["dpi"], metadata=DATE.get(out.suffix.lower()))
        plt.close(figure)
    click.echo(f"{out}: {name}")


def _data(result: Path, given: Mapping[str, Any]) -> xr.Dataset | xr.DataArray:
    """The selected part of the result or of the recording, with the labels of --intervals."""
    content = opened(result, given)
    if isinstance(content, xr.DataArray):
        content = annotated(content, given)
    elif given["intervals"] is not None:
        raise ValueError(
            f"expected a recording with --intervals, got the result {result}; measure with --intervals, then draw"
        )
    part: xr.Dataset | xr.DataArray = part_of(content, given["select"])
    return part


def _method(data: xr.Dataset | xr.DataArray, name: str) -> Callable[..., Any]:
    """What draws the picture of these data."""
    methods = PlotMethods(data) if isinstance(data, xr.Dataset) else SignalsPlotMethods(data)
    if name not in _names(type(methods)):
        what = "a result" if isinstance(data, xr.Dataset) else "signals"
        known = ", ".join(_names(type(methods)))
        raise ValueError(f"expected --picture to be one of {what} ({known}), got {name}; choose one of these")
    method: Callable[..., Any] = getattr(methods, name)
    return method


def _stated(data: xr.Dataset | xr.DataArray, given: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a picture that the user gave."""
    stated = {option: value for option, value in given.items() if option not in OF_COMMAND and value is not None}
    if isinstance(data, xr.DataArray) and (by := by_option(given)) is not None:
        stated["by"] = by
    return stated


def _checked(
    name: str, draw: Callable[..., Any], data: xr.Dataset | xr.DataArray, stated: dict[str, Any]
) -> dict[str, Any]:
    """The stated options, which must be options of the picture; a result of significance is its own test."""
    parameters = {key: one for key, one in inspect.signature(draw).parameters.items() if key not in ("ax", "fig")}
    if "found" in parameters and isinstance(data, xr.Dataset) and "surrogate_z" in data:
        stated = {"found": data, **stated}
    faults = []
    if others := [option for option in stated if option not in parameters]:
        known = flags(option for option in parameters if option != "fps") or "none"
        got = f"got {flags(others)}; leave {'them' if len(others) > 1 else 'it'} out, or choose another --picture"
        faults.append(f"expected options of {name} ({known}), {got}")
    needed = [key for key, one in parameters.items() if one.default is inspect.Parameter.empty and key not in stated]
    if needed:
        faults.append(f"expected {flags(needed)} with {name}, got none; add {'them' if len(needed) > 1 else 'it'}")
    refuse("plot", faults)
    return stated


def _read(stated: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The options with the content of the files among them."""
    content = {
        option: open_netcdf(value) if option in RESULTS else open_signals(value, **open_options(given))
        for option, value in stated.items()
        if isinstance(value, Path)
    }
    return stated | content
