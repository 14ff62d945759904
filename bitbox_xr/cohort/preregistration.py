"""Preregistration: the TOML file of the first run is frozen, and every later deviation from it is recorded.

The hidden folder keeps what the first run with a TOML file was asked to do, and the deviations of all later runs. They
stay on record even if a later run returns to the frozen plan.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from bitbox_xr.cohort.config import Config
from bitbox_xr.cohort.manifest import Manifest
from bitbox_xr.cohort.options import Plan, Study
from bitbox_xr.cohort.reading import canonical
from bitbox_xr.cohort.record import HIDDEN, Record
from bitbox_xr.cohort.storage import FROZEN_CONFIG, LAST_CONFIG, atomic_text, staged
from bitbox_xr.core.provenance import FIRST_SETTING, PREREGISTERED_SETTING
from bitbox_xr.core.validation import listed, path_of
from bitbox_xr.inference.settings import function_options, setting_label, setting_lists

__all__ = ["deviations", "main_setting", "preregistered"]

PLAN, DEVIATIONS = "preregistered.json", "deviations.json"  # in the hidden folder
EARLIER_RESULTS = "results before the file was frozen"
ABSENT = "nothing"
MAX_SHOWN = 60  # characters of a value


class Deviation(NamedTuple):
    """What differs from the frozen plan: a key, its frozen value, and the one that a run used."""

    key: str
    frozen: str
    used: str

    def __str__(self) -> str:
        return f"{self.key}: {self.used} instead of {self.frozen}" if self.frozen else f"{self.key}: {self.used}"


def deviations(out: str | os.PathLike[str]) -> list[str]:
    """List how the runs in an output folder deviated from the TOML file of the first run; empty without such a file.

    Each entry names the option, measure, column of the manifest or recordings, the frozen value and the used one.

    >>> from bitbox_xr import cohort
    >>> cohort.deviations("out")
    []
    """
    hidden = path_of("cohort.deviations()", out, "a folder's name") / HIDDEN
    return [str(one) for one in _read_deviations(hidden)]


def preregistered(
    study: Study, table: Manifest, config: Config | None, record: Record, run_folder: Path, earlier: list[str]
) -> dict[str, str]:
    """Freeze the plan of the first run that has a TOML file, or record how this run deviates from it.

    `earlier` are the measures that `out` has results of. Keeps the TOML file in the output folder. Returns attributes
    of the summaries: hashes of both TOML files and the deviations, as JSON; none without such files.
    """
    hidden, plan = run_folder.parent, _plan(study, table)
    if config is not None:
        _keep(config, LAST_CONFIG, record, run_folder)
    frozen = _read(hidden / PLAN, {})
    if not frozen:
        if config is None:
            return {}
        frozen = {"sha256": config.digest, "plan": plan}
        found = [Deviation(EARLIER_RESULTS, "", listed(earlier))] if earlier else []
        _keep(config, FROZEN_CONFIG, record, run_folder)
        _write(hidden / DEVIATIONS, found, run_folder)
        _write(hidden / PLAN, frozen, run_folder)  # last: a killed run leaves no plan without its file
    else:
        known = _read_deviations(hidden)
        new = [one for one in _differences(frozen["plan"], plan) if one not in known]
        if new:
            _write(hidden / DEVIATIONS, [*known, *new], run_folder)
    marks = {"preregistered_sha256": str(frozen["sha256"])}
    if config is not None:
        marks["config_sha256"] = config.digest
    texts = [str(one) for one in _read_deviations(hidden)]
    return marks | {"deviations": json.dumps(texts, ensure_ascii=False)}


def main_setting(plan: Plan, hidden: Path) -> dict[str, str]:
    """Attribute of a summary with several settings: the label of each option in the main setting, as JSON.

    It is called `preregistered_setting` if it follows from the frozen plan, as the option's frozen value, or the first
    one of its frozen list. Without a frozen plan of the measure, `first_setting` has the first value of each list. No
    attribute if the frozen setting is not among those that were computed.
    """
    lists = plan.lists
    if not lists:
        return {}
    frozen = _read(hidden / PLAN, {}).get("plan", {}).get("measures", {}).get(plan.measure)
    chosen = {dim: values[0] for dim, values in lists.items()}
    if frozen is not None:
        several = setting_lists(plan.entry.function, {name: frozen.get(name) for name in plan.options})
        one = {dim: frozen.get(name) for dim, name in zip(lists, function_options(lists), strict=True)}
        chosen = {dim: several[dim][0] if dim in several else one[dim] for dim in lists}
    labels = {dim: setting_label(value) for dim, value in chosen.items()}
    if any(label not in map(setting_label, lists[dim]) for dim, label in labels.items()):
        return {}
    return {FIRST_SETTING if frozen is None else PREREGISTERED_SETTING: json.dumps(labels, ensure_ascii=False)}


def _plan(study: Study, table: Manifest) -> dict[str, Any]:
    """What a run is asked to do, as plain values."""
    reading = asdict(study.reading)
    reading["mask"] = [one.described() for one in study.reading.masks]
    reading["prepare"] = [one.described() for one in study.reading.steps]
    reading["read"] = reading.pop("options")
    own = {
        plan.measure: plan.options | {"pairs": plan.pairs, "partners_within": list(plan.partners_within)}
        for plan in study.plans
    }
    rows = {row.name: {**row.covariates, **row.options} for row in table.recordings}
    columns = [*table.columns, *table.covariates]
    asked = {name: value for name, value in reading.items() if name not in ("masks", "steps")}
    plain: dict[str, Any] = json.loads(json.dumps(canonical({**asked, "measures": own})))
    return plain | {"columns": columns, "rows": rows}


def _differences(frozen: Mapping[str, Any], used: Mapping[str, Any]) -> list[Deviation]:
    """What differs between two plans, in the order of the keys."""
    before, after = dict(_flat(frozen)), dict(_flat(used))
    found = [
        Deviation(key, _shown(before.get(key)), _shown(after.get(key)))
        for key in dict.fromkeys([*before, *after])
        if before.get(key) != after.get(key)
    ]
    return _merged(found, frozen, used) + _row_differences(frozen["rows"], used["rows"])


def _flat(plan: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Keys of nested tables, as in TOML, and their values; without the manifest."""
    for name, value in plan.items():
        if prefix == "" and name in ("columns", "rows"):
            continue
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{name}.")
        elif value not in ({}, None, []):
            yield f"{prefix}{name}", value


