"""Lag profiles of one pair and of its surrogates."""

import numpy as np
import pytest

import bitbox_xr as bx

OPTIONS = {"pair": ("AU12", "AU12"), "width": 1, "step": 0.5, "max_lag": 0.2, "rng": 0, "n": 9}


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(0)
    model = rng.normal(size=(600, 2))
    x = rng.normal(size=(600, 2)) + np.roll(model, 4, axis=0)
    x[200:280, 0] = np.nan
    return [bx.signals(values, fps=30, names=["AU12", "AU25"]) for values in (x, model)]


def test_the_profile_is_that_of_the_pair(people):
    found = bx.surrogate_profiles(*people, **OPTIONS)
    windows = {name: OPTIONS[name] for name in ("width", "step", "max_lag")}
    expected = bx.lag_profile(*people, **windows).profile.sel(signal1="AU12", signal2="AU12")
    np.testing.assert_allclose(found.profile, expected, atol=1e-6)
    np.testing.assert_array_equal(found.lag, expected.lag)
    assert found.attrs["n"] == found.sizes["surrogate"] == 9


def test_surrogates_of_the_profile_are_those_of_the_windows(people):
    found, windows = (function(*people, **OPTIONS) for function in (bx.surrogate_profiles, bx.surrogate_windows))
    assert found.attrs["seed"] == windows.attrs["seed"]
    x, y = people
    shift = 60  # 2 s, the smallest multiple of the step that is at least a window and twice the largest lag, twice
    options = {name: OPTIONS[name] for name in ("width", "step", "max_lag")}
    shifted = [y.roll(time=frames, roll_coords=False) for frames in range(shift // 2, 600, shift // 2)]
    profiles = [bx.lag_profile(x, one, **options).profile.sel(signal1="AU12", signal2="AU12") for one in shifted]
    for null in found.null_profile.values:
        assert min(np.abs(null - profile.values).max() for profile in profiles) < 1e-5


def test_several_recordings_are_refused(people):
    x, y = people
    with pytest.raises(ValueError, match="expected one recording, got further dimensions"):
        bx.surrogate_profiles(x.expand_dims(recording=[1]), y, **OPTIONS)
