"""Write a report: one HTML file that needs nothing else."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files
from itertools import count
from os import PathLike

import xarray as xr

from bitbox_xr.cohort import Cohort
from bitbox_xr.core.errors import refuse
from bitbox_xr.core.provenance import without_first
from bitbox_xr.core.validation import faults_of, path_of
from bitbox_xr.core.variables import RECORDING
from bitbox_xr.io.netcdf import destination, replacing
from bitbox_xr.reporting.page import Page, Section, Table
from bitbox_xr.reporting.pictures import Numbers
from bitbox_xr.reporting.recordings import recordings_section
from bitbox_xr.reporting.results import methods_section, name_of, result_section
from bitbox_xr.reporting.studies import measure_section, study_sections
from bitbox_xr.reporting.wording import sources
from bitbox_xr.version import __version__

__all__ = ["Reportable", "report"]

Reportable = xr.Dataset | xr.DataArray | Cohort | Sequence[xr.Dataset | xr.DataArray]
SUFFIXES = (".html", ".htm")
MAX_NAMES = 4  # of files below the title


def report(result: Reportable, path: str | PathLike[str], *, title: str | None = None) -> None:
    """Write a report for a supervisor or a supplement: one HTML file with pictures, tables and the methods paragraph.

    The file needs no other file and no network. It can be sent by mail, opened in every browser and printed to PDF.
    Tables are sorted by a click on the head of a column. A report shows what its results contain: data quality,
    settings, results (by condition, if they were computed with `by`), significance, the recordings of a study that
    failed with their reasons, and the methods paragraph with references. Only statistics over windows and
    recordings, and the quality of signals that are given, are computed.

    Parameters
    ----------
    result
        A result of any measure; a study, as `bitbox_xr.cohort.open` opens it; or a list of results and of the signals
        they are of, for example `[participant, model, imitation, significance]`.
    path
        The file to write, `.html`. An existing file is replaced once the new one is complete.
    title
        Title of the report. Default: the measure, or the name of the study's folder.

    Raises
    ------
    TypeError
        If `result` contains anything else.
    ValueError
        If a result does not state its measure, signals are not valid, the list is empty, or the path does not end in
        .html.
    OSError
        If the folder does not exist or is not writable.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import bitbox_xr as bx
    >>> from bitbox_xr.demo import make_face
    >>> face, _ = make_face()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     bx.report(bx.expressivity(face, scales=[1, 2]), f"{folder}/face.html")
    ...     text = Path(folder, "face.html").read_text(encoding="utf-8")
    >>> "<h1>Expressivity</h1>" in text, "Mexican-hat wavelet" in text
    (True, True)
    """
    target = destination(path_of("report()", path))
    if target.suffix.lower() not in SUFFIXES:
        raise ValueError(
            f"report(): expected the name of an HTML file, got {target.name}; choose one that ends in .html"
        )
    page = _study_page(result, title) if isinstance(result, Cohort) else _page(_checked(result), title)
    text = rendered(page)
    with replacing(target) as file:
        file.write_text(text, encoding="utf-8", newline="\n")


def rendered(page: Page) -> str:
    """A page as HTML."""
    import jinja2

    folder = files("bitbox_xr.reporting") / "templates"
    style, script = ((folder / f"report.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    template = environment.from_string((folder / "report.html").read_text(encoding="utf-8"))
    return template.render(
        page=page, style=style, script=script, script_hash=f"sha256-{digest}", version=__version__
    ).replace("\r\n", "\n")


def _checked(result: object) -> list[xr.Dataset | xr.DataArray]:
    """The results and signals of a report, in memory."""
    listed: list[object] = list(result) if isinstance(result, list | tuple) else [result]
    given = [one for one in listed if isinstance(one, xr.Dataset | xr.DataArray)]
    if not listed:
        raise ValueError("report(): expected at least one result, got an empty list")
    others = [type(one).__name__ for one in listed if not isinstance(one, xr.Dataset | xr.DataArray)]
    if others:
        got = ", ".join(dict.fromkeys(others))
        remedy = "open a file with open_netcdf(), and a study with cohort.open()"
        raise TypeError(f"report(): expected a result, signals, a study, or a list of results, got {got}; {remedy}")
    faults = [fault for one in given if isinstance(one, xr.DataArray) for fault in faults_of(one)]
    faults += [
        "expected results with the attribute measure, got a Dataset without; use the result of a measure before "
        "arithmetic, or xarray.set_options(keep_attrs=True)"
        for one in given
        if isinstance(one, xr.Dataset) and "measure" not in one.attrs
    ]
    refuse("report()", faults)
    return [one.compute() for one in given]


def _page(given: list[xr.Dataset | xr.DataArray], title: str | None) -> Page:
    """The page of results and of signals."""
    numbers = count(1)
    results = [without_first(one) for one in given if isinstance(one, xr.Dataset)]
    signals = [one for one in given if isinstance(one, xr.DataArray)]
    sections = [recordings_section(signals, numbers)] if signals else []
    shown: set[Table] = set()
    found = [_section(result, numbers, shown) for result in results]
    sections += _told_apart(found, results) if len(found) > 1 or signals else found[0].parts  # one is the whole report
    sections += [methods_section(results)] if results else []
    names = [file for result in results for file in sources(result.attrs).values()]
    names += [str(x.attrs.get("source", "")) for x in signals]
    files_named = [name for name in dict.fromkeys(names) if name]
    more = f" and {len(files_named) - MAX_NAMES} more" if len(files_named) > MAX_NAMES else ""
    titles = list(dict.fromkeys(name_of(result) for result in results)) or ["Recordings"]
    named = ", ".join([titles[0], *(f"{name[:1].lower()}{name[1:]}" for name in titles[1:])])
    return Page(title or named, " · ".join(files_named[:MAX_NAMES]) + more, tuple(sections))


def _told_apart(sections: list[Section], results: list[xr.Dataset]) -> list[Section]:
    """The sections, of which those with equal titles have the names of their files, or numbers, in the title."""
    titles = [section.title for section in sections]
    files_of = [", ".join(dict.fromkeys(sources(result.attrs).values())) for result in results]
    named = [
        f"{title}: {own}" if own and titles.count(title) > 1 else title
        for title, own in zip(titles, files_of, strict=True)
    ]
    numbered = [
        f"{title} ({named[: k + 1].count(title)})" if named.count(title) > 1 else title for k, title in enumerate(named)
    ]
    return [replace(section, title=title) for section, title in zip(sections, numbered, strict=True)]


def _section(result: xr.Dataset, numbers: Numbers, shown: set[Table]) -> Section:
    if RECORDING in result.dims:
        return measure_section(result, numbers)
    return result_section(result, numbers, shown)


def _study_page(study: Cohort, title: str | None) -> Page:
    numbers = count(1)
    sections = study_sections(study, numbers)
    return Page(title or f"Study {study.out.name}", study.counted, tuple(sections))
