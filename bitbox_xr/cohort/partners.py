"""References of other recordings as partners: which there are, which a recording draws, and their signals.

Workers look at every reference once, before anything is measured. A task then opens those that its recording has
drawn, and reads the numbers of each (of NetCDF files; others are tables, read as a whole) when its turn comes.
"""

import json
import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import xarray as xr

from bitbox_xr.cohort.cluster import answers, told_of_death
from bitbox_xr.cohort.fingerprint import Identity, Seen, State, seen, seen_again, unchanged
from bitbox_xr.cohort.manifest import Manifest
from bitbox_xr.cohort.options import Study
from bitbox_xr.cohort.seeds import seed_of
from bitbox_xr.cohort.status import fault
from bitbox_xr.core.errors import refuse
from bitbox_xr.inference.partners import on_clock_of
from bitbox_xr.inference.surrogates import picked
from bitbox_xr.io.readers import open_signals

__all__ = ["Partner", "drawn", "faults", "find", "opened", "wanted"]

LOG = logging.getLogger(__name__)
FOUND = "partners.json"  # in the folder of files in the making


class Partner(NamedTuple):
    """A reference, and the recording that has it."""

    recording: str
    source: Seen

    @property
    def content(self) -> str:
        """What it holds, whatever it is called."""
        return self.source.identity[0][1]


def wanted(study: Study) -> bool:
    """Whether recordings need partners."""
    return study.options.get("surrogates") == "partners"


def faults(study: Study, table: Manifest) -> list[str]:
    """Whether the manifest has partners at all."""
    if not wanted(study) or len({*(table.references or [])} - {None}) > 1:
        return []
    return ["surrogates='partners' takes the references of other recordings, and the manifest has no two; name more"]


def find(client: Any, study: Study, table: Manifest, parts: Path) -> None:
    """Leave a list of all partners where tasks find it.

    Each content counts once, however many recordings have it: it is a single surrogate. ValueError where there are
    not two.
    """
    assert table.references is not None
    files: dict[Path, str] = {}
    for recording, file in zip(table.names, table.references, strict=True):
        if file is not None:
            files.setdefault(file, recording)
    look = partial(_looked_at, reader=study.reader_of_reference)
    told = {number: rest for number, *rest in answers(client, look, list(files.values()), list(files))}
    found = [told[number] for number in range(len(files))]
    unread = [one for one, _ in found if isinstance(one, str)]
    unread += [f"{recording}: {told_of_death(one, died) or fault(one)}"
               for (one, died), recording in zip(found, files.values(), strict=True)
               if isinstance(one, Exception)]  # fmt: skip
    for text in unread:
        LOG.warning("a reference that cannot be read is nobody's partner: %s", text)
    distinct: dict[str, Partner] = {}
    for one, _ in found:
        if isinstance(one, Partner):
            distinct.setdefault(one.content, one)
    if len(distinct) < 2:
        first = f" ({unread[0]})" if unread else ""
        refuse("cohort", [f"surrogates='partners': no two references that can be read have unlike content{first}"])
    (parts / FOUND).write_text(json.dumps(list(distinct.values())), encoding="utf-8")


def _looked_at(recording: str, file: Path, reader: dict[str, Any]) -> Partner | str:
    """The reference of a recording, or why it cannot be read; warnings are told in the row of that recording."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            source = seen(file)
            with unchanged([source]), open_signals(file, **reader) as signals:
                signals.load()
            return Partner(recording, source)
        except Exception as error:  # whatever it is, there are others
            return f"{recording}: {fault(error)}"


def drawn(study: Study, recording: str, own: list[Identity], parts: Path) -> list[Partner]:
    """The partners of a recording, as `significance()` would draw them of all; `own` are the files of its two sides.

    What has the content of one of these is no partner: it would be compared with itself.
    """
    if not wanted(study):
        return []
    contents = {identity[0][1] for identity in own}
    others = [one for one in _found(parts / FOUND) if one.content not in contents]
    if not others:
        raise ValueError("there is no partner for it: all other references have the content of its own files")
    return [others[k] for k in picked(len(others), study.options["n"], seed_of(study.options["rng"], recording))]


@lru_cache(maxsize=1)
def _found(file: Path) -> list[Partner]:
    found = json.loads(file.read_text(encoding="utf-8"))
    return [
        Partner(recording, Seen(path, identity, [State(*state) for state in states]))
        for recording, (path, identity, states) in found
    ]


@contextmanager
def opened(study: Study, partners: list[Partner], x: xr.DataArray) -> Iterator[dict[str, Any]]:
    """The partners as an option of `significance()`, for x as it is tested; faults call them by name."""
    if not partners:
        yield {}
        return
    import dask

    with ExitStack() as stack, dask.config.set(scheduler="synchronous"):
        signals = []
        for one in partners:
            try:
                before = seen_again(one.source)
                stack.enter_context(unchanged([before]))  # its numbers are read when its turn comes
                source = stack.enter_context(open_signals(before.file, **study.reader_of_reference))
                partner = source.chunk()
                signals.append(partner if study.align is None else on_clock_of(x, partner, **study.align))
            except Exception as error:
                raise ValueError(f"partner {one.recording}: {fault(error)}") from error
        try:
            yield {"partners": signals}
        except ValueError as error:
            named = re.sub(r"partners\[(\d+)\]", lambda k: f"partner {partners[int(k[1])].recording}", str(error))
            raise ValueError(named) from error
