"""Labels, attributes and laziness of what functions of preprocessing return."""

import dask
import dask.array as da
import numpy as np
import pytest
import xarray as xr

from bitbox_xr import align, fill_gaps, resample, signals

from counting_scheduler import Counting
from random_recordings import NAN, column, history_of, labelled, noise

CALLS = {
    "resample": lambda x: resample(x, 25),
    "resample up": lambda x: resample(x, 60, max_gap=0.2),
    "align": lambda x: align(x, signals(noise(90), fps=24), max_gap=0.2)[0],
    "fill_gaps": lambda x: fill_gaps(x, max_gap=0.2),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_labels_and_attributes_are_kept(call):
    x = labelled()
    before = x.copy(deep=True)
    out = call(x)
    xr.testing.assert_identical(x, before)
    assert (out.dtype, out.dims, out.name) == (np.float32, ("time", "signal"), x.name)
    assert out.region.values.tolist() == ["brow", "mouth", "mouth"]
    assert (out.session.item(), out.time.units, out.confidence.units) == ("s1", "s", "1")
    kept = {name: out.attrs[name] for name in x.attrs}
    assert kept == x.attrs
    np.testing.assert_allclose(out.confidence, out.time * 30 / 119, atol=1e-9)


@pytest.mark.parametrize("call", [c for name, c in CALLS.items() if name != "fill_gaps"])
def test_flags_along_time_remain_0_and_1(call):
    """A frame is either tracked or not; values between 0 and 1 have no meaning."""
    x = labelled()
    tracked = np.random.default_rng(0).random(120) < 0.6
    x = x.assign_coords(success=("time", tracked.astype(int)), flag=("time", tracked), ones=("time", np.ones(120)))
    out = call(x)
    away = np.abs(out.time.values[:, None] - x.time.values)
    nearest = np.argmin(np.round(away, 9), axis=1)  # the earlier of two at equal distance
    for name in ("success", "flag"):
        np.testing.assert_array_equal(out[name], tracked[nearest])
        assert out[name].dtype == np.float64
    assert (out.ones == 1).all()
    xr.testing.assert_identical(call(x.chunk({"signal": 1})).compute(), out)


@pytest.mark.parametrize("call", [c for name, c in CALLS.items() if name != "fill_gaps"])
def test_labels_are_those_of_the_nearest_frame(call):
    x = labelled()
    phase = np.random.default_rng(1).choice(["rest", "play", ""], 120)
    out = call(x.assign_coords(phase=("time", phase)))
    away = np.abs(out.time.values[:, None] - x.time.values)
    nearest = np.argmin(np.round(away, 9), axis=1)  # the earlier of two at equal distance
    np.testing.assert_array_equal(out.phase, phase[nearest])


def test_flags_are_missing_in_gaps():
    times = np.delete(np.arange(10) / 10, [4, 5])
    success = np.array([1.0, 1, 0, 0, 1, NAN, 1, 1])  # at 0, 1, 2, 3, 6, 7, 8, 9
    x = column(np.arange(8.0), time=times).assign_coords(success=("time", success, {"units": "1"}))
    np.testing.assert_array_equal(resample(x, 10).success, [1, 1, 0, 0, NAN, NAN, 1, NAN, 1, 1])
    bridged = resample(x, 20, max_gap=0.3).success
    np.testing.assert_array_equal(bridged, [1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1])
    assert bridged.units == "1"
    graded = x.assign_coords(success=("time", success / 2))  # a share, not a flag
    assert resample(graded, 20).success.values[3] == pytest.approx(0.25)
    np.testing.assert_array_equal(fill_gaps(x, max_gap=0.3).success, success)


def test_history_lists_the_steps_in_order():
    x = labelled(lost_frames=0).assign_attrs(history="made by another program")
    x[10] = NAN
    out = resample(fill_gaps(x, max_gap=np.inf), 25)
    assert history_of(out) == [
        "made by another program",
        {"function": "fill_gaps", "max_gap": "inf"},
        {"function": "resample", "fps": 25.0, "max_gap": 0.05, "from_fps": 30.0, "from_regular": 1, "filtered": 1},
    ]
    assert all(isinstance(value, str | int | float) for value in out.attrs.values())
    _, y = align(x, labelled(fps=24), offset=1.0)
    assert history_of(y)[-1]["shift"] == 1.0


def test_lost_frames_are_updated():
    x = labelled(lost_frames=1)
    x[10] = NAN
    assert fill_gaps(x, max_gap=0.1).lost_frames == 0
    assert resample(x, 60).lost_frames == 3
    assert "lost_frames" not in resample(x.chunk(), 60).attrs  # not known before computing


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("chunks", [{}, {"time": 37}, {"signal": 1}, {"time": 50, "signal": 2, "take": 1}], ids=str)
def test_dask_results_are_lazy_and_equal(call, chunks):
    x = xr.concat([labelled(), labelled() * 2], xr.Variable("take", [1, 2]))
    x = x.where(x < 1.5)
    scheduler = Counting()
    with dask.config.set(scheduler=scheduler):
        lazy = call(x.chunk(chunks))
        assert scheduler.computes == 0
    assert isinstance(lazy.data, da.Array)
    assert lazy.dtype == np.float32
    if "take" in chunks:
        assert lazy.chunksizes["take"] == (1, 1)
    xr.testing.assert_identical(lazy.compute(scheduler="synchronous"), call(x))


def test_infinite_values_are_refused_when_computed():
    values = noise(50)
    values[3] = np.inf
    with pytest.raises(ValueError, match="infinite values; replace them by NaN"):
        resample(signals(values, fps=30), 25)
    lazy = fill_gaps(signals(values, fps=30).chunk(time=10), max_gap=0.1)
    with pytest.raises(ValueError, match="infinite values"):
        lazy.compute(scheduler="synchronous")
