"""The simulated mother and child: what is planted, what the files hold, how the signals look, and what is found."""

import numpy as np
import pytest
import xarray as xr

import bitbox_xr as bx
from bitbox_xr import demo

SMILE = ["AU06_r", "AU12_r"]


@pytest.fixture(scope="module")
def dyad():
    return demo.make_dyad(seed=3)


def test_the_child_answers_the_share_during_play_only():
    truth = demo.make_dyad(seed=0, seconds=1200, share=0.5).truth
    play, story = (truth[truth.condition == label] for label in ("play", "story"))
    assert len(play) > len(story) > 100
    assert story.answered.sum() == 0
    assert play.answered.mean() == pytest.approx(0.5, abs=0.08)
    assert np.array_equal(truth.answered, truth.latency.notnull())
    assert play.latency.min() >= 0.4
    assert play.latency.max() <= 1.2
    assert set(truth.hidden) == {"", "speech", "lost"}


def test_answers_are_in_the_signals(dyad):
    """Where nothing is hidden, the mother's smile is high at its time, and the child's answer after its latency."""
    seen = dyad.truth[dyad.truth.answered & (dyad.truth.hidden == "")]
    hers = dyad.y.sel(signal="AU12_r").sel(time=seen.time.to_numpy(), method="nearest")
    answers = dyad.x.sel(signal="AU12_r").sel(time=(seen.time + seen.latency).to_numpy(), method="nearest")
    assert len(seen) >= 5
    assert (hers > dyad.y.sel(signal="AU12_r").median()).all()
    assert (answers > dyad.x.sel(signal="AU12_r").median()).all()


def test_signals_look_like_those_of_a_tracker(dyad):
    for x, lost in ((dyad.x, 0.06), (dyad.y, 0.02)):
        assert x.attrs["lost_frames"] / x.sizes["time"] == pytest.approx(lost, abs=0.005)
        assert float((x == 0).sum() / x.notnull().sum()) == pytest.approx(0.5, abs=0.15)
        assert float(x.max()) <= 5
        blinks = x.sel(signal="AU45_r") > 1
        per_minute = int((blinks.astype(int).diff("time") == 1).sum()) / (float(x.time[-1]) / 60)
        assert 12 < per_minute < 22


def test_the_files_hold_the_same(tmp_path, dyad):
    truth = demo.write_dyad(tmp_path / "new", seed=3)
    assert truth.equals(dyad.truth)
    for name, x in (("child", dyad.x), ("mother", dyad.y)):
        read = bx.open_signals(tmp_path / "new" / f"{name}.csv")
        xr.testing.assert_allclose(read.drop_vars("success"), x, atol=1e-9)
        assert read.attrs["lost_frames"] == x.attrs["lost_frames"]
    intervals = bx.open_intervals(tmp_path / "new" / "intervals.csv")
    xr.testing.assert_equal(intervals, dyad.intervals)
    speech = bx.open_intervals(tmp_path / "new" / "intervals.csv", tier="speech", subject="mother")
    assert 20 < speech.sizes["interval"] < 100
    with pytest.raises(ValueError, match=r"got .*new with child.csv, mother.csv, intervals.csv; name another one"):
        demo.write_dyad(tmp_path / "new")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seconds": 29}, "expected seconds to be a number from 30 to 1800, got 29"),
        ({"share": 1.1}, "expected share to be a number from 0 to 1, got 1.1"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        demo.make_dyad(**options)


def test_the_answers_are_found_as_the_tutorial_says(dyad):
    conditions = dyad.intervals.sel(interval=dyad.intervals.tier == "condition")
    people = []
    for who, x in (("child", dyad.x), ("mother", dyad.y)):
        speaks = (dyad.intervals.tier == "speech") & (dyad.intervals.subject == who)
        x = bx.fill_gaps(bx.annotate(x, conditions), max_gap=0.2)
        people.append(bx.mask(x, dyad.intervals.sel(interval=speaks), regions="mouth").sel(signal=SMILE))
    options = {"min_rise": 0.5, "scales": (0.5, 1, 2), "max_latency": 1.5, "by": "condition", "progress": False}
    found = bx.contingency(*people, pairs="matched", rng=0, **options)
    above = found.answered_above_chance.sel(pair="AU12_r")
    assert float(above.sel(condition="play")) == pytest.approx(0.33, abs=0.06)
    assert abs(float(above.sel(condition="story"))) < 0.1
    assert (found.p_fwe.sel(condition="play") < 0.05).all()
    assert (found.p_fwe.sel(condition="story") > 0.5).all()
