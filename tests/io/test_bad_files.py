"""Bad input to functions that read and write files."""

import numpy as np
import pytest
import xarray as xr

import bitbox_xr as bx

from bad_input import DATA, FPS, TABLE, X, refused, unknown

# call, error, phrases of its message (what was expected, what was found, what to do)
CASES = {
    f"{function.__name__} of {got}": (
        lambda function=function, path=path: function(path),
        error,
        [f"{function.__name__}(): expected path to be a file's name, got {got}"],
    )
    for function in (bx.open_signals, bx.open_netcdf, bx.open_recording)
    for got, path, error in (
        ("a NoneType", None, TypeError),
        ("a list", ["x.csv"], TypeError),
        ("a bytes", b"x.csv", TypeError),
        ("''", "", ValueError),
        (r"'a\x00b'", "a\0b", ValueError),
    )
} | {
    "open_signals of an array": (
        lambda: bx.open_signals(DATA),
        TypeError,
        ["expected path to be a file", "got ndarray", "signals() accepts arrays"],
    ),
    "a unit of another type": (
        lambda: bx.open_signals(TABLE, time_unit=["s"]),
        ValueError,
        ["time_unit: expected a unit of time, s, ms", "got ['s']"],
    ),
    "columns in no order": (
        lambda: bx.open_signals(TABLE, fps=FPS, columns={0, 1}),
        ValueError,
        ["expected columns to be a name", "a sequence of them", "got {0, 1}"],
    ),
    "columns from to": (
        lambda: bx.open_signals(TABLE, fps=FPS, columns=slice(2)),
        ValueError,
        ["expected columns to be a name", "got slice(None, 2, None)"],
    ),
    "a confidence of 400 digits": (
        lambda: bx.open_signals(TABLE, fps=FPS, min_confidence=10**400),
        ValueError,
        ["expected min_confidence to be a number", "got 1000"],
    ),
    "to_netcdf under too long a name": (
        lambda: bx.to_netcdf(X, "a" * 300),
        OSError,
        ["expected a file name of at most 255 bytes", "got 300 bytes (aaa", "choose a shorter name"],
    ),
    "to_netcdf of unknown length": (
        lambda: bx.to_netcdf(xr.DataArray(unknown(), dims=("time", "signal")), "x.nc"),
        TypeError,
        ["dask does not know it", ".compute_chunk_sizes()"],
    ),
    "to_netcdf of half a letter": (
        lambda: bx.to_netcdf(X.assign_coords(signal=["\udc80", "b"]), "x.nc"),
        TypeError,
        ["expected signal to hold valid Unicode text", "got '\\udc80'"],
    ),
    "to_netcdf of a zero byte": (
        lambda: bx.to_netcdf(X.assign_attrs(who="a\0b"), "x.nc"),
        TypeError,
        ["expected the attribute who to be", "without zero bytes", "got 'a\\x00b'"],
    ),
    "to_netcdf of a dimension a/b": (
        lambda: bx.to_netcdf(xr.DataArray([1.0], dims="a/b"), "x.nc"),
        TypeError,
        ["expected the name of a dimension to be printable text", "got 'a/b'", ".rename()"],
    ),
    "to_netcdf of two lines": (
        lambda: bx.to_netcdf(X.rename("a\nb"), "x.nc"),
        TypeError,
        ["expected the name of a variable to be printable text", r"got 'a\nb'"],
    ),
    "to_netcdf to nowhere": (
        lambda: bx.to_netcdf(X, None),
        TypeError,
        ["to_netcdf(): expected path to be a file's name, got a NoneType"],
    ),
    "to_netcdf to a zero byte": (
        lambda: bx.to_netcdf(X, "a\0b"),
        ValueError,
        ["expected path to be a file's name, got 'a\\x00b'"],
    ),
    "to_netcdf into no folder": (
        lambda: bx.to_netcdf(X, "~/no/such/folder/x.nc"),
        FileNotFoundError,
        ["expected an existing folder for x.nc", "no/such/folder", "create it first"],
    ),
    "to_netcdf of a table": (
        lambda: bx.to_netcdf(TABLE, "x.nc"),
        TypeError,
        ["expected a DataArray or a Dataset", "got DataFrame"],
    ),
    "to_netcdf of complex numbers": (
        lambda: bx.to_netcdf(xr.DataArray([1j]), "x.nc"),
        TypeError,
        ["complex128", "real numbers of 32 or 64 bits"],
    ),
    "to_netcdf of dates": (
        lambda: bx.to_netcdf(xr.DataArray(np.zeros(2, "M8[ns]")), "x.nc"),
        TypeError,
        ["datetime64", "seconds as float64"],
    ),
    "to_netcdf of an attribute": (
        lambda: bx.to_netcdf(X.assign_attrs(who={"a": 1}), "x.nc"),
        TypeError,
        ["expected the attribute who to be text or a number", "got a dict"],
    ),
    "an engine of another name": (
        lambda: bx.open_netcdf("x.nc", engine="zarr"),
        ValueError,
        ["expected engine to be netcdf4, h5netcdf or scipy", "got 'zarr'"],
    ),
    "a home that nobody has": (
        lambda: bx.open_signals("~nobody_of_that_name/x.csv"),
        FileNotFoundError,
        ["~nobody_of_that_name/x.csv", "expected an existing file"],
    ),
}


@pytest.mark.parametrize(("call", "error", "phrases"), CASES.values(), ids=CASES)
def test_bad_input_is_refused(call, error, phrases, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(call, error, phrases, tmp_path)
