"""Inputs of unusual types and memory layouts give the same numbers and keep their labels."""

import os

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bitbox_xr as bx
from bitbox_xr import compat

from bad_input import DATA, FACE, FAST, FPS, RESULT, TABLE, X, Y

pytestmark = pytest.mark.filterwarnings("ignore:significance.*expected at least 19 surrogates")


def test_a_confirmed_rate_is_accepted_in_files_and_derived_signals(tmp_path):
    fast = bx.signals(DATA, fps=1000, names=["a", "b"])
    bx.to_netcdf(fast, tmp_path / "x.nc")
    for x in (fast, bx.signals(FAST, fps=1000), bx.open_signals(tmp_path / "x.nc").load(), fast[3:], fast * 2):
        assert bx.imitation(x, x, width=0.02).attrs["fps"] == pytest.approx(1000)
    x = bx.resample(bx.signals(DATA, fps=100), 500)
    assert bx.imitation(x, x, width=0.02).attrs["fps"] == pytest.approx(500)
    assert bx.imitation(FAST, FAST, width=0.02, fps=1000).attrs["fps"] == pytest.approx(1000)


def test_signals_keeps_coordinates_and_attributes_of_a_data_array():
    x = bx.signals(DATA, fps=25, names=["AU04", "AU12"], source="a.csv").assign_coords(confidence=("time", DATA[:, 0]))
    xr.testing.assert_identical(bx.signals(x), x)
    xr.testing.assert_identical(bx.signals(x.T), x)
    foreign = xr.DataArray(DATA, {"signal": ["AU04", "AU12"]}, ("time", "signal"), attrs={"units": "mV"})
    made = bx.signals(foreign, fps=25, source="b.csv")
    assert (made.attrs["units"], made.attrs["kind"], made.attrs["source"]) == ("mV", "expression", "b.csv")
    assert made.region.values.tolist() == ["brow", "mouth"]
    np.testing.assert_allclose(made.time, x.time)
    named = bx.signals(xr.DataArray(DATA, dims=("time", "signal")), fps=25, names=["a", "b"])
    assert named.signal.values.tolist() == ["a", "b"]


def test_magnitudes_are_lazy_and_keep_regions():
    lazy = bx.magnitudes(FACE.chunk(time=4, signal=10))
    assert lazy.chunks is not None
    norms = np.sqrt((FACE.values.reshape(9, 51, 2) ** 2).sum(axis=-1))
    np.testing.assert_allclose(lazy.compute(scheduler="synchronous"), norms)
    assert lazy.region.values.tolist() == FACE.region.values[::2].tolist()
    assert lazy.side.values.tolist() == FACE.side.values[::2].tolist()


def test_at_limit_is_missing_for_a_profile_of_one_lag():
    assert np.isnan(bx.lag_profile(X, Y, max_lag=0).at_limit).all()
    assert bx.lag_profile(X, Y, max_lag=0.1).at_limit.notnull().all()


def test_window_count_is_the_number_of_reduced_windows():
    assert RESULT.attrs["window_count"] == 10
    assert bx.window_stats(RESULT.isel(window=slice(0, 3))).attrs["window_count"] == 3


def test_a_pipe_is_not_replaced_by_a_file(tmp_path):
    pipe = tmp_path / "pipe.nc"
    os.mkfifo(pipe)
    with pytest.raises(FileExistsError, match=r"expected a regular file or a new name, got .*pipe\.nc"):
        bx.to_netcdf(X, pipe)
    assert [one.name for one in tmp_path.iterdir()] == ["pipe.nc"]
    assert pipe.is_fifo()


def test_a_file_without_its_variable_is_refused(tmp_path):
    xr.Dataset(attrs={"bitbox_xr": "DataArray", "bitbox_xr_name": "x"}).to_netcdf(tmp_path / "x.nc")
    with pytest.raises(OSError, match=r"x\.nc: expected a NetCDF file, .*it should hold one variable and holds 0"):
        bx.open_netcdf(tmp_path / "x.nc")


@pytest.mark.parametrize("chunks", [{"nope": 3}, {"time": 0}, {"time": -5}, "abc"], ids=str)
def test_invalid_chunks_are_refused(tmp_path, chunks):
    bx.to_netcdf(X, tmp_path / "x.nc")
    with pytest.raises(
        ValueError, match=r"open_netcdf\(\): expected chunks to be 'auto' or .* for the dimensions time, signal"
    ):
        bx.open_netcdf(tmp_path / "x.nc", chunks=chunks)


def test_missing_values_of_pandas_become_nan():
    table = pd.DataFrame({"AU04": pd.array([1, None, 3], dtype="Int64"), "AU12": pd.array([None, 1, 0], dtype="Int64")})
    np.testing.assert_array_equal(bx.signals(table, fps=FPS), [[1, np.nan], [np.nan, 1], [3, 0]])
    assert bx.signals(pd.DataFrame(DATA.astype(np.float32)), fps=FPS).dtype == np.float32


def test_names_of_bytes_become_text():
    assert bx.signals(DATA, fps=FPS, names=[b"AU04", b"AU12"]).signal.values.tolist() == ["AU04", "AU12"]
    x = X.assign_coords(signal=np.array([b"AU04", b"AU12"]))
    assert bx.imitation(x, Y).signal1.values.tolist() == ["AU04", "AU12"]


def test_landmarks_convert_to_a_table():
    table = FACE.bitbox.to_frame()
    assert len(table) == FACE.size
    np.testing.assert_array_equal(table["value"], FACE.values.ravel())


FORMS = {
    "read-only": lambda x: x.copy(data=read_only(x.values)),
    "Fortran order": lambda x: x.copy(data=np.asfortranarray(x.values)),
    "other byte order": lambda x: x.astype(">f8"),
    "reversed in memory": lambda x: x.copy(data=x.values[::-1].copy()[::-1]),
}
CALLS = {
    "imitation": lambda x, y: bx.imitation(x, y, stats=True),
    "expressivity": lambda x, y: bx.expressivity(x, scales=[0.5]),
    "significance": lambda x, y: bx.significance(x, y, n=3, rng=0, width=0.2, progress=False),
    "resample": lambda x, y: bx.resample(x, 20),
    "fill_gaps": lambda x, y: bx.fill_gaps(x.where(x < 1), max_gap=0.2),
}


def read_only(values):
    values = values.copy()
    values.setflags(write=False)
    return values


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_results_do_not_depend_on_memory_layout(call, form):
    found, expected = call(form(X), form(Y)), call(X, Y)
    for name, array in (expected.data_vars if isinstance(expected, xr.Dataset) else {"": expected}).items():
        np.testing.assert_array_equal(found[name] if name else found, array)


def test_the_home_folder_is_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    bx.to_netcdf(X, "~/x.nc")
    for opened in (bx.open_netcdf("~/x.nc"), bx.open_signals("~/x.nc")):
        with opened as x:
            xr.testing.assert_identical(x.load(), X)


def test_bitbox_windows_of_a_short_recording_are_empty_and_their_statistics_nan():
    corr, lag = compat.imitation(TABLE[:9], TABLE, stats=False)
    assert corr.shape == lag.shape == (0, 2, 2)
    for value in compat.imitation(TABLE[:9], TABLE):
        assert value.shape == (2, 2)
        assert np.isnan(value).all()
