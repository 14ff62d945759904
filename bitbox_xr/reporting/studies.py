"""The sections of a report on a study: its recordings, failures and quality, and each measure over recordings."""

from collections.abc import Hashable, Iterable

import numpy as np
import pandas as pd
import xarray as xr

from bitbox_xr.cohort import Cohort
from bitbox_xr.core.validation import listed
from bitbox_xr.core.variables import PERSON, RECORDING, SCALE
from bitbox_xr.measures.tables import to_frame
from bitbox_xr.reporting.kinds import Kind, kind_of
from bitbox_xr.reporting.page import Block, Figure, Listing, Paragraph, Section, Table
from bitbox_xr.reporting.pictures import Numbers, group_picture, pictures
from bitbox_xr.reporting.result_tables import MAX_ROWS, frame_table, plain_table
from bitbox_xr.reporting.results import methods_section, name_of, settings_table
from bitbox_xr.reporting.wording import head, unit_of

__all__ = ["measure_section", "study_sections"]

QUALITY = "quality"
MAX_GROUP_PICTURES = 3
LARGEST = "The pictures show what has the largest mean over recordings. The tables show all results."
NO_QUALITY = "The study has no measure of quality. Add the measure quality to see losses, masks and noise."
MAX_RECORDINGS = 500  # in a table
MAX_NAMES = 40  # of recordings with one message
MAX_GROUPS = 6  # values of a covariate that are groups
DESCRIBED = ("mean", "SD", "ci_low", "ci_high")
STATES = ("failed", "not done")
SCALE_LABEL = "scale_label"  # a scale as text, such as "1 s"
OF_DATA = ("duration", "n_windows", "valid_share", "masked_share")  # in the summary of every measure with `by`


def study_sections(study: Cohort, numbers: Numbers) -> list[Section]:
    """All sections of a study."""
    summaries = {name: results.summary for name, results in study.items() if len(results.recordings)}
    sections = [Section("Recordings", tuple(_recordings(study, summaries)), tuple(_not_measured(study)))]
    sections += [_quality_section(summaries, numbers)] if summaries else []
    sections += [measure_section(summary, numbers) for name, summary in summaries.items() if name != QUALITY]
    if deviations := study.deviations:
        text = "Later runs differ from the file of measures and options that the first run kept (preregistered.toml):"
        sections.append(Section("Deviations from the plan", (Paragraph(text), Listing(tuple(deviations)))))
    return [*sections, methods_section(list(summaries.values()))] if summaries else sections


def measure_section(summary: xr.Dataset, numbers: Numbers) -> Section:
    """A measure over all recordings: settings, and means with their spread, by condition and by group."""
    kind = kind_of(summary)
    settings = settings_table(summary.attrs)
    parts = [Section("Settings", (settings,))] if settings else []
    if kind is not None:
        shown = _group_pictures(summary, kind, numbers)
        blocks: list[Block] = [*pictures(_averaged(summary, kind), numbers)]
        blocks += [Paragraph(LARGEST), *shown] if shown else []
        blocks += [_means(summary, kind, name) for name in kind.averaged if _is_averaged(summary, kind, name)]
        parts.append(Section(f"Results over {summary.sizes[RECORDING]} recordings", tuple(blocks)))
        groups = [_groups(summary, kind, name) for name in _grouping(summary)]
        parts += [Section(f"Results by {table[0]}", (table[1],)) for table in groups if table is not None]
    return Section(name_of(summary), (), tuple(parts)).explained_once()


# --- recordings


def _recordings(study: Cohort, summaries: dict[str, xr.Dataset]) -> list[Block]:
    """How many recordings there are, and a row for each."""
    measures = list(study)
    columns = study.status[["recording", "state", *(measures if len(measures) > 1 else [])]]
    table = columns.set_index("recording")
    for summary in summaries.values():
        for name in _covariates(summary):
            known = pd.Series(summary[name].values, summary[RECORDING].values)
            table[name] = known.reindex(table.index)
    shown = table.reset_index().head(MAX_RECORDINGS)
    note = f"The first {MAX_RECORDINGS} of {len(table)} recordings." if len(table) > MAX_RECORDINGS else ""
    text = f"{study.counted}. Measures: {', '.join(measures)}."
    return [Paragraph(text), plain_table("All recordings", [*shown.columns], _rows(shown), note)]


def _rows(frame: pd.DataFrame) -> list[list[object]]:
    return [
        [value if isinstance(value, int | float | np.number) else str(value) for value in row]
        for row in frame.itertuples(index=False, name=None)
    ]


