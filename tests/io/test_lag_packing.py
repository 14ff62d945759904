"""Lags of windows in NetCDF files: whole frames in small integers, that return the same float32 seconds, to the bit."""

import pickle
import shutil
import subprocess
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import bitbox_xr as bx
from bitbox_xr.io import lag_packing

ENGINES = ["netcdf4", "h5netcdf", "scipy"]
RATES = [23.976, 25.0, 29.97, 30.0, 30000 / 1001, 59.94, 120.0, 240.0]


def bits(array):
    """Bits of float32 values, all NaN alike."""
    values = np.asarray(array)
    assert values.dtype == np.float32
    return np.where(np.isnan(values), np.float32(np.nan), values).view(np.uint32)


def measured(fps=29.97, frames=900, max_lag=0.5, measure=bx.imitation, chunks=None, **options):
    """Windows of two recordings with gaps: some lags are NaN."""
    rng = np.random.default_rng(0)
    sides = []
    for _ in range(2):
        values = rng.normal(size=(frames, 3))
        values[200:260, 1] = np.nan
        x = bx.signals(values, fps=fps, names=["AU04", "AU12", "AU17"])
        sides.append(x.chunk(time=chunks) if chunks else x)
    return measure(*sides, width=1, step=0.5, max_lag=max_lag, **options)


def stored(path):
    """The lags in a file as they are stored: integers, and their attributes."""
    with netCDF4.Dataset(path) as file:
        file.set_auto_maskandscale(False)
        return file["lag"][...], {name: file["lag"].getncattr(name) for name in file["lag"].ncattrs()}


# --- exactness


@given(
    fps=st.sampled_from(RATES) | st.floats(0.5, 1000),
    frames=st.lists(st.integers(-127, 127), min_size=1, max_size=30),
    wide=st.booleans(),
)
def test_any_whole_frames_return_to_the_bit(fps, frames, wide):
    frames = np.array(frames) * (258 if wide else 1)
    seconds = np.append((frames / fps).astype(np.float32), np.float32(np.nan))
    packed = lag_packing.whole_frames(seconds, 1 / fps, np.dtype(np.int16 if wide else np.int8))
    np.testing.assert_array_equal(packed[:-1], frames)
    np.testing.assert_array_equal(bits(lag_packing.in_seconds(packed, 1 / fps)), bits(seconds))


@pytest.mark.parametrize("dtype", [np.int8, np.int16])
@pytest.mark.parametrize("fps", RATES)
def test_every_integer_returns_to_the_bit(fps, dtype):
    frames = np.arange(np.iinfo(dtype).min + 1, np.iinfo(dtype).max + 1)
    seconds = (frames / fps).astype(np.float32)
    packed = lag_packing.whole_frames(seconds, 1 / fps, np.dtype(dtype))
    np.testing.assert_array_equal(packed, frames)
    np.testing.assert_array_equal(bits(lag_packing.in_seconds(packed, 1 / fps)), bits(seconds))


@pytest.mark.parametrize("value", [0.5 / 30, 128 / 30, -128 / 30, np.inf, -np.inf, -0.0, 1e30, 0.1 + 1e-8])
def test_other_values_are_refused(value):
    with pytest.raises(lag_packing.NotWholeFrames):
        lag_packing.whole_frames(np.array([0.1, np.nan, value], np.float32), 1 / 30, np.dtype(np.int8))


# --- files


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("chunks", [None, 170], ids=["in memory", "on dask"])
def test_lags_of_a_measure_return_to_the_bit(tmp_path, engine, chunks):
    result = measured(chunks=chunks)
    bx.to_netcdf(result, tmp_path / "x.nc", engine=engine)
    assert (result.lag.chunks is None) == (chunks is None)
    assert result.lag.dtype == np.float32, "the caller's object was changed"
    frames, attrs = stored(tmp_path / "x.nc")
    assert frames.dtype.itemsize == 1
    assert attrs["_FillValue"] == -128
    assert attrs["scale_factor"] == 1 / 29.97
    result = result.compute()
    assert 0 < int(result.lag.isnull().sum()) < result.lag.size
    with bx.open_netcdf(tmp_path / "x.nc", engine=engine) as back:
        np.testing.assert_array_equal(bits(back.lag), bits(result.lag))
        xr.testing.assert_identical(back.load(), result)
    with bx.open_netcdf(tmp_path / "x.nc", engine=engine, chunks={"window": 7}) as back:
        assert back.lag.dtype == np.float32
        np.testing.assert_array_equal(bits(back.lag), bits(result.lag))


@pytest.mark.parametrize("engine", ENGINES)
def test_lags_beyond_127_frames_take_two_bytes(tmp_path, engine):
    result = measured(fps=120.0, frames=1800, max_lag=1, measure=bx.coordination)  # net lags up to 240 frames
    assert float(abs(result.lag).max()) > 127 / 120
    bx.to_netcdf(result, tmp_path / "x.nc", engine=engine)
    frames, attrs = stored(tmp_path / "x.nc")
    assert frames.dtype.itemsize == 2
    assert attrs["_FillValue"] == -(2**15)
    with bx.open_netcdf(tmp_path / "x.nc", engine=engine) as back:
        assert back.lag.dtype == np.float32
        np.testing.assert_array_equal(bits(back.lag), bits(result.lag))


