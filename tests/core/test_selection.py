"""Selection by names: the nearest name of another tracker is named, and nothing else changes."""

import numpy as np
import pytest
import xarray as xr

import bitbox_xr as bx
from bitbox_xr.core.selection import unknown_name

NAMES = ["AU01_r", "AU02_r", "AU04_r", "AU05_r", "AU06_r", "AU07_r", "AU09_r", "AU10_r", "AU12_r", "AU25_r"]


@pytest.fixture
def x():
    return bx.signals(np.random.default_rng(0).normal(size=(120, len(NAMES))), fps=30, names=NAMES)


@pytest.mark.parametrize(
    ("asked", "known", "nearest"),
    [
        ("AU12", NAMES, "AU12_r"),
        ("au 12", NAMES, "AU12_r"),
        ("AU1", NAMES, "AU01_r"),
        ("AU04_r", ["AU4 Evidence", "AU12 Evidence"], "AU4 Evidence"),
        ("AU12_r", ["AU12_c", "AU12"], "AU12_c"),
        ("mouthsmileleft", ["MouthSmileLeft", "MouthSmileRight"], "MouthSmileLeft"),
        ("mouthSmleLeft", ["mouthSmileLeft", "jawOpen"], "mouthSmileLeft"),
        ("AU14", NAMES, None),  # another unit is no help
        ("smile", NAMES, None),
    ],
)
def test_the_nearest_name_is_named(asked, known, nearest):
    text = unknown_name("a signal", asked, known)
    if nearest is None:
        assert "nearest" not in text
    else:
        assert text.endswith(f"got {asked!r}; the nearest name is {nearest!r}")


def test_selection_equals_that_of_xarray(x):
    for labels in ({"signal": "AU12_r"}, {"signal": ["AU12_r", "AU04_r"]}, {"signal": slice("AU02_r", "AU05_r")},
                   {"time": slice(0.5, 1.0)}, {"signal": xr.DataArray(["AU01_r"], dims="own")}):  # fmt: skip
        xr.testing.assert_identical(x.bitbox.sel(**labels), x.sel(labels))


def test_all_unknown_names_are_reported_at_once(x):
    with pytest.raises(KeyError, match="AU12_r") as caught:
        x.bitbox.sel(signal=["AU12", "AU04_r", "AU6"])
    assert "AU06_r" in str(caught.value)
    stats = bx.imitation(x, x, width=1, stats=True)
    with pytest.raises(KeyError, match="label of signal2 .* got 'AU12'; the nearest name is 'AU12_r'"):
        stats.bitbox.sel(signal1="AU12_r", signal2="AU12")


def test_options_that_name_signals_name_the_nearest_one(x):
    with pytest.raises(ValueError, match="got 'AU12'; the nearest name is 'AU12_r'"):
        bx.lag_map(x, x, pair=("AU12", "AU12_r"), width=1)
    with pytest.raises(ValueError, match="got 'AU12'; the nearest name is 'AU12_r'"):
        bx.imitation(x, x, width=1).bitbox.plot.over_time(("AU12", "AU12_r"))
    with pytest.raises(ValueError, match="got 'AU12'; the nearest name is 'AU12_r'"):
        x.bitbox.plot.decomposition("AU12")