def _not_measured(study: Cohort) -> list[Section]:
    """The recordings that failed or were not done, with reasons, and the warnings of the others."""
    sections = []
    for state in STATES:
        own = study.status[study.status["state"] == state]
        if len(own):
            table = _messages(f"Recordings that are {state}", "reason", own)
            sections.append(Section(f"{state.capitalize()} recordings", (table,)))
    if len(study.warned):
        table = _messages("Recordings that are done, with a warning", "warning", study.warned)
        sections.append(Section("Warnings", (table,)))
    return sections


def _messages(caption: str, head: str, status: pd.DataFrame) -> Table:
    """A row for each different message, with the recordings that have it."""
    same = status.groupby("message", sort=False, dropna=False)["recording"]
    rows: list[list[object]] = [[listed(names, MAX_NAMES), str(message)] for message, names in same]
    return plain_table(caption, ["recordings", head], rows)


def _covariates(summary: xr.Dataset) -> list[str]:
    return [str(name) for name, coord in summary.coords.items() if coord.dims == (RECORDING,) and name != RECORDING]


# --- quality


def _quality_section(summaries: dict[str, xr.Dataset], numbers: Numbers) -> Section:
    """Pictures of each signal; and means over signals for each condition, for each group, and for each recording."""
    name = QUALITY if QUALITY in summaries else next(iter(summaries))
    summary = summaries[name]
    kind = kind_of(summary)
    known = [*(kind.columns if kind and name == QUALITY else ()), *OF_DATA]
    names = [one for one in dict.fromkeys(known) if one in summary.data_vars]
    if not names:
        return Section("Data quality", (Paragraph(NO_QUALITY),))
    by = [str(summary.attrs["by"])] if summary.attrs.get("by") in summary.dims else []
    people = [dim for dim in (PERSON,) if dim in summary.dims]
    tables = [_quality_by([*people, *by], names, summary, "Means over recordings and signals")] if people or by else []
    tables += [_quality_by([group, *people], names, summary, f"By {group}") for group in _grouping(summary)]
    tables.append(_quality_by([RECORDING, *people], names, summary, "Each recording: means over signals"))
    each = _averaged(summary, kind).mean(by, keep_attrs=True) if kind and name == QUALITY else xr.Dataset()
    drawn = pictures(each, numbers)
    return Section("Data quality", (*drawn, *tables)).explained_once()


def _quality_by(labels: list[str], names: list[str], summary: xr.Dataset, caption: str) -> Table:
    """Means of variables for each combination of labels."""
    dims = [str(dim) for dim in summary.dims if dim in (*labels, RECORDING)]
    each = [summary[one].mean([dim for dim in summary[one].dims if dim not in dims]) for one in names]
    frame = xr.Dataset(dict(zip(names, each, strict=True))).to_dataframe(dim_order=dims).reset_index()
    means = frame.groupby(labels, sort=False)[names].mean().reset_index().dropna(how="all", subset=names)
    units = {one: unit_of(one, summary) for one in names}
    note = f"The first {MAX_RECORDINGS} of {len(means)} rows." if len(means) > MAX_RECORDINGS else ""
    return frame_table(caption, means.head(MAX_RECORDINGS), summary, units, note)


# --- measures


def _averaged(summary: xr.Dataset, kind: Kind) -> xr.Dataset:
    """Means over recordings, for pictures; p-values of single recordings have no meaningful mean."""
    names = [name for name in kind.averaged if name in summary.data_vars and RECORDING in summary[name].dims]
    out = summary.drop_dims(RECORDING).assign({name: summary[name].mean(RECORDING, keep_attrs=True) for name in names})
    return out.drop_vars([name for name in out.data_vars if name not in names])


def _group_pictures(summary: xr.Dataset, kind: Kind, numbers: Numbers) -> list[Figure]:
    """The cells with the largest means by condition, and the one with the largest by group."""
    variable = next((name for name in kind.averaged if name in summary.data_vars), None)
    by = str(summary.attrs.get("by", ""))
    if variable is None or RECORDING not in summary[variable].dims:
        return []
    means = abs(summary[variable].mean(RECORDING))
    places = [(place, by) for place in _largest(means.max(by), MAX_GROUP_PICTURES)] if by in means.dims else []
    places += [(place, group) for place in _largest(means, 1) for group in _grouping(summary)]
    return [
        group_picture(summary.isel(place), variable, across, _named(summary.isel(place), variable, place), numbers)
        for place, across in places
    ]


def _largest(values: xr.DataArray, most: int) -> list[dict[Hashable, int]]:
    """The places of the largest values, as for `.isel()`."""
    filled = values.fillna(-np.inf).values
    order = np.argsort(-filled, axis=None, kind="stable")[:most]
    places = [np.unravel_index(int(k), filled.shape) for k in order if filled.flat[k] > -np.inf]
    return [dict(zip(values.dims, map(int, place), strict=True)) for place in places]


