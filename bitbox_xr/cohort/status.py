"""The state of each recording: `status.csv`."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from bitbox_xr.cohort.spreadsheet import guarded, restored
from bitbox_xr.cohort.storage import STATUS

__all__ = ["DONE", "FAILED", "NOT_DONE", "Row", "complete", "error_message", "load", "read_rows", "save", "single_line"]

DONE, FAILED, NOT_DONE = "done", "failed", "not done"
BYTES_PER_ROW = 512  # that are reserved on the disk for a row and its message


class Row(NamedTuple):
    """One recording: its state (done, failed or not done), message, duration in seconds and lost workers.

    `retries` counts the workers that died while they had the recording. `measures` has the state by measure, also of
    measures of earlier runs; each is a column of the table.
    """

    recording: str
    state: str
    message: str
    seconds: float
    retries: int
    measures: Mapping[str, str]

    def with_states(self, states: Mapping[str, str]) -> "Row":
        """The row with the states of some measures."""
        return self._replace(measures={**self.measures, **states})


COLUMNS = Row._fields[:-1]  # and one for each measure


def load(out: Path) -> pd.DataFrame:
    """Read `status.csv` of the output folder; text stays text (a name such as 001, too), without guards."""
    table = pd.read_csv(out / STATUS, dtype=str, keep_default_na=False)
    numbers = {name: kind for name, kind in (("seconds", float), ("retries", int)) if name in table}
    text = {str(name): table[name].map(restored) for name in table.columns if name not in numbers}
    return table.assign(**text).astype(numbers)


def read_rows(out: Path) -> dict[str, Row]:
    """Return the rows of `status.csv` by recording; none if it cannot be read."""
    try:
        table = load(out)
        measures = [name for name in table.columns if name not in COLUMNS]
        plain = table[[*COLUMNS]].itertuples(index=False)
        states = table[measures].to_dict("records")
        return {
            name: Row(name, state, message, seconds, retries, {str(key): str(value) for key, value in own.items()})
            for (name, state, message, seconds, retries), own in zip(plain, states, strict=True)
        }
    except (OSError, ValueError, TypeError, KeyError):
        return {}


@contextmanager
def complete(
    rows: dict[str, Row], names: Sequence[str], measures: Sequence[str], save: Callable[[], None], run_folder: Path
) -> Iterator[None]:
    """Save a row of every recording before a run and after it, even if it ends with an error.

    A recording that an earlier run measured stays done until it is measured again. All others begin as not done. If
    the run ends with an error, their message is that error. A file in `run_folder` reserves space on the disk for the
    last table.
    """
    rows |= {name: _begun(name, rows.get(name), measures) for name in names}
    save()
    reserved = run_folder / "space"
    try:
        reserved.write_bytes(bytes(BYTES_PER_ROW * (len(names) + 100)))
        yield
    except BaseException as error:
        reason = error_message(error)
        rows |= {name: row._replace(message=reason) for name, row in rows.items() if row.state == NOT_DONE}
        reserved.unlink(missing_ok=True)
        with suppress(OSError):  # a full disk or a foreign status.csv: the first error is the one to report
            save()
        raise
    reserved.unlink()
    save()


def _begun(name: str, row: Row | None, measures: Sequence[str]) -> Row:
    """The row of a recording before a run of these measures."""
    before = row or Row(name, NOT_DONE, "", 0.0, 0, {})
    states = {measure: DONE if before.measures.get(measure) == DONE else NOT_DONE for measure in measures}
    state = DONE if set(states.values()) == {DONE} else NOT_DONE
    begun = before if state == before.state == DONE else Row(name, state, "", 0.0, 0, before.measures)
    return begun.with_states(states)


def save(out: Path, rows: Mapping[str, Row], order: Iterable[str]) -> None:
    """Write `status.csv` into a folder: the rows of the recordings in `order`."""
    with (out / STATUS).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        present = [row for row in map(rows.get, order) if row is not None]
        measures = [*dict.fromkeys(measure for row in present for measure in row.measures)]
        writer.writerow((*COLUMNS, *measures))
        for row in present:
            states = (row.measures.get(measure, NOT_DONE) for measure in measures)
            writer.writerow((*map(guarded, row[:3]), f"{row.seconds:.3f}", row.retries, *states))


def error_message(error: BaseException) -> str:
    """An error as one line: its text, after its type unless the text of such errors is clear by itself."""
    text, kind = str(error), type(error).__name__
    if not text:
        return kind
    return single_line(text if isinstance(error, ValueError | OSError) else f"{kind}: {text}")


def single_line(text: str) -> str:
    """The text without line breaks, as UTF-8 can hold it: a path may have bytes that are not."""
    return " ".join(text.split()).encode("utf-8", "backslashreplace").decode("utf-8")
