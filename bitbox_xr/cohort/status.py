"""What became of each recording: `status.csv`."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from bitbox_xr.cohort.spreadsheet import guarded, restored
from bitbox_xr.cohort.storage import STATUS, whole

__all__ = ["DONE", "FAILED", "NOT_DONE", "Row", "complete", "fault", "in_a_line", "load", "read_rows", "save"]

DONE, FAILED, NOT_DONE = "done", "failed", "not done"
SPACE = 512  # bytes of a row and its message


class Row(NamedTuple):
    """One recording: done, failed or not done, what there is to say, seconds it took, deaths of workers that had it."""

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


@contextmanager
def complete(rows: dict[str, Row], names: Sequence[str], save: Callable[[], None], parts: Path) -> Iterator[None]:
    """Save a row of every recording before and after a run, however it ends.

    What an earlier run has done is done until its recording is measured again; all others are not done, and if the
    run ends with an error they say which. Space for the last table is kept in a file in `parts`.
    """
    rows |= {name: Row(name, NOT_DONE, "", 0.0, 0) for name in names if name not in rows or rows[name].state != DONE}
    save()
    kept = parts / "space"
    try:
        kept.write_bytes(bytes(SPACE * (len(names) + 100)))
        yield
    except BaseException as error:
        reason = fault(error)
        rows |= {name: row._replace(message=reason) for name, row in rows.items() if row.state == NOT_DONE}
        kept.unlink(missing_ok=True)
        with suppress(OSError):  # the table from the beginning stays, which has all recordings
            save()
        raise
    kept.unlink()
    save()


def save(out: Path, rows: Mapping[str, Row], order: Iterable[str]) -> None:
    """Write the rows that there are, in this order."""
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
