"""Frame rates of times whose steps are near the smallest float64."""

import numpy as np
import pytest

from bitbox_xr.kernels import frame_rate


@pytest.mark.parametrize("step", [5e-324, 2.2e-313, 1e-308])
def test_steps_with_an_infinite_rate_have_no_frame_rate(step):
    assert frame_rate.fit(np.arange(3) * step) is None


def test_the_shortest_steps_with_a_finite_rate_have_a_frame_rate():
    step = float(np.finfo(np.float64).tiny)

    assert frame_rate.fit(np.arange(3) * step).fps == pytest.approx(1 / step)
