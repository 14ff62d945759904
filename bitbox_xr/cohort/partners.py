"""References of other recordings as partners: the list of all, those that a recording draws, and their signals.

Workers read every reference once before anything is measured. A task then opens the partners that its recording has
drawn. It reads the numbers of a NetCDF file only when they are needed; tables of text are read as a whole.
"""

import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import xarray as xr

from bitbox_xr.cohort.fingerprint import HashedFile, Identity, State, hashed, refreshed, unchanged
from bitbox_xr.cohort.inputs import cut, finished, limits, started
from bitbox_xr.cohort.lost_workers import death_message, task_results
from bitbox_xr.cohort.manifest import Manifest, Recording
from bitbox_xr.cohort.manifest_options import RowOptions
from bitbox_xr.cohort.options import Plan, Study
from bitbox_xr.cohort.reading import Reading
from bitbox_xr.cohort.seeds import seed_of
from bitbox_xr.cohort.status import error_message
from bitbox_xr.core.errors import collected_warnings, refuse
from bitbox_xr.core.validation import listed
from bitbox_xr.core.variables import TIME
from bitbox_xr.inference.partners import on_clock_of
from bitbox_xr.inference.surrogates import picked
from bitbox_xr.io.readers import open_signals

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["Partner", "are_needed", "drawn", "faults", "find", "opened"]

LOG = logging.getLogger(__name__)
PARTNERS_FILE = "partners.json"  # in the run folder

ReadingKey: TypeAlias = tuple[Path | None, Path | None, str]  # the reference, its intervals, its options
Hashed: TypeAlias = tuple[HashedFile, HashedFile | None]  # the reference and its intervals


class Partner(NamedTuple):
    """A reference, and the recording to which it belongs, with its file of intervals, options and covariates."""

    recording: str
    source: HashedFile
    intervals: HashedFile | None
    options: RowOptions
    covariates: Mapping[str, str]

    @property
    def content(self) -> str:
        """SHA-256 of its content, independent of its name."""
        return self.source.identity[0][1]

    @property
    def identity(self) -> list[object]:
        """What a result of which it was a partner was made from: its content and its options."""
        intervals = [] if self.intervals is None else self.intervals.identity
        return [*self.source.identity, *intervals, *([dict(self.options)] if self.options else [])]


def are_needed(plan: Plan) -> bool:
    """Whether recordings need partners."""
    return "partners" in plan.values("surrogates")


def faults(plan: Plan, table: Manifest) -> list[str]:
    """Faults of a manifest without partners for all or some recordings."""
    if not are_needed(plan):
        return []
    if unknown := [name for name in plan.partners_within if name not in table.covariates]:
        known = listed(table.covariates) or "none"
        return [f"expected partners_within to name covariates of the manifest ({known}), got {listed(unknown)}"]
    files: dict[tuple[str, ...], set[Path | None]] = {}
    for row in table.recordings:
        files.setdefault(_stratum(plan, row.covariates), set()).add(row.reference)
    lacking = [" and ".join(stratum) for stratum, found in files.items() if len(found - {None}) < 2]
    if not lacking:
        return []
    where = f" with the same {' and '.join(plan.partners_within)}, got fewer for {listed(lacking)}"
    return [
        f"expected at least two references in the manifest{where if plan.partners_within else ''} for "
        "surrogates='partners', which uses those of other recordings; add more"
    ]


def _stratum(plan: Plan, covariates: Mapping[str, str]) -> tuple[str, ...]:
    """The covariates that a recording and its partners share."""
    return tuple(covariates[name] for name in plan.partners_within)


def find(client: "Client", study: Study, table: Manifest, run_folder: Path) -> None:
    """Write the list of all references that can be read into the run folder; each file is read once.

    Raises ValueError for fewer than two of different content.
    """
    given = [row for row in table.recordings if row.reference is not None]
    first: dict[ReadingKey, Recording] = {}
    for row in given:
        first.setdefault(_reading_key(row), row)
    look = partial(_read_partner, reading=study.reading)
    results = {number: (result, died) for number, result, died in task_results(client, look, list(first.values()))}
    found: dict[ReadingKey, Hashed] = {}
    unread = []
    for number, (key, row) in enumerate(first.items()):
        result, died = results[number]
        if isinstance(result, tuple):
            found[key] = result
        else:
            why = result if isinstance(result, str) else death_message(result, died) or error_message(result)
            unread.append(f"{row.name}: {why}")
    for text in unread:
        LOG.warning("a reference cannot be read and is not used as a partner: %s", text)
    every = [
        Partner(row.name, *found[_reading_key(row)], row.options, row.covariates)
        for row in given
        if _reading_key(row) in found
    ]
    _refuse_too_few(every, unread)
    (run_folder / PARTNERS_FILE).write_text(json.dumps(every), encoding="utf-8")


