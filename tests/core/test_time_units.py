"""Times in any unit are converted to seconds, in the same way by every function."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import bitbox_xr as bx
from bitbox_xr.core.signal_set import as_signals, rate
from bitbox_xr.core.time_axis import on_seconds
from bitbox_xr.kernels import frame_rate, time_units

pytestmark = pytest.mark.filterwarnings("ignore:significance.*expected at least 19 surrogates")

PER_SECOND = {"ms": 10**3, "us": 10**6, "ns": 10**9}
SECONDS = {"min": 60, "h": 3600, "d": 86400, "week": 604800}
UNITS = [*PER_SECOND, *SECONDS, "s"]
SPELLINGS = {
    "s": ["s", "sec", "secs", "second", "seconds", "Seconds", " s "],
    "ms": ["ms", "msec", "msecs", "millisecond", "milliseconds", "Milliseconds"],
    "us": ["us", "µs", "μs", "usec", "microsecond", "microseconds", "µsec"],
    "ns": ["ns", "nsec", "nanosecond", "nanoseconds"],
    "min": ["min", "mins", "minute", "minutes", "MINUTES"],
    "h": ["h", "hr", "hrs", "hour", "hours"],
    "d": ["d", "day", "days"],
    "week": ["week", "weeks"],
}
UNKNOWN = [
    "frames",
    "Ms",
    "MS",
    "H",
    "months since 2026-01-01",
    "years",
    "1",
    "m",
    "sec/60",
    5,
    ["s"],
    "since 2026-01-01",
]


def in_unit(seconds, unit):
    """Seconds in another unit, as floats."""
    return np.asarray(seconds) * PER_SECOND[unit] if unit in PER_SECOND else np.asarray(seconds) / SECONDS.get(unit, 1)


def face(n=60, seed=0):
    """Two landmarks (mm) that move at random, 25 frames per second."""
    values = np.random.default_rng(seed).normal(size=(n, 6)).cumsum(axis=0)
    return bx.signals(values, kind="landmark-can", fps=25, names=["x0", "y0", "z0", "x1", "y1", "z1"])


def timed(x, times, **attrs):
    return x.assign_coords(time=("time", times, attrs))


# --- names of units


@pytest.mark.parametrize(("symbol", "text"), [(symbol, text) for symbol, texts in SPELLINGS.items() for text in texts])
def test_spellings(symbol, text):
    assert time_units.canonical(text) == symbol
    assert time_units.parsed(text) == time_units.parsed(symbol)


@pytest.mark.parametrize("text", UNKNOWN)
def test_unknown_units_are_refused_with_a_remedy(text):
    with pytest.raises(
        ValueError, match=r"expected a unit of time, s, ms, us, ns, min, h, d, week.*got .*set the unit to 's'"
    ):
        time_units.parsed(text)


DATES = {
    "1970-01-01": 0,
    "1970-1-2": 86400,
    "1970-01-01 00:00:01": 1,
    "1970-01-01T00:00:01Z": 1,
    "1970-01-01 00:01": 60,
    "1970-01-01 00:00:0.25": 0.25,
    "1970-01-01 01:00:00 UTC": 3600,
    "1970-01-01 02:00:00 +02:00": 0,
    "1970-01-01 00:00:00 -0130": 5400,
    "1970-01-01 00:00:00 +5": -18000,
    "1969-12-31 23:59:59.5": -0.5,
    "2026-07-30 12:00:00": datetime(2026, 7, 30, 12, tzinfo=UTC).timestamp(),
}


@pytest.mark.parametrize(("date", "seconds"), DATES.items())
def test_dates(date, seconds):
    assert float(time_units.parsed(f"ms since {date}").origin) == seconds


@pytest.mark.parametrize(
    "date", ["01/02/2026", "2026-02-30", "garbage", "2026-01-01 25:00", "2026-01-01 10:00 CET", "0000-01-00", ""]
)
def test_ambiguous_dates_are_refused(date):
    with pytest.raises(ValueError, match=r"expected a (date, year-month-day|unit of time)"):
        time_units.parsed(f"days since {date}")


def test_calendars():
    with pytest.raises(ValueError, match=r"expected one of the calendars standard, .*got 'noleap'; convert"):
        time_units.parsed("days since 2026-01-01", "noleap")
    with pytest.raises(ValueError, match=r"expected a date from 1582-10-15 on .*'proleptic_gregorian'"):
        time_units.parsed("days since 0001-01-01")
    unit = time_units.parsed("days since 0001-01-01", "proleptic_gregorian")
    days = (datetime(2026, 2, 1) - datetime(1, 1, 1)).days
    assert time_units.of_numbers(np.array([days]), unit)[1] == "2026-02-01T00:00:00"
    assert time_units.parsed("ms", "noleap") == time_units.parsed("ms")  # durations have no calendar


# --- numbers


@given(st.sampled_from(UNITS), st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=20))
def test_whole_units_are_exact(unit, numbers):
    found, origin = frame_rate.seconds(np.array(numbers), unit)
    expected = [n / PER_SECOND[unit] if unit in PER_SECOND else n * SECONDS.get(unit, 1) for n in numbers]
    np.testing.assert_array_equal(found, np.array(expected, dtype=np.float64))
    assert origin is None
    np.testing.assert_array_equal(frame_rate.seconds(np.array(numbers, dtype=np.float64), unit)[0], found)


@given(
    st.sampled_from(["s", *PER_SECOND]),
    st.integers(2 * 10**17, 2 * 10**18),
    st.lists(st.integers(0, 10**11), min_size=1, max_size=20),
)
def test_integers_since_a_date_keep_all_digits(unit, nanoseconds, steps):
    """float64 cannot hold 1.8e18 nanoseconds exactly, but it can hold the steps between them."""
    start = nanoseconds // 10**9 * PER_SECOND.get(unit, 1)
    times = start + np.concatenate([[0], np.cumsum(steps)])
    found, origin = frame_rate.seconds(xr.Variable("time", times, {"units": f"{unit} since 1970-01-01"}))
    expected = [(int(t) - start) / PER_SECOND.get(unit, 1) for t in times]
    np.testing.assert_array_equal(found, expected)
    assert origin == (datetime(1970, 1, 1) + timedelta(seconds=nanoseconds // 10**9)).isoformat()


def test_large_integers_without_a_date_are_rounded_once():
    times = np.array([1_767_225_600_123_456_789, 1_767_225_600_123_456_790])
    assert frame_rate.seconds(times, "ns")[0].tolist() == [1_767_225_600.123456789, 1_767_225_600.12345679]
    assert frame_rate.seconds(times.astype(np.uint64), "ns")[0].tolist() == [
        1_767_225_600.123456789,
        1_767_225_600.12345679,
    ]


def test_small_and_unsigned_integers_do_not_overflow():
    unit = {"units": "h since 2026-01-01"}
    assert frame_rate.seconds(xr.Variable("time", np.array([-120, 120], np.int8), unit))[0].tolist() == [0, 864_000]
    assert frame_rate.seconds(xr.Variable("time", np.array([5, 3], np.uint8), unit))[0].tolist() == [0, -7200]
    far = np.array([-(2**63), 2**63 - 1])
    assert frame_rate.seconds(xr.Variable("time", far, {"units": "s since 2026-01-01"}))[0].tolist() == [0, 2.0**64]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble, np.int32, np.uint64])
def test_every_type_of_numbers(dtype):
    times = xr.Variable("time", np.array([1000, 1040, 1080], dtype), {"units": "ms since 2026-01-01"})
    found, origin = frame_rate.seconds(times)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, [0, 0.04, 0.08])
    assert origin == "2026-01-01T00:00:01"


def test_missing_times_stay_missing():
    found, origin = frame_rate.seconds(xr.Variable("time", [np.nan, 2.0, 3.0], {"units": "min since 2026-01-01"}))
    np.testing.assert_array_equal(found, [np.nan, 0, 60])
    assert origin == "2026-01-01T00:02:00"


@settings(deadline=None)
@given(
    st.sampled_from([("s", "seconds"), ("ms", "milliseconds"), ("us", "microseconds"), ("ns", "nanoseconds")]),
    st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)),
    st.lists(st.integers(1, 10**6), min_size=1, max_size=9),
)
def test_undecoded_times_equal_decoded_times(unit, start, steps):
    """Numbers since a date and the same datetime64 give the same seconds and origin."""
    unit, word = unit
    numbers = np.concatenate([[0], np.cumsum(steps)])
    dates = np.datetime64(start, "ns") + numbers.astype(f"timedelta64[{unit}]")
    undecoded = xr.Variable("time", numbers, {"units": f"{word} since {start.isoformat(sep=' ')}"})
    (found, origin), (expected, written) = frame_rate.seconds(undecoded), frame_rate.seconds(dates)
    np.testing.assert_array_equal(found, expected)
    assert origin == written == frame_rate.seconds(xr.decode_cf(xr.Dataset({"time": undecoded})).time.values)[1]


def test_the_origin_keeps_nanoseconds():
    dates = np.array(["2026-01-01T00:00:00.123456789", "NaT", "2026-01-01T00:00:01.123456789"], "datetime64[ns]")
    found, origin = frame_rate.seconds(dates)
    np.testing.assert_array_equal(found, [0, np.nan, 1])
    assert origin == "2026-01-01T00:00:00.123456789"


def test_a_unit_that_differs_from_the_units_of_the_times_is_refused():
    times = xr.Variable("time", [0, 1], {"units": "ms"})
    assert frame_rate.seconds(times, "milliseconds")[0].tolist() == [0, 0.001]
    with pytest.raises(ValueError, match=r"expected the unit of the times themselves, 'ms', got 'us'; leave it out"):
        frame_rate.seconds(times, "us")


# --- signals


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(UNITS),
    st.sampled_from(["", " since 2026-01-01 10:00:00"]),
    st.sampled_from([12.5, 24.0, 25.0, 29.97, 30.0, 60.0]),
    st.integers(2, 80),
    st.data(),
)
def test_signals_and_kinematics_do_not_depend_on_the_unit(unit, since, fps, n, data):
    start = data.draw(st.integers(0, 10**5)) if not since else 0
    x, seconds = face(n), start + np.arange(n) / fps
    times, units = in_unit(seconds, unit), data.draw(st.sampled_from(SPELLINGS[unit])).strip() + since
    expected = timed(x, seconds, units="s")
    for found in (
        as_signals(timed(x, times, units=units)),
        bx.signals(timed(x, times, units=units), kind="landmark-can"),
        bx.signals(
            x.values,
            kind="landmark-can",
            names=x.signal.values,
            time=xr.DataArray(times, dims="time", attrs={"units": units}),
        ),
    ):
        np.testing.assert_allclose(found.time.values, seconds, rtol=0, atol=1e-9 * max(1, seconds[-1]))
        np.testing.assert_array_equal(found.values, x.values)
        assert found.time.attrs["units"] == "s"
        assert found.attrs.get("time_origin") == ("2026-01-01T10:00:00" if since else None)
        assert rate(found) == pytest.approx(rate(expected), rel=1e-12 + 1e-15 * seconds[-1] * fps)
    if n > 3:
        found, expected = bx.kinematics(timed(x, times, units=units)), bx.kinematics(expected)
        xr.testing.assert_allclose(
            found.drop_vars("time", errors="ignore"), expected.drop_vars("time", errors="ignore"), rtol=1e-9
        )


def test_kinematics_in_milliseconds_equals_kinematics_in_seconds():
    x = face()
    expected = bx.kinematics(x)
    found = bx.kinematics(timed(x, np.arange(60) * 40, units="ms"))
    xr.testing.assert_identical(found, expected)


MEASURES = {
    "imitation": lambda x: bx.imitation(x, x, width=0.5),
    "coordination": lambda x: bx.coordination(x, width=0.5),
    "expressivity": bx.expressivity,
    "diversity": bx.diversity,
    "events": bx.events,
    "regularity": bx.regularity,
    "resample": lambda x: bx.resample(x, 10),
    "fill_gaps": lambda x: bx.fill_gaps(x, max_gap=1),
    "align": lambda x: bx.align(x, x)[1],
    "align with seconds": lambda x: bx.align(EXPRESSION, x)[1],
    "significance": lambda x: bx.significance(x, x, n=9, rng=0, progress=False, width=0.5),
    "imitation with seconds": lambda x: bx.imitation(EXPRESSION, x, width=0.5),
    "to_bitbox": lambda x: bx.to_bitbox(x)["data"].to_xarray(),
    "accessor": lambda x: x.bitbox.expressivity(),
    "rate": lambda x: xr.DataArray(x.bitbox.fps),
}
EXPRESSION = bx.signals(np.random.default_rng(1).normal(size=(200, 3)).cumsum(axis=0), fps=25)


@pytest.mark.parametrize("units", ["ms", "us since 2026-01-01"])
@pytest.mark.parametrize("measure", MEASURES)
def test_measures_do_not_depend_on_the_unit(measure, units):
    per = {"ms": 1000, "us": 10**6}[units[:2]]
    x = timed(EXPRESSION, np.arange(200) * per // 25, units=units)
    found, expected = MEASURES[measure](x), MEASURES[measure](EXPRESSION)
    xr.testing.assert_equal(found, expected)


def test_recordings_in_units_since_a_date_are_aligned_by_their_dates():
    x = timed(EXPRESSION, np.arange(200) * 40, units="ms since 2026-01-01 10:00:00")
    y = timed(EXPRESSION, np.arange(200) / 25, units="seconds since 2026-01-01 09:59:58")
    one, other = bx.align(x, y)
    np.testing.assert_array_equal(one.values, EXPRESSION.values[:150])
    np.testing.assert_array_equal(other.values, EXPRESSION.values[50:])
    with pytest.raises(ValueError, match="expected x and y to have the same frame times"):
        bx.imitation(x, y)


def test_the_message_for_an_unknown_unit_names_the_input():
    with pytest.raises(ValueError, match=r"x: the coordinate time: expected a unit of time, .*got 'frames'"):
        bx.regularity(timed(EXPRESSION, np.arange(200), units="frames"))
    with pytest.raises(ValueError, match=r"signals\(\): time: expected a unit of time, .*got 'frames'"):
        bx.signals(EXPRESSION.values, time=xr.DataArray(np.arange(200), dims="time", attrs={"units": "frames"}))


def test_other_attributes_of_time_are_kept():
    x = timed(EXPRESSION, np.arange(200) * 40, units="ms since 2026-01-01", calendar="standard", standard_name="time")
    assert on_seconds(x).time.attrs == {"units": "s", "standard_name": "time"}
    assert x.time.attrs["units"] == "ms since 2026-01-01"  # the input is not changed
    assert as_signals(timed(EXPRESSION, np.arange(200) / 25)).time.attrs == {"units": "s"}


# --- steps of more than 10 s

SLOW = np.arange(200) * 25.0
SAME = EXPRESSION.values


def parquet(tmp_path, **options):
    pd.DataFrame({"t": SLOW, "a": SAME[:, 0]}).to_parquet(tmp_path / "x.parquet")
    return bx.open_signals(tmp_path / "x.parquet", time="t", **options)


def csv(tmp_path, **options):
    pd.DataFrame({"t": SLOW, "a": SAME[:, 0]}).to_csv(tmp_path / "x.csv", index=False)
    return bx.open_signals(tmp_path / "x.csv", time="t", **options)


def openface(tmp_path, **options):
    table = pd.DataFrame({"frame": np.arange(1, 201), "timestamp": SLOW, "confidence": 1.0, "success": 1})
    table.assign(AU12_r=SAME[:, 0], AU12_c=1).to_csv(tmp_path / "x.csv", index=False)
    return bx.open_signals(tmp_path / "x.csv", **options)


def netcdf(tmp_path, **options):
    xr.Dataset({"x": timed(EXPRESSION, SLOW / 3600, units="hours").drop_attrs(deep=False)}).to_netcdf(tmp_path / "x.nc")
    with bx.open_signals(tmp_path / "x.nc", **options) as x:
        return x.load()


def own_netcdf(tmp_path, **options):
    bx.to_netcdf(timed(EXPRESSION, SLOW, units="s"), tmp_path / "x.nc")
    with bx.open_signals(tmp_path / "x.nc", **options) as x:
        return x.load()


WAYS = {
    "DataArray": lambda _, **options: bx.signals(timed(EXPRESSION, SLOW, units="s"), **options),
    "DataArray in hours": lambda _, **options: bx.signals(timed(EXPRESSION, SLOW / 3600, units="h"), **options),
    "array and time": lambda _, **options: bx.signals(SAME, time=SLOW, **options),
    "array and dates": lambda _, **options: bx.signals(
        SAME, time=SLOW.astype("timedelta64[s]") + np.datetime64("2026-01-01"), **options
    ),
    "DataFrame": lambda _, **options: bx.signals(pd.DataFrame(SAME, index=pd.Index(SLOW, name="time")), **options),
    "DataFrame with durations": lambda _, **options: bx.signals(
        pd.DataFrame(SAME, index=pd.to_timedelta(SLOW, unit="s")), **options
    ),
    "DataFrame to open": lambda _, **options: bx.open_signals(
        pd.DataFrame({"t": SLOW, "a": SAME[:, 0]}), time="t", **options
    ),
    "CSV": csv,
    "Parquet": parquet,
    "OpenFace": openface,
    "NetCDF": netcdf,
    "NetCDF of this package": own_netcdf,
}


@pytest.mark.parametrize("way", WAYS)
def test_steps_of_more_than_10_s_are_refused_unless_fps_says_so(way, tmp_path):
    with pytest.raises(ValueError, match=r"got time steps of 25 s.*fps=0\.04"):
        WAYS[way](tmp_path)
    x = WAYS[way](tmp_path, fps=0.04)
    assert rate(x) == pytest.approx(0.04)
    bx.regularity(x)  # the rate was confirmed
    bx.to_netcdf(x, tmp_path / "again.nc")
    with bx.open_netcdf(tmp_path / "again.nc") as again:
        assert float(bx.regularity(again).fps) == pytest.approx(0.04)


def test_measures_refuse_steps_of_more_than_10_s():
    x = timed(EXPRESSION, SLOW, units="s")
    for measure in (bx.expressivity, bx.regularity, bx.coordination):
        with pytest.raises(ValueError, match=r"expected steps of at most 10 s between frames, got time steps of 25 s"):
            measure(x)
    assert float(bx.expressivity(x, fps=0.04, scales=[500.0]).eligible_time.max()) > 0
    with pytest.raises(ValueError, match=r"expected fps to agree with the time axis .*, got fps=0.05"):
        bx.expressivity(x, fps=0.05)
    with pytest.raises(ValueError, match=r"got time steps of 86400 s"):
        bx.regularity(timed(EXPRESSION, np.arange(200), units="days since 2026-01-01"))


def test_steps_up_to_10_s_and_single_pauses_are_accepted():
    assert rate(bx.signals(timed(EXPRESSION, np.arange(200) * 10.0, units="s"))) == 0.1
    paused = np.arange(200) / 25 + np.where(np.arange(200) >= 100, 60, 0)
    assert int(bx.regularity(timed(EXPRESSION, paused, units="s")).gaps) == 1


def test_a_low_rate_that_was_requested_is_accepted():
    x = bx.resample(bx.signals(np.arange(2000.0)[:, None], fps=1), 1 / 20)
    assert rate(x) == 0.05
    assert float(bx.regularity(x).fps) == 0.05
    assert (
        float(
            bx.regularity(bx.from_bitbox({"type": "expression", "data": pd.DataFrame({"a": [0.0, 1]})}, fps=0.05)).fps
        )
        == 0.05
    )


# --- files


@pytest.mark.parametrize("units", ["ms", "h", "us since 2026-01-01 10:00", "ns since 1970-01-01"])
def test_foreign_netcdf_files(tmp_path, units):
    unit, start = units.partition(" ")[0], 1_767_225_600_000_000_000 if "1970" in units else 0
    times = start + (np.arange(200) * 40 * 10**6 if unit == "ns" else in_unit(np.arange(200) / 25, unit))
    xr.Dataset({"x": timed(EXPRESSION, times, units=units).drop_attrs(deep=False)}).to_netcdf(tmp_path / "x.nc")
    with bx.open_signals(tmp_path / "x.nc") as x, bx.open_netcdf(tmp_path / "x.nc") as raw:
        assert raw.time.attrs["units"] == units
        for found in (x, as_signals(raw["x"])):
            np.testing.assert_allclose(found.time.values, np.arange(200) / 25, rtol=0, atol=1e-12)
            assert found.time.attrs["units"] == "s"
            assert ("time_origin" in found.attrs) == (" since " in units)
        xr.testing.assert_allclose(bx.expressivity(x), bx.expressivity(raw["x"]))
        assert float(bx.regularity(x).fps) == 25
    assert not x._in_memory  # values are read on use


def test_a_netcdf_file_without_times_takes_fps(tmp_path):
    EXPRESSION.drop_vars("time").to_dataset(name="x").to_netcdf(tmp_path / "x.nc")
    with bx.open_signals(tmp_path / "x.nc", fps=50) as x:
        assert rate(x) == 50
    bx.to_netcdf(EXPRESSION, tmp_path / "y.nc")
    with pytest.raises(
        ValueError, match=r"y.nc: time: expected fps to agree with the time axis \(25 frames per second\), got fps=50"
    ):
        bx.open_signals(tmp_path / "y.nc", fps=50)
    with bx.open_signals(tmp_path / "y.nc", fps=25) as x:
        xr.testing.assert_identical(x.load(), EXPRESSION)


@pytest.mark.parametrize(("symbol", "text"), [(symbol, text) for symbol, texts in SPELLINGS.items() for text in texts])
def test_spellings_of_time_unit(symbol, text):
    table = pd.DataFrame({"t": in_unit(np.arange(200) / 25, symbol), "a": SAME[:, 0]})
    x = bx.open_signals(table, time="t", time_unit=text)
    np.testing.assert_array_equal(x.time.values, np.arange(200) / 25)


def test_times_of_a_table_with_units():
    table, times = (
        pd.DataFrame({"a": SAME[:, 0]}),
        xr.DataArray(np.arange(200) * 40, dims="time", attrs={"units": "ms"}),
    )
    np.testing.assert_array_equal(bx.open_signals(table, time=times).time.values, np.arange(200) / 25)
    with pytest.raises(ValueError, match=r"time=…: expected the unit of the times themselves, 'ms', got 'us'"):
        bx.open_signals(table, time=times, time_unit="us")
    x = bx.open_signals(table.assign(t=np.arange(200) * 40), time="t", time_unit="ms since 2026-01-01")
    assert x.attrs["time_origin"] == "2026-01-01T00:00:00"
