"""The checks of a time axis compared with slow ones, frame by frame."""

import math
import re
from itertools import pairwise
from statistics import median

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from bitbox_xr.core.signal_set import as_signals
from bitbox_xr.kernels import frame_rate

RATES = (0.02, 0.1, 1.0, 24.0, 25.0, 29.97, 30.0, 60.0, 100.0, 239.0, 240.0, 300.0, 1000.0)
FAULTS = {
    "missing": r"expected a time for every frame, got none at (\d+) of",
    "not increasing": r"expected times that increase, .*\((\d+) such step",
    "fast": r"expected at most 240 frames per second, got time steps",
    "slow": r"expected steps of at most 10 s between frames, got time steps",
}


def expected_fault(times):
    """The fault of a time axis in seconds and the number of frames that have it; (None, 0) without."""
    missing = sum(not math.isfinite(time) for time in times)
    if missing:
        return "missing", missing
    steps = [after - before for before, after in pairwise(times)]
    back = sum(step <= 0 for step in steps)
    if back:
        return "not increasing", back
    if steps and median(steps) <= (1 - 1e-6) / 240:
        return "fast", 0
    return ("slow", 0) if steps and median(steps) > 10 else (None, 0)


def found_fault(time):
    x = xr.DataArray(np.zeros((len(time[1]), 1)), {"time": time}, ("time", "signal"))
    try:
        as_signals(x)
    except ValueError as error:
        found = {name: match for name, text in FAULTS.items() if (match := re.search(text, str(error)))}
        ((name, match),) = found.items()
        return name, int(match[1]) if match.groups() else 0
    return None, 0


@st.composite
def time_axes(draw):
    """Times in whole ms or with all digits: regular or with jitter, with pauses, repeated, swapped or missing times."""
    n, rate, start = draw(st.integers(1, 30)), draw(st.sampled_from(RATES)), draw(st.sampled_from((0.0, -3.2, 1e5)))
    jitter = draw(st.sampled_from((0.0, 1e-9, 0.2, 0.6)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    times = start + (np.arange(n) + jitter * rng.uniform(-1, 1, n)) / rate
    if draw(st.booleans()):
        times = np.round(times, 3)
    for change in draw(st.lists(st.sampled_from(("pause", "repeat", "swap", "nan", "inf", "-inf")), max_size=2)):
        at = draw(st.integers(0, n - 1))
        if change == "pause":
            times[at:] += 60
        elif change == "repeat":
            times[at] = times[at - 1]
        elif change == "swap":
            times[[at, at - 1]] = times[[at - 1, at]]
        else:
            times[at] = float(change)
    return times


@settings(deadline=None)
@given(time_axes())
@pytest.mark.filterwarnings("error")
def test_every_fault_of_a_time_axis_is_found_as_by_a_slow_check(times):
    assert found_fault(("time", times, {"units": "s"})) == expected_fault(times.tolist())


@settings(deadline=None, max_examples=50)
@given(time_axes(), st.sampled_from(("datetime64[ms]", "timedelta64[ms]", "ms")))
def test_faults_are_the_same_in_dates_durations_and_milliseconds(times, unit):
    whole = np.round(np.where(np.isfinite(times), times, 0.0) * 1000).astype(np.int64)
    time = ("time", whole, {"units": unit}) if unit == "ms" else ("time", whole.astype(unit))
    first = whole[0] if unit == "datetime64[ms]" else 0
    assert found_fault(time) == expected_fault(((whole - first) / 1000).tolist())


@given(
    st.sampled_from(frame_rate.CUSTOMARY_FPS), st.integers(2, 3000), st.sampled_from((0.0, -7.3, 5000.0)),
    st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_times_with_rounding_errors_have_exactly_the_customary_rate(fps, n, start, seed):
    frames = np.arange(n) + 4e-7 * np.random.default_rng(seed).uniform(-1, 1, n)
    times = start + frames / fps
    assert frame_rate.regular_rate(times) == fps
    grid = frame_rate.fit(times)
    assert (grid.fps, grid.start, grid.frames.tolist()) == (fps, times[0], list(range(n)))


@pytest.mark.parametrize("at", [0, 1, 500, 999])
def test_one_time_off_its_frame_is_seen_at_any_place(at):
    times = np.arange(1000) / 25
    times[at] += 0.6 / 25
    assert frame_rate.regular_rate(times) is None
