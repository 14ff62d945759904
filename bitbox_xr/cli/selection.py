"""The option `--select`, which chooses a part of a result by labels."""

from typing import TypeVar

import click
import numpy as np
import xarray as xr

from bitbox_xr.core.errors import refuse
from bitbox_xr.core.selection import selected, unknown_name

__all__ = ["part_of", "select_option"]

T = TypeVar("T", xr.DataArray, xr.Dataset)
SAME_LABEL = 1e-3  # largest relative difference of a number of --select from the label that it names

select_option = click.option(
    "--select",
    multiple=True,
    metavar="NAME=LABEL",
    help="Part of the result to use, such as condition=play. Can be given several times.",
)


def part_of(data: T, texts: tuple[str, ...]) -> T:
    """The part of a result or of signals that the values of --select name."""
    return selected(data, _labels(data, texts))


def _labels(data: xr.Dataset | xr.DataArray, texts: tuple[str, ...]) -> dict[str, str | float]:
    """What --select asks for; labels of numeric coordinates are numbers."""
    labels: dict[str, str | float] = {}
    faults = []
    for text in texts:
        name, equals, label = text.partition("=")
        if not equals or name not in data.dims:
            known = ", ".join(map(str, data.dims))
            faults.append(f"expected --select to be NAME=LABEL with one of the dimensions {known}, got {text!r}")
        elif not np.issubdtype(data[name].dtype, np.number):
            labels[name] = label
        elif (number := _nearest(label, data[name].values)) is None:
            faults.append(unknown_name(f"a label of {name}", label, [f"{one:g}" for one in data[name].values]))
        else:
            labels[name] = number
    refuse("options", faults)
    return labels


def _nearest(text: str, known: np.ndarray) -> float | None:
    """The label that a text names, which may have fewer digits: 1.008 for 1.00834 s; None without one."""
    try:
        number = float(text)
    except ValueError:
        return None
    if number in known:
        return number
    same = known[np.isclose(known, number, rtol=SAME_LABEL, atol=0.0)]
    return float(same[np.abs(same - number).argmin()]) if len(same) else None