@pytest.mark.parametrize("chunks", [None, 170], ids=["in memory", "on dask"])
@pytest.mark.parametrize("change", ["running mean", "negative", "no rate", "double"])
def test_lags_that_are_not_whole_frames_stay_floats(tmp_path, change, chunks):
    result = measured(chunks=chunks)
    if change == "running mean":
        result["lag"] = result.lag.rolling(window=2).mean().astype(np.float32)
    elif change == "negative":
        result["lag"] = -result.lag  # zero becomes −0, which integers do not have
    elif change == "no rate":
        del result.attrs["fps"]
    else:
        result["lag"] = result.lag.astype(np.float64)
    bx.to_netcdf(result, tmp_path / "x.nc")
    frames, attrs = stored(tmp_path / "x.nc")
    assert frames.dtype == result.lag.dtype
    assert "scale_factor" not in attrs
    assert [item.name for item in tmp_path.iterdir()] == ["x.nc"]
    with bx.open_netcdf(tmp_path / "x.nc") as back:
        xr.testing.assert_identical(back.load(), result.compute())


@pytest.mark.parametrize("engine", ENGINES)
def test_packed_lags_are_read_when_they_are_used(tmp_path, engine):
    result = measured()
    bx.to_netcdf(result, tmp_path / "x.nc", engine=engine)
    back = bx.open_netcdf(tmp_path / "x.nc", engine=engine)
    assert not back.lag.variable._in_memory
    one = back.lag.sel(signal1="AU12").isel(window=[3, 1], signal2=0)
    np.testing.assert_array_equal(one, result.lag.sel(signal1="AU12").isel(window=[3, 1], signal2=0))
    assert not back.lag.variable._in_memory
    xr.testing.assert_identical(pickle.loads(pickle.dumps(back)), result)
    bx.to_netcdf(back, tmp_path / "x.nc", engine=engine)  # onto the file from which it is read
    back.close()
    with bx.open_netcdf(tmp_path / "x.nc", engine=engine) as again:
        xr.testing.assert_identical(again.load(), result)


def test_few_chunks_of_a_large_result_are_read_for_few_windows(tmp_path):
    shape = (500, 40, 40)
    data = xr.Dataset({name: (("window", "signal1", "signal2"), np.zeros(shape, "f4")) for name in ("corr", "lag")})
    bx.to_netcdf(data.assign_attrs(fps=30.0, max_lag_frames=8), tmp_path / "x.nc")
    with netCDF4.Dataset(tmp_path / "x.nc") as file:
        assert file["corr"].chunking() == [125, 40, 40]
        assert file["corr"].filters()["fletcher32"]
        assert not file["corr"].filters()["zlib"]
        assert file["lag"].chunking() == "contiguous" or file["lag"].chunking() == [500, 40, 40]
        assert file["lag"].filters()["zlib"]


# --- other readers, and damage


def test_xarray_alone_and_netcdf4_read_seconds(tmp_path):
    result = measured()
    bx.to_netcdf(result, tmp_path / "x.nc")
    with xr.open_dataset(tmp_path / "x.nc", decode_timedelta=False) as plain:
        np.testing.assert_array_equal(bits(plain.lag.astype(np.float32)), bits(result.lag))
        np.testing.assert_allclose(plain.lag * 29.97, np.rint(plain.lag * 29.97), atol=1e-12)
    with netCDF4.Dataset(tmp_path / "x.nc") as file:
        seconds = np.ma.filled(file["lag"][...].astype(np.float32), np.nan)
    np.testing.assert_array_equal(bits(seconds), bits(result.lag))


def test_damaged_correlations_are_noticed(tmp_path):
    result = measured()
    bx.to_netcdf(result, tmp_path / "x.nc")
    raw = bytearray((tmp_path / "x.nc").read_bytes())
    at = raw.index(result.corr.values[:1].tobytes())
    raw[at] ^= 1
    (tmp_path / "x.nc").write_bytes(raw)
    with bx.open_netcdf(tmp_path / "x.nc") as back, pytest.raises((OSError, RuntimeError)):
        back.corr.load()


def test_numbers_that_another_program_packed_are_decoded(tmp_path):
    bx.to_netcdf(measured(), tmp_path / "x.nc")
    with netCDF4.Dataset(tmp_path / "x.nc", "a") as file:
        other = file.createVariable("other", "i4", ("signal1",), fill_value=-1)
        other.scale_factor = 0.5
        other[:] = np.ma.masked_less([1.0, 0.0, -1.0], 0)
    with bx.open_netcdf(tmp_path / "x.nc") as back:
        np.testing.assert_array_equal(back.other, [1.0, 0.0, np.nan])
        assert back.lag.dtype == np.float32


@pytest.mark.slow
def test_r_reads_correlations_and_lags(tmp_path):
    rscript = shutil.which("Rscript")
    asked = [rscript, "-e", 'quit(status = !requireNamespace("ncdf4", quietly = TRUE))']
    if not rscript or subprocess.run(asked, capture_output=True, timeout=60).returncode:
        pytest.skip("R or its package ncdf4 is missing (Debian: r-base-core, r-cran-ncdf4)")
    result = measured()
    bx.to_netcdf(result, tmp_path / "x.nc")
    script = Path(__file__).parent / "r" / "windows.R"
    completed = subprocess.run([rscript, script, tmp_path / "x.nc"], capture_output=True, text=True, timeout=120)
    assert completed.returncode == 0, completed.stderr
    lines = dict(line.split(" ", 1) for line in completed.stdout.splitlines())
    for name in ("corr", "lag"):
        values = np.array([float(text.replace("NA", "nan")) for text in lines[name].replace("NaN", "NA").split()])
        np.testing.assert_array_equal(bits(values.astype(np.float32)), bits(result[name].values.ravel()))
    assert lines["units"].strip() == "s"
