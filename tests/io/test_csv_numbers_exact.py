"""Numbers in a CSV file are read exactly, with every version of pandas."""

import numpy as np

import bitbox_xr as bx


def test_numbers_with_all_their_digits_are_read_exactly(tmp_path):
    expected = np.random.default_rng(0).normal(size=(500, 4))
    lines = ["a,b,c,d", *(",".join(repr(float(value)) for value in row) for row in expected)]
    (tmp_path / "x.csv").write_text("\n".join(lines) + "\n")

    found = bx.open_signals(tmp_path / "x.csv", fps=30)

    np.testing.assert_array_equal(found.values, expected)
