"""Pictures of one condition of several say what belongs to this condition; pictures of all say so."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

import bitbox_xr as bx

OPTIONS = {"width": 2, "step": 1, "max_lag": 0.5, "by": "condition"}
LONG, SHORT = 40.0, 20.0  # s


@pytest.fixture(scope="module")
def pair():
    values = np.random.default_rng(4).normal(size=(2, round(10 * (LONG + SHORT)), 2))
    conditions = np.repeat(["play", "story"], [round(10 * LONG), round(10 * SHORT)])
    x, y = (bx.signals(one, fps=10, names=["AU04", "AU12"]) for one in values)
    return x.assign_coords(condition=("time", conditions)), y


def axes():
    return Figure(layout="constrained").subplots()


def title(ax):
    return ax.get_title(loc="left").replace("\n", " ")


def test_a_condition_has_the_number_of_its_own_windows(pair):
    stats = bx.imitation(*pair, stats=True, **OPTIONS)
    assert stats.attrs["window_count"] == 38 + 18
    for condition, count in (("play", 38), ("story", 18)):
        assert f"{count} windows of 2 s" in title(stats.sel(condition=condition).bitbox.plot.matrix(ax=axes()))
    profile = bx.lag_profile(*pair, **OPTIONS).sel(condition="story")
    assert "18 windows of 2 s" in title(profile.bitbox.plot.lag_profile(ax=axes()))
    assert "18 of" not in title(profile.bitbox.plot.lag_profile(ax=axes()))


def test_windows_that_are_not_counted_have_no_number(pair):
    stats = bx.imitation(*pair, stats=True, **OPTIONS).drop_vars("n_windows").sel(condition="play")
    assert "windows of 2 s" in (text := title(stats.bitbox.plot.matrix(ax=axes())))
    assert "56 windows" not in text


def test_averages_over_conditions_say_so(pair):
    result = bx.imitation(*pair, **OPTIONS)
    text = "windows of every condition are averaged together"
    assert text in result.bitbox.plot.matrix(ax=axes()).get_xlabel()
    play = result.isel(window=result.condition == "play")
    assert text not in play.bitbox.plot.matrix(ax=axes()).get_xlabel()


def test_activations_of_a_condition_are_in_its_own_time(pair):
    result = bx.expressivity(pair[0], scales=[0.5, 1], by="condition")
    for condition, duration in (("play", LONG), ("story", SHORT)):
        part: xr.Dataset = result.sel(condition=condition)
        count = int(part.expressivity.sel(metric="frequency").sum())
        assert f"{count} activations in {duration:g} s" in title(part.bitbox.plot.expressivity(ax=axes()))
