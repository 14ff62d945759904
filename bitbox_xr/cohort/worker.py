"""What a worker does with one recording: it takes paths and leaves files."""

import errno
import json
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from bitbox_xr.cohort import fingerprint, partners, seeds
from bitbox_xr.cohort.options import Study, results
from bitbox_xr.cohort.record import Record
from bitbox_xr.cohort.status import DONE, FAILED, fault, in_a_line
from bitbox_xr.cohort.storage import ASKED, RECORDINGS, STAMP, WINDOWS, place, put, stamp

__all__ = ["DONE", "FAILED", "KEPT", "Job", "Outcome", "work"]

KEPT = "kept"
TRIAL = 2**24  # bytes that are written to see whether a disk is full


@dataclass(frozen=True)
class Job:
    """A recording, the files it is made from and the folders of its results."""

    recording: str
    signals: Path | None
    reference: Path | None
    paired: bool  # the manifest has references
    out: Path
    parts: Path


class Outcome(NamedTuple):
    """What became of a recording; `kept` where all was there already."""

    recording: str
    state: str
    message: str
    seconds: float


def work(study: Study, job: Job) -> Outcome:
    """Measure a recording, unless its results are there and made from the same; faults are told, not raised."""
    started = time.perf_counter()
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", UserWarning)
        try:
            state, message = _worked(study, job), ""
        except Exception as error:  # whatever it is, the other recordings go on
            state, message = FAILED, fault(error)
    told = [str(one.message) for one in heard if issubclass(one.category, UserWarning)]
    sentences = [text for text in dict.fromkeys([message, *told]) if text]
    return Outcome(job.recording, state, in_a_line("; ".join(sentences)), time.perf_counter() - started)


def _worked(study: Study, job: Job) -> str:
    files = _files(study, job)
    sources = [fingerprint.seen(file) for file in files]
    known = [one.identity for one in sources]
    others = partners.drawn(study, job.recording, known, job.parts)
    made = fingerprint.made_from(study, [*known, *(one.source.identity for one in others)])
    targets = {folder: place(job.out, folder, job.recording) for folder in (RECORDINGS, WINDOWS)}
    wanted = [RECORDINGS, WINDOWS] if study.keep_windows else [RECORDINGS]
    missing = [folder for folder in wanted if stamp(targets[folder]) != made]
    if not missing:
        return KEPT
    with fingerprint.unchanged(sources):
        sides = fingerprint.opened(study, files)
    with partners.opened(study, others, sides[0]) as given:
        made_of_it = results(study, *sides, **given, **seeds.of_recording(study.options, job.recording))
    marks = {"recording": job.recording, ASKED: study.described(), STAMP: made}
    if others:
        marks["partners"] = json.dumps([one.recording for one in others])
    record = Record.of(job.out, job.parts)
    for folder in missing:
        with _full_disk_told(job.parts, made_of_it[folder].nbytes):
            put(made_of_it[folder].assign_attrs(marks), targets[folder], record, job.parts)
    if WINDOWS not in wanted and targets[WINDOWS].is_file() and stamp(targets[WINDOWS]) != made:
        record.delete(targets[WINDOWS])  # windows of other results than those beside them
    return DONE


@contextmanager
def _full_disk_told(parts: Path, size: int) -> Iterator[None]:
    """OSError that says so where a disk has no space for a result, which the NetCDF library calls forbidden."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        try:
            with tempfile.TemporaryFile(dir=parts) as trial:
                trial.write(bytes(min(size, TRIAL)))
        except OSError as found:
            if found.errno != errno.ENOSPC:
                raise error from None
            raise OSError("no space is left on the disk for its result; free some and run again") from error
        raise


def _files(study: Study, job: Job) -> list[Path]:
    """Paths of signals and, where the measure is of two, the reference."""
    if job.signals is None:
        raise ValueError("the manifest names no file of signals for it")
    if study.reference == "unused" or (study.reference == "optional" and not job.paired):
        return [job.signals]
    if job.reference is None:
        raise ValueError(f"the manifest names no reference for it, which {study.compared} needs")
    return [job.signals, job.reference]
