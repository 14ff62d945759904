"""The picture of answers: one row for each activation of the model, and latencies beside chance."""

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

import bitbox_xr as bx
from bitbox_xr.demo import make_pair
from bitbox_xr.plotting import pairs
from bitbox_xr.plotting.contingency import answers

matplotlib.use("Agg")

PAIR = ("AU12", "AU12")  # x follows y by 0.4 s
OPTIONS = {"min_rise": 0.2, "max_latency": 1.0}


@pytest.fixture(scope="module")
def people():
    return make_pair(minutes=2)[:2]


def figure():
    return Figure(layout="constrained")


def test_each_activation_of_the_model_is_a_row(people):
    x, y = people
    fig = figure()
    assert answers(x, y, PAIR, fig=fig, **OPTIONS) is fig
    raster, histogram = fig.axes
    found = bx.contingency(x, y, rng=0, progress=False, **OPTIONS).sel(signal1="AU12", signal2="AU12")
    given, answered = int(found.n_given), round(float(found.n_given * found.answered))
    first, second = fig.get_suptitle().splitlines()
    assert first == "AU12 of participant answers AU12 of model"
    counts = f"{answered} of {given} activations ({answered / given:.0%}), by chance {float(found.chance):.0%}"
    assert second.startswith(f"{counts}, latency 0 to 1 s, rise at least 0.2")
    chosen = {"scales": (0.5, 1, 2, 4), "aggregate": True, "min_rise": 0.2, "false_alarms_per_minute": 1}
    rows = bx.events(y.sel(signal=["AU12"]), **chosen)
    assert raster.get_ylim() == (rows.sizes["event"] + 0.5, 0.5)
    drawn = {line.get_label(): line.get_data() for line in raster.lines}
    red, rows_of_red = drawn["first answer"]
    assert len(red) == len(set(rows_of_red)) == answered
    assert np.median(red) == pytest.approx(float(found.latency))
    assert histogram.get_xlabel() == "latency of the first answer, s"
    counts, expected = (patch.get_data().values for patch in histogram.patches)
    assert counts.sum() == answered
    assert counts.argmax() == 4  # 0.33 to 0.42 s of 12 bins to 1 s
    assert expected.sum() == pytest.approx(float(found.chance) * given, rel=0.1)


def test_a_matrix_shows_the_share_above_chance(people):
    x, y = people
    found = bx.contingency(x, y, rng=0, progress=False, **OPTIONS)
    ax = pairs.matrix(found, ax=figure().subplots())
    np.testing.assert_array_equal(ax.images[0].get_array(), found.answered_above_chance)
    assert ax.images[0].colorbar.ax.get_ylabel() == "share answered, corrected for chance"
    shares = pairs.matrix(found, statistic="answered", ax=figure().subplots())
    assert shares.images[0].get_clim()[0] == 0


def test_invalid_calls_are_refused(people):
    x, y = people
    with pytest.raises(ValueError, match="expected a signal of y .* got 'AU99'"):
        answers(x, y, ("AU12", "AU99"), fig=figure())
    with pytest.raises(ValueError, match="expected pair to be a name of a signal of x and one of y, got 'AU12'"):
        answers(x, y, "AU12", fig=figure())
    with pytest.raises(ValueError, match="expected one recording, got also dimensions recording"):
        answers(x.expand_dims(recording=[1]), y, PAIR, fig=figure())
