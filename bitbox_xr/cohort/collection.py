"""The summary of each measure, from the files of single recordings: workers read these into blocks."""

from collections.abc import Mapping, Sequence
from functools import partial
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

from bitbox_xr.cohort import blocks, status, summary
from bitbox_xr.cohort.lost_workers import death_message, task_results, worker_count
from bitbox_xr.cohort.manifest import Manifest
from bitbox_xr.cohort.options import Plan
from bitbox_xr.cohort.record import Record
from bitbox_xr.cohort.storage import RECORDINGS, SUMMARY, TABLE, full_disk_reported, result_file, staged

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["gather_blocks", "summarise"]


def gather_blocks(
    client: "Client", plan: Plan, done: Sequence[str], out: Path, run_folder: Path
) -> list[blocks.Gathered]:
    """Read the results of the recordings that are done into blocks, which are shared out evenly among workers."""
    workers = max(1, worker_count(client))
    rounds = ceil(len(done) / (blocks.MAX_RECORDINGS_PER_BLOCK * workers)) or 1
    size = ceil(len(done) / (rounds * workers)) or 1
    shares = [done[first : first + size] for first in range(0, len(done), size)]
    files = [{name: result_file(out / plan.measure, RECORDINGS, name) for name in share} for share in shares]
    files_of_blocks = [run_folder / f"{plan.measure}-block{k}" for k in range(len(shares))]
    gather = partial(blocks.gather, asked=plan.described(), only_matched=plan.only_matched)
    found: dict[int, blocks.Gathered] = {}
    for number, result, died in task_results(client, gather, files, files_of_blocks):
        if isinstance(result, Exception):
            text = death_message(result, died) or status.error_message(result)
            raise OSError(f"the summary cannot be made: {text}; run again, which keeps what is done")
        found[number] = result
    return [found[number] for number in range(len(shares))]


def summarise(
    record: Record,
    measure: str,
    run_folder: Path,
    gathered: Sequence[blocks.Gathered],
    table: Manifest,
    marks: Mapping[str, str],
) -> None:
    """Write the summary of a measure with the attributes `marks`, or delete it if no recording is done."""
    files = [record.out / measure / name for name in (SUMMARY, TABLE)]
    for file in files:
        record.check(file)  # both before either is replaced: they are of one run
    gathered = [one for one in gathered if one.layouts]
    if not gathered:
        for file in files:
            record.delete(file)
        return
    there = {name for one in gathered for names in one.layouts.values() for name in names}
    at = [row for row, name in enumerate(table.names) if name in there]
    size = sum(one.file.stat().st_size for one in gathered)
    with full_disk_reported(run_folder, size, "the summary"), staged(run_folder) as stage:
        summary.write(stage, gathered, {name: values[at] for name, values in table.covariates.items()}, marks)
        for file in files:
            record.publish(stage / file.name, file)
    for one in gathered:
        one.file.unlink(missing_ok=True)
