"""The sections of a report on one result of one recording."""

import numpy as np
import xarray as xr

from bitbox_xr.core.durations import length_of
from bitbox_xr.core.types import Attrs
from bitbox_xr.core.validation import counted
from bitbox_xr.core.variables import LAG, PAIR, SIGNAL1, SIGNAL2, WINDOW
from bitbox_xr.inference.surrogate_numbers import ALPHA, too_few_text
from bitbox_xr.measures.results import matched
from bitbox_xr.measures.social import window_stats
from bitbox_xr.reporting.kinds import Kind, kind_of
from bitbox_xr.reporting.methods import methods
from bitbox_xr.reporting.nouns import noun_of_signals
from bitbox_xr.reporting.page import Block, Cell, Listing, Paragraph, Section, Table
from bitbox_xr.reporting.pictures import Numbers, pictures
from bitbox_xr.reporting.result_tables import (
    MAX_ROWS,
    cell,
    file_cell,
    frame_table,
    has_matched,
    plain_table,
    result_table,
)
from bitbox_xr.reporting.rounding import rounded
from bitbox_xr.reporting.wording import head, option, shown_options, sources, unit_of

__all__ = [
    "WHO",
    "by_label",
    "methods_section",
    "name_of",
    "quality_table",
    "result_section",
    "settings_table",
    "statistics",
]

MAX_LAG_DIFFERENCE_S = 1e-6  # of equal lags
NO_TABLE = "There is no table for results of this kind. Its variables are {}."
WHO = {"": "x", "1": "x", "2": "y"}
DETAILS = (("backend", "tracker"), ("kind", "kind"), ("time_source", "time source"))


def name_of(result: xr.Dataset) -> str:
    """What a result is, in a title."""
    kind = kind_of(result)
    measure = str(result.attrs.get("measure", "result")).replace("_", " ")
    name = {"significance": f"significance of {measure}", "lag profile": f"lag profile of {measure}"}
    return (name.get(kind.name, measure) if kind else measure).capitalize()


def result_section(result: xr.Dataset, numbers: Numbers, shown: set[Table]) -> Section:
    """All about one result: quality of the recordings, settings, and the result with pictures and tables.

    Tables of recordings that are in `shown` are not repeated; others are entered.
    """
    recordings = quality_table(result.attrs)
    repeated = recordings in shown
    shown |= {recordings} if recordings else set()
    stats = statistics(result)
    kind = kind_of(stats)
    blocks: list[Block] = [Paragraph(_summary(stats, kind) if kind else NO_TABLE.format(", ".join(map(str, result))))]
    blocks += pictures(result if "corr" not in result else stats.assign(_windows(result)), numbers)
    parts = [_part("Data quality", [None if repeated else recordings, *_window_losses(stats)])]
    parts += [_part("Settings", [settings_table(result.attrs)])]
    parts += [_part("Results by condition", [by_label(stats, kind)])] if kind and result.attrs.get("by") else []
    parts += [_part("Results", [*blocks, *_tables(stats, kind)])]
    return Section(name_of(result), (), tuple(part for part in parts if part.blocks)).explained_once()


def statistics(result: xr.Dataset) -> xr.Dataset:
    """The result with statistics over windows in the place of windows, and with the correlation at best lags."""
    if "corr" in result.data_vars and WINDOW in result["corr"].dims:
        return window_stats(result, by=result.attrs.get("by"))
    if "profile" in result.data_vars and LAG in result["profile"].dims:
        best = abs(result["profile"][LAG] - result["best_lag"]) < MAX_LAG_DIFFERENCE_S
        attrs = {"long_name": "mean correlation over windows at the best lag", "units": "1"}
        return result.assign(r_at_best_lag=result["profile"].where(best).sum(LAG, min_count=1).assign_attrs(attrs))
    return result


def methods_section(results: list[xr.Dataset]) -> Section:
    """How the results were made: a paragraph for each different text, and the references of all."""
    texts: dict[str, None] = {}
    references: dict[str, None] = {}
    for result in results:
        text, _, cited = methods(result).partition("\n\nReferences\n\n")
        texts[text] = None
        references |= dict.fromkeys(cited.split("\n\n"))
    parts = (Section("References", (Listing(tuple(sorted(references))),)),)
    return Section("Methods", tuple(map(Paragraph, texts)), parts)


def quality_table(attrs: Attrs) -> Table | None:
    """The recordings that a result was computed from, and what they lost; None if the result does not say."""
    rows = []
    for side, file in (sources(attrs) or {side: "" for side in ("", "1", "2") if f"kind{side}" in attrs}).items():
        own = {name: str(attrs.get(f"{name}{side}", "")) for name, _ in DETAILS}
        if own["kind"]:
            own["kind"] = noun_of_signals(own["kind"], str(attrs.get(f"schema{side}", "")), own["backend"]).plural
        lost, masked = (attrs.get(f"{name}{side}") for name in ("lost_frames", "masked_frames"))
        shares = (_share_of_frames(count, attrs) for count in (lost, masked))
        length = np.nan if (known := length_of(attrs)) is None else known
        rows.append([WHO[side], file_cell(file), *own.values(), cell(length, "duration", "s"), *shares])
    if not rows:
        return None
    heads = ["person", "file", *(words for _, words in DETAILS), "duration, s", "lost frames", "masked frames"]
    kept = [k for k in range(len(heads)) if k < 2 or any(not _is_empty(row[k]) for row in rows)]
    return plain_table("The recordings", [heads[k] for k in kept], [[row[k] for k in kept] for row in rows])


