"""References of other recordings as partners: the list of all, those that a recording draws, and their signals.

Workers read every reference once before anything is measured. A task then opens the partners that its recording has
drawn. It reads the numbers of a NetCDF file only when they are needed; tables of text are read as a whole.
"""

import json
import logging
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import xarray as xr

from bitbox_xr.cohort.fingerprint import HashedFile, Identity, State, hashed, refreshed, unchanged
from bitbox_xr.cohort.lost_workers import death_message, task_results
from bitbox_xr.cohort.manifest import Manifest
from bitbox_xr.cohort.options import Study
from bitbox_xr.cohort.seeds import seed_of
from bitbox_xr.cohort.status import error_message
from bitbox_xr.core.errors import collected_warnings, refuse
from bitbox_xr.inference.partners import on_clock_of
from bitbox_xr.inference.surrogates import picked
from bitbox_xr.io.readers import open_signals

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["Partner", "are_needed", "drawn", "faults", "find", "opened"]

LOG = logging.getLogger(__name__)
PARTNERS_FILE = "partners.json"  # in the run folder


class Partner(NamedTuple):
    """A reference, and the recording to which it belongs."""

    recording: str
    source: HashedFile

    @property
    def content(self) -> str:
        """SHA-256 of its content, independent of its name."""
        return self.source.identity[0][1]


def are_needed(study: Study) -> bool:
    """Whether recordings need partners."""
    return study.options.get("surrogates") == "partners"


def faults(study: Study, table: Manifest) -> list[str]:
    """Fault of a manifest without partners."""
    if not are_needed(study) or len({*(table.references or [])} - {None}) > 1:
        return []
    return [
        "expected at least two references in the manifest for surrogates='partners', which uses those of other "
        "recordings; add more"
    ]


def find(client: "Client", study: Study, table: Manifest, run_folder: Path) -> None:
    """Write the list of all partners into the run folder.

    References of equal content count once, since they are one surrogate. Raises ValueError for fewer than two.
    """
    assert table.references is not None
    files: dict[Path, str] = {}
    for recording, file in zip(table.names, table.references, strict=True):
        if file is not None:
            files.setdefault(file, recording)
    look = partial(_read_partner, reader=study.reader_of_reference)
    results = {
        number: (result, died) for number, result, died in task_results(client, look, list(files.values()), list(files))
    }
    found = [results[number] for number in range(len(files))]
    unread = [one for one, _ in found if isinstance(one, str)]
    unread += [f"{recording}: {death_message(one, died) or error_message(one)}"
               for (one, died), recording in zip(found, files.values(), strict=True)
               if isinstance(one, Exception)]  # fmt: skip
    for text in unread:
        LOG.warning("a reference cannot be read and is not used as a partner: %s", text)
    distinct: dict[str, Partner] = {}
    for one, _ in found:
        if isinstance(one, Partner):
            distinct.setdefault(one.content, one)
    if len(distinct) < 2:
        first = f" ({unread[0]})" if unread else ""
        number = len(distinct) or "none"
        refuse(
            "cohort",
            [
                "expected at least two references of different content for surrogates='partners', got "
                f"{number} that can be read{first}; add references"
            ],
        )
    (run_folder / PARTNERS_FILE).write_text(json.dumps(list(distinct.values())), encoding="utf-8")


def _read_partner(recording: str, file: Path, reader: dict[str, Any]) -> Partner | str:
    """The reference of a recording, or why it cannot be read; its warnings are in the row of that recording."""
    with collected_warnings():
        try:
            source = hashed(file)
            with unchanged([source]), open_signals(file, **reader) as signals:
                signals.load()
            return Partner(recording, source)
        except Exception as error:  # of any kind: the other references remain
            return f"{recording}: {error_message(error)}"


def drawn(study: Study, recording: str, own: list[Identity], run_folder: Path) -> list[Partner]:
    """Draw the partners of a recording as `significance()` draws them from all; `own` are its own files.

    A reference with the content of one of the recording's files is no partner: it would be compared with itself.
    """
    if not are_needed(study):
        return []
    contents = {identity[0][1] for identity in own}
    others = [one for one in _partner_list(run_folder / PARTNERS_FILE) if one.content not in contents]
    if not others:
        raise ValueError(
            "expected a partner, got none: all other references have the content of the recording's own files; "
            "add references"
        )
    return [others[k] for k in picked(len(others), study.options["n"], seed_of(study.options["rng"], recording))]


@lru_cache(maxsize=1)
def _partner_list(file: Path) -> list[Partner]:
    found = json.loads(file.read_text(encoding="utf-8"))
    return [
        Partner(recording, HashedFile(path, identity, [State(*state) for state in states]))
        for recording, (path, identity, states) in found
    ]


@contextmanager
def opened(study: Study, partners: list[Partner], x: xr.DataArray) -> Iterator[dict[str, Any]]:
    """Yield the option `partners` of `significance()` for the test of x; errors name the partner's recording."""
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
                source = stack.enter_context(open_signals(before.file, **study.reader_of_reference))
                partner = source.chunk()
                signals.append(partner if study.align is None else on_clock_of(x, partner, **study.align))
            except Exception as error:
                raise ValueError(f"partner {one.recording}: {error_message(error)}") from error
        try:
            yield {"partners": signals}
        except ValueError as error:
            named = re.sub(r"partners\[(\d+)\]", lambda k: f"partner {partners[int(k[1])].recording}", str(error))
            raise ValueError(named) from error