def _merged(found: list[Deviation], frozen: Mapping[str, Any], used: Mapping[str, Any]) -> list[Deviation]:
    """The differences without the options of measures that were added or left out, which have one entry."""
    changed = {*frozen["measures"]} ^ {*used["measures"]}
    kept = [one for one in found if not any(one.key.startswith(f"measures.{name}.") for name in changed)]
    for what in ("measures", "columns"):
        kept += _set_differences(what, frozen[what], used[what])
    return kept


def _set_differences(what: str, frozen: Iterable[str], used: Iterable[str]) -> list[Deviation]:
    """What was added and what was left out."""
    before, after = [*frozen], [*used]
    found = {
        "added": [name for name in after if name not in before],
        "left out": [name for name in before if name not in after],
    }
    return [Deviation(what, "", f"{listed(names)} {how}") for how, names in found.items() if names]


def _row_differences(frozen: Mapping[str, Any], used: Mapping[str, Any]) -> list[Deviation]:
    """Recordings that were added or left out, and columns with other values."""
    found = _set_differences("recordings", frozen, used)
    both = [name for name in used if name in frozen]
    shared = dict.fromkeys(column for name in both for column in used[name] if column in frozen[name])
    for column in shared:
        differ = [name for name in both if used[name].get(column) != frozen[name].get(column)]
        if differ:
            found.append(Deviation(f"columns.{column}", "", f"other values in {listed(differ)}"))
    return found


def _shown(value: object) -> str:
    text = ABSENT if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"


# --- files


def _keep(config: Config, name: str, record: Record, run_folder: Path) -> None:
    with staged(run_folder) as stage:
        (stage / name).write_bytes(config.content)
        record.publish(stage / name, record.out / name)


def _write(file: Path, value: object, run_folder: Path) -> None:
    with atomic_text(file, run_folder) as stream:
        json.dump(value, stream, ensure_ascii=False)


def _read(file: Path, absent: Any) -> Any:
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else absent


def _read_deviations(hidden: Path) -> list[Deviation]:
    return [Deviation(*one) for one in _read(hidden / DEVIATIONS, [])]
