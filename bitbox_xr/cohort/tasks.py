"""What a worker does with one recording: it takes paths and leaves files."""

import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import xarray as xr

from bitbox_xr.cohort.folder import ASKED, RECORDINGS, STAMP, WINDOWS, place, put, stamp
from bitbox_xr.cohort.measures import MEASURES, Study, made_from, results
from bitbox_xr.readers import open_signals

__all__ = ["DONE", "FAILED", "KEPT", "Job", "Outcome", "fault", "work"]

DONE, KEPT, FAILED = "done", "kept", "failed"


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
    return Outcome(job.recording, state, _line("; ".join(sentences)), time.perf_counter() - started)


def fault(error: BaseException) -> str:
    """An error in a line; with its type where its text alone may not tell enough."""
    plain = isinstance(error, ValueError | OSError) and str(error)
    return _line(str(error) if plain else f"{type(error).__name__}: {error}")


def _line(text: str) -> str:
    return " ".join(text.split())


def _worked(study: Study, job: Job) -> str:
    files = _inputs(study, job)
    made = made_from(study, files)
    targets = {folder: place(job.out, folder, job.recording) for folder in (RECORDINGS, WINDOWS)}
    wanted = [RECORDINGS, WINDOWS] if study.windows else [RECORDINGS]
    missing = [folder for folder in wanted if stamp(targets[folder]) != made]
    if not missing:
        return KEPT
    x = _opened(files[0], study.reader)
    y = _opened(files[1], study.reader_of_reference) if len(files) == 2 else None
    made_of_it = results(study, x, y)
    for folder in missing:
        marks = {"recording": job.recording, ASKED: study.described(), STAMP: made}
        put(made_of_it[folder].assign_attrs(marks), targets[folder], job.parts)
    if WINDOWS not in wanted and targets[WINDOWS].is_file() and stamp(targets[WINDOWS]) != made:
        targets[WINDOWS].unlink()  # windows of other results than those beside them
    return DONE


def _inputs(study: Study, job: Job) -> list[Path]:
    """Paths of signals and, where the measure is of two, the reference."""
    if job.signals is None:
        raise ValueError("the manifest names no file of signals for it")
    reference = MEASURES[study.measure].reference
    if reference == "unused" or (reference == "optional" and not job.paired):
        return [job.signals]
    if job.reference is None:
        raise ValueError(f"the manifest names no reference for it, which {study.measure} needs")
    return [job.signals, job.reference]


def _opened(file: Path, reader: dict) -> xr.DataArray:
    x = open_signals(file, **reader)
    x.load()
    x.close()
    return x