def _named(cell: xr.Dataset, variable: str, dims: Iterable[Hashable]) -> str:
    """The variable and the labels of a cell, in a caption."""
    labels = [_label(cell, dim) for dim in dims if dim in cell.coords]
    return ", ".join([_title(variable, unit_of(variable, cell)), *labels])


def _label(cell: xr.Dataset, dim: Hashable) -> str:
    """The label of a cell along a dimension, with its name if it is a number; aggregated scales have a text.

    >>> cell = xr.Dataset(coords={"pair": "AU12", "order": 2.0, "scale": np.inf, "scale_label": "Agg 1.0-4.0"})
    >>> [_label(cell, dim) for dim in ("pair", "order", "scale")]
    ['AU12', 'order 2', 'scale Agg 1.0-4.0']
    """
    if dim == SCALE and SCALE_LABEL in cell.coords:
        return f"{SCALE} {cell[SCALE_LABEL].item()}"
    return str(cell[dim].item()) if cell[dim].dtype.kind in "UO" else f"{dim} {cell[dim].item():g}"


def _is_averaged(summary: xr.Dataset, kind: Kind, name: str) -> bool:
    return name in to_frame(summary[[kind.marker, *kind.present(summary)]].isel({RECORDING: [0]}))


def _means(summary: xr.Dataset, kind: Kind, name: str) -> Table:
    """Number, mean, standard deviation and confidence interval over recordings of one variable."""
    frame = _tidy(summary, kind)
    labels = _labels(frame, summary, kind)
    table = _described(frame, labels, name)
    unit = frame.attrs["units"].get(name, "")
    note = f"The first {MAX_ROWS} of {len(table)} rows." if len(table) > MAX_ROWS else ""
    caption = f"{_title(name, unit)}: mean over recordings"
    return frame_table(caption, table.head(MAX_ROWS), summary, {}, note, dict.fromkeys(DESCRIBED, name))


def _tidy(summary: xr.Dataset, kind: Kind) -> pd.DataFrame:
    names = [name for name in dict.fromkeys([kind.marker, *kind.present(summary)]) if name in summary]
    return to_frame(summary[names])


def _labels(frame: pd.DataFrame, summary: xr.Dataset, kind: Kind) -> list[str]:
    """The columns with the labels of all dimensions but that of recordings."""
    dims = [str(dim) for dim in summary[kind.marker].dims if dim not in (RECORDING, "metric", "lag")]
    return [SCALE_LABEL if dim == SCALE and SCALE_LABEL in frame else dim for dim in dims]


def _described(frame: pd.DataFrame, labels: list[str], name: str) -> pd.DataFrame:
    """A row for each combination of labels with a value, those with the largest mean first."""
    from scipy.stats import t

    groups = frame.dropna(subset=[name]).groupby(labels, sort=False) if labels else [((), frame.dropna(subset=[name]))]
    rows: list[tuple[object, ...]] = []
    for key, own in groups:
        values = own[name].to_numpy(dtype=float)
        n, mean = len(values), float(values.mean()) if len(values) else np.nan
        spread = float(values.std(ddof=1)) if n > 1 else np.nan
        half = float(t.ppf(0.975, n - 1)) * spread / np.sqrt(n) if n > 1 else np.nan
        rows.append((*(key if isinstance(key, tuple) else (key,)), n, mean, spread, mean - half, mean + half))
    columns: list[Hashable] = [*labels, "n_recordings", *DESCRIBED]
    table = pd.DataFrame(rows, columns=pd.Index(columns))
    return table.iloc[np.argsort(-table["mean"].abs().to_numpy(), kind="stable")]


def _grouping(summary: xr.Dataset) -> list[str]:
    """Covariates of text with a few values, which are groups."""
    found = []
    for name in _covariates(summary):
        values = summary[name].values
        if values.dtype.kind in "UO" and 2 <= len({str(value) for value in values}) <= MAX_GROUPS:
            found.append(name)
    return found


def _groups(summary: xr.Dataset, kind: Kind, group: str) -> tuple[str, Table] | None:
    """The first averaged variable by group (and condition): first the mean over labels in each recording."""
    name = next((one for one in kind.averaged if _is_averaged(summary, kind, one)), None)
    if name is None:
        return None
    frame = _tidy(summary, kind)
    by = [str(summary.attrs["by"])] if summary.attrs.get("by") in summary.dims else []
    each = frame.groupby([RECORDING, group, *by], sort=False)[name].mean().reset_index()
    table = _described(each, [group, *by], name)
    unit = frame.attrs["units"].get(name, "")
    caption = f"{_title(name, unit)}: mean over all labels of each recording, then over recordings"
    return group, frame_table(caption, table, summary, {}, rounded_as=dict.fromkeys(DESCRIBED, name))


def _title(name: str, unit: str) -> str:
    text = head(name, unit)
    return text[:1].upper() + text[1:]
