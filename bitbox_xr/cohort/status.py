"""What became of each recording: `status.csv`."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from bitbox_xr.cohort.spreadsheet import guarded, restored
from bitbox_xr.cohort.storage import STATUS, whole

__all__ = ["Row", "fault", "in_a_line", "load", "read_rows", "save"]


class Row(NamedTuple):
    """One recording: state done or failed, what there is to say, seconds it took, deaths of workers that had it."""

    recording: str
    state: str
    message: str
    seconds: float
    retries: int


def load(out: Path) -> pd.DataFrame:
    """The table; text stays text, also where a recording is called 001, and is as it was before `save()` guarded it."""
    text = dict.fromkeys(("recording", "state", "message"), str)
    table = pd.read_csv(out / STATUS, dtype=text, keep_default_na=False)
    return table.assign(**{name: table[name].map(restored) for name in text if name in table})


def read_rows(out: Path) -> dict[str, Row]:
    """What the run before left, by recording; nothing where that cannot be read."""
    try:
        return {name: Row(name, *rest) for name, *rest in load(out)[[*Row._fields]].itertuples(index=False)}
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def save(out: Path, rows: Mapping[str, Row], order: Iterable[str]) -> None:
    """Write the rows there are, in this order."""
    with whole(out / STATUS) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(Row._fields)
        for row in filter(None, map(rows.get, order)):
            writer.writerow((*map(guarded, row[:3]), f"{row.seconds:.3f}", row.retries))


def fault(error: BaseException) -> str:
    """An error in a line; with its type where its text alone may not tell enough."""
    plain = isinstance(error, ValueError | OSError) and str(error)
    return in_a_line(str(error) if plain else f"{type(error).__name__}: {error}")


def in_a_line(text: str) -> str:
    """The same without breaks of lines."""
    return " ".join(text.split())
