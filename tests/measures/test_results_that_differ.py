"""Two results in one picture: what differs between them is named."""

import pytest

import bitbox_xr as bx
from bitbox_xr.measures.results import differences

from random_recordings import random_walk

WINDOWS = {"width": 1.0, "max_lag": 0.3}


def recordings(seed=0):
    x, y = random_walk(seed, 900), random_walk(seed + 1, 900)
    return x.assign_attrs(source=f"x{seed}.csv"), y.assign_attrs(source=f"y{seed}.csv")


@pytest.fixture(scope="module")
def found():
    return bx.significance(*recordings(), n=19, rng=0, progress=False, **WINDOWS)


def test_results_of_the_same_signals_and_options_belong_together(found, tmp_path):
    result = bx.imitation(*recordings(), **WINDOWS)
    for one in (result, bx.window_stats(result), bx.lag_profile(*recordings(), **WINDOWS)):
        assert differences(result=one, found=found) == []
    matched = found.bitbox.matched()
    assert differences(result=result, found=matched) == []
    assert differences(result=result, found=found.sel(signal1=["AU12"])) == []
    result.bitbox.to_netcdf(tmp_path / "result.nc")
    with bx.open_netcdf(tmp_path / "result.nc") as back:
        assert differences(result=back, found=found) == []


def test_every_difference_is_named(found):
    x, y = recordings(2)
    other = bx.coordination(bx.fill_gaps(x, max_gap=1), y, width=0.5)
    faults = "\n".join(differences(result=other, found=found))
    for name in ("measure", "width", "step", "max_lag", "source1", "source2", "history1", "window_count"):
        assert f"with the same {name}, got" in faults
    assert "the same measure, got coordination and imitation" in faults
    assert "the same history1, got [{" in faults
    assert faults.endswith("pass results of the same signals, with the same options")
    assert "history2" not in faults
    assert "_frames" not in faults


def test_recordings_selected_from_many_are_compared(found):
    one, other = (found.assign_coords(recording=name) for name in ("dyad01", "dyad02"))
    assert differences(result=one, found=other)[0].startswith(
        "expected result and found with the same recording, got dyad01 and dyad02"
    )


def test_significant_pairs_refuses_results_of_other_options(found):
    stats = bx.imitation(*recordings(), width=0.5, stats=True)
    with pytest.raises(ValueError, match=r"(?s)significant_pairs\(\): \d faults.*the same width, got 0\.5 and 1"):
        stats.bitbox.plot.significant_pairs(found)
    other = bx.imitation(*(a.sel(signal=["AU04"]) for a in recordings()), stats=True, **WINDOWS)
    with pytest.raises(
        ValueError, match="expected signal1 of result to contain the signals of found, got none named AU12"
    ):
        other.bitbox.plot.significant_pairs(found)
