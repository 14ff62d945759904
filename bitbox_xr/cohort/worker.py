"""The task of a worker for one recording: it takes paths, reads them once, and writes the files of all measures."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import xarray as xr

from bitbox_xr.cohort import partners, seeds
from bitbox_xr.cohort.computation import results
from bitbox_xr.cohort.fingerprint import made_from
from bitbox_xr.cohort.inputs import Inputs
from bitbox_xr.cohort.manifest import Recording
from bitbox_xr.cohort.options import Plan, Study
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
    """A recording, the output folder and the run folder."""

    row: Recording
    paired: bool  # the manifest has references
    annotated: bool  # the manifest has intervals
    out: Path
    run_folder: Path

    @property
    def recording(self) -> str:
        """The recording's name."""
        return self.row.name


class Outcome(NamedTuple):
    """The outcome for one recording: its state by measure, `kept` if the results were up to date."""

    recording: str
    states: dict[str, str]
    message: str
    seconds: float

    @property
    def state(self) -> str:
        """The state of the recording: failed if a measure failed, kept if all results were up to date."""
        found = set(self.states.values())
        return FAILED if FAILED in found else KEPT if found == {KEPT} else DONE


def work(study: Study, job: Job) -> Outcome:
    """Measure a recording unless its results are up to date; errors become the outcome's message."""
    started = time.perf_counter()
    inputs = Inputs(study.reading, job.row)
    states, errors, warned = {}, {}, []
    for plan in study.plans:
        with collected_warnings() as own:
            try:
                states[plan.measure] = _measured(plan, job, inputs, own)
            except Exception as error:  # of any kind: the other measures and recordings go on
                states[plan.measure], errors[plan.measure] = FAILED, error_message(error)
        warned += own
    sentences = [*_messages(errors, len(states)), *inputs.warned(paired=True), *warned]
    message = single_line("; ".join(text for text in dict.fromkeys(sentences) if text))
    return Outcome(job.recording, states, message, time.perf_counter() - started)


def _messages(errors: dict[str, str], measures: int) -> list[str]:
    """The errors of a recording; they name their measure unless all measures have the same one."""
    of: dict[str, list[str]] = {}
    for measure, text in errors.items():
        of.setdefault(text, []).append(measure)
    return [text if len(names) == measures else f"{', '.join(names)}: {text}" for text, names in of.items()]


def _measured(plan: Plan, job: Job, inputs: Inputs, warned: list[str]) -> str:
    """Measure if necessary; `warned` has the warnings so far, which the result keeps for later runs."""
    columns = _columns(plan, job)
    if plan.reading.by is not None and job.annotated and job.row.intervals is None:
        raise ValueError(f"expected a file of intervals for by={plan.reading.by!r}, got an empty cell in the manifest")
    known = [inputs.source(column).identity for column in columns]
    others = partners.drawn(plan, job.row, known, job.run_folder)
    if plan.reading.uses_intervals and job.row.intervals is not None:
        known.append(inputs.source("intervals").identity)
    own = plan.reading.own(job.row.options, with_reference="reference" in columns)
    made = made_from(plan.described(), own, [*known, *(one.identity for one in others)])
    folder = job.out / plan.measure
    targets = {name: result_file(folder, name, job.recording) for name in (RECORDINGS, WINDOWS)}
    expected = [RECORDINGS, WINDOWS] if plan.keep_windows else [RECORDINGS]
    missing = [name for name in expected if read_mark(targets[name]) != made]
    record = Record.of(job.out, job.run_folder)
    if missing:
        measured = _results(plan, job, inputs, others, paired="reference" in columns)
        warned[:0] = inputs.warned(paired="reference" in columns)
        marks = {STAMP: made} | ({WARNINGS: "; ".join(dict.fromkeys(warned))} if warned else {})
        for name in missing:
            with full_disk_reported(job.run_folder, measured[name].nbytes, "its result"):
                write_result(measured[name].assign_attrs(marks), targets[name], record, job.run_folder)
    # windows of other results than those in `recordings`, of this recording's earlier task or of a killed one
    if WINDOWS not in expected and targets[WINDOWS].is_file() and read_mark(targets[WINDOWS]) != made:
        record.delete(targets[WINDOWS])
    if not missing:
        warned.append(read_mark(targets[RECORDINGS], WARNINGS))
    return DONE if missing else KEPT


def _results(
    plan: Plan, job: Job, inputs: Inputs, others: list[partners.Partner], *, paired: bool
) -> dict[str, xr.Dataset]:
    """Measure a recording; returns results by their folder."""
    sides = inputs.sides(paired=paired)
    with partners.opened(plan, others, job.row, sides[0].x) as given:
        measured = results(plan, sides, **given, **seeds.of_recording(plan.options, job.recording))
    marks = {"recording": job.recording, ASKED: plan.described()}
    if others:
        marks["partners"] = json.dumps([one.recording for one in others])
    return {folder: result.assign_attrs(marks) for folder, result in measured.items()}


def _columns(plan: Plan, job: Job) -> list[str]:
    """The files of the manifest that a measure needs."""
    if job.row.signals is None:
        raise ValueError("expected a file of signals, got an empty cell in the manifest; name the file")
    if plan.reference == "unused" or (plan.reference == "optional" and not job.paired):
        return ["signals"]
    if plan.reference == "each":
        return ["signals"] if job.row.reference is None else ["signals", "reference"]
    if job.row.reference is None:
        raise ValueError(f"expected a reference for {plan.compared}, got an empty cell in the manifest; name the file")
    return ["signals", "reference"]