def settings_table(attrs: Attrs) -> Table | None:
    """The options of a result; None if it has none."""
    rows = [option(name, value) for name, value in shown_options(attrs).items()]
    rows = [(words, value) for words, value in rows if words]
    version = str(attrs.get("bitbox_xr_version", ""))
    rows += [("Version of bitbox_xr", version)] if version else []
    return plain_table("The settings of the measure", ["setting", "value"], rows) if rows else None


def by_label(result: xr.Dataset, kind: Kind) -> Table | None:
    """A row for each condition: means over matched pairs, or over all other labels."""
    by = str(result.attrs["by"])
    if by not in result.dims:
        return None
    own = matched(result) if has_matched(result) else result
    names = [name for name in kind.present(own) if by in own[name].dims and name not in ("p", "q")]
    means = xr.Dataset({name: own[name].mean([dim for dim in own[name].dims if dim != by]) for name in names})
    frame = means.to_dataframe().reset_index()[[by, *names]]
    if "p_fwe" in result:
        rest = [dim for dim in result["p_fwe"].dims if dim != by]
        counts = ((result["p_fwe"] <= ALPHA).sum(rest).values, result["p_fwe"].notnull().sum(rest).values)
        frame["p_fwe"] = [f"{found} of {tested}" for found, tested in zip(*counts, strict=True)]
        frame = frame.rename(columns={"p_fwe": "with family-wise p ≤ .05"})
    over = "matched pairs (the same signal of both)" if PAIR in own.dims else "all rows of the table of results"
    units = {name: unit_of(name, result) for name in names}
    return frame_table(f"Conditions: means over {over}", frame, result, units)


def _part(title: str, blocks: list[Block | None]) -> Section:
    return Section(title, tuple(block for block in blocks if block is not None))


def _windows(result: xr.Dataset) -> xr.Dataset:
    """The windows of a result, which are drawn over time."""
    return result[[name for name in ("corr", "lag") if name in result]]


def _tables(result: xr.Dataset, kind: Kind | None) -> list[Block | None]:
    if kind is None:
        return []
    tables: list[Block | None] = []
    own = matched(result) if has_matched(result) else None
    if own is not None and own[kind.marker].size == result[kind.marker].size:
        return [result_table("The same signal of both (matched pairs)", own, kind)]
    if own is not None:
        tables.append(result_table("The same signal of both (matched pairs)", own, kind, MAX_ROWS))
    caption = "All pairs, the strongest first" if SIGNAL1 in result.dims else "All results"
    return [*tables, result_table(caption, result, kind)]


def _window_losses(result: xr.Dataset) -> list[Block]:
    """How many pairs have a correlation in all windows, in some and in none."""
    if "n_windows" not in result.data_vars or SIGNAL1 not in result["n_windows"].dims:
        return []
    counts = result["n_windows"]
    full = counts == counts.max([SIGNAL1, SIGNAL2])
    total, none = counts.size, int((counts == 0).sum())
    if full.all() and not none:
        return [
            Paragraph(f"{f'All {total} pairs have' if total > 1 else 'The pair has'} a correlation in every window.")
        ]
    every = int((full & (counts > 0)).sum())
    text = (
        f"{every} of {total} pairs have a correlation in as many windows as possible, {total - every - none} in fewer "
        f"and {none} in none, because a signal is flat or missing there."
    )
    empty = [
        f"Without any window, {head(dim, attrs=result.attrs)}: {', '.join(labels)}"
        for dim in (SIGNAL1, SIGNAL2)
        if (labels := _empty_labels(counts, dim))
    ]
    return [Paragraph(text), *([Listing(tuple(empty))] if empty else [])]


def _empty_labels(counts: xr.DataArray, dim: str) -> list[str]:
    found = counts.max([other for other in counts.dims if other != dim])
    labels: list[str] = found[dim].values[found.values == 0].astype(str).tolist()
    return labels


def _share_of_frames(count: object, attrs: Attrs) -> str:
    if count is None:
        return ""
    frames = int(attrs.get("frames", 0))
    return f"{count} ({rounded(int(str(count)) / frames, 'lost_share')})" if frames else str(count)


def _is_empty(value: object) -> bool:
    return value == "" or (not isinstance(value, str) and np.isnan(getattr(value, "key", np.nan)))


def _summary(result: xr.Dataset, kind: Kind) -> str:
    """One or two sentences: how many tests are significant, and the most extreme row."""
    own = matched(result) if has_matched(result) else result
    table = result_table("", own, kind, 1)
    if not table.rows:
        return "No row has a value."
    found = ""
    if "p_fwe" in result:
        tested, significant = int(result["p_fwe"].notnull().sum()), int((result["p_fwe"] <= ALPHA).sum())
        found = f"{significant} of {counted(tested, 'test')} {'has' if tested == 1 else 'have'} a family-wise p ≤ .05. "
    if kind.order not in own:
        return found
    cells = dict(zip(table.heads, table.rows[0], strict=True))
    name = head(kind.order, unit_of(kind.order, own), own.attrs)
    labels = ", ".join(f"{text} {one.text}" for text, one in cells.items() if one.key is None)
    among = " of a matched pair" if PAIR in own.dims and PAIR not in result.dims else ""
    where = f" ({labels})" if labels else ""
    few = f" But {note}." if (note := too_few_text(result.attrs)) else ""
    return f"{found}{_extreme(kind, result.attrs, f'{name}{among}', cells[name])}{where}.{few}"


def _extreme(kind: Kind, attrs: Attrs, name: str, top: Cell) -> str:
    """The value of the first row, and what it is among all values."""
    value = np.nan if top.key is None else top.key
    if kind.ascending:
        return f"Smallest {name}: {top.text}"
    if kind.is_one_sided(attrs) and value <= 0:
        return f"No value is above chance. The highest {name}: {top.text}"
    return f"{'Largest' if value >= 0 else 'Strongest'} {name}: {top.text}"
