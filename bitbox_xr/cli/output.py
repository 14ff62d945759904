"""Write what a command has computed: a NetCDF file, or a table as CSV."""

from pathlib import Path
from typing import NamedTuple

import xarray as xr

from bitbox_xr.cohort.spreadsheet import guarded_table
from bitbox_xr.io.netcdf import destination, replacing, to_netcdf
from bitbox_xr.measures.tables import to_frame

__all__ = ["PICTURE", "REPORT", "RESULT", "SIGNALS", "Form", "checked_form", "written"]

NETCDF, CSV = ".nc", ".csv"


class Form(NamedTuple):
    """What a command writes, and the ends of the names that it accepts."""

    name: str
    suffixes: tuple[str, ...]


RESULT = Form("a NetCDF or CSV file", (NETCDF, CSV))
SIGNALS = Form("a NetCDF file", (NETCDF,))
PICTURE = Form("a picture", (".png", ".svg", ".pdf"))
REPORT = Form("an HTML file", (".html", ".htm"))


def checked_form(out: Path, form: Form) -> Path:
    """The path of --out, where a file can be written and whose name ends as the form says."""
    target = destination(out)
    if target.suffix.lower() not in form.suffixes:
        ends = " or ".join(filter(None, (", ".join(form.suffixes[:-1]), form.suffixes[-1])))
        raise ValueError(f"expected --out to be the name of {form.name}, got {out}; choose a name that ends in {ends}")
    return target


def written(result: xr.Dataset, out: Path) -> None:
    """Write a result: as a tidy table if the name ends in .csv, else as NetCDF.

    Text that a spreadsheet would run as a formula gets an apostrophe, as in the tables of a cohort.
    """
    if out.suffix.lower() != CSV:
        to_netcdf(result, out)
        return
    with replacing(destination(out)) as file:
        guarded_table(to_frame(result)).to_csv(file, index=False, lineterminator="\n", encoding="utf-8")