def _refuse_too_few(every: Sequence[Partner], unread: Sequence[str]) -> None:
    distinct = {one.content for one in every}
    if len(distinct) >= 2:
        return
    first = f" ({unread[0]})" if unread else ""
    number = len(distinct) or "none"
    refuse(
        "cohort",
        [
            "expected at least two references of different content for surrogates='partners', got "
            f"{number} that can be read{first}; add references"
        ],
    )


def _reading_key(row: Recording) -> ReadingKey:
    """References with the same key are the same file, read in the same way."""
    return row.reference, row.intervals, json.dumps(dict(row.options), sort_keys=True)


def _read_partner(row: Recording, reading: Reading) -> Hashed | str:
    """The reference of a recording, or why it cannot be read; its warnings are in the row of that recording."""
    assert row.reference is not None
    with collected_warnings():
        try:
            source = hashed(row.reference)
            with (
                unchanged([source]),
                open_signals(row.reference, **reading.reader(row.options, of_reference=True)) as signals,
            ):
                signals.load()
            used = row.intervals if reading.uses_intervals else None
            return source, None if used is None else hashed(used)
        except Exception as error:  # of any kind: the other references remain
            return error_message(error)


def drawn(plan: Plan, row: Recording, own: list[Identity], run_folder: Path) -> list[Partner]:
    """Draw the partners of a recording as `significance()` draws them from all; `own` are its own files.

    References of equal content count once, since they are one surrogate. A reference with the content of one of the
    recording's files is no partner: it would be compared with itself.
    """
    if not are_needed(plan):
        return []
    contents = {identity[0][1] for identity in own}
    distinct: dict[str, Partner] = {}
    for one in _partner_list(run_folder / PARTNERS_FILE):
        if one.content not in contents and _stratum(plan, one.covariates) == _stratum(plan, row.covariates):
            distinct.setdefault(one.content, one)
    others = list(distinct.values())
    if not others:
        where = f" with the same {' and '.join(plan.partners_within)}" if plan.partners_within else ""
        raise ValueError(
            f"expected a partner, got none: all other references{where} have the content of the recording's own files; "
            "add references"
        )
    return [others[k] for k in picked(len(others), max(plan.values("n")), seed_of(plan.options["rng"], row.name))]


@lru_cache(maxsize=1)
def _partner_list(file: Path) -> list[Partner]:
    found = json.loads(file.read_text(encoding="utf-8"))
    return [
        Partner(name, _restored(source), intervals and _restored(intervals), options, covariates)
        for name, source, intervals, options, covariates in found
    ]


def _restored(found: list[Any]) -> HashedFile:
    """A hashed file that was written as JSON."""
    path, identity, states = found
    return HashedFile(path, identity, [State(*state) for state in states])


@contextmanager
def opened(plan: Plan, partners: list[Partner], row: Recording, x: xr.DataArray) -> Iterator[dict[str, Any]]:
    """Yield the option `partners` of the test of x, of the recording `row`; errors name the partner's recording."""
    if not partners:
        yield {}
        return
    import dask

    with ExitStack() as stack, dask.config.set(scheduler="synchronous"):
        signals = []
        for one in partners:
            try:
                before = refreshed(one.source)
                stack.enter_context(unchanged([before]))  # its numbers are read later
                if one.intervals is not None:
                    stack.enter_context(unchanged([refreshed(one.intervals)]))
                reader = plan.reading.reader(one.options, of_reference=True)
                source = stack.enter_context(open_signals(before.file, **reader))
                signals.append(_beside(x, row, source.chunk(), one, plan.reading))
            except Exception as error:
                raise ValueError(f"partner {one.recording}: {error_message(error)}") from error
        try:
            yield {"partners": signals}
        except ValueError as error:
            named = re.sub(r"partners\[(\d+)\]", lambda k: f"partner {partners[int(k[1])].recording}", str(error))
            raise ValueError(named) from error


def _beside(x: xr.DataArray, row: Recording, signals: xr.DataArray, one: Partner, reading: Reading) -> xr.DataArray:
    """A partner's signals on the time axis of x: both from the start of the recording to which they belong."""
    options = reading.align_options(one.options)
    own = Recording(one.recording, None, options=one.options)
    partner = cut(signals, *limits(own, 0.0 if options is None else options["offset"]))
    partner = started(partner, reading, "reference")
    later = (limits(row)[0] or 0.0) - (limits(own)[0] or 0.0)
    if later:
        partner = partner.assign_coords({TIME: (TIME, partner[TIME].values + later, partner[TIME].attrs)})
    if options is not None:
        partner = on_clock_of(x, partner, **options)
    intervals = None if one.intervals is None else Path(one.intervals.file)
    return finished(partner, reading, "reference", intervals, later).x
