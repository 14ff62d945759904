"""The task of a worker for one recording: it takes paths and writes files."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import xarray as xr

from bitbox_xr.cohort import fingerprint, partners, seeds
from bitbox_xr.cohort.options import Study, results
from bitbox_xr.cohort.record import Record
from bitbox_xr.cohort.status import DONE, FAILED, error_message, single_line
from bitbox_xr.cohort.storage import (
    ASKED,
    RECORDINGS,
    STAMP,
    WARNINGS,
    WINDOWS,
    full_disk_reported,
    read_mark,
    result_file,
    write_result,
)
from bitbox_xr.core.errors import collected_warnings

__all__ = ["DONE", "FAILED", "KEPT", "Job", "Outcome", "work"]

KEPT = "kept"


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
    with collected_warnings() as warned:
        try:
            state, message = _measured(study, job, warned), ""
        except Exception as error:  # of any kind: the other recordings go on
            state, message = FAILED, error_message(error)
    sentences = [text for text in dict.fromkeys([message, *warned]) if text]
    return Outcome(job.recording, state, single_line("; ".join(sentences)), time.perf_counter() - started)


def _measured(study: Study, job: Job, warned: list[str]) -> str:
    """Measure if necessary; `warned` has the warnings so far, which the result keeps for later runs."""
    files = _files(study, job)
    sources = [fingerprint.hashed(file) for file in files]
    known = [one.identity for one in sources]
    others = partners.drawn(study, job.recording, known, job.run_folder)
    made = fingerprint.made_from(study, [*known, *(one.source.identity for one in others)])
    targets = {folder: result_file(job.out, folder, job.recording) for folder in (RECORDINGS, WINDOWS)}
    expected = [RECORDINGS, WINDOWS] if study.keep_windows else [RECORDINGS]
    missing = [folder for folder in expected if read_mark(targets[folder]) != made]
    record = Record.of(job.out, job.run_folder)
    if missing:
        measured = _results(study, job, files, sources, others)
        marks = {STAMP: made} | ({WARNINGS: "; ".join(dict.fromkeys(warned))} if warned else {})
        for folder in missing:
            with full_disk_reported(job.run_folder, measured[folder].nbytes, "its result"):
                write_result(measured[folder].assign_attrs(marks), targets[folder], record, job.run_folder)
    # windows of other results than those in `recordings`, of this recording's earlier task or of a killed one
    if WINDOWS not in expected and targets[WINDOWS].is_file() and read_mark(targets[WINDOWS]) != made:
        record.delete(targets[WINDOWS])
    if not missing:
        warned.append(read_mark(targets[RECORDINGS], WARNINGS))
    return DONE if missing else KEPT


def _results(
    study: Study, job: Job, files: list[Path], sources: list[fingerprint.HashedFile], others: list[partners.Partner]
) -> dict[str, xr.Dataset]:
    """Read the files of a recording and measure it; returns results by their folder."""
    with fingerprint.unchanged(sources):
        sides = fingerprint.opened(study, files)
    with partners.opened(study, others, sides[0]) as given:
        measured = results(study, *sides, **given, **seeds.of_recording(study.options, job.recording))
    marks = {"recording": job.recording, ASKED: study.described()}
    if others:
        marks["partners"] = json.dumps([one.recording for one in others])
    return {folder: result.assign_attrs(marks) for folder, result in measured.items()}


def _files(study: Study, job: Job) -> list[Path]:
    """Paths of signals and, where the measure is of two, the reference."""
    if job.signals is None:
        raise ValueError("expected a file of signals, got an empty cell in the manifest; name the file")
    if study.reference == "unused" or (study.reference == "optional" and not job.paired):
        return [job.signals]
    if job.reference is None:
        raise ValueError(f"expected a reference for {study.compared}, got an empty cell in the manifest; name the file")
    return [job.signals, job.reference]
