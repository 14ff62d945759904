"""The task of a worker for one recording: it takes paths and writes files."""

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
from bitbox_xr.cohort.status import DONE, FAILED, error_message, single_line
from bitbox_xr.cohort.storage import ASKED, RECORDINGS, STAMP, WINDOWS, read_stamp, result_file, write_result

__all__ = ["DONE", "FAILED", "KEPT", "Job", "Outcome", "work"]

KEPT = "kept"
MAX_TRIAL_BYTES = 2**24  # written to find out whether a disk is full


@dataclass(frozen=True)
class Job:
    """A recording, its input files, the output folder and the run folder."""

    recording: str
    signals: Path | None
    reference: Path | None
    paired: bool  # the manifest has references
    out: Path
    run_folder: Path


class Outcome(NamedTuple):
    """The outcome for one recording; its state is `kept` if all results were up to date."""

    recording: str
    state: str
    message: str
    seconds: float


def work(study: Study, job: Job) -> Outcome:
    """Measure a recording unless its results are up to date; errors become the outcome's message."""
    started = time.perf_counter()
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", UserWarning)
        try:
            state, message = _measured(study, job), ""
        except Exception as error:  # of any kind: the other recordings go on
            state, message = FAILED, error_message(error)
    told = [str(one.message) for one in heard if issubclass(one.category, UserWarning)]
    sentences = [text for text in dict.fromkeys([message, *told]) if text]
    return Outcome(job.recording, state, single_line("; ".join(sentences)), time.perf_counter() - started)


def _measured(study: Study, job: Job) -> str:
    files = _files(study, job)
    sources = [fingerprint.seen(file) for file in files]
    known = [one.identity for one in sources]
    others = partners.drawn(study, job.recording, known, job.run_folder)
    made = fingerprint.made_from(study, [*known, *(one.source.identity for one in others)])
    targets = {folder: result_file(job.out, folder, job.recording) for folder in (RECORDINGS, WINDOWS)}
    expected = [RECORDINGS, WINDOWS] if study.keep_windows else [RECORDINGS]
    missing = [folder for folder in expected if read_stamp(targets[folder]) != made]
    if not missing:
        return KEPT
    with fingerprint.unchanged(sources):
        sides = fingerprint.opened(study, files)
    with partners.opened(study, others, sides[0]) as given:
        measured = results(study, *sides, **given, **seeds.of_recording(study.options, job.recording))
    marks = {"recording": job.recording, ASKED: study.described(), STAMP: made}
    if others:
        marks["partners"] = json.dumps([one.recording for one in others])
    record = Record.of(job.out, job.run_folder)
    for folder in missing:
        with _full_disk_reported(job.run_folder, measured[folder].nbytes):
            write_result(measured[folder].assign_attrs(marks), targets[folder], record, job.run_folder)
    if WINDOWS not in expected and targets[WINDOWS].is_file() and read_stamp(targets[WINDOWS]) != made:
        record.delete(targets[WINDOWS])  # they belong to other results than the ones in `recordings`
    return DONE


@contextmanager
def _full_disk_reported(run_folder: Path, size: int) -> Iterator[None]:
    """Raise an OSError that names a full disk, where the NetCDF library reports a lack of permission."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        try:
            with tempfile.TemporaryFile(dir=run_folder) as trial:
                trial.write(bytes(min(size, MAX_TRIAL_BYTES)))
        except OSError as found:
            if found.errno != errno.ENOSPC:
                raise error from None
            raise OSError("no space is left on the disk for its result; free some and run again") from error
        raise


def _files(study: Study, job: Job) -> list[Path]:
    """Paths of signals and, where the measure is of two, the reference."""
    if job.signals is None:
        raise ValueError("expected a file of signals, got an empty cell in the manifest; name the file")
    if study.reference == "unused" or (study.reference == "optional" and not job.paired):
        return [job.signals]
    if job.reference is None:
        raise ValueError(f"expected a reference for {study.compared}, got an empty cell in the manifest; name the file")
    return [job.signals, job.reference]
