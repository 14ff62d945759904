"""Runs a cohort: one task for each recording, the rows of `status.csv`, and the summary of what is done."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from bitbox_xr.cohort import blocks, partners, seeds, status, summary, targets
from bitbox_xr.cohort.cluster import connected, worker_faults
from bitbox_xr.cohort.lost_workers import death_message, task_results, worker_count
from bitbox_xr.cohort.manifest import Manifest, read
from bitbox_xr.cohort.options import MEASURES, Study, clashes, planned
from bitbox_xr.cohort.record import Record
from bitbox_xr.cohort.results import Cohort, open_cohort
from bitbox_xr.cohort.status import DONE, FAILED
from bitbox_xr.cohort.storage import (
    RECORDINGS,
    STATUS,
    SUMMARY,
    TABLE,
    WINDOWS,
    full_disk_reported,
    held,
    make_folder,
    result_file,
    staged,
)
from bitbox_xr.cohort.worker import KEPT, Job, Outcome, work
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.progress import is_shown
from bitbox_xr.core.types import CohortMeasure, PairsOf
from bitbox_xr.core.validation import flag_faults, path_of
from bitbox_xr.io.readers.formats.three_di import with_sidecar

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["run"]

STATUS_INTERVAL_S = 5.0  # between two versions of status.csv


def run(
    manifest: str | os.PathLike[str] | pd.DataFrame,
    out: str | os.PathLike[str],
    *,
    measure: CohortMeasure,
    client: "Client | str | None" = None,
    workers: int | None = None,
    keep_windows: bool = False,
    pairs: PairsOf = "matched",
    align: bool = False,
    align_fps: float | None = None,
    offset: float | None = None,
    progress: bool | None = None,
    **options: Any,
) -> Cohort:
    """Measure every recording of a study in parallel and collect the results in one summary.

    Each recording is one task of a dask worker. A recording that cannot be measured does not stop the others: its row
    in `status.csv` says why, it is absent from the summary, and the next run tries it again.

    Parameters
    ----------
    manifest
        CSV file or DataFrame with one row per recording: `recording` (a unique name), `signals` and, for measures of
        two people, `reference`. `signals` and `reference` are paths, x and y of the measure. They are relative to the
        folder of the CSV file or, in a DataFrame, to the working directory. All other columns are covariates. A
        covariate becomes numeric only if each value is exactly the text of its number. Empty cells and `NA` count as
        missing.
    out
        Output folder, which is created if necessary.
    measure
        "imitation", "coordination" (of one person's signals if the manifest has no column `reference`),
        "expressivity", "diversity", "contingency" (how often the reference is answered), or "significance" (imitation
        or, with `of="coordination"`, coordination compared with chance).
    client
        A `distributed.Client` or the address of a dask scheduler (`tcp://…`). Its workers must see the same files. By
        default the run starts worker processes on this machine.
    workers
        Number of these processes, each with one thread; by default one per core.
    keep_windows
        True: also keep the result of every window (imitation and coordination), some 30 MB for five minutes of 79
        signals.
    pairs
        Pairs of signals in the summary: "matched" (signal1 == signal2) or "all". The files of single recordings have
        all pairs, except for contingency and significance: these test only these pairs, and their p_fwe and q are valid
        for them alone.
    align
        True: bring signals and reference of each recording onto one time axis first, as `align()` does.
    align_fps, offset
        With `align`: frames per second of both (by default the lower of their frame rates), and seconds to add to the
        reference's times (by default 0).
    progress
        Show a progress bar with the number of failures, and the address of dask's dashboard. By default (None) on
        terminals and in notebooks.
    **options
        Options of the measure and of `open_signals()`, in their units; `fps` is an option of `open_signals()`.
        `columns_y`, `face_id_y`, `fps_y` and `time_y` are options for the reference if they differ from those of the
        signals.

        For significance, `of` is the measure to test. For significance and contingency, `rng` is a whole number; the
        seed of each recording follows from it and from the recording's name. Without `rng`, the seed is the one that
        `out` keeps from an earlier run, or a new one. surrogates="partners" uses the references of the other
        recordings. References of equal content count once, and a reference with the content of one of the recording's
        own files is not used.

    Returns
    -------
    Cohort
        The content of `out`, as `cohort.open(out)` returns it: `summary.nc` `(recording, …)` with covariates as
        coordinates; `summary.csv`, the same as a tidy table; `status.csv`, one row per recording: state (done, failed
        or not done), message, seconds, and retries (how many workers died while they had the recording);
        `recordings/<recording>.nc` and, with `keep_windows`, `windows/<recording>.nc`.

    Raises
    ------
    ValueError
        Before anything is computed, with all faults of the manifest and the options. Also before anything is written,
        if an input or the manifest is at a path that the run would write or delete, or if a file at such a path is
        foreign (no run wrote it, or it was changed since): move it away, or name another `out`.
    FileExistsError
        If a foreign file took the name of the summary or of `status.csv` during the run; it stays as it is.
    BlockingIOError
        If another run is writing to `out`.
    ConnectionError
        Within a minute after the loss of the scheduler, or of the last worker of a given cluster. Recordings that no
        run has measured yet are `not done` in `status.csv`; the next run measures them.

    Notes
    -----
    A run replaces and deletes only files that a run wrote; the hidden folder `out/.bitbox_xr` has a record of them.
    Files appear only when they are complete. Each result has a hash of what it was made from (SHA-256 of the inputs'
    content, the options and the major.minor version). The next run measures what is missing or was made from something
    else, and writes the summary again. A signal that a recording lacks is NaN in the summary, and the log names it.

    Examples
    --------
    >>> from bitbox_xr import cohort
    >>> result = cohort.run("study.csv", "out", measure="imitation", width=2, step=1, max_lag=1)  # doctest: +SKIP
    >>> result.summary.corr_mean.sel(pair="AU12").groupby("group").mean()  # doctest: +SKIP
    """
    table = read(manifest)
    study = planned(
        measure, options, keep_windows=keep_windows, pairs=pairs, align=align, align_fps=align_fps, offset=offset
    )
    flags = flag_faults("keep_windows", keep_windows)
    flags += [] if progress is None else flag_faults("progress", progress)
    refuse("cohort", flags + _faults(table, study, pairs) + worker_faults(client, workers))
    if os.name == "nt":
        raise OSError("expected Linux or macOS, which can lock and replace open files, got Windows; run it under WSL")
    folder = path_of("cohort.run()", out, "a folder's name").absolute()
    check = partial(targets.checked, folder, targets.of_run(table.names), _inputs(table, manifest))
    with held(folder, check) as run_folder, connected(client, workers, len(table.names)) as dask_client:
        if is_shown(progress):
            print(f"dask's dashboard: {dask_client.dashboard_link}", file=sys.stderr)
        record = Record.of(folder, run_folder)
        rows = status.read_rows(folder)
        save = partial(_save, record, run_folder, rows, table.names)
        with status.complete(rows, table.names, save, run_folder):
            study = _with_seed_and_partners(study, table, dask_client, run_folder)
            jobs = _jobs(table, study, folder, run_folder)
            _measure_all(dask_client, study, jobs, rows, save, progress)
            done = [name for name in table.names if rows[name].state == DONE]
            gathered = _gather_blocks(dask_client, study, done, pairs, record.out, run_folder)
            refused = {name: message for one in gathered for name, message in one.refused.items()}
            rows |= {name: rows[name]._replace(state=FAILED, message=message) for name, message in refused.items()}
            _summarise(record, run_folder, [one for one in gathered if one.layouts], table)
    return open_cohort(out)


def _inputs(table: Manifest, manifest: str | os.PathLike[str] | pd.DataFrame) -> dict[Path, str]:
    """Descriptions for messages of all files that the run reads."""
    found: dict[Path, str] = {}
    if not isinstance(manifest, pd.DataFrame):
        found[path_of("cohort", manifest).absolute()] = "the manifest"
    for column, files in (("signals", table.signals), ("reference", table.references or [])):
        for recording, file in zip(table.names, files, strict=False):
            for part in with_sidecar(file) if file is not None else []:
                found.setdefault(part, f"{column} of {recording}")
    return found


def _faults(table: Manifest, study: Study, pairs: PairsOf) -> list[str]:
    faults = clashes(table.covariates, MEASURES[study.measure].names) + partners.faults(study, table)
    if pairs not in ("matched", "all"):
        faults.append(f"expected pairs to be 'matched' or 'all', got {pairs!r}")
    if study.reference == "unused" or table.references is not None:
        return faults
    if study.reference == "needed":
        faults.append(f"expected a column reference for {study.compared}, which compares two people; add it")
    elif pairs == "matched":
        faults.append(
            f"without a column reference, {study.compared} compares signals of one person, and matched pairs are "
            "signals with themselves; give pairs='all', or add a column reference"
        )
    if study.align is not None:
        faults.append("align is for signals and a reference, but the manifest has no column reference; leave it out")
    return faults


def _with_seed_and_partners(study: Study, table: Manifest, client: "Client", run_folder: Path) -> Study:
    """The study with the seed of its tests; leaves the list of partners in the run folder."""
    if "rng" in study.options:
        seed = seeds.kept_seed(run_folder, study.options["rng"])
        study = replace(study, options=study.options | {"rng": seed})
    if partners.are_needed(study):
        partners.find(client, study, table, run_folder)
    return study


def _jobs(table: Manifest, study: Study, out: Path, run_folder: Path) -> list[Job]:
    for folder in (RECORDINGS, WINDOWS) if study.keep_windows else (RECORDINGS,):
        if not (out / folder).exists():
            make_folder(out / folder, out)
    paired = table.references is not None
    references = table.references or [None] * len(table.names)
    return [
        Job(name, signals, reference, paired, out, run_folder)
        for name, signals, reference in zip(table.names, table.signals, references, strict=True)
    ]


def _measure_all(
    client: "Client",
    study: Study,
    jobs: list[Job],
    rows: dict[str, status.Row],
    save: Callable[[], None],
    progress: bool | None,
) -> None:
    """Measure all recordings and enter each in `rows`, which are saved at intervals."""
    saved = time.monotonic()
    for outcome, died in _outcomes(client, study, jobs, progress):
        rows[outcome.recording] = _row(outcome, died, rows.get(outcome.recording))
        if time.monotonic() - saved > STATUS_INTERVAL_S:
            _try_to_save(save)
            saved = time.monotonic()
    _try_to_save(save)


def _try_to_save(save: Callable[[], None]) -> None:
    """Save `status.csv` during a run; an error (full disk, foreign file) is raised only by the last save."""
    with suppress(OSError):
        save()


def _outcomes(client: "Client", study: Study, jobs: list[Job], progress: bool | None) -> Iterator[tuple[Outcome, int]]:
    """Yield the outcome of each recording as it finishes, and how many workers died while they had it."""
    from tqdm.auto import tqdm

    failed = 0
    with tqdm(total=len(jobs), desc=study.measure, unit="recording", disable=not is_shown(progress)) as bar:
        for number, result, died in task_results(client, partial(work, study), jobs):
            outcome = _outcome(result, jobs[number].recording, died)
            failed += outcome.state == FAILED
            bar.set_postfix(failed=failed, refresh=False)
            bar.update()
            yield outcome, died


def _outcome(result: Outcome | Exception, recording: str, died: int) -> Outcome:
    """The outcome that a task returned, or the one of a task that ended with an error."""
    if isinstance(result, Outcome):
        return result
    death = death_message(result, died)
    message = f"{death}, or remove the recording from the manifest" if death else status.error_message(result)
    return Outcome(recording, FAILED, message, 0.0)


def _row(outcome: Outcome, died: int, before: status.Row | None) -> status.Row:
    """The row of a recording; if its results were kept, the row stays the one of the run that made them."""
    if outcome.state == KEPT and before is not None and before.state == DONE:
        return before._replace(message=outcome.message, retries=before.retries + died)
    state = DONE if outcome.state == KEPT else outcome.state
    return status.Row(outcome.recording, state, outcome.message, outcome.seconds, died)


def _gather_blocks(
    client: "Client", study: Study, done: list[str], pairs: PairsOf, out: Path, run_folder: Path
) -> list[blocks.Gathered]:
    """Read the results of the recordings that are done into blocks, which are shared out evenly among workers."""
    workers = max(1, worker_count(client))
    rounds = ceil(len(done) / (blocks.MAX_RECORDINGS_PER_BLOCK * workers)) or 1
    size = ceil(len(done) / (rounds * workers)) or 1
    shares = [done[first : first + size] for first in range(0, len(done), size)]
    files = [{name: result_file(out, RECORDINGS, name) for name in share} for share in shares]
    files_of_blocks = [run_folder / f"block{k}" for k in range(len(shares))]
    only_matched = MEASURES[study.measure].pairs and pairs == "matched"
    gather = partial(blocks.gather, asked=study.described(), only_matched=only_matched)
    found: dict[int, blocks.Gathered] = {}
    for number, result, died in task_results(client, gather, files, files_of_blocks):
        if isinstance(result, Exception):
            text = death_message(result, died) or status.error_message(result)
            raise OSError(f"the summary cannot be made: {text}; run again, which keeps what is done")
        found[number] = result
    return [found[number] for number in range(len(shares))]


def _summarise(record: Record, run_folder: Path, gathered: list[blocks.Gathered], table: Manifest) -> None:
    files = [record.out / name for name in (SUMMARY, TABLE)]
    for file in files:
        record.check(file)  # both before either is replaced: they are of one run
    if not gathered:
        for file in files:
            record.delete(file)
        return
    there = {name for one in gathered for names in one.layouts.values() for name in names}
    at = [row for row, name in enumerate(table.names) if name in there]
    size = sum(one.file.stat().st_size for one in gathered)
    with full_disk_reported(run_folder, size, "the summary"), staged(run_folder) as stage:
        summary.write(stage, gathered, {name: values[at] for name, values in table.covariates.items()})
        for file in files:
            record.publish(stage / file.name, file)


def _save(record: Record, run_folder: Path, rows: Mapping[str, status.Row], order: list[str]) -> None:
    with staged(run_folder) as stage:
        status.save(stage, rows, order)
        record.publish(stage / STATUS, record.out / STATUS)
