"""An object is never written to the file from which its values are still to be read."""

import os
import pickle

import numpy as np
import pytest
import xarray as xr
from xarray.backends.file_manager import FILE_CACHE

import bitbox_xr as bx
from bitbox_xr.io.backing import files_behind

ENGINES = ["netcdf4", "h5netcdf", "scipy"]


@pytest.fixture
def x():
    return bx.signals(np.arange(400.0).reshape(200, 2), fps=30, names=["AU04", "AU12"])


@pytest.fixture
def file(tmp_path, x):
    bx.to_netcdf(x, tmp_path / "x.nc")
    return tmp_path / "x.nc"


LAZY = {
    "as it is": lambda x: x,
    "computed": lambda x: x * 2,
    "of a part": lambda x: x.isel(time=slice(0, 50)),
    "as a Dataset": lambda x: xr.Dataset({"a": ("time", np.zeros(200)), "b": x + 1}),
    "a measure": lambda x: bx.coordination(x, stats=True),
    "from another process": lambda x: pickle.loads(pickle.dumps(x - 1)),
    "as a coordinate": lambda x: xr.DataArray(np.zeros(200), dims="time").assign_coords(a=x.isel(signal=0, drop=True)),
}


@pytest.mark.parametrize("case", LAZY)
def test_an_object_that_dask_reads_from_the_file_is_refused(file, case):
    before = file.read_bytes()
    with bx.open_netcdf(file, chunks={"time": 50}) as opened:
        lazy = LAZY[case](opened)
        with pytest.raises(ValueError, match=r"from which dask reads no values .*x\.nc; call \.load\(\) on the object"):
            bx.to_netcdf(lazy, file)
        assert file.read_bytes() == before
        assert os.listdir(file.parent) == ["x.nc"]


@pytest.mark.parametrize("engine", ENGINES)
def test_the_file_is_found_for_every_engine(tmp_path, x, engine):
    bx.to_netcdf(x, tmp_path / "y.nc", engine=engine)
    for opened in (
        bx.open_netcdf(tmp_path / "y.nc", engine=engine, chunks={"time": 50}),
        xr.open_dataset(tmp_path / "y.nc", engine=engine, chunks={}),
        bx.open_netcdf(tmp_path / "y.nc", engine=engine),
    ):
        assert files_behind(opened) == {tmp_path / "y.nc"}
        assert files_behind(opened.load()) == set()
        opened.close()


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_a_link_to_the_file_is_refused_too(file, link):
    link(file, file.with_name("y.nc"))
    with (
        bx.open_netcdf(file, chunks={}) as lazy,
        pytest.raises(ValueError, match=r"from which dask reads no values of the object, got .*y\.nc"),
    ):
        bx.to_netcdf(lazy, file.with_name("y.nc"))


def test_lazy_values_are_loaded_before_their_file_is_replaced(file, x):
    """They stay when xarray has closed the file and would open it again by its name."""
    part = bx.open_netcdf(file).isel(time=slice(0, 10))
    bx.to_netcdf(part, file)
    while FILE_CACHE:
        FILE_CACHE.popitem()[1].close()
    np.testing.assert_array_equal(part, x[:10])
    with bx.open_netcdf(file) as back:
        np.testing.assert_array_equal(back, x[:10])


def test_a_file_that_is_not_read_is_replaced(file, x):
    """By an object in memory, or by one that is read from another file."""
    loaded = bx.open_netcdf(file, chunks={}).load()
    bx.to_netcdf(loaded + 1, file)
    bx.to_netcdf(x, file.with_name("y.nc"))
    with bx.open_netcdf(file, chunks={}) as other:
        bx.to_netcdf(other, file.with_name("y.nc"))
    with bx.open_netcdf(file.with_name("y.nc")) as back:
        np.testing.assert_array_equal(back, x + 1)
