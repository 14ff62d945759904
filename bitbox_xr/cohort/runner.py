"""Runs a cohort: one task a recording, their outcomes as they come, the summary of all that is done."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any

import pandas as pd

from bitbox_xr.cohort import blocks, partners, seeds, status, summary, targets
from bitbox_xr.cohort.cluster import answers, connected, told_of_death, worker_faults
from bitbox_xr.cohort.manifest import Manifest, read
from bitbox_xr.cohort.options import MEASURES, Study, clashes, planned
from bitbox_xr.cohort.record import Record
from bitbox_xr.cohort.results import Cohort, open_cohort
from bitbox_xr.cohort.status import DONE, FAILED
from bitbox_xr.cohort.storage import RECORDINGS, STATUS, SUMMARY, TABLE, WINDOWS, held, place, staged
from bitbox_xr.cohort.worker import KEPT, Job, Outcome, work
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.progress import is_shown
from bitbox_xr.core.validation import flag_faults, path_of
from bitbox_xr.io.readers.formats.three_di import with_sidecar

__all__ = ["run"]

EVERY = 5.0  # seconds from one state of status.csv to the next


def run(
    manifest: str | os.PathLike[str] | pd.DataFrame,
    out: str | os.PathLike[str],
    *,
    measure: str,
    client: Any = None,
    workers: int | None = None,
    keep_windows: bool = False,
    pairs: str = "matched",
    align: bool = False,
    align_fps: float | None = None,
    offset: float | None = None,
    progress: bool | None = None,
    **options: Any,
) -> Cohort:
    """Measure every recording of a manifest, each by itself on a dask worker, and put the results together.

    Parameters
    ----------
    manifest
        CSV file or DataFrame with a row a recording: `recording` (a unique name), `signals` and, for measures of two,
        `reference` (paths, relative to the file's folder or, of a DataFrame, to the working directory; x and y of the
        measure). Further columns are covariates. A column becomes numeric only if each value is what its number is
        written as; empty cells and `NA` are missing.
    out
        Folder for the results, made where it is missing.
    measure
        imitation, coordination (of one person alone where the manifest has no column `reference`), expressivity,
        diversity, or significance (imitation or, with `of="coordination"`, coordination against chance).
    client
        A `distributed.Client`, or the address of a scheduler (`tcp://…`), whose workers reach the same files; by
        default processes of this machine.
    workers
        Number of those processes, a thread each; by default one a core.
    keep_windows
        True: keep the result of every window too (imitation and coordination), some 30 MB for five minutes of 79
        signals.
    pairs
        Which pairs of signals stand in the summary: "matched" (signal1 == signal2) or "all". The files of single
        recordings have all, but for significance: it tests these pairs, for which alone its p_fwe and q hold.
    align
        True: bring the two sides of each recording onto one clock first, as `align()` does.
    align_fps, offset
        With `align`: frames per second of both (by default the lower of their two rates), and seconds that are added to
        the reference's times (by default 0).
    progress
        Show a progress bar with the failures counted, and the address of dask's dashboard; None, the default, on
        terminals and in notebooks.
    **options
        Options of the measure, in its units, and of `open_signals()`; `fps` is the latter's. `columns_y`, `face_id_y`,
        `fps_y` and `time_y` are those of the reference, if others than of the signals.

        Of significance, `of` is the measure that is tested, and `rng` a whole number, from which each recording's seed
        follows with its name; without, that is taken which `out` keeps from the run before, or made up.
        surrogates="partners" takes the references of the other recordings, those of one content once, and none that
        has the content of one of the recording's own files.

    Returns
    -------
    Cohort
        What is left in `out`, as `cohort.open(out)` gives it: `summary.nc` `(recording, …)` with covariates as
        coordinates, `summary.csv` (the same, tidy), `status.csv` (a row of every recording: state done, failed or
        not done, message, seconds, retries: how many workers died while they had it), `recordings/<recording>.nc`,
        with `keep_windows` `windows/<recording>.nc`.

    Raises
    ------
    ValueError
        Before anything is computed, for all that is wrong with the manifest or the options. A recording that
        cannot be measured is no error: its row says why, it is absent from the summary and tried again next time.
        Also before anything is written, if an input or the manifest is at a path that the run would write or delete, or
        if a file is there that no run wrote or that was changed since: move it away, or name another `out`.
    FileExistsError
        If another file took the name of the summary or of `status.csv` during the run; it is left alone.
    BlockingIOError
        Where another run is writing to `out`.
    ConnectionError
        Within a minute after the scheduler, or the last worker of a given cluster, is gone. Recordings that were not
        reached are `not done` in `status.csv`, and the next run does them.

    Notes
    -----
    A run replaces and deletes only files that a run wrote: `out/.bitbox_xr` has a record of them. Files appear whole or
    not at all, and each says what it was made from (a SHA-256 of the inputs' content, the
    options and the major.minor version). Running again does what is missing or was made from something else; the
    summary is written anew. Signals that not all recordings have are NaN where they are absent, and the log names them.

    Examples
    --------
    >>> from bitbox_xr import cohort
    >>> result = cohort.run("study.csv", "out", measure="imitation", width=1.1, step=0.5)      # doctest: +SKIP
    >>> result.summary.corr_mean.sel(pair="AU12").groupby("group").mean()                      # doctest: +SKIP
    """
    table = read(manifest)
    study = planned(
        measure, options, keep_windows=keep_windows, pairs=pairs, align=align, align_fps=align_fps, offset=offset
    )
    flags = flag_faults("keep_windows", keep_windows)
    flags += [] if progress is None else flag_faults("progress", progress)
    refuse("cohort", flags + _faults(table, study, pairs) + worker_faults(client, workers))
    if os.name == "nt":
        raise OSError("a cohort's files are locked and replaced as Linux and macOS do it; on Windows run it under WSL")
    folder = path_of("cohort.run()", out, "a folder's name").absolute()
    check = partial(targets.checked, folder, targets.of_run(table.names), _inputs(table, manifest))
    with held(folder, check) as parts, connected(client, workers, len(table.names)) as dask_client:
        if is_shown(progress):
            print(f"dask's dashboard: {dask_client.dashboard_link}", file=sys.stderr)
        record = Record.of(folder, parts)
        rows = status.read_rows(folder)
        save = partial(_save, record, parts, rows, table.names)
        with status.complete(rows, table.names, save, parts):
            study = _prepared(study, table, dask_client, parts)
            jobs = _jobs(table, study, folder, parts)
            _measured(dask_client, study, jobs, rows, save, progress)
            done = [name for name in table.names if rows[name].state == DONE]
            gathered = _gathered(dask_client, study, done, pairs, record.out, parts)
            refused = {name: message for one in gathered for name, message in one.refused.items()}
            rows |= {name: rows[name]._replace(state=FAILED, message=message) for name, message in refused.items()}
            _summarise(record, parts, [one for one in gathered if one.layouts], table)
    return open_cohort(out)


def _inputs(table: Manifest, manifest: str | os.PathLike[str] | pd.DataFrame) -> dict[Path, str]:
    """What each file is called that the run reads."""
    found: dict[Path, str] = {}
    if not isinstance(manifest, pd.DataFrame):
        found[path_of("cohort", manifest).absolute()] = "the manifest"
    for column, files in (("signals", table.signals), ("reference", table.references or [])):
        for recording, file in zip(table.names, files, strict=False):
            for part in with_sidecar(file) if file is not None else []:
                found.setdefault(part, f"{column} of {recording}")
    return found


def _faults(table: Manifest, study: Study, pairs: str) -> list[str]:
    faults = clashes(table.covariates, MEASURES[study.measure].names) + partners.faults(study, table)
    if pairs not in ("matched", "all"):
        faults.append(f"pairs is {pairs!r}; 'matched' or 'all' is wanted")
    if study.reference == "unused" or table.references is not None:
        return faults
    if study.reference == "needed":
        faults.append(f"{study.compared} compares two people; a column reference is wanted in the manifest")
    elif pairs == "matched":
        faults.append(
            f"without references {study.compared} compares signals of one person, and matched pairs are signals with "
            "themselves; say pairs='all', or add a column reference"
        )
    if study.align is not None:
        faults.append("align is for signals and a reference, and the manifest has no column reference")
    return faults


def _prepared(study: Study, table: Manifest, client: Any, parts: Path) -> Study:
    """What tests need beforehand: a seed, and a list of partners."""
    if "rng" in study.options:
        seed = seeds.kept_seed(parts, study.options["rng"])
        study = replace(study, options=study.options | {"rng": seed})
    if partners.wanted(study):
        partners.find(client, study, table, parts)
    return study


def _jobs(table: Manifest, study: Study, out: Path, parts: Path) -> list[Job]:
    for folder in (RECORDINGS, WINDOWS) if study.keep_windows else (RECORDINGS,):
        (out / folder).mkdir(exist_ok=True)
    paired = table.references is not None
    references = table.references or [None] * len(table.names)
    return [
        Job(name, signals, reference, paired, out, parts)
        for name, signals, reference in zip(table.names, table.signals, references, strict=True)
    ]


def _measured(
    client: Any,
    study: Study,
    jobs: list[Job],
    rows: dict[str, status.Row],
    save: Callable[[], None],
    progress: bool | None,
) -> None:
    """Measure all recordings and keep account of each in `rows`, which are saved from time to time."""
    saved = time.monotonic()
    for outcome, died in _outcomes(client, study, jobs, progress):
        rows[outcome.recording] = _row(outcome, died, rows.get(outcome.recording))
        if time.monotonic() - saved > EVERY:
            with suppress(OSError):  # a full disk: the table of before has all recordings too
                save()
            saved = time.monotonic()
    with suppress(OSError):
        save()


def _outcomes(client: Any, study: Study, jobs: list[Job], progress: bool | None) -> Iterator[tuple[Outcome, int]]:
    """What became of each recording, as they are finished, and how many workers died of it."""
    from tqdm.auto import tqdm

    failed = 0
    with tqdm(total=len(jobs), desc=study.measure, unit="recording", disable=not is_shown(progress)) as bar:
        for number, answer, died in answers(client, partial(work, study), jobs):
            outcome = _outcome(answer, jobs[number].recording, died)
            failed += outcome.state == FAILED
            bar.set_postfix(failed=failed, refresh=False)
            bar.update()
            yield outcome, died


def _outcome(answer: Outcome | Exception, recording: str, died: int) -> Outcome:
    """What a task told of its recording, or what became of the task where it could not."""
    if isinstance(answer, Outcome):
        return answer
    return Outcome(recording, FAILED, told_of_death(answer, died) or status.fault(answer), 0.0)


def _row(outcome: Outcome, died: int, before: status.Row | None) -> status.Row:
    """The row of a recording; one whose results were kept says of their making what it said before."""
    if outcome.state == KEPT and before is not None and before.state == DONE:
        return before._replace(retries=before.retries + died)
    state = DONE if outcome.state == KEPT else outcome.state
    return status.Row(outcome.recording, state, outcome.message, outcome.seconds, died)


def _gathered(client: Any, study: Study, done: list[str], pairs: str, out: Path, parts: Path) -> list[blocks.Gathered]:
    """The results of the recordings that are done, some at a time in a file, all workers alike."""
    workers = max(1, len(client.nthreads()))
    rounds = ceil(len(done) / (blocks.BLOCK * workers)) or 1
    size = ceil(len(done) / (rounds * workers)) or 1
    shares = [done[first : first + size] for first in range(0, len(done), size)]
    files = [{name: place(out, RECORDINGS, name) for name in share} for share in shares]
    files_of_blocks = [parts / f"block{k}" for k in range(len(shares))]
    only_matched = MEASURES[study.measure].pairs and pairs == "matched"
    gather = partial(blocks.gather, asked=study.described(), only_matched=only_matched)
    found: dict[int, blocks.Gathered] = {}
    for number, answer, died in answers(client, gather, files, files_of_blocks):
        if isinstance(answer, Exception):
            text = told_of_death(answer, died) or status.fault(answer)
            raise OSError(f"the summary cannot be put together: {text}; run again, which keeps what is done")
        found[number] = answer
    return [found[number] for number in range(len(shares))]


def _summarise(record: Record, parts: Path, gathered: list[blocks.Gathered], table: Manifest) -> None:
    files = [record.out / name for name in (SUMMARY, TABLE)]
    for file in files:
        record.check(file)  # both, before one is replaced
    if not gathered:
        for file in files:
            record.delete(file)
        return
    there = {name for one in gathered for names in one.layouts.values() for name in names}
    at = [row for row, name in enumerate(table.names) if name in there]
    with staged(parts) as stage:
        summary.write(stage, gathered, {name: values[at] for name, values in table.covariates.items()})
        for file in files:
            record.publish(stage / file.name, file)


def _save(record: Record, parts: Path, rows: Mapping[str, status.Row], order: list[str]) -> None:
    with staged(parts) as stage:
        status.save(stage, rows, order)
        record.publish(stage / STATUS, record.out / STATUS)
