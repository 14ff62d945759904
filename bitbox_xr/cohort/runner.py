"""Runs a cohort: one task for each recording, the rows of `status.csv`, and the summaries of what is done."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from bitbox_xr.cohort import partners, seeds, status, targets
from bitbox_xr.cohort.cluster import connected, worker_faults
from bitbox_xr.cohort.collection import gather_blocks, summarise
from bitbox_xr.cohort.config import Config, read_config
from bitbox_xr.cohort.lost_workers import death_message, task_results
from bitbox_xr.cohort.manifest import Manifest, read
from bitbox_xr.cohort.options import (
    Plan,
    Request,
    Study,
    clashes,
    named_like_options,
    one_measure,
    planned,
)
from bitbox_xr.cohort.preregistration import main_setting, preregistered
from bitbox_xr.cohort.record import Record
from bitbox_xr.cohort.results import Cohort, open_cohort
from bitbox_xr.cohort.status import DONE, FAILED
from bitbox_xr.cohort.storage import RECORDINGS, STATUS, WINDOWS, held, make_folder, staged
from bitbox_xr.cohort.worker import KEPT, Job, Outcome, work
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.progress import is_shown
from bitbox_xr.core.types import CohortMeasure
from bitbox_xr.core.validation import flag_faults, listed, path_of
from bitbox_xr.io.readers.formats.three_di import with_sidecar

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["run"]

STATUS_INTERVAL_S = 5.0  # between two versions of status.csv


def run(
    manifest: str | os.PathLike[str] | pd.DataFrame,
    out: str | os.PathLike[str],
    *,
    measures: Mapping[CohortMeasure, Mapping[str, Any]] | Iterable[CohortMeasure] | None = None,
    measure: CohortMeasure | None = None,
    config: str | os.PathLike[str] | None = None,
    align: bool | Mapping[str, Any] = False,
    by: str | None = None,
    each_interval: bool = False,
    intervals: Mapping[str, Any] | None = None,
    mask: Sequence[Mapping[str, Any]] = (),
    prepare: Sequence[Mapping[str, Any]] = (),
    client: "Client | str | None" = None,
    workers: int | None = None,
    progress: bool | None = None,
    **options: Any,
) -> Cohort:
    """Measure every recording of a study in parallel and collect the results in one summary for each measure.

    Each recording is one task of a dask worker, which reads each file once and computes all measures. A recording that
    cannot be measured does not stop the others: its row in `status.csv` says why, it is absent from the summary, and
    the next run tries it again.

    Parameters
    ----------
    manifest
        CSV file or DataFrame with one row per recording: `recording` (a unique name), `signals` and, for measures of
        two people, `reference`. `signals` and `reference` are paths, x and y of the measure. They are relative to the
        folder of the CSV file or, in a DataFrame, to the working directory. `intervals` is a path too, of an annotation
        with times on the clock of `signals`. `start`, `stop`, `fps`, `reference_fps`, `offset`, `kind` and `columns`
        are options of single recordings. All other columns are covariates. A covariate becomes numeric only if each
        value is exactly the text of its number. Empty cells and `NA` count as missing.
    out
        Output folder, which is created if necessary.
    measures
        A mapping of measures to their own options, or names of measures: "imitation", "coordination" (of one person's
        signals if the manifest has no column `reference`), "expressivity", "diversity", "contingency", "significance"
        and "quality" (of both people). Three more options of a measure: `pairs`, "matched" (signal1 == signal2, the
        default) or "all", are the pairs in the summary and, of contingency and significance, the tested ones.
        `keep_windows=True` also keeps the result of every window. `partners_within` names covariates that a recording
        shares with its partners. A list in place of one value, `{"width": [1, 2]}`, computes every combination of
        settings, as `multiverse` does: each such option is a dimension of the results. For an option that takes a list
        itself, such as `scales`, settings are a list of lists.
    measure
        A single measure, whose options are then among `options`; `of` is the measure that significance tests.
    config
        A TOML file with all options of the study, in place of the others. The file of the first run is frozen; later
        runs list how they deviate from it, see `deviations`.
    align
        True, or options of `align()`: bring signals and reference of each recording onto one time axis first.
    by
        A name for the labels of the intervals, such as "condition": each label is measured by itself. Without a column
        `intervals`, the files of signals have a coordinate of this name.
    each_interval
        With `by`: measure each interval by itself, as "play 1", "play 2" and so on.
    intervals
        Options of `open_intervals()` that choose the intervals for `by`.
    mask
        Mappings, each with `of` ("signals", "reference" or "both"), `labels`, `regions`, and options of
        `open_intervals()`: see `mask`.
    prepare
        Steps in their order, mappings with `function` ("resample", "fill_gaps", "smooth", "detrend", "standardize"),
        its options, and `of` as above (by default "both"). Those that interpolate come before alignment and masks.
    client
        A `distributed.Client` or the address of a dask scheduler (`tcp://…`). Its workers must see the same files. By
        default the run starts worker processes on this machine.
    workers
        Number of these processes, each with one thread; by default one per core.
    progress
        Show a progress bar with the number of failures, and the address of dask's dashboard. By default (None) on
        terminals and in notebooks.
    **options
        Options of `open_signals()` and, with `measure`, of the measure, in their units; `fps` is an option of
        `open_signals()`. `columns_y`, `face_id_y`, `fps_y` and `time_y` are options for the reference if they differ
        from those of the signals.

        `rng` of a measure is a whole number; the seed of each recording follows from it and from the recording's name.
        Without `rng`, the seed is the one that `out` keeps from an earlier run, or a new one. surrogates="partners"
        uses the references of the other recordings. References of equal content count once, and a reference with the
        content of one of the recording's own files is not used.

    Returns
    -------
    Cohort
        The content of `out`, as `cohort.open(out)` returns it. `status.csv` has one row per recording: state (done,
        failed or not done), message, seconds, retries (how many workers died while they had the recording), and the
        state of each measure. The folder of each measure has `summary.nc` `(recording, …)` with covariates as
        coordinates, `summary.csv`, the same as a tidy table, `recordings/<recording>.nc` and, with `keep_windows`,
        `windows/<recording>.nc`. Each has variables that describe its data: `duration`, `valid_share`, `masked_share`,
        `n_windows` and, with `by`, `order`.

    Raises
    ------
    ValueError
        Before anything is computed, with all faults of the manifest and the options. Also before anything is written,
        if an input or the manifest is at a path that the run would write or delete, or if a file at such a path is
        foreign (no run wrote it, or it was changed since): move it away, or name another `out`.
    FileExistsError
        If a foreign file took the name of a summary or of `status.csv` during the run; it stays as it is.
    BlockingIOError
        If another run is writing to `out`.
    ConnectionError
        Within a minute after the loss of the scheduler, or of the last worker of a given cluster. Recordings that no
        run has measured yet are `not done` in `status.csv`; the next run measures them.

    Notes
    -----
    A run replaces and deletes only files that a run wrote; the hidden folder `out/.bitbox_xr` has a record of them.
    Files appear only when they are complete. Each result has a hash of what it was made from (SHA-256 of the inputs'
    content, the options and the major.minor version). The next run computes what is missing or was made from something
    else, measure by measure, and writes the summaries again. A signal that a recording lacks is NaN in the summary, and
    the log names it.

    Examples
    --------
    >>> from bitbox_xr import cohort
    >>> measures = {"imitation": {"width": 2, "step": 1, "max_lag": 1}, "expressivity": {"scales": [1, 2]}}
    >>> result = cohort.run("study.csv", "out", measures=measures)  # doctest: +SKIP
    >>> result["imitation"].summary.corr_mean.sel(pair="AU12").groupby("group").mean()  # doctest: +SKIP
    """
    table = read(manifest)
    shared = {"align": align, "by": by, "each_interval": each_interval, "intervals": intervals or {}, "mask": mask,
              "prepare": prepare}  # fmt: skip
    toml, request = _request(measures, measure, config, options, shared)
    study = planned(request)
    flags = [] if progress is None else flag_faults("progress", progress)
    refuse("cohort", flags + _faults(table, study) + worker_faults(client, workers))
    if os.name == "nt":
        raise OSError("expected Linux or macOS, which can lock and replace open files, got Windows; run it under WSL")
    folder = path_of("cohort.run()", out, "a folder's name").absolute()
    check = partial(targets.checked, folder, targets.of_run(table.names, study.measures, configs=toml is not None),
                    _inputs(table, manifest, toml))  # fmt: skip
    with held(folder, check) as run_folder, connected(client, workers, len(table.names)) as dask_client:
        if is_shown(progress):
            print(f"dask's dashboard: {dask_client.dashboard_link}", file=sys.stderr)
        record = Record.of(folder, run_folder)
        rows = status.read_rows(folder)
        save = partial(_save, record, run_folder, rows, table.names)
        marks = preregistered(study, table, toml, record, run_folder, _measured_before(rows))
        with status.complete(rows, table.names, study.measures, save, run_folder):
            study = _with_seed_and_partners(study, table, dask_client, run_folder)
            _measure_all(dask_client, study, _jobs(table, study, folder, run_folder), rows, save, progress)
            for plan in study.plans:
                _summarise(dask_client, plan, table, rows, record, run_folder, marks)
    return open_cohort(out)


def _request(
    measures: Mapping[str, Mapping[str, Any]] | Iterable[str] | None,
    measure: str | None,
    config: str | os.PathLike[str] | None,
    options: Mapping[str, Any],
    shared: Mapping[str, Any],
) -> tuple[Config | None, Request]:
    """What the TOML file or the keywords of a call ask for."""
    if config is not None:
        given = [
            name for name, value in {"measures": measures, "measure": measure, **shared, **options}.items() if value
        ]
        refuse("cohort", [f"config has all options of the study; leave out {listed(given)}"] if given else [])
        toml = read_config(config)
        return toml, toml.request
    return None, _asked(measures, measure, options, shared)


def _asked(
    measures: Mapping[str, Mapping[str, Any]] | Iterable[str] | None,
    measure: str | None,
    options: Mapping[str, Any],
    shared: Mapping[str, Any],
) -> Request:
    """What the keywords of a call ask for."""
    if (measures is None) == (measure is None):
        got = "neither" if measure is None else "both"
        raise ValueError(
            f"cohort: expected measures, or measure for a single one, or config, got {got}; give one of them"
        )
    if measures is None:
        return one_measure(measure, options, **shared)
    if isinstance(measures, str) or not isinstance(measures, Iterable):
        raise ValueError(
            f"cohort: expected measures to be a mapping of measures to their options, or names, got {measures!r}; "
            "for example {'imitation': {'width': 2}}"
        )
    asked = dict(measures) if isinstance(measures, Mapping) else {name: {} for name in measures}
    bad = [name for name, own in asked.items() if not isinstance(name, str) or not isinstance(own, Mapping)]
    refuse(
        "cohort", [f"expected the options of a measure as a mapping, got {asked[name]!r} for {name}" for name in bad]
    )
    return Request(asked, options, **shared)


def _inputs(table: Manifest, manifest: str | os.PathLike[str] | pd.DataFrame, toml: Config | None) -> dict[Path, str]:
    """Descriptions for messages of all files that the run reads."""
    found: dict[Path, str] = {}
    if toml is not None:
        found[toml.file.absolute()] = "the TOML file"
    if not isinstance(manifest, pd.DataFrame):
        found[path_of("cohort", manifest).absolute()] = "the manifest"
    for recording, column, file in table.files():
        for part in with_sidecar(file):
            found.setdefault(part, f"{column} of {recording}")
    return found


def _faults(table: Manifest, study: Study) -> list[str]:
    names = {name for plan in study.plans for name in plan.entry.names}
    faults = clashes(table.covariates, names)
    own = [name for name in signature(run).parameters if name != "options"]
    faults += named_like_options([name for name in table.covariates if name not in names], own)
    for plan in study.plans:
        faults += partners.faults(plan, table) + _reference_faults(plan, table)
    reading = study.reading
    if table.annotated and not reading.uses_intervals:
        faults.append(
            "expected by or mask with the column intervals, got neither; give by='condition', or remove the column"
        )
    if reading.masks and not table.annotated:
        faults.append("expected a column intervals for mask, got none; add it")
    if reading.by in table.covariates:
        faults.append(f"expected covariates with other names than by, got {reading.by!r} for both; rename one of them")
    if reading.align is None and "offset" in table.columns:
        faults.append("expected align=True with the column offset, which align() adds to the reference's times, got "
                      "align=False; give it, or remove the column")  # fmt: skip
    return faults


def _reference_faults(plan: Plan, table: Manifest) -> list[str]:
    """Faults of a manifest without references."""
    if plan.reference in ("unused", "each") or table.paired:
        return []
    faults = []
    if plan.reference == "needed":
        faults.append(f"expected a column reference for {plan.compared}, which compares two people; add it")
    elif plan.pairs == "matched":
        faults.append(
            f"without a column reference, {plan.compared} compares signals of one person, and matched pairs are "
            "signals with themselves; give pairs='all', or add a column reference"
        )
    if plan.reading.align is not None:
        faults.append("align is for signals and a reference, but the manifest has no column reference; leave it out")
    return faults


def _with_seed_and_partners(study: Study, table: Manifest, client: "Client", run_folder: Path) -> Study:
    """The study with the seeds of its tests; leaves the list of partners in the run folder."""
    plans = [
        replace(plan, options=seeds.with_kept_seed(plan.options, plan.measure, run_folder)) for plan in study.plans
    ]
    study = replace(study, plans=tuple(plans))
    if any(partners.are_needed(plan) for plan in study.plans):
        partners.find(client, study, table, run_folder)
    return study


def _jobs(table: Manifest, study: Study, out: Path, run_folder: Path) -> list[Job]:
    for plan in study.plans:
        folders = [plan.measure, f"{plan.measure}/{RECORDINGS}"]
        for folder in [*folders, f"{plan.measure}/{WINDOWS}"] if plan.keep_windows else folders:
            if not (out / folder).exists():
                make_folder(out / folder, out)
    return [Job(row, table.paired, table.annotated, out, run_folder) for row in table.recordings]


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
        rows[outcome.recording] = _row(outcome, died, rows[outcome.recording])
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
    with tqdm(total=len(jobs), desc=", ".join(study.measures), unit="recording", disable=not is_shown(progress)) as bar:
        for number, result, died in task_results(client, partial(work, study), jobs):
            outcome = _outcome(result, study.measures, jobs[number].recording, died)
            failed += outcome.state == FAILED
            bar.set_postfix(failed=failed, refresh=False)
            bar.update()
            yield outcome, died


def _outcome(result: Outcome | Exception, measures: Sequence[str], recording: str, died: int) -> Outcome:
    """The outcome that a task returned, or the one of a task that ended with an error."""
    if isinstance(result, Outcome):
        return result
    death = death_message(result, died)
    message = f"{death}, or remove the recording from the manifest" if death else status.error_message(result)
    return Outcome(recording, dict.fromkeys(measures, FAILED), message, 0.0)


def _row(outcome: Outcome, died: int, before: status.Row) -> status.Row:
    """The row of a recording; if all of its results were kept, the row stays the one of the run that made them."""
    states = {measure: DONE if state == KEPT else state for measure, state in outcome.states.items()}
    row = before.with_states(states)
    if outcome.state == KEPT and before.state == DONE:
        return row._replace(message=outcome.message, retries=before.retries + died)
    state = DONE if outcome.state == KEPT else outcome.state
    return row._replace(state=state, message=outcome.message, seconds=outcome.seconds, retries=died)


def _summarise(
    client: "Client",
    plan: Plan,
    table: Manifest,
    rows: dict[str, status.Row],
    record: Record,
    run_folder: Path,
    marks: Mapping[str, str],
) -> None:
    """Write the summary of a measure; recordings whose results cannot be used become failed rows."""
    done = [name for name in table.names if rows[name].measures[plan.measure] == DONE]
    gathered = gather_blocks(client, plan, done, record.out, run_folder)
    for name, message in ((name, text) for one in gathered for name, text in one.refused.items()):
        failed = rows[name].with_states({plan.measure: FAILED})
        rows[name] = failed._replace(state=FAILED, message=message)
    summarise(record, plan.measure, run_folder, gathered, table, {**marks, **main_setting(plan, run_folder.parent)})


def _measured_before(rows: Mapping[str, status.Row]) -> list[str]:
    """Measures that earlier runs have measured in some recording."""
    return [*dict.fromkeys(name for row in rows.values() for name, state in row.measures.items() if state == DONE)]


def _save(record: Record, run_folder: Path, rows: Mapping[str, status.Row], order: list[str]) -> None:
    with staged(run_folder) as stage:
        status.save(stage, rows, order)
        record.publish(stage / STATUS, record.out / STATUS)
